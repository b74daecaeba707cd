/*
 * One writer and several readers at once: every snapshot is of one commit. The writer moves an
 * amount between rows; whoever reads must find the same total, in a scan and by get, and the
 * sequence that the rows carry. Runs under the thread sanitizer too.
 */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#define ROWS    64
#define READERS 3

static struct fixture *f;
static atomic_bool stop;
static atomic_int failures;

static struct wb_slice key_of(int i, char buf[600])
{
    size_t n = i % 4 ? 20 : 550; /* some in extensions */
    memset(buf, 'k', n);
    buf[n - 1] = (char)i;
    return wb_slice(buf, n);
}

static int64_t amount(struct wb_slice v)
{
    int64_t x = 0;
    if (v.n == sizeof(x))
        memcpy(&x, v.p, sizeof(x));
    else
        failures++;
    return x;
}

static void check_snapshot(struct wb_txn *t)
{
    struct wb_slice k, v;
    struct wb_scan *s;
    char key[600];
    int64_t total = 0, by_get = 0;
    int count = 0;
    if (wb_scan_open(t, WB_S("k"), WB_S("l"), wb_txn_sequence(t) % 2, &s)) {
        failures++;
        return;
    }
    for (; wb_scan_next(s, &k, &v) == WB_STORE_OK; count++)
        total += amount(v);
    wb_scan_close(s);
    for (int i = 0; i < ROWS; i++)
        if (wb_get(t, key_of(i, key), &v) == WB_STORE_OK)
            by_get += amount(v);
    uint64_t sequence = 0;
    if (wb_get(t, WB_S("sequence"), &v) == WB_STORE_OK)
        sequence = (uint64_t)amount(v);
    if (total != ROWS * 100 || by_get != total || count != ROWS || sequence != wb_txn_sequence(t))
        failures++;
}

static void *read_on(void *arg)
{
    struct wb_txn *t;
    uint64_t last = 0, *snapshots = arg;
    if (wb_txn_begin(f->s, false, &t)) {
        failures++;
        return NULL;
    }
    do { /* once at least, however soon the writer is done */
        check_snapshot(t);
        failures += wb_txn_sequence(t) < last;
        last = wb_txn_sequence(t);
        wb_txn_reset(t);
        failures += wb_store_room(f->s) <= 0;
        failures += wb_txn_renew(t) != WB_STORE_OK;
        (*snapshots)++;
    } while (!stop);
    wb_txn_abort(t);
    return NULL;
}

static void set(struct wb_txn *t, struct wb_slice key, int64_t v)
{
    assert_int_equal(wb_put(t, key, wb_slice(&v, sizeof(v))), WB_STORE_OK);
}

static void write_once(unsigned i)
{
    struct wb_txn *t = begin(f, true);
    char a_key[600], b_key[600];
    struct wb_slice v;
    for (unsigned j = 0; j < 5; j++) {
        int a = (int)((i * 7 + j) % ROWS), b = (int)((i * 13 + j * 5 + 1) % ROWS);
        if (a == b)
            continue;
        assert_int_equal(wb_get(t, key_of(a, a_key), &v), WB_STORE_OK);
        int64_t x = amount(v);
        assert_int_equal(wb_get(t, key_of(b, b_key), &v), WB_STORE_OK);
        int64_t y = amount(v);
        set(t, key_of(a, a_key), x - j - 1);
        set(t, key_of(b, b_key), y + j + 1);
    }
    set(t, WB_S("sequence"), (int64_t)wb_txn_sequence(t));
    if (i % 5 == 4)
        wb_txn_abort(t);
    else
        assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
}

static void snapshots_are_of_one_commit(void **state)
{
    pthread_t readers[READERS];
    uint64_t snapshots[READERS] = {0};
    char key[600];
    struct fixture fx;
    f = &fx;
    fixture_init(f, *state != NULL);
    stop = false;
    failures = 0;
    struct wb_txn *t = begin(f, true);
    for (int i = 0; i < ROWS; i++)
        set(t, key_of(i, key), 100);
    set(t, WB_S("sequence"), 1);
    assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, &snapshots[i]), 0);
    for (unsigned i = 0; i < 400; i++)
        write_once(i);
    stop = true;
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        assert_true(snapshots[i] > 0);
    }
    assert_int_equal(failures, 0);
    fixture_release(f);
}

static int in_memory = 1;

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"mem: snapshots_are_of_one_commit", snapshots_are_of_one_commit, NULL, NULL, &in_memory},
        {"lmdb: snapshots_are_of_one_commit", snapshots_are_of_one_commit, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
