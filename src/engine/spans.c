/*
 * Segments as rows. A segment: u8 version, received ms (le64), document. A trace has a row in the
 * hour that its id tells, with which it goes after WB_TRACE_DAYS, and one in each other hour in
 * which something of it was received: reading by time finds it there. An id without a believable
 * time counts as of now.
 *
 * Expiry is one work row, made with the first segment; it goes when no trace is left.
 */
#include "engine/spans.h"
#include "base/limits.h"
#include "engine/internal.h"
#include "engine/otlp.h"

#define ROW_VERSION     1
#define EXPIRY_TARGET   "traces"
#define EXPIRY_EVERY_MS WB_TRACE_HOUR_MS
#define DAY_MS          86400000LL

/* --- ids --- */

static bool is_hex(struct wb_slice s, size_t n)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f') ||
              (s.p[i] >= 'A' && s.p[i] <= 'F')))
            return false;
    return s.n == n;
}

bool wb_trace_id_time(struct wb_slice id, int64_t *ms)
{
    int64_t seconds = 0;
    if (id.n != 35 || id.p[0] != '1' || id.p[1] != '-' || id.p[10] != '-' ||
        !is_hex(wb_slice_sub(id, 2, 10), 8) || !is_hex(wb_slice_sub(id, 11, 35), 24))
        return false;
    for (size_t i = 2; i < 10; i++) {
        char c = (char)(id.p[i] | 0x20);
        seconds = seconds * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ms = seconds * 1000;
    return true;
}

bool wb_span_id_valid(struct wb_slice id)
{
    return is_hex(id, 16);
}

/* --- writing --- */

struct wb_slice wb_trace_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                             struct wb_slice trace_id)
{
    return wb_key(a, WB_T_TRACE, "sss", account, region, trace_id);
}

static int64_t hour_of(int64_t ms)
{
    return ms - ms % WB_TRACE_HOUR_MS;
}

static struct wb_slice hour_key(struct wb_arena *a, int64_t hour_ms, struct wb_slice account,
                                struct wb_slice region, struct wb_slice trace_id)
{
    return wb_key(a, WB_T_TRACE_HOUR, "isss", hour_ms, account, region, trace_id);
}

static struct wb_slice meta_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", "traces");
}

static void expect_expiry(struct wb_tx *tx)
{
    struct wb_slice key = meta_key(tx->arena), v;
    if (wb_tx_get(tx, key, &v))
        return;
    wb_tx_put(tx, key, WB_S("1"));
    wb_work_add(tx, &(struct wb_work){.target = WB_S(EXPIRY_TARGET),
                                      .executor = "trace-expiry",
                                      .due_ms = tx->now_ms + EXPIRY_EVERY_MS});
}

void wb_put_span(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice span_id, struct wb_slice document)
{
    int64_t began, now = hour_of(tx->now_ms);
    struct wb_buf b = wb_buf_in(tx->arena);
    if (!wb_trace_id_time(trace_id, &began) || began > tx->now_ms ||
        began < tx->now_ms - WB_TRACE_DAYS * DAY_MS)
        began = tx->now_ms;
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_buf_slice_put(&b, document);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_TRACE, "ssss", account, region, trace_id, span_id),
              wb_buf_slice(&b));
    wb_tx_put(tx, hour_key(tx->arena, hour_of(began), account, region, trace_id), WB_S("1"));
    if (hour_of(began) != now)
        wb_tx_put(tx, hour_key(tx->arena, now, account, region, trace_id), WB_S(""));
    expect_expiry(tx);
    wb_otlp_note(tx, account, region, trace_id, span_id);
}

/* --- reading --- */

bool wb_span_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct wb_span *s)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    struct wb_rd r = wb_rd(value);
    wb_key_rd_str(&k);
    wb_key_rd_str(&k);
    s->trace_id = wb_key_rd_str(&k);
    s->id = wb_key_rd_str(&k);
    uint8_t version = wb_rd_u8(&r);
    s->received_ms = (int64_t)wb_rd_le64(&r);
    s->document = wb_slice(r.p, (size_t)(r.end - r.p));
    return table == WB_T_TRACE && !k.bad && !r.bad && version == ROW_VERSION;
}

bool wb_trace_hour_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                          struct wb_trace_hour *h)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    h->hour_ms = wb_key_rd_i64(&k);
    h->account = wb_key_rd_str(&k);
    h->region = wb_key_rd_str(&k);
    h->trace_id = wb_key_rd_str(&k);
    h->home = value.n != 0;
    return table == WB_T_TRACE_HOUR && !k.bad && value.n <= 1;
}

bool wb_span_get(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice span_id, struct wb_slice *document)
{
    struct wb_slice value, key;
    struct wb_span s;
    key = wb_key(tx->arena, WB_T_TRACE, "ssss", account, region, trace_id, span_id);
    if (!wb_tx_get(tx, key, &value) || !wb_span_decode(tx->arena, key, value, &s))
        return false;
    *document = wb_dup(tx->arena, s.document);
    return true;
}

/* --- expiry --- */

/* Deletes the trace's segments, at most *budget rows; true when none is left. */
static bool drop_trace(struct wb_tx *tx, const struct wb_trace_hour *h, size_t *budget)
{
    struct wb_slice gone[WB_TRACE_DROP_ROWS], key, value;
    size_t n = 0;
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_trace_key(tx->arena, h->account, h->region, h->trace_id));
    while (n < *budget && wb_tx_next(tx, s, &key, &value))
        gone[n++] = wb_dup(tx->arena, key);
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++)
        wb_tx_del(tx, gone[i]);
    *budget -= n;
    return *budget > 0;
}

/* The first row by hour, if there is one. */
static bool first_hour(struct wb_tx *tx, struct wb_slice *row, struct wb_trace_hour *h)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_TRACE_HOUR, ""));
    bool found = wb_tx_next(tx, s, &key, &value) && wb_trace_hour_decode(tx->arena, key, value, h);
    if (found)
        *row = wb_dup(tx->arena, key);
    wb_scan_close(s);
    return found;
}

static void expire(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    size_t budget = WB_TRACE_DROP_ROWS;
    struct wb_slice row;
    struct wb_trace_hour h;
    int64_t limit = tx->now_ms - WB_TRACE_DAYS * DAY_MS - WB_TRACE_HOUR_MS;
    while (budget > 1) {
        if (!first_hour(tx, &row, &h)) {
            wb_tx_del(tx, meta_key(tx->arena));
            *out = (struct wb_outcome){.kind = WB_DONE};
            return;
        }
        if (h.hour_ms >= limit) {
            *out = (struct wb_outcome){.kind = WB_BUSY, .after_ms = EXPIRY_EVERY_MS};
            return;
        }
        if (h.home && !drop_trace(tx, &h, &budget))
            break;
        wb_tx_del(tx, row);
        budget--;
    }
    *out = (struct wb_outcome){.kind = WB_BUSY, .after_ms = 1};
}

void wb_spans_forget_old(struct wb_tx *tx)
{
    struct wb_slice all = wb_key(tx->arena, WB_T_SPAN, ""), key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, all);
    bool any = wb_tx_next(tx, s, &key, &value);
    wb_scan_close(s);
    if (any)
        wb_job_drop_range(tx, WB_S("delete spans of an older version"), all,
                          wb_key_after(tx->arena, all));
}

void wb_spans_register(struct wb_engine *e)
{
    static const struct wb_executor expiry = {.name = "trace-expiry", .step = expire};
    wb_executor_register(e, &expiry);
}
