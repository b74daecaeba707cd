/*
 * The day as files: day.jsonl (what `waybill send` takes), truth.json, truth-shipments.jsonl.
 */
#include "base/time.h"
#include "codec/json.h"
#include "day.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int write_file(const char *folder, const char *name, const struct wb_buf *b)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f)
        return -errno;
    bool ok = fwrite(b->p, 1, b->n, f) == b->n;
    if (fclose(f) != 0 || !ok)
        return errno ? -errno : -EIO;
    return 0;
}

static void messages(const struct day *d, struct wb_buf *b, struct wb_arena *a)
{
    for (unsigned i = 0; i < d->message_count; i++) {
        const struct day_message *m = &d->message[i];
        struct wb_json_writer w;
        wb_jw_init(&w, b);
        wb_jw_object(&w);
        wb_jw_kstr(&w, "time", wb_time_str(a, m->arrival_ms, WB_TIME_ISO_MS));
        wb_jw_kcstr(&w, "detail-type", m->detail_type);
        /* As text: some are broken on purpose, and all reach the bus byte for byte. */
        wb_jw_kstr(&w, "detail", m->detail);
        wb_jw_end_object(&w);
        wb_buf_char(b, '\n');
    }
}

static void truth(const struct day *d, const struct day_options *o, struct wb_buf *b,
                  struct wb_arena *a)
{
    const struct day_truth *t = &d->truth;
    struct wb_json_writer w;
    wb_jw_init(&w, b);
    wb_jw_object(&w);
    wb_jw_ki64(&w, "seed", (int64_t)o->seed);
    wb_jw_kstr(&w, "start", wb_time_str(a, o->start_ms, WB_TIME_ISO_S));
    wb_jw_ki64(&w, "messages", t->messages);
    wb_jw_ki64(&w, "malformed", t->malformed);
    wb_jw_ki64(&w, "accepted", t->accepted);
    wb_jw_ki64(&w, "stored", t->stored);
    wb_jw_ki64(&w, "duplicates", t->duplicates);
    wb_jw_ki64(&w, "collisions", t->collisions);
    wb_jw_ki64(&w, "late", t->late);
    wb_jw_ki64(&w, "delayed", t->delayed);
    wb_jw_key(&w, "refused");
    wb_jw_object(&w);
    for (enum refusal r = REFUSED_NOT + 1; r < REFUSED_COUNT; r++)
        if (t->refused[r])
            wb_jw_ki64(&w, refusal_name(r), t->refused[r]);
    wb_jw_end_object(&w);
    wb_jw_ki64(&w, "refusalMails", t->refusal_mails);
    wb_jw_ki64(&w, "delayMails", t->delay_mails);
    wb_jw_ki64(&w, "shipments", d->shipment_count);
    wb_jw_end_object(&w);
    wb_buf_char(b, '\n');
}

int day_write(const struct day *d, const struct day_options *o, const char *folder)
{
    if (mkdir(folder, 0777) < 0 && errno != EEXIST)
        return -errno;
    struct wb_arena a;
    wb_arena_init(&a, 1 << 20);
    struct wb_buf b = wb_buf_in(&a);
    messages(d, &b, &a);
    int rc = write_file(folder, "day.jsonl", &b);
    b = wb_buf_in(&a);
    truth(d, o, &b, &a);
    if (rc == 0)
        rc = write_file(folder, "truth.json", &b);
    b = wb_buf_in(&a);
    for (unsigned i = 0; i < d->shipment_count; i++)
        wb_buf_printf(&b,
                      "{\"shipmentId\":\"%.*s\",\"updates\":%u,\"status\":\"%s\","
                      "\"delayed\":%s,\"exception\":%s}\n",
                      WB_FMT(d->shipment[i].id), d->shipment[i].updates, d->shipment[i].status,
                      d->shipment[i].delayed ? "true" : "false",
                      d->shipment[i].exception ? "true" : "false");
    if (rc == 0)
        rc = write_file(folder, "truth-shipments.jsonl", &b);
    wb_arena_release(&a);
    return rc;
}
