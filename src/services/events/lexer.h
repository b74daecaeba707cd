/*
 * A streaming JSON tokenizer for event patterns that keeps the place the way the Jackson parser
 * inside EventBridge does, because the place is part of AWS's error texts:
 *
 *   - Reading a field name also reads the colon, the blanks and the beginning of the value: one
 *     character of a string, array or object, all of a number, true, false or null.
 *   - A string value is read to its end only when its text is asked for or the next token is.
 *   - Columns count UTF-16 units read so far on the line, plus one; "unexpected character" errors
 *     report one less.
 *
 * (recorded by LocalStack against AWS,
 * tests/aws/services/events/test_events_patterns.snapshot.json; the texts of malformed JSON are
 * jackson-core's.)
 *
 * Everything it hands out lives in the arena or in the source. One thread.
 */
#ifndef WB_EVENTS_LEXER_H
#define WB_EVENTS_LEXER_H

#include "base/arena.h"
#include "base/buf.h"

enum wb_lex_token {
    WB_LEX_END, /* nothing left, outside of any object or array */
    WB_LEX_ERROR,
    WB_LEX_OBJECT,
    WB_LEX_END_OBJECT,
    WB_LEX_ARRAY,
    WB_LEX_END_ARRAY,
    WB_LEX_NAME,
    WB_LEX_STRING,
    WB_LEX_NUMBER,
    WB_LEX_TRUE,
    WB_LEX_FALSE,
    WB_LEX_NULL,
};

struct wb_lex_scope;

struct wb_lexer {
    struct wb_arena *arena;
    struct wb_slice source;
    size_t at; /* bytes read */
    enum wb_lex_token token;
    enum wb_lex_token pending;  /* the value after a name */
    size_t token_at, token_end; /* of a number or literal, bytes */
    struct wb_slice name;       /* last field name, unescaped */
    bool unread;                /* a string value whose text was not read yet */
    struct wb_slice string;     /* text of the string value once read */
    struct wb_lex_scope *scope;
    struct wb_slice error; /* message with place; null = none */
};

void wb_lex_init(struct wb_lexer *l, struct wb_arena *a, struct wb_slice source);
enum wb_lex_token wb_lex_next(struct wb_lexer *l);
/* Text of the current token: strings unescaped, everything else as written. Null slice after an
 * error in the string. */
struct wb_slice wb_lex_text(struct wb_lexer *l);
/* Sets the error "<reason>\n at [Source: ...]" at the current place, unless there is one. */
void wb_lex_fail(struct wb_lexer *l, struct wb_slice reason);
/* Adds the place once more (AWS wraps errors inside some lists twice). */
void wb_lex_fail_again(struct wb_lexer *l);

#endif
