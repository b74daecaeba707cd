/* Key policies: the default one, what may be one, and the operations on them. */
#include "engine/internal.h"
#include "services/kms/key.h"

struct wb_slice kms_default_policy(struct wb_arena *a, struct wb_slice account)
{
    return wb_printf(a,
                     "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n"
                     "  \"Statement\" : [ {\n    \"Sid\" : \"Enable IAM User Permissions\",\n"
                     "    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n"
                     "      \"AWS\" : \"arn:aws:iam::%.*s:root\"\n    },\n"
                     "    \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  } ]\n}",
                     WB_FMT(account));
}

/* Who puts a policy must be able to put the next one, or nobody might. */
static bool stays_open(struct wb_call *c, const struct wb_policy *p, struct wb_slice key_arn)
{
    struct wb_pair context[] = {{WB_S("kms:CallerAccount"), kms_home(c)}};
    struct wb_request q = {.principal = &c->ctx.principal,
                           .action = WB_S("kms:PutKeyPolicy"),
                           .resource = key_arn,
                           .context = context,
                           .context_count = 1,
                           .now_ms = c->tx->now_ms};
    return !c->engine->config.auth || wb_in_bool(c, "BypassPolicyLockoutSafetyCheck", false) ||
           wb_policy_eval(p, &q, NULL) == WB_ALLOW;
}

bool kms_policy_ok(struct wb_call *c, struct wb_slice text, struct wb_slice key_arn)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_policy *p =
        text.n <= WB_KMS_POLICY_MAX ? wb_policy_parse(text, true, c->arena, &why) : NULL;
    if (text.n > WB_KMS_POLICY_MAX)
        wb_fail(c, "LimitExceededException", 400, "A key policy has at most %d bytes",
                WB_KMS_POLICY_MAX);
    else if (!p)
        wb_fail(c, "MalformedPolicyDocumentException", 400, "%.*s", WB_FMT(why));
    else if (!stays_open(c, p, key_arn))
        wb_fail(c, "MalformedPolicyDocumentException", 400,
                "The new key policy will not allow you to update the key policy in the future.");
    wb_policy_unref(p);
    return !wb_failed(c);
}

/* A key has one policy, and it is called so. */
static bool name_ok(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "PolicyName");
    if (!name.p || wb_slice_is(name, "default"))
        return true;
    wb_fail(c, "NotFoundException", 400, "No such policy exists");
    return false;
}

void kms_put_policy(struct wb_call *c)
{
    const struct kms_key *k;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_OWN, &k) || !name_ok(c) ||
        !kms_policy_ok(c, wb_in_str(c, "Policy"), k->arn))
        return;
    struct kms_key now = *k;
    now.policy_text = wb_in_str(c, "Policy");
    kms_key_write(c->tx, &now);
}

void kms_get_policy(struct wb_call *c)
{
    const struct kms_key *k;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_OWN, &k) || !name_ok(c))
        return;
    wb_out_str(&c->out, "Policy", k->policy_text);
    wb_out_cstr(&c->out, "PolicyName", "default");
}

void kms_list_policies(struct wb_call *c)
{
    const struct kms_key *k;
    if (!kms_call_key(c, wb_in_str(c, "KeyId"), KMS_OWN, &k))
        return;
    wb_out_list(&c->out, "PolicyNames");
    wb_out_cstr(&c->out, NULL, "default");
    wb_out_end(&c->out);
    wb_out_bool(&c->out, "Truncated", false);
}
