#include "base/buf.h"
#include "codec/zip.h"
#include <stdlib.h>
#include <zlib.h>

#define ZLIB_BITS   15
#define RESERVE_MAX (256 << 10) /* as much as may come out has room at once */
#define GZIP_BITS   (15 + 16)   /* zlib's way to ask for a gzip header */

static struct wb_slice pack(struct wb_arena *a, struct wb_slice s, int bits)
{
    z_stream z = {0};
    if (s.n > UINT32_MAX / 2 ||
        deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort(); /* no request or log block is that large; or out of memory */
    size_t bound = deflateBound(&z, s.n);
    char *out = wb_alloc(a, bound);
    z.next_in = (Bytef *)(s.n ? s.p : "");
    z.avail_in = (uInt)s.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)bound;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort(); /* the bound is a promise of zlib */
    size_t n = z.total_out;
    deflateEnd(&z);
    return wb_slice(out, n);
}

static bool unpack(struct wb_arena *a, struct wb_slice s, int bits, size_t max,
                   struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(a);
    z_stream z = {0};
    int code = Z_OK;
    if (s.n > UINT32_MAX || inflateInit2(&z, bits) != Z_OK)
        return false;
    z.next_in = (Bytef *)(s.n ? s.p : "");
    z.avail_in = (uInt)s.n;
    wb_buf_reserve(&b, max < RESERVE_MAX ? max + 1 : 1);
    for (;;) {
        /* One byte more than allowed, to tell "exactly max" from "more". */
        size_t room = b.cap - b.n, allowed = max - b.n;
        if (allowed < room)
            room = allowed + 1;
        if (room > UINT32_MAX)
            room = UINT32_MAX;
        z.next_out = (Bytef *)b.p + b.n;
        z.avail_out = (uInt)room;
        code = inflate(&z, Z_NO_FLUSH);
        b.n += room - z.avail_out;
        if (b.n > max || (code != Z_OK && code != Z_STREAM_END))
            break;
        if (code == Z_STREAM_END) {
            if (z.avail_in == 0 || bits != GZIP_BITS)
                break;
            inflateReset(&z); /* a further gzip member (RFC 1952, 2.2) */
        } else if (b.n == b.cap) {
            wb_buf_reserve(&b, b.cap);
        }
    }
    bool ok = code == Z_STREAM_END && z.avail_in == 0 && b.n <= max;
    inflateEnd(&z);
    *out = wb_buf_slice(&b);
    return ok;
}

struct wb_slice wb_deflate(struct wb_arena *a, struct wb_slice s)
{
    return pack(a, s, ZLIB_BITS);
}

bool wb_inflate(struct wb_arena *a, struct wb_slice s, size_t max, struct wb_slice *out)
{
    return unpack(a, s, ZLIB_BITS, max, out);
}

struct wb_slice wb_gzip(struct wb_arena *a, struct wb_slice s)
{
    return pack(a, s, GZIP_BITS);
}

struct wb_slice wb_gzip_before(struct wb_arena *a, struct wb_slice begin, struct wb_slice rest,
                               struct wb_slice packed_rest)
{
    static const unsigned char header[10] = {0x1f, 0x8b, Z_DEFLATED, [9] = 255}; /* RFC 1952 */
    if (begin.n > UINT16_MAX)
        return WB_SLICE_NULL;
    struct wb_buf b = wb_buf_in(a);
    wb_buf_put(&b, header, sizeof header);
    wb_buf_char(&b, 0); /* a block that is not the last, and stored */
    wb_buf_le16(&b, (uint16_t)begin.n);
    wb_buf_le16(&b, (uint16_t)~begin.n);
    wb_buf_slice_put(&b, begin);
    wb_buf_slice_put(&b, packed_rest);
    uLong crc = crc32_z(0, (const Bytef *)begin.p, begin.n);
    wb_buf_le32(&b, (uint32_t)crc32_z(crc, (const Bytef *)rest.p, rest.n));
    wb_buf_le32(&b, (uint32_t)(begin.n + rest.n));
    return wb_buf_slice(&b);
}

bool wb_gunzip(struct wb_arena *a, struct wb_slice s, size_t max, struct wb_slice *out)
{
    return unpack(a, s, GZIP_BITS, max, out);
}
