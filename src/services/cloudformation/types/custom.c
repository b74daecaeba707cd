/*
 * AWS::CloudFormation::CustomResource and Custom::...: a function, or whoever listens to a topic,
 * does the work and answers to a one-time address (User Guide, "Custom resource request objects",
 * "response objects").
 *
 * The first call sends the request as the deployment's principal and waits; the call after the
 * answer, or after the time-out, ends it. An update may answer another physical id: then the
 * resource was replaced, and the old one gets its Delete when the deployment cleans up.
 */
#include "base/ids.h"
#include "base/limits.h"
#include "codec/text.h"
#include "services/cloudformation/types/callback.h"
#include "services/cloudformation/types/log_retention.h"
#include "services/cloudformation/types/types.h"

/* --- the request --- */

/* Numbers and booleans travel as texts. */
static void put_texts(struct wb_json_writer *w, struct wb_json v, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(v);
    switch (wb_json_type(v)) {
    case WB_JSON_OBJECT:
        wb_jw_object(w);
        while (wb_json_next(&it)) {
            wb_jw_key_slice(w, wb_json_str(it.key, a));
            put_texts(w, it.value, a);
        }
        wb_jw_end_object(w);
        break;
    case WB_JSON_ARRAY:
        wb_jw_array(w);
        while (wb_json_next(&it))
            put_texts(w, it.value, a);
        wb_jw_end_array(w);
        break;
    case WB_JSON_NUMBER:
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        wb_jw_str(w, wb_json_raw(v));
        break;
    default:
        wb_jw_raw(w, wb_json_raw(v));
    }
}

static void put_properties(struct cfn_in *in, const char *member, struct wb_json properties)
{
    wb_jw_key(&in->w, member);
    put_texts(&in->w, properties, in->r->tx->arena);
}

static struct wb_slice request(struct wb_cfn_resource *r, const char *what, struct wb_slice url,
                               struct wb_slice id)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    wb_jw_kcstr(&in.w, "RequestType", what);
    cfn_put(&in, "ServiceToken", cfn_text(r, "ServiceToken"));
    cfn_put(&in, "ResponseURL", url);
    cfn_put(&in, "StackId", r->stack_id);
    cfn_put(&in, "RequestId", id);
    cfn_put(&in, "LogicalResourceId", r->logical_id);
    cfn_put(&in, "PhysicalResourceId", r->physical_id);
    cfn_put(&in, "ResourceType", r->type);
    put_properties(&in, "ResourceProperties", r->properties);
    if (strcmp(what, "Update") == 0)
        put_properties(&in, "OldResourceProperties", r->before);
    return cfn_end(&in);
}

static bool send(struct wb_cfn_resource *r, struct wb_slice text)
{
    struct wb_slice target = cfn_text(r, "ServiceToken");
    struct wb_arn arn;
    struct cfn_in in;
    bool known = wb_arn_parse(target, &arn);
    cfn_begin(&in, r);
    if (known && wb_slice_is(arn.service, "lambda")) {
        cfn_put(&in, "FunctionName", target);
        cfn_put(&in, "InvokeArgs", wb_base64_encode(r->tx->arena, text));
        return cfn_call(&in, "lambda", "InvokeAsync", NULL);
    }
    if (known && wb_slice_is(arn.service, "sns")) {
        cfn_put(&in, "TopicArn", target);
        cfn_put(&in, "Subject", WB_S("AWS CloudFormation custom resource request"));
        cfn_put(&in, "Message", text);
        return cfn_call(&in, "sns", "Publish", NULL);
    }
    wb_cfn_fail(r, "ValidationError", "Invalid service token.");
    return false;
}

static int64_t timeout_ms(const struct wb_cfn_resource *r)
{
    struct wb_slice text = cfn_text(r, "ServiceTimeout");
    int64_t s;
    bool given = wb_slice_i64(text, &s) && s >= 1 && s <= WB_CFN_CUSTOM_TIMEOUT_S;
    return (given ? s : WB_CFN_CUSTOM_TIMEOUT_S) * 1000;
}

static enum wb_cfn_result begin(struct wb_cfn_resource *r, const char *what)
{
    struct wb_arena *a = r->tx->arena;
    int64_t until = r->tx->now_ms + timeout_ms(r);
    struct wb_slice id = wb_id_uuid(a, wb_engine_seam(r->tx->engine));
    struct wb_slice token = cfn_callback_make(r, until);
    if (!send(r, request(r, what, cfn_callback_url(r, token), id)))
        return WB_CFN_FAILED;
    r->state = wb_printf(a, "{\"callback\":\"%.*s\",\"request\":\"%.*s\",\"until\":%lld}",
                         WB_FMT(token), WB_FMT(id), (long long)until);
    r->deadline_ms = until;
    return WB_CFN_WAIT;
}

/* --- the answer --- */

static struct wb_slice reason(struct wb_cfn_resource *r, struct wb_json answer)
{
    struct wb_slice s = wb_json_get_str(answer, "Reason", r->tx->arena);
    return s.n ? s : WB_S("Unknown");
}

static bool names_us(struct wb_cfn_resource *r, struct wb_json answer, struct wb_slice id)
{
    struct wb_arena *a = r->tx->arena;
    return wb_slice_eq(wb_json_get_str(answer, "StackId", a), r->stack_id) &&
           wb_slice_eq(wb_json_get_str(answer, "RequestId", a), id) &&
           wb_slice_eq(wb_json_get_str(answer, "LogicalResourceId", a), r->logical_id);
}

static enum wb_cfn_result take(struct wb_cfn_resource *r, struct wb_json answer, struct wb_slice id)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_slice status = wb_json_get_str(answer, "Status", a),
                    physical = wb_json_get_str(answer, "PhysicalResourceId", a);
    struct wb_json data = wb_json_get(answer, "Data");
    if (!names_us(r, answer, id))
        return wb_cfn_fail(r, "InvalidRequest",
                           "Invalid response object: StackId, RequestId and LogicalResourceId must "
                           "be those of the request (RequestId: %.*s)",
                           WB_FMT(id));
    if (physical.n > WB_CFN_PHYSICAL_MAX)
        return wb_cfn_fail(r, "InvalidRequest", "PhysicalResourceId must be at most %d bytes",
                           WB_CFN_PHYSICAL_MAX);
    if (wb_slice_is(status, "FAILED")) {
        if (!r->physical_id.n)
            r->physical_id = physical;
        struct wb_slice why = reason(r, answer);
        return wb_cfn_fail(r, "GeneralServiceException",
                           "Received response status [FAILED] from custom resource. Message "
                           "returned: %.*s (RequestId: %.*s)",
                           WB_FMT(why), WB_FMT(id));
    }
    if (!wb_slice_is(status, "SUCCESS"))
        return wb_cfn_fail(r, "InvalidRequest",
                           "Invalid response object: Status must be SUCCESS or FAILED "
                           "(RequestId: %.*s)",
                           WB_FMT(id));
    if (physical.n)
        r->physical_id = physical;
    else if (!r->physical_id.n)
        return wb_cfn_fail(r, "InvalidRequest",
                           "Invalid PhysicalResourceId: it must not be empty (RequestId: %.*s)",
                           WB_FMT(id));
    r->attributes = wb_json_type(data) == WB_JSON_OBJECT ? wb_json_raw(data) : WB_S("{}");
    return WB_CFN_DONE;
}

static enum wb_cfn_result go_on(struct wb_cfn_resource *r)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_json state = wb_json_read(a, r->state, NULL), list;
    struct wb_slice token = wb_json_get_str(state, "callback", a),
                    id = wb_json_get_str(state, "request", a);
    int64_t until = wb_json_get_i64(state, "until", 0);
    bool there = cfn_callback_answers(r, token, &list);
    if (there && !wb_json_count(list) && r->tx->now_ms < until) {
        r->deadline_ms = until;
        return WB_CFN_WAIT;
    }
    cfn_callback_drop(r, token);
    if (there && wb_json_count(list))
        return take(r, wb_json_item(list, 0), id);
    return wb_cfn_fail(
        r, "NotStabilized",
        "CloudFormation did not receive a response from your Custom Resource. Please check your "
        "logs for requestId [%.*s]. If you are using the Python cfn-response module, you may need "
        "to update your Lambda function code so that CloudFormation can attach the updated "
        "version.",
        WB_FMT(id));
}

/* --- the type --- */

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    if (r->state.p)
        return go_on(r);
    if (!wb_json_is(cfn_prop(r, "ServiceToken")))
        return wb_cfn_fail(r, "ValidationError",
                           "Properties validation failed for resource %.*s with message: #: "
                           "required key [ServiceToken] not found",
                           WB_FMT(r->logical_id));
    return cfn_log_retention_here(r) ? cfn_log_retention_put(r) : begin(r, "Create");
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    if (r->state.p)
        return go_on(r);
    if (cfn_changed(r, "ServiceToken"))
        return wb_cfn_fail(r, "ValidationError", "Modifying service token is not allowed.");
    return cfn_log_retention_here(r) ? cfn_log_retention_put(r) : begin(r, "Update");
}

/* Without an id its Create was never answered: there is nothing to delete. */
static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    if (r->state.p)
        return go_on(r);
    if (!r->physical_id.n)
        return WB_CFN_DONE;
    return cfn_log_retention_here(r) ? cfn_log_retention_delete(r) : begin(r, "Delete");
}

const struct wb_cfn_type cfn_custom_resource = {.name = "AWS::CloudFormation::CustomResource",
                                                .attribute = CFN_ATTRIBUTES("*"),
                                                .create = create,
                                                .update = update,
                                                .delete = destroy};
