/*
 * Table definitions: what CreateTable makes and every other operation reads, through the
 * definition cache (kind wb_ddb_tables, key wb_ddb_table_key). A definition is immutable; changing
 * one means writing its row anew (wb_ddb_table_save) in the writer.
 *
 * The row is a JSON object; its members are those of struct wb_ddb_table. Tables and indexes have
 * numbers, under which their rows lie; a name that is created again gets new ones.
 */
#ifndef WB_SERVICES_DYNAMODB_TABLE_H
#define WB_SERVICES_DYNAMODB_TABLE_H

#include "aws/op.h"
#include "engine/defs.h"
#include "services/dynamodb/value.h"

struct wb_ddb_key {
    struct wb_slice name;
    uint8_t type; /* WB_AV_S, N or B */
};

struct wb_ddb_schema {
    struct wb_ddb_key key[2]; /* hash, range */
    uint32_t count;
};

enum wb_ddb_project { WB_DDB_ALL, WB_DDB_KEYS_ONLY, WB_DDB_INCLUDE };

struct wb_ddb_index {
    struct wb_slice name;
    uint64_t number; /* within the table */
    bool global;
    bool ready; /* false while it is being filled */
    struct wb_ddb_schema schema;
    enum wb_ddb_project project;
    struct wb_slice *include; /* NonKeyAttributes */
    uint32_t include_count;
    struct wb_slice *keep; /* attributes an entry shows: keys and include, in order */
    uint32_t keep_count;
    int64_t read_units, write_units;
};

struct wb_ddb_stream {
    struct wb_slice label; /* 2026-11-22T12:00:00.123 */
    struct wb_slice view;
    int64_t from_ms, until_ms; /* 0 = still on */
};

struct wb_ddb_table {
    struct wb_arena arena; /* owns everything below, when it comes from the cache */
    uint64_t number;
    uint64_t generation; /* grows with every change */
    uint64_t next_index;
    struct wb_slice account, region, name, id, arn;
    int64_t created_ms;
    struct wb_ddb_key *attr; /* AttributeDefinitions, as given */
    uint32_t attr_count;
    struct wb_ddb_schema schema;
    struct wb_ddb_index *index; /* global ones first */
    uint32_t index_count;
    bool on_demand;
    int64_t on_demand_ms; /* since when; 0 = from the start */
    int64_t read_units, write_units;
    int64_t increased_ms, decreased_ms;
    struct wb_ddb_stream *stream; /* newest last; ended ones for a day */
    uint32_t stream_count;
    bool journal; /* a stream or recovery is on: changes write journal rows */
    bool recovery;
    int64_t recovery_ms; /* since when */
    int64_t recovery_days;
    bool protect; /* DeletionProtectionEnabled */
    struct wb_slice table_class;
    bool sse;
    struct wb_slice sse_type, sse_key;
};

extern struct wb_def_kind wb_ddb_tables;

struct wb_slice wb_ddb_table_key(struct wb_arena *a, struct wb_slice account,
                                 struct wb_slice region, struct wb_slice name);
/* A table's name in "orders" or in an ARN of the call's account and region; null for one of
 * another place. */
struct wb_slice wb_ddb_table_name(const struct wb_call *c, struct wb_slice name_or_arn);
/* The table a call names, in the call's account and region. NULL when there is none. */
const struct wb_ddb_table *wb_ddb_table(struct wb_call *c, struct wb_slice name);
/* By the TableName of the input. Fails the call when absent: with the table's name in the text, or
 * without, as the operations on data do. */
const struct wb_ddb_table *wb_ddb_table_named(struct wb_call *c, bool with_name);

/* Reads a row's text; false when it is damaged. Compiles the derived members. */
bool wb_ddb_table_read(struct wb_arena *a, struct wb_slice json, struct wb_ddb_table *out);
/* Writes the row and tells the cache; the generation grows. Writer only. */
void wb_ddb_table_save(struct wb_tx *tx, struct wb_ddb_table *t);
/* A copy that may be changed and saved; slices are shared with t, arrays are copied. */
struct wb_ddb_table *wb_ddb_table_edit(struct wb_arena *a, const struct wb_ddb_table *t);
/* Derived members (arn, keep lists, journal, types of keys) after an edit. */
void wb_ddb_table_compile(struct wb_arena *a, struct wb_ddb_table *t);

const struct wb_ddb_index *wb_ddb_index_named(const struct wb_ddb_table *t, struct wb_slice name);
const struct wb_ddb_stream *wb_ddb_stream_on(const struct wb_ddb_table *t); /* NULL = off */
bool wb_ddb_has_local(const struct wb_ddb_table *t);

/* Count and size of a table and its indexes: one row, updated with every change. */
struct wb_ddb_stat {
    uint64_t number; /* of an index; 0 = the table itself */
    int64_t count, bytes;
};
struct wb_ddb_stats {
    struct wb_ddb_stat stat[26]; /* 1 + 20 + 5 */
    uint32_t count;
};
void wb_ddb_stats_read(struct wb_tx *tx, uint64_t table, struct wb_ddb_stats *out);
void wb_ddb_stats_write(struct wb_tx *tx, uint64_t table, const struct wb_ddb_stats *s);
struct wb_ddb_stat *wb_ddb_stats_of(struct wb_ddb_stats *s, uint64_t index); /* made when absent */
void wb_ddb_stats_forget(struct wb_ddb_stats *s, uint64_t index);

/* Writes the members of a TableDescription into an object that is open. `status` e.g. "ACTIVE";
 * with DELETING the description is the short one of DeleteTable. creating: indexes say CREATING. */
void wb_ddb_table_describe(struct wb_tx *tx, struct wb_out *o, const struct wb_ddb_table *t,
                           const char *status);

/* Short cuts of handlers. */
void wb_ddb_invalid(struct wb_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void wb_ddb_bad_value(struct wb_call *c, const struct wb_av_error *e);
struct wb_slice wb_ddb_table_arn(struct wb_call *c, struct wb_slice name_or_arn);

#endif
