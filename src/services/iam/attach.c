/* Managed policies on users, groups and roles, and permissions boundaries. */
#include "base/arn.h"
#include "base/limits.h"
#include "services/iam/iam.h"

/* --- is it there? --- */

static bool is_policy_arn(struct wb_slice arn)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    return wb_iam_arn_parse(arn, &account, &kind, &path, &name) && kind == WB_IAM_POLICY;
}

/* What is no ARN at all is told apart from the ARN of something else. */
static bool policy_arn_ok(struct wb_call *c, struct wb_slice arn)
{
    struct wb_arn parts;
    if (!is_policy_arn(arn))
        wb_fail(c, wb_arn_parse(arn, &parts) ? "InvalidInput" : "ValidationError", 400,
                "ARN %.*s is not valid.", WB_FMT(arn));
    return !wb_failed(c);
}

static bool policy_ok(struct wb_call *c, struct wb_slice arn, const char *what)
{
    struct wb_arn parts;
    if (!policy_arn_ok(c, arn))
        return false;
    bool other = wb_arn_parse(arn, &parts) && !wb_slice_is(parts.account, "aws") &&
                 !wb_slice_eq(parts.account, c->ctx.account);
    if (other || !wb_iam_policy_text(c->tx, arn).p)
        wb_fail(c, "NoSuchEntity", 404, "%s %.*s does not exist or is not attachable.", what,
                WB_FMT(arn));
    return !wb_failed(c);
}

bool iam_boundary_ok(struct wb_call *c, struct wb_slice arn)
{
    return policy_ok(c, arn, "Scope ARN:");
}

/* --- links --- */

static struct wb_slice link_key(struct wb_call *c, const struct wb_iam_entity *e,
                                struct wb_slice arn, char use)
{
    return wb_iam_key_attached_to(c->arena, arn, e->account, e->kind, e->name, use);
}

static struct wb_slice attached_key(struct wb_call *c, const struct wb_iam_entity *e,
                                    struct wb_slice arn)
{
    return wb_iam_key2(c->arena, WB_T_IAM_ATTACHED, e->account, e->kind, e->name, arn);
}

void iam_link_boundary(struct wb_call *c, const struct wb_iam_entity *e, struct wb_slice arn)
{
    if (arn.n)
        wb_tx_put(c->tx, link_key(c, e, arn, 'b'), WB_S(""));
}

void iam_unlink_boundary(struct wb_call *c, const struct wb_iam_entity *e)
{
    struct wb_slice arn = wb_json_get_str(e->row, "boundary", c->arena);
    if (arn.n)
        wb_tx_del(c->tx, link_key(c, e, arn, 'b'));
}

/* --- operations --- */

void iam_attach(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_slice arn = wb_in_str(c, "PolicyArn"), there;
    if (!policy_arn_ok(c, arn) || !iam_call_modifiable(c, &e) || !policy_ok(c, arn, "Policy"))
        return;
    struct wb_slice key = attached_key(c, &e, arn);
    if (wb_tx_get(c->tx, key, &there))
        return; /* attaching again succeeds */
    if (iam_full(c->tx, wb_iam_key(c->arena, WB_T_IAM_ATTACHED, e.account, e.kind, e.name),
                 WB_IAM_ATTACHED_MAX)) {
        iam_fail_quota(c, iam_kind(e.kind)->attach_quota, WB_IAM_ATTACHED_MAX);
        return;
    }
    wb_tx_put(c->tx, key, WB_S(""));
    wb_tx_put(c->tx, link_key(c, &e, arn, 'a'), WB_S(""));
    wb_iam_changed(c->tx, &e);
}

void iam_detach(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_slice arn = wb_in_str(c, "PolicyArn");
    if (!policy_arn_ok(c, arn) || !iam_call_modifiable(c, &e))
        return;
    if (!wb_tx_del(c->tx, attached_key(c, &e, arn))) {
        iam_fail_policy_missing(c, arn);
        return;
    }
    wb_tx_del(c->tx, link_key(c, &e, arn, 'a'));
    wb_iam_changed(c->tx, &e);
}

static void set_boundary(struct wb_call *c, struct wb_iam_entity *e, struct wb_slice arn)
{
    const struct wb_pair set[] = {{WB_S("boundary"), iam_json(c->arena, arn)}};
    iam_unlink_boundary(c, e);
    iam_update(c, e, set, 1);
    iam_link_boundary(c, e, arn);
    wb_iam_changed(c->tx, e);
}

void iam_put_boundary(struct wb_call *c)
{
    struct wb_iam_entity e;
    struct wb_slice arn = wb_in_str(c, "PermissionsBoundary");
    if (iam_call_modifiable(c, &e) && iam_boundary_ok(c, arn))
        set_boundary(c, &e, arn);
}

void iam_delete_boundary(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (!iam_call_modifiable(c, &e))
        return;
    if (wb_json_get_str(e.row, "boundary", c->arena).n)
        set_boundary(c, &e, WB_SLICE_NULL);
}
