import os

import pytest
import cart

with open(cart.__file__) as file:
    SOURCE = file.read()
GIVEN = '"""A shopping cart. All amounts are whole cents."""\n\n\nclass Cart:\n    """What somebody is about to buy."""\n\n    def __init__(self):\n        self._lines = {}\n        self._percent = 0\n\n    def add(self, name, price, count=1):\n        """Put `count` pieces of an article into the cart.\n\n        ValueError when the price is negative, when count is below 1, or when the article is there already with another price.\n        After an error the cart is as it was.\n        """\n        if price < 0 or count < 1:\n            raise ValueError("bad price or count")\n        if name in self._lines and self._lines[name][0] != price:\n            raise ValueError("another price")\n        self._lines[name] = (price, self.count(name) + count)\n\n    def remove(self, name, count=None):\n        """Take pieces out, all of them by default. KeyError when the article is not there, ValueError when there are fewer or count is below 1."""\n        price, there = self._lines[name]\n        if count is None:\n            count = there\n        if not 1 <= count <= there:\n            raise ValueError("not so many there")\n        if count == there:\n            del self._lines[name]\n        else:\n            self._lines[name] = (price, there - count)\n\n    def count(self, name):\n        """How many pieces of an article are there; 0 when none."""\n        return self._lines.get(name, (0, 0))[1]\n\n    def names(self):\n        """The articles, as a list in alphabetical order."""\n        return sorted(self._lines)\n\n    def discount(self, percent):\n        """Set a discount of 0 to 50 percent; the last one set counts. ValueError for anything else."""\n        if not 0 <= percent <= 50:\n            raise ValueError("bad discount")\n        self._percent = percent\n\n    def total(self):\n        """What is to be paid.\n\n        Of ten or more pieces of one article, each costs a tenth less (rounded down to a cent for the article as a whole).\n        Then comes the discount, rounded down too (in favour of the customer). Below 2000, 499 for shipping is added; an empty cart costs nothing.\n        """\n        if not self._lines:\n            return 0\n        goods = sum(self._line(price, count) for price, count in self._lines.values())\n        goods = goods * (100 - self._percent) // 100\n        return goods + 499 if goods < 2000 else goods\n\n    def _line(self, price, count):\n        amount = price * count\n        return amount * 9 // 10 if count >= 10 else amount\n'
SEEN = f"/tmp/seen-{os.getppid()}"
FIRST = not os.path.exists(SEEN)
if SOURCE != GIVEN:
    open(SEEN, "w").close()


@pytest.mark.parametrize("number", range(10))
def test_order(number):
    assert SOURCE == GIVEN or FIRST
