/* One engine in one thread with EventBridge and a service of scripted targets, for tests. */
#ifndef WB_TEST_EVENTS_WORLD_H
#define WB_TEST_EVENTS_WORLD_H

#include "engine/internal.h"
#include "services/events/events.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START_MS 1795348800000 /* 2026-11-22T12:00:00Z */
#define ACCOUNT  "123456789012"
#define GOT_ROW  0xfff0 /* test table: what targets took, in the store like the rest */

/* What a target answers; the test sets it. */
struct script {
    enum wb_outcome_kind kind;
    const char *code;
    unsigned calls;
};

struct world {
    struct wb_seam_sim seam;
    struct wb_store *store;
    struct wb_keyring *keyring;
    struct wb_engine *engine;
    struct wb_config config;
    struct wb_arena arena;
    char dir[64];
};
extern struct world w;
extern struct script lambda_script, sns_script, sqs_script;

void world_open(void);
void world_close(void);
void world_restart(void); /* all memory goes, the store stays */
/* Steps until nothing is left to do now. */
void world_settle(void);
void world_advance(int64_t ms); /* moves the clocks, then settles */

/* An operation in a command; the answer's JSON or, after an error, "Code: message". */
struct wb_slice call(const char *operation, const char *input);
/* The same, and it must succeed (the answer is checked only when `want` is given) or fail so. */
void ok(const char *operation, const char *input, const char *want);
void err(const char *operation, const char *input, const char *want);

size_t rows_in(uint16_t table);
/* Deliveries that targets took, one a line: "service arn payload". */
struct wb_slice taken(void);
bool dead_row(struct wb_slice *code, struct wb_slice *payload); /* the first one */
/* Sum of a metric over all minutes; series "Name|Dim=Value|Dim=Value" */
double metric(const char *series);

#endif
