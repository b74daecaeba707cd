#include "services/iam/policy.h"

static struct iam_position position_of(struct wb_slice text, size_t offset)
{
    struct iam_position p = {1, 1};
    for (size_t i = 0; i < offset; i++) {
        p.column++;
        if (text.p[i] == '\n')
            p = (struct iam_position){p.line + 1, 1};
    }
    return p;
}

void iam_statement_position(struct wb_arena *a, struct wb_slice text, size_t n,
                            struct iam_position *start, struct iam_position *end)
{
    struct wb_json list = wb_json_get(wb_json_read(a, text, NULL), "Statement");
    struct wb_slice raw =
        wb_json_raw(wb_json_type(list) == WB_JSON_ARRAY ? wb_json_item(list, (uint32_t)n) : list);
    size_t from = (size_t)(raw.p - text.p), to = from + raw.n;
    while (from > 0 && strchr(" \t\r\n", text.p[from - 1]))
        from--;
    *start = position_of(text, from);
    *end = position_of(text, to);
}
