/*
 * GetSessionToken and GetFederationToken: temporary credentials of a user or the root itself. Only
 * long-lived keys may ask (engine/authorize.c).
 */
#include "base/arn.h"
#include "base/limits.h"
#include "services/sts/sts.h"

/* The root's sessions are short, whatever is asked (API reference, DurationSeconds). */
static int64_t seconds_of(struct wb_call *c)
{
    int64_t seconds = wb_in_i64(c, "DurationSeconds", WB_STS_USER_DEFAULT_S);
    bool root = c->ctx.principal.type == WB_PRINCIPAL_ROOT;
    return root && seconds > WB_STS_ROOT_S ? WB_STS_ROOT_S : seconds;
}

void sts_get_session_token(struct wb_call *c)
{
    struct wb_principal p = c->ctx.principal;
    struct wb_session s = {.kind = WB_S(WB_SESSION_OF_USER)};
    if (sts_no_mfa(c))
        sts_give(c, &p, &s, seconds_of(c));
}

static struct wb_slice federated_arn(struct wb_call *c)
{
    return wb_arn_make(c->arena, "sts", WB_SLICE_NULL, c->ctx.principal.account,
                       "federated-user/%.*s", WB_FMT(wb_in_str(c, "Name")));
}

void sts_of_federated(struct wb_call *c)
{
    struct wb_session caller;
    sts_name_needs(c, federated_arn(c), &caller);
}

void sts_get_federation_token(struct wb_call *c)
{
    const struct wb_principal *who = &c->ctx.principal;
    struct wb_slice name = wb_in_str(c, "Name");
    struct wb_session s = {.kind = WB_S(WB_SESSION_FEDERATED), .name = name};
    struct wb_principal p = {
        .type = WB_PRINCIPAL_FEDERATED,
        .account = who->account,
        .arn = federated_arn(c),
        .id = wb_printf(c->arena, "%.*s:%.*s", WB_FMT(who->account), WB_FMT(name)),
        .owner = who->owner};
    int64_t packed;
    if (!sts_read_session(c, who->account, &s, &packed))
        return;
    sts_give(c, &p, &s, seconds_of(c));
    wb_out_object(&c->out, "FederatedUser");
    wb_out_str(&c->out, "FederatedUserId", p.id);
    wb_out_str(&c->out, "Arn", p.arn);
    wb_out_end(&c->out);
    if (packed >= 0)
        wb_out_i64(&c->out, "PackedPolicySize", packed);
}
