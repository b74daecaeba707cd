/*
 * Mail. Each is a work row whose payload is the mail as JSON; its queue is the address, so one bad
 * mailbox delays no other. With a relay it is sent by SMTP; without one it becomes a readable file
 * in DATA/outbox. Message-ID and file name follow from message and subscription, so that a mail
 * repeated after a crash is the same mail.
 */
#include "base/log.h"
#include "codec/mime.h"
#include "services/sns/sns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMTP_TIMEOUT_MS 60000

/* --- making the row --- */

static void add(struct wb_tx *tx, const struct topic *t, const struct subscription *s,
                struct wb_slice id, struct wb_slice subject, struct wb_slice text,
                bool notification, const struct wb_ctx *ctx)
{
    struct wb_slice name = sns_topic_attribute(tx->arena, t, "DisplayName");
    struct wb_buf b = wb_buf_in(tx->arena), meta = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kstr(&w, "id", wb_printf(tx->arena, "%.*s.%.*s", WB_FMT(id), WB_FMT(s->id)));
    wb_jw_kstr(&w, "to", s->endpoint);
    wb_jw_kstr(&w, "fromName", name.n ? name : WB_S("AWS Notifications"));
    wb_jw_kstr(&w, "subject", subject);
    wb_jw_kstr(&w, "text", text);
    wb_jw_ki64(&w, "date", tx->now_ms);
    if (notification)
        wb_jw_kstr(&w, "unsubscribe", sns_link_unsubscribe(tx, s));
    wb_jw_end_object(&w);
    wb_jw_init(&w, &meta);
    wb_jw_object(&w);
    if (notification)
        wb_jw_kstr(&w, "topic", t->arn);
    wb_jw_end_object(&w);
    struct wb_work work = {
        .target = wb_printf(tx->arena, "mailto:%.*s", WB_FMT(s->endpoint)),
        .executor = sns_mail_executor.name,
        .ctx = *ctx,
        .meta = wb_buf_slice(&meta),
        .payload = wb_buf_slice(&b),
    };
    wb_work_add(tx, &work);
}

void sns_mail_confirmation(struct wb_tx *tx, const struct topic *t, const struct subscription *s,
                           const struct wb_ctx *ctx)
{
    struct wb_slice text = wb_printf(tx->arena,
                                     "You have chosen to subscribe to the topic:\n%.*s\n\n"
                                     "To confirm this subscription, open the link below. If it was "
                                     "not you, do nothing.\n\n%.*s\n",
                                     WB_FMT(t->arn), WB_FMT(sns_link_confirm(tx, t, s)));
    struct wb_slice id = wb_id_uuid(tx->arena, wb_engine_seam(tx->engine));
    add(tx, t, s, id, WB_S("AWS Notification - Subscription Confirmation"), text, false, ctx);
}

/* email-json: the notification as a document (Developer Guide, "Email-JSON"). */
static struct wb_slice json_text(struct wb_tx *tx, const struct topic *t,
                                 const struct subscription *s, const struct message *m,
                                 struct wb_slice body)
{
    struct wb_buf b = wb_buf_in(tx->arena);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "Type", "Notification");
    wb_jw_kstr(&w, "MessageId", m->id);
    wb_jw_kstr(&w, "TopicArn", t->arn);
    if (m->subject.p)
        wb_jw_kstr(&w, "Subject", m->subject);
    wb_jw_kstr(&w, "Message", body);
    wb_jw_kstr(&w, "Timestamp", wb_time_str(tx->arena, tx->now_ms, WB_TIME_ISO_MS));
    wb_jw_kstr(&w, "UnsubscribeURL", sns_link_unsubscribe(tx, s));
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

void sns_mail_notification(struct wb_tx *tx, const struct topic *t, const struct subscription *s,
                           const struct message *m, struct wb_slice body, const struct wb_ctx *ctx)
{
    struct wb_slice text;
    if (wb_slice_is(s->protocol, "email-json"))
        text = json_text(tx, t, s, m, body);
    else
        text = wb_printf(tx->arena,
                         "%.*s\n\n--\nIf you wish to stop receiving notifications from this topic, "
                         "please click or visit the link below to "
                         "unsubscribe:\n%.*s\n",
                         WB_FMT(body), WB_FMT(sns_link_unsubscribe(tx, s)));
    add(tx, t, s, m->id, m->subject.n ? m->subject : WB_S("AWS Notification Message"), text, true,
        ctx);
}

/* --- sending --- */

struct sending {
    struct wb_task *task;
    struct wb_smtp_call call;
};

static void finish(struct wb_task *t, enum wb_outcome_kind kind, const char *code,
                   struct wb_slice why)
{
    struct wb_outcome o = {.kind = kind, .code = code, .message = why};
    wb_task_finish(t, &o);
}

static void sent(struct wb_smtp_call *call, enum wb_net_result r, int smtp_code, const char *why)
{
    struct sending *s = call->user;
    struct wb_arena *a = wb_task_arena(s->task);
    struct wb_slice message = wb_printf(a, "%s (SMTP %d)", why ? why : "", smtp_code);
    if (r == WB_NET_OK)
        finish(s->task, WB_DONE, NULL, WB_SLICE_NULL);
    else if (smtp_code >= 500 && smtp_code <= 599 && r != WB_NET_AUTH)
        finish(s->task, WB_PERMANENT, "MAIL_REFUSED", message);
    else
        finish(s->task, WB_RETRY, "MAIL_RELAY", message);
}

static void send_by_relay(struct wb_task *t, const struct wb_config *cfg,
                          const struct wb_mail *mail)
{
    struct wb_arena *a = wb_task_arena(t);
    struct sending *s = wb_new(a, struct sending);
    s->task = t;
    s->call = (struct wb_smtp_call){
        .relay = &cfg->smtp,
        .from = cfg->mail_from,
        .to = wb_dup_cstr(a, mail->to),
        .message = wb_mime_message(a, mail),
        .timeout_ms = SMTP_TIMEOUT_MS,
        .user = s,
        .done = sent,
    };
    wb_client_smtp(wb_dispatcher_client(wb_task_engine(t)), &s->call);
}

/* A whole file or none: written under another name, synced, renamed, the folder synced. 0 or a
 * negative errno. */
static int write_durably(int dir, const char *name, const char *part, struct wb_slice text)
{
    int fd = openat(dir, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int rc = 0;
    for (size_t done = 0; done < text.n && rc == 0;) {
        ssize_t n = write(fd, text.p + done, text.n - done);
        if (n < 0 && errno != EINTR)
            rc = -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    if (rc == 0 && fdatasync(fd) < 0)
        rc = -errno;
    close(fd);
    if (rc == 0 && renameat(dir, part, dir, name) < 0)
        rc = -errno;
    if (rc == 0 && fsync(dir) < 0)
        rc = -errno;
    if (rc < 0)
        unlinkat(dir, part, 0);
    return rc;
}

/* The mail for people: UTF-8 as it is, nothing encoded. */
static struct wb_slice readable(struct wb_arena *a, const struct wb_mail *m)
{
    struct wb_slice date = wb_time_str(a, m->date_ms, WB_TIME_HTTP);
    return wb_printf(
        a,
        "Date: %.*s+0000\nFrom: %.*s <%.*s>\nTo: %.*s\nSubject: %.*s\nMessage-ID: "
        "<%.*s>\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%.*s",
        (int)date.n - 3, date.p, WB_FMT(m->from_name), WB_FMT(m->from), WB_FMT(m->to),
        WB_FMT(m->subject), WB_FMT(m->message_id), WB_FMT(m->text));
}

static void leave_in_outbox(struct wb_task *t, const struct wb_config *cfg,
                            const struct wb_mail *mail, struct wb_slice id)
{
    struct wb_arena *a = wb_task_arena(t);
    const char *folder = wb_printf(a, "%s/outbox", cfg->data_dir).p;
    struct wb_slice stamp = wb_time_str(a, mail->date_ms, WB_TIME_BASIC);
    const char *name = wb_printf(a, "%.*s.%03dZ-%.*s.eml", (int)stamp.n - 1, stamp.p,
                                 (int)(mail->date_ms % 1000), WB_FMT(id))
                           .p,
               *part = wb_printf(a, ".%s", name).p;
    if (mkdir(folder, 0700) < 0 && errno != EEXIST) {
        finish(t, WB_RETRY, "OUTBOX", wb_printf(a, "%s: %s", folder, strerror(errno)));
        return;
    }
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = dir < 0 ? -errno : write_durably(dir, name, part, readable(a, mail));
    if (dir >= 0)
        close(dir);
    if (rc < 0)
        finish(t, WB_RETRY, "OUTBOX", wb_printf(a, "%s/%s: %s", folder, name, strerror(-rc)));
    else
        finish(t, WB_DONE, NULL, WB_SLICE_NULL);
}

static void mail_start(struct wb_task *t)
{
    const struct wb_config *cfg = wb_engine_config(wb_task_engine(t));
    struct wb_arena *a = wb_task_arena(t);
    struct wb_json v = wb_json_read(a, wb_task_work(t)->payload, NULL);
    struct wb_slice id = wb_json_get_str(v, "id", a), from = wb_slice_str(cfg->mail_from);
    ptrdiff_t at = wb_slice_chr(from, '@', 0);
    struct wb_mail mail = {
        .from = from,
        .from_name = wb_json_get_str(v, "fromName", a),
        .to = wb_json_get_str(v, "to", a),
        .subject = wb_json_get_str(v, "subject", a),
        .text = wb_json_get_str(v, "text", a),
        .message_id = wb_printf(a, "%.*s@%.*s", WB_FMT(id),
                                WB_FMT(wb_slice_sub(from, at < 0 ? 0 : (size_t)at + 1, from.n))),
        .date_ms = wb_json_get_i64(v, "date", 0),
        .list_unsubscribe = wb_json_get_str(v, "unsubscribe", a),
    };
    if (!id.p || !mail.to.p || !mail.text.p)
        finish(t, WB_PERMANENT, "INVALID_ROW", WB_S("the mail's row cannot be read"));
    else if (cfg->smtp.url)
        send_by_relay(t, cfg, &mail);
    else
        leave_in_outbox(t, cfg, &mail, id);
}

/* Developer Guide, "Delivery protocols and policies", customer managed endpoints (SMTP): 50 tries
 * in 6 hours: 2 ten seconds apart, 10 from 10 seconds to 10 minutes, then every 10 minutes. */
static const int64_t mail_delays[] = {10000, 10000, 10000,  16000,  25000,  39000,
                                      62000, 98000, 154000, 243000, 382000, 600000};
static const struct wb_schedule mail_schedule = {
    .delay_ms = mail_delays,
    .delay_count = sizeof mail_delays / sizeof *mail_delays,
    .base_ms = 600000,
    .cap_ms = 600000,
    .attempts_max = 50,
};

const struct wb_executor sns_mail_executor = {
    .name = "sns.mail", .schedule = &mail_schedule, .start = mail_start, .apply = sns_delivered};
