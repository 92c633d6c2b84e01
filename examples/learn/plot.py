"""Learning curves as numbers (CSV) and as a picture (PNG). Knows rows; not where they come from.

A line is the mean over seeds of a moving mean of SMOOTHED batches. Its band is the 95 % confidence interval of that mean over the seeds, by
Student's t, cut off at 0 and 1; with one seed there is none.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np

from examples.learn.families import FAMILIES
from examples.learn.model import best_fixed, chance
from examples.learn.policy import Floats
from examples.learn.training import MODES, Row

SMOOTHED = 3
STUDENT_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)  # 97.5 % quantiles for 1 to 9 degrees of freedom
NORMAL = 1.96  # for more
HALF_WAY = 0.5  # of all episodes solved
COLOURS = {"milestones": "#0b6e4f", "outcome": "#c8553d"}
LABELS = {"milestones": "paid for milestones, too", "outcome": "paid for the outcome alone"}
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


def curve(rows: Sequence[Row]) -> tuple[Floats, Floats, Floats]:
    """Return episodes played, the mean over seeds, and half of the band's width, from rows of one task and way of paying.

    Only batches that all seeds have played count.
    """
    seeds: dict[int, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.batch):
        seeds.setdefault(row.seed, []).append(row)
    length = min(map(len, seeds.values()))
    scores = np.array([[row.score for row in of[:length]] for of in seeds.values()])
    episodes = np.array([row.episodes for row in next(iter(seeds.values()))[:length]], dtype=float)
    smooth = np.array([[line[max(0, end - SMOOTHED) : end].mean() for end in range(1, length + 1)] for line in scores])
    freedom = len(smooth) - 1
    if not freedom:
        return episodes, smooth[0], np.zeros(length)
    student = STUDENT_T[freedom - 1] if freedom <= len(STUDENT_T) else NORMAL
    return episodes, smooth.mean(axis=0), student * smooth.std(axis=0, ddof=1) / np.sqrt(freedom + 1)


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Draw a panel for each task."""
    import matplotlib as mpl  # noqa: PLC0415 - an extra; who only wants the numbers needs none

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - likewise

    families = [family for family in FAMILIES if any(row.task == family.name for row in rows)]
    seeds = len({row.seed for row in rows})
    style = {
        "font.size": 10,
        "font.family": "DejaVu Sans",
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with plt.rc_context(style):
        figure, panels = plt.subplots(
            1, len(families), figsize=(4.0 * len(families) + 0.6, 4.3), sharey=True, squeeze=False, layout="constrained"
        )
        for panel, family in zip(panels[0], families, strict=True):
            _panel(panel, [row for row in rows if row.task == family.name])
            _lines(panel, best_fixed(family), chance(family), named=panel is panels[0][0])
            panel.set_title(f"{family.title}  ·  {len(family.candidates)} candidate actions", fontsize=10.5, color=INK)
            panel.set_xlabel("episodes played")
        panels[0][0].set_ylabel("share of episodes that are solved")
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
        band = (
            f"mean of {seeds} seeds with its 95 % confidence interval, over the last {SMOOTHED * 16} episodes" if seeds > 1 else "one seed"
        )
        figure.suptitle(f"A policy gradient learns on real sandboxes ({band})", fontsize=11.5, color=INK)
        figure.savefig(path, dpi=130, metadata={"Software": None})
        plt.close(figure)


def _panel(panel: object, rows: Sequence[Row]) -> None:
    for mode in MODES:
        of = [row for row in rows if row.reward == mode]
        if not of:
            continue
        episodes, mean, half = curve(of)
        panel.fill_between(episodes, np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1), color=COLOURS[mode], alpha=0.16, linewidth=0)
        panel.plot(episodes, mean, color=COLOURS[mode], linewidth=2.2, label=LABELS[mode])
    panel.set_ylim(-0.03, 1.05)
    panel.set_xlim(left=0, right=max(row.episodes for row in rows))
    panel.grid(axis="y", color=GREY, alpha=0.25)
    panel.spines[["top", "right"]].set_visible(False)


def _lines(panel: object, fixed: float, random: float, *, named: bool) -> None:
    for height, style, label in ((1.0, "-", "optimum"), (fixed, "--", "best fixed sequence"), (random, ":", "chance")):
        panel.axhline(height, color=GREY, linestyle=style, linewidth=1.2, label=label if named else None, zorder=1)


def summary(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return for each task and way of paying what the last batches came to, and how many episodes it took to solve half of them."""
    found = []
    for task in dict.fromkeys(row.task for row in rows):
        for mode in dict.fromkeys(row.reward for row in rows):
            of = [row for row in rows if (row.task, row.reward) == (task, mode)]
            if of:
                episodes, mean, half = curve(of)
                reached = np.flatnonzero(mean >= HALF_WAY)
                half_way = int(episodes[reached[0]]) if len(reached) else None
                found.append({"task": task, "reward": mode, "last": float(mean[-1]), "band": float(half[-1]), "half_way": half_way})
    return found
