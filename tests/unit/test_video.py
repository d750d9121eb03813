"""Films as they come: cut off, at no steady rate, transparent, with pictures in odd order."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signlab.errors import BadInput
from signlab.landmarks.extraction import steady
from signlab.landmarks.video import pictures_of, read_frames

CODECS = {"mp4": "mpeg4", "avi": "mpeg4", "mkv": "mpeg4", "webm": "libvpx", "gif": "gif"}
PIXELS = {"gif": "rgb8"}


def film(file: Path, times: list[int]) -> Path:
    """A film of noise with frames at ``times``, in hundredths of a second."""
    draw = np.random.default_rng(0)
    with av.open(str(file), "w") as out:
        stream = out.add_stream(CODECS[file.suffix[1:]], rate=25)
        stream.width, stream.height = 64, 48
        stream.pix_fmt = PIXELS.get(file.suffix[1:], "yuv420p")
        for time in times:
            pixels = draw.integers(0, 256, size=(48, 64, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 100)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return file


@pytest.mark.parametrize("kind", sorted(CODECS))
def test_a_film_is_read_to_its_end_and_a_cut_one_refused(kind, tmp_path):
    whole = film(tmp_path / f"whole.{kind}", list(range(0, 240, 4)))
    assert len(list(read_frames(whole, fps=25.0))) == 60
    cut = tmp_path / f"cut.{kind}"
    for share in (0.05, 0.3, 0.6):
        cut.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
        with pytest.raises(BadInput, match=f"cut.{kind}"):
            list(read_frames(cut, fps=25.0))


def test_the_times_of_a_film_without_a_steady_rate_are_kept(tmp_path):
    times = [0, 4, 8, 12, 40, 44, 48, 80, 84]
    told = [frame.seconds for frame in read_frames(film(tmp_path / "a.mkv", times), fps=25.0)]
    np.testing.assert_allclose(told, np.array(times) / 100, atol=1e-3)
    rate, shown = steady(np.array(told), 25.0)
    assert rate == pytest.approx(25.0, rel=1e-3)
    ticks = np.arange(0, 85, 4)
    assert shown.tolist() == [max(i for i, t in enumerate(times) if t <= tick) for tick in ticks]


@given(
    st.floats(min_value=5, max_value=120),
    st.integers(min_value=2, max_value=200),
    st.data(),
)
def test_frames_that_keep_a_rate_stay_as_they_are(rate, frames, data):
    off = data.draw(st.lists(st.floats(-0.2, 0.2), min_size=frames, max_size=frames))
    found, shown = steady((np.arange(frames) + np.array(off)) / rate, 25.0)
    assert shown.tolist() == list(range(frames))
    assert found == pytest.approx(rate, rel=0.5 / (frames - 1))


def test_a_film_that_stands_still_is_refused():
    with pytest.raises(BadInput, match=r"4 frames in 60.0 s"):
        steady(np.array([0.0, 0.04, 0.08, 60.0]), 25.0)


def test_pictures_come_in_the_order_of_their_numbers_with_white_behind_them(tmp_path):
    for number in (10, 9, 1):
        pixels = np.full((4, 4, 4), number, dtype=np.uint8)
        pixels[:2, :, 3] = 0
        pixels[2:, :, 3] = 255
        with av.open(str(tmp_path / f"{number}.png"), "w", format="image2") as out:
            stream = out.add_stream("png", rate=1, width=4, height=4)
            stream.pix_fmt = "rgba"
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgba")))
            out.mux(stream.encode())
    assert [file.stem for file in pictures_of(tmp_path)] == ["1", "9", "10"]
    for frame, number in zip(read_frames(tmp_path, fps=5.0), (1, 9, 10), strict=True):
        assert (frame.pixels[:2] == 255).all()
        assert (frame.pixels[2:] == number).all()
