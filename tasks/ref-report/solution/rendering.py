"""From bookings to a table."""


def money(cents):
    """Return an amount as text."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"


def summed(bookings):
    """Return the sums by person and month."""
    sums = {}
    for who, month, cents in bookings:
        sums[who, month] = sums.get((who, month), 0) + cents
    return sums


def table(bookings, missing, with_total):
    """Return the rows of the table as lists of texts, the heading first."""
    sums = summed(bookings)
    months = sorted({month for _, month in sums})
    people = sorted({who for who, _ in sums})
    rows = [["name", *months, *(["total"] if with_total else [])]]
    for who in people:
        cells = [money(sums[who, month]) if (who, month) in sums else missing for month in months]
        whole = sum(sums.get((who, month), 0) for month in months)
        rows.append([who, *cells, *([money(whole)] if with_total else [])])
    return rows


def render_csv(bookings, with_total=False):
    """Return the lines of the report as comma-separated values."""
    return [",".join(row) for row in table(bookings, "0.00", with_total)]


def render_text(bookings, with_total=False):
    """Return the lines of the report for people to read."""
    rows = table(bookings, "-", with_total)
    width = max(len(row[0]) for row in rows)
    lines = [" ".join([row[0].ljust(width), *(cell.rjust(10) for cell in row[1:])]) for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]
