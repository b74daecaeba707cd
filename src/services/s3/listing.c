#include "services/s3/listing.h"
#include "base/limits.h"
#include "codec/text.h"

bool s3_listing_read(struct wb_call *c, const char *max_member, const char *max_wire,
                     struct s3_listing *out)
{
    struct wb_slice encoding = wb_in_str(c, "EncodingType");
    *out = (struct s3_listing){.c = c,
                               .prefix = wb_in_str(c, "Prefix"),
                               .delimiter = wb_in_str(c, "Delimiter"),
                               .encoded = wb_slice_is(encoding, "url")};
    if (encoding.p && !out->encoded) {
        s3_fail_argument(c, "encoding-type", encoding,
                         "Invalid Encoding Method specified in Request");
        return false;
    }
    if (!s3_in_int(c, max_member, max_wire, WB_S3_PAGE, &out->max) ||
        !s3_call_bucket(c, &out->bucket))
        return false;
    if (out->max > WB_S3_PAGE)
        out->max = WB_S3_PAGE;
    out->common = wb_new_n(c->arena, struct wb_slice, (size_t)out->max + 1);
    return true;
}

struct wb_slice s3_listing_common(const struct s3_listing *l, struct wb_slice key)
{
    if (!l->delimiter.n)
        return WB_SLICE_NULL;
    ptrdiff_t at = wb_slice_find(key, l->delimiter, l->prefix.n);
    return at < 0 ? WB_SLICE_NULL : wb_slice_sub(key, 0, (size_t)at + l->delimiter.n);
}

bool s3_listing_room(struct s3_listing *l)
{
    l->more = l->max > 0 && l->count == l->max;
    return l->count < l->max;
}

void s3_listing_add_common(struct s3_listing *l, struct wb_slice common)
{
    l->last = l->common[l->commons++] = common;
    l->count++;
}

struct wb_slice s3_listing_text(const struct s3_listing *l, struct wb_slice s)
{
    struct wb_buf b = wb_buf_in(l->c->arena);
    if (!l->encoded || !s.n)
        return s;
    wb_percent_encode(&b, s, true);
    return wb_buf_slice(&b);
}

void s3_listing_str(const struct s3_listing *l, const char *name, struct wb_slice s)
{
    wb_out_str(&l->c->out, name, s3_listing_text(l, s));
}

void s3_listing_begin(const struct s3_listing *l, const char *max_name)
{
    struct wb_out *o = &l->c->out;
    wb_out_str(o, wb_slice_is(wb_slice_str(max_name), "MaxUploads") ? "Bucket" : "Name",
               l->bucket.name);
    s3_listing_str(l, "Prefix", l->prefix.p ? l->prefix : WB_S(""));
    if (l->delimiter.n)
        s3_listing_str(l, "Delimiter", l->delimiter);
    if (l->encoded)
        wb_out_cstr(o, "EncodingType", "url");
    wb_out_i64(o, max_name, l->max);
}

void s3_listing_end(const struct s3_listing *l)
{
    struct wb_out *o = &l->c->out;
    wb_out_list_flat(o, "CommonPrefixes", "CommonPrefixes");
    for (size_t i = 0; i < l->commons; i++) {
        wb_out_object(o, NULL);
        s3_listing_str(l, "Prefix", l->common[i]);
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_out_bool(o, "IsTruncated", l->more);
}

/* --- store keys --- */

#define TERMINATOR 2 /* bytes behind a string in a key */

struct wb_slice s3_keys_from(struct wb_arena *a, enum wb_table table, uint64_t bucket,
                             struct wb_slice key)
{
    struct wb_slice s = wb_key(a, (uint16_t)table, "us", bucket, key);
    return wb_slice_sub(s, 0, s.n - TERMINATOR);
}

struct wb_slice s3_keys_behind(struct wb_arena *a, enum wb_table table, uint64_t bucket,
                               struct wb_slice prefix)
{
    return wb_key_after(a, s3_keys_from(a, table, bucket, prefix));
}

struct wb_slice s3_keys_key(struct wb_arena *a, struct wb_slice row)
{
    struct wb_key_rd r = wb_key_rd(a, row, &(uint16_t){0});
    wb_key_rd_u64(&r);
    return wb_key_rd_str(&r);
}
