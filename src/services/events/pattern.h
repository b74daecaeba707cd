/*
 * Event patterns, compiled: parsed once, then immutable.
 *
 * A pattern becomes sub-rules (more than one only with "$or"); a sub-rule matches when each of its
 * fields does; a field is a path (names joined with dots) with tests of which one has to hold for
 * one of the values at that path, or the path has no value and one test says so. Values taken for
 * different fields must not lie in different elements of one array.
 * (aws/event-ruler; EventBridge User Guide, "Comparison operators for use in event patterns")
 */
#ifndef WB_EVENTS_PATTERN_H
#define WB_EVENTS_PATTERN_H

#include "services/events/value.h"

enum wb_test_kind {
    WB_TEST_STRING,  /* text */
    WB_TEST_LITERAL, /* text of a number, true, false or null */
    WB_TEST_NUMBER,  /* lo */
    WB_TEST_RANGE,   /* lo, hi */
    WB_TEST_IP,      /* ip_lo .. ip_hi */
    WB_TEST_PREFIX,
    WB_TEST_SUFFIX,
    WB_TEST_FOLD, /* equals-ignore-case */
    WB_TEST_FOLD_PREFIX,
    WB_TEST_FOLD_SUFFIX,
    WB_TEST_WILD, /* text with WB_WILD_STAR */
    WB_TEST_EXISTS,
    WB_TEST_ABSENT,
    WB_TEST_NOT_STRING, /* list */
    WB_TEST_NOT_NUMBER, /* number list */
    WB_TEST_NOT_PREFIX,
    WB_TEST_NOT_SUFFIX,
    WB_TEST_NOT_FOLD,
    WB_TEST_NOT_WILD,
};

struct wb_test {
    enum wb_test_kind kind;
    struct wb_slice text;
    double lo, hi;
    bool lo_open, hi_open;
    struct wb_ip ip_lo, ip_hi;
    const struct wb_slice *list;
    const double *numbers;
    uint32_t list_count;
};

struct wb_field {
    struct wb_slice path;
    const struct wb_test *test;
    uint32_t test_count;
};

struct wb_subrule {
    struct wb_field *field;
    uint32_t field_count;
};

struct wb_pattern {
    struct wb_arena arena; /* owns everything below */
    struct wb_subrule *sub;
    uint32_t sub_count;
    bool wildcard;       /* counts against the bus's quota of rules with wildcards */
    unsigned complexity; /* pattern positions one value can hold open at once */
};

/* NULL with *why = what comes after "Event pattern is not valid. Reason: ", in `a`. */
struct wb_pattern *wb_pattern_compile(struct wb_slice text, struct wb_arena *a,
                                      struct wb_slice *why);
void wb_pattern_free(struct wb_pattern *p); /* accepts NULL */

/* A leaf value of an event, and what was learned of it. */
struct wb_leaf {
    struct wb_slice text; /* of a string: unescaped, without quotes; else as written */
    double number;
    struct wb_ip ip;
    bool string;
    bool number_known, number_exact;
    bool ip_known, ip_valid;
    uint32_t path, next; /* private to the matcher */
    uint32_t member;     /* innermost array element that it lies in, 0 = none */
};
/* Does one test hold for one value? ABSENT never does. */
bool wb_test_holds(const struct wb_test *t, struct wb_leaf *v);
/* A number (not a string) that compares as one; see wb_number_exact. */
bool wb_leaf_number(struct wb_leaf *v, double *out);
/* A string that is an address. */
bool wb_leaf_ip(struct wb_leaf *v);

#endif
