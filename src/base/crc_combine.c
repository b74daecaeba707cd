/*
 * CRC(A B) from CRC(A), CRC(B) and the length of B: the register of A is moved over as many zero
 * bits as B has. A polynomial over GF(2) is a word, reflected as the sums are: the highest bit is
 * x^0. Moving over n zero bytes multiplies by x^(8n) modulo the sum's polynomial.
 */
#include "base/crc_combine.h"

static const struct {
    unsigned bits;
    uint64_t polynomial; /* reflected */
} kinds[] = {
    [WB_CRC_32] = {32, 0xedb88320},
    [WB_CRC_32C] = {32, 0x82f63b78},
    [WB_CRC_64NVME] = {64, 0x9a6c9329ac4bc9b5},
};

static uint64_t multiply(enum wb_crc kind, uint64_t a, uint64_t b)
{
    uint64_t product = 0, top = 1ull << (kinds[kind].bits - 1);
    for (uint64_t bit = top; bit; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = b & 1 ? b >> 1 ^ kinds[kind].polynomial : b >> 1;
    }
    return product;
}

uint64_t wb_crc_combine(enum wb_crc kind, uint64_t a, uint64_t b, uint64_t length_b)
{
    uint64_t one = 1ull << (kinds[kind].bits - 1);
    uint64_t power = one >> 8, shift = one; /* x^8, which is squared; x^(8 * length so far) */
    for (; length_b; length_b >>= 1) {
        if (length_b & 1)
            shift = multiply(kind, shift, power);
        power = multiply(kind, power, power);
    }
    return multiply(kind, shift, a) ^ b;
}
