/*
 * Child processes for functions: start in a sandbox, watch memory, kill the whole tree, leave no
 * orphan. Waybill starts itself again as `waybill sandbox-helper` with its settings over a pipe
 * (nothing secret in argv); the helper confines itself and execs the runtime.
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

struct wb_process_spec {
    const char *const *argv; /* argv[0] = absolute path; NULL-terminated */
    const char *const *env;  /* "K=V", NULL-terminated; nothing else is inherited */
    const char *cwd;
    bool sandbox;
    const char *const
        *read_dirs; /* readable and executable: code, runtime, system folders; NULL-terminated */
    const char *const *write_dirs; /* the environment's own work folder; "/tmp" inside is mapped to
                                      write_dirs[0] with a mount namespace */
    int64_t memory_bytes;          /* of the whole tree */
    int stdin_fd;                  /* -1 = /dev/null */
};

struct wb_process;
/* Starts it; stdout_fd and stderr_fd get the read ends of non-blocking pipes (the caller closes
 * them); pidfd for wb_watch. NULL with *why on failure. */
struct wb_process *wb_process_start(const struct wb_process_spec *s, int *stdout_fd, int *stderr_fd,
                                    struct wb_arena *a, struct wb_slice *why);
pid_t wb_process_pid(const struct wb_process *p);
int wb_process_pidfd(const struct wb_process *p);
void wb_process_kill(struct wb_process *p, int sig); /* SIGKILL reaches every descendant */
/* After the pidfd became readable: reaps. True with the wait status; *oom: killed for memory. */
bool wb_process_reap(struct wb_process *p, int *wait_status, bool *oom);
int64_t wb_process_memory(struct wb_process *p);      /* bytes now, whole tree */
int64_t wb_process_memory_peak(struct wb_process *p); /* highest seen */
/* Polled several times a second when the limit is not kept by a cgroup; kills and returns true when
 * over. */
bool wb_process_check_memory(struct wb_process *p);
void wb_process_free(struct wb_process *p); /* kills what is left */

/* Entry of `waybill sandbox-helper`: reads the settings from fd 3, confines itself, execs. Returns
 * an exit status on failure. */
int wb_sandbox_helper_main(void);
/* At start: ends processes and removes cgroups that an earlier, killed server left behind (by
 * marker under run_dir). */
void wb_process_sweep(const char *run_dir);

#endif
