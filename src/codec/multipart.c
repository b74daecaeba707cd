#include "codec/multipart.h"
#include "base/buf.h"
#include <string.h>

#define BOUNDARY_MAX 70 /* characters, RFC 2046 */

/* "; name=value" or "; name=\"va\\\"lue\"". True while there is one more; *bad when it is no
 * parameter. */
static bool next_parameter(struct wb_arena *a, struct wb_slice *s, struct wb_slice *name,
                           struct wb_slice *value, bool *bad)
{
    *s = wb_slice_trim(*s);
    if (!s->n)
        return false;
    *bad = true;
    if (s->p[0] != ';')
        return false;
    *s = wb_slice_trim(wb_slice_sub(*s, 1, s->n));
    ptrdiff_t eq = wb_slice_chr(*s, '=', 0);
    if (eq <= 0)
        return false;
    *name = wb_slice_trim(wb_slice_sub(*s, 0, (size_t)eq));
    *s = wb_slice_sub(*s, (size_t)eq + 1, s->n);
    if (!s->n || s->p[0] != '"') {
        ptrdiff_t end = wb_slice_chr(*s, ';', 0);
        size_t n = end < 0 ? s->n : (size_t)end;
        *value = wb_slice_trim(wb_slice_sub(*s, 0, n));
        *s = wb_slice_sub(*s, n, s->n);
        *bad = value->n == 0;
        return !*bad;
    }
    struct wb_buf b = wb_buf_in(a);
    size_t i = 1;
    while (i < s->n && s->p[i] != '"') {
        /* Browsers escape only the quote (as %22); a backslash before another character is the
         * backslash of a Windows path. */
        if (s->p[i] == '\\' && i + 1 < s->n && (s->p[i + 1] == '"' || s->p[i + 1] == '\\'))
            i++;
        wb_buf_char(&b, s->p[i++]);
    }
    if (i >= s->n)
        return false;
    *value = b.n ? wb_buf_slice(&b) : WB_S("");
    *s = wb_slice_sub(*s, i + 1, s->n);
    *bad = false;
    return true;
}

static bool read_boundary(struct wb_arena *a, struct wb_slice type, struct wb_slice *boundary)
{
    struct wb_slice name, value, rest = type, kind = wb_slice_cut(&rest, ';');
    bool bad = false;
    *boundary = WB_SLICE_NULL;
    if (!wb_slice_ieq(wb_slice_trim(kind), WB_S("multipart/form-data")) || !rest.p)
        return false;
    rest = wb_slice_sub(type, kind.n, type.n);
    while (next_parameter(a, &rest, &name, &value, &bad))
        if (wb_slice_ieq(name, WB_S("boundary"))) {
            if (boundary->p)
                return false;
            *boundary = value;
        }
    return !bad && boundary->n && boundary->n <= BOUNDARY_MAX &&
           wb_slice_chr(*boundary, '\r', 0) < 0 && wb_slice_chr(*boundary, '\n', 0) < 0;
}

static bool read_disposition(struct wb_arena *a, struct wb_slice v, struct wb_part *p)
{
    struct wb_slice name, value, rest = v, kind = wb_slice_cut(&rest, ';');
    bool bad = false;
    if (p->name.p || !wb_slice_ieq(wb_slice_trim(kind), WB_S("form-data")))
        return false;
    rest = wb_slice_sub(v, kind.n, v.n);
    while (next_parameter(a, &rest, &name, &value, &bad)) {
        struct wb_slice *to = wb_slice_ieq(name, WB_S("name"))       ? &p->name
                              : wb_slice_ieq(name, WB_S("filename")) ? &p->file_name
                                                                     : NULL;
        if (to && to->p)
            return false;
        if (to)
            *to = value;
    }
    return !bad && p->name.p;
}

/* Up to and with the CRLF; the line is without it and has no other control characters. */
static bool next_line(struct wb_slice *s, struct wb_slice *line)
{
    ptrdiff_t end = wb_slice_find(*s, WB_S("\r\n"), 0);
    if (end < 0)
        return false;
    *line = wb_slice_sub(*s, 0, (size_t)end);
    *s = wb_slice_sub(*s, (size_t)end + 2, s->n);
    for (size_t i = 0; i < line->n; i++)
        if ((unsigned char)line->p[i] < ' ' && line->p[i] != '\t')
            return false;
    return true;
}

static bool read_headers(struct wb_arena *a, struct wb_slice *s, struct wb_part *p)
{
    struct wb_slice line;
    while (next_line(s, &line)) {
        if (!line.n)
            return p->name.p;
        ptrdiff_t colon = wb_slice_chr(line, ':', 0);
        if (colon <= 0)
            return false;
        struct wb_slice name = wb_slice_sub(line, 0, (size_t)colon),
                        value = wb_slice_trim(wb_slice_sub(line, (size_t)colon + 1, line.n));
        if (wb_slice_ieq(name, WB_S("Content-Disposition"))) {
            if (!read_disposition(a, value, p))
                return false;
        } else if (wb_slice_ieq(name, WB_S("Content-Type"))) {
            p->type = value;
        }
    }
    return false;
}

/* Behind a boundary: "--" ends it all, a line end begins a part. */
static bool after_boundary(struct wb_slice *s, bool *end)
{
    *end = wb_slice_starts(*s, WB_S("--"));
    if (*end)
        return true;
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
        *s = wb_slice_sub(*s, 1, s->n);
    if (!wb_slice_starts(*s, WB_S("\r\n")))
        return false;
    *s = wb_slice_sub(*s, 2, s->n);
    return true;
}

bool wb_multipart_parse(struct wb_arena *a, struct wb_slice content_type, struct wb_slice body,
                        size_t max, struct wb_part **part, size_t *count)
{
    struct wb_slice boundary, s = body;
    bool end = false;
    *count = 0;
    *part = wb_new_n(a, struct wb_part, max);
    if (!read_boundary(a, content_type, &boundary))
        return false;
    struct wb_slice mark = wb_printf(a, "\r\n--%.*s", WB_FMT(boundary)),
                    first = wb_slice_sub(mark, 2, mark.n);
    if (!wb_slice_starts(s, first))
        return false;
    s = wb_slice_sub(s, first.n, s.n);
    while (after_boundary(&s, &end)) {
        if (end)
            return true;
        if (*count == max)
            return false;
        struct wb_part *p = &(*part)[*count];
        *p = (struct wb_part){0};
        if (!read_headers(a, &s, p))
            return false;
        ptrdiff_t at = wb_slice_find(s, mark, 0);
        if (at < 0)
            return false;
        p->value = wb_slice_sub(s, 0, (size_t)at);
        s = wb_slice_sub(s, (size_t)at + mark.n, s.n);
        (*count)++;
    }
    return false;
}
