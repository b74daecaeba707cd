/*
 * The definition cache: tables, buses with their compiled rules, functions, policies... read far
 * more often than changed. An object is built from the store by its kind's load, immutable,
 * reference counted, shared by all threads, and swapped by the writer before the answers of the
 * changing commit leave.
 *
 *   const struct table *t = wb_def(call->tx, &table_kind, key);   NULL when there is no such thing
 *
 * In a command that (or whose batch) changed the definition, wb_def sees the change. The pointer
 * stays valid until the tx ends; wb_def_hold keeps it longer (a running function). A write prepared
 * on the loop compares pointers: if wb_def in the handler gives another object than in prepare,
 * prepare again.
 */
#ifndef WB_ENGINE_DEFS_H
#define WB_ENGINE_DEFS_H

#include "engine/tx.h"

struct wb_def_kind {
    const char *name;
    /* Builds the object from the rows under tx (read only), or NULL when absent. Not in tx->arena:
     * it outlives it. */
    void *(*load)(struct wb_tx *tx, struct wb_slice key);
    void (*free)(void *object);
    unsigned index; /* given by wb_def_register */
};

void wb_def_register(struct wb_engine *e,
                     struct wb_def_kind *kind); /* at start, before any thread */
const void *wb_def(struct wb_tx *tx, const struct wb_def_kind *kind, struct wb_slice key);
/* In a command: the rows behind (kind, key) change. Call after the puts. */
void wb_def_changed(struct wb_tx *tx, const struct wb_def_kind *kind, struct wb_slice key);
/* An object that somebody made ahead, for rows that will be written as it says: of a snapshot,
 * which lets it go at its end. */
void wb_def_made(struct wb_tx *tx, const struct wb_def_kind *kind, void *object);
/* In a command, after wb_def_changed: such an object (or NULL) is what load would make. */
void wb_def_give(struct wb_tx *tx, const struct wb_def_kind *kind, struct wb_slice key,
                 const void *object);
void wb_def_hold(const void *object);
void wb_def_let_go(struct wb_engine *e, const void *object);

#endif
