/*
 * From the properties of a bucket to the documents of S3's operations, which name things in
 * another way (resource reference, AWS::S3::Bucket; S3 API reference).
 */
#include "services/cloudformation/types/s3_bucket.h"

/* --- renaming --- */

struct rename {
    const char *from, *to; /* from NULL ends */
};

static bool unknown(struct cfn_in *d, struct wb_slice name)
{
    wb_cfn_fail(d->r, "ValidationError", "Encountered unsupported property %.*s", WB_FMT(name));
    return false;
}

/* The members of v under their names there; one that is in no list is refused. */
static bool rename_members(struct cfn_in *d, struct wb_json v, const struct rename *names,
                           const char *const *later)
{
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, d->r->tx->arena);
        const struct rename *n = names;
        bool taken = false;
        for (const char *const *l = later; l && *l; l++)
            taken |= wb_slice_is(key, *l);
        if (taken)
            continue;
        while (n->from && !wb_slice_is(key, n->from))
            n++;
        if (!n->from)
            return unknown(d, key);
        wb_jw_kraw(&d->w, n->to, wb_json_raw(it.value));
    }
    return true;
}

typedef bool each_fn(struct cfn_in *d, struct wb_json v);

static bool list_of(struct cfn_in *d, const char *member, struct wb_json list, each_fn *each)
{
    struct wb_json_iter it = wb_json_iter(list);
    if (!wb_json_is(list))
        return true;
    wb_jw_key(&d->w, member);
    wb_jw_array(&d->w);
    while (wb_json_next(&it)) {
        wb_jw_object(&d->w);
        if (!each(d, it.value))
            return false;
        wb_jw_end_object(&d->w);
    }
    wb_jw_end_array(&d->w);
    return true;
}

/* --- the parts --- */

static bool encryption_rule(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {
        {"BucketKeyEnabled", "BucketKeyEnabled"},
        {"ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault"},
        {NULL}};
    return rename_members(d, v, names, NULL);
}

static bool encryption(struct cfn_in *d, struct wb_json v)
{
    return list_of(d, "Rules", wb_json_get(v, "ServerSideEncryptionConfiguration"),
                   encryption_rule);
}

static bool cors_rule(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {{"AllowedHeaders", "AllowedHeaders"},
                                          {"AllowedMethods", "AllowedMethods"},
                                          {"AllowedOrigins", "AllowedOrigins"},
                                          {"ExposedHeaders", "ExposeHeaders"},
                                          {"Id", "ID"},
                                          {"MaxAge", "MaxAgeSeconds"},
                                          {NULL}};
    return rename_members(d, v, names, NULL);
}

static bool cors(struct cfn_in *d, struct wb_json v)
{
    return list_of(d, "CORSRules", wb_json_get(v, "CorsRules"), cors_rule);
}

static bool transition(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {{"StorageClass", "StorageClass"},
                                          {"TransitionDate", "Date"},
                                          {"TransitionInDays", "Days"},
                                          {NULL}};
    return rename_members(d, v, names, NULL);
}

static bool old_transition(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {{"StorageClass", "StorageClass"},
                                          {"TransitionInDays", "NoncurrentDays"},
                                          {"NewerNoncurrentVersions", "NewerNoncurrentVersions"},
                                          {NULL}};
    return rename_members(d, v, names, NULL);
}

/* One condition stands alone, several stand in And, none is the empty prefix. */
static void lifecycle_filter(struct cfn_in *d, struct wb_json v)
{
    struct wb_json prefix = wb_json_get(v, "Prefix"), tags = wb_json_get(v, "TagFilters");
    struct wb_json more = wb_json_get(v, "ObjectSizeGreaterThan"),
                   less = wb_json_get(v, "ObjectSizeLessThan");
    size_t n = wb_json_is(prefix) + wb_json_count(tags) + wb_json_is(more) + wb_json_is(less);
    wb_jw_key(&d->w, "Filter");
    wb_jw_object(&d->w);
    if (n == 0)
        cfn_put(d, "Prefix", WB_S(""));
    if (n > 1) {
        wb_jw_key(&d->w, "And");
        wb_jw_object(&d->w);
    }
    cfn_put_json(d, "Prefix", prefix);
    if (n > 1 && wb_json_count(tags))
        cfn_put_json(d, "Tags", tags);
    else if (wb_json_count(tags))
        cfn_put_json(d, "Tag", wb_json_item(tags, 0));
    cfn_put_json(d, "ObjectSizeGreaterThan", more);
    cfn_put_json(d, "ObjectSizeLessThan", less);
    if (n > 1)
        wb_jw_end_object(&d->w);
    wb_jw_end_object(&d->w);
}

static void lifecycle_expiration(struct cfn_in *d, struct wb_json v)
{
    struct wb_json date = wb_json_get(v, "ExpirationDate"),
                   days = wb_json_get(v, "ExpirationInDays"),
                   marker = wb_json_get(v, "ExpiredObjectDeleteMarker"),
                   old = wb_json_get(v, "NoncurrentVersionExpirationInDays");
    if (wb_json_is(date) || wb_json_is(days) || wb_json_is(marker)) {
        wb_jw_key(&d->w, "Expiration");
        wb_jw_object(&d->w);
        cfn_put_json(d, "Date", date);
        cfn_put_json(d, "Days", days);
        cfn_put_json(d, "ExpiredObjectDeleteMarker", marker);
        wb_jw_end_object(&d->w);
    }
    if (wb_json_is(old)) {
        wb_jw_key(&d->w, "NoncurrentVersionExpiration");
        wb_jw_object(&d->w);
        cfn_put_json(d, "NoncurrentDays", old);
        wb_jw_end_object(&d->w);
    }
}

static bool single(struct cfn_in *d, const char *member, struct wb_json v, each_fn *each)
{
    if (!wb_json_is(v))
        return true;
    wb_jw_key(&d->w, member);
    wb_jw_array(&d->w);
    wb_jw_object(&d->w);
    if (!each(d, v))
        return false;
    wb_jw_end_object(&d->w);
    wb_jw_end_array(&d->w);
    return true;
}

static bool lifecycle_rule(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {
        {"AbortIncompleteMultipartUpload", "AbortIncompleteMultipartUpload"},
        {"Id", "ID"},
        {"NoncurrentVersionExpiration", "NoncurrentVersionExpiration"},
        {"Status", "Status"},
        {NULL}};
    static const char *const later[] = {"ExpirationDate",
                                        "ExpirationInDays",
                                        "ExpiredObjectDeleteMarker",
                                        "NoncurrentVersionExpirationInDays",
                                        "NoncurrentVersionTransition",
                                        "NoncurrentVersionTransitions",
                                        "ObjectSizeGreaterThan",
                                        "ObjectSizeLessThan",
                                        "Prefix",
                                        "TagFilters",
                                        "Transition",
                                        "Transitions",
                                        NULL};
    if (!rename_members(d, v, names, later))
        return false;
    lifecycle_filter(d, v);
    lifecycle_expiration(d, v);
    return single(d, "Transitions", wb_json_get(v, "Transition"), transition) &&
           list_of(d, "Transitions", wb_json_get(v, "Transitions"), transition) &&
           single(d, "NoncurrentVersionTransitions", wb_json_get(v, "NoncurrentVersionTransition"),
                  old_transition) &&
           list_of(d, "NoncurrentVersionTransitions",
                   wb_json_get(v, "NoncurrentVersionTransitions"), old_transition);
}

static bool lifecycle(struct cfn_in *d, struct wb_json v)
{
    return list_of(d, "Rules", wb_json_get(v, "Rules"), lifecycle_rule);
}

static bool logging(struct cfn_in *d, struct wb_json v)
{
    struct wb_json bucket = wb_json_get(v, "DestinationBucketName"),
                   prefix = wb_json_get(v, "LogFilePrefix");
    if (wb_json_is(wb_json_get(v, "TargetObjectKeyFormat")))
        return unknown(d, WB_S("TargetObjectKeyFormat"));
    wb_jw_key(&d->w, "LoggingEnabled");
    wb_jw_object(&d->w);
    if (wb_json_is(bucket))
        cfn_put_json(d, "TargetBucket", bucket);
    else
        cfn_put(d, "TargetBucket", d->r->physical_id);
    if (wb_json_is(prefix))
        cfn_put_json(d, "TargetPrefix", prefix);
    else
        cfn_put(d, "TargetPrefix", WB_S(""));
    wb_jw_end_object(&d->w);
    return true;
}

static bool accelerate(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {{"AccelerationStatus", "Status"}, {NULL}};
    return rename_members(d, v, names, NULL);
}

/* --- notifications --- */

static bool notify_one(struct cfn_in *d, struct wb_json v, const char *from, const char *to)
{
    struct wb_json rules = wb_json_get(wb_json_get(wb_json_get(v, "Filter"), "S3Key"), "Rules");
    struct wb_json_iter it = wb_json_iter(v);
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, d->r->tx->arena);
        if (!wb_slice_is(key, "Event") && !wb_slice_is(key, "Filter") && !wb_slice_is(key, from))
            return unknown(d, key);
    }
    cfn_put_json(d, to, wb_json_get(v, from));
    wb_jw_key(&d->w, "Events");
    wb_jw_array(&d->w);
    if (wb_json_is(wb_json_get(v, "Event")))
        wb_jw_raw(&d->w, wb_json_raw(wb_json_get(v, "Event")));
    wb_jw_end_array(&d->w);
    if (!wb_json_is(rules))
        return true;
    wb_jw_key(&d->w, "Filter");
    wb_jw_object(&d->w);
    wb_jw_key(&d->w, "Key");
    wb_jw_object(&d->w);
    cfn_put_json(d, "FilterRules", rules);
    wb_jw_end_object(&d->w);
    wb_jw_end_object(&d->w);
    return true;
}

static bool notify_function(struct cfn_in *d, struct wb_json v)
{
    return notify_one(d, v, "Function", "LambdaFunctionArn");
}

static bool notify_topic(struct cfn_in *d, struct wb_json v)
{
    return notify_one(d, v, "Topic", "TopicArn");
}

static bool notify_queue(struct cfn_in *d, struct wb_json v)
{
    return notify_one(d, v, "Queue", "QueueArn");
}

static bool notification(struct cfn_in *d, struct wb_json v)
{
    struct wb_json bus = wb_json_get(v, "EventBridgeConfiguration"),
                   on = wb_json_get(bus, "EventBridgeEnabled");
    if (wb_json_is(bus) && (!wb_json_is(on) || cfn_is_true(on)))
        wb_jw_kraw(&d->w, "EventBridgeConfiguration", WB_S("{}"));
    return list_of(d, "LambdaFunctionConfigurations", wb_json_get(v, "LambdaConfigurations"),
                   notify_function) &&
           list_of(d, "TopicConfigurations", wb_json_get(v, "TopicConfigurations"), notify_topic) &&
           list_of(d, "QueueConfigurations", wb_json_get(v, "QueueConfigurations"), notify_queue);
}

/* --- web sites --- */

static bool routing_rule(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {
        {"RedirectRule", "Redirect"}, {"RoutingRuleCondition", "Condition"}, {NULL}};
    return rename_members(d, v, names, NULL);
}

static bool website(struct cfn_in *d, struct wb_json v)
{
    static const struct rename names[] = {{"RedirectAllRequestsTo", "RedirectAllRequestsTo"},
                                          {NULL}};
    static const char *const later[] = {"ErrorDocument", "IndexDocument", "RoutingRules", NULL};
    static const struct {
        const char *property, *member;
    } inner[] = {{"ErrorDocument", "Key"}, {"IndexDocument", "Suffix"}};
    if (!rename_members(d, v, names, later))
        return false;
    for (size_t i = 0; i < sizeof inner / sizeof *inner; i++) {
        struct wb_json text = wb_json_get(v, inner[i].property);
        if (!wb_json_is(text))
            continue;
        wb_jw_key(&d->w, inner[i].property);
        wb_jw_object(&d->w);
        cfn_put_json(d, inner[i].member, text);
        wb_jw_end_object(&d->w);
    }
    return list_of(d, "RoutingRules", wb_json_get(v, "RoutingRules"), routing_rule);
}

/* --- the table --- */

/* In the order in which they are put: who owns objects, then versions, which the lock needs. */
const struct cfn_bucket_part cfn_bucket_parts[] = {
    {"OwnershipControls", "PutBucketOwnershipControls", "GetBucketOwnershipControls",
     "DeleteBucketOwnershipControls", "OwnershipControls", NULL, NULL},
    {"PublicAccessBlockConfiguration", "PutPublicAccessBlock", "GetPublicAccessBlock",
     "DeletePublicAccessBlock", "PublicAccessBlockConfiguration", NULL, NULL},
    {"VersioningConfiguration", "PutBucketVersioning", "GetBucketVersioning", NULL,
     "VersioningConfiguration", "{\"Status\":\"Suspended\"}", NULL},
    {"BucketEncryption", "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption",
     "ServerSideEncryptionConfiguration", NULL, encryption},
    {"CorsConfiguration", "PutBucketCors", "GetBucketCors", "DeleteBucketCors", "CORSConfiguration",
     NULL, cors},
    {"LifecycleConfiguration", "PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration",
     "DeleteBucketLifecycle", "LifecycleConfiguration", NULL, lifecycle},
    {"LoggingConfiguration", "PutBucketLogging", "GetBucketLogging", NULL, "BucketLoggingStatus",
     "{}", logging},
    {"AccelerateConfiguration", "PutBucketAccelerateConfiguration",
     "GetBucketAccelerateConfiguration", NULL, "AccelerateConfiguration",
     "{\"Status\":\"Suspended\"}", accelerate},
    {"ObjectLockConfiguration", "PutObjectLockConfiguration", "GetObjectLockConfiguration", NULL,
     "ObjectLockConfiguration", "{\"ObjectLockEnabled\":\"Enabled\"}", NULL},
    {"NotificationConfiguration", "PutBucketNotificationConfiguration",
     "GetBucketNotificationConfiguration", NULL, "NotificationConfiguration", "{}", notification},
    {"WebsiteConfiguration", "PutBucketWebsite", "GetBucketWebsite", "DeleteBucketWebsite",
     "WebsiteConfiguration", NULL, website},
    {NULL},
};

bool cfn_bucket_document(struct wb_cfn_resource *r, const struct cfn_bucket_part *p,
                         struct wb_json v, struct wb_slice *document)
{
    struct cfn_in d;
    *document = wb_json_raw(v);
    if (!p->write)
        return true;
    cfn_begin(&d, r);
    if (!p->write(&d, v))
        return false;
    *document = cfn_end(&d);
    return true;
}

/* S3 answers with the names of its XML, which are others in a few places. */
static struct wb_json member(struct wb_json has, struct wb_slice name)
{
    static const struct rename aliases[] = {{"Key", "S3Key"},
                                            {"LambdaFunctionArn", "CloudFunction"},
                                            {"QueueArn", "Queue"},
                                            {"TopicArn", "Topic"},
                                            {NULL}};
    struct wb_json v = wb_json_get_slice(has, name);
    for (const struct rename *n = aliases; n->from && !wb_json_is(v); n++)
        if (wb_slice_is(name, n->from))
            v = wb_json_get(has, n->to);
    return v;
}

bool cfn_covers(struct wb_json has, struct wb_json wanted)
{
    struct wb_json_iter it = wb_json_iter(wanted), at = wb_json_iter(has);
    if (wb_json_type(wanted) == WB_JSON_OBJECT) {
        struct wb_arena a;
        bool all = wb_json_type(has) == WB_JSON_OBJECT;
        wb_arena_init(&a, 0);
        while (all && wb_json_next(&it))
            all = cfn_covers(member(has, wb_json_str(it.key, &a)), it.value);
        wb_arena_release(&a);
        return all;
    }
    if (wb_json_type(wanted) != WB_JSON_ARRAY)
        return wb_cfn_same(has, wanted);
    bool all = wb_json_type(has) == WB_JSON_ARRAY && wb_json_count(has) == wb_json_count(wanted);
    while (all && wb_json_next(&it) && wb_json_next(&at))
        all = cfn_covers(at.value, it.value);
    return all;
}
