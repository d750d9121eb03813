"""The page and its figures.

After a wanted change of the text, write the expected page anew and read its difference:

    SIGNLAB_RENEW_GOLDEN=1 pytest tests/unit/test_reporting_report.py
"""

import os
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from fabricate import Planted, fabricate

from signlab.reporting.beginning import beginning_text
from signlab.reporting.report import FIGURES, write_report
from signlab.reporting.style import log_heights, new_figure, png
from signlab.reporting.summary import summarise
from signlab.study.designs import leave_one_out, one_at_a_time
from signlab.study.folder import RunFolder

GOLDEN = Path(__file__).parents[1] / "golden" / "report.md"

COMPONENTS = ("residual", "crossmodal", "depthwise")

EFFECTS = {"residual": 0.6, "crossmodal": 1.0, "depthwise": 1.4}


def planted(combinations: dict[str, tuple[str, ...]]) -> dict[str, Planted]:
    found = {}
    for name, components in combinations.items():
        rate, latency, parameters = 0.2, 4.0, 900_000
        for component in components:
            rate *= EFFECTS[component]
            latency += 0.4 if component == "residual" else -0.5
            parameters += 120_000 if component == "residual" else -200_000
        found[name] = Planted(rate, components, latency=latency, parameters=parameters)
    return found


def test_the_page_is_as_expected(tmp_path: Path) -> None:
    variants = planted(one_at_a_time(COMPONENTS))
    variants["all"] = replace(variants["all"], damaged=("ICE",))
    failed = {("depthwise", "s2", 2): "the loss became infinite at update 113 (epoch 4)"}
    study = fabricate(
        tmp_path / "study",
        variants,
        design="one-at-a-time",
        folds=("s1", "s2", "s3"),
        failed=failed,
    )
    report = write_report(summarise(study), tmp_path / "report")
    page = report.read_text(encoding="utf-8")
    if os.environ.get("SIGNLAB_RENEW_GOLDEN") == "1":
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_again_gives_the_same_bytes_so_that_nothing_is_touched(tmp_path: Path) -> None:
    study = fabricate(tmp_path / "study", planted(one_at_a_time(COMPONENTS[:2])), utterances=20)
    out = tmp_path / "report"
    write_report(summarise(study), out)
    before = {path.name: path.stat() for path in out.iterdir()}
    assert set(before) == {"report.md", *FIGURES} - {
        "search.png",
        "search-front.png",
    }  # nothing was searched
    write_report(summarise(study), out)  # writes what differs
    after = {path.name: path.stat() for path in out.iterdir()}
    assert {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in after.items()} == {
        name: (stat.st_ino, stat.st_mtime_ns) for name, stat in before.items()
    }


def test_every_figure_named_in_the_page_exists(tmp_path: Path) -> None:
    study = fabricate(tmp_path / "study", planted(one_at_a_time(COMPONENTS[:2])), utterances=20)
    out = tmp_path / "report"
    write_report(summarise(study), out)
    waiting = [("baseline", "default", 0)]
    undone = fabricate(tmp_path / "none", {"baseline": Planted()}, waiting=waiting, seeds=[0])
    write_report(summarise(undone), out)  # a second report in the same place, nothing to draw
    page = (out / "report.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\]\((.+?\.png)\)", page))
    assert named == {path.name for path in out.glob("*.png")} == set()
    assert "no answer yet" in page


def test_projections_stand_beside_what_was_measured_and_are_called_so(tmp_path: Path) -> None:
    told = {
        "source": "a proposal.",
        "variants": {
            "residual": {"parameters": "30 M", "wer": "< 20"},
            "baseline": {"wer": 100, "training": "2 days", "frames_per_second": 45.5},
        },
    }
    variants = planted(one_at_a_time(COMPONENTS[:1]))
    study = fabricate(tmp_path / "study", variants, projections=told, utterances=30)
    summary = summarise(study)
    page = write_report(summary, tmp_path / "report").read_text(encoding="utf-8")
    section = page.split("## Projections and what was measured\n")[1].split("\n## ")[0]
    assert "What is *projected* was expected, never measured: a proposal." in section
    wer = [f"{measured.wer.value:.1f}" for _, measured in summary.measured]
    assert section.strip().splitlines()[-2:] == [
        f"| `baseline` | – | 0.90 M | 100 | {wer[0]} | 2 days | 46 s | 45.5 | 24,752 |",
        f"| `residual` | 30 M | 1.02 M | < 20 | {wer[1]} | – | 47 s | – | 22,502 |",
    ]
    without = fabricate(tmp_path / "without", variants, utterances=30)
    page = write_report(summarise(without), tmp_path / "other").read_text(encoding="utf-8")
    assert "rojection" not in page


def test_leaving_out_says_what_the_component_does(tmp_path: Path) -> None:
    study = fabricate(
        tmp_path / "study", planted(leave_one_out(COMPONENTS)), design="leave-one-out",
        utterances=150,
    )  # fmt: skip
    page = write_report(summarise(study), tmp_path / "report").read_text(encoding="utf-8")
    said = re.search(r"\*\*Answer\.\*\* (.+)", page)
    assert said is not None
    assert re.match(
        r"With all other components in place, `residual` \(−.*\) helps, `depthwise` \(\+.*\) hurts"
        r" and for `crossmodal` no difference was shown; against the baseline, ",
        said[1],
    )


def test_what_runs_began_with_is_told_by_part_and_reason(tmp_path: Path) -> None:
    rows = [
        ("stem.weight", "8x4", "loaded", 0),
        ("stem.counter", "", "loaded", 0),
        ("encoder.weight", "6x4", "left: another shape", 0),
        ("encoder.norm", "6", "left: not in the source", 0),
        ("head.weight", "5x10", "resized", 3),
        ("head.bias", "5", "resized", 3),
        ("encoder.more", "7x2", "left: no place here", 0),
        ("auxiliary.bias", "5", "left: no place here", 0),
    ]
    table = pd.DataFrame(rows, columns=["name", "shape", "fate", "rows"])
    study = fabricate(tmp_path / "study", planted(one_at_a_time(COMPONENTS[:1])), utterances=20)
    for run in (study / "residual").iterdir():
        source = f"runs/other/default-{run.name.split('-')[1]}/model.pt"
        RunFolder(run).write_table("init", table.assign(source=source))
    section = beginning_text(summarise(study))
    assert "`residual` begins with what `runs/other/default-0/model.pt`, " in section
    assert "baseline" not in section
    assert "others differ" not in section
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:1] == "|"][2:]
    assert cells == [
        ["stem", "33", "33", "–", "–", "–"],
        ["encoder", "30", "–", "–", "30", "6 not in the source; 24 of another shape"],
        ["head", "55", "–", "33", "22", "22 of glosses that the source does not know"],
    ]
    assert section.endswith("have no place here: 14 of `encoder` and 5 of `auxiliary`.")


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_a_smoke_test_says_so_before_anything_else(tmp_path: Path, seeds: tuple[int, ...]) -> None:
    variants = planted(one_at_a_time(COMPONENTS[:1]))
    study = fabricate(tmp_path / "study", variants, smoke=True, seeds=seeds, epochs=1, utterances=4)
    page = write_report(summarise(study), tmp_path / "report").read_text(encoding="utf-8")
    assert page.splitlines()[2].startswith("> **A smoke test: the figures mean nothing.**")
    assert "helps" not in page


@pytest.mark.parametrize(("low", "high"), [(3.0, 4.0), (0.5, 3.0), (0.03, 3.0), (0.001, 3.0)])
def test_a_logarithmic_scale_can_be_read_in_the_smallest_panel(low, high):
    axes = (figure := new_figure(3.0, 0.8)).subplots()
    axes.plot([0, 1], [low, high])
    log_heights(axes)
    png(figure)
    bottom, top = axes.get_ylim()
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    assert sum(bottom <= place <= top and label.get_text() != "" for place, label in ticks) >= 2
