/* The console's files, as tools/build-console makes them from web/. Empty in a program that was
 * built without npm's packages. */
#ifndef WB_CONSOLE_FILES_H
#define WB_CONSOLE_FILES_H

#include "base/embed.h"

/* Scripts that the page fetches; NAME.gz beside each NAME. A hash in the name: it never changes. */
extern const struct wb_embedded wb_console_files[];

/* The page: what is before the session, what is behind it, and that as raw deflate (RFC 1951). */
extern const struct wb_embedded wb_console_page[];
enum { CONSOLE_HEAD, CONSOLE_TAIL, CONSOLE_PACKED_TAIL };

/* The page's own scripts and styles, as sources of a content security policy: their hashes. */
extern const char wb_console_scripts[], wb_console_styles[];

#endif
