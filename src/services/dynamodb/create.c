/* CreateTable and DeleteTable. */
#include "base/ids.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/tags.h"
#include "services/dynamodb/ops.h"
#include "services/dynamodb/schema.h"

#define INVALID "One or more parameter values were invalid: "

static bool read_billing(struct wb_call *c, struct wb_ddb_table *t)
{
    struct wb_json throughput = wb_in(c, "ProvisionedThroughput");
    t->on_demand = wb_slice_is(wb_in_str(c, "BillingMode"), "PAY_PER_REQUEST");
    if (t->on_demand && wb_json_is(throughput))
        wb_ddb_invalid(c, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be "
                                  "specified when BillingMode is PAY_PER_REQUEST");
    else if (!t->on_demand && !wb_json_is(throughput))
        wb_ddb_invalid(c, INVALID "ReadCapacityUnits and WriteCapacityUnits must both be specified "
                                  "when BillingMode is PROVISIONED");
    return !wb_failed(c) && wb_ddb_read_throughput(c, throughput, &t->read_units, &t->write_units);
}

static bool read_table(struct wb_call *c, struct wb_ddb_table *t)
{
    t->account = c->ctx.account;
    t->region = c->ctx.region;
    t->name = wb_ddb_table_name(c, wb_in_str(c, "TableName"));
    if (!t->name.n)
        wb_ddb_invalid(c, INVALID "TableName: an ARN of this account and region is needed");
    t->table_class = wb_in_str(c, "TableClass");
    t->protect = wb_in_bool(c, "DeletionProtectionEnabled", false);
    wb_ddb_read_sse(c, t);
    return !wb_failed(c) && read_billing(c, t) &&
           wb_ddb_read_attributes(c, wb_in(c, "AttributeDefinitions"), t) &&
           wb_ddb_read_table_keys(c, t) && wb_ddb_read_indexes(c, t) &&
           wb_ddb_check_definitions(c, t) && wb_ddb_read_stream(c, t, c->tx->now_ms);
}

/* A few hundred tables at most are counted; beyond the limit the count stops. */
static bool too_many(struct wb_call *c)
{
    struct wb_slice key, value,
        prefix = wb_key(c->arena, WB_T_TABLE, "ss", c->ctx.account, c->ctx.region);
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, prefix);
    unsigned count = 0;
    while (count < WB_DDB_TABLES_MAX && wb_tx_next(c->tx, s, &key, &value))
        count++;
    wb_scan_close(s);
    return count >= WB_DDB_TABLES_MAX;
}

void wb_ddb_create_table(struct wb_call *c)
{
    struct wb_ddb_table *t = wb_new(c->arena, struct wb_ddb_table);
    struct wb_pair *tags = NULL;
    size_t tag_count = 0;
    struct wb_slice why;
    if (!read_table(c, t))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tags, &tag_count, &why)) {
        wb_ddb_invalid(c, INVALID "%.*s", WB_FMT(why));
        return;
    }
    if (wb_ddb_table(c, t->name)) {
        wb_fail(c, "ResourceInUseException", 400, "Table already exists: %.*s", WB_FMT(t->name));
        return;
    }
    if (too_many(c)) {
        wb_fail(c, "LimitExceededException", 400,
                "Subscriber limit exceeded: Account limit of %d tables exceeded",
                WB_DDB_TABLES_MAX);
        return;
    }
    t->number = wb_tx_number(c->tx, "table");
    t->id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    t->created_ms = c->tx->now_ms;
    wb_ddb_table_compile(c->arena, t);
    wb_ddb_table_save(c->tx, t);
    if (tag_count)
        wb_tags_put(c->tx, t->arn, tags, tag_count);
    wb_out_object(&c->out, "TableDescription");
    wb_ddb_table_describe(c->tx, &c->out, t, "CREATING");
    wb_out_end(&c->out);
}

static void drop(struct wb_call *c, struct wb_slice what, struct wb_slice prefix)
{
    wb_job_drop_range(c->tx, what, prefix, wb_key_after(c->arena, prefix));
}

void wb_ddb_delete_table(struct wb_call *c)
{
    const struct wb_ddb_table *t = wb_ddb_table_named(c, true);
    if (!t)
        return;
    if (t->protect) {
        wb_ddb_invalid(c,
                       "Resource cannot be deleted as it is currently protected against deletion. "
                       "Disable deletion protection first.");
        return;
    }
    wb_out_object(&c->out, "TableDescription");
    wb_ddb_table_describe(c->tx, &c->out, t, "DELETING");
    wb_out_end(&c->out);
    struct wb_slice key = wb_ddb_table_key(c->arena, t->account, t->region, t->name);
    struct wb_slice what = wb_printf(c->arena, "delete table %.*s", WB_FMT(t->name));
    drop(c, what, wb_key(c->arena, WB_T_ITEM, "u", t->number));
    if (t->index_count)
        drop(c, what, wb_key(c->arena, WB_T_INDEX, "u", t->number));
    if (t->stream_count || t->recovery_ms)
        drop(c, what, wb_key(c->arena, WB_T_JOURNAL, "u", t->number));
    wb_tx_del(c->tx, wb_key(c->arena, WB_T_TABLE_STAT, "u", t->number));
    wb_tags_drop(c->tx, t->arn);
    wb_tx_del(c->tx, key);
    wb_def_changed(c->tx, &wb_ddb_tables, key);
}
