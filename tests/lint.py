#!/usr/bin/env python3
"""The rules of the house that a machine can check (docs/ARCHITECTURE.md says why they are there).

    tests/lint.py [ROOT]        checks the tree, prints one line a fault, exits 1 if there is any
    tests/lint.py --self-test   shows that every check can fail

Checks: includes run the right way and third-party headers stay in their layer; src/ does not know
the application; banned functions; services take no locks and see the world only through the seam;
clang-format; size of files; no notes to self.
"""

import os
import re
import subprocess
import sys
import tempfile

BELOW_ENGINE = ["src/base", "src/codec", "src/crypto", "src/store", "src/process", "src/net",
                "src/auth", "src/aws"]
BELOW_SERVICES = BELOW_ENGINE + ["src/engine"]

# Who may include whom, besides itself. src/services/X is one layer for each X.
LAYERS = {
    "src/base": [],
    "src/codec": ["src/base"],
    "src/crypto": ["src/base"],
    "src/store": ["src/base"],
    "src/process": ["src/base"],
    "src/net": ["src/base", "src/crypto"],
    "src/auth": ["src/base", "src/codec", "src/crypto", "src/store"],
    "src/aws": ["src/base", "src/codec", "src/crypto", "src/net", "src/auth"],
    "src/engine": BELOW_ENGINE,
    "src/services/*": BELOW_SERVICES,
    "src/services": BELOW_SERVICES + ["src/services/*"],  # the table of all services
    "src/console": BELOW_SERVICES,
    "src/cli": BELOW_SERVICES + ["src/services", "src/services/*", "src/console", "apps", "sdk/c"],
    "sdk/c": ["src/base", "src/codec", "src/crypto"],
    "apps": ["src/base", "src/codec", "src/crypto", "sdk/c"],
    "apps/*": ["apps", "src/base", "src/codec", "src/crypto", "sdk/c"],
}

THIRD_PARTY = {
    r"lmdb\.h": ["src/store"],
    r"openssl/.*": ["src/crypto"],
    r"uv\.h": ["src/net", "src/engine"],
    r"curl/.*": ["src/net", "sdk/c"],
    r"(zlib|zip|yaml|expat)\.h": ["src/codec"],
    r"seccomp\.h": ["src/process"],
}

# What the C library, the compiler and the kernel bring. Anything else is a third party that
# THIRD_PARTY does not know, and needs a row there and in docs/DEPENDENCIES.md.
SYSTEM = re.compile(
    r"(assert|ctype|dirent|dlfcn|elf|endian|errno|fcntl|float|fnmatch|ftw|getopt|glob|grp|inttypes|"
    r"langinfo|libgen|limits|link|locale|malloc|math|mntent|netdb|poll|pthread|pwd|regex|sched|"
    r"setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|"
    r"strings|sysexits|syslog|termios|time|unistd|wchar|wctype|ucontext|execinfo|"
    r"[a-z]mmintrin|cpuid|immintrin|x86intrin|arm_neon|arm_acle)\.h"
    r"|(sys|linux|netinet|arpa|net|asm|bits|sanitizer)/[a-z0-9_/-]+\.h")

BANNED = ["strcpy", "strcat", "strncpy", "strncat", "stpcpy", "sprintf", "vsprintf", "gets", "strtok",
          "atoi", "atol", "atoll", "atof", "alloca"]
WORLD = ["clock_gettime", "gettimeofday", "time", "getrandom", "rand", "random", "srand", "srandom"]
THROUGH_SEAM = ["src/services/", "src/auth/", "src/aws/"]

MAX_LINES = 900  # of a file in src/
C_ROOTS = ["src", "sdk", "apps", "tests", "fuzz", "benchmarks", "tools"]


def files(root, tops, suffixes):
    for top in tops:
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = sorted(d for d in folders if d not in ("node_modules", "__pycache__"))
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(folder, name), root)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def layer_of(path):
    parts = path.split("/")
    if parts[:2] == ["src", "services"]:
        return "/".join(parts[:3]) if len(parts) > 3 else "src/services"
    if parts[0] == "apps":
        return "/".join(parts[:2]) if len(parts) > 2 else "apps"
    return "/".join(parts[:2])


def rule_for(layer):
    if layer in LAYERS:
        return layer
    parent = layer.rsplit("/", 1)[0] + "/*"
    return parent if parent in LAYERS else None


def resolve(root, path, name):
    """The file that #include "name" in `path` means, or None."""
    here = os.path.dirname(path)
    for folder in (here, "src", "sdk/c/include", "apps"):
        candidate = os.path.normpath(os.path.join(folder, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_includes(root):
    for path in files(root, ["src", "sdk", "apps"], (".c", ".h")):
        layer = layer_of(path)
        rule = rule_for(layer)
        if rule is None:
            yield f"{path}: folder {layer} has no rule in tests/lint.py"
            continue
        for number, line in enumerate(read(root, path).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if not m:
                continue
            where, name = f"{path}:{number}", m[2]
            if m[1] == "<":
                owners = next((o for p, o in THIRD_PARTY.items() if re.fullmatch(p, name)), None)
                if owners is not None and layer not in owners:
                    yield f"{where}: <{name}> belongs to {', '.join(owners)}"
                elif owners is None and not SYSTEM.fullmatch(name):
                    yield f"{where}: <{name}> is neither the C library's nor a known third party's"
                continue
            target = resolve(root, path, name)
            if target is None:
                yield f'{where}: "{name}" is not in this repository'
                continue
            to, allowed = layer_of(target), LAYERS[rule]
            if to != layer and rule_for(to) not in allowed:
                yield f"{where}: {layer} may not use {to} ({name})"
            elif to != layer and layer.startswith("src/services/") and to.startswith("src/services/"):
                yield f"{where}: services do not include one another ({name})"


def check_platform(root):
    """The platform does not know the application."""
    for path in files(root, ["src"], ("",)):
        if "shipment" in path.lower():
            yield f"{path}: the application's name in a path of src/"
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if "shipment" in line.lower():
                yield f"{path}:{number}: src/ does not know the application"


def code_only(text):
    """The text with comments, strings and character constants blanked, line by line as before."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def calls(text, names):
    # Not preceded by '.' or '->': a member of that name is something else.
    pattern = re.compile(r"(?<![\w.])(?<!->)(" + "|".join(names) + r")\s*\(")
    for number, line in enumerate(text.splitlines(), 1):
        for m in pattern.finditer(line):
            yield number, m[1]


def check_banned(root):
    for path in files(root, C_ROOTS, (".c", ".h")):
        for number, name in calls(code_only(read(root, path)), BANNED):
            yield f"{path}:{number}: {name} is banned"


def check_services(root):
    locks = re.compile(r"\b(pthread_(mutex|rwlock|spin|cond)_\w+|mtx_\w+|cnd_\w+|flock)\b")
    for path in files(root, ["src"], (".c", ".h")):
        text = code_only(read(root, path))
        if path.startswith("src/services/"):
            for number, line in enumerate(text.splitlines(), 1):
                m = locks.search(line)
                if m:
                    yield f"{path}:{number}: no locks in service code ({m[1]})"
        if path.startswith(tuple(THROUGH_SEAM)):
            for number, name in calls(text, WORLD):
                yield f"{path}:{number}: {name} goes around the seam (base/seam.h)"


def check_format(root):
    paths = list(files(root, C_ROOTS, (".c", ".h")))
    for i in range(0, len(paths), 100):
        try:
            r = subprocess.run(["clang-format", "--dry-run", "-Werror"] + paths[i:i + 100], cwd=root,
                               stderr=subprocess.PIPE, text=True, check=False)
        except FileNotFoundError:
            yield "clang-format is not installed (apt install clang-format)"
            return
        seen = set()
        for line in r.stderr.splitlines():
            m = re.match(r"([^:]+):(\d+):\d+: error: ", line)
            if m and m[1] not in seen:
                seen.add(m[1])
                yield f"{m[1]}:{m[2]}: not as clang-format has it"
        if r.returncode and not seen:
            yield f"clang-format: {r.stderr.strip()}"


def check_size(root):
    for path in files(root, ["src"], (".c", ".h")):
        n = read(root, path).count("\n")
        if n > MAX_LINES:
            yield f"{path}: {n} lines; split it by meaning (at most {MAX_LINES})"


def check_notes(root):
    note = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    for path in files(root, C_ROOTS, (".c", ".h", ".py", ".build")):
        for number, line in enumerate(read(root, path).splitlines(), 1):
            if note.search(line):
                yield f"{path}:{number}: a note to self; do it or open an issue"


CHECKS = [check_includes, check_platform, check_banned, check_services, check_format, check_size,
          check_notes]


# Each case: the check, a file, its text, and whether the check must object. Every file is valid for
# clang-format unless the case is about that.
CASES = [
    (check_includes, "src/base/a.c", "#include <stdio.h>\n", False),
    (check_includes, "src/base/a.c", '#include "codec/json.h"\n', True),
    (check_includes, "src/codec/a.c", '#include "base/b.h"\n', False),
    (check_includes, "src/codec/a.c", '#include "crypto/c.h"\n', True),
    (check_includes, "src/store/a.c", '#include "codec/json.h"\n', True),
    (check_includes, "src/net/a.c", '#include "crypto/c.h"\n', False),
    (check_includes, "src/net/a.c", '#include "codec/json.h"\n', True),
    (check_includes, "src/auth/a.c", '#include "net/n.h"\n', True),
    (check_includes, "src/aws/a.c", '#include "store/s.h"\n', True),
    (check_includes, "src/engine/a.c", '#include "aws/w.h"\n#include "store/s.h"\n', False),
    (check_includes, "src/engine/a.c", '#include "services/sns/sns.h"\n', True),
    (check_includes, "src/services/sns/a.c", '#include "engine/e.h"\n#include "services/sns/sns.h"\n',
     False),
    (check_includes, "src/services/sts/a.c", '#include "services/sns/sns.h"\n', True),
    (check_includes, "src/services/sts/a.c", '#include "../sns/sns.h"\n', True),
    (check_includes, "src/services/a.c", '#include "services/sns/sns.h"\n', False),
    (check_includes, "src/services/a.c", '#include "apps.h"\n', True),
    (check_includes, "src/cli/a.c", '#include "services/sns/sns.h"\n#include "apps.h"\n', False),
    (check_includes, "src/engine/a.c", '#include "apps.h"\n', True),
    (check_includes, "src/engine/a.c", '#include "../../apps/apps.h"\n', True),
    (check_includes, "apps/shipments/a.c", '#include "waybill/aws.h"\n#include "codec/json.h"\n', False),
    (check_includes, "apps/shipments/a.c", '#include "engine/e.h"\n', True),
    (check_includes, "apps/shipments/a.c", '#include "services/sns/sns.h"\n', True),
    (check_includes, "sdk/c/a.c", '#include "store/s.h"\n', True),
    (check_includes, "sdk/c/a.c", '#include "base/b.h"\n#include <curl/curl.h>\n', False),
    (check_includes, "src/base/a.c", '#include "missing.h"\n', True),
    (check_includes, "src/new/a.c", "int x;\n", True),
    (check_includes, "src/store/a.c", "#include <lmdb.h>\n", False),
    (check_includes, "src/engine/a.c", "#include <lmdb.h>\n", True),
    (check_includes, "src/auth/a.c", "#include <openssl/evp.h>\n", True),
    (check_includes, "src/services/sns/a.c", "#include <curl/curl.h>\n", True),
    (check_includes, "src/aws/a.c", "#include <uv.h>\n", True),
    (check_includes, "src/net/a.c", "#include <zlib.h>\n", True),
    (check_includes, "src/engine/a.c", "#include <seccomp.h>\n", True),
    (check_includes, "src/codec/a.c", "#  include <jansson.h>\n", True),
    (check_platform, "src/base/a.c", "int x; /* a Shipment */\n", True),
    (check_platform, "src/base/shipment.c", "int x;\n", True),
    (check_platform, "src/cli/meson.build", "shipments_dep\n", True),
    (check_platform, "apps/shipments/a.c", "int shipment;\n", False),
    (check_banned, "src/base/a.c", "void f(char *p)\n{\n    strcpy(p, p);\n}\n", True),
    (check_banned, "apps/shipments/a.c", "int f(char *p)\n{\n    return atoi (p);\n}\n", True),
    (check_banned, "tests/a.c", "void f(char *p)\n{\n    sprintf(p, p);\n}\n", True),
    (check_banned, "src/base/a.c", "/* strcpy(a, b) */\nchar *s = \"gets(x)\";\nint fgets(void);\n"
     "int wb_sprintf(int);\n", False),
    (check_banned, "src/base/a.c", "int snprintf(int);\nvoid f(struct x *x)\n{\n    x->gets(1);\n}\n",
     False),
    (check_services, "src/services/sns/a.c", "void f(void)\n{\n    pthread_mutex_lock(0);\n}\n", True),
    (check_services, "src/engine/a.c", "void f(void)\n{\n    pthread_mutex_lock(0);\n}\n", False),
    (check_services, "src/services/sns/a.c", "long f(void)\n{\n    return time(0);\n}\n", True),
    (check_services, "src/auth/a.c", "long f(void)\n{\n    return clock_gettime(0, 0);\n}\n", True),
    (check_services, "src/auth/a.c", "void f(struct s *s)\n{\n    s->random(s);\n}\n", False),
    (check_format, "src/base/a.c", "int x;\n", False),
    (check_format, "src/base/a.c", "int   x ;\n", True),
    (check_format, "tests/a.h", "int f ( void );\n", True),
    (check_size, "src/base/a.c", "\n" * 900, False),
    (check_size, "src/base/a.c", "\n" * 901, True),
    (check_notes, "src/base/a.c", "int x; /* TO" + "DO: y */\n", True),
    (check_notes, "src/base/a.c", "int todo;\n", False),
]

# What the cases include.
STAGE = {"src/base/b.h": "", "src/codec/json.h": "", "src/crypto/c.h": "", "src/store/s.h": "",
         "src/net/n.h": "", "src/aws/w.h": "", "src/engine/e.h": "", "src/services/sns/sns.h": "",
         "sdk/c/include/waybill/aws.h": "", "apps/apps.h": ""}


def write(root, path, text):
    full = os.path.join(root, path)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as f:
        f.write(text)


def self_test(root):
    failed = 0
    with open(os.path.join(root, ".clang-format"), encoding="utf-8") as f:
        style = f.read()
    for check, path, text, must_object in CASES:
        with tempfile.TemporaryDirectory() as tree:
            write(tree, ".clang-format", style)
            for name, content in STAGE.items():
                write(tree, name, content)
            write(tree, path, text)
            faults = list(check(tree))
            # The fault must be the planted one.
            objected = any(f.startswith(path) for f in faults)
            if objected != must_object or (faults and not objected):
                failed += 1
                print(f"{check.__name__} on {path}: {text!r}: {faults or 'no fault found'}")
    for check in CHECKS:
        if not any(c[0] is check and c[3] for c in CASES):
            failed += 1
            print(f"{check.__name__} has no case that fails")
    print(f"{len(CASES)} cases, {failed} wrong")
    return failed


def main():
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    arguments = [a for a in sys.argv[1:] if a != "--self-test"]
    if "--self-test" in sys.argv:
        return 1 if self_test(root) else 0
    if arguments:
        root = arguments[0]
    count = 0
    for check in CHECKS:
        for fault in check(root):
            print(fault)
            count += 1
    if count:
        print(f"{count} faults")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
