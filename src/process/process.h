/*
 * Child processes for functions: start in a sandbox, watch memory, kill the whole tree, leave no
 * orphan. Waybill starts itself again as `waybill sandbox-helper` with its settings over a socket
 * (nothing secret in argv); the helper confines itself and execs the runtime.
 *
 * Threads: start, kill, reap, check and free belong to one thread, and that thread must outlive the
 * processes it starts (the kernel's parent-death signal is bound to the thread). Probe and sweep
 * run once, at start, before any thread. File descriptors the program does not want inherited must
 * be close-on-exec, as everywhere.
 */
#ifndef WB_PROCESS_PROCESS_H
#define WB_PROCESS_PROCESS_H

#include "base/arena.h"
#include <sys/types.h>

/* What this kernel and account allow; probed once at start by really trying. */
struct wb_sandbox_caps {
    bool landlock, seccomp, user_ns, mount_ns, pid_ns, cgroup;
    int landlock_abi;
    const char *memory; /* "cgroup v2", "cgroup v1" or "rss polling" */
};
void wb_sandbox_probe(struct wb_sandbox_caps *caps);
/* One sentence a missing feature, for the log at start; null when all is there. */
struct wb_slice wb_sandbox_missing(struct wb_arena *a, const struct wb_sandbox_caps *caps);
/* Functions may run: Landlock or a mount namespace is there. */
bool wb_sandbox_usable(const struct wb_sandbox_caps *caps);

/* A folder the process may read and execute from. `as`: where it appears inside when the sandbox
 * has a mount namespace; NULL = under its own name. System folders (/usr, the harmless part of
 * /etc, ...) come by themselves. */
struct wb_process_dir {
    const char *path, *as;
};

struct wb_process_spec {
    const char *const *argv; /* argv[0] = absolute path as seen inside; NULL-terminated */
    const char *const *env;  /* "K=V", NULL-terminated; nothing else is inherited */
    const char *cwd;         /* as seen inside */
    bool sandbox;
    const struct wb_process_dir *read_dirs; /* ends with a NULL path; may be NULL */
    const char *const *write_dirs; /* the environment's own work folders, NULL-terminated; with a
                                      mount namespace write_dirs[0] is "/tmp" inside. When Waybill
                                      is root they are given to the process's own user. */
    int64_t memory_bytes;          /* of the whole tree; 0 = no limit */
    int64_t file_bytes;            /* largest file it may write; 0 = no limit */
    int stdin_fd;                  /* -1 = /dev/null */
    struct wb_zygote *zygote;      /* fork this instead of starting argv; NULL = start argv */
};
/* True when sandboxed processes see read_dirs under `as` and write_dirs[0] as /tmp. */
bool wb_process_maps(void);

struct wb_process;
/* Starts it; stdout_fd and stderr_fd get the read ends of non-blocking pipes (the caller closes
 * them); pidfd for wb_watch. NULL with *why on failure. What fails later, inside the helper, is
 * said on the process's stderr and ends it with exit status 125. */
struct wb_process *wb_process_start(const struct wb_process_spec *s, int *stdout_fd, int *stderr_fd,
                                    struct wb_arena *a, struct wb_slice *why);
pid_t wb_process_pid(const struct wb_process *p);
int wb_process_pidfd(const struct wb_process *p); /* readable when it ended */
void wb_process_kill(struct wb_process *p);       /* SIGKILL to it and every descendant */
/* After the pidfd became readable: reaps. True with the wait status of the runtime itself; *oom:
 * something was killed for memory. False: it still runs. */
bool wb_process_reap(struct wb_process *p, int *wait_status, bool *oom);
int64_t wb_process_memory(struct wb_process *p);      /* bytes now, whole tree */
int64_t wb_process_memory_peak(struct wb_process *p); /* highest seen */
/* To be polled several times a second: kills and returns true when the tree is over its limit (RSS
 * polling) or the kernel killed a part of it for memory (cgroups). */
bool wb_process_check_memory(struct wb_process *p);
/* Does the TCP connection (as the server sees it: its own address first) belong to this process or
 * a descendant? IPv4, host byte order. Tells a function's own calls from its neighbours'. */
bool wb_process_owns_tcp(struct wb_process *p, uint32_t server, uint16_t server_port,
                         uint32_t client, uint16_t client_port);
void wb_process_free(struct wb_process *p); /* kills what is left; accepts NULL */

/*
 * A zygote: a runtime that has loaded its libraries, but no function, and is forked for each
 * environment. It runs as Waybill's own user outside of the sandbox, so it must only run trusted
 * code; each fork confines itself as the helper does before anything of the function is read.
 * argv is the program with its arguments; it gets the request socket as fd 3 (protocol: zygote.c).
 */
struct wb_zygote;
struct wb_zygote *wb_zygote_start(const char *const *argv, const char *const *env,
                                  struct wb_arena *a, struct wb_slice *why);
bool wb_zygote_ready(struct wb_zygote *z); /* has said that its libraries are loaded; else false */
bool wb_zygote_alive(struct wb_zygote *z);
void wb_zygote_free(struct wb_zygote *z); /* ends it and what it forked; accepts NULL */

/* Entry of `waybill sandbox-helper`: reads the settings from fd 3, confines itself, execs. Returns
 * an exit status on failure. */
int wb_sandbox_helper_main(void);
/* At start: ends processes and removes cgroups that an earlier, killed server left behind (by
 * marker under run_dir), and keeps the markers of this one there. */
void wb_process_sweep(const char *run_dir);
/* At the end, when every process was freed: removes the server's cgroup. */
void wb_process_end(void);

#endif
