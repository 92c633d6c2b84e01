"""The matching blocks of difflib."""


def edits(old, new):
    """Return [sign, line] for each line."""
    import difflib

    steps = []
    for tag, i, k, j, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            steps += [[" ", line] for line in old[i:k]]
        else:
            steps += [["-", line] for line in old[i:k]] + [["+", line] for line in new[j:m]]
    return steps
