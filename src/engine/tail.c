#include "engine/tail.h"

#include "codec/event_stream.h"
#include "engine/internal.h"
#include "engine/stream.h"
#include <stdlib.h>

/* --- gathering --- */

static void open_update(struct wb_tail *t, uint64_t from)
{
    t->now = (struct wb_tail_update){.from = from, .next = from};
    wb_jw_init(&t->results, &t->now.results);
    wb_jw_array(&t->results);
}

struct wb_json_writer *wb_tail_result(struct wb_tail *t)
{
    struct wb_tail_update *u = &t->now;
    if (u->count >= WB_TAIL_UPDATE_EVENTS || u->results.n >= WB_TAIL_UPDATE_BYTES) {
        u->left_out = true;
        return NULL;
    }
    u->count++;
    return &t->results;
}

static void look(struct wb_tail *t, const struct wb_feed_item *i)
{
    if (t->now.left_out) /* it cannot become worse */
        return;
    t->kind->look(t, i);
    if (!t->now.left_out)
        t->now.next = i->stamp;
    wb_arena_reset(&t->scratch);
}

static void told(struct wb_feed_listener *l)
{
    struct wb_tail *t = WB_CONTAINER(l, struct wb_tail, feed);
    const struct wb_feed_item *i;
    size_t bytes = 0;
    while (bytes < WB_FEED_TURN_BYTES && (i = wb_feed_take(l))) {
        bytes += i->body.n;
        look(t, i);
    }
    if (bytes >= WB_FEED_TURN_BYTES)
        wb_feed_again(l);
    else
        t->now.left_out |= wb_feed_lost(l);
}

static void began(struct wb_feed_listener *l, uint64_t stamp)
{
    struct wb_tail *t = WB_CONTAINER(l, struct wb_tail, feed);
    t->begun = true;
    t->from = stamp - 1;
    t->now.from = t->from;
    if (t->now.next < t->from)
        t->now.next = t->from;
    wb_stream_go(t->stream);
}

/* --- sending --- */

static struct wb_tail_update *kept(struct wb_tail *t, unsigned i)
{
    return &t->kept[(t->first + i) % WB_TAIL_UPDATES_KEPT];
}

static void drop_first(struct wb_tail *t)
{
    wb_buf_release(&kept(t, 0)->results);
    t->first = (t->first + 1) % WB_TAIL_UPDATES_KEPT;
    t->kept_count--;
}

static void tick(void *state)
{
    struct wb_tail *t = state;
    struct wb_tail_update *u = &t->now;
    t->over = wb_engine_now(t->feed.engine) >= t->until_ms;
    if (!t->begun || (t->kept_count && !u->count && !u->left_out))
        return;
    if (t->kept_count == WB_TAIL_UPDATES_KEPT) {
        drop_first(t);
        kept(t, 0)->left_out = true;
    }
    wb_jw_end_array(&t->results);
    *kept(t, t->kept_count++) = *u;
    open_update(t, u->left_out ? 0 : u->next);
}

static void put_start(struct wb_tail *t, struct wb_buf *out)
{
    struct wb_json_writer w;
    struct wb_buf json = {.p = NULL};
    wb_jw_init(&w, &json);
    wb_jw_object(&w);
    t->kind->put_start(t, &w, t->from);
    wb_jw_end_object(&w);
    wb_event_put(out, "initial-response", t->type, WB_S("{}"));
    wb_event_put(out, t->kind->start, t->type, wb_buf_slice(&json));
    wb_buf_release(&json);
    t->started = true;
}

static void put_update(struct wb_tail *t, struct wb_buf *out, const struct wb_tail_update *u)
{
    struct wb_json_writer w;
    struct wb_buf json = {.p = NULL};
    wb_jw_init(&w, &json);
    wb_jw_object(&w);
    t->kind->put_update(t, &w, u);
    wb_jw_end_object(&w);
    wb_event_put(out, t->kind->update, t->type, wb_buf_slice(&json));
    wb_buf_release(&json);
}

static bool take(void *state, struct wb_buf *out)
{
    struct wb_tail *t = state;
    if (t->begun && !t->started)
        put_start(t, out);
    while (t->kept_count) {
        put_update(t, out, kept(t, 0));
        drop_first(t);
    }
    if (t->over)
        wb_event_exception_put(out, "SessionTimeoutException", t->type,
                               WB_S("The session has reached its limit of three hours."));
    return !t->over;
}

/* --- life --- */

static void gone(struct wb_feed_listener *l)
{
    struct wb_tail *t = WB_CONTAINER(l, struct wb_tail, feed);
    if (t->kind->free)
        t->kind->free(t);
    while (t->kept_count)
        drop_first(t);
    wb_buf_release(&t->now.results);
    wb_arena_release(&t->scratch);
    wb_arena_release(&t->arena);
    free(t);
}

static void end(void *state)
{
    struct wb_tail *t = state;
    wb_feed_leave(&t->feed);
}

static const struct wb_stream_source source = {
    .content_type = "application/vnd.amazon.eventstream", .tick = tick, .take = take, .end = end};

struct wb_tail *wb_tail_new(struct wb_call *c, const struct wb_tail_kind *kind)
{
    struct wb_tail *t = wb_xcalloc(1, sizeof *t);
    wb_arena_init(&t->arena, 0);
    wb_arena_init(&t->scratch, 0);
    t->kind = kind;
    t->type = c->protocol == WB_JSON11 ? WB_S("application/x-amz-json-1.1")
                                       : WB_S("application/x-amz-json-1.0");
    t->until_ms = wb_engine_now(c->engine) + WB_TAIL_SESSION_MS;
    open_update(t, 0);
    return t;
}

void wb_tail_begin(struct wb_call *c, struct wb_tail *t, struct wb_slice account,
                   struct wb_slice region, const struct wb_slice *name, size_t names)
{
    t->feed = (struct wb_feed_listener){.engine = c->engine,
                                        .loop = wb_call_loop(c),
                                        .kind = t->kind->feed,
                                        .account = account,
                                        .region = region,
                                        .name = name,
                                        .names = names,
                                        .began = began,
                                        .told = told,
                                        .gone = gone};
    if (wb_feed_listen(&t->feed)) {
        t->stream = wb_call_stream(c, &source, t);
        return;
    }
    gone(&t->feed);
    wb_fail(c, "LimitExceededException", 400,
            "Rate exceeded: an account may have %d such sessions at a time.", WB_TAIL_SESSIONS_MAX);
}

void wb_bus_tail_register(struct wb_engine *e, const struct wb_bus_tail *b)
{
    e->bus_tail = b;
}
