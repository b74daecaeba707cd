#include "services/dynamodb/expr_internal.h"

static bool is_alpha(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_part(char c)
{
    return is_alpha(c) || is_digit(c) || c == '_';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Length of the token that begins at p (not blank). */
static size_t measure(const char *p, const char *end, enum wb_token_kind *kind)
{
    size_t n = 1, left = (size_t)(end - p);
    if (is_alpha(*p)) {
        *kind = WB_TOK_WORD;
        while (n < left && is_part(p[n]))
            n++;
    } else if (is_digit(*p)) {
        *kind = WB_TOK_NUMBER;
        while (n < left && is_digit(p[n]))
            n++;
    } else if ((*p == '#' || *p == ':') && left > 1 && is_part(p[1])) {
        *kind = *p == '#' ? WB_TOK_NAME : WB_TOK_VALUE;
        while (n < left && is_part(p[n]))
            n++;
    } else {
        *kind = WB_TOK_SIGN;
        if (left > 1 && ((*p == '<' && (p[1] == '=' || p[1] == '>')) || (*p == '>' && p[1] == '=')))
            n = 2;
        while (n < left && ((uint8_t)p[n] & 0xc0) == 0x80) /* keep a UTF-8 character whole */
            n++;
    }
    return n;
}

struct wb_token *wb_expr_lex(struct wb_arena *a, struct wb_slice text)
{
    struct wb_token *t = wb_new_n(a, struct wb_token, text.n + 1);
    const char *p = text.p, *end = text.p + text.n;
    size_t count = 0;
    while (p < end) {
        if (is_blank(*p)) {
            p++;
            continue;
        }
        size_t n = measure(p, end, &t[count].kind);
        t[count++].text = wb_slice(p, n);
        p += n;
    }
    t[count] = (struct wb_token){WB_TOK_END, {end, 0}};
    return t;
}
