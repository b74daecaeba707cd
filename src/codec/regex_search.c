/*
 * Finding a pattern in a text, with what its groups took.
 *
 * Most of the texts asked do not have it, so two things come first: a piece of plain text that
 * every match must contain is looked for, and a place where no match can begin is skipped. The rest
 * is run in all its states at once, in order of preference, each state with the ends of its groups
 * (Pike's form).
 */
#include "base/buf.h"
#include "codec/regex_impl.h"

#define NOWHERE SIZE_MAX
struct thread_list {
    uint32_t *pc, count;
    size_t *cap; /* of each, in the order of pc */
};

struct todo { /* a way to go on, or an end of a group to put back */
    uint32_t pc, slot;
    size_t old;
    bool restore;
};

struct wb_regex_search {
    struct instruction *code;
    uint32_t count, groups;
    struct wb_slice name[WB_REGEX_GROUPS_MAX];
    struct wb_slice needle; /* every match contains it; null: unknown */
    bool plain;             /* and nothing else */
    struct wb_slice prefix; /* every match begins with it; null: unknown */
    uint64_t first[2];      /* ASCII characters a match can begin with ... */
    bool first_known;       /* ... and no others, but for those beyond ASCII */
    struct thread_list now, next;
    struct todo *todo;
    uint64_t *mark, step, steps;
    size_t ends; /* of groups, of a thread: 2 * groups when they are asked for */
    size_t *cap, *found;
};

/* --- compiling --- */

struct literal {
    struct wb_buf run, best;
};

static void end_run(struct literal *l)
{
    if (l->run.n > l->best.n) {
        l->best.n = 0;
        wb_buf_put(&l->best, l->run.p, l->run.n);
    }
    l->run.n = 0;
}

static bool single(const struct set *s, char *c)
{
    if (s->negated || s->count != 1 || s->range[0].lo != s->range[0].hi || s->range[0].lo > 127)
        return false;
    *c = (char)s->range[0].lo;
    return true;
}

/* Gathers plain text that stands in every match. */
static void gather(struct literal *l, const struct node *n)
{
    char c;
    if (n->kind == CAT) {
        gather(l, n->a);
        gather(l, n->b);
    } else if (n->kind == GROUP) {
        gather(l, n->a);
    } else if (n->kind == SET && single(&n->set, &c)) {
        wb_buf_char(&l->run, c);
    } else if (n->kind != EMPTY && n->kind != BEGIN && n->kind != END) {
        end_run(l);
        if (n->kind == REPEAT && n->min > 0) {
            gather(l, n->a);
            end_run(l);
        }
    }
}

/* The plain text that the pattern begins with; true when there is nothing else. */
static bool gather_prefix(struct wb_buf *b, const struct node *n)
{
    char c;
    if (n->kind == CAT)
        return gather_prefix(b, n->a) && gather_prefix(b, n->b);
    if (n->kind == GROUP)
        return gather_prefix(b, n->a);
    if (n->kind != SET || !single(&n->set, &c))
        return n->kind == EMPTY;
    wb_buf_char(b, c);
    return true;
}

static bool only_text(const struct node *n)
{
    char c;
    return n->kind == CAT ? only_text(n->a) && only_text(n->b)
                          : n->kind == SET && single(&n->set, &c);
}

/* The characters by which a match can begin; false when it may be empty or begin elsewhere. */
static bool first_of(struct wb_regex_search *r, uint32_t pc, unsigned *visits)
{
    const struct instruction *i = &r->code[pc];
    if (++*visits > r->count) /* it goes in circles */
        return false;
    switch (i->op) {
    case OP_SET:
        r->first[0] |= i->set->ascii[0];
        r->first[1] |= i->set->ascii[1];
        return true;
    case OP_SPLIT:
        return first_of(r, i->x, visits) && first_of(r, i->y, visits);
    case OP_JUMP:
        return first_of(r, i->x, visits);
    case OP_SAVE:
        return first_of(r, pc + 1, visits);
    default:
        return false;
    }
}

struct wb_regex_search *wb_regex_search_compile(struct wb_arena *a, struct wb_slice pattern,
                                                const char **why)
{
    struct parser p = {.a = a, .s = pattern, .find = true};
    struct wb_regex_search *r = wb_new(a, struct wb_regex_search);
    struct node *n = wb_regex_parse(&p);
    *why = p.why;
    if (p.why)
        return NULL;
    r->code = wb_regex_program(a, n, &r->count);
    if (!r->code) {
        *why = "its repetitions make it too large";
        return NULL;
    }
    r->groups = p.groups;
    for (uint32_t i = 0; i < p.groups; i++)
        r->name[i] = wb_dup(a, p.name[i + 1]);
    struct literal l = {wb_buf_in(a), wb_buf_in(a)};
    gather(&l, n);
    end_run(&l);
    r->needle = l.best.n ? wb_buf_slice(&l.best) : WB_SLICE_NULL;
    r->plain = only_text(n);
    struct wb_buf prefix = wb_buf_in(a);
    gather_prefix(&prefix, n);
    r->prefix = prefix.n ? wb_buf_slice(&prefix) : WB_SLICE_NULL;
    unsigned visits = 0;
    r->first_known = first_of(r, 0, &visits);
    size_t caps = 2 * (size_t)r->groups;
    r->mark = wb_new_n(a, uint64_t, r->count);
    r->todo = wb_new_n(a, struct todo, 2 * (size_t)r->count + 1);
    r->now = (struct thread_list){.pc = wb_new_n(a, uint32_t, r->count),
                                  .cap = wb_new_n(a, size_t, r->count * caps)};
    r->next = (struct thread_list){.pc = wb_new_n(a, uint32_t, r->count),
                                   .cap = wb_new_n(a, size_t, r->count * caps)};
    r->cap = wb_new_n(a, size_t, caps);
    r->found = wb_new_n(a, size_t, caps);
    return r;
}

uint32_t wb_regex_groups(const struct wb_regex_search *r)
{
    return r->groups;
}

struct wb_slice wb_regex_group_name(const struct wb_regex_search *r, uint32_t i)
{
    return r->name[i];
}

/* --- finding --- */

static bool word_char(struct wb_slice text, size_t at)
{
    char c = at < text.n ? text.p[at] : ' ';
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool holds(enum opcode op, struct wb_slice text, size_t at)
{
    if (op == OP_BEGIN)
        return at == 0;
    if (op == OP_END)
        return at == text.n || (at + 1 == text.n && text.p[at] == '\n');
    bool edge = (at > 0 && word_char(text, at - 1)) != word_char(text, at);
    return edge == (op == OP_WORD);
}

/* A thread at pc and all that it leads to without a character; r->cap are its ends of groups. True
 * when that is a match and nobody asks for groups. */
static bool add(struct wb_regex_search *r, struct thread_list *to, uint32_t pc,
                struct wb_slice text, size_t at)
{
    size_t depth = 0;
    r->todo[depth++] = (struct todo){.pc = pc};
    while (depth) {
        struct todo t = r->todo[--depth];
        if (t.restore)
            r->cap[t.slot] = t.old;
        for (pc = t.pc; !t.restore && r->mark[pc] != r->step;) {
            const struct instruction *i = &r->code[pc];
            r->mark[pc] = r->step;
            r->steps++;
            if (i->op == OP_SET || i->op == OP_MATCH) {
                if (i->op == OP_MATCH && !r->ends)
                    return true;
                if (r->ends)
                    memcpy(&to->cap[to->count * r->ends], r->cap, r->ends * sizeof *r->cap);
                to->pc[to->count++] = pc;
                break;
            }
            if (i->op == OP_SPLIT)
                r->todo[depth++] = (struct todo){.pc = i->y};
            if (i->op == OP_SAVE && r->ends) {
                size_t slot = i->x - 2;
                r->todo[depth++] =
                    (struct todo){.slot = (uint32_t)slot, .old = r->cap[slot], .restore = true};
                r->cap[slot] = at;
            }
            if (i->op == OP_SPLIT || i->op == OP_JUMP)
                pc = i->x;
            else if (i->op == OP_SAVE || holds(i->op, text, at))
                pc++;
            else
                break;
        }
    }
    return false;
}

/* The first place at or after `at` where a match may begin. */
static size_t may_begin(const struct wb_regex_search *r, struct wb_slice text, size_t at)
{
    if (r->prefix.n) {
        ptrdiff_t found = wb_slice_find(text, r->prefix, at);
        return found < 0 ? text.n : (size_t)found;
    }
    while (at < text.n && r->first_known) {
        unsigned char c = (unsigned char)text.p[at];
        if (c > 127 || r->first[c >> 6] >> (c & 63) & 1)
            break;
        at++;
    }
    return at;
}

/* From the threads before a character to those after it. True: the match is found, in r->found. */
static bool advance(struct wb_regex_search *r, struct wb_slice text, size_t *at, bool *matched)
{
    size_t after = *at;
    uint32_t c = after < text.n ? wb_regex_char(text, &after) : 0;
    bool yes = false;
    r->step++;
    r->next.count = 0;
    for (uint32_t i = 0; i < r->now.count && !yes; i++) {
        uint32_t pc = r->now.pc[i];
        const size_t *cap = &r->now.cap[i * r->ends];
        if (r->code[pc].op == OP_MATCH) { /* what comes after it is of less preference */
            memcpy(r->found, cap, r->ends * sizeof *cap);
            *matched = true;
            break;
        }
        r->steps += r->code[pc].set->count;
        if (*at == text.n || !wb_regex_in_set(r->code[pc].set, c))
            continue;
        if (r->ends)
            memcpy(r->cap, cap, r->ends * sizeof *cap);
        yes = add(r, &r->next, pc + 1, text, after);
    }
    struct thread_list t = r->now;
    r->now = r->next;
    r->next = t;
    *at = *at < text.n ? after : text.n + 1;
    return yes;
}

static enum wb_regex_result run(struct wb_regex_search *r, struct wb_slice text)
{
    bool matched = false;
    r->steps = 0;
    r->step++;
    r->now.count = 0;
    for (size_t at = 0; at <= text.n;) {
        if (!matched) {
            if (r->now.count == 0)
                at = may_begin(r, text, at);
            for (size_t i = 0; i < r->ends; i++)
                r->cap[i] = NOWHERE;
            if (add(r, &r->now, 0, text, at))
                return WB_REGEX_YES;
        }
        if (r->now.count == 0 && (matched || at == text.n))
            break;
        if (advance(r, text, &at, &matched))
            return WB_REGEX_YES;
        if (r->steps > WB_REGEX_FIND_STEPS_MAX)
            return WB_REGEX_COSTLY;
    }
    return matched ? WB_REGEX_YES : WB_REGEX_NO;
}

enum wb_regex_result wb_regex_find(struct wb_regex_search *r, struct wb_slice text,
                                   struct wb_slice *group)
{
    if (r->needle.p && wb_slice_find(text, r->needle, 0) < 0)
        return WB_REGEX_NO;
    if (r->plain)
        return WB_REGEX_YES;
    r->ends = group ? 2 * (size_t)r->groups : 0;
    enum wb_regex_result result = run(r, text);
    for (uint32_t i = 0; group && i < r->groups; i++) {
        size_t from = r->found[2 * i], to = r->found[2 * i + 1];
        group[i] = result == WB_REGEX_YES && from != NOWHERE && to != NOWHERE
                       ? wb_slice_sub(text, from, to)
                       : WB_SLICE_NULL;
    }
    return result;
}
