/* The table of resource types, what is checked for all of them, and how their handlers call. */
#include "services/cloudformation/types/types.h"
#include "base/ids.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include "engine/deliver.h"
#include "services/cloudformation/type.h"
#include <stdarg.h>

/* Sorted by name. */
static const struct wb_cfn_type *const types[] = {
    &cfn_cdk_metadata,
    &cfn_custom_resource,
    &cfn_nested_stack,
    &cfn_wait_condition,
    &cfn_wait_condition_handle,
    &cfn_cloudwatch_alarm,
    &cfn_cloudwatch_composite_alarm,
    &cfn_cloudwatch_dashboard,
    &cfn_dynamodb_table,
    &cfn_ecr_repository,
    &cfn_events_event_bus,
    &cfn_events_event_bus_policy,
    &cfn_events_rule,
    &cfn_iam_access_key,
    &cfn_iam_group,
    &cfn_iam_group_policy,
    &cfn_iam_instance_profile,
    &cfn_iam_managed_policy,
    &cfn_iam_policy,
    &cfn_iam_role,
    &cfn_iam_role_policy,
    &cfn_iam_user,
    &cfn_iam_user_policy,
    &cfn_iam_user_to_group_addition,
    &cfn_kms_alias,
    &cfn_kms_key,
    &cfn_lambda_function,
    &cfn_lambda_permission,
    &cfn_logs_log_group,
    &cfn_logs_log_stream,
    &cfn_logs_metric_filter,
    &cfn_logs_subscription_filter,
    &cfn_s3_bucket,
    &cfn_s3_bucket_policy,
    &cfn_sns_subscription,
    &cfn_sns_topic,
    &cfn_sns_topic_inline_policy,
    &cfn_sns_topic_policy,
    &cfn_ssm_parameter,
    &cfn_xray_group,
    &cfn_xray_resource_policy,
    &cfn_xray_sampling_rule,
    NULL,
};

const struct wb_cfn_type *const *wb_cfn_types(void)
{
    return types;
}

/* "Custom::" and up to 60 characters of [A-Za-z0-9_@-]. */
static bool custom_name(struct wb_slice name)
{
    if (!wb_slice_starts(name, WB_S("Custom::")) || name.n == 8 || name.n > 8 + 60)
        return false;
    for (size_t i = 8; i < name.n; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@-", name.p[i]))
            return false;
    return true;
}

const struct wb_cfn_type *wb_cfn_type_find(struct wb_slice name)
{
    for (size_t i = 0; types[i]; i++)
        if (wb_slice_is(name, types[i]->name))
            return types[i];
    return custom_name(name) ? &cfn_custom_resource : NULL;
}

/* --- values --- */

static bool scalar(enum wb_json_type t)
{
    return t == WB_JSON_STRING || t == WB_JSON_NUMBER || t == WB_JSON_TRUE || t == WB_JSON_FALSE;
}

/* A scalar as a template would write it; a text as it is. */
static struct wb_slice scalar_text(struct wb_arena *a, struct wb_json v)
{
    return wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, a) : wb_json_raw(v);
}

static bool same(struct wb_arena *a, struct wb_json x, struct wb_json y);

static bool same_scalar(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    struct wb_slice s = scalar_text(a, x), t = scalar_text(a, y);
    double d, e;
    if (wb_slice_eq(s, t))
        return true;
    if (wb_json_type(x) == WB_JSON_STRING && wb_json_type(y) == WB_JSON_STRING)
        return false;
    return wb_json_double(wb_json_read(a, s, NULL), &d) &&
           wb_json_double(wb_json_read(a, t, NULL), &e) && d == e;
}

static bool same_object(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    struct wb_json_iter it = wb_json_iter(x);
    if (wb_json_count(x) != wb_json_count(y))
        return false;
    while (wb_json_next(&it))
        if (!same(a, it.value, wb_json_get_slice(y, wb_json_str(it.key, a))))
            return false;
    return true;
}

static bool same_array(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    struct wb_json_iter i = wb_json_iter(x), j = wb_json_iter(y);
    if (wb_json_count(x) != wb_json_count(y))
        return false;
    while (wb_json_next(&i) && wb_json_next(&j))
        if (!same(a, i.value, j.value))
            return false;
    return true;
}

/* A document may be written as an object or as the text of one. */
static bool same_document(struct wb_arena *a, struct wb_json text, struct wb_json object)
{
    struct wb_json v = wb_json_read(a, wb_json_str(text, a), NULL);
    return wb_json_type(v) == WB_JSON_OBJECT && same_object(a, v, object);
}

static bool same(struct wb_arena *a, struct wb_json x, struct wb_json y)
{
    enum wb_json_type s = wb_json_type(x), t = wb_json_type(y);
    if (scalar(s) && scalar(t))
        return same_scalar(a, x, y);
    if (s == WB_JSON_STRING && t == WB_JSON_OBJECT)
        return same_document(a, x, y);
    if (s == WB_JSON_OBJECT && t == WB_JSON_STRING)
        return same_document(a, y, x);
    if (s != t)
        return false;
    if (s == WB_JSON_OBJECT)
        return same_object(a, x, y);
    return s != WB_JSON_ARRAY || same_array(a, x, y);
}

bool wb_cfn_same(struct wb_json x, struct wb_json y)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    bool result = same(&a, x, y);
    wb_arena_release(&a);
    return result;
}

/* --- the checks --- */

static const struct wb_cfn_property *find_property(const struct wb_cfn_type *t, struct wb_slice n)
{
    for (const struct wb_cfn_property *p = t->property; p->name; p++)
        if (wb_slice_is(n, p->name))
            return p;
    return NULL;
}

/* {"Ref": ...}, {"Fn::...": ...}: known later. */
static bool is_function(struct wb_arena *a, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) != WB_JSON_OBJECT || wb_json_count(v) != 1 || !wb_json_next(&it))
        return false;
    struct wb_slice key = wb_json_str(it.key, a);
    return wb_slice_is(key, "Ref") || wb_slice_starts(key, WB_S("Fn::"));
}

static bool is_number(struct wb_arena *a, struct wb_json v, bool integral)
{
    struct wb_json n = wb_json_read(a, scalar_text(a, v), NULL);
    int64_t i;
    return wb_json_type(n) == WB_JSON_NUMBER && (!integral || wb_json_i64(n, &i));
}

static bool kind_ok(struct wb_arena *a, struct wb_json v, enum wb_cfn_kind kind)
{
    enum wb_json_type t = wb_json_type(v);
    switch (kind) {
    case WB_CFN_STRING:
        return scalar(t);
    case WB_CFN_INTEGER:
    case WB_CFN_DOUBLE:
        return scalar(t) && is_number(a, v, kind == WB_CFN_INTEGER);
    case WB_CFN_BOOLEAN:
        return scalar(t) &&
               (wb_slice_is(scalar_text(a, v), "true") || wb_slice_is(scalar_text(a, v), "false"));
    case WB_CFN_LIST:
        return t == WB_JSON_ARRAY;
    case WB_CFN_OBJECT:
        return t == WB_JSON_OBJECT;
    case WB_CFN_JSON:
        return t == WB_JSON_OBJECT || t == WB_JSON_STRING;
    }
    return false;
}

static const char *const kind_text[] = {
    [WB_CFN_STRING] = "of type String", [WB_CFN_INTEGER] = "of type Integer",
    [WB_CFN_DOUBLE] = "of type Double", [WB_CFN_BOOLEAN] = "of type Boolean",
    [WB_CFN_LIST] = "of type List",     [WB_CFN_OBJECT] = "an object",
    [WB_CFN_JSON] = "an object",
};

bool wb_cfn_check(struct wb_arena *a, const struct wb_cfn_type *t, struct wb_slice logical_id,
                  struct wb_json properties, bool resolved, struct wb_slice *why)
{
    struct wb_json_iter it = wb_json_iter(properties);
    while (t->property && wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, a);
        const struct wb_cfn_property *p = find_property(t, name);
        if (!p) {
            *why = wb_printf(a, "Encountered unsupported property %.*s", WB_FMT(name));
            return false;
        }
        if (!resolved && is_function(a, it.value))
            continue;
        if (!kind_ok(a, it.value, p->kind)) {
            *why = wb_printf(a, "Value of property %s must be %s", p->name, kind_text[p->kind]);
            return false;
        }
    }
    for (const struct wb_cfn_property *p = t->property; p && p->name; p++) {
        if (!p->required || wb_json_is(wb_json_get(properties, p->name)))
            continue;
        *why = wb_printf(a,
                         "Properties validation failed for resource %.*s with message: #: required "
                         "key [%s] not found",
                         WB_FMT(logical_id), p->name);
        return false;
    }
    return true;
}

enum wb_cfn_update wb_cfn_change(const struct wb_cfn_resource *r)
{
    enum wb_cfn_update gravest = WB_CFN_IN_PLACE;
    for (const struct wb_cfn_property *p = r->of->property; p && p->name; p++) {
        enum wb_cfn_update u = p->update;
        if (wb_cfn_same(wb_json_get(r->before, p->name), wb_json_get(r->properties, p->name)))
            continue;
        if (u == WB_CFN_CONDITIONAL)
            u = r->of->replaces(r, wb_slice_str(p->name)) ? WB_CFN_REPLACEMENT : WB_CFN_IN_PLACE;
        if (u == WB_CFN_IN_PLACE && !r->of->update)
            u = WB_CFN_REPLACEMENT;
        if (u > gravest)
            gravest = u;
    }
    return gravest;
}

/* --- calls --- */

/* An input on its way into an operation's shape. */
struct fit {
    struct wb_arena *a;
    struct wb_json_writer w;
    struct wb_slice why;
};

static bool mismatch(struct fit *f, struct wb_slice name, const char *what)
{
    f->why = wb_printf(f->a, "Value of property %.*s must be %s", WB_FMT(name), what);
    return false;
}

static bool fit_value(struct fit *f, struct wb_slice name, struct wb_json v,
                      const struct wb_shape *s);

static bool fit_structure(struct fit *f, struct wb_slice name, struct wb_json v,
                          const struct wb_shape *s)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return mismatch(f, name, "an object");
    wb_jw_object(&f->w);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, f->a);
        const struct wb_member *m = s->member;
        if (wb_json_type(it.value) == WB_JSON_NULL)
            continue;
        while (m && m->name && !wb_slice_is(key, m->name))
            m++;
        if (!m || !m->name) {
            f->why = wb_printf(f->a, "Encountered unsupported property %.*s", WB_FMT(key));
            return false;
        }
        wb_jw_key(&f->w, m->name);
        if (!fit_value(f, key, it.value, m->shape))
            return false;
    }
    wb_jw_end_object(&f->w);
    return true;
}

static bool fit_list(struct fit *f, struct wb_slice name, struct wb_json v,
                     const struct wb_shape *s)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) != WB_JSON_ARRAY)
        return mismatch(f, name, "of type List");
    wb_jw_array(&f->w);
    while (wb_json_next(&it))
        if (!fit_value(f, name, it.value, s->elem))
            return false;
    wb_jw_end_array(&f->w);
    return true;
}

static bool fit_map(struct fit *f, struct wb_slice name, struct wb_json v, const struct wb_shape *s)
{
    struct wb_json_iter it = wb_json_iter(v);
    if (wb_json_type(v) != WB_JSON_OBJECT)
        return mismatch(f, name, "an object");
    wb_jw_object(&f->w);
    while (wb_json_next(&it)) {
        wb_jw_key_slice(&f->w, wb_json_str(it.key, f->a));
        if (!fit_value(f, name, it.value, s->elem))
            return false;
    }
    wb_jw_end_object(&f->w);
    return true;
}

static bool fit_value(struct fit *f, struct wb_slice name, struct wb_json v,
                      const struct wb_shape *s)
{
    bool plain = scalar(wb_json_type(v));
    switch (s->kind) {
    case WB_STRUCTURE:
        return fit_structure(f, name, v, s);
    case WB_LIST:
        return fit_list(f, name, v, s);
    case WB_MAP:
        return fit_map(f, name, v, s);
    case WB_STRING:
    case WB_BLOB:
        if (!plain)
            return mismatch(f, name, "of type String");
        wb_jw_str(&f->w, scalar_text(f->a, v));
        return true;
    case WB_INTEGER:
    case WB_LONG:
    case WB_DOUBLE:
        if (!plain || !is_number(f->a, v, s->kind != WB_DOUBLE))
            return mismatch(f, name, s->kind == WB_DOUBLE ? "of type Double" : "of type Integer");
        wb_jw_raw(&f->w, scalar_text(f->a, v));
        return true;
    case WB_BOOLEAN:
        if (!plain || !kind_ok(f->a, v, WB_CFN_BOOLEAN))
            return mismatch(f, name, "of type Boolean");
        wb_jw_bool(&f->w, wb_slice_is(scalar_text(f->a, v), "true"));
        return true;
    case WB_TIMESTAMP:
    case WB_ANY:
        wb_jw_raw(&f->w, wb_json_raw(v));
        return true;
    }
    return false;
}

bool wb_cfn_call(struct wb_cfn_resource *r, const char *service, const char *operation,
                 struct wb_slice input, struct wb_json *answer)
{
    struct wb_arena *a = r->tx->arena;
    const struct wb_op *op = wb_call_op(r->tx->engine, service, operation);
    struct wb_buf b = wb_buf_in(a);
    struct fit f = {.a = a};
    struct wb_slice out;
    r->service = NULL;
    r->error = (struct wb_error){.code = NULL};
    wb_jw_init(&f.w, &b);
    struct wb_json in = wb_json_read(a, input, NULL);
    if (op && !fit_structure(&f, WB_SLICE_NULL, in, op->input)) {
        wb_cfn_fail(r, "ValidationError", "%.*s", WB_FMT(f.why));
        return false;
    }
    r->service = service;
    if (!wb_call_service(r->tx, r->ctx, service, operation, op ? wb_buf_slice(&b) : input, &out,
                         &r->error))
        return false;
    if (answer)
        *answer = wb_json_read(a, out, NULL);
    return true;
}

bool wb_cfn_error_is(const struct wb_cfn_resource *r, const char *code)
{
    return r->error.code && strcmp(r->error.code, code) == 0;
}

enum wb_cfn_result wb_cfn_fail(struct wb_cfn_resource *r, const char *code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    r->service = NULL;
    r->error = (struct wb_error){
        .code = code, .message = wb_vprintf(r->tx->arena, fmt, ap), .status = 400};
    va_end(ap);
    return WB_CFN_FAILED;
}

enum wb_cfn_result wb_cfn_absent(struct wb_cfn_resource *r)
{
    wb_cfn_fail(r, "NotFound", "Resource of type '%.*s' with identifier '%.*s' was not found.",
                WB_FMT(r->type), WB_FMT(r->physical_id));
    return WB_CFN_FAILED;
}

/* --- names --- */

#define RANDOM 12

static void random_part(const struct wb_cfn_resource *r, char out[RANDOM])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint8_t hash[WB_SHA256_LEN];
    wb_sha256(wb_printf(r->tx->arena, "%.*s\n%.*s\n%.*s", WB_FMT(r->stack_id),
                        WB_FMT(r->logical_id), WB_FMT(r->token)),
              hash);
    for (size_t i = 0; i < RANDOM; i++)
        out[i] = digits[(hash[2 * i] << 8 | hash[2 * i + 1]) % (sizeof digits - 1)];
}

/* Of a long pair the logical id gives way first, down to 24 characters, then the stack's name. */
struct wb_slice wb_cfn_name(struct wb_cfn_resource *r, size_t max, bool lower_case)
{
    const char *property = r->of->name_property;
    struct wb_json given = property ? wb_json_get(r->properties, property) : WB_JSON_NONE;
    struct wb_slice stack = r->stack_name, id = r->logical_id;
    char random[RANDOM];
    if (wb_json_is(given))
        return scalar_text(r->tx->arena, given);
    size_t room = max - RANDOM - 2;
    if (stack.n + id.n > room) {
        size_t least = id.n < 24 ? id.n : 24;
        id.n = room > stack.n + least ? room - stack.n : least;
    }
    if (stack.n + id.n > room)
        stack.n = room - id.n;
    random_part(r, random);
    struct wb_slice name =
        wb_printf(r->tx->arena, "%.*s-%.*s-%.*s", WB_FMT(stack), WB_FMT(id), RANDOM, random);
    for (char *p = (char *)name.p; lower_case && p < name.p + name.n; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + 32);
    return name;
}
