#include "arena.h"
#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void fill(struct wb_buf *b)
{
    wb_buf_str(b, "str");
    wb_buf_char(b, ' ');
    wb_buf_slice_put(b, WB_S("slice"));
    wb_buf_slice_put(b, WB_SLICE_NULL);
    wb_buf_printf(b, " %d %s ", 5, "x");
    wb_buf_i64(b, INT64_MIN);
    wb_buf_char(b, ' ');
    wb_buf_i64(b, 0);
    wb_buf_char(b, ' ');
    wb_buf_u64(b, UINT64_MAX);
}

static void test_text(void **state)
{
    struct wb_buf heap = {0}, in = wb_buf_in(&arena);
    const char *want = "str slice 5 x -9223372036854775808 0 18446744073709551615";
    fill(&heap);
    fill(&in);
    assert_true(wb_slice_is(wb_buf_slice(&heap), want));
    assert_true(wb_slice_is(wb_buf_slice(&in), want));
    wb_buf_drop(&heap, 4);
    assert_true(wb_slice_starts(wb_buf_slice(&heap), WB_S("slice 5")));
    wb_buf_drop(&heap, 1000);
    assert_int_equal(heap.n, 0);
    wb_buf_release(&heap);
    assert_null(heap.p);
    wb_buf_release(&heap);
}

/* Grows past other allocations of its arena, and in place when it is the last one. */
static void test_growth(void **state)
{
    struct wb_buf b = wb_buf_in(&arena);
    for (int i = 0; i < 200000; i++) {
        wb_buf_char(&b, (char)(i % 251));
        if (i % 1000 == 0)
            memset(wb_alloc(&arena, 32), 0xff, 32);
    }
    assert_int_equal(b.n, 200000);
    for (int i = 0; i < 200000; i++)
        if ((unsigned char)b.p[i] != i % 251)
            fail_msg("byte %d", i);
    struct wb_buf last = wb_buf_in(&arena);
    wb_buf_put(&last, "0123456789", 10);
    for (int i = 0; i < 100; i++)
        wb_buf_put(&last, "0123456789", 10);
    for (size_t i = 0; i < last.n; i++)
        assert_int_equal(last.p[i], '0' + i % 10);
}

static void test_printf_long(void **state)
{
    struct wb_buf b = {0};
    for (int i = 50; i < 80; i++) { /* around the room that is reserved at first */
        b.n = 0;
        wb_buf_printf(&b, "%*d", i, 1);
        assert_int_equal(b.n, i);
        assert_int_equal(b.p[i - 1], '1');
    }
    wb_buf_printf(&b, "%5000d", 7);
    assert_int_equal(b.n, 79 + 5000);
    assert_int_equal(b.p[b.n - 1], '7');
    wb_buf_release(&b);
}

static void test_rows(void **state)
{
    struct wb_buf b = wb_buf_in(&arena);
    wb_buf_le16(&b, 0x0102);
    wb_buf_le32(&b, 0x03040506);
    wb_buf_le64(&b, 0x0708090a0b0c0d0eu);
    wb_buf_lp(&b, WB_S("xyz"));
    wb_buf_lp(&b, WB_SLICE_NULL);
    wb_buf_char(&b, (char)0xff);
    assert_memory_equal(b.p, "\2\1\6\5\4\3\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\3\0\0\0xyz\0\0\0\0\xff",
                        b.n);
    struct wb_rd r = wb_rd(wb_buf_slice(&b));
    assert_int_equal(wb_rd_le16(&r), 0x0102);
    assert_int_equal(wb_rd_le32(&r), 0x03040506);
    assert_true(wb_rd_le64(&r) == 0x0708090a0b0c0d0eu);
    assert_true(wb_slice_is(wb_rd_lp(&r), "xyz"));
    assert_int_equal(wb_rd_lp(&r).n, 0);
    assert_false(wb_rd_done(&r));
    assert_int_equal(wb_rd_u8(&r), 0xff);
    assert_true(wb_rd_done(&r));
    assert_int_equal(wb_rd_u8(&r), 0);
    assert_true(r.bad);
    assert_false(wb_rd_done(&r));
}

/* A row cut anywhere is found out, and nothing is read beyond it. */
static void test_rows_cut(void **state)
{
    struct wb_buf b = {0};
    wb_buf_le32(&b, 1);
    wb_buf_lp(&b, WB_S("abcdef"));
    wb_buf_le64(&b, 2);
    for (size_t n = 0; n < b.n; n++) {
        struct wb_slice cut = wb_slice(wb_xmalloc(n), n);
        if (n)
            memcpy((char *)cut.p, b.p, n);
        struct wb_rd r = wb_rd(cut);
        wb_rd_le32(&r);
        wb_rd_lp(&r);
        wb_rd_le64(&r);
        assert_true(r.bad && !wb_rd_done(&r));
        assert_null(wb_rd_lp(&r).p);
        free((char *)cut.p);
    }
    wb_buf_release(&b);
    struct wb_rd empty = wb_rd(WB_SLICE_NULL);
    assert_true(wb_rd_done(&empty));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_text), T(test_growth), T(test_printf_long),
                                       T(test_rows), T(test_rows_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
