/* The server side against OpenSSL's own client, both in this process, over memory. */
#include "crypto/tls.h"
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], cert[96], key[96], other_key[96];
static struct wb_arena arena;
static struct wb_tls_ctx *ctx;

static EVP_PKEY *write_key(const char *path)
{
    EVP_PKEY *k = EVP_EC_gen("P-256");
    FILE *f = fopen(path, "w");
    assert_true(k && f && PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL));
    fclose(f);
    return k;
}

static int group_setup(void **state)
{
    struct wb_slice why;
    wb_arena_init(&arena, 0);
    snprintf(dir, sizeof dir, "/tmp/wb_tls_XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(cert, sizeof cert, "%s/cert.pem", dir);
    snprintf(key, sizeof key, "%s/key.pem", dir);
    snprintf(other_key, sizeof other_key, "%s/other.pem", dir);
    EVP_PKEY_free(write_key(other_key));
    EVP_PKEY *k = write_key(key);
    X509 *x = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, k);
    X509_NAME *name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(x, name);
    assert_true(X509_sign(x, k, EVP_sha256()) > 0);
    FILE *f = fopen(cert, "w");
    assert_true(f && PEM_write_X509(f, x));
    fclose(f);
    X509_free(x);
    EVP_PKEY_free(k);
    ctx = wb_tls_ctx_new(cert, key, &arena, &why);
    assert_non_null(ctx);
    return 0;
}

static int group_teardown(void **state)
{
    wb_tls_ctx_free(ctx);
    unlink(cert);
    unlink(key);
    unlink(other_key);
    rmdir(dir);
    wb_arena_release(&arena);
    return 0;
}

/* A client and the server it talks to. `step` is how many bytes pass at a time. */
struct pair {
    SSL_CTX *client_ctx;
    SSL *client;
    BIO *in, *out;
    struct wb_tls *server;
    struct wb_buf plain, wire; /* what the server read; what it wants to send */
    size_t step;
    bool closed, ok;
};

static void pair_start(struct pair *p, int version, size_t step)
{
    *p = (struct pair){.step = step, .ok = true};
    p->client_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(p->client_ctx, version);
    SSL_CTX_set_max_proto_version(p->client_ctx, version);
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_cipher_list(p->client_ctx, "ALL:@SECLEVEL=0");
    p->client = SSL_new(p->client_ctx);
    p->in = BIO_new(BIO_s_mem());
    p->out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(p->in, -1);
    SSL_set_bio(p->client, p->in, p->out);
    SSL_set_connect_state(p->client);
    SSL_set_alpn_protos(p->client, (const unsigned char *)"\x02h2\x08http/1.1", 12);
    p->server = wb_tls_new(ctx);
}

static void pair_end(struct pair *p)
{
    SSL_free(p->client);
    SSL_CTX_free(p->client_ctx);
    wb_tls_free(p->server);
    wb_buf_release(&p->plain);
    wb_buf_release(&p->wire);
}

/* Carries bytes both ways until nothing moves. */
static void carry(struct pair *p)
{
    char buf[16384];
    for (bool moved = true; moved;) {
        moved = false;
        if (p->wire.n) {
            assert_int_equal(BIO_write(p->in, p->wire.p, (int)p->wire.n), p->wire.n);
            p->wire.n = 0;
            moved = true;
        }
        if (!SSL_is_init_finished(p->client))
            SSL_do_handshake(p->client);
        int n = BIO_read(p->out, buf, (int)(p->step < sizeof buf ? p->step : sizeof buf));
        if (n > 0) {
            bool closed;
            p->ok = wb_tls_feed(p->server, wb_slice(buf, (size_t)n), &p->plain, &p->wire, &closed);
            p->closed = p->closed || closed;
            moved = true;
        }
    }
}

static void talk(int version, size_t step)
{
    struct pair p;
    const unsigned char *alpn;
    unsigned alpn_len;
    size_t size = step == 1 ? 20000 : 1 << 20;
    char *data = malloc(size), *got = malloc(size);
    pair_start(&p, version, step);
    carry(&p);
    assert_true(p.ok && SSL_is_init_finished(p.client));
    assert_int_equal(SSL_version(p.client), version);
    SSL_get0_alpn_selected(p.client, &alpn, &alpn_len);
    assert_true(wb_slice_is(wb_slice(alpn, alpn_len), "http/1.1"));

    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 7 % 253);
    assert_int_equal(SSL_write(p.client, data, (int)size), size);
    carry(&p);
    assert_true(p.ok && !p.closed);
    assert_true(wb_slice_eq(wb_buf_slice(&p.plain), wb_slice(data, size)));

    assert_true(wb_tls_send(p.server, wb_slice(data, size), &p.wire));
    assert_true(wb_tls_send(p.server, WB_SLICE_NULL, &p.wire));
    size_t n = 0;
    carry(&p);
    for (int r; n < size && (r = SSL_read(p.client, got + n, (int)(size - n))) > 0; n += (size_t)r)
        ;
    assert_int_equal(n, size);
    assert_memory_equal(data, got, size);

    /* The client's last words arrive together with its goodbye. */
    p.plain.n = 0;
    SSL_write(p.client, "bye", 3);
    SSL_shutdown(p.client);
    carry(&p);
    assert_true(p.ok && p.closed && wb_slice_is(wb_buf_slice(&p.plain), "bye"));
    wb_tls_close(p.server, &p.wire);
    assert_true(p.wire.n > 0);
    carry(&p);
    assert_int_equal(SSL_shutdown(p.client), 1); /* it has the server's close_notify */
    assert_false(wb_tls_send(p.server, WB_S("x"), &p.wire));
    pair_end(&p);
    free(data);
    free(got);
}

static void test_tls13(void **state)
{
    talk(TLS1_3_VERSION, 100000);
    talk(TLS1_3_VERSION, 1);
    talk(TLS1_3_VERSION, 1000);
}

static void test_tls12(void **state)
{
    talk(TLS1_2_VERSION, 100000);
    talk(TLS1_2_VERSION, 1);
}

static void test_old_version_refused(void **state)
{
    struct pair p;
    pair_start(&p, TLS1_1_VERSION, 1000);
    carry(&p);
    assert_false(p.ok);
    assert_false(SSL_is_init_finished(p.client));
    pair_end(&p);
}

static void test_garbage(void **state)
{
    struct wb_tls *t = wb_tls_new(ctx);
    struct wb_buf plain = {0}, wire = {0};
    bool closed;
    assert_true(wb_tls_feed(t, WB_SLICE_NULL, &plain, &wire, &closed)); /* nothing is no error */
    assert_false(wb_tls_feed(t, WB_S("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), &plain, &wire, &closed));
    assert_false(closed);
    assert_int_equal(plain.n, 0);
    assert_false(wb_tls_feed(t, WB_S("more"), &plain, &wire, &closed)); /* stays broken */
    assert_false(wb_tls_send(t, WB_S("x"), &wire));
    wb_tls_close(t, &wire);
    wb_tls_free(t);

    t = wb_tls_new(ctx); /* before the handshake there is nothing to send */
    assert_false(wb_tls_send(t, WB_S("x"), &wire));
    wb_tls_free(t);
    wb_tls_free(NULL);
    wb_buf_release(&plain);
    wb_buf_release(&wire);
}

/* A record changed on the way breaks the connection, with an alert to the peer. */
static void test_tampered(void **state)
{
    struct pair p;
    char buf[1000];
    bool closed;
    pair_start(&p, TLS1_3_VERSION, 100000);
    carry(&p);
    SSL_write(p.client, "secret", 6);
    int n = BIO_read(p.out, buf, sizeof buf);
    assert_true(n > 10);
    buf[n - 1] ^= 1;
    assert_false(wb_tls_feed(p.server, wb_slice(buf, (size_t)n), &p.plain, &p.wire, &closed));
    assert_int_equal(p.plain.n, 0);
    assert_true(p.wire.n > 0);
    pair_end(&p);
}

static void refused(const char *c, const char *k, const char *part)
{
    struct wb_slice why = WB_SLICE_NULL;
    assert_null(wb_tls_ctx_new(c, k, &arena, &why));
    if (wb_slice_find(why, wb_slice_str(part), 0) < 0)
        fail_msg("%.*s", WB_FMT(why));
}

static void test_files(void **state)
{
    refused("/nowhere/cert.pem", key, "/nowhere/cert.pem: No such file or directory");
    refused(cert, "/nowhere/key.pem", "/nowhere/key.pem: No such file or directory");
    refused(key, key, "cannot use the certificate");
    refused(cert, cert, "cannot use the key");
    refused(cert, other_key, "other.pem: key values mismatch");
    wb_tls_ctx_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls13),   cmocka_unit_test(test_tls12),
        cmocka_unit_test(test_garbage), cmocka_unit_test(test_old_version_refused),
        cmocka_unit_test(test_files),   cmocka_unit_test(test_tampered),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
