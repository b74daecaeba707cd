/*
 * From a JSON document to a compiled policy, with IAM's messages for what is wrong with it.
 */
#include "auth/memo.h"
#include "auth/policy_impl.h"
#include "base/log.h"
#include "codec/json.h"
#include <assert.h>
#include <stdlib.h>

struct parse {
    struct wb_policy *p;
    struct wb_arena *a; /* the policy's own */
    bool variables;
    const char *why;
    struct wb_slice what; /* printed into why's %.*s */
};

static bool fail(struct parse *k, const char *why)
{
    k->why = why;
    return false;
}

static bool fail_at(struct parse *k, const char *why, struct wb_slice what)
{
    k->what = what;
    return fail(k, why);
}

#define SYNTAX "Syntax errors in policy."
#define LEGACY "The policy failed legacy parsing"

/* IAM's own documents meet an older parser, which has its own words and tells less. */
static bool fail_by_kind(struct parse *k, const char *identity, const char *resource,
                         struct wb_slice what)
{
    return k->p->resource_policy ? fail_at(k, resource, what) : fail(k, identity);
}

/* Members of the object must be known and appear once. */
static bool check_members(struct parse *k, struct wb_json v, const char *const *known)
{
    struct wb_json_iter it = wb_json_iter(v);
    unsigned seen = 0;
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return fail(k, SYNTAX);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, k->a);
        unsigned i = 0;
        while (known[i] && !wb_slice_is(key, known[i]))
            i++;
        if (!known[i] || (seen >> i & 1))
            return fail(k, SYNTAX);
        seen |= 1u << i;
    }
    return true;
}

/* A string, or an array of strings: the number of them, or -1. */
static ptrdiff_t strings(struct parse *k, struct wb_json v, struct wb_slice **out)
{
    size_t n = 0;
    if (wb_json_type(v) == WB_JSON_STRING) {
        *out = wb_new(k->a, struct wb_slice);
        (*out)[0] = wb_json_str(v, k->a);
        return 1;
    }
    if (wb_json_type(v) != WB_JSON_ARRAY)
        return -1;
    *out = wb_new_n(k->a, struct wb_slice, wb_json_count(v) + 1);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        if (wb_json_type(it.value) != WB_JSON_STRING)
            return -1;
        (*out)[n++] = wb_json_str(it.value, k->a);
    }
    return (ptrdiff_t)n;
}

/* --- Action, Resource --- */

/* "dynamodb:Get*": the vendor is plain. */
static bool check_vendor(struct parse *k, struct wb_slice vendor)
{
    for (size_t i = 0; i < vendor.n; i++) {
        char c = vendor.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == '*' || c == '?')
            return fail(k, "Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.");
        if (!letter && !(c >= '0' && c <= '9') && c != '-' && c != '.')
            return fail_at(k, "Vendor %.*s is not valid", vendor);
    }
    return true;
}

static bool parse_actions(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    struct wb_slice *text;
    ptrdiff_t n = strings(k, v, &text);
    if (n < 0)
        return fail(k, SYNTAX);
    if (n == 0)
        return fail(k, "Policy statement must contain actions.");
    s->action = wb_new_n(k->a, struct wb_glob, (size_t)n);
    for (ptrdiff_t i = 0; i < n; i++) {
        ptrdiff_t colon = wb_slice_chr(text[i], ':', 0);
        if (colon <= 0 && !wb_slice_is(text[i], "*"))
            return fail(k, "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, "
                           "etc.");
        if (colon >= 0 && wb_slice_chr(text[i], ':', (size_t)colon + 1) >= 0)
            return fail(k, "Actions/Condition can contain only one colon.");
        if (colon > 0 && !check_vendor(k, wb_slice_sub(text[i], 0, (size_t)colon)))
            return false;
        if (!wb_glob_compile(k->a, text[i], false, true, &s->action[s->action_count++]))
            return fail(k, SYNTAX);
    }
    return true;
}

/* What IAM looks for in a resource besides the six parts; resource policies are not asked. */
static bool check_resource(struct parse *k, struct wb_slice text)
{
    struct wb_slice rest = text, partition, vendor, region;
    if (k->p->resource_policy || wb_slice_is(text, "*"))
        return true;
    wb_slice_cut(&rest, ':');
    partition = wb_slice_cut(&rest, ':');
    vendor = wb_slice_cut(&rest, ':');
    region = wb_slice_cut(&rest, ':');
    if (!wb_slice_starts(partition, WB_S("aws")) && wb_slice_chr(partition, '*', 0) < 0)
        return fail_at(k, "Partition \"%.*s\".",
                       wb_printf(k->a, "%.*s\" is not valid for resource \"%.*s", WB_FMT(partition),
                                 WB_FMT(text)));
    if (!vendor.n)
        return fail(k, LEGACY);
    if (wb_slice_is(vendor, "iam") && region.n)
        return fail_at(k, "IAM resource %.*s cannot contain region information.", text);
    return true;
}

static bool parse_resources(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    struct wb_slice *text;
    ptrdiff_t n = strings(k, v, &text);
    if (n < 0)
        return fail(k, SYNTAX);
    if (n == 0)
        return fail(k, "Policy statement must contain resources.");
    s->resource = wb_new_n(k->a, struct wb_arn_glob, (size_t)n);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (!(wb_slice_is(text[i], "*") || wb_slice_starts(text[i], WB_S("arn:"))) ||
            !wb_arn_glob_compile(k->a, text[i], k->variables, &s->resource[s->resource_count++]))
            return fail_at(k, "Resource %.*s must be in ARN format or \"*\".", text[i]);
        if (!check_resource(k, text[i]))
            return false;
    }
    return true;
}

/* --- Principal --- */

static bool all_digits(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n == 12;
}

/* AIDA..., AROA..., AROA...:session: what is left of a deleted one. */
static bool is_unique_id(struct wb_slice s)
{
    struct wb_slice rest = s, id = wb_slice_cut(&rest, ':');
    if (!wb_slice_starts(id, WB_S("AIDA")) && !wb_slice_starts(id, WB_S("AROA")))
        return false;
    for (size_t i = 0; i < id.n; i++)
        if (!((id.p[i] >= 'A' && id.p[i] <= 'Z') || (id.p[i] >= '0' && id.p[i] <= '9')))
            return false;
    return id.n > 4 && (!rest.p || rest.n);
}

static bool has_wildcard(struct wb_slice s)
{
    return wb_slice_chr(s, '*', 0) >= 0 || wb_slice_chr(s, '?', 0) >= 0;
}

/* Of a principal's ARN: only these can ask. Groups cannot. */
static bool is_caller(struct wb_slice service, struct wb_slice account, struct wb_slice resource)
{
    static const char *const iam[] = {"user/", "role/"}, *const sts[] = {"assumed-role/",
                                                                         "federated-user/"};
    bool is_iam = wb_slice_is(service, "iam");
    if (!all_digits(account) || (!is_iam && !wb_slice_is(service, "sts")))
        return false;
    for (unsigned i = 0; i < 2; i++) {
        struct wb_slice prefix = wb_slice_str(is_iam ? iam[i] : sts[i]);
        if (resource.n > prefix.n && wb_slice_starts(resource, prefix))
            return true;
    }
    return is_iam && wb_slice_is(resource, "root");
}

static bool parse_aws_principal(struct wb_slice text, struct wb_who_pattern *w)
{
    struct wb_slice rest = text, part[6];
    w->text = text;
    if (wb_slice_is(text, "*")) {
        w->kind = WB_WHO_ANYBODY;
        return true;
    }
    if (all_digits(text)) {
        w->kind = WB_WHO_ACCOUNT;
        return true;
    }
    if (has_wildcard(text))
        return false;
    if (!wb_slice_starts(text, WB_S("arn:"))) {
        w->kind = WB_WHO_ID;
        return is_unique_id(text);
    }
    for (unsigned i = 0; i < 5; i++)
        part[i] = wb_slice_cut(&rest, ':');
    part[5] = rest;
    w->kind = WB_WHO_ARN;
    if (wb_slice_is(part[5], "root")) {
        w->kind = WB_WHO_ACCOUNT;
        w->text = part[4];
    }
    return is_caller(part[2], part[4], part[5]);
}

/* "events.amazonaws.com" */
static bool is_service_name(struct wb_slice s)
{
    return !has_wildcard(s) && wb_slice_chr(s, '.', 0) > 0;
}

static bool add_principals(struct parse *k, struct wb_json v, struct wb_slice type,
                           struct wb_statement *s)
{
    struct wb_slice *text;
    ptrdiff_t n = strings(k, v, &text);
    if (n <= 0)
        return fail(k, SYNTAX);
    struct wb_who_pattern *more = wb_new_n(k->a, struct wb_who_pattern, s->who_count + (size_t)n);
    if (s->who_count)
        memcpy(more, s->who, s->who_count * sizeof *more);
    s->who = more;
    for (ptrdiff_t i = 0; i < n; i++) {
        struct wb_who_pattern *w = &s->who[s->who_count++];
        *w = (struct wb_who_pattern){WB_WHO_OTHER, text[i]};
        if (wb_slice_is(type, "AWS")) {
            if (!parse_aws_principal(text[i], w))
                return fail_at(k, "Invalid principal in policy: \"AWS\":\"%.*s\"", text[i]);
        } else if (wb_slice_is(type, "Service")) {
            w->kind = WB_WHO_SERVICE;
            if (!is_service_name(text[i]))
                return fail_at(k, "Invalid principal in policy: \"SERVICE\":\"%.*s\"", text[i]);
        } else if (!wb_slice_is(type, "Federated") && !wb_slice_is(type, "CanonicalUser")) {
            return fail(k, SYNTAX);
        }
    }
    return true;
}

static bool parse_principal(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    if (wb_json_type(v) == WB_JSON_STRING) {
        if (!wb_slice_is(wb_json_str(v, k->a), "*"))
            return fail(k, "Invalid principal in policy");
        return add_principals(k, v, WB_S("AWS"), s);
    }
    if (wb_json_type(v) != WB_JSON_OBJECT || wb_json_count(v) == 0)
        return fail(k, SYNTAX);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        if (!add_principals(k, it.value, wb_json_str(it.key, k->a), s))
            return false;
    return true;
}

/* --- Condition --- */

static bool scalar_text(struct parse *k, struct wb_json v, struct wb_slice *out)
{
    switch (wb_json_type(v)) {
    case WB_JSON_STRING:
        *out = wb_json_str(v, k->a);
        return true;
    case WB_JSON_NUMBER:
    case WB_JSON_TRUE:
    case WB_JSON_FALSE:
        *out = wb_json_raw(v);
        return true;
    default:
        return fail(k, SYNTAX);
    }
}

static bool add_value(struct parse *k, struct wb_json v, struct wb_condition *c)
{
    struct wb_slice text;
    if (!scalar_text(k, v, &text))
        return false;
    if (!wb_condition_value(k->a, c, text, k->variables, &c->value[c->count++]))
        return fail_by_kind(k, LEGACY, "Invalid condition value in policy: %.*s", text);
    return true;
}

static bool add_condition(struct parse *k, struct wb_condition c, struct wb_json key,
                          struct wb_json values, struct wb_statement *s)
{
    c.key = wb_json_str(key, k->a);
    bool many = wb_json_type(values) == WB_JSON_ARRAY;
    c.value = wb_new_n(k->a, struct wb_expected, many ? wb_json_count(values) + 1 : 1);
    if (c.key.n == 0)
        return fail(k, SYNTAX);
    if (!many) {
        if (!add_value(k, values, &c))
            return false;
    } else {
        struct wb_json_iter it = wb_json_iter(values);
        while (wb_json_next(&it))
            if (!add_value(k, it.value, &c))
                return false;
    }
    s->condition[s->condition_count++] = c;
    return true;
}

static bool parse_conditions(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    size_t max = 0;
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return fail(k, SYNTAX);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        if (wb_json_type(it.value) != WB_JSON_OBJECT)
            return fail(k, SYNTAX);
        max += wb_json_count(it.value);
    }
    s->condition = wb_new_n(k->a, struct wb_condition, max + 1);
    it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_condition c;
        struct wb_slice name = wb_json_str(it.key, k->a);
        if (!wb_condition_operator(name, &c))
            return fail_by_kind(k, SYNTAX, "Invalid Condition type : %.*s.", name);
        struct wb_json_iter keys = wb_json_iter(it.value);
        while (wb_json_next(&keys))
            if (!add_condition(k, c, keys.key, keys.value, s))
                return false;
    }
    return true;
}

/* --- which context keys are asked for --- */

static bool begins(struct wb_slice key, const char *prefix)
{
    struct wb_slice p = wb_slice_str(prefix);
    return key.n >= p.n && wb_slice_ieq(wb_slice_sub(key, 0, p.n), p);
}

static unsigned key_kind(struct wb_slice key)
{
    if (begins(key, "aws:ResourceTag/"))
        return WB_KEYS_RESOURCE_TAG;
    if (begins(key, "aws:RequestTag/") || begins(key, "aws:TagKeys"))
        return WB_KEYS_REQUEST_TAG;
    if (begins(key, "aws:PrincipalTag/"))
        return WB_KEYS_PRINCIPAL_TAG;
    return begins(key, "aws:") ? 0 : WB_KEYS_SERVICE;
}

static unsigned glob_keys(const struct wb_glob *g)
{
    unsigned keys = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->token[i].kind == WB_TOKEN_VARIABLE)
            keys |= key_kind(g->token[i].text);
    return keys;
}

static unsigned arn_glob_keys(const struct wb_arn_glob *g)
{
    unsigned keys = 0;
    for (size_t i = 0; !g->any && i < sizeof g->part / sizeof *g->part; i++)
        keys |= glob_keys(&g->part[i]);
    return keys;
}

static unsigned statement_keys(const struct wb_statement *s)
{
    unsigned keys = 0;
    for (size_t i = 0; i < s->resource_count; i++)
        keys |= arn_glob_keys(&s->resource[i]);
    for (size_t i = 0; i < s->condition_count; i++) {
        const struct wb_condition *c = &s->condition[i];
        keys |= key_kind(c->key);
        for (size_t j = 0; j < c->count; j++)
            keys |= c->test == WB_TEST_ARN ? arn_glob_keys(&c->value[j].arn)
                                           : glob_keys(&c->value[j].glob);
    }
    return keys;
}

unsigned wb_policy_keys(const struct wb_policy *p)
{
    return p ? p->keys : 0;
}

/* --- statements --- */

static bool is_sid(struct wb_slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9')))
            return false;
    return true;
}

static bool parse_sid(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    if (!wb_json_is(v))
        return true;
    if (wb_json_type(v) != WB_JSON_STRING)
        return fail(k, SYNTAX);
    s->sid = wb_json_str(v, k->a);
    /* Resource policies are laxer: SNS's own says "__default_statement_ID". */
    if (!k->p->resource_policy && !is_sid(s->sid))
        return fail(k, "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies "
                       "the regular expression [0-9A-Za-z]*");
    for (size_t i = 0; i < k->p->count; i++)
        if (s->sid.n && wb_slice_eq(k->p->statement[i].sid, s->sid))
            return fail(k, "Statement IDs (SID) in a single policy must be unique.");
    return true;
}

/* One of "Name" and "NotName", never both. */
static bool either(struct parse *k, struct wb_json v, const char *name, const char *not_name,
                   struct wb_json *out, bool *negated)
{
    struct wb_json yes = wb_json_get(v, name), no = wb_json_get(v, not_name);
    if (wb_json_is(yes) && wb_json_is(no))
        return fail(k, SYNTAX);
    *negated = wb_json_is(no);
    *out = *negated ? no : yes;
    return true;
}

static bool parse_who(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    struct wb_json who;
    if (!either(k, v, "Principal", "NotPrincipal", &who, &s->not_principal))
        return false;
    if (k->p->resource_policy)
        return wb_json_is(who) ? parse_principal(k, who, s)
                               : fail(k, "Missing required field Principal");
    return !wb_json_is(who) || fail(k, "Policy document should not specify a principal.");
}

static bool parse_effect(struct parse *k, struct wb_slice effect, struct wb_statement *s)
{
    s->allow = wb_slice_is(effect, "Allow");
    if (s->allow || wb_slice_is(effect, "Deny"))
        return true;
    if (k->p->resource_policy)
        return effect.p ? fail_at(k, "Invalid effect: %.*s", effect)
                        : fail(k, "Missing required field Effect");
    bool other_case = wb_slice_ieq(effect, WB_S("Allow")) || wb_slice_ieq(effect, WB_S("Deny"));
    return fail(k, other_case ? LEGACY : SYNTAX);
}

static bool parse_statement(struct parse *k, struct wb_json v, struct wb_statement *s)
{
    static const char *const known[] = {"Sid",       "Effect",    "Principal", "NotPrincipal",
                                        "Action",    "NotAction", "Resource",  "NotResource",
                                        "Condition", NULL};
    struct wb_json action, resource, condition = wb_json_get(v, "Condition");
    if (!check_members(k, v, known) || !parse_sid(k, wb_json_get(v, "Sid"), s))
        return false;
    if (!parse_effect(k, wb_json_get_str(v, "Effect", k->a), s))
        return false;
    if (!parse_who(k, v, s) || !either(k, v, "Action", "NotAction", &action, &s->not_action) ||
        !either(k, v, "Resource", "NotResource", &resource, &s->not_resource))
        return false;
    if (!wb_json_is(action))
        return fail(k, "Policy statement must contain actions.");
    if (!parse_actions(k, action, s))
        return false;
    if (!wb_json_is(resource) && !k->p->resource_policy)
        return fail(k, "Policy statement must contain resources.");
    if (wb_json_is(resource) && !parse_resources(k, resource, s))
        return false;
    return !wb_json_is(condition) || parse_conditions(k, condition, s);
}

static bool parse_document(struct parse *k, struct wb_json v)
{
    static const char *const known[] = {"Version", "Id", "Statement", NULL};
    if (!check_members(k, v, known))
        return false;
    struct wb_json version = wb_json_get(v, "Version"), statement = wb_json_get(v, "Statement");
    struct wb_slice text = wb_json_str(version, k->a);
    struct wb_json id = wb_json_get(v, "Id");
    if (wb_json_is(id) && wb_json_type(id) != WB_JSON_STRING)
        return fail(k, SYNTAX);
    if (wb_json_is(version) && !wb_slice_is(text, "2012-10-17") && !wb_slice_is(text, "2008-10-17"))
        return fail_by_kind(k, SYNTAX, "The policy must contain a valid version string", text);
    k->variables = wb_slice_is(text, "2012-10-17");
    bool many = wb_json_type(statement) == WB_JSON_ARRAY;
    size_t n = many ? wb_json_count(statement) : 1;
    if (n == 0 || (!many && wb_json_type(statement) != WB_JSON_OBJECT))
        return fail(k, SYNTAX);
    if (n > WB_POLICY_STATEMENTS_MAX)
        return fail(k, "The policy has too many statements.");
    k->p->statement = wb_new_n(k->a, struct wb_statement, n);
    if (!many)
        return parse_statement(k, statement, &k->p->statement[0]) && ++k->p->count;
    struct wb_json_iter it = wb_json_iter(statement);
    while (wb_json_next(&it)) {
        if (!parse_statement(k, it.value, &k->p->statement[k->p->count]))
            return false;
        k->p->count++;
    }
    return true;
}

struct wb_policy *wb_policy_parse(struct wb_slice json, bool resource_policy, struct wb_arena *a,
                                  struct wb_slice *why)
{
    struct wb_policy *p = wb_xcalloc(1, sizeof *p);
    atomic_init(&p->refs, 1);
    wb_arena_init(&p->arena, 0);
    p->resource_policy = resource_policy;
    struct parse k = {.p = p, .a = &p->arena};
    struct wb_json_error e;
    *why = WB_SLICE_NULL;
    if (json.n > WB_POLICY_BYTES_MAX)
        fail(&k, "The policy is too large.");
    else if (!parse_document(&k, wb_json_read(&p->arena, wb_dup(&p->arena, json), &e)))
        assert(k.why);
    for (size_t i = 0; !k.why && i < p->count; i++)
        p->keys |= statement_keys(&p->statement[i]);
    if (!k.why)
        return p;
    ptrdiff_t hole = wb_slice_find(wb_slice_str(k.why), WB_S("%.*s"), 0);
    struct wb_slice text = wb_slice_str(k.why);
    struct wb_slice parts[3] = {text, WB_S(""), WB_S("")};
    if (hole >= 0) {
        parts[0] = wb_slice_sub(text, 0, (size_t)hole);
        parts[1] = k.what;
        parts[2] = wb_slice_sub(text, (size_t)hole + 4, text.n);
    }
    *why = wb_concat(a, parts, 3);
    wb_policy_unref(p);
    return NULL;
}

#define DENY_ALL                                                                                   \
    "{\"Version\":\"2012-10-17\",\"Statement\":{\"Sid\":\"CannotBeRead\",\"Effect\":\"Deny\","     \
    "\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"StringNotEquals\":"                      \
    "{\"aws:PrincipalType\":\"Account\"}}"

struct wb_policy *wb_policy_stored(struct wb_slice json, bool resource_policy,
                                   struct wb_slice where)
{
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    struct wb_policy *p = wb_policy_parse(json, resource_policy, &a, &why);
    if (!p) {
        wb_log(WB_LOG_ERROR, "policy", "a stored policy cannot be read; it denies everything",
               "where", wb_dup_cstr(&a, where), "why", wb_dup_cstr(&a, why), NULL);
        p = wb_policy_parse(resource_policy ? WB_S(DENY_ALL ",\"Principal\":\"*\"}}")
                                            : WB_S(DENY_ALL "}}"),
                            resource_policy, &a, &why);
        assert(p);
    }
    wb_arena_release(&a);
    return p;
}

static void forget(void *policy)
{
    wb_policy_unref(policy);
}

static const struct wb_memo_kind texts = {.number = 1, .forget = forget};

struct wb_policy *wb_policy_of_text(struct wb_slice json, struct wb_arena *a)
{
    struct wb_slice why;
    struct wb_policy *p = wb_memo_get(&texts, json);
    if (p) {
        wb_policy_ref(p);
        return p;
    }
    p = wb_policy_parse(json, false, a, &why);
    if (p) {
        wb_policy_ref(p); /* one of them is the memo's */
        wb_memo_put(&texts, json, p);
    }
    return p;
}

void wb_policy_ref(struct wb_policy *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
}

void wb_policy_unref(struct wb_policy *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    wb_arena_release(&p->arena);
    free(p);
}
