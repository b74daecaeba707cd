/* History of alarms: kept two weeks, also of alarms that were deleted. */
#include "base/limits.h"
#include "engine/paging.h"
#include "services/cloudwatch/alarm.h"

#define EXPIRE_EVERY_MS 3600000

/* One work row sweeps all histories; it is there while there are any. */
static void expect_expiry(struct wb_tx *tx)
{
    struct wb_slice marker = wb_key(tx->arena, WB_T_ALARM_TICK, "bb", 2, 0), there;
    if (wb_tx_get(tx, marker, &there))
        return;
    wb_tx_put(tx, marker, WB_S(""));
    struct wb_work w = {.target = WB_S("cloudwatch.history"),
                        .executor = cw_history_executor.name,
                        .due_ms = tx->now_ms + EXPIRE_EVERY_MS};
    wb_work_add(tx, &w);
}

void cw_history_add(struct wb_tx *tx, const struct cw_alarm *al, const char *type,
                    struct wb_slice summary, struct wb_slice data)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    uint64_t stamp = wb_tx_stamp(tx);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "name", al->name);
    wb_jw_kbool(&w, "composite", al->composite);
    wb_jw_kcstr(&w, "type", type);
    wb_jw_kstr(&w, "summary", summary);
    wb_jw_kstr(&w, "data", data);
    wb_jw_end_object(&w);
    wb_tx_put(
        tx,
        wb_key(tx->arena, WB_T_ALARM_HISTORY, "ssiu", al->account, al->region, tx->now_ms, stamp),
        wb_buf_slice(&b));
    wb_tx_put(tx,
              wb_key(tx->arena, WB_T_ALARM_HISTORY_OF, "sssiu", al->account, al->region, al->name,
                     tx->now_ms, stamp),
              WB_S(""));
    expect_expiry(tx);
}

/* --- expiry --- */

struct expired {
    struct wb_slice key, of;
};

/* Rows of one scope, oldest first, up to the limit; *scope is its prefix. */
static size_t find_expired(struct wb_tx *tx, struct wb_slice lo, struct expired *out,
                           struct wb_slice *scope)
{
    int64_t end = tx->now_ms - WB_ALARM_HISTORY_DAYS * 86400000LL;
    struct wb_slice all = wb_key(tx->arena, WB_T_ALARM_HISTORY, ""), key, value;
    struct wb_scan *s = wb_tx_scan(tx, lo, wb_key_after(tx->arena, all), false);
    size_t n = 0;
    *scope = WB_SLICE_NULL;
    while (n < WB_ALARM_EXPIRE_ROWS && wb_tx_next(tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        struct wb_slice account = wb_key_rd_str(&r), region = wb_key_rd_str(&r);
        int64_t at = wb_key_rd_i64(&r);
        uint64_t stamp = wb_key_rd_u64(&r);
        struct wb_slice own = wb_key(tx->arena, WB_T_ALARM_HISTORY, "ss", account, region);
        if (scope->p && !wb_slice_eq(*scope, own))
            break;
        *scope = own;
        if (at >= end)
            break;
        struct wb_slice name = wb_json_get_str(
            wb_json_read(tx->arena, wb_dup(tx->arena, value), NULL), "name", tx->arena);
        out[n++] = (struct expired){
            wb_dup(tx->arena, key),
            wb_key(tx->arena, WB_T_ALARM_HISTORY_OF, "sssiu", account, region, name, at, stamp)};
    }
    wb_scan_close(s);
    return n;
}

static void expire_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct expired *row = wb_new_n(tx->arena, struct expired, WB_ALARM_EXPIRE_ROWS);
    struct wb_slice lo = wb_key(tx->arena, WB_T_ALARM_HISTORY, ""), scope;
    size_t n = 0;
    bool any = false;
    while (n == 0) {
        n = find_expired(tx, lo, row, &scope);
        if (!scope.p)
            break;
        any = true;
        lo = wb_key_after(tx->arena, scope);
    }
    for (size_t i = 0; i < n; i++) {
        wb_tx_del(tx, row[i].key);
        wb_tx_del(tx, row[i].of);
    }
    out->kind = WB_DONE;
    if (!any) {
        wb_tx_del(tx, wb_key(tx->arena, WB_T_ALARM_TICK, "bb", 2, 0));
        return;
    }
    struct wb_work next = {.target = wb_dup(tx->arena, w->target),
                           .executor = cw_history_executor.name,
                           .due_ms = tx->now_ms + (n ? 0 : EXPIRE_EVERY_MS)};
    wb_work_add(tx, &next);
}

const struct wb_executor cw_history_executor = {.name = "cloudwatch.history", .step = expire_step};

/* --- DescribeAlarmHistory --- */

struct history {
    struct wb_call *c;
    struct wb_slice name, type, filter;
    bool metric, composite;
    int64_t from_ms, to_ms, max;
    bool backward;
};

static int64_t time_in(struct wb_call *c, const char *name, int64_t otherwise)
{
    double seconds;
    if (!wb_json_double(wb_in(c, name), &seconds) || seconds < 0 || seconds > 1e11)
        return otherwise;
    return (int64_t)(seconds * 1000);
}

static void read_request(struct wb_call *c, struct history *h)
{
    struct wb_json types = wb_in(c, "AlarmTypes");
    struct wb_json_iter it = wb_json_iter(types);
    *h = (struct history){.c = c,
                          .name = wb_in_str(c, "AlarmName"),
                          .type = wb_in_str(c, "HistoryItemType"),
                          .metric = !wb_json_count(types),
                          .from_ms = time_in(c, "StartDate", 0),
                          .to_ms = time_in(c, "EndDate", INT64_MAX / 2),
                          .max = wb_in_i64(c, "MaxRecords", WB_ALARM_PAGE)};
    h->backward = !wb_slice_is(wb_in_str(c, "ScanBy"), "TimestampAscending");
    while (wb_json_next(&it))
        *(wb_slice_is(wb_json_str(it.value, c->arena), "CompositeAlarm") ? &h->composite
                                                                         : &h->metric) = true;
    h->filter =
        wb_printf(c->arena, "%.*s|%.*s|%d%d%d|%lld|%lld", WB_FMT(h->name), WB_FMT(h->type),
                  h->metric, h->composite, h->backward, (long long)h->from_ms, (long long)h->to_ms);
}

static void out_item(const struct history *h, int64_t at, struct wb_json v)
{
    struct wb_out *o = &h->c->out;
    bool composite = wb_json_bool(wb_json_get(v, "composite"), false);
    wb_out_object(o, NULL);
    wb_out_str(o, "AlarmName", wb_json_get_str(v, "name", h->c->arena));
    wb_out_cstr(o, "AlarmType", composite ? "CompositeAlarm" : "MetricAlarm");
    wb_out_time(o, "Timestamp", at);
    wb_out_str(o, "HistoryItemType", wb_json_get_str(v, "type", h->c->arena));
    wb_out_str(o, "HistorySummary", wb_json_get_str(v, "summary", h->c->arena));
    wb_out_str(o, "HistoryData", wb_json_get_str(v, "data", h->c->arena));
    wb_out_end(o);
}

/* The row that a key of the scan stands for: itself, or by way of the alarm's index. */
static bool item(const struct history *h, struct wb_slice key, struct wb_slice value, int64_t *at,
                 struct wb_json *v)
{
    struct wb_arena *a = h->c->arena;
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_slice account = wb_key_rd_str(&r), region = wb_key_rd_str(&r);
    if (h->name.p)
        wb_key_rd_str(&r);
    *at = wb_key_rd_i64(&r);
    uint64_t stamp = wb_key_rd_u64(&r);
    if (*at < h->from_ms || *at > h->to_ms)
        return false;
    if (h->name.p &&
        !wb_tx_get(h->c->tx, wb_key(a, WB_T_ALARM_HISTORY, "ssiu", account, region, *at, stamp),
                   &value))
        return false;
    *v = wb_json_read(a, wb_dup(a, value), NULL);
    bool composite = wb_json_bool(wb_json_get(*v, "composite"), false);
    return (composite ? h->composite : h->metric) &&
           (!h->type.p || wb_slice_eq(h->type, wb_json_get_str(*v, "type", a)));
}

void cw_describe_history(struct wb_call *c)
{
    struct history h;
    struct wb_slice token = wb_in_str(c, "NextToken"), key, value, after = WB_SLICE_NULL,
                    last = WB_SLICE_NULL;
    read_request(c, &h);
    if (token.p && !wb_page_open(c, token, h.filter, &after)) {
        wb_fail(c, "InvalidNextToken", 400, "The value of NextToken is not valid.");
        return;
    }
    struct wb_slice all =
        h.name.p
            ? wb_key(c->arena, WB_T_ALARM_HISTORY_OF, "sss", c->ctx.account, c->ctx.region, h.name)
            : wb_key(c->arena, WB_T_ALARM_HISTORY, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice lo = all, hi = wb_key_after(c->arena, all);
    if (after.p && h.backward)
        hi = after;
    else if (after.p)
        lo = wb_key_after(c->arena, after);
    struct wb_scan *s = wb_tx_scan(c->tx, lo, hi, h.backward);
    int64_t n = 0, looked = 0, at;
    struct wb_json v;
    bool more = false;
    wb_out_list(&c->out, "AlarmHistoryItems");
    while (wb_tx_next(c->tx, s, &key, &value)) {
        if (n == h.max || looked++ == WB_ALARM_SCAN_ROWS) {
            more = true;
            break;
        }
        last = wb_dup(c->arena, key);
        if (item(&h, key, value, &at, &v)) {
            out_item(&h, at, v);
            n++;
        }
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, h.filter, last));
}
