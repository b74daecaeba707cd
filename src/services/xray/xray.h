/*
 * X-Ray: segments in, traces, summaries and graphs out; groups and sampling rules. The rows of
 * segments are the engine's (engine/spans.h): functions' segments are in them whether anybody looks
 * or not.
 */
#ifndef WB_XRAY_XRAY_H
#define WB_XRAY_XRAY_H

#include "base/arn.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/spans.h"
#include "services/xray/filter.h"

extern const struct wb_module wb_xray_module;

/* What is wrong with a document, in AWS's word; NULL: nothing. `id` is set when it has one. The
 * slices live in the arena. */
struct xray_segment {
    struct wb_slice id, trace_id;
    bool in_progress;
};
const char *xray_segment_check(struct wb_arena *a, struct wb_slice document, int64_t now_ms,
                               struct xray_segment *s);

/* An InvalidRequestException. */
void xray_invalid(struct wb_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A timestamp of the input, ms; false with the call failed when it cannot be one. */
bool xray_time_in(struct wb_call *c, const char *name, int64_t *ms);
/* StartTime and EndTime, of a window that AWS takes; false with the call failed. */
bool xray_window(struct wb_call *c, int64_t *from_ms, int64_t *to_ms);
struct xray_group {
    struct wb_slice name, arn, filter;
    bool insights;
};
/* The call's; false with the call failed. */
bool xray_group_of_call(struct wb_call *c, struct xray_group *g);
/* All there are, at most WB_XRAY_GROUPS_MAX; their number. */
size_t xray_group_list(struct wb_call *c, struct xray_group *out);
/* The groups that expressions of this call may name. */
const struct xray_groups *xray_groups_of(struct wb_call *c);
/* The filter of GroupName or GroupARN, null when none is named; false with the call failed. */
bool xray_group_filter(struct wb_call *c, struct wb_slice *filter);

struct wb_slice xray_rule_arn(struct wb_arena *a, struct wb_slice region, struct wb_slice account,
                              struct wb_slice name);

void xray_put_segments(struct wb_call *c);
void xray_put_telemetry(struct wb_call *c);
void xray_batch_get(struct wb_call *c);
void xray_summaries(struct wb_call *c);
void xray_service_graph(struct wb_call *c);
void xray_trace_graph(struct wb_call *c);
void xray_create_group(struct wb_call *c);
void xray_update_group(struct wb_call *c);
void xray_delete_group(struct wb_call *c);
void xray_get_group(struct wb_call *c);
void xray_get_groups(struct wb_call *c);
void xray_create_rule(struct wb_call *c);
void xray_update_rule(struct wb_call *c);
void xray_delete_rule(struct wb_call *c);
void xray_get_rules(struct wb_call *c);
void xray_sampling_targets(struct wb_call *c);
void xray_sampling_summaries(struct wb_call *c);
void xray_get_encryption(struct wb_call *c);
void xray_put_encryption(struct wb_call *c);
void xray_put_policy(struct wb_call *c);
void xray_delete_policy(struct wb_call *c);
void xray_list_policies(struct wb_call *c);
void xray_time_series(struct wb_call *c);
void xray_insight(struct wb_call *c);
void xray_insight_events(struct wb_call *c);
void xray_insight_graph(struct wb_call *c);
void xray_insight_summaries(struct wb_call *c);
void xray_tag(struct wb_call *c);
void xray_untag(struct wb_call *c);
void xray_list_tags(struct wb_call *c);
/* Whether the ARN is that of a group or rule there is. */
bool xray_group_exists(struct wb_call *c, struct wb_slice arn);
bool xray_rule_exists(struct wb_call *c, struct wb_slice arn);

extern const struct wb_shape xray_s_put, xray_s_telemetry, xray_s_batch, xray_s_summaries,
    xray_s_service_graph, xray_s_trace_graph, xray_s_create_group, xray_s_update_group,
    xray_s_group, xray_s_groups, xray_s_create_rule, xray_s_update_rule, xray_s_rule, xray_s_token,
    xray_s_sampling_summaries, xray_s_targets, xray_s_nothing, xray_s_encryption, xray_s_tag,
    xray_s_untag, xray_s_list_tags, xray_s_put_policy, xray_s_delete_policy, xray_s_list_policies,
    xray_s_time_series, xray_s_insight, xray_s_insight_events, xray_s_insight_graph,
    xray_s_insight_summaries;

void xray_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
