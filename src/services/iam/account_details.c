/*
 * GetAccountAuthorizationDetails: users, groups, roles and policies with all that hangs on them, in
 * this order, one page across all of them. Of AWS's policies only those in use are told.
 */
#include "base/limits.h"
#include "engine/tags.h"
#include "services/iam/policy.h"

struct details {
    struct wb_call *c;
    struct iam_page page;
    struct wb_json filter;
    struct wb_iam_entity *profile; /* the account's instance profiles, read once */
    size_t profiles;
    bool full;
};

static bool wants(const struct details *d, const char *type)
{
    struct wb_json_iter it = wb_json_iter(d->filter);
    if (!wb_json_count(d->filter))
        return true;
    while (wb_json_next(&it))
        if (wb_slice_is(wb_json_str(it.value, d->c->arena), type))
            return true;
    return false;
}

/* --- parts --- */

static void out_names(struct wb_out *o, const struct wb_iam_entity *e)
{
    const struct iam_kind *k = iam_kind(e->kind);
    wb_out_str(o, "Path", e->path);
    wb_out_str(o, k->member, e->name);
    wb_out_str(o, k->id_member, e->id);
    wb_out_str(o, "Arn", e->arn);
    iam_out_time(o, "CreateDate", e->created_ms);
}

static void out_grants(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct wb_out *o = &c->out;
    struct iam_grant *grant;
    size_t n = iam_grants(c, e, &grant);
    wb_out_list(
        o, wb_dup_cstr(c->arena, wb_printf(c->arena, "%sPolicyList", iam_kind(e->kind)->title)));
    for (size_t i = 0; i < n; i++) {
        if (grant[i].arn.p)
            continue;
        wb_out_object(o, NULL);
        wb_out_str(o, "PolicyName", grant[i].name);
        iam_out_document(o, "PolicyDocument", grant[i].text);
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_out_list(o, "AttachedManagedPolicies");
    for (size_t i = 0; i < n; i++) {
        if (!grant[i].arn.p)
            continue;
        wb_out_object(o, NULL);
        wb_out_str(o, "PolicyName", grant[i].name);
        wb_out_str(o, "PolicyArn", grant[i].arn);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_limits(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct wb_slice arn = wb_json_get_str(e->row, "boundary", c->arena);
    if (arn.n) {
        wb_out_object(&c->out, "PermissionsBoundary");
        wb_out_cstr(&c->out, "PermissionsBoundaryType", "Policy");
        wb_out_str(&c->out, "PermissionsBoundaryArn", arn);
        wb_out_end(&c->out);
    }
    wb_tags_out(c->tx, e->arn, &c->out, "Tags");
}

static void out_group_names(struct wb_call *c, const struct wb_iam_entity *user)
{
    struct wb_iam_entity *group;
    size_t n = iam_groups_of(c, user, &group);
    wb_out_list(&c->out, "GroupList");
    for (size_t i = 0; i < n; i++)
        wb_out_str(&c->out, NULL, group[i].name);
    wb_out_end(&c->out);
}

static void read_profiles(struct details *d)
{
    struct wb_call *c = d->c;
    struct wb_slice *name;
    struct wb_slice all =
        wb_key(c->arena, WB_T_IAM_ENTITY, "sb", c->ctx.account, (int)WB_IAM_PROFILE);
    size_t n = iam_names_under(c, all, &name);
    d->profile = wb_new_n(c->arena, struct wb_iam_entity, n + 1);
    for (size_t i = 0; i < n; i++)
        d->profiles +=
            wb_iam_read(c->tx, c->ctx.account, WB_IAM_PROFILE, name[i], &d->profile[d->profiles]);
}

static void out_profiles(struct details *d, const struct wb_iam_entity *role)
{
    struct wb_call *c = d->c;
    if (!d->profile)
        read_profiles(d);
    wb_out_list(&c->out, "InstanceProfileList");
    for (size_t i = 0; i < d->profiles; i++) {
        struct wb_slice of = wb_json_get_str(d->profile[i].row, "role", c->arena);
        if (!wb_slice_ieq(of, role->name))
            continue;
        wb_out_object(&c->out, NULL);
        iam_out_entity(c, &d->profile[i], 0);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* --- entities --- */

static void out_detail(struct details *d, const struct wb_iam_entity *e)
{
    struct wb_call *c = d->c;
    out_names(&c->out, e);
    out_grants(c, e);
    if (e->kind == WB_IAM_USER)
        out_group_names(c, e);
    if (e->kind == WB_IAM_ROLE) {
        iam_out_document(&c->out, "AssumeRolePolicyDocument", iam_trust_shown(c, e));
        out_profiles(d, e);
    }
    if (e->kind != WB_IAM_GROUP)
        out_limits(c, e);
}

static void out_policy_detail(struct details *d, const struct iam_policy *p)
{
    struct wb_call *c = d->c;
    struct iam_version v[WB_IAM_VERSIONS_MAX];
    size_t n = iam_versions(c, p, v);
    iam_out_policy(c, p);
    if (p->description.n)
        wb_out_str(&c->out, "Description", p->description);
    wb_out_list(&c->out, "PolicyVersionList");
    for (size_t i = 0; i < n; i++) {
        wb_out_object(&c->out, NULL);
        iam_out_version(c, p, &v[i], true);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

/* True: the item is on this page. `rank` keeps the kinds in the order they are told. */
static bool take(struct details *d, char rank, struct wb_slice name)
{
    struct wb_slice position = wb_printf(d->c->arena, "%c%.*s", rank, WB_FMT(name));
    if (d->full || iam_page_past(&d->page, position))
        return false;
    d->full = !iam_page_take(&d->page, position);
    return !d->full;
}

static void each_entity(struct details *d, enum wb_iam_kind kind, char rank)
{
    struct wb_call *c = d->c;
    struct wb_iam_entity e;
    struct wb_slice *name;
    struct wb_slice all = wb_key(c->arena, WB_T_IAM_ENTITY, "sb", c->ctx.account, (int)kind);
    size_t n = d->full ? 0 : iam_names_under(c, all, &name);
    for (size_t i = 0; i < n; i++) {
        struct iam_policy p;
        if (!wb_iam_read(c->tx, c->ctx.account, kind, name[i], &e) || !take(d, rank, name[i]))
            continue;
        wb_out_object(&c->out, NULL);
        if (kind == WB_IAM_POLICY) {
            iam_policy_of_entity(c, &e, &p);
            out_policy_detail(d, &p);
        } else {
            out_detail(d, &e);
        }
        wb_out_end(&c->out);
    }
}

static void each_aws_policy(struct details *d, char rank)
{
    struct iam_policy p;
    for (const struct wb_managed_policy *m = wb_managed_policies; m->name && !d->full; m++) {
        iam_policy_of_aws(d->c, m, &p);
        bool used = iam_policy_uses(d->c, p.arn, 'a') || iam_policy_uses(d->c, p.arn, 'b');
        if (!used || !take(d, rank, p.name))
            continue;
        wb_out_object(&d->c->out, NULL);
        out_policy_detail(d, &p);
        wb_out_end(&d->c->out);
    }
}

void iam_authorization_details(struct wb_call *c)
{
    static const struct {
        const char *list, *type;
        enum wb_iam_kind kind;
    } part[] = {{"UserDetailList", "User", WB_IAM_USER},
                {"GroupDetailList", "Group", WB_IAM_GROUP},
                {"RoleDetailList", "Role", WB_IAM_ROLE}};
    struct details d = {.c = c, .filter = wb_in(c, "Filter")};
    if (!iam_page_open(c, &d.page))
        return;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        wb_out_list(&c->out, part[i].list);
        if (wants(&d, part[i].type))
            each_entity(&d, part[i].kind, (char)('0' + i));
        wb_out_end(&c->out);
    }
    wb_out_list(&c->out, "Policies");
    if (wants(&d, "LocalManagedPolicy"))
        each_entity(&d, WB_IAM_POLICY, '3');
    if (wants(&d, "AWSManagedPolicy"))
        each_aws_policy(&d, '4');
    wb_out_end(&c->out);
    iam_page_close(&d.page);
}
