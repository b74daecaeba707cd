/*
 * Log lines as rows.
 *
 * Group: u8 version, number (le64), created ms (le64), retention in days (le32, 0 = for ever),
 * bytes (le64), swept ms (le64), key (lp). Version 1 ended after the retention. Stream: u8 version,
 * created, first and last event, last write (le64 ms each), bytes, since (le64). Version 1 ended
 * after the bytes. Block: u8 version, lines (le32), bytes unpacked (le32), time of the last line
 * and of the write (le64 ms), then the deflated lines: time ms (le64), text (lp) each. Version 1
 * had no times. A block holds lines of one hour, at most WB_LOG_BLOCK_MAX bytes unless it is a
 * single one.
 */
#include "engine/logs.h"
#include "codec/zip.h"
#include "engine/emf.h"
#include "engine/feed.h"
#include "engine/internal.h"

#define ROW_VERSION 2

static int64_t hour_of(int64_t ms)
{
    return ms - ms % WB_LOG_HOUR_MS;
}

/* --- groups --- */

struct wb_slice wb_log_group_key(struct wb_arena *a, struct wb_slice account,
                                 struct wb_slice region, struct wb_slice name)
{
    return wb_key(a, WB_T_LOG_GROUP, "sss", account, region, name);
}

static uint64_t streams_bytes(struct wb_tx *tx, uint64_t group)
{
    struct wb_slice key, value;
    struct wb_scan *scan = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOG_STREAM, "u", group));
    struct wb_log_stream s;
    uint64_t sum = 0;
    while (wb_tx_next(tx, scan, &key, &value))
        if (wb_log_stream_decode(tx->arena, key, value, &s))
            sum += s.bytes;
    wb_scan_close(scan);
    return sum;
}

bool wb_log_group_decode(struct wb_tx *tx, struct wb_slice key, struct wb_slice value,
                         struct wb_log_group *g)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
    *g = (struct wb_log_group){0};
    g->account = wb_key_rd_str(&k);
    g->region = wb_key_rd_str(&k);
    g->name = wb_key_rd_str(&k);
    struct wb_rd r = wb_rd(value);
    uint8_t version = wb_rd_u8(&r);
    g->number = wb_rd_le64(&r);
    g->created_ms = (int64_t)wb_rd_le64(&r);
    g->retention_days = wb_rd_le32(&r);
    if (version == 1) {
        bool good = wb_rd_done(&r) && !k.bad;
        g->bytes = good ? streams_bytes(tx, g->number) : 0;
        return good;
    }
    g->bytes = wb_rd_le64(&r);
    g->swept_ms = (int64_t)wb_rd_le64(&r);
    g->kms_key = wb_dup(tx->arena, wb_rd_lp(&r));
    return version == ROW_VERSION && wb_rd_done(&r) && !k.bad;
}

bool wb_log_group_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                       struct wb_slice name, struct wb_log_group *g)
{
    struct wb_slice key = wb_log_group_key(tx->arena, account, region, name), v;
    return wb_tx_get(tx, key, &v) && wb_log_group_decode(tx, key, v, g);
}

void wb_log_group_write(struct wb_tx *tx, const struct wb_log_group *g)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, g->number);
    wb_buf_le64(&b, (uint64_t)g->created_ms);
    wb_buf_le32(&b, g->retention_days);
    wb_buf_le64(&b, g->bytes);
    wb_buf_le64(&b, (uint64_t)g->swept_ms);
    wb_buf_lp(&b, g->kms_key);
    wb_tx_put(tx, wb_log_group_key(tx->arena, g->account, g->region, g->name), wb_buf_slice(&b));
}

void wb_log_group_make(struct wb_tx *tx, struct wb_log_group *g)
{
    g->number = wb_tx_number(tx, "log-group");
    g->created_ms = tx->now_ms;
    wb_log_group_write(tx, g);
}

/* --- streams --- */

struct wb_slice wb_log_stream_key(struct wb_arena *a, uint64_t group, struct wb_slice name)
{
    return wb_key(a, WB_T_LOG_STREAM, "us", group, name);
}

bool wb_log_stream_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                          struct wb_log_stream *s)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    struct wb_rd r = wb_rd(value);
    *s = (struct wb_log_stream){0};
    wb_key_rd_u64(&k);
    s->name = wb_key_rd_str(&k);
    uint8_t version = wb_rd_u8(&r);
    s->created_ms = (int64_t)wb_rd_le64(&r);
    s->first_ms = (int64_t)wb_rd_le64(&r);
    s->last_ms = (int64_t)wb_rd_le64(&r);
    s->ingested_ms = (int64_t)wb_rd_le64(&r);
    s->bytes = wb_rd_le64(&r);
    s->since = version == 1 ? 0 : wb_rd_le64(&r);
    return !k.bad && (version == 1 || version == ROW_VERSION) && wb_rd_done(&r);
}

bool wb_log_stream_read(struct wb_tx *tx, uint64_t group, struct wb_slice name,
                        struct wb_log_stream *s)
{
    struct wb_slice key = wb_log_stream_key(tx->arena, group, name), v;
    return wb_tx_get(tx, key, &v) && wb_log_stream_decode(tx->arena, key, v, s);
}

void wb_log_stream_write(struct wb_tx *tx, uint64_t group, const struct wb_log_stream *s)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le64(&b, (uint64_t)s->created_ms);
    wb_buf_le64(&b, (uint64_t)s->first_ms);
    wb_buf_le64(&b, (uint64_t)s->last_ms);
    wb_buf_le64(&b, (uint64_t)s->ingested_ms);
    wb_buf_le64(&b, s->bytes);
    wb_buf_le64(&b, s->since);
    wb_tx_put(tx, wb_log_stream_key(tx->arena, group, s->name), wb_buf_slice(&b));
}

static struct wb_log_stream new_stream(struct wb_tx *tx, struct wb_slice name)
{
    return (struct wb_log_stream){.name = name,
                                  .created_ms = tx->now_ms,
                                  .first_ms = INT64_MAX,
                                  .last_ms = INT64_MIN,
                                  .since = wb_tx_stamp(tx)};
}

void wb_log_stream_make(struct wb_tx *tx, uint64_t group, struct wb_slice name)
{
    struct wb_log_stream s = new_stream(tx, name);
    wb_log_stream_write(tx, group, &s);
}

/* --- lines --- */

bool wb_log_block_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                         struct wb_log_block *b)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    struct wb_rd r = wb_rd(value);
    *b = (struct wb_log_block){0};
    b->hour_ms = wb_key_rd_i64(&k);
    b->group = wb_key_rd_u64(&k);
    b->stream = wb_key_rd_str(&k);
    b->first_ms = wb_key_rd_i64(&k);
    b->stamp = wb_key_rd_u64(&k);
    uint8_t version = wb_rd_u8(&r);
    b->lines = wb_rd_le32(&r);
    b->size = wb_rd_le32(&r);
    b->last_ms = version == 1 ? INT64_MAX : (int64_t)wb_rd_le64(&r);
    b->ingested_ms = version == 1 ? b->first_ms : (int64_t)wb_rd_le64(&r);
    b->packed = wb_slice(r.p, (size_t)(r.end - r.p));
    return !k.bad && !r.bad && (version == 1 || version == ROW_VERSION);
}

struct wb_log_line *wb_log_block_unpack(struct wb_arena *a, const struct wb_log_block *b)
{
    struct wb_slice raw;
    if (b->lines > b->size || !wb_inflate(a, b->packed, b->size, &raw))
        return NULL;
    struct wb_rd r = wb_rd(raw);
    struct wb_log_line *line = wb_alloc(a, (b->lines + 1) * sizeof *line);
    for (uint32_t i = 0; i < b->lines && !r.bad; i++) {
        line[i].time_ms = (int64_t)wb_rd_le64(&r);
        line[i].text = wb_rd_lp(&r);
    }
    return wb_rd_done(&r) ? line : NULL;
}

/* How many of the lines go into one block. */
static size_t block_lines(const struct wb_log_line *line, size_t count)
{
    size_t n = 0, bytes = 0;
    do
        bytes += line[n++].text.n + 12;
    while (n < count && bytes + line[n].text.n + 12 <= WB_LOG_BLOCK_MAX &&
           hour_of(line[n].time_ms) == hour_of(line[0].time_ms));
    return n;
}

static struct wb_log_packed *pack_block(struct wb_arena *a, const struct wb_log_line *line,
                                        size_t first, size_t count)
{
    struct wb_log_packed *b = wb_new(a, struct wb_log_packed);
    struct wb_buf raw = wb_buf_in(a);
    *b = (struct wb_log_packed){.first = first,
                                .count = count,
                                .first_ms = line[first].time_ms,
                                .last_ms = line[first].time_ms};
    for (size_t i = first; i < first + count; i++) {
        b->first_ms = line[i].time_ms < b->first_ms ? line[i].time_ms : b->first_ms;
        b->last_ms = line[i].time_ms > b->last_ms ? line[i].time_ms : b->last_ms;
        wb_buf_le64(&raw, (uint64_t)line[i].time_ms);
        wb_buf_lp(&raw, line[i].text);
    }
    b->raw = wb_buf_slice(&raw);
    b->packed = wb_deflate(a, b->raw);
    return b;
}

struct wb_log_pack *wb_log_pack(struct wb_arena *a, const struct wb_log_line *line, size_t count)
{
    struct wb_log_pack *p = wb_new(a, struct wb_log_pack);
    size_t *emf = wb_new_n(a, size_t, count + 1);
    *p = (struct wb_log_pack){.line = line, .count = count, .emf = emf};
    struct wb_log_packed **end = &p->block;
    for (size_t from = 0, n; from < count; from += n, end = &(*end)->next) {
        n = block_lines(line + from, count - from);
        *end = pack_block(a, line, from, n);
    }
    for (size_t i = 0; i < count; i++) {
        p->bytes += line[i].text.n;
        if (wb_emf_may(line[i].text))
            emf[p->emfs++] = i;
    }
    return p;
}

static void put_block(struct wb_tx *tx, uint64_t group, struct wb_slice stream, uint64_t stamp,
                      const struct wb_log_packed *p)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_reserve(&b, p->packed.n + 25);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le32(&b, (uint32_t)p->count);
    wb_buf_le32(&b, (uint32_t)p->raw.n);
    wb_buf_le64(&b, (uint64_t)p->last_ms);
    wb_buf_le64(&b, (uint64_t)tx->now_ms);
    wb_buf_slice_put(&b, p->packed);
    wb_tx_put(tx,
              wb_key(tx->arena, WB_T_LOG_BLOCK, "iusiu", hour_of(p->first_ms), group, stream,
                     p->first_ms, stamp),
              wb_buf_slice(&b));
}

/* AWS/Logs, of the group and of all (CloudWatch Logs User Guide, "Monitoring usage with CloudWatch
 * metrics"). */
static void count_emf(struct wb_tx *tx, const struct wb_log_group *g, enum wb_emf_fault fault)
{
    struct wb_pair dim = {WB_S("LogGroupName"), g->name};
    if (fault != WB_EMF_GOOD)
        wb_put_metric(tx, g->account, g->region, "AWS/Logs",
                      fault == WB_EMF_INVALID ? "EMFValidationErrors" : "EMFParsingErrors", &dim, 1,
                      1, "None");
}

static void count_lines(struct wb_tx *tx, const struct wb_log_group *g, const struct wb_log_pack *p)
{
    struct wb_pair dim = {WB_S("LogGroupName"), g->name};
    for (size_t dims = 0; dims < 2; dims++) {
        wb_put_metric(tx, g->account, g->region, "AWS/Logs", "IncomingBytes", &dim, dims,
                      (double)p->bytes, "Bytes");
        wb_put_metric(tx, g->account, g->region, "AWS/Logs", "IncomingLogEvents", &dim, dims,
                      (double)p->count, "None");
    }
}

static void tell(struct wb_tx *tx, const struct wb_log_group *g, const struct wb_log_block_lines *l,
                 struct wb_slice raw)
{
    wb_feed_put(tx, &(struct wb_feed_item){.kind = WB_FEED_LINES,
                                           .account = g->account,
                                           .region = g->region,
                                           .name = g->name,
                                           .part = l->stream,
                                           .stamp = l->stamp,
                                           .body = raw});
}

void wb_write_log_pack(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                       struct wb_slice group, struct wb_slice stream, const struct wb_log_pack *p)
{
    struct wb_log_group g;
    struct wb_log_stream s;
    if (p->count == 0)
        return;
    if (!wb_log_group_read(tx, account, region, group, &g)) {
        g = (struct wb_log_group){.account = account, .region = region, .name = group};
        wb_log_group_make(tx, &g);
    }
    if (!wb_log_stream_read(tx, g.number, stream, &s))
        s = new_stream(tx, stream);
    count_lines(tx, &g, p);
    for (size_t i = 0; i < p->emfs; i++) {
        enum wb_emf_fault fault;
        wb_emf_read(tx, account, region, p->line[p->emf[i]].text, &fault);
        count_emf(tx, &g, fault);
    }
    bool heard = wb_feed_wanted(tx->engine, WB_FEED_LINES, g.account, g.region, g.name);
    for (const struct wb_log_packed *b = p->block; b; b = b->next) {
        struct wb_log_block_lines lines = {stream, wb_tx_stamp(tx), p->line + b->first, b->count};
        put_block(tx, g.number, stream, lines.stamp, b);
        if (tx->engine->log_watch)
            tx->engine->log_watch(tx, &g, &lines);
        if (heard)
            tell(tx, &g, &lines, b->raw);
        s.first_ms = b->first_ms < s.first_ms ? b->first_ms : s.first_ms;
        s.last_ms = b->last_ms > s.last_ms ? b->last_ms : s.last_ms;
        s.bytes += b->raw.n;
        g.bytes += b->raw.n;
    }
    s.ingested_ms = tx->now_ms;
    wb_log_stream_write(tx, g.number, &s);
    wb_log_group_write(tx, &g);
}

void wb_write_log(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_slice group, struct wb_slice stream, const struct wb_log_line *line,
                  size_t count)
{
    wb_write_log_pack(tx, account, region, group, stream, wb_log_pack(tx->arena, line, count));
}

void wb_log_watch_register(struct wb_engine *e, wb_log_watch_fn *fn)
{
    assert(!e->log_watch);
    e->log_watch = fn;
}
