/*
 * What the sub-commands share. All but serve, check and restore speak to the server's API.
 */
#ifndef WB_CLI_CLI_H
#define WB_CLI_CLI_H

#include "apps.h"
#include "waybill/aws.h"

/* The data directory named by --data before or after the command, WAYBILL_DATA, or ./data. */
extern const char *wb_cli_data;

/*
 * Makes the environment name a server: with AWS_ENDPOINT_URL set it is left alone; else end point
 * and root credentials come from the data directory. (Credentials for another cloud that happen to
 * be set are then not used.) False, with nothing printed, when there is no such directory or no
 * server has run in it.
 */
bool wb_cli_environment(void);
/* A signing client for the server's own operations, or NULL with a message. o may be NULL. */
struct wb_aws *wb_cli_client(const struct wb_aws_options *o);
/* Calls an operation of the `waybill` service; false with a message. */
bool wb_cli_call(struct wb_aws *c, struct wb_arena *a, const char *operation, struct wb_slice input,
                 struct wb_aws_answer *r);

/* "2h", "30min", "7d" ago, or a time. */
bool wb_cli_since(const char *text, int64_t now_ms, int64_t *out);

extern const struct wb_app_command wb_cli_env, wb_cli_status, wb_cli_dead, wb_cli_backup,
    wb_cli_restore, wb_cli_check, wb_cli_account, wb_cli_audit, wb_cli_why, wb_cli_deploy,
    wb_cli_confirm, wb_cli_tail;

#endif
