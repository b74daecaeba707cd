/*
 * A small AWS client for functions and tools written in C: signs (Signature Version 4), sends,
 * retries. Over libcurl, one keep-alive connection; a client belongs to one thread.
 *
 * Configuration comes from where every SDK takes it: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION (or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL_<SERVICE>,
 * AWS_ENDPOINT_URL; without an endpoint https://SERVICE.REGION.amazonaws.com.
 */
#ifndef WAYBILL_AWS_H
#define WAYBILL_AWS_H

#include "base/arena.h"
#include "codec/json.h"

struct wb_aws;

struct wb_aws_options {
    const char *endpoint; /* NULL = from the environment */
    const char *region, *key_id, *secret, *token;
    int attempts;       /* 0 = 4 */
    int64_t timeout_ms; /* of one attempt, 0 = 30 s */
};

/* NULL with *why (static text) when there are no credentials. */
struct wb_aws *wb_aws_new(const struct wb_aws_options *o, const char **why);
void wb_aws_free(struct wb_aws *c); /* accepts NULL */

struct wb_aws_answer {
    int status;           /* HTTP status; 0 = no answer came: see message */
    bool ok;              /* 2xx */
    bool transient;       /* worth another try later: no answer, 5xx, throttling */
    struct wb_slice code; /* of an error: "ConditionalCheckFailedException"; null slice when ok */
    struct wb_slice message;
    struct wb_slice body;
    struct wb_json json; /* the body, when it is JSON */
};

/* JSON protocols. service = "dynamodb", "events", "logs", "waybill"...; operation = its name.
 * Slices of the answer live in the arena. */
bool wb_aws_json(struct wb_aws *c, struct wb_arena *a, const char *service, const char *operation,
                 struct wb_slice input, struct wb_aws_answer *out);
/* An answer that goes on (StartLiveTail): pieces of a 2xx body are handed over as they come, until
 * the server ends it, `piece` says false, or nothing came for silence_s. Tried once. True: it
 * began, and out->message says why it ended when that was no clean end. */
bool wb_aws_stream(struct wb_aws *c, struct wb_arena *a, const char *service, const char *operation,
                   struct wb_slice input, bool (*piece)(void *arg, struct wb_slice bytes),
                   void *arg, int silence_s, struct wb_aws_answer *out);
/* Query protocol (sns, sts, iam): parameters as they go into the form. The answer is XML; see
 * wb_aws_xml. */
bool wb_aws_query(struct wb_aws *c, struct wb_arena *a, const char *service, const char *version,
                  const char *action, const struct wb_pair *param, size_t count,
                  struct wb_aws_answer *out);
/* REST (lambda): path as sent, body JSON or empty. */
bool wb_aws_rest(struct wb_aws *c, struct wb_arena *a, const char *service, const char *method,
                 const char *path, struct wb_slice body, struct wb_aws_answer *out);
/* Text of the first element of that name in an XML answer; the null slice when there is none. */
struct wb_slice wb_aws_xml(struct wb_arena *a, struct wb_slice xml, const char *element);
/* A plain GET without signature (confirmation links). */
bool wb_aws_get(struct wb_aws *c, struct wb_arena *a, const char *url, struct wb_aws_answer *out);

/* The signature alone (header form): appends Authorization and the x-amz-* headers it needs, as
 * "Name: value" strings. */
struct wb_sign {
    struct wb_slice method, path, query, host, service, region, key_id, secret, token, body;
    const struct wb_pair *header; /* further headers to sign, names in lower case */
    size_t header_count;
    int64_t now_ms;
};
size_t wb_sign_headers(struct wb_arena *a, const struct wb_sign *s, struct wb_pair out[4]);

#endif
