/*
 * A function as defined: what CreateFunction and its like store, read through the definition cache.
 * The row is JSON; environment variables in it are sealed. The package lies in chunks under
 * (number, code version), so that new code never overwrites the code that runs.
 */
#ifndef WB_SERVICES_LAMBDA_FUNCTION_H
#define WB_SERVICES_LAMBDA_FUNCTION_H

#include "auth/policy.h"
#include "engine/engine.h"

struct lambda_function {
    struct wb_arena arena; /* of a cached one: owns everything below */
    struct wb_slice account, region, name, arn;
    uint64_t number;     /* of this life of the name */
    uint64_t version;    /* of the code */
    uint64_t generation; /* random, of code and configuration: an environment serves one */
    struct wb_slice runtime, role, handler, description, kms, dead_letter, revision, sha256;
    struct wb_slice architecture;
    struct wb_slice environment; /* JSON object name -> value, plain; null = none */
    struct wb_slice vpc;         /* JSON as given; null = none */
    int64_t timeout_s, memory_mb, tmp_mb, code_bytes, modified_ms;
    int64_t reserved; /* concurrent executions; -1 = not set */
    bool tracing;     /* Active */
    struct wb_slice policy_text;
    struct wb_policy *policy; /* NULL = none */
};

extern struct wb_def_kind lambda_function_kind;

struct wb_slice lambda_function_key(struct wb_arena *a, struct wb_slice account,
                                    struct wb_slice region, struct wb_slice name);
struct wb_slice lambda_policy_key(struct wb_arena *a, struct wb_slice account,
                                  struct wb_slice region, struct wb_slice name);
struct wb_slice lambda_function_arn(struct wb_arena *a, struct wb_slice account,
                                    struct wb_slice region, struct wb_slice name);
const struct lambda_function *lambda_function_find(struct wb_tx *tx, struct wb_slice account,
                                                   struct wb_slice region, struct wb_slice name);
/* Writes the row (in a command) and tells the cache. */
void lambda_function_put(struct wb_tx *tx, const struct lambda_function *f);
/* Decodes a row into *f, in the arena; false when damaged. */
bool lambda_function_decode(struct wb_arena *a, const struct wb_keyring *k, struct wb_slice key,
                            struct wb_slice value, struct lambda_function *f);
/* concurrency.c: reserved by all functions of this one's account and region. */
extern struct wb_def_kind lambda_reserved_kind;
int64_t lambda_reserved(struct wb_tx *tx, const struct lambda_function *f);
void lambda_reserved_changed(struct wb_tx *tx, const struct lambda_function *f);
/* Members of a FunctionConfiguration. `secrets`: with the environment's values. */
void lambda_function_out(struct wb_out *o, const struct lambda_function *f);

/* --- names --- */
struct lambda_ref {
    struct wb_slice account, region, name, qualifier; /* qualifier null = none given */
};
/* Takes a name, partial or full ARN apart; the rest comes from ctx. False when malformed. */
bool lambda_ref_parse(struct wb_slice text, const struct wb_ctx *ctx, struct lambda_ref *out);
/* The same for a call's FunctionName and Qualifier; fails the call. */
bool lambda_ref_of(struct wb_call *c, struct lambda_ref *out);
bool lambda_ref_here(struct wb_call *c, struct lambda_ref *out); /* in the call's region */
bool lambda_tags_ref(struct wb_call *c, struct lambda_ref *out); /* of Resource */
/* The function of a call, or NULL with the call failed. */
const struct lambda_function *lambda_function_of(struct wb_call *c);
void lambda_not_found(struct wb_call *c, const struct lambda_ref *r);
/* An error with the member "Type" that Lambda's errors carry. */
void lambda_fail(struct wb_call *c, const char *code, int status, const char *type, const char *fmt,
                 ...) __attribute__((format(printf, 5, 6)));

/* --- roles (role.c) --- */
/* The call's Role is handed to Lambda: a need of the call. */
void lambda_role_pass(struct wb_call *c);
/* Fails the call unless Lambda may take the role for the function. */
void lambda_role_check(struct wb_call *c, struct wb_slice role, struct wb_slice function_arn);

/* --- packages (code.c) --- */
struct lambda_package {
    struct wb_slice zip, sha256;
};
/* Takes the package that `code` has (ZipFile, or S3Bucket and S3Key), checks it and unpacks it
 * beside the cache. NULL with the call failed. */
struct lambda_package *lambda_package_read(struct wb_call *c, struct wb_json code);
/* In a command: stores it as (number, version). */
void lambda_package_put(struct wb_tx *tx, const struct lambda_package *p, uint64_t number,
                        uint64_t version);
/* Bytes of the package in the store; to be f->code_bytes. */
int64_t lambda_package_bytes(struct wb_tx *tx, const struct lambda_function *f);
void lambda_package_drop(struct wb_tx *tx, const struct lambda_function *f);
/* The unpacked code, unpacking it from the store when it is not there. False: *why says. */
bool lambda_code_ensure(struct wb_tx *tx, const struct lambda_function *f, struct wb_slice *why);
struct wb_slice lambda_code_dir(struct wb_arena *a, struct wb_engine *e,
                                const struct lambda_function *f);

/* DATA/run as an absolute path: helpers and zygotes have folders of their own. */
const char *lambda_run_dir(const struct wb_engine *e);

/* --- resources.c --- */
wb_resource_fn lambda_resource, lambda_create_resource, lambda_configuration_resource,
    lambda_tags_resource;
wb_resource_fn lambda_add_permission_facts, lambda_remove_permission_facts, lambda_network_facts;
extern const char *const lambda_permission_keys[], *const lambda_network_keys[];

/* --- handlers --- */
void lambda_create_prepare(struct wb_call *c);
void lambda_create(struct wb_call *c);
void lambda_update_code_prepare(struct wb_call *c);
void lambda_update_code(struct wb_call *c);
void lambda_update_configuration(struct wb_call *c);
void lambda_delete(struct wb_call *c);
void lambda_get(struct wb_call *c);
void lambda_get_configuration(struct wb_call *c);
void lambda_list(struct wb_call *c);
void lambda_concurrency_put(struct wb_call *c);
void lambda_concurrency_get(struct wb_call *c);
void lambda_concurrency_delete(struct wb_call *c);
void lambda_tags_list(struct wb_call *c);
void lambda_tags_add(struct wb_call *c);
void lambda_tags_remove(struct wb_call *c);
void lambda_permission_add(struct wb_call *c);
void lambda_permission_remove(struct wb_call *c);
void lambda_policy_get(struct wb_call *c);
void lambda_invoke(struct wb_call *c);
void lambda_invoke_async(struct wb_call *c);

extern const struct wb_target_kind lambda_target; /* permission.c */
const struct wb_policy *lambda_resource_policy(struct wb_tx *tx, struct wb_slice arn);
/* In a command: adds an asynchronous invocation to the function's queue (async.c). Null request_id:
 * a new one. */
void lambda_enqueue(struct wb_tx *tx, const struct lambda_function *f, const struct wb_ctx *ctx,
                    struct wb_slice payload, struct wb_slice payload_key,
                    struct wb_slice client_context, int64_t first_ms);
void lambda_remove_tree(const char *path);
/* For wb_tx_after: there is a python function now. */
void lambda_python_created(struct wb_engine *e, void *unused);
bool lambda_runtime_is_python(struct wb_slice runtime);
bool lambda_runtime_is_node(struct wb_slice runtime);

#endif
