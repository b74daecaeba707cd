/* Change sets: their rows, and the operations on them. */
#include "services/cloudformation/changeset.h"

#include "base/arn.h"
#include "base/ids.h"
#include "engine/paging.h"
#include "services/cloudformation/record.h"

#define C(member, kind) CFN_MEMBER(struct cfn_change_set, member, kind)
static const struct cfn_member members[] = {
    C(number, CFN_NUMBER),
    C(name, CFN_TEXT),
    C(uuid, CFN_TEXT),
    C(type, CFN_TEXT),
    C(status, CFN_TEXT),
    C(reason, CFN_TEXT),
    C(execution, CFN_TEXT),
    C(description, CFN_TEXT),
    C(token, CFN_TEXT),
    C(on_failure, CFN_TEXT),
    C(parameters, CFN_SECRET),
    C(tags, CFN_JSON),
    C(notifications, CFN_JSON),
    C(capabilities, CFN_JSON),
    C(rollback_triggers, CFN_JSON),
    C(stack_description, CFN_TEXT),
    C(role, CFN_TEXT),
    C(take, CFN_JSON),
    C(text, CFN_NUMBER),
    C(changes, CFN_NUMBER),
    C(created_ms, CFN_NUMBER),
    C(tags_changed, CFN_FLAG),
    C(import_existing, CFN_FLAG),
    {.name = NULL},
};
#undef C

static const char unchanged[] =
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set.";

/* --- rows --- */

static struct wb_slice set_key(struct wb_arena *a, uint64_t stack, struct wb_slice name)
{
    return wb_key(a, WB_T_CFN_CHANGE_SET, "us", stack, name);
}

static struct wb_slice place(struct wb_arena *a, uint64_t stack, struct wb_slice name)
{
    return wb_printf(a, "cloudformation/%llu/change set/%.*s", (unsigned long long)stack,
                     WB_FMT(name));
}

static bool decode(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name,
                   struct wb_slice row, struct cfn_change_set *out)
{
    *out = (struct cfn_change_set){.stack = s->number};
    if (!cfn_record_read(tx, members, row, place(tx->arena, s->number, name), out))
        return false;
    out->arn = wb_arn_make(tx->arena, "cloudformation", s->region, s->account,
                           "changeSet/%.*s/%.*s", WB_FMT(out->name), WB_FMT(out->uuid));
    return out->name.n > 0;
}

static void write_set(struct wb_tx *tx, const struct cfn_change_set *cs)
{
    wb_tx_put(tx, set_key(tx->arena, cs->stack, cs->name),
              cfn_record_write(tx, members, cs, place(tx->arena, cs->stack, cs->name)));
}

static bool by_name(struct wb_tx *tx, const struct cfn_stack *s, struct wb_slice name,
                    struct cfn_change_set *out)
{
    struct wb_slice row;
    return wb_tx_get(tx, set_key(tx->arena, s->number, name), &row) &&
           decode(tx, s, name, row, out);
}

static struct wb_slice id_key(struct wb_arena *a, const struct cfn_stack *s, struct wb_slice uuid)
{
    return wb_key(a, WB_T_CFN_CHANGE_ID, "sss", s->account, s->region, uuid);
}

static void drop_set(struct wb_tx *tx, const struct cfn_stack *s, const struct cfn_change_set *cs)
{
    for (uint64_t i = 0; i < cs->changes; i++)
        wb_tx_del(tx, wb_key(tx->arena, WB_T_CFN_CHANGE, "uu", cs->number, i));
    cfn_text_drop(tx, cs->text);
    wb_tx_del(tx, id_key(tx->arena, s, cs->uuid));
    wb_tx_del(tx, set_key(tx->arena, s->number, cs->name));
}

static size_t all_sets(struct wb_tx *tx, const struct cfn_stack *s, struct cfn_change_set **out)
{
    struct wb_slice key, row;
    size_t n = 0, cap = 16;
    struct wb_scan *scan =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_CFN_CHANGE_SET, "u", s->number));
    *out = wb_new_n(tx->arena, struct cfn_change_set, cap);
    while (wb_tx_next(tx, scan, &key, &row)) {
        struct wb_key_rd r = wb_key_rd(tx->arena, key, &(uint16_t){0});
        wb_key_rd_u64(&r);
        if (n == cap) {
            struct cfn_change_set *more = wb_new_n(tx->arena, struct cfn_change_set, cap * 2);
            memcpy(more, *out, cap * sizeof *more);
            *out = more;
            cap *= 2;
        }
        if (decode(tx, s, wb_key_rd_str(&r), row, &(*out)[n]))
            n++;
    }
    wb_scan_close(scan);
    return n;
}

void cfn_drop_change_sets(struct wb_tx *tx, const struct cfn_stack *s)
{
    struct cfn_change_set *cs;
    size_t n = all_sets(tx, s, &cs);
    for (size_t i = 0; i < n; i++)
        drop_set(tx, s, &cs[i]);
}

/* --- finding --- */

static bool by_arn(struct wb_call *c, struct wb_slice arn, struct cfn_stack *s,
                   struct cfn_change_set *out)
{
    struct wb_arn a;
    struct wb_slice row;
    if (!wb_arn_parse(arn, &a) || !wb_slice_eq(a.account, c->ctx.account) ||
        !wb_slice_eq(a.region, c->ctx.region))
        return false;
    struct wb_slice uuid = wb_slice_last(a.resource, '/');
    if (!wb_tx_get(c->tx, wb_key(c->arena, WB_T_CFN_CHANGE_ID, "sss", a.account, a.region, uuid),
                   &row))
        return false;
    struct wb_rd r = wb_rd(wb_dup(c->arena, row));
    uint64_t stack = wb_rd_le64(&r);
    struct wb_slice name = wb_rd_lp(&r);
    return wb_rd_done(&r) && cfn_stack_read(c->tx, a.account, a.region, stack, s) &&
           by_name(c->tx, s, name, out);
}

/* The change set of the call; *quiet: an absent one is no error. */
static bool find(struct wb_call *c, bool quiet, struct cfn_stack *s, struct cfn_change_set *out)
{
    struct wb_slice given = wb_in_str(c, "ChangeSetName"), stack = wb_in_str(c, "StackName");
    if (wb_slice_starts(given, WB_S("arn:"))) {
        if (by_arn(c, given, s, out))
            return true;
    } else if (!stack.n) {
        cfn_invalid(c, "StackName must be specified if ChangeSetName is not specified as an ARN.");
        return false;
    } else if (!cfn_stack_find(c->tx, &c->ctx, stack, s)) {
        if (!quiet)
            cfn_invalid(c, "Stack [%.*s] does not exist", WB_FMT(stack));
        return false;
    } else if (by_name(c->tx, s, given, out)) {
        return true;
    }
    if (!quiet)
        wb_fail(c, "ChangeSetNotFound", 404, "ChangeSet [%.*s] does not exist", WB_FMT(given));
    return false;
}

struct wb_slice cfn_change_set_owner(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_change_set cs;
    struct wb_slice given = wb_in_str(c, "ChangeSetName");
    return by_arn(c, given, &s, &cs) ? s.arn : WB_S("*");
}

bool cfn_change_set_text(struct wb_call *c, uint64_t *number)
{
    struct cfn_stack s;
    struct cfn_change_set cs;
    if (!find(c, false, &s, &cs))
        return false;
    *number = cs.text;
    return true;
}

/* --- imports --- */

static bool resources_to_import(struct wb_call *c, const struct cfn_request *q,
                                struct wb_json_writer *w)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "ResourcesToImport"));
    while (wb_json_next(&it)) {
        struct wb_slice id = wb_json_get_str(it.value, "LogicalResourceId", c->arena);
        struct wb_slice type = wb_json_get_str(it.value, "ResourceType", c->arena);
        const struct wb_template_resource *t = cfn_eval_find(&q->eval, id);
        const struct wb_cfn_type *of = wb_cfn_type_find(type);
        struct cfn_resource r;
        if (!t || !wb_slice_eq(t->type, type))
            cfn_invalid(c,
                        "Resources [%.*s] are missing from the template, or are of another "
                        "type there",
                        WB_FMT(id));
        else if (!of || !of->identifier || !of->read)
            cfn_invalid(c, "ResourceTypes [%.*s] are not supported for Import", WB_FMT(type));
        else if (!wb_json_is(wb_json_get(t->body, "DeletionPolicy")))
            cfn_invalid(c,
                        "Resources [%.*s] must have a DeletionPolicy attribute specified in "
                        "the template.",
                        WB_FMT(id));
        else if (q->update && cfn_resource_read(c->tx, q->old.number, id, &r))
            cfn_invalid(c,
                        "Resources [%.*s] passed in ResourceToImport are already in a stack and "
                        "cannot be imported.",
                        WB_FMT(id));
        if (wb_failed(c))
            return false;
        struct wb_json ids = wb_json_get(it.value, "ResourceIdentifier");
        struct wb_slice value = wb_json_get_str(ids, of->identifier, c->arena);
        if (!value.n) {
            cfn_invalid(c,
                        "Invalid identifiers for resource %.*s. The identifier of %.*s is "
                        "[%s].",
                        WB_FMT(id), WB_FMT(type), of->identifier);
            return false;
        }
        wb_jw_key_slice(w, id);
        wb_jw_str(w, value);
    }
    return true;
}

static bool no_other_changes(struct wb_call *c, const struct cfn_changes *ch)
{
    for (size_t i = 0; i < ch->count; i++)
        if (!wb_slice_is(ch->change[i].action, "Import")) {
            cfn_invalid(c,
                        "As part of the import operation, you cannot modify or add [%.*s] "
                        "resources",
                        WB_FMT(ch->change[i].id));
            return false;
        }
    return true;
}

/* ImportExistingResources: what has a name of its own and is there already is taken over. */
struct probe {
    struct wb_cfn_resource *h;
    enum wb_cfn_result result;
};

static bool look(struct wb_tx *tx, void *arg)
{
    struct probe *p = arg;
    p->result = p->h->of->read(p->h);
    return false;
}

static void existing(struct wb_call *c, struct cfn_request *q, struct wb_json_writer *w)
{
    for (size_t i = 0; i < q->t->resource_count; i++) {
        const struct wb_template_resource *t = &q->t->resource[i];
        const struct wb_cfn_type *of = wb_cfn_type_find(t->type);
        struct cfn_resource r;
        struct wb_slice json, why;
        bool unknown;
        if (!of || !of->identifier || !of->read ||
            !wb_template_condition(&q->eval.env, t->condition) ||
            (q->update && cfn_resource_read(c->tx, q->old.number, t->id, &r) && r.physical_id.n &&
             !cfn_resource_gone(&r)))
            continue;
        if (!cfn_eval_properties(&q->eval, t, &json, &unknown, &why))
            continue;
        struct wb_json name = wb_json_get(wb_json_read(c->arena, json, NULL), of->identifier);
        if (wb_json_type(name) != WB_JSON_STRING)
            continue;
        r = (struct cfn_resource){.id = t->id,
                                  .type = t->type,
                                  .properties = json,
                                  .physical_id = wb_json_str(name, c->arena)};
        if (wb_slice_find(r.physical_id, WB_S(WB_CFN_UNKNOWN), 0) >= 0)
            continue;
        struct probe p = {.h = cfn_handle(c->tx, &q->ctx, &q->s, &r), .result = WB_CFN_FAILED};
        wb_tx_attempt(c->tx, look, &p);
        if (p.result != WB_CFN_DONE)
            continue;
        wb_jw_key_slice(w, t->id);
        wb_jw_str(w, r.physical_id);
    }
}

static bool imports(struct wb_call *c, struct cfn_request *q, const struct cfn_change_set *cs,
                    struct wb_slice *take)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    if (wb_slice_is(cs->type, "IMPORT")) {
        if (!wb_json_count(wb_in(c, "ResourcesToImport"))) {
            cfn_invalid(c, "You must specify ResourcesToImport for a change set of type IMPORT.");
            return false;
        }
        if (!resources_to_import(c, q, &w))
            return false;
    } else if (cs->import_existing) {
        existing(c, q, &w);
    }
    wb_jw_end_object(&w);
    *take = wb_buf_slice(&b);
    if (take->n == 2)
        *take = WB_SLICE_NULL;
    return true;
}

/* --- create --- */

static bool review_stack(struct wb_call *c, struct cfn_request *q, const struct wb_slice type)
{
    struct wb_slice given = wb_in_str(c, "StackName");
    bool exists = cfn_stack_find(c->tx, &c->ctx, given, &q->old) && !cfn_stack_deleted(&q->old);
    bool reviewed = exists && wb_slice_is(q->old.status, "REVIEW_IN_PROGRESS");
    bool create = wb_slice_is(type, "CREATE");
    if (exists && !reviewed && create) {
        wb_fail(c, "AlreadyExistsException", 400,
                "Stack [%.*s] already exists and cannot be "
                "created again with the changeSet [%.*s].",
                WB_FMT(q->old.name), WB_FMT(wb_in_str(c, "ChangeSetName")));
        return false;
    }
    if (exists && !reviewed) {
        q->update = true;
        q->s = q->old;
        return cfn_may_update(c, &q->old);
    }
    if (wb_slice_is(type, "UPDATE")) {
        cfn_invalid(c, "Stack [%.*s] does not exist", WB_FMT(given));
        return false;
    }
    if (reviewed) {
        q->s = q->old;
        return true;
    }
    q->s.name = given;
    return cfn_new_name(c, given);
}

/* A stack that so far is only thought of. */
static void begin_review(struct wb_call *c, struct cfn_stack *s)
{
    struct cfn_stack n = {.account = s->account, .region = s->region, .name = s->name};
    if (s->number)
        return;
    cfn_stack_new(c->tx, &n);
    cfn_status(c->tx, &c->ctx, &n, WB_S("REVIEW_IN_PROGRESS"), WB_S("User Initiated"),
               WB_SLICE_NULL);
    cfn_stack_write(c->tx, &n);
    s->number = n.number;
    s->arn = n.arn;
    s->uuid = n.uuid;
}

static void keep(struct wb_call *c, struct cfn_request *q, struct cfn_change_set *cs,
                 const struct cfn_changes *ch)
{
    struct wb_tx *tx = c->tx;
    struct wb_buf id = wb_buf_in(c->arena);
    cs->stack = q->s.number;
    cs->number = wb_tx_number(tx, "change set");
    cs->uuid = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    cs->created_ms = tx->now_ms;
    cs->parameters = q->s.parameters;
    cs->tags = q->s.tags;
    cs->notifications = q->s.notifications;
    cs->capabilities = q->s.capabilities;
    cs->rollback_triggers = q->s.rollback_triggers;
    cs->stack_description = q->s.description;
    cs->role = q->s.role;
    cs->tags_changed = q->update && cfn_tags_changed(c, q);
    struct wb_slice original = q->original;
    if (original.p || cfn_text_get(tx, q->old.text, false, &original))
        cs->text = cfn_text_new(tx, original, q->t->text, q->made);
    for (size_t i = 0; i < ch->count; i++)
        wb_tx_put(tx, wb_key(c->arena, WB_T_CFN_CHANGE, "uu", cs->number, (uint64_t)i),
                  ch->change[i].json);
    cs->changes = ch->count;
    wb_buf_le64(&id, cs->stack);
    wb_buf_lp(&id, cs->name);
    wb_tx_put(tx, id_key(c->arena, &q->s, cs->uuid), wb_buf_slice(&id));
    write_set(tx, cs);
    cs->arn = wb_arn_make(c->arena, "cloudformation", q->s.region, q->s.account,
                          "changeSet/%.*s/%.*s", WB_FMT(cs->name), WB_FMT(cs->uuid));
}

static void answer(struct wb_call *c, const struct cfn_change_set *cs, const struct cfn_stack *s)
{
    wb_out_str(&c->out, "Id", cs->arn);
    wb_out_str(&c->out, "StackId", s->arn);
}

static bool intend(struct wb_call *c, struct cfn_intent *p)
{
    struct cfn_request *q = &p->q;
    struct cfn_change_set *cs = p->set = wb_new(c->arena, struct cfn_change_set);
    *cs =
        (struct cfn_change_set){.name = wb_in_str(c, "ChangeSetName"),
                                .type = wb_in_str(c, "ChangeSetType"),
                                .description = wb_in_str(c, "Description"),
                                .token = wb_in_str(c, "ClientToken"),
                                .on_failure = wb_in_str(c, "OnStackFailure"),
                                .import_existing = wb_in_bool(c, "ImportExistingResources", false)};
    struct cfn_stack *old = wb_new(c->arena, struct cfn_stack);
    struct cfn_change_set was;
    if (!cs->type.p)
        cs->type = WB_S("UPDATE");
    if (cfn_stack_find(c->tx, &c->ctx, wb_in_str(c, "StackName"), old) &&
        by_name(c->tx, old, cs->name, &was)) {
        if (cs->token.n && wb_slice_eq(cs->token, was.token)) {
            *cs = was;
            p->repeated = old;
            return true;
        }
        wb_fail(c, "AlreadyExistsException", 400, "ChangeSet %.*s already exists", WB_FMT(was.arn));
        return false;
    }
    return review_stack(c, q, cs->type) && cfn_request_read(c, q, true) &&
           imports(c, q, cs, &cs->take) && cfn_changes(c, q, cs->take, &p->changes) &&
           (!wb_slice_is(cs->type, "IMPORT") || no_other_changes(c, &p->changes));
}

void cfn_create_change_set_prepare(struct wb_call *c)
{
    /* What exists is tried in nested transactions, which a snapshot does not have. */
    if (!wb_in_bool(c, "ImportExistingResources", false))
        cfn_intend(c, intend);
}

void cfn_create_change_set(struct wb_call *c)
{
    struct cfn_intent *p = cfn_intent_of(c, intend);
    if (!p)
        return;
    if (p->repeated) {
        answer(c, p->set, p->repeated);
        return;
    }
    struct cfn_request q = p->q; /* a command may run again */
    struct cfn_change_set cs = *p->set;
    bool any = !q.update || cfn_changes_any(&p->changes);
    cs.status = any ? WB_S("CREATE_COMPLETE") : WB_S("FAILED");
    cs.execution = any ? WB_S("AVAILABLE") : WB_S("UNAVAILABLE");
    if (!any)
        cs.reason = wb_slice_str(unchanged);
    begin_review(c, &q.s);
    keep(c, &q, &cs, &p->changes);
    answer(c, &cs, &q.s);
}

/* --- describe and list --- */

static void out_parameters(struct wb_call *c, const struct cfn_change_set *cs)
{
    struct cfn_stack s = {.parameters = cs->parameters};
    cfn_out_parameters(c, &s);
}

static void out_list(struct wb_call *c, const char *name, struct wb_slice json)
{
    cfn_out_json(&c->out, name, wb_json_read(c->arena, json.p ? json : WB_S("[]"), NULL), c->arena);
}

static const char *const value_names[] = {"BeforeContext", "AfterContext", NULL};

/* The row as it is, without property values when nobody asked for them. */
static void out_change(struct wb_call *c, struct wb_slice row, bool values)
{
    struct wb_json v = wb_json_read(c->arena, row, NULL);
    struct wb_json_iter it = wb_json_iter(v);
    wb_out_object(&c->out, NULL);
    wb_out_cstr(&c->out, "Type", "Resource");
    wb_out_object(&c->out, "ResourceChange");
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.key, c->arena);
        bool value = wb_slice_is(name, value_names[0]) || wb_slice_is(name, value_names[1]);
        if (!value || values)
            cfn_out_json(&c->out, wb_dup_cstr(c->arena, name), it.value, c->arena);
    }
    wb_out_end(&c->out);
    wb_out_end(&c->out);
}

static bool first_of_page(struct wb_call *c, struct wb_slice filter, uint64_t *first)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), last;
    *first = 0;
    if (!token.n)
        return true;
    if (wb_page_open(c, token, filter, &last) && wb_slice_u64(last, first))
        return true;
    cfn_invalid(c, "NextToken is invalid");
    return false;
}

static void out_changes(struct wb_call *c, const struct cfn_change_set *cs, uint64_t i)
{
    bool values = wb_in_bool(c, "IncludePropertyValues", false);
    size_t bytes = 0;
    wb_out_list(&c->out, "Changes");
    for (; i < cs->changes && bytes < WB_CFN_PAGE_BYTES; i++) {
        struct wb_slice row;
        if (!wb_tx_get(c->tx, wb_key(c->arena, WB_T_CFN_CHANGE, "uu", cs->number, i), &row))
            continue;
        bytes += row.n;
        out_change(c, wb_dup(c->arena, row), values);
    }
    wb_out_end(&c->out);
    if (i < cs->changes)
        wb_out_str(&c->out, "NextToken",
                   wb_page_token(c, cs->arn, wb_printf(c->arena, "%llu", (unsigned long long)i)));
}

void cfn_describe_change_set(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_change_set cs;
    uint64_t first;
    if (!find(c, false, &s, &cs) || !first_of_page(c, cs.arn, &first))
        return;
    struct wb_out *o = &c->out;
    wb_out_str(o, "ChangeSetName", cs.name);
    wb_out_str(o, "ChangeSetId", cs.arn);
    wb_out_str(o, "StackId", s.arn);
    wb_out_str(o, "StackName", s.name);
    wb_out_str(o, "Description", cs.description);
    out_parameters(c, &cs);
    wb_out_time(o, "CreationTime", cs.created_ms);
    wb_out_str(o, "ExecutionStatus", cs.execution);
    wb_out_str(o, "Status", cs.status);
    wb_out_str(o, "StatusReason", cs.reason);
    out_list(c, "NotificationARNs", cs.notifications);
    cfn_out_json(
        o, "RollbackConfiguration",
        wb_json_read(c->arena, cs.rollback_triggers.p ? cs.rollback_triggers : WB_S("{}"), NULL),
        c->arena);
    out_list(c, "Capabilities", cs.capabilities);
    out_list(c, "Tags", cs.tags);
    wb_out_bool(o, "IncludeNestedStacks", false); /* they show as changed, no more */
    wb_out_bool(o, "ImportExistingResources", cs.import_existing);
    wb_out_str(o, "OnStackFailure", cs.on_failure);
    out_changes(c, &cs, first);
}

void cfn_describe_hooks(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_change_set cs;
    if (!find(c, false, &s, &cs))
        return;
    wb_out_str(&c->out, "ChangeSetId", cs.arn);
    wb_out_str(&c->out, "ChangeSetName", cs.name);
    wb_out_list(&c->out, "Hooks");
    wb_out_end(&c->out);
    wb_out_cstr(&c->out, "Status", "PLANNED");
    wb_out_str(&c->out, "StackId", s.arn);
    wb_out_str(&c->out, "StackName", s.name);
}

void cfn_list_change_sets(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_change_set *cs;
    struct wb_out *o = &c->out;
    if (!cfn_call_stack_bracketed(c, "StackName", &s))
        return;
    size_t n = all_sets(c->tx, &s, &cs);
    wb_out_list(o, "Summaries");
    for (size_t i = 0; i < n; i++) {
        wb_out_object(o, NULL);
        wb_out_str(o, "StackId", s.arn);
        wb_out_str(o, "StackName", s.name);
        wb_out_str(o, "ChangeSetId", cs[i].arn);
        wb_out_str(o, "ChangeSetName", cs[i].name);
        wb_out_str(o, "ExecutionStatus", cs[i].execution);
        wb_out_str(o, "Status", cs[i].status);
        wb_out_str(o, "StatusReason", cs[i].reason);
        wb_out_time(o, "CreationTime", cs[i].created_ms);
        wb_out_str(o, "Description", cs[i].description);
        wb_out_bool(o, "IncludeNestedStacks", false);
        wb_out_bool(o, "ImportExistingResources", cs[i].import_existing);
        wb_out_end(o);
    }
    wb_out_end(o);
}

/* --- delete and execute --- */

void cfn_delete_change_set(struct wb_call *c)
{
    struct cfn_stack s;
    struct cfn_change_set cs;
    if (find(c, true, &s, &cs))
        drop_set(c->tx, &s, &cs);
}

static bool executable(struct wb_call *c, const struct cfn_stack *s,
                       const struct cfn_change_set *cs)
{
    if (!wb_slice_is(cs->execution, "AVAILABLE")) {
        wb_fail(c, "InvalidChangeSetStatus", 400,
                "ChangeSet [%.*s] cannot be executed in its current status of [%.*s]",
                WB_FMT(cs->arn), WB_FMT(cs->status));
        return false;
    }
    return wb_slice_is(s->status, "REVIEW_IN_PROGRESS") || cfn_may_update(c, s);
}

static void apply(struct cfn_stack *s, const struct cfn_change_set *cs)
{
    s->parameters = cs->parameters;
    s->tags = cs->tags;
    s->notifications = cs->notifications;
    s->capabilities = cs->capabilities;
    s->rollback_triggers = cs->rollback_triggers;
    s->description = cs->stack_description;
    s->role = cs->role;
    s->text = cs->text;
    s->change_set = cs->arn;
}

void cfn_execute_change_set(struct wb_call *c)
{
    struct cfn_stack s, before;
    struct cfn_change_set cs;
    struct wb_ctx ctx;
    if (!find(c, false, &s, &cs) || !executable(c, &s, &cs))
        return;
    bool review = wb_slice_is(s.status, "REVIEW_IN_PROGRESS");
    struct cfn_operation op = {.token = wb_in_str(c, "ClientRequestToken"),
                               .take = cs.take,
                               .on_failure = cs.on_failure.p ? cs.on_failure : WB_S("ROLLBACK"),
                               .tags_changed = cs.tags_changed};
    op.kind = wb_slice_is(cs.type, "IMPORT") ? cs.type : review ? WB_S("CREATE") : WB_S("UPDATE");
    op.retain_nothing = wb_in_bool(c, "RetainExceptOnCreate", false);
    before = s;
    apply(&s, &cs);
    s.disable_rollback = wb_in_bool(c, "DisableRollback", wb_slice_is(cs.on_failure, "DO_NOTHING"));
    if (!cfn_call_principal(c, &s, &ctx))
        return;
    cs.text = 0; /* it is the stack's now */
    drop_set(c->tx, &s, &cs);
    cfn_drop_change_sets(c->tx, &s); /* others were made for a stack that is no more */
    cfn_operation_begin(c->tx, &ctx, &s, review ? NULL : &before, &op);
    cfn_hold(c, &s);
}
