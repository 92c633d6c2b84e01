/usr/bin/python3 -I -c 'import random
r = random.Random(2)
n = 60000
for i in range(n):
    print("link", f"a{i}", f"a{i + 1}")
for i in range(n):
    print("link", f"b{i + 1}", f"b{i}")
for i in range(n):
    print("ask", f"a{r.randrange(n)}", f"a{r.randrange(n)}")
    print("ask", f"b{r.randrange(n)}", f"b{r.randrange(n)}" if i % 3 else f"a{r.randrange(n)}")
    if i % 10 == 0:
        print("size", f"b{i}")
        print("largest")
print("groups")
print("link a7 b9")
print("largest")' | /usr/bin/python3 /workspace/network.py | /usr/bin/awk '{ n[$1]++ } END { print NR, n["yes"], n["no"], n[60001], n[2], n[120002] }'