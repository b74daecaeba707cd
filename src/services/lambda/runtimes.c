/*
 * What is started for a runtime. `provided*`: the package's own executable `bootstrap`. `python3*`:
 * the machine's python3 with our bootstrap; forked, where that is safe, from a zygote that has
 * boto3 loaded already (sdk/runtimes/python/bootstrap.py decides in the fork). `nodejs*`: the
 * machine's node, or the one named by --node, with our bootstrap.
 *
 * The bootstraps are part of this program and are written to DATA/run/runtimes at every start.
 */
#include "services/lambda/fleet.h"

#include "base/embed.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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

/* While it is put together: the environment's process, as it will see things. */
struct start {
    struct env *e;
    struct wb_process_spec *s;
    bool mapped;                /* it sees AWS's paths */
    const char *task, *runtime; /* the function's folder, the runtime's */
    const char **argv;          /* room for 3 */
    struct wb_process_dir *more;
    const char ***env_list;
    size_t *count;
};

static void add(struct start *t, const char *text)
{
    const char **more = wb_new_n(&t->e->arena, const char *, *t->count + 2);
    memcpy(more, *t->env_list, *t->count * sizeof *more);
    more[(*t->count)++] = text;
    *t->env_list = more;
}

/* A variable's place; NULL when the function did not set it. */
static const char **find(const struct start *t, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < *t->count; i++) {
        if (strncmp((*t->env_list)[i], name, n) == 0 && (*t->env_list)[i][n] == '=')
            return &(*t->env_list)[i];
    }
    return NULL;
}

static void start_python(struct start *t)
{
    struct wb_arena *a = &t->e->arena;
    t->argv[0] = python();
    t->argv[1] = wb_printf(a, "%s/bootstrap.py", t->runtime).p;
    /* The runtime's folder first, the function's own after it. */
    const char **own = find(t, "PYTHONPATH");
    if (own)
        *own = wb_printf(a, "PYTHONPATH=%s:%s", t->runtime, *own + 11).p;
    else
        add(t, wb_printf(a, "PYTHONPATH=%s", t->runtime).p);
    t->s->zygote = ready_zygote(t->e->l);
}

/* The file itself, links followed. */
static const char *node(struct start *t, struct wb_slice *why)
{
    const char *found = wb_engine_node(t->e->l->e);
    const char *named = wb_engine_config(t->e->l->e)->node;
    char real[PATH_MAX];
    if (found && realpath(found, real))
        return wb_dup_cstr(&t->e->arena, wb_slice_str(real));
    *why = wb_printf(&t->e->arena,
                     "%.*s needs node, which is not at %s; install nodejs or name it by --node",
                     WB_FMT(t->e->f->runtime), named ? named : "/usr/bin/node");
    return NULL;
}

/* A fresh node each time: it cannot be forked once its threads run. */
static bool start_node(struct start *t, struct wb_slice *why)
{
    const struct lambda_function *f = t->e->f;
    struct wb_arena *a = &t->e->arena;
    const char *real = node(t, why);
    struct wb_slice major = wb_slice_sub(f->runtime, 6, 8); /* nodejs20.x */
    if (!real)
        return false;
    t->argv[0] = real;
    /* One outside of /usr is shown alone, without the folders around it, where AWS has it. Without
     * a mount namespace another user would have to be let through those folders: left as it is. */
    if (strncmp(real, "/usr/", 5) != 0 && (t->mapped || geteuid() != 0)) {
        *t->more = (struct wb_process_dir){real, "/var/lang/bin/node"};
        t->argv[0] = t->mapped ? t->more->as : real;
    }
    /* As on AWS: V8 gives up before the memory limit is reached. */
    t->argv[1] = wb_printf(a, "--max-old-space-size=%lld", (long long)(f->memory_mb * 9 / 10)).p;
    t->argv[2] = wb_printf(a, "%s/bootstrap.mjs", t->runtime).p;
    /* As on AWS, and then where npm installs for the whole machine: an SDK there is preferred to
     * the bootstrap's stand-in. */
    if (!find(t, "NODE_PATH"))
        add(t, wb_printf(a,
                         "NODE_PATH=/opt/nodejs/node%.*s/node_modules:/opt/nodejs/node_modules:"
                         "%s/node_modules:%s:%s:/usr/local/lib/node_modules:/usr/lib/node_modules",
                         WB_FMT(major), t->runtime, t->runtime, t->task)
                   .p);
    /* The function's user is in no /etc/passwd, and os.homedir() throws then. */
    if (!find(t, "HOME"))
        add(t, wb_printf(a, "HOME=%s", t->mapped ? "/tmp" : t->e->dir.p).p);
    return true;
}

bool lambda_runtime_spec(struct env *e, struct wb_process_spec *s, const char ***env_list,
                         size_t *count, struct wb_slice *why)
{
    struct wb_arena *a = &e->arena;
    bool mapped = s->sandbox && wb_process_maps();
    bool is_python = lambda_runtime_is_python(e->f->runtime);
    bool is_node = lambda_runtime_is_node(e->f->runtime);
    struct wb_slice code = lambda_code_dir(a, e->l->e, e->f), runtimes = runtimes_dir(a, e->l);
    const char *files = wb_printf(a, "%.*s/%s", WB_FMT(runtimes), is_node ? "nodejs" : "python").p;
    struct wb_process_dir *dir = wb_new_n(a, struct wb_process_dir, 4);
    struct start t = {.e = e,
                      .s = s,
                      .mapped = mapped,
                      .task = mapped ? "/var/task" : code.p,
                      .runtime = mapped ? "/var/runtime" : files,
                      .argv = wb_new_n(a, const char *, 4),
                      .more = &dir[2],
                      .env_list = env_list,
                      .count = count};
    dir[0] = (struct wb_process_dir){code.p, "/var/task"};
    if (is_python || is_node)
        dir[1] = (struct wb_process_dir){files, "/var/runtime"};
    s->read_dirs = dir;
    s->argv = t.argv;
    s->cwd = t.task;
    add(&t, wb_printf(a, "LAMBDA_RUNTIME_DIR=%s", t.runtime).p);
    if (is_node)
        return start_node(&t, why);
    if (is_python)
        start_python(&t);
    else
        t.argv[0] = wb_printf(a, "%s/bootstrap", t.task).p;
    return true;
}
