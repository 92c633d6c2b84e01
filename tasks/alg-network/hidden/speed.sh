ulimit -t 10 # seconds of a processor, however many others want it
/usr/bin/python3 -I -c 'import random
r = random.Random(2)
n = 30000
for i in range(n):
    print("link", f"c{i}", f"d{i}")
for i in range(n):
    print("link", f"a{i}", f"a{i + 1}")
    if i % 2:
        print("ask", f"a{r.randrange(n)}", f"a{r.randrange(i + 1)}")
    print("link", f"b{i + 1}", f"b{i}")
    if i % 2 == 0:
        print("ask", f"b{r.randrange(i + 1)}", f"b{r.randrange(i + 1)}" if i % 3 else f"a{r.randrange(n)}")
    print("largest")
for i in range(n):
    print("link", f"c{i}", f"d{r.randrange(n)}")
    print("largest")
    print(("groups", "spare", f"size d{i}")[i % 3])' | /usr/bin/python3 /workspace/network.py | /usr/bin/sha256sum
