#include "aws/op.h"

#define CTX_VERSION 1

void wb_fail(struct wb_call *c, const char *code, int status, const char *fmt, ...)
{
    if (wb_failed(c))
        return;
    va_list ap;
    va_start(ap, fmt);
    c->error = (struct wb_error){.code = code,
                                 .message = wb_vprintf(c->arena, fmt, ap),
                                 .status = status ? status : 400,
                                 .extra = c->error.extra};
    va_end(ap);
}

/* A list that doubles at powers of two, so that naming many stays linear. */
static void *grown(struct wb_arena *a, void *list, size_t n, size_t size)
{
    if (n & (n - 1))
        return list;
    void *more = wb_alloc(a, (n ? 2 * n : 1) * size);
    if (n)
        memcpy(more, list, n * size);
    return more;
}

void wb_call_header(struct wb_call *c, const char *name, struct wb_slice value)
{
    c->header = grown(c->arena, c->header, c->header_count, sizeof *c->header);
    c->header[c->header_count++] = (struct wb_pair){wb_slice_str(name), value};
}

static void add_need(struct wb_call *c, struct wb_slice action, struct wb_slice arn)
{
    c->need = grown(c->arena, c->need, c->need_count, sizeof *c->need);
    c->need[c->need_count++] = (struct wb_need){.action = action, .resource = arn};
}

struct wb_slice wb_call_action(const struct wb_call *c)
{
    return c->op->action ? wb_slice_str(c->op->action)
                         : wb_printf(c->arena, "%s:%s", c->service->signing_name, c->op->name);
}

void wb_call_resource(struct wb_call *c, struct wb_slice arn)
{
    add_need(c, wb_call_action(c), arn);
}

void wb_call_also(struct wb_call *c, const char *action, struct wb_slice arn)
{
    add_need(c, wb_slice_str(action), arn);
}

void wb_call_pass_role(struct wb_call *c, struct wb_slice role_arn, const char *service)
{
    if (!role_arn.n)
        return;
    add_need(c, WB_S("iam:PassRole"), role_arn);
    wb_need_condition(c, c->need_count - 1, "iam:PassedToService", wb_slice_str(service));
}

void wb_call_condition(struct wb_call *c, const char *key, struct wb_slice value)
{
    c->condition = grown(c->arena, c->condition, c->condition_count, sizeof *c->condition);
    c->condition[c->condition_count++] = (struct wb_pair){wb_slice_str(key), value};
}

void wb_need_condition(struct wb_call *c, size_t need, const char *key, struct wb_slice value)
{
    struct wb_need *n = &c->need[need];
    n->condition = grown(c->arena, n->condition, n->condition_count, sizeof *n->condition);
    n->condition[n->condition_count++] = (struct wb_pair){wb_slice_str(key), value};
}

struct wb_slice wb_in_str(struct wb_call *c, const char *name)
{
    return wb_json_get_str(c->in, name, c->arena);
}

int64_t wb_in_i64(struct wb_call *c, const char *name, int64_t otherwise)
{
    return wb_json_get_i64(c->in, name, otherwise);
}

bool wb_in_bool(struct wb_call *c, const char *name, bool otherwise)
{
    return wb_json_bool(wb_json_get(c->in, name), otherwise);
}

struct wb_slice wb_ctx_pack(struct wb_arena *a, const struct wb_ctx *c)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, CTX_VERSION);
    wb_buf_le32(&b, c->depth);
    wb_buf_lp(&b, wb_principal_pack(a, &c->principal));
    wb_buf_lp(&b, c->account);
    wb_buf_lp(&b, c->region);
    wb_buf_lp(&b, c->request_id);
    wb_buf_lp(&b, c->trace);
    wb_buf_lp(&b, c->source_ip);
    wb_buf_lp(&b, c->user_agent);
    return wb_buf_slice(&b);
}

static struct wb_slice text(struct wb_rd *r)
{
    struct wb_slice s = wb_rd_lp(r);
    return s.n ? s : WB_SLICE_NULL;
}

bool wb_ctx_unpack(struct wb_slice s, struct wb_ctx *out)
{
    struct wb_rd r = wb_rd(s);
    *out = (struct wb_ctx){0};
    bool known = wb_rd_u8(&r) == CTX_VERSION;
    out->depth = wb_rd_le32(&r);
    struct wb_slice principal = wb_rd_lp(&r);
    out->account = text(&r);
    out->region = text(&r);
    out->request_id = text(&r);
    out->trace = text(&r);
    out->source_ip = text(&r);
    out->user_agent = text(&r);
    return wb_rd_done(&r) && known && wb_principal_unpack(principal, &out->principal);
}
