/*
 * A request whose signature is wrong at one character, checked again and again: valgrind counts
 * whether the place can be told from the work (table.py, "identity").
 *
 *   compare PLACE     0 to 63
 */
#include "auth/sigv4.h"
#include "base/time.h"
#include <stdio.h>
#include <stdlib.h>
#include <waybill/aws.h>

#define NOW    1795348800000
#define ROUNDS 200

int main(int argc, char **argv)
{
    struct wb_arena keep, a;
    struct wb_pair header[6];
    struct wb_slice why, secret = WB_S("wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00");
    size_t place = argc == 2 ? strtoul(argv[1], NULL, 10) : 64;
    if (place > 63) {
        fprintf(stderr, "usage: compare PLACE\n");
        return 2;
    }
    wb_arena_init(&keep, 0);
    wb_arena_init(&a, 65536);
    struct wb_sign sign = {.method = WB_S("POST"),
                           .path = WB_S("/"),
                           .host = WB_S("127.0.0.1:4566"),
                           .service = WB_S("dynamodb"),
                           .region = WB_S("us-east-1"),
                           .key_id = WB_S("AKIAWAYBILLEXAMPLE01"),
                           .secret = secret,
                           .body = WB_S("{}"),
                           .now_ms = NOW};
    size_t n = wb_sign_headers(&keep, &sign, header);
    header[n++] = (struct wb_pair){WB_S("host"), sign.host};
    struct wb_sig_request r = {.method = sign.method,
                               .path = sign.path,
                               .body = sign.body,
                               .header = header,
                               .header_count = n};
    struct wb_signature s;
    if (wb_sigv4_parse(&keep, &r, &s, &why) != WB_SIG_OK || s.signature.n != 64)
        abort();
    char *wrong = wb_dup_cstr(&keep, s.signature);
    wrong[place] = 'x';
    s.signature = wb_slice(wrong, 64);
    for (int i = 0; i < ROUNDS; i++) {
        if (wb_sigv4_verify(&a, &r, &s, secret, WB_SLICE_NULL, NOW, &why) != WB_SIG_MISMATCH)
            abort();
        wb_arena_reset(&a);
    }
    wb_arena_release(&a);
    wb_arena_release(&keep);
    return 0;
}
