/*
 * A compiled policy. Private to src/auth.
 */
#ifndef WB_AUTH_POLICY_IMPL_H
#define WB_AUTH_POLICY_IMPL_H

#include "auth/policy.h"
#include "base/limits.h"
#include <stdatomic.h>

/* --- text with wildcards and variables --- */

enum wb_token_kind { WB_TOKEN_TEXT, WB_TOKEN_STAR, WB_TOKEN_ONE, WB_TOKEN_VARIABLE };

struct wb_token {
    enum wb_token_kind kind;
    struct wb_slice text;      /* literal, or the variable's key */
    struct wb_slice otherwise; /* a variable's default; null = none */
};

struct wb_glob {
    struct wb_token *token;
    size_t count;
};

/* An ARN, segment by segment; the sixth part keeps its colons. */
struct wb_arn_glob {
    bool any; /* "*" */
    struct wb_glob part[6];
};

/* variables: "${...}" means something (Version 2012-10-17). wildcards: "*" and "?" do. */
bool wb_glob_compile(struct wb_arena *a, struct wb_slice text, bool variables, bool wildcards,
                     struct wb_glob *out);
bool wb_arn_glob_compile(struct wb_arena *a, struct wb_slice text, bool variables,
                         struct wb_arn_glob *out);
bool wb_glob_match(const struct wb_glob *g, struct wb_slice text, const struct wb_request *q,
                   bool ignore_case);
bool wb_arn_glob_match(const struct wb_arn_glob *g, struct wb_slice arn,
                       const struct wb_request *q);

/* --- context keys --- */

struct wb_key_value {
    struct wb_slice text;
    char room[48]; /* of derived values */
};
/* The next value of a key: from the request's context, else derived from principal and clock.
 * Start with *pos = 0; false at the end. */
bool wb_context_next(const struct wb_request *q, struct wb_slice key, size_t *pos,
                     struct wb_key_value *out);

/* --- conditions --- */

enum wb_test {
    WB_TEST_STRING,
    WB_TEST_STRING_NOCASE,
    WB_TEST_STRING_LIKE,
    WB_TEST_NUMBER,
    WB_TEST_DATE,
    WB_TEST_BOOL,
    WB_TEST_BINARY,
    WB_TEST_IP,
    WB_TEST_ARN,
    WB_TEST_NULL,
};
enum wb_relation { WB_EQ, WB_LT, WB_LE, WB_GT, WB_GE };
enum wb_quantifier { WB_ONE, WB_FOR_ALL, WB_FOR_ANY };

struct wb_network {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;       /* of 128 */
};

struct wb_expected { /* one value of a condition, compiled for its test */
    struct wb_slice text;
    struct wb_glob glob;
    struct wb_arn_glob arn;
    struct wb_network network;
    double number;
    int64_t ms;
    bool flag;
};

struct wb_condition {
    enum wb_test test;
    enum wb_relation relation;
    enum wb_quantifier quantifier;
    bool negated, if_exists;
    struct wb_slice key;
    struct wb_expected *value;
    size_t count;
};

/* Finds the operator by its name ("ForAllValues:StringLikeIfExists"). */
bool wb_condition_operator(struct wb_slice name, struct wb_condition *out);
bool wb_condition_value(struct wb_arena *a, const struct wb_condition *c, struct wb_slice text,
                        bool variables, struct wb_expected *out);
bool wb_condition_holds(const struct wb_condition *c, const struct wb_request *q);

/* --- statements --- */

enum wb_who { WB_WHO_ANYBODY, WB_WHO_ACCOUNT, WB_WHO_ARN, WB_WHO_ID, WB_WHO_SERVICE, WB_WHO_OTHER };
struct wb_who_pattern {
    enum wb_who kind;
    struct wb_slice text; /* account number, ARN, unique id, service name */
};

struct wb_statement {
    struct wb_slice sid;
    bool allow, not_principal, not_action, not_resource;
    struct wb_who_pattern *who;
    size_t who_count;
    struct wb_glob *action;
    size_t action_count;
    struct wb_arn_glob *resource; /* none: a policy that hangs on its resource */
    size_t resource_count;
    struct wb_condition *condition;
    size_t condition_count;
};

struct wb_policy {
    atomic_uint refs;
    struct wb_arena arena;
    bool resource_policy;
    unsigned keys; /* enum wb_policy_keys */
    struct wb_statement *statement;
    size_t count;
};

/* How directly a resource policy names the principal; the stronger, the higher. */
enum wb_grant {
    WB_GRANT_NONE,
    WB_GRANT_ACCOUNT, /* its account: the account's own policies decide */
    WB_GRANT_ROLE,    /* the role of the session, the user who federated */
    WB_GRANT_DIRECT,  /* the user, the session, the service, the root user itself, or everybody */
};

/* Action, resource, principal and conditions all match. *grant: how directly it names the
 * principal; direct when it is no resource policy's. */
bool wb_statement_applies(const struct wb_policy *p, const struct wb_statement *s,
                          const struct wb_request *q, enum wb_grant *grant);

#endif
