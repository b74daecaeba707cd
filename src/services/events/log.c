/*
 * The bus log: each event once, in the order of commits. Archive, replay and retries of targets
 * read it.
 *
 * A row stays at least WB_BUS_LOG_HOURS, and as long as a work row points at it. Once an hour a
 * timer notes the stamp of the hour; stamps grow with time, so what lies before the note of a day
 * ago is old enough. It then reads through the work queue, a page a command, for the oldest stamp
 * that is still pointed at, and drops what lies before both. A row that moves in the queue while it
 * is read moves to a later time, so it is never missed; new rows point at new events.
 *
 * The timer's state lies in its own work row: {"notes": [[ms, stamp]...], "limit": stamp, "cursor":
 * hex of the last key read}.
 */
#include "base/limits.h"
#include "codec/text.h"
#include "services/events/events.h"

#define HOUR_MS   3600000LL
#define PAGE_ROWS 500
#define NOTES_MAX (WB_BUS_LOG_HOURS + 2)

struct wb_slice wb_events_log(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice event)
{
    uint64_t stamp = wb_tx_stamp(tx);
    struct wb_slice key = wb_key(tx->arena, WB_T_BUS_LOG, "uu", b->number, stamp);
    wb_tx_put(tx, key, event);
    if (wb_events_followed(tx, b))
        wb_events_hear(tx, b, event, stamp);
    return key;
}

struct state {
    struct {
        int64_t ms;
        uint64_t stamp;
    } note[NOTES_MAX];
    unsigned notes;
    uint64_t limit;         /* rows before this stamp may go; 0 = not reading */
    struct wb_slice cursor; /* last key of the work queue that was read */
};

static struct state read_state(struct wb_arena *a, struct wb_slice json)
{
    struct state s = {.notes = 0};
    struct wb_json v = wb_json_read(a, json, NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "notes"));
    while (s.notes < NOTES_MAX && wb_json_next(&it)) {
        int64_t stamp = 0;
        wb_json_i64(wb_json_item(it.value, 0), &s.note[s.notes].ms);
        wb_json_i64(wb_json_item(it.value, 1), &stamp);
        s.note[s.notes++].stamp = (uint64_t)stamp;
    }
    s.limit = (uint64_t)wb_json_get_i64(v, "limit", 0);
    wb_hex_decode(a, wb_json_get_str(v, "cursor", a), &s.cursor);
    return s;
}

static void next_turn(struct wb_tx *tx, const struct state *s, int64_t due_ms)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "notes");
    wb_jw_array(&w);
    for (unsigned i = 0; i < s->notes; i++) {
        wb_jw_array(&w);
        wb_jw_i64(&w, s->note[i].ms);
        wb_jw_i64(&w, (int64_t)s->note[i].stamp);
        wb_jw_end_array(&w);
    }
    wb_jw_end_array(&w);
    if (s->limit) {
        wb_jw_ki64(&w, "limit", (int64_t)s->limit);
        wb_jw_kstr(&w, "cursor", wb_hex_encode(tx->arena, s->cursor));
    }
    wb_jw_end_object(&w);
    struct wb_work next = {.target = WB_S("events.expire"),
                           .executor = wb_events_expire_executor.name,
                           .due_ms = due_ms,
                           .meta = wb_buf_slice(&b)};
    wb_work_add(tx, &next);
}

void wb_events_expire_first(struct wb_tx *tx)
{
    struct state s = {.notes = 0};
    next_turn(tx, &s, tx->now_ms + HOUR_MS);
}

/* Notes the hour. The stamp of the newest note that is old enough, and no older notes than that. */
static void note_hour(struct wb_tx *tx, struct state *s)
{
    unsigned old = 0;
    s->limit = 0;
    for (unsigned i = 0; i < s->notes; i++) {
        if (s->note[i].ms <= tx->now_ms - WB_BUS_LOG_HOURS * HOUR_MS) {
            s->limit = s->note[i].stamp;
            old = i;
        }
    }
    s->notes -= old;
    memmove(s->note, s->note + old, s->notes * sizeof *s->note);
    if (s->notes == NOTES_MAX) /* the clock ran ahead of the timer; the next note will do */
        return;
    s->note[s->notes].ms = tx->now_ms;
    s->note[s->notes++].stamp = wb_tx_stamp(tx);
}

static void lower(struct wb_tx *tx, struct state *s, struct wb_slice log_key)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(tx->arena, log_key, &table);
    wb_key_rd_u64(&k);
    uint64_t stamp = wb_key_rd_u64(&k);
    if (table == WB_T_BUS_LOG && !k.bad && stamp < s->limit)
        s->limit = stamp;
}

/* Reads a page of the work queue; true when it was the last. */
static bool read_page(struct wb_tx *tx, struct state *s)
{
    struct wb_slice key, lo = wb_key(tx->arena, WB_T_WORK, ""), payload_key;
    struct wb_slice hi = wb_key_after(tx->arena, lo), value, event;
    if (s->cursor.n)
        lo = wb_concat(tx->arena, (struct wb_slice[]){s->cursor, WB_S("\0")}, 2);
    struct wb_scan *scan = wb_tx_scan(tx, lo, hi, false);
    unsigned n = 0;
    while (n < PAGE_ROWS && wb_tx_next(tx, scan, &key, &value)) {
        n++;
        s->cursor = wb_dup(tx->arena, key);
        struct wb_work w;
        if (!wb_work_decode(tx->arena, s->cursor, value, &w))
            continue;
        payload_key = w.payload_key;
        if (payload_key.n)
            lower(tx, s, payload_key);
        struct wb_slice log =
            wb_json_get_str(wb_json_read(tx->arena, w.meta, NULL), "log", tx->arena);
        if (log.n && wb_hex_decode(tx->arena, log, &event))
            lower(tx, s, event);
    }
    wb_scan_close(scan);
    return n < PAGE_ROWS;
}

/* Every bus that has rows, those deleted included. */
static void drop(struct wb_tx *tx, uint64_t limit)
{
    struct wb_slice lo = wb_key(tx->arena, WB_T_BUS_LOG, ""), key, value;
    struct wb_slice hi = wb_key_after(tx->arena, lo);
    struct wb_scan *scan = wb_tx_scan(tx, lo, hi, false);
    uint64_t bus[PAGE_ROWS];
    unsigned n = 0;
    while (n < PAGE_ROWS && wb_tx_next(tx, scan, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        uint64_t number = wb_key_rd_u64(&k);
        if (wb_key_rd_u64(&k) < limit)
            bus[n++] = number;
        wb_scan_seek(scan, wb_key(tx->arena, WB_T_BUS_LOG, "u", number + 1));
    }
    wb_scan_close(scan);
    for (unsigned i = 0; i < n; i++)
        wb_job_drop_range(tx, WB_S("expire bus log"), wb_key(tx->arena, WB_T_BUS_LOG, "u", bus[i]),
                          wb_key(tx->arena, WB_T_BUS_LOG, "uu", bus[i], limit));
}

static void expire(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct state s = read_state(tx->arena, w->meta);
    int64_t due = tx->now_ms + HOUR_MS;
    if (!s.limit)
        note_hour(tx, &s);
    if (s.limit) {
        if (read_page(tx, &s)) {
            drop(tx, s.limit);
            s.limit = 0;
            s.cursor = WB_SLICE_NULL;
        } else {
            due = tx->now_ms;
        }
    }
    next_turn(tx, &s, due);
    out->kind = WB_DONE;
}

const struct wb_executor wb_events_expire_executor = {.name = "events.expire", .step = expire};
