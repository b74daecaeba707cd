/*
 * A small picture with a palette: lines, boxes, text in one size, written as PNG. Everything is
 * clipped to the picture.
 */
#ifndef WB_CLOUDWATCH_CANVAS_H
#define WB_CLOUDWATCH_CANVAS_H

#include "base/arena.h"

#define CW_LETTER_W 6 /* with the gap behind it */
#define CW_LETTER_H 7

struct cw_canvas {
    int w, h;
    uint8_t *point;        /* palette index of each, row by row */
    uint32_t palette[256]; /* 0xRRGGBB */
    unsigned colors;
    struct wb_arena *arena;
};

void cw_canvas_init(struct cw_canvas *c, struct wb_arena *a, int w, int h, uint32_t background);
/* The palette's index of a color; the nearest when the palette is full. */
uint8_t cw_color(struct cw_canvas *c, uint32_t rgb);
void cw_box(struct cw_canvas *c, int x, int y, int w, int h, uint8_t color);
/* dash 0: solid, else points on and as many off. */
void cw_line(struct cw_canvas *c, int x0, int y0, int x1, int y1, int width, int dash,
             uint8_t color);
/* x, y: upper left corner. Other characters than ASCII are drawn as '?'. */
void cw_text(struct cw_canvas *c, int x, int y, struct wb_slice text, uint8_t color);
struct wb_slice cw_png(struct cw_canvas *c);

#endif
