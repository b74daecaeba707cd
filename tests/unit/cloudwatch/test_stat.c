/* Statistics against cases computed by hand. */
#include "../data.h"
#include "codec/json.h"
#include "services/cloudwatch/stat.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int by_value(const void *x, const void *y)
{
    const struct wb_value_count *a = x, *b = y;
    return (a->value > b->value) - (a->value < b->value);
}

static struct wb_period period(struct wb_arena *a, struct wb_json c)
{
    struct wb_datum d = {.second = WB_WHOLE_MINUTE};
    struct wb_json counts = wb_json_get(c, "counts");
    struct wb_json_iter it = wb_json_iter(wb_json_get(c, "values"));
    for (uint32_t i = 0; wb_json_next(&it); i++) {
        double v, n = 1;
        assert_true(wb_json_double(it.value, &v));
        if (wb_json_is(counts))
            assert_true(wb_json_double(wb_json_item(counts, i), &n));
        wb_datum_value(&d, v, n);
    }
    struct wb_value_count *pair = wb_new_n(a, struct wb_value_count, d.pairs);
    if (d.pairs) {
        memcpy(pair, d.pair, d.pairs * sizeof *pair);
        qsort(pair, d.pairs, sizeof *pair, by_value);
    }
    struct wb_period p = {d.count, d.sum, d.min, d.max, false, pair, d.pairs};
    wb_datum_release(&d);
    return p;
}

static void test_cases(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json root = wb_json_read(&a, wb_test_data(&a, "cloudwatch/stat.json"), NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(root, "cases"));
    unsigned n = 0;
    for (; wb_json_next(&it); n++) {
        struct wb_slice text = wb_json_get_str(it.value, "stat", &a);
        struct wb_stat s;
        double want = NAN;
        wb_json_double(wb_json_get(it.value, "is"), &want);
        if (!wb_stat_parse(text, &s))
            fail_msg("case %u: %.*s is not taken", n, WB_FMT(text));
        struct wb_period p = period(&a, it.value);
        double got = wb_stat_value(&s, &p);
        if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 1e-9))
            fail_msg("case %u: %.*s is %.17g, not %.17g", n, WB_FMT(text), got, want);
    }
    assert_true(n > 30);
    it = wb_json_iter(wb_json_get(root, "wrong"));
    while (wb_json_next(&it)) {
        struct wb_stat s;
        struct wb_slice text = wb_json_str(it.value, &a);
        if (wb_stat_parse(text, &s))
            fail_msg("'%.*s' is taken", WB_FMT(text));
    }
    wb_arena_release(&a);
}

/* However many distinct values there are, a percentile is not far off, and sums are exact. */
static void test_buckets(void **state)
{
    struct wb_datum d = {.second = WB_WHOLE_MINUTE}, back;
    struct wb_buf b = {0};
    double sum = 0;
    for (int i = 1; i <= 10000; i++) {
        wb_datum_value(&d, i, 1);
        sum += i;
    }
    assert_true(d.count == 10000 && d.sum == sum && d.min == 1 && d.max == 10000);
    assert_true(d.pairs <= 150 && d.level > 0 && d.level <= 4);
    wb_datum_put(&b, &d);
    assert_true(b.n < 800);
    struct wb_rd r = wb_rd(wb_buf_slice(&b));
    assert_true(wb_datum_get(&r, &back) && wb_rd_done(&r));
    assert_int_equal(back.pairs, d.pairs);
    qsort(back.pair, back.pairs, sizeof *back.pair, by_value);
    struct wb_period p = {back.count, back.sum, back.min, back.max, false, back.pair, back.pairs};
    for (int q = 10; q <= 100; q += 10) {
        struct wb_stat s = {.kind = WB_STAT_P, .hi = q};
        double got = wb_stat_value(&s, &p), want = q * 100;
        if (fabs(got / want - 1) > 0.09)
            fail_msg("p%d is %g", q, got);
    }
    wb_datum_release(&d);
    wb_datum_release(&back);
    wb_buf_release(&b);
}

/* The parts of a datum may come in any order and through any rows. */
static void test_merge(void **state)
{
    struct wb_datum whole = {.second = WB_WHOLE_MINUTE}, half[2] = {whole, whole};
    for (int i = 0; i < 400; i++) {
        double v = i % 7 == 0 ? 0 : (i % 2 ? 1 : -1) * (i * i % 977) * 0.37;
        wb_datum_value(&whole, v, 1 + i % 3);
        wb_datum_value(&half[i % 2], v, 1 + i % 3);
    }
    wb_datum_merge(&half[0], &half[1]);
    assert_true(half[0].count == whole.count && half[0].min == whole.min &&
                half[0].max == whole.max && fabs(half[0].sum - whole.sum) < 1e-6);
    assert_int_equal(half[0].level, whole.level);
    assert_int_equal(half[0].pairs, whole.pairs);
    wb_datum_release(&whole);
    wb_datum_release(&half[0]);
    wb_datum_release(&half[1]);
}

/* Statistic sets: a distribution only when all samples are alike. */
static void test_sets(void **state)
{
    struct wb_datum d = {.second = WB_WHOLE_MINUTE};
    wb_datum_sums(&d, 3, 15, 5, 5);
    assert_true(!d.unspread && d.pairs == 1 && d.pair[0].count == 3);
    wb_datum_sums(&d, 1, 5, 5, 5);
    assert_true(!d.unspread && d.count == 4 && d.pairs == 1);
    wb_datum_sums(&d, 2, 15, 5, 10);
    assert_true(d.unspread && d.sum == 35 && d.max == 10);
    wb_datum_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_buckets),
                                       cmocka_unit_test(test_merge), cmocka_unit_test(test_sets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
