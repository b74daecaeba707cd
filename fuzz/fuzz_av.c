/* Attribute values: what is accepted is its own normal form after one round. */
#include "services/dynamodb/value.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json j = wb_json_read(&a, wb_dup(&a, wb_slice(data, size)), NULL);
    struct wb_av v, w;
    struct wb_av_error e;
    if (wb_json_is(j)) {
        if (wb_av_parse_map(&a, j, &v, &e)) {
            struct wb_buf b = wb_buf_in(&a), c = wb_buf_in(&a);
            wb_av_write_map(&b, &v);
            bool ok = wb_av_read_map(&a, wb_buf_slice(&b), &w);
            assert(ok && wb_av_equal(&v, &w) && wb_av_item_size(&v) == wb_av_item_size(&w));
            wb_av_write_map(&c, &w);
            assert(wb_slice_eq(wb_buf_slice(&b), wb_buf_slice(&c)));
            (void)wb_av_show(&a, &v);
        } else {
            assert(e.message.n > 0);
        }
    }
    wb_arena_release(&a);
    return 0;
}
