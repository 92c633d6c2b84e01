"""The storage of the bank. Reading and writing take time, as they do over a network. Do not change this file."""

import threading
import time


class Storage:
    """Balances by account."""

    def __init__(self, balances):
        self._balances = dict(balances)
        self._guard = threading.Lock()

    def read(self, account):
        """Return a balance; KeyError when there is no such account."""
        time.sleep(0.001)
        with self._guard:
            return self._balances[account]

    def write(self, account, balance):
        """Set a balance."""
        time.sleep(0.001)
        with self._guard:
            self._balances[account] = balance
