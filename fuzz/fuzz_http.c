/*
 * The HTTP request parser. The first byte chooses the step in which the rest arrives; the verdict,
 * the parts and the body must be the same as when everything is there at once, whatever the bytes.
 */
#include "net/http_parse.h"

#include <stdlib.h>

#define BODY_MAX 4096

struct outcome {
    enum wb_http_parse result;
    int status;
    struct wb_http_head head;
    enum wb_http_parse body_result;
    int body_status;
    size_t body_n;
    char body[BODY_MAX];
};

static void check(bool ok)
{
    if (!ok)
        abort();
}

static size_t more(size_t have, size_t step, size_t n)
{
    return step < n - have ? have + step : n;
}

static void check_span(struct wb_http_span s, const struct wb_http_head *h)
{
    check((size_t)s.at + s.n <= h->len);
}

static void check_head(const struct wb_http_head *h, const char *p, size_t n)
{
    check(h->len <= n && h->len >= 4);
    check(h->field_count <= WB_HTTP_HEADERS_MAX);
    check(!(h->chunked && h->content_length >= 0));
    check(h->http_1_0 || h->host.n > 0);
    check_span(h->method, h);
    check_span(h->target, h);
    check_span(h->path, h);
    check_span(h->query, h);
    check_span(h->host, h);
    for (uint32_t i = 0; i < h->field_count; i++) {
        check_span(h->field[i].name, h);
        check_span(h->field[i].value, h);
        struct wb_slice v = wb_http_span_in(h->field[i].value, p);
        for (size_t k = 0; k < v.n; k++)
            check((uint8_t)v.p[k] >= 0x20 || v.p[k] == '\t');
    }
}

static void run_body(struct outcome *o, const char *p, size_t n, size_t step)
{
    struct wb_http_chunks c;
    size_t from = 0, have = more(0, step, n);
    wb_http_chunks_init(&c);
    for (;;) {
        size_t used;
        struct wb_slice data;
        enum wb_http_parse r =
            wb_http_chunks_next(&c, wb_slice(p + from, have - from), &used, &data);
        check(used <= have - from);
        from += used;
        check(!data.n || (data.p >= p && data.p + data.n <= p + have));
        for (size_t i = 0; i < data.n && o->body_n < BODY_MAX; i++)
            o->body[o->body_n++] = data.p[i];
        if (r == WB_HTTP_STEP)
            continue;
        o->body_result = r;
        o->body_status = r == WB_HTTP_BAD ? c.status : 0;
        if (r != WB_HTTP_MORE || have == n)
            return;
        check(have - from < WB_HTTP_TRAILER_MAX); /* a buffer of that size makes progress */
        have = more(have, step, n);
    }
}

static void run(struct outcome *o, const char *p, size_t n, size_t step)
{
    memset(o, 0, sizeof(*o));
    wb_http_head_init(&o->head);
    for (size_t have = more(0, step, n);; have = more(have, step, n)) {
        o->result = wb_http_head_parse(&o->head, p, have);
        if (o->result != WB_HTTP_MORE || have == n)
            break;
    }
    o->status = o->result == WB_HTTP_BAD ? o->head.status : 0;
    check(o->result != WB_HTTP_BAD || (o->status >= 400 && o->status <= 505 && o->head.why));
    if (o->result == WB_HTTP_DONE) {
        check_head(&o->head, p, n);
        if (o->head.chunked)
            run_body(o, p + o->head.len, n - o->head.len, step);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct outcome whole, parts;
    if (n < 1)
        return 0;
    size_t step = 1 + data[0];
    const char *p = (const char *)data + 1;
    run(&whole, p, n - 1, SIZE_MAX);
    run(&parts, p, n - 1, step);
    check(whole.result == parts.result && whole.status == parts.status);
    if (whole.result == WB_HTTP_DONE) {
        check(whole.head.len == parts.head.len);
        check(whole.head.content_length == parts.head.content_length);
        check(whole.head.chunked == parts.head.chunked);
        check(whole.head.keep_alive == parts.head.keep_alive);
        check(whole.head.field_count == parts.head.field_count);
    }
    check(whole.body_result == parts.body_result && whole.body_status == parts.body_status);
    check(whole.body_n == parts.body_n && memcmp(whole.body, parts.body, whole.body_n) == 0);
    return 0;
}
