/*
 * sort, dedup and limit: the best rows are kept, each in one piece of memory, and put in order at
 * the end. Without dedup they are a heap with the worst row on top, so that most rows are only
 * compared with that one.
 *
 * Without a sort, and among equals, the newest event is first; behind stats the rows stay as they
 * came.
 */
#include "base/map.h"
#include "services/logs/insights_impl.h"
#include <stdlib.h>

struct row {
    struct ins_kept kept;
    struct ins_value *key; /* of sort */
    uint64_t number;       /* as they came */
    size_t bytes;
    struct row *next; /* dedup: of one place in the table */
    uint64_t hash;
    struct wb_slice id;
    size_t at; /* dedup: its place in the list */
};

struct ins_rows {
    const struct ins_stage *stage;
    const bool *keep;
    size_t limit;
    struct row **row;
    size_t count, cap, memory;
    uint64_t number;
    struct row **table; /* dedup */
    size_t room;
    struct wb_buf id;
    struct wb_arena a;
    struct ins_kept **done;
};

struct ins_rows *ins_rows_new(const struct ins_stage *s, const bool *keep, int64_t limit)
{
    struct ins_rows *r = wb_xcalloc(1, sizeof *r);
    *r = (struct ins_rows){.stage = s, .keep = keep, .limit = (size_t)limit};
    wb_arena_init(&r->a, 0);
    if (s->dedups) {
        r->room = 64;
        r->table = wb_xcalloc(r->room, sizeof(struct row *));
    }
    return r;
}

void ins_rows_free(struct ins_rows *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        free(r->row[i]);
    free(r->row);
    free(r->table);
    free(r->done);
    wb_buf_release(&r->id);
    wb_arena_release(&r->a);
    free(r);
}

size_t ins_rows_memory(const struct ins_rows *r)
{
    return r->memory + r->cap * sizeof(struct row *) + r->room * sizeof(struct row *);
}

/* --- order --- */

static int by_place(const struct wb_log_place *x, const struct wb_log_place *y)
{
    if (x->time_ms != y->time_ms)
        return x->time_ms > y->time_ms ? -1 : 1;
    if (x->stamp != y->stamp)
        return x->stamp > y->stamp ? -1 : 1;
    return x->index > y->index ? -1 : x->index < y->index;
}

static int compare(struct ins_rows *r, const struct row *x, const struct row *y)
{
    const struct ins_stage *s = r->stage;
    for (uint32_t i = 0; i < s->sorts; i++) {
        int c = ins_order(&r->a, &x->key[i], &y->key[i]);
        if (c)
            return s->sort[i].descending ? -c : c;
    }
    int c = s->scope->events ? by_place(&x->kept.event.at, &y->kept.event.at) : 0;
    return c ? c : x->number < y->number ? -1 : x->number > y->number;
}

static int cmp_row(const void *x, const void *y, void *arg)
{
    return compare(arg, *(struct row *const *)x, *(struct row *const *)y);
}

/* --- keeping a row --- */

static size_t text_size(const struct ins_value *v)
{
    return v->kind == INS_TEXT || v->kind == INS_JSON ? v->text.n : 0;
}

static struct wb_slice put_text(char **to, struct wb_slice s)
{
    struct wb_slice out = wb_slice(*to, s.n);
    if (s.n)
        memcpy(*to, s.p, s.n);
    *to += s.n;
    return s.p ? out : s;
}

static struct ins_value put_value(char **to, const struct ins_value *v)
{
    struct ins_value out = *v;
    if (v->kind == INS_TEXT || v->kind == INS_JSON)
        out.text = put_text(to, v->text);
    return out;
}

/* A copy that owns what it points to. */
static struct row *own(struct ins_rows *r, struct ins_eval *e, const struct row *like)
{
    uint32_t slots = e->scope->slots, sorts = r->stage->sorts;
    size_t size = sizeof(struct row) + (slots + sorts) * sizeof(struct ins_value) + like->id.n +
                  like->kept.event.stream.n;
    for (uint32_t i = 0; i < slots; i++)
        if (r->keep[i]) {
            struct ins_value v = ins_slot_value(e, i);
            size += text_size(&v);
        }
    for (uint32_t i = 0; i < sorts; i++)
        size += text_size(&like->key[i]);
    struct row *row = wb_xmalloc(size);
    *row = *like;
    row->bytes = size;
    row->kept.v = (struct ins_value *)(row + 1);
    row->key = row->kept.v + slots;
    char *to = (char *)(row->key + sorts);
    for (uint32_t i = 0; i < slots; i++)
        row->kept.v[i] = r->keep[i] ? put_value(&to, &e->row.v[i]) : INS_MISSING;
    for (uint32_t i = 0; i < sorts; i++)
        row->key[i] = put_value(&to, &like->key[i]);
    row->id = put_text(&to, like->id);
    row->kept.event.stream = put_text(&to, like->kept.event.stream);
    r->memory += size;
    return row;
}

static void drop(struct ins_rows *r, struct row *row)
{
    r->memory -= row->bytes;
    free(row);
}

static void append(struct ins_rows *r, struct row *row)
{
    if (r->count == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        r->row = wb_xrealloc(r->row, r->cap * sizeof(struct row *));
    }
    row->at = r->count;
    r->row[r->count++] = row;
}

/* --- the heap: the worst on top --- */

static void sift_up(struct ins_rows *r, size_t i)
{
    for (; i && compare(r, r->row[i], r->row[(i - 1) / 2]) > 0; i = (i - 1) / 2) {
        struct row *t = r->row[i];
        r->row[i] = r->row[(i - 1) / 2];
        r->row[(i - 1) / 2] = t;
    }
}

static void sift_down(struct ins_rows *r)
{
    for (size_t i = 0, child; (child = 2 * i + 1) < r->count; i = child) {
        child += child + 1 < r->count && compare(r, r->row[child + 1], r->row[child]) > 0;
        if (compare(r, r->row[child], r->row[i]) <= 0)
            return;
        struct row *t = r->row[i];
        r->row[i] = r->row[child];
        r->row[child] = t;
    }
}

static void add_best(struct ins_rows *r, struct ins_eval *e, const struct row *like)
{
    if (r->count < r->limit) {
        append(r, own(r, e, like));
        sift_up(r, r->count - 1);
    } else if (r->count && compare(r, like, r->row[0]) < 0) {
        drop(r, r->row[0]);
        r->row[0] = own(r, e, like);
        sift_down(r);
    }
}

/* --- dedup --- */

/* False: one of the values is missing, so the row is no duplicate of any. */
static bool row_id(struct ins_rows *r, struct ins_eval *e)
{
    r->id.n = 0;
    for (uint32_t i = 0; i < r->stage->dedups; i++) {
        struct ins_value v = ins_eval(e, r->stage->dedup[i]);
        if (v.kind == INS_NONE)
            return false;
        wb_buf_lp(&r->id, ins_show(e->a, &v));
    }
    return true;
}

static void grow(struct ins_rows *r)
{
    free(r->table);
    r->room *= 2;
    r->table = wb_xcalloc(r->room, sizeof(struct row *));
    for (size_t i = 0; i < r->count; i++)
        if (r->row[i]->id.p) {
            struct row **place = &r->table[r->row[i]->hash & (r->room - 1)];
            r->row[i]->next = *place;
            *place = r->row[i];
        }
}

static void add_distinct(struct ins_rows *r, struct ins_eval *e, struct row *like)
{
    if (!row_id(r, e)) {
        append(r, own(r, e, like));
        return;
    }
    like->id = wb_buf_slice(&r->id);
    like->hash = wb_hash(like->id);
    struct row **place = &r->table[like->hash & (r->room - 1)];
    while (*place && ((*place)->hash != like->hash || !wb_slice_eq((*place)->id, like->id)))
        place = &(*place)->next;
    struct row *old = *place;
    if (old && compare(r, like, old) >= 0)
        return;
    struct row *row = own(r, e, like);
    *place = row;
    row->next = old ? old->next : NULL;
    if (old) {
        row->at = old->at;
        r->row[row->at] = row;
        drop(r, old);
        return;
    }
    append(r, row);
    if (r->count > r->room)
        grow(r);
}

/* --- all --- */

void ins_rows_add(struct ins_rows *r, struct ins_eval *e)
{
    struct ins_value key[WB_INSIGHTS_COMMANDS_MAX + 1];
    struct row like = {.key = key, .number = r->number++};
    for (uint32_t i = 0; i < r->stage->sorts; i++)
        key[i] = ins_eval(e, r->stage->sort[i].expr);
    if (e->line) {
        like.kept.event = *e->line->event;
        like.kept.event.text = WB_SLICE_NULL;
    }
    wb_arena_reset(&r->a);
    if (r->stage->dedups)
        add_distinct(r, e, &like);
    else
        add_best(r, e, &like);
}

size_t ins_rows_done(struct ins_rows *r, struct ins_kept ***row)
{
    if (r->count)
        qsort_r(r->row, r->count, sizeof(struct row *), cmp_row, r);
    size_t n = r->count < r->limit ? r->count : r->limit;
    r->done = wb_xcalloc(n + 1, sizeof(struct ins_kept *));
    for (size_t i = 0; i < n; i++)
        r->done[i] = &r->row[i]->kept;
    *row = r->done;
    return n;
}
