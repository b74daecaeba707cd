#include "services/dynamodb/rows.h"
#include "base/limits.h"
#include "crypto/crypto.h"
#include <assert.h>

#define ROW_VERSION 1
/* What stands before the digest in an item's key: table of the key space, table number. */
#define ITEM_HEAD (2 + 8)

/* --- keys --- */

struct wb_slice wb_ddb_hash_bytes(struct wb_arena *a, const struct wb_av *v)
{
    if (v->type != WB_AV_N)
        return v->s;
    struct wb_decimal d;
    bool ok = wb_decimal_parse(v->s, &d) == WB_DEC_OK;
    assert(ok);
    uint8_t *bytes = wb_alloc(a, WB_DECIMAL_BYTES);
    return wb_slice(bytes, wb_decimal_encode(&d, bytes));
}

void wb_ddb_prefix(struct wb_key *k, struct wb_arena *a, const struct wb_ddb_table *t,
                   const struct wb_ddb_index *x)
{
    wb_key_begin(k, a, x ? WB_T_INDEX : WB_T_ITEM);
    wb_key_u64(k, t->number);
    if (x)
        wb_key_u64(k, x->number);
}

void wb_ddb_key_hash(struct wb_key *k, struct wb_arena *a, const struct wb_av *hash)
{
    uint8_t digest[WB_SHA256_LEN];
    wb_sha256(wb_ddb_hash_bytes(a, hash), digest);
    wb_key_raw(k, wb_slice(digest, WB_DDB_DIGEST));
}

void wb_ddb_key_range(struct wb_key *k, const struct wb_av *range)
{
    if (range->type != WB_AV_N) {
        wb_key_str(k, range->s);
        return;
    }
    struct wb_decimal d;
    bool ok = wb_decimal_parse(range->s, &d) == WB_DEC_OK;
    assert(ok);
    wb_key_decimal(k, &d);
}

struct wb_slice wb_ddb_item_key(struct wb_arena *a, const struct wb_ddb_table *t,
                                const struct wb_av *item)
{
    struct wb_key k;
    wb_ddb_prefix(&k, a, t, NULL);
    wb_ddb_key_hash(&k, a, wb_av_get(item, t->schema.key[0].name));
    if (t->schema.count > 1)
        wb_ddb_key_range(&k, wb_av_get(item, t->schema.key[1].name));
    return wb_key_done(&k);
}

struct wb_slice wb_ddb_index_key(struct wb_arena *a, const struct wb_ddb_table *t,
                                 const struct wb_ddb_index *x, const struct wb_av *item,
                                 struct wb_slice item_key)
{
    const struct wb_av *v[2] = {NULL, NULL};
    for (uint32_t i = 0; i < x->schema.count; i++) {
        v[i] = wb_av_get(item, x->schema.key[i].name);
        if (!v[i] || v[i]->type != x->schema.key[i].type)
            return WB_SLICE_NULL;
    }
    struct wb_key k;
    wb_ddb_prefix(&k, a, t, x);
    wb_ddb_key_hash(&k, a, v[0]);
    if (v[1])
        wb_ddb_key_range(&k, v[1]);
    wb_key_raw(&k, wb_slice_sub(item_key, ITEM_HEAD, item_key.n));
    return wb_key_done(&k);
}

bool wb_ddb_index_item(struct wb_arena *a, const struct wb_ddb_table *t,
                       const struct wb_ddb_index *x, struct wb_slice index_key,
                       struct wb_slice *item_key)
{
    struct wb_key_rd r = wb_key_rd(a, index_key, &(uint16_t){0});
    wb_key_rd_u64(&r);
    wb_key_rd_u64(&r);
    if (r.bad || r.end - r.p < WB_DDB_DIGEST)
        return false;
    r.p += WB_DDB_DIGEST;
    if (x->schema.count > 1 && x->schema.key[1].type == WB_AV_N)
        wb_key_rd_decimal_bytes(&r);
    else if (x->schema.count > 1)
        wb_key_rd_str(&r);
    struct wb_slice rest = wb_key_rd_raw(&r);
    if (r.bad || rest.n < WB_DDB_DIGEST)
        return false;
    struct wb_key k;
    wb_ddb_prefix(&k, a, t, NULL);
    wb_key_raw(&k, rest);
    *item_key = wb_key_done(&k);
    return true;
}

/* --- checks --- */

#define INVALID "One or more parameter values were invalid: "

static bool check_size(struct wb_call *c, const struct wb_av *v, bool hash)
{
    if (v->type == WB_AV_N)
        return true;
    if (hash && v->s.n > WB_DDB_HASH_MAX)
        wb_ddb_invalid(c, INVALID "Size of hashkey has exceeded the maximum size limit of%d bytes",
                       WB_DDB_HASH_MAX);
    else if (!hash && v->s.n > WB_DDB_RANGE_MAX)
        wb_ddb_invalid(c,
                       INVALID "Aggregated size of all range keys has exceeded the size limit of "
                               "%d bytes",
                       WB_DDB_RANGE_MAX);
    return !wb_failed(c);
}

bool wb_ddb_check_key(struct wb_call *c, const struct wb_ddb_table *t, const struct wb_av *key)
{
    if (key->count != t->schema.count) {
        wb_ddb_invalid(c, "The provided key element does not match the schema");
        return false;
    }
    for (uint32_t i = 0; i < t->schema.count; i++) {
        const struct wb_ddb_key *k = &t->schema.key[i];
        const struct wb_av *v = wb_av_get(key, k->name);
        if (!v || v->type != k->type) {
            wb_ddb_invalid(c, "The provided key element does not match the schema");
            return false;
        }
        if (v->type != WB_AV_N && v->s.n == 0) {
            wb_ddb_invalid(c,
                           INVALID "The AttributeValue for a key attribute cannot contain an "
                                   "empty %s value. Key: %.*s",
                           v->type == WB_AV_S ? "string" : "binary", WB_FMT(k->name));
            return false;
        }
        if (!check_size(c, v, i == 0))
            return false;
    }
    return true;
}

static bool check_index(struct wb_call *c, const struct wb_ddb_index *x, const struct wb_av *item)
{
    for (uint32_t i = 0; i < x->schema.count; i++) {
        const struct wb_ddb_key *k = &x->schema.key[i];
        const struct wb_av *v = wb_av_get(item, k->name);
        if (!v)
            continue;
        if (v->type != k->type) {
            wb_ddb_invalid(c,
                           INVALID "Type mismatch for Index Key %.*s Expected: %s Actual: %s "
                                   "IndexName: %.*s",
                           WB_FMT(k->name), wb_av_type_name(k->type), wb_av_type_name(v->type),
                           WB_FMT(x->name));
            return false;
        }
        if (v->type != WB_AV_N && v->s.n == 0) {
            wb_ddb_invalid(c,
                           "One or more parameter values are not valid. A value specified for a "
                           "secondary index key is not supported. The AttributeValue for a key "
                           "attribute cannot contain an empty %s value. IndexName: %.*s, IndexKey: "
                           "%.*s",
                           v->type == WB_AV_S ? "string" : "binary", WB_FMT(x->name),
                           WB_FMT(k->name));
            return false;
        }
        if (!check_size(c, v, i == 0))
            return false;
    }
    return true;
}

bool wb_ddb_check_index_keys(struct wb_call *c, const struct wb_ddb_table *t,
                             const struct wb_av *item)
{
    for (uint32_t i = 0; i < t->index_count; i++)
        if (!check_index(c, &t->index[i], item))
            return false;
    return true;
}

bool wb_ddb_check_item(struct wb_call *c, const struct wb_ddb_table *t, const struct wb_av *item)
{
    for (uint32_t i = 0; i < t->schema.count; i++) {
        const struct wb_ddb_key *k = &t->schema.key[i];
        const struct wb_av *v = wb_av_get(item, k->name);
        if (!v)
            wb_ddb_invalid(c, INVALID "Missing the key %.*s in the item", WB_FMT(k->name));
        else if (v->type != k->type)
            wb_ddb_invalid(c, INVALID "Type mismatch for key %.*s expected: %s actual: %s",
                           WB_FMT(k->name), wb_av_type_name(k->type), wb_av_type_name(v->type));
        else if (v->type != WB_AV_N && v->s.n == 0)
            wb_ddb_invalid(c,
                           "One or more parameter values are not valid. The AttributeValue for a "
                           "key attribute cannot contain an empty %s value. Key: %.*s",
                           v->type == WB_AV_S ? "string" : "binary", WB_FMT(k->name));
        else
            check_size(c, v, i == 0);
        if (wb_failed(c))
            return false;
    }
    return wb_ddb_check_index_keys(c, t, item);
}

/* --- reading --- */

bool wb_ddb_row_read(struct wb_slice value, struct wb_ddb_row *out)
{
    struct wb_rd r = wb_rd(value);
    uint8_t version = wb_rd_u8(&r);
    out->size = wb_rd_le32(&r);
    out->hash = wb_rd_lp(&r);
    out->json = wb_slice(r.p, (size_t)(r.end - r.p));
    return !r.bad && version == ROW_VERSION && out->json.n >= 2;
}

bool wb_ddb_row_get(struct wb_tx *tx, struct wb_slice key, struct wb_slice hash,
                    struct wb_ddb_row *out)
{
    struct wb_slice value;
    if (!wb_tx_get(tx, key, &value))
        return false;
    /* Two keys with one digest would need 2^64 tries to find; such a row is not mistaken. */
    if (wb_ddb_row_read(value, out) && (!hash.p || wb_slice_eq(hash, out->hash)))
        return true;
    tx->status = WB_STORE_CORRUPT;
    return false;
}

/* --- changing --- */

double wb_ddb_write_units(size_t bytes)
{
    return bytes ? (double)((bytes + 1023) / 1024) : 1;
}

struct wb_av wb_ddb_entry(struct wb_arena *a, const struct wb_ddb_index *x,
                          const struct wb_av *item)
{
    if (x->project == WB_DDB_ALL)
        return *item;
    struct wb_av e = {.type = WB_AV_M, .attr = wb_new_n(a, struct wb_attr, x->keep_count)};
    for (uint32_t i = 0; i < x->keep_count; i++) {
        const struct wb_av *v = wb_av_get(item, x->keep[i]);
        if (v)
            e.attr[e.count++] = (struct wb_attr){x->keep[i], *v};
    }
    return e;
}

/* One side of an index entry's change. */
struct side {
    struct wb_slice key;
    struct wb_av entry;
    size_t size;
};

static struct side side_of(struct wb_tx *tx, const struct wb_ddb_write *w,
                           const struct wb_ddb_index *x, const struct wb_av *item, uint32_t size)
{
    struct side s = {0};
    if (!item)
        return s;
    s.key = wb_ddb_index_key(tx->arena, w->t, x, item, w->key);
    if (!s.key.p)
        return s;
    s.entry = wb_ddb_entry(tx->arena, x, item);
    s.size = x->project == WB_DDB_ALL ? size : wb_av_item_size(&s.entry);
    return s;
}

static void write_index(struct wb_tx *tx, const struct wb_ddb_write *w,
                        const struct wb_ddb_index *x, struct wb_ddb_stat *stat, double *units)
{
    struct side o = side_of(tx, w, x, w->old, w->old_size);
    struct side n = side_of(tx, w, x, w->new, w->new_size);
    struct wb_slice there;
    if (!x->ready && o.key.p && !wb_tx_get(tx, o.key, &there))
        o = (struct side){0}; /* the index is still being filled and has not come so far */
    stat->count += (n.key.p != NULL) - (o.key.p != NULL);
    stat->bytes += (int64_t)n.size - (int64_t)o.size;
    if (o.key.p && n.key.p && wb_slice_eq(o.key, n.key)) {
        if (!wb_av_equal(&o.entry, &n.entry))
            *units += wb_ddb_write_units(o.size > n.size ? o.size : n.size);
        return;
    }
    if (o.key.p) {
        wb_tx_del(tx, o.key);
        *units += wb_ddb_write_units(o.size);
    }
    if (n.key.p) {
        const struct wb_av *hash = wb_av_get(w->new, x->schema.key[0].name);
        wb_tx_put(tx, n.key, wb_ddb_hash_bytes(tx->arena, hash));
        *units += wb_ddb_write_units(n.size);
    }
}

static void write_item(struct wb_tx *tx, const struct wb_ddb_write *w)
{
    if (!w->new_json.p) {
        wb_tx_del(tx, w->key);
        return;
    }
    struct wb_slice hash =
        wb_ddb_hash_bytes(tx->arena, wb_av_get(w->new, w->t->schema.key[0].name));
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_reserve(&b, 1 + 4 + 4 + hash.n + w->new_json.n);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_le32(&b, w->new_size);
    wb_buf_lp(&b, hash);
    wb_buf_slice_put(&b, w->new_json);
    wb_tx_put(tx, w->key, wb_buf_slice(&b));
}

static struct wb_slice keys_json(struct wb_arena *a, const struct wb_ddb_table *t,
                                 const struct wb_av *item)
{
    struct wb_attr attr[2];
    struct wb_av keys = {.type = WB_AV_M, .attr = attr};
    bool swap =
        t->schema.count > 1 && wb_slice_cmp(t->schema.key[0].name, t->schema.key[1].name) > 0;
    for (uint32_t i = 0; i < t->schema.count; i++) {
        const struct wb_ddb_key *k = &t->schema.key[swap ? 1 - i : i];
        attr[keys.count++] = (struct wb_attr){k->name, *wb_av_get(item, k->name)};
    }
    struct wb_buf b = wb_buf_in(a);
    wb_av_write_map(&b, &keys);
    return wb_buf_slice(&b);
}

static void write_journal(struct wb_tx *tx, const struct wb_ddb_write *w)
{
    struct wb_av old;
    const struct wb_av *item = w->new ? w->new : w->old;
    if (!item) {
        if (!wb_av_read_map(tx->arena, w->old_json, &old)) {
            tx->status = WB_STORE_CORRUPT;
            return;
        }
        item = &old;
    }
    wb_ddb_journal_put(tx, w->t,
                       &(struct wb_ddb_change){
                           .event = !w->old_json.p  ? WB_DDB_INSERT
                                    : w->new_json.p ? WB_DDB_MODIFY
                                                    : WB_DDB_REMOVE,
                           .time_ms = tx->now_ms,
                           .keys = keys_json(tx->arena, w->t, item),
                           .old = w->old_json,
                           .new = w->new_json,
                       });
}

/* Old journal rows go with new writes: one write in 16 takes up to 32 from the front. */
static void trim_journal(struct wb_tx *tx, const struct wb_ddb_write *w)
{
    const struct wb_ddb_table *t = w->t;
    bool ever = t->journal || t->stream_count || t->recovery_ms;
    if (!ever || ((uint8_t)w->key.p[ITEM_HEAD] & 15))
        return;
    int64_t keep_ms = t->recovery ? WB_DDB_PITR_DAYS * 86400000LL : WB_DDB_STREAM_HOURS * 3600000LL;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_JOURNAL, "u", t->number));
    struct wb_slice key, value;
    struct wb_ddb_change ch;
    for (int i = 0; i < 32 && wb_tx_next(tx, s, &key, &value); i++) {
        if (!wb_ddb_journal_read(value, &ch)) {
            tx->status = WB_STORE_CORRUPT;
            break;
        }
        if (ch.time_ms >= tx->now_ms - keep_ms)
            break;
        wb_tx_del(tx, wb_dup(tx->arena, key));
    }
    wb_scan_close(s);
}

void wb_ddb_row_write(struct wb_tx *tx, const struct wb_ddb_write *w, struct wb_ddb_units *u)
{
    u->table += wb_ddb_write_units(w->old_size > w->new_size ? w->old_size : w->new_size);
    if (wb_slice_eq(w->old_json, w->new_json))
        return;
    struct wb_ddb_stats stats;
    wb_ddb_stats_read(tx, w->t->number, &stats);
    struct wb_ddb_stat *own = wb_ddb_stats_of(&stats, 0);
    own->count += (w->new_json.p != NULL) - (w->old_json.p != NULL);
    own->bytes += (int64_t)w->new_size - (int64_t)w->old_size;
    write_item(tx, w);
    for (uint32_t i = 0; i < w->t->index_count; i++) {
        const struct wb_ddb_index *x = &w->t->index[i];
        write_index(tx, w, x, wb_ddb_stats_of(&stats, x->number), &u->index[i]);
    }
    wb_ddb_stats_write(tx, w->t->number, &stats);
    if (w->t->journal)
        write_journal(tx, w);
    trim_journal(tx, w);
}

/* --- journal --- */

void wb_ddb_journal_put(struct wb_tx *tx, const struct wb_ddb_table *t,
                        const struct wb_ddb_change *ch)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_reserve(&b, 32 + ch->keys.n + ch->old.n + ch->new.n);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_char(&b, (char)ch->event);
    wb_buf_char(&b, (char)ch->by_ttl);
    wb_buf_le64(&b, (uint64_t)ch->time_ms);
    wb_buf_lp(&b, ch->keys);
    wb_buf_lp(&b, ch->old);
    wb_buf_lp(&b, ch->new);
    wb_tx_put(tx, wb_key(tx->arena, WB_T_JOURNAL, "uu", t->number, wb_tx_stamp(tx)),
              wb_buf_slice(&b));
}

static struct wb_slice or_null(struct wb_slice s)
{
    return s.n ? s : WB_SLICE_NULL;
}

bool wb_ddb_journal_read(struct wb_slice value, struct wb_ddb_change *out)
{
    struct wb_rd r = wb_rd(value);
    uint8_t version = wb_rd_u8(&r);
    out->event = (enum wb_ddb_event)wb_rd_u8(&r);
    out->by_ttl = wb_rd_u8(&r) != 0;
    out->time_ms = (int64_t)wb_rd_le64(&r);
    out->keys = or_null(wb_rd_lp(&r));
    out->old = or_null(wb_rd_lp(&r));
    out->new = or_null(wb_rd_lp(&r));
    return wb_rd_done(&r) && version == ROW_VERSION && out->event >= WB_DDB_INSERT &&
           out->event <= WB_DDB_REMOVE && out->keys.p && (out->old.p || out->new.p) &&
           (out->event != WB_DDB_INSERT || !out->old.p) &&
           (out->event != WB_DDB_REMOVE || !out->new.p);
}
