/*
 * waybill tail logs. Lines come from StartLiveTail. What it leaves out (more than 500 a second),
 * and what was written while the server was away, is read with FilterLogEvents by the time of
 * arrival: everything that arrived at or after the last line of the last update. What is older than
 * LATE_MS when it arrives is not found that way, only by the stream.
 */
#include "base/seam.h"
#include "base/time.h"
#include "cli/tail.h"

#include <stdio.h>
#include <stdlib.h>

#define LATE_MS    300000
#define REMEMBER   600000 /* before the start: a server's clock may be behind */
#define GROUPS_MAX 10

struct line {
    struct wb_slice group, stream, text;
    int64_t ms, arrived_ms;
};

struct group { /* of which lines are read, page by page */
    struct wb_slice arn, name;
    struct wb_arena arena; /* of the page */
    struct wb_json_iter it;
    struct wb_slice token;
    struct line next;
    bool asked, any;
};

struct logs {
    struct tail *t;
    struct wb_arena arena;
    struct group group[GROUPS_MAX];
    size_t groups;
    const char *filter, *stream;
    int64_t since_ms;   /* < 0: nothing is to be read at the beginning */
    int64_t arrived_ms; /* what arrived before has been shown */
    struct tail_seen *seen;
    bool begun;
};

/* --- showing --- */

static bool show(const struct logs *l, const struct line *line, struct wb_arena *a)
{
    const struct tail *t = l->t;
    if (t->json) {
        struct wb_buf b = wb_buf_in(a);
        struct wb_json_writer w;
        wb_jw_init(&w, &b);
        wb_jw_object(&w);
        wb_jw_kstr(&w, "logGroupName", line->group);
        wb_jw_kstr(&w, "logStreamName", line->stream);
        wb_jw_ki64(&w, "timestamp", line->ms);
        wb_jw_ki64(&w, "ingestionTime", line->arrived_ms);
        wb_jw_kstr(&w, "message", line->text);
        wb_jw_end_object(&w);
        tail_json(t, wb_buf_slice(&b));
        return tail_end_line();
    }
    tail_time(t, line->ms);
    putchar(' ');
    if (l->groups > 1) {
        tail_text(t, TAIL_GREEN, line->group);
        putchar(' ');
    }
    tail_text(t, TAIL_CYAN, line->stream);
    putchar(' ');
    tail_text(t, TAIL_PLAIN, line->text);
    return tail_end_line();
}

static struct wb_slice key_of(struct wb_arena *a, const struct line *line)
{
    return wb_printf(a, "%.*s|%.*s|%lld|%lld|%.*s", WB_FMT(line->group), WB_FMT(line->stream),
                     (long long)line->ms, (long long)line->arrived_ms, WB_FMT(line->text));
}

/* --- reading --- */

static struct wb_slice page_request(struct wb_arena *a, const struct logs *l, const struct group *g,
                                    int64_t from_ms)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "logGroupIdentifier", g->arn);
    wb_jw_ki64(&w, "startTime", from_ms > 0 ? from_ms : 0);
    if (l->filter)
        wb_jw_kcstr(&w, "filterPattern", l->filter);
    if (l->stream)
        wb_jw_kcstr(&w, "logStreamNamePrefix", l->stream);
    if (g->token.n)
        wb_jw_kstr(&w, "nextToken", g->token);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* The group's next line, if there is any. */
static enum tail_result advance(struct logs *l, struct group *g, int64_t from_ms)
{
    while (!wb_json_next(&g->it)) {
        struct wb_aws_answer r;
        g->any = false;
        if (g->asked && !g->token.n)
            return TAIL_ON;
        struct wb_arena old = g->arena;
        wb_arena_init(&g->arena, 0);
        struct wb_slice input = page_request(&g->arena, l, g, from_ms);
        enum tail_result result = tail_ask(l->t, &g->arena, "logs", "FilterLogEvents", input, &r);
        wb_arena_release(&old);
        if (result != TAIL_ON)
            return result;
        g->asked = true;
        g->token = wb_json_get_str(r.json, "nextToken", &g->arena);
        g->it = wb_json_iter(wb_json_get(r.json, "events"));
    }
    struct wb_json v = g->it.value;
    g->any = true;
    g->next = (struct line){.group = g->name,
                            .stream = wb_json_get_str(v, "logStreamName", &g->arena),
                            .text = wb_json_get_str(v, "message", &g->arena),
                            .ms = wb_json_get_i64(v, "timestamp", 0),
                            .arrived_ms = wb_json_get_i64(v, "ingestionTime", 0)};
    return TAIL_ON;
}

static struct group *earliest(struct logs *l)
{
    struct group *first = NULL;
    for (size_t i = 0; i < l->groups; i++)
        if (l->group[i].any && (!first || l->group[i].next.ms < first->next.ms))
            first = &l->group[i];
    return first;
}

/* A line that was read: old ones cannot come by the stream as well. */
static bool wanted(struct logs *l, const struct line *line, int64_t arrived_ms, struct wb_arena *a)
{
    if (line->arrived_ms < arrived_ms)
        return false;
    return line->arrived_ms < l->arrived_ms - REMEMBER ||
           tail_seen_read(l->seen, key_of(a, line), line->arrived_ms);
}

/* All lines from a time on that arrived at or after another, in order of time. */
static enum tail_result read_from(struct logs *l, int64_t from_ms, int64_t arrived_ms)
{
    enum tail_result r = TAIL_ON;
    struct group *g;
    struct wb_arena a;
    tail_seen_reread(l->seen);
    for (size_t i = 0; i < l->groups && r == TAIL_ON; i++) {
        g = &l->group[i];
        g->it = wb_json_iter(WB_JSON_NONE);
        g->asked = g->any = false;
        g->token = WB_SLICE_NULL;
        r = advance(l, g, from_ms);
    }
    wb_arena_init(&a, 0);
    while (r == TAIL_ON && (g = earliest(l))) {
        wb_arena_reset(&a);
        if (wanted(l, &g->next, arrived_ms, &a) && !show(l, &g->next, &a))
            r = TAIL_FAILED;
        else
            r = advance(l, g, from_ms);
    }
    wb_arena_release(&a);
    return r;
}

static enum tail_result read_missed(struct logs *l)
{
    return read_from(l, l->arrived_ms - LATE_MS, l->arrived_ms);
}

/* --- the stream --- */

static enum tail_result show_results(struct logs *l, struct wb_json results, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(results);
    int64_t last = 0;
    while (wb_json_next(&it)) {
        struct wb_slice group = wb_json_get_str(it.value, "logGroupIdentifier", a);
        struct line line = {.stream = wb_json_get_str(it.value, "logStreamName", a),
                            .text = wb_json_get_str(it.value, "message", a),
                            .ms = wb_json_get_i64(it.value, "timestamp", 0),
                            .arrived_ms = wb_json_get_i64(it.value, "ingestionTime", 0)};
        ptrdiff_t colon = wb_slice_chr(group, ':', 0);
        line.group = colon < 0 ? group : wb_slice_sub(group, (size_t)colon + 1, group.n);
        last = line.arrived_ms;
        if (tail_seen_live(l->seen, key_of(a, &line), last) && !show(l, &line, a))
            return TAIL_FAILED;
    }
    if (last) { /* until the first line it is our own clock's */
        l->arrived_ms = last;
        tail_seen_forget(l->seen, last);
    }
    return TAIL_ON;
}

static enum tail_result event(void *arg, struct wb_slice name, struct wb_json v, struct wb_arena *a)
{
    struct logs *l = arg;
    enum tail_result r = TAIL_ON;
    if (wb_slice_is(name, "sessionStart")) {
        if (l->begun)
            r = read_missed(l);
        else if (l->since_ms >= 0)
            r = read_from(l, l->since_ms, INT64_MIN);
        l->begun |= r == TAIL_ON;
        return r;
    }
    if (wb_json_bool(wb_json_get(wb_json_get(v, "sessionMetadata"), "sampled"), false))
        r = read_missed(l); /* its results among it */
    return r == TAIL_ON ? show_results(l, wb_json_get(v, "sessionResults"), a) : r;
}

/* --- the command --- */

static bool account_of(struct tail *t, struct wb_arena *a, struct wb_slice *account)
{
    struct wb_aws_answer r;
    if (!wb_aws_query(t->ask, a, "sts", "2011-06-15", "GetCallerIdentity", NULL, 0, &r)) {
        tail_failure(t, &r);
        return false;
    }
    *account = wb_aws_xml(a, r.body, "Account");
    return true;
}

static const char *region(void)
{
    static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    for (size_t i = 0; i < 2; i++) {
        const char *v = getenv(names[i]);
        if (v && *v)
            return v;
    }
    return "us-east-1";
}

static bool read_groups(struct logs *l, char **group, size_t groups)
{
    struct wb_slice account = WB_SLICE_NULL;
    for (size_t i = 0; i < groups; i++) {
        struct group *g = &l->group[l->groups++];
        g->arn = g->name = wb_slice_str(group[i]);
        wb_arena_init(&g->arena, 0);
        ptrdiff_t at = wb_slice_find(g->name, WB_S(":log-group:"), 0);
        if (wb_slice_starts(g->name, WB_S("arn:")) && at > 0) {
            g->name = wb_slice_sub(g->name, (size_t)at + strlen(":log-group:"), g->name.n);
            continue;
        }
        if (!account.p && !account_of(l->t, &l->arena, &account))
            return false;
        g->arn = wb_printf(&l->arena, "arn:aws:logs:%s:%.*s:log-group:%s", region(),
                           WB_FMT(account), group[i]);
    }
    return true;
}

static struct wb_slice stream_request(struct logs *l)
{
    struct wb_buf b = wb_buf_in(&l->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "logGroupIdentifiers");
    wb_jw_array(&w);
    for (size_t i = 0; i < l->groups; i++)
        wb_jw_str(&w, l->group[i].arn);
    wb_jw_end_array(&w);
    if (l->filter)
        wb_jw_kcstr(&w, "logEventFilterPattern", l->filter);
    if (l->stream) {
        wb_jw_key(&w, "logStreamNamePrefixes");
        wb_jw_array(&w);
        wb_jw_cstr(&w, l->stream);
        wb_jw_end_array(&w);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

int tail_logs(struct tail *t, char **group, size_t groups, const char *filter, const char *stream,
              int64_t since_ms)
{
    struct logs l = {.t = t,
                     .filter = filter,
                     .stream = stream,
                     .since_ms = since_ms,
                     .arrived_ms = wb_seam_os()->wall_ms(wb_seam_os()),
                     .seen = tail_seen_new()};
    int rc = 1;
    wb_arena_init(&l.arena, 0);
    if (read_groups(&l, group, groups)) {
        struct tail_stream s = {.service = "logs",
                                .operation = "StartLiveTail",
                                .input = stream_request(&l),
                                .event = event,
                                .arg = &l};
        rc = tail_follow(t, &s);
    }
    for (size_t i = 0; i < l.groups; i++)
        wb_arena_release(&l.group[i].arena);
    wb_arena_release(&l.arena);
    tail_seen_free(l.seen);
    return rc;
}
