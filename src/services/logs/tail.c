/* StartLiveTail: the lines of up to ten groups as they are committed (engine/tail.h). */
#include "engine/tail.h"
#include "base/ids.h"
#include "services/logs/logs.h"
#include "services/logs/pattern.h"
#include <stdio.h>

struct session {
    struct logs_pattern *pattern;
    struct wb_slice *stream; /* names, or prefixes of names */
    size_t streams;
    bool prefixes;
    struct wb_slice request_id, id;
    struct wb_slice groups, names, starts, text; /* of the request, JSON or null */
};

static bool stream_wanted(const struct session *s, struct wb_slice name)
{
    for (size_t i = 0; i < s->streams; i++)
        if (s->prefixes ? wb_slice_starts(name, s->stream[i]) : wb_slice_eq(name, s->stream[i]))
            return true;
    return s->streams == 0;
}

static void out_line(struct wb_json_writer *w, const struct wb_feed_item *i, int64_t time_ms,
                     struct wb_slice text)
{
    char group[WB_LOGS_GROUP_ID_MAX];
    int n = snprintf(group, sizeof group, "%.*s:%.*s", WB_FMT(i->account), WB_FMT(i->name));
    wb_jw_object(w);
    wb_jw_kstr(w, "logStreamName", i->part);
    wb_jw_kstr(w, "logGroupIdentifier", wb_slice(group, (size_t)n));
    wb_jw_kstr(w, "message", text);
    wb_jw_ki64(w, "timestamp", time_ms);
    wb_jw_ki64(w, "ingestionTime", i->time_ms);
    wb_jw_end_object(w);
}

static void look(struct wb_tail *t, const struct wb_feed_item *i)
{
    const struct session *s = t->state;
    struct wb_rd r = wb_rd(i->body);
    struct wb_json_writer *w;
    if (!stream_wanted(s, i->part))
        return;
    while (r.p < r.end && !r.bad) {
        int64_t time_ms = (int64_t)wb_rd_le64(&r);
        struct wb_slice text = wb_rd_lp(&r);
        wb_arena_reset(&t->scratch);
        if (r.bad || !logs_pattern_match(s->pattern, &t->scratch, text))
            continue;
        if (!(w = wb_tail_result(t)))
            return;
        out_line(w, i, time_ms, text);
    }
}

static void put_start(struct wb_tail *t, struct wb_json_writer *w, uint64_t from)
{
    const struct session *s = t->state;
    const struct wb_pair list[] = {{WB_S("logGroupIdentifiers"), s->groups},
                                   {WB_S("logStreamNames"), s->names},
                                   {WB_S("logStreamNamePrefixes"), s->starts}};
    wb_jw_kstr(w, "requestId", s->request_id);
    wb_jw_kstr(w, "sessionId", s->id);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        wb_jw_kraw(w, list[i].name.p, list[i].value.p ? list[i].value : WB_S("[]"));
    wb_jw_kstr(w, "logEventFilterPattern", s->text);
}

static void put_update(struct wb_tail *t, struct wb_json_writer *w, const struct wb_tail_update *u)
{
    wb_jw_key(w, "sessionMetadata");
    wb_jw_object(w);
    wb_jw_kbool(w, "sampled", u->left_out);
    wb_jw_end_object(w);
    wb_jw_kraw(w, "sessionResults", wb_buf_slice(&u->results));
}

static const struct wb_tail_kind kind = {.feed = WB_FEED_LINES,
                                         .start = "sessionStart",
                                         .update = "sessionUpdate",
                                         .put_start = put_start,
                                         .look = look,
                                         .put_update = put_update};

/* --- the call --- */

/* The names of the groups; NULL: the call has failed. */
static struct wb_slice *read_groups(struct wb_call *c, struct wb_json ids)
{
    struct wb_slice *name = wb_new_n(c->arena, struct wb_slice, wb_json_count(ids));
    struct wb_json_iter it = wb_json_iter(ids);
    struct wb_log_group g;
    struct wb_arn r;
    for (size_t n = 0; wb_json_next(&it); n++) {
        struct wb_slice id = wb_json_str(it.value, c->arena);
        name[n] = logs_arn_name(id);
        if (!name[n].p || !wb_arn_parse(id, &r)) {
            logs_invalid(c, "Each of logGroupIdentifiers must be the ARN of a log group.");
            return NULL;
        }
        if (!wb_slice_eq(r.account, c->ctx.account) || !wb_slice_eq(r.region, c->ctx.region) ||
            !wb_log_group_read(c->tx, r.account, r.region, name[n], &g)) {
            logs_no_group(c);
            return NULL;
        }
    }
    return name;
}

static bool check_streams(struct wb_call *c, size_t groups)
{
    bool names = wb_json_count(wb_in(c, "logStreamNames")),
         prefixes = wb_json_count(wb_in(c, "logStreamNamePrefixes"));
    if (names && prefixes)
        logs_invalid(c, "logStreamNames and logStreamNamePrefixes are mutually exclusive.");
    else if ((names || prefixes) && groups > 1)
        logs_invalid(c, "logStreamNames and logStreamNamePrefixes can only be given with a single "
                        "log group.");
    return !wb_failed(c);
}

static struct wb_slice raw(struct wb_arena *a, struct wb_json v)
{
    return wb_json_is(v) ? wb_dup(a, wb_json_raw(v)) : WB_SLICE_NULL;
}

static struct session *session_new(struct wb_call *c, struct wb_arena *a)
{
    struct session *s = wb_new(a, struct session);
    struct wb_json names = wb_in(c, "logStreamNames"), starts = wb_in(c, "logStreamNamePrefixes");
    s->prefixes = wb_json_count(starts);
    struct wb_json_iter it = wb_json_iter(s->prefixes ? starts : names);
    s->stream = wb_new_n(a, struct wb_slice, wb_json_count(starts) + wb_json_count(names));
    while (wb_json_next(&it))
        s->stream[s->streams++] = wb_dup(a, wb_json_str(it.value, c->arena));
    s->request_id = wb_dup(a, c->ctx.request_id);
    s->id = wb_id_uuid(a, wb_engine_seam(c->engine));
    s->groups = raw(a, wb_in(c, "logGroupIdentifiers"));
    s->names = raw(a, names);
    s->starts = raw(a, starts);
    struct wb_slice text = wb_in_str(c, "logEventFilterPattern");
    s->text = wb_dup(a, text.p ? text : WB_S(""));
    s->pattern = logs_pattern_compile(a, s->text);
    return s;
}

void logs_start_live_tail(struct wb_call *c)
{
    struct wb_json ids = wb_in(c, "logGroupIdentifiers");
    struct wb_slice text = wb_in_str(c, "logEventFilterPattern"), *name;
    size_t groups = wb_json_count(ids);
    if (text.p && !logs_pattern_compile(c->arena, text)) {
        logs_invalid(c, "Invalid filter pattern");
        return;
    }
    if (!check_streams(c, groups) || !(name = read_groups(c, ids)))
        return;
    struct wb_tail *t = wb_tail_new(c, &kind);
    struct wb_slice *kept = wb_new_n(&t->arena, struct wb_slice, groups);
    for (size_t i = 0; i < groups; i++)
        kept[i] = wb_dup(&t->arena, name[i]);
    t->state = session_new(c, &t->arena);
    wb_tail_begin(c, t, wb_dup(&t->arena, c->ctx.account), wb_dup(&t->arena, c->ctx.region), kept,
                  groups);
}
