/* Versions of objects as rows. */
#include "codec/text.h"
#include "services/s3/object.h"

const struct s3_system_name s3_system_names[S3_SYSTEM_COUNT] = {
    {"CacheControl", "Cache-Control", "ResponseCacheControl"},
    {"ContentDisposition", "Content-Disposition", "ResponseContentDisposition"},
    {"ContentEncoding", "Content-Encoding", "ResponseContentEncoding"},
    {"ContentLanguage", "Content-Language", "ResponseContentLanguage"},
    {"ContentType", "Content-Type", "ResponseContentType"},
    {"Expires", "Expires", "ResponseExpires"},
    {"WebsiteRedirectLocation", "x-amz-website-redirect-location", NULL},
};

const char *const s3_sum_names[S3_ALGORITHM_COUNT] = {"",     "CRC32",  "CRC32C",
                                                      "SHA1", "SHA256", "CRC64NVME"};
const char *const s3_sum_members[S3_ALGORITHM_COUNT] = {
    "", "ChecksumCRC32", "ChecksumCRC32C", "ChecksumSHA1", "ChecksumSHA256", "ChecksumCRC64NVME"};

enum s3_algorithm s3_algorithm_of(struct wb_slice name)
{
    for (int i = S3_CRC32; i < S3_ALGORITHM_COUNT; i++)
        if (wb_slice_ieq(name, wb_slice_str(s3_sum_names[i])))
            return (enum s3_algorithm)i;
    return S3_NO_SUM;
}

struct wb_slice s3_object_key(struct wb_arena *a, const struct s3_bucket *b, struct wb_slice key)
{
    return wb_key(a, WB_T_S3_OBJECT, "us", b->number, key);
}

struct wb_slice s3_version_key(struct wb_arena *a, const struct s3_bucket *b, struct wb_slice key,
                               uint64_t stamp)
{
    return wb_key(a, WB_T_S3_VERSION, "usd", b->number, key, stamp);
}

/* --- writing --- */

static void put(struct wb_json_writer *w, const char *name, struct wb_slice s)
{
    if (s.p)
        wb_jw_kstr(w, name, s);
}

static void put_pairs(struct wb_json_writer *w, const char *name, const struct wb_pair *p, size_t n)
{
    if (!n)
        return;
    wb_jw_key(w, name);
    wb_jw_object(w);
    for (size_t i = 0; i < n; i++) {
        wb_jw_key_slice(w, p[i].name);
        wb_jw_str(w, p[i].value);
    }
    wb_jw_end_object(w);
}

void s3_about_write(struct wb_json_writer *w, const struct s3_about *about)
{
    for (int i = 0; i < S3_SYSTEM_COUNT; i++)
        put(w, s3_system_names[i].member, about->system[i]);
    put_pairs(w, "meta", about->meta, about->meta_count);
    put_pairs(w, "tags", about->tag, about->tag_count);
    put(w, "class", about->class);
    put(w, "sse", about->sse);
    put(w, "kmsKey", about->kms_key);
}

static void write_data(struct wb_json_writer *w, const struct s3_object *o)
{
    wb_jw_ki64(w, "size", o->size);
    wb_jw_kstr(w, "etag", o->etag);
    put(w, "blob", o->blob);
    if (o->upload) {
        wb_jw_ki64(w, "upload", (int64_t)o->upload);
        wb_jw_kstr(w, "runs", o->runs);
        wb_jw_ki64(w, "parts", o->parts);
    }
    if (o->sum.algorithm) {
        wb_jw_kcstr(w, "sum", s3_sum_names[o->sum.algorithm]);
        wb_jw_kstr(w, "sumValue", o->sum.value);
        if (o->sum.composite)
            wb_jw_kbool(w, "composite", true);
    }
}

struct wb_slice s3_object_encode(struct wb_arena *a, const struct s3_object *o)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "stamp", (int64_t)o->stamp);
    put(&w, "version", o->version);
    wb_jw_ki64(&w, "modified", o->modified_ms);
    if (o->marker) {
        wb_jw_kbool(&w, "marker", true);
    } else {
        write_data(&w, o);
        s3_about_write(&w, &o->about);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

/* --- reading --- */

static void read_pairs(struct wb_arena *a, struct wb_json in, struct wb_pair **out, size_t *n)
{
    *out = wb_new_n(a, struct wb_pair, wb_json_count(in) + 1);
    *n = 0;
    struct wb_json_iter it = wb_json_iter(in);
    while (wb_json_next(&it))
        (*out)[(*n)++] = (struct wb_pair){wb_json_str(it.key, a), wb_json_str(it.value, a)};
}

void s3_about_read(struct wb_arena *a, struct wb_json in, struct s3_about *out)
{
    for (int i = 0; i < S3_SYSTEM_COUNT; i++)
        out->system[i] = wb_json_get_str(in, s3_system_names[i].member, a);
    read_pairs(a, wb_json_get(in, "meta"), &out->meta, &out->meta_count);
    read_pairs(a, wb_json_get(in, "tags"), &out->tag, &out->tag_count);
    out->class = wb_json_get_str(in, "class", a);
    out->sse = wb_json_get_str(in, "sse", a);
    out->kms_key = wb_json_get_str(in, "kmsKey", a);
}

bool s3_object_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                      struct s3_object *out)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
    *out = (struct s3_object){
        .key = key,
        .stamp = (uint64_t)wb_json_get_i64(v, "stamp", 0),
        .version = wb_json_get_str(v, "version", a),
        .marker = wb_json_bool(wb_json_get(v, "marker"), false),
        .modified_ms = wb_json_get_i64(v, "modified", 0),
        .size = wb_json_get_i64(v, "size", 0),
        .etag = wb_json_get_str(v, "etag", a),
        .blob = wb_json_get_str(v, "blob", a),
        .upload = (uint64_t)wb_json_get_i64(v, "upload", 0),
        .runs = wb_json_get_str(v, "runs", a),
        .parts = (uint32_t)wb_json_get_i64(v, "parts", 0),
        .sum = {.algorithm = s3_algorithm_of(wb_json_get_str(v, "sum", a)),
                .value = wb_json_get_str(v, "sumValue", a),
                .composite = wb_json_bool(wb_json_get(v, "composite"), false)},
    };
    if (!out->marker)
        s3_about_read(a, v, &out->about);
    bool has_bytes = out->blob.p || out->upload || out->size == 0;
    return out->stamp && (out->marker || (out->etag.p && has_bytes));
}
