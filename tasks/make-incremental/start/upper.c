#include <ctype.h>
#include "text.h"

void upper(char *line)
{
    for (; *line; line++)
        *line = (char)toupper((unsigned char)*line);
}
