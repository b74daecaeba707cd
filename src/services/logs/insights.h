/*
 * The language of Logs Insights (CloudWatch Logs User Guide, "Logs Insights language query
 * syntax"): a query is compiled, fed with log events in any order, and gives rows.
 *
 * Values are text, numbers, points of time (milliseconds), yes and no (1 and 0), JSON lists and
 * maps, or missing. Text that is a number acts as one: numbers are compared with numbers, text with
 * text. A comparison of a number with other text, or with something missing, is false, and so !=,
 * `not in` and `not like` are true of it. Arithmetic with what is no number is missing, and what is
 * missing is left out of a row and of what an aggregation counts.
 *
 * A compiled query belongs to one thread at a time.
 */
#ifndef WB_LOGS_INSIGHTS_H
#define WB_LOGS_INSIGHTS_H

#include "base/arena.h"
#include "base/limits.h"
#include "engine/logs.h"

struct insights_query;

struct insights_error {
    struct wb_slice message;
    size_t from, to; /* characters of the query */
};
/* In the arena; NULL with *e (message in the arena) when the query is wrong. Keeps slices of text.
 */
struct insights_query *insights_compile(struct wb_arena *a, struct wb_slice text,
                                        struct insights_error *e);

/* `SOURCE logGroups(namePrefix: [...])`: the prefixes; 0: the query names no groups. */
size_t insights_sources(const struct insights_query *q, const struct wb_slice **prefix);

struct insights_group { /* a log group that is looked at */
    struct wb_slice account, region, name;
    uint64_t number;
};

struct insights_event {
    const struct insights_group *group;
    int64_t ingested_ms;
    struct wb_log_place at;
    struct wb_slice stream, text;
};

struct insights_run;
/* now_ms: what now() says. limit: of the request; a smaller one of the query counts. */
struct insights_run *insights_begin(struct insights_query *q, int64_t now_ms, int64_t limit);
void insights_end(struct insights_run *r); /* accepts NULL */
/* The event is copied where it is kept. False: it cannot go on, insights_why says why. */
bool insights_feed(struct insights_run *r, const struct insights_event *e);
struct wb_slice insights_why(const struct insights_run *r);
uint64_t insights_matched(const struct insights_run *r); /* events that passed the filters */
/* After the last event: each row as JSON, as GetQueryResults has it. False as above. */
typedef void insights_row_fn(void *arg, struct wb_slice json);
bool insights_finish(struct insights_run *r, insights_row_fn *fn, void *arg);

/* --- single events --- */

/* @ptr: where the event is. */
struct wb_slice insights_pointer(struct wb_arena *a, const struct insights_event *e);
/* False when it was not made by insights_pointer. The group's number is 0. */
bool insights_pointer_read(struct wb_arena *a, struct wb_slice pointer, struct insights_group *g,
                           struct wb_slice *stream, struct wb_log_place *at);
/* All fields that an event has, those that Insights adds first; numbers and times as GetLogRecord
 * tells them. The values live in scratch. */
typedef void insights_field_fn(void *arg, struct wb_slice name, struct wb_slice value);
void insights_fields(struct wb_arena *scratch, const struct insights_event *e,
                     insights_field_fn *fn, void *arg);

#endif
