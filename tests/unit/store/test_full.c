/* A disk that is really full: a small tmpfs in a mount namespace of this process. Skipped where the
 * kernel grants none. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#define DISK_BYTES (4 << 20)
#define SKIP       77 /* meson's exit code for a skipped test */

static char where[] = "/tmp/wb-full-XXXXXX";

static bool mount_small_disk(void)
{
    char options[64];
    if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return false;
    snprintf(options, sizeof(options), "size=%d", DISK_BYTES);
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", where, "tmpfs", 0, options) == 0;
}

static enum wb_store_status put_row(struct fixture *f, int i, size_t n)
{
    static char value[20000];
    struct wb_txn *t = begin(f, true);
    memset(value, i, n);
    enum wb_store_status st = wb_put(t, wb_printf(&f->a, "row%06d", i), wb_slice(value, n));
    if (st) {
        wb_txn_abort(t);
        return st;
    }
    return wb_txn_commit(t);
}

static void rows_are_there(struct fixture *f, int count)
{
    struct wb_txn *t = begin(f, false);
    struct wb_slice k, v;
    struct wb_scan *s;
    assert_int_equal(wb_scan_open(t, WB_S("row"), WB_S("s"), false, &s), 0);
    for (int i = 0; i < count; i++) {
        assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_OK);
        assert_true(wb_slice_eq(k, wb_printf(&f->a, "row%06d", i)));
        assert_int_equal(v.p[v.n - 1], (char)i);
    }
    assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_NOT_FOUND);
    wb_scan_close(s);
    wb_txn_abort(t);
}

static int fill(struct fixture *f, int from, size_t n)
{
    enum wb_store_status st;
    while ((st = put_row(f, from, n)) == WB_STORE_OK)
        from++;
    assert_int_equal(st, WB_STORE_FULL);
    return from;
}

static void a_full_disk_loses_nothing(void **state)
{
    struct fixture f = {0};
    wb_arena_init(&f.a, 0);
    snprintf(f.dir, sizeof(f.dir), "%s/data", where);
    fixture_open(&f);

    /* Somebody else takes most of the disk. */
    int filler = open(wb_printf(&f.a, "%s/filler", where).p, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_int_equal(posix_fallocate(filler, 0, DISK_BYTES * 3 / 4), 0);
    int count = fill(&f, 0, 20000);
    assert_true(count > 10);
    count = fill(&f, count, 100); /* to the last page */
    uint64_t sequence = wb_store_sequence(f.s);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(put_row(&f, count, 20000), WB_STORE_FULL);
        assert_int_equal(wb_store_sequence(f.s), sequence);
        rows_are_there(&f, count);
    }
    usleep(150 * 1000); /* the room is measured every 100 ms at most; the last time was at open */
    assert_true(wb_store_room(f.s) < 100000);
    assert_int_equal(wb_store_backup(f.s, wb_printf(&f.a, "%s/backup", where).p), WB_STORE_ERROR);
    fixture_close(&f);
    fixture_open(&f); /* also while the disk is full */
    rows_are_there(&f, count);

    /* The disk has room again: the same store goes on. */
    assert_int_equal(ftruncate(filler, 0), 0);
    int more = fill(&f, count, 20000);
    assert_true(more > count + 100);
    assert_true(wb_store_sequence(f.s) >= sequence + 100);
    rows_are_there(&f, more);
    fixture_close(&f);
    fixture_open(&f);
    rows_are_there(&f, more);
    close(filler);
    wb_store_close(f.s);
    wb_arena_release(&f.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_full_disk_loses_nothing)};
    if (!mkdtemp(where) || !mount_small_disk()) {
        printf("skipped: no small disk, neither as root nor in a user namespace: %s\n",
               strerror(errno));
        rmdir(where);
        return SKIP;
    }
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    if (umount(where) == 0)
        rmdir(where);
    return rc;
}
