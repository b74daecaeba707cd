/* The configuration of buckets: rows, the definition made of them, and what is the same for every
 * kind. */
#include "services/s3/config.h"
#include "services/s3/object.h"
#include <assert.h>
#include <stdlib.h>

/* --- rows and definition --- */

struct wb_slice s3_config_key(struct wb_arena *a, uint64_t bucket, enum s3_config_kind kind)
{
    return wb_key(a, WB_T_S3_CONFIG, "ub", bucket, (int)kind);
}

static unsigned blocks(struct wb_json v, bool set)
{
    static const char *const names[] = {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                                        "RestrictPublicBuckets"};
    unsigned all = set ? 0 : S3_BLOCK_ALL;
    for (unsigned i = 0; i < 4; i++)
        all |= wb_json_bool(wb_json_get(v, names[i]), false) ? 1U << i : 0;
    return all;
}

static void *load(struct wb_tx *tx, struct wb_slice name)
{
    struct s3_bucket b;
    if (!s3_bucket_read(tx, name, &b))
        return NULL;
    struct s3_config *c = wb_xcalloc(1, sizeof *c);
    struct wb_arena *a = &c->arena;
    wb_arena_init(a, 0);
    c->bucket = b;
    c->bucket.name = wb_dup(a, name);
    c->bucket.account = wb_dup(a, b.account);
    c->bucket.region = wb_dup(a, b.region);
    for (int i = 0; i < S3_CONFIG_KINDS; i++) {
        struct wb_slice value;
        if (!wb_tx_get(tx, s3_config_key(tx->arena, b.number, (enum s3_config_kind)i), &value))
            continue;
        c->text[i] = wb_dup(a, value);
        c->doc[i] = wb_json_read(a, c->text[i], NULL);
    }
    c->block = blocks(c->doc[S3_ACCESS_BLOCK], c->text[S3_ACCESS_BLOCK].p != NULL);
    if (c->text[S3_POLICY].p) {
        c->policy = wb_policy_stored(c->text[S3_POLICY], true, name);
        c->public_policy = s3_policy_is_public(c->doc[S3_POLICY], a);
    }
    return c;
}

static void free_config(void *object)
{
    struct s3_config *c = object;
    wb_policy_unref(c->policy);
    wb_arena_release(&c->arena);
    free(c);
}

struct wb_def_kind s3_config_kind = {.name = "s3 bucket", .load = load, .free = free_config};

const struct s3_config *s3_config(struct wb_tx *tx, struct wb_slice bucket)
{
    return bucket.n ? wb_def(tx, &s3_config_kind, bucket) : NULL;
}

void s3_config_changed(struct wb_tx *tx, struct wb_slice bucket)
{
    wb_def_changed(tx, &s3_config_kind, bucket);
}

void s3_config_drop(struct wb_tx *tx, const struct s3_bucket *b)
{
    for (int i = 0; i < S3_CONFIG_KINDS; i++)
        wb_tx_del(tx, s3_config_key(tx->arena, b->number, (enum s3_config_kind)i));
    s3_config_changed(tx, b->name);
}

/* --- answers --- */

static const char *element(const struct wb_member *m)
{
    return m->wire ? m->wire : m->name;
}

static void out_value(struct wb_out *o, const struct wb_shape *s, const char *name,
                      struct wb_json v)
{
    double seconds;
    switch (s->kind) {
    case WB_STRUCTURE:
        wb_out_object(o, name);
        s3_out_shape(o, s, v);
        wb_out_end(o);
        break;
    case WB_BOOLEAN:
        wb_out_bool(o, name, wb_json_bool(v, false));
        break;
    case WB_TIMESTAMP:
        if (wb_json_double(v, &seconds))
            wb_out_time(o, name, (int64_t)(seconds * 1000));
        break;
    case WB_INTEGER:
    case WB_LONG: {
        int64_t n;
        if (wb_json_i64(v, &n))
            wb_out_i64(o, name, n);
        break;
    }
    default:
        wb_out_str(o, name, wb_json_str(v, o->buf.arena));
    }
}

static void out_list(struct wb_out *o, const struct wb_member *m, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (m->shape->flattened)
        wb_out_list_flat(o, m->name, element(m));
    else
        wb_out_list_of(o, element(m), m->shape->item_name);
    while (wb_json_next(&it))
        out_value(o, m->shape->elem, NULL, it.value);
    wb_out_end(o);
}

void s3_out_shape(struct wb_out *o, const struct wb_shape *s, struct wb_json doc)
{
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        struct wb_json v = wb_json_get(doc, m->name);
        if (!wb_json_is(v) || !m->attribute)
            continue;
        wb_out_attribute(o, m->wire, m->name, wb_json_str(v, o->buf.arena));
    }
    for (const struct wb_member *m = s->member; m && m->name; m++) {
        struct wb_json v = wb_json_get(doc, m->name);
        if (!wb_json_is(v) || m->attribute)
            continue;
        if (m->shape->kind == WB_LIST)
            out_list(o, m, v);
        else
            out_value(o, m->shape, element(m), v);
    }
}

/* --- the kinds that are documents and no more --- */

struct missing {
    const char *code, *message;
};

static const struct config {
    const char *name; /* what the operations' names have after Put, Get or Delete */
    enum s3_config_kind kind;
    const char *member; /* of the input of Put */
    const struct wb_shape *shape;
    s3_config_check *check;
    struct missing missing; /* code NULL: an empty document is answered */
} configs[] = {
    {"PublicAccessBlock",
     S3_ACCESS_BLOCK,
     "PublicAccessBlockConfiguration",
     &s3_s_public_access_block_configuration,
     NULL,
     {0}},
    {"BucketEncryption",
     S3_ENCRYPTION,
     "ServerSideEncryptionConfiguration",
     &s3_s_server_side_encryption_configuration,
     s3_check_encryption,
     {0}},
    {"BucketCors",
     S3_CORS,
     "CORSConfiguration",
     &s3_s_cors_configuration,
     s3_check_cors,
     {"NoSuchCORSConfiguration", "The CORS configuration does not exist"}},
    {"BucketOwnershipControls",
     S3_OWNERSHIP,
     "OwnershipControls",
     &s3_s_ownership_controls,
     s3_check_ownership,
     {"OwnershipControlsNotFoundError", "The bucket ownership controls were not found"}},
    {"BucketLogging",
     S3_LOGGING,
     "BucketLoggingStatus",
     &s3_s_bucket_logging_status,
     s3_check_logging,
     {0}},
    {"BucketWebsite",
     S3_WEBSITE,
     "WebsiteConfiguration",
     &s3_s_website_configuration,
     s3_check_website,
     {"NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"}},
    {"BucketRequestPayment",
     S3_PAYMENT,
     "RequestPaymentConfiguration",
     &s3_s_request_payment_configuration,
     NULL,
     {0}},
    {"BucketAccelerateConfiguration",
     S3_ACCELERATE,
     "AccelerateConfiguration",
     &s3_s_accelerate_configuration,
     NULL,
     {0}},
    {"BucketNotificationConfiguration",
     S3_NOTIFICATION,
     "NotificationConfiguration",
     &s3_s_notification_configuration,
     NULL,
     {0}},
    {"BucketLifecycleConfiguration",
     S3_LIFECYCLE,
     "LifecycleConfiguration",
     &s3_s_bucket_lifecycle_configuration,
     NULL,
     {"NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"}},
};

static const struct config *config_of(const struct wb_call *c)
{
    const char *name = c->op->name + (c->op->name[0] == 'D' ? strlen("Delete") : strlen("Put"));
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
        if (strncmp(name, configs[i].name, strlen(name)) == 0) /* DeleteBucketLifecycle */
            return &configs[i];
    assert(!"an operation without a row");
    return NULL;
}

static void store(struct wb_call *c, const struct s3_bucket *b, enum s3_config_kind kind,
                  struct wb_slice text)
{
    wb_tx_put(c->tx, s3_config_key(c->arena, b->number, kind), text);
    s3_config_changed(c->tx, b->name);
}

void s3_put_config(struct wb_call *c)
{
    const struct config *k = config_of(c);
    struct s3_bucket b;
    struct wb_json doc = wb_in(c, k->member);
    if (!s3_call_bucket(c, &b))
        return;
    if (!wb_json_is(doc)) {
        s3_fail_malformed(c);
        return;
    }
    if (k->check && !k->check(c, &b, doc))
        return;
    store(c, &b, k->kind, wb_json_raw(doc));
}

void s3_get_config(struct wb_call *c)
{
    const struct config *k = config_of(c);
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    const struct s3_config *all = s3_config(c->tx, b.name);
    if (!all->text[k->kind].p && k->missing.code)
        s3_fail(c, k->missing.code, 404, "BucketName", b.name, k->missing.message);
    else
        s3_out_shape(&c->out, k->shape, all->doc[k->kind]);
}

void s3_delete_config(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    if (wb_tx_del(c->tx, s3_config_key(c->arena, b.number, config_of(c)->kind)))
        s3_config_changed(c->tx, b.name);
}

/* --- kinds with a word of their own --- */

void s3_get_encryption(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    const struct s3_config *all = s3_config(c->tx, b.name);
    /* Since 2023 a bucket without a configuration has this one. */
    static const char standard[] =
        "{\"Rules\":[{\"ApplyServerSideEncryptionByDefault\":{\"SSEAlgorithm\":\"AES256\"},"
        "\"BucketKeyEnabled\":false}]}";
    struct wb_json doc = all->text[S3_ENCRYPTION].p
                             ? all->doc[S3_ENCRYPTION]
                             : wb_json_read(c->arena, wb_slice_str(standard), NULL);
    s3_out_shape(&c->out, &s3_s_server_side_encryption_configuration, doc);
}

void s3_default_encryption(struct wb_call *c, struct s3_about *out)
{
    const struct s3_config *b = s3_config(c->tx, wb_in_str(c, "Bucket"));
    if (!b || !b->text[S3_ENCRYPTION].p)
        return;
    struct wb_json by = wb_json_get(wb_json_item(wb_json_get(b->doc[S3_ENCRYPTION], "Rules"), 0),
                                    "ApplyServerSideEncryptionByDefault");
    struct wb_slice how = wb_json_get_str(by, "SSEAlgorithm", c->arena);
    if (wb_slice_is(how, "AES256"))
        return;
    out->sse = how;
    out->kms_key = wb_json_get_str(by, "KMSMasterKeyID", c->arena);
}

void s3_get_payment(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    struct wb_slice payer =
        wb_json_get_str(s3_config(c->tx, b.name)->doc[S3_PAYMENT], "Payer", c->arena);
    wb_out_str(&c->out, "Payer", payer.p ? payer : WB_S("BucketOwner"));
}

void s3_get_ownership(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    const struct s3_config *all = s3_config(c->tx, b.name);
    struct wb_json doc = all->doc[S3_OWNERSHIP];
    if (!all->text[S3_OWNERSHIP].p)
        doc = wb_json_read(
            c->arena, WB_S("{\"Rules\":[{\"ObjectOwnership\":\"BucketOwnerEnforced\"}]}"), NULL);
    else if (!wb_json_is(wb_json_get(doc, "Rules")))
        s3_fail(c, "OwnershipControlsNotFoundError", 404, "BucketName", b.name,
                "The bucket ownership controls were not found");
    s3_out_shape(&c->out, &s3_s_ownership_controls, doc);
}

/* What a bucket is made with is gone: a row says so, since without a row it is there. */
static void leave_nothing(struct wb_call *c, enum s3_config_kind kind)
{
    struct s3_bucket b;
    if (s3_call_bucket(c, &b))
        store(c, &b, kind, WB_S("{}"));
}

void s3_delete_ownership(struct wb_call *c)
{
    leave_nothing(c, S3_OWNERSHIP);
}

void s3_delete_access_block(struct wb_call *c)
{
    leave_nothing(c, S3_ACCESS_BLOCK);
}

void s3_put_access_block(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    static const char *const names[] = {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                                        "RestrictPublicBuckets"};
    struct wb_json in = wb_in(c, "PublicAccessBlockConfiguration");
    struct wb_buf text = wb_buf_in(c->arena);
    struct wb_json_writer w;
    bool any = false;
    wb_jw_init(&w, &text);
    wb_jw_object(&w);
    for (size_t i = 0; i < 4; i++) {
        any |= wb_json_is(wb_json_get(in, names[i]));
        wb_jw_kbool(&w, names[i], wb_json_bool(wb_json_get(in, names[i]), false));
    }
    wb_jw_end_object(&w);
    if (any)
        store(c, &b, S3_ACCESS_BLOCK, wb_buf_slice(&text));
    else
        wb_fail(c, "InvalidRequest", 400,
                "Must specify at least one configuration of Public Access Block");
}

void s3_get_access_block(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    const struct s3_config *all = s3_config(c->tx, b.name);
    if (all->text[S3_ACCESS_BLOCK].p && wb_json_count(all->doc[S3_ACCESS_BLOCK]) == 0) {
        s3_fail(c, "NoSuchPublicAccessBlockConfiguration", 404, "BucketName", b.name,
                "The public access block configuration was not found");
        return;
    }
    wb_out_bool(&c->out, "BlockPublicAcls", all->block & S3_BLOCK_ACLS);
    wb_out_bool(&c->out, "IgnorePublicAcls", all->block & S3_IGNORE_ACLS);
    wb_out_bool(&c->out, "BlockPublicPolicy", all->block & S3_BLOCK_POLICY);
    wb_out_bool(&c->out, "RestrictPublicBuckets", all->block & S3_RESTRICT);
}
