/* Keys: making, describing, listing, enabling; their tags. */
#include "base/ids.h"
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/kms/key.h"

/* --- answers --- */

static void out_key(struct wb_call *c, const struct kms_key *k)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, "KeyMetadata");
    wb_out_str(o, "AWSAccountId", k->account);
    wb_out_str(o, "KeyId", k->id);
    wb_out_str(o, "Arn", k->arn);
    wb_out_time(o, "CreationDate", k->created_ms);
    wb_out_bool(o, "Enabled", k->state == KMS_ENABLED);
    wb_out_str(o, "Description", k->description.p ? k->description : WB_S(""));
    wb_out_cstr(o, "KeyUsage", "ENCRYPT_DECRYPT");
    wb_out_cstr(o, "KeyState", kms_state_name(k->state));
    if (k->state == KMS_PENDING_DELETION)
        wb_out_time(o, "DeletionDate", k->delete_ms);
    wb_out_cstr(o, "Origin", "AWS_KMS");
    wb_out_cstr(o, "KeyManager", "CUSTOMER");
    wb_out_cstr(o, "CustomerMasterKeySpec", "SYMMETRIC_DEFAULT");
    wb_out_cstr(o, "KeySpec", "SYMMETRIC_DEFAULT");
    wb_out_list(o, "EncryptionAlgorithms");
    wb_out_cstr(o, NULL, "SYMMETRIC_DEFAULT");
    wb_out_end(o);
    wb_out_bool(o, "MultiRegion", false);
    wb_out_end(o);
}

/* --- tags: KMS calls their parts TagKey and TagValue --- */

static bool tags_in(struct wb_call *c, struct wb_pair **tag, size_t *n)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    struct wb_slice why;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Tags"));
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    while (wb_json_next(&it)) {
        wb_jw_object(&w);
        wb_jw_kstr(&w, "Key", wb_json_get_str(it.value, "TagKey", c->arena));
        wb_jw_kstr(&w, "Value", wb_json_get_str(it.value, "TagValue", c->arena));
        wb_jw_end_object(&w);
    }
    wb_jw_end_array(&w);
    if (wb_tags_read(c->arena, wb_json_read(c->arena, wb_buf_slice(&b), NULL), tag, n, &why))
        return true;
    wb_fail(c, "TagException", 400, "%.*s", WB_FMT(why));
    return false;
}

void kms_tag(struct wb_call *c)
{
    const struct kms_key *k;
    struct wb_pair *tag;
    size_t n;
    if (kms_call_key(c, wb_in_str(c, "KeyId"), KMS_LASTING, &k) && tags_in(c, &tag, &n) &&
        !wb_tags_put(c->tx, k->arn, tag, n))
        wb_fail(c, "LimitExceededException", 400, "A key has at most %d tags", WB_TAGS_MAX);
}

void kms_untag(struct wb_call *c)
{
    const struct kms_key *k;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "TagKeys"));
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_LASTING, &k))
        return;
    while (wb_json_next(&it))
        wb_tags_remove(c->tx, k->arn, wb_json_str(it.value, c->arena));
}

/* In order of key; the marker is the last key told. */
void kms_list_tags(struct wb_call *c)
{
    struct wb_slice marker = wb_in_str(c, "Marker"), last = WB_SLICE_NULL;
    int64_t left = wb_in_i64(c, "Limit", WB_TAGS_MAX);
    const struct kms_key *k;
    struct wb_pair *tag;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_OWN, &k))
        return;
    if (marker.p && !wb_page_open(c, marker, k->id, &last)) {
        wb_fail(c, "InvalidMarkerException", 400, "Could not deserialize marker");
        return;
    }
    size_t n = wb_tags_list(c->tx, k->arn, &tag), i = 0;
    while (last.p && i < n && wb_slice_cmp(tag[i].name, last) <= 0)
        i++;
    wb_out_list(&c->out, "Tags");
    for (; i < n && left-- > 0; i++) {
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "TagKey", tag[i].name);
        wb_out_str(&c->out, "TagValue", tag[i].value);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    if (i < n)
        wb_out_str(&c->out, "NextMarker", wb_page_token(c, k->id, tag[i - 1].name));
    wb_out_bool(&c->out, "Truncated", i < n);
}

/* --- keys --- */

/* What there is one kind of. */
static bool kind_ok(struct wb_call *c)
{
    static const struct {
        const char *member, *only;
    } kinds[] = {{"KeySpec", "SYMMETRIC_DEFAULT"},
                 {"CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"},
                 {"KeyUsage", "ENCRYPT_DECRYPT"},
                 {"Origin", "AWS_KMS"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !wb_failed(c); i++) {
        struct wb_slice v = wb_in_str(c, kinds[i].member);
        if (v.p && !wb_slice_is(v, kinds[i].only))
            wb_fail(c, "UnsupportedOperationException", 400,
                    "%s %.*s is not supported here: keys are %s", kinds[i].member, WB_FMT(v),
                    kinds[i].only);
    }
    if (wb_in_str(c, "KeySpec").p && wb_in_str(c, "CustomerMasterKeySpec").p)
        wb_fail(c, "ValidationException", 400,
                "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
                "CustomerMasterKeySpec is deprecated.");
    if (wb_in_bool(c, "MultiRegion", false))
        wb_fail(c, "UnsupportedOperationException", 400,
                "Keys of several regions are not supported here");
    if (wb_in_str(c, "CustomKeyStoreId").p || wb_in_str(c, "XksKeyId").p)
        wb_fail(c, "CustomKeyStoreNotFoundException", 400, "There are no custom key stores");
    return !wb_failed(c);
}

void kms_create(struct wb_call *c)
{
    struct wb_slice policy = wb_in_str(c, "Policy");
    struct kms_key k = {.account = c->ctx.account,
                        .region = c->ctx.region,
                        .id = wb_id_uuid(c->arena, wb_engine_seam(c->engine)),
                        .description = wb_in_str(c, "Description"),
                        .created_ms = c->tx->now_ms};
    struct wb_pair *tag;
    size_t tags;
    k.arn = kms_key_arn(c->arena, k.region, k.account, k.id);
    k.policy_text = policy.p ? policy : kms_default_policy(c->arena, k.account);
    if (!kind_ok(c) || !tags_in(c, &tag, &tags) || (policy.p && !kms_policy_ok(c, policy, k.arn)))
        return;
    kms_material_add(c->tx, &k);
    kms_key_write(c->tx, &k);
    wb_tags_put(c->tx, k.arn, tag, tags);
    out_key(c, &k);
}

void kms_describe(struct wb_call *c)
{
    const struct kms_key *k;
    if (kms_call_key(c, wb_in_str(c, "KeyId"), KMS_ALIASED | KMS_FOREIGN, &k))
        out_key(c, k);
}

void kms_list(struct wb_call *c)
{
    struct wb_slice marker = wb_in_str(c, "Marker"), key, value, last = WB_SLICE_NULL;
    struct wb_slice prefix = wb_key(c->arena, WB_T_KMS_KEY, "ss", kms_home(c), c->ctx.region);
    struct wb_slice lo = prefix;
    int64_t left = wb_in_i64(c, "Limit", WB_KMS_PAGE);
    bool more = false;
    if (marker.p) {
        if (!wb_page_open(c, marker, WB_SLICE_NULL, &last)) {
            wb_fail(c, "InvalidMarkerException", 400, "Could not deserialize marker");
            return;
        }
        lo = wb_concat(c->arena, (struct wb_slice[]){last, wb_slice("", 1)}, 2);
    }
    wb_out_list(&c->out, "Keys");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, prefix), false);
    while (s && wb_tx_next(c->tx, s, &key, &value)) {
        if (left-- == 0) {
            more = true;
            break;
        }
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        wb_key_rd_str(&r);
        wb_key_rd_str(&r);
        struct wb_slice id = wb_dup(c->arena, wb_key_rd_str(&r));
        last = wb_dup(c->arena, key);
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "KeyId", id);
        wb_out_str(&c->out, "KeyArn", kms_key_arn(c->arena, c->ctx.region, kms_home(c), id));
        wb_out_end(&c->out);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextMarker", wb_page_token(c, WB_SLICE_NULL, last));
    wb_out_bool(&c->out, "Truncated", more);
}

static void set_state(struct wb_call *c, enum kms_state state)
{
    const struct kms_key *found;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_LASTING, &found))
        return;
    struct kms_key k = *found;
    k.state = state;
    kms_key_write(c->tx, &k);
}

void kms_enable(struct wb_call *c)
{
    set_state(c, KMS_ENABLED);
}

void kms_disable(struct wb_call *c)
{
    set_state(c, KMS_DISABLED);
}

void kms_describe_as(struct wb_call *c)
{
    const struct kms_key *found;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_LASTING, &found))
        return;
    struct kms_key k = *found;
    k.description = wb_in_str(c, "Description");
    kms_key_write(c->tx, &k);
}
