/*
 * Every limit of Waybill, with the AWS quota it mirrors. Bytes unless the name says otherwise.
 * Add a limit here, never as a number in the code.
 */
#ifndef WB_BASE_LIMITS_H
#define WB_BASE_LIMITS_H

/* HTTP */
#define WB_HTTP_HEAD_MAX         (32 * 1024) /* request line + headers; nginx: 4 x 8 KiB */
#define WB_HTTP_LINE_MAX         (8 * 1024)  /* one line of the head; nginx: one buffer of 8 KiB */
#define WB_HTTP_HEADERS_MAX      100         /* count */
#define WB_HTTP_CHUNK_LINE_MAX   256         /* chunk size with its extensions */
#define WB_HTTP_TRAILER_MAX      4096        /* all trailer fields of a chunked body */
#define WB_HTTP_BODY_MAX         (16 << 20)  /* DynamoDB: 16 MB request */
#define WB_HTTP_HEAD_DEADLINE_MS 10000
#define WB_HTTP_IDLE_MS          75000 /* nginx keepalive_timeout */
#define WB_HTTP_BODY_MIN_RATE    1024  /* bytes per second, after a grace of 10 s */
#define WB_HTTP_BODY_GRACE_MS    10000
#define WB_HTTP_BODIES_MAX       (256 << 20) /* request bodies being received, together, per loop */
#define WB_HTTP_SEND_MS          60000 /* a client must take 60 KiB of an answer in this time */
#define WB_HTTP_LINGER_MS        5000  /* reading on after a refusal, so that it arrives */
#define WB_HTTP_CONNECTIONS_MAX  20000 /* per loop */
#define WB_HTTP_BACKLOG          4096  /* connections not yet accepted; cut to somaxconn */
#define WB_HTTP_BUFFER           (16 * 1024) /* first size of a connection's input buffer */
#define WB_HTTP_BUFFERS_KEPT     64          /* free ones that stay, per loop */

/* Query protocol */
#define WB_FORM_BODY_MAX        (2 << 20) /* Query: SNS's 256 KiB, escaped, with attributes */
#define WB_FORM_FIELDS_MAX      10000
#define WB_FORM_NAME_MAX        1024
#define WB_FORM_DEPTH_MAX       32
#define WB_VALIDATION_VALUE_MAX (32 * 1024) /* of a refused value, printed in its error */

/* Blobs */
#define WB_BLOB_SYNC_BYTES    (8 << 20) /* written behind each other; then the disk has its turn */
#define WB_BLOB_BUFFER        (512 * 1024) /* of a body being received; twice */
#define WB_AWS_CHUNK_LINE_MAX 1024         /* head of a chunk, or a trailer */
#define WB_AWS_TRAILERS_MAX   16
#define WB_BLOB_UPLOADS_MAX   256          /* bodies being received, per loop */
#define WB_BLOB_DOWNLOADS_MAX 2048         /* answers being sent from blobs, per loop */
#define WB_BLOB_READ          (256 * 1024) /* of an answer, at once */
#define WB_BLOB_LINGER_MS     2000 /* a dropped blob's file stays: an answer may just begin */
#define WB_BLOB_SWEEP         500  /* files looked at in one snapshot */

/* XML bodies (S3) */
#define WB_XML_MAX          (4 << 20) /* DeleteObjects: 1,000 keys, escaped; 10,000 parts */
#define WB_XML_DEPTH_MAX    32
#define WB_XML_ELEMENTS_MAX 70000 /* CompleteMultipartUpload: 10,000 parts of up to 7 elements */

/* Outbound HTTP and SMTP, per loop */
#define WB_CLIENT_CONNECT_MS       10000
#define WB_CLIENT_CONNECTIONS_MAX  512
#define WB_CLIENT_CONNECTIONS_KEPT 64 /* idle ones, for the next call */
#define WB_CLIENT_PER_HOST_MAX     64
#define WB_SMTP_LINE_MAX           4096 /* one line of a relay's reply; RFC 5321: 512 */
#define WB_SMTP_QUIT_MS            2000 /* waiting for the good-bye */

/* JSON */
#define WB_JSON_DEPTH_MAX 128

/* Event streams: answers that go on */
#define WB_EVENT_MESSAGE_MAX  (16 << 20)  /* that a reader takes; as the SDKs */
#define WB_STREAM_TICK_MS     1000        /* Live Tail: an update a second */
#define WB_FEED_QUEUE_BYTES   (4 << 20)   /* committed and not yet looked at, of one listener */
#define WB_FEED_TURN_BYTES    (256 << 10) /* looked at before the loop has its turn */
#define WB_TAIL_SESSIONS_MAX  15          /* of an account and kind; Live Tail's quota */
#define WB_TAIL_SESSION_MS    (3 * 3600000LL)
#define WB_TAIL_UPDATE_EVENTS 500
#define WB_TAIL_UPDATE_BYTES  (1 << 20)
#define WB_TAIL_UPDATES_KEPT  10   /* for a client that reads slowly; older ones go */
#define WB_TAIL_LIST_ROWS     1000 /* of the bus log, looked at for one answer */
#define WB_TAIL_LIST_BYTES    (16 << 20)

/* CloudFormation (User Guide, "Understand CloudFormation quotas") */
#define WB_CFN_BODY_MAX        51200   /* TemplateBody */
#define WB_CFN_TEMPLATE_MAX    1000000 /* at TemplateURL */
#define WB_CFN_RESOURCES_MAX   500
#define WB_CFN_STACKS_MAX      2000 /* of an account and region */
#define WB_CFN_STACK_NAME_MAX  128
#define WB_CFN_NESTED_MAX      16        /* stacks within one another: a template may name itself */
#define WB_CFN_POLICY_MAX      16384     /* of a stack */
#define WB_CFN_DELETED_DAYS    90        /* deleted stacks are described by their ARN */
#define WB_CFN_EVENT_DAYS      90        /* events of a stack, and drift detections */
#define WB_CFN_PAGE            100       /* stacks, events, resources, exports of one answer */
#define WB_CFN_PAGE_BYTES      (1 << 20) /* of changes of one answer */
#define WB_CFN_PARAMETERS_MAX  200
#define WB_CFN_OUTPUTS_MAX     200
#define WB_CFN_MAPPINGS_MAX    200
#define WB_CFN_MAP_KEYS_MAX    200  /* of a mapping, and attributes of a key */
#define WB_CFN_NAME_MAX        255  /* logical ids, and names of parameters, outputs, mappings */
#define WB_CFN_VALUE_MAX       4096 /* of a parameter */
#define WB_CFN_DESCRIPTION_MAX 1024
#define WB_CFN_DYNAMIC_MAX     60         /* dynamic references of a template */
#define WB_CFN_EVALUATED_MAX   (16 << 20) /* memory of the values one evaluation makes */
#define WB_CFN_LOOPS_MAX       5          /* Fn::ForEach within one another */
#define WB_CFN_CONDITIONS_DEEP 500        /* within one another: guards recursion */
#define WB_CFN_EXPANDED_MAX    (4 << 20)  /* template with aliases or transforms expanded */

/* CloudFormation: resources that answer from outside */
#define WB_CFN_CUSTOM_TIMEOUT_S 3600 /* ServiceTimeout's default and maximum */
#define WB_CFN_ANSWER_MAX       4096 /* a custom resource's response body */
#define WB_CFN_ANSWERS_MAX      100  /* signals of one wait handle */
#define WB_CFN_PHYSICAL_MAX     1024 /* bytes of a physical id */

/* Engine (DESIGN section 2.3) */
#define WB_COMMAND_ROWS_MAX   1000
#define WB_COMMAND_BYTES_MAX  (4 << 20)
#define WB_COMMAND_MS_MAX     5
#define WB_COMMAND_ROWS_HUGE  20000      /* a documented maximum request, alone in its batch */
#define WB_COMMAND_BYTES_HUGE (64 << 20) /* 16 MB BatchWrite with its journal's images */
#define WB_BATCH_COMMANDS_MAX 512
#define WB_BATCH_BYTES_MAX    (1 << 20)
#define WB_BATCH_MS_MAX       5
#define WB_BATCH_INSIDE       64        /* outcomes before the clients' first command */
#define WB_BATCH_ARENA_MAX    (4 << 20) /* memory of its commands */
#define WB_BATCH_LINGER_SHARE 2 /* waiting for clients: of the last commit's time; at most ... */
#define WB_BATCH_LINGER_NS    2000000
#define WB_BATCH_STAMPS_MAX   (1 << 20) /* the low 20 bits of a stamp */
#define WB_WRITER_QUEUE_MAX   8192      /* commands in the client lane */
#define WB_WRITER_WAIT_MS     1000      /* then 503 */
#define WB_HOLD_MS            1000      /* an answer is held so long at most */
#define WB_DISK_RESERVE       (512LL << 20)
#define WB_DEAD_ROW_DAYS      14
#define WB_BUS_LOG_HOURS      24
#define WB_WORK_DEPTH_MAX     16   /* hops one event may cause */
#define WB_WORK_TASKS_MAX     1024 /* attempts begun whose outcome is not yet durable */
#define WB_WORK_STEPS_MAX     256  /* of these, of one target whose executor steps on the writer */
#define WB_WORK_BUSY_MS       200  /* first pause of a target without capacity; doubles to ... */
#define WB_WORK_BUSY_MAX_MS   10000
#define WB_JOB_PAUSE_MS       1000 /* before a job goes on that found the disk full */
#define WB_SCAN_QUEUE_MAX     256  /* calls waiting for the scan pool */
#define WB_DRAIN_MS           5000 /* SIGTERM: how long running work may still finish */
#define WB_DEAD_PAGE_MAX      100  /* dead rows of one ListDead answer, one retention step */
#define WB_MAILS_PAGE_MAX     100  /* of one ListMails answer */
#define WB_MAIL_HEAD_MAX      4096 /* of a mail's file, for a listing */
#define WB_MAIL_READ_MAX      (512 << 10)
#define WB_METRIC_VALUES_MAX  150   /* distinct values kept of a minute; PutMetricData's limit */
#define WB_METRIC_SERIES_MAX  20000 /* counted in memory between two commits */
#define WB_LOG_BLOCK_MAX      (64 << 10)
#define WB_LOG_WINDOW_BLOCKS  4096 /* blocks listed at once by one that reads lines */
#define WB_LOG_DROP_ROWS      200  /* blocks and hours of one step that removes logs */
#define WB_TRACE_DAYS         30
#define WB_TRACE_DROP_ROWS    200         /* rows of one step that removes traces */
#define WB_OTLP_BATCH         512         /* segments of one export */
#define WB_OTLP_BATCH_BYTES   (512 << 10) /* of their documents */
#define WB_OTLP_QUEUE         100000 /* segments that wait for the collector; then the oldest go */
#define WB_OTLP_LINGER_MS     1000   /* segments are gathered before they are sent */
#define WB_OTLP_TIMEOUT_MS    10000  /* OTEL_EXPORTER_OTLP_TIMEOUT */
#define WB_OTLP_ANSWER_MAX    (64 << 10)
#define WB_OTLP_PAUSE_MAX_MS  3600000LL /* that a collector may ask for */
#define WB_OTLP_REASON        200       /* bytes of a refusal, in the log */
#define WB_OTLP_PARENTS       8         /* steps from a subsegment to the segment it lies in */
#define WB_TRACE_HEADER_MAX   1024
#define WB_TRACE_BATCH        64        /* segments of functions' calls written at once */
#define WB_TRACE_BATCHES      4         /* on their way to the writer, a loop; more are dropped */
#define WB_TRACE_FLUSH_MS     100       /* how long they gather */
#define WB_UDP_TURN           32        /* datagrams read before others get their turn */
#define WB_TRACE_PORT_BATCH   50        /* segments of one command */
#define WB_TRACE_PORT_BYTES   (1 << 20) /* of a port's segments on their way; more are dropped */
#define WB_TRACE_PORT_SECOND  2000      /* datagrams a port takes in a second */
#define WB_TRACE_PORT_TRACES  16        /* of an environment: the last sampled ones it worked for */
#define WB_GUNZIP_MAX         WB_HTTP_BODY_MAX /* a gzip body unpacked */

/* Store */
#define WB_STORE_READERS_MAX                                                                       \
    512 /* read transactions at once: LMDB's table of readers, 64 bytes each */

/* DynamoDB (Developer Guide: quotas, constraints) */
#define WB_DDB_ITEM_MAX         409600    /* names in UTF-8 + values */
#define WB_DDB_PAGE_MAX         (1 << 20) /* of Query and Scan, before the filter */
#define WB_DDB_PAGE_MS          200       /* then a page ends early: its reader comes back */
#define WB_DDB_BATCH_BYTES_MAX  (16 << 20)
#define WB_DDB_BATCH_WRITE_MAX  25
#define WB_DDB_BATCH_GET_MAX    100
#define WB_ARN_MAX              1024 /* where an ARN may stand for a name */
#define WB_DDB_HASH_MAX         2048
#define WB_DDB_RANGE_MAX        1024
#define WB_DDB_NAME_MAX         65535 /* attribute name */
#define WB_DDB_KEY_NAME_MAX     255
#define WB_DDB_NESTING_MAX      32
#define WB_DDB_EXPR_MAX         4096
#define WB_DDB_OPERATORS_MAX    300
#define WB_DDB_EXPR_DEPTH_MAX   400 /* guards recursion; 300 operators cannot nest deeper */
#define WB_DDB_IN_MAX           100
#define WB_DDB_PLACEHOLDER_MAX  255
#define WB_DDB_SUBSTITUTION_MAX (2 << 20)
#define WB_DDB_LSI_MAX          5
#define WB_DDB_GSI_MAX          20
#define WB_DDB_NONKEY_MAX       100 /* of all indexes of a table together */
#define WB_DDB_TABLES_MAX       2500
#define WB_DDB_LIST_TABLES_MAX  100
#define WB_DDB_TAGS_MAX         50
#define WB_DDB_THROUGHPUT_MAX   1000000000000LL
#define WB_DDB_STREAM_HOURS     24
#define WB_DDB_PITR_DAYS        35

/* EventBridge (User Guide, "Amazon EventBridge quotas", unless said) */
#define WB_EVENT_PATTERN_MAX        4096  /* characters, API maximum; AWS's default quota is 2048 */
#define WB_EVENT_OR_MAX             1000  /* sub-rules of one pattern */
#define WB_EVENT_COMPLEXITY_MAX     10    /* event-ruler's advice; AWS accepts 7 and refuses 10 */
#define WB_EVENT_FIELDS_MAX         50000 /* of one pattern, over all its sub-rules */
#define WB_EVENT_MATCH_STEPS_MAX    (1 << 22) /* tests and assignments tried for one event */
#define WB_EVENT_BUSES_MAX          100
#define WB_EVENT_RULES_MAX          300       /* of a bus */
#define WB_EVENT_WILDCARD_RULES_MAX 30        /* of a bus */
#define WB_EVENT_TARGETS_MAX        5         /* of a rule */
#define WB_EVENT_ENTRIES_BYTES_MAX  (1 << 20) /* of one PutEvents (API reference) */
#define WB_EVENT_POLICY_MAX         10240     /* of a bus */
#define WB_EVENT_INPUT_MAX          8192      /* Input, InputTemplate: characters (API reference) */
#define WB_EVENT_PATHS_MAX          100       /* InputPathsMap */
#define WB_EVENT_RETRIES_MAX        185       /* and default */
#define WB_EVENT_AGE_MAX_S          86400     /* and default */
#define WB_EVENT_BACKOFF_BASE_MS    1000      /* AWS publishes neither base nor cap */
#define WB_EVENT_BACKOFF_CAP_MS     (15 * 60 * 1000)
/* SNS (Amazon SNS endpoints and quotas) */
#define WB_SNS_MESSAGE_MAX      (256 * 1024)
#define WB_SNS_BODY_MAX         (4 << 20) /* a form, percent-encoded */
#define WB_SNS_SUBJECT_MAX      100       /* characters */
#define WB_SNS_DISPLAY_NAME_MAX 100
#define WB_SNS_PAGE             100 /* topics or subscriptions of one answer */
#define WB_SNS_BATCH_MAX        10
#define WB_SNS_PENDING_DAYS     3   /* until an unconfirmed subscription goes */
#define WB_SNS_FANOUT_ROWS      200 /* work rows of one command */
#define WB_SNS_FANOUT_BYTES     (2 << 20)
#define WB_SNS_AT_ONCE_MAX      8 /* subscriptions served in the command that took an event */

/* Lambda (Developer Guide, "Lambda quotas", unless said) */
#define WB_LAMBDA_ZIP_MAX          (50 << 20)  /* direct upload */
#define WB_LAMBDA_REQUEST_MAX      (70 << 20)  /* that in base64, with the other members */
#define WB_LAMBDA_UNPACKED_MAX     262144000LL /* 250 MB */
#define WB_LAMBDA_FILES_MAX        100000
#define WB_LAMBDA_CHUNK            (512 << 10) /* of a package in the store */
#define WB_LAMBDA_ENVIRONMENT_MAX  4096
#define WB_LAMBDA_PAYLOAD_MAX      6291456 /* synchronous request */
#define WB_LAMBDA_ANSWER_MAX       6291556 /* what AWS's error text names */
#define WB_LAMBDA_ASYNC_MAX        (1 << 20)
#define WB_LAMBDA_POLICY_MAX       20480
#define WB_LAMBDA_CONCURRENCY      1000 /* of an account */
#define WB_LAMBDA_CONCURRENCY_LEFT 100  /* that may not be reserved */
#define WB_LAMBDA_INIT_MS          10000
#define WB_LAMBDA_WAIT_MS          5000            /* a synchronous Invoke for capacity */
#define WB_LAMBDA_IDLE_MS          (5 * 60 * 1000) /* an environment without work */
#define WB_LAMBDA_QUANTUM_MS       1000 /* an environment's least time before another function's turn */
#define WB_LAMBDA_SESSION_S        43200            /* credentials of an environment */
#define WB_LAMBDA_SESSION_LEFT_MS  (30 * 60 * 1000) /* recycled when they end sooner */
#define WB_LAMBDA_ASYNC_AGE_MS     (6 * 3600 * 1000LL)
#define WB_LAMBDA_THROTTLE_MS      1000 /* first pause, doubling to ... */
#define WB_LAMBDA_THROTTLE_MAX_MS  (5 * 60 * 1000)
#define WB_LAMBDA_OUTPUT_RATE      (1 << 20)   /* bytes a second read of an environment's output */
#define WB_LAMBDA_OUTPUT_PENDING   (256 << 10) /* gathered and not yet stored */
#define WB_LAMBDA_LINE_MAX         (256 << 10)
#define WB_LAMBDA_FLUSH_BYTES      (64 << 10)
#define WB_LAMBDA_FLUSH_MS         200
#define WB_LAMBDA_TAIL             4096 /* X-Amz-Log-Result */
#define WB_LAMBDA_PAGE_MAX         50   /* functions of one ListFunctions answer (API reference) */

/* Embedded metric format (CloudWatch User Guide) */
#define WB_METRIC_DIMENSIONS_MAX 30

/* Metrics (CloudWatch User Guide, "Metrics retention"; API Reference) */
#define WB_METRIC_SECONDS_MS   (3 * 3600000LL)    /* data finer than a minute is kept */
#define WB_METRIC_MINUTES_MS   (15 * 86400000LL)  /* ... of a minute */
#define WB_METRIC_FIVES_MS     (63 * 86400000LL)  /* ... of 5 minutes */
#define WB_METRIC_HOURS_MS     (455 * 86400000LL) /* ... of an hour */
#define WB_METRIC_POINTS_MAX   100800             /* values of one GetMetricData answer */
#define WB_METRIC_PAST_MS      (14 * 86400000LL)  /* how old new values may be */
#define WB_METRIC_FUTURE_MS    (2 * 3600000LL)
#define WB_METRIC_BLOCK_VALUES 100    /* distinct values of one datum in a block */
#define WB_METRIC_SEEN_MS      600000 /* how exactly a series' last value is known */
#define WB_METRIC_UPKEEP_ROWS  400    /* of one step */
#define WB_EMF_VALUES_MAX      100    /* of one log line */

/* Metric math and GetMetricData (API Reference; CloudWatch quotas, unless said) */
#define WB_MATH_DEPTH_MAX       100     /* guards recursion */
#define WB_MATH_NODES_MAX       2048    /* an expression has at most 2,048 characters */
#define WB_MATH_SERIES_MAX      500     /* of one array */
#define WB_MATH_VALUES_MAX      4000000 /* numbers made for one request */
#define WB_SELECT_METRICS_MAX   10000   /* one Metrics Insights query works on */
#define WB_SELECT_ALARM_METRICS 100     /* ... in an alarm, which the writer evaluates */
#define WB_SELECT_TERMS_MAX     200     /* conditions of its WHERE */
#define WB_METRIC_PERIOD_MAX_S  (365 * 86400)
#define WB_METRIC_DATA_MAX      1000  /* metrics of one PutMetricData */
#define WB_METRIC_PAGE_SAMPLES  20000 /* series on the Prometheus page */
#define WB_METRIC_LIST_PAGE     500
#define WB_METRIC_LIST_ROWS     20000 /* looked at for one page */
#define WB_METRIC_QUERIES_MAX   500
#define WB_METRIC_LIST_MS       (14 * 86400000LL) /* a series without data is listed */
#define WB_METRIC_SEARCH_MAX    1024              /* characters of a search expression */
#define WB_METRIC_SEARCH_ROWS   100000            /* series looked at for it */

/* Regular expressions that users give (codec/regex.h) */
#define WB_REGEX_PATTERN_MAX 4096
#define WB_REGEX_PROGRAM_MAX 4000      /* instructions, repetitions unrolled */
#define WB_REGEX_STEPS_MAX   (1 << 19) /* of one match: less than 5 ms */
#define WB_REGEX_GROUPS_MAX  64        /* that keep what they took, of a pattern for finding */
#define WB_REGEX_FIND_STEPS_MAX                                                                    \
    (1 << 24)                   /* of finding it in one text: about 0.1 s; never in the writer */
#define WB_REGEX_DFA_STATES 256 /* kept while finding; then they are made anew */

/* CloudWatch Logs (quotas; PutLogEvents, GetLogEvents) */
#define WB_LOGS_BATCH_MAX           (1 << 20) /* bytes of one PutLogEvents, 26 added for each event */
#define WB_LOGS_EVENT_EXTRA         26
#define WB_LOGS_EVENTS_MAX          10000
#define WB_LOGS_ANSWER_MAX          (1 << 20) /* bytes of the events of one answer */
#define WB_LOGS_APART               (32 << 10) /* a PutLogEvents from here on is packed in the pool */
#define WB_LOGS_SCAN_BYTES          (16 << 20) /* of lines looked at for one answer */
#define WB_LOGS_PAST_DAYS           14
#define WB_LOGS_FUTURE_MS           (2 * 3600000)
#define WB_LOGS_PAGE                50   /* groups or streams of one answer */
#define WB_LOGS_PATTERN_DEPTH       32   /* brackets within each other */
#define WB_LOGS_METRIC_FILTERS_MAX  100  /* of a group */
#define WB_LOGS_SUBSCRIPTIONS_MAX   2    /* of a group */
#define WB_LOGS_DIMENSIONS_MAX      3    /* of a metric filter */
#define WB_LOGS_DIMENSION_MAX       1024 /* bytes of a dimension's value */
#define WB_LOGS_GROUP_ID_MAX        640  /* "ACCOUNT:GROUP" */
#define WB_LOGS_SUBSCRIPTION_AGE_MS (24LL * 3600 * 1000)

/* Logs Insights (User Guide, "CloudWatch Logs quotas" and "Query syntax") */
#define WB_INSIGHTS_TEXT_MAX        10000 /* characters of a query */
#define WB_INSIGHTS_GROUPS_MAX      50    /* log groups of one query */
#define WB_INSIGHTS_ACTIVE_MAX      100   /* queries of an account in a region, not ended */
#define WB_INSIGHTS_ROWS_MAX        10000 /* of a result; and default */
#define WB_INSIGHTS_TIMEOUT_MS      (60 * 60000LL)
#define WB_INSIGHTS_KEPT_MS         (7 * 86400000LL) /* results */
#define WB_INSIGHTS_FIELDS_MAX      200              /* discovered in one JSON line */
#define WB_INSIGHTS_STATS_MAX       2                /* stats commands of a query */
#define WB_INSIGHTS_COMMANDS_MAX    100              /* and expressions of one command */
#define WB_INSIGHTS_SLOTS_MAX       500         /* fields a query speaks of, between two stats */
#define WB_INSIGHTS_DEPTH_MAX       64          /* expressions within one another */
#define WB_INSIGHTS_NODES_MAX       4096        /* of all expressions of a query */
#define WB_INSIGHTS_MEMORY_MAX      (64 << 20)  /* groups or rows of one query */
#define WB_INSIGHTS_RESULT_MAX      (16 << 20)  /* bytes of a result */
#define WB_INSIGHTS_UNNEST_MAX      10000       /* elements of one list */
#define WB_INSIGHTS_AT_ONCE         2           /* queries that read at a time */
#define WB_INSIGHTS_PAGE_NS         50000000    /* reading in one snapshot */
#define WB_INSIGHTS_CHUNK           (512 << 10) /* of a result, in one row */
#define WB_INSIGHTS_DEFINITIONS_MAX 1000        /* saved queries of an account in a region */
#define WB_INSIGHTS_PAGE            1000        /* queries or definitions of one answer */
#define WB_INSIGHTS_PREFIXES_MAX    5           /* of a SOURCE command */
#define WB_INSIGHTS_SCAN_BYTES      (16 << 20)  /* of lines looked at for the fields of a group */

/* X-Ray (API reference; Developer Guide, "Segment documents" and "Filter expressions"; endpoints
 * and quotas) */
#define WB_XRAY_DOCUMENT_MAX    (64 << 10)
#define WB_XRAY_BATCH_MAX       500         /* documents of one PutTraceSegments */
#define WB_XRAY_ANNOTATIONS_MAX 50          /* of one segment, indexed */
#define WB_XRAY_TRACE_MAX       (500 << 10) /* bytes of a trace's documents that are shown */
#define WB_XRAY_TRACE_ENTITIES  20000       /* segments and subsegments of a trace looked at */
#define WB_XRAY_FUTURE_MS       (10 * 60000)
#define WB_XRAY_WINDOW_MS       (6 * 3600000LL)
#define WB_XRAY_BATCH_TRACES    5
#define WB_XRAY_PAGE            100        /* summaries, groups, rules of one answer */
#define WB_XRAY_PAGE_SCAN       2000       /* traces looked at for one answer */
#define WB_XRAY_PAGE_BYTES      (16 << 20) /* of documents looked at for one answer */
#define WB_XRAY_FILTER_MAX      2000
#define WB_XRAY_FILTER_DEPTH    32
#define WB_XRAY_FILTER_GROUPS   4  /* groups that name groups */
#define WB_XRAY_INSIGHT_FAULTS  5  /* of a service in five minutes, to be an anomaly */
#define WB_XRAY_INSIGHT_PERCENT 10 /* of its requests, at least */
#define WB_XRAY_CAUSES          10 /* root causes of a kind that are shown of a trace */
#define WB_XRAY_CAUSE_DEPTH     64
#define WB_XRAY_POLICIES_MAX    5
#define WB_XRAY_POLICY_MAX      5120 /* bytes of a resource policy */
#define WB_XRAY_HISTOGRAM_MAX   100
#define WB_XRAY_GROUPS_MAX      25
#define WB_XRAY_RULES_MAX       25   /* besides the default */
#define WB_XRAY_INTERVAL_S      10   /* between two reports of a sampling client */
#define WB_XRAY_CLIENTS_MAX     1000 /* that share a reservoir */
/* Systems Manager Parameter Store (User Guide, "Managing parameter tiers", "Requirements and
 * constraints for parameter names"; General Reference, "Systems Manager quotas") */
#define WB_SSM_LEVELS_MAX         15
#define WB_SSM_ARN_MAX            1011 /* characters of a parameter's ARN */
#define WB_SSM_VALUE_MAX          4096 /* standard tier */
#define WB_SSM_VALUE_ADVANCED_MAX 8192
#define WB_SSM_STANDARD_MAX       10000 /* parameters of an account in a region */
#define WB_SSM_ADVANCED_MAX       100000
#define WB_SSM_VERSIONS_MAX       100
#define WB_SSM_LABELS_MAX         10 /* of a version */
#define WB_SSM_POLICIES_MAX       10 /* of a parameter */
#define WB_SSM_PAGE               10 /* parameters of one answer unless said */
#define WB_SSM_HISTORY_PAGE       50
#define WB_SSM_SCAN_ROWS          1000 /* looked at for one answer */
#define WB_SSM_FILTERS_MAX        20   /* of a request; AWS publishes none */
#define WB_SSM_TAG_KEYS_MAX       1000 /* of RemoveTagsFromResource; a TagList's maximum */
#define WB_SSM_DELETE_INLINE      20   /* rows that go with their parameter; more go by a job */

/* KMS (Developer Guide, "Quotas") */
#define WB_KMS_ALIASES_MAX     50 /* of a key */
#define WB_KMS_POLICY_MAX      32768
#define WB_KMS_WINDOW_MIN_DAYS 7  /* of a deletion */
#define WB_KMS_WINDOW_DAYS     30 /* and default */
#define WB_KMS_ROTATION_DAYS   365
#define WB_KMS_ROTATIONS_MAX   25   /* on demand */
#define WB_KMS_CONTEXT_MAX     8192 /* bytes of an encryption context; AWS publishes none */
#define WB_KMS_PAGE            100  /* keys of one answer unless said */
#define WB_KMS_ALIAS_PAGE      50

/* S3 (User Guide: "Bucket restrictions", "Object key and metadata", "Multipart upload limits") */
#define WB_S3_BUCKETS_MAX         10000 /* of an account */
#define WB_S3_KEY_MAX             1024  /* bytes */
#define WB_S3_METADATA_MAX        2048  /* bytes of a user's metadata, names and values */
#define WB_S3_TAGS_MAX            10    /* of an object */
#define WB_S3_TAG_KEY_MAX         128   /* characters */
#define WB_S3_TAG_VALUE_MAX       256
#define WB_S3_OBJECT_MAX          (5LL << 30) /* of one PutObject, one part, one CopyObject */
#define WB_S3_UPLOAD_MAX          (5LL << 40) /* of an object made of parts */
#define WB_S3_PART_MIN            (5 << 20)   /* but for the last */
#define WB_S3_PARTS_MAX           10000
#define WB_S3_PAGE                1000  /* keys, versions, parts or uploads of one answer */
#define WB_S3_DELETE_MAX          1000  /* keys of one DeleteObjects */
#define WB_S3_POLICY_MAX          20480 /* bytes */
#define WB_S3_CORS_RULES_MAX      100
#define WB_S3_LIFECYCLE_RULES_MAX 1000
#define WB_S3_RULE_ID_MAX         255
#define WB_S3_LIFECYCLE_ROWS      200   /* looked at in one command */
#define WB_S3_NOTIFICATIONS_MAX   100   /* of a bucket */
#define WB_POST_FIELDS_MAX        100   /* of a browser's form */
#define WB_POST_FIELDS_BYTES      20480 /* of all but the file */
#define WB_S3_NOTIFY_AGE_MS       (24LL * 3600 * 1000)
#define WB_S3_DROP_ROWS           200 /* parts let go in one command; more go by a job */

/* Console */
#define WB_CONSOLE_SESSION_MS (12 * 3600 * 1000LL)
#define WB_CONSOLE_COOKIE_MAX                                                                      \
    3900 /* browsers keep 4096 bytes of a cookie, its attributes included */

/* CloudWatch alarms and dashboards (User Guide, "CloudWatch service quotas"; API reference) */
#define WB_ALARMS_MAX              5000   /* of an account in a region */
#define WB_ALARM_RANGE_S           86400  /* evaluation periods times period */
#define WB_ALARM_RANGE_LONG_S      604800 /* the same for periods of an hour and more */
#define WB_ALARM_QUERIES_MAX       20     /* metrics and expressions of one alarm */
#define WB_ALARM_METRICS_MAX       10     /* of these, metrics */
#define WB_ALARM_RULE_ELEMENTS_MAX 500
#define WB_ALARM_RULE_DEPTH_MAX    100 /* guards recursion */
#define WB_ALARM_CHILDREN_MAX      100
#define WB_ALARM_PARENTS_MAX       150
#define WB_ALARM_SUPPRESS_MAX_S    86400 /* AWS publishes none */
#define WB_ALARM_HISTORY_DAYS      14
#define WB_ALARM_SUMMARY_MAX       255 /* characters of a history item's summary */
#define WB_ALARM_PAGE              100 /* alarms, or items of history, of one answer */
#define WB_ALARM_SCAN_ROWS         5000
#define WB_ALARM_VALUES_MAX        100000  /* numbers made for one evaluation */
#define WB_ALARM_STEP              100     /* alarms evaluated in one command */
#define WB_ALARM_STEP_NS           2000000 /* after that the rest is for the next command */
#define WB_ALARM_STEP_CHANGES      20      /* of these, that change their state */
#define WB_ALARM_CATCH_UP          60      /* late rounds evaluated one after another */
#define WB_ALARM_EXPIRE_ROWS       200     /* items of history removed in one step */
#define WB_DASHBOARDS_MAX          5000    /* of an account; AWS names none */
#define WB_DASHBOARD_WIDGETS_MAX   500
#define WB_DASHBOARD_METRICS_MAX   500 /* of one widget */
#define WB_DASHBOARD_BODY_MAX      (1 << 20)
#define WB_DASHBOARD_PAGE          1000
#define WB_DASHBOARD_MESSAGES_MAX  100  /* findings told about one body */
#define WB_WIDGET_METRICS_MAX      100  /* of one picture */
#define WB_WIDGET_SIZE_MAX         2000 /* points wide and high */
#define WB_WIDGET_POINTS_MAX       1440 /* periods drawn; more take a longer one */
#define WB_WIDGET_RANGE_MS         (455LL * 24 * 3600000) /* as long as metrics are kept */

/* Signatures */
#define WB_SIGV4_SKEW_MS         (5 * 60 * 1000)
#define WB_SIGV4_EXPIRES_MAX_S   604800      /* X-Amz-Expires: one week */
#define WB_POLICY_BYTES_MAX      (64 * 1024) /* SNS topic policy 30 KiB, Lambda 20 KiB, IAM 10 KiB */
#define WB_POLICY_STATEMENTS_MAX 1000
#define WB_POLICY_INDEX_TEXT     127  /* of an action or resource, that the index looks at */
#define WB_MEMO_SLOTS            32   /* auth/memo.h, a thread and kind */
#define WB_MEMO_TEXT_MAX         8192 /* of a text by which something is remembered */
#define WB_SESSION_TOKEN_MAX     8192 /* base64: principal, names, WB_STS_PACKED_MAX and braces */
#define WB_IAM_USERS_MAX         5000 /* IAM and STS quotas, of an account */
#define WB_IAM_GROUPS_MAX        300
#define WB_IAM_ROLES_MAX         1000
#define WB_IAM_PROFILES_MAX      1000
#define WB_IAM_USER_INLINE_MAX   2048 /* characters of all inline policies, without white space */
#define WB_IAM_GROUP_INLINE_MAX  5120
#define WB_IAM_ROLE_INLINE_MAX   10240
#define WB_IAM_TRUST_MAX         2048 /* the default of "role trust policy length" */
#define WB_IAM_POLICIES_MAX      1500 /* customer managed policies of an account */
#define WB_IAM_VERSIONS_MAX      5    /* of a managed policy */
#define WB_IAM_POLICY_MAX        6144 /* characters of a managed policy, without white space */
#define WB_IAM_ATTACHED_MAX      10   /* managed policies on a user, group or role */
#define WB_IAM_GROUPS_OF_USER    10
#define WB_IAM_KEYS_MAX          2                        /* access keys of a user */
#define WB_IAM_TASK_MS           (7 * 24 * 3600 * 1000LL) /* a deletion task can be asked about */
#define WB_IAM_PAGE              100                      /* items of a page unless MaxItems says */
#define WB_IAM_REPORT_MS         (4 * 3600 * 1000) /* a credential report counts for four hours */
#define WB_STS_ROLE_DEFAULT_S    3600              /* a role's MaxSessionDuration unless said */
#define WB_STS_CHAIN_S           3600 /* longest session that a role's session may ask for */
#define WB_STS_ROOT_S            3600 /* longest session of the root */
#define WB_STS_USER_DEFAULT_S    43200
#define WB_SESSION_POLICIES_MAX  10   /* PolicyArns of AssumeRole */
#define WB_SESSION_POLICY_MAX    2048 /* characters of policies and their ARNs together */
#define WB_SESSION_TAGS_MAX      50
#define WB_STS_PACKED_MAX        3072 /* bytes of policies and tags: 100 % of PackedPolicySize */
#define WB_ACCOUNTS_PAGE_MAX     1000
#define WB_AUDIT_DAYS            90  /* CloudTrail's event history */
#define WB_ACCESS_KEY_MAX        128 /* IAM: accessKeyIdType 16..128 characters */

/* Audit log */
#define WB_AUDIT_FIELD_MAX     (100 * 1024) /* CloudTrail: requestParameters, responseElements */
#define WB_AUDIT_TEXT_MAX      1024         /* CloudTrail: userAgent, errorMessage */
#define WB_AUDIT_RESOURCES_MAX 100          /* named in one record */
#define WB_AUDIT_EXPIRE_ROWS   200          /* of one step */
#define WB_LOOKUP_MAX          50           /* CloudTrail: events of one LookupEvents answer */
#define WB_LOOKUP_ROWS         5000         /* records read for it */
#define WB_LOOKUP_BYTES        (4 << 20)    /* of its records */
#define WB_DENIALS_MAX         8            /* missing permissions told of one call */
#define WB_DENIAL_ASKED_MAX    64           /* values of condition keys told of one of them */
#define WB_KEY_USE_MS          60000        /* how often the last use of access keys is stored */
#define WB_KEY_USE_MAX         4096         /* keys whose use waits for that, per loop */

#endif
