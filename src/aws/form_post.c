/*
 * A browser's form with a file (S3's POST): its fields stand for the headers, the file for the
 * body, and what is signed is the policy among the fields ("Browser-based uploads using POST").
 */
#include "aws/protocol.h"
#include "aws/wire.h"
#include "base/limits.h"
#include "codec/multipart.h"
#include "codec/text.h"
#include "codec/xml_read.h"

struct form {
    struct wb_call *c;
    struct wb_part *part;
    size_t count, file; /* what follows the file does not count */
};

static bool invalid(struct wb_call *c, const char *text)
{
    wb_fail(c, "InvalidArgument", 400, "%s", text);
    return false;
}

static struct wb_slice field(const struct form *f, const char *name)
{
    for (size_t i = 0; i < f->file; i++)
        if (wb_slice_ieq(f->part[i].name, wb_slice_str(name)))
            return f->part[i].value;
    return WB_SLICE_NULL;
}

static bool read_form(struct form *f, const struct wb_sig_request *r)
{
    size_t bytes = 0;
    if (!wb_multipart_parse(f->c->arena, wb_wire_header(r, "content-type"), r->body,
                            WB_POST_FIELDS_MAX, &f->part, &f->count)) {
        wb_fail(f->c, "MalformedPOSTRequest", 400,
                "The body of your POST request is not well-formed multipart/form-data.");
        return false;
    }
    while (f->file < f->count && !wb_slice_ieq(f->part[f->file].name, WB_S("file")))
        bytes += f->part[f->file++].value.n;
    if (bytes > WB_POST_FIELDS_BYTES) {
        wb_fail(f->c, "MaxPostPreDataLengthExceeded", 400,
                "Your POST request fields preceding the upload file were too large.");
        return false;
    }
    if (f->file == f->count)
        return invalid(f->c, "POST requires exactly one file upload per request.");
    for (size_t i = 0; i < f->file; i++)
        for (size_t k = 0; k < i; k++)
            if (wb_slice_ieq(f->part[i].name, f->part[k].name))
                return invalid(f->c, "POST requires each form field at most once.");
    return true;
}

/* "${filename}" is the name of the file on the visitor's machine, without its folders. */
static struct wb_slice key_of(const struct form *f, struct wb_slice key)
{
    struct wb_slice name = f->part[f->file].file_name;
    ptrdiff_t at = wb_slice_find(key, WB_S("${filename}"), 0);
    if (at < 0 || !name.p)
        return key;
    name = wb_slice_last(wb_slice_last(name, '/'), '\\');
    return wb_printf(f->c->arena, "%.*s%.*s%.*s", (int)at, key.p, WB_FMT(name),
                     WB_FMT(wb_slice_sub(key, (size_t)at + strlen("${filename}"), key.n)));
}

/* <Tagging><TagSet><Tag>... as the header has it. */
static bool tags_of(struct form *f, struct wb_slice xml, struct wb_slice *out)
{
    struct wb_buf b = wb_buf_in(f->c->arena);
    struct wb_xml *x = wb_xml_read(f->c->arena, xml), *set = wb_xml_child(x, "TagSet");
    if (!set) {
        wb_fail(f->c, "MalformedXML", 400, WB_MALFORMED_XML);
        return false;
    }
    for (struct wb_xml *t = set->child; t; t = t->next) {
        struct wb_xml *key = wb_xml_child(t, "Key"), *value = wb_xml_child(t, "Value");
        wb_buf_str(&b, b.n ? "&" : "");
        wb_percent_encode(&b, key ? key->text : WB_S(""), false);
        wb_buf_char(&b, '=');
        wb_percent_encode(&b, value ? value->text : WB_S(""), false);
    }
    *out = b.n ? wb_buf_slice(&b) : WB_S("");
    return true;
}

/* The request as PutObject would have it. */
static bool rewrite(struct form *f, struct wb_sig_request *r)
{
    struct wb_pair *h = wb_new_n(f->c->arena, struct wb_pair, f->file + 1);
    size_t n = 0;
    for (size_t i = 0; i < f->file; i++) {
        struct wb_slice name = f->part[i].name, value = f->part[i].value;
        if (wb_slice_ieq(name, WB_S("acl")))
            name = WB_S("x-amz-acl");
        if (wb_slice_ieq(name, WB_S("tagging"))) {
            name = WB_S("x-amz-tagging");
            if (!tags_of(f, value, &value))
                return false;
        }
        h[n++] = (struct wb_pair){name, value};
    }
    r->header = h;
    r->header_count = n;
    r->body = f->part[f->file].value;
    return true;
}

static enum wb_sig_error read_signature(struct form *f, struct wb_signature *s,
                                        struct wb_slice *why)
{
    struct wb_slice policy = field(f, "policy"), signature = field(f, "x-amz-signature");
    if (field(f, "AWSAccessKeyId").p) {
        wb_fail(f->c, "InvalidRequest", 400,
                "The authorization mechanism you have provided is not supported. Please use "
                "AWS4-HMAC-SHA256.");
        return WB_SIG_INCOMPLETE;
    }
    if (!policy.p && !signature.p)
        return WB_SIG_MISSING;
    return wb_sigv4_parse_form(f->c->arena, policy, field(f, "x-amz-algorithm"),
                               field(f, "x-amz-credential"), field(f, "x-amz-date"), signature,
                               field(f, "x-amz-security-token"), s, why);
}

bool wb_protocol_form(struct wb_call *c, struct wb_sig_request *r, struct wb_signature *s,
                      enum wb_sig_error *e, struct wb_slice *why)
{
    struct form f = {.c = c};
    struct wb_wire *w = c->wire;
    if (!read_form(&f, r))
        return false;
    struct wb_slice key = field(&f, "key");
    if (!key.n)
        return invalid(c, "Bucket POST must contain a field named 'key'.  If it is specified, "
                          "please check the order of the fields.");
    struct wb_buf encoded = wb_buf_in(c->arena);
    key = key_of(&f, key);
    wb_percent_encode(&encoded, key, true);
    w->label[w->label_count++] = (struct wb_pair){WB_S("Key"), wb_buf_slice(&encoded)};
    c->field = wb_new_n(c->arena, struct wb_pair, f.file + 1);
    for (size_t i = 0; i < f.file; i++) {
        bool is_key = wb_slice_ieq(f.part[i].name, WB_S("key"));
        c->field[c->field_count++] =
            (struct wb_pair){f.part[i].name, is_key ? key : f.part[i].value};
    }
    *e = read_signature(&f, s, why);
    c->signature = *e == WB_SIG_OK ? s : NULL;
    return !wb_failed(c) && rewrite(&f, r);
}
