"""More into a corpus: all of it or nothing, wherever the process is killed."""

import subprocess
import sys
import textwrap
from pathlib import Path

import miniatures as mini
import numpy as np
import pytest
from typer.testing import CliRunner

from signlab.cli.corpus import app
from signlab.corpora.folder import FolderCorpus
from signlab.corpora.importers.catalogue import import_corpus
from signlab.corpora.recordings import read_recordings
from signlab.corpora.store import Store
from signlab.errors import BadCorpus


def take(kind: str, path: Path, out: Path, *, append: bool = False, **settings) -> Store:
    return import_corpus(kind, path, out, name="c", licence="", settings=settings, append=append)


def test_what_is_appended_comes_after_what_was_there(tmp_path):
    out = tmp_path / "corpus"
    first = mini.tree(tmp_path / "one", ("hello", "tea"))
    second = mini.tree(tmp_path / "two", ("apple", "tea"))
    before = take("mp-data", first, out, signer="ann")
    kept = [sample.landmarks.copy() for sample in before.samples()]
    store = take("mp-data", second, out, signer="bob", append=True)
    assert store.vocabulary == ("hello", "tea", "apple")  # labels stay what they were
    assert store.signers == ("ann", "bob")
    assert store.splits == {"clips": 8}
    assert (store.utterances, store.frames) == (8, 24)
    assert store.ids[:5] == (*before.ids, "bob.apple.0")
    assert [sample.glosses for sample in store.samples()][4:6] == [("apple",), ("apple",)]
    assert all(map(np.array_equal, kept, (sample.landmarks for sample in store.samples())))
    assert store.digest != before.digest
    again = take("mp-data", mini.tree(tmp_path / "three", ("zoo",)), out, signer="cy", append=True)
    assert again.ids[-2:] == ("cy.zoo.0", "cy.zoo.1")
    assert Store.open(out).samples()[9].glosses == ("zoo",)


def test_the_digest_is_that_of_the_content(tmp_path):
    whole = mini.tree(tmp_path / "whole" / "ann", ("a", "b")).parent
    mini.tree(whole / "bob", ("a", "b"))
    at_once = take("mp-data", whole, tmp_path / "corpus")
    take("mp-data", whole / "ann", tmp_path / "bit by bit", signer="ann")
    appended = take("mp-data", whole / "bob", tmp_path / "bit by bit", signer="bob", append=True)
    assert appended.digest == at_once.digest


def test_recordings_are_appended_to_recordings(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "dev.stm").write_text("a 1 s04 0 1 REGEN\n")
    (tmp_path / "test.stm").write_text("b 1 s05 0 1 WIND\n")
    take("stm", tmp_path / "in", tmp_path / "corpus")
    store = take("stm", tmp_path / "test.stm", tmp_path / "corpus", append=True)
    assert store.splits == {"dev": 1, "test": 1}
    assert [one.id for one in read_recordings(store)] == ["a", "b"]
    with pytest.raises(BadCorpus, match="no landmarks yet"):
        FolderCorpus(path=str(store.path)).prepare(tmp_path)


def test_what_does_not_fit_is_refused_and_changes_nothing(tmp_path):
    out = tmp_path / "corpus"
    path = mini.tree(tmp_path / "in")
    with pytest.raises(BadCorpus, match="no corpus at"):
        take("mp-data", path, out, append=True)
    before = take("mp-data", path, out)
    with pytest.raises(BadCorpus, match=r"two utterances have the id 'signer\.-\.0'"):
        take("mp-data", path, out, append=True)
    with pytest.raises(
        BadCorpus, match=r"holds landmarks of layout 'pose-hands', these files are rec"
    ):
        take("phoenix2014", mini.phoenix2014(tmp_path / "p"), out, append=True)
    assert Store.open(out).digest == before.digest
    assert sorted(entry.name for entry in out.iterdir()) == [
        "corpus.json",
        "landmarks-00000.arrow",
        "utterances.parquet",
    ]


def test_the_command(tmp_path):
    words = ["import", "mp-data", str(mini.tree(tmp_path / "in")), "--out", str(tmp_path / "c")]
    runner = CliRunner()
    assert runner.invoke(app, words, catch_exceptions=False).exit_code == 0
    told = runner.invoke(app, [*words, "--signer", "bob", "--append"], catch_exceptions=False)
    assert "12 utterances" in told.stdout
    assert "2 signers" in told.stdout


KILLER = textwrap.dedent("""
    import os, shutil, signal, sys
    from pathlib import Path
    import numpy as np
    from signlab.corpora.append import append_entries
    from signlab.corpora.base import Sample
    from signlab.corpora.store import Store, write_corpus
    from signlab.corpora.writing import Entry
    from signlab.landmarks.layout import POSE_HANDS

    root, operation = Path(sys.argv[1]), sys.argv[2]
    out = root / "corpus"

    def entries(names):
        frames = np.zeros((5, 75, 3), dtype=np.int16)
        return [Entry(Sample(name, "s", ("A",), frames), "train") for name in names]

    def write(names):
        samples = ((entry.sample, entry.split) for entry in entries(names))
        write_corpus(out, name="x", layout=POSE_HANDS, licence="", vocabulary=["A"], samples=samples)

    def append():
        append_entries(out, layout=POSE_HANDS, vocabulary=["A"], entries=entries("cd"), waiting=False)

    def ids():
        print("".join(Store.open(out).ids) if out.exists() else "none", end=" ")

    def go_on():
        # the next writer finishes, and clears up what the killed one left
        ids()
        write("ef")
        ids()
        print(*sorted(entry.name for entry in root.iterdir()))

    def forked(work, kill_at=0):
        # In a process of its own, killed right before its kill_at-th change of the file system.
        pid = os.fork()
        if pid:
            return os.waitpid(pid, 0)[1]
        left = kill_at
        def hook(event, arguments):
            nonlocal left
            ours = event in {"os.remove", "os.rmdir", "os.mkdir", "os.rename"} or (
                event == "open" and str(root) in str(arguments[0]) and "r" != arguments[1]
            )
            left -= ours
            if ours and left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        work()
        sys.stdout.flush()
        os._exit(0)

    work = {"import": lambda: write("ab"), "replace": lambda: write("cd"), "append": append}[operation]
    write("ab")
    append()  # what is imported late is imported once, not after each fork
    kill_at, killed = 1, True
    while killed:
        for entry in list(root.iterdir()):
            shutil.rmtree(entry)
        if operation != "import":
            assert forked(lambda: write("ab")) == 0
        killed = forked(work, kill_at) != 0
        print(kill_at, end=" ", flush=True)
        assert forked(go_on) == 0
        kill_at += 1
""")


@pytest.mark.parametrize(
    ("operation", "states"),
    [("import", ["none", "ab"]), ("replace", ["ab", "none", "cd"]), ("append", ["ab", "abcd"])],
)
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path, operation, states):
    (tmp_path / "root").mkdir()
    command = [sys.executable, "-c", KILLER, tmp_path / "root", operation]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert len(lines) > 8  # so many moments
    seen = [state for _, state, *_ in lines]
    # no state but the expected ones, and none comes again once the next has begun
    assert sorted(set(seen), key=seen.index) == states
    assert [states.index(state) for state in seen] == sorted(states.index(state) for state in seen)
    assert all(after == ["ef", "corpus"] for _, _, *after in lines)
