/* The trace header, and the segments the server makes. */
#include "engine/spans.h"
#include "world.h"

#define ROOT  "1-5759e988-bd862e3fe1be46a994272793"
#define OTHER "1-5759e988-000000000000000000000001"

static const struct {
    const char *header, *root, *parent;
    bool sampled, decided;
} headers[] = {
    {"Root=" ROOT ";Parent=53995c3f42cd8ad8;Sampled=1", ROOT, "53995c3f42cd8ad8", true, true},
    {" Sampled=0 ; Root=" ROOT, ROOT, NULL, false, true},
    {"Root=" ROOT ";Parent=53995C3F42CD8AD8", ROOT, "53995C3F42CD8AD8", false, false},
    {"Root=" ROOT ";Parent=xyz;Sampled=?", ROOT, NULL, false, false},
    {"Self=1-x;Root=" ROOT ";Lineage=a:1|b:2;Sampled=1", ROOT, NULL, true, true},
    {"Root=" ROOT ";Sampled=10", ROOT, NULL, false, false},
    {"Root=" OTHER ";;;", OTHER, NULL, false, false},
    {"", NULL, NULL, false, false},
    {"Parent=53995c3f42cd8ad8;Sampled=1", NULL, NULL, false, false},
    {"Root=1-2-3;Sampled=1", NULL, NULL, false, false},
    {"Root=" ROOT ";x=a\r\nSet-Cookie: b", NULL, NULL, false, false},
    {"root=" ROOT, NULL, NULL, false, false},
};

static bool same(struct wb_slice s, const char *text)
{
    return text ? wb_slice_is(s, text) : !s.n;
}

static void test_header(void **state)
{
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct wb_trace t;
        bool good = wb_trace_parse(wb_slice_str(headers[i].header), &t);
        assert_int_equal(good, headers[i].root != NULL);
        if (!good)
            continue;
        assert_true(same(t.root, headers[i].root));
        assert_true(same(t.parent, headers[i].parent));
        assert_int_equal(t.sampled, headers[i].sampled);
        assert_int_equal(t.decided, headers[i].decided);
    }
    char long_one[2000] = "Root=" ROOT ";x=";
    struct wb_trace t;
    memset(long_one + strlen(long_one), 'y', sizeof long_one - strlen(long_one) - 1);
    assert_false(wb_trace_parse(wb_slice_str(long_one), &t));
    assert_false(wb_trace_parse(WB_SLICE_NULL, &t));
}

static void test_header_below(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice before = WB_S("Self=1-x;Root=" OTHER ";Parent=1;Sampled=0;Lineage=a:1 ;; Q");
    assert_true(wb_slice_is(wb_trace_header(&a, WB_S(ROOT), WB_S("53995c3f42cd8ad8"), true, before),
                            "Root=" ROOT ";Parent=53995c3f42cd8ad8;Sampled=1;Self=1-x;Lineage=a:1;"
                            "Q"));
    assert_true(wb_slice_is(wb_trace_header(&a, WB_S(ROOT), WB_SLICE_NULL, false, WB_SLICE_NULL),
                            "Root=" ROOT ";Sampled=0"));
    wb_arena_release(&a);
}

static void test_failed(void **state)
{
    static const struct {
        const char *code;
        int status;
        bool error, throttle, fault;
    } cases[] = {{"ValidationException", 400, true, false, false},
                 {"AccessDenied", 403, true, false, false},
                 {"ThrottlingException", 400, true, true, false},
                 {"ProvisionedThroughputExceededException", 400, true, true, false},
                 {"Anything", 429, true, true, false},
                 {"SlowDown", 503, true, true, false},
                 {"InternalServerError", 500, false, false, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_segment s = {0};
        wb_segment_failed(&s, cases[i].code, WB_S("why"), cases[i].status);
        assert_int_equal(s.error, cases[i].error);
        assert_int_equal(s.throttle, cases[i].throttle);
        assert_int_equal(s.fault, cases[i].fault);
    }
}

static void test_document(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    const struct wb_pair aws[] = {{WB_S("table_name"), WB_S("t\"x")},
                                  {WB_S("request_id"), WB_SLICE_NULL}};
    struct wb_segment s = {.account = WB_S("000000000001"),
                           .region = WB_S("eu-west-1"),
                           .trace_id = WB_S(ROOT),
                           .id = WB_S("00000000000000aa"),
                           .parent_id = WB_S("00000000000000bb"),
                           .name = WB_S("t"),
                           .origin = "AWS::DynamoDB::Table",
                           .start_us = 1000000000000001,
                           .end_us = 1000000000000000,
                           .aws = aws,
                           .aws_count = 2,
                           .subsegments = WB_S("{},{}")};
    wb_segment_failed(&s, "Code", WB_S("why"), 400);
    assert_true(wb_slice_is(
        wb_segment_json(&a, &s),
        "{\"name\":\"t\",\"id\":\"00000000000000aa\",\"trace_id\":\"" ROOT
        "\",\"parent_id\":\"00000000000000bb\",\"start_time\":1000000000.000001,\"end_time\":"
        "1000000000.000001,\"origin\":\"AWS::DynamoDB::Table\",\"namespace\":\"aws\",\"error\":"
        "true,\"cause\":{\"exceptions\":[{\"id\":\"00000000000000aa\",\"type\":\"Code\","
        "\"message\":\"why\"}]},\"http\":{\"response\":{\"status\":400}},\"aws\":{\"account_id\":"
        "\"000000000001\",\"region\":\"eu-west-1\",\"table_name\":\"t\\\"x\"},\"subsegments\":[{},"
        "{}]}"));
    s = (struct wb_segment){.account = WB_S("1"),
                            .region = WB_S("r"),
                            .trace_id = WB_S(ROOT),
                            .id = WB_S("a"),
                            .name = WB_S("n")};
    assert_true(wb_slice_is(wb_segment_json(&a, &s),
                            "{\"name\":\"n\",\"id\":\"a\",\"trace_id\":\"" ROOT
                            "\",\"start_time\":0.000000,\"end_time\":0.000000,\"type\":"
                            "\"subsegment\",\"namespace\":\"aws\",\"aws\":{\"account_id\":\"1\","
                            "\"region\":\"r\"}}"));
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header), cmocka_unit_test(test_header_below),
        cmocka_unit_test(test_failed), cmocka_unit_test(test_document)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
