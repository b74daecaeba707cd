/* Users in groups, roles in instance profiles. */
#include "base/limits.h"
#include "services/iam/iam.h"

static bool find_both(struct wb_call *c, struct wb_iam_entity *group, struct wb_iam_entity *user)
{
    return iam_find(c, iam_kind(WB_IAM_USER), wb_in_str(c, "UserName"), user) &&
           iam_find(c, iam_kind(WB_IAM_GROUP), wb_in_str(c, "GroupName"), group);
}

static struct wb_slice member_key(struct wb_call *c, const struct wb_iam_entity *group,
                                  const struct wb_iam_entity *user)
{
    return wb_iam_key_member(c->arena, WB_T_IAM_MEMBER, user->account, group->name, user->name);
}

static struct wb_slice member_of_key(struct wb_call *c, const struct wb_iam_entity *group,
                                     const struct wb_iam_entity *user)
{
    return wb_iam_key_member(c->arena, WB_T_IAM_MEMBER_OF, user->account, user->name, group->name);
}

void iam_add_user_to_group(struct wb_call *c)
{
    struct wb_iam_entity group, user;
    struct wb_slice there;
    if (!find_both(c, &group, &user) || wb_tx_get(c->tx, member_key(c, &group, &user), &there))
        return; /* being in it already is as good */
    if (iam_full(
            c->tx,
            wb_iam_key_member(c->arena, WB_T_IAM_MEMBER_OF, user.account, user.name, WB_SLICE_NULL),
            WB_IAM_GROUPS_OF_USER)) {
        iam_fail_quota(c, "GroupsPerUser", WB_IAM_GROUPS_OF_USER);
        return;
    }
    wb_tx_put(c->tx, member_key(c, &group, &user), WB_S(""));
    wb_tx_put(c->tx, member_of_key(c, &group, &user), WB_S(""));
    wb_iam_changed(c->tx, &user);
}

void iam_remove_user_from_group(struct wb_call *c)
{
    struct wb_iam_entity group, user;
    if (!find_both(c, &group, &user))
        return;
    wb_tx_del(c->tx, member_key(c, &group, &user));
    wb_tx_del(c->tx, member_of_key(c, &group, &user));
    wb_iam_changed(c->tx, &user);
}

static bool find_profile_and_role(struct wb_call *c, struct wb_iam_entity *profile,
                                  struct wb_iam_entity *role)
{
    return iam_find(c, iam_kind(WB_IAM_PROFILE), wb_in_str(c, "InstanceProfileName"), profile) &&
           iam_find(c, iam_kind(WB_IAM_ROLE), wb_in_str(c, "RoleName"), role) &&
           iam_modifiable(c, role);
}

static void set_role(struct wb_call *c, struct wb_iam_entity *profile, struct wb_slice name)
{
    const struct wb_pair set[] = {{WB_S("role"), iam_json(c->arena, name)}};
    iam_update(c, profile, set, 1);
}

void iam_add_role_to_profile(struct wb_call *c)
{
    struct wb_iam_entity profile, role;
    if (!find_profile_and_role(c, &profile, &role))
        return;
    if (wb_json_get_str(profile.row, "role", c->arena).n)
        iam_fail_quota(c, "InstanceSessionsPerInstanceProfile", 1);
    else
        set_role(c, &profile, role.name);
}

void iam_remove_role_from_profile(struct wb_call *c)
{
    struct wb_iam_entity profile, role;
    if (!find_profile_and_role(c, &profile, &role))
        return;
    if (wb_slice_ieq(wb_json_get_str(profile.row, "role", c->arena), role.name))
        set_role(c, &profile, WB_SLICE_NULL);
    else
        wb_fail(c, "NoSuchEntity", 404, "Role %.*s in Instance Profile %.*s cannot be found.",
                WB_FMT(role.name), WB_FMT(profile.name));
}
