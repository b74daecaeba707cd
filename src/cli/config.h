/*
 * The settings of `waybill serve`: the command line, and a file of the same names. What the command
 * line says wins.
 */
#ifndef WB_CLI_CONFIG_H
#define WB_CLI_CONFIG_H

#include "cli/serve.h"

/* Fills *s with defaults, then the file named by --config, then the options. Values live in the
 * arena. 0; 2 = wrong usage (message printed); 1 = a file that cannot be used (message printed). */
int wb_config_read(int argc, char **argv, struct wb_arena *a, struct wb_serve *s);
extern const char wb_config_usage[];

#endif
