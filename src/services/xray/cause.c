#include "services/xray/cause.h"
#include "base/limits.h"

double xray_coverage(const struct xray_trace *t, const struct xray_entity *e)
{
    double all = t->root ? t->root->end - t->root->start : 0;
    return all > 0 ? (e->end - e->start) / all : 0;
}

/* Cuts the way from the root to e where it enters another service. */
static struct xray_cause way_to(struct wb_arena *a, const struct xray_entity *e)
{
    struct xray_cause c = {0};
    const struct xray_entity *path[WB_XRAY_CAUSE_DEPTH];
    size_t n = 0;
    for (const struct xray_entity *p = e; p && n < WB_XRAY_CAUSE_DEPTH; p = p->parent)
        path[n++] = p;
    c.service = wb_new_n(a, struct xray_cause_service, n + 1);
    while (n) {
        struct xray_cause_service *s = &c.service[c.count++];
        const struct xray_entity *owner = path[n - 1]->owner;
        s->service = owner ? owner : path[n - 1];
        s->entity = wb_new_n(a, const struct xray_entity *, n);
        for (; n && path[n - 1]->owner == owner; n--)
            s->entity[s->count++] = path[n - 1];
    }
    if (e->inferred) {
        struct xray_cause_service *s = &c.service[c.count++];
        s->service = e;
        s->entity = wb_new_n(a, const struct xray_entity *, 1);
        s->entity[s->count++] = e;
    }
    return c;
}

static bool failed(const struct xray_entity *e, enum xray_cause_kind kind)
{
    return kind == CAUSE_FAULT ? e->fault : e->error && !e->fault;
}

static size_t failures(struct wb_arena *a, const struct xray_trace *t, enum xray_cause_kind kind,
                       struct xray_cause *out)
{
    bool *below = wb_new_n(a, bool, t->count);
    size_t n = 0;
    for (size_t i = 0; i < t->count; i++)
        for (const struct xray_entity *p = t->entity[i].parent;
             failed(&t->entity[i], kind) && p && !below[p - t->entity]; p = p->parent)
            below[p - t->entity] = true;
    for (size_t i = 0; i < t->count && n < WB_XRAY_CAUSES; i++)
        if (failed(&t->entity[i], kind) && !below[i])
            out[n++] = way_to(a, &t->entity[i]);
    return n;
}

/* The longest call of each. */
static size_t slowest(struct wb_arena *a, const struct xray_trace *t, struct xray_cause *out)
{
    const struct xray_entity **longest = wb_new_n(a, const struct xray_entity *, t->count + 1), *e;
    for (size_t i = 0; i < t->count; i++) {
        e = &t->entity[i];
        const struct xray_entity **of = e->parent ? &longest[e->parent - t->entity] : NULL;
        if (of && (!*of || e->end - e->start > (*of)->end - (*of)->start))
            *of = e;
    }
    if (!t->root)
        return 0;
    e = t->root;
    for (size_t i = 0; i < t->count; i++) {
        const struct xray_entity *next = longest[e - t->entity];
        if (!next || next->end - next->start < (e->end - e->start) / 2)
            break;
        e = next;
    }
    out[0] = way_to(a, e);
    return 1;
}

size_t xray_causes(struct wb_arena *a, const struct xray_trace *t, enum xray_cause_kind kind,
                   struct xray_cause *out)
{
    return kind == CAUSE_RESPONSE_TIME ? slowest(a, t, out) : failures(a, t, kind, out);
}
