/* Forms with files: the first line is the content type. What is accepted, written again, is the
 * same. */
#include "base/buf.h"
#include "codec/multipart.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PARTS    20
#define BOUNDARY "one that no value has 9f3b"

static bool plain(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_part *f, *g;
    size_t n, m;
    struct wb_slice body = wb_slice(data, size), type = wb_slice_cut(&body, '\n');
    wb_arena_init(&a, 0);
    if (wb_multipart_parse(&a, type, body, PARTS, &f, &n)) {
        struct wb_buf b = wb_buf_in(&a);
        bool again = true;
        for (size_t i = 0; i < n; i++) {
            assert(f[i].name.p && f[i].value.p >= body.p &&
                   f[i].value.p + f[i].value.n <= body.p + body.n);
            again &= plain(f[i].name) && wb_slice_find(f[i].value, WB_S(BOUNDARY), 0) < 0;
            wb_buf_printf(&b, "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"%.*s\"",
                          WB_FMT(f[i].name));
            wb_buf_str(&b, "\r\n\r\n");
            wb_buf_slice_put(&b, f[i].value);
            wb_buf_str(&b, "\r\n");
        }
        wb_buf_str(&b, "--" BOUNDARY "--");
        if (again) {
            bool ok = wb_multipart_parse(&a, WB_S("multipart/form-data; boundary=\"" BOUNDARY "\""),
                                         wb_buf_slice(&b), PARTS, &g, &m);
            assert(ok && m == n);
            for (size_t i = 0; i < n; i++)
                assert(wb_slice_eq(f[i].name, g[i].name) && wb_slice_eq(f[i].value, g[i].value));
        }
    }
    wb_arena_release(&a);
    return 0;
}
