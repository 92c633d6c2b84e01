#include <stdio.h>

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

int main(int argc, char **argv)
{
    if (argc == 1)
        return encode();
    fprintf(stderr, "%s can only encode yet\n", argv[0]);
    return 2;
}
