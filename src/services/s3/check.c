/*
 * `waybill check`: rows decode, and agree: buckets with their index and count, versions with the
 * current ones and the null versions, objects and parts with their blobs, and how many use them.
 */
#include "base/map.h"
#include "codec/text.h"
#include "services/s3/upload.h"

struct checker {
    struct wb_tx *tx;
    struct wb_arena *outer;
    void (*bad)(void *arg, const char *what);
    void *arg;
    struct wb_map *buckets;   /* number -> itself */
    struct wb_map *accounts;  /* -> buckets */
    struct wb_map *blobs;     /* -> references found */
    struct wb_map *uploads;   /* number -> objects made of it */
    struct wb_slice last_row; /* of WB_T_S3_VERSION: bucket and key */
};

static void complain(struct checker *k, const char *what, struct wb_slice name)
{
    k->bad(k->arg, wb_printf(k->tx->arena, "s3: %s: %.*s", what, WB_FMT(name)).p);
}

static struct wb_slice number_text(struct wb_arena *a, uint64_t n)
{
    return wb_printf(a, "%llu", (unsigned long long)n);
}

static void count(struct wb_map *m, struct wb_slice name)
{
    wb_map_put(m, name, (void *)((uintptr_t)wb_map_get(m, name) + 1));
}

static uint64_t le64_of(struct checker *k, struct wb_slice key)
{
    struct wb_slice value;
    if (!wb_tx_get(k->tx, key, &value))
        return 0;
    struct wb_rd r = wb_rd(value);
    return wb_rd_le64(&r);
}

/* Each row with an arena of its own. */
typedef void row_fn(struct checker *k, struct wb_slice key, struct wb_slice value);

static void each(struct checker *k, enum wb_table table, row_fn *fn)
{
    struct wb_arena row;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(k->tx, wb_key(k->outer, (uint16_t)table, ""));
    wb_arena_init(&row, 0);
    k->tx->arena = &row;
    while (s && wb_tx_next(k->tx, s, &key, &value)) {
        fn(k, key, value);
        wb_arena_reset(&row);
    }
    wb_scan_close(s);
    k->tx->arena = k->outer;
    wb_arena_release(&row);
}

/* --- buckets --- */

static void check_bucket(struct checker *k, struct wb_slice key, struct wb_slice value)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_key_rd r = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_slice name = wb_key_rd_str(&r), none;
    struct s3_bucket b;
    if (!s3_bucket_decode(a, name, value, &b)) {
        complain(k, "a bucket's row is damaged", name);
        return;
    }
    count(k->buckets, number_text(a, b.number));
    count(k->accounts, b.account);
    if (!s3_bucket_name_valid(name))
        complain(k, "a bucket's name breaks the rules", name);
    if (!wb_tx_get(k->tx, wb_key(a, WB_T_S3_BUCKET_OF, "ss", b.account, name), &none))
        complain(k, "a bucket is missing in its account's list", name);
}

static void check_listed(struct checker *k, struct wb_slice key, struct wb_slice value)
{
    (void)value;
    struct wb_key_rd r = wb_key_rd(k->tx->arena, key, &(uint16_t){0});
    struct wb_slice account = wb_key_rd_str(&r), name = wb_key_rd_str(&r);
    struct s3_bucket b;
    if (!s3_bucket_read(k->tx, name, &b) || !wb_slice_eq(b.account, account))
        complain(k, "an account's list names a bucket that is not its own", name);
}

static void check_accounts(struct checker *k)
{
    struct wb_slice account;
    void *n;
    size_t pos = 0;
    while (wb_map_next(k->accounts, &pos, &account, &n))
        if (s3_bucket_count(k->tx, account) != (uintptr_t)n)
            complain(k, "the number of buckets is wrong", account);
}

/* --- objects --- */

static void check_bytes(struct checker *k, const struct s3_object *o)
{
    struct wb_arena *a = k->tx->arena;
    size_t n;
    if (o->marker)
        return;
    if (o->blob.p)
        count(k->blobs, o->blob);
    if (o->upload)
        count(k->uploads, number_text(a, o->upload));
    if (!s3_data_pieces(k->tx, o, 0, o->size, &n))
        complain(k, "bytes of an object are missing", o->key);
}

static bool read_object(struct checker *k, struct wb_slice row, struct wb_slice value,
                        struct s3_bucket *b, struct s3_object *o)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_key_rd r = wb_key_rd(a, row, &(uint16_t){0});
    *b = (struct s3_bucket){.number = wb_key_rd_u64(&r), .versioning = S3_VERSIONED};
    struct wb_slice key = wb_key_rd_str(&r);
    if (!s3_object_decode(a, key, value, o)) {
        complain(k, "an object's row is damaged", wb_hex_encode(a, row));
        return false;
    }
    if (!wb_map_get(k->buckets, number_text(a, b->number)))
        complain(k, "an object is in no bucket", key);
    check_bytes(k, o);
    return true;
}

static void check_current(struct checker *k, struct wb_slice row, struct wb_slice value)
{
    struct s3_bucket b;
    struct s3_object o;
    if (read_object(k, row, value, &b, &o) && o.marker)
        complain(k, "a delete marker is the current object", o.key);
}

static void check_version(struct checker *k, struct wb_slice row, struct wb_slice value)
{
    struct wb_arena *a = k->tx->arena;
    struct s3_bucket b;
    struct s3_object o, now;
    if (!read_object(k, row, value, &b, &o))
        return;
    if (!wb_slice_eq(row, s3_version_key(a, &b, o.key, o.stamp)))
        complain(k, "a version lies in the wrong place", o.key);
    if (!o.version.p && le64_of(k, wb_key(a, WB_T_S3_NULL, "us", b.number, o.key)) != o.stamp)
        complain(k, "the null version is not found", o.key);
    struct wb_slice group = wb_slice_sub(row, 0, row.n - sizeof(uint64_t));
    bool newest = !wb_slice_eq(group, k->last_row);
    k->last_row = newest ? wb_dup(k->outer, group) : k->last_row;
    bool has = s3_object_current(k->tx, &b, o.key, &now);
    if (has ? now.stamp <= o.stamp : newest && !o.marker)
        complain(k, "the current version is not the newest", o.key);
}

static void check_null(struct checker *k, struct wb_slice row, struct wb_slice value)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_key_rd key = wb_key_rd(a, row, &(uint16_t){0});
    struct wb_rd r = wb_rd(value);
    struct s3_bucket b = {.number = wb_key_rd_u64(&key)};
    struct wb_slice name = wb_key_rd_str(&key), none;
    if (!wb_tx_get(k->tx, s3_version_key(a, &b, name, wb_rd_le64(&r)), &none))
        complain(k, "a null version is missing", name);
}

/* --- parts --- */

static void check_part(struct checker *k, struct wb_slice row, struct wb_slice value)
{
    struct s3_part p;
    int64_t size = 0;
    if (!s3_part_decode(k->tx->arena, row, value, &p)) {
        complain(k, "a part's row is damaged", wb_hex_encode(k->tx->arena, row));
        return;
    }
    for (size_t i = 0; i < p.pieces; i++) {
        count(k->blobs, p.piece[i].blob);
        size += p.piece[i].size;
    }
    if (size != p.size)
        complain(k, "a part has another size than its bytes", wb_hex_encode(k->tx->arena, row));
}

static void check_shared(struct checker *k, struct wb_slice row, struct wb_slice value)
{
    struct wb_key_rd key = wb_key_rd(k->tx->arena, row, &(uint16_t){0});
    struct wb_rd r = wb_rd(value);
    struct wb_slice upload = number_text(k->tx->arena, wb_key_rd_u64(&key));
    if ((uintptr_t)wb_map_get(k->uploads, upload) != wb_rd_le64(&r))
        complain(k, "the number of objects made of an upload is wrong", upload);
}

static void check_uploads(struct checker *k)
{
    struct wb_slice upload;
    void *n;
    size_t pos = 0;
    while (wb_map_next(k->uploads, &pos, &upload, &n)) {
        uint64_t number = 0;
        wb_slice_u64(upload, &number);
        if (le64_of(k, wb_key(k->outer, WB_T_S3_SHARED, "u", number)) != (uintptr_t)n)
            complain(k, "parts are used by more objects than they know", upload);
    }
}

/* --- blobs --- */

static void check_blobs(struct checker *k)
{
    struct wb_slice name, value;
    void *n;
    size_t pos = 0;
    while (wb_map_next(k->blobs, &pos, &name, &n)) {
        if (!wb_tx_get(k->tx, wb_key(k->outer, WB_T_BLOB, "s", name), &value)) {
            complain(k, "a blob that is used has no row", name);
            continue;
        }
        struct wb_rd r = wb_rd(value);
        wb_rd_le64(&r);
        if (wb_rd_le32(&r) != (uintptr_t)n)
            complain(k, "a blob is used by another number of objects than its row says", name);
    }
}

void s3_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct checker k = {.tx = tx,
                        .outer = tx->arena,
                        .bad = bad,
                        .arg = arg,
                        .buckets = wb_map_new(),
                        .accounts = wb_map_new(),
                        .blobs = wb_map_new(),
                        .uploads = wb_map_new()};
    each(&k, WB_T_S3_BUCKET, check_bucket);
    each(&k, WB_T_S3_BUCKET_OF, check_listed);
    check_accounts(&k);
    each(&k, WB_T_S3_OBJECT, check_current);
    each(&k, WB_T_S3_VERSION, check_version);
    each(&k, WB_T_S3_NULL, check_null);
    each(&k, WB_T_S3_PART, check_part);
    each(&k, WB_T_S3_SHARED, check_shared);
    check_uploads(&k);
    check_blobs(&k);
    wb_map_free(k.buckets);
    wb_map_free(k.accounts);
    wb_map_free(k.blobs);
    wb_map_free(k.uploads);
}
