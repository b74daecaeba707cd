#include "arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "codec/regex.h"
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static enum wb_regex_result match(const char *pattern, const char *text)
{
    const char *why;
    struct wb_regex *r = wb_regex_compile(&arena, wb_slice_str(pattern), &why);
    if (!r)
        fail_msg("%s: %s", pattern, why);
    return wb_regex_match(r, wb_slice_str(text));
}

static void test_matches(void **state)
{
    static const struct {
        const char *pattern, *yes[4], *no[4];
    } cases[] = {
        {"", {""}, {"a"}},
        {"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
        {"a|bc|", {"a", "bc", ""}, {"b", "abc"}},
        {"\\d{1,4}", {"1", "1234"}, {"", "12345", "10,000", "a"}},
        {"^\\d+$", {"7", "0042"}, {"", "4 2", "42\n"}},
        {"[a-zA-Z0-9_.-]+", {"a.b-c_D9", "-"}, {"", "a b", "a/b"}},
        {"[^a-c]*", {"", "xyz", "d"}, {"xa", "c"}},
        {"[^\\d\\s]", {"x", "_"}, {"1", " ", "\t"}},
        {"[\\D]", {"x"}, {"1"}},
        {"[a-]", {"a", "-"}, {"b"}},
        {".{8,20}", {"p#sW*rd33", "12345678"}, {"1234567", "123456789012345678901"}},
        {"a.c",
         {"abc", "a\xc3\xa4"
                 "c"},
         {"a\nc", "ac"}},
        {"(a|b)*c?", {"", "abba", "c", "abc"}, {"cc", "d"}},
        {"(?:ab){2}", {"abab"}, {"ab", "ababab"}},
        {"(?<year>\\d{4})-\\d\\d", {"2026-11"}, {"26-11"}},
        {"(ab*?){2,}", {"aab", "abab"}, {"a", "ab"}},
        {"(a*)*", {"", "aaaa"}, {"b"}},
        {"(a?){3}a{3}", {"aaa", "aaaaaa"}, {"aa", "aaaaaaa"}},
        {"\\x41\\u00e4\\.", {"A\xc3\xa4."}, {"A\xc3\xa4x", "A."}},
        {"\\x{41}[\\x{1f600}-\\x{10FFFF}]*", {"A", "A\xf0\x9f\x98\x80"}, {"A\xc3\xa4", "A."}},
        {"([^b]+)", {"a", "\xc3\xa4"}, {"", "ab"}},
        {"\\w+\\W\\S", {"ab-c"}, {"ab- ", "abc"}},
        {"\\Aa\\z", {"a"}, {"ab"}},
        {"a^b", {NULL}, {"ab", "a"}},
        {"(^a|b)+$", {"a", "bb", "ab"}, {"aa", "ba"}},
        {"x{0}y", {"y"}, {"xy"}},
        {"(){5}a", {"a"}, {""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < 4 && cases[i].yes[k]; k++)
            if (match(cases[i].pattern, cases[i].yes[k]) != WB_REGEX_YES)
                fail_msg("%s does not match %s", cases[i].pattern, cases[i].yes[k]);
        for (size_t k = 0; k < 4 && cases[i].no[k]; k++)
            if (match(cases[i].pattern, cases[i].no[k]) != WB_REGEX_NO)
                fail_msg("%s matches %s", cases[i].pattern, cases[i].no[k]);
    }
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "(",      ")",         "a)",      "[",        "[]",          "[a",     "[z-a]",
        "*a",     "a{",        "a{2,1}",  "a{x}",     "{2}",         "a++",    "(?=a)",
        "(?<=a)", "(?i)a",     "(?<n",    "\\",       "\\1",         "\\b",    "\\pL",
        "\\xg0",  "[[a]]",     "[a&&b]",  "a{99999}", "(a{99}){99}", "\xff",   "((){9999}){9999}",
        "a|*",    "a{100001}", "[a-\\d]", "\\x{}",    "\\x{110000}", "\\x{41", "\\x{4x}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *why = NULL;
        if (wb_regex_compile(&arena, wb_slice_str(bad[i]), &why))
            fail_msg("%s was taken", bad[i]);
        assert_non_null(why);
    }
}

static void test_bounds(void **state)
{
    const char *why;
    char deep[400], *p = deep;
    for (int i = 0; i < 100; i++)
        *p++ = '(';
    *p++ = 'a';
    for (int i = 0; i < 100; i++)
        *p++ = ')';
    assert_null(wb_regex_compile(&arena, wb_slice(deep, (size_t)(p - deep)), &why));

    /* What makes backtracking matchers explode is decided at once; what keeps very many states
     * alive is given up. */
    char as[8000];
    memset(as, 'a', sizeof as);
    struct wb_regex *r = wb_regex_compile(&arena, WB_S("(a+)+b"), &why);
    assert_int_equal(wb_regex_match(r, wb_slice(as, sizeof as)), WB_REGEX_NO);
    r = wb_regex_compile(&arena, WB_S("(a?){1500}"), &why);
    assert_non_null(r);
    assert_int_equal(wb_regex_match(r, wb_slice(as, sizeof as)), WB_REGEX_COSTLY);
    wb_regex_trust(r);
    assert_int_equal(wb_regex_match(r, wb_slice(as, sizeof as)), WB_REGEX_NO);
}

/* --- random patterns, against the C library's matcher --- */

static uint32_t seed = 1;

static uint32_t dice(uint32_t sides)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 16) % sides;
}

static void random_pattern(struct wb_buf *b, unsigned depth)
{
    static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "[b-c]"};
    static const char *const repeats[] = {"", "", "*", "+", "?", "{2}", "{1,3}", "{2,}"};
    for (unsigned i = dice(4) + !depth; i > 0; i--) {
        bool group = depth < 3 && dice(3) == 0;
        wb_buf_str(b, group ? "(" : atoms[dice(7)]);
        if (group) {
            /* The C library wants something on either side of a bar. */
            wb_buf_char(b, 'a');
            random_pattern(b, depth + 1);
            wb_buf_str(b, dice(2) ? "|b" : "");
            random_pattern(b, depth + 1);
            wb_buf_char(b, ')');
        }
        wb_buf_str(b, repeats[dice(8)]);
    }
}

static void test_random(void **state)
{
    unsigned matched = 0;
    for (unsigned i = 0; i < 3000; i++) {
        struct wb_buf mine = wb_buf_in(&arena), theirs = wb_buf_in(&arena);
        const char *why;
        regex_t posix;
        random_pattern(&mine, 0);
        wb_buf_printf(&theirs, "^(%.*s)$", WB_FMT(wb_buf_slice(&mine)));
        wb_buf_char(&theirs, '\0');
        struct wb_regex *r = wb_regex_compile(&arena, wb_buf_slice(&mine), &why);
        if (!r) {
            assert_string_equal(why, "its repetitions make it too large");
            continue;
        }
        assert_int_equal(regcomp(&posix, theirs.p, REG_EXTENDED | REG_NOSUB), 0);
        for (unsigned k = 0; k < 20; k++) {
            char text[8] = "";
            for (unsigned n = dice(8), at = 0; at < n; at++)
                text[at] = (char)('a' + dice(3));
            bool yes = wb_regex_match(r, wb_slice_str(text)) == WB_REGEX_YES;
            if (yes != (regexec(&posix, text, 0, NULL, 0) == 0))
                fail_msg("%s %s %s", theirs.p, yes ? "matches" : "does not match", text);
            matched += yes;
        }
        regfree(&posix);
    }
    assert_true(matched > 1000);
}

/* --- finding --- */

static enum wb_regex_result find(const char *pattern, const char *text, struct wb_slice *group)
{
    const char *why;
    struct wb_regex_search *r = wb_regex_search_compile(&arena, wb_slice_str(pattern), &why);
    if (!r)
        fail_msg("%s: %s", pattern, why);
    return wb_regex_find(r, wb_slice_str(text), group);
}

static void test_found(void **state)
{
    static const struct {
        const char *pattern, *yes[4], *no[4];
    } cases[] = {
        {"abc", {"abc", "xabcx"}, {"", "ab c"}},
        {"^abc", {"abcd"}, {"xabc"}},
        {"abc$", {"xabc", "abc\n"}, {"abcx", "abc\n\n"}},
        {"^$", {"", "\n"}, {"a"}},
        {"a*", {"", "b"}, {NULL}},
        {"(?i)error", {"an ErRoR", "error"}, {"err or"}},
        {"^(?i)Exception$", {"eXCEPTION"}, {"an exception"}},
        {"a(?i)b(?-i)c", {"aBc", "abc"}, {"Abc", "abC"}},
        {"a(?i:b)c", {"aBc"}, {"aBC"}},
        {"(a(?i)b)c", {"aBc"}, {"aBC"}},
        {"(?i)[a-c]x", {"BX"}, {"dx"}},
        {"(?i)[^a]", {"b"}, {"a", "A"}},
        {"(?s)a.b", {"a\nb"}, {"ab"}},
        {"a.b", {"axb"}, {"a\nb"}},
        {"\\bcat\\b", {"the cat sat", "cat"}, {"cats", "concat"}},
        {"\\Bcat", {"concat"}, {"cat"}},
        {"colou?r|gray", {"my color", "a gray"}, {"colr"}},
        {"x+y", {"aaxxy"}, {"xx"}},
        {"4\\d\\d", {"HTTP 404 x"}, {"40x"}},
        {"\xc3\xa4+", {"B\xc3\xa4\xc3\xa4r"}, {"Bar"}},
        {"(a|ab)(c|bcd)(d*)$", {"abcd"}, {"abce"}},
        {"\\/api\\/v\\d", {"GET /api/v1"}, {"/api/x"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < 4 && cases[i].yes[k]; k++)
            if (find(cases[i].pattern, cases[i].yes[k], NULL) != WB_REGEX_YES)
                fail_msg("%s is not found in %s", cases[i].pattern, cases[i].yes[k]);
        for (size_t k = 0; k < 4 && cases[i].no[k]; k++)
            if (find(cases[i].pattern, cases[i].no[k], NULL) != WB_REGEX_NO)
                fail_msg("%s is found in %s", cases[i].pattern, cases[i].no[k]);
    }
}

/* As Java takes them: the first place, there what is preferred. */
static void test_groups(void **state)
{
    static const struct {
        const char *pattern, *text, *group[3]; /* NULL: took no part */
    } cases[] = {
        {"(\\d+)", "a 12 b 345", {"12"}},
        {"(a+?)(a*)", "aaa", {"a", "aa"}},
        {"(a+)(a*)", "aaa", {"aaa", ""}},
        {"user=(.*?), method:(.*?), latency := (\\d+)",
         "x user=ann, method:get, latency := 25",
         {"ann", "get", "25"}},
        {"(a)|(b)", "b", {NULL, "b"}},
        {"(a|ab)(c|bcd)(d*)", "abcd", {"a", "bcd", ""}},
        {"(?:x)(y)(?<z>z)?", "xy", {"y", NULL}},
        {"(a{2,3}?)(a*)", "aaaa", {"aa", "aa"}},
        {"(a?\?)(a)", "aa", {"", "a"}},
        {"((a)|b)+", "ab", {"b", "a"}},
        {"\\[(\\S+)\\]\\s+(\\{.*\\})", "[ERROR] {foo=2, {x}} y", {"ERROR", "{foo=2, {x}}"}},
        {"(\\w+)$", "one two", {"two"}},
        {"(?<k>[a-z]+)=(?<v>[^ ;]*)", "A b=1;c=2", {"b", "1"}},
        {"()", "x", {""}},
    };
    struct wb_slice group[8];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (find(cases[i].pattern, cases[i].text, group) != WB_REGEX_YES)
            fail_msg("%s is not found in %s", cases[i].pattern, cases[i].text);
        for (size_t k = 0; k < 3 && (k == 0 || cases[i].group[k]); k++)
            if (cases[i].group[k] ? !wb_slice_is(group[k], cases[i].group[k]) : group[k].p != NULL)
                fail_msg("%s: group %zu of %s is '%.*s'", cases[i].pattern, k, cases[i].text,
                         WB_FMT(group[k]));
    }
    const char *why;
    struct wb_regex_search *r =
        wb_regex_search_compile(&arena, WB_S("(?<a>x)(y)(?:z)(?<bc>w)"), &why);
    assert_int_equal(wb_regex_groups(r), 3);
    assert_true(wb_slice_is(wb_regex_group_name(r, 0), "a") &&
                wb_slice_is(wb_regex_group_name(r, 2), "bc") && !wb_regex_group_name(r, 1).n);
    assert_int_equal(wb_regex_find(r, WB_S("xyz"), group), WB_REGEX_NO);
}

static void test_finding_refused(void **state)
{
    static const char *const patterns[] = {"(",   ")",     "(?=a)", "(?!a)", "(?<=a)", "(a)\\1",
                                           "a++", "(?x)a", "[a",    "*a",    "\\p{L}"};
    const char *why;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        why = NULL;
        if (wb_regex_search_compile(&arena, wb_slice_str(patterns[i]), &why) || !why)
            fail_msg("%s is not refused", patterns[i]);
    }
    struct wb_buf b = wb_buf_in(&arena);
    for (int i = 0; i <= WB_REGEX_GROUPS_MAX; i++)
        wb_buf_str(&b, "(a)");
    assert_null(wb_regex_search_compile(&arena, wb_buf_slice(&b), &why));
    /* Costs are bounded: many states, a long text. */
    struct wb_regex_search *r = wb_regex_search_compile(&arena, WB_S("(x+x+){40}y"), &why);
    b.n = 0;
    for (int i = 0; i < 400000; i++)
        wb_buf_char(&b, 'x');
    wb_buf_str(&b, "zy");
    assert_int_equal(wb_regex_find(r, wb_buf_slice(&b), NULL), WB_REGEX_COSTLY);
}

/* Found in a text is the same as matching all of it with anything around. */
static void test_found_random(void **state)
{
    unsigned found = 0;
    for (int i = 0; i < 4000; i++) {
        struct wb_arena a;
        const char *why;
        wb_arena_init(&a, 0);
        struct wb_buf p = wb_buf_in(&a), whole = wb_buf_in(&a), text = wb_buf_in(&a);
        struct wb_slice group[WB_REGEX_GROUPS_MAX];
        random_pattern(&p, 0);
        wb_buf_str(&whole, "(.|\n)*(");
        wb_buf_slice_put(&whole, wb_buf_slice(&p));
        wb_buf_str(&whole, ")(.|\n)*");
        for (uint32_t n = dice(12); n > 0; n--)
            wb_buf_char(&text, "abc\n"[dice(4)]);
        struct wb_regex_search *r = wb_regex_search_compile(&a, wb_buf_slice(&p), &why);
        struct wb_regex *m = wb_regex_compile(&a, wb_buf_slice(&whole), &why);
        if (r && m) { /* a few are too large, with what is put around them */
            enum wb_regex_result want = wb_regex_match(m, wb_buf_slice(&text));
            if (wb_regex_find(r, wb_buf_slice(&text), NULL) != want ||
                wb_regex_find(r, wb_buf_slice(&text), group) != want)
                fail_msg("%.*s in %.*s: not %d", WB_FMT(wb_buf_slice(&p)),
                         WB_FMT(wb_buf_slice(&text)), want);
            found += want == WB_REGEX_YES;
        }
        wb_arena_release(&a);
    }
    assert_true(found > 500 && found < 3800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_matches, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random, setup, teardown),
        cmocka_unit_test_setup_teardown(test_found, setup, teardown),
        cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
        cmocka_unit_test_setup_teardown(test_finding_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_found_random, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
