#include "services/events/input.h"

struct step {
    enum { NAME, INDEX, ALL } kind;
    struct wb_slice name;
    uint32_t index;
};

struct wb_path {
    struct step *step;
    uint32_t count;
    bool many; /* has a [*]: the result is a list */
};

/* ['name'] or ["name"] or [5] or [*], after the bracket; *at moves behind it. */
static bool bracket(struct wb_slice s, size_t *at, struct step *out)
{
    ptrdiff_t close = wb_slice_chr(s, ']', *at);
    if (*at < s.n && (s.p[*at] == '\'' || s.p[*at] == '"')) {
        char q = s.p[*at];
        ptrdiff_t end = wb_slice_chr(s, q, *at + 1);
        if (end < 0 || (size_t)end + 1 >= s.n || s.p[end + 1] != ']')
            return false;
        *out = (struct step){NAME, wb_slice_sub(s, *at + 1, (size_t)end), 0};
        *at = (size_t)end + 2;
        return true;
    }
    if (close < 0)
        return false;
    struct wb_slice in = wb_slice_sub(s, *at, (size_t)close);
    uint64_t index;
    *at = (size_t)close + 1;
    if (wb_slice_is(in, "*")) {
        *out = (struct step){.kind = ALL};
        return true;
    }
    if (!wb_slice_u64(in, &index) || index > UINT32_MAX)
        return false;
    *out = (struct step){.kind = INDEX, .index = (uint32_t)index};
    return true;
}

struct wb_path *wb_path_compile(struct wb_arena *a, struct wb_slice text)
{
    struct wb_path *p = wb_new(a, struct wb_path);
    struct wb_slice s = wb_dup(a, text);
    size_t at = 1;
    p->step = wb_new_n(a, struct step, s.n + 1);
    if (s.n == 0 || s.p[0] != '$')
        return NULL;
    while (at < s.n) {
        struct step *st = &p->step[p->count++];
        char c = s.p[at++];
        if (c == '[') {
            if (!bracket(s, &at, st))
                return NULL;
        } else if (c == '.') {
            size_t from = at;
            while (at < s.n && s.p[at] != '.' && s.p[at] != '[')
                at++;
            if (at == from)
                return NULL;
            *st = (struct step){NAME, wb_slice_sub(s, from, at), 0};
            if (wb_slice_is(st->name, "*"))
                st->kind = ALL;
        } else {
            return NULL;
        }
        p->many |= st->kind == ALL;
    }
    return p;
}

/* Appends what step `at` and those after it lead to, with commas. */
static void collect(const struct wb_path *p, uint32_t at, struct wb_json v, struct wb_buf *b)
{
    for (; at < p->count && wb_json_is(v); at++) {
        const struct step *s = &p->step[at];
        bool array = wb_json_type(v) == WB_JSON_ARRAY;
        if (s->kind == ALL) {
            struct wb_json_iter it = wb_json_iter(v);
            while (wb_json_next(&it))
                collect(p, at + 1, it.value, b);
            return;
        }
        if (s->kind == NAME)
            v = wb_json_get_slice(v, s->name);
        else
            v = array && s->index < wb_json_count(v) ? wb_json_item(v, s->index) : WB_JSON_NONE;
    }
    if (!wb_json_is(v))
        return;
    if (b->n)
        wb_buf_char(b, ',');
    wb_buf_slice_put(b, wb_json_raw(v));
}

struct wb_slice wb_path_find(const struct wb_path *p, struct wb_json root, struct wb_arena *a)
{
    struct wb_buf b = wb_buf_in(a);
    collect(p, 0, root, &b);
    if (p->many)
        return wb_printf(a, "[%.*s]", (int)b.n, b.n ? b.p : "");
    return b.n ? wb_buf_slice(&b) : WB_SLICE_NULL;
}
