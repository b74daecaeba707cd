/* Lambda's place in the engine: what it registers, its folders, its beginning and end. */
#include "services/lambda/fleet.h"
#include "services/lambda/lambda.h"

#include "base/log.h"
#include "engine/identity.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *lambda_run_dir(const struct wb_engine *e)
{
    struct lambda *l = wb_engine_get(e, "lambda");
    return l->run;
}

#define HOUSEKEEPING_MS (3600 * 1000)

static void start(struct wb_engine *e)
{
    const struct wb_config *c = wb_engine_config(e);
    struct lambda *l = wb_xcalloc(1, sizeof *l);
    struct wb_arena a;
    wb_arena_init(&a, 0);
    char *data = realpath(c->data_dir ? c->data_dir : ".", NULL);
    struct wb_slice run_dir = wb_printf(&a, "%s/run", data ? data : ".");
    l->run = wb_xstrndup(run_dir.p, run_dir.n);
    free(data);
    wb_arena_release(&a);
    l->e = e;
    l->queues = wb_map_new();
    wb_list_init(&l->queue_list);
    wb_list_init(&l->envs);
    wb_list_init(&l->scopes);
    l->env_max = 4 * (c->cores ? c->cores : 1);
    l->budget = c->memory_budget;
    wb_engine_set(e, "lambda", l);
    wb_def_register(e, &lambda_function_kind);
    wb_def_register(e, &lambda_reserved_kind);
    wb_executor_register(e, &lambda_executor);
    wb_target_register(e, &lambda_target);
    wb_resource_policy_register(e, "lambda", lambda_resource_policy);
    l->loop = wb_dispatcher_loop(e);
}

void lambda_let_go(struct wb_engine *e, void *function)
{
    wb_def_let_go(e, function);
}

/* --- folders --- */

/* Removes what is in a folder; `keep`: whole entries of the cache stay. */
static void empty(struct wb_arena *a, struct wb_slice dir, bool keep)
{
    DIR *d = opendir(dir.p);
    for (struct dirent *e; d && (e = readdir(d));) {
        bool whole = e->d_name[0] == 'z';
        if (e->d_name[0] != '.' && !(keep && whole))
            lambda_remove_tree(wb_printf(a, "%.*s/%s", WB_FMT(dir), e->d_name).p);
    }
    if (d)
        closedir(d);
}

static size_t read_small(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, out, size);
    if (fd >= 0)
        close(fd);
    return n < 0 ? 0 : (size_t)n;
}

/* Unpacked code is not synced to disk: it is trusted only within one boot of the machine. */
static bool same_boot(struct wb_arena *a, struct wb_slice run)
{
    char now[64], then[64];
    struct wb_slice path = wb_printf(a, "%.*s/boot", WB_FMT(run));
    size_t n = read_small("/proc/sys/kernel/random/boot_id", now, sizeof now);
    size_t m = read_small(path.p, then, sizeof then);
    if (n && n == m && memcmp(now, then, n) == 0)
        return true;
    int fd = open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)!write(fd, now, n);
        close(fd);
    }
    return false;
}

static void prepare_folders(struct lambda *l)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_slice run = wb_slice(l->run, strlen(l->run));
    struct wb_slice env = wb_printf(&a, "%s/env", l->run);
    struct wb_slice code = wb_printf(&a, "%s/code", l->run);
    mkdir(run.p, 0755);
    mkdir(env.p, 0755);
    mkdir(code.p, 0755);
    wb_process_sweep(run.p);
    empty(&a, env, false);
    empty(&a, code, same_boot(&a, run));
    wb_arena_release(&a);
    lambda_runtimes_install(l);
}

/* --- life --- */

static void say_sandbox(struct lambda *l)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    if (!wb_engine_config(l->e)->sandbox) {
        wb_log(WB_LOG_WARN, "lambda",
               "the sandbox is off: functions run as this server's user and see its files", NULL);
    } else {
        struct wb_slice missing = wb_sandbox_missing(&a, &l->caps);
        if (missing.n)
            wb_log(WB_LOG_WARN, "lambda", wb_dup_cstr(&a, missing), NULL);
    }
    wb_arena_release(&a);
}

/*
 * A look at all functions, at start and every hour: are there python ones, so that their zygote
 * gets ready before the first event; and which packages are still anybody's, so that the cache can
 * let go of the others.
 */
struct look {
    struct wb_command command;
    struct wb_post post;
    struct lambda *l;
    struct wb_arena arena;
    struct wb_map *used; /* folder names */
    bool python;
};

static void look_run(struct wb_command *c, struct wb_tx *tx)
{
    struct look *k = WB_CONTAINER(c, struct look, command);
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_FUNCTION, ""));
    while (s && wb_tx_next(tx, s, &key, &value)) {
        struct wb_json row = wb_json_read(tx->arena, wb_dup(tx->arena, value), NULL);
        struct lambda_function f = {.sha256 = wb_json_get_str(row, "sha256", tx->arena)};
        if (lambda_runtime_is_python(wb_json_get_str(row, "runtime", tx->arena)))
            k->python = true;
        if (f.sha256.p)
            wb_map_put(k->used, lambda_code_dir(tx->arena, tx->engine, &f), k);
    }
    wb_scan_close(s);
}

/* Folders that no function names any more and that are old enough not to be an upload's. */
static void let_go_of_code(struct look *k)
{
    struct wb_slice dir = wb_printf(&k->arena, "%s/code", k->l->run);
    struct stat st;
    for (struct wb_link *n = k->l->envs.next; n != &k->l->envs; n = n->next) {
        struct env *e = WB_CONTAINER(n, struct env, link);
        wb_map_put(k->used, lambda_code_dir(&k->arena, k->l->e, e->f), k);
    }
    DIR *d = opendir(dir.p);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct wb_slice path = wb_printf(&k->arena, "%.*s/%s", WB_FMT(dir), e->d_name);
        if (e->d_name[0] == '.' || wb_map_get(k->used, path) || lstat(path.p, &st))
            continue;
        int64_t age_ms = wb_engine_seam(k->l->e)->wall_ms(wb_engine_seam(k->l->e)) -
                         (int64_t)st.st_ctim.tv_sec * 1000;
        if (age_ms > HOUSEKEEPING_MS)
            lambda_remove_tree(path.p);
    }
    if (d)
        closedir(d);
}

static void look_posted(struct wb_post *p)
{
    struct look *k = WB_CONTAINER(p, struct look, post);
    if (k->python)
        lambda_zygote_wanted(k->l);
    if (!k->l->stopped)
        let_go_of_code(k);
    wb_map_free(k->used);
    wb_arena_release(&k->arena);
    free(k);
}

static void look_done(struct wb_command *c, enum wb_commit result)
{
    struct look *k = WB_CONTAINER(c, struct look, command);
    k->post.run = look_posted;
    wb_loop_post(k->l->loop, &k->post);
}

static void look(void *arg)
{
    struct lambda *l = arg;
    struct look *k = wb_xcalloc(1, sizeof *k);
    k->l = l;
    wb_arena_init(&k->arena, 0);
    k->used = wb_map_new();
    k->command = (struct wb_command){.lane = WB_LANE_INSIDE, .run = look_run, .done = look_done};
    wb_submit(l->e, &k->command);
    wb_timer_start(l->housekeeping, HOUSEKEEPING_MS);
}

struct wanted {
    struct wb_post post;
    struct lambda *l;
};

static void python_posted(struct wb_post *p)
{
    struct wanted *k = WB_CONTAINER(p, struct wanted, post);
    lambda_zygote_wanted(k->l);
    free(k);
}

void lambda_python_created(struct wb_engine *e, void *unused)
{
    struct wanted *k = wb_xcalloc(1, sizeof *k);
    k->l = wb_engine_get(e, "lambda");
    k->post.run = python_posted;
    wb_loop_post(k->l->loop, &k->post);
}

static void run(struct wb_engine *e)
{
    struct lambda *l = wb_engine_get(e, "lambda");
    l->reader = wb_reader_new(e);
    prepare_folders(l);
    wb_sandbox_probe(&l->caps);
    say_sandbox(l);
    l->tick = wb_timer_new(l->loop, lambda_tick, l);
    l->housekeeping = wb_timer_new(l->loop, look, l);
    look(l);
}

static void stop(struct wb_engine *e)
{
    struct lambda *l = wb_engine_get(e, "lambda");
    l->stopped = true;
    for (struct wb_link *k = l->queue_list.next; k != &l->queue_list; k = k->next) {
        struct queue *q = WB_CONTAINER(k, struct queue, link);
        while (!wb_list_empty(&q->waiting)) {
            struct invocation *v = WB_CONTAINER(q->waiting.next, struct invocation, link);
            wb_list_remove(&v->link);
            q->waiting_count--;
            lambda_finish(v, LAMBDA_SYSTEM_ERROR, "ServiceException",
                          WB_S("The server is stopping."));
        }
    }
    for (struct wb_link *k = l->envs.next; k != &l->envs; k = k->next)
        wb_process_kill(WB_CONTAINER(k, struct env, link)->process); /* all at once */
    while (!wb_list_empty(&l->envs)) {
        struct env *v = WB_CONTAINER(l->envs.next, struct env, link);
        env_abandon(v);
        env_free(v);
    }
    wb_timer_free(l->tick);
    wb_timer_free(l->housekeeping);
    l->tick = l->housekeeping = NULL;
    wb_zygote_free(l->zygote);
    wb_reader_free(l->reader);
    l->zygote = NULL;
    l->reader = NULL;
    wb_process_end();
}

static void release(struct wb_engine *e)
{
    struct lambda *l = wb_engine_get(e, "lambda");
    while (!wb_list_empty(&l->queue_list))
        lambda_queue_free(l, WB_CONTAINER(l->queue_list.next, struct queue, link));
    lambda_scopes_free(l);
    wb_map_free(l->queues);
    free(l->run);
    free(l);
}

static void check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_FUNCTION, ""));
    while (s && wb_tx_next(tx, s, &key, &value)) {
        struct lambda_function f = {0};
        if (!lambda_function_decode(tx->arena, wb_engine_keyring(tx->engine),
                                    wb_dup(tx->arena, key), value, &f))
            bad(arg, "a function's row cannot be decoded");
        else if (f.code_bytes != lambda_package_bytes(tx, &f))
            bad(arg,
                wb_printf(tx->arena, "the package of function %.*s is not complete", WB_FMT(f.name))
                    .p);
    }
    wb_scan_close(s);
}

const struct wb_module wb_lambda_module = {.service = &wb_lambda_service,
                                           .start = start,
                                           .run = run,
                                           .stop = stop,
                                           .free = release,
                                           .check = check};
