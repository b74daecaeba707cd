#include "services/dynamodb/dynamodb.h"
#include "services/dynamodb/ops.h"

/* --- what an operation touches, for authorization --- */

static void on_table(struct wb_call *c)
{
    wb_call_resource(c, wb_ddb_table_arn(c, wb_in_str(c, "TableName")));
}

static void on_index(struct wb_call *c)
{
    struct wb_slice arn = wb_ddb_table_arn(c, wb_in_str(c, "TableName")),
                    index = wb_in_str(c, "IndexName");
    if (index.p)
        arn = wb_printf(c->arena, "%.*s/index/%.*s", WB_FMT(arn), WB_FMT(index));
    wb_call_resource(c, arn);
}

static void on_tables(struct wb_call *c)
{
    struct wb_json_iter it = wb_json_iter(wb_in(c, "RequestItems"));
    while (wb_json_next(&it))
        wb_call_resource(c, wb_ddb_table_arn(c, wb_json_str(it.key, c->arena)));
}

static void on_arn(struct wb_call *c)
{
    wb_call_resource(c, wb_in_str(c, "ResourceArn"));
}

static const struct wb_op ops[] = {
    {.name = "CreateTable",
     .class = WB_WRITE,
     .input = &wb_ddb_create_table_input,
     .resources = on_table,
     .handler = wb_ddb_create_table},
    {.name = "DescribeTable",
     .class = WB_READ,
     .input = &wb_ddb_table_input,
     .resources = on_table,
     .handler = wb_ddb_describe_table},
    {.name = "ListTables",
     .class = WB_READ,
     .input = &wb_ddb_list_tables_input,
     .handler = wb_ddb_list_tables},
    {.name = "DeleteTable",
     .class = WB_WRITE,
     .input = &wb_ddb_delete_table_input,
     .resources = on_table,
     .handler = wb_ddb_delete_table},
    {.name = "UpdateTable",
     .class = WB_WRITE,
     .input = &wb_ddb_update_table_input,
     .resources = on_table,
     .handler = wb_ddb_update_table,
     .compound = true},
    {.name = "PutItem",
     .class = WB_WRITE,
     .input = &wb_ddb_put_item_input,
     .resources = on_table,
     .prepare = wb_ddb_put_prepare,
     .handler = wb_ddb_write_item,
     .data = true},
    {.name = "DeleteItem",
     .class = WB_WRITE,
     .input = &wb_ddb_delete_item_input,
     .resources = on_table,
     .prepare = wb_ddb_delete_prepare,
     .handler = wb_ddb_write_item,
     .data = true},
    {.name = "UpdateItem",
     .class = WB_WRITE,
     .input = &wb_ddb_update_item_input,
     .resources = on_table,
     .prepare = wb_ddb_update_prepare,
     .handler = wb_ddb_write_item,
     .data = true},
    {.name = "GetItem",
     .class = WB_READ,
     .input = &wb_ddb_get_item_input,
     .resources = on_table,
     .handler = wb_ddb_get_item,
     .data = true},
    {.name = "BatchGetItem",
     .class = WB_SCAN,
     .input = &wb_ddb_batch_get_input,
     .resources = on_tables,
     .handler = wb_ddb_batch_get,
     .data = true},
    {.name = "Query",
     .class = WB_SCAN,
     .input = &wb_ddb_query_input,
     .resources = on_index,
     .handler = wb_ddb_query,
     .data = true},
    {.name = "Scan",
     .class = WB_SCAN,
     .input = &wb_ddb_scan_input,
     .resources = on_index,
     .handler = wb_ddb_scan,
     .data = true},
    {.name = "BatchWriteItem",
     .class = WB_WRITE,
     .input = &wb_ddb_batch_write_input,
     .resources = on_tables,
     .prepare = wb_ddb_batch_write_prepare,
     .handler = wb_ddb_batch_write,
     .data = true},
    {.name = "DescribeContinuousBackups",
     .class = WB_READ,
     .input = &wb_ddb_describe_backups_input,
     .resources = on_table,
     .handler = wb_ddb_describe_backups},
    {.name = "UpdateContinuousBackups",
     .class = WB_WRITE,
     .input = &wb_ddb_update_backups_input,
     .resources = on_table,
     .handler = wb_ddb_update_backups},
    {.name = "DescribeTimeToLive",
     .class = WB_READ,
     .input = &wb_ddb_describe_ttl_input,
     .resources = on_table,
     .handler = wb_ddb_describe_ttl},
    {.name = "DescribeEndpoints",
     .class = WB_READ,
     .input = &wb_ddb_describe_endpoints_input,
     .handler = wb_ddb_describe_endpoints},
    {.name = "DescribeLimits",
     .class = WB_READ,
     .input = &wb_ddb_describe_limits_input,
     .handler = wb_ddb_describe_limits},
    {.name = "TagResource",
     .class = WB_WRITE,
     .input = &wb_ddb_tag_input,
     .resources = on_arn,
     .handler = wb_ddb_tag_resource},
    {.name = "UntagResource",
     .class = WB_WRITE,
     .input = &wb_ddb_untag_input,
     .resources = on_arn,
     .handler = wb_ddb_untag_resource},
    {.name = "ListTagsOfResource",
     .class = WB_READ,
     .input = &wb_ddb_list_tags_input,
     .resources = on_arn,
     .handler = wb_ddb_list_tags},
};

const struct wb_service wb_dynamodb_service = {
    .name = "dynamodb",
    .title = "Amazon DynamoDB",
    .signing_name = "dynamodb",
    .model = "dynamodb",
    .protocol = WB_JSON10,
    .target = "DynamoDB_20120810",
    .version = "2012-08-10",
    .type_prefix = "com.amazonaws.dynamodb.v20120810#",
    .crc32 = true,
    .op = ops,
    .op_count = sizeof(ops) / sizeof(*ops),
};

static void start(struct wb_engine *e)
{
    wb_def_register(e, &wb_ddb_tables);
    wb_job_register(e, &wb_ddb_backfill_job);
}

const struct wb_module wb_dynamodb_module = {
    .service = &wb_dynamodb_service, .start = start, .check = wb_ddb_check_rows};
