/* The process tree below a process, read from /proc. */
#include "process/confine.h"
#include "process/internal.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Appends the pids in a "children" file; returns the new count. */
static size_t read_children(const char *path, pid_t *out, size_t n, size_t max)
{
    char b[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return n;
    long pid = 0;
    ssize_t got;
    while ((got = read(fd, b, sizeof b)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            if (b[i] >= '0' && b[i] <= '9') {
                pid = pid * 10 + (b[i] - '0');
                continue;
            }
            if (pid && n < max)
                out[n++] = (pid_t)pid;
            pid = 0;
        }
    }
    close(fd);
    return n;
}

size_t wb_children_of(pid_t pid, pid_t *out, size_t max)
{
    char path[300];
    size_t n = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *d = opendir(path);
    if (!d)
        return 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/children", (int)pid, e->d_name);
        n = read_children(path, out, n, max);
    }
    closedir(d);
    return n;
}

#define TREE_MAX 4096

void wb_confine_kill_children(void)
{
    static pid_t tree[TREE_MAX]; /* no allocation here: this also runs in a fork of a runtime */
    /* Stop before killing, so that nothing can fork away between two looks; then until none is
     * left, as every orphan falls to us. */
    for (;;) {
        size_t n = wb_children_of(getpid(), tree, TREE_MAX);
        for (size_t i = 0; i < n; i++) {
            kill(tree[i], SIGSTOP);
            n += wb_children_of(tree[i], tree + n, TREE_MAX - n);
        }
        for (size_t i = 0; i < n; i++)
            kill(tree[i], SIGKILL);
        pid_t p;
        while ((p = waitpid(-1, NULL, n ? 0 : WNOHANG)) < 0 && errno == EINTR) {
        }
        if (p < 0)
            return;
    }
}

/* Proportional set size: pages shared with others (a zygote's forks) count by their share. */
static int64_t memory_of(pid_t pid)
{
    char path[64], line[256];
    long long kb = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "Pss: %lld kB", &kb) == 1)
            break;
    }
    if (f)
        fclose(f);
    if (kb)
        return kb * 1024;
    long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    f = fopen(path, "re");
    if (f && fscanf(f, "%*d %ld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

int64_t wb_tree_memory(pid_t pid)
{
    pid_t tree[TREE_MAX];
    size_t n = 1;
    int64_t sum = 0;
    tree[0] = pid;
    for (size_t i = 0; i < n; i++) {
        sum += memory_of(tree[i]);
        n += wb_children_of(tree[i], tree + n, TREE_MAX - n);
    }
    return sum;
}
