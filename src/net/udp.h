/*
 * Datagrams that come to an address, on a loop. A flood costs little: a turn reads at most
 * WB_UDP_TURN of them before others get theirs, and after `second_max` in one second no more are
 * read until it is over; what does not fit into the kernel's buffer meanwhile is lost, as with any
 * datagram.
 */
#ifndef WB_NET_UDP_H
#define WB_NET_UDP_H

#include "base/arena.h"
#include "net/loop.h"

struct wb_udp_options {
    const char *host; /* literal IPv4/IPv6 address or "localhost" */
    int port;         /* 0 = any free one */
    unsigned second_max;
    void *user;
    void (*on_datagram)(void *user, struct wb_slice data); /* good until the return */
};

struct wb_udp;
/* NULL with *why (in the arena). */
struct wb_udp *wb_udp_new(struct wb_loop *l, const struct wb_udp_options *o, struct wb_arena *a,
                          struct wb_slice *why);
int wb_udp_port(const struct wb_udp *u);
void wb_udp_free(struct wb_udp *u); /* accepts NULL; not from within on_datagram */

#endif
