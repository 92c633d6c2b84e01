"""Finds the best routes: reads roads, an empty line, and questions from standard input."""

import heapq
import sys


def best_from_all(target, into):
    """Return for each town the (minutes, roads) of the best route to the target, following roads backwards."""
    best = {}
    waiting = [(0, 0, target)]
    while waiting:
        minutes, roads, town = heapq.heappop(waiting)
        if town in best:
            continue
        best[town] = (minutes, roads)
        for other, length in into.get(town, {}).items():
            if other not in best:
                heapq.heappush(waiting, (minutes + length, roads + 1, other))
    return best


def routes(start, target, out, best):
    """Yield the towns of each of the best routes."""
    waiting = [[start]]
    while waiting:
        towns = waiting.pop()
        if towns[-1] == target:
            yield towns
            continue
        minutes, roads = best[towns[-1]]
        for other, length in out[towns[-1]].items():
            if best.get(other) == (minutes - length, roads - 1):
                waiting.append([*towns, other])


def route(start, target, out, best):
    """Return the towns of the best route; of equal ones that with the smallest names."""
    return min(routes(start, target, out, best))


def add(roads, start, end, minutes):
    """Keep the shortest of several roads between the same towns."""
    known = roads.setdefault(start, {})
    roads.setdefault(end, {})
    known[end] = min(minutes, known.get(end, minutes))


def answer(start, target, out, into):
    """Return the line for a question."""
    for town in (start, target):
        if town not in out:
            return f"unknown {town}"
    best = best_from_all(target, into)
    if start not in best:
        return "none"
    return f"{best[start][0]}: {' '.join(route(start, target, out, best))}"


def main():
    """Read everything and answer."""
    out, into = {}, {}
    lines = iter(sys.stdin)
    for line in lines:
        if not line.strip():
            break
        start, kind, end, minutes = line.split()
        for one, other in [(start, end), (end, start)] if kind == "-" else [(start, end)]:
            add(out, one, other, int(minutes))
            add(into, other, one, int(minutes))
    for line in lines:
        if line.strip():
            print(answer(*line.split(), out, into))


main()
