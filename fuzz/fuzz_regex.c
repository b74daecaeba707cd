/* Users' regular expressions: the first line is the pattern, the rest a text for it. */
#include "base/limits.h"
#include "codec/regex.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice rest = wb_slice(data, size), pattern = wb_slice_cut(&rest, '\n');
    const char *why;
    if (size > 16384)
        return 0;
    wb_arena_init(&a, 0);
    struct wb_regex *r = wb_regex_compile(&a, pattern, &why);
    assert(r || why); /* what is refused has a reason */
    if (r) {
        enum wb_regex_result first = wb_regex_match(r, rest), second = wb_regex_match(r, rest);
        /* Nothing of a match is left for the next one, but for the steps that it took. */
        assert(first == second || second == WB_REGEX_COSTLY);
    }
    struct wb_regex_search *s = wb_regex_search_compile(&a, pattern, &why);
    assert(s || why);
    if (s) {
        struct wb_slice group[WB_REGEX_GROUPS_MAX];
        enum wb_regex_result quick = wb_regex_find(s, rest, NULL),
                             whole = wb_regex_find(s, rest, group);
        assert(quick == whole || quick == WB_REGEX_COSTLY || whole == WB_REGEX_COSTLY);
        for (uint32_t i = 0; whole == WB_REGEX_YES && i < wb_regex_groups(s); i++)
            assert(!group[i].p ||
                   (group[i].p >= rest.p && group[i].p + group[i].n <= rest.p + rest.n));
    }
    wb_arena_release(&a);
    return 0;
}
