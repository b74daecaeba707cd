/* What happens to keys with time: deletion and rotation. Each is a time in the key's row; a work
 * row wakes the executor then. A row whose time is no longer in the key's has nothing to do. */
#include "base/ids.h"
#include "engine/audit.h"
#include "services/kms/key.h"

static int64_t next(const struct kms_key *k)
{
    return k->state == KMS_PENDING_DELETION ? k->delete_ms : k->rotate_ms;
}

void kms_arm(struct wb_tx *tx, const struct kms_key *k)
{
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    int64_t due = next(k);
    if (!due)
        return;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account", k->account);
    wb_jw_kstr(&w, "region", k->region);
    wb_jw_kstr(&w, "key", k->id);
    wb_jw_ki64(&w, "due", due);
    wb_jw_end_object(&w);
    wb_work_add(tx, &(struct wb_work){.target = WB_S("kms.keys"),
                                      .executor = kms_executor.name,
                                      .due_ms = due,
                                      .meta = wb_buf_slice(&meta)});
}

static void tell(struct wb_tx *tx, const struct kms_key *k, const char *what)
{
    struct wb_ctx ctx = {.account = k->account,
                         .region = k->region,
                         .request_id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine)),
                         .principal = {.type = WB_PRINCIPAL_SERVICE,
                                       .account = k->account,
                                       .service = WB_S("kms.amazonaws.com")}};
    wb_bus_publish(tx, &ctx, "aws.kms", what, k->arn,
                   wb_printf(tx->arena, "{\"key-id\":\"%.*s\"}", WB_FMT(k->id)));
}

static void rotate(struct wb_tx *tx, struct kms_key *k)
{
    /* A disabled key waits; it is rotated within a day of being enabled. */
    if (k->state == KMS_ENABLED) {
        kms_material_add(tx, k);
        tell(tx, k, "KMS CMK Rotation");
        k->rotate_ms = tx->now_ms + k->period_days * KMS_DAY_MS;
    } else {
        k->rotate_ms = tx->now_ms + KMS_DAY_MS;
    }
    kms_key_write(tx, k);
    kms_arm(tx, k);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL);
    const struct kms_key *found =
        kms_key_find(tx, wb_json_get_str(m, "account", tx->arena),
                     wb_json_get_str(m, "region", tx->arena), wb_json_get_str(m, "key", tx->arena));
    out->kind = WB_DONE;
    if (!found || next(found) != wb_json_get_i64(m, "due", -1))
        return;
    struct kms_key k = *found;
    if (k.state != KMS_PENDING_DELETION) {
        rotate(tx, &k);
        return;
    }
    tell(tx, &k, "KMS CMK Deletion");
    kms_key_drop(tx, &k);
}

const struct wb_executor kms_executor = {.name = "kms.keys", .step = step};

/* --- operations --- */

void kms_schedule(struct wb_call *c)
{
    int64_t days = wb_in_i64(c, "PendingWindowInDays", WB_KMS_WINDOW_DAYS);
    const struct kms_key *found;
    if (days < WB_KMS_WINDOW_MIN_DAYS || days > WB_KMS_WINDOW_DAYS) {
        wb_fail(c, "ValidationException", 400, "PendingWindowInDays must be between %d and %d.",
                WB_KMS_WINDOW_MIN_DAYS, WB_KMS_WINDOW_DAYS);
        return;
    }
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_LASTING, &found))
        return;
    struct kms_key k = *found;
    k.state = KMS_PENDING_DELETION;
    k.window_days = days;
    k.delete_ms = c->tx->now_ms + days * KMS_DAY_MS;
    kms_key_write(c->tx, &k);
    kms_arm(c->tx, &k);
    wb_out_str(&c->out, "KeyId", k.arn);
    wb_out_time(&c->out, "DeletionDate", k.delete_ms);
    wb_out_cstr(&c->out, "KeyState", kms_state_name(k.state));
    wb_out_i64(&c->out, "PendingWindowInDays", days);
}

void kms_cancel(struct wb_call *c)
{
    const struct kms_key *found;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_OWN, &found))
        return;
    if (found->state != KMS_PENDING_DELETION) {
        wb_fail(c, "KMSInvalidStateException", 400, "%.*s is not pending deletion.",
                WB_FMT(found->arn));
        return;
    }
    struct kms_key k = *found;
    k.state = KMS_DISABLED; /* as AWS leaves it */
    k.delete_ms = k.window_days = 0;
    kms_key_write(c->tx, &k);
    kms_arm(c->tx, &k);
    wb_out_str(&c->out, "KeyId", k.arn);
}

void kms_rotation_on(struct wb_call *c)
{
    int64_t days = wb_in_i64(c, "RotationPeriodInDays", 0);
    const struct kms_key *found;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_USABLE, &found))
        return;
    struct kms_key k = *found;
    if (k.rotate_ms && (!days || days == k.period_days))
        return;
    k.period_days = days ? days : WB_KMS_ROTATION_DAYS;
    k.rotate_ms = c->tx->now_ms + k.period_days * KMS_DAY_MS;
    kms_key_write(c->tx, &k);
    kms_arm(c->tx, &k);
}

void kms_rotation_off(struct wb_call *c)
{
    const struct kms_key *found;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_USABLE, &found))
        return;
    struct kms_key k = *found;
    k.rotate_ms = k.period_days = 0;
    kms_key_write(c->tx, &k);
}

void kms_rotation_status(struct wb_call *c)
{
    const struct kms_key *k;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_FOREIGN, &k))
        return;
    bool on = k->rotate_ms && k->state != KMS_PENDING_DELETION;
    wb_out_bool(&c->out, "KeyRotationEnabled", on);
    wb_out_str(&c->out, "KeyId", k->arn);
    if (!on)
        return;
    wb_out_i64(&c->out, "RotationPeriodInDays", k->period_days);
    wb_out_time(&c->out, "NextRotationDate", k->rotate_ms);
}

void kms_rotate(struct wb_call *c)
{
    const struct kms_key *found;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_USABLE, &found))
        return;
    if (found->demanded >= WB_KMS_ROTATIONS_MAX) {
        wb_fail(c, "LimitExceededException", 400,
                "%.*s was rotated on demand %d times, as often as a key can be", WB_FMT(found->arn),
                WB_KMS_ROTATIONS_MAX);
        return;
    }
    struct kms_key k = *found;
    k.demanded++;
    kms_material_add(c->tx, &k);
    kms_key_write(c->tx, &k);
    tell(c->tx, &k, "KMS CMK Rotation");
    wb_out_str(&c->out, "KeyId", k.arn);
}
