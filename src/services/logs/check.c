/* `waybill check`: groups, streams and blocks decode, and sizes agree. What a job is still removing
 * belongs to no group or stream and is only decoded. */
#include "codec/zip.h"
#include "services/logs/filter.h"
#include "services/logs/query.h"

struct faults {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static uint64_t blocks_size(struct faults *f, const struct wb_log_group *g,
                            const struct wb_log_stream *s)
{
    struct wb_log_query q = {
        .group = g->number, .stream = s->name, .to_ms = INT64_MAX - WB_LOG_HOUR_MS};
    struct wb_log_reader *r = wb_log_open(f->tx, &q);
    struct wb_log_event e;
    uint64_t sum = 0;
    while (wb_log_next(r, &e))
        sum += e.text.n + 12;
    wb_log_close(r);
    return sum;
}

static uint64_t check_streams(struct faults *f, const struct wb_log_group *g)
{
    struct wb_slice key, value;
    struct wb_scan *scan =
        wb_tx_scan_prefix(f->tx, wb_key(f->tx->arena, WB_T_LOG_STREAM, "u", g->number));
    uint64_t sum = 0;
    while (wb_tx_next(f->tx, scan, &key, &value)) {
        struct wb_log_stream s;
        if (!wb_log_stream_decode(f->tx->arena, key, value, &s))
            f->bad(f->arg, "logs: a stream cannot be decoded");
        else if (blocks_size(f, g, &s) != s.bytes)
            f->bad(f->arg, "logs: a stream's size is not that of its lines");
        else
            sum += s.bytes;
    }
    wb_scan_close(scan);
    return sum;
}

static void check_blocks(struct faults *f)
{
    struct wb_slice key, value, raw;
    struct wb_arena a;
    struct wb_scan *scan = wb_tx_scan_prefix(f->tx, wb_key(f->tx->arena, WB_T_LOG_BLOCK, ""));
    wb_arena_init(&a, 0);
    while (wb_tx_next(f->tx, scan, &key, &value)) {
        struct wb_log_block b;
        wb_arena_reset(&a);
        if (!wb_log_block_decode(&a, key, value, &b) || !wb_inflate(&a, b.packed, b.size, &raw) ||
            raw.n != b.size)
            f->bad(f->arg, "logs: a block of lines cannot be unpacked");
    }
    wb_scan_close(scan);
    wb_arena_release(&a);
}

void logs_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct faults f = {tx, bad, arg};
    struct wb_slice key, value;
    struct wb_scan *scan = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOG_GROUP, ""));
    while (wb_tx_next(tx, scan, &key, &value)) {
        struct wb_log_group g;
        if (!wb_log_group_decode(tx, key, value, &g))
            bad(arg, "logs: a group cannot be decoded");
        else if (check_streams(&f, &g) != g.bytes)
            bad(arg, "logs: a group's size is not that of its streams");
    }
    wb_scan_close(scan);
    check_blocks(&f);
    logs_filters_check(tx, bad, arg);
    logs_query_check(tx, bad, arg);
}
