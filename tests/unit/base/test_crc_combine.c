#include "base/crc_combine.h"
#include "base/seam.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A bit at a time, as the definitions have it. */
static uint64_t slow(enum wb_crc kind, const uint8_t *p, size_t n)
{
    static const uint64_t polynomial[] = {0xedb88320, 0x82f63b78, 0x9a6c9329ac4bc9b5};
    uint64_t mask = kind == WB_CRC_64NVME ? UINT64_MAX : UINT32_MAX, crc = mask;
    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial[kind] : 0);
    }
    return crc ^ mask;
}

static void test_vectors(void **state)
{
    const uint8_t text[] = "123456789";
    assert_true(slow(WB_CRC_64NVME, text, 9) == 0xae8b14860a799888);
    assert_true(wb_crc_combine(WB_CRC_32, slow(WB_CRC_32, text, 4), slow(WB_CRC_32, text + 4, 5),
                               5) == 0xcbf43926);
    assert_true(wb_crc_combine(WB_CRC_64NVME, slow(WB_CRC_64NVME, text, 4),
                               slow(WB_CRC_64NVME, text + 4, 5), 5) == 0xae8b14860a799888);
}

static void test_random(void **state)
{
    static uint8_t buf[5000];
    struct wb_seam_sim s;
    uint16_t cut[2];
    wb_seam_sim_init(&s, 1, 0);
    for (int i = 0; i < 100; i++) {
        s.seam.random(&s.seam, buf, sizeof buf);
        s.seam.random(&s.seam, cut, sizeof cut);
        size_t a = cut[0] % (sizeof buf + 1), n = a + cut[1] % (sizeof buf - a + 1);
        for (enum wb_crc kind = WB_CRC_32; kind <= WB_CRC_64NVME; kind++)
            assert_true(wb_crc_combine(kind, slow(kind, buf, a), slow(kind, buf + a, n - a),
                                       n - a) == slow(kind, buf, n));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
