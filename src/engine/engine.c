#include "engine/account.h"
#include "engine/internal.h"
#include "engine/logs.h"
#include "engine/metric_rows.h"
#include "engine/otlp.h"
#include "engine/spans.h"
#include <stdlib.h>
#include <unistd.h>

const struct wb_config *wb_engine_config(const struct wb_engine *e)
{
    return &e->config;
}

const char *wb_engine_node(const struct wb_engine *e)
{
    static const char *const places[] = {"/usr/bin/node", "/usr/local/bin/node", NULL};
    const char *const named[] = {e->config.node, NULL};
    for (const char *const *p = named[0] ? named : places; *p; p++)
        if (access(*p, X_OK) == 0)
            return *p;
    return NULL;
}

struct wb_seam *wb_engine_seam(const struct wb_engine *e)
{
    return e->seam;
}

struct wb_keyring *wb_engine_keyring(const struct wb_engine *e)
{
    return e->keyring;
}

void wb_engine_set(struct wb_engine *e, const char *name, void *state)
{
    wb_map_put(e->state, wb_slice_str(name), state);
}

void *wb_engine_get(const struct wb_engine *e, const char *name)
{
    return wb_map_get(e->state, wb_slice_str(name));
}

/* --- the first command of a store --- */

static struct wb_slice home_key(struct wb_arena *a)
{
    return wb_key(a, WB_T_META, "z", "home");
}

/* A module's first rows are made once a store, also when the module is newer than the store. */
static struct wb_slice module_key(struct wb_arena *a, const struct wb_module *m)
{
    return wb_key(a, WB_T_META, "zz", "module", m->service ? m->service->name : "");
}

/* A data directory keeps the account and region it was made with. *complete: nothing of what an
 * empty store begins with is missing. */
static bool read_home(struct wb_engine *e, bool *complete)
{
    struct wb_txn *t;
    struct wb_slice v;
    bool found = false;
    *complete = false;
    if (wb_txn_begin(e->store, false, &t) != WB_STORE_OK)
        return false;
    if (wb_get(t, home_key(&e->arena), &v) == WB_STORE_OK) {
        struct wb_rd r = wb_rd(v);
        e->config.account = wb_dup_cstr(&e->arena, wb_rd_lp(&r));
        e->config.region = wb_dup_cstr(&e->arena, wb_rd_lp(&r));
        *complete = found = wb_rd_done(&r);
    }
    for (size_t i = 0; e->modules && e->modules[i]; i++)
        if (e->modules[i]->first || e->modules[i]->account)
            *complete &= wb_get(t, module_key(&e->arena, e->modules[i]), &v) == WB_STORE_OK;
    wb_txn_abort(t);
    return found;
}

struct first {
    struct wb_command command;
    enum wb_commit result;
    bool ended;
};

static void first_run(struct wb_command *c, struct wb_tx *tx)
{
    wb_engine_first(tx);
}

static void first_done(struct wb_command *c, enum wb_commit result)
{
    struct first *f = WB_CONTAINER(c, struct first, command);
    f->result = result;
    f->ended = true;
}

static bool is_new(struct wb_tx *tx, const struct wb_module *m)
{
    struct wb_slice v;
    return !wb_tx_get(tx, module_key(tx->arena, m), &v);
}

void wb_engine_first(struct wb_tx *tx)
{
    struct wb_engine *e = tx->engine;
    struct wb_buf b = wb_buf_in(tx->arena);
    wb_buf_lp(&b, wb_slice_str(e->config.account));
    wb_buf_lp(&b, wb_slice_str(e->config.region));
    wb_tx_put(tx, home_key(tx->arena), wb_buf_slice(&b));
    for (size_t i = 0; e->modules && e->modules[i]; i++)
        if (e->modules[i]->first && is_new(tx, e->modules[i]))
            e->modules[i]->first(tx);
    struct wb_slice *account;
    size_t accounts = wb_accounts(tx, &account);
    for (size_t i = 0; e->modules && e->modules[i]; i++) {
        const struct wb_module *m = e->modules[i];
        if (!(m->first || m->account) || !is_new(tx, m))
            continue;
        for (size_t k = 0; m->account && k < accounts; k++)
            m->account(tx, account[k]);
        wb_tx_put(tx, module_key(tx->arena, m), WB_S("1"));
    }
}

/* --- life --- */

/* The name in a URL, without port; of an address in brackets nothing. */
static struct wb_slice host_of(struct wb_slice url)
{
    ptrdiff_t at = wb_slice_find(url, WB_S("://"), 0);
    if (at >= 0)
        url = wb_slice_sub(url, (size_t)at + 3, url.n);
    url = wb_slice_cut(&url, '/');
    return url.n && url.p[0] == '[' ? WB_S("") : wb_slice_cut(&url, ':');
}

static struct wb_services *collect_services(struct wb_engine *e)
{
    size_t n = 0, count = 0;
    while (e->modules && e->modules[n])
        n++;
    const struct wb_service **list = wb_new_n(&e->arena, const struct wb_service *, n + 2);
    for (size_t i = 0; i < n; i++)
        if (e->modules[i]->service)
            list[count++] = e->modules[i]->service;
    list[count++] = &wb_admin_service;
    e->service_list = list;
    return wb_services_new(list);
}

static void defaults(struct wb_config *c)
{
    if (!c->account)
        c->account = "000000000000";
    if (!c->region)
        c->region = "us-east-1";
    if (!c->public_url)
        c->public_url = "http://127.0.0.1:4566";
    if (!c->otlp.queue)
        c->otlp.queue = WB_OTLP_QUEUE;
}

struct wb_engine *wb_engine_new(const struct wb_config *c, struct wb_store *s, struct wb_seam *seam,
                                struct wb_keyring *k, const struct wb_module *const *modules)
{
    struct wb_engine *e = wb_xcalloc(1, sizeof *e);
    e->config = *c;
    defaults(&e->config);
    e->store = s;
    e->seam = seam;
    e->keyring = k;
    e->modules = modules;
    e->strict = getenv("WAYBILL_STRICT") != NULL;
    wb_arena_init(&e->arena, 0);
    e->state = wb_map_new();
    e->executors = wb_map_new();
    e->targets = wb_map_new();
    e->policies = wb_map_new();
    e->job_kinds = wb_map_new();
    e->pages = wb_map_new();
    wb_list_init(&e->fronts);
    pthread_mutex_init(&e->fronts_lock, NULL);
    pthread_mutex_init(&e->held_lock, NULL);
    wb_list_init(&e->held);
    bool complete, old = read_home(e, &complete);
    wb_clock_start(e);
    wb_writer_new(e);
    wb_defs_new(e);
    wb_counts_new(e);
    wb_dispatcher_new(e);
    wb_pool_new(e);
    wb_blobs_new(e);
    wb_feeds_new(e);
    e->services = collect_services(e);
    wb_services_host(e->services, host_of(wb_slice_str(e->config.public_url)));
    wb_dead_register(e);
    wb_jobs_register(e);
    wb_pages_register(e);
    wb_admin_register(e);
    wb_identity_register(e);
    wb_audit_register(e);
    wb_metric_upkeep_register(e);
    wb_logs_register(e);
    wb_spans_register(e);
    wb_otlp_register(e);
    for (size_t i = 0; modules && modules[i]; i++)
        if (modules[i]->start)
            modules[i]->start(e);
    wb_jobs_start(e);
    if (!complete) {
        /* No thread runs yet: this one is the writer for a moment. */
        struct first first = {
            .command = {.lane = WB_LANE_INSIDE, .run = first_run, .done = first_done},
            .result = WB_FAILED};
        wb_submit(e, &first.command);
        while (!first.ended && wb_writer_step(e))
            ;
        if (first.result != WB_COMMITTED && !old) { /* an old store may be open for reading only */
            wb_log(WB_LOG_ERROR, "engine", "the new store could not be set up", "why",
                   wb_store_why(s), NULL);
            wb_engine_free(e);
            return NULL;
        }
    }
    atomic_store(&e->ready, true);
    return e;
}

void wb_engine_free(struct wb_engine *e)
{
    if (!e)
        return;
    for (size_t i = 0; e->modules && e->modules[i]; i++)
        if (e->modules[i]->free)
            e->modules[i]->free(e);
    wb_dispatcher_free(e);
    wb_writer_free(e);
    wb_pool_free(e);
    wb_blobs_free(e);
    wb_feeds_free(e);
    wb_counts_free(e);
    wb_defs_free(e);
    wb_services_free(e->services);
    wb_map_free(e->state);
    wb_map_free(e->executors);
    wb_map_free(e->targets);
    wb_map_free(e->policies);
    wb_map_free(e->job_kinds);
    wb_map_free(e->pages);
    pthread_mutex_destroy(&e->fronts_lock);
    pthread_mutex_destroy(&e->held_lock);
    wb_arena_release(&e->arena);
    free(e);
}

void wb_engine_quiesce(struct wb_engine *e)
{
    atomic_store(&e->quiet, true);
    wb_dispatcher_poke(e->dispatcher);
}

bool wb_engine_idle(struct wb_engine *e)
{
    return wb_dispatcher_running(e) == 0 && wb_fronts_open(e) == 0;
}

void wb_engine_stop(struct wb_engine *e)
{
    atomic_store(&e->quiet, true);
    atomic_store(&e->stopping, true);
    wb_dispatcher_poke(e->dispatcher);
    wb_pool_wake(e);
    wb_writer_wake(e);
}
