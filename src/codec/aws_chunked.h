/*
 * The coding "aws-chunked" of S3's uploads (API reference, "Transferring payload in multiple
 * chunks"): chunks with a size in hex, each signed or not, then trailers.
 *
 *   400;chunk-signature=<64 hex>\r\n ...1024 bytes...\r\n
 *   0;chunk-signature=<64 hex>\r\n
 *   x-amz-checksum-crc32:<base64>\r\n
 *   \r\n
 *
 * A machine over bytes that come in any cut; no memory of its own but one line.
 */
#ifndef WB_CODEC_AWS_CHUNKED_H
#define WB_CODEC_AWS_CHUNKED_H

#include "base/limits.h"
#include "base/slice.h"

enum wb_aws_chunk {
    WB_AWS_MORE,    /* all input is used up */
    WB_AWS_BEGIN,   /* a chunk: left = its size, 0 = the last; signature, n = 0: none */
    WB_AWS_DATA,    /* *data is a part of it */
    WB_AWS_END,     /* its data is complete (not told of the last one) */
    WB_AWS_TRAILER, /* name and value, both trimmed */
    WB_AWS_DONE,    /* behind the end; further input is BAD */
    WB_AWS_BAD,
};

struct wb_aws_chunks {
    uint64_t left;               /* of the chunk */
    struct wb_slice signature;   /* until the next step */
    struct wb_slice name, value; /* of a trailer, until the next step */
    /* Private. */
    int state;
    unsigned trailers;
    size_t n;
    char line[WB_AWS_CHUNK_LINE_MAX];
};

void wb_aws_chunks_init(struct wb_aws_chunks *c);
/* One step; takes what it uses from the front of *in. */
enum wb_aws_chunk wb_aws_chunks_next(struct wb_aws_chunks *c, struct wb_slice *in,
                                     struct wb_slice *data);
/* May the input end here? After DONE, and where only the last empty line is missing. */
bool wb_aws_chunks_ended(const struct wb_aws_chunks *c);

#endif
