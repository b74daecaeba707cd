/*
 * Resource policies: kept, checked for form, listed. Nothing here is decided by them: the server's
 * own services write their segments without one, and no other account writes into this one. Row:
 * JSON {"document", "revision", "updated"}.
 */
#include "auth/policy.h"
#include "services/xray/xray.h"

struct policy {
    struct wb_slice name, document;
    int64_t revision, updated_ms;
};

static struct wb_slice row_key(struct wb_call *c, struct wb_slice name)
{
    return wb_key(c->arena, WB_T_XRAY_POLICY, "sss", c->ctx.account, c->ctx.region, name);
}

static struct policy read_row(struct wb_call *c, struct wb_slice name, struct wb_slice value)
{
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, value), NULL);
    return (struct policy){.name = name,
                           .document = wb_json_get_str(v, "document", c->arena),
                           .revision = wb_json_get_i64(v, "revision", 0),
                           .updated_ms = wb_json_get_i64(v, "updated", 0)};
}

static bool read_policy(struct wb_call *c, struct wb_slice name, struct policy *p)
{
    struct wb_slice value;
    *p = (struct policy){.name = name};
    if (!wb_tx_get(c->tx, row_key(c, name), &value))
        return false;
    *p = read_row(c, name, value);
    return true;
}

static void out_policy(struct wb_call *c, const char *member, const struct policy *p)
{
    wb_out_object(&c->out, member);
    wb_out_str(&c->out, "PolicyName", p->name);
    wb_out_str(&c->out, "PolicyDocument", p->document);
    wb_out_str(&c->out, "PolicyRevisionId", wb_printf(c->arena, "%lld", (long long)p->revision));
    wb_out_time(&c->out, "LastUpdatedTime", p->updated_ms);
    wb_out_end(&c->out);
}

static struct wb_scan *scan(struct wb_call *c)
{
    return wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_XRAY_POLICY, "ss", c->ctx.account, c->ctx.region));
}

static size_t policies(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s = scan(c);
    size_t n = 0;
    while (wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n;
}

/* The revision that the caller knows, when it names one; 0: there is no such policy yet. */
static bool revision_ok(struct wb_call *c, const struct policy *p)
{
    struct wb_slice given = wb_in_str(c, "PolicyRevisionId");
    int64_t n;
    if (!given.p || (wb_slice_i64(given, &n) && n == p->revision))
        return true;
    wb_fail(c, "InvalidPolicyRevisionIdException", 400,
            "The policy revision id does not match the latest revision of the policy.");
    return false;
}

/* Whoever puts it must still be able to put another one: a policy that denies that is refused. */
static bool stays_open(struct wb_call *c, const struct wb_policy *p)
{
    struct wb_request q = {.principal = &c->ctx.principal,
                           .action = WB_S("xray:PutResourcePolicy"),
                           .resource = WB_S("*"),
                           .now_ms = c->tx->now_ms};
    return !wb_engine_config(c->engine)->auth || wb_in_bool(c, "BypassPolicyLockoutCheck", false) ||
           wb_policy_eval(p, &q, NULL) != WB_EXPLICIT_DENY;
}

static bool document_ok(struct wb_call *c, struct wb_slice text)
{
    struct wb_slice why = WB_SLICE_NULL;
    if (text.n > WB_XRAY_POLICY_MAX) {
        wb_fail(c, "PolicySizeLimitExceededException", 400, "A policy has at most %d bytes.",
                WB_XRAY_POLICY_MAX);
        return false;
    }
    struct wb_policy *p = wb_policy_parse(text, true, c->arena, &why);
    if (!p)
        wb_fail(c, "MalformedPolicyDocumentException", 400, "%.*s", WB_FMT(why));
    else if (!stays_open(c, p))
        wb_fail(c, "LockoutPreventionException", 400,
                "The policy would not allow you to change it in the future.");
    wb_policy_unref(p);
    return !wb_failed(c);
}

static void write_policy(struct wb_call *c, const struct policy *p)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "document", p->document);
    wb_jw_ki64(&w, "revision", p->revision);
    wb_jw_ki64(&w, "updated", p->updated_ms);
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, row_key(c, p->name), wb_buf_slice(&b));
}

void xray_put_policy(struct wb_call *c)
{
    struct policy p;
    bool there = read_policy(c, wb_in_str(c, "PolicyName"), &p);
    struct wb_slice document = wb_in_str(c, "PolicyDocument");
    if (!document_ok(c, document) || !revision_ok(c, &p))
        return;
    if (!there && policies(c) >= WB_XRAY_POLICIES_MAX) {
        wb_fail(c, "PolicyCountLimitExceededException", 400,
                "An account has at most %d resource policies a region.", WB_XRAY_POLICIES_MAX);
        return;
    }
    p.document = document;
    p.revision++;
    p.updated_ms = c->tx->now_ms;
    write_policy(c, &p);
    out_policy(c, "ResourcePolicy", &p);
}

void xray_delete_policy(struct wb_call *c)
{
    struct policy p;
    if (!read_policy(c, wb_in_str(c, "PolicyName"), &p))
        xray_invalid(c, "Resource policy not found.");
    else if (revision_ok(c, &p))
        wb_tx_del(c->tx, row_key(c, p.name));
}

/* There are never more than one page of them. */
void xray_list_policies(struct wb_call *c)
{
    struct wb_slice key, value;
    if (wb_in_str(c, "NextToken").p) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    struct wb_scan *s = scan(c);
    wb_out_list(&c->out, "ResourcePolicies");
    while (wb_tx_next(c->tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(c->arena, key, &table);
        wb_key_rd_str(&k);
        wb_key_rd_str(&k);
        struct policy p = read_row(c, wb_key_rd_str(&k), value);
        out_policy(c, NULL, &p);
    }
    wb_out_end(&c->out);
    wb_scan_close(s);
}
