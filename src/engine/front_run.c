/*
 * Running a call by its class: on the loop's snapshot, in the scan pool, as a command, or started
 * here and finished from elsewhere. Answers always leave on the loop.
 */
#include "engine/front.h"

static struct request *request_of(struct wb_post *p)
{
    return WB_CONTAINER(p, struct request, post);
}

static void answer_post(struct wb_post *p)
{
    wb_front_end(request_of(p));
}

static void hand_to_loop(struct request *r)
{
    r->post.run = answer_post;
    wb_loop_post(r->front->loop, &r->post);
}

/* The store failed under the handler: what it made of that does not count. */
static void check_store(struct wb_call *c, struct wb_tx *tx)
{
    if (tx->status == WB_STORE_OK)
        return;
    c->error = (struct wb_error){0};
    c->raw_answer = WB_SLICE_NULL;
    wb_fail_internal(c);
}

static void handle(struct request *r)
{
    struct wb_call *c = &r->call;
    if (r->page) {
        r->page->handle(c, r->x->query);
        return;
    }
    if (wb_audit_wanted(c))
        wb_audit_keep(c);
    c->op->handler(c);
}

/* --- on the loop --- */

static void run_read(struct request *r)
{
    if (wb_front_snapshot(r)) {
        r->call.tx = &r->tx;
        handle(r);
        check_store(&r->call, &r->tx);
    }
    wb_front_end(r);
}

static void run_async(struct request *r)
{
    if (!wb_front_snapshot(r)) {
        wb_front_finish(r);
        return;
    }
    r->call.tx = &r->tx;
    r->held = true;
    r->snapshot = false;
    struct wb_front *f = r->front;
    handle(r); /* r may belong to another thread from here on, not gone before the loop's turn */
    wb_txn_reset(f->txn);
}

void wb_call_finish(struct wb_call *c)
{
    hand_to_loop(c->front);
}

/* --- in the pool --- */

static void pool_run(struct wb_pool_task *t, struct wb_txn *txn)
{
    struct request *r = WB_CONTAINER(t, struct request, pool);
    struct wb_call *c = &r->call;
    if (txn) {
        wb_tx_snapshot(&r->tx, &r->ext, c->engine, txn, c->arena);
        c->tx = &r->tx;
        handle(r);
        check_store(c, &r->tx);
        wb_tx_release(&r->tx);
        wb_txn_abort(txn);
    } else {
        wb_fail_internal(c);
    }
    hand_to_loop(r);
}

static void run_in_pool(struct request *r, void (*run)(struct wb_pool_task *t, struct wb_txn *txn))
{
    wb_front_snapshot_end(r);
    r->pool.run = run;
    if (wb_pool_add(r->front->engine, &r->pool))
        return;
    wb_fail_busy(&r->call);
    wb_front_finish(r);
}

/* --- in the writer --- */

/* An operation that takes things away passes below the disk reserve; AWS names these so. */
static bool frees(const struct request *r)
{
    static const char *const begin[] = {"Delete",  "Remove", "Unsubscribe", "Untag",
                                        "Discard", "Purge",  NULL};
    if (r->page)
        return true;
    for (size_t i = 0; begin[i]; i++)
        if (wb_slice_starts(wb_slice_str(r->call.op->name), wb_slice_str(begin[i])))
            return true;
    return false;
}

static void command_run(struct wb_command *cmd, struct wb_tx *tx)
{
    struct request *r = WB_CONTAINER(cmd, struct request, command);
    struct wb_call *c = &r->call;
    tx->arena = c->arena;
    c->error = (struct wb_error){0};
    c->status = 0;
    c->header_count = c->header_kept;
    c->raw_answer = c->hold = WB_SLICE_NULL;
    c->piece_count = 0;
    if (!r->page)
        wb_out_again(&c->out, c->arena);
    if (wb_tx_low_room(tx) && !frees(r)) {
        wb_fail_full(c);
        return;
    }
    c->tx = tx;
    if (r->page || c->op->compound) {
        struct wb_nest n;
        wb_tx_nest(tx, &n);
        if (tx->status == WB_STORE_OK)
            handle(r);
        wb_tx_unnest(tx, &n, !wb_failed(c));
    } else {
        handle(r);
        if (wb_failed(c))
            wb_tx_undo(tx);
    }
    r->recorded = r->page || wb_failed(c) ? false : wb_audit_wanted(c);
    if (r->recorded)
        wb_audit_call(tx, c);
    c->tx = NULL;
}

static void command_posted(struct wb_post *p)
{
    struct request *r = request_of(p);
    struct wb_call *c = &r->call;
    if (r->commit != WB_COMMITTED) {
        c->error = (struct wb_error){0};
        c->raw_answer = WB_SLICE_NULL;
        if (r->commit == WB_REFUSED_FULL)
            wb_fail_full(c);
        else
            wb_fail_internal(c);
        wb_front_finish(r);
        return;
    }
    wb_front_end(r);
}

static void command_done(struct wb_command *cmd, enum wb_commit result)
{
    struct request *r = WB_CONTAINER(cmd, struct request, command);
    r->commit = result == WB_COMMITTED && r->no_room ? WB_REFUSED_FULL : result;
    if (wb_front_hold(r))
        return;
    r->post.run = command_posted;
    wb_loop_post(r->front->loop, &r->post);
}

static void wait_for_room(struct request *r)
{
    struct wb_front *f = r->front;
    r->waiting_ns = f->engine->seam->mono_ns(f->engine->seam);
    wb_list_append(&f->waiting, &r->link);
    if (f->paused)
        return;
    f->paused = true;
    wb_http_server_pause(f->server, true);
    wb_timer_start(f->give_up, WB_WRITER_WAIT_MS / 10);
}

static void go_on_reading(struct wb_front *f)
{
    if (!f->paused || !wb_list_empty(&f->waiting))
        return;
    f->paused = false;
    wb_timer_stop(f->give_up);
    wb_http_server_pause(f->server, false);
}

void wb_front_waiting_go(struct wb_front *f)
{
    while (!wb_list_empty(&f->waiting)) {
        struct request *r = WB_CONTAINER(f->waiting.next, struct request, link);
        wb_list_remove(&r->link);
        if (wb_submit(f->engine, &r->command))
            continue;
        r->link.next = f->waiting.next; /* back to the front: it is the oldest */
        r->link.prev = &f->waiting;
        f->waiting.next->prev = &r->link;
        f->waiting.next = &r->link;
        return;
    }
    go_on_reading(f);
}

void wb_front_waiting_expire(struct wb_front *f)
{
    int64_t now = f->engine->seam->mono_ns(f->engine->seam);
    while (!wb_list_empty(&f->waiting)) {
        struct request *r = WB_CONTAINER(f->waiting.next, struct request, link);
        if (now - r->waiting_ns < WB_WRITER_WAIT_MS * 1000000LL)
            break;
        wb_list_remove(&r->link);
        r->call.error = (struct wb_error){0}; /* a refusal that could not be recorded */
        wb_fail_busy(&r->call);
        wb_front_finish(r);
    }
    if (wb_list_empty(&f->waiting))
        go_on_reading(f);
    else
        wb_timer_start(f->give_up, WB_WRITER_WAIT_MS / 10);
}

static void submit(struct request *r, void (*run)(struct wb_command *c, struct wb_tx *tx))
{
    r->command = (struct wb_command){.lane = WB_LANE_CLIENT, .run = run, .done = command_done};
    if (!wb_list_empty(&r->front->waiting) || !wb_submit(r->front->engine, &r->command))
        wait_for_room(r);
}

/* What was found in the snapshot stays until the answer, so that its address means the same object
 * to the writer; the snapshot itself need not. */
static void hold(struct request *r)
{
    if (!r->snapshot)
        return;
    r->held = true;
    r->snapshot = false;
    wb_txn_reset(r->front->txn);
}

static void prepare(struct request *r)
{
    struct wb_call *c = &r->call;
    c->tx = &r->tx;
    c->op->prepare(c);
    check_store(c, &r->tx);
    c->tx = NULL;
}

static void prepared_post(struct wb_post *p)
{
    struct request *r = request_of(p);
    if (wb_failed(&r->call))
        wb_front_end(r);
    else
        submit(r, command_run);
}

static void pool_prepare(struct wb_pool_task *t, struct wb_txn *txn)
{
    struct request *r = WB_CONTAINER(t, struct request, pool);
    if (txn) {
        wb_tx_snapshot(&r->tx, &r->ext, r->call.engine, txn, r->call.arena);
        prepare(r);
        r->held = true;
        wb_txn_abort(txn);
    } else {
        wb_fail_internal(&r->call);
    }
    r->post.run = prepared_post;
    wb_loop_post(r->front->loop, &r->post);
}

static bool takes_long(const struct request *r)
{
    int64_t from = r->page ? 0 : r->call.op->prepare_apart;
    return from && (int64_t)r->wire.body.n >= from;
}

static void run_write(struct request *r)
{
    struct wb_call *c = &r->call;
    if (takes_long(r)) {
        run_in_pool(r, pool_prepare);
        return;
    }
    if (!r->page && c->op->prepare) {
        if (wb_front_snapshot(r))
            prepare(r);
        if (wb_failed(c)) {
            wb_front_end(r);
            return;
        }
    }
    hold(r);
    submit(r, command_run);
}

/* --- the record of a call that is none of the writer's --- */

static void record_run(struct wb_command *cmd, struct wb_tx *tx)
{
    struct request *r = WB_CONTAINER(cmd, struct request, command);
    tx->arena = r->call.arena;
    r->no_room = wb_tx_low_room(tx); /* refused as any other new data */
    if (!r->no_room)
        wb_audit_call(tx, &r->call);
}

void wb_front_end(struct request *r)
{
    if (r->page || r->recorded || !wb_audit_wanted(&r->call)) {
        wb_front_finish(r);
        return;
    }
    r->recorded = true;
    hold(r);
    submit(r, record_run);
}

void wb_front_run(struct request *r)
{
    switch (r->call.op->class) {
    case WB_READ:
    case WB_STREAM:
        run_read(r);
        break;
    case WB_SCAN:
        run_in_pool(r, pool_run);
        break;
    case WB_WRITE:
        run_write(r);
        break;
    case WB_ASYNC:
        run_async(r);
        break;
    }
}

void wb_front_run_page(struct request *r)
{
    if (r->page->writes)
        run_write(r);
    else if (r->page->scans)
        run_in_pool(r, pool_run);
    else
        run_read(r);
}
