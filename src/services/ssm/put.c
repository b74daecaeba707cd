/* PutParameter: a new parameter, or a new version of one. */
#include "base/limits.h"
#include "codec/regex.h"
#include "engine/tags.h"
#include "services/ssm/param.h"

struct put {
    struct ssm_name name;
    struct wb_slice value;
    struct wb_pair *tag;
    size_t tags;
    bool exists;
    struct ssm_param p;
    struct ssm_version old, v; /* old: the newest one there is */
};

static void invalid(struct wb_call *c, const char *why)
{
    wb_fail(c, "ValidationException", 400, "%s", why);
}

/* --- what can be told from the request alone --- */

static bool name_ok(struct wb_call *c, struct put *p)
{
    enum ssm_name_error e = ssm_name_parse(c->arena, wb_in_str(c, "Name"), &p->name);
    if (p->name.arn || p->name.selector.p)
        e = SSM_NAME_MALFORMED;
    bool path = p->name.path.n && wb_slice_chr(p->name.path, '/', 1) > 0;
    if (e == SSM_NAME_AWS && path && wb_slice_starts(p->name.name, WB_S("/aws")))
        wb_fail(c, "AccessDeniedException", 400, "No access to reserved parameter name: %.*s.",
                WB_FMT(p->name.name));
    else if (e == SSM_NAME_AWS || (e == SSM_NAME_RESERVED && !path))
        invalid(c, "Parameter name: can't be prefixed with \"aws\" or \"ssm\" "
                   "(case-insensitive).");
    else if (ssm_name_fail(c, e) &&
             ssm_arn(c->arena, c->ctx.region, c->ctx.account, p->name.path).n > WB_SSM_ARN_MAX)
        wb_fail(c, "ValidationException", 400,
                "Parameter name: its ARN can have a maximum of %d characters.", WB_SSM_ARN_MAX);
    return !wb_failed(c);
}

static bool nests(struct wb_slice value)
{
    ptrdiff_t open = wb_slice_find(value, WB_S("{{"), 0);
    return open >= 0 && wb_slice_find(value, WB_S("}}"), (size_t)open + 2) >= 0;
}

static bool value_ok(struct wb_call *c, struct put *p)
{
    p->value = wb_in_str(c, "Value");
    if (p->value.n == 0)
        invalid(c, "1 validation error detected: Value '' at 'value' failed to satisfy "
                   "constraint: Member must have length greater than or equal to 1");
    else if (nests(p->value))
        invalid(c, "Parameter value can't nest another parameter. Do not use \"{{}}\" in the "
                   "value.");
    return !wb_failed(c);
}

static bool tags_ok(struct wb_call *c, struct put *p)
{
    struct wb_slice why;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &p->tag, &p->tags, &why))
        wb_fail(c, "ValidationException", 400, "Invalid request: %.*s.", WB_FMT(why));
    else if (p->tags && wb_in_bool(c, "Overwrite", false))
        invalid(c, "Invalid request: tags and overwrite can't be used together. To create a "
                   "parameter with tags, please remove overwrite flag. To update tags for an "
                   "existing parameter, please use AddTagsToResource or RemoveTagsFromResource.");
    return !wb_failed(c);
}

/* An image id must name an image of the account, and there are none; an integration is AWS's. */
static bool data_type_ok(struct wb_call *c)
{
    struct wb_slice type = wb_in_str(c, "DataType");
    if (!type.n || wb_slice_is(type, "text"))
        return true;
    if (wb_slice_is(type, "aws:ec2:image"))
        invalid(c, "Parameter value of the data type aws:ec2:image must be the ID of an available "
                   "Amazon Machine Image; there are no images here.");
    else
        wb_fail(c, "ValidationException", 400,
                "The following data type is not supported: %.*s (Data type names are all "
                "lowercase.)",
                WB_FMT(type));
    return false;
}

/* --- what depends on the parameter that is there --- */

static bool look_up(struct wb_call *c, struct put *p)
{
    struct ssm_name either = p->name;
    either.arn = true;
    p->exists = ssm_read(c->tx, c->ctx.account, c->ctx.region, &either, &p->p);
    if (!p->exists)
        return true;
    if (!wb_slice_eq(p->p.name, p->name.name)) {
        wb_fail(c, "ParameterAlreadyExists", 400,
                "The parameter %.*s already exists; its ARN would be the same.", WB_FMT(p->p.name));
        return false;
    }
    if (!wb_in_bool(c, "Overwrite", false)) {
        wb_fail(c, "ParameterAlreadyExists", 400,
                "The parameter already exists. To overwrite this value, set the overwrite option "
                "in the request to true.");
        return false;
    }
    if (!ssm_read_version(c->tx, &p->p, p->p.version, &p->old)) {
        wb_fail(c, "InternalServerError", 500, "The newest version cannot be read.");
        return false;
    }
    return true;
}

/* The new version: what the last one was, but for what the request says. */
static void merge(struct wb_call *c, struct put *p)
{
    struct ssm_version *v = &p->v;
    struct wb_slice pattern = wb_in_str(c, "AllowedPattern"), text;
    *v = p->exists ? p->old : (struct ssm_version){.data_type = WB_S("text")};
    v->version = p->exists ? p->p.version + 1 : 1;
    v->labels = 0;
    v->modified_ms = c->tx->now_ms;
    v->user = c->ctx.principal.arn;
    if ((text = wb_in_str(c, "Type")).p)
        v->type = text;
    if ((text = wb_in_str(c, "Description")).p)
        v->description = text;
    if (pattern.p)
        v->pattern = pattern.n ? pattern : WB_SLICE_NULL;
    if ((text = wb_in_str(c, "KeyId")).p)
        v->key_id = text;
    else if (!v->key_id.p && wb_slice_is(v->type, "SecureString"))
        v->key_id = WB_S("alias/aws/ssm");
    for (size_t i = 0; i < v->policies; i++)
        v->policy[i].finished &= v->policy[i].after_ms == 0; /* it was changed just now */
}

static bool type_ok(struct wb_call *c, const struct put *p)
{
    if (!p->v.type.p)
        invalid(c, "A parameter type is required when you create a parameter.");
    else if (p->exists && !wb_slice_eq(p->v.type, p->old.type))
        wb_fail(c, "HierarchyTypeMismatchException", 400,
                "Parameter Store doesn't support changing a parameter type in a hierarchy. You "
                "can't change the type from %.*s to %.*s. You must create a new, unique "
                "parameter.",
                WB_FMT(p->old.type), WB_FMT(p->v.type));
    else if (wb_in_str(c, "KeyId").p && !wb_slice_is(p->v.type, "SecureString"))
        invalid(c, "KeyId is required for SecureString type parameter only.");
    return !wb_failed(c);
}

/* The tier that the request comes to, by what it needs. */
static bool choose_tier(struct wb_call *c, const struct put *p)
{
    struct wb_slice tier = wb_in_str(c, "Tier");
    bool was = p->exists && p->p.advanced;
    if (wb_slice_is(tier, "Advanced"))
        return true;
    if (!wb_slice_is(tier, "Intelligent-Tiering"))
        return tier.p ? false : was;
    bool crowded =
        !p->exists && ssm_count(c->tx, c->ctx.account, c->ctx.region, false) >= WB_SSM_STANDARD_MAX;
    return was || crowded || p->value.n > WB_SSM_VALUE_MAX || p->v.policies;
}

static bool tier_ok(struct wb_call *c, struct put *p, bool advanced)
{
    uint32_t max = advanced ? WB_SSM_ADVANCED_MAX : WB_SSM_STANDARD_MAX;
    bool more = !p->exists || p->p.advanced != advanced;
    if (p->exists && p->p.advanced && !advanced)
        invalid(c, "This parameter uses the advanced-parameter tier. You can't downgrade a "
                   "parameter from the advanced-parameter tier to the standard-parameter tier. If "
                   "necessary, you can delete the advanced parameter and recreate it as a standard "
                   "parameter.");
    else if (!advanced && p->value.n > WB_SSM_VALUE_MAX)
        wb_fail(c, "ValidationException", 400,
                "Standard tier parameters support a maximum parameter value of %d characters. To "
                "create a larger parameter value, upgrade the parameter to use the "
                "advanced-parameter tier. For more information, see "
                "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
                "parameter-store-advanced-parameters.html",
                WB_SSM_VALUE_MAX);
    else if (p->value.n > WB_SSM_VALUE_ADVANCED_MAX)
        wb_fail(c, "ValidationException", 400,
                "Advanced tier parameters support a maximum parameter value of %d characters.",
                WB_SSM_VALUE_ADVANCED_MAX);
    else if (!advanced && p->v.policies)
        invalid(c, "Standard tier parameters don't support parameter policies. To use them, "
                   "upgrade the parameter to the advanced-parameter tier.");
    else if (more && ssm_count(c->tx, c->ctx.account, c->ctx.region, advanced) >= max)
        wb_fail(c, "ParameterLimitExceeded", 400,
                "You have exceeded the number of parameters for this AWS account. Delete one or "
                "more parameters and try again.");
    p->v.tier = advanced ? WB_S("Advanced") : WB_S("Standard");
    return !wb_failed(c);
}

/* Every item of a list must match. */
static bool pattern_ok(struct wb_call *c, const struct put *p)
{
    const char *why;
    if (!p->v.pattern.p)
        return true;
    struct wb_regex *r = wb_regex_compile(c->arena, p->v.pattern, &why);
    if (!r) {
        wb_fail(c, "InvalidAllowedPatternException", 400,
                "The allowed pattern %.*s is not a valid regular expression: %s.",
                WB_FMT(p->v.pattern), why);
        return false;
    }
    bool list = wb_slice_is(p->v.type, "StringList");
    struct wb_slice rest = p->value;
    while (rest.p && !wb_failed(c)) {
        struct wb_slice item = list ? wb_slice_cut(&rest, ',') : rest;
        rest = list ? rest : WB_SLICE_NULL;
        enum wb_regex_result m = wb_regex_match(r, item);
        if (m == WB_REGEX_COSTLY)
            wb_fail(c, "InvalidAllowedPatternException", 400,
                    "The allowed pattern %.*s takes too long to match.", WB_FMT(p->v.pattern));
        else if (m == WB_REGEX_NO)
            wb_fail(c, "ParameterPatternMismatchException", 400,
                    "Parameter value, cannot be validated against allowedPattern: %.*s",
                    WB_FMT(p->v.pattern));
    }
    return !wb_failed(c);
}

/* A full history loses its oldest version, unless that has a label. */
static bool room_ok(struct wb_call *c, const struct put *p)
{
    struct ssm_version oldest;
    if (!p->exists || p->p.version - p->p.first + 1 < WB_SSM_VERSIONS_MAX)
        return true;
    if (ssm_read_version(c->tx, &p->p, p->p.first, &oldest) && oldest.labels)
        wb_fail(c, "ParameterMaxVersionLimitExceeded", 400,
                "You attempted to create a new version of %.*s by calling the PutParameter API "
                "with the overwrite flag. Version %llu, the oldest version, can't be deleted "
                "because it has a label associated with it. Move the label to another version of "
                "the parameter, and try again.",
                WB_FMT(p->name.name), (unsigned long long)p->p.first);
    return !wb_failed(c);
}

static void apply(struct wb_call *c, struct put *p, bool advanced)
{
    if (!p->exists) {
        p->p = (struct ssm_param){.number = wb_tx_number(c->tx, "ssm"),
                                  .account = c->ctx.account,
                                  .region = c->ctx.region,
                                  .name = p->name.name,
                                  .path = p->name.path,
                                  .first = 1};
        p->p.arn = ssm_arn(c->arena, p->p.region, p->p.account, p->p.path);
        ssm_count_add(c->tx, p->p.account, p->p.region, advanced, 1);
        wb_tags_put(c->tx, p->p.arn, p->tag, p->tags);
    } else if (p->p.advanced != advanced) {
        ssm_count_add(c->tx, p->p.account, p->p.region, false, -1);
        ssm_count_add(c->tx, p->p.account, p->p.region, true, 1);
    }
    if (p->v.version - p->p.first >= WB_SSM_VERSIONS_MAX)
        ssm_drop_version(c->tx, &p->p, p->p.first++);
    p->p.advanced = advanced;
    p->p.version = p->v.version;
    p->v.value = wb_slice_is(p->v.type, "SecureString")
                     ? ssm_seal(c->tx, &p->p, p->v.version, p->value)
                     : p->value;
    ssm_policies_arm(c->tx, &p->p, &p->v);
    ssm_write_version(c->tx, &p->p, &p->v);
    ssm_write(c->tx, &p->p);
    ssm_changed(c->tx, &c->ctx, &p->p, &p->v, p->exists ? "Update" : "Create");
}

void ssm_put_parameter(struct wb_call *c)
{
    struct put p = {.tags = 0};
    struct wb_slice policies = wb_in_str(c, "Policies");
    if (!name_ok(c, &p) || !value_ok(c, &p) || !tags_ok(c, &p) || !data_type_ok(c) ||
        !look_up(c, &p))
        return;
    merge(c, &p);
    if (policies.p && !ssm_policies_read(c, policies, &p.v))
        return;
    bool advanced = choose_tier(c, &p);
    if (!type_ok(c, &p) || !tier_ok(c, &p, advanced) || !pattern_ok(c, &p) || !room_ok(c, &p))
        return;
    apply(c, &p, advanced);
    wb_out_i64(&c->out, "Version", (int64_t)p.v.version);
    wb_out_str(&c->out, "Tier", p.v.tier);
}
