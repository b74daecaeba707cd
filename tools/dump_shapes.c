/*
 * Prints the operation tables as one JSON document: what the tools compare and document.
 *
 * With --match it reads pairs of lines, a pattern and a text, and prints 1 or 0 for each: whether
 * the text matches as it would in a request.
 */
#include "dump_needs.h"

#include "aws/op.h"
#include "aws/pattern.h"
#include "services/modules.h"
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 24

struct dump {
    struct wb_json_writer w;
    const struct wb_shape *open[DEPTH_MAX]; /* being printed: a shape may contain itself */
    unsigned depth;
};

static const char *const kinds[] = {"string",    "integer", "long", "double",    "boolean", "blob",
                                    "timestamp", "list",    "map",  "structure", "any"};
static const char *const places[] = {"body",    "uri",        "querystring", "header",
                                     "payload", "statusCode", "headers"};
static const char *const classes[] = {"read", "scan", "write", "async", "stream"};
static const char *const protocols[] = {"json 1.0", "json 1.1", "query", "rest-json", "rest-xml"};

static void put_shape(struct dump *d, const struct wb_shape *s);

static void put_strings(struct wb_json_writer *w, const char *name, const char *const *list)
{
    wb_jw_key(w, name);
    wb_jw_array(w);
    for (; *list; list++)
        wb_jw_cstr(w, *list);
    wb_jw_end_array(w);
}

static void put_text(struct wb_json_writer *w, const char *name, const char *text)
{
    if (text)
        wb_jw_kcstr(w, name, text);
}

static void put_members(struct dump *d, const struct wb_shape *s)
{
    wb_jw_key(&d->w, "members");
    wb_jw_array(&d->w);
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        wb_jw_object(&d->w);
        wb_jw_kcstr(&d->w, "name", m->name);
        wb_jw_kbool(&d->w, "required", m->required);
        wb_jw_kcstr(&d->w, "where", places[m->where]);
        put_text(&d->w, "wire", m->wire);
        if (m->attribute)
            wb_jw_kbool(&d->w, "attribute", true);
        wb_jw_key(&d->w, "shape");
        put_shape(d, m->shape);
        wb_jw_end_object(&d->w);
    }
    wb_jw_end_array(&d->w);
}

static bool is_open(const struct dump *d, const struct wb_shape *s)
{
    for (unsigned i = 0; i < d->depth; i++)
        if (d->open[i] == s)
            return true;
    return d->depth == DEPTH_MAX;
}

static void put_child(struct dump *d, const char *name, const struct wb_shape *s)
{
    if (!s)
        return;
    wb_jw_key(&d->w, name);
    put_shape(d, s);
}

static void put_shape(struct dump *d, const struct wb_shape *s)
{
    wb_jw_object(&d->w);
    wb_jw_kcstr(&d->w, "kind", kinds[s->kind]);
    put_text(&d->w, "name", s->name);
    if (is_open(d, s)) {
        wb_jw_kbool(&d->w, "recursive", true);
        wb_jw_end_object(&d->w);
        return;
    }
    d->open[d->depth++] = s;
    if (s->has_min)
        wb_jw_ki64(&d->w, "min", s->min);
    if (s->has_max)
        wb_jw_ki64(&d->w, "max", s->max);
    put_text(&d->w, "pattern", s->pattern_text ? s->pattern_text : s->pattern);
    put_text(&d->w, "matched", s->pattern);
    if (s->values)
        put_strings(&d->w, "enum", s->values);
    if (s->kind == WB_STRUCTURE)
        put_members(d, s);
    put_child(d, "element", s->elem);
    put_child(d, "key", s->key);
    put_text(&d->w, "itemName", s->item_name);
    put_text(&d->w, "keyName", s->key_name);
    put_text(&d->w, "valueName", s->value_name);
    if (s->flattened)
        wb_jw_kbool(&d->w, "flattened", true);
    if (s->sensitive)
        wb_jw_kbool(&d->w, "sensitive", true);
    d->depth--;
    wb_jw_end_object(&d->w);
}

static void put_operation(struct dump *d, const struct wb_service *s, const struct wb_op *op)
{
    struct wb_json_writer *w = &d->w;
    wb_jw_object(w);
    wb_jw_kcstr(w, "name", op->name);
    wb_jw_kcstr(w, "class", classes[op->class]);
    put_text(w, "http", op->http);
    wb_jw_ki64(w, "status", op->status ? op->status : 200);
    wb_jw_key(w, "action");
    struct wb_buf action = {0};
    if (op->action)
        wb_buf_str(&action, op->action);
    else
        wb_buf_printf(&action, "%s:%s", s->signing_name, op->name);
    wb_jw_str(w, wb_buf_slice(&action));
    wb_buf_release(&action);
    wb_jw_kbool(w, "unsigned", op->unsigned_ok);
    wb_jw_kbool(w, "alwaysAllowed", op->always_allowed);
    wb_jw_kbool(w, "namesResources", op->resources != NULL);
    wb_jw_kbool(w, "tellsConditions", op->conditions != NULL);
    if (op->condition_keys)
        put_strings(w, "conditionKeys", op->condition_keys);
    needs_put(w, s, op);
    put_child(d, "input", op->input);
    wb_jw_end_object(w);
}

static void put_service(struct dump *d, const struct wb_service *s)
{
    struct wb_json_writer *w = &d->w;
    wb_jw_object(w);
    wb_jw_kcstr(w, "name", s->name);
    put_text(w, "title", s->title);
    put_text(w, "model", s->model);
    put_text(w, "signingName", s->signing_name);
    wb_jw_kcstr(w, "protocol", protocols[s->protocol]);
    put_text(w, "target", s->target);
    put_text(w, "version", s->version);
    put_text(w, "xmlns", s->xmlns);
    wb_jw_key(w, "operations");
    wb_jw_array(w);
    for (size_t i = 0; i < s->op_count; i++)
        put_operation(d, s, &s->op[i]);
    wb_jw_end_array(w);
    wb_jw_end_object(w);
}

static struct wb_slice without_newline(char *line, ssize_t n)
{
    if (n > 0 && line[n - 1] == '\n')
        line[--n] = 0;
    return wb_slice(line, (size_t)n);
}

/* Patterns are remembered by their address, so each is kept until the end. */
static int match_lines(void)
{
    struct wb_arena a;
    char *line = NULL, *pattern = NULL;
    size_t cap = 0;
    ssize_t n;
    wb_arena_init(&a, 0);
    for (bool is_text = false; (n = getline(&line, &cap, stdin)) >= 0; is_text = !is_text) {
        struct wb_slice s = without_newline(line, n);
        if (is_text)
            printf("%d\n", wb_pattern_match(pattern, s));
        else if (!pattern || !wb_slice_is(s, pattern))
            pattern = wb_dup_cstr(&a, s);
    }
    free(line);
    wb_arena_release(&a);
    return fflush(stdout) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--match") == 0)
        return match_lines();
    struct wb_buf b = {0};
    struct dump d = {0};
    needs_open();
    wb_jw_init(&d.w, &b);
    wb_jw_array(&d.w);
    for (size_t i = 0; wb_modules[i]; i++)
        if (wb_modules[i]->service)
            put_service(&d, wb_modules[i]->service);
    wb_jw_end_array(&d.w);
    wb_buf_char(&b, '\n');
    needs_close();
    bool ok = fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0;
    wb_buf_release(&b);
    return ok ? 0 : 1;
}
