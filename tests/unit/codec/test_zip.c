#include "base/seam.h"
#include "codec/zip.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct wb_arena arena;
static char dir[64]; /* where the test unpacks; "in" is the target, so "../x" can be looked for */
static int dirfd_in;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    return remove(path);
}

static int setup(void **state)
{
    char in[80];
    wb_arena_init(&arena, 0);
    snprintf(dir, sizeof dir, "/tmp/wb_zip_XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(in, sizeof in, "%s/in", dir);
    assert_int_equal(mkdir(in, 0755), 0);
    dirfd_in = open(in, O_RDONLY | O_DIRECTORY);
    assert_true(dirfd_in >= 0);
    return 0;
}

static int teardown(void **state)
{
    close(dirfd_in);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    wb_arena_release(&arena);
    return 0;
}

static struct wb_slice make(const char *name, struct wb_slice data)
{
    struct wb_slice names[] = {wb_slice_str(name), WB_S("second")}, out;
    struct wb_slice datas[] = {data, WB_S("2")};
    assert_true(wb_zip_make(&arena, names, datas, NULL, 2, &out));
    return out;
}

static int unpack(struct wb_slice zip, struct wb_slice *why)
{
    return wb_zip_unpack(&arena, zip, dirfd_in, 1 << 20, 100, why);
}

static struct wb_slice slurp(const char *name)
{
    char buf[4096];
    int fd = openat(dirfd_in, name, O_RDONLY);
    if (fd < 0)
        return WB_SLICE_NULL;
    ssize_t n = read(fd, buf, sizeof buf);
    close(fd);
    return wb_dup(&arena, wb_slice(buf, (size_t)n));
}

static bool is(struct wb_slice s, const char *text)
{
    return wb_slice_is(s, text);
}

static mode_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(fstatat(dirfd_in, name, &st, AT_SYMLINK_NOFOLLOW), 0);
    return st.st_mode;
}

/* The central header number `nth`. */
static char *central(struct wb_slice zip, int nth)
{
    ptrdiff_t at = -1;
    for (int i = 0; i <= nth; i++) {
        at = wb_slice_find(zip, WB_S("PK\1\2"), (size_t)(at + 1));
        assert_true(at >= 0);
    }
    return (char *)zip.p + at;
}

static void set_mode(struct wb_slice zip, int nth, uint32_t mode)
{
    for (int i = 0; i < 4; i++)
        central(zip, nth)[38 + i] = (char)((mode << 16) >> (8 * i));
}

static void test_round_trip(void **state)
{
    struct wb_slice names[] = {WB_S("bootstrap"), WB_S("lib/deep/data.txt"),
                               WB_S("empty"),     WB_S("lib/a//b"),
                               WB_S("./dot"),     WB_S("folder/")};
    struct wb_slice data[] = {WB_S("#!/bin/sh\n"), WB_S("text"), WB_S(""),
                              WB_S("x"),           WB_S("y"),    WB_S("")};
    bool exec[] = {true, false, false, false, false, false};
    struct wb_slice zip, again, why;
    umask(077); /* must not matter */
    assert_true(wb_zip_make(&arena, names, data, exec, 6, &zip));
    assert_true(wb_zip_make(&arena, names, data, exec, 6, &again));
    assert_true(wb_slice_eq(zip, again));
    assert_int_equal(unpack(zip, &why), 0);
    assert_true(is(slurp("bootstrap"), "#!/bin/sh\n"));
    assert_int_equal(mode_of("bootstrap"), S_IFREG | 0755);
    assert_true(is(slurp("lib/deep/data.txt"), "text"));
    assert_int_equal(mode_of("lib/deep/data.txt"), S_IFREG | 0644);
    assert_true(is(slurp("empty"), ""));
    assert_true(is(slurp("lib/a/b"), "x"));
    assert_true(is(slurp("dot"), "y"));
    assert_true(S_ISDIR(mode_of("folder")));
    umask(022);
}

static void test_names_refused(void **state)
{
    static const char *const bad[] = {"../out", "a/../../out", "/tmp/out", "..", "a/..", "../in/x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wb_slice why = WB_SLICE_NULL;
        assert_int_equal(unpack(make(bad[i], WB_S("x")), &why), -EINVAL);
        assert_true(wb_slice_find(why, wb_slice_str(bad[i]), 0) >= 0);
    }
    char out[80];
    snprintf(out, sizeof out, "%s/out", dir);
    assert_int_not_equal(access(out, F_OK), 0);
}

static void test_links(void **state)
{
    static const char *const out[] = {"/etc/passwd", "../x",      "a/../../x",
                                      "..",          "lib/../..", "loop/../../../x"};
    struct wb_slice why;
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        struct wb_slice zip = make("loop", wb_slice_str(out[i]));
        set_mode(zip, 0, S_IFLNK | 0777);
        assert_int_equal(unpack(zip, &why), -EINVAL);
        unlinkat(dirfd_in, "loop", 0);
        unlinkat(dirfd_in, "second", 0);
    }
    struct wb_slice inside = make("bin/link", WB_S("../second"));
    set_mode(inside, 0, S_IFLNK | 0777);
    assert_int_equal(unpack(inside, &why), 0);
    assert_true(S_ISLNK(mode_of("bin/link")));
    assert_true(is(slurp("bin/link"), "2"));
}

/* Two links that are each harmless by their text but lead out together. */
static void test_links_together(void **state)
{
    struct wb_slice names[] = {WB_S("here"), WB_S("out"), WB_S("d/file")}, zip, why;
    struct wb_slice data[] = {WB_S("."), WB_S("here/../.."), WB_S("x")};
    assert_true(wb_zip_make(&arena, names, data, NULL, 3, &zip));
    set_mode(zip, 0, S_IFLNK | 0777);
    set_mode(zip, 1, S_IFLNK | 0777);
    assert_int_equal(unpack(zip, &why), -EINVAL);
}

/* A file may not be written through a link of the same archive. */
static void test_file_through_link(void **state)
{
    struct wb_slice names[] = {WB_S("l"), WB_S("l/evil")}, zip, why;
    struct wb_slice data[] = {WB_S(".."), WB_S("x")};
    char out[80];
    assert_true(wb_zip_make(&arena, names, data, NULL, 2, &zip));
    set_mode(zip, 0, S_IFLNK | 0777);
    assert_true(unpack(zip, &why) < 0);
    snprintf(out, sizeof out, "%s/evil", dir);
    assert_int_not_equal(access(out, F_OK), 0);
}

static void test_special_entries(void **state)
{
    struct wb_slice why, zip = make("pipe", WB_S(""));
    set_mode(zip, 0, S_IFIFO | 0644);
    assert_int_equal(unpack(zip, &why), -EINVAL);

    zip = make("locked", WB_S("x"));
    central(zip, 0)[8] |= 1; /* "encrypted" */
    assert_int_equal(unpack(zip, &why), -EINVAL);
}

static void test_same_name_twice(void **state)
{
    struct wb_slice names[] = {WB_S("file1"), WB_S("file2")}, zip, why;
    struct wb_slice data[] = {WB_S("a"), WB_S("b")};
    assert_true(wb_zip_make(&arena, names, data, NULL, 2, &zip));
    for (ptrdiff_t at = 0; (at = wb_slice_find(zip, WB_S("file2"), (size_t)at)) >= 0;)
        ((char *)zip.p)[at + 4] = '1';
    assert_true(unpack(zip, &why) < 0);
}

static void test_limits(void **state)
{
    struct wb_slice big = wb_slice(wb_zalloc(&arena, 1 << 20), 1 << 20), why;
    assert_int_equal(unpack(make("bomb", big), &why), -EFBIG); /* 1 MiB and the "2" */
    big.n--;
    assert_int_equal(unpack(make("fits", big), &why), 0);
    unlinkat(dirfd_in, "second", 0);

    struct wb_slice zip = make("a", WB_S("x"));
    assert_int_equal(wb_zip_unpack(&arena, zip, dirfd_in, 100, 1, &why), -EFBIG);
    assert_int_equal(wb_zip_unpack(&arena, zip, dirfd_in, 1, 2, &why), -EFBIG);
    assert_int_equal(wb_zip_unpack(&arena, zip, dirfd_in, 2, 2, &why), 0);
}

/* What the archive says of its size does not raise the limit. */
static void test_lying_size(void **state)
{
    struct wb_slice big = wb_slice(wb_zalloc(&arena, 1 << 20), 1 << 20), why;
    struct wb_slice zip = make("bomb", big);
    memcpy(central(zip, 0) + 24, "\1\0\0\0", 4);
    assert_true(wb_zip_unpack(&arena, zip, dirfd_in, 1000, 10, &why) < 0);
    struct stat st;
    if (fstatat(dirfd_in, "bomb", &st, 0) == 0)
        assert_true(st.st_size <= 1000);
}

static void test_foreign_bytes(void **state)
{
    struct wb_slice why, zip = make("name", WB_S("some data, some data, some data"));
    struct wb_seam_sim sim;
    assert_int_equal(unpack(WB_S(""), &why), -EINVAL);
    assert_int_equal(unpack(WB_S("not an archive"), &why), -EINVAL);
    for (size_t n = 0; n < zip.n; n++)
        assert_true(unpack(wb_slice_sub(zip, 0, n), &why) < 0);
    wb_seam_sim_init(&sim, 1, 0);
    for (int i = 0; i < 1000; i++) {
        uint32_t r[2];
        sim.seam.random(&sim.seam, r, sizeof r);
        struct wb_slice copy = wb_dup(&arena, zip);
        ((char *)copy.p)[r[0] % copy.n] ^= (char)(1 << r[1] % 8);
        unpack(copy, &why); /* whatever it says, it ends, and stays in the directory */
        teardown(NULL);
        setup(NULL);
        zip = make("name", WB_S("some data, some data, some data"));
    }
}

/* What the system refuses is told with the name of the entry. */
static void test_system_errors(void **state)
{
    struct rlimit before, small = {10, RLIM_INFINITY};
    struct wb_slice why = WB_SLICE_NULL;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int code = unpack(make("large", WB_S("more than ten bytes")), &why);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(code, -EFBIG);
    assert_true(wb_slice_is(why, "large: File too large"));

    assert_int_equal(unpack(make("second/x", WB_S("")), &why), -EEXIST);
    assert_true(wb_slice_is(why, "second: File exists"));
    unlinkat(dirfd_in, "second/x", 0);
    unlinkat(dirfd_in, "second", AT_REMOVEDIR);

    struct wb_slice names[] = {WB_S("a"), WB_S("a/b")}, data[] = {WB_S(""), WB_S("")}, zip;
    assert_true(wb_zip_make(&arena, names, data, NULL, 2, &zip));
    assert_int_equal(unpack(zip, &why), -ENOTDIR);
    assert_true(wb_slice_is(why, "a/b: Not a directory"));

    zip = make("link", WB_S("second"));
    set_mode(zip, 0, S_IFLNK | 0777);
    assert_int_equal(symlinkat("x", dirfd_in, "link"), 0);
    assert_int_equal(unpack(zip, &why), -EEXIST);
}

static void test_checksum(void **state)
{
    struct wb_slice why, zip = make("stored", WB_S("q"));
    ptrdiff_t at = wb_slice_find(zip, WB_S("storedq"), 0); /* one byte is stored as it is */
    assert_true(at > 0);
    ((char *)zip.p)[at + 6] = 'r';
    assert_int_equal(unpack(zip, &why), -EINVAL);
    assert_true(wb_slice_is(why, "stored: CRC error"));
}

static void test_make_refuses(void **state)
{
    struct wb_slice out, twice[] = {WB_S("a"), WB_S("a")}, data[] = {WB_S(""), WB_S("")};
    assert_false(wb_zip_make(&arena, twice, data, NULL, 2, &out));
    assert_false(wb_zip_make(&arena, twice, data, NULL, 0, &out));
}

static void test_deflate(void **state)
{
    struct wb_seam_sim sim;
    wb_seam_sim_init(&sim, 7, 0);
    for (size_t n = 0; n < 200000; n = n * 3 + 1) {
        char *p = wb_alloc(&arena, n);
        sim.seam.random(&sim.seam, p, n / 2);
        memset(p + n / 2, 'x', n - n / 2);
        struct wb_slice in = wb_slice(p, n), out;
        struct wb_slice z = wb_deflate(&arena, in), g = wb_gzip(&arena, in);
        assert_true(wb_inflate(&arena, z, n, &out) && wb_slice_eq(in, out));
        assert_true(wb_gunzip(&arena, g, n, &out) && wb_slice_eq(in, out));
        if (n) {
            assert_false(wb_inflate(&arena, z, n - 1, &out));
            assert_false(wb_gunzip(&arena, g, n - 1, &out));
        }
        assert_false(wb_inflate(&arena, wb_slice_sub(z, 0, z.n - 1), n, &out));
        assert_false(wb_gunzip(&arena, wb_slice_sub(g, 0, g.n - 1), n, &out));
        assert_false(wb_inflate(&arena, g, n, &out));
        assert_false(wb_gunzip(&arena, z, n, &out));
    }
}

/* A zlib stream is two bytes, raw deflate, and four bytes of checksum (RFC 1950). */
static void test_gzip_before(void **state)
{
    char *long_begin = wb_alloc(&arena, UINT16_MAX + 1);
    memset(long_begin, 'b', UINT16_MAX + 1);
    struct wb_slice begins[] = {WB_S(""), WB_S("<meta>"), wb_slice(long_begin, UINT16_MAX)};
    struct wb_slice rests[] = {WB_S(""), WB_S("the rest, the rest, the rest")}, out;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        for (size_t j = 0; j < sizeof rests / sizeof *rests; j++) {
            struct wb_slice z = wb_deflate(&arena, rests[j]);
            struct wb_slice packed = wb_slice_sub(z, 2, z.n - 4);
            struct wb_slice both[] = {begins[i], rests[j]}, all = wb_concat(&arena, both, 2);
            assert_true(wb_gunzip(&arena, wb_gzip_before(&arena, begins[i], rests[j], packed),
                                  all.n, &out));
            assert_true(wb_slice_eq(all, out));
        }
    assert_null(wb_gzip_before(&arena, wb_slice(long_begin, UINT16_MAX + 1), rests[0], rests[0]).p);
}

static void test_gzip_members(void **state)
{
    struct wb_slice one = wb_gzip(&arena, WB_S("one")), two = wb_gzip(&arena, WB_S("two")), out;
    struct wb_slice both = wb_concat(&arena, (struct wb_slice[]){one, two}, 2);
    assert_true(wb_gunzip(&arena, both, 6, &out) && is(out, "onetwo"));
    assert_false(wb_gunzip(&arena, both, 5, &out));
    struct wb_slice tail = wb_concat(&arena, (struct wb_slice[]){one, WB_S("rest")}, 2);
    assert_false(wb_gunzip(&arena, tail, 100, &out));
    struct wb_slice z = wb_concat(&arena, (struct wb_slice[]){wb_deflate(&arena, one), one}, 2);
    assert_false(wb_inflate(&arena, z, 1000, &out));
}

/* 1 GB from 1 MB: stops at the limit. */
static void test_deflate_bomb(void **state)
{
    struct wb_slice zeros = wb_slice(wb_zalloc(&arena, 64 << 20), 64 << 20), out;
    struct wb_slice z = wb_deflate(&arena, zeros);
    size_t before = arena.total;
    assert_false(wb_inflate(&arena, z, 100000, &out));
    assert_true(arena.total - before < (4 << 20));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_round_trip),
        T(test_names_refused),
        T(test_links),
        T(test_links_together),
        T(test_file_through_link),
        T(test_special_entries),
        T(test_same_name_twice),
        T(test_limits),
        T(test_lying_size),
        T(test_foreign_bytes),
        T(test_make_refuses),
        T(test_system_errors),
        T(test_checksum),
        T(test_deflate),
        T(test_gzip_before),
        T(test_gzip_members),
        T(test_deflate_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
