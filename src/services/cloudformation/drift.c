/*
 * Drift: what is deployed, compared with what the template said. Only properties that the template
 * gives are looked at, as AWS does it; what a type cannot read is not checked. A detection is a row
 * that work rows advance, a command's worth of resources at a time.
 */
#include "base/ids.h"
#include "engine/paging.h"
#include "services/cloudformation/ops.h"
#include "services/cloudformation/record.h"

#define STEP 16 /* resources of one command */

struct detection {
    struct wb_slice stack; /* ARN */
    struct wb_slice status, reason, result;
    struct wb_slice only, last; /* JSON list of ids, or null; the last id looked at */
    struct wb_slice ctx;
    int64_t started_ms, drifted;
};

#define D(member, kind) CFN_MEMBER(struct detection, member, kind)
static const struct cfn_member members[] = {
    D(stack, CFN_TEXT),     D(status, CFN_TEXT), D(reason, CFN_TEXT), D(result, CFN_TEXT),
    D(only, CFN_JSON),      D(last, CFN_TEXT),   D(ctx, CFN_SECRET),  D(started_ms, CFN_NUMBER),
    D(drifted, CFN_NUMBER), {.name = NULL},
};
#undef D

/* What was found of a resource. */
struct found {
    const char *status;
    struct wb_slice expected, actual, differences; /* JSON */
};

/* --- comparing --- */

static void difference(struct wb_json_writer *w, struct wb_slice path, struct wb_json expected,
                       struct wb_json actual, const char *kind)
{
    wb_jw_object(w);
    wb_jw_kstr(w, "PropertyPath", path);
    wb_jw_kstr(w, "ExpectedValue", wb_json_is(expected) ? wb_json_raw(expected) : WB_S("null"));
    wb_jw_kstr(w, "ActualValue", wb_json_is(actual) ? wb_json_raw(actual) : WB_S("null"));
    wb_jw_kcstr(w, "DifferenceType", kind);
    wb_jw_end_object(w);
}

static size_t compare(struct wb_arena *a, struct wb_json_writer *w, struct wb_slice path,
                      struct wb_json expected, struct wb_json actual);

static size_t compare_lists(struct wb_arena *a, struct wb_json_writer *w, struct wb_slice path,
                            struct wb_json expected, struct wb_json actual)
{
    size_t n = 0, count = wb_json_count(expected), have = wb_json_count(actual);
    for (uint32_t i = 0; i < (count > have ? count : have); i++) {
        struct wb_slice at = wb_printf(a, "%.*s/%u", WB_FMT(path), i);
        if (i >= count) {
            difference(w, at, WB_JSON_NONE, wb_json_item(actual, i), "ADD");
            n++;
        } else {
            n += compare(a, w, at, wb_json_item(expected, i),
                         i < have ? wb_json_item(actual, i) : WB_JSON_NONE);
        }
    }
    return n;
}

static size_t compare(struct wb_arena *a, struct wb_json_writer *w, struct wb_slice path,
                      struct wb_json expected, struct wb_json actual)
{
    size_t n = 0;
    if (!wb_json_is(actual)) {
        difference(w, path, expected, actual, "REMOVE");
        return 1;
    }
    if (wb_cfn_same(expected, actual))
        return 0;
    if (wb_json_type(expected) == WB_JSON_OBJECT && wb_json_type(actual) == WB_JSON_OBJECT) {
        struct wb_json_iter it = wb_json_iter(expected);
        while (wb_json_next(&it)) {
            struct wb_slice key = wb_json_str(it.key, a);
            n += compare(a, w, wb_printf(a, "%.*s/%.*s", WB_FMT(path), WB_FMT(key)), it.value,
                         wb_json_get_slice(actual, key));
        }
        return n;
    }
    if (wb_json_type(expected) == WB_JSON_ARRAY && wb_json_type(actual) == WB_JSON_ARRAY)
        return compare_lists(a, w, path, expected, actual);
    difference(w, path, expected, actual, "NOT_EQUAL");
    return 1;
}

static bool compared(const struct wb_cfn_type *t, struct wb_slice name)
{
    for (const struct wb_cfn_property *p = t->property; p && p->name; p++)
        if (wb_slice_is(name, p->name))
            return !p->secret;
    return true;
}

static void compare_all(struct wb_arena *a, const struct wb_cfn_resource *h, struct found *f)
{
    struct wb_buf b = wb_buf_in(a), shown = wb_buf_in(a);
    struct wb_json_writer w, s;
    struct wb_json live = wb_json_read(a, h->live, NULL);
    struct wb_json_iter it = wb_json_iter(h->properties);
    size_t n = 0;
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    wb_jw_init(&s, &shown);
    wb_jw_object(&s);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, a);
        struct wb_json actual = wb_json_get_slice(live, key);
        if (!compared(h->of, key))
            continue;
        n += compare(a, &w, wb_printf(a, "/%.*s", WB_FMT(key)), it.value, actual);
        if (wb_json_is(actual)) {
            wb_jw_key_slice(&s, key);
            wb_jw_raw(&s, wb_json_raw(actual));
        }
    }
    wb_jw_end_array(&w);
    wb_jw_end_object(&s);
    f->status = n ? "MODIFIED" : "IN_SYNC";
    f->differences = wb_buf_slice(&b);
    f->actual = wb_buf_slice(&shown);
}

struct probe {
    struct wb_cfn_resource *h;
    enum wb_cfn_result result;
};

static bool look(struct wb_tx *tx, void *arg)
{
    struct probe *p = arg;
    p->result = p->h->of->read(p->h);
    return false;
}

/* False: it could not be read; *why. */
static bool examine(struct wb_tx *tx, const struct wb_ctx *ctx, const struct cfn_stack *s,
                    struct cfn_resource *r, struct found *f, struct wb_slice *why)
{
    struct probe p = {.h = cfn_handle(tx, ctx, s, r), .result = WB_CFN_FAILED};
    *f = (struct found){.status = "NOT_CHECKED", .expected = r->properties};
    if (!p.h->of || !p.h->of->read)
        return true;
    wb_tx_attempt(tx, look, &p);
    if (p.result == WB_CFN_DONE) {
        compare_all(tx->arena, p.h, f);
    } else if (wb_cfn_error_is(p.h, "NotFound")) {
        f->status = "DELETED";
    } else {
        *why = wb_printf(tx->arena, "Failed to detect drift on resource [%.*s]: %.*s",
                         WB_FMT(r->id), WB_FMT(p.h->error.message));
        return false;
    }
    return true;
}

/* --- rows --- */

static void mask(struct wb_tx *tx, const struct cfn_stack *s, struct found *f)
{
    struct wb_cfn_env env = {.parameter_count = 0};
    cfn_parameters_out(tx->arena, s, &env);
    f->expected = cfn_masked(tx->arena, &env, f->expected);
    f->actual = cfn_masked(tx->arena, &env, f->actual);
    f->differences = cfn_masked(tx->arena, &env, f->differences);
}

static void store(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_resource *r,
                  struct found *f)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    mask(tx, s, f);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "StackId", s->arn);
    wb_jw_kstr(&w, "LogicalResourceId", r->id);
    wb_jw_kstr(&w, "PhysicalResourceId", r->physical_id);
    wb_jw_kstr(&w, "ResourceType", r->type);
    if (f->expected.p && f->actual.p) {
        wb_jw_kstr(&w, "ExpectedProperties", f->expected);
        wb_jw_kstr(&w, "ActualProperties", f->actual);
    }
    wb_jw_kraw(&w, "PropertyDifferences", f->differences.p ? f->differences : WB_S("[]"));
    wb_jw_kcstr(&w, "StackResourceDriftStatus", f->status);
    wb_jw_ki64(&w, "Timestamp", tx->now_ms);
    wb_jw_end_object(&w);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_CFN_DRIFTED, "us", s->number, r->id), wb_buf_slice(&b));
    r->drift = wb_slice_str(f->status);
    r->drift_ms = tx->now_ms;
    cfn_resource_write(tx, s->number, r);
}

static void out_found(struct wb_call *c, const char *name, struct wb_slice row)
{
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, row), NULL);
    struct wb_json_iter it = wb_json_iter(v);
    wb_out_object(&c->out, name);
    while (wb_json_next(&it)) {
        char *key = wb_dup_cstr(c->arena, wb_json_str(it.key, c->arena));
        if (strcmp(key, "Timestamp") == 0)
            wb_out_time(&c->out, key, wb_json_get_i64(v, key, 0));
        else
            cfn_out_json(&c->out, key, it.value, c->arena);
    }
    wb_out_end(&c->out);
}

static struct wb_slice detection_key(struct wb_arena *a, const struct wb_ctx *ctx,
                                     struct wb_slice id)
{
    return wb_key(a, WB_T_CFN_DRIFT, "sss", ctx->account, ctx->region, id);
}

static void write_detection(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice id,
                            const struct detection *d)
{
    wb_tx_put(tx, detection_key(tx->arena, ctx, id), cfn_record_write(tx, members, d, id));
}

static void go_on(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice id)
{
    struct wb_work row = {.target = wb_printf(tx->arena, "cloudformation.drift %.*s", WB_FMT(id)),
                          .executor = cfn_drift_executor.name,
                          .ctx = *ctx,
                          .meta = WB_S("{}"),
                          .payload = id};
    wb_work_add(tx, &row);
}

/* --- the executor --- */

static void finish(struct wb_tx *tx, struct cfn_stack *s, struct detection *d, struct wb_slice id)
{
    bool failed = d->reason.p;
    d->status = failed ? WB_S("DETECTION_FAILED") : WB_S("DETECTION_COMPLETE");
    d->result = d->drifted ? WB_S("DRIFTED") : WB_S("IN_SYNC");
    s->drift = d->result;
    s->drift_ms = tx->now_ms;
    cfn_stack_write(tx, s);
    wb_hold_release(tx, id);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_arena *a = tx->arena;
    struct detection d = {.status = WB_SLICE_NULL};
    struct cfn_stack s;
    struct wb_ctx ctx;
    struct wb_slice row;
    size_t count, n = 0;
    out->kind = WB_DONE;
    if (!wb_tx_get(tx, detection_key(a, &w->ctx, w->payload), &row) ||
        !cfn_record_read(tx, members, row, w->payload, &d) || d.result.p ||
        !cfn_stack_by_arn(tx, d.stack, &s) || !wb_ctx_unpack(d.ctx, &ctx))
        return;
    struct cfn_resource *r = cfn_resources(tx, s.number, &count);
    for (size_t i = 0; i < count && n < STEP; i++) {
        struct found f;
        if (wb_slice_cmp(r[i].id, d.last) <= 0 || cfn_resource_gone(&r[i]) || !r[i].physical_id.n ||
            (d.only.p && !cfn_list_has(a, d.only, r[i].id)))
            continue;
        n++;
        d.last = r[i].id;
        if (!examine(tx, &ctx, &s, &r[i], &f, &d.reason))
            continue;
        d.drifted += strcmp(f.status, "MODIFIED") == 0 || strcmp(f.status, "DELETED") == 0;
        store(tx, &s, &r[i], &f);
    }
    if (n < STEP)
        finish(tx, &s, &d, w->payload);
    else
        go_on(tx, &w->ctx, w->payload);
    write_detection(tx, &w->ctx, w->payload, &d);
}

const struct wb_executor cfn_drift_executor = {.name = "cloudformation.drift", .step = step};

/* --- operations --- */

static bool checkable(struct wb_call *c, const struct cfn_stack *s)
{
    if (!s->operation && !cfn_stack_deleted(s) && !wb_slice_is(s->status, "REVIEW_IN_PROGRESS"))
        return true;
    cfn_invalid(c, "Drift detection cannot be performed on stack [%.*s] while it is in %.*s state",
                WB_FMT(s->name), WB_FMT(s->status));
    return false;
}

void cfn_detect_drift(struct wb_call *c)
{
    struct cfn_stack s;
    struct wb_ctx ctx;
    if (!cfn_call_stack_bracketed(c, "StackName", &s) || !checkable(c, &s) ||
        !cfn_call_principal(c, &s, &ctx))
        return;
    struct wb_slice id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    struct detection d = {.stack = s.arn,
                          .status = WB_S("DETECTION_IN_PROGRESS"),
                          .only = cfn_list_in(c, "LogicalResourceIds"),
                          .ctx = wb_ctx_pack(c->arena, &ctx),
                          .started_ms = c->tx->now_ms};
    write_detection(c->tx, &c->ctx, id, &d);
    go_on(c->tx, &c->ctx, id);
    cfn_expire_detection(c->tx, &c->ctx, id);
    wb_out_str(&c->out, "StackDriftDetectionId", id);
    wb_call_hold(c, id);
}

void cfn_drift_status(struct wb_call *c)
{
    struct wb_slice id = wb_in_str(c, "StackDriftDetectionId"), row;
    struct detection d = {.status = WB_SLICE_NULL};
    struct wb_out *o = &c->out;
    if (!wb_tx_get(c->tx, detection_key(c->arena, &c->ctx, id), &row) ||
        !cfn_record_read(c->tx, members, row, id, &d)) {
        cfn_invalid(c, "Drift detection id [%.*s] does not exist", WB_FMT(id));
        return;
    }
    wb_out_str(o, "StackId", d.stack);
    wb_out_str(o, "StackDriftDetectionId", id);
    wb_out_str(o, "StackDriftStatus", d.result);
    wb_out_str(o, "DetectionStatus", d.status);
    wb_out_str(o, "DetectionStatusReason", d.reason);
    wb_out_i64(o, "DriftedStackResourceCount", d.drifted);
    wb_out_time(o, "Timestamp", d.started_ms);
}

void cfn_detect_resource_drift(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_resource r;
    struct found f;
    struct wb_ctx ctx;
    struct wb_slice row, why, id = wb_in_str(c, "LogicalResourceId");
    if (!cfn_call_stack_bracketed(c, "StackName", &s) || !checkable(c, &s) ||
        !cfn_call_principal(c, &s, &ctx))
        return;
    if (!cfn_resource_read(c->tx, s.number, id, &r) || !r.physical_id.n) {
        cfn_invalid(c, "Resource %.*s does not exist for stack %.*s", WB_FMT(id), WB_FMT(s.name));
        return;
    }
    if (!examine(c->tx, &ctx, &s, &r, &f, &why)) {
        cfn_invalid(c, "%.*s", WB_FMT(why));
        return;
    }
    store(c->tx, &s, &r, &f);
    if (wb_tx_get(c->tx, wb_key(c->arena, WB_T_CFN_DRIFTED, "us", s.number, r.id), &row))
        out_found(c, "StackResourceDrift", row);
}

void cfn_describe_drifts(struct wb_call *c)
{
    struct cfn_stack s;
    struct wb_slice key, row, last = WB_SLICE_NULL, token = wb_in_str(c, "NextToken");
    struct wb_slice filter = cfn_list_in(c, "StackResourceDriftStatusFilters");
    int64_t n = 0, max = wb_in_i64(c, "MaxResults", WB_CFN_PAGE);
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    struct wb_slice prefix = wb_key(c->arena, WB_T_CFN_DRIFTED, "u", s.number), lo = prefix;
    if (token.n) {
        if (!wb_page_open(c, token, prefix, &last)) {
            cfn_invalid(c, "NextToken is invalid");
            return;
        }
        lo = wb_key_after(c->arena, last);
        last = WB_SLICE_NULL;
    }
    struct wb_scan *scan = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    wb_out_list(&c->out, "StackResourceDrifts");
    while (n < max && wb_tx_next(c->tx, scan, &key, &row)) {
        struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, row), NULL);
        struct wb_slice status = wb_json_get_str(v, "StackResourceDriftStatus", c->arena);
        if (filter.p && !cfn_list_has(c->arena, filter, status))
            continue;
        out_found(c, NULL, row);
        if (++n == max)
            last = wb_dup(c->arena, key);
    }
    wb_scan_close(scan);
    wb_out_end(&c->out);
    if (last.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, prefix, last));
}
