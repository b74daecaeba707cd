/*
 * AWS::CloudFormation::WaitConditionHandle, an address, and AWS::CloudFormation::WaitCondition,
 * which waits until enough signals came there: {"Status", "Reason", "UniqueId", "Data"} each.
 */
#include "services/cloudformation/types/callback.h"
#include "services/cloudformation/types/types.h"

static enum wb_cfn_result handle_create(struct wb_cfn_resource *r)
{
    r->physical_id = cfn_callback_url(r, cfn_callback_make(r, 0));
    return WB_CFN_DONE;
}

static enum wb_cfn_result handle_delete(struct wb_cfn_resource *r)
{
    cfn_callback_drop(r, cfn_callback_token(r->physical_id));
    return WB_CFN_DONE;
}

static enum wb_cfn_result nothing(struct wb_cfn_resource *r)
{
    return WB_CFN_DONE;
}

static const struct wb_cfn_property handle_properties[] = {CFN_END};

const struct wb_cfn_type cfn_wait_condition_handle = {
    .name = "AWS::CloudFormation::WaitConditionHandle",
    .property = handle_properties,
    .create = handle_create,
    .update = nothing,
    .delete = handle_delete};

/* --- the condition --- */

static int64_t number(const struct wb_cfn_resource *r, const char *name, int64_t otherwise)
{
    int64_t n;
    return wb_slice_i64(cfn_text(r, name), &n) ? n : otherwise;
}

/* Two signals of one UniqueId are one. Data: {"UniqueId": "Data", ...} */
static enum wb_cfn_result count(struct wb_cfn_resource *r, struct wb_json signals, int64_t *found)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_json_iter it = wb_json_iter(signals);
    struct cfn_in data;
    *found = 0;
    cfn_begin(&data, r);
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        struct wb_slice id = wb_json_get_str(it.value, "UniqueId", a),
                        why = wb_json_get_str(it.value, "Reason", a);
        struct wb_json first = cfn_find(signals, "UniqueId", it.value);
        if (wb_slice_is(wb_json_get_str(it.value, "Status", a), "FAILURE"))
            return wb_cfn_fail(r, "NotStabilized",
                               "WaitCondition received failed message: '%.*s' for uniqueId: %.*s",
                               WB_FMT(why), WB_FMT(id));
        if (first.at != it.value.at)
            continue;
        wb_jw_key_slice(&data.w, id);
        wb_jw_str(&data.w, cfn_json_text(a, wb_json_get(it.value, "Data")));
        ++*found;
    }
    cfn_attributes_clear(r);
    cfn_attribute(r, "Data", cfn_end(&data));
    return WB_CFN_DONE;
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_slice token = cfn_callback_token(cfn_text(r, "Handle"));
    int64_t wanted = number(r, "Count", 1), found, until;
    struct wb_json signals;
    if (!r->state.p) {
        until = r->tx->now_ms + number(r, "Timeout", 0) * 1000;
        r->physical_id = cfn_arn(r, "cloudformation", "stack/%.*s/%.*s/%.*s", WB_FMT(r->stack_name),
                                 WB_FMT(r->logical_id), WB_FMT(token));
        if (!wb_json_is(cfn_prop(r, "Handle")) || !wb_json_is(cfn_prop(r, "Timeout")))
            return wb_cfn_fail(r, "ValidationError", "Handle and Timeout must be given");
        if (!cfn_callback_listen(r, token))
            return wb_cfn_fail(r, "ValidationError", "Handle is no wait condition handle");
        r->state = wb_printf(a, "{\"until\":%lld}", (long long)until);
    }
    until = wb_json_get_i64(wb_json_read(a, r->state, NULL), "until", 0);
    if (!cfn_callback_answers(r, token, &signals))
        return wb_cfn_fail(r, "ValidationError", "The wait condition's handle is gone");
    if (count(r, signals, &found) != WB_CFN_DONE)
        return WB_CFN_FAILED;
    if (found >= wanted)
        return WB_CFN_DONE;
    if (r->tx->now_ms >= until)
        return wb_cfn_fail(r, "NotStabilized",
                           "WaitCondition timed out. Received %lld conditions when expecting %lld",
                           (long long)found, (long long)wanted);
    r->deadline_ms = until;
    return WB_CFN_WAIT;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Count", INTEGER, NEVER),
    CFN_P("Handle", STRING, NEVER),
    CFN_P("Timeout", INTEGER, NEVER),
    CFN_END,
};

const struct wb_cfn_type cfn_wait_condition = {.name = "AWS::CloudFormation::WaitCondition",
                                               .property = properties,
                                               .attribute = CFN_ATTRIBUTES("Data"),
                                               .create = create,
                                               .update = nothing,
                                               .delete = nothing};
