/* Functions that make texts, and lists of them. */
#include "codec/text.h"
#include "services/cloudformation/template_impl.h"

static struct wb_tree *misused(struct wb_eval *e, enum wb_function f)
{
    return wb_eval_fail(e, "%s", wb_function_form(f, WB_JSON_NONE));
}

struct wb_tree *wb_eval_join(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice delimiter = wb_json_str(wb_json_item(arg, 0), e->a), text;
    struct wb_tree *list = wb_eval(e, wb_json_item(arg, 1));
    struct wb_buf out = wb_buf_in(e->a);
    if (!list || list->unknown)
        return list ? wb_eval_unknown(e) : NULL;
    if (!wb_tree_is(list, WB_JSON_ARRAY))
        return misused(e, WB_FN_JOIN);
    for (size_t i = 0; i < list->count; i++) {
        if (list->member[i].value->unknown)
            return wb_eval_unknown(e);
        if (!wb_tree_text(list->member[i].value, &text))
            return misused(e, WB_FN_JOIN);
        if (i)
            wb_buf_slice_put(&out, delimiter);
        wb_buf_slice_put(&out, text);
    }
    return wb_eval_text(e, wb_buf_slice(&out));
}

struct wb_tree *wb_eval_split(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice delimiter = wb_json_str(wb_json_item(arg, 0), e->a), text;
    struct wb_tree *source = wb_eval(e, wb_json_item(arg, 1));
    if (!source || source->unknown)
        return source ? wb_eval_unknown(e) : NULL;
    if (!wb_tree_text(source, &text) || !delimiter.n)
        return misused(e, WB_FN_SPLIT);
    struct wb_tree *list = wb_tree_new(e->a, WB_JSON_ARRAY);
    for (size_t at = 0; at <= text.n;) {
        ptrdiff_t next = wb_slice_find(text, delimiter, at);
        size_t end = next < 0 ? text.n : (size_t)next;
        struct wb_tree *part = wb_eval_text(e, wb_slice_sub(text, at, end));
        if (!part)
            return NULL;
        wb_tree_add(e->a, list, WB_SLICE_NULL, part);
        at = next < 0 ? text.n + 1 : end + delimiter.n;
    }
    return list;
}

/* The call's own variables, found by name. */
struct own {
    struct wb_names names;
    struct wb_json *value;
};

static struct own own_variables(struct wb_eval *e, struct wb_json map)
{
    struct own o = {.value = wb_new_n(e->a, struct wb_json, wb_json_count(map))};
    struct wb_json_iter it = wb_json_iter(map);
    wb_names_init(&o.names, e->a, wb_json_count(map));
    for (size_t i = 0; wb_json_next(&it); i++) {
        wb_names_add(&o.names, wb_json_str(it.key, e->a), i);
        o.value[i] = it.value;
    }
    return o;
}

/* The value of a variable: of the call's own map, else a reference. */
static struct wb_tree *variable(struct wb_eval *e, const struct own *own, struct wb_slice name)
{
    size_t i;
    if (wb_names_find(&own->names, name, &i))
        return wb_eval(e, own->value[i]);
    struct wb_slice attribute = name, id = wb_slice_cut(&attribute, '.');
    return attribute.p ? wb_eval_getatt(e, id, attribute) : wb_eval_ref(e, name);
}

/* Lists go in as with a comma between their members. */
static bool substitute(struct wb_eval *e, struct wb_buf *out, const struct wb_tree *v,
                       struct wb_slice name)
{
    struct wb_slice text;
    if (wb_tree_text(v, &text)) {
        wb_buf_slice_put(out, text);
        return true;
    }
    for (size_t i = 0; v->type == WB_JSON_ARRAY && i < v->count; i++) {
        if (!wb_tree_text(v->member[i].value, &text))
            break;
        if (i)
            wb_buf_char(out, ',');
        wb_buf_slice_put(out, text);
        if (i + 1 == v->count)
            return true;
    }
    if (v->type == WB_JSON_ARRAY && v->count == 0)
        return true;
    wb_eval_fail(e, "Template error: the value of %.*s in Fn::Sub must be a string", WB_FMT(name));
    return false;
}

struct wb_tree *wb_eval_sub(struct wb_eval *e, struct wb_json arg)
{
    bool list = wb_json_type(arg) == WB_JSON_ARRAY, unknown = false;
    struct own own = own_variables(e, list ? wb_json_item(arg, 1) : WB_JSON_NONE);
    struct wb_sub it = {.text = wb_json_str(list ? wb_json_item(arg, 0) : arg, e->a)};
    struct wb_buf out = wb_buf_in(e->a);
    while (wb_sub_next(&it)) {
        size_t before = out.n;
        if (!it.variable) {
            wb_buf_slice_put(&out, it.piece);
            continue;
        }
        struct wb_tree *v = variable(e, &own, it.piece);
        if (!v)
            return NULL;
        unknown |= v->unknown;
        if (!substitute(e, &out, v, it.piece) ||
            !wb_eval_text(e, wb_slice_sub(wb_buf_slice(&out), before, out.n)))
            return NULL;
    }
    return unknown ? wb_eval_unknown(e) : wb_eval_text(e, wb_buf_slice(&out));
}

struct wb_tree *wb_eval_base64(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice text;
    struct wb_tree *v = wb_eval(e, arg);
    if (!v || v->unknown)
        return v ? wb_eval_unknown(e) : NULL;
    if (!wb_tree_text(v, &text))
        return misused(e, WB_FN_BASE64);
    return wb_eval_text(e, wb_base64_encode(e->a, text));
}

static bool holds_unknown(const struct wb_tree *t)
{
    bool any = t->unknown;
    for (size_t i = 0; i < t->count && !any; i++)
        any = holds_unknown(t->member[i].value);
    return any;
}

struct wb_tree *wb_eval_to_json(struct wb_eval *e, struct wb_json arg)
{
    struct wb_tree *v = wb_eval(e, arg);
    if (!v)
        return NULL;
    return holds_unknown(v) ? wb_eval_unknown(e) : wb_eval_text(e, wb_tree_json(e->a, v));
}
