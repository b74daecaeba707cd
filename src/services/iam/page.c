#include "base/limits.h"
#include "engine/paging.h"
#include "services/iam/policy.h"

bool iam_page_open(struct wb_call *c, struct iam_page *p)
{
    struct wb_slice marker = wb_in_str(c, "Marker");
    *p = (struct iam_page){.c = c,
                           .filter = iam_page_filter(c),
                           .left = (size_t)wb_in_i64(c, "MaxItems", WB_IAM_PAGE)};
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
