/*
 * Values that are built and changed: what evaluating a template gives, and what a transform works
 * on. Everything is in an arena; a tree may share parts with others, so only a transform, on its
 * own copy, changes one in place.
 */
#ifndef WB_CFN_TREE_H
#define WB_CFN_TREE_H

#include "codec/json.h"

struct wb_tree {
    enum wb_json_type type;
    bool unknown;         /* a string that stands for what is known after the deployment */
    struct wb_slice text; /* of a string, unescaped; of a number, as it was written */
    struct wb_tree_member {
        struct wb_slice key; /* null in an array */
        struct wb_tree *value;
    } * member;
    size_t count, room;
};

struct wb_tree *wb_tree_new(struct wb_arena *a, enum wb_json_type type);
struct wb_tree *wb_tree_str(struct wb_arena *a, struct wb_slice text);
struct wb_tree *wb_tree_cstr(struct wb_arena *a, const char *text);
struct wb_tree *wb_tree_bool(struct wb_arena *a, bool b);
struct wb_tree *wb_tree_number(struct wb_arena *a, struct wb_slice text);
/* Appends a member; key is null in an array. */
void wb_tree_add(struct wb_arena *a, struct wb_tree *t, struct wb_slice key, struct wb_tree *value);
/* Replaces the member of that name, or appends it. */
void wb_tree_set(struct wb_arena *a, struct wb_tree *t, struct wb_slice key, struct wb_tree *value);
/* NULL when t is NULL, not an object, or has no such member. */
struct wb_tree *wb_tree_get(const struct wb_tree *t, const char *name);
struct wb_tree *wb_tree_get_slice(const struct wb_tree *t, struct wb_slice name);
void wb_tree_remove(struct wb_tree *t, const char *name);         /* also when it is not there */
bool wb_tree_is(const struct wb_tree *t, enum wb_json_type type); /* false for NULL */
/* Text of a string, number or boolean; false for anything else, and for NULL. */
bool wb_tree_text(const struct wb_tree *t, struct wb_slice *text);
bool wb_tree_equal(const struct wb_tree *a, const struct wb_tree *b); /* scalars by their text */
struct wb_tree *wb_tree_read(struct wb_arena *a, struct wb_json v);
struct wb_tree *wb_tree_copy(struct wb_arena *a, const struct wb_tree *t); /* all of it */
void wb_tree_write(struct wb_buf *out, const struct wb_tree *t);           /* compact JSON */
struct wb_slice wb_tree_json(struct wb_arena *a, const struct wb_tree *t);

/* One member: {"NAME": value}, as functions are written. */
struct wb_tree *wb_tree_call(struct wb_arena *a, const char *name, struct wb_tree *value);

/* Names to numbers, for sections with many members. Of equal names the first one stays. */
struct wb_names {
    struct wb_arena *a;
    struct wb_slice *name;
    size_t *value, size, count; /* size: a power of two, or 0 */
};
void wb_names_init(struct wb_names *n, struct wb_arena *a, size_t count); /* it grows beyond that */
bool wb_names_add(struct wb_names *n, struct wb_slice name,
                  size_t value); /* false: there already */
bool wb_names_find(const struct wb_names *n, struct wb_slice name, size_t *value);

#endif
