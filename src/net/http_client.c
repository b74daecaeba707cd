/*
 * libcurl's multi interface driven by the loop: curl says which sockets to watch and when to be
 * called again, the loop tells it what happened. Finished transfers are collected after each such
 * call, outside of curl's call-backs, so `done` may start the next call.
 */
#include "net/client_internal.h"

#include "base/limits.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

struct wb_client {
    CURLM *multi;
    struct wb_loop *loop;
    struct wb_timer *timer;  /* curl's */
    struct wb_timer *reject; /* for what was refused before it ran */
    struct wb_link running, rejected;
    bool freeing;
};

static void init_curl(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        abort();
}

/* Ends of transfers */

static enum wb_net_result result_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return WB_NET_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return WB_NET_CONNECT;
    case CURLE_OPERATION_TIMEDOUT:
        return WB_NET_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
        return WB_NET_TLS;
    case CURLE_LOGIN_DENIED:
        return WB_NET_AUTH;
    default:
        return WB_NET_PROTOCOL;
    }
}

static void tell_http(struct wb_transfer *t, enum wb_net_result r, const char *why)
{
    long status = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    struct wb_slice body = t->answer.n ? wb_buf_slice(&t->answer) : WB_S("");
    curl_off_t after = 0;
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
    t->http->retry_after_ms = after > 0 && after < INT32_MAX ? (int64_t)after * 1000 : 0;
    if (r != WB_NET_OK)
        status = 0;
    t->http->done(t->http, r, (int)status, r == WB_NET_OK ? body : WB_S(""), why);
}

void wb_transfer_end(struct wb_transfer *t, enum wb_net_result r, const char *why)
{
    wb_list_remove(&t->link);
    if (t->mail)
        wb_smtp_hang_up(t);
    if (!t->rejected)
        curl_multi_remove_handle(t->client->multi, t->easy);
    if (!why)
        why = t->error;
    if (t->mail)
        wb_smtp_tell(t, r, why);
    else
        tell_http(t, r, why);
    wb_smtp_free(t->mail);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->list);
    wb_buf_release(&t->answer);
    free(t);
}

static void collect(struct wb_client *c)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(c->multi, &left))) {
        if (m->msg != CURLMSG_DONE)
            continue;
        struct wb_transfer *t = NULL;
        CURLcode code = m->data.result;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
        /* We ended the transfer ourselves when the answer was longer than wanted. */
        if (code == CURLE_WRITE_ERROR && t->http && t->answer.n == t->http->answer_max)
            code = CURLE_OK;
        if (t->mail && code == CURLE_OK)
            wb_smtp_connected(t);
        else if (code == CURLE_OK)
            wb_transfer_end(t, WB_NET_OK, "");
        else
            wb_transfer_end(t, result_of(code), t->error[0] ? NULL : curl_easy_strerror(code));
    }
}

static void on_rejected(void *arg)
{
    struct wb_client *c = arg;
    while (!wb_list_empty(&c->rejected))
        wb_transfer_end(WB_CONTAINER(c->rejected.next, struct wb_transfer, link), WB_NET_PROTOCOL,
                        NULL);
}

/* The loop's side */

static void on_timer(void *arg)
{
    struct wb_client *c = arg;
    int running;
    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(c);
}

static int set_timer(CURLM *multi, long after_ms, void *arg)
{
    struct wb_client *c = arg;
    (void)multi;
    if (after_ms < 0)
        wb_timer_stop(c->timer);
    else
        wb_timer_start(c->timer, (uint64_t)after_ms);
    return 0;
}

struct socket_watch {
    struct wb_client *client;
    struct wb_watch *watch;
    curl_socket_t fd;
};

static void on_socket(void *arg, int events)
{
    struct socket_watch *s = arg;
    struct wb_client *c = s->client;
    int running, what = (events & WB_WATCH_READ ? CURL_CSELECT_IN : 0) |
                        (events & WB_WATCH_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(c->multi, s->fd, what, &running); /* may free s */
    collect(c);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct wb_client *c = arg;
    struct socket_watch *s = of_socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            wb_watch_free(s->watch);
        free(s);
        curl_multi_assign(c->multi, fd, NULL);
        return 0;
    }
    int events =
        (what & CURL_POLL_IN ? WB_WATCH_READ : 0) | (what & CURL_POLL_OUT ? WB_WATCH_WRITE : 0);
    if (s) {
        wb_watch_set(s->watch, events);
        return 0;
    }
    s = wb_xcalloc(1, sizeof(*s));
    s->client = c;
    s->fd = fd;
    s->watch = wb_watch_new(c->loop, fd, events, on_socket, s);
    if (!s->watch) {
        free(s);
        return -1;
    }
    curl_multi_assign(c->multi, fd, s);
    return 0;
}

struct wb_client *wb_client_new(struct wb_loop *l)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_curl);
    struct wb_client *c = wb_xcalloc(1, sizeof(*c));
    c->loop = l;
    c->multi = curl_multi_init();
    if (!c->multi)
        abort();
    c->timer = wb_timer_new(l, on_timer, c);
    c->reject = wb_timer_new(l, on_rejected, c);
    wb_list_init(&c->running);
    wb_list_init(&c->rejected);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)WB_CLIENT_CONNECTIONS_KEPT);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)WB_CLIENT_CONNECTIONS_MAX);
    curl_multi_setopt(c->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)WB_CLIENT_PER_HOST_MAX);
    return c;
}

static void cancel_all(struct wb_link *list)
{
    while (!wb_list_empty(list))
        wb_transfer_end(WB_CONTAINER(list->next, struct wb_transfer, link), WB_NET_CANCELLED,
                        "cancelled");
}

void wb_client_free(struct wb_client *c)
{
    if (!c)
        return;
    c->freeing = true;
    cancel_all(&c->running);
    cancel_all(&c->rejected);
    curl_multi_cleanup(c->multi);
    wb_timer_free(c->timer);
    wb_timer_free(c->reject);
    free(c);
}

/* Transfers */

struct wb_transfer *wb_transfer_new(struct wb_client *c, const char *url, int64_t timeout_ms)
{
    assert(!c->freeing); /* done must not start a new call while all are being cancelled */
    struct wb_transfer *t = wb_xcalloc(1, sizeof(*t));
    t->client = c;
    t->loop = c->loop;
    wb_list_init(&t->link);
    t->easy = curl_easy_init();
    if (!t->easy)
        abort();
    long connect_ms = timeout_ms < WB_CLIENT_CONNECT_MS ? (long)timeout_ms : WB_CLIENT_CONNECT_MS;
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(t->easy, CURLOPT_URL, url);
    curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
    curl_easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(t->easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(t->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(t->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    return t;
}

void wb_transfer_start(struct wb_transfer *t)
{
    wb_list_append(&t->client->running, &t->link);
    curl_multi_add_handle(t->client->multi, t->easy); /* goes on from the timer, never from here */
}

void wb_transfer_reject(struct wb_transfer *t, const char *why)
{
    wb_list_append(&t->client->rejected, &t->link);
    size_t n = strlen(why);
    assert(n < sizeof(t->error));
    memcpy(t->error, why, n + 1);
    t->rejected = true;
    wb_timer_start(t->client->reject, 0);
}

/* HTTP */

static size_t on_answer(char *p, size_t size, size_t n, void *arg)
{
    struct wb_transfer *t = arg;
    size_t room = t->http->answer_max - t->answer.n;
    size_t keep = size * n < room ? size * n : room;
    wb_buf_put(&t->answer, p, keep);
    return keep == size * n ? keep : CURL_WRITEFUNC_ERROR; /* enough: see collect */
}

static bool plain_text(const char *s)
{
    for (; *s; s++)
        if ((uint8_t)*s < 0x20 || *s == 0x7f)
            return false;
    return true;
}

static bool header_is(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(line, name, n) == 0 && line[n] == ':';
}

/* curl takes "Name;" for a field without a value. */
static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
    const char *colon = strchr(line, ':');
    if (colon && colon[1 + strspn(colon + 1, " \t")] == 0) {
        char *name = wb_xstrndup(line, (size_t)(colon - line) + 1);
        name[colon - line] = ';';
        list = curl_slist_append(list, name);
        free(name);
        return list;
    }
    return curl_slist_append(list, line);
}

void wb_client_http(struct wb_client *c, struct wb_http_call *call)
{
    struct wb_transfer *t = wb_transfer_new(c, call->url, call->timeout_ms);
    t->http = call;
    bool ok = plain_text(call->method) && !strchr(call->method, ' ') && plain_text(call->url);
    bool type = false;
    for (size_t i = 0; ok && call->header && call->header[i]; i++) {
        ok = plain_text(call->header[i]) && strchr(call->header[i], ':') != NULL;
        type = type || header_is(call->header[i], "content-type");
        t->list = add_header(t->list, call->header[i]);
    }
    if (!ok) {
        wb_transfer_reject(t, "control character in the request");
        return;
    }
    if (!type) /* curl would say it is a form */
        t->list = curl_slist_append(t->list, "Content-Type:");
    t->list = curl_slist_append(t->list, "Expect:");
    curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    if (call->ca_file)
        curl_easy_setopt(t->easy, CURLOPT_CAINFO, call->ca_file);
    if (strcmp(call->method, "HEAD") == 0) {
        curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    } else if (call->body.n || strcmp(call->method, "GET") != 0) {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.n);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, call->body.p ? call->body.p : "");
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, call->method);
    }
    wb_transfer_start(t);
}
