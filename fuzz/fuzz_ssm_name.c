/* Names of parameters, with their selectors and as ARNs; paths; labels. */
#include "base/limits.h"
#include "services/ssm/name.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    struct wb_slice s = wb_slice(data, size), path;
    struct ssm_name n, again;
    if (size > 4096)
        return 0;
    wb_arena_init(&a, 0);
    if (ssm_name_parse(&a, s, &n) == SSM_NAME_OK) {
        /* What is taken is plain, and means the same when its parts are put together again. */
        assert(n.path.n > 1 && n.path.p[0] == '/' && n.path.p[n.path.n - 1] != '/');
        assert(wb_slice_find(n.path, WB_S("//"), 0) < 0 && wb_slice_chr(n.path, ':', 0) < 0);
        assert(!n.selector.p || n.selector.n > 0);
        assert(ssm_path_parse(n.path, &path) && wb_slice_eq(path, n.path));
        assert(ssm_name_parse(&a, n.path, &again) == SSM_NAME_OK);
        assert(wb_slice_eq(again.path, n.path) && !again.selector.p && !again.arn);
    }
    if (ssm_path_parse(s, &path))
        assert(path.n == 0 || path.p[path.n - 1] != '/');
    if (ssm_label_valid(s))
        assert(s.n <= 100 && wb_slice_chr(s, ':', 0) < 0);
    wb_arena_release(&a);
    return 0;
}
