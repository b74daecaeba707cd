/*
 * Requests signed by botocore and AWS's published examples (tests/data/sigv4.json), to be checked
 * as they are or changed.
 */
#ifndef WB_TESTS_UNIT_AUTH_SIGV4_VECTORS_H
#define WB_TESTS_UNIT_AUTH_SIGV4_VECTORS_H

#include "auth/sigv4.h"
#include "base/time.h"
#include "codec/json.h"
#include "data.h"
#include <stdlib.h>

static struct wb_arena arena;
static struct wb_json vectors;

struct vector {
    struct wb_sig_request r;
    struct wb_pair header[16];
    struct wb_slice name, secret, key, service;
    int64_t now_ms;
};

static struct wb_slice get(struct wb_json v, const char *name)
{
    return wb_json_get_str(v, name, &arena);
}

static void load(struct wb_json v, struct vector *out)
{
    *out = (struct vector){.name = get(v, "name"),
                           .secret = get(v, "secret"),
                           .key = get(v, "key"),
                           .service = get(v, "service"),
                           .r = {.method = get(v, "method"),
                                 .path = get(v, "path"),
                                 .query = get(v, "query"),
                                 .body = get(v, "body")}};
    assert_true(wb_time_parse_basic(get(v, "now"), &out->now_ms));
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "headers"));
    while (wb_json_next(&it)) {
        assert_true(out->r.header_count < 16);
        out->header[out->r.header_count++] =
            (struct wb_pair){wb_json_str(wb_json_item(it.value, 0), &arena),
                             wb_json_str(wb_json_item(it.value, 1), &arena)};
    }
    out->r.header = out->header;
}

static struct vector find(const char *name)
{
    struct wb_json_iter it = wb_json_iter(vectors);
    while (wb_json_next(&it))
        if (wb_slice_is(get(it.value, "name"), name)) {
            struct vector v;
            load(it.value, &v);
            return v;
        }
    fail_msg("no vector %s", name);
    abort();
}

static enum wb_sig_error check(struct vector *v, struct wb_slice *why)
{
    struct wb_signature s;
    v->r.header = v->header;
    enum wb_sig_error e = wb_sigv4_parse(&arena, &v->r, &s, why);
    if (e != WB_SIG_OK)
        return e;
    return wb_sigv4_verify(&arena, &v->r, &s, v->secret, v->service, v->now_ms, why);
}

static struct wb_slice *value_of(struct vector *v, const char *name)
{
    for (size_t i = 0; i < v->r.header_count; i++)
        if (wb_slice_ieq(v->header[i].name, wb_slice_str(name)))
            return &v->header[i].value;
    fail_msg("no header %s", name);
    abort();
}

static struct wb_slice replace(struct wb_slice s, const char *what, const char *with)
{
    ptrdiff_t at = wb_slice_find(s, wb_slice_str(what), 0);
    assert_true(at >= 0);
    struct wb_slice parts[3] = {wb_slice_sub(s, 0, (size_t)at), wb_slice_str(with),
                                wb_slice_sub(s, (size_t)at + strlen(what), s.n)};
    return wb_concat(&arena, parts, 3);
}

static void assert_has(struct wb_slice text, const char *part)
{
    if (wb_slice_find(text, wb_slice_str(part), 0) < 0)
        fail_msg("'%.*s' lacks '%s'", WB_FMT(text), part);
}

static int set_up(void **state)
{
    struct wb_json_error e;
    wb_arena_init(&arena, 0);
    vectors = wb_json_read(&arena, wb_test_data(&arena, "sigv4.json"), &e);
    return wb_json_is(vectors) ? 0 : -1;
}

static int tear_down(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

#endif
