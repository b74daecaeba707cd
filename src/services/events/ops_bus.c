/* Buses and their policies. */
#include "auth/policy.h"
#include "base/limits.h"
#include "services/events/events.h"

struct wb_slice wb_json_quoted(struct wb_arena *a, struct wb_slice s)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, s);
    return wb_buf_slice(&b);
}

static struct wb_slice number_text(struct wb_arena *a, int64_t v)
{
    return wb_printf(a, "%lld", (long long)v);
}

static struct wb_slice raw_or_null(struct wb_json v)
{
    return wb_json_is(v) ? wb_json_raw(v) : WB_SLICE_NULL;
}

static uint32_t count_buses(struct wb_call *c)
{
    uint32_t n = 0;
    struct wb_slice key, value;
    struct wb_scan *s =
        wb_tx_scan_prefix(c->tx, wb_key(c->arena, WB_T_BUS, "ss", c->ctx.account, c->ctx.region));
    while (wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n;
}

void wb_events_create_bus(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name");
    struct wb_pair *tag;
    size_t tags;
    if (wb_in_str(c, "EventSourceName").p) {
        wb_fail(c, "ResourceNotFoundException", 400, "Event source %.*s does not exist.",
                WB_FMT(wb_in_str(c, "EventSourceName")));
        return;
    }
    if (wb_slice_chr(name, '/', 0) >= 0) {
        wb_fail(c, "ValidationException", 400, "Event bus name must not contain '/'.");
        return;
    }
    if (wb_bus_find(c->tx, c->ctx.account, c->ctx.region, name)) {
        wb_fail(c, "ResourceAlreadyExistsException", 400, "Event bus %.*s already exists.",
                WB_FMT(name));
        return;
    }
    if (count_buses(c) >= WB_EVENT_BUSES_MAX) {
        wb_fail(c, "LimitExceededException", 400,
                "The requested resource exceeds the maximum number allowed.");
        return;
    }
    if (!wb_events_tags_in(c, &tag, &tags))
        return;
    struct wb_slice key = wb_bus_key(c->arena, c->ctx.account, c->ctx.region, name);
    struct wb_slice now = number_text(c->arena, c->tx->now_ms);
    struct wb_pair row[] = {
        {WB_S("number"), number_text(c->arena, (int64_t)wb_tx_number(c->tx, "bus"))},
        {WB_S("created"), now},
        {WB_S("modified"), now},
        {WB_S("Description"), raw_or_null(wb_in(c, "Description"))},
        {WB_S("KmsKeyIdentifier"), raw_or_null(wb_in(c, "KmsKeyIdentifier"))},
        {WB_S("DeadLetterConfig"), raw_or_null(wb_in(c, "DeadLetterConfig"))},
        {WB_S("LogConfig"), raw_or_null(wb_in(c, "LogConfig"))}};
    wb_tx_put(c->tx, key, wb_row_with(c->arena, WB_S("{}"), row, sizeof row / sizeof *row));
    wb_def_changed(c->tx, &wb_bus_kind, key);
    const struct wb_bus *b = wb_def(c->tx, &wb_bus_kind, key);
    if (!b)
        return;
    wb_tags_put(c->tx, b->arn, tag, tags);
    wb_out_str(&c->out, "EventBusArn", b->arn);
    struct wb_json v = wb_json_read(c->arena, b->json, NULL);
    wb_out_str(&c->out, "Description", wb_json_get_str(v, "Description", c->arena));
}

static void out_bus(struct wb_call *c, struct wb_slice name, struct wb_slice arn,
                    struct wb_slice policy, struct wb_json row)
{
    wb_out_str(&c->out, "Name", name);
    wb_out_str(&c->out, "Arn", arn);
    wb_out_str(&c->out, "Description", wb_json_get_str(row, "Description", c->arena));
    wb_out_str(&c->out, "Policy", policy);
    if (wb_json_is(wb_json_get(row, "created"))) {
        wb_out_time(&c->out, "CreationTime", wb_json_get_i64(row, "created", 0));
        wb_out_time(&c->out, "LastModifiedTime", wb_json_get_i64(row, "modified", 0));
    }
}

void wb_events_describe_bus(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "Name");
    if (!b)
        return;
    struct wb_json v = wb_json_read(c->arena, b->json, NULL);
    out_bus(c, b->name, b->arn, b->policy, v);
    wb_out_str(&c->out, "KmsKeyIdentifier", wb_json_get_str(v, "KmsKeyIdentifier", c->arena));
    struct wb_slice dead = raw_or_null(wb_json_get(v, "DeadLetterConfig"));
    struct wb_slice log = raw_or_null(wb_json_get(v, "LogConfig"));
    if (dead.p)
        wb_out_json(&c->out, "DeadLetterConfig", dead);
    if (log.p)
        wb_out_json(&c->out, "LogConfig", log);
}

/* The default bus is told even when it has no row; it sorts among the others. */
static void list_one(struct wb_call *c, struct wb_slice name)
{
    const struct wb_bus *b = wb_bus_find(c->tx, c->ctx.account, c->ctx.region, name);
    if (!b)
        return;
    wb_out_object(&c->out, NULL);
    out_bus(c, b->name, b->arn, b->policy, wb_json_read(c->arena, b->json, NULL));
    wb_out_end(&c->out);
}

void wb_events_list_buses(struct wb_call *c)
{
    struct wb_slice prefix = wb_in_str(c, "NamePrefix"), token = wb_in_str(c, "NextToken");
    struct wb_slice last = WB_SLICE_NULL, key, value;
    int64_t limit = wb_in_i64(c, "Limit", 100), n = 0;
    if (token.p && !wb_page_open(c, token, prefix, &last)) {
        wb_fail(c, "ValidationException", 400, "Parameter NextToken is not valid.");
        return;
    }
    bool shown_default = last.p && wb_slice_cmp(last, WB_S("default")) >= 0;
    shown_default |= prefix.n && !wb_slice_starts(WB_S("default"), prefix);
    bool more = false;
    wb_out_list(&c->out, "EventBuses");
    struct wb_slice all = wb_key(c->arena, WB_T_BUS, "ss", c->ctx.account, c->ctx.region);
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, all);
    while (!more && wb_tx_next(c->tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(c->arena, key, &table);
        wb_key_rd_str(&k);
        wb_key_rd_str(&k);
        struct wb_slice name = wb_dup(c->arena, wb_key_rd_str(&k));
        if ((last.p && wb_slice_cmp(name, last) <= 0) || !wb_slice_starts(name, prefix))
            continue;
        if (!shown_default && wb_slice_cmp(name, WB_S("default")) > 0) {
            shown_default = true;
            if (n++ == limit) {
                more = true;
                break;
            }
            list_one(c, WB_S("default"));
            last = WB_S("default");
        }
        shown_default |= wb_slice_is(name, "default");
        if (n++ == limit) {
            more = true;
            break;
        }
        list_one(c, name);
        last = name;
    }
    wb_scan_close(s);
    if (!more && !shown_default) {
        if (n == limit)
            more = true;
        else
            list_one(c, WB_S("default"));
    }
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, prefix, last));
}

void wb_events_update_bus(struct wb_call *c)
{
    static const char *const names[] = {"Description", "KmsKeyIdentifier", "DeadLetterConfig",
                                        "LogConfig"};
    const struct wb_bus *b = wb_bus_of_call(c, "Name");
    if (!b)
        return;
    b = wb_bus_ensure(c->tx, b);
    if (!b)
        return;
    struct wb_pair row[5] = {{WB_S("modified"), number_text(c->arena, c->tx->now_ms)}};
    size_t n = 1;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_json_is(wb_in(c, names[i])))
            row[n++] = (struct wb_pair){wb_slice_str(names[i]), wb_json_raw(wb_in(c, names[i]))};
    wb_tx_put(c->tx, wb_bus_key(c->arena, b->account, b->region, b->name),
              wb_row_with(c->arena, b->json, row, n));
    wb_bus_changed(c->tx, b);
    wb_out_str(&c->out, "Arn", b->arn);
    wb_out_str(&c->out, "Name", b->name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_json_is(wb_in(c, names[i])))
            wb_out_json(&c->out, names[i], wb_json_raw(wb_in(c, names[i])));
}

void wb_events_delete_bus(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name");
    if (wb_slice_is(name, "default")) {
        wb_fail(c, "ValidationException", 400, "Cannot delete event bus default.");
        return;
    }
    const struct wb_bus *b = wb_bus_find(c->tx, c->ctx.account, c->ctx.region, name);
    if (!b) /* AWS answers success */
        return;
    for (uint32_t i = 0; i < b->rule_count; i++)
        wb_rule_drop(c->tx, b, &b->rule[i]);
    wb_tags_drop(c->tx, b->arn);
    wb_tx_del(c->tx, wb_bus_key(c->arena, b->account, b->region, b->name));
    wb_bus_changed(c->tx, b);
}

/* --- policies --- */

static void put_policy(struct wb_call *c, const struct wb_bus *b, struct wb_slice policy)
{
    if (policy.n > WB_EVENT_POLICY_MAX) {
        wb_fail(c, "PolicyLengthExceededException", 400,
                "The policy exceeds the maximum length of 10240 characters.");
        return;
    }
    b = wb_bus_ensure(c->tx, b);
    if (!b)
        return;
    struct wb_pair row[] = {
        {WB_S("policy"), policy.p ? wb_json_quoted(c->arena, policy) : WB_SLICE_NULL},
        {WB_S("modified"), number_text(c->arena, c->tx->now_ms)}};
    wb_tx_put(c->tx, wb_bus_key(c->arena, b->account, b->region, b->name),
              wb_row_with(c->arena, b->json, row, 2));
    wb_bus_changed(c->tx, b);
}

static void new_statement(struct wb_call *c, const struct wb_bus *b, struct wb_json_writer *w)
{
    struct wb_slice principal = wb_in_str(c, "Principal");
    struct wb_json condition = wb_in(c, "Condition");
    wb_jw_object(w);
    wb_jw_kstr(w, "Sid", wb_in_str(c, "StatementId"));
    wb_jw_kcstr(w, "Effect", "Allow");
    wb_jw_key(w, "Principal");
    if (wb_slice_is(principal, "*")) {
        wb_jw_cstr(w, "*");
    } else {
        wb_jw_object(w);
        wb_jw_kstr(w, "AWS", wb_printf(c->arena, "arn:aws:iam::%.*s:root", WB_FMT(principal)));
        wb_jw_end_object(w);
    }
    wb_jw_kstr(w, "Action", wb_in_str(c, "Action"));
    wb_jw_kstr(w, "Resource", b->arn);
    if (wb_json_is(condition)) {
        wb_jw_key(w, "Condition");
        wb_jw_object(w);
        wb_jw_key_slice(w, wb_json_get_str(condition, "Type", c->arena));
        wb_jw_object(w);
        wb_jw_key_slice(w, wb_json_get_str(condition, "Key", c->arena));
        wb_jw_str(w, wb_json_get_str(condition, "Value", c->arena));
        wb_jw_end_object(w);
        wb_jw_end_object(w);
    }
    wb_jw_end_object(w);
}

/* The bus's policy without the statement `sid`, and with the call's own when `add`. Null when
 * nothing is left. *had: the statement was there. */
static struct wb_slice changed_policy(struct wb_call *c, const struct wb_bus *b,
                                      struct wb_slice sid, bool add, bool *had)
{
    struct wb_buf buf = wb_buf_in(c->arena);
    struct wb_json_writer w;
    struct wb_json old = wb_json_read(c->arena, b->policy, NULL);
    struct wb_json_iter it = wb_json_iter(wb_json_get(old, "Statement"));
    unsigned n = 0;
    *had = false;
    wb_jw_init(&w, &buf);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Version", "2012-10-17");
    wb_jw_key(&w, "Statement");
    wb_jw_array(&w);
    while (wb_json_next(&it)) {
        if (wb_slice_eq(wb_json_get_str(it.value, "Sid", c->arena), sid)) {
            *had = true;
            continue;
        }
        wb_jw_raw(&w, wb_json_raw(it.value));
        n++;
    }
    if (add)
        new_statement(c, b, &w);
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return n || add ? wb_buf_slice(&buf) : WB_SLICE_NULL;
}

void wb_events_put_permission(struct wb_call *c)
{
    static const char *const needed[] = {"Action", "Principal", "StatementId"};
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    struct wb_slice policy = wb_in_str(c, "Policy"), why;
    if (!b)
        return;
    if (policy.p) {
        struct wb_policy *p = wb_policy_parse(policy, true, c->arena, &why);
        if (!p) {
            wb_fail(c, "ValidationException", 400, "Parameter Policy is not valid. Reason: %.*s",
                    WB_FMT(why));
            return;
        }
        wb_policy_unref(p);
        put_policy(c, b, policy);
        return;
    }
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!wb_in_str(c, needed[i]).p) {
            wb_fail(c, "ValidationException", 400, "Parameter %s must be specified.", needed[i]);
            return;
        }
    }
    bool had;
    put_policy(c, b, changed_policy(c, b, wb_in_str(c, "StatementId"), true, &had));
}

void wb_events_remove_permission(struct wb_call *c)
{
    const struct wb_bus *b = wb_bus_of_call(c, "EventBusName");
    struct wb_slice sid = wb_in_str(c, "StatementId");
    bool all = wb_in_bool(c, "RemoveAllPermissions", false), had;
    if (!b)
        return;
    if (!all && !sid.p) {
        wb_fail(c, "ValidationException", 400, "Parameter StatementId must be specified.");
        return;
    }
    if (all) {
        if (b->policy.p)
            put_policy(c, b, WB_SLICE_NULL);
        return;
    }
    if (!b->policy.p) {
        wb_fail(c, "ResourceNotFoundException", 400, "EventBus does not have a policy.");
        return;
    }
    struct wb_slice policy = changed_policy(c, b, sid, false, &had);
    if (!had) {
        wb_fail(c, "ResourceNotFoundException", 400,
                "Statement with the provided id does not exist.");
        return;
    }
    put_policy(c, b, policy);
}
