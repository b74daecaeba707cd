/*
 * What each operation touches, for authorization, and what policies may ask about it. With a
 * qualifier the ARN has it, too: a policy for the function alone does not speak of its versions
 * (Developer Guide, "Fine-tuning the Resources and Conditions sections of policies").
 */
#include "services/lambda/function.h"

#include "base/arn.h"

static struct wb_slice arn_of(struct wb_call *c, const struct lambda_ref *r)
{
    struct wb_slice arn = lambda_function_arn(c->arena, r->account, r->region, r->name);
    return r->qualifier.n ? wb_printf(c->arena, "%.*s:%.*s", WB_FMT(arn), WB_FMT(r->qualifier))
                          : arn;
}

void lambda_resource(struct wb_call *c)
{
    struct lambda_ref r;
    if (lambda_ref_of(c, &r))
        wb_call_resource(c, arn_of(c, &r));
}

void lambda_create_resource(struct wb_call *c)
{
    lambda_resource(c);
    lambda_role_pass(c);
    if (wb_json_count(wb_in(c, "Tags")) && c->need_count)
        wb_call_also(c, "lambda:TagResource", c->need[0].resource);
}

void lambda_configuration_resource(struct wb_call *c)
{
    lambda_resource(c);
    lambda_role_pass(c);
}

/* The function's own ARN: it may be asked for by a shorter name. */
void lambda_tags_resource(struct wb_call *c)
{
    struct lambda_ref r;
    if (lambda_tags_ref(c, &r))
        wb_call_resource(c, arn_of(c, &r));
}

/* --- conditions --- */

const char *const lambda_permission_keys[] = {"lambda:FunctionUrlAuthType", "lambda:Principal",
                                              NULL};
const char *const lambda_network_keys[] = {"lambda:SecurityGroupIds", "lambda:SubnetIds", NULL};

void lambda_add_permission_facts(struct wb_call *c)
{
    wb_call_condition(c, "lambda:Principal", wb_in_str(c, "Principal"));
    wb_call_condition(c, "lambda:FunctionUrlAuthType", wb_in_str(c, "FunctionUrlAuthType"));
}

/* As AddPermission had it: an account's root is told by its number. */
static struct wb_slice principal_of(struct wb_call *c, struct wb_json statement)
{
    struct wb_json p = wb_json_get(statement, "Principal");
    struct wb_slice aws = wb_json_get_str(p, "AWS", c->arena);
    struct wb_arn arn;
    if (wb_json_type(p) == WB_JSON_STRING)
        return wb_json_str(p, c->arena);
    if (wb_arn_parse(aws, &arn) && wb_slice_is(arn.resource, "root"))
        return arn.account;
    return aws.p ? aws : wb_json_get_str(p, "Service", c->arena);
}

void lambda_remove_permission_facts(struct wb_call *c)
{
    struct lambda_ref r;
    const struct lambda_function *f = NULL;
    if (lambda_ref_of(c, &r))
        f = lambda_function_find(c->tx, r.account, r.region, r.name);
    struct wb_json policy = f ? wb_json_read(c->arena, f->policy_text, NULL) : WB_JSON_NONE;
    struct wb_json_iter it = wb_json_iter(wb_json_get(policy, "Statement"));
    while (wb_json_next(&it)) {
        if (!wb_slice_eq(wb_json_get_str(it.value, "Sid", c->arena), wb_in_str(c, "StatementId")))
            continue;
        struct wb_json equals = wb_json_get(wb_json_get(it.value, "Condition"), "StringEquals");
        wb_call_condition(c, "lambda:Principal", principal_of(c, it.value));
        wb_call_condition(c, "lambda:FunctionUrlAuthType",
                          wb_json_get_str(equals, "lambda:FunctionUrlAuthType", c->arena));
    }
}

void lambda_network_facts(struct wb_call *c)
{
    static const char *const members[][2] = {{"SecurityGroupIds", "lambda:SecurityGroupIds"},
                                             {"SubnetIds", "lambda:SubnetIds"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct wb_json_iter it = wb_json_iter(wb_json_get(wb_in(c, "VpcConfig"), members[i][0]));
        while (wb_json_next(&it))
            wb_call_condition(c, members[i][1], wb_json_str(it.value, c->arena));
    }
}
