/*
 * stats: rows are gathered in groups by their keys, each with the state of its aggregations.
 *
 * Percentiles keep all numbers, so that they are exact; count_distinct keeps a 64-bit hash of each
 * value. What all that may take is bounded for the query as a whole.
 */
#include "base/map.h"
#include "services/logs/insights_impl.h"
#include <math.h>
#include <stdlib.h>

struct state {
    double count, sum, mean, m2;
    struct ins_value best;
    struct wb_buf text; /* of best */
    struct wb_log_place at;
    double *number; /* percentiles */
    uint64_t *seen; /* distinct values: a table of hashes, 0 is free */
    size_t n, room;
};

struct group {
    struct group *next; /* of one place in the table */
    uint64_t hash;
    struct wb_slice id;
    struct ins_value *key;
    struct state *state;
};

struct ins_groups {
    const struct ins_stage *stage;
    struct wb_arena arena;
    struct group **table;
    size_t room, count;
    size_t extra; /* bytes outside of the arena */
    uint32_t rows;
    int64_t now_ms;
    struct wb_buf id;
};

struct ins_groups *ins_groups_new(const struct ins_stage *s)
{
    struct ins_groups *g = wb_xcalloc(1, sizeof *g);
    g->stage = s;
    wb_arena_init(&g->arena, 0);
    g->room = 64;
    g->table = wb_xcalloc(g->room, sizeof(struct group *));
    return g;
}

void ins_groups_free(struct ins_groups *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->room; i++)
        for (struct group *x = g->table[i]; x; x = x->next)
            for (uint32_t k = 0; k < g->stage->aggs; k++) {
                wb_buf_release(&x->state[k].text);
                free(x->state[k].number);
                free(x->state[k].seen);
            }
    free(g->table);
    wb_buf_release(&g->id);
    wb_arena_release(&g->arena);
    free(g);
}

size_t ins_groups_memory(const struct ins_groups *g)
{
    return g->arena.total + g->extra + g->room * sizeof(struct group *);
}

/* --- finding a row's group --- */

static void put_key(struct wb_buf *id, struct wb_arena *a, const struct ins_value *v)
{
    wb_buf_char(id, v->kind == INS_NONE ? 'n' : v->kind == INS_TIME ? 't' : 's');
    if (v->kind == INS_TIME)
        wb_buf_put(id, &v->num, sizeof v->num);
    else if (v->kind != INS_NONE)
        wb_buf_lp(id, ins_show(a, v));
}

static void grow(struct ins_groups *g)
{
    size_t room = 2 * g->room;
    struct group **table = wb_xcalloc(room, sizeof(struct group *));
    for (size_t i = 0; i < g->room; i++)
        for (struct group *x = g->table[i], *next; x; x = next) {
            next = x->next;
            x->next = table[x->hash & (room - 1)];
            table[x->hash & (room - 1)] = x;
        }
    free(g->table);
    g->table = table;
    g->room = room;
}

static struct group *group_of(struct ins_groups *g, struct ins_eval *e)
{
    const struct ins_stage *s = g->stage;
    struct ins_value key[WB_INSIGHTS_COMMANDS_MAX];
    g->id.n = 0;
    for (uint32_t i = 0; i < s->keys; i++) {
        key[i] = ins_eval(e, s->key[i]);
        put_key(&g->id, e->a, &key[i]);
    }
    uint64_t hash = wb_hash(wb_buf_slice(&g->id));
    struct group *x = g->table[hash & (g->room - 1)];
    while (x && (x->hash != hash || !wb_slice_eq(x->id, wb_buf_slice(&g->id))))
        x = x->next;
    if (x)
        return x;
    if (g->count++ == g->room)
        grow(g);
    x = wb_new(&g->arena, struct group);
    x->hash = hash;
    x->id = wb_dup(&g->arena, wb_buf_slice(&g->id));
    x->key = wb_new_n(&g->arena, struct ins_value, s->keys + 1);
    for (uint32_t i = 0; i < s->keys; i++)
        x->key[i] = ins_copy(&g->arena, &key[i]);
    x->state = wb_new_n(&g->arena, struct state, s->aggs + 1);
    x->next = g->table[hash & (g->room - 1)];
    g->table[hash & (g->room - 1)] = x;
    return x;
}

/* --- adding a row --- */

static void keep(struct ins_groups *g, struct state *s, const struct ins_value *v)
{
    s->best = *v;
    if (v->kind != INS_TEXT && v->kind != INS_JSON)
        return;
    size_t before = s->text.cap;
    s->text.n = 0;
    wb_buf_slice_put(&s->text, v->text);
    g->extra += s->text.cap - before;
    s->best.text = v->text.n ? wb_buf_slice(&s->text) : WB_S("");
}

static void add_number(struct ins_groups *g, struct state *s, double d)
{
    if (s->n == s->room) {
        size_t room = s->room ? 2 * s->room : 8;
        s->number = wb_xrealloc(s->number, room * sizeof *s->number);
        g->extra += (room - s->room) * sizeof *s->number;
        s->room = room;
    }
    s->number[s->n++] = d;
}

static bool insert(uint64_t *table, size_t room, uint64_t hash)
{
    size_t i = hash & (room - 1);
    while (table[i] && table[i] != hash)
        i = (i + 1) & (room - 1);
    bool there = table[i] != 0;
    table[i] = hash;
    return !there;
}

static void add_distinct(struct ins_groups *g, struct state *s, struct wb_slice text)
{
    if (2 * s->n >= s->room) {
        size_t room = s->room ? 2 * s->room : 8;
        uint64_t *table = wb_xcalloc(room, sizeof *table);
        for (size_t i = 0; i < s->room; i++)
            if (s->seen[i])
                insert(table, room, s->seen[i]);
        free(s->seen);
        s->seen = table;
        g->extra += (room - s->room) * sizeof *table;
        s->room = room;
    }
    s->n += insert(s->seen, s->room, wb_hash(text) | 1);
}

static int cmp_place(const struct wb_log_place *x, const struct wb_log_place *y)
{
    if (x->time_ms != y->time_ms)
        return x->time_ms < y->time_ms ? -1 : 1;
    if (x->stamp != y->stamp)
        return x->stamp < y->stamp ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void add_by_time(struct ins_groups *g, struct state *s, const struct ins_value *v,
                        const struct wb_log_place *at, int sign)
{
    if (s->best.kind != INS_NONE && sign * cmp_place(at, &s->at) <= 0)
        return;
    s->at = *at;
    keep(g, s, v);
}

static void add_by_order(struct ins_groups *g, struct ins_eval *e, struct state *s,
                         struct ins_value *v, int sign)
{
    if (s->best.kind == INS_NONE || sign * ins_order(e->a, v, &s->best) > 0)
        keep(g, s, v);
}

static void add_value(struct ins_groups *g, struct ins_eval *e, const struct ins_agg *a,
                      struct state *s, struct ins_value *v, const struct wb_log_place *at)
{
    double d;
    if (v->kind == INS_NONE)
        return;
    switch (a->kind) {
    case AGG_COUNT:
        s->count++;
        return;
    case AGG_DISTINCT:
        add_distinct(g, s, ins_show(e->a, v));
        return;
    case AGG_MIN:
    case AGG_FIRST:
        add_by_order(g, e, s, v, -1);
        return;
    case AGG_MAX:
    case AGG_LAST:
        add_by_order(g, e, s, v, 1);
        return;
    case AGG_EARLIEST:
        add_by_time(g, s, v, at, -1);
        return;
    case AGG_LATEST:
        add_by_time(g, s, v, at, 1);
        return;
    default:
        break;
    }
    if (!ins_as_number(v, &d))
        return;
    s->count++;
    s->sum += d;
    if (a->kind == AGG_PCT)
        add_number(g, s, d);
    if (a->kind == AGG_STDDEV) { /* Welford */
        double delta = d - s->mean;
        s->mean += delta / s->count;
        s->m2 += delta * (d - s->mean);
    }
}

void ins_groups_add(struct ins_groups *g, struct ins_eval *e)
{
    struct group *x = group_of(g, e);
    struct wb_log_place at = {.index = g->rows++};
    g->now_ms = e->now_ms;
    if (e->line)
        at = e->line->event->at;
    for (uint32_t i = 0; i < g->stage->aggs; i++) {
        const struct ins_agg *a = &g->stage->agg[i];
        if (!a->arg) {
            x->state[i].count++;
            continue;
        }
        struct ins_value v = ins_eval(e, a->arg);
        add_value(g, e, a, &x->state[i], &v, &at);
    }
}

/* --- results --- */

static int cmp_number(const void *x, const void *y)
{
    double p = *(const double *)x, q = *(const double *)y;
    return p < q ? -1 : p > q;
}

/* The smallest number that so many percent are not above. */
static struct ins_value percentile(struct state *s, double percent)
{
    if (s->n == 0)
        return INS_MISSING;
    qsort(s->number, s->n, sizeof *s->number, cmp_number);
    double rank = ceil(percent / 100 * (double)s->n);
    size_t i = rank < 1 ? 0 : (size_t)rank - 1;
    return ins_number(s->number[i < s->n ? i : s->n - 1]);
}

static struct ins_value result(const struct ins_agg *a, struct state *s)
{
    switch (a->kind) {
    case AGG_COUNT:
        return ins_number(s->count);
    case AGG_DISTINCT:
        return ins_number((double)s->n);
    case AGG_SUM:
        return s->count > 0 ? ins_number(s->sum) : INS_MISSING;
    case AGG_AVG:
        return s->count > 0 ? ins_number(s->sum / s->count) : INS_MISSING;
    case AGG_STDDEV:
        return s->count > 0 ? ins_number(sqrt(s->m2 / s->count)) : INS_MISSING;
    case AGG_PCT:
        return percentile(s, a->percent);
    default:
        return s->best;
    }
}

struct ordering {
    struct wb_arena *a;
    uint32_t keys;
};

static int cmp_group(const void *x, const void *y, void *arg)
{
    const struct group *const *p = x, *const *q = y;
    const struct ordering *o = arg;
    for (uint32_t i = 0; i < o->keys; i++) {
        int c = ins_order(o->a, &(*p)->key[i], &(*q)->key[i]);
        if (c)
            return c;
    }
    return wb_slice_cmp((*p)->id, (*q)->id);
}

bool ins_groups_each(struct ins_groups *g, struct wb_arena *scratch,
                     bool (*fn)(void *arg, const struct ins_value *row), void *arg)
{
    const struct ins_stage *s = g->stage;
    struct group **all = wb_xcalloc(g->count + 1, sizeof(struct group *));
    struct ins_value row[2 * WB_INSIGHTS_COMMANDS_MAX];
    uint8_t have[2 * WB_INSIGHTS_COMMANDS_MAX];
    struct ins_value *agg = wb_xcalloc(s->aggs + 1, sizeof *agg);
    size_t n = 0;
    bool ok = true;
    for (size_t i = 0; i < g->room; i++)
        for (struct group *x = g->table[i]; x; x = x->next)
            all[n++] = x;
    qsort_r(all, n, sizeof(struct group *), cmp_group, &(struct ordering){&g->arena, s->keys});
    memset(have, 1, sizeof have);
    for (size_t i = 0; i < n && ok; i++) {
        struct ins_eval e = {.scope = s->next->scope,
                             .row = {row, have},
                             .agg = agg,
                             .a = scratch,
                             .now_ms = g->now_ms};
        for (uint32_t k = 0; k < s->aggs; k++)
            agg[k] = result(&s->agg[k], &all[i]->state[k]);
        for (uint32_t k = 0; k < s->outs; k++)
            row[k] = ins_eval(&e, s->out[k]);
        memcpy(row + s->outs, all[i]->key, s->keys * sizeof *row);
        ok = fn(arg, row);
    }
    free(agg);
    free(all);
    return ok;
}
