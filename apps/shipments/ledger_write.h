/*
 * How the ledger writes: pieces that its files share. Writes are conditional, and what stands in
 * the way is read from the refusal itself (ReturnValuesOnConditionCheckFailure), so a retry finds
 * its own row and goes on from there.
 */
#ifndef SHIPMENTS_LEDGER_WRITE_H
#define SHIPMENTS_LEDGER_WRITE_H

#include "ledger.h"

void ledger_attr(struct wb_json_writer *w, const char *name, struct wb_slice value); /* of type S */
struct wb_slice ledger_text(struct wb_json item, const char *name, struct wb_arena *a);
struct wb_slice ledger_now(struct ledger *l, struct wb_arena *a);
enum ledger_status ledger_failed(struct ledger *l, struct wb_arena *a, const char *doing,
                                 const struct wb_aws_answer *r);

/* PutItem on condition that no item has this key. *there: the item that has it, or WB_JSON_NONE
 * when ours went in. */
enum ledger_status ledger_put_new(struct ledger *l, struct wb_arena *a, const char *table,
                                  const char *key_attribute, struct wb_slice item,
                                  struct wb_json *there);
/* PutItem under a condition, in which :v stands for `value` (null: it names none). *done: it was
 * met; else *there is the item in the way, or WB_JSON_NONE. */
enum ledger_status ledger_put_if(struct ledger *l, struct wb_arena *a, const char *table,
                                 struct wb_slice item, struct wb_slice condition,
                                 struct wb_slice value, bool *done, struct wb_json *there);

#endif
