/* Parameters as rows, and what the files of this service share. */
#ifndef WB_SSM_PARAM_H
#define WB_SSM_PARAM_H

#include "base/limits.h"
#include "engine/engine.h"
#include "services/ssm/name.h"
#include "services/ssm/ssm.h"

/* --- rows (rows.c) --- */

struct ssm_param {
    uint64_t number;
    struct wb_slice account, region;
    struct wb_slice name, path, arn;
    uint64_t first, version; /* oldest and newest version there is; none is missing between */
    uint64_t labels;         /* rows of WB_T_SSM_LABEL */
    bool advanced;
    int64_t timer_ms; /* due time of its work row; 0 = none */
};

struct ssm_policy {
    struct wb_slice text, type; /* as given; "Expiration", ... */
    int64_t at_ms;              /* Expiration */
    int64_t before_ms;          /* ExpirationNotification */
    int64_t after_ms;           /* NoChangeNotification */
    bool finished;
};

struct ssm_version {
    uint64_t version;
    struct wb_slice type;   /* "String", "StringList", "SecureString" */
    struct wb_slice value;  /* SecureString: sealed, in base64 */
    struct wb_slice key_id; /* SecureString */
    struct wb_slice description, pattern, tier, data_type, user; /* the first two may be null */
    int64_t modified_ms;
    struct ssm_policy policy[WB_SSM_POLICIES_MAX];
    size_t policies;
    int64_t policies_ms; /* when they were given */
    struct wb_slice label[WB_SSM_LABELS_MAX];
    size_t labels;
};

struct wb_slice ssm_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                        struct wb_slice path);
/* False when there is none, or it is spelled otherwise. Slices in the tx's arena. */
bool ssm_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
              const struct ssm_name *name, struct ssm_param *out);
/* Of a scan: key and value of WB_T_SSM_PARAMETER. */
bool ssm_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                struct ssm_param *out);
bool ssm_read_version(struct wb_tx *tx, const struct ssm_param *p, uint64_t version,
                      struct ssm_version *out);
bool ssm_decode_version(struct wb_arena *a, struct wb_slice value, struct ssm_version *out);
/* The version that a label names; 0 = none. */
uint64_t ssm_label_version(struct wb_tx *tx, const struct ssm_param *p, struct wb_slice label);
struct wb_slice ssm_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                        struct wb_slice path);
struct wb_slice ssm_label_key(struct wb_arena *a, const struct ssm_param *p, struct wb_slice label);
void ssm_write(struct wb_tx *tx, const struct ssm_param *p);
void ssm_write_version(struct wb_tx *tx, const struct ssm_param *p, const struct ssm_version *v);
void ssm_drop_version(struct wb_tx *tx, const struct ssm_param *p, uint64_t version);
/* The parameter with all that belongs to it. */
void ssm_drop(struct wb_tx *tx, const struct ssm_param *p);
/* Parameters of a tier in the scope, and one more or less of them. */
uint32_t ssm_count(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   bool advanced);
void ssm_count_add(struct wb_tx *tx, struct wb_slice account, struct wb_slice region, bool advanced,
                   int by);

/* Values. The plain one of a SecureString is told only with decryption. */
struct wb_slice ssm_seal(struct wb_tx *tx, const struct ssm_param *p, uint64_t version,
                         struct wb_slice plain);
/* False when it was sealed with another key or is damaged. */
bool ssm_value(struct wb_tx *tx, const struct ssm_param *p, const struct ssm_version *v,
               bool decrypt, struct wb_slice *out);

/* --- policies (policy.c) --- */

/* Reads the request's Policies into v, or fails the call. */
bool ssm_policies_read(struct wb_call *c, struct wb_slice text, struct ssm_version *v);
/* Sees to it that the work row for the earliest policy is there; sets p->timer_ms. Write p after
 * it. */
void ssm_policies_arm(struct wb_tx *tx, struct ssm_param *p, const struct ssm_version *v);
void ssm_policy_decode(struct wb_arena *a, struct wb_json in, struct ssm_policy *out);
void ssm_policies_out(struct wb_call *c, const struct ssm_version *v);
extern const struct wb_executor ssm_policy_executor;

/* --- what several operations need (common.c) --- */

/* The parameter that a request names, without selector; the call fails with ParameterNotFound. */
bool ssm_call_param(struct wb_call *c, struct wb_slice given, struct ssm_param *p);
/* Names that break the rules, as AWS says it. True when the name is in order for reading. */
bool ssm_name_fail(struct wb_call *c, enum ssm_name_error e);
/* A path as ssm_path_parse takes it; the call fails when it is none. */
bool ssm_path_ok(struct wb_call *c, struct wb_slice path, struct wb_slice *clean);
void ssm_not_found(struct wb_call *c, struct wb_slice name);
/* "Parameter Store Change" on the default bus. */
void ssm_changed(struct wb_tx *tx, const struct wb_ctx *ctx, const struct ssm_param *p,
                 const struct ssm_version *v, const char *operation);

/* --- filters (filter.c) --- */

struct ssm_filter {
    struct wb_slice key, option;
    struct wb_slice *value;
    size_t count;
};
struct ssm_filters {
    struct ssm_filter *filter;
    size_t count;
};
/* ParameterFilters and, of DescribeParameters, Filters; or fails the call. */
bool ssm_filters_read(struct wb_call *c, bool by_path, struct ssm_filters *out);
/* The version to look at: the newest, or the one with a label that is asked for; 0 = none. */
uint64_t ssm_filters_version(struct wb_tx *tx, const struct ssm_filters *f,
                             const struct ssm_param *p);
bool ssm_filters_match(struct wb_tx *tx, const struct ssm_filters *f, const struct ssm_param *p,
                       const struct ssm_version *v);

/* --- handlers --- */

void ssm_put_parameter(struct wb_call *c);
void ssm_get_parameter(struct wb_call *c);
void ssm_get_parameters(struct wb_call *c);
void ssm_get_by_path(struct wb_call *c);
void ssm_get_history(struct wb_call *c);
void ssm_describe(struct wb_call *c);
void ssm_delete_parameter(struct wb_call *c);
void ssm_delete_parameters(struct wb_call *c);
void ssm_label(struct wb_call *c);
void ssm_unlabel(struct wb_call *c);
void ssm_add_tags(struct wb_call *c);
void ssm_remove_tags(struct wb_call *c);
void ssm_list_tags(struct wb_call *c);

extern const struct wb_shape ssm_s_put, ssm_s_get, ssm_s_get_many, ssm_s_by_path, ssm_s_history,
    ssm_s_describe, ssm_s_delete, ssm_s_delete_many, ssm_s_label, ssm_s_unlabel, ssm_s_add_tags,
    ssm_s_remove_tags, ssm_s_list_tags;

void ssm_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
