#include "base/list.h"
#include "base/map.h"
#include "base/seam.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct wb_slice key(char buf[16], unsigned n)
{
    return wb_slice(buf, (size_t)snprintf(buf, 16, "k%u", n));
}

/* Against the plainest map there is: an array with a place for every key. */
static void test_against_array(void **state)
{
    enum { KEYS = 500, STEPS = 200000 };
    static char mark[STEPS + 1];
    void *want[KEYS] = {0};
    struct wb_map *m = wb_map_new();
    struct wb_seam_sim sim;
    size_t count = 0;
    char buf[16];
    wb_seam_sim_init(&sim, 42, 0);
    for (int step = 0; step < STEPS; step++) {
        uint32_t r[2];
        sim.seam.random(&sim.seam, r, sizeof r);
        unsigned k = r[0] % KEYS;
        switch (r[1] % 3) {
        case 0:
            assert_ptr_equal(wb_map_put(m, key(buf, k), &mark[step]), want[k]);
            count += !want[k];
            want[k] = &mark[step];
            break;
        case 1:
            assert_ptr_equal(wb_map_del(m, key(buf, k)), want[k]);
            count -= want[k] != NULL;
            want[k] = NULL;
            break;
        default:
            assert_ptr_equal(wb_map_get(m, key(buf, k)), want[k]);
        }
        assert_int_equal(wb_map_count(m), count);
    }
    size_t pos = 0, seen = 0;
    struct wb_slice name;
    void *value;
    while (wb_map_next(m, &pos, &name, &value)) {
        uint64_t k;
        assert_true(wb_slice_u64(wb_slice_sub(name, 1, name.n), &k) && k < KEYS);
        assert_ptr_equal(value, want[k]);
        seen++;
    }
    assert_int_equal(seen, count);
    wb_map_free(m);
}

static void test_edges(void **state)
{
    struct wb_map *m = wb_map_new();
    int one, two;
    size_t pos = 0;
    assert_null(wb_map_get(m, WB_S("")));
    assert_null(wb_map_del(m, WB_S("")));
    assert_false(wb_map_next(m, &pos, NULL, NULL));
    assert_null(wb_map_put(m, WB_S(""), &one));
    assert_null(wb_map_put(m, WB_S("\0"), &two));
    assert_ptr_equal(wb_map_get(m, WB_S("")), &one);
    assert_ptr_equal(wb_map_get(m, WB_S("\0")), &two);
    char own[] = "own";
    wb_map_put(m, wb_slice_str(own), &one);
    own[0] = 'X';
    assert_ptr_equal(wb_map_get(m, WB_S("own")), &one); /* keys are copied */
    wb_map_free(m);
    wb_map_free(NULL);
}

/* The order of iteration is that of the first puts, so it does not depend on the random key. */
static void test_order(void **state)
{
    struct wb_map *m = wb_map_new();
    char buf[16];
    int v;
    for (unsigned i = 0; i < 1000; i++)
        wb_map_put(m, key(buf, i), &v);
    for (unsigned i = 0; i < 1000; i += 2)
        wb_map_del(m, key(buf, i));
    for (unsigned i = 1000; i < 3000; i++)
        wb_map_put(m, key(buf, i), &v);
    wb_map_put(m, key(buf, 1), &buf); /* keeps its place */
    size_t pos = 0;
    struct wb_slice name;
    for (unsigned i = 1; i < 3000; i += i < 999 ? 2 : 1) {
        assert_true(wb_map_next(m, &pos, &name, NULL));
        assert_true(wb_slice_eq(name, key(buf, i)));
    }
    assert_false(wb_map_next(m, &pos, &name, NULL));
    wb_map_free(m);
}

/* Many puts and deletes of few keys do not make it grow or slow: holes are closed. */
static void test_holes(void **state)
{
    struct wb_map *m = wb_map_new();
    char buf[16];
    int v;
    for (unsigned i = 0; i < 2000000; i++) {
        wb_map_put(m, key(buf, i), &v);
        assert_ptr_equal(wb_map_del(m, key(buf, i)), &v);
    }
    assert_int_equal(wb_map_count(m), 0);
    wb_map_free(m);
}

static void test_hash_spread(void **state)
{
    unsigned bucket[64] = {0};
    char buf[16];
    for (unsigned i = 0; i < 64000; i++)
        bucket[wb_hash(key(buf, i)) % 64]++;
    for (int i = 0; i < 64; i++)
        assert_in_range(bucket[i], 800, 1200); /* 1,000 each, give or take 6 sigma */
    for (size_t n = 1; n < 40; n++) {          /* every byte counts, and so does the length */
        char a[40] = {0}, b[40] = {0};
        b[n - 1] = 1;
        assert_true(wb_hash(wb_slice(a, n)) != wb_hash(wb_slice(b, n)));
        assert_true(wb_hash(wb_slice(a, n)) != wb_hash(wb_slice(a, n - 1)));
    }
}

struct thing {
    int id;
    struct wb_link link;
};

static void test_list(void **state)
{
    struct wb_link head;
    struct thing t[3] = {{.id = 0}, {.id = 1}, {.id = 2}};
    wb_list_init(&head);
    assert_true(wb_list_empty(&head));
    for (int i = 0; i < 3; i++)
        wb_list_append(&head, &t[i].link);
    wb_list_remove(&t[1].link);
    wb_list_remove(&t[1].link);
    assert_int_equal(WB_CONTAINER(head.next, struct thing, link)->id, 0);
    assert_int_equal(WB_CONTAINER(head.prev, struct thing, link)->id, 2);
    assert_ptr_equal(t[0].link.next, &t[2].link);
    wb_list_remove(&t[0].link);
    wb_list_remove(&t[2].link);
    assert_true(wb_list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_array), cmocka_unit_test(test_edges),
        cmocka_unit_test(test_order),         cmocka_unit_test(test_holes),
        cmocka_unit_test(test_hash_spread),   cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
