/*
 * What the files of net/ (and nobody else) know of a loop: the libuv loop inside.
 */
#ifndef WB_NET_LOOP_UV_H
#define WB_NET_LOOP_UV_H

#include "net/loop.h"
#include <uv.h>

uv_loop_t *wb_loop_uv(struct wb_loop *l);

#endif
