"""Fetch all pages of a catalogue and print its items; the first version, for servers that are well."""

import json
import sys
import urllib.request

base = sys.argv[1].rstrip("/")
items = {}
page = "1"
while page is not None:
    with urllib.request.urlopen(f"{base}/items?page={page}", timeout=2) as answer:
        data = json.loads(answer.read())
    items.update((item["id"], item["name"]) for item in data["items"])
    page = data["next"]
for number in sorted(items):
    print(f"{number}\t{items[number]}")
