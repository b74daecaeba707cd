/*
 * Pages outside the operations: the services' own (confirmation links) and the server's under
 * /_waybill/.
 */
#include "engine/internal.h"

void wb_page_register(struct wb_engine *e, const struct wb_page *p)
{
    if (p->path[strlen(p->path) - 1] == '*') {
        struct wb_page_prefix *x = wb_new(&e->arena, struct wb_page_prefix);
        *x = (struct wb_page_prefix){e->prefixes, p};
        e->prefixes = x;
        return;
    }
    struct wb_slice key = wb_printf(&e->arena, "%s %s", p->method, p->path);
    void *before = wb_map_put(e->pages, key, (void *)p);
    assert(!before);
}

const struct wb_page *wb_page_find(const struct wb_engine *e, struct wb_arena *a,
                                   struct wb_slice method, struct wb_slice path)
{
    if (path.n < 2)
        return NULL; /* "/": the operations of most services */
    struct wb_slice parts[] = {method, WB_S(" "), path};
    const struct wb_page *p = wb_map_get(e->pages, wb_concat(a, parts, 3));
    for (struct wb_page_prefix *x = e->prefixes; x && !p; x = x->next)
        if (wb_slice_is(method, x->page->method) &&
            wb_slice_starts(path, wb_slice(x->page->path, strlen(x->page->path) - 1)))
            p = x->page;
    return p;
}

void wb_door_register(struct wb_engine *e, const struct wb_door *d)
{
    assert(!e->door);
    e->door = d;
}

static void health(struct wb_call *c, struct wb_slice query)
{
    bool ready = atomic_load(&c->engine->ready) && !atomic_load(&c->engine->quiet);
    c->status = ready ? 200 : 503;
    c->raw_answer = ready ? WB_S("{\"status\":\"ready\"}\n") : WB_S("{\"status\":\"stopping\"}\n");
    wb_call_header(c, "Content-Type", WB_S("application/json"));
}

/* Test mode: moves the engine clock, forwards only. */
static void move_clock(struct wb_call *c, struct wb_slice query)
{
    struct wb_json in = wb_json_read(c->arena, c->payload, NULL);
    int64_t by = 0, to = 0, now = wb_engine_now(c->engine);
    if (wb_json_i64(wb_json_get(in, "set_ms"), &to))
        by = to - now;
    else if (!wb_json_i64(wb_json_get(in, "advance_ms"), &by)) {
        wb_fail(c, "BadRequest", 400, "give {\"advance_ms\": N} or {\"set_ms\": N}");
        return;
    }
    if (by < 0) {
        wb_fail(c, "BadRequest", 400, "the engine clock never goes back");
        return;
    }
    wb_clock_move(c->engine, by);
    c->raw_answer = wb_printf(c->arena, "{\"now_ms\":%lld}\n", (long long)wb_engine_now(c->engine));
    wb_call_header(c, "Content-Type", WB_S("application/json"));
}

/* --- reset --- */

/* What a reset leaves: accounts and their root keys, the numbers given out (nothing may meet a
 * number twice), the engine clock. */
static bool survives(struct wb_arena *a, struct wb_slice key, struct wb_slice value)
{
    uint16_t table;
    struct wb_access_key k;
    struct wb_key_rd r = wb_key_rd(a, key, &table);
    if (table == WB_T_COUNTER || table == WB_T_ACCOUNT)
        return true;
    if (table == WB_T_ACCESS_KEY) /* users go, and their keys with them */
        return wb_access_key_decode(value, &k) && k.owner.type == WB_PRINCIPAL_ROOT;
    return table == WB_T_META && wb_slice_is(wb_key_rd_str(&r), "clock");
}

static void forget_rows(struct wb_engine *e, void *arg)
{
    wb_dispatcher_reset(e);
}

static void reset(struct wb_call *c, struct wb_slice query)
{
    struct wb_tx *tx = c->tx;
    struct wb_tx_ext *x = wb_tx_ext(tx);
    struct wb_slice key, value;
    x->engine = true; /* as large as it is, it is one command */
    struct wb_scan *s = wb_tx_scan(tx, WB_S("\0"), WB_SLICE_NULL, false);
    while (wb_tx_next(tx, s, &key, &value))
        if (!survives(tx->arena, key, value))
            wb_tx_del(tx, key);
    wb_scan_close(s);
    x->batch->note.n = x->batch->sample.n = 0; /* of commands before, whose rows are gone, too */
    wb_defs_forget_all(tx);
    wb_engine_first(tx);
    wb_tx_after(tx, forget_rows, NULL);
    x->engine = false;
    c->raw_answer = WB_S("{}\n");
    wb_call_header(c, "Content-Type", WB_S("application/json"));
}

void wb_pages_register(struct wb_engine *e)
{
    static const struct wb_page get_health = {
        .method = "GET", .path = "/_waybill/health", .handle = health};
    static const struct wb_page post_clock = {
        .method = "POST", .path = "/_waybill/clock", .handle = move_clock};
    static const struct wb_page post_reset = {
        .method = "POST", .path = "/_waybill/reset", .writes = true, .handle = reset};
    wb_page_register(e, &get_health);
    if (e->config.test_clock)
        wb_page_register(e, &post_clock);
    if (!e->config.auth)
        wb_page_register(e, &post_reset);
}
