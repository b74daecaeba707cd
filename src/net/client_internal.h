/*
 * What http_client.c and smtp.c share: a transfer of libcurl and how it ends.
 */
#ifndef WB_NET_CLIENT_INTERNAL_H
#define WB_NET_CLIENT_INTERNAL_H

#include "base/buf.h"
#include "base/list.h"
#include "net/http_client.h"

#include <curl/curl.h>

struct wb_smtp_session; /* smtp.c */

struct wb_transfer {
    struct wb_link link; /* of those running, or of those rejected */
    struct wb_client *client;
    struct wb_loop *loop;
    CURL *easy;
    bool rejected;
    struct curl_slist *list; /* headers */
    char error[CURL_ERROR_SIZE];
    struct wb_buf answer;
    struct wb_http_call *http; /* or: */
    struct wb_smtp_session *mail;
};

/* A transfer with the options that all have. */
struct wb_transfer *wb_transfer_new(struct wb_client *c, const char *url, int64_t timeout_ms);
void wb_transfer_start(struct wb_transfer *t);
/* Ends it, from the loop, without having spoken to anybody. */
void wb_transfer_reject(struct wb_transfer *t, const char *why);
/* Tells the caller if that is still to be done, and frees it. why NULL: what curl said. */
void wb_transfer_end(struct wb_transfer *t, enum wb_net_result r, const char *why);

/* Log-in done, the mail can be handed over. */
void wb_smtp_connected(struct wb_transfer *t);
void wb_smtp_tell(struct wb_transfer *t, enum wb_net_result r, const char *why);
void wb_smtp_hang_up(struct wb_transfer *t); /* before the handle leaves curl */
void wb_smtp_free(struct wb_smtp_session *s);

#endif
