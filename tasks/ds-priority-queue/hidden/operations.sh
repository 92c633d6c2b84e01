/usr/bin/python3 -I -c 'import json, sys
sys.path.insert(0, "/workspace")
from pq import PriorityQueue
queue = PriorityQueue()
for line in sys.stdin:
    name, *args = json.loads(line)
    try:
        if name == "new":
            queue, result = PriorityQueue(), "ok"
        elif name == "in":
            result = args[0] in queue
        elif name == "len":
            result = len(queue)
        else:
            result = getattr(queue, name)(*args)
    except (KeyError, IndexError) as error:
        result = type(error).__name__
    print(json.dumps([name, result]))'