/* Keys as rows, their material, and how requests call them. */
#include "services/kms/key.h"
#include "base/arn.h"
#include "engine/identity.h"
#include "engine/tags.h"
#include <stdlib.h>

/* --- rows --- */

static const char *const states[] = {[KMS_ENABLED] = "Enabled",
                                     [KMS_DISABLED] = "Disabled",
                                     [KMS_PENDING_DELETION] = "PendingDeletion"};

const char *kms_state_name(enum kms_state s)
{
    return states[s];
}

static struct wb_slice row_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                               struct wb_slice id)
{
    return wb_key(a, WB_T_KMS_KEY, "sss", account, region, id);
}

static struct wb_slice material_key(struct wb_tx *tx, const struct kms_key *k, uint32_t version)
{
    return wb_key(tx->arena, WB_T_KMS_MATERIAL, "sssu", k->account, k->region, k->id,
                  (uint64_t)version);
}

struct wb_slice kms_key_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                            struct wb_slice id)
{
    return wb_arn_make(a, "kms", region, account, "key/%.*s", WB_FMT(id));
}

/* The object of the definition cache. */
struct key_def {
    struct kms_key key;
    struct wb_policy *policy;
    struct wb_arena arena;
};

static bool decode(struct wb_arena *a, struct wb_slice key, struct wb_slice row, struct kms_key *k)
{
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_json v = wb_json_read(a, wb_dup(a, row), NULL);
    *k = (struct kms_key){.account = wb_dup(a, wb_key_rd_str(&r)),
                          .region = wb_dup(a, wb_key_rd_str(&r)),
                          .id = wb_dup(a, wb_key_rd_str(&r)),
                          .description = wb_json_get_str(v, "description", a),
                          .policy_text = wb_json_get_str(v, "policy", a),
                          .created_ms = wb_json_get_i64(v, "created", 0),
                          .delete_ms = wb_json_get_i64(v, "delete", 0),
                          .window_days = wb_json_get_i64(v, "window", 0),
                          .rotate_ms = wb_json_get_i64(v, "rotate", 0),
                          .period_days = wb_json_get_i64(v, "period", 0),
                          .version = (uint32_t)wb_json_get_i64(v, "version", 0),
                          .demanded = (uint32_t)wb_json_get_i64(v, "demand", 0)};
    struct wb_slice state = wb_json_get_str(v, "state", a);
    while (k->state < KMS_PENDING_DELETION && !wb_slice_is(state, states[k->state]))
        k->state++;
    k->arn = kms_key_arn(a, k->region, k->account, k->id);
    return !r.bad && wb_slice_is(state, states[k->state]) && k->version && k->policy_text.n;
}

static void unload(void *object)
{
    struct key_def *d = object;
    wb_policy_unref(d->policy);
    wb_arena_release(&d->arena);
    free(d);
}

static void *load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_slice row;
    if (!wb_tx_get(tx, key, &row))
        return NULL;
    struct key_def *d = wb_xcalloc(1, sizeof *d);
    wb_arena_init(&d->arena, 1024);
    if (!decode(&d->arena, key, row, &d->key)) {
        unload(d);
        return NULL;
    }
    d->policy = wb_policy_stored(d->key.policy_text, true, d->key.arn);
    d->key.policy = d->policy;
    return d;
}

struct wb_def_kind kms_key_kind = {.name = "kms key", .load = load, .free = unload};

const struct kms_key *kms_key_find(struct wb_tx *tx, struct wb_slice account,
                                   struct wb_slice region, struct wb_slice id)
{
    const struct key_def *d =
        kms_id_ok(id) ? wb_def(tx, &kms_key_kind, row_key(tx->arena, account, region, id)) : NULL;
    return d ? &d->key : NULL;
}

const struct wb_policy *kms_resource_policy(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_arn parts;
    if (!wb_arn_parse(arn, &parts) || !wb_slice_starts(parts.resource, WB_S("key/")))
        return NULL;
    const struct kms_key *k = kms_key_find(tx, parts.account, parts.region,
                                           wb_slice_sub(parts.resource, 4, parts.resource.n));
    return k ? k->policy : NULL;
}

void kms_key_write(struct wb_tx *tx, const struct kms_key *k)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "created", k->created_ms);
    wb_jw_kstr(&w, "description", k->description.p ? k->description : WB_S(""));
    wb_jw_kcstr(&w, "state", states[k->state]);
    wb_jw_ki64(&w, "delete", k->delete_ms);
    wb_jw_ki64(&w, "window", k->window_days);
    wb_jw_ki64(&w, "rotate", k->rotate_ms);
    wb_jw_ki64(&w, "period", k->period_days);
    wb_jw_ki64(&w, "version", k->version);
    wb_jw_ki64(&w, "demand", k->demanded);
    wb_jw_kstr(&w, "policy", k->policy_text);
    wb_jw_end_object(&w);
    struct wb_slice key = row_key(tx->arena, k->account, k->region, k->id);
    wb_tx_put(tx, key, wb_buf_slice(&b));
    wb_def_changed(tx, &kms_key_kind, key);
}

struct drop {
    struct wb_tx *tx;
    const struct kms_key *key;
};

static void drop_alias(void *arg, struct wb_slice alias)
{
    struct drop *d = arg;
    kms_alias_drop(d->tx, d->key->account, d->key->region, alias, d->key->id);
}

void kms_key_drop(struct wb_tx *tx, const struct kms_key *k)
{
    struct wb_slice key = row_key(tx->arena, k->account, k->region, k->id);
    kms_aliases(tx, k, drop_alias, &(struct drop){tx, k});
    for (uint32_t v = 1; v <= k->version; v++)
        wb_tx_del(tx, material_key(tx, k, v));
    wb_tags_drop(tx, k->arn);
    wb_tx_del(tx, key);
    wb_def_changed(tx, &kms_key_kind, key);
}

/* --- material --- */

/* Bound to its key and version, so that rows cannot be exchanged. */
static struct wb_slice place(struct wb_tx *tx, const struct kms_key *k, uint32_t version)
{
    return wb_printf(tx->arena, "%.*s#%u", WB_FMT(k->arn), (unsigned)version);
}

void kms_material_add(struct wb_tx *tx, struct kms_key *k)
{
    struct wb_seam *seam = wb_engine_seam(tx->engine);
    uint8_t material[KMS_MATERIAL];
    seam->random(seam, material, sizeof material);
    k->version++;
    wb_tx_put(tx, material_key(tx, k, k->version),
              wb_keyring_seal(tx->arena, wb_engine_keyring(tx->engine),
                              wb_slice(material, sizeof material), place(tx, k, k->version)));
    explicit_bzero(material, sizeof material);
}

bool kms_material(struct wb_tx *tx, const struct kms_key *k, uint32_t version,
                  uint8_t out[KMS_MATERIAL])
{
    struct wb_slice sealed, plain;
    if (!wb_tx_get(tx, material_key(tx, k, version), &sealed) ||
        !wb_keyring_unseal(tx->arena, wb_engine_keyring(tx->engine), sealed, place(tx, k, version),
                           &plain) ||
        plain.n != KMS_MATERIAL)
        return false;
    memcpy(out, plain.p, KMS_MATERIAL);
    return true;
}

/* --- how requests call keys --- */

struct wb_slice kms_home(const struct wb_call *c)
{
    return c->ctx.principal.account.n ? c->ctx.principal.account : c->ctx.account;
}

void kms_ref(struct wb_call *c, struct wb_slice text, struct kms_ref *out)
{
    struct wb_arn arn;
    *out = (struct kms_ref){.account = kms_home(c), .region = c->ctx.region, .id = text};
    if (wb_slice_starts(text, WB_S("arn:"))) {
        if (!wb_arn_parse(text, &arn) || !wb_slice_is(arn.service, "kms")) {
            out->malformed = true;
            return;
        }
        out->account = arn.account;
        out->region = arn.region;
        out->id = arn.resource;
        if (wb_slice_starts(arn.resource, WB_S("key/")))
            out->id = wb_slice_sub(arn.resource, 4, arn.resource.n);
        else if (!wb_slice_starts(arn.resource, WB_S("alias/")))
            out->malformed = true;
    }
    if (!wb_slice_starts(out->id, WB_S("alias/")))
        return;
    out->alias = out->id;
    out->id = kms_alias_target(c->tx, out->account, out->region, out->alias);
}

struct wb_slice kms_ref_arn(struct wb_call *c, struct wb_slice text)
{
    struct kms_ref r;
    kms_ref(c, text, &r);
    if (r.malformed)
        return text;
    return r.id.p ? kms_key_arn(c->arena, r.region, r.account, r.id)
                  : kms_alias_arn(c->arena, r.region, r.account, r.alias);
}

void kms_no_key(struct wb_call *c, struct wb_slice arn)
{
    wb_fail(c, "NotFoundException", 400, "Key '%.*s' does not exist", WB_FMT(arn));
}

bool kms_state_ok(struct wb_call *c, const struct kms_key *k, unsigned use)
{
    if ((use & KMS_LASTING) && k->state == KMS_PENDING_DELETION)
        wb_fail(c, "KMSInvalidStateException", 400, "%.*s is pending deletion.", WB_FMT(k->arn));
    else if ((use & KMS_USABLE) == KMS_USABLE && k->state == KMS_DISABLED)
        wb_fail(c, "DisabledException", 400, "%.*s is disabled.", WB_FMT(k->arn));
    return !wb_failed(c);
}

static bool ref_ok(struct wb_call *c, struct wb_slice text, const struct kms_ref *r, unsigned use)
{
    if (r->malformed || !wb_slice_eq(r->region, c->ctx.region))
        wb_fail(c, "NotFoundException", 400, "Invalid arn %.*s",
                WB_FMT((r->malformed ? text : r->region)));
    else if (r->alias.p && !(use & KMS_ALIASED))
        wb_fail(c, "NotFoundException", 400, "Invalid keyId '%.*s'", WB_FMT(text));
    else if (!r->id.p)
        wb_fail(c, "NotFoundException", 400, "Alias arn:aws:kms:%.*s:%.*s:%.*s is not found.",
                WB_FMT(r->region), WB_FMT(r->account), WB_FMT(r->alias));
    else if (!kms_id_ok(r->id))
        wb_fail(c, "NotFoundException", 400, "Invalid keyId '%.*s'", WB_FMT(r->id));
    else if (!(use & KMS_FOREIGN) && !wb_slice_eq(r->account, kms_home(c)))
        wb_fail(c, "AccessDeniedException", 400, "%s cannot be called for a key of another account",
                c->op->name);
    return !wb_failed(c);
}

bool kms_call_key(struct wb_call *c, struct wb_slice text, unsigned use, const struct kms_key **out)
{
    struct kms_ref r;
    kms_ref(c, text, &r);
    if (!ref_ok(c, text, &r, use))
        return false;
    *out = kms_key_find(c->tx, r.account, r.region, r.id);
    if (!*out)
        kms_no_key(c, kms_key_arn(c->arena, r.region, r.account, r.id));
    return *out && kms_state_ok(c, *out, use);
}
