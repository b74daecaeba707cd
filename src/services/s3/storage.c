/*
 * The daily storage metrics (User Guide, "Amazon S3 daily storage metrics for buckets in
 * CloudWatch"): after each midnight UTC all buckets are walked, a command's worth of rows at a
 * time, and each gets its two values as of that midnight. Objects and noncurrent versions count,
 * delete markers do not; of uploads that are not complete each part counts.
 *
 * One work row goes round. Its meta is where the walk is: {"day": ms, "bucket": name, "table":
 * 0..2, "after": hex of the last key, "bytes", "objects"}.
 */
#include "services/s3/storage.h"
#include "base/limits.h"
#include "codec/text.h"
#include "engine/metrics.h"
#include "services/s3/s3.h"
#include "services/s3/upload.h"

#define DAY_MS (24LL * 3600 * 1000)

static const uint16_t tables[] = {WB_T_S3_OBJECT, WB_T_S3_VERSION, WB_T_S3_UPLOAD};
#define TABLES ((int)(sizeof tables / sizeof *tables))

struct walk {
    struct wb_tx *tx;
    int64_t day_ms;         /* the midnight the values are of; 0: between two walks */
    struct wb_slice bucket; /* null: before the first */
    int table;
    struct wb_slice after; /* null: at the table's beginning */
    int64_t bytes, objects;
    int rows; /* looked at by this command */
};

static void read_walk(struct walk *k, struct wb_tx *tx, struct wb_slice meta)
{
    struct wb_json v = wb_json_read(tx->arena, meta, NULL);
    *k = (struct walk){.tx = tx,
                       .day_ms = wb_json_get_i64(v, "day", 0),
                       .bucket = wb_json_get_str(v, "bucket", tx->arena),
                       .table = (int)wb_json_get_i64(v, "table", 0),
                       .bytes = wb_json_get_i64(v, "bytes", 0),
                       .objects = wb_json_get_i64(v, "objects", 0)};
    struct wb_slice after = wb_json_get_str(v, "after", tx->arena);
    if (after.n)
        wb_hex_decode(tx->arena, after, &k->after);
}

static void add_row(const struct walk *k, int64_t due_ms)
{
    struct wb_buf b = wb_buf_in(k->tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "day", k->day_ms);
    wb_jw_kstr(&w, "bucket", k->bucket);
    wb_jw_ki64(&w, "table", k->table);
    if (k->after.n)
        wb_jw_kstr(&w, "after", wb_hex_encode(k->tx->arena, k->after));
    wb_jw_ki64(&w, "bytes", k->bytes);
    wb_jw_ki64(&w, "objects", k->objects);
    wb_jw_end_object(&w);
    wb_work_add(k->tx, &(struct wb_work){.target = WB_S("s3-storage"),
                                         .executor = s3_storage_executor.name,
                                         .due_ms = due_ms,
                                         .meta = wb_buf_slice(&b)});
}

static void wait_for_midnight(struct wb_tx *tx)
{
    struct walk none = {.tx = tx};
    add_row(&none, (tx->now_ms / DAY_MS + 1) * DAY_MS);
}

void s3_storage_first(struct wb_tx *tx)
{
    wait_for_midnight(tx);
}

/* --- counting --- */

static void count_parts(struct walk *k, uint64_t upload)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(k->tx, wb_key(k->tx->arena, WB_T_S3_PART, "u", upload));
    while (wb_tx_next(k->tx, s, &key, &value)) {
        struct s3_part p;
        if (s3_part_decode(k->tx->arena, key, value, &p)) {
            k->bytes += p.size;
            k->objects++;
        }
        k->rows++;
    }
    wb_scan_close(s);
}

static void count_row(struct walk *k, struct wb_slice key, struct wb_slice value)
{
    struct s3_object o;
    uint16_t table;
    if (tables[k->table] == WB_T_S3_UPLOAD) {
        struct wb_key_rd r = wb_key_rd(k->tx->arena, key, &table);
        wb_key_rd_u64(&r);
        wb_key_rd_str(&r);
        count_parts(k, wb_key_rd_u64(&r));
    } else if (s3_object_decode(k->tx->arena, WB_S(""), value, &o) && !o.marker) {
        k->bytes += o.size;
        k->objects++;
    }
}

/* The rest of the table, or as much of it as the command may do. */
static bool walk_table(struct walk *k, const struct s3_bucket *b)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_slice all = wb_key(a, tables[k->table], "u", b->number), key, value;
    struct wb_slice from =
        k->after.n ? wb_concat(a, (struct wb_slice[]){k->after, WB_S("\0")}, 2) : all;
    struct wb_scan *s = wb_tx_scan(k->tx, from, wb_key_after(a, all), false);
    bool more = false;
    while (k->rows < WB_S3_LIFECYCLE_ROWS && (more = wb_tx_next(k->tx, s, &key, &value))) {
        k->after = wb_dup(a, key);
        k->rows++;
        count_row(k, k->after, value);
    }
    wb_scan_close(s);
    return !more && k->rows < WB_S3_LIFECYCLE_ROWS;
}

static void tell(const struct walk *k, const struct s3_bucket *b)
{
    struct wb_pair dims[2] = {{WB_S("BucketName"), b->name},
                              {WB_S("StorageType"), WB_S("StandardStorage")}};
    if (wb_engine_config(k->tx->engine)->no_metrics)
        return;
    wb_put_metric_at(k->tx, k->day_ms, b->account, b->region, "AWS/S3", "BucketSizeBytes", dims, 2,
                     (double)k->bytes, "Bytes");
    dims[1].value = WB_S("AllStorageTypes");
    wb_put_metric_at(k->tx, k->day_ms, b->account, b->region, "AWS/S3", "NumberOfObjects", dims, 2,
                     (double)k->objects, "Count");
}

/* --- the walk --- */

/* The bucket behind k->bucket. False: there is none. */
static bool next_bucket(struct walk *k)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_slice key, value, all = wb_key(a, WB_T_S3_BUCKET, "");
    struct wb_slice from =
        k->bucket.n ? wb_key_after(a, wb_key(a, WB_T_S3_BUCKET, "s", k->bucket)) : all;
    uint16_t table;
    struct wb_scan *s = wb_tx_scan(k->tx, from, wb_key_after(a, all), false);
    bool found = wb_tx_next(k->tx, s, &key, &value);
    if (found) {
        struct wb_key_rd r = wb_key_rd(a, wb_dup(a, key), &table);
        k->bucket = wb_dup(a, wb_key_rd_str(&r));
    }
    wb_scan_close(s);
    k->table = 0;
    k->after = WB_SLICE_NULL;
    k->bytes = k->objects = 0;
    return found;
}

/* False: the command has done enough. */
static bool walk_bucket(struct walk *k)
{
    struct s3_bucket b;
    if (k->table == TABLES || !s3_bucket_read(k->tx, k->bucket, &b))
        return true; /* told by the command before, or gone meanwhile */
    for (; k->table < TABLES; k->table++) {
        if (!walk_table(k, &b))
            return false;
        k->after = WB_SLICE_NULL;
    }
    tell(k, &b);
    return true;
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    struct walk k;
    read_walk(&k, tx, w->meta);
    out->kind = WB_DONE;
    bool inside = k.day_ms != 0;
    if (!inside)
        k.day_ms = tx->now_ms / DAY_MS * DAY_MS;
    while (inside || next_bucket(&k)) {
        inside = false;
        if (!walk_bucket(&k) || k.rows >= WB_S3_LIFECYCLE_ROWS) {
            add_row(&k, tx->now_ms);
            return;
        }
    }
    wait_for_midnight(tx);
}

const struct wb_executor s3_storage_executor = {.name = "s3.storage", .step = step};
