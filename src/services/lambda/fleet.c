/*
 * Who gets the next environment.
 *
 * There is room for env_max environments and a budget of memory. Invocations wait in a queue per
 * function. An idle environment of the function takes the oldest at once. Else one is started, when
 * there is room and not more than `cores` are starting; where there is no room, the environment
 * that has been idle longest makes some. When all are busy, functions share: one that finishes work
 * goes on with its own queue unless another function waits that has at least two environments
 * fewer, in which case it makes room for that one; but not before it has served
 * WB_LAMBDA_QUANTUM_MS, or many functions on few places would only ever start and stop.
 */
#include "services/lambda/fleet.h"

#include "engine/work.h"
#include <stdlib.h>

struct queue *lambda_queue(struct lambda *l, struct wb_slice arn, bool make)
{
    struct queue *q = wb_map_get(l->queues, arn);
    if (q || !make)
        return q;
    q = wb_xcalloc(1, sizeof *q);
    q->arn = wb_slice(wb_xstrndup(arn.p, arn.n), arn.n);
    wb_list_init(&q->waiting);
    wb_list_init(&q->envs);
    wb_list_append(&l->queue_list, &q->link);
    wb_map_put(l->queues, arn, q);
    return q;
}

static struct invocation *first_waiting(struct queue *q)
{
    return wb_list_empty(&q->waiting) ? NULL
                                      : WB_CONTAINER(q->waiting.next, struct invocation, link);
}

static void stop_waiting(struct invocation *v, struct queue *q)
{
    wb_list_remove(&v->link);
    q->waiting_count--;
}

void lambda_finish(struct invocation *v, enum lambda_result r, const char *code,
                   struct wb_slice answer)
{
    v->result = r;
    v->code = code;
    v->answer = answer;
    v->done(v);
}

static bool fits(const struct env *e, const struct lambda_function *f)
{
    return e->f->number == f->number && e->f->generation == f->generation;
}

/* Of an earlier configuration, or of a function that had the name before. */
static bool is_older(const struct env *e, const struct lambda_function *f)
{
    return !fits(e, f) && e->f->modified_ms <= f->modified_ms;
}

static struct env *idle_env(struct queue *q, const struct lambda_function *f)
{
    struct env *found = NULL;
    for (struct wb_link *k = q->envs.next; k != &q->envs;) {
        struct env *e = WB_CONTAINER(k, struct env, in_queue);
        k = k->next;
        if (e->state != ENV_IDLE)
            continue;
        if (!fits(e, f)) {
            if (is_older(e, f))
                env_kill(e);
        } else if (lambda_role_session_ends(e) || !lambda_role_stands(e)) {
            env_kill(e);
        } else if (!found || e->idle_ms > found->idle_ms) {
            found = e; /* the one used last is the warmest */
        }
    }
    return found;
}

static void take_idle(struct lambda *l, struct queue *q)
{
    struct invocation *v;
    while ((v = first_waiting(q))) {
        struct env *e = idle_env(q, v->f);
        if (!e || (v->f->reserved >= 0 && q->busy >= (unsigned)v->f->reserved))
            return;
        stop_waiting(v, q);
        env_give(e, v);
    }
}

static bool has_room(const struct lambda *l, int64_t memory_mb)
{
    if (l->live == 0)
        return true; /* one must always be possible */
    return l->live < l->env_max && ((l->memory + memory_mb) << 20) <= l->budget;
}

/* How many more environments this queue has use for. */
static bool wants_env(const struct queue *q)
{
    struct invocation *v = first_waiting((struct queue *)q);
    if (!v || q->starting >= q->waiting_count)
        return false;
    return v->f->reserved < 0 || q->busy + q->starting < (unsigned)v->f->reserved;
}

/* Of those that want one, who has fewest; among equals whose oldest waits longest. */
static struct queue *neediest(struct lambda *l)
{
    struct queue *best = NULL;
    for (struct wb_link *k = l->queue_list.next; k != &l->queue_list; k = k->next) {
        struct queue *q = WB_CONTAINER(k, struct queue, link);
        if (!wants_env(q))
            continue;
        if (!best || q->env_count < best->env_count ||
            (q->env_count == best->env_count &&
             first_waiting(q)->arrived_ns < first_waiting(best)->arrived_ns))
            best = q;
    }
    return best;
}

static bool evict_idle(struct lambda *l)
{
    struct env *oldest = NULL;
    for (struct wb_link *k = l->envs.next; k != &l->envs; k = k->next) {
        struct env *e = WB_CONTAINER(k, struct env, link);
        if (e->state == ENV_DYING)
            return false; /* room comes already */
        if (e->state == ENV_IDLE && (!oldest || e->idle_ms < oldest->idle_ms))
            oldest = e;
    }
    if (oldest)
        env_kill(oldest);
    return false;
}

static bool start_for(struct lambda *l, struct queue *q)
{
    struct invocation *v = first_waiting(q);
    struct wb_slice why = WB_SLICE_NULL;
    const char *code;
    if (l->starting >= wb_engine_config(l->e)->cores)
        return false;
    if (!has_room(l, v->f->memory_mb))
        return evict_idle(l);
    bool second = q->retry_init;
    q->retry_init = false;
    if (env_start(l, q, v->f, second, v->arena, &code, &why))
        return true;
    q->retry_init = second;
    stop_waiting(v, q);
    lambda_finish(v, LAMBDA_SYSTEM_ERROR, code, why);
    return true;
}

void lambda_dispatch(struct lambda *l)
{
    if (l->stopped)
        return;
    for (struct wb_link *k = l->queue_list.next; k != &l->queue_list;) {
        struct queue *q = WB_CONTAINER(k, struct queue, link);
        k = k->next;
        take_idle(l, q);
    }
    struct queue *q;
    while ((q = neediest(l)) && start_for(l, q)) {
    }
    lambda_tick_arm(l);
}

/* A busy environment has finished: may it go on for its own function? */
static bool must_yield(struct lambda *l, struct env *e)
{
    if (lambda_mono_ms(l) - e->started_ms < WB_LAMBDA_QUANTUM_MS)
        return false;
    struct queue *q = neediest(l);
    return q && q != e->queue && q->env_count + 1 < e->queue->env_count &&
           !has_room(l, first_waiting(q)->f->memory_mb);
}

void env_ready(struct env *e)
{
    struct lambda *l = e->l;
    if (e->state == ENV_STARTING) {
        l->starting--;
        e->queue->starting--;
        e->init_us = lambda_mono_us(l) - e->started_us;
        e->was_ready = true;
        wb_timer_stop(e->deadline);
    }
    e->state = ENV_IDLE;
    e->idle_ms = lambda_mono_ms(l);
    struct invocation *v = first_waiting(e->queue);
    if (lambda_role_session_ends(e) || (v && is_older(e, v->f)) || must_yield(l, e))
        env_kill(e);
    lambda_dispatch(l);
}

/* --- coming in --- */

static void throttle(struct invocation *v, const char *reason)
{
    v->report.throttled = true;
    v->code = reason;
    lambda_finish(v, LAMBDA_THROTTLED, reason, WB_S("Rate Exceeded."));
}

void lambda_submit(struct invocation *v)
{
    struct lambda *l = v->l;
    struct queue *q = lambda_queue(l, v->f->arn, true);
    if (l->stopped) {
        lambda_finish(v, LAMBDA_SYSTEM_ERROR, "ServiceException", WB_S("The server is stopping."));
        return;
    }
    if (v->waits && v->f->reserved >= 0 && q->busy >= (unsigned)v->f->reserved) {
        throttle(v, "ReservedFunctionConcurrentInvocationLimitExceeded");
        return;
    }
    if (v->waits && l->busy >= WB_LAMBDA_CONCURRENCY) {
        throttle(v, "ConcurrentInvocationLimitExceeded");
        return;
    }
    v->arrived_ns = wb_engine_seam(l->e)->mono_ns(wb_engine_seam(l->e));
    lambda_trace_begin(v, q);
    wb_list_append(&q->waiting, &v->link);
    q->waiting_count++;
    lambda_dispatch(l);
}

/* Attempts the dispatcher may hold for a function: enough to keep its environments busy. */
unsigned lambda_limit(struct wb_engine *engine, struct wb_slice target)
{
    struct lambda *l = wb_engine_get(engine, "lambda");
    return l->env_max * 2;
}

/* Synchronous callers wait 5 s for capacity; those an environment is starting for, longer. */
static void expire(struct lambda *l, struct queue *q, int64_t now_ns)
{
    unsigned place = 0;
    for (struct wb_link *k = q->waiting.next; k != &q->waiting;) {
        struct invocation *v = WB_CONTAINER(k, struct invocation, link);
        k = k->next;
        if (place++ < q->starting || !v->waits ||
            now_ns - v->arrived_ns < WB_LAMBDA_WAIT_MS * 1000000LL)
            continue;
        stop_waiting(v, q);
        throttle(v, "ConcurrentInvocationLimitExceeded");
    }
}

/* --- the tick --- */

#define TICK_MS 100

void lambda_tick_arm(struct lambda *l)
{
    if (l->ticking || l->stopped || !l->tick)
        return;
    bool work = !wb_list_empty(&l->envs);
    for (struct wb_link *k = l->queue_list.next; !work && k != &l->queue_list; k = k->next)
        work = WB_CONTAINER(k, struct queue, link)->waiting_count > 0;
    if (!work)
        return;
    l->ticking = true;
    wb_timer_start(l->tick, TICK_MS);
}

void lambda_queue_free(struct lambda *l, struct queue *q)
{
    wb_list_remove(&q->link);
    wb_map_del(l->queues, q->arn);
    free((char *)q->arn.p);
    free(q);
}

void lambda_tick(void *arg)
{
    struct lambda *l = arg;
    struct wb_seam *seam = wb_engine_seam(l->e);
    int64_t now_ns = seam->mono_ns(seam), now = now_ns / 1000000;
    l->ticking = false;
    for (struct wb_link *k = l->envs.next; k != &l->envs;) {
        struct env *e = WB_CONTAINER(k, struct env, link);
        k = k->next;
        env_check(e, now);
    }
    for (struct wb_link *k = l->queue_list.next; k != &l->queue_list;) {
        struct queue *q = WB_CONTAINER(k, struct queue, link);
        k = k->next;
        expire(l, q, now_ns);
        if (q->waiting_count == 0 && q->env_count == 0)
            lambda_queue_free(l, q);
    }
    lambda_dispatch(l);
    lambda_tick_arm(l);
}
