/* Filters of either kind: rows, the definition made of them, listing, deleting, check. */
#include "services/logs/filter.h"
#include "engine/datum.h"
#include "engine/paging.h"
#include <stdlib.h>

/* --- rows --- */

struct wb_slice logs_filter_key(struct wb_arena *a, uint64_t group, enum logs_filter_kind kind,
                                struct wb_slice name)
{
    return wb_key(a, WB_T_LOGS_FILTER, "ubs", group, (int)kind, name);
}

static int by_name(const void *x, const void *y)
{
    return wb_slice_cmp(((const struct logs_dimension *)x)->name,
                        ((const struct logs_dimension *)y)->name);
}

static bool read_metric(struct wb_arena *a, struct logs_filter *f)
{
    struct wb_json t = wb_json_get(f->doc, "transformation");
    struct wb_slice value = wb_json_get_str(t, "metricValue", a),
                    unit = wb_json_get_str(t, "unit", a);
    f->ns = wb_dup_cstr(a, wb_json_get_str(t, "metricNamespace", a));
    f->metric = wb_dup_cstr(a, wb_json_get_str(t, "metricName", a));
    f->unit = wb_unit_name(wb_unit_code(unit));
    f->has_otherwise = wb_json_double(wb_json_get(t, "defaultValue"), &f->otherwise);
    if (!logs_text_number(value, &f->value)) {
        f->field = logs_pattern_field(f->pattern, a, value);
        if (!f->field)
            return false;
    }
    struct wb_json_iter it = wb_json_iter(wb_json_get(t, "dimensions"));
    while (wb_json_next(&it)) {
        if (f->dims == WB_LOGS_DIMENSIONS_MAX)
            return false;
        struct logs_dimension *d = &f->dim[f->dims++];
        d->name = wb_dup(a, wb_json_str(it.key, a));
        d->field = logs_pattern_field(f->pattern, a, wb_json_str(it.value, a));
        if (!d->field)
            return false;
    }
    qsort(f->dim, f->dims, sizeof *f->dim, by_name);
    return true;
}

bool logs_filter_read(struct wb_arena *a, enum logs_filter_kind kind, struct wb_slice name,
                      struct wb_slice row, struct logs_filter *f)
{
    *f = (struct logs_filter){.kind = kind, .name = wb_dup(a, name)};
    f->doc = wb_json_read(a, wb_dup(a, row), NULL);
    f->text = wb_json_get_str(f->doc, "pattern", a);
    f->created_ms = wb_json_get_i64(f->doc, "created", 0);
    f->destination = wb_json_get_str(f->doc, "destination", a);
    struct logs_pattern *p = f->text.p ? logs_pattern_compile(a, f->text) : NULL;
    f->pattern = p;
    if (p && (kind == LOGS_METRIC ? read_metric(a, f) : f->destination.n != 0))
        return true;
    f->pattern = NULL;
    return false;
}

bool logs_filter_find(struct wb_tx *tx, uint64_t group, enum logs_filter_kind kind,
                      struct wb_slice name, struct logs_filter *f)
{
    struct wb_slice value;
    return wb_tx_get(tx, logs_filter_key(tx->arena, group, kind, name), &value) &&
           logs_filter_read(tx->arena, kind, name, value, f);
}

static void changed(struct wb_tx *tx, uint64_t group)
{
    wb_def_changed(tx, &logs_filters_kind, wb_slice(&group, sizeof group));
}

void logs_filter_put(struct wb_tx *tx, uint64_t group, enum logs_filter_kind kind,
                     struct wb_slice name, struct wb_slice row)
{
    wb_tx_put(tx, logs_filter_key(tx->arena, group, kind, name), row);
    changed(tx, group);
}

size_t logs_filter_count(struct wb_tx *tx, uint64_t group, enum logs_filter_kind kind)
{
    struct wb_slice key, value;
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOGS_FILTER, "ub", group, (int)kind));
    size_t n = 0;
    while (wb_tx_next(tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n;
}

void logs_filters_drop(struct wb_tx *tx, uint64_t group)
{
    struct wb_slice key, value, keys[WB_LOGS_METRIC_FILTERS_MAX + WB_LOGS_SUBSCRIPTIONS_MAX];
    size_t n = 0;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOGS_FILTER, "u", group));
    while (n < sizeof keys / sizeof *keys && wb_tx_next(tx, s, &key, &value))
        keys[n++] = wb_dup(tx->arena, key);
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++)
        wb_tx_del(tx, keys[i]);
    changed(tx, group);
}

/* --- the definition --- */

static void filter_of_row(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                          struct logs_filter *f)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    wb_key_rd_u64(&k);
    enum logs_filter_kind kind = (enum logs_filter_kind)wb_key_rd_u8(&k);
    struct wb_slice name = wb_key_rd_str(&k);
    logs_filter_read(a, kind, name, value, f);
}

/* An object also when there are none: absent ones are not cached. */
static void *load(struct wb_tx *tx, struct wb_slice key)
{
    uint64_t group;
    struct wb_slice row, value;
    struct logs_filters *f = wb_xcalloc(1, sizeof *f);
    size_t most;
    memcpy(&group, key.p, sizeof group);
    wb_arena_init(&f->arena, 0);
    most =
        logs_filter_count(tx, group, LOGS_METRIC) + logs_filter_count(tx, group, LOGS_SUBSCRIPTION);
    if (most == 0)
        return f;
    f->filter = wb_new_n(&f->arena, struct logs_filter, most);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOGS_FILTER, "u", group));
    while (f->count < most && wb_tx_next(tx, s, &row, &value))
        filter_of_row(&f->arena, row, value, &f->filter[f->count++]);
    wb_scan_close(s);
    return f;
}

static void free_filters(void *object)
{
    struct logs_filters *f = object;
    wb_arena_release(&f->arena);
    free(f);
}

struct wb_def_kind logs_filters_kind = {.name = "log filters", .load = load, .free = free_filters};

const struct logs_filters *logs_filters(struct wb_tx *tx, uint64_t group)
{
    return wb_def(tx, &logs_filters_kind, wb_slice(&group, sizeof group));
}

/* --- putting and deleting --- */

bool logs_filter_admit(struct wb_call *c, enum logs_filter_kind kind, size_t most,
                       struct wb_log_group *g, struct logs_pattern **pattern)
{
    struct wb_slice name = wb_in_str(c, "filterName"), value;
    *pattern = logs_pattern_compile(c->arena, wb_in_str(c, "filterPattern"));
    if (!*pattern)
        logs_invalid(c, "Invalid filter pattern");
    else if (logs_call_group(c, g) &&
             !wb_tx_get(c->tx, logs_filter_key(c->arena, g->number, kind, name), &value) &&
             logs_filter_count(c->tx, g->number, kind) >= most)
        wb_fail(c, "LimitExceededException", 400, "Resource limit exceeded.");
    return !wb_failed(c);
}

static void delete_filter(struct wb_call *c, enum logs_filter_kind kind, const char *what)
{
    struct wb_log_group g;
    struct wb_slice value;
    if (!logs_call_group(c, &g))
        return;
    struct wb_slice key = logs_filter_key(c->arena, g.number, kind, wb_in_str(c, "filterName"));
    if (!wb_tx_get(c->tx, key, &value)) {
        wb_fail(c, "ResourceNotFoundException", 400, "The specified %s filter does not exist.",
                what);
        return;
    }
    wb_tx_del(c->tx, key);
    changed(c->tx, g.number);
}

void logs_delete_metric_filter(struct wb_call *c)
{
    delete_filter(c, LOGS_METRIC, "metric");
}

void logs_delete_subscription(struct wb_call *c)
{
    delete_filter(c, LOGS_SUBSCRIPTION, "subscription");
}

/* --- listing: of one group, or of all --- */

struct listing {
    struct wb_call *c;
    enum logs_filter_kind kind;
    struct wb_slice prefix, ns, metric;
    struct wb_slice after_group, after; /* of the token, then of the last filter told */
    int64_t left;
    bool more;
};

static bool wanted(const struct listing *l, const struct logs_filter *f)
{
    if (!f->pattern || (l->prefix.p && !wb_slice_starts(f->name, l->prefix)))
        return false;
    return !l->metric.p || (wb_slice_is(l->metric, f->metric) && wb_slice_is(l->ns, f->ns));
}

static void out_filter(struct wb_call *c, const struct wb_log_group *g, const struct logs_filter *f)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "filterName", f->name);
    wb_out_str(o, "logGroupName", g->name);
    wb_out_str(o, "filterPattern", f->text);
    if (f->kind == LOGS_METRIC) {
        wb_out_list(o, "metricTransformations");
        wb_out_json(o, NULL, wb_json_raw(wb_json_get(f->doc, "transformation")));
        wb_out_end(o);
    } else {
        wb_out_str(o, "destinationArn", f->destination);
        wb_out_str(o, "distribution", wb_json_get_str(f->doc, "distribution", c->arena));
    }
    wb_out_i64(o, "creationTime", f->created_ms);
    wb_out_end(o);
}

static void list_group(struct listing *l, const struct wb_log_group *g)
{
    struct wb_arena *a = l->c->arena;
    bool going_on = wb_slice_eq(g->name, l->after_group);
    struct wb_slice all = wb_key(a, WB_T_LOGS_FILTER, "ub", g->number, (int)l->kind), lo = all, key,
                    value;
    if (going_on)
        lo = logs_filter_key(a, g->number, l->kind, l->after);
    struct wb_scan *s = wb_tx_scan(l->c->tx, lo, wb_key_after(a, all), false);
    while (!l->more && wb_tx_next(l->c->tx, s, &key, &value)) {
        struct logs_filter f;
        filter_of_row(a, key, value, &f);
        if ((going_on && wb_slice_eq(f.name, l->after)) || !wanted(l, &f))
            continue;
        if (l->left-- == 0) {
            l->more = true;
            break;
        }
        out_filter(l->c, g, &f);
        going_on = false;
        l->after_group = g->name;
        l->after = f.name;
    }
    wb_scan_close(s);
}

static void list_all(struct listing *l)
{
    struct wb_call *c = l->c;
    struct wb_arena *a = c->arena;
    struct wb_slice all = wb_key(a, WB_T_LOG_GROUP, "ss", c->ctx.account, c->ctx.region), lo = all,
                    key, value;
    if (l->after_group.p)
        lo = wb_log_group_key(a, c->ctx.account, c->ctx.region, l->after_group);
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(a, all), false);
    while (!l->more && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_log_group g;
        if (wb_log_group_decode(c->tx, key, value, &g))
            list_group(l, &g);
    }
    wb_scan_close(s);
}

static bool open_listing(struct listing *l, struct wb_slice filter)
{
    struct wb_slice token = wb_in_str(l->c, "nextToken"), place;
    if (!token.p)
        return true;
    if (!wb_page_open(l->c, token, filter, &place)) {
        logs_invalid(l->c, "The specified nextToken is invalid.");
        return false;
    }
    struct wb_rd r = wb_rd(place);
    l->after_group = wb_rd_lp(&r);
    l->after = wb_rd_lp(&r);
    return true;
}

static void list_filters(struct wb_call *c, enum logs_filter_kind kind, const char *member)
{
    struct wb_log_group g;
    struct wb_slice group = wb_in_str(c, "logGroupName");
    struct listing l = {.c = c,
                        .kind = kind,
                        .prefix = wb_in_str(c, "filterNamePrefix"),
                        .ns = wb_in_str(c, "metricNamespace"),
                        .metric = wb_in_str(c, "metricName"),
                        .left = wb_in_i64(c, "limit", WB_LOGS_PAGE)};
    struct wb_slice filter = wb_printf(c->arena, "%.*s|%.*s|%.*s|%.*s", WB_FMT(group),
                                       WB_FMT(l.prefix), WB_FMT(l.ns), WB_FMT(l.metric));
    if ((l.ns.p == NULL) != (l.metric.p == NULL)) {
        logs_invalid(c, "metricName and metricNamespace must be given together.");
        return;
    }
    if ((group.p && !logs_call_group(c, &g)) || !open_listing(&l, filter))
        return;
    wb_out_list(&c->out, member);
    if (group.p)
        list_group(&l, &g);
    else
        list_all(&l);
    wb_out_end(&c->out);
    if (!l.more)
        return;
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_lp(&b, l.after_group);
    wb_buf_lp(&b, l.after);
    wb_out_str(&c->out, "nextToken", wb_page_token(c, filter, wb_buf_slice(&b)));
}

void logs_describe_metric_filters(struct wb_call *c)
{
    list_filters(c, LOGS_METRIC, "metricFilters");
}

void logs_describe_subscriptions(struct wb_call *c)
{
    list_filters(c, LOGS_SUBSCRIPTION, "subscriptionFilters");
}

/* --- check --- */

static bool has_group(struct wb_tx *tx, uint64_t number)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOG_GROUP, ""));
    struct wb_log_group g;
    bool found = false;
    while (!found && wb_tx_next(tx, s, &key, &value))
        found = wb_log_group_decode(tx, key, value, &g) && g.number == number;
    wb_scan_close(s);
    return found;
}

void logs_filters_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_LOGS_FILTER, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        uint16_t table;
        struct logs_filter f;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        uint64_t group = wb_key_rd_u64(&k);
        filter_of_row(tx->arena, key, value, &f);
        if (!f.pattern)
            bad(arg, "logs: a filter cannot be decoded");
        else if (!has_group(tx, group))
            bad(arg, "logs: a filter belongs to no group");
    }
    wb_scan_close(s);
}
