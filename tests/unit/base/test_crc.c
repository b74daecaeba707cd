#include "base/crc.h"
#include "base/crc_internal.h"
#include "base/seam.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A bit at a time, as the definition has it. */
static uint32_t slow(uint32_t polynomial, uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    return ~crc;
}

static void test_vectors(void **state)
{
    uint8_t buf[32];
    assert_int_equal(wb_crc32c(0, "", 0), 0);
    assert_int_equal(wb_crc32(0, "", 0), 0);
    assert_int_equal(wb_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(wb_crc32c_table(0, "123456789", 9), 0xe3069283);
    assert_int_equal(wb_crc32(0, "123456789", 9), 0xcbf43926);
    memset(buf, 0, 32); /* RFC 3720, B.4 */
    assert_int_equal(wb_crc32c(0, buf, 32), 0x8a9136aa);
    assert_int_equal(wb_crc32c_table(0, buf, 32), 0x8a9136aa);
    memset(buf, 0xff, 32);
    assert_int_equal(wb_crc32c(0, buf, 32), 0x62a8ab43);
    assert_int_equal(wb_crc32c_table(0, buf, 32), 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        buf[i] = (uint8_t)i;
    assert_int_equal(wb_crc32c(0, buf, 32), 0x46dd794e);
}

/* Every length and alignment up to 100, whole and in two pieces. */
static void test_against_slow(void **state)
{
    struct wb_seam_sim sim;
    uint8_t buf[128];
    wb_seam_sim_init(&sim, 5, 0);
    sim.seam.random(&sim.seam, buf, sizeof buf);
    for (size_t from = 0; from < 16; from++) {
        for (size_t n = 0; n < 100; n++) {
            uint32_t c = slow(0x82f63b78, 0, buf + from, n), i = slow(0xedb88320, 0, buf + from, n);
            assert_int_equal(wb_crc32c(0, buf + from, n), c);
            assert_int_equal(wb_crc32c_table(0, buf + from, n), c);
            assert_int_equal(wb_crc32(0, buf + from, n), i);
            uint32_t half = wb_crc32c(0, buf + from, n / 3);
            assert_int_equal(wb_crc32c(half, buf + from + n / 3, n - n / 3), c);
            half = wb_crc32(0, buf + from, n / 3);
            assert_int_equal(wb_crc32(half, buf + from + n / 3, n - n / 3), i);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors),
                                       cmocka_unit_test(test_against_slow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
