/*
 * LookupEvents: the records of an account and region, newest first, filtered by at most one
 * attribute. A page ends early after WB_LOOKUP_ROWS rows were read: its reader comes back.
 */
#include "base/limits.h"
#include "engine/audit.h"
#include "engine/paging.h"
#include "services/cloudtrail/cloudtrail.h"

struct event { /* what LookupEvents tells of a record besides the record */
    struct wb_json record;
    struct wb_slice id, name, source, access_key, user, time;
    bool read_only;
};

struct search {
    struct wb_call *c;
    const struct attribute *by; /* NULL: all */
    struct wb_slice value;
    int64_t from_ms, to_ms; /* inclusive */
    int64_t max;
};

/* --- a record --- */

/* The user's name; of a role the session's. */
static struct wb_slice user_of(struct wb_json identity, struct wb_arena *a)
{
    struct wb_slice type = wb_json_get_str(identity, "type", a);
    struct wb_slice name = wb_json_get_str(identity, "userName", a);
    struct wb_slice arn = wb_json_get_str(identity, "arn", a);
    if (name.p)
        return name;
    if (wb_slice_is(type, "Root"))
        return WB_S("root");
    return arn.p ? wb_slice_last(arn, '/') : wb_json_get_str(identity, "invokedBy", a);
}

static bool read_event(struct wb_arena *a, struct wb_slice row, struct event *e)
{
    struct wb_json v = wb_json_read(a, row, NULL), identity = wb_json_get(v, "userIdentity");
    *e = (struct event){.record = v,
                        .id = wb_json_get_str(v, "eventID", a),
                        .name = wb_json_get_str(v, "eventName", a),
                        .source = wb_json_get_str(v, "eventSource", a),
                        .time = wb_json_get_str(v, "eventTime", a),
                        .access_key = wb_json_get_str(identity, "accessKeyId", a),
                        .user = user_of(identity, a),
                        .read_only = wb_json_bool(wb_json_get(v, "readOnly"), false)};
    return e->id.n != 0;
}

/* --- attributes --- */

static bool resource_is(const struct event *e, struct wb_slice value, bool by_type,
                        struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(e->record, "resources"));
    while (wb_json_next(&it)) {
        struct wb_slice arn = wb_json_get_str(it.value, "ARN", a), type, name;
        if (!wb_audit_resource(arn, &type, &name))
            continue;
        if (by_type ? wb_slice_eq(type, value)
                    : wb_slice_eq(name, value) || wb_slice_eq(arn, value))
            return true;
    }
    return false;
}

static bool by_id(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return wb_slice_eq(e->id, v);
}

static bool by_name(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return wb_slice_eq(e->name, v);
}

static bool by_read_only(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return wb_slice_is(v, e->read_only ? "true" : "false");
}

static bool by_user(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return wb_slice_eq(e->user, v);
}

static bool by_type(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return resource_is(e, v, true, a);
}

static bool by_resource(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return resource_is(e, v, false, a);
}

static bool by_source(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return wb_slice_eq(e->source, v);
}

static bool by_key(const struct event *e, struct wb_slice v, struct wb_arena *a)
{
    return wb_slice_eq(e->access_key, v);
}

static const struct attribute {
    const char *name;
    bool (*is)(const struct event *e, struct wb_slice value, struct wb_arena *a);
} attributes[] = {{"EventId", by_id},         {"EventName", by_name},
                  {"ReadOnly", by_read_only}, {"Username", by_user},
                  {"ResourceType", by_type},  {"ResourceName", by_resource},
                  {"EventSource", by_source}, {"AccessKeyId", by_key}};

static void read_attribute(struct wb_call *c, struct search *s)
{
    struct wb_json list = wb_in(c, "LookupAttributes"), one = wb_json_item(list, 0);
    if (wb_json_count(list) == 0)
        return;
    struct wb_slice name = wb_json_get_str(one, "AttributeKey", c->arena);
    s->value = wb_json_get_str(one, "AttributeValue", c->arena);
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (wb_slice_is(name, attributes[i].name))
            s->by = &attributes[i];
    if (wb_json_count(list) > 1)
        wb_fail(c, "InvalidLookupAttributesException", 400,
                "You can specify only one lookup attribute.");
    else if (!s->by)
        wb_fail(c, "InvalidLookupAttributesException", 400, "%.*s is not a lookup attribute.",
                WB_FMT(name));
    else if (!s->value.n)
        wb_fail(c, "InvalidLookupAttributesException", 400,
                "The value of a lookup attribute cannot be empty.");
}

/* --- the request --- */

static int64_t time_in(struct wb_call *c, const char *name, int64_t otherwise)
{
    double seconds;
    if (!wb_json_double(wb_in(c, name), &seconds) || seconds < -1e11 || seconds > 1e11)
        return otherwise;
    return (int64_t)(seconds * 1000);
}

static bool read_request(struct wb_call *c, struct search *s)
{
    struct wb_slice category = wb_in_str(c, "EventCategory");
    int64_t kept = c->tx->now_ms - WB_AUDIT_DAYS * 86400000LL;
    *s = (struct search){.c = c,
                         .from_ms = time_in(c, "StartTime", INT64_MIN),
                         .to_ms = time_in(c, "EndTime", INT64_MAX - 1),
                         .max = wb_in_i64(c, "MaxResults", WB_LOOKUP_MAX)};
    read_attribute(c, s);
    if (s->from_ms > s->to_ms)
        wb_fail(c, "InvalidTimeRangeException", 400, "The start time must be before the end time.");
    if (s->max < 1 || s->max > WB_LOOKUP_MAX)
        wb_fail(c, "InvalidMaxResultsException", 400,
                "The maximum number of results must be between 1 and %d.", WB_LOOKUP_MAX);
    if (category.p && !wb_slice_is(category, "insight"))
        wb_fail(c, "InvalidEventCategoryException", 400, "%.*s is not an event category.",
                WB_FMT(category));
    if (s->from_ms < kept)
        s->from_ms = kept;
    return !wb_failed(c);
}

/* What must be the same on the next page. */
static struct wb_slice filter_of(struct wb_call *c, const struct search *s)
{
    return wb_printf(c->arena, "%s|%.*s|%.*s|%.*s", s->by ? s->by->name : "", WB_FMT(s->value),
                     WB_FMT(wb_json_raw(wb_in(c, "StartTime"))),
                     WB_FMT(wb_json_raw(wb_in(c, "EndTime"))));
}

/* --- the answer --- */

static void put_resources(struct wb_out *o, const struct event *e, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(e->record, "resources"));
    wb_out_list(o, "Resources");
    while (wb_json_next(&it)) {
        struct wb_slice type, name;
        if (!wb_audit_resource(wb_json_get_str(it.value, "ARN", a), &type, &name))
            continue;
        wb_out_object(o, NULL);
        wb_out_str(o, "ResourceType", type);
        wb_out_str(o, "ResourceName", name);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void put_event(struct wb_out *o, const struct event *e, struct wb_slice row,
                      struct wb_arena *a)
{
    int64_t ms = 0;
    wb_time_parse_iso(e->time, &ms, NULL);
    wb_out_object(o, NULL);
    wb_out_str(o, "EventId", e->id);
    wb_out_str(o, "EventName", e->name);
    wb_out_cstr(o, "ReadOnly", e->read_only ? "true" : "false");
    wb_out_str(o, "AccessKeyId", e->access_key);
    wb_out_time(o, "EventTime", ms);
    wb_out_str(o, "EventSource", e->source);
    wb_out_str(o, "Username", e->user);
    put_resources(o, e, a);
    wb_out_str(o, "CloudTrailEvent", row);
    wb_out_end(o);
}

/* Reads backwards from `hi`; the key to go on below, or null at the end. */
static struct wb_slice search(const struct search *s, struct wb_slice lo, struct wb_slice hi)
{
    struct wb_call *c = s->c;
    struct wb_slice key, value, last = WB_SLICE_NULL;
    struct wb_arena row;
    int64_t found = 0, seen = 0;
    size_t bytes = 0;
    bool more = false;
    struct wb_scan *scan = wb_tx_scan(c->tx, lo, hi, true);
    wb_arena_init(&row, 0);
    while (wb_tx_next(c->tx, scan, &key, &value)) {
        if (found == s->max || seen == WB_LOOKUP_ROWS || bytes > WB_LOOKUP_BYTES) {
            more = true;
            break;
        }
        struct event e;
        seen++;
        last = wb_dup(c->arena, key);
        wb_arena_reset(&row);
        if (!read_event(&row, value, &e) || (s->by && !s->by->is(&e, s->value, &row)))
            continue;
        found++;
        bytes += value.n;
        put_event(&c->out, &e, value, &row);
    }
    wb_scan_close(scan);
    wb_arena_release(&row);
    return more ? last : WB_SLICE_NULL;
}

void wb_cloudtrail_lookup(struct wb_call *c)
{
    struct search s;
    struct wb_arena *a = c->arena;
    struct wb_slice account = c->ctx.account, region = c->ctx.region;
    if (!read_request(c, &s))
        return;
    struct wb_slice token = wb_in_str(c, "NextToken"), filter = filter_of(c, &s);
    struct wb_slice lo = wb_key(a, WB_T_AUDIT, "ssi", account, region, s.from_ms);
    struct wb_slice hi = wb_key(a, WB_T_AUDIT, "ssi", account, region, s.to_ms + 1);
    if (token.p && !wb_page_open(c, token, filter, &hi)) {
        wb_fail(c, "InvalidNextTokenException", 400,
                "The token is not valid, or was given for a request with other parameters.");
        return;
    }
    bool insight = wb_in_str(c, "EventCategory").p != NULL; /* nobody looks for unusual activity */
    wb_out_list(&c->out, "Events");
    struct wb_slice last = insight ? WB_SLICE_NULL : search(&s, lo, hi);
    wb_out_end(&c->out);
    if (last.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, filter, last));
}
