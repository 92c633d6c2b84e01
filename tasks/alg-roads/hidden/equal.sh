ulimit -t 15 # seconds of a processor, however many others want it
/usr/bin/python3 -I -c 'n = 60
for y in range(n):
    for x in range(n):
        if x + 1 < n:
            print(f"t{y}x{x}", "-", f"t{y}x{x + 1}", 2)
        if y + 1 < n:
            print(f"t{y + 1}x{x}", "-", f"t{y}x{x}", 2)
for i in range(5000):
    print(f"s{i}", ">", f"s{i + 1}", i + 1)
print()
print("t0x0 t59x59")
print("t59x0 t3x58")
print("s3 s4996")
print("s1 s0")' | /usr/bin/python3 /workspace/routes.py | /usr/bin/sha256sum
