/*
 * CloudWatch Logs: groups, streams, events, retention, filter patterns. The rows are the engine's
 * (engine/logs.h): functions' output is in them whether anybody looks or not.
 */
#ifndef WB_LOGS_LOGS_H
#define WB_LOGS_LOGS_H

#include "base/arn.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/logs.h"

extern const struct wb_module wb_logs_module;

/* The group of logGroupName or logGroupIdentifier; the call fails when there is none. */
bool logs_call_group(struct wb_call *c, struct wb_log_group *g);
/* Its name and scope, without looking; null slices when the call names none. */
void logs_call_place(struct wb_call *c, struct wb_slice *account, struct wb_slice *region,
                     struct wb_slice *name);
bool logs_call_stream(struct wb_call *c, const struct wb_log_group *g, struct wb_log_stream *s);
/* "arn:aws:logs:R:A:log-group:NAME:*": in answers, permissions and for tags. */
struct wb_slice logs_group_arn(struct wb_arena *a, struct wb_slice account, struct wb_slice region,
                               struct wb_slice name);
/* The name in such an ARN, with or without what stands behind it; null slice when it is none. */
struct wb_slice logs_arn_name(struct wb_slice arn);
void logs_no_group(struct wb_call *c);
void logs_invalid(struct wb_call *c, const char *text);
void logs_out_sequence(struct wb_call *c, const char *name, int64_t ingested_ms);

/* As FilterLogEvents and subscriptions tell it. */
struct wb_slice logs_event_id(struct wb_arena *a, const struct wb_log_place *at);

void logs_create_group(struct wb_call *c);
void logs_delete_group(struct wb_call *c);
void logs_describe_groups(struct wb_call *c);
void logs_put_retention(struct wb_call *c);
void logs_delete_retention(struct wb_call *c);
void logs_create_stream(struct wb_call *c);
void logs_delete_stream(struct wb_call *c);
void logs_describe_streams(struct wb_call *c);
void logs_put_prepare(struct wb_call *c);
void logs_put_events(struct wb_call *c);
void logs_get_events(struct wb_call *c);
void logs_filter_events(struct wb_call *c);
void logs_start_live_tail(struct wb_call *c);
void logs_tag(struct wb_call *c);
void logs_untag(struct wb_call *c);
void logs_list_tags(struct wb_call *c);

extern const struct wb_shape logs_s_create_group, logs_s_group, logs_s_groups, logs_s_retention,
    logs_s_stream, logs_s_streams, logs_s_put, logs_s_get, logs_s_filter, logs_s_tag, logs_s_untag,
    logs_s_list_tags, logs_s_tag_group, logs_s_untag_group, logs_s_live_tail;

void logs_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
