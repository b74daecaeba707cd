#include "services/cloudformation/types/iam_kit.h"
#include "codec/text.h"
#include <stdio.h>

const struct cfn_iam_kind cfn_iam_kind_user = {"User", "UserName", "Policies", "ManagedPolicyArns"},
                          cfn_iam_kind_group = {"Group", "GroupName", "Policies",
                                                "ManagedPolicyArns"},
                          cfn_iam_kind_role = {"Role", "RoleName", "Policies", "ManagedPolicyArns"};

bool cfn_iam_call(struct cfn_in *in, const char *first, const struct cfn_iam_kind *k,
                  const char *last, struct wb_json *answer)
{
    struct wb_slice op = wb_printf(in->r->tx->arena, "%s%s%s", first, k->title, last);
    return cfn_call(in, "iam", op.p, answer);
}

bool cfn_iam_put_inline(struct wb_cfn_resource *r, const struct cfn_iam_kind *k,
                        struct wb_slice entity, struct wb_slice name, struct wb_slice document)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, k->member, entity);
    cfn_put(&in, "PolicyName", name);
    cfn_put(&in, "PolicyDocument", document);
    return cfn_iam_call(&in, "Put", k, "Policy", NULL);
}

bool cfn_iam_delete_inline(struct wb_cfn_resource *r, const struct cfn_iam_kind *k,
                           struct wb_slice entity, struct wb_slice name)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, k->member, entity);
    cfn_put(&in, "PolicyName", name);
    return cfn_iam_call(&in, "Delete", k, "Policy", NULL) || wb_cfn_error_is(r, "NoSuchEntity");
}

static bool attachment(struct wb_cfn_resource *r, const char *verb, const struct cfn_iam_kind *k,
                       struct wb_slice entity, struct wb_slice arn)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, k->member, entity);
    cfn_put(&in, "PolicyArn", arn);
    return cfn_iam_call(&in, verb, k, "Policy", NULL);
}

bool cfn_iam_attach(struct wb_cfn_resource *r, const struct cfn_iam_kind *k, struct wb_slice entity,
                    struct wb_slice arn)
{
    return attachment(r, "Attach", k, entity, arn);
}

bool cfn_iam_detach(struct wb_cfn_resource *r, const struct cfn_iam_kind *k, struct wb_slice entity,
                    struct wb_slice arn)
{
    return attachment(r, "Detach", k, entity, arn) || wb_cfn_error_is(r, "NoSuchEntity");
}

static bool names_policy(struct wb_json list, struct wb_json policy)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (wb_cfn_same(wb_json_get(it.value, "PolicyName"), wb_json_get(policy, "PolicyName")))
            return true;
    return false;
}

static bool put_documents(struct wb_cfn_resource *r, const struct cfn_iam_kind *k)
{
    struct wb_json was = cfn_was(r, k->documents);
    struct wb_json_iter it = wb_json_iter(cfn_prop(r, k->documents));
    struct wb_arena *a = r->tx->arena;
    while (wb_json_next(&it))
        if (!cfn_has(was, it.value) &&
            !cfn_iam_put_inline(r, k, r->physical_id,
                                cfn_json_text(a, wb_json_get(it.value, "PolicyName")),
                                cfn_json_text(a, wb_json_get(it.value, "PolicyDocument"))))
            return false;
    return true;
}

static bool drop_documents(struct wb_cfn_resource *r, const struct cfn_iam_kind *k,
                           struct wb_json was, struct wb_json now)
{
    struct wb_json_iter it = wb_json_iter(was);
    while (wb_json_next(&it))
        if (!names_policy(now, it.value) &&
            !cfn_iam_delete_inline(
                r, k, r->physical_id,
                cfn_json_text(r->tx->arena, wb_json_get(it.value, "PolicyName"))))
            return false;
    return true;
}

static bool attach_those(struct wb_cfn_resource *r, const struct cfn_iam_kind *k, bool attach,
                         struct wb_json list, struct wb_json but)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct wb_slice arn = cfn_json_text(r->tx->arena, it.value);
        if (cfn_has(but, it.value))
            continue;
        if (!(attach ? cfn_iam_attach(r, k, r->physical_id, arn)
                     : cfn_iam_detach(r, k, r->physical_id, arn)))
            return false;
    }
    return true;
}

bool cfn_iam_policies(struct wb_cfn_resource *r, const struct cfn_iam_kind *k)
{
    return drop_documents(r, k, cfn_was(r, k->documents), cfn_prop(r, k->documents)) &&
           put_documents(r, k) &&
           attach_those(r, k, false, cfn_was(r, k->arns), cfn_prop(r, k->arns)) &&
           attach_those(r, k, true, cfn_prop(r, k->arns), cfn_was(r, k->arns));
}

bool cfn_iam_strip(struct wb_cfn_resource *r, const struct cfn_iam_kind *k)
{
    return drop_documents(r, k, cfn_prop(r, k->documents), WB_JSON_NONE) &&
           attach_those(r, k, false, cfn_prop(r, k->arns), WB_JSON_NONE);
}

struct wb_slice cfn_iam_document(struct wb_cfn_resource *r, struct wb_json encoded)
{
    struct wb_slice text = wb_json_str(encoded, r->tx->arena), plain;
    return wb_percent_decode(r->tx->arena, text, false, &plain) ? plain : text;
}

/* Names come in pages; an entity of a template has few. */
static bool list_names(struct cfn_in *live, const struct cfn_iam_kind *k, const char *verb,
                       const char *last, const char *list, struct wb_json *out)
{
    struct wb_json answer;
    struct cfn_in in;
    cfn_begin(&in, live->r);
    cfn_put(&in, k->member, live->r->physical_id);
    wb_jw_ki64(&in.w, "MaxItems", 1000);
    if (!cfn_iam_call(&in, verb, k, last, &answer))
        return false;
    *out = wb_json_get(answer, list);
    return true;
}

static bool live_document(struct cfn_in *live, const struct cfn_iam_kind *k, struct wb_slice name)
{
    struct wb_json answer;
    struct cfn_in in;
    cfn_begin(&in, live->r);
    cfn_put(&in, k->member, live->r->physical_id);
    cfn_put(&in, "PolicyName", name);
    if (!cfn_iam_call(&in, "Get", k, "Policy", &answer))
        return false;
    wb_jw_object(&live->w);
    cfn_put(live, "PolicyName", name);
    wb_jw_kraw(&live->w, "PolicyDocument",
               cfn_iam_document(live->r, wb_json_get(answer, "PolicyDocument")));
    wb_jw_end_object(&live->w);
    return true;
}

/* Only the policies that the template names, in its order: the others belong to other resources
 * (AWS::IAM::Policy). */
bool cfn_iam_live_policies(struct cfn_in *live, const struct cfn_iam_kind *k)
{
    struct wb_cfn_resource *r = live->r;
    struct wb_json names, attached;
    if (!list_names(live, k, "List", "Policies", "PolicyNames", &names) ||
        !list_names(live, k, "ListAttached", "Policies", "AttachedPolicies", &attached))
        return false;
    wb_jw_key(&live->w, k->documents);
    wb_jw_array(&live->w);
    struct wb_json_iter it = wb_json_iter(cfn_prop(r, k->documents));
    while (wb_json_next(&it)) {
        struct wb_json name = wb_json_get(it.value, "PolicyName");
        if (cfn_has(names, name) && !live_document(live, k, cfn_json_text(r->tx->arena, name)))
            return false;
    }
    wb_jw_end_array(&live->w);
    cfn_live_list(live, k->arns, attached, "PolicyArn", NULL);
    return true;
}

struct wb_slice cfn_iam_arn(const struct wb_cfn_resource *r, const char *kind, struct wb_slice name)
{
    struct wb_slice path = cfn_text(r, "Path");
    return wb_printf(r->tx->arena, "arn:aws:iam::%.*s:%s%.*s%.*s", WB_FMT(r->ctx->account), kind,
                     path.n ? (int)path.n : 1, path.n ? path.p : "/", WB_FMT(name));
}

bool cfn_iam_boundary(struct wb_cfn_resource *r, const struct cfn_iam_kind *k)
{
    struct cfn_in in;
    bool put = wb_json_is(cfn_prop(r, "PermissionsBoundary"));
    cfn_begin(&in, r);
    cfn_put(&in, k->member, r->physical_id);
    if (put)
        cfn_copy(&in, "PermissionsBoundary");
    return cfn_iam_call(&in, put ? "Put" : "Delete", k, "PermissionsBoundary", NULL);
}
