/* The phases of an operation: what follows when one is over, and how a stack settles. */
#include "services/cloudformation/deploy.h"

static bool kind_is(const struct cfn_run *run, const char *kind)
{
    return wb_slice_is(run->op.kind, kind);
}

static void set_status(struct cfn_run *run, struct wb_slice status, struct wb_slice reason)
{
    cfn_status(run->tx, &run->ctx, &run->s, status, reason, run->op.token);
}

/* --- plans of phases --- */

static size_t add_removal(struct cfn_removal *list, size_t n, const struct cfn_resource *r,
                          uint8_t action)
{
    list[n] = (struct cfn_removal){.id = r->id, .depends = r->depends, .action = action};
    return n + 1;
}

static bool in_template(const struct cfn_run *run, struct wb_slice id)
{
    const struct wb_template_resource *t = cfn_eval_find(&run->eval, id);
    return t && wb_template_condition(&run->eval.env, t->condition);
}

/* What of the stack's resources goes in this phase. */
static bool goes(const struct cfn_run *run, const struct cfn_resource *r, enum cfn_phase phase)
{
    if (cfn_resource_gone(r))
        return false;
    if (phase == CFN_CLEANUP)
        return !in_template(run, r->id);
    if (phase == CFN_UNDO_CLEANUP)
        return r->made_by >= run->op.base && !r->replaced;
    return phase == CFN_DELETE || phase == CFN_ROLLBACK;
}

static struct cfn_plan removal(struct cfn_run *run, enum cfn_phase phase)
{
    struct wb_tx *tx = run->tx;
    size_t n = 0, now, before;
    struct cfn_resource *r = cfn_resources(tx, run->s.number, &now);
    struct cfn_resource *b = cfn_befores(tx, run->s.number, &before);
    struct cfn_removal *list = wb_new_n(tx->arena, struct cfn_removal, now + before);
    for (size_t i = 0; i < now; i++)
        if (goes(run, &r[i], phase))
            n = add_removal(list, n, &r[i], CFN_A_REMOVE);
    for (size_t i = 0; i < before; i++) {
        struct cfn_resource c;
        bool replaced = cfn_resource_read(tx, run->s.number, b[i].id, &c) && c.replaced;
        if (replaced || b[i].replaced)
            n = add_removal(list, n, &b[i], CFN_A_REMOVE_BEFORE);
    }
    return cfn_plan_removal(tx->arena, list, n);
}

/* The last one changed is the first to be changed back. */
static struct cfn_plan undo(struct cfn_run *run)
{
    struct wb_tx *tx = run->tx;
    size_t count, n = 0;
    struct cfn_resource *b = cfn_befores(tx, run->s.number, &count);
    struct cfn_removal *list = wb_new_n(tx->arena, struct cfn_removal, count);
    for (size_t i = 0; i < count; i++) {
        struct cfn_resource r;
        if (cfn_resource_read(tx, run->s.number, b[i].id, &r))
            n = add_removal(list, n, &r, CFN_A_RESTORE);
    }
    return cfn_plan_removal(tx->arena, list, n);
}

void cfn_phase_begin(struct cfn_run *run, enum cfn_phase phase, const char *status,
                     struct wb_slice reason)
{
    run->op.phase = phase;
    run->failed = false;
    if (phase == CFN_UNDO)
        run->plan = undo(run);
    else
        run->plan = removal(run, phase);
    if (status)
        set_status(run, wb_slice_str(status), reason);
}

/* --- the end --- */

static void drop_befores(struct cfn_run *run)
{
    size_t count;
    struct cfn_resource *b = cfn_befores(run->tx, run->s.number, &count);
    for (size_t i = 0; i < count; i++)
        cfn_before_drop(run->tx, run->s.number, b[i].id);
}

/* parked: a later operation may go on from here. */
static void settle(struct cfn_run *run, const char *status, struct wb_slice reason, bool parked)
{
    struct wb_tx *tx = run->tx;
    run->s.operation = 0;
    set_status(run, wb_slice_str(status), reason);
    if (parked) {
        cfn_operation_write(tx, &run->s, &run->op);
    } else {
        drop_befores(run);
        cfn_operation_drop(tx, &run->s);
    }
    cfn_plan_drop(tx, &run->s);
    if (!cfn_stack_deleted(&run->s))
        cfn_expire_events(tx, &run->ctx, &run->s);
    wb_hold_release(tx, run->s.arn);
    cfn_nested_settled(tx, &run->s);
}

/* Of two lists of names, what is only in the first is no longer imported. */
static void drop_imports(struct cfn_run *run, struct wb_slice had, struct wb_slice has)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, had, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.value, a);
        if (!cfn_list_has(a, has, name))
            cfn_import_drop(run->tx, &run->s, name);
    }
}

/* --- outputs and exports --- */

static struct wb_slice export_value(struct wb_arena *a, struct wb_slice outputs,
                                    struct wb_slice name)
{
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, outputs, NULL));
    while (wb_json_next(&it))
        if (wb_slice_eq(wb_json_get_str(it.value, "ExportName", a), name))
            return wb_json_get_str(it.value, "OutputValue", a);
    return WB_SLICE_NULL;
}

/* What others import must stay as it is. */
static bool exports_free(struct cfn_run *run, struct wb_slice now, struct wb_slice *why)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, run->s.outputs, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "ExportName", a);
        struct wb_slice value = name.p ? export_value(a, now, name) : WB_SLICE_NULL;
        if (!name.p || (value.p && wb_slice_eq(value, wb_json_get_str(it.value, "OutputValue", a))))
            continue;
        struct wb_slice user = cfn_export_user(run->tx, &run->s, name);
        if (!user.p)
            continue;
        *why = wb_printf(a, "Export %.*s cannot be %s as it is in use by %.*s", WB_FMT(name),
                         value.p ? "updated" : "deleted", WB_FMT(user));
        return false;
    }
    return true;
}

static bool exports_new(struct cfn_run *run, struct wb_slice now, struct wb_slice *why)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, now, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice value, name = wb_json_get_str(it.value, "ExportName", a);
        uint64_t owner;
        struct cfn_stack other = {.name = WB_SLICE_NULL};
        if (!name.p ||
            !cfn_export_read(run->tx, run->s.account, run->s.region, name, &owner, &value) ||
            owner == run->s.number)
            continue;
        cfn_stack_read(run->tx, run->s.account, run->s.region, owner, &other);
        *why = wb_printf(a,
                         "Export with name %.*s is already exported by stack %.*s. Rename the "
                         "export and try again.",
                         WB_FMT(name), WB_FMT(other.name));
        return false;
    }
    return true;
}

static void drop_exports(struct cfn_run *run)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, run->s.outputs, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "ExportName", a);
        if (name.p)
            cfn_export_drop(run->tx, &run->s, name);
    }
}

static bool take_outputs(struct cfn_run *run, struct wb_slice *why)
{
    struct wb_arena *a = run->tx->arena;
    struct wb_slice now;
    if (!cfn_eval_outputs(&run->eval, &now, NULL, why) || !exports_free(run, now, why) ||
        !exports_new(run, now, why))
        return false;
    drop_exports(run);
    run->s.outputs = now;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, now, NULL));
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_get_str(it.value, "ExportName", a);
        if (name.p)
            cfn_export_write(run->tx, &run->s, name, wb_json_get_str(it.value, "OutputValue", a));
    }
    return true;
}

/* --- failures --- */

static struct wb_slice failures(struct cfn_run *run)
{
    struct wb_arena *a = run->tx->arena;
    const struct {
        struct wb_slice list;
        const char *verb;
    } sort[] = {{run->op.failed_create, kind_is(run, "IMPORT") ? "import" : "create"},
                {run->op.failed_update, "update"},
                {run->op.failed_delete, "delete"}};
    struct wb_buf b = wb_buf_in(a);
    wb_buf_slice_put(&b, run->op.cause);
    for (size_t i = 0; i < sizeof sort / sizeof *sort; i++)
        if (sort[i].list.p)
            wb_buf_printf(&b, "%sThe following resource(s) failed to %s: [%.*s]. ",
                          b.n && b.p[b.n - 1] != ' ' ? " " : "", sort[i].verb,
                          WB_FMT(cfn_list_text(a, sort[i].list)));
    return b.n ? wb_slice_trim(wb_buf_slice(&b)) : WB_SLICE_NULL;
}

static void forget_failures(struct cfn_run *run)
{
    run->op.failed_create = run->op.failed_update = run->op.failed_delete = WB_SLICE_NULL;
    run->op.cause = WB_SLICE_NULL;
}

static bool creation_failed(struct cfn_run *run, struct wb_slice reason)
{
    struct wb_arena *a = run->tx->arena;
    bool import = kind_is(run, "IMPORT");
    if (run->s.disable_rollback || wb_slice_is(run->op.on_failure, "DO_NOTHING")) {
        settle(run, "CREATE_FAILED", reason, true);
        return false;
    }
    forget_failures(run);
    if (wb_slice_is(run->op.on_failure, "DELETE")) {
        run->op.kind = WB_S("DELETE");
        cfn_phase_begin(run, CFN_ROLLBACK, "DELETE_IN_PROGRESS",
                        wb_printf(a, "%.*s. Delete requested by user.", WB_FMT(reason)));
        return true;
    }
    cfn_phase_begin(run, CFN_ROLLBACK,
                    import ? "IMPORT_ROLLBACK_IN_PROGRESS" : "ROLLBACK_IN_PROGRESS",
                    wb_printf(a, "%.*s Rollback requested by user.", WB_FMT(reason)));
    return true;
}

static bool forward_failed(struct cfn_run *run)
{
    struct wb_slice reason = failures(run);
    for (uint32_t i = 0; i < run->plan.count; i++)
        cfn_item_cancel(run, &run->plan.item[i]);
    if (!run->before.number)
        return creation_failed(run, reason);
    bool import = kind_is(run, "IMPORT");
    if (run->s.disable_rollback && !run->op.cancelled && !import) {
        settle(run, "UPDATE_FAILED", reason, true);
        return false;
    }
    forget_failures(run);
    cfn_phase_begin(run, CFN_UNDO,
                    import ? "IMPORT_ROLLBACK_IN_PROGRESS" : "UPDATE_ROLLBACK_IN_PROGRESS", reason);
    return true;
}

/* --- what follows --- */

static bool forward_over(struct cfn_run *run)
{
    struct wb_slice why = WB_SLICE_NULL;
    if (run->failed)
        return forward_failed(run);
    if (!take_outputs(run, &why)) {
        run->op.cause = why;
        return forward_failed(run);
    }
    drop_imports(run, run->s.imports, run->eval.imports);
    run->s.imports = run->eval.imports;
    if (!run->before.number) {
        settle(run, kind_is(run, "IMPORT") ? "IMPORT_COMPLETE" : "CREATE_COMPLETE", WB_SLICE_NULL,
               false);
        return false;
    }
    if (run->before.text != run->s.text)
        cfn_text_drop(run->tx, run->before.text);
    if (kind_is(run, "IMPORT")) {
        settle(run, "IMPORT_COMPLETE", WB_SLICE_NULL, false);
        return false;
    }
    cfn_phase_begin(run, CFN_CLEANUP, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", WB_SLICE_NULL);
    return true;
}

/* The stack is described as it was before. */
static void put_back(struct cfn_run *run)
{
    struct cfn_stack now = run->s;
    if (now.text != run->before.text)
        cfn_text_drop(run->tx, now.text);
    run->s = run->before;
    run->s.status = now.status;
    run->s.operation = now.operation;
    run->s.updated_ms = now.updated_ms;
    run->s.token = now.token;
    run->s.protection = now.protection;
    run->s.policy = now.policy;
    drop_imports(run, run->op.imports, run->s.imports);
}

static bool undo_over(struct cfn_run *run)
{
    bool import = kind_is(run, "IMPORT");
    if (run->failed) {
        settle(run, import ? "IMPORT_ROLLBACK_FAILED" : "UPDATE_ROLLBACK_FAILED", failures(run),
               true);
        return false;
    }
    put_back(run);
    cfn_phase_begin(run, CFN_UNDO_CLEANUP,
                    import ? NULL : "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", WB_SLICE_NULL);
    return true;
}

static void delete_stack(struct cfn_run *run)
{
    drop_exports(run);
    drop_imports(run, run->s.imports, WB_SLICE_NULL);
    drop_imports(run, run->op.imports, WB_SLICE_NULL);
    cfn_stack_unname(run->tx, &run->s);
    run->s.outputs = run->s.parameters = WB_SLICE_NULL;
    run->s.deleted_ms = run->tx->now_ms;
    cfn_stack_forget_later(run->tx, &run->s);
    settle(run, "DELETE_COMPLETE", WB_SLICE_NULL, false);
}

static bool removal_over(struct cfn_run *run, const char *failed)
{
    if (!run->failed)
        return true;
    settle(run, failed, failures(run), true);
    return false;
}

bool cfn_phase_over(struct cfn_run *run)
{
    bool import = kind_is(run, "IMPORT");
    switch ((enum cfn_phase)run->op.phase) {
    case CFN_FORWARD:
        return forward_over(run);
    case CFN_CLEANUP:
        settle(run, "UPDATE_COMPLETE", WB_SLICE_NULL, false);
        return false;
    case CFN_UNDO:
        return undo_over(run);
    case CFN_UNDO_CLEANUP:
        settle(run, import ? "IMPORT_ROLLBACK_COMPLETE" : "UPDATE_ROLLBACK_COMPLETE", WB_SLICE_NULL,
               false);
        return false;
    case CFN_DELETE:
        if (removal_over(run, "DELETE_FAILED"))
            delete_stack(run);
        return false;
    case CFN_ROLLBACK:
        if (!removal_over(run, kind_is(run, "DELETE") ? "DELETE_FAILED" : "ROLLBACK_FAILED"))
            return false;
        drop_imports(run, run->op.imports, WB_SLICE_NULL);
        if (kind_is(run, "DELETE"))
            delete_stack(run);
        else
            settle(run, import ? "IMPORT_ROLLBACK_COMPLETE" : "ROLLBACK_COMPLETE", WB_SLICE_NULL,
                   false);
        return false;
    }
    return false;
}
