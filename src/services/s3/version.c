/*
 * The versions of a key.
 *
 * A version id is 24 bytes in an alphabet of 64: the stamp, mixed with what follows so that ids of
 * one hour do not look alike, and 16 random bytes. The row has the whole id.
 */
#include "services/s3/object.h"

#define ID_LEN    32
#define ID_RANDOM 16

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";

static struct wb_slice id_make(struct wb_tx *tx, uint64_t stamp)
{
    uint8_t raw[8 + ID_RANDOM];
    char *out = wb_alloc(tx->arena, ID_LEN);
    struct wb_seam *seam = wb_engine_seam(tx->engine);
    seam->random(seam, raw + 8, ID_RANDOM);
    for (int i = 0; i < 8; i++)
        raw[i] = (uint8_t)(stamp >> (56 - 8 * i)) ^ raw[8 + i];
    for (int i = 0; i < 8; i++) {
        uint32_t v = (uint32_t)raw[3 * i] << 16 | (uint32_t)raw[3 * i + 1] << 8 | raw[3 * i + 2];
        for (int k = 0; k < 4; k++)
            out[4 * i + k] = alphabet[v >> (18 - 6 * k) & 63];
    }
    return wb_slice(out, ID_LEN);
}

bool s3_version_stamp(struct wb_slice id, uint64_t *stamp)
{
    uint8_t raw[8 + ID_RANDOM];
    if (id.n != ID_LEN)
        return false;
    for (int i = 0; i < 8; i++) {
        uint32_t v = 0;
        for (int k = 0; k < 4; k++) {
            const char *at = id.p[4 * i + k] ? strchr(alphabet, id.p[4 * i + k]) : NULL;
            if (!at)
                return false;
            v = v << 6 | (uint32_t)(at - alphabet);
        }
        raw[3 * i] = (uint8_t)(v >> 16);
        raw[3 * i + 1] = (uint8_t)(v >> 8);
        raw[3 * i + 2] = (uint8_t)v;
    }
    *stamp = 0;
    for (int i = 0; i < 8; i++)
        *stamp = *stamp << 8 | (uint8_t)(raw[i] ^ raw[8 + i]);
    return true;
}

/* --- finding --- */

static bool read_row(struct wb_tx *tx, struct wb_slice row, struct wb_slice key,
                     struct s3_object *out)
{
    struct wb_slice value;
    return wb_tx_get(tx, row, &value) && s3_object_decode(tx->arena, key, value, out);
}

bool s3_object_current(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                       struct s3_object *out)
{
    return read_row(tx, s3_object_key(tx->arena, b, key), key, out);
}

/* The newest row of WB_T_S3_VERSION. */
static bool newest_other(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                         struct s3_object *out)
{
    struct wb_slice row, value;
    if (b->versioning == S3_UNVERSIONED)
        return false;
    struct wb_scan *s =
        wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_S3_VERSION, "us", b->number, key));
    bool found =
        s && wb_tx_next(tx, s, &row, &value) && s3_object_decode(tx->arena, key, value, out);
    wb_scan_close(s);
    return found;
}

bool s3_object_newest(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                      struct s3_object *out)
{
    return s3_object_current(tx, b, key, out) || newest_other(tx, b, key, out);
}

static struct wb_slice null_key(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key)
{
    return wb_key(tx->arena, WB_T_S3_NULL, "us", b->number, key);
}

/* The null version when it is not the current one. */
static bool other_null(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                       struct s3_object *out)
{
    struct wb_slice value;
    if (b->versioning == S3_UNVERSIONED || !wb_tx_get(tx, null_key(tx, b, key), &value))
        return false;
    struct wb_rd r = wb_rd(value);
    return read_row(tx, s3_version_key(tx->arena, b, key, wb_rd_le64(&r)), key, out);
}

bool s3_object_version(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                       struct wb_slice id, struct s3_object *out)
{
    bool null = wb_slice_is(id, "null");
    uint64_t stamp;
    if (s3_object_current(tx, b, key, out) &&
        (null ? !out->version.p : wb_slice_eq(out->version, id)))
        return true;
    if (null)
        return other_null(tx, b, key, out);
    return s3_version_stamp(id, &stamp) &&
           read_row(tx, s3_version_key(tx->arena, b, key, stamp), key, out) &&
           wb_slice_eq(out->version, id);
}

/* --- changing --- */

static void put_other(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_object *o)
{
    wb_tx_put(tx, s3_version_key(tx->arena, b, o->key, o->stamp), s3_object_encode(tx->arena, o));
    if (o->version.p)
        return;
    struct wb_buf v = wb_buf_in(tx->arena);
    wb_buf_le64(&v, o->stamp);
    wb_tx_put(tx, null_key(tx, b, o->key), wb_buf_slice(&v));
}

static void del_other(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_object *o)
{
    wb_tx_del(tx, s3_version_key(tx->arena, b, o->key, o->stamp));
    if (!o->version.p)
        wb_tx_del(tx, null_key(tx, b, o->key));
}

/* The current version becomes an older one; or it goes, because the null version that follows takes
 * its place. Also takes away a null version further down. */
static void step_back(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key)
{
    struct s3_object o;
    bool to_null = b->versioning != S3_VERSIONED;
    if (s3_object_current(tx, b, key, &o)) {
        if (to_null && !o.version.p)
            s3_data_drop(tx, &o);
        else
            put_other(tx, b, &o);
        wb_tx_del(tx, s3_object_key(tx->arena, b, key));
    }
    if (to_null && other_null(tx, b, key, &o)) {
        del_other(tx, b, &o);
        s3_data_drop(tx, &o);
    }
}

static void name_version(struct wb_tx *tx, const struct s3_bucket *b, struct s3_object *o)
{
    o->stamp = wb_tx_stamp(tx);
    o->modified_ms = tx->now_ms;
    o->version = b->versioning == S3_VERSIONED ? id_make(tx, o->stamp) : WB_SLICE_NULL;
}

void s3_object_put(struct wb_tx *tx, const struct s3_bucket *b, struct s3_object *o)
{
    step_back(tx, b, o->key);
    name_version(tx, b, o);
    wb_tx_put(tx, s3_object_key(tx->arena, b, o->key), s3_object_encode(tx->arena, o));
}

void s3_object_update(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_object *o)
{
    struct s3_object now;
    bool current = s3_object_current(tx, b, o->key, &now) && now.stamp == o->stamp;
    wb_tx_put(tx,
              current ? s3_object_key(tx->arena, b, o->key)
                      : s3_version_key(tx->arena, b, o->key, o->stamp),
              s3_object_encode(tx->arena, o));
}

/* Where no current version is left, the newest other one is it, unless it is a marker. */
static void promote(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key)
{
    struct s3_object o;
    if (s3_object_current(tx, b, key, &o) || !newest_other(tx, b, key, &o) || o.marker)
        return;
    del_other(tx, b, &o);
    wb_tx_put(tx, s3_object_key(tx->arena, b, key), s3_object_encode(tx->arena, &o));
}

static void remove_version(struct wb_tx *tx, const struct s3_bucket *b, struct s3_object *o)
{
    struct s3_object now;
    if (s3_object_current(tx, b, o->key, &now) && now.stamp == o->stamp)
        wb_tx_del(tx, s3_object_key(tx->arena, b, o->key));
    else
        del_other(tx, b, o);
    s3_data_drop(tx, o);
    promote(tx, b, o->key);
}

static void remove_current(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                           struct s3_removed *out)
{
    struct s3_object o;
    if (b->versioning == S3_UNVERSIONED) {
        out->found = s3_object_current(tx, b, key, &o);
        step_back(tx, b, key);
        return;
    }
    step_back(tx, b, key);
    o = (struct s3_object){.key = key, .marker = true};
    name_version(tx, b, &o);
    put_other(tx, b, &o);
    out->found = out->made = out->marker = true;
    out->version = o.version;
}

void s3_object_remove(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                      struct wb_slice version, struct s3_removed *out)
{
    struct s3_object o;
    *out = (struct s3_removed){.versioned = b->versioning != S3_UNVERSIONED};
    if (!version.p) {
        remove_current(tx, b, key, out);
    } else if (s3_object_version(tx, b, key, version, &o)) {
        out->found = true;
        out->marker = o.marker;
        out->version = o.version;
        remove_version(tx, b, &o);
    }
}
