/* Filter patterns: the forms and examples of the CloudWatch Logs User Guide, "Filter pattern
 * syntax", and what must be refused. */
#include "services/logs/pattern.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define REQUEST  "[ERROR 400] BAD REQUEST"
#define UNAUTH   "[ERROR 401] UNAUTHORIZED REQUEST"
#define TOLERANT "[ERROR 419] MISSING ARGUMENTS"
#define EVENT                                                                                      \
    "{\"eventType\":\"UpdateTrail\",\"sourceIPAddress\":\"111.111.111.111\","                      \
    "\"arrayKey\":[\"value\",\"another value\"],\"objectList\":[{\"name\":\"a\",\"id\":1},"        \
    "{\"name\":\"b\",\"id\":2}],\"SomeObject\":null,\"ThisFlag\":true,\"off\":false,"              \
    "\"cluster.name\":\"c\",\"n\":-1.5e3,\"quoted\":\"12\",\"deep\":{\"x\":{\"y\":[[7]]}}}"
#define ACCESS                                                                                     \
    "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534"

static const struct {
    const char *pattern, *message;
    bool matches;
} cases[] = {
    {"", "anything", true},
    {"ERROR", REQUEST, true},
    {"error", REQUEST, false},
    {"ERROR ARGUMENTS", TOLERANT, true},
    {"ERROR ARGUMENTS", REQUEST, false},
    {"?ERROR ?ARGUMENTS", REQUEST, true},
    {"?INFO ?ARGUMENTS", TOLERANT, true},
    {"?INFO ?WARN", TOLERANT, false},
    {"?ERROR REQUEST", "a REQUEST", true}, /* the optional term does not count */
    {"?ERROR REQUEST", "an ERROR", false},
    {"\"BAD REQUEST\"", REQUEST, true},
    {"\"REQUEST BAD\"", REQUEST, false},
    {"ERROR -ARGUMENTS", REQUEST, true},
    {"ERROR -ARGUMENTS", TOLERANT, false},
    {"ERROR -\"BAD REQUEST\"", REQUEST, false},
    {"-ERROR", "fine", true},
    {"\"a \\\"b\\\"\"", "say a \"b\"", true},
    {"%AUTHORIZED%", UNAUTH, true},
    {"%AUTHORIZED%", REQUEST, false},
    {"%^[hc]at%", "cat", true},
    {"%^[hc]at%", "the cat", false},
    {"%[hc]at$%", "the hat", true},
    {"%[hc]at$%", "hats", false},
    {"%colou?r%", "the color", true},
    {"%a{3,5}%", "baaab", true},
    {"%a{3,5}%", "baab", false},
    {"%gray|grey%", "a grey cat", true},
    {"%10\\.10\\.0\\.1%", "from 10.10.0.1", true},
    {"%10\\.10\\.0\\.1%", "from 10x10.0.1", false},
    {"-%4[0-9]+%", REQUEST, false},

    {"{ $.eventType = \"UpdateTrail\" }", EVENT, true},
    {"{$.eventType=UpdateTrail}", EVENT, true},
    {"{ $.eventType = \"updateTrail\" }", EVENT, false},
    {"{ $.eventType = \"Update*\" }", EVENT, true},
    {"{ $.eventType = \"*Tra*l\" }", EVENT, true},
    {"{ $.eventType = \"Update\" }", EVENT, false},
    {"{ $.eventType != \"x\" }", EVENT, true},
    {"{ $.missing != \"x\" }", EVENT, false},
    {"{ $.sourceIPAddress != 123.123.* }", EVENT, true},
    {"{ $.sourceIPAddress = 111.111.* }", EVENT, true},
    {"{ $.arrayKey[0] = \"value\" }", EVENT, true},
    {"{ $.arrayKey[1] = \"value\" }", EVENT, false},
    {"{ $.arrayKey[*] = \"another value\" }", EVENT, true},
    {"{ $.arrayKey[9] NOT EXISTS }", EVENT, true},
    {"{ $.objectList[1].id = 2 }", EVENT, true},
    {"{ $.objectList[*].id > 2 }", EVENT, false},
    {"{ $.objectList[*].id >= 2 }", EVENT, true},
    {"{ $.n = -1500 }", EVENT, true},
    {"{ $.n < -1.4e3 }", EVENT, true},
    {"{ $.n <= -1500 && $.n >= -1500 }", EVENT, true},
    {"{ $.n > 0 }", EVENT, false},
    {"{ $.quoted = 12 }", EVENT, true},
    {"{ $.SomeObject IS NULL }", EVENT, true},
    {"{ $.SomeOtherObject IS NULL }", EVENT, false},
    {"{ $.SomeOtherObject NOT EXISTS }", EVENT, true},
    {"{ $.SomeObject NOT EXISTS }", EVENT, false},
    {"{ $.SomeObject EXISTS }", EVENT, true},
    {"{ $.ThisFlag IS TRUE }", EVENT, true},
    {"{ $.off IS FALSE }", EVENT, true},
    {"{ $.off IS TRUE }", EVENT, false},
    {"{ $.['cluster.name'] = \"c\" }", EVENT, true},
    {"{ $.deep.x.y[0][0] = 7 }", EVENT, true},
    {"{ $.deep.*.y[0][0] = 7 }", EVENT, true},
    {"{ $.eventType = %Up.*Tr% }", EVENT, true},
    {"{ $.eventType != %Up.*Tr% }", EVENT, false},
    {"{ ($.n = 1) || ($.eventType = \"UpdateTrail\" && $.off IS FALSE) }", EVENT, true},
    {"{ ($.n = 1 || $.eventType = \"UpdateTrail\") && $.off IS TRUE }", EVENT, false},
    {"{ $.n = 1 && $.off IS TRUE || $.ThisFlag IS TRUE }", EVENT, true},
    {"{ $.eventType = \"UpdateTrail\" }", "UpdateTrail", false},
    {"{ $.x NOT EXISTS }", "not JSON", false},

    {"[ip, user, username, timestamp, request, status_code=4*, bytes]", ACCESS, true},
    {"[ip, user, username, timestamp, request=\"GET *\", status_code=404, bytes>1000]", ACCESS,
     true},
    {"[ip, user, username, timestamp, request, status_code, bytes>2000]", ACCESS, false},
    {"[ip, user, username=frank, ...]", ACCESS, true},
    {"[..., status_code=404, bytes]", ACCESS, true},
    {"[ip, ..., bytes=1534]", ACCESS, true},
    {"[ip=%127\\.0\\.0\\.[1-9]%, ...]", ACCESS, true},
    {"[ip, user, username, timestamp=*Oct*, ...]", ACCESS, true},
    {"[..., status_code=4* && status_code!=403, bytes]", ACCESS, true},
    {"[..., (status_code=500 || status_code=404) && status_code!=404, bytes]", ACCESS, false},
    {"[w1=ERROR, w2]", "ERROR code 400", true}, /* the last takes the rest */
    {"[w1=ERROR, w2=\"code 400\"]", "ERROR code 400", true},
    {"[w1=ERROR, w2]", "WARNING code 400", false},
    {"[w1!=ERROR&&w1!=WARN, w2]", "INFO all is well", true},
    {"[a, b, c]", "only two", false},
    {"[...]", "", true},
    {"[]", "any words", true},
};

static const char *const wrong[] = {
    "\"open",
    "%open",
    "%a(b)%",
    "%[%",
    "%%",
    "{",
    "{ }",
    "{ $.a }",
    "{ $.a = }",
    "{ a = 1 }",
    "{ $.a = 1",
    "{ $.a > x }",
    "{ $.a > \"1\" }",
    "{ $ = 1 }",
    "{ $.a = 1 } x",
    "{ ($.a = 1 }",
    "{ $.a[x] = 1 }",
    "{ $.a IS SO }",
    "{ $.a NOT }",
    "{ $.a = 1 && }",
    "[",
    "[a",
    "[a,]",
    "[a b]",
    "[a=]",
    "[a, b=1, c=1 && b=2]",
    "[..., a, ...]",
    "[a>x]",
    "[(a)]",
    "?",
    "{ $.a = %x% && $.b = %y% && $.c = %z% }",
};

static void test_cases(void **state)
{
    struct wb_arena a, scratch;
    wb_arena_init(&a, 0);
    wb_arena_init(&scratch, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct logs_pattern *p = logs_pattern_compile(&a, wb_slice_str(cases[i].pattern));
        if (!p)
            fail_msg("refused: %s", cases[i].pattern);
        if (logs_pattern_match(p, &scratch, wb_slice_str(cases[i].message)) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].message);
        wb_arena_reset(&scratch);
    }
    wb_arena_release(&scratch);
    wb_arena_release(&a);
}

static void test_wrong(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (logs_pattern_compile(&a, wb_slice_str(wrong[i])))
            fail_msg("taken: %s", wrong[i]);
    wb_arena_release(&a);
}

static const struct {
    const char *pattern, *message, *values; /* "name=value;" each; the first is asked for by name */
} valued[] = {
    {"[ip, identity, user_id, timestamp, request, status_code, size]",
     "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET /a HTTP/1.0\" 200 1534",
     "$ip=127.0.0.1;$identity=-;$user_id=frank;$timestamp=10/Oct/2000:13:25:15 "
     "-0700;$request=GET /a HTTP/1.0;$status_code=200;$size=1534;"},
    {"[..., status_code=200, size]", "a \"b c\" 200 1534",
     "$1=a;$2=b c;$status_code=200;$size=1534;"},
    {"[ip, ..., size]", "a b c d", "$ip=a;$2=b;$3=c;$size=d;"},
    {"[]", "a b", "$1=a;$2=b;"},
    {"[level=ERROR, text]", "ERROR more than one", "$level=ERROR;$text=more than one;"},
    {"{ $.a = * && ($.b.c[1] > 5 || $.t IS TRUE) }",
     "{\"a\":\"x\\u0041\",\"b\":{\"c\":[1,6.50]},\"t\":true}", "$.a=xA;$.b.c[1]=6.50;$.t=true;"},
    {"{ $.l[*].v = * }", "{\"l\":[{\"w\":1},{\"v\":2},{\"v\":3}]}", "$.l[*].v=2;"},
    {"{ $.o EXISTS && $.n IS NULL }", "{\"o\":{},\"n\":null}", ""},
    {"ERROR", "an ERROR", ""},
};

static void add_value(void *arg, struct wb_slice name, struct wb_slice value)
{
    char *text = arg;
    size_t n = strlen(text);
    snprintf(text + n, 500 - n, "%.*s=%.*s;", WB_FMT(name), WB_FMT(value));
}

/* The reference's examples of TestMetricFilter, and JSON. What is told can be asked for. */
static void test_values(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof valued / sizeof *valued; i++) {
        char text[500] = "";
        struct wb_slice message = wb_slice_str(valued[i].message), value,
                        rest = wb_slice_str(valued[i].values);
        struct logs_pattern *p = logs_pattern_compile(&a, wb_slice_str(valued[i].pattern));
        assert_true(p && logs_pattern_match(p, &a, message));
        logs_pattern_values(p, &a, message, add_value, text);
        assert_string_equal(text, valued[i].values);
        while (rest.n) {
            struct wb_slice one = wb_slice_cut(&rest, ';'), name = wb_slice_cut(&one, '=');
            struct logs_field *f = logs_pattern_field(p, &a, name);
            if (!f) {
                assert_true(name.p[1] >= '1' && name.p[1] <= '9'); /* nobody named that word */
                continue;
            }
            assert_true(logs_field_value(p, f, &a, message, &value));
            assert_true(wb_slice_eq(value, one));
        }
    }
    wb_arena_release(&a);
}

/* The allowance of one compiled expression must not end a search over many lines. */
static void test_many(void **state)
{
    struct wb_arena a, scratch;
    wb_arena_init(&a, 0);
    wb_arena_init(&scratch, 0);
    struct logs_pattern *p = logs_pattern_compile(&a, WB_S("%x[0-9]+y%"));
    for (int i = 0; i < 20000; i++) {
        struct wb_slice m = wb_printf(&scratch, "a line that is not short at all x%dy", i);
        assert_true(logs_pattern_match(p, &scratch, m));
        wb_arena_reset(&scratch);
    }
    wb_arena_release(&scratch);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_many), cmocka_unit_test(test_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
