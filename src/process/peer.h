/* Inside of process/: the owner of a TCP connection's client end. */
#ifndef WB_PROCESS_PEER_H
#define WB_PROCESS_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* False when there is no such connection. Host byte order. */
bool wb_peer_socket(uint32_t server, uint16_t server_port, uint32_t client, uint16_t client_port,
                    uint32_t *user, uint32_t *inode);
bool wb_peer_tree_holds(pid_t root, uint32_t inode);

#endif
