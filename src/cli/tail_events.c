/*
 * waybill tail events. TailEvents says what a bus gets. Each of its updates tells what stamps it
 * covers; whatever is missing between the last one seen and the next (a break, or more than an
 * update holds) is read from the bus log with ListEvents first.
 */
#include "base/time.h"
#include "cli/tail.h"

#include <stdio.h>

struct events {
    struct tail *t;
    const char *bus, *pattern;
    uint64_t seen; /* all up to this stamp were shown; 0: not begun */
};

static struct wb_slice request(struct wb_arena *a, const struct events *e, uint64_t after)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    if (e->bus)
        wb_jw_kcstr(&w, "EventBusName", e->bus);
    if (e->pattern)
        wb_jw_kcstr(&w, "EventPattern", e->pattern);
    if (after)
        wb_jw_kstr(&w, "After", wb_printf(a, "%llu", (unsigned long long)after));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static uint64_t stamp_in(struct wb_json v, const char *name, struct wb_arena *a)
{
    uint64_t stamp = 0;
    wb_slice_u64(wb_json_get_str(v, name, a), &stamp);
    return stamp;
}

static bool show(struct events *e, struct wb_json event, struct wb_arena *a)
{
    const struct tail *t = e->t;
    int64_t ms = 0;
    if (t->json) {
        tail_json(t, wb_json_raw(event));
        return tail_end_line();
    }
    wb_time_parse_iso(wb_json_get_str(event, "time", a), &ms, NULL);
    tail_time(t, ms);
    putchar(' ');
    tail_text(t, TAIL_CYAN, wb_json_get_str(event, "source", a));
    putchar(' ');
    tail_text(t, TAIL_GREEN, wb_json_get_str(event, "detail-type", a));
    putchar(' ');
    tail_json(t, wb_json_raw(wb_json_get(event, "detail")));
    return tail_end_line();
}

static enum tail_result show_all(struct events *e, struct wb_json list, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        uint64_t stamp = stamp_in(it.value, "Stamp", a);
        if (stamp <= e->seen)
            continue;
        if (!show(e, wb_json_get(it.value, "Event"), a))
            return TAIL_FAILED;
        e->seen = stamp;
    }
    return TAIL_ON;
}

static enum tail_result catch_up(struct events *e)
{
    struct wb_arena a;
    struct wb_aws_answer r;
    enum tail_result result;
    wb_arena_init(&a, 0);
    bool more = true;
    do {
        wb_arena_reset(&a);
        result = tail_ask(e->t, &a, "waybill", "ListEvents", request(&a, e, e->seen), &r);
        if (result != TAIL_ON)
            break;
        result = show_all(e, wb_json_get(r.json, "Events"), &a);
        e->seen = stamp_in(r.json, "Next", &a);
        more = wb_json_bool(wb_json_get(r.json, "More"), false);
    } while (more && result == TAIL_ON);
    wb_arena_release(&a);
    return result;
}

static enum tail_result event(void *arg, struct wb_slice name, struct wb_json v, struct wb_arena *a)
{
    struct events *e = arg;
    uint64_t from = stamp_in(v, "From", a), next = stamp_in(v, "Next", a);
    if (wb_slice_is(name, "Start")) {
        if (!e->seen)
            e->seen = next;
        return e->seen < next ? catch_up(e) : TAIL_ON;
    }
    enum tail_result r = TAIL_ON;
    if (!from || from > e->seen)
        r = catch_up(e);
    if (r == TAIL_ON)
        r = show_all(e, wb_json_get(v, "Events"), a);
    if (r == TAIL_ON && next > e->seen)
        e->seen = next;
    return r;
}

int tail_events(struct tail *t, const char *bus, const char *pattern)
{
    struct events e = {.t = t, .bus = bus, .pattern = pattern};
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct tail_stream s = {.service = "waybill",
                            .operation = "TailEvents",
                            .input = request(&a, &e, 0),
                            .event = event,
                            .arg = &e};
    int rc = tail_follow(t, &s);
    wb_arena_release(&a);
    return rc;
}
