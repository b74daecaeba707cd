#include "aws/out.h"
#include <assert.h>

enum kind { OBJECT, LIST, MAP };

void wb_out_init(struct wb_out *o, struct wb_arena *a, bool xml)
{
    *o = (struct wb_out){.buf = wb_buf_in(a), .xml = xml};
    if (xml)
        return;
    wb_jw_init(&o->json, &o->buf);
    wb_jw_object(&o->json);
}

struct wb_slice wb_out_done(struct wb_out *o)
{
    assert(o->depth == 0);
    if (!o->xml)
        wb_jw_end_object(&o->json);
    return o->buf.n ? wb_buf_slice(&o->buf) : WB_S("");
}

/* --- XML --- */

static void tag(struct wb_out *o, const char *before, const char *name)
{
    wb_buf_str(&o->buf, before);
    wb_buf_str(&o->buf, name);
    wb_buf_char(&o->buf, '>');
}

/* Inside a list every value is an element of the list's item name. */
static const char *element(const struct wb_out *o, const char *name)
{
    if (name)
        return name;
    assert(o->depth > 0 && o->kind[o->depth - 1] == LIST);
    return o->item[o->depth - 1];
}

/* --- both --- */

static void push(struct wb_out *o, const char *name, const char *item, enum kind kind)
{
    assert(o->depth < WB_OUT_DEPTH);
    if (o->xml) {
        name = element(o, name);
        tag(o, "<", name);
    } else if (name) {
        wb_jw_key(&o->json, name);
    }
    o->open[o->depth] = name;
    o->item[o->depth] = item;
    o->kind[o->depth++] = (unsigned char)kind;
}

void wb_out_object(struct wb_out *o, const char *name)
{
    push(o, name, NULL, OBJECT);
    if (!o->xml)
        wb_jw_object(&o->json);
}

void wb_out_list_of(struct wb_out *o, const char *name, const char *item)
{
    push(o, name, item, LIST);
    if (!o->xml)
        wb_jw_array(&o->json);
}

void wb_out_list(struct wb_out *o, const char *name)
{
    wb_out_list_of(o, name, "member");
}

void wb_out_map(struct wb_out *o, const char *name)
{
    push(o, name, NULL, MAP);
    if (!o->xml)
        wb_jw_object(&o->json);
}

void wb_out_map_str(struct wb_out *o, struct wb_slice key, struct wb_slice value)
{
    assert(o->depth > 0 && o->kind[o->depth - 1] == MAP);
    if (!value.p)
        return;
    if (!o->xml) {
        wb_jw_key_slice(&o->json, key);
        wb_jw_str(&o->json, value);
        return;
    }
    wb_buf_str(&o->buf, "<entry><key>");
    wb_xml_text(&o->buf, key);
    wb_buf_str(&o->buf, "</key><value>");
    wb_xml_text(&o->buf, value);
    wb_buf_str(&o->buf, "</value></entry>");
}

void wb_out_end(struct wb_out *o)
{
    assert(o->depth > 0);
    o->depth--;
    if (o->xml)
        tag(o, "</", o->open[o->depth]);
    else if (o->kind[o->depth] == LIST)
        wb_jw_end_array(&o->json);
    else
        wb_jw_end_object(&o->json);
}

/* Opens a scalar: the element, or the key. */
static void begin(struct wb_out *o, const char *name)
{
    if (o->xml)
        tag(o, "<", element(o, name));
    else if (name)
        wb_jw_key(&o->json, name);
}

static void finish(struct wb_out *o, const char *name)
{
    if (o->xml)
        tag(o, "</", element(o, name));
}

void wb_out_str(struct wb_out *o, const char *name, struct wb_slice s)
{
    if (!s.p)
        return;
    begin(o, name);
    if (o->xml)
        wb_xml_text(&o->buf, s);
    else
        wb_jw_str(&o->json, s);
    finish(o, name);
}

void wb_out_cstr(struct wb_out *o, const char *name, const char *s)
{
    wb_out_str(o, name, wb_slice_str(s));
}

void wb_out_i64(struct wb_out *o, const char *name, int64_t v)
{
    begin(o, name);
    if (o->xml)
        wb_buf_i64(&o->buf, v);
    else
        wb_jw_i64(&o->json, v);
    finish(o, name);
}

void wb_out_double(struct wb_out *o, const char *name, double v)
{
    begin(o, name);
    if (o->xml) {
        struct wb_json_writer w;
        wb_jw_init(&w, &o->buf);
        wb_jw_double(&w, v);
    } else {
        wb_jw_double(&o->json, v);
    }
    finish(o, name);
}

void wb_out_bool(struct wb_out *o, const char *name, bool v)
{
    begin(o, name);
    if (o->xml)
        wb_buf_str(&o->buf, v ? "true" : "false");
    else
        wb_jw_bool(&o->json, v);
    finish(o, name);
}

void wb_out_time(struct wb_out *o, const char *name, int64_t ms)
{
    char text[WB_TIME_MAX];
    size_t n = wb_time_format(text, ms, o->xml ? WB_TIME_ISO_MS : WB_TIME_EPOCH_F);
    begin(o, name);
    if (o->xml)
        wb_buf_put(&o->buf, text, n);
    else
        wb_jw_raw(&o->json, wb_slice(text, n));
    finish(o, name);
}

void wb_out_json(struct wb_out *o, const char *name, struct wb_slice json)
{
    assert(!o->xml);
    if (!json.p)
        return;
    begin(o, name);
    wb_jw_raw(&o->json, json);
}
