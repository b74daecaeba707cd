#include "services/sts/sts.h"

static const struct wb_shape empty = {.kind = WB_STRUCTURE, .name = "GetCallerIdentityRequest"};

static void get_caller_identity(struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    wb_out_str(&c->out, "UserId", p->id);
    wb_out_str(&c->out, "Account", p->account);
    wb_out_str(&c->out, "Arn", p->arn);
}

static const struct wb_op ops[] = {
    {.name = "GetCallerIdentity",
     .class = WB_READ,
     .input = &empty,
     .always_allowed = true,
     .handler = get_caller_identity},
};

const struct wb_service wb_sts_service = {
    .name = "sts",
    .title = "AWS Security Token Service",
    .signing_name = "sts",
    .model = "sts",
    .protocol = WB_QUERY,
    .version = "2011-06-15",
    .xmlns = "https://sts.amazonaws.com/doc/2011-06-15/",
    .global = true,
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

const struct wb_module wb_sts_module = {.service = &wb_sts_service};
