/*
 * Signatures: lines "method", "path", "query", headers, an empty line, the body. What verifies must
 * still verify when the same request comes again (cached key), and not with another secret, nor
 * when something is changed.
 */
#include "auth/sigv4.h"
#include "base/time.h"
#include <assert.h>
#include <stdlib.h>

#define HEADERS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum wb_sig_error check(struct wb_arena *a, const struct wb_sig_request *r,
                               struct wb_signature *s)
{
    struct wb_slice secret = WB_S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), why;
    enum wb_sig_error e = wb_sigv4_parse(a, r, s, &why);
    if (e == WB_SIG_OK)
        e = wb_sigv4_verify(a, r, s, secret, WB_SLICE_NULL, 1795348800000, &why);
    assert(e == WB_SIG_OK || why.n);
    return e;
}

/* A request that verifies does not any more with another method, query or body. */
static void change(struct wb_arena *a, const struct wb_sig_request *good)
{
    struct wb_signature s;
    struct wb_sig_request r = *good;
    r.method = wb_printf(a, "%.*sX", WB_FMT(good->method));
    assert(check(a, &r, &s) != WB_SIG_OK);
    r = *good;
    r.query = wb_printf(a, "%.*s&zz=1", WB_FMT(good->query));
    assert(check(a, &r, &s) != WB_SIG_OK);
    for (size_t i = 0; i < good->header_count; i++)
        if (wb_slice_ieq(good->header[i].name, WB_S("x-amz-content-sha256")))
            return; /* it may say that the body is not signed */
    r = *good;
    r.body = wb_printf(a, "%.*sx", WB_FMT(good->body));
    assert(check(a, &r, &s) != WB_SIG_OK || wb_slice_is(s.service, "s3"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_slice rest = wb_slice(data, size), why;
    struct wb_pair header[HEADERS];
    struct wb_sig_request r = {.header = header};
    struct wb_signature s;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    r.method = wb_slice_cut(&rest, '\n');
    r.path = wb_slice_cut(&rest, '\n');
    r.query = wb_slice_cut(&rest, '\n');
    while (rest.p && r.header_count < HEADERS) {
        struct wb_slice value = wb_slice_cut(&rest, '\n');
        if (value.n == 0)
            break;
        header[r.header_count].name = wb_slice_cut(&value, ':');
        header[r.header_count++].value = wb_slice_trim(value);
    }
    r.body = rest;
    enum wb_sig_error e = check(&a, &r, &s);
    assert(check(&a, &r, &s) == e); /* with the remembered key */
    if (e == WB_SIG_OK) {
        e = wb_sigv4_verify(&a, &r, &s, WB_S("x"), WB_SLICE_NULL, 1795348800000, &why);
        assert(e == WB_SIG_MISMATCH);
        change(&a, &r);
    }
    wb_arena_release(&a);
    return 0;
}
