/*
 * waybill: one file a sub-command, one row here; applications add theirs in one table of their own.
 */
#include "cli/cli.h"
#include "cli/config.h"

#include <stdio.h>
#include <stdlib.h>

static int serve_command(int argc, char **argv)
{
    struct wb_arena a;
    struct wb_serve s;
    wb_arena_init(&a, 0);
    int rc = wb_config_read(argc, argv, &a, &s);
    if (rc == 0)
        rc = wb_serve(&s);
    wb_arena_release(&a);
    return rc;
}

static const struct wb_app_command serve = {"serve", "run the server", wb_config_usage,
                                            serve_command};

static const struct wb_app_command *const own[] = {
    &serve,        &wb_cli_env,    &wb_cli_deploy,  &wb_cli_confirm, &wb_cli_status,
    &wb_cli_dead,  &wb_cli_backup, &wb_cli_restore, &wb_cli_check,   &wb_cli_account,
    &wb_cli_audit, &wb_cli_why,    &wb_cli_tail};
#define OWN (sizeof own / sizeof *own)

static const struct wb_app_command *find(const char *name)
{
    for (size_t i = 0; i < OWN; i++)
        if (strcmp(own[i]->name, name) == 0)
            return own[i];
    for (const struct wb_app_command *c = wb_app_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int overview(FILE *out, int rc)
{
    fprintf(out, "usage: waybill [--data DIR] COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < OWN; i++)
        fprintf(out, "  %-10s %s\n", own[i]->name, own[i]->summary);
    fprintf(out, "\n");
    for (const struct wb_app_command *c = wb_app_commands; c->name; c++)
        fprintf(out, "  %-10s %s\n", c->name, c->summary);
    fprintf(out,
            "\n`waybill COMMAND --help` says more. Commands find the server through "
            "AWS_ENDPOINT_URL and credentials in the\n"
            "environment, or else through the data directory (--data, WAYBILL_DATA, ./data).\n");
    return rc;
}

/* Takes `--data DIR` out of the arguments of a client command, wherever it stands. False when its
 * value is missing. */
static bool take_data(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        bool joined = strncmp(argv[i], "--data=", 7) == 0;
        if (!joined && strcmp(argv[i], "--data") != 0)
            continue;
        if (!joined && i + 1 == *argc)
            return false;
        wb_cli_data = joined ? argv[i] + 7 : argv[i + 1];
        int used = joined ? 1 : 2;
        memmove(&argv[i], &argv[i + used], sizeof *argv * (size_t)(*argc - i - used + 1));
        *argc -= used;
        i--;
    }
    return true;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc > 1 &&
        strcmp(argv[1], "sandbox-helper") == 0) /* the server's own start of a function */
        return wb_sandbox_helper_main();
    if (argc > 1 && strcmp(argv[1], "serve") == 0) {
        if (wants_help(argc, argv)) {
            fputs(wb_config_usage, stdout);
            return 0;
        }
        return serve.run(argc - 1, argv + 1);
    }
    const char *dir = getenv("WAYBILL_DATA");
    if (dir && *dir)
        wb_cli_data = dir;
    if (!take_data(&argc, argv)) {
        fprintf(stderr, "waybill: --data needs a directory\n");
        return 2;
    }
    if (argc < 2)
        return overview(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return overview(stdout, 0);
    if (strcmp(argv[1], "--version") == 0) {
        printf("waybill %s\n", WB_VERSION);
        return 0;
    }
    const struct wb_app_command *c = find(argv[1]);
    if (!c) {
        fprintf(stderr, "waybill: there is no command %s; `waybill --help` lists them\n", argv[1]);
        return 2;
    }
    if (wants_help(argc, argv)) {
        fputs(c->usage, stdout);
        return 0;
    }
    wb_cli_environment();
    char title[64];
    snprintf(title, sizeof title, "waybill %s", c->name);
    argv[1] = title;
    int rc = c->run(argc - 1, argv + 1);
    if (rc == WB_WRONG_USAGE) {
        const char *end = strstr(c->usage, "\n\n");
        fprintf(stderr, "%.*s\n`%s --help` says more.\n",
                (int)(end ? end - c->usage : (ptrdiff_t)strlen(c->usage)), c->usage, title);
    }
    return rc;
}
