/* Filters of DescribeParameters and GetParametersByPath. */
#include "engine/tags.h"
#include "services/ssm/param.h"

/* Keys with what they may be compared by and with; NULL = anything. */
static const struct filter_key {
    const char *name;
    bool by_path, describe;
    const char *const *options, *const *values;
} keys[] = {
    {"Path", false, true, (const char *const[]){"Recursive", "OneLevel", NULL}, NULL},
    {"Name", false, true, (const char *const[]){"BeginsWith", "Equals", "Contains", NULL}, NULL},
    {"Type", true, true, (const char *const[]){"BeginsWith", "Equals", NULL},
     (const char *const[]){"String", "StringList", "SecureString", NULL}},
    {"KeyId", true, true, (const char *const[]){"BeginsWith", "Equals", NULL}, NULL},
    {"Tier", false, true, (const char *const[]){"BeginsWith", "Equals", NULL},
     (const char *const[]){"Standard", "Advanced", "Intelligent-Tiering", NULL}},
    {"DataType", false, true, (const char *const[]){"BeginsWith", "Equals", NULL}, NULL},
    {"Label", true, false, (const char *const[]){"Equals", NULL}, NULL},
    {"tag:", false, true, (const char *const[]){"BeginsWith", "Equals", NULL}, NULL},
};
#define KEYS (sizeof keys / sizeof *keys)

static bool is_tag(struct wb_slice key)
{
    return wb_slice_starts(key, WB_S("tag:"));
}

static const struct filter_key *key_of(struct wb_slice key)
{
    for (size_t i = 0; i < KEYS; i++)
        if (wb_slice_is(key, keys[i].name) ||
            (is_tag(key) && wb_slice_is(WB_S("tag:"), keys[i].name)))
            return &keys[i];
    return NULL;
}

static bool listed(const char *const *list, struct wb_slice s)
{
    while (*list && !wb_slice_is(s, *list))
        list++;
    return *list != NULL;
}

static struct wb_slice joined(struct wb_call *c, const char *const *list)
{
    struct wb_buf b = wb_buf_in(c->arena);
    for (size_t i = 0; list[i]; i++)
        wb_buf_printf(&b, "%s%s", i ? ", " : "", list[i]);
    return wb_buf_slice(&b);
}

static void fail_key(struct wb_call *c, struct wb_slice key, bool by_path)
{
    struct wb_buf b = wb_buf_in(c->arena);
    for (size_t i = 0; i < KEYS; i++)
        if (by_path ? keys[i].by_path : keys[i].describe)
            wb_buf_printf(&b, "%s%s", b.n ? ", " : "", keys[i].name);
    wb_fail(c, "InvalidFilterKey", 400,
            "The following filter key is not valid: %.*s. Valid filter keys include: [%.*s].",
            WB_FMT(key), WB_FMT(wb_buf_slice(&b)));
}

static bool path_ok(struct wb_call *c, struct wb_slice path)
{
    struct wb_slice clean, first = wb_slice_sub(path, 1, 4);
    if (ssm_path_ok(c, path, &clean) &&
        (wb_slice_ieq(first, WB_S("aws")) || wb_slice_ieq(first, WB_S("ssm"))))
        wb_fail(c, "ValidationException", 400,
                "Filters for common parameters can't be prefixed with \"aws\" or \"ssm\" "
                "(case-insensitive). When using global parameters, please specify within a global "
                "namespace.");
    return !wb_failed(c);
}

static bool values_ok(struct wb_call *c, const struct ssm_filter *f, const struct filter_key *k)
{
    if (f->count == 0 && !is_tag(f->key))
        wb_fail(c, "InvalidFilterValue", 400,
                "The following filter values are missing : null for filter key %.*s.",
                WB_FMT(f->key));
    for (size_t i = 0; i < f->count && !wb_failed(c); i++) {
        if (wb_slice_is(f->key, "Path"))
            path_ok(c, f->value[i]);
        else if (k->values && !wb_slice_is(f->option, "BeginsWith") &&
                 !listed(k->values, f->value[i]))
            wb_fail(c, "InvalidFilterOption", 400,
                    "The following filter value is not valid: %.*s. Valid values include: "
                    "[%.*s].",
                    WB_FMT(f->value[i]), WB_FMT(joined(c, k->values)));
    }
    return !wb_failed(c);
}

static bool take_filter(struct wb_call *c, struct wb_json in, bool by_path, struct ssm_filter *f)
{
    struct wb_json values = wb_json_get(in, "Values");
    struct wb_json_iter it = wb_json_iter(values);
    f->key = wb_json_get_str(in, "Key", c->arena);
    f->option = wb_json_get_str(in, "Option", c->arena);
    f->value = wb_new_n(c->arena, struct wb_slice, wb_json_count(values) + 1);
    while (wb_json_next(&it))
        f->value[f->count++] = wb_json_str(it.value, c->arena);
    if (!f->option.p)
        f->option = wb_slice_is(f->key, "Path") ? WB_S("OneLevel") : WB_S("Equals");
    const struct filter_key *k = key_of(f->key);
    if (!k || !(by_path ? k->by_path : k->describe)) {
        fail_key(c, f->key, by_path);
        return false;
    }
    if (!listed(k->options, f->option)) {
        wb_fail(c, "InvalidFilterOption", 400,
                "The following filter option is not valid: %.*s. Valid options include: [%.*s].",
                WB_FMT(f->option), WB_FMT(joined(c, k->options)));
        return false;
    }
    return values_ok(c, f, k);
}

/* Filters, the older form, compare names by their beginning. */
static void take_old(struct wb_call *c, struct wb_json in, struct ssm_filter *f)
{
    struct wb_json values = wb_json_get(in, "Values");
    struct wb_json_iter it = wb_json_iter(values);
    f->key = wb_json_get_str(in, "Key", c->arena);
    f->option = wb_slice_is(f->key, "Name") ? WB_S("BeginsWith") : WB_S("Equals");
    f->value = wb_new_n(c->arena, struct wb_slice, wb_json_count(values) + 1);
    while (wb_json_next(&it))
        f->value[f->count++] = wb_json_str(it.value, c->arena);
}

bool ssm_filters_read(struct wb_call *c, bool by_path, struct ssm_filters *out)
{
    struct wb_json list = wb_in(c, "ParameterFilters"), old = wb_in(c, "Filters");
    struct wb_json_iter it = wb_json_iter(wb_json_count(list) ? list : old);
    bool older = wb_json_count(list) == 0;
    if (wb_json_count(list) && wb_json_count(old)) {
        wb_fail(c, "ValidationException", 400,
                "You can use either Filters or ParameterFilters in a single request.");
        return false;
    }
    if (wb_json_count(list) > WB_SSM_FILTERS_MAX || wb_json_count(old) > WB_SSM_FILTERS_MAX) {
        wb_fail(c, "ValidationException", 400, "A request can contain at most %d filters.",
                WB_SSM_FILTERS_MAX);
        return false;
    }
    out->filter = wb_new_n(c->arena, struct ssm_filter, wb_json_count(older ? old : list) + 1);
    while (wb_json_next(&it)) {
        struct ssm_filter *f = &out->filter[out->count];
        if (older)
            take_old(c, it.value, f);
        else if (!take_filter(c, it.value, by_path, f))
            return false;
        for (size_t i = 0; i < out->count; i++) {
            if (!wb_slice_eq(out->filter[i].key, f->key))
                continue;
            wb_fail(c, "InvalidFilterKey", 400,
                    "The following filter is duplicated in the request: %.*s. A request can "
                    "contain only one occurrence of a specific filter.",
                    WB_FMT(f->key));
            return false;
        }
        out->count++;
    }
    return true;
}

/* --- matching --- */

static bool compare(struct wb_slice option, struct wb_slice value, struct wb_slice what)
{
    if (wb_slice_is(option, "BeginsWith"))
        return wb_slice_starts(what, value);
    if (wb_slice_is(option, "Contains"))
        return wb_slice_find(what, value, 0) >= 0;
    return wb_slice_eq(what, value);
}

static bool any(const struct ssm_filter *f, struct wb_slice what)
{
    for (size_t i = 0; i < f->count; i++)
        if (what.p && compare(f->option, f->value[i], what))
            return true;
    return false;
}

/* A leading slash makes no difference to where a name begins. */
static bool name_matches(const struct ssm_filter *f, const struct ssm_param *p)
{
    if (wb_slice_is(f->option, "Contains"))
        return any(f, p->name);
    for (size_t i = 0; i < f->count; i++) {
        bool slash = f->value[i].n && f->value[i].p[0] == '/';
        if (compare(f->option, f->value[i], slash ? p->path : wb_slice_sub(p->path, 1, p->path.n)))
            return true;
    }
    return false;
}

static bool path_matches(const struct ssm_filter *f, const struct ssm_param *p)
{
    for (size_t i = 0; i < f->count; i++) {
        struct wb_slice below;
        if (!ssm_path_parse(f->value[i], &below) || !wb_slice_starts(p->path, below) ||
            p->path.n <= below.n || p->path.p[below.n] != '/')
            continue;
        if (wb_slice_is(f->option, "Recursive") || wb_slice_chr(p->path, '/', below.n + 1) < 0)
            return true;
    }
    return false;
}

static bool tag_matches(struct wb_tx *tx, const struct ssm_filter *f, const struct ssm_param *p)
{
    struct wb_pair *tag;
    struct wb_slice key = wb_slice_sub(f->key, 4, f->key.n);
    size_t n = wb_tags_list(tx, p->arn, &tag);
    for (size_t i = 0; i < n; i++)
        if (wb_slice_eq(tag[i].name, key))
            return f->count == 0 || any(f, tag[i].value);
    return false;
}

static bool matches(struct wb_tx *tx, const struct ssm_filter *f, const struct ssm_param *p,
                    const struct ssm_version *v)
{
    if (is_tag(f->key))
        return tag_matches(tx, f, p);
    if (wb_slice_is(f->key, "Name"))
        return name_matches(f, p);
    if (wb_slice_is(f->key, "Path"))
        return path_matches(f, p);
    if (wb_slice_is(f->key, "Type"))
        return any(f, v->type);
    if (wb_slice_is(f->key, "KeyId"))
        return any(f, v->key_id);
    if (wb_slice_is(f->key, "Tier"))
        return any(f, v->tier);
    if (wb_slice_is(f->key, "DataType"))
        return any(f, v->data_type);
    return true; /* Label: chose the version */
}

uint64_t ssm_filters_version(struct wb_tx *tx, const struct ssm_filters *f,
                             const struct ssm_param *p)
{
    uint64_t version = p->version;
    for (size_t i = 0; i < f->count; i++) {
        if (!wb_slice_is(f->filter[i].key, "Label"))
            continue;
        version = 0;
        for (size_t k = 0; k < f->filter[i].count && !version; k++)
            version = ssm_label_version(tx, p, f->filter[i].value[k]);
    }
    return version;
}

bool ssm_filters_match(struct wb_tx *tx, const struct ssm_filters *f, const struct ssm_param *p,
                       const struct ssm_version *v)
{
    for (size_t i = 0; i < f->count; i++)
        if (!matches(tx, &f->filter[i], p, v))
            return false;
    return true;
}
