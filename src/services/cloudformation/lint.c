#include "services/cloudformation/lint.h"

#include "services/cloudformation/template_impl.h"
#include "services/cloudformation/type.h"

struct lint {
    const struct wb_template *t;
    struct wb_cfn_env *env;
    struct wb_arena *a;
    const struct wb_template_resource *r; /* the one looked at */
    struct wb_tree *properties;           /* its, evaluated */
    struct wb_cfn_finding *found;
    size_t count, room;
};

static void find(struct lint *l, const char *check, struct wb_slice path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void find(struct lint *l, const char *check, struct wb_slice path, const char *fmt, ...)
{
    va_list ap;
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 16;
        struct wb_cfn_finding *more = wb_new_n(l->a, struct wb_cfn_finding, l->room);
        if (l->count)
            memcpy(more, l->found, l->count * sizeof *more);
        l->found = more;
    }
    va_start(ap, fmt);
    l->found[l->count++] =
        (struct wb_cfn_finding){check, l->r->id, path, wb_vprintf(l->a, fmt, ap)};
    va_end(ap);
}

static struct wb_slice text_at(const struct wb_tree *t, const char *name)
{
    struct wb_slice s = WB_SLICE_NULL;
    wb_tree_text(wb_tree_get(t, name), &s);
    return s;
}

/* --- metrics --- */

/* What the services that exist here emit (their user guides, "metrics and dimensions"). Dimension
 * sets: names with ',' between, sets with '|' between; "" is the set without any. */
static const struct {
    const char *space, *names, *sets;
} metrics[] = {
    {"AWS/Lambda",
     " Invocations Errors Throttles Duration ConcurrentExecutions DeadLetterErrors "
     "DestinationDeliveryFailures AsyncEventsReceived AsyncEventAge AsyncEventsDropped "
     "ProvisionedConcurrencyInvocations ProvisionedConcurrencySpilloverInvocations ",
     "|FunctionName|FunctionName,Resource"},
    {"AWS/Lambda", " UnreservedConcurrentExecutions ", ""},
    {"AWS/DynamoDB", " UserErrors ", ""},
    {"AWS/DynamoDB",
     " ConsumedReadCapacityUnits ConsumedWriteCapacityUnits ProvisionedReadCapacityUnits "
     "ProvisionedWriteCapacityUnits ReadThrottleEvents WriteThrottleEvents "
     "OnlineIndexPercentageProgress OnlineIndexConsumedWriteCapacity OnlineIndexThrottleEvents ",
     "TableName|GlobalSecondaryIndexName,TableName"},
    {"AWS/DynamoDB",
     " ConditionalCheckFailedRequests TransactionConflict TimeToLiveDeletedItemCount ",
     "TableName"},
    {"AWS/DynamoDB", " SuccessfulRequestLatency ReturnedItemCount SystemErrors ThrottledRequests ",
     "Operation,TableName"},
    {"AWS/DynamoDB", " ReturnedBytes ReturnedRecordsCount ", "Operation,StreamLabel,TableName"},
    {"AWS/DynamoDB",
     " AccountMaxReads AccountMaxTableLevelReads AccountMaxTableLevelWrites AccountMaxWrites "
     "AccountProvisionedReadCapacityUtilization AccountProvisionedWriteCapacityUtilization ",
     ""},
    {"AWS/SNS",
     " NumberOfMessagesPublished NumberOfNotificationsDelivered NumberOfNotificationsFailed "
     "PublishSize NumberOfNotificationsFilteredOut NumberOfNotificationsRedrivenToDlq "
     "NumberOfNotificationsFailedToRedriveToDlq ",
     "|TopicName|Application|Platform|Application,Platform"},
    {"AWS/Events",
     " Invocations FailedInvocations TriggeredRules MatchedEvents ThrottledRules "
     "InvocationsSentToDlq InvocationsFailedToBeSentToDlq RetryInvocationAttempts "
     "SuccessfulInvocationAttempts InvocationAttempts IngestionToInvocationStartLatency "
     "IngestionToInvocationCompleteLatency IngestionToInvocationSuccessLatency ",
     "|RuleName|EventBusName|EventBusName,RuleName"},
    {"AWS/Events", " PutEventsApproximateCallCount PutEventsEntriesCount PutEventsRequestSize ",
     ""},
    {"AWS/Logs", " IncomingBytes IncomingLogEvents ", "|LogGroupName"},
    {"AWS/S3", " BucketSizeBytes NumberOfObjects ", "BucketName,StorageType"},
};
#define METRICS (sizeof metrics / sizeof *metrics)

static bool is_one_of(const char *names, struct wb_slice name)
{
    const char *at = names;
    for (; name.n && (at = strchr(at, ' ')) && at[1]; at++)
        if (strncmp(at + 1, name.p, name.n) == 0 && at[1 + name.n] == ' ')
            return true;
    return false;
}

/* Is it one of the sets? Both sides have few names. */
static bool fits(const struct wb_tree *dimensions, const char *sets)
{
    struct wb_slice all = wb_slice_str(sets);
    size_t given = dimensions ? dimensions->count : 0;
    if (!all.n)
        return given == 0;
    while (all.p) {
        struct wb_slice set = wb_slice_cut(&all, '|');
        size_t wanted = 0, there = 0;
        if (!set.n)
            set.p = NULL;
        while (set.p) {
            struct wb_slice name = wb_slice_cut(&set, ',');
            wanted++;
            for (size_t i = 0; i < given; i++)
                there += wb_slice_eq(text_at(dimensions->member[i].value, "Name"), name);
        }
        if (wanted == given && there == wanted)
            return true;
    }
    return false;
}

static struct wb_slice names_of(struct lint *l, const struct wb_tree *dimensions)
{
    struct wb_buf out = wb_buf_in(l->a);
    for (size_t i = 0; dimensions && i < dimensions->count; i++) {
        struct wb_slice name = text_at(dimensions->member[i].value, "Name");
        wb_buf_printf(&out, "%s%.*s", i ? ", " : "", (int)name.n, name.p ? name.p : "");
    }
    return out.n ? wb_buf_slice(&out) : WB_S("none");
}

static void check_metric(struct lint *l, const struct wb_tree *m, struct wb_slice path)
{
    struct wb_slice space = text_at(m, "Namespace"), name = text_at(m, "MetricName"), given;
    const struct wb_tree *dimensions = wb_tree_get(m, "Dimensions");
    bool here = false;
    if (!wb_slice_starts(space, WB_S("AWS/")) || !name.n)
        return;
    if (dimensions && dimensions->type != WB_JSON_ARRAY)
        return;
    for (size_t i = 0; i < METRICS; i++) {
        here |= wb_slice_is(space, metrics[i].space);
        if (!wb_slice_is(space, metrics[i].space) || !is_one_of(metrics[i].names, name))
            continue;
        if (fits(dimensions, metrics[i].sets))
            return;
        given = names_of(l, dimensions);
        find(l, "metric", path,
             "%.*s %.*s is not emitted with these dimensions (%.*s) but with %s: the metric will "
             "never have data.",
             WB_FMT(space), WB_FMT(name), WB_FMT(given),
             metrics[i].sets[0] ? metrics[i].sets : "none");
        return;
    }
    if (here)
        find(l, "metric", path, "%.*s has no metric %.*s.", WB_FMT(space), WB_FMT(name));
    else
        find(l, "metric", path, "Nothing here emits metrics of %.*s.", WB_FMT(space));
}

static void check_alarm(struct lint *l)
{
    const struct wb_tree *list = wb_tree_get(l->properties, "Metrics");
    check_metric(l, l->properties, WB_S("Properties.MetricName"));
    for (size_t i = 0; wb_tree_is(list, WB_JSON_ARRAY) && i < list->count; i++)
        check_metric(l, wb_tree_get(wb_tree_get(list->member[i].value, "MetricStat"), "Metric"),
                     wb_printf(l->a, "Properties.Metrics[%zu].MetricStat.Metric", i));
}

/* --- delivery --- */

static void check_subscription(struct lint *l)
{
    struct wb_slice protocol = text_at(l->properties, "Protocol");
    struct wb_slice endpoint = text_at(l->properties, "Endpoint");
    if (wb_slice_starts(protocol, WB_S("email"))) {
        find(l, "confirmation", WB_S("Properties.Endpoint"),
             "Nothing is sent to %.*s before the mail with the confirmation link is answered, "
             "within three days.",
             (int)endpoint.n, endpoint.p ? endpoint.p : "");
        return;
    }
    if (!wb_tree_get(l->properties, "RedrivePolicy"))
        find(l, "dead-letters", WB_S("Properties.RedrivePolicy"),
             "Without a dead-letter queue, messages that cannot be delivered to this subscription "
             "are lost after the last retry.");
}

static void check_rule(struct lint *l)
{
    const struct wb_tree *targets = wb_tree_get(l->properties, "Targets");
    for (size_t i = 0; wb_tree_is(targets, WB_JSON_ARRAY) && i < targets->count; i++)
        if (!wb_tree_get(targets->member[i].value, "DeadLetterConfig"))
            find(l, "dead-letters", wb_printf(l->a, "Properties.Targets[%zu]", i),
                 "Without a dead-letter queue, events that cannot be delivered to this target are "
                 "lost after the last retry.");
}

/* --- names --- */

static void check_name(struct lint *l)
{
    const struct wb_cfn_type *type = wb_cfn_type_find(l->r->type);
    if (!wb_slice_starts(l->r->deletion_policy, WB_S("Retain")) || !type || !type->name_property)
        return;
    struct wb_slice name = text_at(l->properties, type->name_property);
    if (name.n)
        find(l, "fixed-name", wb_printf(l->a, "Properties.%s", type->name_property),
             "The name %.*s is fixed and the resource stays when the stack is deleted: the next "
             "deployment fails because it exists, unless it is imported.",
             WB_FMT(name));
}

/* --- policies --- */

/* Actions that know no resource but "*". */
static bool only_everything(struct wb_slice action)
{
    static const char *const names[] = {
        "cloudwatch:PutMetricData", "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",   "cloudwatch:GetMetricStatistics",
        "s3:ListAllMyBuckets",      "sts:GetCallerIdentity",
        "dynamodb:ListTables",      "sns:ListTopics",
        "lambda:ListFunctions",     "ssm:DescribeParameters",
        "events:ListEventBuses"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (wb_slice_is(action, names[i]))
            return true;
    return wb_slice_starts(action, WB_S("xray:")) || wb_slice_starts(action, WB_S("ec2:"));
}

static bool contains_ignoring_case(struct wb_slice text, struct wb_slice word)
{
    for (size_t i = 0; word.n && i + word.n <= text.n; i++)
        if (wb_slice_ieq(wb_slice_sub(text, i, i + word.n), word))
            return true;
    return false;
}

/* Does the source speak of the service? Its name in policies, or that of its client. */
static bool mentions(struct wb_slice source, struct wb_slice service)
{
    static const char *const other[][2] = {{"events", "eventbridge"}, {"states", "stepfunctions"}};
    static const char *const of_the_runtime[] = {"logs", "xray", "ec2", "sts", "kms"};
    for (size_t i = 0; i < sizeof of_the_runtime / sizeof *of_the_runtime; i++)
        if (wb_slice_is(service, of_the_runtime[i]))
            return true;
    for (size_t i = 0; i < 2; i++)
        if (wb_slice_is(service, other[i][0]) &&
            contains_ignoring_case(source, wb_slice_str(other[i][1])))
            return true;
    return contains_ignoring_case(source, service);
}

/* A policy's statement: `source` is the code of the only function that has the policy, or null. */
static void check_action(struct lint *l, struct wb_slice action, bool everything,
                         struct wb_slice source, struct wb_slice path)
{
    struct wb_slice rest = action, service = wb_slice_cut(&rest, ':');
    if (wb_slice_is(action, "*") || wb_slice_is(rest, "*"))
        find(l, "policy", path, "%.*s allows every action%s.", WB_FMT(action),
             wb_slice_is(action, "*") ? "" : " of the service");
    else if (everything && !only_everything(action))
        find(l, "policy", path, "%.*s is allowed on every resource.", WB_FMT(action));
    if (source.p && rest.p && !mentions(source, service))
        find(l, "policy", path, "%.*s is allowed, but the function's code never names %.*s.",
             WB_FMT(action), WB_FMT(service));
}

static bool holds_star(const struct wb_tree *t)
{
    struct wb_slice text;
    bool any = wb_tree_text(t, &text) && wb_slice_is(text, "*");
    for (size_t i = 0; wb_tree_is(t, WB_JSON_ARRAY) && i < t->count && !any; i++)
        any = holds_star(t->member[i].value);
    return any;
}

static void check_statement(struct lint *l, const struct wb_tree *s, struct wb_slice source,
                            struct wb_slice path)
{
    const struct wb_tree *actions = wb_tree_get(s, "Action");
    bool everything = holds_star(wb_tree_get(s, "Resource"));
    struct wb_slice text;
    if (!wb_slice_is(text_at(s, "Effect"), "Allow"))
        return;
    if (wb_tree_text(actions, &text))
        check_action(l, text, everything, source, path);
    for (size_t i = 0; wb_tree_is(actions, WB_JSON_ARRAY) && i < actions->count; i++)
        if (wb_tree_text(actions->member[i].value, &text))
            check_action(l, text, everything, source, path);
}

static void check_document(struct lint *l, const struct wb_tree *document, struct wb_slice source,
                           struct wb_slice path)
{
    const struct wb_tree *list = wb_tree_get(document, "Statement");
    if (wb_tree_is(list, WB_JSON_OBJECT))
        check_statement(l, list, source, wb_printf(l->a, "%.*s.Statement", WB_FMT(path)));
    for (size_t i = 0; wb_tree_is(list, WB_JSON_ARRAY) && i < list->count; i++)
        check_statement(l, list->member[i].value, source,
                        wb_printf(l->a, "%.*s.Statement[%zu]", WB_FMT(path), i));
}

/* The resource that a Ref or GetAtt names. */
static struct wb_slice referred(struct lint *l, struct wb_json v)
{
    struct wb_json arg, function;
    struct wb_slice id = WB_SLICE_NULL, attribute;
    enum wb_function f = wb_template_function(v, &arg);
    if (f == WB_FN_REF)
        id = wb_json_str(arg, l->a);
    else if (f == WB_FN_GET_ATT)
        wb_getatt_parts(l->a, arg, &id, &attribute, &function);
    return id;
}

/* The inline code of the only function that runs under the role; null when there is none, or more,
 * or its code is elsewhere. */
static struct wb_slice source_under(struct lint *l, struct wb_slice role)
{
    struct wb_slice source = WB_SLICE_NULL;
    size_t users = 0;
    for (size_t i = 0; role.p && i < l->t->resource_count; i++) {
        const struct wb_template_resource *f = &l->t->resource[i];
        struct wb_slice own = referred(l, wb_json_get(f->properties, "Role"));
        if (!wb_slice_is(f->type, "AWS::Lambda::Function") || !own.p || !wb_slice_eq(own, role))
            continue;
        users++;
        source = wb_json_get_str(wb_json_get(f->properties, "Code"), "ZipFile", l->a);
    }
    return users == 1 ? source : WB_SLICE_NULL;
}

static void check_role(struct lint *l)
{
    const struct wb_tree *list = wb_tree_get(l->properties, "Policies");
    struct wb_slice source = source_under(l, l->r->id);
    for (size_t i = 0; wb_tree_is(list, WB_JSON_ARRAY) && i < list->count; i++)
        check_document(l, wb_tree_get(list->member[i].value, "PolicyDocument"), source,
                       wb_printf(l->a, "Properties.Policies[%zu].PolicyDocument", i));
}

static void check_policy(struct lint *l)
{
    struct wb_json roles = wb_json_get(l->r->properties, "Roles");
    struct wb_slice role =
        wb_json_count(roles) == 1 ? referred(l, wb_json_item(roles, 0)) : WB_SLICE_NULL;
    check_document(l, wb_tree_get(l->properties, "PolicyDocument"), source_under(l, role),
                   WB_S("Properties.PolicyDocument"));
}

static const struct {
    const char *type;
    void (*check)(struct lint *l);
} checks[] = {
    {"AWS::CloudWatch::Alarm", check_alarm},   {"AWS::SNS::Subscription", check_subscription},
    {"AWS::Events::Rule", check_rule},         {"AWS::IAM::Role", check_role},
    {"AWS::IAM::Policy", check_policy},        {"AWS::IAM::RolePolicy", check_policy},
    {"AWS::IAM::ManagedPolicy", check_policy},
};

static bool evaluated(struct lint *l)
{
    struct wb_slice json, why;
    bool unknown;
    l->properties = wb_tree_new(l->a, WB_JSON_OBJECT);
    if (!wb_template_condition(l->env, l->r->condition))
        return false;
    if (!wb_json_is(l->r->properties))
        return true;
    if (!wb_template_resolve(l->t, l->env, l->r->properties, &json, &unknown, &why))
        return false;
    l->properties = wb_tree_read(l->a, wb_json_read(l->a, json, NULL));
    return true;
}

size_t wb_cfn_lint(const struct wb_template *t, struct wb_cfn_env *env, struct wb_cfn_finding **out)
{
    struct lint l = {.t = t, .env = env, .a = env->arena};
    for (size_t i = 0; i < t->resource_count; i++) {
        l.r = &t->resource[i];
        if (!evaluated(&l))
            continue;
        check_name(&l);
        for (size_t k = 0; k < sizeof checks / sizeof *checks; k++)
            if (wb_slice_is(l.r->type, checks[k].type))
                checks[k].check(&l);
    }
    *out = l.found;
    return l.count;
}
