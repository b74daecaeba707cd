/*
 * BatchWriteItem: everything is checked first, then all of it is written in one command (and so, in
 * Waybill, together or not at all; AWS promises less). Nothing is ever left unprocessed.
 */
#include "base/limits.h"
#include "base/map.h"
#include "services/dynamodb/ops.h"

struct write {
    bool put;
    struct wb_av given;
    struct wb_slice json, key, hash;
    size_t size;
};

struct batch_table {
    const struct wb_ddb_table *t;
    struct wb_slice name;
    struct write *write;
    uint32_t count;
    struct wb_ddb_units units;
};

struct batch {
    struct batch_table *table;
    uint32_t count;
    int64_t start_ns;
};

/* --- on the loop --- */

static bool read_write(struct wb_call *c, struct wb_json v, struct write *w)
{
    struct wb_json put = wb_json_get(v, "PutRequest"), del = wb_json_get(v, "DeleteRequest");
    bool has_put = wb_json_type(put) == WB_JSON_OBJECT;
    bool has_del = wb_json_type(del) == WB_JSON_OBJECT;
    struct wb_av_error e;
    if (has_put == has_del) {
        wb_ddb_invalid(c, has_put
                              ? "Supplied AttributeValue has more than one datatypes set, must "
                                "contain exactly one of the supported datatypes"
                              : "Supplied AttributeValue is empty, must contain exactly one of the "
                                "supported datatypes");
        return false;
    }
    w->put = has_put;
    struct wb_json map = has_put ? wb_json_get(put, "Item") : wb_json_get(del, "Key");
    if (!wb_av_parse_map(c->arena, map, &w->given, &e)) {
        wb_ddb_bad_value(c, &e);
        return false;
    }
    if (!has_put)
        return true;
    w->size = wb_av_item_size(&w->given);
    if (w->size > WB_DDB_ITEM_MAX)
        wb_ddb_invalid(c, "Item size has exceeded the maximum allowed size");
    return !wb_failed(c);
}

static bool read_table(struct wb_call *c, struct wb_json list, struct batch_table *b,
                       uint32_t *total)
{
    struct wb_json_iter it = wb_json_iter(list);
    b->write = wb_new_n(c->arena, struct write, wb_json_count(list));
    while (wb_json_next(&it)) {
        if (++*total > WB_DDB_BATCH_WRITE_MAX) {
            wb_ddb_invalid(c, "Too many items requested for the BatchWriteItem call");
            return false;
        }
        if (!read_write(c, it.value, &b->write[b->count++]))
            return false;
    }
    return true;
}

/* In a batch a broken key is worded as for the operations on keys. */
static void reword(struct wb_call *c)
{
    static const char *const parts[] = {"Missing the key", "Type mismatch for key"};
    for (size_t i = 0; i < 2; i++)
        if (wb_failed(c) && wb_slice_find(c->error.message, wb_slice_str(parts[i]), 0) >= 0)
            c->error.message = WB_S("The provided key element does not match the schema");
}

static bool check_table(struct wb_call *c, struct batch_table *b)
{
    b->t = wb_ddb_table(c, b->name);
    if (!b->t) {
        wb_fail(c, "ResourceNotFoundException", 400, "Requested resource not found");
        return false;
    }
    struct wb_map *seen = wb_map_new();
    for (uint32_t i = 0; i < b->count && !wb_failed(c); i++) {
        struct write *w = &b->write[i];
        bool ok =
            w->put ? wb_ddb_check_item(c, b->t, &w->given) : wb_ddb_check_key(c, b->t, &w->given);
        if (!ok)
            break;
        w->key = wb_ddb_item_key(c->arena, b->t, &w->given);
        w->hash = wb_ddb_hash_bytes(c->arena, wb_av_get(&w->given, b->t->schema.key[0].name));
        if (wb_map_put(seen, w->key, w))
            wb_ddb_invalid(c, "Provided list of item keys contains duplicates");
    }
    wb_map_free(seen);
    reword(c);
    return !wb_failed(c);
}

void wb_ddb_batch_write_prepare(struct wb_call *c)
{
    struct wb_json tables = wb_in(c, "RequestItems");
    struct wb_json_iter it = wb_json_iter(tables);
    struct batch *b = wb_new(c->arena, struct batch);
    uint32_t total = 0;
    b->start_ns = wb_ddb_now_ns(c);
    b->table = wb_new_n(c->arena, struct batch_table, wb_json_count(tables));
    while (wb_json_next(&it)) {
        struct batch_table *bt = &b->table[b->count++];
        bt->name = wb_json_str(it.key, c->arena);
        if (!read_table(c, it.value, bt, &total))
            return;
    }
    for (uint32_t i = 0; i < b->count; i++)
        if (!check_table(c, &b->table[i]))
            return;
    for (uint32_t i = 0; i < b->count; i++)
        for (uint32_t k = 0; k < b->table[i].count; k++) {
            struct write *w = &b->table[i].write[k];
            struct wb_buf text = wb_buf_in(c->arena);
            if (w->put) {
                wb_av_write_map(&text, &w->given);
                w->json = wb_buf_slice(&text);
            }
        }
    c->prepared = b;
}

/* --- in the writer --- */

static bool stale(struct wb_call *c, const struct batch *b)
{
    for (uint32_t i = 0; i < b->count; i++)
        if (wb_ddb_table(c, b->table[i].name) != b->table[i].t)
            return true;
    return false;
}

static void apply(struct wb_call *c, struct batch_table *b, const struct write *w)
{
    struct wb_ddb_row row = {0};
    struct wb_av old;
    struct wb_ddb_write rw = {.t = b->t, .key = w->key};
    if (wb_ddb_row_get(c->tx, w->key, w->hash, &row)) {
        rw.old_json = wb_dup(c->arena, row.json);
        rw.old_size = row.size;
        rw.old = &old;
        if (!wb_av_read_map(c->arena, rw.old_json, &old))
            c->tx->status = WB_STORE_CORRUPT;
    }
    if (w->put) {
        rw.new = &w->given;
        rw.new_json = w->json;
        rw.new_size = (uint32_t)w->size;
    }
    if (c->tx->status == WB_STORE_OK)
        wb_ddb_row_write(c->tx, &rw, &b->units);
}

static void answer(struct wb_call *c, struct batch *b)
{
    wb_out_object(&c->out, "UnprocessedItems");
    wb_out_end(&c->out);
    struct wb_slice how = wb_in_str(c, "ReturnConsumedCapacity");
    if (how.p && !wb_slice_is(how, "NONE")) {
        wb_out_list(&c->out, "ConsumedCapacity");
        for (uint32_t i = 0; i < b->count; i++)
            wb_ddb_capacity_out(c, NULL, b->table[i].t, &b->table[i].units);
        wb_out_end(&c->out);
    }
    if (!wb_slice_is(wb_in_str(c, "ReturnItemCollectionMetrics"), "SIZE"))
        return;
    wb_out_object(&c->out, "ItemCollectionMetrics");
    for (uint32_t i = 0; i < b->count; i++) {
        const struct batch_table *bt = &b->table[i];
        if (!wb_ddb_has_local(bt->t))
            continue;
        wb_out_list(&c->out, wb_dup_cstr(c->arena, bt->name));
        for (uint32_t k = 0; k < bt->count; k++)
            wb_ddb_collection_out(c, NULL, bt->t, &bt->write[k].given);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
}

void wb_ddb_batch_write(struct wb_call *c)
{
    struct batch *b = c->prepared;
    if (stale(c, b)) {
        wb_ddb_batch_write_prepare(c);
        if (wb_failed(c))
            return;
        b = c->prepared;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        struct batch_table *bt = &b->table[i];
        bt->units = (struct wb_ddb_units){0};
        for (uint32_t k = 0; k < bt->count; k++)
            apply(c, bt, &bt->write[k]);
        wb_ddb_capacity_count(c, bt->t, &bt->units, true);
        wb_ddb_latency(c, bt->t, b->start_ns);
    }
    answer(c, b);
}
