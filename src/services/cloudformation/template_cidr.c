/*
 * Fn::Cidr: [block, count, bits]: the first `count` networks within the block, of which each has
 * `bits` bits for its hosts (User Guide, "Fn::Cidr").
 */
#include "services/cloudformation/template_impl.h"
#include <arpa/inet.h>

#define COUNT_MAX 256

/* An address as two numbers of 64 bits; of IPv4 only 32 bits of the low one. */
struct block {
    uint64_t high, low;
    unsigned width, prefix; /* bits: of an address, of the network */
};

static uint64_t from_bytes(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static void to_bytes(uint64_t v, uint8_t *p, size_t n)
{
    for (size_t i = n; i-- > 0; v >>= 8)
        p[i] = (uint8_t)v;
}

static bool parse(struct wb_arena *a, struct wb_slice text, struct block *b)
{
    struct wb_slice rest = text, address = wb_slice_cut(&rest, '/');
    uint8_t raw[16];
    int64_t prefix;
    bool six = wb_slice_chr(address, ':', 0) >= 0;
    if (!rest.p || !wb_slice_i64(rest, &prefix) || prefix < 0 || prefix > (six ? 128 : 32) ||
        inet_pton(six ? AF_INET6 : AF_INET, wb_dup_cstr(a, address), raw) != 1)
        return false;
    *b = (struct block){six ? from_bytes(raw, 8) : 0,
                        six ? from_bytes(raw + 8, 8) : from_bytes(raw, 4), six ? 128 : 32,
                        (unsigned)prefix};
    return true;
}

/* Clears what is behind the first `keep` bits. */
static void mask(struct block *b, unsigned keep)
{
    unsigned clear = b->width - keep;
    if (clear >= 64) {
        b->low = 0;
        b->high = clear == 128 ? 0 : b->high >> (clear - 64) << (clear - 64);
    } else {
        b->low = clear ? b->low >> clear << clear : b->low;
    }
}

static struct wb_slice network(struct wb_arena *a, const struct block *b, unsigned bits, uint64_t i)
{
    uint64_t high = b->high, low = b->low;
    uint8_t raw[16];
    char text[INET6_ADDRSTRLEN];
    if (bits >= 64) {
        high += i << (bits - 64);
    } else {
        uint64_t add = i << bits;
        if (bits && i >> (64 - bits))
            high += i >> (64 - bits);
        low += add;
        high += low < add;
    }
    if (b->width == 32) {
        to_bytes(low, raw, 4);
        inet_ntop(AF_INET, raw, text, sizeof text);
    } else {
        to_bytes(high, raw, 8);
        to_bytes(low, raw + 8, 8);
        inet_ntop(AF_INET6, raw, text, sizeof text);
    }
    return wb_printf(a, "%s/%u", text, b->width - bits);
}

struct wb_tree *wb_eval_cidr(struct wb_eval *e, struct wb_json arg)
{
    struct wb_slice text[3] = {WB_S(""), WB_S("1"), WB_SLICE_NULL};
    struct block b;
    int64_t count, bits;
    uint32_t given = wb_json_count(arg);
    for (uint32_t i = 0; i < given; i++) {
        struct wb_tree *v = wb_eval(e, wb_json_item(arg, i));
        if (!v || v->unknown)
            return v ? wb_eval_unknown(e) : NULL;
        if (!wb_tree_text(v, &text[i]))
            return wb_eval_fail(e, "%s", wb_function_form(WB_FN_CIDR, WB_JSON_NONE));
    }
    if (!parse(e->a, text[0], &b))
        return wb_eval_fail(e, "Template error: Fn::Cidr: %.*s is not a CIDR block",
                            WB_FMT(text[0]));
    if (!wb_slice_i64(text[1], &count) || count < 1 || count > COUNT_MAX)
        return wb_eval_fail(e, "Template error: Fn::Cidr: the count must be between 1 and %d",
                            COUNT_MAX);
    if (given < 3) /* networks as large as they can be: bits for the count, the rest for hosts */
        for (bits = b.width - b.prefix; bits > 0 && (1LL << (b.width - b.prefix - bits)) < count;)
            bits--;
    else if (!wb_slice_i64(text[2], &bits))
        bits = -1;
    if (bits < 0 || bits > (int64_t)(b.width - b.prefix) ||
        (b.width - b.prefix - bits < 16 && (1LL << (b.width - b.prefix - bits)) < count))
        return wb_eval_fail(e,
                            "Template error: Fn::Cidr: %.*s does not hold %lld networks of %.*s "
                            "bits",
                            WB_FMT(text[0]), (long long)count, WB_FMT(text[2]));
    mask(&b, b.prefix);
    struct wb_tree *list = wb_tree_new(e->a, WB_JSON_ARRAY);
    for (int64_t i = 0; i < count; i++)
        wb_tree_add(e->a, list, WB_SLICE_NULL,
                    wb_tree_str(e->a, network(e->a, &b, (unsigned)bits, (uint64_t)i)));
    return list;
}
