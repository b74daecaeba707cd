/* Inside of process/: cgroups and what the files share. */
#ifndef WB_PROCESS_INTERNAL_H
#define WB_PROCESS_INTERNAL_H

#include "process/process.h"

/* --- cgroup.c: a group of its own for each environment, below the server's own --- */
enum wb_cgroup_kind { WB_CGROUP_NONE, WB_CGROUP_V1, WB_CGROUP_V2 };
#define WB_CGROUP_PATH 512
/* Finds and prepares the server's group; tries by making one. Once. */
enum wb_cgroup_kind wb_cgroup_open(void);
const char *wb_cgroup_base(void); /* folder of this server's groups; "" = none */
bool wb_cgroup_make(char dir[WB_CGROUP_PATH], int64_t limit);
bool wb_cgroup_add(const char *dir, pid_t pid);
int64_t wb_cgroup_usage(const char *dir);
int64_t wb_cgroup_peak(const char *dir);
int64_t wb_cgroup_oom_kills(const char *dir);
void wb_cgroup_kill(const char *dir);
bool wb_cgroup_remove(const char *dir);  /* false while something is in it */
void wb_cgroup_discard(const char *dir); /* kills what is in it; removes it now or later */
void wb_cgroup_tidy(void);               /* tries again those that were not empty yet */
void wb_cgroup_close(void);              /* removes the server's group */

/* --- children.c, memory without cgroups --- */
int64_t wb_tree_memory(pid_t pid);

bool wb_fit(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))); /* snprintf; false (and empty) when it does not fit */

/* --- probe.c --- */
const struct wb_sandbox_caps *wb_caps(void); /* probes when that was not done */

/* --- sweep.c --- */
const char *wb_process_marker(void); /* "WAYBILL_ENVIRONMENT=..." or NULL */
void wb_process_publish(void);       /* notes the cgroup under run_dir */

/* --- process.c --- */
int wb_fd_high(int fd); /* moves it above the standard ones; close-on-exec */
/* Starts path with fd3 as descriptor 3. Returns the pid or a negative errno. */
pid_t wb_spawn(const char *path, const char *const *argv, const char *const *env, int fd0, int fd1,
               int fd2, int fd3);

/* --- zygote.c --- */
/* Forks it with the descriptors as 1, 2 and 3; the pid, or a negative errno. */
pid_t wb_zygote_fork(struct wb_zygote *z, int fd1, int fd2, int fd3);
pid_t wb_zygote_pid(const struct wb_zygote *z);

#endif
