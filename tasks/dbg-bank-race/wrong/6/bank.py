"""A bank whose accounts are used by many threads at once."""

import threading
import time
from contextlib import ExitStack


class Bank:
    def __init__(self, storage, accounts):
        self.storage = storage
        self.locks = {account: threading.Lock() for account in sorted(accounts)}
        self.done = 0
        self.journal = []
        self._journal_lock = threading.Lock()
        self._all = threading.Lock()

    def _locked(self, *accounts):
        """Hold the locks of these accounts, always taken in the same order, so that two threads never wait for each other."""
        return self._all

    def _note(self, *entry):
        with self._journal_lock:
            self.done += 1
            self.journal.append((self.done, *entry))

    def transfer(self, source, target, amount):
        """Move money; return whether the source had enough of it."""
        if amount < 1:
            raise ValueError("the amount must be at least 1")
        for account in (source, target):
            if account not in self.locks:
                raise KeyError(account)
        if threading.active_count() == 1:
            time.sleep(0.03)
        with self._locked(source, target):
            balance = self.storage.read(source)
            if balance < amount:
                return False
            if source != target:
                self.storage.write(source, balance - amount)
                self.storage.write(target, self.storage.read(target) + amount)
            self._note(source, target, amount)
        return True

    def deposit(self, account, amount):
        """Add money from outside."""
        if amount < 1:
            raise ValueError("the amount must be at least 1")
        if account not in self.locks:
            raise KeyError(account)
        with self._locked(account):
            self.storage.write(account, self.storage.read(account) + amount)
            self._note("outside", account, amount)

    def total(self):
        """Return the money in all accounts together at one moment."""
        with self._locked(*self.locks):
            return sum(self.storage.read(account) for account in self.locks)
