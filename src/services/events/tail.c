/*
 * Following a bus: TailEvents says what it gets from now on, ListEvents what it got since. Both are
 * operations of the server's own service. An event's stamp is its place in the bus log; the
 * server's own events that no rule matches have one, too, but are in no log.
 */
#include "engine/tail.h"
#include "services/events/events.h"

/* --- hearing --- */

bool wb_events_followed(struct wb_tx *tx, const struct wb_bus *b)
{
    return wb_feed_wanted(tx->engine, WB_FEED_EVENT, b->account, b->region, b->name);
}

void wb_events_hear(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice event, uint64_t stamp)
{
    wb_feed_put(tx, &(struct wb_feed_item){.kind = WB_FEED_EVENT,
                                           .account = b->account,
                                           .region = b->region,
                                           .name = b->name,
                                           .stamp = stamp,
                                           .body = event});
}

/* --- patterns --- */

struct wanted { /* without a pattern: all */
    struct wb_pattern *pattern;
    struct wb_match_set *set;
};

static bool wanted_make(struct wb_call *c, struct wanted *w)
{
    struct wb_slice text = wb_in_str(c, "EventPattern"), why;
    *w = (struct wanted){.pattern = NULL};
    if (!text.p)
        return true;
    w->pattern = wb_pattern_compile(text, c->arena, &why);
    if (!w->pattern) {
        wb_fail(c, "InvalidEventPatternException", 400, "Event pattern is not valid. Reason: %.*s",
                WB_FMT(why));
        return false;
    }
    w->set = wb_match_new(&w->pattern, 1);
    return true;
}

static void wanted_free(struct wanted *w)
{
    wb_match_free(w->set);
    wb_pattern_free(w->pattern);
}

static bool matches(const struct wanted *w, struct wb_arena *scratch, struct wb_slice event)
{
    uint32_t *rules;
    if (!w->set)
        return true;
    struct wb_json v = wb_json_read(scratch, event, NULL);
    return wb_json_type(v) == WB_JSON_OBJECT && wb_match_event(w->set, v, scratch, &rules) > 0;
}

/* Of another account with its ARN. */
static const struct wb_bus *bus_of(struct wb_call *c)
{
    struct wb_slice given = wb_in_str(c, "EventBusName");
    struct wb_ctx ctx = c->ctx;
    ctx.account = wb_bus_account(&c->ctx, given);
    const struct wb_bus *b = wb_bus_find(c->tx, ctx.account, ctx.region, wb_bus_name(&ctx, given));
    if (!b)
        wb_fail(c, "ResourceNotFoundException", 400, "Event bus %.*s does not exist.",
                WB_FMT(given));
    return b;
}

static struct wb_slice stamp_text(struct wb_arena *a, uint64_t stamp)
{
    return wb_printf(a, "%llu", (unsigned long long)stamp);
}

/* --- TailEvents --- */

static void put_stamp(struct wb_tail *t, struct wb_json_writer *w, const char *name, uint64_t stamp)
{
    if (stamp)
        wb_jw_kstr(w, name, stamp_text(&t->scratch, stamp));
}

static void put_start(struct wb_tail *t, struct wb_json_writer *w, uint64_t from)
{
    put_stamp(t, w, "Next", from);
}

static void look(struct wb_tail *t, const struct wb_feed_item *i)
{
    struct wb_json_writer *w;
    if (!matches(t->state, &t->scratch, i->body) || !(w = wb_tail_result(t)))
        return;
    wb_jw_object(w);
    put_stamp(t, w, "Stamp", i->stamp);
    wb_jw_kraw(w, "Event", i->body);
    wb_jw_end_object(w);
}

static void put_update(struct wb_tail *t, struct wb_json_writer *w, const struct wb_tail_update *u)
{
    put_stamp(t, w, "From", u->from);
    put_stamp(t, w, "Next", u->next);
    wb_jw_kraw(w, "Events", wb_buf_slice(&u->results));
}

static void free_state(struct wb_tail *t)
{
    wanted_free(t->state);
}

static const struct wb_tail_kind kind = {.feed = WB_FEED_EVENT,
                                         .start = "Start",
                                         .update = "Update",
                                         .put_start = put_start,
                                         .look = look,
                                         .put_update = put_update,
                                         .free = free_state};

static void tail_events(struct wb_call *c)
{
    struct wanted w;
    const struct wb_bus *b = bus_of(c);
    if (!b || !wanted_make(c, &w))
        return;
    struct wb_tail *t = wb_tail_new(c, &kind);
    struct wanted *state = wb_new(&t->arena, struct wanted);
    struct wb_slice *name = wb_new(&t->arena, struct wb_slice);
    *state = w;
    *name = wb_dup(&t->arena, b->name);
    t->state = state;
    wb_tail_begin(c, t, wb_dup(&t->arena, b->account), wb_dup(&t->arena, b->region), name, 1);
}

/* --- ListEvents --- */

struct listing {
    struct wb_call *c;
    const struct wanted *wanted;
    uint64_t next;
    size_t looked, told, rows;
    bool more;
};

static void list_row(struct listing *l, struct wb_slice key, struct wb_slice event)
{
    struct wb_out *o = &l->c->out;
    struct wb_key_rd k = wb_key_rd(l->c->arena, key, &(uint16_t){0});
    wb_key_rd_u64(&k);
    l->next = wb_key_rd_u64(&k);
    l->looked += event.n;
    l->rows++;
    struct wb_arena scratch;
    wb_arena_init(&scratch, 0);
    if (matches(l->wanted, &scratch, event)) {
        l->told += event.n;
        wb_out_object(o, NULL);
        wb_out_str(o, "Stamp", stamp_text(l->c->arena, l->next));
        wb_out_json(o, "Event", event);
        wb_out_end(o);
    }
    wb_arena_release(&scratch);
    l->more = l->rows >= WB_TAIL_LIST_ROWS || l->told >= WB_TAIL_UPDATE_BYTES ||
              l->looked >= WB_TAIL_LIST_BYTES;
}

static void list_log(struct listing *l, const struct wb_bus *b)
{
    struct wb_arena *a = l->c->arena;
    struct wb_slice all = wb_key(a, WB_T_BUS_LOG, "u", b->number), key, value;
    struct wb_slice lo = wb_key(a, WB_T_BUS_LOG, "uu", b->number, l->next + 1);
    struct wb_scan *s = wb_tx_scan(l->c->tx, lo, wb_key_after(a, all), false);
    wb_out_list(&l->c->out, "Events");
    while (!l->more && wb_tx_next(l->c->tx, s, &key, &value))
        list_row(l, key, value);
    wb_out_end(&l->c->out);
    wb_scan_close(s);
}

static void list_events(struct wb_call *c)
{
    struct wanted w;
    struct listing l = {.c = c, .wanted = &w};
    if (!wb_slice_u64(wb_in_str(c, "After"), &l.next)) {
        wb_fail(c, "ValidationException", 400, "After is not the stamp of an event");
        return;
    }
    const struct wb_bus *b = bus_of(c);
    if (!b || !wanted_make(c, &w))
        return;
    list_log(&l, b);
    wanted_free(&w);
    wb_out_str(&c->out, "Next", stamp_text(c->arena, l.next));
    wb_out_bool(&c->out, "More", l.more);
}

void wb_events_tail_register(struct wb_engine *e)
{
    static const struct wb_bus_tail ops = {tail_events, list_events};
    wb_bus_tail_register(e, &ops);
}
