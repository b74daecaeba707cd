/*
 * Memory limits by control groups. v2 (kernel's cgroup-v2.rst): a group that hands a controller to
 * its children may not hold processes itself, so the server first moves into a child of its own. v1
 * (cgroup-v1/memory.rst): groups are simply made below the server's. Whatever is refused means: no
 * cgroups, and memory is polled instead.
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

static enum wb_cgroup_kind kind;
static bool opened;
static char base[WB_CGROUP_PATH - 64];
static unsigned next_group;

bool wb_fit(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(out, size, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < size)
        return true;
    out[0] = 0;
    return false;
}

static int write_at(const char *dir, const char *file, const char *text)
{
    char path[WB_CGROUP_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return r;
}

static bool read_at(const char *dir, const char *file, char *out, size_t size)
{
    char path[WB_CGROUP_PATH + 64];
    snprintf(path, sizeof path, "%s/%s", dir, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, size - 1);
    close(fd);
    out[n < 0 ? 0 : n] = 0;
    return n >= 0;
}

static int64_t number_at(const char *dir, const char *file)
{
    char b[64];
    return read_at(dir, file, b, sizeof b) ? strtoll(b, NULL, 10) : -1;
}

/* The number after a word in a file of "word number" lines; 0 when it is not there. */
static int64_t field_at(const char *dir, const char *file, const char *word)
{
    char b[2048];
    size_t n = strlen(word);
    if (!read_at(dir, file, b, sizeof b))
        return 0;
    for (char *line = b; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, word, n) == 0 && line[n] == ' ')
            return strtoll(line + n, NULL, 10);
    }
    return 0;
}

/* Is `word` one of the comma-separated words of `list`? */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n) {
        if ((p == list || p[-1] == ',') && (p[n] == 0 || p[n] == ',' || p[n] == '\n'))
            return true;
    }
    return false;
}

/* Where a hierarchy is mounted: type "cgroup2", or "cgroup" with the controller in its options. */
static bool mount_point(const char *type, const char *option, char *out, size_t size)
{
    char line[4096], point[512], fstype[64], options[512];
    FILE *f = fopen("/proc/self/mountinfo", "re");
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        char *tail = strstr(line, " - ");
        if (!tail || sscanf(line, "%*s %*s %*s %*s %511s", point) != 1 ||
            sscanf(tail + 3, "%63s %*s %511s", fstype, options) != 2)
            continue;
        found = strcmp(fstype, type) == 0 && (!option || has_word(options, option));
        if (found)
            found = wb_fit(out, size, "%s", point);
    }
    if (f)
        fclose(f);
    return found;
}

/* The server's own group: the path of the line "N:<controllers>:path". */
static bool own_path(const char *controller, char *out, size_t size)
{
    char line[1024];
    FILE *f = fopen("/proc/self/cgroup", "re");
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        found = controller ? has_word(names + 1, controller) : names[1] == 0;
        if (found)
            found = wb_fit(out, size, "%s", strcmp(path, "/") == 0 ? "" : path);
    }
    if (f)
        fclose(f);
    return found;
}

static bool open_v2(void)
{
    char point[256], own[256], dir[WB_CGROUP_PATH - 64], b[512];
    if (!mount_point("cgroup2", NULL, point, sizeof point) || !own_path(NULL, own, sizeof own))
        return false;
    if (!wb_fit(dir, sizeof dir, "%s%s", point, own) ||
        !read_at(dir, "cgroup.controllers", b, sizeof b) || !strstr(b, "memory"))
        return false;
    int r = write_at(dir, "cgroup.subtree_control", "+memory");
    if (r == -EBUSY) {
        char server[WB_CGROUP_PATH], pid[24];
        snprintf(server, sizeof server, "%s/server", dir);
        snprintf(pid, sizeof pid, "%d", (int)getpid());
        if ((mkdir(server, 0755) && errno != EEXIST) || write_at(server, "cgroup.procs", pid))
            return false;
        r = write_at(dir, "cgroup.subtree_control", "+memory");
        if (r)
            write_at(dir, "cgroup.procs", pid);
    }
    if (r)
        return false;
    return wb_fit(base, sizeof base, "%s/waybill-%d", dir, (int)getpid()) &&
           (mkdir(base, 0755) == 0 || errno == EEXIST) &&
           write_at(base, "cgroup.subtree_control", "+memory") == 0;
}

static bool open_v1(void)
{
    char point[256], own[256];
    if (!mount_point("cgroup", "memory", point, sizeof point) ||
        !own_path("memory", own, sizeof own))
        return false;
    return wb_fit(base, sizeof base, "%s%s/waybill-%d", point, own, (int)getpid()) &&
           (mkdir(base, 0755) == 0 || errno == EEXIST);
}

/* Groups of servers that were killed and whose data directory is gone as well, so that no sweep
 * finds them. Only what is empty goes: removing a group that is in use fails. */
static void remove_empty_siblings(void)
{
    char dir[WB_CGROUP_PATH], path[2 * WB_CGROUP_PATH];
    snprintf(dir, sizeof dir, "%s", base);
    char *end = strrchr(dir, '/');
    if (!end)
        return;
    *end = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strncmp(e->d_name, "waybill-", 8) != 0 || strcmp(e->d_name, end + 1) == 0)
            continue;
        if (kill((pid_t)strtol(e->d_name + 8, NULL, 10), 0) == 0 || errno != ESRCH)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        DIR *inner = opendir(path);
        for (struct dirent *f; inner && (f = readdir(inner));) {
            if (f->d_name[0] == 'e' && f->d_type == DT_DIR)
                unlinkat(dirfd(inner), f->d_name, AT_REMOVEDIR);
        }
        if (inner)
            closedir(inner);
        rmdir(path);
    }
    if (d)
        closedir(d);
}

enum wb_cgroup_kind wb_cgroup_open(void)
{
    if (opened)
        return kind;
    opened = true;
    kind = open_v2() ? WB_CGROUP_V2 : open_v1() ? WB_CGROUP_V1 : WB_CGROUP_NONE;
    char dir[WB_CGROUP_PATH];
    if (kind && wb_cgroup_make(dir, 64 << 20))
        wb_cgroup_remove(dir);
    else
        kind = WB_CGROUP_NONE;
    if (kind) {
        remove_empty_siblings();
    } else {
        rmdir(base);
        base[0] = 0;
    }
    return kind;
}

const char *wb_cgroup_base(void)
{
    return base;
}

bool wb_cgroup_make(char dir[WB_CGROUP_PATH], int64_t limit)
{
    char text[24];
    snprintf(dir, WB_CGROUP_PATH, "%s/e%u", base, ++next_group);
    if (mkdir(dir, 0755))
        return false;
    snprintf(text, sizeof text, "%lld", (long long)limit);
    bool v2 = kind == WB_CGROUP_V2;
    if (write_at(dir, v2 ? "memory.max" : "memory.limit_in_bytes", text)) {
        rmdir(dir);
        return false;
    }
    /* Swap would only make the end slow. Not every kernel counts it. */
    write_at(dir, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", v2 ? "0" : text);
    return true;
}

bool wb_cgroup_add(const char *dir, pid_t pid)
{
    char text[24];
    snprintf(text, sizeof text, "%d", (int)pid);
    return write_at(dir, "cgroup.procs", text) == 0;
}

int64_t wb_cgroup_usage(const char *dir)
{
    return number_at(dir, kind == WB_CGROUP_V2 ? "memory.current" : "memory.usage_in_bytes");
}

int64_t wb_cgroup_peak(const char *dir)
{
    return number_at(dir, kind == WB_CGROUP_V2 ? "memory.peak" : "memory.max_usage_in_bytes");
}

int64_t wb_cgroup_oom_kills(const char *dir)
{
    return field_at(dir, kind == WB_CGROUP_V2 ? "memory.events" : "memory.oom_control", "oom_kill");
}

void wb_cgroup_kill(const char *dir)
{
    char path[WB_CGROUP_PATH + 16];
    if (write_at(dir, "cgroup.kill", "1") == 0) /* v2, Linux 5.14 */
        return;
    snprintf(path, sizeof path, "%s/cgroup.procs", dir);
    FILE *f = fopen(path, "re");
    int pid;
    while (f && fscanf(f, "%d", &pid) == 1)
        kill(pid, SIGKILL);
    if (f)
        fclose(f);
}

bool wb_cgroup_remove(const char *dir)
{
    return rmdir(dir) == 0 || errno == ENOENT;
}

/* Processes of a killed namespace take a moment to go, and only then can their group be removed. */
struct leftover {
    struct leftover *next;
    char dir[WB_CGROUP_PATH];
};
static struct leftover *leftovers;

void wb_cgroup_tidy(void)
{
    for (struct leftover **at = &leftovers; *at;) {
        struct leftover *o = *at;
        if (wb_cgroup_remove(o->dir)) {
            *at = o->next;
            free(o);
        } else {
            wb_cgroup_kill(o->dir);
            at = &o->next;
        }
    }
}

void wb_cgroup_discard(const char *dir)
{
    if (wb_cgroup_remove(dir))
        return;
    struct leftover *o = wb_xcalloc(1, sizeof *o);
    wb_fit(o->dir, sizeof o->dir, "%s", dir);
    o->next = leftovers;
    leftovers = o;
    wb_cgroup_kill(dir);
}

void wb_cgroup_close(void)
{
    for (int i = 0; i < 500 && leftovers; i++) {
        wb_cgroup_tidy();
        if (leftovers)
            usleep(1000);
    }
    if (base[0])
        rmdir(base);
    base[0] = 0;
    kind = WB_CGROUP_NONE;
    opened = false;
}
