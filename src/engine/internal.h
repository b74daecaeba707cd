/*
 * What the engine's files share among themselves; nobody else includes it.
 *
 * Each part (writer, definitions, dispatcher, counters, pool) keeps its own state behind a pointer
 * here. Names of functions that cross files inside the engine begin with wb_ and the part.
 */
#ifndef WB_ENGINE_INTERNAL_H
#define WB_ENGINE_INTERNAL_H

#include "aws/protocol.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "engine/audit.h"
#include "engine/engine.h"
#include "engine/logs.h"
#include "engine/tail.h"
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct wb_clock {
    _Atomic int64_t last;   /* highest time given out, ms */
    _Atomic int64_t offset; /* test clock only: engine time minus wall time */
    int64_t wall, mono_ns;  /* at the last commit, to notice jumps; writer's thread */
};

struct wb_engine {
    struct wb_config config;
    struct wb_store *store;
    struct wb_seam *seam;
    struct wb_keyring *keyring;
    const struct wb_module *const *modules;
    struct wb_services *services;
    const struct wb_service *const *service_list; /* NULL-terminated; ours is the last */
    struct wb_arena arena;           /* registrations; written before any thread starts */
    struct wb_map *state;            /* wb_engine_set */
    struct wb_map *executors;        /* name -> struct wb_executor */
    struct wb_map *targets;          /* ARN service -> struct wb_target_kind */
    struct wb_map *policies;         /* ARN service -> struct wb_policy_source: resource policies */
    struct wb_map *job_kinds;        /* name -> struct wb_job_kind */
    struct wb_map *pages;            /* "METHOD path" -> struct wb_page */
    struct wb_page_prefix *prefixes; /* of pages whose path ends in '*' */
    const struct wb_door *door;
    wb_bus_publish_fn *bus_publish;
    wb_log_watch_fn *log_watch;
    struct wb_clock clock;
    struct wb_writer *writer;
    struct wb_defs *defs;
    struct wb_counts *counts;
    struct wb_dispatcher *dispatcher;
    struct wb_pool *pool;
    struct blobs *blobs;    /* blob.c */
    struct wb_feeds *feeds; /* feed.c */
    const struct wb_bus_tail *bus_tail;
    struct wb_link fronts; /* under fronts_lock */
    pthread_mutex_t fronts_lock;
    struct wb_link held; /* requests whose answers wait for a release; under held_lock */
    pthread_mutex_t held_lock;
    bool strict; /* tests: a failed plain handler that wrote is an assertion */
    atomic_bool ready, quiet, stopping; /* stopping implies quiet */
};

/* --- growing array in an arena --- */
struct wb_vec {
    void *p;
    size_t n, cap;
};
void *wb_vec_push(struct wb_vec *v, struct wb_arena *a, size_t size); /* zeroed element */
#define WB_VEC_AT(v, type, i) (&((type *)(v)->p)[i])

/* --- engine.c --- */
void wb_engine_first(struct wb_tx *tx); /* what an empty store begins with */

/* --- clock.c --- */
void wb_clock_start(struct wb_engine *e);               /* reads the persisted time */
int64_t wb_clock_commit(struct wb_engine *e);           /* the time of the next commit */
void wb_clock_save(struct wb_tx *tx);                   /* into the commit */
void wb_clock_move(struct wb_engine *e, int64_t by_ms); /* test clock */

/* --- tx.c: what a wb_tx has behind it --- */
struct wb_held { /* definitions that stay until the transaction ends */
    struct wb_held *next;
    const struct wb_def_kind *kind;
    struct wb_slice key;
    struct wb_def_ref *ref; /* NULL: known to be absent */
};
struct wb_tx_ext {
    struct wb_batch *batch; /* NULL in a snapshot */
    struct wb_held *held;   /* snapshots */
    struct wb_reads *reads; /* of a snapshot that is watched */
    uint64_t sequence;      /* snapshot: that of the last commit it sees */
    uint64_t rows, bytes;   /* put and deleted by this command */
    bool alone;             /* the only command of its batch: may exceed the usual limits */
    bool engine;            /* the engine's own rows (metrics, counts, a reset): no limits */
    bool over;              /* it went over the limits while sharing its batch */
    bool undo;              /* the command failed after it wrote */
};
static inline struct wb_tx_ext *wb_tx_ext(const struct wb_tx *tx)
{
    return tx->batch;
}
void wb_tx_error(struct wb_tx *tx, enum wb_store_status s);
/* A snapshot for reading: fills *tx and *x. The txn is the caller's. */
void wb_tx_snapshot(struct wb_tx *tx, struct wb_tx_ext *x, struct wb_engine *e, struct wb_txn *t,
                    struct wb_arena *a);
/* Lets the definitions of a snapshot go. */
void wb_tx_release(struct wb_tx *tx);

/* --- reads.c: what a watched snapshot reads --- */
void wb_reads_get(struct wb_reads *r, struct wb_slice key, struct wb_slice *value);
void wb_reads_scan(struct wb_reads *r, struct wb_slice lo, struct wb_slice hi, bool backward,
                   const struct wb_scan *s);
void wb_reads_next(struct wb_reads *r, const struct wb_scan *s, struct wb_slice *key,
                   struct wb_slice *value); /* null: the end */
void wb_reads_def(struct wb_reads *r, const struct wb_held *h, const void *object);

/* --- writer.c --- */
struct wb_after {
    void (*fn)(struct wb_engine *e, void *arg);
    void *arg;
};
struct wb_sample { /* wb_put_metric */
    struct wb_series *series;
    double value, count;
};
struct wb_note { /* a change of a target's queue */
    struct wb_slice target;
    int64_t due_ms; /* INT64_MAX: nothing new to start */
    int delta;      /* rows more or fewer */
    int failed;     /* of these that have failed before */
};
/* The state of one store transaction shared by the commands of a batch. */
struct wb_batch {
    struct wb_engine *engine;
    struct wb_tx tx;
    struct wb_tx_ext ext;
    struct wb_arena arena;
    struct wb_vec after, sample, note, def;
    struct wb_map *defs;       /* overlay: what this batch has read or changed; defs.c */
    struct wb_vec dropped;     /* references to let go at the end */
    struct wb_series **series; /* hash table of the metrics put in this batch; metrics.c */
    uint32_t stamps;
    uint64_t rows, bytes; /* of the whole batch */
    bool low_room;        /* below the disk reserve: new data of clients is refused */
};
struct wb_nest { /* a nested transaction around a part of a command */
    struct wb_txn *outer;
    size_t after, sample, note, def;
    uint64_t rows, bytes, batch_rows, batch_bytes;
};
void wb_tx_nest(struct wb_tx *tx, struct wb_nest *n);
void wb_tx_unnest(struct wb_tx *tx, struct wb_nest *n, bool keep);
/* In a command: it failed. Had it written, its part of the batch is undone and it is run again. */
void wb_tx_undo(struct wb_tx *tx);
bool wb_tx_low_room(const struct wb_tx *tx);

void wb_writer_new(struct wb_engine *e);
void wb_writer_free(struct wb_engine *e);
void wb_writer_wake(struct wb_engine *e);
void wb_writer_jobs(struct wb_engine *e, bool any); /* jobs.c: there is something to advance */
size_t wb_writer_queued(struct wb_engine *e);       /* commands in the client lane */

/* --- defs.c --- */
void wb_defs_new(struct wb_engine *e);
void wb_defs_free(struct wb_engine *e);
void wb_defs_seal(struct wb_batch *b, uint64_t sequence); /* before the commit */
void wb_defs_publish(struct wb_batch *b, uint64_t sequence, bool committed);
void wb_defs_undo(struct wb_batch *b, size_t mark); /* a nested transaction was undone */
void wb_defs_forget_all(struct wb_tx *tx);          /* reset: every definition changes */
size_t wb_defs_entries(struct wb_engine *e);        /* in the cache, removed ones included */
void wb_def_ref_drop(struct wb_def_ref *r);

/* --- metrics.c --- */
void wb_counts_new(struct wb_engine *e);
void wb_counts_free(struct wb_engine *e);
void wb_counts_hurry(struct wb_engine *e);                /* at the end: do not wait */
bool wb_counts_due(struct wb_engine *e, int64_t mono_ns); /* something waits since a second */
void wb_metrics_flush(struct wb_batch *b, bool counts);   /* samples (and counters) into rows */
void wb_metrics_flushed(struct wb_engine *e, bool committed);
/* A statistic set gathered elsewhere, added to the counters. */
/* wb_count of values of which only the sums are known. */
struct wb_count_sums {
    double n, sum, min, max;
};
void wb_count_many(struct wb_engine *e, struct wb_slice account, struct wb_slice region,
                   const char *ns, const char *name, const struct wb_pair *dims, size_t dim_count,
                   const struct wb_count_sums *v, const char *unit);
/* The same for the server's own metrics, in the namespace Waybill. */
void wb_count_own(struct wb_engine *e, const char *name, const struct wb_pair *dims,
                  size_t dim_count, const struct wb_count_sums *v, const char *unit);

/* --- work.c --- */
struct wb_slice wb_work_encode(struct wb_arena *a, const struct wb_work *w);
struct wb_slice wb_work_key(struct wb_arena *a, struct wb_slice target, int64_t due_ms,
                            uint64_t stamp);
bool wb_work_key_read(struct wb_arena *a, struct wb_slice key, struct wb_slice *target,
                      int64_t *due_ms, uint64_t *stamp);
void wb_work_note(struct wb_tx *tx, struct wb_slice target, int64_t due_ms, int delta, int failed);
void wb_work_flush(struct wb_batch *b);   /* the counts of rows, before the commit */
void wb_work_flushed(struct wb_batch *b); /* tells the dispatcher, after it */
/* Applies an outcome: `w` is what the executor worked on, `row` the row as it stands (copied out of
 * the store). *due = when the row is due again, INT64_MAX when it went. False after an error. */
bool wb_work_settle(struct wb_tx *tx, const struct wb_executor *x, struct wb_work *w,
                    struct wb_work *row, const struct wb_outcome *o, int64_t *due);
const struct wb_executor *wb_executor_find(const struct wb_engine *e, struct wb_slice name);
int64_t wb_work_age_max(const struct wb_work *w, const struct wb_executor *x); /* 0 = none */
int64_t wb_schedule_delay(const struct wb_schedule *s, uint32_t attempts, struct wb_seam *seam);

/* --- dead.c --- */
/* Makes a dead row of w; the work row is the caller's to delete. */
void wb_dead_add(struct wb_tx *tx, const struct wb_work *w, const char *reason, const char *code,
                 struct wb_slice message);
/* Of a row that cannot be decoded. */
void wb_dead_add_raw(struct wb_tx *tx, struct wb_slice key, struct wb_slice value);
struct wb_dead {
    uint64_t id;
    struct wb_work work; /* executor NULL: the row could not be decoded, payload = its bytes */
    int64_t died_ms;
    struct wb_slice reason, code, message;
};
bool wb_dead_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct wb_dead *d);
bool wb_dead_get(struct wb_tx *tx, uint64_t id, struct wb_dead *d);
bool wb_dead_retry(struct wb_tx *tx, uint64_t id);
bool wb_dead_discard(struct wb_tx *tx, uint64_t id);
uint64_t wb_dead_count(struct wb_tx *tx);
void wb_dead_register(struct wb_engine *e);

/* --- jobs.c --- */
void wb_jobs_start(struct wb_engine *e); /* at start: are there any? */
bool wb_jobs_step(struct wb_tx *tx);     /* one step of the first job; false: none is left */
bool wb_job_read(struct wb_arena *a, struct wb_slice key, struct wb_slice value, struct wb_job *j,
                 struct wb_slice *failed);
void wb_jobs_register(struct wb_engine *e);

/* --- dispatcher.c --- */
void wb_dispatcher_poke(struct wb_dispatcher *d); /* any thread: take a turn soon */
void wb_dispatcher_new(struct wb_engine *e);
void wb_dispatcher_free(struct wb_engine *e);
/* Rows of these targets were added or moved. Any thread. */
void wb_dispatcher_notify(struct wb_engine *e, const struct wb_note *note, size_t count);
void wb_dispatcher_clock(struct wb_engine *e); /* the engine clock was moved */
void wb_dispatcher_reset(struct wb_engine *e); /* the store was emptied */
bool wb_dispatcher_alive(struct wb_engine *e); /* its thread runs and may still send outcomes */
unsigned wb_dispatcher_running(const struct wb_engine *e);

/* --- identity.c, authorize.c --- */
void wb_identity_register(struct wb_engine *e);

/* --- pool.c --- */
struct wb_pool_task {
    struct wb_pool_task *next;
    /* On a thread of the pool, with a snapshot of its own (NULL after an error), which it ends as
     * soon as it has read: t may be gone as soon as its answer is handed over. */
    void (*run)(struct wb_pool_task *t, struct wb_txn *txn);
};
void wb_pool_new(struct wb_engine *e);
void wb_pool_free(struct wb_engine *e);
void wb_pool_wake(struct wb_engine *e);
bool wb_pool_add(struct wb_engine *e, struct wb_pool_task *t); /* false: the queue is full */

/* --- feed.c --- */
void wb_feeds_new(struct wb_engine *e);
void wb_feeds_free(struct wb_engine *e);

/* --- blob.c --- */
void wb_blobs_new(struct wb_engine *e);
void wb_blobs_free(struct wb_engine *e);
void wb_blobs_sweep(struct wb_engine *e); /* at start, in the pool: files that no row keeps */
int wb_blob_open(struct wb_engine *e, struct wb_slice name);    /* a descriptor; -1 with errno */
bool wb_blob_pread(int fd, char *to, size_t n, int64_t offset); /* all of it */
/* Held, a file is not unlinked though it was dropped. Any thread; as often released as held. */
void wb_blob_hold(struct wb_engine *e, struct wb_slice name, bool hold);
/* While a backup is made no file that a row mentioned goes. Any thread. */
void wb_blobs_stay(struct wb_engine *e, bool stay);
/* All files into DIR/blobs, between the two calls above, after the rows. An errno; 0: done. */
int wb_blobs_backup(struct wb_engine *e, const char *dir);
bool wb_blob_row(struct wb_slice row, int64_t *size, uint32_t *references);
/* `waybill check`: the file of a row of WB_T_BLOB. */
void wb_blob_check(struct wb_engine *e, struct wb_arena *a, struct wb_slice key,
                   struct wb_slice row, void (*bad)(void *arg, const char *what), void *arg);

/* --- front.c, pages.c, admin.c --- */
unsigned wb_fronts_open(struct wb_engine *e); /* requests not yet answered; any thread */
void wb_fronts_room(struct wb_engine *e);     /* the client lane has room again; writer's thread */
void wb_pages_register(struct wb_engine *e);
struct wb_page_prefix {
    struct wb_page_prefix *next;
    const struct wb_page *page;
};
const struct wb_page *wb_page_find(const struct wb_engine *e, struct wb_arena *a,
                                   struct wb_slice method, struct wb_slice path);
extern const struct wb_service wb_admin_service;
void wb_admin_register(struct wb_engine *e);

#endif
