#include "services/iam/policy.h"

/* Walks on from where it is: line breaks are counted once. */
static struct iam_position walk(struct wb_slice text, size_t *at, size_t to, struct iam_position p)
{
    for (; *at < to; ++*at) {
        p.column++;
        if (text.p[*at] == '\n')
            p = (struct iam_position){p.line + 1, 1};
    }
    return p;
}

size_t iam_statement_places(struct wb_arena *a, struct wb_slice text, struct iam_place **place)
{
    struct wb_json list = wb_json_get(wb_json_read(a, text, NULL), "Statement");
    bool many = wb_json_type(list) == WB_JSON_ARRAY;
    struct wb_json_iter it = wb_json_iter(many ? list : WB_JSON_NONE);
    struct iam_position p = {1, 1};
    size_t at = 0, n = 0;
    *place = wb_new_n(a, struct iam_place, many ? wb_json_count(list) + 1 : 1);
    while (many ? wb_json_next(&it) : n == 0) {
        struct wb_slice raw = wb_json_raw(many ? it.value : list);
        size_t from = (size_t)(raw.p - text.p), to = from + raw.n;
        while (from > at && strchr(" \t\r\n", text.p[from - 1]))
            from--;
        p = walk(text, &at, from, p);
        (*place)[n].start = p;
        p = walk(text, &at, to, p);
        (*place)[n++].end = p;
    }
    return n;
}
