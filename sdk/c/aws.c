/*
 * The AWS client: endpoint, signature, retries with back-off (as the SDKs' standard mode: base 100
 * ms, doubled, full jitter, at most 5 s).
 */
#include "waybill/aws.h"

#include "base/log.h"
#include "base/seam.h"
#include "base/time.h"
#include "codec/text.h"

#include <assert.h>
#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define ATTEMPTS       4
#define TIMEOUT_MS     30000
#define BACKOFF_MS     100
#define BACKOFF_CAP_MS 5000
#define ANSWER_MAX     (32 << 20)

struct wb_aws {
    CURL *curl;
    struct wb_arena arena; /* of the configuration */
    struct wb_slice endpoint, region, key_id, secret, token;
    int attempts;
    int64_t timeout_ms;
};

struct service {
    const char *name, *target, *type;
};

/* X-Amz-Target prefixes and content types of the JSON services (AWS service models). */
static const struct service services[] = {
    {"dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0"},
    {"events", "AWSEvents", "application/x-amz-json-1.1"},
    {"logs", "Logs_20140328", "application/x-amz-json-1.1"},
    {"ssm", "AmazonSSM", "application/x-amz-json-1.1"},
    {"sqs", "AmazonSQS", "application/x-amz-json-1.0"},
    {"cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
     "application/x-amz-json-1.1"},
    {"monitoring", "GraniteServiceVersion20100801", "application/x-amz-json-1.0"},
    {"waybill", "Waybill", "application/x-amz-json-1.1"},
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct wb_slice setting(const char *given, const char *env, const char *env2)
{
    const char *v = given ? given : getenv(env);
    if ((!v || !*v) && env2)
        v = getenv(env2);
    return v && *v ? wb_slice_str(v) : WB_SLICE_NULL;
}

struct wb_aws *wb_aws_new(const struct wb_aws_options *o, const char **why)
{
    static const struct wb_aws_options none;
    if (!o)
        o = &none;
    struct wb_slice key = setting(o->key_id, "AWS_ACCESS_KEY_ID", NULL);
    struct wb_slice secret = setting(o->secret, "AWS_SECRET_ACCESS_KEY", NULL);
    if (!key.p || !secret.p) {
        *why = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set";
        return NULL;
    }
    pthread_once(&curl_once, curl_start);
    struct wb_aws *c = wb_xcalloc(1, sizeof *c);
    wb_arena_init(&c->arena, 0);
    c->curl = curl_easy_init();
    if (!c->curl)
        wb_fatal(70, "sdk", "libcurl gave no handle", NULL);
    c->key_id = wb_dup(&c->arena, key);
    c->secret = wb_dup(&c->arena, secret);
    c->token = o->key_id ? wb_slice_str(o->token) : setting(o->token, "AWS_SESSION_TOKEN", NULL);
    c->token = wb_dup(&c->arena, c->token);
    struct wb_slice region = setting(o->region, "AWS_REGION", "AWS_DEFAULT_REGION");
    c->region = region.p ? wb_dup(&c->arena, region) : WB_S("us-east-1");
    c->endpoint = wb_dup(&c->arena, wb_slice_str(o->endpoint));
    c->attempts = o->attempts ? o->attempts : ATTEMPTS;
    c->timeout_ms = o->timeout_ms ? o->timeout_ms : TIMEOUT_MS;
    return c;
}

void wb_aws_free(struct wb_aws *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->curl);
    wb_arena_release(&c->arena);
    free(c);
}

/* Scheme and authority for a service, without a trailing slash. */
static struct wb_slice endpoint_of(struct wb_aws *c, struct wb_arena *a, const char *service)
{
    struct wb_slice url = c->endpoint;
    if (!url.n) {
        char name[64] = "AWS_ENDPOINT_URL_";
        size_t n = strlen(name);
        for (const char *s = service; *s && n < sizeof name - 1; s++)
            name[n++] = *s == '-' ? '_' : (char)toupper((unsigned char)*s);
        name[n] = 0;
        url = setting(NULL, name, "AWS_ENDPOINT_URL");
    }
    if (!url.n)
        return wb_printf(a, "https://%s.%.*s.amazonaws.com", service, WB_FMT(c->region));
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

/* "namespace#Code:more" -> "Code" */
static struct wb_slice bare_code(struct wb_slice s)
{
    ptrdiff_t hash = wb_slice_chr(s, '#', 0);
    if (hash >= 0)
        s = wb_slice_sub(s, (size_t)hash + 1, s.n);
    ptrdiff_t colon = wb_slice_chr(s, ':', 0);
    return colon >= 0 ? wb_slice_sub(s, 0, (size_t)colon) : s;
}

struct receiver {
    CURL *curl;
    struct wb_buf body;
    bool (*piece)(void *arg, struct wb_slice bytes); /* NULL: all of it is kept */
    void *arg;
    struct wb_slice error_type; /* x-amzn-ErrorType: where the REST protocols name the error */
};

static size_t receive_header(char *p, size_t size, size_t n, void *user)
{
    struct receiver *r = user;
    struct wb_slice value = wb_slice(p, size * n);
    while (value.n && (value.p[value.n - 1] == '\n' || value.p[value.n - 1] == '\r'))
        value.n--;
    struct wb_slice name = wb_slice_cut(&value, ':');
    if (wb_slice_ieq(name, WB_S("x-amzn-errortype")))
        r->error_type = wb_dup(r->body.arena, wb_slice_trim(value));
    return size * n;
}

static size_t receive(char *p, size_t size, size_t n, void *user)
{
    struct receiver *r = user;
    long status = 0;
    if (r->piece)
        curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2)
        return r->piece(r->arg, wb_slice(p, size * n)) ? size * n : 0;
    if (r->body.n + size * n > ANSWER_MAX)
        return 0;
    wb_buf_put(&r->body, p, size * n);
    return size * n;
}

struct request {
    const char *service, *method, *path, *type, *target;
    struct wb_slice body;
    bool (*piece)(void *arg, struct wb_slice bytes);
    void *arg;
    int silence_s;
};

/* In a function, as the AWS SDKs do: what it calls belongs to its trace. Proxies may change the
 * header, so it is not signed. */
static struct curl_slist *with_trace(struct curl_slist *list, struct wb_arena *a)
{
    struct wb_slice trace = setting(NULL, "_X_AMZN_TRACE_ID", NULL);
    if (!trace.n || !getenv("AWS_LAMBDA_FUNCTION_NAME"))
        return list;
    return curl_slist_append(list, wb_printf(a, "x-amzn-trace-id: %.*s", WB_FMT(trace)).p);
}

static struct curl_slist *headers_of(struct wb_aws *c, struct wb_arena *a, const struct request *r,
                                     struct wb_slice endpoint)
{
    ptrdiff_t host_at = wb_slice_find(endpoint, WB_S("://"), 0);
    struct wb_slice path = wb_slice_str(r->path), query = path;
    path = wb_slice_cut(&query, '?');
    struct wb_pair extra[2];
    size_t count = 0;
    if (r->type)
        extra[count++] = (struct wb_pair){WB_S("content-type"), wb_slice_str(r->type)};
    if (r->target)
        extra[count++] = (struct wb_pair){WB_S("x-amz-target"), wb_slice_str(r->target)};
    struct wb_sign s = {
        .method = wb_slice_str(r->method),
        .path = path,
        .query = query,
        .host = wb_slice_sub(endpoint, host_at < 0 ? 0 : (size_t)host_at + 3, endpoint.n),
        .service = wb_slice_str(r->service),
        .region = c->region,
        .key_id = c->key_id,
        .secret = c->secret,
        .token = c->token,
        .body = r->body,
        .header = extra,
        .header_count = count,
        .now_ms = wb_seam_os()->wall_ms(wb_seam_os()),
    };
    struct wb_pair signed_headers[4];
    size_t n = wb_sign_headers(a, &s, signed_headers);
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < count + n; i++) {
        const struct wb_pair *p = i < count ? &extra[i] : &signed_headers[i - count];
        list = curl_slist_append(list,
                                 wb_printf(a, "%.*s: %.*s", WB_FMT(p->name), WB_FMT(p->value)).p);
    }
    if (!r->type)
        list = curl_slist_append(list, "content-type:");
    list = with_trace(list, a);
    return curl_slist_append(list, "expect:");
}

/* One attempt. Leaves status 0 and a message when no answer came. */
static void attempt(struct wb_aws *c, struct wb_arena *a, const char *url, const struct request *q,
                    struct curl_slist *headers, struct wb_aws_answer *out)
{
    struct receiver r = {.curl = c->curl, .body = wb_buf_in(a), .piece = q->piece, .arg = q->arg};
    curl_easy_reset(c->curl);
    curl_easy_setopt(c->curl, CURLOPT_URL, url);
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (q->piece) {
        curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)c->timeout_ms);
        curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, (long)q->silence_s);
    } else {
        curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
    }
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &r);
    curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, receive_header);
    curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, &r);
    if (strcmp(q->method, "GET") != 0) {
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, q->body.p ? q->body.p : "");
        curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
        curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, q->method);
    }
    CURLcode rc = curl_easy_perform(c->curl);
    long status = 0;
    memset(out, 0, sizeof *out);
    if (rc == CURLE_OK || q->piece)
        curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
    if (rc != CURLE_OK) {
        out->transient = true;
        out->code = WB_S("NoAnswer");
        out->message = wb_printf(a, "%s: %s", url, curl_easy_strerror(rc));
    }
    out->status = (int)status;
    out->ok = status >= 200 && status < 300;
    if (rc != CURLE_OK)
        return;
    out->body = wb_buf_slice(&r.body);
    out->code = out->ok ? WB_SLICE_NULL : bare_code(r.error_type);
}

static bool is_throttle(struct wb_slice code)
{
    static const char *const names[] = {"Throttling",
                                        "ThrottlingException",
                                        "ThrottledException",
                                        "ProvisionedThroughputExceededException",
                                        "RequestLimitExceeded",
                                        "TooManyRequestsException",
                                        "SlowDown",
                                        "RequestThrottled",
                                        NULL};
    for (size_t i = 0; names[i]; i++)
        if (wb_slice_is(code, names[i]))
            return true;
    return false;
}

static void read_answer(struct wb_arena *a, struct wb_aws_answer *out)
{
    if (out->status == 0)
        return;
    if (out->body.n && out->body.p[0] != '<')
        out->json = wb_json_read(a, out->body, NULL);
    if (out->ok)
        return;
    if (wb_json_is(out->json)) {
        if (!out->code.p)
            out->code = bare_code(wb_json_get_str(out->json, "__type", a));
        out->message = wb_json_get_str(out->json, "message", a);
        if (!out->message.p)
            out->message = wb_json_get_str(out->json, "Message", a);
    } else {
        out->code = wb_aws_xml(a, out->body, "Code");
        out->message = wb_aws_xml(a, out->body, "Message");
    }
    if (!out->code.p)
        out->code = wb_printf(a, "Http%d", out->status);
    out->transient = out->status >= 500 || out->status == 429 || is_throttle(out->code);
}

static void pause_before(int number)
{
    int64_t span = (int64_t)BACKOFF_MS << number;
    if (span > BACKOFF_CAP_MS)
        span = BACKOFF_CAP_MS;
    uint32_t r;
    struct wb_seam *seam = wb_seam_os();
    seam->random(seam, &r, sizeof r);
    int64_t ms = span / 2 + r % (uint32_t)(span / 2 + 1);
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void once(struct wb_aws *c, struct wb_arena *a, const struct request *r,
                 struct wb_aws_answer *out)
{
    struct wb_slice endpoint = endpoint_of(c, a, r->service);
    const char *url = wb_printf(a, "%.*s%s", WB_FMT(endpoint), r->path).p;
    struct curl_slist *headers = headers_of(c, a, r, endpoint);
    attempt(c, a, url, r, headers, out);
    curl_slist_free_all(headers);
}

static bool perform(struct wb_aws *c, struct wb_arena *a, const struct request *r,
                    struct wb_aws_answer *out)
{
    for (int i = 0; i < c->attempts; i++) {
        if (i)
            pause_before(i - 1);
        once(c, a, r, out);
        read_answer(a, out);
        if (!out->transient)
            break;
    }
    return out->ok;
}

static struct request json_request(struct wb_arena *a, const char *service, const char *operation,
                                   struct wb_slice input)
{
    const struct service *s = NULL;
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strcmp(services[i].name, service) == 0)
            s = &services[i];
    assert(s && "not a JSON service");
    return (struct request){.service = service,
                            .method = "POST",
                            .path = "/",
                            .type = s->type,
                            .target = wb_printf(a, "%s.%s", s->target, operation).p,
                            .body = input};
}

bool wb_aws_json(struct wb_aws *c, struct wb_arena *a, const char *service, const char *operation,
                 struct wb_slice input, struct wb_aws_answer *out)
{
    struct request r = json_request(a, service, operation, input);
    return perform(c, a, &r, out);
}

bool wb_aws_stream(struct wb_aws *c, struct wb_arena *a, const char *service, const char *operation,
                   struct wb_slice input, bool (*piece)(void *arg, struct wb_slice bytes),
                   void *arg, int silence_s, struct wb_aws_answer *out)
{
    struct request r = json_request(a, service, operation, input);
    r.piece = piece;
    r.arg = arg;
    r.silence_s = silence_s;
    once(c, a, &r, out);
    if (!out->ok)
        read_answer(a, out);
    return out->ok;
}

bool wb_aws_query(struct wb_aws *c, struct wb_arena *a, const char *service, const char *version,
                  const char *action, const struct wb_pair *param, size_t count,
                  struct wb_aws_answer *out)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_printf(&b, "Action=%s&Version=%s", action, version);
    for (size_t i = 0; i < count; i++) {
        wb_buf_char(&b, '&');
        wb_percent_encode(&b, param[i].name, false);
        wb_buf_char(&b, '=');
        wb_percent_encode(&b, param[i].value, false);
    }
    struct request r = {.service = service,
                        .method = "POST",
                        .path = "/",
                        .type = "application/x-www-form-urlencoded; charset=utf-8",
                        .body = wb_buf_slice(&b)};
    return perform(c, a, &r, out);
}

bool wb_aws_rest(struct wb_aws *c, struct wb_arena *a, const char *service, const char *method,
                 const char *path, struct wb_slice body, struct wb_aws_answer *out)
{
    struct request r = {.service = service,
                        .method = method,
                        .path = path,
                        .type = body.n ? "application/json" : NULL,
                        .body = body};
    return perform(c, a, &r, out);
}

bool wb_aws_get(struct wb_aws *c, struct wb_arena *a, const char *url, struct wb_aws_answer *out)
{
    attempt(c, a, url, &(struct request){.method = "GET"}, NULL, out);
    read_answer(a, out);
    return out->ok;
}

struct wb_slice wb_aws_xml(struct wb_arena *a, struct wb_slice xml, const char *element)
{
    struct wb_slice open = wb_printf(a, "<%s>", element), close = wb_printf(a, "</%s>", element);
    ptrdiff_t from = wb_slice_find(xml, open, 0);
    if (from < 0)
        return WB_SLICE_NULL;
    ptrdiff_t to = wb_slice_find(xml, close, (size_t)from + open.n);
    if (to < 0)
        return WB_SLICE_NULL;
    static const struct {
        const char *entity;
        char c;
    } entity[] = {{"&lt;", '<'},   {"&gt;", '>'},  {"&quot;", '"'}, {"&apos;", '\''},
                  {"&#39;", '\''}, {"&#34;", '"'}, {"&amp;", '&'}};
    struct wb_slice in = wb_slice_sub(xml, (size_t)from + open.n, (size_t)to);
    struct wb_buf b = wb_buf_in(a);
    wb_buf_reserve(&b, in.n + 1);
    for (size_t i = 0; i < in.n;) {
        size_t k = 0;
        while (k < 7 && !wb_slice_starts(wb_slice_sub(in, i, in.n), wb_slice_str(entity[k].entity)))
            k++;
        wb_buf_char(&b, k < 7 ? entity[k].c : in.p[i]);
        i += k < 7 ? strlen(entity[k].entity) : 1;
    }
    return wb_buf_slice(&b);
}
