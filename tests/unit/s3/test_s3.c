/* Buckets and objects in a world of one thread, without the wire and without files. */
#include "codec/text.h"
#include "engine/world.h"
#include "services/s3/upload.h"
#include <unistd.h>

struct answer {
    struct wb_arena arena; /* owns what follows */
    struct wb_slice text, code;
    struct wb_pair *header;
    size_t headers;
    struct wb_piece *piece;
    size_t pieces;
    size_t memory; /* that the call took: grows with the rows it read */
};

struct call {
    const char *op;
    struct wb_slice in, account;
    const struct wb_body_blob *blob;
    struct answer *out;
};

static struct wb_slice account = WB_S("000000000000");

static void copy_answer(struct answer *out, struct wb_call *c)
{
    struct wb_arena *a = &out->arena;
    out->code = c->error.code ? wb_dup(a, wb_slice_str(c->error.code)) : WB_SLICE_NULL;
    out->text = wb_dup(a, c->error.code ? c->error.message : wb_out_done(&c->out));
    out->header = wb_new_n(a, struct wb_pair, c->header_count + 1);
    for (size_t i = 0; i < c->header_count; i++)
        out->header[out->headers++] =
            (struct wb_pair){wb_dup(a, c->header[i].name), wb_dup(a, c->header[i].value)};
    out->piece = wb_new_n(a, struct wb_piece, c->piece_count + 1);
    for (size_t i = 0; i < c->piece_count; i++)
        out->piece[out->pieces++] =
            (struct wb_piece){wb_dup(a, c->piece[i].blob), c->piece[i].offset, c->piece[i].size};
}

/* What the front does after the decoding and before the encoding. */
static void call_fn(struct wb_tx *tx, void *arg)
{
    struct call *k = arg;
    struct wb_call c = {.service = &wb_s3_service,
                        .engine = tx->engine,
                        .arena = tx->arena,
                        .tx = tx,
                        .blob = k->blob,
                        .host = WB_S("localhost:4566"),
                        .op = wb_service_op(&wb_s3_service, wb_slice_str(k->op))};
    struct wb_nest n;
    assert_non_null(c.op);
    c.ctx = (struct wb_ctx){.principal = {.type = WB_PRINCIPAL_ROOT,
                                          .account = k->account,
                                          .arn = WB_S("arn:aws:iam::000000000000:root")},
                            .account = k->account,
                            .region = WB_S("us-east-1")};
    wb_out_init(&c.out, tx->arena, false);
    c.in = wb_json_read(tx->arena, k->in, NULL);
    if (!wb_json_is(c.in))
        fail_msg("%.*s", WB_FMT(k->in));
    wb_tx_nest(tx, &n);
    c.op->handler(&c);
    wb_tx_unnest(tx, &n, !wb_failed(&c));
    wb_arena_release(&k->out->arena); /* the command may run again */
    *k->out = (struct answer){.code = WB_SLICE_NULL};
    wb_arena_init(&k->out->arena, 0);
    k->out->memory = tx->arena->total;
    copy_answer(k->out, &c);
}

static struct wb_slice unquote(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_dup_cstr(a, s);
    for (size_t i = 0; i < s.n; i++)
        p[i] = p[i] == '\'' ? '"' : p[i];
    return wb_slice(p, s.n);
}

static struct answer call_blob(struct world *w, const struct wb_body_blob *blob, const char *op,
                               const char *fmt, va_list ap)
{
    struct wb_arena a;
    struct answer out = {.code = WB_SLICE_NULL};
    wb_arena_init(&a, 0);
    wb_arena_init(&out.arena, 0);
    struct call c = {op, unquote(&a, wb_vprintf(&a, fmt, ap)), account, blob, &out};
    assert_int_equal(run(w, call_fn, &c), WB_COMMITTED);
    wb_arena_release(&a);
    return out;
}

/* Runs an operation; the input is JSON with ' for ". Release the arena. */
static struct answer call(struct world *w, const char *op, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static struct answer call(struct world *w, const char *op, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct answer out = call_blob(w, NULL, op, fmt, ap);
    va_end(ap);
    return out;
}

/* The same with a body: one byte of the name, repeated, is the blob's name and its digest. */
static struct answer send(struct world *w, char name, int64_t size, const char *op, const char *fmt,
                          ...) __attribute__((format(printf, 5, 6)));
static struct answer send(struct world *w, char name, int64_t size, const char *op, const char *fmt,
                          ...)
{
    char text[WB_BLOB_NAME];
    memset(text, name, sizeof text);
    struct wb_body_blob blob = {.name = wb_slice(text, sizeof text), .size = size};
    memset(blob.md5, name, sizeof blob.md5);
    va_list ap;
    va_start(ap, fmt);
    struct answer out = call_blob(w, &blob, op, fmt, ap);
    va_end(ap);
    return out;
}

#define DONE(x)                                                                                    \
    do {                                                                                           \
        struct answer done = x;                                                                    \
        if (done.code.p)                                                                           \
            fail_msg("%.*s: %.*s", WB_FMT(done.code), WB_FMT(done.text));                          \
        wb_arena_release(&done.arena);                                                             \
    } while (0)
#define DO(w, op, ...)            DONE(call(w, op, __VA_ARGS__))
#define SEND(w, n, size, op, ...) DONE(send(w, n, size, op, __VA_ARGS__))

static void refused(struct answer x, const char *expected)
{
    if (!wb_slice_is(x.code, expected))
        fail_msg("%s: %.*s %.*s", expected, WB_FMT(x.code), WB_FMT(x.text));
    wb_arena_release(&x.arena);
}
#define REFUSED(w, expected, op, ...) refused(call(w, op, __VA_ARGS__), expected)

/* The answer must hold (or not hold) this text, again with ' for ". */
static void has(struct answer x, const char *expected, bool yes)
{
    struct wb_slice want = unquote(&x.arena, wb_slice_str(expected));
    if (x.code.p || (wb_slice_find(x.text, want, 0) >= 0) != yes)
        fail_msg("%s %.*s: %.*s %.*s", yes ? "no" : "a", WB_FMT(want), WB_FMT(x.code),
                 WB_FMT(x.text));
    wb_arena_release(&x.arena);
}
#define HAS(w, expected, op, ...)    has(call(w, op, __VA_ARGS__), expected, true)
#define HAS_NO(w, expected, op, ...) has(call(w, op, __VA_ARGS__), expected, false)

#define TEXT_MAX 512

static void keep(char out[TEXT_MAX], struct wb_slice s)
{
    snprintf(out, TEXT_MAX, "%.*s", (int)s.n, s.p ? s.p : "");
}

/* The value of an answer's header, into a buffer of the test. */
static const char *header_of(struct answer *x, const char *name, char out[TEXT_MAX])
{
    out[0] = 0;
    for (size_t i = 0; i < x->headers; i++)
        if (wb_slice_is(x->header[i].name, name))
            snprintf(out, TEXT_MAX, "%.*s", WB_FMT(x->header[i].value));
    wb_arena_release(&x->arena);
    return out;
}

static const char *member_of(struct answer x, const char *name, char out[TEXT_MAX])
{
    struct wb_slice s = wb_json_get_str(wb_json_read(&x.arena, x.text, NULL), name, &x.arena);
    keep(out, s);
    wb_arena_release(&x.arena);
    return out;
}

static void check_bad(void *arg, const char *what)
{
    fail_msg("check: %s", what);
}

static void check_fn(struct wb_tx *tx, void *arg)
{
    wb_s3_module.check(tx, check_bad, NULL);
}

static char dir[] = "/tmp/waybill-s3-XXXXXX";
static struct wb_keyring *keyring; /* paging tokens are sealed */

static void open_world(struct world *w)
{
    account = WB_S("000000000000");
    world_open(w, &wb_s3_module, NULL);
    w->keyring = keyring;
    world_restart(w);
    DO(w, "CreateBucket", "{'Bucket':'buck'}");
}

static void close_world(struct world *w)
{
    settle(w);
    look(w, check_fn, NULL);
    world_close(w);
}

#define NAMED "'Bucket':'buck','Key':'k'"

/* --- buckets --- */

static void test_names(void **state)
{
    static const char *const good[] = {"abc", "a.b", "a-b", "1abc", "a.b-c.d", "192.168.5"};
    static const char *const bad[] = {"",
                                      "ab",
                                      "Abc",
                                      "a_b",
                                      "-ab",
                                      "ab-",
                                      "a..b",
                                      "a.-b",
                                      "a-.b",
                                      "192.168.5.4",
                                      "xn--ab",
                                      "ab-s3alias",
                                      "sthree-a",
                                      "amzn-s3-demo-x",
                                      "a/b",
                                      "\xc3\xa4"
                                      "aa"};
    char longest[64];
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!s3_bucket_name_valid(wb_slice_str(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (s3_bucket_name_valid(wb_slice_str(bad[i])))
            fail_msg("%s", bad[i]);
    assert_true(s3_bucket_name_valid(wb_slice(longest, 63)));
    assert_false(s3_bucket_name_valid(wb_slice(longest, 64)));
}

static void test_buckets(void **state)
{
    struct world w;
    open_world(&w);
    DO(&w, "CreateBucket", "{'Bucket':'buck'}"); /* us-east-1's old habit */
    REFUSED(&w, "InvalidBucketName", "CreateBucket", "{'Bucket':'Buck'}");
    REFUSED(&w, "InvalidLocationConstraint", "CreateBucket",
            "{'Bucket':'other','CreateBucketConfiguration':{'LocationConstraint':'nowhere'}}");
    DO(&w, "CreateBucket",
       "{'Bucket':'other','CreateBucketConfiguration':{'LocationConstraint':'eu-west-1'}}");
    REFUSED(&w, "BucketAlreadyOwnedByYou", "CreateBucket", "{'Bucket':'other'}");
    REFUSED(&w, "AccessControlListNotSupported", "CreateBucket",
            "{'Bucket':'third','ACL':'public-read'}");
    HAS(&w, "'LocationConstraint':'eu-west-1'", "GetBucketLocation", "{'Bucket':'other'}");
    HAS(&w, "'LocationConstraint':''", "GetBucketLocation", "{'Bucket':'buck'}");
    account = WB_S("111111111111");
    REFUSED(&w, "BucketAlreadyExists", "CreateBucket", "{'Bucket':'buck'}");
    REFUSED(&w, "AccessDenied", "HeadBucket",
            "{'Bucket':'buck','ExpectedBucketOwner':'111111111111'}");
    DO(&w, "CreateBucket", "{'Bucket':'foreign'}");
    HAS_NO(&w, "buck", "ListBuckets", "{}");
    account = WB_S("000000000000");
    HAS(&w, "'Name':'buck'", "ListBuckets", "{'MaxBuckets':1}");
    HAS_NO(&w, "'Name':'other'", "ListBuckets", "{'MaxBuckets':1}");
    HAS_NO(&w, "foreign", "ListBuckets", "{}");
    HAS(&w, "'Name':'other'", "ListBuckets", "{'BucketRegion':'eu-west-1','Prefix':'o'}");
    REFUSED(&w, "NoSuchBucket", "HeadBucket", "{'Bucket':'none'}");
    DO(&w, "PutObject", "{" NAMED "}");
    REFUSED(&w, "BucketNotEmpty", "DeleteBucket", "{'Bucket':'buck'}");
    DO(&w, "DeleteObject", "{" NAMED "}");
    DO(&w, "CreateMultipartUpload", "{" NAMED "}");
    DO(&w, "DeleteBucket", "{'Bucket':'buck'}");
    DO(&w, "CreateBucket", "{'Bucket':'buck'}");
    HAS_NO(&w, "UploadId'", "ListMultipartUploads", "{'Bucket':'buck'}");
    settle(&w);
    assert_int_equal(rows_in(&w, WB_T_S3_UPLOAD), 0);
    close_world(&w);
}

/* --- versions --- */

static void versioning(struct world *w, const char *status)
{
    DO(w, "PutBucketVersioning", "{'Bucket':'buck','VersioningConfiguration':{'Status':'%s'}}",
       status);
}

static void test_versions(void **state)
{
    struct world w;
    char v1[TEXT_MAX], v2[TEXT_MAX], marker[TEXT_MAX];
    open_world(&w);
    SEND(&w, 'a', 1, "PutObject", "{" NAMED "}");
    SEND(&w, 'b', 2, "PutObject", "{" NAMED "}"); /* replaces it */
    assert_int_equal(rows_in(&w, WB_T_BLOB), 1);
    REFUSED(&w, "MalformedXML", "PutBucketVersioning",
            "{'Bucket':'buck','VersioningConfiguration':{'Status':'on'}}");
    versioning(&w, "Enabled");
    struct answer x = send(&w, 'c', 3, "PutObject", "{" NAMED "}");
    header_of(&x, "x-amz-version-id", v1);
    assert_int_equal(strlen(v1), 32);
    x = send(&w, 'd', 4, "PutObject", "{" NAMED "}");
    header_of(&x, "x-amz-version-id", v2);
    assert_string_not_equal(v1, v2);
    assert_int_equal(rows_in(&w, WB_T_BLOB), 3);
    assert_int_equal(rows_in(&w, WB_T_S3_VERSION), 2);
    assert_int_equal(rows_in(&w, WB_T_S3_NULL), 1);
    HAS(&w, "'Size':4", "ListObjectsV2", "{'Bucket':'buck'}");
    HAS(&w, "'VersionId':'null','IsLatest':false", "ListObjectVersions", "{'Bucket':'buck'}");

    /* A marker hides the key; without it the key is back. */
    x = call(&w, "DeleteObject", "{" NAMED "}");
    header_of(&x, "x-amz-version-id", marker);
    REFUSED(&w, "NoSuchKey", "GetObject", "{" NAMED "}");
    REFUSED(&w, "MethodNotAllowed", "GetObject", "{" NAMED ",'VersionId':'%s'}", marker);
    REFUSED(&w, "InvalidArgument", "GetObject", "{" NAMED ",'VersionId':'x'}");
    HAS_NO(&w, "'Key'", "ListObjectsV2", "{'Bucket':'buck'}");
    HAS(&w, "'DeleteMarkers':[{'Key':'k'", "ListObjectVersions", "{'Bucket':'buck'}");
    DO(&w, "GetObject", "{" NAMED ",'VersionId':'%s'}", v2);
    DO(&w, "DeleteObject", "{" NAMED ",'VersionId':'%s'}", marker);
    HAS(&w, "'Size':4", "ListObjectsV2", "{'Bucket':'buck'}");
    REFUSED(&w, "NoSuchVersion", "GetObject", "{" NAMED ",'VersionId':'%s'}", marker);
    DO(&w, "DeleteObject", "{" NAMED ",'VersionId':'%s'}", marker); /* it is not there: fine */

    /* The newest that is left comes forward. */
    DO(&w, "DeleteObject", "{" NAMED ",'VersionId':'%s'}", v2);
    HAS(&w, "'Size':3", "ListObjectsV2", "{'Bucket':'buck'}");
    assert_int_equal(rows_in(&w, WB_T_S3_VERSION), 1);

    /* Suspended: the null version is replaced wherever it is, the others stay. */
    versioning(&w, "Suspended");
    SEND(&w, 'e', 5, "PutObject", "{" NAMED "}");
    assert_int_equal(rows_in(&w, WB_T_S3_VERSION), 1);
    assert_int_equal(rows_in(&w, WB_T_S3_NULL), 0);
    assert_int_equal(rows_in(&w, WB_T_BLOB), 2);
    HAS(&w, "'Size':5", "ListObjectsV2", "{'Bucket':'buck'}");
    DO(&w, "DeleteObject", "{" NAMED "}");
    DO(&w, "DeleteObject", "{" NAMED "}"); /* one null marker, not two */
    assert_int_equal(rows_in(&w, WB_T_S3_VERSION), 2);
    assert_int_equal(rows_in(&w, WB_T_BLOB), 1);
    REFUSED(&w, "BucketNotEmpty", "DeleteBucket", "{'Bucket':'buck'}");
    DO(&w, "DeleteObject", "{" NAMED ",'VersionId':'null'}");
    HAS(&w, "'Size':3", "ListObjectsV2", "{'Bucket':'buck'}");
    DO(&w, "DeleteObject", "{" NAMED ",'VersionId':'%s'}", v1);
    assert_int_equal(rows_in(&w, WB_T_S3_VERSION) + rows_in(&w, WB_T_S3_NULL) +
                         rows_in(&w, WB_T_S3_OBJECT) + rows_in(&w, WB_T_BLOB),
                     0);
    DO(&w, "DeleteBucket", "{'Bucket':'buck'}");
    close_world(&w);
}

/* Pages of one item each must give what one page gives. */
static void test_version_pages(void **state)
{
    struct world w;
    char key[TEXT_MAX] = "", version[TEXT_MAX] = "";
    open_world(&w);
    DO(&w, "PutObject", "{'Bucket':'buck','Key':'a'}");
    versioning(&w, "Enabled");
    static const char *const keys[] = {"a", "b/1", "b/2", "c", "a", "b/1", "d"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        DO(&w, "PutObject", "{'Bucket':'buck','Key':'%s'}", keys[i]);
    DO(&w, "DeleteObject", "{'Bucket':'buck','Key':'c'}");
    DO(&w, "DeleteObject", "{'Bucket':'buck','Key':'gone'}");
    for (int delimiter = 0; delimiter < 2; delimiter++) {
        const char *more = delimiter ? ",'Delimiter':'/'" : "";
        unsigned pages = 0;
        key[0] = version[0] = 0;
        do {
            struct answer x =
                version[0] ? call(&w, "ListObjectVersions",
                                  "{'Bucket':'buck','MaxKeys':1,'KeyMarker':'%s','VersionIdMarker':"
                                  "'%s'%s}",
                                  key, version, more)
                : key[0]   ? call(&w, "ListObjectVersions",
                                  "{'Bucket':'buck','MaxKeys':1,'KeyMarker':'%s'%s}", key, more)
                         : call(&w, "ListObjectVersions", "{'Bucket':'buck','MaxKeys':1%s}", more);
            struct wb_json doc = wb_json_read(&x.arena, x.text, NULL);
            struct wb_slice k = wb_json_get_str(doc, "NextKeyMarker", &x.arena),
                            v = wb_json_get_str(doc, "NextVersionIdMarker", &x.arena);
            keep(key, k);
            keep(version, v);
            wb_arena_release(&x.arena);
            pages++;
        } while (key[0] && pages < 20);
        /* 10 versions and markers; with the delimiter 3 of them are one prefix. */
        assert_int_equal(pages, delimiter ? 8 : 10);
    }
    close_world(&w);
}

/* --- listings --- */

static void test_listing(void **state)
{
    struct world w;
    char token[TEXT_MAX];
    open_world(&w);
    static const char *const keys[] = {"a", "b", "p/1", "p/2", "p/q/3", "p0", "q/", "z \\u00e4"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        DO(&w, "PutObject", "{'Bucket':'buck','Key':'%s'}", keys[i]);
    HAS(&w, "'KeyCount':8", "ListObjectsV2", "{'Bucket':'buck'}");
    HAS(&w, "'CommonPrefixes':[{'Prefix':'p/'},{'Prefix':'q/'}],'IsTruncated':false,'KeyCount':6",
        "ListObjectsV2", "{'Bucket':'buck','Delimiter':'/'}");
    HAS(&w, "'CommonPrefixes':[{'Prefix':'p/q/'}],'IsTruncated':false,'KeyCount':3",
        "ListObjectsV2", "{'Bucket':'buck','Delimiter':'/','Prefix':'p/'}");
    HAS(&w, "z%20%C3%A4", "ListObjectsV2", "{'Bucket':'buck','EncodingType':'url'}");
    REFUSED(&w, "InvalidArgument", "ListObjectsV2", "{'Bucket':'buck','EncodingType':'x'}");
    REFUSED(&w, "InvalidArgument", "ListObjectsV2", "{'Bucket':'buck','MaxKeys':'x'}");
    REFUSED(&w, "InvalidArgument", "ListObjectsV2", "{'Bucket':'buck','MaxKeys':-1}");
    REFUSED(&w, "InvalidArgument", "ListObjectsV2", "{'Bucket':'buck','ContinuationToken':'x'}");
    HAS(&w, "'IsTruncated':false,'KeyCount':0", "ListObjectsV2", "{'Bucket':'buck','MaxKeys':0}");
    HAS(&w, "'KeyCount':1", "ListObjectsV2", "{'Bucket':'buck','StartAfter':'q/'}");
    HAS(&w, "'KeyCount':4", "ListObjectsV2", "{'Bucket':'buck','Delimiter':'/','StartAfter':'b'}");
    HAS(&w, "'NextMarker':'p/'", "ListObjects", "{'Bucket':'buck','Delimiter':'/','MaxKeys':3}");
    HAS_NO(&w, "'Prefix':'p/'", "ListObjects", "{'Bucket':'buck','Delimiter':'/','Marker':'p/'}");
    HAS(&w, "'CommonPrefixes':[{'Prefix':'p/'}", "ListObjects",
        "{'Bucket':'buck','Delimiter':'/','Marker':'p/1'}");
    HAS_NO(&w, "NextMarker", "ListObjects", "{'Bucket':'buck','MaxKeys':3}");
    HAS_NO(&w, "Owner", "ListObjectsV2", "{'Bucket':'buck'}");
    HAS(&w, "'Owner':{'ID'", "ListObjectsV2", "{'Bucket':'buck','FetchOwner':true}");

    /* Page by page: each prefix once. */
    unsigned pages = 0;
    token[0] = 0;
    do {
        struct answer x =
            token[0]
                ? call(&w, "ListObjectsV2",
                       "{'Bucket':'buck','Delimiter':'/','MaxKeys':1,'ContinuationToken':'%s'}",
                       token)
                : call(&w, "ListObjectsV2", "{'Bucket':'buck','Delimiter':'/','MaxKeys':1}");
        struct wb_slice t = wb_json_get_str(wb_json_read(&x.arena, x.text, NULL),
                                            "NextContinuationToken", &x.arena);
        keep(token, t);
        wb_arena_release(&x.arena);
        pages++;
    } while (token[0] && pages < 20);
    assert_int_equal(pages, 6);
    close_world(&w);
}

#define MANY  100000
#define BATCH 500

static void many_fn(struct wb_tx *tx, void *arg)
{
    int from = *(int *)arg;
    struct s3_bucket b;
    assert_true(s3_bucket_read(tx, WB_S("buck"), &b));
    for (int i = from; i < from + BATCH; i++) {
        struct s3_object o = {.key = wb_printf(tx->arena, "%c/%06d", 'a' + i % 10, i),
                              .etag = WB_S(S3_EMPTY_MD5)};
        s3_object_put(tx, &b, &o);
    }
}

/* An answer reads the rows it tells of, and steps over what is behind a prefix. */
static void test_many_keys(void **state)
{
    struct world w;
    open_world(&w);
    for (int i = 0; i < MANY; i += BATCH)
        assert_int_equal(run(&w, many_fn, &i), WB_COMMITTED);
    static const struct {
        const char *in;
        size_t most;
    } cases[] = {
        {"'Delimiter':'/'", 128 << 10},
        {"'Delimiter':'/','MaxKeys':3,'StartAfter':'c'", 128 << 10},
        {"'Prefix':'j/0999','MaxKeys':5", 128 << 10},
        {"'StartAfter':'e/05','MaxKeys':5", 128 << 10},
        {"'Prefix':'f/'", 16 << 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer x = call(&w, "ListObjectsV2", "{'Bucket':'buck',%s}", cases[i].in);
        if (x.code.p || x.memory > cases[i].most)
            fail_msg("%s: %.*s %zu bytes", cases[i].in, WB_FMT(x.code), x.memory);
        wb_arena_release(&x.arena);
    }
    HAS(&w, "'KeyCount':10", "ListObjectsV2", "{'Bucket':'buck','Delimiter':'/'}");
    HAS(&w, "'IsTruncated':true,'KeyCount':1000", "ListObjectsV2", "{'Bucket':'buck'}");
    HAS(&w, "'KeyCount':10", "ListObjectsV2", "{'Bucket':'buck','Prefix':'j/0999'}");
    HAS(&w, "'NextKeyMarker':'c/'", "ListObjectVersions",
        "{'Bucket':'buck','Delimiter':'/','MaxKeys':3}");
    close_world(&w);
}

/* --- objects --- */

static void test_conditions(void **state)
{
    struct world w;
    open_world(&w);
    REFUSED(&w, "NoSuchKey", "PutObject", "{" NAMED ",'IfMatch':'x'}");
    DO(&w, "PutObject", "{" NAMED ",'IfNoneMatch':'*'}");
    REFUSED(&w, "PreconditionFailed", "PutObject", "{" NAMED ",'IfNoneMatch':'*'}");
    REFUSED(&w, "NotImplemented", "PutObject", "{" NAMED ",'IfNoneMatch':'x'}");
    REFUSED(&w, "PreconditionFailed", "PutObject", "{" NAMED ",'IfMatch':'x'}");
    DO(&w, "PutObject", "{" NAMED ",'IfMatch':'\\'" S3_EMPTY_MD5 "\\''}");
    static const struct {
        const char *given, *code;
    } cases[] = {
        {"'IfMatch':'x'", "PreconditionFailed"},
        {"'IfMatch':'" S3_EMPTY_MD5 "'", NULL},
        {"'IfMatch':'x, \\'" S3_EMPTY_MD5 "\\''", NULL},
        {"'IfNoneMatch':'" S3_EMPTY_MD5 "'", "NotModified"},
        {"'IfNoneMatch':'*'", "NotModified"},
        {"'IfNoneMatch':'x'", NULL},
        {"'IfModifiedSince':'Sun, 22 Nov 2020 12:00:00 GMT'", NULL},
        {"'IfModifiedSince':'Sun, 22 Nov 2026 12:00:00 GMT'", "NotModified"},
        {"'IfModifiedSince':'Sun, 22 Nov 2099 12:00:00 GMT'", NULL}, /* to come */
        {"'IfModifiedSince':'yesterday'", NULL},
        {"'IfUnmodifiedSince':'Sun, 22 Nov 2020 12:00:00 GMT'", "PreconditionFailed"},
        {"'IfUnmodifiedSince':'Mon, 23 Nov 2026 12:00:00 GMT'", NULL},
        /* An entity tag outdoes a date, in both pairs. */
        {"'IfMatch':'*','IfUnmodifiedSince':'Sun, 22 Nov 2020 12:00:00 GMT'", NULL},
        {"'IfNoneMatch':'x','IfModifiedSince':'Mon, 23 Nov 2026 12:00:00 GMT'", NULL},
        {"'IfNoneMatch':'*','IfModifiedSince':'Sun, 22 Nov 2020 12:00:00 GMT'", "NotModified"},
        {"'IfMatch':'x','IfNoneMatch':'*'", "PreconditionFailed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer x = call(&w, "GetObject", "{" NAMED ",%s}", cases[i].given);
        if (cases[i].code ? !wb_slice_is(x.code, cases[i].code) : x.code.p != NULL)
            fail_msg("%s: %.*s", cases[i].given, WB_FMT(x.code));
        wb_arena_release(&x.arena);
    }
    close_world(&w);
}

static void test_ranges(void **state)
{
    struct world w;
    open_world(&w);
    SEND(&w, 'a', 10, "PutObject", "{" NAMED "}");
    static const struct {
        const char *range;
        int from, size; /* from < 0: 416 */
    } cases[] = {
        {"bytes=0-0", 0, 1},
        {"bytes=2-4", 2, 3},
        {"bytes=2-", 2, 8},
        {"bytes=-3", 7, 3},
        {"bytes=-99", 0, 10},
        {"bytes=5-99", 5, 5},
        {"bytes=10-", -1, 0},
        {"bytes=-0", -1, 0},
        {"bytes=4-2", 0, 10},
        {"bytes=0-1,3-4", 0, 10},
        {"bytes=-", 0, 10},
        {"items=0-1", 0, 10},
        {"bytes=x-1", 0, 10},
        {"bytes=18446744073709551615-", -1, 0},
        {"bytes=18446744073709551616-", 0, 10},
        {"bytes= 1-2", 0, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer x = call(&w, "GetObject", "{" NAMED ",'Range':'%s'}", cases[i].range);
        if (cases[i].from < 0 ? !wb_slice_is(x.code, "InvalidRange")
                              : x.code.p || x.piece[0].offset != cases[i].from ||
                                    x.piece[0].size != cases[i].size)
            fail_msg("%s: %.*s", cases[i].range, WB_FMT(x.code));
        wb_arena_release(&x.arena);
    }
    DO(&w, "PutObject", "{" NAMED "}");
    REFUSED(&w, "InvalidRange", "GetObject", "{" NAMED ",'Range':'bytes=0-'}");
    close_world(&w);
}

static void test_copy(void **state)
{
    struct world w;
    char text[TEXT_MAX];
    open_world(&w);
    SEND(&w, 'a', 10, "PutObject",
         "{" NAMED ",'Metadata':{'m':'1'},'Tagging':'t=u','ContentType':'x/y'}");
    REFUSED(&w, "InvalidRequest", "CopyObject", "{" NAMED ",'CopySource':'buck/k'}");
    REFUSED(&w, "InvalidArgument", "PutObject", "{" NAMED ",'Metadata':{'a:b\\r\\n':'1'}}");
    DO(&w, "CopyObject", "{'Bucket':'buck','Key':'c','CopySource':'/buck/%%6b'}");
    assert_int_equal(rows_in(&w, WB_T_BLOB), 1);
    struct answer x = call(&w, "HeadObject", "{'Bucket':'buck','Key':'c'}");
    assert_string_equal(header_of(&x, "x-amz-meta-m", text), "1");
    HAS(&w, "{'Key':'t','Value':'u'}", "GetObjectTagging", "{'Bucket':'buck','Key':'c'}");
    DO(&w, "CopyObject",
       "{" NAMED ",'CopySource':'buck/k','MetadataDirective':'REPLACE','ContentType':'p/q',"
       "'TaggingDirective':'REPLACE'}");
    x = call(&w, "HeadObject", "{" NAMED "}");
    assert_string_equal(header_of(&x, "Content-Type", text), "p/q");
    HAS(&w, "'TagSet':[]", "GetObjectTagging", "{" NAMED "}");
    REFUSED(&w, "NoSuchKey", "CopyObject", "{" NAMED ",'CopySource':'buck/none'}");
    REFUSED(&w, "NoSuchBucket", "CopyObject", "{" NAMED ",'CopySource':'none/k'}");
    REFUSED(&w, "InvalidArgument", "CopyObject", "{" NAMED ",'CopySource':'buck'}");
    REFUSED(&w, "PreconditionFailed", "CopyObject",
            "{'Bucket':'buck','Key':'c','CopySource':'buck/k','CopySourceIfNoneMatch':'*'}");
    DO(&w, "DeleteObject", "{" NAMED "}");
    assert_int_equal(rows_in(&w, WB_T_BLOB), 1);
    DO(&w, "DeleteObject", "{'Bucket':'buck','Key':'c'}");
    assert_int_equal(rows_in(&w, WB_T_BLOB), 0);
    close_world(&w);
}

static void test_tags(void **state)
{
    struct world w;
    open_world(&w);
    REFUSED(&w, "InvalidArgument", "PutObject", "{" NAMED ",'Tagging':'a=1&a=2'}");
    REFUSED(&w, "BadRequest", "PutObject",
            "{" NAMED ",'Tagging':'1=&2=&3=&4=&5=&6=&7=&8=&9=&10=&11='}");
    DO(&w, "PutObject", "{" NAMED ",'Tagging':'a=1&b='}");
    HAS(&w, "'TagSet':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]", "GetObjectTagging",
        "{" NAMED "}");
    REFUSED(&w, "InvalidTag", "PutObjectTagging",
            "{" NAMED ",'Tagging':{'TagSet':[{'Key':'aws:x','Value':''}]}}");
    REFUSED(&w, "InvalidTag", "PutObjectTagging",
            "{" NAMED ",'Tagging':{'TagSet':[{'Key':'x','Value':''},{'Key':'x','Value':''}]}}");
    DO(&w, "PutObjectTagging", "{" NAMED ",'Tagging':{'TagSet':[{'Key':'x','Value':'y'}]}}");
    HAS(&w, "'TagSet':[{'Key':'x','Value':'y'}]", "GetObjectTagging", "{" NAMED "}");
    DO(&w, "DeleteObjectTagging", "{" NAMED "}");
    HAS(&w, "'TagSet':[]", "GetObjectTagging", "{" NAMED "}");
    close_world(&w);
}

static void test_delete_many(void **state)
{
    struct world w;
    open_world(&w);
    DO(&w, "PutObject", "{" NAMED "}");
    HAS(&w, "'Deleted':[{'Key':'k'},{'Key':'none'}],'Errors':[]", "DeleteObjects",
        "{'Bucket':'buck','Delete':{'Objects':[{'Key':'k'},{'Key':'none'}]}}");
    REFUSED(&w, "NoSuchKey", "GetObject", "{" NAMED "}");
    versioning(&w, "Enabled");
    DO(&w, "PutObject", "{" NAMED "}");
    HAS(&w, "'DeleteMarker':true", "DeleteObjects",
        "{'Bucket':'buck','Delete':{'Objects':[{'Key':'k'}]}}");
    HAS(&w, "'Deleted':[],'Errors':[{'Key':'k','VersionId':'x','Code':'NoSuchVersion'",
        "DeleteObjects",
        "{'Bucket':'buck','Delete':{'Quiet':true,'Objects':[{'Key':'k'},{'Key':'k','VersionId':"
        "'x'}]}}");
    REFUSED(&w, "MalformedXML", "DeleteObjects", "{'Bucket':'buck','Delete':{'Objects':[]}}");
    close_world(&w);
}

/* --- uploads --- */

#define PART (5 << 20)

static void test_upload(void **state)
{
    struct world w;
    char id[TEXT_MAX];
    open_world(&w);
    member_of(call(&w, "CreateMultipartUpload", "{" NAMED ",'ContentType':'x/y'}"), "UploadId", id);
    REFUSED(&w, "NoSuchUpload", "UploadPart", "{" NAMED ",'PartNumber':1,'UploadId':'x'}");
    REFUSED(&w, "InvalidArgument", "UploadPart", "{" NAMED ",'PartNumber':0,'UploadId':'%s'}", id);
    REFUSED(&w, "InvalidArgument", "UploadPart", "{" NAMED ",'PartNumber':10001,'UploadId':'%s'}",
            id);
    SEND(&w, 'a', PART, "UploadPart", "{" NAMED ",'PartNumber':1,'UploadId':'%s'}", id);
    SEND(&w, 'b', PART, "UploadPart", "{" NAMED ",'PartNumber':2,'UploadId':'%s'}", id);
    SEND(&w, 'c', PART, "UploadPart", "{" NAMED ",'PartNumber':2,'UploadId':'%s'}", id);
    SEND(&w, 'd', 3, "UploadPart", "{" NAMED ",'PartNumber':5,'UploadId':'%s'}", id);
    SEND(&w, 'e', 7, "UploadPart", "{" NAMED ",'PartNumber':9,'UploadId':'%s'}", id);
    assert_int_equal(rows_in(&w, WB_T_BLOB), 4);
    HAS(&w, "'NextPartNumberMarker':2,'MaxParts':2,'IsTruncated':true", "ListParts",
        "{" NAMED ",'UploadId':'%s','MaxParts':2}", id);
    HAS(&w, "'UploadId':'", "ListMultipartUploads", "{'Bucket':'buck'}");
    REFUSED(&w, "NoSuchKey", "GetObject", "{" NAMED "}");

#define ETAG_A          "61616161616161616161616161616161"
#define ETAG_C          "63636363636363636363636363636363"
#define ETAG_D          "64646464646464646464646464646464"
#define ETAG_E          "65656565656565656565656565656565"
#define COMPLETE(parts) "{" NAMED ",'UploadId':'%s','MultipartUpload':{'Parts':[" parts "]}}"
#define P(n, etag)      "{'PartNumber':" #n ",'ETag':'" etag "'}"
    REFUSED(&w, "MalformedXML", "CompleteMultipartUpload", COMPLETE(""), id);
    REFUSED(&w, "InvalidPart", "CompleteMultipartUpload", COMPLETE(P(1, ETAG_C)), id);
    REFUSED(&w, "InvalidPart", "CompleteMultipartUpload", COMPLETE(P(3, ETAG_A)), id);
    REFUSED(&w, "InvalidPartOrder", "CompleteMultipartUpload",
            COMPLETE(P(2, ETAG_C) "," P(1, ETAG_A)), id);
    REFUSED(&w, "InvalidPartOrder", "CompleteMultipartUpload",
            COMPLETE(P(1, ETAG_A) "," P(1, ETAG_A)), id);
    REFUSED(&w, "EntityTooSmall", "CompleteMultipartUpload",
            COMPLETE(P(1, ETAG_A) "," P(5, ETAG_D) "," P(9, ETAG_E)), id);
    /* md5 of the two digests */
    HAS(&w, "-3", "CompleteMultipartUpload",
        COMPLETE(P(1, ETAG_A) "," P(2, ETAG_C) "," P(5, ETAG_D)), id);
    HAS(&w, "-3", "CompleteMultipartUpload", COMPLETE(P(1, ETAG_A)), id); /* heard again */
    assert_int_equal(rows_in(&w, WB_T_S3_UPLOAD), 0);
    assert_int_equal(rows_in(&w, WB_T_S3_PART), 3);
    assert_int_equal(rows_in(&w, WB_T_BLOB), 3);

    struct answer x = call(&w, "GetObject", "{" NAMED ",'Range':'bytes=%d-%d'}", PART - 1, PART);
    assert_int_equal(x.pieces, 2);
    assert_true(x.piece[0].offset == PART - 1 && x.piece[0].size == 1);
    assert_true(x.piece[1].offset == 0 && x.piece[1].size == 1 && x.piece[1].blob.p[0] == 'c');
    wb_arena_release(&x.arena);
    x = call(&w, "GetObject", "{" NAMED ",'PartNumber':5}");
    assert_true(x.pieces == 1 && x.piece[0].size == 3);
    assert_string_equal(header_of(&x, "x-amz-mp-parts-count", id), "3");
    REFUSED(&w, "InvalidPartNumber", "GetObject", "{" NAMED ",'PartNumber':3}");
    HAS(&w, "'PartsCount':3", "GetObjectAttributes",
        "{" NAMED ",'ObjectAttributes':['ObjectParts']}");

    /* Copies share the parts; part copies share their bytes. */
    DO(&w, "CopyObject", "{'Bucket':'buck','Key':'c','CopySource':'buck/k'}");
    DO(&w, "DeleteObject", "{" NAMED "}");
    assert_int_equal(rows_in(&w, WB_T_S3_PART), 3);
    member_of(call(&w, "CreateMultipartUpload", "{" NAMED "}"), "UploadId", id);
    HAS(&w, "'ETag'", "UploadPartCopy",
        "{" NAMED ",'PartNumber':1,'UploadId':'%s','CopySource':'buck/c','CopySourceRange':"
        "'bytes=%d-%d'}",
        id, PART - 2, 2 * PART);
    REFUSED(&w, "InvalidArgument", "UploadPartCopy",
            "{" NAMED ",'PartNumber':1,'UploadId':'%s','CopySource':'buck/c','CopySourceRange':"
            "'bytes=0-99999999'}",
            id);
    DO(&w, "DeleteObject", "{'Bucket':'buck','Key':'c'}");
    assert_int_equal(rows_in(&w, WB_T_BLOB), 3);
    DO(&w, "AbortMultipartUpload", "{" NAMED ",'UploadId':'%s'}", id);
    assert_int_equal(rows_in(&w, WB_T_BLOB), 0);
    REFUSED(&w, "NoSuchUpload", "AbortMultipartUpload", "{" NAMED ",'UploadId':'%s'}", id);
    close_world(&w);
}

/* More parts than one command drops. */
static void test_many_parts(void **state)
{
    struct world w;
    char id[TEXT_MAX];
    open_world(&w);
    member_of(call(&w, "CreateMultipartUpload", "{" NAMED "}"), "UploadId", id);
    for (int i = 1; i <= 3 * WB_S3_DROP_ROWS; i++)
        SEND(&w, 'a', PART, "UploadPart", "{" NAMED ",'PartNumber':%d,'UploadId':'%s'}", i, id);
    HAS(&w, "-1", "CompleteMultipartUpload", COMPLETE(P(300, ETAG_A)), id);
    settle(&w);
    assert_int_equal(rows_in(&w, WB_T_S3_PART), 1);
    DO(&w, "GetObject", "{" NAMED "}");
    DO(&w, "DeleteObject", "{" NAMED "}");
    assert_int_equal(rows_in(&w, WB_T_S3_PART), 0);
    close_world(&w);
}

static int setup(void **state)
{
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    assert_non_null(mkdtemp(dir));
    keyring = wb_keyring_open(dir, NULL, wb_seam_os(), true, &a, &why);
    assert_non_null(keyring);
    wb_arena_release(&a);
    return 0;
}

static int teardown(void **state)
{
    char path[64];
    snprintf(path, sizeof path, "%s/key", dir);
    wb_keyring_free(keyring);
    return unlink(path) + rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),       cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_versions),    cmocka_unit_test(test_version_pages),
        cmocka_unit_test(test_listing),     cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_conditions),  cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_copy),        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_delete_many), cmocka_unit_test(test_upload),
        cmocka_unit_test(test_many_parts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
