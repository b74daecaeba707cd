/*
 * Decimal numbers of up to 38 significant digits, magnitude 1E-130 to 9.99...E+125: the number type
 * of DynamoDB (Developer Guide, "Naming rules and data types": Number). Exact: an operation whose
 * result does not fit fails instead of rounding.
 */
#ifndef WB_BASE_DECIMAL_H
#define WB_BASE_DECIMAL_H

#include "base/arena.h"

struct wb_decimal {
    int8_t sign;   /* -1, 0, 1; zero has no digits */
    uint8_t count; /* significant digits, 0..38 */
    int16_t exp;   /* value = 0.d1d2d3... x 10^exp; d1 != 0 and the last digit != 0 */
    uint8_t digit[38];
};

enum wb_decimal_status {
    WB_DEC_OK,
    WB_DEC_SYNTAX, /* not a number */
    WB_DEC_OVERFLOW,
    WB_DEC_UNDERFLOW,
    WB_DEC_PRECISION, /* more than 38 significant digits */
};

enum wb_decimal_status wb_decimal_parse(struct wb_slice s, struct wb_decimal *out);
/* Plain decimal notation, never an exponent: 1e3 -> 1000, 1.10 -> 1.1, -0 -> 0. */
struct wb_slice wb_decimal_str(struct wb_arena *a, const struct wb_decimal *d);
int wb_decimal_cmp(const struct wb_decimal *a, const struct wb_decimal *b);
enum wb_decimal_status wb_decimal_add(const struct wb_decimal *a, const struct wb_decimal *b,
                                      struct wb_decimal *out);
enum wb_decimal_status wb_decimal_sub(const struct wb_decimal *a, const struct wb_decimal *b,
                                      struct wb_decimal *out);
/* Order-preserving bytes (Oracle NUMBER layout: exponent byte, base-100 digits), 1..22 bytes:
 * 1 = C1 02, -1 = 3E 64 66, 0 = 80. memcmp order = numeric order once a 00 is appended. */
#define WB_DECIMAL_BYTES 22
size_t wb_decimal_encode(const struct wb_decimal *d, uint8_t out[WB_DECIMAL_BYTES]);
bool wb_decimal_decode(struct wb_slice bytes, struct wb_decimal *out);

#endif
