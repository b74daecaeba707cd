/*
 * The configuration of a bucket: one row a kind (WB_T_S3_CONFIG), which holds the document as it
 * was put, and one definition a bucket that has all of them read and compiled: what every request
 * for an object asks (who may, which page may, who wants to hear of it) costs no look at the store.
 */
#ifndef WB_S3_CONFIG_H
#define WB_S3_CONFIG_H

#include "auth/policy.h"
#include "aws/shape.h"
#include "services/s3/bucket.h"

enum s3_config_kind {
    S3_POLICY,
    S3_ACCESS_BLOCK,
    S3_ENCRYPTION,
    S3_LIFECYCLE,
    S3_CORS,
    S3_NOTIFICATION,
    S3_OWNERSHIP,
    S3_LOGGING,
    S3_WEBSITE,
    S3_PAYMENT,
    S3_ACCELERATE,
    S3_CONFIG_KINDS
};

/* Public access block. A bucket is made with all of them; deleting the block takes all away. */
enum s3_block {
    S3_BLOCK_ACLS = 1,
    S3_IGNORE_ACLS = 2,
    S3_BLOCK_POLICY = 4,
    S3_RESTRICT = 8,
    S3_BLOCK_ALL = 15
};

struct s3_config {
    struct wb_arena arena;
    struct s3_bucket bucket;
    struct wb_slice text[S3_CONFIG_KINDS]; /* JSON; null: not set */
    struct wb_json doc[S3_CONFIG_KINDS];
    struct wb_policy *policy; /* NULL: none */
    bool public_policy;       /* it lets people in whom it does not name */
    unsigned block;
};

extern struct wb_def_kind s3_config_kind;
/* NULL: there is no such bucket. Valid until the tx ends. */
const struct s3_config *s3_config(struct wb_tx *tx, struct wb_slice bucket);
/* In a command, after a bucket's row or one of its configuration was written or removed. */
void s3_config_changed(struct wb_tx *tx, struct wb_slice bucket);
struct wb_slice s3_config_key(struct wb_arena *a, uint64_t bucket, enum s3_config_kind kind);

/* Would it let in people whom it does not name? (User Guide, "The meaning of public") */
bool s3_policy_is_public(struct wb_json policy, struct wb_arena *a);
const struct wb_policy *s3_resource_policy(struct wb_tx *tx, struct wb_slice arn);

/* Writes the members of a document as its shape has them. */
void s3_out_shape(struct wb_out *o, const struct wb_shape *s, struct wb_json doc);

/* Each kind's own rules. False: the call has failed. */
typedef bool s3_config_check(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc);
s3_config_check s3_check_encryption, s3_check_cors, s3_check_ownership, s3_check_logging,
    s3_check_website;

/* Handlers. s3_put_config and its like are of the kind that the operation's name says. */
wb_handler_fn s3_put_config, s3_get_config, s3_delete_config;
wb_handler_fn s3_put_policy, s3_get_policy, s3_delete_policy, s3_get_policy_status;
wb_handler_fn s3_put_access_block, s3_get_access_block, s3_delete_access_block;
wb_handler_fn s3_put_tagging, s3_get_tagging, s3_delete_tagging;
wb_handler_fn s3_get_encryption, s3_get_payment, s3_get_ownership, s3_delete_ownership,
    s3_put_notification, s3_put_lifecycle, s3_get_lifecycle;
wb_handler_fn s3_get_lock, s3_put_lock, s3_lock_of_object, s3_get_replication, s3_get_by_id,
    s3_list_none;

/* Shapes: inputs of the operations, and what they put. */
extern const struct wb_shape s3_in_put_bucket_policy, s3_in_get_bucket_policy,
    s3_in_delete_bucket_policy, s3_in_get_bucket_policy_status, s3_in_put_public_access_block,
    s3_in_get_public_access_block, s3_in_delete_public_access_block, s3_in_put_bucket_encryption,
    s3_in_get_bucket_encryption, s3_in_delete_bucket_encryption,
    s3_in_put_bucket_lifecycle_configuration, s3_in_get_bucket_lifecycle_configuration,
    s3_in_delete_bucket_lifecycle, s3_in_put_bucket_cors, s3_in_get_bucket_cors,
    s3_in_delete_bucket_cors, s3_in_put_bucket_notification_configuration,
    s3_in_get_bucket_notification_configuration, s3_in_put_bucket_tagging, s3_in_get_bucket_tagging,
    s3_in_delete_bucket_tagging, s3_in_put_bucket_ownership_controls,
    s3_in_get_bucket_ownership_controls, s3_in_delete_bucket_ownership_controls,
    s3_in_put_bucket_logging, s3_in_get_bucket_logging, s3_in_put_bucket_website,
    s3_in_get_bucket_website, s3_in_delete_bucket_website, s3_in_put_bucket_request_payment,
    s3_in_get_bucket_request_payment, s3_in_put_bucket_accelerate_configuration,
    s3_in_get_bucket_accelerate_configuration, s3_in_put_object_lock_configuration,
    s3_in_get_object_lock_configuration, s3_in_get_bucket_replication,
    s3_in_get_bucket_metrics_configuration, s3_in_list_bucket_metrics_configurations,
    s3_in_get_bucket_analytics_configuration, s3_in_list_bucket_analytics_configurations,
    s3_in_get_bucket_inventory_configuration, s3_in_list_bucket_inventory_configurations,
    s3_in_get_bucket_intelligent_tiering_configuration,
    s3_in_list_bucket_intelligent_tiering_configurations, s3_in_get_object_retention,
    s3_in_put_object_retention, s3_in_get_object_legal_hold, s3_in_put_object_legal_hold;
extern const struct wb_shape s3_s_public_access_block_configuration,
    s3_s_server_side_encryption_configuration, s3_s_bucket_lifecycle_configuration,
    s3_s_cors_configuration, s3_s_notification_configuration, s3_s_ownership_controls,
    s3_s_bucket_logging_status, s3_s_website_configuration, s3_s_request_payment_configuration,
    s3_s_accelerate_configuration;

#endif
