/*
 * X-Ray segments as OpenTelemetry spans: the body of an OTLP/HTTP request in JSON (proto3's
 * mapping, ids in hex). A segment and each of its subsegments is a span; what X-Ray says about them
 * goes by OpenTelemetry's semantic conventions where these have a name for it (docs/traces.md).
 */
#ifndef WB_ENGINE_OTLP_MAP_H
#define WB_ENGINE_OTLP_MAP_H

#include "codec/json.h"

struct wb_otlp_body {
    struct wb_arena *a;
    struct wb_buf b;
    struct wb_json_writer w;
    struct wb_slice resource; /* of the spans being written, as JSON */
    size_t spans;
};

/* What is written lives in the arena. */
void wb_otlp_begin(struct wb_otlp_body *o, struct wb_arena *a);
/* Adds the document's spans. `owner` is the segment that a subsegment sent alone lies in (null: not
 * known). A segment that is still in progress has no span yet: it comes again when it is complete.
 * False: nothing was added. */
bool wb_otlp_add(struct wb_otlp_body *o, struct wb_slice account, struct wb_slice region,
                 struct wb_slice trace_id, struct wb_slice document, struct wb_slice owner);
struct wb_slice wb_otlp_end(struct wb_otlp_body *o);

#endif
