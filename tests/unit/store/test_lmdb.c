/* What only the store on disk has: reopening, the directory, damage, room, backups. */
#include "fixture.h"

#include "base/crc.h"
#include <dirent.h>
#include <fcntl.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>

static int setup(void **state)
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

/* --- files --- */

static const char *in_dir(struct fixture *f, const char *name)
{
    return wb_printf(&f->a, "%s/%s", f->dir, name).p;
}

static struct wb_slice read_all(struct fixture *f, const char *path)
{
    struct stat sb;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &sb) == 0);
    char *p = wb_alloc(&f->a, (size_t)sb.st_size);
    assert_int_equal(read(fd, p, (size_t)sb.st_size), sb.st_size);
    close(fd);
    return wb_slice(p, (size_t)sb.st_size);
}

static void write_all(const char *path, struct wb_slice s)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s.p, s.n), s.n);
    close(fd);
}

static void refused(struct fixture *f, const char *because)
{
    f->s = fixture_try_open(f);
    assert_null(f->s);
    if (wb_slice_find(f->why, wb_slice_str(because), 0) < 0)
        fail_msg("\"%.*s\" does not say \"%s\"", WB_FMT(f->why), because);
}

/* --- reopening --- */

static void rows_and_sequence_are_there_after_reopening(void **state)
{
    struct fixture *f = *state;
    put_one(f, "a", "1");
    put_one(f, "b", "2");
    fixture_close(f);
    fixture_open(f);
    assert_int_equal(wb_store_sequence(f->s), 2);
    struct wb_txn *t = begin(f, true);
    expect_scan(t, "", "", false, "a=1 b=2");
    assert_int_equal(wb_txn_sequence(t), 3);
    wb_txn_abort(t);
}

static void a_killed_process_leaves_what_it_committed(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    for (int i = 0; i < 5; i++) {
        pid_t child = fork();
        if (child == 0) {
            fixture_open(f);
            put_one(f, i % 2 ? "odd" : "even", "x");
            struct wb_txn *r = begin(f, false), *w = begin(f, true);
            put(w, "half", "done");
            expect(r, "half", NULL);
            kill(getpid(), SIGKILL); /* reader slot and writer's lock are held */
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        fixture_open(f);
        assert_int_equal(wb_store_sequence(f->s), i + 1);
        struct wb_txn *t = begin(f, false);
        expect_scan(t, "", "", false, i ? "even=x odd=x" : "even=x");
        wb_txn_abort(t);
        fixture_close(f);
    }
    fixture_open(f);
}

/* --- the directory --- */

static void a_foreign_directory_is_refused(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    remove_tree(f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    write_all(in_dir(f, "thesis.tex"), WB_S("\\documentclass"));
    refused(f, "other files (thesis.tex)");
    assert_int_equal(access(in_dir(f, "lock"), F_OK), -1); /* and left alone */
    assert_int_equal(access(in_dir(f, "store"), F_OK), -1);
    unlink(in_dir(f, "thesis.tex"));
    mkdir(in_dir(f, "outbox"), 0700);
    fixture_open(f);
}

static void a_missing_store_is_made_only_on_request(void **state)
{
    struct fixture *f = *state;
    struct wb_store_options o = {0};
    struct wb_slice why;
    fixture_close(f);
    remove_tree(f->dir);
    assert_null(wb_store_open_lmdb(f->dir, &o, &f->a, &why));
    assert_true(wb_slice_find(why, WB_S("cannot open the data directory"), 0) >= 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    assert_null(wb_store_open_lmdb(f->dir, &o, &f->a, &why));
    assert_true(wb_slice_find(why, WB_S("holds no Waybill store"), 0) >= 0);
    write_all(in_dir(f, "file"), WB_S(""));
    assert_null(wb_store_open_lmdb(in_dir(f, "file"), &o, &f->a, &why));
    assert_true(wb_slice_find(why, WB_S("is not a directory"), 0) >= 0);
    unlink(in_dir(f, "file"));
    fixture_open(f);
}

static void a_directory_in_use_is_refused(void **state)
{
    struct fixture *f = *state;
    struct wb_store *first = f->s;
    refused(f, wb_printf(&f->a, "in use by another process (pid %ld)", (long)getpid()).p);
    const struct wb_store_options o = {.read_only = true};
    struct wb_slice why;
    assert_null(wb_store_open_lmdb(f->dir, &o, &f->a, &why));
    f->s = first;
    put_one(f, "still", "fine");
}

static void read_only_reads_only(void **state)
{
    struct fixture *f = *state;
    const struct wb_store_options o = {.read_only = true};
    struct wb_txn *t;
    put_one(f, "a", "1");
    fixture_close(f);
    f->s = wb_store_open_lmdb(f->dir, &o, &f->a, &f->why);
    assert_non_null(f->s);
    assert_int_equal(wb_txn_begin(f->s, true, &t), WB_STORE_ERROR);
    assert_null(t);
    t = begin(f, false);
    expect(t, "a", "1");
    wb_txn_abort(t);
}

/* --- damage --- */

static void a_cut_off_file_is_refused(void **state)
{
    struct fixture *f = *state;
    char value[3000] = "v";
    for (int i = 0; i < 40; i++) { /* two commits, so that there are free pages too */
        struct wb_txn *t = begin(f, true);
        for (int k = 0; k < 10; k++) {
            int n = snprintf(value, sizeof(value), "key%03d", (i * 10 + k) % 300);
            assert_int_equal(wb_put(t, wb_slice(value, (size_t)n), wb_slice(value, 3000)), 0);
        }
        assert_int_equal(wb_txn_commit(t), 0);
    }
    fixture_close(f);
    const char *file = in_dir(f, "store/data.mdb");
    struct wb_slice whole = read_all(f, file);
    int opened = 0;
    for (size_t n = 0; n < whole.n; n += n < 10000 ? 1000 : 4096) {
        write_all(file, wb_slice(whole.p, n));
        f->s = fixture_try_open(f);
        if (f->s) { /* only free pages are missing: then every row must be there */
            struct wb_txn *t = begin(f, false);
            struct wb_scan *s;
            struct wb_slice k, v;
            int rows = 0;
            assert_int_equal(wb_scan_open(t, WB_S("key"), WB_SLICE_NULL, false, &s), 0);
            while (wb_scan_next(s, &k, &v) == WB_STORE_OK)
                rows++;
            assert_int_equal(rows, 300);
            wb_scan_close(s);
            wb_txn_abort(t);
            fixture_close(f);
            opened++;
        } else {
            struct stat sb;
            assert_true(wb_slice_find(f->why, WB_S("cut off"), 0) > 0);
            assert_int_equal(stat(file, &sb), 0);
            assert_int_equal(sb.st_size, n); /* left as it was found */
        }
    }
    assert_true(opened < 50);
    unlink(file);
    refused(f, "is missing, but");
    unlink(in_dir(f, "acked"));
    fixture_open(f);
}

static void a_torn_header_is_refused(void **state)
{
    struct fixture *f = *state;
    put_one(f, "a", "1");
    fixture_close(f);
    const char *file = in_dir(f, "store/data.mdb");
    struct wb_slice whole = read_all(f, file);
    for (size_t page = 0; page < 2; page++) {
        char *torn = (char *)(uintptr_t)wb_dup(&f->a, whole).p;
        memset(torn + page * 4096, 0, 512);
        write_all(file, wb_slice(torn, whole.n));
        refused(f, "its header is damaged");
    }
    write_all(file, WB_S("SQLite format 3\0 or whatever else may be called data.mdb, longer than "
                         "nothing"));
    refused(f, "its header is damaged");
    write_all(file, whole);
    fixture_open(f);
}

static void an_interrupted_creation_is_begun_again(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
    const char *file = in_dir(f, "store/data.mdb");
    struct wb_slice whole = read_all(f, file);
    for (size_t n = 0; n <= 8192; n += 4096) { /* LMDB's first write is two meta pages */
        unlink(in_dir(f, "acked"));
        write_all(file, wb_slice(whole.p, n > 4096 ? 0 : n));
        if (n > 4096)
            assert_int_equal(truncate(file, 8192), 0);
        fixture_open(f);
        put_one(f, "a", "1");
        fixture_close(f);
    }
    write_all(file, WB_S("")); /* with the note it is a loss */
    refused(f, "cut off");
    unlink(in_dir(f, "acked"));
    fixture_open(f);
}

/* Changes one byte in every place of the file where `what` is. */
static void damage(struct fixture *f, struct wb_slice what, size_t at)
{
    const char *file = in_dir(f, "store/data.mdb");
    struct wb_slice whole = read_all(f, file);
    char *p = (char *)(uintptr_t)whole.p;
    int places = 0;
    for (size_t i = 0; i + what.n <= whole.n; i++) {
        if (memcmp(p + i, what.p, what.n) == 0) {
            p[i + at] ^= 0x10;
            i += what.n;
            places++;
        }
    }
    assert_true(places > 0);
    write_all(file, whole);
}

static void a_damaged_row_is_an_error_and_the_rest_is_read(void **state)
{
    struct fixture *f = *state;
    struct wb_slice k, v;
    put_one(f, "a", "before");
    put_one(f, "b", "the quick brown fox");
    put_one(f, "c", "behind");
    fixture_close(f);
    damage(f, WB_S("quick brown"), 3);
    fixture_open(f);
    for (int write = 0; write < 2; write++) {
        struct wb_txn *t = begin(f, write);
        struct wb_scan *s;
        assert_int_equal(wb_get(t, WB_S("b"), &v), WB_STORE_CORRUPT);
        assert_non_null(strstr(wb_store_why(f->s), "checksum"));
        for (int backward = 0; backward < 2; backward++) {
            assert_int_equal(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, backward, &s), 0);
            assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_OK);
            assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_CORRUPT);
            assert_true(wb_slice_is(k, "b"));
            assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_OK);
            assert_true(wb_slice_is(k, backward ? "a" : "c"));
            assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_NOT_FOUND);
            wb_scan_close(s);
        }
        wb_txn_abort(t);
    }
    put_one(f, "b", "mended");
}

static void a_row_under_a_damaged_key_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct wb_slice v;
    char key[1200];
    memset(key, 'k', sizeof(key));
    memcpy(key + 1100, "needle", 6);
    struct wb_txn *t = begin(f, true);
    assert_int_equal(wb_put(t, wb_slice(key, sizeof(key)), WB_S("1")), 0);
    put(t, "near miss", "2");
    assert_int_equal(wb_txn_commit(t), 0);
    fixture_close(f);
    damage(f, WB_S("near miss"), 0);
    damage(f, WB_S("needle"), 5);
    fixture_open(f);
    t = begin(f, false);
    key[1105] ^= 0x10;
    assert_int_equal(wb_get(t, WB_S("~ear miss"), &v), WB_STORE_CORRUPT);
    assert_int_equal(wb_get(t, wb_slice(key, sizeof(key)), &v), WB_STORE_CORRUPT);
    wb_txn_abort(t);
}

static void a_damaged_marker_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct wb_slice k, v;
    struct wb_scan *s;
    char key[1200];
    memset(key, 'k', sizeof(key));
    struct wb_txn *t = begin(f, true);
    memcpy(key + 494, "marker", 6);
    assert_int_equal(wb_put(t, wb_slice(key, sizeof(key)), WB_S("1")), 0);
    put(t, "a", "1");
    assert_int_equal(wb_txn_commit(t), 0);
    fixture_close(f);
    damage(f, WB_S("marker"), 9); /* in its sum */
    fixture_open(f);
    t = begin(f, false);
    assert_int_equal(wb_get(t, wb_slice(key, sizeof(key)), &v), WB_STORE_CORRUPT);
    assert_int_equal(wb_scan_open(t, WB_SLICE_NULL, WB_SLICE_NULL, false, &s), 0);
    assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_OK);
    assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_CORRUPT);
    assert_int_equal(k.n, 0); /* nothing more can be read */
    wb_scan_close(s);
    wb_txn_abort(t);
    t = begin(f, true);
    assert_int_equal(wb_put(t, wb_slice(key, sizeof(key)), WB_S("2")), WB_STORE_CORRUPT);
    assert_int_equal(wb_txn_commit(t), WB_STORE_CORRUPT); /* nothing half is committed */
    assert_int_equal(wb_store_sequence(f->s), 1);
}

static void a_page_that_cannot_be_read_ends_with_a_message(void **state)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they catch the signal */
    struct fixture *f = *state;
    int p[2], status;
    char said[300];
    put_one(f, "a", "1");
    fixture_close(f);
    assert_int_equal(pipe(p), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(p[1], 2);
        signal(SIGBUS, SIG_DFL); /* cmocka had it */
        fixture_open(f);
        struct wb_txn *t = begin(f, false);
        if (truncate(in_dir(f, "store/data.mdb"), 4096))
            _exit(1);
        expect(t, "a", "1");
        _exit(2);
    }
    ssize_t n = read(p[0], said, sizeof(said) - 1);
    said[n > 0 ? n : 0] = 0;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EX_IOERR);
    assert_non_null(strstr(said, "could not read"));
    close(p[0]);
    close(p[1]);
    refused(f, "its header is damaged");
    remove_tree(f->dir);
    fixture_open(f);
#else
    (void)state;
#endif
}

/* --- sequence and format --- */

static void a_store_behind_its_note_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *file = in_dir(f, "store/data.mdb");
    put_one(f, "a", "1");
    fixture_close(f);
    struct wb_slice old = read_all(f, file);
    fixture_open(f);
    put_one(f, "b", "2");
    fixture_close(f);
    struct wb_slice now = read_all(f, file), note = read_all(f, in_dir(f, "acked"));
    write_all(file, old);
    refused(f, "ends at commit 1, but commit 2 was acknowledged");
    write_all(in_dir(f, "acked"), wb_slice_sub(note, 0, 11)); /* no sound note: nothing to say */
    fixture_open(f);
    assert_int_equal(wb_store_sequence(f->s), 1);
    fixture_close(f);
    write_all(in_dir(f, "acked"), note);
    refused(f, "delete");
    unlink(in_dir(f, "acked"));
    fixture_open(f);
    fixture_close(f);
    write_all(file, now);
    fixture_open(f);
    assert_int_equal(wb_store_sequence(f->s), 2);
}

/* Writes a row of the store's own, or removes it, behind its back. */
static void set_own_row(struct fixture *f, const char *name, const void *value, size_t n)
{
    MDB_env *env;
    MDB_txn *m;
    MDB_dbi dbi;
    MDB_val k = {strlen(name), (void *)(uintptr_t)name}, v = {n, (void *)(uintptr_t)value};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, in_dir(f, "store"), 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &m), 0);
    assert_int_equal(mdb_dbi_open(m, NULL, 0, &dbi), 0);
    assert_int_equal(value ? mdb_put(m, dbi, &k, &v, 0) : mdb_del(m, dbi, &k, NULL), 0);
    assert_int_equal(mdb_txn_commit(m), 0);
    mdb_env_close(env);
}

static void set_format(struct fixture *f, uint64_t format)
{
    struct wb_buf row = wb_buf_in(&f->a), whole = wb_buf_in(&f->a);
    wb_buf_le64(&row, format);
    wb_buf_le32(&whole, wb_crc32c(wb_crc32c(0, "format", 6), row.p, row.n));
    wb_buf_put(&whole, row.p, row.n);
    set_own_row(f, "format", whole.p, whole.n);
}

static uint64_t format_of(struct fixture *f)
{
    MDB_env *env;
    MDB_txn *m;
    MDB_dbi dbi;
    MDB_val k = {strlen("format"), "format"}, v;
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, in_dir(f, "store"), 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &m), 0);
    assert_int_equal(mdb_dbi_open(m, NULL, 0, &dbi), 0);
    assert_int_equal(mdb_get(m, dbi, &k, &v), 0);
    struct wb_rd r = wb_rd(wb_slice((char *)v.mv_data + 4, v.mv_size - 4));
    uint64_t format = wb_rd_le64(&r);
    assert_true(wb_rd_done(&r));
    mdb_txn_abort(m);
    mdb_env_close(env);
    return format;
}

/* So that an older version of the program refuses what a newer one has written to. */
static void an_older_format_becomes_this_one(void **state)
{
    struct fixture *f = *state;
    put_one(f, "a", "1");
    fixture_close(f);
    set_format(f, 1);
    fixture_open(f);
    struct wb_txn *t = begin(f, false);
    expect(t, "a", "1");
    wb_txn_abort(t);
    fixture_close(f);
    assert_int_equal(format_of(f), WB_STORE_FORMAT);
    fixture_open(f);
}

static void a_newer_format_is_refused(void **state)
{
    struct fixture *f = *state;
    put_one(f, "a", "1");
    fixture_close(f);
    set_format(f, WB_STORE_FORMAT + 1);
    refused(f, "has data format 3; this version of Waybill reads up to 2");
    set_format(f, 0);
    refused(f, "has data format 0");
    set_own_row(f, "format", "damaged!....", 12);
    refused(f, "is damaged");
    set_own_row(f, "format", NULL, 0);
    refused(f, "not Waybill's");
    remove_tree(f->dir);
    fixture_open(f);
}

/* --- room --- */

static void a_full_map_refuses_and_goes_on(void **state)
{
    struct fixture *f = *state;
    const struct wb_store_options o = {.create = true, .map_size = 1 << 20};
    static char value[100000];
    struct wb_txn *t, *n;
    struct wb_slice v;
    fixture_close(f);
    remove_tree(f->dir);
    f->s = wb_store_open_lmdb(f->dir, &o, &f->a, &f->why);
    assert_non_null(f->s);
    put_one(f, "a", "1");

    /* as one transaction */
    t = begin(f, true);
    enum wb_store_status st = WB_STORE_OK;
    char key[] = "k00";
    for (int i = 0; i < 20 && st == WB_STORE_OK; i++) {
        key[2]++;
        st = wb_put(t, wb_slice_str(key), wb_slice(value, sizeof(value)));
    }
    assert_int_equal(st, WB_STORE_FULL);
    assert_int_equal(wb_put(t, WB_S("x"), WB_S("y")), WB_STORE_FULL);
    assert_int_equal(wb_get(t, WB_S("a"), &v), WB_STORE_FULL);
    assert_int_equal(wb_del(t, WB_S("a")), WB_STORE_FULL);
    assert_int_equal(wb_txn_nest(t, &n), WB_STORE_FULL);
    assert_int_equal(wb_txn_commit(t), WB_STORE_FULL);
    assert_int_equal(wb_store_sequence(f->s), 1);
    t = begin(f, true);
    expect_scan(t, "", "", false, "a=1");

    /* nested: the parent goes on */
    put(t, "b", "2");
    assert_int_equal(wb_txn_nest(t, &n), 0);
    for (st = WB_STORE_OK, key[2] = '0'; st == WB_STORE_OK; key[2]++)
        st = wb_put(n, wb_slice_str(key), wb_slice(value, sizeof(value)));
    assert_int_equal(st, WB_STORE_FULL);
    wb_txn_abort(n);
    put(t, "c", "3");
    assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
    t = begin(f, false);
    expect_scan(t, "", "", false, "a=1 b=2 c=3");
    wb_txn_abort(t);
}

static void room_is_what_the_disk_has_beyond_the_reserve(void **state)
{
    struct fixture *f = *state;
    assert_true(wb_store_room(f->s) > 0);
    fixture_close(f);
    struct wb_store_options o = {.disk_reserve = UINT64_C(1) << 60};
    f->s = wb_store_open_lmdb(f->dir, &o, &f->a, &f->why);
    assert_true(wb_store_room(f->s) < 0);
    fixture_close(f);
    o = (struct wb_store_options){.map_size = 8 << 20};
    f->s = wb_store_open_lmdb(f->dir, &o, &f->a, &f->why);
    assert_in_range(wb_store_room(f->s), 1 << 20, 8 << 20); /* the map is smaller than the disk */
}

/* A system that grants less address space than the default map wants. */
static void a_smaller_map_is_taken_where_the_system_grants_no_more(void **state)
{
    struct fixture *f = *state;
    fixture_close(f);
#if defined(__SANITIZE_ADDRESS__)
    fixture_open(f); /* the sanitizer itself needs more than the limit */
#else
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {2u << 30, 2u << 30};
        setrlimit(RLIMIT_AS, &limit);
        fixture_open(f);
        int64_t room = wb_store_room(f->s);
        put_one(f, "a", "1");
        _exit(room > 0 && room < (2ll << 30) ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    fixture_open(f);
    assert_int_equal(wb_store_sequence(f->s), 1);
#endif
}

/* --- extensions, backup --- */

static void extensions_go_with_their_last_row(void **state)
{
    struct fixture *f = *state;
    char key[4000];
    memset(key, 'e', sizeof(key));
    struct wb_txn *t = begin(f, true);
    for (size_t n = 499; n <= sizeof(key); n += 167)
        assert_int_equal(wb_put(t, wb_slice(key, n), WB_S("x")), 0);
    assert_int_equal(wb_txn_commit(t), 0);
    t = begin(f, true);
    for (size_t n = 499; n <= sizeof(key); n += 167)
        assert_int_equal(wb_del(t, wb_slice(key, n)), 0);
    assert_int_equal(wb_txn_commit(t), 0);
    fixture_close(f);

    MDB_env *env;
    MDB_txn *m;
    MDB_dbi dbi;
    MDB_stat stat;
    static const char *const names[] = {"rows", "more"};
    assert_int_equal(mdb_env_create(&env), 0);
    mdb_env_set_maxdbs(env, 2);
    assert_int_equal(mdb_env_open(env, in_dir(f, "store"), MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &m), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mdb_dbi_open(m, names[i], 0, &dbi), 0);
        assert_int_equal(mdb_stat(m, dbi, &stat), 0);
        assert_int_equal(stat.ms_entries, 0);
    }
    mdb_txn_abort(m);
    mdb_env_close(env);
    fixture_open(f);
}

static void a_backup_is_a_directory_of_its_own(void **state)
{
    struct fixture *f = *state, copy = {0};
    struct wb_txn *t = begin(f, true);
    char key[1300];
    memset(key, 'k', sizeof(key));
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(wb_put(t, wb_slice(key, 1 + i * 4), wb_slice(key, i)), 0);
    assert_int_equal(wb_txn_commit(t), 0);
    put_one(f, "z", "last");

    struct wb_txn *w = begin(f, true); /* while the store is in use */
    put(w, "unfinished", "x");
    mkdir(in_dir(f, "tmp"), 0700);
    snprintf(copy.dir, sizeof(copy.dir), "%.100s/tmp/b", f->dir);
    assert_int_equal(wb_store_backup(f->s, copy.dir), WB_STORE_OK);
    assert_int_equal(wb_store_backup(f->s, copy.dir), WB_STORE_ERROR);
    assert_non_null(strstr(wb_store_why(f->s), "not an empty directory"));
    assert_int_equal(wb_store_backup(f->s, "/proc/nowhere/b"), WB_STORE_ERROR);
    wb_txn_abort(w);

    wb_arena_init(&copy.a, 0);
    const struct wb_store_options o = {0};
    copy.s = wb_store_open_lmdb(copy.dir, &o, &copy.a, &copy.why);
    assert_non_null(copy.s);
    assert_int_equal(wb_store_sequence(copy.s), 2);
    t = begin(&copy, false);
    struct wb_slice v;
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(wb_get(t, wb_slice(key, 1 + i * 4), &v), 0);
        assert_int_equal(v.n, i);
    }
    expect(t, "z", "last");
    expect(t, "unfinished", NULL);
    wb_txn_abort(t);
    put_one(&copy, "more", "x");
    fixture_close(&copy);

    /* the copy knows its last commit, as its original does */
    unlink(wb_printf(&copy.a, "%s/store/data.mdb", copy.dir).p);
    refused(&copy, "is missing, but");
    wb_arena_release(&copy.a);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(rows_and_sequence_are_there_after_reopening),
        T(a_killed_process_leaves_what_it_committed),
        T(a_foreign_directory_is_refused),
        T(a_missing_store_is_made_only_on_request),
        T(a_directory_in_use_is_refused),
        T(read_only_reads_only),
        T(a_cut_off_file_is_refused),
        T(a_torn_header_is_refused),
        T(an_interrupted_creation_is_begun_again),
        T(a_damaged_row_is_an_error_and_the_rest_is_read),
        T(a_row_under_a_damaged_key_is_an_error),
        T(a_damaged_marker_is_an_error),
        T(a_page_that_cannot_be_read_ends_with_a_message),
        T(a_store_behind_its_note_is_refused),
        T(an_older_format_becomes_this_one),
        T(a_newer_format_is_refused),
        T(a_full_map_refuses_and_goes_on),
        T(room_is_what_the_disk_has_beyond_the_reserve),
        T(a_smaller_map_is_taken_where_the_system_grants_no_more),
        T(extensions_go_with_their_last_row),
        T(a_backup_is_a_directory_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
