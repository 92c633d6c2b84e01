"""First step of the importer: it knows no keys yet."""

import csv
import json
import sqlite3
import sys

from convert import convert

SQL_TYPES = {"text": "TEXT", "date": "TEXT", "integer": "INTEGER", "decimal": "INTEGER", "boolean": "INTEGER"}


class Fatal(Exception):
    """Nothing can be imported."""


def quoted(name):
    """Write a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def records(file, delimiter):
    """Yield (line on which it begins, fields) for each record; empty lines are none."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    begin = 1
    for fields in reader:
        if fields:
            yield begin, fields
        begin = reader.line_num + 1


def places(header, columns):
    """Return for each column the index of its field, None for a column that the file does not have."""
    header = [name.strip() for name in header]
    found = []
    for column in columns:
        source = column.get("from", column["name"])
        if header.count(source) > 1:
            raise Fatal(f"column {source!r} is there twice")
        if source in header:
            found.append(header.index(source))
        elif column.get("required"):
            raise Fatal(f"column {source!r} is missing")
        else:
            found.append(None)
    return found


class Import:
    """One run: a table, a connection, and what has been counted so far."""

    def __init__(self, schema, connection):
        self.columns = schema["columns"]
        self.names = [column["name"] for column in self.columns]
        self.key = schema["key"]
        self.connection = connection
        self.counts = {"inserted": 0, "updated": 0, "unchanged": 0, "rejected": 0}
        table = quoted(schema["table"])
        where = " AND ".join(f"{quoted(name)} = ?" for name in self.key)
        self.select = f"SELECT {', '.join(map(quoted, self.names))} FROM {table} WHERE {where}"
        self.delete = f"DELETE FROM {table} WHERE {where}"
        self.insert = f"INSERT INTO {table} ({', '.join(map(quoted, self.names))}) VALUES ({', '.join('?' * len(self.names))})"
        definitions = [f"{quoted(column['name'])} {SQL_TYPES[column['type']]}" for column in self.columns]
        definitions.append(f"PRIMARY KEY ({', '.join(map(quoted, self.key))})")
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(definitions)})")
        connection.execute("DROP TABLE IF EXISTS rejects")
        connection.execute("CREATE TABLE rejects (line INTEGER, reason TEXT, record TEXT)")

    def values(self, fields, indices):
        """Return the values of a record; raises ValueError with the reason."""
        values = []
        for column, index in zip(self.columns, indices):
            try:
                values.append(convert("" if index is None else fields[index], column))
                if values[-1] is None and column["name"] in self.key:
                    raise ValueError("required")
            except ValueError as error:
                raise ValueError(f"{column['name']}: {error}") from error
        return values

    def store(self, values):
        """Put a record into the table, and count what came of it."""
        self.connection.execute(self.insert, values)
        self.counts["inserted"] += 1

    def reject(self, line, reason, fields):
        """Keep a record that can't be imported."""
        record = json.dumps(fields, ensure_ascii=False)
        self.connection.execute("INSERT INTO rejects VALUES (?, ?, ?)", (line, reason, record))
        self.counts["rejected"] += 1

    def run(self, found):
        """Import all records behind the header."""
        _, header = next(found, (0, None))
        if header is None:
            raise Fatal("there is no header")
        indices = places(header, self.columns)
        for line, fields in found:
            if len(fields) != len(header):
                self.reject(line, "fields", fields)
                continue
            try:
                self.store(self.values(fields, indices))
            except ValueError as error:
                self.reject(line, str(error), fields)


def main(arguments):
    """Return the exit status."""
    try:
        schema_path, data_path, database = arguments
        with open(schema_path, encoding="utf-8") as file:
            schema = json.load(file)
        with open(data_path, encoding="utf-8-sig", newline="") as file:
            content = list(records(file, schema.get("delimiter", ",")))
        connection = sqlite3.connect(database, isolation_level=None)
        connection.execute("BEGIN")
        job = Import(schema, connection)
        job.run(iter(content))
        connection.execute("COMMIT")
    except (Fatal, ValueError, OSError, csv.Error, sqlite3.Error) as error:
        print("importer:", error, file=sys.stderr)
        return 2
    print(json.dumps(job.counts))
    return 1 if job.counts["rejected"] else 0


sys.exit(main(sys.argv[1:]))
