/* What the files of `waybill deploy` share. */
#ifndef WB_CLI_DEPLOY_H
#define WB_CLI_DEPLOY_H

#include "cli/cli.h"

struct deploy {
    struct wb_aws *aws;
    struct wb_arena *a;
    const char *file;        /* the template's name */
    const char *code;        /* folder of local code; NULL = the template's own */
    struct wb_slice stack;   /* its name */
    struct wb_slice account; /* of the caller */
    struct wb_slice region;
    struct wb_slice text; /* the template, as it is sent */
    const struct wb_pair *given;
    size_t given_count; /* --param */
    bool import;        /* resources that exist under their names are taken over */
};

/* deploy_code.c: functions whose code is a local folder or file get it uploaded to the asset
 * bucket, and d->text becomes JSON that names it there; a template without any stays as it is.
 * False with a message. */
bool deploy_upload_code(struct deploy *d);
/* Puts bytes into the asset bucket under their SHA-256 and `ending`. The key; null with a message.
 */
struct wb_slice deploy_upload(struct deploy *d, struct wb_slice bytes, const char *ending);
struct wb_slice deploy_bucket(const struct deploy *d);

/* deploy_check.c: prints what a look at the template finds. The exit status: 1 = there is
 * something, or it cannot be read. */
int deploy_check(struct deploy *d);

/* Text of a file in the arena; null with a message. */
struct wb_slice deploy_read(struct wb_arena *a, const char *name);
bool deploy_complain(const char *what, const struct wb_aws_answer *r);

#endif
