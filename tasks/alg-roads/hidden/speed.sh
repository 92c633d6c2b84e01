ulimit -t 15 # seconds of a processor, however many others want it
/usr/bin/python3 -I -c 'import random
r = random.Random(31)
n = 150
for y in range(n):
    for x in range(n):
        if x + 1 < n:
            print(f"t{y}x{x}", r.choice("->-"), f"t{y}x{x + 1}", r.randint(1, 9))
        if y + 1 < n:
            print(f"t{y}x{x}", r.choice("->-"), f"t{y + 1}x{x}", r.randint(1, 9))
print()
for _ in range(4):
    print(f"t0x{r.randrange(9)}", f"t{n - 1}x{n - 1 - r.randrange(9)}")
print("t0x0 t149x149")' | /usr/bin/python3 /workspace/routes.py | /usr/bin/awk '{ print $1, NF, $2, $(NF / 2), $NF }'