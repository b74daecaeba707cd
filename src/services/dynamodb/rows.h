/*
 * Rows of items, indexes and the journal: how they are keyed, read and changed.
 *
 *   item     WB_T_ITEM:  table number, digest of the hash key (16 bytes), range key
 *            -> u8 version, size of the item (le32), the true hash key (lp), the item's JSON
 *   index    WB_T_INDEX: table number, index number, digest of the index's hash key, index's range
 *            key, then the item's key from its digest on
 *            -> the index's true hash key
 *   journal  WB_T_JOURNAL: table number, stamp -> see struct wb_ddb_change
 *
 * A digest is the first half of a SHA-256: partition keys are only compared for equality, so 16
 * bytes stand for up to 2,048. Range keys keep their order (key.h: strings and binaries escaped,
 * numbers as decimals). An index entry carries no attributes: it leads to the item, and is written
 * in the same batch, so both always agree. Entries with one index key are ordered by the item's
 * key.
 */
#ifndef WB_SERVICES_DYNAMODB_ROWS_H
#define WB_SERVICES_DYNAMODB_ROWS_H

#include "services/dynamodb/table.h"

#define WB_DDB_DIGEST 16

/* --- keys --- */

/* The key of an item's row from the key attributes found in item, which have been checked. */
struct wb_slice wb_ddb_item_key(struct wb_arena *a, const struct wb_ddb_table *t,
                                const struct wb_av *item);
/* Key of the item's entry in an index; null slice when the item has none (an attribute is missing
 * or of another type). */
struct wb_slice wb_ddb_index_key(struct wb_arena *a, const struct wb_ddb_table *t,
                                 const struct wb_ddb_index *x, const struct wb_av *item,
                                 struct wb_slice item_key);
/* The bytes of a key value whose equality is that of the value. */
struct wb_slice wb_ddb_hash_bytes(struct wb_arena *a, const struct wb_av *v);
/* Prefixes: all rows of a table or index (x not NULL), and those of one hash key. */
void wb_ddb_prefix(struct wb_key *k, struct wb_arena *a, const struct wb_ddb_table *t,
                   const struct wb_ddb_index *x);
void wb_ddb_key_hash(struct wb_key *k, struct wb_arena *a, const struct wb_av *hash);
void wb_ddb_key_range(struct wb_key *k, const struct wb_av *range);
/* The item key that an index row's key ends with. False when the key is damaged. */
bool wb_ddb_index_item(struct wb_arena *a, const struct wb_ddb_table *t,
                       const struct wb_ddb_index *x, struct wb_slice index_key,
                       struct wb_slice *item_key);

/* --- checks, with AWS's texts; false = the call has failed --- */

/* Key of GetItem and the like: exactly the key attributes, of the right types and sizes. */
bool wb_ddb_check_key(struct wb_call *c, const struct wb_ddb_table *t, const struct wb_av *key);
/* A whole item: key attributes present, types of index keys, sizes. */
bool wb_ddb_check_item(struct wb_call *c, const struct wb_ddb_table *t, const struct wb_av *item);
/* Only types and sizes of index keys, after an update. */
bool wb_ddb_check_index_keys(struct wb_call *c, const struct wb_ddb_table *t,
                             const struct wb_av *item);

/* --- reading --- */

struct wb_ddb_row {
    uint32_t size;        /* of the item, as billed */
    struct wb_slice hash; /* true hash key */
    struct wb_slice json; /* the item; points into the store */
};
/* False when absent. hash = the true key to compare with, or null. */
bool wb_ddb_row_get(struct wb_tx *tx, struct wb_slice key, struct wb_slice hash,
                    struct wb_ddb_row *out);
bool wb_ddb_row_read(struct wb_slice value, struct wb_ddb_row *out); /* false = damaged */

/* --- changing --- */

struct wb_ddb_units {
    double table;
    double index[25]; /* by place in the table's list */
};

struct wb_ddb_write {
    const struct wb_ddb_table *t;
    struct wb_slice key;           /* of the item's row */
    const struct wb_av *old, *new; /* NULL = no item; old may be NULL with old_json set when the
                                      table has no index */
    struct wb_slice old_json, new_json; /* not pointing into the store */
    uint32_t old_size, new_size;
};
/* Puts, replaces or removes the item with its index entries, statistics and journal row. Nothing
 * is written when old and new are the same. Adds the consumed write units to *u. */
void wb_ddb_row_write(struct wb_tx *tx, const struct wb_ddb_write *w, struct wb_ddb_units *u);

/* What an index entry shows of an item, and its size. */
struct wb_av wb_ddb_entry(struct wb_arena *a, const struct wb_ddb_index *x,
                          const struct wb_av *item);

/* --- journal --- */

enum wb_ddb_event { WB_DDB_INSERT = 1, WB_DDB_MODIFY, WB_DDB_REMOVE };
struct wb_ddb_change {
    enum wb_ddb_event event;
    bool by_ttl; /* done by the service when the item expired */
    int64_t time_ms;
    struct wb_slice keys, old, new; /* JSON; null when there is none */
};
void wb_ddb_journal_put(struct wb_tx *tx, const struct wb_ddb_table *t,
                        const struct wb_ddb_change *ch);
bool wb_ddb_journal_read(struct wb_slice value, struct wb_ddb_change *out); /* false = damaged */

/* What a write of so many bytes costs. */
double wb_ddb_write_units(size_t bytes);

#endif
