/*
 * Matching at 1 to 100,000 rules: exact, prefix and numeric ones, of which at most 5 match an
 * event of about 600 bytes (DESIGN, section 9: 100,000 rules cost less than twice of one). An event
 * is parsed and matched, as PutEvents does it.
 *
 * Output: a line a set: rules, ns an event, events/s, ratio to one rule, ms to compile the set.
 */
#include "services/events/match.h"
#include "base/seam.h"
#include <stdio.h>
#include <stdlib.h>

#define EVENTS 4096 /* more than the caches of one core hold of the rules they touch */
#define CHUNK  64   /* the best time of each chunk counts: the machine may be busy otherwise */
#define ROUNDS 20

static int64_t now_ns(void)
{
    return wb_seam_os()->mono_ns(wb_seam_os());
}

/* Rule i of n. Values are spread so that an event meets at most 5 rules. */
static struct wb_slice rule(struct wb_arena *a, unsigned i, unsigned n)
{
    switch (i % 3) {
    case 0:
        return wb_printf(a,
                         "{\"source\":[\"carrier.updates\"],\"detail\":{\"shipmentId\":"
                         "[\"SHP-%07u\"]}}",
                         i);
    case 1:
        return wb_printf(a,
                         "{\"source\":[\"carrier.updates\"],\"detail\":{\"trackingNumber\":"
                         "[{\"prefix\":\"1Z%06u\"}]}}",
                         i);
    default:
        return wb_printf(a,
                         "{\"source\":[\"carrier.updates\"],\"detail\":{\"weight\":"
                         "[{\"numeric\":[\">=\",%u.25,\"<\",%u.75]}]}}",
                         i, i + 3);
    }
}

static struct wb_slice detail(struct wb_arena *a, unsigned k)
{
    return wb_printf(
        a,
        "{\"shipmentId\":\"SHP-%07u\",\"carrier\":\"Northern Freight\",\"trackingNumber\":"
        "\"1Z%06uAA%04u\",\"status\":\"IN_TRANSIT\",\"timestamp\":\"2026-11-22T12:00:00Z\","
        "\"weight\":%u.5,\"location\":{\"name\":\"Hub 17\",\"city\":\"Rotterdam\",\"country\":"
        "\"NL\",\"point\":[51.9244,4.4777]},\"items\":[{\"sku\":\"A-100\",\"count\":3},{\"sku\":"
        "\"B-220\",\"count\":1}],\"references\":{\"order\":\"O-2026-11-0451\",\"customer\":"
        "\"C-9931\",\"invoice\":null},\"flags\":[\"insured\",\"express\"],\"note\":\"leave at the "
        "gate, ring twice; the dog is friendly\"}",
        k, k, k % 10000, k);
}

struct figures {
    double ns, build_ms;
    size_t matched, most;
};

static struct figures measure(unsigned n)
{
    struct wb_arena keep, scratch;
    struct figures f = {.ns = 0};
    struct wb_pattern **p = wb_xcalloc(n, sizeof *p);
    struct wb_slice text[EVENTS], why;
    wb_arena_init(&keep, 0);
    wb_arena_init(&scratch, 65536);
    int64_t from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        p[i] = wb_pattern_compile(rule(&scratch, i, n), &scratch, &why);
        wb_arena_reset(&scratch);
    }
    struct wb_match_set *s = wb_match_new(p, n);
    f.build_ms = (double)(now_ns() - from) / 1e6;
    for (unsigned i = 0; i < EVENTS; i++)
        text[i] = detail(&keep, (unsigned)((i * 2654435761u) % (n < 3 ? 3 : n)));
    struct wb_envelope e = {.version = WB_S("0"),
                            .id = WB_S("6a7e8feb-b491-4cf7-a9f1-bf3703467718"),
                            .detail_type = WB_S("Shipment Update"),
                            .source = WB_S("carrier.updates"),
                            .account = WB_S("123456789012"),
                            .time = WB_S("2026-11-22T12:00:00Z"),
                            .region = WB_S("us-east-1")};
    double best[EVENTS / CHUNK];
    for (int round = 0; round < ROUNDS; round++) {
        f.matched = 0;
        for (unsigned c = 0; c < EVENTS / CHUNK; c++) {
            from = now_ns();
            for (unsigned i = c * CHUNK; i < (c + 1) * CHUNK; i++) {
                uint32_t *rules;
                e.detail = wb_json_read(&scratch, text[i], NULL);
                size_t m = wb_match_envelope(s, &e, &scratch, &rules);
                f.matched += m;
                f.most = m > f.most ? m : f.most;
                wb_arena_reset(&scratch);
            }
            double ns = (double)(now_ns() - from);
            best[c] = round == 0 || ns < best[c] ? ns : best[c];
        }
    }
    f.ns = 0;
    for (unsigned c = 0; c < EVENTS / CHUNK; c++)
        f.ns += best[c] / EVENTS;
    wb_match_free(s);
    for (unsigned i = 0; i < n; i++)
        wb_pattern_free(p[i]);
    free(p);
    wb_arena_release(&keep);
    wb_arena_release(&scratch);
    return f;
}

int main(void)
{
    static const unsigned sizes[] = {1, 100, 10000, 100000};
    double one = 0;
    printf("%8s %12s %12s %8s %12s %10s\n", "rules", "ns/event", "events/s", "ratio", "matches/ev",
           "build ms");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct figures f = measure(sizes[i]);
        one = i == 0 ? f.ns : one;
        printf("%8u %12.0f %12.0f %8.2f %12.2f %10.1f\n", sizes[i], f.ns, 1e9 / f.ns, f.ns / one,
               (double)f.matched / EVENTS, f.build_ms);
        if (f.most > 5)
            fprintf(stderr, "an event matched %zu rules\n", f.most);
    }
    return 0;
}
