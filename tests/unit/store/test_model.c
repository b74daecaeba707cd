/*
 * Random transactions against a sorted array, for every implementation. Keys are of 0 to 10 KiB and
 * gathered around the lengths at which LMDB's keys continue in an extension, with common prefixes
 * that end just before, at and behind them.
 *
 *   test_model [seed [steps]]
 */
#include "fixture.h"

#define ROWS_MAX 4096
#define NEST_MAX 4

struct model_row {
    struct wb_slice key, value; /* on the heap, never freed while a model may hold them: see pool */
};

struct model {
    struct model_row rows[ROWS_MAX];
    size_t n;
};

static struct wb_arena pool;
static struct model models[NEST_MAX + 2]; /* [0] committed, [1..] one per open transaction */
static struct model snapshot;
static uint64_t seed = 1;
static int steps = 60000;

static uint64_t rnd(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717) >> 11;
}

static size_t below(size_t n)
{
    return (size_t)(rnd() % n);
}

/* --- the model --- */

/* The index of the first row >= key. */
static size_t lower(const struct model *m, struct wb_slice key)
{
    size_t lo = 0, hi = m->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (wb_slice_cmp(m->rows[mid].key, key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool has(const struct model *m, size_t i, struct wb_slice key)
{
    return i < m->n && wb_slice_eq(m->rows[i].key, key);
}

static void model_put(struct model *m, struct wb_slice key, struct wb_slice value)
{
    size_t i = lower(m, key);
    if (!has(m, i, key)) {
        memmove(m->rows + i + 1, m->rows + i, (m->n - i) * sizeof(m->rows[0]));
        m->n++;
        m->rows[i].key = wb_dup(&pool, key);
    }
    m->rows[i].value = wb_dup(&pool, value);
}

static void model_copy(struct model *to, const struct model *from)
{
    memcpy(to->rows, from->rows, from->n * sizeof(from->rows[0]));
    to->n = from->n;
}

/* --- random keys and values --- */

static struct wb_slice random_key(char *buf, const struct model *m)
{
    static const size_t len[] = {0,    1,    2,    30,   498,  499,  500,  501,  502,  999,
                                 1000, 1001, 1499, 1500, 1501, 2000, 2001, 5000, 9999, 10236};
    static const char last[] = {0, 1, 'a', 'b', (char)0xff};
    if (m->n && below(3) == 0) { /* one that is there, perhaps cut */
        struct wb_slice k = m->rows[below(m->n)].key;
        memcpy(buf, k.p, k.n);
        return wb_slice(buf, below(2) ? k.n : 1 + below(k.n));
    }
    size_t n = below(50) ? len[below(below(4) ? 11 : 20)] : below(WB_STORE_KEY_MAX - 3);
    memset(buf, 'a', n);
    for (size_t i = below(3); n && i > 0; i--)
        buf[below(2) ? below(n) : n - 1 - below(n < 4 ? n : 4)] = last[below(sizeof(last))];
    for (size_t i = below(4); i > 0 || n == 0; i -= i > 0)
        buf[n++] = last[below(sizeof(last))];
    return wb_slice(buf, n);
}

static struct wb_slice random_value(char *buf)
{
    size_t n = below(20) ? below(100) : below(9000);
    for (size_t i = 0; i < n; i++)
        buf[i] = (char)rnd();
    return wb_slice(buf, n);
}

/* --- checks --- */

static void same(struct wb_slice a, struct wb_slice b)
{
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
}

/* Up to `max` rows of a scan over random bounds, with seeks in between. */
static void check_scan(struct wb_txn *t, const struct model *m, size_t max)
{
    static char lo_buf[WB_STORE_KEY_MAX + 8], hi_buf[WB_STORE_KEY_MAX + 8], at[sizeof(lo_buf)];
    struct wb_slice lo = below(2) ? random_key(lo_buf, m) : WB_SLICE_NULL;
    struct wb_slice hi = below(2) ? random_key(hi_buf, m) : WB_SLICE_NULL;
    bool backward = below(2);
    size_t first = lower(m, lo), end = hi.n ? lower(m, hi) : m->n;
    size_t i = backward ? end : first;
    struct wb_scan *s;
    struct wb_slice k, v;
    assert_int_equal(wb_scan_open(t, lo, hi, backward, &s), 0);
    for (size_t step = 0; step < max; step++) {
        if (below(30) == 0) {
            struct wb_slice to = random_key(at, m);
            i = lower(m, to);
            i = i < first ? first : i > end && end >= first ? end : i;
            assert_int_equal(wb_scan_seek(s, to), 0);
        }
        bool over = first >= end || (backward ? i <= first : i >= end);
        enum wb_store_status st = wb_scan_next(s, &k, &v);
        assert_int_equal(st, over ? WB_STORE_NOT_FOUND : WB_STORE_OK);
        if (over)
            break;
        i -= backward;
        same(k, m->rows[i].key);
        same(v, m->rows[i].value);
        i += !backward;
    }
    wb_scan_close(s);
}

static void check_all(struct wb_txn *t, const struct model *m)
{
    for (int backward = 0; backward < 2; backward++) {
        struct wb_scan *s;
        struct wb_slice k, v;
        assert_int_equal(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, backward, &s), 0);
        for (size_t i = 0; i < m->n; i++) {
            const struct model_row *r = &m->rows[backward ? m->n - 1 - i : i];
            assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_OK);
            same(k, r->key);
            same(v, r->value);
            assert_int_equal(wb_get(t, r->key, &v), WB_STORE_OK);
            same(v, r->value);
        }
        assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_NOT_FOUND);
        wb_scan_close(s);
    }
}

/* --- steps --- */

struct run {
    struct fixture *f;
    struct wb_txn *t[NEST_MAX + 1]; /* [0] unused; t[depth] is the one in use */
    size_t depth;
    struct wb_txn *reader; /* of `snapshot` */
};

static void change(struct run *r)
{
    static char key_buf[WB_STORE_KEY_MAX + 8], value_buf[9000];
    struct model *m = &models[r->depth];
    struct wb_txn *t = r->t[r->depth];
    struct wb_slice key = random_key(key_buf, m), v;
    size_t i = lower(m, key);
    bool there = has(m, i, key);
    assert_int_equal(wb_get(t, key, &v), there ? WB_STORE_OK : WB_STORE_NOT_FOUND);
    if (there)
        same(v, m->rows[i].value);
    if (m->n < ROWS_MAX && below(5) < 3) {
        v = random_value(value_buf);
        assert_int_equal(wb_put(t, key, v), WB_STORE_OK);
        model_put(m, key, v);
    } else if (below(10)) {
        assert_int_equal(wb_del(t, key), there ? WB_STORE_OK : WB_STORE_NOT_FOUND);
        if (there) {
            memmove(m->rows + i, m->rows + i + 1, (m->n - i - 1) * sizeof(m->rows[0]));
            m->n--;
        }
    }
}

/* Deletes a stretch of rows under a scan, as jobs do. */
static void delete_stretch(struct run *r)
{
    struct model *m = &models[r->depth];
    size_t i = m->n ? below(m->n) : 0, n = below(40);
    struct wb_scan *s;
    struct wb_slice k, v, lo = m->n ? m->rows[i].key : WB_SLICE_NULL;
    assert_int_equal(wb_scan_open(r->t[r->depth], lo, WB_SLICE_NULL, false, &s), 0);
    for (; n && i < m->n; n--) {
        assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_OK);
        same(k, m->rows[i].key);
        if (below(4)) {
            assert_int_equal(wb_del(r->t[r->depth], k), WB_STORE_OK);
            memmove(m->rows + i, m->rows + i + 1, (m->n - i - 1) * sizeof(m->rows[0]));
            m->n--;
        } else {
            i++;
        }
    }
    wb_scan_close(s);
}

static void begin_one(struct run *r)
{
    if (r->depth == NEST_MAX)
        return;
    if (r->depth == 0)
        r->t[1] = begin(r->f, true);
    else
        assert_int_equal(wb_txn_nest(r->t[r->depth], &r->t[r->depth + 1]), 0);
    model_copy(&models[r->depth + 1], &models[r->depth]);
    r->depth++;
}

static void end_one(struct run *r)
{
    if (below(3) == 0) {
        wb_txn_abort(r->t[r->depth]);
    } else {
        assert_int_equal(wb_txn_commit(r->t[r->depth]), WB_STORE_OK);
        model_copy(&models[r->depth - 1], &models[r->depth]);
    }
    r->depth--;
}

static void step(struct run *r)
{
    size_t what = below(100);
    if (r->depth == 0 && what < 96)
        begin_one(r);
    else if (what < 70)
        change(r);
    else if (what < 72)
        delete_stretch(r);
    else if (what < 82)
        check_scan(r->t[r->depth], &models[r->depth], 20);
    else if (what < 86)
        begin_one(r);
    else if (what < 94)
        end_one(r);
    else if (what < 97)
        check_scan(r->reader, &snapshot, 20);
    else if (what < 98)
        check_all(r->reader, &snapshot);
    else if (what < 99 && r->depth)
        check_all(r->t[r->depth], &models[r->depth]);
    else {
        wb_txn_reset(r->reader);
        assert_int_equal(wb_txn_renew(r->reader), 0);
        model_copy(&snapshot, &models[0]);
    }
}

static void run_model(bool mem)
{
    struct fixture f;
    struct run r = {.f = &f};
    fixture_init(&f, mem);
    wb_arena_init(&pool, 1 << 20);
    models[0].n = snapshot.n = 0;
    r.reader = begin(&f, false);
    for (int i = 0; i < steps; i++) {
        step(&r);
        if (!mem && r.depth == 0 && below(200) == 0) {
            wb_txn_abort(r.reader);
            fixture_close(&f);
            fixture_open(&f);
            r.reader = begin(&f, false);
            model_copy(&snapshot, &models[0]);
        }
    }
    while (r.depth)
        end_one(&r);
    wb_txn_abort(r.reader);
    r.reader = begin(&f, false);
    check_all(r.reader, &models[0]);
    wb_txn_abort(r.reader);

    /* All rows gone, all extensions gone: what is left in the file is the store's own. */
    r.reader = begin(&f, true);
    for (size_t i = 0; i < models[0].n; i++)
        assert_int_equal(wb_del(r.reader, models[0].rows[i].key), WB_STORE_OK);
    models[0].n = 0;
    check_all(r.reader, &models[0]);
    wb_txn_commit(r.reader);
    wb_arena_release(&pool);
    fixture_release(&f);
}

static void mem_behaves_as_a_sorted_array(void **state)
{
    run_model(true);
}

static void lmdb_behaves_as_a_sorted_array(void **state)
{
    run_model(false);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mem_behaves_as_a_sorted_array),
        cmocka_unit_test(lmdb_behaves_as_a_sorted_array),
    };
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10) | 1;
    if (argc > 2)
        steps = (int)strtol(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
