/* Filter expressions against a trace. */
#include "base/limits.h"
#include "services/xray/filter_impl.h"

struct element { /* of a root cause */
    const struct xray_entity *e;
    struct wb_json exception;
    size_t index;
    bool last;
};

/* What is asked about: a trace as its caller saw it, or one of its services, or a part of a root
 * cause. */
struct subject {
    const struct xray_trace *t;
    const struct xray_entity *e; /* NULL: the trace */
    struct wb_arena *a;
    const struct element *x; /* NULL: no root cause */
};

/* --- comparing --- */

static bool number_is(const struct xray_filter *f, double x)
{
    double y = f->value.number;
    switch (f->op) {
    case OP_EQ:
        return x == y;
    case OP_NE:
        return x != y;
    case OP_LT:
        return x < y;
    case OP_LE:
        return x <= y;
    case OP_GT:
        return x > y;
    default:
        return f->op == OP_GE && x >= y;
    }
}

static bool text_is(const struct xray_filter *f, struct wb_slice s)
{
    switch (f->op) {
    case OP_NONE:
        return true;
    case OP_EQ:
        return wb_slice_eq(s, f->value.text);
    case OP_NE:
        return !wb_slice_eq(s, f->value.text);
    case OP_CONTAINS:
        return wb_slice_find(s, f->value.text, 0) >= 0;
    case OP_BEGINS:
        return wb_slice_starts(s, f->value.text);
    default:
        return f->op == OP_ENDS && wb_slice_ends(s, f->value.text);
    }
}

static bool json_is(const struct xray_filter *f, struct wb_json v, struct wb_arena *a)
{
    enum wb_json_type t = wb_json_type(v);
    double x;
    if (t == WB_JSON_MISSING || t == WB_JSON_NULL)
        return false;
    if (f->op == OP_NONE)
        return true;
    if (f->value.kind == VALUE_STRING)
        return t == WB_JSON_STRING && text_is(f, wb_json_str(v, a));
    if (f->value.kind == VALUE_NUMBER)
        return wb_json_double(v, &x) && number_is(f, x);
    return (t == WB_JSON_TRUE || t == WB_JSON_FALSE) &&
           ((t == WB_JSON_TRUE) == f->value.truth) == (f->op == OP_EQ);
}

/* --- what segments have --- */

static struct wb_json inside(const struct xray_entity *e, const char *one, const char *two,
                             const char *three)
{
    struct wb_json v = wb_json_get(e->doc, one);
    if (two)
        v = wb_json_get(v, two);
    return three ? wb_json_get(v, three) : v;
}

static bool any_message(const struct xray_filter *f, const struct xray_entity *e,
                        struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(inside(e, "cause", "exceptions", NULL));
    while (wb_json_next(&it))
        if (json_is(f, wb_json_get(it.value, "message"), a))
            return true;
    return false;
}

static bool any_arn(const struct xray_filter *f, const struct xray_entity *e, struct wb_arena *a)
{
    return json_is(f, inside(e, "resource_arn", NULL, NULL), a) ||
           json_is(f, inside(e, "aws", "resource_arn", NULL), a) ||
           json_is(f, inside(e, "aws", "function_arn", NULL), a);
}

static bool entity_is(const struct xray_filter *f, const struct xray_entity *e, struct wb_arena *a)
{
    switch (f->keyword) {
    case KEY_URL:
        return json_is(f, inside(e, "http", "request", "url"), a);
    case KEY_METHOD:
        return json_is(f, inside(e, "http", "request", "method"), a);
    case KEY_USER_AGENT:
        return json_is(f, inside(e, "http", "request", "user_agent"), a);
    case KEY_CLIENT_IP:
        return json_is(f, inside(e, "http", "request", "client_ip"), a);
    case KEY_STATUS:
        return json_is(f, inside(e, "http", "response", "status"), a);
    case KEY_USER:
        return json_is(f, inside(e, "user", NULL, NULL), a);
    case KEY_NAME:
        return e->name.p && text_is(f, e->name);
    case KEY_TYPE:
        return e->type.p && text_is(f, e->type);
    case KEY_MESSAGE:
        return any_message(f, e, a);
    case KEY_ZONE:
        return json_is(f, inside(e, "aws", "ec2", "availability_zone"), a);
    case KEY_INSTANCE:
        return json_is(f, inside(e, "aws", "ec2", "instance_id"), a);
    case KEY_ARN:
        return any_arn(f, e, a);
    case KEY_ANNOTATION:
        return json_is(f, wb_json_get_slice(inside(e, "annotations", NULL, NULL), f->annotation),
                       a);
    default:
        return false;
    }
}

/* Of the service's own segment, with its subsegments; or of all there are. */
static bool any_is(const struct xray_filter *f, const struct subject *s)
{
    for (size_t i = 0; i < s->t->count; i++) {
        const struct xray_entity *e = &s->t->entity[i];
        bool asked = !s->e || e == s->e || (s->e->segment && e->owner == s->e);
        if (asked && entity_is(f, e, s->a))
            return true;
    }
    return false;
}

static bool any_inferred(const struct xray_trace *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->entity[i].inferred)
            return true;
    return false;
}

static bool truth(enum xray_keyword key, const struct subject *s, const struct xray_entity *e)
{
    switch (key) {
    case KEY_OK:
        return !e->in_progress && !e->fault && !e->error && !e->throttle;
    case KEY_ERROR:
        return e->error;
    case KEY_THROTTLE:
        return e->throttle;
    case KEY_FAULT:
        return e->fault;
    case KEY_PARTIAL:
        return s->e ? e->in_progress : s->t->partial;
    case KEY_INFERRED:
        return s->e ? e->inferred : any_inferred(s->t);
    case KEY_REMOTE:
        return e->remote;
    default:
        return key == KEY_ROOT && e == s->t->root;
    }
}

static bool truth_is(const struct xray_filter *f, bool is)
{
    bool wanted = f->op == OP_NONE || f->value.truth;
    return f->op == OP_NE ? is != wanted : is == wanted;
}

static bool element_is(const struct xray_filter *f, const struct subject *s)
{
    const struct element *x = s->x;
    switch (f->keyword) {
    case KEY_FIRST:
        return truth_is(f, x->index == 0);
    case KEY_LAST:
        return truth_is(f, x->last);
    case KEY_INDEX:
        return number_is(f, (double)x->index);
    case KEY_COVERAGE:
        return number_is(f, xray_coverage(s->t, x->e));
    case KEY_NAME:
        if (wb_json_is(x->exception))
            return json_is(f, wb_json_get(x->exception, "type"), s->a);
        return entity_is(f, x->e, s->a);
    case KEY_MESSAGE:
        if (wb_json_is(x->exception))
            return json_is(f, wb_json_get(x->exception, "message"), s->a);
        return entity_is(f, x->e, s->a);
    case KEY_TYPE:
        return entity_is(f, x->e, s->a);
    default:
        return truth_is(f, f->keyword == KEY_INFERRED ? x->e->inferred
                           : f->keyword == KEY_REMOTE ? x->e->remote
                                                      : x->e == s->t->root);
    }
}

static bool test(const struct xray_filter *f, const struct subject *s)
{
    const struct xray_entity *e = s->e ? s->e : s->t->root;
    if (s->x)
        return element_is(f, s);
    if (f->keyword == KEY_USER || f->keyword >= KEY_MESSAGE)
        return any_is(f, s);
    if (!e)
        return false;
    if (f->keyword < KEY_FIRST_NUMBER)
        return truth_is(f, truth(f->keyword, s, e));
    if (f->keyword == KEY_DURATION && !s->e)
        return number_is(f, s->t->end - s->t->start);
    if (f->keyword == KEY_DURATION || f->keyword == KEY_RESPONSE_TIME)
        return number_is(f, e->end - e->start);
    return entity_is(f, e, s->a);
}

/* --- services and edges --- */

static bool selected(const struct xray_selector *w, const struct xray_entity *e, struct wb_arena *a)
{
    if (w->account.p &&
        !wb_slice_eq(w->account, wb_json_get_str(wb_json_get(e->doc, "aws"), "account_id", a)))
        return false;
    return (!w->name.p || wb_slice_eq(w->name, e->name)) &&
           (!w->type.p || wb_slice_eq(w->type, e->type));
}

static bool match(const struct xray_filter *f, const struct subject *s);

static bool is_service(const struct xray_filter *f, const struct subject *s,
                       const struct xray_entity *e)
{
    const struct xray_entity *from = xray_caller(e);
    struct subject of = {s->t, e, s->a, NULL};
    if (!xray_is_service(e) || !selected(&f->to, e, s->a))
        return false;
    if (f->kind == NODE_EDGE && (!from || !selected(&f->from, from, s->a)))
        return false;
    return !f->left || match(f->left, &of);
}

static bool any_service(const struct xray_filter *f, const struct subject *s)
{
    for (size_t i = 0; i < s->t->count; i++)
        if (is_service(f, s, &s->t->entity[i]))
            return true;
    return false;
}

enum xray_selection xray_filter_selection(const struct xray_filter *f)
{
    return f->kind == NODE_SERVICE ? SELECTS_SERVICES
           : f->kind == NODE_EDGE  ? SELECTS_EDGES
                                   : SELECTS_NOTHING;
}

bool xray_filter_selects(const struct xray_filter *f, const struct xray_trace *t,
                         const struct xray_entity *e, struct wb_arena *scratch)
{
    return is_service(f, &(struct subject){t, NULL, scratch, NULL}, e);
}

/* --- root causes --- */

static size_t exceptions_of(const struct xray_entity *e)
{
    return wb_json_count(inside(e, "cause", "exceptions", NULL));
}

/* The cause's services, entities or exceptions, one after another. */
static struct element *elements(const struct xray_cause *c, enum xray_cause_part part,
                                struct wb_arena *a, size_t *count)
{
    size_t most = 0, n = 0;
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->service[i].count; k++)
            most += 1 + exceptions_of(c->service[i].entity[k]);
    struct element *all = wb_new_n(a, struct element, most + 1);
    for (size_t i = 0; i < c->count; i++) {
        if (part == PART_SERVICE)
            all[n++].e = c->service[i].service;
        for (size_t k = 0; part != PART_SERVICE && k < c->service[i].count; k++) {
            const struct xray_entity *e = c->service[i].entity[k];
            struct wb_json_iter it = wb_json_iter(inside(e, "cause", "exceptions", NULL));
            if (part == PART_ENTITY)
                all[n++].e = e;
            while (part == PART_EXCEPTION && wb_json_next(&it))
                all[n++] = (struct element){.e = e, .exception = it.value};
        }
    }
    for (size_t i = 0; i < n; i++) {
        all[i].index = i;
        all[i].last = i + 1 == n;
    }
    *count = n;
    return all;
}

static bool any_cause(const struct xray_filter *f, const struct subject *s)
{
    struct xray_cause cause[WB_XRAY_CAUSES];
    size_t causes = xray_causes(s->a, s->t, f->cause, cause), n;
    for (size_t i = 0; i < causes; i++) {
        struct element *all = elements(&cause[i], f->part, s->a, &n);
        for (size_t k = 0; k < n; k++)
            if (!f->left || match(f->left, &(struct subject){s->t, NULL, s->a, &all[k]}))
                return true;
    }
    return false;
}

static bool same_name(const struct xray_entity *e, struct wb_json v, struct wb_arena *a)
{
    return wb_slice_eq(e->name, wb_json_get_str(v, "Name", a));
}

/* The same services, and where paths are given the same entities. */
static bool same_cause(const struct xray_cause *c, struct wb_json v, struct wb_arena *a)
{
    struct wb_json list = wb_json_get(v, "Services");
    struct wb_json_iter it = wb_json_iter(list);
    if (wb_json_count(list) != c->count)
        return false;
    for (size_t i = 0; wb_json_next(&it); i++) {
        const struct xray_cause_service *s = &c->service[i];
        struct wb_json path = wb_json_get(it.value, "EntityPath");
        struct wb_json_iter p = wb_json_iter(path);
        if (!same_name(s->service, it.value, a) ||
            (wb_json_is(path) && wb_json_count(path) != s->count))
            return false;
        for (size_t k = 0; wb_json_next(&p); k++)
            if (!same_name(s->entity[k], p.value, a))
                return false;
    }
    return true;
}

static bool has_cause(struct wb_json v, const struct subject *s)
{
    struct xray_cause cause[WB_XRAY_CAUSES];
    for (int kind = CAUSE_FAULT; kind <= CAUSE_RESPONSE_TIME; kind++) {
        size_t n = xray_causes(s->a, s->t, (enum xray_cause_kind)kind, cause);
        for (size_t i = 0; i < n; i++)
            if (!wb_json_is(v) || same_cause(&cause[i], v, s->a))
                return true;
    }
    return false;
}

/* All of those that are named. */
static bool has_causes(const struct xray_filter *f, const struct subject *s)
{
    struct wb_json_iter it = wb_json_iter(f->json);
    if (wb_json_type(f->json) != WB_JSON_ARRAY)
        return has_cause(f->json, s) != (f->op == OP_NE);
    while (wb_json_next(&it))
        if (!has_cause(it.value, s))
            return f->op == OP_NE;
    return f->op != OP_NE;
}

static bool match(const struct xray_filter *f, const struct subject *s)
{
    switch (f->kind) {
    case NODE_ALL:
        return true;
    case NODE_AND:
        return match(f->left, s) && match(f->right, s);
    case NODE_OR:
        return match(f->left, s) || match(f->right, s);
    case NODE_NOT:
        return !match(f->left, s);
    case NODE_TEST:
        return test(f, s);
    case NODE_CAUSE:
        return any_cause(f, s);
    case NODE_CAUSE_JSON:
        return has_causes(f, s);
    default:
        return any_service(f, s);
    }
}

bool xray_filter_match(const struct xray_filter *f, const struct xray_trace *t,
                       struct wb_arena *scratch)
{
    return match(f, &(struct subject){t, NULL, scratch, NULL});
}
