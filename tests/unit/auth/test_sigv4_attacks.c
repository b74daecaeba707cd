/*
 * Attacks on signed requests: somebody between client and server, who sees a good request and sends
 * another one. Whatever is changed must be refused, but for what means the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "sigv4_vectors.h"

static void add_header(struct vector *v, const char *name, const char *value)
{
    assert_true(v->r.header_count < 16);
    v->header[v->r.header_count++] = (struct wb_pair){wb_slice_str(name), wb_slice_str(value)};
}

static void refused(struct vector *v, const char *what)
{
    struct wb_slice why;
    enum wb_sig_error e = check(v, &why);
    if (e == WB_SIG_OK)
        fail_msg("%.*s: accepted with %s", WB_FMT(v->name), what);
    assert_true(why.n > 0);
}

static void accepted(struct vector *v, const char *what)
{
    struct wb_slice why;
    if (check(v, &why) != WB_SIG_OK)
        fail_msg("%.*s: refused with %s: %.*s", WB_FMT(v->name), what, WB_FMT(why));
}

/* Every header under the signature, of every vector: another value, none, twice. */
static void test_headers(void **state)
{
    struct wb_json_iter it = wb_json_iter(vectors);
    unsigned changed = 0;
    while (wb_json_next(&it)) {
        struct vector good, v;
        load(it.value, &good);
        for (size_t i = 0; i < good.r.header_count; i++) {
            struct wb_slice name = good.header[i].name;
            if (wb_slice_ieq(name, WB_S("Authorization")) || wb_slice_ieq(name, WB_S("Date")) ||
                (wb_slice_ieq(name, WB_S("Content-Type")) &&
                 wb_slice_find(*value_of(&good, "Authorization"), WB_S("content-type"), 0) < 0))
                continue;
            v = good;
            v.header[i].value = wb_printf(&arena, "%.*sx", WB_FMT(good.header[i].value));
            refused(&v, "a changed header");
            v = good;
            v.header[i] = v.header[--v.r.header_count];
            refused(&v, "a header taken away");
            v = good;
            v.header[v.r.header_count++] = good.header[i];
            refused(&v, "a header twice");
            changed++;
        }
    }
    assert_true(changed > 50);
}

/* A second Host or date must not pass for the first. */
static void test_doubled(void **state)
{
    struct vector v = find("dynamodb");
    add_header(&v, "host", "evil.example");
    refused(&v, "a second host");
    v = find("dynamodb");
    add_header(&v, "X-AMZ-DATE", "20261122T120100Z");
    refused(&v, "a second date");
    v = find("dynamodb");
    add_header(&v, "x-amz-target", "DynamoDB_20120810.DeleteTable");
    refused(&v, "a second target");
    v = find("session token");
    add_header(&v, "x-amz-security-token", "other");
    refused(&v, "a second token");
}

/* What nobody signed must not be believed. */
static void test_unsigned_headers(void **state)
{
    static const char *const names[] = {"x-amz-security-token", "x-amz-content-sha256",
                                        "X-Amz-Invocation-Type", "x-amz-acl", "X-AMZ-NEW"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct vector v = find("empty body");
        add_header(&v, names[i],
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        refused(&v, names[i]);
        v = find("presigned sts");
        add_header(&v, names[i],
                   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        refused(&v, names[i]);
    }
    struct vector v = find("dynamodb");
    add_header(&v, "user-agent", "aws-cli/2.9"); /* others may be added: proxies do */
    add_header(&v, "x-forwarded-for", "192.0.2.1");
    accepted(&v, "other headers");
    for (size_t i = 0; i < v.r.header_count; i++) { /* and turned round */
        struct wb_pair first = v.header[0];
        memmove(v.header, v.header + 1, (v.r.header_count - 1) * sizeof first);
        v.header[v.r.header_count - 1] = first;
        accepted(&v, "headers in another order");
    }
}

/* The list of signed headers is under the signature itself. */
static void test_signed_list(void **state)
{
    static const char *const lists[][2] = {
        {"content-type;host;x-amz-date;x-amz-target", "host;x-amz-date;x-amz-target"},
        {"content-type;host;x-amz-date;x-amz-target", "content-type;host;x-amz-target;x-amz-date"},
        {"content-type;host;x-amz-date;x-amz-target",
         "content-type;host;host;x-amz-date;x-amz-target"},
        {"content-type;host;x-amz-date;x-amz-target", "Content-Type;Host;X-Amz-Date;X-Amz-Target"},
        {"content-type;host;x-amz-date;x-amz-target", "content-type;host;x-amz-date;x-amz-target;"},
        {"content-type;host;x-amz-date;x-amz-target", ";content-type;host;x-amz-date;x-amz-target"},
        {"content-type;host;x-amz-date;x-amz-target",
         "content-type;host;x-amz-date;x-amz-target;x"}};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct vector v = find("dynamodb");
        struct wb_slice *auth = value_of(&v, "Authorization");
        *auth = replace(*auth, lists[i][0], lists[i][1]);
        refused(&v, lists[i][1]);
    }
}

static void test_bodies(void **state)
{
    static const char *const bodies[] = {"", " ", "{}", "{\"TableName\":\"T\",\"Key\":{}}"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct vector v = find("dynamodb");
        v.r.body = wb_slice_str(bodies[i]);
        refused(&v, "another body");
    }
    /* Body and the header that tells its hash changed together: the header is signed. */
    struct vector v = find("s3 object");
    v.r.body = WB_S("evil");
    *value_of(&v, "X-Amz-Content-SHA256") = wb_sha256_hex(&arena, v.r.body);
    refused(&v, "another body with its hash");
    v = find("s3 object");
    *value_of(&v, "X-Amz-Content-SHA256") = WB_S("UNSIGNED-PAYLOAD");
    refused(&v, "an unsigned payload");
    v = find("s3 object");
    *value_of(&v, "X-Amz-Content-SHA256") = WB_S("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    refused(&v, "a streamed payload");
    v = find("presigned sts");
    v.r.body = WB_S("Action=AssumeRole");
    refused(&v, "a body on a presigned request");
    v = find("dynamodb");
    v.r.body = wb_slice(v.r.body.p, v.r.body.n - 1);
    refused(&v, "a body cut short");
}

static void test_queries(void **state)
{
    static const char *const same[] = {
        "Marker=a%2Fb%3D&A=&MaxItems=10",
        "MaxItems=10&Marker=a%2fb=&A=", "MaxItems=10&&Marker=a%2Fb%3D&A"};
    static const char *const other[] = {"MaxItems=10&Marker=a%2Fb%3D",
                                        "MaxItems=10&MaxItems=10&Marker=a%2Fb%3D&A=",
                                        "MaxItems=1&MaxItems=10&Marker=a%2Fb%3D&A=",
                                        "MaxItems=10&Marker=a%252Fb%3D&A=",
                                        "MaxItems=10&marker=a%2Fb%3D&A=",
                                        "MaxItems=10%26Marker=a%2Fb%3D&A=",
                                        "MaxItems=10&Marker=a%2Fb%3D&A=%00",
                                        "MaxItems=10&Marker=a%2Fb%3D&A=&=",
                                        "MaxItems=10;Marker=a%2Fb%3D&A=",
                                        "MaxItems=10&Marker=a%2Fb%3D&A=+",
                                        ""};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct vector v = find("lambda query");
        v.r.query = wb_slice_str(same[i]);
        accepted(&v, same[i]);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct vector v = find("lambda query");
        v.r.query = wb_slice_str(other[i]);
        refused(&v, other[i]);
    }
}

static void test_paths(void **state)
{
    static const char *const other[] = {
        "/2015-03-31/functions/arn:aws:lambda:eu-central-1:000000000000:function:f",
        "/2015-03-31/functions/"
        "arn%253Aaws%253Alambda%253Aeu-central-1%253A000000000000%253Afunction"
        "%253Af",
        "/2015-03-31/functions/arn%3aaws%3alambda%3aeu-central-1%3a000000000000%3afunction%3af",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Ag",
        "/2015-03-31/functions%2Farn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Af",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Af/",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Af/"
        "%2e%2e",
        "/2015-03-31/functions/x/%2E%2E/arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction"
        "%3Af",
        "/2015-03-31/Functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Af",
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-central-1%3A000000000000%3Afunction%3Af;x",
        "/../../etc/passwd"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        struct vector v = find("lambda path with an encoded arn");
        v.r.path = wb_slice_str(other[i]);
        refused(&v, other[i]);
    }
    /* S3 signs its paths as they are. */
    static const char *const s3[] = {"/bucket/a/b/../c", "/bucket/a/c", "/bucket/a//c"};
    for (size_t i = 0; i < sizeof s3 / sizeof *s3; i++) {
        struct vector v = find("s3 path is not normalised");
        v.r.path = wb_slice_str(s3[i]);
        refused(&v, s3[i]);
    }
}

/* A request that was seen may be sent again only within the skew. */
static void test_replay(void **state)
{
    struct vector v = find("dynamodb");
    struct wb_slice why;
    int64_t signed_ms = v.now_ms;
    accepted(&v, "nothing changed");
    accepted(&v, "nothing changed, again");
    static const int64_t later_s[] = {301, 3600, 86400, 366 * 86400LL};
    for (size_t i = 0; i < sizeof later_s / sizeof *later_s; i++) {
        v.now_ms = signed_ms + later_s[i] * 1000;
        assert_int_equal(check(&v, &why), WB_SIG_SKEW);
    }
    /* With a date of today it is another request. */
    *value_of(&v, "X-Amz-Date") = wb_time_str(&arena, v.now_ms, WB_TIME_BASIC);
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    struct wb_slice *auth = value_of(&v, "Authorization");
    char day[9] = {0};
    memcpy(day, value_of(&v, "X-Amz-Date")->p, 8);
    *auth = replace(*auth, "20261122", day);
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    assert_has(why, "does not match the signature");
}

static void test_presigned(void **state)
{
    static const struct {
        const char *what, *with;
        enum wb_sig_error error;
    } cases[] = {{"X-Amz-Expires=60", "X-Amz-Expires=3600", WB_SIG_MISMATCH},
                 {"X-Amz-Expires=60", "X-Amz-Expires=060", WB_SIG_MISMATCH},
                 {"X-Amz-Expires=60", "X-Amz-Expires=-1", WB_SIG_INCOMPLETE},
                 {"X-Amz-Expires=60", "X-Amz-Expires=0", WB_SIG_INCOMPLETE},
                 {"X-Amz-Expires=60", "X-Amz-Expires=604801", WB_SIG_INCOMPLETE},
                 {"X-Amz-Expires=60", "X-Amz-Expires=99999999999999999999", WB_SIG_INCOMPLETE},
                 {"X-Amz-Expires=60", "X-Amz-Expires=1e9", WB_SIG_INCOMPLETE},
                 {"X-Amz-Expires=60", "X-Amz-Expires=3600&X-Amz-Expires=60", WB_SIG_MISMATCH},
                 {"X-Amz-Expires=60", "X-Amz-Expires=60&X-Amz-Expires=3600", WB_SIG_MISMATCH},
                 {"X-Amz-Date=20261122T120000Z", "X-Amz-Date=20261122T120001Z", WB_SIG_MISMATCH},
                 {"X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=", WB_SIG_INCOMPLETE},
                 {"X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=x", WB_SIG_MISMATCH},
                 {"eu-central-1", "us-east-1", WB_SIG_MISMATCH},
                 {"%2Fsts%2F", "%2Fiam%2F", WB_SIG_MISMATCH},
                 {"EXAMPLE01", "EXAMPLE02", WB_SIG_MISMATCH},
                 {"2011-06-15&", "2011-06-15&RoleArn=x&", WB_SIG_MISMATCH},
                 {"Action=GetCallerIdentity", "Action=GetCallerIdentity&Action=AssumeRole",
                  WB_SIG_MISMATCH}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vector v = find("presigned sts");
        struct wb_slice why;
        v.r.query = replace(v.r.query, cases[i].what, cases[i].with);
        if (check(&v, &why) != cases[i].error)
            fail_msg("%s: %.*s", cases[i].with, WB_FMT(why));
    }
    struct vector v = find("presigned sts");
    struct wb_slice why;
    v.now_ms += 61 * 1000;
    assert_int_equal(check(&v, &why), WB_SIG_SKEW);
    *value_of(&v, "Host") = WB_S("evil");
    v.now_ms -= 61 * 1000;
    assert_int_equal(check(&v, &why), WB_SIG_MISMATCH);
    v = find("presigned sts");
    v.r.method = WB_S("POST");
    refused(&v, "another method");
}

/* Without the token, the key would be looked up as a long-term one; and it is under the signature.
 */
static void test_token(void **state)
{
    struct vector v = find("presigned with token");
    struct wb_signature s;
    struct wb_slice why;
    assert_int_equal(wb_sigv4_parse(&arena, &v.r, &s, &why), WB_SIG_OK);
    ptrdiff_t from = wb_slice_find(v.r.query, WB_S("&X-Amz-Security-Token="), 0);
    assert_true(from > 0);
    ptrdiff_t to = wb_slice_chr(v.r.query, '&', (size_t)from + 1);
    struct wb_slice parts[2] = {wb_slice_sub(v.r.query, 0, (size_t)from),
                                to < 0 ? WB_S("")
                                       : wb_slice_sub(v.r.query, (size_t)to, v.r.query.n)};
    v.r.query = wb_concat(&arena, parts, 2);
    assert_int_equal(wb_sigv4_parse(&arena, &v.r, &s, &why), WB_SIG_OK);
    assert_null(s.token.p);
    refused(&v, "the token taken away");
    v = find("session token");
    *value_of(&v, "X-Amz-Security-Token") = WB_S("another");
    refused(&v, "another token");
}

/* --- the comparison --- */

bool __real_wb_const_eq(const void *a, const void *b, size_t n);
bool __wrap_wb_const_eq(const void *a, const void *b, size_t n);

static struct {
    unsigned calls;
    const void *told;
    size_t n;
} compared;

bool __wrap_wb_const_eq(const void *a, const void *b, size_t n)
{
    compared.calls++;
    compared.told = a;
    compared.n = n;
    return __real_wb_const_eq(a, b, n);
}

/* The signature is compared last, by the function whose time does not tell where two differ, and
 * as a whole, wherever the difference is. */
static void test_comparison(void **state)
{
    for (int i = -1; i < 64; i++) {
        struct vector v = find("dynamodb");
        struct wb_slice why, *auth = value_of(&v, "Authorization");
        char *text = wb_dup_cstr(&arena, *auth);
        char *signature = text + auth->n - 64;
        if (i >= 0)
            signature[i] = signature[i] == '0' ? '1' : '0';
        *auth = wb_slice_str(text);
        compared.calls = 0;
        assert_int_equal(check(&v, &why), i < 0 ? WB_SIG_OK : WB_SIG_MISMATCH);
        assert_true(compared.calls > 0);
        assert_ptr_equal(compared.told, signature);
        assert_int_equal(compared.n, 64);
    }
    static const char *const wrong[] = {"0", "06b846f9c78aae8f"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) { /* cut short: a prefix is nothing */
        struct vector v = find("dynamodb");
        struct wb_slice *auth = value_of(&v, "Authorization");
        ptrdiff_t at = wb_slice_find(*auth, WB_S("Signature="), 0);
        struct wb_slice parts[2] = {wb_slice_sub(*auth, 0, (size_t)at + 10),
                                    wb_slice_str(wrong[i])};
        *auth = wb_concat(&arena, parts, 2);
        refused(&v, "a part of the signature");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_doubled),
        cmocka_unit_test(test_unsigned_headers),
        cmocka_unit_test(test_signed_list),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_presigned),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_comparison),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
