/*
 * AWS Security Token Service: who am I. (AssumeRole and its kin come with IAM's roles.)
 */
#ifndef WB_SERVICES_STS_STS_H
#define WB_SERVICES_STS_STS_H

#include "engine/engine.h"

extern const struct wb_service wb_sts_service;
extern const struct wb_module wb_sts_module;

#endif
