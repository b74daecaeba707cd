/*
 * Operations that a page of our own asks for (wb_door): the path names the operation, the body is
 * its input as JSON, the door says who asks. From validation on the call is like any other.
 */
#include "base/ids.h"
#include "engine/front.h"
#include "engine/identity.h"

struct wb_slice wb_page_header(const struct wb_call *c, const char *name)
{
    const struct request *r = c->front;
    return wb_http_header(r->x, name);
}

struct wb_slice wb_page_path(const struct wb_call *c)
{
    const struct request *r = c->front;
    return r->x->path;
}

/* "SERVICE/OPERATION" */
static bool find_operation(struct wb_call *c, struct wb_slice path)
{
    const struct wb_service *s = wb_services_find(c->engine->services, wb_slice_cut(&path, '/'));
    const struct wb_op *op = s && path.p ? wb_service_op(s, path) : NULL;
    c->protocol = WB_JSON10;
    c->service = s;
    wb_out_init(&c->out, c->arena, false);
    if (!op || op->body_blob) {
        wb_fail(c, "UnknownOperationException", 404, "There is no such operation here.");
        return false;
    }
    c->op = op;
    return true;
}

static void read_input(struct wb_call *c, struct wb_slice body)
{
    struct wb_json_error why;
    c->in = wb_json_read(c->arena, body.n ? body : WB_S("{}"), &why);
    if (wb_json_type(c->in) != WB_JSON_OBJECT)
        wb_fail(c, "SerializationException", 400, "The input is not a JSON object");
    else if (wb_validate_types(c))
        wb_validate(c);
}

bool wb_front_admit_door(struct request *r)
{
    struct wb_call *c = &r->call;
    struct wb_slice path = r->x->path;
    path = wb_slice_sub(path, strlen(c->engine->door->path), path.n);
    bool found = find_operation(c, path);
    c->ctx.request_id = wb_id_uuid(c->arena, &r->front->ids);
    if (!found || !wb_front_snapshot(r))
        return false;
    c->tx = &r->tx;
    c->engine->door->who(c);
    c->tx = NULL;
    if (!wb_failed(c))
        read_input(c, r->wire.body);
    if (!wb_failed(c))
        wb_call_authorize(c, &r->tx);
    return !wb_failed(c);
}
