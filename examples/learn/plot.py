"""Learning curves as numbers (CSV) and as a picture (PNG). Knows rows; not where they come from.

A thin line is a seed's moving mean of SMOOTHED batches, a thick one the mean over seeds. Its band is the 95 % confidence interval of that
mean, by Student's t over the seeds, cut off at 0 and 1; with one seed there is none.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import numpy as np

from examples.learn.families import FAMILIES
from examples.learn.model import best_fixed, chance
from examples.learn.policy import Floats
from examples.learn.training import ENVIRONMENTS, MODES, Row

SMOOTHED = 3
STUDENT_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)  # 97.5 % quantiles for 1 to 9 degrees of freedom
NORMAL = 1.96  # for more
HALF_WAY = 0.5  # of all episodes solved
COLOURS = {"milestones": "#0b6e4f", "outcome": "#c8553d"}
GREY, INK = "#8d99a6", "#22303c"


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write one line for each batch."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow([field.name for field in fields(Row)])
        lines.writerows([f"{value:.4f}" if isinstance(value, float) else value for value in astuple(row)] for row in rows)


def read_csv(path: Path) -> list[Row]:
    """Read what `write_csv` wrote."""
    kinds = {field.name: field.type for field in fields(Row)}
    with path.open(newline="") as file:
        return [Row(**{name: kinds[name](value) for name, value in line.items()}) for line in csv.DictReader(file)]  # type: ignore[operator]


def curves(rows: Sequence[Row]) -> tuple[Floats, Floats]:
    """Return episodes played, and a line for each seed, from rows of one task and way of paying: as far as all seeds have come."""
    seeds: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.batch):
        seeds.setdefault(row.seed, []).append(row)
    length = min(map(len, seeds.values()))
    scores = [[row.score for row in of[:length]] for of in seeds.values()]
    smooth = [[np.mean(line[max(0, end - SMOOTHED) : end]) for end in range(1, length + 1)] for line in scores]
    return np.array([row.episodes for row in next(iter(seeds.values()))[:length]], dtype=float), np.array(smooth)


def band(lines: Floats) -> Floats:
    """Return half of its width; of one line there is none."""
    freedom = len(lines) - 1
    if not freedom:
        return np.zeros(lines.shape[1])
    student = STUDENT_T[freedom - 1] if freedom <= len(STUDENT_T) else NORMAL
    return np.asarray(student * lines.std(axis=0, ddof=1) / np.sqrt(freedom + 1))


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Draw a panel for each task."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra; who only wants the numbers needs none

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - likewise

    families = [family for family in FAMILIES if any(row.task == family.name for row in rows)]
    seeds = len({row.seed for row in rows})
    style: Any = {
        "font.size": 10,
        "font.family": "DejaVu Sans",
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with plt.rc_context(style):
        figure, panels = plt.subplots(
            1, len(families), figsize=(4.0 * len(families) + 0.8, 4.4), sharey=True, squeeze=False, layout="constrained"
        )
        for panel, family in zip(panels[0], families, strict=True):
            _panel(panel, [row for row in rows if row.task == family.name])
            _lines(panel, best_fixed(family), chance(family), named=panel is panels[0][0])
            panel.set_title(f"{family.title}  ·  {len(family.candidates)} candidate actions", fontsize=10.5, color=INK)
            panel.set_xlabel("episodes played, each in a sandbox of its own")
        panels[0][0].set_ylabel(f"share of episodes solved, of the last {SMOOTHED * ENVIRONMENTS}")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels) if len(families) > 1 else 2, frameon=False)
        whose = f"thin: {seeds} seeds; thick: their mean, with its 95 % confidence interval" if seeds > 1 else "one seed"
        figure.suptitle(f"Policy gradients on real sandboxes ({whose})", fontsize=11, color=INK)
        figure.savefig(path, dpi=130, metadata={"Software": None})
        plt.close(figure)


def _panel(panel: Any, rows: Sequence[Row]) -> None:
    for mode in MODES:
        of = [row for row in rows if row.reward == mode]
        if not of:
            continue
        episodes, lines = curves(of)
        mean, half = lines.mean(axis=0), band(lines)
        for line in lines if len(lines) > 1 else ():
            panel.plot(episodes, line, color=COLOURS[mode], linewidth=0.7, alpha=0.5)
        panel.fill_between(episodes, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1), color=COLOURS[mode], alpha=0.13, linewidth=0)
        panel.plot(episodes, mean, color=COLOURS[mode], linewidth=2.4, label=f"paid for {mode}")
    panel.set_ylim(-0.03, 1.05)
    panel.set_xlim(left=0, right=max(row.episodes for row in rows))
    panel.grid(axis="y", color=GREY, alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def _lines(panel: Any, fixed: float, random: float, *, named: bool) -> None:
    for height, style, label in ((fixed, "--", "best fixed sequence"), (random, ":", "chance")):
        panel.axhline(height, color=GREY, linestyle=style, linewidth=1.2, label=label if named else None, zorder=1)


def summary(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return for each task and way of paying what the last batches came to, and how many episodes it took to solve half of them.

    The band is None with one seed, and half way where it was never reached.
    """
    found = []
    for task in dict.fromkeys(row.task for row in rows):
        for mode in dict.fromkeys(row.reward for row in rows):
            of = [row for row in rows if (row.task, row.reward) == (task, mode)]
            if of:
                episodes, lines = curves(of)
                mean, half = lines.mean(axis=0), float(band(lines)[-1]) if len(lines) > 1 else None
                reached = np.flatnonzero(mean >= HALF_WAY)
                half_way = int(episodes[reached[0]]) if len(reached) else None
                found.append({"task": task, "reward": mode, "last": float(mean[-1]), "band": half, "half_way": half_way})
    return found


def cells(rows: Sequence[Row]) -> list[list[str]]:
    """Return the summary as texts: task, what was paid for, the end, half way, chance, the best fixed sequence."""
    families = {family.name: family for family in FAMILIES}
    found = []
    for line in summary(rows):
        family = families[str(line["task"])]
        half_way = "never" if line["half_way"] is None else f"{line['half_way']} episodes"
        last = f"{line['last']:.2f}" if line["band"] is None else f"{line['last']:.2f} ± {line['band']:.2f}"
        found.append([family.name, str(line["reward"]), last, half_way, f"{chance(family):.3f}", f"{best_fixed(family):.3f}"])
    return found
