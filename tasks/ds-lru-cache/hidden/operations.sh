/usr/bin/python3 -I -c 'import json, sys
sys.path.insert(0, "/workspace")
from lru import LRUCache
evicted = []
cache = None
for line in sys.stdin:
    name, *args = json.loads(line)
    try:
        if name == "new":
            cache, result = LRUCache(*args, on_evict=lambda key, value: evicted.append([key, value])), "ok"
        elif name == "in":
            result = args[0] in cache
        elif name == "len":
            result = len(cache)
        elif name == "numbers":
            result = [cache.hits, cache.misses, cache.capacity]
        else:
            result = getattr(cache, name)(*args)
    except ValueError:
        result = "ValueError"
    print(json.dumps([result, evicted]))
    evicted.clear()'