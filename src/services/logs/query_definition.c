/* Saved queries: PutQueryDefinition, DescribeQueryDefinitions, DeleteQueryDefinition. */
#include "base/ids.h"
#include "engine/paging.h"
#include "services/logs/query.h"

static struct wb_slice definitions(struct wb_call *c)
{
    return wb_key(c->arena, WB_T_LOGS_DEFINITION, "ss", c->ctx.account, c->ctx.region);
}

static struct wb_slice definition_key(struct wb_call *c, struct wb_slice id)
{
    return wb_key(c->arena, WB_T_LOGS_DEFINITION, "sss", c->ctx.account, c->ctx.region, id);
}

static bool room(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(c->tx, definitions(c));
    unsigned n = 0;
    while (n < WB_INSIGHTS_DEFINITIONS_MAX && wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n < WB_INSIGHTS_DEFINITIONS_MAX;
}

void logs_put_definition(struct wb_call *c)
{
    struct wb_slice id = wb_in_str(c, "queryDefinitionId"), old;
    struct wb_json groups = wb_in(c, "logGroupNames");
    if (id.n && !wb_tx_get(c->tx, definition_key(c, id), &old)) {
        wb_fail(c, "ResourceNotFoundException", 400,
                "The specified query definition does not exist.");
        return;
    }
    if (!id.n && !room(c)) {
        wb_fail(c, "LimitExceededException", 400, "Resource limit exceeded.");
        return;
    }
    if (!id.n)
        id = wb_id_uuid(c->arena, wb_engine_seam(c->engine));
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "name", wb_in_str(c, "name"));
    wb_jw_kstr(&w, "query", wb_in_str(c, "queryString"));
    wb_jw_ki64(&w, "modified", c->tx->now_ms);
    if (wb_json_count(groups))
        wb_jw_kraw(&w, "groups", wb_json_raw(groups));
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, definition_key(c, id), wb_buf_slice(&b));
    wb_out_str(&c->out, "queryDefinitionId", id);
}

static void out_definition(struct wb_call *c, struct wb_slice id, struct wb_json v)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(v, "groups"));
    wb_out_object(&c->out, NULL);
    wb_out_str(&c->out, "queryDefinitionId", id);
    wb_out_str(&c->out, "name", wb_json_get_str(v, "name", c->arena));
    wb_out_str(&c->out, "queryString", wb_json_get_str(v, "query", c->arena));
    wb_out_i64(&c->out, "lastModified", wb_json_get_i64(v, "modified", 0));
    wb_out_list(&c->out, "logGroupNames");
    while (wb_json_next(&it))
        wb_out_str(&c->out, NULL, wb_json_str(it.value, c->arena));
    wb_out_end(&c->out);
    wb_out_end(&c->out);
}

static struct wb_slice id_of(struct wb_arena *a, struct wb_slice key)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(a, key, &table);
    wb_key_rd_str(&k);
    wb_key_rd_str(&k);
    return wb_key_rd_str(&k);
}

void logs_describe_definitions(struct wb_call *c)
{
    struct wb_arena *a = c->arena;
    struct wb_slice prefix = wb_in_str(c, "queryDefinitionNamePrefix"),
                    token = wb_in_str(c, "nextToken"), all = definitions(c), lo = all, key, value,
                    last = WB_SLICE_NULL;
    if (token.p && !wb_page_open(c, token, prefix, &lo)) {
        logs_invalid(c, "The specified nextToken is invalid.");
        return;
    }
    int64_t max = wb_in_i64(c, "maxResults", WB_INSIGHTS_PAGE), n = 0;
    bool more = false;
    wb_out_list(&c->out, "queryDefinitions");
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(a, all), false);
    while (!more && wb_tx_next(c->tx, s, &key, &value)) {
        struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
        if ((token.p && wb_slice_eq(key, lo)) ||
            (prefix.p && !wb_slice_starts(wb_json_get_str(v, "name", a), prefix)))
            continue;
        more = n++ == max;
        if (more)
            break;
        last = wb_dup(a, key);
        out_definition(c, id_of(a, last), v);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "nextToken", wb_page_token(c, prefix, last));
}

void logs_delete_definition(struct wb_call *c)
{
    struct wb_slice id = wb_in_str(c, "queryDefinitionId");
    if (!id.n || !wb_tx_del(c->tx, definition_key(c, id))) {
        wb_fail(c, "ResourceNotFoundException", 400,
                "The specified query definition does not exist.");
        return;
    }
    wb_out_bool(&c->out, "success", true);
}
