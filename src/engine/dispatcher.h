/* The dispatcher's own structures, shared by dispatcher.c, outcome.c and dispatch_loop.c. */
#ifndef WB_ENGINE_DISPATCHER_H
#define WB_ENGINE_DISPATCHER_H

#include "engine/internal.h"

struct target {
    struct wb_slice name;
    struct wb_link turn;  /* empty: not waiting for its turn */
    size_t heap_at;       /* place in the heap + 1; 0 = not there */
    int64_t next_due;     /* in the heap */
    int64_t hold_until;   /* it was busy: no attempt before; engine clock */
    int64_t busy_ms;      /* last pause, for the next one */
    unsigned running;     /* attempts begun, not finished */
    unsigned unsettled;   /* attempts begun whose outcome is not durable */
    struct wb_buf cursor; /* key of the last row begun; empty = at the front */
    int64_t cursor_due;
};

enum message_kind { MSG_NOTES, MSG_SETTLED, MSG_WAKE, MSG_WAKE_ALL, MSG_RESET, MSG_LOOK };
struct wb_message {
    struct wb_message *next;
    enum message_kind kind;
    struct wb_task *task;
    struct wb_slice target;
    struct wb_note *note;
    size_t count;
};

struct wb_task {
    struct wb_command command;
    struct wb_message message;
    struct wb_link link;
    struct wb_dispatcher *d;
    struct target *target;
    const struct wb_executor *executor;
    struct wb_arena arena;
    struct wb_slice key;
    struct wb_work work; /* executors that start */
    struct wb_outcome outcome;
    void *user;
    bool running; /* begun, wb_task_finish not yet called */
    bool bury;    /* the row cannot be decoded, or nobody executes it */
    unsigned failures;
    int64_t again_ns;
    /* What the command did; the writer's until its message. */
    enum wb_commit result;
    int64_t due, busy_until; /* busy_until: 0 = nobody said */
    bool was_busy;
};

struct wb_dispatcher {
    struct wb_engine *engine;
    pthread_mutex_t lock;
    struct wb_message *mail, **mail_tail; /* under lock */

    struct wb_map *targets; /* name -> struct target */
    struct wb_map *flight;  /* row key -> struct wb_task */
    struct wb_link turns, tasks, again;
    struct target **heap;
    size_t heap_count, heap_cap;
    size_t unsettled;
    atomic_uint running;
    struct wb_txn *txn;
    struct wb_tx tx;
    struct wb_tx_ext ext;
    struct wb_arena scratch;
    bool begun, draining;

    /* dispatch_loop.c */
    pthread_mutex_t loop_lock;
    _Atomic(struct wb_loop *) loop;
    struct wb_client *client;
    struct wb_timer *timer, *grace;
    struct wb_post post;
    atomic_bool posted, alive;
    bool over;
};

void wb_dispatcher_begin(struct wb_dispatcher *d); /* once: the modules' run, then the rows */
bool wb_dispatcher_turn(struct wb_dispatcher *d);  /* messages, then all that is due */
int64_t wb_dispatcher_due(const struct wb_dispatcher *d);
void wb_dispatcher_forget(struct wb_dispatcher *d);

/* outcome.c: the command that ends an attempt */
void wb_outcome_run(struct wb_command *c, struct wb_tx *tx);
void wb_outcome_done(struct wb_command *c, enum wb_commit result);
/* Payload and the executor's load; false with *o set when it is not there. */
bool wb_work_load(struct wb_tx *tx, const struct wb_executor *x, struct wb_work *w,
                  struct wb_outcome *o);
void wb_dispatcher_mail(struct wb_dispatcher *d, struct wb_message *m);

#endif
