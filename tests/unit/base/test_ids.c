#include "base/arn.h"
#include "base/ids.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct wb_arena arena;
static struct wb_seam_sim sim;

static int setup(void **state)
{
    wb_arena_init(&arena, 0);
    wb_seam_sim_init(&sim, 11, 1795348800123);
    return 0;
}

static int teardown(void **state)
{
    wb_arena_release(&arena);
    return 0;
}

static bool all_of(struct wb_slice s, const char *alphabet)
{
    for (size_t i = 0; i < s.n; i++)
        if (!s.p[i] || !strchr(alphabet, s.p[i]))
            return false;
    return true;
}

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"

static void test_formats(void **state)
{
    struct wb_seam *s = &sim.seam;
    for (int i = 0; i < 1000; i++) {
        struct wb_slice id = wb_id_uuid(&arena, s);
        assert_int_equal(id.n, WB_UUID_LEN);
        for (size_t k = 0; k < id.n; k++) {
            bool dash = k == 8 || k == 13 || k == 18 || k == 23;
            assert_true(dash ? id.p[k] == '-' : all_of(wb_slice(id.p + k, 1), DIGIT "abcdef"));
        }
        assert_int_equal(id.p[14], '4');
        assert_true(all_of(wb_slice(id.p + 19, 1), "89ab"));

        id = wb_id_dynamodb_request(&arena, s);
        assert_true(id.n == 52 && all_of(id, DIGIT UPPER));
        id = wb_id_access_key(&arena, s, "ASIA");
        assert_true(id.n == 20 && wb_slice_starts(id, WB_S("ASIA")) && all_of(id, UPPER "234567"));
        struct wb_slice account = wb_slice_str(i % 2 ? "999999999999" : "000000000012");
        id = wb_id_account_key(&arena, s, "ASIA", account);
        assert_true(id.n == 20 && wb_slice_starts(id, WB_S("ASIA")) && all_of(id, UPPER "234567"));
        assert_true(wb_slice_eq(wb_id_account_of(&arena, id), account));
        id = wb_id_unique(&arena, s, "AROA");
        assert_true(id.n == 21 && wb_slice_starts(id, WB_S("AROA")) && all_of(id, UPPER "234567"));
        id = wb_id_secret_key(&arena, s);
        assert_true(id.n == 40 && all_of(id, UPPER LOWER DIGIT "+/"));
        id = wb_id_hex(&arena, s, 33);
        assert_true(id.n == 33 && all_of(id, DIGIT "abcdef") && id.p[33] == 0);
        id = wb_id_trace_root(&arena, s);
        assert_true(id.n == 35 && wb_slice_starts(id, WB_S("1-6b02d940-")));
        assert_true(all_of(wb_slice_sub(id, 11, 35), DIGIT "abcdef"));
    }
    assert_int_equal(wb_id_hex(&arena, s, 0).n, 0);
    assert_null(wb_id_account_of(&arena, WB_S("AKIAIOSFODNN7EXAMPLE")).p); /* of before */
    assert_null(wb_id_account_of(&arena, WB_S("ASIA7777777777777777")).p); /* not 12 digits */
    assert_null(wb_id_account_of(&arena, WB_S("ASIA")).p);
}

/* Every letter of the alphabet comes up about equally often. */
static void test_letters_even(void **state)
{
    unsigned count[256] = {0};
    for (int i = 0; i < 2000; i++) {
        struct wb_slice id = wb_id_dynamodb_request(&arena, &sim.seam);
        for (size_t k = 0; k < id.n; k++)
            count[(uint8_t)id.p[k]]++;
    }
    for (const char *c = DIGIT UPPER; *c; c++)
        assert_in_range(count[(uint8_t)*c], 2888 - 330, 2888 + 330); /* 6 sigma */
}

static void test_seam(void **state)
{
    struct wb_seam_sim other;
    wb_seam_sim_init(&other, 11, 1795348800123);
    assert_true(wb_slice_eq(wb_id_uuid(&arena, &sim.seam), wb_id_uuid(&arena, &other.seam)));
    assert_false(wb_slice_eq(wb_id_uuid(&arena, &sim.seam), wb_id_uuid(&arena, &sim.seam)));
    int64_t mono = sim.seam.mono_ns(&sim.seam);
    wb_seam_sim_advance(&sim, 1500);
    assert_true(sim.seam.wall_ms(&sim.seam) == 1795348801623);
    assert_true(sim.seam.mono_ns(&sim.seam) - mono == 1500000000);

    struct wb_seam *os = wb_seam_os();
    int64_t a = os->mono_ns(os);
    assert_true(os->mono_ns(os) >= a);
    assert_true(os->wall_ms(os) > 1700000000000);
    assert_false(wb_slice_eq(wb_id_hex(&arena, os, 32), wb_id_hex(&arena, os, 32)));
}

static void test_arn(void **state)
{
    static const char *const bad[] = {"",
                                      "arn",
                                      "arn:aws:sns:us-east-1:123",
                                      "arn::sns:r:a:x",
                                      "arn:aws::r:a:x",
                                      "arn:aws:sns:r:a:",
                                      "urn:aws:sns:r:a:x",
                                      "aarn:aws:sns:r:a:x"};
    struct wb_arn v;
    assert_true(wb_arn_parse(WB_S("arn:aws:lambda:us-east-1:123456789012:function:f:1"), &v));
    assert_true(wb_slice_is(v.partition, "aws") && wb_slice_is(v.service, "lambda"));
    assert_true(wb_slice_is(v.region, "us-east-1") && wb_slice_is(v.account, "123456789012"));
    assert_true(wb_slice_is(v.resource, "function:f:1"));
    assert_true(wb_arn_parse(WB_S("arn:aws:s3:::bucket/key"), &v));
    assert_true(v.region.n == 0 && v.account.n == 0 && wb_slice_is(v.resource, "bucket/key"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(wb_arn_parse(wb_slice_str(bad[i]), &v));
    struct wb_slice s =
        wb_arn_make(&arena, "events", WB_S("eu-west-1"), WB_S("000000000000"), "rule/%s", "r");
    assert_true(wb_slice_is(s, "arn:aws:events:eu-west-1:000000000000:rule/r"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {T(test_formats), T(test_letters_even), T(test_seam),
                                       T(test_arn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
