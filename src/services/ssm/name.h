/*
 * Names of parameters as requests give them: "name", "/path/of/name", each with ":version" or
 * ":label", or a parameter's ARN (User Guide, "Requirements and constraints for parameter names").
 *
 * A name and the same name with a leading slash have one ARN, so they cannot both exist: rows are
 * kept by the path, which always begins with a slash.
 */
#ifndef WB_SSM_NAME_H
#define WB_SSM_NAME_H

#include "base/arena.h"

struct ssm_name {
    struct wb_slice name;            /* as given; of an ARN: the path */
    struct wb_slice path;            /* with a leading slash */
    struct wb_slice selector;        /* without the colon; null = none */
    bool arn;                        /* given as an ARN: either spelling is meant */
    struct wb_slice region, account; /* of the ARN */
};

enum ssm_name_error {
    SSM_NAME_OK,
    SSM_NAME_MALFORMED, /* a character, an empty level, two selectors, a foreign ARN */
    SSM_NAME_RELATIVE,  /* levels without a leading slash */
    SSM_NAME_RESERVED,  /* begins with ssm */
    SSM_NAME_AWS,       /* begins with aws */
    SSM_NAME_LEVELS,    /* too many */
};

/* Reading tolerates what only AWS itself may create: out is filled for SSM_NAME_AWS, too. Slices
 * point into s or the arena. */
enum ssm_name_error ssm_name_parse(struct wb_arena *a, struct wb_slice s, struct ssm_name *out);
/* A path to look below: "/", "/a/b", "/a/b/". *out: without the slash at the end, so "" for "/". */
bool ssm_path_parse(struct wb_slice s, struct wb_slice *out);
bool ssm_label_valid(struct wb_slice s);

#endif
