/*
 * Outbound HTTP(S) and SMTP on a loop, over libcurl's multi interface. Calls are asynchronous; done
 * is called exactly once on the loop's thread. Redirects are not followed; only the schemes named
 * here are spoken.
 */
#ifndef WB_NET_HTTP_CLIENT_H
#define WB_NET_HTTP_CLIENT_H

#include "base/arena.h"
#include "net/loop.h"

struct wb_client; /* one per loop */
struct wb_client *wb_client_new(struct wb_loop *l);
void wb_client_free(
    struct wb_client *c); /* cancels what runs, done is called with WB_NET_CANCELLED */

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
    size_t answer_max; /* bytes of the answer's body to keep */
    void *user;
    void (*done)(struct wb_http_call *c, enum wb_net_result r, int status, struct wb_slice body,
                 const char *why);
};
void wb_client_http(struct wb_client *c, struct wb_http_call *call); /* call must live until done */

/* smtp://host:port (STARTTLS used when offered, required with "starttls": true) or
 * smtps://host:port. */
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
    /* smtp_code: the last reply code (250, 451, 550, ...), 0 when none came. 5xx = permanent, 4xx
     * and no code = try again. */
    void (*done)(struct wb_smtp_call *c, enum wb_net_result r, int smtp_code, const char *why);
};
void wb_client_smtp(struct wb_client *c, struct wb_smtp_call *call);

#endif
