#include "cli/serve.h"
#include "base/limits.h"
#include "base/log.h"
#include "console/console.h"
#include "crypto/tls.h"
#include "engine/account.h"
#include "engine/spans_port.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LOOPS_MAX    64
#define POOL_THREADS 2

struct runner;
struct loop_thread {
    struct runner *r;
    struct wb_loop *loop;
    struct wb_front *front;
    pthread_t thread;
    struct wb_post drain;
    bool started;
};

struct runner {
    const struct wb_serve *s;
    struct wb_arena arena;
    struct wb_config config;
    int port;
    struct wb_store *store;
    struct wb_keyring *keyring;
    struct wb_tls_ctx *tls;
    struct wb_engine *engine;
    struct wb_span_port *daemon;
    struct loop_thread loop[LOOPS_MAX];
    unsigned loops;
    pthread_t writer, dispatcher, pool[POOL_THREADS];
    unsigned threads; /* of writer, dispatcher and pool that run */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    unsigned loops_ended; /* under lock */
};

static int complain(const char *what, struct wb_slice why)
{
    fprintf(stderr, "waybill: %s: %.*s\n", what, WB_FMT(why));
    return 1;
}

/* --- threads --- */

static void *run_writer(void *arg)
{
    wb_writer_run(arg);
    return NULL;
}

static void *run_dispatcher(void *arg)
{
    wb_dispatcher_run(arg);
    return NULL;
}

static void *run_pool(void *arg)
{
    wb_pool_run(arg);
    return NULL;
}

static void *run_loop(void *arg)
{
    struct loop_thread *l = arg;
    wb_loop_run(l->loop);
    pthread_mutex_lock(&l->r->lock);
    l->r->loops_ended++;
    pthread_cond_signal(&l->r->ended);
    pthread_mutex_unlock(&l->r->lock);
    return NULL;
}

static int start_thread(pthread_t *t, const char *name, void *(*run)(void *), void *arg)
{
    int e = pthread_create(t, NULL, run, arg);
    if (e)
        return complain("cannot start a thread", wb_slice_str(strerror(e)));
    pthread_setname_np(*t, name);
    return 0;
}

static int start_threads(struct runner *r)
{
    struct wb_engine *e = r->engine;
    if (start_thread(&r->writer, "writer", run_writer, e))
        return 1;
    r->threads++;
    if (start_thread(&r->dispatcher, "dispatcher", run_dispatcher, e))
        return 1;
    r->threads++;
    for (unsigned i = 0; i < POOL_THREADS; i++, r->threads++)
        if (start_thread(&r->pool[i], "scan", run_pool, e))
            return 1;
    for (unsigned i = 0; i < r->loops; i++) {
        if (start_thread(&r->loop[i].thread, "loop", run_loop, &r->loop[i]))
            return 1;
        r->loop[i].started = true;
    }
    return 0;
}

/* --- opening --- */

static int open_data(struct runner *r)
{
    struct wb_slice why = WB_SLICE_NULL;
    struct wb_seam *seam = wb_seam_os();
    const char *dir = r->config.data_dir;
    struct wb_store_options o = {.create = true, .disk_reserve = (uint64_t)r->config.disk_reserve};
    r->store = wb_store_open_lmdb(dir, &o, &r->arena, &why);
    if (!r->store)
        return complain(dir, why);
    bool fresh = !wb_access_keys_exist(r->store); /* else a lost key must be said, not replaced */
    r->keyring = wb_keyring_open(dir, r->s->key_file, seam, fresh, &r->arena, &why);
    if (!r->keyring)
        return complain(r->s->key_file ? r->s->key_file : dir, why);
    r->engine = wb_engine_new(&r->config, r->store, seam, r->keyring, r->s->modules);
    if (!r->engine)
        return complain(dir, WB_S("the store could not be set up"));
    wb_console_register(r->engine);
    const struct wb_config *c = wb_engine_config(r->engine);
    enum wb_store_status st =
        wb_root_key_ensure(r->store, r->keyring, seam,
                           wb_dup_cstr(&r->arena, wb_printf(&r->arena, "%s/credentials", dir)),
                           wb_slice_str(c->account), wb_slice_str(c->region), &r->arena);
    if (st == WB_STORE_OK)
        st = wb_accounts_ensure(r->engine, &r->arena);
    if (st == WB_STORE_CORRUPT)
        return complain(r->s->key_file ? r->s->key_file : dir,
                        WB_S("the data was sealed with another key: put back the key file that "
                             "belongs to it, or name it with --key-file"));
    if (st != WB_STORE_OK)
        return complain("cannot make the root access key", wb_slice_str(wb_store_why(r->store)));
    return 0;
}

static int open_fronts(struct runner *r)
{
    struct wb_slice why = WB_SLICE_NULL;
    if (r->s->tls_cert) {
        r->tls = wb_tls_ctx_new(r->s->tls_cert, r->s->tls_key, &r->arena, &why);
        if (!r->tls)
            return complain(r->s->tls_cert, why);
    }
    struct wb_http_server_options o = {
        .host = r->s->host, .port = r->port, .reuse_port = true, .tls = r->tls};
    for (unsigned i = 0; i < r->config.cores && i < LOOPS_MAX; i++) {
        struct loop_thread *l = &r->loop[i];
        *l = (struct loop_thread){.r = r, .loop = wb_loop_new()};
        if (!l->loop)
            return complain("cannot make an event loop", wb_slice_str(strerror(errno)));
        r->loops++;
        l->front = wb_front_new(r->engine, l->loop, &o, &r->arena, &why);
        if (!l->front) {
            char where[80];
            snprintf(where, sizeof where, "cannot listen on %s:%d", o.host, o.port);
            return complain(where, wb_printf(&r->arena,
                                             "%.*s. Stop what listens there, or name another "
                                             "address with --listen HOST:PORT.",
                                             WB_FMT(why)));
        }
        o.port = wb_front_port(l->front);
    }
    return 0;
}

/* Whoever reaches it puts segments as the server's own account. */
static int open_daemon(struct runner *r)
{
    const struct wb_config *c = wb_engine_config(r->engine);
    struct wb_slice why = WB_SLICE_NULL, account = wb_slice_str(c->account);
    struct wb_span_port_options o = {
        .host = r->s->daemon_host,
        .port = r->s->daemon_port,
        .tcp = true,
        .who = {.account = account, .region = wb_slice_str(c->region)}};
    o.who.principal = (struct wb_principal){
        .type = WB_PRINCIPAL_ROOT,
        .account = account,
        .id = account,
        .arn = wb_printf(&r->arena, "arn:aws:iam::%.*s:root", WB_FMT(account))};
    if (!o.host)
        return 0;
    r->daemon = wb_span_port_new(r->engine, wb_dispatcher_loop(r->engine), &o, &r->arena, &why);
    if (r->daemon)
        return 0;
    char where[80];
    snprintf(where, sizeof where, "cannot take segments at %s:%d", o.host, o.port);
    return complain(where, why);
}

/* What `waybill env` and the other commands read to find this server. A disk that is full must not
 * keep the server from coming up: what is there can still be read and deleted. */
static void write_endpoint(struct runner *r)
{
    struct wb_slice text = wb_printf(&r->arena, "export AWS_ENDPOINT_URL=%s\n",
                                     wb_engine_config(r->engine)->public_url);
    const char *path = wb_printf(&r->arena, "%s/endpoint", r->config.data_dir).p;
    const char *part = wb_printf(&r->arena, "%s.part", path).p;
    char old[4096];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(old, 1, sizeof old, f) : 0;
    if (f)
        fclose(f);
    if (wb_slice_eq(wb_slice(old, n), text))
        return;
    f = fopen(part, "w");
    bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
    ok = f && fclose(f) == 0 && ok && rename(part, path) == 0;
    if (ok)
        return;
    fprintf(stderr, "WARNING: %s cannot be written (%s). Set AWS_ENDPOINT_URL=%s by hand.\n", path,
            strerror(errno), wb_engine_config(r->engine)->public_url);
    unlink(part);
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static void greet(const struct runner *r)
{
    const struct wb_config *c = wb_engine_config(r->engine);
    const char *scheme = r->tls ? "https" : "http";
    printf("Waybill %s listens on %s://%s:%d (account %s, region %s, data in %s).\n", WB_VERSION,
           scheme, r->s->host, wb_front_port(r->loop[0].front), c->account, c->region, c->data_dir);
    if (c->auth)
        printf("Credentials: eval \"$(waybill env --data %s)\"\n", c->data_dir);
    if (r->daemon)
        printf("Segments of traces: %s:%d, UDP and TCP, unsigned.\n", r->s->daemon_host,
               wb_span_port_number(r->daemon));
    fflush(stdout);
    if (r->daemon && !is_loopback(r->s->daemon_host))
        fprintf(stderr,
                "WARNING: --xray-daemon %s. Anyone who reaches this address may put "
                "segments into traces.\n",
                r->s->daemon_host);
    if (!c->auth)
        fprintf(stderr, "WARNING: --auth off. Anyone who reaches this address may read and change "
                        "everything.\n");
    if (!c->sandbox)
        fprintf(stderr, "WARNING: --sandbox off. Functions run with this server's own rights.\n");
    if (c->test_clock)
        fprintf(stderr, "WARNING: --test-clock. Anyone who reaches this address may move the "
                        "engine's clock.\n");
}

/* --- ending --- */

static void drained(void *arg)
{
    struct loop_thread *l = arg;
    wb_loop_stop(l->loop);
}

static void drain(struct wb_post *p)
{
    struct loop_thread *l =
        (struct loop_thread *)(void *)((char *)p - offsetof(struct loop_thread, drain));
    wb_front_drain(l->front, drained, l);
}

/* What runs may finish, with the listeners still open: a function that is to finish calls its
 * tables. */
static void quiesce(struct runner *r)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    wb_engine_quiesce(r->engine);
    for (int ms = 0; ms < WB_DRAIN_MS && !wb_engine_idle(r->engine); ms += 5)
        nanosleep(&pause, NULL);
}

/* Connections first, so that what was asked is answered; then the engine. */
static void stop_loops(struct runner *r)
{
    unsigned running = 0;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WB_DRAIN_MS / 1000;
    for (unsigned i = 0; i < r->loops; i++)
        if (r->loop[i].started) {
            r->loop[i].drain.run = drain;
            wb_loop_post(r->loop[i].loop, &r->loop[i].drain);
            running++;
        }
    pthread_mutex_lock(&r->lock);
    while (r->loops_ended < running)
        if (pthread_cond_timedwait(&r->ended, &r->lock, &until) == ETIMEDOUT)
            break;
    pthread_mutex_unlock(&r->lock);
    for (unsigned i = 0; i < r->loops; i++)
        if (r->loop[i].started) {
            wb_loop_stop(r->loop[i].loop);
            pthread_join(r->loop[i].thread, NULL);
        }
}

static void stop_engine(struct runner *r)
{
    wb_engine_stop(r->engine);
    if (r->threads > 1)
        pthread_join(r->dispatcher, NULL);
    if (r->threads > 0)
        pthread_join(r->writer, NULL);
    for (unsigned i = 2; i < r->threads; i++)
        pthread_join(r->pool[i - 2], NULL);
}

static void release(struct runner *r)
{
    for (unsigned i = 0; i < r->loops; i++) {
        wb_loop_step(r->loop[i].loop, false); /* answers that came after the loop had stopped */
        wb_front_free(r->loop[i].front);
        wb_loop_free(r->loop[i].loop);
    }
    wb_span_port_free(r->daemon);
    wb_engine_free(r->engine);
    wb_tls_ctx_free(r->tls);
    wb_keyring_free(r->keyring);
    if (r->store)
        wb_store_close(r->store);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->ended);
    wb_arena_release(&r->arena);
}

/* --- the whole --- */

/* With port 0 the address has to be known before the engine (its links carry it): asks the system
 * for a free one. */
static int free_port(const char *host)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof any;
    inet_pton(AF_INET, host, &any.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;
    if (fd >= 0 && bind(fd, (struct sockaddr *)&any, n) == 0 &&
        getsockname(fd, (struct sockaddr *)&any, &n) == 0)
        port = ntohs(any.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

static void settle_address(struct runner *r)
{
    r->port = r->s->port ? r->s->port : free_port(r->s->host);
    if (!r->config.public_url)
        r->config.public_url = wb_printf(&r->arena, "%s://%s:%d", r->s->tls_cert ? "https" : "http",
                                         r->s->host, r->port)
                                   .p;
}

static void machine_defaults(struct wb_config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!c->cores)
        c->cores = cores > 0 ? (unsigned)cores : 1;
    if (!c->memory_budget)
        c->memory_budget = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
    if (!c->disk_reserve)
        c->disk_reserve = WB_DISK_RESERVE;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int wb_serve(const struct wb_serve *s)
{
    static struct runner r;
    r = (struct runner){.s = s, .config = s->config};
    wb_arena_init(&r.arena, 0);
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.ended, NULL);
    machine_defaults(&r.config);
    settle_address(&r);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before the threads, which inherit it */
    signal(SIGPIPE, SIG_IGN);
    int status = open_data(&r);
    if (!status)
        status = open_fronts(&r);
    if (!status)
        status = open_daemon(&r);
    if (!status) {
        write_endpoint(&r);
        status = start_threads(&r);
    }
    if (!status) {
        int sig;
        greet(&r);
        sigwait(&signals, &sig);
        wb_log(WB_LOG_INFO, "serve", "stopping: running requests are answered, queued work stays",
               NULL);
    }
    if (r.threads) {
        quiesce(&r);
        stop_loops(&r);
        stop_engine(&r);
    }
    release(&r);
    return status;
}
