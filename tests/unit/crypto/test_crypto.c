#include "arena.h"
#include "crypto/crypto.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct wb_slice unhex(const char *hex)
{
    size_t n = strlen(hex) / 2;
    uint8_t *p = wb_alloc(&arena, n);
    for (size_t i = 0; i < n; i++) {
        unsigned v;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
        p[i] = (uint8_t)v;
    }
    return wb_slice(p, n);
}

static struct wb_slice repeat(char c, size_t n)
{
    char *p = wb_alloc(&arena, n);
    memset(p, c, n);
    return wb_slice(p, n);
}

static void is(const uint8_t *got, const char *hex)
{
    struct wb_slice want = unhex(hex);
    assert_memory_equal(got, want.p, want.n);
}

static void test_hashes(void **state)
{
    uint8_t out[32];
    /* FIPS 180-4 examples, RFC 1321. */
    wb_sha256(WB_S(""), out);
    is(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wb_sha256(WB_SLICE_NULL, out);
    is(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    wb_sha256(WB_S("abc"), out);
    is(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    wb_sha256(repeat('a', 1000000), out);
    is(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    wb_sha1(WB_S("abc"), out);
    is(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
    wb_md5(WB_S("abc"), out);
    is(out, "900150983cd24fb0d6963f7d28e17f72");
    struct wb_slice hex = wb_sha256_hex(&arena, WB_S("abc"));
    assert_true(
        wb_slice_is(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    struct wb_slice b64 = wb_sha256_base64(&arena, WB_S("abc"));
    assert_true(wb_slice_is(b64, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="));
}

static void test_hmac(void **state)
{
    uint8_t out[32];
    /* RFC 4231, test cases 1, 2, 3, 6 and 7. */
    wb_hmac_sha256(repeat(0x0b, 20), WB_S("Hi There"), out);
    is(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    wb_hmac_sha256(WB_S("Jefe"), WB_S("what do ya want for nothing?"), out);
    is(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    wb_hmac_sha256(repeat((char)0xaa, 20), repeat((char)0xdd, 50), out);
    is(out, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    wb_hmac_sha256(repeat((char)0xaa, 131),
                   WB_S("Test Using Larger Than Block-Size Key - Hash Key First"), out);
    is(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    wb_hmac_sha256(repeat((char)0xaa, 131),
                   WB_S("This is a test using a larger than block-size key and a larger than "
                        "block-size data. The key needs to be hashed before being used by the "
                        "HMAC algorithm."),
                   out);
    is(out, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
    wb_hmac_sha256(WB_SLICE_NULL, WB_SLICE_NULL, out); /* no key, no text */
    is(out, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    /* A key of exactly a block is not hashed, one byte more is. */
    uint8_t hashed[32], other[32];
    wb_sha256(repeat('k', 65), hashed);
    wb_hmac_sha256(repeat('k', 65), WB_S("x"), out);
    wb_hmac_sha256(wb_slice(hashed, 32), WB_S("x"), other);
    assert_memory_equal(out, other, 32);
    wb_sha256(repeat('k', 64), hashed);
    wb_hmac_sha256(repeat('k', 64), WB_S("x"), out);
    wb_hmac_sha256(wb_slice(hashed, 32), WB_S("x"), other);
    assert_memory_not_equal(out, other, 32);
}

/* Test case 16 of the GCM specification (McGrew, Viega). */
static void test_gcm_vector(void **state)
{
    struct wb_slice key = unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    struct wb_slice plain = unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    struct wb_slice aad = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    struct wb_slice sealed =
        unhex("cafebabefacedbaddecaf888"
              "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
              "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
              "76fc6ece0f4e1768cddf8853bb2d551b");
    struct wb_slice got;
    assert_true(wb_unseal(&arena, (const uint8_t *)key.p, sealed, aad, &got));
    assert_true(wb_slice_eq(got, plain));
}

static void test_seal(void **state)
{
    uint8_t key[32] = "0123456789abcdef0123456789abcde", other[32] = "another";
    struct wb_slice aad = WB_S("row 17"), got;
    for (size_t n = 0; n < 5000; n = n * 2 + 1) {
        struct wb_slice plain = repeat('s', n), sealed = wb_seal(&arena, key, plain, aad);
        assert_int_equal(sealed.n, 12 + n + 16);
        assert_true(wb_unseal(&arena, key, sealed, aad, &got) && wb_slice_eq(got, plain));
        assert_false(wb_unseal(&arena, other, sealed, aad, &got));
        assert_false(wb_unseal(&arena, key, sealed, WB_S("row 18"), &got));
        assert_false(wb_unseal(&arena, key, sealed, WB_SLICE_NULL, &got));
        for (size_t i = 0; i < sealed.n; i += 1 + sealed.n / 50) {
            ((char *)sealed.p)[i] ^= 1;
            assert_false(wb_unseal(&arena, key, sealed, aad, &got));
            ((char *)sealed.p)[i] ^= 1;
        }
        for (size_t i = 0; i < 30 && i < sealed.n; i++) /* cut at either end */
            assert_false(wb_unseal(&arena, key, wb_slice_sub(sealed, 0, i), aad, &got));
        assert_false(wb_unseal(&arena, key, wb_slice_sub(sealed, 0, sealed.n - 1), aad, &got));
        assert_false(wb_unseal(&arena, key, wb_slice_sub(sealed, 1, sealed.n), aad, &got));
        /* The nonce is fresh every time. */
        assert_false(wb_slice_eq(wb_seal(&arena, key, plain, aad), sealed));
    }
}

static void test_const_eq(void **state)
{
    assert_true(wb_const_eq("abc", "abc", 3));
    assert_false(wb_const_eq("abc", "abd", 3));
    assert_true(wb_const_eq("", "", 0));
}

static void *hash_many(void *result)
{
    uint8_t out[32];
    bool ok = true;
    for (int i = 0; i < 5000; i++) {
        wb_hmac_sha256(WB_S("Jefe"), WB_S("what do ya want for nothing?"), out);
        ok = ok && out[0] == 0x5b && out[31] == 0x43;
    }
    *(bool *)result = ok;
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t t[4];
    bool ok[4] = {false};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, hash_many, &ok[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < 4; i++)
        assert_true(ok[i]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_threads),    T(test_hashes), T(test_hmac),
                                       T(test_gcm_vector), T(test_seal),   T(test_const_eq)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
