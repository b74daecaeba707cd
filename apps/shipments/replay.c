/*
 * The replay offers messages in order of arrival, at the day's own pace squeezed into seconds. A
 * second thread with a connection of its own measures: for one event in twenty it asks for the
 * outcome until it is there, which gives the time from accepted to visible.
 */
#include "replay.h"

#include "base/map.h"
#include "base/seam.h"
#include "base/time.h"
#include "files.h"
#include "update.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_EVERY 20
#define SAMPLES_MAX  65536
#define DAY_MS       86400000LL

static int64_t mono_us(void)
{
    return wb_seam_os()->mono_ns(wb_seam_os()) / 1000;
}

/* --- latency --- */

struct sample {
    char event_id[40];
    int64_t accepted_us;
};

struct meter {
    struct wb_aws *aws;
    struct wb_slice table;
    struct sample sample[SAMPLES_MAX];
    int64_t latency_us[SAMPLES_MAX];
    atomic_uint offered;
    atomic_bool closed;
    unsigned taken;
};

static bool outcome_of(struct wb_aws *aws, struct wb_arena *a, struct wb_slice table,
                       struct wb_slice event_id, struct wb_json *item)
{
    struct wb_aws_answer r;
    struct wb_slice in = wb_printf(
        a,
        "{\"TableName\":\"%.*s\",\"Key\":{\"eventId\":{\"S\":\"%.*s\"}},\"ConsistentRead\":true}",
        WB_FMT(table), WB_FMT(event_id));
    if (!wb_aws_json(aws, a, "dynamodb", "GetItem", in, &r))
        return false;
    *item = wb_json_get(r.json, "Item");
    return true;
}

static void *measure(void *arg)
{
    struct meter *m = arg;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (;;) {
        unsigned offered = atomic_load(&m->offered);
        if (m->taken == offered) {
            if (atomic_load(&m->closed))
                break;
            sleep_ms(1);
            continue;
        }
        const struct sample *s = &m->sample[m->taken];
        struct wb_json item;
        wb_arena_reset(&a);
        if (outcome_of(m->aws, &a, m->table, wb_slice_str(s->event_id), &item) &&
            wb_json_is(item)) {
            m->latency_us[m->taken++] = mono_us() - s->accepted_us;
            continue;
        }
        if (atomic_load(&m->closed) && mono_us() - s->accepted_us > 60000000)
            break;
        struct timespec t = {0, 500000};
        nanosleep(&t, NULL);
    }
    wb_arena_release(&a);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* --- what came of it --- */

struct count {
    int64_t stored, duplicates, refused[REFUSED_COUNT], other;
};

struct replay {
    struct wb_aws *aws;
    const struct stack *s;
    const struct replay_options *o;
    struct wb_arena *a;
    struct wb_slice *event_id; /* accepted events */
    size_t accepted, offered, malformed;
    struct count count;
    struct meter *meter;
    bool terminal;
};

static void progress(const struct replay *r, const char *what, size_t done, size_t total)
{
    if (!r->terminal)
        return;
    int filled = total ? (int)(done * 30 / total) : 0;
    fprintf(stderr, "\r%-10s [%-30.*s] %zu of %zu ", what, filled, "##############################",
            done, total);
    if (done == total)
        fputc('\n', stderr);
}

static struct wb_slice read_text(struct wb_arena *a, const char *folder, const char *name)
{
    struct wb_slice path = wb_printf(a, "%s/%s", folder, name), text = file_read(a, path.p);
    if (!text.p)
        fprintf(stderr, "waybill: cannot read %s\n", path.p);
    return text;
}

static size_t lines_of(struct wb_slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static void take_sample(struct replay *r, struct wb_slice event_id, int64_t accepted_us)
{
    unsigned n = atomic_load(&r->meter->offered);
    if (r->accepted % SAMPLE_EVERY != 0 || n == SAMPLES_MAX ||
        event_id.n >= sizeof r->meter->sample[0].event_id)
        return;
    struct sample *s = &r->meter->sample[n];
    memcpy(s->event_id, event_id.p, event_id.n);
    s->event_id[event_id.n] = 0;
    s->accepted_us = accepted_us;
    atomic_store(&r->meter->offered, n + 1);
}

static bool offer(struct replay *r, struct wb_arena *scratch, struct feed_entry *entry,
                  size_t count)
{
    if (!feed_put(r->aws, scratch, r->s, entry, count))
        return false;
    int64_t now = mono_us();
    for (size_t i = 0; i < count; i++) {
        if (!entry[i].event_id.p) {
            r->malformed++;
            continue;
        }
        r->event_id[r->accepted] = wb_dup(r->a, entry[i].event_id);
        take_sample(r, r->event_id[r->accepted], now);
        r->accepted++;
    }
    r->offered += count;
    return true;
}

/* Real microseconds after the start at which a message of the day is due. */
static int64_t due_us(const struct replay *r, int64_t day_start_ms, struct wb_slice time)
{
    int64_t ms;
    if (!r->o->duration_ms || !wb_time_parse_iso(time, &ms, NULL))
        return 0;
    return (ms - day_start_ms) * r->o->duration_ms / DAY_MS * 1000;
}

static bool offer_all(struct replay *r, struct wb_slice text, int64_t day_start_ms)
{
    struct wb_arena scratch;
    wb_arena_init(&scratch, 1 << 20);
    size_t total = lines_of(text), held = 0;
    struct feed_entry entry[FEED_BATCH];
    int64_t start = mono_us();
    bool ok = true;
    while (ok && text.n) {
        struct wb_slice line = wb_slice_cut(&text, '\n');
        const char *why;
        if (!feed_line(&scratch, line, &entry[held], &why)) {
            fprintf(stderr, "waybill: day.jsonl: %s\n", why);
            ok = false;
            break;
        }
        int64_t wait = due_us(r, day_start_ms, entry[held].time) - (mono_us() - start);
        held++;
        if (wait > 1000 && held > 1) { /* what is due goes out first */
            ok = offer(r, &scratch, entry, held - 1);
            entry[0] = entry[held - 1];
            entry[0].detail = wb_dup(r->a, entry[0].detail);
            held = 1;
        }
        if (wait > 1000)
            sleep_ms(wait / 1000);
        if (ok && (held == FEED_BATCH || !text.n)) {
            ok = offer(r, &scratch, entry, held);
            held = 0;
        }
        progress(r, "replayed", r->offered, total);
        if (held == 0)
            wb_arena_reset(&scratch);
    }
    wb_arena_release(&scratch);
    return ok;
}

static void tally(struct replay *r, struct wb_arena *a, struct wb_json item)
{
    struct wb_slice outcome = wb_json_get_str(wb_json_get(item, "outcome"), "S", a);
    if (wb_slice_is(outcome, "stored")) {
        r->count.stored++;
    } else if (wb_slice_is(outcome, "duplicate")) {
        r->count.duplicates++;
    } else {
        struct wb_slice reason = wb_json_get_str(wb_json_get(item, "reason"), "S", a);
        for (enum refusal k = REFUSED_NOT + 1; k < REFUSED_COUNT; k++)
            if (wb_slice_is(reason, refusal_name(k))) {
                r->count.refused[k]++;
                return;
            }
        r->count.other++;
    }
}

/* Asks for the outcome of every accepted event until all are there. */
static bool await_outcomes(struct replay *r)
{
    struct wb_arena scratch;
    wb_arena_init(&scratch, 0);
    size_t left = r->accepted;
    int64_t last = mono_us();
    while (left) {
        size_t kept = 0, before = left;
        for (size_t i = 0; i < left; i++) {
            struct wb_json item = WB_JSON_NONE;
            wb_arena_reset(&scratch);
            if (outcome_of(r->aws, &scratch, r->s->outcomes_table, r->event_id[i], &item) &&
                wb_json_is(item))
                tally(r, &scratch, item);
            else
                r->event_id[kept++] = r->event_id[i];
        }
        left = kept;
        progress(r, "processed", r->accepted - left, r->accepted);
        if (left < before)
            last = mono_us();
        else if (mono_us() - last > r->o->patience_ms * 1000)
            break;
        if (left)
            sleep_ms(20);
    }
    if (left)
        fprintf(stderr,
                "waybill: %zu events still have no outcome, the first is %.*s; see `waybill "
                "status` and `waybill dead list`\n",
                left, WB_FMT(r->event_id[0]));
    wb_arena_release(&scratch);
    return left == 0;
}

/* COUNT of a Query or Scan over all its pages; -1 on failure. `request` is a JSON object without
 * its closing brace. */
static int64_t count_pages(struct wb_aws *aws, const char *operation, struct wb_slice request)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf start = {0};
    int64_t total = 0;
    for (;;) {
        struct wb_aws_answer r;
        wb_arena_reset(&a);
        struct wb_slice in =
            wb_printf(&a, "%.*s%.*s}", WB_FMT(request), WB_FMT(wb_buf_slice(&start)));
        if (!wb_aws_json(aws, &a, "dynamodb", operation, in, &r)) {
            total = -1;
            break;
        }
        total += wb_json_get_i64(r.json, "Count", 0);
        struct wb_json last = wb_json_get(r.json, "LastEvaluatedKey");
        if (!wb_json_is(last))
            break;
        start.n = 0;
        wb_buf_printf(&start, ",\"ExclusiveStartKey\":%.*s", WB_FMT(wb_json_raw(last)));
    }
    wb_buf_release(&start);
    wb_arena_release(&a);
    return total;
}

static int64_t notices(const struct replay *r)
{
    return count_pages(r->aws, "Scan",
                       wb_printf(r->a, "{\"TableName\":\"%.*s\",\"Select\":\"COUNT\"",
                                 WB_FMT(r->s->notices_table)));
}

struct rows {
    int64_t rows, wrong; /* wrong: shipments whose count differs from the truth */
    int64_t states;      /* shipments with a state other than the truth */
    bool has_states;     /* a folder of an older version tells none */
};

/* Whether the row of a shipment's state is as the line of the truth says. */
static bool right_state(const struct replay *r, struct wb_arena *a, struct wb_json truth)
{
    struct wb_aws_answer answer;
    struct wb_slice in = wb_printf(
        a, "{\"TableName\":\"%.*s\",\"Key\":{\"shipmentId\":{\"S\":%.*s}},\"ConsistentRead\":true}",
        WB_FMT(r->s->state_table), WB_FMT(wb_json_raw(wb_json_get(truth, "shipmentId"))));
    if (!wb_aws_json(r->aws, a, "dynamodb", "GetItem", in, &answer))
        return false;
    struct wb_json item = wb_json_get(answer.json, "Item");
    static const char *const flag[] = {"delayed", "exception"};
    for (size_t i = 0; i < sizeof flag / sizeof *flag; i++)
        if (wb_json_is(wb_json_get(item, flag[i])) !=
            wb_json_bool(wb_json_get(truth, flag[i]), false))
            return false;
    return wb_slice_eq(wb_json_get_str(wb_json_get(item, "status"), "S", a),
                       wb_json_get_str(truth, "status", a));
}

static struct rows count_rows(const struct replay *r, struct wb_slice truth_shipments)
{
    struct rows n = {0};
    struct wb_arena a;
    wb_arena_init(&a, 0);
    while (truth_shipments.n) {
        wb_arena_reset(&a);
        struct wb_json t = wb_json_read(&a, wb_slice_cut(&truth_shipments, '\n'), NULL);
        struct wb_slice id = wb_json_raw(wb_json_get(t, "shipmentId"));
        int64_t rows =
            count_pages(r->aws, "Query",
                        wb_printf(&a,
                                  "{\"TableName\":\"%.*s\",\"Select\":\"COUNT\",\"ConsistentRead\":"
                                  "true,\"KeyConditionExpression\":\"shipmentId = "
                                  ":s\",\"ExpressionAttributeValues\":{\":s\":{\"S\":%.*s}}",
                                  WB_FMT(r->s->log_table), WB_FMT(id)));
        n.rows += rows > 0 ? rows : 0;
        n.wrong += rows != wb_json_get_i64(t, "updates", -1);
        if (wb_json_is(wb_json_get(t, "status"))) {
            n.has_states = true;
            n.states += !right_state(r, &a, t);
        }
    }
    wb_arena_release(&a);
    return n;
}

/* Mails of this application in the outbox: what was published, not confirmations. */
static int64_t mails(const char *outbox)
{
    int64_t n = 0;
    DIR *d = outbox ? opendir(outbox) : NULL;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        struct wb_slice text = read_text(&a, outbox, e->d_name);
        n += wb_slice_find(text, WB_S("Subject: Shipment"), 0) >= 0;
        wb_arena_reset(&a);
    }
    if (d)
        closedir(d);
    wb_arena_release(&a);
    return n;
}

/* --- the summary --- */

static bool line(const char *what, int64_t seen, int64_t truth)
{
    bool ok = seen == truth;
    printf("  %-34s %8lld   truth %8lld   %s\n", what, (long long)seen, (long long)truth,
           ok ? "ok" : "WRONG");
    return ok;
}

static void latency_lines(struct meter *m)
{
    if (!m->taken)
        return;
    qsort(m->latency_us, m->taken, sizeof *m->latency_us, by_value);
    const struct {
        const char *name;
        unsigned per_1000;
    } p[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"max", 1000}};
    printf("  accepted to visible (%u sampled)  ", m->taken);
    for (size_t i = 0; i < 4; i++) {
        unsigned at = (unsigned)((uint64_t)m->taken * p[i].per_1000 / 1000);
        int64_t us = m->latency_us[at < m->taken ? at : m->taken - 1];
        printf("  %s %lld.%lld ms", p[i].name, (long long)us / 1000, (long long)us % 1000 / 100);
    }
    printf("\n");
}

struct before {
    int64_t rows, notices, mails;
};

static bool summarize(struct replay *r, struct wb_json truth, struct wb_slice shipments,
                      const struct before *b)
{
    int64_t stored = wb_json_get_i64(truth, "stored", -1),
            duplicates = wb_json_get_i64(truth, "duplicates", -1);
    int64_t sent =
        wb_json_get_i64(truth, "refusalMails", 0) + wb_json_get_i64(truth, "delayMails", 0);
    int64_t fresh = stored - b->rows; /* what a replay before this one left to store */
    printf("\nThe day, held against its truth%s:\n", b->rows ? " (replayed before)" : "");
    bool ok = line("messages offered", (int64_t)r->offered, wb_json_get_i64(truth, "messages", -1));
    ok &= line("malformed, refused by the bus", (int64_t)r->malformed,
               wb_json_get_i64(truth, "malformed", -1));
    ok &= line("accepted", (int64_t)r->accepted, wb_json_get_i64(truth, "accepted", -1));
    ok &= line("stored", r->count.stored, fresh);
    ok &= line("duplicate", r->count.duplicates, stored + duplicates - fresh);
    struct wb_json refused = wb_json_get(truth, "refused");
    for (enum refusal k = REFUSED_NOT + 1; k < REFUSED_COUNT; k++) {
        int64_t want = wb_json_get_i64(refused, refusal_name(k), 0);
        if (want || r->count.refused[k])
            ok &= line(wb_printf(r->a, "refused %s", refusal_name(k)).p, r->count.refused[k], want);
    }
    if (r->count.other)
        ok &= line("refused for an unknown reason", r->count.other, 0);
    struct rows n = count_rows(r, shipments);
    ok &= line("rows in the log for its shipments", n.rows, stored);
    ok &= line("shipments with a wrong timeline", n.wrong, 0);
    if (n.has_states)
        ok &= line("shipments in a wrong state", n.states, 0);
    if (b->rows == 0 || b->rows == stored) {
        int64_t want = b->rows ? 0 : sent;
        ok &= line("mails sent", notices(r) - b->notices, want);
        for (int i = 0; r->o->outbox && i < 100 && mails(r->o->outbox) - b->mails < want; i++)
            sleep_ms(100);
        if (r->o->outbox)
            ok &= line("mails in the outbox", mails(r->o->outbox) - b->mails, want);
    }
    latency_lines(r->meter);
    return ok;
}

int replay_run(struct wb_aws *aws, const struct stack *s, const struct replay_options *o)
{
    struct wb_arena a;
    wb_arena_init(&a, 1 << 20);
    struct replay r = {.aws = aws, .s = s, .o = o, .a = &a, .terminal = isatty(2)};
    struct wb_slice text = read_text(&a, o->folder, "day.jsonl"),
                    truth_text = read_text(&a, o->folder, "truth.json");
    struct wb_slice shipments = read_text(&a, o->folder, "truth-shipments.jsonl");
    struct wb_json truth = wb_json_read(&a, truth_text, NULL);
    int64_t start_ms;
    const char *why;
    struct meter *meter = wb_xcalloc(1, sizeof *meter);
    meter->aws = wb_aws_new(NULL, &why);
    if (!text.p || !shipments.p || !meter->aws ||
        !wb_time_parse_iso(wb_json_get_str(truth, "start", &a), &start_ms, NULL)) {
        fprintf(stderr, "waybill: %s holds no day to replay; make one with `waybill day`\n",
                o->folder);
        free(meter);
        wb_arena_release(&a);
        return 1;
    }
    r.meter = meter;
    meter->table = s->outcomes_table;
    r.event_id = wb_new_n(&a, struct wb_slice, lines_of(text) + 1);
    struct before before = {count_rows(&r, shipments).rows, notices(&r), mails(o->outbox)};
    pthread_t thread;
    bool measuring = pthread_create(&thread, NULL, measure, meter) == 0;
    int64_t began = mono_us();
    bool ok = offer_all(&r, text, start_ms);
    int64_t offered = mono_us();
    ok = await_outcomes(&r) && ok;
    int64_t done = mono_us();
    atomic_store(&meter->closed, true);
    if (measuring)
        pthread_join(thread, NULL);
    ok = summarize(&r, truth, shipments, &before) && ok;
    printf("  offered in %lld.%lld s, all processed %lld ms later\n",
           (long long)(offered - began) / 1000000, (long long)(offered - began) / 100000 % 10,
           (long long)(done - offered) / 1000);
    printf(ok ? "All as it should be.\n" : "NOT as it should be.\n");
    wb_aws_free(meter->aws);
    free(meter);
    wb_arena_release(&a);
    return ok ? 0 : 1;
}
