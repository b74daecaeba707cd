#include "arena.h"
#include "base/limits.h"
#include "services/dynamodb/value.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Quotes: ' stands for " in the tables. */
static struct wb_slice q(const char *s)
{
    struct wb_slice d = wb_dup(&arena, wb_slice_str(s));
    for (size_t i = 0; i < d.n; i++)
        if (d.p[i] == '\'')
            ((char *)d.p)[i] = '"';
    return d;
}

static void expect_text(struct wb_slice got, struct wb_slice want)
{
    if (!wb_slice_eq(got, want))
        fail_msg("got  %.*s\nwant %.*s", WB_FMT(got), WB_FMT(want));
}

static void test_normal_form(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{}", "{}"},
        {"{'b':{'S':'x'},'a':{'N':'1e3'}}", "{'a':{'N':'1000'},'b':{'S':'x'}}"},
        {"{'a':{'N':'1'},'a':{'N':'2'}}", "{'a':{'N':'2'}}"},
        {"{'a':{'N':'+0012.50'}}", "{'a':{'N':'12.5'}}"},
        {"{'a':{'N':'-0'}}", "{'a':{'N':'0'}}"},
        {"{'a':{'N':'.5'}}", "{'a':{'N':'0.5'}}"},
        {"{'a':{'N':'00'}}", "{'a':{'N':'0'}}"},
        {"{'a':{'N':'-7'}}", "{'a':{'N':'-7'}}"},
        {"{'a':{'NS':['10','9','-1.0']}}", "{'a':{'NS':['-1','9','10']}}"},
        {"{'a':{'SS':['b','','a']}}", "{'a':{'SS':['','a','b']}}"},
        {"{'a':{'BS':['Yg==','YQ==']}}", "{'a':{'BS':['YQ==','Yg==']}}"},
        {"{'a':{'B':''},'b':{'S':''}}", "{'a':{'B':''},'b':{'S':''}}"},
        {"{'a':{'L':[{'M':{'z':{'BOOL':true},'y':{'NULL':true}}},{'L':[]}]}}",
         "{'a':{'L':[{'M':{'y':{'NULL':true},'z':{'BOOL':true}}},{'L':[]}]}}"},
        {"{'a':{'S':'\\u00e9\\/\\n'}}", "{'a':{'S':'\xc3\xa9/\\n'}}"},
        {"{'a':{'S':'x','N':null,'Z':'?'}}", "{'a':{'S':'x'}}"},
        {"{'k9':{'S':'1'},'k8':{'S':'2'},'k7':{'S':'3'},'k6':{'S':'4'},'k5':{'S':'5'}}",
         "{'k5':{'S':'5'},'k6':{'S':'4'},'k7':{'S':'3'},'k8':{'S':'2'},'k9':{'S':'1'}}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_av v, w;
        struct wb_av_error e;
        struct wb_json j = wb_json_read(&arena, q(cases[i].in), NULL);
        assert_true(wb_json_is(j));
        if (!wb_av_parse_map(&arena, j, &v, &e))
            fail_msg("%s: %.*s", cases[i].in, WB_FMT(e.message));
        struct wb_buf b = wb_buf_in(&arena);
        wb_av_write_map(&b, &v);
        expect_text(wb_buf_slice(&b), q(cases[i].out));
        assert_true(wb_av_read_map(&arena, wb_buf_slice(&b), &w));
        assert_true(wb_av_equal(&v, &w));
        assert_int_equal(wb_av_item_size(&v), wb_av_item_size(&w));
    }
}

#define INVALID "One or more parameter values were invalid: "
#define NESTED                                                                                     \
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels "    \
    "beyond supported limit"

static void test_errors(void **state)
{
    static const struct {
        const char *in, *message;
        bool type;
    } cases[] = {
        {"{}",
         "Supplied AttributeValue is empty, must contain exactly one of the supported "
         "datatypes",
         false},
        {"null",
         "Supplied AttributeValue is empty, must contain exactly one of the supported "
         "datatypes",
         false},
        {"{'S':'a','N':'1'}",
         "Supplied AttributeValue has more than one datatypes set, must "
         "contain exactly one of the supported datatypes",
         false},
        {"{'N':''}", "The parameter cannot be converted to a numeric value", false},
        {"{'N':'b'}", "The parameter cannot be converted to a numeric value: b", false},
        {"{'N':' 1'}", "The parameter cannot be converted to a numeric value:  1", false},
        {"{'N':'NaN'}", "The parameter cannot be converted to a numeric value: NaN", false},
        {"{'N':'Infinity'}", "The parameter cannot be converted to a numeric value: Infinity",
         false},
        {"{'N':'1e126'}",
         "Number overflow. Attempting to store a number with magnitude larger "
         "than supported range",
         false},
        {"{'N':'1e-131'}",
         "Number underflow. Attempting to store a number with magnitude smaller "
         "than supported range",
         false},
        {"{'N':'123456789012345678901234567890123456789'}",
         "Attempting to store more than 38 significant digits in a Number", false},
        {"{'NULL':false}", INVALID "Null attribute value types must have the value of true", false},
        {"{'SS':[]}", INVALID "An string set  may not be empty", false},
        {"{'NS':[]}", INVALID "An number set  may not be empty", false},
        {"{'BS':[]}", INVALID "Binary sets should not be empty", false},
        {"{'SS':['a','b','a']}", INVALID "Input collection [a, b, a] contains duplicates.", false},
        {"{'NS':['1','1.0']}", "Input collection contains duplicates", false},
        {"{'BS':['Yg==','Yg==']}",
         INVALID "Input collection [Yg==, Yg==]of type BS contains duplicates.", false},
        {"{'L':[{'S':'x'},{}]}",
         "Supplied AttributeValue is empty, must contain exactly one of "
         "the supported datatypes",
         false},
        {"{'N':1}", "NUMBER_VALUE cannot be converted to String", true},
        {"{'S':true}", "TRUE_VALUE cannot be converted to String", true},
        {"{'S':{}}", "Start of structure or map found where not expected", true},
        {"{'S':[]}", "Unrecognized collection type class java.lang.String", true},
        {"{'BOOL':'x'}", "Unexpected token received from parser", true},
        {"{'SS':'x'}", "Unexpected field type", true},
        {"{'L':{}}", "Start of structure or map found where not expected", true},
        {"{'M':[]}",
         "Unrecognized collection type java.util.Map<java.lang.String, "
         "com.amazonaws.dynamodb.v20120810.AttributeValue>",
         true},
        {"'x'", "Unexpected value type in payload", true},
        {"{'B':'YQ='}",
         "'YQ=' can not be converted to a Blob: Base64 encoded length is expected "
         "a multiple of 4 bytes but found: 3",
         true},
        {"{'B':'Y!=='}", "'Y!==' can not be converted to a Blob: Invalid Base64 character: '!'",
         true},
        /* a type error wins over a broken rule before it */
        {"{'L':[{'N':'b'},{'N':1}]}", "NUMBER_VALUE cannot be converted to String", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_av v;
        struct wb_av_error e;
        struct wb_json j = wb_json_read(&arena, q(cases[i].in), NULL);
        assert_true(wb_json_is(j));
        assert_false(wb_av_parse(&arena, j, &v, &e));
        expect_text(e.message, wb_slice_str(cases[i].message));
        assert_int_equal(e.type, cases[i].type);
    }
}

static struct wb_slice nested(unsigned levels)
{
    struct wb_buf b = wb_buf_in(&arena);
    for (unsigned i = 0; i < levels; i++)
        wb_buf_str(&b, i % 2 ? "{\"L\":[" : "{\"M\":{\"a\":");
    wb_buf_str(&b, "{\"S\":\"x\"}");
    for (unsigned i = levels; i-- > 0;)
        wb_buf_str(&b, i % 2 ? "]}" : "}}");
    return wb_buf_slice(&b);
}

static void test_nesting(void **state)
{
    struct wb_av v;
    struct wb_av_error e;
    assert_true(
        wb_av_parse(&arena, wb_json_read(&arena, nested(WB_DDB_NESTING_MAX), NULL), &v, &e));
    assert_int_equal(wb_av_depth(&v), WB_DDB_NESTING_MAX);
    struct wb_buf b = wb_buf_in(&arena);
    wb_av_write(&b, &v);
    expect_text(wb_buf_slice(&b), nested(WB_DDB_NESTING_MAX));
    assert_false(
        wb_av_parse(&arena, wb_json_read(&arena, nested(WB_DDB_NESTING_MAX + 1), NULL), &v, &e));
    expect_text(e.message, WB_S(NESTED));
}

static void test_size(void **state)
{
    static const struct {
        const char *in;
        size_t size;
    } cases[] = {
        {"{'S':'abc'}", 3},
        {"{'S':'\\u00e9'}", 2},
        {"{'B':'YWI='}", 2},
        {"{'BOOL':true}", 1},
        {"{'NULL':true}", 1},
        {"{'N':'0'}", 1},
        {"{'N':'5'}", 2},
        {"{'N':'10'}", 2},
        {"{'N':'100'}", 2},
        {"{'N':'1.2'}", 3},
        {"{'N':'123'}", 3},
        {"{'N':'-5'}", 3},
        {"{'N':'0.001'}", 2},
        {"{'SS':['a','bc']}", 3},
        {"{'NS':['1','2']}", 4},
        {"{'L':[]}", 3},
        {"{'L':[{'S':'ab'}]}", 6},
        {"{'M':{}}", 3},
        {"{'M':{'k':{'S':'ab'}}}", 7},
        {"{'N':'-12345678901234567890123456789012345678'}", 21},
        {"{'N':'12345678901234567890123456789012345678'}", 20},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct wb_av v;
        struct wb_av_error e;
        assert_true(wb_av_parse(&arena, wb_json_read(&arena, q(cases[i].in), NULL), &v, &e));
        if (wb_av_size(&v) != cases[i].size)
            fail_msg("%s: %zu, not %zu", cases[i].in, wb_av_size(&v), cases[i].size);
    }
}

static struct wb_av number(int n)
{
    return (struct wb_av){.type = WB_AV_N, .s = wb_printf(&arena, "%d", n)};
}

/* Sets against bit masks. */
static struct wb_av set_of(unsigned mask)
{
    struct wb_av s = {.type = WB_AV_NS, .elem = wb_new_n(&arena, struct wb_av, 32)};
    for (int i = 0; i < 16; i++)
        if (mask & 1u << i)
            s.elem[s.count++] = number((i - 8) * 7);
    return s;
}

static void test_sets(void **state)
{
    srand(7);
    for (int i = 0; i < 500; i++) {
        unsigned x = (unsigned)rand() & 0xffff, y = (unsigned)rand() & 0xffff;
        struct wb_av a = set_of(x), b = set_of(y), u = wb_av_set_union(&arena, &a, &b),
                     m = wb_av_set_minus(&arena, &a, &b), wu = set_of(x | y), wm = set_of(x & ~y);
        assert_true(wb_av_equal(&u, &wu));
        assert_true(wb_av_equal(&m, &wm));
        for (int k = 0; k < 16; k++) {
            struct wb_av n = number((k - 8) * 7);
            assert_int_equal(wb_av_set_has(&a, &n), (x >> k) & 1);
        }
    }
}

static void test_attributes(void **state)
{
    struct wb_av m = {.type = WB_AV_M};
    bool has[40] = {false};
    int value[40] = {0};
    srand(11);
    for (int i = 0; i < 2000; i++) {
        int k = rand() % 40, v = rand();
        struct wb_slice name = wb_printf(&arena, "k%d", k);
        struct wb_av n = number(v);
        bool del = rand() % 3 == 0;
        wb_av_set(&arena, &m, name, del ? NULL : &n);
        has[k] = !del;
        value[k] = v;
    }
    uint32_t count = 0;
    for (int k = 0; k < 40; k++) {
        const struct wb_av *v = wb_av_get(&m, wb_printf(&arena, "k%d", k));
        assert_int_equal(v != NULL, has[k]);
        if (v) {
            struct wb_av n = number(value[k]);
            assert_true(wb_av_equal(v, &n));
            count++;
        }
    }
    assert_int_equal(m.count, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal_form), cmocka_unit_test(test_errors),
        cmocka_unit_test(test_nesting),     cmocka_unit_test(test_size),
        cmocka_unit_test(test_sets),        cmocka_unit_test(test_attributes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
