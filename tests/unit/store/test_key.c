/* Keys: the order of the bytes is the order of the tuples, and every tuple comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/key.h"
#include <stdlib.h>

static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* A part of a tuple: the letters of wb_key() and n for a decimal. */
struct part {
    char kind;
    struct wb_slice s;
    uint64_t u;
    struct wb_decimal d;
};

static struct wb_slice random_bytes(struct wb_arena *a)
{
    static const char some[] = {0, 0, 1, 'a', 'b', (char)0xfe, (char)0xff, (char)0xff};
    size_t n = rnd() % 6;
    char *p = wb_alloc(a, n);
    for (size_t i = 0; i < n; i++)
        p[i] = some[rnd() % sizeof(some)];
    return wb_slice(p, n);
}

static struct wb_decimal random_decimal(struct wb_arena *a)
{
    static const int exps[] = {0, 0, 1, 2, -1, -2, 123, -128, 60, 61};
    struct wb_decimal d;
    struct wb_slice s =
        wb_printf(a, "%s%ue%d", rnd() % 2 ? "-" : "", (unsigned)(rnd() % 120), exps[rnd() % 10]);
    if (rnd() % 10 == 0)
        s = WB_S("-9.9999999999999999999999999999999999999E+125");
    assert_int_equal(wb_decimal_parse(s, &d), WB_DEC_OK);
    return d;
}

static struct part random_part(struct wb_arena *a, char kind)
{
    static const uint64_t edge[] = {0, 1, 255, 256, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX, 7};
    struct part p = {.kind = kind, .u = rnd() % 3 ? edge[rnd() % 8] : rnd()};
    if (kind == 's' || kind == 'r')
        p.s = random_bytes(a);
    if (kind == 'b')
        p.u &= 0xff;
    if (kind == 'n')
        p.d = random_decimal(a);
    return p;
}

static void add(struct wb_key *k, const struct part *p)
{
    switch (p->kind) {
    case 's':
        wb_key_str(k, p->s);
        break;
    case 'r':
        wb_key_raw(k, p->s);
        break;
    case 'u':
        wb_key_u64(k, p->u);
        break;
    case 'i':
        wb_key_i64(k, (int64_t)p->u);
        break;
    case 'd':
        wb_key_desc(k, p->u);
        break;
    case 'b':
        wb_key_u8(k, (uint8_t)p->u);
        break;
    default:
        wb_key_decimal(k, &p->d);
    }
}

static int compare(const struct part *a, const struct part *b)
{
    switch (a->kind) {
    case 's':
    case 'r':
        return wb_slice_cmp(a->s, b->s);
    case 'i':
        return ((int64_t)a->u > (int64_t)b->u) - ((int64_t)a->u < (int64_t)b->u);
    case 'd':
        return (a->u < b->u) - (a->u > b->u);
    case 'n':
        return wb_decimal_cmp(&a->d, &b->d);
    default:
        return (a->u > b->u) - (a->u < b->u);
    }
}

static void comes_back(struct wb_arena *a, struct wb_slice key, const struct part *parts, size_t n)
{
    uint16_t table;
    struct wb_key_rd r = wb_key_rd(a, key, &table);
    assert_int_equal(table, 0x0402);
    for (size_t i = 0; i < n; i++) {
        const struct part *p = &parts[i];
        struct wb_decimal d;
        switch (p->kind) {
        case 's':
            assert_true(wb_slice_eq(wb_key_rd_str(&r), p->s));
            break;
        case 'r':
            assert_true(wb_slice_eq(wb_key_rd_raw(&r), p->s));
            break;
        case 'u':
            assert_true(wb_key_rd_u64(&r) == p->u);
            break;
        case 'i':
            assert_true(wb_key_rd_i64(&r) == (int64_t)p->u);
            break;
        case 'd':
            assert_true(wb_key_rd_desc(&r) == p->u);
            break;
        case 'b':
            assert_true(wb_key_rd_u8(&r) == p->u);
            break;
        default:
            assert_true(wb_decimal_decode(wb_key_rd_decimal_bytes(&r), &d));
            assert_int_equal(wb_decimal_cmp(&d, &p->d), 0);
        }
    }
    assert_false(r.bad);
    assert_true(r.p == r.end);
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void order_of_keys_is_order_of_tuples(void **state)
{
    static const char *const shapes[] = {"s",  "ss",  "us",  "sis", "ds", "bs", "n",
                                         "sn", "nsn", "nus", "sr",  "ur", "nr", "ssssb"};
    struct wb_arena a;
    wb_arena_init(&a, 1 << 16);
    for (int round = 0; round < 400000; round++) {
        const char *shape = shapes[rnd() % (sizeof(shapes) / sizeof(shapes[0]))];
        size_t n = strlen(shape);
        struct part x[8], y[8];
        struct wb_key kx, ky;
        int want = 0;
        wb_key_begin(&kx, &a, 0x0402);
        wb_key_begin(&ky, &a, 0x0402);
        for (size_t i = 0; i < n; i++) {
            x[i] = random_part(&a, shape[i]);
            y[i] = rnd() % 3 ? random_part(&a, shape[i]) : x[i];
            want = want ? want : compare(&x[i], &y[i]);
            add(&kx, &x[i]);
            add(&ky, &y[i]);
        }
        assert_int_equal(sign(wb_slice_cmp(wb_key_done(&kx), wb_key_done(&ky))), sign(want));
        comes_back(&a, wb_key_done(&kx), x, n);
        if (round % 64 == 0)
            wb_arena_reset(&a);
    }
    wb_arena_release(&a);
}

static void one_call_makes_the_same_key(void **state)
{
    struct wb_arena a;
    struct wb_key k;
    wb_arena_init(&a, 0);
    wb_key_begin(&k, &a, 0x0203);
    wb_key_str(&k, WB_S("a\0b"));
    wb_key_str(&k, WB_S("zed"));
    wb_key_u64(&k, 5);
    wb_key_i64(&k, -5);
    wb_key_desc(&k, 9);
    wb_key_u8(&k, 200);
    wb_key_raw(&k, WB_S("\0rest"));
    assert_true(
        wb_slice_eq(wb_key_done(&k), wb_key(&a, 0x0203, "szuidbr", WB_S("a\0b"), "zed", UINT64_C(5),
                                            INT64_C(-5), UINT64_C(9), 200, WB_S("\0rest"))));
    assert_true(
        wb_slice_eq(wb_key(&a, 0x0102, "sz", WB_S("a\0b"), ""), WB_S("\1\2a\0\377b\0\0\0\0")));
    assert_true(wb_slice_eq(wb_key(&a, 0x0102, ""), WB_S("\1\2")));
    wb_arena_release(&a);
}

static void after_is_the_end_of_a_prefix(void **state)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    assert_true(wb_slice_is(wb_key_after(&a, WB_S("ab")), "ac"));
    assert_true(wb_slice_is(wb_key_after(&a, WB_S("a\xff\xff")), "b"));
    assert_int_equal(wb_key_after(&a, WB_S("\xff\xff")).n, 0);
    assert_int_equal(wb_key_after(&a, WB_S("")).n, 0);
    for (int i = 0; i < 20000; i++) {
        struct wb_slice p = random_bytes(&a), rest = random_bytes(&a), other = random_bytes(&a);
        struct wb_slice whole[] = {p, rest}, after = wb_key_after(&a, p);
        if (after.n) /* all that begin with p are before it, */
            assert_true(wb_slice_cmp(wb_concat(&a, whole, 2), after) < 0);
        if (wb_slice_cmp(other, p) > 0 && !wb_slice_starts(other, p)) /* and nothing else is */
            assert_true(after.n && wb_slice_cmp(other, after) >= 0);
    }
    wb_arena_release(&a);
}

static void malformed_keys_are_bad(void **state)
{
    struct wb_arena a;
    uint16_t table;
    struct wb_key_rd r;
    wb_arena_init(&a, 0);

    r = wb_key_rd(&a, WB_S("\1"), &table);
    assert_true(r.bad);
    assert_int_equal(table, 0);
    assert_int_equal(wb_key_rd_u64(&r), 0);
    assert_null(wb_key_rd_str(&r).p);
    assert_int_equal(wb_key_rd_i64(&r), 0);
    assert_int_equal(wb_key_rd_desc(&r), 0);
    assert_int_equal(wb_key_rd_u8(&r), 0);
    assert_null(wb_key_rd_decimal_bytes(&r).p);
    assert_null(wb_key_rd_raw(&r).p);

    static const struct wb_slice strings[] = {
        {"", 0}, {"a", 1}, {"a\0", 2}, {"a\0\1\0\0", 5}, {"a\0\377", 3}, {"a\0\377b\0", 5},
    };
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        struct wb_slice whole[] = {WB_S("\1\2"), strings[i]};
        r = wb_key_rd(&a, wb_concat(&a, whole, 2), &table);
        assert_null(wb_key_rd_str(&r).p);
        assert_true(r.bad);
        r = wb_key_rd(&a, wb_concat(&a, whole, 2), &table);
        wb_key_rd_u64(&r);
        assert_true(r.bad);
    }
    r = wb_key_rd(&a, WB_S("\1\2\xc1\x02"), &table); /* a decimal without its end */
    assert_null(wb_key_rd_decimal_bytes(&r).p);
    assert_true(r.bad);
    r = wb_key_rd(&a, WB_S("\1\2\xc1"), &table);
    assert_null(wb_key_rd_decimal_bytes(&r).p);
    r = wb_key_rd(&a, WB_S("\1\2\xc1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\0"), &table);
    assert_null(wb_key_rd_decimal_bytes(&r).p);
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_keys_is_order_of_tuples),
        cmocka_unit_test(one_call_makes_the_same_key),
        cmocka_unit_test(after_is_the_end_of_a_prefix),
        cmocka_unit_test(malformed_keys_are_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
