/*
 * Building a set.
 *
 * Where to file a sub-rule: under the field whose look-up brings it up least often for nothing. A
 * field can be looked up when all its tests can. Its cost is the largest number of sub-rules that
 * share one of its keys (an id of its own beats a source that everybody has); prefixes and suffixes
 * count a little more, ranges a little more again, since several of them hold for one value.
 */
#include "services/events/match_internal.h"

#include <stdlib.h>

struct builder {
    struct wb_match_set *set;
    struct wb_pattern *const *pattern;
    uint32_t count;
    struct wb_map *paths; /* path -> index + 1 */
    struct wb_slice *path_name;
    uint32_t path_cap;
    struct {
        const struct wb_subrule *rule;
        uint32_t id; /* its place in the blob */
    } * source;
    uint32_t source_count;
    struct wb_buf blob;
    const struct wb_test **full;
    size_t full_count, full_cap;
    struct wb_map *uses; /* key hash -> number of sub-rules + 1 */
    struct posting {
        uint64_t hash;
        uint32_t sub;
    } * posting;
    size_t posting_count, posting_cap;
    struct range_of {
        struct wb_match_range r;
        uint32_t path;
    } * range;
    size_t range_count, range_cap;
    struct length_of {
        uint32_t path;
        uint16_t length;
        bool suffix;
    } * length;
    size_t length_count, length_cap;
    struct other_of {
        uint32_t path, sub;
    } * other;
    size_t other_count, other_cap;
};

#define PUSH(b, name, ...)                                                                         \
    do {                                                                                           \
        if ((b)->name##_count == (b)->name##_cap) {                                                \
            (b)->name##_cap = (b)->name##_cap ? (b)->name##_cap * 2 : 64;                          \
            (b)->name = wb_xrealloc((b)->name, (b)->name##_cap * sizeof *(b)->name);               \
        }                                                                                          \
        (b)->name[(b)->name##_count++] = (__VA_ARGS__);                                            \
    } while (0)

static uint32_t path_index(struct builder *b, struct wb_slice name)
{
    void *known = wb_map_get(b->paths, name);
    if (known)
        return (uint32_t)((uintptr_t)known - 1);
    uint32_t i = b->set->path_count++;
    if (i == b->path_cap) {
        b->path_cap = b->path_cap ? b->path_cap * 2 : 64;
        b->path_name = wb_xrealloc(b->path_name, b->path_cap * sizeof *b->path_name);
    }
    b->path_name[i] = wb_dup(&b->set->arena, name);
    wb_map_put(b->paths, name, (void *)((uintptr_t)i + 1));
    return i;
}

/* --- keys --- */

static bool looked_up(const struct wb_test *t)
{
    switch (t->kind) {
    case WB_TEST_STRING:
    case WB_TEST_LITERAL:
    case WB_TEST_NUMBER:
    case WB_TEST_PREFIX:
    case WB_TEST_SUFFIX:
    case WB_TEST_RANGE:
        return true;
    case WB_TEST_IP:
        return memcmp(&t->ip_lo, &t->ip_hi, sizeof t->ip_lo) == 0;
    default:
        return false;
    }
}

static uint64_t key_hash(const struct wb_match_set *s, uint32_t path, const struct wb_test *t)
{
    uint64_t h;
    switch (t->kind) {
    case WB_TEST_STRING:
        return wb_match_hash(s, path, TAG_STRING, t->text.p, t->text.n);
    case WB_TEST_LITERAL:
        return wb_match_hash(s, path, TAG_LITERAL, t->text.p, t->text.n);
    case WB_TEST_NUMBER:
        h = wb_number_key(t->lo);
        return wb_match_hash(s, path, TAG_NUMBER, &h, sizeof h);
    case WB_TEST_IP:
        return wb_match_hash(s, path, TAG_IP, t->ip_lo.byte, t->ip_lo.len);
    case WB_TEST_PREFIX:
        h = wb_match_hash_begin(s, path, TAG_PREFIX);
        for (size_t i = 0; i < t->text.n; i++)
            h = wb_match_hash_byte(h, t->text.p[i]);
        return wb_match_hash_end(h);
    default:
        h = wb_match_hash_begin(s, path, TAG_SUFFIX);
        for (size_t i = t->text.n; i-- > 0;)
            h = wb_match_hash_byte(h, t->text.p[i]);
        return wb_match_hash_end(h);
    }
}

static uintptr_t uses(struct builder *b, uint64_t hash, uintptr_t more)
{
    struct wb_slice key = wb_slice(&hash, sizeof hash);
    uintptr_t n = (uintptr_t)wb_map_get(b->uses, key) + more;
    if (more)
        wb_map_put(b->uses, key, (void *)n);
    return n;
}

static double cost(struct builder *b, uint32_t path, const struct wb_field *f)
{
    double worst = 0;
    for (uint32_t i = 0; i < f->test_count; i++) {
        const struct wb_test *t = &f->test[i];
        if (!looked_up(t))
            return 1e18;
        double c;
        if (t->kind == WB_TEST_RANGE)
            c = 64 + (t->lo < -1e300 || t->hi > 1e300 ? 1024 : 0);
        else
            c = (double)uses(b, key_hash(b->set, path, t), 0);
        if (t->kind == WB_TEST_PREFIX || t->kind == WB_TEST_SUFFIX)
            c = c * 2 + (t->text.n < 4 ? 256 : 0);
        worst = c > worst ? c : worst;
    }
    return worst;
}

/* --- filing --- */

static void file_test(struct builder *b, uint32_t path, const struct wb_test *t, uint32_t sub)
{
    struct wb_match_path *p = &b->set->path[path];
    if (t->kind == WB_TEST_RANGE) {
        uint64_t lo = wb_number_key(t->lo) + t->lo_open, hi = wb_number_key(t->hi) - t->hi_open;
        PUSH(b, range, (struct range_of){{lo, hi, hi, sub}, path});
        return;
    }
    p->string |= t->kind == WB_TEST_STRING;
    p->literal |= t->kind == WB_TEST_LITERAL;
    p->number |= t->kind == WB_TEST_NUMBER;
    p->ip |= t->kind == WB_TEST_IP;
    if (t->kind == WB_TEST_PREFIX || t->kind == WB_TEST_SUFFIX)
        PUSH(b, length, (struct length_of){path, (uint16_t)t->text.n, t->kind == WB_TEST_SUFFIX});
    PUSH(b, posting, (struct posting){key_hash(b->set, path, t), sub});
}

static bool may_be_absent(const struct wb_field *f)
{
    for (uint32_t i = 0; i < f->test_count; i++)
        if (f->test[i].kind == WB_TEST_ABSENT)
            return true;
    return false;
}

static struct wb_match_sub *copy_of(struct builder *b, uint32_t i)
{
    return (void *)(b->blob.p + (size_t)b->source[i].id * WB_MATCH_BLOB_UNIT);
}

static void file(struct builder *b, uint32_t i)
{
    const struct wb_subrule *s = b->source[i].rule;
    const struct wb_match_sub *m = copy_of(b, i);
    uint32_t sub = b->source[i].id, at = NONE, present = NONE;
    double best = 1e18;
    for (uint32_t f = 0; f < s->field_count; f++) {
        double c = cost(b, m->field[f].path, &s->field[f]);
        if (c < best) {
            best = c;
            at = f;
        }
        if (!m->field[f].may_be_absent)
            present = f; /* the last: the deepest names tend to be the rarest */
    }
    if (at != NONE) {
        for (uint32_t t = 0; t < s->field[at].test_count; t++)
            file_test(b, m->field[at].path, &s->field[at].test[t], sub);
    } else if (present != NONE) {
        PUSH(b, other, (struct other_of){m->field[present].path, sub});
    } else {
        PUSH(b, other, (struct other_of){NONE, sub});
    }
}

/* --- the compact copy --- */

static bool has_text(const struct wb_test *t)
{
    return t->kind == WB_TEST_STRING || t->kind == WB_TEST_LITERAL || t->kind == WB_TEST_PREFIX ||
           t->kind == WB_TEST_SUFFIX;
}

/* What the check reads of a test besides its kind: into the blob, or by reference. */
static void copy_test(struct builder *b, size_t place, const struct wb_test *t)
{
    struct wb_match_test m = {.kind = t->kind & 0xff, .at = (uint32_t)b->blob.n};
    if (has_text(t)) {
        m.len = t->text.n & 0xffffff;
        wb_buf_slice_put(&b->blob, t->text);
    } else if (t->kind == WB_TEST_NUMBER || t->kind == WB_TEST_RANGE) {
        double bound[2] = {t->lo, t->hi};
        m.len = t->lo_open | t->hi_open << 1;
        wb_buf_put(&b->blob, bound, sizeof bound);
    } else {
        m.at = (uint32_t)b->full_count;
        PUSH(b, full, t);
    }
    memcpy(b->blob.p + place, &m, sizeof m);
}

static void copy_sub(struct builder *b, const struct wb_subrule *s, uint32_t rule)
{
    static const char zeros[sizeof(struct wb_match_test)];
    while (b->blob.n % WB_MATCH_BLOB_UNIT)
        wb_buf_char(&b->blob, 0);
    size_t place = b->blob.n;
    b->source[b->source_count].rule = s;
    b->source[b->source_count++].id = (uint32_t)(place / WB_MATCH_BLOB_UNIT);
    struct wb_match_sub head = {rule, s->field_count};
    wb_buf_put(&b->blob, &head, sizeof head);
    for (uint32_t i = 0; i < s->field_count; i++) {
        const struct wb_field *from = &s->field[i];
        struct wb_match_field f = {.path = path_index(b, from->path),
                                   .test_count = from->test_count & 0x7fffffff,
                                   .may_be_absent = may_be_absent(from)};
        wb_buf_put(&b->blob, &f, sizeof f);
    }
    place = b->blob.n;
    for (uint32_t i = 0; i < s->field_count; i++)
        for (uint32_t k = 0; k < s->field[i].test_count; k++)
            wb_buf_put(&b->blob, zeros, sizeof zeros);
    for (uint32_t i = 0; i < s->field_count; i++)
        for (uint32_t k = 0; k < s->field[i].test_count; k++, place += sizeof zeros)
            copy_test(b, place, &s->field[i].test[k]);
}

/* --- turning lists into indexes --- */

static int by_hash(const void *x, const void *y)
{
    const struct posting *a = x, *b = y;
    return a->hash != b->hash ? (a->hash < b->hash ? -1 : 1)
                              : (a->sub > b->sub) - (a->sub < b->sub);
}

static void sort_list(void *list, size_t count, size_t size, int (*cmp)(const void *, const void *))
{
    if (count) /* qsort takes no null pointer */
        qsort(list, count, size, cmp);
}

static uint64_t pow2(uint64_t n)
{
    uint64_t p = 64;
    while (p < n)
        p *= 2;
    return p;
}

static void make_table(struct builder *b)
{
    struct wb_match_set *s = b->set;
    sort_list(b->posting, b->posting_count, sizeof *b->posting, by_hash);
    s->entry_mask = pow2(b->posting_count * 2) - 1;
    s->entry = wb_zalloc(&s->arena, (s->entry_mask + 1) * sizeof *s->entry);
    s->filter_mask = pow2(b->posting_count * 16) - 1;
    s->filter = wb_zalloc(&s->arena, (s->filter_mask + 1) / 8);
    s->post = wb_new_n(&s->arena, uint32_t, b->posting_count + 1);
    uint32_t used = 0;
    for (size_t i = 0, end; i < b->posting_count; i = end) {
        uint64_t h = b->posting[i].hash, bit = h >> 20 & s->filter_mask;
        uint32_t from = used;
        for (end = i; end < b->posting_count && b->posting[end].hash == h; end++)
            if (used == from || s->post[used - 1] != b->posting[end].sub)
                s->post[used++] = b->posting[end].sub;
        struct wb_match_entry e = {h, from, used - from};
        if (e.count == 1) {
            e.at = s->post[from];
            used = from;
        }
        uint64_t at = h & s->entry_mask;
        while (s->entry[at].hash)
            at = (at + 1) & s->entry_mask;
        s->entry[at] = e;
        s->filter[bit / 64] |= 1ull << bit % 64;
    }
}

static int by_path_lo(const void *x, const void *y)
{
    const struct range_of *a = x, *b = y;
    if (a->path != b->path)
        return a->path < b->path ? -1 : 1;
    return (a->r.lo > b->r.lo) - (a->r.lo < b->r.lo);
}

static uint64_t fill_max(struct wb_match_range *r, uint32_t from, uint32_t to)
{
    if (from >= to)
        return 0;
    uint32_t mid = from + (to - from) / 2;
    uint64_t left = fill_max(r, from, mid), right = fill_max(r, mid + 1, to), m = r[mid].hi;
    m = left > m ? left : m;
    return r[mid].max_hi = right > m ? right : m;
}

struct end {
    uint64_t key;
    uint32_t range; /* index */
    bool begins;
};

static int by_key(const void *x, const void *y)
{
    const struct end *a = x, *b = y;
    return (a->key > b->key) - (a->key < b->key);
}

/* Cuts the ranges r[0..n) into stretches. False when their lists would grow too long. */
static bool make_stretches(struct wb_arena *a, const struct wb_match_range *r, uint32_t n,
                           struct wb_match_stretches *s)
{
    size_t max = (size_t)n * 8 + 64, ends = 0, used = 0;
    uint32_t active_count = 0;
    struct end *end = wb_xcalloc(2 * (size_t)n, sizeof *end);
    uint32_t *active = wb_xcalloc(n, sizeof *active), *where = wb_xcalloc(n, sizeof *where);
    uint32_t *list = wb_xcalloc(max, sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        if (r[i].lo > r[i].hi)
            continue;
        end[ends++] = (struct end){r[i].lo, i, true};
        end[ends++] = (struct end){r[i].hi + 1, i, false};
    }
    sort_list(end, ends, sizeof *end, by_key);
    s->edge = wb_new_n(a, uint64_t, ends + 1);
    s->start = wb_new_n(a, uint32_t, ends + 2);
    for (size_t i = 0; i < ends && used <= max;) {
        uint64_t key = end[i].key;
        for (; i < ends && end[i].key == key; i++) {
            uint32_t k = end[i].range;
            if (end[i].begins) {
                where[k] = active_count;
                active[active_count++] = k;
            } else {
                active[where[k]] = active[--active_count];
                where[active[where[k]]] = where[k];
            }
        }
        s->edge[s->count] = key;
        s->start[s->count++] = (uint32_t)used;
        for (uint32_t k = 0; k < active_count && used <= max; k++)
            if (used++ < max)
                list[used - 1] = r[active[k]].sub;
    }
    bool fits = used <= max && s->count > 0;
    if (fits) {
        s->start[s->count] = (uint32_t)used;
        s->list = wb_new_n(a, uint32_t, used + 1);
        memcpy(s->list, list, used * sizeof *list);
        s->top = wb_new_n(a, uint64_t, s->count / WB_MATCH_STRIDE + 1);
        for (uint32_t i = 0; i < s->count; i += WB_MATCH_STRIDE)
            s->top[s->top_count++] = s->edge[i];
    } else {
        s->count = 0;
    }
    free(end);
    free(active);
    free(where);
    free(list);
    return fits;
}

static void make_ranges(struct builder *b)
{
    sort_list(b->range, b->range_count, sizeof *b->range, by_path_lo);
    for (size_t i = 0, end; i < b->range_count; i = end) {
        struct wb_match_path *p = &b->set->path[b->range[i].path];
        for (end = i; end < b->range_count && b->range[end].path == b->range[i].path; end++)
            ;
        p->range_count = (uint32_t)(end - i);
        p->range = wb_new_n(&b->set->arena, struct wb_match_range, end - i);
        for (size_t k = i; k < end; k++)
            p->range[k - i] = b->range[k].r;
        if (!make_stretches(&b->set->arena, p->range, p->range_count, &p->stretches))
            fill_max(p->range, 0, p->range_count);
    }
}

static int by_length(const void *x, const void *y)
{
    const struct length_of *a = x, *b = y;
    if (a->path != b->path)
        return a->path < b->path ? -1 : 1;
    if (a->suffix != b->suffix)
        return a->suffix ? 1 : -1;
    return (int)a->length - (int)b->length;
}

static void make_lengths(struct builder *b)
{
    sort_list(b->length, b->length_count, sizeof *b->length, by_length);
    for (size_t i = 0; i < b->length_count; i++) {
        const struct length_of *l = &b->length[i];
        struct wb_match_path *p = &b->set->path[l->path];
        uint16_t **list = l->suffix ? &p->suffix : &p->prefix;
        uint32_t *count = l->suffix ? &p->suffix_count : &p->prefix_count;
        if (*count && (*list)[*count - 1] == l->length)
            continue;
        if (*count == 0) { /* room for all lengths that follow of this path and kind */
            size_t same = i;
            while (same < b->length_count && b->length[same].path == l->path &&
                   b->length[same].suffix == l->suffix)
                same++;
            *list = wb_new_n(&b->set->arena, uint16_t, same - i);
        }
        (*list)[(*count)++] = l->length;
    }
}

static int by_path_sub(const void *x, const void *y)
{
    const struct other_of *a = x, *b = y;
    if (a->path != b->path)
        return a->path < b->path ? -1 : 1;
    return (a->sub > b->sub) - (a->sub < b->sub);
}

static void make_others(struct builder *b)
{
    sort_list(b->other, b->other_count, sizeof *b->other, by_path_sub);
    uint32_t *all = wb_new_n(&b->set->arena, uint32_t, b->other_count + 1);
    for (size_t i = 0; i < b->other_count; i++) {
        bool always = b->other[i].path == NONE;
        struct wb_match_path *p = always ? NULL : &b->set->path[b->other[i].path];
        uint32_t **list = always ? &b->set->always : &p->other;
        uint32_t *count = always ? &b->set->always_count : &p->other_count;
        all[i] = b->other[i].sub;
        if (*count == 0)
            *list = &all[i];
        ++*count;
    }
}

/* --- the path trie --- */

int wb_match_name_cmp(struct wb_slice a, struct wb_slice b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* Paths ordered step by step, so that the children of a node lie together. */
static int by_steps(const void *x, const void *y)
{
    struct wb_slice a = ((const struct wb_pair *)x)->name, b = ((const struct wb_pair *)y)->name;
    for (;;) {
        int c = wb_match_name_cmp(wb_slice_cut(&a, '.'), wb_slice_cut(&b, '.'));
        if (c || !a.p || !b.p)
            return c ? c : (a.p != NULL) - (b.p != NULL);
    }
}

struct trie {
    struct wb_match_set *set;
    struct wb_pair *path; /* name: what is left of the path; value.n: its index */
    uint32_t used;
};

/* Makes the children of `node` from paths [from, to), which share the steps so far; `node` itself
 * may be the end of the first. Breadth of one node first, so that siblings are neighbours. */
static void grow(struct trie *t, uint32_t node, uint32_t from, uint32_t to)
{
    if (from < to && !t->path[from].name.p)
        t->set->node[node].path = (uint32_t)t->path[from++].value.n;
    uint32_t first = t->used, count = 0;
    for (uint32_t i = from, end; i < to; i = end, count++) {
        struct wb_slice rest = t->path[i].name, step = wb_slice_cut(&rest, '.');
        for (end = i; end < to; end++) {
            struct wb_slice r = t->path[end].name;
            if (wb_match_name_cmp(wb_slice_cut(&r, '.'), step))
                break;
        }
        t->set->node[t->used++] = (struct wb_match_node){step, i, end, NONE};
    }
    t->set->node[node].child = first;
    t->set->node[node].child_count = count;
    for (uint32_t c = first; c < first + count; c++) {
        uint32_t i = t->set->node[c].child, end = t->set->node[c].child_count;
        for (uint32_t k = i; k < end; k++)
            wb_slice_cut(&t->path[k].name, '.');
        grow(t, c, i, end);
    }
}

static void make_trie(struct builder *b)
{
    struct wb_match_set *s = b->set;
    struct trie t = {.set = s, .used = 1};
    size_t nodes = 1;
    t.path = wb_xcalloc(s->path_count + 1, sizeof *t.path);
    for (uint32_t i = 0; i < s->path_count; i++) {
        t.path[i] = (struct wb_pair){b->path_name[i], {NULL, i}};
        for (size_t k = 0; k < b->path_name[i].n; k++)
            nodes += b->path_name[i].p[k] == '.';
        nodes++;
    }
    sort_list(t.path, s->path_count, sizeof *t.path, by_steps);
    s->node = wb_new_n(&s->arena, struct wb_match_node, nodes);
    s->node[0].path = NONE;
    grow(&t, 0, 0, s->path_count);
    free(t.path);
}

static void count_uses(struct builder *b)
{
    for (uint32_t i = 0; i < b->source_count; i++) {
        const struct wb_subrule *s = b->source[i].rule;
        const struct wb_match_sub *m = copy_of(b, i);
        for (uint32_t f = 0; f < s->field_count; f++)
            for (uint32_t t = 0; t < s->field[f].test_count; t++)
                if (looked_up(&s->field[f].test[t]) && s->field[f].test[t].kind != WB_TEST_RANGE)
                    uses(b, key_hash(b->set, m->field[f].path, &s->field[f].test[t]), 1);
    }
}

struct wb_match_set *wb_match_new(struct wb_pattern *const *pattern, uint32_t count)
{
    struct wb_match_set *s = wb_xcalloc(1, sizeof *s);
    struct builder b = {.set = s, .pattern = pattern, .count = count};
    wb_arena_init(&s->arena, 4096);
    s->seed = wb_hash(WB_S("events"));
    b.paths = wb_map_new();
    b.uses = wb_map_new();
    size_t subs = 0;
    for (uint32_t i = 0; i < count; i++)
        subs += pattern[i] ? pattern[i]->sub_count : 0;
    b.source = wb_xcalloc(subs + 1, sizeof *b.source);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; pattern[i] && k < pattern[i]->sub_count; k++)
            copy_sub(&b, &pattern[i]->sub[k], i);
    s->path = wb_new_n(&s->arena, struct wb_match_path, s->path_count + 1);
    count_uses(&b);
    for (uint32_t i = 0; i < b.source_count; i++)
        file(&b, i);
    make_table(&b);
    make_ranges(&b);
    make_lengths(&b);
    make_others(&b);
    make_trie(&b);
    s->blob = b.blob.p;
    s->full = b.full;
    wb_map_free(b.paths);
    wb_map_free(b.uses);
    free(b.path_name);
    free(b.source);
    free(b.posting);
    free(b.range);
    free(b.length);
    free(b.other);
    return s;
}

void wb_match_free(struct wb_match_set *s)
{
    if (!s)
        return;
    wb_arena_release(&s->arena);
    free(s->blob);
    free(s->full);
    free(s);
}
