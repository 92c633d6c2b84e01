ulimit -t 20 # seconds of a processor, however many others want it
/usr/bin/python3 -I -c 'import random, sys
sys.path.insert(0, "/workspace")
from spell import distance, suggest
r = random.Random(15)
left = "".join(r.choice("ab") for _ in range(900))
print(distance("a" * 900, "a" * 900), distance("a" * 900, "b" * 850), distance("ab" * 400, "ba" * 400), distance(left, left[1:] + "a"), distance(left[:450] + "c" + left[450:], left))
words = ["".join(r.choice("abcdefghij") for _ in range(r.randint(4, 12))) for _ in range(4000)]
for word in words[:3]:
    print(" ".join(suggest(word[1:] + "a", words, limit=3)), len(suggest(word, words, 3, 100)))'