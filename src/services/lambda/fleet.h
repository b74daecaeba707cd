/*
 * Environments and invocations. Everything here lives on the dispatcher's thread, but for the parts
 * of an invocation that travel: it is made on a front's loop or by the dispatcher, waits and runs
 * here, and its report is written by a command.
 *
 *   fleet.c        queues of waiting invocations, who gets the next environment
 *   concurrency.c  how many run at a time
 *   environment.c  one environment: process, time limits, death
 *   runtime_api.c  the Runtime API as HTTP
 *   output.c       stdout and stderr as log lines
 *   report.c       log lines, metrics and segments of a finished invocation
 *   runtimes.c     what is started for a runtime; the python zygote
 *   role.c         the role: checked when a function is defined, taken when one is started
 */
#ifndef WB_SERVICES_LAMBDA_FLEET_H
#define WB_SERVICES_LAMBDA_FLEET_H

#include "base/limits.h"
#include "base/list.h"
#include "base/map.h"
#include "engine/spans_port.h"
#include "services/lambda/function.h"

struct lambda;

enum lambda_result {
    LAMBDA_OK,             /* the function answered */
    LAMBDA_FUNCTION_ERROR, /* it ran and failed: payload is the error document */
    LAMBDA_THROTTLED,      /* no capacity: did not run */
    LAMBDA_SYSTEM_ERROR,   /* could not be run for a reason of ours */
};

/* What a finished invocation leaves behind; read by the writer. */
struct lambda_report {
    struct wb_slice stream;
    struct wb_log_line *line;
    size_t line_count;
    int64_t start_ms, duration_us, async_age_ms;    /* age -1: synchronous */
    unsigned concurrent;                            /* of the function */
    unsigned concurrent_all, concurrent_unreserved; /* of its account and region */
    bool ran;                                       /* counts as an invocation */
    bool error, throttled, dropped;
    bool traced;
    struct wb_segment segment[2]; /* the service's and the function's */
    struct wb_slice attempt;      /* of an asynchronous one: the service's subsegments for it */
    struct wb_slice dwell;        /* and for its waiting, in the first one */
};

struct invocation {
    struct wb_link link; /* in its queue */
    struct wb_post post;
    struct wb_command command;
    struct lambda *l;
    struct wb_arena *arena;
    const struct lambda_function *f; /* held */
    struct wb_slice id, payload, client_context, trace, arn;
    int64_t arrived_ns; /* monotonic */
    bool waits;         /* for capacity only WB_LAMBDA_WAIT_MS */
    int64_t async_age_ms;
    unsigned attempt; /* of an asynchronous one, from 1 */
    /* X-Ray: ids of its two segments and of its attempt; null = none are put. */
    struct wb_slice segment[2], attempt_id;
    struct wb_slice trace_root, trace_parent;
    bool sampled;
    struct wb_slice trace_next; /* the header that further attempts begin with; null: as it came */

    enum lambda_result result;
    const char *code; /* throttled, system error: AWS's code; else the error type */
    struct wb_slice error_type;
    struct wb_slice answer; /* payload, or message */
    struct wb_slice tail;   /* last 4 KB of the log */
    struct lambda_report report;
    void (*done)(struct invocation *v); /* dispatcher's thread */
    void *user;
};

enum env_state { ENV_STARTING, ENV_IDLE, ENV_BUSY, ENV_BETWEEN, ENV_DYING };

struct env_line {
    int64_t time_ms;
    size_t off, len;
};

struct env_output {
    struct wb_buf text;
    struct env_line *line;
    size_t count, cap;
    struct wb_buf part[2]; /* unfinished lines of stdout and stderr */
    struct wb_buf tail;    /* of the running invocation */
    int64_t window_ms, window_bytes;
    size_t in_flight; /* bytes being stored */
    int64_t since_ms; /* age of the oldest gathered line; 0 = none */
    bool paused;
};

struct env {
    struct wb_link link, in_queue;
    struct lambda *l;
    struct queue *queue;
    struct wb_arena arena;
    const struct lambda_function *f; /* held */
    uint64_t number;
    enum env_state state;
    struct invocation *v; /* while busy */
    struct wb_process *process;
    struct wb_watch *exit, *pipe[2];
    int fd[2];
    struct wb_http_server *server;
    uint64_t own_connection; /* of the Runtime API, found to come from inside; 0 = none yet */
    uint32_t address;
    int port;
    struct wb_http_exchange *next; /* the parked poll */
    struct wb_timer *deadline;
    struct wb_slice dir, stream;
    struct env_output out;
    struct flush *flush;
    int64_t started_ms, began_ms, idle_ms; /* monotonic */
    int64_t began_us;
    int64_t started_us, init_us; /* duration of Init; 0 once told */
    bool was_ready;
    bool unreserved;               /* busy with an invocation that no reserved concurrency covers */
    struct wb_span_port *spans;    /* where its X-Ray SDK finds the daemon; NULL: none */
    struct wb_principal principal; /* of its credentials */
    char sampled[WB_TRACE_PORT_TRACES][36]; /* ids of the last traces it worked for */
    unsigned sampled_count;
    struct wb_slice role_id; /* whose session it has; null: roles do not count (auth off) */
    int64_t session_ends_ms; /* engine clock */
    bool second;             /* this is a second try to initialise, under the function's time-out */
    bool timed_out;          /* killed for that */
    bool memory;             /* killed for that */
    bool init_failed;        /* has reported so */
    struct wb_slice init_error;
    struct wb_slice init_error_type;
};

struct lambda_scope {
    struct wb_link link;
    struct wb_slice account, region;
    unsigned busy, unreserved;
};

struct queue {
    struct wb_link link;
    struct wb_slice arn;
    struct lambda_scope *scope; /* once something has run */
    struct wb_link waiting, envs;
    unsigned waiting_count, env_count, busy, starting;
    bool retry_init;             /* the next start is a second try */
    bool refused;                /* its role could not be taken; said so in the log */
    int64_t pause_ms;            /* last pause of its asynchronous work */
    int64_t sampled_at, sampled; /* X-Ray: traces begun in this second */
};

struct lambda {
    struct wb_engine *e;
    struct wb_loop *loop;
    char *run; /* lambda_run_dir */
    struct wb_sandbox_caps caps;
    struct wb_map *queues;
    struct wb_link queue_list, envs, scopes;
    unsigned live, starting, busy, env_max;
    int64_t memory, budget; /* MB of live environments, bytes allowed */
    struct wb_timer *tick, *housekeeping;
    bool ticking, stopped;
    uint64_t next_env;
    const struct lambda_function *loaded; /* async.c: between load and start */
    bool load_failed;
    struct wb_zygote *zygote;
    int64_t zygote_failed_ms;
    struct wb_reader *reader; /* dispatcher's thread */
};

/* --- fleet.c --- */
struct queue *lambda_queue(struct lambda *l, struct wb_slice arn, bool make);
void lambda_queue_free(struct lambda *l, struct queue *q);
void lambda_submit(
    struct invocation *v);              /* dispatcher's thread; done is called once, maybe inside */
void lambda_dispatch(struct lambda *l); /* something changed: give work to environments */
void lambda_finish(struct invocation *v, enum lambda_result r, const char *code,
                   struct wb_slice answer);
unsigned lambda_limit(struct wb_engine *e, struct wb_slice target);
void lambda_tick_arm(struct lambda *l);
void lambda_tick(void *arg);

/* --- concurrency.c --- */
void lambda_busy(struct env *e); /* it begins an invocation */
void lambda_not_busy(struct env *e);
void lambda_scopes_free(struct lambda *l);

/* --- environment.c --- */
/* NULL with AWS's *code and *why. */
struct env *env_start(struct lambda *l, struct queue *q, const struct lambda_function *f,
                      bool second, struct wb_arena *a, const char **code, struct wb_slice *why);
void env_give(struct env *e, struct invocation *v);
void env_answered(struct env *e, enum lambda_result r, struct wb_slice error_type,
                  struct wb_slice body);
void env_ready(struct env *e); /* polls for work */
void env_kill(struct env *e);
void env_check(struct env *e, int64_t now_ms); /* every tick */
void env_abandon(struct env *e); /* at the end: its invocation fails, to be run again */
void env_free(struct env *e);
int64_t lambda_mono_ms(struct lambda *l);
int64_t lambda_mono_us(struct lambda *l);

/* --- role.c --- */
#define LAMBDA_ROLE_CODE "AccessDeniedException" /* Invoke's, when the role cannot be taken */
/* Takes the function's role for a new environment. False with *why in a. */
bool lambda_role_session(struct env *e, struct wb_arena *a, struct wb_credentials *out,
                         struct wb_slice *why);
/* Soon; a running function must not find itself without. */
bool lambda_role_session_ends(const struct env *e);
/* Whether the role is still the one whose session the environment has. */
bool lambda_role_stands(const struct env *e);

/* --- runtime_api.c --- */
bool env_serve(struct env *e, struct wb_arena *a, struct wb_slice *why);
/* The daemon for its X-Ray SDK, at the same address; none when the port is taken. */
void env_serve_spans(struct env *e, struct wb_arena *a);
void env_respond_next(struct env *e, struct invocation *v);

/* --- output.c --- */
void env_output_open(struct env *e);
void env_output_line(struct env *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void env_output_drain(struct env *e, bool all); /* reads what the pipes hold */
void env_output_tick(struct env *e, int64_t now_ms);
/* Moves the gathered lines into a report. */
void env_output_take(struct env *e, struct wb_arena *a, struct lambda_report *r);
void env_output_close(struct env *e);
void env_output_flush(struct env *e);

/* --- report.c --- */
void lambda_report_begin(struct invocation *v, struct env *e);
void lambda_report_end(struct invocation *v, struct env *e);
void lambda_report_write(struct wb_tx *tx, const struct lambda_function *f,
                         const struct lambda_report *r);
void lambda_trace_begin(struct invocation *v, struct queue *q);
/* A metric of AWS/Lambda, in a command. */
void lambda_put(struct wb_tx *tx, const struct lambda_function *f, const char *name, double value,
                const char *unit);
/* Counted in memory: refusals. */
void lambda_count(struct lambda *l, const struct lambda_function *f, const char *name, double n);

/* --- runtimes.c --- */
void lambda_runtimes_install(struct lambda *l);
/* Fills argv, read_dirs, cwd and the runtime's own variables; false: the machine lacks it. */
bool lambda_runtime_spec(struct env *e, struct wb_process_spec *s, const char ***env_list,
                         size_t *count, struct wb_slice *why);
void lambda_zygote_wanted(struct lambda *l); /* there is a python function */

/* --- async.c --- */
extern const struct wb_executor lambda_executor;
void lambda_let_go(struct wb_engine *e, void *function); /* for wb_tx_after */

#endif
