/* Small JSON values of rows and answers: parameters, lists, tags. */
#include "services/cloudformation/stack.h"

/* --- parameters --- */

void cfn_parameters_out(struct wb_arena *a, const struct cfn_stack *s, struct wb_cfn_env *env)
{
    struct wb_json list = wb_json_read(a, s->parameters, NULL);
    struct wb_json_iter it = wb_json_iter(list);
    env->parameter = wb_new_n(a, struct wb_template_parameter, wb_json_count(list));
    env->parameter_count = 0;
    while (wb_json_next(&it))
        env->parameter[env->parameter_count++] = (struct wb_template_parameter){
            .name = wb_json_get_str(it.value, "name", a),
            .type = wb_json_get_str(it.value, "type", a),
            .value = wb_json_get_str(it.value, "value", a),
            .resolved = wb_json_get_str(it.value, "resolved", a),
            .no_echo = wb_json_bool(wb_json_get(it.value, "noEcho"), false)};
}

struct wb_slice cfn_parameters_in(struct wb_arena *a, const struct wb_cfn_env *env)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    for (size_t i = 0; i < env->parameter_count; i++) {
        const struct wb_template_parameter *p = &env->parameter[i];
        wb_jw_object(&w);
        wb_jw_kstr(&w, "name", p->name);
        wb_jw_kstr(&w, "type", p->type);
        wb_jw_kstr(&w, "value", p->value);
        if (p->resolved.p)
            wb_jw_kstr(&w, "resolved", p->resolved);
        wb_jw_kbool(&w, "noEcho", p->no_echo);
        wb_jw_end_object(&w);
    }
    wb_jw_end_array(&w);
    return wb_buf_slice(&b);
}

/* --- lists of texts --- */

bool cfn_list_has(struct wb_arena *a, struct wb_slice list, struct wb_slice text)
{
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, list, NULL));
    while (wb_json_next(&it))
        if (wb_slice_eq(wb_json_str(it.value, a), text))
            return true;
    return false;
}

struct wb_slice cfn_list_add(struct wb_arena *a, struct wb_slice list, struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, list, NULL));
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    while (wb_json_next(&it))
        wb_jw_raw(&w, wb_json_raw(it.value));
    wb_jw_str(&w, text);
    wb_jw_end_array(&w);
    return wb_buf_slice(&b);
}

struct wb_slice cfn_list_text(struct wb_arena *a, struct wb_slice list)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, list, NULL));
    while (wb_json_next(&it)) {
        if (b.n)
            wb_buf_str(&b, ", ");
        wb_buf_slice_put(&b, wb_json_str(it.value, a));
    }
    return b.n ? wb_buf_slice(&b) : WB_S("");
}

struct wb_slice cfn_list_in(struct wb_call *c, const char *member)
{
    struct wb_json v = wb_in(c, member);
    return wb_json_count(v) ? wb_json_raw(v) : WB_SLICE_NULL;
}

size_t cfn_tag_list(struct wb_arena *a, struct wb_slice tags, struct wb_pair **tag)
{
    struct wb_json list = wb_json_read(a, tags, NULL);
    struct wb_json_iter it = wb_json_iter(list);
    size_t n = 0;
    *tag = wb_new_n(a, struct wb_pair, wb_json_count(list));
    while (wb_json_next(&it))
        (*tag)[n++] = (struct wb_pair){wb_json_get_str(it.value, "Key", a),
                                       wb_json_get_str(it.value, "Value", a)};
    return n;
}

/* --- answers --- */

void cfn_out_json(struct wb_out *o, const char *name, struct wb_json v, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(v);
    int64_t n;
    switch (wb_json_type(v)) {
    case WB_JSON_STRING:
        wb_out_str(o, name, wb_json_str(v, a));
        return;
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        wb_out_bool(o, name, wb_json_bool(v, false));
        return;
    case WB_JSON_NUMBER:
        if (wb_json_i64(v, &n))
            wb_out_i64(o, name, n);
        return;
    case WB_JSON_ARRAY:
        wb_out_list(o, name);
        while (wb_json_next(&it))
            cfn_out_json(o, NULL, it.value, a);
        wb_out_end(o);
        return;
    case WB_JSON_OBJECT:
        wb_out_object(o, name);
        while (wb_json_next(&it))
            cfn_out_json(o, wb_dup_cstr(a, wb_json_str(it.key, a)), it.value, a);
        wb_out_end(o);
        return;
    default:
        return;
    }
}
