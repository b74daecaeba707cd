/* A store in a directory of its own, or in memory, for the tests of the store. */
#ifndef WB_TEST_STORE_FIXTURE_H
#define WB_TEST_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "store/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    bool mem;
    char dir[128];
    struct wb_arena a;
    struct wb_slice why; /* of the last open that failed */
    struct wb_store *s;
};

static inline struct wb_store *fixture_try_open(struct fixture *f)
{
    const struct wb_store_options o = {.create = true};
    return wb_store_open_lmdb(f->dir, &o, &f->a, &f->why);
}

static inline void fixture_open(struct fixture *f)
{
    f->s = f->mem ? wb_store_open_mem() : fixture_try_open(f);
    if (!f->s)
        fail_msg("open: %.*s", WB_FMT(f->why));
}

static inline void fixture_close(struct fixture *f)
{
    wb_store_close(f->s);
    f->s = NULL;
}

static inline void fixture_init(struct fixture *f, bool mem)
{
    memset(f, 0, sizeof(*f));
    f->mem = mem;
    wb_arena_init(&f->a, 0);
    snprintf(f->dir, sizeof(f->dir), "/tmp/wb-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    fixture_open(f);
}

static inline void remove_tree(const char *path)
{
    char command[300];
    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    if (system(command))
        fprintf(stderr, "cannot remove %s\n", path);
}

static inline void fixture_release(struct fixture *f)
{
    wb_store_close(f->s);
    remove_tree(f->dir);
    wb_arena_release(&f->a);
}

static inline struct wb_txn *begin(struct fixture *f, bool write)
{
    struct wb_txn *t;
    assert_int_equal(wb_txn_begin(f->s, write, &t), WB_STORE_OK);
    return t;
}

static inline void put(struct wb_txn *t, const char *key, const char *value)
{
    assert_int_equal(wb_put(t, wb_slice_str(key), wb_slice_str(value)), WB_STORE_OK);
}

/* value NULL: absent */
static inline void expect(struct wb_txn *t, const char *key, const char *value)
{
    struct wb_slice v;
    enum wb_store_status st = wb_get(t, wb_slice_str(key), &v);
    assert_int_equal(st, value ? WB_STORE_OK : WB_STORE_NOT_FOUND);
    if (value)
        assert_true(wb_slice_is(v, value));
}

/* One row in a transaction of its own. */
static inline void put_one(struct fixture *f, const char *key, const char *value)
{
    struct wb_txn *t = begin(f, true);
    put(t, key, value);
    assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
}

/* Keys and values of a scan, "a=1 b=2", compared. */
static inline void expect_scan(struct wb_txn *t, const char *lo, const char *hi, bool backward,
                               const char *rows)
{
    struct wb_scan *s;
    struct wb_slice k, v;
    struct wb_buf b = {0};
    assert_int_equal(wb_scan_open(t, wb_slice_str(lo), wb_slice_str(hi), backward, &s), 0);
    enum wb_store_status st;
    while ((st = wb_scan_next(s, &k, &v)) == WB_STORE_OK)
        wb_buf_printf(&b, "%s%.*s=%.*s", b.n ? " " : "", WB_FMT(k), WB_FMT(v));
    assert_int_equal(st, WB_STORE_NOT_FOUND);
    assert_int_equal(wb_scan_next(s, &k, &v), WB_STORE_NOT_FOUND);
    wb_scan_close(s);
    wb_buf_char(&b, 0);
    assert_string_equal(b.p, rows);
    wb_buf_release(&b);
}

#endif
