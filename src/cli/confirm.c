/*
 * waybill confirm: opens the confirmation links that lie in the server's outbox, for people who try
 * things out on their own machine. With a mail relay the link is in the mail.
 */
#include "base/time.h"
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_MS  30000
#define PAUSE_MS 50
#define MAIL_MAX (1 << 20)

static struct wb_slice read_mail(struct wb_arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *p = wb_alloc(a, MAIL_MAX);
    size_t n = f ? fread(p, 1, MAIL_MAX, f) : 0;
    if (f)
        fclose(f);
    return wb_slice(p, n);
}

/* The confirmation link for this topic and address in a mail; NULL when it is another mail. */
static const char *link_in(struct wb_arena *a, struct wb_slice mail, struct wb_slice topic,
                           const char *address)
{
    ptrdiff_t action = wb_slice_find(mail, WB_S("/confirm-subscription?"), 0);
    if (action < 0 || wb_slice_find(mail, topic, 0) < 0 ||
        wb_slice_find(mail, wb_slice_str(address), 0) < 0)
        return NULL;
    size_t from = (size_t)action, to = from;
    while (from > 0 && (unsigned char)mail.p[from - 1] > ' ' && mail.p[from - 1] != '<')
        from--;
    while (to < mail.n && (unsigned char)mail.p[to] > ' ' && mail.p[to] != '>')
        to++;
    return wb_dup_cstr(a, wb_slice_sub(mail, from, to));
}

static const char *find_link(const char *outbox, struct wb_slice topic, const char *address,
                             struct wb_arena *a)
{
    DIR *d = opendir(outbox);
    const char *found = NULL;
    struct wb_arena mails;
    wb_arena_init(&mails, 0);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        const char *path = wb_printf(&mails, "%s/%s", outbox, e->d_name).p;
        const char *link = link_in(&mails, read_mail(&mails, path), topic, address);
        if (link)
            found = wb_dup_cstr(a, wb_slice_str(link));
        wb_arena_reset(&mails);
    }
    wb_arena_release(&mails);
    if (d)
        closedir(d);
    return found;
}

static bool complain(const struct wb_aws_answer *r)
{
    fprintf(stderr, "waybill confirm: %.*s: %.*s\n",
            WB_FMT(r->code.n ? r->code : WB_S("no server answers")), WB_FMT(r->message));
    return false;
}

static bool confirm(struct wb_aws *c, struct wb_arena *a, const char *outbox, struct wb_slice topic,
                    const char *address)
{
    for (int64_t waited = 0; waited < WAIT_MS; waited += PAUSE_MS) {
        struct wb_aws_answer r;
        const char *link = find_link(outbox, topic, address, a);
        if (link && !wb_aws_get(c, a, link, &r))
            return complain(&r);
        if (link) {
            printf("%s now gets what is published to %.*s\n", address, WB_FMT(topic));
            return true;
        }
        nanosleep(&(struct timespec){0, PAUSE_MS * 1000000}, NULL);
    }
    fprintf(stderr, "waybill confirm: no confirmation mail for %s appeared in %s\n", address,
            outbox);
    return false;
}

/* One page of subscriptions; the next one's token, or the null slice with *ok. */
static struct wb_slice page(struct wb_aws *c, struct wb_arena *a, const char *outbox,
                            const char *address, struct wb_slice token, bool *ok, size_t *known)
{
    struct wb_aws_answer r;
    const struct wb_pair param = {WB_S("NextToken"), token};
    *ok = wb_aws_query(c, a, "sns", "2010-03-31", "ListSubscriptions", &param, token.n ? 1 : 0, &r);
    if (!*ok) {
        complain(&r);
        return WB_SLICE_NULL;
    }
    struct wb_slice body = r.body;
    size_t at = 0;
    for (ptrdiff_t from; *ok && (from = wb_slice_find(body, WB_S("<member>"), at)) >= 0;) {
        ptrdiff_t to = wb_slice_find(body, WB_S("</member>"), (size_t)from);
        struct wb_slice one = wb_slice_sub(body, (size_t)from, to < 0 ? body.n : (size_t)to);
        at = (size_t)from + one.n;
        if (!wb_slice_is(wb_aws_xml(a, one, "Endpoint"), address))
            continue;
        ++*known;
        if (wb_slice_is(wb_aws_xml(a, one, "SubscriptionArn"), "PendingConfirmation"))
            *ok = confirm(c, a, outbox, wb_aws_xml(a, one, "TopicArn"), address);
    }
    return wb_aws_xml(a, body, "NextToken");
}

static int confirm_command(int argc, char **argv)
{
    static const struct option options[] = {{"outbox", 1, NULL, 'o'}, {0}};
    const char *outbox = NULL;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == '?')
            return WB_WRONG_USAGE;
        outbox = optarg;
    }
    if (optind != argc - 1)
        return WB_WRONG_USAGE;
    const char *address = argv[optind];
    struct wb_aws *c = wb_cli_client(NULL);
    if (!c)
        return 1;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    if (!outbox)
        outbox = wb_printf(&a, "%s/outbox", wb_cli_data).p;
    bool ok = true;
    size_t known = 0;
    struct wb_slice token = WB_SLICE_NULL;
    do
        token = page(c, &a, outbox, address, token, &ok, &known);
    while (ok && token.n);
    if (ok && !known) {
        fprintf(stderr, "waybill confirm: nothing is subscribed under %s\n", address);
        ok = false;
    }
    wb_arena_release(&a);
    wb_aws_free(c);
    return ok ? 0 : 1;
}

const struct wb_app_command wb_cli_confirm = {
    "confirm", "open the confirmation links of an address in the outbox",
    "usage: waybill confirm ADDRESS [--outbox FOLDER]\n\n"
    "Without a mail relay the server leaves its mails in DATA/outbox. This opens the confirmation "
    "link of each subscription\n"
    "of ADDRESS that waits for it; mails for it that are still on their way are waited for.\n",
    confirm_command};
