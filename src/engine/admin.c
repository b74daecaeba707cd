/*
 * The server's own operations, for the command line: an ordinary service table (JSON 1.1, target
 * prefix "Waybill", signing name "waybill"). Only the account's root may call them.
 */
#include "base/utf8.h"
#include "codec/text.h"
#include "engine/account.h"
#include "engine/internal.h"
#include "engine/mails.h"

#define QUEUES_MAX 200 /* targets named in one Status answer */
#define JOBS_MAX   100

/* --- Status --- */

static void status_queues(struct wb_call *c)
{
    struct wb_tx *tx = c->tx;
    struct wb_out *o = &c->out;
    struct wb_slice key, value;
    uint64_t total = 0, failed = 0, listed = 0;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_WORK_COUNT, ""));
    wb_out_list(o, "Queues");
    while (wb_tx_next(tx, s, &key, &value)) {
        uint16_t table;
        struct wb_key_rd k = wb_key_rd(tx->arena, key, &table);
        struct wb_slice target = wb_key_rd_str(&k);
        struct wb_rd r = wb_rd(value);
        uint64_t rows = wb_rd_le64(&r), bad = wb_rd_le64(&r);
        if (wb_slice_starts(target, WB_S("waybill:")) || wb_slice_chr(target, ':', 0) < 0)
            continue; /* housekeeping */
        total += rows;
        failed += bad;
        if (listed++ >= QUEUES_MAX)
            continue;
        int64_t oldest;
        wb_work_count(tx, target, &oldest);
        wb_out_object(o, NULL);
        wb_out_str(o, "Target", target);
        wb_out_i64(o, "Count", (int64_t)rows);
        wb_out_i64(o, "Failed", (int64_t)bad);
        wb_out_i64(o, "OldestMs", oldest);
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_scan_close(s);
    wb_out_i64(o, "Queued", (int64_t)total);
    wb_out_i64(o, "Failed", (int64_t)failed);
}

static void status_jobs(struct wb_call *c)
{
    struct wb_tx *tx = c->tx;
    struct wb_out *o = &c->out;
    struct wb_slice key, value, failure;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(tx->arena, WB_T_JOB, ""));
    unsigned n = 0;
    wb_out_list(o, "Jobs");
    while (n < JOBS_MAX && wb_tx_next(tx, s, &key, &value)) {
        struct wb_job j;
        if (!wb_job_read(tx->arena, key, value, &j, &failure))
            continue;
        n++;
        wb_out_object(o, NULL);
        wb_out_i64(o, "Number", (int64_t)j.number);
        wb_out_cstr(o, "Kind", j.kind);
        wb_out_str(o, "Name", j.name);
        wb_out_i64(o, "Done", (int64_t)j.done);
        wb_out_i64(o, "Total", (int64_t)j.total);
        if (failure.n)
            wb_out_str(o, "Failure", failure);
        wb_out_end(o);
    }
    wb_out_end(o);
    wb_scan_close(s);
}

static void op_status(struct wb_call *c)
{
    struct wb_engine *e = c->engine;
    struct wb_out *o = &c->out;
    wb_out_cstr(o, "Version", WB_VERSION);
    wb_out_i64(o, "Format", WB_STORE_FORMAT);
    wb_out_cstr(o, "Account", e->config.account);
    wb_out_cstr(o, "Region", e->config.region);
    wb_out_i64(o, "Running", wb_dispatcher_running(e));
    status_queues(c);
    wb_out_i64(o, "Dead", (int64_t)wb_dead_count(c->tx));
    status_jobs(c);
    wb_out_i64(o, "RoomBytes", wb_store_room(e->store));
    wb_out_i64(o, "Sequence", (int64_t)wb_tx_ext(c->tx)->sequence);
    wb_out_i64(o, "WriterQueue", (int64_t)wb_writer_queued(e));
    wb_out_time(o, "EngineTime", c->tx->now_ms);
}

/* --- dead rows --- */

static struct wb_slice id_text(struct wb_arena *a, uint64_t id)
{
    return wb_printf(a, "%llu", (unsigned long long)id);
}

static uint64_t id_of(struct wb_call *c, const char *member)
{
    uint64_t id = 0;
    struct wb_slice s = wb_in_str(c, member);
    if (s.p && !wb_slice_u64(s, &id))
        wb_fail(c, "ValidationException", 400, "%s is not the number of a dead row", member);
    return id;
}

static void put_summary(struct wb_call *c, const struct wb_dead *d)
{
    struct wb_out *o = &c->out;
    wb_out_str(o, "Id", id_text(c->arena, d->id));
    wb_out_str(o, "Target", d->work.target);
    wb_out_cstr(o, "Executor", d->work.executor ? d->work.executor : "");
    wb_out_time(o, "DiedAt", d->died_ms);
    wb_out_str(o, "Reason", d->reason);
    wb_out_str(o, "Code", d->code);
    wb_out_str(o, "Message", d->message);
    wb_out_i64(o, "Attempts", d->work.attempts);
}

static void op_list_dead(struct wb_call *c)
{
    struct wb_tx *tx = c->tx;
    struct wb_slice target = wb_in_str(c, "Target"), key, value;
    uint64_t after = id_of(c, "NextToken"), last = 0;
    int64_t max = wb_in_i64(c, "MaxItems", WB_DEAD_PAGE_MAX), n = 0, seen = 0;
    if (wb_failed(c))
        return;
    struct wb_slice all = wb_key(tx->arena, WB_T_DEAD, "");
    struct wb_scan *s = wb_tx_scan(tx, wb_key(tx->arena, WB_T_DEAD, "u", after + (after != 0)),
                                   wb_key_after(tx->arena, all), false);
    bool more = false;
    wb_out_list(&c->out, "Items");
    while (wb_tx_next(tx, s, &key, &value)) {
        if (n == max || seen == 100 * WB_DEAD_PAGE_MAX) {
            more = true;
            break;
        }
        struct wb_dead d;
        seen++;
        if (!wb_dead_decode(tx->arena, key, value, &d))
            continue;
        last = d.id;
        if (target.n && !wb_slice_eq(target, d.work.target))
            continue;
        n++;
        wb_out_object(&c->out, NULL);
        put_summary(c, &d);
        wb_out_end(&c->out);
    }
    wb_scan_close(s);
    wb_out_end(&c->out);
    wb_out_i64(&c->out, "Total", (int64_t)wb_dead_count(tx));
    if (more)
        wb_out_str(&c->out, "NextToken", id_text(c->arena, last));
}

static void no_such_row(struct wb_call *c)
{
    wb_fail(c, "ResourceNotFoundException", 404,
            "There is no such dead row. It may have been retried, discarded or expired.");
}

static void op_get_dead(struct wb_call *c)
{
    struct wb_dead d;
    uint64_t id = id_of(c, "Id");
    if (wb_failed(c))
        return;
    if (!wb_dead_get(c->tx, id, &d)) {
        no_such_row(c);
        return;
    }
    put_summary(c, &d);
    wb_out_time(&c->out, "FirstAt", d.work.first_ms);
    wb_out_str(&c->out, "RequestId", d.work.ctx.request_id);
    if (d.work.meta.n)
        wb_out_str(&c->out, "Meta", d.work.meta);
    if (wb_utf8_check(d.work.payload) < 0)
        wb_out_str(&c->out, "Payload", d.work.payload);
    else
        wb_out_str(&c->out, "PayloadBase64", wb_base64_encode(c->arena, d.work.payload));
}

/* Retries or discards the dead rows of a target (or all) up to `last`, from *from on, at most a
 * page. True when it came to the end. */
static bool bulk(struct wb_tx *tx, bool retry, struct wb_slice target, uint64_t *from,
                 uint64_t last, uint64_t *done)
{
    uint64_t id[WB_DEAD_PAGE_MAX];
    size_t n = 0, seen = 0;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan(tx, wb_key(tx->arena, WB_T_DEAD, "u", *from),
                                   wb_key(tx->arena, WB_T_DEAD, "u", last + 1), false);
    bool end = true;
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_dead d;
        if (n == WB_DEAD_PAGE_MAX || seen++ == 10 * WB_DEAD_PAGE_MAX) {
            end = false;
            break;
        }
        bool known = wb_dead_decode(tx->arena, key, value, &d);
        *from = d.id + 1;
        if (!target.n || (known && wb_slice_eq(target, d.work.target)))
            id[n++] = d.id;
    }
    wb_scan_close(s);
    for (size_t i = 0; i < n; i++)
        *done += retry ? wb_dead_retry(tx, id[i]) : wb_dead_discard(tx, id[i]);
    return end;
}

/* State of the job: retry (u8), from, last (le64), target (lp). */
static struct wb_slice bulk_state(struct wb_arena *a, bool retry, uint64_t from, uint64_t last,
                                  struct wb_slice target)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, retry);
    wb_buf_le64(&b, from);
    wb_buf_le64(&b, last);
    wb_buf_lp(&b, target);
    return wb_buf_slice(&b);
}

static bool bulk_step(struct wb_tx *tx, struct wb_job *j)
{
    struct wb_rd r = wb_rd(j->state);
    bool retry = wb_rd_u8(&r);
    uint64_t from = wb_rd_le64(&r), last = wb_rd_le64(&r);
    struct wb_slice target = wb_rd_lp(&r);
    if (!wb_rd_done(&r))
        return true;
    bool end = bulk(tx, retry, target, &from, last, &j->done);
    j->state = bulk_state(tx->arena, retry, from, last, target);
    return end;
}

static void retry_or_discard(struct wb_call *c, bool retry)
{
    struct wb_tx *tx = c->tx;
    struct wb_slice target = wb_in_str(c, "Target");
    bool all = wb_in_bool(c, "All", false);
    uint64_t id = id_of(c, "Id"), done = 0, from = 0;
    if (wb_failed(c))
        return;
    if ((id != 0) + (target.n != 0) + all != 1) {
        wb_fail(c, "ValidationException", 400, "Give one of Id, Target or All");
        return;
    }
    if (id) {
        struct wb_dead d;
        if (!wb_dead_get(tx, id, &d)) {
            no_such_row(c);
            return;
        }
        done = retry ? wb_dead_retry(tx, id) : wb_dead_discard(tx, id);
        if (!done) {
            wb_fail(c, "ValidationException", 400,
                    "The row cannot be decoded, so it can only be discarded");
            return;
        }
    } else {
        /* Rows that die from now on are not meant. */
        uint64_t last = wb_tx_stamp(tx);
        if (!bulk(tx, retry, target, &from, last, &done)) {
            uint64_t job = wb_job_start(tx, "dead-rows",
                                        retry ? WB_S("retry dead rows") : WB_S("discard dead rows"),
                                        bulk_state(tx->arena, retry, from, last, target));
            wb_out_i64(&c->out, "Job", (int64_t)job);
        }
    }
    wb_out_i64(&c->out, "Count", (int64_t)done);
}

static void op_retry_dead(struct wb_call *c)
{
    retry_or_discard(c, true);
}

static void op_discard_dead(struct wb_call *c)
{
    retry_or_discard(c, false);
}

/* --- Backup --- */

static void op_backup(struct wb_call *c)
{
    struct wb_store *s = c->engine->store;
    char *dir = wb_dup_cstr(c->arena, wb_in_str(c, "Directory"));
    if (dir[0] != '/') {
        wb_fail(c, "ValidationException", 400, "Directory must be an absolute path");
        return;
    }
    wb_blobs_stay(c->engine, true);
    bool rows = wb_store_backup(s, dir) == WB_STORE_OK;
    int blobs = rows ? wb_blobs_backup(c->engine, dir) : 0;
    wb_blobs_stay(c->engine, false);
    if (!rows || blobs) {
        wb_fail(c, "BackupFailedException", 400, "%s", rows ? strerror(blobs) : wb_store_why(s));
        return;
    }
    wb_out_cstr(&c->out, "Directory", dir);
    wb_out_cstr(&c->out, "Account", c->engine->config.account);
}

/* --- the table --- */

static const struct wb_shape text = {
    .kind = WB_STRING, .name = "String", .max = 4096, .has_max = true};
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape page_size = {.kind = WB_INTEGER,
                                          .name = "MaxItems",
                                          .min = 1,
                                          .max = WB_DEAD_PAGE_MAX,
                                          .has_min = true,
                                          .has_max = true};
static const struct wb_shape nothing = {
    .kind = WB_STRUCTURE, .name = "Empty", .member = (const struct wb_member[]){{0}}};
static const struct wb_shape list_in = {
    .kind = WB_STRUCTURE,
    .name = "ListDeadInput",
    .member = (const struct wb_member[]){{.name = "Target", .shape = &text},
                                         {.name = "MaxItems", .shape = &page_size},
                                         {.name = "NextToken", .shape = &text},
                                         {0}}};
static const struct wb_shape get_in = {
    .kind = WB_STRUCTURE,
    .name = "GetDeadInput",
    .member = (const struct wb_member[]){{.name = "Id", .shape = &text, .required = true}, {0}}};
static const struct wb_shape choose_in = {
    .kind = WB_STRUCTURE,
    .name = "ChooseDeadInput",
    .member = (const struct wb_member[]){{.name = "Id", .shape = &text},
                                         {.name = "Target", .shape = &text},
                                         {.name = "All", .shape = &boolean},
                                         {0}}};
static const struct wb_shape explain_in = {
    .kind = WB_STRUCTURE,
    .name = "ExplainDenialInput",
    .member =
        (const struct wb_member[]){{.name = "RequestId", .shape = &text, .required = true}, {0}}};
static const struct wb_shape backup_in = {
    .kind = WB_STRUCTURE,
    .name = "BackupInput",
    .member =
        (const struct wb_member[]){{.name = "Directory", .shape = &text, .required = true}, {0}}};

static const struct wb_shape tail_in = {
    .kind = WB_STRUCTURE,
    .name = "TailEventsInput",
    .member = (const struct wb_member[]){
        {.name = "EventBusName", .shape = &text}, {.name = "EventPattern", .shape = &text}, {0}}};
static const struct wb_shape list_events_in = {
    .kind = WB_STRUCTURE,
    .name = "ListEventsInput",
    .member = (const struct wb_member[]){{.name = "EventBusName", .shape = &text},
                                         {.name = "EventPattern", .shape = &text},
                                         {.name = "After", .shape = &text, .required = true},
                                         {0}}};

static void op_tail_events(struct wb_call *c)
{
    c->engine->bus_tail->tail(c);
}

static void op_list_events(struct wb_call *c)
{
    c->engine->bus_tail->list(c);
}

static const struct wb_op ops[] = {
    {.name = "Status", .class = WB_SCAN, .input = &nothing, .handler = op_status},
    {.name = "ListDead", .class = WB_SCAN, .input = &list_in, .handler = op_list_dead},
    {.name = "GetDead", .class = WB_READ, .input = &get_in, .handler = op_get_dead},
    {.name = "RetryDead",
     .class = WB_WRITE,
     .input = &choose_in,
     .handler = op_retry_dead,
     .compound = true},
    {.name = "DiscardDead",
     .class = WB_WRITE,
     .input = &choose_in,
     .handler = op_discard_dead,
     .compound = true},
    {.name = "CreateAccount",
     .class = WB_WRITE,
     .input = &wb_account_create_in,
     .handler = wb_account_create},
    {.name = "ListAccounts",
     .class = WB_SCAN,
     .input = &wb_account_list_in,
     .handler = wb_account_list},
    {.name = "ExplainDenial", .class = WB_READ, .input = &explain_in, .handler = wb_explain_denial},
    {.name = "ListMails", .class = WB_SCAN, .input = &wb_mail_list_in, .handler = wb_mail_list},
    {.name = "GetMail", .class = WB_SCAN, .input = &wb_mail_get_in, .handler = wb_mail_get},
    {.name = "TailEvents", .class = WB_STREAM, .input = &tail_in, .handler = op_tail_events},
    {.name = "ListEvents", .class = WB_SCAN, .input = &list_events_in, .handler = op_list_events},
    {.name = "Backup", .class = WB_SCAN, .input = &backup_in, .handler = op_backup},
};

const struct wb_service wb_admin_service = {
    .name = "waybill",
    .title = "Waybill",
    .signing_name = "waybill",
    .model = NULL,
    .protocol = WB_JSON11,
    .target = "Waybill",
    .type_prefix = "",
    .op = ops,
    .op_count = sizeof ops / sizeof ops[0],
};

void wb_admin_register(struct wb_engine *e)
{
    static const struct wb_job_kind dead_rows = {.name = "dead-rows", .step = bulk_step};
    wb_job_register(e, &dead_rows);
}
