/*
 * AWS::IAM::Policy: one inline policy of several users, groups and roles. The physical id is
 * generated, because the name may change in place; Ref gives the name.
 */
#include "services/cloudformation/types/iam_kit.h"
#include "services/cloudformation/types/types.h"

static const struct {
    const char *property;
    const struct cfn_iam_kind *kind;
} owners[] = {
    {"Groups", &cfn_iam_kind_group}, {"Roles", &cfn_iam_kind_role}, {"Users", &cfn_iam_kind_user}};
#define OWNERS (sizeof owners / sizeof *owners)

static bool put(struct wb_cfn_resource *r)
{
    struct wb_slice name = cfn_text(r, "PolicyName"), document = cfn_text(r, "PolicyDocument");
    size_t n = 0;
    for (size_t i = 0; i < OWNERS; i++) {
        struct wb_json_iter it = wb_json_iter(cfn_prop(r, owners[i].property));
        for (; wb_json_next(&it); n++)
            if (!cfn_iam_put_inline(r, owners[i].kind, cfn_json_text(r->tx->arena, it.value), name,
                                    document))
                return false;
    }
    if (!n)
        wb_cfn_fail(r, "ValidationError",
                    "At least one of [Groups,Roles,Users] must be non-empty.");
    return n > 0;
}

/* From all that are in `from` and not in `but`. */
static bool drop(struct wb_cfn_resource *r, struct wb_json from, struct wb_json but)
{
    struct wb_slice name = cfn_json_text(r->tx->arena, wb_json_get(from, "PolicyName"));
    for (size_t i = 0; i < OWNERS; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(from, owners[i].property));
        while (wb_json_next(&it))
            if (!cfn_has(wb_json_get(but, owners[i].property), it.value) &&
                !cfn_iam_delete_inline(r, owners[i].kind, cfn_json_text(r->tx->arena, it.value),
                                       name))
                return false;
    }
    return true;
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 128, false);
    cfn_attributes_clear(r);
    cfn_attribute(r, "Id", r->physical_id);
    return put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    bool renamed = cfn_changed(r, "PolicyName");
    return put(r) && drop(r, r->before, renamed ? WB_JSON_NONE : r->properties) ? WB_CFN_DONE
                                                                                : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return drop(r, r->properties, WB_JSON_NONE) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static struct wb_slice ref(const struct wb_cfn_resource *r)
{
    return cfn_text(r, "PolicyName");
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Groups", LIST, IN_PLACE),
    CFN_REQUIRED("PolicyDocument", JSON, IN_PLACE),
    CFN_REQUIRED("PolicyName", STRING, IN_PLACE),
    CFN_P("Roles", LIST, IN_PLACE),
    CFN_P("Users", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_iam_policy = {.name = "AWS::IAM::Policy",
                                           .property = properties,
                                           .attribute = CFN_ATTRIBUTES("Id"),
                                           .create = create,
                                           .update = update,
                                           .delete = destroy,
                                           .ref = ref,
                                           .iam = true};
