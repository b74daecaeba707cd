/*
 * A form becomes a document: names like "Entries.member.2.Id" are paths into the shape. The shape
 * drives the walk, so what it does not name is ignored, and the fields are sorted, so that each
 * step is a binary search.
 */
#include "aws/wire.h"
#include "base/limits.h"
#include <assert.h>

struct walk {
    struct wb_call *c;
    const struct wb_wire *w;
    struct wb_json_writer out;
    struct wb_buf path;
    const char *why;
};

static bool put_value(struct walk *k, const struct wb_shape *s);

/* Is there a field at the path, or below it? */
static bool present(const struct walk *k)
{
    struct wb_slice path = wb_buf_slice(&k->path);
    size_t lo = 0, hi = k->w->form_count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (wb_slice_cmp(k->w->form[mid].name, path) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    /* What sorts between "a" and "a." begins with "a" and a character below '.': skip it. */
    for (; lo < k->w->form_count && wb_slice_starts(k->w->form[lo].name, path); lo++) {
        struct wb_slice name = k->w->form[lo].name;
        if (name.n == path.n || name.p[path.n] == '.')
            return true;
        if (name.p[path.n] > '.')
            return false;
    }
    return false;
}

static size_t go(struct walk *k, const char *name)
{
    size_t back = k->path.n;
    if (back)
        wb_buf_char(&k->path, '.');
    wb_buf_str(&k->path, name);
    return back;
}

static size_t go_number(struct walk *k, unsigned i)
{
    size_t back = k->path.n;
    wb_buf_printf(&k->path, ".%u", i);
    return back;
}

static bool put_structure(struct walk *k, const struct wb_shape *s)
{
    wb_jw_object(&k->out);
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        size_t back = go(k, m->wire ? m->wire : m->name);
        if (present(k)) {
            wb_jw_key(&k->out, m->name);
            if (!put_value(k, m->shape))
                return false;
        }
        k->path.n = back;
    }
    wb_jw_end_object(&k->out);
    return true;
}

static bool put_list(struct walk *k, const struct wb_shape *s)
{
    size_t back = s->flattened ? k->path.n : go(k, s->item_name ? s->item_name : "member");
    wb_jw_array(&k->out);
    for (unsigned i = 1;; i++) {
        size_t here = go_number(k, i);
        if (!present(k)) {
            k->path.n = here;
            break;
        }
        if (!put_value(k, s->elem))
            return false;
        k->path.n = here;
    }
    wb_jw_end_array(&k->out);
    k->path.n = back;
    return true;
}

static bool put_map(struct walk *k, const struct wb_shape *s)
{
    size_t back = s->flattened ? k->path.n : go(k, s->item_name ? s->item_name : "entry");
    wb_jw_object(&k->out);
    for (unsigned i = 1;; i++) {
        size_t here = go_number(k, i), entry = k->path.n;
        if (!present(k)) {
            k->path.n = here;
            break;
        }
        go(k, s->key_name ? s->key_name : "key");
        struct wb_slice key = wb_wire_field(k->w, wb_buf_slice(&k->path));
        k->path.n = entry;
        go(k, s->value_name ? s->value_name : "value");
        wb_jw_key_slice(&k->out, key.p ? key : WB_S(""));
        if (!put_value(k, s->elem))
            return false;
        k->path.n = here;
    }
    wb_jw_end_object(&k->out);
    k->path.n = back;
    return true;
}

/* A shape may contain itself: the writer's depth and the path's length are bounded. */
static bool put_value(struct walk *k, const struct wb_shape *s)
{
    if (k->path.n > WB_FORM_NAME_MAX || k->out.depth > WB_FORM_DEPTH_MAX) {
        k->why = "A parameter name is too long or too deep";
        return false;
    }
    switch (s->kind) {
    case WB_STRUCTURE:
        return put_structure(k, s);
    case WB_LIST:
        return put_list(k, s);
    case WB_MAP:
        return put_map(k, s);
    default:
        return wb_wire_scalar(k->c->arena, &k->out, s, wb_wire_field(k->w, wb_buf_slice(&k->path)),
                              &k->why);
    }
}

bool wb_wire_from_query(struct wb_call *c, struct wb_slice *text)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct walk k = {.c = c, .w = c->wire, .path = wb_buf_in(c->arena)};
    wb_jw_init(&k.out, &b);
    if (!put_structure(&k, c->op->input)) {
        wb_fail(c, "MalformedInput", 400, "%s: %.*s", k.why, WB_FMT(k.path));
        return false;
    }
    *text = wb_buf_slice(&b);
    return true;
}
