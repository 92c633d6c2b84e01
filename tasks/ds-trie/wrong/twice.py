"""Completes words: reads commands from standard input."""

import heapq
import sys


class Node:
    """The words that begin in the same way."""

    __slots__ = ("branches", "count", "words")

    def __init__(self):
        self.branches = {}
        self.count = 0  # of the word that ends here
        self.words = 0  # different words that end here or further on


class Trie:
    """Words with their counts."""

    def __init__(self):
        self.root = Node()

    def node(self, prefix):
        """Return the node of a prefix, or None."""
        node = self.root
        for letter in prefix:
            node = node.branches.get(letter)
            if node is None:
                return None
        return node

    def add(self, word, count):
        """Count a word some times more."""
        new = 1
        node = self.root
        node.words += new
        for letter in word:
            node = node.branches.setdefault(letter, Node())
            node.words += new
        node.count += count

    def remove(self, word):
        """Forget a word; return whether it was there."""
        known = self.node(word)
        if known is None or known.count == 0:
            return False
        node = self.root
        node.words -= 1
        for letter in word:
            following = node.branches[letter]
            following.words -= 1
            if following.words == 0:
                del node.branches[letter]
                return True
            node = following
        node.count = 0
        return True

    def below(self, prefix):
        """Yield (-count, word) for all words that begin with a prefix."""
        start = self.node(prefix)
        waiting = [(prefix, start)] if start else []
        while waiting:
            word, node = waiting.pop()
            if node.count:
                yield -node.count, word
            waiting.extend((word + letter, branch) for letter, branch in node.branches.items())


trie = Trie()
for line in sys.stdin:
    command, *words = line.split()
    if command == "add":
        trie.add(words[0], int(words[1]) if len(words) > 1 else 1)
    elif command == "remove":
        if not trie.remove(words[0]):
            print("unknown")
    elif command == "count":
        found = trie.node(words[0] if words else "")
        print(found.words if found else 0)
    else:
        best = heapq.nsmallest(3, trie.below(words[0] if words else ""))
        print(" ".join(word for _, word in best) or "-")
