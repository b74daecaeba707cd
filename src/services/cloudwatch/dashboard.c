/* Dashboards: kept as they come, of an account, not of a region. */
#include "base/arn.h"
#include "base/limits.h"
#include "engine/paging.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/dashboard_body.h"

#define NAME_MAX_CHARS 255

static struct wb_slice row_key(struct wb_arena *a, struct wb_slice account, struct wb_slice name)
{
    return wb_key(a, WB_T_DASHBOARD, "ss", account, name);
}

static struct wb_slice arn(struct wb_call *c, struct wb_slice name)
{
    return wb_arn_make(c->arena, "cloudwatch", WB_S(""), c->ctx.account, "dashboard/%.*s",
                       WB_FMT(name));
}

static bool decode(struct wb_slice row, int64_t *modified_ms, struct wb_slice *body)
{
    struct wb_rd r = wb_rd(row);
    *modified_ms = (int64_t)wb_rd_le64(&r);
    *body = wb_rd_lp(&r);
    return wb_rd_done(&r);
}

static bool name_ok(struct wb_call *c, struct wb_slice name)
{
    bool good = true;
    for (size_t i = 0; i < name.n && good; i++) {
        char ch = name.p[i];
        good = (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
               ch == '-' || ch == '_';
    }
    if (!name.n || name.n > NAME_MAX_CHARS)
        wb_fail(c, "DashboardInvalidInputError", 400,
                "The field DashboardName must have a length of 1 to %d characters.",
                NAME_MAX_CHARS);
    else if (!good)
        wb_fail(c, "DashboardInvalidInputError", 400,
                "The value %.*s for field DashboardName contains invalid characters. It can only "
                "contain alphanumerics, dash (-) and underscore (_).",
                WB_FMT(name));
    return !wb_failed(c);
}

/* "dashboardValidationMessages":[...], and the same as AWS prints it in the message. */
static void refuse(struct wb_call *c, const struct cw_findings *f)
{
    struct wb_buf text = wb_buf_in(c->arena), extra = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_buf_str(&extra, "\"dashboardValidationMessages\":");
    wb_jw_init(&w, &extra);
    wb_jw_array(&w);
    for (size_t i = 0; i < f->count; i++) {
        struct wb_buf one = wb_buf_in(c->arena);
        struct wb_json_writer p;
        wb_jw_object(&w);
        wb_jw_kstr(&w, "DataPath", f->item[i].path);
        wb_jw_kstr(&w, "Message", f->item[i].message);
        wb_jw_end_object(&w);
        wb_jw_init(&p, &one);
        wb_buf_printf(&text, "%s\n  {\n    \"dataPath\": ", i ? "," : "");
        wb_jw_str(&p, f->item[i].path);
        wb_buf_slice_put(&text, wb_buf_slice(&one));
        one.n = 0;
        wb_jw_init(&p, &one);
        wb_buf_str(&text, ",\n    \"message\": ");
        wb_jw_str(&p, f->item[i].message);
        wb_buf_slice_put(&text, wb_buf_slice(&one));
        wb_buf_str(&text, "\n  }");
    }
    wb_jw_end_array(&w);
    wb_fail(c, "DashboardInvalidInputError", 400,
            "The dashboard body is invalid, there are %zu validation errors:\n[%.*s\n]", f->count,
            (int)text.n, text.p);
    c->error.extra = wb_buf_slice(&extra);
}

static bool body_ok(struct wb_call *c, struct wb_slice body)
{
    struct cw_findings f = {.count = 0};
    struct wb_json v = wb_json_read(c->arena, body, NULL);
    if (body.n > WB_DASHBOARD_BODY_MAX)
        wb_fail(c, "DashboardInvalidInputError", 400,
                "The field DashboardBody must not be longer than %d bytes.", WB_DASHBOARD_BODY_MAX);
    else if (wb_json_type(v) != WB_JSON_OBJECT)
        wb_fail(c, "DashboardInvalidInputError", 400,
                "The field DashboardBody must be a valid JSON object");
    if (wb_failed(c))
        return false;
    cw_dashboard_validate(c->arena, v, &f);
    if (f.count)
        refuse(c, &f);
    return !f.count;
}

static bool room(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s =
        wb_tx_scan_prefix(c->tx, wb_key(c->arena, WB_T_DASHBOARD, "s", c->ctx.account));
    int n = 0;
    while (n < WB_DASHBOARDS_MAX && wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    if (n == WB_DASHBOARDS_MAX)
        wb_fail(c, "DashboardInvalidInputError", 400,
                "The account has the maximum number of %d dashboards.", WB_DASHBOARDS_MAX);
    return !wb_failed(c);
}

void cw_put_dashboard(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "DashboardName"), body = wb_in_str(c, "DashboardBody"),
                    there;
    if (!name_ok(c, name) || !body_ok(c, body))
        return;
    struct wb_slice key = row_key(c->arena, c->ctx.account, name);
    if (!wb_tx_get(c->tx, key, &there) && !room(c))
        return;
    struct wb_buf b = wb_buf_in(c->arena);
    wb_buf_le64(&b, (uint64_t)c->tx->now_ms);
    wb_buf_lp(&b, body);
    wb_tx_put(c->tx, key, wb_buf_slice(&b));
    wb_out_list(&c->out, "DashboardValidationMessages");
    wb_out_end(&c->out);
}

static void not_found(struct wb_call *c, struct wb_slice name)
{
    wb_fail(c, "DashboardNotFoundError", 404, "Dashboard %.*s does not exist", WB_FMT(name));
}

void cw_get_dashboard(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "DashboardName"), row, body;
    int64_t modified;
    if (!wb_tx_get(c->tx, row_key(c->arena, c->ctx.account, name), &row) ||
        !decode(row, &modified, &body)) {
        not_found(c, name);
        return;
    }
    wb_out_str(&c->out, "DashboardArn", arn(c, name));
    wb_out_str(&c->out, "DashboardBody", body);
    wb_out_str(&c->out, "DashboardName", name);
}

void cw_list_dashboards(struct wb_call *c)
{
    struct wb_slice prefix = wb_in_str(c, "DashboardNamePrefix"), token = wb_in_str(c, "NextToken"),
                    all = wb_key(c->arena, WB_T_DASHBOARD, "s", c->ctx.account), key, row, body,
                    last = WB_SLICE_NULL;
    struct wb_slice lo = row_key(c->arena, c->ctx.account, prefix);
    int64_t modified, n = 0;
    lo = wb_slice_sub(lo, 0, lo.n - 2); /* without the terminator of the name */
    if (token.p) {
        if (!wb_page_open(c, token, prefix, &last)) {
            wb_fail(c, "InvalidParameterValueException", 400,
                    "The value of NextToken is not valid.");
            return;
        }
        lo = wb_key_after(c->arena, last);
    }
    struct wb_scan *s = wb_tx_scan(c->tx, lo, wb_key_after(c->arena, all), false);
    bool more = false;
    wb_out_list(&c->out, "DashboardEntries");
    while (wb_tx_next(c->tx, s, &key, &row)) {
        struct wb_key_rd r = wb_key_rd(c->arena, key, &(uint16_t){0});
        wb_key_rd_str(&r);
        struct wb_slice name = wb_key_rd_str(&r);
        if (!wb_slice_starts(name, prefix) || !decode(row, &modified, &body))
            break;
        if (n++ == WB_DASHBOARD_PAGE) {
            more = true;
            break;
        }
        last = wb_dup(c->arena, key);
        wb_out_object(&c->out, NULL);
        wb_out_str(&c->out, "DashboardName", name);
        wb_out_str(&c->out, "DashboardArn", arn(c, name));
        wb_out_time(&c->out, "LastModified", modified);
        wb_out_i64(&c->out, "Size", (int64_t)body.n);
        wb_out_end(&c->out);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    if (more)
        wb_out_str(&c->out, "NextToken", wb_page_token(c, prefix, last));
}

/* All or none. */
void cw_delete_dashboards(struct wb_call *c)
{
    struct wb_json names = wb_in(c, "DashboardNames");
    struct wb_json_iter it = wb_json_iter(names);
    struct wb_slice row;
    while (wb_json_next(&it)) {
        struct wb_slice name = wb_json_str(it.value, c->arena);
        if (!wb_tx_get(c->tx, row_key(c->arena, c->ctx.account, name), &row)) {
            not_found(c, name);
            return;
        }
    }
    it = wb_json_iter(names);
    while (wb_json_next(&it))
        wb_tx_del(c->tx, row_key(c->arena, c->ctx.account, wb_json_str(it.value, c->arena)));
}

void cw_dashboard_check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice key, row, body;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_DASHBOARD, ""));
    int64_t modified;
    while (wb_tx_next(tx, s, &key, &row))
        if (!decode(row, &modified, &body))
            bad(arg, "a dashboard cannot be read");
    wb_scan_close(s);
}
