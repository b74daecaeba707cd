/*
 * The server's own log: one JSON line per event on stderr. Never a payload, never a secret.
 *
 *   wb_log(WB_LOG_WARN, "mail", "relay refused the message", "host", host, "code", code, NULL);
 *
 * Pairs of C strings follow, ended by NULL. Thread-safe: each line is one write(2).
 */
#ifndef WB_BASE_LOG_H
#define WB_BASE_LOG_H

enum wb_log_level { WB_LOG_DEBUG, WB_LOG_INFO, WB_LOG_WARN, WB_LOG_ERROR };

void wb_log_level_set(enum wb_log_level min); /* default INFO */
void wb_log(enum wb_log_level level, const char *area, const char *message, ...)
    __attribute__((sentinel));
/* Says why on stderr and exits with status 70 (EX_SOFTWARE) or the given one: for errors that must
 * stop the server (a failed sync). Never returns. */
void wb_fatal(int status, const char *area, const char *message, ...)
    __attribute__((noreturn, sentinel));

#endif
