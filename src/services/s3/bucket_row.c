/* Buckets in the store, and their names. */
#include "services/s3/config.h"

struct wb_slice s3_bucket_arn(struct wb_arena *a, struct wb_slice name)
{
    return wb_printf(a, "arn:aws:s3:::%.*s", WB_FMT(name));
}

/* --- names (User Guide, "Bucket naming rules") --- */

static bool alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_address(struct wb_slice name)
{
    unsigned parts = 0;
    while (name.p) {
        uint64_t v;
        struct wb_slice part = wb_slice_cut(&name, '.');
        if (part.n > 3 || !wb_slice_u64(part, &v))
            return false;
        parts++;
    }
    return parts == 4;
}

static bool is_reserved(struct wb_slice name)
{
    static const char *const begin[] = {"xn--", "sthree-", "amzn-s3-demo-"};
    static const char *const end[] = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};
    for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
        if (wb_slice_starts(name, wb_slice_str(begin[i])))
            return true;
    for (size_t i = 0; i < sizeof end / sizeof *end; i++)
        if (wb_slice_ends(name, wb_slice_str(end[i])))
            return true;
    return false;
}

bool s3_bucket_name_valid(struct wb_slice name)
{
    if (name.n < 3 || name.n > 63 || !alphanumeric(name.p[0]) ||
        !alphanumeric(name.p[name.n - 1]) || is_address(name) || is_reserved(name))
        return false;
    for (size_t i = 0; i < name.n; i++) {
        bool dot = name.p[i] == '.';
        if (!alphanumeric(name.p[i]) && name.p[i] != '-' && !dot)
            return false;
        if (dot && (name.p[i - 1] == '.' || name.p[i - 1] == '-' || name.p[i + 1] == '-'))
            return false;
    }
    return true;
}

/* --- rows --- */

static const char *const versioning_names[] = {"", "Enabled", "Suspended"};

static struct wb_slice bucket_key(struct wb_arena *a, struct wb_slice name)
{
    return wb_key(a, WB_T_S3_BUCKET, "s", name);
}

bool s3_bucket_decode(struct wb_arena *a, struct wb_slice name, struct wb_slice value,
                      struct s3_bucket *out)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
    struct wb_slice versioning = wb_json_get_str(v, "versioning", a);
    *out = (struct s3_bucket){
        .name = name,
        .number = (uint64_t)wb_json_get_i64(v, "number", 0),
        .account = wb_json_get_str(v, "account", a),
        .region = wb_json_get_str(v, "region", a),
        .created_ms = wb_json_get_i64(v, "created", 0),
    };
    for (int i = S3_VERSIONED; i <= S3_SUSPENDED; i++)
        if (wb_slice_is(versioning, versioning_names[i]))
            out->versioning = (enum s3_versioning)i;
    return out->number && out->account.p && out->region.p;
}

bool s3_bucket_read(struct wb_tx *tx, struct wb_slice name, struct s3_bucket *out)
{
    struct wb_slice value;
    return name.n && wb_tx_get(tx, bucket_key(tx->arena, name), &value) &&
           s3_bucket_decode(tx->arena, name, value, out);
}

void s3_bucket_write(struct wb_tx *tx, const struct s3_bucket *b)
{
    struct wb_buf out = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &out);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "number", (int64_t)b->number);
    wb_jw_kstr(&w, "account", b->account);
    wb_jw_kstr(&w, "region", b->region);
    wb_jw_ki64(&w, "created", b->created_ms);
    if (b->versioning)
        wb_jw_kcstr(&w, "versioning", versioning_names[b->versioning]);
    wb_jw_end_object(&w);
    wb_tx_put(tx, bucket_key(tx->arena, b->name), wb_buf_slice(&out));
    s3_config_changed(tx, b->name);
}

void s3_bucket_drop(struct wb_tx *tx, const struct s3_bucket *b)
{
    wb_tx_del(tx, bucket_key(tx->arena, b->name));
}

bool s3_call_bucket(struct wb_call *c, struct s3_bucket *out)
{
    struct wb_slice name = wb_in_str(c, "Bucket"), owner = wb_in_str(c, "ExpectedBucketOwner");
    if (!s3_bucket_read(c->tx, name, out)) {
        s3_fail(c, "NoSuchBucket", 404, "BucketName", name, "The specified bucket does not exist");
        return false;
    }
    if (owner.p && !wb_slice_eq(owner, out->account)) {
        wb_fail(c, "AccessDenied", 403, "Access Denied");
        return false;
    }
    return true;
}
