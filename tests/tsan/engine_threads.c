/*
 * All threads of the engine under load at once, to be built with -Db_sanitize=thread: writer,
 * dispatcher, scan pool, two loops with their fronts, and clients that write, read, scan, change
 * definitions, queue work and follow what is written. Besides what the sanitizer finds it checks
 * that a definition and its rows always belong to the same commit, and that every queued row was
 * done once.
 */
#include "unit/engine/served.h"

#define CLIENTS   8
#define REQUESTS  400
#define KEYS      3
#define FOLLOWERS 4

static struct served server;
static atomic_bool stop_following;

static void must(int status, const char *op, const char *body)
{
    if (status != 200) {
        fprintf(stderr, "%s: status %d: %s\n", op, status, body);
        abort();
    }
}

static void *client(void *arg)
{
    static const char *const ops[] = {"Put",       "Get",   "Bump",  "Check", "Check",
                                      "CheckScan", "Count", "Later", "Work",  "Work"};
    unsigned me = (unsigned)(intptr_t)arg;
    static _Thread_local char buf[65536];
    char input[128], *body;
    int fd = dial(server.port);
    for (unsigned i = 0; i < REQUESTS; i++) {
        const char *op = ops[(i + me) % 10];
        snprintf(input, sizeof input, "{\"Key\":\"k%u\",\"Value\":\"%s\",\"Count\":2}", i % KEYS,
                 i % 4 < 2 ? "step" : "start");
        if (i % 10 == 9) { /* new connections reach the other loop, too */
            close(fd);
            fd = dial(server.port);
        }
        int status = ask(fd, op, input, buf, sizeof buf, &body);
        if (strcmp(op, "Get") == 0 && status == 404)
            continue;
        must(status, op, body);
    }
    close(fd);
    return NULL;
}

/* Follows what is put under one key, over and over; each time the updates join without a gap unless
 * they say so. */
static void *follow(void *arg)
{
    char key[8];
    snprintf(key, sizeof key, "k%d", (int)(intptr_t)arg % KEYS);
    for (unsigned round = 0; !atomic_load(&stop_following); round++) {
        struct follower w;
        follow_begin(&w, server.port, key);
        follow_next(&w);
        int64_t from = wb_json_get_i64(follow_next(&w), "From", -1);
        for (unsigned i = 0; i < round % 3; i++) {
            struct wb_json u = follow_next(&w);
            assert_int_equal(wb_json_get_i64(u, "From", -1), from);
            from = wb_json_get_i64(u, "Next", -1);
        }
        follow_end(&w);
    }
    return NULL;
}

static uint64_t done(void)
{
    struct wb_txn *t;
    struct wb_arena a;
    struct wb_tx tx;
    struct wb_tx_ext x;
    uint64_t n = 0;
    wb_arena_init(&a, 0);
    assert_int_equal(wb_txn_begin(server.store, false, &t), WB_STORE_OK);
    wb_tx_snapshot(&tx, &x, server.engine, t, &a);
    for (int i = 0; i < KEYS; i++)
        n += read_u64(&tx, T_WORK, wb_printf(&a, "k%d", i));
    wb_txn_abort(t);
    wb_arena_release(&a);
    return n;
}

static void load(struct wb_store *store)
{
    pthread_t thread[CLIENTS], follower[FOLLOWERS];
    served_open(&server, store, false, NULL, true);
    atomic_store(&stop_following, false);
    for (intptr_t i = 0; i < FOLLOWERS; i++)
        assert_int_equal(pthread_create(&follower[i], NULL, follow, (void *)i), 0);
    for (intptr_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, client, (void *)i), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(thread[i], NULL);
    /* 2 of 10 requests queue 2 rows each. */
    uint64_t want = CLIENTS * REQUESTS / 10 * 2 * 2, have = 0;
    for (int i = 0; i < 3000 && (have = done()) < want; i++)
        usleep(10000);
    assert_int_equal(have, want);
    atomic_store(&stop_following, true);
    for (int i = 0; i < FOLLOWERS; i++)
        pthread_join(follower[i], NULL);
    served_close(&server);
}

static void test_memory(void **state)
{
    load(wb_store_open_mem());
}

static void test_lmdb(void **state)
{
    char dir[] = "/tmp/wb-tsan-XXXXXX", cmd[64];
    assert_non_null(mkdtemp(dir));
    struct wb_arena a;
    struct wb_slice why;
    struct wb_store_options o = {.create = true, .map_size = 256 << 20};
    wb_arena_init(&a, 0);
    struct wb_store *s = wb_store_open_lmdb(dir, &o, &a, &why);
    assert_non_null(s);
    load(s);
    wb_arena_release(&a);
    snprintf(cmd, sizeof cmd, "rm -r %s", dir);
    assert_int_equal(system(cmd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_lmdb)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
