#include "base/limits.h"
#include "services/dynamodb/expr_internal.h"
#include <stdlib.h>

static int cmp_binding(const void *x, const void *y)
{
    const struct wb_binding *a = x, *b = y;
    return wb_slice_cmp(a->key, b->key);
}

struct wb_binding *wb_binding_find(struct wb_binding *list, uint32_t count, struct wb_slice key)
{
    struct wb_binding wanted = {.key = key};
    return count ? bsearch(&wanted, list, count, sizeof(*list), cmp_binding) : NULL;
}

static bool key_ok(struct wb_slice key, char mark)
{
    if (key.n < 2 || key.p[0] != mark)
        return false;
    for (size_t i = 1; i < key.n; i++) {
        char c = key.p[i];
        if (c != '_' && !(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            return false;
    }
    return true;
}

static bool check_key(struct wb_arena *a, struct wb_slice key, char mark, const char *what,
                      struct wb_av_error *e)
{
    if (!key_ok(key, mark))
        e->message =
            wb_printf(a, "%s contains invalid key: Syntax error; key: \"%.*s\"", what, WB_FMT(key));
    else if (key.n > WB_DDB_PLACEHOLDER_MAX)
        e->message = wb_printf(a,
                               "%s contains invalid key: The expression attribute map contains a "
                               "key that is too long; key: \"%.*s\"",
                               what, WB_FMT(key));
    return !e->message.p;
}

/* Keys in order; of two with one key the last stays. */
static uint32_t arrange(struct wb_binding *list, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) { /* usually few, usually distinct */
        bool later = false;
        for (uint32_t j = i + 1; j < count && count <= 16 && !later; j++)
            later = wb_slice_eq(list[i].key, list[j].key);
        if (!later)
            list[kept++] = list[i];
    }
    qsort(list, kept, sizeof(*list), cmp_binding);
    return kept;
}

static bool read_names(struct wb_bindings *b, struct wb_json names, struct wb_av_error *e)
{
    static const char what[] = "ExpressionAttributeNames";
    b->name_count = wb_json_count(names);
    if (b->name_count == 0) {
        e->message = WB_S("ExpressionAttributeNames must not be empty");
        return false;
    }
    b->name = wb_new_n(b->arena, struct wb_binding, b->name_count);
    struct wb_json_iter it = wb_json_iter(names);
    size_t total = 0;
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        struct wb_slice key = wb_json_str(it.key, b->arena), name = wb_json_str(it.value, b->arena);
        if (!check_key(b->arena, key, '#', what, e))
            return false;
        if (!name.p || name.n == 0 || name.n > WB_DDB_NAME_MAX) {
            e->message = wb_printf(b->arena,
                                   "%s contains invalid value for key %.*s: the name must have 1 "
                                   "to %d bytes",
                                   what, WB_FMT(key), WB_DDB_NAME_MAX);
            return false;
        }
        total += key.n + name.n;
        b->name[i] = (struct wb_binding){.key = key, .name = name};
    }
    if (total > WB_DDB_SUBSTITUTION_MAX) {
        e->message = WB_S("ExpressionAttributeNames exceeds max size");
        return false;
    }
    b->name_count = arrange(b->name, b->name_count);
    return true;
}

static bool read_values(struct wb_bindings *b, struct wb_json values, struct wb_av_error *e)
{
    static const char what[] = "ExpressionAttributeValues";
    b->value_count = wb_json_count(values);
    if (b->value_count == 0) {
        e->message = WB_S("ExpressionAttributeValues must not be empty");
        return false;
    }
    b->value = wb_new_n(b->arena, struct wb_binding, b->value_count);
    struct wb_json_iter it = wb_json_iter(values);
    size_t total = 0;
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        struct wb_binding *v = &b->value[i];
        v->key = wb_json_str(it.key, b->arena);
        if (!check_key(b->arena, v->key, ':', what, e))
            return false;
        total += v->key.n + wb_json_raw(it.value).n;
        if (wb_av_parse(b->arena, it.value, &v->value, e))
            continue;
        if (!e->type)
            e->message = wb_printf(b->arena, "%s contains invalid value: %.*s for key %.*s", what,
                                   WB_FMT(e->message), WB_FMT(v->key));
        return false;
    }
    if (total > WB_DDB_SUBSTITUTION_MAX) {
        e->message = WB_S("ExpressionAttributeValues exceeds max size");
        return false;
    }
    b->value_count = arrange(b->value, b->value_count);
    return true;
}

bool wb_bindings_read(struct wb_bindings *b, struct wb_arena *a, struct wb_json names,
                      struct wb_json values, struct wb_av_error *e)
{
    *b = (struct wb_bindings){.arena = a};
    *e = (struct wb_av_error){0};
    if (wb_json_is(names) && wb_json_type(names) != WB_JSON_NULL && !read_names(b, names, e))
        return false;
    return !wb_json_is(values) || wb_json_type(values) == WB_JSON_NULL || read_values(b, values, e);
}

static bool list_used(const struct wb_bindings *b, const struct wb_binding *list, uint32_t count,
                      const char *what, struct wb_slice *why)
{
    struct wb_buf text = wb_buf_in(b->arena);
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].used)
            continue;
        if (text.n == 0)
            wb_buf_printf(&text, "Value provided in %s unused in expressions: keys: {", what);
        else
            wb_buf_str(&text, ", ");
        wb_buf_slice_put(&text, list[i].key);
    }
    if (text.n == 0)
        return true;
    wb_buf_char(&text, '}');
    *why = wb_buf_slice(&text);
    return false;
}

bool wb_bindings_used(const struct wb_bindings *b, struct wb_slice *why)
{
    return list_used(b, b->name, b->name_count, "ExpressionAttributeNames", why) &&
           list_used(b, b->value, b->value_count, "ExpressionAttributeValues", why);
}
