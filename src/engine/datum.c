#include "engine/datum.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>

/* --- units (CloudWatch API Reference, MetricDatum) --- */

static const char *const units[] = {"None",
                                    "Seconds",
                                    "Microseconds",
                                    "Milliseconds",
                                    "Bytes",
                                    "Kilobytes",
                                    "Megabytes",
                                    "Gigabytes",
                                    "Terabytes",
                                    "Bits",
                                    "Kilobits",
                                    "Megabits",
                                    "Gigabits",
                                    "Terabits",
                                    "Percent",
                                    "Count",
                                    "Bytes/Second",
                                    "Kilobytes/Second",
                                    "Megabytes/Second",
                                    "Gigabytes/Second",
                                    "Terabytes/Second",
                                    "Bits/Second",
                                    "Kilobits/Second",
                                    "Megabits/Second",
                                    "Gigabits/Second",
                                    "Terabits/Second",
                                    "Count/Second"};
#define UNITS (sizeof units / sizeof *units)

uint8_t wb_unit_code(struct wb_slice name)
{
    for (uint8_t i = 1; i < UNITS; i++)
        if (wb_slice_is(name, units[i]))
            return i;
    return WB_UNIT_NONE;
}

const char *wb_unit_name(uint8_t code)
{
    return units[code < UNITS ? code : WB_UNIT_NONE];
}

/* --- buckets --- */

#define LEVEL_MAX    14
#define BUCKET_RANGE 40000 /* beyond the number of any bucket: log(2^1024) / log(1.02) = 35844 */

static double growth_log(uint8_t level)
{
    static const double log_1_02 = 0.019802627296179712;
    return ldexp(log_1_02, level - 1);
}

/* The number of a value's bucket: 0 for zero, in the order of the values. */
static int64_t bucket_of(double v, uint8_t level)
{
    if (v == 0)
        return 0;
    int64_t i = (int64_t)floor(log(fabs(v)) / growth_log(level)) + BUCKET_RANGE;
    return v < 0 ? -i : i;
}

/* The value in its middle. */
static double value_of(int64_t bucket, uint8_t level)
{
    if (bucket == 0)
        return 0;
    int64_t i = (bucket < 0 ? -bucket : bucket) - BUCKET_RANGE;
    double v = exp(((double)i + 0.5) * growth_log(level));
    return bucket < 0 ? -v : v;
}

/* --- pairs --- */

void wb_datum_release(struct wb_datum *d)
{
    free(d->pair);
    d->pair = NULL;
    d->pairs = d->cap = 0;
}

static bool pair_find_add(struct wb_datum *d, double value, double count)
{
    for (uint32_t i = 0; i < d->pairs; i++)
        if (d->pair[i].value == value) {
            d->pair[i].count += count;
            return true;
        }
    return false;
}

static void pair_push(struct wb_datum *d, double value, double count)
{
    if (d->pairs == d->cap) {
        d->cap = d->cap ? d->cap * 2 : 4;
        d->pair = wb_xrealloc(d->pair, d->cap * sizeof *d->pair);
    }
    d->pair[d->pairs++] = (struct wb_value_count){value, count};
}

/* Every value becomes that of its bucket; the scale's next level joins each two buckets. */
static void coarsen(struct wb_datum *d, uint8_t level)
{
    uint32_t n = d->pairs;
    d->level = level;
    d->pairs = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct wb_value_count p = d->pair[i];
        p.value = value_of(bucket_of(p.value, level), level);
        if (!pair_find_add(d, p.value, p.count))
            pair_push(d, p.value, p.count);
    }
}

void wb_datum_shrink(struct wb_datum *d, uint32_t max)
{
    while (d->pairs > max && d->level < LEVEL_MAX)
        coarsen(d, (uint8_t)(d->level + 1));
}

static void pair_add(struct wb_datum *d, double value, double count)
{
    if (d->level)
        value = value_of(bucket_of(value, d->level), d->level);
    if (pair_find_add(d, value, count))
        return;
    pair_push(d, value, count);
    wb_datum_shrink(d, WB_METRIC_VALUES_MAX);
}

static void add_sums(struct wb_datum *d, double count, double sum, double min, double max)
{
    if (d->count == 0 || min < d->min)
        d->min = min;
    if (d->count == 0 || max > d->max)
        d->max = max;
    d->count += count;
    d->sum += sum;
}

void wb_datum_value(struct wb_datum *d, double value, double count)
{
    if (count <= 0)
        return;
    add_sums(d, count, value * count, value, value);
    pair_add(d, value, count);
}

void wb_datum_sums(struct wb_datum *d, double count, double sum, double min, double max)
{
    if (count <= 0)
        return;
    add_sums(d, count, sum, min, max);
    if (min == max && fabs(sum - min * count) <= 1e-9 * fabs(sum))
        pair_add(d, min, count);
    else
        d->unspread = true;
}

void wb_datum_merge(struct wb_datum *to, const struct wb_datum *from)
{
    if (from->count <= 0)
        return;
    add_sums(to, from->count, from->sum, from->min, from->max);
    to->unspread |= from->unspread;
    if (from->level > to->level)
        coarsen(to, from->level);
    for (uint32_t i = 0; i < from->pairs; i++)
        pair_add(to, from->pair[i].value, from->pair[i].count);
}

/* --- bytes --- */

static void put_double(struct wb_buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    wb_buf_le64(b, bits);
}

static double get_double(struct wb_rd *r)
{
    uint64_t bits = wb_rd_le64(r);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

void wb_varint_put(struct wb_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        wb_buf_char(b, (char)(v | 0x80));
    wb_buf_char(b, (char)v);
}

uint64_t wb_varint_get(struct wb_rd *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = wb_rd_u8(r);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return v;
    }
    r->bad = true;
    return 0;
}

/* A count: whole numbers in few bytes, others as 1 and a double. */
static void put_count(struct wb_buf *b, double n)
{
    if (n >= 0 && n < 9e15 && n == floor(n)) {
        wb_varint_put(b, (uint64_t)n << 1);
    } else {
        wb_varint_put(b, 1);
        put_double(b, n);
    }
}

static double get_count(struct wb_rd *r)
{
    uint64_t v = wb_varint_get(r);
    return v & 1 ? get_double(r) : (double)(v >> 1);
}

static int by_value(const void *x, const void *y)
{
    const struct wb_value_count *a = x, *b = y;
    return (a->value > b->value) - (a->value < b->value);
}

/* Bucketed values are their buckets' numbers, each as the distance from the one before. */
void wb_datum_put(struct wb_buf *b, const struct wb_datum *d)
{
    wb_buf_reserve(b, 64 + d->pairs * 17);
    wb_buf_char(b, (char)d->unit);
    wb_buf_char(b, (char)d->second);
    wb_buf_char(b, (char)(d->level << 1 | d->unspread));
    put_count(b, d->count);
    put_double(b, d->sum);
    put_double(b, d->min);
    put_double(b, d->max);
    wb_varint_put(b, d->pairs);
    if (d->level && d->pairs)
        qsort(d->pair, d->pairs, sizeof *d->pair, by_value);
    int64_t before = -2 * BUCKET_RANGE;
    for (uint32_t i = 0; i < d->pairs; i++) {
        if (d->level) {
            int64_t bucket = bucket_of(d->pair[i].value, d->level);
            wb_varint_put(b, (uint64_t)(bucket - before));
            before = bucket;
        } else {
            put_double(b, d->pair[i].value);
        }
        put_count(b, d->pair[i].count);
    }
}

bool wb_datum_get(struct wb_rd *r, struct wb_datum *d)
{
    *d = (struct wb_datum){.unit = wb_rd_u8(r), .second = wb_rd_u8(r)};
    uint8_t flags = wb_rd_u8(r);
    d->level = flags >> 1;
    d->unspread = flags & 1;
    d->count = get_count(r);
    d->sum = get_double(r);
    d->min = get_double(r);
    d->max = get_double(r);
    uint64_t pairs = wb_varint_get(r);
    int64_t bucket = -2 * BUCKET_RANGE;
    if (d->level > LEVEL_MAX || pairs > WB_METRIC_VALUES_MAX)
        r->bad = true;
    while (!r->bad && pairs--) {
        double value;
        if (d->level) {
            uint64_t step = wb_varint_get(r);
            if (step > 4 * BUCKET_RANGE)
                r->bad = true;
            bucket += (int64_t)step;
            value = value_of(bucket, d->level);
        } else {
            value = get_double(r);
        }
        double count = get_count(r);
        pair_push(d, value, count);
    }
    return !r->bad;
}
