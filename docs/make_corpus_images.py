"""Draw what `signlab corpus show` and `audit` show of real signing, for docs/your-own-landmarks.md.

make corpora && SIGNLAB_SHARED=... python docs/make_corpus_images.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from make_images import IMAGES, clips

from signlab.corpora.audit.run import audit
from signlab.corpora.store import Store
from signlab.landmarks.layout import HOLISTIC
from signlab.reporting.audit import write_audit
from signlab.reporting.clip import write_clip
from signlab.reporting.skeleton import Drawing

CORPORA = Path("corpora")
FIGURES = ("hands", "presence")
HEIGHT = 220


def main() -> None:
    """Write docs/images/show*.png and docs/images/audit-*.png."""
    house = clips((0,))[0]
    write_clip(Drawing(house, HOLISTIC, height=HEIGHT), IMAGES / "show.png", fps=house.fps)
    tracks = Store.open(CORPORA / "boston104")
    sample = tracks.sample(int(tracks.index.rows_of(["001"])[0]))
    drawing = Drawing(sample, tracks.layout, height=HEIGHT)
    write_clip(drawing, IMAGES / "show-tracks.png", fps=sample.fps)
    signs = Store.open(CORPORA / "signs3")
    with TemporaryDirectory() as folder:
        write_audit(signs, audit(signs, lambda: None), Path(folder))
        for name in FIGURES:
            picture = (Path(folder) / f"{name}.png").read_bytes()
            (IMAGES / f"audit-{name}.png").write_bytes(picture)


if __name__ == "__main__":
    main()
