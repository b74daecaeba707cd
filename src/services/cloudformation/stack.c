/* Stacks in the store, and the texts of their templates. */
#include "services/cloudformation/stack.h"

#include "base/arn.h"
#include "base/ids.h"
#include "engine/defs.h"
#include "services/cloudformation/record.h"
#include <stdlib.h>

#define S(member, kind) CFN_MEMBER(struct cfn_stack, member, kind)
static const struct cfn_member members[] = {
    S(name, CFN_TEXT),
    S(uuid, CFN_TEXT),
    S(status, CFN_TEXT),
    S(reason, CFN_TEXT),
    S(description, CFN_TEXT),
    S(created_ms, CFN_NUMBER),
    S(updated_ms, CFN_NUMBER),
    S(deleted_ms, CFN_NUMBER),
    S(parameters, CFN_SECRET),
    S(outputs, CFN_JSON),
    S(tags, CFN_JSON),
    S(notifications, CFN_JSON),
    S(capabilities, CFN_JSON),
    S(imports, CFN_JSON),
    S(rollback_triggers, CFN_JSON),
    S(role, CFN_TEXT),
    S(change_set, CFN_TEXT),
    S(policy, CFN_TEXT),
    S(parent, CFN_TEXT),
    S(root, CFN_TEXT),
    S(token, CFN_TEXT),
    S(deletion_mode, CFN_TEXT),
    S(text, CFN_NUMBER),
    S(timeout_minutes, CFN_NUMBER),
    S(disable_rollback, CFN_FLAG),
    S(protection, CFN_FLAG),
    S(drift, CFN_TEXT),
    S(drift_ms, CFN_NUMBER),
    S(operation, CFN_NUMBER),
    {.name = NULL},
};
#undef S

static struct wb_slice stack_key(struct wb_arena *a, const struct cfn_stack *s)
{
    return wb_key(a, WB_T_CFN_STACK, "ssd", s->account, s->region, s->number);
}

static struct wb_slice number_row(struct wb_arena *a, uint64_t number)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_le64(&b, number);
    return wb_buf_slice(&b);
}

struct wb_slice cfn_stack_place(struct wb_arena *a, const struct cfn_stack *s)
{
    return wb_printf(a, "cloudformation/%llu", (unsigned long long)s->number);
}

static void name_arn(struct wb_arena *a, struct cfn_stack *s)
{
    s->arn = wb_arn_make(a, "cloudformation", s->region, s->account, "stack/%.*s/%.*s",
                         WB_FMT(s->name), WB_FMT(s->uuid));
}

bool cfn_stack_decode(struct wb_tx *tx, struct wb_slice key, struct wb_slice row,
                      struct cfn_stack *out)
{
    struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
    *out = (struct cfn_stack){.account = wb_key_rd_str(&r)};
    out->region = wb_key_rd_str(&r);
    out->number = wb_key_rd_desc(&r);
    if (r.bad || !cfn_record_read(tx, members, row, cfn_stack_place(tx->arena, out), out) ||
        !out->name.n || !out->uuid.n || !out->status.n)
        return false;
    name_arn(tx->arena, out);
    return true;
}

bool cfn_stack_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    uint64_t number, struct cfn_stack *out)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_CFN_STACK, "ssd", account, region, number), row;
    return wb_tx_get(tx, key, &row) && cfn_stack_decode(tx, key, row, out);
}

static bool by_number(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                      struct wb_slice key, struct cfn_stack *out)
{
    struct wb_slice row;
    if (!wb_tx_get(tx, key, &row))
        return false;
    struct wb_rd r = wb_rd(row);
    uint64_t number = wb_rd_le64(&r);
    return cfn_stack_read(tx, account, region, number, out);
}

bool cfn_stack_by_arn(struct wb_tx *tx, struct wb_slice arn, struct cfn_stack *out)
{
    struct wb_arn a;
    if (!wb_arn_parse(arn, &a) || !wb_slice_is(a.service, "cloudformation"))
        return false;
    struct wb_slice uuid = wb_slice_last(a.resource, '/');
    return by_number(tx, a.account, a.region,
                     wb_key(tx->arena, WB_T_CFN_ID, "sss", a.account, a.region, uuid), out) &&
           wb_slice_eq(out->arn, arn);
}

bool cfn_stack_find(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice given,
                    struct cfn_stack *out)
{
    if (wb_slice_starts(given, WB_S("arn:")))
        return cfn_stack_by_arn(tx, given, out) && wb_slice_eq(out->account, ctx->account) &&
               wb_slice_eq(out->region, ctx->region);
    return by_number(tx, ctx->account, ctx->region,
                     wb_key(tx->arena, WB_T_CFN_NAME, "sss", ctx->account, ctx->region, given),
                     out);
}

struct wb_slice cfn_stack_text(struct wb_tx *tx, const struct cfn_stack *s)
{
    return cfn_record_write(tx, members, s, cfn_stack_place(tx->arena, s));
}

bool cfn_stack_from_text(struct wb_tx *tx, struct wb_slice text, struct cfn_stack *out)
{
    struct cfn_stack s = {.account = out->account, .region = out->region, .number = out->number};
    if (!cfn_record_read(tx, members, text, cfn_stack_place(tx->arena, &s), &s))
        return false;
    name_arn(tx->arena, &s);
    *out = s;
    return true;
}

void cfn_stack_write(struct wb_tx *tx, const struct cfn_stack *s)
{
    wb_tx_put(tx, stack_key(tx->arena, s), cfn_stack_text(tx, s));
}

void cfn_stack_new(struct wb_tx *tx, struct cfn_stack *s)
{
    struct wb_arena *a = tx->arena;
    s->number = wb_tx_number(tx, "stack");
    s->uuid = wb_id_uuid(a, wb_engine_seam(tx->engine));
    s->created_ms = tx->now_ms;
    name_arn(a, s);
    struct wb_slice row = number_row(a, s->number);
    wb_tx_put(tx, wb_key(a, WB_T_CFN_NAME, "sss", s->account, s->region, s->name), row);
    wb_tx_put(tx, wb_key(a, WB_T_CFN_ID, "sss", s->account, s->region, s->uuid), row);
}

void cfn_stack_unname(struct wb_tx *tx, const struct cfn_stack *s)
{
    wb_tx_del(tx, wb_key(tx->arena, WB_T_CFN_NAME, "sss", s->account, s->region, s->name));
}

/* --- forgetting --- */

void cfn_stack_forget_later(struct wb_tx *tx, const struct cfn_stack *s)
{
    struct wb_work row = {.target = WB_S("cloudformation.deleted"),
                          .executor = cfn_forget_executor.name,
                          .due_ms = tx->now_ms + WB_CFN_DELETED_DAYS * 24 * 3600 * 1000LL,
                          .meta = WB_S("{}"),
                          .payload = s->arn};
    wb_work_add(tx, &row);
}

static void forget(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_arena *a = tx->arena;
    struct cfn_stack s;
    out->kind = WB_DONE;
    if (!cfn_stack_by_arn(tx, w->payload, &s) || !cfn_stack_deleted(&s))
        return;
    static const enum wb_table ranges[] = {WB_T_CFN_EVENT, WB_T_CFN_RESOURCE, WB_T_CFN_DRIFTED};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct wb_slice lo = wb_key(a, ranges[i], "u", s.number);
        wb_job_drop_range(tx, wb_printf(a, "forget stack %.*s", WB_FMT(s.name)), lo,
                          wb_key_after(a, lo));
    }
    cfn_text_drop(tx, s.text);
    wb_tx_del(tx, wb_key(a, WB_T_CFN_ID, "sss", s.account, s.region, s.uuid));
    wb_tx_del(tx, stack_key(a, &s));
}

const struct wb_executor cfn_forget_executor = {.name = "cloudformation.forget", .step = forget};

/* --- texts --- */

static struct wb_slice text_key(struct wb_arena *a, uint64_t number, char kind)
{
    return wb_key(a, WB_T_CFN_TEXT, "ub", number, kind);
}

static struct wb_slice def_key(struct wb_arena *a, uint64_t number)
{
    struct wb_buf key = wb_buf_in(a);
    wb_buf_le64(&key, number);
    return wb_buf_slice(&key);
}

uint64_t cfn_text_new(struct wb_tx *tx, struct wb_slice original, struct wb_slice processed,
                      const void *made)
{
    uint64_t number = wb_tx_number(tx, "template");
    wb_tx_put(tx, text_key(tx->arena, number, 'o'), original);
    if (processed.p && !wb_slice_eq(original, processed))
        wb_tx_put(tx, text_key(tx->arena, number, 'p'), processed);
    wb_def_changed(tx, &cfn_text_kind, def_key(tx->arena, number));
    wb_def_give(tx, &cfn_text_kind, def_key(tx->arena, number), made);
    return number;
}

bool cfn_text_get(struct wb_tx *tx, uint64_t number, bool processed, struct wb_slice *text)
{
    bool found = (processed && wb_tx_get(tx, text_key(tx->arena, number, 'p'), text)) ||
                 wb_tx_get(tx, text_key(tx->arena, number, 'o'), text);
    if (found)
        *text = wb_dup(tx->arena, *text);
    return found;
}

uint64_t cfn_text_copy(struct wb_tx *tx, uint64_t number)
{
    struct wb_slice original, processed;
    if (!cfn_text_get(tx, number, false, &original) || !cfn_text_get(tx, number, true, &processed))
        return 0;
    return cfn_text_new(tx, original, processed,
                        wb_def(tx, &cfn_text_kind, def_key(tx->arena, number)));
}

void cfn_text_drop(struct wb_tx *tx, uint64_t number)
{
    if (!number)
        return;
    wb_tx_del(tx, text_key(tx->arena, number, 'o'));
    wb_tx_del(tx, text_key(tx->arena, number, 'p'));
    wb_def_changed(tx, &cfn_text_kind, def_key(tx->arena, number));
}

struct text {
    struct wb_arena arena;
    const struct wb_template *template;
};

static void text_free(void *object)
{
    struct text *t = object;
    wb_arena_release(&t->arena);
    free(t);
}

static struct text *text_read(struct wb_slice processed)
{
    struct wb_slice why;
    struct text *t = wb_xcalloc(1, sizeof *t);
    wb_arena_init(&t->arena, 0);
    t->template = wb_template_read_processed(&t->arena, wb_dup(&t->arena, processed), &why);
    if (t->template)
        return t;
    text_free(t);
    return NULL;
}

static void *text_load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_rd r = wb_rd(key);
    struct wb_slice text;
    return cfn_text_get(tx, wb_rd_le64(&r), true, &text) ? text_read(text) : NULL;
}

const void *cfn_text_make(struct wb_tx *tx, struct wb_slice processed)
{
    struct text *t = tx->writes ? NULL : text_read(processed);
    if (t)
        wb_def_made(tx, &cfn_text_kind, t);
    return t;
}

struct wb_def_kind cfn_text_kind = {
    .name = "cloudformation template", .load = text_load, .free = text_free};

const struct wb_template *cfn_text_template(struct wb_tx *tx, uint64_t number)
{
    const struct text *t = number ? wb_def(tx, &cfn_text_kind, def_key(tx->arena, number)) : NULL;
    return t ? t->template : NULL;
}
