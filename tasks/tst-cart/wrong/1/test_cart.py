import pytest
from cart import Cart


def filled(*lines):
    cart = Cart()
    for line in lines:
        cart.add(*line)
    return cart


def test_a_new_cart_is_empty():
    cart = Cart()
    assert cart.names() == []
    assert cart.count("pen") == 0
    assert cart.total() == 0


def test_carts_are_separate():
    filled(("pen", 100))
    assert Cart().names() == []


def test_adding_counts():
    cart = filled(("pen", 100), ("book", 1200, 2), ("pen", 100, 3))
    assert cart.count("pen") == 4
    assert cart.count("book") == 2
    assert cart.names() == ["book", "pen"]


@pytest.mark.parametrize("line", [("pen", -1), ("pen", 100, 0), ("pen", 100, -1)])
def test_bad_lines(line):
    cart = Cart()
    with pytest.raises(ValueError):
        cart.add(*line)
    assert cart.names() == []


def test_another_price_changes_nothing():
    cart = filled(("book", 3000, 2))
    with pytest.raises(ValueError):
        cart.add("book", 2999)
    assert cart.count("book") == 2
    assert cart.total() == 6000


def test_free_articles():
    cart = filled(("gift", 0))
    assert cart.names() == ["gift"]
    assert cart.total() == 499


def test_remove_all():
    cart = filled(("pen", 100, 3), ("ink", 200))
    cart.remove("pen")
    assert cart.count("pen") == 0
    assert cart.names() == ["ink"]


def test_remove_some_then_the_rest():
    cart = filled(("pen", 1000, 3))
    cart.remove("pen", 1)
    assert cart.count("pen") == 2
    cart.remove("pen", 2)
    assert cart.names() == []
    assert cart.total() == 0


@pytest.mark.parametrize("count", [0, -1, 4])
def test_remove_what_can_not_be_removed(count):
    cart = filled(("pen", 100, 3))
    with pytest.raises(ValueError):
        cart.remove("pen", count)
    assert cart.count("pen") == 3


def test_remove_what_is_not_there():
    with pytest.raises(KeyError):
        filled(("pen", 100)).remove("ink")
    with pytest.raises(KeyError):
        filled(("pen", 100)).remove("ink", 1)


@pytest.mark.parametrize(("price", "total"), [(1, 500), (5000, 5000)])
def test_shipping(price, total):
    assert filled(("thing", price)).total() == total


@pytest.mark.parametrize(("count", "total"), [(2, 2010), (20, 18090)])
def test_bulk(count, total):
    assert filled(("thing", 1005, count)).total() == total


def test_bulk_is_for_each_article():
    assert filled(("a", 1000, 6), ("b", 1000, 6)).total() == 12000
    assert filled(("a", 1000, 10), ("b", 1000, 1)).total() == 10000


@pytest.mark.parametrize(("percent", "total"), [(0, 9999), (1, 9899), (33, 6699), (50, 4999)])
def test_discount(percent, total):
    cart = filled(("thing", 9999))
    cart.discount(percent)
    assert cart.total() == total


def test_the_last_discount_counts():
    cart = filled(("thing", 10000))
    cart.discount(10)
    cart.discount(20)
    assert cart.total() == 8000
    cart.discount(0)
    assert cart.total() == 10000


@pytest.mark.parametrize("percent", [-1, 51, 100])
def test_bad_discounts(percent):
    cart = filled(("thing", 10000))
    cart.discount(5)
    with pytest.raises(ValueError):
        cart.discount(percent)
    assert cart.total() == 9500


def test_shipping_looks_at_what_the_discount_leaves():
    cart = filled(("thing", 2200))
    cart.discount(10)
    assert cart.total() == 1980 + 499
