/* A function's events: the rule or subscription, and the permission to call the function. */
#include "services/cloudformation/serverless.h"

struct event {
    struct wb_sam *s;
    struct wb_slice name, id; /* id: of what the event makes, FunctionEvent */
    struct wb_tree *given;    /* its Properties */
};

static bool permission(struct event *e, const char *service, struct wb_tree *source, const char *as)
{
    struct wb_tree *p = wb_sam_object(e->s);
    wb_sam_put(e->s, p, "Action", wb_tree_cstr(e->s->a, "lambda:InvokeFunction"));
    wb_sam_put(e->s, p, "FunctionName", wb_sam_ref(e->s, e->s->id));
    wb_sam_put(e->s, p, "Principal", wb_tree_cstr(e->s->a, service));
    wb_sam_put(e->s, p, as, source);
    return wb_sam_add(e->s, wb_sam_id(e->s, e->name, "Permission"), "AWS::Lambda::Permission", p);
}

/* --- rules --- */

static bool target(struct event *e, struct wb_tree *p)
{
    struct wb_tree *t = wb_sam_object(e->s), *letters = wb_tree_get(e->given, "DeadLetterConfig");
    struct wb_tree *id = wb_tree_get(wb_tree_get(e->given, "Target"), "Id");
    static const char *const taken[] = {"Input", "InputPath", "InputTransformer", "RetryPolicy"};
    if (letters && !wb_tree_get(letters, "Arn"))
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. 'DeadLetterConfig' must have an "
                           "Arn here.",
                           WB_FMT(e->name));
    wb_sam_put(e->s, t, "Arn", wb_sam_getatt(e->s, e->s->id, "Arn"));
    wb_sam_put(e->s, t, "Id",
               id ? id : wb_tree_str(e->s->a, wb_sam_id(e->s, e->name, "LambdaTarget")));
    for (size_t i = 0; i < 4; i++)
        wb_sam_take(e->s, t, e->given, taken[i], NULL);
    if (letters)
        wb_sam_put(e->s, t, "DeadLetterConfig",
                   wb_tree_call(e->s->a, "Arn", wb_tree_get(letters, "Arn")));
    wb_sam_put(e->s, p, "Targets", wb_sam_item(e->s, NULL, t));
    return true;
}

static bool state(struct event *e, struct wb_tree *p)
{
    struct wb_tree *enabled = wb_tree_get(e->given, "Enabled");
    wb_sam_take(e->s, p, e->given, "State", NULL);
    if (!enabled)
        return true;
    if (wb_tree_get(e->given, "State"))
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. State and Enabled Properties "
                           "cannot both be specified.",
                           WB_FMT(e->name));
    if (enabled->type == WB_JSON_TRUE || enabled->type == WB_JSON_FALSE)
        enabled = wb_tree_cstr(e->s->a, enabled->type == WB_JSON_TRUE ? "ENABLED" : "DISABLED");
    wb_sam_put(e->s, p, "State", enabled);
    return true;
}

static bool rule(struct event *e, struct wb_tree *p)
{
    return state(e, p) && target(e, p) && wb_sam_add(e->s, e->id, "AWS::Events::Rule", p) &&
           permission(e, "events.amazonaws.com", wb_sam_getatt(e->s, e->id, "Arn"), "SourceArn");
}

static bool schedule(struct event *e)
{
    static const char *const known[] = {"Schedule",         "Name",        "Description",
                                        "Enabled",          "State",       "Input",
                                        "DeadLetterConfig", "RetryPolicy", NULL};
    struct wb_tree *p = wb_sam_object(e->s);
    if (!wb_sam_only(e->s, e->given, known, "a Schedule event"))
        return false;
    if (!wb_tree_get(e->given, "Schedule"))
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. Missing required property "
                           "'Schedule'.",
                           WB_FMT(e->name));
    wb_sam_take(e->s, p, e->given, "Schedule", "ScheduleExpression");
    wb_sam_take(e->s, p, e->given, "Name", NULL);
    wb_sam_take(e->s, p, e->given, "Description", NULL);
    return rule(e, p);
}

static bool pattern(struct event *e)
{
    static const char *const known[] = {
        "EventBusName", "Pattern",   "RuleName",         "State",  "Enabled",
        "Input",        "InputPath", "InputTransformer", "Target", "DeadLetterConfig",
        "RetryPolicy",  NULL};
    struct wb_tree *p = wb_sam_object(e->s);
    if (!wb_sam_only(e->s, e->given, known, "an EventBridgeRule event"))
        return false;
    if (!wb_tree_get(e->given, "Pattern"))
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. Missing required property "
                           "'Pattern'.",
                           WB_FMT(e->name));
    wb_sam_take(e->s, p, e->given, "EventBusName", NULL);
    wb_sam_take(e->s, p, e->given, "Pattern", "EventPattern");
    wb_sam_take(e->s, p, e->given, "RuleName", "Name");
    return rule(e, p);
}

/* --- topics --- */

static bool topic(struct event *e)
{
    static const char *const known[] = {"Topic",  "FilterPolicy",  "FilterPolicyScope",
                                        "Region", "RedrivePolicy", NULL};
    struct wb_tree *p = wb_sam_object(e->s), *arn = wb_tree_get(e->given, "Topic");
    if (!wb_sam_only(e->s, e->given, known, "an SNS event"))
        return false;
    if (!arn)
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. Missing required property "
                           "'Topic'.",
                           WB_FMT(e->name));
    wb_sam_put(e->s, p, "Endpoint", wb_sam_getatt(e->s, e->s->id, "Arn"));
    wb_sam_put(e->s, p, "Protocol", wb_tree_cstr(e->s->a, "lambda"));
    wb_sam_put(e->s, p, "TopicArn", arn);
    for (size_t i = 1; known[i]; i++)
        wb_sam_take(e->s, p, e->given, known[i], NULL);
    return permission(e, "sns.amazonaws.com", arn, "SourceArn") &&
           wb_sam_add(e->s, e->id, "AWS::SNS::Subscription", p);
}

/* --- buckets --- */

/* The member of that name, made when it is not there. */
static struct wb_tree *within(struct event *e, struct wb_tree *t, const char *name,
                              enum wb_json_type type)
{
    struct wb_tree *v = wb_tree_get(t, name);
    if (!v) {
        v = wb_tree_new(e->s->a, type);
        wb_sam_put(e->s, t, name, v);
    }
    return v;
}

static void depend(struct event *e, struct wb_tree *bucket, struct wb_slice on)
{
    struct wb_tree *v = wb_tree_get(bucket, "DependsOn");
    struct wb_tree *list = v && v->type == WB_JSON_ARRAY ? v : NULL;
    if (v && !list)
        list = wb_sam_item(e->s, NULL, v);
    wb_sam_put(e->s, bucket, "DependsOn", wb_sam_item(e->s, list, wb_tree_str(e->s->a, on)));
}

/* One notification; of a function with a condition only when that holds. */
static void notify(struct event *e, struct wb_tree *list, struct wb_tree *kind)
{
    struct wb_tree *c = wb_sam_object(e->s), *condition = wb_tree_get(e->s->source, "Condition");
    wb_sam_put(e->s, c, "Function", wb_sam_getatt(e->s, e->s->id, "Arn"));
    wb_sam_take(e->s, c, e->given, "Filter", NULL);
    wb_sam_put(e->s, c, "Event", kind);
    if (condition) {
        struct wb_tree *either = wb_sam_item(e->s, NULL, condition);
        wb_sam_item(e->s, either, c);
        wb_sam_item(e->s, either, wb_sam_ref(e->s, WB_S("AWS::NoValue")));
        c = wb_tree_call(e->s->a, "Fn::If", either);
    }
    wb_sam_item(e->s, list, c);
}

static bool bucket(struct event *e)
{
    static const char *const known[] = {"Bucket", "Events", "Filter", NULL};
    struct wb_tree *name = wb_tree_get(wb_tree_get(e->given, "Bucket"), "Ref"), *found = NULL;
    struct wb_tree *kinds = wb_tree_get(e->given, "Events");
    if (!wb_sam_only(e->s, e->given, known, "an S3 event"))
        return false;
    if (wb_tree_is(name, WB_JSON_STRING))
        found = wb_tree_get_slice(e->s->resources, name->text);
    struct wb_tree *type = wb_tree_get(found, "Type");
    if (!wb_tree_is(type, WB_JSON_STRING) || !wb_slice_is(type->text, "AWS::S3::Bucket"))
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. S3 events must reference an S3 "
                           "bucket in the same template.",
                           WB_FMT(e->name));
    if (!kinds)
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. Missing required property "
                           "'Events'.",
                           WB_FMT(e->name));
    struct wb_tree *list = within(e,
                                  within(e, within(e, found, "Properties", WB_JSON_OBJECT),
                                         "NotificationConfiguration", WB_JSON_OBJECT),
                                  "LambdaConfigurations", WB_JSON_ARRAY);
    if (list->type != WB_JSON_ARRAY)
        return wb_sam_fail(e->s,
                           "Event with id [%.*s] is invalid. LambdaConfigurations of the "
                           "bucket must be a list.",
                           WB_FMT(e->name));
    if (kinds->type != WB_JSON_ARRAY)
        notify(e, list, kinds);
    for (size_t i = 0; kinds->type == WB_JSON_ARRAY && i < kinds->count; i++)
        notify(e, list, kinds->member[i].value);
    depend(e, found, wb_sam_id(e->s, e->name, "Permission"));
    return permission(e, "s3.amazonaws.com", wb_sam_ref(e->s, WB_S("AWS::AccountId")),
                      "SourceAccount");
}

static const struct {
    const char *type;
    bool (*make)(struct event *e);
} kinds_of_event[] = {
    {"Schedule", schedule},
    {"EventBridgeRule", pattern},
    {"CloudWatchEvent", pattern},
    {"SNS", topic},
    {"S3", bucket},
};

bool wb_sam_event(struct wb_sam *s, struct wb_slice name, struct wb_tree *event)
{
    struct wb_tree *type = wb_tree_get(event, "Type");
    struct event e = {s, name, wb_sam_id(s, name, ""), wb_tree_get(event, "Properties")};
    if (!wb_is_alphanumeric(name))
        return wb_sam_fail(s, "Event with id [%.*s] is invalid. Its name must be alphanumeric.",
                           WB_FMT(name));
    if (!wb_tree_is(type, WB_JSON_STRING))
        return wb_sam_fail(s, "Event with id [%.*s] is invalid. Event Type must be specified.",
                           WB_FMT(name));
    if (e.given && e.given->type != WB_JSON_OBJECT)
        return wb_sam_fail(s, "Event with id [%.*s] is invalid. Properties must be a map.",
                           WB_FMT(name));
    for (size_t i = 0; i < sizeof kinds_of_event / sizeof *kinds_of_event; i++)
        if (wb_slice_is(type->text, kinds_of_event[i].type))
            return kinds_of_event[i].make(&e);
    return wb_sam_fail(s,
                       "Event with id [%.*s] is invalid. Events of type %.*s are not supported "
                       "here.",
                       WB_FMT(name), WB_FMT(type->text));
}
