/*
 * What applications add to the command line: one table, filled at build time. The platform knows no
 * more of them. Commands find server and credentials in the environment (AWS_ENDPOINT_URL,
 * AWS_ACCESS_KEY_ID, ...); `waybill` sets them from the data directory when they are missing.
 */
#ifndef WAYBILL_APPS_H
#define WAYBILL_APPS_H

#define WB_WRONG_USAGE 2 /* exit status; the caller of run then prints the synopsis */

struct wb_app_command {
    const char *name;    /* "send" */
    const char *summary; /* one line for `waybill --help` */
    const char *usage;   /* the whole text of `waybill NAME --help` */
    /* argv[0] = "waybill NAME"; returns the exit status: 0, 1 = failed, WB_WRONG_USAGE. */
    int (*run)(int argc, char **argv);
};

extern const struct wb_app_command wb_app_commands[]; /* ends with a row without name */

#endif
