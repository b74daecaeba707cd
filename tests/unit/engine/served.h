/*
 * A server in threads around a small test service ("JSON 1.1", target prefix Test), and a blocking
 * client. Operations:
 *   Put {Key, Value}   write; fails with Refused when Value is "refuse" (after nothing),
 *                      "undo" writes first and is compound
 *   Get {Key}          read; answers the row, and the version of the definition with that key
 *   Bump {Key}         write; counts the row up and says that the definition changed
 *   Check {Key}        read; the definition and its row must be of the same commit
 *   Count {}           scan
 *   Hold {Key}         write: its answer waits for Release {Key}, or for WB_HOLD_MS
 *   Later {Key}        async: finished by another thread
 *   Follow {Key}       stream: what Put writes under the key (engine/tail.h)
 *   Work {Key, Count}  write: queues work rows that count up a row when done
 */
#ifndef WB_TEST_SERVED_H
#define WB_TEST_SERVED_H

#include "codec/event_stream.h"
#include "engine/internal.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define T_ROW  0xfff0
#define T_DEF  0xfff1
#define T_WORK 0xfff2

/* --- the service --- */

struct test_def {
    uint64_t version;
};

static inline uint64_t read_u64(struct wb_tx *tx, uint16_t table, struct wb_slice key)
{
    struct wb_slice v;
    if (!wb_tx_get(tx, wb_key(tx->arena, table, "s", key), &v))
        return 0;
    struct wb_rd r = wb_rd(v);
    return wb_rd_le64(&r);
}

static inline void write_u64(struct wb_tx *tx, uint16_t table, struct wb_slice key, uint64_t n)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, n);
    wb_tx_put(tx, wb_key(tx->arena, table, "s", key), wb_buf_slice(&b));
}

static void *def_load(struct wb_tx *tx, struct wb_slice key)
{
    uint64_t n = read_u64(tx, T_DEF, key);
    if (!n)
        return NULL;
    struct test_def *d = wb_xcalloc(1, sizeof *d);
    d->version = n;
    return d;
}

static struct wb_def_kind test_kind = {.name = "test", .load = def_load, .free = free};

static void op_put(struct wb_call *c)
{
    struct wb_slice value = wb_in_str(c, "Value");
    if (wb_slice_is(value, "refuse")) {
        wb_fail(c, "Refused", 400, "It said so.");
        return;
    }
    wb_tx_put(c->tx, wb_key(c->arena, T_ROW, "s", wb_in_str(c, "Key")), value);
    struct wb_feed_item item = {.kind = WB_FEED_EVENT,
                                .account = c->ctx.account,
                                .region = c->ctx.region,
                                .name = wb_in_str(c, "Key"),
                                .body = value};
    if (wb_feed_wanted(c->engine, item.kind, item.account, item.region, item.name)) {
        item.stamp = wb_tx_stamp(c->tx);
        wb_feed_put(c->tx, &item);
    }
    if (wb_slice_is(value, "undo"))
        wb_fail(c, "Undone", 409, "Too late.");
    wb_out_str(&c->out, "Key", wb_in_str(c, "Key"));
}

static void op_get(struct wb_call *c)
{
    struct wb_slice v;
    if (!wb_tx_get(c->tx, wb_key(c->arena, T_ROW, "s", wb_in_str(c, "Key")), &v)) {
        wb_fail(c, "ResourceNotFoundException", 404, "No such row.");
        return;
    }
    wb_out_str(&c->out, "Value", v);
    wb_out_str(&c->out, "Account", c->ctx.account);
    wb_out_str(&c->out, "Region", c->ctx.region);
}

static void op_bump(struct wb_call *c)
{
    struct wb_slice key = wb_in_str(c, "Key");
    uint64_t n = read_u64(c->tx, T_DEF, key) + 1;
    write_u64(c->tx, T_DEF, key, n);
    wb_def_changed(c->tx, &test_kind, key);
    const struct test_def *d = wb_def(c->tx, &test_kind, key);
    assert(d && d->version == n); /* a command sees its own change */
    wb_out_i64(&c->out, "Version", (int64_t)n);
}

static void op_check(struct wb_call *c)
{
    struct wb_slice key = wb_in_str(c, "Key");
    const struct test_def *d = wb_def(c->tx, &test_kind, key);
    uint64_t n = read_u64(c->tx, T_DEF, key);
    if ((d ? d->version : 0) != n)
        wb_fail(c, "Mixed", 500, "definition and row differ");
    wb_out_i64(&c->out, "Version", (int64_t)n);
}

static void op_count(struct wb_call *c)
{
    struct wb_slice key, value;
    int64_t n = 0;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, wb_key(c->arena, T_ROW, ""));
    while (wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    wb_out_i64(&c->out, "Count", n);
}

static void op_hold(struct wb_call *c)
{
    wb_call_hold(c, wb_in_str(c, "Key"));
    wb_out_cstr(&c->out, "Was", "held");
}

static void op_release(struct wb_call *c)
{
    wb_hold_release(c->tx, wb_in_str(c, "Key"));
}

static void *finish_later(void *arg)
{
    struct wb_call *c = arg;
    wb_out_cstr(&c->out, "From", "elsewhere");
    wb_call_finish(c);
    return NULL;
}

static void op_later(struct wb_call *c)
{
    pthread_t t;
    if (wb_slice_is(wb_in_str(c, "Key"), "refuse")) {
        wb_fail(c, "Refused", 400, "At once.");
        wb_call_finish(c);
        return;
    }
    if (pthread_create(&t, NULL, finish_later, c))
        abort();
    pthread_detach(t);
}

static void follow_start(struct wb_tail *t, struct wb_json_writer *w, uint64_t from)
{
    wb_jw_ki64(w, "From", (int64_t)from);
}

static void follow_look(struct wb_tail *t, const struct wb_feed_item *i)
{
    struct wb_json_writer *w = wb_tail_result(t);
    if (w)
        wb_jw_str(w, i->body);
}

static void follow_update(struct wb_tail *t, struct wb_json_writer *w,
                          const struct wb_tail_update *u)
{
    wb_jw_ki64(w, "From", (int64_t)u->from);
    wb_jw_ki64(w, "Next", (int64_t)u->next);
    wb_jw_kbool(w, "LeftOut", u->left_out);
    wb_jw_kraw(w, "Values", wb_buf_slice(&u->results));
}

static void op_follow(struct wb_call *c)
{
    static const struct wb_tail_kind kind = {.feed = WB_FEED_EVENT,
                                             .start = "Start",
                                             .update = "Update",
                                             .put_start = follow_start,
                                             .look = follow_look,
                                             .put_update = follow_update};
    struct wb_tail *t = wb_tail_new(c, &kind);
    struct wb_slice *name = wb_new(&t->arena, struct wb_slice);
    *name = wb_dup(&t->arena, wb_in_str(c, "Key"));
    wb_tail_begin(c, t, wb_dup(&t->arena, c->ctx.account), wb_dup(&t->arena, c->ctx.region), name,
                  1);
}

static void op_work(struct wb_call *c)
{
    int64_t n = wb_in_i64(c, "Count", 1);
    bool step = wb_slice_is(wb_in_str(c, "Value"), "step");
    for (int64_t i = 0; i < n; i++)
        wb_work_add(c->tx, &(struct wb_work){.target = wb_in_str(c, "Key"),
                                             .executor = step ? "test-step" : "test-start",
                                             .payload = WB_S("{}"),
                                             .ctx = c->ctx});
}

static const struct wb_shape s_text = {
    .kind = WB_STRING, .name = "Text", .max = 100, .has_max = true};
static const struct wb_shape s_number = {.kind = WB_INTEGER, .name = "Number"};
static const struct wb_shape s_in = {
    .kind = WB_STRUCTURE,
    .name = "Input",
    .member = (const struct wb_member[]){{.name = "Key", .shape = &s_text},
                                         {.name = "Value", .shape = &s_text},
                                         {.name = "Count", .shape = &s_number},
                                         {0}}};
static void foreign(struct wb_call *c)
{
    wb_call_resource(c, WB_S("arn:aws:test:us-east-1:999999999999:thing"));
}
static const struct wb_op test_ops[] = {
    {.name = "Put", .class = WB_WRITE, .input = &s_in, .handler = op_put},
    {.name = "PutOrUndo", .class = WB_WRITE, .input = &s_in, .handler = op_put, .compound = true},
    {.name = "DeleteIt", .class = WB_WRITE, .input = &s_in, .handler = op_put},
    {.name = "Get", .class = WB_READ, .input = &s_in, .handler = op_get},
    {.name = "Bump", .class = WB_WRITE, .input = &s_in, .handler = op_bump},
    {.name = "Check", .class = WB_READ, .input = &s_in, .handler = op_check},
    {.name = "CheckScan", .class = WB_SCAN, .input = &s_in, .handler = op_check},
    {.name = "Count", .class = WB_SCAN, .input = &s_in, .handler = op_count},
    {.name = "Hold", .class = WB_WRITE, .input = &s_in, .handler = op_hold},
    {.name = "Release", .class = WB_WRITE, .input = &s_in, .handler = op_release},
    {.name = "Later", .class = WB_ASYNC, .input = &s_in, .handler = op_later},
    {.name = "Follow", .class = WB_STREAM, .input = &s_in, .handler = op_follow},
    {.name = "Work", .class = WB_WRITE, .input = &s_in, .handler = op_work},
    {.name = "Foreign", .class = WB_READ, .input = &s_in, .handler = op_get, .resources = foreign},
};
static const struct wb_service test_service = {.name = "test",
                                               .title = "Test",
                                               .signing_name = "test",
                                               .protocol = WB_JSON11,
                                               .target = "Test",
                                               .type_prefix = "",
                                               .op = test_ops,
                                               .op_count = sizeof test_ops / sizeof *test_ops};

/* --- its work --- */

static void test_apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o,
                       bool last)
{
    if (last)
        write_u64(tx, T_WORK, w->target, read_u64(tx, T_WORK, w->target) + 1);
}

static void test_start(struct wb_task *t)
{
    wb_count(wb_task_engine(t), WB_S("1"), WB_S("r"), "Test", "Started", NULL, 0, 1, "Count");
    wb_task_finish(t, &(struct wb_outcome){.kind = WB_DONE});
}

static void test_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    *out = (struct wb_outcome){.kind = WB_DONE};
}

static unsigned test_limit(struct wb_engine *e, struct wb_slice target)
{
    return 4;
}

static const struct wb_executor start_executor = {
    .name = "test-start", .limit = test_limit, .start = test_start, .apply = test_apply};
static const struct wb_executor step_executor = {
    .name = "test-step", .step = test_step, .apply = test_apply};

static void test_module_start(struct wb_engine *e)
{
    wb_def_register(e, &test_kind);
    wb_executor_register(e, &start_executor);
    wb_executor_register(e, &step_executor);
}
static const struct wb_module test_module = {.service = &test_service, .start = test_module_start};

/* --- the server --- */

#define SERVED_LOOPS 2

struct served {
    struct wb_store *store;
    struct wb_engine *engine;
    struct wb_arena arena;
    struct wb_loop *loop[SERVED_LOOPS];
    struct wb_front *front[SERVED_LOOPS];
    pthread_t loop_thread[SERVED_LOOPS], writer, dispatcher, pool;
    int port;
};

static inline void *served_writer(void *e)
{
    wb_writer_run(e);
    return NULL;
}

static void *served_dispatcher(void *e)
{
    wb_dispatcher_run(e);
    return NULL;
}

static void *served_pool(void *e)
{
    wb_pool_run(e);
    return NULL;
}

static void *served_loop(void *l)
{
    wb_loop_run(l);
    return NULL;
}

static inline void served_open_with(struct served *s, struct wb_store *store, bool auth,
                                    struct wb_keyring *keyring, bool writer,
                                    const struct wb_module *const *modules, const char *dir)
{
    struct wb_config config = {.data_dir = dir,
                               .auth = auth,
                               .test_clock = true,
                               .public_url = "http://waybill.example:4566"};
    *s = (struct served){.store = store};
    wb_arena_init(&s->arena, 0);
    s->engine = wb_engine_new(&config, store, wb_seam_os(), keyring, modules);
    assert_non_null(s->engine);
    struct wb_http_server_options o = {.host = "127.0.0.1", .reuse_port = true};
    struct wb_slice why = WB_SLICE_NULL;
    for (int i = 0; i < SERVED_LOOPS; i++) {
        s->loop[i] = wb_loop_new();
        s->front[i] = wb_front_new(s->engine, s->loop[i], &o, &s->arena, &why);
        assert_non_null(s->front[i]);
        o.port = s->port = wb_front_port(s->front[i]);
    }
    for (int i = 0; i < SERVED_LOOPS; i++)
        assert_int_equal(pthread_create(&s->loop_thread[i], NULL, served_loop, s->loop[i]), 0);
    assert_int_equal(pthread_create(&s->dispatcher, NULL, served_dispatcher, s->engine), 0);
    assert_int_equal(pthread_create(&s->pool, NULL, served_pool, s->engine), 0);
    if (writer)
        assert_int_equal(pthread_create(&s->writer, NULL, served_writer, s->engine), 0);
}

static inline void served_open(struct served *s, struct wb_store *store, bool auth,
                               struct wb_keyring *keyring, bool writer)
{
    static const struct wb_module *const modules[] = {&test_module, NULL};
    served_open_with(s, store, auth, keyring, writer, modules, "");
}

static inline void served_close(struct served *s)
{
    for (int i = 0; i < SERVED_LOOPS; i++) {
        wb_loop_stop(s->loop[i]);
        pthread_join(s->loop_thread[i], NULL);
    }
    wb_engine_stop(s->engine);
    pthread_join(s->dispatcher, NULL);
    if (s->writer)
        pthread_join(s->writer, NULL);
    pthread_join(s->pool, NULL);
    for (int i = 0; i < SERVED_LOOPS; i++) {
        wb_loop_step(s->loop[i], false);
        wb_front_free(s->front[i]);
        wb_loop_free(s->loop[i]);
    }
    wb_engine_free(s->engine);
    wb_store_close(s->store);
    wb_arena_release(&s->arena);
}

/* --- the client --- */

static inline int dial(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
        abort();
    return fd;
}

/* Sends all and reads one answer; body points into buf. Returns the status. */
static inline int exchange(int fd, const void *request, size_t n, char *buf, size_t cap,
                           char **body)
{
    if (send(fd, request, n, MSG_NOSIGNAL) != (ssize_t)n)
        return -1;
    size_t have = 0;
    for (;;) {
        ssize_t got = recv(fd, buf + have, cap - 1 - have, 0);
        if (got <= 0)
            return -1;
        have += (size_t)got;
        buf[have] = 0;
        char *end = strstr(buf, "\r\n\r\n"), *len = strcasestr(buf, "content-length: ");
        if (end && strncmp(buf + 9, "204", 3) == 0)
            return 204;
        if (!end || !len)
            continue;
        *body = end + 4;
        if (have - (size_t)(*body - buf) >= strtoul(len + 16, NULL, 10))
            return (int)strtol(buf + 9, NULL, 10);
    }
}

static inline int ask(int fd, const char *op, const char *input, char *buf, size_t cap, char **body)
{
    char req[2048];
    int n = snprintf(req, sizeof req,
                     "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Test.%s\r\n"
                     "Content-Type: application/x-amz-json-1.1\r\nContent-Length: %zu\r\n\r\n%s",
                     op, strlen(input), input);
    return exchange(fd, req, (size_t)n, buf, cap, body);
}

/* --- a client of Follow --- */

struct follower {
    int fd;
    struct wb_buf raw, body; /* as received; without the chunks */
    struct wb_arena arena;
};

static inline void follow_begin(struct follower *w, int port, const char *key)
{
    char req[512], input[128];
    *w = (struct follower){.fd = dial(port)};
    wb_arena_init(&w->arena, 0);
    int n = snprintf(input, sizeof input, "{\"Key\":\"%s\"}", key);
    n = snprintf(req, sizeof req,
                 "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Test.Follow\r\n"
                 "Content-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n%s",
                 n, input);
    if (send(w->fd, req, (size_t)n, MSG_NOSIGNAL) != n)
        abort();
}

static inline bool follow_more(struct follower *w)
{
    char buf[16384];
    ssize_t n = recv(w->fd, buf, sizeof buf, 0);
    if (n > 0)
        wb_buf_put(&w->raw, buf, (size_t)n);
    return n > 0;
}

/* One chunk from raw to body; false: it has not come whole. */
static inline bool follow_chunk(struct follower *w)
{
    struct wb_slice s = wb_buf_slice(&w->raw);
    ptrdiff_t head =
        wb_slice_find(s, WB_S("HTTP/"), 0) == 0 ? wb_slice_find(s, WB_S("\r\n\r\n"), 0) : -4;
    if (head == -1)
        return false;
    wb_buf_drop(&w->raw, (size_t)(head + 4));
    s = wb_buf_slice(&w->raw);
    ptrdiff_t line = wb_slice_find(s, WB_S("\r\n"), 0);
    size_t n = line > 0 ? strtoul(s.p, NULL, 16) : 0;
    if (line < 1 || n == 0 || s.n < (size_t)line + 2 + n + 2)
        return false;
    wb_buf_put(&w->body, s.p + line + 2, n);
    wb_buf_drop(&w->raw, (size_t)line + 2 + n + 2);
    return true;
}

/* The next message's payload, in the arena; WB_JSON_NONE: the stream has ended. The first is that
 * of the initial response, the second that of Start. */
static inline struct wb_json follow_next(struct follower *w)
{
    for (;;) {
        struct wb_slice in = wb_buf_slice(&w->body);
        struct wb_event_message m;
        switch (wb_event_message_next(&in, &m)) {
        case WB_EVENT_READ: {
            struct wb_json v = wb_json_read(&w->arena, wb_dup(&w->arena, m.payload), NULL);
            wb_buf_drop(&w->body, w->body.n - in.n);
            return v;
        }
        case WB_EVENT_BAD:
            abort();
        case WB_EVENT_MORE:
            while (!follow_chunk(w))
                if (!follow_more(w))
                    return WB_JSON_NONE;
        }
    }
}

static inline void follow_end(struct follower *w)
{
    close(w->fd);
    wb_buf_release(&w->raw);
    wb_buf_release(&w->body);
    wb_arena_release(&w->arena);
}

#endif
