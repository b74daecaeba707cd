/* Filter expressions against a trace. */
#include "services/xray/filter_impl.h"

/* What is asked about: a trace as its caller saw it, or one of its services. */
struct subject {
    const struct xray_trace *t;
    const struct xray_entity *e; /* NULL: the trace */
    struct wb_arena *a;
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
        return e->inferred;
    case KEY_REMOTE:
        return e->remote;
    default:
        return key == KEY_ROOT && e == s->t->root;
    }
}

static bool test(const struct xray_filter *f, const struct subject *s)
{
    const struct xray_entity *e = s->e ? s->e : s->t->root;
    if (f->keyword == KEY_USER || f->keyword >= KEY_MESSAGE)
        return any_is(f, s);
    if (!e)
        return false;
    if (f->keyword < KEY_FIRST_NUMBER) {
        bool is = truth(f->keyword, s, e), wanted = f->op == OP_NONE || f->value.truth;
        return f->op == OP_NE ? is != wanted : is == wanted;
    }
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

static bool any_service(const struct xray_filter *f, const struct subject *s)
{
    for (size_t i = 0; i < s->t->count; i++) {
        const struct xray_entity *e = &s->t->entity[i], *from = xray_caller(e);
        struct subject of = {s->t, e, s->a};
        if (!xray_is_service(e) || !selected(&f->to, e, s->a))
            continue;
        if (f->kind == NODE_EDGE && (!from || !selected(&f->from, from, s->a)))
            continue;
        if (!f->left || match(f->left, &of))
            return true;
    }
    return false;
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
    default:
        return any_service(f, s);
    }
}

bool xray_filter_match(const struct xray_filter *f, const struct xray_trace *t,
                       struct wb_arena *scratch)
{
    return match(f, &(struct subject){t, NULL, scratch});
}
