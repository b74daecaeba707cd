/* Messages of event streams: as the specification lays them out, byte by byte, and back. */
#include "codec/event_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define EQ(slice, text) assert_true(wb_slice_is(slice, text))

/* The checksums of this one were computed with zlib's crc32. */
static void test_bytes(void **state)
{
    static const unsigned char want[] = {0x00, 0x00, 0x00, 0x19, 0x00, 0x00, 0x00, 0x07, 0x96,
                                         0xb6, 0xbf, 0x39, 1,    'a',  7,    0,    2,    'b',
                                         'c',  '{',  '}',  0x08, 0x3b, 0x96, 0xd8};
    struct wb_buf b = {.p = NULL};
    wb_event_message_put(&b, &(struct wb_pair){WB_S("a"), WB_S("bc")}, 1, WB_S("{}"));
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.p, want, sizeof want);
    wb_buf_release(&b);
}

static void test_empty(void **state)
{
    static const unsigned char want[] = {0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
                                         0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff};
    struct wb_buf b = {.p = NULL};
    wb_event_message_put(&b, NULL, 0, WB_S(""));
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.p, want, sizeof want);
    wb_buf_release(&b);
}

static void test_there_and_back(void **state)
{
    struct wb_buf b = {.p = NULL};
    struct wb_event_message m;
    wb_event_put(&b, "sessionUpdate", WB_S("application/json"), WB_S("{\"a\":1}"));
    wb_event_exception_put(&b, "SessionTimeoutException", WB_S("application/json"),
                           WB_S("it is \"over\""));
    struct wb_slice in = wb_buf_slice(&b);
    assert_int_equal(wb_event_message_next(&in, &m), WB_EVENT_READ);
    EQ(wb_event_header(&m, ":event-type"), "sessionUpdate");
    EQ(wb_event_header(&m, ":message-type"), "event");
    EQ(wb_event_header(&m, ":content-type"), "application/json");
    assert_null(wb_event_header(&m, ":exception-type").p);
    EQ(m.payload, "{\"a\":1}");
    assert_int_equal(wb_event_message_next(&in, &m), WB_EVENT_READ);
    EQ(wb_event_header(&m, ":exception-type"), "SessionTimeoutException");
    EQ(wb_event_header(&m, ":message-type"), "exception");
    EQ(m.payload, "{\"message\":\"it is \\\"over\\\"\"}");
    assert_int_equal(in.n, 0);
    assert_int_equal(wb_event_message_next(&in, &m), WB_EVENT_MORE);
    wb_buf_release(&b);
}

/* Every beginning of a message waits for more; no changed byte is taken for a message. */
static void test_damaged(void **state)
{
    struct wb_buf b = {.p = NULL};
    struct wb_event_message m;
    wb_event_put(&b, "sessionStart", WB_S("application/json"), WB_S("{}"));
    for (size_t n = 0; n < b.n; n++) {
        struct wb_slice in = wb_slice(b.p, n);
        assert_int_equal(wb_event_message_next(&in, &m), WB_EVENT_MORE);
        assert_int_equal(in.n, n);
    }
    for (size_t i = 0; i < b.n; i++) {
        struct wb_slice in = wb_buf_slice(&b);
        b.p[i] ^= 0x10;
        assert_int_equal(wb_event_message_next(&in, &m), WB_EVENT_BAD);
        b.p[i] ^= 0x10;
    }
    wb_buf_release(&b);
}

/* Headers of all types, as another server may send them: those that are no strings are stepped
 * over; what does not fit ends the search. */
static void test_header_types(void **state)
{
    static const char headers[] = "\1a\0"
                                  "\1b\1"
                                  "\1c\2x"
                                  "\1d\3xx"
                                  "\1e\4xxxx"
                                  "\1f\5xxxxxxxx"
                                  "\1g\6\0\3xxx"
                                  "\1i\10xxxxxxxx"
                                  "\1j\11xxxxxxxxxxxxxxxx"
                                  "\1k\7\0\3yes";
    struct wb_event_message m = {.headers = wb_slice(headers, sizeof headers - 1)};
    EQ(wb_event_header(&m, "k"), "yes");
    for (size_t i = 0; i < 10; i++)
        assert_null(wb_event_header(&m, (char[]){(char)('a' + i), 0}).p);
    for (size_t n = 0; n < sizeof headers - 1; n++) {
        m.headers.n = n;
        assert_null(wb_event_header(&m, "k").p);
    }
    m.headers = WB_S("\1a\12zz\1k\7\0\3yes"); /* an unknown type */
    assert_null(wb_event_header(&m, "k").p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),          cmocka_unit_test(test_empty),
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_header_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
