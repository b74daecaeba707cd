/* Numbers from text and from bytes: each reads back as itself, and adding is undone by subtracting.
 */
#include "base/decimal.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct wb_arena *a, const struct wb_decimal *d)
{
    struct wb_decimal back;
    uint8_t bytes[WB_DECIMAL_BYTES];
    size_t n = wb_decimal_encode(d, bytes);
    bool ok = wb_decimal_decode(wb_slice(bytes, n), &back);
    assert(ok && wb_decimal_cmp(d, &back) == 0);
    enum wb_decimal_status status = wb_decimal_parse(wb_decimal_str(a, d), &back);
    assert(status == WB_DEC_OK && wb_decimal_cmp(d, &back) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_decimal x, y, sum, back;
    struct wb_slice rest = wb_slice(data, size), first = wb_slice_cut(&rest, ' ');
    wb_arena_init(&a, 0);
    if (wb_decimal_parse(first, &x) == WB_DEC_OK) {
        check(&a, &x);
        if (rest.p && wb_decimal_parse(rest, &y) == WB_DEC_OK &&
            wb_decimal_add(&x, &y, &sum) == WB_DEC_OK) {
            check(&a, &sum);
            enum wb_decimal_status status = wb_decimal_sub(&sum, &y, &back);
            assert(status == WB_DEC_OK && wb_decimal_cmp(&back, &x) == 0);
        }
    }
    if (wb_decimal_decode(wb_slice(data, size), &x)) {
        uint8_t bytes[WB_DECIMAL_BYTES];
        size_t n = wb_decimal_encode(&x, bytes);
        assert(wb_slice_eq(wb_slice(bytes, n), wb_slice(data, size)));
        check(&a, &x);
    }
    wb_arena_release(&a);
    return 0;
}
