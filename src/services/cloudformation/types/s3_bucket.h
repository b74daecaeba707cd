/* The configurations of a bucket: properties that have operations of their own. */
#ifndef WB_CFN_TYPES_S3_BUCKET_H
#define WB_CFN_TYPES_S3_BUCKET_H

#include "services/cloudformation/types/kit.h"

struct cfn_bucket_part {
    const char *property;
    const char *put, *get, *remove; /* operations; remove NULL: `otherwise` is put */
    const char *member;             /* of put's input */
    const char *otherwise;          /* a document that means nothing is set */
    /* Writes the document's members. False with the resource failed. NULL: as it is. */
    bool (*write)(struct cfn_in *d, struct wb_json v);
};
extern const struct cfn_bucket_part cfn_bucket_parts[]; /* the last has no property */

/* What put takes for the property's value. False with the resource failed. */
bool cfn_bucket_document(struct wb_cfn_resource *r, const struct cfn_bucket_part *p,
                         struct wb_json v, struct wb_slice *document);
/* Everything that `wanted` says is so in `has`, which may say more. */
bool cfn_covers(struct wb_json has, struct wb_json wanted);

#endif
