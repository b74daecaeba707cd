#include "codec/mime.h"
#include "base/buf.h"
#include "base/time.h"
#include "base/utf8.h"
#include "codec/text.h"

#define LINE_MAX_QP   76  /* RFC 2045, 6.7 (5) */
#define LINE_MAX_SMTP 998 /* RFC 5322, 2.1.1 */
#define WORD_MAX      45 /* bytes of text in an encoded word: 60 of base64, 72 in all (75 allowed) */
#define HEADER_PLAIN  70  /* a longer header text is put into encoded words, which can be folded */
#define ADDRESS_MAX   320 /* RFC 5321: 64 + 1 + 255 */

static bool control(char c)
{
    return (uint8_t)c < 0x20 || c == 0x7f;
}

/* A copy with a blank for every control character, line breaks above all. */
static struct wb_slice one_line(struct wb_arena *a, struct wb_slice s)
{
    char *p = wb_dup_cstr(a, s);
    for (size_t i = 0; i < s.n; i++)
        if (control(p[i]))
            p[i] = ' ';
    return wb_slice(p, s.n);
}

static bool is_ascii(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] >= 0x80)
            return false;
    return true;
}

/* Text as encoded words (RFC 2047), a folded line each, cut between characters. */
static void encoded_words(struct wb_arena *a, struct wb_buf *b, struct wb_slice s)
{
    for (size_t from = 0; from < s.n;) {
        size_t to = from;
        while (to < s.n) {
            size_t next = to;
            if (wb_utf8_next(s, &next) < 0)
                next++;
            if (next - from > WORD_MAX)
                break;
            to = next;
        }
        if (from)
            wb_buf_str(b, "\r\n ");
        wb_buf_str(b, "=?UTF-8?B?");
        wb_buf_slice_put(b, wb_base64_encode(a, wb_slice_sub(s, from, to)));
        wb_buf_str(b, "?=");
        from = to;
    }
}

/* An unstructured header's text, such as the subject. */
static void header_text(struct wb_arena *a, struct wb_buf *b, struct wb_slice s)
{
    if (!is_ascii(s) || s.n > HEADER_PLAIN || wb_slice_find(s, WB_S("=?"), 0) >= 0)
        encoded_words(a, b, s);
    else
        wb_buf_slice_put(b, s);
}

/* A display name in front of an address. */
static void display_name(struct wb_arena *a, struct wb_buf *b, struct wb_slice s)
{
    if (!is_ascii(s) || s.n > HEADER_PLAIN) {
        encoded_words(a, b, s);
        return;
    }
    wb_buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' || s.p[i] == '\\')
            wb_buf_char(b, '\\');
        wb_buf_char(b, s.p[i]);
    }
    wb_buf_char(b, '"');
}

/* Takes the first line off *s, whatever ends it: CRLF, LF or CR. */
static struct wb_slice line_cut(struct wb_slice *s)
{
    size_t i = 0;
    while (i < s->n && s->p[i] != '\n' && s->p[i] != '\r')
        i++;
    struct wb_slice line = wb_slice_sub(*s, 0, i);
    if (i < s->n && s->p[i] == '\r' && i + 1 < s->n && s->p[i + 1] == '\n')
        i++;
    *s = wb_slice_sub(*s, i + 1, s->n);
    return line;
}

/* Plain ASCII in lines that SMTP takes goes as it is, which keeps links readable in the file. */
static bool goes_plain(struct wb_slice text)
{
    while (text.n) {
        struct wb_slice line = line_cut(&text);
        if (line.n > LINE_MAX_SMTP || !is_ascii(line))
            return false;
        for (size_t i = 0; i < line.n; i++)
            if (control(line.p[i]) && line.p[i] != '\t')
                return false;
    }
    return true;
}

static void quoted_line(struct wb_buf *b, struct wb_slice line)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t column = 0;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        bool blank = c == ' ' || c == '\t';
        bool plain = blank ? i + 1 < line.n : c > ' ' && c < 0x7f && c != '=';
        /* Room for this character and the '=' of a soft line break. */
        if (column + (plain ? 1 : 3) > LINE_MAX_QP - 1) {
            wb_buf_str(b, "=\r\n");
            column = 0;
        }
        if (plain)
            wb_buf_char(b, c);
        else
            wb_buf_put(b, (char[]){'=', hex[(uint8_t)c >> 4], hex[c & 15]}, 3);
        column += plain ? 1 : 3;
    }
}

struct wb_slice wb_mime_message(struct wb_arena *a, const struct wb_mail *m)
{
    struct wb_buf b = wb_buf_in(a);
    char date[WB_TIME_MAX];
    struct wb_slice text = m->text;
    bool plain = goes_plain(text);

    wb_buf_str(&b, "From: ");
    if (m->from_name.n) {
        display_name(a, &b, one_line(a, m->from_name));
        wb_buf_char(&b, ' ');
    }
    wb_buf_char(&b, '<');
    wb_buf_slice_put(&b, one_line(a, m->from));
    wb_buf_str(&b, ">\r\nTo: <");
    wb_buf_slice_put(&b, one_line(a, m->to));
    wb_buf_str(&b, ">\r\nSubject: ");
    header_text(a, &b, one_line(a, m->subject));
    wb_time_format(date, m->date_ms, WB_TIME_HTTP);
    wb_buf_printf(&b, "\r\nDate: %.25s +0000\r\nMessage-ID: <", date); /* without "GMT" */
    wb_buf_slice_put(&b, one_line(a, m->message_id));
    wb_buf_str(&b, ">\r\n");
    if (m->list_unsubscribe.n) {
        wb_buf_str(&b, "List-Unsubscribe: <");
        wb_buf_slice_put(&b, one_line(a, m->list_unsubscribe));
        wb_buf_str(&b, ">\r\n");
    }
    wb_buf_str(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                   "Content-Transfer-Encoding: ");
    wb_buf_str(&b, plain ? "7bit\r\n\r\n" : "quoted-printable\r\n\r\n");
    while (text.n) {
        struct wb_slice line = line_cut(&text);
        if (plain)
            wb_buf_slice_put(&b, line);
        else
            quoted_line(&b, line);
        wb_buf_str(&b, "\r\n");
    }
    return wb_buf_slice(&b);
}

bool wb_mail_address_ok(struct wb_slice s)
{
    ptrdiff_t at = wb_slice_chr(s, '@', 0);
    if (at <= 0 || s.n > ADDRESS_MAX || (size_t)at + 1 == s.n ||
        wb_slice_chr(s, '@', (size_t)at + 1) >= 0)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("<>()[],;:\\\"", s.p[i]))
            return false; /* also everything beyond ASCII, char being signed */
    struct wb_slice domain = wb_slice_sub(s, (size_t)at + 1, s.n);
    return domain.p[0] != '.' && domain.p[domain.n - 1] != '.' &&
           wb_slice_find(domain, WB_S(".."), 0) < 0;
}
