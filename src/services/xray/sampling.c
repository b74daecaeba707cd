/*
 * Sampling rules, and the reservoirs that clients share. A rule's row is JSON with the members of a
 * SamplingRule and the times; the Default rule has a row only once it was changed. What clients
 * report is kept a rule a row: {"window": s, "requests", "sampled", "borrowed", "clients": {id:
 * s}}.
 */
#include "engine/tags.h"
#include "services/xray/xray.h"
#include <stdlib.h>

#define DEFAULT_RULE     "Default"
#define DEFAULT_PRIORITY 10000

struct rule {
    struct wb_slice name, arn, resource, service, type, host, method, path;
    struct wb_json attributes;
    int64_t priority, reservoir, created_ms, modified_ms;
    double rate;
};

/* --- rows --- */

static struct wb_slice row_key(struct wb_call *c, uint16_t table, struct wb_slice name)
{
    return wb_key(c->arena, table, "sss", c->ctx.account, c->ctx.region, name);
}

struct wb_slice xray_rule_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                              struct wb_slice name)
{
    return wb_arn_make(a, "xray", region, account, "sampling-rule/%.*s", WB_FMT(name));
}

static struct rule default_rule(struct wb_call *c)
{
    struct wb_slice any = WB_S("*");
    return (struct rule){
        .name = WB_S(DEFAULT_RULE),
        .arn = xray_rule_arn(c->arena, c->ctx.region, c->ctx.account, WB_S(DEFAULT_RULE)),
        .resource = any,
        .service = any,
        .type = any,
        .host = any,
        .method = any,
        .path = any,
        .priority = DEFAULT_PRIORITY,
        .reservoir = 1,
        .rate = 0.05};
}

/* Members that v has replace the rule's. */
static void take_members(struct wb_arena *a, struct wb_json v, struct rule *r)
{
    struct {
        const char *name;
        struct wb_slice *to;
    } text[] = {{"ResourceARN", &r->resource}, {"ServiceName", &r->service},
                {"ServiceType", &r->type},     {"Host", &r->host},
                {"HTTPMethod", &r->method},    {"URLPath", &r->path}};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct wb_slice s = wb_json_get_str(v, text[i].name, a);
        *text[i].to = s.p ? s : *text[i].to;
    }
    r->priority = wb_json_get_i64(v, "Priority", r->priority);
    r->reservoir = wb_json_get_i64(v, "ReservoirSize", r->reservoir);
    wb_json_double(wb_json_get(v, "FixedRate"), &r->rate);
    struct wb_json attributes = wb_json_get(v, "Attributes");
    if (wb_json_type(attributes) == WB_JSON_OBJECT)
        r->attributes = attributes;
}

static void read_row(struct wb_call *c, struct wb_slice name, struct wb_slice value, struct rule *r)
{
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, value), NULL);
    *r = default_rule(c);
    take_members(c->arena, v, r);
    r->name = name;
    r->arn = xray_rule_arn(c->arena, c->ctx.region, c->ctx.account, name);
    r->created_ms = wb_json_get_i64(v, "created", 0);
    r->modified_ms = wb_json_get_i64(v, "modified", 0);
}

static bool read_rule(struct wb_call *c, struct wb_slice name, struct rule *r)
{
    struct wb_slice value;
    if (wb_tx_get(c->tx, row_key(c, WB_T_XRAY_RULE, name), &value)) {
        read_row(c, name, value, r);
        return true;
    }
    *r = default_rule(c);
    return wb_slice_is(name, DEFAULT_RULE);
}

static void rule_members(struct wb_json_writer *w, const struct rule *r)
{
    wb_jw_kstr(w, "ResourceARN", r->resource);
    wb_jw_ki64(w, "Priority", r->priority);
    wb_jw_key(w, "FixedRate");
    wb_jw_double(w, r->rate);
    wb_jw_ki64(w, "ReservoirSize", r->reservoir);
    wb_jw_kstr(w, "ServiceName", r->service);
    wb_jw_kstr(w, "ServiceType", r->type);
    wb_jw_kstr(w, "Host", r->host);
    wb_jw_kstr(w, "HTTPMethod", r->method);
    wb_jw_kstr(w, "URLPath", r->path);
    wb_jw_ki64(w, "Version", 1);
    wb_jw_kraw(w, "Attributes",
               wb_json_is(r->attributes) ? wb_json_raw(r->attributes) : WB_S("{}"));
}

static void write_rule(struct wb_call *c, const struct rule *r)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    rule_members(&w, r);
    wb_jw_ki64(&w, "created", r->created_ms);
    wb_jw_ki64(&w, "modified", r->modified_ms);
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, row_key(c, WB_T_XRAY_RULE, r->name), wb_buf_slice(&b));
}

static void out_rule(struct wb_call *c, const char *name, const struct rule *r)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "RuleName", r->name);
    wb_jw_kstr(&w, "RuleARN", r->arn);
    rule_members(&w, r);
    wb_jw_end_object(&w);
    wb_out_object(&c->out, name);
    wb_out_json(&c->out, "SamplingRule", wb_buf_slice(&b));
    wb_out_time(&c->out, "CreatedAt", r->created_ms);
    wb_out_time(&c->out, "ModifiedAt", r->modified_ms);
    wb_out_end(&c->out);
}

/* --- finding --- */

static struct wb_slice name_in_arn(struct wb_call *c, struct wb_slice arn)
{
    struct wb_arn r;
    if (!wb_arn_parse(arn, &r) || !wb_slice_is(r.service, "xray") ||
        !wb_slice_eq(r.account, c->ctx.account) || !wb_slice_eq(r.region, c->ctx.region) ||
        !wb_slice_starts(r.resource, WB_S("sampling-rule/")))
        return WB_SLICE_NULL;
    return wb_slice_sub(r.resource, 14, r.resource.n);
}

bool xray_rule_exists(struct wb_call *c, struct wb_slice arn)
{
    struct rule r;
    struct wb_slice name = name_in_arn(c, arn);
    return name.n && read_rule(c, name, &r);
}

static bool find(struct wb_call *c, struct wb_json in, struct rule *r)
{
    struct wb_slice name = wb_json_get_str(in, "RuleName", c->arena),
                    arn = wb_json_get_str(in, "RuleARN", c->arena);
    if (!name.p == !arn.p) {
        xray_invalid(c, "Exactly one of RuleName and RuleARN must be given.");
        return false;
    }
    if (arn.p)
        name = name_in_arn(c, arn);
    if (name.n && read_rule(c, name, r))
        return true;
    xray_invalid(c, "Sampling rule not found.");
    return false;
}

struct rules {
    struct rule rule[WB_XRAY_RULES_MAX + 1];
    size_t count;
};

static int by_priority(const void *a, const void *b)
{
    const struct rule *x = a, *y = b;
    return x->priority != y->priority ? (x->priority < y->priority ? -1 : 1)
                                      : wb_slice_cmp(x->name, y->name);
}

/* All of them, the Default last. */
static struct rules *all_rules(struct wb_call *c)
{
    struct rules *all = wb_new(c->arena, struct rules);
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_XRAY_RULE, "ss", c->ctx.account, c->ctx.region));
    while (all->count < WB_XRAY_RULES_MAX && wb_tx_next(c->tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(c->arena, key, &table);
        wb_key_rd_str(&k);
        wb_key_rd_str(&k);
        struct wb_slice name = wb_key_rd_str(&k);
        if (!wb_slice_is(name, DEFAULT_RULE))
            read_row(c, name, value, &all->rule[all->count++]);
    }
    wb_scan_close(s);
    qsort(all->rule, all->count, sizeof *all->rule, by_priority);
    read_rule(c, WB_S(DEFAULT_RULE), &all->rule[all->count++]);
    return all;
}

/* --- operations --- */

static bool good(struct wb_call *c, const struct rule *r)
{
    bool is_default = wb_slice_is(r->name, DEFAULT_RULE);
    if (r->rate < 0 || r->rate > 1)
        xray_invalid(c, "FixedRate must be between 0 and 1.");
    else if (r->reservoir < 0)
        xray_invalid(c, "ReservoirSize must not be negative.");
    else if (!is_default && (r->priority < 1 || r->priority > 9999))
        xray_invalid(c, "Priority must be between 1 and 9999.");
    return !wb_failed(c);
}

void xray_create_rule(struct wb_call *c)
{
    struct wb_json in = wb_in(c, "SamplingRule");
    struct wb_pair *tag;
    size_t count;
    struct wb_slice why, name = wb_json_get_str(in, "RuleName", c->arena);
    struct rule r, there;
    if (wb_json_get_i64(in, "Version", 0) != 1) {
        xray_invalid(c, "Version must be 1.");
        return;
    }
    if (!name.p || wb_json_is(wb_json_get(in, "RuleARN"))) {
        xray_invalid(c, "A sampling rule is made by its name, and without an ARN.");
        return;
    }
    if (read_rule(c, name, &there)) {
        xray_invalid(c, "A sampling rule with this name already exists.");
        return;
    }
    r = default_rule(c);
    take_members(c->arena, in, &r);
    r.name = name;
    r.arn = xray_rule_arn(c->arena, c->ctx.region, c->ctx.account, name);
    r.created_ms = r.modified_ms = c->tx->now_ms;
    if (!good(c, &r))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why)) {
        xray_invalid(c, "Invalid tags: %.*s.", WB_FMT(why));
        return;
    }
    if (all_rules(c)->count > WB_XRAY_RULES_MAX) {
        wb_fail(c, "RuleLimitExceededException", 400, "At most %d sampling rules can be made.",
                WB_XRAY_RULES_MAX);
        return;
    }
    write_rule(c, &r);
    wb_tags_put(c->tx, r.arn, tag, count);
    out_rule(c, "SamplingRuleRecord", &r);
}

/* Of the Default rule only rate and reservoir can be changed. */
static bool only_amounts(struct wb_json in)
{
    static const char *const fixed[] = {"ResourceARN", "Priority",   "Host",    "ServiceName",
                                        "ServiceType", "HTTPMethod", "URLPath", "Attributes"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        enum wb_json_type t = wb_json_type(wb_json_get(in, fixed[i]));
        if (t != WB_JSON_MISSING && t != WB_JSON_NULL)
            return false;
    }
    return true;
}

void xray_update_rule(struct wb_call *c)
{
    struct wb_json in = wb_in(c, "SamplingRuleUpdate");
    struct rule r;
    if (!find(c, in, &r))
        return;
    if (wb_slice_is(r.name, DEFAULT_RULE) && !only_amounts(in)) {
        xray_invalid(c, "Only FixedRate and ReservoirSize of the Default rule can be changed.");
        return;
    }
    take_members(c->arena, in, &r);
    r.modified_ms = c->tx->now_ms;
    if (!good(c, &r))
        return;
    write_rule(c, &r);
    out_rule(c, "SamplingRuleRecord", &r);
}

void xray_delete_rule(struct wb_call *c)
{
    struct rule r;
    if (!find(c, c->in, &r))
        return;
    if (wb_slice_is(r.name, DEFAULT_RULE)) {
        xray_invalid(c, "The Default rule cannot be deleted.");
        return;
    }
    out_rule(c, "SamplingRuleRecord", &r);
    wb_tags_drop(c->tx, r.arn);
    wb_tx_del(c->tx, row_key(c, WB_T_XRAY_RULE, r.name));
    wb_tx_del(c->tx, row_key(c, WB_T_XRAY_SAMPLED, r.name));
}

void xray_get_rules(struct wb_call *c)
{
    struct rules *all = all_rules(c);
    if (wb_in_str(c, "NextToken").p) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    wb_out_list(&c->out, "SamplingRuleRecords");
    for (size_t i = 0; i < all->count; i++)
        out_rule(c, NULL, &all->rule[i]);
    wb_out_end(&c->out);
}

/* --- what clients report --- */

struct sampled {
    int64_t window, requests, sampled, borrowed; /* window: its first second */
    struct wb_json clients;
};

static struct sampled read_sampled(struct wb_call *c, struct wb_slice name)
{
    struct wb_slice value;
    struct sampled s = {0};
    if (!wb_tx_get(c->tx, row_key(c, WB_T_XRAY_SAMPLED, name), &value))
        return s;
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, value), NULL);
    s.window = wb_json_get_i64(v, "window", 0);
    s.requests = wb_json_get_i64(v, "requests", 0);
    s.sampled = wb_json_get_i64(v, "sampled", 0);
    s.borrowed = wb_json_get_i64(v, "borrowed", 0);
    s.clients = wb_json_get(v, "clients");
    return s;
}

/* Adds a report; returns how many clients share the rule's reservoir now. */
static int64_t report(struct wb_call *c, struct wb_slice name, struct wb_json doc)
{
    struct sampled s = read_sampled(c, name);
    struct wb_slice client = wb_json_get_str(doc, "ClientID", c->arena);
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    int64_t now = c->tx->now_ms / 1000, window = now - now % WB_XRAY_INTERVAL_S, count = 1;
    bool same = s.window == window;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "window", window);
    wb_jw_ki64(&w, "requests", (same ? s.requests : 0) + wb_json_get_i64(doc, "RequestCount", 0));
    wb_jw_ki64(&w, "sampled", (same ? s.sampled : 0) + wb_json_get_i64(doc, "SampledCount", 0));
    wb_jw_ki64(&w, "borrowed", (same ? s.borrowed : 0) + wb_json_get_i64(doc, "BorrowCount", 0));
    wb_jw_key(&w, "clients");
    wb_jw_object(&w);
    wb_jw_key_slice(&w, client);
    wb_jw_i64(&w, now);
    struct wb_json_iter it = wb_json_iter(s.clients);
    while (wb_json_next(&it) && count < WB_XRAY_CLIENTS_MAX) {
        struct wb_slice id = wb_json_str(it.key, c->arena);
        int64_t seen;
        if (wb_slice_eq(id, client) || !wb_json_i64(it.value, &seen) ||
            seen < now - 3 * WB_XRAY_INTERVAL_S)
            continue;
        wb_jw_key_slice(&w, id);
        wb_jw_i64(&w, seen);
        count++;
    }
    wb_jw_end_object(&w);
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, row_key(c, WB_T_XRAY_SAMPLED, name), wb_buf_slice(&b));
    return count;
}

/* A client's share of the reservoir; what cannot be divided evenly nobody gets twice. */
static void out_target(struct wb_call *c, const struct rule *r, int64_t clients)
{
    struct wb_out *o = &c->out;
    int64_t quota = r->reservoir / clients;
    wb_out_object(o, NULL);
    wb_out_str(o, "RuleName", r->name);
    wb_out_double(o, "FixedRate", r->rate);
    wb_out_i64(o, "ReservoirQuota", quota);
    wb_out_time(o, "ReservoirQuotaTTL", c->tx->now_ms + WB_XRAY_INTERVAL_S * 1000);
    wb_out_i64(o, "Interval", WB_XRAY_INTERVAL_S);
    wb_out_end(o);
}

static void out_unprocessed(struct wb_call *c, struct wb_slice name)
{
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "RuleName", name);
    wb_out_cstr(&c->out, "ErrorCode", "RuleNotFound");
    wb_out_cstr(&c->out, "Message", "There is no such sampling rule.");
    wb_out_end(&c->out);
}

void xray_sampling_targets(struct wb_call *c)
{
    struct wb_json list = wb_in(c, "SamplingStatisticsDocuments");
    struct wb_json_iter it = wb_json_iter(list);
    struct rules *all = all_rules(c);
    struct rule r;
    int64_t modified = 0;
    for (size_t i = 0; i < all->count; i++)
        modified = all->rule[i].modified_ms > modified ? all->rule[i].modified_ms : modified;
    wb_out_list(&c->out, "SamplingTargetDocuments");
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "RuleName", c->arena);
        if (read_rule(c, name, &r))
            out_target(c, &r, report(c, name, it.value));
    }
    wb_out_end(&c->out);
    wb_out_time(&c->out, "LastRuleModification", modified);
    wb_out_list(&c->out, "UnprocessedStatistics");
    it = wb_json_iter(list);
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "RuleName", c->arena);
        if (!read_rule(c, name, &r))
            out_unprocessed(c, name);
    }
    wb_out_end(&c->out);
}

void xray_sampling_summaries(struct wb_call *c)
{
    struct rules *all = all_rules(c);
    if (wb_in_str(c, "NextToken").p) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    wb_out_list(&c->out, "SamplingStatisticSummaries");
    for (size_t i = 0; i < all->count; i++) {
        struct sampled s = read_sampled(c, all->rule[i].name);
        if (!s.window)
            continue;
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "RuleName", all->rule[i].name);
        wb_out_time(&c->out, "Timestamp", s.window * 1000);
        wb_out_i64(&c->out, "RequestCount", s.requests);
        wb_out_i64(&c->out, "BorrowCount", s.borrowed);
        wb_out_i64(&c->out, "SampledCount", s.sampled);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}
