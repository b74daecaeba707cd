/* StartQuery, GetQueryResults, StopQuery, DescribeQueries. */
#include "services/logs/query.h"
#include "base/ids.h"
#include "engine/paging.h"

#define MILLIS_FROM 100000000000LL /* times from here on are milliseconds: clients send both */

static const char *const state_name[] = {"Scheduled", "Running",   "Complete",
                                         "Failed",    "Cancelled", "Timeout"};

/* --- which groups --- */

/* The names and identifiers that the call gives, in its order. */
struct given {
    struct wb_slice name[WB_INSIGHTS_GROUPS_MAX], account[WB_INSIGHTS_GROUPS_MAX],
        region[WB_INSIGHTS_GROUPS_MAX];
    size_t count;
    bool too_many;
};

static void give(struct wb_call *c, struct given *g, struct wb_slice id)
{
    struct wb_arn arn;
    if (g->count == WB_INSIGHTS_GROUPS_MAX) {
        g->too_many = true;
        return;
    }
    bool is_arn = wb_slice_starts(id, WB_S("arn:")) && wb_arn_parse(id, &arn);
    g->name[g->count] = is_arn ? logs_arn_name(id) : id;
    g->account[g->count] = is_arn ? arn.account : c->ctx.account;
    g->region[g->count++] = is_arn ? arn.region : c->ctx.region;
}

static void give_list(struct wb_call *c, struct given *g, const char *member)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, member));
    while (wb_json_next(&it))
        give(c, g, wb_json_str(it.value, c->arena));
}

/* The groups whose names begin as the query's SOURCE says. */
static void give_sources(struct wb_call *c, struct given *g, const struct insights_query *q)
{
    const struct wb_slice *prefix;
    size_t n = insights_sources(q, &prefix);
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_LOG_GROUP, "ss", c->ctx.account, c->ctx.region));
    while (wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_log_group group;
        bool wanted = false;
        if (!wb_log_group_decode(c->tx, key, value, &group))
            continue;
        for (size_t i = 0; i < n; i++)
            wanted |= wb_slice_starts(group.name, prefix[i]);
        if (wanted)
            give(c, g, wb_dup(c->arena, group.name));
    }
    wb_scan_close(s);
}

static void read_given(struct wb_call *c, struct given *g, const struct insights_query *q)
{
    struct wb_slice one = wb_in_str(c, "logGroupName");
    const struct wb_slice *prefix;
    *g = (struct given){.count = 0};
    if (one.p)
        give(c, g, one);
    give_list(c, g, "logGroupNames");
    give_list(c, g, "logGroupIdentifiers");
    if (g->count == 0 && q && insights_sources(q, &prefix))
        give_sources(c, g, q);
}

static struct insights_query *compile(struct wb_call *c, struct insights_error *e)
{
    return insights_compile(c->arena, wb_in_str(c, "queryString"), e);
}

void logs_of_query(struct wb_call *c)
{
    struct given g;
    struct insights_error e;
    read_given(c, &g, compile(c, &e));
    for (size_t i = 0; i < g.count; i++)
        wb_call_resource(c, logs_group_arn(c->arena, g.account[i], g.region[i], g.name[i]));
    if (g.count == 0)
        wb_call_resource(c, logs_group_arn(c->arena, c->ctx.account, c->ctx.region, WB_S("")));
}

/* --- StartQuery --- */

/* The query must be understood, before anything else is looked at. */
void logs_prepare_query(struct wb_call *c)
{
    struct insights_error e;
    struct wb_slice language = wb_in_str(c, "queryLanguage");
    bool ours = !language.p || wb_slice_is(language, "CWLI");
    c->prepared = ours ? compile(c, &e) : NULL;
    if (c->prepared)
        return;
    if (!ours)
        e = (struct insights_error){
            .message =
                wb_printf(c->arena, "the query language %.*s is not supported", WB_FMT(language))};
    wb_fail(c, "MalformedQueryException", 400, "%.*s", WB_FMT(e.message));
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "location");
    wb_jw_object(&w);
    wb_jw_ki64(&w, "startCharOffset", (int64_t)e.from);
    wb_jw_ki64(&w, "endCharOffset", (int64_t)e.to);
    wb_jw_end_object(&w);
    wb_jw_kstr(&w, "message", e.message);
    wb_jw_end_object(&w);
    c->error.extra = wb_printf(c->arena, "\"queryCompileError\":%.*s", WB_FMT(wb_buf_slice(&b)));
}

static bool read_times(struct wb_call *c, struct logs_query *q)
{
    int64_t from = wb_in_i64(c, "startTime", 0), to = wb_in_i64(c, "endTime", 0);
    if (from > to) {
        logs_invalid(c, "The start time of the query must not be after its end time.");
        return false;
    }
    q->from_ms = from < MILLIS_FROM ? from * 1000 : from;
    q->to_ms = to < MILLIS_FROM ? (to + 1) * 1000 : to;
    if (q->to_ms > INT64_MAX - WB_LOG_HOUR_MS)
        q->to_ms = INT64_MAX - WB_LOG_HOUR_MS;
    q->to_ms += to >= MILLIS_FROM;
    return true;
}

/* A group that SOURCE finds now and the caller was not asked about is left out. */
static bool was_asked(struct wb_call *c, struct wb_slice name)
{
    struct wb_slice arn = logs_group_arn(c->arena, c->ctx.account, c->ctx.region, name);
    for (size_t i = 0; i < c->need_count; i++)
        if (wb_slice_eq(c->need[i].resource, arn))
            return true;
    return c->need_count == 0;
}

static bool already(const struct logs_query *q, uint64_t number)
{
    for (size_t i = 0; i < q->groups; i++)
        if (q->group[i].number == number)
            return true;
    return false;
}

static bool read_groups(struct wb_call *c, struct logs_query *q)
{
    struct given g;
    bool one = wb_in_str(c, "logGroupName").p, names = wb_json_is(wb_in(c, "logGroupNames")),
         ids = wb_json_is(wb_in(c, "logGroupIdentifiers"));
    read_given(c, &g, c->prepared);
    if (one + names + ids > 1 || g.count == 0) {
        logs_invalid(c, "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers must "
                        "name the log groups.");
        return false;
    }
    if (g.too_many) {
        wb_fail(c, "InvalidParameterException", 400, "A query can have at most %d log groups.",
                WB_INSIGHTS_GROUPS_MAX);
        return false;
    }
    for (size_t i = 0; i < g.count; i++) {
        struct wb_log_group group;
        if (!(one + names + ids) && !was_asked(c, g.name[i]))
            continue;
        if (!g.name[i].p || !wb_slice_eq(g.account[i], c->ctx.account) ||
            !wb_slice_eq(g.region[i], c->ctx.region) ||
            !wb_log_group_read(c->tx, g.account[i], g.region[i], g.name[i], &group)) {
            wb_fail(c, "ResourceNotFoundException", 400, "Log group '%.*s' does not exist.",
                    WB_FMT(g.name[i]));
            return false;
        }
        if (!already(q, group.number))
            q->group[q->groups++] =
                (struct insights_group){g.account[i], g.region[i], g.name[i], group.number};
    }
    return true;
}

static bool has_room(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_LOGS_QUERY_ACTIVE, "ss", c->ctx.account, c->ctx.region));
    unsigned n = 0;
    while (n < WB_INSIGHTS_ACTIVE_MAX && wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    if (n == WB_INSIGHTS_ACTIVE_MAX)
        wb_fail(c, "LimitExceededException", 400,
                "Account maximum query concurrency limit of [%d] reached.", WB_INSIGHTS_ACTIVE_MAX);
    return n < WB_INSIGHTS_ACTIVE_MAX;
}

void logs_start_query(struct wb_call *c)
{
    struct logs_query q = {.account = c->ctx.account,
                           .region = c->ctx.region,
                           .text = wb_in_str(c, "queryString"),
                           .limit = wb_in_i64(c, "limit", WB_INSIGHTS_ROWS_MAX)};
    if (!read_times(c, &q) || !read_groups(c, &q) || !has_room(c))
        return;
    q.id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    logs_query_make(c->tx, &q, &c->ctx);
    wb_out_str(&c->out, "queryId", q.id);
}

/* --- GetQueryResults, StopQuery --- */

static bool the_query(struct wb_call *c, struct logs_query *q)
{
    if (logs_query_read(c->tx, c->ctx.account, c->ctx.region, wb_in_str(c, "queryId"), q))
        return true;
    wb_fail(c, "ResourceNotFoundException", 400, "The specified query does not exist.");
    return false;
}

static bool out_rows(struct wb_call *c, const struct logs_query *q)
{
    for (uint32_t i = 0; i < q->chunks; i++) {
        struct wb_slice value, rows;
        if (!wb_tx_get(c->tx, logs_query_chunk_key(c->arena, q->number, i), &value) ||
            !logs_query_unchunk(c->arena, value, &rows))
            return false;
        struct wb_rd r = wb_rd(rows);
        while (!r.bad && r.p < r.end)
            wb_out_json(&c->out, NULL, wb_rd_lp(&r));
    }
    return true;
}

void logs_get_query_results(struct wb_call *c)
{
    struct logs_query q;
    if (!the_query(c, &q))
        return;
    wb_out_list(&c->out, "results");
    if (!out_rows(c, &q))
        c->tx->status = WB_STORE_CORRUPT;
    wb_out_end(&c->out);
    wb_out_object(&c->out, "statistics");
    wb_out_double(&c->out, "recordsMatched", (double)q.matched);
    wb_out_double(&c->out, "recordsScanned", (double)q.scanned);
    wb_out_double(&c->out, "bytesScanned", (double)q.bytes);
    wb_out_end(&c->out);
    wb_out_cstr(&c->out, "status", state_name[q.state]);
}

void logs_stop_query(struct wb_call *c)
{
    struct logs_query q;
    if (!the_query(c, &q))
        return;
    if (!logs_query_active(&q)) {
        logs_invalid(c, "The specified query is not running.");
        return;
    }
    q.state = LOGS_CANCELLED;
    logs_query_end(c->tx, &q);
    wb_out_bool(&c->out, "success", true);
}

/* --- DescribeQueries --- */

static bool listed(const struct logs_query *q, struct wb_slice group, struct wb_slice state)
{
    bool of_group = !group.p;
    for (size_t i = 0; i < q->groups; i++)
        of_group |= wb_slice_eq(q->group[i].name, group);
    return of_group && (!state.p || wb_slice_is(state, state_name[q->state]));
}

static void out_query(struct wb_call *c, const struct logs_query *q)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "queryId", q->id);
    wb_out_str(&c->out, "queryString", q->text);
    wb_out_cstr(&c->out, "status", state_name[q->state]);
    wb_out_i64(&c->out, "createTime", q->created_ms);
    if (q->groups)
        wb_out_str(&c->out, "logGroupName", q->group[0].name);
    wb_out_end(&c->out);
}

void logs_describe_queries(struct wb_call *c)
{
    struct wb_arena *a = c->arena;
    struct wb_slice group = wb_in_str(c, "logGroupName"), state = wb_in_str(c, "status"),
                    token = wb_in_str(c, "nextToken"),
                    filter = wb_printf(a, "%.*s|%.*s", WB_FMT(group), WB_FMT(state)),
                    all = wb_key(a, WB_T_LOGS_QUERY_LIST, "ss", c->ctx.account, c->ctx.region),
                    lo = all, key, value, last = WB_SLICE_NULL;
    if (token.p && !wb_page_open(c, token, filter, &lo)) {
        logs_invalid(c, "The specified nextToken is invalid.");
        return;
    }
    int64_t max = wb_in_i64(c, "maxResults", WB_INSIGHTS_PAGE), n = 0;
    bool more = false;
    wb_out_list(&c->out, "queries");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(a, all), false);
    while (!more && wb_tx_next(c->tx, s, &key, &value)) {
        struct logs_query q;
        if ((token.p && wb_slice_eq(key, lo)) ||
            !logs_query_read(c->tx, c->ctx.account, c->ctx.region, wb_dup(a, value), &q) ||
            !listed(&q, group, state))
            continue;
        more = n++ == max;
        if (more)
            break;
        last = wb_dup(a, key);
        out_query(c, &q);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "nextToken", wb_page_token(c, filter, last));
}
