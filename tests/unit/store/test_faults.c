/* What the store does when the disk refuses: full is an answer, a failed sync is the end. */
#include "fixture.h"

#include "../../lib/io.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <sysexits.h>

static int setup(void **state)
{
    *state = wb_xcalloc(1, sizeof(struct fixture));
    fixture_init(*state, false);
    put_one(*state, "a", "1");
    return 0;
}

static int teardown(void **state)
{
    io_instead = NULL;
    fixture_release(*state);
    free(*state);
    return 0;
}

/* --- faults --- */

static enum { DATA, META, SYNC } victim; /* what fails */
static int with;                         /* an errno, or 0: half is written */
static bool disk_full;                   /* for other files */
static int64_t data_writes_left;         /* that succeed before */

static bool is_data_file(int fd)
{
    char path[64], name[256];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, name, sizeof(name) - 1);
    name[n > 0 ? n : 0] = 0;
    return strstr(name, "/data.mdb") != NULL;
}

static bool refuse(const struct io_call *c, ssize_t *result)
{
    if (c->kind != IO_WRITE && c->kind != IO_SYNC)
        return false;
    if (c->fd <= 2)
        return false;
    if (!is_data_file(c->fd)) {
        *result = -ENOSPC;
        return disk_full && c->kind == IO_WRITE && c->n > 100; /* the note is written in place */
    }
    bool meta = c->kind == IO_WRITE && (fcntl(c->fd, F_GETFL) & O_DSYNC);
    bool data = c->kind == IO_WRITE && !meta;
    if ((victim == DATA && !data) || (victim == META && !meta) ||
        (victim == SYNC && c->kind != IO_SYNC))
        return false;
    if (data && data_writes_left-- > 0)
        return false;
    *result = with ? -with : (ssize_t)c->n / 2;
    return true;
}

static enum wb_store_status commit_many(struct fixture *f, const char *prefix)
{
    static char value[6000];
    struct wb_txn *t;
    enum wb_store_status st = wb_txn_begin(f->s, true, &t);
    if (st)
        return st;
    for (int i = 0; i < 100 && st == WB_STORE_OK; i++)
        st = wb_put(t, wb_printf(&f->a, "%s%02d", prefix, i), wb_slice(value, sizeof(value)));
    if (st) {
        wb_txn_abort(t);
        return st;
    }
    return wb_txn_commit(t);
}

static void full_then_goes_on(struct fixture *f)
{
    io_instead = refuse;
    for (int i = 0; i < 3; i++) {
        int64_t before = data_writes_left;
        assert_int_equal(commit_many(f, "k"), WB_STORE_FULL);
        data_writes_left = before;
        assert_int_equal(wb_store_sequence(f->s), 1);
        struct wb_txn *t = begin(f, false);
        expect_scan(t, "", "", false, "a=1");
        wb_txn_abort(t);
    }
    io_instead = NULL;
    disk_full = false;
    assert_int_equal(commit_many(f, "k"), WB_STORE_OK);
    assert_int_equal(wb_store_sequence(f->s), 2);
    fixture_close(f);
    fixture_open(f);
    struct wb_txn *t = begin(f, false);
    expect(t, "a", "1");
    struct wb_slice v;
    assert_int_equal(wb_get(t, WB_S("k99"), &v), WB_STORE_OK);
    wb_txn_abort(t);
}

static void no_space_is_an_answer(void **state)
{
    victim = DATA;
    with = ENOSPC;
    data_writes_left = 0;
    full_then_goes_on(*state);
}

static void no_space_half_way_is_an_answer(void **state)
{
    victim = DATA;
    with = EDQUOT;
    data_writes_left = 1;
    full_then_goes_on(*state);
}

static void a_short_write_on_a_full_disk_is_an_answer(void **state)
{
    victim = DATA;
    with = 0;
    data_writes_left = 0;
    disk_full = true;
    full_then_goes_on(*state);
}

/* Runs the commit in a child: it must exit with EX_IOERR and say what happened. */
static void dies(struct fixture *f, const char *saying)
{
    int p[2], status;
    char said[2000];
    fixture_close(f);
    assert_int_equal(pipe(p), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(p[1], 2);
        fixture_open(f);
        io_instead = refuse;
        enum wb_store_status st = commit_many(f, "k");
        _exit(st == WB_STORE_OK ? 1 : 2);
    }
    close(p[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(p[0], said + n, sizeof(said) - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = 0;
    close(p[0]);
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_IOERR);
    if (!strstr(said, saying))
        fail_msg("\"%s\" does not say \"%s\"", said, saying);
    fixture_open(f); /* what was acknowledged is there; the rest is whole or absent */
    struct wb_txn *t = begin(f, false);
    struct wb_slice v;
    expect(t, "a", "1");
    assert_int_equal(wb_get(t, WB_S("k00"), &v), wb_get(t, WB_S("k99"), &v));
    wb_txn_abort(t);
}

static void a_failed_sync_is_fatal(void **state)
{
    victim = SYNC;
    with = EIO;
    dies(*state, "the disk failed");
}

static void a_failed_write_is_fatal(void **state)
{
    victim = DATA;
    with = EIO;
    data_writes_left = 0;
    dies(*state, "the disk failed");
}

static void a_short_write_with_room_is_fatal(void **state)
{
    victim = DATA;
    with = 0;
    data_writes_left = 0;
    dies(*state, "the disk failed");
}

static void no_space_in_the_meta_page_is_fatal(void **state)
{
    victim = META;
    with = ENOSPC;
    dies(*state, "the disk failed");
}

static bool fail_small(const struct io_call *c, ssize_t *result)
{
    *result = -ENOSPC;
    return c->kind == IO_WRITE && c->fd > 2 && c->n < 100 && !is_data_file(c->fd);
}

static void a_note_that_cannot_be_written_is_not(void **state)
{
    struct fixture *f = *state;
    io_instead = fail_small;
    put_one(f, "b", "2");
    assert_int_equal(wb_store_sequence(f->s), 2);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(no_space_is_an_answer),
        T(no_space_half_way_is_an_answer),
        T(a_short_write_on_a_full_disk_is_an_answer),
        T(a_failed_sync_is_fatal),
        T(a_failed_write_is_fatal),
        T(a_short_write_with_room_is_fatal),
        T(no_space_in_the_meta_page_is_fatal),
        T(a_note_that_cannot_be_written_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
