/* Reading keys back: the first byte's bits choose the parts, the rest is the key. What reads well
 * and is written again gives the same bytes. */
#include "store/key.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct wb_arena a;
    struct wb_key k;
    uint16_t table;
    wb_arena_init(&a, 0);
    struct wb_slice key = wb_slice(data + 3, size - 3);
    unsigned shape = data[0] | (unsigned)data[1] << 8 | (unsigned)data[2] << 16;
    struct wb_key_rd r = wb_key_rd(&a, key, &table);
    wb_key_begin(&k, &a, table);
    for (int i = 0; i < 8; i++, shape >>= 3) {
        struct wb_slice s;
        switch (shape & 7) {
        case 0:
        case 1:
            wb_key_str(&k, wb_key_rd_str(&r));
            break;
        case 2:
            wb_key_u64(&k, wb_key_rd_u64(&r));
            break;
        case 3:
            wb_key_i64(&k, wb_key_rd_i64(&r));
            break;
        case 4:
            wb_key_desc(&k, wb_key_rd_desc(&r));
            break;
        case 5:
            wb_key_u8(&k, wb_key_rd_u8(&r));
            break;
        case 6:
            s = wb_key_rd_decimal_bytes(&r);
            wb_key_raw(&k, s);
            wb_key_u8(&k, 0);
            break;
        default:
            wb_key_raw(&k, wb_key_rd_raw(&r));
            i = 8;
        }
        if (!r.bad && r.p == r.end)
            break;
    }
    if (!r.bad && r.p == r.end && !wb_slice_eq(wb_key_done(&k), key))
        abort();
    wb_arena_release(&a);
    return 0;
}
