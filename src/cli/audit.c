/*
 * waybill audit: the audit log, oldest first. It asks CloudTrail's LookupEvents of the region in
 * the environment and of us-east-1, where the records of IAM and STS are.
 */
#include "base/map.h"
#include "base/time.h"
#include "cli/cli.h"
#include "codec/text.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define GLOBAL_REGION "us-east-1"
#define SINCE_MS      (24 * 3600 * 1000LL)

struct query {
    const char *user, *event;
    int64_t since_ms;
    bool errors, json;
};

struct row {
    struct wb_slice id, time, text; /* the record */
    struct wb_json record;
    size_t place; /* as found: the order within a second */
};

struct rows {
    struct row *row;
    size_t count, cap;
    struct wb_arena arena; /* of the rows */
};

/* --- asking --- */

static struct wb_slice request(struct wb_arena *a, const struct query *q, struct wb_slice token)
{
    const char *key = q->user ? "Username" : "EventName", *value = q->user ? q->user : q->event;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kraw(&w, "StartTime", wb_time_str(a, q->since_ms, WB_TIME_EPOCH_F));
    if (value) {
        wb_jw_key(&w, "LookupAttributes");
        wb_jw_array(&w);
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "AttributeKey", key);
        wb_jw_kcstr(&w, "AttributeValue", value);
        wb_jw_end_object(&w);
        wb_jw_end_array(&w);
    }
    if (token.n)
        wb_jw_kstr(&w, "NextToken", token);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool wanted(const struct query *q, struct wb_json record, struct wb_arena *a)
{
    if (q->errors && !wb_json_is(wb_json_get(record, "errorCode")))
        return false;
    return !q->event || wb_slice_is(wb_json_get_str(record, "eventName", a), q->event);
}

static void add_row(struct rows *r, const struct query *q, struct wb_json event)
{
    struct wb_arena *a = &r->arena;
    struct wb_slice text = wb_dup(a, wb_json_get_str(event, "CloudTrailEvent", a));
    struct wb_json record = wb_json_read(a, text, NULL);
    if (!wanted(q, record, a))
        return;
    if (r->count == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 256;
        r->row = wb_xrealloc(r->row, r->cap * sizeof *r->row);
    }
    r->row[r->count] = (struct row){.id = wb_json_get_str(record, "eventID", a),
                                    .time = wb_json_get_str(record, "eventTime", a),
                                    .text = text,
                                    .record = record,
                                    .place = r->count};
    r->count++;
}

static bool ask(struct wb_aws *c, const struct query *q, struct rows *r)
{
    struct wb_slice token = WB_SLICE_NULL;
    do {
        struct wb_aws_answer *answer = wb_new(&r->arena, struct wb_aws_answer);
        if (!wb_aws_json(c, &r->arena, "cloudtrail", "LookupEvents", request(&r->arena, q, token),
                         answer)) {
            struct wb_slice what = answer->status ? answer->code : WB_S("no server answers");
            fprintf(stderr, "waybill audit: %.*s: %.*s\n", WB_FMT(what), WB_FMT(answer->message));
            return false;
        }
        struct wb_json_iter it = wb_json_iter(wb_json_get(answer->json, "Events"));
        while (wb_json_next(&it))
            add_row(r, q, it.value);
        token = wb_json_get_str(answer->json, "NextToken", &r->arena);
    } while (token.n);
    return true;
}

/* Found newest first. */
static int oldest_first(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    int by_time = wb_slice_cmp(a->time, b->time);
    return by_time ? by_time : a->place < b->place ? 1 : -1;
}

/* --- printing --- */

static struct wb_slice short_name(struct wb_slice arn)
{
    size_t at = arn.n;
    while (at > 0 && arn.p[at - 1] != '/' && arn.p[at - 1] != ':')
        at--;
    return wb_slice_sub(arn, at, arn.n);
}

static struct wb_slice who(struct wb_arena *a, struct wb_json record)
{
    struct wb_json identity = wb_json_get(record, "userIdentity");
    struct wb_slice name = wb_json_get_str(identity, "userName", a);
    struct wb_slice role = wb_json_get_str(
        wb_json_get(wb_json_get(identity, "sessionContext"), "sessionIssuer"), "userName", a);
    struct wb_slice service = wb_json_get_str(identity, "invokedBy", a);
    struct wb_slice arn = wb_json_get_str(identity, "arn", a);
    if (role.n)
        return wb_printf(a, "%.*s/%.*s", WB_FMT(role), WB_FMT(short_name(arn)));
    return name.n ? name : service.n ? service : arn.n ? short_name(arn) : WB_S("-");
}

static void print_row(struct wb_arena *a, const struct row *r)
{
    struct wb_slice source = wb_json_get_str(r->record, "eventSource", a);
    struct wb_slice name = wb_json_get_str(r->record, "eventName", a), of = WB_S("-");
    struct wb_slice error = wb_json_get_str(r->record, "errorCode", a);
    struct wb_json first = wb_json_item(wb_json_get(r->record, "resources"), 0);
    if (wb_json_is(first))
        of = short_name(wb_json_get_str(first, "ARN", a));
    struct wb_slice user = who(a, r->record), service = wb_slice_cut(&source, '.');
    printf(error.n ? "%.*s  %-20.*s %-10.*s %-28.*s %-24.*s" : "%.*s  %-20.*s %-10.*s %-28.*s %.*s",
           WB_FMT(r->time), WB_FMT(user), WB_FMT(service), WB_FMT(name), WB_FMT(of));
    if (error.n)
        printf(" %.*s  %.*s", WB_FMT(error), WB_FMT(wb_json_get_str(r->record, "requestID", a)));
    printf("\n");
}

static void print(struct rows *r, const struct query *q)
{
    if (r->count)
        qsort(r->row, r->count, sizeof *r->row, oldest_first);
    for (size_t i = 0; i < r->count; i++) {
        if (q->json)
            printf("%.*s\n", WB_FMT(r->row[i].text));
        else
            print_row(&r->arena, &r->row[i]);
    }
    fflush(stdout);
}

/* --- following --- */

/* Drops what was printed before, and remembers what is printed now. */
static void only_new(struct rows *r, struct wb_map *seen)
{
    size_t n = 0;
    for (size_t i = 0; i < r->count; i++)
        if (!wb_map_put(seen, r->row[i].id, seen))
            r->row[n++] = r->row[i];
    r->count = n;
}

/* A turn: asks every region and prints. *q moves on to the newest record. */
static bool turn(struct wb_aws *const *client, size_t clients, struct query *q, struct wb_map *seen)
{
    struct rows r = {.count = 0};
    bool ok = true;
    wb_arena_init(&r.arena, 0);
    for (size_t i = 0; ok && i < clients; i++)
        ok = ask(client[i], q, &r);
    if (ok && seen)
        only_new(&r, seen);
    if (ok)
        print(&r, q);
    int64_t ms;
    if (r.count && wb_time_parse_iso(r.row[r.count - 1].time, &ms, NULL))
        q->since_ms = ms;
    free(r.row);
    wb_arena_release(&r.arena);
    return ok;
}

static bool follow(struct wb_aws *const *client, size_t clients, struct query *q)
{
    struct wb_map *seen = wb_map_new();
    bool ok;
    while ((ok = turn(client, clients, q, seen)))
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    wb_map_free(seen);
    return ok;
}

/* --- the command --- */

static int audit_command(int argc, char **argv)
{
    static const struct option options[] = {{"since", 1, NULL, 's'},
                                            {"user", 1, NULL, 'u'},
                                            {"event", 1, NULL, 'e'},
                                            {"errors", 0, NULL, 'x'},
                                            {"json", 0, NULL, 'j'},
                                            {"follow", 0, NULL, 'f'},
                                            {0}};
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    struct query q = {.since_ms = now_ms - SINCE_MS};
    bool following = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == 's' && !wb_cli_since(optarg, now_ms, &q.since_ms))
            return WB_WRONG_USAGE;
        if (o == '?')
            return WB_WRONG_USAGE;
        q.user = o == 'u' ? optarg : q.user;
        q.event = o == 'e' ? optarg : q.event;
        q.errors |= o == 'x';
        q.json |= o == 'j';
        following |= o == 'f';
    }
    if (optind < argc)
        return WB_WRONG_USAGE;
    const char *region = getenv("AWS_REGION");
    bool global = region && strcmp(region, GLOBAL_REGION) == 0;
    struct wb_aws *client[2] = {wb_cli_client(NULL), NULL};
    if (!client[0])
        return 1;
    if (!global)
        client[1] = wb_cli_client(&(struct wb_aws_options){.region = GLOBAL_REGION});
    size_t clients = client[1] ? 2 : 1;
    bool ok = following ? follow(client, clients, &q) : turn(client, clients, &q, NULL);
    wb_aws_free(client[0]);
    wb_aws_free(client[1]);
    return ok ? 0 : 1;
}

const struct wb_app_command wb_cli_audit = {
    "audit", "list what was changed and what was refused",
    "usage: waybill audit [--since TIME] [--user NAME] [--event NAME] [--errors] [--json] "
    "[--follow]\n\n"
    "Prints the audit log, oldest first: when, who, which service, what, on what; of an error its "
    "code and the request id (see waybill why).\n"
    "  --since TIME   30min, 2h, 7d ago, or a time like 2026-11-22T12:00:00Z (24h)\n"
    "  --user NAME    of one user, or of a role's session by its name\n"
    "  --event NAME   of one kind, as CloudTrail calls it: CreateTopic, CreateFunction20150331\n"
    "  --errors       only what failed or was refused\n"
    "  --json         CloudTrail's records, one a line\n"
    "  --follow       goes on with what comes\n",
    audit_command};
