/* One engine in one thread, for the tests of its parts. */
#ifndef WB_TEST_WORLD_H
#define WB_TEST_WORLD_H

#include "engine/internal.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct world {
    struct wb_seam_sim seam;
    struct wb_store *store;
    struct wb_engine *engine;
    struct wb_keyring *keyring; /* the test's own; NULL unless it sets one and restarts */
    struct wb_config config;
    const struct wb_module *modules[2];
    const struct wb_module *const *list; /* instead of these; NULL-terminated */
};

#define WORLD_START_MS 1795348800000

static inline void world_engine(struct world *w)
{
    w->engine = wb_engine_new(&w->config, w->store, &w->seam.seam, w->keyring,
                              w->list ? w->list : w->modules);
    assert_non_null(w->engine);
}

/* store NULL = in memory */
static inline void world_open(struct world *w, const struct wb_module *m, struct wb_store *store)
{
    *w = (struct world){.store = store ? store : wb_store_open_mem(), .modules = {m, NULL}};
    w->config.data_dir = "";
    wb_seam_sim_init(&w->seam, 1, WORLD_START_MS);
    world_engine(w);
}

static inline void world_close(struct world *w)
{
    wb_engine_free(w->engine);
    wb_store_close(w->store);
}

static inline void world_restart(struct world *w)
{
    wb_engine_free(w->engine);
    world_engine(w);
}

/* A command of a test: fn runs in the writer. */
struct act {
    struct wb_command command;
    void (*fn)(struct wb_tx *tx, void *arg);
    void *arg;
    bool ended;
    enum wb_commit result;
    unsigned runs;
};

static inline void act_run(struct wb_command *c, struct wb_tx *tx)
{
    struct act *a = WB_CONTAINER(c, struct act, command);
    a->runs++;
    a->fn(tx, a->arg);
}

static inline void act_done(struct wb_command *c, enum wb_commit result)
{
    struct act *a = WB_CONTAINER(c, struct act, command);
    assert_false(a->ended);
    a->ended = true;
    a->result = result;
}

static inline void act_submit(struct world *w, struct act *a, enum wb_lane lane,
                              void (*fn)(struct wb_tx *, void *), void *arg)
{
    *a = (struct act){
        .command = {.lane = lane, .run = act_run, .done = act_done}, .fn = fn, .arg = arg};
    assert_true(wb_submit(w->engine, &a->command));
}

static inline enum wb_commit run(struct world *w, void (*fn)(struct wb_tx *, void *), void *arg)
{
    struct act a;
    act_submit(w, &a, WB_LANE_INSIDE, fn, arg);
    while (!a.ended)
        assert_true(wb_writer_step(w->engine));
    return a.result;
}

/* Reads under a snapshot. */
static inline void look(struct world *w, void (*fn)(struct wb_tx *, void *), void *arg)
{
    struct wb_arena a;
    struct wb_txn *t;
    struct wb_tx tx;
    struct wb_tx_ext x;
    wb_arena_init(&a, 0);
    assert_int_equal(wb_txn_begin(w->store, false, &t), WB_STORE_OK);
    wb_tx_snapshot(&tx, &x, w->engine, t, &a);
    fn(&tx, arg);
    assert_int_equal(tx.status, WB_STORE_OK);
    wb_tx_release(&tx);
    wb_txn_abort(t);
    wb_arena_release(&a);
}

struct count_rows {
    struct wb_slice prefix;
    size_t count;
};

static inline void count_rows_fn(struct wb_tx *tx, void *arg)
{
    struct count_rows *c = arg;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, c->prefix);
    while (wb_tx_next(tx, s, &key, &value))
        c->count++;
    wb_scan_close(s);
}

static inline size_t rows_in(struct world *w, uint16_t table)
{
    char p[2] = {(char)(table >> 8), (char)table};
    struct count_rows c = {.prefix = wb_slice(p, 2)};
    look(w, count_rows_fn, &c);
    return c.count;
}

/* Steps until neither the writer nor the dispatcher has anything to do now. */
static inline void settle(struct world *w)
{
    bool any;
    do {
        any = wb_writer_step(w->engine);
        any |= wb_dispatcher_step(w->engine);
    } while (any);
}

#endif
