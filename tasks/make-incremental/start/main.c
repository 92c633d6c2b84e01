#include <stdio.h>
#include "text.h"
#include "config.h"

int main(void)
{
    char line[LINE_MAX_];
    while (fgets(line, sizeof line, stdin)) {
        upper(line);
        printf("%d %s", count_words(line), line);
    }
    return 0;
}
