/* TableDescription. */
#include "services/dynamodb/table.h"

static void out_schema(struct wb_out *o, const struct wb_ddb_schema *s)
{
    wb_out_list(o, "KeySchema");
    for (uint32_t i = 0; i < s->count; i++) {
        wb_out_object(o, NULL);
        wb_out_str(o, "AttributeName", s->key[i].name);
        wb_out_cstr(o, "KeyType", i ? "RANGE" : "HASH");
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_throughput(struct wb_out *o, int64_t read, int64_t write, int64_t up, int64_t down)
{
    wb_out_object(o, "ProvisionedThroughput");
    if (up)
        wb_out_time(o, "LastIncreaseDateTime", up);
    if (down)
        wb_out_time(o, "LastDecreaseDateTime", down);
    wb_out_i64(o, "NumberOfDecreasesToday", 0);
    wb_out_i64(o, "ReadCapacityUnits", read);
    wb_out_i64(o, "WriteCapacityUnits", write);
    wb_out_end(o);
}

static void out_projection(struct wb_out *o, const struct wb_ddb_index *x)
{
    static const char *const types[] = {"ALL", "KEYS_ONLY", "INCLUDE"};
    wb_out_object(o, "Projection");
    wb_out_cstr(o, "ProjectionType", types[x->project]);
    if (x->include_count) {
        wb_out_list(o, "NonKeyAttributes");
        for (uint32_t i = 0; i < x->include_count; i++)
            wb_out_str(o, NULL, x->include[i]);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_index(struct wb_tx *tx, struct wb_out *o, const struct wb_ddb_table *t,
                      const struct wb_ddb_index *x, struct wb_ddb_stats *stats, const char *status)
{
    const struct wb_ddb_stat *s = wb_ddb_stats_of(stats, x->number);
    wb_out_object(o, NULL);
    wb_out_str(o, "IndexName", x->name);
    out_schema(o, &x->schema);
    out_projection(o, x);
    if (x->global) {
        bool creating = !x->ready || strcmp(status, "CREATING") == 0;
        wb_out_cstr(o, "IndexStatus", creating ? "CREATING" : "ACTIVE");
        if (!x->ready)
            wb_out_bool(o, "Backfilling", true);
        out_throughput(o, x->read_units, x->write_units, 0, 0);
    }
    wb_out_i64(o, "IndexSizeBytes", s->bytes);
    wb_out_i64(o, "ItemCount", s->count);
    wb_out_str(o, "IndexArn",
               wb_printf(tx->arena, "%.*s/index/%.*s", WB_FMT(t->arn), WB_FMT(x->name)));
    wb_out_end(o);
}

static void out_indexes(struct wb_tx *tx, struct wb_out *o, const struct wb_ddb_table *t,
                        struct wb_ddb_stats *stats, bool global, const char *status)
{
    bool open = false;
    for (uint32_t i = 0; i < t->index_count; i++) {
        if (t->index[i].global != global)
            continue;
        if (!open)
            wb_out_list(o, global ? "GlobalSecondaryIndexes" : "LocalSecondaryIndexes");
        open = true;
        out_index(tx, o, t, &t->index[i], stats, status);
    }
    if (open)
        wb_out_end(o);
}

static void out_stream(struct wb_tx *tx, struct wb_out *o, const struct wb_ddb_table *t)
{
    const struct wb_ddb_stream *on = wb_ddb_stream_on(t);
    if (on) {
        wb_out_object(o, "StreamSpecification");
        wb_out_bool(o, "StreamEnabled", true);
        wb_out_str(o, "StreamViewType", on->view);
        wb_out_end(o);
    }
    if (t->stream_count) {
        struct wb_slice label = t->stream[t->stream_count - 1].label;
        wb_out_str(o, "LatestStreamLabel", label);
        wb_out_str(o, "LatestStreamArn",
                   wb_printf(tx->arena, "%.*s/stream/%.*s", WB_FMT(t->arn), WB_FMT(label)));
    }
}

static void out_more(struct wb_tx *tx, struct wb_out *o, const struct wb_ddb_table *t)
{
    if (t->on_demand) {
        wb_out_object(o, "BillingModeSummary");
        wb_out_cstr(o, "BillingMode", "PAY_PER_REQUEST");
        wb_out_time(o, "LastUpdateToPayPerRequestDateTime",
                    t->on_demand_ms ? t->on_demand_ms : t->created_ms);
        wb_out_end(o);
    }
    out_stream(tx, o, t);
    if (t->sse) {
        wb_out_object(o, "SSEDescription");
        wb_out_cstr(o, "Status", "ENABLED");
        wb_out_str(o, "SSEType", t->sse_type);
        wb_out_str(o, "KMSMasterKeyArn", t->sse_key);
        wb_out_end(o);
    }
    if (t->table_class.p) {
        wb_out_object(o, "TableClassSummary");
        wb_out_str(o, "TableClass", t->table_class);
        wb_out_end(o);
    }
    wb_out_bool(o, "DeletionProtectionEnabled", t->protect);
}

void wb_ddb_table_describe(struct wb_tx *tx, struct wb_out *o, const struct wb_ddb_table *t,
                           const char *status)
{
    struct wb_ddb_stats stats;
    bool whole = strcmp(status, "DELETING") != 0;
    wb_ddb_stats_read(tx, t->number, &stats);
    if (whole) {
        wb_out_list(o, "AttributeDefinitions");
        for (uint32_t i = 0; i < t->attr_count; i++) {
            wb_out_object(o, NULL);
            wb_out_str(o, "AttributeName", t->attr[i].name);
            wb_out_cstr(o, "AttributeType", wb_av_type_name(t->attr[i].type));
            wb_out_end(o);
        }
        wb_out_end(o);
        out_schema(o, &t->schema);
        wb_out_time(o, "CreationDateTime", t->created_ms);
    }
    wb_out_str(o, "TableName", t->name);
    wb_out_cstr(o, "TableStatus", status);
    out_throughput(o, t->read_units, t->write_units, t->increased_ms, t->decreased_ms);
    wb_out_i64(o, "TableSizeBytes", wb_ddb_stats_of(&stats, 0)->bytes);
    wb_out_i64(o, "ItemCount", wb_ddb_stats_of(&stats, 0)->count);
    wb_out_str(o, "TableArn", t->arn);
    wb_out_str(o, "TableId", t->id);
    if (whole) {
        out_indexes(tx, o, t, &stats, false, status);
        out_indexes(tx, o, t, &stats, true, status);
    }
    out_more(tx, o, t);
}
