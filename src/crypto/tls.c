#include "crypto/tls.h"
#include <assert.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct wb_tls_ctx {
    SSL_CTX *ssl;
};

struct wb_tls {
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    bool broken;
};

/* The oldest error of the thread's queue says what went wrong first. */
static struct wb_slice reason(struct wb_arena *a, const char *what, const char *file)
{
    unsigned long code = ERR_get_error();
    const char *text = code ? ERR_reason_error_string(code) : NULL;
    if (!text && ERR_SYSTEM_ERROR(code))
        text = strerror(ERR_GET_REASON(code));
    ERR_clear_error();
    return wb_printf(a, "%s %s: %s", what, file, text ? text : "unknown error");
}

static int alpn_http11(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *unused)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

struct wb_tls_ctx *wb_tls_ctx_new(const char *cert_file, const char *key_file, struct wb_arena *a,
                                  struct wb_slice *why)
{
    ERR_clear_error();
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    if (!ssl) {
        *why = reason(a, "cannot set up", "TLS");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS); /* idle connections keep no buffers */
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(ssl, alpn_http11, NULL);
    if (SSL_CTX_use_certificate_chain_file(ssl, cert_file) != 1)
        *why = reason(a, "cannot use the certificate", cert_file);
    else if (SSL_CTX_use_PrivateKey_file(ssl, key_file, SSL_FILETYPE_PEM) != 1)
        *why = reason(a, "cannot use the key", key_file);
    else if (SSL_CTX_check_private_key(ssl) != 1)
        *why = reason(a, "the certificate does not belong to the key", key_file);
    else {
        struct wb_tls_ctx *c = wb_xcalloc(1, sizeof *c);
        c->ssl = ssl;
        return c;
    }
    SSL_CTX_free(ssl);
    return NULL;
}

void wb_tls_ctx_free(struct wb_tls_ctx *c)
{
    if (!c)
        return;
    SSL_CTX_free(c->ssl);
    free(c);
}

struct wb_tls *wb_tls_new(struct wb_tls_ctx *c)
{
    struct wb_tls *t = wb_xcalloc(1, sizeof *t);
    t->ssl = SSL_new(c->ssl);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (!t->ssl || !t->in || !t->out)
        abort();                       /* out of memory */
    BIO_set_mem_eof_return(t->in, -1); /* empty means "later", not the end */
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_accept_state(t->ssl);
    return t;
}

void wb_tls_free(struct wb_tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    free(t);
}

static void drain(struct wb_tls *t, struct wb_buf *out)
{
    char *p;
    long n = BIO_get_mem_data(t->out, &p);
    if (n > 0) {
        wb_buf_put(out, p, (size_t)n);
        (void)BIO_reset(t->out);
    }
}

static bool give_up(struct wb_tls *t)
{
    ERR_clear_error();
    t->broken = true;
    return false;
}

bool wb_tls_feed(struct wb_tls *t, struct wb_slice in, struct wb_buf *plain, struct wb_buf *out,
                 bool *closed)
{
    *closed = false;
    if (t->broken)
        return false;
    ERR_clear_error();
    /* A piece at a time, so that the memory BIO holds no more than a record or two. */
    do {
        struct wb_slice part = wb_slice_sub(in, 0, 16 * 1024);
        in = wb_slice_sub(in, part.n, in.n);
        if (part.n && BIO_write(t->in, part.p, (int)part.n) != (int)part.n)
            return give_up(t);
        for (;;) {
            size_t got = 0;
            wb_buf_reserve(plain, 4096);
            int ok = SSL_read_ex(t->ssl, plain->p + plain->n, plain->cap - plain->n, &got);
            plain->n += got;
            if (ok)
                continue;
            int error = SSL_get_error(t->ssl, 0);
            if (error == SSL_ERROR_WANT_READ)
                break;
            drain(t, out); /* an alert, perhaps */
            if (error == SSL_ERROR_ZERO_RETURN) {
                *closed = true;
                return true;
            }
            return give_up(t);
        }
    } while (in.n);
    drain(t, out);
    return true;
}

bool wb_tls_send(struct wb_tls *t, struct wb_slice plain, struct wb_buf *out)
{
    size_t done;
    if (t->broken)
        return false;
    ERR_clear_error();
    /* The memory BIO takes everything, so a write is never partial; before the end of the
     * handshake it fails, and there is nothing that could be sent then. */
    if (plain.n && (!SSL_write_ex(t->ssl, plain.p, plain.n, &done) || done != plain.n)) {
        drain(t, out);
        return give_up(t);
    }
    drain(t, out);
    return true;
}

void wb_tls_close(struct wb_tls *t, struct wb_buf *out)
{
    if (!t->broken && SSL_is_init_finished(t->ssl)) {
        ERR_clear_error();
        SSL_shutdown(t->ssl);
        ERR_clear_error();
    }
    drain(t, out);
    t->broken = true;
}

void wb_tls_facts(const struct wb_tls *t, const char **version, const char **cipher)
{
    *version = SSL_get_version(t->ssl);
    *cipher = SSL_get_cipher_name(t->ssl);
}
