/* UpdateTable, and the job that fills an index added to a table with items. */
#include "base/limits.h"
#include "codec/text.h"
#include "engine/engine.h"
#include "services/dynamodb/ops.h"
#include "services/dynamodb/schema.h"

#define INVALID "One or more parameter values were invalid: "

#define STREAM_MS (WB_DDB_STREAM_HOURS * 3600000LL)

static bool has(struct wb_call *c, const char *name)
{
    return wb_json_is(wb_in(c, name));
}

/* --- billing --- */

static bool same_throughput(struct wb_call *c, const struct wb_ddb_table *t, int64_t read,
                            int64_t write)
{
    if (t->on_demand || read != t->read_units || write != t->write_units)
        return false;
    wb_ddb_invalid(c,
                   "The provisioned throughput for the table will not change. The requested value "
                   "equals the current value. Current ReadCapacityUnits provisioned for the table: "
                   "%lld. Requested ReadCapacityUnits: %lld. Current WriteCapacityUnits "
                   "provisioned for the table: %lld. Requested WriteCapacityUnits: %lld. Refer to "
                   "the Amazon DynamoDB Developer Guide for current limits and how to request "
                   "higher limits.",
                   (long long)t->read_units, (long long)read, (long long)t->write_units,
                   (long long)write);
    return true;
}

static bool update_billing(struct wb_call *c, struct wb_ddb_table *n)
{
    struct wb_slice mode = wb_in_str(c, "BillingMode");
    struct wb_json throughput = wb_in(c, "ProvisionedThroughput");
    bool on_demand = mode.p ? wb_slice_is(mode, "PAY_PER_REQUEST") : n->on_demand;
    int64_t read, write, now = c->tx->now_ms;
    if (on_demand && wb_json_is(throughput))
        wb_ddb_invalid(c, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                  "specified when BillingMode is PAY_PER_REQUEST");
    else if (!on_demand && n->on_demand && !wb_json_is(throughput))
        wb_ddb_invalid(c, INVALID "ReadCapacityUnits and WriteCapacityUnits must both be specified "
                                  "when BillingMode is PROVISIONED");
    if (wb_failed(c))
        return false;
    if (on_demand && !n->on_demand) {
        n->on_demand_ms = now;
        n->read_units = n->write_units = 0;
        for (uint32_t i = 0; i < n->index_count; i++)
            n->index[i].read_units = n->index[i].write_units = 0;
    }
    if (wb_json_is(throughput)) {
        if (!wb_ddb_read_throughput(c, throughput, &read, &write) ||
            same_throughput(c, n, read, write))
            return false;
        if (read > n->read_units || write > n->write_units)
            n->increased_ms = now;
        if (read < n->read_units || write < n->write_units)
            n->decreased_ms = now;
        n->read_units = read;
        n->write_units = write;
    }
    n->on_demand = on_demand;
    return true;
}

/* --- stream --- */

static void forget_streams(struct wb_ddb_table *n, int64_t now)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n->stream_count; i++)
        if (n->stream[i].until_ms == 0 || n->stream[i].until_ms > now - STREAM_MS)
            n->stream[kept++] = n->stream[i];
    n->stream_count = kept;
}

static bool update_stream(struct wb_call *c, struct wb_ddb_table *n)
{
    struct wb_json v = wb_in(c, "StreamSpecification");
    bool on = wb_json_bool(wb_json_get(v, "StreamEnabled"), false);
    if (on && wb_ddb_stream_on(n))
        wb_ddb_invalid(c, "Table already has an enabled stream: TableName: %.*s", WB_FMT(n->name));
    else if (!on && !wb_ddb_stream_on(n))
        wb_ddb_invalid(c, "Table is already not stream enabled: TableName: %.*s", WB_FMT(n->name));
    if (wb_failed(c))
        return false;
    if (!on)
        n->stream[n->stream_count - 1].until_ms = c->tx->now_ms;
    forget_streams(n, c->tx->now_ms);
    return wb_ddb_read_stream(c, n, c->tx->now_ms);
}

/* --- indexes --- */

static bool create_index(struct wb_call *c, struct wb_ddb_table *n, struct wb_json v)
{
    uint32_t globals = 0;
    for (uint32_t i = 0; i < n->index_count; i++)
        globals += n->index[i].global;
    if (globals >= WB_DDB_GSI_MAX) {
        wb_fail(c, "LimitExceededException", 400,
                INVALID "GlobalSecondaryIndex count exceeds the per-table limit of %d",
                WB_DDB_GSI_MAX);
        return false;
    }
    if (!wb_ddb_read_index(c, v, true, n))
        return false;
    /* Global ones stand before local ones. */
    struct wb_ddb_index x = n->index[n->index_count - 1];
    x.ready = false;
    memmove(&n->index[globals + 1], &n->index[globals], (n->index_count - 1 - globals) * sizeof(x));
    n->index[globals] = x;
    return true;
}

static bool delete_index(struct wb_call *c, struct wb_ddb_table *n, struct wb_slice name)
{
    const struct wb_ddb_index *x = wb_ddb_index_named(n, name);
    if (!x || !x->global) {
        wb_fail(c, "ResourceNotFoundException", 400, "Requested resource not found");
        return false;
    }
    struct wb_slice prefix = wb_key(c->arena, WB_T_INDEX, "uu", n->number, x->number);
    wb_job_drop_range(
        c->tx,
        wb_printf(c->arena, "delete index %.*s of table %.*s", WB_FMT(name), WB_FMT(n->name)),
        prefix, wb_key_after(c->arena, prefix));
    struct wb_ddb_stats stats;
    wb_ddb_stats_read(c->tx, n->number, &stats);
    wb_ddb_stats_forget(&stats, x->number);
    wb_ddb_stats_write(c->tx, n->number, &stats);
    size_t at = (size_t)(x - n->index);
    memmove(&n->index[at], &n->index[at + 1], (n->index_count - at - 1) * sizeof(*x));
    n->index_count--;
    /* Definitions that no key uses any more go with it. */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n->attr_count; i++) {
        bool used = false;
        for (uint32_t k = 0; k < n->schema.count; k++)
            used |= wb_slice_eq(n->schema.key[k].name, n->attr[i].name);
        for (uint32_t j = 0; j < n->index_count; j++)
            for (uint32_t k = 0; k < n->index[j].schema.count; k++)
                used |= wb_slice_eq(n->index[j].schema.key[k].name, n->attr[i].name);
        if (used)
            n->attr[kept++] = n->attr[i];
    }
    n->attr_count = kept;
    return true;
}

static bool change_index(struct wb_call *c, struct wb_ddb_table *n, struct wb_json v)
{
    struct wb_slice name = wb_json_get_str(v, "IndexName", c->arena);
    for (uint32_t i = 0; i < n->index_count; i++)
        if (n->index[i].global && wb_slice_eq(n->index[i].name, name))
            return wb_ddb_read_throughput(c, wb_json_get(v, "ProvisionedThroughput"),
                                          &n->index[i].read_units, &n->index[i].write_units);
    wb_fail(c, "ResourceNotFoundException", 400, "Requested resource not found");
    return false;
}

static bool update_indexes(struct wb_call *c, struct wb_ddb_table *n)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "GlobalSecondaryIndexUpdates"));
    unsigned structural = 0;
    while (wb_json_next(&it)) {
        struct wb_json create = wb_json_get(it.value, "Create"),
                       del = wb_json_get(it.value, "Delete"),
                       update = wb_json_get(it.value, "Update");
        structural += wb_json_is(create) || wb_json_is(del);
        if (structural > 1) {
            wb_fail(c, "LimitExceededException", 400,
                    "Subscriber limit exceeded: Only 1 online index can be created or deleted "
                    "simultaneously per table");
            return false;
        }
        bool ok = wb_json_is(create) ? create_index(c, n, create)
                  : wb_json_is(del)
                      ? delete_index(c, n, wb_json_get_str(del, "IndexName", c->arena))
                  : wb_json_is(update) ? change_index(c, n, update)
                                       : false;
        if (!ok && !wb_failed(c))
            wb_ddb_invalid(c, INVALID "One of GlobalSecondaryIndexUpdate.Update, "
                                      "GlobalSecondaryIndexUpdate.Create, "
                                      "GlobalSecondaryIndexUpdate.Delete must not be null");
        if (wb_failed(c))
            return false;
    }
    return true;
}

/* --- the operation --- */

static bool check_request(struct wb_call *c, const struct wb_ddb_table *t)
{
    static const char *const any[] = {"ProvisionedThroughput",    "BillingMode",
                                      "StreamSpecification",      "GlobalSecondaryIndexUpdates",
                                      "SSESpecification",         "TableClass",
                                      "DeletionProtectionEnabled"};
    bool found = false;
    for (size_t i = 0; i < sizeof(any) / sizeof(*any); i++)
        found |= has(c, any[i]);
    if (has(c, "ReplicaUpdates"))
        wb_ddb_invalid(c, INVALID "Replicas in other Regions are not available: Waybill runs in "
                                  "one place");
    else if (!found)
        wb_ddb_invalid(c,
                       "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
                       "GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is "
                       "required");
    bool busy = false;
    for (uint32_t i = 0; i < t->index_count; i++)
        busy |= !t->index[i].ready;
    if (!wb_failed(c) && busy && has(c, "GlobalSecondaryIndexUpdates"))
        wb_fail(c, "ResourceInUseException", 400,
                "Attempt to change a resource which is still in use: Table is being updated: %.*s",
                WB_FMT(t->name));
    return !wb_failed(c);
}

void wb_ddb_update_table(struct wb_call *c)
{
    const struct wb_ddb_table *t = wb_ddb_table_named(c, true);
    if (!t || !check_request(c, t))
        return;
    struct wb_ddb_table *n = wb_ddb_table_edit(c->arena, t);
    if ((has(c, "BillingMode") || has(c, "ProvisionedThroughput")) && !update_billing(c, n))
        return;
    if (has(c, "StreamSpecification") && !update_stream(c, n))
        return;
    if (has(c, "AttributeDefinitions") &&
        !wb_ddb_read_attributes(c, wb_in(c, "AttributeDefinitions"), n))
        return;
    if (has(c, "GlobalSecondaryIndexUpdates") && !update_indexes(c, n))
        return;
    if (has(c, "AttributeDefinitions") && !wb_ddb_check_definitions(c, n))
        return;
    wb_ddb_read_sse(c, n);
    if (has(c, "TableClass"))
        n->table_class = wb_in_str(c, "TableClass");
    n->protect = wb_in_bool(c, "DeletionProtectionEnabled", n->protect);
    wb_ddb_table_compile(c->arena, n);
    wb_ddb_table_save(c->tx, n);
    for (uint32_t i = 0; i < n->index_count; i++)
        if (!n->index[i].ready)
            wb_ddb_backfill_start(c->tx, n, &n->index[i]);
    wb_out_object(&c->out, "TableDescription");
    wb_ddb_table_describe(c->tx, &c->out, n, "UPDATING");
    wb_out_end(&c->out);
}

/* --- filling a new index --- */

#define FILL_ROWS  200
#define FILL_BYTES (1 << 20)

static struct wb_slice fill_state(struct wb_arena *a, const struct wb_ddb_table *t, uint64_t index,
                                  struct wb_slice cursor)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account", t->account);
    wb_jw_kstr(&w, "region", t->region);
    wb_jw_kstr(&w, "name", t->name);
    wb_jw_ki64(&w, "table", (int64_t)t->number);
    wb_jw_ki64(&w, "index", (int64_t)index);
    wb_jw_kstr(&w, "cursor", wb_base64_encode(a, cursor));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void wb_ddb_backfill_start(struct wb_tx *tx, const struct wb_ddb_table *t,
                           const struct wb_ddb_index *x)
{
    wb_job_start(
        tx, wb_ddb_backfill_job.name,
        wb_printf(tx->arena, "fill index %.*s of table %.*s", WB_FMT(x->name), WB_FMT(t->name)),
        fill_state(tx->arena, t, x->number, wb_key(tx->arena, WB_T_ITEM, "u", t->number)));
}

/* An item whose attribute has the wrong type for the index stays outside of it, as at AWS. Adds
 * what the entry costs to *units. */
static void fill_one(struct wb_tx *tx, const struct wb_ddb_table *t, const struct wb_ddb_index *x,
                     struct wb_slice key, const struct wb_ddb_row *row, struct wb_ddb_stat *stat,
                     double *units)
{
    struct wb_av item;
    struct wb_slice there;
    if (!wb_av_read_map(tx->arena, wb_dup(tx->arena, row->json), &item)) {
        tx->status = WB_STORE_CORRUPT;
        return;
    }
    struct wb_slice index_key = wb_ddb_index_key(tx->arena, t, x, &item, key);
    if (!index_key.p || wb_tx_get(tx, index_key, &there))
        return;
    const struct wb_av *range =
        x->schema.count > 1 ? wb_av_get(&item, x->schema.key[1].name) : NULL;
    const struct wb_av *hash = wb_av_get(&item, x->schema.key[0].name);
    if ((hash->type != WB_AV_N && (hash->s.n == 0 || hash->s.n > WB_DDB_HASH_MAX)) ||
        (range && range->type != WB_AV_N && (range->s.n == 0 || range->s.n > WB_DDB_RANGE_MAX)))
        return;
    struct wb_av entry = wb_ddb_entry(tx->arena, x, &item);
    size_t size = x->project == WB_DDB_ALL ? (size_t)row->size : wb_av_item_size(&entry);
    stat->count++;
    stat->bytes += (int64_t)size;
    *units += wb_ddb_write_units(size);
    wb_tx_put(tx, index_key, wb_ddb_hash_bytes(tx->arena, hash));
}

/* The index's own consumed capacity does not include it (Developer Guide, "DynamoDB metrics and
 * dimensions"). */
static void fill_tell(struct wb_tx *tx, const struct wb_ddb_table *t, const struct wb_ddb_index *x,
                      const struct wb_job *j, bool done, double units)
{
    struct wb_pair dims[2] = {{WB_S("GlobalSecondaryIndexName"), x->name},
                              {WB_S("TableName"), t->name}};
    double percent = 100;
    if (!done && j->total > j->done)
        percent = 100.0 * (double)j->done / (double)j->total;
    wb_put_metric(tx, t->account, t->region, "AWS/DynamoDB", "OnlineIndexPercentageProgress", dims,
                  2, percent, "Count");
    if (units > 0)
        wb_put_metric(tx, t->account, t->region, "AWS/DynamoDB", "OnlineIndexConsumedWriteCapacity",
                      dims, 2, units, "Count");
}

static void fill_done(struct wb_tx *tx, const struct wb_ddb_table *t, uint64_t index)
{
    struct wb_ddb_table *n = wb_ddb_table_edit(tx->arena, t);
    for (uint32_t i = 0; i < n->index_count; i++)
        if (n->index[i].number == index)
            n->index[i].ready = true;
    wb_ddb_table_save(tx, n);
}

static bool fill_step(struct wb_tx *tx, struct wb_job *j)
{
    struct wb_arena *a = tx->arena;
    struct wb_json s = wb_json_read(a, j->state, NULL);
    struct wb_slice cursor, key, value;
    uint64_t number = (uint64_t)wb_json_get_i64(s, "index", 0);
    const struct wb_ddb_table *t =
        wb_def(tx, &wb_ddb_tables,
               wb_ddb_table_key(a, wb_json_get_str(s, "account", a),
                                wb_json_get_str(s, "region", a), wb_json_get_str(s, "name", a)));
    const struct wb_ddb_index *x = NULL;
    for (uint32_t i = 0; t && i < t->index_count; i++)
        if (t->index[i].number == number)
            x = &t->index[i];
    if (!x || t->number != (uint64_t)wb_json_get_i64(s, "table", 0))
        return true; /* the table or the index has gone meanwhile */
    if (!wb_base64_decode(a, wb_json_get_str(s, "cursor", a), &cursor)) {
        tx->status = WB_STORE_CORRUPT;
        return false;
    }
    struct wb_slice end = wb_key_after(a, wb_key(a, WB_T_ITEM, "u", t->number));
    struct wb_scan *scan = wb_tx_scan(tx, cursor, end, false);
    struct wb_ddb_stats stats;
    wb_ddb_stats_read(tx, t->number, &stats);
    struct wb_ddb_stat *stat = wb_ddb_stats_of(&stats, number);
    size_t rows = 0, bytes = 0;
    double units = 0;
    bool more = false;
    while (rows < FILL_ROWS && bytes < FILL_BYTES && (more = wb_tx_next(tx, scan, &key, &value))) {
        struct wb_ddb_row row;
        struct wb_slice item_key = wb_dup(a, key);
        if (!wb_ddb_row_read(value, &row)) {
            tx->status = WB_STORE_CORRUPT;
            break;
        }
        rows++;
        bytes += row.size;
        cursor = wb_concat(a, (struct wb_slice[]){item_key, wb_slice("", 1)}, 2);
        fill_one(tx, t, x, item_key, &row, stat, &units);
    }
    wb_scan_close(scan);
    wb_ddb_stats_write(tx, t->number, &stats);
    j->done += rows;
    j->total = (uint64_t)wb_ddb_stats_of(&stats, 0)->count;
    fill_tell(tx, t, x, j, !more, units);
    if (!more && tx->status == WB_STORE_OK)
        fill_done(tx, t, number);
    j->state = fill_state(a, t, number, cursor);
    return !more;
}

const struct wb_job_kind wb_ddb_backfill_job = {.name = "dynamodb-fill-index", .step = fill_step};
