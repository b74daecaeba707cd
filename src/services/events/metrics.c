/*
 * AWS/Events (EventBridge User Guide, "Monitoring Amazon EventBridge"): the names, units and
 * combinations of dimensions of what rules and their deliveries count. A rule of the default bus is
 * {RuleName}, of another bus {EventBusName, RuleName}. What PutEvents counts is in put.c.
 */
#include "services/events/events.h"

enum { OF_RULE = 1, OF_BUS = 2, OF_ALL = 4, EVERY = OF_RULE | OF_BUS | OF_ALL };

static const struct {
    const char *name, *unit;
    unsigned sets;
} metrics[] = {
    [EVENTS_TRIGGERED] = {"TriggeredRules", "Count", EVERY},
    [EVENTS_MATCHED] = {"MatchedEvents", "Count", OF_RULE},
    [EVENTS_MATCHED_ANY] = {"MatchedEvents", "Count", OF_BUS},
    [EVENTS_CREATED] = {"InvocationsCreated", "Count", OF_ALL},
    [EVENTS_INVOCATIONS] = {"Invocations", "Count", OF_RULE | OF_ALL},
    [EVENTS_ATTEMPTS] = {"InvocationAttempts", "Count", EVERY},
    [EVENTS_RETRIES] = {"RetryInvocationAttempts", "Count", EVERY},
    [EVENTS_SUCCEEDED] = {"SuccessfulInvocationAttempts", "Count", EVERY},
    [EVENTS_FAILED] = {"FailedInvocations", "Count", OF_RULE},
    [EVENTS_LOOPED] = {"DeadLetterInvocations", "Count", OF_RULE},
    [EVENTS_TO_DLQ] = {"InvocationsSentToDlq", "Count", OF_RULE},
    [EVENTS_NOT_TO_DLQ] = {"InvocationsFailedToBeSentToDlq", "Count", OF_RULE},
    [EVENTS_START_MS] = {"IngestiontoInvocationStartLatency", "Milliseconds", EVERY},
    [EVENTS_COMPLETE_MS] = {"IngestiontoInvocationCompleteLatency", "Milliseconds", EVERY},
    [EVENTS_SUCCESS_MS] = {"IngestionToInvocationSuccessLatency", "Milliseconds", EVERY},
};

void wb_events_count(struct wb_tx *tx, const struct wb_bus *b, struct wb_slice rule,
                     enum wb_events_metric what, double value, double samples)
{
    const struct wb_pair dims[2] = {{WB_S("EventBusName"), b->name}, {WB_S("RuleName"), rule}};
    bool custom = !wb_slice_is(b->name, "default");
    unsigned sets = metrics[what].sets;
    const char *name = metrics[what].name, *unit = metrics[what].unit;
    if (sets & OF_RULE)
        wb_put_samples(tx, b->account, b->region, "AWS/Events", name, dims + !custom, 1 + custom,
                       value, samples, unit);
    if (sets & OF_BUS)
        wb_put_samples(tx, b->account, b->region, "AWS/Events", name, dims, 1, value, samples,
                       unit);
    if (sets & OF_ALL)
        wb_put_samples(tx, b->account, b->region, "AWS/Events", name, NULL, 0, value, samples,
                       unit);
}

/* --- of a command --- */

struct tally *wb_events_tally(struct wb_tx *tx, struct wb_events_tally *t, const struct wb_bus *b,
                              const struct wb_rule *r)
{
    for (uint32_t i = t->count; i-- > 0;)
        if (t->item[i].rule == r)
            return &t->item[i];
    if (t->count == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 8;
        struct tally *more = wb_new_n(tx->arena, struct tally, cap);
        if (t->count)
            memcpy(more, t->item, t->count * sizeof *more);
        t->item = more;
        t->cap = cap;
    }
    t->item[t->count] = (struct tally){.bus = b, .rule = r};
    return &t->item[t->count++];
}

void wb_events_tell(struct wb_tx *tx, const struct wb_events_tally *all)
{
    for (uint32_t i = 0; i < all->count; i++) {
        const struct tally *t = &all->item[i];
        const struct {
            enum wb_events_metric what;
            uint32_t n;
        } counts[] = {{EVENTS_TRIGGERED, t->matched}, {EVENTS_MATCHED, t->matched},
                      {EVENTS_MATCHED_ANY, t->first}, {EVENTS_CREATED, t->created},
                      {EVENTS_ATTEMPTS, t->taken},    {EVENTS_SUCCEEDED, t->taken},
                      {EVENTS_INVOCATIONS, t->taken}};
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            if (counts[k].n)
                wb_events_count(tx, t->bus, t->rule->name, counts[k].what, counts[k].n, 1);
        /* Taken in the commit of the event itself. */
        for (int what = EVENTS_START_MS; t->taken && what <= EVENTS_SUCCESS_MS; what++)
            wb_events_count(tx, t->bus, t->rule->name, (enum wb_events_metric)what, 0, t->taken);
    }
}
