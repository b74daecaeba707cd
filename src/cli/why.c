/* waybill why: why a call was refused, and the smallest statement that would allow it. */
#include "base/time.h"
#include "cli/cli.h"

#include <stdio.h>

static void line(const char *name, struct wb_slice text)
{
    if (text.n)
        printf("  %-10s %.*s\n", name, WB_FMT(text));
}

static void print_context(struct wb_arena *a, struct wb_json denial)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(denial, "Context"));
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_get_str(it.value, "Key", a);
        struct wb_slice value = wb_json_get_str(it.value, "Value", a);
        line("context", value.p ? wb_printf(a, "%.*s = %.*s", WB_FMT(key), WB_FMT(value))
                                : wb_printf(a, "%.*s is not in the request", WB_FMT(key)));
    }
}

static void print_deny(struct wb_arena *a, struct wb_json denial)
{
    struct wb_slice kind = wb_json_get_str(denial, "Kind", a);
    struct wb_slice policy = wb_json_get_str(denial, "Policy", a);
    struct wb_slice sid = wb_json_get_str(denial, "Sid", a);
    int64_t number = wb_json_get_i64(denial, "StatementNumber", 0);
    line("because", wb_printf(a, "an explicit deny in the %.*s", WB_FMT(kind)));
    line("policy", policy);
    if (number)
        line("statement", wb_printf(a, "number %lld%s%.*s", (long long)number,
                                    sid.n ? ", Sid " : "", WB_FMT(sid)));
    print_context(a, denial);
    printf("\nNo allow helps against a deny. Change that statement so that it does not apply.\n");
}

static const struct {
    const char *where, *before, *after;
} places[] = {
    {"identity policy", "In a policy of", "(aws iam put-user-policy, put-role-policy)"},
    {"resource policy", "In the policy of the resource", ""},
    {"trust policy", "In the trust policy of", "(aws iam update-assume-role-policy)"},
    {"permissions boundary", "In the permissions boundary", "(aws iam create-policy-version)"},
    {"session policy", "In the session policy of the next session of",
     "(one that exists cannot be changed)"},
    {"role of the other account", "This kind of resource has no policy: take a role of its account",
     "(aws sts assume-role)"},
};

static void print_fix(struct wb_arena *a, struct wb_json fix)
{
    struct wb_slice where = wb_json_get_str(fix, "Where", a), of = wb_json_get_str(fix, "Of", a);
    struct wb_slice statement = wb_json_get_str(fix, "Statement", a);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (wb_slice_is(where, places[i].where))
            printf("\n%s %.*s %s\n", places[i].before, WB_FMT(of), places[i].after);
    if (statement.n)
        printf("%.*s\n", WB_FMT(statement));
}

static void print_missing(struct wb_arena *a, struct wb_json denial)
{
    struct wb_slice kind = wb_json_get_str(denial, "Kind", a);
    struct wb_json fixes = wb_json_get(denial, "Fixes");
    line("because", wb_printf(a, "no %.*s allows it", WB_FMT(kind)));
    print_context(a, denial);
    printf(wb_json_count(fixes) ? "\nWhat would allow it:\n"
                                : "\nNo statement of a policy could allow it to these "
                                  "credentials.\n");
    struct wb_json_iter it = wb_json_iter(fixes);
    while (wb_json_next(&it))
        print_fix(a, it.value);
}

static void print_all(struct wb_arena *a, struct wb_json r)
{
    double when = 0;
    wb_json_double(wb_json_get(r, "Time"), &when);
    struct wb_json_iter it = wb_json_iter(wb_json_get(r, "Denials"));
    printf("%.*s was refused %.*s %.*s\n", WB_FMT(wb_json_get_str(r, "Principal", a)),
           WB_FMT(wb_json_get_str(r, "Service", a)), WB_FMT(wb_json_get_str(r, "Operation", a)));
    line("when", wb_time_str(a, (int64_t)(when * 1000), WB_TIME_ISO_S));
    line("from", wb_json_get_str(r, "SourceIp", a));
    while (wb_json_next(&it)) {
        printf("\n");
        line("action", wb_json_get_str(it.value, "Action", a));
        line("resource", wb_json_get_str(it.value, "Resource", a));
        if (wb_slice_is(wb_json_get_str(it.value, "Decision", a), "explicitDeny"))
            print_deny(a, it.value);
        else
            print_missing(a, it.value);
    }
}

static int why_command(int argc, char **argv)
{
    bool json = argc == 3 && strcmp(argv[1], "--json") == 0;
    if (argc != 2 && !json)
        return WB_WRONG_USAGE;
    struct wb_aws *c = wb_cli_client(NULL);
    if (!c)
        return 1;
    struct wb_arena a;
    struct wb_aws_answer r;
    struct wb_buf b;
    struct wb_json_writer w;
    wb_arena_init(&a, 0);
    b = wb_buf_in(&a);
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "RequestId", argv[argc - 1]);
    wb_jw_end_object(&w);
    bool ok = wb_cli_call(c, &a, "ExplainDenial", wb_buf_slice(&b), &r);
    if (ok && json)
        printf("%.*s\n", WB_FMT(r.body));
    else if (ok)
        print_all(&a, r.json);
    wb_arena_release(&a);
    wb_aws_free(c);
    return ok ? 0 : 1;
}

const struct wb_app_command wb_cli_why = {
    "why", "explain why a call was refused",
    "usage: waybill why [--json] REQUEST-ID\n\n"
    "The request id is in the client's error and in the audit log. Says who was refused what on "
    "what, which kind of policy decided, which\n"
    "context keys its conditions asked for, and the smallest statements that would allow the call, "
    "each with the place where it has to be.\n"
    "Denials are remembered for 90 days.\n",
    why_command};
