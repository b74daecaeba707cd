/*
 * Matching. Three steps: walk the event down the path trie and note each leaf value at a path that
 * rules name, with the array element it lies in; look the values up, which gives candidate
 * sub-rules; check each candidate in full.
 *
 * Array consistency: each element of each array that holds objects or arrays is a *member*, a node
 * of a tree whose parent is the member it lies in. Values directly in an array belong to what is
 * around that array. Two values may be used together unless their chains of members pass through
 * different elements of one array.
 */
#include "base/limits.h"
#include "base/log.h"
#include "services/events/match_internal.h"
#include <stdlib.h>

#define PENDING 32

struct member {
    uint32_t array, parent;
};

struct walk {
    const struct wb_match_set *set;
    struct wb_arena *arena;
    struct wb_leaf *leaf;
    uint32_t leaf_count, leaf_cap;
    struct member *member; /* 0 = outside of arrays */
    uint32_t member_count, member_cap;
    uint32_t arrays;
    uint32_t *head; /* hash table: path -> first leaf + 1 */
    uint32_t head_mask;
    uint32_t *candidate, candidate_count; /* a set, open addressing; 0 = empty, else sub + 1 */
    uint32_t candidate_mask;
    uint32_t pending_count;
    uint32_t *rule; /* matched */
    uint32_t rule_count, rule_cap;
    int64_t steps;             /* left, see WB_EVENT_MATCH_STEPS_MAX */
    uint64_t pending[PENDING]; /* hashes to look up, their memory on its way; not initialised */
};

/* --- walking --- */

static const struct wb_match_node *child(const struct wb_match_set *s,
                                         const struct wb_match_node *n, struct wb_slice name)
{
    const struct wb_match_node *c = &s->node[n->child];
    uint32_t lo = 0, hi = n->child_count;
    if (hi <= 8) {
        for (; lo < hi; lo++)
            if (wb_slice_eq(c[lo].name, name))
                return &c[lo];
        return NULL;
    }
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int o = wb_match_name_cmp(c[mid].name, name);
        if (o == 0)
            return &c[mid];
        if (o < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* The node for a key, which may hold dots and so be several steps. */
static const struct wb_match_node *descend(const struct wb_match_set *s,
                                           const struct wb_match_node *n, struct wb_slice key)
{
    if (!key.n || !memchr(key.p, '.', key.n))
        return child(s, n, key);
    while (n && key.p)
        n = child(s, n, wb_slice_cut(&key, '.'));
    return n;
}

static void *doubled(struct wb_arena *a, const void *old, size_t size, uint32_t count,
                     uint32_t *cap)
{
    uint32_t n = *cap ? *cap * 2 : 32;
    void *p = wb_alloc(a, size * n);
    if (count)
        memcpy(p, old, size * count);
    *cap = n;
    return p;
}

static void add_leaf(struct walk *w, uint32_t path, struct wb_slice text, bool string,
                     uint32_t member)
{
    if (w->leaf_count == w->leaf_cap)
        w->leaf = doubled(w->arena, w->leaf, sizeof *w->leaf, w->leaf_count, &w->leaf_cap);
    struct wb_leaf *l = &w->leaf[w->leaf_count++];
    l->text = text;
    l->string = string;
    l->number_known = l->ip_known = false;
    l->path = path;
    l->member = member;
}

static uint32_t add_member(struct walk *w, uint32_t array, uint32_t parent)
{
    if (w->member_count == w->member_cap)
        w->member =
            doubled(w->arena, w->member, sizeof *w->member, w->member_count, &w->member_cap);
    w->member[w->member_count] = (struct member){array, parent};
    return w->member_count++;
}

static void walk_array(struct walk *w, const struct wb_match_node *n, struct wb_json v,
                       uint32_t member);

static void walk_object(struct walk *w, const struct wb_match_node *n, struct wb_json v,
                        uint32_t member)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        const struct wb_match_node *c = descend(w->set, n, wb_json_str(it.key, w->arena));
        if (!c)
            continue;
        switch (wb_json_type(it.value)) {
        case WB_JSON_OBJECT:
            if (c->child_count)
                walk_object(w, c, it.value, member);
            break;
        case WB_JSON_ARRAY:
            walk_array(w, c, it.value, member);
            break;
        case WB_JSON_STRING:
            if (c->path != NONE)
                add_leaf(w, c->path, wb_json_str(it.value, w->arena), true, member);
            break;
        default:
            if (c->path != NONE)
                add_leaf(w, c->path, wb_json_raw(it.value), false, member);
        }
    }
}

static void walk_array(struct walk *w, const struct wb_match_node *n, struct wb_json v,
                       uint32_t member)
{
    uint32_t array = w->arrays++;
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        switch (wb_json_type(it.value)) {
        case WB_JSON_OBJECT:
            if (n->child_count)
                walk_object(w, n, it.value, add_member(w, array, member));
            break;
        case WB_JSON_ARRAY:
            walk_array(w, n, it.value, add_member(w, array, member));
            break;
        case WB_JSON_STRING:
            if (n->path != NONE)
                add_leaf(w, n->path, wb_json_str(it.value, w->arena), true, member);
            break;
        default:
            if (n->path != NONE)
                add_leaf(w, n->path, wb_json_raw(it.value), false, member);
        }
    }
}

/* --- leaves by path --- */

static uint32_t *head_of(const struct walk *w, uint32_t path)
{
    uint32_t at = (path * 2654435761u) >> 7 & w->head_mask;
    while (w->head[at] && w->leaf[w->head[at] - 1].path != path)
        at = (at + 1) & w->head_mask;
    return &w->head[at];
}

static void link_leaves(struct walk *w)
{
    uint32_t size = 16;
    while (size < w->leaf_count * 2)
        size *= 2;
    w->head_mask = size - 1;
    w->head = wb_zalloc(w->arena, size * sizeof *w->head);
    for (uint32_t i = w->leaf_count; i-- > 0;) { /* backwards: chains keep the event's order */
        uint32_t *h = head_of(w, w->leaf[i].path);
        w->leaf[i].next = *h ? *h - 1 : NONE;
        *h = i + 1;
    }
}

/* --- candidates --- */

static void add_candidate(struct walk *w, uint32_t sub);

static void grow_candidates(struct walk *w)
{
    uint32_t *old = w->candidate, size = w->candidate ? (w->candidate_mask + 1) * 4 : 64;
    uint32_t old_size = w->candidate ? w->candidate_mask + 1 : 0;
    w->candidate = wb_zalloc(w->arena, size * sizeof *w->candidate);
    w->candidate_mask = size - 1;
    w->candidate_count = 0;
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i])
            add_candidate(w, old[i] - 1);
}

static void add_candidate(struct walk *w, uint32_t sub)
{
    if (!w->candidate || w->candidate_count * 2 > w->candidate_mask)
        grow_candidates(w);
    uint32_t at = (sub * 2654435761u) >> 5 & w->candidate_mask;
    while (w->candidate[at]) {
        if (w->candidate[at] == sub + 1)
            return;
        at = (at + 1) & w->candidate_mask;
    }
    w->candidate[at] = sub + 1;
    w->candidate_count++;
    const char *place = w->set->blob + (size_t)sub * WB_MATCH_BLOB_UNIT;
    __builtin_prefetch(place);
    __builtin_prefetch(place + 64);
}

static void look_up_now(struct walk *w, uint64_t hash)
{
    const struct wb_match_set *s = w->set;
    uint64_t bit = hash >> 20 & s->filter_mask;
    if (!(s->filter[bit / 64] >> bit % 64 & 1))
        return;
    for (uint64_t at = hash & s->entry_mask; s->entry[at].hash; at = (at + 1) & s->entry_mask) {
        const struct wb_match_entry *e = &s->entry[at];
        if (e->hash != hash)
            continue;
        if (e->count == 1)
            add_candidate(w, e->at);
        else
            for (uint32_t i = 0; i < e->count; i++)
                add_candidate(w, s->post[e->at + i]);
        return;
    }
}

static void flush(struct walk *w)
{
    for (uint32_t i = 0; i < w->pending_count; i++)
        look_up_now(w, w->pending[i]);
    w->pending_count = 0;
}

/* With many rules each look-up waits for memory; asked for early, they wait together. */
static void look_up(struct walk *w, uint64_t hash)
{
    const struct wb_match_set *s = w->set;
    if (w->pending_count == PENDING)
        flush(w);
    __builtin_prefetch(&s->filter[(hash >> 20 & s->filter_mask) / 64]);
    __builtin_prefetch(&s->entry[hash & s->entry_mask]);
    w->pending[w->pending_count++] = hash;
}

/* Every prefix (suffix) of the value whose length occurs among the rules'. */
static void look_up_affixes(struct walk *w, const struct wb_leaf *l, bool suffix)
{
    const struct wb_match_path *p = &w->set->path[l->path];
    const uint16_t *length = suffix ? p->suffix : p->prefix;
    uint32_t count = suffix ? p->suffix_count : p->prefix_count;
    uint64_t h = wb_match_hash_begin(w->set, l->path, suffix ? TAG_SUFFIX : TAG_PREFIX);
    size_t n = 0;
    for (uint32_t i = 0; i < count && length[i] <= l->text.n; i++) {
        for (; n < length[i]; n++)
            h = wb_match_hash_byte(h, l->text.p[suffix ? l->text.n - 1 - n : n]);
        look_up(w, wb_match_hash_end(h));
    }
}

/* The number of elements <= key. */
static uint32_t upper(const uint64_t *v, uint32_t n, uint64_t key)
{
    const uint64_t *from = v;
    while (n > 0) {
        uint32_t half = n / 2;
        bool right = from[half] <= key;
        from += right ? half + 1 : 0;
        n = right ? n - half - 1 : half;
    }
    return (uint32_t)(from - v);
}

static void look_up_stretch(struct walk *w, const struct wb_match_stretches *s, uint64_t key)
{
    uint32_t block = upper(s->top, s->top_count, key);
    if (block == 0)
        return;
    uint32_t from = (block - 1) * WB_MATCH_STRIDE;
    uint32_t n = s->count - from < WB_MATCH_STRIDE ? s->count - from : WB_MATCH_STRIDE;
    uint32_t at = from + upper(s->edge + from, n, key) - 1;
    for (uint32_t i = s->start[at]; i < s->start[at + 1]; i++)
        add_candidate(w, s->list[i]);
}

static void look_up_ranges(struct walk *w, const struct wb_match_range *r, uint32_t from,
                           uint32_t to, uint64_t key)
{
    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        if (r[mid].max_hi < key)
            return;
        look_up_ranges(w, r, from, mid, key);
        if (r[mid].lo > key)
            return;
        if (r[mid].hi >= key)
            add_candidate(w, r[mid].sub);
        from = mid + 1;
    }
}

static void look_up_leaf(struct walk *w, struct wb_leaf *l)
{
    const struct wb_match_path *p = &w->set->path[l->path];
    double d;
    if (l->string) {
        if (p->string)
            look_up(w, wb_match_hash(w->set, l->path, TAG_STRING, l->text.p, l->text.n));
        if (p->prefix_count)
            look_up_affixes(w, l, false);
        if (p->suffix_count)
            look_up_affixes(w, l, true);
        if (p->ip && wb_leaf_ip(l))
            look_up(w, wb_match_hash(w->set, l->path, TAG_IP, l->ip.byte, l->ip.len));
        return;
    }
    if (p->literal)
        look_up(w, wb_match_hash(w->set, l->path, TAG_LITERAL, l->text.p, l->text.n));
    if ((p->number || p->range_count) && wb_leaf_number(l, &d)) {
        uint64_t key = wb_number_key(d);
        if (p->number)
            look_up(w, wb_match_hash(w->set, l->path, TAG_NUMBER, &key, sizeof key));
        if (p->stretches.count)
            look_up_stretch(w, &p->stretches, key);
        else if (p->range_count)
            look_up_ranges(w, p->range, 0, p->range_count, key);
    }
}

/* --- the check --- */

static bool bounds_hold(const struct walk *w, const struct wb_match_test *t, struct wb_leaf *l)
{
    double bound[2], d;
    if (!wb_leaf_number(l, &d))
        return false;
    memcpy(bound, w->set->blob + t->at, sizeof bound);
    if (t->kind == WB_TEST_NUMBER)
        return d == bound[0];
    return (t->len & 1 ? d > bound[0] : d >= bound[0]) &&
           (t->len & 2 ? d < bound[1] : d <= bound[1]);
}

static bool test_holds(struct walk *w, const struct wb_match_test *t, struct wb_leaf *l)
{
    const char *text = w->set->blob + t->at;
    switch (t->kind) {
    case WB_TEST_STRING:
        return l->string && l->text.n == t->len && memcmp(l->text.p, text, t->len) == 0;
    case WB_TEST_LITERAL:
        return !l->string && l->text.n == t->len && memcmp(l->text.p, text, t->len) == 0;
    case WB_TEST_PREFIX:
        return l->string && l->text.n >= t->len && memcmp(l->text.p, text, t->len) == 0;
    case WB_TEST_SUFFIX:
        return l->string && l->text.n >= t->len &&
               memcmp(l->text.p + l->text.n - t->len, text, t->len) == 0;
    case WB_TEST_NUMBER:
    case WB_TEST_RANGE:
        return bounds_hold(w, t, l);
    default:
        w->steps -= w->set->full[t->at]->list_count;
        return wb_test_holds(w->set->full[t->at], l);
    }
}

static bool field_holds(struct walk *w, const struct wb_match_field *f,
                        const struct wb_match_test *test, struct wb_leaf *l)
{
    for (uint32_t i = 0; i < f->test_count && w->steps > 0; i++) {
        w->steps--;
        if (test_holds(w, &test[i], l))
            return true;
    }
    return false;
}

static bool together(const struct walk *w, uint32_t a, uint32_t b)
{
    for (uint32_t x = a; x; x = w->member[x].parent)
        for (uint32_t y = b; y; y = w->member[y].parent)
            if (w->member[x].array == w->member[y].array)
                return x == y;
    return true;
}

/* The members a field can be satisfied in. */
struct choice {
    uint32_t *member;
    uint32_t count, cap;
};

static bool assign(struct walk *w, const struct choice *c, uint32_t count, uint32_t at,
                   uint32_t *chosen)
{
    if (at == count)
        return true;
    for (uint32_t i = 0; i < c[at].count; i++) {
        bool ok = true;
        for (uint32_t k = 0; ok && k < at; k++) {
            if (w->steps-- <= 0)
                return false;
            ok = together(w, chosen[k], c[at].member[i]);
        }
        chosen[at] = c[at].member[i];
        if (ok && assign(w, c, count, at + 1, chosen))
            return true;
    }
    return false;
}

/* Gathers the members for a field. False: not satisfied at all. *free: satisfied by a value that
 * restricts nothing. */
static bool gather(struct walk *w, const struct wb_match_field *f, const struct wb_match_test *test,
                   struct choice *c, bool *free)
{
    uint32_t first = *head_of(w, f->path);
    *free = false;
    if (!first)
        return *free = f->may_be_absent;
    for (uint32_t i = first - 1; i != NONE && w->steps > 0; i = w->leaf[i].next) {
        struct wb_leaf *l = &w->leaf[i];
        if (!field_holds(w, f, test, l))
            continue;
        if (!l->member) {
            *free = true;
            return true;
        }
        if (c->count && c->member[c->count - 1] == l->member)
            continue;
        if (c->count == c->cap)
            c->member = doubled(w->arena, c->member, sizeof *c->member, c->count, &c->cap);
        c->member[c->count++] = l->member;
    }
    return c->count > 0;
}

static bool check(struct walk *w, const struct wb_match_sub *s)
{
    const struct wb_match_test *test = (const void *)&s->field[s->field_count];
    struct choice *bound = NULL;
    uint32_t bound_count = 0;
    for (uint32_t i = 0; i < s->field_count; test += s->field[i++].test_count) {
        struct choice c = {0};
        bool free;
        if (!gather(w, &s->field[i], test, &c, &free))
            return false;
        if (free)
            continue;
        if (!bound)
            bound = wb_new_n(w->arena, struct choice, s->field_count);
        uint32_t at = bound_count++; /* fewest choices first */
        for (; at > 0 && bound[at - 1].count > c.count; at--)
            bound[at] = bound[at - 1];
        bound[at] = c;
    }
    if (bound_count < 2)
        return true;
    uint32_t *chosen = wb_new_n(w->arena, uint32_t, bound_count);
    return assign(w, bound, bound_count, 0, chosen);
}

static void check_sub(struct walk *w, uint32_t sub)
{
    const struct wb_match_sub *s = (const void *)(w->set->blob + (size_t)sub * WB_MATCH_BLOB_UNIT);
    if (!check(w, s))
        return;
    if (w->rule_count == w->rule_cap)
        w->rule = doubled(w->arena, w->rule, sizeof *w->rule, w->rule_count, &w->rule_cap);
    w->rule[w->rule_count++] = s->rule;
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static void sort_rules(struct walk *w)
{
    if (w->rule_count > 32)
        qsort(w->rule, w->rule_count, sizeof *w->rule, by_number);
    for (uint32_t i = 1; i < w->rule_count; i++) {
        uint32_t r = w->rule[i], k = i;
        for (; k > 0 && w->rule[k - 1] > r; k--)
            w->rule[k] = w->rule[k - 1];
        w->rule[k] = r;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->rule_count; i++)
        if (n == 0 || w->rule[n - 1] != w->rule[i])
            w->rule[n++] = w->rule[i];
    w->rule_count = n;
}

static size_t finish(struct walk *w, uint32_t **rules)
{
    const struct wb_match_set *s = w->set;
    link_leaves(w);
    for (uint32_t i = 0; i < w->leaf_count; i++) {
        struct wb_leaf *l = &w->leaf[i];
        look_up_leaf(w, l);
        const struct wb_match_path *p = &s->path[l->path];
        if (p->other_count && *head_of(w, l->path) == i + 1)
            for (uint32_t k = 0; k < p->other_count; k++)
                add_candidate(w, p->other[k]);
    }
    flush(w);
    for (uint32_t i = 0; i < s->always_count; i++)
        add_candidate(w, s->always[i]);
    for (uint32_t i = 0; w->candidate && i <= w->candidate_mask; i++)
        if (w->candidate[i])
            check_sub(w, w->candidate[i] - 1);
    if (w->steps <= 0) /* an event made to be expensive: what was not found by now does not match */
        wb_log(WB_LOG_WARN, "events", "matching an event was given up", NULL);
    sort_rules(w);
    *rules = w->rule;
    return w->rule_count;
}

static struct walk begin(const struct wb_match_set *s, struct wb_arena *a)
{
    struct walk w;
    memset(&w, 0, offsetof(struct walk, pending));
    w.set = s;
    w.arena = a;
    w.steps = WB_EVENT_MATCH_STEPS_MAX;
    w.member_cap = 16;
    w.member = wb_alloc(a, w.member_cap * sizeof *w.member);
    w.member[0] = (struct member){0, 0};
    w.member_count = 1;
    return w;
}

size_t wb_match_event(const struct wb_match_set *s, struct wb_json event, struct wb_arena *a,
                      uint32_t **rules)
{
    struct walk w = begin(s, a);
    walk_object(&w, &s->node[0], event, 0);
    return finish(&w, rules);
}

static void envelope_string(struct walk *w, struct wb_slice name, struct wb_slice value)
{
    const struct wb_match_node *c = value.p ? child(w->set, &w->set->node[0], name) : NULL;
    if (c && c->path != NONE)
        add_leaf(w, c->path, value, true, 0);
}

size_t wb_match_envelope(const struct wb_match_set *s, const struct wb_envelope *e,
                         struct wb_arena *a, uint32_t **rules)
{
    struct walk w = begin(s, a);
    const struct wb_match_node *root = &s->node[0], *c;
    envelope_string(&w, WB_S("version"), e->version);
    envelope_string(&w, WB_S("id"), e->id);
    envelope_string(&w, WB_S("detail-type"), e->detail_type);
    envelope_string(&w, WB_S("source"), e->source);
    envelope_string(&w, WB_S("account"), e->account);
    envelope_string(&w, WB_S("time"), e->time);
    envelope_string(&w, WB_S("region"), e->region);
    if ((c = child(s, root, WB_S("resources"))) && c->path != NONE)
        for (size_t i = 0; i < e->resource_count; i++)
            add_leaf(&w, c->path, e->resource[i], true, 0);
    if ((c = child(s, root, WB_S("detail"))))
        walk_object(&w, c, e->detail, 0);
    return finish(&w, rules);
}
