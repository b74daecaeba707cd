/* Access keys of users. The secret is told once, when the key is made; the row holds it sealed. */
#include "base/ids.h"
#include "base/limits.h"
#include "services/iam/iam.h"

void iam_create_access_key(struct wb_call *c)
{
    struct wb_iam_entity user;
    struct wb_seam *seam = wb_engine_seam(c->engine);
    if (!iam_find(c, iam_kind(WB_IAM_USER), wb_in_str(c, "UserName"), &user))
        return;
    if (iam_full(c->tx, wb_iam_key_user_key(c->arena, user.account, user.name, WB_SLICE_NULL),
                 WB_IAM_KEYS_MAX)) {
        iam_fail_quota(c, "AccessKeysPerUser", WB_IAM_KEYS_MAX);
        return;
    }
    struct wb_principal owner = {.type = WB_PRINCIPAL_USER,
                                 .account = user.account,
                                 .arn = user.arn,
                                 .id = user.id,
                                 .owner = user.id};
    struct wb_slice id = wb_id_access_key(c->arena, seam, "AKIA"),
                    secret = wb_id_secret_key(c->arena, seam);
    wb_tx_put(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", id),
              wb_access_key_encode(c->arena, wb_engine_keyring(c->engine), id, secret, &owner, true,
                                   c->tx->now_ms));
    wb_tx_put(c->tx, wb_iam_key_user_key(c->arena, user.account, user.name, id), WB_S(""));
    wb_out_object(&c->out, "AccessKey");
    wb_out_str(&c->out, "UserName", user.name);
    wb_out_str(&c->out, "AccessKeyId", id);
    wb_out_cstr(&c->out, "Status", "Active");
    wb_out_str(&c->out, "SecretAccessKey", secret);
    iam_out_time(&c->out, "CreateDate", c->tx->now_ms);
    wb_out_end(&c->out);
}
