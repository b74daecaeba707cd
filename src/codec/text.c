#include "codec/text.h"
#include "base/utf8.h"

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct wb_slice wb_base64_encode(struct wb_arena *a, struct wb_slice s)
{
    const uint8_t *in = (const uint8_t *)s.p;
    size_t n = (s.n + 2) / 3 * 4, left = s.n;
    char *out = wb_alloc(a, n + 1), *p = out;
    for (; left >= 3; left -= 3, in += 3) {
        uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *p++ = BASE64[v >> 18];
        *p++ = BASE64[v >> 12 & 63];
        *p++ = BASE64[v >> 6 & 63];
        *p++ = BASE64[v & 63];
    }
    if (left) {
        uint32_t v = (uint32_t)in[0] << 16 | (left == 2 ? (uint32_t)in[1] << 8 : 0);
        *p++ = BASE64[v >> 18];
        *p++ = BASE64[v >> 12 & 63];
        *p++ = left == 2 ? BASE64[v >> 6 & 63] : '=';
        *p++ = '=';
    }
    *p = 0;
    return wb_slice(out, n);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool wb_base64_decode(struct wb_arena *a, struct wb_slice s, struct wb_slice *out)
{
    size_t pad = 0;
    if (s.n % 4)
        return false;
    while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=')
        pad++;
    char *to = wb_alloc(a, s.n / 4 * 3 + 1), *p = to;
    for (size_t i = 0; i < s.n; i += 4) {
        /* In the last group the padding counts as zero bits. */
        size_t have = i + 4 == s.n ? 4 - pad : 4;
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            int d = k < have ? base64_value(s.p[i + k]) : 0;
            if (d < 0)
                return false;
            v = v << 6 | (uint32_t)d;
        }
        if ((have == 3 && (v & 0xff)) || (have == 2 && (v & 0xffff)))
            return false; /* bits that stand for nothing */
        *p++ = (char)(uint8_t)(v >> 16);
        if (have > 2)
            *p++ = (char)(uint8_t)(v >> 8);
        if (have > 3)
            *p++ = (char)(uint8_t)v;
    }
    *p = 0;
    *out = wb_slice(to, (size_t)(p - to));
    return true;
}

struct wb_slice wb_hex_encode(struct wb_arena *a, struct wb_slice s)
{
    static const char hex[] = "0123456789abcdef";
    char *out = wb_alloc(a, s.n * 2 + 1);
    for (size_t i = 0; i < s.n; i++) {
        out[2 * i] = hex[(uint8_t)s.p[i] >> 4];
        out[2 * i + 1] = hex[s.p[i] & 15];
    }
    out[s.n * 2] = 0;
    return wb_slice(out, s.n * 2);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that two hex digits stand for, or -1. */
static int hex_byte(const char *p)
{
    int high = hex_value(p[0]), low = hex_value(p[1]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool wb_hex_decode(struct wb_arena *a, struct wb_slice s, struct wb_slice *out)
{
    if (s.n % 2)
        return false;
    char *to = wb_alloc(a, s.n / 2 + 1);
    for (size_t i = 0; i < s.n / 2; i++) {
        int v = hex_byte(s.p + 2 * i);
        if (v < 0)
            return false;
        to[i] = (char)(uint8_t)v;
    }
    to[s.n / 2] = 0;
    *out = wb_slice(to, s.n / 2);
    return true;
}

static bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void wb_percent_encode(struct wb_buf *out, struct wb_slice s, bool keep_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    wb_buf_reserve(out, s.n);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (unreserved(c) || (c == '/' && keep_slash))
            wb_buf_char(out, c);
        else
            wb_buf_put(out, (char[]){'%', hex[(uint8_t)c >> 4], hex[c & 15]}, 3);
    }
}

bool wb_percent_decode(struct wb_arena *a, struct wb_slice s, bool plus_is_blank,
                       struct wb_slice *out)
{
    char *to = wb_alloc(a, s.n + 1), *p = to;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%') {
            int v = s.n - i > 2 ? hex_byte(s.p + i + 1) : -1;
            if (v < 0)
                return false;
            *p++ = (char)(uint8_t)v;
            i += 2;
        } else {
            *p++ = s.p[i] == '+' && plus_is_blank ? ' ' : s.p[i];
        }
    }
    *p = 0;
    *out = wb_slice(to, (size_t)(p - to));
    return true;
}

bool wb_form_parse(struct wb_arena *a, struct wb_slice body, size_t max, struct wb_pair **fields,
                   size_t *count)
{
    size_t bound = 0;
    if (body.n == 0)
        body = WB_SLICE_NULL;
    else
        bound = 1;
    for (size_t i = 0; i < body.n && bound <= max; i++)
        bound += body.p[i] == '&';
    if (bound > max)
        return false;
    *fields = wb_new_n(a, struct wb_pair, bound);
    *count = 0;
    while (body.p) {
        struct wb_slice value = wb_slice_cut(&body, '&');
        struct wb_pair *f = &(*fields)[*count];
        if (value.n == 0)
            continue; /* "a=1&&b=2", a '&' at the end */
        struct wb_slice name = wb_slice_cut(&value, '=');
        if (!value.p)
            value = WB_S("");
        if (!wb_percent_decode(a, name, true, &f->name) ||
            !wb_percent_decode(a, value, true, &f->value))
            return false;
        ++*count;
    }
    return true;
}

/* Char of XML 1.0 (2.2), what is left of it above the C0 controls. */
static bool xml_char(int32_t cp)
{
    return cp >= 0x20 ? cp != 0xfffe && cp != 0xffff : cp == '\t' || cp == '\n' || cp == '\r';
}

void wb_xml_text(struct wb_buf *out, struct wb_slice s)
{
    wb_buf_reserve(out, s.n);
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        int32_t cp = wb_utf8_next(s, &at);
        if (cp < 0)
            at++;
        if (cp == '&')
            wb_buf_str(out, "&amp;");
        else if (cp == '<')
            wb_buf_str(out, "&lt;");
        else if (cp == '>')
            wb_buf_str(out, "&gt;");
        else if (cp == '"')
            wb_buf_str(out, "&quot;");
        else if (cp == '\r')
            wb_buf_str(out, "&#xD;"); /* a bare CR would be read back as LF */
        else if (cp < 0 || !xml_char(cp))
            wb_buf_str(out, "\xef\xbf\xbd");
        else
            wb_buf_put(out, s.p + from, at - from);
    }
}
