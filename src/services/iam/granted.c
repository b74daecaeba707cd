/* What an entity has: its inline and managed policies, a user's groups. */
#include "services/iam/policy.h"

size_t iam_names_under(struct wb_call *c, struct wb_slice prefix, struct wb_slice **name)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, prefix);
    size_t n = 0, room = 0;
    *name = NULL;
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_key_rd r = {.p = (const uint8_t *)key.p + prefix.n,
                              .end = (const uint8_t *)key.p + key.n,
                              .a = c->arena};
        if (n == room) {
            struct wb_slice *more = wb_new_n(c->arena, struct wb_slice, room * 2 + 8);
            if (n)
                memcpy(more, *name, n * sizeof *more);
            *name = more;
            room = room * 2 + 8;
        }
        (*name)[n++] = wb_key_rd_str(&r);
    }
    wb_scan_close(s);
    return n;
}

/* --- policies --- */

size_t iam_grants(struct wb_call *c, const struct wb_iam_entity *e, struct iam_grant **grant)
{
    struct wb_slice *name, *arn, text;
    size_t inlined = iam_names_under(
        c, wb_iam_key(c->arena, WB_T_IAM_INLINE, e->account, e->kind, e->name), &name);
    size_t attached = iam_names_under(
        c, wb_iam_key(c->arena, WB_T_IAM_ATTACHED, e->account, e->kind, e->name), &arn);
    size_t n = 0;
    *grant = wb_new_n(c->arena, struct iam_grant, inlined + attached + 1);
    for (size_t i = 0; i < inlined; i++) {
        struct wb_slice key =
            wb_iam_key2(c->arena, WB_T_IAM_INLINE, e->account, e->kind, e->name, name[i]);
        if (wb_tx_get(c->tx, key, &text))
            (*grant)[n++] = (struct iam_grant){*e, name[i], WB_SLICE_NULL, wb_dup(c->arena, text)};
    }
    for (size_t i = 0; i < attached; i++)
        (*grant)[n++] = (struct iam_grant){*e, wb_slice_last(arn[i], '/'), arn[i],
                                           wb_iam_policy_text(c->tx, arn[i])};
    return n;
}

size_t iam_groups_of(struct wb_call *c, const struct wb_iam_entity *user,
                     struct wb_iam_entity **group)
{
    struct wb_slice *name;
    size_t count = iam_names_under(
        c,
        wb_iam_key_member(c->arena, WB_T_IAM_MEMBER_OF, user->account, user->name, WB_SLICE_NULL),
        &name);
    size_t n = 0;
    *group = wb_new_n(c->arena, struct wb_iam_entity, count + 1);
    for (size_t i = 0; i < count; i++)
        n += wb_iam_read(c->tx, user->account, WB_IAM_GROUP, name[i], &(*group)[n]);
    return n;
}

size_t iam_all_grants(struct wb_call *c, const struct wb_iam_entity *e, struct iam_grant **grant)
{
    struct iam_grant *part;
    struct wb_iam_entity *group;
    size_t n = iam_grants(c, e, grant);
    size_t groups = e->kind == WB_IAM_USER ? iam_groups_of(c, e, &group) : 0;
    for (size_t i = 0; i < groups; i++) {
        size_t more = iam_grants(c, &group[i], &part);
        struct iam_grant *all = wb_new_n(c->arena, struct iam_grant, n + more + 1);
        memcpy(all, *grant, n * sizeof *all);
        memcpy(all + n, part, more * sizeof *all);
        *grant = all;
        n += more;
    }
    return n;
}

/* --- by ARN --- */

bool iam_entity_by_arn(struct wb_call *c, struct wb_slice arn, struct wb_iam_entity *e)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    bool entity = wb_iam_arn_parse(arn, &account, &kind, &path, &name) &&
                  (kind == WB_IAM_USER || kind == WB_IAM_GROUP || kind == WB_IAM_ROLE);
    if (!entity)
        wb_fail(c, "InvalidInput", 400,
                "Invalid Entity Arn: %.*s does not clearly define entity type and name.",
                WB_FMT(arn));
    else if (!wb_slice_eq(account, c->ctx.account) || !wb_iam_read(c->tx, account, kind, name, e) ||
             !wb_slice_eq(e->arn, arn))
        iam_fail_missing(c, iam_kind(kind), name);
    return !wb_failed(c);
}
