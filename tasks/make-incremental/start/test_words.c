#include <assert.h>
#include <stdio.h>
#include "text.h"

int main(void)
{
    assert(count_words("") == 0);
    assert(count_words("  one two  three\n") == 3);
    puts("words ok");
    return 0;
}
