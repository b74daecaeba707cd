/* Lifecycle rules: reading them, what they say of an object, and putting them. */
#include "services/s3/lifecycle.h"
#include "base/ids.h"
#include "base/map.h"
#include "base/time.h"

#define DAY_MS (24LL * 3600 * 1000)

/* --- reading --- */

static struct wb_json tags_of(struct wb_json filter, struct wb_json both)
{
    struct wb_json tags = wb_json_get(both, "Tags");
    return wb_json_is(tags) ? tags : wb_json_get(filter, "Tag");
}

static void read_rule(struct wb_json v, struct wb_arena *a, struct s3_rule *r)
{
    struct wb_json filter = wb_json_get(v, "Filter"), both = wb_json_get(filter, "And"),
                   where = wb_json_is(both) ? both : filter, expire = wb_json_get(v, "Expiration"),
                   old = wb_json_get(v, "NoncurrentVersionExpiration");
    double date;
    *r = (struct s3_rule){
        .id = wb_json_get_str(v, "ID", a),
        .prefix = wb_json_get_str(wb_json_is(filter) ? where : v, "Prefix", a),
        .tags = tags_of(filter, both),
        .larger = wb_json_get_i64(where, "ObjectSizeGreaterThan", -1),
        .smaller = wb_json_get_i64(where, "ObjectSizeLessThan", -1),
        .days = wb_json_get_i64(expire, "Days", -1),
        .date_ms = -1,
        .markers = wb_json_bool(wb_json_get(expire, "ExpiredObjectDeleteMarker"), false),
        .noncurrent_days = wb_json_get_i64(old, "NoncurrentDays", -1),
        .newer_noncurrent = wb_json_get_i64(old, "NewerNoncurrentVersions", 0),
        .abort_days = wb_json_get_i64(wb_json_get(v, "AbortIncompleteMultipartUpload"),
                                      "DaysAfterInitiation", -1)};
    if (wb_json_double(wb_json_get(expire, "Date"), &date))
        r->date_ms = (int64_t)(date * 1000);
}

size_t s3_rules(const struct s3_config *b, struct wb_arena *a, struct s3_rule **out)
{
    struct wb_json rules = wb_json_get(b->doc[S3_LIFECYCLE], "Rules");
    struct wb_json_iter it = wb_json_iter(rules);
    size_t n = 0;
    *out = wb_new_n(a, struct s3_rule, wb_json_count(rules) + 1);
    while (wb_json_next(&it))
        if (wb_slice_is(wb_json_get_str(it.value, "Status", a), "Enabled"))
            read_rule(it.value, a, &(*out)[n++]);
    return n;
}

static bool has_tag(const struct s3_object *o, struct wb_json tag, struct wb_arena *a)
{
    struct wb_slice key = wb_json_get_str(tag, "Key", a), value = wb_json_get_str(tag, "Value", a);
    for (size_t i = 0; i < o->about.tag_count; i++)
        if (wb_slice_eq(o->about.tag[i].name, key))
            return wb_slice_eq(o->about.tag[i].value, value);
    return false;
}

bool s3_rule_covers(const struct s3_rule *r, const struct s3_object *o, struct wb_arena *a)
{
    if (r->prefix.n && !wb_slice_starts(o->key, r->prefix))
        return false;
    if (o->marker) /* has neither size nor tags */
        return !wb_json_is(r->tags) && r->larger < 0 && r->smaller < 0;
    if ((r->larger >= 0 && o->size <= r->larger) || (r->smaller >= 0 && o->size >= r->smaller))
        return false;
    if (wb_json_type(r->tags) == WB_JSON_OBJECT)
        return has_tag(o, r->tags, a);
    struct wb_json_iter it = wb_json_iter(r->tags);
    while (wb_json_next(&it))
        if (!has_tag(o, it.value, a))
            return false;
    return true;
}

int64_t s3_days_after(int64_t then_ms, int64_t days)
{
    return ((then_ms + days * DAY_MS) / DAY_MS + 1) * DAY_MS;
}

struct wb_slice s3_expiration(struct wb_tx *tx, const struct s3_bucket *b,
                              const struct s3_object *o)
{
    const struct s3_config *k = s3_config(tx, b->name);
    const struct s3_rule *first = NULL;
    int64_t at = INT64_MAX;
    struct s3_rule *rule;
    if (!k || !k->text[S3_LIFECYCLE].p)
        return WB_SLICE_NULL;
    size_t n = s3_rules(k, tx->arena, &rule);
    for (size_t i = 0; i < n; i++) {
        int64_t then =
            rule[i].days >= 0 ? s3_days_after(o->modified_ms, rule[i].days) : rule[i].date_ms;
        if (then < 0 || then >= at || !s3_rule_covers(&rule[i], o, tx->arena))
            continue;
        first = &rule[i];
        at = then;
    }
    if (!first)
        return WB_SLICE_NULL;
    return wb_printf(tx->arena, "expiry-date=\"%.*s\", rule-id=\"%.*s\"",
                     WB_FMT(wb_time_str(tx->arena, at, WB_TIME_HTTP)), WB_FMT(first->id));
}

void s3_expiration_header(struct wb_call *c, const struct s3_bucket *b, const struct s3_object *o)
{
    struct wb_slice text = s3_expiration(c->tx, b, o);
    if (text.p)
        wb_call_header(c, "x-amz-expiration", text);
}

/* --- putting --- */

static void argument(struct wb_call *c, const char *text)
{
    wb_fail(c, "InvalidArgument", 400, "%s", text);
}

static bool positive(struct wb_call *c, struct wb_json v, const char *member, const char *action)
{
    int64_t n = wb_json_get_i64(v, member, 1);
    if (n > 0)
        return true;
    wb_fail(c, "InvalidArgument", 400, "'%s' for %s action must be a positive integer", member,
            action);
    return false;
}

static void check_filter(struct wb_call *c, struct wb_json v)
{
    struct wb_json filter = wb_json_get(v, "Filter"), both = wb_json_get(filter, "And");
    bool prefix = wb_json_is(wb_json_get(v, "Prefix"));
    if (wb_json_is(filter) == prefix || wb_json_count(filter) > 1 ||
        (wb_json_is(both) && wb_json_count(both) < 2 &&
         wb_json_count(wb_json_get(both, "Tags")) < 2))
        s3_fail_malformed(c);
    bool tags = wb_json_is(tags_of(filter, both));
    if (tags && wb_json_is(wb_json_get(v, "AbortIncompleteMultipartUpload")))
        wb_fail(c, "InvalidRequest", 400,
                "AbortIncompleteMultipartUpload cannot be specified with Tags.");
    if (tags && wb_json_is(wb_json_get(wb_json_get(v, "Expiration"), "ExpiredObjectDeleteMarker")))
        wb_fail(c, "InvalidRequest", 400,
                "ExpiredObjectDeleteMarker cannot be specified with Tags.");
}

static void check_rule(struct wb_call *c, struct wb_json v)
{
    static const char *const actions[] = {
        "Expiration", "Transitions", "NoncurrentVersionExpiration", "NoncurrentVersionTransitions",
        "AbortIncompleteMultipartUpload"};
    struct wb_json expire = wb_json_get(v, "Expiration"),
                   old = wb_json_get(v, "NoncurrentVersionExpiration"),
                   abort = wb_json_get(v, "AbortIncompleteMultipartUpload");
    double date;
    unsigned any = 0;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        any += wb_json_is(wb_json_get(v, actions[i]));
    if (wb_json_get_str(v, "ID", c->arena).n > WB_S3_RULE_ID_MAX)
        argument(c, "ID length should not exceed allowed limit of 255");
    if (!any)
        wb_fail(c, "InvalidRequest", 400, "At least one action needs to be specified in a rule");
    check_filter(c, v);
    if (wb_json_is(expire) && wb_json_count(expire) != 1)
        s3_fail_malformed(c);
    positive(c, expire, "Days", "Expiration");
    positive(c, old, "NoncurrentDays", "NoncurrentVersionExpiration");
    positive(c, old, "NewerNoncurrentVersions", "NoncurrentVersionExpiration");
    positive(c, abort, "DaysAfterInitiation", "AbortIncompleteMultipartUpload");
    if (wb_json_is(old) && !wb_json_is(wb_json_get(old, "NoncurrentDays")))
        s3_fail_malformed(c);
    if (wb_json_double(wb_json_get(expire, "Date"), &date) && (int64_t)(date * 1000) % DAY_MS)
        argument(c, "'Date' must be at midnight GMT");
}

static bool check(struct wb_call *c, struct wb_json doc)
{
    struct wb_json rules = wb_json_get(doc, "Rules");
    struct wb_json_iter it = wb_json_iter(rules);
    struct wb_map *seen = wb_map_new();
    if (wb_json_count(rules) == 0 || wb_json_count(rules) > WB_S3_LIFECYCLE_RULES_MAX)
        s3_fail_malformed(c);
    while (!wb_failed(c) && wb_json_next(&it)) {
        struct wb_slice id = wb_json_get_str(it.value, "ID", c->arena);
        check_rule(c, it.value);
        if (id.n && wb_map_put(seen, id, c))
            argument(c, "Rule ID must be unique. Found same ID for more than one rule");
    }
    wb_map_free(seen);
    return !wb_failed(c);
}

/* The same with an id for each rule, and the generation by which older walks know to stop. */
static struct wb_slice kept(struct wb_call *c, struct wb_json doc, uint64_t generation)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_get(doc, "Rules"));
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "generation", (int64_t)generation);
    wb_jw_key(&w, "Rules");
    wb_jw_array(&w);
    while (wb_json_next(&it)) {
        struct wb_json_iter m = wb_json_iter(it.value);
        wb_jw_object(&w);
        if (!wb_json_get_str(it.value, "ID", c->arena).n)
            wb_jw_kstr(&w, "ID", wb_id_uuid(c->arena, wb_engine_seam(c->engine)));
        while (wb_json_next(&m)) {
            struct wb_slice name = wb_json_str(m.key, c->arena);
            if (wb_slice_is(name, "ID") && !wb_json_str(m.value, c->arena).n)
                continue;
            wb_jw_key_slice(&w, name);
            wb_jw_raw(&w, wb_json_raw(m.value));
        }
        wb_jw_end_object(&w);
    }
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

#define SMALLEST "all_storage_classes_128K" /* x-amz-transition-default-minimum-object-size */

void s3_put_lifecycle(struct wb_call *c)
{
    struct s3_bucket b;
    struct wb_json doc = wb_in(c, "LifecycleConfiguration");
    if (!s3_call_bucket(c, &b))
        return;
    if (!wb_json_is(doc)) {
        s3_fail_malformed(c);
        return;
    }
    if (!check(c, doc))
        return;
    uint64_t generation = wb_tx_number(c->tx, "s3 lifecycle");
    wb_tx_put(c->tx, s3_config_key(c->arena, b.number, S3_LIFECYCLE), kept(c, doc, generation));
    s3_config_changed(c->tx, b.name);
    s3_lifecycle_start(c->tx, &b, generation);
    wb_call_header(c, "x-amz-transition-default-minimum-object-size", WB_S(SMALLEST));
}

void s3_get_lifecycle(struct wb_call *c)
{
    s3_get_config(c);
    if (!wb_failed(c))
        wb_call_header(c, "x-amz-transition-default-minimum-object-size", WB_S(SMALLEST));
}
