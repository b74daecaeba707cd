/* Access keys of users and of the root. The secret is told once, when the key is made; the row
 * holds it sealed. A user's keys are found by an index, the root's by looking at all. */
#include "base/ids.h"
#include "base/limits.h"
#include "services/iam/iam.h"

/* --- whose --- */

struct owner {
    bool root;
    struct wb_iam_entity user; /* unless root */
};

static bool find_owner(struct wb_call *c, struct owner *o)
{
    *o = (struct owner){.root = !wb_in_str(c, "UserName").p &&
                                c->ctx.principal.type == WB_PRINCIPAL_ROOT};
    return o->root || iam_own_user(c, &o->user);
}

static bool owns(struct wb_call *c, const struct owner *o, const struct wb_access_key *key)
{
    return o->root ? key->owner.type == WB_PRINCIPAL_ROOT &&
                         wb_slice_eq(key->owner.account, c->ctx.account)
                   : wb_slice_eq(key->owner.owner, o->user.id);
}

static struct wb_slice index_key(struct wb_call *c, const struct owner *o, struct wb_slice id)
{
    return wb_iam_key_user_key(c->arena, o->user.account, o->user.name, id);
}

static size_t count_root_keys(struct wb_call *c, const struct owner *o)
{
    struct wb_slice id, row;
    struct wb_access_key key;
    size_t n = 0;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, ""));
    while (s && wb_tx_next(c->tx, s, &id, &row))
        n += wb_access_key_decode(row, &key) && owns(c, o, &key);
    wb_scan_close(s);
    return n;
}

/* --- making --- */

static struct wb_principal principal_of(struct wb_call *c, const struct owner *o)
{
    if (o->root)
        return (struct wb_principal){
            .type = WB_PRINCIPAL_ROOT,
            .account = c->ctx.account,
            .arn = wb_printf(c->arena, "arn:aws:iam::%.*s:root", WB_FMT(c->ctx.account)),
            .id = c->ctx.account};
    return (struct wb_principal){.type = WB_PRINCIPAL_USER,
                                 .account = o->user.account,
                                 .arn = o->user.arn,
                                 .id = o->user.id,
                                 .owner = o->user.id};
}

void iam_create_key(struct wb_call *c)
{
    struct owner o;
    struct wb_seam *seam = wb_engine_seam(c->engine);
    if (!find_owner(c, &o))
        return;
    bool full = o.root ? count_root_keys(c, &o) >= WB_IAM_KEYS_MAX
                       : iam_full(c->tx, index_key(c, &o, WB_SLICE_NULL), WB_IAM_KEYS_MAX);
    if (full) {
        iam_fail_quota(c, "AccessKeysPerUser", WB_IAM_KEYS_MAX);
        return;
    }
    struct wb_principal owner = principal_of(c, &o);
    struct wb_slice id = wb_id_access_key(c->arena, seam, "AKIA"),
                    secret = wb_id_secret_key(c->arena, seam);
    wb_tx_put(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", id),
              wb_access_key_encode(c->arena, wb_engine_keyring(c->engine), id, secret, &owner, true,
                                   c->tx->now_ms));
    if (!o.root)
        wb_tx_put(c->tx, index_key(c, &o, id), WB_S(""));
    wb_out_object(&c->out, "AccessKey");
    wb_out_str(&c->out, "UserName", o.user.name);
    wb_out_str(&c->out, "AccessKeyId", id);
    wb_out_cstr(&c->out, "Status", "Active");
    wb_out_str(&c->out, "SecretAccessKey", secret);
    iam_out_time(&c->out, "CreateDate", c->tx->now_ms);
    wb_out_end(&c->out);
}

/* --- changing --- */

/* The row of AccessKeyId, when it is the owner's; false with the error set. */
static bool find_key(struct wb_call *c, const struct owner *o, struct wb_slice *place,
                     struct wb_slice *row)
{
    struct wb_slice id = wb_in_str(c, "AccessKeyId");
    struct wb_access_key key;
    *place = wb_key(c->arena, WB_T_ACCESS_KEY, "s", id);
    if (wb_tx_get(c->tx, *place, row) && wb_access_key_decode(*row, &key) && owns(c, o, &key))
        return true;
    wb_fail(c, "NoSuchEntity", 404, "The Access Key with id %.*s cannot be found.", WB_FMT(id));
    return false;
}

void iam_update_key(struct wb_call *c)
{
    struct owner o;
    struct wb_slice place, row;
    if (!find_owner(c, &o) || !find_key(c, &o, &place, &row))
        return;
    bool active = wb_slice_is(wb_in_str(c, "Status"), "Active");
    wb_tx_put(c->tx, place, wb_access_key_with_state(c->arena, wb_dup(c->arena, row), active));
}

void iam_delete_key(struct wb_call *c)
{
    struct owner o;
    struct wb_slice place, row, id = wb_in_str(c, "AccessKeyId");
    if (!find_owner(c, &o) || !find_key(c, &o, &place, &row))
        return;
    wb_tx_del(c->tx, place);
    wb_tx_del(c->tx, wb_key(c->arena, WB_T_KEY_USE, "s", id));
    if (!o.root)
        wb_tx_del(c->tx, index_key(c, &o, id));
}

/* --- listing --- */

static void out_key(struct wb_out *out, const struct owner *o, const struct wb_access_key *key)
{
    wb_out_object(out, NULL);
    wb_out_str(out, "UserName", o->user.name);
    wb_out_str(out, "AccessKeyId", key->id);
    wb_out_cstr(out, "Status", key->active ? "Active" : "Inactive");
    iam_out_time(out, "CreateDate", key->created_ms);
    wb_out_end(out);
}

void iam_list_keys(struct wb_call *c)
{
    struct owner o;
    struct iam_rows p;
    struct wb_slice id, row;
    struct wb_access_key key;
    if (!find_owner(c, &o) || !iam_rows_begin(c, &p,
                                              o.root ? wb_key(c->arena, WB_T_ACCESS_KEY, "")
                                                     : index_key(c, &o, WB_SLICE_NULL)))
        return;
    wb_out_list(&c->out, "AccessKeyMetadata");
    while (iam_rows_next(&p, &id, &row))
        if ((o.root || wb_tx_get(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, "s", id), &row)) &&
            wb_access_key_decode(row, &key) && owns(c, &o, &key) && iam_rows_take(&p))
            out_key(&c->out, &o, &key);
    wb_out_end(&c->out);
    iam_rows_end(&p);
}
