#include "console/console.h"

void wb_console_register(struct wb_engine *e)
{
    console_assets_register(e);
    console_session_register(e);
}
