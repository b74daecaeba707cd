/* aws-chunked: whole, and in every cut into two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "codec/aws_chunked.h"

#define SIG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* What was understood: sizes, data, trailers in one text; "!" where it was refused. */
static void feed(struct wb_aws_chunks *c, struct wb_slice in, struct wb_buf *said)
{
    struct wb_slice data;
    for (;;) {
        switch (wb_aws_chunks_next(c, &in, &data)) {
        case WB_AWS_MORE:
            return;
        case WB_AWS_BEGIN:
            wb_buf_printf(said, "[%d%s ", (int)c->left, c->signature.n ? "s" : "");
            break;
        case WB_AWS_DATA:
            wb_buf_slice_put(said, data);
            break;
        case WB_AWS_END:
            wb_buf_char(said, ']');
            break;
        case WB_AWS_TRAILER:
            wb_buf_printf(said, "%.*s=%.*s;", WB_FMT(c->name), WB_FMT(c->value));
            break;
        case WB_AWS_DONE:
            wb_buf_char(said, '.');
            break;
        case WB_AWS_BAD:
            wb_buf_char(said, '!');
            return;
        }
    }
}

static const struct {
    const char *in, *said;
    bool ended;
} cases[] = {
    {"5\r\nHello\r\n0\r\n\r\n", "[5 Hello][0 .", true},
    {"5\nHello\n0\n\n", "[5 Hello][0 .", true},
    {"A;chunk-signature=" SIG "\r\n0123456789\r\n0;chunk-signature=" SIG "\r\n\r\n",
     "[10s 0123456789][0s .", true},
    {"0\r\nx-amz-checksum-crc32: AA== \r\nb:c\r\n\r\n", "[0 x-amz-checksum-crc32=AA==;b=c;.", true},
    {"1\r\n\n\r\n0\r\n", "[1 \n][0 ", true}, /* the last empty line may be missing */
    {"0\r\na:b\r\n", "[0 a=b;", true},
    {"0\r\na:b", "[0 ", false},
    {"5\r\nHel", "[5 Hel", false},
    {"5\r\nHello", "[5 Hello", false},
    {"5\r\nHello\r\n", "[5 Hello]", false},
    {"", "", false},
    {"5\r\nHelloX\r\n", "[5 Hello!", false},
    {"5\r\nHelloXX\r\n", "[5 Hello!", false},
    {"g\r\n", "!", false},
    {"\r\n", "!", false},
    {"-1\r\n", "!", false},
    {"1234567890abcdef\r\n", "!", false}, /* 2^60 and more */
    {"5;chunk-signature=12\r\n", "!", false},
    {"5;other=" SIG "\r\n", "!", false},
    {"0\r\nnothing\r\n", "[0 !", false},
    {"0\r\n:x\r\n", "[0 !", false},
    {"0\r\n\r\nmore", "[0 .!", false},
};

static void test_cases(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wb_slice in = wb_slice_str(cases[i].in);
        for (size_t cut = 0; cut <= in.n; cut++) {
            struct wb_aws_chunks c;
            struct wb_buf said = {0};
            wb_aws_chunks_init(&c);
            feed(&c, wb_slice_sub(in, 0, cut), &said);
            if (!said.n || said.p[said.n - 1] != '!')
                feed(&c, wb_slice_sub(in, cut, in.n), &said);
            if (!wb_slice_is(wb_buf_slice(&said), cases[i].said))
                fail_msg("%s cut at %zu: %.*s", cases[i].in, cut, WB_FMT(said));
            assert_int_equal(wb_aws_chunks_ended(&c), cases[i].ended);
            wb_buf_release(&said);
        }
    }
}

static void test_limits(void **state)
{
    struct wb_aws_chunks c;
    struct wb_buf in = {0}, said = {0};
    wb_buf_str(&in, "0\r\n");
    for (int i = 0; i < WB_AWS_TRAILERS_MAX; i++)
        wb_buf_str(&in, "a:b\r\n");
    wb_aws_chunks_init(&c);
    feed(&c, wb_buf_slice(&in), &said);
    assert_int_not_equal(said.p[said.n - 1], '!');
    feed(&c, WB_S("a:b\r\n"), &said);
    assert_int_equal(said.p[said.n - 1], '!');
    in.n = said.n = 0;
    for (int i = 0; i <= WB_AWS_CHUNK_LINE_MAX; i++)
        wb_buf_char(&in, '0');
    wb_aws_chunks_init(&c);
    feed(&c, wb_buf_slice(&in), &said);
    assert_int_equal(said.p[said.n - 1], '!');
    wb_buf_release(&in);
    wb_buf_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
