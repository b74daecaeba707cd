/*
 * TLS server contexts. The bytes go through memory (no socket here): net/ feeds what it read and
 * sends what comes out, so that one event loop serves plain and TLS connections alike.
 */
#ifndef WB_CRYPTO_TLS_H
#define WB_CRYPTO_TLS_H

#include "base/buf.h"

struct wb_tls_ctx;
struct wb_tls;

/* PEM files; TLS 1.2 and 1.3. NULL with *why on error. */
struct wb_tls_ctx *wb_tls_ctx_new(const char *cert_file, const char *key_file, struct wb_arena *a,
                                  struct wb_slice *why);
void wb_tls_ctx_free(struct wb_tls_ctx *c);

struct wb_tls *wb_tls_new(struct wb_tls_ctx *c);
void wb_tls_free(struct wb_tls *t);
/* Ciphertext from the peer in; plaintext is appended to `plain`, ciphertext to send to `out`.
 * False: the connection is broken (out may hold an alert). *closed: the peer sent close_notify. */
bool wb_tls_feed(struct wb_tls *t, struct wb_slice in, struct wb_buf *plain, struct wb_buf *out,
                 bool *closed);
bool wb_tls_send(struct wb_tls *t, struct wb_slice plain, struct wb_buf *out);
/* "TLSv1.3" and the name of the cipher suite; static. After the handshake. */
void wb_tls_facts(const struct wb_tls *t, const char **version, const char **cipher);
void wb_tls_close(struct wb_tls *t, struct wb_buf *out); /* close_notify */

#endif
