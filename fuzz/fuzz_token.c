/*
 * Session tokens. The input is a token as a client may send it, which is never one of ours; and it
 * says how a true token is changed: pairs of a place and a bit, a length. What differs from the
 * true one must not open, and what does not must, also when both come in turns.
 */
#include "auth/keys.h"
#include "codec/text.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1795348800000

static struct wb_arena keep;
static struct wb_keyring *keyring;
static struct wb_credentials given;

static void set_up(void)
{
    static struct wb_seam_sim sim;
    char dir[] = "/tmp/wb_fuzz_token_XXXXXX";
    struct wb_slice why;
    wb_arena_init(&keep, 0);
    wb_seam_sim_init(&sim, 7, NOW);
    if (!mkdtemp(dir))
        abort();
    keyring = wb_keyring_open(dir, NULL, &sim.seam, true, &keep, &why);
    assert(keyring);
    unlink(wb_dup_cstr(&keep, wb_printf(&keep, "%s/key", dir)));
    rmdir(dir);
    struct wb_principal p = {.type = WB_PRINCIPAL_SESSION,
                             .account = WB_S("111122223333"),
                             .arn = WB_S("arn:aws:sts::111122223333:assumed-role/r/s"),
                             .id = WB_S("AROAR:s"),
                             .role_arn = WB_S("arn:aws:iam::111122223333:role/r"),
                             .owner = WB_S("AROAR"),
                             .session = WB_S("{\"issued\":1795348800000,\"name\":\"s\"}")};
    given = wb_session_make(&keep, keyring, &sim.seam, &p, NOW, 900);
}

static enum wb_sig_lookup look(struct wb_arena *a, struct wb_slice token, int64_t now_ms)
{
    struct wb_slice secret;
    struct wb_principal p;
    enum wb_sig_lookup l = wb_key_find(NULL, keyring, a, given.key_id, token, now_ms, &secret, &p);
    if (l == WB_KEY_OK)
        assert(wb_slice_eq(secret, given.secret) && wb_slice_is(p.owner, "AROAR"));
    return l;
}

/* The sealed bytes with some bits turned over and the end cut, as text again. */
static struct wb_slice changed(struct wb_arena *a, const uint8_t *data, size_t size)
{
    struct wb_slice sealed;
    bool ok = wb_base64_decode(a, given.token, &sealed);
    assert(ok);
    char *p = wb_alloc(a, sealed.n);
    memcpy(p, sealed.p, sealed.n);
    size_t n = sealed.n;
    for (; size >= 3; size -= 3, data += 3)
        p[(data[0] | data[1] << 8) % sealed.n] ^= (char)(1 << data[2] % 8);
    if (size)
        n -= data[0] % n;
    return wb_base64_encode(a, wb_slice(p, n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wb_arena a;
    if (!keyring)
        set_up();
    wb_arena_init(&a, 0);
    assert(look(&a, wb_slice(data ? (const char *)data : "", size), NOW) == WB_KEY_BAD_TOKEN);
    struct wb_slice other = changed(&a, data, size);
    enum wb_sig_lookup want = wb_slice_eq(other, given.token) ? WB_KEY_OK : WB_KEY_BAD_TOKEN;
    for (int i = 0; i < 2; i++) { /* the second time from memory */
        assert(look(&a, given.token, NOW) == WB_KEY_OK);
        assert(look(&a, other, NOW) == want);
        assert(look(&a, given.token, NOW + 900000) == WB_KEY_EXPIRED);
    }
    wb_arena_release(&a);
    return 0;
}
