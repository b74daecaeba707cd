/*
 * What a killed server may have left behind. Environments die with their server (confine.c), so
 * there is hardly ever something to find: the exceptions are processes that killed their guardian
 * where no process namespace holds them. They are found by their cgroup, whose folder the server
 * notes in RUN/cgroup, and by a variable in their environment that names the run folder.
 */
#include "process/internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char marker[96];
static char note[4096];

const char *wb_process_marker(void)
{
    return marker[0] ? marker : NULL;
}

void wb_process_publish(void)
{
    if (!note[0] || !wb_cgroup_base()[0])
        return;
    int fd = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    (void)!write(fd, wb_cgroup_base(), strlen(wb_cgroup_base()));
    close(fd);
}

static void sweep_group(const char *dir)
{
    char path[4096];
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != 'e' || e->d_type != DT_DIR)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        wb_cgroup_kill(path);
        /* the kernel needs a moment to empty it */
        for (int i = 0; i < 100 && !wb_cgroup_remove(path); i++)
            usleep(10000);
    }
    if (d)
        closedir(d);
    rmdir(dir);
}

static bool has_marker(const char *pid)
{
    char path[300], b[65536];
    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = 0, got;
    while (n < (ssize_t)sizeof b - 1 && (got = read(fd, b + n, sizeof b - 1 - (size_t)n)) > 0)
        n += got;
    close(fd);
    for (char *p = b; p < b + n; p += strlen(p) + 1) {
        b[n] = 0;
        if (strcmp(p, marker) == 0)
            return true;
    }
    return false;
}

void wb_process_sweep(const char *run_dir)
{
    struct stat st;
    if (stat(run_dir, &st))
        return;
    snprintf(marker, sizeof marker, "WAYBILL_ENVIRONMENT=%llx-%llx", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    snprintf(note, sizeof note, "%s/cgroup", run_dir);
    char old[WB_CGROUP_PATH] = "";
    int fd = open(note, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = read(fd, old, sizeof old - 1);
        old[n < 0 ? 0 : n] = 0;
        close(fd);
    }
    /* Only a folder of ours, and not the one in use. */
    if (strstr(old, "/waybill-") && strcmp(old, wb_cgroup_base()) != 0)
        sweep_group(old);
    unlink(note);
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && has_marker(e->d_name))
            kill((pid_t)strtol(e->d_name, NULL, 10), SIGKILL);
    }
    if (d)
        closedir(d);
    wb_process_publish();
}
