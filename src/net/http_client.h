/*
 * Outbound HTTP(S) and SMTP on a loop, over libcurl's multi interface. Calls are asynchronous; done
 * is called exactly once on the loop's thread. Redirects are not followed; only the schemes named
 * here are spoken, proxies and netrc of the environment are not looked at, host names are resolved
 * by a thread of libcurl.
 */
#ifndef WB_NET_HTTP_CLIENT_H
#define WB_NET_HTTP_CLIENT_H

#include "base/arena.h"
#include "net/loop.h"

struct wb_client; /* one per loop */
struct wb_client *wb_client_new(struct wb_loop *l);
/* Cancels what runs: done is called with WB_NET_CANCELLED and must not start another call. Accepts
 * NULL. */
void wb_client_free(struct wb_client *c);

enum wb_net_result {
    WB_NET_OK,      /* an answer arrived: see status */
    WB_NET_CONNECT, /* name or connection failed */
    WB_NET_TIMEOUT,
    WB_NET_TLS,      /* certificate or handshake */
    WB_NET_AUTH,     /* SMTP log-in refused */
    WB_NET_PROTOCOL, /* anything else on the wire */
    WB_NET_CANCELLED,
};

struct wb_http_call {
    const char *method, *url;
    const char *const *header; /* "Name: value", NULL-terminated */
    struct wb_slice body;
    int64_t timeout_ms;
    size_t answer_max;      /* bytes of the answer's body to keep; the rest is not read */
    const char *ca_file;    /* certificates to trust instead of the system's; NULL = those */
    int64_t retry_after_ms; /* set before done: the answer's Retry-After; 0 = there is none */
    void *user;
    void (*done)(struct wb_http_call *c, enum wb_net_result r, int status, struct wb_slice body,
                 const char *why);
};
/* The call and all it points to must live until done, which is never called from inside. Control
 * characters in method, URL or headers: WB_NET_PROTOCOL, nothing is sent. */
void wb_client_http(struct wb_client *c, struct wb_http_call *call);

/* smtp://host:port (STARTTLS is used when offered; require_tls makes it a condition) or
 * smtps://host:port. The certificate is checked unless mail goes out without TLS being required,
 * without a log-in and without ca_file. Log-in is by PLAIN or LOGIN. */
struct wb_smtp_relay {
    const char *url;
    const char *user, *password; /* NULL = no log-in */
    bool require_tls;
    const char *ca_file; /* NULL = system's */
};
struct wb_smtp_call {
    const struct wb_smtp_relay *relay;
    const char *from, *to;   /* addr-spec */
    struct wb_slice message; /* RFC 5322, CRLF */
    int64_t timeout_ms;
    void *user;
    /* WB_NET_OK only when the relay took the mail. smtp_code: 250, or the reply that refused it
     * (451, 550, ...; 553 for an address that cannot be sent at all), 0 when none did. 5xx =
     * permanent, 4xx and no code = try again. */
    void (*done)(struct wb_smtp_call *c, enum wb_net_result r, int smtp_code, const char *why);
};
void wb_client_smtp(struct wb_client *c, struct wb_smtp_call *call);

#endif
