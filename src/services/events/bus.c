#include "services/events/bus.h"

#include "base/arn.h"
#include "base/limits.h"
#include "base/log.h"
#include <stdlib.h>

/* --- loading --- */

static struct wb_slice own_str(struct wb_arena *a, struct wb_json o, const char *name)
{
    return wb_dup(a, wb_json_get_str(o, name, a));
}

static bool load_target(struct wb_bus *b, struct wb_bus_target *t, struct wb_slice json)
{
    struct wb_arena *a = &b->arena;
    struct wb_slice why;
    t->json = wb_dup(a, json);
    struct wb_json v = wb_json_read(a, t->json, NULL), retry = wb_json_get(v, "RetryPolicy");
    t->id = own_str(a, v, "Id");
    t->arn = own_str(a, v, "Arn");
    t->dead_letter = own_str(a, wb_json_get(v, "DeadLetterConfig"), "Arn");
    t->input = wb_input_compile(a, v, &why);
    t->retries = (uint32_t)wb_json_get_i64(retry, "MaximumRetryAttempts", WB_EVENT_RETRIES_MAX);
    t->age_max_ms = wb_json_get_i64(retry, "MaximumEventAgeInSeconds", WB_EVENT_AGE_MAX_S) * 1000;
    return t->input && t->id.p && t->arn.p;
}

/* Rows into an array, in order of their names. */
struct rows {
    struct row {
        struct wb_slice name, json;
    } * row;
    uint32_t count, cap;
};

static struct rows read_rows(struct wb_tx *tx, struct wb_slice prefix, const char *skip)
{
    struct rows r = {0};
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, prefix);
    while (wb_tx_next(tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        wb_key_rd_u64(&k);
        for (const char *c = skip; *c; c++)
            wb_key_rd_str(&k);
        if (r.count == r.cap) {
            struct row *more = wb_new_n(tx->arena, struct row, r.cap ? r.cap * 2 : 16);
            if (r.count)
                memcpy(more, r.row, r.count * sizeof *more);
            r.row = more;
            r.cap = r.cap ? r.cap * 2 : 16;
        }
        r.row[r.count++] =
            (struct row){wb_dup(tx->arena, wb_key_rd_str(&k)), wb_dup(tx->arena, value)};
    }
    wb_scan_close(s);
    return r;
}

static void load_targets(struct wb_tx *tx, struct wb_bus *b, struct wb_rule *rule)
{
    struct rows r = read_rows(tx, wb_key(tx->arena, WB_T_TARGET, "us", b->number, rule->name), "s");
    rule->target = wb_new_n(&b->arena, struct wb_bus_target, r.count + 1);
    for (uint32_t i = 0; i < r.count; i++)
        rule->target_count += load_target(b, &rule->target[rule->target_count], r.row[i].json);
}

static void load_rule(struct wb_tx *tx, struct wb_bus *b, uint32_t i, const struct row *row)
{
    struct wb_arena *a = &b->arena;
    struct wb_rule *r = &b->rule[i];
    struct wb_slice why;
    r->name = wb_dup(a, row->name);
    r->arn = wb_rule_arn(a, b, r->name);
    r->json = wb_dup(a, row->json);
    struct wb_json v = wb_json_read(a, r->json, NULL);
    r->pattern = own_str(a, v, "EventPattern");
    r->schedule = own_str(a, v, "ScheduleExpression");
    r->enabled = !wb_slice_is(wb_json_get_str(v, "State", a), "DISABLED");
    r->generation = (uint64_t)wb_json_get_i64(v, "schedule", 0);
    load_targets(tx, b, r);
    if (r->enabled && r->pattern.p)
        b->compiled[i] = wb_pattern_compile(r->pattern, tx->arena, &why);
}

static void *load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_slice value = WB_SLICE_NULL;
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
    struct wb_slice account = wb_key_rd_str(&k), region = wb_key_rd_str(&k);
    struct wb_slice name = wb_key_rd_str(&k);
    bool found = wb_tx_get(tx, key, &value);
    if (!found && !wb_slice_is(name, "default"))
        return NULL;
    struct wb_bus *b = wb_xcalloc(1, sizeof *b);
    struct wb_arena *a = &b->arena;
    wb_arena_init(a, 1024);
    b->account = wb_dup(a, account);
    b->region = wb_dup(a, region);
    b->name = wb_dup(a, name);
    b->arn = wb_arn_make(a, "events", region, account, "event-bus/%.*s", WB_FMT(name));
    b->json = found ? wb_dup(a, value) : WB_S("{}");
    struct wb_json v = wb_json_read(a, b->json, NULL);
    b->number = (uint64_t)wb_json_get_i64(v, "number", 0);
    b->policy = own_str(a, v, "policy");
    if (b->policy.n)
        b->resources = wb_policy_stored(b->policy, true, b->arn);
    struct rows r = {0};
    if (b->number)
        r = read_rows(tx, wb_key(tx->arena, WB_T_RULE, "u", b->number), "");
    b->rule = wb_new_n(a, struct wb_rule, r.count + 1);
    b->compiled = wb_xcalloc(r.count + 1, sizeof *b->compiled);
    b->rule_count = r.count;
    for (uint32_t i = 0; i < r.count; i++)
        load_rule(tx, b, i, &r.row[i]);
    b->set = wb_match_new(b->compiled, b->rule_count);
    return b;
}

static void unload(void *object)
{
    struct wb_bus *b = object;
    wb_match_free(b->set);
    wb_policy_unref(b->resources);
    for (uint32_t i = 0; i < b->rule_count; i++)
        wb_pattern_free(b->compiled[i]);
    free(b->compiled);
    wb_arena_release(&b->arena);
    free(b);
}

struct wb_def_kind wb_bus_kind = {.name = "bus", .load = load, .free = unload};

/* --- finding --- */

struct wb_slice wb_bus_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                           struct wb_slice name)
{
    return wb_key(a, WB_T_BUS, "sss", account, region, name);
}

struct wb_slice wb_bus_name(const struct wb_ctx *c, struct wb_slice s)
{
    struct wb_arn arn;
    if (!s.p)
        return WB_S("default");
    if (!wb_slice_starts(s, WB_S("arn:")))
        return s;
    if (!wb_arn_parse(s, &arn) || !wb_slice_is(arn.service, "events") ||
        !wb_slice_eq(arn.account, c->account) || !wb_slice_eq(arn.region, c->region) ||
        !wb_slice_starts(arn.resource, WB_S("event-bus/")))
        return WB_SLICE_NULL;
    return wb_slice_sub(arn.resource, strlen("event-bus/"), arn.resource.n);
}

struct wb_slice wb_bus_account(const struct wb_ctx *c, struct wb_slice s)
{
    struct wb_arn arn;
    if (wb_slice_starts(s, WB_S("arn:")) && wb_arn_parse(s, &arn) && arn.account.n)
        return arn.account;
    return c->principal.account.n ? c->principal.account : c->account;
}

const struct wb_bus *wb_bus_find(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                                 struct wb_slice name)
{
    if (!name.n)
        return NULL;
    return wb_def(tx, &wb_bus_kind, wb_bus_key(tx->arena, account, region, name));
}

const struct wb_policy *wb_bus_policy(struct wb_tx *tx, struct wb_slice text)
{
    struct wb_arn arn;
    if (!wb_arn_parse(text, &arn))
        return NULL;
    struct wb_slice rest = arn.resource, kind = wb_slice_cut(&rest, '/');
    if (wb_slice_is(kind, "rule")) {
        struct wb_slice first = wb_slice_cut(&rest, '/');
        rest = rest.p ? first : WB_S("default");
    } else if (!wb_slice_is(kind, "event-bus")) {
        return NULL;
    }
    const struct wb_bus *b = wb_bus_find(tx, arn.account, arn.region, rest);
    return b ? b->resources : NULL;
}

const struct wb_bus *wb_bus_of_call(struct wb_call *c, const char *member)
{
    struct wb_slice asked = wb_in_str(c, member), name = wb_bus_name(&c->ctx, asked);
    const struct wb_bus *b = wb_bus_find(c->tx, c->ctx.account, c->ctx.region, name);
    if (!b) {
        struct wb_slice shown = name.p ? name : asked;
        wb_fail(c, "ResourceNotFoundException", 400, "Event bus %.*s does not exist.",
                WB_FMT(shown));
    }
    return b;
}

const struct wb_bus *wb_bus_ensure(struct wb_tx *tx, const struct wb_bus *b)
{
    if (b->number)
        return b;
    struct wb_slice key = wb_bus_key(tx->arena, b->account, b->region, b->name);
    wb_tx_put(tx, key,
              wb_printf(tx->arena, "{\"number\":%llu,\"created\":%lld,\"modified\":%lld}",
                        (unsigned long long)wb_tx_number(tx, "bus"), (long long)tx->now_ms,
                        (long long)tx->now_ms));
    wb_def_changed(tx, &wb_bus_kind, key);
    return wb_def(tx, &wb_bus_kind, key);
}

void wb_bus_changed(struct wb_tx *tx, const struct wb_bus *b)
{
    wb_def_changed(tx, &wb_bus_kind, wb_bus_key(tx->arena, b->account, b->region, b->name));
}

const struct wb_rule *wb_bus_rule(const struct wb_bus *b, struct wb_slice name)
{
    uint32_t lo = 0, hi = b->rule_count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int o = wb_slice_cmp(b->rule[mid].name, name);
        if (o == 0)
            return &b->rule[mid];
        if (o < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct wb_slice wb_rule_creator(struct wb_arena *a, const struct wb_bus *b, const struct wb_rule *r)
{
    struct wb_slice by = wb_json_get_str(wb_json_read(a, r->json, NULL), "createdBy", a);
    return by.n ? by : b->account;
}

struct wb_slice wb_rule_arn(struct wb_arena *a, const struct wb_bus *b, struct wb_slice name)
{
    if (wb_slice_is(b->name, "default"))
        return wb_arn_make(a, "events", b->region, b->account, "rule/%.*s", WB_FMT(name));
    return wb_arn_make(a, "events", b->region, b->account, "rule/%.*s/%.*s", WB_FMT(b->name),
                       WB_FMT(name));
}

bool wb_rule_arn_read(struct wb_slice s, struct wb_bus *b, struct wb_slice *rule)
{
    struct wb_arn arn;
    if (!wb_arn_parse(s, &arn) || !wb_slice_starts(arn.resource, WB_S("rule/")))
        return false;
    struct wb_slice bus = wb_slice_sub(arn.resource, strlen("rule/"), arn.resource.n);
    ptrdiff_t at = wb_slice_chr(bus, '/', 0);
    *rule = at < 0 ? bus : wb_slice_sub(bus, (size_t)at + 1, bus.n);
    b->name = at < 0 ? WB_S("default") : wb_slice_sub(bus, 0, (size_t)at);
    b->account = arn.account;
    b->region = arn.region;
    return true;
}

struct wb_slice wb_row_with(struct wb_arena *a, struct wb_slice json, const struct wb_pair *member,
                            size_t count)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, json, NULL));
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, a);
        bool replaced = false;
        for (size_t i = 0; i < count; i++)
            replaced |= wb_slice_eq(member[i].name, name);
        if (replaced)
            continue;
        wb_jw_key_slice(&w, name);
        wb_jw_raw(&w, wb_json_raw(it.value));
    }
    for (size_t i = 0; i < count; i++) {
        if (!member[i].value.p)
            continue;
        wb_jw_key_slice(&w, member[i].name);
        wb_jw_raw(&w, member[i].value);
    }
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}
