/* AWS::S3::BucketPolicy. Ref gives the bucket's name. */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

static bool put(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "Bucket", r->physical_id);
    cfn_copy_text(&in, "Policy", "PolicyDocument");
    return cfn_call(&in, "s3", "PutBucketPolicy", NULL);
}

static bool get(struct wb_cfn_resource *r, struct wb_json *policy)
{
    return cfn_call_with(r, "s3", "GetBucketPolicy", "Bucket", r->physical_id, policy);
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = cfn_text(r, "Bucket");
    if (get(r, NULL))
        return wb_cfn_fail(r, "AlreadyExists", "The bucket policy already exists on bucket %.*s.",
                           WB_FMT(r->physical_id));
    return wb_cfn_error_is(r, "NoSuchBucketPolicy") && put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    return put(r) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "s3", "DeleteBucketPolicy", "Bucket", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchBucket");
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json policy;
    struct cfn_in live;
    if (!get(r, &policy))
        return wb_cfn_error_is(r, "NoSuchBucket") ? wb_cfn_absent(r)
                                                  : cfn_unread(r, "NoSuchBucketPolicy");
    cfn_begin(&live, r);
    cfn_put(&live, "Bucket", r->physical_id);
    cfn_put_json(&live, "PolicyDocument", policy);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_REQUIRED("Bucket", STRING, REPLACEMENT),
    CFN_REQUIRED("PolicyDocument", JSON, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_s3_bucket_policy = {.name = "AWS::S3::BucketPolicy",
                                                 .property = properties,
                                                 .identifier = "Bucket",
                                                 .create = create,
                                                 .update = update,
                                                 .delete = destroy,
                                                 .read = read};
