"""A small library: shelves with books, and a seating plan for the reading room."""

DEFAULT_RULES = {"loan_days": 28, "places": ["hall"]}


class Shelf:
    """Books in the order in which they were put on it."""

    def __init__(self, name, titles=None):
        self.name = name
        self.books = [] if titles is None else list(titles)
        self.loans = {}

    def add(self, title, keywords=None):
        """Put a book on the shelf; return its keywords, the first letter of its title added."""
        self.books.append(title)
        return [*(keywords or []), title[0]]

    def lend(self, title, reader):
        """Note who has a book. KeyError when the shelf has no such book."""
        if title not in self.books:
            raise KeyError(title)
        self.loans[title] = reader

    def copy(self, name):
        """Return another shelf with the same books and loans; what happens to one does not show on the other."""
        twin = Shelf(name, self.books)
        twin.loans = dict(self.loans)
        return twin


class Plan:
    """Seats in rows; None is a free one."""

    def __init__(self, rows, seats):
        self.grid = [[None] * seats for _ in range(rows)]

    def seat(self, row, seat, reader):
        """Give a seat to a reader."""
        self.grid[row][seat] = reader

    def taken(self):
        """Return how many seats are taken."""
        return sum(reader is not None for row in self.grid for reader in row)


def rules(**changes):
    """Return the rules with some changed."""
    merged = dict(DEFAULT_RULES)
    extra = changes.pop("extra_place", None)
    merged.update(changes)
    if extra is not None:
        merged["places"].append(extra)
    return merged


def reminders(days):
    """Return one function for each number of days; each returns its reminder."""
    return [lambda day=day: f"due in {day} days" for day in days]


def without(books, unwanted):
    """Return the books that are not unwanted, as a new list."""
    return [book for book in books if book not in unwanted]
