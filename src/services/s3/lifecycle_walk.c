/*
 * The walk through a bucket whose rules are due: its current versions, the others, the uploads.
 * Rows are looked at first and changed when the scan is closed; the next row of work goes on behind
 * the last row that was looked at.
 */
#include "codec/text.h"
#include "services/s3/lifecycle.h"
#include "services/s3/notify.h"
#include "services/s3/upload.h"

#define DAY_MS (24LL * 3600 * 1000)
#define TARGET "s3.lifecycle"

enum phase { CURRENT, OTHERS, UPLOADS, PHASES };

struct walk {
    struct wb_tx *tx;
    struct s3_bucket b;
    uint64_t generation;
    enum phase phase;
    struct wb_slice at; /* last key that was looked at; null: from the beginning */
    /* OTHERS: of the object's key that `at` belongs to */
    struct wb_slice key;
    int64_t newer_ms; /* when the next newer version came; -1: there is none */
    int64_t newer;    /* noncurrent versions newer than the next one */
    const struct s3_rule *rule;
    size_t rules;
};

/* --- work rows --- */

static void add_row(const struct walk *k, int64_t due_ms)
{
    struct wb_tx *tx = k->tx;
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "bucket", k->b.name);
    wb_jw_ki64(&w, "generation", (int64_t)k->generation);
    wb_jw_ki64(&w, "phase", k->phase);
    if (k->at.p)
        wb_jw_kstr(&w, "at", wb_hex_encode(tx->arena, k->at));
    if (k->key.p) {
        wb_jw_kstr(&w, "key", k->key);
        wb_jw_ki64(&w, "newerMs", k->newer_ms);
        wb_jw_ki64(&w, "newer", k->newer);
    }
    wb_jw_end_object(&w);
    struct wb_work row = {.target = WB_S(TARGET),
                          .executor = s3_lifecycle_executor.name,
                          .due_ms = due_ms,
                          .meta = wb_buf_slice(&b)};
    row.ctx.account = k->b.account;
    row.ctx.region = k->b.region;
    row.ctx.principal = (struct wb_principal){.type = WB_PRINCIPAL_SERVICE,
                                              .account = k->b.account,
                                              .service = WB_S("s3.amazonaws.com"),
                                              .arn = WB_S("s3.amazonaws.com")};
    wb_work_add(tx, &row);
}

static int64_t next_midnight(int64_t now_ms)
{
    return (now_ms / DAY_MS + 1) * DAY_MS;
}

void s3_lifecycle_start(struct wb_tx *tx, const struct s3_bucket *b, uint64_t generation)
{
    struct walk k = {.tx = tx, .b = *b, .generation = generation};
    add_row(&k, next_midnight(tx->now_ms));
}

/* --- decisions --- */

static bool is_over(const struct walk *k, int64_t since_ms, int64_t days)
{
    return days >= 0 && s3_days_after(since_ms, days) <= k->tx->now_ms;
}

static bool expires(const struct walk *k, const struct s3_object *o)
{
    for (size_t i = 0; i < k->rules; i++) {
        const struct s3_rule *r = &k->rule[i];
        bool due =
            is_over(k, o->modified_ms, r->days) || (r->date_ms >= 0 && r->date_ms <= k->tx->now_ms);
        if (due && s3_rule_covers(r, o, k->tx->arena))
            return true;
    }
    return false;
}

static bool noncurrent_expires(const struct walk *k, const struct s3_object *o)
{
    for (size_t i = 0; i < k->rules; i++) {
        const struct s3_rule *r = &k->rule[i];
        if (is_over(k, k->newer_ms, r->noncurrent_days) && k->newer >= r->newer_noncurrent &&
            s3_rule_covers(r, o, k->tx->arena))
            return true;
    }
    return false;
}

/* A delete marker with no version below it serves nobody. */
static bool marker_expires(const struct walk *k, const struct s3_object *o)
{
    for (size_t i = 0; i < k->rules; i++) {
        const struct s3_rule *r = &k->rule[i];
        if ((r->markers || is_over(k, o->modified_ms, r->days)) &&
            s3_rule_covers(r, o, k->tx->arena))
            return true;
    }
    return false;
}

/* --- one command's worth --- */

struct found {
    struct s3_object *object;
    struct s3_upload *upload;
    size_t n;
};

static void tell(struct walk *k, const struct s3_object *o, const char *event,
                 const struct wb_ctx *ctx)
{
    s3_event(k->tx, ctx, &k->b, o, event);
}

/* Reads on behind k->at, at most so many rows. True: the phase is through. */
static bool look(struct walk *k, enum wb_table table,
                 void (*row)(struct walk *k, struct wb_slice key, struct wb_slice value, void *arg),
                 void *arg)
{
    struct wb_tx *tx = k->tx;
    struct wb_slice key, value, all = wb_key(tx->arena, table, "u", k->b.number);
    struct wb_scan *s = wb_tx_scan(tx, k->at.p ? k->at : all, wb_key_after(tx->arena, all), false);
    unsigned n = 0;
    bool end = true;
    while (s && wb_tx_next(tx, s, &key, &value)) {
        if (k->at.p && wb_slice_eq(key, k->at))
            continue;
        if (n++ == WB_S3_LIFECYCLE_ROWS) {
            end = false;
            break;
        }
        k->at = wb_dup(tx->arena, key);
        row(k, k->at, wb_dup(tx->arena, value), arg);
    }
    wb_scan_close(s);
    return end;
}

static struct wb_slice object_key(struct walk *k, struct wb_slice key)
{
    struct wb_key_rd r = wb_key_rd(k->tx->arena, key, &(uint16_t){0});
    wb_key_rd_u64(&r);
    return wb_key_rd_str(&r);
}

static void look_current(struct walk *k, struct wb_slice key, struct wb_slice value, void *arg)
{
    struct found *f = arg;
    struct s3_object *o = &f->object[f->n];
    if (s3_object_decode(k->tx->arena, object_key(k, key), value, o) && expires(k, o))
        f->n++;
}

static bool walk_current(struct walk *k, const struct wb_ctx *ctx)
{
    struct found f = {.object = wb_new_n(k->tx->arena, struct s3_object, WB_S3_LIFECYCLE_ROWS + 1)};
    bool end = look(k, WB_T_S3_OBJECT, look_current, &f);
    for (size_t i = 0; i < f.n; i++) {
        struct s3_removed r;
        s3_object_remove(k->tx, &k->b, f.object[i].key, WB_SLICE_NULL, &r);
        if (r.made)
            f.object[i].version = r.version;
        tell(k, &f.object[i],
             r.made ? "LifecycleExpiration:DeleteMarkerCreated" : "LifecycleExpiration:Delete",
             ctx);
    }
    return end;
}

/* The first row of a key: below the current version, or itself the marker on top. */
static void enter_key(struct walk *k, const struct s3_object *o)
{
    struct s3_object now;
    k->key = o->key;
    k->newer = 0;
    k->newer_ms = s3_object_current(k->tx, &k->b, o->key, &now) ? now.modified_ms : -1;
}

static void look_other(struct walk *k, struct wb_slice key, struct wb_slice value, void *arg)
{
    struct found *f = arg;
    struct s3_object *o = &f->object[f->n];
    if (!s3_object_decode(k->tx->arena, object_key(k, key), value, o))
        return;
    if (!k->key.p || !wb_slice_eq(k->key, o->key))
        enter_key(k, o);
    if (k->newer_ms >= 0) {
        f->n += noncurrent_expires(k, o);
        k->newer++;
    } else if (marker_expires(k, o)) {
        f->n++; /* unless something lies below it: looked at when it goes */
    }
    k->newer_ms = o->modified_ms;
}

/* Anything older of the same key? */
static bool has_older(struct walk *k, const struct s3_object *o)
{
    struct wb_tx *tx = k->tx;
    struct wb_slice key, value, all = wb_key(tx->arena, WB_T_S3_VERSION, "us", k->b.number, o->key);
    struct wb_scan *s = wb_tx_scan(tx, s3_version_key(tx->arena, &k->b, o->key, o->stamp),
                                   wb_key_after(tx->arena, all), false);
    bool any = s && wb_tx_next(tx, s, &key, &value) && wb_tx_next(tx, s, &key, &value);
    wb_scan_close(s);
    return any;
}

static bool walk_others(struct walk *k, const struct wb_ctx *ctx)
{
    struct found f = {.object = wb_new_n(k->tx->arena, struct s3_object, WB_S3_LIFECYCLE_ROWS + 1)};
    bool end = look(k, WB_T_S3_VERSION, look_other, &f);
    for (size_t i = f.n; i-- > 0;) { /* from below, so that a marker may find itself alone */
        struct s3_object *o = &f.object[i], newest;
        struct s3_removed r;
        bool top = s3_object_newest(k->tx, &k->b, o->key, &newest) && newest.stamp == o->stamp;
        if (top && (!o->marker || has_older(k, o)))
            continue;
        s3_object_remove(k->tx, &k->b, o->key, s3_version_text(o), &r);
        if (r.found)
            tell(k, o, "LifecycleExpiration:Delete", ctx);
    }
    return end;
}

static void look_upload(struct walk *k, struct wb_slice key, struct wb_slice value, void *arg)
{
    struct found *f = arg;
    struct s3_upload *u = &f->upload[f->n];
    struct wb_key_rd r = wb_key_rd(k->tx->arena, key, &(uint16_t){0});
    wb_key_rd_u64(&r);
    struct wb_slice name = wb_key_rd_str(&r);
    uint64_t number = wb_key_rd_u64(&r);
    if (!s3_upload_decode(k->tx->arena, name, number, value, u))
        return;
    for (size_t i = 0; i < k->rules; i++)
        if (is_over(k, u->started_ms, k->rule[i].abort_days) &&
            (!k->rule[i].prefix.n || wb_slice_starts(name, k->rule[i].prefix))) {
            f->n++;
            return;
        }
}

static bool walk_uploads(struct walk *k, const struct wb_ctx *ctx)
{
    (void)ctx;
    struct found f = {.upload = wb_new_n(k->tx->arena, struct s3_upload, WB_S3_LIFECYCLE_ROWS + 1)};
    bool end = look(k, WB_T_S3_UPLOAD, look_upload, &f);
    for (size_t i = 0; i < f.n; i++)
        s3_upload_abort(k->tx, &k->b, &f.upload[i]);
    return end;
}

static bool resume(struct walk *k, const struct wb_work *w)
{
    struct wb_arena *a = k->tx->arena;
    struct wb_json v = wb_json_read(a, w->meta, NULL);
    const struct s3_config *b = s3_config(k->tx, wb_json_get_str(v, "bucket", a));
    k->generation = (uint64_t)wb_json_get_i64(v, "generation", 0);
    if (!b || (uint64_t)wb_json_get_i64(b->doc[S3_LIFECYCLE], "generation", 0) != k->generation)
        return false; /* the bucket or its rules are others now */
    k->b = b->bucket;
    k->phase = (enum phase)wb_json_get_i64(v, "phase", 0);
    if (wb_json_is(wb_json_get(v, "at")) && !wb_hex_decode(a, wb_json_get_str(v, "at", a), &k->at))
        return false;
    k->key = wb_json_get_str(v, "key", a);
    k->newer_ms = wb_json_get_i64(v, "newerMs", -1);
    k->newer = wb_json_get_i64(v, "newer", 0);
    struct s3_rule *rule;
    k->rules = s3_rules(b, a, &rule);
    k->rule = rule;
    return k->phase < PHASES;
}

static void step(struct wb_tx *tx, const struct wb_work *w, struct wb_outcome *out)
{
    static bool (*const walks[])(struct walk * k, const struct wb_ctx *ctx) = {
        walk_current, walk_others, walk_uploads};
    struct walk k = {.tx = tx};
    out->kind = WB_DONE;
    if (!resume(&k, w))
        return;
    if (walks[k.phase](&k, &w->ctx)) {
        k.phase++;
        k.at = k.key = WB_SLICE_NULL;
    }
    int64_t due = tx->now_ms;
    if (k.phase == PHASES) {
        k.phase = CURRENT;
        due = next_midnight(tx->now_ms);
    }
    add_row(&k, due);
}

static const struct wb_schedule schedule = {.base_ms = 1000, .cap_ms = 60000};
const struct wb_executor s3_lifecycle_executor = {
    .name = "s3.lifecycle", .schedule = &schedule, .step = step};
