/*
 * `waybill check`: every row decodes, an item lies under its own key and has the size it says, each
 * index has exactly the entries its items ask for, and the counts are right.
 */
#include "services/dynamodb/ops.h"

struct check {
    struct wb_tx *tx;
    void (*bad)(void *arg, const char *what);
    void *arg;
    struct wb_arena a; /* for one row */
    const struct wb_ddb_table *t;
    struct wb_ddb_stats want;
};

static void bad(struct check *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void bad(struct check *k, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice s = wb_vprintf(&k->a, fmt, ap);
    va_end(ap);
    struct wb_slice text =
        wb_printf(&k->a, "dynamodb table %.*s: %.*s", WB_FMT(k->t->name), WB_FMT(s));
    k->bad(k->arg, wb_dup_cstr(&k->a, text));
}

static struct wb_slice hex(struct wb_arena *a, struct wb_slice s)
{
    struct wb_buf b = wb_buf_in(a);
    for (size_t i = 0; i < s.n && i < 64; i++)
        wb_buf_printf(&b, "%02x", (uint8_t)s.p[i]);
    return wb_buf_slice(&b);
}

static void check_item(struct check *k, struct wb_slice key, struct wb_slice value)
{
    struct wb_ddb_row row;
    struct wb_av item;
    const struct wb_ddb_table *t = k->t;
    if (!wb_ddb_row_read(value, &row) || !wb_av_read_map(&k->a, row.json, &item)) {
        bad(k, "the item at %.*s cannot be read", WB_FMT(hex(&k->a, key)));
        return;
    }
    for (uint32_t i = 0; i < t->schema.count; i++) {
        const struct wb_av *v = wb_av_get(&item, t->schema.key[i].name);
        if (!v || v->type != t->schema.key[i].type) {
            bad(k, "the item at %.*s lacks its key", WB_FMT(hex(&k->a, key)));
            return;
        }
    }
    if (!wb_slice_eq(key, wb_ddb_item_key(&k->a, t, &item)))
        bad(k, "the item at %.*s belongs elsewhere", WB_FMT(hex(&k->a, key)));
    size_t size = wb_av_item_size(&item);
    if (size != row.size)
        bad(k, "the item at %.*s says it has %u bytes, but has %zu", WB_FMT(hex(&k->a, key)),
            row.size, size);
    struct wb_ddb_stat *s = wb_ddb_stats_of(&k->want, 0);
    s->count++;
    s->bytes += (int64_t)size;
    for (uint32_t i = 0; i < t->index_count; i++) {
        const struct wb_ddb_index *x = &t->index[i];
        struct wb_slice there, index_key = wb_ddb_index_key(&k->a, t, x, &item, key);
        bool found = index_key.p && wb_tx_get(k->tx, index_key, &there);
        if (index_key.p && x->ready && !found)
            bad(k, "index %.*s lacks the item at %.*s", WB_FMT(x->name), WB_FMT(hex(&k->a, key)));
        if (!found)
            continue;
        struct wb_av entry = wb_ddb_entry(&k->a, x, &item);
        s = wb_ddb_stats_of(&k->want, x->number);
        s->count++;
        s->bytes += (int64_t)wb_av_item_size(&entry);
    }
}

/* The entry leads to an item that asks for exactly this entry. */
static void check_entry(struct check *k, const struct wb_ddb_index *x, struct wb_slice key,
                        struct wb_slice value)
{
    struct wb_slice item_key, item_value;
    struct wb_ddb_row row;
    struct wb_av item;
    if (!wb_ddb_index_item(&k->a, k->t, x, key, &item_key))
        bad(k, "index %.*s: the entry %.*s cannot be read", WB_FMT(x->name),
            WB_FMT(hex(&k->a, key)));
    else if (!wb_tx_get(k->tx, item_key, &item_value))
        bad(k, "index %.*s: the entry %.*s has no item", WB_FMT(x->name), WB_FMT(hex(&k->a, key)));
    else if (wb_ddb_row_read(item_value, &row) && wb_av_read_map(&k->a, row.json, &item) &&
             (!wb_slice_eq(key, wb_ddb_index_key(&k->a, k->t, x, &item, item_key)) ||
              !wb_slice_eq(value,
                           wb_ddb_hash_bytes(&k->a, wb_av_get(&item, x->schema.key[0].name)))))
        bad(k, "index %.*s: the entry %.*s is not its item's", WB_FMT(x->name),
            WB_FMT(hex(&k->a, key)));
}

static void walk(struct check *k, struct wb_slice prefix, const struct wb_ddb_index *x,
                 bool journal)
{
    struct wb_slice key, value;
    struct wb_ddb_change ch;
    struct wb_scan *s = wb_tx_scan_prefix(k->tx, prefix);
    while (wb_tx_next(k->tx, s, &key, &value)) {
        if (x)
            check_entry(k, x, key, value);
        else if (!journal)
            check_item(k, key, value);
        else if (!wb_ddb_journal_read(value, &ch))
            bad(k, "the journal row %.*s cannot be read", WB_FMT(hex(&k->a, key)));
        wb_arena_reset(&k->a);
    }
    wb_scan_close(s);
}

static void check_counts(struct check *k)
{
    struct wb_ddb_stats have;
    wb_ddb_stats_read(k->tx, k->t->number, &have);
    for (uint32_t i = 0; i <= k->t->index_count; i++) {
        uint64_t number = i ? k->t->index[i - 1].number : 0;
        const struct wb_ddb_stat *h = wb_ddb_stats_of(&have, number),
                                 *w = wb_ddb_stats_of(&k->want, number);
        if (h->count != w->count || h->bytes != w->bytes)
            bad(k, "%.*s: %lld items of %lld bytes are on record, but there are %lld of %lld",
                WB_FMT(i ? k->t->index[i - 1].name : WB_S("the table")), (long long)h->count,
                (long long)h->bytes, (long long)w->count, (long long)w->bytes);
    }
}

void wb_ddb_check_rows(struct wb_tx *tx, void (*report)(void *arg, const char *what), void *arg)
{
    struct check k = {.tx = tx, .bad = report, .arg = arg};
    struct wb_slice key, value;
    struct wb_arena own;
    wb_arena_init(&k.a, 0);
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_TABLE, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_ddb_table t = {0};
        wb_arena_init(&own, 0);
        k.t = &t;
        if (!wb_ddb_table_read(&own, wb_dup(&own, value), &t)) {
            report(arg, "dynamodb: a table's definition cannot be read");
        } else {
            k.want.count = 0;
            walk(&k, wb_key(&own, WB_T_ITEM, "u", t.number), NULL, false);
            for (uint32_t i = 0; i < t.index_count; i++)
                walk(&k, wb_key(&own, WB_T_INDEX, "uu", t.number, t.index[i].number), &t.index[i],
                     false);
            walk(&k, wb_key(&own, WB_T_JOURNAL, "u", t.number), NULL, true);
            check_counts(&k);
        }
        wb_arena_release(&own);
    }
    wb_scan_close(s);
    wb_arena_release(&k.a);
}
