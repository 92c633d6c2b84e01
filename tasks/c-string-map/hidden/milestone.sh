# Compile a small program with the map and run it; FLAGS says how.
set -e
room=$(mktemp -d)
cat > "$room/use.c" <<'END'
#include "strmap.h"
#include <stdio.h>
#include <string.h>

static strmap *map;

static int drop(const char *key, const char *value, void *data)
{
    (void)value;
    printf("%s;", key);
    return strcmp(key, data) ? 0 : strmap_delete(map, key) - 1;
}

int main(void)
{
    map = strmap_new();
    printf("%d ", strmap_set(map, "tea", "1"));
    printf("%d ", strmap_set(map, "cake", "2"));
    printf("%d ", strmap_set(map, "tea", "three"));
    printf("%s %s %d %d ", strmap_get(map, "tea"), strmap_get(map, "cake"), strmap_get(map, "x") == NULL, (int)strmap_count(map));
#ifdef VISITOR
    strmap_set(map, "jam", "4");
    printf("%d ", strmap_each(map, drop, "cake"));
    printf("%d ", strmap_each(map, drop, "jam"));
#else
    (void)drop;
#endif
    printf("%d\n", (int)strmap_count(map));
    strmap_free(map);
    return 0;
}
END
/usr/bin/gcc -std=c11 -Wall -Wextra -Werror -O1 $FLAGS -I /workspace -o "$room/use" "$room/use.c" /workspace/strmap.c
"$room/use"
