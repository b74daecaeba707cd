/* `waybill check`: rows can be read, and lead to each other. */
#include "services/cloudformation/plan.h"

struct checking {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static void each(struct checking *ch, enum wb_table table,
                 void (*fn)(struct checking *ch, struct wb_slice key, struct wb_slice row))
{
    struct wb_arena *outer = ch->tx->arena, inner;
    struct wb_slice key, row;
    struct wb_scan *s = wb_tx_scan_prefix(ch->tx, wb_key(outer, table, ""));
    wb_arena_init(&inner, 0);
    ch->tx->arena = &inner;
    while (wb_tx_next(ch->tx, s, &key, &row)) {
        fn(ch, key, row);
        wb_arena_reset(&inner);
    }
    wb_scan_close(s);
    ch->tx->arena = outer;
    wb_arena_release(&inner);
}

static bool number_is(struct wb_tx *tx, struct wb_slice key, uint64_t number)
{
    struct wb_slice row;
    struct wb_rd r;
    if (!wb_tx_get(tx, key, &row))
        return false;
    r = wb_rd(row);
    return wb_rd_le64(&r) == number;
}

static void check_stack(struct checking *ch, struct wb_slice key, struct wb_slice row)
{
    struct wb_tx *tx = ch->tx;
    struct cfn_stack s;
    struct cfn_operation op;
    struct cfn_plan plan;
    struct wb_slice text, why;
    if (!cfn_stack_decode(tx, key, row, &s)) {
        ch->bad(ch->arg, "cloudformation: a stack's row cannot be read");
        return;
    }
    struct wb_slice id = wb_key(tx->arena, WB_T_CFN_ID, "sss", s.account, s.region, s.uuid);
    struct wb_slice name = wb_key(tx->arena, WB_T_CFN_NAME, "sss", s.account, s.region, s.name);
    if (!number_is(tx, id, s.number))
        ch->bad(ch->arg, "cloudformation: a stack is not found by its id");
    if (!cfn_stack_deleted(&s) && !number_is(tx, name, s.number))
        ch->bad(ch->arg, "cloudformation: a stack is not found by its name");
    if (s.text &&
        (!cfn_text_get(tx, s.text, true, &text) || !wb_template_read(tx->arena, text, &why)))
        ch->bad(ch->arg, "cloudformation: a stack's template cannot be read");
    if (s.operation && (!cfn_operation_read(tx, &s, &op) || op.number != s.operation ||
                        !cfn_plan_read(tx, &s, &plan)))
        ch->bad(ch->arg, "cloudformation: a stack's operation or its plan cannot be read");
}

static void check_name(struct checking *ch, struct wb_slice key, struct wb_slice row)
{
    struct wb_key_rd k = wb_key_rd(ch->tx->arena, key, &(uint16_t){0});
    struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k);
    struct wb_slice name = wb_key_rd_str(&k);
    struct wb_rd r = wb_rd(row);
    uint64_t number = wb_rd_le64(&r);
    struct cfn_stack s;
    if (!wb_rd_done(&r) || !cfn_stack_read(ch->tx, account, region, number, &s) ||
        !wb_slice_eq(s.name, name) || cfn_stack_deleted(&s))
        ch->bad(ch->arg, "cloudformation: a name leads to no stack of that name");
}

static void check_resource(struct checking *ch, struct wb_slice key, struct wb_slice row)
{
    struct wb_key_rd k = wb_key_rd(ch->tx->arena, key, &(uint16_t){0});
    uint64_t stack = wb_key_rd_u64(&k);
    struct cfn_resource r;
    if (!cfn_resource_read(ch->tx, stack, wb_key_rd_str(&k), &r))
        ch->bad(ch->arg, "cloudformation: a resource's row cannot be read");
}

static void check_export(struct checking *ch, struct wb_slice key, struct wb_slice row)
{
    struct wb_key_rd k = wb_key_rd(ch->tx->arena, key, &(uint16_t){0});
    struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k), value;
    uint64_t stack;
    struct cfn_stack s;
    if (!cfn_export_read(ch->tx, account, region, wb_key_rd_str(&k), &stack, &value) ||
        !cfn_stack_read(ch->tx, account, region, stack, &s) || cfn_stack_deleted(&s))
        ch->bad(ch->arg, "cloudformation: an export is of no stack");
}

static void check_event(struct checking *ch, struct wb_slice key, struct wb_slice row)
{
    if (wb_json_type(wb_json_read(ch->tx->arena, row, NULL)) != WB_JSON_OBJECT)
        ch->bad(ch->arg, "cloudformation: an event's row cannot be read");
}

void cfn_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct checking ch = {.tx = tx, .bad = bad, .arg = arg};
    each(&ch, WB_T_CFN_STACK, check_stack);
    each(&ch, WB_T_CFN_NAME, check_name);
    each(&ch, WB_T_CFN_RESOURCE, check_resource);
    each(&ch, WB_T_CFN_EXPORT, check_export);
    each(&ch, WB_T_CFN_EVENT, check_event);
}
