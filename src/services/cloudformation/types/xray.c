/* AWS::XRay::Group, AWS::XRay::SamplingRule and AWS::XRay::ResourcePolicy. The physical id of the
 * first two is the ARN, as on AWS. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

#define GONE "InvalidRequestException" /* X-Ray has no error of its own for it */

static const struct cfn_tagging tagging = {.service = "xray",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "ResourceARN",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

static enum wb_cfn_result made(struct wb_cfn_resource *r, const char *attribute,
                               struct wb_slice arn)
{
    r->physical_id = arn;
    cfn_attributes_clear(r);
    cfn_attribute(r, attribute, arn);
    cfn_system_tags(r, arn);
    return WB_CFN_DONE;
}

static enum wb_cfn_result renamed(struct wb_cfn_resource *r, const char *property)
{
    return wb_cfn_fail(r, "NotUpdatable", "%s cannot be changed", property);
}

/* --- groups --- */

static enum wb_cfn_result create_group(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy(&in, "FilterExpression", "GroupName", "InsightsConfiguration");
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "xray", "CreateGroup", &answer))
        return WB_CFN_FAILED;
    return made(r, "GroupARN",
                wb_json_get_str(wb_json_get(answer, "Group"), "GroupARN", r->tx->arena));
}

static enum wb_cfn_result update_group(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    if (cfn_changed(r, "GroupName"))
        return renamed(r, "GroupName");
    cfn_begin(&in, r);
    cfn_put(&in, "GroupARN", r->physical_id);
    cfn_put(&in, "FilterExpression",
            wb_json_is(cfn_prop(r, "FilterExpression")) ? cfn_text(r, "FilterExpression")
                                                        : WB_S(""));
    cfn_copy(&in, "InsightsConfiguration");
    return cfn_call(&in, "xray", "UpdateGroup", NULL) && cfn_retag(r, &tagging, r->physical_id)
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy_group(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "xray", "DeleteGroup", "GroupARN", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, GONE);
}

static enum wb_cfn_result read_group(struct wb_cfn_resource *r)
{
    struct wb_json answer, group;
    struct cfn_in live;
    if (!cfn_call_with(r, "xray", "GetGroup", "GroupARN", r->physical_id, &answer))
        return cfn_unread(r, GONE);
    group = wb_json_get(answer, "Group");
    cfn_attributes_clear(r);
    cfn_attribute(r, "GroupARN", r->physical_id);
    cfn_begin(&live, r);
    cfn_put_json(&live, "GroupName", wb_json_get(group, "GroupName"));
    cfn_put_json(&live, "FilterExpression", wb_json_get(group, "FilterExpression"));
    cfn_put_json(&live, "InsightsConfiguration", wb_json_get(group, "InsightsConfiguration"));
    cfn_live_tags(&live, r->physical_id, CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property group_properties[] = {
    CFN_P("FilterExpression", STRING, IN_PLACE),
    CFN_REQUIRED("GroupName", STRING, IN_PLACE),
    CFN_P("InsightsConfiguration", OBJECT, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_xray_group = {.name = "AWS::XRay::Group",
                                           .property = group_properties,
                                           .identifier = "GroupARN",
                                           .attribute = CFN_ATTRIBUTES("GroupARN"),
                                           .create = create_group,
                                           .update = update_group,
                                           .delete = destroy_group,
                                           .read = read_group};

/* --- sampling rules --- */

static bool rule_refused(struct wb_cfn_resource *r)
{
    return cfn_refused(r, "RuleName", "SamplingRuleRecord", "SamplingRuleUpdate");
}

/* The property's members but those that `without` names, and what `more` adds. */
static void put_rule(struct cfn_in *in, const char *member, const char *const *without,
                     const char *extra, struct wb_slice extra_value)
{
    struct wb_json_iter it = wb_json_iter(cfn_prop(in->r, "SamplingRule"));
    wb_jw_key(&in->w, member);
    wb_jw_object(&in->w);
    while (wb_json_next(&it)) {
        const char *name = wb_dup_cstr(in->r->tx->arena, wb_json_str(it.key, in->r->tx->arena));
        size_t i = 0;
        while (without[i] && strcmp(without[i], name) != 0)
            i++;
        if (!without[i])
            cfn_put_json(in, name, it.value);
    }
    cfn_put(in, extra, extra_value);
    if (strcmp(member, "SamplingRule") == 0)
        wb_jw_ki64(&in->w, "Version", 1);
    wb_jw_end_object(&in->w);
}

static enum wb_cfn_result create_rule(struct wb_cfn_resource *r)
{
    static const char *const without[] = {"RuleName", "Version", NULL};
    struct wb_json rule = cfn_prop(r, "SamplingRule"), answer;
    struct wb_slice name = wb_json_get_str(rule, "RuleName", r->tx->arena),
                    version = cfn_json_text(r->tx->arena, wb_json_get(rule, "Version"));
    struct cfn_in in;
    if (rule_refused(r))
        return WB_CFN_FAILED;
    if (!wb_json_is(rule))
        return wb_cfn_fail(r, "InvalidRequest", "SamplingRule is missing");
    if (version.n && !wb_slice_is(version, "1"))
        return wb_cfn_fail(r, "InvalidRequest", "Version must be 1");
    cfn_begin(&in, r);
    put_rule(&in, "SamplingRule", without, "RuleName", name.n ? name : wb_cfn_name(r, 32, false));
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "xray", "CreateSamplingRule", &answer))
        return WB_CFN_FAILED;
    rule = wb_json_get(wb_json_get(answer, "SamplingRuleRecord"), "SamplingRule");
    return made(r, "RuleARN", wb_json_get_str(rule, "RuleARN", r->tx->arena));
}

static enum wb_cfn_result update_rule(struct wb_cfn_resource *r)
{
    static const char *const without[] = {"RuleName", "RuleARN", "Version", NULL};
    struct wb_json was = wb_json_get(cfn_was(r, "SamplingRule"), "RuleName"),
                   is = wb_json_get(cfn_prop(r, "SamplingRule"), "RuleName");
    struct cfn_in in;
    if (rule_refused(r))
        return WB_CFN_FAILED;
    if (wb_json_is(was) != wb_json_is(is) || (wb_json_is(is) && !wb_cfn_same(was, is)))
        return renamed(r, "RuleName");
    cfn_begin(&in, r);
    put_rule(&in, "SamplingRuleUpdate", without, "RuleARN", r->physical_id);
    return cfn_call(&in, "xray", "UpdateSamplingRule", NULL) &&
                   cfn_retag(r, &tagging, r->physical_id)
               ? WB_CFN_DONE
               : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy_rule(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "xray", "DeleteSamplingRule", "RuleARN", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, GONE);
}

/* Of the rule's members those that the property has: the others are what AWS adds. */
static void live_rule(struct cfn_in *live, struct wb_json rule)
{
    struct wb_json_iter it = wb_json_iter(cfn_prop(live->r, "SamplingRule"));
    wb_jw_key(&live->w, "SamplingRule");
    wb_jw_object(&live->w);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, live->r->tx->arena);
        cfn_put_json(live, wb_dup_cstr(live->r->tx->arena, name), wb_json_get_slice(rule, name));
    }
    wb_jw_end_object(&live->w);
}

static enum wb_cfn_result read_rule(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in in, live;
    cfn_begin(&in, r);
    if (!cfn_call(&in, "xray", "GetSamplingRules", &answer))
        return WB_CFN_FAILED;
    struct wb_json_iter it = wb_json_iter(wb_json_get(answer, "SamplingRuleRecords"));
    while (wb_json_next(&it)) {
        struct wb_json rule = wb_json_get(it.value, "SamplingRule");
        if (!wb_slice_eq(wb_json_get_str(rule, "RuleARN", r->tx->arena), r->physical_id))
            continue;
        cfn_attributes_clear(r);
        cfn_attribute(r, "RuleARN", r->physical_id);
        cfn_begin(&live, r);
        live_rule(&live, rule);
        cfn_live_tags(&live, r->physical_id, CFN_TAG_LIST);
        r->live = cfn_end(&live);
        return WB_CFN_DONE;
    }
    return wb_cfn_absent(r);
}

static const struct wb_cfn_property rule_properties[] = {
    CFN_P("RuleName", STRING, IN_PLACE),
    CFN_P("SamplingRule", OBJECT, IN_PLACE),
    CFN_P("SamplingRuleRecord", OBJECT, IN_PLACE),
    CFN_P("SamplingRuleUpdate", OBJECT, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_xray_sampling_rule = {.name = "AWS::XRay::SamplingRule",
                                                   .property = rule_properties,
                                                   .identifier = "RuleARN",
                                                   .attribute = CFN_ATTRIBUTES("RuleARN"),
                                                   .create = create_rule,
                                                   .update = update_rule,
                                                   .delete = destroy_rule,
                                                   .read = read_rule};

/* --- resource policies --- */

static bool put_policy(struct wb_cfn_resource *r, struct wb_slice revision)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_copy(&in, "BypassPolicyLockoutCheck", "PolicyName");
    cfn_copy_text(&in, "PolicyDocument", "PolicyDocument");
    cfn_put(&in, "PolicyRevisionId", revision);
    return cfn_call(&in, "xray", "PutResourcePolicy", NULL);
}

/* Revision 0: only when there is none of the name. */
static enum wb_cfn_result create_policy(struct wb_cfn_resource *r)
{
    r->physical_id = cfn_text(r, "PolicyName");
    if (put_policy(r, WB_S("0")))
        return WB_CFN_DONE;
    if (wb_cfn_error_is(r, "InvalidPolicyRevisionIdException"))
        wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(r->physical_id));
    return WB_CFN_FAILED;
}

static enum wb_cfn_result update_policy(struct wb_cfn_resource *r)
{
    return put_policy(r, WB_SLICE_NULL) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy_policy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "xray", "DeleteResourcePolicy", "PolicyName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, GONE);
}

static enum wb_cfn_result read_policy(struct wb_cfn_resource *r)
{
    struct wb_json answer, policy;
    struct cfn_in in, live;
    cfn_begin(&in, r);
    if (!cfn_call(&in, "xray", "ListResourcePolicies", &answer))
        return WB_CFN_FAILED;
    struct wb_json_iter it = wb_json_iter(wb_json_get(answer, "ResourcePolicies"));
    while (wb_json_next(&it)) {
        policy = it.value;
        if (!wb_slice_eq(wb_json_get_str(policy, "PolicyName", r->tx->arena), r->physical_id))
            continue;
        cfn_begin(&live, r);
        cfn_put(&live, "PolicyName", r->physical_id);
        cfn_put_json(&live, "PolicyDocument", wb_json_get(policy, "PolicyDocument"));
        cfn_copy(&live, "BypassPolicyLockoutCheck"); /* of the call, not of the policy */
        r->live = cfn_end(&live);
        return WB_CFN_DONE;
    }
    return wb_cfn_absent(r);
}

static const struct wb_cfn_property policy_properties[] = {
    CFN_P("BypassPolicyLockoutCheck", BOOLEAN, IN_PLACE),
    CFN_REQUIRED("PolicyDocument", STRING, IN_PLACE),
    CFN_REQUIRED("PolicyName", STRING, REPLACEMENT),
    CFN_END,
};

const struct wb_cfn_type cfn_xray_resource_policy = {.name = "AWS::XRay::ResourcePolicy",
                                                     .property = policy_properties,
                                                     .identifier = "PolicyName",
                                                     .create = create_policy,
                                                     .update = update_policy,
                                                     .delete = destroy_policy,
                                                     .read = read_policy};
