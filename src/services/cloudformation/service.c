/* The module. */
#include "services/cloudformation/cloudformation.h"
#include "services/cloudformation/types/callback.h"

static void start(struct wb_engine *e)
{
    cfn_callback_start(e);
}

/* Until there are stacks nobody waits. */
__attribute__((weak)) bool wb_cfn_answer(struct wb_tx *tx, struct wb_slice stack_id,
                                         struct wb_slice logical_id, struct wb_slice token,
                                         struct wb_slice answer)
{
    return false;
}

const struct wb_module wb_cloudformation_module = {.start = start, .account = cfn_prepare_account};
