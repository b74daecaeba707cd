#include "auth/principal.h"
#include "base/buf.h"

#define VERSION 2 /* 1: without owner */

struct wb_slice wb_principal_pack(struct wb_arena *a, const struct wb_principal *p)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, VERSION);
    wb_buf_char(&b, (char)p->type);
    wb_buf_le64(&b, (uint64_t)p->expires_ms);
    wb_buf_lp(&b, p->account);
    wb_buf_lp(&b, p->arn);
    wb_buf_lp(&b, p->id);
    wb_buf_lp(&b, p->access_key);
    wb_buf_lp(&b, p->role_arn);
    wb_buf_lp(&b, p->service);
    wb_buf_lp(&b, p->owner);
    return wb_buf_slice(&b);
}

/* Absent and empty mean the same here; the null slice is what a fresh principal has. */
static struct wb_slice text(struct wb_rd *r)
{
    struct wb_slice s = wb_rd_lp(r);
    return s.n ? s : WB_SLICE_NULL;
}

bool wb_principal_unpack(struct wb_slice s, struct wb_principal *out)
{
    struct wb_rd r = wb_rd(s);
    uint8_t version = wb_rd_u8(&r), type = wb_rd_u8(&r);
    *out = (struct wb_principal){.type = (enum wb_principal_type)type};
    out->expires_ms = (int64_t)wb_rd_le64(&r);
    out->account = text(&r);
    out->arn = text(&r);
    out->id = text(&r);
    out->access_key = text(&r);
    out->role_arn = text(&r);
    out->service = text(&r);
    if (version >= 2)
        out->owner = text(&r);
    return wb_rd_done(&r) && version >= 1 && version <= VERSION && type <= WB_PRINCIPAL_FEDERATED;
}
