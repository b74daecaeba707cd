/*
 * Signatures: lines "method", "path", "query", headers, an empty line, the body. What verifies must
 * still verify when the same request comes again (cached key), and not with another secret.
 */
#include "auth/sigv4.h"
#include "base/time.h"
#include <assert.h>
#include <stdlib.h>

#define HEADERS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    enum wb_sig_error e = wb_sigv4_parse(&a, &r, &s, &why);
    assert(e == WB_SIG_OK || why.n);
    if (e == WB_SIG_OK) {
        struct wb_slice secret = WB_S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
        int64_t now = 1795348800000;
        e = wb_sigv4_verify(&a, &r, &s, secret, WB_SLICE_NULL, now, &why);
        assert(e == WB_SIG_OK || why.n);
        assert(wb_sigv4_verify(&a, &r, &s, secret, WB_SLICE_NULL, now, &why) == e);
        if (e == WB_SIG_OK)
            assert(wb_sigv4_verify(&a, &r, &s, WB_S("x"), WB_SLICE_NULL, now, &why) ==
                   WB_SIG_MISMATCH);
    }
    wb_arena_release(&a);
    return 0;
}
