/* Uploads and parts in the store. */
#include "codec/text.h"
#include "services/s3/upload.h"

/* --- uploads --- */

struct wb_slice s3_upload_key(struct wb_arena *a, const struct s3_bucket *b, struct wb_slice key,
                              uint64_t number)
{
    return wb_key(a, WB_T_S3_UPLOAD, "usu", b->number, key, number);
}

/* An id begins with the number in 16 hex digits; what follows cannot be guessed. */
#define NUMBER_DIGITS 16

uint64_t s3_upload_number(struct wb_slice id)
{
    uint64_t n = 0;
    for (size_t i = 0; i < NUMBER_DIGITS; i++) {
        char c = i < id.n ? id.p[i] : 0;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return 0;
        n = n << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return n;
}

bool s3_upload_decode(struct wb_arena *a, struct wb_slice key, uint64_t number,
                      struct wb_slice value, struct s3_upload *out)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
    *out = (struct s3_upload){
        .number = number,
        .key = key,
        .id = wb_json_get_str(v, "id", a),
        .started_ms = wb_json_get_i64(v, "started", 0),
        .initiator = wb_json_get_str(v, "initiator", a),
        .algorithm = s3_algorithm_of(wb_json_get_str(v, "sum", a)),
        .full = wb_json_bool(wb_json_get(v, "full"), false),
    };
    s3_about_read(a, v, &out->about);
    return out->id.p && s3_upload_number(out->id) == number;
}

void s3_upload_write(struct wb_tx *tx, const struct s3_bucket *b, const struct s3_upload *u)
{
    struct wb_buf out = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &out);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "id", u->id);
    wb_jw_ki64(&w, "started", u->started_ms);
    wb_jw_kstr(&w, "initiator", u->initiator);
    if (u->algorithm)
        wb_jw_kcstr(&w, "sum", s3_sum_names[u->algorithm]);
    if (u->full)
        wb_jw_kbool(&w, "full", true);
    s3_about_write(&w, &u->about);
    wb_jw_end_object(&w);
    wb_tx_put(tx, s3_upload_key(tx->arena, b, u->key, u->number), wb_buf_slice(&out));
}

bool s3_upload_read(struct wb_tx *tx, const struct s3_bucket *b, struct wb_slice key,
                    struct wb_slice id, struct s3_upload *out)
{
    uint64_t number = s3_upload_number(id);
    struct wb_slice value;
    return number && wb_tx_get(tx, s3_upload_key(tx->arena, b, key, number), &value) &&
           s3_upload_decode(tx->arena, key, number, value, out) && wb_slice_eq(out->id, id);
}

/* --- parts --- */

struct wb_slice s3_part_key(struct wb_arena *a, uint64_t upload, uint32_t number)
{
    return wb_key(a, WB_T_S3_PART, "uu", upload, (uint64_t)number);
}

static void get_bytes(struct wb_rd *r, void *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = wb_rd_u8(r);
}

bool s3_part_decode(struct wb_arena *a, struct wb_slice key, struct wb_slice value,
                    struct s3_part *out)
{
    struct wb_key_rd k = wb_key_rd(a, key, &(uint16_t){0});
    struct wb_rd r = wb_rd(value);
    *out =
        (struct s3_part){.size = (int64_t)wb_rd_le64(&r), .modified_ms = (int64_t)wb_rd_le64(&r)};
    wb_key_rd_u64(&k);
    out->number = (uint32_t)wb_key_rd_u64(&k);
    get_bytes(&r, out->md5, sizeof out->md5);
    out->sum_n = wb_rd_u8(&r);
    if (out->sum_n > sizeof out->sum)
        return false;
    get_bytes(&r, out->sum, out->sum_n);
    out->pieces = wb_rd_le32(&r);
    if (r.bad || out->pieces > (size_t)(r.end - r.p))
        return false;
    out->piece = wb_new_n(a, struct wb_piece, out->pieces + 1);
    for (size_t i = 0; i < out->pieces; i++) {
        out->piece[i].blob = wb_dup(a, wb_rd_lp(&r));
        out->piece[i].offset = (int64_t)wb_rd_le64(&r);
        out->piece[i].size = (int64_t)wb_rd_le64(&r);
    }
    return wb_rd_done(&r) && !k.bad && out->number;
}

bool s3_part_read(struct wb_tx *tx, uint64_t upload, uint32_t number, struct s3_part *out)
{
    struct wb_slice key = s3_part_key(tx->arena, upload, number), value;
    return wb_tx_get(tx, key, &value) && s3_part_decode(tx->arena, key, value, out);
}

void s3_part_write(struct wb_tx *tx, uint64_t upload, const struct s3_part *p)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_le64(&b, (uint64_t)p->size);
    wb_buf_le64(&b, (uint64_t)p->modified_ms);
    wb_buf_put(&b, p->md5, sizeof p->md5);
    wb_buf_char(&b, (char)p->sum_n);
    wb_buf_put(&b, p->sum, p->sum_n);
    wb_buf_le32(&b, (uint32_t)p->pieces);
    for (size_t i = 0; i < p->pieces; i++) {
        wb_buf_lp(&b, p->piece[i].blob);
        wb_buf_le64(&b, (uint64_t)p->piece[i].offset);
        wb_buf_le64(&b, (uint64_t)p->piece[i].size);
    }
    wb_tx_put(tx, s3_part_key(tx->arena, upload, p->number), wb_buf_slice(&b));
}

void s3_part_drop(struct wb_tx *tx, uint64_t upload, const struct s3_part *p)
{
    for (size_t i = 0; i < p->pieces; i++)
        wb_blob_drop(tx, p->piece[i].blob);
    wb_tx_del(tx, s3_part_key(tx->arena, upload, p->number));
}

struct wb_slice s3_part_etag(struct wb_arena *a, const struct s3_part *p)
{
    return wb_hex_encode(a, wb_slice(p->md5, sizeof p->md5));
}

struct wb_slice s3_part_sum(struct wb_arena *a, const struct s3_part *p)
{
    return p->sum_n ? wb_base64_encode(a, wb_slice(p->sum, p->sum_n)) : WB_SLICE_NULL;
}

/* --- in order --- */

/* Takes the next run ("3" or "1-2"). False at their end. */
static bool next_run(struct s3_parts *it)
{
    uint64_t from, to;
    if (!it->runs.p)
        return false;
    struct wb_slice last = wb_slice_cut(&it->runs, ','), first = wb_slice_cut(&last, '-');
    if (!wb_slice_u64(first, &from) || !wb_slice_u64(last.p ? last : first, &to))
        return false;
    it->from = (uint32_t)from;
    it->to = (uint32_t)to;
    return true;
}

bool s3_run_has(struct s3_parts *cursor, uint32_t number)
{
    while (number > cursor->to)
        if (!next_run(cursor))
            return false;
    return number >= cursor->from;
}

void s3_parts_open(struct s3_parts *it, struct wb_tx *tx, uint64_t upload, struct wb_slice runs,
                   uint32_t after)
{
    struct wb_slice all = wb_key(tx->arena, WB_T_S3_PART, "u", upload);
    *it = (struct s3_parts){.tx = tx, .all = !runs.p, .runs = runs};
    it->scan = wb_tx_scan(tx, s3_part_key(tx->arena, upload, after + 1),
                          wb_key_after(tx->arena, all), false);
}

bool s3_parts_next(struct s3_parts *it, struct s3_part *out)
{
    struct wb_slice key, value;
    while (it->scan && wb_tx_next(it->tx, it->scan, &key, &value)) {
        if (!s3_part_decode(it->tx->arena, key, value, out))
            return false;
        if (it->all || s3_run_has(it, out->number))
            return true;
    }
    return false;
}

void s3_parts_close(struct s3_parts *it)
{
    wb_scan_close(it->scan);
    it->scan = NULL;
}
