#include "book.h"

#include "base/seam.h"
#include "files.h"
#include "ledger_write.h"

#define ROUNDS       100 /* of one row, against others who write it */
#define PAUSE_MAX_MS 64

/* --- requests --- */

struct row {
    bool there, readable; /* readable: made by this rule, and whole */
    struct wb_slice digest;
    struct state state;
};

static struct row row_of(struct wb_arena *a, struct wb_json item)
{
    struct row r = {.there = wb_json_is(item)};
    if (!r.there)
        return r;
    r.digest = ledger_text(item, "digest", a);
    r.readable = state_read(a, item, &r.state);
    return r;
}

static void key_of(struct wb_json_writer *w, struct wb_slice shipment)
{
    wb_jw_key(w, "Key");
    wb_jw_object(w);
    ledger_attr(w, "shipmentId", shipment);
    wb_jw_end_object(w);
}

static enum ledger_status read_row(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                                   struct row *out)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", l->state_table);
    key_of(&w, shipment);
    wb_jw_kbool(&w, "ConsistentRead", true);
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    if (!wb_aws_json(l->aws, a, "dynamodb", "GetItem", wb_buf_slice(&b), &r))
        return ledger_failed(l, a, l->state_table, &r);
    *out = row_of(a, wb_json_get(r.json, "Item"));
    return LEDGER_OK;
}

/* That the row is still as it was read. A row without a digest was made by something else. */
static struct wb_slice unchanged(const struct row *row)
{
    return row->digest.p ? WB_S("digest = :v") : WB_S("attribute_not_exists(digest)");
}

/* Puts the state in place of the row that was read. When another one was faster, *row is what is
 * there now. */
static enum ledger_status replace(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                                  const struct state *s, struct row *row, bool *done)
{
    struct wb_json there;
    enum ledger_status st = ledger_put_if(l, a, l->state_table, state_item(a, shipment, s),
                                          unchanged(row), row->digest, done, &there);
    if (st == LEDGER_OK)
        *row = *done ? (struct row){true, true, state_digest(a, s), *s} : row_of(a, there);
    return st;
}

static enum ledger_status remove_row(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                                     struct row *row, bool *done)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", l->state_table);
    key_of(&w, shipment);
    wb_jw_kstr(&w, "ConditionExpression", unchanged(row));
    if (row->digest.p) {
        wb_jw_key(&w, "ExpressionAttributeValues");
        wb_jw_object(&w);
        ledger_attr(&w, ":v", row->digest);
        wb_jw_end_object(&w);
    }
    wb_jw_end_object(&w);
    struct wb_aws_answer r;
    *done = wb_aws_json(l->aws, a, "dynamodb", "DeleteItem", wb_buf_slice(&b), &r);
    if (!*done && !wb_slice_is(r.code, "ConditionalCheckFailedException"))
        return ledger_failed(l, a, l->state_table, &r);
    return read_row(l, a, shipment, row);
}

struct wb_slice book_reference(struct wb_arena *a, struct wb_slice reference,
                               struct wb_slice shipment)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_object(&w);
    ledger_attr(&w, "reference", reference);
    ledger_attr(&w, "shipmentId", shipment);
    wb_jw_end_object(&w);
    return wb_buf_slice(&b);
}

static bool lists(const struct state *s, struct wb_slice reference)
{
    for (unsigned i = 0; i < s->numbers; i++)
        if (wb_slice_eq(s->number[i], reference))
            return true;
    return false;
}

/* Before the state that lists it, so that what is listed is there. With *made nothing is believed:
 * it counts the rows that were not. */
static enum ledger_status put_reference(struct ledger *l, struct wb_arena *a, const struct row *row,
                                        struct wb_slice reference, struct wb_slice shipment,
                                        unsigned *made)
{
    if (reference.n == 0)
        return LEDGER_OK;
    if (!made && lists(&row->state, reference))
        return LEDGER_OK;
    struct wb_json there;
    enum ledger_status s = ledger_put_new(l, a, l->references_table, "shipmentId",
                                          book_reference(a, reference, shipment), &there);
    if (s == LEDGER_OK && made && !wb_json_is(there))
        ++*made;
    return s;
}

/* --- the log --- */

void book_projection(struct wb_json_writer *w)
{
    wb_jw_kcstr(w, "ProjectionExpression",
                "shipmentId, #t, #s, #l, eventType, carrier, trackingNumber, delayReason, eta, "
                "classifier, retraction, receivedAt, processedAt");
    wb_jw_kraw(w, "ExpressionAttributeNames",
               WB_S("{\"#t\":\"timestamp\",\"#s\":\"status\",\"#l\":\"location\"}"));
}

struct log {
    struct update *update;
    size_t count, room;
};

static void add(struct wb_arena *a, struct log *log, const struct update *u)
{
    if (log->count == log->room) {
        size_t room = log->room ? log->room * 2 : 16;
        struct update *n = wb_new_n(a, struct update, room);
        if (log->count)
            memcpy(n, log->update, log->count * sizeof *n);
        log->update = n;
        log->room = room;
    }
    log->update[log->count++] = *u;
}

static enum ledger_status read_log(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                                   struct log *log)
{
    struct wb_slice start = WB_SLICE_NULL;
    *log = (struct log){0};
    do {
        struct wb_buf b = wb_buf_in(a);
        struct wb_json_writer w;
        wb_jw_init(&w, &b);
        wb_jw_object(&w);
        wb_jw_kcstr(&w, "TableName", l->log_table);
        wb_jw_kbool(&w, "ConsistentRead", true);
        wb_jw_kcstr(&w, "KeyConditionExpression", "shipmentId = :s");
        book_projection(&w);
        wb_jw_key(&w, "ExpressionAttributeValues");
        wb_jw_object(&w);
        ledger_attr(&w, ":s", shipment);
        wb_jw_end_object(&w);
        if (start.p)
            wb_jw_kraw(&w, "ExclusiveStartKey", start);
        wb_jw_end_object(&w);
        struct wb_aws_answer r;
        if (!wb_aws_json(l->aws, a, "dynamodb", "Query", wb_buf_slice(&b), &r))
            return ledger_failed(l, a, l->log_table, &r);
        struct update u;
        for (struct wb_json_iter it = wb_json_iter(wb_json_get(r.json, "Items"));
             wb_json_next(&it);)
            if (update_of_row(a, it.value, &u))
                add(a, log, &u);
        struct wb_json last = wb_json_get(r.json, "LastEvaluatedKey");
        start = wb_json_is(last) ? wb_json_raw(last) : WB_SLICE_NULL;
    } while (start.p);
    return LEDGER_OK;
}

/* --- the books --- */

/* Others write the same row: longer and longer, and not all for the same time. */
static void pause_a_little(unsigned round)
{
    int64_t most = round < 6 ? 1 << round : PAUSE_MAX_MS;
    if (round)
        sleep_ms(wb_seam_os()->mono_ns(wb_seam_os()) / 1000 % most);
}

static enum ledger_status too_busy(struct ledger *l, struct wb_arena *a, struct wb_slice shipment)
{
    l->why = wb_printf(a, "the state of %.*s is written by too many at once", WB_FMT(shipment));
    return LEDGER_AGAIN;
}

/* The references of a log: those that the state lists are all, unless its list is full. */
static enum ledger_status put_references(struct ledger *l, struct wb_arena *a,
                                         struct wb_slice shipment, const struct row *row,
                                         const struct state *s, const struct log *log,
                                         unsigned *made)
{
    enum ledger_status st = LEDGER_OK;
    for (unsigned i = 0; st == LEDGER_OK && i < s->numbers; i++)
        st = put_reference(l, a, row, s->number[i], shipment, made);
    for (size_t i = 0; st == LEDGER_OK && s->numbers == STATE_NUMBERS_MAX && i < log->count; i++) {
        struct wb_slice one = reference_of(a, log->update[i].tracking_number);
        if (wb_slice_cmp(one, s->number[STATE_NUMBERS_MAX - 1]) > 0)
            st = put_reference(l, a, row, one, shipment, made);
    }
    return st;
}

static enum ledger_status remake(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                                 struct row row, struct book_done *done)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct log log;
        enum ledger_status st = read_log(l, a, shipment, &log);
        if (st != LEDGER_OK)
            return st;
        struct state s = state_of(a, log.update, log.count);
        st = put_references(l, a, shipment, &row, &s, &log, done ? &done->references : NULL);
        if (st != LEDGER_OK)
            return st;
        if (log.count ? row.readable && state_same(&row.state, &s) : !row.there)
            return LEDGER_OK;
        bool was_there = row.there, won;
        st = log.count ? replace(l, a, shipment, &s, &row, &won)
                       : remove_row(l, a, shipment, &row, &won);
        if (st != LEDGER_OK)
            return st;
        if (won && done)
            *(log.count == 0 ? &done->removed : was_there ? &done->mended : &done->made) = true;
        /* Where nothing stood before, nobody can have found it good enough: no second look. */
        if (won && !was_there)
            return LEDGER_OK;
        if (!won)
            pause_a_little(round);
    }
    return too_busy(l, a, shipment);
}

/* The first thing known of a shipment is as a rule its creation: then nobody is asked whether a row
 * is there, the write tells. */
static enum ledger_status first_row(struct ledger *l, struct wb_arena *a, const struct update *u,
                                    struct row *row)
{
    if (status_of(u->status) != STATUS_CREATED)
        return read_row(l, a, u->shipment_id, row);
    *row = (struct row){0};
    return LEDGER_OK;
}

enum ledger_status book_take(struct ledger *l, struct wb_arena *a, const struct update *u,
                             bool again, struct wb_slice *reference)
{
    struct row row;
    *reference = reference_of(a, u->tracking_number);
    enum ledger_status st = first_row(l, a, u, &row);
    for (unsigned round = 0; st == LEDGER_OK; round++) {
        if (round == ROUNDS)
            return too_busy(l, a, u->shipment_id);
        if ((row.there && !row.readable) || !state_simple(&row.state, u))
            return remake(l, a, u->shipment_id, row, NULL);
        bool won = true;
        struct state s = row.state;
        if (!again && lists(&s, *reference))
            reference->n = 0;
        state_take(a, &s, u);
        if (!state_same(&s, &row.state))
            st = replace(l, a, u->shipment_id, &s, &row, &won);
        if (won)
            return st;
        pause_a_little(round);
    }
    return st;
}

enum ledger_status book_agrees(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                               const struct state *s, bool *agrees)
{
    struct log log;
    enum ledger_status st = read_log(l, a, shipment, &log);
    if (st == LEDGER_OK) {
        struct state now = state_of(a, log.update, log.count);
        *agrees = log.count > 0 && state_same(&now, s);
    }
    return st;
}

enum ledger_status book_remake(struct ledger *l, struct wb_arena *a, struct wb_slice shipment,
                               struct book_done *done)
{
    struct row row;
    *done = (struct book_done){0};
    enum ledger_status st = read_row(l, a, shipment, &row);
    return st == LEDGER_OK ? remake(l, a, shipment, row, done) : st;
}

static bool log_has(struct wb_arena *a, const struct log *log, struct wb_slice reference)
{
    for (size_t i = 0; i < log->count; i++)
        if (wb_slice_eq(reference_of(a, log->update[i].tracking_number), reference))
            return true;
    return false;
}

enum ledger_status book_drop_reference(struct ledger *l, struct wb_arena *a,
                                       struct wb_slice reference, struct wb_slice shipment,
                                       bool *removed)
{
    struct log log;
    *removed = false;
    enum ledger_status st = read_log(l, a, shipment, &log);
    if (st != LEDGER_OK || log_has(a, &log, reference))
        return st;
    struct wb_slice item = book_reference(a, reference, shipment);
    struct wb_slice request =
        wb_printf(a, "{\"TableName\":\"%s\",\"Key\":%.*s}", l->references_table, WB_FMT(item));
    struct wb_aws_answer r;
    if (!wb_aws_json(l->aws, a, "dynamodb", "DeleteItem", request, &r))
        return ledger_failed(l, a, l->references_table, &r);
    /* An update that came meanwhile may have found the row and left it at that. */
    st = read_log(l, a, shipment, &log);
    if (st != LEDGER_OK || !log_has(a, &log, reference)) {
        *removed = st == LEDGER_OK;
        return st;
    }
    struct wb_json there;
    return ledger_put_new(l, a, l->references_table, "shipmentId", item, &there);
}
