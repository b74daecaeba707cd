/*
 * A bracket expression is read into a set of bytes and written again from the set, because escapes
 * and classes inside brackets mean nothing to POSIX and the places of ']' '^' and '-' matter there.
 *
 * Most patterns are one set, repeated ("[a-zA-Z0-9_.-]+"): they are matched by walking the bytes,
 * which is some fifty times faster than regexec. Compiled patterns belong to a thread, because
 * regexec locks the expression it runs.
 */
#include "aws/pattern.h"
#include "base/map.h"
#include <assert.h>
#include <pthread.h>
#include <regex.h>
#include <stdlib.h>

struct set {
    uint8_t bit[32];
};

static void add(struct set *s, unsigned c)
{
    s->bit[c >> 3] |= (uint8_t)(1 << (c & 7));
}

static bool has(const struct set *s, unsigned c)
{
    return s->bit[c >> 3] >> (c & 7) & 1;
}

static void add_range(struct set *s, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++)
        add(s, c);
}

static void add_digits(struct set *s)
{
    add_range(s, '0', '9');
}

static void add_word(struct set *s)
{
    add_digits(s);
    add_range(s, 'A', 'Z');
    add_range(s, 'a', 'z');
    add(s, '_');
}

static void add_blanks(struct set *s)
{
    add_range(s, '\t', '\r');
    add(s, ' ');
}

static void invert(struct set *s)
{
    for (size_t i = 0; i < sizeof s->bit; i++)
        s->bit[i] = (uint8_t)~s->bit[i];
}

/* A class letter after a backslash. */
static bool add_class(struct set *s, char letter)
{
    struct set c = {{0}};
    switch (letter) {
    case 'd':
    case 'D':
        add_digits(&c);
        break;
    case 'w':
    case 'W':
        add_word(&c);
        break;
    case 's':
    case 'S':
        add_blanks(&c);
        break;
    default:
        return false;
    }
    if (letter == 'D' || letter == 'W' || letter == 'S')
        invert(&c);
    for (size_t i = 0; i < sizeof c.bit; i++)
        s->bit[i] |= c.bit[i];
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* An escaped single character at s[*i] (after the backslash): its byte, or -1. */
static int escaped(struct wb_slice s, size_t *i)
{
    char c = s.p[(*i)++];
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'x': {
        int hi = *i < s.n ? hex_digit(s.p[*i]) : -1,
            lo = *i + 1 < s.n ? hex_digit(s.p[*i + 1]) : -1;
        if (hi < 0 || lo < 0)
            return -1;
        *i += 2;
        return hi * 16 + lo;
    }
    default:
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
            return -1; /* \p{..}, \b, back references */
        return (unsigned char)c;
    }
}

/* One bracket expression; *i is behind its '['. */
static bool read_set(struct wb_slice p, size_t *i, struct set *out)
{
    *out = (struct set){{0}};
    bool negate = *i < p.n && p.p[*i] == '^', first = true;
    int last = -1; /* the character before, when it may begin a range */
    *i += negate;
    while (*i < p.n && (p.p[*i] != ']' || first)) {
        char c = p.p[(*i)++];
        first = false;
        if (c == '[' && *i < p.n && (p.p[*i] == ':' || p.p[*i] == '.' || p.p[*i] == '='))
            return false; /* POSIX classes: use pattern without them */
        if (c == '&' && *i < p.n && p.p[*i] == '&')
            return false; /* Java's intersection */
        bool range = c == '-' && last >= 0 && *i < p.n && p.p[*i] != ']';
        if (range)
            c = p.p[(*i)++];
        int ch = (unsigned char)c;
        if (c == '\\') {
            if (*i >= p.n)
                return false;
            if (add_class(out, p.p[*i])) {
                ++*i;
                if (range) /* "a-\d": the '-' stands for itself */
                    add(out, '-');
                last = -1;
                continue;
            }
            ch = escaped(p, i);
            if (ch < 0)
                return false;
        }
        if (range && ch < last)
            return false;
        add_range(out, (unsigned)(range ? last : ch), (unsigned)ch);
        last = range ? -1 : ch;
    }
    if (*i >= p.n)
        return false;
    ++*i;
    if (negate)
        invert(out);
    return true;
}

static void put_range(struct wb_buf *b, unsigned from, unsigned to)
{
    wb_buf_char(b, (char)from);
    if (to > from + 1)
        wb_buf_char(b, '-');
    if (to > from)
        wb_buf_char(b, (char)to);
}

/* "]" first, "^" and "-" last; NUL cannot be said and is left out. */
static void put_set(struct wb_buf *b, const struct set *s)
{
    size_t begin = b->n;
    bool caret = has(s, '^');
    wb_buf_char(b, '[');
    if (has(s, ']'))
        wb_buf_char(b, ']');
    for (unsigned c = 1; c < 256; c++) {
        unsigned to = c;
        if (!has(s, c) || c == ']' || c == '^' || c == '-' || c == '[')
            continue;
        while (to < 255 && has(s, to + 1) && to + 1 != ']' && to + 1 != '^' && to + 1 != '-' &&
               to + 1 != '[')
            to++;
        put_range(b, c, to);
        c = to;
    }
    if (has(s, '['))
        wb_buf_char(b, '[');
    if (caret && b->n == begin + 1 && has(s, '-')) { /* "[^-]" would negate */
        wb_buf_str(b, "-^]");
        return;
    }
    if (caret && b->n == begin + 1) { /* a lone "^" */
        b->n = begin;
        wb_buf_str(b, "\\^");
        return;
    }
    if (caret)
        wb_buf_char(b, '^');
    if (has(s, '-'))
        wb_buf_char(b, '-');
    wb_buf_char(b, ']');
}

static bool put_escape(struct wb_buf *out, struct wb_slice p, size_t *i)
{
    struct set s = {{0}};
    if (*i >= p.n)
        return false;
    if (add_class(&s, p.p[*i])) {
        ++*i;
        put_set(out, &s);
        return true;
    }
    int c = escaped(p, i);
    if (c <= 0)
        return false;
    if (strchr(".[]{}()\\*+?^$|", c))
        wb_buf_char(out, '\\');
    wb_buf_char(out, (char)c);
    return true;
}

bool wb_pattern_posix(struct wb_buf *out, struct wb_slice p)
{
    for (size_t i = 0; i < p.n;) {
        char c = p.p[i++];
        struct set s;
        if (c == '[') {
            if (!read_set(p, &i, &s))
                return false;
            put_set(out, &s);
        } else if (c == '\\') {
            if (!put_escape(out, p, &i))
                return false;
        } else if (c == '(' && i + 1 < p.n && p.p[i] == '?') {
            if (p.p[i + 1] != ':')
                return false; /* look-around */
            i += 2;
            wb_buf_char(out, '(');
        } else if ((c == '*' || c == '+' || c == '?' || c == '}') && i < p.n &&
                   (p.p[i] == '?' || p.p[i] == '+')) {
            wb_buf_char(out, c); /* lazy or possessive: the same for a whole match */
            i++;
        } else {
            wb_buf_char(out, c);
        }
    }
    return true;
}

/* --- matching --- */

struct compiled {
    bool simple; /* one set, one or more times */
    bool empty_too;
    struct set set;
    regex_t re;
};

static _Thread_local struct wb_map *compiled;
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void forget(void *map)
{
    size_t pos = 0;
    struct wb_slice key;
    void *value;
    while (wb_map_next(map, &pos, &key, &value)) {
        struct compiled *c = value;
        if (!c->simple)
            regfree(&c->re);
        free(c);
    }
    wb_map_free(map);
    compiled = NULL;
}

/* Threads that end free theirs by the key's destructor; the main thread, which just returns, by
 * this. */
static void forget_main(void)
{
    if (compiled)
        forget(compiled);
}

static void set_up(void)
{
    int rc = pthread_key_create(&at_exit, forget);
    assert(rc == 0);
    (void)rc;
    atexit(forget_main);
}

static bool compile_simple(struct compiled *c, struct wb_slice p)
{
    size_t i = 1;
    if (p.n < 4 || p.p[0] != '[' || !read_set(p, &i, &c->set) || i + 1 != p.n)
        return false;
    c->empty_too = p.p[i] == '*';
    return c->simple = p.p[i] == '+' || p.p[i] == '*';
}

/* A pattern is part of the program: one that cannot be compiled is a programmer's error. */
static struct compiled *compile(const char *pattern)
{
    struct compiled *c = wb_xcalloc(1, sizeof *c);
    struct wb_buf b = {0};
    if (compile_simple(c, wb_slice_str(pattern)))
        return c;
    wb_buf_str(&b, "^(");
    bool ok = wb_pattern_posix(&b, wb_slice_str(pattern));
    wb_buf_put(&b, ")$", 3);
    ok = ok && regcomp(&c->re, b.p, REG_EXTENDED | REG_NOSUB) == 0;
    assert(ok && "a shape's pattern does not compile");
    wb_buf_release(&b);
    return c;
}

static const struct compiled *find(const char *pattern)
{
    struct wb_slice key = wb_slice(&pattern, sizeof pattern);
    if (!compiled) {
        pthread_once(&once, set_up);
        compiled = wb_map_new();
        pthread_setspecific(at_exit, compiled);
    }
    struct compiled *c = wb_map_get(compiled, key);
    if (!c) {
        c = compile(pattern);
        wb_map_put(compiled, key, c);
    }
    return c;
}

bool wb_pattern_match(const char *pattern, struct wb_slice text)
{
    const struct compiled *c = find(pattern);
    if (!c->simple) {
        if (memchr(text.p ? text.p : "", 0, text.n))
            return false;
        /* A copy, because it must end in a NUL: with REG_STARTEND it need not, but the address
         * sanitizer's regexec does not know that. */
        char small[1024], *copy = text.n < sizeof small ? small : wb_xmalloc(text.n + 1);
        if (text.n)
            memcpy(copy, text.p, text.n);
        copy[text.n] = 0;
        bool matches = regexec(&c->re, copy, 0, NULL, 0) == 0;
        if (copy != small)
            free(copy);
        return matches;
    }
    for (size_t i = 0; i < text.n; i++)
        if (!has(&c->set, (unsigned char)text.p[i]))
            return false;
    return text.n > 0 || c->empty_too;
}
