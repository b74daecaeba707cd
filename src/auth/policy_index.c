/*
 * An index over the statements of many policies (policy.h).
 *
 * A statement is filed under what its action patterns and its resource patterns begin with: the
 * literal text before the first wildcard, or all of a pattern that has none. Of a resource only the
 * part behind the fifth colon counts, because that is where resources differ; region and account
 * are often wildcards. A request looks up every beginning of its own action and resource for which
 * there are statements, and evaluates what it finds. So the index never decides: it only leaves out
 * statements that cannot match.
 *
 * Texts are compared by 64-bit hashes alone. Two that collide make the request evaluate a statement
 * in vain.
 */
#include "auth/policy_impl.h"
#include <stdlib.h>

#define BEGIN_MAX WB_POLICY_INDEX_TEXT /* longer beginnings are cut */
#define WORDS     (BEGIN_MAX / 64 + 1)
#define PAIRS_MAX 64 /* actions x resources of one statement; more: filed by action alone */

struct lengths { /* of the beginnings that are filed: bit i is length i */
    uint64_t bit[WORDS];
};

/* What a pattern, or the text of a request, is filed under. */
struct beginning {
    uint64_t hash;
    size_t length;
    bool whole; /* there is no wildcard: it must be all of the text */
};

struct filed {
    const struct wb_policy *policy;
    const struct wb_statement *statement;
};

struct pair { /* a statement under one action and one resource beginning */
    uint64_t key;
    uint32_t statement;
};

struct slot { /* key 0 = free */
    uint64_t key;
    uint32_t first, count; /* of `number` */
};

struct action {    /* all that is filed under one action beginning */
    uint64_t hash; /* 0 = free */
    struct lengths resource;
};

struct wb_policy_index {
    struct filed *filed; /* in the order of evaluation */
    uint32_t *number;    /* of `filed`, in order of keys, then in this order */
    struct slot *slot;
    struct action *action;
    size_t filed_count, slot_mask, action_mask;
    struct lengths length; /* of actions */
};

/* --- hashes --- */

#define SEED 0xcbf29ce484222325u

static uint64_t step(uint64_t h, char c)
{
    return (h ^ (uint8_t)c) * 0x100000001b3u;
}

/* Never 0, and its low bits depend on all bits. */
static uint64_t finish(uint64_t h, bool whole)
{
    h ^= h >> 32;
    h *= 0x9e3779b97f4a7c15u;
    return (h ^ h >> 29) << 2 | (uint64_t)whole << 1 | 1;
}

static uint64_t key_of(uint64_t action, uint64_t resource)
{
    return finish(action ^ (resource << 17 | resource >> 47), false);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* --- what patterns begin with --- */

static struct beginning glob_beginning(const struct wb_glob *g, bool fold)
{
    uint64_t h = SEED;
    struct beginning b = {.whole = true};
    for (size_t t = 0; t < g->count && b.whole; t++) {
        b.whole = g->token[t].kind == WB_TOKEN_TEXT;
        for (size_t i = 0; b.whole && i < g->token[t].text.n; i++) {
            if (b.length == BEGIN_MAX) {
                b.whole = false;
                break;
            }
            char c = g->token[t].text.p[i];
            h = step(h, fold ? lower(c) : c);
            b.length++;
        }
    }
    b.hash = finish(h, b.whole);
    return b;
}

static struct beginning anything(void)
{
    return (struct beginning){.hash = finish(SEED, false)};
}

static struct beginning action_beginning(const struct wb_statement *s, size_t i)
{
    return s->not_action ? anything() : glob_beginning(&s->action[i], true);
}

static struct beginning resource_beginning(const struct wb_statement *s, size_t i)
{
    bool all = s->not_resource || s->resource_count == 0 || s->resource[i].any;
    return all ? anything() : glob_beginning(&s->resource[i].part[5], false);
}

/* --- making --- */

static void note(struct lengths *l, struct beginning b)
{
    if (!b.whole)
        l->bit[b.length / 64] |= (uint64_t)1 << b.length % 64;
}

static struct action *action_at(const struct wb_policy_index *x, uint64_t hash)
{
    size_t i = hash >> 8 & x->action_mask;
    while (x->action[i].hash && x->action[i].hash != hash)
        i = (i + 1) & x->action_mask;
    return &x->action[i];
}

static struct slot *slot_at(const struct wb_policy_index *x, uint64_t key)
{
    size_t i = key >> 8 & x->slot_mask;
    while (x->slot[i].key && x->slot[i].key != key)
        i = (i + 1) & x->slot_mask;
    return &x->slot[i];
}

/* How many pairs a statement makes: one of each of these with one of those. */
static void extent(const struct wb_statement *s, size_t *actions, size_t *resources)
{
    *actions = s->not_action ? 1 : s->action_count;
    *resources = s->not_resource || s->resource_count == 0 ? 1 : s->resource_count;
    if (*actions * *resources > PAIRS_MAX)
        *resources = 1;
}

/* Puts the statement's pairs at `pair`; how many. */
static size_t file(struct wb_policy_index *x, uint32_t number, struct pair *pair)
{
    const struct wb_statement *s = x->filed[number].statement;
    size_t actions, resources, n = 0;
    extent(s, &actions, &resources);
    bool by_action = resources < s->resource_count;
    for (size_t i = 0; i < actions; i++) {
        struct beginning a = action_beginning(s, i);
        struct action *bucket = action_at(x, a.hash);
        bucket->hash = a.hash;
        note(&x->length, a);
        for (size_t j = 0; j < resources; j++) {
            struct beginning r = by_action ? anything() : resource_beginning(s, j);
            note(&bucket->resource, r);
            pair[n++] = (struct pair){key_of(a.hash, r.hash), number};
        }
    }
    return n;
}

static int by_key(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->statement > b->statement) - (a->statement < b->statement);
}

static size_t room_for(size_t n)
{
    size_t room = 8;
    while (room < 2 * n)
        room *= 2;
    return room;
}

/* The pairs, put under their keys. */
static void gather_slots(struct wb_policy_index *x, struct pair *pair, size_t count)
{
    qsort(pair, count, sizeof *pair, by_key);
    x->number = wb_xcalloc(count + 1, sizeof *x->number);
    x->slot_mask = room_for(count) - 1;
    x->slot = wb_xcalloc(x->slot_mask + 1, sizeof *x->slot);
    for (size_t i = 0; i < count; i++) {
        struct slot *s = slot_at(x, pair[i].key);
        if (!s->key)
            *s = (struct slot){.key = pair[i].key, .first = (uint32_t)i};
        s->count++;
        x->number[i] = pair[i].statement;
    }
}

struct wb_policy_index *wb_policy_index_new(const struct wb_policy *const *policy, size_t count)
{
    struct wb_policy_index *x = wb_xcalloc(1, sizeof *x);
    size_t statements = 0, pairs = 0, actions = 0, n = 0;
    for (size_t i = 0; i < count; i++)
        statements += policy[i] ? policy[i]->count : 0;
    x->filed = wb_xcalloc(statements + 1, sizeof *x->filed);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; policy[i] && j < policy[i]->count; j++) {
            const struct wb_statement *s = &policy[i]->statement[j];
            size_t of_action, of_resource;
            x->filed[x->filed_count++] = (struct filed){policy[i], s};
            extent(s, &of_action, &of_resource);
            actions += of_action;
            pairs += of_action * of_resource;
        }
    x->action_mask = room_for(actions) - 1;
    x->action = wb_xcalloc(x->action_mask + 1, sizeof *x->action);
    struct pair *pair = wb_xcalloc(pairs + 1, sizeof *pair);
    for (size_t i = 0; i < x->filed_count; i++)
        n += file(x, (uint32_t)i, pair + n);
    gather_slots(x, pair, n);
    free(pair);
    return x;
}

void wb_policy_index_free(struct wb_policy_index *x)
{
    if (!x)
        return;
    free(x->filed);
    free(x->number);
    free(x->slot);
    free(x->action);
    free(x);
}

/* --- asking --- */

/* The hashes of all beginnings of a text, for the lengths 0 to `count`. */
struct beginnings {
    uint64_t hash[BEGIN_MAX + 1]; /* not finished */
    size_t count;
    bool whole; /* the last one is all of the text */
};

static void hash_text(struct beginnings *b, struct wb_slice text, bool fold)
{
    b->whole = text.n <= BEGIN_MAX;
    b->count = b->whole ? text.n : BEGIN_MAX;
    b->hash[0] = SEED;
    for (size_t i = 0; i < b->count; i++)
        b->hash[i + 1] = step(b->hash[i], fold ? lower(text.p[i]) : text.p[i]);
}

/* The next length that is set and not beyond the text; SIZE_MAX at the end. */
static size_t next_length(const struct lengths *l, size_t from, const struct beginnings *b)
{
    for (size_t w = from / 64; w < WORDS; w++) {
        uint64_t bits = l->bit[w];
        if (w == from / 64)
            bits &= ~(uint64_t)0 << from % 64;
        if (!bits)
            continue;
        size_t n = w * 64 + (size_t)__builtin_ctzll(bits);
        return n <= b->count ? n : SIZE_MAX;
    }
    return SIZE_MAX;
}

struct found { /* the first statement that denies, and the first that allows */
    size_t deny, allow;
};

static void evaluate(const struct wb_policy_index *x, uint64_t key, const struct wb_request *q,
                     struct found *f)
{
    const struct slot *s = slot_at(x, key);
    for (uint32_t i = 0; i < s->count; i++) {
        size_t n = x->number[s->first + i];
        const struct filed *e = &x->filed[n];
        size_t *best = e->statement->allow ? &f->allow : &f->deny;
        enum wb_grant unused;
        if (n < *best && wb_statement_applies(e->policy, e->statement, q, &unused))
            *best = n;
    }
}

static void under_action(const struct wb_policy_index *x, uint64_t hash,
                         const struct beginnings *resource, const struct wb_request *q,
                         struct found *f)
{
    const struct action *a = action_at(x, hash);
    if (!a->hash)
        return;
    for (size_t n = 0; (n = next_length(&a->resource, n, resource)) != SIZE_MAX; n++)
        evaluate(x, key_of(hash, finish(resource->hash[n], false)), q, f);
    if (resource->whole)
        evaluate(x, key_of(hash, finish(resource->hash[resource->count], true)), q, f);
}

/* What is behind the fifth colon. */
static struct wb_slice resource_part(struct wb_slice arn)
{
    for (unsigned i = 0; i < 5 && arn.p; i++)
        wb_slice_cut(&arn, ':');
    return arn.p ? arn : WB_S("");
}

enum wb_decision wb_policy_index_eval(const struct wb_policy_index *x, const struct wb_request *q,
                                      const struct wb_policy **policy, struct wb_slice *sid)
{
    struct beginnings action, resource;
    struct found f = {SIZE_MAX, SIZE_MAX};
    hash_text(&action, q->action, true);
    hash_text(&resource, resource_part(q->resource), false);
    for (size_t n = 0; (n = next_length(&x->length, n, &action)) != SIZE_MAX; n++)
        under_action(x, finish(action.hash[n], false), &resource, q, &f);
    if (action.whole)
        under_action(x, finish(action.hash[action.count], true), &resource, q, &f);
    size_t n = f.deny != SIZE_MAX ? f.deny : f.allow;
    *policy = n == SIZE_MAX ? NULL : x->filed[n].policy;
    *sid = n == SIZE_MAX ? WB_SLICE_NULL : x->filed[n].statement->sid;
    return f.deny != SIZE_MAX    ? WB_EXPLICIT_DENY
           : f.allow != SIZE_MAX ? WB_ALLOW
                                 : WB_IMPLICIT_DENY;
}
