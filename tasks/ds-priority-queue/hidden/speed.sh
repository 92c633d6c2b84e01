/usr/bin/python3 -I -c 'import random, sys
sys.path.insert(0, "/workspace")
from pq import PriorityQueue
r = random.Random(4)
queue = PriorityQueue()
for item in range(30000):
    queue.push(item, r.randrange(1000000))
for _ in range(30000):
    queue.update(r.randrange(30000), r.randrange(1000000))
for item in range(0, 30000, 7):
    queue.remove(item)
total = count = 0
last = -1
while len(queue):
    item, priority = queue.pop()
    assert priority >= last
    last = priority
    count += 1
    total = (total * 31 + item) % 1000000007
print(count, total, last)'