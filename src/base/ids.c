#include "base/ids.h"

static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char BASE36[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char HEX[] = "0123456789abcdef";

/* `n` characters of an alphabet of `size`, each equally likely: bytes beyond the largest multiple
 * of `size` are thrown away. */
static void letters(struct wb_seam *s, char *out, size_t n, const char *alphabet, unsigned size)
{
    unsigned usable = 256 / size * size;
    uint8_t r[64];
    size_t have = 0;
    while (n) {
        if (have == 0) {
            have = n < sizeof r ? n : sizeof r;
            s->random(s, r, have);
        }
        uint8_t v = r[--have];
        if (v >= usable)
            continue;
        *out++ = alphabet[v % size];
        n--;
    }
}

static struct wb_slice prefixed(struct wb_arena *a, struct wb_seam *s, const char *prefix,
                                size_t total, const char *alphabet, unsigned size)
{
    size_t n = strlen(prefix);
    char *p = wb_alloc(a, total + 1);
    memcpy(p, prefix, n);
    letters(s, p + n, total - n, alphabet, size);
    p[total] = 0;
    return wb_slice(p, total);
}

static void hex(char *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *out++ = HEX[in[i] >> 4];
        *out++ = HEX[in[i] & 15];
    }
}

struct wb_slice wb_id_uuid(struct wb_arena *a, struct wb_seam *s)
{
    uint8_t r[16];
    char *p = wb_alloc(a, WB_UUID_LEN + 1);
    s->random(s, r, sizeof r);
    r[6] = (r[6] & 0x0f) | 0x40;
    r[8] = (r[8] & 0x3f) | 0x80;
    hex(p, r, 4);
    hex(p + 9, r + 4, 2);
    hex(p + 14, r + 6, 2);
    hex(p + 19, r + 8, 2);
    hex(p + 24, r + 10, 6);
    p[8] = p[13] = p[18] = p[23] = '-';
    p[WB_UUID_LEN] = 0;
    return wb_slice(p, WB_UUID_LEN);
}

struct wb_slice wb_id_dynamodb_request(struct wb_arena *a, struct wb_seam *s)
{
    return prefixed(a, s, "", 52, BASE36, 36);
}

struct wb_slice wb_id_access_key(struct wb_arena *a, struct wb_seam *s, const char *prefix4)
{
    return prefixed(a, s, prefix4, 20, BASE32, 32);
}

/* The 16 letters behind the prefix are 80 bits: a one, 40 bits of account, 39 random ones. */
#define ACCOUNT_BITS   40
#define ACCOUNT_LETTER 4 /* of the id: its first bit is the one */

static unsigned bit_of(struct wb_slice id, size_t bit)
{
    const char *at = memchr(BASE32, id.p[ACCOUNT_LETTER + bit / 5], 32);
    return at ? (unsigned)(at - BASE32) >> (4 - bit % 5) & 1 : 0;
}

static void set_bit(char *id, size_t bit, unsigned v)
{
    char *c = &id[ACCOUNT_LETTER + bit / 5];
    unsigned mask = 1u << (4 - bit % 5), n = (unsigned)((char *)memchr(BASE32, *c, 32) - BASE32);
    *c = BASE32[v ? n | mask : n & ~mask];
}

struct wb_slice wb_id_account_key(struct wb_arena *a, struct wb_seam *s, const char *prefix4,
                                  struct wb_slice account)
{
    struct wb_slice id = wb_id_access_key(a, s, prefix4);
    uint64_t number;
    if (!wb_slice_u64(account, &number) || number >> ACCOUNT_BITS)
        return id;
    char *text = wb_dup_cstr(a, id);
    set_bit(text, 0, 1);
    for (size_t i = 0; i < ACCOUNT_BITS; i++)
        set_bit(text, 1 + i, number >> (ACCOUNT_BITS - 1 - i) & 1);
    return wb_slice(text, id.n);
}

struct wb_slice wb_id_account_of(struct wb_arena *a, struct wb_slice access_key)
{
    uint64_t number = 0;
    if (access_key.n != 20 || !bit_of(access_key, 0))
        return WB_SLICE_NULL;
    for (size_t i = 0; i < ACCOUNT_BITS; i++)
        number = number << 1 | bit_of(access_key, 1 + i);
    return number > 999999999999 ? WB_SLICE_NULL
                                 : wb_printf(a, "%012llu", (unsigned long long)number);
}

struct wb_slice wb_id_unique(struct wb_arena *a, struct wb_seam *s, const char *prefix4)
{
    return prefixed(a, s, prefix4, 21, BASE32, 32);
}

struct wb_slice wb_id_secret_key(struct wb_arena *a, struct wb_seam *s)
{
    return prefixed(a, s, "", 40, BASE64, 64);
}

struct wb_slice wb_id_hex(struct wb_arena *a, struct wb_seam *s, size_t digits)
{
    return prefixed(a, s, "", digits, HEX, 16);
}

struct wb_slice wb_id_trace_root(struct wb_arena *a, struct wb_seam *s)
{
    uint8_t r[12];
    char h[24];
    s->random(s, r, sizeof r);
    hex(h, r, sizeof r);
    return wb_printf(a, "1-%08x-%.24s", (unsigned)(s->wall_ms(s) / 1000), h);
}
