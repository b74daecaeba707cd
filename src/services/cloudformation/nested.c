/* AWS::CloudFormation::Stack: a stack as a resource. Settling wakes its parent. */
#include "base/limits.h"
#include "services/cloudformation/deploy.h"
#include "services/cloudformation/types/types.h"

#define POLL_MS 30000 /* the parent is woken; this is for the case that it is not */

static struct wb_slice input(struct wb_cfn_resource *r, struct wb_slice name, bool create)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_get(r->properties, "Parameters"));
    struct wb_json arns = wb_json_get(r->properties, "NotificationARNs");
    struct wb_json minutes = wb_json_get(r->properties, "TimeoutInMinutes");
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "StackName", name);
    wb_jw_kstr(&w, "TemplateURL", wb_json_get_str(r->properties, "TemplateURL", a));
    wb_jw_kraw(&w, "Capabilities",
               WB_S("[\"CAPABILITY_IAM\",\"CAPABILITY_NAMED_IAM\",\"CAPABILITY_AUTO_EXPAND\"]"));
    wb_jw_key(&w, "Parameters");
    wb_jw_array(&w);
    while (wb_json_next(&it)) {
        wb_jw_object(&w);
        wb_jw_kstr(&w, "ParameterKey", wb_json_str(it.key, a));
        wb_jw_key(&w, "ParameterValue");
        if (wb_json_type(it.value) == WB_JSON_ARRAY)
            wb_jw_str(&w, cfn_list_text(a, wb_json_raw(it.value)));
        else
            wb_jw_raw(&w, wb_json_raw(it.value));
        wb_jw_end_object(&w);
    }
    wb_jw_end_array(&w);
    wb_jw_key(&w, "Tags");
    wb_jw_array(&w);
    for (size_t i = 0; i < r->tag_count; i++) {
        wb_jw_object(&w);
        wb_jw_kstr(&w, "Key", r->tag[i].name);
        wb_jw_kstr(&w, "Value", r->tag[i].value);
        wb_jw_end_object(&w);
    }
    it = wb_json_iter(wb_json_get(r->properties, "Tags"));
    while (wb_json_next(&it))
        wb_jw_raw(&w, wb_json_raw(it.value));
    wb_jw_end_array(&w);
    if (wb_json_count(arns))
        wb_jw_kraw(&w, "NotificationARNs", wb_json_raw(arns));
    if (create && wb_json_is(minutes))
        wb_jw_kraw(&w, "TimeoutInMinutes", wb_json_raw(minutes));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* The parent's ARN and the root's, in the new stack's row. */
static void adopt(struct wb_cfn_resource *r)
{
    struct cfn_stack s, parent;
    if (!cfn_stack_by_arn(r->tx, r->physical_id, &s) ||
        !cfn_stack_by_arn(r->tx, r->stack_id, &parent))
        return;
    s.parent = parent.arn;
    s.root = parent.root.p ? parent.root : parent.arn;
    cfn_stack_write(r->tx, &s);
}

static enum wb_cfn_result wait_for(struct wb_cfn_resource *r)
{
    r->deadline_ms = r->tx->now_ms + POLL_MS;
    r->state = WB_S("{}");
    return WB_CFN_WAIT;
}

static void outputs(struct wb_cfn_resource *r, const struct cfn_stack *s)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, s->outputs, NULL));
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_get_str(it.value, "OutputKey", a);
        wb_jw_key_slice(&w, wb_printf(a, "Outputs.%.*s", WB_FMT(key)));
        wb_jw_str(&w, wb_json_get_str(it.value, "OutputValue", a));
    }
    wb_jw_end_object(&w);
    r->attributes = wb_buf_slice(&b);
}

/* Where the stack is by now; good: the statuses that mean success. */
static enum wb_cfn_result settled(struct wb_cfn_resource *r, const char *good)
{
    struct cfn_stack s;
    if (!cfn_stack_by_arn(r->tx, r->physical_id, &s))
        return wb_cfn_absent(r);
    if (s.operation)
        return wait_for(r);
    if (!wb_slice_is(s.status, good))
        return wb_cfn_fail(
            r, "NotStabilized", "Embedded stack %.*s was not successfully %s: %.*s", WB_FMT(s.arn),
            strcmp(good, "CREATE_COMPLETE") == 0 ? "created" : "updated", WB_FMT(s.reason));
    outputs(r, &s);
    return WB_CFN_DONE;
}

/* A template whose stack has a stack of the same template would never come to an end. */
static bool too_deep(struct wb_cfn_resource *r)
{
    struct cfn_stack s = {.parent = r->stack_id};
    unsigned depth = 0;
    while (s.parent.n && depth <= WB_CFN_NESTED_MAX && cfn_stack_by_arn(r->tx, s.parent, &s))
        depth++;
    return depth > WB_CFN_NESTED_MAX;
}

static enum wb_cfn_result nested_create(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    if (r->state.p)
        return settled(r, "CREATE_COMPLETE");
    if (too_deep(r))
        return wb_cfn_fail(r, "ValidationError", "Stacks may be nested at most %d deep",
                           WB_CFN_NESTED_MAX);
    if (!wb_cfn_call(r, "cloudformation", "CreateStack",
                     input(r, wb_cfn_name(r, WB_CFN_STACK_NAME_MAX, false), true), &answer))
        return WB_CFN_FAILED;
    r->physical_id = wb_json_get_str(answer, "StackId", r->tx->arena);
    adopt(r);
    return wait_for(r);
}

static enum wb_cfn_result nested_update(struct wb_cfn_resource *r)
{
    struct cfn_stack s;
    if (r->state.p)
        return settled(r, "UPDATE_COMPLETE");
    if (wb_cfn_call(r, "cloudformation", "UpdateStack", input(r, r->physical_id, false), NULL))
        return wait_for(r);
    if (wb_slice_is(r->error.message, "No updates are to be performed.") &&
        cfn_stack_by_arn(r->tx, r->physical_id, &s)) {
        outputs(r, &s);
        return WB_CFN_DONE;
    }
    return WB_CFN_FAILED;
}

static enum wb_cfn_result nested_delete(struct wb_cfn_resource *r)
{
    struct cfn_stack s;
    struct wb_slice in =
        wb_printf(r->tx->arena, "{\"StackName\":\"%.*s\"}", WB_FMT(r->physical_id));
    if (!cfn_stack_by_arn(r->tx, r->physical_id, &s) || cfn_stack_deleted(&s))
        return WB_CFN_DONE;
    if (r->state.p && !s.operation)
        return wb_cfn_fail(r, "NotStabilized",
                           "Embedded stack %.*s was not successfully "
                           "deleted: %.*s",
                           WB_FMT(s.arn), WB_FMT(s.reason));
    if (r->state.p)
        return wait_for(r);
    return wb_cfn_call(r, "cloudformation", "DeleteStack", in, NULL) ? wait_for(r) : WB_CFN_FAILED;
}

static const struct wb_cfn_property properties[] = {
    {.name = "TemplateURL", .kind = WB_CFN_STRING, .required = true},
    {.name = "Parameters", .kind = WB_CFN_OBJECT},
    {.name = "NotificationARNs", .kind = WB_CFN_LIST},
    {.name = "Tags", .kind = WB_CFN_LIST},
    {.name = "TimeoutInMinutes", .kind = WB_CFN_INTEGER},
    {.name = NULL},
};
static const char *const attributes[] = {"*", NULL};

const struct wb_cfn_type cfn_nested_stack = {.name = "AWS::CloudFormation::Stack",
                                             .property = properties,
                                             .attribute = attributes,
                                             .create = nested_create,
                                             .update = nested_update,
                                             .delete = nested_delete};

void cfn_nested_settled(struct wb_tx *tx, const struct cfn_stack *s)
{
    if (s->parent.n)
        cfn_wake(tx, s->parent);
}
