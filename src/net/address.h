/* Addresses to listen on. */
#ifndef WB_NET_ADDRESS_H
#define WB_NET_ADDRESS_H

#include <sys/socket.h>

/* A literal IPv4 or IPv6 address, or "localhost". 0, or -EINVAL. */
int wb_net_address(const char *host, int port, struct sockaddr_storage *ss, socklen_t *len);

#endif
