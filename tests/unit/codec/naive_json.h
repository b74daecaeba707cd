/*
 * A second JSON parser, to compare the first one with: recursive, a character at a time, as RFC
 * 8259 reads. It writes what it understood without blank space and with every character of a string
 * spelled as \uXXXX (a code unit each), so that two parsers agree only if they understood the same.
 */
#ifndef TESTS_NAIVE_JSON_H
#define TESTS_NAIVE_JSON_H

#include "base/buf.h"
#include "base/utf8.h"
#include "codec/json.h"
#include <assert.h>

struct naive {
    const char *p, *end;
    struct wb_buf *out;
    unsigned depth_max;
};

static bool naive_value(struct naive *n, unsigned depth);

static int naive_peek(struct naive *n)
{
    return n->p < n->end ? (unsigned char)*n->p : -1;
}

static bool naive_take(struct naive *n, char c)
{
    if (naive_peek(n) != (unsigned char)c)
        return false;
    n->p++;
    return true;
}

static void naive_blank(struct naive *n)
{
    while (naive_take(n, ' ') || naive_take(n, '\t') || naive_take(n, '\n') || naive_take(n, '\r'))
        ;
}

static void naive_unit(struct naive *n, uint32_t cp)
{
    if (cp >= 0x10000) {
        cp -= 0x10000;
        wb_buf_printf(n->out, "\\u%04x\\u%04x", 0xd800 + (cp >> 10), 0xdc00 + (cp & 0x3ff));
    } else {
        wb_buf_printf(n->out, "\\u%04x", cp);
    }
}

/* Four hex digits, or -1. */
static int32_t naive_hex4(struct naive *n)
{
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        int c = naive_peek(n);
        const char *at = c > 0 ? strchr(digits, c) : NULL;
        if (!at)
            return -1;
        v = v * 16 + (int32_t)((at - digits) % 16);
        n->p++;
    }
    return v;
}

static bool naive_escape(struct naive *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (naive_take(n, 'u')) {
        int32_t high = naive_hex4(n), low;
        if (high < 0)
            return false;
        const char *back = n->p;
        if (high >= 0xd800 && high < 0xdc00 && naive_take(n, '\\') && naive_take(n, 'u') &&
            (low = naive_hex4(n)) >= 0xdc00 && low < 0xe000) {
            naive_unit(n, (uint32_t)high);
            naive_unit(n, (uint32_t)low);
            return true;
        }
        n->p = back;
        naive_unit(n, high >= 0xd800 && high < 0xe000 ? 0xfffd : (uint32_t)high);
        return true;
    }
    int c = naive_peek(n);
    const char *at = c > 0 ? strchr(from, c) : NULL;
    if (!at)
        return false;
    n->p++;
    naive_unit(n, (uint32_t)to[at - from]);
    return true;
}

static bool naive_string(struct naive *n)
{
    if (!naive_take(n, '"'))
        return false;
    wb_buf_char(n->out, '"');
    while (!naive_take(n, '"')) {
        struct wb_slice rest = wb_slice(n->p, (size_t)(n->end - n->p));
        size_t pos = 0;
        if (naive_take(n, '\\')) {
            if (!naive_escape(n))
                return false;
            continue;
        }
        int32_t cp = wb_utf8_next(rest, &pos);
        if (cp < 0x20)
            return false;
        naive_unit(n, (uint32_t)cp);
        n->p += pos;
    }
    wb_buf_char(n->out, '"');
    return true;
}

static bool naive_digits(struct naive *n)
{
    bool any = false;
    while (naive_peek(n) >= '0' && naive_peek(n) <= '9') {
        wb_buf_char(n->out, *n->p++);
        any = true;
    }
    return any;
}

static bool naive_number(struct naive *n)
{
    if (naive_take(n, '-'))
        wb_buf_char(n->out, '-');
    if (naive_take(n, '0'))
        wb_buf_char(n->out, '0');
    else if (!naive_digits(n))
        return false;
    if (naive_take(n, '.')) {
        wb_buf_char(n->out, '.');
        if (!naive_digits(n))
            return false;
    }
    if (naive_peek(n) == 'e' || naive_peek(n) == 'E') {
        wb_buf_char(n->out, *n->p++);
        if (naive_peek(n) == '+' || naive_peek(n) == '-')
            wb_buf_char(n->out, *n->p++);
        return naive_digits(n);
    }
    return true;
}

static bool naive_word(struct naive *n, const char *word)
{
    wb_buf_str(n->out, word);
    while (*word)
        if (!naive_take(n, *word++))
            return false;
    return true;
}

static bool naive_list(struct naive *n, unsigned depth, bool object)
{
    char close = object ? '}' : ']';
    if (depth == n->depth_max)
        return false;
    wb_buf_char(n->out, *n->p++);
    naive_blank(n);
    if (naive_take(n, close)) {
        wb_buf_char(n->out, close);
        return true;
    }
    for (;;) {
        if (object) {
            naive_blank(n);
            if (!naive_string(n))
                return false;
            naive_blank(n);
            if (!naive_take(n, ':'))
                return false;
            wb_buf_char(n->out, ':');
        }
        if (!naive_value(n, depth + 1))
            return false;
        if (naive_take(n, close)) {
            wb_buf_char(n->out, close);
            return true;
        }
        if (!naive_take(n, ','))
            return false;
        wb_buf_char(n->out, ',');
    }
}

/* A value with the blank space around it. */
static bool naive_value(struct naive *n, unsigned depth)
{
    bool ok;
    naive_blank(n);
    switch (naive_peek(n)) {
    case '{':
    case '[':
        ok = naive_list(n, depth, naive_peek(n) == '{');
        break;
    case '"':
        ok = naive_string(n);
        break;
    case 't':
        ok = naive_word(n, "true");
        break;
    case 'f':
        ok = naive_word(n, "false");
        break;
    case 'n':
        ok = naive_word(n, "null");
        break;
    default:
        ok = naive_number(n);
    }
    naive_blank(n);
    return ok;
}

static bool naive_json(struct wb_slice text, unsigned depth_max, struct wb_buf *out)
{
    struct naive n = {text.p, text.p + text.n, out, depth_max};
    return naive_value(&n, 0) && n.p == n.end && wb_utf8_check(text) < 0;
}

/* Writes the tape of the parser under test in the same notation. */
static void tape_dump(struct wb_json v, struct wb_arena *a, struct wb_buf *out)
{
    enum wb_json_type type = wb_json_type(v);
    struct wb_slice raw = wb_json_raw(v);
    if (type == WB_JSON_STRING) {
        struct wb_slice s = wb_json_str(v, a);
        struct naive n = {.out = out};
        assert(raw.p[0] == '"' && raw.p[raw.n - 1] == '"');
        wb_buf_char(out, '"');
        for (size_t pos = 0; pos < s.n;) {
            int32_t cp = wb_utf8_next(s, &pos);
            assert(cp >= 0);
            naive_unit(&n, (uint32_t)cp);
        }
        wb_buf_char(out, '"');
    } else if (type == WB_JSON_ARRAY || type == WB_JSON_OBJECT) {
        struct wb_json_iter it = wb_json_iter(v);
        uint32_t count = 0;
        wb_buf_char(out, raw.p[0]);
        while (wb_json_next(&it)) {
            if (count++)
                wb_buf_char(out, ',');
            if (type == WB_JSON_OBJECT) {
                tape_dump(it.key, a, out);
                wb_buf_char(out, ':');
            }
            tape_dump(it.value, a, out);
        }
        assert(count == wb_json_count(v));
        wb_buf_char(out, raw.p[raw.n - 1]);
    } else {
        wb_buf_slice_put(out, raw);
    }
}

#endif
