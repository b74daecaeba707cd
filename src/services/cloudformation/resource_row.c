/* Resources of stacks in the store, and exports. */
#include "services/cloudformation/record.h"
#include "services/cloudformation/stack.h"

#define R(member, kind) CFN_MEMBER(struct cfn_resource, member, kind)
static const struct cfn_member members[] = {
    R(type, CFN_TEXT),           R(physical_id, CFN_TEXT),
    R(status, CFN_TEXT),         R(reason, CFN_TEXT),
    R(updated_ms, CFN_NUMBER),   R(deletion_policy, CFN_TEXT),
    R(replace_policy, CFN_TEXT), R(depends, CFN_JSON),
    R(token, CFN_TEXT),          R(properties, CFN_SECRET),
    R(attributes, CFN_SECRET),   R(state, CFN_SECRET),
    R(deadline_ms, CFN_NUMBER),  R(made_by, CFN_NUMBER),
    R(busy, CFN_FLAG),           R(taken, CFN_FLAG),
    R(replaced, CFN_FLAG),       R(drift, CFN_TEXT),
    R(drift_ms, CFN_NUMBER),     {.name = NULL},
};
#undef R

static struct wb_slice row_key(struct wb_arena *a, enum wb_table t, uint64_t stack,
                               struct wb_slice id)
{
    return wb_key(a, t, "us", stack, id);
}

static struct wb_slice place(struct wb_arena *a, uint64_t stack, struct wb_slice id)
{
    return wb_printf(a, "cloudformation/%llu/%.*s", (unsigned long long)stack, WB_FMT(id));
}

static bool decode(struct wb_tx *tx, uint64_t stack, struct wb_slice id, struct wb_slice row,
                   struct cfn_resource *out)
{
    *out = (struct cfn_resource){.id = wb_dup(tx->arena, id)};
    return cfn_record_read(tx, members, row, place(tx->arena, stack, id), out) && out->type.n;
}

static bool read_row(struct wb_tx *tx, enum wb_table t, uint64_t stack, struct wb_slice id,
                     struct cfn_resource *out)
{
    struct wb_slice row;
    return wb_tx_get(tx, row_key(tx->arena, t, stack, id), &row) && decode(tx, stack, id, row, out);
}

static void write_row(struct wb_tx *tx, enum wb_table t, uint64_t stack,
                      const struct cfn_resource *r)
{
    wb_tx_put(tx, row_key(tx->arena, t, stack, r->id),
              cfn_record_write(tx, members, r, place(tx->arena, stack, r->id)));
}

static struct cfn_resource *all(struct wb_tx *tx, enum wb_table t, uint64_t stack, size_t *count)
{
    struct cfn_resource *list = NULL;
    size_t cap = 0;
    struct wb_slice key, row;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, t, "u", stack));
    *count = 0;
    while (wb_tx_next(tx, s, &key, &row)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        wb_key_rd_u64(&r);
        if (*count == cap) {
            struct cfn_resource *more = wb_new_n(tx->arena, struct cfn_resource, cap * 2 + 32);
            if (cap)
                memcpy(more, list, cap * sizeof *list);
            cap = cap * 2 + 32;
            list = more;
        }
        if (decode(tx, stack, wb_key_rd_str(&r), row, &list[*count]))
            ++*count;
    }
    wb_scan_close(s);
    return list;
}

bool cfn_resource_read(struct wb_tx *tx, uint64_t stack, struct wb_slice id,
                       struct cfn_resource *out)
{
    return read_row(tx, WB_T_CFN_RESOURCE, stack, id, out);
}

void cfn_resource_write(struct wb_tx *tx, uint64_t stack, const struct cfn_resource *r)
{
    write_row(tx, WB_T_CFN_RESOURCE, stack, r);
}

void cfn_resource_drop(struct wb_tx *tx, uint64_t stack, struct wb_slice id)
{
    wb_tx_del(tx, row_key(tx->arena, WB_T_CFN_RESOURCE, stack, id));
    wb_tx_del(tx, row_key(tx->arena, WB_T_CFN_DRIFTED, stack, id));
}

struct cfn_resource *cfn_resources(struct wb_tx *tx, uint64_t stack, size_t *count)
{
    return all(tx, WB_T_CFN_RESOURCE, stack, count);
}

bool cfn_before_read(struct wb_tx *tx, uint64_t stack, struct wb_slice id, struct cfn_resource *out)
{
    return read_row(tx, WB_T_CFN_BEFORE, stack, id, out);
}

void cfn_before_write(struct wb_tx *tx, uint64_t stack, const struct cfn_resource *r)
{
    write_row(tx, WB_T_CFN_BEFORE, stack, r);
}

void cfn_before_drop(struct wb_tx *tx, uint64_t stack, struct wb_slice id)
{
    wb_tx_del(tx, row_key(tx->arena, WB_T_CFN_BEFORE, stack, id));
}

struct cfn_resource *cfn_befores(struct wb_tx *tx, uint64_t stack, size_t *count)
{
    return all(tx, WB_T_CFN_BEFORE, stack, count);
}

/* --- what others see of a resource --- */

struct wb_cfn_resource *cfn_handle(struct wb_tx *tx, const struct wb_ctx *ctx,
                                   const struct cfn_stack *s, const struct cfn_resource *r)
{
    struct wb_cfn_resource *h = wb_new(tx->arena, struct wb_cfn_resource);
    *h = (struct wb_cfn_resource){
        .tx = tx,
        .ctx = ctx,
        .of = wb_cfn_type_find(r->type),
        .stack_name = s->name,
        .stack_id = s->arn,
        .logical_id = r->id,
        .type = r->type,
        .token = r->token,
        .properties = wb_json_read(tx->arena, r->properties.p ? r->properties : WB_S("{}"), NULL),
        .physical_id = r->physical_id,
        .attributes = r->attributes,
        .state = r->state,
        .deadline_ms = r->deadline_ms,
    };
    h->before = h->properties;
    struct wb_pair *tag;
    h->tag_count = cfn_tag_list(tx->arena, s->tags, &tag);
    h->tag = h->before_tag = tag;
    h->before_tag_count = h->tag_count;
    return h;
}

struct wb_slice cfn_resource_ref(struct wb_tx *tx, const struct cfn_stack *s,
                                 const struct cfn_resource *r)
{
    const struct wb_cfn_type *t = wb_cfn_type_find(r->type);
    if (!t || !t->ref)
        return r->physical_id;
    struct wb_ctx ctx = {.account = s->account, .region = s->region};
    return t->ref(cfn_handle(tx, &ctx, s, r));
}

bool cfn_resource_attribute(struct wb_arena *a, const struct cfn_resource *r, struct wb_slice name,
                            struct wb_slice *json)
{
    struct wb_json all = wb_json_read(a, r->attributes, NULL);
    struct wb_json v = wb_json_get_slice(all, name);
    for (struct wb_slice rest = name; !wb_json_is(v) && wb_json_is(all) && rest.p;) {
        all = wb_json_get_slice(all, wb_slice_cut(&rest, '.'));
        if (!rest.p)
            v = all;
    }
    *json = wb_json_raw(v);
    return wb_json_is(v);
}

/* --- exports --- */

bool cfn_export_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                     struct wb_slice name, uint64_t *stack, struct wb_slice *value)
{
    struct wb_slice row;
    if (!wb_tx_get(tx, wb_key(tx->arena, WB_T_CFN_EXPORT, "sss", account, region, name), &row))
        return false;
    struct wb_json v = wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL);
    *stack = (uint64_t)wb_json_get_i64(v, "stack", 0);
    *value = wb_json_get_str(v, "value", tx->arena);
    return *stack && value->p;
}

void cfn_export_write(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name,
                      struct wb_slice value)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "stack", (int64_t)s->number);
    wb_jw_kstr(&w, "value", value);
    wb_jw_end_object(&w);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_CFN_EXPORT, "sss", s->account, s->region, name),
              wb_buf_slice(&b));
}

void cfn_export_drop(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name)
{
    wb_tx_del(tx, wb_key(tx->arena, WB_T_CFN_EXPORT, "sss", s->account, s->region, name));
}

static struct wb_slice import_key(struct wb_arena *a, const struct cfn_stack *s,
                                  struct wb_slice name)
{
    return wb_key(a, WB_T_CFN_IMPORT, "sssu", s->account, s->region, name, s->number);
}

void cfn_import_write(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name)
{
    struct wb_slice key = import_key(tx->arena, s, name), row;
    if (!wb_tx_get(tx, key, &row))
        wb_tx_put(tx, key, WB_S(""));
}

void cfn_import_drop(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name)
{
    wb_tx_del(tx, import_key(tx->arena, s, name));
}

struct wb_slice cfn_export_user(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name)
{
    struct wb_arena *a = tx->arena;
    struct wb_slice key, row, user = WB_SLICE_NULL;
    struct wb_scan *scan =
        wb_tx_scan_prefix(tx, wb_key(a, WB_T_CFN_IMPORT, "sss", s->account, s->region, name));
    while (!user.p && wb_tx_next(tx, scan, &key, &row)) {
        struct cfn_stack other;
        struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
        for (int i = 0; i < 3; i++)
            wb_key_rd_str(&r);
        if (cfn_stack_read(tx, s->account, s->region, wb_key_rd_u64(&r), &other))
            user = other.name;
    }
    wb_scan_close(scan);
    return user;
}
