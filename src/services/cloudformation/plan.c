/* Operations and plans in the store, and what of a plan comes next. */
#include "services/cloudformation/plan.h"

#include "base/map.h"
#include "services/cloudformation/record.h"

#define O(member, kind) CFN_MEMBER(struct cfn_operation, member, kind)
static const struct cfn_member members[] = {
    O(number, CFN_NUMBER),
    O(base, CFN_NUMBER),
    O(kind, CFN_TEXT),
    O(phase, CFN_NUMBER),
    O(turn, CFN_NUMBER),
    O(ctx, CFN_SECRET),
    O(before, CFN_JSON),
    O(retain, CFN_JSON),
    O(skip, CFN_JSON),
    O(take, CFN_JSON),
    O(imports, CFN_JSON),
    O(failed_create, CFN_JSON),
    O(failed_update, CFN_JSON),
    O(failed_delete, CFN_JSON),
    O(cause, CFN_TEXT),
    O(on_failure, CFN_TEXT),
    O(token, CFN_TEXT),
    O(policy, CFN_TEXT),
    O(monitor_ms, CFN_NUMBER),
    O(started_ms, CFN_NUMBER),
    O(deadline_ms, CFN_NUMBER),
    O(cancelled, CFN_FLAG),
    O(tags_changed, CFN_FLAG),
    O(retain_nothing, CFN_FLAG),
    {.name = NULL},
};
#undef O

static struct wb_slice key_of(struct wb_tx *tx, enum wb_table t, const struct cfn_stack *s)
{
    return wb_key(tx->arena, t, "u", s->number);
}

bool cfn_operation_read(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_operation *out)
{
    struct wb_slice row;
    *out = (struct cfn_operation){.number = 0};
    return wb_tx_get(tx, key_of(tx, WB_T_CFN_OPERATION, s), &row) &&
           cfn_record_read(tx, members, row, cfn_stack_place(tx->arena, s), out);
}

void cfn_operation_write(struct wb_tx *tx, const struct cfn_stack *s, const struct cfn_operation *o)
{
    wb_tx_put(tx, key_of(tx, WB_T_CFN_OPERATION, s),
              cfn_record_write(tx, members, o, cfn_stack_place(tx->arena, s)));
}

void cfn_operation_drop(struct wb_tx *tx, const struct cfn_stack *s)
{
    wb_tx_del(tx, key_of(tx, WB_T_CFN_OPERATION, s));
}

/* --- plans --- */

void cfn_plan_write(struct wb_tx *tx, const struct cfn_stack *s, const struct cfn_plan *p)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le32(&b, p->count);
    for (uint32_t i = 0; i < p->count; i++) {
        const struct cfn_item *it = &p->item[i];
        wb_buf_lp(&b, it->id);
        wb_buf_char(&b, (char)it->action);
        wb_buf_char(&b, (char)it->state);
        wb_buf_le64(&b, (uint64_t)it->due_ms);
        wb_buf_le32(&b, it->after_count);
        for (uint32_t k = 0; k < it->after_count; k++)
            wb_buf_le32(&b, it->after[k]);
    }
    wb_tx_put(tx, key_of(tx, WB_T_CFN_PLAN, s), wb_buf_slice(&b));
}

static void read_item(struct wb_arena *a, struct wb_rd *r, uint32_t count, struct cfn_item *it)
{
    it->id = wb_rd_lp(r);
    it->action = wb_rd_u8(r);
    it->state = wb_rd_u8(r);
    it->due_ms = (int64_t)wb_rd_le64(r);
    it->after_count = wb_rd_le32(r);
    if (it->after_count > count)
        r->bad = true;
    if (r->bad)
        return;
    it->after = wb_new_n(a, uint32_t, it->after_count);
    for (uint32_t k = 0; k < it->after_count; k++) {
        it->after[k] = wb_rd_le32(r);
        r->bad |= it->after[k] >= count;
    }
}

bool cfn_plan_read(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_plan *out)
{
    struct wb_slice row;
    *out = (struct cfn_plan){.count = 0};
    if (!wb_tx_get(tx, key_of(tx, WB_T_CFN_PLAN, s), &row))
        return false;
    struct wb_rd r = wb_rd(wb_dup(tx->arena, row));
    uint32_t count = wb_rd_le32(&r);
    if (count > row.n)
        return false;
    out->item = wb_new_n(tx->arena, struct cfn_item, count);
    while (out->count < count && !r.bad)
        read_item(tx->arena, &r, count, &out->item[out->count++]);
    return wb_rd_done(&r);
}

void cfn_plan_drop(struct wb_tx *tx, const struct cfn_stack *s)
{
    wb_tx_del(tx, key_of(tx, WB_T_CFN_PLAN, s));
}

static bool ready(const struct cfn_plan *p, const struct cfn_item *it, int64_t now_ms)
{
    if (it->state == CFN_WAITING)
        return it->due_ms <= now_ms;
    if (it->state != CFN_PENDING)
        return false;
    for (uint32_t k = 0; k < it->after_count; k++)
        if (p->item[it->after[k]].state != CFN_DONE_ITEM)
            return false;
    return true;
}

struct cfn_item *cfn_plan_next(struct cfn_plan *p, int64_t now_ms, uint32_t *from)
{
    for (uint32_t n = 0; n < p->count; n++) {
        uint32_t i = (*from + n) % p->count;
        if (!ready(p, &p->item[i], now_ms))
            continue;
        *from = i + 1;
        return &p->item[i];
    }
    return NULL;
}

int64_t cfn_plan_due(const struct cfn_plan *p)
{
    int64_t due = INT64_MAX;
    for (uint32_t i = 0; i < p->count; i++)
        if (p->item[i].state == CFN_WAITING && p->item[i].due_ms < due)
            due = p->item[i].due_ms;
    return due;
}

/* --- making plans --- */

static struct wb_map *places(const struct cfn_plan *p)
{
    struct wb_map *m = wb_map_new();
    for (uint32_t i = 0; i < p->count; i++)
        wb_map_put(m, p->item[i].id, &p->item[i]);
    return m;
}

static void add_after(struct wb_arena *a, struct cfn_item *it, uint32_t other)
{
    if ((it->after_count & (it->after_count - 1)) == 0) { /* a power of two: it is full */
        uint32_t *more = wb_new_n(a, uint32_t, it->after_count ? it->after_count * 2 : 1);
        if (it->after_count)
            memcpy(more, it->after, it->after_count * sizeof *more);
        it->after = more;
    }
    it->after[it->after_count++] = other;
}

struct cfn_plan cfn_plan_removal(struct wb_arena *a, const struct cfn_removal *list, size_t count)
{
    struct cfn_plan p = {.item = wb_new_n(a, struct cfn_item, count), .count = (uint32_t)count};
    for (size_t i = 0; i < count; i++)
        p.item[i] = (struct cfn_item){.id = list[i].id, .action = list[i].action};
    struct wb_map *place = places(&p);
    for (uint32_t i = 0; i < count; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_read(a, list[i].depends, NULL));
        while (wb_json_next(&it)) {
            struct cfn_item *on = wb_map_get(place, wb_json_str(it.value, a));
            if (on && on != &p.item[i])
                add_after(a, on, i);
        }
    }
    wb_map_free(place);
    return p;
}

struct cfn_plan cfn_plan_forward(struct wb_arena *a, const struct wb_template *t,
                                 const struct wb_cfn_env *env, struct wb_slice take)
{
    struct cfn_plan p = {.item = wb_new_n(a, struct cfn_item, t->resource_count)};
    uint32_t *place = wb_new_n(a, uint32_t, t->resource_count);
    struct wb_json imports = wb_json_read(a, take, NULL);
    for (size_t n = 0; n < t->resource_count; n++) {
        const struct wb_template_resource *r = &t->resource[t->order[n]];
        place[t->order[n]] = UINT32_MAX;
        if (!wb_template_condition(env, r->condition))
            continue;
        bool import = wb_json_is(wb_json_get_slice(imports, r->id));
        struct cfn_item *it = &p.item[p.count];
        *it = (struct cfn_item){.id = r->id, .action = import ? CFN_A_IMPORT : CFN_A_DEPLOY};
        for (size_t k = 0; k < r->depend_count; k++)
            if (place[r->depends[k]] != UINT32_MAX)
                add_after(a, it, place[r->depends[k]]);
        place[t->order[n]] = p.count++;
    }
    return p;
}
