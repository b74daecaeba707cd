/* The server's own operations, gzip bodies, the disk reserve, and the end of a busy server. */
#include "codec/zip.h"
#include "served.h"
#include <sys/stat.h>

static char buf[1 << 20], *body;

static int admin(int fd, const char *op, const char *input)
{
    char req[2048];
    int n = snprintf(req, sizeof req,
                     "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Waybill.%s\r\n"
                     "Content-Length: %zu\r\n\r\n%s",
                     op, strlen(input), input);
    return exchange(fd, req, (size_t)n, buf, sizeof buf, &body);
}

static int64_t number(const char *name)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json j = wb_json_read(&a, wb_slice_str(body), NULL);
    int64_t v = wb_json_get_i64(j, name, -1);
    wb_arena_release(&a);
    return v;
}

static void wait_number(int fd, const char *name, int64_t want)
{
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(admin(fd, "Status", "{}"), 200);
        if (number(name) == want)
            return;
        usleep(5000);
    }
    fail_msg("%s is not %d: %s", name, (int)want, body);
}

static void fail_start(struct wb_task *t)
{
    wb_task_finish(t, &(struct wb_outcome){.kind = WB_PERMANENT,
                                           .code = "BROKEN",
                                           .message = WB_S("It is broken.")});
}

static const struct wb_executor failing = {.name = "test-fail", .start = fail_start};

struct fill {
    struct wb_command command;
    unsigned count;
    const char *target, *executor;
    atomic_bool done;
};

static void fill_run(struct wb_command *c, struct wb_tx *tx)
{
    struct fill *f = WB_CONTAINER(c, struct fill, command);
    for (unsigned i = 0; i < f->count; i++)
        wb_work_add(tx, &(struct wb_work){.target = wb_slice_str(f->target),
                                          .executor = f->executor,
                                          .payload = wb_printf(tx->arena, "{\"n\":%u}", i)});
}

static void fill_done(struct wb_command *c, enum wb_commit r)
{
    atomic_store(&WB_CONTAINER(c, struct fill, command)->done, true);
}

static void fill(struct served *s, const char *target, const char *executor, unsigned count)
{
    struct fill f = {.command = {.run = fill_run, .done = fill_done},
                     .count = count,
                     .target = target,
                     .executor = executor};
    assert_true(wb_submit(s->engine, &f.command));
    while (!atomic_load(&f.done))
        usleep(1000);
}

static void test_dead_rows(void **state)
{
    struct served s;
    wb_log_level_set(WB_LOG_ERROR);
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    wb_executor_register(s.engine, &failing);
    int fd = dial(s.port);
    assert_int_equal(admin(fd, "Status", "{}"), 200);
    assert_int_equal(number("Dead"), 0);
    assert_int_equal(number("Queued"), 0);
    fill(&s, "arn:a", "test-fail", 120);
    fill(&s, "arn:b", "test-fail", 30);
    wait_number(fd, "Dead", 150);
    assert_int_equal(number("Queued"), 0);
    assert_int_equal(admin(fd, "ListDead", "{\"MaxItems\":10}"), 200);
    char *id = strstr(body, "\"Id\":\""), *token = strstr(body, "\"NextToken\":\"");
    assert_non_null(id);
    assert_non_null(token);
    assert_int_equal(number("Total"), 150);
    char input[128], first[32], next[32];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(id + 6, "\""), id + 6);
    snprintf(next, sizeof next, "%.*s", (int)strcspn(token + 13, "\""), token + 13);
    /* A page on: not the same rows again. */
    snprintf(input, sizeof input, "{\"NextToken\":\"%s\",\"Target\":\"arn:b\"}", next);
    assert_int_equal(admin(fd, "ListDead", input), 200);
    snprintf(input, sizeof input, "\"Id\":\"%s\"", first);
    assert_null(strstr(body, input));
    assert_null(strstr(body, "arn:a"));
    snprintf(input, sizeof input, "{\"Id\":\"%s\"}", first);
    assert_int_equal(admin(fd, "GetDead", input), 200);
    assert_non_null(
        strstr(body, "\"Code\":\"BROKEN\",\"Message\":\"It is broken.\",\"Attempts\":1"));
    assert_non_null(strstr(body, "\\\"n\\\":"));
    assert_int_equal(admin(fd, "DiscardDead", input), 200);
    assert_int_equal(number("Count"), 1);
    assert_int_equal(admin(fd, "DiscardDead", input), 404);
    assert_int_equal(admin(fd, "GetDead", input), 404);
    assert_int_equal(admin(fd, "GetDead", "{\"Id\":\"x\"}"), 400);
    assert_int_equal(admin(fd, "DiscardDead", "{}"), 400);
    assert_int_equal(admin(fd, "RetryDead", "{\"All\":true,\"Target\":\"arn:b\"}"), 400);
    /* Retried, they die again; the rest of the other target goes by a job. */
    assert_int_equal(admin(fd, "RetryDead", "{\"Target\":\"arn:b\"}"), 200);
    assert_int_equal(number("Count"), 30);
    wait_number(fd, "Dead", 149);
    assert_int_equal(admin(fd, "DiscardDead", "{\"All\":true}"), 200);
    assert_int_equal(number("Count"), 100);
    assert_true(number("Job") > 0);
    wait_number(fd, "Dead", 0);
    close(fd);
    served_close(&s);
}

static void test_only_root(void **state)
{
    struct served s;
    served_open(&s, wb_store_open_mem(), true, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(admin(fd, "Status", "{}"), 400);
    assert_non_null(strstr(body, "MissingAuthentication"));
    close(fd);
    served_close(&s);
}

static struct wb_store *lmdb(char *dir, struct wb_store_options o)
{
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    assert_non_null(mkdtemp(dir));
    o.create = true;
    struct wb_store *s = wb_store_open_lmdb(dir, &o, &a, &why);
    assert_non_null(s);
    wb_arena_release(&a);
    return s;
}

static void remove_dir(const char *dir)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -r %s", dir);
    assert_int_equal(system(cmd), 0);
}

static void test_backup(void **state)
{
    char data[] = "/tmp/wb-admin-XXXXXX", copy[64], input[128];
    struct served s;
    served_open(&s, lmdb(data, (struct wb_store_options){.map_size = 64 << 20}), false, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body),
                     200);
    snprintf(copy, sizeof copy, "%s-copy", data);
    assert_int_equal(mkdir(copy, 0700), 0);
    snprintf(input, sizeof input, "{\"Directory\":\"%s\"}", copy);
    assert_int_equal(admin(fd, "Backup", "{\"Directory\":\"relative\"}"), 400);
    assert_int_equal(admin(fd, "Backup", input), 200);
    assert_int_equal(admin(fd, "Backup", input), 400); /* not into one that is not empty */
    close(fd);
    served_close(&s);
    struct wb_arena a;
    struct wb_slice why, v;
    wb_arena_init(&a, 0);
    struct wb_store_options o = {.map_size = 64 << 20};
    struct wb_store *back = wb_store_open_lmdb(copy, &o, &a, &why);
    assert_non_null(back);
    struct wb_txn *t;
    assert_int_equal(wb_txn_begin(back, false, &t), WB_STORE_OK);
    assert_int_equal(wb_get(t, wb_key(&a, T_ROW, "z", "a"), &v), WB_STORE_OK);
    assert_true(wb_slice_is(v, "1"));
    wb_txn_abort(t);
    wb_store_close(back);
    wb_arena_release(&a);
    remove_dir(data);
    remove_dir(copy);
}

/* Below the disk reserve: new data is refused with 503, deletes and reads pass. */
static void test_reserve(void **state)
{
    char data[] = "/tmp/wb-admin-XXXXXX";
    struct served s;
    struct wb_store_options o = {.map_size = 64 << 20, .disk_reserve = 1ULL << 60};
    served_open(&s, lmdb(data, o), false, NULL, true);
    int fd = dial(s.port);
    assert_int_equal(ask(fd, "Put", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body),
                     503);
    assert_int_equal(ask(fd, "DeleteIt", "{\"Key\":\"a\",\"Value\":\"1\"}", buf, sizeof buf, &body),
                     200);
    assert_int_equal(ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 200);
    close(fd);
    served_close(&s);
    remove_dir(data);
}

static void test_gzip(void **state)
{
    struct served s;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    served_open(&s, wb_store_open_mem(), false, NULL, true);
    int fd = dial(s.port);
    struct wb_slice z = wb_gzip(&a, WB_S("{\"Key\":\"a\",\"Value\":\"zipped\"}"));
    for (int good = 1; good >= 0; good--) {
        struct wb_buf b = wb_buf_in(&a);
        wb_buf_printf(&b,
                      "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: Test.Put\r\n"
                      "Content-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
                      z.n);
        wb_buf_slice_put(&b, good ? z : wb_slice(wb_zalloc(&a, z.n), z.n));
        assert_int_equal(exchange(fd, b.p, b.n, buf, sizeof buf, &body), good ? 200 : 400);
    }
    assert_int_equal(ask(fd, "Get", "{\"Key\":\"a\"}", buf, sizeof buf, &body), 200);
    assert_non_null(strstr(body, "zipped"));
    close(fd);
    served_close(&s);
    wb_arena_release(&a);
}

/* Work that does not end in time stays queued when the server stops. */
static void hang(struct wb_task *t) {}
static const struct wb_executor hanging = {.name = "test-hang", .start = hang};

static void test_stop_while_running(void **state)
{
    char data[] = "/tmp/wb-admin-XXXXXX";
    struct served s;
    struct wb_store_options o = {.map_size = 64 << 20};
    served_open(&s, lmdb(data, o), false, NULL, true);
    wb_executor_register(s.engine, &hanging);
    fill(&s, "arn:hang", "test-hang", 3);
    int fd = dial(s.port);
    wait_number(fd, "Running", 1);
    assert_int_equal(number("Queued"), 3);
    close(fd);
    served_close(&s); /* waits WB_DRAIN_MS for the one that runs */
    struct wb_arena a;
    struct wb_slice why, key, value;
    wb_arena_init(&a, 0);
    struct wb_store *again = wb_store_open_lmdb(data, &o, &a, &why);
    struct wb_txn *t;
    struct wb_scan *sc;
    struct wb_slice lo = wb_key(&a, WB_T_WORK, "z", "arn:hang");
    assert_int_equal(wb_txn_begin(again, false, &t), WB_STORE_OK);
    assert_int_equal(wb_scan_open(t, lo, wb_key_after(&a, lo), false, &sc), WB_STORE_OK);
    int rows = 0;
    while (wb_scan_next(sc, &key, &value) == WB_STORE_OK)
        rows++;
    assert_int_equal(rows, 3);
    wb_scan_close(sc);
    wb_txn_abort(t);
    wb_store_close(again);
    wb_arena_release(&a);
    remove_dir(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_rows), cmocka_unit_test(test_only_root),
        cmocka_unit_test(test_backup),    cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_gzip),      cmocka_unit_test(test_stop_while_running),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
