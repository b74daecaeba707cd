/*
 * Inside of process/: the settings that travel to the helper, and the confinement itself. confine.c
 * and landlock.c are also built into a small library that zygotes load, so they use base/ only for
 * plain data and allocate nothing after the fork.
 */
#ifndef WB_PROCESS_CONFINE_H
#define WB_PROCESS_CONFINE_H

#include "base/buf.h"
#include "process/process.h"

enum {
    WB_CONFINE_USER_NS = 1,
    WB_CONFINE_MOUNT_NS = 2,
    WB_CONFINE_PID_NS = 4,
    WB_CONFINE_LANDLOCK = 8,
    WB_CONFINE_SECCOMP = 16,
    WB_CONFINE_SANDBOX = 32, /* no_new_privs, rlimits, own user */
    WB_CONFINE_SET_USER = 64,
};

#define WB_CONFINE_FAILED 125 /* exit status of a helper that could not confine itself */
/* The user of functions inside a user namespace, and the first of a block of 65,536 users that
 * belong to nobody (systemd's UIDS-GIDS page lists 1879048192..2147483647 as unused) when Waybill
 * is root: one user an environment. */
#define WB_CONFINE_INNER_USER 993
#define WB_CONFINE_FIRST_USER 1900000000u
#define WB_CONFINE_USERS      65536u
#define WB_CONFINE_NOBODY     65534u

struct wb_confine {
    uint32_t flags;
    uint32_t parent; /* pid of the starter */
    uint32_t user, outer_user, outer_group;
    uint64_t file_bytes;
    uint32_t processes_max;
    const char *cwd;
    const char **argv, **env; /* NULL-terminated */
    struct wb_process_dir *dir;
    const char **write_dir; /* NULL-terminated */
};

void wb_confine_pack(struct wb_buf *out, const struct wb_confine *c);
/* Pointers into `bytes`, which must stay and is changed; arrays in the arena. */
bool wb_confine_unpack(struct wb_arena *a, char *bytes, size_t n, struct wb_confine *out);

/*
 * Confines: returns in the process that is to become the runtime; the caller's process (and the
 * init of the new process namespace) stay behind as its guardians and never return. status_fd: the
 * wait status of the runtime is sent there. Whatever fails is said on fd 2, and the process exits
 * with WB_CONFINE_FAILED.
 */
void wb_confine_enter(const struct wb_confine *c, int status_fd);

/* Steps, for the probe. 0 or a negative errno. */
int wb_confine_unshare(const struct wb_confine *c);
int wb_confine_root(const struct wb_confine *c); /* new root in a new mount namespace */
int wb_landlock_abi(void);                       /* 0 = none */
int wb_confine_landlock(const struct wb_confine *c);
int wb_confine_seccomp(void);

/* System files that functions may read: folders and files, NULL-terminated. */
extern const char *const wb_confine_system_dirs[];
extern const char *const wb_confine_etc[];

/* Kills all descendants of this process (which is a subreaper) and reaps them. */
void wb_confine_kill_children(void);
/* The pids of the direct children of `pid`, at most max; returns how many. */
size_t wb_children_of(pid_t pid, pid_t *out, size_t max);

#endif
