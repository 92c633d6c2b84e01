"""No message of ours exceeds 1 MiB, whatever a learner's program or a curriculum comes up with; what is cut is said."""

from dataclasses import replace

import pytest
from each import each
from samples import filled

from codecraft_server.curriculum import Curriculum
from codecraft_server.episodes import events
from codecraft_server.episodes.statistics import TaskStatistics
from codecraft_server.errors import CurriculumError, InvalidFieldError
from codecraft_server.sandbox import FileContent, FileEntry, FileList, FileType, Gap, Stream
from codecraft_server.task import Check, CommandCheck, Task, Visibility
from codecraft_server.wire import pages, views
from codecraft_server.wire.events import reset_event
from codecraft_server.wire.observations import MAX_BACKGROUND, file_content, file_list, observation
from codecraft_server.wire.requests import Page
from codecraft_server.wire.results import step_result
from codecraft_server.wire.scalars import shortened
from codecraft_server.wire.tasks import Terms, check_size

MIB = 1024 * 1024
TERMS = Terms(output_max_bytes=77, rootfs_bounded=True)
ENTRY = FileEntry(b"p" * 4000, FileType.FILE, 1, 0o644, b"t" * 4000)


def _task(number: int = 0, description: str = "d") -> Task:
    return replace(filled(Task), task_id=str(number), description=description, category="even" if number % 2 == 0 else "odd")


def test_a_directory_too_large_for_a_message_is_truncated() -> None:
    """Entries that do not fit are left out from the end, and the list says so."""
    listed = file_list(FileList(tuple(replace(ENTRY, size=number) for number in range(1000)), truncated=False))
    assert listed.truncated
    assert listed.ByteSize() < MIB
    assert [entry.size_bytes for entry in listed.entries] == list(range(len(listed.entries)))
    assert len(listed.entries) > 50


def test_a_directory_that_fits_is_whole() -> None:
    """10,000 entries of ordinary length are told in full."""
    listed = file_list(FileList(tuple(FileEntry(b"name%d" % n, FileType.FILE, 1, 0o644) for n in range(10_000)), truncated=False))
    assert (len(listed.entries), listed.truncated) == (10_000, False)


def test_a_file_too_large_for_a_message_is_not_at_its_end() -> None:
    """Bytes that do not fit are left out, and end_of_file is false although the sandbox had reached it."""
    content = file_content(FileContent(b"x" * (2 * MIB), 2 * MIB, 0o644, end_of_file=True))
    assert (len(content.data), content.end_of_file, content.size_bytes) == (900_000, False, 2 * MIB)


def test_output_too_large_for_a_message_ends_in_a_gap() -> None:
    """Output and error output share the room; what is cut off either is a gap at the right offset, behind what was dropped before."""
    seen = replace(
        filled(events.Observation),
        output=b"o" * 800_000,
        error_output=b"e" * 300_000,
        gaps=(Gap(Stream.ERR, 10, 1000),),
        file=None,
        files=None,
    )
    told = observation(seen, TERMS)
    assert (len(told.output), len(told.error_output)) == (800_000, 100_000)
    assert [(gap.offset, gap.dropped_bytes) for gap in told.gaps] == [(10, 1000), (101_000, 200_000)]


@pytest.mark.parametrize(
    "seen",
    [
        replace(filled(events.Observation), output=b"o" * MIB, error_output=b"e" * MIB, file=None, files=None),
        replace(filled(events.Observation), output=b"", error_output=b"", file=FileContent(b"f" * MIB, 0, 0, end_of_file=True), files=None),
        replace(filled(events.Observation), output=b"", error_output=b"", file=None, files=FileList((ENTRY,) * 10_000, truncated=False)),
        replace(filled(events.Observation), output=b"", error_output=b"", message="m" * MIB, file=None, files=None),
    ],
    ids=["output", "file", "directory", "message"],
)
def test_the_largest_results_fit(seen: events.Observation) -> None:
    """A result with as much of one thing as a sandbox can give stays below 1 MiB."""
    ended = filled(events.StepResult).observation.ended
    assert ended is not None
    crowded = replace(ended, cwd=b"d" * MIB, background=ended.background * 1000)
    told = step_result(replace(filled(events.StepResult), observation=replace(seen, ended=crowded)), TERMS)
    assert told.ByteSize() < MIB
    assert len(told.observation.command_end.background) == MAX_BACKGROUND


def test_a_task_that_passes_the_size_check_fits_into_ready() -> None:
    """The largest task that is let in can be told as itself and in words at once."""
    task = _task(description="d" * 250_000)
    check_size(task, TERMS)
    observed = replace(filled(events.Observation), message=task.description, output=b"", error_output=b"", file=None, files=None)
    ready = replace(filled(events.Ready), task=task, observation=observed)
    told = reset_event(ready, TERMS)
    assert told.ByteSize() < MIB
    assert told.ready.observation.message == task.description


def test_a_task_that_can_not_be_told_is_refused_at_start() -> None:
    """A description or titles of shown checks beyond what fits are the curriculum's error; hidden checks may be as long as they like."""
    with pytest.raises(CurriculumError, match="shorten"):
        check_size(_task(description="d" * 300_000), TERMS)
    shown = Check("c", "t" * 1000, 0.001, 1.0, Visibility.RESULT, CommandCheck("true"))
    with pytest.raises(CurriculumError, match="shown checks"):
        check_size(replace(_task(), checks=(shown,) * 1000), TERMS)
    check_size(replace(_task(), checks=(replace(shown, visibility=Visibility.HIDDEN),) * 1000), TERMS)


def test_pages_of_tasks_are_cut_by_number_and_by_size_and_lose_none() -> None:
    """Following the tokens gives every task once, in order, in messages below 1 MiB."""
    tasks = [_task(number, "d" * 100_000) for number in range(40)]
    seen, token, lengths = [], "", []
    while token or not seen:
        page = views.list_tasks(tasks, "digest", Page(20, token), TERMS)
        assert page.ByteSize() < MIB
        lengths.append(len(page.tasks))
        seen += [task.task_id for task in page.tasks]
        token = page.next_page_token
    assert seen == [str(number) for number in range(40)]
    assert max(lengths) < 20


def test_pages_of_a_category_have_only_its_tasks() -> None:
    """The category holds across pages, and the last page has no token."""
    tasks = [_task(number) for number in range(7)]
    first = views.list_tasks(tasks, "digest", Page(3, "", "even"), TERMS)
    second = views.list_tasks(tasks, "digest", Page(3, first.next_page_token, "even"), TERMS)
    assert [task.task_id for task in (*first.tasks, *second.tasks)] == ["0", "2", "4", "6"]
    assert second.next_page_token == ""


def test_pages_of_episodes_tell_none_twice_while_others_close() -> None:
    """Episodes come oldest first, and the next page begins behind the last told, even when that one has gone."""
    opened = [replace(filled(events.EpisodeView), episode_id=f"e{n}", started_at=1000.0 + n) for n in range(5)]
    first = views.list_episodes(opened[::-1], Page(2, ""))
    second = views.list_episodes(opened[2:], Page(9, first.next_page_token))
    assert [one.episode_id for one in (*first.episodes, *second.episodes)] == ["e0", "e1", "e2", "e3", "e4"]


def test_statistics_come_in_pages_of_one_trainer() -> None:
    """The order goes on behind the last told; the longest name there may be has its pages, and a token is of one trainer only."""
    longest = "\U0001f40d" * 128
    five = Curriculum({str(number): _task(number) for number in range(5)})

    def told(task_id: str) -> TaskStatistics:
        return replace(filled(TaskStatistics), task_id=task_id)

    first = views.list_task_statistics(five, told, Page(2, "", trainer=longest))
    second = views.list_task_statistics(five, told, Page(9, first.next_page_token, trainer=longest))
    assert [one.task_id for one in (*first.tasks, *second.tasks)] == ["0", "1", "2", "3", "4"]
    assert second.next_page_token == ""
    with pytest.raises(InvalidFieldError, match="page_token"):
        views.list_task_statistics(five, told, Page(2, first.next_page_token, trainer="another"))


@each("token", ["x", "AAAA", "é", "=" * 5000, pages.page_token("tasks other even", "3"), pages.page_token("episodes", "3")])
def test_a_page_token_that_this_list_did_not_return_is_refused(token: str) -> None:
    """Garbage, and tokens of another catalog, category or list, are an invalid field and never a wrong page."""
    with pytest.raises(InvalidFieldError) as refusal:
        views.list_tasks([_task()], "digest", Page(3, token, "even"), TERMS)
    assert refusal.value.field == "page_token"


def test_a_cut_text_stays_text() -> None:
    """Texts are cut between characters, visibly, and lone surrogates do not break a message."""
    assert shortened("ééééé", 8) == "éé…"
    assert len(shortened("é" * 100, 50).encode()) <= 50
    assert shortened("a\ud800b", 50) == "a?b"
