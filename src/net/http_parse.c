/*
 * The head is parsed a line at a time: memchr finds the end, one table look-up a byte judges the
 * characters. A line not yet complete is only measured, so a client that sends a byte at a time
 * costs one memchr over that byte.
 */
#include "net/http_parse.h"

enum {
    C_TOKEN = 1,  /* RFC 9110 tchar */
    C_TARGET = 2, /* what a request target may hold: no controls, no blank, no '#' */
    C_HOST = 4,   /* reg-name and port characters */
    C_METHOD = 8, /* as nginx */
    C_HEX = 16,
    C_DIGIT = 32,
};

static uint8_t classes[256];

__attribute__((constructor)) static void make_classes(void)
{
    for (int c = 0x21; c < 256; c++)
        if (c != 0x7f && c != '#')
            classes[c] |= C_TARGET;
    for (int c = '0'; c <= '9'; c++)
        classes[c] |= C_TOKEN | C_HOST | C_HEX | C_DIGIT;
    for (int c = 'A'; c <= 'Z'; c++) {
        classes[c] |= C_TOKEN | C_HOST | C_METHOD;
        classes[c | 0x20] |= C_TOKEN | C_HOST;
    }
    for (int c = 'A'; c <= 'F'; c++) {
        classes[c] |= C_HEX;
        classes[c | 0x20] |= C_HEX;
    }
    for (const char *s = "!#$%&'*+-.^_`|~"; *s; s++)
        classes[(uint8_t)*s] |= C_TOKEN;
    for (const char *s = "-._~!$&'()*+,;=%"; *s; s++)
        classes[(uint8_t)*s] |= C_HOST;
    classes['-'] |= C_METHOD;
    classes['_'] |= C_METHOD;
}

static bool all_of(struct wb_slice s, uint8_t class)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(classes[(uint8_t)s.p[i]] & class))
            return false;
    return true;
}

/* A field value: no control characters but the tab. Written so that the compiler vectorizes it. */
static bool value_ok(struct wb_slice s)
{
    unsigned bad = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        bad |= (unsigned)(c < 0x20) & (unsigned)(c != '\t');
        bad |= (unsigned)(c == 0x7f);
    }
    return !bad;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static enum wb_http_parse refuse(struct wb_http_head *h, int status, const char *why)
{
    h->status = status;
    h->why = why;
    return WB_HTTP_BAD;
}

void wb_http_head_init(struct wb_http_head *h)
{
    memset(h, 0, offsetof(struct wb_http_head, field));
    h->content_length = -1;
}

static struct wb_http_span span(const char *buf, struct wb_slice s)
{
    return (struct wb_http_span){(uint32_t)(s.p - buf), (uint32_t)s.n};
}

/* "host", "host:port", "[v6]:port". */
static bool host_ok(struct wb_slice s)
{
    if (s.n == 0)
        return false;
    size_t i = 0;
    if (s.p[0] == '[') {
        for (i = 1; i < s.n && s.p[i] != ']'; i++)
            if (!(classes[(uint8_t)s.p[i]] & C_HEX) && s.p[i] != ':' && s.p[i] != '.')
                return false;
        if (i++ >= s.n)
            return false;
    } else {
        for (; i < s.n && s.p[i] != ':'; i++) {
            if (!(classes[(uint8_t)s.p[i]] & C_HOST))
                return false;
            if (s.p[i] == '.' && (i == 0 || s.p[i - 1] == '.'))
                return false;
        }
        if (i == 0)
            return false;
    }
    if (i == s.n)
        return true;
    return s.p[i] == ':' && all_of(wb_slice_sub(s, i + 1, s.n), C_DIGIT);
}

/* Percent signs in the path must introduce two hex digits, and not those of NUL. */
static bool path_ok(struct wb_slice s)
{
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end && (p = memchr(p, '%', (size_t)(end - p))); p += 3) {
        if (end - p < 3 || !(classes[(uint8_t)p[1]] & C_HEX) || !(classes[(uint8_t)p[2]] & C_HEX))
            return false;
        if (p[1] == '0' && p[2] == '0')
            return false;
    }
    return true;
}

static enum wb_http_parse parse_target(struct wb_http_head *h, const char *buf, struct wb_slice t)
{
    if (!all_of(t, C_TARGET))
        return refuse(h, 400, "invalid character in the request target");
    h->target = span(buf, t);
    if (t.p[0] != '/') {
        size_t scheme = t.n > 7 && wb_slice_ieq(wb_slice_sub(t, 0, 7), WB_S("http://"))    ? 7
                        : t.n > 8 && wb_slice_ieq(wb_slice_sub(t, 0, 8), WB_S("https://")) ? 8
                                                                                           : 0;
        if (!scheme)
            return refuse(h, 400, "invalid request target");
        size_t end = scheme;
        while (end < t.n && t.p[end] != '/' && t.p[end] != '?')
            end++;
        struct wb_slice authority = wb_slice_sub(t, scheme, end);
        if (!host_ok(authority))
            return refuse(h, 400, "invalid host in the request target");
        h->host = span(buf, authority);
        t = wb_slice_sub(t, end, t.n);
    }
    const char *mark = t.n ? memchr(t.p, '?', t.n) : NULL;
    struct wb_slice path = mark ? wb_slice(t.p, (size_t)(mark - t.p)) : t;
    if (!path_ok(path))
        return refuse(h, 400, "invalid percent-encoding in the path");
    h->path = span(buf, path);
    if (mark) {
        h->has_query = true;
        h->query = span(buf, wb_slice(mark + 1, t.n - path.n - 1));
    }
    return WB_HTTP_MORE;
}

static enum wb_http_parse parse_request_line(struct wb_http_head *h, const char *buf,
                                             struct wb_slice line)
{
    const char *end = line.p + line.n;
    const char *sp = memchr(line.p, ' ', line.n);
    if (!sp)
        return refuse(h, 400, "invalid request line");
    struct wb_slice method = wb_slice(line.p, (size_t)(sp - line.p));
    if (method.n == 0 || !all_of(method, C_METHOD))
        return refuse(h, 400, "invalid method");
    const char *from = sp + 1;
    sp = memchr(from, ' ', (size_t)(end - from));
    if (!sp || sp == from)
        return refuse(h, 400, "invalid request line");
    struct wb_slice target = wb_slice(from, (size_t)(sp - from));
    struct wb_slice version = wb_slice(sp + 1, (size_t)(end - sp - 1));
    if (version.n != 8 || memcmp(version.p, "HTTP/", 5) != 0 || version.p[6] != '.' ||
        !(classes[(uint8_t)version.p[5]] & C_DIGIT) || !(classes[(uint8_t)version.p[7]] & C_DIGIT))
        return refuse(h, 400, "invalid HTTP version");
    if (version.p[5] != '1')
        return refuse(h, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    h->http_1_0 = version.p[7] == '0';
    h->method = span(buf, method);
    if (wb_slice_is(method, "CONNECT") || wb_slice_is(method, "TRACE"))
        return refuse(h, 405, "method not allowed");
    return parse_target(h, buf, target);
}

static enum wb_http_parse set_length(struct wb_http_head *h, struct wb_slice v)
{
    if (h->content_length >= 0)
        return refuse(h, 400, "two Content-Length fields");
    if (v.n == 0 || !all_of(v, C_DIGIT) || !wb_slice_i64(v, &h->content_length))
        return refuse(h, 400, "invalid Content-Length");
    return WB_HTTP_MORE;
}

static enum wb_http_parse set_coding(struct wb_http_head *h, struct wb_slice v)
{
    if (h->te_seen)
        return refuse(h, 400, "two Transfer-Encoding fields");
    h->te_seen = true;
    if (!wb_slice_ieq(v, WB_S("chunked")))
        return refuse(h, 501, "only the transfer coding \"chunked\" is known here");
    h->chunked = true;
    return WB_HTTP_MORE;
}

static void set_connection(struct wb_http_head *h, struct wb_slice v)
{
    while (v.p) {
        struct wb_slice option = wb_slice_trim(wb_slice_cut(&v, ','));
        if (wb_slice_ieq(option, WB_S("close")))
            h->close = true;
        else if (wb_slice_ieq(option, WB_S("keep-alive")))
            h->keep = true;
    }
}

static enum wb_http_parse set_host(struct wb_http_head *h, const char *buf, struct wb_slice v)
{
    if (h->host_seen)
        return refuse(h, 400, "two Host fields");
    h->host_seen = true;
    if (!host_ok(v))
        return refuse(h, 400, "invalid Host");
    if (h->host.n == 0) /* the authority of an absolute target wins (RFC 9112 3.2.2) */
        h->host = span(buf, v);
    return WB_HTTP_MORE;
}

static enum wb_http_parse known_field(struct wb_http_head *h, const char *buf, struct wb_slice name,
                                      struct wb_slice value)
{
    switch (name.n) {
    case 4:
        if (wb_slice_ieq(name, WB_S("host")))
            return set_host(h, buf, value);
        break;
    case 6:
        if (wb_slice_ieq(name, WB_S("expect"))) {
            if (!wb_slice_ieq(value, WB_S("100-continue")))
                return refuse(h, 417, "only \"Expect: 100-continue\" can be met");
            h->expect_continue = true;
        }
        break;
    case 10:
        if (wb_slice_ieq(name, WB_S("connection")))
            set_connection(h, value);
        break;
    case 14:
        if (wb_slice_ieq(name, WB_S("content-length")))
            return set_length(h, value);
        break;
    case 17:
        if (wb_slice_ieq(name, WB_S("transfer-encoding")))
            return set_coding(h, value);
        break;
    }
    return WB_HTTP_MORE;
}

/* Cuts a field line into name and value; NULL, or what is wrong with it. */
static const char *cut_field(struct wb_slice line, struct wb_slice *name, struct wb_slice *value)
{
    if (is_blank(line.p[0]))
        return "folded or blank-led header line";
    size_t i = 0;
    while (i < line.n && (classes[(uint8_t)line.p[i]] & C_TOKEN))
        i++;
    if (i == line.n)
        return "header line without a colon";
    if (line.p[i] != ':' || i == 0)
        return "invalid character in a header name";
    *name = wb_slice(line.p, i);
    *value = wb_slice_trim(wb_slice(line.p + i + 1, line.n - i - 1));
    return value_ok(*value) ? NULL : "control character in a header value";
}

static enum wb_http_parse parse_field(struct wb_http_head *h, const char *buf, struct wb_slice line)
{
    struct wb_slice name, value;
    const char *wrong = cut_field(line, &name, &value);
    if (wrong)
        return refuse(h, 400, wrong);
    if (h->field_count == WB_HTTP_HEADERS_MAX)
        return refuse(h, 431, "too many header fields");
    h->field[h->field_count++] = (struct wb_http_field){span(buf, name), span(buf, value)};
    return known_field(h, buf, name, value);
}

static enum wb_http_parse finish(struct wb_http_head *h, uint32_t len)
{
    if (!h->host_seen && !h->http_1_0)
        return refuse(h, 400, "no Host field");
    if (h->chunked && h->content_length >= 0)
        return refuse(h, 400, "both Content-Length and Transfer-Encoding");
    if (h->chunked && h->http_1_0)
        return refuse(h, 400, "Transfer-Encoding in HTTP/1.0");
    if (h->http_1_0)
        h->expect_continue = false; /* RFC 9110 10.1.1 */
    h->keep_alive = !h->close && (!h->http_1_0 || h->keep);
    h->len = len;
    return WB_HTTP_DONE;
}

/* What can be said of a line whose end has not come. */
static enum wb_http_parse judge_part(struct wb_http_head *h, const char *buf, size_t n)
{
    /* Something that is not HTTP (a TLS hello on the plain port) need not wait for a time-out. */
    if (!h->begun && n > h->line && buf[h->line] != '\r' &&
        !(classes[(uint8_t)buf[h->line]] & C_METHOD))
        return refuse(h, 400, "not an HTTP request");
    if (n - h->line > WB_HTTP_LINE_MAX + 1) /* one: a CR that may belong to its end */
        return h->begun ? refuse(h, 431, "header line too long")
                        : refuse(h, 414, "request line too long");
    if (n > WB_HTTP_HEAD_MAX)
        return refuse(h, 431, "request head too long");
    h->scanned = (uint32_t)n;
    return WB_HTTP_MORE;
}

enum wb_http_parse wb_http_head_parse(struct wb_http_head *h, const char *buf, size_t n)
{
    for (;;) {
        const char *lf = memchr(buf + h->scanned, '\n', n - h->scanned);
        if (!lf)
            return judge_part(h, buf, n);
        uint32_t next = (uint32_t)(lf - buf) + 1;
        struct wb_slice line = wb_slice(buf + h->line, (size_t)(lf - buf) - h->line);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (line.n > WB_HTTP_LINE_MAX || next > WB_HTTP_HEAD_MAX)
            return judge_part(h, buf, next);
        h->line = h->scanned = next;
        enum wb_http_parse r = WB_HTTP_MORE;
        if (!h->begun) {
            if (line.n == 0)
                continue; /* blank lines before a request (RFC 9112 2.2) */
            h->begun = true;
            r = parse_request_line(h, buf, line);
        } else if (line.n == 0) {
            return finish(h, next);
        } else {
            r = parse_field(h, buf, line);
        }
        if (r != WB_HTTP_MORE)
            return r;
    }
}

/* Chunks */

enum { CH_SIZE, CH_DATA, CH_DATA_END, CH_TRAILER };

static enum wb_http_parse refuse_chunk(struct wb_http_chunks *c, int status, const char *why)
{
    c->status = status;
    c->why = why;
    return WB_HTTP_BAD;
}

void wb_http_chunks_init(struct wb_http_chunks *c)
{
    *c = (struct wb_http_chunks){.state = CH_SIZE};
}

/* A line ended by CRLF; a bare LF inside a body's framing is how requests are smuggled. */
static enum wb_http_parse take_line(struct wb_http_chunks *c, struct wb_slice in, size_t max,
                                    struct wb_slice *line)
{
    size_t look = in.n < max ? in.n : max;
    const char *lf = look ? memchr(in.p, '\n', look) : NULL;
    if (!lf)
        return in.n < max ? WB_HTTP_MORE : refuse_chunk(c, 400, "chunk line too long");
    if (lf == in.p || lf[-1] != '\r')
        return refuse_chunk(c, 400, "chunk line without CR");
    *line = wb_slice(in.p, (size_t)(lf - in.p) - 1);
    return WB_HTTP_DONE;
}

static int hex_value(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static enum wb_http_parse take_size(struct wb_http_chunks *c, struct wb_slice in, size_t *used)
{
    struct wb_slice line;
    if (in.n && !(classes[(uint8_t)in.p[0]] & C_HEX))
        return refuse_chunk(c, 400, "invalid chunk size");
    enum wb_http_parse r = take_line(c, in, WB_HTTP_CHUNK_LINE_MAX, &line);
    if (r != WB_HTTP_DONE)
        return r;
    size_t i = 0;
    uint64_t size = 0;
    for (; i < line.n && (classes[(uint8_t)line.p[i]] & C_HEX); i++) {
        if (i == 15) /* 60 bits */
            return refuse_chunk(c, 400, "chunk size too large");
        size = size << 4 | (uint64_t)hex_value(line.p[i]);
    }
    if (i == 0)
        return refuse_chunk(c, 400, "invalid chunk size");
    size_t j = i;
    while (j < line.n && is_blank(line.p[j]))
        j++;
    if (i < line.n && (j == line.n || line.p[j] != ';'))
        return refuse_chunk(c, 400, "invalid chunk size");
    if (!value_ok(wb_slice_sub(line, j, line.n)))
        return refuse_chunk(c, 400, "control character in a chunk extension");
    *used = line.n + 2;
    c->left = size;
    c->state = size ? CH_DATA : CH_TRAILER;
    return WB_HTTP_STEP;
}

static enum wb_http_parse take_trailer(struct wb_http_chunks *c, struct wb_slice in, size_t *used)
{
    struct wb_slice line, name, value;
    enum wb_http_parse r = take_line(c, in, WB_HTTP_TRAILER_MAX - c->trailer_len, &line);
    if (r == WB_HTTP_BAD)
        c->status = in.n >= WB_HTTP_TRAILER_MAX - c->trailer_len ? 431 : 400;
    if (r != WB_HTTP_DONE)
        return r;
    *used = line.n + 2;
    if (line.n == 0)
        return WB_HTTP_DONE;
    c->trailer_len += (uint32_t)*used;
    if (++c->trailer_count > WB_HTTP_HEADERS_MAX || c->trailer_len >= WB_HTTP_TRAILER_MAX)
        return refuse_chunk(c, 431, "trailer too long");
    if (cut_field(line, &name, &value))
        return refuse_chunk(c, 400, "invalid trailer field");
    return WB_HTTP_STEP;
}

enum wb_http_parse wb_http_chunks_next(struct wb_http_chunks *c, struct wb_slice in, size_t *used,
                                       struct wb_slice *data)
{
    *used = 0;
    *data = WB_SLICE_NULL;
    switch (c->state) {
    case CH_SIZE:
        return take_size(c, in, used);
    case CH_DATA:
        if (in.n == 0)
            return WB_HTTP_MORE;
        *used = c->left < in.n ? (size_t)c->left : in.n;
        *data = wb_slice(in.p, *used);
        c->left -= *used;
        if (c->left == 0)
            c->state = CH_DATA_END;
        return WB_HTTP_STEP;
    case CH_DATA_END:
        if (in.n && in.p[0] != '\r')
            return refuse_chunk(c, 400, "chunk longer than its size");
        if (in.n < 2)
            return WB_HTTP_MORE;
        if (in.p[1] != '\n')
            return refuse_chunk(c, 400, "chunk longer than its size");
        *used = 2;
        c->state = CH_SIZE;
        return WB_HTTP_STEP;
    default:
        return take_trailer(c, in, used);
    }
}
