#include "base/limits.h"
#include "engine/paging.h"
#include "services/iam/iam.h"

/* What must be the same on the next page: all of the input but where and how much. */
static struct wb_slice filter_of(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_iter it = wb_json_iter(c->in);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, c->arena);
        if (wb_slice_is(key, "Marker") || wb_slice_is(key, "MaxItems"))
            continue;
        wb_buf_printf(&b, "%.*s=", WB_FMT(key));
        wb_buf_slice_put(&b, wb_json_raw(it.value));
    }
    return wb_buf_slice(&b);
}

bool iam_page_open(struct wb_call *c, struct iam_page *p)
{
    struct wb_slice marker = wb_in_str(c, "Marker");
    *p = (struct iam_page){
        .c = c, .filter = filter_of(c), .left = (size_t)wb_in_i64(c, "MaxItems", WB_IAM_PAGE)};
    if (!marker.p || wb_page_open(c, marker, p->filter, &p->after))
        return true;
    wb_fail(c, "ValidationError", 400, "Invalid Marker.");
    return false;
}

bool iam_page_past(const struct iam_page *p, struct wb_slice position)
{
    return p->after.p && wb_slice_cmp(position, p->after) <= 0;
}

bool iam_page_take(struct iam_page *p, struct wb_slice position)
{
    p->truncated = p->left == 0;
    if (p->truncated)
        return false;
    p->left--;
    p->last = wb_dup(p->c->arena, position);
    return true;
}

void iam_page_close(struct iam_page *p)
{
    wb_out_bool(&p->c->out, "IsTruncated", p->truncated);
    if (p->truncated)
        wb_out_str(&p->c->out, "Marker", wb_page_token(p->c, p->filter, p->last));
}

/* --- rows --- */

bool iam_rows_begin(struct wb_call *c, struct iam_rows *r, struct wb_slice prefix)
{
    *r = (struct iam_rows){.prefix = prefix};
    if (!iam_page_open(c, &r->page))
        return false;
    const struct wb_slice parts[] = {prefix, r->page.after};
    struct wb_slice lo =
        r->page.after.p ? wb_key_after(c->arena, wb_concat(c->arena, parts, 2)) : prefix;
    r->scan = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    return true;
}

bool iam_rows_next(struct iam_rows *r, struct wb_slice *part, struct wb_slice *value)
{
    struct wb_call *c = r->page.c;
    struct wb_slice key;
    if (r->page.truncated || !r->scan || !wb_tx_next(c->tx, r->scan, &key, value))
        return false;
    r->rest = wb_dup(c->arena, wb_slice_sub(key, r->prefix.n, key.n));
    struct wb_key_rd k = {.p = (const uint8_t *)r->rest.p,
                          .end = (const uint8_t *)r->rest.p + r->rest.n,
                          .a = c->arena};
    *part = wb_key_rd_str(&k);
    return true;
}

bool iam_rows_take(struct iam_rows *r)
{
    return iam_page_take(&r->page, r->rest);
}

void iam_rows_end(struct iam_rows *r)
{
    wb_scan_close(r->scan);
    iam_page_close(&r->page);
}
