#ifndef STRMAP_H
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

#endif
