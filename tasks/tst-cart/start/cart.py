"""A shopping cart. All amounts are whole cents."""


class Cart:
    """What somebody is about to buy."""

    def __init__(self):
        self._lines = {}
        self._percent = 0

    def add(self, name, price, count=1):
        """Put `count` pieces of an article into the cart.

        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.
        After an error the cart is as it was.
        """
        if price < 0 or count < 1:
            raise ValueError("bad price or count")
        if name in self._lines and self._lines[name][0] != price:
            raise ValueError("another price")
        self._lines[name] = (price, self.count(name) + count)

    def remove(self, name, count=None):
        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""
        price, there = self._lines[name]
        if count is None:
            count = there
        if not 1 <= count <= there:
            raise ValueError("not so many there")
        if count == there:
            del self._lines[name]
        else:
            self._lines[name] = (price, there - count)

    def count(self, name):
        """How many pieces of an article are there; 0 when none."""
        return self._lines.get(name, (0, 0))[1]

    def names(self):
        """The articles, as a list in alphabetical order."""
        return sorted(self._lines)

    def discount(self, percent):
        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""
        if not 0 <= percent <= 50:
            raise ValueError("bad discount")
        self._percent = percent

    def total(self):
        """What is to be paid.

        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).
        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.
        """
        if not self._lines:
            return 0
        goods = sum(self._line(price, count) for price, count in self._lines.values())
        goods = goods * (100 - self._percent) // 100
        return goods + 499 if goods < 2000 else goods

    def _line(self, price, count):
        amount = price * count
        return amount * 9 // 10 if count >= 10 else amount
