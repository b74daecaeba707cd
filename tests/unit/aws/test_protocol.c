/*
 * Requests in every protocol to documents, and calls to answers, byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "fake.h"
#include <stdio.h>

static struct wb_arena arena;
static struct wb_services *services;
static struct wb_call call;

#define JSON10(op, text)                                                                           \
    (&(struct wire_request){.method = "POST",                                                      \
                            .path = "/",                                                           \
                            .headers = {"X-Amz-Target", "Dyn_20120810." op},                       \
                            .body = text})
#define JSON11(op, text)                                                                           \
    (&(struct wire_request){.method = "POST",                                                      \
                            .path = "/",                                                           \
                            .headers = {"X-Amz-Target", "AWSEvents." op},                          \
                            .body = text})
#define FORM(text)                                                                                 \
    (&(struct wire_request){                                                                       \
        .method = "POST",                                                                          \
        .path = "/",                                                                               \
        .headers = {"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},           \
        .body = text})
#define REST(m, p, q, text)                                                                        \
    (&(struct wire_request){.method = m, .path = p, .query = q, .body = text})

static void accept(const struct wire_request *q, const char *op, const char *document)
{
    if (!wire_call(&call, &arena, services, q))
        fail_msg("refused: %s %.*s", call.error.code, WB_FMT(call.error.message));
    assert_string_equal(call.op->name, op);
    assert_string_equal(wire_in(&call), document);
}

static void refuse(const struct wire_request *q, const char *code, const char *message)
{
    if (wire_call(&call, &arena, services, q))
        fail_msg("accepted: %s", wire_in(&call));
    assert_string_equal(call.error.code, code);
    if (message)
        assert_string_equal(wb_dup_cstr(&arena, call.error.message), message);
    else
        assert_null(call.error.message.p);
}

static const char *answer(struct wb_http_answer *a)
{
    wb_protocol_answer(&call, a);
    return wb_dup_cstr(&arena, a->body);
}

static void test_route_target(void **state)
{
    accept(JSON10("All", "{\"TableName\":\"abc\"}"), "All", "{\"TableName\":\"abc\"}");
    assert_ptr_equal(call.service, &f_json10);
    assert_int_equal(call.protocol, WB_JSON10);
    accept(JSON11("All", "{\"TableName\":\"abc\"}"), "All", "{\"TableName\":\"abc\"}");
    assert_int_equal(call.protocol, WB_JSON11);

    refuse(JSON10("Nothing", "{}"), "UnknownOperationException", NULL);
    struct wb_http_answer a;
    assert_string_equal(answer(&a),
                        "{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"}");
    assert_int_equal(a.status, 400);
    refuse(JSON11("Nothing", "{}"), "UnknownOperationException", NULL);
    assert_string_equal(answer(&a), "{\"__type\":\"UnknownOperationException\"}");
    struct wire_request q = {
        .method = "POST", .path = "/", .headers = {"x-amz-target", "Foreign.Op"}, .body = "{}"};
    refuse(&q, "UnknownOperationException", NULL);
    assert_null(call.service);
    assert_string_equal(answer(&a), "{\"__type\":\"UnknownOperationException\"}");
    q.scope = "dynamodb";
    refuse(&q, "UnknownOperationException", NULL);
    assert_ptr_equal(call.service, &f_json10);
}

static void test_route_query(void **state)
{
    accept(FORM("Action=All&Version=2010-03-31&TableName=abc"), "All", "{\"TableName\":\"abc\"}");
    assert_ptr_equal(call.service, &f_query);
    accept(FORM("Action=All&Version=2012-11-05&TableName=abc"), "All", "{\"TableName\":\"abc\"}");
    assert_ptr_equal(call.service, &f_both);
    assert_int_equal(call.protocol, WB_QUERY);
    accept(FORM("Action=Other&TableName=abc"), "Other", "{\"TableName\":\"abc\"}");
    assert_ptr_equal(call.service, &f_query2);

    struct wire_request q = *FORM("Action=All&TableName=abc");
    q.scope = "sqs"; /* the scope says which of two */
    accept(&q, "All", "{\"TableName\":\"abc\"}");
    assert_ptr_equal(call.service, &f_both);
    q = (struct wire_request){.method = "GET",
                              .path = "/",
                              .query = "Version=2011-06-15&Action=Other&TableName=abc",
                              .scope = "sts"};
    accept(&q, "Other", "{\"TableName\":\"abc\"}");

    refuse(FORM("Action=Nope&Version=2010-03-31"), "InvalidAction",
           "Could not find operation Nope for version 2010-03-31");
    assert_ptr_equal(call.service, &f_query);
    refuse(FORM("Action=Nope&Version=1999-01-01"), "InvalidAction",
           "Could not find operation Nope for version 1999-01-01");
    q = *FORM("Action=All&Version=2010-03-31&TableName=abc");
    q.scope = "sts"; /* another service's version under this scope */
    refuse(&q, "InvalidAction", "Could not find operation All for version 2010-03-31");
    q = *FORM("Version=2010-03-31");
    q.scope = "sns";
    refuse(&q, "MissingAction", "The request is missing an action.");
    refuse(FORM("Version=2010-03-31"), "UnknownOperationException", NULL);
    refuse(FORM("Action=%zz"), "MalformedQueryString", "The query string contains a syntax error.");
    refuse(FORM("Action=All&Version=2010-03-31&TableName=%ff%fe"), "MalformedQueryString",
           "The query string contains a syntax error.");
}

static void test_route_rest(void **state)
{
    accept(REST("POST", "/2015-03-31/functions", NULL, "{\"FunctionName\":\"f\"}"), "Create",
           "{\"FunctionName\":\"f\"}");
    accept(REST("GET", "/2015-03-31/functions/", NULL, NULL), "List", "{}");
    accept(REST("GET", "/2015-03-31/functions", "MaxItems=7&Marker=a%2Bb+c", NULL), "List",
           "{\"MaxItems\":7,\"Marker\":\"a+b c\"}");
    accept(REST("GET", "/2015-03-31/functions", "tagKeys=a&tagKeys=b%26", NULL), "List",
           "{\"TagKeys\":[\"a\",\"b&\"]}");
    accept(REST("GET", "/2015-03-31/functions/special", NULL, NULL), "Special", "{}");
    accept(REST("GET", "/2015-03-31/functions/arn%3Aaws%3Ax", NULL, NULL), "Get",
           "{\"FunctionName\":\"arn:aws:x\"}");
    accept(REST("GET", "/bucket/a/b%20c/d", NULL, NULL), "GetObject",
           "{\"Bucket\":\"bucket\",\"Key\":\"a/b c/d\"}");

    struct wire_request q = *REST("GET", "/2015-03-31/functions", NULL, NULL);
    q.scope = "s3"; /* a bucket of that name */
    accept(&q, "GetObject", "{\"Bucket\":\"2015-03-31\",\"Key\":\"functions\"}");
    q = *REST("GET", "/bucket/key", NULL, NULL);
    q.scope = "lambda";
    refuse(&q, "UnknownOperationException", NULL);
    assert_int_equal(call.error.status, 400);
    refuse(REST("PATCH", "/2015-03-31/functions", NULL, NULL), "UnknownOperationException", NULL);
    refuse(REST("GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n", NULL, NULL), "UnknownOperationException",
           NULL);
    /* What a signer takes for another path is no name. */
    q = *REST("GET", "/2015-03-31/functions/..", NULL, NULL);
    q.scope = "lambda";
    refuse(&q, "UnknownOperationException", NULL);
    q = *REST("GET", "/2015-03-31/functions/.", NULL, NULL);
    q.scope = "lambda";
    refuse(&q, "UnknownOperationException", NULL);
}

static void test_rest_members(void **state)
{
    struct wire_request q =
        *REST("PUT", "/2015-03-31/functions/f/configuration", NULL, " { \"MemorySize\" : 7 } ");
    accept(&q, "Update", "{ \"MemorySize\" : 7 ,\"FunctionName\":\"f\"}");
    assert_int_equal(wb_in_i64(&call, "MemorySize", 0), 7);
    q.body = "{ }";
    accept(&q, "Update", "{\"FunctionName\":\"f\"}");
    q.body = "";
    accept(&q, "Update", "{\"FunctionName\":\"f\"}");
    q.body = "{\"FunctionName\":\"other\"}"; /* the path wins */
    assert_true(wire_call(&call, &arena, services, &q));
    assert_string_equal(wb_dup_cstr(&arena, wb_in_str(&call, "FunctionName")), "f");

    q = (struct wire_request){.method = "POST",
                              .path = "/2015-03-31/functions/f/invocations",
                              .query = "Qualifier=%24LATEST",
                              .headers = {"x-amz-invocation-type", "Event"},
                              .body = "not json at all"};
    accept(&q, "Invoke",
           "{\"FunctionName\":\"f\",\"Qualifier\":\"$LATEST\",\"InvocationType\":\"Event\"}");
    assert_string_equal(wb_dup_cstr(&arena, call.payload), "not json at all");

    static const char *const broken[] = {"{\"MemorySize\":7",   "{\"MemorySize\":7}}",
                                         "{\"a\":1},{\"b\":2}", "{\"a\":{}",
                                         "{\"a\":\"}",          "{,}",
                                         "{\"MemorySize\":7,}", "7",
                                         "{\"a\":1}{\"b\":2}",  "{\"a\":[1}"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        refuse(REST("PUT", "/2015-03-31/functions/f/configuration", NULL, broken[i]),
               "SerializationException", "Could not parse request body into json");
    refuse(REST("PUT", "/2015-03-31/functions/f/configuration", NULL, "[]"),
           "SerializationException", "Start of list found where not expected");
    refuse(REST("GET", "/2015-03-31/functions", "MaxItems=x", NULL), "SerializationException",
           "STRING_VALUE can not be converted to an Integer");
    refuse(REST("GET", "/2015-03-31/functions/%zz", NULL, NULL), "SerializationException",
           "The request's URI or headers are badly encoded");
    refuse(REST("GET", "/2015-03-31/functions/%ff", NULL, NULL), "SerializationException",
           "The request's URI or headers are badly encoded");
    refuse(REST("GET", "/2015-03-31/functions", "tagKeys=%ff", NULL), "SerializationException",
           "The request's URI or headers are badly encoded");
}

static void test_query_members(void **state)
{
#define Q "Action=All&Version=2010-03-31&TableName=abc&"
    accept(FORM(Q "Limit=5&Big=-9000000000&Ratio=1.5&Flag=true&Data=aGk%3D&"
                  "Time=2026-11-22T12%3A00%3A00Z"),
           "All",
           "{\"TableName\":\"abc\",\"Limit\":5,\"Big\":-9000000000,\"Ratio\":1.5,\"Flag\":true,"
           "\"Data\":\"aGk=\",\"Time\":1795348800.000}");
    accept(FORM(Q "Strings.member.1=a&Strings.member.2=b+c&Strings.member.4=no"), "All",
           "{\"TableName\":\"abc\",\"Strings\":[\"a\",\"b c\"]}");
    accept(FORM(Q "Entries.member.2.Id=two&Entries.member.1.Id=one&Entries.member.1.Count=3"),
           "All",
           "{\"TableName\":\"abc\",\"Entries\":[{\"Id\":\"one\",\"Count\":3},{\"Id\":\"two\"}]}");
    accept(FORM(Q "Flat.1=a&Flat.2=b"), "All", "{\"TableName\":\"abc\",\"Flat\":[\"a\",\"b\"]}");
    accept(FORM(Q "Map.entry.1.key=one&Map.entry.1.value=1&Map.entry.2.key=two&Map.entry.2.value="),
           "All", "{\"TableName\":\"abc\",\"Map\":{\"one\":\"1\",\"two\":\"\"}}");
    accept(FORM(Q "Attributes.entry.1.Name=n&Attributes.entry.1.Value.Id=one"), "All",
           "{\"TableName\":\"abc\",\"Attributes\":{\"n\":{\"Id\":\"one\"}}}");
    accept(FORM(Q "Strings="), "All", "{\"TableName\":\"abc\",\"Strings\":[]}");
    accept(FORM(Q "Unknown=1&Strings-x=1"), "All", "{\"TableName\":\"abc\"}");
    accept(FORM(Q "Strings-x=1&Strings.member.1=a&Strings%20=2"), "All",
           "{\"TableName\":\"abc\",\"Strings\":[\"a\"]}");

    refuse(FORM(Q "Limit=five"), "MalformedInput",
           "STRING_VALUE can not be converted to an Integer: Limit");
    refuse(FORM(Q "Limit=3000000000"), "MalformedInput",
           "STRING_VALUE can not be converted to an Integer: Limit");
    refuse(FORM(Q "Flag=yes"), "MalformedInput",
           "STRING_VALUE can not be converted to a Boolean: Flag");
    refuse(FORM(Q "Entries.member.1.Count=x"), "MalformedInput",
           "STRING_VALUE can not be converted to an Integer: Entries.member.1.Count");
    refuse(FORM(Q "Time=soon"), "MalformedInput",
           "STRING_VALUE can not be converted to milliseconds since epoch: Time");
    refuse(FORM(Q "Data=%21"), "SerializationException",
           "'!' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 "
           "bytes but found: 1");

    struct wb_buf deep = wb_buf_in(&arena);
    wb_buf_str(&deep, Q "Tree");
    for (int i = 0; i < 150; i++)
        wb_buf_str(&deep, ".Tree");
    wb_buf_put(&deep, "=x", 3);
    assert_false(wire_call(&call, &arena, services, FORM(deep.p)));
    assert_string_equal(call.error.code, "MalformedInput");
}

static void test_types(void **state)
{
    static const struct {
        const char *body, *dynamodb, *other;
    } cases[] = {
        {"{\"TableName\":1}", "NUMBER_VALUE cannot be converted to String",
         "NUMBER_VALUE can not be converted to a String"},
        {"{\"TableName\":1.5}", "DECIMAL_VALUE cannot be converted to String",
         "DECIMAL_VALUE can not be converted to a String"},
        {"{\"TableName\":true}", "TRUE_VALUE cannot be converted to String",
         "TRUE_VALUE can not be converted to a String"},
        {"{\"TableName\":false}", "FALSE_VALUE cannot be converted to String",
         "FALSE_VALUE can not be converted to a String"},
        {"{\"TableName\":[]}", "Unrecognized collection type class java.lang.String",
         "Start of list found where not expected"},
        {"{\"TableName\":{}}", "Start of structure or map found where not expected",
         "Start of structure or map found where not expected."},
        {"{\"Limit\":\"1\"}", "STRING_VALUE cannot be converted to Integer",
         "STRING_VALUE can not be converted to an Integer"},
        {"{\"Limit\":3000000000}",
         "Numeric value (3000000000) out of range of int (-2147483648 - 2147483647)",
         "Numeric value (3000000000) out of range of int (-2147483648 - 2147483647)"},
        {"{\"Big\":1e30}",
         "Numeric value (1e30) out of range of long (-9223372036854775808 - 9223372036854775807)",
         "Numeric value (1e30) out of range of long (-9223372036854775808 - 9223372036854775807)"},
        {"{\"Flag\":\"true\"}", "Unexpected token received from parser",
         "STRING_VALUE can not be converted to a Boolean"},
        {"{\"Flag\":1}", "NUMBER_VALUE cannot be converted to Boolean",
         "NUMBER_VALUE can not be converted to a Boolean"},
        {"{\"Time\":\"2026-11-22\"}",
         "STRING_VALUE can not be converted to milliseconds since epoch",
         "STRING_VALUE can not be converted to milliseconds since epoch"},
        {"{\"Strings\":\"a\"}", "Unexpected field type", "Expected list or null"},
        {"{\"Strings\":{}}", "Start of structure or map found where not expected",
         "Start of structure or map found where not expected."},
        {"{\"Strings\":[1]}", "NUMBER_VALUE cannot be converted to String",
         "NUMBER_VALUE can not be converted to a String"},
        {"{\"Map\":\"a\"}", "Unexpected field type", "Expected map or null"},
        {"{\"Map\":[]}",
         "Unrecognized collection type java.util.Map<java.lang.String, java.lang.String>",
         "Start of list found where not expected"},
        {"{\"Item\":[]}",
         "Unrecognized collection type java.util.Map<java.lang.String, "
         "com.amazonaws.dynamodb.v20120810.AttributeValue>",
         "Start of list found where not expected"},
        {"{\"Entries\":[\"a\"]}", "Unexpected value type in payload", "Expected null"},
        {"{\"Entries\":[[]]}",
         "Unrecognized collection type class com.amazonaws.dynamodb.v20120810.Entry",
         "Start of list found where not expected"},
        {"{\"Data\":1}", "only base-64-encoded strings are convertible to bytes",
         "NUMBER_VALUE can not be converted to a Blob"},
        {"{\"Data\":[]}", "Unrecognized collection type class java.nio.ByteBuffer",
         "Start of list found where not expected"},
        {"{\"Data\":\"abc\"}",
         "Base64 encoded length is expected a multiple of 4 bytes but found: 3",
         "'abc' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 "
         "bytes but found: 3"},
        {"{\"Data\":\"a!bc\"}", "Invalid Base64 character: '!'",
         "'a!bc' can not be converted to a Blob: Invalid Base64 character: '!'"},
        {"{\"Data\":\"ab==cdef\"}", "Invalid Base64 character: '='",
         "'ab==cdef' can not be converted to a Blob: Invalid Base64 character: '='"},
        {"{\"Data\":\"ab==\"}", "Invalid last non-pad Base64 character dectected",
         "'ab==' can not be converted to a Blob: Invalid last non-pad Base64 character dectected"},
        {"[]", "Start of list found where not expected", "Start of list found where not expected"},
        {"{", NULL, NULL},
        {"1", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        refuse(JSON10("All", cases[i].body), "SerializationException", cases[i].dynamodb);
        refuse(JSON11("All", cases[i].body), "SerializationException", cases[i].other);
    }
    /* null is absent; what is not in the shape is let through; ANY is the service's. */
    accept(JSON10("All", "{\"TableName\":\"abc\",\"Limit\":null,\"Else\":[1],\"Item\":{\"a\":1}}"),
           "All", "{\"TableName\":\"abc\",\"Limit\":null,\"Else\":[1],\"Item\":{\"a\":1}}");
    assert_false(wb_json_is(wb_in(&call, "Limit")));
    refuse(JSON10("All", ""), "SerializationException", NULL);
    refuse(JSON11("All", ""), "ValidationException",
           "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: "
           "Member must not be null");
}

static void test_json_answers(void **state)
{
    struct wb_http_answer a;
    accept(JSON10("All", "{\"TableName\":\"abc\"}"), "All", "{\"TableName\":\"abc\"}");
    struct wb_out *o = &call.out;
    wb_out_str(o, "Name", WB_S("a\"b"));
    wb_out_str(o, "Absent", WB_SLICE_NULL);
    wb_out_list(o, "List");
    wb_out_i64(o, NULL, 1);
    wb_out_object(o, NULL);
    wb_out_bool(o, "Flag", true);
    wb_out_end(o);
    wb_out_end(o);
    wb_out_map(o, "Map");
    wb_out_map_str(o, WB_S("k"), WB_S("v"));
    wb_out_map_str(o, WB_S("absent"), WB_SLICE_NULL);
    wb_out_end(o);
    wb_out_time(o, "When", 1795348800123);
    wb_out_double(o, "Ratio", 0.1);
    wb_out_json(o, "Raw", WB_S("{\"S\":\"x\"}"));
    assert_string_equal(answer(&a),
                        "{\"Name\":\"a\\\"b\",\"List\":[1,{\"Flag\":true}],\"Map\":{\"k\":\"v\"},"
                        "\"When\":1795348800.123,\"Ratio\":0.1,\"Raw\":{\"S\":\"x\"}}");
    assert_int_equal(a.status, 200);
    assert_string_equal(wb_dup_cstr(&arena, a.content_type), "application/x-amz-json-1.0");
    assert_string_equal(wire_header(&a, &arena, "x-amzn-requestid"),
                        "11111111-2222-4333-8444-555555555555");

    accept(JSON10("All", "{\"TableName\":\"abc\"}"), "All", "{\"TableName\":\"abc\"}");
    assert_string_equal(answer(&a), "{}");
    assert_string_equal(wire_header(&a, &arena, "x-amz-crc32"), "2745614147"); /* of "{}" */

    accept(JSON11("All", "{\"TableName\":\"abc\"}"), "All", "{\"TableName\":\"abc\"}");
    wb_fail(&call, "ResourceNotFoundException", 0, "Rule %s does not exist.", "r");
    wb_fail(&call, "Second", 500, "not kept");
    assert_string_equal(answer(&a), "{\"__type\":\"ResourceNotFoundException\",\"message\":\"Rule "
                                    "r does not exist.\"}");
    assert_int_equal(a.status, 400);
    assert_null(wire_header(&a, &arena, "x-amz-crc32"));
    assert_string_equal(wb_dup_cstr(&arena, a.content_type), "application/x-amz-json-1.1");
}

static void test_dynamodb_errors(void **state)
{
    static const struct {
        const char *code, *body;
    } cases[] = {
        {"ResourceNotFoundException",
         "{\"__type\":\"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException\",\"message\":"
         "\"m\"}"},
        {"ValidationException",
         "{\"__type\":\"com.amazon.coral.validate#ValidationException\",\"message\":\"m\"}"},
        {"ThrottlingException",
         "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\",\"message\":\"m\"}"},
        {"AccessDeniedException",
         "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"m\"}"},
        {"SerializationException",
         "{\"__type\":\"com.amazon.coral.service#SerializationException\",\"Message\":\"m\"}"},
    };
    struct wb_http_answer a;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(wire_call(&call, &arena, services, JSON10("All", "{\"TableName\":\"abc\"}")));
        wb_fail(&call, cases[i].code, 0, "m");
        assert_string_equal(answer(&a), cases[i].body);
        assert_non_null(wire_header(&a, &arena, "x-amz-crc32"));
    }
    assert_true(wire_call(&call, &arena, services, JSON10("All", "{\"TableName\":\"abc\"}")));
    wb_fail(&call, "ConditionalCheckFailedException", 0, "The conditional request failed");
    call.error.extra = WB_S("\"Item\":{\"a\":{\"S\":\"x\"}}");
    assert_string_equal(answer(&a),
                        "{\"__type\":\"com.amazonaws.dynamodb.v20120810#"
                        "ConditionalCheckFailedException\",\"message\":\"The conditional request "
                        "failed\",\"Item\":{\"a\":{\"S\":\"x\"}}}");
}

static void test_xml_answers(void **state)
{
    struct wb_http_answer a;
    struct wb_out *o = &call.out;
    accept(FORM("Action=All&Version=2010-03-31&TableName=abc"), "All", "{\"TableName\":\"abc\"}");
    wb_out_str(o, "TopicArn", WB_S("a<b>&c"));
    wb_out_list(o, "Subscriptions");
    wb_out_object(o, NULL);
    wb_out_cstr(o, "Protocol", "email");
    wb_out_end(o);
    wb_out_end(o);
    wb_out_list_of(o, "Tags", "Tag");
    wb_out_str(o, NULL, WB_S("t"));
    wb_out_end(o);
    wb_out_map(o, "Attributes");
    wb_out_map_str(o, WB_S("k"), WB_S("<v>"));
    wb_out_end(o);
    wb_out_time(o, "When", 1795348800123);
    wb_out_bool(o, "Flag", false);
    wb_out_i64(o, "N", -5);
    wb_out_double(o, "D", 2.5);
    assert_string_equal(
        answer(&a),
        "<AllResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n"
        "  <AllResult><TopicArn>a&lt;b&gt;&amp;c</TopicArn><Subscriptions><member><Protocol>email"
        "</Protocol></member></Subscriptions><Tags><Tag>t</Tag></Tags><Attributes><entry><key>k"
        "</key><value>&lt;v&gt;</value></entry></Attributes><When>2026-11-22T12:00:00.123Z</When>"
        "<Flag>false</Flag><N>-5</N><D>2.5</D></AllResult>\n"
        "  <ResponseMetadata>\n    <RequestId>11111111-2222-4333-8444-555555555555</RequestId>\n"
        "  </ResponseMetadata>\n</AllResponse>\n");
    assert_string_equal(wb_dup_cstr(&arena, a.content_type), "text/xml");

    accept(FORM("Action=Bare&Version=2010-03-31&TableName=abc"), "Bare", "{\"TableName\":\"abc\"}");
    assert_string_equal(
        answer(&a),
        "<BareResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n"
        "  <ResponseMetadata>\n    <RequestId>11111111-2222-4333-8444-555555555555</RequestId>\n"
        "  </ResponseMetadata>\n</BareResponse>\n");

    wb_fail(&call, "NotFound", 404, "Topic <x> does not exist");
    assert_string_equal(answer(&a),
                        "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n"
                        "  <Error>\n    <Type>Sender</Type>\n    <Code>NotFound</Code>\n"
                        "    <Message>Topic &lt;x&gt; does not exist</Message>\n  </Error>\n"
                        "  <RequestId>11111111-2222-4333-8444-555555555555</RequestId>\n"
                        "</ErrorResponse>\n");
    assert_int_equal(a.status, 404);
    refuse(FORM("Action=All&Version=2010-03-31"), "ValidationError",
           "1 validation error detected: Value null at 'tableName' failed to satisfy constraint: "
           "Member must not be null");
}

static void test_rest_answers(void **state)
{
    struct wb_http_answer a;
    accept(REST("POST", "/2015-03-31/functions", NULL, "{\"FunctionName\":\"f\"}"), "Create",
           "{\"FunctionName\":\"f\"}");
    wb_out_cstr(&call.out, "FunctionName", "f");
    wb_call_header(&call, "X-Amz-Executed-Version", WB_S("$LATEST"));
    assert_string_equal(answer(&a), "{\"FunctionName\":\"f\"}");
    assert_int_equal(a.status, 201);
    assert_string_equal(wire_header(&a, &arena, "x-amz-executed-version"), "$LATEST");

    accept(REST("DELETE", "/2015-03-31/functions/f", NULL, NULL), "Delete",
           "{\"FunctionName\":\"f\"}");
    wb_protocol_answer(&call, &a);
    assert_int_equal(a.status, 204);
    assert_int_equal(a.body.n, 0);
    assert_null(a.content_type.p);

    accept(REST("POST", "/2015-03-31/functions/f/invocations", NULL, "x"), "Invoke",
           "{\"FunctionName\":\"f\"}");
    call.raw_answer = WB_S("[1]");
    call.status = 299;
    assert_string_equal(answer(&a), "[1]");
    assert_int_equal(a.status, 299);
    call.raw_answer = WB_S("");
    wb_call_header(&call, "Content-Type", WB_S("text/plain"));
    wb_protocol_answer(&call, &a);
    assert_int_equal(a.body.n, 0);

    wb_fail(&call, "ResourceNotFoundException", 404, "Function not found: f");
    assert_string_equal(answer(&a), "{\"Type\":\"User\",\"Message\":\"Function not found: f\"}");
    assert_string_equal(wire_header(&a, &arena, "x-amzn-errortype"), "ResourceNotFoundException");
    call.error = (struct wb_error){0};
    wb_fail_internal(&call);
    assert_non_null(strstr(answer(&a), "{\"Type\":\"Service\",\"Message\":\""));
    assert_int_equal(a.status, 500);
    refuse(REST("GET", "/2015-03-31/functions", "MaxItems=0", NULL), "ValidationException",
           "1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: "
           "Member must have value greater than or equal to 1");
    assert_string_equal(
        answer(&a), "{\"message\":\"1 validation error detected: Value '0' at 'maxItems' failed "
                    "to satisfy constraint: Member must have value greater than or equal to "
                    "1\"}");
}

static void test_query_mode(void **state)
{
    struct wb_http_answer a;
    struct wire_request q = {
        .method = "POST",
        .path = "/",
        .headers = {"X-Amz-Target", "AmazonSQS.All", "x-amzn-query-mode", "true"},
        .body = "{\"TableName\":\"abc\"}"};
    assert_true(wire_call(&call, &arena, services, &q));
    wb_fail(&call, "AWS.SimpleQueueService.NonExistentQueue", 400, "no");
    wb_protocol_answer(&call, &a);
    assert_string_equal(wire_header(&a, &arena, "x-amzn-query-error"),
                        "AWS.SimpleQueueService.NonExistentQueue;Sender");
    q.headers[2] = NULL;
    assert_true(wire_call(&call, &arena, services, &q));
    wb_fail(&call, "X", 400, "no");
    wb_protocol_answer(&call, &a);
    assert_null(wire_header(&a, &arena, "x-amzn-query-error"));
}

static void sig_case(const struct wire_request *q, enum wb_sig_error e, int status,
                     const char *code)
{
    assert_true(wire_call(&call, &arena, services, q));
    wb_fail_signature(&call, e, WB_SLICE_NULL);
    assert_string_equal(call.error.code, code);
    assert_int_equal(call.error.status, status);
    assert_true(call.error.message.n > 0);
}

static void test_signature_errors(void **state)
{
    const struct wire_request *j = JSON10("All", "{\"TableName\":\"abc\"}"),
                              *q = FORM("Action=All&Version=2010-03-31&TableName=abc"),
                              *r = REST("GET", "/2015-03-31/functions", NULL, NULL);
    static const struct {
        enum wb_sig_error e;
        const char *json, *query;
    } cases[] = {
        {WB_SIG_MISSING, "MissingAuthenticationTokenException", "MissingAuthenticationToken"},
        {WB_SIG_INCOMPLETE, "IncompleteSignatureException", "IncompleteSignature"},
        {WB_SIG_SKEW, "InvalidSignatureException", "SignatureDoesNotMatch"},
        {WB_SIG_MISMATCH, "InvalidSignatureException", "SignatureDoesNotMatch"},
        {WB_SIG_UNKNOWN_KEY, "UnrecognizedClientException", "InvalidClientTokenId"},
        {WB_SIG_BAD_TOKEN, "UnrecognizedClientException", "InvalidClientTokenId"},
        {WB_SIG_EXPIRED_TOKEN, "ExpiredTokenException", "ExpiredToken"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sig_case(j, cases[i].e, 400, cases[i].json);
        sig_case(r, cases[i].e, 403, cases[i].json);
        sig_case(q, cases[i].e, cases[i].e == WB_SIG_INCOMPLETE ? 400 : 403, cases[i].query);
    }
    struct wb_http_answer a;
    sig_case(j, WB_SIG_MISSING, 400, "MissingAuthenticationTokenException");
    assert_string_equal(answer(&a),
                        "{\"__type\":\"com.amazon.coral.service#MissingAuthenticationTokenException"
                        "\",\"message\":\"Request is missing Authentication Token\"}");
}

static void test_other_errors(void **state)
{
    const struct wire_request *j = JSON10("All", "{\"TableName\":\"abc\"}"),
                              *q = FORM("Action=All&Version=2010-03-31&TableName=abc"),
                              *r = REST("GET", "/2015-03-31/functions", NULL, NULL);
    assert_true(wire_call(&call, &arena, services, j));
    call.ctx.principal.arn = WB_S("arn:aws:iam::1:user/u");
    wb_fail_denied(&call, WB_S("dynamodb:All"), WB_S("arn:t"),
                   &(struct wb_verdict){WB_IMPLICIT_DENY, "identity-based policy"});
    assert_string_equal(wb_dup_cstr(&arena, call.error.message),
                        "User: arn:aws:iam::1:user/u is not authorized to perform: dynamodb:All on "
                        "resource: arn:t because no identity-based policy allows the dynamodb:All "
                        "action");
    assert_int_equal(call.error.status, 400);
    assert_true(wire_call(&call, &arena, services, q));
    wb_fail_denied(&call, WB_S("sns:All"), WB_S("arn:t"),
                   &(struct wb_verdict){WB_EXPLICIT_DENY, "resource-based policy"});
    assert_string_equal(call.error.code, "AuthorizationError");
    assert_int_equal(call.error.status, 403);
    assert_string_equal(wb_dup_cstr(&arena, call.error.message),
                        "User: anonymous is not authorized to perform: sns:All on resource: arn:t "
                        "with an explicit deny in a resource-based policy");
    assert_true(wire_call(&call, &arena, services, r));
    wb_fail_busy(&call);
    assert_string_equal(call.error.code, "TooManyRequestsException");
    assert_int_equal(call.error.status, 503);
    assert_true(wire_call(&call, &arena, services, j));
    wb_fail_busy(&call);
    assert_string_equal(call.error.code, "ThrottlingException");
    assert_true(wire_call(&call, &arena, services, q));
    wb_fail_full(&call);
    assert_string_equal(call.error.code, "ServiceUnavailable");
    assert_int_equal(call.error.status, 503);
    assert_true(wire_call(&call, &arena, services, r));
    wb_fail_too_large(&call);
    assert_int_equal(call.error.status, 413);
}

static void test_body_max(void **state)
{
    bool blob = false;
    struct wb_pair h = {WB_S("X-Amz-Target"), WB_S("AWSEvents.Big")};
    struct wb_sig_request r = {
        .method = WB_S("POST"), .path = WB_S("/"), .header = &h, .header_count = 1};
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), 64 << 20);
    h.value = WB_S("AWSEvents.All");
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), WB_HTTP_BODY_MAX);
    h.value = WB_S("None.All");
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), WB_HTTP_BODY_MAX);
    r.header_count = 0;
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), WB_FORM_BODY_MAX);
    r.path = WB_S("/2015-03-31/functions");
    assert_int_equal(wb_protocol_body_max(services, &arena, &r, &blob), 70 << 20);
}

static void test_context(void **state)
{
    struct wb_ctx c = {.principal = {.type = WB_PRINCIPAL_SESSION,
                                     .account = WB_S("000000000000"),
                                     .arn = WB_S("arn:x"),
                                     .expires_ms = -5},
                       .account = WB_S("000000000000"),
                       .region = WB_S("eu-central-1"),
                       .request_id = WB_S("id"),
                       .depth = 7};
    struct wb_ctx back;
    struct wb_slice packed = wb_ctx_pack(&arena, &c);
    assert_true(wb_ctx_unpack(packed, &back));
    assert_int_equal(back.depth, 7);
    assert_int_equal(back.principal.type, WB_PRINCIPAL_SESSION);
    assert_int_equal(back.principal.expires_ms, -5);
    assert_true(wb_slice_is(back.region, "eu-central-1"));
    assert_null(back.trace.p);
    for (size_t n = 0; n < packed.n; n++)
        assert_false(wb_ctx_unpack(wb_slice_sub(packed, 0, n), &back));
}

static void test_needs(void **state)
{
    static const struct wb_op op = {.name = "PutRule"};
    static const struct wb_service service = {.signing_name = "events"};
    call = (struct wb_call){.arena = &arena, .op = &op, .service = &service};
    for (unsigned i = 0; i < 100; i++)
        wb_call_resource(&call, wb_printf(&arena, "arn:%u", i));
    wb_call_pass_role(&call, WB_SLICE_NULL, "events.amazonaws.com");
    assert_int_equal(call.need_count, 100);
    wb_call_pass_role(&call, WB_S("arn:role"), "events.amazonaws.com");
    assert_int_equal(call.need_count, 101);
    assert_true(wb_slice_is(call.need[0].resource, "arn:0"));
    assert_true(wb_slice_is(call.need[99].resource, "arn:99"));
    assert_true(wb_slice_is(call.need[99].action, "events:PutRule"));
    assert_true(wb_slice_is(call.need[100].action, "iam:PassRole"));
    assert_int_equal(call.need[99].condition_count, 0);
    assert_int_equal(call.need[100].condition_count, 1);
    assert_true(wb_slice_is(call.need[100].condition[0].value, "events.amazonaws.com"));
}

static int set_up(void **state)
{
    wb_arena_init(&arena, 0);
    services = wb_services_new(f_services);
    return 0;
}

static int tear_down(void **state)
{
    wb_services_free(services);
    wb_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route_target),  cmocka_unit_test(test_route_query),
        cmocka_unit_test(test_route_rest),    cmocka_unit_test(test_rest_members),
        cmocka_unit_test(test_query_members), cmocka_unit_test(test_types),
        cmocka_unit_test(test_json_answers),  cmocka_unit_test(test_dynamodb_errors),
        cmocka_unit_test(test_xml_answers),   cmocka_unit_test(test_rest_answers),
        cmocka_unit_test(test_query_mode),    cmocka_unit_test(test_signature_errors),
        cmocka_unit_test(test_other_errors),  cmocka_unit_test(test_body_max),
        cmocka_unit_test(test_context),       cmocka_unit_test(test_needs),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
