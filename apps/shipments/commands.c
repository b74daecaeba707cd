/*
 * The application's commands: send, shipment, shipments, day, replay.
 */
#include "apps.h"
#include "base/time.h"
#include "day.h"
#include "feed.h"
#include "rebuild.h"
#include "replay.h"
#include "timeline.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DAY_SEED    1
#define DAY_UPDATES 2000
#define DAY_START   "2026-11-02T00:00:00Z"

static struct wb_aws *client(void)
{
    const char *why;
    struct wb_aws *c = wb_aws_new(NULL, &why);
    if (!c)
        fprintf(stderr, "waybill: %s; run `eval \"$(waybill env)\"` first\n", why);
    return c;
}

/* A whole number from 0 to max. */
static bool number(const char *command, const char *text, int64_t max, int64_t *out)
{
    if (wb_slice_i64(wb_slice_str(text), out) && *out >= 0 && *out <= max)
        return true;
    fprintf(stderr, "%s: %s is not a whole number from 0 to %lld\n", command, text, (long long)max);
    return false;
}

/* --- send --- */

struct sender {
    struct wb_aws *aws;
    struct stack s;
    struct wb_arena arena;
    struct feed_entry entry[FEED_BATCH];
    size_t line[FEED_BATCH], held;
    size_t lines, accepted, refused;
    off_t size, read; /* of the file; 0 = unknown */
    bool terminal;
};

static bool flush_batch(struct sender *s)
{
    if (s->held && !feed_put(s->aws, &s->arena, &s->s, s->entry, s->held))
        return false;
    for (size_t i = 0; i < s->held; i++) {
        if (s->entry[i].event_id.p) {
            s->accepted++;
            continue;
        }
        s->refused++;
        fprintf(stderr, "waybill send: line %zu refused: %.*s: %.*s\n", s->line[i],
                WB_FMT(s->entry[i].code), WB_FMT(s->entry[i].message));
    }
    s->held = 0;
    wb_arena_reset(&s->arena);
    if (s->terminal && s->size)
        fprintf(stderr, "\r[%-30.*s] %zu sent ", (int)(s->read * 30 / s->size),
                "##############################", s->accepted);
    return true;
}

static bool send_line(struct sender *s, struct wb_slice text)
{
    const char *why;
    s->lines++;
    if (wb_slice_trim(text).n == 0)
        return true;
    if (!feed_line(&s->arena, wb_dup(&s->arena, text), &s->entry[s->held], &why)) {
        fprintf(stderr, "waybill send: line %zu refused: %s\n", s->lines, why);
        s->refused++;
        return true;
    }
    s->line[s->held++] = s->lines;
    return s->held < FEED_BATCH || flush_batch(s);
}

static bool send_file(struct sender *s, FILE *f)
{
    char *text = NULL;
    size_t cap = 0;
    bool ok = true;
    for (ssize_t n; ok && (n = getline(&text, &cap, f)) >= 0;) {
        s->read += n;
        while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
            n--;
        ok = send_line(s, wb_slice(text, (size_t)n));
    }
    free(text);
    return ok && flush_batch(s);
}

static int send_command(int argc, char **argv)
{
    if (argc != 2 || strncmp(argv[1], "--", 2) == 0)
        return WB_WRONG_USAGE;
    FILE *f = strcmp(argv[1], "-") == 0 ? stdin : fopen(argv[1], "r");
    if (!f) {
        fprintf(stderr, "waybill send: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    struct sender s = {.aws = client(), .terminal = isatty(2)};
    if (!s.aws)
        return 1;
    if (f != stdin && fseeko(f, 0, SEEK_END) == 0) {
        s.size = ftello(f);
        rewind(f);
    }
    struct wb_arena names;
    wb_arena_init(&names, 0);
    wb_arena_init(&s.arena, 1 << 16);
    s.s = stack_names(&names);
    bool ok = send_file(&s, f);
    printf("%s%zu accepted, %zu refused\n", s.terminal && s.size ? "\n" : "", s.accepted,
           s.refused);
    if (f != stdin)
        fclose(f);
    wb_arena_release(&s.arena);
    wb_arena_release(&names);
    wb_aws_free(s.aws);
    return ok && s.refused == 0 ? 0 : 1;
}

/* --- shipment --- */

/* Runs one that asks the stack. */
static int with_stack(int (*run)(struct wb_aws *aws, const struct stack *s, const void *argument),
                      const void *argument)
{
    struct wb_aws *aws = client();
    if (!aws)
        return 1;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct stack s = stack_names(&a);
    int rc = run(aws, &s, argument);
    wb_arena_release(&a);
    wb_aws_free(aws);
    return rc;
}

static int shipment(struct wb_aws *aws, const struct stack *s, const void *sought)
{
    return shipment_print(aws, s, sought);
}

static int shipment_command(int argc, char **argv)
{
    if (argc != 2 || strncmp(argv[1], "--", 2) == 0)
        return WB_WRONG_USAGE;
    return with_stack(shipment, argv[1]);
}

/* --- shipments --- */

static int rebuild(struct wb_aws *aws, const struct stack *s, const void *argument)
{
    return rebuild_run(aws, s);
}

static int shipments_command(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "rebuild") != 0)
        return WB_WRONG_USAGE;
    return with_stack(rebuild, NULL);
}

/* --- day --- */

static int day_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"seed", 1, NULL, 's'}, {"updates", 1, NULL, 'u'}, {"start", 1, NULL, 't'}, {0}};
    struct day_options o = {.seed = DAY_SEED, .updates = DAY_UPDATES};
    const char *start = DAY_START;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int64_t v = 0;
        if (c == '?' || (c != 't' && !number(argv[0], optarg, 10000000, &v)))
            return WB_WRONG_USAGE;
        if (c == 's')
            o.seed = (uint64_t)v;
        else if (c == 'u')
            o.updates = (unsigned)v;
        else
            start = optarg;
    }
    if (optind != argc - 1 || !wb_time_parse_iso(wb_slice_str(start), &o.start_ms, NULL))
        return WB_WRONG_USAGE;
    struct wb_arena a;
    wb_arena_init(&a, 1 << 20);
    struct day d;
    day_make(&a, &o, &d);
    int rc = day_write(&d, &o, argv[optind]);
    if (rc < 0)
        fprintf(stderr, "waybill day: %s: %s\n", argv[optind], strerror(-rc));
    else
        printf("%u updates of %u shipments in %s\n", d.message_count, d.shipment_count,
               argv[optind]);
    wb_arena_release(&a);
    return rc < 0;
}

/* --- replay --- */

static int replay(struct wb_aws *aws, const struct stack *s, const void *options)
{
    return replay_run(aws, s, options);
}

static int replay_command(int argc, char **argv)
{
    static const struct option options[] = {
        {"outbox", 1, NULL, 'o'}, {"seconds", 1, NULL, 's'}, {"patience", 1, NULL, 'p'}, {0}};
    struct replay_options o = {.duration_ms = 8000, .patience_ms = 60000};
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        int64_t v = 0;
        if (c == '?' || (c != 'o' && !number(argv[0], optarg, 86400, &v)))
            return WB_WRONG_USAGE;
        if (c == 'o')
            o.outbox = optarg;
        else
            *(c == 's' ? &o.duration_ms : &o.patience_ms) = v * 1000;
    }
    if (optind != argc - 1)
        return WB_WRONG_USAGE;
    o.folder = argv[optind];
    return with_stack(replay, &o);
}

const struct wb_app_command wb_app_commands[] = {
    {"send", "put shipment updates on the bus",
     "usage: waybill send FILE|-\n\n"
     "FILE has one JSON object a line: an update\n"
     "  {\"shipmentId\":\"SHIP-1\",\"status\":\"IN_TRANSIT\",\"location\":\"Dallas, "
     "TX\",\"carrier\":\"FedEx\",\n"
     "   \"trackingNumber\":\"123\",\"timestamp\":\"2026-11-22T12:00:00Z\"}\n"
     "or an update with what belongs to its event: "
     "{\"detail-type\":...,\"time\":...,\"detail\":{...}}.\n"
     "Every line the bus accepted is durable when the command ends. Exit status 1 when a line was "
     "refused.\n",
     send_command},
    {"shipment", "print a shipment's timeline",
     "usage: waybill shipment ID|TRACKING-NUMBER\n\nPrints what the shipment's updates say "
     "together, "
     "and then the updates in the order in which they happened:\n"
     "instant (UTC), status, place, carrier, tracking number, and for a delay its reason and new "
     "estimate. An instant with #... is a second\n"
     "update at the same instant. A tracking number that was used again gives each of its "
     "shipments.\n",
     shipment_command},
    {"shipments", "rebuild the current states from the log",
     "usage: waybill shipments rebuild\n\n"
     "Makes the tables shipment-state and shipment-references from shipment-logs: after an upgrade "
     "from a version without them, after\n"
     "rows of the log were put in or removed by hand, or to see that all is right. What is right "
     "is "
     "left alone, so it may be stopped\n"
     "and run again at any time, and updates may go on coming. Says what it changed.\n",
     shipments_command},
    {"day", "make up a day of shipment updates",
     "usage: waybill day [--seed N] [--updates N] [--start TIME] FOLDER\n\n"
     "Writes FOLDER/day.jsonl, and beside it the truth: truth.json and truth-shipments.jsonl. The "
     "same seed gives the same bytes.\n"
     "Defaults: seed 1, at least 2000 updates, start " DAY_START ".\n",
     day_command},
    {"replay", "replay a day and hold the outcome against its truth",
     "usage: waybill replay [--seconds N] [--outbox FOLDER] [--patience N] FOLDER\n\n"
     "Offers the updates of FOLDER (see waybill day) in order of arrival, the 24 hours in N "
     "seconds (default 8, 0 = as fast as it goes), waits\n"
     "for every outcome, and prints what came of it beside the truth. Exit status 1 when the truth "
     "is missed, or when no outcome came for\n"
     "--patience seconds (default 60).\n",
     replay_command},
    {0},
};
