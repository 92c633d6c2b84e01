import pq
import pytest


def test_items_are_never_compared():
    """Items of types that have no order are fine, with equal priorities too."""
    queue = pq.PriorityQueue()
    for item in ("text", 7, None, (1, "x"), (1, 2)):
        queue.push(item, 1)
    assert [queue.pop()[0] for _ in range(5)] == ["text", 7, None, (1, "x"), (1, 2)]


def test_pop_returns_item_and_priority():
    """As a tuple."""
    queue = pq.PriorityQueue()
    queue.push("a", 2)
    assert queue.peek() == ("a", 2)
    assert queue.pop() == ("a", 2)
    assert len(queue) == 0


def test_refused_operations_change_nothing():
    """A push of an item that is there, an update or removal of one that is not."""
    queue = pq.PriorityQueue()
    queue.push("a", 2)
    queue.push("b", 1)
    for call in (lambda: queue.push("a", 0), lambda: queue.update("c", 0), lambda: queue.remove("c")):
        with pytest.raises(KeyError):
            call()
    assert len(queue) == 2
    assert queue.remove("b") == 1
    assert queue.pop() == ("a", 2)
    for call in (queue.pop, queue.peek):
        with pytest.raises(IndexError):
            call()


def test_two_queues_share_nothing():
    """Each has its own items."""
    one, other = pq.PriorityQueue(), pq.PriorityQueue()
    one.push("a", 1)
    assert len(other) == 0
    other.push("a", 5)
    assert one.pop() == ("a", 1)
    assert other.pop() == ("a", 5)
