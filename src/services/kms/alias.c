/* Aliases: other names of keys. */
#include "base/arn.h"
#include "engine/paging.h"
#include "services/kms/key.h"

/* --- rows --- */

static struct wb_slice row_key(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                               struct wb_slice alias)
{
    return wb_key(tx->arena, WB_T_KMS_ALIAS, "sss", account, region, alias);
}

static struct wb_slice of_key(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                              struct wb_slice key_id, struct wb_slice alias)
{
    return wb_key(tx->arena, WB_T_KMS_ALIAS_OF, "ssss", account, region, key_id, alias);
}

struct wb_slice kms_alias_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                              struct wb_slice alias)
{
    return wb_arn_make(a, "kms", region, account, "%.*s", WB_FMT(alias));
}

struct wb_slice kms_alias_target(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                                 struct wb_slice alias)
{
    struct wb_slice row;
    if (!wb_tx_get(tx, row_key(tx, account, region, alias), &row))
        return WB_SLICE_NULL;
    return wb_json_get_str(wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL), "key", tx->arena);
}

static int64_t created(struct wb_tx *tx, const struct kms_key *k, struct wb_slice alias)
{
    struct wb_slice row;
    if (!wb_tx_get(tx, row_key(tx, k->account, k->region, alias), &row))
        return tx->now_ms;
    return wb_json_get_i64(wb_json_read(tx->arena, wb_dup(tx->arena, row), NULL), "created", 0);
}

static void put(struct wb_tx *tx, const struct kms_key *k, struct wb_slice alias)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    int64_t since = created(tx, k, alias);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "key", k->id);
    wb_jw_ki64(&w, "created", since);
    wb_jw_ki64(&w, "updated", tx->now_ms);
    wb_jw_end_object(&w);
    wb_tx_put(tx, row_key(tx, k->account, k->region, alias), wb_buf_slice(&b));
    wb_tx_put(tx, of_key(tx, k->account, k->region, k->id, alias), WB_S(""));
}

void kms_alias_drop(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                    struct wb_slice alias, struct wb_slice key_id)
{
    wb_tx_del(tx, row_key(tx, account, region, alias));
    wb_tx_del(tx, of_key(tx, account, region, key_id, alias));
}

size_t kms_aliases(struct wb_tx *tx, const struct kms_key *k, kms_alias_fn *fn, void *arg)
{
    struct wb_slice name[WB_KMS_ALIASES_MAX], key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        tx, wb_key(tx->arena, WB_T_KMS_ALIAS_OF, "sss", k->account, k->region, k->id));
    size_t n = 0;
    while (s && n < WB_KMS_ALIASES_MAX && wb_tx_next(tx, s, &key, &value)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        for (int i = 0; i < 3; i++)
            wb_key_rd_str(&r);
        name[n++] = wb_dup(tx->arena, wb_key_rd_str(&r));
    }
    wb_scan_close(s);
    for (size_t i = 0; fn && i < n; i++)
        fn(arg, name[i]);
    return n;
}

/* --- operations --- */

static bool name_ok(struct wb_call *c, struct wb_slice alias)
{
    if (!wb_slice_starts(alias, WB_S("alias/")))
        wb_fail(c, "ValidationException", 400,
                "Alias must start with the prefix \"alias/\". Please see "
                "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
    else if (wb_slice_starts(alias, WB_S("alias/aws/")))
        wb_fail(c, "NotAuthorizedException", 400, "%s", "");
    else if (alias.n == 6 || wb_slice_chr(alias, ':', 0) >= 0)
        wb_fail(c, "InvalidAliasNameException", 400,
                "%.*s contains invalid characters for an alias", WB_FMT(alias));
    return !wb_failed(c);
}

static void limit(struct wb_call *c, const struct kms_key *k)
{
    if (kms_aliases(c->tx, k, NULL, NULL) >= WB_KMS_ALIASES_MAX)
        wb_fail(c, "LimitExceededException", 400, "%.*s has %d aliases, as many as a key can have",
                WB_FMT(k->arn), WB_KMS_ALIASES_MAX);
}

static void no_alias(struct wb_call *c, struct wb_slice arn)
{
    wb_fail(c, "NotFoundException", 400, "Alias %.*s is not found.", WB_FMT(arn));
}

static struct wb_slice arn_of(struct wb_call *c, struct wb_slice alias)
{
    return kms_alias_arn(c->arena, c->ctx.region, kms_home(c), alias);
}

void kms_create_alias(struct wb_call *c)
{
    struct wb_slice alias = wb_in_str(c, "AliasName"), there;
    const struct kms_key *k;
    if (!name_ok(c, alias) || !kms_call_key(c, wb_in_str(c, "TargetKeyId"), KMS_LASTING, &k))
        return;
    if (wb_tx_get(c->tx, row_key(c->tx, k->account, k->region, alias), &there)) {
        struct wb_slice arn = arn_of(c, alias);
        wb_fail(c, "AlreadyExistsException", 400, "An alias with the name %.*s already exists",
                WB_FMT(arn));
        return;
    }
    limit(c, k);
    if (!wb_failed(c))
        put(c->tx, k, alias);
}

void kms_update_alias(struct wb_call *c)
{
    struct wb_slice alias = wb_in_str(c, "AliasName");
    struct wb_slice before = kms_alias_target(c->tx, kms_home(c), c->ctx.region, alias);
    const struct kms_key *k;
    if (!name_ok(c, alias) || !kms_call_key(c, wb_in_str(c, "TargetKeyId"), KMS_LASTING, &k))
        return;
    if (!before.p) {
        no_alias(c, arn_of(c, alias));
        return;
    }
    if (!wb_slice_eq(before, k->id))
        limit(c, k);
    if (wb_failed(c))
        return;
    wb_tx_del(c->tx, of_key(c->tx, k->account, k->region, before, alias));
    put(c->tx, k, alias);
}

void kms_delete_alias(struct wb_call *c)
{
    struct wb_slice alias = wb_in_str(c, "AliasName");
    struct wb_slice key = kms_alias_target(c->tx, kms_home(c), c->ctx.region, alias);
    if (!name_ok(c, alias))
        return;
    if (!key.p)
        no_alias(c, arn_of(c, alias));
    else
        kms_alias_drop(c->tx, kms_home(c), c->ctx.region, alias, key);
}

/* --- listing --- */

static void out_alias(struct wb_call *c, struct wb_slice alias)
{
    struct wb_slice row;
    if (!wb_tx_get(c->tx, row_key(c->tx, kms_home(c), c->ctx.region, alias), &row))
        return;
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, row), NULL);
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "AliasName", alias);
    wb_out_str(&c->out, "AliasArn", arn_of(c, alias));
    wb_out_str(&c->out, "TargetKeyId", wb_json_get_str(v, "key", c->arena));
    wb_out_time(&c->out, "CreationDate", wb_json_get_i64(v, "created", 0));
    wb_out_time(&c->out, "LastUpdatedDate", wb_json_get_i64(v, "updated", 0));
    wb_out_end(&c->out);
}

/* All of the scope, or with a key those of it: the alias is the key's last part in both tables. */
void kms_list_aliases(struct wb_call *c)
{
    struct wb_slice of = wb_in_str(c, "KeyId"), marker = wb_in_str(c, "Marker"), last, key, value;
    const struct kms_key *k = NULL;
    int64_t left = wb_in_i64(c, "Limit", WB_KMS_ALIAS_PAGE);
    bool more = false;
    if (of.p && !kms_call_key(c, of, KMS_OWN, &k))
        return;
    struct wb_slice prefix =
        k ? wb_key(c->arena, WB_T_KMS_ALIAS_OF, "sss", k->account, k->region, k->id)
          : wb_key(c->arena, WB_T_KMS_ALIAS, "ss", kms_home(c), c->ctx.region);
    struct wb_slice lo = prefix;
    if (marker.p) {
        if (!wb_page_open(c, marker, of, &last)) {
            wb_fail(c, "InvalidMarkerException", 400, "Could not deserialize marker");
            return;
        }
        lo = wb_concat(c->arena, (struct wb_slice[]){last, wb_slice("", 1)}, 2);
    }
    wb_out_list(&c->out, "Aliases");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        if (left-- == 0) {
            more = true;
            break;
        }
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        for (int i = 0; i < (k ? 3 : 2); i++)
            wb_key_rd_str(&r);
        last = wb_dup(c->arena, key);
        out_alias(c, wb_dup(c->arena, wb_key_rd_str(&r)));
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextMarker", wb_page_token(c, of, last));
    wb_out_bool(&c->out, "Truncated", more);
}
