/* The operation table of CloudTrail, and the module. Shapes as in the public model of 2013-11-01;
 * what has an error of its own (LookupEvents) is checked by its handler and not here. */
#include "base/limits.h"
#include "services/cloudtrail/cloudtrail.h"

#define STRUCT(id, model, ...)                                                                     \
    static const struct wb_member id##_members[] = {__VA_ARGS__, {0}};                             \
    static const struct wb_shape id = {.kind = WB_STRUCTURE, .name = model, .member = id##_members}

static const struct wb_shape string = {.kind = WB_STRING, .name = "String"};
static const struct wb_shape boolean = {.kind = WB_BOOLEAN, .name = "Boolean"};
static const struct wb_shape date = {.kind = WB_TIMESTAMP, .name = "Date"};
static const struct wb_shape attribute_key = {.kind = WB_STRING, .name = "LookupAttributeKey"};
static const struct wb_shape category = {.kind = WB_STRING, .name = "EventCategory"};
static const struct wb_shape max_results = {.kind = WB_INTEGER, .name = "MaxResults"};
static const struct wb_shape next_token = {.kind = WB_STRING, .name = "NextToken"};
static const struct wb_shape names = {.kind = WB_LIST, .name = "TrailNameList", .elem = &string};

STRUCT(attribute, "LookupAttribute",
       {.name = "AttributeKey", .shape = &attribute_key, .required = true},
       {.name = "AttributeValue", .shape = &string, .required = true});
static const struct wb_shape attributes = {
    .kind = WB_LIST, .name = "LookupAttributesList", .elem = &attribute};
STRUCT(lookup, "LookupEventsRequest", {.name = "LookupAttributes", .shape = &attributes},
       {.name = "StartTime", .shape = &date}, {.name = "EndTime", .shape = &date},
       {.name = "EventCategory", .shape = &category}, {.name = "MaxResults", .shape = &max_results},
       {.name = "NextToken", .shape = &next_token});
STRUCT(describe, "DescribeTrailsRequest", {.name = "trailNameList", .shape = &names},
       {.name = "includeShadowTrails", .shape = &boolean});
STRUCT(list, "ListTrailsRequest", {.name = "NextToken", .shape = &string});
STRUCT(status, "GetTrailStatusRequest", {.name = "Name", .shape = &string, .required = true});

static const struct wb_op ops[] = {
    {.name = "LookupEvents", .class = WB_SCAN, .input = &lookup, .handler = wb_cloudtrail_lookup},
    {.name = "DescribeTrails",
     .class = WB_READ,
     .input = &describe,
     .handler = wb_cloudtrail_describe},
    {.name = "ListTrails", .class = WB_READ, .input = &list, .handler = wb_cloudtrail_list},
    {.name = "GetTrailStatus",
     .class = WB_READ,
     .input = &status,
     .resources = wb_cloudtrail_of_trail,
     .handler = wb_cloudtrail_status},
};

const struct wb_service wb_cloudtrail_service = {
    .name = "cloudtrail",
    .title = "AWS CloudTrail",
    .signing_name = "cloudtrail",
    .model = "cloudtrail",
    .protocol = WB_JSON11,
    .target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101",
    .version = "2013-11-01",
    .type_prefix = "",
    .op = ops,
    .op_count = sizeof ops / sizeof *ops,
};

static void check(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg)
{
    struct wb_arena *outer = tx->arena, row;
    struct wb_slice key, value;
    struct wb_scan *s = wb_tx_scan_prefix(tx, wb_key(outer, WB_T_AUDIT, ""));
    wb_arena_init(&row, 0);
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_json v = wb_json_read(&row, value, NULL);
        if (!wb_json_get_str(v, "eventID", &row).n)
            bad(arg, "cloudtrail: a record of the audit log cannot be read");
        wb_arena_reset(&row);
    }
    wb_scan_close(s);
    s = wb_tx_scan_prefix(tx, wb_key(outer, WB_T_DENIAL, ""));
    while (wb_tx_next(tx, s, &key, &value)) {
        struct wb_slice text = wb_slice_sub(value, sizeof(uint64_t), value.n);
        if (!wb_json_count(wb_json_get(wb_json_read(&row, text, NULL), "denials")))
            bad(arg, "cloudtrail: the row of a denial cannot be read");
        wb_arena_reset(&row);
    }
    wb_scan_close(s);
    wb_arena_release(&row);
}

const struct wb_module wb_cloudtrail_module = {.service = &wb_cloudtrail_service, .check = check};
