#include "services/cloudwatch/canvas.h"
#include "base/buf.h"
#include "base/crc.h"
#include "codec/zip.h"
#include "services/cloudwatch/canvas_font.h"
#include <stdlib.h>

void cw_canvas_init(struct cw_canvas *c, struct wb_arena *a, int w, int h, uint32_t background)
{
    *c = (struct cw_canvas){
        .w = w, .h = h, .point = wb_zalloc(a, (size_t)w * (size_t)h), .arena = a};
    cw_color(c, background); /* 0, with which the points begin */
}

static int apart(uint32_t a, uint32_t b)
{
    int sum = 0;
    for (int shift = 0; shift < 24; shift += 8)
        sum += abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
    return sum;
}

uint8_t cw_color(struct cw_canvas *c, uint32_t rgb)
{
    unsigned best = 0;
    for (unsigned i = 0; i < c->colors; i++)
        if (apart(c->palette[i], rgb) < apart(c->palette[best], rgb))
            best = i;
    if (c->colors == 256 || (c->colors && c->palette[best] == rgb))
        return (uint8_t)best;
    c->palette[c->colors] = rgb;
    return (uint8_t)c->colors++;
}

void cw_box(struct cw_canvas *c, int x, int y, int w, int h, uint8_t color)
{
    int x1 = x + w < c->w ? x + w : c->w, y1 = y + h < c->h ? y + h : c->h;
    for (int row = y < 0 ? 0 : y; row < y1; row++)
        for (int at = x < 0 ? 0 : x; at < x1; at++)
            c->point[(size_t)row * (size_t)c->w + (size_t)at] = color;
}

void cw_line(struct cw_canvas *c, int x0, int y0, int x1, int y1, int width, int dash,
             uint8_t color)
{
    int dx = abs(x1 - x0), dy = -abs(y1 - y0), error = dx + dy, step = 0;
    while (true) {
        if (!dash || step++ / dash % 2 == 0)
            cw_box(c, x0 - width / 2, y0 - width / 2, width, width, color);
        if (x0 == x1 && y0 == y1)
            return;
        int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += x0 < x1 ? 1 : -1;
        }
        if (twice <= dx) {
            error += dx;
            y0 += y0 < y1 ? 1 : -1;
        }
    }
}

void cw_text(struct cw_canvas *c, int x, int y, struct wb_slice text, uint8_t color)
{
    for (size_t i = 0; i < text.n; i++, x += CW_LETTER_W) {
        unsigned char ch = (unsigned char)text.p[i];
        const char *l = letters[(ch < ' ' || ch > '~' ? '?' : ch) - ' '];
        for (int p = 0; p < 35; p++)
            if (l[p] == '#')
                cw_box(c, x + p % 5, y + p / 5, 1, 1, color);
    }
}

/* --- PNG (RFC 2083): palette, 8 bits a point, no filter --- */

static void be32(struct wb_buf *b, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        wb_buf_char(b, (char)(v >> shift & 255));
}

static void chunk(struct wb_buf *b, const char *type, struct wb_slice data)
{
    be32(b, (uint32_t)data.n);
    size_t from = b->n;
    wb_buf_put(b, type, 4);
    wb_buf_slice_put(b, data);
    be32(b, wb_crc32(0, b->p + from, b->n - from));
}

struct wb_slice cw_png(struct cw_canvas *c)
{
    struct wb_buf out = wb_buf_in(c->arena), head = wb_buf_in(c->arena),
                  palette = wb_buf_in(c->arena), rows = wb_buf_in(c->arena);
    be32(&head, (uint32_t)c->w);
    be32(&head, (uint32_t)c->h);
    wb_buf_put(&head, "\x08\x03\0\0\0", 5);
    for (unsigned i = 0; i < c->colors; i++)
        for (int shift = 16; shift >= 0; shift -= 8)
            wb_buf_char(&palette, (char)(c->palette[i] >> shift & 255));
    for (int y = 0; y < c->h; y++) {
        wb_buf_char(&rows, 0);
        wb_buf_put(&rows, c->point + (size_t)y * (size_t)c->w, (size_t)c->w);
    }
    wb_buf_put(&out, "\x89PNG\r\n\x1a\n", 8);
    chunk(&out, "IHDR", wb_buf_slice(&head));
    chunk(&out, "PLTE", wb_buf_slice(&palette));
    chunk(&out, "IDAT", wb_deflate(c->arena, wb_buf_slice(&rows)));
    chunk(&out, "IEND", WB_S(""));
    return wb_buf_slice(&out);
}
