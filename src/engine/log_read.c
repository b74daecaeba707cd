/*
 * Reading log lines in order of time over the blocks of a stream or a group.
 *
 * Blocks lie by hour, and within it by stream. The reader goes from hour to hour and merges what it
 * finds there; an hour with more than WB_LOG_WINDOW_BLOCKS blocks is read in shorter windows. Only
 * blocks whose times overlap are unpacked at once.
 */
#include "codec/zip.h"
#include "engine/internal.h"
#include "engine/logs.h"
#include <stdlib.h>

struct ref {      /* a block of the window */
    int64_t near; /* the first time met in it, negative when reading backward */
    uint64_t stamp;
    struct wb_slice key;
};

struct line {
    int64_t time_ms;
    uint32_t index;
    struct wb_slice text;
};

struct open_block {
    struct wb_arena arena;
    struct wb_log_block block;
    struct line *line;
    size_t at, count;
};

struct wb_log_reader {
    struct wb_tx *tx;
    struct wb_log_query q;
    bool ended;
    int64_t lo_ms, hi_ms; /* the window */
    int64_t hour_ms, width_ms;
    struct wb_arena refs_arena; /* of one window */
    struct ref *ref;
    size_t refs, next, cap;
    struct open_block **open;
    size_t opens, opens_cap;
    struct open_block *last; /* holds the event just given */
    struct wb_slice seen;    /* stream looked up last, while a window is collected */
    uint64_t seen_since;
    bool seen_wanted;
};

/* --- hours --- */

static struct wb_slice block_prefix(struct wb_arena *a, int64_t hour, uint64_t group,
                                    struct wb_slice stream)
{
    return stream.p ? wb_key(a, WB_T_LOG_BLOCK, "ius", hour, group, stream)
                    : wb_key(a, WB_T_LOG_BLOCK, "iu", hour, group);
}

/* The row nearest to the place of `prefix`, forward or backward. */
static bool nearest(struct wb_tx *tx, struct wb_arena *a, struct wb_slice prefix, bool backward,
                    struct wb_slice *key)
{
    struct wb_slice all = wb_key(a, WB_T_LOG_BLOCK, ""), value;
    struct wb_scan *s = backward ? wb_tx_scan(tx, all, wb_key_after(a, prefix), true)
                                 : wb_tx_scan(tx, prefix, wb_key_after(a, all), false);
    bool found = wb_tx_next(tx, s, key, &value);
    if (found)
        *key = wb_dup(a, *key);
    wb_scan_close(s);
    return found;
}

bool wb_log_hour(struct wb_tx *tx, uint64_t group, struct wb_slice stream, bool backward,
                 int64_t *hour_ms)
{
    struct wb_arena a;
    bool found = false;
    wb_arena_init(&a, 0);
    for (;;) {
        struct wb_slice prefix = block_prefix(&a, *hour_ms, group, stream), key;
        if (!nearest(tx, &a, prefix, backward, &key))
            break;
        if (wb_slice_starts(key, prefix)) {
            found = true;
            break;
        }
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(&a, key, &table);
        int64_t hour = wb_key_rd_i64(&k);
        /* Others' rows of this hour stand before and behind it: the next hour then. */
        if (hour == *hour_ms)
            hour += backward ? -WB_LOG_HOUR_MS : WB_LOG_HOUR_MS;
        *hour_ms = hour;
        wb_arena_reset(&a);
    }
    wb_arena_release(&a);
    return found;
}

/* --- a window --- */

static bool stream_wanted(struct wb_log_reader *r, const struct wb_log_block *b)
{
    if (!r->seen.p || !wb_slice_eq(r->seen, b->stream)) {
        struct wb_log_stream s;
        r->seen = b->stream;
        r->seen_wanted = (!r->q.wanted || r->q.wanted(r->q.arg, b->stream)) &&
                         wb_log_stream_read(r->tx, b->group, b->stream, &s);
        r->seen_since = r->seen_wanted ? s.since : 0;
    }
    return r->seen_wanted && b->stamp >= r->seen_since;
}

static int cmp_ref(const void *x, const void *y)
{
    const struct ref *a = x, *b = y;
    if (a->near != b->near)
        return a->near < b->near ? -1 : 1;
    return a->stamp < b->stamp ? -1 : a->stamp > b->stamp;
}

static void add_ref(struct wb_log_reader *r, const struct wb_log_block *b, struct wb_slice key)
{
    if (r->refs == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        r->ref = wb_xrealloc(r->ref, r->cap * sizeof *r->ref);
    }
    r->ref[r->refs++] = (struct ref){.near = r->q.backward ? -b->last_ms : b->first_ms,
                                     .stamp = b->stamp,
                                     .key = wb_dup(&r->refs_arena, key)};
}

/* Lists the blocks with lines in [lo, hi); false when they are too many for one window. */
static bool collect(struct wb_log_reader *r)
{
    struct wb_slice key, value;
    struct wb_arena *a = &r->refs_arena;
    bool fits = true;
    wb_arena_reset(a);
    r->refs = r->next = 0;
    r->seen = WB_SLICE_NULL;
    struct wb_scan *s =
        wb_tx_scan_prefix(r->tx, block_prefix(a, r->hour_ms, r->q.group, r->q.stream));
    while (fits && wb_tx_next(r->tx, s, &key, &value)) {
        struct wb_log_block b;
        if (!wb_log_block_decode(a, key, value, &b)) {
            r->tx->status = WB_STORE_CORRUPT;
            break;
        }
        if (b.first_ms >= r->hi_ms || b.last_ms < r->lo_ms || !stream_wanted(r, &b))
            continue;
        fits = r->refs < WB_LOG_WINDOW_BLOCKS || r->hi_ms - r->lo_ms <= 1;
        if (fits)
            add_ref(r, &b, key);
    }
    wb_scan_close(s);
    if (fits && r->refs)
        qsort(r->ref, r->refs, sizeof *r->ref, cmp_ref);
    return fits;
}

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The window that begins at *edge within this hour, as wide as can be. */
static void make_window(struct wb_log_reader *r, int64_t edge)
{
    int64_t first = max_of(r->hour_ms, r->q.from_ms),
            end = min_of(r->hour_ms + WB_LOG_HOUR_MS, r->q.to_ms);
    for (;; r->width_ms = (r->hi_ms - r->lo_ms) / 2) {
        r->lo_ms = r->q.backward ? max_of(first, edge - r->width_ms) : edge;
        r->hi_ms = r->q.backward ? edge : min_of(end, edge + r->width_ms);
        if (collect(r) || r->tx->status != WB_STORE_OK)
            return;
    }
}

static bool next_hour(struct wb_log_reader *r, int64_t hour)
{
    if (!wb_log_hour(r->tx, r->q.group, r->q.stream, r->q.backward, &hour))
        return false;
    r->hour_ms = hour;
    int64_t first = max_of(hour, r->q.from_ms), end = min_of(hour + WB_LOG_HOUR_MS, r->q.to_ms);
    if (first >= end)
        return false;
    r->width_ms = WB_LOG_HOUR_MS;
    make_window(r, r->q.backward ? end : first);
    return true;
}

static bool next_window(struct wb_log_reader *r)
{
    int64_t first = max_of(r->hour_ms, r->q.from_ms),
            end = min_of(r->hour_ms + WB_LOG_HOUR_MS, r->q.to_ms);
    r->width_ms = min_of(2 * r->width_ms, WB_LOG_HOUR_MS);
    if (r->q.backward ? r->lo_ms > first : r->hi_ms < end) {
        make_window(r, r->q.backward ? r->lo_ms : r->hi_ms);
        return true;
    }
    return next_hour(r, r->hour_ms + (r->q.backward ? -WB_LOG_HOUR_MS : WB_LOG_HOUR_MS));
}

/* --- lines --- */

static bool wanted_line(const struct wb_log_reader *r, const struct wb_log_block *b,
                        const struct line *l)
{
    const struct wb_log_place *p = r->q.place;
    if (l->time_ms < r->lo_ms || l->time_ms >= r->hi_ms)
        return false;
    if (!p)
        return true;
    bool before = l->time_ms != p->time_ms ? l->time_ms < p->time_ms
                  : b->stamp != p->stamp   ? b->stamp < p->stamp
                                           : l->index < p->index;
    return before == r->q.backward;
}

static int cmp_line(const void *x, const void *y)
{
    const struct line *a = x, *b = y;
    if (a->time_ms != b->time_ms)
        return a->time_ms < b->time_ms ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static void free_block(struct open_block *o)
{
    if (o)
        wb_arena_release(&o->arena);
    free(o);
}

static bool unpack(struct wb_log_reader *r, struct open_block *o, struct wb_slice key)
{
    struct wb_slice value, raw;
    if (!wb_tx_get(r->tx, key, &value) || !wb_log_block_decode(&o->arena, key, value, &o->block) ||
        !wb_inflate(&o->arena, o->block.packed, o->block.size, &raw))
        return false;
    struct wb_rd rd = wb_rd(raw);
    o->line = wb_new_n(&o->arena, struct line, o->block.lines + 1);
    for (uint32_t i = 0; i < o->block.lines && !rd.bad; i++) {
        struct line l = {.time_ms = (int64_t)wb_rd_le64(&rd), .index = i, .text = wb_rd_lp(&rd)};
        if (wanted_line(r, &o->block, &l))
            o->line[o->count++] = l;
    }
    qsort(o->line, o->count, sizeof *o->line, cmp_line);
    return wb_rd_done(&rd);
}

static void open_ref(struct wb_log_reader *r, struct wb_slice key)
{
    struct open_block *o = wb_xcalloc(1, sizeof *o);
    wb_arena_init(&o->arena, 0);
    if (!unpack(r, o, key))
        r->tx->status = WB_STORE_CORRUPT;
    if (r->tx->status != WB_STORE_OK || o->count == 0) {
        free_block(o);
        return;
    }
    if (r->opens == r->opens_cap) {
        r->opens_cap = r->opens_cap ? 2 * r->opens_cap : 16;
        r->open = wb_xrealloc(r->open, r->opens_cap * sizeof(struct open_block *));
    }
    r->open[r->opens++] = o;
}

static const struct line *head(const struct wb_log_reader *r, const struct open_block *o)
{
    return r->q.backward ? &o->line[o->count - 1 - o->at] : &o->line[o->at];
}

/* The open block whose line comes first. */
static size_t first_open(const struct wb_log_reader *r)
{
    size_t best = 0;
    for (size_t i = 1; i < r->opens; i++) {
        int64_t x = head(r, r->open[i])->time_ms, y = head(r, r->open[best])->time_ms;
        bool before = x != y ? x < y : r->open[i]->block.stamp < r->open[best]->block.stamp;
        if (before != r->q.backward)
            best = i;
    }
    return best;
}

/* Opens all blocks that may hold the next line. */
static void open_due(struct wb_log_reader *r)
{
    while (r->next < r->refs && r->tx->status == WB_STORE_OK) {
        if (r->opens) {
            int64_t t = head(r, r->open[first_open(r)])->time_ms;
            if (r->ref[r->next].near > (r->q.backward ? -t : t))
                return;
        }
        open_ref(r, r->ref[r->next++].key);
    }
}

bool wb_log_next(struct wb_log_reader *r, struct wb_log_event *e)
{
    free_block(r->last);
    r->last = NULL;
    while (!r->ended && r->tx->status == WB_STORE_OK) {
        open_due(r);
        if (r->opens == 0) {
            r->ended = !next_window(r);
            continue;
        }
        size_t i = first_open(r);
        struct open_block *o = r->open[i];
        const struct line *l = head(r, o);
        *e = (struct wb_log_event){.ingested_ms = o->block.ingested_ms,
                                   .at = {l->time_ms, o->block.stamp, l->index},
                                   .stream = o->block.stream,
                                   .text = l->text};
        if (++o->at == o->count) {
            r->last = o;
            r->open[i] = r->open[--r->opens];
        }
        return r->tx->status == WB_STORE_OK;
    }
    return false;
}

struct wb_log_reader *wb_log_open(struct wb_tx *tx, const struct wb_log_query *q)
{
    struct wb_log_reader *r = wb_xcalloc(1, sizeof *r);
    *r = (struct wb_log_reader){.tx = tx, .q = *q};
    wb_arena_init(&r->refs_arena, 0);
    if (q->place && !q->backward)
        r->q.from_ms = max_of(q->from_ms, q->place->time_ms);
    if (q->place && q->backward && q->place->time_ms < INT64_MAX)
        r->q.to_ms = min_of(q->to_ms, q->place->time_ms + 1);
    if (r->q.from_ms < 0)
        r->q.from_ms = 0;
    int64_t edge = q->backward ? r->q.to_ms - 1 : r->q.from_ms;
    r->ended = r->q.from_ms >= r->q.to_ms || !next_hour(r, edge - edge % WB_LOG_HOUR_MS);
    return r;
}

void wb_log_close(struct wb_log_reader *r)
{
    for (size_t i = 0; i < r->opens; i++)
        free_block(r->open[i]);
    free_block(r->last);
    free(r->open);
    free(r->ref);
    wb_arena_release(&r->refs_arena);
    free(r);
}
