/*
 * Two arrays: the entries in the order in which they were put, and an index of entry numbers found
 * by linear probing. A removed entry leaves a hole in both until the next rebuild. Walking the
 * entries gives the same order in every run although the hash key differs, which is what lets a
 * simulated run be replayed.
 *
 * The hash is SipHash-1-3 (Aumasson and Bernstein), which is made for keyed tables.
 */
#include "base/map.h"
#include "base/arena.h"
#include "base/seam.h"
#include <assert.h>
#include <stdlib.h>

#define INDEX_EMPTY UINT32_MAX
#define INDEX_HOLE  (UINT32_MAX - 1)
#define INDEX_MIN   16 /* slots; always a power of two */

struct entry {
    char *key; /* NULL: a hole */
    size_t key_len;
    uint64_t hash;
    void *value;
};

struct wb_map {
    struct entry *entry;
    uint32_t *index;
    size_t used;  /* entries, holes included */
    size_t live;  /* entries without holes */
    size_t slots; /* of the index; entries are at most 3/4 of it */
};

static uint64_t hash_key[2];

__attribute__((constructor)) static void hash_key_init(void)
{
    struct wb_seam *os = wb_seam_os();
    os->random(os, hash_key, sizeof hash_key);
}

static inline uint64_t rotl(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] = rotl(v[0], 32) + v[3];
    v[2] += v[1];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

uint64_t wb_hash(struct wb_slice s)
{
    uint64_t v[4] = {hash_key[0] ^ 0x736f6d6570736575u, hash_key[1] ^ 0x646f72616e646f6du,
                     hash_key[0] ^ 0x6c7967656e657261u, hash_key[1] ^ 0x7465646279746573u};
    uint64_t m;
    size_t left = s.n;
    const char *p = s.p;
    for (; left >= 8; p += 8, left -= 8) {
        memcpy(&m, p, 8);
        v[3] ^= m;
        sip_round(v);
        v[0] ^= m;
    }
    m = (uint64_t)s.n << 56;
    for (size_t i = 0; i < left; i++)
        m |= (uint64_t)(uint8_t)p[i] << (8 * i);
    v[3] ^= m;
    sip_round(v);
    v[0] ^= m;
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct wb_map *wb_map_new(void)
{
    return wb_xcalloc(1, sizeof(struct wb_map));
}

void wb_map_free(struct wb_map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->used; i++)
        free(m->entry[i].key);
    free(m->entry);
    free(m->index);
    free(m);
}

size_t wb_map_count(const struct wb_map *m)
{
    return m->live;
}

/* The slot of the index that names the entry with this key, or SIZE_MAX. */
static size_t find(const struct wb_map *m, struct wb_slice key, uint64_t hash)
{
    if (m->live == 0)
        return SIZE_MAX;
    for (size_t i = hash & (m->slots - 1);; i = (i + 1) & (m->slots - 1)) {
        uint32_t at = m->index[i];
        if (at == INDEX_EMPTY)
            return SIZE_MAX;
        if (at == INDEX_HOLE || m->entry[at].hash != hash)
            continue;
        if (wb_slice_eq(wb_slice(m->entry[at].key, m->entry[at].key_len), key))
            return i;
    }
}

static void index_add(struct wb_map *m, uint64_t hash, uint32_t at)
{
    size_t i = hash & (m->slots - 1);
    while (m->index[i] != INDEX_EMPTY)
        i = (i + 1) & (m->slots - 1);
    m->index[i] = at;
}

/* Closes the holes and makes room for one more entry. */
static void rebuild(struct wb_map *m)
{
    size_t slots = INDEX_MIN, at = 0;
    while (slots / 2 < m->live + 1)
        slots *= 2;
    assert(slots < INDEX_HOLE);
    for (size_t i = 0; i < m->used; i++)
        if (m->entry[i].key)
            m->entry[at++] = m->entry[i];
    m->used = at;
    m->slots = slots;
    m->entry = wb_xrealloc(m->entry, slots / 4 * 3 * sizeof *m->entry);
    m->index = wb_xrealloc(m->index, slots * sizeof *m->index);
    memset(m->index, 0xff, slots * sizeof *m->index);
    for (size_t i = 0; i < m->used; i++)
        index_add(m, m->entry[i].hash, (uint32_t)i);
}

void *wb_map_get(const struct wb_map *m, struct wb_slice key)
{
    size_t i = m->live ? find(m, key, wb_hash(key)) : SIZE_MAX;
    return i == SIZE_MAX ? NULL : m->entry[m->index[i]].value;
}

void *wb_map_put(struct wb_map *m, struct wb_slice key, void *value)
{
    assert(value);
    uint64_t hash = wb_hash(key);
    size_t i = find(m, key, hash);
    if (i != SIZE_MAX) {
        struct entry *e = &m->entry[m->index[i]];
        void *before = e->value;
        e->value = value;
        return before;
    }
    if (m->used == m->slots / 4 * 3)
        rebuild(m);
    m->entry[m->used] = (struct entry){wb_xstrndup(key.p, key.n), key.n, hash, value};
    index_add(m, hash, (uint32_t)m->used);
    m->used++;
    m->live++;
    return NULL;
}

void *wb_map_del(struct wb_map *m, struct wb_slice key)
{
    size_t i = find(m, key, wb_hash(key));
    if (i == SIZE_MAX)
        return NULL;
    struct entry *e = &m->entry[m->index[i]];
    void *value = e->value;
    free(e->key);
    e->key = NULL;
    m->index[i] = INDEX_HOLE;
    m->live--;
    return value;
}

bool wb_map_next(const struct wb_map *m, size_t *pos, struct wb_slice *key, void **value)
{
    while (*pos < m->used) {
        const struct entry *e = &m->entry[(*pos)++];
        if (!e->key)
            continue;
        if (key)
            *key = wb_slice(e->key, e->key_len);
        if (value)
            *value = e->value;
        return true;
    }
    return false;
}
