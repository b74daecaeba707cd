/* Reading values: one, some, those below a path, and the history of one. */
#include "base/limits.h"
#include "engine/paging.h"
#include "services/ssm/param.h"

#include "engine/tags.h"

/* Writes a Parameter; false with the call failed when its value cannot be opened. */
static bool out_parameter(struct wb_call *c, const char *name, const struct ssm_param *p,
                          const struct ssm_version *v, struct wb_slice selector)
{
    struct wb_slice value;
    if (!ssm_value(c->tx, p, v, wb_in_bool(c, "WithDecryption", false), &value)) {
        wb_fail(c, "InternalServerError", 500,
                "The value cannot be decrypted: it was sealed with another key.");
        return false;
    }
    wb_out_object(&c->out, name);
    wb_out_str(&c->out, "Name", p->name);
    wb_out_str(&c->out, "Type", v->type);
    wb_out_str(&c->out, "Value", value);
    wb_out_i64(&c->out, "Version", (int64_t)v->version);
    if (selector.p)
        wb_out_str(&c->out, "Selector", wb_printf(c->arena, ":%.*s", WB_FMT(selector)));
    wb_out_time(&c->out, "LastModifiedDate", v->modified_ms);
    wb_out_str(&c->out, "ARN", p->arn);
    wb_out_str(&c->out, "DataType", v->data_type);
    wb_out_end(&c->out);
    return true;
}

enum found { FOUND, NO_PARAMETER, NO_VERSION, NO_LABEL };

static enum found find(struct wb_call *c, const struct ssm_name *name, struct ssm_param *p,
                       struct ssm_version *v)
{
    bool here = !name->arn || (wb_slice_eq(name->region, c->ctx.region) &&
                               wb_slice_eq(name->account, c->ctx.account));
    uint64_t version;
    if (!here || !ssm_read(c->tx, c->ctx.account, c->ctx.region, name, p))
        return NO_PARAMETER;
    version = p->version;
    bool number = name->selector.p && wb_slice_u64(name->selector, &version);
    if (name->selector.p && !number && !(version = ssm_label_version(c->tx, p, name->selector)))
        return NO_LABEL;
    return ssm_read_version(c->tx, p, version, v) ? FOUND : NO_VERSION;
}

void ssm_get_parameter(struct wb_call *c)
{
    struct ssm_name name;
    struct ssm_param p;
    struct ssm_version v;
    if (!ssm_name_fail(c, ssm_name_parse(c->arena, wb_in_str(c, "Name"), &name)))
        return;
    switch (find(c, &name, &p, &v)) {
    case FOUND:
        out_parameter(c, "Parameter", &p, &v, name.selector);
        break;
    case NO_PARAMETER:
        ssm_not_found(c, name.name);
        break;
    case NO_VERSION:
    case NO_LABEL:
        wb_fail(c, "ParameterVersionNotFound", 400,
                "Systems Manager could not find version %.*s of %.*s. Verify the version and try "
                "again.",
                WB_FMT(name.selector), WB_FMT(p.name));
        break;
    }
}

/* Was the same name given before this one? */
static bool repeated(struct wb_call *c, struct wb_slice name, size_t before)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Names"));
    for (size_t i = 0; i < before && wb_json_next(&it); i++)
        if (wb_slice_eq(wb_json_str(it.value, c->arena), name))
            return true;
    return false;
}

void ssm_get_parameters(struct wb_call *c)
{
    struct wb_slice missing[10];
    size_t n = 0, i = 0;
    struct wb_json_iter it = wb_json_iter(wb_in(c, "Names"));
    wb_out_list(&c->out, "Parameters");
    for (; wb_json_next(&it); i++) {
        struct wb_slice given = wb_json_str(it.value, c->arena);
        struct ssm_name name;
        struct ssm_param p;
        struct ssm_version v;
        if (repeated(c, given, i))
            continue;
        if (!ssm_name_fail(c, ssm_name_parse(c->arena, given, &name)))
            return;
        if (find(c, &name, &p, &v) != FOUND)
            missing[n++] = given;
        else if (!out_parameter(c, NULL, &p, &v, name.selector))
            return;
    }
    wb_out_end(&c->out);
    wb_out_list(&c->out, "InvalidParameters");
    for (i = 0; i < n; i++)
        wb_out_str(&c->out, NULL, missing[i]);
    wb_out_end(&c->out);
}

/* --- pages --- */

struct page {
    struct wb_slice filter; /* what the token is bound to */
    struct wb_slice lo, hi;
    int64_t max;
    struct ssm_filters filters;
    struct wb_slice below; /* by path, one level: what lies deeper is passed over */
    bool one_level;
    void (*out)(struct wb_call *c, const struct ssm_param *p, const struct ssm_version *v);
};

/* Takes up where the token left off. */
static bool resume(struct wb_call *c, struct page *g)
{
    struct wb_slice token = wb_in_str(c, "NextToken"), last;
    if (!token.n)
        return true;
    if (!wb_page_open(c, token, g->filter, &last)) {
        wb_fail(c, "InvalidNextToken", 400, "The specified token isn't valid.");
        return false;
    }
    g->lo = wb_key_after(c->arena, last);
    return true;
}

/* The parameter lies deeper than one level: the scan goes on behind that sub-path. */
static bool pass_over(struct wb_call *c, struct wb_scan *s, const struct page *g,
                      const struct ssm_param *p)
{
    ptrdiff_t slash = wb_slice_chr(p->path, '/', g->below.n + 1);
    if (!g->one_level || slash < 0)
        return false;
    struct wb_slice sub = wb_slice_sub(p->path, 0, (size_t)slash + 1);
    struct wb_slice prefix =
        wb_key(c->tx->arena, WB_T_SSM_PARAMETER, "ssr", p->account, p->region, sub);
    wb_scan_seek(s, wb_key_after(c->tx->arena, prefix));
    return true;
}

/* Runs through the rows; a row's memory goes with it. */
static void out_page(struct wb_call *c, struct page *g)
{
    struct wb_arena *outer = c->tx->arena, row;
    struct wb_scan *s = wb_tx_scan(c->tx, g->lo, g->hi, false);
    struct wb_slice key, value;
    struct wb_buf last = wb_buf_in(c->arena);
    int64_t count = 0, rows = 0;
    bool more = false;
    wb_arena_init(&row, 0);
    c->tx->arena = &row;
    wb_out_list(&c->out, "Parameters");
    while (s && !wb_failed(c) && wb_tx_next(c->tx, s, &key, &value)) {
        struct ssm_param p;
        struct ssm_version v;
        if (count == g->max || rows++ == WB_SSM_SCAN_ROWS) {
            more = true;
            break;
        }
        last.n = 0;
        wb_buf_slice_put(&last, key);
        if (ssm_decode(&row, key, value, &p) && !pass_over(c, s, g, &p) &&
            ssm_read_version(c->tx, &p, ssm_filters_version(c->tx, &g->filters, &p), &v) &&
            ssm_filters_match(c->tx, &g->filters, &p, &v)) {
            g->out(c, &p, &v);
            count++;
        }
        wb_arena_reset(&row);
    }
    wb_scan_close(s);
    c->tx->arena = outer;
    wb_arena_release(&row);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, g->filter, wb_buf_slice(&last)));
}

static struct wb_slice raw_or_empty(struct wb_json v)
{
    return wb_json_is(v) ? wb_json_raw(v) : WB_S("");
}

static void out_by_path(struct wb_call *c, const struct ssm_param *p, const struct ssm_version *v)
{
    out_parameter(c, NULL, p, v, WB_SLICE_NULL);
}

void ssm_get_by_path(struct wb_call *c)
{
    struct wb_slice path = wb_in_str(c, "Path");
    struct page g = {.out = out_by_path,
                     .max = wb_in_i64(c, "MaxResults", WB_SSM_PAGE),
                     .one_level = !wb_in_bool(c, "Recursive", false)};
    if (!ssm_path_ok(c, path, &g.below))
        return;
    struct wb_slice prefix = wb_printf(c->arena, "%.*s/", WB_FMT(g.below));
    g.filter = wb_printf(c->arena, "%.*s|%d|%.*s", WB_FMT(prefix), g.one_level,
                         WB_FMT(raw_or_empty(wb_in(c, "ParameterFilters"))));
    g.lo = wb_key(c->arena, WB_T_SSM_PARAMETER, "ssr", c->ctx.account, c->ctx.region, prefix);
    g.hi = wb_key_after(c->arena, g.lo);
    if (ssm_filters_read(c, true, &g.filters) && resume(c, &g))
        out_page(c, &g);
}

static void out_settings(struct wb_call *c, const struct ssm_param *p, const struct ssm_version *v)
{
    wb_out_str(&c->out, "Name", p->name);
    wb_out_str(&c->out, "Type", v->type);
    wb_out_str(&c->out, "KeyId", v->key_id);
    wb_out_time(&c->out, "LastModifiedDate", v->modified_ms);
    wb_out_str(&c->out, "LastModifiedUser", v->user);
    wb_out_str(&c->out, "Description", v->description);
    wb_out_str(&c->out, "AllowedPattern", v->pattern);
    wb_out_i64(&c->out, "Version", (int64_t)v->version);
    wb_out_str(&c->out, "Tier", v->tier);
    ssm_policies_out(c, v);
    wb_out_str(&c->out, "DataType", v->data_type);
}

static void out_metadata(struct wb_call *c, const struct ssm_param *p, const struct ssm_version *v)
{
    wb_out_object(&c->out, NULL);
    out_settings(c, p, v);
    wb_out_str(&c->out, "ARN", p->arn);
    wb_out_end(&c->out);
}

void ssm_describe(struct wb_call *c)
{
    struct page g = {.out = out_metadata, .max = wb_in_i64(c, "MaxResults", WB_SSM_PAGE)};
    g.filter = wb_printf(c->arena, "%.*s|%.*s", WB_FMT(raw_or_empty(wb_in(c, "Filters"))),
                         WB_FMT(raw_or_empty(wb_in(c, "ParameterFilters"))));
    g.lo = wb_key(c->arena, WB_T_SSM_PARAMETER, "ss", c->ctx.account, c->ctx.region);
    g.hi = wb_key_after(c->arena, g.lo);
    if (ssm_filters_read(c, false, &g.filters) && resume(c, &g))
        out_page(c, &g);
}

/* --- history --- */

static bool out_history(struct wb_call *c, const struct ssm_param *p, const struct ssm_version *v)
{
    struct wb_slice value;
    if (!ssm_value(c->tx, p, v, wb_in_bool(c, "WithDecryption", false), &value)) {
        wb_fail(c, "InternalServerError", 500,
                "The value cannot be decrypted: it was sealed with another key.");
        return false;
    }
    wb_out_object(&c->out, NULL);
    out_settings(c, p, v);
    wb_out_str(&c->out, "Value", value);
    wb_out_list(&c->out, "Labels");
    for (size_t i = 0; i < v->labels; i++)
        wb_out_str(&c->out, NULL, v->label[i]);
    wb_out_end(&c->out);
    wb_out_end(&c->out);
    return true;
}

void ssm_get_history(struct wb_call *c)
{
    struct ssm_param p;
    struct ssm_version v;
    struct wb_slice token = wb_in_str(c, "NextToken"), last;
    int64_t max = wb_in_i64(c, "MaxResults", WB_SSM_HISTORY_PAGE), count = 0;
    if (!ssm_call_param(c, wb_in_str(c, "Name"), &p))
        return;
    uint64_t at = p.first, seen = 0;
    if (token.n) {
        if (!wb_page_open(c, token, p.arn, &last) || !wb_slice_u64(last, &seen)) {
            wb_fail(c, "InvalidNextToken", 400, "The specified token isn't valid.");
            return;
        }
        at = seen + 1 > at ? seen + 1 : at;
    }
    wb_out_list(&c->out, "Parameters");
    for (; at <= p.version && count < max; at++, count++)
        if (!ssm_read_version(c->tx, &p, at, &v) || !out_history(c, &p, &v))
            return;
    wb_out_end(&c->out);
    if (at <= p.version)
        wb_out_str(
            &c->out, "NextToken",
            wb_page_token(c, p.arn, wb_printf(c->arena, "%llu", (unsigned long long)(at - 1))));
}
