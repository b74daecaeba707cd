/* Log groups: making, deleting, listing, retention. */
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/logs/filter.h"

struct wb_slice logs_group_arn(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                               struct wb_slice name)
{
    return wb_arn_make(a, "logs", region, account, "log-group:%.*s:*", WB_FMT(name));
}

struct wb_slice logs_arn_name(struct wb_slice arn)
{
    struct wb_arn r;
    if (!wb_arn_parse(arn, &r) || !wb_slice_is(r.service, "logs") ||
        !wb_slice_starts(r.resource, WB_S("log-group:")))
        return WB_SLICE_NULL;
    struct wb_slice rest = wb_slice_sub(r.resource, 10, r.resource.n),
                    name = wb_slice_cut(&rest, ':');
    return rest.p && !wb_slice_is(rest, "*") ? WB_SLICE_NULL : name;
}

void logs_no_group(struct wb_call *c)
{
    wb_fail(c, "ResourceNotFoundException", 400, "The specified log group does not exist.");
}

void logs_invalid(struct wb_call *c, const char *text)
{
    wb_fail(c, "InvalidParameterException", 400, "%s", text);
}

void logs_call_place(struct wb_call *c, struct wb_slice *account, struct wb_slice *region,
                     struct wb_slice *name)
{
    struct wb_slice id = wb_in_str(c, "logGroupIdentifier");
    struct wb_arn r;
    *account = c->ctx.account;
    *region = c->ctx.region;
    *name = wb_in_str(c, "logGroupName");
    if (name->p || !id.p)
        return;
    *name = id;
    if (wb_slice_starts(id, WB_S("arn:")) && wb_arn_parse(id, &r)) {
        *account = r.account;
        *region = r.region;
        *name = logs_arn_name(id);
    }
}

bool logs_call_group(struct wb_call *c, struct wb_log_group *g)
{
    struct wb_slice account, region, name;
    bool both = wb_in_str(c, "logGroupName").p && wb_in_str(c, "logGroupIdentifier").p;
    logs_call_place(c, &account, &region, &name);
    if (both || !name.p) {
        logs_invalid(c, "Exactly one of logGroupName and logGroupIdentifier must be given.");
        return false;
    }
    if (wb_slice_eq(account, c->ctx.account) && wb_slice_eq(region, c->ctx.region) &&
        wb_log_group_read(c->tx, account, region, name, g))
        return true;
    logs_no_group(c);
    return false;
}

void logs_create_group(struct wb_call *c)
{
    struct wb_log_group g = {.account = c->ctx.account,
                             .region = c->ctx.region,
                             .name = wb_in_str(c, "logGroupName"),
                             .kms_key = wb_in_str(c, "kmsKeyId")},
                        there;
    struct wb_pair *tag;
    size_t count;
    struct wb_slice why;
    if (wb_log_group_read(c->tx, g.account, g.region, g.name, &there)) {
        wb_fail(c, "ResourceAlreadyExistsException", 400, "The specified log group already exists");
        return;
    }
    if (wb_slice_starts(g.name, WB_S("aws/"))) {
        logs_invalid(c, "Log groups starting with AWS/ are reserved for AWS.");
        return;
    }
    if (!wb_tags_read(c->arena, wb_in(c, "tags"), &tag, &count, &why)) {
        wb_fail(c, "InvalidParameterException", 400, "Invalid tags: %.*s.", WB_FMT(why));
        return;
    }
    wb_log_group_make(c->tx, &g);
    wb_tags_put(c->tx, logs_group_arn(c->arena, g.account, g.region, g.name), tag, count);
}

void logs_delete_group(struct wb_call *c)
{
    struct wb_log_group g;
    if (!logs_call_group(c, &g))
        return;
    wb_tags_drop(c->tx, logs_group_arn(c->arena, g.account, g.region, g.name));
    logs_filters_drop(c->tx, g.number);
    wb_log_group_drop(c->tx, &g);
}

/* --- retention --- */

static void set_retention(struct wb_call *c, uint32_t days)
{
    struct wb_log_group g;
    if (!logs_call_group(c, &g))
        return;
    if (days && days < g.retention_days)
        g.swept_ms = 0;
    g.retention_days = days;
    wb_log_group_write(c->tx, &g);
    if (days)
        wb_log_expect_expiry(c->tx);
}

void logs_put_retention(struct wb_call *c)
{
    static const int allowed[] = {1,   3,   5,   7,   14,   30,   60,   90,   120,  150,  180,
                                  365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653};
    int64_t days = wb_in_i64(c, "retentionInDays", 0);
    struct wb_buf set = wb_buf_in(c->arena);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        if (days == allowed[i]) {
            set_retention(c, (uint32_t)days);
            return;
        }
        wb_buf_printf(&set, "%s%d", i ? ", " : "", allowed[i]);
    }
    wb_fail(c, "InvalidParameterException", 400,
            "1 validation error detected: Value '%lld' at 'retentionInDays' failed to satisfy "
            "constraint: Member must satisfy enum value set: [%.*s]",
            (long long)days, (int)set.n, set.p);
}

void logs_delete_retention(struct wb_call *c)
{
    set_retention(c, 0);
}

/* --- listing --- */

static bool contains_nocase(struct wb_slice s, struct wb_slice part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (wb_slice_ieq(wb_slice_sub(s, i, i + part.n), part))
            return true;
    return part.n == 0;
}

static void out_group(struct wb_call *c, const struct wb_log_group *g)
{
    struct wb_out *o = &c->out;
    struct wb_slice arn = logs_group_arn(c->arena, g->account, g->region, g->name);
    wb_out_object(o, NULL);
    wb_out_str(o, "logGroupName", g->name);
    wb_out_i64(o, "creationTime", g->created_ms);
    if (g->retention_days)
        wb_out_i64(o, "retentionInDays", g->retention_days);
    wb_out_i64(o, "metricFilterCount", (int64_t)logs_filter_count(c->tx, g->number, LOGS_METRIC));
    wb_out_str(o, "arn", arn);
    wb_out_i64(o, "storedBytes", (int64_t)g->bytes);
    if (g->kms_key.n)
        wb_out_str(o, "kmsKeyId", g->kms_key);
    wb_out_cstr(o, "logGroupClass", "STANDARD");
    wb_out_str(o, "logGroupArn", wb_slice_sub(arn, 0, arn.n - 2));
    wb_out_end(o);
}

/* With linked accounts asked for, the accounts may be chosen; there is none but the own. */
static bool own_account_asked(struct wb_call *c)
{
    struct wb_json list = wb_in(c, "accountIdentifiers");
    if (!wb_in_bool(c, "includeLinkedAccounts", false) || !wb_json_count(list))
        return true;
    struct wb_json_iter it = wb_json_iter(list);
    while (wb_json_next(&it))
        if (wb_slice_eq(wb_json_str(it.value, c->arena), c->ctx.account))
            return true;
    return false;
}

void logs_describe_groups(struct wb_call *c)
{
    struct wb_arena *a = c->arena;
    struct wb_slice prefix = wb_in_str(c, "logGroupNamePrefix"),
                    pattern = wb_in_str(c, "logGroupNamePattern"),
                    token = wb_in_str(c, "nextToken");
    if (prefix.p && pattern.n) {
        logs_invalid(c, "LogGroup name prefix and LogGroup name pattern are mutually exclusive "
                        "parameters.");
        return;
    }
    struct wb_slice filter = wb_printf(a, "%.*s|%.*s", WB_FMT(prefix), WB_FMT(pattern)),
                    all = wb_key(a, WB_T_LOG_GROUP, "ss", c->ctx.account, c->ctx.region), lo = all,
                    key, value, last = WB_SLICE_NULL;
    if (token.p && !wb_page_open(c, token, filter, &lo)) {
        logs_invalid(c, "The specified nextToken is invalid.");
        return;
    }
    int64_t max = wb_in_i64(c, "limit", WB_LOGS_PAGE), n = 0;
    bool more = false;
    wb_out_list(&c->out, "logGroups");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(a, all), false);
    while (own_account_asked(c) && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_log_group g;
        if ((token.p && wb_slice_eq(key, lo)) || !wb_log_group_decode(c->tx, key, value, &g) ||
            (prefix.p && !wb_slice_starts(g.name, prefix)) || !contains_nocase(g.name, pattern))
            continue;
        if (n++ == max) {
            more = true;
            break;
        }
        last = wb_dup(a, key);
        out_group(c, &g);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "nextToken", wb_page_token(c, filter, last));
}
