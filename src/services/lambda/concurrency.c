/*
 * How many invocations run at the same time: of a function, of an account and region, and of its
 * functions without reserved concurrency; and how much concurrency is reserved there. For AWS's
 * metrics, and for the limits.
 */
#include "services/lambda/fleet.h"

#include <stdlib.h>

/* --- running: dispatcher's thread --- */

static struct lambda_scope *scope_of(struct lambda *l, const struct lambda_function *f)
{
    for (struct wb_link *k = l->scopes.next; k != &l->scopes; k = k->next) {
        struct lambda_scope *s = WB_CONTAINER(k, struct lambda_scope, link);
        if (wb_slice_eq(s->account, f->account) && wb_slice_eq(s->region, f->region))
            return s;
    }
    struct lambda_scope *s = wb_xcalloc(1, sizeof *s);
    s->account = wb_slice(wb_xstrndup(f->account.p, f->account.n), f->account.n);
    s->region = wb_slice(wb_xstrndup(f->region.p, f->region.n), f->region.n);
    wb_list_append(&l->scopes, &s->link);
    return s;
}

void lambda_busy(struct env *e)
{
    struct queue *q = e->queue;
    if (!q->scope)
        q->scope = scope_of(e->l, e->f);
    e->unreserved = e->f->reserved < 0; /* it may have changed when the invocation is over */
    e->l->busy++;
    q->busy++;
    q->scope->busy++;
    q->scope->unreserved += e->unreserved;
}

void lambda_not_busy(struct env *e)
{
    e->l->busy--;
    e->queue->busy--;
    e->queue->scope->busy--;
    e->queue->scope->unreserved -= e->unreserved;
}

void lambda_scopes_free(struct lambda *l)
{
    while (!wb_list_empty(&l->scopes)) {
        struct lambda_scope *s = WB_CONTAINER(l->scopes.next, struct lambda_scope, link);
        wb_list_remove(&s->link);
        free((char *)s->account.p);
        free((char *)s->region.p);
        free(s);
    }
}

/* --- reserved: a definition, because every invocation tells it --- */

struct reserved {
    int64_t sum;
};

/* At most a thousand functions have any, but all of the scope are read: rarely. */
static void *load(struct wb_tx *tx, struct wb_slice scope)
{
    struct wb_slice key, value, prefix = wb_key(tx->arena, WB_T_FUNCTION, "");
    struct reserved *r = wb_xcalloc(1, sizeof *r);
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_concat(tx->arena, (struct wb_slice[]){prefix, scope}, 2));
    while (s && wb_tx_next(tx, s, &key, &value)) {
        struct wb_json row = wb_json_read(tx->arena, wb_dup(tx->arena, value), NULL);
        int64_t n = wb_json_get_i64(row, "reserved", -1);
        r->sum += n > 0 ? n : 0;
    }
    wb_scan_close(s);
    return r;
}

struct wb_def_kind lambda_reserved_kind = {
    .name = "reserved concurrency", .load = load, .free = free};

/* What the keys of the scope's functions have in common, behind the table's number. */
static struct wb_slice scope_key(struct wb_tx *tx, const struct lambda_function *f)
{
    struct wb_slice table = wb_key(tx->arena, WB_T_FUNCTION, ""),
                    all = wb_key(tx->arena, WB_T_FUNCTION, "ss", f->account, f->region);
    return wb_slice_sub(all, table.n, all.n);
}

int64_t lambda_reserved(struct wb_tx *tx, const struct lambda_function *f)
{
    const struct reserved *r = wb_def(tx, &lambda_reserved_kind, scope_key(tx, f));
    return r->sum;
}

void lambda_reserved_changed(struct wb_tx *tx, const struct lambda_function *f)
{
    wb_def_changed(tx, &lambda_reserved_kind, scope_key(tx, f));
}
