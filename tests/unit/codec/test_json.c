#include "base/limits.h"
#include "base/seam.h"
#include "codec/json.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "naive_json.h"

static struct wb_arena arena;
static struct wb_seam_sim sim;

static int setup(void **state)
{
    wb_arena_init(&arena, 0);
    wb_seam_sim_init(&sim, 8259, 0);
    return 0;
}

static int teardown(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

static unsigned below(unsigned n)
{
    uint32_t r;
    sim.seam.random(&sim.seam, &r, sizeof r);
    return r % n;
}

static struct wb_json read_text(const char *text)
{
    struct wb_json v = wb_json_read(&arena, wb_slice_str(text), NULL);
    if (!wb_json_is(v))
        fail_msg("refused: %s", text);
    return v;
}

/* Both parsers on the same text, which lies at the end of its memory so that ASan sees a step too
 * far. */
static bool both(struct wb_slice text, unsigned depth_max)
{
    struct wb_buf ours = wb_buf_in(&arena), naive = wb_buf_in(&arena);
    struct wb_json_doc doc;
    struct wb_json_error err = {NULL, 0};
    char *copy = wb_xmalloc(text.n);
    if (text.n)
        memcpy(copy, text.p, text.n);
    text.p = copy;
    bool want = naive_json(text, depth_max ? depth_max : WB_JSON_DEPTH_MAX, &naive);
    bool got = wb_json_parse(&doc, &arena, text, depth_max, &err);
    if (got != want)
        fail_msg("%s, but should be %s: %.*s", err.reason ? err.reason : "accepted",
                 want ? "accepted" : "refused", WB_FMT(text));
    if (got) {
        tape_dump(wb_json_root(&doc), &arena, &ours);
        if (!wb_slice_eq(wb_buf_slice(&ours), wb_buf_slice(&naive)))
            fail_msg("understood %.*s as %.*s", WB_FMT(wb_buf_slice(&naive)),
                     WB_FMT(wb_buf_slice(&ours)));
        assert_int_equal(doc.node[0].next, doc.count);
    } else {
        assert_non_null(err.reason);
        assert_true(err.offset <= text.n);
    }
    free(copy);
    return got;
}

static void test_valid(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "0",
        "-0",
        "1",
        "-1",
        "10",
        "1.5",
        "1e5",
        "1E5",
        "1e+5",
        "1e-5",
        "-0.0e-0",
        "123456789012345678901234567890.123456789e1000",
        "true",
        "false",
        "null",
        "\"\"",
        "\"a\"",
        " \t\r\n1 \t\r\n",
        "[1,2]",
        "[ ]",
        "{ }",
        "{\"a\":1}",
        "{\"\":0}",
        "{\"a\":1,\"a\":2}",
        "{ \"a\" : [ 1 , { } ] , \"b\" : { \"c\" : null } }",
        "[[[[[[[[]]]]]]]]",
        "[[],[[]],{}]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\u0000\"",
        "\"\\u00e9\\uFFFF\"",
        "\"\\ud83d\\udce6\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\\udc00\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\x7f\"",
        "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x93\xa6\"",
        "\"exactly sixteen.\"",
        "\"exactly sixteen.\\n\"",
        "\"0123456789012345678901234567890\"",
        "\"012345678901234\\u0041\"",
        "\"\xef\xbb\xbf\"",
        "[\"\xef\xbf\xbf\"]",
        "{\"key that is longer than one block\":\"and a value, too, with \\\"escapes\\\" in it\"}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!both(wb_slice_str(texts[i]), 0))
            fail_msg("refused: %s", texts[i]);
}

static void test_invalid(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[,]",
        "[1 2]",
        "[1,,2]",
        "{]",
        "[}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\"::1}",
        "{\"a\":}",
        "{null:1}",
        "1 2",
        "[] []",
        "{}x",
        "[]]",
        "tru",
        "truex",
        "True",
        "nul",
        "nulll",
        "falsee",
        "nan",
        "NaN",
        "Infinity",
        "-Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "00",
        "1.",
        ".5",
        "-.5",
        "1.e5",
        "1e",
        "1e+",
        "1e-",
        "1e5.5",
        "0x10",
        "1_000",
        "1,000",
        "--1",
        "1a",
        "0e",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x41\"",
        "\"\\a\"",
        "\"\\u\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u 123\"",
        "\"\\",
        "\"\\u",
        "\"\\u00",
        "\"\\u+123\"",
        "\"\\'\"",
        "\"\t\"",
        "\"\n\"",
        "\"a\x1f\"",
        "\"0123456789abcdef\x01\"",
        "'a'",
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\xef\xbb\xbf{}",
        "[\xc2\xa0]",
        "\v1",
        "\f1",
        "/**/1",
        "1//",
        "[1]\x01",
        "\"abc\\",
        "\"0123456789abcde\\",
        "{\"a\":\"b\":\"c\"}",
        "[\"a\":1]",
        "{\"a\",\"b\"}",
        "\"a\" \"b\"",
        "#",
        "undefined",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (both(wb_slice_str(texts[i]), 0))
            fail_msg("accepted: %s", texts[i]);
    assert_false(both(WB_S("\0"), 0));
    assert_false(both(WB_S("1\0"), 0));
    assert_false(both(WB_S("\"a\0b\""), 0));
    assert_false(wb_json_parse(&(struct wb_json_doc){0}, &arena, WB_SLICE_NULL, 0, NULL));
}

static void test_error_place(void **state)
{
    static const struct {
        const char *text, *reason;
        size_t offset;
    } cases[] = {
        {"[1,]", "not a JSON value", 3},
        {"[1 2]", "expected ',' or ']'", 3},
        {"{\"a\":1", "expected ',' or '}'", 6},
        {"{1}", "expected a string as name of a member", 1},
        {"{\"a\"}", "expected ':'", 4},
        {"1 x", "text after the end of the value", 2},
        {"\"ab\x01\"", "control character in a string", 3},
        {"\"ab\\x\"", "invalid escape in a string", 3},
        {"\"ab", "string without end", 3},
        {"[\"\xff\"]", "invalid UTF-8", 2},
        {"[1.x]", "malformed number", 3},
        {"", "unexpected end", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_json_error err;
        assert_false(wb_json_is(wb_json_read(&arena, wb_slice_str(cases[i].text), &err)));
        assert_string_equal(err.reason, cases[i].reason);
        assert_int_equal(err.offset, cases[i].offset);
    }
}

static void test_limits(void **state)
{
    for (unsigned depth = 1; depth <= 300; depth++) {
        struct wb_buf b = wb_buf_in(&arena);
        for (unsigned i = 0; i < depth; i++)
            wb_buf_str(&b, i % 2 ? "{\"a\":" : "[");
        wb_buf_str(&b, "1");
        for (unsigned i = depth; i--;)
            wb_buf_str(&b, i % 2 ? "}" : "]");
        assert_int_equal(both(wb_buf_slice(&b), 0), depth <= WB_JSON_DEPTH_MAX);
        assert_int_equal(both(wb_buf_slice(&b), 200), depth <= 200);
        assert_int_equal(both(wb_buf_slice(&b), 1), depth <= 1);
    }
    struct wb_json_error err;
    struct wb_json_doc doc;
    assert_false(wb_json_parse(&doc, &arena, wb_slice("1", UINT32_MAX), 0, &err));
    assert_string_equal(err.reason, "text too long");
}

/* 2^24 elements are one more than a node can count. */
static void test_too_many_elements(void **state)
{
    size_t n = 2 * (1 << 24) + 1; /* brackets, 2^24 digits and a comma less */
    char *p = wb_xmalloc(n);
    struct wb_json_error err;
    struct wb_json_doc doc;
    p[0] = '[';
    for (size_t i = 1; i < n; i += 2) {
        p[i] = '1';
        p[i + 1] = ',';
    }
    p[n - 1] = ']';
    assert_false(wb_json_parse(&doc, &arena, wb_slice(p, n), 0, &err));
    assert_string_equal(err.reason, "too many elements");
    p[n - 3] = ']';
    assert_true(wb_json_parse(&doc, &arena, wb_slice(p, n - 2), 0, &err));
    assert_int_equal(wb_json_count(wb_json_root(&doc)), (1 << 24) - 1);
    free(p);
}

static void random_blank(struct wb_buf *b)
{
    while (below(4) == 0)
        wb_buf_char(b, " \t\r\n"[below(4)]);
}

static void random_string(struct wb_buf *b)
{
    static const char *const parts[] = {"a",
                                        "Z",
                                        " ",
                                        "\\n",
                                        "\\\"",
                                        "\\\\",
                                        "\\/",
                                        "\\u0041",
                                        "\\ud83d\\udce6",
                                        "\\ud83d",
                                        "\\udce6",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "\xf0\x9f\x93\xa6",
                                        ",",
                                        ":",
                                        "{",
                                        "[",
                                        "plain text of some length",
                                        "\\u00e9\\t"};
    wb_buf_char(b, '"');
    for (unsigned n = below(6); n; n--)
        wb_buf_str(b, parts[below(sizeof parts / sizeof *parts)]);
    wb_buf_char(b, '"');
}

static void random_value(struct wb_buf *b, unsigned depth)
{
    static const char *const scalars[] = {
        "0", "-1", "12.5", "1e5", "-0.1E-7", "123456789012345678", "true", "false", "null"};
    unsigned kind = below(depth < 5 ? 5 : 3);
    random_blank(b);
    if (kind == 0) {
        wb_buf_str(b, scalars[below(sizeof scalars / sizeof *scalars)]);
    } else if (kind <= 2) {
        random_string(b);
    } else {
        unsigned n = below(5);
        wb_buf_char(b, kind == 3 ? '[' : '{');
        for (unsigned i = 0; i < n; i++) {
            if (i)
                wb_buf_char(b, ',');
            if (kind == 4) {
                random_blank(b);
                random_string(b);
                random_blank(b);
                wb_buf_char(b, ':');
            }
            random_value(b, depth + 1);
        }
        random_blank(b);
        wb_buf_char(b, kind == 3 ? ']' : '}');
    }
    random_blank(b);
}

/* Generated texts, and what becomes of them after a few small changes. */
static void test_random(void **state)
{
    static const char interesting[] = "{}[]:,\"\\ \n0123-+.eEtfnu/\x01\x80\xc3\xff";
    int valid = 0, invalid = 0;
    for (int i = 0; i < 60000; i++) {
        struct wb_buf b = wb_buf_in(&arena);
        random_value(&b, 0);
        assert_true(both(wb_buf_slice(&b), 0));
        for (unsigned changes = 1 + below(3); changes && b.n; changes--) {
            size_t at = below((unsigned)b.n);
            char c = interesting[below(sizeof interesting - 1)];
            switch (below(4)) {
            case 0:
                b.p[at] = c;
                break;
            case 1: /* insert */
                wb_buf_char(&b, 0);
                memmove(b.p + at + 1, b.p + at, b.n - at - 1);
                b.p[at] = c;
                break;
            case 2: /* delete */
                memmove(b.p + at, b.p + at + 1, b.n - at - 1);
                b.n--;
                break;
            default:
                b.n = at;
            }
        }
        if (both(wb_buf_slice(&b), 0))
            valid++;
        else
            invalid++;
        wb_arena_reset(&arena);
    }
    assert_true(valid > 1000 && invalid > 10000);
}

static void test_access(void **state)
{
    struct wb_json v = read_text("{\"a\":1,\"b\":{\"c\":[10,\"x\",[],{\"d\":true}]},\"a\":2,"
                                 "\"k\\u0065y\":\"v\\n\",\"e\":\"\",\"f\":false,\"n\":null}");
    assert_int_equal(wb_json_type(v), WB_JSON_OBJECT);
    assert_int_equal(wb_json_count(v), 7);
    assert_int_equal(wb_json_get_i64(v, "a", -1), 2); /* the last one */
    assert_int_equal(wb_json_get_i64(v, "zz", -1), -1);
    assert_int_equal(wb_json_get_i64(v, "e", -1), -1);
    struct wb_json c = wb_json_get(wb_json_get(v, "b"), "c");
    assert_int_equal(wb_json_type(c), WB_JSON_ARRAY);
    assert_int_equal(wb_json_count(c), 4);
    assert_true(wb_slice_is(wb_json_raw(c), "[10,\"x\",[],{\"d\":true}]"));
    assert_true(wb_slice_is(wb_json_raw(wb_json_item(c, 1)), "\"x\""));
    assert_true(wb_slice_is(wb_json_raw(wb_json_item(c, 3)), "{\"d\":true}"));
    assert_false(wb_json_is(wb_json_item(c, 4)));
    assert_false(wb_json_is(wb_json_item(v, 0)));
    assert_false(wb_json_is(wb_json_get(c, "d")));
    assert_true(wb_slice_is(wb_json_get_str(v, "key", &arena), "v\n"));
    assert_false(wb_json_is(wb_json_get(v, "ke")));
    assert_false(wb_json_is(wb_json_get(v, "keyy")));
    assert_non_null(wb_json_get_str(v, "e", &arena).p); /* empty is not missing */
    assert_null(wb_json_get_str(v, "a", &arena).p);
    assert_null(wb_json_get_str(v, "zz", &arena).p);
    assert_false(wb_json_bool(wb_json_get(v, "f"), true));
    assert_true(wb_json_bool(wb_json_get(v, "n"), true));
    assert_true(wb_json_bool(wb_json_get(wb_json_item(c, 3), "d"), false));
    assert_int_equal(wb_json_type(wb_json_get(v, "n")), WB_JSON_NULL);
    /* A string without escapes is not copied. */
    struct wb_slice x = wb_json_str(wb_json_item(c, 1), &arena);
    assert_true(x.p > v.doc->text.p && x.p < v.doc->text.p + v.doc->text.n);

    assert_int_equal(wb_json_type(WB_JSON_NONE), WB_JSON_MISSING);
    assert_int_equal(wb_json_count(WB_JSON_NONE), 0);
    assert_null(wb_json_raw(WB_JSON_NONE).p);
    assert_null(wb_json_str(WB_JSON_NONE, &arena).p);
    assert_false(wb_json_is(wb_json_get(WB_JSON_NONE, "a")));
    struct wb_json_iter it = wb_json_iter(WB_JSON_NONE);
    assert_false(wb_json_next(&it));
    it = wb_json_iter(wb_json_get(v, "a"));
    assert_false(wb_json_next(&it));
}

static void test_unescape(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u20AC\\u00e9\\u0041\"", "\xe2\x82\xac\xc3\xa9"
                                      "A"},
        {"\"\\ud83d\\udce6\"", "\xf0\x9f\x93\xa6"},
        {"\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf"},
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
        {"\"\\ud83d\\n\"", "\xef\xbf\xbd\n"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\udce6\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\"\\ud83d\\ud83d\\udce6\"", "\xef\xbf\xbd\xf0\x9f\x93\xa6"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(wb_slice_is(wb_json_str(read_text(cases[i].in), &arena), cases[i].out));
    struct wb_slice nul = wb_json_str(read_text("\"a\\u0000b\""), &arena);
    assert_true(wb_slice_eq(nul, WB_S("a\0b")));
    struct wb_json v = read_text("{\"a\\u0000\":1,\"\\ud83d\\udce6\":2,\"\\ud83d\":3}");
    assert_true(wb_json_is(wb_json_get_slice(v, WB_S("a\0"))));
    assert_int_equal(wb_json_get_i64(v, "\xf0\x9f\x93\xa6", 0), 2);
    assert_int_equal(wb_json_get_i64(v, "\xef\xbf\xbd", 0), 3);
}

static void test_integers(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"0.0", true, 0},
        {"0e99999999999", true, 0},
        {"1.0", true, 1},
        {"1e2", true, 100},
        {"1.5e1", true, 15},
        {"100e-2", true, 1},
        {"1200E-1", true, 120},
        {"-1.50e2", true, -150},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775808.0", true, INT64_MIN},
        {"922337203685477580.7e1", true, INT64_MAX},
        {"1e18", true, 1000000000000000000},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"9223372036854775807.5", false, 0},
        {"9223372036854775808.0", false, 0},
        {"1e19", false, 0},
        {"1e99999999999999999999", false, 0},
        {"1e-99999999999999999999", false, 0},
        {"1.5", false, 0},
        {"1e-1", false, 0},
        {"0.1", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"100000000000000000000000e-5", true, 1000000000000000000},
        {"0.000000000000000000001e21", true, 1},
        {"123456789012345678901234567890e-11", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t v = 0;
        bool ok = wb_json_i64(read_text(cases[i].text), &v);
        if (ok != cases[i].ok || (ok && v != cases[i].value))
            fail_msg("%s: %d %ld", cases[i].text, ok, (long)v);
    }
}

/* Every number text means the double that strtod reads. */
static void test_doubles(void **state)
{
    double d;
    for (int i = 0; i < 200000; i++) {
        char text[96];
        int n = 0, digits = 1 + (int)below(i % 10 ? 18 : 40), point = (int)below(25);
        if (below(2))
            text[n++] = '-';
        text[n++] = (char)('1' + below(9));
        for (int k = 1; k < digits; k++) {
            if (k == point)
                text[n++] = '.';
            text[n++] = (char)('0' + below(10));
        }
        if (below(2))
            n += snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)below(80) - 40);
        text[n] = 0;
        assert_true(wb_json_double(read_text(text), &d));
        if (d != strtod(text, NULL))
            fail_msg("%s: %.17g", text, d);
        if (i % 1000 == 0)
            wb_arena_reset(&arena);
    }
    assert_true(wb_json_double(read_text("-0"), &d) && d == 0 && signbit(d));
    assert_true(wb_json_double(read_text("4.9e-324"), &d) && d > 0);
    assert_true(wb_json_double(read_text("1e-400"), &d) && d == 0);
    assert_false(wb_json_double(read_text("1e400"), &d));
    assert_false(wb_json_double(read_text("\"1\""), &d));
    struct wb_buf b = wb_buf_in(&arena);
    wb_buf_str(&b, "0.");
    for (int i = 0; i < 1000; i++)
        wb_buf_char(&b, '3');
    struct wb_json v = wb_json_read(&arena, wb_buf_slice(&b), NULL);
    assert_true(wb_json_double(v, &d) && d == 1.0 / 3);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_valid),   T(test_invalid),           T(test_error_place),
        T(test_limits),  T(test_too_many_elements), T(test_random),
        T(test_access),  T(test_unescape),          T(test_integers),
        T(test_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
