/*
 * Which calls are recorded, where their rows lie, and how long.
 *
 * Rows of WB_T_AUDIT are the records as JSON. A denial has a second row in WB_T_DENIAL, by its
 * request id, for `waybill why`; it goes with its record. The first record makes a work row that is
 * due when it expires; it deletes from the front of each account and region and comes again.
 */
#include "engine/audit.h"

#include "base/ids.h"
#include "engine/internal.h"

#define EXPIRY_TARGET   "waybill:audit"
#define GLOBAL_REGION   "us-east-1"
#define KEEP_MS         (WB_AUDIT_DAYS * 86400000LL)
#define EXPIRY_EVERY_MS 3600000

bool wb_audit_wanted(const struct wb_call *c)
{
    if (!c->op || !c->service || c->ctx.unrecorded)
        return false;
    if (c->denial)
        return true;
    bool failed = c->error.code != NULL,
         changes = c->op->class == WB_WRITE || c->op->class == WB_ASYNC;
    if (c->op->data)
        return changes && !failed && c->engine->config.audit_data;
    return (changes || c->op->audit) && (!failed || c->error.status < 500);
}

void wb_audit_keep(struct wb_call *c)
{
    if (!c->op->data)
        wb_out_keep(&c->out, c->arena);
}

/* --- writing --- */

static struct wb_slice meta_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", "audit");
}

static void expect_expiry(struct wb_tx *tx)
{
    struct wb_slice key = meta_key(tx->arena), v;
    if (wb_tx_get(tx, key, &v))
        return;
    wb_tx_put(tx, key, WB_S("1"));
    wb_work_add(tx, &(struct wb_work){.target = WB_S(EXPIRY_TARGET),
                                      .executor = "audit-expiry",
                                      .due_ms = tx->now_ms + KEEP_MS});
}

static struct wb_slice put_record(struct wb_tx *tx, const struct wb_call *c,
                                  struct wb_audit_frame *f, struct wb_slice account)
{
    struct wb_arena *a = tx->arena;
    f->account = account;
    f->event_id = wb_id_uuid(a, tx->engine->seam);
    struct wb_slice record = wb_audit_record(a, c, f);
    wb_tx_put(tx, wb_key(a, WB_T_AUDIT, "ssiu", account, f->region, tx->now_ms, wb_tx_stamp(tx)),
              record);
    return record;
}

/* EventBridge's name of a service's own events. */
static void publish(struct wb_tx *tx, const struct wb_call *c, const struct wb_audit_frame *f,
                    struct wb_slice record)
{
    struct wb_ctx ctx = c->ctx;
    ctx.account = f->account;
    ctx.region = f->region;
    const char *source = wb_printf(tx->arena, "aws.%s", c->service->signing_name).p;
    wb_bus_publish(tx, &ctx, source, "AWS API Call via CloudTrail", WB_SLICE_NULL, record);
}

void wb_audit_call(struct wb_tx *tx, const struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    struct wb_audit_frame f = {.region = c->service->global ? WB_S(GLOBAL_REGION) : c->ctx.region,
                               .owner = wb_identity_by_id(tx, p->owner),
                               .time_ms = tx->now_ms};
    bool told = !c->op->data && (c->op->class == WB_WRITE || c->op->class == WB_ASYNC);
    struct wb_slice caller = p->account.n ? p->account : c->ctx.account, record;
    bool two = !wb_slice_eq(caller, c->ctx.account);
    expect_expiry(tx);
    if (two)
        f.shared_id = wb_id_uuid(tx->arena, tx->engine->seam);
    record = put_record(tx, c, &f, caller);
    if (told)
        publish(tx, c, &f, record);
    if (two) {
        record = put_record(tx, c, &f, c->ctx.account);
        if (told)
            publish(tx, c, &f, record);
    }
    if (c->denial)
        wb_tx_put(tx, wb_key(tx->arena, WB_T_DENIAL, "s", c->ctx.request_id),
                  wb_denial_row(tx->arena, c, tx->now_ms));
}

/* --- the bus --- */

void wb_bus_publish_register(struct wb_engine *e, wb_bus_publish_fn *fn)
{
    e->bus_publish = fn;
}

void wb_bus_publish(struct wb_tx *tx, const struct wb_ctx *ctx, const char *source,
                    const char *detail_type, struct wb_slice resource, struct wb_slice detail)
{
    if (tx->engine->bus_publish && ctx->depth < WB_WORK_DEPTH_MAX)
        tx->engine->bus_publish(tx, ctx, source, detail_type, resource, detail);
}

/* --- expiry --- */

static void drop_denial(struct wb_tx *tx, struct wb_slice record)
{
    struct wb_json v = wb_json_read(tx->arena, record, NULL);
    if (wb_json_is(wb_json_get(v, "errorCode")))
        wb_tx_del(tx,
                  wb_key(tx->arena, WB_T_DENIAL, "s", wb_json_get_str(v, "requestID", tx->arena)));
}

struct expiry {
    int64_t limit_ms;
    int64_t oldest_ms;                          /* of what stays */
    struct wb_slice gone[WB_AUDIT_EXPIRE_ROWS]; /* keys */
    size_t count;
};

static void find_old(struct wb_tx *tx, struct expiry *x)
{
    struct wb_slice all = wb_key(tx->arena, WB_T_AUDIT, ""), key, value;
    struct wb_scan *s = wb_tx_scan(tx, all, wb_key_after(tx->arena, all), false);
    while (x->count < WB_AUDIT_EXPIRE_ROWS && wb_tx_next(tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k);
        int64_t ms = wb_key_rd_i64(&k);
        if (ms <= x->limit_ms) {
            x->gone[x->count++] = wb_dup(tx->arena, key);
            continue;
        }
        if (ms < x->oldest_ms)
            x->oldest_ms = ms;
        struct wb_slice place = wb_key(tx->arena, WB_T_AUDIT, "ss", account, region);
        wb_scan_seek(s, wb_key_after(tx->arena, place));
    }
    wb_scan_close(s);
}

static void expire(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct expiry *x = wb_new(tx->arena, struct expiry);
    struct wb_slice value;
    x->limit_ms = tx->now_ms - KEEP_MS;
    x->oldest_ms = INT64_MAX;
    find_old(tx, x);
    for (size_t i = 0; i < x->count; i++) {
        if (wb_tx_get(tx, x->gone[i], &value) &&
            wb_slice_find(value, WB_S("\"errorCode\""), 0) >= 0)
            drop_denial(tx, wb_dup(tx->arena, value));
        wb_tx_del(tx, x->gone[i]);
    }
    if (x->count == WB_AUDIT_EXPIRE_ROWS) {
        *out = (struct wb_outcome){.kind = WB_BUSY, .after_ms = 1};
    } else if (x->oldest_ms != INT64_MAX) {
        int64_t wait = x->oldest_ms + KEEP_MS - tx->now_ms;
        *out = (struct wb_outcome){.kind = WB_BUSY,
                                   .after_ms = wait > EXPIRY_EVERY_MS ? wait : EXPIRY_EVERY_MS};
    } else {
        wb_tx_del(tx, meta_key(tx->arena));
        *out = (struct wb_outcome){.kind = WB_DONE};
    }
}

void wb_audit_register(struct wb_engine *e)
{
    static const struct wb_executor expiry = {.name = "audit-expiry", .step = expire};
    wb_executor_register(e, &expiry);
}
