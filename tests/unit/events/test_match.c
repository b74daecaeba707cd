/*
 * The compiled matcher against the naive one, on generated patterns and events from a small pool of
 * awkward values, so that they meet often: many rules at once, one rule alone, and the envelope
 * entry point against the document one.
 */
#include "naive.h"

#include "base/seam.h"
#include "services/events/match.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t state = 0x9e3779b97f4a7c15ull;

static unsigned rnd(unsigned n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % n;
}

static const char *pick(const char *const *list, unsigned n)
{
    return list[rnd(n)];
}
#define PICK(list) pick(list, sizeof list / sizeof *list)

static const char *const strings[] = {
    "\"\"",    "\"a\"",        "\"b\"",    "\"ab\"",      "\"A\"",
    "\"abc\"", "\"foobar\"",   "\"null\"", "\"3\"",       "\"10.0.0.1\"",
    "\"::1\"", "\"0:0::1\"",   "\"1:2\"",  "\"\\u00e9\"", "\"\xc3\x89\"",
    "\"ss\"",  "\"\xc3\x9f\"", "\"SS\"",   "\"a\\\"b\"",  "\"10.0.0.255\""};
static const char *const numbers[] = {"0",
                                      "-0",
                                      "3",
                                      "3.0",
                                      "30e-1",
                                      "1e400",
                                      "0.1",
                                      "0.10",
                                      "1E400",
                                      "-5",
                                      "9007199254740993",
                                      "9007199254740992"};
static const char *const exact[] = {"0", "3", "3.0", "0.1", "-5", "9007199254740992"};
static const char *const names[] = {"a", "b", "c", "a.b", "b.c"};
static const char *const affixes[] = {"\"a\"", "\"ab\"", "\"\"", "\"f\"", "\"r\""};
static const char *const affixes1[] = {"\"a\"", "\"ab\"", "\"f\"", "\"r\"", "\"1\""};
static const char *const wilds[] = {"\"*\"",     "\"a*\"",    "\"*b\"", "\"f*b*r\"",
                                    "\"\\\\*\"", "\"*.*.1\"", "\"\""};

static void event_value(struct wb_buf *b, unsigned depth)
{
    static const char *const words[] = {"null", "true", "false", "{}", "[]"};
    unsigned k = rnd(depth > 3 ? 7 : 12);
    if (k < 4) {
        wb_buf_str(b, PICK(strings));
    } else if (k < 6) {
        wb_buf_str(b, PICK(numbers));
    } else if (k < 7) {
        wb_buf_str(b, PICK(words));
    } else if (k < 9) {
        unsigned n = rnd(4);
        wb_buf_char(b, '[');
        for (unsigned i = 0; i < n; i++) {
            if (i)
                wb_buf_char(b, ',');
            event_value(b, depth + 1);
        }
        wb_buf_char(b, ']');
    } else {
        unsigned n = 1 + rnd(3);
        wb_buf_char(b, '{');
        for (unsigned i = 0; i < n; i++) {
            wb_buf_printf(b, "%s\"%s\":", i ? "," : "", PICK(names));
            event_value(b, depth + 1);
        }
        wb_buf_char(b, '}');
    }
}

static void list_of(struct wb_buf *b, const char *const *from, unsigned n)
{
    wb_buf_printf(b, "[%s", pick(from, n));
    for (unsigned i = rnd(2); i > 0; i--)
        wb_buf_printf(b, ",%s", pick(from, n));
    wb_buf_char(b, ']');
}
#define LIST(b, from) list_of(b, from, sizeof from / sizeof *from)

static void anything_but(struct wb_buf *b)
{
    static const char *const nested[] = {"prefix", "suffix", "equals-ignore-case", "wildcard"};
    wb_buf_str(b, "{\"anything-but\":");
    unsigned k = rnd(6);
    if (k == 0) {
        wb_buf_str(b, PICK(strings));
    } else if (k == 1) {
        wb_buf_str(b, PICK(exact));
    } else if (k == 2) {
        LIST(b, strings);
    } else if (k == 3) {
        LIST(b, exact);
    } else {
        unsigned which = rnd(4);
        wb_buf_printf(b, "{\"%s\":", nested[which]);
        if (which < 2)
            LIST(b, affixes1);
        else if (which == 2)
            LIST(b, strings);
        else
            LIST(b, wilds);
        wb_buf_char(b, '}');
    }
    wb_buf_char(b, '}');
}

static void matcher(struct wb_buf *b)
{
    static const char *const words[] = {"null", "true", "false"};
    static const char *const ranges[] = {"[\">\",0]", "[\"<=\",3]", "[\"=\",3]",
                                         "[\">=\",-5,\"<\",3]", "[\">\",0,\"<=\",3]"};
    static const char *const cidrs[] = {"\"10.0.0.0/24\"", "\"::/100\"", "\"10.0.0.9/8\""};
    switch (rnd(14)) {
    case 0:
    case 1:
    case 2:
        wb_buf_str(b, PICK(strings));
        break;
    case 3:
    case 4:
        wb_buf_str(b, PICK(numbers));
        break;
    case 5:
        wb_buf_str(b, PICK(words));
        break;
    case 6:
        wb_buf_printf(b, "{\"exists\":%s}", rnd(2) ? "true" : "false");
        break;
    case 7:
        wb_buf_printf(b, "{\"%s\":%s}", rnd(2) ? "prefix" : "suffix", PICK(affixes));
        break;
    case 8:
        wb_buf_printf(b, "{\"%s\":{\"equals-ignore-case\":%s}}", rnd(2) ? "prefix" : "suffix",
                      PICK(strings));
        break;
    case 9:
        wb_buf_printf(b, "{\"%s\":%s}", rnd(2) ? "equals-ignore-case" : "exactly", PICK(strings));
        break;
    case 10:
        wb_buf_printf(b, "{\"numeric\":%s}", PICK(ranges));
        break;
    case 11:
        wb_buf_printf(b, "{\"cidr\":%s}", PICK(cidrs));
        break;
    case 12:
        wb_buf_printf(b, "{\"wildcard\":%s}", PICK(wilds));
        break;
    default:
        anything_but(b);
    }
}

static void pattern_object(struct wb_buf *b, unsigned depth)
{
    unsigned n = 1 + rnd(3);
    wb_buf_char(b, '{');
    for (unsigned i = 0; i < n; i++) {
        if (i)
            wb_buf_char(b, ',');
        if (depth < 3 && rnd(8) == 0) {
            wb_buf_str(b, "\"$or\":[");
            pattern_object(b, depth + 1);
            wb_buf_char(b, ',');
            pattern_object(b, depth + 1);
            wb_buf_char(b, ']');
            continue;
        }
        wb_buf_printf(b, "\"%s\":", PICK(names));
        if (depth < 3 && rnd(3) == 0) {
            pattern_object(b, depth + 1);
            continue;
        }
        wb_buf_char(b, '[');
        matcher(b);
        for (unsigned k = rnd(3); k > 0; k--) {
            wb_buf_char(b, ',');
            matcher(b);
        }
        wb_buf_char(b, ']');
    }
    wb_buf_char(b, '}');
}

#define RULES 40

static void test_differential(void **st)
{
    (void)st;
    unsigned pairs = 0, matched = 0;
    for (unsigned round = 0; pairs < 40000; round++) {
        struct wb_arena a;
        wb_arena_init(&a, 65536);
        struct wb_pattern *p[RULES] = {NULL};
        struct wb_json text[RULES];
        for (unsigned i = 0; i < RULES; i++) {
            struct wb_buf b = wb_buf_in(&a);
            struct wb_slice why = WB_SLICE_NULL;
            pattern_object(&b, 0);
            text[i] = wb_json_read(&a, wb_buf_slice(&b), NULL);
            assert_true(wb_json_is(text[i]));
            p[i] = wb_pattern_compile(wb_buf_slice(&b), &a, &why);
            if (!p[i])
                assert_true(wb_slice_starts(why, WB_S("Rule is too complex")) ||
                            wb_slice_starts(why, WB_S("The number of $or")));
        }
        struct wb_match_set *all = wb_match_new(p, RULES);
        for (unsigned e = 0; e < 10; e++) {
            struct wb_buf b = wb_buf_in(&a);
            wb_buf_printf(&b, "{\"%s\":", PICK(names));
            event_value(&b, 1);
            wb_buf_printf(&b, ",\"%s\":", PICK(names));
            event_value(&b, 0);
            wb_buf_printf(&b, ",\"a\":[");
            event_value(&b, 1);
            wb_buf_char(&b, ',');
            event_value(&b, 1);
            wb_buf_str(&b, "]}");
            struct wb_json event = wb_json_read(&a, wb_buf_slice(&b), NULL);
            assert_true(wb_json_is(event));
            uint32_t *rules;
            size_t n = wb_match_event(all, event, &a, &rules), at = 0;
            for (unsigned i = 0; i < RULES; i++) {
                if (!p[i])
                    continue;
                bool got = at < n && rules[at] == i;
                at += got;
                bool want = naive_match(text[i], event, &a);
                pairs++;
                matched += want;
                if (got != want)
                    fail_msg("pattern %.*s\nevent %.*s\nwant %d, got %d",
                             WB_FMT(wb_json_raw(text[i])), WB_FMT(wb_json_raw(event)), want, got);
            }
            assert_int_equal(at, n);
        }
        wb_match_free(all);
        for (unsigned i = 0; i < RULES; i++)
            wb_pattern_free(p[i]);
        wb_arena_release(&a);
    }
    assert_true(matched > pairs / 50); /* the generator makes both kinds */
    assert_true(matched < pairs / 2);
}

static void test_envelope(void **st)
{
    (void)st;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    static const char *const patterns[] = {
        "{\"source\":[\"s\"],\"detail\":{\"a\":[1]}}",
        "{\"detail-type\":[{\"prefix\":\"t\"}]}",
        "{\"resources\":[\"r2\"]}",
        "{\"region\":[\"x\"]}",
        "{\"detail\":{\"b\":[{\"exists\":false}]}}",
        "{\"version\":[\"0\"],\"id\":[\"i\"],\"account\":[\"1\"],\"time\":[{\"suffix\":\"Z\"}]}"};
    struct wb_pattern *p[6];
    struct wb_slice why;
    for (int i = 0; i < 6; i++)
        assert_non_null(p[i] = wb_pattern_compile(wb_slice_str(patterns[i]), &a, &why));
    struct wb_match_set *s = wb_match_new(p, 6);
    struct wb_slice resources[] = {WB_S("r1"), WB_S("r2")};
    struct wb_envelope e = {.version = WB_S("0"),
                            .id = WB_S("i"),
                            .detail_type = WB_S("tt"),
                            .source = WB_S("s"),
                            .account = WB_S("1"),
                            .time = WB_S("2Z"),
                            .region = WB_S("y"),
                            .resource = resources,
                            .resource_count = 2,
                            .detail = wb_json_read(&a, WB_S("{\"a\":1.0}"), NULL)};
    uint32_t *rules;
    assert_int_equal(wb_match_envelope(s, &e, &a, &rules), 5);
    assert_int_equal(rules[3], 4); /* all but rule 3 */
    assert_int_equal(rules[4], 5);
    wb_match_free(s);
    for (int i = 0; i < 6; i++)
        wb_pattern_free(p[i]);
    wb_arena_release(&a);
}

/* An event made to make consistency expensive ends within its budget of steps. */
static void test_hostile_arrays(void **st)
{
    (void)st;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice why;
    struct wb_pattern *p =
        wb_pattern_compile(WB_S("{\"l\":{\"a\":[1],\"b\":[1],\"c\":[1],\"d\":[1]}}"), &a, &why);
    assert_non_null(p);
    struct wb_match_set *s = wb_match_new(&p, 1);
    struct wb_buf b = {0};
    for (int consistent = 0; consistent < 2; consistent++) {
        b.n = 0;
        wb_buf_str(&b, "{\"l\":[");
        for (int i = 0; i < 4000; i++)
            wb_buf_printf(&b, "%s{\"%c\":1}", i ? "," : "", "abcd"[i % 4]);
        wb_buf_str(&b, consistent ? ",{\"a\":1,\"b\":1,\"c\":1,\"d\":1}]}" : "]}");
        struct wb_json e = wb_json_read(&a, wb_buf_slice(&b), NULL);
        uint32_t *rules;
        int64_t from = wb_seam_os()->mono_ns(wb_seam_os());
        size_t n = wb_match_event(s, e, &a, &rules);
        assert_true(wb_seam_os()->mono_ns(wb_seam_os()) - from < 2000000000);
        if (!consistent)
            assert_int_equal(n, 0);
    }
    wb_match_free(s);
    wb_pattern_free(p);
    /* One value list met by a thousand sub-rules. */
    b.n = 0;
    wb_buf_str(&b, "{\"$or\":[");
    for (int i = 0; i < 150; i++)
        wb_buf_printf(&b, "%s{\"l\":[{\"suffix\":\"%d\"}]}", i ? "," : "", i);
    wb_buf_str(&b, "],\"l\":[{\"anything-but\":0}],\"m\":[{\"exists\":true}]}");
    assert_non_null(p = wb_pattern_compile(wb_buf_slice(&b), &a, &why));
    s = wb_match_new(&p, 1);
    b.n = 0;
    wb_buf_str(&b, "{\"l\":[");
    for (int i = 0; i < 300000; i++)
        wb_buf_str(&b, i ? ",0" : "0");
    wb_buf_str(&b, "],\"m\":1}");
    uint32_t *rules;
    int64_t from = wb_seam_os()->mono_ns(wb_seam_os());
    assert_int_equal(wb_match_event(s, wb_json_read(&a, wb_buf_slice(&b), NULL), &a, &rules), 0);
    assert_true(wb_seam_os()->mono_ns(wb_seam_os()) - from < 5000000000);
    wb_buf_release(&b);
    wb_match_free(s);
    wb_pattern_free(p);
    wb_arena_release(&a);
}

/* Rules enough that the indexes have more than one level; ranges that overlap a little (stretches)
 * or nearly all (the tree). Each event must get what the rules alone say. */
static void large_set(unsigned width)
{
    enum { N = 600 };
    struct wb_arena a;
    struct wb_pattern *p[N];
    struct wb_match_set *one[N];
    struct wb_slice why;
    wb_arena_init(&a, 65536);
    for (unsigned i = 0; i < N; i++) {
        struct wb_buf b = wb_buf_in(&a);
        unsigned lo = rnd(1000);
        switch (i % 4) {
        case 0:
            wb_buf_printf(&b, "{\"n\":[{\"numeric\":[\"%s\",%u,\"%s\",%u]}]}",
                          rnd(2) ? ">" : ">=", lo, rnd(2) ? "<" : "<=", lo + 1 + rnd(width));
            break;
        case 1:
            wb_buf_printf(&b, "{\"s\":[{\"%s\":\"%.*s\"}]}", rnd(2) ? "prefix" : "suffix",
                          (int)(1 + rnd(6)), "ababbabaab" + rnd(4));
            break;
        case 2:
            wb_buf_printf(&b, "{\"s\":[\"ab%u\"],\"n\":[%u]}", rnd(30), rnd(30));
            break;
        default:
            wb_buf_printf(&b, "{\"n\":[{\"numeric\":[\"%s\",%u]}],\"x\":[%u,{\"exists\":false}]}",
                          rnd(2) ? ">" : "<=", lo, rnd(5));
        }
        assert_non_null(p[i] = wb_pattern_compile(wb_buf_slice(&b), &a, &why));
        one[i] = wb_match_new(&p[i], 1);
    }
    struct wb_match_set *all = wb_match_new(p, N);
    for (unsigned e = 0; e < 400; e++) {
        struct wb_slice text =
            wb_printf(&a, "{\"n\":[%u%s,%u],\"s\":\"ab%u%.*s\",\"x\":%u}", rnd(1010),
                      rnd(2) ? ".5" : "", rnd(40), rnd(30), (int)rnd(8), "abbaabab", rnd(5));
        struct wb_json event = wb_json_read(&a, text, NULL);
        uint32_t *rules, *alone;
        size_t n = wb_match_event(all, event, &a, &rules), at = 0;
        for (uint32_t i = 0; i < N; i++) {
            bool got = at < n && rules[at] == i;
            at += got;
            if (got != (wb_match_event(one[i], event, &a, &alone) == 1))
                fail_msg("width %u, rule %u on %.*s: got %d", width, i, WB_FMT(text), got);
        }
        assert_int_equal(at, n);
    }
    wb_match_free(all);
    for (unsigned i = 0; i < N; i++) {
        wb_match_free(one[i]);
        wb_pattern_free(p[i]);
    }
    wb_arena_release(&a);
}

static void test_large_sets(void **st)
{
    (void)st;
    large_set(3);
    large_set(900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differential),
        cmocka_unit_test(test_large_sets),
        cmocka_unit_test(test_envelope),
        cmocka_unit_test(test_hostile_arrays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
