/* CBOR to JSON: what is taken is JSON, and what is made of that again is taken, too. */
#include "codec/cbor.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice json, again;
    if (size > 65536)
        return 0;
    wb_arena_init(&a, 0);
    if (wb_cbor_to_json(&a, wb_slice(data, size), &json)) {
        struct wb_json v = wb_json_read(&a, json, NULL);
        assert(wb_json_is(v));
        assert(wb_cbor_to_json(&a, wb_cbor_from_json(&a, v), &again));
        assert(wb_json_is(wb_json_read(&a, again, NULL)));
    }
    wb_arena_release(&a);
    return 0;
}
