"""First step: no functions yet."""

RANGE_FUNCTIONS = {}
FUNCTIONS = {}
ARGUMENTS = {}
