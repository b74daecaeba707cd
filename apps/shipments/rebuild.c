#include "rebuild.h"

#include "base/map.h"
#include "base/seam.h"
#include "book.h"
#include "ledger_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 100 /* keys of one BatchGetItem */
#define PUTS  25  /* of one BatchWriteItem */

/* A shipment whose updates were read, to be compared with its rows. */
struct shipment {
    struct wb_slice id;
    struct state state;
    bool there, right; /* it has a row, which says the same */
    unsigned listed;   /* references that are there */
};

struct rebuild {
    struct ledger l;
    struct wb_arena page;             /* what one page of the log says */
    struct wb_map *shipments, *pairs; /* seen in the log: ids, and reference + id */
    struct wb_map *ready_by_id;       /* of ready[] */
    struct shipment ready[BATCH];
    size_t ready_count;
    struct update *update; /* of the shipment under way */
    size_t count;
    char done[UPDATE_KEY_MAX + 1]; /* the shipment that a page ended in: made from its own query */
    uint64_t rows, strange, looked_at, made, mended, removed, references, dropped;
    bool terminal;
};

static int64_t wall_ms(void)
{
    return wb_seam_os()->wall_ms(wb_seam_os());
}

static void progress(const struct rebuild *r)
{
    if (r->terminal)
        fprintf(stderr, "\r%llu updates of %llu shipments ", (unsigned long long)r->rows,
                (unsigned long long)r->looked_at);
}

static enum ledger_status ask(struct rebuild *r, struct wb_arena *a, const char *operation,
                              struct wb_slice in, struct wb_json *out)
{
    struct wb_aws_answer answer;
    if (!wb_aws_json(r->l.aws, a, "dynamodb", operation, in, &answer))
        return ledger_failed(&r->l, a, operation, &answer);
    *out = answer.json;
    return LEDGER_OK;
}

static struct wb_slice pair_of(struct wb_arena *a, struct wb_slice reference,
                               struct wb_slice shipment)
{
    return wb_printf(a, "%.*s\n%.*s", WB_FMT(reference), WB_FMT(shipment));
}

/* --- one shipment, made anew --- */

static enum ledger_status make_anew(struct rebuild *r, struct wb_arena *a, struct wb_slice id)
{
    struct book_done done;
    enum ledger_status st = book_remake(&r->l, a, id, &done);
    r->made += done.made;
    r->mended += done.mended && !done.made;
    r->removed += done.removed;
    r->references += done.references;
    return st;
}

/* --- comparing --- */

static void found_state(struct rebuild *r, struct wb_json item)
{
    struct state there;
    struct shipment *s = wb_map_get(r->ready_by_id, ledger_text(item, "shipmentId", &r->page));
    if (!s)
        return;
    s->there = true;
    s->right = state_read(&r->page, item, &there) && state_same(&there, &s->state);
}

static void found_reference(struct rebuild *r, struct wb_json item)
{
    struct shipment *s = wb_map_get(r->ready_by_id, ledger_text(item, "shipmentId", &r->page));
    if (s)
        s->listed++;
}

/* A BatchGetItem under way; keys go in one by one. */
struct look_up {
    const char *table;
    void (*found)(struct rebuild *r, struct wb_json item);
    struct wb_buf keys;
    size_t count;
};

static enum ledger_status look_up(struct rebuild *r, struct look_up *k)
{
    struct wb_slice keys = wb_printf(&r->page, "[%.*s]", WB_FMT(wb_buf_slice(&k->keys)));
    while (k->count) {
        struct wb_json out, left;
        struct wb_slice in = wb_printf(
            &r->page, "{\"RequestItems\":{\"%s\":{\"ConsistentRead\":true,\"Keys\":%.*s}}}",
            k->table, WB_FMT(keys));
        enum ledger_status st = ask(r, &r->page, "BatchGetItem", in, &out);
        if (st != LEDGER_OK)
            return st;
        for (struct wb_json_iter it =
                 wb_json_iter(wb_json_get(wb_json_get(out, "Responses"), k->table));
             wb_json_next(&it);)
            k->found(r, it.value);
        left = wb_json_get(wb_json_get(wb_json_get(out, "UnprocessedKeys"), k->table), "Keys");
        k->count = wb_json_count(left);
        keys = wb_json_raw(left);
    }
    k->keys = wb_buf_in(&r->page);
    return LEDGER_OK;
}

static enum ledger_status look_for(struct rebuild *r, struct look_up *k, struct wb_slice reference,
                                   struct wb_slice shipment)
{
    struct wb_json_writer w;
    if (k->count++)
        wb_buf_char(&k->keys, ',');
    wb_jw_init(&w, &k->keys);
    wb_jw_object(&w);
    if (reference.n)
        ledger_attr(&w, "reference", reference);
    ledger_attr(&w, "shipmentId", shipment);
    wb_jw_end_object(&w);
    return k->count == BATCH ? look_up(r, k) : LEDGER_OK;
}

/* A BatchWriteItem under way; items go in one by one. */
struct batch {
    const char *table;
    struct wb_buf puts;
    size_t count;
};

static enum ledger_status put_batch(struct rebuild *r, struct batch *b)
{
    struct wb_slice puts = wb_buf_slice(&b->puts), left = WB_SLICE_NULL;
    if (b->count)
        left = wb_printf(&r->page, "{\"%s\":[%.*s]}", b->table, WB_FMT(puts));
    while (left.p) {
        struct wb_json out, rest;
        struct wb_slice in = wb_printf(&r->page, "{\"RequestItems\":%.*s}", WB_FMT(left));
        enum ledger_status st = ask(r, &r->page, "BatchWriteItem", in, &out);
        if (st != LEDGER_OK)
            return st;
        rest = wb_json_get(out, "UnprocessedItems");
        left = wb_json_count(rest) ? wb_json_raw(rest) : WB_SLICE_NULL;
    }
    b->puts = wb_buf_in(&r->page);
    b->count = 0;
    return LEDGER_OK;
}

static enum ledger_status put_one(struct rebuild *r, struct batch *b, struct wb_slice item)
{
    wb_buf_printf(&b->puts, "%s{\"PutRequest\":{\"Item\":%.*s}}", b->count ? "," : "",
                  WB_FMT(item));
    return ++b->count == PUTS ? put_batch(r, b) : LEDGER_OK;
}

/* Shipments of which there is nothing, as after an upgrade, in few requests: 25 rows in one. These
 * rows go in without a condition, over what an event may have put there meanwhile; so the log is
 * looked at again after it, and tells (book.h). */
static enum ledger_status make_missing(struct rebuild *r)
{
    struct batch references = {r->l.references_table, wb_buf_in(&r->page), 0},
                 states = {r->l.state_table, wb_buf_in(&r->page), 0};
    bool ours[BATCH] = {false};
    enum ledger_status st = LEDGER_OK;
    for (size_t i = 0; st == LEDGER_OK && i < r->ready_count; i++) {
        struct shipment *s = &r->ready[i];
        ours[i] = !s->there && s->listed == 0 && s->state.numbers < STATE_NUMBERS_MAX;
        for (unsigned n = 0; st == LEDGER_OK && ours[i] && n < s->state.numbers; n++)
            st = put_one(r, &references, book_reference(&r->page, s->state.number[n], s->id));
    }
    if (st == LEDGER_OK)
        st = put_batch(r, &references);
    for (size_t i = 0; st == LEDGER_OK && i < r->ready_count; i++)
        if (ours[i])
            st = put_one(r, &states, state_item(&r->page, r->ready[i].id, &r->ready[i].state));
    if (st == LEDGER_OK)
        st = put_batch(r, &states);
    for (size_t i = 0; st == LEDGER_OK && i < r->ready_count; i++) {
        struct shipment *s = &r->ready[i];
        if (!ours[i])
            continue;
        r->made++;
        r->references += s->state.numbers;
        s->listed = s->state.numbers;
        st = book_agrees(&r->l, &r->page, s->id, &s->state, &s->right);
    }
    return st;
}

/* Compares those that are ready, and makes anew what differs. */
static enum ledger_status compare(struct rebuild *r)
{
    enum ledger_status st = LEDGER_OK;
    struct look_up states = {r->l.state_table, found_state, wb_buf_in(&r->page), 0},
                   references = {r->l.references_table, found_reference, wb_buf_in(&r->page), 0};
    r->ready_by_id = wb_map_new();
    for (size_t i = 0; i < r->ready_count; i++)
        wb_map_put(r->ready_by_id, r->ready[i].id, &r->ready[i]);
    for (size_t i = 0; st == LEDGER_OK && i < r->ready_count; i++) {
        const struct shipment *s = &r->ready[i];
        st = look_for(r, &states, WB_SLICE_NULL, s->id);
        for (unsigned n = 0; st == LEDGER_OK && n < s->state.numbers; n++)
            st = look_for(r, &references, s->state.number[n], s->id);
    }
    if (st == LEDGER_OK)
        st = look_up(r, &states);
    if (st == LEDGER_OK)
        st = look_up(r, &references);
    wb_map_free(r->ready_by_id);
    if (st == LEDGER_OK)
        st = make_missing(r);
    for (size_t i = 0; st == LEDGER_OK && i < r->ready_count; i++) {
        const struct shipment *s = &r->ready[i];
        /* A full list of references is not all of them. */
        if (!s->right || s->listed < s->state.numbers || s->state.numbers == STATE_NUMBERS_MAX)
            st = make_anew(r, &r->page, s->id);
    }
    r->ready_count = 0;
    progress(r);
    return st;
}

/* --- through the log --- */

static void see(struct rebuild *r, const struct update *u)
{
    struct wb_slice reference = reference_of(&r->page, u->tracking_number);
    wb_map_put(r->shipments, u->shipment_id, r);
    if (reference.n)
        wb_map_put(r->pairs, pair_of(&r->page, reference, u->shipment_id), r);
}

/* The shipment under way has no more updates. */
static enum ledger_status finish(struct rebuild *r)
{
    if (r->count == 0)
        return LEDGER_OK;
    r->looked_at++;
    r->ready[r->ready_count++] =
        (struct shipment){r->update[0].shipment_id, state_of(&r->page, r->update, r->count)};
    r->update += r->count;
    r->count = 0;
    return r->ready_count == BATCH ? compare(r) : LEDGER_OK;
}

/* The shipment in which the page ends may have more: it is made from a query of its own. */
static enum ledger_status finish_page(struct rebuild *r, bool last)
{
    if (last || r->count == 0)
        return finish(r);
    struct wb_slice id = r->update[0].shipment_id;
    memcpy(r->done, id.p, id.n);
    r->done[id.n] = 0;
    r->count = 0;
    r->looked_at++;
    return make_anew(r, &r->page, id);
}

static enum ledger_status take_rows(struct rebuild *r, struct wb_json items, bool last)
{
    enum ledger_status st = LEDGER_OK;
    /* States and updates of a page point into it, so nothing of them outlives it. */
    r->update = wb_new_n(&r->page, struct update, wb_json_count(items) + 1);
    for (struct wb_json_iter it = wb_json_iter(items); st == LEDGER_OK && wb_json_next(&it);) {
        struct update *u = &r->update[r->count];
        r->rows++;
        if (!update_of_row(&r->page, it.value, u) || u->shipment_id.n > UPDATE_KEY_MAX) {
            r->strange++;
            continue;
        }
        see(r, u);
        if (wb_slice_is(u->shipment_id, r->done))
            continue;
        if (r->count && !wb_slice_eq(u->shipment_id, r->update[0].shipment_id)) {
            struct update next = *u;
            st = finish(r);
            r->update[0] = next;
        }
        r->count++;
    }
    if (st == LEDGER_OK)
        st = finish_page(r, last);
    return st == LEDGER_OK ? compare(r) : st;
}

/* Every page of a table, from its beginning; `request` is the JSON of a Scan without its closing
 * brace. */
static enum ledger_status scan(struct rebuild *r, struct wb_slice request,
                               enum ledger_status (*take)(struct rebuild *r, struct wb_json items,
                                                          bool last))
{
    struct wb_buf start = {0};
    enum ledger_status st = LEDGER_OK;
    for (bool last = false; st == LEDGER_OK && !last;) {
        struct wb_json out;
        wb_arena_reset(&r->page);
        struct wb_slice in =
            wb_printf(&r->page, "%.*s%.*s}", WB_FMT(request), WB_FMT(wb_buf_slice(&start)));
        st = ask(r, &r->page, "Scan", in, &out);
        if (st != LEDGER_OK)
            break;
        struct wb_json next = wb_json_get(out, "LastEvaluatedKey");
        last = !wb_json_is(next);
        start.n = 0;
        if (!last)
            wb_buf_printf(&start, ",\"ExclusiveStartKey\":%.*s", WB_FMT(wb_json_raw(next)));
        st = take(r, wb_json_get(out, "Items"), last);
    }
    wb_buf_release(&start);
    return st;
}

/* --- what the log does not have --- */

static enum ledger_status sweep_states(struct rebuild *r, struct wb_json items, bool last)
{
    (void)last;
    enum ledger_status st = LEDGER_OK;
    for (struct wb_json_iter it = wb_json_iter(items); st == LEDGER_OK && wb_json_next(&it);) {
        struct wb_slice id = ledger_text(it.value, "shipmentId", &r->page);
        if (!wb_map_get(r->shipments, id))
            st = make_anew(r, &r->page, id);
    }
    return st;
}

static enum ledger_status sweep_references(struct rebuild *r, struct wb_json items, bool last)
{
    (void)last;
    enum ledger_status st = LEDGER_OK;
    for (struct wb_json_iter it = wb_json_iter(items); st == LEDGER_OK && wb_json_next(&it);) {
        struct wb_slice id = ledger_text(it.value, "shipmentId", &r->page),
                        reference = ledger_text(it.value, "reference", &r->page);
        bool dropped = false;
        if (!wb_map_get(r->pairs, pair_of(&r->page, reference, id)))
            st = book_drop_reference(&r->l, &r->page, reference, id, &dropped);
        r->dropped += dropped;
    }
    return st;
}

static enum ledger_status run(struct rebuild *r)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_buf log = wb_buf_in(&a);
    struct wb_json_writer w;
    wb_jw_init(&w, &log);
    wb_jw_object(&w);
    wb_jw_kcstr(&w, "TableName", r->l.log_table);
    wb_jw_kbool(&w, "ConsistentRead", true);
    book_projection(&w);
    enum ledger_status st = scan(r, wb_buf_slice(&log), take_rows);
    if (st == LEDGER_OK)
        st = scan(r,
                  wb_printf(&a, "{\"TableName\":\"%s\",\"ProjectionExpression\":\"shipmentId\"",
                            r->l.state_table),
                  sweep_states);
    if (st == LEDGER_OK)
        st = scan(r, wb_printf(&a, "{\"TableName\":\"%s\"", r->l.references_table),
                  sweep_references);
    wb_arena_release(&a);
    return st;
}

static void report(const struct rebuild *r)
{
    const struct {
        const char *what;
        uint64_t count;
    } line[] = {{"states made", r->made},
                {"states mended", r->mended},
                {"states removed", r->removed},
                {"references made", r->references},
                {"references removed", r->dropped},
                {"rows of the log left out, they have no time or no id", r->strange}};
    printf("%s%llu updates of %llu shipments read", r->terminal ? "\n" : "",
           (unsigned long long)r->rows, (unsigned long long)r->looked_at);
    bool any = false;
    for (size_t i = 0; i < sizeof line / sizeof *line; i++) {
        if (line[i].count)
            printf("%s %llu %s", any ? "," : ":", (unsigned long long)line[i].count, line[i].what);
        any |= line[i].count > 0;
    }
    printf(any ? "\n" : "; every row was right\n");
}

static void complain(const struct rebuild *r)
{
    bool no_table = wb_slice_find(r->l.why, WB_S("ResourceNotFoundException"), 0) >= 0;
    fprintf(stderr, "%swaybill shipments: %.*s\n%s\n", r->terminal ? "\n" : "", WB_FMT(r->l.why),
            no_table ? "The stack lacks a table: deploy the template of this version first."
                     : "Nothing is lost: run it again, it goes on with what is left.");
}

int rebuild_run(struct wb_aws *aws, const struct stack *s)
{
    struct rebuild *r = wb_xcalloc(1, sizeof *r);
    struct wb_arena names;
    wb_arena_init(&names, 0);
    wb_arena_init(&r->page, 1 << 20);
    r->l = (struct ledger){.aws = aws,
                           .log_table = wb_dup_cstr(&names, s->log_table),
                           .state_table = wb_dup_cstr(&names, s->state_table),
                           .references_table = wb_dup_cstr(&names, s->references_table),
                           .now_ms = wall_ms};
    r->shipments = wb_map_new();
    r->pairs = wb_map_new();
    r->terminal = isatty(2);
    enum ledger_status st = run(r);
    if (st == LEDGER_OK)
        report(r);
    else
        complain(r);
    wb_map_free(r->shipments);
    wb_map_free(r->pairs);
    wb_arena_release(&r->page);
    wb_arena_release(&names);
    free(r);
    return st != LEDGER_OK;
}
