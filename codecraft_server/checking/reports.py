"""The findings as files for machines: JSON, and JUnit's XML, which every CI shows. Pure.

JUnit: https://github.com/testmoapp/junitxml (one suite a task, one case a column; a problem is a failure).
"""

import json
from xml.etree import ElementTree as ET

from codecraft_server.checking.findings import COLUMNS, Mark, Problem, Row, Summary

_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32)), "?")  # characters that XML 1.0 can't hold


def as_json(summary: Summary) -> str:
    """Return the findings as one JSON object, indented."""
    report = {
        "complete": summary.complete,
        "seconds": round(summary.seconds, 1),
        "controls": summary.controls.text,
        "tasks": {row.task: _row(row) for row in summary.rows},
        "problems": [_problem(problem) for problem in summary.all_problems],
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _row(row: Row) -> dict[str, object]:
    columns = {name: {"shown": cell.text, "mark": cell.mark.value} for name, cell in zip(COLUMNS, row.cells, strict=True)}
    return {"good": not row.problems, "columns": columns}


def _problem(problem: Problem) -> dict[str, str]:
    return {name: getattr(problem, name) for name in ("task", "check", "column", "expected", "came", "remedy")}


def as_junit(summary: Summary) -> str:
    """Return the findings as JUnit XML."""
    root = ET.Element("testsuites", name="codecraft-server tasks check", time=f"{summary.seconds:.1f}")
    for row in summary.rows:
        suite = ET.SubElement(root, "testsuite", name=row.task, tests=str(len(COLUMNS)), errors="0")
        failing = {problem.column for problem in row.problems}
        skipped = sum(cell.mark is Mark.NOTHING for cell in row.cells)
        suite.set("failures", str(len(failing)))
        suite.set("skipped", str(skipped))
        for name, cell in zip(COLUMNS, row.cells, strict=True):
            case = ET.SubElement(suite, "testcase", classname=row.task, name=name)
            _fail(case, [problem for problem in row.problems if problem.column == name])
            if cell.mark is Mark.NOTHING:
                ET.SubElement(case, "skipped")
    if summary.problems or summary.controls.mark is not Mark.NOTHING:
        suite = ET.SubElement(root, "testsuite", name="controls", tests="1", errors="0", skipped="0")
        suite.set("failures", str(int(bool(summary.problems))))
        _fail(ET.SubElement(suite, "testcase", classname="controls", name="controls"), summary.problems)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _fail(case: ET.Element, problems: list[Problem]) -> None:
    if problems:
        failure = ET.SubElement(case, "failure", message=problems[0].text.translate(_ILLEGAL))
        failure.text = "\n".join(problem.text for problem in problems).translate(_ILLEGAL)
