/* The operation table of ECR; shapes as in the public service model, version 2015-09-21. */
#include "aws/shape_table.h"
#include "base/arn.h"
#include "services/ecr/ecr.h"

/* --- authorization --- */

static struct wb_slice arn_of(struct wb_call *c, struct wb_slice name)
{
    return wb_arn_make(c->arena, "ecr", c->ctx.region, c->ctx.account, "repository/%.*s",
                       WB_FMT(name));
}

void ecr_of_repository(struct wb_call *c)
{
    wb_call_resource(c, arn_of(c, wb_in_str(c, "repositoryName")));
}

void ecr_of_new_repository(struct wb_call *c)
{
    ecr_of_repository(c);
    if (wb_json_count(wb_in(c, "tags")))
        wb_call_also(c, "ecr:TagResource", c->need[0].resource);
}

void ecr_of_repositories(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "repositoryNames"));
    bool any = false;
    for (; wb_json_next(&it); any = true)
        wb_call_resource(c, arn_of(c, wb_json_str(it.value, c->arena)));
    if (!any)
        wb_call_resource(c, arn_of(c, WB_S("*")));
}

void ecr_of_arn(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "resourceArn"));
}

/* --- shapes --- */

#define STR(id, text) static const struct wb_shape id = {.kind = WB_STRING, .name = text}
#define ENUM(id, text, ...)                                                                        \
    static const struct wb_shape id = {                                                            \
        .kind = WB_STRING, .name = text, .values = (const char *const[]){__VA_ARGS__, NULL}}

static const struct wb_shape registry = {
    .kind = WB_STRING, .name = "RegistryId", .pattern = "[0-9]{12}"};
static const struct wb_shape name = TEXT(
    "RepositoryName", 2, 256, .pattern = "([a-z0-9]+([._-][a-z0-9]+)*/)*[a-z0-9]+([._-][a-z0-9]+)*",
    .pattern_text = "(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*");
STR(tag_key, "TagKey");
STR(tag_value, "TagValue");
STR(arn, "Arn");
STR(next_token, "NextToken");
STR(digest, "ImageDigest");
static const struct wb_shape image_tag = TEXT("ImageTag", 1, 300, );
static const struct wb_shape kms_key = TEXT("KmsKey", 1, 2048, );
static const struct wb_shape lifecycle = TEXT("LifecyclePolicyText", 100, 30720, );
static const struct wb_shape policy = TEXT("RepositoryPolicyText", 0, 10240, );
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "ForceFlag"};
ENUM(mutability, "ImageTagMutability", "MUTABLE", "IMMUTABLE");
ENUM(encryption_type, "EncryptionType", "AES256", "KMS");
ENUM(tag_status, "TagStatus", "TAGGED", "UNTAGGED", "ANY");
INT(page, "MaxResults", 1, 1000);
STRUCT(tag, "Tag", M("Key", tag_key), M("Value", tag_value));
LIST(tags, "TagList", 0, 0, tag);
LIST(tag_keys, "TagKeyList", 0, 0, tag_key);
LIST(names, "RepositoryNameList", 1, 100, name);
LIST(registries, "GetAuthorizationTokenRegistryIdList", 1, 10, registry);
STRUCT(scanning, "ImageScanningConfiguration", M("scanOnPush", boolean));
STRUCT(encryption, "EncryptionConfiguration", R("encryptionType", encryption_type),
       M("kmsKey", kms_key));
STRUCT(image, "ImageIdentifier", M("imageDigest", digest), M("imageTag", image_tag));
LIST(images, "ImageIdentifierList", 1, 100, image);
STRUCT(filter, "ListImagesFilter", M("tagStatus", tag_status));

STRUCT(in_create, "CreateRepositoryRequest", M("registryId", registry), R("repositoryName", name),
       M("tags", tags), M("imageTagMutability", mutability),
       M("imageScanningConfiguration", scanning), M("encryptionConfiguration", encryption));
STRUCT(in_describe, "DescribeRepositoriesRequest", M("registryId", registry),
       M("repositoryNames", names), M("nextToken", next_token), M("maxResults", page));
STRUCT(in_delete, "DeleteRepositoryRequest", M("registryId", registry), R("repositoryName", name),
       M("force", boolean));
STRUCT(in_name, "RepositoryRequest", M("registryId", registry), R("repositoryName", name));
STRUCT(in_lifecycle, "PutLifecyclePolicyRequest", M("registryId", registry),
       R("repositoryName", name), R("lifecyclePolicyText", lifecycle));
STRUCT(in_policy, "SetRepositoryPolicyRequest", M("registryId", registry),
       R("repositoryName", name), R("policyText", policy), M("force", boolean));
STRUCT(in_mutability, "PutImageTagMutabilityRequest", M("registryId", registry),
       R("repositoryName", name), R("imageTagMutability", mutability));
STRUCT(in_scanning, "PutImageScanningConfigurationRequest", M("registryId", registry),
       R("repositoryName", name), R("imageScanningConfiguration", scanning));
STRUCT(in_list_images, "ListImagesRequest", M("registryId", registry), R("repositoryName", name),
       M("nextToken", next_token), M("maxResults", page), M("filter", filter));
STRUCT(in_describe_images, "DescribeImagesRequest", M("registryId", registry),
       R("repositoryName", name), M("imageIds", images), M("nextToken", next_token),
       M("maxResults", page), M("filter", filter));
STRUCT(in_token, "GetAuthorizationTokenRequest", M("registryIds", registries));
STRUCT(in_tag, "TagResourceRequest", R("resourceArn", arn), R("tags", tags));
STRUCT(in_untag, "UntagResourceRequest", R("resourceArn", arn), R("tagKeys", tag_keys));
STRUCT(in_list_tags, "ListTagsForResourceRequest", R("resourceArn", arn));

/* --- the table --- */

#define OP(text, kind, in, of, fn)                                                                 \
    {                                                                                              \
        .name = text, .class = kind, .input = &in, .resources = of, .handler = fn                  \
    }

static const struct wb_op ops[] = {
    OP("CreateRepository", WB_WRITE, in_create, ecr_of_new_repository, ecr_create),
    OP("DeleteLifecyclePolicy", WB_WRITE, in_name, ecr_of_repository, ecr_delete_lifecycle),
    OP("DeleteRepository", WB_WRITE, in_delete, ecr_of_repository, ecr_delete),
    OP("DeleteRepositoryPolicy", WB_WRITE, in_name, ecr_of_repository, ecr_delete_policy),
    OP("DescribeImages", WB_READ, in_describe_images, ecr_of_repository, ecr_describe_images),
    OP("DescribeRepositories", WB_SCAN, in_describe, ecr_of_repositories, ecr_describe),
    OP("GetAuthorizationToken", WB_READ, in_token, NULL, ecr_token),
    OP("GetLifecyclePolicy", WB_READ, in_name, ecr_of_repository, ecr_get_lifecycle),
    OP("GetRepositoryPolicy", WB_READ, in_name, ecr_of_repository, ecr_get_policy),
    OP("ListImages", WB_READ, in_list_images, ecr_of_repository, ecr_list_images),
    OP("ListTagsForResource", WB_READ, in_list_tags, ecr_of_arn, ecr_list_tags),
    OP("PutImageScanningConfiguration", WB_WRITE, in_scanning, ecr_of_repository, ecr_put_scanning),
    OP("PutImageTagMutability", WB_WRITE, in_mutability, ecr_of_repository, ecr_put_mutability),
    OP("PutLifecyclePolicy", WB_WRITE, in_lifecycle, ecr_of_repository, ecr_put_lifecycle),
    OP("SetRepositoryPolicy", WB_WRITE, in_policy, ecr_of_repository, ecr_set_policy),
    OP("TagResource", WB_WRITE, in_tag, ecr_of_arn, ecr_tag),
    OP("UntagResource", WB_WRITE, in_untag, ecr_of_arn, ecr_untag),
};

const struct wb_service ecr_service = {.name = "ecr",
                                       .title = "Amazon ECR",
                                       .signing_name = "ecr",
                                       .model = "ecr",
                                       .protocol = WB_JSON11,
                                       .target = "AmazonEC2ContainerRegistry_V20150921",
                                       .version = "2015-09-21",
                                       .type_prefix = "",
                                       .internal_code = "ServerException",
                                       .validation_code = "InvalidParameterException",
                                       .op = ops,
                                       .op_count = sizeof ops / sizeof *ops};

const struct wb_module wb_ecr_module = {.service = &ecr_service};
