/*
 * Query and Scan. Both walk a range of rows, of items or of an index, page by page: a page ends
 * after Limit rows or 1 MB, counted before the filter. An index row leads to its item; what the
 * index does not project is hidden again.
 *
 * The next page begins right after the row of the ExclusiveStartKey, which need not exist any more:
 * its key is made from the attributes given. Nothing is kept on the server between pages.
 */
#include "base/limits.h"
#include "services/dynamodb/ops.h"

enum select { ALL, PROJECTED, SPECIFIC, COUNT };

struct walk {
    struct wb_call *c;
    const struct wb_ddb_table *t;
    const struct wb_ddb_index *x; /* NULL = the table */
    const struct wb_ddb_schema *schema;
    struct wb_ddb_exprs e;
    enum select select;
    bool consistent, backward;
    bool fetch;         /* local index: attributes beyond its projection are wanted */
    int64_t limit;      /* 0 = none */
    struct wb_av start; /* ExclusiveStartKey */
    bool has_start;
    struct wb_slice lo, hi;
    struct wb_slice hash; /* Query: the true hash key */
    /* results */
    int64_t examined, returned;
    size_t bytes, fetched;     /* of the entries, and of the items behind them */
    struct wb_slice last_json; /* of the last item examined */
    bool more;
    struct wb_arena row; /* for one row */
    int64_t start_ns;
};

#define BAD_START "The provided starting key is invalid"

/* --- what both check --- */

static bool find_index(struct walk *w, bool scan)
{
    struct wb_slice name = wb_in_str(w->c, "IndexName");
    w->schema = &w->t->schema;
    if (!name.p)
        return true;
    w->x = wb_ddb_index_named(w->t, name);
    if (!w->x && scan && w->has_start)
        wb_ddb_invalid(w->c, BAD_START);
    else if (!w->x)
        wb_ddb_invalid(w->c, "The table does not have the specified index: %.*s", WB_FMT(name));
    else if (w->x->global && w->consistent)
        wb_ddb_invalid(w->c, "Consistent reads are not supported on global secondary indexes");
    else if (!w->x->ready)
        wb_ddb_invalid(w->c, "Cannot read from backfilling global secondary index: %.*s",
                       WB_FMT(name));
    if (wb_failed(w->c))
        return false;
    w->schema = &w->x->schema;
    return true;
}

static bool read_select(struct walk *w)
{
    struct wb_call *c = w->c;
    struct wb_slice s = wb_in_str(c, "Select");
    bool index = wb_in_str(c, "IndexName").p != NULL;
    w->select = wb_slice_is(s, "COUNT")                      ? COUNT
                : wb_slice_is(s, "SPECIFIC_ATTRIBUTES")      ? SPECIFIC
                : wb_slice_is(s, "ALL_PROJECTED_ATTRIBUTES") ? PROJECTED
                : wb_slice_is(s, "ALL_ATTRIBUTES")           ? ALL
                : w->e.has_projection                        ? SPECIFIC
                : index                                      ? PROJECTED
                                                             : ALL;
    const char *what =
        wb_json_is(wb_in(c, "AttributesToGet")) ? "AttributesToGet" : "ProjectionExpression";
    if (w->e.has_projection && w->select != SPECIFIC)
        wb_ddb_invalid(c, "Cannot specify the %s when choosing to get %s", what,
                       w->select == COUNT       ? "only the Count"
                       : w->select == PROJECTED ? "ALL_PROJECTED_ATTRIBUTES"
                                                : "ALL_ATTRIBUTES");
    else if (!w->e.has_projection && w->select == SPECIFIC)
        wb_ddb_invalid(c, "Must specify the AttributesToGet or ProjectionExpression when choosing "
                          "to get SPECIFIC_ATTRIBUTES");
    else if (w->select == PROJECTED && !index)
        wb_ddb_invalid(c, "One or more parameter values were invalid: ALL_PROJECTED_ATTRIBUTES can "
                          "be used only when Querying using an IndexName");
    return !wb_failed(c);
}

static bool read_start(struct walk *w)
{
    struct wb_json v = wb_in(w->c, "ExclusiveStartKey");
    struct wb_av_error e;
    if (!wb_json_is(v))
        return true;
    w->has_start = true;
    if (wb_av_parse_map(w->c->arena, v, &w->start, &e))
        return true;
    if (!e.type)
        e.message = wb_printf(w->c->arena, BAD_START ": %.*s", WB_FMT(e.message));
    wb_ddb_bad_value(w->c, &e);
    return false;
}

/* The start key has the keys of the table and, on an index, those of the index: no more, no less.
 */
static bool check_start(struct walk *w, bool scan)
{
    if (!w->has_start)
        return true;
    const struct wb_ddb_schema *s[2] = {&w->t->schema, w->x ? &w->x->schema : NULL};
    uint32_t wanted = 0;
    bool ok = true;
    for (int i = 0; i < 2 && s[i]; i++)
        for (uint32_t k = 0; k < s[i]->count; k++) {
            const struct wb_ddb_key *key = &s[i]->key[k];
            const struct wb_av *v = wb_av_get(&w->start, key->name);
            ok = ok && v && v->type == key->type && (v->type == WB_AV_N || v->s.n > 0) &&
                 (v->type == WB_AV_N || v->s.n <= (k ? WB_DDB_RANGE_MAX : WB_DDB_HASH_MAX));
            bool again = false;
            for (uint32_t j = 0; i && j < s[0]->count; j++)
                again |= wb_slice_eq(s[0]->key[j].name, key->name);
            wanted += !again;
        }
    if (ok && wanted == w->start.count)
        return true;
    if (!w->x && scan)
        wb_ddb_invalid(w->c, BAD_START ": The provided key element does not match the schema");
    else
        wb_ddb_invalid(w->c, BAD_START);
    return false;
}

static bool check_select(struct walk *w)
{
    if (!w->x || w->x->project == WB_DDB_ALL)
        return true;
    bool beyond = w->select == ALL;
    for (uint32_t i = 0; i < w->e.projection.count && !beyond && w->select == SPECIFIC; i++) {
        bool kept = false;
        for (uint32_t k = 0; k < w->x->keep_count; k++)
            kept |= wb_slice_eq(w->x->keep[k], w->e.projection.path[i].step[0].name);
        beyond = !kept;
        if (beyond && w->x->global) {
            wb_ddb_invalid(w->c,
                           "One or more parameter values were invalid: Global secondary index %.*s "
                           "does not project [%.*s]",
                           WB_FMT(w->x->name), WB_FMT(w->e.projection.path[i].step[0].name));
            return false;
        }
    }
    if (beyond && w->x->global) {
        wb_ddb_invalid(w->c,
                       "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is "
                       "not supported for global secondary index %.*s because its projection type "
                       "is not ALL",
                       WB_FMT(w->x->name));
        return false;
    }
    w->fetch = beyond;
    return true;
}

/* The row key of the start key; the walk begins right beyond it. */
static void begin_after_start(struct walk *w)
{
    if (!w->has_start)
        return;
    struct wb_arena *a = w->c->arena;
    struct wb_slice key = wb_ddb_item_key(a, w->t, &w->start);
    if (w->x)
        key = wb_ddb_index_key(a, w->t, w->x, &w->start, key);
    if (w->backward) {
        if (wb_slice_cmp(key, w->hi) < 0)
            w->hi = key;
        return;
    }
    struct wb_slice next = wb_concat(a, (struct wb_slice[]){key, wb_slice("", 1)}, 2);
    if (wb_slice_cmp(next, w->lo) > 0)
        w->lo = next;
}

/* --- rows --- */

static void corrupt(struct walk *w)
{
    w->c->tx->status = WB_STORE_CORRUPT;
}

static bool row_of(struct walk *w, struct wb_slice key, struct wb_slice value,
                   struct wb_ddb_row *row)
{
    struct wb_slice hash = value;
    if (w->x) {
        struct wb_slice item_key;
        if (!wb_ddb_index_item(&w->row, w->t, w->x, key, &item_key) ||
            !wb_ddb_row_get(w->c->tx, item_key, WB_SLICE_NULL, row)) {
            corrupt(w); /* an index entry without its item */
            return false;
        }
    } else {
        if (!wb_ddb_row_read(value, row)) {
            corrupt(w);
            return false;
        }
        hash = row->hash;
    }
    if (w->hash.p && !wb_slice_eq(w->hash, hash)) {
        corrupt(w); /* two keys with one digest */
        return false;
    }
    return true;
}

static void emit(struct walk *w, const struct wb_ddb_row *row, const struct wb_av *item)
{
    w->returned++;
    if (w->select == COUNT)
        return;
    if (!item) {
        wb_out_json(&w->c->out, NULL, row->json);
        return;
    }
    struct wb_av part = *item;
    if (w->select == SPECIFIC)
        part = wb_project(&w->row, w->e.projection.path, w->e.projection.count, item);
    struct wb_buf b = wb_buf_in(&w->row);
    wb_av_write_map(&b, &part);
    wb_out_json(&w->c->out, NULL, wb_buf_slice(&b));
}

static bool take(struct walk *w, const struct wb_ddb_row *row)
{
    bool whole = !w->x || w->x->project == WB_DDB_ALL;
    struct wb_av item, entry;
    w->examined++;
    w->last_json = row->json;
    if (whole && !w->e.filter && w->select != SPECIFIC) {
        w->bytes += row->size;
        emit(w, row, NULL);
        return true;
    }
    if (!wb_av_read_map(&w->row, row->json, &item)) {
        corrupt(w);
        return false;
    }
    entry = whole ? item : wb_ddb_entry(&w->row, w->x, &item);
    w->bytes += whole ? row->size : wb_av_item_size(&entry);
    if (w->fetch) {
        w->fetched += row->size;
        entry = item;
    }
    if (!w->e.filter || wb_expr_matches(w->e.filter, &entry))
        emit(w, row, &entry);
    return true;
}

/* A filter of 300 operators on tiny items could take long for a megabyte. */
static bool late(const struct walk *w)
{
    return w->examined % 256 == 0 && wb_ddb_now_ns(w->c) - w->start_ns > WB_DDB_PAGE_MS * 1000000LL;
}

static void walk(struct walk *w)
{
    struct wb_slice key, value;
    if (wb_slice_cmp(w->lo, w->hi) >= 0)
        return;
    struct wb_scan *s = wb_tx_scan(w->c->tx, w->lo, w->hi, w->backward);
    while (wb_tx_next(w->c->tx, s, &key, &value)) {
        struct wb_ddb_row row;
        if (!row_of(w, key, value, &row) || !take(w, &row))
            break;
        wb_arena_reset(&w->row);
        w->more = (w->limit && w->examined >= w->limit) || w->bytes >= WB_DDB_PAGE_MAX || late(w);
        if (w->more)
            break;
    }
    wb_scan_close(s);
}

/* --- the answer --- */

static void out_last_key(struct walk *w)
{
    struct wb_av item, keys = {.type = WB_AV_M};
    if (!wb_av_read_map(w->c->arena, w->last_json, &item)) {
        corrupt(w);
        return;
    }
    const struct wb_ddb_schema *s[2] = {&w->t->schema, w->x ? &w->x->schema : NULL};
    for (int i = 0; i < 2 && s[i]; i++)
        for (uint32_t k = 0; k < s[i]->count; k++)
            wb_av_set(w->c->arena, &keys, s[i]->key[k].name, wb_av_get(&item, s[i]->key[k].name));
    struct wb_buf b = wb_buf_in(w->c->arena);
    wb_av_write_map(&b, &keys);
    wb_out_json(&w->c->out, "LastEvaluatedKey", wb_buf_slice(&b));
}

static void run(struct walk *w, int64_t start_ns)
{
    struct wb_call *c = w->c;
    begin_after_start(w);
    if (w->select != COUNT)
        wb_out_list(&c->out, "Items");
    w->start_ns = start_ns;
    wb_arena_init(&w->row, 0);
    walk(w);
    wb_arena_release(&w->row);
    if (w->select != COUNT)
        wb_out_end(&c->out);
    wb_out_i64(&c->out, "Count", w->returned);
    wb_out_i64(&c->out, "ScannedCount", w->examined);
    if (w->more)
        out_last_key(w);
    struct wb_ddb_units u = {0};
    if (w->x) {
        u.index[w->x - w->t->index] = wb_ddb_read_units(w->bytes, w->consistent);
        if (w->fetched)
            u.table = wb_ddb_read_units(w->fetched, w->consistent);
    } else {
        u.table = wb_ddb_read_units(w->bytes, w->consistent);
    }
    wb_ddb_capacity_out(c, "ConsumedCapacity", w->t, &u);
    wb_ddb_capacity_count(c, w->t, &u, false);
    wb_ddb_count_returned(c, w->t, w->returned);
    wb_ddb_latency(c, w->t, start_ns);
}

/* --- Query --- */

static const struct wb_key_condition *condition_on(const struct walk *w, struct wb_slice name)
{
    for (uint32_t i = 0; i < w->e.keys.count; i++)
        if (wb_slice_eq(w->e.keys.cond[i].name, name))
            return &w->e.keys.cond[i];
    return NULL;
}

static bool indexable(uint8_t kind)
{
    return kind == WB_EX_EQ || kind == WB_EX_LT || kind == WB_EX_LE || kind == WB_EX_GT ||
           kind == WB_EX_GE || kind == WB_EX_BETWEEN || kind == WB_EX_BEGINS;
}

static bool check_condition(struct walk *w, const struct wb_ddb_key *key, bool hash)
{
    const struct wb_key_condition *k = condition_on(w, key->name);
    if (hash && w->schema->count == 1 && w->e.keys.count > 1) {
        wb_ddb_invalid(w->c, "Query key condition not supported");
        return false;
    }
    if (!k) {
        if (hash || w->e.keys.count > 1)
            wb_ddb_invalid(w->c, "Query condition missed key schema element: %.*s",
                           WB_FMT(key->name));
        return !wb_failed(w->c);
    }
    if (!indexable(k->kind))
        wb_ddb_invalid(w->c, "Attempted conditional constraint is not an indexable operation");
    for (uint32_t i = 0; i < k->count && !wb_failed(w->c); i++) {
        const struct wb_av *v = &k->value[i];
        if (v->type != key->type)
            wb_ddb_invalid(w->c, "One or more parameter values were invalid: Condition parameter "
                                 "type does not match schema type");
        else if (v->type != WB_AV_N && v->s.n == 0 && (hash || k->kind != WB_EX_BEGINS))
            wb_ddb_invalid(w->c,
                           "One or more parameter values are not valid. The AttributeValue for a "
                           "key attribute cannot contain an empty %s value. Key: %.*s",
                           v->type == WB_AV_S ? "string" : "binary", WB_FMT(key->name));
    }
    if (!wb_failed(w->c) && hash && k->kind != WB_EX_EQ)
        wb_ddb_invalid(w->c, "Query key condition not supported");
    return !wb_failed(w->c);
}

/* Is the start key's range value inside of the range condition? */
static bool start_matches(const struct walk *w, const struct wb_key_condition *k)
{
    const struct wb_av *v = wb_av_get(&w->start, k->name);
    int c = k->kind == WB_EX_BEGINS ? 0 : wb_av_cmp(v, &k->value[0]);
    switch (k->kind) {
    case WB_EX_EQ:
        return c == 0;
    case WB_EX_LT:
        return c < 0;
    case WB_EX_LE:
        return c <= 0;
    case WB_EX_GT:
        return c > 0;
    case WB_EX_GE:
        return c >= 0;
    case WB_EX_BETWEEN:
        return c >= 0 && wb_av_cmp(v, &k->value[1]) <= 0;
    default:
        return wb_slice_starts(v->s, k->value[0].s);
    }
}

static bool check_start_inside(struct walk *w)
{
    if (!w->has_start)
        return true;
    const struct wb_key_condition *hash = condition_on(w, w->schema->key[0].name);
    const struct wb_key_condition *range =
        w->schema->count > 1 ? condition_on(w, w->schema->key[1].name) : NULL;
    bool same = wb_av_equal(wb_av_get(&w->start, hash->name), &hash->value[0]);
    if (range && !start_matches(w, range))
        wb_ddb_invalid(w->c, "The provided starting key does not match the range key predicate");
    else if (!same && range)
        wb_ddb_invalid(w->c, "The query can return at most one row and cannot be restarted");
    else if (!same)
        wb_ddb_invalid(w->c, "The provided starting key is outside query boundaries based on "
                             "provided conditions");
    return !wb_failed(w->c);
}

static void check_filter_path(void *arg, const struct wb_path *p)
{
    struct walk *w = arg;
    for (uint32_t i = 0; i < w->schema->count && !wb_failed(w->c); i++)
        if (wb_slice_eq(p->step[0].name, w->schema->key[i].name))
            wb_ddb_invalid(w->c,
                           "%s can only contain non-primary key attributes: Primary key "
                           "attribute: %.*s",
                           w->e.filter_name, WB_FMT(p->step[0].name));
}

static struct wb_slice with_range(struct wb_arena *a, const struct wb_key *prefix,
                                  const struct wb_av *v)
{
    struct wb_key k = {.b = wb_buf_in(a)};
    wb_buf_slice_put(&k.b, wb_key_done(prefix));
    wb_ddb_key_range(&k, v);
    return wb_key_done(&k);
}

static void set_range(struct walk *w)
{
    struct wb_arena *a = w->c->arena;
    const struct wb_key_condition *hash = condition_on(w, w->schema->key[0].name);
    const struct wb_key_condition *range =
        w->schema->count > 1 ? condition_on(w, w->schema->key[1].name) : NULL;
    struct wb_key prefix;
    wb_ddb_prefix(&prefix, a, w->t, w->x);
    wb_ddb_key_hash(&prefix, a, &hash->value[0]);
    w->hash = wb_ddb_hash_bytes(a, &hash->value[0]);
    w->lo = wb_dup(a, wb_key_done(&prefix));
    w->hi = wb_key_after(a, w->lo);
    if (!range)
        return;
    struct wb_slice at = with_range(a, &prefix, &range->value[0]);
    switch (range->kind) {
    case WB_EX_EQ:
        w->lo = at;
        w->hi = wb_key_after(a, at);
        break;
    case WB_EX_LT:
        w->hi = at;
        break;
    case WB_EX_LE:
        w->hi = wb_key_after(a, at);
        break;
    case WB_EX_GT:
        w->lo = wb_key_after(a, at);
        break;
    case WB_EX_GE:
        w->lo = at;
        break;
    case WB_EX_BETWEEN:
        w->lo = at;
        w->hi = wb_key_after(a, with_range(a, &prefix, &range->value[1]));
        break;
    default: /* begins_with: without the two bytes that end the string */
        w->lo = wb_slice_sub(at, 0, at.n - 2);
        w->hi = wb_key_after(a, w->lo);
    }
}

static bool read_keys(struct walk *w)
{
    struct wb_call *c = w->c;
    if (!w->e.has_keys && !wb_json_is(wb_in(c, "KeyConditions"))) {
        wb_ddb_invalid(c, "Either the KeyConditions or KeyConditionExpression parameter must be "
                          "specified in the request.");
        return false;
    }
    if (!w->e.has_keys)
        return wb_ddb_legacy_keys(c, c->in, &w->e.keys);
    return true;
}

static bool check_query(struct walk *w)
{
    if (!check_start(w, false))
        return false;
    for (uint32_t i = 0; i < w->schema->count; i++)
        if (!check_condition(w, &w->schema->key[i], i == 0))
            return false;
    if (!check_start_inside(w))
        return false;
    if (w->e.filter)
        wb_expr_paths(w->e.filter, check_filter_path, w);
    return !wb_failed(w->c) && wb_ddb_check_paths(w->c, w->t, &w->e) && check_select(w);
}

void wb_ddb_query(struct wb_call *c)
{
    int64_t start_ns = wb_ddb_now_ns(c);
    struct walk w = {.c = c,
                     .consistent = wb_in_bool(c, "ConsistentRead", false),
                     .backward = !wb_in_bool(c, "ScanIndexForward", true),
                     .limit = wb_in_i64(c, "Limit", 0)};
    if (!read_start(&w) || !wb_ddb_exprs_read(c, c->in, &wb_ddb_query_params, &w.e) ||
        !read_keys(&w) || !read_select(&w))
        return;
    w.t = wb_ddb_table_named(c, false);
    if (!w.t || !find_index(&w, false) || !check_query(&w))
        return;
    set_range(&w);
    run(&w, start_ns);
}

/* --- Scan --- */

static bool check_segments(struct wb_call *c, int64_t segment, int64_t segments)
{
    if (segment >= 0 && segments == 0)
        wb_ddb_invalid(c, "The TotalSegments parameter is required but was not present in the "
                          "request when Segment parameter is present");
    else if (segments && segment < 0)
        wb_ddb_invalid(c, "The Segment parameter is required but was not present in the request "
                          "when parameter TotalSegments is present");
    else if (segments && segment >= segments)
        wb_ddb_invalid(c,
                       "The Segment parameter is zero-based and must be less than parameter "
                       "TotalSegments: Segment: %lld is not less than TotalSegments: %lld",
                       (long long)segment, (long long)segments);
    return !wb_failed(c);
}

/* First key of a segment: segments share out the digests evenly. */
static struct wb_slice segment_key(struct walk *w, int64_t segment, int64_t segments)
{
    struct wb_key k;
    wb_ddb_prefix(&k, w->c->arena, w->t, w->x);
    if (segment == segments)
        return wb_key_after(w->c->arena, wb_key_done(&k));
    if (segment) {
        uint64_t at = ((uint64_t)segment << 32) / (uint64_t)segments;
        uint8_t b[4] = {(uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
        wb_key_raw(&k, wb_slice(b, 4));
    }
    return wb_key_done(&k);
}

static bool set_segment(struct walk *w, int64_t segment, int64_t segments)
{
    w->lo = segment_key(w, segment, segments);
    w->hi = segment_key(w, segment + 1, segments);
    if (!w->has_start)
        return true;
    struct wb_arena *a = w->c->arena;
    struct wb_slice key = wb_ddb_item_key(a, w->t, &w->start);
    if (w->x)
        key = wb_ddb_index_key(a, w->t, w->x, &w->start, key);
    if (wb_slice_cmp(key, w->lo) >= 0 && wb_slice_cmp(key, w->hi) < 0)
        return true;
    wb_ddb_invalid(w->c,
                   BAD_START ": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with "
                             "correct Segment. TotalSegments: %lld Segment: %lld",
                   (long long)segments, (long long)segment);
    return false;
}

void wb_ddb_scan(struct wb_call *c)
{
    int64_t start_ns = wb_ddb_now_ns(c);
    int64_t segment = wb_in_i64(c, "Segment", -1), segments = wb_in_i64(c, "TotalSegments", 0);
    struct walk w = {.c = c,
                     .consistent = wb_in_bool(c, "ConsistentRead", false),
                     .limit = wb_in_i64(c, "Limit", 0)};
    if (!read_start(&w) || !check_segments(c, segment, segments) ||
        !wb_ddb_exprs_read(c, c->in, &wb_ddb_scan_params, &w.e) || !read_select(&w))
        return;
    w.t = wb_ddb_table_named(c, false);
    if (!w.t || !find_index(&w, true) || !check_start(&w, true) || !check_select(&w) ||
        !set_segment(&w, segments ? segment : 0, segments ? segments : 1) ||
        !wb_ddb_check_paths(c, w.t, &w.e))
        return;
    run(&w, start_ns);
}
