/* Segment documents (Developer Guide, "AWS X-Ray segment documents"): what is accepted. */
#include "services/xray/xray.h"

#define DEPTH_MAX 40

struct counts {
    size_t annotations;
};

static bool flags_good(struct wb_json doc)
{
    static const char *const flags[] = {"fault", "error", "throttle", "in_progress"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        enum wb_json_type t = wb_json_type(wb_json_get(doc, flags[i]));
        if (t != WB_JSON_MISSING && t != WB_JSON_NULL && t != WB_JSON_TRUE && t != WB_JSON_FALSE)
            return false;
    }
    return true;
}

static bool name_good(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ')
            return false;
    return s.n > 0 && s.n <= 4 * 200;
}

static bool annotations_good(struct wb_json all, struct counts *n)
{
    enum wb_json_type t = wb_json_type(all);
    struct wb_json_iter it = wb_json_iter(all);
    if (t != WB_JSON_OBJECT)
        return t == WB_JSON_MISSING || t == WB_JSON_NULL;
    n->annotations += wb_json_count(all);
    while (wb_json_next(&it)) {
        t = wb_json_type(it.value);
        if (t == WB_JSON_OBJECT || t == WB_JSON_ARRAY)
            return false;
    }
    return true;
}

/* start_time, and either end_time or in_progress. */
static const char *times_wrong(struct wb_json doc, bool *in_progress)
{
    double start, end;
    *in_progress = wb_json_bool(wb_json_get(doc, "in_progress"), false);
    if (!wb_json_double(wb_json_get(doc, "start_time"), &start))
        return "MissingStartTime";
    if (start < 0 || start > 1e11)
        return "InvalidStartTime";
    if (!wb_json_is(wb_json_get(doc, "end_time")))
        return *in_progress ? NULL : "MissingEndTime";
    if (!wb_json_double(wb_json_get(doc, "end_time"), &end) || end < start || end > 1e11)
        return "InvalidEndTime";
    return NULL;
}

static const char *entity_wrong(struct wb_arena *a, struct wb_json doc, struct counts *n,
                                unsigned depth, bool *in_progress);

static const char *children_wrong(struct wb_arena *a, struct wb_json doc, struct counts *n,
                                  unsigned depth)
{
    struct wb_json list = wb_json_get(doc, "subsegments");
    enum wb_json_type t = wb_json_type(list);
    struct wb_json_iter it = wb_json_iter(list);
    bool in_progress;
    if (t != WB_JSON_MISSING && t != WB_JSON_NULL && t != WB_JSON_ARRAY)
        return "ParseError";
    while (wb_json_next(&it)) {
        const char *why = depth >= DEPTH_MAX
                              ? "ParseError"
                              : entity_wrong(a, it.value, n, depth + 1, &in_progress);
        if (why)
            return why;
    }
    return NULL;
}

static const char *entity_wrong(struct wb_arena *a, struct wb_json doc, struct counts *n,
                                unsigned depth, bool *in_progress)
{
    struct wb_slice id = wb_json_get_str(doc, "id", a);
    if (wb_json_type(doc) != WB_JSON_OBJECT || !flags_good(doc))
        return "ParseError";
    if (!id.n)
        return "MissingId";
    if (!wb_span_id_valid(id))
        return "InvalidId";
    if (!wb_json_is(wb_json_get(doc, "name")))
        return "MissingName";
    if (!name_good(wb_json_get_str(doc, "name", a)))
        return "InvalidName";
    if (!annotations_good(wb_json_get(doc, "annotations"), n))
        return "InvalidAnnotations";
    const char *why = times_wrong(doc, in_progress);
    return why ? why : children_wrong(a, doc, n, depth);
}

static const char *trace_id_wrong(struct wb_slice id, int64_t now_ms)
{
    int64_t began;
    if (!id.n)
        return "MissingTraceId";
    if (!wb_trace_id_time(id, &began) || began > now_ms + WB_XRAY_FUTURE_MS ||
        began < now_ms - WB_TRACE_DAYS * 86400000LL)
        return "InvalidTraceId";
    return NULL;
}

const char *xray_segment_check(struct wb_arena *a, struct wb_slice document, int64_t now_ms,
                               struct xray_segment *s)
{
    struct wb_json doc = wb_json_read(a, document, NULL);
    struct counts n = {0};
    *s = (struct xray_segment){.id = wb_json_get_str(doc, "id", a),
                               .trace_id = wb_json_get_str(doc, "trace_id", a)};
    if (document.n > WB_XRAY_DOCUMENT_MAX)
        return "SegmentSizeExceeded";
    if (wb_json_type(doc) != WB_JSON_OBJECT)
        return "ParseError";
    struct wb_slice type = wb_json_get_str(doc, "type", a),
                    parent = wb_json_get_str(doc, "parent_id", a);
    bool sub = wb_slice_is(type, "subsegment");
    const char *why = trace_id_wrong(s->trace_id, now_ms);
    if (!why)
        why = entity_wrong(a, doc, &n, 0, &s->in_progress);
    if (!why && type.p && !sub)
        why = "InvalidType";
    if (!why && sub && !parent.n)
        why = "MissingParentId";
    if (!why && parent.n && !wb_span_id_valid(parent))
        why = "InvalidParentId";
    if (!why && n.annotations > WB_XRAY_ANNOTATIONS_MAX)
        why = "TooManyAnnotations";
    return why;
}
