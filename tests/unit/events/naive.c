#include "naive.h"

#include "services/events/value.h"

#define MAX 128

struct leaf {
    struct wb_slice path, text;
    bool string;
    unsigned array[40], index[40], depth; /* the elements it lies in */
};
struct leaves {
    struct leaf leaf[MAX];
    unsigned count, arrays;
};

static struct wb_slice joined(struct wb_arena *a, struct wb_slice path, struct wb_slice name)
{
    if (!path.p)
        return wb_dup(a, name);
    return wb_printf(a, "%.*s.%.*s", WB_FMT(path), WB_FMT(name));
}

static void flatten(struct leaves *l, struct leaf at, struct wb_json v, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) == WB_JSON_OBJECT) {
        struct wb_slice path = at.path;
        while (wb_json_next(&it)) {
            at.path = joined(a, path, wb_json_str(it.key, a));
            flatten(l, at, it.value, a);
        }
    } else if (wb_json_type(v) == WB_JSON_ARRAY) {
        unsigned array = l->arrays++, index = 0;
        for (; wb_json_next(&it); index++) {
            struct leaf in = at;
            if (wb_json_type(it.value) >= WB_JSON_ARRAY) {
                in.array[in.depth] = array;
                in.index[in.depth++] = index;
            }
            flatten(l, in, it.value, a);
        }
    } else if (l->count < MAX) {
        at.string = wb_json_type(v) == WB_JSON_STRING;
        at.text = at.string ? wb_json_str(v, a) : wb_json_raw(v);
        l->leaf[l->count++] = at;
    }
}

static bool number_of(const struct leaf *v, double *d)
{
    char c = v->text.n ? v->text.p[0] : 'x';
    return !v->string && (c == '-' || (c >= '0' && c <= '9')) && wb_number_exact(v->text, d);
}

static struct wb_slice wild(struct wb_slice s, struct wb_arena *a)
{
    struct wb_buf b = wb_buf_in(a);
    for (size_t i = 0; i < s.n; i++)
        wb_buf_char(&b, s.p[i] == '*' ? WB_WILD_STAR : s.p[i] == '\\' ? s.p[++i] : s.p[i]);
    return wb_buf_slice(&b);
}

static bool string_holds(const char *op, struct wb_slice p, struct wb_slice v, bool fold,
                         struct wb_arena *a)
{
    switch (op[0]) {
    case 'p':
        return fold ? wb_fold_prefix(p, v) : v.n >= p.n && !memcmp(v.p, p.p, p.n);
    case 's':
        return fold ? wb_fold_suffix(p, v) : v.n >= p.n && !memcmp(v.p + v.n - p.n, p.p, p.n);
    case 'w':
        return wb_wild_match(wild(p, a), v);
    default:
        return wb_fold_equals(p, v);
    }
}

static bool numeric_holds(struct wb_json e, const struct leaf *v, struct wb_arena *a)
{
    double d, n;
    if (!number_of(v, &d))
        return false;
    for (uint32_t i = 0; i + 1 < wb_json_count(e); i += 2) {
        struct wb_slice op = wb_json_str(wb_json_item(e, i), a);
        wb_number_exact(wb_json_raw(wb_json_item(e, i + 1)), &n);
        if (!(wb_slice_is(op, "=")    ? d == n
              : wb_slice_is(op, "<")  ? d < n
              : wb_slice_is(op, "<=") ? d <= n
              : wb_slice_is(op, ">")  ? d > n
                                      : d >= n))
            return false;
    }
    return true;
}

static bool anything_but_holds(struct wb_json e, const struct leaf *v, struct wb_arena *a)
{
    const char *op = NULL;
    if (wb_json_type(e) == WB_JSON_OBJECT) {
        struct wb_json_iter it = wb_json_iter(e);
        wb_json_next(&it);
        op = wb_dup_cstr(a, wb_json_str(it.key, a));
        e = it.value;
    }
    bool list = wb_json_type(e) == WB_JSON_ARRAY;
    for (uint32_t i = 0; i < (list ? wb_json_count(e) : 1); i++) {
        struct wb_json x = list ? wb_json_item(e, i) : e;
        double d, n;
        if (wb_json_type(x) == WB_JSON_NUMBER) {
            if (number_of(v, &d) && wb_number_exact(wb_json_raw(x), &n) && d == n)
                return false;
        } else if (v->string) {
            struct wb_slice s = wb_json_str(x, a);
            if (op ? string_holds(op, s, v->text, false, a) : wb_slice_eq(s, v->text))
                return false;
        }
    }
    return true;
}

static bool operator_holds(struct wb_slice op, struct wb_json e, const struct leaf *v,
                           struct wb_arena *a)
{
    if (wb_slice_is(op, "exists"))
        return wb_json_bool(e, false);
    if (wb_slice_is(op, "numeric"))
        return numeric_holds(e, v, a);
    if (wb_slice_is(op, "anything-but"))
        return anything_but_holds(e, v, a);
    if (!v->string)
        return false;
    if (wb_slice_is(op, "exactly"))
        return wb_slice_eq(wb_json_str(e, a), v->text);
    if (wb_slice_is(op, "cidr")) {
        struct wb_ip lo, hi, ip;
        wb_cidr_parse(a, wb_json_str(e, a), &lo, &hi);
        return wb_ip_parse(v->text, &ip) && ip.len == lo.len &&
               memcmp(ip.byte, lo.byte, ip.len) >= 0 && memcmp(ip.byte, hi.byte, ip.len) <= 0;
    }
    bool fold = wb_json_type(e) == WB_JSON_OBJECT;
    if (fold)
        e = wb_json_get(e, "equals-ignore-case");
    return string_holds(wb_dup_cstr(a, op), wb_json_str(e, a), v->text, fold, a);
}

static bool matcher_holds(struct wb_json m, const struct leaf *v, struct wb_arena *a)
{
    double d, n;
    struct wb_ip x, y;
    struct wb_slice s;
    struct wb_json_iter it;
    switch (wb_json_type(m)) {
    case WB_JSON_STRING:
        s = wb_json_str(m, a);
        if (v->string && wb_slice_eq(s, v->text))
            return true;
        return v->string && wb_ip_parse(s, &x) && wb_ip_parse(v->text, &y) &&
               memcmp(&x, &y, sizeof x) == 0;
    case WB_JSON_NUMBER:
        if (number_of(v, &d) && wb_number_exact(wb_json_raw(m), &n) && d == n)
            return true;
        return !v->string && wb_slice_eq(wb_json_raw(m), v->text);
    case WB_JSON_OBJECT:
        it = wb_json_iter(m);
        wb_json_next(&it);
        return operator_holds(wb_json_str(it.key, a), it.value, v, a);
    default:
        return !v->string && wb_slice_eq(wb_json_raw(m), v->text);
    }
}

struct field {
    struct wb_slice path;
    struct wb_json tests;
};
struct fields {
    struct field field[40];
    unsigned count;
};

static bool compatible(const struct leaf *x, const struct leaf *y)
{
    for (unsigned i = 0; i < x->depth; i++)
        for (unsigned k = 0; k < y->depth; k++)
            if (x->array[i] == y->array[k] && x->index[i] != y->index[k])
                return false;
    return true;
}

static bool assign(const struct fields *f, unsigned at, struct leaves *l, const struct leaf **used,
                   unsigned used_count, struct wb_arena *a)
{
    if (at == f->count)
        return true;
    bool present = false;
    for (unsigned i = 0; i < l->count; i++) {
        const struct leaf *v = &l->leaf[i];
        if (!wb_slice_eq(v->path, f->field[at].path))
            continue;
        present = true;
        bool holds = false, fits = true;
        struct wb_json_iter it = wb_json_iter(f->field[at].tests);
        while (!holds && wb_json_next(&it))
            holds = matcher_holds(it.value, v, a);
        for (unsigned k = 0; k < used_count; k++)
            fits &= compatible(used[k], v);
        used[used_count] = v;
        if (holds && fits && assign(f, at + 1, l, used, used_count + 1, a))
            return true;
    }
    if (present)
        return false;
    struct wb_json_iter it = wb_json_iter(f->field[at].tests);
    while (wb_json_next(&it))
        if (wb_json_type(it.value) == WB_JSON_OBJECT &&
            !wb_json_bool(wb_json_get(it.value, "exists"), true))
            return assign(f, at + 1, l, used, used_count, a);
    return false;
}

static void put(struct fields *f, struct wb_slice path, struct wb_json tests)
{
    unsigned i = 0;
    while (i < f->count && !wb_slice_eq(f->field[i].path, path))
        i++;
    f->field[i] = (struct field){path, tests};
    f->count += i == f->count;
}

/* What is still to be read: a list of (path, rest of an object), so that $or can go on with what
 * follows it. */
struct rest {
    struct wb_slice path;
    struct wb_json_iter it;
    struct rest *outer;
};

static bool match(struct rest *r, struct fields f, struct leaves *l, struct wb_arena *a)
{
    while (r) {
        if (!wb_json_next(&r->it)) {
            r = r->outer;
            continue;
        }
        struct wb_slice name = wb_json_str(r->it.key, a);
        if (wb_slice_is(name, "$or")) {
            struct wb_json_iter or = wb_json_iter(r->it.value);
            while (wb_json_next(& or)) {
                struct rest copies[40], *to = &copies[0];
                *to = (struct rest){r->path, wb_json_iter(or.value), NULL};
                for (struct rest *from = r; from; from = from->outer) {
                    to[1] = *from;
                    to->outer = to + 1;
                    to++;
                }
                to->outer = NULL;
                if (match(copies, f, l, a))
                    return true;
            }
            return false;
        }
        struct wb_slice path = joined(a, r->path, name);
        if (wb_json_type(r->it.value) == WB_JSON_ARRAY) {
            put(&f, path, r->it.value);
        } else {
            struct rest *in = wb_new(a, struct rest);
            *in = (struct rest){path, wb_json_iter(r->it.value), r};
            r = in;
        }
    }
    const struct leaf *used[40];
    return assign(&f, 0, l, used, 0, a);
}

bool naive_match(struct wb_json pattern, struct wb_json event, struct wb_arena *a)
{
    struct leaves *l = wb_new(a, struct leaves);
    flatten(l, (struct leaf){.path = WB_SLICE_NULL}, event, a);
    struct rest top = {WB_SLICE_NULL, wb_json_iter(pattern), NULL};
    return match(&top, (struct fields){.count = 0}, l, a);
}
