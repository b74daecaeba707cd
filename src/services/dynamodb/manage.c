/* Operations on tables that read or change settings: describe, list, backups, time to live, tags,
 * end points, limits. */
#include "base/arn.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/tags.h"
#include "services/dynamodb/ops.h"

#define INVALID "One or more parameter values were invalid: "

void wb_ddb_describe_table(struct wb_call *c)
{
    const struct wb_ddb_table *t = wb_ddb_table_named(c, true);
    if (!t)
        return;
    wb_out_object(&c->out, "Table");
    wb_ddb_table_describe(c->tx, &c->out, t, "ACTIVE");
    wb_out_end(&c->out);
}

void wb_ddb_list_tables(struct wb_call *c)
{
    struct wb_slice start = wb_in_str(c, "ExclusiveStartTableName"), key, value,
                    last = WB_SLICE_NULL;
    int64_t limit = wb_in_i64(c, "Limit", WB_DDB_LIST_TABLES_MAX), count = 0;
    struct wb_slice prefix = wb_key(c->arena, WB_T_TABLE, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice lo = prefix;
    if (start.p)
        lo = wb_key_after(c->arena,
                          wb_ddb_table_key(c->arena, c->ctx.account, c->ctx.region, start));
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    bool more = false;
    wb_out_list(&c->out, "TableNames");
    while (wb_tx_next(c->tx, s, &key, &value)) {
        if (count == limit) {
            more = true;
            break;
        }
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        wb_key_rd_str(&r);
        wb_key_rd_str(&r);
        last = wb_dup(c->arena, wb_key_rd_str(&r));
        wb_out_str(&c->out, NULL, last);
        count++;
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "LastEvaluatedTableName", last);
}

/* --- continuous backups --- */

/* For these operations the missing table has an exception of its own. */
static const struct wb_ddb_table *backup_table(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "TableName");
    const struct wb_ddb_table *t = wb_ddb_table(c, name);
    if (!t)
        wb_fail(c, "TableNotFoundException", 400, "Table not found: %.*s", WB_FMT(name));
    return t;
}

static void out_backups(struct wb_call *c, const struct wb_ddb_table *t)
{
    int64_t now = c->tx->now_ms, days = t->recovery_days ? t->recovery_days : WB_DDB_PITR_DAYS;
    int64_t earliest = now - days * 86400000LL, latest = now - 5 * 60000LL;
    if (earliest < t->recovery_ms)
        earliest = t->recovery_ms;
    wb_out_object(&c->out, "ContinuousBackupsDescription");
    wb_out_cstr(&c->out, "ContinuousBackupsStatus", "ENABLED");
    wb_out_object(&c->out, "PointInTimeRecoveryDescription");
    wb_out_cstr(&c->out, "PointInTimeRecoveryStatus", t->recovery ? "ENABLED" : "DISABLED");
    if (t->recovery) {
        wb_out_i64(&c->out, "RecoveryPeriodInDays", days);
        wb_out_time(&c->out, "EarliestRestorableDateTime", earliest);
        wb_out_time(&c->out, "LatestRestorableDateTime", latest < earliest ? earliest : latest);
    }
    wb_out_end(&c->out);
    wb_out_end(&c->out);
}

void wb_ddb_describe_backups(struct wb_call *c)
{
    const struct wb_ddb_table *t = backup_table(c);
    if (t)
        out_backups(c, t);
}

void wb_ddb_update_backups(struct wb_call *c)
{
    const struct wb_ddb_table *t = backup_table(c);
    if (!t)
        return;
    struct wb_json spec = wb_in(c, "PointInTimeRecoverySpecification");
    bool on = wb_json_bool(wb_json_get(spec, "PointInTimeRecoveryEnabled"), false);
    int64_t days = wb_json_get_i64(spec, "RecoveryPeriodInDays", 0);
    if (!on && days) {
        wb_ddb_invalid(c, INVALID "RecoveryPeriodInDays can be specified only when "
                                  "PointInTimeRecoveryEnabled is true");
        return;
    }
    struct wb_ddb_table *n = wb_ddb_table_edit(c->arena, t);
    if (on && !t->recovery)
        n->recovery_ms = c->tx->now_ms;
    n->recovery = on;
    n->recovery_days = on ? (days ? days : t->recovery_days) : 0;
    wb_ddb_table_compile(c->arena, n);
    wb_ddb_table_save(c->tx, n);
    out_backups(c, n);
}

/* --- time to live --- */

/* Items do not expire yet, so there is no operation that says they shall. Clients that look at a
 * whole table ask all the same. */
void wb_ddb_describe_ttl(struct wb_call *c)
{
    if (!wb_ddb_table_named(c, true))
        return;
    wb_out_object(&c->out, "TimeToLiveDescription");
    wb_out_cstr(&c->out, "TimeToLiveStatus", "DISABLED");
    wb_out_end(&c->out);
}

/* --- tags --- */

/* The table an ARN names, in the call's own account and region. */
static bool tagged_table(struct wb_call *c, struct wb_slice *arn)
{
    struct wb_arn a;
    *arn = wb_in_str(c, "ResourceArn");
    bool ok = wb_arn_parse(*arn, &a) && wb_slice_is(a.service, "dynamodb") &&
              wb_slice_starts(a.resource, WB_S("table/"));
    if (!ok) {
        wb_ddb_invalid(c, "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                       WB_FMT(*arn));
        return false;
    }
    struct wb_slice name = wb_slice_sub(a.resource, 6, a.resource.n);
    bool own = wb_slice_eq(a.account, c->ctx.account) && wb_slice_eq(a.region, c->ctx.region);
    if (own && wb_ddb_table(c, name))
        return true;
    wb_fail(c, "ResourceNotFoundException", 400,
            "Requested resource not found: ResourcArn: %.*s not found", WB_FMT(*arn));
    return false;
}

void wb_ddb_tag_resource(struct wb_call *c)
{
    struct wb_slice arn, why;
    struct wb_pair *tag;
    size_t count;
    if (!tagged_table(c, &arn))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why))
        wb_ddb_invalid(c, INVALID "%.*s", WB_FMT(why));
    else if (count == 0)
        wb_ddb_invalid(c, "Atleast one Tag needs to be provided as Input.");
    else if (!wb_tags_put(c->tx, arn, tag, count))
        wb_ddb_invalid(c, INVALID "Too many tags: the limit is %d for a resource", WB_TAGS_MAX);
}

void wb_ddb_untag_resource(struct wb_call *c)
{
    struct wb_slice arn;
    struct wb_json keys = wb_in(c, "TagKeys");
    if (!tagged_table(c, &arn))
        return;
    if (wb_json_count(keys) == 0) {
        wb_ddb_invalid(c, "Atleast one Tag Key needs to be provided as Input.");
        return;
    }
    struct wb_json_iter it = wb_json_iter(keys);
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, arn, wb_json_str(it.value, c->arena));
}

void wb_ddb_list_tags(struct wb_call *c)
{
    struct wb_slice arn;
    if (tagged_table(c, &arn))
        wb_tags_out(c->tx, arn, &c->out, "Tags");
}

/* --- end points, limits --- */

void wb_ddb_describe_endpoints(struct wb_call *c)
{
    struct wb_slice url = wb_slice_str(wb_engine_config(c->engine)->public_url);
    ptrdiff_t at = wb_slice_find(url, WB_S("://"), 0);
    if (at >= 0)
        url = wb_slice_sub(url, (size_t)at + 3, url.n);
    wb_out_list(&c->out, "Endpoints");
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "Address", url);
    wb_out_i64(&c->out, "CachePeriodInMinutes", 1440);
    wb_out_end(&c->out);
    wb_out_end(&c->out);
}

void wb_ddb_describe_limits(struct wb_call *c)
{
    /* The quotas of a new AWS account (Developer Guide, "Service, account, and table quotas"). */
    wb_out_i64(&c->out, "AccountMaxReadCapacityUnits", 80000);
    wb_out_i64(&c->out, "AccountMaxWriteCapacityUnits", 80000);
    wb_out_i64(&c->out, "TableMaxReadCapacityUnits", 40000);
    wb_out_i64(&c->out, "TableMaxWriteCapacityUnits", 40000);
}
