#include <stdio.h>
#include <string.h>

static void put(int byte, long count)
{
    for (; count > 0; count -= 9) {
        printf("%ld", count > 9 ? 9 : count);
        putchar(byte);
    }
}

static int encode(void)
{
    int last = EOF, byte;
    long count = 0;
    while ((byte = getchar()) != EOF) {
        if (byte != last) {
            put(last, count);
            count = 0;
            last = byte;
        }
        count++;
    }
    put(last, count);
    return 0;
}

static int decode(void)
{
    int digit;
    while ((digit = getchar()) != EOF) {
        int byte = getchar();
        if (digit < '0' || digit > '9' || byte == EOF) {
            fflush(stdout);
            fprintf(stderr, "bad input\n");
            return 1;
        }
        for (int left = digit - '0'; left > 0; left--)
            putchar(byte);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return encode();
    if (argc == 2 && strcmp(argv[1], "-d") == 0)
        return decode();
    fprintf(stderr, "usage: runs [-d]\n");
    return 2;
}
