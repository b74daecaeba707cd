/* `waybill check`: keys decode, their materials are there, aliases and their index agree. */
#include "services/kms/key.h"

struct checker {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
};

static void complain(struct checker *k, const char *what, struct wb_slice name)
{
    k->bad(k->arg, wb_printf(k->tx->arena, "kms: %s: %.*s", what, WB_FMT(name)).p);
}

static void check_key(struct checker *x, struct wb_slice account, struct wb_slice region,
                      struct wb_slice id)
{
    const struct kms_key *k = kms_key_find(x->tx, account, region, id);
    uint8_t material[KMS_MATERIAL];
    if (!k) {
        complain(x, "a key's row is damaged", id);
        return;
    }
    /* Without a master key (a backup that is checked) materials stay sealed. */
    for (uint32_t v = 1; wb_engine_keyring(x->tx->engine) && v <= k->version; v++)
        if (!kms_material(x->tx, k, v, material))
            complain(x, "a key's material cannot be read", k->arn);
    explicit_bzero(material, sizeof material);
}

static void check_alias(struct checker *x, struct wb_slice account, struct wb_slice region,
                        struct wb_slice alias)
{
    struct wb_slice id = kms_alias_target(x->tx, account, region, alias), there;
    if (!id.p || !kms_key_find(x->tx, account, region, id))
        complain(x, "an alias has no key", alias);
    else if (!wb_tx_get(x->tx,
                        wb_key(x->tx->arena, WB_T_KMS_ALIAS_OF, "ssss", account, region, id, alias),
                        &there))
        complain(x, "the index of aliases lacks one", alias);
}

static void check_index(struct checker *x, struct wb_slice account, struct wb_slice region,
                        struct wb_slice id, struct wb_slice alias)
{
    if (!wb_slice_eq(kms_alias_target(x->tx, account, region, alias), id))
        complain(x, "the index of aliases disagrees", alias);
}

static void check_table(struct checker *x, uint16_t table)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(x->tx, wb_key(x->tx->arena, table, ""));
    while (s && wb_tx_next(x->tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(x->tx->arena, wb_dup(x->tx->arena, key), &(uint16_t){0});
        struct wb_slice account = wb_key_rd_str(&r), region = wb_key_rd_str(&r),
                        name = wb_key_rd_str(&r);
        if (table == WB_T_KMS_KEY)
            check_key(x, account, region, name);
        else if (table == WB_T_KMS_ALIAS)
            check_alias(x, account, region, name);
        else
            check_index(x, account, region, name, wb_key_rd_str(&r));
    }
    wb_scan_close(s);
}

void kms_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct checker x = {tx, bad, arg};
    check_table(&x, WB_T_KMS_KEY);
    check_table(&x, WB_T_KMS_ALIAS);
    check_table(&x, WB_T_KMS_ALIAS_OF);
}
