"""Keeps every single number."""


class IntervalSet:
    """Brute force over a set of numbers."""
    def __init__(self, pairs=()):
        self.s = set()
        for low, high in pairs:
            self.add(low, high)
    @classmethod
    def parse(cls, text):
        import re
        made = cls()
        for w in text.split():
            m = re.fullmatch(r"\[(-?[0-9]+),(-?[0-9]+)\)", w)
            if not m: raise ValueError(w)
            made.add(int(m[1]), int(m[2]))
        return made
    def add(self, low, high):
        if low > high: raise ValueError
        self.s |= set(range(low, high))
    def remove(self, low, high):
        if low > high: raise ValueError
        self.s -= set(range(low, high))
    def __contains__(self, x): return x in self.s
    def size(self): return len(self.s)
    @staticmethod
    def runs(s):
        out = []
        for x in sorted(s):
            if out and out[-1][1] == x: out[-1][1] = x + 1
            else: out.append([x, x + 1])
        return [tuple(p) for p in out]
    def intervals(self): return self.runs(self.s)
    def gaps(self, low, high):
        if low > high: raise ValueError
        return self.runs(set(range(low, high)) - self.s)
    def first_free(self, start, length):
        if length < 1: raise ValueError
        while any(x in self.s for x in range(start, start + length)): start += 1
        return start
    def make(self, s):
        m = IntervalSet(); m.s = s; return m
    def union(self, o): return self.make(self.s | o.s)
    def difference(self, o): return self.make(self.s - o.s)
    def intersection(self, o): return self.make(self.s & o.s)
    def __eq__(self, o): return isinstance(o, IntervalSet) and self.s == o.s
    def __str__(self): return " ".join("[%d,%d)" % p for p in self.intervals())
