#include "timeline.h"

#include "codec/json.h"
#include "state.h"

#include <stdio.h>

static struct wb_slice text_of(struct wb_json item, const char *name, struct wb_arena *a)
{
    struct wb_slice s = wb_json_get_str(wb_json_get(item, name), "S", a);
    return s.p ? s : WB_S("");
}

/* A text as JSON. */
static struct wb_slice quote(struct wb_arena *a, struct wb_slice text)
{
    struct wb_buf b = wb_buf_in(a);
    struct wb_json_writer w;
    wb_jw_init(&w, &b);
    wb_jw_str(&w, text);
    return wb_buf_slice(&b);
}

static bool ask(struct wb_aws *aws, struct wb_arena *a, const char *operation, struct wb_slice in,
                struct wb_json *out)
{
    struct wb_aws_answer r;
    *out = WB_JSON_NONE;
    if (wb_aws_json(aws, a, "dynamodb", operation, in, &r)) {
        *out = r.json;
        return true;
    }
    if (wb_slice_is(r.code, "ResourceNotFoundException"))
        return true; /* a stack from before this table */
    fprintf(stderr, "waybill shipment: %.*s: %.*s\n", WB_FMT(r.code), WB_FMT(r.message));
    return false;
}

/* Requests for what has this value under this key; names are ours and need no quoting. */
static struct wb_slice get_request(struct wb_arena *a, struct wb_slice table, const char *key,
                                   struct wb_slice value)
{
    struct wb_slice quoted = quote(a, value);
    return wb_printf(
        a, "{\"TableName\":\"%.*s\",\"ConsistentRead\":true,\"Key\":{\"%s\":{\"S\":%.*s}}}",
        WB_FMT(table), key, WB_FMT(quoted));
}

static struct wb_slice query_request(struct wb_arena *a, struct wb_slice table, const char *key,
                                     struct wb_slice value, struct wb_slice start)
{
    struct wb_slice quoted = quote(a, value);
    struct wb_slice from =
        start.p ? wb_printf(a, ",\"ExclusiveStartKey\":%.*s", WB_FMT(start)) : WB_S("");
    return wb_printf(a,
                     "{\"TableName\":\"%.*s\",\"ConsistentRead\":true,\"KeyConditionExpression\":"
                     "\"#k = :v\",\"ExpressionAttributeNames\":{\"#k\":\"%s\"},"
                     "\"ExpressionAttributeValues\":{\":v\":{\"S\":%.*s}}%.*s}",
                     WB_FMT(table), key, WB_FMT(quoted), WB_FMT(from));
}

static void print_row(struct wb_json item, struct wb_arena *a)
{
    struct wb_slice reason = text_of(item, "delayReason", a), eta = text_of(item, "eta", a);
    printf("%-33.*s  %-20.*s  %-22.*s  %-10.*s  %.*s", WB_FMT(text_of(item, "timestamp", a)),
           WB_FMT(text_of(item, "status", a)), WB_FMT(text_of(item, "location", a)),
           WB_FMT(text_of(item, "carrier", a)), WB_FMT(text_of(item, "trackingNumber", a)));
    if (reason.n)
        printf("  (%.*s", WB_FMT(reason));
    if (eta.n)
        printf("%s%.*s", reason.n ? ", new estimate " : "  (new estimate ", WB_FMT(eta));
    printf("%s%s\n", reason.n || eta.n ? ")" : "",
           text_of(item, "retraction", a).n   ? "  (taken back)"
           : text_of(item, "classifier", a).n ? "  (a forecast)"
                                              : "");
}

static void print_flag(struct wb_json item, struct wb_arena *a, const char *flag,
                       const char *reason)
{
    if (!wb_json_is(wb_json_get(item, flag)))
        return;
    struct wb_slice why = text_of(item, reason, a);
    printf(", %s%s%.*s", flag, why.n ? ": " : "", WB_FMT(why));
}

/* SHIP-1: OUT_FOR_DELIVERY since 2026-11-02T12:00:00.000Z, Lyon, FR, delayed: WEATHER, expected ...
 */
static void print_state(struct wb_json item, struct wb_arena *a)
{
    const struct {
        const char *before, *name;
    } part[] = {{"", "shipmentId"}, {": ", "status"}, {" since ", "statusAt"}, {", ", "location"}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        struct wb_slice text = text_of(item, part[i].name, a);
        if (text.n)
            printf("%s%.*s", part[i].before, WB_FMT(text));
    }
    print_flag(item, a, "delayed", "delayReason");
    print_flag(item, a, "exception", "exceptionReason");
    struct wb_slice eta = text_of(item, "eta", a);
    if (eta.n && !status_is_end(status_of(text_of(item, "status", a))))
        printf(", expected %.*s", WB_FMT(eta));
    printf("\n");
}

/* The rows of the log. -1 when they could not be read. */
static int print_one(struct wb_aws *aws, struct wb_arena *a, const struct stack *s,
                     struct wb_slice id)
{
    struct wb_slice start = WB_SLICE_NULL;
    int rows = 0;
    do {
        struct wb_json out, state;
        if (!ask(aws, a, "Query", query_request(a, s->log_table, "shipmentId", id, start), &out))
            return -1;
        struct wb_json items = wb_json_get(out, "Items");
        if (rows == 0 && wb_json_count(items)) {
            if (!ask(aws, a, "GetItem", get_request(a, s->state_table, "shipmentId", id), &state))
                return -1;
            if (wb_json_is(wb_json_get(state, "Item")))
                print_state(wb_json_get(state, "Item"), a);
        }
        for (struct wb_json_iter it = wb_json_iter(items); wb_json_next(&it); rows++)
            print_row(it.value, a);
        struct wb_json last = wb_json_get(out, "LastEvaluatedKey");
        start = wb_json_is(last) ? wb_json_raw(last) : WB_SLICE_NULL;
    } while (start.p);
    return rows;
}

int shipment_print(struct wb_aws *aws, const struct stack *s, const char *sought)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    struct wb_json out = WB_JSON_NONE;
    struct wb_slice text = wb_slice_str(sought), number = reference_of(&a, text);
    int rows = print_one(aws, &a, s, text);
    bool ok = rows >= 0;
    if (rows == 0 && number.n)
        ok = ask(aws, &a, "Query",
                 query_request(&a, s->references_table, "reference", number, WB_SLICE_NULL), &out);
    for (struct wb_json_iter it = wb_json_iter(wb_json_get(out, "Items"));
         ok && wb_json_next(&it);) {
        printf(rows ? "\n" : "");
        int more = print_one(aws, &a, s, text_of(it.value, "shipmentId", &a));
        ok = more >= 0;
        rows += ok ? more : 0;
    }
    if (ok && rows == 0)
        fprintf(stderr, "waybill shipment: nothing is known of %s\n", sought);
    wb_arena_release(&a);
    return ok && rows ? 0 : 1;
}
