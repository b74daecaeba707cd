/* Event streams: what is read lies within the input and, put together again, reads the same. */
#include "base/crc.h"
#include "codec/event_stream.h"
#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_be(char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (char)(v >> (24 - 8 * i));
}

/* Random bytes have no right checksums: the input is taken for headers and payload of a message
 * whose checksums are put in. */
static void framed(const uint8_t *data, size_t size)
{
    size_t n = 16 + size, headers = size ? data[0] % (size + 1) : 0;
    char *text = wb_xmalloc(n);
    put_be(text, (uint32_t)n);
    put_be(text + 4, (uint32_t)headers);
    put_be(text + 8, wb_crc32(0, text, 8));
    if (size)
        memcpy(text + 12, data, size);
    put_be(text + n - 4, wb_crc32(0, text, n - 4));
    struct wb_slice in = wb_slice(text, n);
    struct wb_event_message m;
    assert(wb_event_message_next(&in, &m) == WB_EVENT_READ && in.n == 0);
    assert(m.headers.n == headers && m.payload.n == size - headers);
    struct wb_slice name = wb_event_header(&m, ":event-type");
    assert(!name.p || (name.p >= text && name.p + name.n <= text + n));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_slice in = wb_slice(data, size);
    struct wb_event_message m;
    while (wb_event_message_next(&in, &m) == WB_EVENT_READ)
        wb_event_header(&m, ":event-type");
    framed(data, size);
    return 0;
}
