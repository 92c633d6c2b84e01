#include <ctype.h>
#include "text.h"

int count_words(const char *line)
{
    int count = 0, inside = 0;
    for (; *line; line++) {
        int space = isspace((unsigned char)*line) != 0;
        count += !space && !inside;
        inside = !space;
    }
    return count;
}
