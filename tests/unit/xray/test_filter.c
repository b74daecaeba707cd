/* Filter expressions: the forms of the Developer Guide, "Use filter expressions", on one trace, and
 * what must be refused. */
#include "services/xray/filter.h"
#include "xray/sample.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *text;
    bool matches;
} cases[] = {
    {"", true},
    {"  ", true},
    {"error", true},
    {"throttle", true},
    {"fault", false}, /* not the root */
    {"!fault", true},
    {"NOT fault", true},
    {"ok", false},
    {"partial", false},
    {"error = true", true},
    {"error != true", false},
    {"error = false", false},
    {"responsetime >= 3", true},
    {"responsetime > 3", false},
    {"duration = 3", true},
    {"duration >= 2 AND duration <= 4", true},
    {"duration < 3 OR http.status = 429", true},
    {"error !partial duration <5", true},
    {"error fault", false},
    {"(fault OR error) AND throttle", true},
    {"fault AND ok OR error", true},
    {"http.status != 200", true},
    {"http.url = \"http://site/v2/x\"", true},
    {"http.url BEGINSWITH \"http://site\" AND http.url CONTAINS \"/v2/\"", true},
    {"http.url ENDSWITH '/x'", true},
    {"http.url contains \"/v3/\"", false},
    {"http.url", true},
    {"http.method != \"GET\"", false},
    {"http.useragent = \"curl\"", true},
    {"http.clientip BEGINSWITH \"10.\"", true},
    {"user", true},
    {"user = \"ann\"", true},
    {"user = \"bob\"", false},
    {"annotation.tier", true},
    {"annotation.none", false},
    {"annotation.none != \"x\"", false}, /* it is not there */
    {"annotation.tier = \"gold\"", true},
    {"annotation[tier] = \"gold\"", true},
    {"annotation[\"tier\"] CONTAINS \"ol\"", true},
    {"annotation.tier = 3", false},
    {"annotation.age > 29", true},
    {"annotation.age > 30", false},
    {"annotation.beta = true", true},
    {"annotation.beta != true", false},
    {"annotation.deep = \"yes\"", true}, /* of a subsegment */
    {"message CONTAINS \"broke\"", true},
    {"resource.arn = \"arn:f\"", true},
    {"availabilityzone = \"a\"", false},
    {"service()", true},
    {"service(\"api\")", true},
    {"service(\"none\")", false},
    {"!service(\"none\")", true},
    {"service(\"api\") { fault }", true},
    {"service(\"api\") { fault = true AND responsetime > 1.5 }", true},
    {"service(\"api\") { ok }", false},
    {"service(\"site\") { fault }", false},
    {"service(\"site\") { root }", true},
    {"service(\"api\") { annotation.deep = \"yes\" }", true},
    {"service(\"site\") { annotation.deep = \"yes\" }", false},
    {"service(id(name: \"orders\", type: \"AWS::DynamoDB::Table\")) { ok inferred }", true},
    {"service(id(type: \"AWS::Lambda::Function\", account.id: \"000000000001\"))", true},
    {"service(id(account.id: \"000000000002\"))", false},
    {"service(id(name: \"example.com\", type: \"remote\")) { fault remote }", true},
    {"service(\"work\")", false}, /* a subsegment of nobody else */
    {"edge(\"site\", \"api\")", true},
    {"edge(\"site\", \"api\") { fault }", true},
    {"edge(\"api\", \"site\")", false},
    {"edge(\"site\", \"orders\")", false},
    {"edge(id(name: \"api\", type: \"AWS::Lambda::Function\"), \"orders\") { ok }", true},
    {"edge(\"api\")", true},
    {"service(\"api\") { fault OR error } AND annotation.tier = \"gold\"", true},
};

static const char *const refused[] = {
    "nonsense",
    "fault AND",
    "OR fault",
    "(fault",
    "fault)",
    "fault >",
    "fault > 3",
    "fault = \"x\"",
    "responsetime",
    "responsetime > \"a\"",
    "responsetime CONTAINS 3",
    "http.url > \"a\"",
    "http.url = 3",
    "http.url = \"a",
    "http.status = true",
    "annotation",
    "annotation.",
    "annotation[]",
    "annotation[a",
    "annotation.a > \"b\"",
    "annotation.a CONTAINS 3",
    "service",
    "service(",
    "service(a)",
    "service(\"a\") {",
    "service(\"a\") { fault",
    "service(\"a\", \"b\")",
    "service(id(name))",
    "service(id(other: \"a\"))",
    "edge(\"a\", \"b\", \"c\")",
    "service() { service(\"a\") }",
    "service() { edge() }",
    "!",
    "duration = 1e999",
    "duration = 1x",
    "fault }",
    "user = ann",
};

static void test_cases(void **state)
{
    struct wb_arena a;
    struct xray_trace t;
    wb_arena_init(&a, 0);
    sample_read(&a, &t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_slice why = WB_SLICE_NULL;
        struct xray_filter *f = xray_filter_compile(&a, wb_slice_str(cases[i].text), &why);
        if (!f)
            fail_msg("%s: %.*s", cases[i].text, WB_FMT(why));
        if (xray_filter_match(f, &t, &a) != cases[i].matches)
            fail_msg("%s", cases[i].text);
    }
    wb_arena_release(&a);
}

static void test_refused(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct wb_slice why = WB_SLICE_NULL;
        if (xray_filter_compile(&a, wb_slice_str(refused[i]), &why))
            fail_msg("taken: %s", refused[i]);
        assert_true(why.n > 0);
    }
    char deep[200];
    struct wb_slice why;
    memset(deep, '(', sizeof deep);
    assert_null(xray_filter_compile(&a, wb_slice(deep, sizeof deep), &why));
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
