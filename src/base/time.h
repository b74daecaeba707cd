/*
 * Time is an int64 of milliseconds since 1970-01-01 UTC. It is formatted per service at the edge.
 */
#ifndef WB_BASE_TIME_H
#define WB_BASE_TIME_H

#include "base/arena.h"

enum wb_time_format {
    WB_TIME_ISO_S,   /* 2026-11-22T12:00:00Z            (EventBridge, IAM, CloudFormation) */
    WB_TIME_ISO_MS,  /* 2026-11-22T12:00:00.123Z        (SNS, CloudWatch) */
    WB_TIME_ISO_OFF, /* 2026-11-22T12:00:00.123+0000    (Lambda LastModified) */
    WB_TIME_EPOCH_S, /* 1795348800                      */
    WB_TIME_EPOCH_F, /* 1795348800.123                  (JSON protocols) */
    WB_TIME_BASIC,   /* 20261122T120000Z                (SigV4) */
    WB_TIME_DATE,    /* 20261122                        (SigV4 scope) */
    WB_TIME_HTTP,    /* Sun, 22 Nov 2026 12:00:00 GMT   (RFC 9110) */
    WB_TIME_SLASH,   /* 2026/11/22                      (Lambda log streams) */
};
#define WB_TIME_MAX 40 /* room for any format with its NUL */

/* Writes into out and returns the length. Years 0000 to 9999. */
size_t wb_time_format(char out[WB_TIME_MAX], int64_t ms, enum wb_time_format f);
struct wb_slice wb_time_str(struct wb_arena *a, int64_t ms, enum wb_time_format f);

/* RFC 3339 date-time (T or blank, 0-9 fraction digits, cut to ms, Z or +hh:mm; also +hhmm). False
 * when malformed or impossible (day 30 February). *has_zone (may be NULL) tells whether a zone was
 * given; without one UTC is assumed. */
bool wb_time_parse_iso(struct wb_slice s, int64_t *ms, bool *has_zone);
bool wb_time_parse_basic(struct wb_slice s, int64_t *ms); /* 20261122T120000Z only */
bool wb_time_parse_http(struct wb_slice s, int64_t *ms);  /* IMF-fixdate only */
/* Proleptic Gregorian calendar. */
int64_t wb_days_from_civil(int64_t y, unsigned m, unsigned d);
void wb_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d);

#endif
