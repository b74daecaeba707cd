/* Events against a set with every kind of test, which must answer what each rule alone answers. */
#include "services/events/match.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const patterns[] = {
    "{\"source\":[\"s\"],\"detail\":{\"a\":[1,\"x\",null,true]}}",
    "{\"detail\":{\"a\":[{\"prefix\":\"x\"},{\"suffix\":\"y\"},{\"prefix\":\"xy\"}]}}",
    "{\"detail\":{\"n\":[{\"numeric\":[\">\",0,\"<=\",5]},{\"numeric\":[\"=\",-7.5]}]}}",
    "{\"detail\":{\"n\":[{\"numeric\":[\"<\",100]}],\"ip\":[{\"cidr\":\"10.0.0.0/8\"},\"::1\"]}}",
    "{\"detail\":{\"a\":[{\"equals-ignore-case\":\"X\xc3\x9f\"},{\"wildcard\":\"a*b*c\"}]}}",
    "{\"detail\":{\"a\":[{\"anything-but\":[\"x\",\"y\"]}],\"b\":[{\"exists\":false}]}}",
    "{\"detail\":{\"l\":{\"x\":[1],\"y\":[2]},\"l.z\":[{\"exists\":true}]}}",
    "{\"$or\":[{\"detail\":{\"a\":[\"x\"]}},{\"detail-type\":[{\"anything-but\":{\"prefix\":\"t\"}}"
    "]}]}",
    "{\"detail\":{\"a\":[{\"prefix\":{\"equals-ignore-case\":\"ab\"}},{\"anything-but\":{"
    "\"wildcard\":\"*q\"}}]}}",
};
#define COUNT (sizeof patterns / sizeof *patterns)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wb_pattern *p[COUNT];
    static struct wb_match_set *all, *one[COUNT];
    struct wb_arena a;
    struct wb_slice why;
    wb_arena_init(&a, 0);
    for (size_t i = 0; !all && i < COUNT; i++) {
        p[i] = wb_pattern_compile(wb_slice_str(patterns[i]), &a, &why);
        assert(p[i]);
        one[i] = wb_match_new(&p[i], 1);
    }
    if (!all)
        all = wb_match_new(p, COUNT);
    struct wb_json event = wb_json_read(&a, wb_slice(data, size), NULL);
    if (wb_json_type(event) == WB_JSON_OBJECT) {
        uint32_t *rules, *alone;
        size_t n = wb_match_event(all, event, &a, &rules), at = 0;
        for (size_t i = 0; i < COUNT; i++) {
            bool together = at < n && rules[at] == i;
            at += together;
            assert(together == (wb_match_event(one[i], event, &a, &alone) == 1));
        }
    }
    wb_arena_release(&a);
    return 0;
}
