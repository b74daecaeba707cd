/*
 * Signature Version 4, the signing side (IAM User Guide, "Create a signed AWS API request").
 */
#include "base/time.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include "waybill/aws.h"

#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    const struct wb_pair *x = a, *y = b;
    int c = wb_slice_cmp(x->name, y->name);
    return c ? c : wb_slice_cmp(x->value, y->value);
}

/* The path with every segment encoded once more: what services other than S3 sign. */
static void canonical_path(struct wb_buf *b, const struct wb_sign *s)
{
    if (s->path.n == 0)
        wb_buf_char(b, '/');
    else if (wb_slice_is(s->service, "s3"))
        wb_buf_slice_put(b, s->path);
    else
        wb_percent_encode(b, s->path, true);
}

static void canonical_query(struct wb_arena *a, struct wb_buf *b, struct wb_slice query)
{
    struct wb_pair *field;
    size_t count;
    if (query.n == 0 || !wb_form_parse(a, query, 1000, &field, &count))
        return;
    for (size_t i = 0; i < count; i++) {
        struct wb_buf n = wb_buf_in(a), v = wb_buf_in(a);
        wb_percent_encode(&n, field[i].name, false);
        wb_percent_encode(&v, field[i].value, false);
        field[i] = (struct wb_pair){wb_buf_slice(&n), wb_buf_slice(&v)};
    }
    qsort(field, count, sizeof *field, by_name);
    for (size_t i = 0; i < count; i++) {
        if (i)
            wb_buf_char(b, '&');
        wb_buf_slice_put(b, field[i].name);
        wb_buf_char(b, '=');
        wb_buf_slice_put(b, field[i].value);
    }
}

static void signing_key(const struct wb_sign *s, struct wb_slice date, struct wb_arena *a,
                        uint8_t out[32])
{
    struct wb_slice first = wb_printf(a, "AWS4%.*s", WB_FMT(s->secret));
    uint8_t k[4][32];
    wb_hmac_sha256(first, date, k[0]);
    wb_hmac_sha256(wb_slice(k[0], 32), s->region, k[1]);
    wb_hmac_sha256(wb_slice(k[1], 32), s->service, k[2]);
    wb_hmac_sha256(wb_slice(k[2], 32), WB_S("aws4_request"), k[3]);
    memcpy(out, k[3], 32);
}

size_t wb_sign_headers(struct wb_arena *a, const struct wb_sign *s, struct wb_pair out[4])
{
    struct wb_slice stamp = wb_time_str(a, s->now_ms, WB_TIME_BASIC);
    struct wb_slice date = wb_slice_sub(stamp, 0, 8);
    struct wb_slice hash = wb_sha256_hex(a, s->body);
    size_t n = 0;
    out[n++] = (struct wb_pair){WB_S("x-amz-date"), stamp};
    if (s->token.n)
        out[n++] = (struct wb_pair){WB_S("x-amz-security-token"), s->token};
    if (wb_slice_is(s->service, "s3"))
        out[n++] = (struct wb_pair){WB_S("x-amz-content-sha256"), hash};

    size_t total = s->header_count + n + 1;
    struct wb_pair *h = wb_new_n(a, struct wb_pair, total);
    for (size_t i = 0; i < s->header_count; i++)
        h[i] = s->header[i];
    memcpy(h + s->header_count, out, n * sizeof *out);
    h[total - 1] = (struct wb_pair){WB_S("host"), s->host};
    qsort(h, total, sizeof *h, by_name);

    struct wb_buf canon = wb_buf_in(a), names = wb_buf_in(a);
    wb_buf_slice_put(&canon, s->method);
    wb_buf_char(&canon, '\n');
    canonical_path(&canon, s);
    wb_buf_char(&canon, '\n');
    canonical_query(a, &canon, s->query);
    wb_buf_char(&canon, '\n');
    for (size_t i = 0; i < total; i++) {
        wb_buf_printf(&canon, "%.*s:%.*s\n", WB_FMT(h[i].name), WB_FMT(h[i].value));
        wb_buf_printf(&names, "%s%.*s", i ? ";" : "", WB_FMT(h[i].name));
    }
    wb_buf_printf(&canon, "\n%.*s\n%.*s", WB_FMT(wb_buf_slice(&names)), WB_FMT(hash));

    struct wb_slice scope = wb_printf(a, "%.*s/%.*s/%.*s/aws4_request", WB_FMT(date),
                                      WB_FMT(s->region), WB_FMT(s->service));
    struct wb_slice canon_hash = wb_sha256_hex(a, wb_buf_slice(&canon));
    struct wb_slice text = wb_printf(a, "AWS4-HMAC-SHA256\n%.*s\n%.*s\n%.*s", WB_FMT(stamp),
                                     WB_FMT(scope), WB_FMT(canon_hash));
    uint8_t key[32], mac[32];
    signing_key(s, date, a, key);
    wb_hmac_sha256(wb_slice(key, 32), text, mac);
    struct wb_slice hex = wb_hex_encode(a, wb_slice(mac, 32));
    out[n++] = (struct wb_pair){
        WB_S("authorization"),
        wb_printf(a, "AWS4-HMAC-SHA256 Credential=%.*s/%.*s, SignedHeaders=%.*s, Signature=%.*s",
                  WB_FMT(s->key_id), WB_FMT(scope), WB_FMT(wb_buf_slice(&names)), WB_FMT(hex))};
    return n;
}
