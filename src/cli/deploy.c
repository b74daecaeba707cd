/*
 * waybill deploy: a template becomes a stack, in one command. It uses the operations that the aws
 * cli and the CDK use (a change set, its execution, the stack's events), and shows the events while
 * they happen.
 */
#include "cli/deploy.h"
#include "base/limits.h"
#include "base/time.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define VERSION    "2010-05-15"
#define PARAMS_MAX 200
#define POLL_MS    100
#define POLL_MAX   1000 /* ms; what a poll grows to */

bool deploy_complain(const char *what, const struct wb_aws_answer *r)
{
    if (r->status == 0)
        fprintf(stderr, "waybill deploy: no server answers: %.*s\n", WB_FMT(r->message));
    else
        fprintf(stderr, "waybill deploy: %s: %.*s: %.*s\n", what, WB_FMT(r->code),
                WB_FMT(r->message));
    return false;
}

struct wb_slice deploy_read(struct wb_arena *a, const char *name)
{
    struct stat st;
    FILE *f = fopen(name, "rb");
    char *p = NULL;
    size_t n = 0;
    if (f && fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
        p = wb_alloc(a, (size_t)st.st_size + 1);
        n = fread(p, 1, (size_t)st.st_size, f);
    } else if (f) {
        errno = EISDIR;
    }
    if (!p)
        fprintf(stderr, "waybill deploy: %s: %s\n", name, strerror(errno));
    if (f)
        fclose(f);
    return p ? wb_slice(p, n) : WB_SLICE_NULL;
}

/* --- requests and answers --- */

struct form {
    struct wb_pair param[PARAMS_MAX * 2 + 32];
    size_t count;
};

static void put(struct form *f, struct wb_slice name, struct wb_slice value)
{
    assert(f->count < sizeof f->param / sizeof *f->param);
    f->param[f->count++] = (struct wb_pair){name, value};
}

static bool call(struct deploy *d, const char *action, const struct form *f,
                 struct wb_aws_answer *r)
{
    return wb_aws_query(d->aws, d->a, "cloudformation", VERSION, action, f->param, f->count, r);
}

/* The next <name>...</name> of an answer, without what stood before; false at the end. Such
 * elements do not contain their own kind here. */
static bool next_element(struct wb_arena *a, struct wb_slice *rest, const char *name,
                         struct wb_slice *inside)
{
    struct wb_slice open = wb_printf(a, "<%s>", name), close = wb_printf(a, "</%s>", name);
    ptrdiff_t from = rest->p ? wb_slice_find(*rest, open, 0) : -1;
    ptrdiff_t to = from < 0 ? -1 : wb_slice_find(*rest, close, (size_t)from);
    if (to < 0)
        return false;
    *inside = wb_slice_sub(*rest, (size_t)from + open.n, (size_t)to);
    *rest = wb_slice_sub(*rest, (size_t)to + close.n, rest->n);
    return true;
}

static struct wb_slice element(struct wb_arena *a, struct wb_slice xml, const char *name)
{
    struct wb_slice inside = WB_SLICE_NULL;
    next_element(a, &xml, name, &inside);
    return inside;
}

/* --- the stack as it is --- */

struct state {
    bool exists;
    struct wb_slice id, status;
    struct wb_slice parameters, outputs; /* XML of the lists */
};

/* by: name or id. False with a message; a stack that is not there is no error. */
static bool describe(struct deploy *d, struct wb_slice by, struct state *s)
{
    struct wb_aws_answer r;
    struct form f = {.count = 0};
    put(&f, WB_S("StackName"), by);
    *s = (struct state){0};
    if (!call(d, "DescribeStacks", &f, &r))
        return wb_slice_is(r.code, "ValidationError") || deploy_complain("describe the stack", &r);
    s->exists = true;
    s->id = wb_aws_xml(d->a, r.body, "StackId");
    s->status = wb_aws_xml(d->a, r.body, "StackStatus");
    s->parameters = element(d->a, r.body, "Parameters");
    s->outputs = element(d->a, r.body, "Outputs");
    return true;
}

static bool ends_with(struct wb_slice s, const char *end)
{
    size_t n = strlen(end);
    return s.n >= n && wb_slice_is(wb_slice_sub(s, s.n - n, s.n), end);
}

static void sleep_ms(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* --- events --- */

struct events {
    struct wb_slice seen;  /* id of the newest event that was shown */
    struct wb_slice fault; /* the first failure: "Table (AWS::DynamoDB::Table): reason" */
};

static void note_fault(struct deploy *d, struct events *e, struct wb_slice event,
                       struct wb_slice status, struct wb_slice reason)
{
    if (e->fault.p || !ends_with(status, "_FAILED") ||
        wb_slice_find(reason, WB_S("cancelled"), 0) >= 0)
        return;
    e->fault =
        wb_printf(d->a, "%.*s (%.*s): %.*s", WB_FMT(wb_aws_xml(d->a, event, "LogicalResourceId")),
                  WB_FMT(wb_aws_xml(d->a, event, "ResourceType")), WB_FMT(reason));
}

static void show(struct deploy *d, struct events *e, struct wb_slice event)
{
    struct wb_slice time = wb_aws_xml(d->a, event, "Timestamp");
    struct wb_slice status = wb_aws_xml(d->a, event, "ResourceStatus");
    struct wb_slice reason = wb_aws_xml(d->a, event, "ResourceStatusReason");
    ptrdiff_t t = wb_slice_chr(time, 'T', 0);
    struct wb_slice clock = t < 0 ? time : wb_slice_sub(time, (size_t)t + 1, (size_t)t + 9);
    printf("%.*s  %-36.*s  %-34.*s  %.*s", WB_FMT(clock), WB_FMT(status),
           WB_FMT(wb_aws_xml(d->a, event, "ResourceType")),
           WB_FMT(wb_aws_xml(d->a, event, "LogicalResourceId")));
    if (reason.n)
        printf("\n          %.*s", WB_FMT(reason));
    printf("\n");
    note_fault(d, e, event, status, reason);
}

/* Shows what is newer than e->seen, the oldest first; or only takes note of the newest. */
static bool news(struct deploy *d, struct wb_slice stack, struct events *e, bool quiet)
{
    struct wb_slice *list = NULL, token = WB_SLICE_NULL, newest = WB_SLICE_NULL;
    size_t n = 0, cap = 0;
    bool more = true;
    while (more) {
        struct wb_aws_answer r;
        struct form f = {.count = 0};
        put(&f, WB_S("StackName"), stack);
        if (token.n)
            put(&f, WB_S("NextToken"), token);
        if (!call(d, "DescribeStackEvents", &f, &r))
            return deploy_complain("read the events", &r);
        struct wb_slice rest = r.body, one;
        while (more && next_element(d->a, &rest, "member", &one)) {
            struct wb_slice id = wb_aws_xml(d->a, one, "EventId");
            if (!newest.p)
                newest = id;
            more = !wb_slice_eq(id, e->seen);
            if (more && n == cap) {
                struct wb_slice *grown = wb_new_n(d->a, struct wb_slice, cap = cap * 2 + 64);
                if (n)
                    memcpy(grown, list, n * sizeof *list);
                list = grown;
            }
            if (more)
                list[n++] = one;
        }
        token = wb_aws_xml(d->a, r.body, "NextToken");
        more = more && token.n && !quiet;
    }
    while (!quiet && n)
        show(d, e, list[--n]);
    if (newest.p)
        e->seen = newest;
    fflush(stdout);
    return true;
}

/* Shows events until the stack has settled. False with a message when it cannot be followed. */
static bool follow(struct deploy *d, struct wb_slice id, struct events *e, struct state *s)
{
    for (int64_t wait = POLL_MS;; wait = wait * 2 < POLL_MAX ? wait * 2 : POLL_MAX) {
        if (!describe(d, id, s))
            return false;
        bool running = s->exists && ends_with(s->status, "_IN_PROGRESS") &&
                       !wb_slice_is(s->status, "REVIEW_IN_PROGRESS");
        if (!news(d, id, e, false))
            return false;
        if (!running)
            return true;
        sleep_ms(wait);
    }
}

/* --- change set --- */

static void put_template(struct deploy *d, struct form *f, struct wb_slice key)
{
    if (key.p)
        put(f, WB_S("TemplateURL"),
            wb_printf(d->a, "https://%.*s.s3.%.*s.amazonaws.com/%.*s", WB_FMT(deploy_bucket(d)),
                      WB_FMT(d->region), WB_FMT(key)));
    else
        put(f, WB_S("TemplateBody"), d->text);
}

static bool is_given(const struct deploy *d, struct wb_slice name)
{
    for (size_t i = 0; i < d->given_count; i++)
        if (wb_slice_eq(d->given[i].name, name))
            return true;
    return false;
}

/* What was given; for the rest of the template's parameters, what the stack has. */
static bool put_parameters(struct deploy *d, struct form *f, const struct form *source,
                           const struct state *s)
{
    struct wb_aws_answer r;
    size_t n = 0;
    for (size_t i = 0; i < d->given_count; i++, n++) {
        put(f, wb_printf(d->a, "Parameters.member.%zu.ParameterKey", n + 1), d->given[i].name);
        put(f, wb_printf(d->a, "Parameters.member.%zu.ParameterValue", n + 1), d->given[i].value);
    }
    if (!s->exists || !s->parameters.n)
        return true;
    if (!call(d, "GetTemplateSummary", source, &r))
        return deploy_complain("read the template", &r);
    struct wb_slice rest = r.body, name;
    while (n < PARAMS_MAX && next_element(d->a, &rest, "ParameterKey", &name)) {
        struct wb_slice there = wb_printf(d->a, "<ParameterKey>%.*s</ParameterKey>", WB_FMT(name));
        if (is_given(d, name) || wb_slice_find(s->parameters, there, 0) < 0)
            continue;
        n++;
        put(f, wb_printf(d->a, "Parameters.member.%zu.ParameterKey", n), name);
        put(f, wb_printf(d->a, "Parameters.member.%zu.UsePreviousValue", n), WB_S("true"));
    }
    return true;
}

/* The change set's ARN; null with *same = true when there is nothing to change, or a message. */
static struct wb_slice propose(struct deploy *d, const struct state *s, bool *same)
{
    static const char *const capability[] = {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM",
                                             "CAPABILITY_AUTO_EXPAND"};
    struct wb_aws_answer r;
    struct form f = {.count = 0}, source = {.count = 0};
    struct wb_slice key = WB_SLICE_NULL;
    if (d->text.n > WB_CFN_BODY_MAX) {
        key = deploy_upload(d, d->text, "template");
        if (!key.p)
            return WB_SLICE_NULL;
    }
    put_template(d, &source, key);
    put_template(d, &f, key);
    put(&f, WB_S("StackName"), d->stack);
    put(&f, WB_S("ChangeSetName"), wb_printf(d->a, "waybill-deploy-%lld", (long long)time(NULL)));
    bool update = s->exists && !wb_slice_is(s->status, "REVIEW_IN_PROGRESS");
    put(&f, WB_S("ChangeSetType"), update ? WB_S("UPDATE") : WB_S("CREATE"));
    for (size_t i = 0; i < 3; i++)
        put(&f, wb_printf(d->a, "Capabilities.member.%zu", i + 1), wb_slice_str(capability[i]));
    if (d->import)
        put(&f, WB_S("ImportExistingResources"), WB_S("true"));
    if (!put_parameters(d, &f, &source, s))
        return WB_SLICE_NULL;
    if (!call(d, "CreateChangeSet", &f, &r)) {
        deploy_complain(d->file, &r);
        return WB_SLICE_NULL;
    }
    struct wb_slice id = wb_aws_xml(d->a, r.body, "Id");
    for (int64_t wait = POLL_MS;; wait = wait * 2 < POLL_MAX ? wait * 2 : POLL_MAX) {
        struct form ask = {.count = 0};
        put(&ask, WB_S("ChangeSetName"), id);
        if (!call(d, "DescribeChangeSet", &ask, &r)) {
            deploy_complain("read the change set", &r);
            return WB_SLICE_NULL;
        }
        struct wb_slice status = wb_aws_xml(d->a, r.body, "Status");
        struct wb_slice reason = wb_aws_xml(d->a, r.body, "StatusReason");
        if (wb_slice_is(status, "CREATE_COMPLETE"))
            return id;
        if (wb_slice_is(status, "FAILED")) {
            *same = wb_slice_find(reason, WB_S("didn't contain changes"), 0) >= 0 ||
                    wb_slice_starts(reason, WB_S("No updates are to be performed"));
            if (!*same)
                fprintf(stderr, "waybill deploy: %s: %.*s\n", d->file, WB_FMT(reason));
            call(d, "DeleteChangeSet", &ask, &r);
            return WB_SLICE_NULL;
        }
        sleep_ms(wait);
    }
}

/* --- the whole --- */

/* A stack whose first deployment failed holds nothing, and can only be deleted. */
static bool clear_away(struct deploy *d, struct state *s)
{
    static const char *const empty[] = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED",
                                        "DELETE_FAILED"};
    bool found = false;
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        found |= wb_slice_is(s->status, empty[i]);
    if (!s->exists || !found)
        return true;
    printf("%.*s is left over from a deployment that failed (%.*s): it is deleted first.\n",
           WB_FMT(d->stack), WB_FMT(s->status));
    struct wb_aws_answer r;
    struct form f = {.count = 0};
    struct events e = {0};
    put(&f, WB_S("StackName"), s->id);
    if (!news(d, s->id, &e, true))
        return false;
    if (!call(d, "DeleteStack", &f, &r))
        return deploy_complain("delete the stack", &r);
    struct wb_slice id = s->id;
    if (!follow(d, id, &e, s))
        return false;
    if (s->exists && !wb_slice_is(s->status, "DELETE_COMPLETE")) {
        fprintf(stderr, "waybill deploy: the old stack could not be deleted: %.*s\n",
                WB_FMT(e.fault));
        return false;
    }
    s->exists = false;
    return true;
}

static void print_outputs(struct deploy *d, const struct state *s)
{
    struct wb_slice rest = s->outputs, one;
    while (next_element(d->a, &rest, "member", &one))
        printf("%.*s = %.*s\n", WB_FMT(wb_aws_xml(d->a, one, "OutputKey")),
               WB_FMT(wb_aws_xml(d->a, one, "OutputValue")));
}

static int finish(struct deploy *d, const struct state *s, const struct events *e)
{
    bool good = wb_slice_is(s->status, "CREATE_COMPLETE") ||
                wb_slice_is(s->status, "UPDATE_COMPLETE") ||
                wb_slice_is(s->status, "IMPORT_COMPLETE");
    if (good) {
        printf("\n%.*s: %.*s\n", WB_FMT(d->stack), WB_FMT(s->status));
        print_outputs(d, s);
        return 0;
    }
    fprintf(stderr, "\nwaybill deploy: %.*s is %.*s.\n", WB_FMT(d->stack), WB_FMT(s->status));
    if (e->fault.p)
        fprintf(stderr, "The first thing that failed: %.*s\n", WB_FMT(e->fault));
    return 1;
}

static int deploy_stack(struct deploy *d)
{
    struct wb_aws_answer r;
    struct state s;
    struct events e = {0};
    bool same = false;
    if (!wb_aws_query(d->aws, d->a, "sts", "2011-06-15", "GetCallerIdentity", NULL, 0, &r)) {
        deploy_complain("who am I", &r);
        return 1;
    }
    d->account = wb_aws_xml(d->a, r.body, "Account");
    if (!deploy_upload_code(d) || !describe(d, d->stack, &s) || !clear_away(d, &s))
        return 1;
    if (s.exists && !news(d, s.id, &e, true))
        return 1;
    struct wb_slice change = propose(d, &s, &same);
    if (same) {
        printf("%.*s: nothing to change\n", WB_FMT(d->stack));
        print_outputs(d, &s);
        return 0;
    }
    struct form f = {.count = 0};
    put(&f, WB_S("ChangeSetName"), change);
    if (!change.p || (!s.exists && !describe(d, d->stack, &s)))
        return 1;
    struct wb_slice id = s.id;
    if (!call(d, "ExecuteChangeSet", &f, &r)) {
        deploy_complain("execute the change set", &r);
        return 1;
    }
    return follow(d, id, &e, &s) ? finish(d, &s, &e) : 1;
}

/* "KEY=VALUE" */
static bool take_param(struct wb_pair *param, size_t *count, const char *text)
{
    struct wb_slice value = wb_slice_str(text), name = wb_slice_cut(&value, '=');
    if (!name.n || !value.p) {
        fprintf(stderr, "waybill deploy: --param %s: give NAME=VALUE\n", text);
        return false;
    }
    if (*count == PARAMS_MAX) {
        fprintf(stderr, "waybill deploy: more than %d parameters\n", PARAMS_MAX);
        return false;
    }
    param[(*count)++] = (struct wb_pair){name, value};
    return true;
}

static int deploy_command(int argc, char **argv)
{
    static const struct option options[] = {{"stack", 1, NULL, 's'},  {"param", 1, NULL, 'p'},
                                            {"code", 1, NULL, 'c'},   {"check", 0, NULL, 'k'},
                                            {"import", 0, NULL, 'i'}, {0}};
    static struct wb_pair param[PARAMS_MAX];
    struct deploy d = {.given = param};
    bool check = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?' || (c == 'p' && !take_param(param, &d.given_count, optarg)))
            return WB_WRONG_USAGE;
        if (c == 's')
            d.stack = wb_slice_str(optarg);
        else if (c == 'c')
            d.code = optarg;
        check |= c == 'k';
        d.import |= c == 'i';
    }
    if (optind != argc - 1 || (!check && !d.stack.n))
        return WB_WRONG_USAGE;
    struct wb_arena a;
    wb_arena_init(&a, 1 << 18);
    d.a = &a;
    d.file = argv[optind];
    d.text = deploy_read(&a, d.file);
    int rc = 1;
    if (d.text.p && check) {
        rc = deploy_check(&d);
    } else if (d.text.p) {
        const char *region = getenv("AWS_REGION");
        d.region = wb_slice_str(region && *region ? region : "us-east-1");
        d.aws = wb_cli_client(NULL);
        rc = d.aws ? deploy_stack(&d) : 1;
        wb_aws_free(d.aws);
    }
    wb_arena_release(&a);
    return rc;
}

const struct wb_app_command wb_cli_deploy = {
    "deploy", "make or update a stack from a CloudFormation template",
    "usage: waybill deploy TEMPLATE --stack NAME [--param KEY=VALUE]... [--code DIR] [--import]\n"
    "       waybill deploy --check TEMPLATE [--param KEY=VALUE]...\n\n"
    "TEMPLATE is YAML (short tags too) or JSON. Events are shown as they happen; when something "
    "fails, "
    "all is put back and\n"
    "the first failure is said at the end. Deploying again changes what differs.\n\n"
    "  --param KEY=VALUE  a parameter; those not given keep the stack's value, or have their "
    "default\n"
    "  --code DIR         where local code is: a function's Code (or CodeUri) that is text names a "
    "folder, which is zipped,\n"
    "                     or a .zip; relative to DIR, else to the template's folder\n"
    "  --import           take over resources that exist already under the names the template "
    "gives\n"
    "  --check            deploy nothing: tell what would not work or should be looked at. Exit "
    "status 1 when there is any\n",
    deploy_command};
