/* The settings of a helper as bytes: a sequence of length-prefixed strings, each ended by a NUL. */
#include "base/buf.h"
#include "process/confine.h"

static void put_str(struct wb_buf *b, const char *s)
{
    /* with its NUL, so that unpack can point into the bytes */
    wb_buf_lp(b, s ? wb_slice(s, strlen(s) + 1) : WB_SLICE_NULL);
}

static void put_list(struct wb_buf *b, const char *const *list)
{
    uint32_t n = 0;
    while (list && list[n])
        n++;
    wb_buf_le32(b, n);
    for (uint32_t i = 0; i < n; i++)
        put_str(b, list[i]);
}

void wb_confine_pack(struct wb_buf *out, const struct wb_confine *c)
{
    wb_buf_le32(out, c->flags);
    wb_buf_le32(out, c->parent);
    wb_buf_le32(out, c->user);
    wb_buf_le32(out, c->outer_user);
    wb_buf_le32(out, c->outer_group);
    wb_buf_le64(out, c->file_bytes);
    wb_buf_le32(out, c->processes_max);
    put_str(out, c->cwd);
    put_list(out, c->argv);
    put_list(out, c->env);
    uint32_t n = 0;
    while (c->dir && c->dir[n].path)
        n++;
    wb_buf_le32(out, n);
    for (uint32_t i = 0; i < n; i++) {
        put_str(out, c->dir[i].path);
        put_str(out, c->dir[i].as);
    }
    put_list(out, c->write_dir);
}

static const char *get_str(struct wb_rd *r)
{
    struct wb_slice s = wb_rd_lp(r);
    if (s.n == 0)
        return NULL;
    if (s.p[s.n - 1] != 0)
        r->bad = true;
    return s.p;
}

/* Lists are counted by the bytes they take, so a wild count cannot ask for much memory. */
static uint32_t get_count(struct wb_rd *r)
{
    uint32_t n = wb_rd_le32(r);
    if (n > (size_t)(r->end - r->p) / 4) {
        r->bad = true;
        return 0;
    }
    return n;
}

static const char **get_list(struct wb_rd *r, struct wb_arena *a)
{
    uint32_t n = get_count(r);
    const char **list = wb_new_n(a, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = get_str(r);
        if (!list[i])
            r->bad = true;
    }
    return list;
}

bool wb_confine_unpack(struct wb_arena *a, char *bytes, size_t size, struct wb_confine *out)
{
    struct wb_rd r = wb_rd(wb_slice(bytes, size));
    *out = (struct wb_confine){0};
    out->flags = wb_rd_le32(&r);
    out->parent = wb_rd_le32(&r);
    out->user = wb_rd_le32(&r);
    out->outer_user = wb_rd_le32(&r);
    out->outer_group = wb_rd_le32(&r);
    out->file_bytes = wb_rd_le64(&r);
    out->processes_max = wb_rd_le32(&r);
    out->cwd = get_str(&r);
    out->argv = get_list(&r, a);
    out->env = get_list(&r, a);
    uint32_t n = get_count(&r);
    out->dir = wb_new_n(a, struct wb_process_dir, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        out->dir[i].path = get_str(&r);
        out->dir[i].as = get_str(&r);
        if (!out->dir[i].path)
            r.bad = true;
    }
    out->write_dir = get_list(&r, a);
    return wb_rd_done(&r);
}
