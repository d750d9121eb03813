"""What runs leave of how they differ from the baseline."""

from fabricate import Planted, fabricate

from signlab.execution.changes import aligned, write_changes
from signlab.study.fold import Fold
from signlab.study.folder import RunFolder
from signlab.study.plan import Run, Variant


def test_finished_runs_tell_what_they_repaired_and_damaged(tmp_path):
    variants = {"baseline": Planted(0.3), "better": Planted(0.05), "late": Planted()}
    study = fabricate(
        tmp_path / "study",
        variants,
        seeds=[0, 1],
        epochs=2,
        failed={("baseline", "default", 1): "it diverged"},
        waiting=[("late", "default", 0)],
    )
    folders = {path.parent.name: path for path in study.glob("*/default-0-*")}
    fold = Fold("default", "split", ())
    runs = [
        (
            Run("study", Variant(path.parent.name, (), "", {}, {}), fold, seed, "", ()),
            RunFolder(path),
        )
        for seed in (0, 1)
        for path in sorted(study.glob(f"*/default-{seed}-*"))
    ]
    write_changes(runs, "baseline")
    # no baseline of seed 1, and the baseline does not differ from itself
    written = sorted(path.parent.parent for path in study.glob("*/*/analysis/changes.parquet"))
    assert written == [folders["better"]]
    table = RunFolder(written[0]).analysis()["changes"]
    before, after = (aligned(RunFolder(folders[name])) for name in ("baseline", "better"))
    right = [sum(one.edits.count("C") for one in side) for side in (before, after)]
    assert table["net"].sum() == right[1] - right[0] > 0
    assert table["support"].sum() == sum(len(one.reference) for one in before)
