/*
 * Amazon DynamoDB: tables, items, indexes, expressions, and the journal behind streams and
 * point-in-time recovery. How rows lie is in rows.h, what a table is in table.h, the language in
 * expr.h.
 */
#ifndef WB_SERVICES_DYNAMODB_DYNAMODB_H
#define WB_SERVICES_DYNAMODB_DYNAMODB_H

#include "engine/engine.h"

extern const struct wb_service wb_dynamodb_service;
extern const struct wb_module wb_dynamodb_module;

#endif
