/*
 * Amazon S3: buckets and objects.
 *
 * Rows. A bucket by its name, which is unique over all accounts, with a number; an index from
 * account to its buckets. Everything inside a bucket has the number in its key, so that a name made
 * again begins empty.
 *
 * Objects lie in two tables. WB_T_S3_OBJECT has the current version of each key that is no delete
 * marker: what GetObject and the listings want, one row a key. WB_T_S3_VERSION has all the others:
 * older versions, and delete markers, newest first by their stamp. The stamp is inside the version
 * id, so a version is found by it; where the null version is when it is not the current one, a row
 * of WB_T_S3_NULL tells.
 *
 * An object's bytes are a blob (engine/blob.h), or the parts of its upload: their rows stay as they
 * were uploaded (WB_T_S3_PART), and the object says which numbers count. Copies share them:
 * WB_T_S3_SHARED counts who uses an upload's parts.
 */
#ifndef WB_S3_S3_H
#define WB_S3_S3_H

#include "engine/engine.h"

extern const struct wb_service wb_s3_service;
extern const struct wb_module wb_s3_module;

#endif
