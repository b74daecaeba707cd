/*
 * AWS Lambda: functions as definitions, their packages in the store, their environments as
 * sandboxed processes on the dispatcher's thread, and a durable queue for asynchronous invocations.
 */
#ifndef WB_SERVICES_LAMBDA_LAMBDA_H
#define WB_SERVICES_LAMBDA_LAMBDA_H

#include "engine/engine.h"

extern const struct wb_service wb_lambda_service;
extern const struct wb_module wb_lambda_module;

#endif
