/*
 * Between the parts of the expression parser: tokens, the parser's state, and the checks that
 * follow parsing.
 */
#ifndef WB_SERVICES_DYNAMODB_EXPR_INTERNAL_H
#define WB_SERVICES_DYNAMODB_EXPR_INTERNAL_H

#include "services/dynamodb/expr.h"

enum wb_token_kind {
    WB_TOK_END,
    WB_TOK_WORD,   /* identifier or keyword */
    WB_TOK_NAME,   /* #name */
    WB_TOK_VALUE,  /* :value */
    WB_TOK_NUMBER, /* digits */
    WB_TOK_SIGN,   /* an operator or punctuation, or any other character */
};

struct wb_token {
    enum wb_token_kind kind;
    struct wb_slice text;
};

/* Cuts the text into tokens; the array ends with a WB_TOK_END. */
struct wb_token *wb_expr_lex(struct wb_arena *a, struct wb_slice text);

struct wb_parser {
    struct wb_bindings *b;
    struct wb_arena *a;
    struct wb_slice text;
    const char *what;
    const struct wb_token *token; /* all */
    uint32_t at;                  /* the current one */
    unsigned depth;
    unsigned operators;
    bool redundant;        /* redundant parentheses were seen */
    bool update;           /* operands may be + and - */
    struct wb_slice error; /* the first error, without "Invalid X: " */
};

bool wb_parser_init(struct wb_parser *p, struct wb_bindings *b, struct wb_slice text,
                    const char *what);
/* The whole message; *why is set when there was an error, and false returned. */
bool wb_parser_done(struct wb_parser *p, struct wb_slice *why);
void wb_parser_fail(struct wb_parser *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void wb_parser_syntax(struct wb_parser *p); /* at the current token */
static inline bool wb_parser_failed(const struct wb_parser *p)
{
    return p->error.p != NULL;
}
static inline const struct wb_token *wb_parser_peek(const struct wb_parser *p)
{
    return &p->token[p->at];
}
bool wb_parser_sign(struct wb_parser *p, const char *sign);          /* takes it when it is next */
bool wb_parser_is_word(const struct wb_parser *p, const char *word); /* any case */
void wb_parser_expect(struct wb_parser *p, const char *sign);
void wb_parser_operator(struct wb_parser *p); /* counts one */
bool wb_parser_enter(struct wb_parser *p);    /* one level deeper; false = too deep */
struct wb_path wb_parser_path(struct wb_parser *p);
struct wb_expr *wb_parser_operand(struct wb_parser *p);
struct wb_expr *wb_parser_condition(struct wb_parser *p); /* the whole text */
struct wb_expr *wb_parser_node(struct wb_parser *p, enum wb_expr_kind kind);
void wb_parser_add(struct wb_parser *p, struct wb_expr *e, struct wb_expr *arg);

/* Checks, in AWS's order of priority, one kind of fault a call; each stops at the first. A path's
 * steps are written as in the text until wb_check_path has put the real names in. */
void wb_check_path_reserved(struct wb_parser *p, const struct wb_path *path);
void wb_check_path(struct wb_parser *p, struct wb_path *path);
void wb_check_value(struct wb_parser *p, struct wb_expr *e);
void wb_check_overlap(struct wb_parser *p, const struct wb_path *const *path, uint32_t count);
/* Type of an operand as far as it is known without an item; WB_AV_NONE when not. */
uint8_t wb_check_type(const struct wb_expr *e);
struct wb_binding *wb_binding_find(struct wb_binding *list, uint32_t count, struct wb_slice key);

#endif
