/*
 * The main job: replays a made-up day (day.h) through the bus, waits until every event has its
 * outcome, and holds what came of it against the truth file.
 */
#ifndef SHIPMENTS_REPLAY_H
#define SHIPMENTS_REPLAY_H

#include "feed.h"

struct replay_options {
    const char *folder;  /* of day.jsonl, truth.json, truth-shipments.jsonl */
    const char *outbox;  /* count the mails there; NULL = do not */
    int64_t duration_ms; /* the day's 24 hours take so long; 0 = as fast as it goes */
    int64_t patience_ms; /* give up when no outcome came for so long */
};

/* Prints progress and the summary. 0 = all as in the truth, 1 = not. */
int replay_run(struct wb_aws *aws, const struct stack *s, const struct replay_options *o);

#endif
