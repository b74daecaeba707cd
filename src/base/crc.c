/*
 * Both sums are table driven, eight bytes a step ("slicing by 8"); CRC-32C uses the CPU's own
 * instruction where there is one. The tables are computed at process start.
 */
#include "base/crc.h"
#include "base/crc_internal.h"
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

static uint32_t table_c[8][256], table_i[8][256];
static uint64_t table_64[8][256];
static int have_sse42;

static void table_make(uint64_t t[8][256], uint64_t polynomial)
{
    for (uint64_t i = 0; i < 256; i++) {
        uint64_t v = i;
        for (int bit = 0; bit < 8; bit++)
            v = v >> 1 ^ (v & 1 ? polynomial : 0);
        t[0][i] = v;
    }
    for (int k = 1; k < 8; k++)
        for (size_t i = 0; i < 256; i++)
            t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 0xff];
}

/* A sum of 32 bits is one of 64 whose upper half stays 0. */
static void table_make_32(uint32_t t[8][256], uint32_t polynomial)
{
    static uint64_t wide[8][256];
    table_make(wide, polynomial);
    for (int k = 0; k < 8; k++)
        for (size_t i = 0; i < 256; i++)
            t[k][i] = (uint32_t)wide[k][i];
}

__attribute__((constructor)) static void crc_init(void)
{
    table_make_32(table_c, 0x82f63b78); /* the polynomials with their bits reversed */
    table_make_32(table_i, 0xedb88320);
    table_make(table_64, 0x9a6c9329ac4bc9b5);
#if defined(__x86_64__)
    have_sse42 = __builtin_cpu_supports("sse4.2");
#endif
}

static uint32_t by_table(uint32_t t[8][256], uint32_t crc, const uint8_t *p, size_t n)
{
    uint64_t w;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        w = __builtin_bswap64(w);
#endif
        w ^= crc;
        crc = t[7][w & 0xff] ^ t[6][w >> 8 & 0xff] ^ t[5][w >> 16 & 0xff] ^ t[4][w >> 24 & 0xff] ^
              t[3][w >> 32 & 0xff] ^ t[2][w >> 40 & 0xff] ^ t[1][w >> 48 & 0xff] ^ t[0][w >> 56];
    }
    while (n--)
        crc = crc >> 8 ^ t[0][(crc ^ *p++) & 0xff];
    return crc;
}

uint32_t wb_crc32c_table(uint32_t crc, const void *p, size_t n)
{
    return ~by_table(table_c, ~crc, p, n);
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t by_sse42(uint32_t crc, const uint8_t *p, size_t n)
{
    uint64_t c = crc, w;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
        c = _mm_crc32_u64(c, w);
    }
    while (n--)
        c = _mm_crc32_u8((uint32_t)c, *p++);
    return (uint32_t)c;
}
#endif

uint32_t wb_crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
    if (have_sse42)
        return ~by_sse42(~crc, p, n);
#endif
    return wb_crc32c_table(crc, p, n);
}

uint32_t wb_crc32(uint32_t crc, const void *p, size_t n)
{
    return ~by_table(table_i, ~crc, p, n);
}

uint64_t wb_crc64nvme(uint64_t crc, const void *data, size_t n)
{
    const uint8_t *p = data;
    uint64_t w;
    crc = ~crc;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        w = __builtin_bswap64(w);
#endif
        w ^= crc;
        crc = 0;
        for (int k = 0; k < 8; k++)
            crc ^= table_64[7 - k][w >> (8 * k) & 0xff];
    }
    while (n--)
        crc = crc >> 8 ^ table_64[0][(crc ^ *p++) & 0xff];
    return ~crc;
}
