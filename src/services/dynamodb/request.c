#include "services/dynamodb/request.h"
#include "engine/engine.h"

/* --- parameters --- */

#define LIST(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

const struct wb_ddb_params wb_ddb_put_params = {LIST("ConditionExpression"),
                                                LIST("Expected", "ConditionalOperator")};
const struct wb_ddb_params wb_ddb_update_params = {
    LIST("UpdateExpression", "ConditionExpression"),
    LIST("AttributeUpdates", "Expected", "ConditionalOperator")};
const struct wb_ddb_params wb_ddb_get_params = {LIST("ProjectionExpression"),
                                                LIST("AttributesToGet")};
const struct wb_ddb_params wb_ddb_query_params = {
    LIST("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
    LIST("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions")};
const struct wb_ddb_params wb_ddb_scan_params = {
    LIST("ProjectionExpression", "FilterExpression"),
    LIST("AttributesToGet", "ScanFilter", "ConditionalOperator")};

/* --- expressions --- */

static bool present(struct wb_json from, const char *name)
{
    struct wb_json v = wb_json_get(from, name);
    return wb_json_is(v) && wb_json_type(v) != WB_JSON_NULL;
}

static bool listed(const char *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static void join(struct wb_buf *b, struct wb_json from, const char *const *list, const char *skip)
{
    bool first = true;
    for (; *list; list++) {
        if (!present(from, *list) || (skip && strcmp(*list, skip) == 0))
            continue;
        wb_buf_str(b, first ? "" : ", ");
        wb_buf_str(b, *list);
        first = false;
    }
}

/* Expressions and older parameters do not go together, except KeyConditions beside expressions
 * other than KeyConditionExpression. */
static bool check_mix(struct wb_call *c, struct wb_json from, const char *const *expressions,
                      const char *const *older)
{
    struct wb_buf e = wb_buf_in(c->arena), o = wb_buf_in(c->arena);
    join(&e, from, expressions, NULL);
    join(&o, from, older, present(from, "KeyConditionExpression") ? NULL : "KeyConditions");
    if (e.n && o.n)
        wb_ddb_invalid(c,
                       "Can not use both expression and non-expression parameters in the same "
                       "request: Non-expression parameters: {%.*s} Expression parameters: {%.*s}",
                       WB_FMT(wb_buf_slice(&o)), WB_FMT(wb_buf_slice(&e)));
    else if (e.n == 0 && present(from, "ExpressionAttributeNames"))
        wb_ddb_invalid(c, "ExpressionAttributeNames can only be specified when using expressions");
    if (wb_failed(c) || !present(from, "ExpressionAttributeValues"))
        return !wb_failed(c);
    struct wb_buf names = wb_buf_in(c->arena);
    unsigned count = 0;
    for (const char *const *x = expressions; *x; x++) {
        if (strcmp(*x, "ProjectionExpression") == 0)
            continue;
        if (present(from, *x))
            return true;
        wb_buf_str(&names, count++ ? " and " : "");
        wb_buf_str(&names, *x);
    }
    wb_ddb_invalid(c,
                   "ExpressionAttributeValues can only be specified when using expressions: %.*s "
                   "%s null",
                   WB_FMT(wb_buf_slice(&names)), count > 1 ? "are" : "is");
    return false;
}

static bool read_older(struct wb_call *c, const char *const *older, struct wb_ddb_exprs *x)
{
    struct wb_json from = x->from;
    bool filter = present(from, "QueryFilter") || present(from, "ScanFilter");
    if (present(from, "ConditionalOperator") && listed(older, "ConditionalOperator")) {
        const char *what = present(from, "Expected")      ? "Expected"
                           : present(from, "QueryFilter") ? "QueryFilter"
                                                          : "ScanFilter";
        if (!filter && !present(from, "Expected"))
            wb_ddb_invalid(c, "One or more parameter values were invalid: ConditionalOperator "
                              "cannot be used without Filter or Expected");
        else if (wb_json_count(wb_json_get(from, what)) < 2)
            wb_ddb_invalid(c, "One or more parameter values were invalid: ConditionalOperator can "
                              "only be used when Filter or Expected has two or more elements");
    }
    if (!wb_failed(c) && present(from, "AttributesToGet")) {
        x->has_projection = wb_ddb_legacy_attributes(c, from, &x->projection);
    }
    if (!wb_failed(c) && present(from, "AttributeUpdates"))
        x->has_update = wb_ddb_legacy_updates(c, from, &x->update);
    if (!wb_failed(c) && present(from, "Expected"))
        wb_ddb_legacy_expected(c, from, &x->condition);
    if (!wb_failed(c) && filter) {
        x->filter_name = present(from, "QueryFilter") ? "QueryFilter" : "ScanFilter";
        wb_ddb_legacy_filter(c, from, x->filter_name, &x->filter);
    }
    return !wb_failed(c);
}

static struct wb_slice text_of(struct wb_call *c, struct wb_json from, const char *name)
{
    return wb_json_get_str(from, name, c->arena);
}

static bool read_expressions(struct wb_call *c, struct wb_ddb_exprs *x)
{
    struct wb_bindings *b = &x->bindings;
    struct wb_json from = x->from;
    struct wb_slice why = WB_SLICE_NULL, s;
    bool any = false;
    if ((s = text_of(c, from, "UpdateExpression")).p) {
        any = x->has_update = true;
        wb_expr_update(b, s, &x->update, &why);
    }
    if (!why.p && (s = text_of(c, from, "ConditionExpression")).p) {
        any = true;
        x->condition = wb_expr_condition(b, s, "ConditionExpression", &why);
    }
    if (!why.p && (s = text_of(c, from, "KeyConditionExpression")).p) {
        any = x->has_keys = true;
        wb_expr_key_condition(b, s, &x->keys, &why);
    }
    if (!why.p && (s = text_of(c, from, "FilterExpression")).p) {
        any = true;
        x->filter_name = "Filter Expression";
        x->filter = wb_expr_condition(b, s, "FilterExpression", &why);
    }
    if (!why.p && (s = text_of(c, from, "ProjectionExpression")).p) {
        any = x->has_projection = true;
        wb_expr_projection(b, s, &x->projection, &why);
    }
    if (!why.p && any)
        wb_bindings_used(b, &why);
    if (why.p)
        wb_ddb_invalid(c, "%.*s", WB_FMT(why));
    return !wb_failed(c);
}

/* Most reads and writes name none of these parameters: one look at the members says so. */
static bool any_given(struct wb_json from, const char *const *expressions, const char *const *older)
{
    struct wb_json_iter it = wb_json_iter(from);
    while (wb_json_next(&it)) {
        struct wb_slice raw = wb_json_raw(it.key); /* with its quotes */
        struct wb_slice name = wb_slice_sub(raw, 1, raw.n - 1);
        if (wb_slice_starts(name, WB_S("Expression")) || wb_slice_chr(name, '\\', 0) >= 0)
            return true;
        for (const char *const *x = expressions; *x; x++)
            if (wb_slice_is(name, *x))
                return true;
        for (const char *const *x = older; *x; x++)
            if (wb_slice_is(name, *x))
                return true;
    }
    return false;
}

bool wb_ddb_exprs_read(struct wb_call *c, struct wb_json from, const struct wb_ddb_params *p,
                       struct wb_ddb_exprs *out)
{
    const char *const *expressions = p->expressions, *const *older = p->older;
    *out = (struct wb_ddb_exprs){.from = from, .bindings.arena = c->arena};
    if (!any_given(from, expressions, older))
        return true;
    if (!check_mix(c, from, expressions, older) || !read_older(c, older, out))
        return false;
    struct wb_av_error e;
    if (!wb_bindings_read(&out->bindings, c->arena, wb_json_get(from, "ExpressionAttributeNames"),
                          wb_json_get(from, "ExpressionAttributeValues"), &e)) {
        wb_ddb_bad_value(c, &e);
        return false;
    }
    return read_expressions(c, out);
}

struct path_check {
    struct wb_call *c;
    const struct wb_ddb_table *t;
};

static void check_path(void *arg, const struct wb_path *p)
{
    struct path_check *k = arg;
    const struct wb_ddb_table *t = k->t;
    if (p->count == 1 || wb_failed(k->c))
        return;
    static const char text[] = "Key attributes must be scalars; list random access '[]' and map "
                               "lookup '.' are not allowed";
    for (uint32_t i = 0; i < t->schema.count; i++)
        if (wb_slice_eq(p->step[0].name, t->schema.key[i].name))
            wb_ddb_invalid(k->c, "%s: Key: %.*s", text, WB_FMT(p->step[0].name));
    for (uint32_t i = 0; i < t->index_count && !wb_failed(k->c); i++)
        for (uint32_t j = 0; j < t->index[i].schema.count; j++)
            if (wb_slice_eq(p->step[0].name, t->index[i].schema.key[j].name))
                wb_ddb_invalid(k->c, "%s: IndexKey: %.*s", text, WB_FMT(p->step[0].name));
}

bool wb_ddb_check_paths(struct wb_call *c, const struct wb_ddb_table *t,
                        const struct wb_ddb_exprs *x)
{
    struct path_check k = {c, t};
    for (uint32_t i = 0; i < x->update.count; i++) {
        check_path(&k, &x->update.action[i].path);
        if (x->update.action[i].value)
            wb_expr_paths(x->update.action[i].value, check_path, &k);
    }
    if (x->condition)
        wb_expr_paths(x->condition, check_path, &k);
    for (uint32_t i = 0; i < x->projection.count; i++)
        check_path(&k, &x->projection.path[i]);
    if (x->filter)
        wb_expr_paths(x->filter, check_path, &k);
    return !wb_failed(c);
}

/* --- capacity --- */

double wb_ddb_read_units(size_t bytes, bool consistent)
{
    size_t blocks = bytes ? (bytes + 4095) / 4096 : 1;
    return (double)blocks * (consistent ? 1 : 0.5);
}

static double total(const struct wb_ddb_table *t, const struct wb_ddb_units *u)
{
    double sum = u->table;
    for (uint32_t i = 0; i < t->index_count; i++)
        sum += u->index[i];
    return sum;
}

static void indexes_out(struct wb_out *o, const struct wb_ddb_table *t,
                        const struct wb_ddb_units *u, struct wb_arena *a, bool global)
{
    bool open = false;
    for (uint32_t i = 0; i < t->index_count; i++) {
        if (t->index[i].global != global || u->index[i] == 0)
            continue;
        if (!open)
            wb_out_object(o, global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes");
        open = true;
        wb_out_object(o, wb_dup_cstr(a, t->index[i].name));
        wb_out_double(o, "CapacityUnits", u->index[i]);
        wb_out_end(o);
    }
    if (open)
        wb_out_end(o);
}

void wb_ddb_capacity_out(struct wb_call *c, const char *name, const struct wb_ddb_table *t,
                         const struct wb_ddb_units *u)
{
    struct wb_slice how = wb_in_str(c, "ReturnConsumedCapacity");
    if (!how.p || wb_slice_is(how, "NONE"))
        return;
    struct wb_out *o = &c->out;
    wb_out_object(o, name);
    wb_out_str(o, "TableName", t->name);
    wb_out_double(o, "CapacityUnits", total(t, u));
    if (wb_slice_is(how, "INDEXES")) {
        wb_out_object(o, "Table");
        wb_out_double(o, "CapacityUnits", u->table);
        wb_out_end(o);
        indexes_out(o, t, u, c->arena, false);
        indexes_out(o, t, u, c->arena, true);
    }
    wb_out_end(o);
}

static void metric(struct wb_call *c, const char *name, const struct wb_pair *dims, size_t count,
                   double value, const char *unit)
{
    if (c->tx && c->tx->writes)
        wb_put_metric(c->tx, c->ctx.account, c->ctx.region, "AWS/DynamoDB", name, dims, count,
                      value, unit);
    else
        wb_count(c->engine, c->ctx.account, c->ctx.region, "AWS/DynamoDB", name, dims, count, value,
                 unit);
}

void wb_ddb_capacity_count(struct wb_call *c, const struct wb_ddb_table *t,
                           const struct wb_ddb_units *u, bool write)
{
    const char *name = write ? "ConsumedWriteCapacityUnits" : "ConsumedReadCapacityUnits";
    double own = u->table;
    for (uint32_t i = 0; i < t->index_count; i++) {
        if (!t->index[i].global) {
            own += u->index[i]; /* local indexes count as the table's */
        } else if (u->index[i] > 0) {
            struct wb_pair dims[2] = {{WB_S("GlobalSecondaryIndexName"), t->index[i].name},
                                      {WB_S("TableName"), t->name}};
            metric(c, name, dims, 2, u->index[i], "Count");
        }
    }
    struct wb_pair dim = {WB_S("TableName"), t->name};
    if (own > 0)
        metric(c, name, &dim, 1, own, "Count");
}

void wb_ddb_collection_out(struct wb_call *c, const char *name, const struct wb_ddb_table *t,
                           const struct wb_av *key)
{
    if (!wb_slice_is(wb_in_str(c, "ReturnItemCollectionMetrics"), "SIZE") || !wb_ddb_has_local(t))
        return;
    struct wb_slice hash = t->schema.key[0].name;
    struct wb_attr attr = {hash, *wb_av_get(key, hash)};
    struct wb_av m = {.type = WB_AV_M, .count = 1, .attr = &attr};
    struct wb_buf b = wb_buf_in(c->arena);
    wb_av_write_map(&b, &m);
    wb_out_object(&c->out, name);
    wb_out_json(&c->out, "ItemCollectionKey", wb_buf_slice(&b));
    wb_out_list(&c->out, "SizeEstimateRangeGB");
    wb_out_double(&c->out, NULL, 0);
    wb_out_double(&c->out, NULL, 1);
    wb_out_end(&c->out);
    wb_out_end(&c->out);
}

/* --- metrics --- */

int64_t wb_ddb_now_ns(const struct wb_call *c)
{
    struct wb_seam *s = wb_engine_seam(c->engine);
    return s->mono_ns(s);
}

struct latency {
    struct wb_slice account, region, table;
    const char *op;
    int64_t start_ns;
};

static void count_latency(struct wb_engine *e, void *arg)
{
    const struct latency *l = arg;
    struct wb_seam *s = wb_engine_seam(e);
    struct wb_pair dims[2] = {{WB_S("Operation"), wb_slice_str(l->op)},
                              {WB_S("TableName"), l->table}};
    wb_count(e, l->account, l->region, "AWS/DynamoDB", "SuccessfulRequestLatency", dims, 2,
             (double)(s->mono_ns(s) - l->start_ns) / 1e6, "Milliseconds");
}

void wb_ddb_latency(struct wb_call *c, const struct wb_ddb_table *t, int64_t start_ns)
{
    struct latency *l = wb_new(c->arena, struct latency);
    *l = (struct latency){c->ctx.account, c->ctx.region, t->name, c->op->name, start_ns};
    if (!c->tx->writes) {
        count_latency(c->engine, l);
        return;
    }
    l->table = wb_dup(c->arena, t->name);
    wb_tx_after(c->tx, count_latency, l);
}

void wb_ddb_count_returned(struct wb_call *c, const struct wb_ddb_table *t, int64_t items)
{
    struct wb_pair dims[2] = {{WB_S("Operation"), wb_slice_str(c->op->name)},
                              {WB_S("TableName"), t->name}};
    metric(c, "ReturnedItemCount", dims, 2, (double)items, "Count");
}

/* --- how calls fail --- */

static void failed(const struct wb_call *c, const char *name, struct wb_slice table, bool by_op)
{
    struct wb_pair dims[2] = {{WB_S("Operation"), wb_slice_str(c->op->name)},
                              {WB_S("TableName"), table}};
    wb_count(c->engine, c->ctx.account, c->ctx.region, "AWS/DynamoDB", name, dims + !by_op,
             by_op ? 2 : 1, 1, "Count");
}

/* Of each table that the call names. */
static void failed_tables(struct wb_call *c, const char *name)
{
    struct wb_slice table = wb_ddb_table_name(c, wb_in_str(c, "TableName"));
    struct wb_json_iter it = wb_json_iter(wb_in(c, "RequestItems"));
    if (table.n)
        failed(c, name, table, true);
    while (wb_json_next(&it))
        failed(c, name, wb_ddb_table_name(c, wb_json_str(it.key, c->arena)), true);
}

/* A failed command leaves nothing behind, so these are counted in memory (Developer Guide,
 * "DynamoDB metrics and dimensions"): a failed condition and a throttled request are no UserErrors.
 */
void wb_ddb_ended(struct wb_call *c, double ms)
{
    const struct wb_error *e = &c->error;
    if (!e->code || !c->ctx.account.n)
        return;
    if (strcmp(e->code, "ConditionalCheckFailedException") == 0)
        failed(c, "ConditionalCheckFailedRequests", wb_ddb_table_name(c, wb_in_str(c, "TableName")),
               false);
    else if (strcmp(e->code, "ThrottlingException") == 0)
        failed_tables(c, "ThrottledRequests");
    else if (e->status >= 500)
        failed_tables(c, "SystemErrors");
    else
        wb_count(c->engine, c->ctx.account, c->ctx.region, "AWS/DynamoDB", "UserErrors", NULL, 0, 1,
                 "Count");
}
