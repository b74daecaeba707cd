/* Uploads in parts: begin, abort, list. */
#include "services/s3/upload.h"
#include "base/ids.h"
#include "base/limits.h"
#include "services/s3/listing.h"

bool s3_call_upload(struct wb_call *c, struct s3_bucket *b, struct s3_upload *u)
{
    struct wb_slice key, id = wb_in_str(c, "UploadId");
    if (!s3_call_key(c, b, &key))
        return false;
    if (s3_upload_read(c->tx, b, key, id, u))
        return true;
    s3_fail(c, "NoSuchUpload", 404, "UploadId", id,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may "
            "have been aborted or completed.");
    return false;
}

/* --- CreateMultipartUpload --- */

/* Only cyclic sums of parts can be put together to that of the whole; of CRC64NVME nothing else is
 * asked for. */
static bool read_type(struct wb_call *c, struct s3_upload *u)
{
    struct wb_slice type = wb_in_str(c, "ChecksumType");
    bool cyclic =
        u->algorithm == S3_CRC32 || u->algorithm == S3_CRC32C || u->algorithm == S3_CRC64NVME;
    u->full = type.p ? wb_slice_is(type, "FULL_OBJECT") : u->algorithm == S3_CRC64NVME;
    bool known = !type.p || u->full || wb_slice_is(type, "COMPOSITE");
    if (known && (u->full ? cyclic : u->algorithm != S3_CRC64NVME))
        return true;
    if (known && !u->algorithm && !u->full)
        return true;
    if (!known)
        wb_fail(c, "InvalidRequest", 400, "Value for x-amz-checksum-type header is invalid.");
    else if (!u->algorithm)
        wb_fail(c, "InvalidRequest", 400,
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm "
                "header.");
    else
        wb_fail(c, "InvalidRequest", 400,
                "The %.*s checksum type cannot be used with the %s checksum algorithm.",
                WB_FMT(type), s3_sum_names[u->algorithm]);
    return false;
}

static bool read_sum(struct wb_call *c, struct s3_upload *u)
{
    struct wb_slice name = wb_in_str(c, "ChecksumAlgorithm");
    u->algorithm = s3_algorithm_of(name);
    if (name.p && !u->algorithm) {
        wb_fail(c, "InvalidRequest", 400,
                "Checksum algorithm provided is unsupported. Please try again with any of the "
                "valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
        return false;
    }
    return read_type(c, u);
}

static void name_upload(struct wb_call *c, struct s3_upload *u)
{
    u->number = wb_tx_number(c->tx, "s3 upload");
    u->started_ms = c->tx->now_ms;
    u->initiator = c->ctx.principal.arn.p ? c->ctx.principal.arn : WB_S("anonymous");
    u->id = wb_printf(c->arena, "%016llx%.*s", (unsigned long long)u->number,
                      WB_FMT(wb_dup(c->arena, u->id)));
}

void s3_create_upload(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_upload u = {.number = 0};
    if (!s3_call_key(c, &b, &u.key) || !s3_call_about(c, &u.about) || !read_sum(c, &u))
        return;
    u.id = wb_id_hex(c->arena, wb_engine_seam(c->engine), 48);
    name_upload(c, &u);
    s3_upload_write(c->tx, &b, &u);
    s3_sse_header(c, &u.about);
    if (u.algorithm) {
        wb_call_header(c, "x-amz-checksum-algorithm", wb_slice_str(s3_sum_names[u.algorithm]));
        wb_call_header(c, "x-amz-checksum-type", u.full ? WB_S("FULL_OBJECT") : WB_S("COMPOSITE"));
    }
    wb_out_str(&c->out, "Bucket", b.name);
    wb_out_str(&c->out, "Key", u.key);
    wb_out_str(&c->out, "UploadId", u.id);
}

/* --- AbortMultipartUpload --- */

void s3_upload_abort(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_upload *u)
{
    wb_tx_del(tx, s3_upload_key(tx->arena, b, u->key, u->number));
    s3_parts_drop(tx, u->number, WB_SLICE_NULL, 1);
}

void s3_abort_upload(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_upload u;
    if (s3_call_upload(c, &b, &u))
        s3_upload_abort(c->tx, &b, &u);
}

/* The next upload of a bucket. */
static bool next_upload(struct wb_tx *tx, const struct s3_bucket *b, struct s3_upload *u)
{
    struct wb_slice row, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_S3_UPLOAD, "u", b->number));
    bool found = s && wb_tx_next(tx, s, &row, &value);
    if (found) {
        struct wb_key_rd r = wb_key_rd(tx->arena, row, &(uint16_t){0});
        wb_key_rd_u64(&r);
        struct wb_slice key = wb_key_rd_str(&r);
        found = s3_upload_decode(tx->arena, key, wb_key_rd_u64(&r), value, u);
    }
    wb_scan_close(s);
    return found;
}

/* One upload a step: what it has may be much. */
static bool uploads_step(struct wb_tx *tx, struct wb_job *j)
{
    struct s3_bucket b = {
        .number = (uint64_t)wb_json_get_i64(wb_json_read(tx->arena, j->state, NULL), "bucket", 0)};
    struct s3_upload u;
    if (!next_upload(tx, &b, &u))
        return true;
    s3_upload_abort(tx, &b, &u);
    j->done++;
    return false;
}

const struct wb_job_kind s3_uploads_job = {"s3-uploads", uploads_step};

void s3_uploads_drop(struct wb_tx *tx, const struct s3_bucket *b)
{
    struct s3_upload u;
    if (next_upload(tx, b, &u))
        wb_job_start(tx, s3_uploads_job.name,
                     wb_printf(tx->arena, "abort uploads of bucket %.*s", WB_FMT(b->name)),
                     wb_printf(tx->arena, "{\"bucket\":%llu}", (unsigned long long)b->number));
}

/* --- ListParts --- */

static void put_part(struct wb_call *c, const struct s3_upload *u, const struct s3_part *p)
{
    wb_out_object(&c->out, NULL);
    wb_out_i64(&c->out, "PartNumber", p->number);
    wb_out_time(&c->out, "LastModified", p->modified_ms);
    wb_out_str(&c->out, "ETag", s3_quoted(c->arena, s3_part_etag(c->arena, p)));
    wb_out_i64(&c->out, "Size", p->size);
    if (p->sum_n)
        wb_out_str(&c->out, s3_sum_members[u->algorithm], s3_part_sum(c->arena, p));
    wb_out_end(&c->out);
}

static void put_initiator(struct wb_call *c, const struct s3_bucket *b, const struct s3_upload *u)
{
    wb_out_object(&c->out, "Initiator");
    wb_out_str(&c->out, "ID", u->initiator);
    wb_out_str(&c->out, "DisplayName", wb_slice_last(u->initiator, '/'));
    wb_out_end(&c->out);
    s3_owner_out(c, "Owner", b->account);
    wb_out_str(&c->out, "StorageClass", u->about.class.p ? u->about.class : WB_S("STANDARD"));
    if (u->algorithm) {
        wb_out_cstr(&c->out, "ChecksumAlgorithm", s3_sum_names[u->algorithm]);
        wb_out_cstr(&c->out, "ChecksumType", u->full ? "FULL_OBJECT" : "COMPOSITE");
    }
}

void s3_list_parts(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_upload u;
    struct s3_parts it;
    struct s3_part p;
    int64_t max, marker, count = 0, last = 0;
    bool more = false;
    if (!s3_in_int(c, "MaxParts", "max-parts", WB_S3_PAGE, &max) ||
        !s3_in_int(c, "PartNumberMarker", "part-number-marker", 0, &marker) ||
        !s3_call_upload(c, &b, &u))
        return;
    max = max > WB_S3_PAGE ? WB_S3_PAGE : max;
    wb_out_str(&c->out, "Bucket", b.name);
    wb_out_str(&c->out, "Key", u.key);
    wb_out_str(&c->out, "UploadId", u.id);
    wb_out_list_flat(&c->out, "Parts", "Part");
    s3_parts_open(&it, c->tx, u.number, WB_SLICE_NULL,
                  (uint32_t)(marker > WB_S3_PARTS_MAX ? WB_S3_PARTS_MAX : marker));
    while (s3_parts_next(&it, &p)) {
        more = count == max;
        if (more)
            break;
        put_part(c, &u, &p);
        last = p.number;
        count++;
    }
    s3_parts_close(&it);
    wb_out_end(&c->out);
    wb_out_i64(&c->out, "PartNumberMarker", marker);
    wb_out_i64(&c->out, "NextPartNumberMarker", last);
    wb_out_i64(&c->out, "MaxParts", max);
    wb_out_bool(&c->out, "IsTruncated", more && max > 0);
    put_initiator(c, &b, &u);
}

/* --- ListMultipartUploads --- */

static struct wb_slice begin(const struct s3_listing *l, struct wb_slice key, struct wb_slice id)
{
    struct wb_arena *a = l->c->arena;
    uint64_t n = l->bucket.number;
    if (!key.n || wb_slice_cmp(key, l->prefix) < 0)
        return s3_keys_from(a, WB_T_S3_UPLOAD, n, l->prefix);
    if (wb_slice_eq(s3_listing_common(l, key), key))
        return s3_keys_behind(a, WB_T_S3_UPLOAD, n, key);
    if (id.n)
        return wb_key_after(a, s3_upload_key(a, &l->bucket, key, s3_upload_number(id)));
    return wb_key_after(a, wb_key(a, WB_T_S3_UPLOAD, "us", n, key));
}

static void put_upload(struct s3_listing *l, const struct s3_upload *u)
{
    wb_out_object(&l->c->out, NULL);
    s3_listing_str(l, "Key", u->key);
    wb_out_str(&l->c->out, "UploadId", u->id);
    wb_out_time(&l->c->out, "Initiated", u->started_ms);
    put_initiator(l->c, &l->bucket, u);
    wb_out_end(&l->c->out);
}

static void walk(struct s3_listing *l, struct wb_slice lo, struct wb_slice *last_id)
{
    struct wb_call *c = l->c;
    struct wb_slice row, value;
    struct wb_slice hi = s3_keys_behind(c->arena, WB_T_S3_UPLOAD, l->bucket.number, l->prefix);
    struct wb_scan *s = wb_slice_cmp(lo, hi) < 0 ? wb_tx_scan(c->tx, lo, hi, false) : NULL;
    while (s && wb_tx_next(c->tx, s, &row, &value)) {
        struct wb_key_rd r = wb_key_rd(c->arena, row, &(uint16_t){0});
        wb_key_rd_u64(&r);
        struct wb_slice key = wb_key_rd_str(&r), common = s3_listing_common(l, key);
        struct s3_upload u;
        if (!s3_listing_room(l))
            break;
        if (common.p) {
            s3_listing_add_common(l, common);
            *last_id = WB_SLICE_NULL;
            wb_scan_seek(s, s3_keys_behind(c->arena, WB_T_S3_UPLOAD, l->bucket.number, common));
            continue;
        }
        if (!s3_upload_decode(c->arena, key, wb_key_rd_u64(&r), value, &u))
            break;
        put_upload(l, &u);
        l->last = key;
        *last_id = u.id;
        l->count++;
    }
    wb_scan_close(s);
}

void s3_list_uploads(struct wb_call *c)
{
    struct s3_listing l;
    struct wb_slice key = wb_in_str(c, "KeyMarker"), id = wb_in_str(c, "UploadIdMarker"),
                    last_id = WB_SLICE_NULL;
    if (!s3_listing_read(c, "MaxUploads", "max-uploads", &l))
        return;
    s3_listing_begin(&l, "MaxUploads");
    s3_listing_str(&l, "KeyMarker", key.p ? key : WB_S(""));
    wb_out_str(&c->out, "UploadIdMarker", key.n && id.p ? id : WB_S(""));
    wb_out_list_flat(&c->out, "Uploads", "Upload");
    walk(&l, begin(&l, key, id), &last_id);
    wb_out_end(&c->out);
    s3_listing_end(&l);
    if (l.more) {
        s3_listing_str(&l, "NextKeyMarker", l.last);
        wb_out_str(&c->out, "NextUploadIdMarker", last_id.p ? last_id : WB_S(""));
    }
}
