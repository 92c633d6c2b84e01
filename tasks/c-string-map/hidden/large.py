import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: the learner's processes can't read this one
WORK = "/workspace"
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}


def copied(source=WORK):
    """A copy of the learner's directory that this process may write to."""
    room = tempfile.mkdtemp(prefix="room-", dir="/tmp")
    target = os.path.join(room, "work")
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return target


def run(argv, cwd, timeout=10, stdin=b"", env=None):
    """Run to the end; return (exit code or "timeout", stdout, stderr). Its whole session is ended afterwards."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        child = subprocess.Popen(argv, cwd=cwd, stdin=given, stdout=out, stderr=err, env=env or ENV, start_new_session=True)
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            code = "timeout"
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except OSError:
            pass
        child.wait()
        out.seek(0)
        err.seek(0)
        return code, out.read(4_000_000), err.read(1_000_000)


WORK_COPY = copied()
FLAGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"]


def compiled(sources, out, *flags):
    code, said, err = run(["/usr/bin/gcc", *FLAGS, *flags, "-o", out, *sources], WORK_COPY, timeout=30, env=dict(ENV, TMPDIR="/tmp"))
    sys.stderr.write(err.decode(errors="replace")[:600])
    print("compiled", code)
    return os.path.join(WORK_COPY, out)

DRIVER = r'''
#define _POSIX_C_SOURCE 200809L
#include "strmap.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int show(const char *key, const char *value, void *data) { (void)data; printf("[%s=%s]", key, value); return 0; }
static int until(const char *key, const char *value, void *data) { (void)value; ++*(int *)data; return strcmp(key, "c") == 0 ? 42 : 0; }
static strmap *current;
static int drop(const char *key, const char *value, void *data) { (void)data; (void)value; if (strlen(key) % 2) return strmap_delete(current, key) - 1; return 0; }
static void all(strmap *map) { printf("%zu ", strmap_count(map)); printf("each %d\n", strmap_each(map, show, NULL)); }

static void small(void)
{
    strmap *map = strmap_new();
    all(map);
    char key[20] = "a", value[20] = "1";
    printf("%d", strmap_set(map, key, value));
    strcpy(key, "b"); strcpy(value, "2");
    printf("%d", strmap_set(map, key, value));
    printf("%d%d", strmap_set(map, "c", "3"), strmap_set(map, "a", "one"));
    printf("%d%d\n", strmap_set(map, "", "empty"), strmap_set(map, "no value", ""));
    all(map);
    printf("%s %s %s %s %d\n", strmap_get(map, "a"), strmap_get(map, "b"), strmap_get(map, ""), strmap_get(map, "no value"), strmap_get(map, "d") == NULL);
    int calls = 0, stopped = strmap_each(map, until, &calls);
    printf("%d after %d\n", stopped, calls);
    printf("%d%d%d %d\n", strmap_delete(map, "b"), strmap_delete(map, "b"), strmap_delete(map, "zzz"), strmap_get(map, "b") == NULL);
    printf("%d\n", strmap_set(map, "b", "again"));
    all(map);
    printf("%d", strmap_set(map, "a", strmap_get(map, "a")));
    printf("%d", strmap_set(map, "new", strmap_get(map, "b")));
    printf("%d\n", strmap_set(map, "b", strmap_get(map, "b") + 2));
    all(map);
    current = map;
    printf("%d ", strmap_each(map, drop, NULL));
    all(map);
    strmap_set(map, "first again", "x");
    all(map);
    current = NULL;
    strmap_free(map);
    strmap_free(NULL);
    strmap *one = strmap_new(), *two = strmap_new();
    strmap_set(one, "k", "1"); strmap_set(two, "k", "2"); strmap_delete(one, "k");
    all(one); all(two);
    strmap_free(two); strmap_free(one);
    map = strmap_new();
    strmap_set(map, "AaAa", "1"); strmap_set(map, "BBBB", "2"); strmap_set(map, "AaBB", "3"); strmap_set(map, "ab", "4"); strmap_set(map, "ba", "5"); strmap_set(map, "\xc3\xa9\xff", "6");
    printf("%s%s%s%s%s%s\n", strmap_get(map, "AaAa"), strmap_get(map, "BBBB"), strmap_get(map, "AaBB"), strmap_get(map, "ab"), strmap_get(map, "ba"), strmap_get(map, "\xc3\xa9\xff"));
    strmap_free(map);
}

static void large(unsigned long count)
{
    strmap *map = strmap_new();
    char key[40], value[40];
    unsigned long wrong = 0, found = 0;
    for (unsigned long i = 0; i < count; i++) {
        sprintf(key, "key-%lu", i * 7919 % count);
        sprintf(value, "%lu", i);
        wrong += strmap_set(map, key, value) != 1;
    }
    for (unsigned long i = 0; i < count; i += 3) { sprintf(key, "key-%lu", i * 7919 % count); wrong += strmap_delete(map, key) != 1; }
    for (unsigned long i = 0; i < count; i++) {
        sprintf(key, "key-%lu", i * 7919 % count);
        sprintf(value, "%lu", i);
        const char *got = strmap_get(map, key);
        wrong += i % 3 ? !got || strcmp(got, value) : got != NULL;
        found += got != NULL;
    }
    printf("wrong %lu found %lu count %zu\n", wrong, found, strmap_count(map));
    strmap_free(map);
}

static void churn(unsigned long count)
{
    strmap *map = strmap_new();
    char key[40];
    unsigned long wrong = 0;
    int seen = 0;
    for (unsigned long i = 0; i < count; i++) {
        sprintf(key, "key-%lu", i);
        wrong += strmap_set(map, key, "x") != 1;
        if (i >= 10) { sprintf(key, "key-%lu", i - 10); wrong += strmap_delete(map, key) != 1; }
        if (i % 64 == 0) strmap_each(map, until, &seen);
    }
    printf("wrong %lu count %zu\n", wrong, strmap_count(map));
    strmap_free(map);
}

static void many(unsigned long count)
{
    strmap **maps = malloc(count * sizeof *maps);
    char key[40];
    unsigned long wrong = 0, sum = 0;
    for (unsigned long i = 0; i < count; i++) {
        wrong += !(maps[i] = strmap_new());
        for (int j = 0; maps[i] && j < 10; j++) { sprintf(key, "%lu-%d", i, j); wrong += strmap_set(maps[i], key, key) != 1; }
    }
    for (unsigned long i = 0; i < count; i++) { if (maps[i]) sum += strmap_count(maps[i]); strmap_free(maps[i]); }
    free(maps);
    printf("wrong %lu sum %lu\n", wrong, sum);
}

int main(int argc, char **argv)
{
    if (argc < 2) small();
    else if (*argv[1] == 'c') churn(strtoul(argv[1] + 1, NULL, 10));
    else if (*argv[1] == 'm') many(strtoul(argv[1] + 1, NULL, 10));
    else large(strtoul(argv[1], NULL, 10));
    return 0;
}
'''

HEADER = r"""#ifndef STRMAP_H
#define STRMAP_H

#include <stddef.h>

/* A map from strings to strings. It keeps copies of both; the caller's memory is the caller's. */
typedef struct strmap strmap;

/* A new, empty map; NULL when there is no memory. */
strmap *strmap_new(void);

/* Frees a map and all it holds; NULL is allowed. */
void strmap_free(strmap *map);

/* Sets the value of a key, replacing an older one. 1 when the key is new, 0 when it was there, -1 when there is no memory.
   `value` may be a pointer that strmap_get returned for this map, this key's value included. */
int strmap_set(strmap *map, const char *key, const char *value);

/* The value of a key, or NULL. The pointer is good until the key is set or deleted or the map is freed. */
const char *strmap_get(const strmap *map, const char *key);

/* Deletes a key. 1 when it was there, else 0. */
int strmap_delete(strmap *map, const char *key);

/* The number of keys. */
size_t strmap_count(const strmap *map);

/* Calls visit once for each key, in the order in which the keys were first set (a key that was deleted and set again counts
   from then), until visit returns something other than 0; returns that, or 0. visit may delete the key that it is called
   with; it changes nothing else. */
int strmap_each(strmap *map, int (*visit)(const char *key, const char *value, void *data), void *data);

#endif"""
with open(os.path.join(WORK_COPY, "driver_.c"), "w") as file:
    file.write(DRIVER)
with open(os.path.join(WORK_COPY, "strmap.h"), "w") as file:
    file.write(HEADER)

program = compiled(["strmap.c", "driver_.c"], "large_", "-O2")
for room, words in ((0, "400000"), (64, "c1000000"), (64, "m2000")):  # megabytes of address space, 0 for any
    limit = f"ulimit -v {room * 1024} && " if room else ""
    code, out, err = run(["/bin/sh", "-c", limit + 'ulimit -t 8 && exec "$0" "$1"', program, words], WORK_COPY, timeout=40)
    print(out.decode(errors="replace"), end="")
    print("ended", code)
