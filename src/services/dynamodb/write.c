/*
 * PutItem, DeleteItem and UpdateItem: one flow with three ways to make the new item. On the loop
 * the request is parsed and checked against the table's definition; the writer reads the old item,
 * decides, and writes.
 */
#include "base/limits.h"
#include "services/dynamodb/ops.h"

enum kind { PUT, DELETE, UPDATE };

/* What prepare leaves for the writer. It holds nothing of the definition but its address. */
struct write {
    enum kind kind;
    const struct wb_ddb_table *t;
    int64_t start_ns;
    struct wb_av given;   /* PUT: the item, else the key */
    struct wb_slice json; /* PUT: the item's text */
    size_t size;          /* PUT */
    struct wb_slice key;  /* of the row */
    struct wb_slice hash; /* the true hash key */
    struct wb_ddb_exprs x;
    struct wb_slice returns; /* ReturnValues */
};

/* --- on the loop --- */

static bool read_given(struct wb_call *c, struct write *w, const char *member)
{
    struct wb_av_error e;
    if (wb_av_parse_map(c->arena, wb_in(c, member), &w->given, &e))
        return true;
    wb_ddb_bad_value(c, &e);
    return false;
}

static bool check_update(struct wb_call *c, const struct write *w)
{
    const struct wb_ddb_table *t = w->t;
    for (uint32_t i = 0; i < t->schema.count; i++)
        for (uint32_t u = 0; u < w->x.update.count; u++)
            if (wb_slice_eq(w->x.update.action[u].path.step[0].name, t->schema.key[i].name)) {
                if (w->x.update.action[u].path.count > 1)
                    return wb_ddb_check_paths(c, t, &w->x);
                wb_ddb_invalid(c,
                               "One or more parameter values were invalid: Cannot update attribute "
                               "%.*s. This attribute is part of the key",
                               WB_FMT(t->schema.key[i].name));
                return false;
            }
    for (uint32_t u = 0; u < w->x.update.count; u++) {
        const struct wb_update_action *action = &w->x.update.action[u];
        if (action->path.count > 1 || !action->value || action->value->kind != WB_EX_VALUE ||
            action->kind == WB_UP_DELETE)
            continue;
        struct wb_attr attr = {action->path.step[0].name, *action->value->value};
        struct wb_av one = {.type = WB_AV_M, .count = 1, .attr = &attr};
        if (!wb_ddb_check_index_keys(c, t, &one))
            return false;
    }
    return true;
}

static void prepare(struct wb_call *c, enum kind kind)
{
    struct write *w = wb_new(c->arena, struct write);
    w->kind = kind;
    w->start_ns = wb_ddb_now_ns(c);
    w->returns = wb_in_str(c, "ReturnValues");
    if (!read_given(c, w, kind == PUT ? "Item" : "Key"))
        return;
    if (kind != UPDATE && w->returns.p && !wb_slice_is(w->returns, "NONE") &&
        !wb_slice_is(w->returns, "ALL_OLD")) {
        wb_ddb_invalid(c, "ReturnValues can only be ALL_OLD or NONE");
        return;
    }
    if (kind == PUT) {
        w->size = wb_av_item_size(&w->given);
        if (w->size > WB_DDB_ITEM_MAX) {
            wb_ddb_invalid(c, "Item size has exceeded the maximum allowed size");
            return;
        }
    }
    if (!wb_ddb_exprs_read(c, c->in, kind == UPDATE ? &wb_ddb_update_params : &wb_ddb_put_params,
                           &w->x))
        return;
    w->t = wb_ddb_table_named(c, false);
    if (!w->t)
        return;
    if (kind == PUT ? !wb_ddb_check_item(c, w->t, &w->given)
                    : !wb_ddb_check_key(c, w->t, &w->given))
        return;
    if ((kind == UPDATE && !check_update(c, w)) || !wb_ddb_check_paths(c, w->t, &w->x))
        return;
    w->key = wb_ddb_item_key(c->arena, w->t, &w->given);
    w->hash = wb_ddb_hash_bytes(c->arena, wb_av_get(&w->given, w->t->schema.key[0].name));
    if (kind == PUT) {
        struct wb_buf b = wb_buf_in(c->arena);
        wb_buf_reserve(&b, wb_json_raw(wb_in(c, "Item")).n + 16);
        wb_av_write_map(&b, &w->given);
        w->json = wb_buf_slice(&b);
    }
    c->prepared = w;
}

void wb_ddb_put_prepare(struct wb_call *c)
{
    prepare(c, PUT);
}

void wb_ddb_delete_prepare(struct wb_call *c)
{
    prepare(c, DELETE);
}

void wb_ddb_update_prepare(struct wb_call *c)
{
    prepare(c, UPDATE);
}

/* --- in the writer --- */

/* The item as it is and as it will be. */
struct images {
    struct wb_av old, new;
    bool has_old, has_new, parsed; /* parsed: old is filled in */
    struct wb_slice old_json, new_json;
    uint32_t old_size, new_size;
};

static bool is(const struct write *w, const char *returns)
{
    return wb_slice_is(w->returns, returns);
}

static bool read_old(struct wb_call *c, const struct write *w, struct images *m)
{
    struct wb_ddb_row row;
    m->has_old = wb_ddb_row_get(c->tx, w->key, w->hash, &row);
    if (!m->has_old)
        return c->tx->status == WB_STORE_OK;
    m->old_json = wb_dup(c->arena, row.json);
    m->old_size = row.size;
    /* A plain put or delete does not look into the old item. */
    if (w->kind != UPDATE && !w->x.condition && w->t->index_count == 0)
        return true;
    m->parsed = wb_av_read_map(c->arena, m->old_json, &m->old);
    if (!m->parsed)
        c->tx->status = WB_STORE_CORRUPT;
    return m->parsed;
}

static void fail_condition(struct wb_call *c, const struct images *m)
{
    wb_fail(c, "ConditionalCheckFailedException", 400, "The conditional request failed");
    if (m->has_old && wb_slice_is(wb_in_str(c, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD"))
        c->error.extra = wb_printf(c->arena, "\"Item\":%.*s", WB_FMT(m->old_json));
}

/* An index key that came from another attribute can turn out to have the wrong type only here. */
static bool check_updated_keys(struct wb_call *c, const struct write *w, const struct wb_av *item)
{
    for (uint32_t i = 0; i < w->t->index_count; i++)
        for (uint32_t k = 0; k < w->t->index[i].schema.count; k++) {
            const struct wb_ddb_key *key = &w->t->index[i].schema.key[k];
            const struct wb_av *v = wb_av_get(item, key->name);
            if (v && v->type != key->type) {
                wb_ddb_invalid(c, "The update expression attempted to update the secondary index "
                                  "key to unsupported type");
                return false;
            }
        }
    return wb_ddb_check_index_keys(c, w->t, item);
}

/* Only removals from an item that does not exist: it still does not. */
static bool only_removes(const struct wb_update *u)
{
    bool removes = false;
    for (uint32_t i = 0; i < u->count; i++) {
        if (u->action[i].kind == WB_UP_SET || u->action[i].kind == WB_UP_ADD)
            return false;
        removes |= u->action[i].kind == WB_UP_REMOVE;
    }
    return removes;
}

static void update(struct wb_call *c, const struct write *w, struct images *m)
{
    struct wb_slice why;
    m->new = m->has_old ? m->old : w->given;
    if (!wb_update_apply(c->arena, &w->x.update, &m->new, &why)) {
        wb_ddb_invalid(c, "%.*s", WB_FMT(why));
        return;
    }
    if (!m->has_old && only_removes(&w->x.update))
        return;
    if (!check_updated_keys(c, w, &m->new))
        return;
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_reserve(&b, m->old_json.n + 64);
    wb_av_write_map(&b, &m->new);
    m->new_json = wb_buf_slice(&b);
    m->new_size = (uint32_t)wb_av_item_size(&m->new);
    m->has_new = true;
}

static void decide(struct wb_call *c, const struct write *w, struct images *m)
{
    if (!read_old(c, w, m))
        return;
    if (w->x.condition && !wb_expr_matches(w->x.condition, m->has_old ? &m->old : NULL)) {
        fail_condition(c, m);
    } else if (w->kind == PUT) {
        m->has_new = true;
        m->new = w->given;
        m->new_json = w->json;
        m->new_size = (uint32_t)w->size;
    } else if (w->kind == UPDATE) {
        update(c, w, m);
    }
}

static void out_paths(struct wb_call *c, const struct write *w, const struct wb_av *item)
{
    const struct wb_update *u = &w->x.update;
    struct wb_path *path = wb_new_n(c->arena, struct wb_path, u->count);
    for (uint32_t i = 0; i < u->count; i++)
        path[i] = u->action[i].path;
    wb_paths_sort(path, u->count);
    struct wb_av part = wb_project(c->arena, path, u->count, item);
    if (part.count == 0)
        return;
    struct wb_buf b = wb_buf_in(c->arena);
    wb_av_write_map(&b, &part);
    wb_out_json(&c->out, "Attributes", wb_buf_slice(&b));
}

static void answer(struct wb_call *c, const struct write *w, const struct images *m,
                   const struct wb_ddb_units *u)
{
    if (is(w, "ALL_OLD") && m->has_old)
        wb_out_json(&c->out, "Attributes", m->old_json);
    else if (is(w, "ALL_NEW") && m->has_new)
        wb_out_json(&c->out, "Attributes", m->new_json);
    else if (is(w, "UPDATED_OLD") && m->has_old)
        out_paths(c, w, &m->old);
    else if (is(w, "UPDATED_NEW") && m->has_new)
        out_paths(c, w, &m->new);
    wb_ddb_capacity_out(c, "ConsumedCapacity", w->t, u);
    wb_ddb_collection_out(c, "ItemCollectionMetrics", w->t, &w->given);
}

void wb_ddb_write_item(struct wb_call *c)
{
    struct write *w = c->prepared;
    const struct wb_ddb_table *t = wb_ddb_table_named(c, false);
    if (!t)
        return;
    if (t != w->t) { /* the definition has changed since */
        prepare(c, w->kind);
        if (wb_failed(c))
            return;
        w = c->prepared;
    }
    struct images m = {0};
    struct wb_ddb_units u = {0};
    decide(c, w, &m);
    if (wb_failed(c) || c->tx->status != WB_STORE_OK)
        return;
    wb_ddb_row_write(c->tx,
                     &(struct wb_ddb_write){
                         .t = t,
                         .key = w->key,
                         .old = m.parsed ? &m.old : NULL,
                         .new = m.has_new ? &m.new : NULL,
                         .old_json = m.old_json,
                         .new_json = m.new_json,
                         .old_size = m.old_size,
                         .new_size = m.new_size,
                     },
                     &u);
    wb_ddb_capacity_count(c, t, &u, true);
    wb_ddb_latency(c, t, w->start_ns);
    answer(c, w, &m, &u);
}
