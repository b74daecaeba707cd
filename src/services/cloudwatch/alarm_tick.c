/*
 * The timers of alarms, and one evaluation.
 *
 * An alarm has a class (every minute; every 10 seconds, for periods below a minute) and a slot,
 * from its name. A slot has one work row. Its round looks at all alarms of the slot, a command's
 * worth at a time, as of the begin of the minute (or ten seconds): data points that came in later
 * belong to the next round. It runs a little later than that, so that what is counted in memory has
 * been stored (observe.h).
 */
#include "base/limits.h"
#include "codec/text.h"
#include "services/cloudwatch/alarm.h"
#include <math.h>
#include <stdlib.h>

static const struct tick_class {
    int64_t every_ms, first_ms, apart_ms; /* slot n runs first + n * apart after the round's time */
    unsigned slots;
} classes[] = {{60000, 5000, 5000, 10}, {10000, 2000, 2000, 3}};

void cw_tick_place(const struct cw_alarm *al, unsigned *class, unsigned *slot)
{
    uint32_t h = 2166136261u; /* FNV-1a: the same in every process */
    for (size_t i = 0; i < al->name.n; i++)
        h = (h ^ (unsigned char)al->name.p[i]) * 16777619u;
    *class = cw_alarm_period(al) < 60;
    *slot = (h ^ h >> 16) % classes[*class].slots;
}

/* --- one evaluation --- */

static int compare_pairs(const void *x, const void *y)
{
    const struct wb_pair *a = x, *b = y;
    return wb_slice_cmp(a->name, b->name);
}

static struct wb_metric_id metric_id(struct wb_arena *a, struct wb_json metric)
{
    struct wb_json list = wb_json_get(metric, "Dimensions");
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_pair *dim = wb_new_n(a, struct wb_pair, wb_json_count(list));
    struct wb_metric_id id = {.ns = wb_json_get_str(metric, "Namespace", a),
                              .name = wb_json_get_str(metric, "MetricName", a),
                              .dim = dim};
    while (wb_json_next(&it))
        dim[id.dim_count++] = (struct wb_pair){wb_json_get_str(it.value, "Name", a),
                                               wb_json_get_str(it.value, "Value", a)};
    qsort(dim, id.dim_count, sizeof *dim, compare_pairs);
    return id;
}

static struct wb_slice statistic(const struct cw_alarm *al, struct wb_arena *a)
{
    struct wb_slice s = cw_config_str(al, a, "Statistic");
    return s.p ? s : cw_config_str(al, a, "ExtendedStatistic");
}

static bool read_values(struct wb_tx *tx, const struct cw_alarm *al, const struct wb_window *w,
                        struct wb_series_values *v, struct wb_slice *why)
{
    struct wb_json queries = wb_json_get(al->config, "Metrics");
    struct wb_query_result *result;
    size_t count;
    if (!wb_json_is(queries)) {
        struct wb_metric_id id = metric_id(tx->arena, al->config);
        struct wb_stat stat;
        return wb_stat_parse(statistic(al, tx->arena), &stat) &&
               wb_series_read(tx, al->account, al->region, &id, &stat,
                              cw_config_str(al, tx->arena, "Unit"), w, v);
    }
    if (!wb_query_run_alarm(tx, al->account, al->region, queries, w, &result, &count, why))
        return false;
    for (size_t i = 0; i < count; i++)
        if (result[i].returned) {
            *v = result[i].values;
            return true;
        }
    return false;
}

/* "fewer than 10/(1-percentile) data points during the evaluation period", 10/percentile below the
 * median. */
static bool too_few_samples(const struct cw_alarm *al, struct wb_arena *a, const struct cw_rule *r,
                            const struct cw_point *point)
{
    struct wb_stat stat;
    double samples = 0;
    if (!wb_slice_is(cw_config_str(al, a, "EvaluateLowSampleCountPercentile"), "ignore") ||
        !wb_stat_parse(cw_config_str(al, a, "ExtendedStatistic"), &stat) || stat.kind != WB_STAT_P)
        return false;
    for (unsigned i = 0; i < r->periods; i++)
        samples += isnan(point[i].value) ? 0 : point[i].samples;
    double part = stat.hi < 50 ? stat.hi : 100 - stat.hi; /* percent: p90 stays exact */
    return part > 0 && samples * part < 10 * 100;
}

/* The window slides by the minute, so samples that were spread over two periods fall into one again
 * when they are about to leave the range: AWS warns that an alarm "might repeatedly re-evaluate the
 * last set of data points" and "change state and re-execute actions". Here what an alarm has
 * recovered from does not set it off a second time. */
static bool old_news(const struct cw_alarm *al, const struct cw_rule *r, const struct cw_verdict *v,
                     int64_t period_s)
{
    return v->state == CW_ALARM && al->state.value == CW_OK && v->used_count &&
           !(v->filled && r->missing == CW_BREACHING) &&
           v->used[0]->at_ms + period_s * 1000 <= al->recovered_ms;
}

static struct wb_window window(const struct cw_alarm *al, size_t range, int64_t at_ms)
{
    int64_t period = cw_alarm_period(al);
    return (struct wb_window){
        .start_ms = at_ms - (int64_t)range * period * 1000, .end_ms = at_ms, .period_s = period};
}

bool cw_alarm_affordable(struct wb_tx *tx, const struct cw_alarm *al, struct wb_slice *why)
{
    struct cw_rule r = cw_alarm_rule_of(al, tx->arena);
    struct wb_window w = window(al, r.periods + CW_RANGE_MORE, tx->now_ms);
    struct wb_series_values v;
    *why = WB_SLICE_NULL;
    return read_values(tx, al, &w, &v, why) || !why->p;
}

bool cw_alarm_evaluate(struct wb_tx *tx, struct cw_alarm *al, int64_t at_ms)
{
    struct cw_rule r = cw_alarm_rule_of(al, tx->arena);
    int64_t period = cw_alarm_period(al);
    size_t range = r.periods + CW_RANGE_MORE;
    struct wb_window w = window(al, range, at_ms);
    struct wb_series_values v = {.n = 0};
    struct wb_slice why;
    if (!period || !read_values(tx, al, &w, &v, &why))
        return false;
    struct cw_point *point = wb_new_n(tx->arena, struct cw_point, range);
    for (size_t i = 0; i < range; i++) { /* newest first */
        size_t k = range - 1 - i;
        bool there = k < v.n;
        point[i] = (struct cw_point){.at_ms = w.start_ms + (int64_t)k * period * 1000,
                                     .value = there ? v.value[k] : NAN,
                                     .samples = there && v.samples ? v.samples[k] : 0};
    }
    if (too_few_samples(al, tx->arena, &r, point))
        return false;
    struct cw_verdict verdict = cw_judge(tx->arena, &r, point, range);
    if (verdict.retain || verdict.state == al->state.value || old_news(al, &r, &verdict, period))
        return false;
    al->recovered_ms = verdict.state == CW_OK && al->state.value == CW_ALARM ? at_ms : 0;
    struct cw_data d = {.query_ms = tx->now_ms,
                        .period_s = period,
                        .unit = cw_config_str(al, tx->arena, "Unit"),
                        .statistic = statistic(al, tx->arena)};
    cw_alarm_turn(
        tx, al,
        (struct cw_alarm_state){.value = verdict.state,
                                .reason = cw_reason(tx->arena, &r, &verdict),
                                .data = cw_reason_data(tx->arena, &r, &verdict, point, range, &d),
                                .since_ms = tx->now_ms});
    return true;
}

/* --- rounds --- */

struct round {
    unsigned class, slot;
    int64_t at_ms;
    int64_t late;          /* rounds made up for, one after another */
    struct wb_slice after; /* key of the last alarm looked at, in the slot's index */
};

static struct wb_slice marker(struct wb_arena *a, unsigned class, unsigned slot)
{
    return wb_key(a, WB_T_ALARM_TICK, "bb", (int)class, (int)slot);
}

static int64_t due(const struct round *r)
{
    const struct tick_class *k = &classes[r->class];
    return r->at_ms + k->first_ms + (int64_t)r->slot * k->apart_ms;
}

static void add_round(struct wb_tx *tx, const struct round *r)
{
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "class", r->class);
    wb_jw_ki64(&w, "slot", r->slot);
    wb_jw_ki64(&w, "at", r->at_ms);
    wb_jw_ki64(&w, "late", r->late);
    if (r->after.p)
        wb_jw_kstr(&w, "after", wb_hex_encode(tx->arena, r->after));
    wb_jw_end_object(&w);
    struct wb_work row = {.target = WB_S("cloudwatch.alarms"),
                          .executor = cw_tick_executor.name,
                          .due_ms = due(r),
                          .meta = wb_buf_slice(&meta)};
    wb_work_add(tx, &row);
}

static int64_t floor_to(int64_t ms, int64_t every)
{
    return ms - ms % every;
}

void cw_tick_start(struct wb_tx *tx, const struct cw_alarm *al)
{
    struct round r = {.late = 0};
    struct wb_slice there;
    cw_tick_place(al, &r.class, &r.slot);
    struct wb_slice key = marker(tx->arena, r.class, r.slot);
    if (wb_tx_get(tx, key, &there))
        return;
    wb_tx_put(tx, key, WB_S(""));
    r.at_ms = floor_to(tx->now_ms, classes[r.class].every_ms) + classes[r.class].every_ms;
    add_round(tx, &r);
}

/* The next round: the following one even when it is late, so that each is made up for; but not
 * without end. By then nothing new has come in for a while, and the present says it all. */
static void next_round(struct wb_tx *tx, struct round r)
{
    int64_t every = classes[r.class].every_ms;
    r.after = WB_SLICE_NULL;
    r.at_ms += every;
    r.late = tx->now_ms > due(&r) + every ? r.late + 1 : 0;
    if (r.late > WB_ALARM_CATCH_UP) {
        int64_t offset = due(&r) - r.at_ms, now = floor_to(tx->now_ms - offset, every);
        if (now > r.at_ms)
            r.at_ms = now;
        r.late = 0;
    }
    add_round(tx, &r);
}

/* The alarms of this command, in the order of the index. */
static size_t list(struct wb_tx *tx, const struct round *r, struct wb_slice *index)
{
    struct wb_slice all = wb_key(tx->arena, WB_T_ALARM_SLOT, "bb", (int)r->class, (int)r->slot);
    struct wb_slice lo = r->after.p ? wb_key_after(tx->arena, r->after) : all, key, value;
    struct wb_scan *s = wb_tx_scan(tx, lo, wb_key_after(tx->arena, all), false);
    size_t n = 0;
    while (n < WB_ALARM_STEP && wb_tx_next(tx, s, &key, &value))
        index[n++] = wb_dup(tx->arena, key);
    wb_scan_close(s);
    return n;
}

static bool evaluate(struct wb_tx *tx, struct wb_slice index, int64_t at_ms)
{
    struct wb_key_rd k = wb_key_rd(tx->arena, index, &(uint16_t){0});
    struct cw_alarm al;
    wb_key_rd_u8(&k);
    wb_key_rd_u8(&k);
    struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k),
                    name = wb_key_rd_str(&k);
    return cw_alarm_read(tx, account, region, name, &al) && !al.composite &&
           cw_alarm_evaluate(tx, &al, at_ms);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    struct wb_slice after = wb_json_get_str(m, "after", tx->arena);
    struct round r = {.class = wb_json_get_i64(m, "class", 0) != 0,
                      .slot = (unsigned)wb_json_get_i64(m, "slot", 0),
                      .at_ms = wb_json_get_i64(m, "at", 0),
                      .late = wb_json_get_i64(m, "late", 0)};
    struct wb_slice index[WB_ALARM_STEP];
    size_t changed = 0, i = 0;
    out->kind = WB_DONE;
    if (after.p)
        wb_hex_decode(tx->arena, after, &r.after);
    size_t n = list(tx, &r, index);
    if (!n && !r.after.p) { /* no alarm here any more */
        wb_tx_del(tx, marker(tx->arena, r.class, r.slot));
        return;
    }
    if (!n) { /* the last command ended with the last one */
        next_round(tx, r);
        return;
    }
    struct wb_seam *seam = wb_engine_seam(tx->engine);
    int64_t until_ns = seam->mono_ns(seam) + WB_ALARM_STEP_NS;
    do
        changed += evaluate(tx, index[i++], r.at_ms);
    while (i < n && changed < WB_ALARM_STEP_CHANGES && seam->mono_ns(seam) < until_ns);
    if (i < n || n == WB_ALARM_STEP) {
        r.after = index[i - 1];
        add_round(tx, &r);
    } else {
        next_round(tx, r);
    }
}

const struct wb_executor cw_tick_executor = {.name = "cloudwatch.alarm", .step = step};
