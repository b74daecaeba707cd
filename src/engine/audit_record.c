/*
 * CloudTrail's record of a call (CloudTrail User Guide, "CloudTrail record contents" and
 * "CloudTrail userIdentity element"), made from the call and nothing else.
 */
#include "base/arn.h"
#include "base/limits.h"
#include "base/time.h"
#include "engine/audit.h"

#include "auth/session.h"

#define EVENT_VERSION "1.11"
#define DEPTH_MAX     48

static void put_time(struct wb_json_writer *w, const char *name, int64_t ms)
{
    char text[WB_TIME_MAX];
    wb_jw_kstr(w, name, wb_slice(text, wb_time_format(text, ms, WB_TIME_ISO_S)));
}

static void put_known(struct wb_json_writer *w, const char *name, struct wb_slice s)
{
    if (s.n)
        wb_jw_kstr(w, name, s);
}

/* --- userIdentity --- */

/* Of the user or role; its ARN tells when it is gone. */
static struct wb_slice name_of(const struct wb_identity *owner, struct wb_slice arn)
{
    return owner ? owner->name : wb_slice_last(arn, '/');
}

static void put_issuer(struct wb_json_writer *w, const struct wb_principal *p,
                       const struct wb_identity *owner, struct wb_arena *a)
{
    bool role = p->type == WB_PRINCIPAL_SESSION, root = !p->owner.n;
    struct wb_slice arn = role    ? p->role_arn
                          : owner ? owner->arn
                                  : wb_printf(a, "arn:aws:iam::%.*s:root", WB_FMT(p->account));
    wb_jw_key(w, "sessionIssuer");
    wb_jw_object(w);
    wb_jw_kcstr(w, "type", role ? "Role" : root ? "Root" : "IAMUser");
    wb_jw_kstr(w, "principalId", root ? p->account : p->owner);
    wb_jw_kstr(w, "arn", arn);
    wb_jw_kstr(w, "accountId", p->account);
    if (!root)
        wb_jw_kstr(w, "userName", name_of(owner, arn));
    wb_jw_end_object(w);
}

static void put_session(struct wb_json_writer *w, const struct wb_principal *p,
                        const struct wb_identity *owner, struct wb_arena *a)
{
    struct wb_session s;
    if (!p->expires_ms || !wb_session_read(a, p->session, &s))
        return;
    wb_jw_key(w, "sessionContext");
    wb_jw_object(w);
    if (p->type == WB_PRINCIPAL_SESSION || p->type == WB_PRINCIPAL_FEDERATED)
        put_issuer(w, p, owner, a);
    put_known(w, "sourceIdentity", s.source);
    wb_jw_key(w, "attributes");
    wb_jw_object(w);
    if (s.issued_ms)
        put_time(w, "creationDate", s.issued_ms);
    wb_jw_kcstr(w, "mfaAuthenticated", "false");
    wb_jw_end_object(w);
    wb_jw_end_object(w);
}

static const char *const types[] = {
    [WB_PRINCIPAL_ANONYMOUS] = "AWSAccount", [WB_PRINCIPAL_ROOT] = "Root",
    [WB_PRINCIPAL_USER] = "IAMUser",         [WB_PRINCIPAL_SESSION] = "AssumedRole",
    [WB_PRINCIPAL_SERVICE] = "AWSService",   [WB_PRINCIPAL_FEDERATED] = "FederatedUser",
};

static void put_identity(struct wb_json_writer *w, const struct wb_call *c,
                         const struct wb_audit_frame *f, struct wb_arena *a)
{
    const struct wb_principal *p = &c->ctx.principal;
    bool someone = p->type != WB_PRINCIPAL_ANONYMOUS && p->type != WB_PRINCIPAL_SERVICE;
    bool foreign = someone && !wb_slice_eq(p->account, f->account);
    wb_jw_key(w, "userIdentity");
    wb_jw_object(w);
    wb_jw_kcstr(w, "type", foreign ? "AWSAccount" : types[p->type]);
    if (p->type == WB_PRINCIPAL_SERVICE) {
        wb_jw_kstr(w, "invokedBy", p->service);
    } else if (p->type == WB_PRINCIPAL_ANONYMOUS) {
        wb_jw_kcstr(w, "principalId", "");
        wb_jw_kcstr(w, "accountId", "ANONYMOUS_PRINCIPAL");
    } else {
        wb_jw_kstr(w, "principalId", p->id);
        if (!foreign)
            wb_jw_kstr(w, "arn", p->arn);
        wb_jw_kstr(w, "accountId", p->account);
    }
    if (someone && !foreign) {
        put_known(w, "accessKeyId", p->access_key);
        if (p->type == WB_PRINCIPAL_USER)
            wb_jw_kstr(w, "userName", name_of(f->owner, p->arn));
        put_session(w, p, f->owner, a);
    }
    wb_jw_end_object(w);
}

/* --- requestParameters --- */

struct walk {
    struct wb_json_writer w;
    struct wb_buf text;
    struct wb_arena *a;
    bool data; /* a data event: attribute values are payload, too */
    unsigned depth;
};

static void put_value(struct walk *k, const struct wb_shape *s, struct wb_json v);

static const struct wb_shape *member_shape(const struct wb_shape *s, struct wb_slice name)
{
    for (const struct wb_member *m = s->member; m && m->name; m++)
        if (wb_slice_is(name, m->name))
            return m->shape;
    return NULL;
}

static void put_structure(struct walk *k, const struct wb_shape *s, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    wb_jw_object(&k->w);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, k->a);
        const struct wb_shape *shape = member_shape(s, name);
        if (!shape || wb_json_type(it.value) == WB_JSON_NULL)
            continue; /* what the operation does not know is nothing it did */
        char *key = wb_dup_cstr(k->a, name);
        if (key[0] >= 'A' && key[0] <= 'Z')
            key[0] = (char)(key[0] + 'a' - 'A');
        wb_jw_key(&k->w, key);
        put_value(k, shape, it.value);
    }
    wb_jw_end_object(&k->w);
}

static void put_map(struct walk *k, const struct wb_shape *s, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    wb_jw_object(&k->w);
    while (wb_json_next(&it)) {
        wb_jw_key_slice(&k->w, wb_json_str(it.key, k->a));
        put_value(k, s->elem, it.value);
    }
    wb_jw_end_object(&k->w);
}

static void put_list(struct walk *k, const struct wb_shape *s, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    wb_jw_array(&k->w);
    while (wb_json_next(&it))
        put_value(k, s->elem, it.value);
    wb_jw_end_array(&k->w);
}

static void put_value(struct walk *k, const struct wb_shape *s, struct wb_json v)
{
    enum wb_json_type t = wb_json_type(v);
    if (k->text.n > WB_AUDIT_FIELD_MAX) { /* it will not be used */
        wb_jw_null(&k->w);
        return;
    }
    if (s->sensitive || s->kind == WB_BLOB || (s->kind == WB_ANY && k->data) ||
        k->depth == DEPTH_MAX) {
        wb_jw_cstr(&k->w, WB_HIDDEN);
        return;
    }
    k->depth++;
    if (s->kind == WB_STRUCTURE && t == WB_JSON_OBJECT)
        put_structure(k, s, v);
    else if (s->kind == WB_MAP && t == WB_JSON_OBJECT)
        put_map(k, s, v);
    else if (s->kind == WB_LIST && t == WB_JSON_ARRAY)
        put_list(k, s, v);
    else
        wb_jw_raw(&k->w, wb_json_raw(v));
    k->depth--;
}

/* What is too large is left out; the form is as CloudTrail has it in practice. */
static void put_omitted(struct wb_json_writer *w, const char *name, size_t size, struct wb_arena *a)
{
    wb_jw_key(w, name);
    wb_jw_object(w);
    wb_jw_kbool(w, "omitted", true);
    wb_jw_ki64(w, "originalSize", (int64_t)size);
    wb_jw_kstr(w, "reason", wb_printf(a, "%s too large", name));
    wb_jw_end_object(w);
}

static void put_field(struct wb_json_writer *w, const char *name, struct wb_slice json, size_t size,
                      struct wb_arena *a)
{
    if (json.n > WB_AUDIT_FIELD_MAX)
        put_omitted(w, name, size, a);
    else
        wb_jw_kraw(w, name, json.n && !wb_slice_is(json, "{}") ? json : WB_S("null"));
}

static void put_parameters(struct wb_json_writer *w, const struct wb_call *c, struct wb_arena *a)
{
    struct walk k = {.text = wb_buf_in(a), .a = a, .data = c->op->data};
    wb_jw_init(&k.w, &k.text);
    if (wb_json_type(c->in) == WB_JSON_OBJECT && c->op->input)
        put_value(&k, c->op->input, c->in);
    put_field(w, "requestParameters", wb_buf_slice(&k.text), wb_json_raw(c->in).n, a);
}

static void put_answer(struct wb_json_writer *w, const struct wb_call *c, struct wb_arena *a)
{
    struct wb_slice text = WB_SLICE_NULL;
    /* The document stays open: there may be another record of the call. */
    if (c->out.record && !c->error.code && !c->op->data)
        text = wb_concat(a, (struct wb_slice[]){wb_buf_slice(&c->out.record->buf), WB_S("}")}, 2);
    put_field(w, "responseElements", text, text.n, a);
}

/* --- resources --- */

static const struct {
    const char *service, *prefix, *type; /* prefix: of the ARN's resource */
} resource_types[] = {
    {"dynamodb", "table/", "AWS::DynamoDB::Table"},
    {"lambda", "function:", "AWS::Lambda::Function"},
    {"events", "rule/", "AWS::Events::Rule"},
    {"events", "event-bus/", "AWS::Events::EventBus"},
    {"iam", "user/", "AWS::IAM::User"},
    {"iam", "role/", "AWS::IAM::Role"},
    {"iam", "group/", "AWS::IAM::Group"},
    {"iam", "policy/", "AWS::IAM::Policy"},
    {"iam", "instance-profile/", "AWS::IAM::InstanceProfile"},
    {"kms", "key/", "AWS::KMS::Key"},
    {"kms", "alias/", "AWS::KMS::Alias"},
    {"logs", "log-group:", "AWS::Logs::LogGroup"},
    {"cloudwatch", "alarm:", "AWS::CloudWatch::Alarm"},
    {"s3", "", "AWS::S3::Bucket"},
    {"sqs", "", "AWS::SQS::Queue"},
    {"sns", "", "AWS::SNS::Topic"},
    {"ssm", "parameter/", "AWS::SSM::Parameter"},
};

bool wb_audit_resource(struct wb_slice arn, struct wb_slice *type, struct wb_slice *name)
{
    struct wb_arn r;
    if (!wb_arn_parse(arn, &r) || wb_slice_chr(r.resource, '*', 0) >= 0)
        return false;
    for (size_t i = 0; i < sizeof resource_types / sizeof *resource_types; i++) {
        struct wb_slice prefix = wb_slice_str(resource_types[i].prefix);
        if (!wb_slice_is(r.service, resource_types[i].service) ||
            !wb_slice_starts(r.resource, prefix))
            continue;
        struct wb_slice rest = wb_slice_sub(r.resource, prefix.n, r.resource.n);
        *type = wb_slice_str(resource_types[i].type);
        /* A table's name stands before its index; an IAM entity's behind its path. */
        bool first = wb_slice_is(r.service, "dynamodb");
        *name = first ? wb_slice_cut(&rest, '/') : wb_slice_last(rest, '/');
        return true;
    }
    return false;
}

static bool named_before(const struct wb_call *c, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (wb_slice_eq(c->need[k].resource, c->need[i].resource))
            return true;
    return false;
}

static void put_resources(struct wb_json_writer *w, const struct wb_call *c,
                          const struct wb_audit_frame *f)
{
    struct wb_slice type, name;
    bool any = false;
    for (size_t i = 0; i < c->need_count && i < WB_AUDIT_RESOURCES_MAX; i++) {
        struct wb_slice arn = c->need[i].resource;
        struct wb_arn parsed;
        if (named_before(c, i) || !wb_audit_resource(arn, &type, &name))
            continue;
        if (!any) {
            wb_jw_key(w, "resources");
            wb_jw_array(w);
        }
        any = true;
        wb_arn_parse(arn, &parsed);
        wb_jw_object(w);
        wb_jw_kstr(w, "accountId", parsed.account.n ? parsed.account : f->account);
        wb_jw_kstr(w, "type", type);
        wb_jw_kstr(w, "ARN", arn);
        wb_jw_end_object(w);
    }
    if (any)
        wb_jw_end_array(w);
}

/* --- the record --- */

static void put_origin(struct wb_json_writer *w, const struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    bool service = p->type == WB_PRINCIPAL_SERVICE;
    struct wb_slice agent = service ? p->service : c->ctx.user_agent;
    wb_jw_kstr(w, "sourceIPAddress", service ? p->service : c->ctx.source_ip);
    wb_jw_kstr(w, "userAgent", wb_slice_sub(agent, 0, WB_AUDIT_TEXT_MAX));
}

static void put_tls(struct wb_json_writer *w, const struct wb_call *c)
{
    if (!c->tls)
        return;
    wb_jw_key(w, "tlsDetails");
    wb_jw_object(w);
    put_known(w, "tlsVersion", wb_slice_str(c->tls_version));
    put_known(w, "cipherSuite", wb_slice_str(c->tls_cipher));
    put_known(w, "clientProvidedHostHeader", c->host);
    wb_jw_end_object(w);
}

struct wb_slice wb_audit_record(struct wb_arena *a, const struct wb_call *c,
                                const struct wb_audit_frame *f)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    const char *name = c->op->event_name ? c->op->event_name : c->op->name;
    bool read = c->op->class == WB_READ || c->op->class == WB_SCAN;
    wb_buf_reserve(&b, 2048);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "eventVersion", EVENT_VERSION);
    put_identity(&w, c, f, a);
    put_time(&w, "eventTime", f->time_ms);
    wb_jw_kstr(&w, "eventSource", wb_printf(a, "%s.amazonaws.com", c->service->signing_name));
    wb_jw_kcstr(&w, "eventName", name);
    wb_jw_kstr(&w, "awsRegion", f->region);
    put_origin(&w, c);
    if (c->error.code) {
        wb_jw_kcstr(&w, "errorCode", c->error.code);
        put_known(&w, "errorMessage", wb_slice_sub(c->error.message, 0, WB_AUDIT_TEXT_MAX));
    }
    put_parameters(&w, c, a);
    put_answer(&w, c, a);
    wb_jw_kstr(&w, "requestID", c->ctx.request_id);
    wb_jw_kstr(&w, "eventID", f->event_id);
    wb_jw_kbool(&w, "readOnly", read);
    put_resources(&w, c, f);
    wb_jw_kcstr(&w, "eventType", "AwsApiCall");
    wb_jw_kbool(&w, "managementEvent", !c->op->data);
    wb_jw_kstr(&w, "recipientAccountId", f->account);
    put_known(&w, "sharedEventID", f->shared_id);
    wb_jw_kcstr(&w, "eventCategory", c->op->data ? "Data" : "Management");
    put_tls(&w, c);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}
