/*
 * Log lines and spans as rows.
 *
 * Group: u8 version, number (le64), created ms (le64), retention in days (le32, 0 = for ever).
 * Stream: u8 version, created, first and last event, last write (le64 ms each), bytes (le64).
 * Block: u8 version, lines (le32), bytes unpacked (le32), then the deflated lines: time ms (le64),
 * text (lp) each. A block holds at most WB_LOG_BLOCK_MAX bytes of text; its hour is that of its
 * first line.
 */
#include "codec/zip.h"
#include "engine/emf.h"
#include "engine/internal.h"

#define ROW_VERSION 1
#define HOUR_MS     3600000

static uint64_t group_number(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                             struct wb_slice group)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_LOG_GROUP, "sss", account, region, group), v;
    if (wb_tx_get(tx, key, &v)) {
        struct wb_rd r = wb_rd(v);
        wb_rd_u8(&r);
        return wb_rd_le64(&r);
    }
    uint64_t number = wb_tx_number(tx, "log-group");
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, number);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_buf_le32(&b, 0);
    wb_tx_put(tx, key, wb_buf_slice(&b));
    return number;
}

static void stream_update(struct wb_tx *tx, uint64_t group, struct wb_slice stream,
                          int64_t first_ms, int64_t last_ms, uint64_t bytes)
{
    struct wb_slice key = wb_key(tx->arena, WB_T_LOG_STREAM, "us", group, stream), v;
    int64_t created = tx->now_ms;
    if (wb_tx_get(tx, key, &v)) {
        struct wb_rd r = wb_rd(v);
        wb_rd_u8(&r);
        created = (int64_t)wb_rd_le64(&r);
        int64_t first = (int64_t)wb_rd_le64(&r), last = (int64_t)wb_rd_le64(&r);
        wb_rd_le64(&r);
        bytes += wb_rd_le64(&r);
        first_ms = first < first_ms ? first : first_ms;
        last_ms = last > last_ms ? last : last_ms;
    }
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, (uint64_t)created);
    wb_buf_le64(&b, (uint64_t)first_ms);
    wb_buf_le64(&b, (uint64_t)last_ms);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_buf_le64(&b, bytes);
    wb_tx_put(tx, key, wb_buf_slice(&b));
}

static void put_block(struct wb_tx *tx, uint64_t group, struct wb_slice stream,
                      const struct wb_log_line *line, size_t count)
{
    struct wb_buf raw = wb_buf_in(tx->arena), b = wb_buf_in(tx->arena);
    for (size_t i = 0; i < count; i++) {
        wb_buf_le64(&raw, (uint64_t)line[i].time_ms);
        wb_buf_lp(&raw, line[i].text);
    }
    struct wb_slice packed = wb_deflate(tx->arena, wb_buf_slice(&raw));
    wb_buf_reserve(&b, packed.n + 9);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le32(&b, (uint32_t)count);
    wb_buf_le32(&b, (uint32_t)raw.n);
    wb_buf_slice_put(&b, packed);
    int64_t first = line[0].time_ms;
    wb_tx_put(tx,
              wb_key(tx->arena, WB_T_LOG_BLOCK, "iusiu", first - first % HOUR_MS, group, stream,
                     first, wb_tx_stamp(tx)),
              wb_buf_slice(&b));
}

void wb_write_log(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_slice group, struct wb_slice stream, const struct wb_log_line *line,
                  size_t count)
{
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        wb_emf_read(tx, account, region, line[i].text);
    uint64_t number = group_number(tx, account, region, group), bytes = 0;
    int64_t first = line[0].time_ms, last = first;
    for (size_t from = 0, at = 0; from < count; from = at) {
        size_t block = 0;
        do {
            block += line[at].text.n + 12;
            first = line[at].time_ms < first ? line[at].time_ms : first;
            last = line[at].time_ms > last ? line[at].time_ms : last;
            at++;
        } while (at < count && block + line[at].text.n + 12 <= WB_LOG_BLOCK_MAX);
        put_block(tx, number, stream, line + from, at - from);
        bytes += block;
    }
    stream_update(tx, number, stream, first, last, bytes);
}

/* --- traces --- */

void wb_put_span(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice span_id, struct wb_slice document)
{
    wb_tx_put(tx,
              wb_key(tx->arena, WB_T_SPAN, "issss", tx->now_ms - tx->now_ms % HOUR_MS, account,
                     region, trace_id, span_id),
              document);
}

bool wb_trace_parse(struct wb_slice header, struct wb_trace *t)
{
    *t = (struct wb_trace){0};
    while (header.p) {
        struct wb_slice part = wb_slice_trim(wb_slice_cut(&header, ';'));
        if (wb_slice_starts(part, WB_S("Root=")))
            t->root = wb_slice_sub(part, 5, part.n);
        else if (wb_slice_starts(part, WB_S("Parent=")))
            t->parent = wb_slice_sub(part, 7, part.n);
        else if (wb_slice_starts(part, WB_S("Sampled=")))
            t->sampled = part.n == 9 && part.p[8] == '1';
    }
    return t->root.n != 0;
}

struct wb_slice wb_trace_child(struct wb_arena *a, struct wb_slice header,
                               struct wb_slice parent_id)
{
    struct wb_trace t;
    if (!wb_trace_parse(header, &t))
        return WB_SLICE_NULL;
    return wb_printf(a, "Root=%.*s;Parent=%.*s;Sampled=%d", WB_FMT(t.root), WB_FMT(parent_id),
                     t.sampled);
}
