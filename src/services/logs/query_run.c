/*
 * Running a query: the attempt of its work row. On the dispatcher's thread it begins and ends; what
 * takes time is done page by page in the scan pool (wb_reading), where nothing else touches it.
 *
 * A page reads blocks in the order of their keys and remembers the last one. The query's row is
 * looked at before each page: one that was stopped ends there. Once a second a command notes in the
 * row how far it is.
 */
#include "base/list.h"
#include "services/logs/query.h"
#include <stdlib.h>

#define SECOND_NS   1000000000LL
#define DAY_MS      86400000LL
#define GONE        LOGS_CANCELLED /* somebody else has ended it: nothing to write */
#define ATTEMPT_MAX 5

struct running {
    struct wb_reading reading;
    struct wb_task *task;
    struct wb_engine *engine;
    struct wb_arena arena; /* the query and its copy of the row */
    struct logs_query q;
    bool known; /* q was read */
    struct insights_run *run;
    enum logs_query_state ended;
    bool failed; /* the store refused: another attempt */
    /* Where it is: */
    size_t group;
    int64_t kept_ms[WB_INSIGHTS_GROUPS_MAX]; /* older lines have expired */
    int64_t from_ms, hour_ms;
    struct wb_buf after; /* key of the last block; empty: the hour is new */
    struct wb_arena block_arena, stream_arena;
    struct wb_slice stream; /* looked up last, in stream_arena */
    uint64_t since;
    bool stream_there;
    int64_t noted_ns;
    /* The result: */
    struct wb_buf rows; /* of the chunk that is being filled: lp each */
    struct wb_slice chunk[WB_INSIGHTS_RESULT_MAX / WB_INSIGHTS_CHUNK + 2];
    uint32_t chunks, written;
    size_t result_bytes;
    bool too_large;
    /* Writing it: */
    struct wb_command command;
    struct wb_post post;
    enum wb_commit result;
};

/* --- how far it is --- */

struct note {
    struct wb_command command;
    uint64_t matched, scanned, bytes;
    struct wb_slice account, region, id;
    char text[];
};

static void note_run(struct wb_command *c, struct wb_tx *tx)
{
    struct note *n = WB_CONTAINER(c, struct note, command);
    struct logs_query q;
    if (!logs_query_read(tx, n->account, n->region, n->id, &q) || !logs_query_active(&q))
        return;
    q.state = LOGS_RUNNING;
    q.matched = n->matched;
    q.scanned = n->scanned;
    q.bytes = n->bytes;
    logs_query_write(tx, &q);
}

static void note_done(struct wb_command *c, enum wb_commit result)
{
    free(WB_CONTAINER(c, struct note, command));
}

static struct wb_slice put_text(char **to, struct wb_slice s)
{
    struct wb_slice out = wb_slice(memcpy(*to, s.p, s.n), s.n);
    *to += s.n;
    return out;
}

static void note(struct running *r)
{
    const struct logs_query *q = &r->q;
    struct note *n = wb_xmalloc(sizeof *n + q->account.n + q->region.n + q->id.n);
    char *to = n->text;
    *n = (struct note){.command = {.lane = WB_LANE_INSIDE, .run = note_run, .done = note_done},
                       .matched = insights_matched(r->run),
                       .scanned = q->scanned,
                       .bytes = q->bytes};
    n->account = put_text(&to, q->account);
    n->region = put_text(&to, q->region);
    n->id = put_text(&to, q->id);
    if (!wb_submit(r->engine, &n->command))
        free(n);
}

/* --- reading --- */

static bool stream_wanted(struct running *r, struct wb_tx *tx, const struct wb_log_block *b)
{
    if (!r->stream.p || !wb_slice_eq(r->stream, b->stream)) {
        struct wb_log_stream s;
        wb_arena_reset(&r->stream_arena);
        r->stream = wb_dup(&r->stream_arena, b->stream);
        r->stream_there = wb_log_stream_read(tx, b->group, b->stream, &s);
        r->since = r->stream_there ? s.since : 0;
    }
    return r->stream_there && b->stamp >= r->since;
}

static bool feed_block(struct running *r, const struct wb_log_block *b)
{
    struct wb_log_line *line = wb_log_block_unpack(&r->block_arena, b);
    struct insights_event e = {.group = &r->q.group[r->group],
                               .ingested_ms = b->ingested_ms,
                               .at.stamp = b->stamp,
                               .stream = b->stream};
    r->failed |= !line;
    for (uint32_t i = 0; line && i < b->lines; i++) {
        if (line[i].time_ms < r->from_ms || line[i].time_ms >= r->q.to_ms)
            continue;
        e.at.time_ms = line[i].time_ms;
        e.at.index = i;
        e.text = line[i].text;
        r->q.scanned++;
        r->q.bytes += e.text.n;
        if (!insights_feed(r->run, &e))
            return false;
    }
    return !r->failed;
}

static bool late(const struct running *r, int64_t began_ns)
{
    struct wb_seam *s = wb_engine_seam(r->engine);
    return s->mono_ns(s) - began_ns > WB_INSIGHTS_PAGE_NS;
}

enum progress { HOUR_DONE, PAGE_DONE, CANNOT };

/* Blocks of the hour, from where the last page stopped. */
static enum progress read_hour(struct running *r, struct wb_tx *tx, int64_t began_ns)
{
    const struct insights_group *g = &r->q.group[r->group];
    struct wb_slice prefix = wb_key(tx->arena, WB_T_LOG_BLOCK, "iu", r->hour_ms, g->number), key,
                    value, from = r->after.n ? wb_buf_slice(&r->after) : prefix;
    struct wb_scan *s = wb_tx_scan(tx, from, wb_key_after(tx->arena, prefix), false);
    enum progress p = HOUR_DONE;
    bool first = r->after.n > 0;
    while (p == HOUR_DONE && wb_tx_next(tx, s, &key, &value)) {
        struct wb_log_block b;
        bool read_before = first && wb_slice_eq(key, wb_buf_slice(&r->after));
        first = false;
        wb_arena_reset(&r->block_arena);
        if (read_before)
            continue;
        if (!wb_log_block_decode(&r->block_arena, key, value, &b)) {
            r->failed = true;
            p = CANNOT;
            break;
        }
        if (b.first_ms < r->q.to_ms && b.last_ms >= r->from_ms && stream_wanted(r, tx, &b) &&
            !feed_block(r, &b))
            p = CANNOT;
        r->after.n = 0;
        wb_buf_slice_put(&r->after, key);
        if (p == HOUR_DONE && late(r, began_ns))
            p = PAGE_DONE;
    }
    wb_scan_close(s);
    return tx->status == WB_STORE_OK ? p : CANNOT;
}

static void next_group(struct running *r)
{
    r->group++;
    r->from_ms = r->q.from_ms;
    if (r->group < r->q.groups && r->kept_ms[r->group] > r->from_ms)
        r->from_ms = r->kept_ms[r->group];
    r->hour_ms = r->from_ms - r->from_ms % WB_LOG_HOUR_MS;
    r->after.n = 0;
    r->stream = WB_SLICE_NULL;
}

/* True: the page is full. */
static bool read_blocks(struct running *r, struct wb_tx *tx, int64_t began_ns)
{
    while (r->group < r->q.groups) {
        uint64_t number = r->q.group[r->group].number;
        if (!r->after.n && (!wb_log_hour(tx, number, WB_SLICE_NULL, false, &r->hour_ms) ||
                            r->hour_ms >= r->q.to_ms)) {
            next_group(r);
            continue;
        }
        enum progress p = read_hour(r, tx, began_ns);
        if (p != HOUR_DONE)
            return p == PAGE_DONE;
        r->hour_ms += WB_LOG_HOUR_MS;
        r->after.n = 0;
    }
    return false;
}

/* --- the result --- */

static void close_chunk(struct running *r)
{
    if (r->rows.n)
        r->chunk[r->chunks++] = logs_query_chunk(&r->arena, wb_buf_slice(&r->rows));
    r->rows.n = 0;
}

static void take_row(void *arg, struct wb_slice json)
{
    struct running *r = arg;
    r->result_bytes += json.n;
    r->too_large |= r->result_bytes > WB_INSIGHTS_RESULT_MAX;
    if (r->too_large)
        return;
    wb_buf_lp(&r->rows, json);
    if (r->rows.n >= WB_INSIGHTS_CHUNK)
        close_chunk(r);
}

static void fail(struct running *r, struct wb_slice why)
{
    r->ended = LOGS_FAILED;
    r->q.why = why;
    r->chunks = 0;
}

static void finish(struct running *r)
{
    if (!insights_finish(r->run, take_row, r)) {
        fail(r, insights_why(r->run));
        return;
    }
    close_chunk(r);
    r->ended = LOGS_COMPLETE;
    if (r->too_large)
        fail(r, WB_S("The result is too large. Ask for fewer rows or fields."));
}

/* --- pages --- */

/* Before the first page. */
static bool begin(struct running *r, struct wb_tx *tx)
{
    const struct wb_work *w = wb_task_work(r->task);
    struct insights_error error;
    struct wb_json meta = wb_json_read(tx->arena, w->meta, NULL);
    struct logs_query q;
    if (!logs_query_read(tx, w->ctx.account, w->ctx.region,
                         wb_json_get_str(meta, "query", tx->arena), &q))
        return false;
    r->q = q;
    r->q.account = wb_dup(&r->arena, q.account);
    r->q.region = wb_dup(&r->arena, q.region);
    r->q.id = wb_dup(&r->arena, q.id);
    r->q.text = wb_dup(&r->arena, q.text);
    for (size_t i = 0; i < q.groups; i++) {
        r->q.group[i] = q.group[i];
        r->q.group[i].account = r->q.account;
        r->q.group[i].region = r->q.region;
        r->q.group[i].name = wb_dup(&r->arena, q.group[i].name);
        struct wb_log_group g;
        if (wb_log_group_read(tx, q.account, q.region, q.group[i].name, &g) &&
            g.number == q.group[i].number && g.retention_days)
            r->kept_ms[i] = tx->now_ms - g.retention_days * DAY_MS;
    }
    r->q.matched = r->q.scanned = r->q.bytes = 0;
    r->known = true;
    struct insights_query *plan = insights_compile(&r->arena, r->q.text, &error);
    if (!plan) { /* it could be compiled once: by a later version */
        fail(r, error.message);
        return false;
    }
    r->run = insights_begin(plan, r->q.created_ms, r->q.limit);
    r->group = SIZE_MAX;
    next_group(r);
    return true;
}

/* Whether to go on; else r->ended says how it ended. */
static bool still_wanted(struct running *r, struct wb_tx *tx)
{
    struct logs_query now;
    if (!r->known && !begin(r, tx))
        return false;
    if (!logs_query_read(tx, r->q.account, r->q.region, r->q.id, &now) || !logs_query_active(&now))
        return false;
    if (tx->now_ms - r->q.created_ms <= WB_INSIGHTS_TIMEOUT_MS)
        return true;
    r->ended = LOGS_TIMEOUT;
    return false;
}

static bool page(struct wb_reading *reading, struct wb_tx *tx)
{
    struct running *r = WB_CONTAINER(reading, struct running, reading);
    struct wb_seam *s = wb_engine_seam(r->engine);
    int64_t began = s->mono_ns(s);
    r->ended = GONE;
    r->failed = !tx;
    if (!tx || !still_wanted(r, tx))
        return false;
    bool more = read_blocks(r, tx, began);
    r->failed |= tx->status != WB_STORE_OK;
    if (r->failed)
        return false;
    if (insights_why(r->run).p)
        fail(r, insights_why(r->run));
    else if (!more)
        finish(r);
    else if (!r->noted_ns || began - r->noted_ns > SECOND_NS) {
        r->noted_ns = began;
        note(r);
    }
    return more && r->ended == GONE;
}

/* --- the end --- */

static void release(struct running *r)
{
    insights_end(r->run);
    wb_buf_release(&r->after);
    wb_buf_release(&r->rows);
    wb_arena_release(&r->block_arena);
    wb_arena_release(&r->stream_arena);
    wb_arena_release(&r->arena);
    free(r);
}

/* What the outcome's command writes; it may run more than once, so it is a copy in the task. */
struct ending {
    enum logs_query_state state;
    uint64_t matched, scanned, bytes;
    uint32_t chunks;
    struct wb_slice last, why; /* last: the chunk that is still to be written */
};

static void end(struct running *r, enum wb_outcome_kind kind)
{
    struct wb_task *t = r->task;
    struct wb_arena *a = wb_task_arena(t);
    struct ending *e = wb_new(a, struct ending);
    if (kind == WB_RETRY && wb_task_work(t)->attempts + 1 >= ATTEMPT_MAX) {
        fail(r, WB_S("Log lines could not be read, or the result not be written."));
        kind = WB_DONE;
    }
    *e = (struct ending){.state = r->ended,
                         .matched = r->run ? insights_matched(r->run) : 0,
                         .scanned = r->q.scanned,
                         .bytes = r->q.bytes,
                         .chunks = r->chunks,
                         .why = wb_dup(a, r->q.why)};
    if (r->chunks)
        e->last = wb_dup(a, r->chunk[r->chunks - 1]);
    struct wb_outcome o = {
        .kind = kind, .code = kind == WB_RETRY ? "STORE_ERROR" : NULL, .result = e};
    release(r);
    wb_task_finish(t, &o);
}

static void write_next(struct running *r);

static void chunk_run(struct wb_command *c, struct wb_tx *tx)
{
    struct running *r = WB_CONTAINER(c, struct running, command);
    wb_tx_put(tx, logs_query_chunk_key(tx->arena, r->q.number, r->written), r->chunk[r->written]);
}

static void chunk_written(struct wb_post *p)
{
    struct running *r = WB_CONTAINER(p, struct running, post);
    if (r->result != WB_COMMITTED) {
        end(r, WB_RETRY);
        return;
    }
    r->written++;
    write_next(r);
}

static void chunk_done(struct wb_command *c, enum wb_commit result)
{
    struct running *r = WB_CONTAINER(c, struct running, command);
    r->result = result;
    r->post.run = chunk_written;
    wb_loop_post(wb_dispatcher_loop(r->engine), &r->post);
}

/* All chunks but the last, which comes with the outcome, have commands of their own. */
static void write_next(struct running *r)
{
    if (r->written + 1 >= r->chunks) {
        end(r, WB_DONE);
        return;
    }
    r->command = (struct wb_command){.lane = WB_LANE_INSIDE, .run = chunk_run, .done = chunk_done};
    if (!wb_submit(r->engine, &r->command))
        end(r, WB_BUSY);
}

static void done(struct wb_reading *reading)
{
    struct running *r = WB_CONTAINER(reading, struct running, reading);
    if (reading->stopped || r->failed)
        end(r, reading->stopped ? WB_BUSY : WB_RETRY);
    else
        write_next(r);
}

/* --- the executor --- */

static void start(struct wb_task *t)
{
    struct running *r = wb_xcalloc(1, sizeof *r);
    r->task = t;
    r->engine = wb_task_engine(t);
    r->ended = GONE;
    r->reading = (struct wb_reading){.page = page, .done = done};
    wb_arena_init(&r->arena, 0);
    wb_arena_init(&r->block_arena, 0);
    wb_arena_init(&r->stream_arena, 0);
    wb_reading_start(r->engine, &r->reading);
}

/* Chunks that an attempt before this one has left. */
static void drop_chunks(struct wb_tx *tx, uint64_t number, uint32_t from)
{
    while (wb_tx_del(tx, logs_query_chunk_key(tx->arena, number, from)))
        from++;
}

static void apply(struct wb_tx *tx, const struct wb_work *w, const struct wb_outcome *o, bool last)
{
    struct logs_query q;
    struct ending *e = o->result;
    struct wb_json meta = wb_json_read(tx->arena, w->meta, NULL);
    if (!last || !logs_query_read(tx, w->ctx.account, w->ctx.region,
                                  wb_json_get_str(meta, "query", tx->arena), &q))
        return;
    bool complete = logs_query_active(&q) && e->state == LOGS_COMPLETE;
    drop_chunks(tx, q.number, complete ? e->chunks : 0);
    if (!logs_query_active(&q)) /* stopped meanwhile */
        return;
    q.state = e->state;
    q.why = e->why;
    q.matched = e->matched;
    q.scanned = e->scanned;
    q.bytes = e->bytes;
    q.chunks = complete ? e->chunks : 0;
    if (q.chunks)
        wb_tx_put(tx, logs_query_chunk_key(tx->arena, q.number, q.chunks - 1), e->last);
    logs_query_end(tx, &q);
}

static unsigned limit(struct wb_engine *e, struct wb_slice target)
{
    return WB_INSIGHTS_AT_ONCE;
}

static const struct wb_schedule schedule = {
    .base_ms = 200, .cap_ms = 5000, .attempts_max = ATTEMPT_MAX};
const struct wb_executor logs_query_executor = {
    .name = "logs.query", .schedule = &schedule, .limit = limit, .start = start, .apply = apply};
