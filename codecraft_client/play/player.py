"""The game: lines in, steps out. Knows no terminal and no file; `lines` and `screen` do."""

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext

from codecraft_client.actions import ListFiles, ReadFile, RunCommand, WriteFile
from codecraft_client.episode import Episode
from codecraft_client.errors import CodecraftError, EpisodeEndedError, EpisodeNotFoundError, ServerError, UsageError
from codecraft_client.events import StepResult
from codecraft_client.play.editor import edited
from codecraft_client.play.hands import Interrupts, forwarded
from codecraft_client.play.lines import Lines
from codecraft_client.play.screen import Screen
from codecraft_client.retry import RetryPolicy
from codecraft_client.types import ActionError, Outcome

READ_MOST = 900_000  # the contract's bound of one read
END_OF_TEXT = "."
HELP = (
    "COMMAND         a command for the sandbox's shell; it reads no input. Ctrl-C interrupts it, twice kills it",
    ":stdin COMMAND  likewise, and what you type is its input until Ctrl-D (from a script: until a line `.`)",
    ":task           show the task",
    ":read PATH      show a file",
    ":write PATH     write a file: its lines follow, and a line `.` (or Ctrl-D) ends them",
    ":edit PATH      a file in your $EDITOR",
    ":list [PATH]    list a directory",
    ":submit         have the work judged; this ends the game",
    ":quit, Ctrl-D   leave; the work is lost",
    ":help           this",
    "A line that ends with \\ goes on in the next. Everything but :task and :help is a step (:edit: two).",
)
WORDS = tuple(f":{word}" for word in ("edit", "help", "list", "quit", "read", "stdin", "submit", "task", "write"))
LEAVE = "To leave: Ctrl-D, or :quit"


class Player:
    """One person's game in one episode."""

    def __init__(self, episode: Episode, lines: Lines, screen: Screen) -> None:
        self._episode = episode
        self._lines = lines
        self._screen = screen
        self._cwd = episode.task.working_dir if episode.task else b""
        self._over = False
        self._told_lost = False
        episode.lost = self._lost
        self._again = False  # whether a submission is to be judged once more
        acts = (self._edit, self._help, self._list, self._quit, self._read, self._stdin, self._submit, self._task, self._write)
        self._acts: Mapping[str, Callable[[str], None]] = dict(zip(WORDS, acts, strict=True))

    @property
    def outcome(self) -> Outcome | None:
        """How it was judged or ended; None: it was left."""
        return self._episode.outcome

    def play(self) -> None:
        """Until the episode is over or the person leaves. Raises what ends the game for another reason."""
        while not self._over:
            try:
                line = self._command()
            except EOFError:
                return
            except KeyboardInterrupt:
                self._screen.note(LEAVE)
                continue
            try:
                self._do(line)
            except (EpisodeEndedError, EpisodeNotFoundError) as error:
                self._screen.error(error)
                return
            except (ServerError, UsageError) as error:
                self._screen.error(error)

    def _command(self) -> str:
        left = f"[{self._episode.observation.budget.steps_left}]"
        line = self._lines.command(self._cwd.decode(errors="replace"), left)
        while line.endswith("\\"):
            try:
                line += "\n" + self._lines.text()
            except EOFError:
                break
        return line

    def _do(self, line: str) -> None:
        if not line.strip():
            return
        self._told_lost = False
        if not (line[0] == ":" and line[1:2].isalpha()):
            self._run(line)
            return
        word, _, rest = line.partition(" ")
        act = self._acts.get(word)
        if act is None:
            raise UsageError(f"there is no {word}; :help lists what there is. A space before it makes it a command of the shell")
        act(rest.strip())

    def _stdin(self, command: str) -> None:
        if not command:
            raise UsageError("say what is to be run: :stdin COMMAND")
        self._run(command, reads=True)

    def _run(self, command: str, *, reads: bool = False) -> None:
        live = reads and self._lines.interactive
        stdin = self._text() if reads and not live else None
        with Interrupts() as interrupts:
            running = self._episode.start(RunCommand(command, stdin=stdin, stdin_open=live))
            interrupts.begin(running)
            with forwarded(running, sys.stdin.fileno()) if live else nullcontext():
                if live:
                    self._screen.note("What you type is its input; Ctrl-D ends it.")
                for event in running:
                    self._screen.event(event)
            self._seen(running.result())

    def _lost(self, _error: CodecraftError) -> None:
        """Tell at once that the connection is lost, once for each command."""
        if not self._told_lost:
            self._told_lost = True
            self._screen.note(f"(connection lost; trying for {RetryPolicy().window_s:g} s to win it back)")

    def _seen(self, result: StepResult) -> None:
        self._screen.result(result)
        end = result.observation.command_end
        if end is not None and end.cwd:
            self._cwd = end.cwd
        self._over = result.done

    def _task(self, _rest: str) -> None:
        if self._episode.task is None:
            raise UsageError("there is no task")
        self._screen.task(self._episode.task)

    def _read(self, path: str) -> None:
        self._seen(self._episode.step(ReadFile(_named(path, ":read PATH"), max_bytes=READ_MOST)))

    def _list(self, path: str) -> None:
        self._seen(self._episode.step(ListFiles(path)))

    def _write(self, path: str) -> None:
        _named(path, ":write PATH")
        try:
            content = self._text()
        except KeyboardInterrupt:
            self._screen.note("Nothing is written.")
            return
        self._seen(self._episode.step(WriteFile(path, content)))

    def _edit(self, path: str) -> None:
        before = self._episode.step(ReadFile(_named(path, ":edit PATH"), max_bytes=READ_MOST))
        file = before.observation.file
        if before.observation.error not in (None, ActionError.FILE_NOT_FOUND) or before.done:
            self._seen(before)
            return
        if file is not None and not file.end_of_file:
            raise UsageError(f"{path} has {file.size_bytes} bytes; {READ_MOST} can be edited")
        content = file.data if file else b""
        changed = edited(path, content)
        if file is not None and changed == content:
            self._screen.note("Nothing has changed.")
            return
        self._seen(self._episode.step(WriteFile(path, changed)))

    def _text(self) -> str:
        """Lines up to END_OF_TEXT or the end, each with its LF."""
        if self._lines.interactive:
            self._screen.note("A line `.` ends it.")
        lines = []
        while True:
            try:
                line = self._lines.text()
            except EOFError:
                break
            if line == END_OF_TEXT:
                break
            lines.append(line + "\n")
        return "".join(lines)

    def _submit(self, _rest: str) -> None:
        try:
            result = self._episode.submit(self._screen.event, again=self._again)
        except CodecraftError:
            self._screen.error("It was not judged.")
            raise
        self._screen.graded(result)
        self._again = result.fault is not None and result.fault.can_submit_again
        self._over = not self._again

    def _quit(self, _rest: str) -> None:
        self._over = True

    def _help(self, _rest: str) -> None:
        self._screen.prose(HELP)


def _named(path: str, how: str) -> str:
    if not path:
        raise UsageError(f"say which file: {how}")
    return path
