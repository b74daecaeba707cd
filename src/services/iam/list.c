/* Lists of entities and of what hangs on them. */
#include "engine/tags.h"
#include "services/iam/iam.h"

/* --- entities --- */

const struct iam_kind *iam_list_kind(const struct wb_call *c)
{
    static const enum wb_iam_kind kinds[] = {WB_IAM_USER, WB_IAM_GROUP, WB_IAM_ROLE,
                                             WB_IAM_PROFILE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(c->op->name + strlen("List"), iam_kind(kinds[i])->list) == 0)
            return iam_kind(kinds[i]);
    return NULL;
}

static void give(struct iam_rows *r, const struct wb_iam_entity *e)
{
    struct wb_call *c = r->page.c;
    if (!iam_rows_take(r))
        return;
    wb_out_object(&c->out, NULL);
    iam_out_entity(c, e, IAM_DETAILS);
    wb_out_end(&c->out);
}

void iam_list(struct wb_call *c)
{
    const struct iam_kind *k = iam_list_kind(c);
    struct wb_slice name, row, path = wb_in_str(c, "PathPrefix");
    struct wb_iam_entity e;
    struct iam_rows p;
    if (!iam_rows_begin(c, &p,
                        wb_key(c->arena, WB_T_IAM_ENTITY, "sb", c->ctx.account, (int)k->kind)))
        return;
    wb_out_list(&c->out, k->list);
    while (iam_rows_next(&p, &name, &row))
        if (wb_iam_read_row(c->tx, c->ctx.account, k->kind, row, &e) &&
            wb_slice_starts(e.path, path))
            give(&p, &e);
    wb_out_end(&c->out);
    iam_rows_end(&p);
}

/* The entities of a kind whose names are under a prefix. */
static void list_named(struct wb_call *c, struct wb_slice prefix, enum wb_iam_kind kind)
{
    struct wb_slice name, row;
    struct wb_iam_entity e;
    struct iam_rows p;
    if (!iam_rows_begin(c, &p, prefix))
        return;
    wb_out_list(&c->out, iam_kind(kind)->list);
    while (iam_rows_next(&p, &name, &row))
        if (wb_iam_read(c->tx, c->ctx.account, kind, name, &e))
            give(&p, &e);
    wb_out_end(&c->out);
    iam_rows_end(&p);
}

void iam_list_groups_for_user(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (iam_call_entity(c, &e))
        list_named(
            c, wb_iam_key_member(c->arena, WB_T_IAM_MEMBER_OF, e.account, e.name, WB_SLICE_NULL),
            WB_IAM_GROUP);
}

void iam_get_group(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (!iam_call_entity(c, &e))
        return;
    wb_out_object(&c->out, "Group");
    iam_out_entity(c, &e, 0);
    wb_out_end(&c->out);
    list_named(c, wb_iam_key_member(c->arena, WB_T_IAM_MEMBER, e.account, e.name, WB_SLICE_NULL),
               WB_IAM_USER);
}

void iam_list_profiles_for_role(struct wb_call *c)
{
    struct wb_slice name, row;
    struct wb_iam_entity role, e;
    struct iam_rows p;
    if (!iam_call_entity(c, &role) ||
        !iam_rows_begin(c, &p,
                        wb_key(c->arena, WB_T_IAM_ENTITY, "sb", role.account, (int)WB_IAM_PROFILE)))
        return;
    wb_out_list(&c->out, "InstanceProfiles");
    while (iam_rows_next(&p, &name, &row))
        if (wb_iam_read_row(c->tx, role.account, WB_IAM_PROFILE, row, &e) &&
            wb_slice_ieq(wb_json_get_str(e.row, "role", c->arena), role.name))
            give(&p, &e);
    wb_out_end(&c->out);
    iam_rows_end(&p);
}

/* --- what hangs on an entity --- */

void iam_list_inline(struct wb_call *c)
{
    struct wb_slice name, text;
    struct wb_iam_entity e;
    struct iam_rows p;
    if (!iam_call_entity(c, &e) ||
        !iam_rows_begin(c, &p, wb_iam_key(c->arena, WB_T_IAM_INLINE, e.account, e.kind, e.name)))
        return;
    wb_out_list(&c->out, "PolicyNames");
    while (iam_rows_next(&p, &name, &text))
        if (iam_rows_take(&p))
            wb_out_str(&c->out, NULL, name);
    wb_out_end(&c->out);
    iam_rows_end(&p);
}

void iam_list_attached(struct wb_call *c)
{
    struct wb_slice arn, nothing, account, path, name, prefix = wb_in_str(c, "PathPrefix");
    enum wb_iam_kind kind;
    struct wb_iam_entity e;
    struct iam_rows p;
    if (!iam_call_entity(c, &e) ||
        !iam_rows_begin(c, &p, wb_iam_key(c->arena, WB_T_IAM_ATTACHED, e.account, e.kind, e.name)))
        return;
    wb_out_list(&c->out, "AttachedPolicies");
    while (iam_rows_next(&p, &arn, &nothing)) {
        if (!wb_iam_arn_parse(arn, &account, &kind, &path, &name) || !wb_slice_starts(path, prefix))
            continue;
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "PolicyName", name);
        wb_out_str(&c->out, "PolicyArn", arn);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    iam_rows_end(&p);
}

void iam_list_tags(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_iam_entity e;
    struct iam_rows p;
    if (!iam_call_entity(c, &e) || !iam_rows_begin(c, &p, wb_key(c->arena, WB_T_TAGS, "s", e.arn)))
        return;
    wb_out_list(&c->out, "Tags");
    while (iam_rows_next(&p, &key, &value) && iam_rows_take(&p)) {
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "Key", key);
        wb_out_str(&c->out, "Value", value);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    iam_rows_end(&p);
}

/* --- what nobody has here --- */

/* Kinds of credentials that this IAM does not keep: the lists are always empty. */
void iam_list_none(struct wb_call *c)
{
    struct wb_iam_entity e;
    bool certificates = strcmp(c->op->name, "ListSigningCertificates") == 0;
    bool root = !wb_in_str(c, "UserName").p && c->ctx.principal.type == WB_PRINCIPAL_ROOT;
    bool of_all = strcmp(c->op->name, "ListVirtualMFADevices") == 0;
    if (!root && !of_all && !iam_own_user(c, &e))
        return;
    wb_out_list(&c->out, certificates ? "Certificates" : c->op->name + strlen("List"));
    wb_out_end(&c->out);
    wb_out_bool(&c->out, "IsTruncated", false);
}

void iam_no_login_profile(struct wb_call *c)
{
    struct wb_iam_entity e;
    if (iam_call_entity(c, &e))
        wb_fail(c, "NoSuchEntity", 404, "Login Profile for User %.*s cannot be found.",
                WB_FMT(e.name));
}
