"""What shipping an order costs, in cents."""

import builtins

SOURCE = """def cost(order):
    total = 0
    if order["country"] == "DE":
        if order["weight"] <= 1000:
            total = 379
        else:
            if order["weight"] <= 2000:
                total = 549
            else:
                if order["weight"] <= 5000:
                    total = 699
                else:
                    if order["weight"] <= 10000:
                        total = 1049
                    else:
                        raise ValueError(TOO_HEAVY)
        if order["express"]:
            total = total + 1200
        if order["value"] >= 5000:
            if not order["express"]:
                total = 0
        if order["insured"]:
            if order["value"] > 50000:
                total = total + 600 + (order["value"] - 50000) // 100
            else:
                total = total + 350
    else:
        if order["country"] in ("AT", "BE", "FR", "NL", "PL"):
            if order["weight"] <= 1000:
                total = 899
            else:
                if order["weight"] <= 2000:
                    total = 1149
                else:
                    if order["weight"] <= 5000:
                        total = 1599
                    else:
                        if order["weight"] <= 10000:
                            total = 2099
                        else:
                            raise ValueError(TOO_HEAVY)
            if order["express"]:
                total = total + 2500
            if order["value"] >= 15000:
                if not order["express"]:
                    total = 0
            if order["insured"]:
                if order["value"] > 50000:
                    total = total + 600 + (order["value"] - 50000) // 100
                else:
                    total = total + 350
        else:
            if order["country"] in ("CH", "GB", "NO"):
                if order["weight"] <= 1000:
                    total = 1499
                else:
                    if order["weight"] <= 2000:
                        total = 1999
                    else:
                        if order["weight"] <= 5000:
                            total = 2899
                        else:
                            raise ValueError(TOO_HEAVY)
                total = total + 300
                if order["express"]:
                    total = total + 3900
                if order["insured"]:
                    if order["value"] > 50000:
                        total = total + 900 + (order["value"] - 50000) // 50
                    else:
                        total = total + 500
            else:
                raise ValueError("no shipping to " + order["country"])
    if order["gift"]:
        if total == 0:
            total = total + 250
        else:
            total = total + 200
    return total
"""
TOO_HEAVY = "too heavy"
old = {"TOO_HEAVY": TOO_HEAVY}
builtins.exec(SOURCE, old)


def cost(order):
    return old["cost"](order)


def domestic(order):
    return old["cost"](order)


def neighbour(order):
    return old["cost"](order)


def abroad(order):
    return old["cost"](order)
