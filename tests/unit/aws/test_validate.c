/*
 * Validation texts, and the patterns behind them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aws/pattern.h"
#include "base/limits.h"
#include "codec/text.h"
#include "fake.h"
#include <pthread.h>
#include <stdio.h>

static struct wb_arena arena;
static struct wb_services *services;

static const char *check(const char *body)
{
    struct wire_request q = {
        .method = "POST", .path = "/", .headers = {"X-Amz-Target", "AWSEvents.All"}, .body = body};
    struct wb_call c;
    if (wire_call(&c, &arena, services, &q))
        return NULL;
    assert_string_equal(c.error.code, "ValidationException");
    assert_int_equal(c.error.status, 400);
    return wb_dup_cstr(&arena, c.error.message);
}

#define ONE       "1 validation error detected: "
#define AT(v, at) "Value '" v "' at '" at "' failed to satisfy constraint: "
#define PATTERN   "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
#define NAME_RULES                                                                                 \
    "[Member must have length less than or equal to 5, Member must have length greater than or "   \
    "equal to 3, " PATTERN "]"

static void test_texts(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"{\"TableName\":\"abc\"}", NULL},
        {"{}", ONE "Value null at 'tableName' failed to satisfy constraint: Member must not be "
                   "null"},
        {"{\"TableName\":null}",
         ONE "Value null at 'tableName' failed to satisfy constraint: Member must not be null"},
        {"{\"TableName\":\"ab\"}",
         ONE AT("ab", "tableName") "Member must have length greater than or equal to 3"},
        {"{\"TableName\":\"abcdef\"}",
         ONE AT("abcdef", "tableName") "Member must have length less than or equal to 5"},
        {"{\"TableName\":\"a;b\"}", ONE AT("a;b", "tableName") PATTERN},
        {"{\"TableName\":\"\"}", "2 validation errors detected: " AT("", "tableName") PATTERN
         "; " AT("", "tableName") "M"
                                  "ember must have length greater than or equal to 3"},
        {"{\"TableName\":\"abc\",\"Level\":\"ALL\"}",
         ONE AT("ALL", "level") "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"},
        {"{\"TableName\":\"abc\",\"Limit\":0}",
         ONE AT("0", "limit") "Member must have value greater than or equal to 1"},
        {"{\"TableName\":\"abc\",\"Limit\":101}",
         ONE AT("101", "limit") "Member must have value less than or equal to 100"},
        {"{\"TableName\":\"abc\",\"Limit\":100,\"Level\":\"TOTAL\",\"Data\":\"AAAAAA==\"}", NULL},
        {"{\"TableName\":\"abc\",\"Data\":\"AAAAAAA=\"}",
         ONE AT("AAAAAAA=", "data") "Member must have length less than or equal to 4"},
        {"{\"TableName\":\"abc\",\"Strings\":[\"a\",\"b\",\"c\",\"d\"]}",
         ONE AT("[a, b, c, d]", "strings") "Member must have length less than or equal to 3"},
        {"{\"TableName\":\"abc\",\"Names\":[\"abc\",\"a\",\"b\"]}",
         ONE AT("[abc, a, b]", "names") "Member must satisfy constraint: " NAME_RULES},
        {"{\"TableName\":\"abc\",\"Map\":{\"a b\":\"x\"}}",
         ONE AT("{a b=x}", "map") "Map keys must satisfy constraint: " NAME_RULES},
        {"{\"TableName\":\"abc\",\"Entries\":[{\"Id\":\"abc\"},{\"Detail\":\"x\"}]}",
         ONE "Value null at 'entries.2.member.id' failed to satisfy constraint: Member must not be "
             "null"},
        {"{\"TableName\":\"abc\",\"Entries\":[{\"Id\":\"a\"}]}",
         ONE AT("a", "entries.1.member.id") "Member must have length greater than or equal to 3"},
        {"{\"TableName\":\"abc\",\"Attributes\":{\"k\":{}}}",
         ONE "Value null at 'attributes.k.member.id' failed to satisfy constraint: Member must not "
             "be null"},
        /* Lengths are UTF-16 units: 5 of these are 5, 3 of those are 6. */
        {"{\"TableName\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}",
         ONE AT("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "tableName") PATTERN},
        {"{\"TableName\":\"\xf0\x9f\x9a\x9a\xf0\x9f\x9a\x9a\xf0\x9f\x9a\x9a\"}",
         "2 validation errors detected: " AT("\xf0\x9f\x9a\x9a\xf0\x9f\x9a\x9a\xf0\x9f\x9a\x9a",
                                             "tableName") PATTERN
         "; " AT("\xf0\x9f\x9a\x9a\xf0\x9f\x9a\x9a\xf0\x9f\x9a\x9a",
                 "tableName") "Member must have length less than or equal to 5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = check(cases[i].body);
        if (!cases[i].text)
            assert_null(text);
        else if (!text)
            fail_msg("accepted: %s", cases[i].body);
        else
            assert_string_equal(text, cases[i].text);
    }
}

/* Structures are printed as Java would, and at most ten errors are told. */
static void test_many(void **state)
{
    struct wb_buf b = wb_buf_in(&arena);
    wb_buf_str(&b, "{\"TableName\":\"abc\",\"Entries\":[{\"Id\":\"abc\",\"Count\":7}");
    for (int i = 0; i < 10; i++)
        wb_buf_str(&b, ",{\"Id\":\"abc\"}");
    wb_buf_put(&b, "]}", 3);
    const char *text = check(b.p);
    assert_non_null(text);
    assert_non_null(strstr(text, ONE "Value '[Entry(id=abc, detail=null, count=7), Entry(id=abc, "
                                     "detail=null, count=null), "));
    assert_non_null(strstr(text, "' at 'entries' failed to satisfy constraint: Member must have "
                                 "length less than or equal to 10"));
    b = wb_buf_in(&arena);
    wb_buf_str(&b, "{\"TableName\":\"abc\",\"Attributes\":{\"a\":{}");
    for (int i = 0; i < 20; i++)
        wb_buf_printf(&b, ",\"k%d\":{}", i);
    wb_buf_put(&b, "}}", 3);
    text = check(b.p);
    assert_non_null(strstr(text, "10 validation errors detected: "));
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, "failed to satisfy")); p++)
        n++;
    assert_int_equal(n, 10);
}

/* Of a refused value of megabytes only the beginning is told. */
static void test_long_value(void **state)
{
    struct wb_buf b = wb_buf_in(&arena);
    wb_buf_str(&b, "{\"TableName\":\"");
    for (int i = 0; i < 100000; i++)
        wb_buf_str(&b, "\xc3\xa4");
    wb_buf_put(&b, "\"}", 3);
    const char *text = check(b.p);
    assert_true(strlen(text) < 2 * (WB_VALIDATION_VALUE_MAX + 200));
    assert_non_null(strstr(text, "\xc3\xa4...' at 'tableName' failed to satisfy constraint: "));
    b = wb_buf_in(&arena);
    wb_buf_str(&b, "{\"TableName\":\"abc\",\"Strings\":[\"x\"");
    for (int i = 0; i < 100000; i++)
        wb_buf_str(&b, ",\"element\"");
    wb_buf_put(&b, "]}", 3);
    text = check(b.p);
    assert_true(strlen(text) < WB_VALIDATION_VALUE_MAX + 200);
    assert_non_null(strstr(text, "]' at 'strings' failed to satisfy constraint: "));
}

static void test_alone(void **state)
{
    struct wire_request q = {.method = "POST",
                             .path = "/2015-03-31/functions",
                             .headers = {NULL},
                             .body = "{\"FunctionName\":\"f\",\"MemorySize\":0,\"Runtime\":"
                                     "\"cobol\"}"};
    struct wb_call c;
    assert_false(wire_call(&c, &arena, services, &q));
    assert_string_equal(c.error.code, "InvalidParameterValueException");
    assert_string_equal(
        wb_dup_cstr(&arena, c.error.message),
        "Value cobol at 'runtime' failed to satisfy constraint: Member must satisfy "
        "enum value set: [python3.12, provided.al2023] or be a valid ARN");
}

static void test_patterns(void **state)
{
    static const struct {
        const char *pattern, *yes[4], *no[4];
    } cases[] = {
        {"[a-zA-Z0-9_.-]+", {"a", "a.b-c_9"}, {"", "a b", "\xc3\xa4"}},
        {".*", {"", "anything \xc3\xa4"}, {"a\nb"}},
        {"\\d{12}", {"123456789012"}, {"12345678901", "1234567890123", "12345678901a"}},
        {"[\\.\\-_A-Za-z0-9]+", {"a.b-c_", "-"}, {"", "a/b", "\\"}},
        {"[/\\.\\-_A-Za-z0-9]+", {"aws/x"}, {"a b"}},
        {"(\\d{12}|\\*)", {"123456789012", "*"}, {"**", "1"}},
        {"[^\\s]+", {"a.b"}, {"a b", "a\tb", ""}},
        {"[\\s\\S]*", {"", "a\nb"}, {NULL}},
        {"[\\w+=,.@-]+", {"a+b=c@d-e"}, {"a b", ""}},
        {"^[0-9A-Za-z\\.\\-_]*$", {"", "a.b"}, {"a/b"}},
        {"(\\$LATEST|[0-9]+)", {"$LATEST", "12"}, {"LATEST", "$LATEST1", ""}},
        {"(|[a-zA-Z0-9$_-]+)", {"", "a$"}, {"a b"}},
        {"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()", {"", "arn:aws:kms:x"}, {"x", "arn:"}},
        {"[^\\x00-\\x1F\\x7F]+", {"a b", "\xc3\xa4"}, {"a\nb", "\x7f"}},
        {"[a^-]+", {"^-a"}, {"b"}},
        {"[\\^]+x", {"^x"}, {"x"}},
        {"[\\^-]+x", {"^-x"}, {"x", "ax"}},
        {"[\\[\\]]{2}", {"[]", "]["}, {"[", "a]"}},
        {"(?:ab)+?c", {"abc", "ababc"}, {"c"}},
        {"[a-z]{2}(-gov)?-[a-z]+-\\d{1}", {"eu-central-1", "us-gov-west-1"}, {"eu-central"}},
        {"\\x41\\tb", {"A\tb"}, {"a"}},
        {"\\W\\S\\D", {"-ab"}, {"aab", "- b", "-a1"}},
        {"[\\u0020-\\u00FF]+", {"a b", "\xc2\x80", "\xc3\xbf"}, {"\n", "\xc4\x80"}},
        {"[a\\x80-\\x{10FFFF}]+", {"a\xc3\xa4", "\xf4\x8f\xbf\xbf"}, {"b", "\x7f"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t j = 0; j < 4 && cases[i].yes[j]; j++)
            if (!wb_pattern_match(cases[i].pattern, wb_slice_str(cases[i].yes[j])))
                fail_msg("%s does not match '%s'", cases[i].pattern, cases[i].yes[j]);
        for (size_t j = 0; j < 4 && cases[i].no[j]; j++)
            if (wb_pattern_match(cases[i].pattern, wb_slice_str(cases[i].no[j])))
                fail_msg("%s matches '%s'", cases[i].pattern, cases[i].no[j]);
    }
    assert_false(wb_pattern_match("(a|\\s\\S)*", wb_slice("a\0b", 3)));
    assert_true(wb_pattern_match("[^b]+", wb_slice("a\0", 2)));
}

static void *match_elsewhere(void *arg)
{
    bool *ok = arg;
    *ok = wb_pattern_match("(a|b)+", WB_S("abba")) && !wb_pattern_match("(a|b)+", WB_S("abc"));
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t t;
    bool ok = false;
    assert_int_equal(pthread_create(&t, NULL, match_elsewhere, &ok), 0);
    pthread_join(t, NULL);
    assert_true(ok);
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
        cmocka_unit_test(test_texts),    cmocka_unit_test(test_many),
        cmocka_unit_test(test_alone),    cmocka_unit_test(test_long_value),
        cmocka_unit_test(test_patterns), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
