/usr/bin/python3 -I -c 'import sys
sys.path.insert(0, "/workspace")
import search
class Far:
    """The numbers 0, 0, 0, 7, 7, 7, 14 ... up to ten to the twelfth, three of each; it counts how often it is read."""
    def __init__(self):
        self.reads = 0
    def __len__(self):
        return 10**12
    def __getitem__(self, index):
        if not isinstance(index, int) or not 0 <= index < 10**12:
            raise TypeError("one index within the list at a time")
        self.reads += 1
        if self.reads > 500:
            raise RuntimeError("too many reads")
        return index // 3 * 7
def asked(name, limit, *args):
    far = Far()
    print(name, getattr(search, name)(far, *args), "few reads" if far.reads <= limit else far.reads)
asked("first_at_least", 45, 700000007)
asked("first_at_least", 45, 0)
asked("first_at_least", 45, 10**15)
asked("first_above", 45, 700000007)
asked("first_above", 45, -1)
asked("count_between", 90, 14, 35)
asked("count_between", 90, 10**9, 10**10)
asked("nearest", 50, 1000000001)
asked("nearest", 50, 10**18)
asked("nearest", 50, -5)
tests = 0
def test(number):
    global tests
    tests += 1
    return number * number >= 10**35
print(search.smallest_true(-10, 10**30, test), "few tests" if tests <= 105 else tests)'