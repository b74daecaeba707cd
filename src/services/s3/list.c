/* ListObjects and ListObjectsV2: a range of WB_T_S3_OBJECT. */
#include "engine/paging.h"
#include "services/s3/listing.h"

static void put_object(struct s3_listing *l, const struct s3_object *o, bool owner)
{
    struct wb_call *c = l->c;
    wb_out_object(&c->out, NULL);
    s3_listing_str(l, "Key", o->key);
    wb_out_time(&c->out, "LastModified", o->modified_ms);
    wb_out_str(&c->out, "ETag", s3_quoted(c->arena, o->etag));
    if (o->sum.algorithm) {
        wb_out_list_flat(&c->out, "ChecksumAlgorithm", "ChecksumAlgorithm");
        wb_out_cstr(&c->out, NULL, s3_sum_names[o->sum.algorithm]);
        wb_out_end(&c->out);
        wb_out_cstr(&c->out, "ChecksumType", o->sum.composite ? "COMPOSITE" : "FULL_OBJECT");
    }
    wb_out_i64(&c->out, "Size", o->size);
    if (owner)
        s3_owner_out(c, "Owner", l->bucket.account);
    wb_out_str(&c->out, "StorageClass", o->about.class.p ? o->about.class : WB_S("STANDARD"));
    wb_out_end(&c->out);
}

/* Where to begin: at the prefix, or behind what an earlier page ended with. */
static struct wb_slice begin(const struct s3_listing *l)
{
    struct wb_arena *a = l->c->arena;
    if (wb_slice_cmp(l->after, l->prefix) < 0 || !l->after.n)
        return s3_keys_from(a, WB_T_S3_OBJECT, l->bucket.number, l->prefix);
    if (wb_slice_eq(s3_listing_common(l, l->after), l->after))
        return s3_keys_behind(a, WB_T_S3_OBJECT, l->bucket.number, l->after);
    return wb_key_after(a, s3_object_key(a, &l->bucket, l->after));
}

/* Each step is a row written, or a common prefix behind which the scan goes on. */
static void walk(struct s3_listing *l, bool owner)
{
    struct wb_arena *a = l->c->arena;
    struct wb_slice row, value, lo = begin(l),
                                hi = s3_keys_behind(a, WB_T_S3_OBJECT, l->bucket.number, l->prefix);
    if (wb_slice_cmp(lo, hi) >= 0)
        return;
    struct wb_scan *s = wb_tx_scan(l->c->tx, lo, hi, false);
    while (s && wb_tx_next(l->c->tx, s, &row, &value)) {
        struct wb_slice key = s3_keys_key(a, row), common = s3_listing_common(l, key);
        struct s3_object o;
        if (!s3_listing_room(l))
            break;
        if (common.p) {
            s3_listing_add_common(l, common);
            wb_scan_seek(s, s3_keys_behind(a, WB_T_S3_OBJECT, l->bucket.number, common));
            continue;
        }
        if (!s3_object_decode(a, key, value, &o)) {
            wb_fail(l->c, "InternalError", 500,
                    "We encountered an internal error. Please try again.");
            break;
        }
        put_object(l, &o, owner);
        l->last = key;
        l->count++;
    }
    wb_scan_close(s);
}

void s3_list_objects(struct wb_call *c)
{
    struct s3_listing l;
    if (!s3_listing_read(c, "MaxKeys", "max-keys", &l))
        return;
    l.after = wb_in_str(c, "Marker");
    s3_listing_begin(&l, "MaxKeys");
    s3_listing_str(&l, "Marker", l.after.p ? l.after : WB_S(""));
    wb_out_list_flat(&c->out, "Contents", "Contents");
    walk(&l, true);
    wb_out_end(&c->out);
    s3_listing_end(&l);
    if (l.more && l.delimiter.n)
        s3_listing_str(&l, "NextMarker", l.last);
}

void s3_list_objects_v2(struct wb_call *c)
{
    struct s3_listing l;
    struct wb_slice token = wb_in_str(c, "ContinuationToken"), start = wb_in_str(c, "StartAfter");
    if (!s3_listing_read(c, "MaxKeys", "max-keys", &l))
        return;
    l.after = start;
    if (token.p && !wb_page_open(c, token, l.bucket.name, &l.after)) {
        s3_fail_argument(c, "continuation-token", token,
                         "The continuation token provided is incorrect");
        return;
    }
    s3_listing_begin(&l, "MaxKeys");
    wb_out_str(&c->out, "ContinuationToken", token);
    s3_listing_str(&l, "StartAfter", start);
    wb_out_list_flat(&c->out, "Contents", "Contents");
    walk(&l, wb_in_bool(c, "FetchOwner", false));
    wb_out_end(&c->out);
    s3_listing_end(&l);
    wb_out_i64(&c->out, "KeyCount", l.count);
    if (l.more)
        wb_out_str(&c->out, "NextContinuationToken", wb_page_token(c, l.bucket.name, l.last));
}
