/*
 * waybill tail: what its kinds share. Each kind shows lines as they come and, after a break, what
 * came meanwhile; a line is shown once.
 */
#ifndef WB_CLI_TAIL_H
#define WB_CLI_TAIL_H

#include "cli/cli.h"

struct tail {
    struct wb_aws *ask; /* for single questions */
    bool json, colour;
    bool away; /* the server did not answer last time */
    bool been; /* it has answered before */
};

enum tail_result {
    TAIL_ON,
    TAIL_AGAIN, /* the server went away: the connection is made again */
    TAIL_FAILED /* with a message: there is no point in going on */
};

/* --- asking and following --- */

/* A question; not TAIL_ON: *r holds no answer. */
enum tail_result tail_ask(struct tail *t, struct wb_arena *a, const char *service,
                          const char *operation, struct wb_slice input, struct wb_aws_answer *r);
/* What a failed call means. */
enum tail_result tail_failure(struct tail *t, const struct wb_aws_answer *r);
void tail_here(struct tail *t); /* the server answers */

struct tail_stream {
    const char *service, *operation;
    struct wb_slice input;
    enum tail_result (*event)(void *arg, struct wb_slice name, struct wb_json payload,
                              struct wb_arena *a);
    void *arg;
};
/* Follows until there is no point in going on: the exit status. */
int tail_follow(struct tail *t, const struct tail_stream *s);
void tail_pause(void);

/* --- what was shown --- */

/* Lines that may come twice, by what they say: from a stream and from what is read after a break.
 * Lines are committed in the order of their times of arrival. */
struct tail_seen;
struct tail_seen *tail_seen_new(void);
void tail_seen_free(struct tail_seen *s);
/* A line arrived at `ms`. True: it has not been shown yet, and is from now on. */
bool tail_seen_live(struct tail_seen *s, struct wb_slice key, int64_t ms);
void tail_seen_reread(struct tail_seen *s); /* lines are read again, from the first */
bool tail_seen_read(struct tail_seen *s, struct wb_slice key, int64_t ms);
/* All that arrived before is shown, and will not be read again. */
void tail_seen_forget(struct tail_seen *s, int64_t before_ms);

/* --- printing --- */

enum tail_colour { TAIL_PLAIN, TAIL_DIM, TAIL_RED, TAIL_GREEN, TAIL_YELLOW, TAIL_CYAN };
void tail_time(const struct tail *t, int64_t ms);
/* Text on one line; what a terminal would obey is shown as an escape. */
void tail_text(const struct tail *t, enum tail_colour c, struct wb_slice text);
void tail_json(const struct tail *t, struct wb_slice raw); /* on one line */
bool tail_end_line(void);                                  /* false: nobody reads any more */

int tail_events(struct tail *t, const char *bus, const char *pattern);
int tail_logs(struct tail *t, char **group, size_t groups, const char *filter, const char *stream,
              int64_t since_ms); /* since_ms < 0: from now on */
int tail_alarms(struct tail *t);

#endif
