/* Parameters in a world of one thread, without the wire. */
#include "engine/world.h"
#include "services/ssm/param.h"
#include <unistd.h>

#define DAY_MS (24 * 3600 * 1000LL)

struct answer {
    struct wb_arena arena; /* owns what follows */
    struct wb_json doc;
    struct wb_slice text, code, message; /* code null = success */
};

struct call {
    const char *op;
    struct wb_slice in;
    struct answer *out;
};

static char dir[] = "/tmp/waybill-ssm-XXXXXX";
static struct wb_keyring *keyring;

static void call_fn(struct wb_tx *tx, void *arg)
{
    struct call *c = arg;
    struct wb_ctx ctx = {.principal = {.type = WB_PRINCIPAL_ROOT,
                                       .account = WB_S("000000000000"),
                                       .arn = WB_S("arn:aws:iam::000000000000:root")},
                         .account = WB_S("000000000000"),
                         .region = WB_S("us-east-1")};
    struct wb_error e = {0};
    struct wb_slice answer;
    wb_arena_release(&c->out->arena); /* the command may run again */
    *c->out = (struct answer){0};
    struct wb_arena *a = &c->out->arena;
    wb_arena_init(a, 0);
    if (wb_call_service(tx, &ctx, "ssm", c->op, c->in, &answer, &e)) {
        c->out->text = wb_dup(a, answer);
        c->out->doc = wb_json_read(a, c->out->text, NULL);
        assert_true(wb_json_is(c->out->doc));
    } else {
        c->out->code = wb_dup(a, wb_slice_str(e.code));
        c->out->message = wb_dup(a, e.message);
    }
}

/* Runs an operation; the input is JSON with ' for ". Release the arena. */
static struct answer call(struct world *w, const char *op, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static struct answer call(struct world *w, const char *op, const char *fmt, ...)
{
    struct wb_arena a;
    struct answer out = {.code = WB_SLICE_NULL};
    va_list ap;
    wb_arena_init(&a, 0);
    wb_arena_init(&out.arena, 0);
    va_start(ap, fmt);
    struct call c = {op, wb_vprintf(&a, fmt, ap), &out};
    va_end(ap);
    for (size_t i = 0; i < c.in.n; i++)
        if (c.in.p[i] == '\'')
            ((char *)c.in.p)[i] = '"';
    assert_int_equal(run(w, call_fn, &c), WB_COMMITTED);
    wb_arena_release(&a);
    return out;
}

#define DO(w, op, ...)                                                                             \
    do {                                                                                           \
        struct answer x = call(w, op, __VA_ARGS__);                                                \
        if (x.code.p)                                                                              \
            fail_msg("%s: %.*s: %.*s", op, WB_FMT(x.code), WB_FMT(x.message));                     \
        wb_arena_release(&x.arena);                                                                \
    } while (0)

#define REFUSED(w, expected, op, ...)                                                              \
    do {                                                                                           \
        struct answer x = call(w, op, __VA_ARGS__);                                                \
        if (!wb_slice_is(x.code, expected))                                                        \
            fail_msg("%s: %.*s %.*s", expected, WB_FMT(x.code), WB_FMT(x.message));                \
        wb_arena_release(&x.arena);                                                                \
    } while (0)

/* The answer must hold this text, again with ' for ". */
#define HAS(w, expected, op, ...)                                                                  \
    do {                                                                                           \
        struct answer x = call(w, op, __VA_ARGS__);                                                \
        char want[] = expected;                                                                    \
        for (char *p = want; *p; p++)                                                              \
            *p = *p == '\'' ? '"' : *p;                                                            \
        if (x.code.p || wb_slice_find(x.text, wb_slice_str(want), 0) < 0)                          \
            fail_msg("no %s: %.*s%.*s", want, WB_FMT(x.text), WB_FMT(x.message));                  \
        wb_arena_release(&x.arena);                                                                \
    } while (0)

static void check_bad(void *arg, const char *what)
{
    fail_msg("check: %s", what);
}

static void check_fn(struct wb_tx *tx, void *arg)
{
    wb_ssm_module.check(tx, check_bad, NULL);
}

static void open_world(struct world *w)
{
    world_open(w, &wb_ssm_module, NULL);
    w->keyring = keyring;
    world_restart(w);
}

static void close_world(struct world *w)
{
    settle(w);
    look(w, check_fn, NULL);
    world_close(w);
}

static int setup(void **state)
{
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    assert_non_null(mkdtemp(dir));
    keyring = wb_keyring_open(dir, NULL, wb_seam_os(), true, &a, &why);
    assert_non_null(keyring);
    wb_arena_release(&a);
    return 0;
}

static int teardown(void **state)
{
    char path[64];
    snprintf(path, sizeof path, "%s/key", dir);
    wb_keyring_free(keyring);
    return unlink(path) + rmdir(dir);
}

/* --- tests --- */

static void test_versions(void **state)
{
    struct world w;
    open_world(&w);
    REFUSED(&w, "ValidationException", "PutParameter", "{'Name':'/a','Value':'x'}");
    DO(&w, "PutParameter", "{'Name':'/a','Value':'0','Type':'String','Description':'d'}");
    REFUSED(&w, "ParameterAlreadyExists", "PutParameter",
            "{'Name':'/a','Value':'x','Type':'String'}");
    REFUSED(&w, "ParameterAlreadyExists", "PutParameter",
            "{'Name':'a','Value':'x','Type':'String','Overwrite':true}");
    REFUSED(&w, "ParameterNotFound", "GetParameter", "{'Name':'a'}");
    REFUSED(&w, "HierarchyTypeMismatchException", "PutParameter",
            "{'Name':'/a','Value':'x','Type':'SecureString','Overwrite':true}");
    DO(&w, "LabelParameterVersion", "{'Name':'/a','Labels':['first']}");
    for (int i = 1; i < WB_SSM_VERSIONS_MAX; i++)
        DO(&w, "PutParameter", "{'Name':'/a','Value':'%d','Overwrite':true}", i);
    assert_int_equal(rows_in(&w, WB_T_SSM_VERSION), WB_SSM_VERSIONS_MAX);

    /* The oldest one stays as long as it has a label; nothing else stops. */
    REFUSED(&w, "ParameterMaxVersionLimitExceeded", "PutParameter",
            "{'Name':'/a','Value':'x','Overwrite':true}");
    HAS(&w, "'Value':'99'", "GetParameter", "{'Name':'/a'}");
    HAS(&w, "'Value':'0'", "GetParameter", "{'Name':'/a:first'}");
    DO(&w, "LabelParameterVersion", "{'Name':'/a','ParameterVersion':50,'Labels':['first']}");
    HAS(&w, "'Version':101", "PutParameter", "{'Name':'/a','Value':'100','Overwrite':true}");
    REFUSED(&w, "ParameterVersionNotFound", "GetParameter", "{'Name':'/a:1'}");
    HAS(&w, "'Value':'1'", "GetParameter", "{'Name':'/a:2'}");
    HAS(&w, "'Value':'49'", "GetParameter", "{'Name':'/a:first'}");
    HAS(&w, "'Description':'d'", "DescribeParameters", "{}");
    assert_int_equal(rows_in(&w, WB_T_SSM_VERSION), WB_SSM_VERSIONS_MAX);

    /* The name is free at once, its rows go by a job; a new one of the name has none of them. */
    DO(&w, "DeleteParameter", "{'Name':'/a'}");
    DO(&w, "PutParameter", "{'Name':'/a','Value':'new','Type':'StringList'}");
    REFUSED(&w, "ParameterVersionNotFound", "GetParameter", "{'Name':'/a:first'}");
    settle(&w);
    assert_int_equal(rows_in(&w, WB_T_SSM_VERSION), 1);
    assert_int_equal(rows_in(&w, WB_T_SSM_LABEL), 0);
    close_world(&w);
}

static void test_labels(void **state)
{
    struct world w;
    open_world(&w);
    DO(&w, "PutParameter", "{'Name':'p','Value':'1','Type':'String'}");
    DO(&w, "PutParameter", "{'Name':'p','Value':'2','Overwrite':true}");
    DO(&w, "LabelParameterVersion", "{'Name':'p','Labels':['a','b','c','d','e']}");
    HAS(&w, "'InvalidLabels':['1x','aws']", "LabelParameterVersion",
        "{'Name':'p','Labels':['1x','f','aws','f']}");
    DO(&w, "LabelParameterVersion", "{'Name':'p','Labels':['g','h','i','j']}");
    REFUSED(&w, "ParameterVersionLabelLimitExceeded", "LabelParameterVersion",
            "{'Name':'p','Labels':['a','k']}");
    HAS(&w, "'ParameterVersion':1", "LabelParameterVersion",
        "{'Name':'p','ParameterVersion':1,'Labels':['a','k']}");
    HAS(&w, "'Value':'1'", "GetParameter", "{'Name':'p:a'}");
    HAS(&w, "'RemovedLabels':['k'],'InvalidLabels':['b']", "UnlabelParameterVersion",
        "{'Name':'p','ParameterVersion':1,'Labels':['k','b']}");
    REFUSED(&w, "ParameterVersionNotFound", "GetParameter", "{'Name':'p:k'}");
    REFUSED(&w, "ParameterVersionNotFound", "UnlabelParameterVersion",
            "{'Name':'p','ParameterVersion':3,'Labels':['b']}");
    REFUSED(&w, "ParameterNotFound", "LabelParameterVersion", "{'Name':'q','Labels':['a']}");
    HAS(&w, "'Value':'1'", "GetParametersByPath",
        "{'Path':'/','ParameterFilters':[{'Key':'Label','Values':['a']}]}");
    assert_int_equal(rows_in(&w, WB_T_SSM_LABEL), 10);
    close_world(&w);
}

static void test_values(void **state)
{
    struct world w;
    char big[WB_SSM_VALUE_ADVANCED_MAX + 2];
    memset(big, 'x', sizeof big);
    open_world(&w);
    REFUSED(&w, "ValidationException", "PutParameter", "{'Name':'v','Value':'','Type':'String'}");
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'v','Value':'a {{b}}','Type':'String'}");
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'v','Value':'ami-12345678','Type':'String','DataType':'aws:ec2:image'}");
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'v','Value':'x','Type':'String','KeyId':'alias/k'}");
    REFUSED(&w, "ParameterPatternMismatchException", "PutParameter",
            "{'Name':'v','Value':'10,000','Type':'String','AllowedPattern':'\\\\d{1,5}'}");
    REFUSED(&w, "InvalidAllowedPatternException", "PutParameter",
            "{'Name':'v','Value':'x','Type':'String','AllowedPattern':'('}");
    DO(&w, "PutParameter",
       "{'Name':'v','Value':'10,000','Type':'StringList','AllowedPattern':'\\\\d{1,5}'}");
    REFUSED(&w, "ParameterPatternMismatchException", "PutParameter",
            "{'Name':'v','Value':'10,x','Overwrite':true}");
    DO(&w, "PutParameter", "{'Name':'v','Value':'x','Overwrite':true,'AllowedPattern':''}");

    /* Tiers: what a value needs, and no way back. */
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'t','Value':'%.*s','Type':'String'}", WB_SSM_VALUE_MAX + 1, big);
    HAS(&w, "'Tier':'Standard'", "PutParameter",
        "{'Name':'t','Value':'%.*s','Type':'String','Tier':'Intelligent-Tiering'}",
        WB_SSM_VALUE_MAX, big);
    HAS(&w, "'Tier':'Advanced'", "PutParameter",
        "{'Name':'t','Value':'%.*s','Overwrite':true,'Tier':'Intelligent-Tiering'}",
        WB_SSM_VALUE_ADVANCED_MAX, big);
    HAS(&w, "'Tier':'Advanced'", "PutParameter", "{'Name':'t','Value':'x','Overwrite':true}");
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'t','Value':'x','Overwrite':true,'Tier':'Standard'}");
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'t','Value':'%.*s','Overwrite':true}", WB_SSM_VALUE_ADVANCED_MAX + 1, big);
    DO(&w, "DeleteParameters", "{'Names':['t','v','u']}");
    close_world(&w);
}

static void test_sealed(void **state)
{
    struct world w;
    open_world(&w);
    DO(&w, "PutParameter", "{'Name':'/s','Value':'very secret','Type':'SecureString'}");
    HAS(&w, "'Value':'very secret'", "GetParameter", "{'Name':'/s','WithDecryption':true}");
    HAS(&w, "'KeyId':'alias/aws/ssm'", "DescribeParameters", "{}");
    struct answer closed = call(&w, "GetParameter", "{'Name':'/s'}");
    assert_true(closed.text.p && wb_slice_find(closed.text, WB_S("secret"), 0) < 0);
    wb_arena_release(&closed.arena);
    world_restart(&w);
    HAS(&w, "'Value':'very secret'", "GetParameterHistory", "{'Name':'/s','WithDecryption':true}");

    /* A backup that is opened without its key: all is in order, but nothing is told. */
    w.keyring = NULL;
    world_restart(&w);
    close_world(&w);
}

/* The JSON text of policies, to be put into a request: \" for '. */
static const char *policies(struct wb_arena *a, const char *fmt, const char *at)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_slice s = wb_printf(a, fmt, at);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            wb_buf_str(&b, "\\\"");
        else
            wb_buf_char(&b, s.p[i]);
    }
    wb_buf_char(&b, '\0');
    return b.p;
}

#define EXPIRATION "{'Type':'Expiration','Version':'1.0','Attributes':{'Timestamp':'%s'}}"
#define BEFORE_1DAY                                                                                \
    ",{'Type':'ExpirationNotification','Version':'1.0','Attributes':{'Before':'1','Unit':'Days'}}"
#define AFTER_2H                                                                                   \
    "{'Type':'NoChangeNotification','Version':'1.0','Attributes':{'After':'2','Unit':'Hours'}}"

static void put_policies(struct world *w, const char *error, const char *text)
{
    struct answer x =
        call(w, "PutParameter",
             "{'Name':'/p','Value':'x','Type':'String','Tier':'Advanced','Overwrite':true,"
             "'Policies':'%s'}",
             text);
    if (error ? !wb_slice_is(x.code, error) : x.code.p != NULL)
        fail_msg("%s: %.*s %.*s", text, WB_FMT(x.code), WB_FMT(x.message));
    wb_arena_release(&x.arena);
}

static void test_policies_refused(void **state)
{
    static const char *const bad[][2] = {
        {"InvalidPolicyAttributeException", "x"},
        {"InvalidPolicyAttributeException", "{}"},
        {"InvalidPolicyTypeException", "[1]"},
        {"InvalidPolicyTypeException", "[{'Type':'Nonsense','Version':'1.0','Attributes':{}}]"},
        {"InvalidPolicyAttributeException", "[" EXPIRATION "]"}, /* %s: no time */
        {"InvalidPolicyAttributeException", "[{'Type':'Expiration','Version':'1.0','Attributes':{'"
                                            "Timestamp':'2020-01-01T00:00:00Z'}}]"},
        {"InvalidPolicyAttributeException",
         "[{'Type':'Expiration','Version':'2','Attributes':{'Timestamp':'2036-01-01T00:00:00Z'}}]"},
        {"InvalidPolicyAttributeException", "[{'Type':'NoChangeNotification','Version':'1.0','"
                                            "Attributes':{'After':'0','Unit':'Days'}}]"},
        {"InvalidPolicyAttributeException",
         "[{'Type':'NoChangeNotification','Version':'1.0','Attributes':{'After':'1'}}]"},
        {"IncompatiblePolicyException",
         "[{'Type':'ExpirationNotification','Version':'1.0','Attributes':{'Before':'1','Unit':"
         "'Days'}}]"},
        {"PoliciesLimitExceededException", "[{},{},{},{},{},{},{},{},{},{},{}]"},
    };
    struct world w;
    struct wb_arena a;
    open_world(&w);
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        put_policies(&w, bad[i][0], policies(&a, bad[i][1], "never"));
    assert_int_equal(rows_in(&w, WB_T_SSM_PARAMETER), 0);
    REFUSED(&w, "ValidationException", "PutParameter",
            "{'Name':'/p','Value':'x','Type':'String','Policies':'%s'}",
            policies(&a, "[" AFTER_2H "%s]", ""));
    wb_arena_release(&a);
    close_world(&w);
}

static size_t timers(struct world *w, struct wb_arena *a)
{
    struct count_rows c = {.prefix = wb_key(a, WB_T_WORK, "s", WB_S("ssm.policies"))};
    look(w, count_rows_fn, &c);
    return c.count;
}

static void test_policies(void **state)
{
    struct world w;
    struct wb_arena a;
    open_world(&w);
    wb_arena_init(&a, 0);
    struct wb_slice at = wb_time_str(&a, WORLD_START_MS + 3 * DAY_MS, WB_TIME_ISO_MS);
    const char *both = policies(&a, "[" EXPIRATION BEFORE_1DAY "," AFTER_2H "]", at.p);
    put_policies(&w, NULL, both);
    HAS(&w, "'PolicyType':'NoChangeNotification','PolicyStatus':'Pending'", "DescribeParameters",
        "{}");
    assert_int_equal(timers(&w, &a), 1);
    wb_seam_sim_advance(&w.seam, 2 * 3600 * 1000 - 1);
    settle(&w);
    HAS(&w, "'PolicyType':'NoChangeNotification','PolicyStatus':'Pending'", "DescribeParameters",
        "{}");

    /* A change puts the notification off, and does not touch the expiry. */
    DO(&w, "PutParameter", "{'Name':'/p','Value':'y','Overwrite':true}");
    wb_seam_sim_advance(&w.seam, 2 * 3600 * 1000 - 1);
    settle(&w);
    HAS(&w, "'PolicyType':'NoChangeNotification','PolicyStatus':'Pending'", "DescribeParameters",
        "{}");
    wb_seam_sim_advance(&w.seam, 1);
    settle(&w);
    HAS(&w, "'PolicyType':'NoChangeNotification','PolicyStatus':'Finished'", "DescribeParameters",
        "{}");
    world_restart(&w);
    wb_seam_sim_advance(&w.seam, 2 * DAY_MS);
    settle(&w);
    HAS(&w, "'PolicyType':'ExpirationNotification','PolicyStatus':'Finished'", "DescribeParameters",
        "{}");
    HAS(&w, "'PolicyType':'Expiration','PolicyStatus':'Pending'", "DescribeParameters", "{}");
    wb_seam_sim_advance(&w.seam, DAY_MS);
    settle(&w);
    REFUSED(&w, "ParameterNotFound", "GetParameter", "{'Name':'/p'}");
    assert_int_equal(rows_in(&w, WB_T_SSM_VERSION), 0);
    assert_int_equal(timers(&w, &a), 0);

    /* Policies taken away, or set on a parameter that was deleted since: nothing happens. */
    at = wb_time_str(&a, WORLD_START_MS + 30 * DAY_MS, WB_TIME_ISO_MS);
    put_policies(&w, NULL, policies(&a, "[" EXPIRATION "]", at.p));
    put_policies(&w, NULL, "[{}]");
    wb_seam_sim_advance(&w.seam, 40 * DAY_MS);
    settle(&w);
    HAS(&w, "'Value':'x'", "GetParameter", "{'Name':'/p'}");
    at = wb_time_str(&a, WORLD_START_MS + 60 * DAY_MS, WB_TIME_ISO_MS);
    put_policies(&w, NULL, policies(&a, "[" EXPIRATION "]", at.p));
    DO(&w, "DeleteParameter", "{'Name':'/p'}");
    DO(&w, "PutParameter", "{'Name':'/p','Value':'z','Type':'String'}");
    wb_seam_sim_advance(&w.seam, 40 * DAY_MS);
    settle(&w);
    HAS(&w, "'Value':'z'", "GetParameter", "{'Name':'/p'}");
    wb_arena_release(&a);
    close_world(&w);
}

/* --- lists against a plain model --- */

#define NAMES 60

static const char *const paths[] = {"/", "/a", "/a/b", "/a/b/c", "/a-b", "/b", "/none"};

static void name_of(unsigned i, char out[64])
{
    static const char *const levels[] = {"a", "b", "c", "a-b", "d0"};
    size_t n = 0;
    unsigned depth = 1 + i % 4;
    out[0] = '\0';
    for (unsigned k = 0; k < depth; k++, i = i * 7 + 3)
        n += (size_t)snprintf(out + n, 64 - n, "/%s", levels[i % 5]);
}

static bool below(const char *name, const char *path, bool recursive)
{
    size_t n = strcmp(path, "/") == 0 ? 0 : strlen(path);
    return strncmp(name, path, n) == 0 && name[n] == '/' &&
           (recursive || !strchr(name + n + 1, '/'));
}

/* All pages must hold the names that the model has, once and in order. */
static void check_list(struct world *w, const bool *there, const char *path, bool recursive)
{
    struct answer page = {.code = WB_SLICE_NULL};
    char token[512] = "", last[64] = "", name[64];
    unsigned expected = 0, seen = 0;
    for (unsigned i = 0; i < NAMES; i++) {
        bool twice = false;
        name_of(i, name);
        for (unsigned k = 0; k < i && !twice; k++) {
            char other[64];
            name_of(k, other);
            twice = strcmp(name, other) == 0;
        }
        expected += !twice && there[i] && below(name, path, recursive);
    }
    do {
        page = call(w, "GetParametersByPath", "{'Path':'%s','Recursive':%s,'MaxResults':3%s%s%s}",
                    path, recursive ? "true" : "false", *token ? ",'NextToken':'" : "", token,
                    *token ? "'" : "");
        assert_null(page.code.p);
        struct wb_json_iter it = wb_json_iter(wb_json_get(page.doc, "Parameters"));
        for (; wb_json_next(&it); seen++) {
            snprintf(name, sizeof name, "%.*s",
                     WB_FMT(wb_json_str(wb_json_get(it.value, "Name"), &page.arena)));
            assert_true(strcmp(name, last) > 0 && below(name, path, recursive));
            snprintf(last, sizeof last, "%s", name);
        }
        struct wb_slice next = wb_json_get_str(page.doc, "NextToken", &page.arena);
        snprintf(token, sizeof token, "%.*s", WB_FMT(next));
        wb_arena_release(&page.arena);
    } while (*token);
    assert_int_equal(seen, expected);
}

static void test_lists(void **state)
{
    struct world w;
    bool there[NAMES] = {false};
    char name[64], other[64];
    uint32_t random = 7;
    open_world(&w);
    for (unsigned round = 0; round < 300; round++) {
        random = random * 1664525 + 1013904223;
        unsigned i = (random >> 16) % NAMES;
        bool put = (random >> 28) % 3 != 0;
        name_of(i, name);
        if (put)
            DO(&w, "PutParameter", "{'Name':'%s','Value':'%u','Type':'String','Overwrite':true}",
               name, round);
        else if (there[i])
            DO(&w, "DeleteParameter", "{'Name':'%s'}", name);
        for (unsigned k = 0; k < NAMES; k++) {
            name_of(k, other);
            if (strcmp(name, other) == 0)
                there[k] = put ? true : false;
        }
        if (round % 20 == 0)
            for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
                check_list(&w, there, paths[p], false);
                check_list(&w, there, paths[p], true);
            }
    }
    close_world(&w);
}

static void test_filters(void **state)
{
    static const char *const bad[][2] = {
        {"InvalidFilterKey", "{'Key':'Label','Values':['a']}"},
        {"InvalidFilterKey",
         "{'Key':'Type','Values':['String']},{'Key':'Type','Values':['String']}"},
        {"InvalidFilterOption", "{'Key':'Type','Option':'Contains','Values':['String']}"},
        {"InvalidFilterOption", "{'Key':'Path','Option':'Equals','Values':['/a']}"},
        {"InvalidFilterOption", "{'Key':'Type','Values':['Nonsense']}"},
        {"InvalidFilterValue", "{'Key':'Name'}"},
        {"ValidationException", "{'Key':'Nonsense','Values':['a']}"},
        {"ValidationException", "{'Key':'Path','Values':['a']}"},
        {"ValidationException", "{'Key':'Path','Values':['/aws/x']}"},
    };
    static const char *const good[][2] = {
        {"{'Key':'Name','Values':['/f/one']}", "/f/one"},
        {"{'Key':'Name','Values':['f/one','two']}", "/f/one two"},
        {"{'Key':'Name','Option':'BeginsWith','Values':['/f/']}", "/f/one /f/two/x"},
        {"{'Key':'Name','Option':'Contains','Values':['tw']}", "/f/two/x two"},
        {"{'Key':'Type','Values':['SecureString']}", "two"},
        {"{'Key':'KeyId','Values':['alias/aws/ssm']}", "two"},
        {"{'Key':'KeyId','Option':'BeginsWith','Values':['alias/']}", "two"},
        {"{'Key':'Tier','Values':['Advanced']}", "/f/two/x"},
        {"{'Key':'DataType','Values':['text']}", "/f/one /f/two/x two"},
        {"{'Key':'Path','Values':['/f']}", "/f/one"},
        {"{'Key':'Path','Values':['/']}", "two"},
        {"{'Key':'Path','Option':'Recursive','Values':['/f']}", "/f/one /f/two/x"},
        {"{'Key':'tag:team'}", "/f/one /f/two/x"},
        {"{'Key':'tag:team','Values':['ops']}", "/f/one"},
        {"{'Key':'tag:team','Option':'BeginsWith','Values':['d']}", "/f/two/x"},
        {"{'Key':'tag:team'},{'Key':'Tier','Values':['Standard']}", "/f/one"},
        {"{'Key':'Name','Values':['nothing']}", ""},
    };
    struct world w;
    open_world(&w);
    DO(&w, "PutParameter",
       "{'Name':'/f/one','Value':'1','Type':'String','Tags':[{'Key':'team','Value':'ops'}]}");
    DO(&w, "PutParameter",
       "{'Name':'/f/two/x','Value':'2','Type':'String','Tier':'Advanced','Tags':[{'Key':'team',"
       "'Value':'dev'}]}");
    DO(&w, "PutParameter", "{'Name':'two','Value':'3','Type':'SecureString'}");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        REFUSED(&w, bad[i][0], "DescribeParameters", "{'ParameterFilters':[%s]}", bad[i][1]);
    REFUSED(&w, "InvalidFilterKey", "GetParametersByPath",
            "{'Path':'/','ParameterFilters':[{'Key':'Name','Values':['a']}]}");
    REFUSED(&w, "InvalidNextToken", "DescribeParameters", "{'NextToken':'forged'}");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct answer x = call(&w, "DescribeParameters", "{'ParameterFilters':[%s]}", good[i][0]);
        struct wb_buf got = wb_buf_in(&x.arena);
        struct wb_json_iter it = wb_json_iter(wb_json_get(x.doc, "Parameters"));
        while (wb_json_next(&it)) {
            wb_buf_str(&got, got.n ? " " : "");
            wb_buf_slice_put(&got, wb_json_get_str(it.value, "Name", &x.arena));
        }
        if (x.code.p || !wb_slice_is(wb_buf_slice(&got), good[i][1]))
            fail_msg("%s: %.*s", good[i][0], WB_FMT(wb_buf_slice(&got)));
        wb_arena_release(&x.arena);
    }
    struct wb_buf many = {0};
    for (int i = 0; i <= WB_SSM_FILTERS_MAX; i++)
        wb_buf_printf(&many, "%s{'Key':'tag:%d'}", i ? "," : "", i);
    REFUSED(&w, "ValidationException", "DescribeParameters", "{'ParameterFilters':[%.*s]}",
            WB_FMT(wb_buf_slice(&many)));
    wb_buf_release(&many);
    HAS(&w, "'Name':'two'", "DescribeParameters",
        "{'Filters':[{'Key':'Type','Values':['SecureString']}]}");
    REFUSED(&w, "ValidationException", "DescribeParameters",
            "{'Filters':[{'Key':'Name','Values':['a']}],'ParameterFilters':[{'Key':'tag:x'}]}");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_policies_refused),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_filters),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
