/*
 * libcurl resolves the relay's name, connects, speaks TLS, says EHLO and logs in (CONNECT_ONLY);
 * the mail itself is handed over here, through curl_easy_send and curl_easy_recv: after the final
 * dot libcurl would wait for the reply in a blocking loop, and relays take their time there. One
 * connection a mail.
 *
 * TLS: smtps:// from the first byte; smtp:// with STARTTLS when the relay offers it, or else not at
 * all, unless it is required. The certificate is checked whenever that protects something: when TLS
 * is required, for smtps://, when a CA file was named and when a password is sent. Only mail
 * without a log-in to a relay that need not speak TLS at all goes out without the check: whoever
 * can forge the certificate could as well hide the offer of STARTTLS, and refusing would only cost
 * deliveries (RFC 7435, opportunistic security).
 */
#include "base/limits.h"
#include "net/client_internal.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

enum step { CONNECT, MAIL, RCPT, DATA, BODY, QUIT };

struct wb_smtp_session {
    struct wb_smtp_call *call; /* NULL once told */
    enum step step;
    bool utf8, eight_bit; /* offered by the relay */
    int code;             /* of the last reply */
    uint64_t deadline_ms;
    curl_socket_t fd;
    struct wb_watch *watch;
    struct wb_timer *timer;
    struct wb_buf out, in;
    size_t sent;
    char reply[256]; /* the last line the relay said */
};

static bool has_8bit(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((uint8_t)s.p[i] >= 0x80)
            return true;
    return false;
}

/* An address goes between angle brackets into a line of its own. */
static bool address_ok(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if ((uint8_t)*s <= 0x20 || *s == 0x7f || *s == '<' || *s == '>')
            return false;
    return true;
}

static void keep_reply(struct wb_smtp_session *s, struct wb_slice line)
{
    size_t n = line.n < sizeof(s->reply) - 1 ? line.n : sizeof(s->reply) - 1;
    memcpy(s->reply, line.p, n);
    while (n && (uint8_t)s->reply[n - 1] <= 0x20)
        n--;
    s->reply[n] = 0;
}

/* While curl talks, it shows every line of the relay. */
static size_t on_curl_line(char *p, size_t size, size_t n, void *arg)
{
    struct wb_smtp_session *s = ((struct wb_transfer *)arg)->mail;
    struct wb_slice line = {p, size * n};
    keep_reply(s, line);
    if (line.n > 4 && wb_slice_ieq(wb_slice_sub(line, 4, 12), WB_S("SMTPUTF8")))
        s->utf8 = true;
    if (line.n > 4 && wb_slice_ieq(wb_slice_sub(line, 4, 12), WB_S("8BITMIME")))
        s->eight_bit = true;
    return line.n;
}

void wb_smtp_free(struct wb_smtp_session *s)
{
    if (!s)
        return;
    wb_watch_free(s->watch);
    wb_timer_free(s->timer);
    wb_buf_release(&s->out);
    wb_buf_release(&s->in);
    free(s);
}

void wb_smtp_hang_up(struct wb_transfer *t)
{
    struct wb_smtp_session *s = t->mail;
    wb_watch_free(s->watch);
    s->watch = NULL;
    /* curl says QUIT once more and waits for the reply; on a closed socket it does not. */
    if (s->step != CONNECT)
        shutdown(s->fd, SHUT_RDWR);
}

static void tell(struct wb_smtp_session *s, enum wb_net_result r, int code, const char *why)
{
    struct wb_smtp_call *call = s->call;
    s->call = NULL;
    if (call)
        call->done(call, r, code, why);
}

/* From wb_transfer_end: nothing was said yet, or everything. */
void wb_smtp_tell(struct wb_transfer *t, enum wb_net_result r, const char *why)
{
    struct wb_smtp_session *s = t->mail;
    long code = 0;
    if (t->rejected) {
        code = 553; /* what a relay would say of such an address */
    } else if (s->step == CONNECT && r != WB_NET_CANCELLED) {
        curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
        if (code < 400)
            code = 0; /* the last reply was not what went wrong */
        else
            why = s->reply;
    }
    tell(s, r, (int)code, why);
}

/* Lines end with CRLF and no line is a dot alone (RFC 5321 4.5.2). Single CRs and LFs, which some
 * relays take for line ends, become CRLF as well: nothing in a mail can end it early. */
static void put_message(struct wb_buf *out, struct wb_slice m)
{
    wb_buf_reserve(out, m.n + m.n / 16 + 8);
    bool line_begins = true;
    for (size_t i = 0; i < m.n; i++) {
        char c = m.p[i];
        if (c == '\r' || c == '\n') {
            if (c == '\r' && i + 1 < m.n && m.p[i + 1] == '\n')
                i++;
            wb_buf_put(out, "\r\n", 2);
            line_begins = true;
            continue;
        }
        if (c == '.' && line_begins)
            wb_buf_char(out, '.');
        wb_buf_char(out, c);
        line_begins = false;
    }
    wb_buf_str(out, line_begins ? ".\r\n" : "\r\n.\r\n");
}

static void put_step(struct wb_smtp_session *s)
{
    struct wb_buf *out = &s->out;
    switch (s->step) {
    case MAIL:
        wb_buf_str(out, "MAIL FROM:<");
        wb_buf_str(out, s->call->from);
        wb_buf_char(out, '>');
        if (s->utf8 &&
            (has_8bit(wb_slice_str(s->call->from)) || has_8bit(wb_slice_str(s->call->to))))
            wb_buf_str(out, " SMTPUTF8");
        if (s->eight_bit && has_8bit(s->call->message))
            wb_buf_str(out, " BODY=8BITMIME");
        break;
    case RCPT:
        wb_buf_str(out, "RCPT TO:<");
        wb_buf_str(out, s->call->to);
        wb_buf_char(out, '>');
        break;
    case DATA:
        wb_buf_str(out, "DATA");
        break;
    case BODY:
        put_message(out, s->call->message);
        return;
    default:
        wb_buf_str(out, "QUIT");
    }
    wb_buf_str(out, "\r\n");
}

/* False: the connection failed, and the transfer is gone. */
static bool push(struct wb_transfer *t)
{
    struct wb_smtp_session *s = t->mail;
    while (s->sent < s->out.n) {
        size_t n = 0;
        CURLcode r = curl_easy_send(t->easy, s->out.p + s->sent, s->out.n - s->sent, &n);
        if (r == CURLE_AGAIN)
            break;
        if (r != CURLE_OK) {
            wb_transfer_end(t, WB_NET_PROTOCOL, "the relay closed the connection");
            return false;
        }
        s->sent += n;
    }
    if (s->sent == s->out.n)
        s->sent = s->out.n = 0;
    wb_watch_set(s->watch, WB_WATCH_READ | (s->out.n ? WB_WATCH_WRITE : 0));
    return true;
}

static bool go_to(struct wb_transfer *t, enum step step)
{
    struct wb_smtp_session *s = t->mail;
    s->step = step;
    put_step(s);
    return push(t);
}

static bool quit(struct wb_transfer *t)
{
    /* The mail's fate is known; politeness gets a moment. */
    wb_timer_start(t->mail->timer, WB_SMTP_QUIT_MS);
    return go_to(t, QUIT);
}

/* A complete reply. False: the transfer is gone. */
static bool on_reply(struct wb_transfer *t)
{
    struct wb_smtp_session *s = t->mail;
    if (s->step == QUIT) {
        wb_transfer_end(t, WB_NET_OK, "");
        return false;
    }
    int wanted = s->step == DATA ? 3 : 2;
    if (s->code / 100 != wanted) {
        tell(s, WB_NET_PROTOCOL, s->code >= 400 ? s->code : 0, s->reply);
        return quit(t);
    }
    if (s->step != BODY)
        return go_to(t, s->step + 1);
    tell(s, WB_NET_OK, s->code, s->reply);
    return quit(t);
}

/* Takes the complete lines out of what was read. False: the transfer is gone. */
static bool take_lines(struct wb_transfer *t)
{
    struct wb_smtp_session *s = t->mail;
    for (;;) {
        ptrdiff_t lf = wb_slice_chr(wb_buf_slice(&s->in), '\n', 0);
        if (lf < 0) {
            if (s->in.n < WB_SMTP_LINE_MAX)
                return true;
            break;
        }
        struct wb_slice line = {s->in.p, (size_t)lf};
        int64_t code;
        if (line.n < 4 || (line.p[3] != ' ' && line.p[3] != '-' && line.p[3] != '\r') ||
            !wb_slice_i64(wb_slice_sub(line, 0, 3), &code) || code < 200 || code > 599)
            break;
        bool last = line.p[3] != '-';
        keep_reply(s, line);
        s->code = (int)code;
        wb_buf_drop(&s->in, (size_t)lf + 1);
        if (last && !on_reply(t))
            return false;
    }
    wb_transfer_end(t, WB_NET_PROTOCOL, "the relay does not speak SMTP");
    return false;
}

static void on_ready(void *arg, int events)
{
    struct wb_transfer *t = arg;
    struct wb_smtp_session *s = t->mail;
    if ((events & WB_WATCH_WRITE) && !push(t))
        return;
    for (;;) {
        char part[4096];
        size_t n = 0;
        CURLcode r = curl_easy_recv(t->easy, part, sizeof(part), &n);
        if (r == CURLE_AGAIN)
            return;
        if (r != CURLE_OK || n == 0) {
            wb_transfer_end(t, WB_NET_PROTOCOL, "the relay closed the connection");
            return;
        }
        wb_buf_put(&s->in, part, n);
        if (!take_lines(t))
            return;
    }
}

static void on_deadline(void *arg)
{
    wb_transfer_end(arg, WB_NET_TIMEOUT, "the relay did not answer in time");
}

void wb_smtp_connected(struct wb_transfer *t)
{
    struct wb_smtp_session *s = t->mail;
    uint64_t now = wb_loop_now_ms(t->loop);
    if (curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &s->fd) == CURLE_OK &&
        s->fd != CURL_SOCKET_BAD)
        s->watch = wb_watch_new(t->loop, s->fd, WB_WATCH_READ, on_ready, t);
    if (!s->watch) {
        wb_transfer_end(t, WB_NET_CONNECT, "the relay closed the connection");
        return;
    }
    s->timer = wb_timer_new(t->loop, on_deadline, t);
    wb_timer_start(s->timer, s->deadline_ms > now ? s->deadline_ms - now : 0);
    if (!s->utf8 &&
        (has_8bit(wb_slice_str(s->call->from)) || has_8bit(wb_slice_str(s->call->to)))) {
        tell(s, WB_NET_PROTOCOL, 553, "the relay takes no addresses beyond ASCII");
        quit(t);
        return;
    }
    go_to(t, MAIL);
}

void wb_client_smtp(struct wb_client *c, struct wb_smtp_call *call)
{
    const struct wb_smtp_relay *relay = call->relay;
    struct wb_transfer *t = wb_transfer_new(c, relay->url, call->timeout_ms);
    struct wb_smtp_session *s = t->mail = wb_xcalloc(1, sizeof(*s));
    s->call = call;
    s->fd = CURL_SOCKET_BAD;
    s->deadline_ms = wb_loop_now_ms(t->loop) + (uint64_t)call->timeout_ms;
    if (!address_ok(call->from) || !address_ok(call->to)) {
        wb_transfer_reject(t, "invalid mail address");
        return;
    }
    bool smtps = strncasecmp(relay->url, "smtps:", 6) == 0;
    bool check = smtps || relay->require_tls || relay->ca_file || relay->password;
    curl_easy_setopt(t->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(t->easy, CURLOPT_USE_SSL,
                     (long)(relay->require_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, check ? 1L : 0L);
    curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, check ? 2L : 0L);
    if (relay->ca_file)
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, relay->ca_file);
    if (relay->user) {
        curl_easy_setopt(t->easy, CURLOPT_USERNAME, relay->user);
        curl_easy_setopt(t->easy, CURLOPT_PASSWORD, relay->password ? relay->password : "");
        curl_easy_setopt(t->easy, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN");
    }
    curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_curl_line);
    curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    wb_transfer_start(t);
}
