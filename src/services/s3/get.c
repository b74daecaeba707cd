/* GetObject and HeadObject. */
#include "services/s3/upload.h"

struct wb_slice s3_quoted(struct wb_arena *a, struct wb_slice etag)
{
    return wb_printf(a, "\"%.*s\"", WB_FMT(etag));
}

void s3_sum_header(struct wb_call *c, const struct s3_sum *sum)
{
    static const char *const headers[S3_ALGORITHM_COUNT] = {"",
                                                            "x-amz-checksum-crc32",
                                                            "x-amz-checksum-crc32c",
                                                            "x-amz-checksum-sha1",
                                                            "x-amz-checksum-sha256",
                                                            "x-amz-checksum-crc64nvme"};
    if (!sum->algorithm)
        return;
    wb_call_header(c, headers[sum->algorithm], sum->value);
    wb_call_header(c, "x-amz-checksum-type",
                   sum->composite ? WB_S("COMPOSITE") : WB_S("FULL_OBJECT"));
}

void s3_sse_header(struct wb_call *c, const struct s3_about *about)
{
    wb_call_header(c, "x-amz-server-side-encryption", about->sse.p ? about->sse : WB_S("AES256"));
    if (about->kms_key.p)
        wb_call_header(c, "x-amz-server-side-encryption-aws-kms-key-id", about->kms_key);
}

void s3_version_header(struct wb_call *c, const struct s3_bucket *b, const struct s3_object *o)
{
    if (b->versioning != S3_UNVERSIONED)
        wb_call_header(c, "x-amz-version-id", s3_version_text(o));
}

/* --- which bytes --- */

struct span {
    int64_t from, size;
    bool partial;
};

enum range { RANGE_NONE, RANGE_OK, RANGE_UNSATISFIABLE };

/* "bytes=1-2", "bytes=1-", "bytes=-2". Anything else, several of them included, does not count. */
static enum range read_range(struct wb_slice text, int64_t size, struct span *out)
{
    uint64_t from, to = UINT64_MAX;
    if (!wb_slice_ieq(wb_slice_sub(text, 0, 6), WB_S("bytes=")))
        return RANGE_NONE;
    struct wb_slice last = wb_slice_sub(text, 6, text.n), first = wb_slice_cut(&last, '-');
    if (!last.p || (!first.n && !last.n) || (last.n && !wb_slice_u64(last, &to)))
        return RANGE_NONE;
    if (!first.n) {
        if (to == 0 || size == 0)
            return RANGE_UNSATISFIABLE;
        int64_t n = to > (uint64_t)size ? size : (int64_t)to;
        *out = (struct span){size - n, n, true};
        return RANGE_OK;
    }
    if (!wb_slice_u64(first, &from) || to < from)
        return RANGE_NONE;
    if (from >= (uint64_t)size)
        return RANGE_UNSATISFIABLE;
    if (to >= (uint64_t)size)
        to = (uint64_t)size - 1;
    *out = (struct span){(int64_t)from, (int64_t)(to - from + 1), true};
    return RANGE_OK;
}

static bool range_span(struct wb_call *c, const struct s3_object *o, struct span *out)
{
    struct wb_slice text = wb_in_str(c, "Range");
    if (read_range(text, o->size, out) != RANGE_UNSATISFIABLE)
        return true;
    s3_fail(c, "InvalidRange", 416, "RangeRequested", text,
            "The requested range is not satisfiable");
    c->error.extra = wb_printf(c->arena, "%.*s,\"ActualObjectSize\":%lld", WB_FMT(c->error.extra),
                               (long long)o->size);
    wb_call_header(c, "Content-Range", wb_printf(c->arena, "bytes */%lld", (long long)o->size));
    return false;
}

/* Where a part lies, and its checksum. */
static bool find_part(struct wb_call *c, const struct s3_object *o, int64_t number,
                      struct span *out, struct s3_sum *sum)
{
    struct s3_parts it;
    struct s3_part p = {0};
    bool found = false;
    if (!o->upload)
        return number == 1;
    out->from = 0;
    s3_parts_open(&it, c->tx, o->upload, o->runs, 0);
    while (!found && s3_parts_next(&it, &p)) {
        found = p.number == (uint32_t)number;
        out->from += found ? 0 : p.size;
    }
    s3_parts_close(&it);
    out->size = p.size;
    out->partial = true;
    sum->value = found ? s3_part_sum(c->arena, &p) : WB_SLICE_NULL;
    sum->composite = false;
    return found;
}

static bool part_span(struct wb_call *c, const struct s3_object *o, struct span *out,
                      struct s3_sum *sum)
{
    int64_t number;
    if (!wb_json_is(wb_in(c, "PartNumber")))
        return range_span(c, o, out);
    if (!s3_in_int(c, "PartNumber", "partNumber", 0, &number))
        return false;
    if (wb_in_str(c, "Range").p) {
        wb_fail(c, "InvalidRequest", 400,
                "Cannot specify both Range header and partNumber query parameter");
        return false;
    }
    if (number < 1 || number > WB_S3_PARTS_MAX) {
        s3_fail_argument(c, "partNumber", wb_printf(c->arena, "%lld", (long long)number),
                         "Part number must be an integer between 1 and 10000, inclusive");
        return false;
    }
    if (!find_part(c, o, number, out, sum)) {
        s3_fail(c, "InvalidPartNumber", 416, "PartNumberRequested",
                wb_printf(c->arena, "%lld", (long long)number),
                "The requested partnumber is not satisfiable");
        return false;
    }
    if (o->upload)
        wb_call_header(c, "x-amz-mp-parts-count", wb_printf(c->arena, "%u", o->parts));
    return true;
}

/* --- headers --- */

/* Objects lie under the same origin as the console. A page among them, put there by whoever may
 * write to some bucket, must not act as who is signed in there: it gets an origin of its own. */
#define SANDBOX "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"

static void system_headers(struct wb_call *c, const struct s3_object *o)
{
    for (int i = 0; i < S3_SYSTEM_COUNT; i++) {
        const struct s3_system_name *n = &s3_system_names[i];
        struct wb_slice value = n->override ? wb_in_str(c, n->override) : WB_SLICE_NULL;
        if (!value.p)
            value = o->about.system[i];
        if (!value.p && i == S3_CONTENT_TYPE)
            value = WB_S("binary/octet-stream");
        if (value.p)
            wb_call_header(c, n->header, value);
    }
}

static void object_headers(struct wb_call *c, const struct s3_bucket *b, const struct s3_object *o)
{
    wb_call_header(c, "Last-Modified", wb_time_str(c->arena, o->modified_ms, WB_TIME_HTTP));
    wb_call_header(c, "ETag", s3_quoted(c->arena, o->etag));
    s3_version_header(c, b, o);
    wb_call_header(c, "Accept-Ranges", WB_S("bytes"));
    wb_call_header(c, "Content-Security-Policy", WB_S(SANDBOX));
    system_headers(c, o);
    for (size_t i = 0; i < o->about.meta_count; i++)
        wb_call_header(c, wb_printf(c->arena, "x-amz-meta-%.*s", WB_FMT(o->about.meta[i].name)).p,
                       o->about.meta[i].value);
    if (o->about.class.p)
        wb_call_header(c, "x-amz-storage-class", o->about.class);
    s3_sse_header(c, &o->about);
    if (!wb_in_str(c, "VersionId").p)
        s3_expiration_header(c, b, o);
    if (o->about.tag_count)
        wb_call_header(c, "x-amz-tagging-count", wb_printf(c->arena, "%zu", o->about.tag_count));
}

/* Overrides are for those who may sign. */
static bool overrides_allowed(struct wb_call *c)
{
    if (c->ctx.principal.type != WB_PRINCIPAL_ANONYMOUS)
        return true;
    for (int i = 0; i < S3_SYSTEM_COUNT; i++)
        if (s3_system_names[i].override && wb_in_str(c, s3_system_names[i].override).p) {
            wb_fail(c, "InvalidRequest", 400,
                    "Request specific response headers cannot be used for anonymous GET requests.");
            return false;
        }
    return true;
}

static bool looked_at(struct wb_call *c, struct s3_bucket *b, struct s3_object *o)
{
    if (!overrides_allowed(c) || !s3_call_object(c, b, o))
        return false;
    if (s3_read_allowed(c, o))
        return true;
    wb_call_header(c, "ETag", s3_quoted(c->arena, o->etag));
    wb_call_header(c, "Last-Modified", wb_time_str(c->arena, o->modified_ms, WB_TIME_HTTP));
    s3_version_header(c, b, o);
    return false;
}

/* Both: the front sends no body to HEAD. */
static void answer(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    if (!looked_at(c, &b, &o))
        return;
    struct span span = {.size = o.size};
    struct s3_sum sum = o.sum;
    if (!part_span(c, &o, &span, &sum))
        return;
    c->piece = s3_data_pieces(c->tx, &o, span.from, span.size, &c->piece_count);
    if (!c->piece) {
        wb_fail(c, "InternalError", 500, "We encountered an internal error. Please try again.");
        return;
    }
    object_headers(c, &b, &o);
    if (span.partial) {
        c->status = 206;
        wb_call_header(c, "Content-Range",
                       wb_printf(c->arena, "bytes %lld-%lld/%lld", (long long)span.from,
                                 (long long)(span.from + span.size - 1), (long long)o.size));
    }
    /* The checksum is of the object or of the part, never of a range. */
    bool range = span.partial && !wb_json_is(wb_in(c, "PartNumber")) && span.size != o.size;
    if (wb_slice_ieq(wb_in_str(c, "ChecksumMode"), WB_S("ENABLED")) && !range && sum.value.p)
        s3_sum_header(c, &sum);
}

void s3_get_object(struct wb_call *c)
{
    answer(c);
}

void s3_head_object(struct wb_call *c)
{
    answer(c);
}
