/*
 * The pattern is parsed into a tree, the tree is written out as a program (counted repetitions
 * unrolled), and the program is run in all its states at once, character by character (Thompson,
 * 1968; Pike's form). No state is in the list twice, so a character costs at most the program.
 *
 * Most patterns are one set, repeated ("[a-zA-Z0-9_.-]+"): for those the characters are just
 * walked.
 */
#include "codec/regex_impl.h"

#include "base/utf8.h"
#include <stdlib.h>

struct states {
    uint32_t *list, count;
};

struct wb_regex {
    struct instruction *code;
    uint32_t count;
    const struct set *only; /* the pattern is this one, repeated */
    bool empty_too;
    bool ours;
    /* Of a match. */
    struct states now, next;
    uint64_t *mark; /* of each instruction: the last step it was added in */
    uint32_t *stack;
    uint64_t step; /* counted through all matches */
    uint64_t steps;
    bool matched; /* at the end of the text */
};

/* --- parsing --- */

static struct node *parse_alternatives(struct parser *p);

static bool more(const struct parser *p)
{
    return p->at < p->s.n && !p->why;
}

static bool take(struct parser *p, char c)
{
    if (p->at >= p->s.n || p->s.p[p->at] != c)
        return false;
    p->at++;
    return true;
}

static void refuse(struct parser *p, const char *why)
{
    if (!p->why)
        p->why = why;
}

static uint32_t next_char(struct parser *p)
{
    int32_t c = wb_utf8_next(p->s, &p->at);
    if (c < 0) {
        refuse(p, "it is not UTF-8");
        p->at++;
        return 0xfffd;
    }
    return (uint32_t)c;
}

static struct node *new_node(struct parser *p, enum node_kind kind, struct node *a, struct node *b)
{
    struct node *n = wb_new(p->a, struct node);
    n->kind = kind;
    n->a = a;
    n->b = b;
    return n;
}

/* Room for one more range; doubles at powers of two. */
static void add_exact(struct parser *p, struct set *s, uint32_t lo, uint32_t hi)
{
    if ((s->count & (s->count - 1)) == 0) {
        struct range *r = wb_new_n(p->a, struct range, s->count ? 2 * s->count : 1);
        if (s->count)
            memcpy(r, s->range, s->count * sizeof *r);
        s->range = r;
    }
    s->range[s->count++] = (struct range){lo, hi};
    for (uint32_t c = lo; c <= hi && c < 128; c++)
        s->ascii[c >> 6] |= UINT64_C(1) << (c & 63);
}

static void add_shifted(struct parser *p, struct set *s, uint32_t lo, uint32_t hi, uint32_t first,
                        int shift)
{
    uint32_t from = lo > first ? lo : first, to = hi < first + 25 ? hi : first + 25;
    if (from <= to)
        add_exact(p, s, (uint32_t)((int)from + shift), (uint32_t)((int)to + shift));
}

static void add_range(struct parser *p, struct set *s, uint32_t lo, uint32_t hi)
{
    add_exact(p, s, lo, hi);
    if (p->nocase) {
        add_shifted(p, s, lo, hi, 'a', 'A' - 'a');
        add_shifted(p, s, lo, hi, 'A', 'a' - 'A');
    }
}

/* Behind the last range. */
static void negate(struct set *s)
{
    s->negated = true;
    s->ascii[0] = ~s->ascii[0];
    s->ascii[1] = ~s->ascii[1];
}

/* What \d \w \s stand for; in a class the negated ones are written out as ranges. */
static bool add_named(struct parser *p, struct set *s, char c)
{
    static const struct range digit[] = {{'0', '9'}};
    static const struct range word[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    static const struct range space[] = {{'\t', '\r'}, {' ', ' '}};
    const struct range *r;
    size_t n;
    switch (c | 0x20) {
    case 'd':
        r = digit;
        n = 1;
        break;
    case 'w':
        r = word;
        n = 4;
        break;
    case 's':
        r = space;
        n = 2;
        break;
    default:
        return false;
    }
    if (c & 0x20) {
        for (size_t i = 0; i < n; i++)
            add_range(p, s, r[i].lo, r[i].hi);
        return true;
    }
    uint32_t from = 0;
    for (size_t i = 0; i < n; i++) {
        add_range(p, s, from, r[i].lo - 1);
        from = r[i].hi + 1;
    }
    add_range(p, s, from, CHAR_LAST);
    return true;
}

static bool hex_digit(struct parser *p, uint32_t *v)
{
    char c = p->at < p->s.n ? p->s.p[p->at] : '\0';
    char lower = (char)(c | 0x20);
    if (c >= '0' && c <= '9')
        *v = *v * 16 + (uint32_t)(c - '0');
    else if (lower >= 'a' && lower <= 'f')
        *v = *v * 16 + (uint32_t)(lower - 'a' + 10);
    else
        return false;
    p->at++;
    return true;
}

static uint32_t hex_char(struct parser *p, unsigned digits)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < digits; i++)
        if (!hex_digit(p, &v))
            refuse(p, "an escape lacks hexadecimal digits");
    return v;
}

/* Behind "\x{". */
static uint32_t long_hex_char(struct parser *p)
{
    uint32_t v = 0;
    bool any = false;
    while (v <= CHAR_LAST && hex_digit(p, &v))
        any = true;
    if (!any || v > CHAR_LAST || !take(p, '}'))
        refuse(p, "an escape lacks hexadecimal digits");
    return v;
}

/* Behind a backslash, one character; those that stand for more are the callers'. */
static uint32_t escaped_char(struct parser *p)
{
    if (p->at >= p->s.n) {
        refuse(p, "it ends with a backslash");
        return 0;
    }
    uint32_t c = next_char(p);
    switch (c) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'f':
        return '\f';
    case 'x':
        return take(p, '{') ? long_hex_char(p) : hex_char(p, 2);
    case 'u':
        return hex_char(p, 4);
    default:
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
            refuse(p, "an escape is not supported");
        return c;
    }
}

/* Behind the opening bracket. */
static struct node *parse_class(struct parser *p)
{
    struct node *n = new_node(p, SET, NULL, NULL);
    bool negated = take(p, '^'), closed = false;
    while (more(p) && !(closed = n->set.count > 0 && take(p, ']'))) {
        if (p->s.p[p->at] == '[' || p->s.p[p->at] == '&' || p->s.p[p->at] == ']') {
            bool union_or_cut =
                p->s.p[p->at] != '&' || (p->at + 1 < p->s.n && p->s.p[p->at + 1] == '&');
            if (union_or_cut) {
                refuse(p, "a bracket or && within a class must be escaped");
                break;
            }
        }
        bool escape = take(p, '\\');
        if (escape && p->at < p->s.n && add_named(p, &n->set, p->s.p[p->at])) {
            p->at++;
            continue;
        }
        uint32_t lo = escape ? escaped_char(p) : next_char(p), hi = lo;
        if (p->at + 1 < p->s.n && p->s.p[p->at] == '-' && p->s.p[p->at + 1] != ']') {
            p->at++;
            hi = take(p, '\\') ? escaped_char(p) : next_char(p);
            if (hi < lo)
                refuse(p, "a range runs backwards");
        }
        add_range(p, &n->set, lo, hi);
    }
    if (!closed)
        refuse(p, "a class is not closed");
    if (negated)
        negate(&n->set);
    return n;
}

/* Behind "(?": (?i) (?s) (?is) (?-i), for the rest of the group around, or (?i: ) for its own. */
static bool take_flags(struct parser *p)
{
    size_t from = p->at;
    bool on = true, nocase = p->nocase, dotall = p->dotall;
    for (; p->find && p->at < p->s.n && strchr("is-", p->s.p[p->at]); p->at++) {
        char c = p->s.p[p->at];
        on = c != '-' && on;
        nocase = c == 'i' ? on : nocase;
        dotall = c == 's' ? on : dotall;
    }
    if (p->at == from || p->at == p->s.n || (p->s.p[p->at] != ')' && p->s.p[p->at] != ':'))
        return false;
    p->nocase = nocase;
    p->dotall = dotall;
    return true;
}

/* Behind "(?": "<name>". */
static bool take_name(struct parser *p, struct wb_slice *name)
{
    bool named = p->at + 1 < p->s.n && p->s.p[p->at] == '<' && p->s.p[p->at + 1] != '=' &&
                 p->s.p[p->at + 1] != '!';
    ptrdiff_t end = named ? wb_slice_chr(p->s, '>', p->at) : -1;
    if (end < 0)
        return false;
    *name = wb_slice_sub(p->s, p->at + 1, (size_t)end);
    p->at = (size_t)end + 1;
    return true;
}

static uint32_t new_group(struct parser *p, struct wb_slice name)
{
    if (p->groups == WB_REGEX_GROUPS_MAX)
        refuse(p, "it has too many groups");
    else
        p->name[++p->groups] = name;
    return p->groups;
}

static struct node *parse_group(struct parser *p)
{
    bool nocase = p->nocase, dotall = p->dotall, plain = true;
    struct wb_slice name = WB_SLICE_NULL;
    if (take(p, '?')) {
        plain = false;
        if (take(p, ':') || take_flags(p)) {
            if (take(p, ')')) /* flags end with the group around them */
                return new_node(p, EMPTY, NULL, NULL);
            take(p, ':');
        } else if (take_name(p, &name)) {
            plain = true;
        } else {
            refuse(p, "look-ahead, look-behind and flags are not supported");
            return NULL;
        }
    }
    if (++p->depth > DEPTH_MAX) {
        refuse(p, "its groups nest too deeply");
        return NULL;
    }
    uint32_t group = p->find && plain ? new_group(p, name) : 0;
    struct node *n = parse_alternatives(p);
    p->depth--;
    if (!take(p, ')'))
        refuse(p, "a group is not closed");
    p->nocase = nocase;
    p->dotall = dotall;
    if (group && n) {
        n = new_node(p, GROUP, n, NULL);
        n->group = group;
    }
    return n;
}

static struct node *any_char(struct parser *p)
{
    struct node *n = new_node(p, SET, NULL, NULL);
    if (p->dotall) {
        add_range(p, &n->set, 0, CHAR_LAST);
        return n;
    }
    add_range(p, &n->set, '\n', '\n');
    add_range(p, &n->set, '\r', '\r');
    add_range(p, &n->set, 0x85, 0x85);
    add_range(p, &n->set, 0x2028, 0x2029);
    negate(&n->set);
    return n;
}

static struct node *parse_escape(struct parser *p)
{
    struct node *n = new_node(p, SET, NULL, NULL);
    char c = p->at < p->s.n ? p->s.p[p->at] : '\0';
    if (c == 'A' || c == 'z' || c == 'Z') {
        p->at++;
        n->kind = c == 'A' ? BEGIN : END;
    } else if (p->find && (c == 'b' || c == 'B')) {
        p->at++;
        n->kind = c == 'b' ? WORD : NO_WORD;
    } else if (add_named(p, &n->set, c)) {
        p->at++;
    } else {
        uint32_t one = escaped_char(p);
        add_range(p, &n->set, one, one);
    }
    return n;
}

static struct node *parse_atom(struct parser *p)
{
    if (take(p, '('))
        return parse_group(p);
    if (take(p, '['))
        return parse_class(p);
    if (take(p, '.'))
        return any_char(p);
    if (take(p, '^'))
        return new_node(p, BEGIN, NULL, NULL);
    if (take(p, '$'))
        return new_node(p, END, NULL, NULL);
    if (take(p, '\\'))
        return parse_escape(p);
    char c = p->s.p[p->at];
    if (c == '*' || c == '+' || c == '?' || c == '{')
        refuse(p, "a quantifier has nothing before it");
    struct node *n = new_node(p, SET, NULL, NULL);
    uint32_t one = next_char(p);
    add_range(p, &n->set, one, one);
    return n;
}

static bool number(struct parser *p, uint32_t *out)
{
    size_t from = p->at;
    *out = 0;
    while (p->at < p->s.n && p->s.p[p->at] >= '0' && p->s.p[p->at] <= '9') {
        *out = *out * 10 + (uint32_t)(p->s.p[p->at++] - '0');
        if (*out > REPEAT_MAX)
            refuse(p, "a repetition counts too far");
        *out = *out > REPEAT_MAX ? REPEAT_MAX : *out;
    }
    return p->at > from;
}

/* The quantifier at the place, if there is one. */
static bool quantifier(struct parser *p, uint32_t *min, uint32_t *max)
{
    *min = 0;
    *max = INFINITE;
    if (take(p, '*'))
        return true;
    if (take(p, '+')) {
        *min = 1;
        return true;
    }
    if (take(p, '?')) {
        *max = 1;
        return true;
    }
    if (!take(p, '{'))
        return false;
    bool ok = number(p, min);
    *max = *min;
    if (ok && take(p, ',') && !number(p, max))
        *max = INFINITE;
    if (!ok || !take(p, '}') || *max < *min)
        refuse(p, "a repetition is malformed");
    return true;
}

static struct node *parse_piece(struct parser *p)
{
    struct node *n = parse_atom(p);
    uint32_t min, max;
    while (!p->why && quantifier(p, &min, &max)) {
        if (take(p, '+'))
            refuse(p, "possessive quantifiers are not supported");
        bool lazy = take(p, '?');
        n = new_node(p, REPEAT, n, NULL);
        n->lazy = lazy;
        n->min = min;
        n->max = max;
    }
    return n;
}

static struct node *append(struct parser *p, struct node *before, struct node *piece)
{
    return before->kind == EMPTY ? piece : new_node(p, CAT, before, piece);
}

static struct node *parse_alternatives(struct parser *p)
{
    struct node *all = NULL;
    do {
        struct node *one = new_node(p, EMPTY, NULL, NULL);
        while (more(p) && p->s.p[p->at] != '|' && p->s.p[p->at] != ')')
            one = append(p, one, parse_piece(p));
        all = all ? new_node(p, ALT, all, one) : one;
    } while (!p->why && take(p, '|'));
    return all;
}

/* --- the program --- */

struct writer {
    struct instruction *code;
    uint32_t count;
    uint32_t visits; /* of nodes: repetitions of nothing write no code */
    bool full;
};

static uint32_t put(struct writer *w, enum opcode op, const struct set *set)
{
    if (w->count == WB_REGEX_PROGRAM_MAX) {
        w->full = true;
        return 0;
    }
    w->code[w->count] = (struct instruction){.op = op, .set = set};
    return w->count++;
}

static void emit(struct writer *w, const struct node *n);

static void swap_ways(struct instruction *i)
{
    uint32_t x = i->x;
    i->x = i->y;
    i->y = x;
}

static void emit_repeat(struct writer *w, const struct node *n)
{
    bool endless = n->max == INFINITE;
    uint32_t skip = endless && n->min == 0 ? put(w, OP_SPLIT, NULL) : INFINITE, body = w->count;
    for (uint32_t i = 0; i < n->min + (skip != INFINITE) && !w->full; i++) {
        body = w->count;
        emit(w, n->a);
    }
    if (endless) { /* the last one again, or on */
        uint32_t again = put(w, OP_SPLIT, NULL);
        w->code[again].x = body;
        w->code[again].y = w->count;
        if (n->lazy)
            swap_ways(&w->code[again]);
        if (skip != INFINITE) {
            w->code[skip].x = body;
            w->code[skip].y = w->count;
            if (n->lazy)
                swap_ways(&w->code[skip]);
        }
        return;
    }
    /* Each optional one may end the repetition: the chain of their exits is closed at the end. */
    uint32_t last = INFINITE;
    for (uint32_t i = n->min; i < n->max && !w->full; i++) {
        uint32_t split = put(w, OP_SPLIT, NULL);
        w->code[split].x = w->count;
        w->code[split].y = last;
        last = split;
        emit(w, n->a);
    }
    while (last != INFINITE && !w->full) {
        uint32_t before = w->code[last].y;
        w->code[last].y = w->count;
        if (n->lazy)
            swap_ways(&w->code[last]);
        last = before;
    }
}

static void emit_save(struct writer *w, uint32_t which)
{
    uint32_t i = put(w, OP_SAVE, NULL);
    w->code[i].x = which;
}

static void emit(struct writer *w, const struct node *n)
{
    uint32_t split, jump;
    if (++w->visits > 8 * WB_REGEX_PROGRAM_MAX)
        w->full = true;
    if (w->full)
        return;
    switch (n->kind) {
    case EMPTY:
        break;
    case SET:
        put(w, OP_SET, &n->set);
        break;
    case BEGIN:
        put(w, OP_BEGIN, NULL);
        break;
    case END:
        put(w, OP_END, NULL);
        break;
    case CAT:
        emit(w, n->a);
        emit(w, n->b);
        break;
    case ALT:
        split = put(w, OP_SPLIT, NULL);
        w->code[split].x = w->count;
        emit(w, n->a);
        jump = put(w, OP_JUMP, NULL);
        w->code[split].y = w->count;
        emit(w, n->b);
        w->code[jump].x = w->count;
        break;
    case REPEAT:
        emit_repeat(w, n);
        break;
    case GROUP:
        emit_save(w, 2 * n->group);
        emit(w, n->a);
        emit_save(w, 2 * n->group + 1);
        break;
    case WORD:
        put(w, OP_WORD, NULL);
        break;
    case NO_WORD:
        put(w, OP_NO_WORD, NULL);
        break;
    }
}

struct node *wb_regex_parse(struct parser *p)
{
    if (p->s.n > WB_REGEX_PATTERN_MAX) {
        p->why = "it is too long";
        return NULL;
    }
    struct node *n = parse_alternatives(p);
    if (!p->why && p->at < p->s.n)
        p->why = "a closing parenthesis has no opening one";
    return n;
}

struct instruction *wb_regex_program(struct wb_arena *a, const struct node *n, uint32_t *count)
{
    /* Few need all the room: what is used is copied. */
    struct writer w = {.code = wb_xcalloc(WB_REGEX_PROGRAM_MAX, sizeof *w.code)};
    struct instruction *code = NULL;
    emit(&w, n);
    put(&w, OP_MATCH, NULL);
    if (!w.full) {
        code = wb_new_n(a, struct instruction, w.count);
        memcpy(code, w.code, w.count * sizeof *code);
        *count = w.count;
    }
    free(w.code);
    return code;
}

struct wb_regex *wb_regex_compile(struct wb_arena *a, struct wb_slice pattern, const char **why)
{
    struct parser p = {.a = a, .s = pattern};
    struct node *n = wb_regex_parse(&p);
    *why = p.why;
    if (p.why)
        return NULL;
    uint32_t count;
    struct instruction *code = wb_regex_program(a, n, &count);
    if (!code) {
        *why = "its repetitions make it too large";
        return NULL;
    }
    bool simple = n->kind == REPEAT && n->a->kind == SET && n->min <= 1 && n->max == INFINITE;
    struct wb_regex *r = wb_new(a, struct wb_regex);
    *r = (struct wb_regex){.code = code,
                           .count = count,
                           .only = simple ? &n->a->set : NULL,
                           .empty_too = n->min == 0,
                           .now = {.list = wb_new_n(a, uint32_t, count)},
                           .next = {.list = wb_new_n(a, uint32_t, count)},
                           .mark = wb_new_n(a, uint64_t, count),
                           .stack = wb_new_n(a, uint32_t, count)};
    return r;
}

void wb_regex_renew(struct wb_regex *r)
{
    r->steps = 0;
}

void wb_regex_trust(struct wb_regex *r)
{
    r->ours = true;
}

/* --- matching --- */

static bool in_ranges(const struct set *s, uint32_t c)
{
    bool in = false;
    for (size_t i = 0; i < s->count && !in; i++)
        in = c >= s->range[i].lo && c <= s->range[i].hi;
    return in != s->negated;
}

bool wb_regex_in_set(const struct set *s, uint32_t c)
{
    return c < 128 ? s->ascii[c >> 6] >> (c & 63) & 1 : in_ranges(s, c);
}

/* Adds a state to the list and all that it leads to without a character. Of a split one way is
 * followed and the other put on the stack, once a step, by its mark: the stack needs no more room
 * than the program. */
static void add(struct wb_regex *r, struct states *to, uint32_t pc, bool begin, bool end)
{
    uint32_t depth = 0;
    for (;;) {
        const struct instruction *i = &r->code[pc];
        bool go_on = false;
        if (r->mark[pc] != r->step) {
            r->mark[pc] = r->step;
            r->steps++;
            switch (i->op) {
            case OP_SET:
                to->list[to->count++] = pc;
                break;
            case OP_MATCH:
                r->matched |= end;
                break;
            case OP_SPLIT:
                r->stack[depth++] = i->y;
                /* fall through */
            case OP_JUMP:
                pc = i->x;
                go_on = true;
                break;
            case OP_BEGIN:
            case OP_END:
                pc++;
                go_on = i->op == OP_BEGIN ? begin : end;
                break;
            case OP_SAVE: /* only where a pattern is for finding */
            case OP_WORD:
            case OP_NO_WORD:
                break;
            }
        }
        if (!go_on && depth == 0)
            return;
        if (!go_on)
            pc = r->stack[--depth];
    }
}

/* From the states before a character to those after it. */
static void advance(struct wb_regex *r, uint32_t c, bool end)
{
    r->step++;
    r->next.count = 0;
    for (uint32_t i = 0; i < r->now.count; i++) {
        const struct set *s = r->code[r->now.list[i]].set;
        uint32_t pc = r->now.list[i] + 1;
        r->steps += s->count;
        if (!wb_regex_in_set(s, c))
            continue;
        if (r->code[pc].op != OP_SET) {
            add(r, &r->next, pc, false, end);
        } else if (r->mark[pc] != r->step) { /* as add would, in short */
            r->mark[pc] = r->step;
            r->steps++;
            r->next.list[r->next.count++] = pc;
        }
    }
    struct states t = r->now;
    r->now = r->next;
    r->next = t;
}

uint32_t wb_regex_char(struct wb_slice text, size_t *at)
{
    if ((unsigned char)text.p[*at] < 128)
        return (unsigned char)text.p[(*at)++];
    int32_t c = wb_utf8_next(text, at);
    *at += c < 0;
    return c < 0 ? 0xfffd : (uint32_t)c;
}

static bool all_in_set(const struct set *s, struct wb_slice text)
{
    for (size_t at = 0; at < text.n;)
        if (!wb_regex_in_set(s, wb_regex_char(text, &at)))
            return false;
    return true;
}

enum wb_regex_result wb_regex_match(struct wb_regex *r, struct wb_slice text)
{
    size_t at = 0;
    if (r->only)
        return (text.n || r->empty_too) && all_in_set(r->only, text) ? WB_REGEX_YES : WB_REGEX_NO;
    r->step++;
    r->now.count = 0;
    r->matched = false;
    add(r, &r->now, 0, true, text.n == 0);
    while (at < text.n && r->now.count) {
        uint32_t c = wb_regex_char(text, &at);
        advance(r, c, at == text.n);
        if (r->steps > WB_REGEX_STEPS_MAX && !r->ours)
            return WB_REGEX_COSTLY;
    }
    return r->matched && at == text.n ? WB_REGEX_YES : WB_REGEX_NO;
}
