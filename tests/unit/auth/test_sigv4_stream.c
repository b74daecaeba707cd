/* The signatures of chunks and trailers, by the examples of S3's API reference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/sigv4_stream.h"
#include <stdlib.h>

static const struct {
    const char *seed;
    const char *chunk[3]; /* of 65,536, 1,024 and 0 times 'a' */
    const char *trailer, *trailer_signature;
} examples[] = {
    {"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
     {"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"},
     NULL,
     NULL},
    {"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
     {"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"},
     "x-amz-checksum-crc32c:sOO8/Q==\n",
     "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"},
};
static const size_t sizes[3] = {65536, 1024, 0};

static void begin(struct wb_sig_stream *s, struct wb_arena *a, const char *seed)
{
    struct wb_signature sig = {.access_key = WB_S("AKIAIOSFODNN7EXAMPLE"),
                               .date = WB_S("20130524"),
                               .region = WB_S("us-east-1"),
                               .service = WB_S("s3"),
                               .amz_date = WB_S("20130524T000000Z"),
                               .signature = wb_slice_str(seed)};
    assert_true(
        wb_sigv4_stream_begin(s, a, &sig, WB_S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")));
}

static void test_examples(void **state)
{
    struct wb_arena a;
    char *text = malloc(65536);
    uint8_t hash[WB_SHA256_LEN];
    wb_arena_init(&a, 0);
    memset(text, 'a', 65536);
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct wb_sig_stream s;
        begin(&s, &a, examples[i].seed);
        for (int k = 0; k < 3; k++) {
            wb_sha256(wb_slice(text, sizes[k]), hash);
            assert_true(wb_sigv4_stream_chunk(&s, hash, wb_slice_str(examples[i].chunk[k])));
        }
        if (!examples[i].trailer)
            continue;
        wb_sha256(wb_slice_str(examples[i].trailer), hash);
        assert_true(wb_sigv4_stream_trailer(&s, hash, wb_slice_str(examples[i].trailer_signature)));
    }
    free(text);
    wb_arena_release(&a);
}

/* Another content, another order, a chunk twice, no signature: each is noticed. */
static void test_wrong(void **state)
{
    struct wb_arena a;
    struct wb_sig_stream s;
    uint8_t hash[WB_SHA256_LEN], end[WB_SHA256_LEN];
    wb_arena_init(&a, 0);
    wb_sha256(WB_S("b"), hash);
    wb_sha256(WB_S(""), end);
    begin(&s, &a, examples[0].seed);
    assert_false(wb_sigv4_stream_chunk(&s, hash, wb_slice_str(examples[0].chunk[0])));
    begin(&s, &a, examples[0].seed);
    assert_false(wb_sigv4_stream_chunk(&s, end, wb_slice_str(examples[0].chunk[2])));
    begin(&s, &a, examples[0].seed);
    assert_false(wb_sigv4_stream_chunk(&s, end, WB_SLICE_NULL));
    struct wb_signature sig = {.signature = WB_S("short")};
    assert_false(wb_sigv4_stream_begin(&s, &a, &sig, WB_S("x")));
    wb_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
