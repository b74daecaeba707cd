/*
 * Traces for an OpenTelemetry collector: every segment that is stored is also sent there, over
 * OTLP/HTTP in JSON, at least once. What waits is rows; with the collector away they wait, up to
 * the configured number, then the oldest go and are counted. Nothing else waits for it.
 */
#ifndef WB_ENGINE_OTLP_H
#define WB_ENGINE_OTLP_H

#include "engine/tx.h"

/* In the command that stores the segment. Does nothing when there is nowhere to send it. */
void wb_otlp_note(struct wb_tx *tx, struct wb_slice account, struct wb_slice region,
                  struct wb_slice trace_id, struct wb_slice span_id);
void wb_otlp_register(struct wb_engine *e);
bool wb_otlp_check(struct wb_slice key, struct wb_slice value); /* the row can be read */

#endif
