/*
 * Groups: a name for a filter expression. Row: JSON {"id", "filter", "insights", "notifications"}.
 * The ARN ends in the id, so a group made again under its name is another one.
 */
#include "base/ids.h"
#include "engine/paging.h"
#include "engine/tags.h"
#include "services/xray/filter.h"
#include "services/xray/xray.h"

struct group {
    struct wb_slice name, id, filter;
    bool insights, notifications;
};

static struct wb_slice row_key(struct wb_call *c, struct wb_slice name)
{
    return wb_key(c->arena, WB_T_XRAY_GROUP, "sss", c->ctx.account, c->ctx.region, name);
}

static struct wb_slice arn_of(struct wb_call *c, const struct group *g)
{
    return wb_arn_make(c->arena, "xray", c->ctx.region, c->ctx.account, "group/%.*s/%.*s",
                       WB_FMT(g->name), WB_FMT(g->id));
}

static bool read_row(struct wb_arena *a, struct wb_slice value, struct group *g)
{
    struct wb_json v = wb_json_read(a, wb_dup(a, value), NULL);
    g->id = wb_json_get_str(v, "id", a);
    g->filter = wb_json_get_str(v, "filter", a);
    g->insights = wb_json_bool(wb_json_get(v, "insights"), false);
    g->notifications = wb_json_bool(wb_json_get(v, "notifications"), false);
    return g->id.n != 0;
}

static bool read_group(struct wb_call *c, struct wb_slice name, struct group *g)
{
    struct wb_slice value;
    *g = (struct group){.name = name};
    return wb_tx_get(c->tx, row_key(c, name), &value) && read_row(c->arena, value, g);
}

static void write_group(struct wb_call *c, const struct group *g)
{
    struct wb_buf b = wb_buf_in(c->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "id", g->id);
    wb_jw_kstr(&w, "filter", g->filter.p ? g->filter : WB_S(""));
    wb_jw_kbool(&w, "insights", g->insights);
    wb_jw_kbool(&w, "notifications", g->notifications);
    wb_jw_end_object(&w);
    wb_tx_put(c->tx, row_key(c, g->name), wb_buf_slice(&b));
}

static void group_members(struct wb_call *c, const struct group *g)
{
    struct wb_out *o = &c->out;
    wb_out_str(o, "GroupName", g->name);
    wb_out_str(o, "GroupARN", arn_of(c, g));
    if (g->filter.n)
        wb_out_str(o, "FilterExpression", g->filter);
    wb_out_object(o, "InsightsConfiguration");
    wb_out_bool(o, "InsightsEnabled", g->insights);
    wb_out_bool(o, "NotificationsEnabled", g->notifications);
    wb_out_end(o);
}

static void out_group(struct wb_call *c, const struct group *g)
{
    wb_out_object(&c->out, "Group");
    group_members(c, g);
    wb_out_end(&c->out);
}

/* Name and id of arn:aws:xray:R:A:group/NAME/ID of this scope. */
static bool parse_arn(struct wb_call *c, struct wb_slice arn, struct wb_slice *name,
                      struct wb_slice *id)
{
    struct wb_arn r;
    if (!wb_arn_parse(arn, &r) || !wb_slice_is(r.service, "xray") ||
        !wb_slice_eq(r.account, c->ctx.account) || !wb_slice_eq(r.region, c->ctx.region) ||
        !wb_slice_starts(r.resource, WB_S("group/")))
        return false;
    struct wb_slice rest = wb_slice_sub(r.resource, 6, r.resource.n);
    *name = wb_slice_cut(&rest, '/');
    *id = rest;
    return name->n && id->n;
}

static bool by_arn(struct wb_call *c, struct wb_slice arn, struct group *g)
{
    struct wb_slice name, id;
    return parse_arn(c, arn, &name, &id) && read_group(c, name, g) && wb_slice_eq(g->id, id);
}

bool xray_group_exists(struct wb_call *c, struct wb_slice arn)
{
    struct group g;
    return by_arn(c, arn, &g);
}

/* The call's group; false with the call failed. */
static bool find(struct wb_call *c, struct group *g)
{
    struct wb_slice name = wb_in_str(c, "GroupName"), arn = wb_in_str(c, "GroupARN");
    if (!name.p == !arn.p) {
        xray_invalid(c, "Exactly one of GroupName and GroupARN must be given.");
        return false;
    }
    if (name.p ? read_group(c, name, g) : by_arn(c, arn, g))
        return true;
    xray_invalid(c, "Group not found.");
    return false;
}

bool xray_group_filter(struct wb_call *c, struct wb_slice *filter)
{
    struct group g;
    *filter = WB_SLICE_NULL;
    if (!wb_in_str(c, "GroupName").p && !wb_in_str(c, "GroupARN").p)
        return true;
    if (!find(c, &g))
        return false;
    *filter = g.filter;
    return true;
}

static struct wb_slice filter_of(void *arg, struct wb_slice name, struct wb_slice arn)
{
    struct group g;
    struct wb_call *c = arg;
    if (name.n ? !read_group(c, name, &g) : !by_arn(c, arn, &g))
        return WB_SLICE_NULL;
    return g.filter.p ? g.filter : WB_S("");
}

const struct xray_groups *xray_groups_of(struct wb_call *c)
{
    struct xray_groups *g = wb_new(c->arena, struct xray_groups);
    *g = (struct xray_groups){filter_of, c};
    return g;
}

/* Filter and settings of the input; false with the call failed. */
static bool settings(struct wb_call *c, struct group *g)
{
    struct wb_slice filter = wb_in_str(c, "FilterExpression"), why;
    struct wb_json insights = wb_in(c, "InsightsConfiguration");
    if (filter.p && !xray_filter_compile(c->arena, filter, xray_groups_of(c), &why)) {
        xray_invalid(c, "Invalid filter expression: %.*s.", WB_FMT(why));
        return false;
    }
    if (filter.p)
        g->filter = filter;
    g->insights = wb_json_bool(wb_json_get(insights, "InsightsEnabled"), g->insights);
    g->notifications =
        wb_json_bool(wb_json_get(insights, "NotificationsEnabled"), g->notifications);
    if (g->notifications && !g->insights)
        xray_invalid(c, "Notifications need insights to be enabled.");
    return !wb_failed(c);
}

static size_t groups(struct wb_call *c)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_XRAY_GROUP, "ss", c->ctx.account, c->ctx.region));
    size_t n = 0;
    while (wb_tx_next(c->tx, s, &key, &value))
        n++;
    wb_scan_close(s);
    return n;
}

void xray_create_group(struct wb_call *c)
{
    struct group g, there;
    struct wb_pair *tag;
    size_t count;
    struct wb_slice why, name = wb_in_str(c, "GroupName");
    g = (struct group){.name = name};
    if (read_group(c, name, &there) || wb_slice_is(name, "Default")) {
        xray_invalid(c, "A group with this name already exists.");
        return;
    }
    if (!settings(c, &g))
        return;
    if (!wb_tags_read(c->arena, wb_in(c, "Tags"), &tag, &count, &why)) {
        xray_invalid(c, "Invalid tags: %.*s.", WB_FMT(why));
        return;
    }
    if (groups(c) >= WB_XRAY_GROUPS_MAX) {
        xray_invalid(c, "At most %d groups can be made.", WB_XRAY_GROUPS_MAX);
        return;
    }
    g.id = wb_id_hex(c->arena, wb_engine_seam(c->engine), 32);
    write_group(c, &g);
    wb_tags_put(c->tx, arn_of(c, &g), tag, count);
    out_group(c, &g);
}

void xray_update_group(struct wb_call *c)
{
    struct group g;
    if (!find(c, &g) || !settings(c, &g))
        return;
    write_group(c, &g);
    out_group(c, &g);
}

void xray_delete_group(struct wb_call *c)
{
    struct group g;
    if (!find(c, &g))
        return;
    wb_tags_drop(c->tx, arn_of(c, &g));
    wb_tx_del(c->tx, row_key(c, g.name));
}

void xray_get_group(struct wb_call *c)
{
    struct group g;
    if (find(c, &g))
        out_group(c, &g);
}

static struct wb_scan *scan(struct wb_call *c)
{
    return wb_tx_scan_prefix(
        c->tx, wb_key(c->arena, WB_T_XRAY_GROUP, "ss", c->ctx.account, c->ctx.region));
}

/* The next group of the scan. */
static bool next(struct wb_call *c, struct wb_scan *s, struct group *g)
{
    struct wb_slice key, value;
    while (wb_tx_next(c->tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(c->arena, key, &table);
        *g = (struct group){0};
        wb_key_rd_str(&k);
        wb_key_rd_str(&k);
        g->name = wb_key_rd_str(&k);
        if (read_row(c->arena, value, g))
            return true;
    }
    return false;
}

/* There are never more than one page of them. */
void xray_get_groups(struct wb_call *c)
{
    struct group g;
    if (wb_in_str(c, "NextToken").p) {
        xray_invalid(c, "Invalid next token.");
        return;
    }
    struct wb_scan *s = scan(c);
    wb_out_list(&c->out, "Groups");
    while (next(c, s, &g)) {
        wb_out_object(&c->out, NULL);
        group_members(c, &g);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    wb_scan_close(s);
}

/* --- for others --- */

static struct xray_group told(struct wb_call *c, const struct group *g)
{
    return (struct xray_group){g->name, arn_of(c, g), g->filter, g->insights};
}

bool xray_group_of_call(struct wb_call *c, struct xray_group *out)
{
    struct group g;
    if (!find(c, &g))
        return false;
    *out = told(c, &g);
    return true;
}

size_t xray_group_list(struct wb_call *c, struct xray_group *out)
{
    struct wb_scan *s = scan(c);
    struct group g;
    size_t n = 0;
    while (n < WB_XRAY_GROUPS_MAX && next(c, s, &g))
        out[n++] = told(c, &g);
    wb_scan_close(s);
    return n;
}
