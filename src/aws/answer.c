/*
 * From a finished call to the bytes of its answer. One place knows how each protocol words success
 * and failure.
 */
#include "aws/protocol.h"
#include "aws/wire.h"
#include "base/crc.h"
#include "codec/cbor.h"
#include "codec/text.h"

#define ANSWER_HEADERS 8 /* besides the operation's */

struct writer {
    struct wb_call *c;
    struct wb_pair *header;
    size_t count;
};

static void add(struct writer *w, const char *name, struct wb_slice value)
{
    w->header[w->count++] = (struct wb_pair){wb_slice_str(name), value};
}

static struct wb_slice content_type(enum wb_protocol p)
{
    switch (p) {
    case WB_JSON10:
        return WB_S("application/x-amz-json-1.0");
    case WB_JSON11:
        return WB_S("application/x-amz-json-1.1");
    case WB_QUERY:
        return WB_S("text/xml");
    case WB_REST_XML:
        return WB_S("application/xml");
    case WB_RPC_CBOR:
        return WB_S("application/cbor");
    case WB_REST_JSON:
        break;
    }
    return WB_S("application/json");
}

/* --- JSON errors --- */

/* Errors that AWS's front door makes, whatever the service, have its own name space in __type
 * (recorded from DynamoDB; tables.md 3.2). */
static const char *type_prefix(const struct wb_call *c)
{
    static const char *const coral[] = {
        "SerializationException",       "UnknownOperationException",
        "IncompleteSignatureException", "MissingAuthenticationTokenException",
        "InvalidSignatureException",    "UnrecognizedClientException",
        "AccessDeniedException",        "ExpiredTokenException"};
    const char *own = c->service ? c->service->type_prefix : NULL;
    if (!own || !own[0])
        return "";
    for (size_t i = 0; i < sizeof coral / sizeof *coral; i++)
        if (strcmp(c->error.code, coral[i]) == 0)
            return "com.amazon.coral.service#";
    if (strcmp(c->error.code, "ValidationException") == 0)
        return "com.amazon.coral.validate#";
    if (strcmp(c->error.code, "ThrottlingException") == 0)
        return "com.amazon.coral.availability#";
    return own;
}

/* The front door's older errors spell the member with a capital. */
static bool is_capital(const struct wb_call *c)
{
    return strcmp(c->error.code, "SerializationException") == 0 ||
           strcmp(c->error.code, "AccessDeniedException") == 0;
}

/* More members, given without their braces. */
static void put_extra(struct wb_buf *b, struct wb_slice extra)
{
    if (extra.n) {
        wb_buf_char(b, ',');
        wb_buf_slice_put(b, extra);
    }
}

static struct wb_slice json_error(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "__type", wb_printf(c->arena, "%s%s", type_prefix(c), c->error.code));
    if (c->error.message.p)
        wb_jw_kstr(&w, is_capital(c) ? "Message" : "message", c->error.message);
    put_extra(&b, c->error.extra);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* Modelled errors of REST services have a Type; the front door's have not. */
static bool is_front_door(const struct wb_call *c)
{
    static const char *const codes[] = {
        "ValidationException",          "UnrecognizedClientException",
        "IncompleteSignatureException", "MissingAuthenticationTokenException",
        "InvalidSignatureException",    "UnknownOperationException",
        "ExpiredTokenException",        "AccessDeniedException",
        "SerializationException"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(c->error.code, codes[i]) == 0)
            return true;
    return false;
}

static struct wb_slice rest_error(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    bool front_door = is_front_door(c);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    if (!front_door)
        wb_jw_kcstr(&w, "Type", c->error.status < 500 ? "User" : "Service");
    wb_jw_kstr(&w, front_door && !is_capital(c) ? "message" : "Message", c->error.message);
    put_extra(&b, c->error.extra);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- XML --- */

/* Query's code of the error. */
static const char *query_code(const struct wb_call *c)
{
    const struct wb_code *code = c->service ? c->service->code : NULL;
    while (code && code->name && strcmp(code->name, c->error.code) != 0)
        code++;
    return code && code->name ? code->query : c->error.code;
}

static void open_root(struct wb_buf *b, const struct wb_call *c, const char *name,
                      const char *suffix)
{
    wb_buf_char(b, '<');
    wb_buf_str(b, name);
    wb_buf_str(b, suffix);
    if (c->service && c->service->xmlns)
        wb_buf_printf(b, " xmlns=\"%s\"", c->service->xmlns);
    wb_buf_str(b, ">\n");
}

static struct wb_slice xml_error(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    open_root(&b, c, "ErrorResponse", "");
    wb_buf_printf(&b, "  <Error>\n    <Type>%s</Type>\n    <Code>%s</Code>\n    <Message>",
                  c->error.status < 500 ? "Sender" : "Receiver", query_code(c));
    wb_xml_text(&b, c->error.message.p ? c->error.message : WB_S(""));
    wb_buf_printf(&b, "</Message>\n  </Error>\n  <RequestId>%.*s</RequestId>\n</ErrorResponse>\n",
                  WB_FMT(c->ctx.request_id));
    return wb_buf_slice(&b);
}

static struct wb_slice xml_answer(struct wb_call *c)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_slice members = wb_out_done(&c->out);
    const char *op = c->op->name, *result = c->op->answer;
    wb_buf_reserve(&b, members.n + 512);
    open_root(&b, c, op, "Response");
    if (!result || result[0]) {
        const char *name = result ? result : op, *suffix = result ? "" : "Result";
        wb_buf_printf(&b, "  <%s%s>", name, suffix);
        wb_buf_slice_put(&b, members);
        wb_buf_printf(&b, "</%s%s>\n", name, suffix);
    }
    wb_buf_printf(&b,
                  "  <ResponseMetadata>\n    <RequestId>%.*s</RequestId>\n  </ResponseMetadata>\n"
                  "</%sResponse>\n",
                  WB_FMT(c->ctx.request_id), op);
    return wb_buf_slice(&b);
}

/* --- */

static void add_headers(struct writer *w, struct wb_http_answer *a)
{
    struct wb_call *c = w->c;
    for (size_t i = 0; i < c->header_count; i++) {
        if (wb_slice_ieq(c->header[i].name, WB_S("content-type")))
            a->content_type = c->header[i].value;
        else
            w->header[w->count++] = c->header[i];
    }
}

static void error_answer(struct writer *w, struct wb_http_answer *a)
{
    struct wb_call *c = w->c;
    a->status = c->error.status;
    if (c->protocol == WB_QUERY) {
        a->body = xml_error(c);
        return;
    }
    if (c->protocol == WB_REST_XML) {
        add_headers(w, a);
        a->content_type = content_type(c->protocol);
        a->body = wb_wire_xml_error(c);
        return;
    }
    if (c->query_mode)
        add(w, "x-amzn-query-error",
            wb_printf(c->arena, "%s;%s", query_code(c),
                      c->error.status < 500 ? "Sender" : "Receiver"));
    if (c->protocol == WB_REST_JSON) {
        add(w, "x-amzn-ErrorType", wb_slice_str(c->error.code));
        a->body = rest_error(c);
    } else {
        a->body = json_error(c);
    }
}

static void success_answer(struct writer *w, struct wb_http_answer *a)
{
    struct wb_call *c = w->c;
    a->status = c->status ? c->status : c->op->status ? c->op->status : 200;
    if (c->piece_count)
        a->content_type = WB_S("binary/octet-stream");
    add_headers(w, a);
    if (c->raw_answer.p) {
        a->body = c->raw_answer;
        if (a->body.n == 0)
            a->content_type = WB_SLICE_NULL;
    } else if (a->status == 204) {
        a->content_type = WB_SLICE_NULL;
    } else if (c->piece_count) {
        return; /* the front sends them */
    } else if (c->protocol == WB_REST_XML) {
        a->body = wb_wire_xml_answer(c);
        if (a->body.n == 0)
            a->content_type = WB_SLICE_NULL;
    } else {
        a->body = c->protocol == WB_QUERY ? xml_answer(c) : wb_out_done(&c->out);
    }
}

void wb_protocol_answer(struct wb_call *c, struct wb_http_answer *a)
{
    struct writer w = {c, wb_new_n(c->arena, struct wb_pair, c->header_count + ANSWER_HEADERS), 0};
    *a = (struct wb_http_answer){.content_type = content_type(c->protocol)};
    if (c->protocol == WB_REST_XML) {
        add(&w, "x-amz-request-id", c->ctx.request_id);
        add(&w, "x-amz-id-2", wb_base64_encode(c->arena, c->ctx.request_id));
    } else {
        add(&w, "x-amzn-RequestId", c->ctx.request_id);
    }
    if (wb_failed(c))
        error_answer(&w, a);
    else
        success_answer(&w, a);
    if (c->service && c->service->crc32) {
        struct wb_buf sum = wb_buf_in(c->arena);
        wb_buf_u64(&sum, wb_crc32(0, a->body.p, a->body.n));
        add(&w, "x-amz-crc32", wb_buf_slice(&sum));
    }
    if (c->protocol == WB_RPC_CBOR) {
        add(&w, "smithy-protocol", WB_S("rpc-v2-cbor"));
        a->body = wb_cbor_from_json(c->arena, wb_json_read(c->arena, a->body, NULL));
    }
    a->header = w.header;
    a->header_count = w.count;
}
