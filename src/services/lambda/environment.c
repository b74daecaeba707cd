/* One environment: a process with its folder, its Runtime API address, its time limits, its end. */
#include "services/lambda/fleet.h"

#include "base/ids.h"
#include "base/log.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int64_t lambda_mono_ms(struct lambda *l)
{
    struct wb_seam *s = wb_engine_seam(l->e);
    return s->mono_ns(s) / 1000000;
}

int64_t lambda_mono_us(struct lambda *l)
{
    struct wb_seam *s = wb_engine_seam(l->e);
    return s->mono_ns(s) / 1000;
}

/* --- variables --- */

struct variables {
    struct wb_arena *a;
    const char **list;
    size_t n, cap;
};

static void set(struct variables *v, const char *name, struct wb_slice value)
{
    if (v->n + 1 >= v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 64;
        const char **list = wb_new_n(v->a, const char *, cap);
        if (v->n)
            memcpy(list, v->list, v->n * sizeof *list);
        v->list = list;
        v->cap = cap;
    }
    v->list[v->n++] = wb_printf(v->a, "%s=%.*s", name, WB_FMT(value)).p;
}

static void set_own(struct variables *v, struct wb_slice environment)
{
    struct wb_json_iter it = wb_json_iter(wb_json_read(v->a, environment, NULL));
    while (wb_json_next(&it)) {
        char *name = wb_dup_cstr(v->a, wb_json_str(it.key, v->a));
        set(v, name, wb_json_str(it.value, v->a));
    }
}

static struct wb_slice api_address(struct env *e)
{
    return wb_printf(&e->arena, "%u.%u.%u.%u:%d", e->address >> 24, e->address >> 16 & 255,
                     e->address >> 8 & 255, e->address & 255, e->port);
}

/* Developer Guide, "Using Lambda environment variables": defined runtime environment variables. */
static void set_all(struct env *e, const struct wb_credentials *key, struct variables *v)
{
    const struct wb_config *c = wb_engine_config(e->l->e);
    struct wb_arena *a = &e->arena;
    bool mapped = c->sandbox && wb_process_maps();
    set(v, "PATH", WB_S("/usr/local/bin:/usr/bin:/bin"));
    set(v, "LANG", WB_S("C.UTF-8"));
    set(v, "TZ", WB_S(":UTC"));
    set(v, "TMPDIR", mapped ? WB_S("/tmp") : e->dir);
    set(v, "AWS_XRAY_CONTEXT_MISSING", WB_S("LOG_ERROR"));
    if (e->spans)
        set(v, "AWS_XRAY_DAEMON_ADDRESS", api_address(e));
    set_own(v, e->f->environment);
    set(v, "LAMBDA_TASK_ROOT", mapped ? WB_S("/var/task") : lambda_code_dir(a, e->l->e, e->f));
    set(v, "_HANDLER", e->f->handler);
    set(v, "AWS_REGION", e->f->region);
    set(v, "AWS_DEFAULT_REGION", e->f->region);
    set(v, "AWS_EXECUTION_ENV", wb_printf(a, "AWS_Lambda_%.*s", WB_FMT(e->f->runtime)));
    set(v, "AWS_LAMBDA_FUNCTION_NAME", e->f->name);
    set(v, "AWS_LAMBDA_FUNCTION_VERSION", WB_S("$LATEST"));
    set(v, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", wb_printf(a, "%lld", (long long)e->f->memory_mb));
    set(v, "AWS_LAMBDA_INITIALIZATION_TYPE", WB_S("on-demand"));
    set(v, "AWS_LAMBDA_LOG_GROUP_NAME", wb_printf(a, "/aws/lambda/%.*s", WB_FMT(e->f->name)));
    set(v, "AWS_LAMBDA_LOG_STREAM_NAME", e->stream);
    set(v, "AWS_LAMBDA_RUNTIME_API", api_address(e));
    set(v, "AWS_ACCESS_KEY_ID", key->key_id);
    set(v, "AWS_SECRET_ACCESS_KEY", key->secret);
    set(v, "AWS_SESSION_TOKEN", key->token);
    set(v, "AWS_ENDPOINT_URL", wb_slice_str(c->public_url));
}

/* --- start --- */

static void on_exit_fd(void *arg, int events);
static void on_deadline(void *arg);

static bool start_process(struct env *e, const struct wb_credentials *key, struct wb_arena *a,
                          struct wb_slice *why)
{
    const struct wb_config *c = wb_engine_config(e->l->e);
    const char *write_dirs[] = {e->dir.p, NULL};
    struct variables v = {.a = &e->arena};
    struct wb_process_spec s = {.sandbox = c->sandbox,
                                .write_dirs = write_dirs,
                                .memory_bytes = e->f->memory_mb << 20,
                                .file_bytes = e->f->tmp_mb << 20,
                                .stdin_fd = -1};
    set_all(e, key, &v);
    if (!lambda_runtime_spec(e, &s, &v.list, &v.n, why))
        return false;
    v.list[v.n] = NULL;
    s.env = v.list;
    e->process = wb_process_start(&s, &e->fd[0], &e->fd[1], a, why);
    if (!e->process && s.zygote) {
        /* Not the function's fault: the slow way. */
        s.zygote = NULL;
        e->process = wb_process_start(&s, &e->fd[0], &e->fd[1], a, why);
    }
    return e->process != NULL;
}

struct env *env_start(struct lambda *l, struct queue *q, const struct lambda_function *f,
                      bool second, struct wb_arena *a, const char **code, struct wb_slice *why)
{
    struct env *e = wb_xcalloc(1, sizeof *e);
    struct wb_seam *seam = wb_engine_seam(l->e);
    struct wb_credentials key;
    char day[WB_TIME_MAX];
    wb_arena_init(&e->arena, 4096);
    e->l = l;
    e->queue = q;
    e->f = f;
    wb_def_hold(f);
    e->number = ++l->next_env;
    e->fd[0] = e->fd[1] = -1;
    e->second = second;
    e->started_ms = lambda_mono_ms(l);
    e->started_us = lambda_mono_us(l);
    e->dir = wb_printf(&e->arena, "%s/env/%llu", l->run, (unsigned long long)e->number);
    size_t n = wb_time_format(day, wb_engine_now(l->e), WB_TIME_SLASH);
    e->stream = wb_printf(&e->arena, "%.*s/[$LATEST]%.*s", (int)n, day,
                          WB_FMT(wb_id_hex(&e->arena, seam, 32)));
    wb_list_append(&l->envs, &e->link);
    wb_list_append(&q->envs, &e->in_queue);
    q->env_count++;
    q->starting++;
    l->live++;
    l->starting++;
    l->memory += f->memory_mb;
    e->state = ENV_STARTING;
    if (!lambda_role_session(e, a, &key, why)) {
        *code = LAMBDA_ROLE_CODE;
        env_free(e);
        return NULL;
    }
    *code = "ServiceException";
    *why = WB_S("its work folder cannot be made");
    bool served = mkdir(e->dir.p, 0700) == 0 && env_serve(e, a, why);
    if (served)
        env_serve_spans(e, a);
    if (!served || !start_process(e, &key, a, why)) {
        env_free(e);
        return NULL;
    }
    env_output_line(e, "INIT_START Runtime Version: %.*s", WB_FMT(f->runtime));
    env_output_open(e);
    e->exit = wb_watch_new(l->loop, wb_process_pidfd(e->process), WB_WATCH_READ, on_exit_fd, e);
    e->deadline = wb_timer_new(l->loop, on_deadline, e);
    wb_timer_start(e->deadline,
                   second ? (uint64_t)f->timeout_s * 1000 : (uint64_t)WB_LAMBDA_INIT_MS);
    return e;
}

/* --- work --- */

void env_give(struct env *e, struct invocation *v)
{
    e->state = ENV_BUSY;
    e->v = v;
    e->began_ms = lambda_mono_ms(e->l);
    lambda_busy(e);
    lambda_report_begin(v, e);
    if (v->sampled && v->trace_root.n == sizeof *e->sampled - 1)
        memcpy(e->sampled[e->sampled_count++ % WB_TRACE_PORT_TRACES], v->trace_root.p,
               sizeof *e->sampled - 1);
    wb_timer_start(e->deadline, (uint64_t)e->f->timeout_s * 1000);
    env_respond_next(e, v);
}

/* The invocation is over, however it ended. */
static void settle(struct env *e, enum lambda_result r, struct wb_slice error_type,
                   struct wb_slice body)
{
    struct invocation *v = e->v;
    e->v = NULL;
    lambda_not_busy(e);
    wb_timer_stop(e->deadline);
    v->result = r;
    v->error_type = wb_dup(v->arena, error_type);
    v->answer = wb_dup(v->arena, body);
    lambda_report_end(v, e);
    lambda_finish(v, r, NULL, v->answer);
}

void env_answered(struct env *e, enum lambda_result r, struct wb_slice error_type,
                  struct wb_slice body)
{
    env_output_drain(e, true);
    e->state = ENV_BETWEEN;
    settle(e, r, error_type, body);
}

void env_kill(struct env *e)
{
    if (e->state == ENV_DYING)
        return;
    if (e->state == ENV_STARTING) {
        e->l->starting--;
        e->queue->starting--;
    }
    e->state = ENV_DYING;
    if (e->deadline)
        wb_timer_stop(e->deadline);
    wb_process_kill(e->process);
}

static void on_deadline(void *arg)
{
    struct env *e = arg;
    e->timed_out = true;
    if (e->v) {
        struct invocation *v = e->v;
        char when[WB_TIME_MAX];
        wb_time_format(when, wb_engine_now(e->l->e), WB_TIME_ISO_MS);
        env_output_drain(e, true);
        env_output_line(e, "%s %.*s Task timed out after %lld.00 seconds", when, WB_FMT(v->id),
                        (long long)e->f->timeout_s);
        struct wb_slice body =
            wb_printf(v->arena,
                      "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: %.*s "
                      "Error: Task timed out after %lld.00 seconds\"}",
                      WB_FMT(v->id), (long long)e->f->timeout_s);
        env_kill(e);
        settle(e, LAMBDA_FUNCTION_ERROR, WB_S("Sandbox.Timedout"), body);
        return;
    }
    env_kill(e);
}

/* --- the end --- */

static struct wb_slice exit_text(struct wb_arena *a, int status)
{
    if (WIFSIGNALED(status)) {
        const char *name = sigdescr_np(WTERMSIG(status));
        char low[64];
        size_t n = 0;
        for (; name && name[n] && n < sizeof low - 1; n++)
            low[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] + 32) : name[n];
        low[n] = 0;
        return wb_printf(a, "Runtime exited with error: signal: %s", low);
    }
    if (WEXITSTATUS(status) == 0)
        return WB_S("Runtime exited without providing a reason");
    return wb_printf(a, "Runtime exited with error: exit status %d", WEXITSTATUS(status));
}

static struct wb_slice exit_document(struct wb_arena *a, struct wb_slice id, int status)
{
    return wb_printf(
        a, "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"RequestId: %.*s Error: %.*s\"}",
        WB_FMT(id), WB_FMT(exit_text(a, status)));
}

/* It ended before it asked for work. The first time another try is made, under the function's
 * time-out (Developer Guide, "Lambda execution environment": Init is repeated at the invocation);
 * then the oldest invocation that waits gets the error. */
static void init_ended(struct env *e, int status)
{
    struct queue *q = e->queue;
    q->retry_init = true;
    if (wb_list_empty(&q->waiting))
        return;
    if (!e->second)
        return;
    struct invocation *v = WB_CONTAINER(q->waiting.next, struct invocation, link);
    wb_list_remove(&v->link);
    q->waiting_count--;
    lambda_busy(e);
    lambda_report_begin(v, e);
    struct wb_slice type = WB_S("Runtime.ExitError"), body;
    if (e->timed_out) {
        type = WB_S("Sandbox.Timedout");
        body = wb_printf(v->arena,
                         "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"RequestId: %.*s "
                         "Error: Task timed out after %lld.00 seconds\"}",
                         WB_FMT(v->id), (long long)e->f->timeout_s);
    } else if (e->init_failed) {
        type = e->init_error_type;
        body = e->init_error;
    } else {
        body = exit_document(v->arena, v->id, status);
    }
    e->v = v;
    settle(e, LAMBDA_FUNCTION_ERROR, type, body);
}

static void on_exit_fd(void *arg, int events)
{
    struct env *e = arg;
    struct lambda *l = e->l;
    int status;
    bool oom;
    if (!wb_process_reap(e->process, &status, &oom))
        return;
    if (e->state == ENV_STARTING) {
        l->starting--;
        e->queue->starting--;
    }
    e->state = ENV_DYING;
    env_output_drain(e, true);
    if (e->v) {
        struct invocation *v = e->v;
        if (oom || e->memory)
            env_output_line(e, "RequestId: %.*s Error: Runtime exited with error: signal: killed",
                            WB_FMT(v->id));
        else
            env_output_line(e, "RequestId: %.*s Error: %.*s\tRuntime.ExitError", WB_FMT(v->id),
                            WB_FMT(exit_text(v->arena, status)));
        settle(e, LAMBDA_FUNCTION_ERROR, WB_S("Runtime.ExitError"),
               exit_document(v->arena, v->id, oom || e->memory ? SIGKILL : status));
    } else if (!e->was_ready) {
        init_ended(e, status);
    }
    env_free(e);
    lambda_dispatch(l);
}

void env_check(struct env *e, int64_t now_ms)
{
    env_output_tick(e, now_ms);
    if (e->state == ENV_DYING)
        return;
    if (wb_process_check_memory(e->process)) {
        e->memory = true;
        if (e->state == ENV_STARTING) {
            e->l->starting--;
            e->queue->starting--;
        }
        e->state = ENV_DYING;
        return;
    }
    if (e->state == ENV_IDLE &&
        (now_ms - e->idle_ms > WB_LAMBDA_IDLE_MS || lambda_role_session_ends(e)))
        env_kill(e);
}

void env_abandon(struct env *e)
{
    struct invocation *v = e->v;
    if (!v)
        return;
    e->v = NULL;
    lambda_not_busy(e);
    lambda_finish(v, LAMBDA_SYSTEM_ERROR, "ServiceException", WB_S("The server is stopping."));
}

void env_free(struct env *e)
{
    struct lambda *l = e->l;
    if (e->state == ENV_STARTING) {
        l->starting--;
        e->queue->starting--;
    }
    e->state = ENV_DYING;
    wb_watch_free(e->exit);
    wb_timer_free(e->deadline);
    env_output_flush(e);
    env_output_close(e);
    if (e->next) {
        struct wb_http_exchange *x = e->next;
        e->next = NULL;
        x->on_gone = NULL;
        wb_http_respond(x, &(struct wb_http_answer){.status = 503, .close = true});
    }
    wb_http_server_free(e->server);
    wb_span_port_free(e->spans);
    wb_process_free(e->process);
    if (e->dir.p)
        lambda_remove_tree(e->dir.p);
    wb_list_remove(&e->link);
    wb_list_remove(&e->in_queue);
    e->queue->env_count--;
    l->live--;
    l->memory -= e->f->memory_mb;
    wb_def_let_go(l->e, e->f);
    wb_arena_release(&e->arena);
    free(e);
}
