/*
 * UpdateUser and UpdateGroup: another name, another path. The unique id stays; what is kept under
 * the name or the ARN moves: policies, memberships, access keys, tags.
 */
#include "engine/tags.h"
#include "services/iam/iam.h"

struct row {
    struct wb_slice part, value;
};

/* The last parts and values of all rows under a prefix, copied: the rows are about to move. */
static size_t rows_under(struct wb_call *c, struct wb_slice prefix, struct row **out)
{
    struct wb_slice key, value;
    size_t n = 0, max = 8;
    struct row *list = wb_new_n(c->arena, struct row, max);
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, prefix);
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        if (n == max) {
            struct row *more = wb_new_n(c->arena, struct row, 2 * max);
            memcpy(more, list, max * sizeof *more);
            list = more;
            max *= 2;
        }
        struct wb_key_rd r = {.p = (const uint8_t *)key.p + prefix.n,
                              .end = (const uint8_t *)key.p + key.n,
                              .a = c->arena};
        list[n++] = (struct row){wb_dup(c->arena, wb_key_rd_str(&r)), wb_dup(c->arena, value)};
    }
    wb_scan_close(s);
    *out = list;
    return n;
}

static void move_row(struct wb_call *c, struct wb_slice from, struct wb_slice to,
                     struct wb_slice value)
{
    wb_tx_del(c->tx, from);
    wb_tx_put(c->tx, to, value);
}

static struct wb_slice policy_key(struct wb_call *c, enum wb_table table,
                                  const struct wb_iam_entity *e, struct wb_slice part)
{
    return wb_iam_key2(c->arena, table, e->account, e->kind, e->name, part);
}

static struct wb_slice link_key(struct wb_call *c, const struct wb_iam_entity *e,
                                struct wb_slice arn, char use)
{
    return wb_iam_key_attached_to(c->arena, arn, e->account, e->kind, e->name, use);
}

static void move_policies(struct wb_call *c, const struct wb_iam_entity *from,
                          const struct wb_iam_entity *to)
{
    struct row *row;
    struct wb_slice boundary = wb_json_get_str(from->row, "boundary", c->arena);
    size_t n = rows_under(
        c, wb_iam_key(c->arena, WB_T_IAM_INLINE, from->account, from->kind, from->name), &row);
    for (size_t i = 0; i < n; i++)
        move_row(c, policy_key(c, WB_T_IAM_INLINE, from, row[i].part),
                 policy_key(c, WB_T_IAM_INLINE, to, row[i].part), row[i].value);
    n = rows_under(
        c, wb_iam_key(c->arena, WB_T_IAM_ATTACHED, from->account, from->kind, from->name), &row);
    for (size_t i = 0; i < n; i++) {
        move_row(c, policy_key(c, WB_T_IAM_ATTACHED, from, row[i].part),
                 policy_key(c, WB_T_IAM_ATTACHED, to, row[i].part), row[i].value);
        move_row(c, link_key(c, from, row[i].part, 'a'), link_key(c, to, row[i].part, 'a'),
                 WB_S(""));
    }
    if (boundary.n)
        move_row(c, link_key(c, from, boundary, 'b'), link_key(c, to, boundary, 'b'), WB_S(""));
}

static void move_memberships(struct wb_call *c, const struct wb_iam_entity *from,
                             const struct wb_iam_entity *to)
{
    struct row *row;
    bool user = from->kind == WB_IAM_USER;
    enum wb_table mine = user ? WB_T_IAM_MEMBER_OF : WB_T_IAM_MEMBER,
                  other = user ? WB_T_IAM_MEMBER : WB_T_IAM_MEMBER_OF;
    struct wb_slice account = from->account;
    size_t n =
        rows_under(c, wb_iam_key_member(c->arena, mine, account, from->name, WB_SLICE_NULL), &row);
    for (size_t i = 0; i < n; i++) {
        move_row(c, wb_iam_key_member(c->arena, mine, account, from->name, row[i].part),
                 wb_iam_key_member(c->arena, mine, account, to->name, row[i].part), WB_S(""));
        move_row(c, wb_iam_key_member(c->arena, other, account, row[i].part, from->name),
                 wb_iam_key_member(c->arena, other, account, row[i].part, to->name), WB_S(""));
    }
}

/* The key's row names its owner's ARN. */
static void move_keys(struct wb_call *c, const struct wb_iam_entity *from,
                      const struct wb_iam_entity *to)
{
    struct row *row;
    struct wb_slice key_row;
    size_t n = rows_under(
        c, wb_iam_key_user_key(c->arena, from->account, from->name, WB_SLICE_NULL), &row);
    for (size_t i = 0; i < n; i++) {
        struct wb_slice id = row[i].part, place = wb_key(c->arena, WB_T_ACCESS_KEY, "s", id);
        move_row(c, wb_iam_key_user_key(c->arena, from->account, from->name, id),
                 wb_iam_key_user_key(c->arena, to->account, to->name, id), WB_S(""));
        if (wb_tx_get(c->tx, place, &key_row))
            wb_tx_put(c->tx, place,
                      wb_access_key_with_arn(c->arena, wb_dup(c->arena, key_row), to->arn));
    }
}

static void move_tags(struct wb_call *c, const struct wb_iam_entity *from,
                      const struct wb_iam_entity *to)
{
    struct wb_pair *tag;
    size_t n = wb_tags_list(c->tx, from->arn, &tag);
    wb_tags_drop(c->tx, from->arn);
    wb_tags_put(c->tx, to->arn, tag, n);
}

static void move(struct wb_call *c, const struct wb_iam_entity *from, struct wb_slice name,
                 struct wb_slice path)
{
    struct wb_iam_entity to;
    const struct wb_pair set[] = {{WB_S("name"), iam_json(c->arena, name)},
                                  {WB_S("path"), iam_json(c->arena, path)}};
    wb_tx_del(c->tx, wb_iam_key(c->arena, WB_T_IAM_ENTITY, from->account, from->kind, from->name));
    iam_put(c, from->account, from->kind, iam_row_with(c->arena, from->row, set, 2), &to);
    move_policies(c, from, &to);
    move_memberships(c, from, &to);
    if (from->kind == WB_IAM_USER) {
        move_keys(c, from, &to);
        move_tags(c, from, &to);
    }
    wb_iam_changed(c->tx, &to);
}

struct wb_slice iam_new_name(struct wb_call *c)
{
    return wb_in_str(c, iam_call_kind(c)->kind == WB_IAM_USER ? "NewUserName" : "NewGroupName");
}

void iam_rename(struct wb_call *c)
{
    const struct iam_kind *k = iam_call_kind(c);
    struct wb_slice path = wb_in_str(c, "NewPath"), name = iam_new_name(c);
    struct wb_iam_entity e, other;
    if (!iam_call_entity(c, &e))
        return;
    name = name.p ? name : e.name;
    path = path.p ? path : e.path;
    if (!wb_slice_ieq(name, e.name) && wb_iam_read(c->tx, e.account, e.kind, name, &other))
        iam_fail_exists(c, k, name);
    else if (!wb_slice_eq(name, e.name) || !wb_slice_eq(path, e.path))
        move(c, &e, name, path);
}
