/*
 * A Lambda runtime for functions in C: the client of the Runtime API
 * (Lambda Developer Guide, "Using the Lambda runtime API"). A program built with it is the
 * `bootstrap` of a package for provided.al2023.
 *
 *   static bool handle(void *user, const struct wb_invocation *in, struct wb_reply *out) { ... }
 *   int main(void) { return wb_lambda_run(handle, NULL); }
 */
#ifndef WAYBILL_LAMBDA_H
#define WAYBILL_LAMBDA_H

#include "base/arena.h"
#include "base/buf.h"

struct wb_invocation {
    struct wb_arena *arena; /* for this invocation only */
    struct wb_slice event;  /* JSON */
    struct wb_slice request_id, function_arn, trace_id;
    int64_t deadline_ms; /* epoch */
};

struct wb_reply {
    struct wb_slice body;       /* JSON; null = "null" */
    struct wb_slice error_type; /* when the handler returns false: errorType and errorMessage of the
                                   function error */
    struct wb_slice error_message;
};

/* True: success with out->body. False: a function error, which Lambda retries for asynchronous
 * events. */
typedef bool wb_lambda_handler(void *user, const struct wb_invocation *in, struct wb_reply *out);

/* Serves invocations until the environment ends. Returns an exit status; 1 when
 * AWS_LAMBDA_RUNTIME_API is missing or gone. */
int wb_lambda_run(wb_lambda_handler *handle, void *user);
/* Reports a failed start to the Runtime API (init/error); returns 1 for main. */
int wb_lambda_init_error(const char *type, const char *message);
/* One line to the function's log: stdout, one write(2). */
void wb_lambda_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
