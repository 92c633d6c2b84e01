"""A model of the example's tasks, without any sandbox: what each candidate does and shows. Real sandboxes are compared with it.

Its state is how many stages are done, or None where nothing can be won any more.
"""

from dataclasses import dataclass

from examples.learn.families import STAGES, Family, Variant

SUBMIT = {"action": "submit"}


@dataclass(frozen=True)
class Seen:
    """What a step comes to."""

    state: int | None
    output: str
    done: bool = False
    score: float = 0.0
    new_stage: bool = False


def begun(_: Family, __: Variant) -> int | None:
    """The state at the start."""
    return 0


def outputs(family: Family, variant: Variant) -> tuple[str, ...]:
    """What `look` shows at each stage."""
    match family.name:
        case "layers":
            return tuple(stage.splitlines()[0] for stage in variant.stages)
        case "link":
            return (f"main needs {variant.acts[0].split()[1]}", *(stage.splitlines()[-1] for stage in variant.stages[1:]))
        case _:
            machine = [variant.files[f"machine/{file}"][0] for file in ("processors", "free-port", "disk")]  # type: ignore[index]
            asked = zip(("mode", "port", "log"), ("processors", "free", "disk"), machine, strict=True)
            return (*(f"app needs {key}, {what}: {value}" for key, what, value in asked), "app has all settings")


def act(family: Family, variant: Variant, state: int | None, candidate: str | dict[str, str]) -> Seen:
    """Take a step."""
    if candidate == SUBMIT:
        return Seen(state, "", done=True, score=float(state == STAGES))
    shown = outputs(family, variant)
    if state is None:
        return Seen(None, "gone" if candidate in (family.look, *sum(family.acts, ())) else str(candidate))
    if candidate in family.harmful:
        return Seen(None, "")
    if candidate == family.look:
        return Seen(state, shown[state])
    if candidate in family.idle:
        return Seen(state, str(candidate))
    at = [stage for stage, acts in enumerate(family.acts) if candidate in acts]
    if family.name == "layers":
        at = [state] if state < STAGES else [STAGES]
    if state == STAGES and family.name == "layers":
        return Seen(None, "gone")
    if at != [state]:
        return Seen(state, f"refused {candidate}")
    if candidate == variant.acts[state]:
        return Seen(state + 1, shown[state + 1], new_stage=True)
    return Seen(None, "")
