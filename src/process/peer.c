/*
 * Whose connection is this? All functions share the machine's loopback, so an environment's Runtime
 * API address can be reached by its neighbours. The kernel tells, for the client's end of a
 * connection, the user and the inode of the socket (sock_diag(7)); either the user is one that only
 * this environment has, or one of its processes must hold that inode.
 */
#include "process/peer.h"
#include "process/confine.h"
#include "process/internal.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

bool wb_peer_socket(uint32_t server, uint16_t server_port, uint32_t client, uint16_t client_port,
                    uint32_t *user, uint32_t *inode)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } ask = {
        .head = {sizeof ask, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = ~0u,
                 .id = {.idiag_sport = htons(client_port),
                        .idiag_dport = htons(server_port),
                        .idiag_src = {htonl(client)},
                        .idiag_dst = {htonl(server)},
                        .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    union {
        struct nlmsghdr head;
        char bytes[1024];
    } got;
    bool ok = false;
    int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (s < 0)
        return false;
    struct timeval second = {1, 0};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    if (send(s, &ask, sizeof ask, 0) == (ssize_t)sizeof ask) {
        ssize_t n = recv(s, &got, sizeof got, 0);
        if (n > 0 && NLMSG_OK(&got.head, (size_t)n) && got.head.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
            got.head.nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg))) {
            const struct inet_diag_msg *m = NLMSG_DATA(&got.head);
            *user = m->idiag_uid;
            *inode = m->idiag_inode;
            ok = true;
        }
    }
    close(s);
    return ok;
}

static bool holds(pid_t pid, const char *link)
{
    char path[300], to[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    for (struct dirent *e; !found && d && (e = readdir(d));) {
        ssize_t n = readlinkat(dirfd(d), e->d_name, to, sizeof to - 1);
        to[n < 0 ? 0 : n] = 0;
        found = n > 0 && strcmp(to, link) == 0;
    }
    if (d)
        closedir(d);
    return found;
}

bool wb_peer_tree_holds(pid_t root, uint32_t inode)
{
    pid_t tree[2048];
    char link[32];
    size_t n = 1;
    snprintf(link, sizeof link, "socket:[%u]", inode);
    tree[0] = root;
    for (size_t i = 0; i < n; i++) {
        if (holds(tree[i], link))
            return true;
        n += wb_children_of(tree[i], tree + n, sizeof tree / sizeof *tree - n);
    }
    return false;
}
