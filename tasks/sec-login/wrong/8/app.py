"""Accounts, sessions and search of a small web application."""

import core
from hmac import compare_digest


class App(core.App):
    """See there."""
