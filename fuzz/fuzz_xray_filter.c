/* X-Ray's filter expressions: the expression, a NUL, segment documents with NULs between. */
#include "services/xray/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice rest = wb_slice(data, size), text, why = {NULL, 0};
    struct xray_trace t;
    if (size > 8192)
        return 0;
    text = wb_slice_cut(&rest, '\0');
    wb_arena_init(&a, 0);
    struct xray_filter *f = xray_filter_compile(&a, text, NULL, &why);
    if (!f && !why.n)
        __builtin_trap(); /* what is refused has a reason */
    xray_trace_begin(&t, WB_S("1"));
    while (rest.p)
        xray_trace_add(&a, &t, wb_slice_cut(&rest, '\0'));
    xray_trace_finish(&a, &t);
    if (f && xray_filter_match(f, &t, &a) != xray_filter_match(f, &t, &a))
        __builtin_trap();
    wb_arena_release(&a);
    return 0;
}
