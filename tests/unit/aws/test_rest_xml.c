/* REST-XML as S3 speaks it: which operation a request means, its document, answers and errors. */
#include "aws/error.h"
#include "aws/shape_table.h"
#include "base/limits.h"
#include "wire_test.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct wb_shape text = {.kind = WB_STRING, .name = "Text"};
static const struct wb_shape small = {
    .kind = WB_STRING, .name = "Small", .max = 5, .has_max = true};
static const struct wb_shape number = {.kind = WB_INTEGER, .name = "Number"};
static const struct wb_shape flag = {.kind = WB_BOOLEAN, .name = "Flag"};
static const struct wb_shape stamp = {.kind = WB_TIMESTAMP, .name = "Stamp"};
static const struct wb_shape body = {.kind = WB_BLOB, .name = "Body"};
static const struct wb_shape texts = {.kind = WB_LIST, .name = "Texts", .elem = &text};
static const struct wb_shape metadata = {
    .kind = WB_MAP, .name = "Metadata", .key = &text, .elem = &text};
static const struct wb_shape flat = {
    .kind = WB_LIST, .name = "Flat", .elem = &text, .flattened = true};
STRUCT(grantee, "Grantee", {.name = "Type", .shape = &text, .wire = "xsi:type", .attribute = true},
       M("ID", small));
STRUCT(tag, "Tag", R("Key", text), M("Value", text));
static const struct wb_shape tags = {
    .kind = WB_LIST, .name = "TagSet", .elem = &tag, .item_name = "Tag"};
STRUCT(thing, "Thing", M("Grantee", grantee), M("TagSet", tags), M("Quiet", flag),
       M("Count", number), {.name = "Ids", .shape = &flat, .wire = "Id"});

#define BUCKET                                                                                     \
    {                                                                                              \
        .name = "Bucket", .shape = &text, .required = true, .where = WB_IN_URI                     \
    }
#define KEY                                                                                        \
    {                                                                                              \
        .name = "Key", .shape = &text, .required = true, .where = WB_IN_URI                        \
    }
INPUT(none, "None", {.name = NULL});
INPUT(of_bucket, "OfBucket", BUCKET,
      {.name = "MaxKeys", .shape = &number, .where = WB_IN_QUERY, .wire = "max-keys"});
INPUT(of_key, "OfKey", BUCKET, KEY,
      {.name = "Since", .shape = &stamp, .where = WB_IN_HEADER, .wire = "If-Modified-Since"},
      {.name = "Want", .shape = &texts, .where = WB_IN_HEADER, .wire = "x-amz-want"});
INPUT(put, "Put", BUCKET, KEY, {.name = "Body", .shape = &body, .where = WB_IN_PAYLOAD},
      {.name = "Metadata", .shape = &metadata, .where = WB_IN_HEADERS, .wire = "x-amz-meta-"});
INPUT(put_thing, "PutThing", BUCKET,
      {.name = "Thing", .shape = &thing, .required = true, .where = WB_IN_PAYLOAD});

static const struct wb_op ops[] = {
    {.name = "ListBuckets", .http = "GET /", .input = &none, .answer = "ListAllMyBucketsResult"},
    {.name = "ListObjects", .http = "GET /{Bucket}", .input = &of_bucket},
    {.name = "ListObjectsV2", .http = "GET /{Bucket}?list-type=2", .input = &of_bucket},
    {.name = "GetBucketLocation",
     .http = "GET /{Bucket}?location",
     .input = &of_bucket,
     .answer = ""},
    {.name = "PutThing", .http = "PUT /{Bucket}?website", .input = &put_thing},
    {.name = "DeleteBucket", .http = "DELETE /{Bucket}", .input = &of_bucket, .status = 204},
    {.name = "PostObject",
     .http = "POST /{Bucket} content-type=multipart/form-data",
     .input = &of_bucket,
     .body_max = 12345},
    {.name = "GetObject", .http = "GET /{Bucket}/{Key+}", .input = &of_key},
    {.name = "HeadObject", .http = "HEAD /{Bucket}/{Key+}", .input = &of_key},
    {.name = "PutObject", .http = "PUT /{Bucket}/{Key+}", .input = &put},
    {.name = "CopyObject", .http = "PUT /{Bucket}/{Key+} x-amz-copy-source", .input = &of_key},
    {.name = "UploadPart", .http = "PUT /{Bucket}/{Key+}?partNumber&uploadId", .input = &put},
    {.name = "UploadPartCopy",
     .input = &of_key,
     .http = "PUT /{Bucket}/{Key+}?partNumber&uploadId x-amz-copy-source"},
};
static const struct wb_service s3 = {.name = "s3",
                                     .title = "Objects",
                                     .signing_name = "s3",
                                     .protocol = WB_REST_XML,
                                     .xmlns = "urn:s3",
                                     .denied_code = "AccessDenied",
                                     .op = ops,
                                     .op_count = sizeof ops / sizeof *ops};
static const struct wb_op other_ops[] = {
    {.name = "ListFunctions", .http = "GET /2015-03-31/functions/", .input = &none}};
static const struct wb_service other = {.name = "lambda",
                                        .signing_name = "lambda",
                                        .protocol = WB_REST_JSON,
                                        .op = other_ops,
                                        .op_count = 1};
static const struct wb_service *const list[] = {&other, &s3, NULL};
static struct wb_services *services;
static struct wb_arena arena;
static struct wb_call call;

static bool ask(const struct wire_request *q)
{
    wb_arena_reset(&arena);
    return wire_call(&call, &arena, services, q);
}

/* --- routing --- */

static const struct {
    const char *method, *host, *path, *query, *header, *op, *bucket, *key, *scope;
} routes[] = {
    {"GET", "localhost:4566", "/", NULL, NULL, "ListBuckets", "", "", "s3"},
    {"GET", "s3.localhost:4566", "/", NULL, NULL, "ListBuckets", "", "", "s3"},
    {"GET", "localhost", "/b", NULL, NULL, "ListObjects", "b", "", "s3"},
    {"GET", "localhost", "/b/", NULL, NULL, "ListObjects", "b", "", "s3"},
    {"GET", "127.0.0.1:4566", "/b/", "list-type=2", NULL, "ListObjectsV2", "b", "", "s3"},
    {"GET", "localhost", "/b", "list-type=3", NULL, "ListObjects", "b", "", "s3"},
    {"GET", "localhost", "/b", "x-id=ListObjects&location=", NULL, "GetBucketLocation", "b", "",
     "s3"},
    {"GET", "b.localhost:1", "/", "location", NULL, "GetBucketLocation", "b", "", "s3"},
    {"GET", "b.s3.localhost", "/k", NULL, NULL, "GetObject", "b", "k", "s3"},
    {"GET", "b.c.s3.eu-west-1.amazonaws.com", "/k", NULL, NULL, "GetObject", "b.c", "k", "s3"},
    {"GET", "b.s3.amazonaws.com", "/k", NULL, NULL, "GetObject", "b", "k", "s3"},
    {"GET", "b.s3.dualstack.eu-west-1.amazonaws.com", "/k", NULL, NULL, "GetObject", "b", "k",
     "s3"},
    {"GET", "s3.eu-west-1.amazonaws.com", "/b/k", NULL, NULL, "GetObject", "b", "k", "s3"},
    {"GET", "B.Way.Example", "/k", NULL, NULL, "GetObject", "B", "k", "s3"},
    {"GET", "localhost", "/b//a/../%2e/c//", NULL, NULL, "GetObject", "b", "/a/.././/c//", "s3"},
    {"GET", "localhost", "/b/a%20b%2Fc+d", NULL, NULL, "GetObject", "b", "a b/c+d", "s3"},
    {"HEAD", "localhost", "/b/k", NULL, NULL, "HeadObject", "b", "k", "s3"},
    {"PUT", "localhost", "/b/k", NULL, NULL, "PutObject", "b", "k", "s3"},
    {"PUT", "localhost", "/b/k", NULL, "x-amz-copy-source", "CopyObject", "b", "k", "s3"},
    {"PUT", "localhost", "/b/k", "uploadId=u&partNumber=1", NULL, "UploadPart", "b", "k", "s3"},
    {"PUT", "localhost", "/b/k", "uploadId=u&partNumber=1", "X-Amz-Copy-Source", "UploadPartCopy",
     "b", "k", "s3"},
    /* unsigned: S3 when it is its host, or nobody else's */
    {"GET", "b.localhost", "/2015-03-31/functions/", NULL, NULL, "GetObject", "b",
     "2015-03-31/functions/", NULL},
    {"GET", "localhost", "/2015-03-31/functions/", NULL, NULL, "ListFunctions", NULL, NULL, NULL},
    {"GET", "localhost", "/2015-03-31/functions/", NULL, NULL, "GetObject", "2015-03-31",
     "functions/", "s3"},
    {"GET", "localhost", "/b/k", NULL, NULL, "GetObject", "b", "k", NULL},
};

static void test_routes(void **state)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        struct wire_request q = {.method = routes[i].method,
                                 .path = routes[i].path,
                                 .query = routes[i].query,
                                 .scope = routes[i].scope,
                                 .headers = {"Host", routes[i].host, routes[i].header, "x"}};
        if (!ask(&q))
            fail_msg("%s %s: %s %.*s", q.method, q.path, call.error.code,
                     WB_FMT(call.error.message));
        assert_string_equal(call.op->name, routes[i].op);
        if (!routes[i].bucket)
            continue;
        struct wb_slice bucket = wb_in_str(&call, "Bucket"), key = wb_in_str(&call, "Key");
        /* "%2e" and "/": what the client wrote, decoded once */
        if (strcmp(routes[i].key, "/a/.././/c//") == 0)
            assert_true(wb_slice_is(key, "/a/.././c//"));
        else
            assert_true(wb_slice_is(key, routes[i].key));
        assert_true(wb_slice_is(bucket, routes[i].bucket));
    }
}

/* A sub-resource that no operation has must not become the operation on the bucket itself. */
static void test_refused_routes(void **state)
{
    static const struct {
        const char *method, *path, *query, *code;
        int status;
    } cases[] = {
        {"DELETE", "/b", "policy", "NotImplemented", 501},
        {"GET", "/b", "%61cl", "NotImplemented", 501},
        {"PUT", "/b/k", "uploadId=u", "NotImplemented", 501},
        {"PATCH", "/b/k", NULL, "MethodNotAllowed", 405},
        {"POST", "/b", NULL, "MethodNotAllowed", 405},
        {"GET", "/b", "a%zz", "InvalidURI", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_request q = {.method = cases[i].method,
                                 .path = cases[i].path,
                                 .query = cases[i].query,
                                 .scope = "s3"};
        assert_false(ask(&q));
        assert_string_equal(call.error.code, cases[i].code);
        assert_int_equal(call.error.status, cases[i].status);
    }
}

static void test_body_max(void **state)
{
    bool blob = false;
    struct wb_pair h[] = {
        {WB_S("Authorization"),
         WB_S("AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, x")},
        {WB_S("Content-Type"), WB_S("Multipart/Form-Data; boundary=x")}};
    struct wb_sig_request r = {
        .method = WB_S("POST"), .path = WB_S("/b"), .header = h, .header_count = 2};
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), 12345);
    r.header = h + 1;
    r.header_count = 1;
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), 12345);
    r.method = WB_S("GET");
    r.path = WB_S("/2015-03-31/functions");
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), WB_HTTP_BODY_MAX);
    r.query = WB_S("X-Amz-Credential=A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&x");
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), WB_XML_MAX);
}

/* --- documents --- */

static void test_members(void **state)
{
    struct wire_request q = {
        .method = "PUT",
        .path = "/b/k",
        .scope = "s3",
        .headers = {"x-amz-meta-One", "1", "X-Amz-Meta-two", "a b", "x-amz-meta-one", "2"},
        .body = "raw"};
    assert_true(ask(&q));
    assert_string_equal(wire_in(&call), "{\"Bucket\":\"b\",\"Key\":\"k\",\"Metadata\":{\"one\":"
                                        "\"1,2\",\"two\":\"a b\"}}");
    assert_true(wb_slice_is(call.payload, "raw"));
    struct wire_request h = {.method = "GET",
                             .path = "/b/k",
                             .scope = "s3",
                             .headers = {"if-modified-since", "Wed, 21 Oct 2015 07:28:00 GMT",
                                         "X-Amz-Want", "ETag, ,Parts"}};
    assert_true(ask(&h));
    assert_string_equal(wire_in(&call), "{\"Bucket\":\"b\",\"Key\":\"k\",\"Since\":1445412480.000,"
                                        "\"Want\":[\"ETag\",\"Parts\"]}");
}

static void test_bad_argument(void **state)
{
    struct wb_http_answer a;
    struct wire_request q = {.method = "GET", .path = "/b", .query = "max-keys=<x", .scope = "s3"};
    assert_false(ask(&q));
    wb_protocol_answer(&call, &a);
    assert_int_equal(a.status, 400);
    assert_string_equal(
        wb_dup_cstr(&arena, a.body),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code><Message>"
        "Provided max-keys not an integer or within integer range</Message><ArgumentName>max-keys"
        "</ArgumentName><ArgumentValue>&lt;x</ArgumentValue><Resource>/b</Resource><RequestId>"
        "11111111-2222-4333-8444-555555555555</RequestId><HostId>"
        "MTExMTExMTEtMjIyMi00MzMzLTg0NDQtNTU1NTU1NTU1NTU1</HostId></Error>");
}

static const struct {
    const char *body, *thing; /* thing, or the error's code */
} bodies[] = {
    {"<Thing/>", "{}"},
    {"<?xml version=\"1.0\"?><Thing xmlns=\"urn:s3\"> <Count> 7 "
     "</Count>\n<Quiet>true</Quiet></Thing>",
     "{\"Quiet\":true,\"Count\":7}"},
    {"<s:Thing xmlns:s=\"u\" xmlns:xsi=\"v\"><s:Grantee xsi:type=\"User\"><s:ID>a&amp;b</s:ID>"
     "</s:Grantee></s:Thing>",
     "{\"Grantee\":{\"Type\":\"User\",\"ID\":\"a&b\"}}"},
    {"<Thing><TagSet><Tag><Key>k</Key><Value/></Tag><Tag><Key> x </Key></Tag></TagSet>"
     "<Id>1</Id><Id>2</Id></Thing>",
     "{\"TagSet\":[{\"Key\":\"k\",\"Value\":\"\"},{\"Key\":\" x \"}],\"Ids\":[\"1\",\"2\"]}"},
    {"<Thing><TagSet/></Thing>", "{\"TagSet\":[]}"},
    {"", "MissingRequestBodyError"},
    {"<Thing>", "MalformedXML"},
    {"{}", "MalformedXML"},
    {"<Other/>", "MalformedXML"},
    {"<Thing><Unknown/></Thing>", "MalformedXML"},
    {"<Thing>text</Thing>", "MalformedXML"},
    {"<Thing><Count>x</Count></Thing>", "MalformedXML"},
    {"<Thing><Count/></Thing>", "MalformedXML"},
    {"<Thing><Quiet>a</Quiet></Thing>", "MalformedXML"},
    {"<Thing><Count>1</Count><Count>2</Count></Thing>", "MalformedXML"},
    {"<Thing><TagSet><Nag/></TagSet></Thing>", "MalformedXML"},
    {"<Thing><TagSet><Tag/></TagSet></Thing>", "MalformedXML"}, /* the key is required */
    {"<Thing><Grantee><ID>toolong</ID></Grantee></Thing>", "MalformedXML"},
    {"<!DOCTYPE Thing [<!ENTITY e \"7\">]><Thing><Count>&e;</Count></Thing>", "MalformedXML"},
    {"<!DOCTYPE Thing><Thing/>", "MalformedXML"},
};

static void test_bodies(void **state)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct wire_request q = {.method = "PUT",
                                 .path = "/b",
                                 .query = "website",
                                 .scope = "s3",
                                 .body = bodies[i].body};
        bool ok = ask(&q);
        if (ok != (bodies[i].thing[0] == '{'))
            fail_msg("%s: %s", bodies[i].body, ok ? "taken" : call.error.code);
        if (ok)
            assert_string_equal(
                wire_in(&call),
                wb_dup_cstr(&arena,
                            wb_printf(&arena, "{\"Bucket\":\"b\",\"Thing\":%s}", bodies[i].thing)));
        else
            assert_string_equal(call.error.code, bodies[i].thing);
    }
}

/* --- answers --- */

static struct wb_http_answer answered(const char *method, const char *path, const char *query)
{
    struct wire_request q = {.method = method, .path = path, .query = query, .scope = "s3"};
    assert_true(ask(&q));
    return (struct wb_http_answer){0};
}

static const char *text_of(struct wb_http_answer *a)
{
    wb_protocol_answer(&call, a);
    return wb_dup_cstr(&arena, a->body);
}

static void test_answers(void **state)
{
    struct wb_http_answer a = answered("GET", "/", NULL);
    wb_out_list_of(&call.out, "Buckets", "Bucket");
    wb_out_object(&call.out, NULL);
    wb_out_str(&call.out, "Name", WB_S("a<b"));
    wb_out_object(&call.out, "Grantee");
    wb_out_attribute(&call.out, "xsi:type", "Type", WB_S("Group"));
    wb_out_end(&call.out);
    wb_out_end(&call.out);
    wb_out_end(&call.out);
    wb_out_list_flat(&call.out, "CommonPrefixes", "Prefix");
    wb_out_str(&call.out, NULL, WB_S("1"));
    wb_out_str(&call.out, NULL, WB_S("2"));
    wb_out_end(&call.out);
    for (int i = 0; i < 20; i++)
        wb_call_header(&call, "x-amz-meta-a", WB_S("v"));
    assert_string_equal(
        text_of(&a),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListAllMyBucketsResult xmlns=\"urn:s3\">"
        "<Buckets><Bucket><Name>a&lt;b</Name><Grantee xmlns:xsi=\"http://www.w3.org/2001/"
        "XMLSchema-instance\" xsi:type=\"Group\"></Grantee></Bucket></Buckets><Prefix>1</Prefix>"
        "<Prefix>2</Prefix></ListAllMyBucketsResult>");
    assert_int_equal(a.header_count, 22);
    assert_true(wb_slice_is(a.content_type, "application/xml"));
    assert_non_null(wire_header(&a, &arena, "x-amz-request-id"));

    a = answered("GET", "/b", "location");
    wb_out_str(&call.out, "LocationConstraint", WB_S("eu-west-1"));
    assert_string_equal(text_of(&a),
                        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint "
                        "xmlns=\"urn:s3\">eu-west-1</LocationConstraint>");
    a = answered("DELETE", "/b", NULL);
    assert_string_equal(text_of(&a), "");
    assert_int_equal(a.status, 204);
    assert_null(a.content_type.p);
}

static void test_errors(void **state)
{
    struct wb_http_answer a = answered("HEAD", "/b/k", NULL);
    wb_fail(&call, "NoSuchKey", 404, "The specified key does not exist.");
    assert_string_equal(text_of(&a), "");
    assert_int_equal(a.status, 404);

    a = answered("GET", "/b/k", NULL);
    wb_call_header(&call, "ETag", WB_S("\"x\""));
    wb_fail(&call, "NotModified", 304, "Not Modified");
    assert_string_equal(text_of(&a), "");
    assert_string_equal(wire_header(&a, &arena, "etag"), "\"x\"");

    a = answered("GET", "/b/k", NULL);
    call.error.extra = WB_S("\"Key\":\"k\",\"Part\":7");
    wb_fail(&call, "NoSuchKey", 404, "a & b");
    assert_non_null(strstr(text_of(&a), "<Error><Code>NoSuchKey</Code><Message>a &amp; b</Message>"
                                        "<Key>k</Key><Part>7</Part><Resource>/b/k</Resource>"));
    answered("GET", "/b/k", NULL);
    wb_fail_signature(&call, WB_SIG_UNKNOWN_KEY, WB_SLICE_NULL);
    assert_string_equal(call.error.code, "InvalidAccessKeyId");
    assert_int_equal(call.error.status, 403);
}

static int setup(void **state)
{
    wb_arena_init(&arena, 0);
    services = wb_services_new(list);
    wb_services_host(services, WB_S("way.example"));
    return 0;
}

static int teardown(void **state)
{
    wb_services_free(services);
    wb_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes),   cmocka_unit_test(test_refused_routes),
        cmocka_unit_test(test_body_max), cmocka_unit_test(test_members),
        cmocka_unit_test(test_bodies),   cmocka_unit_test(test_bad_argument),
        cmocka_unit_test(test_answers),  cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
