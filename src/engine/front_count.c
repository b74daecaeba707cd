/*
 * What the front counts of every request, when it is over: the server's own metrics (namespace
 * Waybill), AWS/Usage, and what the service counts itself (`ended` of its table). Gathered by loop
 * and operation, and handed on once a second.
 */
#include "engine/front.h"

static struct op_stat *stat_of(struct wb_front *f, const struct wb_call *c)
{
    for (size_t i = 0; i < f->services; i++)
        if (f->engine->service_list[i] == c->service)
            return &f->stat[i][c->op - c->service->op];
    return NULL;
}

/* --- AWS/Usage --- */

static void use_one(struct wb_engine *e, const struct wb_ctx *scope, const char *ns,
                    const char *name, const struct wb_pair *dims, size_t count, double n)
{
    const struct wb_count_sums v = {n, n, 1, 1};
    if (n > 0)
        wb_count_many(e, scope->account, scope->region, ns, name, dims, count, &v, "None");
}

/* A service with a namespace for it also counts errors and throttles, by operation and in all. */
static void use_tell(struct wb_engine *e, const struct wb_service *s, const struct wb_op *op,
                     const struct wb_ctx *scope, const struct wb_op_use *u)
{
    const struct wb_pair dims[4] = {{WB_S("Class"), WB_S("None")},
                                    {WB_S("Resource"), wb_slice_str(op->name)},
                                    {WB_S("Service"), wb_slice_str(s->usage)},
                                    {WB_S("Type"), WB_S("API")}};
    use_one(e, scope, "AWS/Usage", "CallCount", dims, 4, u->calls);
    for (size_t count = 0; s->usage_ns && count <= 4; count += 4) {
        use_one(e, scope, s->usage_ns, "CallCount", dims, count, u->calls);
        use_one(e, scope, s->usage_ns, "ErrorCount", dims, count, u->errors);
        use_one(e, scope, s->usage_ns, "ThrottleCount", dims, count, u->throttles);
    }
}

static struct wb_ctx own_scope(const struct wb_engine *e)
{
    return (struct wb_ctx){.account = wb_slice_str(e->config.account),
                           .region = wb_slice_str(e->config.region)};
}

/* Calls of the server's own account and region are gathered; there are few of others. */
static void use_count(struct wb_front *f, const struct wb_call *c, struct op_stat *s)
{
    const struct wb_ctx own = own_scope(f->engine);
    bool throttled = c->error.code && (c->error.status == 503 || c->error.status == 429);
    const struct wb_op_use one = {1, c->error.code && !throttled, throttled};
    if (!c->ctx.account.n)
        return; /* nobody knows whose it is */
    if (!wb_slice_eq(c->ctx.account, own.account) || !wb_slice_eq(c->ctx.region, own.region)) {
        use_tell(f->engine, c->service, c->op, &c->ctx, &one);
        return;
    }
    s->use.calls += one.calls;
    s->use.errors += one.errors;
    s->use.throttles += one.throttles;
}

/* --- all of it --- */

void wb_front_count(struct request *r)
{
    struct wb_front *f = r->front;
    struct wb_call *c = &r->call;
    struct op_stat *s = c->op && c->service ? stat_of(f, c) : NULL;
    if (!s)
        return;
    double ms = (double)(f->engine->seam->mono_ns(f->engine->seam) - r->began_ns) / 1e6;
    if (s->count == 0 || ms < s->min_ms)
        s->min_ms = ms;
    if (s->count == 0 || ms > s->max_ms)
        s->max_ms = ms;
    s->count++;
    s->sum_ms += ms;
    if (c->error.code) {
        s->throttles += c->error.status == 503 || c->error.status == 429;
        s->faults += c->error.status >= 500;
        s->errors += c->error.status < 500;
    }
    if (c->service->usage)
        use_count(f, c, s);
    if (c->service->ended)
        c->service->ended(c, ms);
    if (!f->flush_armed) {
        f->flush_armed = true;
        wb_timer_start(f->flush, WB_FRONT_COUNT_MS);
    }
}

static void flush_op(struct wb_front *f, const struct wb_service *s, const struct wb_op *op,
                     const struct op_stat *o)
{
    const struct wb_pair dims[2] = {{WB_S("Operation"), wb_slice_str(op->name)},
                                    {WB_S("Service"), wb_slice_str(s->name)}};
    const struct {
        const char *name, *unit;
        struct wb_count_sums v;
    } told[] = {{"Latency", "Milliseconds", {o->count, o->sum_ms, o->min_ms, o->max_ms}},
                {"Requests", "Count", {o->count, o->count, 1, 1}},
                {"Errors", "Count", {o->errors, o->errors, 1, 1}},
                {"Faults", "Count", {o->faults, o->faults, 1, 1}},
                {"Throttles", "Count", {o->throttles, o->throttles, 1, 1}}};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        if (told[i].v.n > 0)
            wb_count_own(f->engine, told[i].name, dims, 2, &told[i].v, told[i].unit);
    const struct wb_ctx own = own_scope(f->engine);
    if (s->usage)
        use_tell(f->engine, s, op, &own, &o->use);
}

void wb_front_count_flush(void *front)
{
    struct wb_front *f = front;
    f->flush_armed = false;
    for (size_t i = 0; i < f->services; i++) {
        const struct wb_service *s = f->engine->service_list[i];
        for (size_t k = 0; k < s->op_count; k++) {
            struct op_stat *o = &f->stat[i][k];
            if (o->count > 0)
                flush_op(f, s, &s->op[k], o);
            *o = (struct op_stat){0};
        }
    }
}
