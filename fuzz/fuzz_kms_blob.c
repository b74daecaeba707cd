/* Ciphertexts of KMS, and encryption contexts. */
#include "services/kms/cipher.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t material[KMS_MATERIAL] = {7};
    struct wb_slice s = wb_slice(data, size), plain;
    struct kms_blob b;
    struct wb_arena a;
    if (size > 8192)
        return 0;
    wb_arena_init(&a, 0);
    struct wb_slice context = kms_context(&a, wb_json_read(&a, s, NULL));
    if (kms_blob_parse(&a, s, &b)) {
        assert(b.account.n == 12 && kms_id_ok(b.key_id) && b.version > 0);
        assert(b.header.n + b.sealed.n == size);
        /* Nobody without the material makes one. */
        assert(!kms_blob_open(&a, &b, material, context, &plain));
    }
    wb_arena_release(&a);
    return 0;
}
