/* base64, hex and percent decoding: what is accepted is what the encoder writes. */
#include "codec/text.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice in = wb_slice(data, size), out, back;
    wb_arena_init(&a, 0);
    if (wb_base64_decode(&a, in, &out))
        assert(wb_slice_eq(wb_base64_encode(&a, out), in));
    if (wb_hex_decode(&a, in, &out))
        assert(wb_slice_ieq(wb_hex_encode(&a, out), in));
    bool ok = wb_base64_decode(&a, wb_base64_encode(&a, in), &back);
    assert(ok && wb_slice_eq(back, in));
    if (wb_percent_decode(&a, in, false, &out)) {
        struct wb_buf b = wb_buf_in(&a);
        wb_percent_encode(&b, out, false);
        ok = wb_percent_decode(&a, wb_buf_slice(&b), true, &back);
        assert(ok && wb_slice_eq(back, out));
    }
    wb_arena_release(&a);
    return 0;
}
