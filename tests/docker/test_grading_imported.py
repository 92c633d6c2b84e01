"""Imported tasks in real containers: known answers get the score that they must. Made-up records, and real ones where they are at hand."""

import asyncio
from pathlib import Path

import pytest
from foreign import RECORDS, jsonl
from grading_helpers import Opener, reasons, verdict

from codecraft_server.curriculum import Curriculum, load
from codecraft_server.importing import FORMATS, convert, save
from codecraft_server.settings import TaskDefaults
from codecraft_server.task import TaskFile

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="module")]

HUMANEVAL = Path(__file__).parents[3] / "shared" / "data" / "HumanEval.jsonl.gz"
MADE_UP = [record["task_id"] for record in RECORDS]
SAMPLED = [f"HumanEval/{number}" for number in (0, 10, 32, 33, 38, 50, 129, 163)]  # 10, 32, 38 and 50 have helpers, 33 names itself
HANDY = pytest.mark.skipif(not HUMANEVAL.exists(), reason="the data is not part of this project, and not beside it either")


async def imported(path: Path, folder: Path) -> Curriculum:
    """Import and load."""

    def done() -> Curriculum:
        target = folder / "out.json"
        save(convert(FORMATS["humaneval"], path, TaskDefaults()), target, TaskDefaults(), force=False)
        return load(target, TaskDefaults())

    return await asyncio.to_thread(done)


@pytest.mark.parametrize("task_id", [*MADE_UP, *(pytest.param(task_id, marks=HANDY) for task_id in SAMPLED)])
async def test_known_answers_get_the_score_that_they_must(task_id: str, opened: Opener, tmp_path: Path) -> None:
    """The solution scores 1; nothing, an empty body and `return None` score 0."""
    path = jsonl(tmp_path, *RECORDS) if task_id in MADE_UP else HUMANEVAL
    task = (await imported(path, tmp_path)).get(task_id)
    right = await verdict(opened, task, task.solution)
    assert right.score == 1.0, reasons(right)
    assert (await verdict(opened, task, ())).score == 0.0
    for wrong in task.wrong:
        assert (await verdict(opened, task, wrong.commands)).score == 0.0, wrong.name


async def test_a_learner_can_not_answer_for_the_tests_helpers(opened: Opener, tmp_path: Path) -> None:
    """Helpers made useless, so that everything agrees with everything, do not help."""
    task = (await imported(jsonl(tmp_path, *RECORDS), tmp_path)).get("Made/1")
    cheat = TaskFile("solution.py", b"def mirrored(text): return ''\ndef restored(text): return ''\n", 0o644)
    assert (await verdict(opened, task, [cheat])).score == 0.0


async def test_a_body_that_is_appended_completes_the_file(opened: Opener, tmp_path: Path) -> None:
    """The file lies there as the prompt, and a shell's `>>` is enough."""
    task = (await imported(jsonl(tmp_path, *RECORDS), tmp_path)).get("Made/0")
    judged = await verdict(opened, task, ["echo '    return 3 * number' >> solution.py"])
    assert judged.score == 1.0, reasons(judged)
