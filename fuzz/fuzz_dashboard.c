/* Bodies of dashboards: validated whatever they hold, every finding with a path and a message, and
 * never more than there is room for. */
#include "base/limits.h"
#include "services/cloudwatch/dashboard_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct cw_findings f;
    wb_arena_init(&a, 0);
    struct wb_json v = wb_json_read(&a, wb_slice(data, size), NULL);
    if (wb_json_is(v)) {
        cw_dashboard_validate(&a, v, &f);
        if (f.count > WB_DASHBOARD_MESSAGES_MAX)
            __builtin_trap();
        for (size_t i = 0; i < f.count; i++)
            if (!f.item[i].message.n || (f.item[i].path.n && f.item[i].path.p[0] != '/'))
                __builtin_trap();
    }
    wb_arena_release(&a);
    return 0;
}
