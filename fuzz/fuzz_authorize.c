/*
 * Authorization: whole sets of policies, a principal and a request, drawn from the input.
 * Evaluator, index and the reference of the unit tests must say the same; above all, nothing may be
 * allowed that the reference denies.
 */
#include "auth/policy_random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dice d = {.p = data, .n = size, .seed = 88172645463325252ull};
    struct random_case c;
    struct wb_arena a;
    wb_arena_init(&a, 0);
    random_case(&d, &a, &c);
    random_case_check(&a, &c);
    random_case_free(&c);
    wb_arena_release(&a);
    return 0;
}
