/*
 * What a snapshot has read, so that a command can ask whether it would read the same. Rows are
 * compared by a hash of their bytes, definitions by the address of their object, which is the same
 * as long as their rows are. A scan is asked again for as many rows as were taken from it.
 */
#include "engine/internal.h"

enum kind { GET, SCAN, DEF };

struct seen {
    enum kind kind;
    struct wb_slice key, hi; /* scan: from, to */
    bool backward, ended;
    size_t rows;
    uint64_t hash; /* of the value, of all rows of a scan */
    const struct wb_scan *scan;
    const struct wb_held *held;
    const void *object; /* of the definition; NULL: there is none */
};

struct wb_reads {
    struct wb_arena *arena;
    struct wb_vec seen;
};

static uint64_t mix(uint64_t h, struct wb_slice s)
{
    uint64_t v;
    h = (h ^ (s.p ? s.n + 1 : 0)) * 0x9e3779b97f4a7c15u;
    for (; s.n >= 8; s.p += 8, s.n -= 8) {
        memcpy(&v, s.p, 8);
        h = (h ^ v) * 0x9e3779b97f4a7c15u;
        h ^= h >> 32;
    }
    v = 0;
    if (s.n)
        memcpy(&v, s.p, s.n);
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

struct wb_reads *wb_tx_watch(struct wb_tx *tx)
{
    if (tx->writes)
        return NULL;
    struct wb_reads *r = wb_new(tx->arena, struct wb_reads);
    *r = (struct wb_reads){.arena = tx->arena};
    wb_tx_ext(tx)->reads = r;
    return r;
}

static void add(struct wb_reads *r, struct seen s)
{
    *(struct seen *)wb_vec_push(&r->seen, r->arena, sizeof s) = s;
}

void wb_reads_get(struct wb_reads *r, struct wb_slice key, struct wb_slice *value)
{
    add(r, (struct seen){.kind = GET, .key = wb_dup(r->arena, key), .hash = mix(0, *value)});
    if (value->p)
        *value = wb_dup(r->arena, *value);
}

void wb_reads_scan(struct wb_reads *r, struct wb_slice lo, struct wb_slice hi, bool backward,
                   const struct wb_scan *s)
{
    add(r, (struct seen){.kind = SCAN,
                         .key = wb_dup(r->arena, lo),
                         .hi = wb_dup(r->arena, hi),
                         .backward = backward,
                         .scan = s});
}

/* The youngest of the scans with this address is the one that is open. */
static struct seen *scan_of(struct wb_reads *r, const struct wb_scan *s)
{
    for (size_t i = r->seen.n; i > 0; i--) {
        struct seen *seen = WB_VEC_AT(&r->seen, struct seen, i - 1);
        if (seen->kind == SCAN && seen->scan == s)
            return seen;
    }
    return NULL;
}

void wb_reads_next(struct wb_reads *r, const struct wb_scan *s, struct wb_slice *key,
                   struct wb_slice *value)
{
    struct seen *seen = scan_of(r, s);
    if (!seen) /* it was opened before */
        return;
    seen->ended = !key->p;
    if (seen->ended)
        return;
    seen->rows++;
    seen->hash = mix(mix(seen->hash, *key), *value);
    *key = wb_dup(r->arena, *key);
    *value = wb_dup(r->arena, *value);
}

void wb_reads_def(struct wb_reads *r, const struct wb_held *h, const void *object)
{
    add(r, (struct seen){.kind = DEF, .held = h, .object = object});
}

static bool same_rows(struct wb_tx *tx, const struct seen *s)
{
    struct wb_slice key, value;
    struct wb_scan *scan = wb_tx_scan(tx, s->key, s->hi, s->backward);
    uint64_t hash = 0;
    size_t n = 0;
    while (n < s->rows && wb_tx_next(tx, scan, &key, &value)) {
        hash = mix(mix(hash, key), value);
        n++;
    }
    bool same =
        n == s->rows && hash == s->hash && (!s->ended || !wb_tx_next(tx, scan, &key, &value));
    wb_scan_close(scan);
    return same;
}

static bool same(struct wb_tx *tx, const struct seen *s)
{
    struct wb_slice value;
    switch (s->kind) {
    case GET:
        wb_tx_get(tx, s->key, &value);
        return mix(0, value) == s->hash;
    case SCAN:
        return same_rows(tx, s);
    case DEF:
        return wb_def(tx, s->held->kind, s->held->key) == s->object;
    }
    return false;
}

bool wb_tx_reads_same(struct wb_tx *tx, const struct wb_reads *r)
{
    bool all = true;
    for (size_t i = 0; r && all && i < r->seen.n; i++)
        all = same(tx, WB_VEC_AT(&r->seen, struct seen, i));
    return all && tx->status == WB_STORE_OK;
}
