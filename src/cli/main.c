/*
 * waybill: one file per sub-command, one row here.
 */
#include "cli/serve.h"
#include "services/modules.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct command {
    const char *name;
    const char *summary;               /* NULL: not for people */
    int (*run)(int argc, char **argv); /* argv[0] = the command's name */
};

static const char *value_of(int argc, char **argv, int *i)
{
    if (*i + 1 < argc)
        return argv[++*i];
    fprintf(stderr, "waybill: %s needs a value\n", argv[*i]);
    exit(2);
}

static bool on_off(const char *option, const char *value)
{
    if (strcmp(value, "on") == 0)
        return true;
    if (strcmp(value, "off") == 0)
        return false;
    fprintf(stderr, "waybill: %s is on or off\n", option);
    exit(2);
}

static int serve(int argc, char **argv)
{
    static char program[4096], host[256];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n < 0 ? 0 : n] = 0;
    struct wb_serve s = {
        .config = {.data_dir = "./data", .auth = true, .sandbox = true, .program = program},
        .host = "127.0.0.1",
        .port = 4566,
        .modules = wb_modules};
    struct wb_config *c = &s.config;
    for (int i = 1; i < argc; i++) {
        const char *o = argv[i];
        if (!strcmp(o, "--data"))
            c->data_dir = value_of(argc, argv, &i);
        else if (!strcmp(o, "--listen"))
            snprintf(host, sizeof host, "%s", value_of(argc, argv, &i));
        else if (!strcmp(o, "--auth"))
            c->auth = on_off(o, value_of(argc, argv, &i));
        else if (!strcmp(o, "--sandbox"))
            c->sandbox = on_off(o, value_of(argc, argv, &i));
        else if (!strcmp(o, "--public-url"))
            c->public_url = value_of(argc, argv, &i);
        else if (!strcmp(o, "--region"))
            c->region = value_of(argc, argv, &i);
        else if (!strcmp(o, "--account"))
            c->account = value_of(argc, argv, &i);
        else if (!strcmp(o, "--mail-from"))
            c->mail_from = value_of(argc, argv, &i);
        else if (!strcmp(o, "--tls-cert"))
            s.tls_cert = value_of(argc, argv, &i);
        else if (!strcmp(o, "--tls-key"))
            s.tls_key = value_of(argc, argv, &i);
        else if (!strcmp(o, "--test-clock"))
            c->test_clock = true;
        else {
            fprintf(stderr, "waybill serve: unknown option %s\n", o);
            return 2;
        }
    }
    char *colon = strrchr(host, ':');
    if (host[0] && !colon) {
        fprintf(stderr, "waybill serve: --listen HOST:PORT\n");
        return 2;
    }
    if (colon) {
        *colon = 0;
        s.host = host;
        s.port = (int)strtol(colon + 1, NULL, 10);
    }
    return wb_serve(&s);
}

static int sandbox_helper(int argc, char **argv)
{
    return wb_sandbox_helper_main();
}

static const struct command commands[] = {
    {"serve", "run the server", serve},
    {"sandbox-helper", NULL, sandbox_helper},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
    FILE *out = help ? stdout : stderr;
    fprintf(out, "usage: waybill COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].summary)
            fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    return help ? 0 : 2;
}
