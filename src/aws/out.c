#include "aws/out.h"
#include "codec/cbor.h"
#include "codec/text.h"
#include <assert.h>
#include <math.h>

enum kind { OBJECT, LIST, FLAT, MAP };

void wb_out_init(struct wb_out *o, struct wb_arena *a, bool xml)
{
    *o = (struct wb_out){.buf = wb_buf_in(a), .xml = xml};
    if (xml)
        return;
    wb_jw_init(&o->json, &o->buf);
    wb_jw_object(&o->json);
}

void wb_out_again(struct wb_out *o, struct wb_arena *a)
{
    bool cbor = o->cbor;
    wb_out_init(o, a, o->xml);
    o->cbor = cbor;
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
    assert(o->depth > 0 && (o->kind[o->depth - 1] == LIST || o->kind[o->depth - 1] == FLAT));
    return o->item[o->depth - 1];
}

/* --- what the audit log gets --- */

/* Members of answers that nobody may read in a log. */
static bool secret(struct wb_slice name)
{
    static const char *const names[] = {"SecretAccessKey", "SessionToken", "Password",
                                        "Environment",     "Plaintext",    NULL};
    for (size_t i = 0; names[i]; i++)
        if (wb_slice_is(name, names[i]))
            return true;
    return false;
}

static void lower_key(struct wb_json_writer *w, struct wb_slice name)
{
    char text[64];
    if (name.n == 0 || name.n > sizeof text || name.p[0] < 'A' || name.p[0] > 'Z') {
        wb_jw_key_slice(w, name);
        return;
    }
    memcpy(text, name.p, name.n);
    text[0] = (char)(text[0] + 'a' - 'A');
    wb_jw_key_slice(w, wb_slice(text, name.n));
}

void wb_out_keep(struct wb_out *o, struct wb_arena *a)
{
    o->record = wb_new(a, struct wb_out);
    wb_out_init(o->record, a, false);
    o->record->is_record = true;
}

/* JSON made elsewhere. */
static void lower_json(struct wb_json_writer *w, struct wb_json v, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(v);
    bool object = wb_json_type(v) == WB_JSON_OBJECT;
    if (!object && wb_json_type(v) != WB_JSON_ARRAY) {
        wb_jw_raw(w, wb_json_raw(v));
        return;
    }
    if (object)
        wb_jw_object(w);
    else
        wb_jw_array(w);
    while (wb_json_next(&it)) {
        if (object)
            lower_key(w, wb_json_str(it.key, a));
        lower_json(w, it.value, a);
    }
    if (object)
        wb_jw_end_object(w);
    else
        wb_jw_end_array(w);
}

/* --- both --- */

/* JSON: the member's name. False: the member is not written. */
static bool key(struct wb_out *o, const char *name)
{
    if (o->hidden)
        return false;
    if (!name)
        return true;
    if (!o->is_record) {
        wb_jw_key(&o->json, name);
        return true;
    }
    struct wb_slice n = wb_slice_str(name);
    lower_key(&o->json, n);
    if (secret(n))
        wb_jw_cstr(&o->json, WB_HIDDEN);
    return !secret(n);
}

static void push(struct wb_out *o, const char *name, const char *item, enum kind kind)
{
    assert(o->depth < WB_OUT_DEPTH);
    if (o->xml) {
        name = kind == FLAT ? NULL : element(o, name);
        if (name)
            tag(o, "<", name);
    } else if (!key(o, name)) {
        o->hidden++;
    } else if (kind != OBJECT && kind != MAP) {
        wb_jw_array(&o->json);
    } else {
        wb_jw_object(&o->json);
    }
    o->open[o->depth] = name;
    o->item[o->depth] = item;
    o->kind[o->depth++] = (unsigned char)kind;
}

void wb_out_object(struct wb_out *o, const char *name)
{
    push(o, name, NULL, OBJECT);
    if (o->record)
        wb_out_object(o->record, name);
}

void wb_out_list_of(struct wb_out *o, const char *name, const char *item)
{
    push(o, name, item, LIST);
    if (o->record)
        wb_out_list_of(o->record, name, item);
}

void wb_out_list_flat(struct wb_out *o, const char *name, const char *item)
{
    push(o, name, item, FLAT);
    if (o->record)
        wb_out_list_flat(o->record, name, item);
}

void wb_out_attribute(struct wb_out *o, const char *attribute, const char *name,
                      struct wb_slice value)
{
    if (!o->xml) {
        wb_out_str(o, name, value);
        return;
    }
    if (o->record)
        wb_out_str(o->record, name, value);
    assert(o->depth > 0 && o->buf.p[o->buf.n - 1] == '>');
    o->buf.n--;
    wb_buf_printf(&o->buf, " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" %s=\"",
                  attribute);
    wb_xml_text(&o->buf, value);
    wb_buf_str(&o->buf, "\">");
}

void wb_out_list(struct wb_out *o, const char *name)
{
    wb_out_list_of(o, name, "member");
}

void wb_out_map(struct wb_out *o, const char *name)
{
    push(o, name, NULL, MAP);
    if (o->record)
        wb_out_map(o->record, name);
}

void wb_out_map_str(struct wb_out *o, struct wb_slice key, struct wb_slice value)
{
    assert(o->depth > 0 && o->kind[o->depth - 1] == MAP);
    if (!value.p)
        return;
    if (o->record)
        wb_out_map_str(o->record, key, value);
    if (!o->xml) {
        if (o->hidden)
            return;
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

/* CBOR tells whole doubles from integers; JSON's writer does not. */
static void mark_double(struct wb_out *o, double v)
{
    if (o->cbor && fabs(v) < 1e15 && v == floor(v))
        wb_buf_str(&o->buf, ".0");
}

void wb_out_map_double(struct wb_out *o, struct wb_slice key, double value)
{
    struct wb_json_writer w;
    assert(o->depth > 0 && o->kind[o->depth - 1] == MAP);
    if (isnan(value))
        return;
    if (o->record)
        wb_out_map_double(o->record, key, value);
    if (!o->xml && !o->hidden) {
        wb_jw_key_slice(&o->json, key);
        wb_jw_double(&o->json, value);
        mark_double(o, value);
    }
    if (!o->xml)
        return;
    wb_buf_str(&o->buf, "<entry><key>");
    wb_xml_text(&o->buf, key);
    wb_buf_str(&o->buf, "</key><value>");
    wb_jw_init(&w, &o->buf);
    wb_jw_double(&w, value);
    wb_buf_str(&o->buf, "</value></entry>");
}

void wb_out_end(struct wb_out *o)
{
    assert(o->depth > 0);
    o->depth--;
    if (o->record)
        wb_out_end(o->record);
    if (o->xml && o->open[o->depth])
        tag(o, "</", o->open[o->depth]);
    else if (o->xml)
        return;
    else if (o->hidden)
        o->hidden--;
    else if (o->kind[o->depth] == LIST || o->kind[o->depth] == FLAT)
        wb_jw_end_array(&o->json);
    else
        wb_jw_end_object(&o->json);
}

/* Opens a scalar: the element, or the key. False: it is not written. */
static bool begin(struct wb_out *o, const char *name)
{
    if (!o->xml)
        return key(o, name);
    tag(o, "<", element(o, name));
    return true;
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
    if (o->record)
        wb_out_str(o->record, name, s);
    if (!begin(o, name))
        return;
    if (o->xml)
        wb_xml_text(&o->buf, s);
    else
        wb_jw_str(&o->json, s);
    finish(o, name);
}

void wb_out_bytes(struct wb_out *o, const char *name, struct wb_slice bytes)
{
    struct wb_slice text = wb_base64_encode(o->buf.arena, bytes);
    if (o->cbor && begin(o, name)) {
        wb_jw_raw(&o->json, wb_printf(o->buf.arena, "\"" WB_CBOR_BYTES "%.*s\"", WB_FMT(text)));
        finish(o, name);
    } else if (!o->cbor) {
        wb_out_str(o, name, text);
    }
}

void wb_out_cstr(struct wb_out *o, const char *name, const char *s)
{
    wb_out_str(o, name, wb_slice_str(s));
}

void wb_out_i64(struct wb_out *o, const char *name, int64_t v)
{
    if (o->record)
        wb_out_i64(o->record, name, v);
    if (!begin(o, name))
        return;
    if (o->xml)
        wb_buf_i64(&o->buf, v);
    else
        wb_jw_i64(&o->json, v);
    finish(o, name);
}

void wb_out_double(struct wb_out *o, const char *name, double v)
{
    if (o->record)
        wb_out_double(o->record, name, v);
    if (!begin(o, name))
        return;
    if (o->xml) {
        struct wb_json_writer w;
        wb_jw_init(&w, &o->buf);
        wb_jw_double(&w, v);
    } else {
        wb_jw_double(&o->json, v);
        mark_double(o, v);
    }
    finish(o, name);
}

void wb_out_bool(struct wb_out *o, const char *name, bool v)
{
    if (o->record)
        wb_out_bool(o->record, name, v);
    if (!begin(o, name))
        return;
    if (o->xml)
        wb_buf_str(&o->buf, v ? "true" : "false");
    else
        wb_jw_bool(&o->json, v);
    finish(o, name);
}

void wb_out_time(struct wb_out *o, const char *name, int64_t ms)
{
    char text[WB_TIME_MAX];
    if (o->record)
        wb_out_time(o->record, name, ms);
    if (!begin(o, name))
        return;
    size_t n = wb_time_format(text, ms,
                              o->is_record ? WB_TIME_ISO_S
                              : o->xml     ? WB_TIME_ISO_MS
                                           : WB_TIME_EPOCH_F);
    if (o->xml)
        wb_buf_put(&o->buf, text, n);
    else if (o->is_record)
        wb_jw_str(&o->json, wb_slice(text, n));
    else
        wb_jw_raw(&o->json,
                  o->cbor ? wb_printf(o->buf.arena, "%.*sE0", (int)n, text) : wb_slice(text, n));
    finish(o, name);
}

void wb_out_json(struct wb_out *o, const char *name, struct wb_slice json)
{
    assert(!o->xml);
    if (!json.p)
        return;
    if (o->record)
        wb_out_json(o->record, name, json);
    if (!begin(o, name))
        return;
    if (o->is_record)
        lower_json(&o->json, wb_json_read(o->buf.arena, json, NULL), o->buf.arena);
    else
        wb_jw_raw(&o->json, json);
}
