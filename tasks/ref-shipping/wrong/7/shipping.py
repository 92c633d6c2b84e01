"""What shipping an order costs, in cents."""

TOO_HEAVY = "too heavy"


def cost(order):
    return 0


def domestic(order):
    return 0


def neighbour(order):
    return 0


def abroad(order):
    return 0
