/* waybill status, waybill dead: what is running, queued, failed, dead. */
#include "base/time.h"
#include "cli/cli.h"

#include <getopt.h>
#include <stdio.h>

static void print_age(int64_t ms)
{
    const struct {
        int64_t unit;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
    size_t i = 0;
    while (i < 3 && ms < units[i].unit)
        i++;
    printf("%lld %s", (long long)(ms / units[i].unit), units[i].name);
}

static void print_queues(struct wb_arena *a, struct wb_json status)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(status, "Queues"));
    while (wb_json_next(&it)) {
        printf("  %-70.*s %8lld", WB_FMT(wb_json_get_str(it.value, "Target", a)),
               (long long)wb_json_get_i64(it.value, "Count", 0));
        int64_t failed = wb_json_get_i64(it.value, "Failed", 0);
        if (failed)
            printf("  %lld failed and waiting to be tried again", (long long)failed);
        printf("  oldest ");
        print_age(wb_json_get_i64(it.value, "OldestMs", 0));
        printf("\n");
    }
}

static void print_jobs(struct wb_arena *a, struct wb_json status)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(status, "Jobs"));
    while (wb_json_next(&it)) {
        int64_t done = wb_json_get_i64(it.value, "Done", 0),
                total = wb_json_get_i64(it.value, "Total", 0);
        printf("  job %lld  %.*s  %lld", (long long)wb_json_get_i64(it.value, "Number", 0),
               WB_FMT(wb_json_get_str(it.value, "Name", a)), (long long)done);
        if (total)
            printf(" of %lld", (long long)total);
        struct wb_slice failure = wb_json_get_str(it.value, "Failure", a);
        printf(failure.n ? "  stopped: %.*s\n" : "\n", WB_FMT(failure));
    }
}

static int status_command(int argc, char **argv)
{
    struct wb_arena a;
    struct wb_aws_answer r;
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc != 1 && !json)
        return WB_WRONG_USAGE;
    struct wb_aws *c = wb_cli_client(NULL);
    if (!c)
        return 1;
    wb_arena_init(&a, 0);
    bool ok = wb_cli_call(c, &a, "Status", WB_S("{}"), &r);
    if (ok && json)
        printf("%.*s\n", WB_FMT(r.body));
    else if (ok) {
        printf("Waybill %.*s, account %.*s, region %.*s, commit %lld\n",
               WB_FMT(wb_json_get_str(r.json, "Version", &a)),
               WB_FMT(wb_json_get_str(r.json, "Account", &a)),
               WB_FMT(wb_json_get_str(r.json, "Region", &a)),
               (long long)wb_json_get_i64(r.json, "Sequence", 0));
        int64_t room_mb = wb_json_get_i64(r.json, "RoomBytes", 0) / (1 << 20);
        printf("running %lld   queued %lld   failed %lld   dead %lld   room %lld MB%s\n",
               (long long)wb_json_get_i64(r.json, "Running", 0),
               (long long)wb_json_get_i64(r.json, "Queued", 0),
               (long long)wb_json_get_i64(r.json, "Failed", 0),
               (long long)wb_json_get_i64(r.json, "Dead", 0),
               (long long)(room_mb > 0 ? room_mb : 0),
               room_mb > 0 ? "" : ": new data is refused until there is space on the disk");
        print_queues(&a, r.json);
        print_jobs(&a, r.json);
    }
    wb_arena_release(&a);
    wb_aws_free(c);
    return ok ? 0 : 1;
}

const struct wb_app_command wb_cli_status = {
    "status", "say what is running, queued, failed, dead",
    "usage: waybill status [--json]\n\n"
    "running: attempts in progress. queued: rows that wait, by target. failed: of those, rows that "
    "failed at least once and will be tried\n"
    "again. dead: rows given up, kept 14 days (see waybill dead). room: what may still be written "
    "before new data is refused.\n",
    status_command};

/* --- waybill dead --- */

static int list_dead(struct wb_aws *c, struct wb_arena *a, const char *target)
{
    struct wb_slice token = WB_SLICE_NULL;
    size_t rows = 0;
    do {
        struct wb_buf b = wb_buf_in(a);
        struct wb_json_writer w;
        struct wb_aws_answer r;
        wb_jw_init(&w, &b);
        wb_jw_object(&w);
        if (target)
            wb_jw_kcstr(&w, "Target", target);
        if (token.p)
            wb_jw_kstr(&w, "NextToken", token);
        wb_jw_end_object(&w);
        if (!wb_cli_call(c, a, "ListDead", wb_buf_slice(&b), &r))
            return 1;
        struct wb_json_iter it = wb_json_iter(wb_json_get(r.json, "Items"));
        for (; wb_json_next(&it); rows++) {
            double died = 0;
            wb_json_double(wb_json_get(it.value, "DiedAt"), &died);
            printf("%-8.*s %.*s  %-24.*s %lld attempts  %.*s  %.*s\n",
                   WB_FMT(wb_json_get_str(it.value, "Id", a)),
                   WB_FMT(wb_time_str(a, (int64_t)(died * 1000), WB_TIME_ISO_S)),
                   WB_FMT(wb_json_get_str(it.value, "Code", a)),
                   (long long)wb_json_get_i64(it.value, "Attempts", 0),
                   WB_FMT(wb_json_get_str(it.value, "Target", a)),
                   WB_FMT(wb_json_get_str(it.value, "Message", a)));
        }
        token = wb_json_get_str(r.json, "NextToken", a);
    } while (token.n);
    if (rows == 0)
        printf("No dead rows.\n");
    return 0;
}

static int show_dead(struct wb_aws *c, struct wb_arena *a, const char *id)
{
    struct wb_aws_answer r;
    if (!wb_cli_call(c, a, "GetDead", wb_printf(a, "{\"Id\":\"%s\"}", id), &r))
        return 1;
    struct wb_json_iter it = wb_json_iter(r.json);
    while (wb_json_next(&it)) {
        struct wb_slice text = wb_json_str(it.value, a);
        printf("%-12.*s %.*s\n", WB_FMT(wb_json_str(it.key, a)),
               WB_FMT(text.p ? text : wb_json_raw(it.value)));
    }
    return 0;
}

/* retry and discard: one row, a target's, or all. */
static int change_dead(struct wb_aws *c, struct wb_arena *a, const char *verb, const char *target,
                       bool all, const char *id)
{
    bool retry = strcmp(verb, "retry") == 0;
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    struct wb_aws_answer r;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    if (all)
        wb_jw_kbool(&w, "All", true);
    else if (target)
        wb_jw_kcstr(&w, "Target", target);
    else
        wb_jw_kcstr(&w, "Id", id);
    wb_jw_end_object(&w);
    if (!wb_cli_call(c, a, retry ? "RetryDead" : "DiscardDead", wb_buf_slice(&b), &r))
        return 1;
    printf("%lld %s%s\n", (long long)wb_json_get_i64(r.json, "Count", 0),
           retry ? "queued again" : "discarded",
           wb_json_is(wb_json_get(r.json, "Job")) ? "; the rest goes on in the background" : "");
    return 0;
}

static int dead_command(int argc, char **argv)
{
    static const struct option options[] = {{"target", 1, NULL, 't'}, {"all", 0, NULL, 'a'}, {0}};
    const char *target = NULL;
    bool all = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return WB_WRONG_USAGE;
        if (o == 't')
            target = optarg;
        else
            all = true;
    }
    const char *verb = optind < argc ? argv[optind] : "list",
               *id = optind + 1 < argc ? argv[optind + 1] : NULL;
    bool list = strcmp(verb, "list") == 0, show = strcmp(verb, "show") == 0;
    bool change = strcmp(verb, "retry") == 0 || strcmp(verb, "discard") == 0;
    int chosen = (id != NULL) + (target != NULL) + all;
    if (!(list && !id && !all) && !(show && id && chosen == 1) && !(change && chosen == 1))
        return WB_WRONG_USAGE;
    struct wb_aws *c = wb_cli_client(NULL);
    if (!c)
        return 1;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    int rc = list   ? list_dead(c, &a, target)
             : show ? show_dead(c, &a, id)
                    : change_dead(c, &a, verb, target, all, id);
    wb_arena_release(&a);
    wb_aws_free(c);
    return rc;
}

const struct wb_app_command wb_cli_dead = {
    "dead", "list, show, retry or discard what was given up",
    "usage: waybill dead list [--target TARGET]\n"
    "       waybill dead show ID\n"
    "       waybill dead retry ID | --target TARGET | --all\n"
    "       waybill dead discard ID | --target TARGET | --all\n\n"
    "A dead row is a delivery that failed for good or ran out of attempts or age: with its "
    "payload, cause and number of attempts. It is kept\n"
    "14 days. retry puts it back into its queue with all its attempts.\n",
    dead_command};
