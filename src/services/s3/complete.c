/* CompleteMultipartUpload: the parts become an object. They stay as they are; the object names
 * them.
 */
#include "base/limits.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include "services/s3/notify.h"
#include "services/s3/sum.h"
#include "services/s3/upload.h"

struct complete {
    struct wb_call *c;
    struct s3_bucket b;
    struct s3_upload u;
    struct s3_object o;
    struct wb_buf md5s, runs;
    struct s3_sum_whole sum;
    bool summed;         /* all parts have a checksum */
    uint32_t from, to;   /* the run being made */
    uint64_t there;      /* parts uploaded */
    struct s3_part last; /* the one before, whose size is looked at when another follows */
};

static bool part_fails(struct complete *k, int64_t number, struct wb_slice etag)
{
    struct wb_call *c = k->c;
    s3_fail(c, "InvalidPart", 400, "ETag", etag,
            "One or more of the specified parts could not be found.  The part may not have been "
            "uploaded, or the specified entity tag may not match the part's entity tag.");
    c->error.extra = wb_printf(c->arena, "\"UploadId\":\"%.*s\",\"PartNumber\":%lld,%.*s",
                               WB_FMT(k->u.id), (long long)number, WB_FMT(c->error.extra));
    return false;
}

static bool too_small(struct complete *k)
{
    struct wb_call *c = k->c;
    s3_fail(c, "EntityTooSmall", 400, "ETag", s3_part_etag(c->arena, &k->last),
            "Your proposed upload is smaller than the minimum allowed size");
    c->error.extra =
        wb_printf(c->arena, "\"ProposedSize\":%lld,\"MinSizeAllowed\":%d,\"PartNumber\":%u,%.*s",
                  (long long)k->last.size, WB_S3_PART_MIN, k->last.number, WB_FMT(c->error.extra));
    return false;
}

static struct wb_slice unquoted(struct wb_slice s)
{
    bool quoted = s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"';
    return quoted ? wb_slice_sub(s, 1, s.n - 1) : s;
}

/* What the request says of a part's checksum must be so; of a composite one it must say it. */
static bool sum_ok(struct complete *k, struct wb_json item, const struct s3_part *p,
                   struct wb_slice etag)
{
    struct wb_call *c = k->c;
    for (int i = S3_CRC32; i < S3_ALGORITHM_COUNT; i++) {
        struct wb_slice said = wb_json_get_str(item, s3_sum_members[i], c->arena);
        if (said.p && p->sum_n && i == (int)k->u.algorithm &&
            !wb_slice_eq(said, s3_part_sum(c->arena, p)))
            return part_fails(k, p->number, etag);
        if (!said.p && p->sum_n && i == (int)k->u.algorithm && !k->u.full) {
            wb_fail(c, "InvalidRequest", 400,
                    "The upload was created using a %s checksum. The complete request must include "
                    "the checksum for each part. It was missing for part %u in the request.",
                    s3_sum_names[i], p->number);
            return false;
        }
    }
    return true;
}

static void end_run(struct complete *k)
{
    if (!k->from)
        return;
    wb_buf_printf(&k->runs, k->to > k->from ? "%s%u-%u" : "%s%u", k->runs.n ? "," : "", k->from,
                  k->to);
}

static void add_part(struct complete *k, const struct s3_part *p)
{
    if (p->number == k->to + 1 && k->from) {
        k->to = p->number;
    } else {
        end_run(k);
        k->from = k->to = p->number;
    }
    wb_buf_put(&k->md5s, p->md5, sizeof p->md5);
    if (p->sum_n)
        s3_sum_whole_add(&k->sum, p->sum, p->sum_n, (uint64_t)p->size);
    else
        k->summed = false;
    k->o.size += p->size;
    k->o.parts++;
    k->last = *p;
}

static int64_t number_of(struct wb_call *c, struct wb_json item)
{
    struct wb_json v = wb_json_get(item, "PartNumber");
    struct wb_slice s =
        wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, c->arena) : wb_json_raw(v);
    int64_t n;
    return wb_slice_i64(s, &n) ? n : 0;
}

static bool order_ok(struct complete *k, int64_t number)
{
    if (number > k->last.number)
        return true;
    wb_fail(k->c, "InvalidPartOrder", 400,
            "The list of parts was not in ascending order. The parts list must be specified in "
            "order by part number.");
    return false;
}

/* One of the list against the rows, which come in the same order. */
static bool take(struct complete *k, struct s3_parts *rows, struct wb_json item)
{
    struct wb_slice etag = unquoted(wb_json_get_str(item, "ETag", k->c->arena));
    int64_t number = number_of(k->c, item);
    struct s3_part p = {.number = 0};
    if (!etag.p || !number) {
        s3_fail_malformed(k->c);
        return false;
    }
    if (!order_ok(k, number))
        return false;
    if (k->o.parts && k->last.size < WB_S3_PART_MIN)
        return too_small(k);
    while (p.number < number) {
        if (!s3_parts_next(rows, &p))
            return part_fails(k, number, etag);
        k->there++;
    }
    if (p.number != number || !wb_slice_ieq(etag, s3_part_etag(k->c->arena, &p)))
        return part_fails(k, number, etag);
    if (!sum_ok(k, item, &p, etag))
        return false;
    add_part(k, &p);
    return true;
}

static bool take_all(struct complete *k)
{
    struct wb_json list = wb_json_get(wb_in(k->c, "MultipartUpload"), "Parts");
    struct wb_json_iter it = wb_json_iter(list);
    struct s3_parts rows;
    struct s3_part p;
    bool ok = true;
    if (!wb_json_count(list) || wb_json_count(list) > WB_S3_PARTS_MAX) {
        s3_fail_malformed(k->c);
        return false;
    }
    s3_parts_open(&rows, k->c->tx, k->u.number, WB_SLICE_NULL, 0);
    while (ok && wb_json_next(&it))
        ok = take(k, &rows, it.value);
    while (ok && s3_parts_next(&rows, &p))
        k->there++;
    s3_parts_close(&rows);
    end_run(k);
    return ok;
}

static void finish_etag(struct complete *k)
{
    uint8_t md5[WB_MD5_LEN];
    wb_md5(wb_buf_slice(&k->md5s), md5);
    k->o.etag = wb_printf(
        k->c->arena, "%.*s-%u",
        WB_FMT(wb_dup(k->c->arena, wb_hex_encode(k->c->arena, wb_slice(md5, sizeof md5)))),
        k->o.parts);
}

/* The checksum of the object, and whether it is what the request expects. */
static bool finish_sum(struct complete *k)
{
    struct wb_call *c = k->c;
    if (!k->u.algorithm || !k->summed)
        return true;
    k->o.sum = (struct s3_sum){k->u.algorithm, s3_sum_whole_text(c->arena, &k->sum), !k->u.full};
    if (!k->u.full)
        k->o.sum.value = wb_printf(c->arena, "%.*s-%u", WB_FMT(k->o.sum.value), k->o.parts);
    struct wb_slice said = wb_in_str(c, s3_sum_members[k->u.algorithm]);
    /* Of a composite one clients may leave out the number of parts. */
    if (!said.p || wb_slice_eq(said, k->o.sum.value) ||
        (!k->u.full && wb_slice_starts(k->o.sum.value, said) && k->o.sum.value.p[said.n] == '-'))
        return true;
    wb_fail(c, "BadDigest", 400, "The %s you specified did not match the calculated checksum.",
            s3_sum_names[k->u.algorithm]);
    return false;
}

static bool size_ok(struct complete *k)
{
    struct wb_call *c = k->c;
    struct wb_json v = wb_in(c, "MpuObjectSize");
    int64_t said = k->o.size;
    struct wb_slice text =
        wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, c->arena) : wb_json_raw(v);
    if (wb_json_is(v) && (!wb_slice_i64(text, &said) || said != k->o.size)) {
        wb_fail(c, "InvalidRequest", 400,
                "The provided 'x-amz-mp-object-size' header value %.*s does not match what was "
                "computed: %lld",
                WB_FMT(text), (long long)k->o.size);
        return false;
    }
    if (k->o.size > WB_S3_UPLOAD_MAX) {
        wb_fail(c, "EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size");
        return false;
    }
    return true;
}

static void answer(struct wb_call *c, const struct s3_bucket *b, const struct s3_object *o)
{
    struct wb_buf where = wb_buf_in(c->arena);
    wb_buf_printf(&where, "%s://%.*s/%.*s/", c->tls ? "https" : "http", WB_FMT(c->host),
                  WB_FMT(b->name));
    wb_percent_encode(&where, o->key, true);
    s3_sse_header(c, &o->about);
    if (o->version.p)
        wb_call_header(c, "x-amz-version-id", o->version);
    wb_out_str(&c->out, "Location", wb_buf_slice(&where));
    wb_out_str(&c->out, "Bucket", b->name);
    wb_out_str(&c->out, "Key", o->key);
    wb_out_str(&c->out, "ETag", s3_quoted(c->arena, o->etag));
    if (o->sum.algorithm) {
        wb_out_str(&c->out, s3_sum_members[o->sum.algorithm], o->sum.value);
        wb_out_cstr(&c->out, "ChecksumType", o->sum.composite ? "COMPOSITE" : "FULL_OBJECT");
    }
}

/* Whoever did not hear the answer asks again: the object is there and made of this upload. */
static bool done_before(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    struct wb_slice key = wb_in_str(c, "Key");
    uint64_t number = s3_upload_number(wb_in_str(c, "UploadId"));
    if (!number || !s3_bucket_read(c->tx, wb_in_str(c, "Bucket"), &b) ||
        !s3_object_current(c->tx, &b, key, &o) || o.upload != number)
        return false;
    answer(c, &b, &o);
    return true;
}

void s3_complete_upload(struct wb_call *c)
{
    struct complete k = {
        .c = c, .md5s = wb_buf_in(c->arena), .runs = wb_buf_in(c->arena), .summed = true};
    if (done_before(c) || !s3_call_upload(c, &k.b, &k.u))
        return;
    s3_sum_whole_begin(&k.sum, c->arena, k.u.algorithm, k.u.full);
    if (!take_all(&k) || !finish_sum(&k) || !size_ok(&k) || !s3_write_allowed(c, &k.b, k.u.key))
        return;
    finish_etag(&k);
    k.o.key = k.u.key;
    k.o.upload = k.u.number;
    k.o.runs = wb_buf_slice(&k.runs);
    k.o.about = k.u.about;
    wb_tx_del(c->tx, s3_upload_key(c->arena, &k.b, k.u.key, k.u.number));
    s3_parts_drop(c->tx, k.u.number, k.o.runs, k.there - k.o.parts);
    s3_data_share(c->tx, &k.o);
    s3_object_put(c->tx, &k.b, &k.o);
    s3_event(c->tx, &c->ctx, &k.b, &k.o, "ObjectCreated:CompleteMultipartUpload");
    answer(c, &k.b, &k.o);
}
