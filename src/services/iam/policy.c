/* Managed policies: what they are, and the operations on one. */
#include "services/iam/policy.h"
#include "base/limits.h"
#include "engine/tags.h"

/* --- reading --- */

void iam_policy_of_entity(struct wb_call *c, const struct wb_iam_entity *e, struct iam_policy *p)
{
    *p = (struct iam_policy){.e = *e,
                             .arn = e->arn,
                             .name = e->name,
                             .path = e->path,
                             .id = e->id,
                             .description = wb_json_get_str(e->row, "description", c->arena),
                             .version = (uint64_t)wb_json_get_i64(e->row, "default", 1),
                             .created_ms = e->created_ms,
                             .updated_ms = wb_json_get_i64(e->row, "updated", e->created_ms)};
}

static int64_t time_of(const char *iso)
{
    int64_t ms = 0;
    bool zone;
    wb_time_parse_iso(wb_slice_str(iso), &ms, &zone);
    return ms;
}

void iam_policy_of_aws(struct wb_call *c, const struct wb_managed_policy *aws, struct iam_policy *p)
{
    *p = (struct iam_policy){.aws = aws,
                             .arn = wb_iam_arn(c->arena, WB_S("aws"), WB_IAM_POLICY,
                                               wb_slice_str(aws->path), wb_slice_str(aws->name)),
                             .name = wb_slice_str(aws->name),
                             .path = wb_slice_str(aws->path),
                             .id = wb_slice_str(aws->id),
                             .description = wb_slice_str(aws->description),
                             .version = aws->version,
                             .created_ms = time_of(aws->created),
                             .updated_ms = time_of(aws->updated)};
}

bool iam_policy_read(struct wb_call *c, struct wb_slice arn, struct iam_policy *p)
{
    struct wb_slice account, path, name;
    enum wb_iam_kind kind;
    struct wb_iam_entity e;
    const struct wb_managed_policy *aws = wb_managed_policy(arn);
    if (aws) {
        iam_policy_of_aws(c, aws, p);
        return true;
    }
    if (!wb_iam_arn_parse(arn, &account, &kind, &path, &name) || kind != WB_IAM_POLICY ||
        !wb_slice_eq(account, c->ctx.account) || !wb_iam_read(c->tx, account, kind, name, &e) ||
        !wb_slice_eq(e.arn, arn))
        return false;
    iam_policy_of_entity(c, &e, p);
    return true;
}

bool iam_policy_find(struct wb_call *c, bool own, struct iam_policy *p)
{
    struct wb_slice account, path, name, arn = wb_in_str(c, "PolicyArn");
    enum wb_iam_kind kind;
    if (!wb_iam_arn_parse(arn, &account, &kind, &path, &name) || kind != WB_IAM_POLICY)
        wb_fail(c, "InvalidInput", 400, "ARN %.*s is not valid.", WB_FMT(arn));
    else if (!iam_policy_read(c, arn, p))
        iam_fail_policy_missing(c, arn);
    else if (own && p->aws)
        wb_fail(c, "AccessDenied", 403, "Policy is outside your own account.");
    return !wb_failed(c);
}

size_t iam_policy_uses(struct wb_call *c, struct wb_slice arn, char use)
{
    struct wb_slice key, value;
    struct wb_scan *s =
        wb_tx_scan_prefix(c->tx, wb_key(c->arena, WB_T_IAM_ATTACHED_TO, "ss", arn, c->ctx.account));
    size_t n = 0;
    while (s && wb_tx_next(c->tx, s, &key, &value))
        n += key.p[key.n - 1] == use;
    wb_scan_close(s);
    return n;
}

/* --- answers --- */

void iam_out_policy(struct wb_call *c, const struct iam_policy *p)
{
    struct wb_out *o = &c->out;
    wb_out_str(o, "PolicyName", p->name);
    wb_out_str(o, "PolicyId", p->id);
    wb_out_str(o, "Arn", p->arn);
    wb_out_str(o, "Path", p->path);
    wb_out_str(o, "DefaultVersionId", wb_printf(c->arena, "v%llu", (unsigned long long)p->version));
    wb_out_i64(o, "AttachmentCount", (int64_t)iam_policy_uses(c, p->arn, 'a'));
    wb_out_i64(o, "PermissionsBoundaryUsageCount", (int64_t)iam_policy_uses(c, p->arn, 'b'));
    wb_out_bool(o, "IsAttachable", true);
    iam_out_time(o, "CreateDate", p->created_ms);
    iam_out_time(o, "UpdateDate", p->updated_ms);
}

static void answer(struct wb_call *c, const struct iam_policy *p, bool described)
{
    wb_out_object(&c->out, "Policy");
    iam_out_policy(c, p);
    if (described && p->description.n)
        wb_out_str(&c->out, "Description", p->description);
    wb_tags_out(c->tx, p->arn, &c->out, "Tags");
    wb_out_end(&c->out);
}

/* --- what the operations need --- */

void iam_of_policy(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "PolicyArn"));
}

void iam_policy_conditions(struct wb_call *c)
{
    struct wb_pair *tag;
    size_t n = wb_tags_list(c->tx, wb_in_str(c, "PolicyArn"), &tag);
    for (size_t i = 0; i < n; i++)
        wb_call_condition(
            c,
            wb_dup_cstr(c->arena, wb_printf(c->arena, "iam:ResourceTag/%.*s", WB_FMT(tag[i].name))),
            tag[i].value);
}

/* --- operations --- */

void iam_create_policy(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "PolicyName"), text = wb_in_str(c, "PolicyDocument");
    struct wb_iam_entity e;
    struct iam_policy p;
    const struct wb_pair more[] = {
        {WB_S("description"), iam_json(c->arena, wb_in_str(c, "Description"))},
        {WB_S("default"), WB_S("1")},
        {WB_S("next"), WB_S("2")},
    };
    if (!iam_managed_document_ok(c, text))
        return;
    if (wb_iam_read(c->tx, c->ctx.account, WB_IAM_POLICY, name, &e)) {
        wb_fail(c, "EntityAlreadyExists", 409,
                "A policy called %.*s already exists. Duplicate names are not allowed.",
                WB_FMT(name));
        return;
    }
    if (!iam_create(c, iam_kind(WB_IAM_POLICY), name, wb_in_str(c, "Path"), more,
                    sizeof more / sizeof *more, &e))
        return;
    iam_policy_of_entity(c, &e, &p);
    iam_version_put(c, &p, 1, text);
    answer(c, &p, false);
}

void iam_get_policy(struct wb_call *c)
{
    struct iam_policy p;
    if (iam_policy_find(c, false, &p))
        answer(c, &p, true);
}

void iam_delete_policy(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_version v[WB_IAM_VERSIONS_MAX];
    if (!iam_policy_find(c, true, &p))
        return;
    if (iam_policy_uses(c, p.arn, 'a') || iam_policy_uses(c, p.arn, 'b')) {
        wb_fail(c, "DeleteConflict", 409, "Cannot delete a policy attached to entities.");
        return;
    }
    if (iam_versions(c, &p, v) > 1) {
        wb_fail(c, "DeleteConflict", 409,
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy.");
        return;
    }
    wb_tx_del(c->tx, wb_iam_key_version(c->arena, p.e.account, p.name, v[0].number));
    iam_remove(c, &p.e);
}

/* --- tags --- */

void iam_tag_policy(struct wb_call *c)
{
    struct iam_policy p;
    struct wb_pair *tag;
    size_t count;
    if (!iam_policy_find(c, true, &p) || !iam_tags_read(c, &tag, &count))
        return;
    if (!wb_tags_put(c->tx, p.arn, tag, count))
        wb_fail(c, "LimitExceeded", 409,
                "The number of tags has reached the maximum limit of %d tags.", WB_TAGS_MAX);
}

void iam_untag_policy(struct wb_call *c)
{
    struct iam_policy p;
    if (!iam_policy_find(c, true, &p))
        return;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, p.arn, wb_json_str(it.value, c->arena));
}

void iam_list_policy_tags(struct wb_call *c)
{
    struct iam_policy p;
    struct iam_page page;
    struct wb_pair *tag;
    if (!iam_policy_find(c, false, &p) || !iam_page_open(c, &page))
        return;
    size_t n = wb_tags_list(c->tx, p.arn, &tag);
    wb_out_list(&c->out, "Tags");
    for (size_t i = 0; i < n; i++) {
        if (iam_page_past(&page, tag[i].name))
            continue;
        if (!iam_page_take(&page, tag[i].name))
            break;
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "Key", tag[i].name);
        wb_out_str(&c->out, "Value", tag[i].value);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    iam_page_close(&page);
}
