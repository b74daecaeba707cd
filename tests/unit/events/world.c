#include "world.h"

#include <sys/stat.h>
#include <unistd.h>

struct world w;
struct script lambda_script, sns_script, sqs_script;

static void deliver(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out,
                    const char *service, struct script *s)
{
    s->calls++;
    assert_true(wb_slice_is(wb_slice_str(d->source_service), "events.amazonaws.com"));
    assert_true(wb_slice_starts(d->source_arn, WB_S("arn:aws:events:us-east-1:" ACCOUNT ":rule/")));
    assert_int_equal(d->ctx->depth, 1);
    *out = (struct wb_outcome){.kind = s->kind, .code = s->code, .message = WB_S("scripted")};
    if (s->kind != WB_ACCEPTED)
        return;
    if (d->payload_key.n) { /* the row holds exactly the payload */
        struct wb_slice row;
        assert_true(wb_tx_get(tx, d->payload_key, &row));
        assert_true(wb_slice_eq(row, d->payload));
    }
    wb_tx_put(
        tx, wb_key(tx->arena, GOT_ROW, "u", wb_tx_stamp(tx)),
        wb_printf(tx->arena, "%s %.*s %.*s\n", service, WB_FMT(d->target), WB_FMT(d->payload)));
}

static void to_lambda(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    deliver(tx, d, out, "lambda", &lambda_script);
}

static void to_sns(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    if (d->at_once) /* as a topic with many subscriptions */
        *out = (struct wb_outcome){.kind = WB_BUSY};
    else
        deliver(tx, d, out, "sns", &sns_script);
}

static void to_sqs(struct wb_tx *tx, const struct wb_delivery *d, struct wb_outcome *out)
{
    deliver(tx, d, out, "sqs", &sqs_script);
}

static const struct wb_target_kind lambda = {.service = "lambda", .deliver = to_lambda},
                                   sns = {.service = "sns", .deliver = to_sns},
                                   sqs = {.service = "sqs", .deliver = to_sqs};

static void start(struct wb_engine *e)
{
    wb_target_register(e, &lambda);
    wb_target_register(e, &sns);
    wb_target_register(e, &sqs);
}

static const struct wb_service targets_service = {.name = "targets", .signing_name = "targets"};
static const struct wb_module targets = {.service = &targets_service, .start = start};
static const struct wb_module *const modules[] = {&wb_events_module, &targets, NULL};

static void make_engine(void)
{
    w.engine = wb_engine_new(&w.config, w.store, &w.seam.seam, w.keyring, modules);
    assert_non_null(w.engine);
    w.engine->strict = true;
}

void world_open(void)
{
    struct wb_slice why;
    memset(&w, 0, sizeof w);
    wb_arena_init(&w.arena, 0);
    snprintf(w.dir, sizeof w.dir, "/tmp/waybill-events-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    wb_seam_sim_init(&w.seam, 7, START_MS);
    w.keyring = wb_keyring_open(w.dir, NULL, &w.seam.seam, true, &w.arena, &why);
    assert_non_null(w.keyring);
    w.store = wb_store_open_mem();
    w.config.data_dir = w.dir;
    lambda_script = sns_script = sqs_script = (struct script){.kind = WB_ACCEPTED};
    make_engine();
    world_settle();
}

void world_close(void)
{
    char key[80];
    wb_engine_free(w.engine);
    wb_store_close(w.store);
    wb_keyring_free(w.keyring);
    snprintf(key, sizeof key, "%s/key", w.dir);
    unlink(key);
    rmdir(w.dir);
    wb_arena_release(&w.arena);
}

void world_restart(void)
{
    wb_engine_free(w.engine);
    make_engine();
}

void world_settle(void)
{
    bool any;
    do {
        any = wb_writer_step(w.engine);
        any |= wb_dispatcher_step(w.engine);
    } while (any);
}

void world_advance(int64_t ms)
{
    wb_seam_sim_advance(&w.seam, ms);
    world_settle();
}

struct one_call {
    struct wb_command command;
    const char *operation;
    struct wb_slice input, answer;
    bool ended;
};

static void call_run(struct wb_command *c, struct wb_tx *tx)
{
    struct one_call *o = WB_CONTAINER(c, struct one_call, command);
    struct wb_ctx ctx = {.account = WB_S(ACCOUNT), .region = WB_S("us-east-1")};
    struct wb_slice answer;
    struct wb_error e = {.code = NULL};
    ctx.request_id = WB_S("request");
    ctx.principal = (struct wb_principal){.type = WB_PRINCIPAL_ROOT, .account = WB_S(ACCOUNT)};
    ctx.trace = WB_S("Root=1-00000000-000000000000000000000000");
    if (wb_call_service(tx, &ctx, "events", o->operation, o->input, &answer, &e))
        o->answer = wb_dup(&w.arena, answer);
    else
        o->answer = wb_printf(&w.arena, "%s: %.*s", e.code, WB_FMT(e.message));
}

static void call_done(struct wb_command *c, enum wb_commit result)
{
    struct one_call *o = WB_CONTAINER(c, struct one_call, command);
    assert_int_equal(result, WB_COMMITTED);
    o->ended = true;
}

struct wb_slice call(const char *operation, const char *input)
{
    struct one_call o = {.command = {.run = call_run, .done = call_done},
                         .operation = operation,
                         .input = wb_slice_str(input)};
    assert_true(wb_submit(w.engine, &o.command));
    while (!o.ended)
        assert_true(wb_writer_step(w.engine));
    return o.answer;
}

void ok(const char *operation, const char *input, const char *want)
{
    struct wb_slice got = call(operation, input);
    if (!wb_slice_starts(got, WB_S("{")) || (want && !wb_slice_is(got, want)))
        fail_msg("%s %s\n want %s\n got  %.*s", operation, input, want ? want : "success",
                 WB_FMT(got));
}

void err(const char *operation, const char *input, const char *want)
{
    struct wb_slice got = call(operation, input);
    if (!wb_slice_is(got, want))
        fail_msg("%s %s\n want %s\n got  %.*s", operation, input, want, WB_FMT(got));
}

/* --- looking --- */

static struct wb_buf read_table(uint16_t table, size_t *count,
                                void (*each)(struct wb_slice key, struct wb_slice value,
                                             struct wb_buf *b))
{
    struct wb_txn *t;
    struct wb_scan *s;
    struct wb_slice key, value, lo = wb_key(&w.arena, table, "");
    struct wb_buf b = wb_buf_in(&w.arena);
    assert_int_equal(wb_txn_begin(w.store, false, &t), WB_STORE_OK);
    assert_int_equal(wb_scan_open(t, lo, wb_key_after(&w.arena, lo), false, &s), WB_STORE_OK);
    for (*count = 0; wb_scan_next(s, &key, &value) == WB_STORE_OK; ++*count)
        if (each)
            each(key, value, &b);
    wb_scan_close(s);
    wb_txn_abort(t);
    return b;
}

size_t rows_in(uint16_t table)
{
    size_t n;
    read_table(table, &n, NULL);
    return n;
}

static void add_value(struct wb_slice key, struct wb_slice value, struct wb_buf *b)
{
    wb_buf_slice_put(b, value);
}

struct wb_slice taken(void)
{
    size_t n;
    struct wb_buf b = read_table(GOT_ROW, &n, add_value);
    return wb_buf_slice(&b);
}

static struct wb_dead first_dead;

static void keep_dead(struct wb_slice key, struct wb_slice value, struct wb_buf *b)
{
    if (b->n == 0)
        assert_true(
            wb_dead_decode(&w.arena, wb_dup(&w.arena, key), wb_dup(&w.arena, value), &first_dead));
    wb_buf_char(b, 'x');
}

bool dead_row(struct wb_slice *code, struct wb_slice *payload)
{
    size_t n;
    read_table(WB_T_DEAD, &n, keep_dead);
    if (n == 0)
        return false;
    *code = first_dead.code;
    *payload = first_dead.work.payload;
    return true;
}

static const char *wanted_series;
static double series_sum;

/* Key: minute, account, region, namespace, name, dimensions. The sum comes after version, unit and
 * count in the row (engine/metrics.c). */
static void add_metric(struct wb_slice key, struct wb_slice value, struct wb_buf *b)
{
    uint16_t table;
    struct wb_key_rd k = wb_key_rd(&w.arena, key, &table);
    wb_key_rd_i64(&k);
    wb_key_rd_str(&k);
    wb_key_rd_str(&k);
    if (!wb_slice_is(wb_key_rd_str(&k), "AWS/Events"))
        return;
    struct wb_buf series = wb_buf_in(&w.arena);
    wb_buf_slice_put(&series, wb_key_rd_str(&k));
    while (k.p < k.end) {
        struct wb_slice name = wb_key_rd_str(&k), v = wb_key_rd_str(&k);
        wb_buf_printf(&series, "|%.*s=%.*s", WB_FMT(name), WB_FMT(v));
    }
    if (!wb_slice_is(wb_buf_slice(&series), wanted_series))
        return;
    struct wb_rd r = wb_rd(value);
    wb_rd_u8(&r);
    wb_rd_lp(&r);
    wb_rd_le64(&r);
    uint64_t bits = wb_rd_le64(&r);
    double d;
    memcpy(&d, &bits, sizeof d);
    series_sum += d;
}

double metric(const char *series)
{
    size_t n;
    wanted_series = series;
    series_sum = 0;
    read_table(WB_T_METRIC, &n, add_metric);
    return series_sum;
}
