"""Fetch all pages of a catalogue and print its items."""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request

ATTEMPTS = 5
TIMEOUT_S = 2
TRY_AGAIN = {429, 500, 502, 503, 504}


class Failure(Exception):
    """The harvest can't go on."""


def fetch(url):
    """Return the JSON of a page, trying again after what may pass."""
    wait = 0.1
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(wait)
        wait = 0.1
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code not in TRY_AGAIN:
                raise Failure(f"{url}: status {error.code}") from error
            wait = float(error.headers.get("Retry-After", wait))
        except (OSError, http.client.HTTPException, ValueError):
            pass
    raise Failure(f"{url}: gave up after {ATTEMPTS} attempts")


def harvest(base):
    """Return the items by id."""
    items = {}
    page = "1"
    seen = set()
    while page is not None:
        if page in seen:
            raise Failure(f"page {page} comes again")
        seen.add(page)
        data = fetch(f"{base}/items?page={page}")
        for item in data["items"]:
            items[item["id"]] = item["name"]
        page = data["next"]
    return items


def main():
    try:
        items = harvest(sys.argv[1].rstrip("/"))
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    for number in sorted(items):
        print(f"{number}\t{items[number]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
