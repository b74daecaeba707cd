/* The SDK's signing against the server's verifying: two pieces of code that share no line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/sigv4.h"
#include "waybill/aws.h"

#define NOW 1795348800000LL

static const struct wb_sign cases[] = {
    {.method = {"POST", 4}, .path = {"/", 1}, .service = {"dynamodb", 8}, .body = {"{}", 2}},
    {.method = {"GET", 3},
     .path = {"/", 1},
     .query = {"Action=ListUsers&Version=2010-05-08", 35},
     .service = {"iam", 3}},
    {.method = {"GET", 3},
     .path = {"/2015-03-31/functions/a%20b/policy", 34},
     .query = {"b=2&a=1&a=%2F+x", 15},
     .service = {"lambda", 6}},
    {.method = {"PUT", 3},
     .path = {"/bucket/a%20b//c", 16},
     .service = {"s3", 2},
     .body = {"x", 1}},
    {.method = {"POST", 4},
     .path = {"/", 1},
     .service = {"sns", 3},
     .token = {"tok/en+==", 9},
     .body = {"Action=Publish", 14}},
};

static enum wb_sig_error verify(struct wb_arena *a, const struct wb_sign *s,
                                const struct wb_pair *header, size_t count, struct wb_slice secret)
{
    struct wb_pair all[8];
    memcpy(all, header, count * sizeof *header);
    all[count++] = (struct wb_pair){WB_S("Host"), s->host};
    struct wb_sig_request r = {s->method, s->path, s->query, all, count, s->body};
    struct wb_signature sig;
    struct wb_slice why = WB_SLICE_NULL;
    enum wb_sig_error e = wb_sigv4_parse(a, &r, &sig, &why);
    return e ? e : wb_sigv4_verify(a, &r, &sig, secret, s->service, NOW, &why);
}

static void signed_is_verified(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_arena a;
        wb_arena_init(&a, 0);
        struct wb_sign s = cases[i];
        s.host = WB_S("127.0.0.1:4566");
        s.region = WB_S("us-east-1");
        s.key_id = WB_S("AKIAIOSFODNN7EXAMPLE");
        s.secret = WB_S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        s.now_ms = NOW;
        struct wb_pair h[4];
        size_t n = wb_sign_headers(&a, &s, h);
        assert_int_equal(verify(&a, &s, h, n, s.secret), WB_SIG_OK);
        assert_int_equal(verify(&a, &s, h, n, WB_S("another")), WB_SIG_MISMATCH);
        struct wb_sign other = s;
        other.path = WB_S("/other");
        assert_int_equal(verify(&a, &other, h, n, s.secret), WB_SIG_MISMATCH);
        wb_arena_release(&a);
    }
}

static void xml_text_is_found(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice xml = WB_S("<R><TopicArn>arn:a&amp;b&lt;c&gt;</TopicArn><X></X></R>");
    assert_true(wb_slice_is(wb_aws_xml(&a, xml, "TopicArn"), "arn:a&b<c>"));
    assert_int_equal(wb_aws_xml(&a, xml, "X").n, 0);
    assert_null(wb_aws_xml(&a, xml, "Missing").p);
    assert_null(wb_aws_xml(&a, WB_S("<X>cut"), "X").p);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(signed_is_verified),
                                       cmocka_unit_test(xml_text_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
