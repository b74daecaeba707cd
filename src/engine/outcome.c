/*
 * The command that ends an attempt. It takes the row it belongs to out of the store in the same
 * commit that applies the outcome; when the row is gone already, nothing is applied. So an outcome
 * counts exactly once, however often its attempt was made.
 */
#include "engine/dispatcher.h"

#define FAILURES_MAX 10 /* of storing an outcome; a full disk does not count */

static void bury(struct wb_task *k, struct wb_tx *tx, struct wb_slice value)
{
    struct wb_work w;
    struct wb_slice target;
    int64_t due;
    uint64_t stamp;
    if (k->failures >= FAILURES_MAX && wb_work_decode(tx->arena, k->key, value, &w))
        wb_dead_add(tx, &w, "failed", "STORE_ERROR",
                    WB_S("The outcome of the last attempt could not be stored."));
    else if (wb_work_decode(tx->arena, k->key, value, &w))
        wb_dead_add(tx, &w, "undecodable", "UNKNOWN_EXECUTOR",
                    wb_printf(tx->arena, "Nothing here executes '%s'.", w.executor));
    else
        wb_dead_add_raw(tx, k->key, value);
    wb_tx_del(tx, k->key);
    if (wb_work_key_read(tx->arena, k->key, &target, &due, &stamp))
        wb_work_note(tx, target, INT64_MAX, -1, 0);
    char *name = wb_dup_cstr(tx->arena, k->target->name);
    wb_log(WB_LOG_WARN, "dispatcher", "a row was set aside as dead", "target", name, NULL);
}

void wb_outcome_run(struct wb_command *c, struct wb_tx *tx)
{
    struct wb_task *k = WB_CONTAINER(c, struct wb_task, command);
    const struct wb_executor *x = k->executor;
    k->due = INT64_MAX;
    k->was_busy = false;
    struct wb_slice value;
    enum wb_store_status s = wb_get(tx->txn, k->key, &value);
    if (s == WB_STORE_NOT_FOUND)
        return;
    if (s != WB_STORE_OK && s != WB_STORE_CORRUPT) {
        wb_tx_error(tx, s);
        return;
    }
    value = s == WB_STORE_OK ? wb_dup(tx->arena, value) : WB_SLICE_NULL;
    struct wb_work row;
    if (k->bury || k->failures >= FAILURES_MAX || !wb_work_decode(tx->arena, k->key, value, &row)) {
        bury(k, tx, value);
        return;
    }
    struct wb_work w = x->step ? row : k->work;
    struct wb_outcome o = k->outcome;
    if (x->step) {
        o = (struct wb_outcome){.kind = WB_DONE};
        if (wb_work_load(tx, x, &w, &o)) {
            uint64_t rows = wb_tx_ext(tx)->rows;
            x->step(tx, &w, &o);
            bool wrote = wb_tx_ext(tx)->rows != rows;
            /* Check, then apply. (Busy may have done a part: it comes again.) */
            assert(!wrote || (o.kind != WB_RETRY && o.kind != WB_PERMANENT));
        }
    }
    if (tx->status != WB_STORE_OK)
        return;
    wb_work_settle(tx, x, &w, &row, &o, &k->due);
    k->was_busy = o.kind == WB_BUSY && k->due != INT64_MAX;
    k->busy_until = o.after_ms ? tx->now_ms + o.after_ms : 0;
}

void wb_outcome_done(struct wb_command *c, enum wb_commit result)
{
    struct wb_task *k = WB_CONTAINER(c, struct wb_task, command);
    k->result = result;
    wb_dispatcher_mail(k->d, &k->message);
}
