/* Inline policies of users, groups and roles. */
#include "base/limits.h"
#include "services/iam/iam.h"

static struct wb_slice inline_key(struct wb_call *c, const struct wb_iam_entity *e)
{
    return wb_iam_key2(c->arena, WB_T_IAM_INLINE, e->account, e->kind, e->name,
                       wb_in_str(c, "PolicyName"));
}

/* The size of all inline policies but the one under `but`. */
static size_t size_of_others(struct wb_call *c, const struct wb_iam_entity *e, struct wb_slice but)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_iam_key(c->arena, WB_T_IAM_INLINE, e->account, e->kind, e->name));
    size_t n = 0;
    while (s && wb_tx_next(c->tx, s, &key, &value))
        if (!wb_slice_eq(key, but))
            n += iam_document_size(value);
    wb_scan_close(s);
    return n;
}

void iam_put_inline(struct wb_call *c)
{
    struct wb_iam_entity e;
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_slice text = wb_in_str(c, "PolicyDocument");
    if (!iam_call_modifiable(c, &e) || !iam_identity_document_ok(c, text))
        return;
    struct wb_slice key = inline_key(c, &e);
    if (iam_document_size(text) + size_of_others(c, &e, key) > k->inline_max) {
        wb_fail(c, "LimitExceeded", 409, "Maximum policy size of %zu bytes exceeded for %s %.*s",
                k->inline_max, k->word, WB_FMT(e.name));
        return;
    }
    wb_tx_put(c->tx, key, text);
    wb_iam_changed(c->tx, &e);
}

static void fail_missing(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "PolicyName");
    wb_fail(c, "NoSuchEntity", 404, "The %s policy with name %.*s cannot be found.",
            iam_call_kind(c)->word, WB_FMT(name));
}

void iam_get_inline(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_slice text;
    if (!iam_call_entity(c, &e))
        return;
    if (!wb_tx_get(c->tx, inline_key(c, &e), &text)) {
        fail_missing(c);
        return;
    }
    wb_out_str(&c->out, iam_kind(e.kind)->member, e.name);
    wb_out_str(&c->out, "PolicyName", wb_in_str(c, "PolicyName"));
    iam_out_document(&c->out, "PolicyDocument", text);
}

void iam_delete_inline(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (!iam_call_modifiable(c, &e))
        return;
    if (wb_tx_del(c->tx, inline_key(c, &e)))
        wb_iam_changed(c->tx, &e);
    else
        fail_missing(c);
}
