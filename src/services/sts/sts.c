/* The operation table of STS, and the operations that only tell. */
#include "services/sts/sts.h"
#include "base/ids.h"
#include "engine/account.h"
#include "engine/identity.h"

static const struct wb_shape empty = {.kind = WB_STRUCTURE, .name = "GetCallerIdentityRequest"};

static void get_caller_identity(struct wb_call *c)
{
    const struct wb_principal *p = &c->ctx.principal;
    wb_out_str(&c->out, "UserId", p->id);
    wb_out_str(&c->out, "Account", p->account);
    wb_out_str(&c->out, "Arn", p->arn);
}

/* Of a key that is written down; of others, whose ids tell their account, a session's. */
static void get_access_key_info(struct wb_call *c)
{
    struct wb_slice id = wb_in_str(c, "AccessKeyId"), row, account = WB_SLICE_NULL;
    struct wb_access_key key;
    if (wb_tx_get(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", id), &row) &&
        wb_access_key_decode(row, &key))
        account = key.owner.account;
    else
        account = wb_id_account_of(c->arena, id);
    if (account.p && wb_account_exists(c->tx, account))
        wb_out_str(&c->out, "Account", account);
    else
        wb_fail(c, "ValidationError", 400, "The access key ID %.*s is not valid.", WB_FMT(id));
}

static const char *const assume_keys[] = {"sts:ExternalId",      "sts:RoleSessionName",
                                          "sts:SourceIdentity",  "sts:TransitiveTagKeys",
                                          "sts:DurationSeconds", "aws:RequestTag/${TagKey}",
                                          "aws:TagKeys",         NULL};
static const char *const federation_keys[] = {"aws:RequestTag/${TagKey}", "aws:TagKeys", NULL};

static const struct wb_op ops[] = {
    {.name = "AssumeRole",
     .class = WB_READ,
     .input = &sts_assume_role_in,
     .resources = sts_of_role,
     .conditions = sts_role_conditions,
     .condition_keys = assume_keys,
     .handler = sts_assume_role,
     .audit = true},
    {.name = "GetAccessKeyInfo",
     .class = WB_READ,
     .input = &sts_key_info_in,
     .handler = get_access_key_info},
    {.name = "GetCallerIdentity",
     .class = WB_READ,
     .input = &empty,
     .always_allowed = true,
     .handler = get_caller_identity},
    {.name = "GetFederationToken",
     .class = WB_READ,
     .input = &sts_federation_in,
     .resources = sts_of_federated,
     .condition_keys = federation_keys,
     .handler = sts_get_federation_token,
     .audit = true},
    {.name = "GetSessionToken",
     .class = WB_READ,
     .input = &sts_session_token_in,
     .always_allowed = true,
     .handler = sts_get_session_token,
     .audit = true},
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

static void start(struct wb_engine *e)
{
    wb_resource_policy_register(e, "iam", sts_trust);
}

const struct wb_module wb_sts_module = {.service = &wb_sts_service, .start = start};
