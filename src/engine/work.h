/*
 * The durable work queue: whatever must happen later is a row, written in the transaction of its
 * cause.
 *
 * A row belongs to a target (a string: usually an ARN), is due at a time, and names its executor.
 * The dispatcher takes due rows, lets targets take turns, keeps to each target's limit, and ends
 * every attempt with an outcome command: done removes the row; retry moves it to its next due time
 * by the schedule; busy moves it without counting an attempt; permanent, exhausted or too old makes
 * it a dead row (kept WB_DEAD_ROW_DAYS, listed, redrivable). Memory holds one entry per active
 * target, not per row. Everything is rebuilt from the rows at start.
 *
 * An executor either steps on the writer (short, inside the outcome's transaction) or starts on the
 * dispatcher's thread and finishes later (functions, mail, HTTP).
 */
#ifndef WB_ENGINE_WORK_H
#define WB_ENGINE_WORK_H

#include "aws/op.h"
#include "engine/tx.h"

enum wb_outcome_kind {
    WB_DONE,      /* finished: remove the row */
    WB_ACCEPTED,  /* the target took it over durably: as done */
    WB_BUSY,      /* no capacity now: not an attempt */
    WB_RETRY,     /* failed, worth another attempt */
    WB_PERMANENT, /* failed for good */
};

struct wb_outcome {
    enum wb_outcome_kind kind;
    const char *code;        /* AWS's error code for metrics and dead rows: "NO_PERMISSIONS",
                                "ThrottlingException"; static */
    struct wb_slice message; /* for people; in the task's arena */
    int64_t after_ms;        /* at least so long until the next attempt; 0 = by the schedule */
    struct wb_slice trace;   /* the row's trace header from now on; null: as it was */
    void *result;            /* the executor's own, for apply; in the task's arena */
};

/* Delays before attempt 2, 3, ...: the list first, then base x 2^n up to cap, jitter in percent. */
struct wb_schedule {
    const int64_t *delay_ms;
    unsigned delay_count;
    int64_t base_ms, cap_ms;
    unsigned jitter_percent;
    unsigned attempts_max; /* 0 = the row's own */
    int64_t age_max_ms;    /* 0 = the row's own */
};

struct wb_work {
    struct wb_slice target; /* whose queue; one without ':' is a service's own housekeeping and not
                               shown as queued */
    const char *executor;   /* name, as registered */
    int64_t due_ms, first_ms; /* engine clock; first_ms = when the row was made */
    uint32_t attempts;        /* finished so far */
    uint32_t attempts_max;    /* for this row: 1 + retries; 0 = the schedule's */
    int64_t age_max_ms;       /* 0 = the schedule's */
    struct wb_ctx ctx;
    struct wb_slice meta;    /* the executor's own JSON object */
    struct wb_slice payload; /* bytes to deliver; or, when payload_key is set, filled in from that
                                row before start */
    struct wb_slice payload_key; /* row that holds the payload (a bus log row), or null */
    struct wb_slice last_code, last_message; /* of the last failed attempt */
    struct wb_slice row_key;                 /* where it lies; set by the engine */
};

struct wb_task; /* one attempt in progress */

struct wb_executor {
    const char *name;
    const struct wb_schedule *schedule;
    /* Attempts of this target that may run at once; NULL = 1. Dispatcher's thread. 0 = not now:
     * wb_work_wake calls again. */
    unsigned (*limit)(struct wb_engine *e, struct wb_slice target);
    /* Exactly one of the two: */
    void (*start)(struct wb_task *t); /* dispatcher's thread */
    void (*step)(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out); /* writer */
    /* Optional, in the outcome's transaction, before the row goes or moves: logs, metrics, results.
     * `last`: no further attempt follows (done, permanent or exhausted). */
    void (*apply)(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last);
    /* Optional: payload for the attempt, when it lies elsewhere in a form of its own. */
    bool (*load)(struct wb_tx *tx, struct wb_work *w);
};

void wb_executor_register(struct wb_engine *e, const struct wb_executor *x); /* at start */

/* Adds a row (in a command). due_ms <= now = at once. */
void wb_work_add(struct wb_tx *tx, const struct wb_work *w);
/* Reads a row of WB_T_WORK back. Slices point into key and value; the executor's name is
 * NUL-terminated in the arena. False: not such a row. */
bool wb_work_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct wb_work *w);
/* A target's limit may have grown, or capacity came back: look again. Any thread. */
void wb_work_wake(struct wb_engine *e, struct wb_slice target); /* null slice = all */

/* Dispatcher's thread. The work and its slices live until finish. */
const struct wb_work *wb_task_work(const struct wb_task *t);
struct wb_arena *wb_task_arena(struct wb_task *t);
struct wb_engine *wb_task_engine(struct wb_task *t);
void wb_task_set(struct wb_task *t, void *user);
void *wb_task_get(const struct wb_task *t);
/* Ends the attempt: hands the outcome to the writer. Exactly once; t is gone afterwards. */
void wb_task_finish(struct wb_task *t, const struct wb_outcome *o);

/* Rows waiting for a target, and the age of the oldest (ms; 0 when none). */
uint64_t wb_work_count(struct wb_tx *tx, struct wb_slice target, int64_t *oldest_ms);

/*
 * Jobs: anything longer than a command. A row with a cursor, advanced one command at a time by
 * `step`, resumable, visible in `waybill status`.
 */
struct wb_job {
    uint64_t number;
    const char *kind;
    struct wb_slice name;  /* for people: "delete table orders" */
    struct wb_slice state; /* the kind's own JSON: cursor and all */
    uint64_t done, total;  /* progress; total 0 = unknown */
};
struct wb_job_kind {
    const char *name;
    /* Does one command's worth. Returns true when the job is finished, else updates state and
     * progress in *j. */
    bool (*step)(struct wb_tx *tx, struct wb_job *j);
};
void wb_job_register(struct wb_engine *e, const struct wb_job_kind *k);
uint64_t wb_job_start(struct wb_tx *tx, const char *kind, struct wb_slice name,
                      struct wb_slice state);
/* The common job: delete every row of a key range (dropped tables, expired logs). */
void wb_job_drop_range(struct wb_tx *tx, struct wb_slice name, struct wb_slice lo,
                       struct wb_slice hi);

#endif
