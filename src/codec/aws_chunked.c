#include "codec/aws_chunked.h"

enum state { HEAD, DATA, AFTER_DATA, TRAILERS, DONE, BAD };

void wb_aws_chunks_init(struct wb_aws_chunks *c)
{
    *c = (struct wb_aws_chunks){.state = HEAD};
}

static enum wb_aws_chunk bad(struct wb_aws_chunks *c)
{
    c->state = BAD;
    return WB_AWS_BAD;
}

static int hex_digit(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch |= 0x20;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static bool read_size(struct wb_slice s, uint64_t *size)
{
    *size = 0;
    for (size_t i = 0; i < s.n; i++) {
        int d = hex_digit(s.p[i]);
        if (d < 0)
            return false;
        *size = *size << 4 | (uint64_t)d;
    }
    return s.n > 0 && s.n <= 15;
}

static enum wb_aws_chunk head_line(struct wb_aws_chunks *c, struct wb_slice line)
{
    struct wb_slice value = line, size = wb_slice_cut(&value, ';');
    if (!read_size(size, &c->left))
        return bad(c);
    struct wb_slice name = value.p ? wb_slice_cut(&value, '=') : WB_SLICE_NULL;
    if (name.p && (!wb_slice_is(name, "chunk-signature") || value.n != 64))
        return bad(c);
    c->signature = name.p ? value : WB_SLICE_NULL;
    c->state = c->left ? DATA : TRAILERS;
    return WB_AWS_BEGIN;
}

static enum wb_aws_chunk trailer_line(struct wb_aws_chunks *c, struct wb_slice line)
{
    if (line.n == 0) {
        c->state = DONE;
        return WB_AWS_DONE;
    }
    struct wb_slice value = line, name = wb_slice_cut(&value, ':');
    if (!value.p || name.n == 0 || ++c->trailers > WB_AWS_TRAILERS_MAX)
        return bad(c);
    c->name = wb_slice_trim(name);
    c->value = wb_slice_trim(value);
    return WB_AWS_TRAILER;
}

/* Collects a line; true when it is whole. */
static bool take_line(struct wb_aws_chunks *c, struct wb_slice *in, struct wb_slice *line,
                      bool *too_long)
{
    ptrdiff_t at = wb_slice_chr(*in, '\n', 0);
    size_t n = at < 0 ? in->n : (size_t)at;
    *too_long = n > sizeof c->line - c->n;
    if (*too_long)
        return false;
    if (n)
        memcpy(c->line + c->n, in->p, n);
    c->n += n;
    *in = wb_slice_sub(*in, at < 0 ? n : n + 1, in->n);
    if (at < 0)
        return false;
    *line = wb_slice(c->line, c->n);
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    c->n = 0;
    return true;
}

enum wb_aws_chunk wb_aws_chunks_next(struct wb_aws_chunks *c, struct wb_slice *in,
                                     struct wb_slice *data)
{
    struct wb_slice line;
    bool too_long;
    if (c->state == BAD)
        return WB_AWS_BAD;
    if (in->n == 0)
        return WB_AWS_MORE;
    switch ((enum state)c->state) {
    case DATA:
        *data = wb_slice_sub(*in, 0, c->left < in->n ? (size_t)c->left : in->n);
        *in = wb_slice_sub(*in, data->n, in->n);
        c->left -= data->n;
        if (!c->left)
            c->state = AFTER_DATA;
        return WB_AWS_DATA;
    case AFTER_DATA:
        if (!take_line(c, in, &line, &too_long))
            return too_long || c->n > 1 ? bad(c) : WB_AWS_MORE;
        if (line.n)
            return bad(c);
        c->state = HEAD;
        return WB_AWS_END;
    case HEAD:
    case TRAILERS:
        if (!take_line(c, in, &line, &too_long))
            return too_long ? bad(c) : WB_AWS_MORE;
        return c->state == HEAD ? head_line(c, line) : trailer_line(c, line);
    case DONE:
    case BAD:
        break;
    }
    return bad(c);
}

bool wb_aws_chunks_ended(const struct wb_aws_chunks *c)
{
    return c->state == DONE || (c->state == TRAILERS && c->n == 0);
}
