/*
 * The fields of an event (CloudWatch Logs User Guide, "Supported logs and discovered fields"):
 * those that every event has, those of Lambda's own lines, and what a line of JSON has, lists and
 * maps within one another spoken of by dots and numbers.
 *
 * Nothing is made in advance: a line is parsed when the first of its fields is asked for.
 */
#include "codec/text.h"
#include "services/logs/insights_impl.h"

/* --- JSON --- */

static struct wb_json item_at(struct wb_json v, struct wb_slice index)
{
    uint64_t i;
    bool canonical = index.n == 1 || (index.n && index.p[0] != '0');
    return canonical && wb_slice_u64(index, &i) && i < wb_json_count(v)
               ? wb_json_item(v, (uint32_t)i)
               : WB_JSON_NONE;
}

/* A name within an object may have dots itself. */
struct wb_json ins_path(struct wb_json v, struct wb_slice path, struct wb_arena *a)
{
    struct wb_json found = WB_JSON_NONE;
    if (wb_json_type(v) == WB_JSON_ARRAY) {
        struct wb_slice rest = path, index = wb_slice_cut(&rest, '.');
        v = item_at(v, index);
        return rest.p && wb_json_is(v) ? ins_path(v, rest, a) : v;
    }
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_type(v) == WB_JSON_OBJECT && wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, a);
        if (key.n > path.n || memcmp(key.p, path.p, key.n) != 0)
            continue;
        struct wb_json here = WB_JSON_NONE;
        if (key.n == path.n)
            here = it.value;
        else if (path.p[key.n] == '.')
            here = ins_path(it.value, wb_slice_sub(path, key.n + 1, path.n), a);
        if (wb_json_is(here))
            found = here;
    }
    return found;
}

/* Where the object that begins at `from` ends; 0: it does not. */
static size_t object_end(struct wb_slice s, size_t from)
{
    unsigned depth = 0;
    for (size_t i = from; i < s.n; i++) {
        if (s.p[i] == '"') {
            while (++i < s.n && s.p[i] != '"')
                i += s.p[i] == '\\';
        } else if (s.p[i] == '{') {
            depth++;
        } else if (s.p[i] == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static bool of_lambda(const struct insights_event *e)
{
    return wb_slice_starts(e->group->name, WB_S("/aws/lambda/"));
}

/* The line as an object; in Lambda's groups the first object in the line. */
static void look_json(struct ins_line *l)
{
    struct wb_slice s = l->event->text;
    size_t at = 0, end = s.n;
    l->json_looked = true;
    l->json = WB_JSON_NONE;
    while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t' || s.p[at] == '\r' || s.p[at] == '\n'))
        at++;
    if (at < s.n && s.p[at] != '{' && of_lambda(l->event)) {
        ptrdiff_t brace = wb_slice_chr(s, '{', at);
        at = brace < 0 ? s.n : (size_t)brace;
        end = brace < 0 ? s.n : object_end(s, at);
    }
    if (at < end && s.p[at] == '{' &&
        wb_json_parse(&l->doc, l->a, wb_slice_sub(s, at, end), 0, NULL))
        l->json = wb_json_root(&l->doc);
}

static bool container(const struct wb_json_node *n)
{
    return n->type == WB_JSON_ARRAY || n->type == WB_JSON_OBJECT;
}

/* Only the first so many fields of a line are found. */
static bool too_late(const struct wb_json_doc *doc, uint32_t at)
{
    uint32_t fields = 0;
    if (at < WB_INSIGHTS_FIELDS_MAX)
        return false;
    struct { /* objects that are open */
        uint32_t end;
        bool object;
    } open[WB_JSON_DEPTH_MAX + 1];
    unsigned depth = 0;
    bool key = false;
    for (uint32_t i = 0; i <= at && i < doc->count; i++) {
        while (depth && open[depth - 1].end == i)
            depth--;
        const struct wb_json_node *n = &doc->node[i];
        if (depth && open[depth - 1].object && !key) {
            key = true; /* a name; its value follows */
            continue;
        }
        key = false;
        if (container(n)) {
            open[depth].end = n->next;
            open[depth++].object = n->type == WB_JSON_OBJECT;
        } else {
            fields++;
        }
    }
    return fields > WB_INSIGHTS_FIELDS_MAX;
}

static struct ins_value json_field(struct ins_line *l, struct wb_slice path)
{
    if (!l->json_looked)
        look_json(l);
    struct wb_json v = wb_json_is(l->json) ? ins_path(l->json, path, l->a) : WB_JSON_NONE;
    if (!wb_json_is(v) || too_late(&l->doc, v.at))
        return INS_MISSING;
    return ins_of_json(v, l->a, false);
}

/* --- Lambda --- */

enum lambda {
    L_TYPE,
    L_REQUEST,
    L_DURATION,
    L_BILLED,
    L_MEMORY,
    L_USED,
    L_INIT,
    L_TRACE,
    L_SEGMENT,
};
static const char *const lambda_name[INS_LAMBDA_FIELDS] = {
    "@type",          "@requestId",    "@duration",    "@billedDuration", "@memorySize",
    "@maxMemoryUsed", "@initDuration", "@xrayTraceId", "@xraySegmentId"};

static bool is_uuid(struct wb_slice s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], low = (char)(c | 0x20);
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (low >= 'a' && low <= 'f')))
            return false;
    }
    return true;
}

/* One "Name: value unit" of a REPORT line. MB are of a million bytes, as Insights counts them. */
static void report_part(struct ins_line *l, struct wb_slice part)
{
    static const struct {
        const char *name, *unit;
        enum lambda which;
        double times; /* 0: text */
    } parts[] = {
        {"Duration: ", " ms", L_DURATION, 1},      {"Billed Duration: ", " ms", L_BILLED, 1},
        {"Init Duration: ", " ms", L_INIT, 1},     {"Memory Size: ", " MB", L_MEMORY, 1e6},
        {"Max Memory Used: ", " MB", L_USED, 1e6}, {"XRAY TraceId: ", "", L_TRACE, 0},
        {"SegmentId: ", "", L_SEGMENT, 0},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct wb_slice name = wb_slice_str(parts[i].name), unit = wb_slice_str(parts[i].unit);
        double d;
        if (!wb_slice_starts(part, name) || !wb_slice_ends(part, unit))
            continue;
        struct wb_slice value = wb_slice_sub(part, name.n, part.n - unit.n);
        if (parts[i].times == 0)
            l->lambda[parts[i].which] = ins_text(value);
        else if (ins_parse_number(value, &d))
            l->lambda[parts[i].which] = ins_number(d * parts[i].times);
        return;
    }
}

static void look_report(struct ins_line *l, struct wb_slice rest)
{
    for (size_t at = 0; at < rest.n;) {
        size_t from = at;
        while (at < rest.n && rest.p[at] != '\t' && rest.p[at] != '\n')
            at++;
        report_part(l, wb_slice_trim(wb_slice_sub(rest, from, at)));
        at++;
    }
}

/* What a function writes by its runtime's logger has the request's id between tabs. */
static void look_own(struct ins_line *l, struct wb_slice s)
{
    for (unsigned i = 0; i < 4 && s.p; i++) {
        struct wb_slice part = wb_slice_cut(&s, '\t');
        if (is_uuid(part)) {
            l->lambda[L_REQUEST] = ins_text(part);
            return;
        }
    }
}

static void look_lambda(struct ins_line *l)
{
    static const char *const types[] = {"START", "END", "REPORT"};
    struct wb_slice s = l->event->text;
    l->lambda_looked = true;
    memset(l->lambda, 0, sizeof l->lambda);
    for (size_t i = 0; i < 3; i++) {
        struct wb_slice type = wb_slice_str(types[i]), mark = WB_S(" RequestId: ");
        if (!wb_slice_starts(s, type) || !wb_slice_starts(wb_slice_sub(s, type.n, s.n), mark))
            continue;
        struct wb_slice id = wb_slice_sub(s, type.n + mark.n, type.n + mark.n + 36);
        if (!is_uuid(id))
            return;
        l->lambda[L_TYPE] = ins_text(type);
        l->lambda[L_REQUEST] = ins_text(id);
        if (i == 2)
            look_report(l, wb_slice_sub(s, type.n + mark.n + id.n, s.n));
        return;
    }
    if (wb_slice_starts(s, WB_S("INIT_START ")))
        l->lambda[L_TYPE] = ins_text(WB_S("INIT_START"));
    else if (of_lambda(l->event))
        look_own(l, s);
}

/* --- all --- */

void ins_source_of(struct wb_slice name, struct ins_slot *out)
{
    static const struct {
        const char *name;
        enum ins_source source;
    } own[] = {{"@timestamp", SRC_TIMESTAMP},
               {"@ingestionTime", SRC_INGESTED},
               {"@message", SRC_MESSAGE},
               {"@logStream", SRC_STREAM},
               {"@log", SRC_LOG},
               {"@ptr", SRC_PTR}};
    *out = (struct ins_slot){.name = name, .source = SRC_JSON, .path = name};
    if (name.n == 0 || name.p[0] != '@')
        return;
    out->source = SRC_NOTHING;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (wb_slice_is(name, own[i].name))
            out->source = own[i].source;
    for (unsigned i = 0; i < INS_LAMBDA_FIELDS; i++)
        if (wb_slice_is(name, lambda_name[i])) {
            out->source = SRC_LAMBDA;
            out->lambda = i;
        }
    if (wb_slice_starts(name, WB_S("@@"))) { /* a field of the line that begins with an @ itself */
        out->source = SRC_JSON;
        out->path = wb_slice_sub(name, 1, name.n);
    }
}

struct ins_value ins_fetch(struct ins_line *l, const struct ins_slot *s)
{
    const struct insights_event *e = l->event;
    switch (s->source) {
    case SRC_JSON:
        return json_field(l, s->path);
    case SRC_LAMBDA:
        if (!l->lambda_looked)
            look_lambda(l);
        return l->lambda[s->lambda];
    case SRC_TIMESTAMP:
        return ins_time((double)e->at.time_ms);
    case SRC_INGESTED:
        return ins_time((double)e->ingested_ms);
    case SRC_MESSAGE:
        return ins_text(e->text);
    case SRC_STREAM:
        return ins_text(e->stream);
    case SRC_LOG:
        return ins_text(
            wb_printf(l->a, "%.*s:%.*s", WB_FMT(e->group->account), WB_FMT(e->group->name)));
    case SRC_PTR:
        return ins_text(insights_pointer(l->a, e));
    default:
        return INS_MISSING;
    }
}

/* --- all fields of an event --- */

struct told {
    struct ins_line *line;
    insights_field_fn *fn;
    void *arg;
    unsigned count;
};

static void tell_json(struct told *t, struct wb_slice name, struct wb_json v)
{
    struct wb_arena *a = t->line->a;
    enum wb_json_type type = wb_json_type(v);
    if (type != WB_JSON_OBJECT && type != WB_JSON_ARRAY) {
        struct ins_value value = ins_of_json(v, a, false);
        if (++t->count <= WB_INSIGHTS_FIELDS_MAX && value.kind != INS_NONE)
            t->fn(t->arg, name, ins_show(a, &value));
        return;
    }
    struct wb_json_iter it = wb_json_iter(v);
    for (uint32_t i = 0; wb_json_next(&it) && t->count < WB_INSIGHTS_FIELDS_MAX; i++) {
        struct wb_slice key =
            type == WB_JSON_ARRAY ? wb_printf(a, "%u", i) : wb_json_str(it.key, a);
        if (name.n)
            key = wb_printf(a, "%.*s.%.*s", WB_FMT(name), WB_FMT(key));
        else if (key.n && key.p[0] == '@')
            key = wb_printf(a, "@%.*s", WB_FMT(key));
        tell_json(t, key, it.value);
    }
}

void insights_fields(struct wb_arena *scratch, const struct insights_event *e,
                     insights_field_fn *fn, void *arg)
{
    struct ins_line line = {.event = e, .a = scratch};
    struct told t = {&line, fn, arg, 0};
    fn(arg, WB_S("@timestamp"), wb_printf(scratch, "%lld", (long long)e->at.time_ms));
    fn(arg, WB_S("@ingestionTime"), wb_printf(scratch, "%lld", (long long)e->ingested_ms));
    fn(arg, WB_S("@message"), e->text);
    fn(arg, WB_S("@logStream"), e->stream);
    fn(arg, WB_S("@log"),
       wb_printf(scratch, "%.*s:%.*s", WB_FMT(e->group->account), WB_FMT(e->group->name)));
    look_lambda(&line);
    for (unsigned i = 0; i < INS_LAMBDA_FIELDS; i++)
        if (line.lambda[i].kind != INS_NONE)
            fn(arg, wb_slice_str(lambda_name[i]), ins_show(scratch, &line.lambda[i]));
    look_json(&line);
    if (wb_json_is(line.json))
        tell_json(&t, WB_SLICE_NULL, line.json);
}

/* --- @ptr --- */

#define POINTER_VERSION 1

struct wb_slice insights_pointer(struct wb_arena *a, const struct insights_event *e)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, POINTER_VERSION);
    wb_buf_le64(&b, (uint64_t)e->at.time_ms);
    wb_buf_le64(&b, e->at.stamp);
    wb_buf_le32(&b, e->at.index);
    wb_buf_lp(&b, e->group->account);
    wb_buf_lp(&b, e->group->region);
    wb_buf_lp(&b, e->group->name);
    wb_buf_lp(&b, e->stream);
    return wb_base64_encode(a, wb_buf_slice(&b));
}

bool insights_pointer_read(struct wb_arena *a, struct wb_slice pointer, struct insights_group *g,
                           struct wb_slice *stream, struct wb_log_place *at)
{
    struct wb_slice bytes;
    if (!wb_base64_decode(a, pointer, &bytes))
        return false;
    struct wb_rd r = wb_rd(bytes);
    if (wb_rd_u8(&r) != POINTER_VERSION)
        return false;
    at->time_ms = (int64_t)wb_rd_le64(&r);
    at->stamp = wb_rd_le64(&r);
    at->index = wb_rd_le32(&r);
    *g = (struct insights_group){.account = wb_rd_lp(&r), .region = wb_rd_lp(&r)};
    g->name = wb_rd_lp(&r);
    *stream = wb_rd_lp(&r);
    return wb_rd_done(&r) && at->time_ms >= 0;
}
