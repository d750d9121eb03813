"""Profiles as tables, for the terminal and for a page, and as files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from signlab.reporting import markdown as md
from signlab.study.profile import FPS, AsFile, Profile, Timings, real_time_factor

HELP = "docs/profiling.md"


@dataclass(frozen=True)
class Table:
    """A table of cells that are ready to print, the first column of words."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(profiles: Sequence[Profile]) -> list[Table]:
    """Parameters, multiply-adds and, where they were measured, times and memory."""
    found = [_parameters(profiles)]
    if counted := [
        (profile, profile.multiply_adds) for profile in profiles if profile.multiply_adds
    ]:
        found.append(_multiply_adds(counted))
    if measured := [(profile, profile.timings) for profile in profiles if profile.timings]:
        found += [_inference(measured), _training(measured)]
    if files := [(profile, profile.exported) for profile in profiles if profile.exported]:
        found.append(_files(files))
    return found


def _parameters(profiles: Sequence[Profile]) -> Table:
    slots = list(profiles[0].parameters)
    rows = [
        [_name(profile), f"{profile.glosses:,}", f"{sum(profile.parameters.values()):,}"]
        + [f"{profile.parameters[slot] / 1e6:.3f}" for slot in slots]
        for profile in profiles
    ]
    title = "Parameters; those of each slot in millions"
    return Table(title, ["recipe", "glosses", "parameters", *slots], rows)


def _multiply_adds(counted: Sequence[tuple[Profile, Mapping[str, int]]]) -> Table:
    slots = list(counted[0][1])
    rows = [
        [_name(profile), f"{sum(by_slot.values()) / 1e6:,.1f}"]
        + [f"{by_slot[slot] / 1e6:,.1f}" for slot in slots]
        for profile, by_slot in counted
    ]
    title = f"Millions of multiply-adds for one second of landmarks ({FPS} frames)"
    return Table(title, ["recipe", "multiply-adds", *slots], rows)


def _inference(measured: Sequence[tuple[Profile, Timings]]) -> Table:
    clips = [f"{speed.frames // FPS} s" for speed in measured[0][1].inference]
    rows = []
    for profile, timings in measured:
        speeds = timings.inference
        times = [
            f"{speed.latency_p50_ms:.1f} / {speed.latency_p95_ms:.1f} / {speed.latency_p99_ms:.1f}"
            for speed in speeds
        ]
        factor = f"{real_time_factor(speeds[-1]):.4f}"
        rows.append([_name(profile), *times, factor, f"{timings.inference_memory_mib:,.0f}"])
    threads = md.count(measured[0][1].threads, "thread")
    return Table(
        f"Inference at batch 1 on {threads}: p50 / p95 / p99 in ms for clips of {md.join(clips)}",
        ["recipe", *clips, f"real-time factor, {clips[-1]}", "memory MiB"],
        rows,
    )


def _training(measured: Sequence[tuple[Profile, Timings]]) -> Table:
    rows = [
        [
            _name(profile),
            f"{timings.step_utterances} of {timings.step_frames:,} frames",
            f"{timings.step_ms:,.0f}",
            f"{timings.training_frames_per_second:,.0f}",
            f"{timings.training_memory_mib:,.0f}",
        ]
        for profile, timings in measured
    ]
    threads = md.count(measured[0][1].threads, "thread")
    return Table(
        f"Training on {threads}",
        ["recipe", "utterances an update", "update ms", "frames/s", "memory MiB"],
        rows,
    )


def _files(exported: Sequence[tuple[Profile, AsFile]]) -> Table:
    rows = [
        [
            _name(profile),
            f"{file.size_mib:,.1f}",
            f"{file.speed.latency_p50_ms:.1f} / {file.speed.latency_p95_ms:.1f} "
            f"/ {file.speed.latency_p99_ms:.1f}",
            f"{real_time_factor(file.speed):.4f}",
        ]
        for profile, file in exported
    ]
    first = exported[0][1]
    threads, clip = md.count(first.speed.threads, "thread"), f"{first.speed.frames // FPS} s"
    return Table(
        f"Exported as {first.file_format}, at batch 1 on {threads}: p50 / p95 / p99 in ms",
        ["recipe", "file MiB", clip, f"real-time factor, {clip}"],
        rows,
    )


def write_profiles(profiles: Sequence[Profile], out: Path) -> Path:
    """Write ``profile.md`` and ``profile.json``; gives the page.

    Raises:
        OSError: The folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = json.dumps([profile.as_json() for profile in profiles], indent=1, allow_nan=False)
    (out / "profile.json").write_text(rows + "\n", encoding="utf-8")
    sections = [f"## {t.title}\n\n{md.table(t.header, t.rows)}" for t in tables(profiles)]
    page = out / "profile.md"
    text = "\n\n".join(["# Profile", *sections, _footer(profiles)])
    page.write_text(text + "\n", encoding="utf-8")
    return page


def _footer(profiles: Sequence[Profile]) -> str:
    made_with = [profile.timings.environment for profile in profiles if profile.timings]
    machines = {
        f"{made['processor']} with torch {made['torch']}, signlab {made['revision']}"
        for made in made_with
    }
    measured = f"Measured on {md.join(sorted(machines))}. " if machines else ""
    return f"{measured}What each figure is and how it is measured: `{HELP}`."


def _name(profile: Profile) -> str:
    """The recipe's file without its folder."""
    return Path(profile.recipe).stem
