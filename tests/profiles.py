"""How many examples tests of properties try: `quick` while one works (`make unit`), `thorough` wherever nothing else is said."""

from hypothesis import HealthCheck, settings


def register() -> None:
    """Make the profiles known. How long an example takes says how busy the machine is, not whether the code is right."""
    for name, examples in (("thorough", 100), ("quick", 5)):
        settings.register_profile(name, max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("thorough")


def examples(times: float) -> settings:
    """So many times the examples of the profile."""
    return settings(max_examples=round(times * settings().max_examples))
