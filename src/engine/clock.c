/*
 * The engine clock: due times, retention, record stamps. It is the wall clock that never goes
 * back: the highest time given out is kept, and each commit saves its own time in its transaction,
 * so a restart goes on from there even when the machine's clock was set back.
 */
#include "engine/internal.h"
#include <inttypes.h>
#include <stdio.h>

#define JUMP_MS 60000 /* DESIGN section 2.9 */

static struct wb_slice clock_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", "clock");
}

int64_t wb_engine_now(struct wb_engine *e)
{
    struct wb_clock *c = &e->clock;
    int64_t now = e->seam->wall_ms(e->seam) + atomic_load(&c->offset);
    int64_t last = atomic_load(&c->last);
    while (now > last)
        if (atomic_compare_exchange_weak(&c->last, &last, now))
            return now;
    return last;
}

void wb_clock_start(struct wb_engine *e)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_txn *t;
    struct wb_slice v;
    int64_t wall = e->seam->wall_ms(e->seam);
    if (wb_txn_begin(e->store, false, &t) == WB_STORE_OK) {
        if (wb_get(t, clock_key(&a), &v) == WB_STORE_OK && v.n == 8) {
            struct wb_rd r = wb_rd(v);
            int64_t last = (int64_t)wb_rd_le64(&r);
            atomic_store(&e->clock.last, last);
            /* A clock moved by a test goes on from where it was instead of standing still. */
            if (e->config.test_clock && last > wall)
                atomic_store(&e->clock.offset, last - wall);
            else if (last > wall + JUMP_MS)
                wb_log(WB_LOG_WARN, "clock",
                       "the machine's clock is behind the last commit; "
                       "engine time stands until it has caught up",
                       "behind_ms", wb_dup_cstr(&a, wb_printf(&a, "%" PRId64, last - wall)), NULL);
        }
        wb_txn_abort(t);
    }
    wb_arena_release(&a);
    e->clock.wall = wall;
    e->clock.mono_ns = e->seam->mono_ns(e->seam);
}

int64_t wb_clock_commit(struct wb_engine *e)
{
    struct wb_clock *c = &e->clock;
    int64_t wall = e->seam->wall_ms(e->seam), mono = e->seam->mono_ns(e->seam);
    int64_t jump = (wall - c->wall) - (mono - c->mono_ns) / 1000000;
    if (jump > JUMP_MS || jump < -JUMP_MS) {
        char text[32];
        snprintf(text, sizeof text, "%" PRId64, jump);
        wb_log(WB_LOG_WARN, "clock", "the machine's clock jumped", "by_ms", text, NULL);
    }
    c->wall = wall;
    c->mono_ns = mono;
    return wb_engine_now(e);
}

void wb_clock_save(struct wb_tx *tx)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_tx_put(tx, clock_key(tx->arena), wb_buf_slice(&b));
}

void wb_clock_move(struct wb_engine *e, int64_t by_ms)
{
    atomic_fetch_add(&e->clock.offset, by_ms);
    wb_dispatcher_clock(e);
    wb_writer_wake(e);
}
