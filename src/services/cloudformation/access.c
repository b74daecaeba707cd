/* What operations need to be allowed (Service Authorization Reference, "AWS CloudFormation"). */
#include "services/cloudformation/changeset.h"

#define SERVICE "cloudformation.amazonaws.com"

/* A stack by name is its ARN with whatever id it has. */
static struct wb_slice arn_of(struct wb_call *c, struct wb_slice given)
{
    struct cfn_stack s;
    if (wb_slice_starts(given, WB_S("arn:")))
        return given;
    if (cfn_stack_find(c->tx, &c->ctx, given, &s))
        return s.arn;
    return wb_printf(c->arena, "arn:aws:cloudformation:%.*s:%.*s:stack/%.*s/*",
                     WB_FMT(c->ctx.region), WB_FMT(c->ctx.account), WB_FMT(given));
}

void cfn_of_stack(struct wb_call *c)
{
    wb_call_resource(c, arn_of(c, wb_in_str(c, "StackName")));
}

void cfn_of_role(struct wb_call *c)
{
    cfn_of_stack(c);
    wb_call_pass_role(c, wb_in_str(c, "RoleARN"), SERVICE);
}

void cfn_of_optional_stack(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "StackName");
    wb_call_resource(c, name.n ? arn_of(c, name) : WB_S("*"));
}

void cfn_of_change_set(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "StackName");
    wb_call_resource(c, name.n ? arn_of(c, name) : cfn_change_set_owner(c));
}

const char *const cfn_keys[] = {"aws:RequestTag/${TagKey}",
                                "aws:ResourceTag/${TagKey}",
                                "aws:TagKeys",
                                "cloudformation:ChangeSetName",
                                "cloudformation:ImportResourceTypes",
                                "cloudformation:ResourceTypes",
                                "cloudformation:RoleArn",
                                "cloudformation:StackPolicyUrl",
                                "cloudformation:TemplateUrl",
                                NULL};

void cfn_conditions(struct wb_call *c)
{
    static const struct {
        const char *key, *member;
    } one[] = {{"cloudformation:ChangeSetName", "ChangeSetName"},
               {"cloudformation:RoleArn", "RoleARN"},
               {"cloudformation:StackPolicyUrl", "StackPolicyURL"},
               {"cloudformation:TemplateUrl", "TemplateURL"}};
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        struct wb_slice value = wb_in_str(c, one[i].member);
        if (value.n)
            wb_call_condition(c, one[i].key, value);
    }
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ResourceTypes"));
    while (wb_json_next(&it))
        wb_call_condition(c, "cloudformation:ResourceTypes", wb_json_str(it.value, c->arena));
    it = wb_json_iter(wb_in(c, "ResourcesToImport"));
    while (wb_json_next(&it))
        wb_call_condition(c, "cloudformation:ImportResourceTypes",
                          wb_json_get_str(it.value, "ResourceType", c->arena));
    struct cfn_stack s;
    struct wb_pair *tag;
    if (!cfn_stack_find(c->tx, &c->ctx, wb_in_str(c, "StackName"), &s))
        return;
    size_t n = cfn_tag_list(c->arena, s.tags, &tag);
    for (size_t i = 0; i < n; i++)
        wb_call_condition(c, wb_printf(c->arena, "aws:ResourceTag/%.*s", WB_FMT(tag[i].name)).p,
                          tag[i].value);
}
