/*
 * The key file, secrets at rest, access keys, the root key and session tokens, each with the ways
 * in which it can be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/keys.h"
#include "codec/text.h"
#include "store/key.h"
#include "store/tables.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct wb_arena arena;
static struct wb_seam_sim sim;
static char dir[] = "/tmp/wb_keys_XXXXXX";

static char *path_of(const char *name)
{
    return wb_dup_cstr(&arena, wb_printf(&arena, "%s/%s", dir, name));
}

static struct wb_keyring *ring(bool create, struct wb_slice *why)
{
    return wb_keyring_open(dir, NULL, &sim.seam, create, &arena, why);
}

static void write_key(const char *text, mode_t mode)
{
    char *path = path_of("key");
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void assert_has(struct wb_slice text, const char *part)
{
    if (wb_slice_find(text, wb_slice_str(part), 0) < 0)
        fail_msg("'%.*s' lacks '%s'", WB_FMT(text), part);
}

static void test_key_file(void **state)
{
    struct wb_slice why, sealed, plain;
    unlink(path_of("key"));
    assert_null(ring(false, &why));
    assert_has(why, "cannot read the key file");
    struct wb_keyring *k = ring(true, &why);
    assert_non_null(k);
    struct stat st;
    assert_int_equal(stat(path_of("key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 65);
    sealed = wb_keyring_seal(&arena, k, WB_S("secret"), WB_S("here"));
    wb_keyring_free(k);

    k = ring(false, &why); /* the same key again */
    assert_non_null(k);
    assert_true(wb_keyring_unseal(&arena, k, sealed, WB_S("here"), &plain));
    assert_true(wb_slice_is(plain, "secret"));
    assert_false(wb_keyring_unseal(&arena, k, sealed, WB_S("there"), &plain));
    assert_false(wb_keyring_unseal(&arena, k, WB_S(""), WB_S("here"), &plain));
    for (size_t i = 0; i < sealed.n; i++) {
        char *bad = wb_dup_cstr(&arena, sealed);
        memcpy(bad, sealed.p, sealed.n);
        bad[i] ^= 1;
        assert_false(wb_keyring_unseal(&arena, k, wb_slice(bad, sealed.n), WB_S("here"), &plain));
    }
    wb_keyring_free(k);
    wb_keyring_free(NULL);
}

static void test_bad_key_files(void **state)
{
    struct wb_slice why;
    char hex[66];
    memset(hex, 'a', 64);
    hex[64] = 0;
    write_key(hex, 0600); /* no newline: still good */
    struct wb_keyring *k = ring(false, &why);
    assert_non_null(k);
    wb_keyring_free(k);
    write_key(hex, 0640);
    assert_null(ring(true, &why));
    assert_has(why, "can be read by others (mode 640): chmod 600 it");
    hex[63] = 0;
    write_key(hex, 0600);
    assert_null(ring(true, &why));
    assert_has(why, "must hold 64 hexadecimal digits");
    memcpy(hex + 63, "aa", 3);
    write_key(hex, 0600);
    assert_null(ring(true, &why));
    memcpy(hex + 63, "x", 2);
    write_key(hex, 0600);
    assert_null(ring(true, &why));
    write_key("", 0600);
    assert_null(ring(true, &why));
    unlink(path_of("key"));
    assert_int_equal(mkdir(path_of("key"), 0700), 0);
    assert_null(ring(true, &why));
    assert_has(why, "is not a regular file");
    assert_int_equal(rmdir(path_of("key")), 0);
    assert_null(wb_keyring_open("/nonexistent", NULL, &sim.seam, true, &arena, &why));
    assert_has(why, "cannot write the key file /nonexistent/key: ");
    k = wb_keyring_open("/nonexistent", path_of("elsewhere"), &sim.seam, true, &arena, &why);
    assert_non_null(k); /* --key-file */
    wb_keyring_free(k);
    assert_int_equal(unlink(path_of("elsewhere")), 0);
}

static void test_access_keys(void **state)
{
    struct wb_slice why, secret;
    unlink(path_of("key"));
    struct wb_keyring *k = ring(true, &why);
    struct wb_store *s = wb_store_open_mem();
    struct wb_txn *t;
    struct wb_principal p = {.type = WB_PRINCIPAL_USER,
                             .account = WB_S("000000000000"),
                             .arn = WB_S("arn:aws:iam::000000000000:user/u"),
                             .id = WB_S("AIDA")};
    assert_int_equal(wb_txn_begin(s, true, &t), WB_STORE_OK);
    assert_int_equal(wb_access_key_put(t, k, &arena, WB_S("AKIA1"), WB_S("s3cret"), &p, 1),
                     WB_STORE_OK);
    assert_int_equal(wb_txn_commit(t), WB_STORE_OK);

    assert_int_equal(wb_txn_begin(s, false, &t), WB_STORE_OK);
    for (int i = 0; i < 2; i++) { /* the second time from memory */
        struct wb_principal found;
        assert_int_equal(
            wb_key_find(t, k, &arena, WB_S("AKIA1"), WB_SLICE_NULL, 5, &secret, &found), WB_KEY_OK);
        assert_true(wb_slice_is(secret, "s3cret"));
        assert_true(wb_slice_is(found.access_key, "AKIA1"));
        assert_true(wb_slice_eq(found.arn, p.arn));
        assert_int_equal(found.type, WB_PRINCIPAL_USER);
        assert_null(found.role_arn.p);
    }
    assert_int_equal(wb_key_find(t, k, &arena, WB_S("AKIA2"), WB_SLICE_NULL, 5, &secret, &p),
                     WB_KEY_UNKNOWN);
    assert_int_equal(wb_key_find(t, k, &arena, WB_S(""), WB_SLICE_NULL, 5, &secret, &p),
                     WB_KEY_UNKNOWN);
    char *long_id = wb_zalloc(&arena, 1000);
    memset(long_id, 'A', 999);
    assert_int_equal(
        wb_key_find(t, k, &arena, wb_slice_str(long_id), WB_SLICE_NULL, 5, &secret, &p),
        WB_KEY_UNKNOWN);
    assert_int_equal(wb_key_find(t, k, &arena, WB_S("AKIA1"), WB_S("dG9rZW4="), 5, &secret, &p),
                     WB_KEY_BAD_TOKEN);
    unlink(path_of("key"));
    struct wb_keyring *other = ring(true, &why); /* the rows were sealed with another key */
    assert_int_equal(wb_key_find(t, other, &arena, WB_S("AKIA1"), WB_SLICE_NULL, 5, &secret, &p),
                     WB_KEY_STORE_ERROR);
    wb_txn_abort(t);
    wb_keyring_free(other);
    wb_keyring_free(k);
    wb_store_close(s);
}

static void test_key_rows(void **state)
{
    struct wb_slice why, secret, row;
    struct wb_access_key key;
    unlink(path_of("key"));
    struct wb_keyring *k = ring(true, &why);
    struct wb_store *s = wb_store_open_mem();
    struct wb_txn *t;
    struct wb_principal p = {.type = WB_PRINCIPAL_USER,
                             .account = WB_S("000000000000"),
                             .arn = WB_S("arn:aws:iam::000000000000:user/u"),
                             .id = WB_S("AIDA1"),
                             .owner = WB_S("AIDA1")};
    row = wb_access_key_encode(&arena, k, WB_S("AKIA1"), WB_S("s3cret"), &p, true, 77);
    assert_true(wb_access_key_decode(row, &key));
    assert_true(wb_slice_is(key.id, "AKIA1") && key.active && key.created_ms == 77);
    assert_true(wb_slice_eq(key.owner.owner, p.owner));
    assert_true(wb_slice_find(row, WB_S("s3cret"), 0) < 0);
    row = wb_access_key_with_state(&arena, row, false);
    assert_true(wb_access_key_decode(row, &key));
    assert_true(!key.active && key.created_ms == 77 && wb_slice_is(key.id, "AKIA1"));

    for (int active = 0; active < 2; active++) {
        assert_int_equal(wb_txn_begin(s, true, &t), WB_STORE_OK);
        row = wb_access_key_with_state(&arena, row, active);
        assert_int_equal(wb_put(t, wb_key(&arena, WB_T_ACCESS_KEY, "s", WB_S("AKIA1")), row),
                         WB_STORE_OK);
        assert_int_equal(wb_key_find(t, k, &arena, WB_S("AKIA1"), WB_SLICE_NULL, 5, &secret, &p),
                         active ? WB_KEY_OK : WB_KEY_UNKNOWN);
        assert_int_equal(wb_txn_commit(t), WB_STORE_OK);
    }
    assert_false(wb_access_key_decode(wb_slice_sub(row, 0, row.n - 1), &key));
    assert_false(wb_access_key_decode(WB_S(""), &key));
    wb_keyring_free(k);
    wb_store_close(s);
}

static struct wb_slice read_credentials(void)
{
    char *text = wb_zalloc(&arena, 1024);
    int fd = open(path_of("credentials"), O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, text, 1023);
    assert_true(n > 0);
    close(fd);
    return wb_slice_str(text);
}

static void test_root_key(void **state)
{
    struct wb_slice why, account = WB_S("000000000000"), region = WB_S("eu-central-1");
    unlink(path_of("key"));
    struct wb_keyring *k = ring(true, &why);
    struct wb_store *s = wb_store_open_mem();
    assert_false(wb_access_keys_exist(s));
    assert_int_equal(
        wb_root_key_ensure(s, k, &sim.seam, path_of("credentials"), account, region, &arena),
        WB_STORE_OK);
    assert_true(wb_access_keys_exist(s));
    struct stat st;
    assert_int_equal(stat(path_of("credentials"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct wb_slice first = read_credentials();
    assert_has(first, "export AWS_ACCESS_KEY_ID=AKIA");
    assert_has(first, "export AWS_SECRET_ACCESS_KEY=");
    assert_has(first, "export AWS_REGION=eu-central-1\n");

    struct wb_txn *t;
    struct wb_principal p;
    struct wb_slice secret, id = wb_slice_sub(first, strlen("export AWS_ACCESS_KEY_ID="),
                                              strlen("export AWS_ACCESS_KEY_ID=") + 20);
    assert_int_equal(wb_txn_begin(s, false, &t), WB_STORE_OK);
    assert_int_equal(wb_key_find(t, k, &arena, id, WB_SLICE_NULL, 0, &secret, &p), WB_KEY_OK);
    wb_txn_abort(t);
    assert_int_equal(p.type, WB_PRINCIPAL_ROOT);
    assert_true(wb_slice_is(p.arn, "arn:aws:iam::000000000000:root"));
    assert_has(first, wb_dup_cstr(&arena, secret));

    /* Again: the same key; a lost file is written anew; another account gets its own. */
    uint64_t sequence = wb_store_sequence(s);
    assert_int_equal(
        wb_root_key_ensure(s, k, &sim.seam, path_of("credentials"), account, region, &arena),
        WB_STORE_OK);
    assert_int_equal(unlink(path_of("credentials")), 0);
    assert_int_equal(
        wb_root_key_ensure(s, k, &sim.seam, path_of("credentials"), account, region, &arena),
        WB_STORE_OK);
    assert_true(wb_slice_eq(read_credentials(), first));
    assert_int_equal(wb_store_sequence(s), sequence);
    assert_int_equal(wb_root_key_ensure(s, k, &sim.seam, path_of("credentials"),
                                        WB_S("111111111111"), region, &arena),
                     WB_STORE_OK);
    assert_false(wb_slice_eq(read_credentials(), first));

    unlink(path_of("key"));
    struct wb_keyring *other = ring(true, &why);
    assert_int_equal(
        wb_root_key_ensure(s, other, &sim.seam, path_of("credentials"), account, region, &arena),
        WB_STORE_CORRUPT);
    assert_int_equal(
        wb_root_key_ensure(s, k, &sim.seam, "/nonexistent/credentials", account, region, &arena),
        WB_STORE_ERROR);
    wb_keyring_free(other);
    wb_keyring_free(k);
    wb_store_close(s);
}

static void test_sessions(void **state)
{
    struct wb_slice why, secret;
    unlink(path_of("key"));
    struct wb_keyring *k = ring(true, &why);
    struct wb_principal role = {.type = WB_PRINCIPAL_SESSION,
                                .account = WB_S("000000000000"),
                                .arn = WB_S("arn:aws:sts::000000000000:assumed-role/r/s"),
                                .id = WB_S("AROA:s"),
                                .role_arn = WB_S("arn:aws:iam::000000000000:role/r")};
    struct wb_credentials c = wb_session_make(&arena, k, &sim.seam, &role, 1000, 900);
    assert_true(wb_slice_starts(c.key_id, WB_S("ASIA")));
    assert_int_equal(c.expires_ms, 901000);
    struct wb_principal p;
    assert_int_equal(wb_key_find(NULL, k, &arena, c.key_id, c.token, 900999, &secret, &p),
                     WB_KEY_OK);
    assert_true(wb_slice_eq(secret, c.secret));
    assert_true(wb_slice_eq(p.role_arn, role.role_arn));
    assert_true(wb_slice_eq(p.access_key, c.key_id));
    assert_int_equal(p.expires_ms, 901000);
    assert_int_equal(wb_key_find(NULL, k, &arena, c.key_id, c.token, 901000, &secret, &p),
                     WB_KEY_EXPIRED);

    struct wb_credentials d = wb_session_make(&arena, k, &sim.seam, &role, 1000, 900);
    assert_false(wb_slice_eq(c.key_id, d.key_id));
    assert_int_equal(wb_key_find(NULL, k, &arena, d.key_id, c.token, 1000, &secret, &p),
                     WB_KEY_BAD_TOKEN); /* another key's token */
    static const char *const bad[] = {"", "x", "AAAA", "AQAA", "!!!!"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            wb_key_find(NULL, k, &arena, c.key_id, wb_slice_str(bad[i]), 1000, &secret, &p),
            WB_KEY_BAD_TOKEN);
    for (size_t i = 0; i < c.token.n; i += 3) { /* any change breaks it */
        char *t = wb_dup_cstr(&arena, c.token);
        t[i] = t[i] == 'A' ? 'B' : 'A';
        assert_int_equal(
            wb_key_find(NULL, k, &arena, c.key_id, wb_slice(t, c.token.n), 1000, &secret, &p),
            WB_KEY_BAD_TOKEN);
    }
    unlink(path_of("key"));
    struct wb_keyring *other = ring(true, &why);
    assert_int_equal(wb_key_find(NULL, other, &arena, c.key_id, c.token, 1000, &secret, &p),
                     WB_KEY_BAD_TOKEN);
    /* What is sealed for a row is no token. */
    struct wb_slice sealed = wb_keyring_seal(&arena, k, WB_S("x"), WB_S("session token"));
    assert_int_equal(
        wb_key_find(NULL, k, &arena, c.key_id, wb_base64_encode(&arena, sealed), 1000, &secret, &p),
        WB_KEY_BAD_TOKEN);
    wb_keyring_free(other);
    wb_keyring_free(k);
}

static int set_up(void **state)
{
    wb_arena_init(&arena, 0);
    wb_seam_sim_init(&sim, 7, 1795348800000);
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    unlink(path_of("key"));
    unlink(path_of("credentials"));
    int rc = rmdir(dir);
    wb_arena_release(&arena);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_file),    cmocka_unit_test(test_bad_key_files),
        cmocka_unit_test(test_access_keys), cmocka_unit_test(test_key_rows),
        cmocka_unit_test(test_root_key),    cmocka_unit_test(test_sessions),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
