/*
 * Resource types. A type is one entry in types.c and one file under types/: its properties with
 * what their change means, and what creates, updates, deletes and reads it.
 *
 * A handler only calls operations, through wb_cfn_call, as the principal of the deployment: what it
 * may do is what that principal may do, and what it makes is what a client would have made. It runs
 * in the writer, inside a transaction of its own: a handler that fails leaves nothing behind.
 * Whatever takes longer than a command answers WB_CFN_AGAIN or WB_CFN_WAIT and is called again,
 * with its state, perhaps after a restart; so a handler must do the right thing when its call is
 * the second.
 */
#ifndef WB_CFN_TYPE_H
#define WB_CFN_TYPE_H

#include "aws/op.h"
#include "engine/tx.h"

enum wb_cfn_result {
    WB_CFN_DONE,
    WB_CFN_FAILED, /* r->error says why */
    WB_CFN_AGAIN,  /* call again after r->after_ms, with r->state */
    WB_CFN_WAIT,   /* call again when wb_cfn_answer came, or at r->deadline_ms */
};

enum wb_cfn_update { /* what a property's change means (the resource reference's "Update requires")
                      */
                     WB_CFN_IN_PLACE, /* no interruption, or some */
                     WB_CFN_REPLACEMENT,
                     WB_CFN_CONDITIONAL, /* the type's `replaces` decides */
                     WB_CFN_NEVER,       /* updates are not supported: the deployment fails */
};

enum wb_cfn_kind {
    WB_CFN_STRING,
    WB_CFN_INTEGER,
    WB_CFN_DOUBLE,
    WB_CFN_BOOLEAN,
    WB_CFN_LIST,
    WB_CFN_OBJECT,
    WB_CFN_JSON /* object, or text of one */
};

struct wb_cfn_property {
    const char *name; /* NULL ends the list */
    enum wb_cfn_kind kind;
    bool required;
    enum wb_cfn_update update;
    bool secret; /* not read back, not compared for drift */
};

/* One resource of one deployment, as its type sees it. Slices live in tx->arena. */
struct wb_cfn_resource {
    struct wb_tx *tx;
    const struct wb_ctx *ctx;     /* of the deployment: its principal, account, region */
    const struct wb_cfn_type *of; /* its type's entry */
    struct wb_slice stack_name, stack_id, logical_id, type;
    struct wb_slice token;     /* the same for all calls of one create, update or delete: for
                                  generated names and idempotency */
    struct wb_json properties; /* resolved; checked by wb_cfn_check */
    struct wb_json before;     /* update: those of the last deployment */
    const struct wb_pair *tag; /* of the stack, for resources that take tags */
    size_t tag_count;
    const struct wb_pair *before_tag; /* update: the stack's tags at the last deployment */
    size_t before_tag_count;
    struct wb_slice physical_id;   /* update, delete, read: which; create sets it: what Ref gives
                                      unless the type has `ref` */
    struct wb_slice attributes;    /* JSON object of GetAtt's values; create and update set it */
    struct wb_slice state;         /* the handler's own between two calls; null at the first */
    int64_t after_ms, deadline_ms; /* AGAIN: a time from now; WAIT: engine time */
    struct wb_slice live;          /* read sets it: the properties as they are, JSON object */
    struct wb_error error;         /* the call that failed, or wb_cfn_fail's */
    const char *service;           /* whose call failed ("sns"); NULL: the handler's own refusal */
};

struct wb_cfn_type {
    const char *name;                       /* "AWS::SNS::Topic" */
    const struct wb_cfn_property *property; /* NULL: any (custom resources) */
    const char *name_property;    /* the physical name, generated when absent (wb_cfn_name) */
    const char *identifier;       /* what names an existing one for an import; its value is the
                                     physical id. NULL: cannot be imported */
    const char *const *attribute; /* names GetAtt knows, NULL-terminated; "*" = any */
    enum wb_cfn_result (*create)(struct wb_cfn_resource *r);
    enum wb_cfn_result (*update)(struct wb_cfn_resource *r); /* NULL: every change replaces */
    enum wb_cfn_result (*delete)(struct wb_cfn_resource *r); /* absent already is success */
    /* Sets live, and attributes as create does. NULL: drift is not supported. Fails with
     * wb_cfn_absent when it is gone. */
    enum wb_cfn_result (*read)(struct wb_cfn_resource *r);
    bool (*replaces)(const struct wb_cfn_resource *r, struct wb_slice property);
    struct wb_slice (*ref)(const struct wb_cfn_resource *r); /* when Ref is not the physical id */
    bool iam;                                                /* making one needs CAPABILITY_IAM */
};

/* By the name in a template; "Custom::..." and "AWS::CloudFormation::CustomResource" are one. NULL:
 * there is no such type here. */
const struct wb_cfn_type *wb_cfn_type_find(struct wb_slice name);
const struct wb_cfn_type *const *wb_cfn_types(void); /* NULL-terminated, sorted by name */

/* Properties against the type's list: unknown ones, missing ones, wrong kinds. False with *why.
 * `resolved` false: as in the template, where an object with one key "Ref" or "Fn::..." may stand
 * for anything; only names and plain values are looked at. */
bool wb_cfn_check(struct wb_arena *a, const struct wb_cfn_type *t, struct wb_slice logical_id,
                  struct wb_json properties, bool resolved, struct wb_slice *why);
/* The same value to CloudFormation: order of keys does not count, and "5" is 5, "true" is true. */
bool wb_cfn_same(struct wb_json a, struct wb_json b);
/* What the changes from r->before to r->properties mean: the gravest of the changed properties.
 * WB_CFN_IN_PLACE also when nothing differs. WB_CFN_CONDITIONAL never comes out: it is decided. */
enum wb_cfn_update wb_cfn_change(const struct wb_cfn_resource *r);

/* In a command: ends the WB_CFN_WAIT of the create, update or delete with this token; its handler
 * is called again at once, with the answer. False: nobody waits (any more). */
bool wb_cfn_answer(struct wb_tx *tx, struct wb_slice stack_id, struct wb_slice logical_id,
                   struct wb_slice token, struct wb_slice answer);

/* --- for handlers --- */

/* An operation of a service ("dynamodb", "CreateTable"), input as JSON text. Scalars become what
 * the operation's shape wants ("5" a number, true a text), because templates are free with them; a
 * member that the shape does not know fails the call. False: r->error is set. The answer is
 * parsed. */
bool wb_cfn_call(struct wb_cfn_resource *r, const char *service, const char *operation,
                 struct wb_slice input, struct wb_json *answer);
bool wb_cfn_error_is(const struct wb_cfn_resource *r, const char *code); /* of the last call */
enum wb_cfn_result wb_cfn_fail(struct wb_cfn_resource *r, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum wb_cfn_result wb_cfn_absent(struct wb_cfn_resource *r);
/* The name in name_property, or STACK-LOGICALID-RANDOM of at most max characters: the same for the
 * same token. */
struct wb_slice wb_cfn_name(struct wb_cfn_resource *r, size_t max, bool lower_case);

#endif
