#define _POSIX_C_SOURCE 200809L
/* field: print chosen columns of tab-separated lines. Usage: field NUMBER[,NUMBER...] < input */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
    char **cells;
    size_t count;
};

static char *copy(const char *text, size_t length)
{
    char *made = malloc(length + 1);
    if (!made)
        abort();
    memcpy(made, text, length);
    made[length] = '\0';
    return made;
}

static void add(struct row *row, const char *text, size_t length)
{
    row->cells = realloc(row->cells, (row->count + 1) * sizeof *row->cells);
    if (!row->cells)
        abort();
    row->cells[row->count++] = copy(text, length);
}

static struct row split(const char *line, char separator)
{
    struct row row = {NULL, 0};
    for (;;) {
        const char *end = strchr(line, separator);
        if (!end) {
            add(&row, line, strlen(line));
            return row;
        }
        add(&row, line, (size_t)(end - line));
        line = end + 1;
    }
}

static void release(struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        free(row->cells[i]);
    free(row->cells);
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);
    return *text < '0' || *text > '9' || *end || value < 1 ? 0 : value;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: field NUMBER[,NUMBER...]\n");
        return 2;
    }
    struct row wanted = split(argv[1], ',');
    long *columns = malloc(wanted.count * sizeof *columns);
    if (!columns)
        abort();
    int status = 0;
    for (size_t i = 0; i < wanted.count; i++) {
        columns[i] = number(wanted.cells[i]);
        if (!columns[i])
            status = 2;
    }
    static char line[67108864];
    while (!status && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        struct row row = split(line, '\t');
        for (size_t i = 0; i < wanted.count; i++) {
            if (i)
                putchar('\t');
            if ((size_t)columns[i] <= row.count)
                fputs(row.cells[columns[i] - 1], stdout);
        }
        putchar('\n');
        release(&row);
    }
    if (status)
        fprintf(stderr, "bad column\n");
    free(columns);
    release(&wanted);
    return status;
}
