/* One table says which attribute a member of a segment becomes; the rest is form. */
#include "engine/otlp_map.h"
#include <stdlib.h>

enum kind { INTERNAL = 1, SERVER, CLIENT, PRODUCER, CONSUMER }; /* OTLP's numbers */
enum { STATUS_ERROR = 2 };

/* --- values --- */

static void any_value(struct wb_otlp_body *o, struct wb_json v)
{
    struct wb_json_writer *w = &o->w;
    int64_t n;
    wb_jw_object(w);
    switch (wb_json_type(v)) {
    case WB_JSON_STRING:
        wb_jw_kstr(w, "stringValue", wb_json_str(v, o->a));
        break;
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        wb_jw_kbool(w, "boolValue", wb_json_bool(v, false));
        break;
    case WB_JSON_NUMBER:
        if (wb_json_i64(v, &n))
            wb_jw_kstr(w, "intValue", wb_printf(o->a, "%lld", (long long)n));
        else
            wb_jw_kraw(w, "doubleValue", wb_json_raw(v));
        break;
    default: /* what has parts, as it stands */
        wb_jw_kstr(w, "stringValue", wb_json_raw(v));
    }
    wb_jw_end_object(w);
}

static void attribute(struct wb_otlp_body *o, struct wb_slice key, struct wb_json v)
{
    enum wb_json_type t = wb_json_type(v);
    if (t == WB_JSON_MISSING || t == WB_JSON_NULL || !key.n)
        return;
    wb_jw_object(&o->w);
    wb_jw_kstr(&o->w, "key", key);
    wb_jw_key(&o->w, "value");
    any_value(o, v);
    wb_jw_end_object(&o->w);
}

static void text(struct wb_otlp_body *o, const char *key, struct wb_slice s)
{
    if (!s.n)
        return;
    wb_jw_object(&o->w);
    wb_jw_kcstr(&o->w, "key", key);
    wb_jw_key(&o->w, "value");
    wb_jw_object(&o->w);
    wb_jw_kstr(&o->w, "stringValue", s);
    wb_jw_end_object(&o->w);
    wb_jw_end_object(&o->w);
}

static void texts_begin(struct wb_otlp_body *o, const char *key)
{
    wb_jw_object(&o->w);
    wb_jw_kcstr(&o->w, "key", key);
    wb_jw_key(&o->w, "value");
    wb_jw_object(&o->w);
    wb_jw_key(&o->w, "arrayValue");
    wb_jw_object(&o->w);
    wb_jw_key(&o->w, "values");
    wb_jw_array(&o->w);
}

static void texts_item(struct wb_otlp_body *o, struct wb_slice s)
{
    wb_jw_object(&o->w);
    wb_jw_kstr(&o->w, "stringValue", s);
    wb_jw_end_object(&o->w);
}

static void texts_end(struct wb_otlp_body *o)
{
    wb_jw_end_array(&o->w);
    for (int i = 0; i < 3; i++)
        wb_jw_end_object(&o->w);
}

static struct wb_slice lower(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_dup_cstr(a, s);
    for (size_t i = 0; i < s.n; i++)
        p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] | 0x20) : p[i];
    return wb_slice(p, s.n);
}

/* Seconds, as X-Ray writes them (1700000000.25, 1.70000000025E9), in nanoseconds: by their digits,
 * because a double has not enough of them. */
static struct wb_slice nanoseconds(struct wb_arena *a, struct wb_json v)
{
    struct wb_slice s = wb_json_raw(v);
    double x = 0;
    if (wb_json_type(v) != WB_JSON_NUMBER || !wb_json_double(v, &x) || x < 0 || x > 9e9)
        return WB_SLICE_NULL;
    size_t end = strcspn(wb_dup_cstr(a, s), "eE");
    ptrdiff_t dot = wb_slice_chr(s, '.', 0);
    int64_t power = 0, ns = 0;
    struct wb_slice exponent = wb_slice_sub(s, end + 1, s.n);
    if (exponent.n && exponent.p[0] == '+')
        exponent = wb_slice_sub(exponent, 1, exponent.n);
    if (exponent.n && !wb_slice_i64(exponent, &power))
        return WB_SLICE_NULL;
    int64_t left = (dot < 0 ? (int64_t)end : dot) + power + 9; /* digits that count */
    for (size_t i = 0; i < end && left > 0; i++)
        if (s.p[i] != '.') {
            ns = ns * 10 + (s.p[i] - '0');
            left--;
        }
    for (; left > 0 && ns; left--)
        ns *= 10;
    return wb_printf(a, "%lld", (long long)ns);
}

/* --- what becomes what --- */

static struct wb_json at(struct wb_json v, const char *path)
{
    struct wb_slice rest = wb_slice_str(path);
    while (rest.p)
        v = wb_json_get_slice(v, wb_slice_cut(&rest, '.'));
    return v;
}

struct rule {
    const char *path, *attribute;
};

static const struct rule of_resource[] = {
    {"service.version", "service.version"},
    {"aws.ec2.instance_id", "host.id"},
    {"aws.ec2.instance_size", "host.type"},
    {"aws.ec2.ami_id", "host.image.id"},
    {"aws.ec2.availability_zone", "cloud.availability_zone"},
    {"aws.ecs.container", "container.name"},
    {"aws.ecs.container_id", "container.id"},
    {"aws.eks.cluster_name", "k8s.cluster.name"},
    {"aws.eks.pod", "k8s.pod.name"},
    {"aws.eks.container_id", "container.id"},
    {"aws.elastic_beanstalk.environment_name", "deployment.environment.name"},
    {"aws.elastic_beanstalk.deployment_id", "service.instance.id"},
    {"aws.xray.sdk", "telemetry.sdk.name"},
    {"aws.xray.sdk_version", "telemetry.sdk.version"},
};

static const struct rule of_span[] = {
    {"http.request.method", "http.request.method"},
    {"http.request.url", "url.full"},
    {"http.request.user_agent", "user_agent.original"},
    {"http.request.client_ip", "client.address"},
    {"http.request.x_forwarded_for", "aws.xray.x_forwarded_for"},
    {"http.response.status", "http.response.status_code"},
    {"http.response.content_length", "http.response.body.size"},
    {"sql.sanitized_query", "db.query.text"},
    {"sql.database_version", "db.version"},
    {"sql.url", "db.connection_string"},
    {"sql.user", "db.user"},
    {"sql.driver_version", "db.driver.version"},
    {"user", "enduser.id"},
    {"origin", "aws.xray.origin"},
    {"namespace", "aws.xray.namespace"},
    {"resource_arn", "aws.xray.resource_arn"},
    {"traced", "aws.xray.traced"},
};

/* Members of "aws"; "" = it is in the resource, or elsewhere. Others become aws.NAME. */
static const struct rule of_aws[] = {
    {"account_id", ""},
    {"region", "cloud.region"},
    {"operation", "rpc.method"},
    {"request_id", "aws.request_id"},
    {"extended_request_id", "aws.extended_request_id"},
    {"table_name", ""},
    {"table_names", ""},
    {"queue_url", "aws.sqs.queue.url"},
    {"topic_arn", "aws.sns.topic.arn"},
    {"bucket_name", "aws.s3.bucket"},
    {"key", "aws.s3.key"},
    {"function_name", "faas.invoked_name"},
    {"function_arn", "aws.lambda.invoked_arn"},
    {"retries", "http.request.resend_count"},
    {"message_id", "messaging.message.id"},
    {"event_bus_name", "messaging.destination.name"},
    {"ec2", ""},
    {"ecs", ""},
    {"eks", ""},
    {"elastic_beanstalk", ""},
    {"xray", ""},
    {"cloudwatch_logs", ""},
};

static void by_rules(struct wb_otlp_body *o, struct wb_json doc, const struct rule *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        attribute(o, wb_slice_str(r[i].attribute), at(doc, r[i].path));
}
#define RULES(r) r, sizeof(r) / sizeof *(r)

static struct wb_slice str(struct wb_otlp_body *o, struct wb_json doc, const char *path)
{
    return wb_json_str(at(doc, path), o->a);
}

/* --- the resource: whose work a span is --- */

static const char *platform(struct wb_slice origin)
{
    static const struct rule of_origin[] = {
        {"AWS::Lambda", "aws_lambda"},
        {"AWS::EC2::", "aws_ec2"},
        {"AWS::ECS::", "aws_ecs"},
        {"AWS::EKS::", "aws_eks"},
        {"AWS::ElasticBeanstalk::", "aws_elastic_beanstalk"},
        {"AWS::AppRunner::", "aws_app_runner"},
    };
    for (size_t i = 0; i < sizeof of_origin / sizeof *of_origin; i++)
        if (wb_slice_starts(origin, wb_slice_str(of_origin[i].path)))
            return of_origin[i].attribute;
    return "";
}

static void logs_of(struct wb_otlp_body *o, struct wb_json owner, const char *member,
                    const char *key)
{
    struct wb_json_iter it = wb_json_iter(at(owner, "aws.cloudwatch_logs"));
    bool any = false;
    while (wb_json_next(&it)) {
        struct wb_slice s = wb_json_get_str(it.value, member, o->a);
        if (s.n && !any)
            texts_begin(o, key);
        any |= s.n != 0;
        if (s.n)
            texts_item(o, s);
    }
    if (any)
        texts_end(o);
}

static void resource_attributes(struct wb_otlp_body *o, struct wb_json owner,
                                struct wb_slice account, struct wb_slice region)
{
    struct wb_slice origin = str(o, owner, "origin"), name = str(o, owner, "name"),
                    arn = str(o, owner, "aws.function_arn");
    arn = arn.n ? arn : str(o, owner, "aws.resource_arn");
    arn = arn.n ? arn : str(o, owner, "resource_arn");
    text(o, "service.name", name.n ? name : WB_S("unknown_service"));
    text(o, "cloud.provider", WB_S("aws"));
    text(o, "cloud.platform", wb_slice_str(platform(origin)));
    text(o, "cloud.account.id", account);
    text(o, "cloud.region", region);
    text(o, "cloud.resource_id", arn);
    if (wb_slice_is(origin, "AWS::Lambda::Function"))
        text(o, "faas.name", name);
    by_rules(o, owner, RULES(of_resource));
    logs_of(o, owner, "log_group", "aws.log.group.names");
    logs_of(o, owner, "arn", "aws.log.group.arns");
}

static struct wb_slice resource_of(struct wb_otlp_body *o, struct wb_json owner,
                                   struct wb_slice account, struct wb_slice region)
{
    struct wb_buf b = wb_buf_in(o->a);
    struct wb_json_writer outer = o->w;
    wb_jw_init(&o->w, &b);
    wb_jw_object(&o->w);
    wb_jw_key(&o->w, "attributes");
    wb_jw_array(&o->w);
    resource_attributes(o, owner, account, region);
    wb_jw_end_array(&o->w);
    wb_jw_end_object(&o->w);
    o->w = outer;
    return wb_buf_slice(&b);
}

static void resource_end(struct wb_otlp_body *o)
{
    wb_jw_end_array(&o->w); /* spans */
    wb_jw_end_object(&o->w);
    wb_jw_end_array(&o->w); /* scopeSpans */
    wb_jw_end_object(&o->w);
}

/* Spans of one resource that follow each other share it. */
static void resource_begin(struct wb_otlp_body *o, struct wb_slice resource)
{
    if (o->resource.p && wb_slice_eq(o->resource, resource))
        return;
    if (o->resource.p)
        resource_end(o);
    o->resource = resource;
    wb_jw_object(&o->w);
    wb_jw_kraw(&o->w, "resource", resource);
    wb_jw_key(&o->w, "scopeSpans");
    wb_jw_array(&o->w);
    wb_jw_object(&o->w);
    wb_jw_key(&o->w, "scope");
    wb_jw_object(&o->w);
    wb_jw_kcstr(&o->w, "name", "waybill");
    wb_jw_kcstr(&o->w, "version", WB_VERSION);
    wb_jw_end_object(&o->w);
    wb_jw_key(&o->w, "spans");
    wb_jw_array(&o->w);
}

/* --- a span --- */

struct entity {
    struct wb_json doc;
    struct wb_slice trace_id, parent_id, end;
    struct wb_slice service, operation; /* of a call to AWS */
    bool segment;
};

static bool one_of(struct wb_slice s, const char *const *list)
{
    for (; *list; list++)
        if (wb_slice_is(s, *list))
            return true;
    return false;
}

static enum kind kind_of(struct wb_otlp_body *o, const struct entity *e)
{
    static const char *const sends[] = {
        "SendMessage", "SendMessageBatch", "Publish",    "PublishBatch",
        "PutEvents",   "PutRecord",        "PutRecords", NULL};
    struct wb_slice space = str(o, e->doc, "namespace"), origin = str(o, e->doc, "origin");
    if (e->segment)
        return wb_slice_starts(origin, WB_S("AWS::SNS")) ||
                       wb_slice_starts(origin, WB_S("AWS::SQS")) ||
                       wb_slice_starts(origin, WB_S("AWS::Events"))
                   ? CONSUMER
                   : SERVER;
    if (wb_slice_is(space, "aws"))
        return one_of(e->operation, sends) ? PRODUCER : CLIENT;
    return wb_slice_is(space, "remote") ? CLIENT : INTERNAL;
}

static void tables(struct wb_otlp_body *o, struct wb_json aws)
{
    struct wb_slice one = wb_json_get_str(aws, "table_name", o->a);
    struct wb_json_iter it = wb_json_iter(wb_json_get(aws, "table_names"));
    if (!one.n && !wb_json_count(wb_json_get(aws, "table_names")))
        return;
    texts_begin(o, "aws.dynamodb.table_names");
    if (one.n)
        texts_item(o, one);
    while (wb_json_next(&it))
        texts_item(o, wb_json_str(it.value, o->a));
    texts_end(o);
}

static void aws_attributes(struct wb_otlp_body *o, const struct entity *e)
{
    static const struct rule systems[] = {{"SQS", "aws_sqs"}, {"SNS", "aws_sns"}};
    struct wb_json aws = wb_json_get(e->doc, "aws");
    struct wb_json_iter it = wb_json_iter(aws);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, o->a);
        size_t i = 0, n = sizeof of_aws / sizeof *of_aws;
        while (i < n && !wb_slice_is(name, of_aws[i].path))
            i++;
        struct wb_slice key =
            i < n ? wb_slice_str(of_aws[i].attribute) : wb_printf(o->a, "aws.%.*s", WB_FMT(name));
        bool own = e->segment && (wb_slice_is(name, "function_arn") || wb_slice_is(name, "region"));
        if (!own) /* a segment's own are in the resource */
            attribute(o, key, it.value);
    }
    tables(o, aws);
    if (e->segment && wb_slice_is(str(o, e->doc, "origin"), "AWS::Lambda::Function"))
        text(o, "faas.invocation_id", wb_json_get_str(aws, "request_id", o->a));
    if (!e->service.n)
        return;
    text(o, "rpc.system", WB_S("aws-api"));
    text(o, "rpc.service", e->service);
    if (wb_slice_ieq(e->service, WB_S("DynamoDB"))) {
        text(o, "db.system.name", WB_S("aws.dynamodb"));
        text(o, "db.operation.name", e->operation);
    }
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (wb_slice_ieq(e->service, wb_slice_str(systems[i].path)))
            text(o, "messaging.system", wb_slice_str(systems[i].attribute));
}

/* Annotations keep their names; a list says which they are. Metadata as JSON, a namespace each. */
static void own_attributes(struct wb_otlp_body *o, const struct entity *e)
{
    struct wb_json annotations = wb_json_get(e->doc, "annotations");
    struct wb_json_iter it = wb_json_iter(annotations);
    while (wb_json_next(&it))
        attribute(o, wb_json_str(it.key, o->a), it.value);
    if (wb_json_count(annotations)) {
        texts_begin(o, "aws.xray.annotations");
        for (it = wb_json_iter(annotations); wb_json_next(&it);)
            texts_item(o, wb_json_str(it.key, o->a));
        texts_end(o);
    }
    for (it = wb_json_iter(wb_json_get(e->doc, "metadata")); wb_json_next(&it);)
        attribute(
            o,
            wb_concat(o->a,
                      (struct wb_slice[]){WB_S("aws.xray.metadata."), wb_json_str(it.key, o->a)},
                      2),
            it.value);
}

static bool flag(const struct entity *e, const char *name)
{
    return wb_json_bool(wb_json_get(e->doc, name), false);
}

static struct wb_json first_exception(const struct entity *e)
{
    return wb_json_item(at(e->doc, "cause.exceptions"), 0);
}

/* What went wrong, in one word: the exception's type, the answer's status, X-Ray's own flag. */
static void error_type(struct wb_otlp_body *o, const struct entity *e)
{
    struct wb_slice type = wb_json_get_str(first_exception(e), "type", o->a);
    int64_t status = 0;
    if (!type.n && wb_json_i64(at(e->doc, "http.response.status"), &status) && status >= 400)
        type = wb_printf(o->a, "%lld", (long long)status);
    if (!type.n)
        type = flag(e, "fault")      ? WB_S("fault")
               : flag(e, "throttle") ? WB_S("throttle")
                                     : WB_S("error");
    text(o, "error.type", type);
}

static void attributes(struct wb_otlp_body *o, const struct entity *e, bool failed)
{
    wb_jw_key(&o->w, "attributes");
    wb_jw_array(&o->w);
    by_rules(o, e->doc, RULES(of_span));
    text(o, "db.system.name", lower(o->a, str(o, e->doc, "sql.database_type")));
    aws_attributes(o, e);
    own_attributes(o, e);
    if (failed)
        error_type(o, e);
    wb_jw_end_array(&o->w);
}

/* --- exceptions are events --- */

static struct wb_slice stack_trace(struct wb_otlp_body *o, struct wb_json exception)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(exception, "stack"));
    struct wb_buf b = wb_buf_in(o->a);
    while (wb_json_next(&it)) {
        struct wb_slice label = wb_json_get_str(it.value, "label", o->a),
                        path = wb_json_get_str(it.value, "path", o->a);
        wb_buf_printf(&b, "%sat %.*s (%.*s:%lld)", b.n ? "\n" : "", WB_FMT(label), WB_FMT(path),
                      (long long)wb_json_get_i64(it.value, "line", 0));
    }
    return wb_buf_slice(&b);
}

static void events(struct wb_otlp_body *o, const struct entity *e)
{
    struct wb_json list = at(e->doc, "cause.exceptions");
    struct wb_json_iter it = wb_json_iter(list);
    if (!wb_json_count(list))
        return;
    wb_jw_key(&o->w, "events");
    wb_jw_array(&o->w);
    while (wb_json_next(&it)) {
        wb_jw_object(&o->w);
        wb_jw_kstr(&o->w, "timeUnixNano", e->end);
        wb_jw_kcstr(&o->w, "name", "exception");
        wb_jw_key(&o->w, "attributes");
        wb_jw_array(&o->w);
        text(o, "exception.type", wb_json_get_str(it.value, "type", o->a));
        text(o, "exception.message", wb_json_get_str(it.value, "message", o->a));
        text(o, "exception.stacktrace", stack_trace(o, it.value));
        wb_jw_end_array(&o->w);
        wb_jw_end_object(&o->w);
    }
    wb_jw_end_array(&o->w);
}

/* What had to be over before it began. */
static void links(struct wb_otlp_body *o, const struct entity *e)
{
    struct wb_json list = wb_json_get(e->doc, "precursor_ids");
    struct wb_json_iter it = wb_json_iter(list);
    if (!wb_json_count(list))
        return;
    wb_jw_key(&o->w, "links");
    wb_jw_array(&o->w);
    while (wb_json_next(&it)) {
        wb_jw_object(&o->w);
        wb_jw_kstr(&o->w, "traceId", e->trace_id);
        wb_jw_kstr(&o->w, "spanId", lower(o->a, wb_json_str(it.value, o->a)));
        wb_jw_end_object(&o->w);
    }
    wb_jw_end_array(&o->w);
}

static struct wb_slice span_name(struct wb_otlp_body *o, const struct entity *e)
{
    if (e->service.n && e->operation.n)
        return wb_printf(o->a, "%.*s.%.*s", WB_FMT(e->service), WB_FMT(e->operation));
    return str(o, e->doc, "name");
}

static void status(struct wb_otlp_body *o, const struct entity *e)
{
    wb_jw_key(&o->w, "status");
    wb_jw_object(&o->w);
    wb_jw_ki64(&o->w, "code", STATUS_ERROR);
    struct wb_slice why = wb_json_get_str(first_exception(e), "message", o->a);
    if (why.n)
        wb_jw_kstr(&o->w, "message", why);
    wb_jw_end_object(&o->w);
}

static void span(struct wb_otlp_body *o, struct entity *e)
{
    struct wb_json_writer *w = &o->w;
    struct wb_slice end = nanoseconds(o->a, wb_json_get(e->doc, "end_time")),
                    start = nanoseconds(o->a, wb_json_get(e->doc, "start_time")),
                    id = lower(o->a, str(o, e->doc, "id"));
    bool failed = flag(e, "fault") || flag(e, "error") || flag(e, "throttle");
    e->end = end.n ? end : e->end;
    if (!e->segment && wb_slice_is(str(o, e->doc, "namespace"), "aws")) {
        e->service = str(o, e->doc, "name");
        e->operation = str(o, e->doc, "aws.operation");
    }
    wb_jw_object(w);
    wb_jw_kstr(w, "traceId", e->trace_id);
    wb_jw_kstr(w, "spanId", id);
    if (e->parent_id.n)
        wb_jw_kstr(w, "parentSpanId", e->parent_id);
    wb_jw_kstr(w, "name", span_name(o, e));
    wb_jw_ki64(w, "kind", kind_of(o, e));
    wb_jw_kstr(w, "startTimeUnixNano", start.n ? start : e->end);
    wb_jw_kstr(w, "endTimeUnixNano", e->end);
    attributes(o, e, failed);
    events(o, e);
    links(o, e);
    if (failed)
        status(o, e);
    wb_jw_end_object(w);
    o->spans++;
    struct wb_json_iter it = wb_json_iter(wb_json_get(e->doc, "subsegments"));
    while (wb_json_next(&it)) {
        struct entity below = {
            .doc = it.value, .trace_id = e->trace_id, .parent_id = id, .end = e->end};
        if (wb_json_type(it.value) == WB_JSON_OBJECT && str(o, it.value, "id").n)
            span(o, &below);
    }
}

/* --- the body --- */

void wb_otlp_begin(struct wb_otlp_body *o, struct wb_arena *a)
{
    *o = (struct wb_otlp_body){.a = a, .b = wb_buf_in(a)};
    wb_jw_init(&o->w, &o->b);
    wb_jw_object(&o->w);
    wb_jw_key(&o->w, "resourceSpans");
    wb_jw_array(&o->w);
}

bool wb_otlp_add(struct wb_otlp_body *o, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice document, struct wb_slice owner)
{
    struct entity e = {.doc = wb_json_read(o->a, document, NULL)};
    struct wb_json of = owner.p ? wb_json_read(o->a, owner, NULL) : WB_JSON_NONE;
    e.segment = !wb_slice_is(str(o, e.doc, "type"), "subsegment");
    e.end = nanoseconds(o->a, wb_json_get(e.doc, "end_time"));
    if (!e.end.n || trace_id.n != 35)
        return false;
    e.trace_id = lower(o->a, wb_printf(o->a, "%.8s%.24s", trace_id.p + 2, trace_id.p + 11));
    e.parent_id = lower(o->a, str(o, e.doc, "parent_id"));
    resource_begin(o, resource_of(o, e.segment ? e.doc : of, account, region));
    span(o, &e);
    return true;
}

struct wb_slice wb_otlp_end(struct wb_otlp_body *o)
{
    if (o->resource.p)
        resource_end(o);
    wb_jw_end_array(&o->w);
    wb_jw_end_object(&o->w);
    return wb_buf_slice(&o->b);
}
