/* waybill tail: the command, and what its kinds share. */
#include "cli/tail.h"

#include "base/log.h"
#include "base/map.h"
#include "base/time.h"
#include "codec/event_stream.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SILENCE_S 15 /* the server says something every second */
#define PAUSE_MS  500

/* --- the server --- */

void tail_here(struct tail *t)
{
    if (t->away)
        fprintf(stderr, "waybill tail: the server is back\n");
    t->away = false;
    t->been = true;
}

enum tail_result tail_failure(struct tail *t, const struct wb_aws_answer *r)
{
    if (r->status && !r->transient) {
        fprintf(stderr, "waybill tail: %.*s: %.*s\n", WB_FMT(r->code), WB_FMT(r->message));
        return TAIL_FAILED;
    }
    if (!t->been) {
        fprintf(stderr, "waybill tail: no server answers: %.*s\n", WB_FMT(r->message));
        return TAIL_FAILED;
    }
    if (!t->away)
        fprintf(stderr, "waybill tail: the server is gone; waiting for it\n");
    t->away = true;
    return TAIL_AGAIN;
}

enum tail_result tail_ask(struct tail *t, struct wb_arena *a, const char *service,
                          const char *operation, struct wb_slice input, struct wb_aws_answer *r)
{
    if (!wb_aws_json(t->ask, a, service, operation, input, r))
        return tail_failure(t, r);
    tail_here(t);
    return TAIL_ON;
}

void tail_pause(void)
{
    nanosleep(&(struct timespec){PAUSE_MS / 1000, PAUSE_MS % 1000 * 1000000}, NULL);
}

/* --- following a stream --- */

struct following {
    struct tail *t;
    const struct tail_stream *s;
    struct wb_buf in;
    enum tail_result result;
    bool over; /* the server ended it: begin again at once */
};

static enum tail_result message(struct following *f, const struct wb_event_message *m)
{
    struct wb_arena a;
    struct wb_slice name = wb_event_header(m, ":event-type");
    if (wb_event_header(m, ":exception-type").p) { /* its time is over */
        f->over = true;
        return TAIL_ON;
    }
    if (wb_slice_is(name, "initial-response"))
        return TAIL_ON;
    wb_arena_init(&a, 0);
    enum tail_result r = f->s->event(f->s->arg, name, wb_json_read(&a, m->payload, NULL), &a);
    wb_arena_release(&a);
    return r;
}

static bool piece(void *arg, struct wb_slice bytes)
{
    struct following *f = arg;
    struct wb_event_message m;
    enum wb_event_read r = WB_EVENT_READ;
    wb_buf_slice_put(&f->in, bytes);
    tail_here(f->t);
    struct wb_slice left = wb_buf_slice(&f->in);
    while (f->result == TAIL_ON && (r = wb_event_message_next(&left, &m)) == WB_EVENT_READ)
        f->result = message(f, &m);
    if (r == WB_EVENT_BAD) {
        fprintf(stderr, "waybill tail: the answer is no event stream\n");
        f->result = TAIL_FAILED;
    }
    wb_buf_drop(&f->in, f->in.n - left.n);
    return f->result == TAIL_ON;
}

int tail_follow(struct tail *t, const struct tail_stream *s)
{
    struct following f = {.t = t, .s = s};
    struct wb_aws *client = wb_cli_client(NULL);
    struct wb_arena a;
    wb_arena_init(&a, 0);
    while (client && f.result != TAIL_FAILED) {
        struct wb_aws_answer r;
        f.result = TAIL_ON;
        f.in.n = 0;
        f.over = false;
        bool ok =
            wb_aws_stream(client, &a, s->service, s->operation, s->input, piece, &f, SILENCE_S, &r);
        if (f.result == TAIL_ON && (!ok || !f.over)) {
            r.transient |= ok;
            f.result = tail_failure(t, &r);
        }
        if (f.result == TAIL_AGAIN)
            tail_pause();
        wb_arena_reset(&a);
    }
    wb_buf_release(&f.in);
    wb_arena_release(&a);
    wb_aws_free(client);
    return 1;
}

/* --- what was shown --- */

struct shown {
    int64_t ms;
    unsigned shown, live, read; /* how often: at all, by the stream, in this reading */
};

struct tail_seen {
    struct wb_map *line;
    int64_t from_ms;
};

struct tail_seen *tail_seen_new(void)
{
    struct tail_seen *s = wb_xcalloc(1, sizeof *s);
    s->line = wb_map_new();
    s->from_ms = INT64_MIN;
    return s;
}

static void drop_lines(struct wb_map *m)
{
    size_t pos = 0;
    void *line;
    while (wb_map_next(m, &pos, &(struct wb_slice){NULL, 0}, &line))
        free(line);
    wb_map_free(m);
}

void tail_seen_free(struct tail_seen *s)
{
    drop_lines(s->line);
    free(s);
}

static struct shown *line_of(struct tail_seen *s, struct wb_slice key, int64_t ms)
{
    struct shown *line = wb_map_get(s->line, key);
    if (line)
        return line;
    line = wb_xcalloc(1, sizeof *line);
    line->ms = ms;
    wb_map_put(s->line, key, line);
    return line;
}

static bool count(struct shown *line, unsigned *by)
{
    bool is_new = *by == line->shown;
    ++*by;
    line->shown += is_new;
    return is_new;
}

bool tail_seen_live(struct tail_seen *s, struct wb_slice key, int64_t ms)
{
    if (ms < s->from_ms)
        return false;
    struct shown *line = line_of(s, key, ms);
    return count(line, &line->live);
}

bool tail_seen_read(struct tail_seen *s, struct wb_slice key, int64_t ms)
{
    if (ms < s->from_ms)
        return false;
    struct shown *line = line_of(s, key, ms);
    return count(line, &line->read);
}

void tail_seen_reread(struct tail_seen *s)
{
    size_t pos = 0;
    struct wb_slice key;
    void *line;
    while (wb_map_next(s->line, &pos, &key, &line))
        ((struct shown *)line)->read = 0;
}

void tail_seen_forget(struct tail_seen *s, int64_t before_ms)
{
    if (before_ms <= s->from_ms)
        return;
    s->from_ms = before_ms;
    struct wb_map *kept = wb_map_new(), *all = s->line;
    size_t pos = 0;
    struct wb_slice key;
    void *line;
    while (wb_map_next(all, &pos, &key, &line)) {
        if (((struct shown *)line)->ms >= before_ms)
            wb_map_put(kept, key, line);
        else
            free(line);
    }
    wb_map_free(all);
    s->line = kept;
}

/* --- printing --- */

static void colour(const struct tail *t, enum tail_colour c)
{
    static const char *const code[] = {"0", "2", "31", "32", "33", "36"};
    if (t->colour)
        printf("\033[%sm", code[c]);
}

void tail_time(const struct tail *t, int64_t ms)
{
    char text[WB_TIME_MAX];
    size_t n = wb_time_format(text, ms, WB_TIME_ISO_MS);
    tail_text(t, TAIL_DIM, wb_slice(text, n));
}

/* Of a control character in UTF-8, those beyond ASCII included; 0: it is none. */
static size_t control(struct wb_slice s, size_t at)
{
    uint8_t c = (uint8_t)s.p[at];
    if (c == 0xc2 && at + 1 < s.n && (uint8_t)s.p[at + 1] < 0xa0)
        return 2;
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

void tail_text(const struct tail *t, enum tail_colour c, struct wb_slice s)
{
    if (c != TAIL_PLAIN)
        colour(t, c);
    while (s.n && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
        s.n--;
    for (size_t i = 0, n; i < s.n; i += n ? n : 1) {
        n = control(s, i);
        if (!n)
            putchar(s.p[i]);
        else if (s.p[i] == '\n')
            fputs("\\n", stdout);
        else
            printf("\\x%02x", (uint8_t)s.p[i + n - 1]);
    }
    if (c != TAIL_PLAIN)
        colour(t, TAIL_PLAIN);
}

/* Line breaks in JSON can only be blanks between its parts. */
void tail_json(const struct tail *t, struct wb_slice raw)
{
    for (size_t at = 0; at <= raw.n;) {
        ptrdiff_t end = wb_slice_chr(raw, '\n', at);
        size_t to = end < 0 ? raw.n : (size_t)end;
        struct wb_slice part = wb_slice_sub(raw, at, to);
        if (at)
            putchar(' ');
        if (t->json)
            fwrite(part.p, 1, part.n, stdout);
        else
            tail_text(t, TAIL_PLAIN, part);
        at = to + 1;
    }
}

bool tail_end_line(void)
{
    putchar('\n');
    return fflush(stdout) == 0;
}

/* --- the command --- */

struct options {
    const char *pattern, *filter, *stream;
    int64_t since_ms;
    bool json;
};

/* Bits of what a kind takes. */
enum { O_PATTERN = 1, O_FILTER = 2, O_STREAM = 4, O_SINCE = 8 };

static const struct kind {
    const char *name;
    int takes, least, most;
} kinds[] = {{"events", O_PATTERN, 0, 1},
             {"logs", O_FILTER | O_STREAM | O_SINCE, 1, 10},
             {"alarms", 0, 0, 0}};

static bool read_options(int argc, char **argv, struct options *o, int *given)
{
    static const struct option options[] = {{"pattern", 1, NULL, 'p'}, {"filter", 1, NULL, 'f'},
                                            {"stream", 1, NULL, 's'},  {"since", 1, NULL, 'i'},
                                            {"json", 0, NULL, 'j'},    {0}};
    *o = (struct options){.since_ms = -1};
    *given = 0;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?' ||
            (c == 'i' && !wb_cli_since(optarg, (int64_t)time(NULL) * 1000, &o->since_ms)))
            return false;
        o->pattern = c == 'p' ? optarg : o->pattern;
        o->filter = c == 'f' ? optarg : o->filter;
        o->stream = c == 's' ? optarg : o->stream;
        o->json |= c == 'j';
        *given |= c == 'p' ? O_PATTERN : c == 'f' ? O_FILTER : c == 's' ? O_STREAM : 0;
        *given |= c == 'i' ? O_SINCE : 0;
    }
    return true;
}

/* All that was printed has been flushed. */
static void stop(int sig)
{
    _exit(0);
}

static int run(const struct kind *k, struct tail *t, const struct options *o, char **name,
               int names)
{
    if (k->takes & O_FILTER)
        return tail_logs(t, name, (size_t)names, o->filter, o->stream, o->since_ms);
    if (k->takes & O_PATTERN)
        return tail_events(t, names ? name[0] : NULL, o->pattern);
    return tail_alarms(t);
}

static int tail_command(int argc, char **argv)
{
    const struct kind *k = NULL;
    struct options o;
    int given;
    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(argv[1], kinds[i].name) == 0)
            k = &kinds[i];
    if (!k || !read_options(argc - 1, argv + 1, &o, &given) || (given & ~k->takes))
        return WB_WRONG_USAGE;
    int names = argc - 1 - optind;
    if (names < k->least || names > k->most || (o.stream && names > 1))
        return WB_WRONG_USAGE;
    bool tty = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    struct tail t = {.ask = wb_cli_client(NULL), .json = o.json, .colour = tty && !o.json};
    if (!t.ask)
        return 1;
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    int rc = run(k, &t, &o, argv + 1 + optind, names);
    wb_aws_free(t.ask);
    return rc;
}

const struct wb_app_command wb_cli_tail = {
    "tail", "follow events, log lines or alarms",
    "usage: waybill tail events [BUS] [--pattern JSON] [--json]\n"
    "       waybill tail logs GROUP... [--filter PATTERN] [--stream PREFIX] [--since TIME] "
    "[--json]\n"
    "       waybill tail alarms [--json]\n\n"
    "Shows what comes, one line each, until Ctrl-C. When the server restarts it waits for it and "
    "goes on with what came\n"
    "meanwhile.\n"
    "  events  what a bus gets (default: the default bus), the server's own events included; "
    "needs the account's root\n"
    "  logs    lines of up to ten log groups, by name or ARN; needs logs:StartLiveTail and "
    "logs:FilterLogEvents\n"
    "  alarms  changes of state; needs cloudwatch:DescribeAlarmHistory\n"
    "  --pattern JSON    only events that match, as in a rule\n"
    "  --filter PATTERN  only lines that match, as in a metric filter\n"
    "  --stream PREFIX   only streams that begin so; with one group\n"
    "  --since TIME      first what came since: 30min, 2h, 7d ago, or a time like "
    "2026-11-22T12:00:00Z\n"
    "  --json            documents, one a line\n",
    tail_command};
