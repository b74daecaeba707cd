#include "codec/event_stream.h"

#include "base/crc.h"
#include "base/limits.h"
#include "codec/json.h"
#include <assert.h>

#define PRELUDE     12 /* both lengths and their checksum */
#define TYPE_STRING 7

static void put_be16(struct wb_buf *b, size_t v)
{
    wb_buf_char(b, (char)(v >> 8));
    wb_buf_char(b, (char)v);
}

static void put_be32(struct wb_buf *b, size_t v)
{
    put_be16(b, v >> 16);
    put_be16(b, v & 0xffff);
}

void wb_event_message_put(struct wb_buf *b, const struct wb_pair *header, size_t count,
                          struct wb_slice payload)
{
    size_t begin = b->n, headers = 0;
    for (size_t i = 0; i < count; i++) {
        assert(header[i].name.n && header[i].name.n < 256 && header[i].value.n < 32768);
        headers += 1 + header[i].name.n + 3 + header[i].value.n;
    }
    put_be32(b, PRELUDE + headers + payload.n + 4);
    put_be32(b, headers);
    put_be32(b, wb_crc32(0, b->p + begin, 8));
    for (size_t i = 0; i < count; i++) {
        wb_buf_char(b, (char)header[i].name.n);
        wb_buf_slice_put(b, header[i].name);
        wb_buf_char(b, TYPE_STRING);
        put_be16(b, header[i].value.n);
        wb_buf_slice_put(b, header[i].value);
    }
    wb_buf_slice_put(b, payload);
    put_be32(b, wb_crc32(0, b->p + begin, b->n - begin));
}

static void put_typed(struct wb_buf *b, const char *kind, const char *kind_type, const char *name,
                      struct wb_slice type, struct wb_slice json)
{
    const struct wb_pair header[] = {{wb_slice_str(kind_type), wb_slice_str(name)},
                                     {WB_S(":content-type"), type},
                                     {WB_S(":message-type"), wb_slice_str(kind)}};
    wb_event_message_put(b, header, 3, json);
}

void wb_event_put(struct wb_buf *b, const char *name, struct wb_slice type, struct wb_slice json)
{
    put_typed(b, "event", ":event-type", name, type, json);
}

void wb_event_exception_put(struct wb_buf *b, const char *name, struct wb_slice type,
                            struct wb_slice message)
{
    struct wb_buf json = {.p = NULL};
    struct wb_json_writer w;
    wb_jw_init(&w, &json);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "message", message);
    wb_jw_end_object(&w);
    put_typed(b, "exception", ":exception-type", name, type, wb_buf_slice(&json));
    wb_buf_release(&json);
}

/* --- reading --- */

static uint32_t be(const char *p, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | (uint8_t)p[i];
    return v;
}

enum wb_event_read wb_event_message_next(struct wb_slice *in, struct wb_event_message *m)
{
    if (in->n < PRELUDE)
        return WB_EVENT_MORE;
    size_t total = be(in->p, 4), headers = be(in->p + 4, 4);
    if (be(in->p + 8, 4) != wb_crc32(0, in->p, 8) || total > WB_EVENT_MESSAGE_MAX ||
        total < PRELUDE + 4 || headers > total - PRELUDE - 4)
        return WB_EVENT_BAD;
    if (in->n < total)
        return WB_EVENT_MORE;
    if (be(in->p + total - 4, 4) != wb_crc32(0, in->p, total - 4))
        return WB_EVENT_BAD;
    m->headers = wb_slice(in->p + PRELUDE, headers);
    m->payload = wb_slice(in->p + PRELUDE + headers, total - PRELUDE - 4 - headers);
    *in = wb_slice_sub(*in, total, in->n);
    return WB_EVENT_READ;
}

/* Bytes of a header's value with its length field; -1: it does not fit, or the type is unknown. */
static ptrdiff_t value_size(uint8_t type, struct wb_slice rest)
{
    /* true, false, byte, short, int, long, bytes, string, time, uuid */
    static const int8_t fixed[] = {0, 0, 1, 2, 4, 8, -1, -1, 8, 16};
    if (type >= sizeof fixed)
        return -1;
    ptrdiff_t n = fixed[type];
    if (n < 0)
        n = rest.n < 2 ? -1 : (ptrdiff_t)(2 + be(rest.p, 2));
    return n > (ptrdiff_t)rest.n ? -1 : n;
}

struct wb_slice wb_event_header(const struct wb_event_message *m, const char *name)
{
    struct wb_slice s = m->headers;
    while (s.n >= 2) {
        size_t n = (uint8_t)s.p[0];
        if (s.n < n + 2)
            break;
        struct wb_slice found = wb_slice(s.p + 1, n);
        uint8_t type = (uint8_t)s.p[n + 1];
        s = wb_slice_sub(s, n + 2, s.n);
        ptrdiff_t size = value_size(type, s);
        if (size < 0)
            break;
        if (type == TYPE_STRING && wb_slice_is(found, name))
            return wb_slice(s.p + 2, (size_t)size - 2);
        s = wb_slice_sub(s, (size_t)size, s.n);
    }
    return WB_SLICE_NULL;
}
