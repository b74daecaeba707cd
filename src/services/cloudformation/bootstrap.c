/*
 * What a bootstrapped account holds: the bucket, the roles and the parameter that `cdk bootstrap`
 * makes (version 33, read off `cdk bootstrap --show-template`), so that the CDK deploys without it.
 * Made through the services' own operations, when an account begins. Whoever runs `cdk bootstrap`
 * all the same takes them over into its stack: it imports what exists.
 *
 * There is no repository for container images: nothing here runs them.
 */
#include "base/ids.h"
#include "base/log.h"
#include "engine/deliver.h"
#include "services/cloudformation/cloudformation.h"

/* In texts: @A the account, @R the region, @B the bucket. */
#define BUCKET     "cdk-hnb659fds-assets-@A-@R"
#define ROLE(kind) "cdk-hnb659fds-" kind "-role-@A-@R"

static const char account_trust[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"AWS\":\"@A\"},"
    "\"Condition\":{\"Null\":{\"sts:ExternalId\":\"true\"}}},"
    "{\"Effect\":\"Allow\",\"Action\":\"sts:TagSession\",\"Principal\":{\"AWS\":\"@A\"}}]}";

static const char service_trust[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:"
    "AssumeRole\","
    "\"Principal\":{\"Service\":\"cloudformation.amazonaws.com\"}}]}";

static const char publish_files[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":["
    "\"s3:GetObject*\",\"s3:GetBucket*\",\"s3:GetEncryptionConfiguration\",\"s3:List*\","
    "\"s3:DeleteObject*\",\"s3:PutObject*\",\"s3:Abort*\"],"
    "\"Resource\":[\"arn:aws:s3:::@B\",\"arn:aws:s3:::@B/*\"],"
    "\"Condition\":{\"StringEquals\":{\"aws:ResourceAccount\":[\"@A\"]}}}]}";

static const char deploy[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Sid\":\"DeployPermissions\",\"Effect\":\"Allow\",\"Action\":["
    "\"cloudformation:CreateChangeSet\",\"cloudformation:DeleteChangeSet\","
    "\"cloudformation:ExecuteChangeSet\",\"cloudformation:CreateStack\","
    "\"cloudformation:UpdateStack\",\"cloudformation:RollbackStack\","
    "\"cloudformation:ContinueUpdateRollback\"],\"Resource\":\"*\"},"
    "{\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\","
    "\"Resource\":\"arn:aws:iam::@A:role/" ROLE(
        "cfn-exec") "\"},"
                    "{\"Sid\":\"CliPermissions\",\"Effect\":\"Allow\",\"Action\":[\"cloudformation:"
                    "DeleteStack\","
                    "\"cloudformation:UpdateTerminationProtection\",\"sts:GetCallerIdentity\"],"
                    "\"Resource\":\"*\"},"
                    "{\"Sid\":\"CliStagingBucket\",\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject*"
                    "\","
                    "\"s3:GetBucket*\",\"s3:List*\"],"
                    "\"Resource\":[\"arn:aws:s3:::@B\",\"arn:aws:s3:::@B/*\"]},"
                    "{\"Sid\":\"ReadVersion\",\"Effect\":\"Allow\",\"Action\":[\"ssm:"
                    "GetParameter\","
                    "\"ssm:GetParameters\"],\"Resource\":"
                    "\"arn:aws:ssm:@R:@A:parameter/cdk-bootstrap/hnb659fds/version\"}]}";

static const char no_secrets[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"DontReadSecrets\",\"Effect\":\"Deny\","
    "\"Action\":\"kms:Decrypt\",\"Resource\":\"*\"}]}";

struct role {
    const char *kind, *name, *trust;
    const char *managed;              /* of AWS's policies; NULL = none */
    const char *policy, *policy_name; /* inline; NULL = none */
};

static const struct role roles[] = {
    {"file-publishing", ROLE("file-publishing"), account_trust, NULL, publish_files,
     "cdk-hnb659fds-file-publishing-role-default-policy-@A-@R"},
    {"image-publishing", ROLE("image-publishing"), account_trust, NULL, NULL, NULL},
    {"lookup", ROLE("lookup"), account_trust, "ReadOnlyAccess", no_secrets, "LookupRolePolicy"},
    {"deploy", ROLE("deploy"), account_trust, "AWSCloudFormationReadOnlyAccess", deploy, "default"},
    {NULL, ROLE("cfn-exec"), service_trust, "AdministratorAccess", NULL, NULL},
};

static const struct {
    const char *operation, *input;
} bucket_calls[] = {
    {"PutBucketVersioning",
     "{\"Bucket\":\"@B\",\"VersioningConfiguration\":{\"Status\":\"Enabled\"}}"},
    {"PutPublicAccessBlock",
     "{\"Bucket\":\"@B\",\"PublicAccessBlockConfiguration\":{\"BlockPublicAcls\":true,"
     "\"BlockPublicPolicy\":true,\"IgnorePublicAcls\":true,\"RestrictPublicBuckets\":true}}"},
    {"PutBucketLifecycleConfiguration",
     "{\"Bucket\":\"@B\",\"LifecycleConfiguration\":{\"Rules\":["
     "{\"ID\":\"CleanupOldVersions\",\"Status\":\"Enabled\",\"Filter\":{\"Prefix\":\"\"},"
     "\"NoncurrentVersionExpiration\":{\"NoncurrentDays\":30}},"
     "{\"ID\":\"AbortIncompleteMultipartUploads\",\"Status\":\"Enabled\","
     "\"Filter\":{\"Prefix\":\"\"},"
     "\"AbortIncompleteMultipartUpload\":{\"DaysAfterInitiation\":1}}]}}"},
};

struct maker {
    struct wb_tx *tx;
    struct wb_ctx ctx;
};

static struct wb_slice filled(struct maker *m, const char *text)
{
    struct wb_buf b = wb_buf_in(m->tx->arena);
    for (; *text; text++) {
        if (text[0] != '@')
            wb_buf_char(&b, text[0]);
        else if (*++text == 'A')
            wb_buf_slice_put(&b, m->ctx.account);
        else if (*text == 'R')
            wb_buf_slice_put(&b, m->ctx.region);
        else
            wb_buf_slice_put(&b, filled(m, BUCKET));
    }
    return wb_buf_slice(&b);
}

/* What exists stays as it is: an account made by an older version may have been bootstrapped. */
static bool call(struct maker *m, const char *service, const char *operation, struct wb_slice input)
{
    struct wb_slice answer;
    struct wb_error err;
    if (wb_call_service(m->tx, &m->ctx, service, operation, input, &answer, &err))
        return true;
    if (!wb_slice_is(wb_slice_str(err.code), "EntityAlreadyExists") &&
        strcmp(err.code, "ParameterAlreadyExists") != 0 &&
        strcmp(err.code, "BucketAlreadyOwnedByYou") != 0 &&
        strcmp(err.code, "BucketAlreadyExists") != 0)
        wb_log(WB_LOG_ERROR, "cloudformation", "an account is not prepared for the CDK", "call",
               operation, "error", err.code, "why", wb_dup_cstr(m->tx->arena, err.message), NULL);
    return false;
}

static void put_text(struct maker *m, struct wb_json_writer *w, const char *name, const char *text)
{
    wb_jw_kstr(w, name, filled(m, text));
}

static void make_role(struct maker *m, const struct role *r)
{
    struct wb_buf b = wb_buf_in(m->tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    put_text(m, &w, "RoleName", r->name);
    put_text(m, &w, "AssumeRolePolicyDocument", r->trust);
    if (r->kind)
        wb_jw_kraw(&w, "Tags",
                   wb_printf(m->tx->arena,
                             "[{\"Key\":\"aws-cdk:bootstrap-role\",\"Value\":\"%s\"}]", r->kind));
    wb_jw_end_object(&w);
    if (!call(m, "iam", "CreateRole", wb_buf_slice(&b)))
        return;
    if (r->managed)
        call(m, "iam", "AttachRolePolicy",
             wb_printf(m->tx->arena,
                       "{\"RoleName\":\"%.*s\",\"PolicyArn\":\"arn:aws:iam::aws:policy/%s\"}",
                       WB_FMT(filled(m, r->name)), r->managed));
    if (!r->policy)
        return;
    b = wb_buf_in(m->tx->arena);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    put_text(m, &w, "RoleName", r->name);
    put_text(m, &w, "PolicyName", r->policy_name);
    put_text(m, &w, "PolicyDocument", r->policy);
    wb_jw_end_object(&w);
    call(m, "iam", "PutRolePolicy", wb_buf_slice(&b));
}

static void make_bucket(struct maker *m)
{
    /* The first region has no name in a request (S3 API Reference, CreateBucket). */
    bool first = wb_slice_is(m->ctx.region, "us-east-1");
    const char *create = first ? "{\"Bucket\":\"@B\"}"
                               : "{\"Bucket\":\"@B\",\"CreateBucketConfiguration\":"
                                 "{\"LocationConstraint\":\"@R\"}}";
    bool ok = call(m, "s3", "CreateBucket", filled(m, create));
    for (size_t i = 0; ok && i < sizeof bucket_calls / sizeof *bucket_calls; i++)
        ok = call(m, "s3", bucket_calls[i].operation, filled(m, bucket_calls[i].input));
}

/* Programs that sign with a made-up key have accounts of any name; names of buckets and roles are
 * made of numbers only. */
static bool has_number(struct wb_slice account)
{
    for (size_t i = 0; i < account.n; i++)
        if (account.p[i] < '0' || account.p[i] > '9')
            return false;
    return account.n == 12;
}

void cfn_prepare_account(struct wb_tx *tx, struct wb_slice account)
{
    struct wb_engine *e = tx->engine;
    struct maker m = {.tx = tx,
                      .ctx = {.principal = wb_root_principal(tx->arena, account),
                              .account = account,
                              .region = wb_slice_str(wb_engine_config(e)->region),
                              .request_id = wb_id_uuid(tx->arena, wb_engine_seam(e)),
                              .unrecorded = true}};
    if (!has_number(account))
        return;
    make_bucket(&m);
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        make_role(&m, &roles[i]);
    call(&m, "ssm", "PutParameter",
         WB_S("{\"Name\":\"/cdk-bootstrap/hnb659fds/version\",\"Type\":\"String\","
              "\"Value\":\"33\"}"));
}
