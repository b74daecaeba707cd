/* GetItem and BatchGetItem. */
#include "base/limits.h"
#include "base/map.h"
#include "services/dynamodb/ops.h"

static bool parse_key(struct wb_call *c, struct wb_json v, struct wb_av *key)
{
    struct wb_av_error e;
    if (wb_av_parse_map(c->arena, v, key, &e))
        return true;
    wb_ddb_bad_value(c, &e);
    return false;
}

/* The item's text as it stands, or what the projection leaves of it. */
static struct wb_slice shown(struct wb_call *c, const struct wb_ddb_row *row,
                             const struct wb_ddb_exprs *x)
{
    if (!x->has_projection)
        return row->json;
    struct wb_av item;
    if (!wb_av_read_map(c->arena, row->json, &item)) {
        c->tx->status = WB_STORE_CORRUPT;
        return WB_S("{}");
    }
    struct wb_av part = wb_project(c->arena, x->projection.path, x->projection.count, &item);
    struct wb_buf b = wb_buf_in(c->arena);
    wb_av_write_map(&b, &part);
    return wb_buf_slice(&b);
}

void wb_ddb_get_item(struct wb_call *c)
{
    int64_t start_ns = wb_ddb_now_ns(c);
    struct wb_av key;
    struct wb_ddb_exprs x;
    if (!parse_key(c, wb_in(c, "Key"), &key) ||
        !wb_ddb_exprs_read(c, c->in, &wb_ddb_get_params, &x))
        return;
    const struct wb_ddb_table *t = wb_ddb_table_named(c, false);
    if (!t || !wb_ddb_check_key(c, t, &key) || !wb_ddb_check_paths(c, t, &x))
        return;
    struct wb_ddb_row row = {0};
    struct wb_slice hash = wb_ddb_hash_bytes(c->arena, wb_av_get(&key, t->schema.key[0].name));
    if (wb_ddb_row_get(c->tx, wb_ddb_item_key(c->arena, t, &key), hash, &row))
        wb_out_json(&c->out, "Item", shown(c, &row, &x));
    struct wb_ddb_units u = {
        .table = wb_ddb_read_units(row.size, wb_in_bool(c, "ConsistentRead", false))};
    wb_ddb_capacity_out(c, "ConsumedCapacity", t, &u);
    wb_ddb_capacity_count(c, t, &u, false);
    wb_ddb_latency(c, t, start_ns);
}

/* --- BatchGetItem --- */

struct batch_table {
    const struct wb_ddb_table *t;
    struct wb_slice name;
    struct wb_json in;
    struct wb_ddb_exprs x;
    struct wb_av *key;
    uint32_t count;
    bool consistent;
    struct wb_ddb_units units;
    uint32_t done; /* keys before this one were read */
};

static bool read_table(struct wb_call *c, struct batch_table *b, uint32_t *total)
{
    struct wb_json keys = wb_json_get(b->in, "Keys");
    struct wb_json_iter it = wb_json_iter(keys);
    b->key = wb_new_n(c->arena, struct wb_av, wb_json_count(keys));
    b->consistent = wb_json_bool(wb_json_get(b->in, "ConsistentRead"), false);
    struct wb_map *seen = wb_map_new();
    while (!wb_failed(c) && wb_json_next(&it)) {
        struct wb_av *key = &b->key[b->count++];
        if (!parse_key(c, it.value, key))
            break;
        struct wb_buf text = wb_buf_in(c->arena);
        wb_av_write_map(&text, key);
        if (wb_map_put(seen, wb_buf_slice(&text), key))
            wb_ddb_invalid(c, "Provided list of item keys contains duplicates");
        else if (++*total > WB_DDB_BATCH_GET_MAX)
            wb_ddb_invalid(c, "Too many items requested for the BatchGetItem call");
    }
    wb_map_free(seen);
    return !wb_failed(c) && wb_ddb_exprs_read(c, b->in, &wb_ddb_get_params, &b->x);
}

static bool find_table(struct wb_call *c, struct batch_table *b)
{
    b->t = wb_ddb_table(c, b->name);
    if (!b->t) {
        wb_fail(c, "ResourceNotFoundException", 400, "Requested resource not found");
        return false;
    }
    for (uint32_t i = 0; i < b->count; i++)
        if (!wb_ddb_check_key(c, b->t, &b->key[i]))
            return false;
    return wb_ddb_check_paths(c, b->t, &b->x);
}

/* Reads until 16 MB have been gathered; what is left goes back as unprocessed. */
static void read_items(struct wb_call *c, struct batch_table *b, size_t *bytes)
{
    wb_out_list(&c->out, wb_dup_cstr(c->arena, b->name));
    for (; b->done < b->count && *bytes < WB_DDB_BATCH_BYTES_MAX; b->done++) {
        const struct wb_av *key = &b->key[b->done];
        struct wb_ddb_row row = {0};
        struct wb_slice hash =
            wb_ddb_hash_bytes(c->arena, wb_av_get(key, b->t->schema.key[0].name));
        if (wb_ddb_row_get(c->tx, wb_ddb_item_key(c->arena, b->t, key), hash, &row))
            wb_out_json(&c->out, NULL, shown(c, &row, &b->x));
        b->units.table += wb_ddb_read_units(row.size, b->consistent);
        *bytes += row.size;
    }
    wb_out_end(&c->out);
}

/* The request for the keys that were not read, to be sent again as it stands. */
static void out_unprocessed(struct wb_call *c, const struct batch_table *b)
{
    if (b->done == b->count)
        return;
    wb_out_object(&c->out, wb_dup_cstr(c->arena, b->name));
    struct wb_json_iter it = wb_json_iter(b->in);
    while (wb_json_next(&it)) {
        char *name = wb_dup_cstr(c->arena, wb_json_str(it.key, c->arena));
        if (strcmp(name, "Keys") != 0) {
            wb_out_json(&c->out, name, wb_json_raw(it.value));
            continue;
        }
        wb_out_list(&c->out, name);
        for (uint32_t i = b->done; i < b->count; i++)
            wb_out_json(&c->out, NULL, wb_json_raw(wb_json_item(it.value, i)));
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

static void batch_answer(struct wb_call *c, struct batch_table *b, uint32_t count)
{
    size_t bytes = 0;
    wb_out_object(&c->out, "Responses");
    for (uint32_t i = 0; i < count; i++)
        read_items(c, &b[i], &bytes);
    wb_out_end(&c->out);
    wb_out_object(&c->out, "UnprocessedKeys");
    for (uint32_t i = 0; i < count; i++)
        out_unprocessed(c, &b[i]);
    wb_out_end(&c->out);
    struct wb_slice how = wb_in_str(c, "ReturnConsumedCapacity");
    bool told = how.p && !wb_slice_is(how, "NONE");
    if (told)
        wb_out_list(&c->out, "ConsumedCapacity");
    for (uint32_t i = 0; i < count; i++) {
        wb_ddb_capacity_out(c, NULL, b[i].t, &b[i].units);
        wb_ddb_capacity_count(c, b[i].t, &b[i].units, false);
    }
    if (told)
        wb_out_end(&c->out);
}

void wb_ddb_batch_get(struct wb_call *c)
{
    int64_t start_ns = wb_ddb_now_ns(c);
    struct wb_json tables = wb_in(c, "RequestItems");
    struct batch_table *b = wb_new_n(c->arena, struct batch_table, wb_json_count(tables));
    struct wb_json_iter it = wb_json_iter(tables);
    uint32_t count = 0, total = 0;
    while (wb_json_next(&it)) {
        b[count].name = wb_json_str(it.key, c->arena);
        b[count].in = it.value;
        if (!read_table(c, &b[count++], &total))
            return;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!find_table(c, &b[i]))
            return;
    batch_answer(c, b, count);
    for (uint32_t i = 0; i < count; i++)
        wb_ddb_latency(c, b[i].t, start_ns);
}
