/*
 * YAML 1.1 to JSON text, as configuration languages want it: one document, plain scalars resolved
 * by YAML 1.1's rules (yes and on are booleans, 0x10 and 010 are numbers, 1:30 is one too), numbers
 * kept as they are written where JSON has that form, dates left as strings, keys always strings.
 * Aliases and merge keys are written out. Local tags become members: "!Ref x" with the tag "!Ref"
 * for "Ref" is {"Ref": "x"}.
 *
 * Refused, with the place: duplicate keys, keys that are not scalars, tags that are not known,
 * nodes that contain themselves, and whatever is longer or deeper than allowed once it is written
 * out.
 */
#ifndef WB_CODEC_YAML_H
#define WB_CODEC_YAML_H

#include "base/arena.h"

struct wb_yaml_tag {
    const char *tag; /* "!Ref"; NULL ends the list */
    const char *key; /* of the object that it becomes */
    bool dotted;     /* a scalar "a.b.c" becomes ["a", "b.c"] */
};

struct wb_yaml_options {
    const struct wb_yaml_tag *tags; /* NULL: none */
    size_t bytes_max;               /* of the JSON text */
    unsigned depth_max;
};

struct wb_yaml_error {
    const char *reason;  /* in the arena, or static */
    size_t line, column; /* from 1 */
};

/* *json is in the arena. An empty document is null. */
bool wb_yaml_to_json(struct wb_arena *a, struct wb_slice text, const struct wb_yaml_options *o,
                     struct wb_slice *json, struct wb_yaml_error *error);

#endif
