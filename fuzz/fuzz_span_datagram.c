/* A datagram to the X-Ray daemon's address, and the trace header. What is taken is well-formed. */
#include "engine/observe.h"
#include "engine/spans_port.h"
#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice in = wb_slice((const char *)data, size), document;
    struct wb_trace t, again;
    wb_arena_init(&a, 0);
    if (wb_span_datagram(&a, in, &document))
        assert(document.n > 0 && document.n < size && wb_slice_chr(in, '\n', 0) >= 0);
    if (wb_trace_parse(in, &t)) {
        struct wb_slice header = wb_trace_header(&a, t.root, t.parent, t.sampled, in);
        assert(wb_slice_chr(header, '\n', 0) < 0 && header.n <= size + 16);
        if (header.n <= 1024) {
            assert(wb_trace_parse(header, &again) && wb_slice_eq(t.root, again.root));
            assert(wb_slice_eq(t.parent, again.parent) && t.sampled == again.sampled);
        }
    }
    wb_arena_release(&a);
    return 0;
}
