/* Reading the outbox. See mails.h. */
#include "engine/mails.h"
#include "base/utf8.h"
#include "engine/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAMP_LEN (sizeof "20261122T120000.123Z" - 1)

bool wb_mail_name_read(struct wb_slice name, int64_t *ms)
{
    int64_t seconds, part;
    if (name.n <= STAMP_LEN + sizeof "-.eml" - 1 || name.n > NAME_MAX ||
        !wb_slice_ends(name, WB_S(".eml")) || name.p[STAMP_LEN - 5] != '.' ||
        name.p[STAMP_LEN - 1] != 'Z' || name.p[STAMP_LEN] != '-')
        return false;
    for (size_t i = STAMP_LEN; i < name.n; i++) {
        char ch = name.p[i];
        if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
              ch == '-' || ch == '.'))
            return false;
    }
    char basic[STAMP_LEN];
    memcpy(basic, name.p, STAMP_LEN - 5);
    basic[STAMP_LEN - 5] = 'Z';
    if (!wb_time_parse_basic(wb_slice(basic, STAMP_LEN - 4), &seconds) ||
        !wb_slice_i64(wb_slice_sub(name, STAMP_LEN - 4, STAMP_LEN - 1), &part) || part < 0)
        return false;
    if (ms)
        *ms = seconds + part;
    return true;
}

/* --- the folder --- */

static const char *outbox(struct wb_call *c)
{
    return wb_printf(c->arena, "%s/outbox", c->engine->config.data_dir).p;
}

/* The newest names before `before`, at most `max` and one that tells there are more; sorted, newest
 * first. The folder is read once and no more than these are kept. */
static size_t newest(struct wb_call *c, DIR *d, struct wb_slice before, size_t max,
                     struct wb_slice *name)
{
    size_t n = 0;
    for (struct dirent *e; (e = readdir(d));) {
        struct wb_slice at = wb_slice_str(e->d_name);
        if (!wb_mail_name_read(at, NULL) || (before.p && wb_slice_cmp(at, before) >= 0) ||
            (n > max && wb_slice_cmp(at, name[max]) <= 0))
            continue;
        size_t to = n > max ? max : n++;
        for (; to > 0 && wb_slice_cmp(name[to - 1], at) < 0; to--)
            name[to] = name[to - 1];
        name[to] = wb_dup(c->arena, at);
    }
    return n;
}

/* At most `max` bytes of the file. The null slice when it is no plain file or cannot be read. */
static struct wb_slice read_mail(struct wb_call *c, int dir, struct wb_slice name, size_t max,
                                 int64_t *size)
{
    struct stat st;
    int fd =
        openat(dir, wb_dup_cstr(c->arena, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return WB_SLICE_NULL;
    struct wb_slice text = WB_SLICE_NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        char *p = wb_alloc(c->arena, max + 1);
        size_t n = 0;
        for (ssize_t got = 1; got != 0 && n < max;) {
            got = read(fd, p + n, max - n);
            if (got < 0 && errno != EINTR)
                break;
            n += got > 0 ? (size_t)got : 0;
        }
        text = wb_slice(p, n);
        *size = st.st_size;
    }
    close(fd);
    return text;
}

/* --- a mail --- */

/* Text of a file that anybody may have touched: up to the first byte that is not UTF-8. */
static void put_text(struct wb_call *c, const char *member, struct wb_slice s)
{
    ptrdiff_t bad = wb_utf8_check(s);
    wb_out_str(&c->out, member, bad < 0 ? s : wb_slice_sub(s, 0, (size_t)bad));
}

static void put_head(struct wb_call *c, struct wb_slice name, int64_t size, struct wb_slice *mail)
{
    static const char *const header[] = {"From", "To", "Subject"};
    int64_t ms = 0;
    wb_mail_name_read(name, &ms);
    wb_out_str(&c->out, "Name", name);
    wb_out_time(&c->out, "Date", ms);
    wb_out_i64(&c->out, "Size", size);
    unsigned seen = 0;
    while (mail->n) {
        struct wb_slice line = wb_slice_cut(mail, '\n');
        if (!line.n)
            break;
        struct wb_slice field = wb_slice_cut(&line, ':');
        for (unsigned i = 0; i < sizeof header / sizeof *header; i++)
            if (!(seen & 1u << i) && line.p && wb_slice_is(field, header[i])) {
                seen |= 1u << i;
                put_text(c, header[i], wb_slice_trim(line));
            }
    }
}

void wb_mail_list(struct wb_call *c)
{
    struct wb_slice before = wb_in_str(c, "NextToken"), name[WB_MAILS_PAGE_MAX + 1];
    size_t max = (size_t)wb_in_i64(c, "MaxItems", WB_MAILS_PAGE_MAX), n = 0;
    if (before.p && !wb_mail_name_read(before, NULL)) {
        wb_fail(c, "ValidationException", 400, "NextToken is not one of this operation");
        return;
    }
    DIR *d = opendir(outbox(c)); /* made with the first mail */
    if (!d && errno != ENOENT) {
        wb_fail(c, "OutboxUnreadableException", 500, "The outbox cannot be read: %s",
                strerror(errno));
        return;
    }
    if (d)
        n = newest(c, d, before, max, name);
    wb_out_list(&c->out, "Mails");
    for (size_t i = 0; i < n && i < max; i++) {
        int64_t size = 0;
        struct wb_slice mail = read_mail(c, dirfd(d), name[i], WB_MAIL_HEAD_MAX, &size);
        if (!mail.p)
            continue;
        wb_out_object(&c->out, NULL);
        put_head(c, name[i], size, &mail);
        wb_out_end(&c->out);
    }
    wb_out_end(&c->out);
    if (d)
        closedir(d);
    wb_out_bool(&c->out, "Relay", c->engine->config.smtp.url != NULL);
    if (n > max)
        wb_out_str(&c->out, "NextToken", name[max - 1]);
}

void wb_mail_get(struct wb_call *c)
{
    struct wb_slice name = wb_in_str(c, "Name");
    if (!wb_mail_name_read(name, NULL)) {
        wb_fail(c, "ValidationException", 400, "Name is not the name of a mail");
        return;
    }
    int dir = open(outbox(c), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int64_t size = 0;
    struct wb_slice mail =
        dir < 0 ? WB_SLICE_NULL : read_mail(c, dir, name, WB_MAIL_READ_MAX, &size);
    if (dir >= 0)
        close(dir);
    if (!mail.p) {
        wb_fail(c, "ResourceNotFoundException", 404, "There is no such mail in the outbox.");
        return;
    }
    put_head(c, name, size, &mail);
    put_text(c, "Text", mail);
    wb_out_bool(&c->out, "Cut", size > WB_MAIL_READ_MAX);
}

/* --- what they take --- */

static const struct wb_shape mail_name = {.kind = WB_STRING,
                                          .name = "MailName",
                                          .min = 1,
                                          .max = NAME_MAX,
                                          .has_min = true,
                                          .has_max = true};
static const struct wb_shape page_size = {.kind = WB_INTEGER,
                                          .name = "MaxItems",
                                          .min = 1,
                                          .max = WB_MAILS_PAGE_MAX,
                                          .has_min = true,
                                          .has_max = true};
const struct wb_shape wb_mail_list_in = {
    .kind = WB_STRUCTURE,
    .name = "ListMailsInput",
    .member = (const struct wb_member[]){{.name = "MaxItems", .shape = &page_size},
                                         {.name = "NextToken", .shape = &mail_name},
                                         {0}}};
const struct wb_shape wb_mail_get_in = {
    .kind = WB_STRUCTURE,
    .name = "GetMailInput",
    .member =
        (const struct wb_member[]){{.name = "Name", .shape = &mail_name, .required = true}, {0}}};
