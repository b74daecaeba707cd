/*
 * Amazon Resource Names: arn:partition:service:region:account:resource.
 */
#ifndef WB_BASE_ARN_H
#define WB_BASE_ARN_H

#include "base/arena.h"

struct wb_arn {
    struct wb_slice partition, service, region, account, resource; /* slices of the source */
};

/* False when it is not an ARN, or is one of another partition: those name nothing here, and must
 * not pass for a second spelling of what a policy denies. */
bool wb_arn_parse(struct wb_slice s, struct wb_arn *out);
struct wb_slice wb_arn_make(struct wb_arena *a, const char *service, struct wb_slice region,
                            struct wb_slice account, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

#endif
