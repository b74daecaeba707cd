/*
 * ListObjectVersions: two tables side by side. The current version of a key comes first, then the
 * others; where there is no current one, the newest of the others is a delete marker and the
 * latest.
 */
#include "services/s3/listing.h"

/* One of the two tables, with its next row. */
struct side {
    enum wb_table table;
    struct wb_scan *scan;
    bool has;
    struct wb_slice key;
    struct s3_object o;
};

struct merge {
    struct s3_listing *l;
    struct side current, other;
    struct wb_slice seen; /* the key of the last version looked at */
    struct s3_object *marker;
    size_t markers;
};

static void advance(struct merge *m, struct side *s)
{
    struct wb_call *c = m->l->c;
    struct wb_slice row, value;
    s->has = s->scan && wb_tx_next(c->tx, s->scan, &row, &value);
    if (!s->has)
        return;
    s->key = s3_keys_key(c->arena, row);
    if (!s3_object_decode(c->arena, s->key, value, &s->o)) {
        wb_fail(c, "InternalError", 500, "We encountered an internal error. Please try again.");
        s->has = false;
    }
}

static void open_side(struct merge *m, struct side *s, enum wb_table table, struct wb_slice lo)
{
    struct s3_listing *l = m->l;
    struct wb_arena *a = l->c->arena;
    struct wb_slice first = s3_keys_from(a, table, l->bucket.number, l->prefix),
                    hi = s3_keys_behind(a, table, l->bucket.number, l->prefix);
    *s = (struct side){.table = table};
    if (!lo.p || wb_slice_cmp(lo, first) < 0)
        lo = first;
    if (wb_slice_cmp(lo, hi) < 0)
        s->scan = wb_tx_scan(l->c->tx, lo, hi, false);
    advance(m, s);
}

static void skip(struct merge *m, struct side *s, struct wb_slice common)
{
    struct s3_listing *l = m->l;
    if (!s->has || !wb_slice_starts(s->key, common))
        return;
    wb_scan_seek(s->scan, s3_keys_behind(l->c->arena, s->table, l->bucket.number, common));
    advance(m, s);
}

/* Behind the markers of the request. False: there is no such version id. */
static bool open_both(struct merge *m, struct wb_slice key, struct wb_slice version)
{
    struct s3_listing *l = m->l;
    struct wb_arena *a = l->c->arena;
    uint64_t n = l->bucket.number, stamp;
    struct s3_object o;
    struct wb_slice current = WB_SLICE_NULL, other = WB_SLICE_NULL;
    if (key.n && wb_slice_eq(s3_listing_common(l, key), key)) {
        current = s3_keys_behind(a, WB_T_S3_OBJECT, n, key);
        other = s3_keys_behind(a, WB_T_S3_VERSION, n, key);
    } else if (key.n) {
        current = wb_key_after(a, s3_object_key(a, &l->bucket, key));
        other = wb_key_after(a, wb_key(a, WB_T_S3_VERSION, "us", n, key));
        if (version.n) {
            if (s3_object_version(l->c->tx, &l->bucket, key, version, &o))
                stamp = o.stamp;
            else if (!s3_version_stamp(version, &stamp))
                return false;
            other = wb_key_after(a, s3_version_key(a, &l->bucket, key, stamp));
            m->seen = key;
        }
    }
    open_side(m, &m->current, WB_T_S3_OBJECT, current);
    open_side(m, &m->other, WB_T_S3_VERSION, other);
    return true;
}

static void put_version(struct merge *m, const struct s3_object *o, bool latest)
{
    struct s3_listing *l = m->l;
    struct wb_call *c = l->c;
    wb_out_object(&c->out, NULL);
    s3_listing_str(l, "Key", o->key);
    wb_out_str(&c->out, "VersionId", s3_version_text(o));
    wb_out_bool(&c->out, "IsLatest", latest);
    wb_out_time(&c->out, "LastModified", o->modified_ms);
    if (!o->marker) {
        wb_out_str(&c->out, "ETag", s3_quoted(c->arena, o->etag));
        if (o->sum.algorithm) {
            wb_out_list_flat(&c->out, "ChecksumAlgorithm", "ChecksumAlgorithm");
            wb_out_cstr(&c->out, NULL, s3_sum_names[o->sum.algorithm]);
            wb_out_end(&c->out);
            wb_out_cstr(&c->out, "ChecksumType", o->sum.composite ? "COMPOSITE" : "FULL_OBJECT");
        }
        wb_out_i64(&c->out, "Size", o->size);
        wb_out_str(&c->out, "StorageClass", o->about.class.p ? o->about.class : WB_S("STANDARD"));
    }
    s3_owner_out(c, "Owner", l->bucket.account);
    wb_out_end(&c->out);
}

/* Markers are a list of their own, behind the versions: kept until then. A marker that is the
 * latest has a size of 1. */
static void take(struct merge *m, const struct s3_object *o, bool latest)
{
    if (o->marker) {
        m->marker[m->markers] = *o;
        m->marker[m->markers++].size = latest;
    } else {
        put_version(m, o, latest);
    }
}

static void walk(struct merge *m, struct wb_slice *version)
{
    struct s3_listing *l = m->l;
    while (m->current.has || m->other.has) {
        bool first =
            m->current.has && (!m->other.has || wb_slice_cmp(m->current.key, m->other.key) <= 0);
        struct side *s = first ? &m->current : &m->other;
        struct wb_slice key = s->key, common = s3_listing_common(l, key);
        if (!s3_listing_room(l))
            return;
        if (common.p) {
            s3_listing_add_common(l, common);
            *version = WB_SLICE_NULL;
            skip(m, &m->current, common);
            skip(m, &m->other, common);
            continue;
        }
        take(m, &s->o, first || !wb_slice_eq(m->seen, key));
        *version = s3_version_text(&s->o);
        l->last = m->seen = key;
        l->count++;
        advance(m, s);
    }
}

void s3_list_object_versions(struct wb_call *c)
{
    struct s3_listing l;
    struct merge m = {.l = &l};
    struct wb_slice key = wb_in_str(c, "KeyMarker"), version = wb_in_str(c, "VersionIdMarker"),
                    last = WB_SLICE_NULL;
    if (!s3_listing_read(c, "MaxKeys", "max-keys", &l))
        return;
    if (version.p && !key.p) {
        s3_fail_argument(c, "version-id-marker", version,
                         "A version-id marker cannot be specified without a key marker.");
        return;
    }
    if (!open_both(&m, key, version)) {
        s3_fail_argument(c, "version-id-marker", version, "Invalid version id specified");
        return;
    }
    m.marker = wb_new_n(c->arena, struct s3_object, (size_t)l.max + 1);
    s3_listing_begin(&l, "MaxKeys");
    s3_listing_str(&l, "KeyMarker", key.p ? key : WB_S(""));
    wb_out_str(&c->out, "VersionIdMarker", version.p ? version : WB_S(""));
    wb_out_list_flat(&c->out, "Versions", "Version");
    walk(&m, &last);
    wb_out_end(&c->out);
    wb_scan_close(m.current.scan);
    wb_scan_close(m.other.scan);
    wb_out_list_flat(&c->out, "DeleteMarkers", "DeleteMarker");
    for (size_t i = 0; i < m.markers; i++)
        put_version(&m, &m.marker[i], m.marker[i].size);
    wb_out_end(&c->out);
    s3_listing_end(&l);
    if (l.more) {
        s3_listing_str(&l, "NextKeyMarker", l.last);
        wb_out_str(&c->out, "NextVersionIdMarker", last);
    }
}
