#include "strmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next_in_slot, *before, *after;
    uint64_t hash;
    char *value;
    char key[];
};

struct strmap {
    struct entry **slots;
    size_t slot_count, count;
    struct entry *first, *last;
};

static uint64_t hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037u;
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return hash ^ hash >> 29;
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *made = malloc(size);
    return made ? memcpy(made, text, size) : NULL;
}

strmap *strmap_new(void)
{
    strmap *map = calloc(1, sizeof *map);
    if (!map)
        return NULL;
    map->slot_count = 1 << 18;
    map->slots = calloc(map->slot_count, sizeof *map->slots);
    if (!map->slots) {
        free(map);
        return NULL;
    }
    return map;
}

void strmap_free(strmap *map)
{
    if (!map)
        return;
    for (struct entry *entry = map->first, *after; entry; entry = after) {
        after = entry->after;
        free(entry->value);
        free(entry);
    }
    free(map->slots);
    free(map);
}

/* The place that points to the entry of a key, or to where it would be hung in. */
static struct entry **place_of(const strmap *map, const char *key, uint64_t hash)
{
    struct entry **place = &map->slots[hash & (map->slot_count - 1)];
    while (*place && ((*place)->hash != hash || strcmp((*place)->key, key) != 0))
        place = &(*place)->next_in_slot;
    return place;
}

int strmap_set(strmap *map, const char *key, const char *value)
{
    uint64_t hash = hash_of(key);
    char *kept = copy(value);
    if (!kept)
        return -1;
    struct entry *entry = *place_of(map, key, hash);
    if (entry) {
        free(entry->value);
        entry->value = kept;
        return 0;
    }
    size_t size = strlen(key) + 1;
    entry = malloc(sizeof *entry + size);
    if (!entry) {
        free(entry);
        free(kept);
        return -1;
    }
    *entry = (struct entry){.before = map->last, .hash = hash, .value = kept};
    memcpy(entry->key, key, size);
    *place_of(map, key, hash) = entry;
    *(map->last ? &map->last->after : &map->first) = entry;
    map->last = entry;
    map->count++;
    return 1;
}

const char *strmap_get(const strmap *map, const char *key)
{
    struct entry *entry = *place_of(map, key, hash_of(key));
    return entry ? entry->value : NULL;
}

int strmap_delete(strmap *map, const char *key)
{
    struct entry **place = place_of(map, key, hash_of(key)), *entry = *place;
    if (!entry)
        return 0;
    *place = entry->next_in_slot;
    *(entry->before ? &entry->before->after : &map->first) = entry->after;
    *(entry->after ? &entry->after->before : &map->last) = entry->before;
    map->count--;
    free(entry->value);
    free(entry);
    return 1;
}

size_t strmap_count(const strmap *map)
{
    return map->count;
}

int strmap_each(strmap *map, int (*visit)(const char *key, const char *value, void *data), void *data)
{
    for (struct entry *entry = map->first, *after; entry; entry = after) {
        after = entry->after;
        int stop = visit(entry->key, entry->value, data);
        if (stop)
            return stop;
    }
    return 0;
}
