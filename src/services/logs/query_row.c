/*
 * The rows of queries.
 *
 * Query: u8 version, number (le64), state (u8), created, ended, from, to (le64 ms each), limit
 * (le32), text (lp), le32 groups of name (lp) and number (le64), events matched and scanned, bytes
 * (le64 each), le32 chunks, why (lp).
 */
#include "codec/zip.h"
#include "services/logs/query.h"

#define ROW_VERSION 1

/* --- reading and writing --- */

static struct wb_slice query_key(struct wb_arena *a, const struct logs_query *q)
{
    return wb_key(a, WB_T_LOGS_QUERY, "sss", q->account, q->region, q->id);
}

bool logs_query_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                       struct logs_query *q)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    *q = (struct logs_query){.account = wb_key_rd_str(&k)};
    q->region = wb_key_rd_str(&k);
    q->id = wb_key_rd_str(&k);
    struct wb_rd r = wb_rd(wb_dup(a, value));
    bool good = wb_rd_u8(&r) == ROW_VERSION && !k.bad;
    q->number = wb_rd_le64(&r);
    uint8_t state = wb_rd_u8(&r);
    q->state = state;
    q->created_ms = (int64_t)wb_rd_le64(&r);
    q->ended_ms = (int64_t)wb_rd_le64(&r);
    q->from_ms = (int64_t)wb_rd_le64(&r);
    q->to_ms = (int64_t)wb_rd_le64(&r);
    q->limit = wb_rd_le32(&r);
    q->text = wb_rd_lp(&r);
    q->groups = wb_rd_le32(&r);
    if (!good || state > LOGS_TIMEOUT || q->groups > WB_INSIGHTS_GROUPS_MAX)
        return false;
    for (size_t i = 0; i < q->groups; i++) {
        q->group[i] = (struct insights_group){q->account, q->region, wb_rd_lp(&r), 0};
        q->group[i].number = wb_rd_le64(&r);
    }
    q->matched = wb_rd_le64(&r);
    q->scanned = wb_rd_le64(&r);
    q->bytes = wb_rd_le64(&r);
    q->chunks = wb_rd_le32(&r);
    q->why = wb_rd_lp(&r);
    return wb_rd_done(&r);
}

bool logs_query_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                     struct wb_slice id, struct logs_query *q)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_LOGS_QUERY, "sss", account, region, id), value;
    return wb_tx_get(tx, key, &value) && logs_query_decode(tx->arena, key, value, q);
}

void logs_query_write(struct wb_tx *tx, const struct logs_query *q)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, q->number);
    wb_buf_char(&b, (char)q->state);
    wb_buf_le64(&b, (uint64_t)q->created_ms);
    wb_buf_le64(&b, (uint64_t)q->ended_ms);
    wb_buf_le64(&b, (uint64_t)q->from_ms);
    wb_buf_le64(&b, (uint64_t)q->to_ms);
    wb_buf_le32(&b, (uint32_t)q->limit);
    wb_buf_lp(&b, q->text);
    wb_buf_le32(&b, (uint32_t)q->groups);
    for (size_t i = 0; i < q->groups; i++) {
        wb_buf_lp(&b, q->group[i].name);
        wb_buf_le64(&b, q->group[i].number);
    }
    wb_buf_le64(&b, q->matched);
    wb_buf_le64(&b, q->scanned);
    wb_buf_le64(&b, q->bytes);
    wb_buf_le32(&b, q->chunks);
    wb_buf_lp(&b, q->why);
    wb_tx_put(tx, query_key(tx->arena, q), wb_buf_slice(&b));
}

struct wb_slice logs_query_chunk_key(struct wb_arena *a, uint64_t number, uint32_t chunk)
{
    return wb_key(a, WB_T_LOGS_QUERY_RESULT, "uu", number, (uint64_t)chunk);
}

struct wb_slice logs_query_chunk(struct wb_arena *a, struct wb_slice rows)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_le32(&b, (uint32_t)rows.n);
    wb_buf_slice_put(&b, wb_deflate(a, rows));
    return wb_buf_slice(&b);
}

bool logs_query_unchunk(struct wb_arena *a, struct wb_slice chunk, struct wb_slice *rows)
{
    struct wb_rd r = wb_rd(chunk);
    uint32_t size = wb_rd_le32(&r);
    return !r.bad && size <= 2 * WB_INSIGHTS_RESULT_MAX &&
           wb_inflate(a, wb_slice_sub(chunk, 4, chunk.n), size, rows) && rows->n == size;
}

/* --- life --- */

static struct wb_slice list_key(struct wb_arena *a, const struct logs_query *q)
{
    return wb_key(a, WB_T_LOGS_QUERY_LIST, "ssd", q->account, q->region, q->number);
}

static struct wb_slice active_key(struct wb_arena *a, const struct logs_query *q)
{
    return wb_key(a, WB_T_LOGS_QUERY_ACTIVE, "ssu", q->account, q->region, q->number);
}

static struct wb_slice meta_of(struct wb_arena *a, const struct logs_query *q)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "query", q->id);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void logs_query_make(struct wb_tx *tx, struct logs_query *q, const struct wb_ctx *ctx)
{
    q->number = wb_tx_number(tx, "logs-query");
    q->created_ms = tx->now_ms;
    logs_query_write(tx, q);
    wb_tx_put(tx, list_key(tx->arena, q), q->id);
    wb_tx_put(tx, active_key(tx->arena, q), q->id);
    wb_work_add(tx, &(struct wb_work){.target = WB_S("logs-query"),
                                      .executor = logs_query_executor.name,
                                      .due_ms = tx->now_ms,
                                      .ctx = {.account = q->account, .region = q->region},
                                      .meta = meta_of(tx->arena, q)});
}

void logs_query_end(struct wb_tx *tx, struct logs_query *q)
{
    q->ended_ms = tx->now_ms;
    logs_query_write(tx, q);
    wb_tx_del(tx, active_key(tx->arena, q));
    wb_work_add(tx, &(struct wb_work){.target = WB_S("logs-query-expiry"),
                                      .executor = logs_query_expiry_executor.name,
                                      .due_ms = tx->now_ms + WB_INSIGHTS_KEPT_MS,
                                      .ctx = {.account = q->account, .region = q->region},
                                      .meta = meta_of(tx->arena, q)});
}

static void expiry_step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct logs_query q;
    struct wb_json meta = wb_json_read(tx->arena, w->meta, NULL);
    *out = (struct wb_outcome){.kind = WB_DONE};
    if (!logs_query_read(tx, w->ctx.account, w->ctx.region,
                         wb_json_get_str(meta, "query", tx->arena), &q))
        return;
    for (uint32_t i = 0; i < q.chunks; i++)
        wb_tx_del(tx, logs_query_chunk_key(tx->arena, q.number, i));
    wb_tx_del(tx, list_key(tx->arena, &q));
    wb_tx_del(tx, query_key(tx->arena, &q));
}

static const struct wb_schedule schedule = {.base_ms = 1000, .cap_ms = 60000};
const struct wb_executor logs_query_expiry_executor = {
    .name = "logs.query.expiry", .schedule = &schedule, .step = expiry_step};

/* --- check --- */

static bool has(struct wb_tx *tx, struct wb_slice key, struct wb_slice id)
{
    struct wb_slice value;
    return wb_tx_get(tx, key, &value) && wb_slice_eq(value, id);
}

static void check_query(struct wb_tx *tx, const struct logs_query *q,
                        void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice value, rows;
    if (!has(tx, list_key(tx->arena, q), q->id))
        bad(arg, "logs: a query is not in the list of its account");
    if (has(tx, active_key(tx->arena, q), q->id) != logs_query_active(q))
        bad(arg, "logs: a query's row does not say what the list of running ones says");
    for (uint32_t i = 0; i < q->chunks; i++)
        if (!wb_tx_get(tx, logs_query_chunk_key(tx->arena, q->number, i), &value) ||
            !logs_query_unchunk(tx->arena, value, &rows))
            bad(arg, "logs: a part of a query's result is missing or damaged");
}

/* Each entry of a list leads to its query. */
static void check_list(struct wb_tx *tx, uint16_t list, void (*bad)(void *arg, const char *what),
                       void *arg)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, list, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k),
                        id = wb_dup(tx->arena, value);
        struct logs_query q;
        if (k.bad || !logs_query_read(tx, account, region, id, &q))
            bad(arg, "logs: a list names a query that does not exist");
    }
    wb_scan_close(s);
}

void logs_query_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOGS_QUERY, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct logs_query q;
        if (logs_query_decode(tx->arena, key, value, &q))
            check_query(tx, &q, bad, arg);
        else
            bad(arg, "logs: a query cannot be decoded");
    }
    wb_scan_close(s);
    check_list(tx, WB_T_LOGS_QUERY_LIST, bad, arg);
    check_list(tx, WB_T_LOGS_QUERY_ACTIVE, bad, arg);
    s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOGS_DEFINITION, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_json v = wb_json_read(tx->arena, value, NULL);
        if (wb_json_type(wb_json_get(v, "name")) != WB_JSON_STRING ||
            wb_json_type(wb_json_get(v, "query")) != WB_JSON_STRING)
            bad(arg, "logs: a saved query cannot be decoded");
    }
    wb_scan_close(s);
}
