/*
 * What the store itself costs, per call and per commit, on the directory given (default: a new one
 * under /tmp): store_bench [DIR]
 */
#include "base/seam.h"
#include "store/key.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 200000

static int64_t started;
static clock_t started_cpu;

static void start(void)
{
    started_cpu = clock();
    started = wb_seam_os()->mono_ns(wb_seam_os());
}

static void stop(const char *what, int64_t n)
{
    int64_t ns = wb_seam_os()->mono_ns(wb_seam_os()) - started;
    double cpu_ns = (double)(clock() - started_cpu) * (1e9 / CLOCKS_PER_SEC);
    printf("%-40s %10.0f ns %10.0f ns CPU\n", what, (double)ns / (double)n, cpu_ns / (double)n);
}

static void check(enum wb_store_status st)
{
    if (st) {
        fprintf(stderr, "%s\n", wb_store_why(NULL));
        exit(1);
    }
}

static struct wb_slice key_of(struct wb_arena *a, uint64_t i)
{
    wb_arena_reset(a);
    return wb_key(a, 0x0402, "uz", i * UINT64_C(0x9e3779b97f4a7c15), "2026-11-22T12:00:00Z");
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/wb-bench-XXXXXX", value[400];
    struct wb_arena a, keys;
    struct wb_slice why, k, v;
    struct wb_txn *t;
    struct wb_scan *scan;
    const struct wb_store_options o = {.create = true};
    wb_arena_init(&a, 0);
    wb_arena_init(&keys, 0);
    const char *where = argc > 1 ? argv[1] : mkdtemp(dir);
    struct wb_store *s = wb_store_open_lmdb(where, &o, &a, &why);
    if (!s) {
        fprintf(stderr, "%.*s\n", WB_FMT(why));
        return 1;
    }
    memset(value, 'v', sizeof(value));

    start();
    check(wb_txn_begin(s, true, &t));
    for (uint64_t i = 0; i < ROWS; i++)
        check(wb_put(t, key_of(&keys, i), wb_slice(value, sizeof(value))));
    check(wb_txn_commit(t));
    stop("put, 200,000 in one commit", ROWS);

    for (int batch = 1; batch <= 100; batch *= 10) {
        char what[60];
        start();
        for (uint64_t i = 0; i < 300; i++) {
            check(wb_txn_begin(s, true, &t));
            for (int j = 0; j < batch; j++)
                check(wb_put(t, key_of(&keys, i * 977 + (uint64_t)j * 131),
                             wb_slice(value, sizeof(value))));
            check(wb_txn_commit(t));
        }
        snprintf(what, sizeof(what), "synced commit of %d random puts", batch);
        stop(what, 300);
    }

    check(wb_txn_begin(s, false, &t));
    start();
    for (uint64_t i = 0; i < ROWS; i++)
        check(wb_get(t, key_of(&keys, i * 7919 % ROWS), &v));
    stop("get", ROWS);
    start();
    for (uint64_t i = 0; i < ROWS; i++) {
        wb_txn_reset(t);
        check(wb_txn_renew(t));
        check(wb_get(t, key_of(&keys, i * 7919 % ROWS), &v));
    }
    stop("renew a snapshot, get", ROWS);
    start();
    check(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, false, &scan));
    while (wb_scan_next(scan, &k, &v) == WB_STORE_OK)
        ;
    wb_scan_close(scan);
    stop("scan, a row", ROWS);
    start();
    for (uint64_t i = 0; i < ROWS; i++) {
        k = key_of(&keys, i * 7919 % ROWS);
        check(wb_scan_open(t, k, WB_SLICE_NULL, false, &scan));
        check(wb_scan_next(scan, &k, &v));
        wb_scan_close(scan);
    }
    stop("scan of one row", ROWS);
    wb_txn_abort(t);

    check(wb_txn_begin(s, true, &t));
    start();
    for (uint64_t i = 0; i < 10000; i++) {
        struct wb_txn *n;
        check(wb_txn_nest(t, &n));
        check(wb_put(n, key_of(&keys, i * 7919 % ROWS), wb_slice(value, 100)));
        check(wb_txn_commit(n));
    }
    stop("nested transaction with one put", 10000);
    start();
    check(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, false, &scan));
    for (int64_t n = 0; wb_scan_next(scan, &k, &v) == WB_STORE_OK; n++)
        check(wb_del(t, k));
    wb_scan_close(scan);
    stop("delete under a scan, a row", ROWS);
    wb_txn_abort(t);
    wb_store_close(s);
    wb_arena_release(&keys);
    wb_arena_release(&a);
    if (argc == 1) {
        char command[100];
        snprintf(command, sizeof(command), "rm -rf '%s'", dir);
        return system(command) != 0;
    }
    return 0;
}
