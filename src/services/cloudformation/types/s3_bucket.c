/*
 * AWS::S3::Bucket. Each of its configuration properties is put by an operation of its own; the
 * table says which, and what turns the property into that operation's document (s3_bucket_parts.c).
 */
#include "services/cloudformation/types/s3_bucket.h"
#include "services/cloudformation/types/types.h"
#include <ctype.h>

static void set_attributes(struct wb_cfn_resource *r)
{
    struct wb_arena *a = r->tx->arena;
    struct wb_slice b = r->physical_id, region = r->ctx->region;
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", wb_printf(a, "arn:aws:s3:::%.*s", WB_FMT(b)));
    cfn_attribute(r, "DomainName", wb_printf(a, "%.*s.s3.amazonaws.com", WB_FMT(b)));
    cfn_attribute(r, "DualStackDomainName",
                  wb_printf(a, "%.*s.s3.dualstack.%.*s.amazonaws.com", WB_FMT(b), WB_FMT(region)));
    cfn_attribute(r, "RegionalDomainName",
                  wb_printf(a, "%.*s.s3.%.*s.amazonaws.com", WB_FMT(b), WB_FMT(region)));
    cfn_attribute(
        r, "WebsiteURL",
        wb_printf(a, "http://%.*s.s3-website-%.*s.amazonaws.com", WB_FMT(b), WB_FMT(region)));
}

static struct wb_slice bucket_arn(struct wb_cfn_resource *r)
{
    return wb_printf(r->tx->arena, "arn:aws:s3:::%.*s", WB_FMT(r->physical_id));
}

static bool refused(struct wb_cfn_resource *r)
{
    return cfn_refused(r, "AbacStatus", "AnalyticsConfigurations",
                       "IntelligentTieringConfigurations", "InventoryConfigurations",
                       "MetadataConfiguration", "MetadataTableConfiguration",
                       "MetricsConfigurations", "ReplicationConfiguration");
}

/* "BucketOwnerFullControl" is "bucket-owner-full-control" in the API. */
static void put_acl(struct cfn_in *in)
{
    struct wb_slice s = cfn_text(in->r, "AccessControl");
    struct wb_buf b = wb_buf_in(in->r->tx->arena);
    for (size_t i = 0; i < s.n; i++) {
        if (i && isupper((unsigned char)s.p[i]))
            wb_buf_char(&b, '-');
        wb_buf_char(&b, (char)tolower((unsigned char)s.p[i]));
    }
    if (s.n)
        cfn_put(in, "ACL", wb_buf_slice(&b));
}

static bool make(struct wb_cfn_resource *r)
{
    struct wb_json ownership = wb_json_get(cfn_prop(r, "OwnershipControls"), "Rules");
    struct wb_json first_rule = wb_json_item(ownership, 0);
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "Bucket", r->physical_id);
    if (!wb_slice_is(r->ctx->region, "us-east-1")) {
        wb_jw_key(&in.w, "CreateBucketConfiguration");
        wb_jw_object(&in.w);
        cfn_put(&in, "LocationConstraint", r->ctx->region);
        wb_jw_end_object(&in.w);
    }
    put_acl(&in);
    cfn_put_json(&in, "ObjectOwnership", wb_json_get(first_rule, "ObjectOwnership"));
    cfn_copy_as(&in, "ObjectLockEnabledForBucket", "ObjectLockEnabled");
    return cfn_call(&in, "s3", "CreateBucket", NULL);
}

static bool put_part(struct wb_cfn_resource *r, const struct cfn_bucket_part *p)
{
    struct wb_slice document;
    struct cfn_in in;
    if (!cfn_bucket_document(r, p, cfn_prop(r, p->property), &document))
        return false;
    cfn_begin(&in, r);
    cfn_put(&in, "Bucket", r->physical_id);
    wb_jw_kraw(&in.w, p->member, document);
    return cfn_call(&in, "s3", p->put, NULL);
}

/* Without the property: as on a new bucket. */
static bool clear_part(struct wb_cfn_resource *r, const struct cfn_bucket_part *p)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "Bucket", r->physical_id);
    if (!p->otherwise)
        return cfn_call(&in, "s3", p->remove, NULL);
    wb_jw_kraw(&in.w, p->member, wb_slice_str(p->otherwise));
    return cfn_call(&in, "s3", p->put, NULL);
}

/* The whole set is put at once, CloudFormation's own tags after it. */
static bool set_tags(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    bool any = wb_json_count(cfn_prop(r, "Tags")) || r->tag_count;
    cfn_begin(&in, r);
    cfn_put(&in, "Bucket", r->physical_id);
    if (any) {
        wb_jw_key(&in.w, "Tagging");
        wb_jw_object(&in.w);
        cfn_tags(&in, "TagSet", CFN_TAG_LIST);
        wb_jw_end_object(&in.w);
    }
    if (!cfn_call(&in, "s3", any ? "PutBucketTagging" : "DeleteBucketTagging", NULL))
        return false;
    cfn_system_tags(r, bucket_arn(r));
    return true;
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    r->physical_id = wb_cfn_name(r, 63, true);
    if (refused(r))
        return WB_CFN_FAILED;
    /* In us-east-1 making one's own bucket again succeeds. */
    if (cfn_call_with(r, "s3", "HeadBucket", "Bucket", r->physical_id, NULL))
        return wb_cfn_fail(r, "AlreadyExists", "%.*s already exists", WB_FMT(r->physical_id));
    if (!make(r) || !set_tags(r))
        return WB_CFN_FAILED;
    for (const struct cfn_bucket_part *p = cfn_bucket_parts; p->property; p++)
        if (wb_json_is(cfn_prop(r, p->property)) && !put_part(r, p))
            return WB_CFN_FAILED;
    set_attributes(r);
    return WB_CFN_DONE;
}

/* Where the owner owns all objects there are no ACLs, which is as private as can be. */
static bool update_acl(struct wb_cfn_resource *r)
{
    struct wb_slice wanted = cfn_text(r, "AccessControl");
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "Bucket", r->physical_id);
    if (wanted.n)
        put_acl(&in);
    else
        cfn_put(&in, "ACL", WB_S("private"));
    return cfn_call(&in, "s3", "PutBucketAcl", NULL) ||
           (wb_cfn_error_is(r, "AccessControlListNotSupported") &&
            (!wanted.n || wb_slice_is(wanted, "Private")));
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    if (refused(r) || !set_tags(r))
        return WB_CFN_FAILED;
    for (const struct cfn_bucket_part *p = cfn_bucket_parts; p->property; p++)
        if (cfn_changed(r, p->property) &&
            !(wb_json_is(cfn_prop(r, p->property)) ? put_part(r, p) : clear_part(r, p)))
            return WB_CFN_FAILED;
    if (cfn_changed(r, "AccessControl") && !update_acl(r))
        return WB_CFN_FAILED;
    set_attributes(r);
    return WB_CFN_DONE;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    return cfn_call_with(r, "s3", "DeleteBucket", "Bucket", r->physical_id, NULL)
               ? WB_CFN_DONE
               : cfn_gone(r, "NoSuchBucket");
}

/* A part as the template has it when S3 has the same, else as S3 has it. */
static bool live_part(struct cfn_in *live, const struct cfn_bucket_part *p)
{
    struct wb_cfn_resource *r = live->r;
    struct wb_json answer, wanted = cfn_prop(r, p->property);
    struct wb_slice document;
    if (!wb_json_is(wanted)) /* nothing to compare with */
        return true;
    if (!cfn_call_with(r, "s3", p->get, "Bucket", r->physical_id, &answer))
        return r->error.status == 404; /* none is set */
    struct wb_json has = wb_json_get(answer, p->member);
    if (!wb_json_is(has))
        has = answer;
    if (!cfn_bucket_document(r, p, wanted, &document))
        return false;
    if (cfn_covers(has, wb_json_read(r->tx->arena, document, NULL)))
        cfn_put_json(live, p->property, wanted);
    else
        cfn_put_json(live, p->property, has);
    return true;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct cfn_in live;
    if (!cfn_call_with(r, "s3", "HeadBucket", "Bucket", r->physical_id, NULL))
        return cfn_unread(r, "NoSuchBucket");
    set_attributes(r);
    cfn_begin(&live, r);
    cfn_put(&live, "BucketName", r->physical_id);
    cfn_copy(&live, "AccessControl", "ObjectLockEnabled"); /* S3 does not tell them in one word */
    for (const struct cfn_bucket_part *p = cfn_bucket_parts; p->property; p++)
        if (!live_part(&live, p))
            return WB_CFN_FAILED;
    cfn_live_tags(&live, bucket_arn(r), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("AbacStatus", STRING, IN_PLACE),
    CFN_P("AccelerateConfiguration", OBJECT, IN_PLACE),
    CFN_P("AccessControl", STRING, IN_PLACE),
    CFN_P("AnalyticsConfigurations", LIST, IN_PLACE),
    CFN_P("BucketEncryption", OBJECT, IN_PLACE),
    CFN_P("BucketName", STRING, REPLACEMENT),
    CFN_P("CorsConfiguration", OBJECT, IN_PLACE),
    CFN_P("IntelligentTieringConfigurations", LIST, IN_PLACE),
    CFN_P("InventoryConfigurations", LIST, IN_PLACE),
    CFN_P("LifecycleConfiguration", OBJECT, IN_PLACE),
    CFN_P("LoggingConfiguration", OBJECT, IN_PLACE),
    CFN_P("MetadataConfiguration", OBJECT, IN_PLACE),
    CFN_P("MetadataTableConfiguration", OBJECT, IN_PLACE),
    CFN_P("MetricsConfigurations", LIST, IN_PLACE),
    CFN_P("NotificationConfiguration", OBJECT, IN_PLACE),
    CFN_P("ObjectLockConfiguration", OBJECT, IN_PLACE),
    CFN_P("ObjectLockEnabled", BOOLEAN, REPLACEMENT),
    CFN_P("OwnershipControls", OBJECT, IN_PLACE),
    CFN_P("PublicAccessBlockConfiguration", OBJECT, IN_PLACE),
    CFN_P("ReplicationConfiguration", OBJECT, IN_PLACE),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("VersioningConfiguration", OBJECT, IN_PLACE),
    CFN_P("WebsiteConfiguration", OBJECT, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_s3_bucket = {
    .name = "AWS::S3::Bucket",
    .property = properties,
    .name_property = "BucketName",
    .identifier = "BucketName",
    .attribute = CFN_ATTRIBUTES("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName",
                                "WebsiteURL"),
    .create = create,
    .update = update,
    .delete = destroy,
    .read = read};
