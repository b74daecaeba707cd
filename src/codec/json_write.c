#include "base/utf8.h"
#include "codec/json.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define DEPTH_MAX 63

void wb_jw_init(struct wb_json_writer *w, struct wb_buf *out)
{
    *w = (struct wb_json_writer){.out = out};
}

/* Before every value: the comma, if one belongs here. */
static void begin(struct wb_json_writer *w)
{
    uint64_t bit = (uint64_t)1 << w->depth;
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    assert(!(w->object & bit)); /* a value in an object needs a key */
    if (w->has & bit) {
        assert(w->depth > 0); /* one value at the top */
        wb_buf_char(w->out, ',');
    }
    w->has |= bit;
}

static void open(struct wb_json_writer *w, bool object)
{
    begin(w);
    assert(w->depth < DEPTH_MAX);
    uint64_t bit = (uint64_t)1 << ++w->depth;
    w->has &= ~bit;
    w->object = object ? w->object | bit : w->object & ~bit;
    wb_buf_char(w->out, object ? '{' : '[');
}

static void shut(struct wb_json_writer *w, bool object)
{
    assert(w->depth > 0 && !w->after_key);
    assert((w->object >> w->depth & 1) == object);
    w->depth--;
    wb_buf_char(w->out, object ? '}' : ']');
}

void wb_jw_object(struct wb_json_writer *w)
{
    open(w, true);
}

void wb_jw_end_object(struct wb_json_writer *w)
{
    shut(w, true);
}

void wb_jw_array(struct wb_json_writer *w)
{
    open(w, false);
}

void wb_jw_end_array(struct wb_json_writer *w)
{
    shut(w, false);
}

/* How many bytes from here need no escape and are ASCII. */
static size_t plain(const char *p, size_t n)
{
    size_t i = 0;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(0x20);
    for (; n - i >= 16; i += 16) {
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(c, quote), _mm_cmpeq_epi8(c, slash));
        stop = _mm_or_si128(stop, _mm_cmplt_epi8(c, space)); /* signed: also 0x80 and above */
        unsigned mask = (unsigned)_mm_movemask_epi8(stop);
        if (mask)
            return i + (size_t)__builtin_ctz(mask);
    }
#endif
    while (i < n && (int8_t)p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

static void put_escaped(struct wb_buf *b, char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *at = memchr(from, c, sizeof from - 1);
    if (at)
        wb_buf_put(b, (char[]){'\\', to[at - from]}, 2);
    else
        wb_buf_put(b, (char[]){'\\', 'u', '0', '0', hex[(uint8_t)c >> 4], hex[c & 15]}, 6);
}

/* A string with something to escape, from `at` on. */
static void put_rest(struct wb_buf *b, struct wb_slice s, size_t at)
{
    while (at < s.n) {
        size_t n = plain(s.p + at, s.n - at);
        wb_buf_put(b, s.p + at, n);
        at += n;
        if (at == s.n)
            break;
        if ((uint8_t)s.p[at] < 0x80) {
            put_escaped(b, s.p[at++]);
            continue;
        }
        size_t from = at;
        if (wb_utf8_next(s, &at) >= 0) {
            wb_buf_put(b, s.p + from, at - from);
        } else {
            wb_buf_put(b, "\xef\xbf\xbd", 3); /* U+FFFD for what is not UTF-8 */
            at++;
        }
    }
}

/* The usual string needs no escape and is copied in one go, with its quotes. */
static void put_string(struct wb_buf *b, struct wb_slice s)
{
    size_t n = plain(s.p, s.n);
    wb_buf_reserve(b, s.n + 2);
    b->p[b->n] = '"';
    if (n)
        memcpy(b->p + b->n + 1, s.p, n);
    b->n += n + 1;
    if (n < s.n)
        put_rest(b, s, n);
    wb_buf_char(b, '"');
}

void wb_jw_key_slice(struct wb_json_writer *w, struct wb_slice name)
{
    uint64_t bit = (uint64_t)1 << w->depth;
    assert((w->object & bit) && !w->after_key);
    if (w->has & bit)
        wb_buf_char(w->out, ',');
    w->has |= bit;
    put_string(w->out, name);
    wb_buf_char(w->out, ':');
    w->after_key = true;
}

void wb_jw_key(struct wb_json_writer *w, const char *name)
{
    wb_jw_key_slice(w, wb_slice_str(name));
}

void wb_jw_str(struct wb_json_writer *w, struct wb_slice s)
{
    begin(w);
    if (s.p)
        put_string(w->out, s);
    else
        wb_buf_put(w->out, "null", 4);
}

void wb_jw_cstr(struct wb_json_writer *w, const char *s)
{
    wb_jw_str(w, wb_slice_str(s));
}

void wb_jw_i64(struct wb_json_writer *w, int64_t v)
{
    begin(w);
    wb_buf_i64(w->out, v);
}

void wb_jw_double(struct wb_json_writer *w, double v)
{
    char text[32];
    begin(w);
    if (!isfinite(v)) {
        wb_buf_put(w->out, "null", 4); /* JSON has no other word for it */
        return;
    }
    if (fabs(v) < 1e15 && v == (double)(int64_t)v && (v != 0 || !signbit(v))) {
        wb_buf_i64(w->out, (int64_t)v);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    wb_buf_str(w->out, text);
}

void wb_jw_bool(struct wb_json_writer *w, bool v)
{
    begin(w);
    wb_buf_str(w->out, v ? "true" : "false");
}

void wb_jw_null(struct wb_json_writer *w)
{
    begin(w);
    wb_buf_put(w->out, "null", 4);
}

void wb_jw_raw(struct wb_json_writer *w, struct wb_slice json)
{
    assert(json.n);
    begin(w);
    wb_buf_slice_put(w->out, json);
}

void wb_jw_kstr(struct wb_json_writer *w, const char *name, struct wb_slice s)
{
    wb_jw_key(w, name);
    wb_jw_str(w, s);
}

void wb_jw_kcstr(struct wb_json_writer *w, const char *name, const char *s)
{
    wb_jw_key(w, name);
    wb_jw_cstr(w, s);
}

void wb_jw_ki64(struct wb_json_writer *w, const char *name, int64_t v)
{
    wb_jw_key(w, name);
    wb_jw_i64(w, v);
}

void wb_jw_kbool(struct wb_json_writer *w, const char *name, bool v)
{
    wb_jw_key(w, name);
    wb_jw_bool(w, v);
}

void wb_jw_kraw(struct wb_json_writer *w, const char *name, struct wb_slice json)
{
    wb_jw_key(w, name);
    wb_jw_raw(w, json);
}
