/*
 * A REST-XML request becomes a document: what URI, query string and headers carry, and the body as
 * one more member (the payload), either raw or XML that the shape is laid over. An element that the
 * shape does not know is an error, as at S3: what it asks for would not be done.
 */
#include "aws/wire.h"
#include "codec/xml_read.h"

struct walk {
    struct wb_call *c;
    struct wb_json_writer out;
    unsigned depth;
};

static bool put_value(struct walk *k, const struct wb_shape *s, const struct wb_xml *x);

static const char *element_of(const struct wb_member *m)
{
    return m->wire ? m->wire : m->name;
}

static bool is_blank(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!memchr(" \t\r\n", s.p[i], 4))
            return false;
    return true;
}

static struct wb_slice local(const char *name)
{
    return wb_slice_last(wb_slice_str(name), ':');
}

/* The element's name of one member: of a flattened list that of its items. */
static bool is_member(const struct wb_member *m, const struct wb_xml *x)
{
    return !m->attribute && wb_slice_is(x->name, element_of(m));
}

static bool all_known(const struct wb_shape *s, const struct wb_xml *x)
{
    for (const struct wb_xml *c = x->child; c; c = c->next) {
        const struct wb_member *m = s->member;
        while (m && m->name && !is_member(m, c))
            m++;
        if (!m || !m->name)
            return false;
    }
    return is_blank(x->text);
}

/* Every child of that name (or all, when they are the list's own element's). */
static bool put_items(struct walk *k, const struct wb_shape *s, const struct wb_xml *first,
                      const char *name)
{
    wb_jw_array(&k->out);
    for (const struct wb_xml *x = first; x; x = x->next) {
        if (!wb_slice_is(x->name, name)) {
            if (!s->flattened)
                return false;
            continue;
        }
        if (!put_value(k, s->elem, x))
            return false;
    }
    wb_jw_end_array(&k->out);
    return true;
}

static bool put_structure(struct walk *k, const struct wb_shape *s, const struct wb_xml *x)
{
    if (!all_known(s, x))
        return false;
    wb_jw_object(&k->out);
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        const char *name = element_of(m);
        if (m->attribute) {
            struct wb_slice v = WB_SLICE_NULL;
            for (size_t i = 0; i < x->attribute_count; i++)
                if (wb_slice_eq(x->attribute[i].name, local(name)))
                    v = x->attribute[i].value;
            if (v.p)
                wb_jw_kstr(&k->out, m->name, v);
            continue;
        }
        const struct wb_xml *child = wb_xml_child(x, name);
        if (!child)
            continue;
        wb_jw_key(&k->out, m->name);
        if (m->shape->kind == WB_LIST && m->shape->flattened) {
            if (!put_items(k, m->shape, child, name))
                return false;
            continue;
        }
        for (const struct wb_xml *more = child->next; more; more = more->next)
            if (wb_slice_is(more->name, name))
                return false; /* twice */
        if (!put_value(k, m->shape, child))
            return false;
    }
    wb_jw_end_object(&k->out);
    return true;
}

static bool put_value(struct walk *k, const struct wb_shape *s, const struct wb_xml *x)
{
    const char *why;
    switch (s->kind) {
    case WB_STRUCTURE:
        return put_structure(k, s, x);
    case WB_LIST:
        return is_blank(x->text) &&
               put_items(k, s, x->child, s->item_name ? s->item_name : "member");
    case WB_STRING:
    case WB_BLOB:
    case WB_ANY:
        return !x->child && wb_wire_scalar(k->c->arena, &k->out, s, x->text, &why);
    case WB_MAP: /* S3's bodies have none */
        return false;
    default: {
        struct wb_slice text = x->text;
        while (text.n && memchr(" \t\r\n", text.p[0], 4))
            text = wb_slice_sub(text, 1, text.n);
        while (text.n && memchr(" \t\r\n", text.p[text.n - 1], 4))
            text.n--;
        return !x->child && wb_wire_scalar(k->c->arena, &k->out, s, text, &why);
    }
    }
}

static bool malformed(struct wb_call *c)
{
    wb_fail(c, "MalformedXML", 400, WB_MALFORMED_XML);
    return false;
}

/* S3 tells which argument it was. */
static bool bad_argument(struct wb_call *c, const struct wb_member *m, struct wb_slice value,
                         const char *why)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    const char *name = m->wire ? m->wire : m->name;
    bool number = m->shape->kind == WB_INTEGER || m->shape->kind == WB_LONG;
    if (value.p) {
        wb_jw_init(&w, &b);
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "ArgumentName", name);
        wb_jw_kstr(&w, "ArgumentValue", value);
        wb_jw_end_object(&w);
    }
    if (number && value.p)
        wb_fail(c, "InvalidArgument", 400, "Provided %s not an integer or within integer range",
                name);
    else
        wb_fail(c, "InvalidArgument", 400, "%s: %s", name, why);
    if (b.n)
        c->error.extra = wb_slice_sub(wb_buf_slice(&b), 1, b.n - 1);
    return false;
}

bool wb_wire_from_xml(struct wb_call *c, const struct wb_sig_request *r, struct wb_slice *text)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct walk k = {.c = c};
    wb_jw_init(&k.out, &b);
    wb_jw_object(&k.out);
    for (const struct wb_member *m = c->op->input->member; m && m->name; m++) {
        struct wb_slice found;
        const char *why;
        if (m->where != WB_IN_PAYLOAD) {
            if (!wb_wire_rest_member(c, r, &k.out, m, &found, &why))
                return bad_argument(c, m, found, why);
            continue;
        }
        if (m->shape->kind != WB_STRUCTURE) {
            c->payload = r->body;
            continue;
        }
        if (r->body.n == 0 && m->required) {
            wb_fail(c, "MissingRequestBodyError", 400, "Request Body is empty");
            return false;
        }
        if (r->body.n == 0)
            continue;
        struct wb_xml *x = wb_xml_read(c->arena, r->body);
        if (!x || !wb_slice_is(x->name, element_of(m)))
            return malformed(c);
        wb_jw_key(&k.out, m->name);
        if (!put_value(&k, m->shape, x))
            return malformed(c);
    }
    wb_jw_end_object(&k.out);
    *text = wb_buf_slice(&b);
    return true;
}
