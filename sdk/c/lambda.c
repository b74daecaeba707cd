/*
 * The Runtime API client: next, response, error over one keep-alive connection.
 */
#include "waybill/lambda.h"

#include "codec/json.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EVENT_MAX (7 << 20) /* Lambda: 6 MB and the envelope */

struct runtime {
    CURL *curl;
    const char *api;
    struct wb_arena *arena; /* of the current invocation */
    struct wb_buf body;
    struct wb_invocation in;
};

static size_t on_body(char *p, size_t size, size_t n, void *user)
{
    struct runtime *r = user;
    if (r->body.n + size * n > EVENT_MAX)
        return 0;
    wb_buf_put(&r->body, p, size * n);
    return size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *user)
{
    struct runtime *r = user;
    struct wb_slice rest = wb_slice(p, size * n);
    while (rest.n && (rest.p[rest.n - 1] == '\n' || rest.p[rest.n - 1] == '\r'))
        rest.n--;
    struct wb_slice name = wb_slice_cut(&rest, ':');
    struct wb_slice value = wb_dup(r->arena, wb_slice_trim(rest));
    if (wb_slice_ieq(name, WB_S("Lambda-Runtime-Aws-Request-Id")))
        r->in.request_id = value;
    else if (wb_slice_ieq(name, WB_S("Lambda-Runtime-Invoked-Function-Arn")))
        r->in.function_arn = value;
    else if (wb_slice_ieq(name, WB_S("Lambda-Runtime-Trace-Id")))
        r->in.trace_id = value;
    else if (wb_slice_ieq(name, WB_S("Lambda-Runtime-Deadline-Ms")))
        wb_slice_i64(value, &r->in.deadline_ms);
    return size * n;
}

/* HTTP status, or 0 when the API is gone. */
static long request(struct runtime *r, const char *path, const struct wb_slice *post,
                    const char *header)
{
    struct curl_slist *list = NULL;
    curl_easy_reset(r->curl);
    const char *url = wb_printf(r->arena, "http://%s/2018-06-01/runtime/%s", r->api, path).p;
    curl_easy_setopt(r->curl, CURLOPT_URL, url);
    curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(r->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, r);
    if (post) {
        curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, post->p ? post->p : "");
        curl_easy_setopt(r->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->n);
        list = curl_slist_append(list, "content-type: application/json");
        list = curl_slist_append(list, "expect:");
        if (header)
            list = curl_slist_append(list, header);
        curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, list);
    } else {
        curl_easy_setopt(r->curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(r->curl, CURLOPT_HEADERDATA, r);
    }
    long status = 0;
    r->body = wb_buf_in(r->arena);
    if (curl_easy_perform(r->curl) == CURLE_OK)
        curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(list);
    return status;
}

static struct wb_slice error_document(struct wb_arena *a, struct wb_slice type,
                                      struct wb_slice message)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "errorMessage", message.p ? message : WB_S(""));
    wb_jw_kstr(&w, "errorType", type.p ? type : WB_S("Error"));
    wb_jw_key(&w, "stackTrace");
    wb_jw_array(&w);
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool serve_one(struct runtime *r, wb_lambda_handler *handle, void *user)
{
    r->in = (struct wb_invocation){.arena = r->arena};
    if (request(r, "invocation/next", NULL, NULL) != 200 || !r->in.request_id.p)
        return false;
    r->in.event = wb_buf_slice(&r->body);
    if (r->in.trace_id.n)
        setenv("_X_AMZN_TRACE_ID", r->in.trace_id.p, 1);
    struct wb_reply reply = {0};
    bool ok = handle(user, &r->in, &reply);
    const char *path = wb_printf(r->arena, "invocation/%.*s/%s", WB_FMT(r->in.request_id),
                                 ok ? "response" : "error")
                           .p;
    if (ok) {
        struct wb_slice body = reply.body.p ? reply.body : WB_S("null");
        return request(r, path, &body, NULL) != 0;
    }
    struct wb_slice body = error_document(r->arena, reply.error_type, reply.error_message);
    const char *header =
        wb_printf(r->arena, "Lambda-Runtime-Function-Error-Type: %.*s", WB_FMT(reply.error_type)).p;
    return request(r, path, &body, header) != 0;
}

static bool runtime_open(struct runtime *r, struct wb_arena *a)
{
    *r = (struct runtime){.api = getenv("AWS_LAMBDA_RUNTIME_API"), .arena = a};
    if (!r->api) {
        wb_lambda_log("AWS_LAMBDA_RUNTIME_API is not set: this program is a function, started by "
                      "Lambda or Waybill");
        return false;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    r->curl = curl_easy_init();
    return r->curl != NULL;
}

int wb_lambda_run(wb_lambda_handler *handle, void *user)
{
    struct wb_arena arena;
    struct runtime r;
    wb_arena_init(&arena, 64 * 1024);
    if (!runtime_open(&r, &arena))
        return 1;
    while (serve_one(&r, handle, user))
        wb_arena_reset(&arena);
    curl_easy_cleanup(r.curl);
    wb_arena_release(&arena);
    return 1;
}

int wb_lambda_init_error(const char *type, const char *message)
{
    struct wb_arena arena;
    struct runtime r;
    wb_arena_init(&arena, 0);
    wb_lambda_log("init failed: %s: %s", type, message);
    if (runtime_open(&r, &arena)) {
        struct wb_slice body = error_document(&arena, wb_slice_str(type), wb_slice_str(message));
        request(&r, "init/error", &body,
                wb_printf(&arena, "Lambda-Runtime-Function-Error-Type: %s", type).p);
        curl_easy_cleanup(r.curl);
    }
    wb_arena_release(&arena);
    return 1;
}

void wb_lambda_log(const char *fmt, ...)
{
    struct wb_buf b = {0};
    char line[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line - 1, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    if ((size_t)n > sizeof line - 2)
        n = sizeof line - 2;
    wb_buf_put(&b, line, (size_t)n);
    wb_buf_char(&b, '\n');
    if (write(STDOUT_FILENO, b.p, b.n) < 0) {
        /* nobody reads the log: nothing to be done about it here */
    }
    wb_buf_release(&b);
}
