/* GetObjectAttributes. */
#include "base/limits.h"
#include "services/s3/upload.h"

struct wanted {
    bool etag, checksum, parts, class, size;
};

static bool read_wanted(struct wb_call *c, struct wanted *w)
{
    struct wb_json list = wb_in(c, "ObjectAttributes");
    struct wb_json_iter it = wb_json_iter(list);
    *w = (struct wanted){.etag = false};
    bool ok = wb_json_count(list) > 0;
    while (ok && wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.value, c->arena);
        bool *which = wb_slice_is(name, "ETag")           ? &w->etag
                      : wb_slice_is(name, "Checksum")     ? &w->checksum
                      : wb_slice_is(name, "ObjectParts")  ? &w->parts
                      : wb_slice_is(name, "StorageClass") ? &w->class
                      : wb_slice_is(name, "ObjectSize")   ? &w->size
                                                          : NULL;
        ok = which;
        if (which)
            *which = true;
    }
    if (!ok)
        s3_fail_argument(c, "x-amz-object-attributes", WB_S(""),
                         "Invalid attribute name specified.");
    return ok;
}

static void put_sum(struct wb_call *c, const struct s3_sum *sum)
{
    if (!sum->algorithm)
        return;
    wb_out_object(&c->out, "Checksum");
    wb_out_str(&c->out, s3_sum_members[sum->algorithm], sum->value);
    wb_out_cstr(&c->out, "ChecksumType", sum->composite ? "COMPOSITE" : "FULL_OBJECT");
    wb_out_end(&c->out);
}

/* The parts themselves are told only of objects with checksums. */
static void put_parts(struct wb_call *c, const struct s3_object *o, int64_t max, int64_t marker)
{
    struct s3_parts it;
    struct s3_part p;
    int64_t count = 0, last = 0;
    bool more = false;
    wb_out_object(&c->out, "ObjectParts");
    wb_out_i64(&c->out, "PartsCount", o->parts);
    if (o->sum.algorithm) {
        wb_out_list_flat(&c->out, "Part", "Part");
        s3_parts_open(&it, c->tx, o->upload, o->runs, (uint32_t)marker);
        while (s3_parts_next(&it, &p)) {
            more = count == max;
            if (more)
                break;
            wb_out_object(&c->out, NULL);
            wb_out_i64(&c->out, "PartNumber", p.number);
            wb_out_i64(&c->out, "Size", p.size);
            wb_out_str(&c->out, s3_sum_members[o->sum.algorithm], s3_part_sum(c->arena, &p));
            wb_out_end(&c->out);
            last = p.number;
            count++;
        }
        s3_parts_close(&it);
        wb_out_end(&c->out);
        wb_out_i64(&c->out, "PartNumberMarker", marker);
        wb_out_i64(&c->out, "NextPartNumberMarker", last);
        wb_out_i64(&c->out, "MaxParts", max);
        wb_out_bool(&c->out, "IsTruncated", more);
    }
    wb_out_end(&c->out);
}

void s3_get_object_attributes(struct wb_call *c)
{
    struct s3_bucket b;
    struct s3_object o;
    struct wanted w;
    int64_t max, marker;
    if (!read_wanted(c, &w) || !s3_in_int(c, "MaxParts", "x-amz-max-parts", WB_S3_PAGE, &max) ||
        !s3_in_int(c, "PartNumberMarker", "x-amz-part-number-marker", 0, &marker) ||
        !s3_call_object(c, &b, &o))
        return;
    wb_call_header(c, "Last-Modified", wb_time_str(c->arena, o.modified_ms, WB_TIME_HTTP));
    s3_version_header(c, &b, &o);
    if (w.etag)
        wb_out_str(&c->out, "ETag", o.etag);
    if (w.checksum)
        put_sum(c, &o.sum);
    if (w.parts && o.upload)
        put_parts(c, &o, max > WB_S3_PAGE ? WB_S3_PAGE : max, marker);
    if (w.class)
        wb_out_str(&c->out, "StorageClass", o.about.class.p ? o.about.class : WB_S("STANDARD"));
    if (w.size)
        wb_out_i64(&c->out, "ObjectSize", o.size);
}
