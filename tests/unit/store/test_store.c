/* The same tests for every implementation of the store. */
#include "fixture.h"

static int setup_mem(void **state)
{
    *state = wb_xcalloc(1, sizeof(struct fixture));
    fixture_init(*state, true);
    return 0;
}

static int setup_lmdb(void **state)
{
    *state = wb_xcalloc(1, sizeof(struct fixture));
    fixture_init(*state, false);
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    free(*state);
    return 0;
}

static void rows_are_put_read_and_deleted(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true);
    expect(t, "a", NULL);
    put(t, "a", "1");
    expect(t, "a", "1");
    put(t, "a", "");
    expect(t, "a", "");
    put(t, "a", "22");
    assert_int_equal(wb_del(t, WB_S("b")), WB_STORE_NOT_FOUND);
    assert_int_equal(wb_txn_commit(t), WB_STORE_OK);

    t = begin(f, true);
    expect(t, "a", "22");
    assert_int_equal(wb_del(t, WB_S("a")), WB_STORE_OK);
    expect(t, "a", NULL);
    wb_txn_abort(t);

    t = begin(f, false);
    assert_false(wb_txn_writes(t));
    expect(t, "a", "22");
    wb_txn_abort(t);
}

static void cost_counts_rows_and_bytes(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true), *n;
    uint64_t rows, bytes;
    put(t, "key", "value");
    assert_int_equal(wb_txn_nest(t, &n), 0);
    put(n, "gone", "xxxxxxxx");
    wb_txn_abort(n);
    wb_txn_cost(t, &rows, &bytes);
    assert_int_equal(rows, 1);
    assert_int_equal(bytes, 8);
    assert_int_equal(wb_txn_nest(t, &n), 0);
    assert_int_equal(wb_del(n, WB_S("key")), 0);
    assert_int_equal(wb_del(n, WB_S("key")), WB_STORE_NOT_FOUND);
    assert_int_equal(wb_txn_commit(n), 0);
    wb_txn_cost(t, &rows, &bytes);
    assert_int_equal(rows, 2);
    assert_int_equal(bytes, 16);
    wb_txn_abort(t);
}

static void scans_are_ordered_and_bounded(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true);
    expect_scan(t, "", "", false, "");
    expect_scan(t, "", "", true, "");
    put(t, "b", "2");
    put(t, "ab", "1");
    put(t, "a", "0");
    put(t, "c", "3");
    for (int i = 0; i < 2; i++) {
        expect_scan(t, "", "", false, "a=0 ab=1 b=2 c=3");
        expect_scan(t, "", "", true, "c=3 b=2 ab=1 a=0");
        expect_scan(t, "a", "b", false, "a=0 ab=1");
        expect_scan(t, "a", "b", true, "ab=1 a=0");
        expect_scan(t, "aa", "", false, "ab=1 b=2 c=3");
        expect_scan(t, "aa", "bb", true, "b=2 ab=1");
        expect_scan(t, "b", "b", false, "");
        expect_scan(t, "b", "b", true, "");
        expect_scan(t, "c", "a", false, "");
        expect_scan(t, "c", "a", true, "");
        expect_scan(t, "x", "", false, "");
        expect_scan(t, "", "a", true, "");
        assert_int_equal(wb_txn_commit(t), 0);
        t = begin(f, false);
    }
    wb_txn_abort(t);
}

static void next_is(struct wb_scan *s, const char *key)
{
    struct wb_slice k, v;
    enum wb_store_status st = wb_scan_next(s, &k, &v);
    assert_int_equal(st, key ? WB_STORE_OK : WB_STORE_NOT_FOUND);
    if (key)
        assert_true(wb_slice_is(k, key));
}

static void seek_moves_a_scan(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true);
    for (const char *p = "bdfhj"; *p; p++)
        assert_int_equal(wb_put(t, wb_slice(p, 1), WB_S("")), 0);
    for (int i = 0; i < 2; i++) {
        struct wb_scan *s;
        assert_int_equal(wb_scan_open(t, WB_S("d"), WB_S("j"), false, &s), 0);
        next_is(s, "d");
        wb_scan_seek(s, WB_S("g"));
        next_is(s, "h");
        next_is(s, NULL);
        wb_scan_seek(s, WB_S("f"));
        next_is(s, "f");
        wb_scan_seek(s, WB_S("a")); /* before lo */
        next_is(s, "d");
        wb_scan_seek(s, WB_S("z"));
        next_is(s, NULL);
        wb_scan_close(s);

        assert_int_equal(wb_scan_open(t, WB_S("d"), WB_S("j"), true, &s), 0);
        wb_scan_seek(s, WB_S("f"));
        next_is(s, "d");
        next_is(s, NULL);
        wb_scan_seek(s, WB_S("z")); /* behind hi */
        next_is(s, "h");
        next_is(s, "f");
        wb_scan_seek(s, WB_S("c"));
        next_is(s, NULL);
        wb_scan_close(s);
        assert_int_equal(wb_txn_commit(t), 0);
        t = begin(f, false);
    }
    wb_txn_abort(t);
}

static void a_snapshot_stands_still(void **state)
{
    struct fixture *f = *state;
    put_one(f, "a", "1");
    struct wb_txn *r = begin(f, false);
    assert_int_equal(wb_txn_sequence(r), 1);
    put_one(f, "a", "2");
    put_one(f, "b", "2");
    expect(r, "a", "1");
    expect(r, "b", NULL);
    expect_scan(r, "", "", false, "a=1");
    assert_int_equal(wb_txn_sequence(r), 1);
    wb_txn_reset(r);
    assert_int_equal(wb_txn_renew(r), WB_STORE_OK);
    expect_scan(r, "", "", true, "b=2 a=2");
    assert_int_equal(wb_txn_sequence(r), 3);
    struct wb_txn *w = begin(f, true);
    put(w, "c", "3");
    expect(r, "c", NULL);
    wb_txn_abort(w);
    wb_txn_reset(r);
    wb_txn_abort(r);
}

static void commits_are_numbered(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(wb_store_sequence(f->s), 0);
    struct wb_txn *t = begin(f, true), *n;
    assert_int_equal(wb_txn_sequence(t), 1);
    put(t, "a", "1");
    assert_int_equal(wb_txn_nest(t, &n), 0);
    assert_int_equal(wb_txn_sequence(n), 1);
    put(n, "b", "1");
    assert_int_equal(wb_txn_commit(n), 0);
    assert_int_equal(wb_store_sequence(f->s), 0);
    assert_int_equal(wb_txn_commit(t), 0);
    assert_int_equal(wb_store_sequence(f->s), 1);
    wb_txn_abort(begin(f, true));
    assert_int_equal(wb_txn_commit(begin(f, true)), 0); /* nothing to commit is no commit */
    assert_int_equal(wb_store_sequence(f->s), 1);
    put_one(f, "a", "2");
    assert_int_equal(wb_store_sequence(f->s), 2);
}

static void nested_transactions_join_or_vanish(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true), *n, *nn;
    put(t, "a", "0");
    put(t, "b", "0");
    assert_int_equal(wb_txn_nest(t, &n), 0);
    expect(n, "a", "0");
    put(n, "a", "1");
    assert_int_equal(wb_del(n, WB_S("b")), 0);
    assert_int_equal(wb_txn_nest(n, &nn), 0);
    put(nn, "c", "2");
    wb_txn_abort(nn);
    expect_scan(n, "", "", false, "a=1");
    wb_txn_abort(n);
    expect_scan(t, "", "", false, "a=0 b=0");

    assert_int_equal(wb_txn_nest(t, &n), 0);
    put(n, "a", "1");
    assert_int_equal(wb_txn_nest(n, &nn), 0);
    put(nn, "c", "2");
    assert_int_equal(wb_txn_commit(nn), 0);
    assert_int_equal(wb_txn_commit(n), 0);
    expect_scan(t, "", "", false, "a=1 b=0 c=2");
    assert_int_equal(wb_txn_commit(t), 0);
    t = begin(f, false);
    expect_scan(t, "", "", false, "a=1 b=0 c=2");
    wb_txn_abort(t);
}

static void a_scan_sees_its_transactions_changes(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true), *n;
    struct wb_scan *s;
    put(t, "a", "");
    put(t, "c", "");
    put(t, "e", "");
    assert_int_equal(wb_scan_open(t, WB_S("a"), WB_SLICE_NULL, false, &s), 0);
    next_is(s, "a");
    put(t, "b", "");
    next_is(s, "b");
    assert_int_equal(wb_del(t, WB_S("c")), 0);
    next_is(s, "e");
    next_is(s, NULL);
    put(t, "f", "");
    next_is(s, "f");
    wb_scan_close(s);

    /* a nested transaction comes and goes under an open scan */
    assert_int_equal(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, true, &s), 0);
    next_is(s, "f");
    assert_int_equal(wb_txn_nest(t, &n), 0);
    assert_int_equal(wb_del(n, WB_S("e")), 0);
    put(n, "d", "");
    assert_int_equal(wb_txn_commit(n), 0);
    next_is(s, "d");
    assert_int_equal(wb_txn_nest(t, &n), 0);
    assert_int_equal(wb_del(n, WB_S("b")), 0);
    wb_txn_abort(n);
    next_is(s, "b");
    next_is(s, "a");
    next_is(s, NULL);
    wb_scan_close(s);
    wb_txn_abort(t);
}

static void rows_can_be_deleted_under_a_scan(void **state)
{
    struct fixture *f = *state;
    for (int backward = 0; backward < 2; backward++) {
        struct wb_txn *t = begin(f, true);
        struct wb_scan *s;
        struct wb_slice k, v;
        char key[700];
        for (int i = 0; i < 2000; i++) {
            memset(key, 'x', sizeof(key)); /* every third key needs an extension */
            int n = snprintf(key, sizeof(key), "%05d", i);
            key[n] = '.';
            assert_int_equal(wb_put(t, wb_slice(key, i % 3 ? 60 : 700), wb_slice(key, 200)), 0);
        }
        assert_int_equal(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, backward, &s), 0);
        for (int i = 0; i < 2000; i++) {
            assert_int_equal(wb_scan_next(s, &k, &v), 0);
            assert_int_equal(strtol(k.p, NULL, 10), backward ? 1999 - i : i);
            assert_int_equal(wb_del(t, k), 0);
        }
        next_is(s, NULL);
        wb_scan_close(s);
        expect_scan(t, "", "", false, "");
        assert_int_equal(wb_txn_commit(t), 0);
    }
}

static void arguments_may_lie_in_the_store(void **state)
{
    struct fixture *f = *state;
    struct wb_txn *t = begin(f, true);
    char key[1600];
    struct wb_slice v, w;
    memset(key, 'k', sizeof(key));
    /* A row whose value is used as key and as value of further rows. */
    for (size_t n = 400; n <= sizeof(key); n += 400) {
        put(t, "source", "");
        assert_int_equal(wb_put(t, WB_S("source"), wb_slice(key, n)), 0);
        assert_int_equal(wb_get(t, WB_S("source"), &v), 0);
        assert_int_equal(wb_put(t, v, v), 0);
        assert_int_equal(wb_get(t, wb_slice(key, n), &v), 0);
        assert_true(wb_slice_eq(v, wb_slice(key, n)));
        assert_int_equal(wb_get(t, WB_S("source"), &w), 0);
        assert_int_equal(wb_del(t, w), 0);
        assert_int_equal(wb_get(t, wb_slice(key, n), &v), WB_STORE_NOT_FOUND);
    }
    wb_txn_abort(t);
}

static void keys_and_values_have_limits(void **state)
{
    struct fixture *f = *state;
    static char key[WB_STORE_KEY_MAX + 1];
    memset(key, 7, sizeof(key));
    struct wb_txn *t = begin(f, true);
    struct wb_slice v;
    assert_int_equal(wb_put(t, WB_S(""), WB_S("x")), WB_STORE_ERROR);
    assert_int_equal(wb_get(t, WB_S(""), &v), WB_STORE_ERROR);
    assert_int_equal(wb_put(t, wb_slice(key, sizeof(key)), WB_S("x")), WB_STORE_ERROR);
    assert_non_null(strstr(wb_store_why(f->s), "10241 bytes"));
    assert_int_equal(wb_put(t, WB_S("k"), wb_slice(key, WB_STORE_VALUE_MAX + 1u)), WB_STORE_ERROR);
    assert_int_equal(wb_put(t, wb_slice(key, sizeof(key) - 1), WB_S("x")), WB_STORE_OK);
    assert_int_equal(wb_get(t, wb_slice(key, sizeof(key) - 1), &v), WB_STORE_OK);
    assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
}

static void large_values_come_back(void **state)
{
    struct fixture *f = *state;
    size_t n = 5 << 20;
    char *big = wb_xmalloc(n);
    struct wb_slice v;
    for (size_t i = 0; i < n; i++)
        big[i] = (char)(i * 2654435761u >> 13);
    struct wb_txn *t = begin(f, true);
    assert_int_equal(wb_put(t, WB_S("big"), wb_slice(big, n)), 0);
    assert_int_equal(wb_put(t, WB_S("b"), wb_slice(big, 3000)), 0);
    assert_int_equal(wb_txn_commit(t), 0);
    t = begin(f, false);
    assert_int_equal(wb_get(t, WB_S("big"), &v), 0);
    assert_true(wb_slice_eq(v, wb_slice(big, n)));
    wb_txn_abort(t);
    free(big);
}

#define BOTH(test)                                                                                 \
    {"mem: " #test, test, setup_mem, teardown, NULL},                                              \
    {                                                                                              \
        "lmdb: " #test, test, setup_lmdb, teardown, NULL                                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(rows_are_put_read_and_deleted),
        BOTH(cost_counts_rows_and_bytes),
        BOTH(scans_are_ordered_and_bounded),
        BOTH(seek_moves_a_scan),
        BOTH(a_snapshot_stands_still),
        BOTH(commits_are_numbered),
        BOTH(nested_transactions_join_or_vanish),
        BOTH(a_scan_sees_its_transactions_changes),
        BOTH(rows_can_be_deleted_under_a_scan),
        BOTH(arguments_may_lie_in_the_store),
        BOTH(keys_and_values_have_limits),
        BOTH(large_values_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
