/*
 * Operations as rows of a table, and the call that a handler sees.
 *
 * A handler contains only what is particular to its operation. By the time it runs, the input is
 * decoded into one JSON document (whatever the wire was), validated against the shape, and
 * authorized. It answers by writing to call->out, or by wb_fail. Check, then apply: a handler that
 * fails must not have written anything, unless its row says compound.
 */
#ifndef WB_AWS_OP_H
#define WB_AWS_OP_H

#include "auth/principal.h"
#include "aws/out.h"
#include "aws/shape.h"
#include "base/arena.h"
#include "codec/json.h"

enum wb_class {
    WB_READ,   /* point read on the loop's snapshot, at most 64 KB */
    WB_SCAN,   /* in the scan pool, with a budget, then a paging token */
    WB_WRITE,  /* a command in the writer's transaction */
    WB_ASYNC,  /* starts on the loop, is finished later by wb_call_finish (Invoke, long polls) */
    WB_STREAM, /* begins as WB_READ; its answer goes on: the handler calls wb_call_stream
                  (engine/stream.h) */
};

enum wb_protocol { WB_JSON10, WB_JSON11, WB_QUERY, WB_REST_JSON, WB_REST_XML, WB_RPC_CBOR };

struct wb_engine;
struct wb_signature; /* auth/sigv4.h */
struct wb_tx;        /* engine/tx.h */
struct wb_stream;    /* engine/stream.h */
struct wb_call;

/* Names what an operation needs to be allowed: wb_call_resource, wb_call_also, wb_call_pass_role.
 * NULL in the table = its own action on "*". */
typedef void wb_resource_fn(struct wb_call *call);
typedef void wb_handler_fn(struct wb_call *call);

struct wb_op {
    const char *name; /* "PutItem" */
    enum wb_class class;
    const struct wb_shape *input; /* a WB_STRUCTURE */
    /* REST: "POST /2015-03-31/functions/{FunctionName}/invocations". REST-XML also says which query
     * parameters (with this value, or any) and which header (beginning so, or any) tell it apart:
     * "GET /{Bucket}?list-type=2", "PUT /{Bucket}/{Key+}?partNumber&uploadId x-amz-copy-source",
     * "POST /{Bucket} content-type=multipart/form-data". The template that says most wins. */
    const char *http;
    int status;         /* success status, 0 = 200 */
    const char *action; /* IAM: "dynamodb:PutItem"; NULL = "<signing name>:<op name>" */
    wb_resource_fn *resources;
    /* Optional: the values of condition_keys, with wb_call_condition. Runs only when a policy that
     * counts asks for a service's key; call->tx may be read. The tags in a member Tags or TagKeys
     * need not be named, they are found by their form. */
    wb_resource_fn *conditions;
    wb_handler_fn
        *prepare; /* optional, on the loop before a WB_WRITE: parse and normalize; may fail the
                     call; leaves call->prepared. Must tolerate being run again. */
    int64_t prepare_apart; /* of a body with at least so many bytes prepare takes long: it runs in
                              the scan pool. 0 = never */
    wb_handler_fn *handler;
    bool compound;    /* runs in a nested transaction, so it may fail after writing */
    bool unsigned_ok; /* may be called without a signature (SNS confirmation links) */
    int64_t body_max; /* bytes, 0 = WB_HTTP_BODY_MAX */
    /* Query: name of the result element, NULL = "<op>Result"; "" = none. REST-XML: the root; NULL =
     * no body; "" = the one member that is written is the root (LocationConstraint, Tagging). */
    const char *answer;
    const char *const *condition_keys; /* IAM condition keys besides the global ones,
                                          NULL-terminated; documentation and check */
    bool always_allowed; /* needs a principal but no permission (STS GetCallerIdentity) */
    bool data;           /* CloudTrail calls it a data event: not in the audit log unless denied */
    bool audit; /* changes nothing and is in the audit log all the same: it gives credentials */
    const char *event_name; /* CloudTrail's, when it differs ("CreateFunction20150331") */
    bool body_blob;         /* the body goes to a file while it arrives; call->blob tells of it */
    bool
        form; /* S3's POST: comes as multipart/form-data with its signature inside (aws/form_post.c)
               */
    bool needs_apart; /* a need that is denied does not refuse the call: the handler leaves out what
                         call->need[i].denied tells, and answers so (DeleteObjects) */
    bool creates;     /* what it names is the caller's, whoever has it now (CreateBucket) */
    bool traces; /* puts the X-Ray segments of its sampled calls itself: call->traced says so */
    bool owner_always; /* the root of the owner's account may, whatever the resource's policy says
                        */
};

/* A body that was received as a blob (engine/blob.h): checked against the signature and against
 * every checksum the request declares, header or trailer, before the handler sees it. */
struct wb_body_blob {
    struct wb_slice name;
    int64_t size; /* of the decoded body, bytes */
    uint8_t md5[16], sha256[32], sha1[20], crc64nvme[8];
    uint8_t crc32[4], crc32c[4];          /* network order, as their base64 on the wire */
    bool has_sha1, has_crc32, has_crc32c, /* computed because the request declares them */
        has_crc64nvme, has_sha256;        /* md5 always is */
};

/* A part of an answer's body that lies in a blob. */
struct wb_piece {
    struct wb_slice blob;
    int64_t offset, size;
};

/* A modelled error's name in the JSON protocols and its code in Query. */
struct wb_code {
    const char *name, *query;
};

struct wb_service {
    const char *name;         /* "dynamodb": folder, docs */
    const char *title;        /* "Amazon DynamoDB" */
    const char *signing_name; /* of the credential scope: "dynamodb", "events", "lambda" */
    const char *model;        /* botocore's folder: "dynamodb", "events" */
    enum wb_protocol protocol;
    const char *target;  /* X-Amz-Target prefix: "DynamoDB_20120810"; NULL = no JSON protocol */
    const char *version; /* "2010-03-31"; with xmlns, Query is spoken as well as `protocol` */
    const char *xmlns;
    const char *type_prefix; /* of __type for modelled errors: "com.amazonaws.dynamodb.v20120810#",
                                "" = none */
    bool cbor;               /* rpc-v2-cbor is spoken as well; `target` names the service */
    bool crc32;              /* x-amz-crc32 header */
    bool values_hidden;      /* validation's messages do not print what was given */
    wb_handler_fn *enter; /* optional, before a client's call is authorized, call->tx may be read:
                             may refuse it, may set headers that belong to every answer */
    bool anonymous;       /* unsigned requests are let in as nobody: a resource's policy decides */
    bool global;          /* not of a region (IAM, STS): its audit records are us-east-1's */
    const struct wb_op *op;
    size_t op_count;
    /* How X-Ray draws a call: as the resource that this member of the input names, of this origin,
     * told under this key ("AWS::DynamoDB::Table", "TableName", "table_name"). NULL: as the
     * service.
     */
    const char *trace_origin, *trace_member, *trace_key;
    /* Codes of errors that every service names in its own way; NULL = the protocol's usual one. */
    const char *denied_code;     /* AccessDeniedException; Query: AccessDenied */
    const char *throttle_code;   /* ThrottlingException; REST: TooManyRequestsException; Query:
                                    Throttling */
    const char *internal_code;   /* InternalServerError; REST: ServiceException; Query:
                                    InternalFailure */
    const char *validation_code; /* ValidationException; Query: ValidationError */
    const struct wb_code *code;  /* handlers use names; the end has none. NULL: they are the same */
    const char *usage;    /* the dimension Service of AWS/Usage; NULL: AWS documents none for it */
    const char *usage_ns; /* where calls, errors and throttles are counted as well, or NULL */
    /* Optional: counts a client's call that is about to be answered, successful or refused at any
     * stage (c->in may be missing), on the loop; and another service's call that failed, when what
     * it is a part of is durable (ms is 0 then). There is no transaction. */
    void (*ended)(struct wb_call *c, double ms);
};

/* Where a request came from and what it belongs to; travels with every command and work row. */
struct wb_ctx {
    struct wb_principal principal;
    struct wb_slice account, region; /* scope: of the credential, of the signature */
    struct wb_slice request_id;
    struct wb_slice trace;     /* X-Amzn-Trace-Id: "Root=1-..;Parent=..;Sampled=1", or null */
    struct wb_slice source_ip; /* null inside */
    struct wb_slice user_agent;
    unsigned depth;  /* hops so far */
    bool unrecorded; /* the server prepares an account: nobody's act, not in the audit log */
};
struct wb_slice wb_ctx_pack(struct wb_arena *a, const struct wb_ctx *c);
bool wb_ctx_unpack(struct wb_slice s, struct wb_ctx *out);

/* An AWS error: a value, made once, encoded at one place. */
struct wb_error {
    const char *code; /* NULL = none. "ResourceNotFoundException" */
    struct wb_slice message;
    int status;
    struct wb_slice extra; /* more JSON members ("\"Item\":{...}") or null */
};

/* One permission a call needs. */
struct wb_need {
    struct wb_slice action, resource; /* "dynamodb:PutItem", an ARN or "*" */
    struct wb_pair *condition;        /* keys that are this resource's own */
    size_t condition_count;
    struct wb_slice denied; /* of an op with needs_apart: why not; null: allowed */
};

struct wb_denial; /* engine/audit.h */

struct wb_call {
    const struct wb_service *service;
    const struct wb_op *op;
    struct wb_engine *engine;
    struct wb_ctx ctx;
    struct wb_arena *arena; /* the request's */
    struct wb_json in;
    struct wb_slice payload; /* raw body of an operation whose input has a WB_IN_PAYLOAD blob */
    const struct wb_body_blob *blob; /* of an operation with body_blob; NULL: it had no body */
    struct wb_out out;
    struct wb_error error;
    struct wb_tx *tx;       /* a snapshot (reads, prepare) or the command's transaction */
    void *prepared;         /* what prepare left for the handler */
    int status;             /* overrides op->status when not 0 */
    struct wb_pair *header; /* answer headers of REST operations; REST-XML: of errors, too */
    size_t header_count;
    size_t header_kept;         /* of these: set by service->enter, they belong to every answer */
    struct wb_slice raw_answer; /* when not null: sent as the body as it is (Invoke's payload) */
    struct wb_slice hold;       /* wb_call_hold */
    struct wb_piece *piece;     /* the answer's body, in order, instead of raw_answer */
    size_t piece_count;
    struct wb_stream *stream; /* the answer goes on */
    struct wb_need *need;     /* what authorization asks for */
    size_t need_count;
    struct wb_pair *condition; /* context keys of the whole call */
    size_t condition_count;
    struct wb_denial *denial; /* set when authorization refused */
    bool traced;              /* has its X-Ray segment, or gets it from the front */
    bool tls;                 /* came over TLS: aws:SecureTransport */
    const char *tls_version, *tls_cipher;
    struct wb_slice host;                 /* as the client named the server */
    struct wb_slice method, origin;       /* of the HTTP request; origin: the page's, or null */
    const struct wb_signature *signature; /* NULL: there is none */
    struct wb_pair *field;                /* of an operation that comes as a form, as they came */
    size_t field_count;
    enum wb_protocol protocol; /* of this request: decides how the answer is written */
    bool query_mode;           /* the client asked for Query's error codes (x-amzn-query-mode) */
    void *wire;                /* private to aws/protocol: path labels, form fields */
    void *front;               /* private to the engine's front */
};

/* Sets the error; the first one stays. status 0 = 400. */
void wb_fail(struct wb_call *c, const char *code, int status, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static inline bool wb_failed(const struct wb_call *c)
{
    return c->error.code != NULL;
}
void wb_call_header(struct wb_call *c, const char *name, struct wb_slice value);
/* The operation's own action: the table's, or "<signing name>:<operation>". */
struct wb_slice wb_call_action(const struct wb_call *c);
/* The operation's own action on this resource; once for each resource it touches. */
void wb_call_resource(struct wb_call *c, struct wb_slice arn);
/* Another action that the call needs as well ("sns:TagResource" when CreateTopic has tags). */
void wb_call_also(struct wb_call *c, const char *action, struct wb_slice arn);
/* The call hands a role to a service: iam:PassRole with iam:PassedToService. A null role passes
 * nothing. */
void wb_call_pass_role(struct wb_call *c, struct wb_slice role_arn, const char *service);
/* A context key of the whole call, or of need number `need` only. A key with several values is
 * added once for each. */
void wb_call_condition(struct wb_call *c, const char *key, struct wb_slice value);
void wb_need_condition(struct wb_call *c, size_t need, const char *key, struct wb_slice value);
/* Input members: null slice / otherwise when absent. */
struct wb_slice wb_in_str(struct wb_call *c, const char *name);
int64_t wb_in_i64(struct wb_call *c, const char *name, int64_t otherwise);
bool wb_in_bool(struct wb_call *c, const char *name, bool otherwise);
/* WB_JSON_NONE when absent or null: they mean the same on the wire. */
static inline struct wb_json wb_in(struct wb_call *c, const char *name)
{
    struct wb_json v = wb_json_get(c->in, name);
    return wb_json_type(v) == WB_JSON_NULL ? WB_JSON_NONE : v;
}

#endif
