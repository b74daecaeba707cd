/* Metrics Insights: a query, read and typed without data. */
#include "services/cloudwatch/select.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice why = WB_SLICE_NULL;
    if (size > 2048)
        return 0;
    wb_arena_init(&a, 0);
    const struct cw_select *s = cw_select_parse(&a, wb_slice(data, size), &why);
    assert(s ? s->metric.n && s->ns.n && s->limit >= 1 && s->limit <= WB_MATH_SERIES_MAX
             : why.n > 0);
    wb_arena_release(&a);
    return 0;
}
