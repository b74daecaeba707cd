#include "services/cloudformation/types/kit.h"
#include "engine/tags.h"
#include <stdarg.h>

/* --- properties --- */

struct wb_json cfn_prop(const struct wb_cfn_resource *r, const char *name)
{
    return wb_json_get(r->properties, name);
}

struct wb_json cfn_was(const struct wb_cfn_resource *r, const char *name)
{
    return wb_json_get(r->before, name);
}

struct wb_slice cfn_json_text(struct wb_arena *a, struct wb_json v)
{
    if (!wb_json_is(v))
        return WB_SLICE_NULL;
    return wb_json_type(v) == WB_JSON_STRING ? wb_json_str(v, a) : wb_json_raw(v);
}

struct wb_slice cfn_text(const struct wb_cfn_resource *r, const char *name)
{
    return cfn_json_text(r->tx->arena, cfn_prop(r, name));
}

bool cfn_is_true(struct wb_json v)
{
    return wb_json_type(v) == WB_JSON_TRUE ||
           (wb_json_type(v) == WB_JSON_STRING && wb_slice_is(wb_json_raw(v), "\"true\""));
}

bool cfn_true(const struct wb_cfn_resource *r, const char *name)
{
    return cfn_is_true(cfn_prop(r, name));
}

bool cfn_changed(const struct wb_cfn_resource *r, const char *name)
{
    return !wb_cfn_same(cfn_prop(r, name), cfn_was(r, name));
}

bool cfn_any_changed(const struct wb_cfn_resource *r, const char *const *names)
{
    for (; *names; names++)
        if (cfn_changed(r, *names))
            return true;
    return false;
}

bool cfn_has(struct wb_json list, struct wb_json value)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (wb_cfn_same(it.value, value))
            return true;
    return false;
}

struct wb_json cfn_find(struct wb_json list, const char *key, struct wb_json as)
{
    struct wb_json_iter it = wb_json_iter(list);
    struct wb_json want = wb_json_get(as, key);
    while (wb_json_next(&it))
        if (wb_cfn_same(wb_json_get(it.value, key), want))
            return it.value;
    return WB_JSON_NONE;
}

static bool switched_off(struct wb_json v)
{
    struct wb_json enabled = wb_json_get(v, "Enabled");
    enum wb_json_type t = wb_json_type(v);
    return t == WB_JSON_FALSE ||
           (t == WB_JSON_STRING && wb_slice_is(wb_json_raw(v), "\"false\"")) ||
           (t == WB_JSON_ARRAY && !wb_json_count(v)) ||
           (wb_json_count(v) == 1 && wb_json_is(enabled) && !cfn_is_true(enabled));
}

bool cfn_refused_names(struct wb_cfn_resource *r, const char *const *names)
{
    for (; *names; names++) {
        struct wb_json v = cfn_prop(r, *names);
        if (!wb_json_is(v) || switched_off(v))
            continue;
        wb_cfn_fail(r, "InvalidRequest", "%s is not offered here", *names);
        return true;
    }
    return false;
}

/* --- inputs --- */

void cfn_begin(struct cfn_in *in, struct wb_cfn_resource *r)
{
    in->r = r;
    in->b = wb_buf_in(r->tx->arena);
    wb_jw_init(&in->w, &in->b);
    wb_jw_object(&in->w);
}

void cfn_put(struct cfn_in *in, const char *member, struct wb_slice value)
{
    if (value.p)
        wb_jw_kstr(&in->w, member, value);
}

void cfn_put_json(struct cfn_in *in, const char *member, struct wb_json value)
{
    if (wb_json_is(value))
        wb_jw_kraw(&in->w, member, wb_json_raw(value));
}

void cfn_copy_names(struct cfn_in *in, const char *const *names)
{
    for (; *names; names++)
        cfn_copy_as(in, *names, *names);
}

void cfn_copy_as(struct cfn_in *in, const char *member, const char *property)
{
    cfn_put_json(in, member, cfn_prop(in->r, property));
}

void cfn_copy_text(struct cfn_in *in, const char *member, const char *property)
{
    cfn_put(in, member, cfn_text(in->r, property));
}

struct wb_slice cfn_end(struct cfn_in *in)
{
    wb_jw_end_object(&in->w);
    return wb_buf_slice(&in->b);
}

bool cfn_call(struct cfn_in *in, const char *service, const char *operation, struct wb_json *answer)
{
    return wb_cfn_call(in->r, service, operation, cfn_end(in), answer);
}

static bool like(struct wb_json a, struct wb_json b, const char *key)
{
    return key ? wb_cfn_same(wb_json_get(a, key), wb_json_get(b, key)) : wb_cfn_same(a, b);
}

static bool any_like(struct wb_json list, struct wb_json v, const char *key)
{
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (like(it.value, v, key))
            return true;
    return false;
}

void cfn_live_list(struct cfn_in *live, const char *property, struct wb_json there,
                   const char *take, const char *key)
{
    struct wb_json wanted = cfn_prop(live->r, property);
    struct wb_json_iter at = wb_json_iter(wanted), it;
    wb_jw_key(&live->w, property);
    wb_jw_array(&live->w);
    while (wb_json_next(&at)) {
        for (it = wb_json_iter(there); wb_json_next(&it);) {
            struct wb_json v = take ? wb_json_get(it.value, take) : it.value;
            if (like(v, at.value, key))
                wb_jw_raw(&live->w, wb_json_raw(v));
        }
    }
    for (it = wb_json_iter(there); wb_json_next(&it);) {
        struct wb_json v = take ? wb_json_get(it.value, take) : it.value;
        if (!any_like(wanted, v, key))
            wb_jw_raw(&live->w, wb_json_raw(v));
    }
    wb_jw_end_array(&live->w);
}

bool cfn_call_with2(struct wb_cfn_resource *r, const char *service, const char *operation,
                    const char *m1, struct wb_slice v1, const char *m2, struct wb_slice v2,
                    struct wb_json *answer)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, m1, v1);
    cfn_put(&in, m2, v2);
    return cfn_call(&in, service, operation, answer);
}

bool cfn_call_with(struct wb_cfn_resource *r, const char *service, const char *operation,
                   const char *member, struct wb_slice value, struct wb_json *answer)
{
    return cfn_call_with2(r, service, operation, member, value, "", WB_SLICE_NULL, answer);
}

/* --- results --- */

enum wb_cfn_result cfn_gone(struct wb_cfn_resource *r, const char *code)
{
    return wb_cfn_error_is(r, code) ? WB_CFN_DONE : WB_CFN_FAILED;
}

enum wb_cfn_result cfn_unread(struct wb_cfn_resource *r, const char *code)
{
    return wb_cfn_error_is(r, code) ? wb_cfn_absent(r) : WB_CFN_FAILED;
}

void cfn_attributes_clear(struct wb_cfn_resource *r)
{
    r->attributes = WB_S("{}");
}

void cfn_attribute(struct wb_cfn_resource *r, const char *name, struct wb_slice value)
{
    struct wb_buf b = wb_buf_in(r->tx->arena);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(
        r->attributes.n ? wb_json_read(r->tx->arena, r->attributes, NULL) : WB_JSON_NONE);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, r->tx->arena);
        if (wb_slice_is(key, name))
            continue;
        wb_jw_key_slice(&w, key);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    if (value.p)
        wb_jw_kstr(&w, name, value);
    wb_jw_end_object(&w);
    r->attributes = wb_buf_slice(&b);
}

struct wb_slice cfn_attribute_of(const struct wb_cfn_resource *r, const char *name)
{
    struct wb_arena *a = r->tx->arena;
    return r->attributes.n ? wb_json_get_str(wb_json_read(a, r->attributes, NULL), name, a)
                           : WB_SLICE_NULL;
}

struct wb_slice cfn_arn(const struct wb_cfn_resource *r, const char *service, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice rest = wb_vprintf(r->tx->arena, fmt, ap);
    va_end(ap);
    return wb_arn_make(r->tx->arena, service, r->ctx->region, r->ctx->account, "%.*s",
                       WB_FMT(rest));
}

/* --- tags --- */

static const char *const system_keys[] = {"aws:cloudformation:stack-name",
                                          "aws:cloudformation:stack-id",
                                          "aws:cloudformation:logical-id"};
#define SYSTEM_TAGS (sizeof system_keys / sizeof *system_keys)

struct tags {
    struct wb_pair *tag;
    size_t count;
};

static struct wb_slice *find(const struct tags *t, struct wb_slice key)
{
    for (size_t i = 0; i < t->count; i++)
        if (wb_slice_eq(t->tag[i].name, key))
            return &t->tag[i].value;
    return NULL;
}

static void set(struct tags *t, struct wb_slice key, struct wb_slice value)
{
    struct wb_slice *at = find(t, key);
    if (at)
        *at = value;
    else
        t->tag[t->count++] = (struct wb_pair){key, value};
}

/* The stack's and the property's: a list of {Key, Value}, or an object. */
static struct tags gather(struct wb_arena *a, struct wb_json property, const struct wb_pair *stack,
                          size_t count)
{
    struct tags t = {.tag = wb_new_n(a, struct wb_pair, count + wb_json_count(property))};
    struct wb_json_iter it = wb_json_iter(property);
    for (size_t i = 0; i < count; i++)
        set(&t, stack[i].name, stack[i].value);
    while (wb_json_next(&it)) {
        if (it.object)
            set(&t, wb_json_str(it.key, a), cfn_json_text(a, it.value));
        else
            set(&t, cfn_json_text(a, wb_json_get(it.value, "Key")),
                cfn_json_text(a, wb_json_get(it.value, "Value")));
    }
    return t;
}

static void put_tags(struct cfn_in *in, const char *member, enum cfn_tag_form form,
                     const struct tags *t)
{
    struct wb_json_writer *w = &in->w;
    wb_jw_key(w, member);
    if (form == CFN_TAG_MAP)
        wb_jw_object(w);
    else
        wb_jw_array(w);
    for (size_t i = 0; i < t->count; i++) {
        if (form == CFN_TAG_MAP) {
            wb_jw_key_slice(w, t->tag[i].name);
            wb_jw_str(w, t->tag[i].value);
            continue;
        }
        wb_jw_object(w);
        wb_jw_kstr(w, form == CFN_TAG_KMS ? "TagKey" : "Key", t->tag[i].name);
        wb_jw_kstr(w, form == CFN_TAG_KMS ? "TagValue" : "Value", t->tag[i].value);
        wb_jw_end_object(w);
    }
    if (form == CFN_TAG_MAP)
        wb_jw_end_object(w);
    else
        wb_jw_end_array(w);
}

void cfn_tags(struct cfn_in *in, const char *member, enum cfn_tag_form form)
{
    struct wb_cfn_resource *r = in->r;
    struct tags t = gather(r->tx->arena, cfn_prop(r, "Tags"), r->tag, r->tag_count);
    if (t.count)
        put_tags(in, member, form, &t);
}

void cfn_system_tags(struct wb_cfn_resource *r, struct wb_slice arn)
{
    struct wb_slice value[SYSTEM_TAGS] = {r->stack_name, r->stack_id, r->logical_id};
    struct wb_pair tag[SYSTEM_TAGS];
    for (size_t i = 0; i < SYSTEM_TAGS; i++)
        tag[i] = (struct wb_pair){wb_slice_str(system_keys[i]), value[i]};
    wb_tags_put(r->tx, arn, tag, SYSTEM_TAGS);
}

static void begin_tagging(struct cfn_in *in, struct wb_cfn_resource *r, const struct cfn_tagging *t,
                          struct wb_slice resource)
{
    cfn_begin(in, r);
    cfn_put(in, t->resource, resource);
    if (t->extra)
        cfn_put(in, t->extra, wb_slice_str(t->extra_value));
}

bool cfn_retag(struct wb_cfn_resource *r, const struct cfn_tagging *t, struct wb_slice resource)
{
    struct wb_arena *a = r->tx->arena;
    struct tags now = gather(a, cfn_prop(r, "Tags"), r->tag, r->tag_count);
    struct tags was = gather(a, cfn_was(r, "Tags"), r->before_tag, r->before_tag_count);
    struct tags more = {.tag = wb_new_n(a, struct wb_pair, now.count)};
    struct cfn_in in;
    size_t gone = 0;
    begin_tagging(&in, r, t, resource);
    wb_jw_key(&in.w, t->keys);
    wb_jw_array(&in.w);
    for (size_t i = 0; i < was.count; i++) {
        if (find(&now, was.tag[i].name))
            continue;
        wb_jw_str(&in.w, was.tag[i].name);
        gone++;
    }
    wb_jw_end_array(&in.w);
    if (gone && !cfn_call(&in, t->service, t->untag, NULL))
        return false;
    for (size_t i = 0; i < now.count; i++) {
        struct wb_slice *before = find(&was, now.tag[i].name);
        if (!before || !wb_slice_eq(*before, now.tag[i].value))
            more.tag[more.count++] = now.tag[i];
    }
    begin_tagging(&in, r, t, resource);
    put_tags(&in, t->tags, t->form, &more);
    return !more.count || cfn_call(&in, t->service, t->tag, NULL);
}

void cfn_live_tags(struct cfn_in *live, struct wb_slice arn, enum cfn_tag_form form)
{
    struct wb_cfn_resource *r = live->r;
    struct wb_pair *all;
    size_t n = wb_tags_list(r->tx, arn, &all);
    struct tags stack = {.tag = (struct wb_pair *)r->tag, .count = r->tag_count};
    struct tags own = gather(r->tx->arena, cfn_prop(r, "Tags"), NULL, 0);
    struct tags t = {.tag = wb_new_n(r->tx->arena, struct wb_pair, n)};
    /* In the template's order, so that only differences differ. */
    for (size_t i = 0; i < own.count; i++)
        for (size_t j = 0; j < n; j++)
            if (wb_slice_eq(all[j].name, own.tag[i].name))
                set(&t, all[j].name, all[j].value);
    for (size_t j = 0; j < n; j++)
        if (!wb_slice_starts(all[j].name, WB_S("aws:")) && !find(&stack, all[j].name))
            set(&t, all[j].name, all[j].value);
    if (t.count)
        put_tags(live, "Tags", form, &t);
}
