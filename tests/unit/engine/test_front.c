#include "served.h"

static char buf[65536], *body;

static void test_classes(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 404);
    assert_non_null(strstr(body, "ResourceNotFoundException"));
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body),
                     200);
    assert_string_equal(body, "{\"Key\":\"a\"}");
    assert_int_equal(ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 200);
    assert_string_equal(body,
                        "{\"Value\":\"1\",\"Account\":\"000000000000\",\"Region\":\"us-east-1\"}");
    assert_int_equal(ask(fd, "Count", "{}", buf, sizeof buf, &body), 200);
    assert_string_equal(body, "{\"Count\":1}");
    assert_int_equal(ask(fd, "Later", "{}", buf, sizeof buf, &body), 200);
    assert_string_equal(body, "{\"From\":\"elsewhere\"}");
    assert_int_equal(ask(fd, "Later", "{\"Key\":\"refuse\"}", buf, sizeof buf, &body), 400);
    assert_non_null(strstr(body, "Refused"));
    close(fd);
    served_close(&s);
}

static void test_failures(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"refuse\"}", buf, sizeof buf, &body),
                     400);
    assert_int_equal(
        ask(fd, "PutOrUndo", "{\"Key\":\"a\",\"Value\":\"undo\"}", buf, sizeof buf, &body), 409);
    assert_int_equal(ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 404);
    assert_int_equal(ask(fd, "Nonsense", "{}", buf, sizeof buf, &body), 400);
    assert_int_equal(ask(fd, "Put", "{\"Key\":1}", buf, sizeof buf, &body), 400);
    assert_int_equal(ask(fd, "Put", "{\"Key\"", buf, sizeof buf, &body), 400);
    close(fd);
    served_close(&s);
}

static bool somebody_held(struct wb_engine *e)
{
    pthread_mutex_lock(&e->held_lock);
    bool any = !wb_list_empty(&e->held);
    pthread_mutex_unlock(&e->held_lock);
    return any;
}

struct later {
    int port, status;
    char text[4096];
};

static void *ask_held(void *arg)
{
    struct later *l = arg;
    char *at;
    int fd = dial(l->port);
    l->status = ask(fd, "Hold", "{\"Key\":\"a\"}", l->text, sizeof l->text, &at);
    close(fd);
    return NULL;
}

/* An answer waits for its release, not for another's; or for its time to be over. */
static void test_hold(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    for (int again = 0; again < 2; again++) {
        struct later l = {.port = s.port};
        pthread_t t;
        assert_int_equal(pthread_create(&t, NULL, ask_held, &l), 0);
        while (!somebody_held(s.engine))
            usleep(1000);
        assert_int_equal(ask(fd, "Release", "{\"Key\":\"b\"}", buf, sizeof buf, &body), 200);
        assert_true(somebody_held(s.engine));
        if (again == 0) {
            assert_int_equal(ask(fd, "Release", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 200);
            assert_false(somebody_held(s.engine));
        }
        pthread_join(t, NULL);
        assert_int_equal(l.status, 200);
        assert_non_null(strstr(l.text, "{\"Was\":\"held\"}"));
    }
    close(fd);
    served_close(&s);
}

static int raw(int port, const char *request)
{
    int fd = dial(port);
    int status = exchange(fd, request, strlen(request), buf, sizeof buf, &body);
    close(fd);
    return status;
}

/* With auth off: no foreign page, no rebound name; an access key of 12 digits is the account. */
static void test_auth_off(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
#define GET "GET /_waybill/health HTTP/1.1\r\n"
    assert_int_equal(raw(s.port, GET "Host: localhost:1\r\n\r\n"), 200);
    assert_int_equal(raw(s.port, GET "Host: 10.0.0.1\r\n\r\n"), 200);
    assert_int_equal(raw(s.port, GET "Host: [::1]:80\r\n\r\n"), 200);
    assert_int_equal(raw(s.port, GET "Host: waybill.example\r\n\r\n"), 200);
    assert_int_equal(raw(s.port, GET "Host: evil.example\r\n\r\n"), 403);
    assert_int_equal(raw(s.port, GET "Host: 1.2.3.4.evil.example\r\n\r\n"), 403);
    assert_int_equal(raw(s.port, GET "Host: localhost\r\nOrigin: http://evil.example\r\n\r\n"),
                     403);
    assert_int_equal(raw(s.port, GET "Host: localhost\r\nOrigin: null\r\n\r\n"), 403);
    assert_int_equal(raw(s.port, GET "Host: localhost\r\nOrigin: http://localhost\r\n\r\n"), 200);
    assert_int_equal(
        raw(s.port, GET "Host: localhost\r\nOrigin: http://waybill.example:4566\r\n\r\n"), 200);
    int fd = dial(s.port);
    ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body);
    close(fd);
    assert_int_equal(
        raw(s.port,
            "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Test.Get\r\n"
            "X-Amz-Date: 20261122T000000Z\r\n"
            "Authorization: AWS4-HMAC-SHA256 Credential=123456789012/20261122/eu-west-1/test/"
            "aws4_request, SignedHeaders=host, "
            "Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n"
            "Content-Length: 11\r\n\r\n{\"Key\":\"a\"}"),
        200);
    assert_non_null(strstr(body, "\"Account\":\"123456789012\",\"Region\":\"eu-west-1\""));
    served_close(&s);
}

static void test_auth_on(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), true, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 400);
    assert_non_null(strstr(body, "MissingAuthenticationToken"));
    close(fd);
    assert_int_equal(raw(s.port, GET "Host: evil.example\r\n\r\n"), 200);
    assert_int_equal(raw(s.port, "POST /_waybill/reset HTTP/1.1\r\nHost: localhost\r\n"
                                 "Content-Length: 0\r\n\r\n"),
                     404);
    served_close(&s);
}

static void wait_for(struct served *s, const char *target, uint64_t want)
{
    for (int i = 0; i < 1000; i++) {
        struct wb_txn *t;
        struct wb_arena a;
        struct wb_tx tx;
        struct wb_tx_ext x;
        wb_arena_init(&a, 0);
        assert_int_equal(wb_txn_begin(s->store, false, &t), WB_STORE_OK);
        wb_tx_snapshot(&tx, &x, s->engine, t, &a);
        uint64_t n = read_u64(&tx, T_WORK, wb_slice_str(target));
        wb_txn_abort(t);
        wb_arena_release(&a);
        if (n == want)
            return;
        usleep(10000); /* threads take their time; engine time is not waited for */
    }
    fail_msg("work of %s did not end", target);
}

static void test_work_and_reset(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Work", "{\"Key\":\"t1\",\"Count\":100}", buf, sizeof buf, &body),
                     200);
    assert_int_equal(ask(fd, "Work", "{\"Key\":\"t2\",\"Count\":100,\"Value\":\"step\"}", buf,
                         sizeof buf, &body),
                     200);
    wait_for(&s, "t1", 100);
    wait_for(&s, "t2", 100);
    ask(fd, "Bump", "{\"Key\":\"d\"}", buf, sizeof buf, &body);
    ask(fd, "Check", "{\"Key\":\"d\"}", buf, sizeof buf, &body);
    assert_string_equal(body, "{\"Version\":1}");
    assert_int_equal(raw(s.port, "POST /_waybill/reset HTTP/1.1\r\nHost: localhost\r\n"
                                 "Content-Length: 0\r\n\r\n"),
                     200);
    assert_int_equal(ask(fd, "Check", "{\"Key\":\"d\"}", buf, sizeof buf, &body), 200);
    assert_string_equal(body, "{\"Version\":0}");
    assert_int_equal(ask(fd, "Count", "{}", buf, sizeof buf, &body), 200);
    assert_string_equal(body, "{\"Count\":0}");
    assert_int_equal(ask(fd, "Work", "{\"Key\":\"t1\",\"Count\":3}", buf, sizeof buf, &body), 200);
    wait_for(&s, "t1", 3);
    close(fd);
    served_close(&s);
}

static void test_clock_page(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int64_t before = wb_engine_now(s.engine);
#define CLOCK(text)                                                                                \
    raw(s.port,                                                                                    \
        "POST /_waybill/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\n\r\n" text)
    assert_int_equal(CLOCK("{\"advance_ms\":600000}"), 200);
    assert_in_range(wb_engine_now(s.engine) - before, 600000, 660000);
    assert_int_equal(CLOCK("{\"advance_ms\":-60000}"), 400);
    assert_int_equal(CLOCK("{\"nothing\":1234567  }"), 400);
    served_close(&s);
}

/* The quiet time before the end: functions only, and every request counted down, also refused
 * ones. */
static void test_quiet(void **state)
{
#define AS(key)                                                                                    \
    "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Test.Get\r\nX-Amz-Date: "                 \
    "20261122T000000Z\r\n"                                                                         \
    "Authorization: AWS4-HMAC-SHA256 Credential=" key "/20261122/eu-west-1/test/aws4_request, "    \
    "SignedHeaders=host, "                                                                         \
    "Signature=0000000000000000000000000000000000000000000000000000000000000000\r\n"               \
    "Content-Length: 11\r\n\r\n{\"Key\":\"a\"}"
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body);
    close(fd);
    assert_int_equal(raw(s.port, AS("AKIAIOSFODNN7EXAMPLE")), 200);
    assert_int_equal(raw(s.port, "GET /_waybill/none HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
    assert_int_equal(raw(s.port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403);
    assert_true(wb_engine_idle(s.engine));
    wb_engine_quiesce(s.engine);
    assert_int_equal(raw(s.port, AS("AKIAIOSFODNN7EXAMPLE")), 503);
    assert_int_equal(raw(s.port, GET "Host: localhost\r\n\r\n"), 503);
    assert_int_equal(raw(s.port, AS("ASIAIOSFODNN7EXAMPLE")), 200);
    assert_true(wb_engine_idle(s.engine));
    served_close(&s);
}

static void *stuck_writes(void *arg)
{
    struct served *s = arg;
    char mine[8192], *mine_body;
    int fd = dial(s->port);
    intptr_t status =
        ask(fd, "Put", "{\"Key\":\"b\",\"Value\":\"1\"}", mine, sizeof mine, &mine_body);
    close(fd);
    return (void *)status;
}

static void no_run(struct wb_command *c, struct wb_tx *tx) {}
static void no_done(struct wb_command *c, enum wb_commit r) {}

/* The client lane is full and stays so: the request waits a second, then is refused as busy. When
 * room comes in time it is served. */
static void test_back_pressure(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, false);
    struct wb_command *c = calloc(WB_WRITER_QUEUE_MAX, sizeof *c);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < WB_WRITER_QUEUE_MAX; i++) {
            c[i] = (struct wb_command){.lane = WB_LANE_CLIENT, .run = no_run, .done = no_done};
            assert_true(wb_submit(s.engine, &c[i]));
        }
        pthread_t t;
        void *status;
        assert_int_equal(pthread_create(&t, NULL, stuck_writes, &s), 0);
        if (round == 0) {
            pthread_join(t, &status);
            assert_int_equal((intptr_t)status, 503);
            while (wb_writer_step(s.engine))
                ;
        } else {
            usleep(200000);
            assert_int_equal(pthread_create(&s.writer, NULL, served_writer, s.engine), 0);
            pthread_join(t, &status);
            assert_int_equal((intptr_t)status, 200);
        }
    }
    free(c);
    served_close(&s);
}

/* Metrics of the operations come out as rows within a second or two. */
static void test_counts(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body);
    close(fd);
    size_t rows = 0;
    for (int i = 0; i < 500 && rows < 3; i++) {
        struct wb_txn *t;
        struct wb_scan *sc;
        struct wb_arena a;
        struct wb_slice key, value;
        wb_arena_init(&a, 0);
        assert_int_equal(wb_txn_begin(s.store, false, &t), WB_STORE_OK);
        struct wb_slice lo = wb_key(&a, WB_T_METRIC, "");
        assert_int_equal(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &sc), WB_STORE_OK);
        for (rows = 0; wb_scan_next(sc, &key, &value) == WB_STORE_OK;)
            rows++;
        wb_scan_close(sc);
        wb_txn_abort(t);
        wb_arena_release(&a);
        usleep(10000);
    }
    assert_in_range(rows, 3, 6); /* Latency, Requests, Errors; a minute may end between */
    served_close(&s);
}

/* What is committed while one follows is told, in order; what failed is not. */
static void test_follow(void **state)
{
    struct served s;
    struct follower w;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"0\"}", buf, sizeof buf, &body),
                     200);
    follow_begin(&w, s.port, "a");
    assert_int_equal(wb_json_count(follow_next(&w)), 0);
    int64_t from = wb_json_get_i64(follow_next(&w), "From", -1), next;
    assert_true(from > 0);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body),
                     200);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"b\",\"Value\":\"2\"}", buf, sizeof buf, &body),
                     200);
    assert_int_equal(
        ask(fd, "PutOrUndo", "{\"Key\":\"a\",\"Value\":\"undo\"}", buf, sizeof buf, &body), 409);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"3\"}", buf, sizeof buf, &body),
                     200);
    struct wb_buf got = wb_buf_in(&w.arena);
    while (!wb_slice_is(wb_buf_slice(&got), "13")) {
        struct wb_json u = follow_next(&w);
        struct wb_json_iter it = wb_json_iter(wb_json_get(u, "Values"));
        while (wb_json_next(&it))
            wb_buf_slice_put(&got, wb_json_str(it.value, &w.arena));
        assert_int_equal(wb_json_get_i64(u, "From", -1), from); /* without a gap */
        next = wb_json_get_i64(u, "Next", -1);
        assert_true(next >= from && got.n < 3);
        assert_false(wb_json_bool(wb_json_get(u, "LeftOut"), true));
        from = next;
    }
    follow_end(&w);
    close(fd);
    served_close(&s);
}

/* A server that drains says good-bye to its streams; what stays open is cut off with the front. */
static void test_follow_to_the_end(void **state)
{
    struct served s;
    struct follower w;
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    follow_begin(&w, s.port, "a");
    follow_next(&w);
    follow_next(&w);
    assert_int_equal(wb_fronts_open(s.engine), 0); /* nobody waits for a stream to stop */
    served_close(&s);
    while (wb_json_is(follow_next(&w)))
        ;
    follow_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_auth_off),       cmocka_unit_test(test_auth_on),
        cmocka_unit_test(test_work_and_reset), cmocka_unit_test(test_clock_page),
        cmocka_unit_test(test_quiet),          cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_counts),         cmocka_unit_test(test_hold),
        cmocka_unit_test(test_follow),         cmocka_unit_test(test_follow_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
