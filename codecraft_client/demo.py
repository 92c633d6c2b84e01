"""`codecraft demo`: plays the script against a server, shows what happens as it happens, and judges the rewards."""

import json
import time
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from codecraft_client import demo_script
from codecraft_client.actions import Text
from codecraft_client.client import Client
from codecraft_client.demo_script import Line, Scene
from codecraft_client.demo_server import own_server
from codecraft_client.episode import Episode
from codecraft_client.errors import ServerUnavailableError
from codecraft_client.events import Output, Phase, Progress, Pulling, Queued, SettingUp, Starting, StepEvent, StepResult
from codecraft_client.printable import printable
from codecraft_client.types import EndReason, Outcome

SLOW = "for n in 1 2 3 4 5 6; do echo line $n; sleep 0.5; done"
SLOW_SPREAD_S = 1.5  # between its first and last line; were they held back until its end it would be 0
ENDLESS = "echo 'this is kept'; sleep 60; echo 'this is never reached'"
ENDLESS_S = 2.0
SHOWN_LINES = 12


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row of the table."""

    title: str
    expected: str
    actual: str

    @property
    def as_expected(self) -> bool:
        """Whether all is well."""
        return self.expected == self.actual


def play(client: Client, console: Console) -> bool:
    """Play against `client`'s server, or one of our own where nobody answers on this machine; returns whether all was as expected."""
    try:
        info = client.server_info()
    except ServerUnavailableError:
        if not client.target.startswith(("127.", "localhost", "[::1]")):
            raise
        console.print(f"[dim]no server at {client.target}; starting one[/dim]")
        with own_server(lambda line: console.print(f"[dim]server: {escape(line)}[/dim]")) as at, Client.from_environment(at) as own:
            passed = _Demo(own, console).play()
            console.print("[dim]ending the server[/dim]")
        console.print("[dim]the server has ended[/dim]")
        return passed
    console.print(f"[dim]codecraft {info.server_version} at {client.target}[/dim]")
    return _Demo(client, console).play()


class _Demo:
    """One performance."""

    def __init__(self, client: Client, console: Console) -> None:
        self._client = client
        self._console = console
        self._verdicts: list[Verdict] = []

    def play(self) -> bool:
        self._scene(demo_script.mistakes())
        self._scene(demo_script.hello())
        self._scene(demo_script.clone(self._client.task("2")))
        self._scene(demo_script.sort())
        self._time()
        self._table()
        return all(verdict.as_expected for verdict in self._verdicts)

    def _scene(self, scene: Scene) -> None:
        self._console.rule(escape(scene.title))
        with self._client.reset(scene.task_id, on_progress=self._progress) as episode:
            self._console.print(escape(printable(episode.observation.message.strip())))
            for line in scene.lines:
                self._line(episode, line)

    def _line(self, episode: Episode, line: Line) -> None:
        self._console.print(f"\n[bold cyan]>[/bold cyan] [cyan]{escape(json.dumps(dict(line.action)))}[/cyan]")
        running = episode.start(Text(json.dumps(dict(line.action))))
        printed = b""
        for event in running:
            if isinstance(event, Output):
                printed += event.data
            else:
                self._event(event)
        self._shown(printed)
        result = running.result()
        if result.observation.command_end is not None and not printed:
            self._console.print("  [dim](nothing)[/dim]")
        self._result(result)
        verdict = Verdict(line.title or "an ordinary step", f"{line.reward:g}", _reward(result))
        if line.title or not verdict.as_expected:
            self._verdicts.append(verdict)

    def _time(self) -> None:
        """A command that is seen streaming, and one that runs into its time-out."""
        self._console.rule("Output as it is printed, and a time-out")
        with self._client.reset("1", on_progress=self._progress) as episode:
            self._streaming(episode)
            self._timeout(episode)

    def _streaming(self, episode: Episode) -> None:
        self._console.print(f"\n[bold cyan]>[/bold cyan] [cyan]{escape(SLOW)}[/cyan]")
        began = time.monotonic()
        arrivals = []
        for event in episode.run(SLOW):
            if isinstance(event, Output):
                arrivals.append(time.monotonic() - began)
                self._shown(event.data, f"[green]{arrivals[-1]:5.1f} s[/green] ")
        streamed = len(arrivals) > 1 and arrivals[-1] - arrivals[0] >= SLOW_SPREAD_S
        self._verdicts.append(Verdict("output while the command runs", "streamed", "streamed" if streamed else "all at once"))

    def _timeout(self, episode: Episode) -> None:
        self._console.print(f"\n[bold cyan]>[/bold cyan] [cyan]{escape(ENDLESS)}[/cyan]  [dim](at most {ENDLESS_S:g} s)[/dim]")
        running = episode.run(ENDLESS, timeout_s=ENDLESS_S)
        printed = b"".join(event.data for event in running if isinstance(event, Output))
        self._shown(printed)
        end = running.result().observation.command_end
        self._result(running.result())
        timed_out = end is not None and end.reason is EndReason.TIMED_OUT and printed == b"this is kept\n"
        self._verdicts.append(Verdict("a time-out keeps what was printed", "kept", "kept" if timed_out else "not kept"))

    def _shown(self, output: bytes, prefix: str = "") -> None:
        lines = output.decode("utf-8", errors="replace").splitlines()
        for line in lines[:SHOWN_LINES]:
            self._console.print(f"{prefix}  {escape(printable(line))}")
        if len(lines) > SHOWN_LINES:
            self._console.print(f"  [dim]… {len(lines) - SHOWN_LINES} more lines[/dim]")

    def _event(self, event: StepEvent) -> None:
        match event:
            case Phase():
                self._console.print(f"  [dim]grading: {event.phase.value}[/dim]")
            case Queued() | Pulling() | Starting() | SettingUp():
                self._progress(event)
            case _:
                return

    def _progress(self, event: Progress) -> None:
        match event:
            case Queued():
                self._console.print(f"[dim]waiting, place {event.position}[/dim]")
            case Pulling():
                self._console.print(f"[dim]pulling {event.image} {event.layer} {event.status}[/dim]")
            case Starting():
                self._console.print(f"[dim]starting a sandbox of {event.image}[/dim]")
            case SettingUp():
                return

    def _result(self, result: StepResult) -> None:
        seen = result.observation
        if seen.message:
            self._console.print(f"  [italic]{escape(printable(seen.message.strip()))}[/italic]")
        if seen.command_end is not None and not seen.command_end.succeeded:
            end = seen.command_end
            code = "" if end.exit_code is None else f", exit code {end.exit_code}"
            self._console.print(f"  [yellow]{end.reason.value}{code}[/yellow]")
        if result.outcome is not None or result.reward.value:
            colour = "green" if result.outcome is Outcome.PASSED else "red"
            self._console.print(f"  [{colour}]reward {_reward(result)}[/{colour}]")

    def _table(self) -> None:
        table = Table(title="Rewards")
        for heading in ("what", "expected", "actual", ""):
            table.add_column(heading)
        for verdict in self._verdicts:
            mark = "[green]ok[/green]" if verdict.as_expected else "[bold red]WRONG[/bold red]"
            table.add_row(escape(verdict.title), verdict.expected, verdict.actual, mark)
        self._console.print()
        self._console.print(table)


def _reward(result: StepResult) -> str:
    if result.fault is not None:
        return f"fault: {result.fault.reason.value}"
    return "none" if result.reward.value is None else f"{result.reward.value:g}"
