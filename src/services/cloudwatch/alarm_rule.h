/*
 * The rule of a composite alarm: ALARM("name"), OK(name), INSUFFICIENT_DATA(arn), TRUE, FALSE, AND,
 * OR, NOT, parentheses. NOT binds strongest, AND before OR. Words may be written in any case; a
 * name without quotes ends at the closing parenthesis.
 */
#ifndef WB_CLOUDWATCH_ALARM_RULE_H
#define WB_CLOUDWATCH_ALARM_RULE_H

#include "services/cloudwatch/alarm_judge.h"

enum cw_rule_op { CW_RULE_TRUE, CW_RULE_FALSE, CW_RULE_IS, CW_RULE_NOT, CW_RULE_AND, CW_RULE_OR };

struct cw_rule_node {
    enum cw_rule_op op;
    enum cw_state state; /* CW_RULE_IS */
    unsigned child;      /* CW_RULE_IS: index into name */
    unsigned a, b;       /* indexes of nodes */
};

struct cw_rule_tree {
    struct cw_rule_node *node;
    unsigned count, root;
    struct wb_slice *name; /* the children: names or ARNs as written, each once */
    unsigned name_count;
};

/* All in the arena. False with *why in plain words. */
bool cw_rule_parse(struct wb_arena *a, struct wb_slice text, struct cw_rule_tree *out,
                   struct wb_slice *why);
/* state: of each child, by its index. */
bool cw_rule_holds(const struct cw_rule_tree *t, const enum cw_state *state);

#endif
