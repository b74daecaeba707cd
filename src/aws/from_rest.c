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
#include <strings.h>

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

/* "aws-chunked" is how the body came, not what the object is encoded in. */
static struct wb_slice without_coding(struct wb_arena *a, struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(a);
    while (text.p) {
        struct wb_slice one = wb_slice_trim(wb_slice_cut(&text, ','));
        if (one.n == 0 || wb_slice_ieq(one, WB_S("aws-chunked")))
            continue;
        if (b.n)
            wb_buf_char(&b, ',');
        wb_buf_slice_put(&b, one);
    }
    return b.n ? wb_buf_slice(&b) : WB_SLICE_NULL;
}

/* The member's text; null when absent. False when it is badly encoded. */
static bool find_text(struct wb_call *c, const struct wb_sig_request *r, const struct wb_member *m,
                      struct wb_slice *text)
{
    const char *name = m->wire ? m->wire : m->name;
    *text = WB_SLICE_NULL;
    if (m->where == WB_IN_HEADER)
        *text = wb_wire_header(r, name);
    if (m->where == WB_IN_HEADER && c->protocol == WB_REST_XML &&
        strcasecmp(name, "content-encoding") == 0)
        *text = without_coding(c->arena, *text);
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

static bool badly(const char **why)
{
    *why = BAD_ENCODING;
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
                           const struct wb_member *m, const char **why)
{
    const char *name = m->wire ? m->wire : m->name;
    bool any = false;
    while (query.p) {
        struct wb_slice value = wb_slice_cut(&query, '&');
        struct wb_slice key = wb_slice_cut(&value, '='), plain, text = WB_S("");
        if (!wb_percent_decode(c->arena, key, true, &plain) || !wb_slice_is(plain, name))
            continue;
        if (value.p && !wb_percent_decode(c->arena, value, true, &text))
            return badly(why);
        if (!any) {
            wb_jw_key(w, m->name);
            wb_jw_array(w);
        }
        any = true;
        if (wb_utf8_check(text) >= 0)
            return badly(why);
        if (!wb_wire_scalar(c->arena, w, m->shape->elem, text, why))
            return false;
    }
    if (any)
        wb_jw_end_array(w);
    return true;
}

/* A list in a header: "ETag, Checksum". */
static bool put_list(struct wb_arena *a, struct wb_json_writer *w, const struct wb_member *m,
                     struct wb_slice text, const char **why)
{
    wb_jw_array(w);
    while (text.p) {
        struct wb_slice one = wb_slice_trim(wb_slice_cut(&text, ','));
        if (one.n && !wb_wire_scalar(a, w, m->shape->elem, one, why))
            return false;
    }
    wb_jw_end_array(w);
    return true;
}

static bool has_prefix(struct wb_slice name, struct wb_slice prefix)
{
    return name.n > prefix.n && wb_slice_ieq(wb_slice_sub(name, 0, prefix.n), prefix);
}

static struct wb_slice lower(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32) : s.p[i];
    return wb_slice(p, s.n);
}

/* A map of the headers that begin alike. One that comes twice is one with both values. */
static bool put_headers(struct wb_call *c, const struct wb_sig_request *r, struct wb_json_writer *w,
                        const struct wb_member *m, const char **why)
{
    struct wb_slice prefix = wb_slice_str(m->wire);
    struct wb_pair *found = wb_new_n(c->arena, struct wb_pair, r->header_count + 1);
    size_t n = 0, k;
    for (size_t i = 0; i < r->header_count; i++) {
        if (!has_prefix(r->header[i].name, prefix))
            continue;
        struct wb_slice name = lower(c->arena, wb_slice_sub(r->header[i].name, prefix.n, SIZE_MAX));
        struct wb_slice value = r->header[i].value;
        if (wb_utf8_check(name) >= 0 || wb_utf8_check(value) >= 0)
            return badly(why);
        for (k = 0; k < n && !wb_slice_eq(found[k].name, name);)
            k++;
        if (k == n)
            found[n++] = (struct wb_pair){name, value};
        else
            found[k].value =
                wb_printf(c->arena, "%.*s,%.*s", WB_FMT(found[k].value), WB_FMT(value));
    }
    if (!n)
        return true;
    wb_jw_key(w, m->name);
    wb_jw_object(w);
    for (k = 0; k < n; k++) {
        wb_jw_key_slice(w, found[k].name);
        wb_jw_str(w, found[k].value.n ? found[k].value : WB_S(""));
    }
    wb_jw_end_object(w);
    return true;
}

bool wb_wire_rest_member(struct wb_call *c, const struct wb_sig_request *r,
                         struct wb_json_writer *w, const struct wb_member *m,
                         struct wb_slice *found, const char **why)
{
    *found = WB_SLICE_NULL;
    if (m->where == WB_IN_QUERY && m->shape->kind == WB_LIST)
        return put_parameters(c, w, r->query, m, why);
    if (m->where == WB_IN_HEADERS)
        return put_headers(c, r, w, m, why);
    if (!find_text(c, r, m, found))
        return badly(why);
    if (!found->p)
        return true;
    wb_jw_key(w, m->name);
    if (m->shape->kind == WB_LIST)
        return put_list(c->arena, w, m, *found, why);
    return wb_wire_scalar(c->arena, w, m->shape, *found, why);
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
    for (const struct wb_member *m = c->op->input->member; m && m->name; m++) {
        struct wb_slice found;
        const char *why;
        if (!wb_wire_rest_member(c, r, &w, m, &found, &why))
            return bad(c, why);
    }
    wb_jw_end_object(&w);
    *text = wb_buf_slice(&b);
    return true;
}
