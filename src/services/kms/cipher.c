/* The form of a ciphertext. */
#include "services/kms/cipher.h"
#include "base/buf.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include <stdlib.h>

#define MAGIC      "WBK1"
#define ACCOUNT    12
#define SEALED_MIN 28 /* nonce and tag */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dash(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

/* The 16 bytes of a uuid. */
static bool read_id(struct wb_slice id, uint8_t out[16])
{
    size_t n = 0;
    if (id.n != KMS_ID)
        return false;
    for (size_t i = 0; i < KMS_ID;) {
        if (is_dash(i)) {
            if (id.p[i++] != '-')
                return false;
            continue;
        }
        int high = digit(id.p[i]), low = digit(id.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[n++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    return true;
}

bool kms_id_ok(struct wb_slice id)
{
    uint8_t bytes[16];
    return read_id(id, bytes);
}

static struct wb_slice id_text(struct wb_arena *a, const uint8_t b[16])
{
    return wb_printf(a, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                     b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                     b[12], b[13], b[14], b[15]);
}

bool kms_blob_parse(struct wb_arena *a, struct wb_slice text, struct kms_blob *out)
{
    if (text.n < KMS_HEADER + SEALED_MIN || !wb_slice_starts(text, WB_S(MAGIC)))
        return false;
    struct wb_rd r = wb_rd(wb_slice_sub(text, 4, KMS_HEADER));
    uint64_t account = wb_rd_le64(&r);
    uint8_t id[16];
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = wb_rd_u8(&r);
    *out = (struct kms_blob){.version = wb_rd_le32(&r),
                             .header = wb_slice_sub(text, 0, KMS_HEADER),
                             .sealed = wb_slice_sub(text, KMS_HEADER, text.n)};
    if (account > 999999999999 || out->version == 0)
        return false;
    out->account = wb_printf(a, "%0*llu", ACCOUNT, (unsigned long long)account);
    out->key_id = id_text(a, id);
    return true;
}

/* A key of this message alone: random nonces under one key would not last for ever. */
static void message_key(const uint8_t material[KMS_MATERIAL], struct wb_slice header,
                        uint8_t out[KMS_MATERIAL])
{
    wb_hmac_sha256(wb_slice(material, KMS_MATERIAL), header, out);
}

static struct wb_slice bound(struct wb_arena *a, struct wb_slice header, struct wb_slice context)
{
    return wb_concat(a, (struct wb_slice[]){header, context}, 2);
}

struct wb_slice kms_blob_seal(struct wb_arena *a, struct wb_slice account, struct wb_slice key_id,
                              uint32_t version, const uint8_t material[KMS_MATERIAL],
                              const uint8_t salt[KMS_SALT], struct wb_slice plain,
                              struct wb_slice context)
{
    uint8_t id[16] = {0}, key[KMS_MATERIAL];
    uint64_t number = 0;
    struct wb_buf b = wb_buf_in(a);
    read_id(key_id, id);
    wb_slice_u64(account, &number);
    wb_buf_str(&b, MAGIC);
    wb_buf_le64(&b, number);
    wb_buf_put(&b, id, sizeof id);
    wb_buf_le32(&b, version);
    wb_buf_put(&b, salt, KMS_SALT);
    struct wb_slice header = wb_buf_slice(&b);
    message_key(material, header, key);
    struct wb_slice parts[] = {header, wb_seal(a, key, plain, bound(a, header, context))};
    return wb_concat(a, parts, 2);
}

bool kms_blob_open(struct wb_arena *a, const struct kms_blob *b,
                   const uint8_t material[KMS_MATERIAL], struct wb_slice context,
                   struct wb_slice *plain)
{
    uint8_t key[KMS_MATERIAL];
    message_key(material, b->header, key);
    return wb_unseal(a, key, b->sealed, bound(a, b->header, context), plain);
}

/* --- the encryption context --- */

static int by_name(const void *a, const void *b)
{
    const struct wb_pair *x = a, *y = b;
    return wb_slice_cmp(x->name, y->name);
}

/* Of a name that comes twice the last counts, as everywhere. */
static size_t read_pairs(struct wb_arena *a, struct wb_json context, struct wb_pair *out)
{
    struct wb_json_iter it = wb_json_iter(context);
    size_t n = 0;
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, a);
        struct wb_json last = wb_json_get_slice(context, name);
        if (last.at == it.value.at)
            out[n++] = (struct wb_pair){name, wb_json_str(last, a)};
    }
    return n;
}

struct wb_slice kms_context(struct wb_arena *a, struct wb_json context)
{
    struct wb_pair *pair = wb_new_n(a, struct wb_pair, wb_json_count(context) + 1);
    size_t n = read_pairs(a, context, pair);
    struct wb_buf b = wb_buf_in(a);
    qsort(pair, n, sizeof *pair, by_name);
    for (size_t i = 0; i < n; i++) {
        wb_buf_lp(&b, pair[i].name);
        wb_buf_lp(&b, pair[i].value);
    }
    return wb_buf_slice(&b);
}
