/*
 * Applying an update. Every right side reads the item as it was; paths do not overlap. So all new
 * values are worked out first against the old tree; then they are laid into a copy of it, where
 * nothing moves while paths are followed: a removed value leaves a hole, a new one is kept aside.
 * At the end each container that got holes or additions is rebuilt once, inner ones first. That
 * keeps the cost at one pass over the item, whatever the expression.
 */
#include "base/limits.h"
#include "services/dynamodb/expr.h"
#include <assert.h>
#include <stdlib.h>

static const char no_attribute[] =
    "The provided expression refers to an attribute that does not exist in the item";
static const char bad_type[] = "An operand in the update expression has an incorrect data type";
static const char too_large[] = "Item size to update has exceeded the maximum allowed size";
static const char bad_path[] =
    "The document path provided in the update expression is invalid for update";

struct change {
    struct wb_av *box; /* container that changes */
    const struct wb_path_step *key;
    struct wb_av value; /* to add; WB_AV_NONE = the box has holes */
    uint32_t depth;
};

struct apply {
    struct wb_arena *a;
    const struct wb_av *old;
    struct wb_av copy;
    struct change *change;
    size_t changes;
    size_t appended; /* elements copied by list_append so far */
    const char *why;
};

static const struct wb_av *fail(struct apply *x, const char *why)
{
    if (!x->why)
        x->why = why;
    return NULL;
}

/* --- right sides --- */

static const struct wb_av *value_of(struct apply *x, const struct wb_expr *e);

static const struct wb_av *box_av(struct apply *x, struct wb_av v)
{
    struct wb_av *p = wb_new(x->a, struct wb_av);
    *p = v;
    return p;
}

static const struct wb_av *sum(struct apply *x, const struct wb_av *l, const struct wb_av *r,
                               bool minus)
{
    struct wb_decimal p, q, s;
    if (l->type != WB_AV_N || r->type != WB_AV_N)
        return fail(x, bad_type);
    if (wb_decimal_parse(l->s, &p) != WB_DEC_OK || wb_decimal_parse(r->s, &q) != WB_DEC_OK)
        return fail(x, bad_type);
    enum wb_decimal_status st = minus ? wb_decimal_sub(&p, &q, &s) : wb_decimal_add(&p, &q, &s);
    if (st != WB_DEC_OK)
        return fail(x, wb_av_number_error(st));
    return box_av(x, wb_av_number(x->a, &s));
}

/* An element has a byte at least, so no item holds more than WB_DDB_ITEM_MAX of them; a few times
 * that is room for any honest expression, and keeps 300 appends of a huge list out of memory. */
#define APPENDED_MAX (4 * (size_t)WB_DDB_ITEM_MAX)

static const struct wb_av *append(struct apply *x, const struct wb_av *l, const struct wb_av *r)
{
    if (l->type != WB_AV_L || r->type != WB_AV_L)
        return fail(x, bad_type);
    x->appended += (size_t)l->count + r->count;
    if (x->appended > APPENDED_MAX)
        return fail(x, too_large);
    struct wb_av v = {.type = WB_AV_L, .count = l->count + r->count};
    v.elem = wb_alloc(x->a, sizeof(*v.elem) * v.count);
    if (l->count)
        memcpy(v.elem, l->elem, sizeof(*v.elem) * l->count);
    if (r->count)
        memcpy(v.elem + l->count, r->elem, sizeof(*v.elem) * r->count);
    return box_av(x, v);
}

static const struct wb_av *value_of(struct apply *x, const struct wb_expr *e)
{
    const struct wb_av *l, *r;
    switch (e->kind) {
    case WB_EX_VALUE:
        return e->value;
    case WB_EX_PATH:
        l = wb_path_get(&e->path, x->old);
        return l ? l : fail(x, no_attribute);
    case WB_EX_IF_NOT_EXISTS:
        l = wb_path_get(&e->arg[0]->path, x->old);
        return l ? l : value_of(x, e->arg[1]);
    default:
        l = value_of(x, e->arg[0]);
        r = l ? value_of(x, e->arg[1]) : NULL;
        if (!r)
            return NULL;
        if (e->kind == WB_EX_LIST_APPEND)
            return append(x, l, r);
        return sum(x, l, r, e->kind == WB_EX_MINUS);
    }
}

/* What ADD or DELETE makes of the old value; WB_AV_NONE = remove it, NULL = nothing to do. */
static const struct wb_av *add_delete(struct apply *x, const struct wb_update_action *action,
                                      const struct wb_av *old)
{
    const struct wb_av *v = action->value->value;
    if (!old)
        return action->kind == WB_UP_ADD ? v : NULL;
    if (old->type != v->type)
        return fail(x, bad_type);
    if (v->type == WB_AV_N)
        return sum(x, old, v, false);
    struct wb_av s =
        action->kind == WB_UP_ADD ? wb_av_set_union(x->a, old, v) : wb_av_set_minus(x->a, old, v);
    if (s.count == 0)
        s.type = WB_AV_NONE;
    return box_av(x, s);
}

/* --- laying them in --- */

/* Copies the structure; texts are shared. */
static struct wb_av clone(struct wb_arena *a, const struct wb_av *v)
{
    struct wb_av c = *v;
    if (v->type == WB_AV_M) {
        c.attr = wb_alloc(a, sizeof(*c.attr) * v->count);
        for (uint32_t i = 0; i < v->count; i++)
            c.attr[i] = (struct wb_attr){v->attr[i].name, clone(a, &v->attr[i].value)};
    } else if (v->type == WB_AV_L) {
        c.elem = wb_alloc(a, sizeof(*c.elem) * v->count);
        for (uint32_t i = 0; i < v->count; i++)
            c.elem[i] = clone(a, &v->elem[i]);
    }
    return c;
}

static struct wb_av *child(struct wb_av *box, const struct wb_path_step *s)
{
    struct wb_path one = {.step = (struct wb_path_step *)s, .count = 1};
    return (struct wb_av *)wb_path_get(&one, box);
}

/* The container of the path's last step; NULL when there is none of the right type. */
static struct wb_av *container(struct apply *x, const struct wb_path *p)
{
    struct wb_av *box = &x->copy;
    for (uint32_t i = 0; i + 1 < p->count && box; i++)
        box = child(box, &p->step[i]);
    uint8_t wanted = p->step[p->count - 1].name.p ? WB_AV_M : WB_AV_L;
    return box && box->type == wanted ? box : NULL;
}

static void note(struct apply *x, struct wb_av *box, const struct wb_path *p, struct wb_av value)
{
    x->change[x->changes++] = (struct change){box, &p->step[p->count - 1], value, p->count};
}

static void lay(struct apply *x, const struct wb_update_action *action, const struct wb_av *value)
{
    struct wb_av *box = container(x, &action->path);
    if (!box) {
        fail(x, bad_path);
        return;
    }
    struct wb_av *slot = child(box, &action->path.step[action->path.count - 1]);
    bool remove = action->kind == WB_UP_REMOVE || (value && value->type == WB_AV_NONE);
    if (remove && slot) {
        slot->type = WB_AV_NONE;
        note(x, box, &action->path, (struct wb_av){0});
    } else if (value && slot) {
        *slot = *value;
    } else if (value) {
        note(x, box, &action->path, *value);
    }
}

static int cmp_step(const struct wb_path_step *x, const struct wb_path_step *y)
{
    if (!x->name.p || !y->name.p)
        return x->name.p ? -1 : y->name.p ? 1 : (x->index > y->index) - (x->index < y->index);
    return wb_slice_cmp(x->name, y->name);
}

static int cmp_change(const void *p, const void *q)
{
    const struct change *x = p, *y = q;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    if (x->box != y->box)
        return (uintptr_t)x->box < (uintptr_t)y->box ? -1 : 1;
    return cmp_step(x->key, y->key);
}

static void rebuild_list(struct apply *x, struct wb_av *box, const struct change *c, size_t count)
{
    struct wb_av *elem = wb_alloc(x->a, sizeof(*elem) * (box->count + count));
    uint32_t n = 0;
    for (uint32_t i = 0; i < box->count; i++)
        if (box->elem[i].type != WB_AV_NONE)
            elem[n++] = box->elem[i];
    for (size_t i = 0; i < count; i++)
        if (c[i].value.type != WB_AV_NONE) /* beyond the end: appended in order of index */
            elem[n++] = c[i].value;
    box->elem = elem;
    box->count = n;
}

static void rebuild_map(struct apply *x, struct wb_av *box, const struct change *c, size_t count)
{
    struct wb_attr *attr = wb_alloc(x->a, sizeof(*attr) * (box->count + count));
    uint32_t n = 0, i = 0;
    for (size_t j = 0; j <= count; j++) {
        if (j < count && c[j].value.type == WB_AV_NONE)
            continue;
        for (;
             i < box->count && (j == count || wb_slice_cmp(box->attr[i].name, c[j].key->name) < 0);
             i++)
            if (box->attr[i].value.type != WB_AV_NONE)
                attr[n++] = box->attr[i];
        if (j < count)
            attr[n++] = (struct wb_attr){c[j].key->name, c[j].value};
    }
    box->attr = attr;
    box->count = n;
}

static void rebuild(struct apply *x)
{
    qsort(x->change, x->changes, sizeof(*x->change), cmp_change);
    for (size_t i = 0, n; i < x->changes; i += n) {
        struct wb_av *box = x->change[i].box;
        for (n = 1; i + n < x->changes && x->change[i + n].box == box; n++)
            ;
        if (box->type == WB_AV_L)
            rebuild_list(x, box, &x->change[i], n);
        else
            rebuild_map(x, box, &x->change[i], n);
    }
}

bool wb_update_apply(struct wb_arena *a, const struct wb_update *u, struct wb_av *item,
                     struct wb_slice *why)
{
    assert(item->type == WB_AV_M);
    struct apply x = {.a = a, .old = item};
    const struct wb_av **value = wb_new_n(a, const struct wb_av *, u->count);
    x.change = wb_new_n(a, struct change, u->count);
    for (uint32_t i = 0; i < u->count && !x.why; i++) {
        const struct wb_update_action *action = &u->action[i];
        if (action->kind == WB_UP_SET)
            value[i] = value_of(&x, action->value);
        else if (action->kind != WB_UP_REMOVE)
            value[i] = add_delete(&x, action, wb_path_get(&action->path, item));
    }
    if (!x.why)
        x.copy = clone(a, item);
    for (uint32_t i = 0; i < u->count && !x.why; i++)
        lay(&x, &u->action[i], value[i]);
    if (x.why) {
        *why = wb_slice_str(x.why);
        return false;
    }
    rebuild(&x);
    if (!wb_av_item_fits(&x.copy, WB_DDB_ITEM_MAX)) {
        *why = wb_slice_str(too_large);
        return false;
    }
    if (wb_av_depth(&x.copy) > WB_DDB_NESTING_MAX + 1) {
        *why = WB_S("Nesting Levels have exceeded supported limits: Attributes in the item have "
                    "nested levels beyond supported limit");
        return false;
    }
    *item = x.copy;
    return true;
}

/* --- projection --- */

static int cmp_path(const void *p, const void *q)
{
    const struct wb_path *x = p, *y = q;
    for (uint32_t i = 0; i < x->count && i < y->count; i++) {
        int c = cmp_step(&x->step[i], &y->step[i]);
        if (c)
            return c;
    }
    return (x->count > y->count) - (x->count < y->count);
}

void wb_paths_sort(struct wb_path *path, uint32_t count)
{
    if (count > 1)
        qsort(path, count, sizeof(*path), cmp_path);
}

/* Paths that share their first `at` steps, in order: a range for each next step. */
static struct wb_av project(struct wb_arena *a, const struct wb_path *path, uint32_t count,
                            uint32_t at, const struct wb_av *v)
{
    struct wb_av out = {.type = v->type};
    if (v->type == WB_AV_M)
        out.attr = wb_alloc(a, sizeof(*out.attr) * count);
    else
        out.elem = wb_alloc(a, sizeof(*out.elem) * count);
    for (uint32_t i = 0, n; i < count; i += n) {
        const struct wb_path_step *s = &path[i].step[at];
        for (n = 1; i + n < count && cmp_step(&path[i + n].step[at], s) == 0; n++)
            ;
        struct wb_path one = {.step = path[i].step + at, .count = 1};
        const struct wb_av *c = wb_path_get(&one, v);
        if (!c)
            continue;
        struct wb_av part = *c;
        if (path[i].count > at + 1) { /* the shortest of the range is its first */
            if (c->type != WB_AV_M && c->type != WB_AV_L)
                continue;
            part = project(a, path + i, n, at + 1, c);
            if (part.count == 0)
                continue;
        }
        if (v->type == WB_AV_M)
            out.attr[out.count++] = (struct wb_attr){s->name, part};
        else
            out.elem[out.count++] = part;
    }
    return out;
}

struct wb_av wb_project(struct wb_arena *a, const struct wb_path *path, uint32_t count,
                        const struct wb_av *item)
{
    return project(a, path, count, 0, item);
}
