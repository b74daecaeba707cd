/* Rows of alarms and their indexes. */
#include "services/cloudwatch/alarm.h"
#include "base/arn.h"
#include "base/limits.h"
#include "services/cloudwatch/alarm_rule.h"

struct wb_slice cw_alarm_arn(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                             struct wb_slice name)
{
    return wb_arn_make(a, "cloudwatch", region, account, "alarm:%.*s", WB_FMT(name));
}

struct wb_slice cw_alarm_name(const struct cw_alarm *scope, struct wb_slice s)
{
    struct wb_arn r;
    if (!wb_slice_starts(s, WB_S("arn:")))
        return s;
    if (!wb_arn_parse(s, &r) || !wb_slice_is(r.service, "cloudwatch") ||
        !wb_slice_eq(r.account, scope->account) || !wb_slice_eq(r.region, scope->region) ||
        !wb_slice_starts(r.resource, WB_S("alarm:")))
        return WB_SLICE_NULL;
    return wb_slice_sub(r.resource, 6, r.resource.n);
}

struct wb_slice cw_alarm_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                             struct wb_slice name)
{
    return wb_key(a, WB_T_ALARM, "sss", account, region, name);
}

bool cw_alarm_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice row,
                     struct cw_alarm *out)
{
    struct wb_key_rd k = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_json v = wb_json_read(a, wb_dup(a, row), NULL);
    *out = (struct cw_alarm){
        .account = wb_key_rd_str(&k), .region = wb_key_rd_str(&k), .name = wb_key_rd_str(&k)};
    out->arn = cw_alarm_arn(a, out->account, out->region, out->name);
    out->composite = wb_json_bool(wb_json_get(v, "composite"), false);
    out->enabled = wb_json_bool(wb_json_get(v, "enabled"), false);
    out->config = wb_json_get(v, "config");
    out->configured_ms = wb_json_get_i64(v, "configured", 0);
    out->state.reason = wb_json_get_str(v, "reason", a);
    out->state.data = wb_json_get_str(v, "data", a);
    out->state.since_ms = wb_json_get_i64(v, "since", 0);
    out->transitioned_ms = wb_json_get_i64(v, "transitioned", 0);
    out->recovered_ms = wb_json_get_i64(v, "recovered", 0);
    out->id = wb_json_get_str(v, "id", a);
    out->suppressed = (enum cw_suppressed)wb_json_get_i64(v, "suppressed", 0);
    out->until_ms = wb_json_get_i64(v, "until", 0);
    out->held = (enum cw_state)wb_json_get_i64(v, "held", 0);
    return !k.bad && k.p == k.end && wb_json_type(out->config) == WB_JSON_OBJECT &&
           cw_state_read(wb_json_get_str(v, "state", a), &out->state.value);
}

bool cw_alarm_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   struct wb_slice name, struct cw_alarm *out)
{
    struct wb_slice key = cw_alarm_key(tx->arena, account, region, name), row;
    return name.n && wb_tx_get(tx, key, &row) && cw_alarm_decode(tx->arena, key, row, out);
}

void cw_alarm_write(struct wb_tx *tx, const struct cw_alarm *al)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    if (al->composite)
        wb_jw_kbool(&w, "composite", true);
    wb_jw_kbool(&w, "enabled", al->enabled);
    wb_jw_kraw(&w, "config", wb_json_raw(al->config));
    wb_jw_ki64(&w, "configured", al->configured_ms);
    wb_jw_kcstr(&w, "state", cw_state_names[al->state.value]);
    wb_jw_kstr(&w, "reason", al->state.reason);
    if (al->state.data.n)
        wb_jw_kstr(&w, "data", al->state.data);
    wb_jw_ki64(&w, "since", al->state.since_ms);
    wb_jw_ki64(&w, "transitioned", al->transitioned_ms);
    if (al->recovered_ms)
        wb_jw_ki64(&w, "recovered", al->recovered_ms);
    if (al->id.n)
        wb_jw_kstr(&w, "id", al->id);
    if (al->suppressed) {
        wb_jw_ki64(&w, "suppressed", al->suppressed);
        wb_jw_ki64(&w, "until", al->until_ms);
        wb_jw_ki64(&w, "held", al->held);
    }
    wb_jw_end_object(&w);
    wb_tx_put(tx, cw_alarm_key(tx->arena, al->account, al->region, al->name), wb_buf_slice(&b));
}

struct wb_slice cw_config_str(const struct cw_alarm *al, struct wb_arena *a, const char *member)
{
    return wb_json_get_str(al->config, member, a);
}

int64_t cw_alarm_period(const struct cw_alarm *al)
{
    int64_t period = wb_json_get_i64(al->config, "Period", 0), least = 0;
    if (al->composite || period)
        return al->composite ? 0 : period;
    struct wb_json_iter it = wb_json_iter(wb_json_get(al->config, "Metrics"));
    while (wb_json_next(&it)) {
        struct wb_json stat = wb_json_get(it.value, "MetricStat");
        period = wb_json_get_i64(wb_json_is(stat) ? stat : it.value, "Period", 0);
        if (period && (!least || period < least))
            least = period;
    }
    return least;
}

struct cw_rule cw_alarm_rule_of(const struct cw_alarm *al, struct wb_arena *a)
{
    struct cw_rule r = {.periods = (unsigned)wb_json_get_i64(al->config, "EvaluationPeriods", 1),
                        .missing = CW_MISSING};
    int64_t m = wb_json_get_i64(al->config, "DatapointsToAlarm", 0);
    r.m_of_n = m != 0;
    r.to_alarm = m ? (unsigned)m : r.periods;
    cw_missing_read(cw_config_str(al, a, "TreatMissingData"), &r.missing);
    /* "Alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data even
     * if you choose a different option" */
    if (wb_slice_is(cw_config_str(al, a, "Namespace"), "AWS/DynamoDB"))
        r.missing = CW_IGNORE;
    cw_compare_read(cw_config_str(al, a, "ComparisonOperator"), &r.compare);
    wb_json_double(wb_json_get(al->config, "Threshold"), &r.threshold);
    return r;
}

/* --- indexes --- */

static void index_row(struct wb_tx *tx, struct wb_slice key, bool put)
{
    if (put)
        wb_tx_put(tx, key, WB_S(""));
    else
        wb_tx_del(tx, key);
}

static void index_children(struct wb_tx *tx, const struct cw_alarm *al, bool put)
{
    struct cw_rule_tree t;
    struct wb_slice why, suppressor = cw_config_str(al, tx->arena, "ActionsSuppressor");
    if (cw_rule_parse(tx->arena, cw_config_str(al, tx->arena, "AlarmRule"), &t, &why))
        for (unsigned i = 0; i < t.name_count; i++)
            index_row(tx,
                      wb_key(tx->arena, WB_T_ALARM_CHILD, "ssss", al->account, al->region,
                             cw_alarm_name(al, t.name[i]), al->name),
                      put);
    if (suppressor.n)
        index_row(tx,
                  wb_key(tx->arena, WB_T_ALARM_CHILD, "ssss", al->account, al->region,
                         cw_alarm_name(al, suppressor), al->name),
                  put);
}

void cw_alarm_index(struct wb_tx *tx, const struct cw_alarm *al, bool put)
{
    struct wb_slice metric = cw_config_str(al, tx->arena, "MetricName");
    unsigned class, slot;
    if (al->composite) {
        index_children(tx, al, put);
        return;
    }
    cw_tick_place(al, &class, &slot);
    index_row(tx,
              wb_key(tx->arena, WB_T_ALARM_SLOT, "bbsss", (int)class, (int)slot, al->account,
                     al->region, al->name),
              put);
    if (metric.n)
        index_row(tx,
                  wb_key(tx->arena, WB_T_ALARM_METRIC, "sssss", al->account, al->region,
                         cw_config_str(al, tx->arena, "Namespace"), metric, al->name),
                  put);
}

size_t cw_alarm_parents(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                        struct wb_slice child, struct wb_slice **parent)
{
    struct wb_slice key, value;
    size_t n = 0, cap = 0;
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_ALARM_CHILD, "sss", account, region, child));
    *parent = NULL;
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        for (int i = 0; i < 3; i++)
            wb_key_rd_str(&r);
        if (n == cap) {
            struct wb_slice *wider = wb_new_n(tx->arena, struct wb_slice, cap = cap * 2 + 4);
            if (n)
                memcpy(wider, *parent, n * sizeof *wider);
            *parent = wider;
        }
        (*parent)[n++] = wb_dup(tx->arena, wb_key_rd_str(&r));
    }
    wb_scan_close(s);
    return n;
}

uint64_t cw_alarm_count(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                        uint64_t max)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_ALARM, "ss", account, region));
    uint64_t n = 0;
    while (n < max && wb_tx_next(tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n;
}
