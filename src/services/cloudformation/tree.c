#include "services/cloudformation/tree.h"
#include "base/map.h"
#include <assert.h>

struct wb_tree *wb_tree_new(struct wb_arena *a, enum wb_json_type type)
{
    struct wb_tree *t = wb_new(a, struct wb_tree);
    t->type = type;
    return t;
}

struct wb_tree *wb_tree_str(struct wb_arena *a, struct wb_slice text)
{
    struct wb_tree *t = wb_tree_new(a, WB_JSON_STRING);
    t->text = text.p ? text : WB_S("");
    return t;
}

struct wb_tree *wb_tree_cstr(struct wb_arena *a, const char *text)
{
    return wb_tree_str(a, wb_slice_str(text));
}

struct wb_tree *wb_tree_bool(struct wb_arena *a, bool b)
{
    return wb_tree_new(a, b ? WB_JSON_TRUE : WB_JSON_FALSE);
}

struct wb_tree *wb_tree_number(struct wb_arena *a, struct wb_slice text)
{
    struct wb_tree *t = wb_tree_new(a, WB_JSON_NUMBER);
    t->text = text;
    return t;
}

void wb_tree_add(struct wb_arena *a, struct wb_tree *t, struct wb_slice key, struct wb_tree *value)
{
    if (t->count == t->room) {
        size_t room = t->room ? t->room * 2 : 4;
        struct wb_tree_member *more = wb_new_n(a, struct wb_tree_member, room);
        if (t->count)
            memcpy(more, t->member, t->count * sizeof *more);
        t->member = more;
        t->room = room;
    }
    t->member[t->count++] = (struct wb_tree_member){key, value};
}

static size_t position(const struct wb_tree *t, struct wb_slice name)
{
    size_t i = 0;
    while (i < t->count && !wb_slice_eq(t->member[i].key, name))
        i++;
    return i;
}

void wb_tree_set(struct wb_arena *a, struct wb_tree *t, struct wb_slice key, struct wb_tree *value)
{
    size_t i = position(t, key);
    if (i < t->count)
        t->member[i].value = value;
    else
        wb_tree_add(a, t, key, value);
}

struct wb_tree *wb_tree_get_slice(const struct wb_tree *t, struct wb_slice name)
{
    if (!wb_tree_is(t, WB_JSON_OBJECT))
        return NULL;
    size_t i = position(t, name);
    return i < t->count ? t->member[i].value : NULL;
}

struct wb_tree *wb_tree_get(const struct wb_tree *t, const char *name)
{
    return wb_tree_get_slice(t, wb_slice_str(name));
}

void wb_tree_remove(struct wb_tree *t, const char *name)
{
    size_t i = position(t, wb_slice_str(name));
    if (i == t->count)
        return;
    t->count--;
    memmove(t->member + i, t->member + i + 1, (t->count - i) * sizeof *t->member);
}

bool wb_tree_is(const struct wb_tree *t, enum wb_json_type type)
{
    return t && t->type == type;
}

bool wb_tree_text(const struct wb_tree *t, struct wb_slice *text)
{
    switch (t ? t->type : WB_JSON_MISSING) {
    case WB_JSON_STRING:
    case WB_JSON_NUMBER:
        *text = t->text;
        return true;
    case WB_JSON_TRUE:
        *text = WB_S("true");
        return true;
    case WB_JSON_FALSE:
        *text = WB_S("false");
        return true;
    default:
        return false;
    }
}

#define FEW 16 /* members looked for one by one */

/* The same names with equal values, in any order. */
static bool equal_objects(const struct wb_tree *a, const struct wb_tree *b)
{
    struct wb_map *names = a->count > FEW ? wb_map_new() : NULL;
    bool same = true;
    for (size_t i = 0; names && i < b->count; i++)
        wb_map_put(names, b->member[i].key, b->member[i].value);
    for (size_t i = 0; i < a->count && same; i++) {
        struct wb_slice key = a->member[i].key;
        const struct wb_tree *v = names ? wb_map_get(names, key) : wb_tree_get_slice(b, key);
        same = v && wb_tree_equal(a->member[i].value, v);
    }
    wb_map_free(names);
    return same;
}

bool wb_tree_equal(const struct wb_tree *a, const struct wb_tree *b)
{
    struct wb_slice x, y;
    bool plain = wb_tree_text(a, &x);
    if (plain != wb_tree_text(b, &y))
        return false;
    if (plain)
        return wb_slice_eq(x, y);
    if (a->type != b->type || a->count != b->count)
        return false;
    if (a->type == WB_JSON_OBJECT)
        return equal_objects(a, b);
    for (size_t i = 0; i < a->count; i++)
        if (!wb_tree_equal(a->member[i].value, b->member[i].value))
            return false;
    return true;
}

struct wb_tree *wb_tree_read(struct wb_arena *a, struct wb_json v)
{
    struct wb_tree *t = wb_tree_new(a, wb_json_type(v));
    if (t->type == WB_JSON_STRING)
        t->text = wb_json_str(v, a);
    if (t->type == WB_JSON_NUMBER)
        t->text = wb_json_raw(v);
    t->room = wb_json_count(v);
    if (t->room)
        t->member = wb_new_n(a, struct wb_tree_member, t->room);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        wb_tree_add(a, t, it.object ? wb_json_str(it.key, a) : WB_SLICE_NULL,
                    wb_tree_read(a, it.value));
    return t;
}

struct wb_tree *wb_tree_copy(struct wb_arena *a, const struct wb_tree *t)
{
    struct wb_tree *c = wb_new(a, struct wb_tree);
    *c = *t;
    c->room = c->count;
    c->member = c->count ? wb_new_n(a, struct wb_tree_member, c->count) : NULL;
    for (size_t i = 0; i < c->count; i++)
        c->member[i] =
            (struct wb_tree_member){t->member[i].key, wb_tree_copy(a, t->member[i].value)};
    return c;
}

static void write_string(struct wb_buf *out, struct wb_slice s)
{
    struct wb_json_writer w;
    wb_jw_init(&w, out);
    wb_jw_str(&w, s);
}

void wb_tree_write(struct wb_buf *out, const struct wb_tree *t)
{
    switch (t->type) {
    case WB_JSON_STRING:
        write_string(out, t->text);
        return;
    case WB_JSON_NUMBER:
        wb_buf_slice_put(out, t->text);
        return;
    case WB_JSON_TRUE:
        wb_buf_str(out, "true");
        return;
    case WB_JSON_FALSE:
        wb_buf_str(out, "false");
        return;
    case WB_JSON_ARRAY:
    case WB_JSON_OBJECT:
        break;
    default:
        wb_buf_str(out, "null");
        return;
    }
    bool object = t->type == WB_JSON_OBJECT;
    wb_buf_char(out, object ? '{' : '[');
    for (size_t i = 0; i < t->count; i++) {
        if (i)
            wb_buf_char(out, ',');
        if (object) {
            write_string(out, t->member[i].key);
            wb_buf_char(out, ':');
        }
        wb_tree_write(out, t->member[i].value);
    }
    wb_buf_char(out, object ? '}' : ']');
}

struct wb_slice wb_tree_json(struct wb_arena *a, const struct wb_tree *t)
{
    struct wb_buf out = wb_buf_in(a);
    wb_tree_write(&out, t);
    return wb_buf_slice(&out);
}

struct wb_tree *wb_tree_call(struct wb_arena *a, const char *name, struct wb_tree *value)
{
    struct wb_tree *t = wb_tree_new(a, WB_JSON_OBJECT);
    wb_tree_add(a, t, wb_slice_str(name), value);
    return t;
}

void wb_names_init(struct wb_names *n, struct wb_arena *a, size_t count)
{
    *n = (struct wb_names){.a = a, .size = 4};
    while (n->size < count * 2)
        n->size *= 2;
    n->name = wb_new_n(a, struct wb_slice, n->size);
    n->value = wb_new_n(a, size_t, n->size);
}

/* Where the name is, or would be. */
static size_t slot(const struct wb_names *n, struct wb_slice name)
{
    size_t i = wb_hash(name) & (n->size - 1);
    while (n->name[i].p && !wb_slice_eq(n->name[i], name))
        i = (i + 1) & (n->size - 1);
    return i;
}

static void grow(struct wb_names *n)
{
    struct wb_names more;
    wb_names_init(&more, n->a, n->size);
    for (size_t i = 0; i < n->size; i++)
        if (n->name[i].p)
            wb_names_add(&more, n->name[i], n->value[i]);
    *n = more;
}

bool wb_names_add(struct wb_names *n, struct wb_slice name, size_t value)
{
    assert(name.p);
    size_t i = slot(n, name);
    if (n->name[i].p)
        return false;
    if (++n->count * 2 > n->size) {
        n->count--;
        grow(n);
        n->count++;
        i = slot(n, name);
    }
    n->name[i] = name;
    n->value[i] = value;
    return true;
}

bool wb_names_find(const struct wb_names *n, struct wb_slice name, size_t *value)
{
    if (!n->size)
        return false;
    size_t i = slot(n, name);
    if (!n->name[i].p)
        return false;
    *value = n->value[i];
    return true;
}
