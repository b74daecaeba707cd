/*
 * One service calling another.
 */
#include "codec/text.h"
#include "engine/blob.h"
#include "engine/identity.h"
#include "engine/internal.h"

/* A member that is a body on the wire is the call's payload here, too. */
static void take_payload(struct wb_call *c)
{
    for (const struct wb_member *m = c->op->input->member; m && m->name; m++) {
        struct wb_slice text = WB_SLICE_NULL;
        if (m->where != WB_IN_PAYLOAD)
            continue;
        if (m->shape->kind == WB_STRING)
            c->payload = wb_in_str(c, m->name);
        else if (m->shape->kind == WB_BLOB && (text = wb_in_str(c, m->name)).n &&
                 !wb_base64_decode(c->arena, text, &c->payload))
            wb_fail(c, "SerializationException", 400, "%s is not valid base64", m->name);
    }
}

static void run(struct wb_call *c)
{
    take_payload(c);
    if (!wb_failed(c) && c->op->prepare)
        c->op->prepare(c);
    if (!wb_failed(c))
        c->op->handler(c);
}

static void run_write(struct wb_call *c)
{
    struct wb_tx *tx = c->tx;
    struct wb_nest n;
    assert(tx->writes);
    wb_tx_nest(tx, &n);
    if (wb_audit_wanted(c))
        wb_audit_keep(c);
    if (tx->status == WB_STORE_OK)
        run(c);
    wb_tx_unnest(tx, &n, !wb_failed(c));
}

const struct wb_op *wb_call_op(const struct wb_engine *e, const char *service,
                               const char *operation)
{
    const struct wb_service *s = wb_services_find(e->services, wb_slice_str(service));
    const struct wb_op *op = s ? wb_service_op(s, wb_slice_str(operation)) : NULL;
    return op && op->class != WB_ASYNC && op->class != WB_STREAM ? op : NULL;
}

/* --- a call that failed is counted, when what it is a part of stands --- */

static void ended(struct wb_engine *e, void *arg)
{
    struct wb_call *c = arg;
    c->service->ended(c, 0);
}

static void count_failed(struct wb_call *c)
{
    if (!c->tx->writes) {
        ended(c->engine, c);
        return;
    }
    struct wb_call *copy = wb_new(c->arena, struct wb_call);
    *copy = *c;
    copy->tx = NULL;
    wb_tx_after(c->tx, ended, copy);
}

/* The whole of it; what the handler left is in *call. */
static bool call_service(struct wb_tx *tx, const struct wb_ctx *ctx, const char *service,
                         const char *operation, struct wb_slice input, struct wb_call *call,
                         struct wb_slice *answer, struct wb_error *err)
{
    *call = (struct wb_call){.engine = tx->engine, .arena = tx->arena, .ctx = *ctx, .tx = tx};
    call->service = wb_services_find(tx->engine->services, wb_slice_str(service));
    call->op = wb_call_op(tx->engine, service, operation);
    call->protocol = WB_JSON10;
    *answer = WB_SLICE_NULL;
    if (!call->op) {
        *err = (struct wb_error){.code = "UnknownOperationException",
                                 .message = wb_printf(tx->arena, "%s:%s", service, operation),
                                 .status = 400};
        return false;
    }
    wb_out_init(&call->out, tx->arena, false);
    struct wb_json_error why;
    call->in = wb_json_read(tx->arena, input, &why);
    if (wb_json_type(call->in) != WB_JSON_OBJECT)
        wb_fail(call, "SerializationException", 400, "The input is not a JSON object");
    if (!wb_failed(call) && wb_validate_types(call))
        wb_validate(call);
    bool asked = !wb_failed(call);
    if (asked)
        wb_call_authorize(call, tx);
    if (!wb_failed(call) && call->op->class == WB_WRITE)
        run_write(call);
    else if (!wb_failed(call))
        run(call);
    if (!wb_failed(call) && tx->status != WB_STORE_OK)
        wb_fail_internal(call);
    if (tx->writes && asked && wb_audit_wanted(call))
        wb_audit_call(tx, call);
    if (wb_failed(call)) {
        if (call->service->ended)
            count_failed(call);
        *err = call->error;
        return false;
    }
    *answer = call->raw_answer.p ? call->raw_answer : wb_out_done(&call->out);
    return true;
}

bool wb_call_service(struct wb_tx *tx, const struct wb_ctx *ctx, const char *service,
                     const char *operation, struct wb_slice input, struct wb_slice *answer,
                     struct wb_error *err)
{
    struct wb_call c;
    return call_service(tx, ctx, service, operation, input, &c, answer, err);
}

/* --- an object of S3 --- */

static bool read_pieces(const struct wb_call *c, size_t max, struct wb_slice *bytes,
                        struct wb_error *err)
{
    struct wb_slice *part = wb_new_n(c->arena, struct wb_slice, c->piece_count + 1);
    size_t size = 0;
    for (size_t i = 0; i < c->piece_count; i++) {
        const struct wb_piece *p = &c->piece[i];
        if ((uint64_t)p->size > max - size) {
            *err = (struct wb_error){.code = "EntityTooLarge",
                                     .message = wb_printf(c->arena,
                                                          "The object is larger than the allowed "
                                                          "%zu bytes.",
                                                          max),
                                     .status = 400};
            return false;
        }
        size += (size_t)p->size;
    }
    for (size_t i = 0; i < c->piece_count; i++)
        if (!wb_blob_read(c->engine, c->arena, c->piece[i].blob, c->piece[i].offset,
                          (size_t)c->piece[i].size, &part[i])) {
            *err = (struct wb_error){.code = "InternalError",
                                     .message = WB_S("The object's data cannot be read."),
                                     .status = 500};
            return false;
        }
    *bytes = wb_concat(c->arena, part, c->piece_count);
    return true;
}

bool wb_call_object(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice bucket,
                    struct wb_slice key, struct wb_slice version, size_t max,
                    struct wb_slice *bytes, struct wb_error *err)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    struct wb_call c;
    struct wb_slice answer;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "Bucket", bucket);
    wb_jw_kstr(&w, "Key", key);
    if (version.p)
        wb_jw_kstr(&w, "VersionId", version);
    wb_jw_end_object(&w);
    *bytes = WB_SLICE_NULL;
    if (!call_service(tx, ctx, "s3", "GetObject", wb_buf_slice(&b), &c, &answer, err))
        return false;
    if (c.piece_count)
        return read_pieces(&c, max, bytes, err);
    *bytes = WB_S("");
    return true;
}
