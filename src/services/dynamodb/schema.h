/* Key schemas and indexes of CreateTable and UpdateTable: read from the input and checked. */
#ifndef WB_SERVICES_DYNAMODB_SCHEMA_H
#define WB_SERVICES_DYNAMODB_SCHEMA_H

#include "services/dynamodb/table.h"

/* AttributeDefinitions into t->attr (room for them is made; those there are kept). */
bool wb_ddb_read_attributes(struct wb_call *c, struct wb_json list, struct wb_ddb_table *t);
/* The table's own KeySchema. */
bool wb_ddb_read_table_keys(struct wb_call *c, struct wb_ddb_table *t);
/* One index from its object; appended to t->index, which has room. */
bool wb_ddb_read_index(struct wb_call *c, struct wb_json v, bool global, struct wb_ddb_table *t);
/* LocalSecondaryIndexes and GlobalSecondaryIndexes of CreateTable. */
bool wb_ddb_read_indexes(struct wb_call *c, struct wb_ddb_table *t);
/* Every definition is used by a key, and every key has one; not too many attributes projected. */
bool wb_ddb_check_definitions(struct wb_call *c, const struct wb_ddb_table *t);
/* BillingMode and ProvisionedThroughput, of the table and the indexes. */
bool wb_ddb_read_throughput(struct wb_call *c, struct wb_json v, int64_t *read, int64_t *write);
/* StreamSpecification, for a table that has no stream yet. */
bool wb_ddb_read_stream(struct wb_call *c, struct wb_ddb_table *t, int64_t now_ms);
void wb_ddb_read_sse(struct wb_call *c, struct wb_ddb_table *t);

#endif
