/*
 * Blobs: bytes too large for rows (S3's objects and parts), as files under DATA/blobs.
 *
 * First the file: written under a name nobody had before, synced, its directory synced. Then a
 * command puts the row that keeps it (wb_blob_keep), together with the rows that mention it.
 * Deletion is the row first, in the command that stops mentioning it (wb_blob_drop); a work row of
 * the same command unlinks the file. A file without a row (its command failed, or the program died
 * between file and command) goes at the next start; a file with a row is never touched. Who reads
 * a blob for an answer holds it: it is not unlinked meanwhile.
 *
 * A body that an operation takes as a blob (wb_op.body_blob) is received, hashed and synced by the
 * front, in pieces, off the loop's thread; the operation then runs as any write, with the facts in
 * call->blob. If it fails, the file goes. An answer's body may be pieces of blobs (call->piece).
 */
#ifndef WB_ENGINE_BLOB_H
#define WB_ENGINE_BLOB_H

#include "aws/op.h"
#include "engine/engine.h"
#include "engine/tx.h"

#define WB_BLOB_NAME 32 /* characters: lower-case hex */

/* Writing one outside of a request's body: any one thread at a time, blocking. */
struct wb_blob_writer;
struct wb_blob_writer *wb_blob_begin(struct wb_engine *e);           /* NULL with errno: no file */
bool wb_blob_write(struct wb_blob_writer *w, struct wb_slice bytes); /* false: disk full, ... */
/* Syncs file and directory. False (w is gone either way, and the file, too): it is not there. */
bool wb_blob_end(struct wb_blob_writer *w, char name[WB_BLOB_NAME + 1]);
void wb_blob_abort(struct wb_blob_writer *w); /* accepts NULL */
/* Removes a file that no row keeps; as when the command failed. Any thread. */
void wb_blob_discard(struct wb_engine *e, struct wb_slice name);

/* In a command. Keeping a blob that is kept already adds a reference, so a copy of an object costs
 * a row; each reference is dropped once. The file goes a moment after the last one. */
void wb_blob_keep(struct wb_tx *tx, struct wb_slice name, int64_t size);
void wb_blob_drop(struct wb_tx *tx, struct wb_slice name);

/* Bytes [offset, offset + n) into the arena. False: no such file, or it is shorter. Any thread;
 * blocking, for small ones. */
bool wb_blob_read(struct wb_engine *e, struct wb_arena *a, struct wb_slice name, int64_t offset,
                  size_t n, struct wb_slice *bytes);

/* One service reads an object of S3 as its caller (Lambda its code, CloudFormation a template):
 * s3:GetObject through wb_call_service. version may be null. False: *err. Larger than max bytes is
 * an error, too ("EntityTooLarge"). */
bool wb_call_object(struct wb_tx *tx, const struct wb_ctx *ctx, struct wb_slice bucket,
                    struct wb_slice key, struct wb_slice version, size_t max,
                    struct wb_slice *bytes, struct wb_error *err);

#endif
