/* Building stones of IAM's inputs, as in the public service model 2010-05-08. */
#ifndef WB_SERVICES_IAM_SHAPES_H
#define WB_SERVICES_IAM_SHAPES_H

#include "aws/shape.h"

/* Shapes that several files of IAM use. Names are those of the model. */
extern const struct wb_shape iam_user_name, iam_existing_user_name, iam_group_name, iam_role_name,
    iam_profile_name, iam_policy_name, iam_path, iam_path_prefix, iam_policy_path, iam_arn,
    iam_document, iam_marker, iam_max_items, iam_tags, iam_tag_keys, iam_boolean, iam_access_key_id;

#define IAM_INPUT(var, model, ...)                                                                 \
    static const struct wb_member var##_members[] = {__VA_ARGS__, {0}};                            \
    const struct wb_shape var = {.kind = WB_STRUCTURE, .name = model, .member = var##_members}

/* What every list takes. */
#define IAM_PAGED                                                                                  \
    {"Marker", &iam_marker},                                                                       \
    {                                                                                              \
        "MaxItems", &iam_max_items                                                                 \
    }

#endif
