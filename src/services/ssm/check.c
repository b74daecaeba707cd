/* `waybill check`: rows decode, versions are complete, labels and counts agree. */
#include "codec/text.h"
#include "services/ssm/param.h"

struct checker {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
    struct wb_slice account, region; /* the scope being counted */
    uint32_t count[2];
};

static void complain(struct checker *k, const char *what, struct wb_slice name)
{
    k->bad(k->arg, wb_printf(k->tx->arena, "ssm: %s: %.*s", what, WB_FMT(name)).p);
}

static void check_version(struct checker *k, const struct ssm_param *p, uint64_t version,
                          uint64_t *labels)
{
    struct ssm_version v;
    struct wb_slice value;
    if (!ssm_read_version(k->tx, p, version, &v) || v.version != version) {
        complain(k, "a version is missing or damaged", p->name);
        return;
    }
    /* Without a key (a backup that is checked) values stay sealed. */
    bool sealed = wb_slice_is(v.type, "SecureString");
    if (sealed && wb_engine_keyring(k->tx->engine) && !ssm_value(k->tx, p, &v, true, &value))
        complain(k, "a SecureString cannot be decrypted", p->name);
    for (size_t i = 0; i < v.labels; i++)
        if (ssm_label_version(k->tx, p, v.label[i]) != version)
            complain(k, "the index of labels disagrees", p->name);
    *labels += v.labels;
}

static void check_counts(struct checker *k)
{
    if (!k->account.p)
        return;
    for (int tier = 0; tier < 2; tier++)
        if (ssm_count(k->tx, k->account, k->region, tier) != k->count[tier])
            complain(k, "the number of parameters is wrong", k->region);
}

static void check_parameter(struct checker *k, struct wb_arena *outer, struct wb_slice key,
                            struct wb_slice value)
{
    struct ssm_param p;
    struct ssm_name name;
    uint64_t labels = 0;
    if (!ssm_decode(k->tx->arena, key, value, &p)) {
        complain(k, "a parameter's row is damaged", wb_hex_encode(k->tx->arena, key));
        return;
    }
    if (!wb_slice_eq(p.account, k->account) || !wb_slice_eq(p.region, k->region)) {
        check_counts(k);
        k->account = wb_dup(outer, p.account);
        k->region = wb_dup(outer, p.region);
        k->count[0] = k->count[1] = 0;
    }
    k->count[p.advanced]++;
    if (ssm_name_parse(k->tx->arena, p.name, &name) != SSM_NAME_OK)
        complain(k, "a name breaks the rules", p.name);
    for (uint64_t v = p.first; v <= p.version && v - p.first <= WB_SSM_VERSIONS_MAX; v++)
        check_version(k, &p, v, &labels);
    if (labels != p.labels || p.version - p.first >= WB_SSM_VERSIONS_MAX)
        complain(k, "the number of labels or versions is wrong", p.name);
}

void ssm_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct checker k = {.tx = tx, .bad = bad, .arg = arg};
    struct wb_arena *outer = tx->arena, row;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(outer, WB_T_SSM_PARAMETER, ""));
    wb_arena_init(&row, 0);
    tx->arena = &row;
    while (s && wb_tx_next(tx, s, &key, &value)) {
        check_parameter(&k, outer, key, value);
        wb_arena_reset(&row);
    }
    check_counts(&k);
    wb_scan_close(s);
    tx->arena = outer;
    wb_arena_release(&row);
}
