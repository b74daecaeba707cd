/*
 * A hash map from byte strings to pointers, open addressing, keys copied. Not for concurrent use.
 * The hash is keyed with a random value taken at process start, so that a hostile set of keys does
 * not collide on purpose.
 */
#ifndef WB_BASE_MAP_H
#define WB_BASE_MAP_H

#include "base/slice.h"

struct wb_map;

struct wb_map *wb_map_new(void);
void wb_map_free(struct wb_map *m); /* accepts NULL; values are the caller's */
size_t wb_map_count(const struct wb_map *m);
void *wb_map_get(const struct wb_map *m, struct wb_slice key); /* NULL when absent */
/* Stores value (not NULL); returns the value that was there before, or NULL. */
void *wb_map_put(struct wb_map *m, struct wb_slice key, void *value);
void *wb_map_del(struct wb_map *m, struct wb_slice key); /* returns the removed value or NULL */
/* Iteration in no order: start with *pos = 0; false at the end. No put or del while iterating. */
bool wb_map_next(const struct wb_map *m, size_t *pos, struct wb_slice *key, void **value);
uint64_t wb_hash(struct wb_slice s); /* the same keyed hash */

#endif
