import ctypes
import shlex
import sys

if len(sys.argv) != 3:
    print("usage: mydiff.py OLD NEW", file=sys.stderr)
    sys.exit(2)
old, new = map(shlex.quote, sys.argv[1:])
sys.exit(ctypes.CDLL(None).system(f"diff -d -u --label {old} --label {new} {old} {new}".encode()) >> 8)
