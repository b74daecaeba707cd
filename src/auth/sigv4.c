/*
 * Signature Version 4, checked as the signer made it: rebuild the canonical request from what came
 * over the wire, hash it, and compare the HMAC.
 *
 * The request is signed before it is sent, so everything here works on the bytes as received. Two
 * places need care. The path: signers of every service but S3 encode the already encoded path once
 * more, after removing dot segments and doubled slashes. The query: names and values are put into
 * one canonical encoding and sorted by it, because clients differ in what they escape.
 */
#include "auth/sigv4_stream.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define EMPTY     WB_S("")

static struct wb_slice header(const struct wb_sig_request *r, struct wb_slice name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (wb_slice_ieq(r->header[i].name, name))
            return r->header[i].value;
    return WB_SLICE_NULL;
}

/* --- finding and splitting --- */

#define NO_REGION WB_S("Credential should be scoped to a valid region. ")

/* Any may be asked for, but it becomes a part of ARNs: a colon in it would shift the others. */
static bool is_region(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              s.p[i] == '-'))
            return false;
    return s.n > 0;
}

/* Credential=AKID/20261122/us-east-1/events/aws4_request. Key ids never hold a slash. */
static enum wb_sig_error split_scope(struct wb_arena *a, struct wb_slice credential,
                                     struct wb_signature *s, struct wb_slice *why)
{
    struct wb_slice part[5], rest = credential;
    size_t n = 0;
    while (rest.p && n < 5)
        part[n++] = wb_slice_cut(&rest, '/');
    if (n != 5 || rest.p || part[0].n == 0) {
        *why = wb_printf(a,
                         "Credential must have exactly 5 slash-delimited elements, e.g. "
                         "keyid/date/region/service/term, got '%.*s'",
                         WB_FMT(credential));
        return WB_SIG_INCOMPLETE;
    }
    s->access_key = part[0];
    s->date = part[1];
    s->region = part[2];
    s->service = part[3];
    if (!wb_slice_is(part[4], "aws4_request")) {
        *why = wb_printf(a,
                         "Credential should be scoped with a valid terminator: 'aws4_request', "
                         "not '%.*s'.",
                         WB_FMT(part[4]));
        return WB_SIG_MISMATCH;
    }
    if (is_region(s->region))
        return WB_SIG_OK;
    *why = NO_REGION;
    return WB_SIG_MISMATCH;
}

static enum wb_sig_error set_time(struct wb_arena *a, struct wb_slice date, struct wb_signature *s,
                                  struct wb_slice *why)
{
    s->amz_date = date;
    if (wb_time_parse_basic(date, &s->time_ms))
        return WB_SIG_OK;
    if (wb_time_parse_http(date, &s->time_ms)) { /* a Date header */
        s->amz_date = wb_time_str(a, s->time_ms, WB_TIME_BASIC);
        return WB_SIG_OK;
    }
    *why = wb_printf(a,
                     "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                     "http://en.wikipedia.org/wiki/ISO_8601",
                     WB_FMT(date));
    return WB_SIG_INCOMPLETE;
}

static enum wb_sig_error parse_header(struct wb_arena *a, const struct wb_sig_request *r,
                                      struct wb_slice auth, struct wb_signature *s,
                                      struct wb_slice *why)
{
    struct wb_slice credential = WB_SLICE_NULL;
    struct wb_slice rest = wb_slice_sub(auth, sizeof ALGORITHM - 1, auth.n);
    if (wb_slice_starts(auth, WB_S(ALGORITHM)))
        while (rest.p) {
            struct wb_slice value = wb_slice_trim(wb_slice_cut(&rest, ','));
            struct wb_slice name = wb_slice_cut(&value, '=');
            if (wb_slice_is(name, "Credential"))
                credential = value;
            else if (wb_slice_is(name, "SignedHeaders"))
                s->signed_headers = value;
            else if (wb_slice_is(name, "Signature"))
                s->signature = value;
        }
    struct wb_slice date = header(r, WB_S("x-amz-date"));
    if (!date.p)
        date = header(r, WB_S("date"));
    if (credential.n == 0 || s->signature.n == 0 || s->signed_headers.n == 0 || !date.p) {
        *why = wb_printf(
            a, "%s%s%s%sAuthorization=%.*s",
            credential.n ? "" : "Authorization header requires 'Credential' parameter. ",
            s->signature.n ? "" : "Authorization header requires 'Signature' parameter. ",
            s->signed_headers.n ? "" : "Authorization header requires 'SignedHeaders' parameter. ",
            date.p ? ""
                   : "Authorization header requires existence of either a 'X-Amz-Date' or a "
                     "'Date' header. ",
            WB_FMT(auth));
        return WB_SIG_INCOMPLETE;
    }
    enum wb_sig_error e = split_scope(a, credential, s, why);
    if (e != WB_SIG_OK)
        return e;
    s->token = header(r, WB_S("x-amz-security-token"));
    s->expires_s = -1;
    return set_time(a, date, s, why);
}

/* The decoded value of a query parameter; null when absent or malformed. */
static struct wb_slice parameter(struct wb_arena *a, struct wb_slice query, const char *name)
{
    while (query.p) {
        struct wb_slice value = wb_slice_cut(&query, '&');
        struct wb_slice key = wb_slice_cut(&value, '=');
        if (!wb_slice_is(key, name))
            continue;
        struct wb_slice out;
        return wb_percent_decode(a, value.p ? value : EMPTY, false, &out) ? out : WB_SLICE_NULL;
    }
    return WB_SLICE_NULL;
}

static bool is_presigned(struct wb_slice query)
{
    return wb_slice_find(query, WB_S("X-Amz-Algorithm="), 0) >= 0 ||
           wb_slice_find(query, WB_S("X-Amz-Signature="), 0) >= 0 ||
           wb_slice_find(query, WB_S("X-Amz-Credential="), 0) >= 0;
}

static enum wb_sig_error parse_query(struct wb_arena *a, const struct wb_sig_request *r,
                                     struct wb_signature *s, struct wb_slice *why)
{
    static const char *const names[] = {"X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Signature",
                                        "X-Amz-Date",      "X-Amz-SignedHeaders", "X-Amz-Expires"};
    struct wb_slice v[6];
    struct wb_buf missing = wb_buf_in(a);
    for (size_t i = 0; i < 6; i++) {
        v[i] = parameter(a, r->query, names[i]);
        if (v[i].n == 0)
            wb_buf_printf(&missing, "AWS query-string parameters must include '%s'. ", names[i]);
    }
    if (missing.n) {
        wb_buf_str(&missing, "Re-examine the query-string parameters.");
        *why = wb_buf_slice(&missing);
        return WB_SIG_INCOMPLETE;
    }
    if (!wb_slice_is(v[0], ALGORITHM)) {
        *why = WB_S("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
        return WB_SIG_INCOMPLETE;
    }
    s->signature = v[2];
    s->signed_headers = v[4];
    s->token = parameter(a, r->query, "X-Amz-Security-Token");
    if (!wb_slice_i64(v[5], &s->expires_s) || s->expires_s < 1 ||
        s->expires_s > WB_SIGV4_EXPIRES_MAX_S) {
        *why = wb_printf(a, "X-Amz-Expires must be a number of seconds from 1 to %d.",
                         WB_SIGV4_EXPIRES_MAX_S);
        return WB_SIG_INCOMPLETE;
    }
    enum wb_sig_error e = split_scope(a, v[1], s, why);
    return e != WB_SIG_OK ? e : set_time(a, v[3], s, why);
}

enum wb_sig_error wb_sigv4_parse(struct wb_arena *a, const struct wb_sig_request *r,
                                 struct wb_signature *s, struct wb_slice *why)
{
    *s = (struct wb_signature){.expires_s = -1};
    *why = WB_SLICE_NULL;
    struct wb_slice auth = header(r, WB_S("authorization"));
    bool presigned = is_presigned(r->query);
    if (auth.p && presigned) {
        *why = WB_S("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
                    "HTTP header.");
        return WB_SIG_MISMATCH;
    }
    if (auth.p)
        return parse_header(a, r, auth, s, why);
    if (presigned)
        return parse_query(a, r, s, why);
    *why = WB_S("Request is missing Authentication Token");
    return WB_SIG_MISSING;
}

enum wb_sig_error wb_sigv4_parse_form(struct wb_arena *a, struct wb_slice policy,
                                      struct wb_slice algorithm, struct wb_slice credential,
                                      struct wb_slice date, struct wb_slice signature,
                                      struct wb_slice token, struct wb_signature *s,
                                      struct wb_slice *why)
{
    const struct {
        const char *name;
        struct wb_slice value;
    } needed[] = {{"policy", policy},
                  {"X-Amz-Algorithm", algorithm},
                  {"X-Amz-Credential", credential},
                  {"X-Amz-Date", date},
                  {"X-Amz-Signature", signature}};
    *s = (struct wb_signature){
        .expires_s = -1, .policy = policy, .signature = signature, .token = token};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].value.n) {
            *why = wb_printf(a, "Bucket POST must contain a field named '%s'.", needed[i].name);
            return WB_SIG_INCOMPLETE;
        }
    if (!wb_slice_is(algorithm, ALGORITHM)) {
        *why = WB_S("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"");
        return WB_SIG_INCOMPLETE;
    }
    enum wb_sig_error e = split_scope(a, credential, s, why);
    if (e == WB_SIG_OK)
        e = set_time(a, date, s, why);
    return e == WB_SIG_OK && !wb_slice_starts(s->amz_date, s->date) ? WB_SIG_MISMATCH : e;
}

/* --- the canonical request --- */

/* Without empty, "." and ".." segments; a trailing slash stays. */
static struct wb_slice normalize_path(struct wb_arena *a, struct wb_slice path)
{
    if (wb_slice_find(path, WB_S("//"), 0) < 0 && wb_slice_find(path, WB_S("/."), 0) < 0)
        return path.n ? path : WB_S("/");
    char *out = wb_alloc(a, path.n + 1);
    size_t n = 0;
    struct wb_slice rest = wb_slice_sub(path, 1, path.n), segment = EMPTY;
    while (rest.p) {
        segment = wb_slice_cut(&rest, '/');
        if (segment.n == 0 || wb_slice_is(segment, "."))
            continue;
        if (wb_slice_is(segment, "..")) {
            while (n > 0 && out[--n] != '/')
                ;
            continue;
        }
        out[n++] = '/';
        memcpy(out + n, segment.p, segment.n);
        n += segment.n;
    }
    if (n == 0 || segment.n == 0)
        out[n++] = '/';
    return wb_slice(out, n);
}

static void put_path(struct wb_arena *a, struct wb_buf *b, struct wb_slice path, bool s3)
{
    if (!s3) {
        wb_percent_encode(b, normalize_path(a, path), true);
        return;
    }
    struct wb_slice plain;
    if (path.n == 0)
        wb_buf_char(b, '/');
    else
        wb_percent_encode(b, wb_percent_decode(a, path, false, &plain) ? plain : path, true);
}

/* Percent-decoded and encoded again, so that every client's way of escaping becomes one. */
static struct wb_slice canonical(struct wb_arena *a, struct wb_slice s)
{
    struct wb_slice plain;
    struct wb_buf b = wb_buf_in(a);
    wb_percent_encode(&b, wb_percent_decode(a, s, true, &plain) ? plain : s, false);
    return b.n ? wb_buf_slice(&b) : EMPTY;
}

static int by_encoding(const void *x, const void *y)
{
    const struct wb_pair *a = x, *b = y;
    int c = wb_slice_cmp(a->name, b->name);
    return c ? c : wb_slice_cmp(a->value, b->value);
}

static void put_query(struct wb_arena *a, struct wb_buf *b, struct wb_slice query, bool presigned)
{
    if (query.n == 0)
        return;
    size_t max = 1, n = 0;
    for (size_t i = 0; i < query.n; i++)
        max += query.p[i] == '&';
    struct wb_pair *field = wb_new_n(a, struct wb_pair, max);
    while (query.p) {
        struct wb_slice value = wb_slice_cut(&query, '&');
        if (value.n == 0)
            continue;
        struct wb_slice name = wb_slice_cut(&value, '=');
        if (presigned && wb_slice_is(name, "X-Amz-Signature"))
            continue;
        field[n].name = canonical(a, name);
        field[n++].value = value.n ? canonical(a, value) : EMPTY;
    }
    qsort(field, n, sizeof *field, by_encoding);
    for (size_t i = 0; i < n; i++) {
        if (i)
            wb_buf_char(b, '&');
        wb_buf_slice_put(b, field[i].name);
        wb_buf_char(b, '=');
        wb_buf_slice_put(b, field[i].value);
    }
}

/* The value trimmed, with runs of blanks made one. */
static void put_header_value(struct wb_buf *b, struct wb_slice v)
{
    v = wb_slice_trim(v);
    if (wb_slice_find(v, WB_S("  "), 0) < 0 && wb_slice_chr(v, '\t', 0) < 0) {
        wb_buf_slice_put(b, v);
        return;
    }
    bool blank = false;
    for (size_t i = 0; i < v.n; i++) {
        bool is_blank = v.p[i] == ' ' || v.p[i] == '\t';
        if (!is_blank)
            wb_buf_char(b, v.p[i]);
        else if (!blank)
            wb_buf_char(b, ' ');
        blank = is_blank;
    }
}

static void put_headers(struct wb_buf *b, const struct wb_sig_request *r, struct wb_slice list)
{
    while (list.p) {
        struct wb_slice name = wb_slice_cut(&list, ';');
        wb_buf_slice_put(b, name);
        wb_buf_char(b, ':');
        bool first = true;
        for (size_t i = 0; i < r->header_count; i++) {
            if (!wb_slice_ieq(r->header[i].name, name))
                continue;
            if (!first)
                wb_buf_char(b, ',');
            first = false;
            put_header_value(b, r->header[i].value);
        }
        wb_buf_char(b, '\n');
    }
}

static bool is_signed(struct wb_slice list, struct wb_slice name)
{
    while (list.p)
        if (wb_slice_ieq(wb_slice_cut(&list, ';'), name))
            return true;
    return false;
}

/* Host and every x-amz-* header that is present must be under the signature. */
static bool all_signed(struct wb_arena *a, const struct wb_sig_request *r,
                       const struct wb_signature *s, struct wb_slice *why)
{
    if (!is_signed(s->signed_headers, WB_S("host"))) {
        *why = WB_S("'Host' must be a 'SignedHeader' in the AWS Authorization.");
        return false;
    }
    for (size_t i = 0; i < r->header_count; i++) {
        struct wb_slice name = r->header[i].name;
        if (name.n > 6 && wb_slice_ieq(wb_slice_sub(name, 0, 6), WB_S("x-amz-")) &&
            !is_signed(s->signed_headers, name)) {
            *why = wb_printf(a, "'%.*s' must be a 'SignedHeader' in the AWS Authorization.",
                             WB_FMT(name));
            return false;
        }
    }
    return true;
}

/* What stands for the body in the canonical request. False: the body is not what the header says.
 */
static bool put_payload(struct wb_arena *a, struct wb_buf *b, const struct wb_sig_request *r,
                        const struct wb_signature *s, struct wb_slice *why)
{
    bool s3 = wb_slice_is(s->service, "s3");
    struct wb_slice told = header(r, WB_S("x-amz-content-sha256"));
    if (s->expires_s >= 0 && s3 && !told.p)
        told = WB_S("UNSIGNED-PAYLOAD");
    if ((wb_slice_is(told, "UNSIGNED-PAYLOAD") && (s3 || s->expires_s >= 0)) ||
        (s3 && r->body_later && told.p)) {
        wb_buf_slice_put(b, told);
        return true;
    }
    if (r->body_later) {
        *why = WB_S("Missing required header for this request: x-amz-content-sha256");
        return false;
    }
    struct wb_slice hash = wb_sha256_hex(a, r->body);
    wb_buf_slice_put(b, hash);
    if (!told.p || wb_slice_ieq(told, hash))
        return true;
    *why = WB_S("The provided 'x-amz-content-sha256' header does not match what was computed.");
    return false;
}

/* --- the signing key --- */

/*
 * Deriving the signing key costs four HMACs; it is the same for all requests of a key, day, region
 * and service. A small direct-mapped cache a thread; an entry is found only with the same secret.
 */
#define CACHE  64
#define ID_MAX 222
struct derived {
    uint16_t id_len;
    char id[ID_MAX];
    uint8_t key[WB_SHA256_LEN];
};
static _Thread_local struct derived cache[CACHE];

static void derive(struct wb_arena *a, const struct wb_signature *s, struct wb_slice secret,
                   uint8_t out[WB_SHA256_LEN])
{
    struct wb_slice first[2] = {WB_S("AWS4"), secret};
    wb_hmac_sha256(wb_concat(a, first, 2), s->date, out);
    wb_hmac_sha256(wb_slice(out, WB_SHA256_LEN), s->region, out);
    wb_hmac_sha256(wb_slice(out, WB_SHA256_LEN), s->service, out);
    wb_hmac_sha256(wb_slice(out, WB_SHA256_LEN), WB_S("aws4_request"), out);
}

static const uint8_t *signing_key(struct wb_arena *a, const struct wb_signature *s,
                                  struct wb_slice secret)
{
    struct wb_slice sep = WB_S("\n");
    struct wb_slice parts[] = {secret, sep,       s->access_key, sep,       s->date,
                               sep,    s->region, sep,           s->service};
    struct wb_slice id = wb_concat(a, parts, sizeof parts / sizeof *parts);
    if (id.n > ID_MAX) {
        uint8_t *key = wb_alloc(a, WB_SHA256_LEN);
        derive(a, s, secret, key);
        return key;
    }
    struct derived *d = &cache[wb_hash(id) % CACHE];
    if (d->id_len != id.n || !wb_const_eq(d->id, id.p, id.n)) {
        derive(a, s, secret, d->key);
        memcpy(d->id, id.p, id.n);
        d->id_len = (uint16_t)id.n;
    }
    return d->key;
}

bool wb_sigv4_stream_begin(struct wb_sig_stream *s, struct wb_arena *a,
                           const struct wb_signature *sig, struct wb_slice secret)
{
    int n = snprintf(s->scope, sizeof s->scope, "%.*s\n%.*s/%.*s/%.*s/aws4_request",
                     WB_FMT(sig->amz_date), WB_FMT(sig->date), WB_FMT(sig->region),
                     WB_FMT(sig->service));
    if (n < 0 || (size_t)n >= sizeof s->scope || sig->signature.n != sizeof s->previous)
        return false;
    memcpy(s->previous, sig->signature.p, sizeof s->previous);
    memcpy(s->key, signing_key(a, sig, secret), sizeof s->key);
    return true;
}

/* --- the checks --- */

static enum wb_sig_error check_scope(struct wb_arena *a, const struct wb_signature *s,
                                     struct wb_slice service, struct wb_slice *why)
{
    if (service.p && !wb_slice_eq(service, s->service)) {
        *why = wb_printf(a, "Credential should be scoped to correct service: '%.*s'. ",
                         WB_FMT(service));
        return WB_SIG_MISMATCH;
    }
    struct wb_slice day = wb_slice_sub(s->amz_date, 0, 8);
    if (wb_slice_eq(day, s->date))
        return WB_SIG_OK;
    *why = wb_printf(a,
                     "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of "
                     "date from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                     WB_FMT(s->date), WB_FMT(day), WB_FMT(s->amz_date));
    return WB_SIG_MISMATCH;
}

static enum wb_sig_error check_time(struct wb_arena *a, const struct wb_signature *s,
                                    int64_t now_ms, struct wb_slice *why)
{
    char now[WB_TIME_MAX], edge[WB_TIME_MAX];
    int64_t life = s->expires_s >= 0 ? s->expires_s * 1000 : WB_SIGV4_SKEW_MS;
    now_ms -= now_ms % 1000;
    wb_time_format(now, now_ms, WB_TIME_BASIC);
    if (s->time_ms < now_ms - life) {
        wb_time_format(edge, now_ms - life, WB_TIME_BASIC);
        *why = wb_printf(a, "Signature expired: %.*s is now earlier than %s (%s - %d min.)",
                         WB_FMT(s->amz_date), edge, now, (int)((life + 59999) / 60000));
        return WB_SIG_SKEW;
    }
    if (s->time_ms > now_ms + WB_SIGV4_SKEW_MS) {
        wb_time_format(edge, now_ms + WB_SIGV4_SKEW_MS, WB_TIME_BASIC);
        *why = wb_printf(a, "Signature not yet current: %.*s is still later than %s (%s + %d min.)",
                         WB_FMT(s->amz_date), edge, now, WB_SIGV4_SKEW_MS / 60000);
        return WB_SIG_SKEW;
    }
    return WB_SIG_OK;
}

static bool signature_is(struct wb_slice told, const uint8_t mac[WB_SHA256_LEN])
{
    char hex[2 * WB_SHA256_LEN];
    for (size_t i = 0; i < WB_SHA256_LEN; i++) {
        hex[2 * i] = "0123456789abcdef"[mac[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[mac[i] & 15];
    }
    return told.n == sizeof hex && wb_const_eq(told.p, hex, sizeof hex);
}

/* The policy says until when it holds. */
static enum wb_sig_error verify_policy(struct wb_arena *a, const struct wb_signature *s,
                                       struct wb_slice secret)
{
    uint8_t mac[WB_SHA256_LEN];
    wb_hmac_sha256(wb_slice(signing_key(a, s, secret), WB_SHA256_LEN), s->policy, mac);
    return signature_is(s->signature, mac) ? WB_SIG_OK : WB_SIG_MISMATCH;
}

enum wb_sig_error wb_sigv4_verify(struct wb_arena *a, const struct wb_sig_request *r,
                                  const struct wb_signature *s, struct wb_slice secret,
                                  struct wb_slice service, int64_t now_ms, struct wb_slice *why)
{
    *why = WB_SLICE_NULL;
    enum wb_sig_error e = check_scope(a, s, service, why);
    if (e == WB_SIG_OK && s->policy.p)
        return verify_policy(a, s, secret);
    if (e == WB_SIG_OK)
        e = check_time(a, s, now_ms, why);
    if (e != WB_SIG_OK)
        return e;
    if (!all_signed(a, r, s, why))
        return WB_SIG_MISMATCH;

    struct wb_buf req = wb_buf_in(a), text = wb_buf_in(a);
    wb_buf_reserve(&req, 1024);
    wb_buf_slice_put(&req, r->method);
    wb_buf_char(&req, '\n');
    put_path(a, &req, r->path, wb_slice_is(s->service, "s3"));
    wb_buf_char(&req, '\n');
    put_query(a, &req, r->query, s->expires_s >= 0);
    wb_buf_char(&req, '\n');
    put_headers(&req, r, s->signed_headers);
    wb_buf_char(&req, '\n');
    wb_buf_slice_put(&req, s->signed_headers);
    wb_buf_char(&req, '\n');
    if (!put_payload(a, &req, r, s, why))
        return WB_SIG_MISMATCH;

    wb_buf_reserve(&text, 256);
    wb_buf_str(&text, ALGORITHM "\n");
    wb_buf_slice_put(&text, s->amz_date);
    wb_buf_printf(&text, "\n%.*s/%.*s/%.*s/aws4_request\n", WB_FMT(s->date), WB_FMT(s->region),
                  WB_FMT(s->service));
    wb_buf_slice_put(&text, wb_sha256_hex(a, wb_buf_slice(&req)));

    uint8_t mac[WB_SHA256_LEN];
    wb_hmac_sha256(wb_slice(signing_key(a, s, secret), WB_SHA256_LEN), wb_buf_slice(&text), mac);
    if (signature_is(s->signature, mac))
        return WB_SIG_OK;
    *why = wb_printf(a,
                     "The request signature we calculated does not match the signature you "
                     "provided. Check your AWS Secret Access Key and signing method. Consult the "
                     "service documentation for details.\n\nThe Canonical String for this request "
                     "should have been\n'%.*s'\n\nThe String-to-Sign should have been\n'%.*s'\n",
                     WB_FMT(req), WB_FMT(text));
    return WB_SIG_MISMATCH;
}
