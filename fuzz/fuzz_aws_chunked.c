/* aws-chunked: cut anywhere it means the same, and no more data comes out than went in. */
#include "base/buf.h"
#include "codec/aws_chunked.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool run(struct wb_slice in, size_t cut, struct wb_buf *out)
{
    struct wb_aws_chunks c;
    struct wb_slice part = wb_slice_sub(in, 0, cut), piece;
    bool second = false;
    wb_aws_chunks_init(&c);
    for (;;) {
        switch (wb_aws_chunks_next(&c, &part, &piece)) {
        case WB_AWS_MORE:
            if (second)
                return wb_aws_chunks_ended(&c);
            second = true;
            part = wb_slice_sub(in, cut, in.n);
            break;
        case WB_AWS_DATA:
            wb_buf_slice_put(out, piece);
            break;
        case WB_AWS_TRAILER:
            wb_buf_slice_put(out, c.name);
            wb_buf_slice_put(out, c.value);
            break;
        case WB_AWS_BAD:
            return false;
        default:
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_slice in = wb_slice(data, size);
    struct wb_buf whole = {0}, cut = {0};
    bool ok = run(in, size, &whole);
    assert(whole.n <= size);
    assert(run(in, size / 2, &cut) == ok);
    assert(!ok || wb_slice_eq(wb_buf_slice(&whole), wb_buf_slice(&cut)));
    wb_buf_release(&whole);
    wb_buf_release(&cut);
    return 0;
}
