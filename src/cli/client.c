#include "cli/cli.h"

#include "base/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *wb_cli_data = "./data";

/* Lines `export NAME=VALUE` of a file in the data directory, put into the environment. */
static bool import(const char *name)
{
    char path[4096], line[4096];
    snprintf(path, sizeof path, "%s/%s", wb_cli_data, name);
    FILE *f = fopen(path, "r");
    if (!f)
        return false;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = 0;
        char *eq = strchr(line, '=');
        if (strncmp(line, "export ", 7) != 0 || !eq)
            continue;
        *eq = 0;
        setenv(line + 7, eq + 1, 1);
    }
    fclose(f);
    return true;
}

bool wb_cli_environment(void)
{
    const char *url = getenv("AWS_ENDPOINT_URL");
    if (url && *url)
        return true;
    if (!import("credentials") || !import("endpoint"))
        return false;
    unsetenv("AWS_SESSION_TOKEN");
    return true;
}

struct wb_aws *wb_cli_client(const struct wb_aws_options *o)
{
    const char *why;
    struct wb_aws *c = wb_aws_new(o, &why);
    if (!c)
        fprintf(stderr,
                "waybill: %s, and %s holds no server's data; start one with `waybill serve`, or "
                "name its directory with --data\n",
                why, wb_cli_data);
    return c;
}

bool wb_cli_call(struct wb_aws *c, struct wb_arena *a, const char *operation, struct wb_slice input,
                 struct wb_aws_answer *r)
{
    if (wb_aws_json(c, a, "waybill", operation, input, r))
        return true;
    if (r->status == 0)
        fprintf(stderr, "waybill: no server answers: %.*s\n", WB_FMT(r->message));
    else
        fprintf(stderr, "waybill: %.*s: %.*s\n", WB_FMT(r->code), WB_FMT(r->message));
    return false;
}

bool wb_cli_since(const char *text, int64_t now_ms, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"s", 1000}, {"m", 60000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    struct wb_slice s = wb_slice_str(text);
    size_t digits = strspn(text, "0123456789");
    int64_t n;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (wb_slice_is(wb_slice_sub(s, digits, s.n), units[i].name) &&
            wb_slice_i64(wb_slice_sub(s, 0, digits), &n) && n < 1000000) {
            *out = now_ms - n * units[i].ms;
            return true;
        }
    return wb_time_parse_iso(s, out, NULL);
}

/* --- waybill env --- */

static int env_command(int argc, char **argv)
{
    static const char *const file[] = {"credentials", "endpoint"};
    if (argc != 1)
        return WB_WRONG_USAGE;
    for (size_t i = 0; i < 2; i++) {
        char path[4096], line[4096];
        snprintf(path, sizeof path, "%s/%s", wb_cli_data, file[i]);
        FILE *f = fopen(path, "r");
        if (!f) {
            fprintf(stderr, "waybill env: %s: %s; the first `waybill serve --data %s` makes it\n",
                    path, strerror(errno), wb_cli_data);
            return 1;
        }
        while (fgets(line, sizeof line, f))
            fputs(line, stdout);
        fclose(f);
    }
    return 0;
}

const struct wb_app_command wb_cli_env = {
    "env", "print the exports that make AWS clients speak to this server",
    "usage: eval \"$(waybill env [--data DIR])\"\n\n"
    "Prints AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_DEFAULT_REGION and "
    "AWS_ENDPOINT_URL of a data directory.\n"
    "Clients older than 2023 (Debian's aws and boto3) do not read AWS_ENDPOINT_URL: give them "
    "--endpoint-url \"$AWS_ENDPOINT_URL\".\n",
    env_command};
