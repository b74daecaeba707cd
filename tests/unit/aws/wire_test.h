/*
 * For tests of services and of the protocol layer: a request in, a call (or its answer) out,
 * without sockets, signatures or an engine.
 *
 *   struct wire_request q = {.method = "POST", .path = "/", .headers = {"X-Amz-Target", "T.Op"},
 *                            .body = "{}"};
 *   struct wb_call c;
 *   if (wire_call(&c, arena, services, &q)) ...   decoded and valid: c.in is the document
 *   struct wb_http_answer a;  wb_protocol_answer(&c, &a);
 */
#ifndef WB_TESTS_UNIT_AWS_WIRE_TEST_H
#define WB_TESTS_UNIT_AWS_WIRE_TEST_H

#include "aws/protocol.h"

struct wire_request {
    const char *method, *path, *query;
    const char *headers[16]; /* name, value, ..., NULL */
    const char *body;
    const char *scope; /* service name of the signature's scope; NULL = unsigned */
};

/* Routes, decodes and validates. False: c->error tells which of them refused. */
static inline bool wire_call(struct wb_call *c, struct wb_arena *a, const struct wb_services *s,
                             const struct wire_request *q)
{
    struct wb_pair *header = wb_new_n(a, struct wb_pair, 8);
    struct wb_signature sig = {.service = wb_slice_str(q->scope)};
    struct wb_sig_request r = {.method = wb_slice_str(q->method),
                               .path = wb_slice_str(q->path),
                               .query = wb_slice_str(q->query),
                               .header = header,
                               .body = wb_slice_str(q->body)};
    for (size_t i = 0; q->headers[i]; i += 2)
        header[r.header_count++] =
            (struct wb_pair){wb_slice_str(q->headers[i]), wb_slice_str(q->headers[i + 1])};
    *c = (struct wb_call){.arena = a};
    c->ctx.request_id = WB_S("11111111-2222-4333-8444-555555555555");
    if (!wb_protocol_route(s, c, &r, q->scope ? &sig : NULL) || !wb_protocol_decode(c, &r))
        return false;
    wb_validate(c);
    return !wb_failed(c);
}

/* The text of the decoded document. */
static inline const char *wire_in(struct wb_call *c)
{
    return wb_dup_cstr(c->arena, wb_json_raw(c->in));
}

static inline const char *wire_header(const struct wb_http_answer *a, struct wb_arena *arena,
                                      const char *name)
{
    for (size_t i = 0; i < a->header_count; i++)
        if (wb_slice_ieq(a->header[i].name, wb_slice_str(name)))
            return wb_dup_cstr(arena, a->header[i].value);
    return NULL;
}

#endif
