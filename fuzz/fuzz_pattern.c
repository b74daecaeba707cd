/* Event patterns: the first line is the pattern, the rest an event for it when it compiles. */
#include "services/events/match.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice rest = wb_slice(data, size), text = wb_slice_cut(&rest, '\n'), why = {NULL, 0};
    if (size == 0 || text.n > 4096)
        return 0;
    wb_arena_init(&a, 0);
    struct wb_pattern *p = wb_pattern_compile(text, &a, &why);
    assert(p || why.p); /* what is refused has a reason */
    if (p) {
        assert(p->sub_count > 0);
        struct wb_match_set *s = wb_match_new(&p, 1);
        struct wb_json event = wb_json_read(&a, rest, NULL);
        uint32_t *rules;
        if (wb_json_type(event) == WB_JSON_OBJECT)
            wb_match_event(s, event, &a, &rules);
        wb_match_free(s);
    }
    wb_pattern_free(p);
    wb_arena_release(&a);
    return 0;
}
