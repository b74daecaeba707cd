/*
 * Composite alarms. A change of a child puts a work row for each composite alarm that refers to it;
 * the row carries the path of alarms that led there, and ends when an alarm comes again: "the
 * evaluation of composite alarms stops if CloudWatch detects a cycle in the evaluation path".
 *
 * With a suppressor, a change of state is held back: while the suppressor is in ALARM, for the wait
 * period before (it may still come), and for the extension period after it. Then the actions of the
 * state that the alarm has by then are taken, unless it is the one it had before.
 */
#include "base/limits.h"
#include "engine/tags.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/alarm_rule.h"

static struct wb_slice path_with(struct wb_arena *a, struct wb_slice path, struct wb_slice name)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_json_iter it = wb_json_iter(wb_json_read(a, path, NULL));
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    while (wb_json_next(&it))
        wb_jw_raw(&w, wb_json_raw(it.value));
    wb_jw_str(&w, name);
    wb_jw_end_array(&w);
    return wb_buf_slice(&b);
}

static bool on_path(struct wb_arena *a, struct wb_json path, struct wb_slice name)
{
    struct wb_json_iter it = wb_json_iter(path);
    while (wb_json_next(&it))
        if (wb_slice_eq(wb_json_str(it.value, a), name))
            return true;
    return false;
}

void cw_composite_wake(struct wb_tx *tx, const struct cw_alarm *al, struct wb_slice child,
                       int64_t due_ms)
{
    struct wb_buf meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "account", al->account);
    wb_jw_kstr(&w, "region", al->region);
    wb_jw_kstr(&w, "name", al->name);
    if (child.p) {
        wb_jw_kstr(&w, "child", child);
        wb_jw_kraw(&w, "path", path_with(tx->arena, al->path, child));
    }
    wb_jw_end_object(&w);
    struct wb_work row = {.target = WB_S("cloudwatch.composite"),
                          .executor = cw_composite_executor.name,
                          .due_ms = due_ms,
                          .meta = wb_buf_slice(&meta)};
    wb_work_add(tx, &row);
}

/* --- the rule --- */

struct family {
    struct cw_rule_tree tree;
    struct cw_alarm *child; /* by the rule's index */
    enum cw_state *state;
};

static bool read_family(struct wb_tx *tx, const struct cw_alarm *al, struct family *f)
{
    struct wb_slice why;
    if (!cw_rule_parse(tx->arena, cw_config_str(al, tx->arena, "AlarmRule"), &f->tree, &why))
        return false;
    f->child = wb_new_n(tx->arena, struct cw_alarm, f->tree.name_count);
    f->state = wb_new_n(tx->arena, enum cw_state, f->tree.name_count);
    for (unsigned i = 0; i < f->tree.name_count; i++) {
        bool there = cw_alarm_read(tx, al->account, al->region, cw_alarm_name(al, f->tree.name[i]),
                                   &f->child[i]);
        f->state[i] = there ? f->child[i].state.value : CW_INSUFFICIENT_DATA;
    }
    return true;
}

/* only null: all children. */
static struct wb_slice triggering(struct wb_arena *a, const struct family *f, struct wb_slice only)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_key(&w, "triggeringAlarms");
    wb_jw_array(&w);
    for (unsigned i = 0; i < f->tree.name_count; i++) {
        const struct cw_alarm *c = &f->child[i];
        if (!c->name.p || (only.p && !wb_slice_eq(c->name, only)))
            continue;
        wb_jw_object(&w);
        wb_jw_kstr(&w, "arn", c->arn);
        wb_jw_key(&w, "state");
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "value", cw_state_names[c->state.value]);
        wb_jw_kstr(&w, "timestamp", cw_time(a, c->state.since_ms));
        wb_jw_end_object(&w);
        wb_jw_end_object(&w);
    }
    wb_jw_end_array(&w);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static enum cw_state verdict(const struct family *f)
{
    return cw_rule_holds(&f->tree, f->state) ? CW_ALARM : CW_OK;
}

void cw_composite_begin(struct wb_tx *tx, struct cw_alarm *al, bool made)
{
    struct family f;
    if (!read_family(tx, al, &f) || verdict(&f) == al->state.value)
        return;
    struct cw_alarm_state next = {.value = verdict(&f), .since_ms = tx->now_ms};
    next.reason =
        wb_printf(tx->arena, "%.*s was %s and its alarm rule evaluates to %s", WB_FMT(al->arn),
                  made ? "created" : "updated", cw_state_names[next.value]);
    next.data = triggering(tx->arena, &f, WB_SLICE_NULL);
    cw_alarm_turn(tx, al, next);
}

static void evaluate(struct wb_tx *tx, struct cw_alarm *al, struct wb_slice child)
{
    struct family f;
    if (!read_family(tx, al, &f) || verdict(&f) == al->state.value)
        return;
    for (unsigned i = 0; i < f.tree.name_count; i++) {
        const struct cw_alarm *c = &f.child[i];
        if (!wb_slice_eq(c->name, child))
            continue;
        struct cw_alarm_state next = {.value = verdict(&f), .since_ms = tx->now_ms};
        struct wb_slice at = cw_long_time(tx->arena, c->state.since_ms);
        next.reason = wb_printf(tx->arena, "%.*s transitioned to %s at %.*s", WB_FMT(c->arn),
                                cw_state_names[c->state.value], WB_FMT(at));
        next.data = triggering(tx->arena, &f, child);
        cw_alarm_turn(tx, al, next);
        return;
    }
}

/* --- suppression --- */

static bool suppressing(struct wb_tx *tx, const struct cw_alarm *al)
{
    struct cw_alarm s;
    struct wb_slice name = cw_config_str(al, tx->arena, "ActionsSuppressor");
    return cw_alarm_read(tx, al->account, al->region, cw_alarm_name(al, name), &s) &&
           s.state.value == CW_ALARM;
}

static void hold(struct wb_tx *tx, struct cw_alarm *al, enum cw_suppressed by, const char *period)
{
    al->suppressed = by;
    al->until_ms = 0;
    if (!period)
        return;
    al->until_ms = tx->now_ms + wb_json_get_i64(al->config, period, 0) * 1000;
    cw_composite_wake(tx, al, WB_SLICE_NULL, al->until_ms);
}

static void release(struct wb_tx *tx, struct cw_alarm *al)
{
    struct cw_alarm_state old = {.value = al->held, .since_ms = al->state.since_ms};
    al->suppressed = CW_NOT_SUPPRESSED;
    al->until_ms = 0;
    if (al->state.value != al->held)
        cw_alarm_act(tx, al, &old);
}

void cw_composite_act(struct wb_tx *tx, struct cw_alarm *al, const struct cw_alarm_state *old)
{
    if (!cw_config_str(al, tx->arena, "ActionsSuppressor").n) {
        cw_alarm_act(tx, al, old);
        return;
    }
    if (al->suppressed) { /* back before anybody heard of it: the next change waits anew */
        if (al->suppressed == CW_BY_WAIT && al->state.value == al->held)
            al->suppressed = CW_NOT_SUPPRESSED;
        return;
    }
    al->held = old->value;
    if (suppressing(tx, al))
        hold(tx, al, CW_BY_ALARM, NULL);
    else if (wb_json_get_i64(al->config, "ActionsSuppressorWaitPeriod", 0) > 0)
        hold(tx, al, CW_BY_WAIT, "ActionsSuppressorWaitPeriod");
    else
        cw_alarm_act(tx, al, old);
}

static void suppression(struct wb_tx *tx, struct cw_alarm *al)
{
    if (!al->suppressed)
        return;
    bool on = suppressing(tx, al);
    if (on && al->suppressed != CW_BY_ALARM)
        hold(tx, al, CW_BY_ALARM, NULL);
    else if (!on && al->suppressed == CW_BY_ALARM &&
             wb_json_get_i64(al->config, "ActionsSuppressorExtensionPeriod", 0) > 0)
        hold(tx, al, CW_BY_EXTENSION, "ActionsSuppressorExtensionPeriod");
    else if (!on && (al->suppressed == CW_BY_ALARM || tx->now_ms >= al->until_ms))
        release(tx, al);
    else
        return;
    cw_alarm_write(tx, al);
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct wb_json m = wb_json_read(tx->arena, w->meta, NULL), path = wb_json_get(m, "path");
    struct wb_slice child = wb_json_get_str(m, "child", tx->arena);
    struct cw_alarm al;
    out->kind = WB_DONE;
    if (!cw_alarm_read(tx, wb_json_get_str(m, "account", tx->arena),
                       wb_json_get_str(m, "region", tx->arena),
                       wb_json_get_str(m, "name", tx->arena), &al) ||
        !al.composite || on_path(tx->arena, path, al.name))
        return;
    if (child.p) {
        al.path = wb_json_raw(path);
        evaluate(tx, &al, child);
    }
    suppression(tx, &al);
}

const struct wb_executor cw_composite_executor = {.name = "cloudwatch.composite", .step = step};

/* --- PutCompositeAlarm --- */

static void missing_children(struct wb_call *c, const struct cw_alarm *al,
                             const struct cw_rule_tree *t)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct cw_alarm child;
    for (unsigned i = 0; i < t->name_count; i++) {
        if (cw_alarm_read(c->tx, al->account, al->region, cw_alarm_name(al, t->name[i]), &child))
            continue;
        if (b.n)
            wb_buf_str(&b, ", ");
        wb_buf_slice_put(&b, t->name[i]);
    }
    if (b.n)
        wb_fail(c, "ValidationException", 400,
                "Could not save the composite alarm as alarms [%.*s] in the alarm rule do not "
                "exist",
                (int)b.n, b.p);
}

static void crowded_child(struct wb_call *c, const struct cw_alarm *al,
                          const struct cw_rule_tree *t)
{
    for (unsigned i = 0; i < t->name_count && !wb_failed(c); i++) {
        struct wb_slice *parent;
        size_t n = cw_alarm_parents(c->tx, al->account, al->region, cw_alarm_name(al, t->name[i]),
                                    &parent),
               others = 0;
        for (size_t k = 0; k < n; k++)
            others += !wb_slice_eq(parent[k], al->name);
        if (others >= WB_ALARM_PARENTS_MAX)
            wb_fail(c, "LimitExceededFault", 400,
                    "Alarm %.*s is already used by %d composite alarms.", WB_FMT(t->name[i]),
                    WB_ALARM_PARENTS_MAX);
    }
}

static void check_rule(struct wb_call *c, const struct cw_alarm *al)
{
    struct wb_slice text = wb_in_str(c, "AlarmRule"), why;
    struct cw_rule_tree t;
    if (!text.n || text.p[0] <= ' ' || text.p[text.n - 1] <= ' ') {
        wb_fail(c, "ValidationException", 400,
                "AlarmRule must not contain leading or trailing whitespace or be null");
        return;
    }
    if (!cw_rule_parse(c->arena, text, &t, &why)) {
        wb_fail(c, "ValidationException", 400, "AlarmRule is not valid: %.*s", WB_FMT(why));
        return;
    }
    missing_children(c, al, &t);
    if (!wb_failed(c))
        crowded_child(c, al, &t);
}

static void check_suppressor(struct wb_call *c, const struct cw_alarm *al)
{
    struct wb_slice name = wb_in_str(c, "ActionsSuppressor");
    int64_t wait = wb_in_i64(c, "ActionsSuppressorWaitPeriod", -1),
            extension = wb_in_i64(c, "ActionsSuppressorExtensionPeriod", -1);
    struct cw_alarm s;
    if (!name.p) {
        if (wait >= 0 || extension >= 0)
            wb_fail(c, "ValidationException", 400,
                    "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be "
                    "set without ActionsSuppressor");
        return;
    }
    if (wait < 0 || extension < 0 || wait > WB_ALARM_SUPPRESS_MAX_S ||
        extension > WB_ALARM_SUPPRESS_MAX_S)
        wb_fail(c, "ValidationException", 400,
                "ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must be set to "
                "at least 0 and at most %d seconds when ActionsSuppressor is set",
                WB_ALARM_SUPPRESS_MAX_S);
    else if (!cw_alarm_read(c->tx, al->account, al->region, cw_alarm_name(al, name), &s))
        wb_fail(c, "ValidationException", 400,
                "Could not save the composite alarm as alarm [%.*s] in ActionsSuppressor does not "
                "exist",
                WB_FMT(name));
}

void cw_put_composite_alarm(struct wb_call *c)
{
    struct cw_alarm was, al = {.account = c->ctx.account,
                               .region = c->ctx.region,
                               .name = wb_in_str(c, "AlarmName"),
                               .composite = true};
    bool there = cw_alarm_read(c->tx, al.account, al.region, al.name, &was);
    if (there && !was.composite) {
        wb_fail(c, "ValidationException", 400,
                "An alarm with the name %.*s exists and is not a composite alarm.",
                WB_FMT(al.name));
        return;
    }
    if (!cw_actions_ok(c))
        return;
    check_rule(c, &al);
    if (!wb_failed(c))
        check_suppressor(c, &al);
    if (!wb_failed(c))
        cw_alarm_configure(c, &al, there ? &was : NULL);
    if (!wb_failed(c))
        cw_composite_begin(c->tx, &al, !there);
}
