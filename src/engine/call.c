/*
 * One service calling another.
 */
#include "engine/identity.h"
#include "engine/internal.h"

static void run(struct wb_call *c)
{
    if (c->op->prepare)
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
    return op && op->class != WB_ASYNC ? op : NULL;
}

bool wb_call_service(struct wb_tx *tx, const struct wb_ctx *ctx, const char *service,
                     const char *operation, struct wb_slice input, struct wb_slice *answer,
                     struct wb_error *err)
{
    struct wb_call c = {.engine = tx->engine, .arena = tx->arena, .ctx = *ctx, .tx = tx};
    c.service = wb_services_find(tx->engine->services, wb_slice_str(service));
    c.op = wb_call_op(tx->engine, service, operation);
    c.protocol = WB_JSON10;
    *answer = WB_SLICE_NULL;
    if (!c.op) {
        *err = (struct wb_error){.code = "UnknownOperationException",
                                 .message = wb_printf(tx->arena, "%s:%s", service, operation),
                                 .status = 400};
        return false;
    }
    wb_out_init(&c.out, tx->arena, false);
    struct wb_json_error why;
    c.in = wb_json_read(tx->arena, input, &why);
    if (wb_json_type(c.in) != WB_JSON_OBJECT)
        wb_fail(&c, "SerializationException", 400, "The input is not a JSON object");
    if (!wb_failed(&c) && wb_validate_types(&c))
        wb_validate(&c);
    bool asked = !wb_failed(&c);
    if (asked)
        wb_call_authorize(&c, tx);
    if (!wb_failed(&c) && c.op->class == WB_WRITE)
        run_write(&c);
    else if (!wb_failed(&c))
        run(&c);
    if (!wb_failed(&c) && tx->status != WB_STORE_OK)
        wb_fail_internal(&c);
    if (tx->writes && asked && wb_audit_wanted(&c))
        wb_audit_call(tx, &c);
    if (wb_failed(&c)) {
        *err = c.error;
        return false;
    }
    *answer = c.raw_answer.p ? c.raw_answer : wb_out_done(&c.out);
    return true;
}
