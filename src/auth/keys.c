/*
 * Everything secret hangs on one master key. Two keys are derived from it, one for what is sealed
 * in rows and one for session tokens, so that a token can never pass for a row or the reverse.
 *
 * A session token needs no row: it is the session's secret and principal, sealed with AES-GCM,
 * which also proves that we made it. It names its access key, so it cannot be used with another.
 */
#include "auth/keys.h"
#include "auth/memo.h"
#include "base/ids.h"
#include "base/limits.h"
#include "codec/text.h"
#include "crypto/crypto.h"
#include "store/key.h"
#include "store/tables.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LEN       32
#define SEAL_VERSION  1
#define TOKEN_VERSION 2
#define ROW_VERSION   1
#define ROW_INACTIVE  0
#define ROW_ACTIVE    1
#define TOKEN_PLACE   WB_S("session token")

struct wb_keyring {
    uint8_t row[KEY_LEN], token[KEY_LEN];
};

/* --- the key file --- */

/* Makes the name itself durable. */
static int sync_folder(struct wb_arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dir = !slash          ? "."
                      : slash == path ? "/"
                                      : wb_dup_cstr(a, wb_slice(path, (size_t)(slash - path)));
    int rc = 0, fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fsync(fd) < 0)
        rc = -errno;
    close(fd);
    return rc;
}

/* Writes a small private file so that it is there whole or not at all. 0 or a negative errno. */
static int write_private(const char *path, struct wb_slice text)
{
    struct wb_arena a;
    wb_arena_init(&a, 0);
    char *tmp = wb_dup_cstr(&a, wb_printf(&a, "%s.new", path));
    int rc = 0, fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        rc = -errno;
        goto out;
    }
    ssize_t n = write(fd, text.p, text.n);
    if (n != (ssize_t)text.n)
        rc = n < 0 ? -errno : -ENOSPC;
    if (rc == 0 && (fchmod(fd, 0600) < 0 || fsync(fd) < 0))
        rc = -errno;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(tmp, path) < 0)
        rc = -errno;
    if (rc < 0) {
        unlink(tmp);
        goto out;
    }
    rc = sync_folder(&a, path);
out:
    wb_arena_release(&a);
    return rc;
}

static struct wb_keyring *make_ring(const uint8_t master[KEY_LEN])
{
    struct wb_keyring *k = wb_xcalloc(1, sizeof *k);
    wb_hmac_sha256(wb_slice(master, KEY_LEN), WB_S("waybill rows"), k->row);
    wb_hmac_sha256(wb_slice(master, KEY_LEN), WB_S("waybill session tokens"), k->token);
    return k;
}

static struct wb_keyring *new_ring(const char *path, struct wb_seam *seam, struct wb_arena *a,
                                   struct wb_slice *why)
{
    uint8_t master[KEY_LEN];
    seam->random(seam, master, sizeof master);
    struct wb_slice line[2] = {wb_hex_encode(a, wb_slice(master, sizeof master)), WB_S("\n")};
    int rc = write_private(path, wb_concat(a, line, 2));
    if (rc < 0) {
        *why = wb_printf(a, "cannot write the key file %s: %s", path, strerror(-rc));
        return NULL;
    }
    struct wb_keyring *k = make_ring(master);
    explicit_bzero(master, sizeof master);
    return k;
}

static bool is_private(int fd, const char *path, struct wb_arena *a, struct wb_slice *why)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        *why = wb_printf(a, "cannot look at the key file %s: %s", path, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        *why = wb_printf(a, "the key file %s is not a regular file", path);
    else if (st.st_mode & 077)
        *why = wb_printf(a, "the key file %s can be read by others (mode %03o): chmod 600 it", path,
                         (unsigned)(st.st_mode & 0777));
    else
        return true;
    return false;
}

struct wb_keyring *wb_keyring_open(const char *dir, const char *key_file, struct wb_seam *seam,
                                   bool create, struct wb_arena *a, struct wb_slice *why)
{
    const char *path = key_file ? key_file : wb_dup_cstr(a, wb_printf(a, "%s/key", dir));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && create)
        return new_ring(path, seam, a, why);
    if (fd < 0) {
        *why = wb_printf(a, "cannot read the key file %s: %s%s", path, strerror(errno),
                         errno == ENOENT ? "; the secrets in the data need it: put it back, or "
                                           "name it with --key-file"
                                         : "");
        return NULL;
    }
    if (!is_private(fd, path, a, why)) {
        close(fd);
        return NULL;
    }
    char text[2 * KEY_LEN + 2]; /* a newline, and one byte more than there may be */
    ssize_t n = read(fd, text, sizeof text);
    int e = errno;
    close(fd);
    if (n < 0) {
        *why = wb_printf(a, "cannot read the key file %s: %s", path, strerror(e));
        return NULL;
    }
    if (n == 2 * KEY_LEN + 1 && text[n - 1] == '\n')
        n--;
    struct wb_slice master;
    if (n != 2 * KEY_LEN || !wb_hex_decode(a, wb_slice(text, (size_t)n), &master)) {
        *why = wb_printf(a, "the key file %s must hold %d hexadecimal digits", path, 2 * KEY_LEN);
        return NULL;
    }
    struct wb_keyring *k = make_ring((const uint8_t *)master.p);
    explicit_bzero(text, sizeof text);
    return k;
}

void wb_keyring_free(struct wb_keyring *k)
{
    if (k)
        explicit_bzero(k, sizeof *k);
    free(k);
}

/* --- secrets at rest --- */

static struct wb_slice with_version(struct wb_arena *a, char version, struct wb_slice sealed)
{
    struct wb_slice parts[2] = {wb_slice(&version, 1), sealed};
    return wb_concat(a, parts, 2);
}

struct wb_slice wb_keyring_seal(struct wb_arena *a, const struct wb_keyring *k,
                                struct wb_slice plain, struct wb_slice place)
{
    return with_version(a, SEAL_VERSION, wb_seal(a, k->row, plain, place));
}

bool wb_keyring_unseal(struct wb_arena *a, const struct wb_keyring *k, struct wb_slice sealed,
                       struct wb_slice place, struct wb_slice *plain)
{
    return sealed.n > 1 && sealed.p[0] == SEAL_VERSION &&
           wb_unseal(a, k->row, wb_slice_sub(sealed, 1, sealed.n), place, plain);
}

/* --- access keys --- */

static struct wb_slice key_place(struct wb_arena *a, struct wb_slice key_id)
{
    return wb_printf(a, "access key %.*s", WB_FMT(key_id));
}

static struct wb_slice key_row(struct wb_arena *a, const struct wb_access_key *k)
{
    struct wb_buf b = wb_buf_in(a);
    wb_buf_char(&b, ROW_VERSION);
    wb_buf_char(&b, k->active ? ROW_ACTIVE : ROW_INACTIVE);
    wb_buf_le64(&b, (uint64_t)k->created_ms);
    wb_buf_lp(&b, k->sealed);
    wb_buf_lp(&b, wb_principal_pack(a, &k->owner));
    return wb_buf_slice(&b);
}

struct wb_slice wb_access_key_encode(struct wb_arena *a, const struct wb_keyring *k,
                                     struct wb_slice id, struct wb_slice secret,
                                     const struct wb_principal *owner, bool active,
                                     int64_t created_ms)
{
    struct wb_access_key key = {.owner = *owner,
                                .active = active,
                                .created_ms = created_ms,
                                .sealed = wb_keyring_seal(a, k, secret, key_place(a, id))};
    key.owner.access_key = id;
    return key_row(a, &key);
}

bool wb_access_key_decode(struct wb_slice row, struct wb_access_key *out)
{
    struct wb_rd r = wb_rd(row);
    bool version = wb_rd_u8(&r) == ROW_VERSION;
    uint8_t state = wb_rd_u8(&r);
    *out = (struct wb_access_key){.active = state == ROW_ACTIVE};
    out->created_ms = (int64_t)wb_rd_le64(&r);
    out->sealed = wb_rd_lp(&r);
    struct wb_slice owner = wb_rd_lp(&r);
    if (!wb_rd_done(&r) || !version || state > ROW_ACTIVE ||
        !wb_principal_unpack(owner, &out->owner))
        return false;
    out->id = out->owner.access_key;
    return true;
}

struct wb_slice wb_access_key_with_state(struct wb_arena *a, struct wb_slice row, bool active)
{
    char head[2] = {ROW_VERSION, active ? ROW_ACTIVE : ROW_INACTIVE};
    struct wb_slice parts[2] = {wb_slice(head, 2), wb_slice_sub(row, 2, row.n)};
    return wb_concat(a, parts, 2);
}

struct wb_slice wb_access_key_with_arn(struct wb_arena *a, struct wb_slice row, struct wb_slice arn)
{
    struct wb_access_key key;
    if (!wb_access_key_decode(row, &key))
        return row; /* damaged: `waybill check` tells */
    key.owner.arn = arn;
    return key_row(a, &key);
}

enum wb_store_status wb_access_key_put(struct wb_txn *t, const struct wb_keyring *k,
                                       struct wb_arena *a, struct wb_slice key_id,
                                       struct wb_slice secret, const struct wb_principal *p,
                                       int64_t now_ms)
{
    return wb_put(t, wb_key(a, WB_T_ACCESS_KEY, "s", key_id),
                  wb_access_key_encode(a, k, key_id, secret, p, true, now_ms));
}

/*
 * Unsealing costs an AES-GCM set-up a request. What was unsealed last is remembered by its sealed
 * bytes: a changed row has other bytes, so nothing needs to be told of changes.
 */
#define MEMORY     16
#define SEALED_MAX 96
#define SECRET_MAX 64
struct unsealed {
    uint8_t ring[KEY_LEN]; /* the key that unsealed it */
    uint8_t sealed_len, secret_len;
    char sealed[SEALED_MAX], secret[SECRET_MAX];
};
static _Thread_local struct unsealed memory[MEMORY];

static bool unseal_secret(struct wb_arena *a, const struct wb_keyring *k, struct wb_slice key_id,
                          struct wb_slice sealed, struct wb_slice *secret)
{
    struct unsealed *m = &memory[sealed.n ? (uint8_t)sealed.p[sealed.n - 1] % MEMORY : 0];
    if (memcmp(m->ring, k->row, KEY_LEN) == 0 &&
        wb_slice_eq(wb_slice(m->sealed, m->sealed_len), sealed)) {
        *secret = wb_dup(a, wb_slice(m->secret, m->secret_len));
        return true;
    }
    if (!wb_keyring_unseal(a, k, sealed, key_place(a, key_id), secret))
        return false;
    if (sealed.n <= SEALED_MAX && secret->n <= SECRET_MAX) {
        memcpy(m->ring, k->row, KEY_LEN);
        m->sealed_len = (uint8_t)sealed.n;
        m->secret_len = (uint8_t)secret->n;
        memcpy(m->sealed, sealed.p, sealed.n);
        memcpy(m->secret, secret->p, secret->n);
    }
    return true;
}

static void own(struct wb_arena *a, struct wb_slice *s)
{
    if (s->p)
        *s = wb_dup(a, *s);
}

/* The row's memory is the store's; a principal lives as long as its request. */
static void own_principal(struct wb_arena *a, struct wb_principal *p)
{
    own(a, &p->account);
    own(a, &p->arn);
    own(a, &p->id);
    own(a, &p->access_key);
    own(a, &p->role_arn);
    own(a, &p->service);
    own(a, &p->owner);
}

/* What a token says once it is opened, remembered by its text: opening costs an AES-GCM and a
 * base64. Whether it has expired, or its role is gone, is looked at each time. */
struct opened {
    uint8_t ring[KEY_LEN]; /* the key that opened it */
    size_t n;
    char plain[];
};

static void forget_opened(void *value)
{
    struct opened *o = value;
    explicit_bzero(o, sizeof *o + o->n);
    free(o);
}

static const struct wb_memo_kind tokens = {.number = 0, .forget = forget_opened};

static bool open_token(struct wb_arena *a, const struct wb_keyring *k, struct wb_slice token,
                       struct wb_slice *plain)
{
    struct wb_slice sealed;
    struct opened *o = wb_memo_get(&tokens, token);
    if (o && memcmp(o->ring, k->token, KEY_LEN) == 0) {
        *plain = wb_dup(a, wb_slice(o->plain, o->n));
        return true;
    }
    if (token.n > WB_SESSION_TOKEN_MAX || !wb_base64_decode(a, token, &sealed) || sealed.n < 2 ||
        sealed.p[0] != TOKEN_VERSION ||
        !wb_unseal(a, k->token, wb_slice_sub(sealed, 1, sealed.n), TOKEN_PLACE, plain))
        return false;
    o = wb_xmalloc(sizeof *o + plain->n);
    memcpy(o->ring, k->token, KEY_LEN);
    o->n = plain->n;
    memcpy(o->plain, plain->p, plain->n);
    wb_memo_put(&tokens, token, o);
    return true;
}

static enum wb_sig_lookup find_token(const struct wb_keyring *k, struct wb_arena *a,
                                     struct wb_slice key_id, struct wb_slice token, int64_t now_ms,
                                     struct wb_slice *secret, struct wb_principal *p)
{
    struct wb_slice plain;
    if (!open_token(a, k, token, &plain))
        return WB_KEY_BAD_TOKEN;
    struct wb_rd r = wb_rd(plain);
    struct wb_slice id = wb_rd_lp(&r);
    *secret = wb_rd_lp(&r);
    struct wb_slice who = wb_rd_lp(&r), session = wb_rd_lp(&r);
    if (!wb_rd_done(&r) || !wb_principal_unpack(who, p) || !wb_slice_eq(id, key_id))
        return WB_KEY_BAD_TOKEN;
    p->session = session.n ? session : WB_SLICE_NULL;
    return now_ms < p->expires_ms ? WB_KEY_OK : WB_KEY_EXPIRED;
}

enum wb_sig_lookup wb_key_find(struct wb_txn *t, const struct wb_keyring *k, struct wb_arena *a,
                               struct wb_slice key_id, struct wb_slice token, int64_t now_ms,
                               struct wb_slice *secret, struct wb_principal *p)
{
    if (token.p)
        return find_token(k, a, key_id, token, now_ms, secret, p);
    if (key_id.n == 0 || key_id.n > WB_ACCESS_KEY_MAX)
        return WB_KEY_UNKNOWN;
    struct wb_slice row;
    struct wb_access_key key;
    enum wb_store_status st = wb_get(t, wb_key(a, WB_T_ACCESS_KEY, "s", key_id), &row);
    if (st == WB_STORE_NOT_FOUND)
        return WB_KEY_UNKNOWN;
    if (st != WB_STORE_OK || !wb_access_key_decode(row, &key))
        return WB_KEY_STORE_ERROR;
    if (!key.active)
        return WB_KEY_UNKNOWN;
    if (!unseal_secret(a, k, key_id, key.sealed, secret))
        return WB_KEY_STORE_ERROR;
    *p = key.owner;
    own_principal(a, p);
    return WB_KEY_OK;
}

bool wb_access_keys_exist(struct wb_store *s)
{
    struct wb_arena a;
    struct wb_txn *t;
    struct wb_scan *scan;
    struct wb_slice key, row;
    bool found = false;
    wb_arena_init(&a, 0);
    struct wb_slice lo = wb_key(&a, WB_T_ACCESS_KEY, "");
    if (wb_txn_begin(s, false, &t) == WB_STORE_OK) {
        if (wb_scan_open(t, lo, wb_key_after(&a, lo), false, &scan) == WB_STORE_OK) {
            found = wb_scan_next(scan, &key, &row) == WB_STORE_OK;
            wb_scan_close(scan);
        }
        wb_txn_abort(t);
    }
    wb_arena_release(&a);
    return found;
}

/* --- the root key --- */

static enum wb_store_status find_root(struct wb_txn *t, struct wb_arena *a, struct wb_slice account,
                                      struct wb_slice *key_id)
{
    struct wb_slice lo = wb_key(a, WB_T_ACCESS_KEY, ""), key, row;
    struct wb_access_key k;
    struct wb_scan *scan;
    enum wb_store_status st = wb_scan_open(t, lo, wb_key_after(a, lo), false, &scan);
    if (st != WB_STORE_OK)
        return st;
    while ((st = wb_scan_next(scan, &key, &row)) == WB_STORE_OK)
        if (wb_access_key_decode(row, &k) && k.active && k.owner.type == WB_PRINCIPAL_ROOT &&
            wb_slice_eq(k.owner.account, account)) {
            *key_id = wb_dup(a, k.id);
            break;
        }
    wb_scan_close(scan);
    return st;
}

struct wb_principal wb_root_principal(struct wb_arena *a, struct wb_slice account)
{
    return (struct wb_principal){.type = WB_PRINCIPAL_ROOT,
                                 .account = account,
                                 .arn = wb_printf(a, "arn:aws:iam::%.*s:root", WB_FMT(account)),
                                 .id = account};
}

static enum wb_store_status make_root(struct wb_store *s, const struct wb_keyring *k,
                                      struct wb_seam *seam, struct wb_slice account,
                                      struct wb_arena *a, struct wb_slice *key_id,
                                      struct wb_slice *secret)
{
    struct wb_txn *t;
    enum wb_store_status st = wb_txn_begin(s, true, &t);
    if (st != WB_STORE_OK)
        return st;
    *key_id = wb_id_account_key(a, seam, "AKIA", account);
    *secret = wb_id_secret_key(a, seam);
    struct wb_principal root = wb_root_principal(a, account);
    st = wb_access_key_put(t, k, a, *key_id, *secret, &root, seam->wall_ms(seam));
    if (st == WB_STORE_OK)
        return wb_txn_commit(t);
    wb_txn_abort(t);
    return st;
}

enum wb_store_status wb_root_key_write(const char *path, struct wb_slice key_id,
                                       struct wb_slice secret, struct wb_slice region,
                                       struct wb_arena *a)
{
    struct wb_slice text =
        wb_printf(a,
                  "export AWS_ACCESS_KEY_ID=%.*s\n"
                  "export AWS_SECRET_ACCESS_KEY=%.*s\n"
                  "export AWS_REGION=%.*s\n"
                  "export AWS_DEFAULT_REGION=%.*s\n",
                  WB_FMT(key_id), WB_FMT(secret), WB_FMT(region), WB_FMT(region));
    int rc = write_private(path, text);
    return rc == 0 ? WB_STORE_OK : rc == -ENOSPC || rc == -EDQUOT ? WB_STORE_FULL : WB_STORE_ERROR;
}

/* The key is committed first; a crash before the file is there leaves a key that the next start
 * finds and writes down. */
enum wb_store_status wb_root_key_ensure(struct wb_store *s, const struct wb_keyring *k,
                                        struct wb_seam *seam, const char *path,
                                        struct wb_slice account, struct wb_slice region,
                                        struct wb_arena *a)
{
    struct wb_txn *t;
    struct wb_slice key_id = WB_SLICE_NULL, secret = WB_SLICE_NULL;
    enum wb_store_status st = wb_txn_begin(s, false, &t);
    if (st != WB_STORE_OK)
        return st;
    st = find_root(t, a, account, &key_id);
    bool found = st == WB_STORE_OK;
    if (found) {
        struct wb_principal p;
        if (wb_key_find(t, k, a, key_id, WB_SLICE_NULL, 0, &secret, &p) != WB_KEY_OK)
            st = WB_STORE_CORRUPT; /* another key file than the one it was sealed with */
    }
    wb_txn_abort(t);
    if (found && st == WB_STORE_OK && access(path, F_OK) == 0)
        return WB_STORE_OK;
    if (st == WB_STORE_NOT_FOUND)
        st = make_root(s, k, seam, account, a, &key_id, &secret);
    return st == WB_STORE_OK ? wb_root_key_write(path, key_id, secret, region, a) : st;
}

/* --- sessions --- */

struct wb_credentials wb_session_make(struct wb_arena *a, const struct wb_keyring *k,
                                      struct wb_seam *seam, const struct wb_principal *session,
                                      int64_t now_ms, int64_t seconds)
{
    struct wb_credentials c = {.key_id = wb_id_account_key(a, seam, "ASIA", session->account),
                               .secret = wb_id_secret_key(a, seam),
                               .expires_ms = now_ms + seconds * 1000};
    struct wb_principal p = *session;
    p.access_key = c.key_id;
    p.expires_ms = c.expires_ms;
    struct wb_buf b = wb_buf_in(a);
    wb_buf_lp(&b, c.key_id);
    wb_buf_lp(&b, c.secret);
    wb_buf_lp(&b, wb_principal_pack(a, &p));
    wb_buf_lp(&b, p.session);
    struct wb_slice sealed = wb_seal(a, k->token, wb_buf_slice(&b), TOKEN_PLACE);
    c.token = wb_base64_encode(a, with_version(a, TOKEN_VERSION, sealed));
    return c;
}
