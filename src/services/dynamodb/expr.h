/*
 * DynamoDB's expression language: condition, filter, key-condition, update and projection
 * expressions as trees.
 *
 *   struct wb_bindings b;
 *   wb_bindings_read(&b, arena, names, values, &e);        ExpressionAttributeNames / Values
 *   cond = wb_expr_condition(&b, text, "ConditionExpression", &why);
 *   ...
 *   wb_bindings_used(&b, &why);                            after the last expression
 *   wb_expr_matches(cond, &item);
 *
 * Parsing (on the loop) checks everything that does not need the item: syntax, placeholders,
 * reserved words, operands; texts and their priority are those of AWS. Evaluation needs no memory,
 * does not fail, and is bounded by the limits (4 KB, 300 operators). Trees live in the bindings'
 * arena and refer to its values. The older parameters (Expected, AttributeUpdates, KeyConditions,
 * ...) are turned into the same trees by legacy.h.
 */
#ifndef WB_SERVICES_DYNAMODB_EXPR_H
#define WB_SERVICES_DYNAMODB_EXPR_H

#include "services/dynamodb/value.h"

/* --- placeholders --- */

struct wb_binding {
    struct wb_slice key;  /* "#n" or ":v" */
    struct wb_slice name; /* names */
    struct wb_av value;   /* values */
    bool used;
};

struct wb_bindings {
    struct wb_arena *arena;
    struct wb_binding *name, *value; /* in order of key */
    uint32_t name_count, value_count;
};

/* Reads ExpressionAttributeNames and ExpressionAttributeValues (either may be WB_JSON_NONE). */
bool wb_bindings_read(struct wb_bindings *b, struct wb_arena *a, struct wb_json names,
                      struct wb_json values, struct wb_av_error *e);
/* False, with the text, when a placeholder was not used by any expression parsed so far. */
bool wb_bindings_used(const struct wb_bindings *b, struct wb_slice *why);

/* --- trees --- */

struct wb_path_step {
    struct wb_slice name; /* null = an index */
    uint32_t index;
};
struct wb_path {
    struct wb_path_step *step;
    uint32_t count; /* at least 1; the first is a name */
};

enum wb_expr_kind {
    WB_EX_OR,
    WB_EX_AND,
    WB_EX_NOT,
    WB_EX_EQ,
    WB_EX_NE,
    WB_EX_LT,
    WB_EX_LE,
    WB_EX_GT,
    WB_EX_GE,
    WB_EX_BETWEEN,
    WB_EX_IN,
    WB_EX_EXISTS,
    WB_EX_NOT_EXISTS,
    WB_EX_TYPE,
    WB_EX_BEGINS,
    WB_EX_CONTAINS,
    WB_EX_SIZE,
    WB_EX_IF_NOT_EXISTS, /* update */
    WB_EX_LIST_APPEND,   /* update */
    WB_EX_UNKNOWN,       /* a function nobody knows; never in a checked tree */
    WB_EX_PLUS,          /* update */
    WB_EX_MINUS,         /* update */
    WB_EX_PATH,
    WB_EX_VALUE,
};

struct wb_expr {
    uint8_t kind;
    uint8_t parens; /* around it in the text; 2 = redundant */
    uint16_t count;
    struct wb_expr **arg;
    struct wb_slice text; /* function name or placeholder as written */
    struct wb_path path;
    const struct wb_av *value;
};

/* NULL, with the whole message, when it is not valid. `what` names the parameter in the message. */
struct wb_expr *wb_expr_condition(struct wb_bindings *b, struct wb_slice text, const char *what,
                                  struct wb_slice *why);

enum wb_update_kind { WB_UP_SET, WB_UP_REMOVE, WB_UP_ADD, WB_UP_DELETE };
struct wb_update_action {
    enum wb_update_kind kind;
    struct wb_path path;
    struct wb_expr *value; /* NULL for REMOVE */
};
struct wb_update {
    struct wb_update_action *action;
    uint32_t count;
};
bool wb_expr_update(struct wb_bindings *b, struct wb_slice text, struct wb_update *out,
                    struct wb_slice *why);

struct wb_projection {
    struct wb_path *path;
    uint32_t count;
};
bool wb_expr_projection(struct wb_bindings *b, struct wb_slice text, struct wb_projection *out,
                        struct wb_slice *why);

/* A key condition: one or two conditions on attributes. */
struct wb_key_condition {
    struct wb_slice name;
    uint8_t kind; /* EQ LT LE GT GE BETWEEN BEGINS; legacy: also others, refused by the query */
    struct wb_av value[2];
    uint32_t count;
};
struct wb_key_conditions {
    struct wb_key_condition cond[2];
    uint32_t count;
};
bool wb_expr_key_condition(struct wb_bindings *b, struct wb_slice text,
                           struct wb_key_conditions *out, struct wb_slice *why);

/* Calls fn for every path of the tree (the first attribute of each matters to the callers). */
void wb_expr_paths(const struct wb_expr *e, void (*fn)(void *arg, const struct wb_path *p),
                   void *arg);

/* --- evaluation --- */

/* item NULL or without attributes: no such item. */
bool wb_expr_matches(const struct wb_expr *e, const struct wb_av *item);
/* The value a path leads to; NULL when there is none. */
const struct wb_av *wb_path_get(const struct wb_path *p, const struct wb_av *item);
struct wb_slice wb_path_show(struct wb_arena *a, const struct wb_path *p); /* [a, [0], b] */

/* Applies an update to item (an M; it is changed in place, shared parts are copied first). All
 * right sides read the item as it was; size and nesting of the result are checked. False: *why is
 * the text of the ValidationException, and the item must be thrown away. */
bool wb_update_apply(struct wb_arena *a, const struct wb_update *u, struct wb_av *item,
                     struct wb_slice *why);

/* Puts paths in the order wb_project needs (wb_expr_projection does it by itself). */
void wb_paths_sort(struct wb_path *path, uint32_t count);
/* What a projection leaves of an item: an M with the paths' values; list elements close up. */
struct wb_av wb_project(struct wb_arena *a, const struct wb_path *path, uint32_t count,
                        const struct wb_av *item);

bool wb_reserved_word(struct wb_slice word); /* case-insensitive */

#endif
