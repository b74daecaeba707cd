/*
 * Rows of metrics, for the files of the engine that write, read and move them. See metrics.h.
 *
 * A row of WB_T_METRIC is of version 1 when all of its minute is one datum with exact values: u8
 * 1, unit (lp), count, sum, min, max (doubles), number of pairs (le16), value and count of each
 * (doubles). Else of version 2: u8 2 and datums as wb_datum_put writes them. A block is u8 1 and,
 * for each datum, its time from the block's start in units of the resolution (varint) and itself.
 */
#ifndef WB_ENGINE_METRIC_ROWS_H
#define WB_ENGINE_METRIC_ROWS_H

#include "engine/metrics.h"

#define WB_MINUTE_MS 60000
#define WB_HOUR_MS   3600000

struct wb_datums { /* heap */
    struct wb_timed_datum {
        int64_t time_ms;
        struct wb_datum d;
    } * at;
    size_t n, cap;
};
void wb_datums_release(struct wb_datums *v);
/* The datum of that time, unit and second; a new one if there is none. */
struct wb_datum *wb_datums_of(struct wb_datums *v, int64_t time_ms, const struct wb_datum *like);

/* What a series' keys have in common: all but the minute. In the arena. */
struct wb_slice wb_metric_suffix(struct wb_arena *a, const struct wb_metric *m);
/* The names back out of it; they live in the arena. False: malformed. */
bool wb_metric_suffix_read(struct wb_arena *a, struct wb_slice suffix, struct wb_metric *m);
struct wb_slice wb_metric_key(struct wb_arena *a, int64_t minute_ms, struct wb_slice suffix);
/* Minute and suffix of such a key; the suffix points into it. */
bool wb_metric_key_split(struct wb_slice key, int64_t *minute_ms, struct wb_slice *suffix);
/* The datums of a row, each with the time of the minute. False: it cannot be decoded. */
bool wb_metric_row_read(struct wb_slice row, int64_t minute_ms, struct wb_datums *out);
/* Adds to the row of the key. */
void wb_metric_row_add(struct wb_tx *tx, struct wb_slice key, const struct wb_datum *d);
/* The number of a series; 0 = it has none yet. With `make` it gets one. */
uint64_t wb_metric_number(struct wb_tx *tx, struct wb_slice suffix, int64_t seen_ms, bool make);

struct wb_resolution {
    int64_t ms;       /* of a datum */
    int64_t block_ms; /* of a block */
    int64_t keep_ms;
};
extern const struct wb_resolution wb_resolutions[3]; /* the finest first */
struct wb_slice wb_block_key(struct wb_arena *a, const struct wb_resolution *r, int64_t start_ms,
                             uint64_t number);
bool wb_block_read(const struct wb_resolution *r, int64_t start_ms, struct wb_slice row,
                   struct wb_datums *out);
struct wb_slice wb_block_row(struct wb_arena *a, const struct wb_resolution *r, int64_t start_ms,
                             const struct wb_datums *v);

/* metric_upkeep.c */
void wb_metric_upkeep_register(struct wb_engine *e);
void wb_metric_upkeep_expect(struct wb_tx *tx);

static inline int64_t wb_floor_to(int64_t ms, int64_t unit)
{
    return ms - ((ms % unit) + unit) % unit;
}

#endif
