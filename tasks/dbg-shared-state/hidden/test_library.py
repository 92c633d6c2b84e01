import pytest
from library import Plan, Shelf, reminders, rules, without


def test_new_shelves_are_empty():
    one = Shelf("one")
    one.add("Emma")
    assert Shelf("two").books == []
    assert one.books == ["Emma"]


def test_a_shelf_begins_with_its_titles():
    shelf = Shelf("new", ["Emma", "Ulysses"])
    shelf.add("Dune")
    assert shelf.books == ["Emma", "Ulysses", "Dune"]


def test_the_given_list_stays_as_it_is():
    titles = ["Emma"]
    shelf = Shelf("new", titles)
    shelf.add("Dune")
    assert titles == ["Emma"]
    assert shelf.books == ["Emma", "Dune"]


def test_keywords_do_not_pile_up():
    shelf = Shelf("s")
    assert shelf.add("Emma") == ["E"]
    assert shelf.add("Dune") == ["D"]
    assert shelf.add("Holes", ["novel"]) == ["novel", "H"]
    assert Shelf("t").add("Ulysses") == ["U"]


def test_given_keywords_stay_as_they_are():
    keywords = ["novel"]
    assert Shelf("s").add("Emma", keywords) == ["novel", "E"]
    assert keywords == ["novel"]


def test_an_empty_list_of_keywords():
    keywords = []
    assert Shelf("s").add("Emma", keywords) == ["E"]
    assert keywords == []


def test_loans_belong_to_one_shelf():
    one, two = Shelf("one", ["Emma"]), Shelf("two", ["Emma"])
    one.lend("Emma", "Kim")
    assert one.loans == {"Emma": "Kim"}
    assert two.loans == {}


def test_lending_what_is_not_there():
    shelf = Shelf("s", ["Emma"])
    with pytest.raises(KeyError):
        shelf.lend("Dune", "Kim")
    assert shelf.loans == {}


def test_a_copy_begins_the_same():
    shelf = Shelf("s", ["Emma", "Dune"])
    shelf.lend("Emma", "Kim")
    twin = shelf.copy("twin")
    assert twin.name == "twin"
    assert shelf.name == "s"
    assert twin.books == ["Emma", "Dune"]
    assert twin.loans == {"Emma": "Kim"}


def test_a_copy_lives_its_own_life():
    shelf = Shelf("s", ["Emma", "Dune"])
    twin = shelf.copy("twin")
    twin.add("Holes")
    shelf.lend("Dune", "Lee")
    twin.lend("Emma", "Kim")
    assert shelf.books == ["Emma", "Dune"]
    assert shelf.loans == {"Dune": "Lee"}
    assert twin.loans == {"Emma": "Kim"}


def test_one_seat_is_one_seat():
    plan = Plan(3, 4)
    plan.seat(1, 2, "Kim")
    assert plan.taken() == 1
    assert plan.grid == [[None] * 4, [None, None, "Kim", None], [None] * 4]


def test_rules_do_not_change_the_defaults():
    assert rules(loan_days=7) == {"loan_days": 7, "places": ["hall"]}
    assert rules(extra_place="cellar") == {"loan_days": 28, "places": ["hall", "cellar"]}
    assert rules(extra_place="attic") == {"loan_days": 28, "places": ["hall", "attic"]}
    assert rules(colour="red") == {"loan_days": 28, "places": ["hall"], "colour": "red"}
    assert rules() == {"loan_days": 28, "places": ["hall"]}


def test_given_places_are_taken_and_kept():
    places = ["shop"]
    assert rules(places=places, extra_place="attic") == {"loan_days": 28, "places": ["shop", "attic"]}
    assert places == ["shop"]
    assert rules() == {"loan_days": 28, "places": ["hall"]}


def test_each_reminder_has_its_own_days():
    assert [remind() for remind in reminders([1, 3, 7])] == ["due in 1 days", "due in 3 days", "due in 7 days"]
    assert list(reminders([])) == []


def test_without_leaves_out_all():
    books = ["a", "x", "x", "b", "x", "y", "y"]
    assert without(books, ["x", "y"]) == ["a", "b"]
    assert books == ["a", "x", "x", "b", "x", "y", "y"]
    assert without(["a"], []) == ["a"]
