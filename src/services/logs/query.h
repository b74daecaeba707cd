/*
 * Queries of Logs Insights and saved queries.
 *
 * StartQuery writes the query's row, one that lists it, one that says it has not ended, and a work
 * row. The work row's attempt reads in the scan pool (query_run.c), page by page; its outcome
 * writes the result in chunks and the state the query ended with. A server that dies in between
 * begins the query again, because the work row is still there. StopQuery only changes the state:
 * the next page sees it. A week later a second work row takes all of it away.
 */
#ifndef WB_LOGS_QUERY_H
#define WB_LOGS_QUERY_H

#include "services/logs/insights.h"
#include "services/logs/logs.h"

enum logs_query_state {
    LOGS_SCHEDULED,
    LOGS_RUNNING,
    LOGS_COMPLETE,
    LOGS_FAILED,
    LOGS_CANCELLED,
    LOGS_TIMEOUT,
};

struct logs_query {
    struct wb_slice account, region, id; /* of the key */
    uint64_t number;
    enum logs_query_state state;
    int64_t created_ms, ended_ms;
    int64_t from_ms, to_ms; /* to_ms: exclusive */
    int64_t limit;
    struct wb_slice text;
    struct insights_group group[WB_INSIGHTS_GROUPS_MAX]; /* account and region: the query's */
    size_t groups;
    uint64_t matched, scanned, bytes;
    uint32_t chunks;     /* of the result */
    struct wb_slice why; /* LOGS_FAILED */
};

static inline bool logs_query_active(const struct logs_query *q)
{
    return q->state <= LOGS_RUNNING;
}

/* Slices in the arena. False: there is none, or the row is damaged. */
bool logs_query_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                     struct wb_slice id, struct logs_query *q);
bool logs_query_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                       struct logs_query *q);
void logs_query_write(struct wb_tx *tx, const struct logs_query *q);
void logs_query_make(struct wb_tx *tx, struct logs_query *q, const struct wb_ctx *ctx);
/* It ended as q->state says: writes it, and sees to it that it goes in a week. */
void logs_query_end(struct wb_tx *tx, struct logs_query *q);
struct wb_slice logs_query_chunk_key(struct wb_arena *a, uint64_t number, uint32_t chunk);
/* The rows of a chunk, deflated; and back, in the arena. */
struct wb_slice logs_query_chunk(struct wb_arena *a, struct wb_slice rows);
bool logs_query_unchunk(struct wb_arena *a, struct wb_slice chunk, struct wb_slice *rows);
void logs_query_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

extern const struct wb_executor logs_query_executor, logs_query_expiry_executor;

void logs_of_query(struct wb_call *c);  /* what StartQuery needs */
void logs_of_record(struct wb_call *c); /* what GetLogRecord needs */
void logs_start_query(struct wb_call *c);
void logs_prepare_query(struct wb_call *c);
void logs_get_query_results(struct wb_call *c);
void logs_stop_query(struct wb_call *c);
void logs_describe_queries(struct wb_call *c);
void logs_put_definition(struct wb_call *c);
void logs_describe_definitions(struct wb_call *c);
void logs_delete_definition(struct wb_call *c);
void logs_group_fields(struct wb_call *c);
void logs_get_record(struct wb_call *c);

extern const struct wb_shape logs_s_start_query, logs_s_query, logs_s_queries,
    logs_s_put_definition, logs_s_definitions, logs_s_delete_definition, logs_s_group_fields,
    logs_s_record;

#endif
