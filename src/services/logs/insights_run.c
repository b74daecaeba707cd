/* Running a compiled query: events and rows go through the plan's stages. */
#include "services/logs/insights_impl.h"
#include <stdlib.h>

struct level { /* a stage at work */
    const struct ins_stage *stage;
    struct ins_groups *groups; /* one of the two */
    struct ins_rows *rows;
    bool *keep;
    struct ins_eval e;
};

struct insights_run {
    struct insights_query *q;
    struct wb_arena arena, row;
    struct level *level;
    size_t levels;
    uint64_t matched;
    bool passed; /* the event at hand */
    struct wb_slice why;
};

struct insights_run *insights_begin(struct insights_query *q, int64_t now_ms, int64_t limit)
{
    struct insights_run *r = wb_xcalloc(1, sizeof *r);
    r->q = q;
    wb_arena_init(&r->arena, 0);
    wb_arena_init(&r->row, 0);
    for (const struct ins_stage *s = q->stage; s; s = s->next)
        r->levels++;
    r->level = wb_new_n(&r->arena, struct level, r->levels);
    struct level *l = r->level;
    for (const struct ins_stage *s = q->stage; s; s = s->next, l++) {
        uint32_t slots = s->scope->slots;
        l->stage = s;
        l->e = (struct ins_eval){.scope = s->scope,
                                 .a = &r->row,
                                 .now_ms = now_ms,
                                 .row = {wb_new_n(&r->arena, struct ins_value, slots + 1),
                                         wb_new_n(&r->arena, uint8_t, slots + 1)}};
        if (s->stats) {
            l->groups = ins_groups_new(s);
            continue;
        }
        int64_t most = s->limit >= 0 ? s->limit : WB_INSIGHTS_ROWS_MAX;
        l->keep = wb_new_n(&r->arena, bool, slots + 1);
        for (uint32_t i = 0; i < slots; i++)
            l->keep[i] = s->next != NULL;
        for (uint32_t i = 0; !s->next && i < q->columns; i++)
            l->keep[q->column[i].slot] = true;
        l->rows = ins_rows_new(s, l->keep, !s->next && limit < most ? limit : most);
    }
    return r;
}

void insights_end(struct insights_run *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->levels; i++) {
        ins_groups_free(r->level[i].groups);
        ins_rows_free(r->level[i].rows);
    }
    wb_arena_release(&r->row);
    wb_arena_release(&r->arena);
    free(r);
}

struct wb_slice insights_why(const struct insights_run *r)
{
    return r->why;
}

uint64_t insights_matched(const struct insights_run *r)
{
    return r->matched;
}

static bool stop(struct insights_run *r, const char *why)
{
    r->why = wb_slice_str(why);
    return false;
}

/* --- row by row --- */

static void set(struct ins_eval *e, uint32_t slot, struct ins_value v)
{
    e->row.v[slot] = v;
    e->row.have[slot] = 1;
}

/* Each star takes as little as it can, the last one at the end all that is left. */
static void glob(struct ins_eval *e, const struct ins_command *c)
{
    struct ins_value subject = ins_eval(e, c->expr);
    struct wb_slice s = ins_show(e->a, &subject);
    ptrdiff_t at = s.p ? wb_slice_find(s, c->piece[0], 0) : -1;
    size_t from = at < 0 ? 0 : (size_t)at + c->piece[0].n;
    for (uint32_t i = 0; i < c->count; i++) {
        struct wb_slice next = c->piece[i + 1];
        bool rest = next.n == 0 && i + 1 == c->count;
        at = at < 0 ? -1 : rest ? (ptrdiff_t)s.n : wb_slice_find(s, next, from);
        if (at < 0) { /* no match: none of them is there */
            for (uint32_t k = 0; k < c->count; k++)
                set(e, c->slot[k], INS_MISSING);
            return;
        }
        set(e, c->slot[i], ins_text(wb_slice_sub(s, from, (size_t)at)));
        from = (size_t)at + next.n;
    }
}

static void regex(struct ins_eval *e, const struct ins_command *c)
{
    struct ins_value subject = ins_eval(e, c->expr);
    struct wb_slice s = ins_show(e->a, &subject), group[WB_REGEX_GROUPS_MAX];
    bool found = s.p && ins_like(e, c->regex, s, group);
    for (uint32_t i = 0; i < c->count; i++)
        set(e, c->slot[i],
            found && group[c->group[i]].p ? ins_text(group[c->group[i]]) : INS_MISSING);
}

static bool commands(struct insights_run *r, struct level *l, const struct ins_command *c);

static bool unnest(struct insights_run *r, struct level *l, const struct ins_command *c)
{
    struct ins_eval *e = &l->e;
    struct ins_value v = ins_eval(e, c->expr);
    struct wb_json list = v.kind == INS_JSON ? wb_json_read(e->a, v.text, NULL) : WB_JSON_NONE;
    if (wb_json_type(list) != WB_JSON_ARRAY) {
        set(e, *c->slot, v);
        return commands(r, l, c->next);
    }
    if (wb_json_count(list) > WB_INSIGHTS_UNNEST_MAX)
        return stop(r, "A list has too many elements to unnest.");
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        set(e, *c->slot, ins_of_json(it.value, e->a, true));
        if (!commands(r, l, c->next))
            return false;
    }
    return true;
}

static bool keep(struct insights_run *r, struct level *l)
{
    r->matched += l == r->level && !r->passed;
    r->passed = true;
    if (l->groups)
        ins_groups_add(l->groups, &l->e);
    else
        ins_rows_add(l->rows, &l->e);
    size_t memory = l->groups ? ins_groups_memory(l->groups) : ins_rows_memory(l->rows);
    if (l->e.costly)
        return stop(r, "A regular expression takes too many steps for one of the events.");
    if (memory > WB_INSIGHTS_MEMORY_MAX || r->row.total > WB_INSIGHTS_MEMORY_MAX)
        return stop(r, "The query needs too much memory. Group by fewer values, or ask for fewer "
                       "rows or a shorter time.");
    return true;
}

static bool commands(struct insights_run *r, struct level *l, const struct ins_command *c)
{
    for (; c; c = c->next) {
        struct ins_value v;
        switch (c->kind) {
        case CMD_SET:
            set(&l->e, *c->slot, ins_eval(&l->e, c->expr));
            break;
        case CMD_FILTER:
            v = ins_eval(&l->e, c->expr);
            if (!ins_true(&v))
                return !l->e.costly || keep(r, l);
            break;
        case CMD_GLOB:
            glob(&l->e, c);
            break;
        case CMD_REGEX:
            regex(&l->e, c);
            break;
        case CMD_UNNEST:
            return unnest(r, l, c);
        }
    }
    return keep(r, l);
}

bool insights_feed(struct insights_run *r, const struct insights_event *event)
{
    struct level *l = r->level;
    struct ins_line line;
    line.event = event;
    line.a = &r->row;
    line.json_looked = line.lambda_looked = false;
    wb_arena_reset(&r->row);
    memset(l->e.row.have, 0, l->stage->scope->slots);
    l->e.line = &line;
    r->passed = false;
    bool ok = commands(r, l, l->stage->command);
    l->e.line = NULL;
    return ok;
}

/* --- from stage to stage --- */

struct passing {
    struct insights_run *run;
    struct level *to;
};

static bool pass_group(void *arg, const struct ins_value *row)
{
    struct passing *p = arg;
    struct level *l = p->to;
    const struct ins_stage *from = (l - 1)->stage;
    uint32_t n = from->outs + from->keys;
    memset(l->e.row.have, 0, l->stage->scope->slots);
    memcpy(l->e.row.v, row, n * sizeof *row);
    memset(l->e.row.have, 1, n);
    bool ok = commands(p->run, l, l->stage->command);
    wb_arena_reset(&p->run->row);
    return ok;
}

/* The stages share their fields, of which the row has all. */
static bool pass_row(struct insights_run *r, struct level *l, const struct ins_kept *k)
{
    struct ins_line line = {
        .event = &k->event, .a = &r->row, .json_looked = true, .lambda_looked = true};
    uint32_t slots = l->stage->scope->slots;
    memcpy(l->e.row.v, k->v, slots * sizeof *k->v);
    memset(l->e.row.have, 1, slots);
    l->e.line = l->stage->scope->events ? &line : NULL;
    bool ok = commands(r, l, l->stage->command);
    l->e.line = NULL;
    wb_arena_reset(&r->row);
    return ok;
}

static void put_field(struct wb_json_writer *w, struct wb_slice name, struct wb_slice value)
{
    if (!value.p)
        return;
    wb_jw_object(w);
    wb_jw_kstr(w, "field", name);
    wb_jw_kstr(w, "value", value);
    wb_jw_end_object(w);
}

static void put_row(struct insights_run *r, const struct ins_kept *k, insights_row_fn *fn,
                    void *arg)
{
    struct wb_buf b = wb_buf_in(&r->row);
    struct wb_json_writer w;
    bool pointer = r->q->stage->next ? r->level[r->levels - 1].stage->scope->events : true;
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    for (uint32_t i = 0; i < r->q->columns; i++) {
        pointer = pointer && !wb_slice_is(r->q->column[i].name, "@ptr");
        put_field(&w, r->q->column[i].name, ins_show(&r->row, &k->v[r->q->column[i].slot]));
    }
    if (pointer)
        put_field(&w, WB_S("@ptr"), insights_pointer(&r->row, &k->event));
    wb_jw_end_array(&w);
    fn(arg, wb_buf_slice(&b));
    wb_arena_reset(&r->row);
}

bool insights_finish(struct insights_run *r, insights_row_fn *fn, void *arg)
{
    for (size_t i = 0; i < r->levels; i++) {
        struct level *l = &r->level[i], *next = l + 1;
        struct ins_kept **row;
        if (l->groups) {
            if (!ins_groups_each(l->groups, &r->row, pass_group, &(struct passing){r, next}))
                return false;
            continue;
        }
        size_t n = ins_rows_done(l->rows, &row);
        for (size_t k = 0; k < n; k++)
            if (i + 1 == r->levels)
                put_row(r, row[k], fn, arg);
            else if (!pass_row(r, next, row[k]))
                return false;
    }
    return true;
}
