/*
 * AssumeRole. Who may take a role is decided by its trust policy and the caller's own policies,
 * both (engine/authorize.c); here is what the new session is.
 */
#include "base/ids.h"
#include "base/limits.h"
#include "engine/identity.h"
#include "services/sts/sts.h"

static bool is_role(struct wb_slice arn, struct wb_slice *account, struct wb_slice *name)
{
    struct wb_slice path;
    enum wb_iam_kind kind;
    return wb_iam_arn_parse(arn, account, &kind, &path, name) && kind == WB_IAM_ROLE;
}

const struct wb_policy *sts_trust(struct wb_tx *tx, struct wb_slice arn)
{
    const struct wb_identity *role = wb_identity_by_arn(tx, arn);
    return role && role->kind == WB_IAM_ROLE ? role->trust : NULL;
}

void sts_of_role(struct wb_call *c)
{
    struct wb_slice arn = wb_in_str(c, "RoleArn"), account, name;
    struct wb_session caller;
    if (!is_role(arn, &account, &name))
        wb_fail(c, "ValidationError", 400, "%.*s is invalid", WB_FMT(arn));
    else if (c->ctx.principal.type == WB_PRINCIPAL_ROOT && wb_engine_config(c->engine)->auth)
        wb_fail(c, "AccessDenied", 403, "Roles may not be assumed by root accounts.");
    sts_name_needs(c, arn, &caller);
}

static int64_t seconds_of(struct wb_call *c)
{
    return wb_in_i64(c, "DurationSeconds", WB_STS_ROLE_DEFAULT_S);
}

void sts_role_conditions(struct wb_call *c)
{
    struct wb_session caller;
    wb_session_read(c->arena, c->ctx.principal.session, &caller);
    struct wb_slice source = wb_in_str(c, "SourceIdentity");
    wb_call_condition(c, "sts:ExternalId", wb_in_str(c, "ExternalId"));
    wb_call_condition(c, "sts:RoleSessionName", wb_in_str(c, "RoleSessionName"));
    wb_call_condition(c, "sts:SourceIdentity", source.p ? source : caller.source);
    wb_call_condition(c, "sts:DurationSeconds",
                      wb_printf(c->arena, "%lld", (long long)seconds_of(c)));
    struct wb_json lists[] = {caller.transitive, wb_in(c, "TransitiveTagKeys")};
    for (size_t i = 0; i < 2; i++) {
        struct wb_json_iter it = wb_json_iter(lists[i]);
        while (wb_json_next(&it))
            wb_call_condition(c, "sts:TransitiveTagKeys", wb_json_str(it.value, c->arena));
    }
}

/* With authentication off a role need not exist. */
static struct wb_principal stranger(struct wb_call *c, struct wb_slice arn, struct wb_slice session)
{
    struct wb_slice account, name;
    is_role(arn, &account, &name);
    struct wb_identity role = {.account = account, .name = name, .arn = arn};
    role.id = wb_id_unique(c->arena, wb_engine_seam(c->engine), "AROA");
    return wb_role_principal(c->arena, &role, session);
}

static bool check_seconds(struct wb_call *c, const struct wb_identity *role, int64_t seconds)
{
    bool chained = c->ctx.principal.type == WB_PRINCIPAL_SESSION;
    if (chained && seconds > WB_STS_CHAIN_S)
        wb_fail(c, "ValidationError", 400,
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed "
                "by role chaining.");
    else if (role && seconds > role->max_session_s)
        wb_fail(c, "ValidationError", 400,
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    return !wb_failed(c);
}

void sts_assume_role(struct wb_call *c)
{
    struct wb_slice arn = wb_in_str(c, "RoleArn"), name = wb_in_str(c, "RoleSessionName");
    const struct wb_identity *role = wb_identity_by_arn(c->tx, arn);
    struct wb_session s = {.name = name};
    int64_t packed, seconds = seconds_of(c);
    struct wb_principal p = role ? wb_role_principal(c->arena, role, name) : stranger(c, arn, name);
    if (!wb_engine_config(c->engine)->auth)
        p.owner = WB_SLICE_NULL; /* worth nothing once authentication is on */
    if (!sts_no_mfa(c) || !check_seconds(c, role, seconds) ||
        !sts_read_session(c, p.account, &s, &packed))
        return;
    sts_give(c, &p, &s, seconds);
    wb_out_object(&c->out, "AssumedRoleUser");
    wb_out_str(&c->out, "AssumedRoleId", p.id);
    wb_out_str(&c->out, "Arn", p.arn);
    wb_out_end(&c->out);
    if (packed >= 0)
        wb_out_i64(&c->out, "PackedPolicySize", packed);
    wb_out_str(&c->out, "SourceIdentity", s.source);
}
