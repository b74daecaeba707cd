/*
 * AWS::Lambda::Function. One function is made although its package is nowhere: the CDK's provider
 * of Custom::LogRetention, whose work the server does itself (types/log_retention.c), so that a
 * CDK stack deploys with the plain CloudFormation tools.
 */
#include "services/cloudformation/types/lambda_code.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "lambda",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "Resource",
                                           .tags = "Tags",
                                           .keys = "TagKeys",
                                           .form = CFN_TAG_MAP};

/* Members of the configuration with properties of the same name, and what they are when absent. */
static const struct {
    const char *property, *otherwise;
} configuration[] = {
    {"DeadLetterConfig", "{\"TargetArn\":\"\"}"},
    {"Description", "\"\""},
    {"Environment", "{\"Variables\":{}}"},
    {"EphemeralStorage", "{\"Size\":512}"},
    {"FileSystemConfigs", "[]"},
    {"Handler", NULL},
    {"ImageConfig", NULL},
    {"Layers", "[]"},
    {"MemorySize", "128"},
    {"Role", NULL},
    {"Runtime", NULL},
    {"SnapStart", NULL},
    {"Timeout", "3"},
    {"TracingConfig", "{\"Mode\":\"PassThrough\"}"},
    {"VpcConfig", "{\"SubnetIds\":[],\"SecurityGroupIds\":[]}"},
};
#define MEMBERS (sizeof configuration / sizeof *configuration)

static struct wb_slice function_arn(const struct wb_cfn_resource *r)
{
    return cfn_arn(r, "lambda", "function:%.*s", WB_FMT(r->physical_id));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", function_arn(r));
    cfn_attribute(r, "SnapStartResponse.ApplyOn", WB_S("None"));
    cfn_attribute(r, "SnapStartResponse.OptimizationStatus", WB_S("Off"));
}

/* A runtime is updated with the machine, which is "Auto" in AWS's words. */
static bool refused(struct wb_cfn_resource *r)
{
    struct wb_slice when =
        wb_json_get_str(cfn_prop(r, "RuntimeManagementConfig"), "UpdateRuntimeOn", r->tx->arena);
    if (when.n && !wb_slice_is(when, "Auto")) {
        wb_cfn_fail(r, "InvalidRequest",
                    "Runtimes are those of the machine: UpdateRuntimeOn "
                    "can only be Auto");
        return true;
    }
    return cfn_refused(r, "CodeSigningConfigArn", "LoggingConfig", "Policy", "RecursiveLoop",
                       "CapacityProviderConfig", "DurableConfig", "FunctionScalingConfig",
                       "PublishToLatestPublished", "TenancyConfig");
}

static bool set_concurrency(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    bool reserved = wb_json_is(cfn_prop(r, "ReservedConcurrentExecutions"));
    cfn_begin(&in, r);
    cfn_put(&in, "FunctionName", r->physical_id);
    if (reserved)
        cfn_copy(&in, "ReservedConcurrentExecutions");
    return cfn_call(&in, "lambda",
                    reserved ? "PutFunctionConcurrency" : "DeleteFunctionConcurrency", NULL);
}

static bool make(struct wb_cfn_resource *r, bool stand_in)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "FunctionName", r->physical_id);
    for (size_t i = 0; i < MEMBERS; i++)
        cfn_copy_as(&in, configuration[i].property, configuration[i].property);
    cfn_copy_as(&in, "KMSKeyArn", "KmsKeyArn");
    cfn_copy(&in, "PackageType", "Architectures");
    wb_jw_key(&in.w, "Code");
    wb_jw_object(&in.w);
    if (stand_in)
        cfn_put(&in, "ZipFile", cfn_code_stand_in(r->tx->arena));
    else if (!cfn_code_put(&in, cfn_prop(r, "Code"), cfn_text(r, "Runtime")))
        return false;
    wb_jw_end_object(&in.w);
    cfn_tags(&in, "Tags", CFN_TAG_MAP);
    return cfn_call(&in, "lambda", "CreateFunction", NULL);
}

/* The package, or the bucket, was never there. */
static bool never_uploaded(const struct wb_cfn_resource *r)
{
    return cfn_code_may_stand_in(r) &&
           (wb_slice_find(r->error.message, WB_S("NoSuchKey"), 0) >= 0 ||
            wb_slice_find(r->error.message, WB_S("NoSuchBucket"), 0) >= 0);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 64, false);
    if (refused(r))
        return WB_CFN_FAILED;
    if (!make(r, false) && !(never_uploaded(r) && make(r, true)))
        return WB_CFN_FAILED;
    if (wb_json_is(cfn_prop(r, "ReservedConcurrentExecutions")) && !set_concurrency(r))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_system_tags(r, function_arn(r));
    return WB_CFN_DONE;
}

static bool update_configuration(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    size_t changes = 0;
    cfn_begin(&in, r);
    cfn_put(&in, "FunctionName", r->physical_id);
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *name = configuration[i].property, *otherwise = configuration[i].otherwise;
        if (!cfn_changed(r, name))
            continue;
        changes++;
        if (wb_json_is(cfn_prop(r, name)))
            cfn_copy_as(&in, name, name);
        else if (otherwise)
            wb_jw_kraw(&in.w, name, wb_slice_str(otherwise));
    }
    if (cfn_changed(r, "KmsKeyArn")) {
        struct wb_slice key = cfn_text(r, "KmsKeyArn");
        cfn_put(&in, "KMSKeyArn", key.p ? key : WB_S(""));
        changes++;
    }
    return !changes || cfn_call(&in, "lambda", "UpdateFunctionConfiguration", NULL);
}

static bool update_code(struct wb_cfn_resource *r, bool stand_in)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "FunctionName", r->physical_id);
    cfn_copy(&in, "Architectures");
    if (stand_in)
        cfn_put(&in, "ZipFile", cfn_code_stand_in(r->tx->arena));
    else if (!cfn_code_put(&in, cfn_prop(r, "Code"), cfn_text(r, "Runtime")))
        return false;
    return cfn_call(&in, "lambda", "UpdateFunctionCode", NULL);
}

/* Text is packed under a name that goes by the runtime. */
static bool code_changed(const struct wb_cfn_resource *r)
{
    bool text = wb_json_is(wb_json_get(cfn_prop(r, "Code"), "ZipFile"));
    return cfn_changed(r, "Code") || cfn_changed(r, "Architectures") ||
           (text && cfn_changed(r, "Runtime"));
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    if (refused(r) || !update_configuration(r))
        return WB_CFN_FAILED;
    if (code_changed(r) && !update_code(r, false) && !(never_uploaded(r) && update_code(r, true)))
        return WB_CFN_FAILED;
    if (cfn_changed(r, "ReservedConcurrentExecutions") && !set_concurrency(r))
        return WB_CFN_FAILED;
    set_attributes(r);
    return cfn_retag(r, &tagging, function_arn(r)) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "lambda", "DeleteFunction", "FunctionName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "ResourceNotFoundException");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer;
    struct cfn_in live;
    if (!cfn_call_with(r, "lambda", "GetFunction", "FunctionName", r->physical_id, &answer))
        return cfn_unread(r, "ResourceNotFoundException");
    struct wb_json f = wb_json_get(answer, "Configuration");
    set_attributes(r);
    cfn_begin(&live, r);
    cfn_put(&live, "FunctionName", r->physical_id);
    for (size_t i = 0; i < MEMBERS; i++)
        cfn_put_json(&live, configuration[i].property, wb_json_get(f, configuration[i].property));
    cfn_put_json(&live, "KmsKeyArn", wb_json_get(f, "KMSKeyArn"));
    cfn_put_json(&live, "PackageType", wb_json_get(f, "PackageType"));
    cfn_put_json(&live, "Architectures", wb_json_get(f, "Architectures"));
    cfn_put_json(&live, "ReservedConcurrentExecutions",
                 wb_json_get(wb_json_get(answer, "Concurrency"), "ReservedConcurrentExecutions"));
    /* What the code was is not told. */
    cfn_copy(&live, "Code", "RuntimeManagementConfig");
    cfn_live_tags(&live, function_arn(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("Architectures", LIST, IN_PLACE),
    CFN_P("CapacityProviderConfig", OBJECT, IN_PLACE),
    CFN_REQUIRED("Code", OBJECT, IN_PLACE),
    CFN_P("CodeSigningConfigArn", STRING, IN_PLACE),
    CFN_P("DeadLetterConfig", OBJECT, IN_PLACE),
    CFN_P("Description", STRING, IN_PLACE),
    CFN_P("DurableConfig", OBJECT, IN_PLACE),
    CFN_P("Environment", OBJECT, IN_PLACE),
    CFN_P("EphemeralStorage", OBJECT, IN_PLACE),
    CFN_P("FileSystemConfigs", LIST, IN_PLACE),
    CFN_P("FunctionName", STRING, REPLACEMENT),
    CFN_P("FunctionScalingConfig", OBJECT, IN_PLACE),
    CFN_P("Handler", STRING, IN_PLACE),
    CFN_P("ImageConfig", OBJECT, IN_PLACE),
    CFN_P("KmsKeyArn", STRING, IN_PLACE),
    CFN_P("Layers", LIST, IN_PLACE),
    CFN_P("LoggingConfig", OBJECT, IN_PLACE),
    CFN_P("MemorySize", INTEGER, IN_PLACE),
    CFN_P("PackageType", STRING, REPLACEMENT),
    CFN_P("Policy", JSON, IN_PLACE),
    CFN_P("PublishToLatestPublished", BOOLEAN, IN_PLACE),
    CFN_P("RecursiveLoop", STRING, IN_PLACE),
    CFN_P("ReservedConcurrentExecutions", INTEGER, IN_PLACE),
    CFN_REQUIRED("Role", STRING, IN_PLACE),
    CFN_P("Runtime", STRING, IN_PLACE),
    CFN_P("RuntimeManagementConfig", OBJECT, IN_PLACE),
    CFN_P("SnapStart", OBJECT, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("TenancyConfig", OBJECT, REPLACEMENT),
    CFN_P("Timeout", INTEGER, IN_PLACE),
    CFN_P("TracingConfig", OBJECT, IN_PLACE),
    CFN_P("VpcConfig", OBJECT, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_lambda_function = {
    .name = "AWS::Lambda::Function",
    .property = properties,
    .name_property = "FunctionName",
    .identifier = "FunctionName",
    .attribute =
        CFN_ATTRIBUTES("Arn", "SnapStartResponse.ApplyOn", "SnapStartResponse.OptimizationStatus"),
    .create = create,
    .update = update,
    .delete = destroy,
    .read = read};
