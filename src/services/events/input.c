#include "services/events/input.h"

#include "base/limits.h"
#include "base/time.h"

enum variable { BY_PATH, RULE_ARN, RULE_NAME, INGESTION_TIME, EVENT, EVENT_JSON };

/* Literal text, then a variable (but not after the last one). */
struct part {
    struct wb_slice text;
    bool has_variable, quoted;
    enum variable variable;
    const struct wb_path *path;
};

struct wb_input {
    enum { AS_IT_IS, CONSTANT, PATH, TEMPLATE } kind;
    struct wb_slice constant;
    struct wb_path *path;
    struct part *part;
    uint32_t part_count;
    bool json; /* the template is a JSON document, so the result has to be one */
};

bool wb_input_is_event(const struct wb_input *in)
{
    return in->kind == AS_IT_IS;
}

/* --- compiling --- */

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* The name between < and > at s[at]; the null slice when there is none. */
static struct wb_slice placeholder(struct wb_slice s, size_t at)
{
    size_t end = at + 1;
    while (end < s.n && name_char(s.p[end]))
        end++;
    if (end == at + 1 || end == s.n || s.p[end] != '>')
        return WB_SLICE_NULL;
    return wb_slice_sub(s, at + 1, end);
}

static bool resolve(struct wb_arena *a, struct wb_slice name, struct wb_json paths, struct part *p)
{
    static const struct {
        const char *name;
        enum variable variable;
    } known[] = {{"aws.events.rule-arn", RULE_ARN},
                 {"aws.events.rule-name", RULE_NAME},
                 {"aws.events.event.ingestion-time", INGESTION_TIME},
                 {"aws.events.event", EVENT},
                 {"aws.events.event.json", EVENT_JSON}};
    struct wb_json path = wb_json_get_slice(paths, name);
    p->has_variable = true;
    if (wb_json_is(path)) {
        p->variable = BY_PATH;
        p->path = wb_path_compile(a, wb_json_str(path, a));
        return p->path != NULL;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (wb_slice_is(name, known[i].name)) {
            p->variable = known[i].variable;
            return true;
        }
    }
    return false;
}

static bool template(struct wb_arena *a, struct wb_input *in, struct wb_json t, struct wb_slice id,
                     struct wb_slice *why)
{
    struct wb_slice s = wb_dup(a, wb_json_get_str(t, "InputTemplate", a));
    struct wb_json paths = wb_json_get(t, "InputPathsMap");
    struct wb_json_iter it = wb_json_iter(paths);
    while (wb_json_next(&it)) {
        if (!wb_path_compile(a, wb_json_str(it.value, a))) {
            *why = wb_printf(a, "InputPath for target %.*s is invalid.", WB_FMT(id));
            return false;
        }
    }
    size_t holes = 1, from = 0;
    for (size_t i = 0; i < s.n; i++)
        holes += s.p[i] == '<';
    in->kind = TEMPLATE;
    in->part = wb_new_n(a, struct part, holes);
    struct wb_slice trimmed = s;
    while (trimmed.n && (trimmed.p[0] == ' ' || trimmed.p[0] == '\n' || trimmed.p[0] == '\t' ||
                         trimmed.p[0] == '\r'))
        trimmed = wb_slice_sub(trimmed, 1, trimmed.n);
    in->json = trimmed.n && (trimmed.p[0] == '{' || trimmed.p[0] == '[');
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && quoted) {
            i++;
            continue;
        }
        quoted ^= s.p[i] == '"';
        struct wb_slice name = s.p[i] == '<' ? placeholder(s, i) : WB_SLICE_NULL;
        if (!name.p)
            continue;
        struct part *p = &in->part[in->part_count++];
        *p = (struct part){.text = wb_slice_sub(s, from, i), .quoted = quoted};
        if (!resolve(a, name, paths, p)) {
            *why = wb_printf(a, "InputTemplate for target %.*s contains invalid placeholder %.*s.",
                             WB_FMT(id), WB_FMT(name));
            return false;
        }
        from = i + name.n + 2;
        i = from - 1;
    }
    in->part[in->part_count++] = (struct part){.text = wb_slice_sub(s, from, s.n)};
    return true;
}

struct wb_input *wb_input_compile(struct wb_arena *a, struct wb_json target, struct wb_slice *why)
{
    struct wb_input *in = wb_new(a, struct wb_input);
    struct wb_json constant = wb_json_get(target, "Input"), path = wb_json_get(target, "InputPath");
    struct wb_json t = wb_json_get(target, "InputTransformer");
    struct wb_slice id = wb_json_get_str(target, "Id", a);
    if (wb_json_is(constant) + wb_json_is(path) + wb_json_is(t) > 1) {
        *why = wb_printf(a,
                         "Only one of Input, InputPath, or InputTransformer must be provided for "
                         "target %.*s.",
                         WB_FMT(id));
        return NULL;
    }
    if (wb_json_is(constant)) {
        in->kind = CONSTANT;
        in->constant = wb_dup(a, wb_json_str(constant, a));
        if (!wb_json_is(wb_json_read(a, in->constant, NULL))) {
            *why = wb_printf(a, "JSON syntax error in input for target %.*s.", WB_FMT(id));
            return NULL;
        }
    } else if (wb_json_is(path)) {
        in->kind = PATH;
        in->path = wb_path_compile(a, wb_json_str(path, a));
        if (!in->path) {
            *why = wb_printf(a, "InputPath for target %.*s is invalid.", WB_FMT(id));
            return NULL;
        }
    } else if (wb_json_is(t) && !template(a, in, t, id, why)) {
        return NULL;
    }
    return in;
}

/* --- making --- */

static struct wb_json document(struct wb_input_event *e, struct wb_arena *a)
{
    if (!wb_json_is(e->document))
        e->document = wb_json_read(a, e->text, NULL);
    return e->document;
}

/* The event without its detail, the detail type under another name. */
static struct wb_slice short_event(struct wb_json event, struct wb_arena *a)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(event);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, a);
        if (wb_slice_is(name, "detail"))
            continue;
        wb_jw_key_slice(&w, wb_slice_is(name, "detail-type") ? WB_S("detailType") : name);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static struct wb_slice quoted_text(struct wb_slice s, struct wb_arena *a)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, s);
    return wb_buf_slice(&b);
}

/* JSON text of a variable; null when it leads nowhere. */
static struct wb_slice value_of(const struct part *p, struct wb_input_event *e, struct wb_arena *a)
{
    switch (p->variable) {
    case RULE_ARN:
        return quoted_text(e->rule_arn, a);
    case RULE_NAME:
        return quoted_text(e->rule_name, a);
    case INGESTION_TIME:
        return quoted_text(wb_time_str(a, e->ingestion_ms, WB_TIME_ISO_MS), a);
    case EVENT:
        return short_event(document(e, a), a);
    case EVENT_JSON:
        return e->text;
    default:
        return wb_path_find(p->path, document(e, a), a);
    }
}

/* Objects and lists in a text: the same without the quotes of keys and strings. Text inside a
 * string stays escaped, so that the whole stays a JSON string. */
static void put_unquoted(struct wb_buf *b, struct wb_json v)
{
    struct wb_slice raw = wb_json_raw(v);
    struct wb_json_iter it = wb_json_iter(v);
    bool object = wb_json_type(v) == WB_JSON_OBJECT, first = true;
    if (wb_json_type(v) == WB_JSON_STRING) {
        wb_buf_put(b, raw.p + 1, raw.n - 2);
    } else if (object || wb_json_type(v) == WB_JSON_ARRAY) {
        wb_buf_char(b, object ? '{' : '[');
        for (; wb_json_next(&it); first = false) {
            if (!first)
                wb_buf_char(b, ',');
            if (object) {
                put_unquoted(b, it.key);
                wb_buf_char(b, ':');
            }
            put_unquoted(b, it.value);
        }
        wb_buf_char(b, object ? '}' : ']');
    } else {
        wb_buf_slice_put(b, raw);
    }
}

static void put_variable(const struct wb_input *in, const struct part *p, struct wb_input_event *e,
                         struct wb_arena *a, struct wb_buf *b)
{
    struct wb_slice v = value_of(p, e, a);
    if (!p->quoted) {
        wb_buf_slice_put(b, v.p ? v : WB_S("\"\""));
        return;
    }
    if (!v.p)
        return;
    if (in->json && v.p[0] != '"') /* an object or list here breaks the JSON, as it does on AWS */
        wb_buf_slice_put(b, v);
    else
        put_unquoted(b, wb_json_read(a, v, NULL));
}

bool wb_input_make(const struct wb_input *in, struct wb_input_event *e, struct wb_arena *a,
                   struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(a);
    switch (in->kind) {
    case AS_IT_IS:
        *out = e->text;
        return true;
    case CONSTANT:
        *out = in->constant;
        return true;
    case PATH:
        *out = wb_path_find(in->path, document(e, a), a);
        if (!out->p)
            *out = WB_S("null");
        return true;
    default:
        break;
    }
    for (uint32_t i = 0; i < in->part_count; i++) {
        wb_buf_slice_put(&b, in->part[i].text);
        if (in->part[i].has_variable)
            put_variable(in, &in->part[i], e, a, &b);
    }
    *out = b.n ? wb_buf_slice(&b) : WB_S("");
    return !in->json || wb_json_is(wb_json_read(a, *out, NULL));
}
