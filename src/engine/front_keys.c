/*
 * When access keys were last used. Each front remembers the keys it saw and writes them down at
 * most once every WB_KEY_USE_MS, and when it drains: a request costs a look-up in memory, and a
 * crash loses a minute. Sessions are not told of; their keys have no row.
 *
 * Row of WB_T_KEY_USE: {"time": ms, "region", "service"}.
 */
#include "engine/front.h"
#include <stdlib.h>

struct use {
    char key[WB_ACCESS_KEY_MAX], region[64];
    size_t key_len, region_len;
    const char *service; /* signing name */
    int64_t ms;
};

struct flush {
    struct wb_command command;
    struct wb_map *used;
};

static void free_uses(struct wb_map *used)
{
    struct wb_slice key;
    void *value;
    size_t pos = 0;
    while (wb_map_next(used, &pos, &key, &value))
        free(value);
    wb_map_free(used);
}

/* Another front may have seen it later; the key may be gone. */
static bool news(struct wb_tx *tx, struct wb_slice row_key, const struct use *u)
{
    struct wb_slice row, id = wb_slice(u->key, u->key_len);
    if (!wb_tx_get(tx, wb_key(tx->arena, WB_T_ACCESS_KEY, "s", id), &row))
        return false;
    if (!wb_tx_get(tx, row_key, &row))
        return true;
    struct wb_json before = wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL);
    return wb_json_get_i64(before, "time", 0) < u->ms;
}

static void put_use(struct wb_tx *tx, const struct use *u)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_KEY_USE, "s", wb_slice(u->key, u->key_len));
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    if (!news(tx, key, u))
        return;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "time", u->ms);
    wb_jw_kstr(&w, "region", wb_slice(u->region, u->region_len));
    wb_jw_kcstr(&w, "service", u->service);
    wb_jw_end_object(&w);
    wb_tx_put(tx, key, wb_buf_slice(&b));
}

static void flush_run(struct wb_command *c, struct wb_tx *tx)
{
    struct flush *f = WB_CONTAINER(c, struct flush, command);
    struct wb_slice key;
    void *value;
    size_t pos = 0, n = 0;
    while (n++ < WB_COMMAND_ROWS_MAX / 2 && wb_map_next(f->used, &pos, &key, &value))
        put_use(tx, value);
}

static void flush_done(struct wb_command *c, enum wb_commit result)
{
    struct flush *f = WB_CONTAINER(c, struct flush, command);
    free_uses(f->used);
    free(f);
}

void wb_front_keys_flush(struct wb_front *f)
{
    struct wb_map *used = f->used;
    f->used = NULL;
    if (!used)
        return;
    wb_timer_stop(f->use_timer);
    struct flush *x = wb_xcalloc(1, sizeof *x);
    x->command = (struct wb_command){.lane = WB_LANE_INSIDE, .run = flush_run, .done = flush_done};
    x->used = used;
    wb_submit(f->engine, &x->command);
}

static void on_timer(void *arg)
{
    wb_front_keys_flush(arg);
}

void wb_front_keys_new(struct wb_front *f)
{
    f->use_timer = wb_timer_new(f->loop, on_timer, f);
}

void wb_front_keys_free(struct wb_front *f)
{
    wb_timer_free(f->use_timer);
    if (f->used)
        free_uses(f->used);
}

void wb_front_key_used(struct wb_front *f, const struct wb_call *c)
{
    struct wb_slice id = c->ctx.principal.access_key, region = c->ctx.region;
    if (c->ctx.principal.expires_ms || id.n == 0 || id.n > WB_ACCESS_KEY_MAX)
        return;
    struct use *u = f->used ? wb_map_get(f->used, id) : NULL;
    if (!u) {
        if (f->used && wb_map_count(f->used) >= WB_KEY_USE_MAX)
            return;
        if (!f->used) {
            f->used = wb_map_new();
            wb_timer_start(f->use_timer, WB_KEY_USE_MS);
        }
        u = wb_xcalloc(1, sizeof *u);
        memcpy(u->key, id.p, id.n);
        u->key_len = id.n;
        wb_map_put(f->used, id, u);
    }
    u->ms = wb_engine_now(f->engine);
    u->service = c->service->signing_name;
    u->region_len = region.n < sizeof u->region ? region.n : sizeof u->region;
    memcpy(u->region, region.p, u->region_len);
}
