/* The operation table of IAM. Shapes as in the public service model, version 2010-05-08. */
#include "services/iam/iam.h"

/* Condition keys (Service Authorization Reference, "AWS Identity and Access Management"). */
static const char *const of_tags[] = {IAM_KEY_TAG, NULL};
static const char *const of_boundary[] = {IAM_KEY_BOUNDARY, IAM_KEY_TAG, NULL};
static const char *const of_attachment[] = {IAM_KEY_POLICY, IAM_KEY_BOUNDARY, IAM_KEY_TAG, NULL};

/* Most operations are about one entity. "Reads" and "Makes" answer with a result, "Changes" with
 * none. */
#define ROW(op_name, op_class, in, of, fn, keys)                                                   \
    .name = op_name, .class = op_class, .input = &in, .resources = of, .handler = fn,              \
    .conditions = iam_conditions, .condition_keys = keys
#define READS(name, in, of, fn, keys)                                                              \
    {                                                                                              \
        ROW(name, WB_READ, in, of, fn, keys)                                                       \
    }
#define MAKES(name, in, of, fn, keys)                                                              \
    {                                                                                              \
        ROW(name, WB_WRITE, in, of, fn, keys)                                                      \
    }
#define CHANGES(name, in, of, fn, keys)                                                            \
    {                                                                                              \
        ROW(name, WB_WRITE, in, of, fn, keys), .answer = ""                                        \
    }

static const struct wb_op ops[] = {
    CHANGES("AttachRolePolicy", iam_in_role_policy_arn, iam_of_entity, iam_attach, of_attachment),
    CHANGES("AttachUserPolicy", iam_in_user_policy_arn, iam_of_entity, iam_attach, of_attachment),
    MAKES("CreateAccessKey", iam_in_own_user, iam_of_entity, iam_create_access_key, of_tags),
    MAKES("CreateRole", iam_in_create_role, iam_of_new, iam_create_role, of_boundary),
    MAKES("CreateUser", iam_in_create_user, iam_of_new, iam_create_user, of_boundary),
    READS("GetRole", iam_in_role, iam_of_entity, iam_get_entity, of_tags),
    CHANGES("PutRolePolicy", iam_in_put_role_policy, iam_of_entity, iam_put_inline, of_boundary),
    CHANGES("PutUserPolicy", iam_in_put_user_policy, iam_of_entity, iam_put_inline, of_boundary),
};

const struct wb_service wb_iam_service = {
    .name = "iam",
    .title = "AWS Identity and Access Management",
    .signing_name = "iam",
    .model = "iam",
    .protocol = WB_QUERY,
    .version = "2010-05-08",
    .xmlns = "https://iam.amazonaws.com/doc/2010-05-08/",
    .internal_code = "ServiceFailure",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

const struct wb_module wb_iam_module = {.service = &wb_iam_service};
