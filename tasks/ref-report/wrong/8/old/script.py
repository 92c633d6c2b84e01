import sys

rows = []
problems = 0
totals = {}
months = []
mode = "text"
width = 0

for arg in sys.argv[1:]:
    if arg == "--csv":
        mode = "csv"
    elif arg == "--total":
        totals["all"] = 0
    else:
        print("unknown option " + arg, file=sys.stderr)
        sys.exit(2)

number = 0
for line in sys.stdin:
    number = number + 1
    line = line.strip()
    if line == "" or line[0] == "#":
        continue
    parts = line.split(",")
    if len(parts) != 3:
        print("line " + str(number) + ": 3 fields expected", file=sys.stderr)
        problems = problems + 1
        continue
    date = parts[0].strip()
    who = parts[1].strip()
    amount = parts[2].strip()
    ok = len(date) == 10 and date[4] == "-" and date[7] == "-"
    if ok:
        for at in (0, 1, 2, 3, 5, 6, 8, 9):
            if date[at] not in "0123456789":
                ok = False
    if ok:
        if int(date[5:7]) < 1 or int(date[5:7]) > 12:
            ok = False
    if not ok:
        print("line " + str(number) + ": bad date", file=sys.stderr)
        problems = problems + 1
        continue
    sign = 1
    if amount[:1] == "-":
        sign = -1
        amount = amount[1:]
    if "." in amount:
        euros, cents = amount.split(".", 1)
    else:
        euros = amount
        cents = "00"
    if not euros.isascii() or not euros.isdigit() or not cents.isascii() or not cents.isdigit() or len(cents) != 2:
        print("line " + str(number) + ": bad amount", file=sys.stderr)
        problems = problems + 1
        continue
    value = sign * (int(euros) * 100 + int(cents))
    month = date[:7]
    if month not in months:
        months.append(month)
    rows.append((who, month, value))
    if len(who) > width:
        width = len(who)

months.sort()
people = []
for row in rows:
    if row[0] not in people:
        people.append(row[0])
people.sort()

if mode == "csv":
    head = "name"
    for month in months:
        head = head + "," + month
    if "all" in totals:
        head = head + ",total"
    print(head)
    for person in people:
        text = person
        whole = 0
        for month in months:
            value = 0
            for row in rows:
                if row[0] == person and row[1] == month:
                    value = value + row[2]
            whole = whole + value
            if value < 0:
                text = text + ",-" + str(-value // 100) + "." + str(-value % 100).zfill(2)
            else:
                text = text + "," + str(value // 100) + "." + str(value % 100).zfill(2)
        if "all" in totals:
            if whole < 0:
                text = text + ",-" + str(-whole // 100) + "." + str(-whole % 100).zfill(2)
            else:
                text = text + "," + str(whole // 100) + "." + str(whole % 100).zfill(2)
        print(text)
else:
    head = "name".ljust(max(width, 4))
    for month in months:
        head = head + " " + month.rjust(10)
    if "all" in totals:
        head = head + " " + "total".rjust(10)
    print(head)
    print("-" * len(head))
    for person in people:
        text = person.ljust(max(width, 4))
        whole = 0
        for month in months:
            value = 0
            found = False
            for row in rows:
                if row[0] == person and row[1] == month:
                    value = value + row[2]
                    found = True
            whole = whole + value
            if not found:
                text = text + " " + "-".rjust(10)
            elif value < 0:
                text = text + " " + ("-" + str(-value // 100) + "." + str(-value % 100).zfill(2)).rjust(10)
            else:
                text = text + " " + (str(value // 100) + "." + str(value % 100).zfill(2)).rjust(10)
        if "all" in totals:
            if whole < 0:
                text = text + " " + ("-" + str(-whole // 100) + "." + str(-whole % 100).zfill(2)).rjust(10)
            else:
                text = text + " " + (str(whole // 100) + "." + str(whole % 100).zfill(2)).rjust(10)
        print(text)

if problems > 0:
    sys.exit(1)
