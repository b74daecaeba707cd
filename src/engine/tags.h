/*
 * Tags, one table by ARN for all services. Rules (AWS General Reference, "Tag naming limits"): at
 * most 50 on a resource, keys of 1 to 128 and values of 0 to 256 characters, keys do not begin with
 * "aws:".
 */
#ifndef WB_ENGINE_TAGS_H
#define WB_ENGINE_TAGS_H

#include "aws/op.h"
#include "engine/tx.h"

#define WB_TAGS_MAX 50

/* Reads a list of {Key, Value} objects, or an object of key to value (Lambda), into *tag. False
 * with *why = a reason to put into the service's own error; absent = no tags. */
bool wb_tags_read(struct wb_arena *a, struct wb_json in, struct wb_pair **tag, size_t *count,
                  struct wb_slice *why);
/* Adds or replaces. False when the resource would have more than WB_TAGS_MAX (nothing is changed).
 */
bool wb_tags_put(struct wb_tx *tx, struct wb_slice arn, const struct wb_pair *tag, size_t count);
void wb_tags_remove(struct wb_tx *tx, struct wb_slice arn, struct wb_slice key);
void wb_tags_drop(struct wb_tx *tx, struct wb_slice arn); /* all of them: the resource goes */
/* In order of key; slices in the tx's arena. */
size_t wb_tags_list(struct wb_tx *tx, struct wb_slice arn, struct wb_pair **tag);
/* Writes the list `name` of {Key, Value}. */
void wb_tags_out(struct wb_tx *tx, struct wb_slice arn, struct wb_out *out, const char *name);

#endif
