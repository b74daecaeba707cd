/* What match_build.c makes and match.c reads. */
#ifndef WB_EVENTS_MATCH_INTERNAL_H
#define WB_EVENTS_MATCH_INTERNAL_H

#include "base/map.h"
#include "services/events/match.h"

#define NONE UINT32_MAX

/* A step of the path trie. */
struct wb_match_node {
    struct wb_slice name;
    uint32_t child, child_count; /* in set->node, ordered by length, then bytes */
    uint32_t path;               /* NONE when no rule's path ends here */
};

/*
 * Ranges of numbers of a path, two forms. Usually: all ends of ranges in order (edge), which cut
 * the numbers into stretches, and for each stretch the sub-rules whose ranges cover it (list, from
 * start[i] to start[i + 1]); every STRIDE-th edge once more in `top`, so that a search touches few
 * cache lines. When ranges overlap so much that the lists would grow out of proportion: an array
 * ordered by lo, read as a balanced tree whose nodes know the highest hi below them.
 */
#define WB_MATCH_STRIDE 64
struct wb_match_range {
    uint64_t lo, hi, max_hi;
    uint32_t sub;
};
struct wb_match_stretches {
    uint64_t *edge, *top;
    uint32_t *start, *list;
    uint32_t count, top_count; /* of edges; 0 = the tree is used */
};

struct wb_match_path {
    bool string, literal, number, ip; /* kinds of equality that are looked up */
    uint16_t *prefix, *suffix;        /* lengths that occur, ascending */
    uint32_t prefix_count, suffix_count;
    struct wb_match_stretches stretches;
    struct wb_match_range *range;
    uint32_t range_count;
    uint32_t *other; /* sub-rules to check whenever there is a value */
    uint32_t other_count;
};

/* One look-up key: sub-rules post[at .. at+count), or, for count 1, sub-rule `at` itself. Two keys
 * of one hash share an entry; the check tells them apart. */
struct wb_match_entry {
    uint64_t hash; /* 0 = empty */
    uint32_t at, count;
};

/*
 * A sub-rule as it is checked lies in one piece of set->blob: head, fields, tests of all fields in
 * their order, then texts and bounds. Its number is its place in the blob divided by BLOB_UNIT.
 */
#define WB_MATCH_BLOB_UNIT 8
struct wb_match_test {
    uint32_t kind : 8;
    uint32_t len : 24; /* of the text; of a range: lo_open | hi_open << 1 */
    uint32_t at;       /* STRING, LITERAL, PREFIX, SUFFIX: the text's place in the blob; NUMBER,
                          RANGE: that of two doubles; others: index in set->full */
};
struct wb_match_field {
    uint32_t path;
    uint32_t test_count : 31;
    uint32_t may_be_absent : 1;
};
struct wb_match_sub {
    uint32_t rule, field_count;
    struct wb_match_field field[];
};

struct wb_match_set {
    struct wb_arena arena;
    uint64_t seed;
    struct wb_match_node *node; /* 0 is the root */
    struct wb_match_path *path;
    uint32_t path_count;
    char *blob;
    const struct wb_test **full;
    struct wb_match_entry *entry;
    uint64_t entry_mask;
    uint64_t *filter; /* a bit for each key: most look-ups of absent keys end here */
    uint64_t filter_mask;
    uint32_t *post;
    uint32_t *always; /* sub-rules that may match without any value */
    uint32_t always_count;
};

enum wb_match_tag { TAG_STRING = 1, TAG_LITERAL, TAG_NUMBER, TAG_IP, TAG_PREFIX, TAG_SUFFIX };

/* Hash of a key: begin, add bytes (of a suffix: backwards), end. */
static inline uint64_t wb_match_hash_begin(const struct wb_match_set *s, uint32_t path,
                                           enum wb_match_tag tag)
{
    return (s->seed ^ ((uint64_t)path << 8 | (uint64_t)tag)) * 0x9e3779b97f4a7c15ull;
}
static inline uint64_t wb_match_hash_byte(uint64_t h, char c)
{
    return (h ^ (unsigned char)c) * 0x100000001b3ull;
}
static inline uint64_t wb_match_hash_end(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93ull;
    h ^= h >> 32;
    return h ? h : 1;
}
static inline uint64_t wb_match_hash(const struct wb_match_set *s, uint32_t path,
                                     enum wb_match_tag tag, const void *p, size_t n)
{
    uint64_t h = wb_match_hash_begin(s, path, tag), w;
    const char *c = p;
    for (; n >= 8; n -= 8, c += 8) {
        memcpy(&w, c, 8);
        h = (h ^ w) * 0x9e3779b97f4a7c15ull;
        h ^= h >> 29;
    }
    w = n;
    if (n)
        memcpy(&w, c, n);
    h = (h ^ w ^ (uint64_t)n << 56) * 0x9e3779b97f4a7c15ull;
    return wb_match_hash_end(h);
}

int wb_match_name_cmp(struct wb_slice a, struct wb_slice b);

#endif
