"""A bank whose accounts are used by many threads at once."""

import threading


class Bank:
    def __init__(self, storage, accounts):
        self.storage = storage
        self.locks = {account: threading.Lock() for account in sorted(accounts)}
        self.done = 0
        self.journal = []

    def _note(self, *entry):
        number = self.done + 1
        self.journal.append((number, *entry))
        self.done = number

    def transfer(self, source, target, amount):
        """Move money; return whether the source had enough of it."""
        if amount < 1:
            raise ValueError("the amount must be at least 1")
        for account in (source, target):
            if account not in self.locks:
                raise KeyError(account)
        if self.storage.read(source) < amount:
            return False
        with self.locks[source]:
            with self.locks[target]:
                self.storage.write(source, self.storage.read(source) - amount)
                self.storage.write(target, self.storage.read(target) + amount)
        self._note(source, target, amount)
        return True

    def deposit(self, account, amount):
        """Add money from outside."""
        if amount < 1:
            raise ValueError("the amount must be at least 1")
        if account not in self.locks:
            raise KeyError(account)
        balance = self.storage.read(account)
        with self.locks[account]:
            self.storage.write(account, balance + amount)
        self._note("outside", account, amount)

    def total(self):
        """Return the money in all accounts together at one moment."""
        return sum(self.storage.read(account) for account in self.locks)
