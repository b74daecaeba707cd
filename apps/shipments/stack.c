/*
 * Sets the application up through public APIs alone, as a user would.
 */
#include "stack.h"

#include "codec/text.h"
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define WAIT_MS 30000

struct stack stack_names(struct wb_arena *a)
{
    const char *region = getenv("AWS_REGION"), *suffix = getenv("SHIPMENTS_SUFFIX");
    if (!region || !*region)
        region = getenv("AWS_DEFAULT_REGION");
    struct stack s = {wb_slice_str(region && *region ? region : "us-east-1"),
                      wb_slice_str(suffix && *suffix ? suffix : "dev")};
#define NAME(kind) wb_printf(a, kind "-%.*s-%.*s", WB_FMT(s.region), WB_FMT(s.suffix))
    s.bus = NAME("shipment-events");
    s.rule = NAME("shipment-updates");
    s.function = NAME("shipment-processor");
    s.topic = NAME("shipment-alerts");
    s.log_table = NAME("shipment-logs");
    s.outcomes_table = NAME("shipment-outcomes");
    s.notices_table = NAME("shipment-notices");
#undef NAME
    return s;
}

struct maker {
    struct wb_aws *aws;
    struct wb_arena *a;
    const struct stack *s;
};

static bool complain(const char *what, const struct wb_aws_answer *r)
{
    fprintf(stderr, "waybill: %s: %.*s: %.*s\n", what, WB_FMT(r->code), WB_FMT(r->message));
    return false;
}

/* --- tables --- */

struct table {
    struct wb_slice name;
    const char *hash, *range; /* range NULL = none */
    const char *index, *index_hash, *index_range, *projection;
    bool history; /* stream and point-in-time recovery */
};

static void key_schema(struct wb_json_writer *w, const char *hash, const char *range)
{
    const char *const name[] = {hash, range}, *const type[] = {"HASH", "RANGE"};
    wb_jw_key(w, "KeySchema");
    wb_jw_array(w);
    for (int i = 0; i < 2 && name[i]; i++) {
        wb_jw_object(w);
        wb_jw_kcstr(w, "AttributeName", name[i]);
        wb_jw_kcstr(w, "KeyType", type[i]);
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static void attributes(struct wb_json_writer *w, const struct table *t)
{
    const char *const name[] = {t->hash, t->range, t->index_hash, t->index_range};
    wb_jw_key(w, "AttributeDefinitions");
    wb_jw_array(w);
    for (int i = 0; i < 4; i++) {
        bool known = !name[i];
        for (int k = 0; k < i && !known; k++)
            known = name[k] && strcmp(name[k], name[i]) == 0;
        if (known)
            continue;
        wb_jw_object(w);
        wb_jw_kcstr(w, "AttributeName", name[i]);
        wb_jw_kcstr(w, "AttributeType", "S");
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static struct wb_slice table_request(struct wb_arena *a, const struct table *t)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "TableName", t->name);
    wb_jw_kcstr(&w, "BillingMode", "PAY_PER_REQUEST");
    attributes(&w, t);
    key_schema(&w, t->hash, t->range);
    if (t->index) {
        wb_jw_key(&w, "GlobalSecondaryIndexes");
        wb_jw_array(&w);
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "IndexName", t->index);
        key_schema(&w, t->index_hash, t->index_range);
        wb_jw_kraw(&w, "Projection", wb_printf(a, "{\"ProjectionType\":\"%s\"}", t->projection));
        wb_jw_end_object(&w);
        wb_jw_end_array(&w);
    }
    if (t->history)
        wb_jw_kraw(&w, "StreamSpecification",
                   WB_S("{\"StreamEnabled\":true,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}"));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool make_table(struct maker *m, const struct table *t)
{
    struct wb_aws_answer r;
    if (!wb_aws_json(m->aws, m->a, "dynamodb", "CreateTable", table_request(m->a, t), &r)) {
        if (wb_slice_is(r.code, "ResourceInUseException"))
            return true;
        return complain("create table", &r);
    }
    struct wb_slice name = wb_printf(m->a, "{\"TableName\":\"%.*s\"}", WB_FMT(t->name));
    for (int64_t waited = 0; waited < WAIT_MS; waited += 20) {
        if (!wb_aws_json(m->aws, m->a, "dynamodb", "DescribeTable", name, &r))
            return complain("describe table", &r);
        struct wb_json table = wb_json_get(r.json, "Table");
        if (wb_slice_is(wb_json_get_str(table, "TableStatus", m->a), "ACTIVE"))
            break;
        sleep_ms(20);
    }
    if (!t->history)
        return true;
    struct wb_slice pitr = wb_printf(m->a,
                                     "{\"TableName\":\"%.*s\",\"PointInTimeRecoverySpecification\":"
                                     "{\"PointInTimeRecoveryEnabled\":true}}",
                                     WB_FMT(t->name));
    return wb_aws_json(m->aws, m->a, "dynamodb", "UpdateContinuousBackups", pitr, &r) ||
           complain("turn on recovery", &r);
}

/* --- topic and mail --- */

static struct wb_slice make_topic(struct maker *m)
{
    struct wb_aws_answer r;
    const struct wb_pair param[] = {
        {WB_S("Name"), m->s->topic},
        {WB_S("Attributes.entry.1.key"), WB_S("DisplayName")},
        {WB_S("Attributes.entry.1.value"), WB_S("Shipment Processing Alerts")},
    };
    if (!wb_aws_query(m->aws, m->a, "sns", "2010-03-31", "CreateTopic", param, 3, &r)) {
        complain("create topic", &r);
        return WB_SLICE_NULL;
    }
    return wb_aws_xml(m->a, r.body, "TopicArn");
}

/* The confirmation link for this topic in any mail of the outbox; NULL when there is none (yet). */
static const char *find_link(struct wb_arena *a, const char *outbox, struct wb_slice topic)
{
    DIR *d = opendir(outbox);
    const char *found = NULL;
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        struct wb_slice mail = file_read(a, wb_printf(a, "%s/%s", outbox, e->d_name).p);
        ptrdiff_t action = wb_slice_find(mail, WB_S("/confirm-subscription?"), 0);
        if (action < 0 || wb_slice_find(mail, topic, 0) < 0)
            continue;
        size_t from = (size_t)action, to = from;
        while (from > 0 && (unsigned char)mail.p[from - 1] > ' ' && mail.p[from - 1] != '<')
            from--;
        while (to < mail.n && (unsigned char)mail.p[to] > ' ' && mail.p[to] != '>')
            to++;
        found = wb_dup_cstr(a, wb_slice_sub(mail, from, to));
    }
    if (d)
        closedir(d);
    return found;
}

static bool subscribed(struct maker *m, struct wb_slice topic, const char *email)
{
    struct wb_aws_answer r;
    const struct wb_pair param[] = {{WB_S("TopicArn"), topic}};
    if (!wb_aws_query(m->aws, m->a, "sns", "2010-03-31", "ListSubscriptionsByTopic", param, 1, &r))
        return false;
    return wb_slice_find(r.body, wb_printf(m->a, "<Endpoint>%s</Endpoint>", email), 0) >= 0 &&
           wb_slice_find(r.body, WB_S("PendingConfirmation"), 0) < 0;
}

static bool make_subscription(struct maker *m, struct wb_slice topic, const struct stack_options *o)
{
    if (!o->email || subscribed(m, topic, o->email))
        return true;
    struct wb_aws_answer r;
    const struct wb_pair param[] = {
        {WB_S("TopicArn"), topic},
        {WB_S("Protocol"), WB_S("email")},
        {WB_S("Endpoint"), wb_slice_str(o->email)},
    };
    if (!wb_aws_query(m->aws, m->a, "sns", "2010-03-31", "Subscribe", param, 3, &r))
        return complain("subscribe", &r);
    if (!o->outbox) {
        printf("A confirmation mail goes to %s; nothing else is sent there until its link is "
               "opened.\n",
               o->email);
        return true;
    }
    for (int64_t waited = 0; waited < WAIT_MS; waited += 50) {
        const char *link = find_link(m->a, o->outbox, topic);
        if (link)
            return wb_aws_get(m->aws, m->a, link, &r) || complain("confirm the subscription", &r);
        sleep_ms(50);
    }
    fprintf(stderr, "waybill: no confirmation mail for %s appeared in %s\n", o->email, o->outbox);
    return false;
}

/* --- function, bus, rule --- */

static struct wb_slice account_of(struct maker *m)
{
    struct wb_aws_answer r;
    if (!wb_aws_query(m->aws, m->a, "sts", "2011-06-15", "GetCallerIdentity", NULL, 0, &r)) {
        complain("who am I", &r);
        return WB_SLICE_NULL;
    }
    return wb_aws_xml(m->a, r.body, "Account");
}

static const char trust[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":"
    "{\"Service\":\"lambda.amazonaws.com\"},\"Action\":\"sts:AssumeRole\"}]}";

/* What the processor does, and nothing else: new items in three tables, the counts in notices, a
 * count of refusals by reason, alerts; logs and traces. */
static struct wb_slice permissions(struct maker *m, struct wb_slice account, struct wb_slice topic)
{
    struct wb_slice table =
        wb_printf(m->a, "arn:aws:dynamodb:%.*s:%.*s:table/", WB_FMT(m->s->region), WB_FMT(account));
    struct wb_slice logs = wb_printf(m->a, "arn:aws:logs:%.*s:%.*s:log-group:/aws/lambda/%.*s",
                                     WB_FMT(m->s->region), WB_FMT(account), WB_FMT(m->s->function));
    return wb_printf(
        m->a,
        "{\"Version\":\"2012-10-17\",\"Statement\":["
        "{\"Sid\":\"Keep\",\"Effect\":\"Allow\",\"Action\":\"dynamodb:PutItem\",\"Resource\":"
        "[\"%.*s%.*s\",\"%.*s%.*s\",\"%.*s%.*s\"]},"
        "{\"Sid\":\"CountNotices\",\"Effect\":\"Allow\",\"Action\":\"dynamodb:UpdateItem\","
        "\"Resource\":\"%.*s%.*s\"},"
        "{\"Sid\":\"CountRefusals\",\"Effect\":\"Allow\",\"Action\":\"dynamodb:Query\","
        "\"Resource\":\"%.*s%.*s/index/ReasonIndex\"},"
        "{\"Sid\":\"Alert\",\"Effect\":\"Allow\",\"Action\":\"sns:Publish\",\"Resource\":"
        "\"%.*s\"},"
        "{\"Sid\":\"Log\",\"Effect\":\"Allow\",\"Action\":[\"logs:CreateLogGroup\","
        "\"logs:CreateLogStream\",\"logs:PutLogEvents\"],\"Resource\":[\"%.*s\",\"%.*s:*\"]},"
        "{\"Sid\":\"Trace\",\"Effect\":\"Allow\",\"Action\":[\"xray:PutTraceSegments\","
        "\"xray:PutTelemetryRecords\"],\"Resource\":\"*\"}]}",
        WB_FMT(table), WB_FMT(m->s->log_table), WB_FMT(table), WB_FMT(m->s->outcomes_table),
        WB_FMT(table), WB_FMT(m->s->notices_table), WB_FMT(table), WB_FMT(m->s->notices_table),
        WB_FMT(table), WB_FMT(m->s->outcomes_table), WB_FMT(topic), WB_FMT(logs), WB_FMT(logs));
}

#define IAM "2010-05-08"

/* The function's role, named like the function. Its ARN, or the null slice. */
static struct wb_slice make_role(struct maker *m, struct wb_slice account, struct wb_slice topic)
{
    struct wb_aws_answer r;
    const struct wb_pair role[] = {
        {WB_S("RoleName"), m->s->function},
        {WB_S("AssumeRolePolicyDocument"), wb_slice_str(trust)},
        {WB_S("Description"), WB_S("What the shipment processor may do")},
    };
    if (!wb_aws_query(m->aws, m->a, "iam", IAM, "CreateRole", role, 3, &r) &&
        !wb_slice_is(r.code, "EntityAlreadyExists")) {
        complain("create role", &r);
        return WB_SLICE_NULL;
    }
    const struct wb_pair policy[] = {
        {WB_S("RoleName"), m->s->function},
        {WB_S("PolicyName"), WB_S("processing")},
        {WB_S("PolicyDocument"), permissions(m, account, topic)},
    };
    if (!wb_aws_query(m->aws, m->a, "iam", IAM, "PutRolePolicy", policy, 3, &r)) {
        complain("put role policy", &r);
        return WB_SLICE_NULL;
    }
    return wb_printf(m->a, "arn:aws:iam::%.*s:role/%.*s", WB_FMT(account), WB_FMT(m->s->function));
}

static struct wb_slice function_request(struct maker *m, struct wb_slice role,
                                        struct wb_slice topic, struct wb_slice zip)
{
    struct wb_buf b = wb_buf_in(m->a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "FunctionName", m->s->function);
    wb_jw_kcstr(&w, "Runtime", "provided.al2023");
    wb_jw_kcstr(&w, "Handler", "bootstrap");
    wb_jw_kstr(&w, "Role", role);
    wb_jw_ki64(&w, "MemorySize", 128);
    wb_jw_ki64(&w, "Timeout", 30);
    wb_jw_kraw(&w, "TracingConfig", WB_S("{\"Mode\":\"Active\"}"));
    wb_jw_key(&w, "Environment");
    wb_jw_object(&w);
    wb_jw_key(&w, "Variables");
    wb_jw_object(&w);
    wb_jw_kstr(&w, "TABLE_NAME", m->s->log_table);
    wb_jw_kstr(&w, "OUTCOMES_TABLE_NAME", m->s->outcomes_table);
    wb_jw_kstr(&w, "NOTICES_TABLE_NAME", m->s->notices_table);
    wb_jw_kstr(&w, "SNS_TOPIC_ARN", topic);
    wb_jw_kstr(&w, "ENVIRONMENT", m->s->suffix);
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    wb_jw_key(&w, "Code");
    wb_jw_object(&w);
    wb_jw_kstr(&w, "ZipFile", wb_base64_encode(m->a, zip));
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* The function that is there already gets this package and this role. */
static bool renew_function(struct maker *m, struct wb_slice role, struct wb_slice zip,
                           struct wb_aws_answer *r)
{
    struct wb_slice name = m->s->function;
    struct wb_slice to = wb_printf(m->a, "{\"Role\":\"%.*s\"}", WB_FMT(role));
    struct wb_slice code =
        wb_printf(m->a, "{\"ZipFile\":\"%.*s\"}", WB_FMT(wb_base64_encode(m->a, zip)));
    const char *configuration =
        wb_printf(m->a, "/2015-03-31/functions/%.*s/configuration", WB_FMT(name)).p;
    const char *package = wb_printf(m->a, "/2015-03-31/functions/%.*s/code", WB_FMT(name)).p;
    return wb_aws_rest(m->aws, m->a, "lambda", "PUT", configuration, to, r) &&
           wb_aws_rest(m->aws, m->a, "lambda", "PUT", package, code, r);
}

/* Makes or renews the function. Its ARN, or the null slice. */
static struct wb_slice make_function(struct maker *m, struct wb_slice role, struct wb_slice topic,
                                     const char *package)
{
    struct wb_slice zip = file_read(m->a, package);
    if (!zip.p) {
        fprintf(stderr, "waybill: cannot read the function's package %s\n", package);
        return WB_SLICE_NULL;
    }
    struct wb_aws_answer r;
    bool ok = wb_aws_rest(m->aws, m->a, "lambda", "POST", "/2015-03-31/functions",
                          function_request(m, role, topic, zip), &r);
    if (!ok && wb_slice_is(r.code, "ResourceConflictException"))
        ok = renew_function(m, role, zip, &r);
    if (!ok) {
        complain("create function", &r);
        return WB_SLICE_NULL;
    }
    return wb_json_get_str(r.json, "FunctionArn", m->a);
}

static bool make_bus(struct maker *m)
{
    struct wb_aws_answer r;
    struct wb_slice in = wb_printf(m->a, "{\"Name\":\"%.*s\"}", WB_FMT(m->s->bus));
    return wb_aws_json(m->aws, m->a, "events", "CreateEventBus", in, &r) ||
           wb_slice_is(r.code, "ResourceAlreadyExistsException") ||
           complain("create event bus", &r);
}

static bool make_rule(struct maker *m, struct wb_slice function)
{
    struct wb_aws_answer r;
    struct wb_slice rule =
        wb_printf(m->a,
                  "{\"Name\":\"%.*s\",\"EventBusName\":\"%.*s\",\"State\":\"ENABLED\","
                  "\"Description\":\"Route shipment update events to the "
                  "processor\",\"EventPattern\":\"{\\\"source\\\":[\\\"logistics.shipments\\\"],"
                  "\\\"detail-type\\\":[\\\"Shipment Update\\\","
                  "\\\"Shipment Created\\\",\\\"Shipment Delayed\\\"]}\"}",
                  WB_FMT(m->s->rule), WB_FMT(m->s->bus));
    if (!wb_aws_json(m->aws, m->a, "events", "PutRule", rule, &r))
        return complain("put rule", &r);
    struct wb_slice rule_arn = wb_json_get_str(r.json, "RuleArn", m->a);

    struct wb_slice permission =
        wb_printf(m->a,
                  "{\"StatementId\":\"events-%.*s\",\"Action\":\"lambda:InvokeFunction\","
                  "\"Principal\":\"events.amazonaws.com\",\"SourceArn\":\"%.*s\"}",
                  WB_FMT(m->s->rule), WB_FMT(rule_arn));
    const char *path =
        wb_printf(m->a, "/2015-03-31/functions/%.*s/policy", WB_FMT(m->s->function)).p;
    if (!wb_aws_rest(m->aws, m->a, "lambda", "POST", path, permission, &r) &&
        !wb_slice_is(r.code, "ResourceConflictException"))
        return complain("let the bus invoke the function", &r);

    struct wb_slice target = wb_printf(
        m->a,
        "{\"Rule\":\"%.*s\",\"EventBusName\":\"%.*s\",\"Targets\":[{\"Id\":\"Target0\",\"Arn\":\"%."
        "*s\","
        "\"RetryPolicy\":{\"MaximumRetryAttempts\":2,\"MaximumEventAgeInSeconds\":7200}}]}",
        WB_FMT(m->s->rule), WB_FMT(m->s->bus), WB_FMT(function));
    return wb_aws_json(m->aws, m->a, "events", "PutTargets", target, &r) ||
           complain("put targets", &r);
}

bool stack_make(struct wb_aws *aws, const struct stack *s, const struct stack_options *o)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 20);
    struct maker m = {aws, &a, s};
    const struct table tables[] = {
        {s->log_table, "shipmentId", "timestamp", "StatusIndex", "status", "timestamp", "ALL",
         true},
        {s->outcomes_table, "eventId", NULL, "ReasonIndex", "reason", "eventTime", "ALL", false},
        {s->notices_table, "notice", NULL, NULL, NULL, NULL, NULL, false},
    };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++)
        ok = make_table(&m, &tables[i]);
    struct wb_slice account = ok ? account_of(&m) : WB_SLICE_NULL;
    struct wb_slice topic = account.p ? make_topic(&m) : WB_SLICE_NULL;
    ok = topic.p && make_subscription(&m, topic, o);
    struct wb_slice role = ok ? make_role(&m, account, topic) : WB_SLICE_NULL;
    struct wb_slice function = role.p ? make_function(&m, role, topic, o->package) : WB_SLICE_NULL;
    ok = function.p && make_bus(&m) && make_rule(&m, function);
    wb_arena_release(&a);
    return ok;
}
