#!/usr/bin/env python3
"""embed.py OUT.c SYMBOL NAME=FILE...: files as C arrays, in a table of {name, bytes, size}."""
import sys

out, symbol, files = sys.argv[1], sys.argv[2], [a.split('=', 1) for a in sys.argv[3:]]
with open(out, 'w') as f:
    f.write('/* Made by tools/embed.py. */\n#include "base/embed.h"\n\n')
    for i, (_, path) in enumerate(files):
        data = open(path, 'rb').read()
        f.write(f'static const unsigned char file_{i}[] = {{\n')
        for at in range(0, len(data), 20):
            f.write(','.join(str(b) for b in data[at:at + 20]) + ',\n')
        f.write('0};\n')
    f.write(f'const struct wb_embedded {symbol}[] = {{\n')
    for i, (name, _) in enumerate(files):
        f.write(f'    {{"{name}", file_{i}, sizeof file_{i} - 1}},\n')
    f.write('    {0, 0, 0},\n};\n')
