"""The families as a curriculum that the server loads: `python -m examples.learn.curriculum` writes curriculum.json beside this file."""

import json
from pathlib import Path

from examples.learn.families import FAMILIES, STAGES, Family, Variant

FILE = Path(__file__).with_name("curriculum.json")
STEPS = 24  # the solution takes 5; with more, chance gets there once in a while, and who is paid for the outcome only can begin
SCHEMA = "../../codecraft_server/curriculum/curriculum.schema.json"


def entry(family: Family, variant: Variant) -> dict[str, object]:
    """Return a task's entry. Milestones of kind `file` with a plain comparison cost next to nothing."""
    return {
        "title": family.title,
        "category": family.name,
        "difficulty": 3,
        "docker": "codecraft/busybox:1",
        "shell": "/bin/sh",
        "rootfs": "writable",
        "limits": {"steps": STEPS, "grading_s": 30, "memory_mb": 64, "disk_mb": 16},
        "description": list(family.description),
        "test": family.test,
        "files": variant.files,
        "checks": [{"id": "right", "kind": "file", "path": variant.judged[0], "content": {"exact": variant.judged[1]}}],
        "milestones": [
            {"id": f"act-{number}", "kind": "file", "path": path, "content": {how: text}}
            for number, (path, how, text) in enumerate(variant.marks, start=1)
        ],
        "milestone_share": 0.5,
        "grading": {"place": "in_place"},
        "solution": [family.look, *variant.acts],
        "wrong": wrong(family, variant),
    }


def wrong(family: Family, variant: Variant) -> list[dict[str, object]]:
    """Return near misses: what another choice at one of the stages comes to, and giving up half-way."""
    answers: list[dict[str, object]] = [{"name": "stops too early", "commands": [family.look, *variant.acts[:-1]]}]
    for stage in range(STAGES):
        other = next(act for act in family.acts[stage] if act != variant.acts[stage])
        answers.append(
            {"name": f"another act {stage + 1}", "commands": [family.look, *variant.acts[:stage], other, *variant.acts[stage + 1 :]]}
        )
    return answers


def document() -> str:
    """Return the whole file."""
    tasks = {
        task_id: entry(family, variant) for family in FAMILIES for task_id, variant in zip(family.task_ids, family.variants, strict=True)
    }
    return json.dumps({"$schema": SCHEMA, "tasks": tasks}, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(document())
