/*
 * Who may invoke a function: its resource policy, a document with one statement for each
 * AddPermission; and how what is delivered to a function's ARN (a rule's target, a subscription) is
 * checked against it and queued, in one command.
 */
#include "services/lambda/function.h"

#include "base/arn.h"
#include "base/ids.h"
#include "base/limits.h"

/* --- the document --- */

static struct wb_json statements(const struct lambda_function *f, struct wb_arena *a)
{
    if (!f->policy_text.n)
        return WB_JSON_NONE;
    return wb_json_get(wb_json_read(a, f->policy_text, NULL), "Statement");
}

static struct wb_slice document(struct wb_arena *a, struct wb_json list, struct wb_slice without,
                                struct wb_slice more, size_t *count)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    *count = 0;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Version", "2012-10-17");
    wb_jw_kcstr(&w, "Id", "default");
    wb_jw_key(&w, "Statement");
    wb_jw_array(&w);
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        if (without.p && wb_slice_eq(wb_json_get_str(it.value, "Sid", a), without))
            continue;
        wb_jw_raw(&w, wb_json_raw(it.value));
        ++*count;
    }
    if (more.p) {
        wb_jw_raw(&w, more);
        ++*count;
    }
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static void put_policy(struct wb_call *c, const struct lambda_function *f, struct wb_slice text)
{
    struct wb_slice key = lambda_policy_key(c->arena, f->account, f->region, f->name);
    if (text.p)
        wb_tx_put(c->tx, key, text);
    else
        wb_tx_del(c->tx, key);
    struct lambda_function g = *f;
    g.revision = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    lambda_function_put(c->tx, &g);
}

static void condition(struct wb_json_writer *w, bool *open, const char *op, const char *key,
                      struct wb_slice value)
{
    if (!value.n)
        return;
    if (!*open) {
        wb_jw_key(w, "Condition");
        wb_jw_object(w);
        *open = true;
    }
    wb_jw_key(w, op);
    wb_jw_object(w);
    wb_jw_kstr(w, key, value);
    wb_jw_end_object(w);
}

static void write_principal(struct wb_json_writer *w, struct wb_slice p, struct wb_arena *a)
{
    int64_t digits;
    wb_jw_key(w, "Principal");
    if (wb_slice_is(p, "*")) {
        wb_jw_cstr(w, "*");
        return;
    }
    wb_jw_object(w);
    if (p.n == 12 && wb_slice_i64(p, &digits))
        wb_jw_kstr(w, "AWS", wb_printf(a, "arn:aws:iam::%.*s:root", WB_FMT(p)));
    else if (wb_slice_starts(p, WB_S("arn:")))
        wb_jw_kstr(w, "AWS", p);
    else
        wb_jw_kstr(w, "Service", p);
    wb_jw_end_object(w);
}

static struct wb_slice statement(struct wb_call *c, const struct lambda_function *f)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    bool open = false;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "Sid", wb_in_str(c, "StatementId"));
    wb_jw_kcstr(&w, "Effect", "Allow");
    write_principal(&w, wb_in_str(c, "Principal"), c->arena);
    wb_jw_kstr(&w, "Action", wb_in_str(c, "Action"));
    wb_jw_kstr(&w, "Resource", f->arn);
    /* A condition's operators are keys of one object: each may come once. */
    condition(&w, &open, "ArnLike", "AWS:SourceArn", wb_in_str(c, "SourceArn"));
    struct wb_slice account = wb_in_str(c, "SourceAccount"), org = wb_in_str(c, "PrincipalOrgID");
    struct wb_slice token = wb_in_str(c, "EventSourceToken");
    struct wb_slice url = wb_in_str(c, "FunctionUrlAuthType");
    if (account.n || org.n || token.n || url.n) {
        if (!open) {
            wb_jw_key(&w, "Condition");
            wb_jw_object(&w);
            open = true;
        }
        wb_jw_key(&w, "StringEquals");
        wb_jw_object(&w);
        if (account.n)
            wb_jw_kstr(&w, "AWS:SourceAccount", account);
        if (org.n)
            wb_jw_kstr(&w, "aws:PrincipalOrgID", org);
        if (token.n)
            wb_jw_kstr(&w, "lambda:EventSourceToken", token);
        if (url.n)
            wb_jw_kstr(&w, "lambda:FunctionUrlAuthType", url);
        wb_jw_end_object(&w);
    }
    if (open)
        wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool has_sid(struct wb_json list, struct wb_slice sid, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        if (wb_slice_eq(wb_json_get_str(it.value, "Sid", a), sid))
            return true;
    }
    return false;
}

static bool policy_revision_ok(struct wb_call *c, const struct lambda_function *f)
{
    struct wb_slice r = wb_in_str(c, "RevisionId");
    if (!r.n || wb_slice_eq(r, f->revision))
        return true;
    lambda_fail(c, "PreconditionFailedException", 412, "User",
                "The Revision Id provided does not match the latest Revision Id. Call the "
                "GetPolicy API to retrieve the latest Revision Id");
    return false;
}

void lambda_permission_add(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (!f || !policy_revision_ok(c, f))
        return;
    struct wb_json list = statements(f, c->arena);
    struct wb_slice sid = wb_in_str(c, "StatementId"), why;
    if (has_sid(list, sid, c->arena)) {
        lambda_fail(c, "ResourceConflictException", 409, "User",
                    "The statement id (%.*s) provided already exists. Please provide a new "
                    "statement id, or remove the existing statement.",
                    WB_FMT(sid));
        return;
    }
    struct wb_slice s = statement(c, f);
    size_t count;
    struct wb_slice text = document(c->arena, list, WB_SLICE_NULL, s, &count);
    if (text.n > WB_LAMBDA_POLICY_MAX) {
        lambda_fail(c, "PolicyLengthExceededException", 400, "User",
                    "The final policy size (%zu) is bigger than the limit (%d).", text.n,
                    WB_LAMBDA_POLICY_MAX);
        return;
    }
    struct wb_policy *p = wb_policy_parse(text, true, c->arena, &why);
    wb_policy_unref(p);
    if (!p) {
        lambda_fail(
            c, "InvalidParameterValueException", 400, "User",
            "The provided principal was invalid. Please check the principal and try again.");
        return;
    }
    put_policy(c, f, text);
    wb_out_str(&c->out, "Statement", s);
}

void lambda_permission_remove(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (!f || !policy_revision_ok(c, f))
        return;
    struct wb_json list = statements(f, c->arena);
    struct wb_slice sid = wb_in_str(c, "StatementId");
    if (!has_sid(list, sid, c->arena)) {
        lambda_fail(c, "ResourceNotFoundException", 404, "User",
                    "Statement %.*s is not found in resource policy.", WB_FMT(sid));
        return;
    }
    size_t count;
    struct wb_slice text = document(c->arena, list, sid, WB_SLICE_NULL, &count);
    put_policy(c, f, count ? text : WB_SLICE_NULL);
}

void lambda_policy_get(struct wb_call *c)
{
    const struct lambda_function *f = lambda_function_of(c);
    if (!f)
        return;
    if (!f->policy_text.n) {
        lambda_fail(c, "ResourceNotFoundException", 404, "User",
                    "The resource you requested does not exist.");
        return;
    }
    wb_out_str(&c->out, "Policy", f->policy_text);
    wb_out_str(&c->out, "RevisionId", f->revision);
}

/* --- deliveries --- */

static void deliver(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    static const struct wb_ctx nobody;
    struct lambda_ref r;
    const struct lambda_function *f = NULL;
    bool good = lambda_ref_parse(d->target, d->ctx ? d->ctx : &nobody, &r);
    if (good && (!r.qualifier.n || wb_slice_is(r.qualifier, "$LATEST")))
        f = lambda_function_find(tx, r.account, r.region, r.name);
    if (!f) {
        *out = (struct wb_outcome){
            .kind = WB_PERMANENT,
            .code = "NO_RESOURCE",
            .message = wb_printf(tx->arena, "Function not found: %.*s", WB_FMT(d->target))};
        return;
    }
    if (!wb_deliver_allowed(tx, d, f->policy, "lambda:InvokeFunction", f->arn, out))
        return;
    lambda_enqueue(tx, f, d->ctx, d->payload, d->payload_key, WB_SLICE_NULL, d->first_ms);
    *out = (struct wb_outcome){.kind = WB_ACCEPTED};
}

const struct wb_target_kind lambda_target = {.service = "lambda", .deliver = deliver};

const struct wb_policy *lambda_resource_policy(struct wb_tx *tx, struct wb_slice arn)
{
    static const struct wb_ctx nobody;
    struct lambda_ref r;
    const struct lambda_function *f = NULL;
    if (lambda_ref_parse(arn, &nobody, &r))
        f = lambda_function_find(tx, r.account, r.region, r.name);
    return f ? f->policy : NULL;
}
