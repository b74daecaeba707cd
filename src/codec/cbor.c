#include "codec/cbor.h"

#include "base/utf8.h"
#include "codec/text.h"

#include <math.h>

#define DEPTH_MAX 48 /* the JSON writer has 63 */

enum major { UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

#define INDEFINITE 31
#define BREAK      0xff

struct reader {
    struct wb_arena *a;
    const uint8_t *p, *end;
    struct wb_json_writer w;
    unsigned depth;
};

/* --- from CBOR --- */

struct head {
    enum major major;
    uint8_t more; /* the low 5 bits */
    uint64_t value;
};

static bool read_head(struct reader *r, struct head *h)
{
    if (r->p == r->end)
        return false;
    uint8_t byte = *r->p++;
    *h = (struct head){.major = byte >> 5, .more = byte & 31, .value = byte & 31};
    if (h->more < 24 || h->more == INDEFINITE)
        return true;
    size_t n = h->more > 27 ? 0 : (size_t)1 << (h->more - 24);
    if (n == 0 || (size_t)(r->end - r->p) < n)
        return false;
    h->value = 0;
    while (n--)
        h->value = h->value << 8 | *r->p++;
    return true;
}

static bool take_break(struct reader *r)
{
    if (r->p == r->end || *r->p != BREAK)
        return false;
    r->p++;
    return true;
}

/* A string, also one in chunks. */
static bool read_string(struct reader *r, const struct head *h, struct wb_slice *out)
{
    if (h->more != INDEFINITE) {
        if (h->value > (uint64_t)(r->end - r->p))
            return false;
        *out = wb_slice(r->p, (size_t)h->value);
        r->p += h->value;
        return true;
    }
    struct wb_buf b = wb_buf_in(r->a);
    struct wb_slice piece;
    struct head chunk;
    wb_buf_reserve(&b, 1);
    while (!take_break(r)) {
        if (!read_head(r, &chunk) || chunk.major != h->major || chunk.more == INDEFINITE ||
            !read_string(r, &chunk, &piece))
            return false;
        wb_buf_slice_put(&b, piece);
    }
    *out = wb_buf_slice(&b);
    return true;
}

static double half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double v = exponent == 0    ? ldexp(fraction, -24)
               : exponent == 31 ? (fraction ? NAN : INFINITY)
                                : ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -v : v;
}

static double float_of(const struct head *h)
{
    if (h->more == 25)
        return half((uint16_t)h->value);
    if (h->more == 26) {
        uint32_t bits = (uint32_t)h->value;
        float f;
        memcpy(&f, &bits, sizeof f);
        return (double)f;
    }
    double d;
    memcpy(&d, &h->value, sizeof d);
    return d;
}

static void put_number(struct reader *r, double v)
{
    if (isfinite(v))
        wb_jw_double(&r->w, v);
    else
        wb_jw_cstr(&r->w, isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity");
}

static bool read_item(struct reader *r);

static bool read_key(struct reader *r)
{
    struct head h;
    struct wb_slice key;
    if (!read_head(r, &h) || h.major != TEXT || !read_string(r, &h, &key) ||
        wb_utf8_check(key) >= 0)
        return false;
    wb_jw_key_slice(&r->w, key);
    return true;
}

static bool read_members(struct reader *r, const struct head *h)
{
    bool map = h->major == MAP;
    if (map)
        wb_jw_object(&r->w);
    else
        wb_jw_array(&r->w);
    for (uint64_t i = 0;; i++) {
        if (h->more == INDEFINITE ? take_break(r) : i == h->value)
            break;
        if ((map && !read_key(r)) || !read_item(r))
            return false;
    }
    if (map)
        wb_jw_end_object(&r->w);
    else
        wb_jw_end_array(&r->w);
    return true;
}

static bool read_simple(struct reader *r, const struct head *h)
{
    if (h->more >= 25 && h->more <= 27)
        put_number(r, float_of(h));
    else if (h->more == 20 || h->more == 21)
        wb_jw_bool(&r->w, h->more == 21);
    else if (h->more == 22 || h->more == 23)
        wb_jw_null(&r->w);
    else
        return false;
    return true;
}

static bool read_scalar(struct reader *r, const struct head *h)
{
    struct wb_slice s;
    switch (h->major) {
    case UNSIGNED:
        wb_jw_raw(&r->w, wb_printf(r->a, "%llu", (unsigned long long)h->value));
        return h->more != INDEFINITE;
    case NEGATIVE:
        if (h->value > INT64_MAX)
            return false;
        wb_jw_i64(&r->w, -1 - (int64_t)h->value);
        return h->more != INDEFINITE;
    case BYTES:
        if (!read_string(r, h, &s))
            return false;
        wb_jw_str(&r->w, wb_base64_encode(r->a, s));
        return true;
    case TEXT:
        if (!read_string(r, h, &s) || wb_utf8_check(s) >= 0)
            return false;
        wb_jw_str(&r->w, s);
        return true;
    default:
        return read_simple(r, h);
    }
}

static bool read_item(struct reader *r)
{
    struct head h;
    if (r->depth == DEPTH_MAX || !read_head(r, &h))
        return false;
    r->depth++;
    bool ok = h.major == TAG                       ? h.more != INDEFINITE && read_item(r)
              : h.major == ARRAY || h.major == MAP ? read_members(r, &h)
                                                   : read_scalar(r, &h);
    r->depth--;
    return ok;
}

bool wb_cbor_to_json(struct wb_arena *a, struct wb_slice s, struct wb_slice *json)
{
    struct wb_buf b = wb_buf_in(a);
    struct reader r = {.a = a, .p = (const uint8_t *)s.p, .end = (const uint8_t *)s.p + s.n};
    wb_jw_init(&r.w, &b);
    if (s.n == 0 || !read_item(&r) || r.p != r.end)
        return false;
    *json = wb_buf_slice(&b);
    return true;
}

/* --- to CBOR --- */

static void put_head(struct wb_buf *b, enum major major, uint64_t v)
{
    int more = v < 24            ? (int)v
               : v <= UINT8_MAX  ? 24
               : v <= UINT16_MAX ? 25
               : v <= UINT32_MAX ? 26
                                 : 27;
    wb_buf_char(b, (char)(major << 5 | more));
    for (int bytes = more < 24 ? 0 : 1 << (more - 24); bytes--;)
        wb_buf_char(b, (char)(v >> (8 * bytes)));
}

static void put_double(struct wb_buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    wb_buf_char(b, (char)(SIMPLE << 5 | 27));
    for (int i = 7; i >= 0; i--)
        wb_buf_char(b, (char)(bits >> (8 * i)));
}

/* A number without point and exponent is an integer. */
static void put_json_number(struct wb_buf *b, struct wb_json v)
{
    struct wb_slice raw = wb_json_raw(v);
    int64_t i;
    double d = 0;
    if (wb_slice_i64(raw, &i)) {
        put_head(b, i < 0 ? NEGATIVE : UNSIGNED, i < 0 ? (uint64_t)(-1 - i) : (uint64_t)i);
        return;
    }
    if (wb_slice_ends(raw, WB_S("E0")))
        put_head(b, TAG, 1);
    wb_json_double(v, &d);
    put_double(b, d);
}

static void put_text(struct wb_buf *b, struct wb_arena *a, struct wb_json v)
{
    struct wb_slice s = wb_json_str(v, a), bytes;
    if (wb_slice_starts(wb_json_raw(v), WB_S("\"" WB_CBOR_BYTES)) &&
        wb_base64_decode(a, wb_slice_sub(s, 1, s.n), &bytes)) {
        put_head(b, BYTES, bytes.n);
        wb_buf_slice_put(b, bytes);
        return;
    }
    put_head(b, TEXT, s.n);
    wb_buf_slice_put(b, s);
}

/* The parser bounds the depth. */
static void put_item(struct wb_buf *b, struct wb_arena *a, struct wb_json v)
{
    enum wb_json_type t = wb_json_type(v);
    switch (t) {
    case WB_JSON_NUMBER:
        put_json_number(b, v);
        return;
    case WB_JSON_STRING:
        put_text(b, a, v);
        return;
    case WB_JSON_ARRAY:
    case WB_JSON_OBJECT:
        break;
    default:
        wb_buf_char(b, (char)(SIMPLE << 5 | (t == WB_JSON_TRUE    ? 21
                                             : t == WB_JSON_FALSE ? 20
                                                                  : 22)));
        return;
    }
    put_head(b, t == WB_JSON_OBJECT ? MAP : ARRAY, wb_json_count(v));
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        if (t == WB_JSON_OBJECT)
            put_text(b, a, it.key);
        put_item(b, a, it.value);
    }
}

struct wb_slice wb_cbor_from_json(struct wb_arena *a, struct wb_json v)
{
    struct wb_buf b = wb_buf_in(a);
    put_item(&b, a, v);
    return wb_buf_slice(&b);
}
