/* Operations on buckets. */
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/s3/upload.h"

/* --- CreateBucket --- */

static bool region_like(struct wb_slice s)
{
    if (s.n < 3 || s.n > 32)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-')
            return false;
    return wb_slice_chr(s, '-', 0) > 0 && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9';
}

/* Where the bucket shall be. us-east-1 stands for the old global end point, which makes buckets
 * anywhere; the others make only their own. */
static bool choose_region(struct wb_call *c, struct wb_slice *region)
{
    struct wb_slice wanted =
        wb_json_get_str(wb_in(c, "CreateBucketConfiguration"), "LocationConstraint", c->arena);
    bool global = wb_slice_is(c->ctx.region, "us-east-1");
    *region = wb_slice_is(wanted, "EU") ? WB_S("eu-west-1") : wanted.n ? wanted : c->ctx.region;
    if (wanted.n && (!region_like(*region) || wb_slice_is(wanted, "us-east-1"))) {
        s3_fail(c, "InvalidLocationConstraint", 400, "LocationConstraint", wanted,
                "The specified location-constraint is not valid");
        return false;
    }
    if (global || (wanted.n && wb_slice_eq(*region, c->ctx.region)))
        return true;
    wb_fail(c, "IllegalLocationConstraintException", 400,
            "The %.*s location constraint is incompatible for the region specific endpoint this "
            "request was sent to.",
            WB_FMT(wanted.n ? wanted : WB_S("unspecified")));
    return false;
}

/* The account of the call is by now that of the bucket, should there be one. */
static struct wb_slice caller(const struct wb_call *c)
{
    return c->ctx.principal.account.n ? c->ctx.principal.account : c->ctx.account;
}

static bool name_free(struct wb_call *c, struct wb_slice name, struct s3_bucket *there)
{
    if (!s3_bucket_read(c->tx, name, there))
        return true;
    if (!wb_slice_eq(there->account, caller(c)))
        s3_fail(c, "BucketAlreadyExists", 409, "BucketName", name,
                "The requested bucket name is not available. The bucket namespace is shared by "
                "all users of the system. Please select a different name and try again.");
    else if (!wb_slice_is(there->region, "us-east-1") || !wb_slice_is(c->ctx.region, "us-east-1"))
        s3_fail(c, "BucketAlreadyOwnedByYou", 409, "BucketName", name,
                "Your previous request to create the named bucket succeeded and you already own "
                "it.");
    return false;
}

static struct wb_slice of_account_key(struct wb_arena *a, struct wb_slice account,
                                      struct wb_slice name)
{
    return wb_key(a, WB_T_S3_BUCKET_OF, "ss", account, name);
}

uint64_t s3_bucket_count(struct wb_tx *tx, struct wb_slice account)
{
    struct wb_slice value;
    if (!wb_tx_get(tx, wb_key(tx->arena, WB_T_S3_COUNT, "s", account), &value))
        return 0;
    struct wb_rd r = wb_rd(value);
    return wb_rd_le64(&r);
}

static void count_add(struct wb_tx *tx, struct wb_slice account, int by)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, s3_bucket_count(tx, account) + (uint64_t)(int64_t)by);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_S3_COUNT, "s", account), wb_buf_slice(&b));
}

void s3_create_bucket(struct wb_call *c)
{
    struct s3_bucket b = {.name = wb_in_str(c, "Bucket"),
                          .account = caller(c),
                          .created_ms = c->tx->now_ms},
                     there;
    if (!s3_bucket_name_valid(b.name)) {
        s3_fail(c, "InvalidBucketName", 400, "BucketName", b.name,
                "The specified bucket is not valid.");
        return;
    }
    if (!choose_region(c, &b.region) || !s3_acl_ok(c))
        return;
    wb_call_header(c, "Location", wb_printf(c->arena, "/%.*s", WB_FMT(b.name)));
    if (!name_free(c, b.name, &there))
        return;
    if (s3_bucket_count(c->tx, b.account) >= WB_S3_BUCKETS_MAX) {
        wb_fail(c, "TooManyBuckets", 400, "You have attempted to create more buckets than allowed");
        return;
    }
    b.number = wb_tx_number(c->tx, "s3 bucket");
    s3_bucket_write(c->tx, &b);
    wb_tx_put(c->tx, of_account_key(c->arena, b.account, b.name), WB_S(""));
    count_add(c->tx, b.account, 1);
}

/* --- DeleteBucket --- */

/* What a bucket may still hold that stops its deletion: objects, versions, markers. Uploads in
 * progress do not: they go with it. */
static bool has_rows(struct wb_tx *tx, enum wb_table table, const struct s3_bucket *b)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, table, "u", b->number));
    bool any = s && wb_tx_next(tx, s, &key, &value);
    wb_scan_close(s);
    return any;
}

void s3_delete_bucket(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    if (has_rows(c->tx, WB_T_S3_OBJECT, &b)) {
        s3_fail(c, "BucketNotEmpty", 409, "BucketName", b.name,
                "The bucket you tried to delete is not empty");
        return;
    }
    if (has_rows(c->tx, WB_T_S3_VERSION, &b)) {
        s3_fail(c, "BucketNotEmpty", 409, "BucketName", b.name,
                "The bucket you tried to delete is not empty. You must delete all versions in the "
                "bucket.");
        return;
    }
    s3_bucket_drop(c->tx, &b);
    wb_tx_del(c->tx, of_account_key(c->arena, b.account, b.name));
    count_add(c->tx, b.account, -1);
    wb_tags_drop(c->tx, s3_bucket_arn(c->arena, b.name));
    s3_uploads_drop(c->tx, &b);
    s3_config_drop(c->tx, &b);
}

/* --- questions --- */

void s3_head_bucket(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    wb_call_header(c, "x-amz-bucket-region", b.region);
    wb_call_header(c, "x-amz-access-point-alias", WB_S("false"));
    wb_call_header(c, "Content-Type", WB_S("application/xml"));
}

void s3_get_bucket_location(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    struct wb_slice region = wb_slice_is(b.region, "us-east-1") ? WB_S("") : b.region;
    wb_out_str(&c->out, "LocationConstraint", region);
}

void s3_get_bucket_versioning(struct wb_call *c)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b) && b.versioning != S3_UNVERSIONED)
        wb_out_cstr(&c->out, "Status", b.versioning == S3_VERSIONED ? "Enabled" : "Suspended");
}

void s3_put_bucket_versioning(struct wb_call *c)
{
    struct s3_bucket b;
    struct wb_json in = wb_in(c, "VersioningConfiguration");
    struct wb_slice status = wb_json_get_str(in, "Status", c->arena),
                    mfa = wb_json_get_str(in, "MFADelete", c->arena);
    if (!s3_call_bucket(c, &b))
        return;
    bool enabled = wb_slice_is(status, "Enabled");
    if (!enabled && !wb_slice_is(status, "Suspended")) {
        if (!status.p && !mfa.p)
            wb_fail(c, "IllegalVersioningConfigurationException", 400,
                    "The Versioning element must be specified");
        else
            s3_fail_malformed(c);
        return;
    }
    if (wb_slice_is(mfa, "Enabled")) {
        wb_fail(c, "AccessDenied", 403, "Mfa Authentication must be used for this request");
        return;
    }
    b.versioning = enabled ? S3_VERSIONED : S3_SUSPENDED;
    s3_bucket_write(c->tx, &b);
}

/* --- ListBuckets --- */

struct page {
    struct wb_slice prefix, region, from, last;
    int64_t max, count;
    bool more;
};

static bool read_page(struct wb_call *c, struct page *p)
{
    struct wb_slice token = wb_in_str(c, "ContinuationToken");
    *p = (struct page){.prefix = wb_in_str(c, "Prefix"), .region = wb_in_str(c, "BucketRegion")};
    if (!s3_in_int(c, "MaxBuckets", "max-buckets", WB_S3_BUCKETS_MAX, &p->max))
        return false;
    if (p->max < 1 || p->max > WB_S3_BUCKETS_MAX) {
        s3_fail_argument(c, "max-buckets", wb_printf(c->arena, "%lld", (long long)p->max),
                         "Argument max-buckets must be an integer between 1 and 10000");
        return false;
    }
    if (token.p && !wb_page_open(c, token, p->prefix, &p->from)) {
        s3_fail_argument(c, "continuation-token", token,
                         "The continuation token provided is incorrect");
        return false;
    }
    return true;
}

static void put_bucket(struct wb_call *c, const struct s3_bucket *b)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "Name", b->name);
    wb_out_time(&c->out, "CreationDate", b->created_ms);
    wb_out_str(&c->out, "BucketRegion", b->region);
    wb_out_end(&c->out);
}

/* True when another one follows that did not fit. */
static void put_page(struct wb_call *c, struct page *p)
{
    struct wb_slice key, value, all = wb_key(c->arena, WB_T_S3_BUCKET_OF, "s", c->ctx.account);
    struct wb_slice lo = p->from.p ? of_account_key(c->arena, c->ctx.account, p->from) : all;
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, all), false);
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        struct s3_bucket b;
        wb_key_rd_str(&r);
        struct wb_slice name = wb_key_rd_str(&r);
        if (wb_slice_eq(name, p->from) || !wb_slice_starts(name, p->prefix) ||
            !s3_bucket_read(c->tx, name, &b) || (p->region.p && !wb_slice_eq(p->region, b.region)))
            continue;
        if (p->count == p->max) {
            p->more = true;
            break;
        }
        put_bucket(c, &b);
        p->last = b.name;
        p->count++;
    }
    wb_scan_close(s);
}

void s3_list_buckets(struct wb_call *c)
{
    struct page p;
    if (!read_page(c, &p))
        return;
    wb_out_list_of(&c->out, "Buckets", "Bucket");
    put_page(c, &p);
    wb_out_end(&c->out);
    s3_owner_out(c, "Owner", c->ctx.account);
    if (p.prefix.p)
        wb_out_str(&c->out, "Prefix", p.prefix);
    if (p.more)
        wb_out_str(&c->out, "ContinuationToken", wb_page_token(c, p.prefix, p.last));
}
