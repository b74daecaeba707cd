/* When an access key was last used; the fronts write it down once a minute (engine/front_keys.c).
 */
#include "services/iam/iam.h"

void iam_key_last_used(struct wb_call *c)
{
    struct wb_slice id = wb_in_str(c, "AccessKeyId"), row;
    struct wb_access_key key;
    struct wb_iam_entity user;
    struct wb_arena *a = c->arena;
    if (!wb_tx_get(c->tx, wb_key(a, WB_T_ACCESS_KEY, "s", id), &row) ||
        !wb_access_key_decode(wb_dup(a, row), &key) ||
        !wb_slice_eq(key.owner.account, c->ctx.account)) {
        wb_fail(c, "NoSuchEntity", 404, "The Access Key with id %.*s cannot be found.", WB_FMT(id));
        return;
    }
    if (wb_iam_by_id(c->tx, key.owner.owner, &user))
        wb_out_str(&c->out, "UserName", user.name);
    bool used = wb_tx_get(c->tx, wb_key(a, WB_T_KEY_USE, "s", id), &row);
    struct wb_json use = used ? wb_json_read(a, wb_dup(a, row), NULL) : WB_JSON_NONE;
    wb_out_object(&c->out, "AccessKeyLastUsed");
    if (used)
        iam_out_time(&c->out, "LastUsedDate", wb_json_get_i64(use, "time", 0));
    wb_out_str(&c->out, "ServiceName", used ? wb_json_get_str(use, "service", a) : WB_S("N/A"));
    wb_out_str(&c->out, "Region", used ? wb_json_get_str(use, "region", a) : WB_S("N/A"));
    wb_out_end(&c->out);
}
