/*
 * The definition cache.
 *
 * An object is valid for the snapshots [from, until) of the store: `from` is the commit in which
 * its rows last changed, `until` the commit that changes them next (or none). A reader whose
 * snapshot lies outside loads a private object from its own rows and shares it with nobody, so
 * what a transaction sees of definitions and of rows always belongs to the same commit.
 *
 * The writer announces a change before it commits (until = the coming commit) and publishes it
 * afterwards. A reader may install what it loaded only when its snapshot is not older than the last
 * change of that key, announced ones included: a slow reader never brings a stale object back.
 *
 * Absent definitions are not kept (a flood of unknown names must not fill the memory); of a removed
 * one an entry without object stays for its `changed`. When a shard has gathered many of those they
 * go, and the shard's `floor` remembers the newest of their commits in their place.
 *
 * Inside a batch the writer has an overlay with everything it read or changed; it meets the shared
 * cache again at the commit. Objects are counted by reference; an object's own address leads to its
 * count, for wb_def_hold.
 */
#include "engine/internal.h"
#include <stdlib.h>

#define SHARDS    16
#define HOLES_MAX 256
#define KINDS_MAX 64
#define OWNERS    1024
#define FOREVER   UINT64_MAX

struct wb_def_ref {
    const void *object;
    const struct wb_def_kind *kind;
    atomic_uint count;
    struct wb_def_ref *next; /* of its owner chain */
};

struct entry {
    struct wb_def_ref *ref; /* may be NULL */
    uint64_t from, until, changed;
};

struct shard {
    pthread_mutex_t lock;
    struct wb_map *map; /* key -> struct entry */
    size_t holes;
    uint64_t floor; /* no older snapshot may install */
};

struct wb_defs {
    struct wb_def_kind *kind[KINDS_MAX];
    unsigned kinds;
    struct shard shard[KINDS_MAX][SHARDS];
};

/* The address of each living object -> its reference. */
static struct {
    pthread_mutex_t lock;
    struct wb_def_ref *first;
} owner[OWNERS];

__attribute__((constructor)) static void owners_init(void)
{
    for (int i = 0; i < OWNERS; i++)
        pthread_mutex_init(&owner[i].lock, NULL);
}

static unsigned owner_of(const void *object)
{
    uintptr_t v = (uintptr_t)object >> 4;
    return (unsigned)(v ^ v >> 6 ^ v >> 12) % OWNERS;
}

static struct wb_def_ref *ref_new(const struct wb_def_kind *kind, const void *object)
{
    struct wb_def_ref *r = wb_xcalloc(1, sizeof *r);
    r->object = object;
    r->kind = kind;
    atomic_init(&r->count, 1);
    unsigned i = owner_of(object);
    pthread_mutex_lock(&owner[i].lock);
    r->next = owner[i].first;
    owner[i].first = r;
    pthread_mutex_unlock(&owner[i].lock);
    return r;
}

static struct wb_def_ref *ref_take(struct wb_def_ref *r)
{
    atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
    return r;
}

void wb_def_ref_drop(struct wb_def_ref *r)
{
    if (atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel) != 1)
        return;
    unsigned i = owner_of(r->object);
    pthread_mutex_lock(&owner[i].lock);
    struct wb_def_ref **at = &owner[i].first;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    pthread_mutex_unlock(&owner[i].lock);
    r->kind->free((void *)r->object);
    free(r);
}

static struct wb_def_ref *ref_of(const void *object)
{
    unsigned i = owner_of(object);
    pthread_mutex_lock(&owner[i].lock);
    struct wb_def_ref *r = owner[i].first;
    while (r && r->object != object)
        r = r->next;
    pthread_mutex_unlock(&owner[i].lock);
    assert(r);
    return r;
}

void wb_def_hold(const void *object)
{
    ref_take(ref_of(object));
}

void wb_def_let_go(struct wb_engine *e, const void *object)
{
    wb_def_ref_drop(ref_of(object));
}

/* --- the shared cache --- */

void wb_defs_new(struct wb_engine *e)
{
    struct wb_defs *d = e->defs = wb_xcalloc(1, sizeof *d);
    for (unsigned k = 0; k < KINDS_MAX; k++)
        for (unsigned i = 0; i < SHARDS; i++)
            pthread_mutex_init(&d->shard[k][i].lock, NULL);
}

void wb_defs_free(struct wb_engine *e)
{
    struct wb_defs *d = e->defs;
    for (unsigned k = 0; k < KINDS_MAX; k++)
        for (unsigned i = 0; i < SHARDS; i++) {
            struct shard *s = &d->shard[k][i];
            size_t pos = 0;
            struct wb_slice key;
            void *v;
            while (s->map && wb_map_next(s->map, &pos, &key, &v)) {
                struct entry *en = v;
                if (en->ref)
                    wb_def_ref_drop(en->ref);
                free(en);
            }
            wb_map_free(s->map);
            pthread_mutex_destroy(&s->lock);
        }
    free(d);
}

size_t wb_defs_entries(struct wb_engine *e)
{
    size_t n = 0;
    for (unsigned k = 0; k < e->defs->kinds; k++)
        for (unsigned i = 0; i < SHARDS; i++) {
            struct shard *s = &e->defs->shard[k][i];
            pthread_mutex_lock(&s->lock);
            n += wb_map_count(s->map);
            pthread_mutex_unlock(&s->lock);
        }
    return n;
}

void wb_def_register(struct wb_engine *e, struct wb_def_kind *kind)
{
    struct wb_defs *d = e->defs;
    assert(d->kinds < KINDS_MAX);
    kind->index = d->kinds;
    d->kind[d->kinds] = kind;
    for (unsigned i = 0; i < SHARDS; i++)
        d->shard[d->kinds][i].map = wb_map_new();
    d->kinds++;
}

static struct shard *shard_of(struct wb_defs *d, unsigned kind, struct wb_slice key)
{
    uint32_t h = 2166136261u;
    for (size_t i = key.n > 24 ? key.n - 24 : 0; i < key.n; i++)
        h = (h ^ (uint8_t)key.p[i]) * 16777619u;
    return &d->shard[kind][(h ^ h >> 16) % SHARDS];
}

/* The object valid for this snapshot, referenced; NULL when it has to be loaded. */
static struct wb_def_ref *shared_get(struct shard *s, struct wb_slice key, uint64_t sequence)
{
    struct wb_def_ref *r = NULL;
    pthread_mutex_lock(&s->lock);
    struct entry *en = wb_map_get(s->map, key);
    if (en && en->ref && sequence >= en->from && sequence < en->until)
        r = ref_take(en->ref);
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* Offers what was loaded under a snapshot to all. Returns what the caller shall use (its own, or
 * the one another thread installed first), with the caller's reference. */
static struct wb_def_ref *shared_offer(struct shard *s, struct wb_slice key, uint64_t sequence,
                                       struct wb_def_ref *mine)
{
    struct wb_def_ref *use = mine;
    pthread_mutex_lock(&s->lock);
    struct entry *en = wb_map_get(s->map, key);
    if (en && en->ref && sequence >= en->from && sequence < en->until) {
        use = ref_take(en->ref);
    } else if (sequence >= s->floor && (!en || (!en->ref && sequence >= en->changed))) {
        if (!en) {
            en = wb_xcalloc(1, sizeof *en);
            en->changed = s->floor;
            wb_map_put(s->map, key, en);
        } else {
            s->holes--;
        }
        en->ref = ref_take(mine);
        en->from = en->changed;
        en->until = FOREVER;
    }
    pthread_mutex_unlock(&s->lock);
    if (use != mine)
        wb_def_ref_drop(mine);
    return use;
}

static struct wb_def_ref *load(struct wb_tx *tx, const struct wb_def_kind *kind,
                               struct wb_slice key)
{
    void *object = kind->load(tx, key);
    if (object && tx->status != WB_STORE_OK) {
        kind->free(object); /* made of half the rows */
        object = NULL;
    }
    return object ? ref_new(kind, object) : NULL;
}

/* --- readers --- */

static const void *def_of_snapshot(struct wb_tx *tx, const struct wb_def_kind *kind,
                                   struct wb_slice key)
{
    struct wb_tx_ext *x = wb_tx_ext(tx);
    for (struct wb_held *h = x->held; h; h = h->next)
        if (h->kind == kind && wb_slice_eq(h->key, key))
            return h->ref ? h->ref->object : NULL;
    struct wb_reads *reads = x->reads;
    x->reads = NULL; /* what load reads, the object stands for */
    struct shard *s = shard_of(tx->engine->defs, kind->index, key);
    struct wb_def_ref *r = shared_get(s, key, x->sequence);
    if (!r) {
        r = load(tx, kind, key);
        if (r)
            r = shared_offer(s, key, x->sequence, r);
    }
    struct wb_held *h = wb_new(tx->arena, struct wb_held);
    *h = (struct wb_held){x->held, kind, wb_dup(tx->arena, key), r};
    x->held = h;
    x->reads = reads;
    if (reads)
        wb_reads_def(reads, h, r ? r->object : NULL);
    return r ? r->object : NULL;
}

/* --- the writer's overlay --- */

struct overlay {
    unsigned kind;
    struct wb_slice key;
    struct wb_def_ref *ref; /* NULL: absent, or not loaded */
    bool loaded, changed;
};

/* Remembers in which order overlays were touched, for nested transactions. */
static struct overlay *overlay_at(struct wb_batch *b, unsigned kind, struct wb_slice key, bool make)
{
    struct wb_buf k = wb_buf_in(&b->arena);
    char small[512];
    struct wb_slice full;
    small[0] = (char)kind;
    if (key.n < sizeof small) {
        memcpy(small + 1, key.p, key.n);
        full = wb_slice(small, key.n + 1);
    } else {
        wb_buf_char(&k, (char)kind);
        wb_buf_slice_put(&k, key);
        full = wb_buf_slice(&k);
    }
    if (!b->defs)
        b->defs = wb_map_new();
    struct overlay *o = wb_map_get(b->defs, full);
    if (!o && make) {
        o = wb_new(&b->arena, struct overlay);
        o->kind = kind;
        o->key = wb_dup(&b->arena, key);
        wb_map_put(b->defs, full, o);
    }
    return o;
}

static void overlay_touch(struct wb_batch *b, struct overlay *o)
{
    *(struct overlay **)wb_vec_push(&b->def, &b->arena, sizeof(struct overlay *)) = o;
}

/* The batch's commands may still hold the pointer: it goes at the end of the batch. */
static void overlay_unload(struct wb_batch *b, struct overlay *o)
{
    if (o->ref)
        *(struct wb_def_ref **)wb_vec_push(&b->dropped, &b->arena, sizeof o->ref) = o->ref;
    o->ref = NULL;
    o->loaded = false;
}

static const void *def_of_batch(struct wb_tx *tx, const struct wb_def_kind *kind,
                                struct wb_slice key)
{
    struct wb_tx_ext *x = wb_tx_ext(tx);
    struct overlay *o = overlay_at(x->batch, kind->index, key, true);
    if (o->loaded)
        return o->ref ? o->ref->object : NULL;
    if (!o->changed)
        o->ref = shared_get(shard_of(tx->engine->defs, kind->index, key), key, x->sequence - 1);
    if (!o->ref) {
        o->ref = load(tx, kind, key);
        overlay_touch(x->batch, o);
    }
    o->loaded = true;
    return o->ref ? o->ref->object : NULL;
}

const void *wb_def(struct wb_tx *tx, const struct wb_def_kind *kind, struct wb_slice key)
{
    if (tx->status != WB_STORE_OK)
        return NULL;
    return tx->writes ? def_of_batch(tx, kind, key) : def_of_snapshot(tx, kind, key);
}

void wb_def_changed(struct wb_tx *tx, const struct wb_def_kind *kind, struct wb_slice key)
{
    assert(tx->writes);
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    struct overlay *o = overlay_at(b, kind->index, key, true);
    overlay_unload(b, o);
    o->changed = true;
    overlay_touch(b, o);
}

void wb_def_made(struct wb_tx *tx, const struct wb_def_kind *kind, void *object)
{
    assert(!tx->writes);
    struct wb_tx_ext *x = wb_tx_ext(tx);
    struct wb_held *h = wb_new(tx->arena, struct wb_held);
    *h = (struct wb_held){.next = x->held, .ref = ref_new(kind, object)};
    x->held = h;
}

void wb_def_give(struct wb_tx *tx, const struct wb_def_kind *kind, struct wb_slice key,
                 const void *object)
{
    struct overlay *o = overlay_at(wb_tx_ext(tx)->batch, kind->index, key, true);
    assert(o->changed && !o->loaded);
    if (!object)
        return;
    o->ref = ref_take(ref_of(object));
    o->loaded = true;
}

void wb_defs_undo(struct wb_batch *b, size_t mark)
{
    for (size_t i = mark; i < b->def.n; i++)
        overlay_unload(b, *WB_VEC_AT(&b->def, struct overlay *, i));
    b->def.n = mark;
}

void wb_defs_forget_all(struct wb_tx *tx)
{
    struct wb_batch *b = wb_tx_ext(tx)->batch;
    struct wb_defs *d = tx->engine->defs;
    for (unsigned k = 0; k < d->kinds; k++)
        for (unsigned i = 0; i < SHARDS; i++) {
            struct shard *s = &d->shard[k][i];
            size_t pos = 0;
            struct wb_slice key;
            void *v;
            /* Only the writer adds changed entries; readers may install meanwhile what they
             * loaded before, so the floor is raised, too. */
            pthread_mutex_lock(&s->lock);
            while (wb_map_next(s->map, &pos, &key, &v)) {
                struct overlay *o = overlay_at(b, k, key, true);
                overlay_unload(b, o);
                o->changed = true;
            }
            s->floor = wb_tx_ext(tx)->sequence;
            pthread_mutex_unlock(&s->lock);
        }
}

/* --- commit --- */

static void purge_holes(struct shard *s)
{
    struct wb_map *keep = wb_map_new();
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (wb_map_next(s->map, &pos, &key, &v)) {
        struct entry *en = v;
        if (en->ref) {
            wb_map_put(keep, key, en);
            continue;
        }
        if (en->changed > s->floor)
            s->floor = en->changed;
        free(en);
    }
    wb_map_free(s->map);
    s->map = keep;
    s->holes = 0;
}

/* Announces the changes: from the coming commit on, what is shared now is out of date. */
void wb_defs_seal(struct wb_batch *b, uint64_t sequence)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (b->defs && wb_map_next(b->defs, &pos, &key, &v)) {
        struct overlay *o = v;
        if (!o->changed)
            continue;
        struct shard *s = shard_of(b->engine->defs, o->kind, o->key);
        pthread_mutex_lock(&s->lock);
        struct entry *en = wb_map_get(s->map, o->key);
        if (!en) {
            en = wb_xcalloc(1, sizeof *en);
            wb_map_put(s->map, o->key, en);
            s->holes++;
        }
        en->until = sequence;
        en->changed = sequence;
        pthread_mutex_unlock(&s->lock);
    }
}

static void publish_changed(struct shard *s, struct overlay *o, uint64_t sequence, bool committed)
{
    struct wb_def_ref *old = NULL;
    pthread_mutex_lock(&s->lock);
    struct entry *en = wb_map_get(s->map, o->key);
    if (en && !committed) {
        if (en->until == sequence)
            en->until = FOREVER;
    } else if (en) {
        /* A reader that already sees the commit may have installed its object: keep that one. */
        if (en->ref && en->from < sequence) {
            old = en->ref;
            en->ref = NULL;
            s->holes++;
        }
        if (!en->ref && o->ref) {
            en->ref = ref_take(o->ref);
            s->holes--;
        }
        en->from = sequence;
        en->until = FOREVER;
        if (s->holes > HOLES_MAX)
            purge_holes(s);
    }
    pthread_mutex_unlock(&s->lock);
    if (old)
        wb_def_ref_drop(old);
}

void wb_defs_publish(struct wb_batch *b, uint64_t sequence, bool committed)
{
    size_t pos = 0;
    struct wb_slice key;
    void *v;
    while (b->defs && wb_map_next(b->defs, &pos, &key, &v)) {
        struct overlay *o = v;
        struct shard *s = shard_of(b->engine->defs, o->kind, o->key);
        if (o->changed)
            publish_changed(s, o, sequence, committed);
        else if (o->ref && committed)
            o->ref = shared_offer(s, o->key, sequence, o->ref);
        if (o->ref)
            wb_def_ref_drop(o->ref);
    }
    wb_map_free(b->defs);
    b->defs = NULL;
    for (size_t i = 0; i < b->dropped.n; i++)
        wb_def_ref_drop(*WB_VEC_AT(&b->dropped, struct wb_def_ref *, i));
    b->dropped.n = 0;
}
