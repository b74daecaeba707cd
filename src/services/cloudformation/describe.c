/* What clients look at: stacks, their events and resources, exports. */
#include "services/cloudformation/ops.h"

#include "engine/paging.h"

/* --- parts of answers --- */

void cfn_out_parameters(struct wb_call *c, const struct cfn_stack *s)
{
    struct wb_cfn_env env = {.parameter_count = 0};
    struct wb_out *o = &c->out;
    cfn_parameters_out(c->arena, s, &env);
    wb_out_list(o, "Parameters");
    for (size_t i = 0; i < env.parameter_count; i++) {
        const struct wb_template_parameter *p = &env.parameter[i];
        wb_out_object(o, NULL);
        wb_out_str(o, "ParameterKey", p->name);
        wb_out_str(o, "ParameterValue", p->no_echo ? WB_S("****") : p->value);
        if (p->resolved.p && !p->no_echo)
            wb_out_str(o, "ResolvedValue", p->resolved);
        wb_out_end(o);
    }
    wb_out_end(o);
}

static void out_list(struct wb_call *c, const char *name, struct wb_slice json)
{
    cfn_out_json(&c->out, name, wb_json_read(c->arena, json.p ? json : WB_S("[]"), NULL), c->arena);
}

static void out_drift(struct wb_out *o, const char *status, struct wb_slice drift, int64_t ms)
{
    wb_out_object(o, "DriftInformation");
    wb_out_str(o, status, drift.p ? drift : WB_S("NOT_CHECKED"));
    if (ms)
        wb_out_time(o, "LastCheckTimestamp", ms);
    wb_out_end(o);
}

static void out_stack(struct wb_call *c, const struct cfn_stack *s)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "StackId", s->arn);
    wb_out_str(o, "StackName", s->name);
    wb_out_str(o, "ChangeSetId", s->change_set);
    wb_out_str(o, "Description", s->description);
    cfn_out_parameters(c, s);
    wb_out_time(o, "CreationTime", s->created_ms);
    if (s->deleted_ms)
        wb_out_time(o, "DeletionTime", s->deleted_ms);
    if (s->updated_ms)
        wb_out_time(o, "LastUpdatedTime", s->updated_ms);
    cfn_out_json(
        o, "RollbackConfiguration",
        wb_json_read(c->arena, s->rollback_triggers.p ? s->rollback_triggers : WB_S("{}"), NULL),
        c->arena);
    wb_out_str(o, "StackStatus", s->status);
    if (s->reason.n)
        wb_out_str(o, "StackStatusReason", s->reason);
    wb_out_bool(o, "DisableRollback", s->disable_rollback);
    out_list(c, "NotificationARNs", s->notifications);
    if (s->timeout_minutes)
        wb_out_i64(o, "TimeoutInMinutes", s->timeout_minutes);
    out_list(c, "Capabilities", s->capabilities);
    out_list(c, "Outputs", s->outputs);
    wb_out_str(o, "RoleARN", s->role);
    out_list(c, "Tags", s->tags);
    wb_out_bool(o, "EnableTerminationProtection", s->protection);
    wb_out_str(o, "ParentId", s->parent);
    wb_out_str(o, "RootId", s->root);
    out_drift(o, "StackDriftStatus", s->drift, s->drift_ms);
    if (s->deletion_mode.n)
        wb_out_str(o, "DeletionMode", s->deletion_mode);
    wb_out_end(o);
}

/* --- pages --- */

/* A scan from behind the token's key. NULL with the call failed when it is not ours. */
static struct wb_scan *page(struct wb_call *c, struct wb_slice prefix)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), last, hi = wb_key_after(c->arena, prefix);
    if (!token.n)
        return wb_tx_scan(c->tx, prefix, hi, false);
    if (!wb_page_open(c, token, prefix, &last) || !wb_slice_starts(last, prefix)) {
        cfn_invalid(c, "NextToken is invalid");
        return NULL;
    }
    return wb_tx_scan(c->tx, wb_key_after(c->arena, last), hi, false);
}

static void next_page(struct wb_call *c, struct wb_slice prefix, struct wb_slice last)
{
    if (last.p)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, prefix, last));
}

/* --- stacks --- */

/* Rows of the call's scope, as many as `out` takes; it says whether it took the stack. */
static void each_stack(struct wb_call *c, const char *list,
                       bool (*out)(struct wb_call *c, const struct cfn_stack *s))
{
    struct wb_slice prefix = wb_key(c->arena, WB_T_CFN_STACK, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice key, row, last = WB_SLICE_NULL;
    struct cfn_stack s;
    size_t n = 0;
    struct wb_scan *scan = page(c, prefix);
    if (wb_failed(c))
        return;
    wb_out_list(&c->out, list);
    while (wb_tx_next(c->tx, scan, &key, &row)) {
        if (!cfn_stack_decode(c->tx, key, row, &s) || !out(c, &s))
            continue;
        if (++n == WB_CFN_PAGE) {
            last = wb_dup(c->arena, key);
            break;
        }
    }
    wb_scan_close(scan);
    wb_out_end(&c->out);
    next_page(c, prefix, last);
}

static bool out_alive(struct wb_call *c, const struct cfn_stack *s)
{
    if (!cfn_stack_deleted(s))
        out_stack(c, s);
    return !cfn_stack_deleted(s);
}

void cfn_describe_stacks(struct wb_call *c)
{
    struct cfn_stack s;
    if (!wb_in_str(c, "StackName").n) {
        each_stack(c, "Stacks", out_alive);
        return;
    }
    if (!cfn_call_stack(c, "StackName", &s))
        return;
    wb_out_list(&c->out, "Stacks");
    out_stack(c, &s);
    wb_out_end(&c->out);
}

static bool out_summary(struct wb_call *c, const struct cfn_stack *s)
{
    struct wb_out *o = &c->out;
    struct wb_slice filter = cfn_list_in(c, "StackStatusFilter");
    if (filter.p && !cfn_list_has(c->arena, filter, s->status))
        return false;
    wb_out_object(o, NULL);
    wb_out_str(o, "StackId", s->arn);
    wb_out_str(o, "StackName", s->name);
    wb_out_str(o, "TemplateDescription", s->description);
    wb_out_time(o, "CreationTime", s->created_ms);
    if (s->updated_ms)
        wb_out_time(o, "LastUpdatedTime", s->updated_ms);
    if (s->deleted_ms)
        wb_out_time(o, "DeletionTime", s->deleted_ms);
    wb_out_str(o, "StackStatus", s->status);
    if (s->reason.n)
        wb_out_str(o, "StackStatusReason", s->reason);
    wb_out_str(o, "ParentId", s->parent);
    wb_out_str(o, "RootId", s->root);
    out_drift(o, "StackDriftStatus", s->drift, s->drift_ms);
    wb_out_end(o);
    return true;
}

void cfn_list_stacks(struct wb_call *c)
{
    each_stack(c, "StackSummaries", out_summary);
}

/* --- events --- */

static void out_event(struct wb_call *c, const struct cfn_stack *s, struct wb_slice row)
{
    static const char *const texts[] = {
        "EventId",        "LogicalResourceId",    "PhysicalResourceId", "ResourceType",
        "ResourceStatus", "ResourceStatusReason", "ClientRequestToken"};
    struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, row), NULL);
    struct wb_out *o = &c->out;
    wb_out_object(o, NULL);
    wb_out_str(o, "StackId", s->arn);
    wb_out_str(o, "StackName", s->name);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        wb_out_str(o, texts[i], wb_json_get_str(v, texts[i], c->arena));
    wb_out_time(o, "Timestamp", wb_json_get_i64(v, "Timestamp", 0));
    wb_out_end(o);
}

void cfn_describe_events(struct wb_call *c)
{
    struct cfn_stack s;
    struct wb_slice key, row, last = WB_SLICE_NULL;
    size_t n = 0;
    if (!wb_in_str(c, "StackName").n) {
        cfn_invalid(c, "StackName must be specified");
        return;
    }
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    struct wb_slice prefix = wb_key(c->arena, WB_T_CFN_EVENT, "u", s.number);
    struct wb_scan *scan = page(c, prefix);
    if (wb_failed(c))
        return;
    wb_out_list(&c->out, "StackEvents");
    while (n < WB_CFN_PAGE && wb_tx_next(c->tx, scan, &key, &row)) {
        out_event(c, &s, row);
        if (++n == WB_CFN_PAGE)
            last = wb_dup(c->arena, key);
    }
    wb_scan_close(scan);
    wb_out_end(&c->out);
    next_page(c, prefix, last);
}

/* --- resources --- */

enum form { RESOURCE, DETAIL, SUMMARY };

static void out_resource(struct wb_call *c, const struct cfn_stack *s, const struct cfn_resource *r,
                         enum form form, const char *name)
{
    struct wb_out *o = &c->out;
    wb_out_object(o, name);
    if (form != SUMMARY) {
        wb_out_str(o, "StackName", s->name);
        wb_out_str(o, "StackId", s->arn);
    }
    wb_out_str(o, "LogicalResourceId", r->id);
    if (r->physical_id.n)
        wb_out_str(o, "PhysicalResourceId", r->physical_id);
    wb_out_str(o, "ResourceType", r->type);
    wb_out_time(o, form == RESOURCE ? "Timestamp" : "LastUpdatedTimestamp", r->updated_ms);
    wb_out_str(o, "ResourceStatus", r->status);
    if (r->reason.n)
        wb_out_str(o, "ResourceStatusReason", r->reason);
    out_drift(o, "StackResourceDriftStatus", r->drift, r->drift_ms);
    if (form == DETAIL) {
        const struct wb_template *t = cfn_text_template(c->tx, s->text);
        for (size_t i = 0; t && i < t->resource_count; i++) {
            struct wb_json m = wb_json_get(t->resource[i].body, "Metadata");
            if (wb_slice_eq(t->resource[i].id, r->id) && wb_json_is(m))
                wb_out_str(o, "Metadata", wb_json_raw(m));
        }
    }
    wb_out_end(o);
}

void cfn_describe_resource(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_resource r;
    struct wb_slice id = wb_in_str(c, "LogicalResourceId");
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    if (!cfn_resource_read(c->tx, s.number, id, &r)) {
        cfn_invalid(c, "Resource %.*s does not exist for stack %.*s", WB_FMT(id), WB_FMT(s.name));
        return;
    }
    out_resource(c, &s, &r, DETAIL, "StackResourceDetail");
}

/* The stack that has a resource with this physical id. */
static bool by_physical(struct wb_call *c, struct wb_slice physical, struct cfn_stack *out)
{
    struct wb_slice prefix = wb_key(c->arena, WB_T_CFN_STACK, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice key, row;
    struct wb_scan *scan = wb_tx_scan_prefix(c->tx, prefix);
    bool found = false;
    while (!found && wb_tx_next(c->tx, scan, &key, &row)) {
        size_t count;
        if (!cfn_stack_decode(c->tx, key, row, out) || cfn_stack_deleted(out))
            continue;
        struct cfn_resource *r = cfn_resources(c->tx, out->number, &count);
        for (size_t i = 0; i < count && !found; i++)
            found = wb_slice_eq(r[i].physical_id, physical);
    }
    wb_scan_close(scan);
    if (!found)
        cfn_invalid(c, "Stack for %.*s does not exist", WB_FMT(physical));
    return found;
}

void cfn_describe_resources(struct wb_call *c)
{
    struct wb_slice physical = wb_in_str(c, "PhysicalResourceId");
    struct wb_slice id = wb_in_str(c, "LogicalResourceId");
    struct cfn_stack s;
    size_t count;
    bool named = wb_in_str(c, "StackName").n;
    if (named == (physical.n > 0)) {
        cfn_invalid(c, "Either StackName or PhysicalResourceId must be specified, but not both");
        return;
    }
    if (!(named ? cfn_call_stack(c, "StackName", &s) : by_physical(c, physical, &s)))
        return;
    struct cfn_resource *r = cfn_resources(c->tx, s.number, &count);
    wb_out_list(&c->out, "StackResources");
    for (size_t i = 0; i < count; i++)
        if (!id.n || wb_slice_eq(id, r[i].id))
            out_resource(c, &s, &r[i], RESOURCE, NULL);
    wb_out_end(&c->out);
}

void cfn_list_resources(struct wb_call *c)
{
    struct cfn_stack s;
    struct wb_slice key, row, last = WB_SLICE_NULL;
    size_t n = 0;
    if (!cfn_call_stack(c, "StackName", &s))
        return;
    struct wb_slice prefix = wb_key(c->arena, WB_T_CFN_RESOURCE, "u", s.number);
    struct wb_scan *scan = page(c, prefix);
    if (wb_failed(c))
        return;
    wb_out_list(&c->out, "StackResourceSummaries");
    while (n < WB_CFN_PAGE && wb_tx_next(c->tx, scan, &key, &row)) {
        struct wb_key_rd k = wb_key_rd(c->arena, key, &(uint16_t){0});
        struct cfn_resource r;
        wb_key_rd_u64(&k);
        if (cfn_resource_read(c->tx, s.number, wb_key_rd_str(&k), &r))
            out_resource(c, &s, &r, SUMMARY, NULL);
        if (++n == WB_CFN_PAGE)
            last = wb_dup(c->arena, key);
    }
    wb_scan_close(scan);
    wb_out_end(&c->out);
    next_page(c, prefix, last);
}

/* --- exports --- */

void cfn_list_exports(struct wb_call *c)
{
    struct wb_slice prefix = wb_key(c->arena, WB_T_CFN_EXPORT, "ss", c->ctx.account, c->ctx.region);
    struct wb_slice key, row, last = WB_SLICE_NULL;
    size_t n = 0;
    struct wb_scan *scan = page(c, prefix);
    if (wb_failed(c))
        return;
    wb_out_list(&c->out, "Exports");
    while (n < WB_CFN_PAGE && wb_tx_next(c->tx, scan, &key, &row)) {
        struct wb_key_rd k = wb_key_rd(c->arena, key, &(uint16_t){0});
        struct wb_json v = wb_json_read(c->arena, wb_dup(c->arena, row), NULL);
        struct cfn_stack s;
        wb_key_rd_str(&k);
        wb_key_rd_str(&k);
        if (cfn_stack_read(c->tx, c->ctx.account, c->ctx.region,
                           (uint64_t)wb_json_get_i64(v, "stack", 0), &s)) {
            wb_out_object(&c->out, NULL);
            wb_out_str(&c->out, "ExportingStackId", s.arn);
            wb_out_str(&c->out, "Name", wb_key_rd_str(&k));
            wb_out_str(&c->out, "Value", wb_json_get_str(v, "value", c->arena));
            wb_out_end(&c->out);
        }
        if (++n == WB_CFN_PAGE)
            last = wb_dup(c->arena, key);
    }
    wb_scan_close(scan);
    wb_out_end(&c->out);
    next_page(c, prefix, last);
}

void cfn_list_imports(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "ExportName"), key, row, last = WB_SLICE_NULL;
    struct wb_slice prefix =
        wb_key(c->arena, WB_T_CFN_IMPORT, "sss", c->ctx.account, c->ctx.region, name);
    size_t n = 0;
    struct wb_scan *scan = page(c, prefix);
    if (wb_failed(c))
        return;
    wb_out_list(&c->out, "Imports");
    while (n < WB_CFN_PAGE && wb_tx_next(c->tx, scan, &key, &row)) {
        struct wb_key_rd k = wb_key_rd(c->arena, key, &(uint16_t){0});
        struct cfn_stack s;
        for (int i = 0; i < 3; i++)
            wb_key_rd_str(&k);
        if (cfn_stack_read(c->tx, c->ctx.account, c->ctx.region, wb_key_rd_u64(&k), &s))
            wb_out_str(&c->out, NULL, s.name);
        if (++n == WB_CFN_PAGE)
            last = wb_dup(c->arena, key);
    }
    wb_scan_close(scan);
    wb_out_end(&c->out);
    if (!n)
        cfn_invalid(c, "Export '%.*s' is not imported by any stack.", WB_FMT(name));
    next_page(c, prefix, last);
}

void cfn_account_limits(struct wb_call *c)
{
    static const struct {
        const char *name;
        int64_t value;
    } limits[] = {{"StackLimit", WB_CFN_STACKS_MAX}, {"StackOutputsLimit", WB_CFN_OUTPUTS_MAX}};
    wb_out_list(&c->out, "AccountLimits");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        wb_out_object(&c->out, NULL);
        wb_out_cstr(&c->out, "Name", limits[i].name);
        wb_out_i64(&c->out, "Value", limits[i].value);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}
