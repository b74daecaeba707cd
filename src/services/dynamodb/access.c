/*
 * What a call needs to be allowed, and what policies may ask about it: fine-grained access to items
 * and attributes (Developer Guide, "Using IAM policy conditions for fine-grained access control").
 *
 *   LeadingKeys   partition keys that the call names: of the items, or of the query
 *   Attributes    top-level attributes it names: keys, items, expressions and their older forms
 *   Select        of reads: as given, or what follows from the other parameters, so that a policy
 *                 can ask for SPECIFIC_ATTRIBUTES
 *   ReturnValues, ReturnConsumedCapacity   as given, or NONE
 *
 * Values are in their stored form, so that another spelling of a number is not another key. Where a
 * key of an item is to be a text, N stands as its digits and B as base64.
 */
#include "base/limits.h"
#include "codec/text.h"
#include "services/dynamodb/ops.h"

/* --- resources --- */

void wb_ddb_on_table(struct wb_call *c)
{
    wb_call_resource(c, wb_ddb_table_arn(c, wb_in_str(c, "TableName")));
}

void wb_ddb_on_all_tables(struct wb_call *c)
{
    wb_call_resource(c, wb_ddb_table_arn(c, WB_S("*")));
}

void wb_ddb_on_new_table(struct wb_call *c)
{
    wb_ddb_on_table(c);
    if (wb_json_count(wb_in(c, "Tags")))
        wb_call_also(c, "dynamodb:TagResource", c->need[0].resource);
}

void wb_ddb_on_index(struct wb_call *c)
{
    struct wb_slice arn = wb_ddb_table_arn(c, wb_in_str(c, "TableName")),
                    index = wb_in_str(c, "IndexName");
    if (index.p)
        arn = wb_printf(c->arena, "%.*s/index/%.*s", WB_FMT(arn), WB_FMT(index));
    wb_call_resource(c, arn);
}

void wb_ddb_on_tables(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "RequestItems"));
    while (wb_json_next(&it))
        wb_call_resource(c, wb_ddb_table_arn(c, wb_json_str(it.key, c->arena)));
}

void wb_ddb_on_arn(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceArn"));
}

/* --- conditions --- */

const char *const wb_ddb_write_keys[] = {"dynamodb:Attributes", "dynamodb:LeadingKeys",
                                         "dynamodb:ReturnConsumedCapacity", "dynamodb:ReturnValues",
                                         NULL};
const char *const wb_ddb_read_keys[] = {"dynamodb:Attributes", "dynamodb:LeadingKeys",
                                        "dynamodb:ReturnConsumedCapacity", "dynamodb:Select", NULL};
const char *const wb_ddb_scan_keys[] = {"dynamodb:Attributes", "dynamodb:ReturnConsumedCapacity",
                                        "dynamodb:Select", NULL};
const char *const wb_ddb_batch_write_keys[] = {"dynamodb:Attributes", "dynamodb:LeadingKeys",
                                               "dynamodb:ReturnConsumedCapacity", NULL};

/* Where a table's keys and values go: to the call, or to its need of that number. */
struct facts {
    struct wb_call *c;
    const struct wb_ddb_schema *schema; /* of table or index; NULL: no such */
    ptrdiff_t need;                     /* -1: the whole call */
};

static void put(const struct facts *f, const char *key, struct wb_slice value)
{
    if (f->need < 0)
        wb_call_condition(f->c, key, value);
    else
        wb_need_condition(f->c, (size_t)f->need, key, value);
}

static void put_attribute(const struct facts *f, struct wb_slice name)
{
    put(f, "dynamodb:Attributes", name);
}

static void put_path(void *arg, const struct wb_path *p)
{
    put_attribute(arg, p->step[0].name);
}

static void put_leading(const struct facts *f, const struct wb_av *v)
{
    put(f, "dynamodb:LeadingKeys", v->type == WB_AV_B ? wb_base64_encode(f->c->arena, v->s) : v->s);
}

static bool is_leading(const struct facts *f, struct wb_slice name)
{
    return f->schema && wb_slice_eq(f->schema->key[0].name, name);
}

/* An item or a key. */
static void put_map(const struct facts *f, struct wb_json map)
{
    struct wb_av m;
    struct wb_av_error e;
    if (!wb_av_parse_map(f->c->arena, map, &m, &e)) {
        wb_ddb_bad_value(f->c, &e);
        return;
    }
    for (uint32_t i = 0; i < m.count; i++) {
        put_attribute(f, m.attr[i].name);
        if (is_leading(f, m.attr[i].name) && wb_av_is_scalar_key(m.attr[i].value.type))
            put_leading(f, &m.attr[i].value);
    }
}

static void put_keys(const struct facts *f, const struct wb_key_conditions *k)
{
    for (uint32_t i = 0; i < k->count; i++) {
        put_attribute(f, k->cond[i].name);
        if (is_leading(f, k->cond[i].name) && k->cond[i].kind == WB_EX_EQ)
            put_leading(f, &k->cond[i].value[0]);
    }
}

/* The parameters in `from` that name attributes. False: the call has failed. */
static bool put_expressions(struct facts *f, struct wb_json from, const struct wb_ddb_params *p,
                            struct wb_ddb_exprs *x)
{
    struct wb_call *c = f->c;
    if (!wb_ddb_exprs_read(c, from, p, x))
        return false;
    if (p == &wb_ddb_query_params && !x->has_keys && wb_json_is(wb_in(c, "KeyConditions")))
        x->has_keys = wb_ddb_legacy_keys(c, from, &x->keys);
    if (x->has_keys)
        put_keys(f, &x->keys);
    for (uint32_t i = 0; i < x->update.count; i++) {
        put_path(f, &x->update.action[i].path);
        if (x->update.action[i].value)
            wb_expr_paths(x->update.action[i].value, put_path, f);
    }
    for (uint32_t i = 0; i < x->projection.count; i++)
        put_path(f, &x->projection.path[i]);
    if (x->condition)
        wb_expr_paths(x->condition, put_path, f);
    if (x->filter)
        wb_expr_paths(x->filter, put_path, f);
    return !wb_failed(c);
}

static struct facts facts_of(struct wb_call *c, struct wb_slice table, struct wb_slice index,
                             ptrdiff_t need)
{
    const struct wb_ddb_table *t = wb_ddb_table(c, table);
    const struct wb_ddb_index *x = t && index.p ? wb_ddb_index_named(t, index) : NULL;
    struct facts f = {.c = c, .need = need};
    if (x)
        f.schema = &x->schema;
    else if (t && !index.p)
        f.schema = &t->schema;
    return f;
}

static void put_given(struct wb_call *c, const char *key, const char *member)
{
    struct wb_slice given = wb_in_str(c, member);
    wb_call_condition(c, key, given.p ? given : WB_S("NONE"));
}

static void put_capacity(struct wb_call *c)
{
    put_given(c, "dynamodb:ReturnConsumedCapacity", "ReturnConsumedCapacity");
}

static void put_select(const struct facts *f, struct wb_json from, bool index, bool projection)
{
    struct wb_slice given = wb_json_get_str(from, "Select", f->c->arena);
    if (!given.p)
        given = projection ? WB_S("SPECIFIC_ATTRIBUTES")
                : index    ? WB_S("ALL_PROJECTED_ATTRIBUTES")
                           : WB_S("ALL_ATTRIBUTES");
    put(f, "dynamodb:Select", given);
}

static void write_facts(struct wb_call *c, const char *member, const struct wb_ddb_params *p)
{
    struct facts f = facts_of(c, wb_in_str(c, "TableName"), WB_SLICE_NULL, -1);
    struct wb_ddb_exprs x;
    put_map(&f, wb_in(c, member));
    if (!wb_failed(c) && put_expressions(&f, c->in, p, &x)) {
        /* What a failed condition shows is what it would return. */
        if (wb_slice_is(wb_in_str(c, "ReturnValuesOnConditionCheckFailure"), "ALL_OLD"))
            wb_call_condition(c, "dynamodb:ReturnValues", WB_S("ALL_OLD"));
        else
            put_given(c, "dynamodb:ReturnValues", "ReturnValues");
        put_capacity(c);
    }
}

void wb_ddb_put_facts(struct wb_call *c)
{
    write_facts(c, "Item", &wb_ddb_put_params);
}

void wb_ddb_delete_facts(struct wb_call *c)
{
    write_facts(c, "Key", &wb_ddb_put_params);
}

void wb_ddb_update_facts(struct wb_call *c)
{
    write_facts(c, "Key", &wb_ddb_update_params);
}

void wb_ddb_get_facts(struct wb_call *c)
{
    struct facts f = facts_of(c, wb_in_str(c, "TableName"), WB_SLICE_NULL, -1);
    struct wb_ddb_exprs x;
    put_map(&f, wb_in(c, "Key"));
    if (wb_failed(c) || !put_expressions(&f, c->in, &wb_ddb_get_params, &x))
        return;
    put_select(&f, WB_JSON_NONE, false, x.has_projection);
    put_capacity(c);
}

static void read_facts(struct wb_call *c, const struct wb_ddb_params *p)
{
    struct wb_slice index = wb_in_str(c, "IndexName");
    struct facts f = facts_of(c, wb_in_str(c, "TableName"), index, -1);
    struct wb_ddb_exprs x;
    if (!put_expressions(&f, c->in, p, &x))
        return;
    put_select(&f, c->in, index.p != NULL, x.has_projection);
    put_capacity(c);
}

void wb_ddb_query_facts(struct wb_call *c)
{
    read_facts(c, &wb_ddb_query_params);
}

void wb_ddb_scan_facts(struct wb_call *c)
{
    read_facts(c, &wb_ddb_scan_params);
}

/* The needs stand in the order of the tables: wb_ddb_on_tables made them. */
void wb_ddb_batch_get_facts(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "RequestItems"));
    for (ptrdiff_t need = 0; !wb_failed(c) && wb_json_next(&it); need++) {
        struct facts f = facts_of(c, wb_json_str(it.key, c->arena), WB_SLICE_NULL, need);
        struct wb_ddb_exprs x;
        struct wb_json_iter key = wb_json_iter(wb_json_get(it.value, "Keys"));
        while (!wb_failed(c) && wb_json_next(&key))
            put_map(&f, key.value);
        if (!wb_failed(c) && put_expressions(&f, it.value, &wb_ddb_get_params, &x))
            put_select(&f, WB_JSON_NONE, false, x.has_projection);
    }
    put_capacity(c);
}

void wb_ddb_batch_write_facts(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "RequestItems"));
    for (ptrdiff_t need = 0; !wb_failed(c) && wb_json_next(&it); need++) {
        struct facts f = facts_of(c, wb_json_str(it.key, c->arena), WB_SLICE_NULL, need);
        struct wb_json_iter w = wb_json_iter(it.value);
        while (!wb_failed(c) && wb_json_next(&w)) {
            struct wb_json item = wb_json_get(wb_json_get(w.value, "PutRequest"), "Item");
            put_map(&f, wb_json_is(item)
                            ? item
                            : wb_json_get(wb_json_get(w.value, "DeleteRequest"), "Key"));
        }
    }
    put_capacity(c);
}
