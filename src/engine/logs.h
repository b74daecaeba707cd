/*
 * Log groups, streams and lines as rows: what the logs service shows and changes. Writing lines is
 * wb_write_log (observe.h).
 *
 * A group has a number that is never used again, so a deleted group's rows belong to nobody until a
 * job has removed them. A stream deleted and made again under its name tells its lines from the old
 * ones by the stamp of its making.
 */
#ifndef WB_ENGINE_LOGS_H
#define WB_ENGINE_LOGS_H

#include "engine/observe.h"

struct wb_log_group {
    struct wb_slice account, region, name;
    uint64_t number;
    int64_t created_ms;
    uint32_t retention_days; /* 0 = for ever */
    uint64_t bytes;          /* unpacked, of all lines */
    int64_t swept_ms;        /* blocks of hours before this one have expired and are gone */
    struct wb_slice kms_key; /* kept and shown */
};

struct wb_log_stream {
    struct wb_slice name;
    int64_t created_ms, ingested_ms; /* ingested: last write, 0 = none */
    int64_t first_ms, last_ms;       /* of its lines; first > last: it never had any */
    uint64_t bytes;
    uint64_t since; /* stamp: blocks with lower ones are a deleted stream's */
};

struct wb_slice wb_log_group_key(struct wb_arena *a, struct wb_slice account,
                                 struct wb_slice region, struct wb_slice name);
bool wb_log_group_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                       struct wb_slice name, struct wb_log_group *g);
/* Of a scan; slices in the tx's arena. */
bool wb_log_group_decode(struct wb_tx *tx, struct wb_slice key, struct wb_slice value,
                         struct wb_log_group *g);
void wb_log_group_write(struct wb_tx *tx, const struct wb_log_group *g);
void wb_log_group_make(struct wb_tx *tx, struct wb_log_group *g); /* number and time are set */
void wb_log_group_drop(struct wb_tx *tx, const struct wb_log_group *g);

struct wb_slice wb_log_stream_key(struct wb_arena *a, uint64_t group, struct wb_slice name);
bool wb_log_stream_read(struct wb_tx *tx, uint64_t group, struct wb_slice name,
                        struct wb_log_stream *s);
bool wb_log_stream_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                          struct wb_log_stream *s);
void wb_log_stream_write(struct wb_tx *tx, uint64_t group, const struct wb_log_stream *s);
void wb_log_stream_make(struct wb_tx *tx, uint64_t group, struct wb_slice name);
void wb_log_stream_drop(struct wb_tx *tx, struct wb_log_group *g, const struct wb_log_stream *s);

/* --- writing --- */

/* Lines made ready to be written: all of it that takes long and needs no transaction. */
struct wb_log_pack {
    const struct wb_log_line *line;
    size_t count;
    struct wb_log_packed { /* the lines of a block */
        struct wb_log_packed *next;
        size_t first, count;
        int64_t first_ms, last_ms;
        struct wb_slice raw, packed;
    } * block;
    uint64_t bytes;    /* of their texts */
    const size_t *emf; /* lines that look like the embedded metric format */
    size_t emfs;
};
struct wb_log_pack *wb_log_pack(struct wb_arena *a, const struct wb_log_line *line, size_t count);
/* As wb_write_log. */
void wb_write_log_pack(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                       struct wb_slice group, struct wb_slice stream, const struct wb_log_pack *p);

/* Retention was set: sees to it that blocks expire. */
void wb_log_expect_expiry(struct wb_tx *tx);

/* --- blocks --- */

struct wb_log_block {
    int64_t hour_ms, first_ms, last_ms, ingested_ms;
    uint64_t group, stamp;
    struct wb_slice stream;
    uint32_t lines, size; /* size: unpacked */
    struct wb_slice packed;
};
/* Slices in the arena (stream) and in value (packed). */
bool wb_log_block_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                         struct wb_log_block *b);
/* Its lines (b->lines of them), in the arena. NULL: it is damaged. */
struct wb_log_line *wb_log_block_unpack(struct wb_arena *a, const struct wb_log_block *b);

/* --- reading --- */

/* A place between lines: before the line with exactly these. */
struct wb_log_place {
    int64_t time_ms;
    uint64_t stamp;
    uint32_t index;
};

struct wb_log_query {
    uint64_t group;
    struct wb_slice stream; /* null: those of the group that `wanted` takes */
    bool (*wanted)(void *arg, struct wb_slice stream); /* NULL: all */
    void *arg;
    int64_t from_ms, to_ms; /* to_ms: exclusive */
    bool backward;
    const struct wb_log_place *place; /* forward: lines after it; backward: before; or NULL */
};

struct wb_log_event {
    int64_t ingested_ms;
    struct wb_log_place at; /* with the line's time */
    struct wb_slice stream, text;
};

struct wb_log_reader;
struct wb_log_reader *wb_log_open(struct wb_tx *tx, const struct wb_log_query *q);
/* In order of time, lines of one time as they were written. The event is valid until the next. */
bool wb_log_next(struct wb_log_reader *r, struct wb_log_event *e);
void wb_log_close(struct wb_log_reader *r);

/* --- hearing of what is written --- */

struct wb_log_block_lines { /* of one block, in its order */
    struct wb_slice stream;
    uint64_t stamp; /* with time and place the place of each line */
    const struct wb_log_line *line;
    size_t count;
};
/* Called in the command that writes lines, after they are written. One a server; at start. */
typedef void wb_log_watch_fn(struct wb_tx *tx, const struct wb_log_group *g,
                             const struct wb_log_block_lines *l);
void wb_log_watch_register(struct wb_engine *e, wb_log_watch_fn *fn);

/* --- the engine's own --- */

#define WB_LOG_HOUR_MS 3600000
/* The nearest row of a group (of one stream when not null) in an hour at or after hour_ms
 * (backward: at or before); its hour, or false. */
bool wb_log_hour(struct wb_tx *tx, uint64_t group, struct wb_slice stream, bool backward,
                 int64_t *hour_ms);
void wb_logs_register(struct wb_engine *e);

#endif
