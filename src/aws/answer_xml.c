/*
 * REST-XML's answers: the members in one root element, or nothing. Errors have a root of their own
 * and no name space; what an error adds (c->error.extra) becomes elements.
 */
#include "aws/wire.h"
#include "codec/text.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

struct wb_slice wb_wire_xml_answer(struct wb_call *c)
{
    const char *root = c->op->answer;
    struct wb_slice members = wb_out_done(&c->out);
    struct wb_buf b = wb_buf_in(c->arena);
    if (!root || (!root[0] && !members.n))
        return WB_S("");
    wb_buf_reserve(&b, members.n + 256);
    wb_buf_str(&b, DECLARATION);
    if (root[0]) {
        wb_buf_printf(&b, "<%s xmlns=\"%s\">", root, c->service->xmlns);
        wb_buf_slice_put(&b, members);
        wb_buf_printf(&b, "</%s>", root);
        return wb_buf_slice(&b);
    }
    size_t name = 1;
    while (name < members.n && members.p[name] != '>' && members.p[name] != ' ')
        name++;
    wb_buf_put(&b, members.p, name);
    wb_buf_printf(&b, " xmlns=\"%s\"", c->service->xmlns);
    wb_buf_slice_put(&b, wb_slice_sub(members, name, members.n));
    return wb_buf_slice(&b);
}

static void put_extra(struct wb_call *c, struct wb_buf *b)
{
    struct wb_slice object = wb_printf(c->arena, "{%.*s}", WB_FMT(c->error.extra));
    struct wb_json_iter it = wb_json_iter(wb_json_read(c->arena, object, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena);
        struct wb_slice value = wb_json_type(it.value) == WB_JSON_STRING
                                    ? wb_json_str(it.value, c->arena)
                                    : wb_json_raw(it.value);
        wb_buf_printf(b, "<%.*s>", WB_FMT(name));
        wb_xml_text(b, value);
        wb_buf_printf(b, "</%.*s>", WB_FMT(name));
    }
}

struct wb_slice wb_wire_xml_error(struct wb_call *c)
{
    const struct wb_wire *w = c->wire;
    struct wb_buf b = wb_buf_in(c->arena);
    if (w->head || c->error.status == 304)
        return WB_S("");
    wb_buf_printf(&b, DECLARATION "<Error><Code>%s</Code><Message>", c->error.code);
    wb_xml_text(&b, c->error.message.p ? c->error.message : WB_S(""));
    wb_buf_str(&b, "</Message>");
    if (c->error.extra.n)
        put_extra(c, &b);
    wb_buf_str(&b, "<Resource>");
    wb_xml_text(&b, w->path);
    wb_buf_printf(&b, "</Resource><RequestId>%.*s</RequestId><HostId>", WB_FMT(c->ctx.request_id));
    wb_buf_slice_put(&b, wb_base64_encode(c->arena, c->ctx.request_id));
    wb_buf_str(&b, "</HostId></Error>");
    return wb_buf_slice(&b);
}
