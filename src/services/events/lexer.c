/* See lexer.h for the idea. The grammar is JSON's; the order of the checks is Jackson's, since it
 * decides which of several errors is told. */
#include "services/events/lexer.h"

#include "base/utf8.h"

#define SHOWN_MAX                                                                                  \
    500               /* characters of the source that an error shows (jackson ContentReference)   \
                       */
#define TOKEN_MAX 256 /* characters of an unknown token that an error shows */
#define VALUES    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"

enum scope_kind { ROOT, OBJECT, ARRAY };

struct wb_lex_scope {
    enum scope_kind kind;
    bool any; /* an element was read */
    unsigned line, column;
    struct wb_lex_scope *outer;
};

static unsigned units(uint32_t cp)
{
    return cp > 0xffff ? 2 : 1;
}

/* Line and column of the place after the first `end` bytes. */
static void place(const struct wb_lexer *l, size_t end, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    size_t i = 0;
    while (i < end) {
        char c = l->source.p[i];
        if (c == '\n' || c == '\r') {
            if (c == '\r' && i + 1 < end && l->source.p[i + 1] == '\n')
                i++;
            i++;
            ++*line;
            *column = 1;
            continue;
        }
        int32_t cp = wb_utf8_next(l->source, &i);
        if (cp < 0) {
            i++;
            cp = '?';
        }
        *column += units((uint32_t)cp);
    }
}

static void put_source(struct wb_buf *b, struct wb_slice s)
{
    size_t i = 0, shown = 0, total = 0;
    wb_buf_str(b, "[Source: (String)\"");
    while (i < s.n) {
        size_t from = i;
        int32_t cp = wb_utf8_next(s, &i);
        if (cp < 0) {
            i++;
            cp = '?';
        }
        total += units((uint32_t)cp);
        if (total > SHOWN_MAX)
            continue;
        shown = total;
        if ((cp < 0x20 && cp != '\n' && cp != '\r') || (cp >= 0x7f && cp <= 0x9f))
            wb_buf_printf(b, "\\u%04X", (unsigned)cp);
        else
            wb_buf_put(b, s.p + from, i - from);
    }
    wb_buf_char(b, '"');
    if (total > shown)
        wb_buf_printf(b, "[truncated %zu chars]", total - shown);
}

static void put_place(const struct wb_lexer *l, struct wb_buf *b, unsigned line, unsigned column)
{
    put_source(b, l->source);
    wb_buf_printf(b, "; line: %u, column: %u]", line, column);
}

static void fail_at(struct wb_lexer *l, struct wb_slice reason, unsigned back)
{
    if (l->error.p)
        return;
    unsigned line, column;
    place(l, l->at, &line, &column);
    struct wb_buf b = wb_buf_in(l->arena);
    wb_buf_slice_put(&b, reason);
    wb_buf_str(&b, "\n at ");
    put_place(l, &b, line, column > back ? column - back : 1);
    l->error = wb_buf_slice(&b);
}

void wb_lex_fail(struct wb_lexer *l, struct wb_slice reason)
{
    fail_at(l, reason, 0);
}

void wb_lex_fail_again(struct wb_lexer *l)
{
    struct wb_slice inner = l->error;
    l->error = WB_SLICE_NULL;
    fail_at(l, inner, 0);
}

static enum wb_lex_token fail(struct wb_lexer *l, const char *reason)
{
    fail_at(l, wb_slice_str(reason), 0);
    return l->token = WB_LEX_ERROR;
}

static struct wb_slice char_desc(struct wb_arena *a, uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
        return wb_printf(a, "(CTRL-CHAR, code %u)", cp);
    char u[4];
    size_t n = wb_utf8_put(u, cp);
    if (cp > 255)
        return wb_printf(a, "'%.*s' (code %u / 0x%x)", (int)n, u, cp, cp);
    return wb_printf(a, "'%.*s' (code %u)", (int)n, u, cp);
}

/* The code point that ends at l->at (just read). */
static uint32_t last_char(const struct wb_lexer *l)
{
    size_t i = l->at - 1;
    while (i > 0 && ((unsigned char)l->source.p[i] & 0xc0) == 0x80)
        i--;
    int32_t cp = wb_utf8_next(l->source, &i);
    return cp < 0 ? '?' : (uint32_t)cp;
}

/* Moves past the rest of a multi-byte character whose first byte was read. */
static void whole_char(struct wb_lexer *l)
{
    while (l->at < l->source.n && ((unsigned char)l->source.p[l->at] & 0xc0) == 0x80)
        l->at++;
}

static enum wb_lex_token unexpected(struct wb_lexer *l, const char *in, const char *comment)
{
    whole_char(l);
    struct wb_slice desc = char_desc(l->arena, last_char(l));
    fail_at(l, wb_printf(l->arena, "Unexpected character (%.*s)%s: %s", WB_FMT(desc), in, comment),
            1);
    return l->token = WB_LEX_ERROR;
}

static const char *scope_name(const struct wb_lex_scope *s)
{
    return s->kind == OBJECT ? "Object" : s->kind == ARRAY ? "Array" : "root";
}

void wb_lex_init(struct wb_lexer *l, struct wb_arena *a, struct wb_slice source)
{
    *l = (struct wb_lexer){.arena = a, .source = source};
    l->scope = wb_new(a, struct wb_lex_scope);
    l->scope->line = 1;
}

static void open_scope(struct wb_lexer *l, enum scope_kind kind, size_t at)
{
    struct wb_lex_scope *s = wb_new(l->arena, struct wb_lex_scope);
    s->kind = kind;
    place(l, at, &s->line, &s->column);
    s->outer = l->scope;
    l->scope = s;
}

/* Reads blanks and then one byte; -1 at the end of the source, -2 after an error. */
static int skip_blanks(struct wb_lexer *l)
{
    while (l->at < l->source.n) {
        unsigned char c = (unsigned char)l->source.p[l->at++];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            continue;
        if (c < 0x20) {
            struct wb_slice desc = char_desc(l->arena, c);
            fail_at(l,
                    wb_printf(l->arena,
                              "Illegal character (%.*s): only regular white space (\\r, \\n, \\t) "
                              "is allowed between tokens",
                              WB_FMT(desc)),
                    1);
            return -2;
        }
        if (c == '/') {
            unexpected(l, "",
                       "maybe a (non-standard) comment? (not recognized as one since Feature "
                       "'ALLOW_COMMENTS' not enabled for parser)");
            return -2;
        }
        return c;
    }
    return -1;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_u4(struct wb_lexer *l, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        if (l->at >= l->source.n) {
            fail(l, "Unexpected end-of-input in character escape sequence");
            return false;
        }
        int h = hex_digit((unsigned char)l->source.p[l->at++]);
        if (h < 0) {
            unexpected(l, "", "expected a hex-digit for character escape sequence");
            return false;
        }
        *out = *out << 4 | (uint32_t)h;
    }
    return true;
}

static bool read_escape(struct wb_lexer *l, struct wb_buf *b)
{
    if (l->at >= l->source.n) {
        fail(l, "Unexpected end-of-input in character escape sequence");
        return false;
    }
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = l->source.p[l->at++];
    const char *hit = memchr(from, c, sizeof from - 1);
    if (hit) {
        wb_buf_char(b, to[hit - from]);
        return true;
    }
    if (c != 'u') {
        whole_char(l);
        struct wb_slice desc = char_desc(l->arena, last_char(l));
        wb_lex_fail(l, wb_printf(l->arena, "Unrecognized character escape %.*s", WB_FMT(desc)));
        l->token = WB_LEX_ERROR;
        return false;
    }
    uint32_t cp, low;
    if (!read_u4(l, &cp))
        return false;
    if (cp >= 0xd800 && cp < 0xdc00 && l->at + 1 < l->source.n && l->source.p[l->at] == '\\' &&
        l->source.p[l->at + 1] == 'u') {
        size_t back = l->at;
        l->at += 2;
        if (!read_u4(l, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
        else
            l->at = back;
    }
    if (cp >= 0xd800 && cp < 0xe000)
        cp = 0xfffd;
    char u[4];
    wb_buf_put(b, u, wb_utf8_put(u, cp));
    return true;
}

/* Reads a string to its closing quote; the opening one was read. */
static bool read_string(struct wb_lexer *l, const char *what, const char *eof, struct wb_slice *out)
{
    size_t from = l->at;
    struct wb_buf b = wb_buf_in(l->arena);
    bool copied = false;
    while (l->at < l->source.n) {
        unsigned char c = (unsigned char)l->source.p[l->at++];
        if (c == '"') {
            *out = copied ? wb_buf_slice(&b) : wb_slice(l->source.p + from, l->at - 1 - from);
            if (!out->p)
                *out = WB_S("");
            return true;
        }
        if (c < 0x20) {
            struct wb_slice desc = char_desc(l->arena, c);
            fail_at(l,
                    wb_printf(l->arena,
                              "Illegal unquoted character (%.*s): has to be escaped using "
                              "backslash to be included in %s",
                              WB_FMT(desc), what),
                    1);
            return false;
        }
        if (c == '\\') {
            if (!copied)
                wb_buf_put(&b, l->source.p + from, l->at - 1 - from);
            copied = true;
            if (!read_escape(l, &b))
                return false;
        } else if (copied) {
            wb_buf_char(&b, (char)c);
        }
    }
    fail(l, eof);
    return false;
}

static bool finish_string(struct wb_lexer *l)
{
    l->unread = false;
    if (read_string(l, "string value",
                    "Unexpected end-of-input: was expecting closing quote for a string value",
                    &l->string))
        return true;
    l->string = WB_SLICE_NULL;
    l->token = WB_LEX_ERROR;
    return false;
}

/* Java's identifier characters; beyond ASCII everything but the Latin-1 signs counts. */
static bool identifier(uint32_t cp, bool first)
{
    if (cp < 0x80)
        return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || cp == '_' || cp == '$' ||
               (!first &&
                ((cp >= '0' && cp <= '9') || cp <= 8 || (cp >= 0xe && cp <= 0x1b) || cp == 0x7f));
    return cp >= 0xc0 && cp != 0xd7 && cp != 0xf7 && !(cp >= 0x2000 && cp < 0x2070) &&
           !(cp >= 0x3000 && cp < 0x3005);
}

/* The characters from `from` that look like a word, all read: an unknown token. */
static enum wb_lex_token bad_token(struct wb_lexer *l, size_t from)
{
    size_t i = from, count = 0;
    bool cut = false;
    while (i < l->source.n) {
        size_t next = i;
        int32_t cp = wb_utf8_next(l->source, &next);
        if (cp < 0 || (!identifier((uint32_t)cp, false) && next > l->at))
            break;
        i = next;
        if (++count >= TOKEN_MAX) {
            cut = true;
            break;
        }
    }
    l->at = i > l->at ? i : l->at;
    wb_lex_fail(l, wb_printf(l->arena, "Unrecognized token '%.*s%s': was expecting " VALUES,
                             (int)(i - from), l->source.p + from, cut ? "..." : ""));
    return l->token = WB_LEX_ERROR;
}

static enum wb_lex_token word(struct wb_lexer *l, const char *text, enum wb_lex_token t)
{
    size_t from = l->at - 1, n = strlen(text);
    for (size_t i = 1; i < n; i++) {
        if (l->at >= l->source.n || l->source.p[l->at] != text[i])
            return bad_token(l, from);
        l->at++;
    }
    size_t next = l->at;
    int32_t cp = l->at < l->source.n ? wb_utf8_next(l->source, &next) : 0;
    if (cp >= '0' && identifier((uint32_t)cp, false))
        return bad_token(l, from);
    l->token_at = from;
    l->token_end = l->at;
    return t;
}

static int peek(const struct wb_lexer *l)
{
    return l->at < l->source.n ? (unsigned char)l->source.p[l->at] : -1;
}

static bool digit(int c)
{
    return c >= '0' && c <= '9';
}

static enum wb_lex_token digits_missing(struct wb_lexer *l, const char *why)
{
    if (peek(l) < 0)
        return fail(l, "Unexpected end-of-input within/between number");
    l->at++;
    return unexpected(l, " in numeric value", why);
}

/* The first character (a digit or the minus) was read. */
static enum wb_lex_token number(struct wb_lexer *l)
{
    size_t from = l->at - 1;
    if (l->source.p[from] == '-') {
        if (!digit(peek(l)))
            return digits_missing(
                l, "expected digit (0-9) to follow minus sign, for valid numeric value");
        l->at++;
    }
    if (l->source.p[l->at - 1] == '0' && digit(peek(l)))
        return fail(l, "Invalid numeric value: Leading zeroes not allowed");
    while (digit(peek(l)))
        l->at++;
    if (peek(l) == '.') {
        l->at++;
        if (!digit(peek(l)))
            return digits_missing(l, "Decimal point not followed by a digit");
        while (digit(peek(l)))
            l->at++;
    }
    if (peek(l) == 'e' || peek(l) == 'E') {
        l->at++;
        if (peek(l) == '+' || peek(l) == '-')
            l->at++;
        if (!digit(peek(l)))
            return digits_missing(l, "Exponent indicator not followed by a digit");
        while (digit(peek(l)))
            l->at++;
    }
    l->token_at = from;
    l->token_end = l->at;
    return WB_LEX_NUMBER;
}

/* The beginning of a value whose first byte c was read. */
static enum wb_lex_token value(struct wb_lexer *l, int c)
{
    switch (c) {
    case '"':
        l->unread = true;
        return WB_LEX_STRING;
    case '{':
    case '[':
        l->token_at = l->at - 1;
        l->token_end = l->at;
        return c == '{' ? WB_LEX_OBJECT : WB_LEX_ARRAY;
    case '}':
        return unexpected(l, "", "expected a value");
    case 't':
        return word(l, "true", WB_LEX_TRUE);
    case 'f':
        return word(l, "false", WB_LEX_FALSE);
    case 'n':
        return word(l, "null", WB_LEX_NULL);
    default:
        break;
    }
    if (c == '-' || digit(c))
        return number(l);
    size_t from = l->at - 1, next = from;
    int32_t cp = wb_utf8_next(l->source, &next);
    l->at = cp < 0 ? l->at : next;
    if (cp > 0 && identifier((uint32_t)cp, true))
        return bad_token(l, from);
    return unexpected(l, "", "expected a valid value " VALUES);
}

static enum wb_lex_token enter(struct wb_lexer *l, enum wb_lex_token t)
{
    if (t == WB_LEX_OBJECT || t == WB_LEX_ARRAY)
        open_scope(l, t == WB_LEX_OBJECT ? OBJECT : ARRAY, l->token_at);
    return l->token = t;
}

static enum wb_lex_token close_scope(struct wb_lexer *l, int c)
{
    enum scope_kind kind = c == ']' ? ARRAY : OBJECT;
    if (l->scope->kind != kind) {
        struct wb_buf b = wb_buf_in(l->arena);
        wb_buf_printf(&b, "Unexpected close marker '%c': expected '%c' (for %s starting at ", c,
                      c == ']' ? '}' : ']', scope_name(l->scope));
        put_place(l, &b, l->scope->line, l->scope->column);
        wb_buf_char(&b, ')');
        wb_lex_fail(l, wb_buf_slice(&b));
        return l->token = WB_LEX_ERROR;
    }
    l->scope = l->scope->outer;
    l->token_at = l->at - 1;
    l->token_end = l->at;
    return l->token = c == ']' ? WB_LEX_END_ARRAY : WB_LEX_END_OBJECT;
}

static enum wb_lex_token end_of_input(struct wb_lexer *l)
{
    if (l->scope->kind == ROOT)
        return l->token = WB_LEX_END;
    struct wb_buf b = wb_buf_in(l->arena);
    wb_buf_printf(&b, "Unexpected end-of-input: expected close marker for %s (start marker at ",
                  scope_name(l->scope));
    put_place(l, &b, l->scope->line, l->scope->column);
    wb_buf_char(&b, ')');
    wb_lex_fail(l, wb_buf_slice(&b));
    return l->token = WB_LEX_ERROR;
}

static enum wb_lex_token end_between(struct wb_lexer *l)
{
    return fail(l, l->scope->kind == OBJECT
                       ? "Unexpected end-of-input within/between Object entries"
                       : "Unexpected end-of-input within/between Array entries");
}

/* A name, its colon and the beginning of its value; c is the name's first byte. */
static enum wb_lex_token name(struct wb_lexer *l, int c)
{
    if (c != '"')
        return unexpected(l, "", "was expecting double-quote to start field name");
    if (!read_string(l, "name", "Unexpected end-of-input in field name", &l->name))
        return l->token = WB_LEX_ERROR;
    c = skip_blanks(l);
    if (c == -1)
        return end_between(l);
    if (c == -2)
        return l->token = WB_LEX_ERROR;
    if (c != ':')
        return unexpected(l, "", "was expecting a colon to separate field name and value");
    c = skip_blanks(l);
    if (c == -1)
        return end_between(l);
    if (c == -2)
        return l->token = WB_LEX_ERROR;
    l->pending = value(l, c);
    return l->token = l->pending == WB_LEX_ERROR ? WB_LEX_ERROR : WB_LEX_NAME;
}

enum wb_lex_token wb_lex_next(struct wb_lexer *l)
{
    if (l->error.p)
        return l->token = WB_LEX_ERROR;
    if (l->token == WB_LEX_NAME)
        return enter(l, l->pending);
    if (l->unread && !finish_string(l))
        return WB_LEX_ERROR;
    int c = skip_blanks(l);
    if (c == -1)
        return end_of_input(l);
    if (c == -2)
        return l->token = WB_LEX_ERROR;
    if (c == ']' || c == '}')
        return close_scope(l, c);
    if (l->scope->kind != ROOT && l->scope->any) {
        if (c != ',')
            return unexpected(l, "",
                              l->scope->kind == OBJECT
                                  ? "was expecting comma to separate Object entries"
                                  : "was expecting comma to separate Array entries");
        c = skip_blanks(l);
        if (c == -1)
            return end_between(l);
        if (c == -2)
            return l->token = WB_LEX_ERROR;
    }
    l->scope->any = true;
    if (l->scope->kind == OBJECT)
        return name(l, c);
    return enter(l, value(l, c));
}

struct wb_slice wb_lex_text(struct wb_lexer *l)
{
    switch (l->token) {
    case WB_LEX_STRING:
        if (l->unread)
            finish_string(l);
        return l->string;
    case WB_LEX_NAME:
        return l->name;
    case WB_LEX_END:
    case WB_LEX_ERROR:
        return WB_SLICE_NULL;
    default:
        return wb_slice(l->source.p + l->token_at, l->token_end - l->token_at);
    }
}
