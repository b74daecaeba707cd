#include "services/dynamodb/table.h"
#include "base/arn.h"
#include "base/limits.h"
#include "engine/engine.h"
#include <assert.h>
#include <stdlib.h>

/* --- reading a row --- */

static int64_t get_i64(struct wb_json v, const char *name)
{
    return wb_json_get_i64(v, name, 0);
}

static bool get_bool(struct wb_json v, const char *name)
{
    return wb_json_bool(wb_json_get(v, name), false);
}

static bool read_schema(struct wb_arena *a, struct wb_json v, struct wb_ddb_schema *out)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        if (out->count == 2)
            return false;
        out->key[out->count++].name = wb_json_str(it.value, a);
    }
    return out->count > 0;
}

static bool read_index(struct wb_arena *a, struct wb_json v, struct wb_ddb_index *x)
{
    x->name = wb_json_get_str(v, "name", a);
    x->number = (uint64_t)get_i64(v, "number");
    x->global = get_bool(v, "global");
    x->ready = get_bool(v, "ready");
    x->project = (enum wb_ddb_project)get_i64(v, "project");
    x->read_units = get_i64(v, "read_units");
    x->write_units = get_i64(v, "write_units");
    struct wb_json include = wb_json_get(v, "include");
    x->include = wb_new_n(a, struct wb_slice, wb_json_count(include));
    struct wb_json_iter it = wb_json_iter(include);
    while (wb_json_next(&it))
        x->include[x->include_count++] = wb_json_str(it.value, a);
    return x->name.p && x->number && x->project <= WB_DDB_INCLUDE &&
           read_schema(a, wb_json_get(v, "keys"), &x->schema);
}

static void read_streams(struct wb_arena *a, struct wb_json v, struct wb_ddb_table *t)
{
    t->stream = wb_new_n(a, struct wb_ddb_stream, wb_json_count(v) + 1);
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it))
        t->stream[t->stream_count++] = (struct wb_ddb_stream){
            .label = wb_json_get_str(it.value, "label", a),
            .view = wb_json_get_str(it.value, "view", a),
            .from_ms = get_i64(it.value, "from"),
            .until_ms = get_i64(it.value, "until"),
        };
}

static bool read_parts(struct wb_arena *a, struct wb_json v, struct wb_ddb_table *t)
{
    struct wb_json attrs = wb_json_get(v, "attributes");
    t->attr = wb_new_n(a, struct wb_ddb_key, wb_json_count(attrs));
    struct wb_json_iter it = wb_json_iter(attrs);
    while (wb_json_next(&it)) {
        struct wb_ddb_key *k = &t->attr[t->attr_count++];
        k->name = wb_json_str(wb_json_item(it.value, 0), a);
        k->type = wb_av_type_of(wb_json_str(wb_json_item(it.value, 1), a));
        if (!k->name.p || !wb_av_is_scalar_key(k->type))
            return false;
    }
    struct wb_json indexes = wb_json_get(v, "indexes");
    t->index = wb_new_n(a, struct wb_ddb_index, wb_json_count(indexes) + 1);
    it = wb_json_iter(indexes);
    while (wb_json_next(&it))
        if (!read_index(a, it.value, &t->index[t->index_count++]))
            return false;
    read_streams(a, wb_json_get(v, "streams"), t);
    return read_schema(a, wb_json_get(v, "keys"), &t->schema);
}

bool wb_ddb_table_read(struct wb_arena *a, struct wb_slice json, struct wb_ddb_table *t)
{
    struct wb_json v = wb_json_read(a, json, NULL);
    if (!wb_json_is(v) || !read_parts(a, v, t))
        return false;
    t->number = (uint64_t)get_i64(v, "number");
    t->generation = (uint64_t)get_i64(v, "generation");
    t->next_index = (uint64_t)get_i64(v, "next_index");
    t->account = wb_json_get_str(v, "account", a);
    t->region = wb_json_get_str(v, "region", a);
    t->name = wb_json_get_str(v, "name", a);
    t->id = wb_json_get_str(v, "id", a);
    t->created_ms = get_i64(v, "created");
    t->on_demand = get_bool(v, "on_demand");
    t->on_demand_ms = get_i64(v, "on_demand_since");
    t->read_units = get_i64(v, "read_units");
    t->write_units = get_i64(v, "write_units");
    t->increased_ms = get_i64(v, "increased");
    t->decreased_ms = get_i64(v, "decreased");
    t->recovery = get_bool(v, "recovery");
    t->recovery_ms = get_i64(v, "recovery_since");
    t->recovery_days = get_i64(v, "recovery_days");
    t->protect = get_bool(v, "protect");
    t->table_class = wb_json_get_str(v, "class", a);
    t->sse = get_bool(v, "sse");
    t->sse_type = wb_json_get_str(v, "sse_type", a);
    t->sse_key = wb_json_get_str(v, "sse_key", a);
    if (!t->number || !t->name.p || !t->account.p || !t->region.p)
        return false;
    wb_ddb_table_compile(a, t);
    return true;
}

/* --- writing a row --- */

static void write_schema(struct wb_json_writer *w, const struct wb_ddb_schema *s)
{
    wb_jw_key(w, "keys");
    wb_jw_array(w);
    for (uint32_t i = 0; i < s->count; i++)
        wb_jw_str(w, s->key[i].name);
    wb_jw_end_array(w);
}

static void write_index(struct wb_json_writer *w, const struct wb_ddb_index *x)
{
    wb_jw_object(w);
    wb_jw_kstr(w, "name", x->name);
    wb_jw_ki64(w, "number", (int64_t)x->number);
    wb_jw_kbool(w, "global", x->global);
    wb_jw_kbool(w, "ready", x->ready);
    write_schema(w, &x->schema);
    wb_jw_ki64(w, "project", x->project);
    wb_jw_key(w, "include");
    wb_jw_array(w);
    for (uint32_t i = 0; i < x->include_count; i++)
        wb_jw_str(w, x->include[i]);
    wb_jw_end_array(w);
    wb_jw_ki64(w, "read_units", x->read_units);
    wb_jw_ki64(w, "write_units", x->write_units);
    wb_jw_end_object(w);
}

static void write_lists(struct wb_json_writer *w, const struct wb_ddb_table *t)
{
    wb_jw_key(w, "attributes");
    wb_jw_array(w);
    for (uint32_t i = 0; i < t->attr_count; i++) {
        wb_jw_array(w);
        wb_jw_str(w, t->attr[i].name);
        wb_jw_cstr(w, wb_av_type_name(t->attr[i].type));
        wb_jw_end_array(w);
    }
    wb_jw_end_array(w);
    write_schema(w, &t->schema);
    wb_jw_key(w, "indexes");
    wb_jw_array(w);
    for (uint32_t i = 0; i < t->index_count; i++)
        write_index(w, &t->index[i]);
    wb_jw_end_array(w);
    wb_jw_key(w, "streams");
    wb_jw_array(w);
    for (uint32_t i = 0; i < t->stream_count; i++) {
        wb_jw_object(w);
        wb_jw_kstr(w, "label", t->stream[i].label);
        wb_jw_kstr(w, "view", t->stream[i].view);
        wb_jw_ki64(w, "from", t->stream[i].from_ms);
        wb_jw_ki64(w, "until", t->stream[i].until_ms);
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
}

static struct wb_slice table_write(struct wb_arena *a, const struct wb_ddb_table *t)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "number", (int64_t)t->number);
    wb_jw_ki64(&w, "generation", (int64_t)t->generation);
    wb_jw_ki64(&w, "next_index", (int64_t)t->next_index);
    wb_jw_kstr(&w, "account", t->account);
    wb_jw_kstr(&w, "region", t->region);
    wb_jw_kstr(&w, "name", t->name);
    wb_jw_kstr(&w, "id", t->id);
    wb_jw_ki64(&w, "created", t->created_ms);
    write_lists(&w, t);
    wb_jw_kbool(&w, "on_demand", t->on_demand);
    wb_jw_ki64(&w, "on_demand_since", t->on_demand_ms);
    wb_jw_ki64(&w, "read_units", t->read_units);
    wb_jw_ki64(&w, "write_units", t->write_units);
    wb_jw_ki64(&w, "increased", t->increased_ms);
    wb_jw_ki64(&w, "decreased", t->decreased_ms);
    wb_jw_kbool(&w, "recovery", t->recovery);
    wb_jw_ki64(&w, "recovery_since", t->recovery_ms);
    wb_jw_ki64(&w, "recovery_days", t->recovery_days);
    wb_jw_kbool(&w, "protect", t->protect);
    wb_jw_kstr(&w, "class", t->table_class);
    wb_jw_kbool(&w, "sse", t->sse);
    wb_jw_kstr(&w, "sse_type", t->sse_type);
    wb_jw_kstr(&w, "sse_key", t->sse_key);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void wb_ddb_table_save(struct wb_tx *tx, struct wb_ddb_table *t)
{
    struct wb_slice key = wb_ddb_table_key(tx->arena, t->account, t->region, t->name);
    t->generation++;
    wb_tx_put(tx, key, table_write(tx->arena, t));
    wb_def_changed(tx, &wb_ddb_tables, key);
}

/* --- derived members --- */

static uint8_t type_of(const struct wb_ddb_table *t, struct wb_slice name)
{
    for (uint32_t i = 0; i < t->attr_count; i++)
        if (wb_slice_eq(t->attr[i].name, name))
            return t->attr[i].type;
    return WB_AV_S; /* CreateTable refuses a key without definition */
}

static int cmp_name(const void *x, const void *y)
{
    return wb_slice_cmp(*(const struct wb_slice *)x, *(const struct wb_slice *)y);
}

static void keep_list(struct wb_arena *a, const struct wb_ddb_table *t, struct wb_ddb_index *x)
{
    struct wb_slice *keep = wb_new_n(a, struct wb_slice, 4 + x->include_count);
    uint32_t n = 0, kept = 0;
    for (uint32_t i = 0; i < t->schema.count; i++)
        keep[n++] = t->schema.key[i].name;
    for (uint32_t i = 0; i < x->schema.count; i++)
        keep[n++] = x->schema.key[i].name;
    for (uint32_t i = 0; i < x->include_count; i++)
        keep[n++] = x->include[i];
    qsort(keep, n, sizeof(*keep), cmp_name);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || !wb_slice_eq(keep[kept - 1], keep[i]))
            keep[kept++] = keep[i];
    x->keep = keep;
    x->keep_count = kept;
}

void wb_ddb_table_compile(struct wb_arena *a, struct wb_ddb_table *t)
{
    for (uint32_t i = 0; i < t->schema.count; i++)
        t->schema.key[i].type = type_of(t, t->schema.key[i].name);
    for (uint32_t i = 0; i < t->index_count; i++) {
        struct wb_ddb_index *x = &t->index[i];
        for (uint32_t k = 0; k < x->schema.count; k++)
            x->schema.key[k].type = type_of(t, x->schema.key[k].name);
        keep_list(a, t, x);
    }
    t->arn = wb_arn_make(a, "dynamodb", t->region, t->account, "table/%.*s", WB_FMT(t->name));
    t->journal = t->recovery || wb_ddb_stream_on(t);
}

struct wb_ddb_table *wb_ddb_table_edit(struct wb_arena *a, const struct wb_ddb_table *t)
{
    struct wb_ddb_table *c = wb_new(a, struct wb_ddb_table);
    *c = *t;
    c->arena = (struct wb_arena){0};
    c->attr = wb_new_n(a, struct wb_ddb_key, t->attr_count + 8);
    memcpy(c->attr, t->attr, sizeof(*c->attr) * t->attr_count);
    c->index = wb_new_n(a, struct wb_ddb_index, t->index_count + 1);
    memcpy(c->index, t->index, sizeof(*c->index) * t->index_count);
    c->stream = wb_new_n(a, struct wb_ddb_stream, t->stream_count + 1);
    memcpy(c->stream, t->stream, sizeof(*c->stream) * t->stream_count);
    return c;
}

/* --- the cache --- */

static void *load(struct wb_tx *tx, struct wb_slice key)
{
    struct wb_slice row;
    if (!wb_tx_get(tx, key, &row))
        return NULL;
    struct wb_ddb_table *t = wb_xcalloc(1, sizeof(*t));
    wb_arena_init(&t->arena, 0);
    if (wb_ddb_table_read(&t->arena, wb_dup(&t->arena, row), t))
        return t;
    tx->status = WB_STORE_CORRUPT;
    wb_arena_release(&t->arena);
    free(t);
    return NULL;
}

static void unload(void *object)
{
    struct wb_ddb_table *t = object;
    wb_arena_release(&t->arena);
    free(t);
}

struct wb_def_kind wb_ddb_tables = {.name = "dynamodb table", .load = load, .free = unload};

struct wb_slice wb_ddb_table_key(struct wb_arena *a, struct wb_slice account,
                                 struct wb_slice region, struct wb_slice name)
{
    return wb_key(a, WB_T_TABLE, "sss", account, region, name);
}

struct wb_slice wb_ddb_table_name(const struct wb_call *c, struct wb_slice s)
{
    struct wb_arn arn;
    if (!wb_slice_starts(s, WB_S("arn:")))
        return s;
    if (!wb_arn_parse(s, &arn) || !wb_slice_is(arn.service, "dynamodb") ||
        !wb_slice_eq(arn.account, c->ctx.account) || !wb_slice_eq(arn.region, c->ctx.region) ||
        !wb_slice_starts(arn.resource, WB_S("table/")))
        return WB_SLICE_NULL;
    return wb_slice_sub(arn.resource, strlen("table/"), arn.resource.n);
}

const struct wb_ddb_table *wb_ddb_table(struct wb_call *c, struct wb_slice name)
{
    name = wb_ddb_table_name(c, name);
    if (!name.n)
        return NULL;
    return wb_def(c->tx, &wb_ddb_tables,
                  wb_ddb_table_key(c->arena, c->ctx.account, c->ctx.region, name));
}

const struct wb_ddb_table *wb_ddb_table_named(struct wb_call *c, bool with_name)
{
    struct wb_slice name = wb_in_str(c, "TableName");
    const struct wb_ddb_table *t = wb_ddb_table(c, name);
    if (!t && with_name)
        wb_fail(c, "ResourceNotFoundException", 400,
                "Requested resource not found: Table: %.*s not found", WB_FMT(name));
    else if (!t)
        wb_fail(c, "ResourceNotFoundException", 400, "Requested resource not found");
    return t;
}

const struct wb_ddb_index *wb_ddb_index_named(const struct wb_ddb_table *t, struct wb_slice name)
{
    for (uint32_t i = 0; i < t->index_count; i++)
        if (wb_slice_eq(t->index[i].name, name))
            return &t->index[i];
    return NULL;
}

const struct wb_ddb_stream *wb_ddb_stream_on(const struct wb_ddb_table *t)
{
    if (t->stream_count && t->stream[t->stream_count - 1].until_ms == 0)
        return &t->stream[t->stream_count - 1];
    return NULL;
}

bool wb_ddb_has_local(const struct wb_ddb_table *t)
{
    return t->index_count && !t->index[t->index_count - 1].global;
}

/* --- count and size --- */

static struct wb_slice stat_key(struct wb_arena *a, uint64_t table)
{
    return wb_key(a, WB_T_TABLE_STAT, "u", table);
}

void wb_ddb_stats_read(struct wb_tx *tx, uint64_t table, struct wb_ddb_stats *out)
{
    struct wb_slice row;
    out->count = 0;
    if (!wb_tx_get(tx, stat_key(tx->arena, table), &row))
        return;
    struct wb_rd r = wb_rd(row);
    while (!wb_rd_done(&r) && !r.bad && out->count < 26) {
        struct wb_ddb_stat *s = &out->stat[out->count++];
        s->number = wb_rd_le64(&r);
        s->count = (int64_t)wb_rd_le64(&r);
        s->bytes = (int64_t)wb_rd_le64(&r);
    }
    if (!wb_rd_done(&r))
        tx->status = WB_STORE_CORRUPT;
}

void wb_ddb_stats_write(struct wb_tx *tx, uint64_t table, const struct wb_ddb_stats *s)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_reserve(&b, s->count * 24);
    for (uint32_t i = 0; i < s->count; i++) {
        wb_buf_le64(&b, s->stat[i].number);
        wb_buf_le64(&b, (uint64_t)s->stat[i].count);
        wb_buf_le64(&b, (uint64_t)s->stat[i].bytes);
    }
    wb_tx_put(tx, stat_key(tx->arena, table), wb_buf_slice(&b));
}

struct wb_ddb_stat *wb_ddb_stats_of(struct wb_ddb_stats *s, uint64_t index)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->stat[i].number == index)
            return &s->stat[i];
    assert(s->count < 26);
    s->stat[s->count] = (struct wb_ddb_stat){.number = index};
    return &s->stat[s->count++];
}

void wb_ddb_stats_forget(struct wb_ddb_stats *s, uint64_t index)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->stat[i].number == index) {
            s->stat[i] = s->stat[--s->count];
            return;
        }
}

/* --- short cuts --- */

void wb_ddb_invalid(struct wb_call *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct wb_slice s = wb_vprintf(c->arena, fmt, ap);
    va_end(ap);
    wb_fail(c, "ValidationException", 400, "%.*s", WB_FMT(s));
}

void wb_ddb_bad_value(struct wb_call *c, const struct wb_av_error *e)
{
    wb_fail(c, e->type ? "SerializationException" : "ValidationException", 400, "%.*s",
            WB_FMT(e->message));
}

/* Once a request: no format, one copy. */
struct wb_slice wb_ddb_table_arn(struct wb_call *c, struct wb_slice name)
{
    if (wb_slice_starts(name, WB_S("arn:")))
        return name;
    struct wb_slice part[] = {WB_S("arn:aws:dynamodb:"), c->ctx.region, WB_S(":"), c->ctx.account,
                              WB_S(":table/"),           name};
    return wb_concat(c->arena, part, sizeof(part) / sizeof(*part));
}
