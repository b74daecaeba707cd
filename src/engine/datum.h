/*
 * A datum: what is known of the values of one series in one stretch of time. Count, sum, least and
 * greatest value are exact. The distribution is pairs of a value and its count: exact up to
 * WB_METRIC_VALUES_MAX distinct values; with more of them, values that lie close together become
 * one. Then a value stands for a bucket of a logarithmic scale, and is wrong by at most 1 % (level
 * 1); as long as there are still too many, neighbours are joined: 2 % (level 2), 4 % (level 3), and
 * so on. 150 buckets of level 3 span five decades, so more than that is rare.
 */
#ifndef WB_ENGINE_DATUM_H
#define WB_ENGINE_DATUM_H

#include "base/buf.h"

struct wb_datum {
    double count, sum, min, max;
    struct wb_value_count {
        double value, count;
    } * pair; /* heap */
    uint32_t pairs, cap;
    uint8_t level;  /* 0: exact values */
    bool unspread;  /* sums came without a distribution: there are no percentiles */
    uint8_t unit;   /* as wb_unit_code gives it */
    uint8_t second; /* of the minute; WB_WHOLE_MINUTE */
};
#define WB_WHOLE_MINUTE 255

void wb_datum_release(struct wb_datum *d);
/* `count` samples of the same value. */
void wb_datum_value(struct wb_datum *d, double value, double count);
/* A statistic set; its distribution is known only when min == max. */
void wb_datum_sums(struct wb_datum *d, double count, double sum, double min, double max);
void wb_datum_merge(struct wb_datum *to, const struct wb_datum *from);
/* At most `max` pairs are left, as exact as that can be. */
void wb_datum_shrink(struct wb_datum *d, uint32_t max);

/* The bytes of rows. get leaves *d to be released, also when it gives false: malformed. */
void wb_datum_put(struct wb_buf *b, const struct wb_datum *d);
bool wb_datum_get(struct wb_rd *r, struct wb_datum *d);
void wb_varint_put(struct wb_buf *b, uint64_t v);
uint64_t wb_varint_get(struct wb_rd *r);

/* Units: the code of a name, WB_UNIT_NONE for one that is not known; and back. */
#define WB_UNIT_NONE 0
uint8_t wb_unit_code(struct wb_slice name);
const char *wb_unit_name(uint8_t code);

#endif
