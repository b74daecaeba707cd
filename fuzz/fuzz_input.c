/* Input transformers: the first line is a target, the rest the event it is made from. */
#include "services/events/input.h"
#include "services/events/schedule.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice rest = wb_slice(data, size), text = wb_slice_cut(&rest, '\n');
    struct wb_slice why = {NULL, 0}, out;
    struct wb_schedule_plan plan;
    wb_arena_init(&a, 0);
    struct wb_json target = wb_json_read(&a, text, NULL);
    struct wb_json event = wb_json_read(&a, rest, NULL);
    if (wb_json_type(target) == WB_JSON_OBJECT && wb_json_type(event) == WB_JSON_OBJECT) {
        struct wb_input *in = wb_input_compile(&a, target, &why);
        struct wb_input_event e = {
            .text = rest, .rule_arn = WB_S("arn:rule"), .rule_name = WB_S("rule")};
        assert(in || why.p);
        if (in && wb_input_make(in, &e, &a, &out))
            assert(out.p);
    }
    if (wb_schedule_parse(text, &plan))
        assert(wb_plan_next(&plan, 0, 1795348800000) > 1795348800000);
    wb_arena_release(&a);
    return 0;
}
