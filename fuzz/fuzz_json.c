/* The tape against the recursive parser of the unit tests; what is read is written and read again.
 */
#include "../tests/unit/codec/naive_json.h"
#include "base/limits.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rewrite(struct wb_json v, struct wb_arena *a, struct wb_json_writer *w)
{
    struct wb_json_iter it = wb_json_iter(v);
    switch (wb_json_type(v)) {
    case WB_JSON_OBJECT:
        wb_jw_object(w);
        while (wb_json_next(&it)) {
            wb_jw_key_slice(w, wb_json_str(it.key, a));
            rewrite(it.value, a, w);
        }
        wb_jw_end_object(w);
        break;
    case WB_JSON_ARRAY:
        wb_jw_array(w);
        while (wb_json_next(&it))
            rewrite(it.value, a, w);
        wb_jw_end_array(w);
        break;
    case WB_JSON_STRING:
        wb_jw_str(w, wb_json_str(v, a));
        break;
    default:
        wb_jw_raw(w, wb_json_raw(v));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { DEPTH = 40 }; /* the writer ends at 63 */
    struct wb_arena a;
    struct wb_json_doc doc, second;
    struct wb_json_error err = {NULL, 0};
    wb_arena_init(&a, 0);
    struct wb_buf ours = wb_buf_in(&a), naive = wb_buf_in(&a), text = wb_buf_in(&a);
    struct wb_slice in = wb_slice(data, size);
    bool ok = wb_json_parse(&doc, &a, in, DEPTH, &err);
    assert(ok == naive_json(in, DEPTH, &naive));
    assert(ok || (err.reason && err.offset <= size));
    if (ok) {
        struct wb_json v = wb_json_root(&doc);
        struct wb_json_writer w;
        double d;
        int64_t i;
        tape_dump(v, &a, &ours);
        assert(wb_slice_eq(wb_buf_slice(&ours), wb_buf_slice(&naive)));
        if (wb_json_i64(v, &i) && i > -(1LL << 53) && i < 1LL << 53)
            assert(wb_json_double(v, &d) && d == (double)i);
        wb_jw_init(&w, &text);
        rewrite(v, &a, &w);
        ok = wb_json_parse(&second, &a, wb_buf_slice(&text), DEPTH, NULL);
        assert(ok && second.count == doc.count);
        ours.n = 0;
        tape_dump(wb_json_root(&second), &a, &ours);
        assert(wb_slice_eq(wb_buf_slice(&ours), wb_buf_slice(&naive)));
    }
    wb_arena_release(&a);
    return 0;
}
