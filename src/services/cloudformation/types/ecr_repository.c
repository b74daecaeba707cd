/* AWS::ECR::Repository. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static const struct cfn_tagging tagging = {.service = "ecr",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "resourceArn",
                                           .tags = "tags",
                                           .keys = "tagKeys"};

static struct wb_slice arn_of(const struct wb_cfn_resource *r)
{
    return cfn_arn(r, "ecr", "repository/%.*s", WB_FMT(r->physical_id));
}

static void set_attributes(struct wb_cfn_resource *r)
{
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", arn_of(r));
    cfn_attribute(r, "RepositoryUri",
                  wb_printf(r->tx->arena, "%.*s.dkr.ecr.%.*s.amazonaws.com/%.*s",
                            WB_FMT(r->ctx->account), WB_FMT(r->ctx->region),
                            WB_FMT(r->physical_id)));
}

static void begin(struct cfn_in *in, struct wb_cfn_resource *r)
{
    cfn_begin(in, r);
    cfn_put(in, "repositoryName", r->physical_id);
}

static void put_scanning(struct cfn_in *in)
{
    struct wb_json v = wb_json_get(cfn_prop(in->r, "ImageScanningConfiguration"), "ScanOnPush");
    wb_jw_key(&in->w, "imageScanningConfiguration");
    wb_jw_object(&in->w);
    wb_jw_kbool(&in->w, "scanOnPush", cfn_is_true(v));
    wb_jw_end_object(&in->w);
}

static bool set_lifecycle(struct wb_cfn_resource *r)
{
    struct wb_json p = cfn_prop(r, "LifecyclePolicy");
    struct wb_slice registry = wb_json_get_str(p, "RegistryId", r->tx->arena);
    struct cfn_in in;
    begin(&in, r);
    if (!wb_json_is(p))
        return cfn_call(&in, "ecr", "DeleteLifecyclePolicy", NULL) ||
               wb_cfn_error_is(r, "LifecyclePolicyNotFoundException");
    cfn_put(&in, "registryId", registry);
    cfn_put_json(&in, "lifecyclePolicyText", wb_json_get(p, "LifecyclePolicyText"));
    return cfn_call(&in, "ecr", "PutLifecyclePolicy", NULL);
}

static bool set_policy(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    begin(&in, r);
    if (!wb_json_is(cfn_prop(r, "RepositoryPolicyText")))
        return cfn_call(&in, "ecr", "DeleteRepositoryPolicy", NULL) ||
               wb_cfn_error_is(r, "RepositoryPolicyNotFoundException");
    cfn_copy_text(&in, "policyText", "RepositoryPolicyText");
    return cfn_call(&in, "ecr", "SetRepositoryPolicy", NULL);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_json encryption = cfn_prop(r, "EncryptionConfiguration");
    struct cfn_in in;
    r->physical_id = wb_cfn_name(r, 256, true);
    if (cfn_refused(r, "ImageTagMutabilityExclusionFilters"))
        return WB_CFN_FAILED;
    begin(&in, r);
    cfn_copy_as(&in, "imageTagMutability", "ImageTagMutability");
    put_scanning(&in);
    if (wb_json_is(encryption)) {
        wb_jw_key(&in.w, "encryptionConfiguration");
        wb_jw_object(&in.w);
        cfn_put_json(&in, "encryptionType", wb_json_get(encryption, "EncryptionType"));
        cfn_put_json(&in, "kmsKey", wb_json_get(encryption, "KmsKey"));
        wb_jw_end_object(&in.w);
    }
    cfn_tags(&in, "tags", CFN_TAG_LIST);
    if (!cfn_call(&in, "ecr", "CreateRepository", NULL) ||
        (wb_json_is(cfn_prop(r, "LifecyclePolicy")) && !set_lifecycle(r)) ||
        (wb_json_is(cfn_prop(r, "RepositoryPolicyText")) && !set_policy(r)))
        return WB_CFN_FAILED;
    set_attributes(r);
    cfn_system_tags(r, arn_of(r));
    return WB_CFN_DONE;
}

static bool update_settings(struct wb_cfn_resource *r)
{
    struct wb_slice mutability = cfn_text(r, "ImageTagMutability");
    struct cfn_in in;
    begin(&in, r);
    cfn_put(&in, "imageTagMutability", mutability.n ? mutability : WB_S("MUTABLE"));
    if (cfn_changed(r, "ImageTagMutability") &&
        !cfn_call(&in, "ecr", "PutImageTagMutability", NULL))
        return false;
    begin(&in, r);
    put_scanning(&in);
    return !cfn_changed(r, "ImageScanningConfiguration") ||
           cfn_call(&in, "ecr", "PutImageScanningConfiguration", NULL);
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    set_attributes(r);
    if (cfn_refused(r, "ImageTagMutabilityExclusionFilters") || !update_settings(r) ||
        (cfn_changed(r, "LifecyclePolicy") && !set_lifecycle(r)) ||
        (cfn_changed(r, "RepositoryPolicyText") && !set_policy(r)))
        return WB_CFN_FAILED;
    return cfn_retag(r, &tagging, arn_of(r)) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "ecr", "DeleteRepository", "repositoryName", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "RepositoryNotFoundException");
}

static void out_settings(struct cfn_in *live, struct wb_json repo)
{
    struct wb_json encryption = wb_json_get(repo, "encryptionConfiguration");
    cfn_put_json(live, "RepositoryName", wb_json_get(repo, "repositoryName"));
    cfn_put_json(live, "ImageTagMutability", wb_json_get(repo, "imageTagMutability"));
    wb_jw_key(&live->w, "ImageScanningConfiguration");
    wb_jw_object(&live->w);
    cfn_put_json(live, "ScanOnPush",
                 wb_json_get(wb_json_get(repo, "imageScanningConfiguration"), "scanOnPush"));
    wb_jw_end_object(&live->w);
    wb_jw_key(&live->w, "EncryptionConfiguration");
    wb_jw_object(&live->w);
    cfn_put_json(live, "EncryptionType", wb_json_get(encryption, "encryptionType"));
    cfn_put_json(live, "KmsKey", wb_json_get(encryption, "kmsKey"));
    wb_jw_end_object(&live->w);
    cfn_copy(live, "EmptyOnDelete"); /* there are no images */
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json answer, text;
    struct cfn_in in, live;
    cfn_begin(&in, r);
    wb_jw_key(&in.w, "repositoryNames");
    wb_jw_array(&in.w);
    wb_jw_str(&in.w, r->physical_id);
    wb_jw_end_array(&in.w);
    if (!cfn_call(&in, "ecr", "DescribeRepositories", &answer))
        return cfn_unread(r, "RepositoryNotFoundException");
    set_attributes(r);
    cfn_begin(&live, r);
    out_settings(&live, wb_json_item(wb_json_get(answer, "repositories"), 0));
    begin(&in, r);
    if (cfn_call(&in, "ecr", "GetLifecyclePolicy", &text)) {
        wb_jw_key(&live.w, "LifecyclePolicy");
        wb_jw_object(&live.w);
        cfn_put_json(&live, "LifecyclePolicyText", wb_json_get(text, "lifecyclePolicyText"));
        cfn_put_json(&live, "RegistryId",
                     wb_json_get(cfn_prop(r, "LifecyclePolicy"), "RegistryId"));
        wb_jw_end_object(&live.w);
    }
    begin(&in, r);
    if (cfn_call(&in, "ecr", "GetRepositoryPolicy", &text))
        cfn_put_json(&live, "RepositoryPolicyText", wb_json_get(text, "policyText"));
    cfn_live_tags(&live, arn_of(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("EmptyOnDelete", BOOLEAN, IN_PLACE),
    CFN_P("EncryptionConfiguration", OBJECT, REPLACEMENT),
    CFN_P("ImageScanningConfiguration", OBJECT, IN_PLACE),
    CFN_P("ImageTagMutability", STRING, IN_PLACE),
    CFN_P("ImageTagMutabilityExclusionFilters", LIST, IN_PLACE),
    CFN_P("LifecyclePolicy", OBJECT, IN_PLACE),
    CFN_P("RepositoryName", STRING, REPLACEMENT),
    CFN_P("RepositoryPolicyText", JSON, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_ecr_repository = {.name = "AWS::ECR::Repository",
                                               .property = properties,
                                               .name_property = "RepositoryName",
                                               .identifier = "RepositoryName",
                                               .attribute = CFN_ATTRIBUTES("Arn", "RepositoryUri"),
                                               .create = create,
                                               .update = update,
                                               .delete = destroy,
                                               .read = read};
