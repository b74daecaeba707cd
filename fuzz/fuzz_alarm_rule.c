/* Rules of composite alarms. What parses is evaluated; a rule and its negation are never both true,
 * unless it is refused for its size. */
#include "base/limits.h"
#include "services/cloudwatch/alarm_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct cw_rule_tree t, n;
    struct wb_slice why;
    enum cw_state state[WB_ALARM_CHILDREN_MAX];
    if (size > 10240)
        return 0;
    wb_arena_init(&a, 0);
    for (size_t i = 0; i < WB_ALARM_CHILDREN_MAX; i++)
        state[i] = (enum cw_state)((i + size) % 3);
    struct wb_slice rule = wb_slice(data, size);
    if (cw_rule_parse(&a, rule, &t, &why)) {
        struct wb_slice not = wb_printf(&a, "NOT (%.*s)", WB_FMT(rule));
        if (t.name_count > WB_ALARM_CHILDREN_MAX || t.count > WB_ALARM_RULE_ELEMENTS_MAX)
            __builtin_trap();
        if (cw_rule_parse(&a, not, &n, &why) &&
            cw_rule_holds(&t, state) == cw_rule_holds(&n, state))
            __builtin_trap();
    } else if (!why.n) {
        __builtin_trap();
    }
    wb_arena_release(&a);
    return 0;
}
