/*
 * What matching (regex.c) and finding (regex_search.c) share: the tree of a pattern and the program
 * made of it.
 */
#ifndef WB_CODEC_REGEX_IMPL_H
#define WB_CODEC_REGEX_IMPL_H

#include "base/limits.h"
#include "codec/regex.h"

#define DEPTH_MAX  64
#define INFINITE   UINT32_MAX
#define CHAR_LAST  0x10ffff
#define REPEAT_MAX 100000 /* of {n}: what is more cannot fit anyway */

struct range {
    uint32_t lo, hi;
};

struct set {
    struct range *range;
    size_t count;
    bool negated;
    uint64_t ascii[2]; /* is it in the set? a bit each: what is asked most */
};

/* The last three only where a pattern is for finding. */
enum node_kind { EMPTY, SET, BEGIN, END, CAT, ALT, REPEAT, GROUP, WORD, NO_WORD };

struct node {
    enum node_kind kind;
    struct set set;
    struct node *a, *b;
    uint32_t min, max;
    uint32_t group; /* from 1 */
    bool lazy;
};

enum opcode {
    OP_SET,
    OP_BEGIN,
    OP_END,
    OP_SPLIT, /* x is tried first */
    OP_JUMP,
    OP_MATCH,
    OP_SAVE, /* x: which end of which group */
    OP_WORD,
    OP_NO_WORD
};

struct instruction {
    enum opcode op;
    uint32_t x, y; /* where to go on */
    const struct set *set;
};

struct parser {
    struct wb_arena *a;
    struct wb_slice s;
    size_t at;
    unsigned depth;
    const char *why;
    bool find;           /* groups, flags and word boundaries are understood */
    bool nocase, dotall; /* flags at this place */
    uint32_t groups;
    struct wb_slice name[WB_REGEX_GROUPS_MAX + 1];
};

/* The whole pattern as a tree; p->why is set when it is wrong. */
struct node *wb_regex_parse(struct parser *p);
/* Its program, ending with OP_MATCH, in the arena; NULL: too large. */
struct instruction *wb_regex_program(struct wb_arena *a, const struct node *n, uint32_t *count);
bool wb_regex_in_set(const struct set *s, uint32_t c);
/* The next character of the text; a bad byte counts as U+FFFD. */
uint32_t wb_regex_char(struct wb_slice text, size_t *at);

#endif
