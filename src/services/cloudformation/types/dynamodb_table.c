/*
 * AWS::DynamoDB::Table. An update goes by what the table is, not by what it was: every call looks,
 * does the next thing that differs, and comes again; so it goes on rightly after a restart. Indexes
 * change one at a time, and nothing else changes while one is filled.
 *
 * CloudFormation's own tags are not put on tables: DynamoDB does not take them.
 */
#include "services/cloudformation/types/kit.h"
#include "services/cloudformation/types/types.h"

#define AGAIN_MS 200

static const struct cfn_tagging tagging = {.service = "dynamodb",
                                           .tag = "TagResource",
                                           .untag = "UntagResource",
                                           .resource = "ResourceArn",
                                           .tags = "Tags",
                                           .keys = "TagKeys"};

static enum wb_cfn_result again(struct wb_cfn_resource *r, const char *state)
{
    r->state = wb_slice_str(state);
    r->after_ms = AGAIN_MS;
    return WB_CFN_AGAIN;
}

static bool refused(struct wb_cfn_resource *r)
{
    return cfn_refused(r, "ContributorInsightsSpecification", "GlobalTableSettingsReplicationMode",
                       "GlobalTableSourceArn", "GlobalTableWitnesses", "ImportSourceSpecification",
                       "KinesisStreamSpecification", "MultiRegionConsistency", "OnDemandThroughput",
                       "ReplicaSpecification", "Replicas", "ResourcePolicy",
                       "TimeToLiveSpecification", "WarmThroughput");
}

static bool describe(struct wb_cfn_resource *r, struct wb_json *table)
{
    struct wb_json answer;
    if (!cfn_call_with(r, "dynamodb", "DescribeTable", "TableName", r->physical_id, &answer))
        return false;
    *table = wb_json_get(answer, "Table");
    return true;
}

static void set_attributes(struct wb_cfn_resource *r, struct wb_json table)
{
    struct wb_json stream = wb_json_get(table, "StreamSpecification");
    cfn_attributes_clear(r);
    cfn_attribute(r, "Arn", wb_json_get_str(table, "TableArn", r->tx->arena));
    if (cfn_is_true(wb_json_get(stream, "StreamEnabled")))
        cfn_attribute(r, "StreamArn", wb_json_get_str(table, "LatestStreamArn", r->tx->arena));
}

/* --- parts of inputs --- */

static void put_stream(struct cfn_in *in)
{
    struct wb_json v = cfn_prop(in->r, "StreamSpecification");
    struct wb_json_iter it = wb_json_iter(v);
    wb_jw_key(&in->w, "StreamSpecification");
    wb_jw_object(&in->w);
    wb_jw_kbool(&in->w, "StreamEnabled", wb_json_is(v));
    while (wb_json_next(&it)) {
        struct wb_slice key = wb_json_str(it.key, in->r->tx->arena);
        if (wb_slice_is(key, "StreamEnabled"))
            continue;
        wb_jw_key_slice(&in->w, key);
        wb_jw_raw(&in->w, wb_json_raw(it.value));
    }
    wb_jw_end_object(&in->w);
}

static void put_encryption(struct cfn_in *in)
{
    struct wb_json v = cfn_prop(in->r, "SSESpecification");
    wb_jw_key(&in->w, "SSESpecification");
    wb_jw_object(&in->w);
    wb_jw_kbool(&in->w, "Enabled", cfn_is_true(wb_json_get(v, "SSEEnabled")));
    cfn_put_json(in, "SSEType", wb_json_get(v, "SSEType"));
    cfn_put_json(in, "KMSMasterKeyId", wb_json_get(v, "KMSMasterKeyId"));
    wb_jw_end_object(&in->w);
}

/* --- create --- */

static bool make(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "TableName", r->physical_id);
    cfn_copy(&in, "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes",
             "GlobalSecondaryIndexes", "BillingMode", "ProvisionedThroughput", "TableClass",
             "DeletionProtectionEnabled");
    if (wb_json_is(cfn_prop(r, "StreamSpecification")))
        put_stream(&in);
    if (wb_json_is(cfn_prop(r, "SSESpecification")))
        put_encryption(&in);
    cfn_tags(&in, "Tags", CFN_TAG_LIST);
    return cfn_call(&in, "dynamodb", "CreateTable", NULL);
}

static bool set_recovery(struct wb_cfn_resource *r)
{
    struct cfn_in in;
    bool given = wb_json_is(cfn_prop(r, "PointInTimeRecoverySpecification"));
    cfn_begin(&in, r);
    cfn_put(&in, "TableName", r->physical_id);
    if (given)
        cfn_copy(&in, "PointInTimeRecoverySpecification");
    else
        wb_jw_kraw(&in.w, "PointInTimeRecoverySpecification",
                   WB_S("{\"PointInTimeRecoveryEnabled\":false}"));
    return cfn_call(&in, "dynamodb", "UpdateContinuousBackups", NULL);
}

static bool is_active(struct wb_json table, struct wb_arena *a)
{
    struct wb_json_iter it = wb_json_iter(wb_json_get(table, "GlobalSecondaryIndexes"));
    if (!wb_slice_is(wb_json_get_str(table, "TableStatus", a), "ACTIVE"))
        return false;
    while (wb_json_next(&it))
        if (!wb_slice_is(wb_json_get_str(it.value, "IndexStatus", a), "ACTIVE"))
            return false;
    return true;
}

static enum wb_cfn_result create(struct wb_cfn_resource *r)
{
    struct wb_json table;
    if (!r->state.p) {
        r->physical_id = wb_cfn_name(r, 255, false);
        if (refused(r) || !make(r))
            return WB_CFN_FAILED;
    }
    if (!describe(r, &table))
        return WB_CFN_FAILED;
    set_attributes(r, table);
    if (!is_active(table, r->tx->arena))
        return again(r, "made");
    if (wb_json_is(cfn_prop(r, "PointInTimeRecoverySpecification")) && !set_recovery(r))
        return WB_CFN_FAILED;
    return WB_CFN_DONE;
}

/* --- update --- */

/* The same keys and projection; capacity may differ. */
static bool same_index(struct wb_json x, struct wb_json y)
{
    return wb_cfn_same(wb_json_get(x, "KeySchema"), wb_json_get(y, "KeySchema")) &&
           wb_cfn_same(wb_json_get(x, "Projection"), wb_json_get(y, "Projection"));
}

static bool keys_name(struct wb_json of, struct wb_json attribute)
{
    return wb_json_is(cfn_find(wb_json_get(of, "KeySchema"), "AttributeName", attribute));
}

/* DynamoDB takes no definition that no key uses yet: those of later indexes wait. */
static void put_definitions(struct cfn_in *in, struct wb_json table, struct wb_json index)
{
    struct wb_json_iter it = wb_json_iter(cfn_prop(in->r, "AttributeDefinitions")), at;
    wb_jw_key(&in->w, "AttributeDefinitions");
    wb_jw_array(&in->w);
    while (wb_json_next(&it)) {
        bool used = keys_name(table, it.value) || keys_name(index, it.value);
        for (at = wb_json_iter(wb_json_get(table, "GlobalSecondaryIndexes")); wb_json_next(&at);)
            used |= keys_name(at.value, it.value);
        for (at = wb_json_iter(wb_json_get(table, "LocalSecondaryIndexes")); wb_json_next(&at);)
            used |= keys_name(at.value, it.value);
        if (used)
            wb_jw_raw(&in->w, wb_json_raw(it.value));
    }
    wb_jw_end_array(&in->w);
}

/* table: as it is, for a new index; else WB_JSON_NONE. */
static bool change_index(struct wb_cfn_resource *r, const char *verb, struct wb_json index,
                         struct wb_json table)
{
    bool whole = wb_json_is(table);
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "TableName", r->physical_id);
    if (whole)
        put_definitions(&in, table, index);
    wb_jw_key(&in.w, "GlobalSecondaryIndexUpdates");
    wb_jw_array(&in.w);
    wb_jw_object(&in.w);
    wb_jw_key(&in.w, verb);
    if (whole) {
        wb_jw_raw(&in.w, wb_json_raw(index));
    } else {
        wb_jw_object(&in.w);
        cfn_put_json(&in, "IndexName", wb_json_get(index, "IndexName"));
        if (strcmp(verb, "Update") == 0)
            cfn_put_json(&in, "ProvisionedThroughput", wb_json_get(index, "ProvisionedThroughput"));
        wb_jw_end_object(&in.w);
    }
    wb_jw_end_object(&in.w);
    wb_jw_end_array(&in.w);
    return cfn_call(&in, "dynamodb", "UpdateTable", NULL);
}

enum progress { NOTHING_LEFT, DID_ONE, BROKEN };

/* The next index that must go, or come. One whose keys or projection changed goes and comes. */
static enum progress next_index(struct wb_cfn_resource *r, struct wb_json table)
{
    struct wb_json there = wb_json_get(table, "GlobalSecondaryIndexes");
    struct wb_json wanted = cfn_prop(r, "GlobalSecondaryIndexes");
    struct wb_json_iter it = wb_json_iter(there);
    while (wb_json_next(&it)) {
        struct wb_json w = cfn_find(wanted, "IndexName", it.value);
        if (!wb_json_is(w) || !same_index(w, it.value))
            return change_index(r, "Delete", it.value, WB_JSON_NONE) ? DID_ONE : BROKEN;
    }
    for (it = wb_json_iter(wanted); wb_json_next(&it);)
        if (!wb_json_is(cfn_find(there, "IndexName", it.value)))
            return change_index(r, "Create", it.value, table) ? DID_ONE : BROKEN;
    return NOTHING_LEFT;
}

static bool same_capacity(struct wb_json x, struct wb_json y)
{
    return wb_cfn_same(wb_json_get(x, "ReadCapacityUnits"), wb_json_get(y, "ReadCapacityUnits")) &&
           wb_cfn_same(wb_json_get(x, "WriteCapacityUnits"), wb_json_get(y, "WriteCapacityUnits"));
}

static bool update_index_capacity(struct wb_cfn_resource *r, struct wb_json table)
{
    struct wb_json there = wb_json_get(table, "GlobalSecondaryIndexes");
    struct wb_json_iter it = wb_json_iter(cfn_prop(r, "GlobalSecondaryIndexes"));
    while (wb_json_next(&it)) {
        struct wb_json capacity = wb_json_get(it.value, "ProvisionedThroughput");
        struct wb_json live = cfn_find(there, "IndexName", it.value);
        if (wb_json_is(capacity) &&
            !same_capacity(capacity, wb_json_get(live, "ProvisionedThroughput")) &&
            !change_index(r, "Update", it.value, WB_JSON_NONE))
            return false;
    }
    return true;
}

static bool update_member(struct wb_cfn_resource *r, void (*put)(struct cfn_in *in))
{
    struct cfn_in in;
    cfn_begin(&in, r);
    cfn_put(&in, "TableName", r->physical_id);
    put(&in);
    return cfn_call(&in, "dynamodb", "UpdateTable", NULL);
}

static void put_billing(struct cfn_in *in)
{
    struct wb_slice mode = cfn_text(in->r, "BillingMode");
    cfn_put(in, "BillingMode", mode.n ? mode : WB_S("PROVISIONED"));
    cfn_copy(in, "ProvisionedThroughput");
}

static bool billing_differs(struct wb_cfn_resource *r, struct wb_json table)
{
    struct wb_slice mode =
        wb_json_get_str(wb_json_get(table, "BillingModeSummary"), "BillingMode", r->tx->arena);
    bool on_demand = wb_slice_is(mode, "PAY_PER_REQUEST");
    if (wb_slice_is(cfn_text(r, "BillingMode"), "PAY_PER_REQUEST") != on_demand)
        return true;
    return !on_demand && !same_capacity(cfn_prop(r, "ProvisionedThroughput"),
                                        wb_json_get(table, "ProvisionedThroughput"));
}

static void put_no_stream(struct cfn_in *in)
{
    wb_jw_kraw(&in->w, "StreamSpecification", WB_S("{\"StreamEnabled\":false}"));
}

/* Another view needs another stream. */
static bool update_stream(struct wb_cfn_resource *r, struct wb_json table)
{
    struct wb_json live = wb_json_get(table, "StreamSpecification"),
                   wanted = cfn_prop(r, "StreamSpecification");
    bool on = cfn_is_true(wb_json_get(live, "StreamEnabled"));
    if (on == wb_json_is(wanted) &&
        wb_cfn_same(wb_json_get(live, "StreamViewType"), wb_json_get(wanted, "StreamViewType")))
        return true;
    return (!on || update_member(r, put_no_stream)) &&
           (!wb_json_is(wanted) || update_member(r, put_stream));
}

static void put_class(struct cfn_in *in)
{
    struct wb_slice class = cfn_text(in->r, "TableClass");
    cfn_put(in, "TableClass", class.n ? class : WB_S("STANDARD"));
}

static void put_protection(struct cfn_in *in)
{
    wb_jw_kbool(&in->w, "DeletionProtectionEnabled", cfn_true(in->r, "DeletionProtectionEnabled"));
}

static enum wb_cfn_result update(struct wb_cfn_resource *r)
{
    struct wb_json table;
    if (refused(r) || !describe(r, &table))
        return WB_CFN_FAILED;
    if (!is_active(table, r->tx->arena))
        return again(r, "changing");
    if (billing_differs(r, table) && !update_member(r, put_billing))
        return WB_CFN_FAILED;
    switch (next_index(r, table)) {
    case BROKEN:
        return WB_CFN_FAILED;
    case DID_ONE:
        return again(r, "changing");
    case NOTHING_LEFT:
        break;
    }
    if (!update_index_capacity(r, table) || !update_stream(r, table) ||
        (cfn_changed(r, "SSESpecification") && !update_member(r, put_encryption)) ||
        (cfn_changed(r, "TableClass") && !update_member(r, put_class)) ||
        (cfn_changed(r, "DeletionProtectionEnabled") && !update_member(r, put_protection)) ||
        (cfn_changed(r, "PointInTimeRecoverySpecification") && !set_recovery(r)) ||
        !describe(r, &table))
        return WB_CFN_FAILED;
    set_attributes(r, table);
    return cfn_retag(r, &tagging, cfn_attribute_of(r, "Arn")) ? WB_CFN_DONE : WB_CFN_FAILED;
}

static enum wb_cfn_result destroy(struct wb_cfn_resource *r)
{
    struct wb_json table;
    if (!r->state.p &&
        !cfn_call_with(r, "dynamodb", "DeleteTable", "TableName", r->physical_id, NULL))
        return wb_cfn_error_is(r, "ResourceInUseException")
                   ? again(r, NULL)
                   : cfn_gone(r, "ResourceNotFoundException");
    return describe(r, &table) ? again(r, "going") : cfn_gone(r, "ResourceNotFoundException");
}

/* --- read --- */

static void out_index(struct cfn_in *live, struct wb_json x, bool on_demand)
{
    wb_jw_object(&live->w);
    cfn_put_json(live, "IndexName", wb_json_get(x, "IndexName"));
    cfn_put_json(live, "KeySchema", wb_json_get(x, "KeySchema"));
    cfn_put_json(live, "Projection", wb_json_get(x, "Projection"));
    struct wb_json capacity = wb_json_get(x, "ProvisionedThroughput");
    if (!on_demand && wb_json_is(capacity)) {
        wb_jw_key(&live->w, "ProvisionedThroughput");
        wb_jw_object(&live->w);
        cfn_put_json(live, "ReadCapacityUnits", wb_json_get(capacity, "ReadCapacityUnits"));
        cfn_put_json(live, "WriteCapacityUnits", wb_json_get(capacity, "WriteCapacityUnits"));
        wb_jw_end_object(&live->w);
    }
    wb_jw_end_object(&live->w);
}

static void out_indexes(struct cfn_in *live, const char *property, struct wb_json table,
                        bool on_demand)
{
    struct wb_json there = wb_json_get(table, property), wanted = cfn_prop(live->r, property);
    struct wb_json_iter it = wb_json_iter(wanted);
    if (!wb_json_count(there))
        return;
    wb_jw_key(&live->w, property);
    wb_jw_array(&live->w);
    while (wb_json_next(&it)) {
        struct wb_json x = cfn_find(there, "IndexName", it.value);
        if (wb_json_is(x))
            out_index(live, x, on_demand);
    }
    for (it = wb_json_iter(there); wb_json_next(&it);)
        if (!wb_json_is(cfn_find(wanted, "IndexName", it.value)))
            out_index(live, it.value, on_demand);
    wb_jw_end_array(&live->w);
}

static void out_settings(struct cfn_in *live, struct wb_json table)
{
    struct wb_arena *a = live->r->tx->arena;
    struct wb_json stream = wb_json_get(table, "StreamSpecification"),
                   sse = wb_json_get(table, "SSEDescription");
    bool on_demand =
        wb_slice_is(wb_json_get_str(wb_json_get(table, "BillingModeSummary"), "BillingMode", a),
                    "PAY_PER_REQUEST");
    cfn_put(live, "BillingMode", on_demand ? WB_S("PAY_PER_REQUEST") : WB_S("PROVISIONED"));
    if (!on_demand) {
        struct wb_json c = wb_json_get(table, "ProvisionedThroughput");
        wb_jw_key(&live->w, "ProvisionedThroughput");
        wb_jw_object(&live->w);
        cfn_put_json(live, "ReadCapacityUnits", wb_json_get(c, "ReadCapacityUnits"));
        cfn_put_json(live, "WriteCapacityUnits", wb_json_get(c, "WriteCapacityUnits"));
        wb_jw_end_object(&live->w);
    }
    out_indexes(live, "GlobalSecondaryIndexes", table, on_demand);
    out_indexes(live, "LocalSecondaryIndexes", table, true);
    if (cfn_is_true(wb_json_get(stream, "StreamEnabled"))) {
        wb_jw_key(&live->w, "StreamSpecification");
        wb_jw_object(&live->w);
        cfn_put_json(live, "StreamViewType", wb_json_get(stream, "StreamViewType"));
        wb_jw_end_object(&live->w);
    }
    struct wb_json wanted = cfn_prop(live->r, "SSESpecification");
    wb_jw_key(&live->w, "SSESpecification");
    wb_jw_object(&live->w);
    wb_jw_kbool(&live->w, "SSEEnabled", wb_json_is(sse));
    /* The key is told by its ARN, however the template names it. */
    cfn_put_json(live, "SSEType", wb_json_get(wanted, "SSEType"));
    cfn_put_json(live, "KMSMasterKeyId", wb_json_get(wanted, "KMSMasterKeyId"));
    wb_jw_end_object(&live->w);
    struct wb_slice class =
        wb_json_get_str(wb_json_get(table, "TableClassSummary"), "TableClass", a);
    cfn_put(live, "TableClass", class.n ? class : WB_S("STANDARD"));
    cfn_put_json(live, "DeletionProtectionEnabled",
                 wb_json_get(table, "DeletionProtectionEnabled"));
}

static bool out_recovery(struct cfn_in *live)
{
    struct wb_cfn_resource *r = live->r;
    struct wb_json answer;
    if (!cfn_call_with(r, "dynamodb", "DescribeContinuousBackups", "TableName", r->physical_id,
                       &answer))
        return false;
    struct wb_json p = wb_json_get(wb_json_get(answer, "ContinuousBackupsDescription"),
                                   "PointInTimeRecoveryDescription");
    struct wb_json days =
        wb_json_get(cfn_prop(r, "PointInTimeRecoverySpecification"), "RecoveryPeriodInDays");
    wb_jw_key(&live->w, "PointInTimeRecoverySpecification");
    wb_jw_object(&live->w);
    wb_jw_kbool(
        &live->w, "PointInTimeRecoveryEnabled",
        wb_slice_is(wb_json_get_str(p, "PointInTimeRecoveryStatus", r->tx->arena), "ENABLED"));
    if (wb_json_is(days))
        cfn_put_json(live, "RecoveryPeriodInDays", wb_json_get(p, "RecoveryPeriodInDays"));
    wb_jw_end_object(&live->w);
    return true;
}

static enum wb_cfn_result read(struct wb_cfn_resource *r)
{
    struct wb_json table;
    struct cfn_in live;
    if (!describe(r, &table))
        return cfn_unread(r, "ResourceNotFoundException");
    set_attributes(r, table);
    cfn_begin(&live, r);
    cfn_put(&live, "TableName", r->physical_id);
    cfn_put_json(&live, "KeySchema", wb_json_get(table, "KeySchema"));
    cfn_live_list(&live, "AttributeDefinitions", wb_json_get(table, "AttributeDefinitions"), NULL,
                  "AttributeName");
    out_settings(&live, table);
    if (!out_recovery(&live))
        return WB_CFN_FAILED;
    cfn_live_tags(&live, cfn_attribute_of(r, "Arn"), CFN_TAG_LIST);
    r->live = cfn_end(&live);
    return WB_CFN_DONE;
}

/* Another type of an attribute that there was. */
static bool replaces(const struct wb_cfn_resource *r, struct wb_slice property)
{
    struct wb_json was = cfn_was(r, "AttributeDefinitions");
    struct wb_json_iter it = wb_json_iter(cfn_prop(r, "AttributeDefinitions"));
    while (wb_json_next(&it)) {
        struct wb_json old = cfn_find(was, "AttributeName", it.value);
        if (wb_json_is(old) && !wb_cfn_same(old, it.value))
            return true;
    }
    return false;
}

static const struct wb_cfn_property properties[] = {
    CFN_P("AttributeDefinitions", LIST, CONDITIONAL),
    CFN_P("BillingMode", STRING, IN_PLACE),
    CFN_P("ContributorInsightsSpecification", OBJECT, IN_PLACE),
    CFN_P("DeletionProtectionEnabled", BOOLEAN, IN_PLACE),
    CFN_P("GlobalSecondaryIndexes", LIST, IN_PLACE),
    CFN_P("ImportSourceSpecification", OBJECT, REPLACEMENT),
    CFN_REQUIRED("KeySchema", LIST, REPLACEMENT),
    CFN_P("KinesisStreamSpecification", OBJECT, IN_PLACE),
    CFN_P("LocalSecondaryIndexes", LIST, REPLACEMENT),
    CFN_P("OnDemandThroughput", OBJECT, IN_PLACE),
    CFN_P("PointInTimeRecoverySpecification", OBJECT, IN_PLACE),
    CFN_P("ProvisionedThroughput", OBJECT, IN_PLACE),
    CFN_P("ResourcePolicy", OBJECT, IN_PLACE),
    CFN_P("SSESpecification", OBJECT, IN_PLACE),
    CFN_P("StreamSpecification", OBJECT, IN_PLACE),
    CFN_P("TableClass", STRING, IN_PLACE),
    CFN_P("TableName", STRING, REPLACEMENT),
    CFN_P("Tags", LIST, IN_PLACE),
    CFN_P("TimeToLiveSpecification", OBJECT, IN_PLACE),
    CFN_P("WarmThroughput", OBJECT, IN_PLACE),
    CFN_END,
};

const struct wb_cfn_type cfn_dynamodb_table = {.name = "AWS::DynamoDB::Table",
                                               .property = properties,
                                               .name_property = "TableName",
                                               .identifier = "TableName",
                                               .attribute = CFN_ATTRIBUTES("Arn", "StreamArn"),
                                               .create = create,
                                               .update = update,
                                               .delete = destroy,
                                               .read = read,
                                               .replaces = replaces};
