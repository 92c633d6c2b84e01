"""A priority queue in which priorities can be changed: a binary heap that knows where its items are."""


class PriorityQueue:
    """Different items with priorities; the lowest priority comes first, of equal ones the one set first."""

    def __init__(self):
        self._heap = []  # [priority, number, item]; a child is never before its parent
        self._places = {}  # item -> index in the heap
        self._counter = 0

    def __len__(self):
        return len(self._heap)

    def __contains__(self, item):
        return item in self._places

    def push(self, item, priority):
        """Add an item; raises KeyError if it is there already."""
        if item in self._places:
            raise KeyError(item)
        self._heap.append(self._entry(item, priority))
        self._places[item] = len(self._heap) - 1
        self._up(len(self._heap) - 1)

    def pop(self):
        """Remove and return the first item and its priority; raises IndexError if there is none."""
        item, priority = self.peek()
        self._take_out(0)
        return item, priority

    def peek(self):
        """Return the first item and its priority; raises IndexError if there is none."""
        if not self._heap:
            raise IndexError("the queue is empty")
        priority, _, item = self._heap[0]
        return item, priority

    def _entry(self, item, priority):
        self._counter += 1
        return [priority, self._counter, item]

    def _before(self, left, right):
        return self._heap[left][:2] < self._heap[right][:2]

    def _swap(self, left, right):
        heap = self._heap
        heap[left], heap[right] = heap[right], heap[left]
        self._places[heap[left][2]] = left
        self._places[heap[right][2]] = right

    def _up(self, place):
        while place and self._before(place, (place - 1) // 2):
            self._swap(place, (place - 1) // 2)
            place = (place - 1) // 2

    def _down(self, place):
        while True:
            first = place
            for child in (2 * place + 1, 2 * place + 2):
                if child < len(self._heap) and self._before(child, first):
                    first = child
            if first == place:
                return
            self._swap(place, first)
            place = first

    def _settle(self, place):
        self._up(place)
        self._down(place)

    def _take_out(self, place):
        last = len(self._heap) - 1
        self._swap(place, last)
        _, _, item = self._heap.pop()
        del self._places[item]
        if place < last:
            self._settle(place)
