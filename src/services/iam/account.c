/* What is told of a whole account: its summary, its alias, its password policy. */
#include "base/limits.h"
#include "services/iam/policy.h"

/* --- GetAccountSummary --- */

static size_t rows_under(struct wb_call *c, struct wb_slice prefix)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, prefix);
    size_t n = 0;
    while (s && wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n;
}

static size_t entities(struct wb_call *c, enum wb_iam_kind kind)
{
    return rows_under(c, wb_key(c->arena, WB_T_IAM_ENTITY, "sb", c->ctx.account, (int)kind));
}

static size_t root_keys(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, wb_key(c->arena, WB_T_ACCESS_KEY, ""));
    size_t n = 0;
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_access_key k;
        n += wb_access_key_decode(value, &k) && k.owner.type == WB_PRINCIPAL_ROOT &&
             wb_slice_eq(k.owner.account, c->ctx.account);
    }
    wb_scan_close(s);
    return n;
}

void iam_account_summary(struct wb_call *c)
{
    const struct {
        const char *name;
        size_t value;
    } entry[] = {
        {"Users", entities(c, WB_IAM_USER)},
        {"UsersQuota", WB_IAM_USERS_MAX},
        {"Groups", entities(c, WB_IAM_GROUP)},
        {"GroupsQuota", WB_IAM_GROUPS_MAX},
        {"Roles", entities(c, WB_IAM_ROLE)},
        {"RolesQuota", WB_IAM_ROLES_MAX},
        {"Policies", entities(c, WB_IAM_POLICY)},
        {"PoliciesQuota", WB_IAM_POLICIES_MAX},
        {"InstanceProfiles", entities(c, WB_IAM_PROFILE)},
        {"InstanceProfilesQuota", WB_IAM_PROFILES_MAX},
        {"PolicyVersionsInUse",
         rows_under(c, wb_key(c->arena, WB_T_IAM_VERSION, "s", c->ctx.account))},
        {"PolicyVersionsInUseQuota", WB_IAM_POLICIES_MAX * WB_IAM_VERSIONS_MAX},
        {"VersionsPerPolicyQuota", WB_IAM_VERSIONS_MAX},
        {"PolicySizeQuota", WB_IAM_POLICY_MAX},
        {"UserPolicySizeQuota", WB_IAM_USER_INLINE_MAX},
        {"GroupPolicySizeQuota", WB_IAM_GROUP_INLINE_MAX},
        {"RolePolicySizeQuota", WB_IAM_ROLE_INLINE_MAX},
        {"AssumeRolePolicySizeQuota", WB_IAM_TRUST_MAX},
        {"AttachedPoliciesPerUserQuota", WB_IAM_ATTACHED_MAX},
        {"AttachedPoliciesPerGroupQuota", WB_IAM_ATTACHED_MAX},
        {"AttachedPoliciesPerRoleQuota", WB_IAM_ATTACHED_MAX},
        {"GroupsPerUserQuota", WB_IAM_GROUPS_OF_USER},
        {"AccessKeysPerUserQuota", WB_IAM_KEYS_MAX},
        {"AccountAccessKeysPresent", root_keys(c) > 0},
        {"AccountMFAEnabled", 0},
        {"MFADevices", 0},
        {"MFADevicesInUse", 0},
        {"AccountSigningCertificatesPresent", 0},
        {"ServerCertificates", 0},
        {"Providers", 0},
    };
    wb_out_map(&c->out, "SummaryMap");
    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++)
        wb_out_map_str(&c->out, wb_slice_str(entry[i].name),
                       wb_printf(c->arena, "%zu", entry[i].value));
    wb_out_end(&c->out);
}

/* --- the alias: one an account, its own among all accounts --- */

static struct wb_slice alias_key(struct wb_call *c, struct wb_slice alias)
{
    return wb_key(c->arena, WB_T_IAM_ALIAS, "s", alias);
}

static struct wb_slice alias_of_key(struct wb_call *c)
{
    return wb_key(c->arena, WB_T_IAM_ALIAS_OF, "s", c->ctx.account);
}

void iam_create_alias(struct wb_call *c)
{
    struct wb_slice alias = wb_in_str(c, "AccountAlias"), row;
    if (wb_tx_get(c->tx, alias_key(c, alias), &row)) {
        wb_fail(c, "EntityAlreadyExists", 409, "The account alias %.*s already exists.",
                WB_FMT(alias));
        return;
    }
    if (wb_tx_get(c->tx, alias_of_key(c), &row)) /* a new one takes the old one's place */
        wb_tx_del(c->tx, alias_key(c, wb_dup(c->arena, row)));
    wb_tx_put(c->tx, alias_key(c, alias), c->ctx.account);
    wb_tx_put(c->tx, alias_of_key(c), alias);
}

void iam_delete_alias(struct wb_call *c)
{
    struct wb_slice alias = wb_in_str(c, "AccountAlias"), row;
    if (!wb_tx_get(c->tx, alias_of_key(c), &row) || !wb_slice_eq(row, alias)) {
        wb_fail(c, "NoSuchEntity", 404, "The account alias %.*s cannot be found.", WB_FMT(alias));
        return;
    }
    wb_tx_del(c->tx, alias_key(c, alias));
    wb_tx_del(c->tx, alias_of_key(c));
}

void iam_list_aliases(struct wb_call *c)
{
    struct iam_page page;
    struct wb_slice row;
    if (!iam_page_open(c, &page))
        return;
    wb_out_list(&c->out, "AccountAliases");
    if (wb_tx_get(c->tx, alias_of_key(c), &row) && !iam_page_past(&page, row) &&
        iam_page_take(&page, row))
        wb_out_str(&c->out, NULL, row);
    wb_out_end(&c->out);
    iam_page_close(&page);
}

/* --- passwords: users have none here --- */

void iam_get_password_policy(struct wb_call *c)
{
    wb_fail(c, "NoSuchEntity", 404, "The Password Policy with domain name %.*s cannot be found.",
            WB_FMT(c->ctx.account));
}

/* --- ListPoliciesGrantingServiceAccess --- */

static void out_granting(struct wb_call *c, const struct iam_grant *g)
{
    const struct iam_kind *k = iam_kind(g->of.kind);
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "PolicyName", g->name);
    wb_out_cstr(o, "PolicyType", g->arn.p ? "MANAGED" : "INLINE");
    wb_out_str(o, "PolicyArn", g->arn);
    if (!g->arn.p) {
        wb_out_cstr(o, "EntityType",
                    k->kind == WB_IAM_USER   ? "USER"
                    : k->kind == WB_IAM_ROLE ? "ROLE"
                                             : "GROUP");
        wb_out_str(o, "EntityName", g->of.name);
    }
    wb_out_end(o);
}

void iam_policies_granting(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct iam_grant *grant;
    struct wb_slice why;
    if (!iam_entity_by_arn(c, wb_in_str(c, "Arn"), &e))
        return;
    size_t n = iam_all_grants(c, &e, &grant);
    struct wb_policy **policy = wb_new_n(c->arena, struct wb_policy *, n + 1);
    for (size_t i = 0; i < n; i++)
        if (grant[i].text.p)
            policy[i] = wb_policy_parse(grant[i].text, false, c->arena, &why);
    wb_out_list(&c->out, "PoliciesGrantingServiceAccess");
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ServiceNamespaces"));
    while (wb_json_next(&it)) {
        struct wb_slice service = wb_json_str(it.value, c->arena);
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "ServiceNamespace", service);
        wb_out_list(&c->out, "Policies");
        for (size_t i = 0; i < n; i++)
            if (wb_policy_grants_service(policy[i], service, c->arena))
                out_granting(c, &grant[i]);
        wb_out_end(&c->out);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    wb_out_bool(&c->out, "IsTruncated", false);
    for (size_t i = 0; i < n; i++)
        wb_policy_unref(policy[i]);
}

void iam_of_arn(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "Arn"));
}
