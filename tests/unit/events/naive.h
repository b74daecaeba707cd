/*
 * Event patterns a second time, the obvious way: the pattern is read as plain JSON, the event is
 * flattened into all its leaves, and every assignment of leaves to fields is tried. Slow, and of
 * one piece with the compiled matcher only in the file value.c.
 */
#ifndef WB_TEST_NAIVE_H
#define WB_TEST_NAIVE_H

#include "codec/json.h"

/* The pattern must be valid and its "$or" must compile. */
bool naive_match(struct wb_json pattern, struct wb_json event, struct wb_arena *a);

#endif
