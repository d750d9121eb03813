"""``signlab profile``: sizes without data, times in a process of their own."""

import json
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from signlab.cli.main import app
from signlab.errors import BadInput, BadStudy, RunFailed
from signlab.execution.apart import call_apart
from signlab.execution.profile import profile_size, read_target
from signlab.models.operations import multiply_adds
from signlab.study.document import load
from signlab.study.folder import Speed
from signlab.study.profile import Timings
from signlab.training.assembly import assemble
from signlab.training.profile import time_recipe

RECIPES = Path(__file__).parents[2] / "experiments"
TINY = """
corpus: {name: synthetic}
features: {parts: [pose, hands], derivatives: 0, local: false}
model:
  stem: {name: conv, width: 8}
  fusion: {name: concat, width: 8}
  temporal: {name: single-scale}
  encoder: {name: transformer, width: 8, layers: 2, heads: 2, expansion: 3}
  head: {name: linear}
schedule: {epochs: 1, warmup_epochs: 0, batch_size: 3}
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where no corpus is
    path = Path("tiny.yaml")
    path.write_text(TINY)
    return path


def run(*arguments, code=0):
    found = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found


def test_every_shipped_recipe_can_be_counted_without_any_corpus(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipes = sorted(RECIPES.glob("*.yaml"))
    found = run("profile", *recipes, "--parameters-only", "--json")
    rows = json.loads(found.stdout)
    assert [row["recipe"] for row in rows] == list(map(str, recipes))
    assert all(row["parameters"] == sum(row["parameters_by_slot"].values()) for row in rows)
    absent = {Path(row["recipe"]).stem for row in rows if row["glosses"] == 100}
    corpora = {"signs3": "signs3", "unseen-signer": "signs3", "boston104": "boston104"}
    assert absent == set(corpora)
    for name, corpus in corpora.items():
        assert f"{name}.yaml: no corpus at corpora/{corpus}" in found.stderr
    assert not list(tmp_path.iterdir())


def test_parameters_are_those_of_what_is_trained(tiny):
    target = read_target(tiny, None)
    recognizer = assemble(target.recipe, target.layout, target.vocabulary).recognizer
    row = profile_size(target, operations=False).as_json()
    assert row["glosses"] == 40
    assert row["parameters"] == sum(p.numel() for p in recognizer.parameters())


def test_a_vocabulary_can_be_asked_for(tiny):
    few, many = (profile_size(read_target(tiny, n), operations=False) for n in (9, 1009))
    assert many.parameters["head"] - few.parameters["head"] == 1000 * (8 + 1)


def test_multiply_adds_of_attention_match_a_hand_count(tiny):
    target = read_target(tiny, None)
    on_meta = profile_size(target, operations=True).multiply_adds
    timesteps, width, layers = 25, 8, 2  # of 4 s, down-sampled by 4
    products = 4 * width * width + 2 * width * 3 * width
    assert on_meta is not None
    assert on_meta["encoder"] == layers * timesteps * (products + 2 * timesteps * width) / 4
    assembly = assemble(target.recipe, target.layout, target.vocabulary)
    with_weights = multiply_adds(assembly.recognizer, assembly.features.widths, 100)
    assert {slot: round(n / 4) for slot, n in with_weights.items()} == on_meta


def test_times_and_memory_are_measured_printed_and_written(tiny, monkeypatch):
    def few(_task, *arguments):
        *recipe, threads = arguments
        return time_recipe(*recipe, threads=threads, warmups=0, runs=2)

    monkeypatch.setattr("signlab.execution.profile.call_apart", few)
    found = run("profile", tiny, "--json", "--out", "here")
    (row,) = json.loads(found.stdout)
    assert [clip["frames"] for clip in row["inference"]] == [25, 125, 250]
    for clip in row["inference"]:
        assert 0 < clip["p50_ms"] <= clip["p95_ms"] <= clip["p99_ms"]
        assert clip["real_time_factor"] == pytest.approx(clip["p50_ms"] / 1e3 / clip["seconds"])
    assert (row["step_utterances"], row["step_frames"]) == (3, 95 + 162 + 230)
    assert row["training_frames_per_second"] == pytest.approx(487e3 / row["step_ms"])
    assert 0 < row["inference_memory_mib"] <= row["training_memory_mib"]
    assert json.loads(Path("here/profile.json").read_text()) == [row]
    page = Path("here/profile.md").read_text()
    for title in ("Parameters", "multiply-adds", "Inference at batch 1 on 1 thread", "Training"):
        assert title in page
    assert f"| tiny | 3 of 487 frames | {row['step_ms']:,.0f} |" in page


def test_what_was_measured_is_kept_when_others_fail_or_someone_breaks_off(tiny, monkeypatch):
    answers: list[Timings | BaseException] = []

    def answer(*_):
        match answers.pop(0):
            case Timings() as timings:
                return timings
            case BaseException() as error:
                raise error

    monkeypatch.setattr("signlab.execution.profile.call_apart", answer)
    speed = Speed(4.0, 5.0, 6.0, 6250.0, 25, 1)
    machine = {"processor": "a chip", "torch": "2", "revision": "abc"}
    timings = Timings(1, 7.0, 3, 487, (speed,), 300.0, 400.0, machine)
    Path("other.yaml").write_text(TINY)

    answers[:] = [RunFailed("the machine lacked memory"), timings]
    found = run("profile", "other.yaml", tiny, "--out", "here", code=3)
    assert "other.yaml: could not be measured: the machine lacked memory" in found.stderr
    assert "| tiny | 4.0 / 5.0 / 6.0 |" in Path("here/profile.md").read_text()

    answers[:] = [timings, KeyboardInterrupt()]
    CliRunner().invoke(app, ["profile", str(tiny), "other.yaml", "--out", "there"])
    assert not answers
    first, second = json.loads(Path("there/profile.json").read_text())
    assert (first["recipe"], first["step_ms"]) == ("tiny.yaml", 7.0)
    assert (second["recipe"], "step_ms" in second) == ("other.yaml", False)


@pytest.mark.usefixtures("sizes_may_be_symbols")
def test_size_and_speed_as_one_file_are_part_of_the_profile(tiny, monkeypatch):
    def at_once(task, *arguments):
        return task(*arguments) if task.__name__ == "_export" else None

    monkeypatch.setattr("signlab.execution.profile.call_apart", at_once)
    monkeypatch.setattr("signlab.scoring.speed.SECONDS", 0.0)
    encoder = "transformer, width: 8, layers: 2, heads: 2, expansion: 3"  # slow to be traced
    tiny.write_text(TINY.replace(encoder, "bilstm, width: 8"))
    found = run("profile", tiny, "--export", "pt2", "--json", "--out", "here")
    (row,) = json.loads(found.stdout)
    file = row["export"]
    weights = 4 * row["parameters"] / 2**20  # float32
    assert weights < file["size_mib"] < weights + 2
    assert (file["format"], file["frames"], file["threads"]) == ("pt2", 150, 1)
    assert 0 < file["p50_ms"] <= file["p99_ms"]
    page = Path("here/profile.md").read_text()
    assert "Exported as pt2, at batch 1 on 1 thread" in page
    assert f"| tiny | {file['size_mib']:.1f} | {file['p50_ms']:.1f} / " in page
    with pytest.raises(BadInput, match="--export measures and --parameters-only does not"):
        run("profile", tiny, "--export", "pt2", "--parameters-only")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("heads: 2", "heads: 3", "tiny.yaml:8: model.encoder.heads = 3: 3 heads cannot share 8"),
        ("width: 8}", "width: -8}", "tiny.yaml:5: model.stem.width = -8"),
        ("name: linear", "name: liner", "tiny.yaml:9: .* did you mean 'linear'"),
        ("[pose, hands]", "[pose, hans]", "no part 'hans'"),
    ],
)
def test_bad_recipes_get_one_sentence(tiny, old, new, told):
    tiny.write_text(TINY.replace(old, new, 1))
    with pytest.raises(BadInput, match=told):
        run("profile", tiny, "--parameters-only")


def test_a_missing_recipe_is_bad_input(tiny):
    with pytest.raises(BadStudy, match=r"none\.yaml: cannot be read"):
        run("profile", tiny, "none.yaml", "--parameters-only")


def test_a_call_apart_has_a_process_of_its_own():
    assert call_apart(os.getpid) != os.getpid()
    with pytest.raises(BadStudy, match=r"none\.yaml: cannot be read"):
        call_apart(load, Path("none.yaml"))
    with pytest.raises(RunFailed, match="lacked memory"):
        call_apart(signal.raise_signal, signal.SIGKILL)
