/*
 * The dispatcher: takes due rows, lets targets take turns, keeps to their limits, hands outcomes
 * back to the writer.
 *
 * Memory holds one struct per active target and one wb_task per attempt in progress, never a row
 * that waits. A target is in one of four places:
 *   turn    it may have a row that is due: it gets one attempt (a few steps), then goes to the end
 *   heap    its next row is due later, or it is paused (busy)
 *   none    it is at its limit; the end of an attempt, or wb_work_wake, brings it back
 *   gone    it has no rows: it is forgotten
 *
 * A task's row stays in the store until its outcome is durable. Until the writer says so, the row's
 * key is in `flight` and is not started again. The dispatcher first takes the writer's messages and
 * then its snapshot, so that a row that left `flight` is seen as the outcome left it.
 *
 * Each target has a cursor, the last row it started: rows are taken from there on. A row that
 * appears at or before the cursor (written while the cursor moved on) is announced by the writer
 * with its due time, and the cursor goes back to the front.
 *
 * An executor that steps on the writer gets no thread of its own: its row is handed to the writer
 * as a command, several of one target at once; they run one after another in their order.
 */
#include "engine/dispatcher.h"
#include <stdlib.h>

/* --- targets --- */

static void heap_swap(struct wb_dispatcher *d, size_t i, size_t j)
{
    struct target *t = d->heap[i];
    d->heap[i] = d->heap[j];
    d->heap[j] = t;
    d->heap[i]->heap_at = i + 1;
    d->heap[j]->heap_at = j + 1;
}

static void heap_up(struct wb_dispatcher *d, size_t i)
{
    for (; i && d->heap[i]->next_due < d->heap[(i - 1) / 2]->next_due; i = (i - 1) / 2)
        heap_swap(d, i, (i - 1) / 2);
}

static void heap_down(struct wb_dispatcher *d, size_t i)
{
    for (;;) {
        size_t least = i, l = 2 * i + 1, r = 2 * i + 2;
        if (l < d->heap_count && d->heap[l]->next_due < d->heap[least]->next_due)
            least = l;
        if (r < d->heap_count && d->heap[r]->next_due < d->heap[least]->next_due)
            least = r;
        if (least == i)
            return;
        heap_swap(d, i, least);
        i = least;
    }
}

static void heap_remove(struct wb_dispatcher *d, struct target *t)
{
    if (!t->heap_at)
        return;
    size_t i = t->heap_at - 1;
    d->heap_count--;
    if (i != d->heap_count) {
        heap_swap(d, i, d->heap_count);
        heap_down(d, i);
        heap_up(d, i);
    }
    t->heap_at = 0;
}

static void wait_until(struct wb_dispatcher *d, struct target *t, int64_t due)
{
    heap_remove(d, t);
    wb_list_remove(&t->turn);
    if (d->heap_count == d->heap_cap) {
        d->heap_cap = d->heap_cap ? d->heap_cap * 2 : 64;
        d->heap = wb_xrealloc(d->heap, d->heap_cap * sizeof *d->heap);
    }
    t->next_due = due;
    d->heap[d->heap_count] = t;
    t->heap_at = ++d->heap_count;
    heap_up(d, t->heap_at - 1);
}

static void ready(struct wb_dispatcher *d, struct target *t)
{
    heap_remove(d, t);
    if (wb_list_empty(&t->turn))
        wb_list_append(&d->turns, &t->turn);
}

static struct target *target_get(struct wb_dispatcher *d, struct wb_slice name)
{
    struct target *t = wb_map_get(d->targets, name);
    if (t)
        return t;
    t = wb_xcalloc(1, sizeof *t);
    t->name = wb_slice(wb_xstrndup(name.p, name.n), name.n);
    wb_list_init(&t->turn);
    wb_map_put(d->targets, name, t);
    return t;
}

static void target_forget(struct wb_dispatcher *d, struct target *t)
{
    heap_remove(d, t);
    wb_list_remove(&t->turn);
    wb_map_del(d->targets, t->name);
    wb_buf_release(&t->cursor);
    free((char *)t->name.p);
    free(t);
}

/* A row of this target is due then: it was added, it moved, or it was there at the start. */
static void news(struct wb_dispatcher *d, struct target *t, int64_t due)
{
    if (t->cursor.n && due <= t->cursor_due)
        t->cursor.n = 0;
    int64_t from = due > t->hold_until ? due : t->hold_until;
    if (!wb_list_empty(&t->turn))
        return;
    if (from <= wb_engine_now(d->engine))
        ready(d, t);
    else if (!t->heap_at || from < t->next_due)
        wait_until(d, t, from);
}

/* --- tasks --- */

static struct wb_task *task_new(struct wb_dispatcher *d, struct target *t, struct wb_slice key)
{
    struct wb_task *k = wb_xcalloc(1, sizeof *k);
    k->d = d;
    k->target = t;
    wb_arena_init(&k->arena, 1024);
    k->key = wb_dup(&k->arena, key);
    k->command =
        (struct wb_command){.lane = WB_LANE_INSIDE, .run = wb_outcome_run, .done = wb_outcome_done};
    k->message.kind = MSG_SETTLED;
    k->message.task = k;
    wb_list_append(&d->tasks, &k->link);
    wb_map_put(d->flight, key, k);
    t->unsettled++;
    d->unsettled++;
    return k;
}

static void task_free(struct wb_task *k)
{
    wb_list_remove(&k->link);
    wb_arena_release(&k->arena);
    free(k);
}

const struct wb_work *wb_task_work(const struct wb_task *t)
{
    return &t->work;
}

struct wb_arena *wb_task_arena(struct wb_task *t)
{
    return &t->arena;
}

struct wb_engine *wb_task_engine(struct wb_task *t)
{
    return t->d->engine;
}

void wb_task_set(struct wb_task *t, void *user)
{
    t->user = user;
}

void *wb_task_get(const struct wb_task *t)
{
    return t->user;
}

void wb_task_finish(struct wb_task *t, const struct wb_outcome *o)
{
    struct wb_dispatcher *d = t->d;
    assert(t->running);
    t->running = false;
    t->outcome = *o;
    t->target->running--;
    atomic_fetch_sub(&d->running, 1);
    wb_submit(d->engine, &t->command);
    /* A place has come free before the outcome is durable: the next attempt need not wait. */
    if (t->target->heap_at == 0)
        ready(d, t->target);
    wb_dispatcher_poke(d);
}

static void rebuild(struct wb_dispatcher *d);

/* --- messages --- */

static void settled(struct wb_dispatcher *d, struct wb_task *k)
{
    struct target *t = k->target;
    int64_t now = wb_engine_now(d->engine);
    if (k->result != WB_COMMITTED) {
        /* Not applied: the disk is full or a row is damaged. The outcome is kept and tried again;
         * when it is not the disk, it becomes a dead row in the end. */
        k->failures += k->result == WB_FAILED;
        k->again_ns = d->engine->seam->mono_ns(d->engine->seam) + WB_JOB_PAUSE_MS * 1000000LL;
        wb_list_remove(&k->link);
        wb_list_append(&d->again, &k->link);
        return;
    }
    wb_map_del(d->flight, k->key);
    t->unsettled--;
    d->unsettled--;
    if (k->was_busy) {
        t->busy_ms = t->busy_ms ? t->busy_ms * 2 : WB_WORK_BUSY_MS;
        if (t->busy_ms > WB_WORK_BUSY_MAX_MS)
            t->busy_ms = WB_WORK_BUSY_MAX_MS;
        t->hold_until = k->busy_until ? k->busy_until : now + t->busy_ms;
        wait_until(d, t, t->hold_until);
    } else {
        t->busy_ms = 0;
    }
    if (k->due != INT64_MAX)
        news(d, t, k->due);
    if (!t->heap_at)
        ready(d, t);
    task_free(k);
}

static void wake(struct wb_dispatcher *d, struct target *t)
{
    t->hold_until = 0;
    t->busy_ms = 0;
    ready(d, t);
}

static void wake_all(struct wb_dispatcher *d)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (wb_map_next(d->targets, &pos, &key, &v)) {
        struct target *t = v;
        if (!t->heap_at || t->hold_until)
            wake(d, t);
    }
}

/* The store was emptied: what still runs ends without effect. */
static void reset(struct wb_dispatcher *d)
{
    struct wb_vec idle = {0};
    struct wb_arena a;
    wb_arena_init(&a, 0);
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (wb_map_next(d->targets, &pos, &key, &v)) {
        struct target *t = v;
        t->cursor.n = 0;
        t->hold_until = 0;
        if (t->unsettled == 0)
            *(struct target **)wb_vec_push(&idle, &a, sizeof t) = t;
    }
    for (size_t i = 0; i < idle.n; i++)
        target_forget(d, *WB_VEC_AT(&idle, struct target *, i));
    wb_arena_release(&a);
    rebuild(d); /* what the modules began anew with */
}

static void handle(struct wb_dispatcher *d, struct wb_message *m)
{
    switch (m->kind) {
    case MSG_NOTES:
        for (size_t i = 0; i < m->count; i++)
            if (m->note[i].due_ms != INT64_MAX)
                news(d, target_get(d, m->note[i].target), m->note[i].due_ms);
        free(m);
        break;
    case MSG_SETTLED:
        settled(d, m->task);
        break;
    case MSG_WAKE: {
        struct target *t = wb_map_get(d->targets, m->target);
        if (t)
            wake(d, t);
        free(m);
        break;
    }
    case MSG_WAKE_ALL:
        wake_all(d);
        free(m);
        break;
    case MSG_RESET:
        reset(d);
        free(m);
        break;
    case MSG_LOOK: /* the clock moved: the step that follows is all */
        free(m);
        break;
    }
}

static bool take_messages(struct wb_dispatcher *d)
{
    pthread_mutex_lock(&d->lock);
    struct wb_message *m = d->mail;
    d->mail = NULL;
    d->mail_tail = &d->mail;
    pthread_mutex_unlock(&d->lock);
    bool any = m != NULL;
    while (m) {
        struct wb_message *next = m->next;
        handle(d, m);
        m = next;
    }
    return any;
}

/* --- starting attempts --- */

enum turn { TURN_AGAIN, TURN_OVER, TURN_FULL };

static void bury(struct wb_dispatcher *d, struct target *t, struct wb_slice key)
{
    struct wb_task *k = task_new(d, t, key);
    k->bury = true;
    wb_submit(d->engine, &k->command);
}

/* Fills in what the executor is to work on. */
static bool load_payload(struct wb_tx *tx, const struct wb_executor *x, struct wb_work *w)
{
    struct wb_slice v;
    if (w->payload_key.n) {
        if (!wb_tx_get(tx, w->payload_key, &v))
            return false;
        w->payload = wb_dup(tx->arena, v);
    }
    return !x->load || x->load(tx, w);
}

/* Too old to begin: it ends as a dead row, without counting an attempt (BUSY past its age). */
static bool too_old(const struct wb_work *w, const struct wb_executor *x, int64_t now_ms,
                    struct wb_outcome *o)
{
    int64_t age_max = wb_work_age_max(w, x);
    if (!age_max || now_ms <= w->first_ms + age_max)
        return false;
    *o = (struct wb_outcome){.kind = WB_BUSY,
                             .code = "EVENT_AGE_EXCEEDED",
                             .message = WB_S("It became too old before it could be delivered.")};
    return true;
}

bool wb_work_load(struct wb_tx *tx, const struct wb_executor *x, struct wb_work *w,
                  struct wb_outcome *o)
{
    if (load_payload(tx, x, w))
        return true;
    *o = (struct wb_outcome){.kind = WB_PERMANENT,
                             .code = "PAYLOAD_NOT_FOUND",
                             .message = WB_S("What was to be delivered is no longer there.")};
    return false;
}

static void start_attempt(struct wb_dispatcher *d, struct target *t, const struct wb_executor *x,
                          struct wb_slice key, struct wb_slice value)
{
    struct wb_task *k = task_new(d, t, key);
    k->executor = x;
    if (x->step) {
        wb_submit(d->engine, &k->command);
        return;
    }
    k->running = true;
    t->running++;
    atomic_fetch_add(&d->running, 1);
    bool good = wb_work_decode(&k->arena, k->key, wb_dup(&k->arena, value), &k->work);
    assert(good); /* it was decoded a moment ago */
    struct wb_outcome o;
    d->tx.arena = &k->arena;
    bool loaded = !too_old(&k->work, x, wb_engine_now(d->engine), &o) &&
                  wb_work_load(&d->tx, x, &k->work, &o);
    d->tx.arena = &d->scratch;
    if (d->tx.status != WB_STORE_OK) {
        d->tx.status = WB_STORE_OK;
        loaded = false;
        o = (struct wb_outcome){.kind = WB_RETRY, .code = "STORE_ERROR"};
    }
    if (loaded)
        x->start(k);
    else
        wb_task_finish(k, &o);
}

static void cursor_set(struct target *t, struct wb_slice key, int64_t due)
{
    t->cursor.n = 0;
    wb_buf_slice_put(&t->cursor, key);
    t->cursor_due = due;
}

static bool at_limit(struct wb_dispatcher *d, const struct target *t, const struct wb_executor *x)
{
    if (x->step)
        return t->unsettled >= WB_WORK_STEPS_MAX;
    unsigned limit = x->limit ? x->limit(d->engine, t->name) : 1;
    return t->running >= limit;
}

/* One row under the cursor. */
static enum turn take_row(struct wb_dispatcher *d, struct target *t, struct wb_slice key,
                          struct wb_slice value, enum wb_store_status s, unsigned *begun)
{
    if (wb_map_get(d->flight, key))
        return TURN_AGAIN;
    struct wb_work w;
    struct wb_slice name;
    int64_t due;
    uint64_t stamp;
    bool known = wb_work_key_read(&d->scratch, key, &name, &due, &stamp);
    if (known && due > wb_engine_now(d->engine)) {
        wait_until(d, t, due);
        return TURN_OVER;
    }
    if (d->unsettled >= WB_WORK_TASKS_MAX)
        return TURN_FULL;
    const struct wb_executor *x = NULL;
    if (known && s == WB_STORE_OK && wb_work_decode(&d->scratch, key, value, &w))
        x = wb_executor_find(d->engine, wb_slice_str(w.executor));
    if (x && at_limit(d, t, x)) {
        wb_list_remove(&t->turn);
        return TURN_OVER;
    }
    cursor_set(t, key, known ? due : INT64_MAX);
    ++*begun;
    if (x)
        start_attempt(d, t, x, key, value);
    else
        bury(d, t, key);
    return x && x->step && *begun < WB_WORK_STEPS_MAX / 2 ? TURN_AGAIN : TURN_OVER;
}

/* A target's turn. Afterwards it stands in turn, heap, nowhere, or is gone. */
static bool take_turn(struct wb_dispatcher *d, struct target *t)
{
    int64_t now = wb_engine_now(d->engine);
    if (t->hold_until > now) {
        wait_until(d, t, t->hold_until);
        return true;
    }
    wb_arena_reset(&d->scratch);
    struct wb_slice prefix = wb_key(&d->scratch, WB_T_WORK, "s", t->name);
    struct wb_slice lo = prefix, key, value;
    bool front = t->cursor.n == 0;
    if (!front) {
        struct wb_slice after[2] = {wb_buf_slice(&t->cursor), wb_slice("", 1)};
        lo = wb_concat(&d->scratch, after, 2);
    }
    struct wb_scan *scan;
    if (wb_scan_open(d->tx.txn, lo, wb_key_after(&d->scratch, prefix), false, &scan)) {
        wait_until(d, t, now + WB_JOB_PAUSE_MS);
        return true;
    }
    unsigned begun = 0;
    enum turn r = TURN_AGAIN;
    enum wb_store_status s = WB_STORE_OK;
    while (r == TURN_AGAIN) {
        s = wb_scan_next(scan, &key, &value);
        if (s != WB_STORE_OK && !(s == WB_STORE_CORRUPT && key.n))
            break;
        r = take_row(d, t, key, value, s, &begun);
    }
    wb_scan_close(scan);
    if (r == TURN_FULL)
        return false;
    if (r == TURN_AGAIN && s != WB_STORE_NOT_FOUND) {
        wait_until(d, t, now + WB_JOB_PAUSE_MS); /* the store said why */
    } else if (r == TURN_AGAIN && !begun) {
        /* Nothing more from the cursor on. */
        if (!front && t->unsettled == 0)
            t->cursor.n = 0; /* look once from the front before it is forgotten */
        else if (t->unsettled == 0)
            target_forget(d, t);
        else
            wb_list_remove(&t->turn);
    } else if (begun && !t->heap_at) {
        wb_list_remove(&t->turn);
        wb_list_append(&d->turns, &t->turn);
    }
    return true;
}

static bool snapshot(struct wb_dispatcher *d)
{
    enum wb_store_status s =
        d->txn ? wb_txn_renew(d->txn) : wb_txn_begin(d->engine->store, false, &d->txn);
    if (s != WB_STORE_OK)
        return false;
    wb_tx_snapshot(&d->tx, &d->ext, d->engine, d->txn, &d->scratch);
    return true;
}

static void snapshot_end(struct wb_dispatcher *d)
{
    wb_tx_release(&d->tx);
    wb_txn_reset(d->txn);
}

static bool submit_again(struct wb_dispatcher *d)
{
    bool any = false;
    int64_t now = d->engine->seam->mono_ns(d->engine->seam);
    while (!wb_list_empty(&d->again)) {
        struct wb_task *k = WB_CONTAINER(d->again.next, struct wb_task, link);
        if (k->again_ns > now)
            break;
        any = true;
        wb_list_remove(&k->link);
        wb_list_append(&d->tasks, &k->link);
        wb_submit(d->engine, &k->command);
    }
    return any;
}

static bool step(struct wb_dispatcher *d)
{
    bool any = take_messages(d);
    any |= submit_again(d);
    int64_t now = wb_engine_now(d->engine);
    while (d->heap_count && d->heap[0]->next_due <= now)
        ready(d, d->heap[0]);
    if (wb_list_empty(&d->turns) || d->draining || !snapshot(d))
        return any;
    while (!wb_list_empty(&d->turns)) {
        any = true;
        if (!take_turn(d, WB_CONTAINER(d->turns.next, struct target, turn)))
            break; /* all places are taken; an outcome brings us back */
    }
    snapshot_end(d);
    return any;
}

/* --- start --- */

/* One seek per target finds them all again. */
static void rebuild(struct wb_dispatcher *d)
{
    if (!snapshot(d))
        return;
    struct wb_slice lo = wb_key(&d->scratch, WB_T_WORK, ""), key, value, name;
    struct wb_scan *scan;
    if (wb_scan_open(d->txn, lo, wb_key_after(&d->scratch, lo), false, &scan) == WB_STORE_OK) {
        enum wb_store_status s;
        while ((s = wb_scan_next(scan, &key, &value)) == WB_STORE_OK ||
               (s == WB_STORE_CORRUPT && key.n)) {
            int64_t due;
            uint64_t stamp;
            if (wb_work_key_read(&d->scratch, key, &name, &due, &stamp)) {
                news(d, target_get(d, name), due);
                wb_scan_seek(scan,
                             wb_key_after(&d->scratch, wb_key(&d->scratch, WB_T_WORK, "s", name)));
            } else {
                bury(d, target_get(d, WB_S("waybill:undecodable")), key);
            }
        }
        wb_scan_close(scan);
    }
    snapshot_end(d);
}

void wb_dispatcher_begin(struct wb_dispatcher *d)
{
    if (d->begun)
        return;
    d->begun = true;
    for (size_t i = 0; d->engine->modules && d->engine->modules[i]; i++)
        if (d->engine->modules[i]->run)
            d->engine->modules[i]->run(d->engine);
    wb_blobs_sweep(d->engine);
    rebuild(d);
}

bool wb_dispatcher_turn(struct wb_dispatcher *d)
{
    wb_dispatcher_begin(d);
    return step(d);
}

int64_t wb_dispatcher_due(const struct wb_dispatcher *d)
{
    return d->heap_count ? d->heap[0]->next_due : INT64_MAX;
}

void wb_dispatcher_forget(struct wb_dispatcher *d)
{
    struct wb_message *m = d->mail;
    while (m) {
        struct wb_message *next = m->next;
        if (m->kind != MSG_SETTLED)
            free(m);
        m = next;
    }
    while (!wb_list_empty(&d->tasks))
        task_free(WB_CONTAINER(d->tasks.next, struct wb_task, link));
    while (!wb_list_empty(&d->again))
        task_free(WB_CONTAINER(d->again.next, struct wb_task, link));
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (wb_map_next(d->targets, &pos, &key, &v)) {
        struct target *t = v;
        wb_buf_release(&t->cursor);
        free((char *)t->name.p);
        free(t);
    }
    wb_map_free(d->targets);
    wb_map_free(d->flight);
    free(d->heap);
}
