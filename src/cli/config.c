/*
 * One table of settings: an option --NAME VALUE of the command line is a line `NAME = VALUE` of the
 * file.
 */
#include "cli/config.h"
#include "codec/text.h"
#include "services/modules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMTP_PASSWORD_ENV "WAYBILL_SMTP_PASSWORD"
#define OTLP_HEADERS_ENV  "OTEL_EXPORTER_OTLP_HEADERS"
#define OTLP_PATH         "/v1/traces"
#define PORT_DEFAULT      4566

struct settings {
    const char *data, *listen, *auth, *sandbox, *smtp, *mail_from, *public_url, *region, *account,
        *tls_cert, *tls_key, *key_file, *smtp_user, *smtp_password_file, *smtp_tls, *smtp_ca,
        *test_clock, *disk_reserve, *audit_data, *metrics, *node, *otlp, *otlp_ca, *otlp_queue,
        *xray_daemon;
};

static const struct setting {
    const char *name;
    size_t offset;
    bool flag; /* stands alone on the command line */
} settings[] = {
#define SETTING(name, field)                                                                       \
    {                                                                                              \
        name, offsetof(struct settings, field), false                                              \
    }
    SETTING("data", data),
    SETTING("listen", listen),
    SETTING("auth", auth),
    SETTING("sandbox", sandbox),
    SETTING("smtp", smtp),
    SETTING("mail-from", mail_from),
    SETTING("public-url", public_url),
    SETTING("region", region),
    SETTING("account", account),
    SETTING("tls-cert", tls_cert),
    SETTING("tls-key", tls_key),
    SETTING("key-file", key_file),
    SETTING("smtp-user", smtp_user),
    SETTING("smtp-password-file", smtp_password_file),
    SETTING("smtp-tls", smtp_tls),
    SETTING("smtp-ca", smtp_ca),
    SETTING("disk-reserve", disk_reserve),
    SETTING("audit-data", audit_data),
    SETTING("metrics", metrics),
    SETTING("node", node),
    SETTING("xray-daemon", xray_daemon),
    SETTING("otlp", otlp),
    SETTING("otlp-ca", otlp_ca),
    SETTING("otlp-queue", otlp_queue),
    {"test-clock", offsetof(struct settings, test_clock), true},
#undef SETTING
};
#define SETTINGS (sizeof settings / sizeof *settings)

const char wb_config_usage[] =
    "usage: waybill serve [OPTION...]\n\n"
    "  --data DIR            where everything is kept (./data)\n"
    "  --listen HOST:PORT    address to listen on (127.0.0.1:4566); port 0 = any free one\n"
    "  --public-url URL      how clients reach this server; in every link, queue URL and "
    "certificate URL\n"
    "  --region R            region of a new data directory (us-east-1)\n"
    "  --account ID          account of a new data directory, 12 digits (000000000000)\n"
    "  --auth on|off         check signatures and permissions (on)\n"
    "  --sandbox on|off      confine functions (on)\n"
    "  --node FILE           the node that runs functions of runtime nodejs* (/usr/bin/node)\n"
    "  --smtp URL            mail relay: smtp://HOST:PORT or smtps://HOST:PORT; without one mails "
    "are files in DIR/outbox\n"
    "  --smtp-user NAME      log-in at the relay; the password comes from WAYBILL_SMTP_PASSWORD or "
    "from\n"
    "  --smtp-password-file F  a file of mode 0600\n"
    "  --smtp-tls on|off     send only over TLS (off: STARTTLS when the relay offers it)\n"
    "  --smtp-ca FILE        certificates to trust for the relay (the system's)\n"
    "  --mail-from ADDRESS   sender of mails (waybill@localhost)\n"
    "  --tls-cert F --tls-key F   serve HTTPS with these PEM files\n"
    "  --key-file F          master key outside the data directory\n"
    "  --disk-reserve MB     refuse new data when less is free (512)\n"
    "  --audit-data on|off   record data events that write in the audit log, too (off)\n"
    "  --metrics on|off      measure what the services do (on)\n"
    "  --xray-daemon HOST:PORT  take segments there as the X-Ray daemon does, unsigned (off; the "
    "SDKs look at 127.0.0.1:2000)\n"
    "  --otlp URL            also send traces to an OpenTelemetry collector: URL/v1/traces; "
    "headers "
    "come from\n"
    "                        OTEL_EXPORTER_OTLP_HEADERS\n"
    "  --otlp-ca FILE        certificates to trust for the collector (the system's)\n"
    "  --otlp-queue N        segments that may wait for the collector (100000)\n"
    "  --test-clock          let POST /_waybill/clock move the engine's time; for tests only\n"
    "  --config FILE         lines NAME = VALUE with the names above; the command line wins; # "
    "begins a comment\n";

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "waybill serve: %s%s%s\nTry `waybill serve --help`.\n", what, value ? ": " : "",
            value ? value : "");
    return 2;
}

static const char **place(struct settings *s, const char *name, size_t len, bool *flag)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strlen(settings[i].name) == len && memcmp(settings[i].name, name, len) == 0) {
            *flag = settings[i].flag;
            return (const char **)(void *)((char *)s + settings[i].offset);
        }
    return NULL;
}

static int read_arguments(int argc, char **argv, struct wb_arena *a, struct settings *s,
                          const char **file)
{
    for (int i = 1; i < argc; i++) {
        const char *o = argv[i];
        bool flag = false;
        if (strncmp(o, "--", 2) != 0)
            return usage_error("not an option", o);
        const char *name = o + 2, *eq = strchr(name, '=');
        size_t len = eq ? (size_t)(eq - name) : strlen(name);
        const char **at =
            len == 6 && strncmp(name, "config", 6) == 0 ? file : place(s, name, len, &flag);
        if (!at)
            return usage_error("unknown option", o);
        if (flag) {
            *at = "on";
            continue;
        }
        if (!eq && i + 1 == argc)
            return usage_error("a value is missing after", o);
        *at = eq ? eq + 1 : argv[++i];
        if (!**at)
            return usage_error("the value is empty", o);
    }
    return 0;
}

static int read_file(const char *path, struct wb_arena *a, struct settings *s)
{
    FILE *f = fopen(path, "r");
    char line[4096];
    int number = 0;
    if (!f) {
        fprintf(stderr, "waybill serve: %s: %s\n", path, strerror(errno));
        return 1;
    }
    int rc = 0;
    while (rc == 0 && fgets(line, sizeof line, f)) {
        number++;
        struct wb_slice value = wb_slice_str(line);
        value = wb_slice_trim(wb_slice_sub(value, 0, strcspn(line, "#\r\n")));
        if (value.n == 0)
            continue;
        struct wb_slice name = wb_slice_trim(wb_slice_cut(&value, '='));
        bool flag;
        const char **at = place(s, name.p, name.n, &flag);
        if (!at || !value.p) {
            fprintf(stderr, "waybill serve: %s, line %d: %s\n", path, number,
                    at ? "NAME = VALUE is expected" : "there is no such setting");
            rc = 1;
        } else {
            *at = wb_dup_cstr(a, wb_slice_trim(value));
        }
    }
    fclose(f);
    return rc;
}

static bool on_off(const char *value, bool otherwise, bool *bad)
{
    if (!value)
        return otherwise;
    bool on = strcmp(value, "on") == 0;
    *bad |= !on && strcmp(value, "off") != 0;
    return on;
}

/* "127.0.0.1:4566", "[::1]:4566", "localhost:0" */
static bool split_listen(const char *text, struct wb_arena *a, const char **host, int *port)
{
    const char *colon = strrchr(text, ':');
    int64_t n;
    if (!colon || colon == text || !wb_slice_i64(wb_slice_str(colon + 1), &n) || n < 0 || n > 65535)
        return false;
    struct wb_slice h = wb_slice(text, (size_t)(colon - text));
    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = wb_slice_sub(h, 1, h.n - 1);
    *host = wb_dup_cstr(a, h);
    *port = (int)n;
    return true;
}

/* A port nobody has now, so that links and function environments can name it before the server
 * listens; 0 = none. */
static int free_port(const char *host)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM},
                    *found;
    if (getaddrinfo(host, "0", &hints, &found) != 0)
        return 0;
    int port = 0, fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    if (fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
        getsockname(fd, (struct sockaddr *)&at, &len) == 0)
        port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                              : ((struct sockaddr_in *)&at)->sin_port);
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return port;
}

/* The URL people and clients on this machine can use for the listening address. */
static const char *own_url(struct wb_arena *a, const struct wb_serve *s)
{
    const char *host = s->host;
    if (strcmp(host, "0.0.0.0") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    bool six = strchr(host, ':') != NULL;
    return wb_printf(a, "%s://%s%s%s:%d", s->tls_cert ? "https" : "http", six ? "[" : "", host,
                     six ? "]" : "", s->port)
        .p;
}

static bool account_ok(const char *s)
{
    return strlen(s) == 12 && strspn(s, "0123456789") == 12;
}

static bool region_ok(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return n > 0 && s[n] == 0;
}

static bool url_ok(const char *s, const char *scheme1, const char *scheme2)
{
    struct wb_slice u = wb_slice_str(s);
    return (wb_slice_starts(u, wb_slice_str(scheme1)) ||
            wb_slice_starts(u, wb_slice_str(scheme2))) &&
           strcspn(s, " \"<>") == u.n;
}

/* The password of the relay: never on the command line. */
static int smtp_password(const struct settings *t, struct wb_arena *a, const char **out)
{
    *out = getenv(SMTP_PASSWORD_ENV);
    if (!t->smtp_password_file)
        return 0;
    struct stat st;
    char text[1024];
    FILE *f = fopen(t->smtp_password_file, "r");
    if (!f || fstat(fileno(f), &st) < 0 || !fgets(text, sizeof text, f)) {
        fprintf(stderr, "waybill serve: %s: %s\n", t->smtp_password_file,
                errno ? strerror(errno) : "it is empty");
        if (f)
            fclose(f);
        return 1;
    }
    fclose(f);
    if (st.st_mode & 077) {
        fprintf(stderr, "waybill serve: %s can be read by others; do: chmod 600 %s\n",
                t->smtp_password_file, t->smtp_password_file);
        return 1;
    }
    text[strcspn(text, "\r\n")] = 0;
    *out = wb_dup_cstr(a, wb_slice_str(text));
    return 0;
}

static int mail_settings(const struct settings *t, struct wb_arena *a, struct wb_config *c,
                         bool *bad)
{
    c->mail_from = t->mail_from ? t->mail_from : "waybill@localhost";
    c->smtp = (struct wb_smtp_relay){.url = t->smtp, .user = t->smtp_user, .ca_file = t->smtp_ca};
    c->smtp.require_tls = on_off(t->smtp_tls, false, bad);
    if (t->smtp && !url_ok(t->smtp, "smtp://", "smtps://"))
        return usage_error("--smtp is smtp://HOST:PORT or smtps://HOST:PORT", t->smtp);
    if (!strchr(c->mail_from, '@'))
        return usage_error("--mail-from is not an address", c->mail_from);
    return t->smtp_user || t->smtp_password_file ? smtp_password(t, a, &c->smtp.password) : 0;
}

/* "name=value,name2=value2", values percent-encoded: OpenTelemetry's form. NULL: it is another. */
static const char *const *otlp_headers(struct wb_arena *a, struct wb_slice list)
{
    size_t n = 0;
    const char **all = wb_new_n(a, const char *, list.n / 2 + 2);
    while (list.p) {
        struct wb_slice value = wb_slice_trim(wb_slice_cut(&list, ',')), text;
        struct wb_slice name = wb_slice_trim(wb_slice_cut(&value, '='));
        if (!name.n && !value.p)
            continue;
        if (!name.n || !value.p || !wb_percent_decode(a, wb_slice_trim(value), false, &text))
            return NULL;
        all[n++] = wb_printf(a, "%.*s: %.*s", WB_FMT(name), WB_FMT(text)).p;
    }
    return all;
}

static int otlp_settings(const struct settings *t, struct wb_arena *a, struct wb_otlp *o)
{
    *o = (struct wb_otlp){.ca_file = t->otlp_ca};
    if (t->otlp_queue && (!wb_slice_i64(wb_slice_str(t->otlp_queue), &o->queue) || o->queue < 1 ||
                          o->queue > 1000000000))
        return usage_error("--otlp-queue is a number of segments", t->otlp_queue);
    if (!t->otlp)
        return 0;
    if (!url_ok(t->otlp, "http://", "https://") || strpbrk(t->otlp, "?#"))
        return usage_error("--otlp is http://HOST:PORT or https://HOST:PORT, with a path or not",
                           t->otlp);
    struct wb_slice url = wb_slice_str(t->otlp), path = WB_S(OTLP_PATH);
    if (wb_slice_ends(url, path))
        url.n -= path.n;
    while (url.n && url.p[url.n - 1] == '/')
        url.n--;
    o->url = wb_printf(a, "%.*s" OTLP_PATH, WB_FMT(url)).p;
    o->header = otlp_headers(a, wb_slice_str(getenv(OTLP_HEADERS_ENV)));
    if (!o->header)
        return usage_error(OTLP_HEADERS_ENV " is NAME=VALUE,NAME=VALUE", NULL);
    return 0;
}

static int apply(const struct settings *t, struct wb_arena *a, struct wb_serve *s)
{
    struct wb_config *c = &s->config;
    bool bad = false;
    int64_t reserve_mb = 0;
    c->data_dir = t->data ? t->data : "./data";
    c->account = t->account;
    c->region = t->region;
    c->node = t->node;
    c->auth = on_off(t->auth, true, &bad);
    c->sandbox = on_off(t->sandbox, true, &bad);
    c->test_clock = on_off(t->test_clock, false, &bad);
    c->audit_data = on_off(t->audit_data, false, &bad);
    c->no_metrics = !on_off(t->metrics, true, &bad);
    s->host = "127.0.0.1";
    s->port = PORT_DEFAULT;
    s->tls_cert = t->tls_cert;
    s->tls_key = t->tls_key;
    s->key_file = t->key_file;
    int rc = mail_settings(t, a, c, &bad);
    if (rc == 0)
        rc = otlp_settings(t, a, &c->otlp);
    if (rc)
        return rc;
    if (bad)
        return usage_error(
            "--auth, --sandbox, --smtp-tls, --audit-data and --metrics are on or off", NULL);
    if (t->xray_daemon && strcmp(t->xray_daemon, "off") != 0 &&
        !split_listen(t->xray_daemon, a, &s->daemon_host, &s->daemon_port))
        return usage_error("--xray-daemon is HOST:PORT or off", t->xray_daemon);
    if (t->listen && !split_listen(t->listen, a, &s->host, &s->port))
        return usage_error("--listen is HOST:PORT", t->listen);
    if (c->account && !account_ok(c->account))
        return usage_error("--account is 12 digits", c->account);
    if (c->region && !region_ok(c->region))
        return usage_error("--region is a name like us-east-1", c->region);
    if (!t->tls_cert != !t->tls_key)
        return usage_error("--tls-cert and --tls-key go together", NULL);
    if (t->public_url && !url_ok(t->public_url, "http://", "https://"))
        return usage_error("--public-url begins with http:// or https://", t->public_url);
    if (t->disk_reserve && (!wb_slice_i64(wb_slice_str(t->disk_reserve), &reserve_mb) ||
                            reserve_mb < 0 || reserve_mb > 1 << 20))
        return usage_error("--disk-reserve is a number of megabytes", t->disk_reserve);
    if (t->disk_reserve)
        c->disk_reserve = reserve_mb ? reserve_mb << 20 : 1;
    if (s->port == 0 && !(s->port = free_port(s->host)))
        return usage_error("no free port on", s->host);
    c->public_url = t->public_url ? t->public_url : own_url(a, s);
    return 0;
}

int wb_config_read(int argc, char **argv, struct wb_arena *a, struct wb_serve *s)
{
    struct settings given = {0}, t = {0};
    const char *file = NULL;
    *s = (struct wb_serve){.modules = wb_modules};
    int rc = read_arguments(argc, argv, a, &given, &file);
    if (rc == 0 && file)
        rc = read_file(file, a, &t);
    if (rc)
        return rc;
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *v =
            *(const char *const *)(const void *)((const char *)&given + settings[i].offset);
        if (v)
            *(const char **)(void *)((char *)&t + settings[i].offset) = v;
    }
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program);
    s->config.program = n > 0 ? wb_dup_cstr(a, wb_slice(program, (size_t)n)) : argv[0];
    return apply(&t, a, s);
}
