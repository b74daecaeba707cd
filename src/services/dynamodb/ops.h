/* Handlers of the operations, for the table in dynamodb.c. */
#ifndef WB_SERVICES_DYNAMODB_OPS_H
#define WB_SERVICES_DYNAMODB_OPS_H

#include "engine/work.h"
#include "services/dynamodb/request.h"

extern const struct wb_shape wb_ddb_create_table_input, wb_ddb_table_input,
    wb_ddb_delete_table_input, wb_ddb_describe_backups_input, wb_ddb_describe_ttl_input,
    wb_ddb_describe_endpoints_input, wb_ddb_describe_limits_input, wb_ddb_list_tables_input,
    wb_ddb_update_table_input, wb_ddb_put_item_input, wb_ddb_delete_item_input,
    wb_ddb_update_item_input, wb_ddb_get_item_input, wb_ddb_batch_get_input, wb_ddb_query_input,
    wb_ddb_scan_input, wb_ddb_batch_write_input, wb_ddb_update_backups_input, wb_ddb_tag_input,
    wb_ddb_untag_input, wb_ddb_list_tags_input;

wb_handler_fn wb_ddb_create_table, wb_ddb_describe_table, wb_ddb_list_tables, wb_ddb_delete_table,
    wb_ddb_update_table, wb_ddb_describe_backups, wb_ddb_update_backups, wb_ddb_describe_ttl,
    wb_ddb_describe_endpoints, wb_ddb_describe_limits, wb_ddb_tag_resource, wb_ddb_untag_resource,
    wb_ddb_list_tags;

wb_handler_fn wb_ddb_put_prepare, wb_ddb_delete_prepare, wb_ddb_update_prepare, wb_ddb_write_item;
wb_handler_fn wb_ddb_get_item, wb_ddb_batch_get, wb_ddb_query, wb_ddb_scan;
wb_handler_fn wb_ddb_batch_write_prepare, wb_ddb_batch_write;

/* What a call needs, and what policies may ask about it (access.c). */
wb_resource_fn wb_ddb_on_table, wb_ddb_on_all_tables, wb_ddb_on_new_table, wb_ddb_on_index,
    wb_ddb_on_tables, wb_ddb_on_arn;
wb_resource_fn wb_ddb_put_facts, wb_ddb_delete_facts, wb_ddb_update_facts, wb_ddb_get_facts,
    wb_ddb_query_facts, wb_ddb_scan_facts, wb_ddb_batch_get_facts, wb_ddb_batch_write_facts;
extern const char *const wb_ddb_write_keys[],
    *const wb_ddb_read_keys[], *const wb_ddb_scan_keys[], *const wb_ddb_batch_write_keys[];

/* Jobs: the kinds and how they begin. */
extern const struct wb_job_kind wb_ddb_backfill_job;
void wb_ddb_backfill_start(struct wb_tx *tx, const struct wb_ddb_table *t,
                           const struct wb_ddb_index *x);

/* `waybill check`. */
void wb_ddb_check_rows(struct wb_tx *tx, void (*bad)(void *arg, const char *what), void *arg);

#endif
