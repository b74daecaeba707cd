/*
 * Parameter policies: Expiration deletes the parameter, the notifications put an event on the
 * default bus (User Guide, "Assigning parameter policies"). A parameter with policies has one work
 * row, due when the earliest of them is; a row whose time is not the parameter's is void. An update
 * moves what is due later only: the row finds nothing to do then and is set anew.
 */
#include "base/ids.h"
#include "base/limits.h"
#include "engine/audit.h"
#include "services/ssm/param.h"

#define UNITS_MAX 100000 /* days or hours */

/* --- reading --- */

/* Before or After with its Unit; 0 when they are wrong. */
static int64_t span(struct wb_arena *a, struct wb_json attributes, const char *name)
{
    struct wb_slice unit = wb_json_get_str(attributes, "Unit", a);
    int64_t n, hour = 3600 * 1000;
    struct wb_json v = wb_json_get(attributes, name);
    if (!wb_json_i64(v, &n) && !wb_slice_i64(wb_json_str(v, a), &n))
        return 0;
    if (n < 1 || n > UNITS_MAX)
        return 0;
    if (wb_slice_is(unit, "Hours"))
        return n * hour;
    return wb_slice_is(unit, "Days") ? n * 24 * hour : 0;
}

/* The attributes that its type has; false when they are wrong. */
static bool read_policy(struct wb_arena *a, struct wb_json in, struct ssm_policy *out)
{
    struct wb_json attributes = wb_json_get(in, "Attributes");
    bool zone;
    *out = (struct ssm_policy){.text = wb_json_raw(in), .type = wb_json_get_str(in, "Type", a)};
    if (wb_slice_is(out->type, "Expiration"))
        return wb_time_parse_iso(wb_json_get_str(attributes, "Timestamp", a), &out->at_ms, &zone);
    if (wb_slice_is(out->type, "ExpirationNotification"))
        return (out->before_ms = span(a, attributes, "Before")) > 0;
    if (wb_slice_is(out->type, "NoChangeNotification"))
        return (out->after_ms = span(a, attributes, "After")) > 0;
    return false;
}

void ssm_policy_decode(struct wb_arena *a, struct wb_json in, struct ssm_policy *out)
{
    read_policy(a, wb_json_read(a, wb_json_get_str(in, "text", a), NULL), out);
    out->finished = wb_json_bool(wb_json_get(in, "finished"), false);
}

static bool known_type(struct wb_slice type)
{
    return wb_slice_is(type, "Expiration") || wb_slice_is(type, "ExpirationNotification") ||
           wb_slice_is(type, "NoChangeNotification");
}

static bool take_policy(struct wb_call *c, struct wb_json in, struct ssm_policy *out)
{
    bool ok = read_policy(c->arena, in, out);
    if (!known_type(out->type))
        wb_fail(c, "InvalidPolicyTypeException", 400,
                "The policy type is not supported: %.*s. Parameter Store supports the policy types "
                "Expiration, ExpirationNotification, and NoChangeNotification.",
                WB_FMT(out->type));
    else if (!ok || !wb_slice_is(wb_json_get_str(in, "Version", c->arena), "1.0"))
        wb_fail(c, "InvalidPolicyAttributeException", 400,
                "A policy attribute or its value is not valid: %.*s", WB_FMT(out->text));
    else if (out->at_ms && out->at_ms <= c->tx->now_ms)
        wb_fail(c, "InvalidPolicyAttributeException", 400,
                "The expiration time must be in the future.");
    return !wb_failed(c);
}

static bool compatible(struct wb_call *c, const struct ssm_version *v)
{
    size_t ends = 0, notices = 0;
    for (size_t i = 0; i < v->policies; i++) {
        ends += wb_slice_is(v->policy[i].type, "Expiration");
        notices += wb_slice_is(v->policy[i].type, "ExpirationNotification");
    }
    if (ends > 1)
        wb_fail(c, "IncompatiblePolicyException", 400,
                "A parameter can have only one Expiration policy.");
    else if (notices && !ends)
        wb_fail(c, "IncompatiblePolicyException", 400,
                "An ExpirationNotification policy needs an Expiration policy.");
    return !wb_failed(c);
}

bool ssm_policies_read(struct wb_call *c, struct wb_slice text, struct ssm_version *v)
{
    struct wb_json list = wb_json_read(c->arena, text, NULL);
    struct wb_json_iter it = wb_json_iter(list);
    v->policies = 0;
    v->policies_ms = c->tx->now_ms;
    if (wb_json_type(list) != WB_JSON_ARRAY) {
        wb_fail(c, "InvalidPolicyAttributeException", 400,
                "The policies are not a JSON array of policies.");
        return false;
    }
    if (wb_json_count(list) > WB_SSM_POLICIES_MAX) {
        wb_fail(c, "PoliciesLimitExceededException", 400,
                "A parameter can have at most %d policies.", WB_SSM_POLICIES_MAX);
        return false;
    }
    while (wb_json_next(&it)) {
        bool nothing = wb_json_type(it.value) == WB_JSON_OBJECT && wb_json_count(it.value) == 0;
        if (nothing) /* [{}] takes all policies away */
            continue;
        if (!take_policy(c, it.value, &v->policy[v->policies]))
            return false;
        v->policies++;
    }
    return compatible(c, v);
}

void ssm_policies_out(struct wb_call *c, const struct ssm_version *v)
{
    wb_out_list(&c->out, "Policies");
    for (size_t i = 0; i < v->policies; i++) {
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "PolicyText", v->policy[i].text);
        wb_out_str(&c->out, "PolicyType", v->policy[i].type);
        wb_out_cstr(&c->out, "PolicyStatus", v->policy[i].finished ? "Finished" : "Pending");
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* --- acting --- */

/* When the policy is due; INT64_MAX = never, or done. */
static int64_t due(const struct ssm_version *v, const struct ssm_policy *p)
{
    if (p->finished)
        return INT64_MAX;
    if (p->at_ms)
        return p->at_ms;
    if (p->after_ms)
        return v->modified_ms + p->after_ms;
    for (size_t i = 0; i < v->policies; i++)
        if (v->policy[i].at_ms)
            return v->policy[i].at_ms - p->before_ms;
    return INT64_MAX;
}

void ssm_policies_arm(struct wb_tx *tx, struct ssm_param *p, const struct ssm_version *v)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < v->policies; i++) {
        int64_t at = due(v, &v->policy[i]);
        next = at < next ? at : next;
    }
    if (next == INT64_MAX) {
        p->timer_ms = 0;
        return;
    }
    if (p->timer_ms && p->timer_ms <= next)
        return;
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account", p->account);
    wb_jw_kstr(&w, "region", p->region);
    wb_jw_kstr(&w, "path", p->path);
    wb_jw_ki64(&w, "number", (int64_t)p->number);
    wb_jw_ki64(&w, "due", next);
    wb_jw_end_object(&w);
    struct wb_work row = {.target = WB_S("ssm.policies"),
                          .executor = ssm_policy_executor.name,
                          .due_ms = next,
                          .meta = wb_buf_slice(&meta)};
    wb_work_add(tx, &row);
    p->timer_ms = next;
}

static struct wb_slice reason(struct wb_tx *tx, const struct ssm_version *v,
                              const struct ssm_policy *p)
{
    struct wb_slice since = wb_time_str(tx->arena, v->policies_ms, WB_TIME_ISO_MS);
    struct wb_slice what = WB_S("The parameter has expired and was deleted.");
    long long hours = (long long)((p->before_ms + p->after_ms) / (3600 * 1000));
    if (p->before_ms)
        what = wb_printf(tx->arena, "The parameter expires in %lld hours.", hours);
    if (p->after_ms)
        what = wb_printf(tx->arena, "The parameter has not been changed for %lld hours.", hours);
    return wb_printf(tx->arena,
                     "%.*s This notification was generated based on the policy created at %.*s",
                     WB_FMT(what), WB_FMT(since));
}

static void tell(struct wb_tx *tx, const struct wb_ctx *ctx, const struct ssm_param *p,
                 const struct ssm_version *v, const struct ssm_policy *policy)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "parameter-name", p->name);
    wb_jw_kstr(&w, "parameter-type", v->type);
    wb_jw_kstr(&w, "policy-type", policy->type);
    wb_jw_kstr(&w, "policy-content", policy->text);
    wb_jw_kcstr(&w, "action-status", "Success");
    wb_jw_kstr(&w, "action-reason", reason(tx, v, policy));
    wb_jw_end_object(&w);
    wb_bus_publish(tx, ctx, "aws.ssm", "Parameter Store Policy Action", p->arn, wb_buf_slice(&b));
}

/* Does what is due; true when the parameter is gone. */
static bool act(struct wb_tx *tx, const struct wb_ctx *ctx, const struct ssm_param *p,
                struct ssm_version *v)
{
    bool expired = false;
    for (size_t i = 0; i < v->policies; i++) {
        struct ssm_policy *policy = &v->policy[i];
        if (due(v, policy) > tx->now_ms)
            continue;
        tell(tx, ctx, p, v, policy);
        expired |= policy->at_ms != 0;
        /* The others still ask for the time of an Expiration. */
        policy->finished = policy->at_ms == 0;
    }
    if (expired) {
        ssm_changed(tx, ctx, p, v, "Delete");
        ssm_drop(tx, p);
    }
    return expired;
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    struct wb_slice path = wb_json_get_str(m, "path", tx->arena);
    struct ssm_name name = {.name = path, .path = path, .arn = true};
    struct ssm_param p;
    struct ssm_version v;
    out->kind = WB_DONE;
    if (!ssm_read(tx, wb_json_get_str(m, "account", tx->arena),
                  wb_json_get_str(m, "region", tx->arena), &name, &p) ||
        p.number != (uint64_t)wb_json_get_i64(m, "number", 0) ||
        p.timer_ms != wb_json_get_i64(m, "due", -1) || !ssm_read_version(tx, &p, p.version, &v))
        return;
    struct wb_ctx ctx = {.account = p.account,
                         .region = p.region,
                         .request_id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine)),
                         .principal = {.type = WB_PRINCIPAL_SERVICE,
                                       .account = p.account,
                                       .service = WB_S("ssm.amazonaws.com")}};
    if (act(tx, &ctx, &p, &v))
        return;
    p.timer_ms = 0;
    ssm_policies_arm(tx, &p, &v);
    ssm_write_version(tx, &p, &v);
    ssm_write(tx, &p);
}

const struct wb_executor ssm_policy_executor = {.name = "ssm.policies", .step = step};
