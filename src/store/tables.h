/*
 * Every table of the key space: number, key layout, what a row is. Numbers are never reused.
 * "scope" = account string, region string. Key parts as in key.h.
 */
#ifndef WB_STORE_TABLES_H
#define WB_STORE_TABLES_H

enum wb_table {
    /* 0x00xx: store and engine */
    WB_T_META = 0x0001,       /* name -> value: engine clock, sequences */
    WB_T_COUNTER = 0x0002,    /* name -> le64: numbers given out */
    WB_T_WORK = 0x0010,       /* target, due ms (i64), stamp (u64) -> work row */
    WB_T_DEAD = 0x0011,       /* stamp (u64) -> dead row */
    WB_T_JOB = 0x0012,        /* job number (u64) -> job row */
    WB_T_WORK_COUNT = 0x0013, /* target -> le64: rows in WB_T_WORK */
    WB_T_METRIC = 0x0020, /* minute (i64), account, region, namespace, name, dimensions -> datum */
    WB_T_METRIC_SERIES =
        0x0021, /* account, region, namespace, name, dimensions -> number, last seen */
    WB_T_METRIC_BLOCK = 0x0022, /* resolution (u64, s), start (i64), series number -> datums */
    WB_T_LOG_GROUP = 0x0028,    /* scope, group -> definition with number */
    WB_T_LOG_STREAM = 0x0029,   /* group number (u64), stream -> definition */
    WB_T_LOG_BLOCK =
        0x002a, /* hour (i64), group number, stream, first ms (i64), stamp -> compressed lines */
    WB_T_SPAN = 0x0030,  /* of older versions: read by nobody, removed by a job */
    WB_T_TRACE = 0x0031, /* account, region, trace id, segment id -> segment (engine/spans.h) */
    WB_T_TRACE_HOUR = 0x0032, /* hour (i64), account, region, trace id -> "1": the trace goes with
                                 this row; nothing: it was only written to in that hour */
    WB_T_OTLP = 0x0033, /* number (u64) -> segment that waits to be exported (engine/otlp.h) */
    WB_T_TAGS = 0x0034, /* arn, tag key -> tag value */
    WB_T_BLOB = 0x0036, /* name of a file under DATA/blobs -> le64 size, le32 references */

    /* 0x01xx: auth */
    WB_T_ACCESS_KEY = 0x0101, /* access key id -> principal, sealed secret, state */
    WB_T_ACCOUNT = 0x0102,    /* account -> JSON: created */

    /* Identity (engine/identity.h). "entity" = account, kind letter, name in lower case. */
    WB_T_IAM_ENTITY = 0x0110,      /* entity -> JSON: name as written, id, path, created... */
    WB_T_IAM_ID = 0x0111,          /* unique id -> account (lp), kind (u8), name (lp) */
    WB_T_IAM_INLINE = 0x0112,      /* entity, policy name -> document */
    WB_T_IAM_ATTACHED = 0x0113,    /* entity, policy ARN -> nothing */
    WB_T_IAM_ATTACHED_TO = 0x0114, /* policy ARN, entity, use letter -> nothing: a = attached, b =
                                      boundary */
    WB_T_IAM_VERSION = 0x0115,     /* account, policy name in lower case, version (u64) -> JSON */
    WB_T_IAM_MEMBER = 0x0116,      /* account, group, user, both in lower case -> nothing */
    WB_T_IAM_MEMBER_OF = 0x0117,   /* account, user, group, both in lower case -> nothing */
    WB_T_IAM_USER_KEY = 0x0118,    /* account, user in lower case, access key id -> nothing */
    WB_T_KEY_USE = 0x0119,         /* access key id -> JSON: last use */
    WB_T_IAM_TASK = 0x011a,        /* account, deletion task id -> decimal ms: done */
    WB_T_IAM_ALIAS = 0x011b,       /* account alias -> account */
    WB_T_IAM_ALIAS_OF = 0x011c,    /* account -> its alias */
    WB_T_IAM_REPORT = 0x011d,      /* account -> decimal ms: credential report asked for */

    /* 0x012x: audit (engine/audit.h) */
    WB_T_AUDIT =
        0x0120, /* account, region, time ms (i64), stamp (u64) -> JSON, CloudTrail's form */
    WB_T_DENIAL = 0x0121, /* request id -> time ms and JSON: what was asked, what decided */

    /* 0x02xx: events */
    WB_T_BUS = 0x0201,     /* scope, bus name -> definition with number */
    WB_T_RULE = 0x0202,    /* bus number (u64), rule name -> definition */
    WB_T_TARGET = 0x0203,  /* bus number, rule name, target id -> definition */
    WB_T_BUS_LOG = 0x0204, /* bus number, commit stamp (u64) -> event */

    /* 0x03xx: lambda */
    WB_T_FUNCTION = 0x0301, /* scope, function name -> definition with number */
    WB_T_CODE = 0x0302, /* function number, version (u64), chunk (u64) -> bytes of the package */
    WB_T_FUNCTION_POLICY = 0x0303, /* scope, function name -> policy document */

    /* 0x04xx: dynamodb */
    WB_T_TABLE = 0x0401,   /* scope, table name -> definition with number */
    WB_T_ITEM = 0x0402,    /* table number, partition digest (raw 16), sort part -> item */
    WB_T_INDEX = 0x0403,   /* table number, index number, partition digest, sort part, base key ->
                              empty or projection */
    WB_T_JOURNAL = 0x0404, /* table number, stamp -> change */
    WB_T_TABLE_STAT = 0x0405, /* table number -> item count, bytes */

    /* 0x05xx: sns */
    WB_T_TOPIC = 0x0501,        /* scope, topic name -> attributes with number */
    WB_T_SUBSCRIPTION = 0x0502, /* topic number, subscription id -> definition */
    WB_T_SNS_TOKEN = 0x0503,    /* topic number, token in a link -> its subscription */
    WB_T_SNS_ENDPOINT = 0x0504, /* topic number, protocol, endpoint -> subscription id */

    /* 0x06xx: ssm */
    WB_T_SSM_PARAMETER = 0x0601, /* scope, name with a leading slash -> definition with number */
    WB_T_SSM_VERSION = 0x0602,   /* parameter number (u64), version (u64) -> value and settings */
    WB_T_SSM_LABEL = 0x0603,     /* parameter number, label -> le64: its version */
    WB_T_SSM_COUNT = 0x0604,     /* scope -> le32 standard, le32 advanced parameters */

    /* 0x07xx: s3 */
    WB_T_S3_BUCKET = 0x0701,    /* bucket name -> JSON: number, owner, region... */
    WB_T_S3_BUCKET_OF = 0x0702, /* account, bucket name -> nothing */
    WB_T_S3_OBJECT = 0x0703,    /* bucket number (u64), key -> its current version, unless that is a
                                   delete marker */
    WB_T_S3_VERSION = 0x0704,   /* bucket number, key, stamp (desc) -> any other version */
    WB_T_S3_NULL = 0x0705,      /* bucket number, key -> le64: stamp of the null version, when it is
                                   in WB_T_S3_VERSION */
    WB_T_S3_UPLOAD = 0x0706,    /* bucket number, key, upload number (u64) -> JSON */
    WB_T_S3_PART = 0x0707,      /* upload number, part number (u64) -> blobs, size, sums */
    WB_T_S3_SHARED = 0x0708,    /* upload number -> le64: objects made of its parts */
    WB_T_S3_COUNT = 0x0709,     /* account -> le64: its buckets */
    WB_T_S3_CONFIG = 0x0720,    /* bucket number (u64), kind (u8) -> document as it was put */

    /* 0x08xx: cloudformation. "stack" = its number (u64). */
    WB_T_CFN_STACK = 0x0801,      /* scope, number (desc u64) -> JSON (cloudformation/stack.h) */
    WB_T_CFN_NAME = 0x0802,       /* scope, name -> le64 number; not of deleted stacks */
    WB_T_CFN_ID = 0x0803,         /* scope, id in the ARN -> le64 number */
    WB_T_CFN_TEXT = 0x0804,       /* number (u64), 'o' or 'p' -> a template's text */
    WB_T_CFN_RESOURCE = 0x0805,   /* stack, logical id -> JSON */
    WB_T_CFN_BEFORE = 0x0806,     /* stack, logical id -> JSON: before the running operation */
    WB_T_CFN_CHANGE_SET = 0x0807, /* stack, name -> JSON */
    WB_T_CFN_CHANGE_ID = 0x0808,  /* scope, id in the ARN -> stack (le64), name */
    WB_T_CFN_CHANGE = 0x0809,     /* change set's number (u64), place (u64) -> JSON */
    WB_T_CFN_EVENT = 0x080a,      /* stack, stamp (desc u64) -> JSON */
    WB_T_CFN_EXPORT = 0x080b,     /* scope, name -> JSON: stack, value */
    WB_T_CFN_IMPORT = 0x080c,     /* scope, export's name, stack -> nothing */
    WB_T_CFN_OPERATION = 0x080d,  /* stack -> JSON: what runs */
    WB_T_CFN_PLAN = 0x080e,       /* stack -> its plan (cloudformation/plan.h) */
    WB_T_CFN_DRIFT = 0x080f,      /* scope, detection id -> JSON */
    WB_T_CFN_DRIFTED = 0x0810,    /* stack, logical id -> JSON: what was found */
    WB_T_CFN_CALLBACK = 0x0840,   /* token -> who waits, and the answers */

    /* 0x09xx: cloudwatch */
    WB_T_ALARM = 0x0910,         /* scope, alarm name -> JSON: configuration and state */
    WB_T_ALARM_SLOT = 0x0911,    /* class (u8), slot (u8), scope, metric alarm's name -> nothing */
    WB_T_ALARM_METRIC = 0x0912,  /* scope, namespace, metric, alarm name -> nothing */
    WB_T_ALARM_CHILD = 0x0913,   /* scope, alarm name, composite alarm on it -> nothing */
    WB_T_ALARM_HISTORY = 0x0914, /* scope, time ms (i64), stamp (u64) -> JSON */
    WB_T_ALARM_HISTORY_OF = 0x0915, /* scope, alarm name, time ms, stamp -> nothing */
    WB_T_ALARM_TICK = 0x0916,       /* class (u8), slot (u8) -> nothing: a work row goes round */
    WB_T_DASHBOARD = 0x0918,        /* account, dashboard name -> le64 last modified ms, body */

    /* 0x0axx: ecr */
    WB_T_ECR_REPOSITORY = 0x0a01, /* scope, name -> settings (services/ecr/ecr.h) */

    /* 0x0bxx: xray */
    WB_T_XRAY_GROUP = 0x0b01,   /* scope, group name -> JSON: filter expression, settings */
    WB_T_XRAY_RULE = 0x0b02,    /* scope, sampling rule's name -> JSON */
    WB_T_XRAY_SAMPLED = 0x0b03, /* scope, sampling rule's name -> JSON: what clients reported */
    WB_T_XRAY_POLICY = 0x0b04,  /* scope, resource policy's name -> JSON: document, revision */

    /* 0x0b08 and on: kms */
    WB_T_KMS_KEY = 0x0b08,      /* scope, key id -> JSON (services/kms/key.h) */
    WB_T_KMS_MATERIAL = 0x0b09, /* scope, key id, version (u64) -> sealed 32 bytes */
    WB_T_KMS_ALIAS = 0x0b0a,    /* scope, alias with its prefix -> JSON: key, created, updated */
    WB_T_KMS_ALIAS_OF = 0x0b0b, /* scope, key id, alias -> nothing */

    /* 0x0dxx: logs */
    WB_T_LOGS_FILTER = 0x0d01,     /* group number (u64), kind (u8), filter name -> JSON */
    WB_T_LOGS_MINUTE = 0x0d02,     /* group number, filter name, minute (i64) -> "1": lines matched,
                                      "0": lines came and none did */
    WB_T_LOGS_QUERY = 0x0d03,      /* scope, query id -> services/logs/query.h */
    WB_T_LOGS_QUERY_LIST = 0x0d04, /* scope, query's number (desc u64) -> its id */
    WB_T_LOGS_QUERY_ACTIVE = 0x0d05, /* scope, number (u64) -> its id: it has not ended */
    WB_T_LOGS_QUERY_RESULT =
        0x0d06,                    /* number (u64), chunk (u64) -> le32 size, deflated rows (lp) */
    WB_T_LOGS_DEFINITION = 0x0d07, /* scope, definition's id -> JSON: name, query, groups */
};

#endif
