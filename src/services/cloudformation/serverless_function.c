/* AWS::Serverless::Function: the function, its role, its configuration of asynchronous calls. */
#include "auth/managed.h"
#include "services/cloudformation/serverless.h"

#define POLICY_ARN "arn:aws:iam::aws:policy/"

/* Properties that go on as they are. */
static const char *const passed[] = {"FunctionName",
                                     "Handler",
                                     "Runtime",
                                     "MemorySize",
                                     "Timeout",
                                     "Description",
                                     "Layers",
                                     "Environment",
                                     "VpcConfig",
                                     "KmsKeyArn",
                                     "PackageType",
                                     "ReservedConcurrentExecutions",
                                     "Architectures",
                                     "EphemeralStorage",
                                     "ImageConfig",
                                     "SnapStart",
                                     "LoggingConfig",
                                     "RuntimeManagementConfig",
                                     NULL};
static const char *const handled[] = {"FunctionName",
                                      "Handler",
                                      "Runtime",
                                      "MemorySize",
                                      "Timeout",
                                      "Description",
                                      "Layers",
                                      "Environment",
                                      "VpcConfig",
                                      "KmsKeyArn",
                                      "PackageType",
                                      "ReservedConcurrentExecutions",
                                      "Architectures",
                                      "EphemeralStorage",
                                      "ImageConfig",
                                      "SnapStart",
                                      "LoggingConfig",
                                      "RuntimeManagementConfig",
                                      "CodeUri",
                                      "InlineCode",
                                      "ImageUri",
                                      "Role",
                                      "RolePath",
                                      "Policies",
                                      "PermissionsBoundary",
                                      "AssumeRolePolicyDocument",
                                      "Events",
                                      "Tags",
                                      "Tracing",
                                      "DeadLetterQueue",
                                      "EventInvokeConfig",
                                      "PropagateTags",
                                      NULL};

/* --- code --- */

static bool code_uri(struct wb_sam *s, struct wb_tree *uri, struct wb_tree *code)
{
    if (uri->type == WB_JSON_OBJECT && wb_tree_get(uri, "Bucket") && wb_tree_get(uri, "Key")) {
        wb_sam_take(s, code, uri, "Bucket", "S3Bucket");
        wb_sam_take(s, code, uri, "Key", "S3Key");
        wb_sam_take(s, code, uri, "Version", "S3ObjectVersion");
        return true;
    }
    struct wb_slice rest = uri->text, bucket;
    if (uri->type != WB_JSON_STRING || !wb_slice_starts(rest, WB_S("s3://")))
        return wb_sam_fail(s, "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with "
                              "optional versionId query parameter.");
    rest = wb_slice_sub(rest, 5, rest.n);
    bucket = wb_slice_cut(&rest, '/');
    ptrdiff_t query = wb_slice_find(rest, WB_S("?versionId="), 0);
    if (!bucket.n || !rest.n)
        return wb_sam_fail(s, "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with "
                              "optional versionId query parameter.");
    wb_sam_put(s, code, "S3Bucket", wb_tree_str(s->a, bucket));
    wb_sam_put(s, code, "S3Key",
               wb_tree_str(s->a, query < 0 ? rest : wb_slice_sub(rest, 0, (size_t)query)));
    if (query >= 0)
        wb_sam_put(s, code, "S3ObjectVersion",
                   wb_tree_str(s->a, wb_slice_sub(rest, (size_t)query + 11, rest.n)));
    return true;
}

static bool code(struct wb_sam *s, struct wb_tree *to)
{
    struct wb_tree *inside = wb_tree_get(s->properties, "InlineCode"), *c = wb_sam_object(s);
    struct wb_tree *uri = wb_tree_get(s->properties, "CodeUri");
    if (wb_tree_get(s->properties, "ImageUri"))
        return wb_sam_fail(s, "Functions from images are not supported here.");
    if (!inside && !uri)
        return wb_sam_fail(s, "'InlineCode' or 'CodeUri' must be set.");
    if (inside)
        wb_sam_put(s, c, "ZipFile", inside);
    else if (!code_uri(s, uri, c))
        return false;
    wb_sam_put(s, to, "Code", c);
    return true;
}

/* --- role --- */

static struct wb_tree *statement(struct wb_sam *s, const char *action, struct wb_tree *resource)
{
    struct wb_tree *t = wb_sam_object(s);
    wb_sam_put(s, t, "Action", wb_tree_cstr(s->a, action));
    if (resource)
        wb_sam_put(s, t, "Resource", resource);
    wb_sam_put(s, t, "Effect", wb_tree_cstr(s->a, "Allow"));
    return t;
}

static struct wb_tree *document(struct wb_sam *s, bool version, struct wb_tree *statement_)
{
    struct wb_tree *d = wb_sam_object(s);
    if (version)
        wb_sam_put(s, d, "Version", wb_tree_cstr(s->a, "2012-10-17"));
    wb_sam_put(s, d, "Statement", wb_sam_item(s, NULL, statement_));
    return d;
}

static struct wb_tree *trust(struct wb_sam *s)
{
    struct wb_tree *t = wb_sam_object(s), *who = wb_sam_object(s);
    wb_sam_put(s, who, "Service", wb_sam_item(s, NULL, wb_tree_cstr(s->a, "lambda.amazonaws.com")));
    wb_sam_put(s, t, "Action", wb_sam_item(s, NULL, wb_tree_cstr(s->a, "sts:AssumeRole")));
    wb_sam_put(s, t, "Effect", wb_tree_cstr(s->a, "Allow"));
    wb_sam_put(s, t, "Principal", who);
    return document(s, true, t);
}

struct role {
    struct wb_tree *arns, *inside; /* lists; NULL while empty */
};

static void add_policy(struct wb_sam *s, struct role *r, struct wb_slice name, struct wb_tree *d)
{
    struct wb_tree *p = wb_sam_object(s);
    wb_sam_put(s, p, "PolicyName", wb_tree_str(s->a, name));
    wb_sam_put(s, p, "PolicyDocument", d);
    r->inside = wb_sam_item(s, r->inside, p);
}

static void add_arn(struct wb_sam *s, struct role *r, struct wb_tree *arn)
{
    struct wb_slice text;
    for (size_t i = 0; r->arns && i < r->arns->count; i++)
        if (wb_tree_text(arn, &text) && wb_tree_equal(r->arns->member[i].value, arn))
            return;
    r->arns = wb_sam_item(s, r->arns, arn);
}

/* A managed policy's ARN from its name, wherever AWS keeps it. */
static struct wb_slice managed(struct wb_sam *s, struct wb_slice name)
{
    static const char *const paths[] = {"", "service-role/", "aws-service-role/", "job-function/"};
    for (size_t i = 0; i < 4; i++) {
        struct wb_slice arn = wb_printf(s->a, POLICY_ARN "%s%.*s", paths[i], WB_FMT(name));
        if (wb_managed_policy(arn))
            return arn;
    }
    return name; /* IAM says what is wrong with it */
}

static bool add_one(struct wb_sam *s, struct role *r, struct wb_tree *p, size_t i)
{
    struct wb_slice name = wb_printf(s->a, "%.*sRolePolicy%zu", WB_FMT(s->id), i);
    bool found;
    if (p->type == WB_JSON_STRING) {
        add_arn(s, r,
                wb_tree_str(s->a, wb_slice_starts(p->text, WB_S("arn:")) ? p->text
                                                                         : managed(s, p->text)));
        return true;
    }
    if (p->type != WB_JSON_OBJECT)
        return wb_sam_fail(s, "'Policies' must be names, ARNs, templates or documents.");
    if (wb_tree_get(p, "Statement")) {
        add_policy(s, r, name, p);
        return true;
    }
    struct wb_slice key = p->count == 1 ? p->member[0].key : WB_SLICE_NULL;
    if (wb_slice_is(key, "Ref") || wb_slice_starts(key, WB_S("Fn::"))) {
        add_arn(s, r, p);
        return true;
    }
    struct wb_tree *d =
        key.p ? wb_serverless_policy(s->x, key, p->member[0].value, &found) : (found = false, p);
    if (!found)
        return wb_sam_fail(s, "The policy template '%.*s' is not known here.", (int)key.n,
                           key.p ? key.p : "");
    if (d)
        add_policy(s, r, name, d);
    return d != NULL;
}

static bool add_policies(struct wb_sam *s, struct role *r)
{
    struct wb_tree *list = wb_tree_get(s->properties, "Policies");
    if (!list)
        return true;
    if (list->type != WB_JSON_ARRAY)
        return add_one(s, r, list, 0);
    for (size_t i = 0; i < list->count; i++)
        if (!add_one(s, r, list->member[i].value, i))
            return false;
    return true;
}

static bool is_one_of(const struct wb_tree *t, const char *const *words)
{
    while (*words && !(wb_tree_is(t, WB_JSON_STRING) && wb_slice_is(t->text, *words)))
        words++;
    return *words != NULL;
}

static bool dead_letter_policy(struct wb_sam *s, struct role *r)
{
    static const char *const sns[] = {"SNS", NULL}, *const sqs[] = {"SQS", NULL};
    struct wb_tree *d = wb_tree_get(s->properties, "DeadLetterQueue");
    struct wb_tree *type = wb_tree_get(d, "Type"), *arn = wb_tree_get(d, "TargetArn");
    if (!d)
        return true;
    if (!arn || (!is_one_of(type, sns) && !is_one_of(type, sqs)))
        return wb_sam_fail(s, "'DeadLetterQueue' requires Type and TargetArn properties to be "
                              "specified.");
    add_policy(
        s, r, WB_S("DeadLetterQueuePolicy"),
        document(s, true,
                 statement(s, is_one_of(type, sns) ? "sns:Publish" : "sqs:SendMessage", arn)));
    return true;
}

/* Where a call's outcome goes; the policy to send it there. */
static bool destination(struct wb_sam *s, struct role *r, const struct wb_tree *config,
                        const char *name, struct wb_tree *to)
{
    static const struct {
        const char *type, *action;
    } kinds[] = {{"SNS", "sns:publish"},
                 {"Lambda", "lambda:InvokeFunction"},
                 {"EventBridge", "events:PutEvents"}};
    struct wb_tree *d = wb_tree_get(config, name), *type = wb_tree_get(d, "Type");
    struct wb_tree *where = wb_tree_get(d, "Destination");
    if (!d)
        return true;
    for (size_t i = 0; i < 3; i++) {
        if (!where || !wb_tree_is(type, WB_JSON_STRING) || !wb_slice_is(type->text, kinds[i].type))
            continue;
        struct wb_tree *st = wb_sam_object(s);
        wb_sam_put(s, st, "Action", wb_tree_cstr(s->a, kinds[i].action));
        wb_sam_put(s, st, "Effect", wb_tree_cstr(s->a, "Allow"));
        wb_sam_put(s, st, "Resource", where);
        if (r)
            add_policy(s, r,
                       wb_printf(s->a, "%.*sEventInvokeConfig%s%sPolicy", WB_FMT(s->id), name,
                                 kinds[i].type),
                       document(s, false, st));
        wb_sam_put(s, to, name, wb_tree_call(s->a, "Destination", where));
        return true;
    }
    return wb_sam_fail(s,
                       "'EventInvokeConfig.DestinationConfig.%s' must have a Destination and a "
                       "Type of SNS, Lambda or EventBridge here.",
                       name);
}

static bool invoke_config(struct wb_sam *s, struct role *r)
{
    static const char *const known[] = {"MaximumRetryAttempts", "MaximumEventAgeInSeconds",
                                        "DestinationConfig", NULL};
    struct wb_tree *c = wb_tree_get(s->properties, "EventInvokeConfig"), *p = wb_sam_object(s);
    struct wb_tree *d = wb_tree_get(c, "DestinationConfig"), *to = wb_sam_object(s);
    if (!c)
        return true;
    if (!wb_sam_only(s, c, known, "EventInvokeConfig") || !destination(s, r, d, "OnSuccess", to) ||
        !destination(s, r, d, "OnFailure", to))
        return false;
    wb_sam_put(s, p, "FunctionName", wb_sam_ref(s, s->id));
    wb_sam_put(s, p, "Qualifier", wb_tree_cstr(s->a, "$LATEST"));
    wb_sam_take(s, p, c, "MaximumRetryAttempts", NULL);
    wb_sam_take(s, p, c, "MaximumEventAgeInSeconds", NULL);
    if (to->count)
        wb_sam_put(s, p, "DestinationConfig", to);
    return wb_sam_add(s, wb_sam_id(s, WB_SLICE_NULL, "EventInvokeConfig"),
                      "AWS::Lambda::EventInvokeConfig", p);
}

static bool role(struct wb_sam *s, struct role *r)
{
    static const char *const tracing[] = {"Active", "PassThrough", NULL};
    struct wb_tree *p = wb_sam_object(s),
                   *own = wb_tree_get(s->properties, "AssumeRolePolicyDocument");
    add_arn(s, r, wb_tree_cstr(s->a, POLICY_ARN "service-role/AWSLambdaBasicExecutionRole"));
    if (is_one_of(wb_tree_get(s->properties, "Tracing"), tracing))
        add_arn(s, r, wb_tree_cstr(s->a, POLICY_ARN "AWSXrayWriteOnlyAccess"));
    if (wb_tree_get(s->properties, "VpcConfig"))
        add_arn(s, r,
                wb_tree_cstr(s->a, POLICY_ARN "service-role/AWSLambdaVPCAccessExecutionRole"));
    struct wb_tree *before = r->inside; /* of the destinations: behind the dead letters' */
    r->inside = NULL;
    if (!dead_letter_policy(s, r))
        return false;
    for (size_t i = 0; before && i < before->count; i++)
        r->inside = wb_sam_item(s, r->inside, before->member[i].value);
    if (!add_policies(s, r))
        return false;
    wb_sam_put(s, p, "AssumeRolePolicyDocument", own ? own : trust(s));
    wb_sam_put(s, p, "ManagedPolicyArns", r->arns);
    if (r->inside)
        wb_sam_put(s, p, "Policies", r->inside);
    wb_sam_take(s, p, s->properties, "RolePath", "Path");
    wb_sam_take(s, p, s->properties, "PermissionsBoundary", NULL);
    wb_sam_put(s, p, "Tags", s->tags);
    return wb_sam_add(s, wb_sam_id(s, WB_SLICE_NULL, "Role"), "AWS::IAM::Role", p);
}

/* --- the function --- */

static void optional_parts(struct wb_sam *s, struct wb_tree *p)
{
    struct wb_tree *letters = wb_tree_get(s->properties, "DeadLetterQueue");
    struct wb_tree *tracing = wb_tree_get(s->properties, "Tracing");
    if (letters)
        wb_sam_put(s, p, "DeadLetterConfig",
                   wb_tree_call(s->a, "TargetArn", wb_tree_get(letters, "TargetArn")));
    if (tracing)
        wb_sam_put(s, p, "TracingConfig", wb_tree_call(s->a, "Mode", tracing));
    wb_sam_put(s, p, "Tags", s->tags);
}

bool wb_sam_function(struct wb_sam *s)
{
    struct wb_tree *p = wb_sam_object(s), *events = wb_tree_get(s->properties, "Events");
    struct wb_tree *own = wb_tree_get(s->properties, "Role");
    struct role r = {NULL, NULL};
    if (!wb_sam_only(s, s->properties, handled, "AWS::Serverless::Function") || !code(s, p))
        return false;
    for (size_t i = 0; passed[i]; i++)
        wb_sam_take(s, p, s->properties, passed[i], NULL);
    wb_sam_put(s, p, "Role",
               own ? own : wb_sam_getatt(s, wb_sam_id(s, WB_SLICE_NULL, "Role"), "Arn"));
    if (!invoke_config(s, &r) || (!own && !role(s, &r)))
        return false;
    optional_parts(s, p);
    if (!wb_sam_add(s, s->id, "AWS::Lambda::Function", p))
        return false;
    if (events && events->type != WB_JSON_OBJECT)
        return wb_sam_fail(s, "'Events' must be a map.");
    for (size_t i = 0; events && i < events->count; i++)
        if (!wb_sam_event(s, events->member[i].key, events->member[i].value))
            return false;
    return true;
}
