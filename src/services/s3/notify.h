/* Notifications of a bucket: parts shared by those who send and those who check a configuration. */
#ifndef WB_S3_NOTIFY_H
#define WB_S3_NOTIFY_H

#include "services/s3/config.h"

struct s3_object;

struct s3_destination {
    const char *list, *member; /* of the configuration */
    const char *service, *action;
};
extern const struct s3_destination s3_destinations[]; /* ends with a list of NULL */

extern const struct wb_executor s3_notify_executor;
struct wb_delivery s3_delivery(const struct s3_bucket *b, struct wb_slice arn, struct wb_arena *a);
/* Adds the work row. */
void s3_send(struct wb_tx *tx, const struct wb_ctx *ctx, const struct s3_bucket *b,
             struct wb_slice arn, struct wb_slice payload);
/* "s3:ObjectCreated:*" and "ObjectCreated:Put". */
bool s3_event_fits(struct wb_slice wanted, struct wb_slice event);
/* Something happened to an object: "ObjectCreated:Put". */
void s3_event(struct wb_tx *tx, const struct wb_ctx *ctx, const struct s3_bucket *b,
              const struct s3_object *o, const char *event);
/* A configuration's prefix or suffix; "" without one. */
struct wb_slice s3_filter(struct wb_json config, const char *name, struct wb_arena *a);

#endif
