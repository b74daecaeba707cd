#include "arena.h"
#include "services/kms/cipher.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ACCOUNT WB_S("000011112222")
#define KEY     WB_S("01234567-89ab-4cde-8f01-23456789abcd")

static const uint8_t material[KMS_MATERIAL] = {1, 2, 3}, other[KMS_MATERIAL] = {1, 2, 4},
                     salt[KMS_SALT] = {9};

static struct wb_slice context(const char *json)
{
    return kms_context(&arena, wb_json_read(&arena, wb_slice_str(json), NULL));
}

static struct wb_slice sealed(const char *json)
{
    return kms_blob_seal(&arena, ACCOUNT, KEY, 7, material, salt, WB_S("plain"), context(json));
}

static void test_round(void **state)
{
    struct kms_blob b;
    struct wb_slice plain;
    assert_true(kms_blob_parse(&arena, sealed("{\"a\":\"1\",\"b\":\"2\"}"), &b));
    assert_true(wb_slice_eq(b.account, ACCOUNT) && wb_slice_eq(b.key_id, KEY) && b.version == 7);
    assert_true(kms_blob_open(&arena, &b, material, context("{\"b\":\"2\",\"a\":\"1\"}"), &plain));
    assert_true(wb_slice_is(plain, "plain"));
    assert_false(kms_blob_open(&arena, &b, other, context("{\"b\":\"2\",\"a\":\"1\"}"), &plain));
    assert_false(kms_blob_open(&arena, &b, material, context("{\"a\":\"1\"}"), &plain));
    assert_false(kms_blob_open(&arena, &b, material, context("{\"a\":\"1\",\"b\":\"3\"}"), &plain));
    assert_false(kms_blob_open(&arena, &b, material, context("{\"a\":\"1b2\"}"), &plain));
}

/* Every bit counts: it cannot be read any more, or not be opened. */
static void test_changed(void **state)
{
    struct wb_slice whole = sealed("{}"), plain;
    struct kms_blob b;
    for (size_t i = 0; i < whole.n * 8; i++) {
        struct wb_slice text = wb_dup(&arena, whole);
        ((char *)text.p)[i / 8] ^= (char)(1 << i % 8);
        if (kms_blob_parse(&arena, text, &b))
            assert_false(kms_blob_open(&arena, &b, material, WB_SLICE_NULL, &plain));
    }
    for (size_t n = 0; n < whole.n; n++)
        if (kms_blob_parse(&arena, wb_slice_sub(whole, 0, n), &b))
            assert_false(kms_blob_open(&arena, &b, material, WB_SLICE_NULL, &plain));
    assert_true(kms_blob_parse(&arena, whole, &b));
    assert_true(kms_blob_open(&arena, &b, material, WB_SLICE_NULL, &plain));
}

static void test_context(void **state)
{
    assert_int_equal(context("{}").n, 0);
    assert_int_equal(kms_context(&arena, WB_JSON_NONE).n, 0);
    assert_true(wb_slice_eq(context("{\"a\":\"1\",\"a\":\"2\"}"), context("{\"a\":\"2\"}")));
    assert_false(wb_slice_eq(context("{\"ab\":\"c\"}"), context("{\"a\":\"bc\"}")));
}

static void test_ids(void **state)
{
    assert_true(kms_id_ok(KEY));
    assert_false(kms_id_ok(WB_S("01234567-89AB-4cde-8f01-23456789abcd")));
    assert_false(kms_id_ok(WB_S("0123456789ab-4cde-8f01-23456789abcd-")));
    assert_false(kms_id_ok(WB_S("thing")));
    assert_false(kms_id_ok(WB_SLICE_NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round, setup, teardown),
        cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_context, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ids, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
