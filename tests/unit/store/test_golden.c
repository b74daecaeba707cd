/*
 * Every released data format stays readable: tests/golden/format-N/ is a data directory as that
 * version wrote it. Opened as a copy, every row is there, and the store takes new ones.
 *
 *   test_golden --write DIR   makes the directory for the present format
 */
#include "fixture.h"

static const size_t key_len[] = {1,   2,   100,  498,  499,  500,  501,
                                 502, 999, 1000, 1001, 1500, 2003, WB_STORE_KEY_MAX};
static const size_t value_len[] = {0, 1, 8, 100, 900, 2100, 4500};
#define KEYS   (sizeof(key_len) / sizeof(key_len[0]))
#define VALUES (sizeof(value_len) / sizeof(value_len[0]))
#define ROWS   (KEYS * 3)

/* Row i, the same for ever. Keys of one length differ in their first, middle or last byte. */
static void row(size_t i, char *key, struct wb_slice *k, char *value, struct wb_slice *v)
{
    static const char bytes[] = {0, '7', (char)0xff};
    size_t n = key_len[i / 3];
    memset(key, 'k', n);
    key[0] = (char)(i % 2 ? 'a' : 'b');
    key[n / 2] = (char)('0' + i % 10);
    key[n - 1] = bytes[i % 3];
    *k = wb_slice(key, n);
    n = value_len[i % VALUES];
    for (size_t j = 0; j < n; j++)
        value[j] = (char)(i * 7 + j * 13);
    *v = wb_slice(value, n);
}

static char key[WB_STORE_KEY_MAX], value[10000];

static int write_golden(const char *dir)
{
    struct wb_arena a;
    struct wb_slice why, k, v;
    struct wb_txn *t;
    char scratch[] = "/tmp/wb-golden-XXXXXX";
    const struct wb_store_options o = {.create = true};
    wb_arena_init(&a, 0);
    struct wb_store *s = mkdtemp(scratch) ? wb_store_open_lmdb(scratch, &o, &a, &why) : NULL;
    if (!s)
        return 1;
    for (size_t i = 0; i < ROWS; i++) { /* a commit each: the sequence is ROWS */
        row(i, key, &k, value, &v);
        if (wb_txn_begin(s, true, &t) || wb_put(t, k, v) || wb_txn_commit(t))
            return 1;
    }
    int rc = wb_store_backup(s, dir) != WB_STORE_OK;
    if (rc)
        fprintf(stderr, "%s\n", wb_store_why(s));
    wb_store_close(s);
    remove_tree(scratch);
    wb_arena_release(&a);
    return rc;
}

static void all_rows_are_there(struct fixture *f)
{
    struct wb_txn *t = begin(f, false);
    struct wb_slice k, v, got, prev = WB_SLICE_NULL;
    struct wb_scan *s;
    size_t count = 0;
    for (size_t i = 0; i < ROWS; i++) {
        row(i, key, &k, value, &v);
        assert_int_equal(wb_get(t, k, &got), WB_STORE_OK);
        assert_true(wb_slice_eq(got, v));
    }
    assert_int_equal(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, false, &s), 0);
    while (wb_scan_next(s, &k, &v) == WB_STORE_OK) {
        assert_true(wb_slice_cmp(prev, k) < 0);
        prev = wb_dup(&f->a, k);
        count += !wb_slice_starts(k, WB_S("new"));
    }
    assert_int_equal(count, ROWS);
    wb_scan_close(s);
    wb_txn_abort(t);
}

static void every_format_opens(void **state)
{
    for (int format = 1; format <= WB_STORE_FORMAT; format++) {
        struct fixture f = {0};
        char command[1000];
        wb_arena_init(&f.a, 0);
        snprintf(f.dir, sizeof(f.dir), "/tmp/wb-golden-XXXXXX");
        assert_non_null(mkdtemp(f.dir));
        snprintf(command, sizeof(command), "cp -r '%s/../golden/format-%d/.' '%s'", WB_TEST_DATA,
                 format, f.dir);
        assert_int_equal(system(command), 0);
        const struct wb_store_options o = {0};
        f.s = wb_store_open_lmdb(f.dir, &o, &f.a, &f.why);
        if (!f.s)
            fail_msg("format %d: %.*s", format, WB_FMT(f.why));
        assert_int_equal(wb_store_sequence(f.s), ROWS);
        all_rows_are_there(&f);
        struct wb_txn *t = begin(&f, true);
        memset(key, 'n', sizeof(key));
        memcpy(key, "new", 3);
        assert_int_equal(wb_put(t, wb_slice(key, 3000), WB_S("1")), 0);
        put(t, "new", "2");
        assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
        fixture_close(&f);
        fixture_open(&f);
        assert_int_equal(wb_store_sequence(f.s), ROWS + 1);
        all_rows_are_there(&f);
        t = begin(&f, false);
        expect(t, "new", "2");
        wb_txn_abort(t);
        fixture_release(&f);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_format_opens)};
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_golden(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
