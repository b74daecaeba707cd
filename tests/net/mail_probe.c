/*
 * Sends mails with the SMTP client and prints what became of each, for smtp_test.py.
 *
 *   mail_probe URL FROM TO COUNT [--user U --password P] [--require-tls] [--ca FILE]
 *              [--timeout MS]   < message
 *
 * One line a mail: "RESULT CODE WHY". The mails go out one after another.
 */
#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const results[] = {"ok",   "connect",  "timeout",  "tls",
                                      "auth", "protocol", "cancelled"};

struct probe {
    struct wb_loop *loop;
    struct wb_client *client;
    struct wb_smtp_call call;
    int left;
};

static void done(struct wb_smtp_call *c, enum wb_net_result r, int code, const char *why)
{
    struct probe *p = c->user;
    printf("%s %d %s\n", results[r], code, why);
    fflush(stdout);
    if (--p->left)
        wb_client_smtp(p->client, c);
    else
        wb_loop_stop(p->loop);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    static char message[1 << 20];
    size_t n = 0;
    ssize_t r;
    while ((r = read(0, message + n, sizeof(message) - n)) > 0)
        n += (size_t)r;
    struct wb_smtp_relay relay = {.url = argv[1]};
    struct probe p = {.left = (int)strtol(argv[4], NULL, 10)};
    p.call = (struct wb_smtp_call){.relay = &relay,
                                   .from = argv[2],
                                   .to = argv[3],
                                   .message = {message, n},
                                   .timeout_ms = 30000,
                                   .user = &p,
                                   .done = done};
    for (int i = 5; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--require-tls") == 0)
            relay.require_tls = true;
        else if (strcmp(argv[i], "--user") == 0)
            relay.user = value, i++;
        else if (strcmp(argv[i], "--password") == 0)
            relay.password = value, i++;
        else if (strcmp(argv[i], "--ca") == 0)
            relay.ca_file = value, i++;
        else if (strcmp(argv[i], "--timeout") == 0)
            p.call.timeout_ms = strtol(value, NULL, 10), i++;
        else
            return 2;
    }
    p.loop = wb_loop_new();
    p.client = wb_client_new(p.loop);
    wb_client_smtp(p.client, &p.call);
    wb_loop_run(p.loop);
    wb_client_free(p.client);
    wb_loop_free(p.loop);
    return 0;
}
