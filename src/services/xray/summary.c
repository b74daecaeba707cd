/* GetTraceSummaries. */
#include "engine/paging.h"
#include "services/xray/cause.h"
#include "services/xray/find.h"

struct summaries {
    struct wb_call *c;
    bool by_update;
    struct wb_arena *a; /* scratch of the trace at hand */
};

/* --- services --- */

static void service_members(struct summaries *s, const struct xray_entity *e)
{
    struct wb_out *o = &s->c->out;
    wb_out_str(o, "Name", e->name);
    wb_out_list(o, "Names");
    wb_out_str(o, NULL, e->name);
    wb_out_end(o);
    wb_out_str(o, "AccountId", wb_json_get_str(wb_json_get(e->doc, "aws"), "account_id", s->a));
    wb_out_str(o, "Type", e->type);
}

static void out_service(struct summaries *s, const char *name, const struct xray_entity *e)
{
    wb_out_object(&s->c->out, name);
    service_members(s, e);
    wb_out_end(&s->c->out);
}

static bool same_service(const struct xray_entity *x, const struct xray_entity *y)
{
    return wb_slice_eq(x->name, y->name) && wb_slice_eq(x->type, y->type);
}

static void out_services(struct summaries *s, const struct xray_trace *t)
{
    wb_out_list(&s->c->out, "ServiceIds");
    for (size_t i = 0; i < t->count; i++) {
        const struct xray_entity *e = &t->entity[i];
        bool before = !xray_is_service(e);
        for (size_t k = 0; k < i && !before && i < 1000; k++)
            before = xray_is_service(&t->entity[k]) && same_service(e, &t->entity[k]);
        if (!before)
            out_service(s, NULL, e);
    }
    wb_out_end(&s->c->out);
}

static void out_owner(struct summaries *s, const struct xray_entity *e)
{
    wb_out_list(&s->c->out, "ServiceIds");
    if (e->owner)
        out_service(s, NULL, e->owner);
    wb_out_end(&s->c->out);
}

/* --- annotations and users --- */

static void out_annotation(struct summaries *s, const struct xray_entity *e, struct wb_json v)
{
    struct wb_out *o = &s->c->out;
    double x;
    wb_out_object(o, NULL);
    wb_out_object(o, "AnnotationValue");
    if (wb_json_type(v) == WB_JSON_STRING)
        wb_out_str(o, "StringValue", wb_json_str(v, s->a));
    else if (wb_json_double(v, &x))
        wb_out_double(o, "NumberValue", x);
    else
        wb_out_bool(o, "BooleanValue", wb_json_bool(v, false));
    wb_out_end(o);
    out_owner(s, e);
    wb_out_end(o);
}

/* An annotation's key, with its value in each segment that has it. */
static void out_annotation_key(struct summaries *s, const struct xray_trace *t, struct wb_slice key)
{
    wb_out_list(&s->c->out, wb_dup_cstr(s->a, key));
    for (size_t i = 0; i < t->count; i++) {
        struct wb_json v = wb_json_get_slice(wb_json_get(t->entity[i].doc, "annotations"), key);
        if (wb_json_is(v) && wb_json_type(v) != WB_JSON_NULL)
            out_annotation(s, &t->entity[i], v);
    }
    wb_out_end(&s->c->out);
}

static void out_annotations(struct summaries *s, const struct xray_trace *t)
{
    struct wb_slice seen[WB_XRAY_ANNOTATIONS_MAX];
    size_t n = 0;
    wb_out_object(&s->c->out, "Annotations");
    for (size_t i = 0; i < t->count; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(t->entity[i].doc, "annotations"));
        while (wb_json_next(&it)) {
            struct wb_slice key = wb_json_str(it.key, s->a);
            size_t k = 0;
            while (k < n && !wb_slice_eq(seen[k], key))
                k++;
            if (k < n || n == WB_XRAY_ANNOTATIONS_MAX)
                continue;
            seen[n++] = key;
            out_annotation_key(s, t, key);
        }
    }
    wb_out_end(&s->c->out);
}

static void out_users(struct summaries *s, const struct xray_trace *t)
{
    struct wb_out *o = &s->c->out;
    wb_out_list(o, "Users");
    for (size_t i = 0; i < t->count; i++) {
        struct wb_slice user = wb_json_get_str(t->entity[i].doc, "user", s->a);
        if (!user.n)
            continue;
        wb_out_object(o, NULL);
        wb_out_str(o, "UserName", user);
        out_owner(s, &t->entity[i]);
        wb_out_end(o);
    }
    wb_out_end(o);
}

/* --- places --- */

static struct wb_slice arn_of(const struct xray_entity *e, struct wb_arena *a)
{
    struct wb_json aws = wb_json_get(e->doc, "aws");
    struct wb_slice own = wb_json_get_str(e->doc, "resource_arn", a),
                    arn = wb_json_get_str(aws, "resource_arn", a);
    return own.n ? own : arn.n ? arn : wb_json_get_str(aws, "function_arn", a);
}

static struct wb_slice instance_of(const struct xray_entity *e, struct wb_arena *a)
{
    return wb_json_get_str(wb_json_get(wb_json_get(e->doc, "aws"), "ec2"), "instance_id", a);
}

static struct wb_slice zone_of(const struct xray_entity *e, struct wb_arena *a)
{
    return wb_json_get_str(wb_json_get(wb_json_get(e->doc, "aws"), "ec2"), "availability_zone", a);
}

static void out_places(struct summaries *s, const struct xray_trace *t, const char *list,
                       const char *member,
                       struct wb_slice (*of)(const struct xray_entity *e, struct wb_arena *a))
{
    struct wb_out *o = &s->c->out;
    struct wb_slice last = WB_SLICE_NULL;
    wb_out_list(o, list);
    for (size_t i = 0; i < t->count; i++) {
        struct wb_slice what = t->entity[i].segment ? of(&t->entity[i], s->a) : WB_SLICE_NULL;
        if (!what.n || wb_slice_eq(what, last))
            continue;
        last = what;
        wb_out_object(o, NULL);
        wb_out_str(o, member, what);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_http(struct summaries *s, const struct xray_entity *root)
{
    struct wb_out *o = &s->c->out;
    struct wb_json http = wb_json_get(root->doc, "http"), request = wb_json_get(http, "request");
    int64_t status;
    wb_out_object(o, "Http");
    wb_out_str(o, "HttpURL", wb_json_get_str(request, "url", s->a));
    if (wb_json_i64(wb_json_get(wb_json_get(http, "response"), "status"), &status))
        wb_out_i64(o, "HttpStatus", status);
    wb_out_str(o, "HttpMethod", wb_json_get_str(request, "method", s->a));
    wb_out_str(o, "UserAgent", wb_json_get_str(request, "user_agent", s->a));
    wb_out_str(o, "ClientIp", wb_json_get_str(request, "client_ip", s->a));
    wb_out_end(o);
}

/* --- causes --- */

static void out_exceptions(struct summaries *s, const struct xray_entity *e)
{
    struct wb_out *o = &s->c->out;
    struct wb_json_iter it = wb_json_iter(wb_json_get(wb_json_get(e->doc, "cause"), "exceptions"));
    wb_out_list(o, "Exceptions");
    while (wb_json_next(&it)) {
        wb_out_object(o, NULL);
        wb_out_str(o, "Name", wb_json_get_str(it.value, "type", s->a));
        wb_out_str(o, "Message", wb_json_get_str(it.value, "message", s->a));
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_entity(struct summaries *s, const struct xray_trace *t, const struct xray_entity *e,
                       enum xray_cause_kind kind)
{
    struct wb_out *o = &s->c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "Name", e->name);
    if (kind == CAUSE_RESPONSE_TIME)
        wb_out_double(o, "Coverage", xray_coverage(t, e));
    else
        out_exceptions(s, e);
    wb_out_bool(o, "Remote", e->remote);
    wb_out_end(o);
}

static void out_cause(struct summaries *s, const struct xray_trace *t, const struct xray_cause *c,
                      enum xray_cause_kind kind)
{
    struct wb_out *o = &s->c->out;
    wb_out_object(o, NULL);
    wb_out_list(o, "Services");
    for (size_t i = 0; i < c->count; i++) {
        wb_out_object(o, NULL);
        service_members(s, c->service[i].service);
        wb_out_list(o, "EntityPath");
        for (size_t k = 0; k < c->service[i].count; k++)
            out_entity(s, t, c->service[i].entity[k], kind);
        wb_out_end(o);
        wb_out_bool(o, "Inferred", c->service[i].service->inferred);
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_out_bool(o, "ClientImpacting",
                kind == CAUSE_RESPONSE_TIME || (t->root && (t->root->fault || t->root->error)));
    wb_out_end(o);
}

static void out_causes(struct summaries *s, const struct xray_trace *t, const char *list,
                       enum xray_cause_kind kind)
{
    struct xray_cause cause[WB_XRAY_CAUSES];
    size_t n = xray_causes(s->a, t, kind, cause);
    wb_out_list(&s->c->out, list);
    for (size_t i = 0; i < n; i++)
        out_cause(s, t, &cause[i], kind);
    wb_out_end(&s->c->out);
}

/* --- the summary --- */

static void take(void *arg, const struct xray_trace *t, struct wb_arena *scratch)
{
    struct summaries *s = arg;
    struct wb_out *o = &s->c->out;
    bool throttle = false;
    s->a = scratch;
    for (size_t i = 0; i < t->count; i++)
        throttle |= t->entity[i].throttle;
    wb_out_object(o, NULL);
    wb_out_str(o, "Id", t->id);
    wb_out_time(o, "StartTime", (int64_t)(t->start * 1000));
    wb_out_double(o, "Duration", t->end - t->start);
    if (t->root) {
        wb_out_double(o, "ResponseTime", t->root->end - t->root->start);
        out_http(s, t->root);
        out_service(s, "EntryPoint", t->root);
    }
    wb_out_bool(o, "HasFault", t->root && t->root->fault);
    wb_out_bool(o, "HasError", t->root && t->root->error);
    wb_out_bool(o, "HasThrottle", throttle);
    wb_out_bool(o, "IsPartial", t->partial);
    out_annotations(s, t);
    out_users(s, t);
    out_services(s, t);
    out_places(s, t, "ResourceARNs", "ARN", arn_of);
    out_places(s, t, "InstanceIds", "Id", instance_of);
    out_places(s, t, "AvailabilityZones", "Name", zone_of);
    out_causes(s, t, "FaultRootCauses", CAUSE_FAULT);
    out_causes(s, t, "ErrorRootCauses", CAUSE_ERROR);
    out_causes(s, t, "ResponseTimeRootCauses", CAUSE_RESPONSE_TIME);
    wb_out_i64(o, "Revision", (int64_t)t->segments);
    if (s->by_update)
        wb_out_time(o, "MatchedEventTime", t->received_ms);
    wb_out_end(o);
}

/* With Sampling, a fixed share when the strategy names one. */
static double share_of(struct wb_call *c)
{
    struct wb_json strategy = wb_in(c, "SamplingStrategy");
    double share = 1;
    if (wb_in_bool(c, "Sampling", false) &&
        wb_slice_is(wb_json_get_str(strategy, "Name", c->arena), "FixedRate"))
        wb_json_double(wb_json_get(strategy, "Value"), &share);
    return share;
}

void xray_summaries(struct wb_call *c)
{
    struct summaries s = {.c = c, .by_update = wb_slice_is(wb_in_str(c, "TimeRangeType"), "Event")};
    struct xray_query q = {.by_update = s.by_update,
                           .share = share_of(c),
                           .found_max = WB_XRAY_PAGE,
                           .looked_max = WB_XRAY_PAGE_SCAN};
    struct xray_found found;
    struct wb_slice text = wb_in_str(c, "FilterExpression"), token = wb_in_str(c, "NextToken"), why;
    if (!xray_window(c, &q.from_ms, &q.to_ms))
        return;
    q.filter = xray_filter_compile(c->arena, text, xray_groups_of(c), &why);
    if (!q.filter) {
        xray_invalid(c, "Invalid filter expression: %.*s.", WB_FMT(why));
        return;
    }
    struct wb_slice same = wb_printf(c->arena, "%lld|%lld|%d|%.*s", (long long)q.from_ms,
                                     (long long)q.to_ms, q.by_update, WB_FMT(text));
    if (token.p && !wb_page_open(c, token, same, &q.lo)) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    wb_out_list(&c->out, "TraceSummaries");
    xray_find(c, &q, take, &s, &found);
    wb_out_end(&c->out);
    wb_out_time(&c->out, "ApproximateTime", c->tx->now_ms);
    wb_out_i64(&c->out, "TracesProcessedCount", (int64_t)found.looked);
    if (found.more.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, same, found.more));
}
