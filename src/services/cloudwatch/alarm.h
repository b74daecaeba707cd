/*
 * Alarms: their rows, what happens when one changes its state, and their timers.
 *
 * A metric alarm is evaluated every minute, one with a short period every 10 seconds. To do that
 * without a row for each alarm and minute, alarms are spread over slots; a slot's work row stands
 * for all its alarms and is written anew once a round. An evaluation that finds nothing new writes
 * nothing. A round that is late (the server was down, the clock was moved) is made up for, as of
 * its own time, so that no data point that was stored in time goes unseen.
 *
 * A state change is one command: the alarm's row, its history, its event on the default bus, a
 * work row for each action, and one for each composite alarm that refers to it.
 */
#ifndef WB_CLOUDWATCH_ALARM_H
#define WB_CLOUDWATCH_ALARM_H

#include "services/cloudwatch/alarm_judge.h"
#include "services/cloudwatch/ops.h"

struct cw_alarm_state {
    enum cw_state value;
    struct wb_slice reason, data; /* data: JSON text, or null */
    int64_t since_ms;             /* StateUpdatedTimestamp */
};

enum cw_suppressed { CW_NOT_SUPPRESSED, CW_BY_ALARM, CW_BY_WAIT, CW_BY_EXTENSION };

struct cw_alarm {
    struct wb_slice account, region, name, arn;
    bool composite, enabled;
    struct wb_json config; /* the request's members, without AlarmName, ActionsEnabled and Tags */
    int64_t configured_ms; /* AlarmConfigurationUpdatedTimestamp */
    struct cw_alarm_state state;
    int64_t transitioned_ms; /* the last change of the value */
    int64_t recovered_ms;    /* as of when an evaluation made it OK again; 0: none did */
    struct wb_slice id;      /* of the single metric, in events */
    /* Composite: its actions are held back since the state was `held`. */
    enum cw_suppressed suppressed;
    int64_t until_ms; /* end of the wait or extension period; 0: none runs */
    enum cw_state held;
    struct wb_slice path; /* JSON: the alarms whose change led here; not in the row */
};

/* --- rows: alarm.c --- */
struct wb_slice cw_alarm_arn(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                             struct wb_slice name);
/* The name in an alarm's ARN of this account and region, or what is not an ARN as it is; null: the
 * ARN is of something else. */
struct wb_slice cw_alarm_name(const struct cw_alarm *scope, struct wb_slice name_or_arn);
bool cw_alarm_read(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                   struct wb_slice name, struct cw_alarm *out);
bool cw_alarm_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice row,
                     struct cw_alarm *out);
void cw_alarm_write(struct wb_tx *tx, const struct cw_alarm *al);
/* The index rows that follow from the configuration, put or removed. */
void cw_alarm_index(struct wb_tx *tx, const struct cw_alarm *al, bool put);
struct wb_slice cw_alarm_key(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                             struct wb_slice name);
struct wb_slice cw_config_str(const struct cw_alarm *al, struct wb_arena *a, const char *member);
/* The alarm's own period: of its metric, or of the metrics in its expression. Seconds; 0 for a
 * composite alarm. */
int64_t cw_alarm_period(const struct cw_alarm *al);
struct cw_rule cw_alarm_rule_of(const struct cw_alarm *al, struct wb_arena *a);
uint64_t cw_alarm_count(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                        uint64_t max);
/* WB_T_ALARM_CHILD: composite alarms that refer to an alarm; names in the arena. */
size_t cw_alarm_parents(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                        struct wb_slice child, struct wb_slice **parent);

/* --- state changes: alarm_state.c --- */
/* Sets the state and tells everybody. al's row is written. */
void cw_alarm_turn(struct wb_tx *tx, struct cw_alarm *al, struct cw_alarm_state next);
/* The actions for the change from old to al's state, whether suppressed or not. */
void cw_alarm_act(struct wb_tx *tx, const struct cw_alarm *al, const struct cw_alarm_state *old);
extern const struct wb_executor cw_action_executor;

/* --- history: alarm_history.c --- */
/* type: "ConfigurationUpdate", "StateUpdate", "Action". */
void cw_history_add(struct wb_tx *tx, const struct cw_alarm *al, const char *type,
                    struct wb_slice summary, struct wb_slice data);
extern const struct wb_executor cw_history_executor;

/* --- texts: alarm_message.c --- */
struct wb_slice cw_region_title(struct wb_arena *a, struct wb_slice region);
/* What a topic gets: a document with a text for each protocol. */
struct wb_slice cw_message(struct wb_arena *a, const struct cw_alarm *al,
                           const struct cw_alarm_state *old);
struct wb_slice cw_subject(struct wb_arena *a, const struct cw_alarm *al);
/* What a function gets. */
struct wb_slice cw_lambda_event(struct wb_arena *a, const struct cw_alarm *al,
                                const struct cw_alarm_state *old);
/* detail of "CloudWatch Alarm State Change". */
struct wb_slice cw_state_detail(struct wb_arena *a, const struct cw_alarm *al,
                                const struct cw_alarm_state *old);
/* detail of "CloudWatch Alarm Configuration Change"; old NULL unless it is an update. */
struct wb_slice cw_config_detail(struct wb_arena *a, const struct cw_alarm *al,
                                 const char *operation, const struct cw_alarm *old);
/* HistoryData of a configuration's change; old NULL: created. */
struct wb_slice cw_config_history(struct wb_arena *a, const struct cw_alarm *al,
                                  const struct cw_alarm *old, bool deleted);

/* --- timers: alarm_tick.c --- */
/* 0: every minute; 1: every 10 seconds. */
void cw_tick_place(const struct cw_alarm *al, unsigned *class, unsigned *slot);
void cw_tick_start(struct wb_tx *tx, const struct cw_alarm *al);
/* An alarm on expressions; false, with why: its evaluation would be too much for the writer. */
bool cw_alarm_affordable(struct wb_tx *tx, const struct cw_alarm *al, struct wb_slice *why);
/* As of at_ms, end of the youngest period. True when the state changed. */
bool cw_alarm_evaluate(struct wb_tx *tx, struct cw_alarm *al, int64_t at_ms);
extern const struct wb_executor cw_tick_executor;

/* --- composite alarms: alarm_composite.c --- */
/* A child of it, or it itself, changed; child may be null. Done by a work row. */
void cw_composite_wake(struct wb_tx *tx, const struct cw_alarm *al, struct wb_slice child,
                       int64_t due_ms);
/* At its making or change: evaluated at once. */
void cw_composite_begin(struct wb_tx *tx, struct cw_alarm *al, bool made);
/* After a change of its state: act, or hold back. */
void cw_composite_act(struct wb_tx *tx, struct cw_alarm *al, const struct cw_alarm_state *old);
extern const struct wb_executor cw_composite_executor;

/* --- checks of what a request says: alarm_put.c --- */
bool cw_actions_ok(struct wb_call *c);
/* The request without what is kept elsewhere; as JSON text. */
struct wb_slice cw_config_text(struct wb_call *c);
/* Puts a new configuration: row, indexes, history, event, tags. al has name and config; *was is the
 * old alarm, or NULL. */
void cw_alarm_configure(struct wb_call *c, struct cw_alarm *al, const struct cw_alarm *was);

/* --- operations --- */
wb_handler_fn cw_put_metric_alarm, cw_put_composite_alarm, cw_describe_alarms,
    cw_describe_alarms_for_metric, cw_describe_history, cw_set_alarm_state, cw_enable_actions,
    cw_disable_actions, cw_delete_alarms, cw_tag, cw_untag, cw_list_tags;
/* dashboard.c */
wb_handler_fn cw_put_dashboard, cw_get_dashboard, cw_list_dashboards, cw_delete_dashboards;
wb_handler_fn cw_widget_image; /* widget_image.c */
void cw_dashboard_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);
/* alarm_shapes.c */
extern const struct wb_shape cw_s_put_metric_alarm, cw_s_put_composite_alarm, cw_s_alarm_names,
    cw_s_describe_alarms, cw_s_describe_for_metric, cw_s_describe_history, cw_s_set_alarm_state,
    cw_s_tag, cw_s_untag, cw_s_list_tags, cw_s_put_dashboard, cw_s_get_dashboard,
    cw_s_list_dashboards, cw_s_delete_dashboards, cw_s_widget_image;
wb_resource_fn cw_of_alarm, cw_of_alarms, cw_of_tagged, cw_of_dashboard, cw_alarm_facts;
extern const char *const cw_alarm_keys[], *const cw_tagged_keys[], *const cw_resource_keys[];

void cw_alarm_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
