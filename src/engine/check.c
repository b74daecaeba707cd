/*
 * `waybill check`: every row is read (so its checksum is verified), every work and dead row
 * decodes, every blob has its file, and each service checks its own rows against each other. One
 * snapshot, one thread; the server does not run meanwhile.
 */
#include "engine/internal.h"
#include "engine/otlp.h"

struct checker {
    struct wb_engine *engine;
    void (*bad)(void *arg, const char *what);
    void *arg;
    uint64_t found;
};

static void report(void *arg, const char *what)
{
    struct checker *k = arg;
    k->found++;
    k->bad(k->arg, what);
}

static void check_row(struct checker *k, struct wb_arena *a, struct wb_slice key,
                      struct wb_slice value)
{
    uint16_t table = 0;
    struct wb_work w;
    struct wb_dead d;
    wb_key_rd(a, key, &table);
    if (table == WB_T_WORK && !wb_work_decode(a, key, value, &w))
        report(k, "a work row cannot be decoded");
    if (table == WB_T_DEAD && !wb_dead_decode(a, key, value, &d))
        report(k, "a dead row cannot be decoded");
    if (table == WB_T_OTLP && !wb_otlp_check(key, value))
        report(k, "a segment that waits to be exported cannot be decoded");
    if (table == WB_T_BLOB)
        wb_blob_check(k->engine, a, key, value, report, k);
}

static uint64_t check_rows(struct checker *k, struct wb_txn *t)
{
    struct wb_arena a;
    struct wb_scan *s = NULL;
    struct wb_slice key, value, lo = WB_SLICE_NULL;
    uint64_t rows = 0;
    wb_arena_init(&a, 0);
    enum wb_store_status st = wb_scan_open(t, lo, WB_SLICE_NULL, false, &s);
    while (st == WB_STORE_OK && (st = wb_scan_next(s, &key, &value)) != WB_STORE_NOT_FOUND) {
        rows++;
        if (st == WB_STORE_CORRUPT) {
            report(k, "a row fails its checksum");
            st = WB_STORE_OK;
            continue;
        }
        if (st == WB_STORE_OK)
            check_row(k, &a, key, value);
        wb_arena_reset(&a);
    }
    if (st != WB_STORE_NOT_FOUND)
        report(k, "the store cannot be read to its end");
    wb_scan_close(s);
    wb_arena_release(&a);
    return rows;
}

bool wb_engine_check(struct wb_engine *e, void (*bad)(void *arg, const char *what), void *arg,
                     uint64_t *rows)
{
    struct checker k = {e, bad, arg, 0};
    struct wb_txn *t;
    *rows = 0;
    if (wb_txn_begin(e->store, false, &t) != WB_STORE_OK) {
        bad(arg, "no snapshot can be taken");
        return false;
    }
    *rows = check_rows(&k, t);
    for (size_t i = 0; e->modules && e->modules[i]; i++) {
        if (!e->modules[i]->check)
            continue;
        struct wb_arena a;
        struct wb_tx tx;
        struct wb_tx_ext x;
        wb_arena_init(&a, 1 << 16);
        wb_tx_snapshot(&tx, &x, e, t, &a);
        e->modules[i]->check(&tx, report, &k);
        if (tx.status != WB_STORE_OK)
            report(&k, "a service's rows cannot be read");
        wb_tx_release(&tx);
        wb_arena_release(&a);
    }
    wb_txn_abort(t);
    return k.found == 0;
}
