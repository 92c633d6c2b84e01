"""What shipping an order costs, in cents."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Zone:
    """Prices of a group of countries: weights up to which a price holds, and what comes on top."""

    prices: tuple
    express: int
    free_from: float
    insurance: tuple  # up to the limit, above it, cents of value for one more cent
    customs: int = 0


INSURED_VALUE = 50000
HOME = Zone(((1000, 379), (2000, 549), (5000, 699), (10000, 1049)), 1200, 5000, (350, 600, 100))
NEAR = Zone(((1000, 899), (2000, 1149), (5000, 1599), (10000, 2099)), 2500, 15000, (350, 600, 100))
FAR = Zone(((1000, 1499), (2000, 1999), (5000, 2899)), 3900, 50000, (500, 900, 50), customs=300)
ZONES = {"DE": HOME, **dict.fromkeys(("AT", "BE", "FR", "NL", "PL"), NEAR), **dict.fromkeys(("CH", "GB", "NO"), FAR)}


def cost(order):
    """Return what shipping costs; ValueError when it can't be sent."""
    zone = zone_of(order["country"])
    total = transport(zone, order) + insurance(zone, order)
    return total + wrapping(order, total)


def zone_of(country):
    """Return the zone of a country."""
    if country not in ZONES:
        raise ValueError("no shipping to " + country)
    return ZONES[country]


def transport(zone, order):
    """Return what carrying costs."""
    base = base_price(zone, order["weight"]) + zone.customs
    if order["express"]:
        return base + zone.express
    return 0 if order["value"] >= zone.free_from else base


def base_price(zone, weight):
    """Return the price of the first step that is heavy enough."""
    for limit, price in zone.prices:
        if weight <= limit:
            return price
    raise ValueError("too heavy")


def insurance(zone, order):
    """Return what insuring costs."""
    if not order["insured"]:
        return 0
    low, high, step = zone.insurance
    above = order["value"] - INSURED_VALUE
    return high + above // step if above > 0 else low


def wrapping(order, total):
    """Return what wrapping as a gift costs; it is dearer when shipping is free."""
    if not order["gift"]:
        return 0
    return 250 if total == 0 else 200
