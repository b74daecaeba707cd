/*
 * The `bootstrap` of a package: starts the program beside it with the loader and the libraries that
 * the package carries, so that it runs on any x86-64 or arm64 Linux, also where nothing else is
 * installed. Linked statically; the folder is LAMBDA_TASK_ROOT, else that of argv[0].
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const char *folder(const char *argv0, char *out, size_t size)
{
    const char *root = getenv("LAMBDA_TASK_ROOT");
    if (root && *root)
        return root;
    const char *slash = strrchr(argv0, '/');
    if (!slash || (size_t)(slash - argv0) >= size)
        return ".";
    memcpy(out, argv0, (size_t)(slash - argv0));
    out[slash - argv0] = 0;
    return *out ? out : "/";
}

int main(int argc, char **argv)
{
    char self[PATH_MAX], loader[PATH_MAX + 32], lib[PATH_MAX + 32], program[PATH_MAX + 32];
    const char *dir = folder(argc > 0 ? argv[0] : "", self, sizeof self);
    snprintf(loader, sizeof loader, "%s/lib/loader", dir);
    snprintf(lib, sizeof lib, "%s/lib", dir);
    snprintf(program, sizeof program, "%s/program", dir);
    char *args[] = {loader, "--library-path", lib, "--argv0", program, program, NULL};
    execve(loader, args, environ);
    perror(loader);
    return 127;
}
