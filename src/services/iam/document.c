/* Policy documents as they are put: what they may say, how large they may be. */
#include "auth/policy.h"
#include "base/limits.h"
#include "engine/account.h"
#include "services/iam/iam.h"

size_t iam_document_size(struct wb_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += !strchr(" \t\r\n", text.p[i]) && ((unsigned char)text.p[i] & 0xc0) != 0x80;
    return n;
}

static bool parses(struct wb_call *c, struct wb_slice text, bool resource_policy)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_policy *p = wb_policy_parse(text, resource_policy, c->arena, &why);
    wb_policy_unref(p);
    if (!p)
        iam_fail_policy(c, why);
    return p != NULL;
}

/* The older version of the language is for resource policies alone. */
bool iam_identity_document_ok(struct wb_call *c, struct wb_slice text)
{
    if (!parses(c, text, false))
        return false;
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, text), NULL);
    if (wb_slice_is(wb_json_get_str(v, "Version", c->arena), "2012-10-17"))
        return true;
    iam_fail_policy(c, WB_S("Policy document must be version 2012-10-17 or greater."));
    return false;
}

/* --- trust policies --- */

/* Calls fn for a value or for each element of an array, until it says no. */
typedef bool each_fn(struct wb_call *c, struct wb_slice text);
static bool each(struct wb_call *c, struct wb_json v, each_fn *fn)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) == WB_JSON_STRING)
        return fn(c, wb_json_str(v, c->arena));
    while (wb_json_type(v) == WB_JSON_ARRAY && wb_json_next(&it))
        if (!fn(c, wb_json_str(it.value, c->arena)))
            return false;
    return true;
}

/* The user or role that an ARN names. */
static bool find_principal(struct wb_call *c, struct wb_slice arn, struct wb_iam_entity *e)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    return wb_iam_arn_parse(arn, &account, &kind, &path, &name) &&
           (kind == WB_IAM_USER || kind == WB_IAM_ROLE) &&
           wb_iam_read(c->tx, account, kind, name, e) && wb_slice_eq(e->arn, arn);
}

static bool is_id(struct wb_slice text)
{
    return wb_slice_starts(text, WB_S("AIDA")) || wb_slice_starts(text, WB_S("AROA"));
}

static bool fail_principal(struct wb_call *c, const char *type, struct wb_slice text)
{
    iam_fail_policy(
        c, wb_printf(c->arena, "Invalid principal in policy: \"%s\":\"%.*s\"", type, WB_FMT(text)));
    return false;
}

/* A user or role of this server must be there, by its ARN or id. Of other accounts nothing is
 * known. */
static bool principal_exists(struct wb_call *c, struct wb_slice text)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    struct wb_iam_entity e;
    bool found = true;
    if (is_id(text))
        found = wb_iam_by_id(c->tx, text, &e);
    else if (wb_iam_arn_parse(text, &account, &kind, &path, &name) &&
             wb_account_exists(c->tx, account))
        found = find_principal(c, text, &e);
    return found || fail_principal(c, "AWS", text);
}

/* "lambda.amazonaws.com"; a few have amazon.com. Which services there are is not known here. */
static bool service_ok(struct wb_call *c, struct wb_slice text)
{
    return wb_slice_ends(text, WB_S(".amazonaws.com")) ||
           wb_slice_ends(text, WB_S(".amazon.com")) || fail_principal(c, "SERVICE", text);
}

static bool is_sts(struct wb_call *c, struct wb_slice action)
{
    ptrdiff_t colon = wb_slice_chr(action, ':', 0);
    if (colon < 0 || wb_slice_ieq(wb_slice_sub(action, 0, (size_t)colon), WB_S("sts")))
        return true;
    iam_fail_policy(c, WB_S("AssumeRole policy may only specify STS AssumeRole actions."));
    return false;
}

static bool trust_statement_ok(struct wb_call *c, struct wb_json s)
{
    static const char *const who[] = {"Principal", "NotPrincipal"};
    if (wb_json_is(wb_json_get(s, "Resource")) || wb_json_is(wb_json_get(s, "NotResource"))) {
        iam_fail_policy(c, WB_S("Has prohibited field Resource"));
        return false;
    }
    for (size_t i = 0; i < 2; i++) {
        struct wb_json principal = wb_json_get(s, who[i]);
        if (!each(c, wb_json_get(principal, "AWS"), principal_exists) ||
            !each(c, wb_json_get(principal, "Service"), service_ok))
            return false;
    }
    return each(c, wb_json_get(s, "Action"), is_sts);
}

bool iam_trust_document_ok(struct wb_call *c, struct wb_slice text)
{
    struct wb_json document = wb_json_read(c->arena, text, NULL),
                   list = wb_json_get(document, "Statement");
    if (!wb_json_is(document))
        iam_fail_policy(c, WB_S("This policy contains invalid Json"));
    if (wb_failed(c) || !parses(c, text, true))
        return false;
    struct wb_json_iter it = wb_json_iter(list);
    if (wb_json_type(list) == WB_JSON_OBJECT && !trust_statement_ok(c, list))
        return false;
    while (wb_json_type(list) == WB_JSON_ARRAY && wb_json_next(&it))
        if (!trust_statement_ok(c, it.value))
            return false;
    if (iam_document_size(text) > WB_IAM_TRUST_MAX) {
        iam_fail_quota(c, "ACLSizePerRole", WB_IAM_TRUST_MAX);
        return false;
    }
    return true;
}

/*
 * A trust policy is kept with the unique ids of the users and roles that it names, and shown with
 * their ARNs: one that is deleted and made anew under the same name is not trusted, one that is
 * renamed still is (IAM User Guide, "Principal": what IAM does when the policy is saved). An id of
 * nobody is shown as it is.
 */
struct rewrite {
    struct wb_call *c;
    struct wb_slice text;
    struct wb_buf out;
    size_t done; /* bytes of text already in out */
    bool to_ids;
};

static void rewrite_principal(struct rewrite *r, struct wb_json v)
{
    struct wb_slice name = wb_json_str(v, r->c->arena), raw = wb_json_raw(v);
    struct wb_iam_entity e;
    bool known = r->to_ids ? find_principal(r->c, name, &e)
                           : is_id(name) && wb_iam_by_id(r->c->tx, name, &e);
    if (!known)
        return;
    size_t at = (size_t)(raw.p - r->text.p);
    wb_buf_put(&r->out, r->text.p + r->done, at - r->done);
    wb_buf_slice_put(&r->out, iam_json(r->c->arena, r->to_ids ? e.id : e.arn));
    r->done = at + raw.n;
}

static void rewrite_statement(struct rewrite *r, struct wb_json s)
{
    bool negated = wb_json_is(wb_json_get(s, "NotPrincipal"));
    struct wb_json aws = wb_json_get(wb_json_get(s, negated ? "NotPrincipal" : "Principal"), "AWS");
    struct wb_json_iter it = wb_json_iter(aws);
    if (wb_json_type(aws) == WB_JSON_STRING)
        rewrite_principal(r, aws);
    while (wb_json_type(aws) == WB_JSON_ARRAY && wb_json_next(&it))
        rewrite_principal(r, it.value);
}

static struct wb_slice rewritten(struct wb_call *c, struct wb_slice text, bool to_ids)
{
    struct rewrite r = {.c = c, .text = text, .out = wb_buf_in(c->arena), .to_ids = to_ids};
    struct wb_json list = wb_json_get(wb_json_read(c->arena, text, NULL), "Statement");
    struct wb_json_iter it = wb_json_iter(list);
    if (wb_json_type(list) == WB_JSON_OBJECT)
        rewrite_statement(&r, list);
    while (wb_json_type(list) == WB_JSON_ARRAY && wb_json_next(&it))
        rewrite_statement(&r, it.value);
    wb_buf_put(&r.out, text.p + r.done, text.n - r.done);
    return wb_buf_slice(&r.out);
}

struct wb_slice iam_trust_kept(struct wb_call *c, struct wb_slice text)
{
    return rewritten(c, text, true);
}

struct wb_slice iam_trust_shown(struct wb_call *c, const struct wb_iam_entity *role)
{
    return rewritten(c, wb_json_get_str(role->row, "trust", c->arena), false);
}
