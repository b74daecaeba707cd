/*
 * What a target is sent: the event as it is, a constant (Input), a part of the event (InputPath),
 * or a text made of parts (InputTransformer). Compiled with the rule; pure; any thread.
 *
 * The rules are those recorded against AWS (LocalStack, tests/aws/services/events/
 * test_events_inputs.snapshot.json) and those of the User Guide, "Amazon EventBridge input
 * transformation": a text template keeps its quotes; inside quotes a variable is put in without
 * its own; a variable outside quotes is put in as JSON; one that leads nowhere is nothing inside
 * quotes and "" outside.
 */
#ifndef WB_EVENTS_INPUT_H
#define WB_EVENTS_INPUT_H

#include "codec/json.h"

/* A JSONPath of names, indexes and [*]: $.detail.items[0]['odd name'] */
struct wb_path;
/* NULL when it is not one. */
struct wb_path *wb_path_compile(struct wb_arena *a, struct wb_slice text);
/* The JSON text of what it leads to in `root`: a value, or with [*] a list of values; the null
 * slice when it leads nowhere. */
struct wb_slice wb_path_find(const struct wb_path *p, struct wb_json root, struct wb_arena *a);

struct wb_input;
/* From a target as PutTargets has it. NULL with *why = AWS's message. An event needs no input:
 * then the result is one that gives it as it is. */
struct wb_input *wb_input_compile(struct wb_arena *a, struct wb_json target, struct wb_slice *why);
/* The target gets the event's own bytes. */
bool wb_input_is_event(const struct wb_input *in);

struct wb_input_event {
    struct wb_slice text;    /* the whole event */
    struct wb_json document; /* of text; read when needed and none */
    struct wb_slice rule_arn, rule_name;
    int64_t ingestion_ms;
};
/* False: what comes out is not JSON where it has to be (AWS: not delivered, INVALID_JSON). */
bool wb_input_make(const struct wb_input *in, struct wb_input_event *e, struct wb_arena *a,
                   struct wb_slice *out);

#endif
