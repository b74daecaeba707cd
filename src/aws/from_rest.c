/*
 * A REST request becomes a document: the members of a JSON body, and after them what the URI, the
 * query string and the headers carry. The body is not parsed for that: its closing brace is taken
 * off and the others are written behind it, so that they win over body members of the same name,
 * and a package of many megabytes is parsed once. A body that is not a well-formed object does not
 * become one this way: its brackets still do not match.
 */
#include "aws/wire.h"
#include "base/utf8.h"
#include "codec/text.h"

#define BAD_ENCODING "The request's URI or headers are badly encoded"

static struct wb_slice label(const struct wb_wire *w, const char *name)
{
    for (size_t i = 0; i < w->label_count; i++)
        if (wb_slice_is(w->label[i].name, name))
            return w->label[i].value;
    return WB_SLICE_NULL;
}

static struct wb_slice parameter(struct wb_arena *a, struct wb_slice query, const char *name)
{
    while (query.p) {
        struct wb_slice value = wb_slice_cut(&query, '&');
        struct wb_slice key = wb_slice_cut(&value, '='), plain;
        if (wb_percent_decode(a, key, true, &plain) && wb_slice_is(plain, name))
            return value.p ? value : WB_S("");
    }
    return WB_SLICE_NULL;
}

/* The member's text; null when absent. False when it is badly encoded. */
static bool find_text(struct wb_call *c, const struct wb_sig_request *r, const struct wb_member *m,
                      struct wb_slice *text)
{
    const char *name = m->wire ? m->wire : m->name;
    *text = WB_SLICE_NULL;
    if (m->where == WB_IN_HEADER)
        *text = wb_wire_header(r, name);
    else if (m->where == WB_IN_URI)
        *text = label(c->wire, name);
    else if (m->where == WB_IN_QUERY)
        *text = parameter(c->arena, r->query, name);
    if (text->p && m->where != WB_IN_HEADER &&
        !wb_percent_decode(c->arena, *text, m->where == WB_IN_QUERY, text))
        return false;
    return wb_utf8_check(*text) < 0;
}

static bool bad(struct wb_call *c, const char *why)
{
    wb_fail(c, "SerializationException", 400, "%s", why);
    return false;
}

/* Begins the document with the body's members; the writer continues behind them. */
static bool begin(struct wb_call *c, struct wb_slice body, struct wb_buf *b,
                  struct wb_json_writer *w)
{
    while (body.n && memchr(" \t\r\n", body.p[0], 4))
        body = wb_slice_sub(body, 1, body.n);
    while (body.n && memchr(" \t\r\n", body.p[body.n - 1], 4))
        body.n--;
    wb_jw_init(w, b);
    wb_jw_object(w);
    if (body.n == 0)
        return true;
    if (body.n < 2 || body.p[0] != '{' || body.p[body.n - 1] != '}')
        return bad(c, body.p[0] == '[' ? "Start of list found where not expected"
                                       : "Could not parse request body into json");
    struct wb_slice inside = wb_slice_sub(body, 1, body.n - 1);
    size_t blank = 0;
    while (blank < inside.n && memchr(" \t\r\n", inside.p[blank], 4))
        blank++;
    if (blank == inside.n)
        return true;
    wb_buf_reserve(b, inside.n + 512);
    wb_buf_slice_put(b, inside);
    w->has |= 1ull << w->depth; /* the next key needs its comma */
    return true;
}

/* A list in the query string: one parameter an element. */
static bool put_parameters(struct wb_call *c, struct wb_json_writer *w, struct wb_slice query,
                           const struct wb_member *m)
{
    const char *name = m->wire ? m->wire : m->name, *why;
    bool any = false;
    while (query.p) {
        struct wb_slice value = wb_slice_cut(&query, '&');
        struct wb_slice key = wb_slice_cut(&value, '='), plain, text = WB_S("");
        if (!wb_percent_decode(c->arena, key, true, &plain) || !wb_slice_is(plain, name))
            continue;
        if (value.p && !wb_percent_decode(c->arena, value, true, &text))
            return bad(c, BAD_ENCODING);
        if (!any) {
            wb_jw_key(w, m->name);
            wb_jw_array(w);
        }
        any = true;
        if (wb_utf8_check(text) >= 0)
            return bad(c, BAD_ENCODING);
        if (!wb_wire_scalar(c->arena, w, m->shape->elem, text, &why))
            return bad(c, why);
    }
    if (any)
        wb_jw_end_array(w);
    return true;
}

static bool put_member(struct wb_call *c, const struct wb_sig_request *r, struct wb_json_writer *w,
                       const struct wb_member *m)
{
    struct wb_slice value;
    const char *why;
    if (m->where == WB_IN_QUERY && m->shape->kind == WB_LIST)
        return put_parameters(c, w, r->query, m);
    if (!find_text(c, r, m, &value))
        return bad(c, BAD_ENCODING);
    if (!value.p)
        return true;
    wb_jw_key(w, m->name);
    return wb_wire_scalar(c->arena, w, m->shape, value, &why) || bad(c, why);
}

bool wb_wire_from_rest(struct wb_call *c, const struct wb_sig_request *r, struct wb_slice *text)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    bool payload = false, in_body = false;
    for (const struct wb_member *m = c->op->input->member; m && m->name; m++) {
        payload |= m->where == WB_IN_PAYLOAD;
        in_body |= m->where == WB_IN_BODY;
    }
    if (payload)
        c->payload = r->body;
    if (!begin(c, payload || !in_body ? WB_SLICE_NULL : r->body, &b, &w))
        return false;
    for (const struct wb_member *m = c->op->input->member; m && m->name; m++)
        if (!put_member(c, r, &w, m))
            return false;
    wb_jw_end_object(&w);
    *text = wb_buf_slice(&b);
    return true;
}
