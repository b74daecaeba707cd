/* The bytes of objects: who uses them, where they lie, and how they go. */
#include "services/s3/upload.h"

/* --- shared parts --- */

static struct wb_slice shared_key(struct wb_tx *tx, uint64_t upload)
{
    return wb_key(tx->arena, WB_T_S3_SHARED, "u", upload);
}

static uint64_t shared(struct wb_tx *tx, uint64_t upload)
{
    struct wb_slice value;
    if (!wb_tx_get(tx, shared_key(tx, upload), &value))
        return 0;
    struct wb_rd r = wb_rd(value);
    return wb_rd_le64(&r);
}

static void set_shared(struct wb_tx *tx, uint64_t upload, uint64_t n)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, n);
    if (n)
        wb_tx_put(tx, shared_key(tx, upload), wb_buf_slice(&b));
    else
        wb_tx_del(tx, shared_key(tx, upload));
}

void s3_data_share(struct wb_tx *tx, const struct s3_object *o)
{
    if (o->blob.p)
        wb_blob_keep(tx, o->blob, o->size);
    else if (o->upload)
        set_shared(tx, o->upload, shared(tx, o->upload) + 1);
}

void s3_data_drop(struct wb_tx *tx, const struct s3_object *o)
{
    if (o->blob.p) {
        wb_blob_drop(tx, o->blob);
        return;
    }
    if (!o->upload)
        return;
    uint64_t n = shared(tx, o->upload);
    set_shared(tx, o->upload, n ? n - 1 : 0);
    if (n <= 1)
        s3_parts_drop(tx, o->upload, WB_SLICE_NULL, o->parts);
}

/* --- parts that go --- */

/* Drops what is not kept of the next rows behind `after`. True: there are no more. */
static bool drop_some(struct wb_tx *tx, uint64_t upload, struct wb_slice keep, uint32_t *after,
                      uint64_t *done)
{
    struct s3_parts it, cursor = {.runs = keep};
    struct s3_part p;
    unsigned rows = 0;
    bool more;
    s3_parts_open(&it, tx, upload, WB_SLICE_NULL, *after);
    while ((more = s3_parts_next(&it, &p)) && rows < WB_S3_DROP_ROWS) {
        *after = p.number;
        rows++;
        if (keep.p && s3_run_has(&cursor, p.number))
            continue;
        rows += (unsigned)p.pieces;
        s3_part_drop(tx, upload, &p);
        ++*done;
    }
    s3_parts_close(&it);
    return !more;
}

static struct wb_slice parts_state(struct wb_arena *a, uint64_t upload, struct wb_slice keep,
                                   uint32_t after)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "upload", (int64_t)upload);
    if (keep.p)
        wb_jw_kstr(&w, "keep", keep);
    wb_jw_ki64(&w, "after", after);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool parts_step(struct wb_tx *tx, struct wb_job *j)
{
    struct wb_json state = wb_json_read(tx->arena, j->state, NULL);
    uint64_t upload = (uint64_t)wb_json_get_i64(state, "upload", 0);
    uint32_t after = (uint32_t)wb_json_get_i64(state, "after", 0);
    struct wb_slice keep = wb_json_get_str(state, "keep", tx->arena);
    if (drop_some(tx, upload, keep, &after, &j->done))
        return true;
    j->state = parts_state(tx->arena, upload, keep, after);
    return false;
}

const struct wb_job_kind s3_parts_job = {"s3-parts", parts_step};

void s3_parts_drop(struct wb_tx *tx, uint64_t upload, struct wb_slice keep, size_t expected)
{
    uint64_t done = 0;
    uint32_t after = 0;
    if (!expected || drop_some(tx, upload, keep, &after, &done))
        return;
    wb_job_start(tx, s3_parts_job.name, WB_S("delete parts of an upload"),
                 parts_state(tx->arena, upload, keep, after));
}

/* --- where they lie --- */

struct pieces {
    struct wb_piece *piece;
    size_t count, room;
    int64_t from, left; /* still to skip, still to take */
};

/* Takes what of this piece lies in the range. */
static void take(struct wb_arena *a, struct pieces *out, struct wb_piece p)
{
    if (out->from >= p.size || out->left == 0) {
        out->from -= out->from >= p.size ? p.size : 0;
        return;
    }
    p.offset += out->from;
    p.size -= out->from;
    out->from = 0;
    if (p.size > out->left)
        p.size = out->left;
    out->left -= p.size;
    if (out->count == out->room) {
        struct wb_piece *more = wb_new_n(a, struct wb_piece, out->room * 2 + 4);
        if (out->count)
            memcpy(more, out->piece, out->count * sizeof *more);
        out->piece = more;
        out->room = out->room * 2 + 4;
    }
    out->piece[out->count++] = p;
}

struct wb_piece *s3_data_pieces(struct wb_tx *tx, const struct s3_object *o, int64_t from,
                                int64_t n, size_t *count)
{
    struct pieces out = {
        .piece = wb_new_n(tx->arena, struct wb_piece, 1), .room = 1, .from = from, .left = n};
    struct s3_parts it;
    struct s3_part p;
    if (o->blob.p)
        take(tx->arena, &out, (struct wb_piece){o->blob, 0, o->size});
    if (o->upload) {
        s3_parts_open(&it, tx, o->upload, o->runs, 0);
        while (out.left && s3_parts_next(&it, &p)) {
            for (size_t i = 0; i < p.pieces; i++)
                take(tx->arena, &out, p.piece[i]);
        }
        s3_parts_close(&it);
    }
    *count = out.count;
    return out.left ? NULL : out.piece;
}
