/*
 * Bodies that become blobs. The call is admitted by its head alone (route, signature over the
 * declared hash, validation, authorization), so what is refused has cost nobody a body. Then pieces
 * come from the loop and are written, hashed and, where they are coded, decoded on the thread
 * pool: there are two buffers, one being filled and one being worked on, and while both are full
 * the socket is not read. When all is there, checked and synced, the operation runs as any write.
 *
 * The upload belongs to its request and goes with it, except that work on the pool is waited for:
 * a client that leaves meanwhile is answered, into the void, when it is done.
 */
#include "auth/sigv4_stream.h"
#include "codec/aws_chunked.h"
#include "engine/blob.h"
#include "engine/front.h"
#include "engine/sums.h"
#include <errno.h>
#include <stdlib.h>

struct wb_upload {
    struct request *request;
    struct wb_off off;
    struct wb_body_blob blob;
    char name[WB_BLOB_NAME + 1];
    int64_t length; /* declared, of the decoded body */
    bool coded;     /* aws-chunked */
    bool chunks_signed, trailers_signed;
    bool working;  /* on the pool: what follows is the pool's then */
    bool whole;    /* the client has sent all */
    bool gone;     /* ... or went away, or its body was refused with `bad` */
    bool finished; /* the file is there */
    int bad;
    bool holds;            /* tx is to be released */
    struct wb_buf filling; /* the loop's */
    struct wb_tx tx;       /* holds the definitions that admission found: the principal is theirs */
    struct wb_tx_ext ext;

    struct wb_buf input; /* the worker's */
    bool last;
    struct wb_blob_writer *file;
    struct wb_sums sums;
    struct wb_aws_chunks chunks;
    struct wb_sig_stream *signer; /* NULL: chunks are not signed, or nobody checks */
    struct wb_hash *chunk_hash, *trailer_hash;
    char signature[64]; /* of the chunk being read */
    bool has_signature, trailer_signed;
    int64_t size;
    struct wb_refusal refusal;
    bool no_room, io_error;
    int io_errno;
};

/* --- on the pool --- */

static const struct wb_refusal bad_signature = {
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your "
    "key and signing method.",
    403};
static const struct wb_refusal incomplete = {
    "IncompleteBody",
    "You did not provide the number of bytes specified by the Content-Length HTTP header", 400};
static const struct wb_refusal bad_trailer = {
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our "
    "published schema.",
    400};

static bool stopped(const struct wb_upload *u)
{
    return u->refusal.code || u->no_room || u->io_error;
}

static void io_failed(struct wb_upload *u)
{
    u->io_errno = errno;
    u->no_room = errno == ENOSPC || errno == EDQUOT;
    u->io_error = !u->no_room;
}

static void put(struct wb_upload *u, struct wb_slice bytes)
{
    u->size += (int64_t)bytes.n;
    if (u->size > u->length) {
        u->refusal = incomplete;
        return;
    }
    wb_sums_add(&u->sums, bytes);
    if (!wb_blob_write(u->file, bytes))
        io_failed(u);
}

static void end_chunk(struct wb_upload *u)
{
    uint8_t hash[WB_SHA256_LEN];
    if (!u->signer)
        return;
    wb_hash_final(u->chunk_hash, hash);
    if (!u->has_signature ||
        !wb_sigv4_stream_chunk(u->signer, hash, wb_slice(u->signature, sizeof u->signature)))
        u->refusal = bad_signature;
}

static void begin_chunk(struct wb_upload *u)
{
    u->has_signature = u->chunks.signature.n == sizeof u->signature;
    if (u->has_signature)
        memcpy(u->signature, u->chunks.signature.p, sizeof u->signature);
    if (u->chunks.left == 0)
        end_chunk(u);
}

static void trailer(struct wb_upload *u)
{
    struct wb_slice name = u->chunks.name, value = u->chunks.value;
    if (wb_slice_ieq(name, WB_S("x-amz-trailer-signature"))) {
        uint8_t hash[WB_SHA256_LEN];
        if (!u->signer)
            return;
        wb_hash_final(u->trailer_hash, hash);
        u->trailer_signed = wb_sigv4_stream_trailer(u->signer, hash, value);
        if (!u->trailer_signed)
            u->refusal = bad_signature;
        return;
    }
    if (u->trailer_signed || !wb_sums_trailer(&u->sums, name, value)) {
        u->refusal = bad_trailer;
        return;
    }
    if (!u->signer)
        return;
    for (size_t i = 0; i < name.n; i++) { /* as signed: in lower case */
        char ch = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
        wb_hash_update(u->trailer_hash, wb_slice(&ch, 1));
    }
    wb_hash_update(u->trailer_hash, WB_S(":"));
    wb_hash_update(u->trailer_hash, value);
    wb_hash_update(u->trailer_hash, WB_S("\n"));
}

static void decode(struct wb_upload *u, struct wb_slice in)
{
    struct wb_slice data;
    while (!stopped(u)) {
        switch (wb_aws_chunks_next(&u->chunks, &in, &data)) {
        case WB_AWS_MORE:
            return;
        case WB_AWS_BEGIN:
            begin_chunk(u);
            break;
        case WB_AWS_DATA:
            if (u->signer)
                wb_hash_update(u->chunk_hash, data);
            put(u, data);
            break;
        case WB_AWS_END:
            end_chunk(u);
            break;
        case WB_AWS_TRAILER:
            trailer(u);
            break;
        case WB_AWS_DONE:
            break;
        case WB_AWS_BAD:
            u->refusal = incomplete;
            break;
        }
    }
}

static void finish(struct wb_upload *u)
{
    if (u->size != u->length || (u->coded && !wb_aws_chunks_ended(&u->chunks)))
        u->refusal = incomplete;
    else if (u->signer && u->trailers_signed && !u->trailer_signed)
        u->refusal = bad_signature;
    else
        u->refusal = wb_sums_end(&u->sums, &u->blob);
    if (stopped(u))
        return;
    u->finished = wb_blob_end(u->file, u->name);
    u->file = NULL;
    if (!u->finished)
        io_failed(u);
}

static void work(struct wb_off *o)
{
    struct wb_upload *u = WB_CONTAINER(o, struct wb_upload, off);
    struct wb_slice in = wb_buf_slice(&u->input);
    if (!u->file && !(u->file = wb_blob_begin(u->request->front->engine))) {
        io_failed(u);
        return;
    }
    if (u->coded)
        decode(u, in);
    else
        put(u, in);
    if (u->last && !stopped(u))
        finish(u);
    if (stopped(u)) {
        wb_blob_abort(u->file);
        u->file = NULL;
    }
}

/* --- on the loop --- */

static void start(struct wb_upload *u);

static void drop(struct wb_upload *u)
{
    wb_blob_abort(u->file);
    wb_sums_free(&u->sums);
    wb_hash_free(u->chunk_hash);
    wb_hash_free(u->trailer_hash);
    wb_buf_release(&u->filling);
    wb_buf_release(&u->input);
    u->file = NULL;
    u->chunk_hash = u->trailer_hash = NULL;
}

struct discarding {
    struct wb_off off;
    struct wb_engine *engine;
    char name[WB_BLOB_NAME + 1];
};

static void discard_work(struct wb_off *o)
{
    struct discarding *d = WB_CONTAINER(o, struct discarding, off);
    wb_blob_discard(d->engine, wb_slice_str(d->name));
}

static void discard_done(struct wb_off *o)
{
    free(WB_CONTAINER(o, struct discarding, off));
}

/* A large file takes a while to remove. */
static void discard(struct wb_upload *u)
{
    struct discarding *d = wb_xcalloc(1, sizeof *d);
    d->off = (struct wb_off){discard_work, discard_done};
    d->engine = u->request->front->engine;
    memcpy(d->name, u->name, sizeof d->name);
    wb_loop_off(u->request->front->loop, &d->off);
}

void wb_front_upload_end(struct request *r)
{
    struct wb_upload *u = r->upload;
    if (u->finished && (wb_failed(&r->call) || r->commit != WB_COMMITTED))
        discard(u);
    drop(u);
    if (u->holds)
        wb_tx_release(&u->tx);
    r->front->uploads--;
    r->upload = NULL;
}

static void fail(struct wb_upload *u)
{
    struct wb_call *c = &u->request->call;
    if (u->refusal.code) {
        wb_fail(c, u->refusal.code, u->refusal.status, "%s", u->refusal.text);
    } else if (u->no_room) {
        wb_fail_full(c);
    } else if (u->io_error) {
        wb_log(WB_LOG_ERROR, "blob", "a body could not be written", "why", strerror(u->io_errno),
               NULL);
        wb_fail_internal(c);
    } else if (u->bad == 408) {
        wb_fail(c, "RequestTimeout", 400,
                "Your socket connection to the server was not read from or written to within the "
                "timeout period. Idle connections will be closed.");
    } else {
        wb_fail(c, incomplete.code, incomplete.status, "%s", incomplete.text);
    }
    if (u->gone && !u->bad)
        wb_front_finish(u->request); /* nobody hears it */
    else
        wb_front_end(u->request);
}

static void worked(struct wb_off *o)
{
    struct wb_upload *u = WB_CONTAINER(o, struct wb_upload, off);
    struct request *r = u->request;
    u->working = false;
    u->gone |= r->front->freeing;
    if (u->gone || stopped(u)) {
        fail(u);
    } else if (u->finished) {
        u->blob.name = wb_slice_str(u->name);
        u->blob.size = u->size;
        r->call.blob = &u->blob;
        drop(u);
        wb_front_run(r);
    } else if (u->whole || u->filling.n >= WB_BLOB_BUFFER / 2) {
        start(u);
        if (!u->whole)
            wb_http_body_go(r->x);
    } else {
        wb_http_body_go(r->x);
    }
}

static void start(struct wb_upload *u)
{
    struct wb_buf empty = u->input;
    u->input = u->filling;
    u->filling = empty;
    u->filling.n = 0;
    u->last = u->whole;
    u->working = true;
    wb_loop_off(u->request->front->loop, &u->off);
}

static bool on_body(struct wb_http_exchange *x, struct wb_slice piece)
{
    struct wb_upload *u = ((struct request *)x->user)->upload;
    wb_buf_slice_put(&u->filling, piece);
    if (!u->working && u->filling.n >= WB_BLOB_BUFFER / 2)
        start(u);
    return !u->working || u->filling.n < WB_BLOB_BUFFER;
}

void wb_front_upload_whole(struct request *r)
{
    r->upload->whole = true;
    if (!r->upload->working)
        start(r->upload);
}

static void on_gone(struct wb_http_exchange *x)
{
    struct wb_upload *u = ((struct request *)x->user)->upload;
    if (!u || u->whole) /* it waits for its answer; the write goes on */
        return;
    u->gone = true;
    u->bad = x->body_bad;
    if (!u->working)
        fail(u);
}

/* --- admission --- */

static bool read_length(struct wb_upload *u, struct request *r)
{
    struct wb_call *c = &r->call;
    struct wb_slice told =
        wb_http_header(r->x, u->coded ? "x-amz-decoded-content-length" : "Content-Length");
    if (!told.p || !wb_slice_i64(told, &u->length) || u->length < 0) {
        wb_fail(c, "MissingContentLength", 411, "You must provide the Content-Length HTTP header.");
        return false;
    }
    if (u->length > (c->op->body_max ? c->op->body_max : WB_HTTP_BODY_MAX)) {
        wb_fail_too_large(c);
        return false;
    }
    return true;
}

static bool begin_coding(struct wb_upload *u, struct request *r)
{
    struct wb_slice told = wb_http_header(r->x, "x-amz-content-sha256");
    u->coded = wb_slice_starts(told, WB_S("STREAMING-"));
    if (!u->coded)
        return true;
    wb_aws_chunks_init(&u->chunks);
    u->chunks_signed = wb_slice_starts(told, WB_S("STREAMING-AWS4-"));
    u->trailers_signed = u->chunks_signed && wb_slice_ends(told, WB_S("-TRAILER"));
    if (!u->chunks_signed || !r->front->engine->config.auth)
        return true;
    if (!r->signer) { /* nobody signed the request itself */
        wb_fail(&r->call, "AccessDenied", 403, "Access Denied");
        return false;
    }
    u->signer = r->signer;
    u->chunk_hash = wb_hash_new(WB_SHA256);
    u->trailer_hash = wb_hash_new(WB_SHA256);
    return true;
}

bool wb_front_upload_begin(struct request *r)
{
    struct wb_call *c = &r->call;
    struct wb_front *f = r->front;
    if (f->uploads >= WB_BLOB_UPLOADS_MAX) {
        wb_fail_busy(c);
        return false;
    }
    if (wb_store_room(f->engine->store) < 0) {
        wb_fail_full(c);
        return false;
    }
    struct wb_upload *u = r->upload = wb_new(c->arena, struct wb_upload);
    u->request = r;
    u->off = (struct wb_off){work, worked};
    f->uploads++;
    if (!begin_coding(u, r) || !read_length(u, r) || !wb_sums_declare(&u->sums, c, &r->wire))
        return false;
    u->tx = r->tx;
    u->ext = r->ext;
    u->tx.batch = &u->ext;
    u->holds = r->snapshot;
    r->snapshot = false;
    if (u->holds)
        wb_txn_reset(f->txn); /* a snapshot of its own when all is here */
    r->x->on_body = on_body;
    r->x->on_gone = on_gone;
    return true;
}
