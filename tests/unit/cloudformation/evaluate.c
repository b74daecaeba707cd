/*
 * Evaluates templates, for the tests that compare with other evaluators: one request a line on
 * standard input, one answer a line on standard output.
 *
 *   request  {"template": object or text, "given": {"Parameter": "value"},
 *             "resources": {"A": {"Ref": ..., "Arn": ...}}, "stored": {}, "exports": {}}
 *   answer   {"error": "..."}, or {"processed": document, "order": [ids],
 *            "properties": {"A": {...}}, "outputs": {"O": ...}}
 */
#include "template_env.h"
#include <stdio.h>
#include <stdlib.h>

static bool put_resources(const struct wb_template *t, struct wb_cfn_env *env, struct wb_buf *out,
                          struct wb_slice *why)
{
    bool unknown, first = true;
    struct wb_slice json;
    wb_buf_str(out, ",\"order\":[");
    for (size_t i = 0; i < t->resource_count; i++)
        wb_buf_printf(out, "%s\"%.*s\"", i ? "," : "", WB_FMT(t->resource[t->order[i]].id));
    wb_buf_str(out, "],\"properties\":{");
    for (size_t i = 0; i < t->resource_count; i++) {
        const struct wb_template_resource *r = &t->resource[i];
        if (!wb_template_condition(env, r->condition))
            continue;
        json = WB_S("{}");
        if (wb_json_is(r->properties) &&
            !wb_template_resolve(t, env, r->properties, &json, &unknown, why))
            return false;
        wb_buf_printf(out, "%s\"%.*s\":%.*s", first ? "" : ",", WB_FMT(r->id), WB_FMT(json));
        first = false;
    }
    wb_buf_char(out, '}');
    return true;
}

static bool put_outputs(const struct wb_template *t, struct wb_cfn_env *env, struct wb_buf *out,
                        struct wb_slice *why)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(t->doc, "Outputs"));
    bool unknown, first = true;
    wb_buf_str(out, ",\"outputs\":{");
    while (wb_json_next(&it)) {
        struct wb_slice json, key = wb_json_raw(it.key);
        if (!wb_template_condition(env, wb_json_get_str(it.value, "Condition", env->arena)))
            continue;
        if (!wb_template_resolve(t, env, wb_json_get(it.value, "Value"), &json, &unknown, why))
            return false;
        wb_buf_printf(out, "%s%.*s:%.*s", first ? "" : ",", WB_FMT(key), WB_FMT(json));
        first = false;
    }
    wb_buf_char(out, '}');
    return true;
}

static bool evaluate(struct wb_arena *a, struct wb_json request, struct wb_buf *out,
                     struct wb_slice *why)
{
    struct outside o = {.a = a,
                        .resources = wb_json_get(request, "resources"),
                        .exports = wb_json_get(request, "exports"),
                        .stored = wb_json_get(request, "stored")};
    struct wb_cfn_env env = outside_env(&o);
    struct wb_json source = wb_json_get(request, "template");
    struct wb_slice text =
        wb_json_type(source) == WB_JSON_STRING ? wb_json_str(source, a) : wb_json_raw(source);
    struct wb_template *t = wb_template_read(a, text, why);
    if (!t)
        return false;
    outside_parameters(&env, wb_json_get(request, "given"));
    t = wb_template_transform(t, &env, why);
    if (!t || !wb_template_parameters(t, &env, why) || !wb_template_start(t, &env, why))
        return false;
    struct wb_slice doc = wb_json_raw(t->doc);
    wb_buf_printf(out, "{\"processed\":%.*s", WB_FMT(doc));
    if (!put_resources(t, &env, out, why) || !put_outputs(t, &env, out, why))
        return false;
    wb_buf_char(out, '}');
    return true;
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        struct wb_arena a;
        struct wb_slice why = WB_SLICE_NULL;
        wb_arena_init(&a, 0);
        struct wb_buf out = wb_buf_in(&a), error = wb_buf_in(&a);
        struct wb_json request = wb_json_read(&a, wb_slice(line, (size_t)n), NULL);
        if (!evaluate(&a, request, &out, &why)) {
            struct wb_json_writer w;
            wb_jw_init(&w, &error);
            wb_jw_object(&w);
            wb_jw_kstr(&w, "error", why);
            wb_jw_end_object(&w);
            out = error;
        }
        for (size_t i = 0; i < out.n; i++) /* a document may have line ends between its values */
            putchar(out.p[i] == '\n' ? ' ' : out.p[i]);
        putchar('\n');
        fflush(stdout);
        wb_arena_release(&a);
    }
    free(line);
    return 0;
}
