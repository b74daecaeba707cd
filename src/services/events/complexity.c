/*
 * A wildcard field is a nondeterministic automaton over the quoted value. One of its states is a
 * pattern character just read, or a star that is swallowing characters. The sets of states that
 * some value can reach are walked breadth first; a set weighs one for each state, and one more for
 * each star that may begin right after a state and is not in the set yet. A set of `max` ends the
 * walk, so sets stay small; their number is bounded by SETS_MAX, and what needs more is complex.
 */
#include "services/events/complexity.h"

#include <stdlib.h>

#define SETS_MAX   4096
#define STATES_MAX 32 /* in one set; `max` is smaller */

struct set {
    uint16_t state[STATES_MAX]; /* ascending */
    unsigned count;
};

/* All wildcards of one field, each with its quotes, one after another; state = index here. */
struct nfa {
    struct wb_slice text;
    const bool *first; /* first character of a wildcard (its opening quote) */
    unsigned char alphabet[256];
    unsigned letters;
};

static bool star(const struct nfa *n, size_t i)
{
    return i < n->text.n && !n->first[i] && n->text.p[i] == WB_WILD_STAR;
}

static void add(struct set *s, uint16_t state)
{
    unsigned i = s->count;
    for (unsigned k = 0; k < s->count; k++)
        if (s->state[k] == state)
            return;
    if (s->count == STATES_MAX)
        return;
    for (; i > 0 && s->state[i - 1] > state; i--)
        s->state[i] = s->state[i - 1];
    s->state[i] = state;
    s->count++;
}

static bool has(const struct set *s, uint16_t state)
{
    for (unsigned k = 0; k < s->count; k++)
        if (s->state[k] == state)
            return true;
    return false;
}

/* From state i on byte c: what follows i, which is a character or a star with a character. */
static void step(const struct nfa *n, size_t i, char c, struct set *to)
{
    if (star(n, i))
        add(to, (uint16_t)i);
    size_t j = i + 1;
    if (j >= n->text.n || n->first[j])
        return;
    if (star(n, j)) {
        add(to, (uint16_t)j);
        j++;
    }
    if (j < n->text.n && !n->first[j] && n->text.p[j] == c)
        add(to, (uint16_t)j);
}

static unsigned weight(const struct nfa *n, const struct set *s)
{
    unsigned w = s->count;
    for (unsigned k = 0; k < s->count; k++)
        w += star(n, s->state[k] + 1u) && !has(s, (uint16_t)(s->state[k] + 1));
    return w;
}

static bool same(const struct set *a, const struct set *b)
{
    return a->count == b->count && !memcmp(a->state, b->state, a->count * sizeof *a->state);
}

/* A hash table of indexes into `sets`, twice SETS_MAX large. */
static bool seen(const struct set *sets, uint16_t *table, const struct set *s, unsigned index)
{
    uint32_t h = 2166136261u;
    for (unsigned k = 0; k < s->count; k++)
        h = (h ^ s->state[k]) * 16777619u;
    for (;; h++) {
        uint16_t *slot = &table[h % (2 * SETS_MAX)];
        if (*slot && same(&sets[*slot - 1], s))
            return true;
        if (!*slot) {
            *slot = (uint16_t)(index + 1);
            return false;
        }
    }
}

static unsigned walk(const struct nfa *n, unsigned max)
{
    struct set *sets = wb_xcalloc(SETS_MAX, sizeof *sets);
    uint16_t *table = wb_xcalloc(2 * SETS_MAX, sizeof *table);
    unsigned count = 0, most = 0;
    for (size_t i = 0; i < n->text.n; i++)
        if (n->first[i])
            add(&sets[0], (uint16_t)i); /* every value begins with its quote */
    seen(sets, table, &sets[0], count++);
    for (unsigned at = 0; at < count && most < max; at++) {
        unsigned w = weight(n, &sets[at]);
        most = w > most ? w : most;
        for (unsigned l = 0; l <= n->letters && most < max; l++) {
            struct set to = {.count = 0};
            char c = l < n->letters ? (char)n->alphabet[l] : '\0'; /* \0: any other character */
            for (unsigned k = 0; k < sets[at].count; k++)
                step(n, sets[at].state[k], c, &to);
            if (to.count == 0)
                continue;
            if (count == SETS_MAX)
                most = max;
            else if (!seen(sets, table, &to, count))
                sets[count++] = to;
        }
    }
    free(sets);
    free(table);
    return most < max ? most : max;
}

/* Of wildcards that are matched together. */
static unsigned together(const struct wb_slice *wild, uint32_t count, unsigned max)
{
    struct wb_buf b = {0};
    struct nfa n = {.letters = 0};
    bool used[256] = {false};
    for (uint32_t i = 0; i < count; i++) {
        wb_buf_char(&b, '"');
        wb_buf_slice_put(&b, wild[i]);
        wb_buf_char(&b, '"');
    }
    bool *first = wb_xcalloc(b.n, 1);
    for (size_t i = 0, at = 0; i < count; at += wild[i++].n + 2)
        first[at] = true;
    n.text = wb_buf_slice(&b);
    n.first = first;
    for (size_t i = 0; i < b.n; i++) {
        unsigned char c = (unsigned char)b.p[i];
        if (!used[c] && c != (unsigned char)WB_WILD_STAR)
            n.alphabet[n.letters++] = c;
        used[c] = true;
    }
    unsigned w = walk(&n, max);
    free(first);
    wb_buf_release(&b);
    return w;
}

/* The wildcards of a field count together, as event-ruler does it. It does not count those inside
 * anything-but; they are looked at one by one, so that none is expensive to match. */
static unsigned field_complexity(const struct wb_field *f, unsigned max)
{
    struct wb_slice *wild = wb_xcalloc(f->test_count + 1, sizeof *wild);
    uint32_t count = 0;
    unsigned most = 0;
    for (uint32_t i = 0; i < f->test_count; i++) {
        const struct wb_test *t = &f->test[i];
        if (t->kind == WB_TEST_WILD)
            wild[count++] = t->text;
        for (uint32_t k = 0; t->kind == WB_TEST_NOT_WILD && k < t->list_count && most < max; k++) {
            unsigned w = together(&t->list[k], 1, max);
            most = w > most ? w : most;
        }
    }
    unsigned w = count ? together(wild, count, max) : 0;
    free(wild);
    return w > most ? w : most;
}

unsigned wb_pattern_complexity(const struct wb_pattern *p, unsigned max)
{
    unsigned most = 0;
    for (uint32_t s = 0; s < p->sub_count && most < max; s++) {
        for (uint32_t i = 0; i < p->sub[s].field_count && most < max; i++) {
            unsigned w = field_complexity(&p->sub[s].field[i], max);
            most = w > most ? w : most;
        }
    }
    return most;
}
