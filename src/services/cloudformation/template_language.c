/*
 * AWS::LanguageExtensions: loops are written out here. Fn::Length, Fn::ToJsonString and the default
 * of Fn::FindInMap stay, for the evaluation; DeletionPolicy and UpdateReplacePolicy become plain
 * words (User Guide, "AWS::LanguageExtensions transform", "Fn::ForEach").
 */
#include "base/limits.h"
#include "services/cloudformation/template_transform.h"

static const char loop_prefix[] = "Fn::ForEach::";

struct expander {
    struct wb_transform *x;
    unsigned depth; /* of loops */
};

static bool expand(struct expander *e, struct wb_tree *t);

static bool is_loop(struct wb_slice key)
{
    return wb_slice_starts(key, wb_slice_str(loop_prefix));
}

/* --- the loop's variable --- */

struct variable {
    struct wb_arena *a;
    struct wb_slice name, value, plain; /* plain: only its letters and digits */
    size_t *made;                       /* bytes written out so far */
};

static struct wb_slice only_alphanumeric(struct wb_arena *a, struct wb_slice s)
{
    struct wb_buf out = wb_buf_in(a);
    for (size_t i = 0; i < s.n; i++)
        if (wb_is_alphanumeric(wb_slice_sub(s, i, i + 1)))
            wb_buf_char(&out, s.p[i]);
    return wb_buf_slice(&out);
}

/* "${Name}" becomes the value, "&{Name}" its letters and digits. */
static struct wb_slice filled(const struct variable *v, struct wb_slice text)
{
    struct wb_buf out = wb_buf_in(v->a);
    size_t at = 0;
    ptrdiff_t open;
    *v->made += text.n;
    if (wb_slice_chr(text, '{', 0) < 0)
        return text;
    while ((open = wb_slice_chr(text, '{', at)) >= 0) {
        size_t from = (size_t)open + 1, end = from + v->name.n;
        bool mark = open > (ptrdiff_t)at && strchr("$&", text.p[open - 1]) && end < text.n &&
                    text.p[end] == '}' && wb_slice_eq(wb_slice_sub(text, from, end), v->name);
        wb_buf_slice_put(&out, wb_slice_sub(text, at, mark ? (size_t)open - 1 : from));
        at = from;
        if (mark) {
            wb_buf_slice_put(&out, text.p[open - 1] == '$' ? v->value : v->plain);
            at = end + 1;
        }
    }
    wb_buf_slice_put(&out, wb_slice_sub(text, at, text.n));
    *v->made += out.n;
    return wb_buf_slice(&out);
}

/* A copy of the loop's body with the variable filled in. */
static struct wb_tree *body_for(const struct variable *v, const struct wb_tree *t)
{
    struct wb_tree *ref = wb_tree_get(t, "Ref");
    if (t->count == 1 && wb_tree_is(ref, WB_JSON_STRING) && wb_slice_eq(ref->text, v->name))
        return wb_tree_str(v->a, v->value);
    struct wb_tree *c = wb_tree_new(v->a, t->type);
    *v->made += sizeof *c;
    c->text = t->type == WB_JSON_STRING ? filled(v, t->text) : t->text;
    for (size_t i = 0; i < t->count && *v->made <= WB_CFN_EXPANDED_MAX; i++) {
        struct wb_slice key = t->member[i].key;
        wb_tree_add(v->a, c, key.p ? filled(v, key) : key, body_for(v, t->member[i].value));
    }
    return c;
}

/* --- the loop --- */

/* The texts of the collection, in one list. */
static bool collect(struct expander *e, struct wb_slice loop, const struct wb_tree *t,
                    struct wb_tree *out)
{
    struct wb_slice text;
    if (wb_tree_text(t, &text)) {
        wb_tree_add(e->x->a, out, WB_SLICE_NULL, wb_tree_str(e->x->a, text));
        return true;
    }
    for (size_t i = 0; t->type == WB_JSON_ARRAY && i < t->count; i++)
        if (!collect(e, loop, t->member[i].value, out))
            return false;
    return t->type == WB_JSON_ARRAY ||
           wb_transform_fail(e->x, "%.*s: the collection must be a list of strings", WB_FMT(loop));
}

static struct wb_tree *collection(struct expander *e, struct wb_slice loop, struct wb_tree *t)
{
    struct wb_tree *list = wb_tree_new(e->x->a, WB_JSON_ARRAY);
    struct wb_tree *value = wb_transform_value(e->x, t);
    return value && collect(e, loop, value, list) ? list : NULL;
}

static bool loop_form(struct expander *e, struct wb_slice name, struct wb_tree *t)
{
    if (!wb_tree_is(t, WB_JSON_ARRAY) || t->count != 3 ||
        !wb_tree_is(t->member[0].value, WB_JSON_STRING) ||
        !wb_tree_is(t->member[2].value, WB_JSON_OBJECT) || !t->member[2].value->count)
        return wb_transform_fail(e->x,
                                 "%.*s layout is incorrect: it takes a list of an identifier, a "
                                 "collection and what is written for each of its members",
                                 WB_FMT(name));
    if (e->depth == WB_CFN_LOOPS_MAX)
        return wb_transform_fail(e->x, "Fn::ForEach can be nested at most %d times",
                                 WB_CFN_LOOPS_MAX);
    return true;
}

/* An object that loops write into, and its keys so far. */
struct target {
    struct wb_tree *object;
    struct wb_names keys;
};

static bool add_key(struct expander *e, struct wb_slice loop, struct target *out,
                    struct wb_tree_member m)
{
    if (!wb_names_add(&out->keys, m.key, 0))
        return wb_transform_fail(e->x, "%.*s makes the key %.*s twice", WB_FMT(loop),
                                 WB_FMT(m.key));
    wb_tree_add(e->x->a, out->object, m.key, m.value);
    return true;
}

static bool add_body(struct expander *e, struct wb_slice loop, struct target *out,
                     struct wb_tree *body)
{
    if (!expand(e, body))
        return false;
    for (size_t i = 0; i < body->count; i++)
        if (!add_key(e, loop, out, body->member[i]))
            return false;
    return true;
}

static bool loop(struct expander *e, struct wb_slice name, struct wb_tree *t, struct target *out)
{
    if (!loop_form(e, name, t))
        return false;
    struct wb_tree *list = collection(e, name, t->member[1].value);
    if (!list)
        return false;
    e->depth++;
    for (size_t i = 0; i < list->count; i++) {
        struct wb_slice value = list->member[i].value->text;
        struct variable v = {e->x->a, t->member[0].value->text, value,
                             only_alphanumeric(e->x->a, value), &e->x->made};
        struct wb_tree *body = body_for(&v, t->member[2].value);
        if (e->x->made > WB_CFN_EXPANDED_MAX)
            return wb_transform_fail(e->x, "%.*s makes the template too large", WB_FMT(name));
        if (!add_body(e, name, out, body))
            return false;
    }
    e->depth--;
    return true;
}

/* In place. */
static bool expand(struct expander *e, struct wb_tree *t)
{
    bool any = false;
    for (size_t i = 0; i < t->count; i++)
        any |= t->type == WB_JSON_OBJECT && is_loop(t->member[i].key);
    if (any) {
        struct target out = {.object = wb_tree_new(e->x->a, WB_JSON_OBJECT)};
        wb_names_init(&out.keys, e->x->a, t->count);
        for (size_t i = 0; i < t->count; i++) {
            struct wb_tree_member m = t->member[i];
            if (!(is_loop(m.key) ? loop(e, m.key, m.value, &out) : add_key(e, m.key, &out, m)))
                return false;
        }
        *t = *out.object;
    }
    for (size_t i = 0; i < t->count; i++)
        if (!expand(e, t->member[i].value))
            return false;
    return true;
}

bool wb_transform_language(struct wb_transform *x)
{
    static const char *const sections[] = {"Conditions", "Mappings", "Resources", "Outputs"};
    struct expander e = {.x = x};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        struct wb_tree *section = wb_tree_get(x->doc, sections[i]);
        if (section && !expand(&e, section))
            return false;
    }
    return true;
}
