/*
 * The wire: a request becomes service + operation + one JSON document; answers and errors become
 * bytes in the same protocol. JSON 1.0 and 1.1, Query (form in, XML out), REST-JSON and REST-XML.
 * Handlers know nothing of this.
 *
 * The order in which a front uses it (the order in which AWS refuses, tables.md 3.1):
 *
 * - c zeroed; c->arena, c->engine, c->ctx.source_ip, .user_agent and .trace set;
 * - e = wb_sigv4_parse(arena, r, &sig, &why), kept, not yet reported;
 * - wb_protocol_route(services, c, r, e == WB_SIG_OK ? &sig : NULL), then
 *   c->ctx.request_id = wb_protocol_request_id(c, seam); the route false: answer;
 * - e == WB_SIG_MISSING and c->op->unsigned_ok: anonymous; else e, or wb_key_find's and
 *   wb_sigv4_verify's result, through wb_fail_signature: answer;
 * - wb_protocol_decode(c, r) false: answer;
 * - wb_validate(c), wb_failed(c): answer;
 * - authorize (wb_fail_denied), run the handler;
 * - wb_protocol_answer(c, &a), wb_http_respond.
 *
 * Calls from inside (engine `call`) skip all of this but wb_validate: they bring c->in themselves,
 * with c->protocol = WB_JSON10 and wb_out_init(&c->out, arena, false), and take wb_out_done().
 *
 * Everything lives in c->arena. Thread-safe: the set of services is immutable once made.
 */
#ifndef WB_AWS_PROTOCOL_H
#define WB_AWS_PROTOCOL_H

#include "auth/sigv4.h"
#include "aws/error.h"
#include "aws/op.h"
#include "aws/validate.h"
#include "base/seam.h"
#include "net/http_server.h"

/* Index of the operation tables. */
struct wb_services;
struct wb_services *wb_services_new(const struct wb_service *const *list); /* NULL-terminated */
void wb_services_free(struct wb_services *s);                              /* accepts NULL */
/* The name under which clients reach the server: "bucket.NAME" is a bucket. Before any thread. */
void wb_services_host(struct wb_services *s, struct wb_slice host);
/* By the folder's name ("dynamodb") and the operation's ("PutItem"); NULL when absent. */
const struct wb_service *wb_services_find(const struct wb_services *s, struct wb_slice name);
const struct wb_op *wb_service_op(const struct wb_service *s, struct wb_slice name);

/* The largest body the request may send, from its head alone (r->body is not looked at), bytes.
 * *blob: the body goes to a blob. */
int64_t wb_protocol_body_max(const struct wb_services *s, struct wb_arena *a,
                             const struct wb_sig_request *r, bool *blob);

/* Finds service and operation: the X-Amz-Target header; else Action (and Version) in a form body or
 * the query; else method and path against the REST templates; S3 by its signature's scope, by a
 * virtual host, and unsigned when nothing else fits. The signature's scope (sig may be
 * NULL) decides between services that share a name or a path. Sets c->service, c->op, c->protocol
 * and initialises c->out. False: c->error is set and wb_protocol_answer can be called (service and
 * op may be NULL). */
bool wb_protocol_route(const struct wb_services *s, struct wb_call *c,
                       const struct wb_sig_request *r, const struct wb_signature *sig);

/* A new request id in the form of the call's service: 52 of [0-9A-Z] for DynamoDB, else a uuid. */
struct wb_slice wb_protocol_request_id(const struct wb_call *c, struct wb_seam *seam);

/* Body, form or URI, query and headers into c->in (and c->payload), typed by the operation's shape.
 * False: c->error is set (SerializationException and its relatives). */
/* Of an operation with `form`, after routing: the form's fields take the place of r's headers and
 * its file that of the body; *e, *s and *why are what wb_sigv4_parse would say of its signature.
 * False: the call has failed. */
bool wb_protocol_form(struct wb_call *c, struct wb_sig_request *r, struct wb_signature *s,
                      enum wb_sig_error *e, struct wb_slice *why);

bool wb_protocol_decode(struct wb_call *c, const struct wb_sig_request *r);

/* The answer of a finished call, success or error: status, headers, body. Sets every field of *a;
 * the body lives in c->arena. */
void wb_protocol_answer(struct wb_call *c, struct wb_http_answer *a);

#endif
