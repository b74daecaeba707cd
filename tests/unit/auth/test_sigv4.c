/*
 * Signatures against requests signed by botocore and AWS's published examples
 * (tests/data/sigv4.json), every way to get one wrong, and the clock's edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sigv4_vectors.h"

static void test_vectors(void **state)
{
    struct wb_json_iter it = wb_json_iter(vectors);
    unsigned n = 0;
    while (wb_json_next(&it)) {
        struct vector v;
        struct wb_slice why;
        load(it.value, &v);
        if (check(&v, &why) != WB_SIG_OK)
            fail_msg("%.*s: %.*s", WB_FMT(v.name), WB_FMT(why));
        n++;
    }
    assert_true(n >= 29);
}

/* Each part of every request is under its signature. */
static void test_changed_requests(void **state)
{
    struct wb_json_iter it = wb_json_iter(vectors);
    while (wb_json_next(&it)) {
        struct vector v;
        struct wb_slice why;
        load(it.value, &v);
        v.r.method = WB_S("PATCH");
        assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
        load(it.value, &v);
        v.r.path = WB_S("/else/where");
        assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
        load(it.value, &v);
        v.r.query = v.r.query.n ? wb_printf(&arena, "%.*s&x=y", WB_FMT(v.r.query)) : WB_S("x=y");
        assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
        load(it.value, &v);
        if (!wb_slice_is(v.name, "s3 presigned")) { /* its payload is not signed */
            v.r.body = wb_printf(&arena, "%.*s ", WB_FMT(v.r.body));
            assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
        }
        load(it.value, &v);
        v.secret = WB_S("another");
        assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
        assert_has(why, "The Canonical String for this request should have been\n'");
        load(it.value, &v);
        *value_of(&v, "Host") = WB_S("evil");
        assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    }
}

static void test_clock(void **state)
{
    struct vector v = find("dynamodb");
    struct wb_slice why;
    int64_t now = v.now_ms;
    v.now_ms = now + 5 * 60 * 1000;
    assert_int_equal(check(&v, &why), WB_SIG_OK);
    v.now_ms += 1000;
    assert_int_equal(check(&v, &why), WB_SIG_SKEW);
    assert_string_equal(wb_dup_cstr(&arena, why),
                        "Signature expired: 20261122T120000Z is now earlier than 20261122T120001Z "
                        "(20261122T120501Z - 5 min.)");
    v.now_ms = now - 5 * 60 * 1000;
    assert_int_equal(check(&v, &why), WB_SIG_OK);
    v.now_ms -= 1000;
    assert_int_equal(check(&v, &why), WB_SIG_SKEW);
    assert_string_equal(wb_dup_cstr(&arena, why),
                        "Signature not yet current: 20261122T120000Z is still later than "
                        "20261122T115959Z (20261122T115459Z + 5 min.)");

    v = find("presigned sts"); /* valid for 60 s */
    v.now_ms = now + 60 * 1000;
    assert_int_equal(check(&v, &why), WB_SIG_OK);
    v.now_ms += 1000;
    assert_int_equal(check(&v, &why), WB_SIG_SKEW);
    v.now_ms = now - 5 * 60 * 1000 - 1000;
    assert_int_equal(check(&v, &why), WB_SIG_SKEW);
}

struct broken {
    const char *what, *with;
    enum wb_sig_error error;
    const char *text;
};

static void test_broken_headers(void **state)
{
    static const struct broken cases[] = {
        {"AWS4-HMAC-SHA256 ", "Bearer ", WB_SIG_INCOMPLETE,
         "Authorization header requires 'Credential' parameter. Authorization header requires "
         "'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. "
         "Authorization=Bearer "},
        {"Signature=", "Sig=", WB_SIG_INCOMPLETE,
         "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC"},
        {"SignedHeaders=", "Headers=", WB_SIG_INCOMPLETE, "requires 'SignedHeaders' parameter. "},
        {"Credential=", "Who=", WB_SIG_INCOMPLETE, "requires 'Credential' parameter. "},
        {"/eu-central-1", "", WB_SIG_INCOMPLETE,
         "Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got 'AKIAWAYBILLEXAMPLE01/20261122/dynamodb/"},
        {"/eu-central-1", "/a/b", WB_SIG_INCOMPLETE, "exactly 5 slash-delimited elements"},
        {"/eu-central-1", "/", WB_SIG_MISMATCH, "scoped to a valid region"},
        {"/eu-central-1", "/eu:1:table", WB_SIG_MISMATCH, "scoped to a valid region"},
        {"/eu-central-1", "/*", WB_SIG_MISMATCH, "scoped to a valid region"},
        {"/eu-central-1", "/EU-central-1", WB_SIG_MISMATCH, "scoped to a valid region"},
        {"aws4_request", "aws5_request", WB_SIG_MISMATCH,
         "Credential should be scoped with a valid terminator: 'aws4_request', not "
         "'aws5_request'."},
        {"20261122/", "20261121/", WB_SIG_MISMATCH,
         "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
         "HTTP: '20261121' != '20261122', from '20261122T120000Z'."},
        {"/dynamodb/", "/events/", WB_SIG_MISMATCH,
         "Credential should be scoped to correct service: 'dynamodb'. "},
        {"content-type;host;", "content-type;", WB_SIG_MISMATCH,
         "'Host' must be a 'SignedHeader' in the AWS Authorization."},
        {";x-amz-target", "", WB_SIG_MISMATCH,
         "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vector v = find("dynamodb");
        struct wb_slice why, *auth = value_of(&v, "Authorization");
        *auth = replace(*auth, cases[i].what, cases[i].with);
        assert_int_equal(check(&v, &why), cases[i].error);
        assert_has(why, cases[i].text);
    }
}

static void test_dates(void **state)
{
    struct vector v = find("dynamodb");
    struct wb_slice why;
    *value_of(&v, "X-Amz-Date") = WB_S("2026-11-22T12:00:00Z");
    assert_int_equal(check(&v, &why), WB_SIG_INCOMPLETE);
    assert_has(why, "Date must be in ISO-8601 'basic format'. Got '2026-11-22T12:00:00Z'.");

    v = find("dynamodb");
    for (size_t i = 0; i < v.r.header_count; i++)
        if (wb_slice_is(v.header[i].name, "X-Amz-Date"))
            v.header[i].name = WB_S("X-Other");
    assert_int_equal(check(&v, &why), WB_SIG_INCOMPLETE);
    assert_has(why, "requires existence of either a 'X-Amz-Date' or a 'Date' header. ");

    /* A Date header serves when there is no X-Amz-Date; this one is not under the signature. */
    for (size_t i = 0; i < v.r.header_count; i++)
        if (wb_slice_is(v.header[i].name, "X-Other"))
            v.header[i] = (struct wb_pair){WB_S("Date"), WB_S("Sun, 22 Nov 2026 12:00:00 GMT")};
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    assert_has(why, "AWS4-HMAC-SHA256\n20261122T120000Z\n20261122/");
}

static void test_presigned(void **state)
{
    static const struct broken cases[] = {
        {"X-Amz-Expires=60&", "", WB_SIG_INCOMPLETE,
         "AWS query-string parameters must include 'X-Amz-Expires'. Re-examine the query-string "
         "parameters."},
        {"X-Amz-Expires=60&", "X-Amz-Expires=604801&", WB_SIG_INCOMPLETE, "from 1 to 604800"},
        {"X-Amz-Expires=60&", "X-Amz-Expires=0&", WB_SIG_INCOMPLETE, "from 1 to 604800"},
        {"X-Amz-Expires=60&", "X-Amz-Expires=61&", WB_SIG_MISMATCH, "does not match"},
        {"HMAC-SHA256", "HMAC-SHA1", WB_SIG_INCOMPLETE, "X-Amz-Algorithm only supports"},
        {"X-Amz-Credential", "X-Amz-Cred", WB_SIG_INCOMPLETE, "'X-Amz-Credential'"},
        {"GetCallerIdentity", "AssumeRole", WB_SIG_MISMATCH, "does not match"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vector v = find("presigned sts");
        struct wb_slice why;
        v.r.query = replace(v.r.query, cases[i].what, cases[i].with);
        assert_int_equal(check(&v, &why), cases[i].error);
        assert_has(why, cases[i].text);
    }
    struct vector v = find("presigned sts"), h = find("dynamodb");
    struct wb_slice why;
    v.header[v.r.header_count++] =
        (struct wb_pair){WB_S("Authorization"), *value_of(&h, "Authorization")};
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    assert_has(why, "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization'");

    v = find("presigned with token");
    struct wb_signature s;
    assert_int_equal(wb_sigv4_parse(&arena, &v.r, &s, &why), WB_SIG_OK);
    assert_string_equal(wb_dup_cstr(&arena, s.token), "a+b/c==");
    assert_int_equal(s.expires_s, 900);
}

static void test_missing(void **state)
{
    struct vector v = find("dynamodb");
    struct wb_slice why;
    v.r.header_count = 1;
    assert_int_equal(check(&v, &why), WB_SIG_MISSING);
    assert_has(why, "Request is missing Authentication Token");
}

/* Only S3 and presigned requests may leave the body unsigned. */
static void test_payload(void **state)
{
    struct vector v = find("s3 object");
    struct wb_slice why;
    *value_of(&v, "X-Amz-Content-SHA256") = WB_S("0000");
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    assert_has(why, "The provided 'x-amz-content-sha256' header does not match");

    v = find("dynamodb");
    v.header[v.r.header_count++] =
        (struct wb_pair){WB_S("x-amz-content-sha256"), WB_S("UNSIGNED-PAYLOAD")};
    struct wb_slice *auth = value_of(&v, "Authorization");
    *auth = replace(*auth, "host;", "host;x-amz-content-sha256;");
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    assert_has(why, "The provided 'x-amz-content-sha256' header does not match");
}

/* The cached signing key must not serve another secret, day, region or service. */
static void test_cached_keys(void **state)
{
    for (int i = 0; i < 3; i++) {
        struct vector v = find("dynamodb");
        struct wb_slice why;
        assert_int_equal(check(&v, &why), WB_SIG_OK);
        v.secret = wb_printf(&arena, "other %d", i);
        assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    }
    /* A region too long for the cache is derived each time. */
    struct vector v = find("dynamodb");
    struct wb_slice why, *auth = value_of(&v, "Authorization");
    char *region = wb_zalloc(&arena, 302);
    memset(region, 'r', 300);
    region[0] = '/';
    *auth = replace(*auth, "/eu-central-1", region);
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    assert_has(why, "rrrr/dynamodb/aws4_request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),     cmocka_unit_test(test_changed_requests),
        cmocka_unit_test(test_clock),       cmocka_unit_test(test_broken_headers),
        cmocka_unit_test(test_dates),       cmocka_unit_test(test_presigned),
        cmocka_unit_test(test_missing),     cmocka_unit_test(test_payload),
        cmocka_unit_test(test_cached_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
