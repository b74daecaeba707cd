/* What the files of the filter patterns share. */
#ifndef WB_LOGS_PATTERN_IMPL_H
#define WB_LOGS_PATTERN_IMPL_H

#include "base/limits.h"
#include "codec/json.h"
#include "codec/regex.h"
#include "services/logs/pattern.h"

enum logs_op {
    OP_EQ,
    OP_NE,
    OP_LT,
    OP_GT,
    OP_LE,
    OP_GE,
    OP_NULL,
    OP_TRUE,
    OP_FALSE,
    OP_EXISTS,
    OP_NOT_EXISTS
};

struct logs_step {        /* of a JSON selector */
    struct wb_slice name; /* null: an index */
    uint32_t index;
    bool any; /* [*] or .* */
    struct logs_step *next;
};

/* All matches of one compiled expression share an allowance of steps; one that is used up is
 * renewed. */
bool logs_regex_match(struct wb_regex *r, struct wb_slice text);

struct logs_value { /* what is compared with */
    struct wb_slice text;
    bool quoted, is_number;
    double number;
    struct wb_regex *regex;
};

enum logs_node_kind { NODE_AND, NODE_OR, NODE_TEST };
struct logs_node {
    enum logs_node_kind kind;
    struct logs_node *left, *right;
    enum logs_op op;
    struct logs_step *path;   /* JSON */
    struct wb_slice selector; /* that as it is written */
    struct logs_value value;
};

struct logs_parse {
    struct wb_arena *a;
    struct wb_slice s;
    size_t at;
    unsigned depth, regexes;
    bool bad;
    bool fields;           /* of a space-delimited pattern; else JSON */
    struct wb_slice field; /* the one whose conditions are read */
};

void logs_blank(struct logs_parse *p);
bool logs_take(struct logs_parse *p, const char *word);
/* expr := and { "||" and }; and := unit { "&&" unit }; unit := "(" expr ")" | test */
struct logs_node *logs_expr(struct logs_parse *p);
void logs_value(struct logs_parse *p, struct logs_value *v);
struct wb_regex *logs_regex(struct logs_parse *p);
struct logs_step *logs_selector(struct logs_parse *p);
bool logs_name_char(char c);
bool logs_value_is(const struct logs_value *v, struct wb_slice text);
/* A text, as a word or in a JSON string, against op and value. */
bool logs_compare_text(const struct logs_node *n, struct wb_slice text);
bool logs_compare_number(const struct logs_node *n, double x);
bool logs_number(struct wb_slice s, double *out);
bool logs_node_json(const struct logs_node *n, struct wb_json root, struct wb_arena *a);
/* The text of the first scalar that the path leads to. */
bool logs_path_text(const struct logs_step *path, struct wb_json root, struct wb_arena *a,
                    struct wb_slice *out);

#endif
