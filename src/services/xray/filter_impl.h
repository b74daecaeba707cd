/* What the two files of the filter expressions share. */
#ifndef WB_XRAY_FILTER_IMPL_H
#define WB_XRAY_FILTER_IMPL_H

#include "services/xray/cause.h"
#include "services/xray/filter.h"

enum xray_op { OP_NONE, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_CONTAINS, OP_BEGINS, OP_ENDS };

enum xray_keyword {
    /* boolean */
    KEY_OK,
    KEY_ERROR,
    KEY_THROTTLE,
    KEY_FAULT,
    KEY_PARTIAL,
    KEY_INFERRED,
    KEY_REMOTE,
    KEY_ROOT,
    KEY_FIRST, /* of root causes */
    KEY_LAST,
    /* number */
    KEY_RESPONSE_TIME,
    KEY_DURATION,
    KEY_STATUS,
    KEY_INDEX, /* of root causes */
    KEY_COVERAGE,
    /* string */
    KEY_URL,
    KEY_METHOD,
    KEY_USER_AGENT,
    KEY_CLIENT_IP,
    KEY_USER,
    KEY_NAME,
    KEY_TYPE,
    KEY_MESSAGE,
    KEY_ZONE,
    KEY_INSTANCE,
    KEY_ARN,
    /* any of them */
    KEY_ANNOTATION,
};
#define KEY_FIRST_NUMBER KEY_RESPONSE_TIME
#define KEY_FIRST_STRING KEY_URL

struct xray_value {
    enum { VALUE_BOOL, VALUE_NUMBER, VALUE_STRING } kind;
    bool truth;
    double number;
    struct wb_slice text;
};

struct xray_selector { /* of a service; null slices: any */
    struct wb_slice name, type, account;
};

enum xray_node_kind {
    NODE_ALL,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
    NODE_TEST,
    NODE_SERVICE,
    NODE_EDGE,
    NODE_CAUSE,
    NODE_CAUSE_JSON,
};
enum xray_cause_part { PART_SERVICE, PART_ENTITY, PART_EXCEPTION };
struct xray_filter {
    enum xray_node_kind kind;
    struct xray_filter *left, *right; /* left: also what is negated, and what stands in braces */
    enum xray_keyword keyword;
    struct wb_slice annotation; /* its key */
    enum xray_op op; /* OP_NONE: whether there is one; of a boolean: whether it is true */
    struct xray_value value;
    struct xray_selector from, to; /* a service is `to` */
    enum xray_cause_kind cause;
    enum xray_cause_part part;
    struct wb_json json;
};

#endif
