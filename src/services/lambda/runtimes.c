/*
 * What is started for a runtime. `provided*`: the package's own executable `bootstrap`. `python3*`:
 * the machine's python3 with our bootstrap; forked, where that is safe, from a zygote that has
 * boto3 loaded already (sdk/runtimes/python/bootstrap.py decides in the fork).
 *
 * The bootstraps are part of this program and are written to DATA/run/runtimes at every start.
 */
#include "services/lambda/fleet.h"

#include "base/embed.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZYGOTE_AGAIN_MS 60000 /* after one that failed */

static const char *python(void)
{
    static const char *const places[] = {"/usr/bin/python3", "/usr/local/bin/python3", NULL};
    for (size_t i = 0; places[i]; i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return places[0];
}

static struct wb_slice runtimes_dir(struct wb_arena *a, struct lambda *l)
{
    return wb_printf(a, "%s/runtimes", l->run);
}

static bool write_file(const char *path, const struct wb_embedded *f)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = 0;
    mkdir(dir, 0755);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    size_t at = 0;
    ssize_t n = 0;
    while (at < f->size && (n = write(fd, f->bytes + at, f->size - at)) > 0)
        at += (size_t)n;
    return close(fd) == 0 && at == f->size;
}

void lambda_runtimes_install(struct lambda *l)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice dir = runtimes_dir(&a, l);
    mkdir(dir.p, 0755);
    for (const struct wb_embedded *f = wb_runtime_files; f->name; f++) {
        struct wb_slice path = wb_printf(&a, "%.*s/%s", WB_FMT(dir), f->name);
        if (!write_file(path.p, f))
            wb_log(WB_LOG_ERROR, "lambda", "cannot write a runtime's file", "path", path.p, "error",
                   strerror(errno), NULL);
    }
    wb_arena_release(&a);
}

/* --- the python zygote --- */

void lambda_zygote_wanted(struct lambda *l)
{
    int64_t now = lambda_mono_ms(l);
    if (l->stopped || l->zygote ||
        (l->zygote_failed_ms && now - l->zygote_failed_ms < ZYGOTE_AGAIN_MS))
        return;
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    struct wb_slice dir = runtimes_dir(&a, l);
    const char *argv[] = {python(),
                          wb_printf(&a, "%.*s/python/bootstrap.py", WB_FMT(dir)).p,
                          "--zygote",
                          wb_printf(&a, "%.*s/python/zygote.so", WB_FMT(dir)).p,
                          wb_printf(&a, "%d", (int)getpid()).p,
                          NULL};
    const char *env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                         "PYTHONDONTWRITEBYTECODE=1",
                         wb_printf(&a, "PYTHONPATH=%.*s/python", WB_FMT(dir)).p, NULL};
    l->zygote = wb_zygote_start(argv, env, &a, &why);
    if (!l->zygote) {
        l->zygote_failed_ms = now;
        wb_log(WB_LOG_WARN, "lambda", "no python zygote: environments start from scratch", "why",
               wb_dup_cstr(&a, why), NULL);
    }
    wb_arena_release(&a);
}

static struct wb_zygote *ready_zygote(struct lambda *l)
{
    lambda_zygote_wanted(l);
    if (l->zygote && !wb_zygote_alive(l->zygote)) {
        wb_zygote_free(l->zygote);
        l->zygote = NULL;
        l->zygote_failed_ms = lambda_mono_ms(l);
        wb_log(WB_LOG_WARN, "lambda", "the python zygote ended", NULL);
    }
    return l->zygote && wb_zygote_ready(l->zygote) ? l->zygote : NULL;
}

/* --- what is started --- */

static void add(struct env *e, const char ***list, size_t *n, const char *text)
{
    const char **more = wb_new_n(&e->arena, const char *, *n + 2);
    memcpy(more, *list, *n * sizeof *more);
    more[(*n)++] = text;
    *list = more;
}

void lambda_runtime_spec(struct env *e, struct wb_process_spec *s, const char ***env_list,
                         size_t *count)
{
    struct wb_arena *a = &e->arena;
    bool mapped = s->sandbox && wb_process_maps();
    struct wb_slice code = lambda_code_dir(a, e->l->e, e->f), runtimes = runtimes_dir(a, e->l);
    const char *task = mapped ? "/var/task" : code.p;
    const char *runtime = mapped ? "/var/runtime" : wb_printf(a, "%.*s/python", WB_FMT(runtimes)).p;
    struct wb_process_dir *dir = wb_new_n(a, struct wb_process_dir, 3);
    const char **argv = wb_new_n(a, const char *, 3);
    dir[0] = (struct wb_process_dir){code.p, "/var/task"};
    s->read_dirs = dir;
    s->argv = argv;
    s->cwd = task;
    add(e, env_list, count, wb_printf(a, "LAMBDA_RUNTIME_DIR=%s", runtime).p);
    if (!lambda_runtime_is_python(e->f->runtime)) {
        argv[0] = wb_printf(a, "%s/bootstrap", task).p;
        return;
    }
    dir[1] =
        (struct wb_process_dir){wb_printf(a, "%.*s/python", WB_FMT(runtimes)).p, "/var/runtime"};
    argv[0] = python();
    argv[1] = wb_printf(a, "%s/bootstrap.py", runtime).p;
    /* The runtime's folder first, the function's own after it. */
    for (size_t i = 0; i < *count; i++) {
        if (strncmp((*env_list)[i], "PYTHONPATH=", 11) == 0) {
            (*env_list)[i] = wb_printf(a, "PYTHONPATH=%s:%s", runtime, (*env_list)[i] + 11).p;
            runtime = NULL;
            break;
        }
    }
    if (runtime)
        add(e, env_list, count, wb_printf(a, "PYTHONPATH=%s", runtime).p);
    s->zygote = ready_zygote(e->l);
}
