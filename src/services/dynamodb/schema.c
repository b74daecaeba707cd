#include "services/dynamodb/schema.h"
#include "base/limits.h"
#include "base/time.h"

#define INVALID "One or more parameter values were invalid: "

bool wb_ddb_read_attributes(struct wb_call *c, struct wb_json list, struct wb_ddb_table *t)
{
    struct wb_ddb_key *attr =
        wb_new_n(c->arena, struct wb_ddb_key, t->attr_count + wb_json_count(list));
    if (t->attr_count)
        memcpy(attr, t->attr, sizeof(*attr) * t->attr_count);
    t->attr = attr;
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "AttributeName", c->arena);
        uint8_t type = wb_av_type_of(wb_json_get_str(it.value, "AttributeType", c->arena));
        bool same = false;
        for (uint32_t i = 0; i < t->attr_count && !wb_failed(c); i++) {
            if (!wb_slice_eq(t->attr[i].name, name))
                continue;
            same = true;
            if (t->attr[i].type != type)
                wb_ddb_invalid(c, "Cannot have two attributes with the same name");
        }
        if (wb_failed(c))
            return false;
        if (!same)
            t->attr[t->attr_count++] = (struct wb_ddb_key){name, type};
    }
    return true;
}

static bool defined(const struct wb_ddb_table *t, struct wb_slice name)
{
    for (uint32_t i = 0; i < t->attr_count; i++)
        if (wb_slice_eq(t->attr[i].name, name))
            return true;
    return false;
}

static void show_names(struct wb_buf *b, const struct wb_ddb_key *key, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        wb_buf_str(b, i ? ", " : "");
        wb_buf_slice_put(b, key[i].name);
    }
}

static void undefined(struct wb_call *c, const struct wb_ddb_table *t,
                      const struct wb_ddb_schema *s)
{
    struct wb_buf keys = wb_buf_in(c->arena), attrs = wb_buf_in(c->arena);
    show_names(&keys, s->key, s->count);
    show_names(&attrs, t->attr, t->attr_count);
    wb_ddb_invalid(c,
                   INVALID "Some index key attributes are not defined in AttributeDefinitions. "
                           "Keys: [%.*s], AttributeDefinitions: [%.*s]",
                   WB_FMT(wb_buf_slice(&keys)), WB_FMT(wb_buf_slice(&attrs)));
}

/* One or two elements, the first HASH, the second RANGE. */
static bool read_schema(struct wb_call *c, struct wb_json list, const struct wb_ddb_table *t,
                        bool of_table, struct wb_ddb_schema *out)
{
    bool types_ok[2] = {true, true};
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it) && out->count < 2) {
        struct wb_slice type = wb_json_get_str(it.value, "KeyType", c->arena);
        types_ok[out->count] = wb_slice_is(type, out->count ? "RANGE" : "HASH");
        out->key[out->count++].name = wb_json_get_str(it.value, "AttributeName", c->arena);
    }
    bool all = true;
    for (uint32_t i = 0; i < out->count; i++)
        all = all && defined(t, out->key[i].name);
    bool twice = out->count == 2 && wb_slice_eq(out->key[0].name, out->key[1].name);
    if (of_table && out->count == 2 && (!all || (twice && t->attr_count == 1)))
        wb_ddb_invalid(c, "Invalid KeySchema: Some index key attribute have no definition");
    else if (!all)
        undefined(c, t, out);
    else if (twice)
        wb_ddb_invalid(c, "Both the Hash Key and the Range Key element in the KeySchema have the "
                          "same name");
    else if (!types_ok[0])
        wb_ddb_invalid(c, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    else if (!types_ok[1])
        wb_ddb_invalid(c, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    return !wb_failed(c);
}

bool wb_ddb_read_table_keys(struct wb_call *c, struct wb_ddb_table *t)
{
    return read_schema(c, wb_in(c, "KeySchema"), t, true, &t->schema);
}

static bool check_local(struct wb_call *c, const struct wb_ddb_table *t,
                        const struct wb_ddb_index *x)
{
    if (x->schema.count != 2)
        wb_ddb_invalid(c, INVALID "Index KeySchema does not have a range key for index: %.*s",
                       WB_FMT(x->name));
    else if (!wb_slice_eq(x->schema.key[0].name, t->schema.key[0].name))
        wb_ddb_invalid(c,
                       INVALID "Index KeySchema does not have the same leading hash key as table "
                               "KeySchema for index: %.*s. index hash key: %.*s, table hash key: "
                               "%.*s",
                       WB_FMT(x->name), WB_FMT(x->schema.key[0].name),
                       WB_FMT(t->schema.key[0].name));
    return !wb_failed(c);
}

static bool read_projection(struct wb_call *c, struct wb_json v, struct wb_ddb_index *x)
{
    struct wb_slice type = wb_json_get_str(v, "ProjectionType", c->arena);
    struct wb_json include = wb_json_get(v, "NonKeyAttributes");
    if (!type.p) {
        wb_ddb_invalid(c, INVALID "Unknown ProjectionType: null");
        return false;
    }
    x->project = wb_slice_is(type, "ALL")         ? WB_DDB_ALL
                 : wb_slice_is(type, "KEYS_ONLY") ? WB_DDB_KEYS_ONLY
                                                  : WB_DDB_INCLUDE;
    bool given = wb_json_type(include) == WB_JSON_ARRAY;
    if (x->project != WB_DDB_INCLUDE && given)
        wb_ddb_invalid(c, INVALID "ProjectionType is %.*s, but NonKeyAttributes is specified",
                       WB_FMT(type));
    else if (x->project == WB_DDB_INCLUDE && !given)
        wb_ddb_invalid(c, INVALID "ProjectionType is INCLUDE, but NonKeyAttributes is not "
                                  "specified");
    if (wb_failed(c))
        return false;
    x->include = wb_new_n(c->arena, struct wb_slice, wb_json_count(include));
    struct wb_json_iter it = wb_json_iter(include);
    while (wb_json_next(&it))
        x->include[x->include_count++] = wb_json_str(it.value, c->arena);
    return true;
}

static bool read_index_throughput(struct wb_call *c, struct wb_json v, const struct wb_ddb_table *t,
                                  struct wb_ddb_index *x)
{
    struct wb_json throughput = wb_json_get(v, "ProvisionedThroughput");
    bool given = wb_json_type(throughput) == WB_JSON_OBJECT;
    if (t->on_demand && given)
        wb_ddb_invalid(c,
                       INVALID "ProvisionedThroughput should not be specified for index: %.*s when "
                               "BillingMode is PAY_PER_REQUEST",
                       WB_FMT(x->name));
    else if (!t->on_demand && !given)
        wb_ddb_invalid(c, INVALID "ProvisionedThroughput must be specified for index: %.*s",
                       WB_FMT(x->name));
    return !wb_failed(c) &&
           (!given || wb_ddb_read_throughput(c, throughput, &x->read_units, &x->write_units));
}

bool wb_ddb_read_index(struct wb_call *c, struct wb_json v, bool global, struct wb_ddb_table *t)
{
    struct wb_ddb_index *x = &t->index[t->index_count];
    *x = (struct wb_ddb_index){.name = wb_json_get_str(v, "IndexName", c->arena),
                               .number = ++t->next_index,
                               .global = global,
                               .ready = true};
    if (!read_schema(c, wb_json_get(v, "KeySchema"), t, false, &x->schema) ||
        (!global && !check_local(c, t, x)) ||
        !read_projection(c, wb_json_get(v, "Projection"), x) ||
        (global && !read_index_throughput(c, v, t, x)))
        return false;
    if (wb_ddb_index_named(t, x->name)) {
        wb_ddb_invalid(c, INVALID "Duplicate index name: %.*s", WB_FMT(x->name));
        return false;
    }
    t->index_count++;
    return true;
}

static bool read_list(struct wb_call *c, struct wb_ddb_table *t, const char *name, bool global,
                      uint32_t most)
{
    struct wb_json list = wb_in(c, name);
    if (!wb_json_is(list))
        return true;
    if (wb_json_count(list) == 0)
        wb_ddb_invalid(c, INVALID "List of %s is empty", name);
    else if (!global && t->schema.count != 2)
        wb_ddb_invalid(c, INVALID "Table KeySchema does not have a range key, which is required "
                                  "when specifying a LocalSecondaryIndex");
    if (wb_failed(c))
        return false;
    /* Names are compared over both lists, so a great many would cost; all are checked first. */
    if (wb_json_count(list) > most) {
        wb_ddb_invalid(c,
                       global ? INVALID "GlobalSecondaryIndex count exceeds the per-table limit of "
                                        "%u"
                              : INVALID "Number of LocalSecondaryIndexes exceeds per-table limit "
                                        "of %u",
                       most);
        return false;
    }
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (!wb_ddb_read_index(c, it.value, global, t))
            return false;
    return true;
}

/* Checked local ones first, as AWS does; kept global ones first. */
bool wb_ddb_read_indexes(struct wb_call *c, struct wb_ddb_table *t)
{
    t->index = wb_new_n(c->arena, struct wb_ddb_index, WB_DDB_LSI_MAX + WB_DDB_GSI_MAX);
    if (!read_list(c, t, "LocalSecondaryIndexes", false, WB_DDB_LSI_MAX))
        return false;
    uint32_t locals = t->index_count;
    if (!read_list(c, t, "GlobalSecondaryIndexes", true, WB_DDB_GSI_MAX))
        return false;
    struct wb_ddb_index *order = wb_new_n(c->arena, struct wb_ddb_index, t->index_count + 1);
    memcpy(order, t->index + locals, sizeof(*order) * (t->index_count - locals));
    memcpy(order + (t->index_count - locals), t->index, sizeof(*order) * locals);
    t->index = order;
    return true;
}

static bool in_schema(const struct wb_ddb_schema *s, struct wb_slice name)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (wb_slice_eq(s->key[i].name, name))
            return true;
    return false;
}

bool wb_ddb_check_definitions(struct wb_call *c, const struct wb_ddb_table *t)
{
    uint32_t projected = 0;
    for (uint32_t k = 0; k < t->index_count; k++)
        projected += t->index[k].include_count;
    if (projected > WB_DDB_NONKEY_MAX) {
        wb_ddb_invalid(c,
                       INVALID "Number of NonKeyAttributes summed across all indexes exceeds the "
                               "limit of %d",
                       WB_DDB_NONKEY_MAX);
        return false;
    }
    for (uint32_t i = 0; i < t->attr_count; i++) {
        bool used = in_schema(&t->schema, t->attr[i].name);
        for (uint32_t k = 0; k < t->index_count && !used; k++)
            used = in_schema(&t->index[k].schema, t->attr[i].name);
        if (used)
            continue;
        if (t->index_count == 0) {
            wb_ddb_invalid(c, INVALID "Number of attributes in KeySchema does not exactly match "
                                      "number of attributes defined in AttributeDefinitions");
        } else {
            struct wb_buf attrs = wb_buf_in(c->arena);
            show_names(&attrs, t->attr, t->attr_count);
            wb_ddb_invalid(c,
                           INVALID "Some AttributeDefinitions are not used. AttributeDefinitions: "
                                   "[%.*s], unused: [%.*s]",
                           WB_FMT(wb_buf_slice(&attrs)), WB_FMT(t->attr[i].name));
        }
        return false;
    }
    return true;
}

bool wb_ddb_read_throughput(struct wb_call *c, struct wb_json v, int64_t *read, int64_t *write)
{
    *read = wb_json_get_i64(v, "ReadCapacityUnits", 0);
    *write = wb_json_get_i64(v, "WriteCapacityUnits", 0);
    if (*read > WB_DDB_THROUGHPUT_MAX)
        wb_ddb_invalid(c, "Given value %lld for ReadCapacityUnits is out of bounds",
                       (long long)*read);
    else if (*write > WB_DDB_THROUGHPUT_MAX)
        wb_ddb_invalid(c, "Given value %lld for WriteCapacityUnits is out of bounds",
                       (long long)*write);
    return !wb_failed(c);
}

bool wb_ddb_read_stream(struct wb_call *c, struct wb_ddb_table *t, int64_t now_ms)
{
    struct wb_json v = wb_in(c, "StreamSpecification");
    if (!wb_json_is(v))
        return true;
    struct wb_slice view = wb_json_get_str(v, "StreamViewType", c->arena);
    bool on = wb_json_bool(wb_json_get(v, "StreamEnabled"), false);
    if (on && !view.p)
        wb_ddb_invalid(c, INVALID "StreamViewType must be specified when StreamEnabled is true");
    else if (!on && view.p)
        wb_ddb_invalid(c, INVALID "Table is being created or updated without a stream but "
                                  "StreamViewType is specified");
    if (wb_failed(c) || !on)
        return !wb_failed(c);
    struct wb_slice label = wb_time_str(c->arena, now_ms, WB_TIME_ISO_MS);
    struct wb_ddb_stream *list = wb_new_n(c->arena, struct wb_ddb_stream, t->stream_count + 1);
    if (t->stream_count)
        memcpy(list, t->stream, sizeof(*list) * t->stream_count);
    t->stream = list;
    t->stream[t->stream_count++] = (struct wb_ddb_stream){
        .label = wb_slice_sub(label, 0, label.n - 1), .view = view, .from_ms = now_ms};
    return true;
}

void wb_ddb_read_sse(struct wb_call *c, struct wb_ddb_table *t)
{
    struct wb_json v = wb_in(c, "SSESpecification");
    if (!wb_json_is(v))
        return;
    t->sse = wb_json_bool(wb_json_get(v, "Enabled"), false);
    t->sse_type = wb_json_get_str(v, "SSEType", c->arena);
    t->sse_key = wb_json_get_str(v, "KMSMasterKeyId", c->arena);
    if (t->sse && !t->sse_type.p)
        t->sse_type = WB_S("KMS");
}
