/*
 * GetMetricWidgetImage: a graph as a PNG (API Reference, "GetMetricWidgetImage: Metric Widget
 * Structure and Syntax"). The widget's rows become metric data queries, their series lines over a
 * grid, with a title, horizontal annotations and a legend below.
 */
#include "base/limits.h"
#include "base/time.h"
#include "codec/text.h"
#include "services/cloudwatch/alarm.h"
#include "services/cloudwatch/canvas.h"
#include "services/cloudwatch/dashboard_body.h"
#include "services/cloudwatch/query.h"
#include <math.h>

#define LEGEND_ROW 12
#define MARGIN     8
#define AXIS_W     56 /* for the numbers at the left */
#define TICKS      5

/* Told apart also by people who do not see all colors. */
static const uint32_t line_colors[] = {0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd,
                                       0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf};

struct image {
    struct wb_call *c;
    struct wb_json widget;
    struct wb_window w;
    int width, height, zone;
    bool dark;
    struct wb_query_result *result;
    size_t count;
    double low, high, step; /* of the axis, and from tick to tick */
    struct cw_canvas canvas;
    int x0, y0, x1, y1; /* the plot */
};

static bool invalid(struct wb_call *c, const char *text)
{
    wb_fail(c, "ValidationException", 400, "%s", text);
    return false;
}

/* --- time --- */

/* "-PT3H", "-P7D", "PT90M": milliseconds. */
static bool duration(struct wb_slice s, int64_t *ms)
{
    bool negative = s.n && s.p[0] == '-', in_day = false;
    size_t i = negative;
    int64_t n = 0, sum = 0;
    if (i >= s.n || s.p[i++] != 'P' || i == s.n)
        return false;
    for (; i < s.n; i++) {
        char ch = s.p[i];
        if (ch >= '0' && ch <= '9' && n < 100000) {
            n = n * 10 + (ch - '0');
        } else if (ch == 'T' && !in_day && !n) {
            in_day = true;
        } else {
            int64_t unit = !in_day && ch == 'W'   ? 604800
                           : !in_day && ch == 'D' ? 86400
                           : !in_day && ch == 'M' ? 30 * 86400
                           : in_day && ch == 'H'  ? 3600
                           : in_day && ch == 'M'  ? 60
                           : in_day && ch == 'S'  ? 1
                                                  : 0;
            if (!unit)
                return false;
            sum += n * unit * 1000;
            n = 0;
        }
    }
    *ms = negative ? -sum : sum;
    return n == 0;
}

static bool moment(const struct image *m, const char *member, int64_t otherwise, int64_t *ms)
{
    struct wb_slice s = wb_json_get_str(m->widget, member, m->c->arena);
    int64_t d;
    *ms = otherwise;
    if (!s.p || wb_time_parse_iso(s, ms, NULL))
        return true;
    if (!duration(s, &d))
        return false;
    *ms = m->c->tx->now_ms + d;
    return true;
}

static bool read_window(struct image *m)
{
    int64_t now = m->c->tx->now_ms, start, end, period = wb_json_get_i64(m->widget, "period", 300);
    if (!moment(m, "end", now, &end) || !moment(m, "start", end - 3 * 3600000, &start) ||
        start >= end || end - start > WB_WIDGET_RANGE_MS)
        return invalid(m->c, "start and end of the widget are not a range of time.");
    if (period < 1 || period > 86400 * 30)
        return invalid(m->c, "period of the widget must be at least 1.");
    if (period < 60 && end - start > 3 * 3600000)
        period = 60;
    while ((end - start) / 1000 / period > WB_WIDGET_POINTS_MAX)
        period = period < 60 ? 60 : period * 2;
    int64_t ms = period * 1000;
    m->w = (struct wb_window){
        .start_ms = start - start % ms, .end_ms = end - end % ms + ms, .period_s = period};
    return true;
}

/* --- series --- */

static void put_query(struct image *m, struct wb_json_writer *w, const struct cw_metric_row *row,
                      unsigned i)
{
    struct wb_arena *a = m->c->arena;
    struct wb_json o = row->options;
    struct wb_slice id = wb_json_get_str(o, "id", a), stat = wb_json_get_str(o, "stat", a),
                    label = wb_json_get_str(o, "label", a);
    if (!stat.p)
        stat = wb_json_get_str(m->widget, "stat", a);
    wb_jw_object(w);
    wb_jw_kstr(w, "Id", id.p ? id : wb_printf(a, "%c%u", row->expression ? 'e' : 'm', i));
    if (label.p)
        wb_jw_kstr(w, "Label", label);
    wb_jw_kbool(w, "ReturnData", wb_json_bool(wb_json_get(o, "visible"), true));
    if (row->expression) {
        wb_jw_kstr(w, "Expression", wb_json_get_str(o, "expression", a));
        wb_jw_ki64(w, "Period", m->w.period_s);
        wb_jw_end_object(w);
        return;
    }
    wb_jw_key(w, "MetricStat");
    wb_jw_object(w);
    wb_jw_key(w, "Metric");
    wb_jw_object(w);
    wb_jw_kstr(w, "Namespace", row->field[0]);
    wb_jw_kstr(w, "MetricName", row->field[1]);
    wb_jw_key(w, "Dimensions");
    wb_jw_array(w);
    for (size_t k = 2; k + 1 < row->count; k += 2) {
        wb_jw_object(w);
        wb_jw_kstr(w, "Name", row->field[k]);
        wb_jw_kstr(w, "Value", row->field[k + 1]);
        wb_jw_end_object(w);
    }
    wb_jw_end_array(w);
    wb_jw_end_object(w);
    wb_jw_ki64(w, "Period", m->w.period_s);
    wb_jw_kstr(w, "Stat", stat.p ? stat : WB_S("Average"));
    wb_jw_end_object(w);
    wb_jw_end_object(w);
}

static bool read_series(struct image *m)
{
    struct wb_json rows = wb_json_get(m->widget, "metrics");
    struct wb_json_iter it = wb_json_iter(rows);
    struct cw_metric_row row, last;
    struct wb_buf b = wb_buf_in(m->c->arena);
    struct wb_json_writer w;
    struct wb_slice why;
    bool any = false;
    if (wb_json_type(rows) != WB_JSON_ARRAY || !wb_json_count(rows) ||
        wb_json_count(rows) > WB_WIDGET_METRICS_MAX)
        return invalid(m->c, "metrics of the widget must be an array of 1 to 100 metrics.");
    wb_jw_init(&w, &b);
    wb_jw_array(&w);
    for (unsigned i = 1; wb_json_next(&it); i++) {
        const char *wrong;
        int bad;
        if (!cw_metric_row_read(m->c->arena, it.value, any ? &last : NULL, &row, &bad, &wrong))
            return invalid(m->c, wrong);
        put_query(m, &w, &row, i);
        if (row.expression)
            continue;
        last = row;
        any = true;
    }
    wb_jw_end_array(&w);
    struct wb_json queries = wb_json_read(m->c->arena, wb_buf_slice(&b), NULL);
    if (wb_query_check(m->c->arena, queries, &why) &&
        wb_query_run(m->c->tx, m->c->ctx.account, m->c->ctx.region, queries, &m->w, m->zone,
                     &m->result, &m->count, &why))
        return true;
    wb_fail(m->c, "ValidationException", 400, "%.*s", WB_FMT(why));
    return false;
}

/* --- the axis --- */

static void widen(struct image *m, double v)
{
    m->low = fmin(m->low, v);
    m->high = fmax(m->high, v);
}

static void stack(struct image *m)
{
    const struct wb_series_values *below = NULL;
    if (!wb_json_bool(wb_json_get(m->widget, "stacked"), false))
        return;
    for (size_t i = 0; i < m->count; i++) {
        struct wb_series_values *v = &m->result[i].values;
        if (!m->result[i].returned)
            continue;
        for (size_t k = 0; k < v->n && below; k++)
            if (k < below->n && !isnan(below->value[k]))
                v->value[k] = below->value[k] + (isnan(v->value[k]) ? 0 : v->value[k]);
        below = v;
    }
}

static void find_axis(struct image *m)
{
    struct wb_json left = wb_json_get(wb_json_get(m->widget, "yAxis"), "left");
    struct wb_json_iter it =
        wb_json_iter(wb_json_get(wb_json_get(m->widget, "annotations"), "horizontal"));
    double v;
    m->low = 0;
    m->high = -INFINITY;
    for (size_t i = 0; i < m->count; i++)
        for (size_t k = 0; m->result[i].returned && k < m->result[i].values.n; k++)
            if (isfinite(m->result[i].values.value[k]))
                widen(m, m->result[i].values.value[k]);
    while (wb_json_next(&it))
        if (wb_json_double(wb_json_get(it.value, "value"), &v))
            widen(m, v);
    if (m->high <= m->low)
        m->high = m->low + 1;
    if (wb_json_double(wb_json_get(left, "min"), &v) && v < m->high && v > -1e100)
        m->low = v;
    if (wb_json_double(wb_json_get(left, "max"), &v) && v > m->low && v < 1e100)
        m->high = v;
    double rough = (m->high - m->low) / TICKS, power = pow(10, floor(log10(rough)));
    m->step = rough <= power       ? power
              : rough <= 2 * power ? 2 * power
              : rough <= 5 * power ? 5 * power
                                   : 10 * power;
    m->low = floor(m->low / m->step + 1e-9) * m->step;
    m->high = ceil(m->high / m->step - 1e-9) * m->step;
    if (m->high - m->low >= m->step / 2 && m->low + m->step > m->low)
        return;
    m->step = fmax(1, fabs(m->low) / 10); /* all but equal, and far from zero */
    m->high = m->low + TICKS * m->step;
}

static int y_of(const struct image *m, double v)
{
    double part = (v - m->low) / (m->high - m->low);
    part = part < -1 ? -1 : part > 2 ? 2 : part; /* what lies outside is clipped later */
    return m->y1 - (int)lround(part * (m->y1 - m->y0));
}

static int x_of(const struct image *m, int64_t ms)
{
    return m->x0 + (int)((ms - m->w.start_ms) * (m->x1 - m->x0) / (m->w.end_ms - m->w.start_ms));
}

/* 1500000 -> "1.5M" */
static struct wb_slice short_number(struct wb_arena *a, double v)
{
    static const char *const suffix[] = {"", "k", "M", "G", "T", "P"};
    int i = 0;
    for (; fabs(v) >= 1000 && i < 5; i++)
        v /= 1000;
    return wb_printf(a, "%.4g%s", fabs(v) < 1e-12 ? 0 : v, suffix[i]);
}

/* --- drawing --- */

static void draw_grid(struct image *m, uint8_t grid, uint8_t ink)
{
    struct wb_arena *a = m->c->arena;
    int ticks = (int)lround((m->high - m->low) / m->step);
    int64_t range = m->w.end_ms - m->w.start_ms;
    for (int i = 0; i <= ticks; i++) {
        double v = m->low + i * m->step;
        struct wb_slice text = short_number(a, v);
        int y = y_of(m, v);
        cw_line(&m->canvas, m->x0, y, m->x1, y, 1, 0, grid);
        cw_text(&m->canvas, m->x0 - 6 - (int)text.n * CW_LETTER_W, y - CW_LETTER_H / 2, text, ink);
    }
    int marks = (m->x1 - m->x0) / 90 + 1;
    for (int i = 0; i <= marks; i++) {
        int64_t at = m->w.start_ms + range * i / marks;
        struct wb_slice iso = wb_time_str(a, at + m->zone * 60000LL, WB_TIME_ISO_S),
                        text =
                            range > 86400000 ? wb_slice_sub(iso, 5, 10) : wb_slice_sub(iso, 11, 16);
        int x = x_of(m, at), left = x - (int)text.n * CW_LETTER_W / 2;
        cw_line(&m->canvas, x, m->y1, x, m->y1 + 3, 1, 0, ink);
        if (left + (int)text.n * CW_LETTER_W <= m->width)
            cw_text(&m->canvas, left, m->y1 + 6, text, ink);
    }
    cw_line(&m->canvas, m->x0, m->y1, m->x1, m->y1, 1, 0, ink);
}

static bool hex_color(struct wb_slice s, uint32_t *rgb)
{
    uint32_t v = 0;
    if (s.n != 7 || s.p[0] != '#')
        return false;
    for (size_t i = 1; i < 7; i++) {
        const char *digits = "0123456789abcdef", *at;
        char low = s.p[i] >= 'A' && s.p[i] <= 'F' ? (char)(s.p[i] - 'A' + 'a') : s.p[i];
        if (!low || !(at = strchr(digits, low)))
            return false;
        v = v << 4 | (uint32_t)(at - digits);
    }
    *rgb = v;
    return true;
}

static void draw_annotations(struct image *m)
{
    struct wb_json_iter it =
        wb_json_iter(wb_json_get(wb_json_get(m->widget, "annotations"), "horizontal"));
    double v;
    while (wb_json_next(&it)) {
        uint32_t rgb = 0xd62728;
        struct wb_slice label = wb_json_get_str(it.value, "label", m->c->arena);
        hex_color(wb_json_get_str(it.value, "color", m->c->arena), &rgb);
        if (!wb_json_double(wb_json_get(it.value, "value"), &v) || v < m->low || v > m->high)
            continue;
        int y = y_of(m, v);
        uint8_t color = cw_color(&m->canvas, rgb);
        cw_line(&m->canvas, m->x0, y, m->x1, y, 1, 4, color);
        cw_text(&m->canvas, m->x0 + 4, y - CW_LETTER_H - 2, label, color);
    }
}

/* The color that the row with this id asks for, or one by turns. */
static uint8_t color_of(struct image *m, struct wb_slice id, size_t turn)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(m->widget, "metrics"));
    uint32_t rgb = line_colors[turn % (sizeof line_colors / sizeof *line_colors)];
    for (unsigned i = 1; wb_json_next(&it); i++) {
        uint32_t n = wb_json_count(it.value);
        struct wb_json o = n ? wb_json_item(it.value, n - 1) : WB_JSON_NONE;
        struct wb_slice own = wb_json_get_str(o, "id", m->c->arena);
        if (!own.p)
            own = wb_printf(m->c->arena, "%c%u",
                            wb_json_is(wb_json_get(o, "expression")) ? 'e' : 'm', i);
        if (wb_slice_eq(own, id))
            hex_color(wb_json_get_str(o, "color", m->c->arena), &rgb);
    }
    return cw_color(&m->canvas, rgb);
}

static void draw_series(struct image *m, const struct wb_series_values *v, uint8_t color)
{
    int before_x = 0, before_y = 0;
    bool joined = false;
    for (size_t k = 0; k < v->n; k++) {
        bool there = isfinite(v->value[k]) && v->value[k] >= m->low && v->value[k] <= m->high;
        int x = x_of(m, m->w.start_ms + (int64_t)k * m->w.period_s * 1000),
            y = there ? y_of(m, v->value[k]) : 0;
        if (there && joined)
            cw_line(&m->canvas, before_x, before_y, x, y, 2, 0, color);
        else if (there)
            cw_box(&m->canvas, x - 1, y - 1, 3, 3, color);
        joined = there;
        before_x = x;
        before_y = y;
    }
}

static void draw(struct image *m)
{
    struct wb_slice title = wb_json_get_str(m->widget, "title", m->c->arena),
                    legend =
                        wb_json_get_str(wb_json_get(m->widget, "legend"), "position", m->c->arena);
    int rows = 0, row = 0;
    size_t turn = 0;
    for (size_t i = 0; i < m->count; i++)
        rows += m->result[i].returned;
    int room = (m->height / 3) / LEGEND_ROW;
    rows = wb_slice_is(legend, "hidden") ? 0 : rows > room ? room : rows;
    cw_canvas_init(&m->canvas, m->c->arena, m->width, m->height, m->dark ? 0x16191f : 0xffffff);
    uint8_t ink = cw_color(&m->canvas, m->dark ? 0xd5dbdb : 0x333333),
            grid = cw_color(&m->canvas, m->dark ? 0x414750 : 0xe5e5e5);
    m->x0 = AXIS_W;
    m->x1 = m->width - MARGIN - 12;
    m->y0 = MARGIN + (title.n ? LEGEND_ROW + 4 : 0);
    m->y1 = m->height - MARGIN - LEGEND_ROW - 6 - rows * LEGEND_ROW;
    cw_text(&m->canvas, MARGIN, MARGIN, title, ink);
    if (m->x1 - m->x0 < 10 || m->y1 - m->y0 < 10)
        return;
    draw_grid(m, grid, ink);
    draw_annotations(m);
    for (size_t i = 0; i < m->count; i++) {
        const struct wb_query_result *r = &m->result[i];
        if (!r->returned)
            continue;
        uint8_t color = color_of(m, r->id, turn++);
        draw_series(m, &r->values, color);
        if (row < rows) {
            int y = m->height - MARGIN - (rows - row) * LEGEND_ROW + 3;
            cw_box(&m->canvas, MARGIN, y, 8, 8, color);
            cw_text(&m->canvas, MARGIN + 14, y, r->label, ink);
            row++;
        }
    }
}

void cw_widget_image(struct wb_call *c)
{
    struct wb_slice format = wb_in_str(c, "OutputFormat"), view;
    struct image m = {.c = c, .widget = wb_json_read(c->arena, wb_in_str(c, "MetricWidget"), NULL)};
    if (format.p && !wb_slice_is(format, "png")) {
        invalid(c, "OutputFormat must be png.");
        return;
    }
    if (wb_json_type(m.widget) != WB_JSON_OBJECT) {
        invalid(c, "MetricWidget must be a valid JSON object.");
        return;
    }
    view = wb_json_get_str(m.widget, "view", c->arena);
    m.width = (int)wb_json_get_i64(m.widget, "width", 600);
    m.height = (int)wb_json_get_i64(m.widget, "height", 400);
    m.dark = wb_slice_is(wb_json_get_str(m.widget, "theme", c->arena), "dark");
    if (m.width < 1 || m.width > WB_WIDGET_SIZE_MAX || m.height < 1 ||
        m.height > WB_WIDGET_SIZE_MAX) {
        invalid(c, "width and height of the widget must be from 1 to 2000.");
        return;
    }
    if (view.p && !wb_slice_is(view, "timeSeries")) {
        invalid(c, "Only the view timeSeries is drawn here.");
        return;
    }
    if (!cw_zone(wb_json_get_str(m.widget, "timezone", c->arena), &m.zone)) {
        invalid(c, "timezone of the widget must be of the form +HHMM or -HHMM.");
        return;
    }
    if (!read_window(&m) || !read_series(&m))
        return;
    stack(&m);
    find_axis(&m);
    draw(&m);
    wb_out_bytes(&c->out, "MetricWidgetImage", cw_png(&m.canvas));
}
