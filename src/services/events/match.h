/*
 * All patterns of a bus, compiled into one immutable set, and the matching of an event against
 * them. A set is made once and read by any number of threads; its patterns must outlive it.
 *
 * The cost of an event is that of walking it, plus an index look-up for each value at a path that
 * rules name, plus a check of each sub-rule that a look-up brings up. Sub-rules are filed under
 * their most selective field when that can be looked up (equal strings, numbers, addresses;
 * prefixes, suffixes, ranges of numbers), else under a path: then they are checked whenever the
 * path has a value.
 */
#ifndef WB_EVENTS_MATCH_H
#define WB_EVENTS_MATCH_H

#include "codec/json.h"
#include "services/events/pattern.h"

struct wb_match_set;

/* Pattern i is rule i; a NULL pattern matches nothing. */
struct wb_match_set *wb_match_new(struct wb_pattern *const *pattern, uint32_t count);
void wb_match_free(struct wb_match_set *s); /* accepts NULL */

/* An event as PutEvents has it: its envelope in pieces. Null slices are absent. */
struct wb_envelope {
    struct wb_slice version, id, detail_type, source, account, time, region;
    const struct wb_slice *resource;
    size_t resource_count;
    struct wb_json detail;
};
/* The rules that match, ascending, in the arena; returns how many. */
size_t wb_match_envelope(const struct wb_match_set *s, const struct wb_envelope *e,
                         struct wb_arena *a, uint32_t **rules);
/* The same for an event in one document (an object). */
size_t wb_match_event(const struct wb_match_set *s, struct wb_json event, struct wb_arena *a,
                      uint32_t **rules);

#endif
