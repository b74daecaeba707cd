/*
 * One item of a plan: a resource is made, brought up to date, taken over, changed back or removed.
 *
 * A handler runs in a transaction of its own. When its very first call fails, nothing has happened,
 * and the rows are as they were; when a later one does, what it did before is there to be undone.
 */
#include "base/ids.h"
#include "services/cloudformation/deploy.h"

#define AGAIN_MIN_MS 20

bool cfn_resource_gone(const struct cfn_resource *r)
{
    return wb_slice_is(r->status, "DELETE_COMPLETE") || wb_slice_is(r->status, "DELETE_SKIPPED");
}

/* Is there anything behind the row that could be removed? */
static bool exists(const struct cfn_resource *r)
{
    return !cfn_resource_gone(r) && (r->physical_id.n || r->state.p);
}

/* --- saying what happens --- */

static void tell(struct cfn_run *run, struct cfn_resource *r, const char *verb, const char *how,
                 struct wb_slice reason)
{
    r->status = wb_printf(run->tx->arena, "%s_%s", verb, how);
    r->reason = reason;
    r->updated_ms = run->tx->now_ms;
    cfn_event_resource(run->tx, &run->ctx, &run->s, r, run->op.token);
}

static const char *handler_code(const char *code)
{
    static const struct {
        const char *part, *code;
    } known[] = {
        {"AlreadyExist", "AlreadyExists"},
        {"ResourceInUse", "AlreadyExists"},
        {"ResourceConflict", "AlreadyExists"},
        {"BucketAlready", "AlreadyExists"},
        {"NotFound", "NotFound"},
        {"NoSuch", "NotFound"},
        {"AccessDenied", "AccessDenied"},
        {"AuthorizationError", "AccessDenied"},
        {"Throttl", "Throttling"},
        {"LimitExceeded", "ServiceLimitExceeded"},
        {"TooManyRequests", "Throttling"},
        {"Validation", "InvalidRequest"},
        {"InvalidParameter", "InvalidRequest"},
        {"Invalid", "InvalidRequest"},
        {"Malformed", "InvalidRequest"},
        {"InternalServerError", "ServiceInternalError"},
        {"InternalFailure", "InternalFailure"},
        {"NotStabilized", "NotStabilized"},
    };
    for (size_t i = 0; code && i < sizeof known / sizeof *known; i++)
        if (strstr(code, known[i].part))
            return known[i].code;
    return "GeneralServiceException";
}

/* A custom resource's own words stand alone. */
static struct wb_slice failure(struct cfn_run *run, const struct wb_cfn_resource *h)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_slice message = h->error.message;
    if (h->of && !h->of->property)
        return message;
    if (h->service)
        message = wb_printf(a, "%.*s (Service: %s, Status Code: %d, Request ID: %.*s)",
                            WB_FMT(message), h->service, h->error.status ? h->error.status : 400,
                            WB_FMT(run->ctx.request_id));
    return wb_printf(a,
                     "Resource handler returned message: \"%.*s\" (RequestToken: %.*s, "
                     "HandlerErrorCode: %s)",
                     WB_FMT(message), WB_FMT(h->token), handler_code(h->error.code));
}

static void fail(struct cfn_run *run, struct cfn_item *it, struct wb_slice *list)
{
    it->state = CFN_FAILED_ITEM;
    *list = cfn_list_add(run->tx->arena, *list, it->id);
    run->failed = true;
}

/* --- calling a handler --- */

struct attempt {
    struct wb_cfn_resource *h;
    enum wb_cfn_result (*fn)(struct wb_cfn_resource *h);
    enum wb_cfn_result result;
};

static bool attempt(struct wb_tx *tx, void *arg)
{
    struct attempt *t = arg;
    t->result = t->fn(t->h);
    return t->result != WB_CFN_FAILED;
}

static enum wb_cfn_result call(struct cfn_run *run, struct wb_cfn_resource *h,
                               enum wb_cfn_result (*fn)(struct wb_cfn_resource *h))
{
    struct attempt t = {.h = h, .fn = fn, .result = WB_CFN_FAILED};
    if (!fn)
        return wb_cfn_fail(h, "NotSupported", "Resource type %.*s does not support this.",
                           WB_FMT(h->type));
    h->error = (struct wb_error){.code = NULL};
    wb_tx_attempt(run->tx, attempt, &t);
    return t.result;
}

/* What the handler left, into the row. */
static void take(struct cfn_resource *r, const struct wb_cfn_resource *h)
{
    r->physical_id = h->physical_id;
    r->attributes = h->attributes;
    r->state = h->state;
    r->deadline_ms = h->deadline_ms;
}

static void finished(struct cfn_resource *r)
{
    r->busy = false;
    r->state = r->token = WB_SLICE_NULL;
    r->deadline_ms = 0;
}

static void wait(struct cfn_run *run, struct cfn_item *it, const struct wb_cfn_resource *h,
                 enum wb_cfn_result result)
{
    it->state = CFN_WAITING;
    it->due_ms = result == WB_CFN_WAIT
                     ? h->deadline_ms
                     : run->tx->now_ms + (h->after_ms > AGAIN_MIN_MS ? h->after_ms : AGAIN_MIN_MS);
}

static void begin(struct cfn_run *run, struct cfn_resource *r)
{
    r->token = wb_id_uuid(run->tx->arena, wb_engine_seam(run->tx->engine));
    r->state = WB_SLICE_NULL;
    r->deadline_ms = 0;
    r->busy = true;
}

/* --- making --- */

static void make(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r, bool first)
{
    struct wb_tx *tx = run->tx;
    const char *verb = r->replaced ? "UPDATE" : "CREATE";
    struct wb_cfn_resource *h = cfn_handle(tx, &run->ctx, &run->s, r);
    h->before = WB_JSON_NONE; /* there is nothing yet that could stay as it is */
    h->before_tag_count = 0;
    struct cfn_resource old;
    bool named = r->physical_id.n;
    enum wb_cfn_result result = call(run, h, h->of ? h->of->create : NULL);
    if (result == WB_CFN_FAILED) {
        r->busy = false;
        tell(run, r, verb, "FAILED", failure(run, h));
        fail(run, it, r->replaced ? &run->op.failed_update : &run->op.failed_create);
        if (first && r->replaced && cfn_before_read(tx, run->s.number, it->id, &old)) {
            old.status = r->status;
            old.reason = r->reason;
            cfn_before_drop(tx, run->s.number, it->id);
            *r = old;
        }
        cfn_resource_write(tx, run->s.number, r);
        return;
    }
    take(r, h);
    if (!named && r->physical_id.n)
        tell(run, r, verb, "IN_PROGRESS", WB_S("Resource creation Initiated"));
    if (result == WB_CFN_DONE) {
        finished(r);
        tell(run, r, verb, "COMPLETE", WB_SLICE_NULL);
        it->state = CFN_DONE_ITEM;
    } else {
        wait(run, it, h, result);
    }
    cfn_resource_write(tx, run->s.number, r);
}

static struct cfn_resource fresh(struct cfn_run *run, const struct wb_template_resource *t,
                                 struct wb_slice properties)
{
    struct cfn_resource r = {.id = t->id,
                             .type = t->type,
                             .deletion_policy = t->deletion_policy,
                             .replace_policy = t->update_replace_policy,
                             .depends = cfn_eval_depends(&run->eval, t),
                             .properties = properties,
                             .made_by = run->op.number};
    begin(run, &r);
    return r;
}

/* The resolved properties, checked. False: the item has failed. */
static bool properties_of(struct cfn_run *run, struct cfn_item *it,
                          const struct wb_template_resource *t, const struct cfn_resource *old,
                          struct wb_slice *properties)
{
    struct wb_arena *a = run->tx->arena;
    const struct wb_cfn_type *type = wb_cfn_type_find(t->type);
    struct wb_slice why = WB_SLICE_NULL;
    bool good = cfn_eval_properties(&run->eval, t, properties, NULL, &why);
    if (good && !type) {
        why = wb_printf(a, "Unrecognized resource types: [%.*s]", WB_FMT(t->type));
        good = false;
    }
    good = good && wb_cfn_check(a, type, t->id, wb_json_read(a, *properties, NULL), true, &why);
    if (good)
        return true;
    struct cfn_resource r = old ? *old : fresh(run, t, WB_SLICE_NULL);
    r.busy = false;
    tell(run, &r, old ? "UPDATE" : "CREATE", "FAILED", why);
    fail(run, it, old ? &run->op.failed_update : &run->op.failed_create);
    cfn_resource_write(run->tx, run->s.number, &r);
    return false;
}

static void create(struct cfn_run *run, struct cfn_item *it, const struct wb_template_resource *t)
{
    struct wb_slice properties;
    if (!properties_of(run, it, t, NULL, &properties))
        return;
    struct cfn_resource r = fresh(run, t, properties);
    tell(run, &r, "CREATE", "IN_PROGRESS", WB_SLICE_NULL);
    make(run, it, &r, true);
}

/* --- bringing up to date --- */

static void change(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r,
                   const struct cfn_resource *untouched)
{
    struct wb_tx *tx = run->tx;
    struct cfn_resource old = {.id = it->id};
    struct wb_cfn_resource *h = cfn_handle(tx, &run->ctx, &run->s, r);
    if (cfn_before_read(tx, run->s.number, it->id, &old))
        h->before =
            wb_json_read(tx->arena, untouched ? untouched->properties : old.properties, NULL);
    if (run->before.number) {
        struct wb_pair *tag;
        h->before_tag_count = cfn_tag_list(tx->arena, run->before.tags, &tag);
        h->before_tag = tag;
    }
    enum wb_cfn_result result = call(run, h, h->of->update);
    if (result == WB_CFN_FAILED) {
        r->busy = false;
        tell(run, r, "UPDATE", "FAILED", failure(run, h));
        fail(run, it, &run->op.failed_update);
        if (untouched) {
            struct cfn_resource back = *untouched;
            back.status = r->status;
            back.reason = r->reason;
            if (wb_slice_eq(old.properties, untouched->properties))
                cfn_before_drop(tx, run->s.number, it->id);
            *r = back;
        }
        cfn_resource_write(tx, run->s.number, r);
        return;
    }
    take(r, h);
    if (result == WB_CFN_DONE) {
        finished(r);
        r->replaced = !wb_slice_eq(r->physical_id, old.physical_id);
        tell(run, r, "UPDATE", "COMPLETE", WB_SLICE_NULL);
        it->state = CFN_DONE_ITEM;
    } else {
        wait(run, it, h, result);
    }
    cfn_resource_write(tx, run->s.number, r);
}

static bool has_property(const struct wb_cfn_type *t, const char *name)
{
    for (const struct wb_cfn_property *p = t->property; p && p->name; p++)
        if (strcmp(p->name, name) == 0)
            return true;
    return false;
}

static void refuse(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r,
                   struct wb_slice why)
{
    tell(run, r, "UPDATE", "FAILED", why);
    fail(run, it, &run->op.failed_update);
    cfn_resource_write(run->tx, run->s.number, r);
}

/* A new one of the same given name could not be made beside the old one. */
static bool name_taken(const struct wb_cfn_resource *h)
{
    struct wb_json name =
        h->of->name_property ? wb_json_get(h->properties, h->of->name_property) : WB_JSON_NONE;
    return wb_json_is(name) && wb_cfn_same(name, wb_json_get(h->before, h->of->name_property));
}

static struct wb_slice forbidden(struct cfn_run *run, const struct cfn_resource *r,
                                 const char *action)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_slice policy = run->op.policy.p ? run->op.policy : run->before.policy;
    if (!policy.p || cfn_policy_allows(a, policy, action, r->id, r->type))
        return WB_SLICE_NULL;
    return wb_printf(a,
                     "Action denied by stack policy: Statement does not allow [%s] for "
                     "resource [%.*s]",
                     action, WB_FMT(r->id));
}

static void keep_before(struct cfn_run *run, const struct cfn_resource *r)
{
    struct cfn_resource old;
    if (!cfn_before_read(run->tx, run->s.number, r->id, &old))
        cfn_before_write(run->tx, run->s.number, r);
}

static void replace(struct cfn_run *run, struct cfn_item *it, const struct wb_template_resource *t,
                    struct cfn_resource *r, struct wb_slice properties)
{
    keep_before(run, r);
    struct cfn_resource made = fresh(run, t, properties);
    made.replaced = true;
    tell(run, &made, "UPDATE", "IN_PROGRESS",
         WB_S("Requested update requires the creation of a new physical resource; hence creating "
              "one."));
    make(run, it, &made, true);
}

static void update_in_place(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r,
                            struct wb_slice properties, struct wb_slice depends,
                            const struct wb_template_resource *t)
{
    struct cfn_resource untouched = *r;
    keep_before(run, r);
    r->properties = properties;
    r->depends = depends;
    r->deletion_policy = t->deletion_policy;
    r->replace_policy = t->update_replace_policy;
    begin(run, r);
    tell(run, r, "UPDATE", "IN_PROGRESS", WB_SLICE_NULL);
    change(run, it, r, &untouched);
}

static bool is_nested(const struct cfn_resource *r)
{
    return wb_slice_is(r->type, "AWS::CloudFormation::Stack");
}

static void unchanged(struct cfn_run *run, struct cfn_item *it,
                      const struct wb_template_resource *t, struct cfn_resource *r,
                      struct wb_slice depends)
{
    it->state = CFN_DONE_ITEM;
    if (wb_slice_eq(r->depends, depends) && wb_slice_eq(r->deletion_policy, t->deletion_policy) &&
        wb_slice_eq(r->replace_policy, t->update_replace_policy))
        return;
    keep_before(run, r);
    r->depends = depends;
    r->deletion_policy = t->deletion_policy;
    r->replace_policy = t->update_replace_policy;
    cfn_resource_write(run->tx, run->s.number, r);
}

static void update(struct cfn_run *run, struct cfn_item *it, const struct wb_template_resource *t,
                   struct cfn_resource *r)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_slice properties, no, depends = cfn_eval_depends(&run->eval, t);
    if (!properties_of(run, it, t, r, &properties))
        return;
    struct wb_cfn_resource *h = cfn_handle(run->tx, &run->ctx, &run->s, r);
    h->before = h->properties;
    h->properties = wb_json_read(a, properties, NULL);
    bool tags = run->op.tags_changed && has_property(h->of, "Tags");
    if (wb_cfn_same(h->before, h->properties) && !tags && !is_nested(r)) {
        unchanged(run, it, t, r, depends);
        return;
    }
    enum wb_cfn_update what = wb_cfn_change(h);
    if (what == WB_CFN_NEVER)
        refuse(run, it, r,
               wb_printf(a, "Update to resource type %.*s is not supported.", WB_FMT(r->type)));
    else if ((no = forbidden(run, r,
                             what == WB_CFN_REPLACEMENT ? "Update:Replace" : "Update:Modify"))
                 .p)
        refuse(run, it, r, no);
    else if (what == WB_CFN_REPLACEMENT && name_taken(h))
        refuse(run, it, r,
               wb_printf(a,
                         "CloudFormation cannot update a stack when a custom-named resource "
                         "requires replacing. Rename %.*s and update the stack again.",
                         WB_FMT(r->physical_id)));
    else if (what == WB_CFN_REPLACEMENT)
        replace(run, it, t, r, properties);
    else if (!h->of->update)
        unchanged(run, it, t, r, depends);
    else
        update_in_place(run, it, r, properties, depends, t);
}

static void deploy(struct cfn_run *run, struct cfn_item *it)
{
    const struct wb_template_resource *t = cfn_eval_find(&run->eval, it->id);
    struct cfn_resource r;
    bool there = cfn_resource_read(run->tx, run->s.number, it->id, &r);
    if (it->state == CFN_WAITING && r.made_by == run->op.number)
        make(run, it, &r, false);
    else if (it->state == CFN_WAITING)
        change(run, it, &r, NULL);
    else if (there && exists(&r))
        update(run, it, t, &r);
    else
        create(run, it, t);
}

/* --- taking over --- */

static bool look(struct wb_tx *tx, void *arg)
{
    struct attempt *t = arg;
    t->result = t->fn(t->h);
    return false; /* reading leaves nothing */
}

static void import(struct cfn_run *run, struct cfn_item *it)
{
    struct wb_tx *tx = run->tx;
    const struct wb_template_resource *t = cfn_eval_find(&run->eval, it->id);
    struct wb_slice properties;
    if (!properties_of(run, it, t, NULL, &properties))
        return;
    struct cfn_resource r = fresh(run, t, properties);
    r.physical_id = wb_json_str(
        wb_json_get_slice(wb_json_read(tx->arena, run->op.take, NULL), it->id), tx->arena);
    r.taken = true;
    tell(run, &r, "IMPORT", "IN_PROGRESS", WB_S("Resource import started."));
    struct wb_cfn_resource *h = cfn_handle(tx, &run->ctx, &run->s, &r);
    struct attempt at = {.h = h, .fn = h->of->read, .result = WB_CFN_FAILED};
    if (at.fn)
        wb_tx_attempt(tx, look, &at);
    else
        wb_cfn_fail(h, "NotSupported", "Resource type %.*s cannot be imported.", WB_FMT(r.type));
    finished(&r);
    if (at.result == WB_CFN_DONE) {
        r.physical_id = h->physical_id;
        r.attributes = h->attributes;
        tell(run, &r, "IMPORT", "COMPLETE", WB_S("Resource import completed."));
        it->state = CFN_DONE_ITEM;
    } else {
        tell(run, &r, "IMPORT", "FAILED", failure(run, h));
        fail(run, it, &run->op.failed_create);
        r.physical_id = WB_SLICE_NULL;
    }
    cfn_resource_write(tx, run->s.number, &r);
}

/* --- changing back --- */

static void put_back(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *old)
{
    tell(run, old, "UPDATE", "COMPLETE", WB_SLICE_NULL);
    cfn_resource_write(run->tx, run->s.number, old);
    it->state = CFN_DONE_ITEM;
}

static void restore_in_place(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r,
                             struct cfn_resource *old)
{
    struct wb_tx *tx = run->tx;
    if (it->state == CFN_PENDING) {
        begin(run, r);
        tell(run, r, "UPDATE", "IN_PROGRESS", WB_SLICE_NULL);
    }
    struct wb_cfn_resource *h = cfn_handle(tx, &run->ctx, &run->s, r);
    h->properties = wb_json_read(tx->arena, old->properties, NULL);
    struct wb_pair *tag;
    h->tag_count = cfn_tag_list(tx->arena, run->before.tags, &tag);
    h->tag = tag;
    enum wb_cfn_result result = WB_CFN_DONE;
    if (!wb_cfn_same(h->before, h->properties) || it->state == CFN_WAITING ||
        run->op.tags_changed || is_nested(r))
        result = call(run, h, h->of->update);
    if (result == WB_CFN_DONE) {
        bool other = !wb_slice_eq(h->physical_id, r->physical_id);
        cfn_before_drop(tx, run->s.number, it->id);
        if (other) { /* the one it left is to be removed */
            r->replaced = true;
            finished(r);
            cfn_before_write(tx, run->s.number, r);
        }
        old->physical_id = h->physical_id;
        old->attributes = h->attributes;
        put_back(run, it, old);
        return;
    }
    if (result == WB_CFN_FAILED) {
        r->busy = false;
        tell(run, r, "UPDATE", "FAILED", failure(run, h));
        fail(run, it, &run->op.failed_update);
    } else {
        take(r, h);
        wait(run, it, h, result);
    }
    cfn_resource_write(tx, run->s.number, r);
}

static void restore(struct cfn_run *run, struct cfn_item *it)
{
    struct wb_tx *tx = run->tx;
    struct cfn_resource r, old;
    bool skip = cfn_list_has(tx->arena, run->op.skip, it->id);
    it->state = it->state == CFN_WAITING ? CFN_WAITING : CFN_PENDING;
    if (!cfn_before_read(tx, run->s.number, it->id, &old) ||
        !cfn_resource_read(tx, run->s.number, it->id, &r)) {
        it->state = CFN_DONE_ITEM;
        return;
    }
    if (r.replaced || skip) {
        if (r.replaced && exists(&r) && !skip)
            cfn_before_write(tx, run->s.number, &r);
        else
            cfn_before_drop(tx, run->s.number, it->id);
        put_back(run, it, &old);
        return;
    }
    restore_in_place(run, it, &r, &old);
}

/* --- removing --- */

static bool kept(const struct cfn_run *run, const struct cfn_item *it, const struct cfn_resource *r)
{
    bool undoing = run->op.phase == CFN_ROLLBACK || run->op.phase == CFN_UNDO_CLEANUP;
    if (undoing && r->taken)
        return true;
    if (it->action == CFN_A_REMOVE_BEFORE)
        return !undoing && wb_slice_starts(r->replace_policy, WB_S("Retain"));
    if (cfn_list_has(run->tx->arena, run->op.retain, r->id))
        return true;
    if (undoing && run->op.retain_nothing)
        return false;
    return wb_slice_is(r->deletion_policy, "Retain") ||
           (wb_slice_is(r->deletion_policy, "RetainExceptOnCreate") && !undoing);
}

static void removed(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r)
{
    struct cfn_resource now;
    it->state = CFN_DONE_ITEM;
    finished(r);
    if (it->action == CFN_A_REMOVE_BEFORE) {
        cfn_before_drop(run->tx, run->s.number, it->id);
        if (cfn_resource_read(run->tx, run->s.number, it->id, &now) && now.replaced) {
            now.replaced = false;
            cfn_resource_write(run->tx, run->s.number, &now);
        }
        return;
    }
    if (run->op.phase == CFN_DELETE || run->op.phase == CFN_ROLLBACK) {
        r->properties = r->attributes = WB_SLICE_NULL;
        cfn_resource_write(run->tx, run->s.number, r);
        return;
    }
    cfn_resource_drop(run->tx, run->s.number, it->id);
}

static void not_removed(struct cfn_run *run, struct cfn_item *it, struct cfn_resource *r,
                        struct wb_slice reason)
{
    bool force = wb_slice_is(run->s.deletion_mode, "FORCE_DELETE_STACK");
    r->busy = false;
    tell(run, r, "DELETE", "FAILED", reason);
    if (run->op.phase == CFN_CLEANUP || run->op.phase == CFN_UNDO_CLEANUP) {
        removed(run, it, r); /* a clean-up that fails leaves the resource to its owner */
        return;
    }
    if (force) {
        tell(run, r, "DELETE", "SKIPPED", WB_S("The stack is deleted by force."));
        removed(run, it, r);
        return;
    }
    fail(run, it, &run->op.failed_delete);
    cfn_resource_write(run->tx, run->s.number, r);
}

static void remove_one(struct cfn_run *run, struct cfn_item *it)
{
    struct wb_tx *tx = run->tx;
    bool before = it->action == CFN_A_REMOVE_BEFORE;
    struct cfn_resource r;
    if (!(before ? cfn_before_read(tx, run->s.number, it->id, &r)
                 : cfn_resource_read(tx, run->s.number, it->id, &r)) ||
        cfn_resource_gone(&r)) {
        it->state = CFN_DONE_ITEM;
        return;
    }
    if (!exists(&r) && it->state == CFN_PENDING) {
        r.status = WB_S("DELETE_COMPLETE");
        removed(run, it, &r);
        return;
    }
    if (it->state == CFN_PENDING && kept(run, it, &r)) {
        tell(run, &r, "DELETE", "SKIPPED", WB_SLICE_NULL);
        removed(run, it, &r);
        return;
    }
    if (it->state == CFN_PENDING) {
        begin(run, &r);
        tell(run, &r, "DELETE", "IN_PROGRESS", WB_SLICE_NULL);
    }
    struct wb_cfn_resource *h = cfn_handle(tx, &run->ctx, &run->s, &r);
    enum wb_cfn_result result = h->of ? call(run, h, h->of->delete) : WB_CFN_DONE;
    if (result == WB_CFN_DONE) {
        tell(run, &r, "DELETE", "COMPLETE", WB_SLICE_NULL);
        removed(run, it, &r);
    } else if (result == WB_CFN_FAILED) {
        not_removed(run, it, &r, failure(run, h));
    } else {
        take(&r, h);
        wait(run, it, h, result);
        if (before)
            cfn_before_write(tx, run->s.number, &r);
        else
            cfn_resource_write(tx, run->s.number, &r);
    }
}

void cfn_item_run(struct cfn_run *run, struct cfn_item *it)
{
    switch ((enum cfn_action)it->action) {
    case CFN_A_DEPLOY:
        deploy(run, it);
        break;
    case CFN_A_IMPORT:
        import(run, it);
        break;
    case CFN_A_RESTORE:
        restore(run, it);
        break;
    case CFN_A_REMOVE:
    case CFN_A_REMOVE_BEFORE:
        remove_one(run, it);
        break;
    }
}

void cfn_item_cancel(struct cfn_run *run, struct cfn_item *it)
{
    struct cfn_resource r;
    if (it->state != CFN_WAITING || !cfn_resource_read(run->tx, run->s.number, it->id, &r))
        return;
    bool made = r.made_by == run->op.number && !r.replaced;
    it->state = CFN_FAILED_ITEM;
    r.busy = false;
    tell(run, &r, made ? "CREATE" : "UPDATE", "FAILED",
         made ? WB_S("Resource creation cancelled") : WB_S("Resource update cancelled"));
    cfn_resource_write(run->tx, run->s.number, &r);
}
