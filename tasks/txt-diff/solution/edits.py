"""The shortest way from one list of lines to another."""


def _lengths(old, new):
    """Return a table: [i][j] is the length of the longest common subsequence of old[i:] and new[j:]."""
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below, line = table[i], table[i + 1], old[i]
        for j in range(len(new) - 1, -1, -1):
            if line == new[j]:
                row[j] = below[j + 1] + 1
            else:
                row[j] = below[j] if below[j] >= row[j + 1] else row[j + 1]
    return table


def _middle(old, new):
    """Return the edits between lists that neither begin nor end alike."""
    table = _lengths(old, new)
    edits, added = [], []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            edits += added
            added = []
            edits.append([" ", old[i]])
            i, j = i + 1, j + 1
        elif j == len(new) or (i < len(old) and table[i + 1][j] >= table[i][j + 1]):
            edits.append(["-", old[i]])
            i += 1
        else:
            added.append(["+", new[j]])
            j += 1
    return edits + added


def edits(old, new):
    """Return [sign, line] for each line that stays (" "), goes ("-") or comes ("+")."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = _middle(old[start : len(old) - end], new[start : len(new) - end])
    return [[" ", line] for line in old[:start]] + middle + [[" ", line] for line in old[len(old) - end :]]
