/* Bucket policies, and which of them are public. */
#include "base/arn.h"
#include "services/s3/config.h"

/* --- public? --- */

/* A condition on one of these with a fixed value names who may come. */
static const char *const naming[] = {"aws:SourceArn",
                                     "aws:SourceVpc",
                                     "aws:SourceVpce",
                                     "aws:SourceAccount",
                                     "aws:SourceOwner",
                                     "aws:PrincipalArn",
                                     "aws:PrincipalOrgID",
                                     "aws:PrincipalOrgPaths",
                                     "aws:PrincipalAccount",
                                     "aws:userid",
                                     "s3:DataAccessPointAccount",
                                     "s3:DataAccessPointArn",
                                     "aws:SourceOrgID"};

static bool names_someone(struct wb_slice key)
{
    for (size_t i = 0; i < sizeof naming / sizeof *naming; i++)
        if (wb_slice_ieq(key, wb_slice_str(naming[i])))
            return true;
    return false;
}

/* "*", "?" and variables leave it open. In an ARN the account must stand there. */
static bool is_fixed(struct wb_slice key, struct wb_slice v)
{
    struct wb_arn arn;
    if (wb_slice_find(v, WB_S("${"), 0) >= 0)
        return false;
    if (wb_slice_chr(v, '*', 0) < 0 && wb_slice_chr(v, '?', 0) < 0)
        return v.n > 0;
    if (wb_slice_ieq(key, WB_S("aws:userid"))) /* "AROAEXAMPLE:*" */
        return wb_slice_ends(v, WB_S(":*")) && wb_slice_chr(v, '*', 0) == (ptrdiff_t)v.n - 1;
    return wb_arn_parse(v, &arn) && arn.account.n && wb_slice_chr(arn.account, '*', 0) < 0;
}

/* A range of addresses that is not more or less everybody. */
static bool is_range(struct wb_slice v)
{
    struct wb_slice address = v, bits = WB_SLICE_NULL;
    uint64_t n;
    bool six = wb_slice_chr(v, ':', 0) >= 0;
    wb_slice_cut(&address, '/');
    bits = address;
    return !bits.p || (wb_slice_u64(bits, &n) && n >= (six ? 32 : 8));
}

static bool values_fixed(struct wb_slice key, struct wb_json v, struct wb_arena *a)
{
    bool address = wb_slice_ieq(key, WB_S("aws:SourceIp"));
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) == WB_JSON_STRING) {
        struct wb_slice s = wb_json_str(v, a);
        return address ? is_range(s) : is_fixed(key, s);
    }
    while (wb_json_next(&it)) {
        struct wb_slice s = wb_json_str(it.value, a);
        if (!s.p || !(address ? is_range(s) : is_fixed(key, s)))
            return false;
    }
    return wb_json_count(v) > 0;
}

/* An operator that lets in only what it names. */
static bool only_named(struct wb_slice op)
{
    return !wb_slice_ends(op, WB_S("IfExists")) && wb_slice_find(op, WB_S("Not"), 0) < 0 &&
           !wb_slice_starts(op, WB_S("ForAllValues:")) && !wb_slice_is(op, "Null");
}

static bool narrowed(struct wb_json condition, struct wb_arena *a)
{
    struct wb_json_iter op = wb_json_iter(condition);
    while (wb_json_next(&op)) {
        struct wb_json_iter it = wb_json_iter(op.value);
        if (!only_named(wb_json_str(op.key, a)))
            continue;
        while (wb_json_next(&it)) {
            struct wb_slice key = wb_json_str(it.key, a);
            if ((names_someone(key) || wb_slice_ieq(key, WB_S("aws:SourceIp"))) &&
                values_fixed(key, it.value, a))
                return true;
        }
    }
    return false;
}

static bool is_anybody(struct wb_json principal, struct wb_arena *a)
{
    if (wb_slice_is(wb_json_str(principal, a), "*"))
        return true;
    struct wb_json_iter it = wb_json_iter(principal);
    while (wb_json_next(&it)) {
        struct wb_json_iter each = wb_json_iter(it.value);
        if (wb_slice_is(wb_json_str(it.value, a), "*"))
            return true;
        while (wb_json_type(it.value) == WB_JSON_ARRAY && wb_json_next(&each))
            if (wb_slice_is(wb_json_str(each.value, a), "*"))
                return true;
    }
    return false;
}

static bool statement_is_public(struct wb_json s, struct wb_arena *a)
{
    if (!wb_slice_is(wb_json_get_str(s, "Effect", a), "Allow"))
        return false;
    bool anybody =
        wb_json_is(wb_json_get(s, "NotPrincipal")) || is_anybody(wb_json_get(s, "Principal"), a);
    return anybody && !narrowed(wb_json_get(s, "Condition"), a);
}

bool s3_policy_is_public(struct wb_json policy, struct wb_arena *a)
{
    struct wb_json list = wb_json_get(policy, "Statement");
    if (wb_json_type(list) == WB_JSON_OBJECT)
        return statement_is_public(list, a);
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (statement_is_public(it.value, a))
            return true;
    return false;
}

/* --- what a bucket's policy may say --- */

typedef bool text_ok(struct wb_slice text, const struct s3_bucket *b, struct wb_arena *a);

static bool action_ok(struct wb_slice text, const struct s3_bucket *b, struct wb_arena *a)
{
    (void)b;
    (void)a;
    return wb_slice_is(text, "*") || wb_slice_ieq(wb_slice_sub(text, 0, 3), WB_S("s3:"));
}

/* Of this bucket; a pattern must at least be able to mean it. */
static bool resource_ok(struct wb_slice text, const struct s3_bucket *b, struct wb_arena *a)
{
    struct wb_slice arn = s3_bucket_arn(a, b->name), name = text;
    if (wb_slice_is(text, "*"))
        return true;
    name = wb_slice_sub(text, 0, arn.n);
    if (wb_slice_eq(name, arn))
        return text.n == arn.n || text.p[arn.n] == '/' || text.p[arn.n] == '*';
    ptrdiff_t star = wb_slice_chr(text, '*', 0);
    return star > 0 && wb_slice_starts(text, WB_S("arn:aws:s3:::")) &&
           wb_slice_starts(arn, wb_slice_sub(text, 0, (size_t)star));
}

static bool each_ok(struct wb_json v, text_ok *ok, const struct s3_bucket *b, struct wb_arena *a)
{
    if (wb_json_type(v) == WB_JSON_STRING)
        return ok(wb_json_str(v, a), b, a);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        if (!ok(wb_json_str(it.value, a), b, a))
            return false;
    return true;
}

/* NULL, or what is wrong with it. */
static const char *fault(struct wb_json s, const struct s3_bucket *b, struct wb_arena *a)
{
    if (!each_ok(wb_json_get(s, "Action"), action_ok, b, a) ||
        !each_ok(wb_json_get(s, "NotAction"), action_ok, b, a))
        return "Policy has invalid action";
    if (!each_ok(wb_json_get(s, "Resource"), resource_ok, b, a) ||
        !each_ok(wb_json_get(s, "NotResource"), resource_ok, b, a))
        return "Policy has invalid resource";
    return NULL;
}

static bool policy_ok(struct wb_call *c, const struct s3_bucket *b, struct wb_json doc)
{
    struct wb_json list = wb_json_get(doc, "Statement");
    struct wb_slice why;
    struct wb_policy *p = wb_policy_parse(c->payload, true, c->arena, &why);
    const char *bad = NULL;
    if (!p) {
        wb_fail(c, "MalformedPolicy", 400, "%.*s", WB_FMT(why));
        return false;
    }
    wb_policy_unref(p);
    if (wb_json_type(list) == WB_JSON_OBJECT)
        bad = fault(list, b, c->arena);
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_type(list) == WB_JSON_ARRAY && !bad && wb_json_next(&it))
        bad = fault(it.value, b, c->arena);
    if (bad)
        wb_fail(c, "MalformedPolicy", 400, "%s", bad);
    return !bad;
}

/* --- operations --- */

void s3_put_policy(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    if (c->payload.n > WB_S3_POLICY_MAX) {
        wb_fail(c, "PolicyTooLarge", 400, "Policy exceeds the maximum allowed document size.");
        return;
    }
    struct wb_json doc = wb_json_read(c->arena, c->payload, NULL);
    if (wb_json_type(doc) != WB_JSON_OBJECT) {
        wb_fail(c, "MalformedPolicy", 400,
                "Policies must be valid JSON and the first byte must be '{'");
        return;
    }
    if (!policy_ok(c, &b, doc))
        return;
    if (s3_config(c->tx, b.name)->block & S3_BLOCK_POLICY && s3_policy_is_public(doc, c->arena)) {
        wb_fail(c, "AccessDenied", 403,
                "User: %.*s is not authorized to perform: s3:PutBucketPolicy on resource: "
                "\"%.*s\" because public policies are prevented by the BlockPublicPolicy setting "
                "in S3 Block Public Access.",
                WB_FMT(c->ctx.principal.arn), WB_FMT(s3_bucket_arn(c->arena, b.name)));
        return;
    }
    wb_tx_put(c->tx, s3_config_key(c->arena, b.number, S3_POLICY), c->payload);
    s3_config_changed(c->tx, b.name);
}

void s3_get_policy(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    struct wb_slice text = s3_config(c->tx, b.name)->text[S3_POLICY];
    if (!text.p) {
        s3_fail(c, "NoSuchBucketPolicy", 404, "BucketName", b.name,
                "The bucket policy does not exist");
        return;
    }
    wb_call_header(c, "Content-Type", WB_S("application/json"));
    c->raw_answer = wb_dup(c->arena, text);
}

void s3_get_policy_status(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    const struct s3_config *all = s3_config(c->tx, b.name);
    if (!all->text[S3_POLICY].p)
        s3_fail(c, "NoSuchBucketPolicy", 404, "BucketName", b.name,
                "The bucket policy does not exist");
    else
        wb_out_bool(&c->out, "IsPublic", all->public_policy);
}

void s3_delete_policy(struct wb_call *c)
{
    struct s3_bucket b;
    if (!s3_call_bucket(c, &b))
        return;
    if (wb_tx_del(c->tx, s3_config_key(c->arena, b.number, S3_POLICY)))
        s3_config_changed(c->tx, b.name);
}

const struct wb_policy *s3_resource_policy(struct wb_tx *tx, struct wb_slice arn)
{
    struct wb_slice rest = wb_slice_sub(arn, strlen("arn:aws:s3:::"), arn.n);
    const struct s3_config *b = wb_slice_starts(arn, WB_S("arn:aws:s3:::"))
                                    ? s3_config(tx, wb_slice_cut(&rest, '/'))
                                    : NULL;
    return b ? b->policy : NULL;
}
