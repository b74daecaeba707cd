/* What the types of IAM share: lists of policies that an entity has. */
#ifndef WB_CFN_TYPES_IAM_KIT_H
#define WB_CFN_TYPES_IAM_KIT_H

#include "services/cloudformation/types/kit.h"

/* An entity's words in IAM's operations. */
struct cfn_iam_kind {
    const char *title;     /* "Role": PutRolePolicy, AttachRolePolicy, ... */
    const char *member;    /* "RoleName" */
    const char *documents; /* property with {PolicyName, PolicyDocument}: "Policies" */
    const char *arns;      /* property with ARNs: "ManagedPolicyArns" */
};
extern const struct cfn_iam_kind cfn_iam_kind_user, cfn_iam_kind_group, cfn_iam_kind_role;

/* Calls FIRST + title + LAST ("Put", "Policy"). */
bool cfn_iam_call(struct cfn_in *in, const char *first, const struct cfn_iam_kind *k,
                  const char *last, struct wb_json *answer);
/* Inline policies and attachments of the entity r->physical_id, from `before` to `now`. */
bool cfn_iam_policies(struct wb_cfn_resource *r, const struct cfn_iam_kind *k);
/* Before the entity goes: all inline policies and attachments the template gave it. */
bool cfn_iam_strip(struct wb_cfn_resource *r, const struct cfn_iam_kind *k);
/* Adds the members k->documents and k->arns as they are. */
bool cfn_iam_live_policies(struct cfn_in *live, const struct cfn_iam_kind *k);
/* IAM answers documents percent-encoded. */
struct wb_slice cfn_iam_document(struct wb_cfn_resource *r, struct wb_json encoded);
bool cfn_iam_put_inline(struct wb_cfn_resource *r, const struct cfn_iam_kind *k,
                        struct wb_slice entity, struct wb_slice name, struct wb_slice document);
/* Absent already is fine. */
bool cfn_iam_delete_inline(struct wb_cfn_resource *r, const struct cfn_iam_kind *k,
                           struct wb_slice entity, struct wb_slice name);
bool cfn_iam_attach(struct wb_cfn_resource *r, const struct cfn_iam_kind *k, struct wb_slice entity,
                    struct wb_slice arn);
bool cfn_iam_detach(struct wb_cfn_resource *r, const struct cfn_iam_kind *k, struct wb_slice entity,
                    struct wb_slice arn);
/* An ARN of an entity or policy with the property Path. */
struct wb_slice cfn_iam_arn(const struct wb_cfn_resource *r, const char *kind,
                            struct wb_slice name);
/* Put or delete the boundary as the property says. */
bool cfn_iam_boundary(struct wb_cfn_resource *r, const struct cfn_iam_kind *k);

#endif
