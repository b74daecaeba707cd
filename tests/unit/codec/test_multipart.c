#include "codec/multipart.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FORM(b)           "multipart/form-data; boundary=" b
#define PART(head, value) "--b\r\n" head "\r\n\r\n" value "\r\n"
#define NAME(n)           "Content-Disposition: form-data; name=" n

static struct wb_arena arena;
static struct wb_part *part;
static size_t count;

static bool parse(const char *type, struct wb_slice body)
{
    return wb_multipart_parse(&arena, wb_slice_str(type), body, 3, &part, &count);
}

static void is(struct wb_slice s, const char *text)
{
    assert_true(text ? wb_slice_is(s, text) : s.p == NULL);
}

static void test_forms(void **state)
{
    assert_true(
        parse(FORM("b"), WB_S(PART(NAME("key"), "a\r\nb") PART(
                             NAME("\"file\"; filename=\"C:\\x \\\"y\\\".txt\"") "\r\nContent-Type: "
                                                                                "text/plain",
                             "") "--b--\r\nafterwards")));
    assert_int_equal(count, 2);
    is(part[0].name, "key");
    is(part[0].value, "a\r\nb");
    is(part[0].file_name, NULL);
    is(part[0].type, NULL);
    is(part[1].name, "file");
    is(part[1].file_name, "C:\\x \"y\".txt");
    is(part[1].type, "text/plain");
    is(part[1].value, "");
    /* Quoted boundary, other parameters, odd case, blanks behind a boundary; what looks like one.
     */
    assert_true(parse("Multipart/Form-Data; charset=utf-8; Boundary=\"a b\"",
                      WB_S("--a b \t\r\ncontent-disposition:FORM-DATA;name=x\r\n\r\n--a b\r\r\n--a "
                           "c\r\n--a b--")));
    assert_int_equal(count, 1);
    is(part[0].value, "--a b\r\r\n--a c");
    assert_true(parse(FORM("b"), WB_S("--b--")));
    assert_int_equal(count, 0);
    /* Bytes of all kinds */
    assert_true(parse(FORM("b"), WB_S(PART(NAME("f"), "\0\xff\r\n--\r\n") "--b--\r\n")));
    assert_int_equal(part[0].value.n, 8);
}

static void test_refused(void **state)
{
    static const char *const types[] = {"",
                                        "text/plain",
                                        "multipart/form-data",
                                        "multipart/form-data;",
                                        "multipart/form-data; boundary",
                                        "multipart/form-data; boundary=",
                                        "multipart/form-data; boundary=\"b",
                                        "multipart/form-data; boundary=b; boundary=b",
                                        "multipart/mixed; boundary=b"};
    static const char *const bodies[] = {
        "",
        "--b",
        "--b\r\n",
        "--c--",
        "\r\n--b--",
        "--bb--",
        "--b\r\n\r\nno name\r\n--b--",
        PART(NAME("k"), "cut"),
        "--b\r\n" NAME("k") "\r\n--b--",
        "--b\r\nno colon\r\n\r\n\r\n--b--",
        PART("Content-Disposition: attachment; name=k", "v") "--b--",
        PART("Content-Disposition: form-data; filename=k", "v") "--b--",
        PART(NAME("k; name=l"), "v") "--b--",
        PART(NAME("k") "\r\n" NAME("l"), "v") "--b--",
        PART(NAME("\"k"), "v") "--b--",
        PART(NAME("\"k\rx\""), "v") "--b--",
        PART(NAME("k\nx"), "v") "--b--",
        PART(NAME("k x"), "v") "--b-",
        PART(NAME("1"), "") PART(NAME("2"), "") PART(NAME("3"), "") PART(NAME("4"), "") "--b--",
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        assert_false(parse(types[i], WB_S(PART(NAME("k"), "v") "--b--")));
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        assert_false(parse(FORM("b"), wb_slice_str(bodies[i])));
    assert_false(parse(FORM("123456789012345678901234567890123456789012345678901234567890"
                            "12345678901"),
                       WB_S("--b--")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms),
                                       cmocka_unit_test(test_refused)};
    wb_arena_init(&arena, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wb_arena_release(&arena);
    return failed;
}
