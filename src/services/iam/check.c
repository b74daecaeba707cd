/* `waybill check`: IAM's rows against each other, each index from both sides. */
#include "auth/policy.h"
#include "services/iam/iam.h"

struct check {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static void need(struct check *k, bool good, const char *what)
{
    if (!good)
        k->bad(k->arg, what);
}

static bool there(struct check *k, struct wb_slice key)
{
    struct wb_slice value;
    return wb_tx_get(k->tx, key, &value);
}

static bool entity_there(struct check *k, struct wb_slice account, enum wb_iam_kind kind,
                         struct wb_slice name)
{
    struct wb_iam_entity e;
    return wb_iam_read(k->tx, account, kind, name, &e);
}

/* A key of one of IAM's tables, taken apart. */
struct place {
    struct wb_slice account, name, more;
    enum wb_iam_kind kind;
    char use;
    bool bad;
};

static struct place entity_place(struct wb_tx *tx, struct wb_slice key, bool more)
{
    struct place p;
    struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
    p.account = wb_key_rd_str(&r);
    p.kind = (enum wb_iam_kind)wb_key_rd_u8(&r);
    p.name = wb_key_rd_str(&r);
    p.more = more ? wb_key_rd_str(&r) : WB_SLICE_NULL;
    p.use = 0;
    p.bad = r.bad;
    return p;
}

/* account, name, another string: members and keys. */
static struct place pair_place(struct wb_tx *tx, struct wb_slice key)
{
    struct place p = {0};
    struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
    p.account = wb_key_rd_str(&r);
    p.name = wb_key_rd_str(&r);
    p.more = wb_key_rd_str(&r);
    p.bad = r.bad;
    return p;
}

/* --- a check for each table --- */

static void check_entity(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct place p = entity_place(k->tx, key, false);
    struct wb_iam_entity e, by_id;
    struct wb_arena *a = k->tx->arena;
    if (p.bad || !wb_iam_read_row(k->tx, p.account, p.kind, row, &e)) {
        need(k, false, "an identity's row cannot be read");
        return;
    }
    need(k, wb_slice_ieq(e.name, p.name), "an identity's row stands under another name");
    need(k, wb_iam_by_id(k->tx, e.id, &by_id) && by_id.kind == e.kind,
         "an identity is not found by its id");
    struct wb_slice boundary = wb_json_get_str(e.row, "boundary", a),
                    role = wb_json_get_str(e.row, "role", a),
                    trust = wb_json_get_str(e.row, "trust", a), why;
    need(k,
         !boundary.n ||
             there(k, wb_iam_key_attached_to(a, boundary, e.account, e.kind, e.name, 'b')),
         "a permissions boundary does not know whose it is");
    need(k, !role.n || entity_there(k, e.account, WB_IAM_ROLE, role),
         "an instance profile has a role that is not there");
    need(k, e.kind != WB_IAM_POLICY || wb_iam_policy_text(k->tx, e.arn).p,
         "a managed policy's default version is not there");
    if (e.kind == WB_IAM_ROLE) {
        struct wb_policy *policy = wb_policy_parse(trust, true, a, &why);
        need(k, policy != NULL, "a role's trust policy cannot be read");
        wb_policy_unref(policy);
    }
}

static void check_id(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct wb_iam_entity e;
    struct wb_key_rd r = wb_key_rd(k->tx->arena, key, &(uint16_t){0});
    (void)row;
    need(k, wb_iam_by_id(k->tx, wb_key_rd_str(&r), &e), "a unique id belongs to nobody");
}

static void check_inline(struct check *k, struct wb_slice key, struct wb_slice text)
{
    struct place p = entity_place(k->tx, key, true);
    struct wb_slice why;
    struct wb_policy *policy = wb_policy_parse(text, false, k->tx->arena, &why);
    need(k, policy != NULL, "an inline policy cannot be read");
    need(k, !p.bad && entity_there(k, p.account, p.kind, p.name),
         "an inline policy belongs to nobody");
    wb_policy_unref(policy);
}

static void check_attached(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct place p = entity_place(k->tx, key, true);
    (void)row;
    need(k, !p.bad && entity_there(k, p.account, p.kind, p.name), "a policy is attached to nobody");
    need(k, wb_iam_policy_text(k->tx, p.more).p != NULL, "a policy that is attached is not there");
    need(k, there(k, wb_iam_key_attached_to(k->tx->arena, p.more, p.account, p.kind, p.name, 'a')),
         "a policy does not know what it is attached to");
}

static void check_attached_to(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_iam_entity e;
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_slice arn = wb_key_rd_str(&r), account = wb_key_rd_str(&r);
    enum wb_iam_kind kind = (enum wb_iam_kind)wb_key_rd_u8(&r);
    struct wb_slice name = wb_key_rd_str(&r);
    uint8_t use = wb_key_rd_u8(&r);
    (void)row;
    bool good = !r.bad && wb_iam_read(k->tx, account, kind, name, &e);
    if (good && use == 'b')
        good = wb_slice_eq(wb_json_get_str(e.row, "boundary", a), arn);
    else if (good)
        good = use == 'a' && there(k, wb_iam_key2(a, WB_T_IAM_ATTACHED, account, kind, name, arn));
    need(k, good, "a policy believes to be attached where it is not");
}

static void check_version(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_slice account = wb_key_rd_str(&r), name = wb_key_rd_str(&r), why;
    uint64_t number = wb_key_rd_u64(&r);
    struct wb_json v = wb_json_read(a, wb_dup(a, row), NULL);
    struct wb_policy *policy = wb_policy_parse(wb_json_get_str(v, "document", a), false, a, &why);
    struct wb_iam_entity e;
    need(k, policy != NULL, "a version of a managed policy cannot be read");
    need(k,
         !r.bad && wb_iam_read(k->tx, account, WB_IAM_POLICY, name, &e) &&
             (int64_t)number < wb_json_get_i64(e.row, "next", 0),
         "a version of a managed policy that is not there, or was never made");
    wb_policy_unref(policy);
}

static void check_alias(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_slice alias = wb_key_rd_str(&r), of = WB_SLICE_NULL;
    struct wb_slice back = wb_key(a, WB_T_IAM_ALIAS_OF, "s", wb_dup(a, row));
    need(k, wb_tx_get(k->tx, back, &of) && wb_slice_eq(of, alias),
         "an account does not know its alias");
}

static void check_alias_of(struct check *k, struct wb_slice key, struct wb_slice row)
{
    need(k, there(k, wb_key(k->tx->arena, WB_T_IAM_ALIAS, "s", wb_dup(k->tx->arena, row))),
         "an account's alias leads nowhere");
}

static void check_member(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct place p = pair_place(k->tx, key);
    (void)row;
    need(k,
         !p.bad && entity_there(k, p.account, WB_IAM_GROUP, p.name) &&
             entity_there(k, p.account, WB_IAM_USER, p.more),
         "a membership without its group or user");
    need(k,
         there(k, wb_iam_key_member(k->tx->arena, WB_T_IAM_MEMBER_OF, p.account, p.more, p.name)),
         "a user does not know of a group he is in");
}

static void check_member_of(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct place p = pair_place(k->tx, key);
    (void)row;
    need(k, there(k, wb_iam_key_member(k->tx->arena, WB_T_IAM_MEMBER, p.account, p.more, p.name)),
         "a group does not know of a user in it");
}

static void check_user_key(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct place p = pair_place(k->tx, key);
    struct wb_iam_entity user;
    struct wb_access_key access;
    bool good = wb_tx_get(k->tx, wb_key(k->tx->arena, WB_T_ACCESS_KEY, "s", p.more), &row) &&
                wb_access_key_decode(wb_dup(k->tx->arena, row), &access) &&
                wb_iam_read(k->tx, p.account, WB_IAM_USER, p.name, &user);
    need(k,
         good && wb_slice_eq(access.owner.owner, user.id) &&
             wb_slice_eq(access.owner.arn, user.arn),
         "a user's access key is not there, or another's");
}

static void check_access_key(struct check *k, struct wb_slice key, struct wb_slice row)
{
    struct wb_access_key access;
    struct wb_iam_entity user;
    (void)key;
    if (!wb_access_key_decode(wb_dup(k->tx->arena, row), &access)) {
        need(k, false, "an access key's row cannot be read");
        return;
    }
    if (access.owner.type != WB_PRINCIPAL_USER)
        return;
    need(k,
         wb_iam_by_id(k->tx, access.owner.owner, &user) &&
             there(k, wb_iam_key_user_key(k->tx->arena, user.account, user.name, access.id)),
         "an access key is not known to its user");
}

static const struct {
    enum wb_table table;
    void (*fn)(struct check *k, struct wb_slice key, struct wb_slice row);
} checks[] = {
    {WB_T_IAM_ENTITY, check_entity},     {WB_T_IAM_ID, check_id},
    {WB_T_IAM_INLINE, check_inline},     {WB_T_IAM_ATTACHED, check_attached},
    {WB_T_IAM_MEMBER, check_member},     {WB_T_IAM_ATTACHED_TO, check_attached_to},
    {WB_T_IAM_USER_KEY, check_user_key}, {WB_T_IAM_MEMBER_OF, check_member_of},
    {WB_T_ACCESS_KEY, check_access_key}, {WB_T_IAM_VERSION, check_version},
    {WB_T_IAM_ALIAS, check_alias},       {WB_T_IAM_ALIAS_OF, check_alias_of},
};

void iam_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct check k = {.tx = tx, .bad = bad, .arg = arg};
    struct wb_slice key, row;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, checks[i].table, ""));
        while (s && wb_tx_next(tx, s, &key, &row))
            checks[i].fn(&k, key, row);
        wb_scan_close(s);
    }
}
