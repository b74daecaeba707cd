/* Form bodies: what is accepted, encoded again, means the same. */
#include "codec/text.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_pair *f, *g;
    size_t n, m;
    wb_arena_init(&a, 0);
    if (wb_form_parse(&a, wb_slice(data, size), 100, &f, &n)) {
        struct wb_buf b = wb_buf_in(&a), xml = wb_buf_in(&a);
        assert(n <= 100);
        for (size_t i = 0; i < n; i++) {
            if (i)
                wb_buf_char(&b, '&');
            wb_percent_encode(&b, f[i].name, i % 2);
            wb_buf_char(&b, '=');
            wb_percent_encode(&b, f[i].value, i % 2);
            wb_xml_text(&xml, f[i].value);
        }
        bool ok = wb_form_parse(&a, wb_buf_slice(&b), 100, &g, &m);
        assert(ok && m == n);
        for (size_t i = 0; i < n; i++)
            assert(wb_slice_eq(f[i].name, g[i].name) && wb_slice_eq(f[i].value, g[i].value));
        assert(wb_slice_chr(wb_buf_slice(&xml), '<', 0) < 0);
    }
    wb_arena_release(&a);
    return 0;
}
