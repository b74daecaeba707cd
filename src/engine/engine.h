/*
 * The engine: writer, dispatcher, work queue, jobs, definitions, front. It starts no thread: the
 * runner (cli/serve.c) gives a thread to wb_writer_run, one to wb_dispatcher_run, one to each loop
 * with its front, a few to wb_pool_run. Tests and the simulator call the step functions from one
 * thread instead.
 */
#ifndef WB_ENGINE_ENGINE_H
#define WB_ENGINE_ENGINE_H

#include "auth/keys.h"
#include "aws/op.h"
#include "base/seam.h"
#include "engine/defs.h"
#include "engine/deliver.h"
#include "engine/observe.h"
#include "engine/tx.h"
#include "engine/work.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "process/process.h"

struct wb_otlp {
    const char *url;           /* all of it: ".../v1/traces"; NULL = nowhere */
    const char *ca_file;       /* NULL = system's */
    const char *const *header; /* "Name: value", NULL-terminated */
    int64_t queue;             /* segments that may wait */
};

struct wb_config {
    const char *data_dir;
    const char *account, *region; /* seed of a new directory */
    const char *public_url;       /* links, queue URLs; "http://127.0.0.1:4566" */
    bool auth, sandbox, test_clock;
    bool audit_data;           /* data events that write are in the audit log, too */
    bool no_metrics;           /* nothing is measured; PutMetricData works all the same */
    struct wb_smtp_relay smtp; /* url NULL = outbox files */
    const char *mail_from;
    struct wb_otlp otlp; /* where traces also go */
    const char *node;    /* runs nodejs* functions; NULL = the machine's */
    const char *program; /* absolute path of this executable */
    unsigned cores;
    int64_t memory_budget; /* bytes for function environments */
    int64_t disk_reserve;
};

/* What a service brings besides its operations. All members optional but service. */
struct wb_module {
    const struct wb_service *service;
    void (*start)(struct wb_engine *e); /* registers executors, targets, definition kinds, jobs;
                                           before any thread */
    void (*run)(struct wb_engine *e);  /* on the dispatcher's thread, once, before the first work */
    void (*stop)(struct wb_engine *e); /* dispatcher's thread, at drain */
    void (*free)(struct wb_engine *e); /* at the very end: lets go what start made */
    void (*first)(struct wb_tx *tx); /* in the first command of an empty store (the default bus) */
    /* An account begins: what it holds from then on. After every first; of the server's own account
     * in the first command, of others in CreateAccount. A module that is newer than the store is
     * told of all there are. */
    void (*account)(struct wb_tx *tx, struct wb_slice account);
    void (*check)(struct wb_tx *tx, void (*bad)(void *arg, const char *what),
                  void *arg); /* `waybill check`: rows decode, indexes agree */
};

struct wb_engine *wb_engine_new(const struct wb_config *c, struct wb_store *s, struct wb_seam *seam,
                                struct wb_keyring *k,
                                const struct wb_module *const *modules); /* NULL-terminated */
void wb_engine_free(struct wb_engine *e);
const struct wb_config *wb_engine_config(const struct wb_engine *e);
struct wb_seam *wb_engine_seam(const struct wb_engine *e);
struct wb_keyring *wb_engine_keyring(const struct wb_engine *e);
/* The node that runs nodejs functions: the configured one, else the machine's; NULL: there is none.
 */
const char *wb_engine_node(const struct wb_engine *e);
int64_t wb_engine_now(struct wb_engine *e); /* engine clock, ms; any thread */
/* A service's own state, kept with the engine: set in start, read anywhere. */
void wb_engine_set(struct wb_engine *e, const char *name, void *state);
void *wb_engine_get(const struct wb_engine *e, const char *name);

/* Reads every row, and lets each service check its own against each other; `bad` hears a sentence
 * for each fault. True when there was none. Before any thread runs. */
bool wb_engine_check(struct wb_engine *e, void (*bad)(void *arg, const char *what), void *arg,
                     uint64_t *rows);

/* --- commands --- */
enum wb_lane {
    WB_LANE_CLIENT,
    WB_LANE_INSIDE
}; /* outcomes and jobs have reserved room and go first */
enum wb_commit { WB_COMMITTED, WB_REFUSED_FULL, WB_FAILED };
struct wb_command {
    struct wb_command *next;
    enum wb_lane lane;
    int64_t queued_ns;
    void (*run)(struct wb_command *c, struct wb_tx *tx); /* writer; may run again */
    void (*done)(struct wb_command *c,
                 enum wb_commit result); /* writer, after the sync; hand over, do not work */
};
/* False when the client lane is full. Any thread. */
bool wb_submit(struct wb_engine *e, struct wb_command *c);

/* --- reading outside of calls and commands --- */
/* One thread's. What is read, definitions included, is valid until the end. */
struct wb_reader;
struct wb_reader *wb_reader_new(struct wb_engine *e);
struct wb_tx *wb_reader_begin(struct wb_reader *r); /* a snapshot; NULL: the store refuses */
void wb_reader_end(struct wb_reader *r);
void wb_reader_free(struct wb_reader *r); /* accepts NULL */

/* Longer than a snapshot should live: pages, read one after another in the scan pool. The struct is
 * the caller's and stays until done. */
struct wb_reading {
    /* One page, in a snapshot of its own (NULL: the store refuses), on a thread of the pool. True:
     * there is more to read. */
    bool (*page)(struct wb_reading *r, struct wb_tx *tx);
    void (*done)(struct wb_reading *r); /* on the dispatcher's thread, once */
    bool stopped; /* when done is called: there was more, but the server stops, or is too busy */
};
void wb_reading_start(struct wb_engine *e, struct wb_reading *r); /* any thread */

/* --- threads and steps --- */
void wb_writer_run(struct wb_engine *e);  /* until wb_engine_stop */
bool wb_writer_step(struct wb_engine *e); /* one batch; false when there was nothing */
void wb_pool_run(struct wb_engine *e);    /* a thread of the scan pool */
bool wb_pool_step(struct wb_engine *e);
void wb_dispatcher_run(struct wb_engine *e);
bool wb_dispatcher_step(struct wb_engine *e); /* starts what is due and processes messages; false
                                                 when nothing was done */
int64_t
wb_dispatcher_next(struct wb_engine *e); /* engine time of the next due row; INT64_MAX = none */
struct wb_loop *
wb_dispatcher_loop(struct wb_engine *e); /* for services' processes, timers and servers */
struct wb_client *wb_dispatcher_client(struct wb_engine *e);
/* The first step of stopping, any thread: no queued work begins, and the fronts take requests only
 * from functions, which may need them to finish (credentials of a session). At most WB_DRAIN_MS. */
void wb_engine_quiesce(struct wb_engine *e);
/* Nothing runs any more: no attempt, no request. */
bool wb_engine_idle(struct wb_engine *e);
void wb_engine_stop(
    struct wb_engine *e); /* any thread: finish what runs, then the run functions return */

/* --- the front: HTTP to operations --- */
struct wb_front;
struct wb_front *wb_front_new(struct wb_engine *e, struct wb_loop *l,
                              const struct wb_http_server_options *listen, struct wb_arena *a,
                              struct wb_slice *why);
void wb_front_drain(struct wb_front *f, void (*done)(void *arg), void *arg);
void wb_front_free(struct wb_front *f);
int wb_front_port(const struct wb_front *f);
/* A page outside the operations (confirmation links, health): exact path, or one that ends in '*'
 * and stands for all that begin so. Registered at start. The handler sets status, headers and
 * raw_answer. */
struct wb_page {
    const char *method, *path;
    bool writes; /* runs as a command */
    void (*handle)(struct wb_call *c, struct wb_slice query);
    bool scans; /* runs in the scan pool */
};
void wb_page_register(struct wb_engine *e, const struct wb_page *p);
/* What the page was asked for: a header of the request (null when absent), its path as sent. */
struct wb_slice wb_page_header(const struct wb_call *c, const char *name);
struct wb_slice wb_page_path(const struct wb_call *c);
/* Does somebody on this machine ask, under a name of this server and not on behalf of another
 * (forwarded by a proxy, or a foreign web page)? */
bool wb_page_from_here(const struct wb_call *c);
/* Operations for a page of our own: POST <path>SERVICE/OPERATION with the input as JSON. Nothing is
 * signed; `who` says who asks, by what else the request carries: it sets principal, account and
 * region in c->ctx, or fails the call. Validation and authorization are those of any call. One a
 * server; registered at start. */
struct wb_door {
    const char *path; /* "/_waybill/console/api/" */
    void (*who)(struct wb_call *c);
};
void wb_door_register(struct wb_engine *e, const struct wb_door *d);
/* Whom an access key speaks for, when the secret is the right one and it is neither inactive, nor
 * expired, nor its owner gone: sets principal, account and the home region in c->ctx. c->tx is a
 * snapshot. A null secret is not compared: who has been in before. */
bool wb_call_identify(struct wb_call *c, struct wb_slice access_key, struct wb_slice secret,
                      struct wb_slice session_token);
/* Finishes a WB_ASYNC call, exactly once, from any thread; the answer is in call->out, raw_answer
 * or error. The handler itself must call it, too, when it fails at once (it may have handed the
 * call to another thread, so the front cannot tell by looking). call->tx ends when the handler
 * returns; definitions found by wb_def stay until the answer. */
void wb_call_finish(struct wb_call *c);

/* A write that began something which is mostly done soon (a deployment): its answer, as it stands,
 * leaves when somebody releases the name, or after WB_HOLD_MS. In the handler; means nothing when
 * another service calls. */
void wb_call_hold(struct wb_call *c, struct wb_slice name);
/* In a command: with its commit, all answers held under the name leave. */
void wb_hold_release(struct wb_tx *tx, struct wb_slice name);

#endif
