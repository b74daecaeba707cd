#include "arena.h"
#include "base/buf.h"
#include "codec/mime.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct wb_mail sample(void)
{
    return (struct wb_mail){.from = WB_S("waybill@example.com"),
                            .from_name = WB_S("Waybill"),
                            .to = WB_S("ops@example.com"),
                            .subject = WB_S("A parcel is late"),
                            .text = WB_S("Hello,\n\nhttps://example.com/?a=b&c=d\n"),
                            .message_id = WB_S("1@example.com"),
                            .date_ms = 1795348800123};
}

static void test_plain(void **state)
{
    struct wb_mail m = sample();
    m.list_unsubscribe = WB_S("https://example.com/u?x=1");
    struct wb_slice s = wb_mime_message(&arena, &m);
    assert_true(wb_slice_is(s, "From: \"Waybill\" <waybill@example.com>\r\n"
                               "To: <ops@example.com>\r\n"
                               "Subject: A parcel is late\r\n"
                               "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n"
                               "Message-ID: <1@example.com>\r\n"
                               "List-Unsubscribe: <https://example.com/u?x=1>\r\n"
                               "MIME-Version: 1.0\r\n"
                               "Content-Type: text/plain; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: 7bit\r\n"
                               "\r\n"
                               "Hello,\r\n\r\nhttps://example.com/?a=b&c=d\r\n"));
}

static bool has(struct wb_slice s, const char *part)
{
    return wb_slice_find(s, wb_slice_str(part), 0) >= 0;
}

static void test_unicode(void **state)
{
    struct wb_mail m = sample();
    m.subject = WB_S("Pünktlich");
    m.from_name = WB_S("Müller");
    m.text = WB_S("Grüße = 1 \nlast blank \t\n");
    struct wb_slice s = wb_mime_message(&arena, &m);
    assert_true(has(s, "Subject: =?UTF-8?B?UMO8bmt0bGljaA==?=\r\n"));
    assert_true(has(s, "From: =?UTF-8?B?TcO8bGxlcg==?= <waybill@example.com>\r\n"));
    assert_true(has(s, "quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe =3D 1=20\r\nlast blank =09\r\n"));
}

/* Long words are cut between characters, and no line is longer than 76. */
static void test_long(void **state)
{
    struct wb_buf long_text = wb_buf_in(&arena);
    for (int i = 0; i < 100; i++)
        wb_buf_str(&long_text, "\xe2\x82\xac");
    struct wb_mail m = sample();
    m.subject = m.text = wb_buf_slice(&long_text);
    struct wb_slice s = wb_mime_message(&arena, &m);
    assert_true(has(s, "Subject: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs"
                       "4oKs?=\r\n =?UTF-8?B?4oKs"));
    for (struct wb_slice rest = s; rest.p;) {
        struct wb_slice line = wb_slice_cut(&rest, '\n');
        assert_true(line.n <= 9 + 76 + 1);
        assert_true(line.n == 0 || line.p[line.n - 1] == '\r');
    }
    m = sample();
    m.subject = wb_slice(wb_zalloc(&arena, 200), 200);
    memset((char *)m.subject.p, 'a', 200);
    assert_true(has(wb_mime_message(&arena, &m), "Subject: =?UTF-8?B?YWFh"));
    m.subject = WB_S("=?not?a?word?=");
    assert_false(has(wb_mime_message(&arena, &m), "=?not?a?word?="));
}

static void test_injection(void **state)
{
    struct wb_mail m = sample();
    m.subject = WB_S("x\r\nBcc: all@example.com\r\n\r\nbody");
    m.to = WB_S("a@b\r\nX: y");
    m.from = WB_S("a@b\nX: y");
    m.from_name = WB_S("\"<evil@example.com>\r\nX: y");
    m.message_id = WB_S("1\r\nX: y");
    m.list_unsubscribe = WB_S("u\r\nX: y");
    struct wb_slice s = wb_mime_message(&arena, &m);
    assert_true(has(s, "Subject: x  Bcc: all@example.com    body\r\n"));
    assert_true(has(s, "From: \"\\\"<evil@example.com>  X: y\" <a@b X: y>\r\n"));
    assert_false(has(s, "\nX:"));
    assert_false(has(s, "\nBcc:"));
}

/* Everything that ends a line becomes CRLF; a control character forces quoting. */
static void test_line_ends(void **state)
{
    struct wb_mail m = sample();
    m.text = WB_S("a\rb\r\nc\n\nd");
    assert_true(
        wb_slice_ends(wb_mime_message(&arena, &m), WB_S("\r\n\r\na\r\nb\r\nc\r\n\r\nd\r\n")));
    m.text = WB_S("a\0b");
    assert_true(wb_slice_ends(wb_mime_message(&arena, &m), WB_S("\r\n\r\na=00b\r\n")));
    m.text = wb_slice(wb_zalloc(&arena, 999), 999);
    memset((char *)m.text.p, 'a', 999);
    assert_true(has(wb_mime_message(&arena, &m), "quoted-printable"));
    m.text.n = 998;
    assert_true(has(wb_mime_message(&arena, &m), "7bit"));
    m.text = WB_SLICE_NULL;
    assert_true(wb_slice_ends(wb_mime_message(&arena, &m), WB_S("7bit\r\n\r\n")));
}

static void test_addresses(void **state)
{
    static const char *const good[] = {"a@b", "first.last+tag@example.co.uk", "o'neil@x-y.org"};
    static const char *const bad[] = {"",       "a",       "@b",         "a@",    "a@b@c",
                                      "a b@c",  "a@b\r\n", "a@b,c",      "<a@b>", "a@.b",
                                      "a@b.",   "a@b..c",  "a\"b@c",     "a@b;c", "\xc3\xa9@b",
                                      "a(x)@b", "a@[::1]", "mailto:a@b", "a\\@b", "a@b\x7f"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(wb_mail_address_ok(wb_slice_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(wb_mail_address_ok(wb_slice_str(bad[i])));
    char *p = wb_alloc(&arena, 321);
    memset(p, 'a', 321);
    p[10] = '@';
    assert_true(wb_mail_address_ok(wb_slice(p, 320)));
    assert_false(wb_mail_address_ok(wb_slice(p, 321)));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_plain),     T(test_unicode),   T(test_long),
                                       T(test_injection), T(test_line_ends), T(test_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
