"""What a training keeps of itself: averages, kept epochs, checkpoints, damage, early stopping."""

import copy
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from signlab.errors import BadInput, TrainingDiverged
from signlab.study.folder import Errors
from signlab.training.averaging import Ema, Kept, keep, mean_weights
from signlab.training.checkpoint import MARK, Checkpoint, Within
from signlab.training.evaluate import Evaluation
from signlab.training.health import LOOK_EVERY, Sums
from signlab.training.progress import after_epoch
from signlab.training.resume import Checkpoints
from signlab.training.schedule import SCHEDULES


def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)
        ).double()


def test_the_average_is_the_sum_that_its_formula_says():
    model = net()
    average = Ema(model, 0.9)
    history = [copy.deepcopy(model.state_dict())]
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        with torch.no_grad():
            for tensor in model.parameters():
                tensor += torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
        model(torch.randn(8, 3, generator=generator, dtype=torch.float64))  # moves the statistics
        average.update()
        history.append(copy.deepcopy(model.state_dict()))
    expected = {name: value.clone() for name, value in history[0].items()}
    for update, state in enumerate(history[1:], start=1):
        decay = min(0.9, (1 + update) / (10 + update))
        for name, value in state.items():
            if value.is_floating_point():
                expected[name] = decay * expected[name] + (1 - decay) * value
            else:
                expected[name] = value
    for name, value in average.model.state_dict().items():
        torch.testing.assert_close(value, expected[name], rtol=1e-12, atol=1e-12)
    assert not average.model.training
    assert not any(tensor.requires_grad for tensor in average.model.parameters())


EPOCHS = st.lists(
    st.tuples(st.sampled_from([0.0, 10.0, 20.0]), st.sampled_from([0.1, 0.2])),
    min_size=1,
    max_size=8,
)


@given(EPOCHS, st.integers(1, 4))
def test_the_best_and_the_last_are_kept_whatever_the_order(epochs, count):
    every = [Kept(i + 1, wer, loss, {}) for i, (wer, loss) in enumerate(epochs)]
    best: list[Kept] = []
    last: list[Kept] = []
    for one in every:
        best = keep(best, one, best=True, count=count)
        last = keep(last, one, best=False, count=count)
    assert last == every[::-1][:count]
    assert best == sorted(every, key=lambda one: (one.wer, one.loss, one.epoch))[:count]


def test_the_mean_of_weights_is_a_mean_and_counters_are_not():
    states = []
    for epoch in range(3):
        state = {"a": torch.full((2,), float(epoch)), "count": torch.tensor(epoch + 7)}
        states.append(Kept(epoch, 0.0, 0.0, state))
    mean = mean_weights(states)
    assert mean["a"].tolist() == [1.0, 1.0]
    assert mean["a"].dtype == torch.float32
    assert mean["count"] == 7
    assert mean_weights(states[:1]) is states[0].weights


ORIGIN = {"recipe": {"schedule": {"epochs": 14}, "loss": {"name": "ctc"}}, "seed": 0}


def checkpoint(epoch: int, *, within: int | None = None) -> Checkpoint:
    generator = torch.Generator().manual_seed(epoch)
    place = None if within is None else Within(within, generator.get_state(), {"loss": 1.5})
    learner = {"model": {"w": torch.full((1000,), float(epoch))}, "average": None}
    return Checkpoint(
        epoch,
        learner=learner,
        random=[generator.get_state()],
        history=[{"x": math.inf}],
        within=place,
    )


def opened(folder: Path, told: list[str], origin=ORIGIN) -> Checkpoints:
    return Checkpoints(folder / "checkpoint.pt", origin, told.append)


def weight(state: Checkpoint | None) -> float | None:
    return None if state is None else float(state.learner["model"]["w"][0])


def test_the_place_within_an_epoch_counts_until_the_epoch_is_done(tmp_path):
    told: list[str] = []
    store = opened(tmp_path, told)
    assert store.load() is None
    store.save(checkpoint(0))
    store.save(checkpoint(0, within=3))
    state = store.load()
    assert state.within.batches == 3
    assert state.within.sums == {"loss": 1.5}
    assert weight(store.last_epoch()) == 0
    stale = (tmp_path / "checkpoint-within.pt").read_bytes()
    store.save(checkpoint(1))
    assert store.load().within is None
    (tmp_path / "checkpoint-within.pt").write_bytes(
        stale
    )  # as a kill at the worst moment leaves it
    assert weight(store.load()) == 1
    for name in ("checkpoint-next.pt", "checkpoint-next.pt.part"):  # of a save that was killed
        (tmp_path / name).write_bytes(stale)
    store.remove()
    assert not list(tmp_path.iterdir())
    assert told == []


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.99])
def test_a_checkpoint_cut_off_gives_way_to_the_one_before(tmp_path, share):
    told: list[str] = []
    store = opened(tmp_path, told)
    for epoch in range(3):
        store.save(checkpoint(epoch))
    path = tmp_path / "checkpoint.pt"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert weight(store.load()) == 1
    [message] = told
    assert "checkpoint.pt is damaged" in message
    assert "the one before" in message


def test_no_changed_byte_goes_unnoticed(tmp_path):
    told: list[str] = []
    store = opened(tmp_path, told)
    for epoch in range(2):
        store.save(checkpoint(epoch))
    path = tmp_path / "checkpoint.pt"
    content = path.read_bytes()
    mark = content.rindex(MARK)
    for position in {*range(0, len(content), 97), *range(mark - 300, len(content))}:
        changed = bytearray(content)
        changed[position] ^= 0x10
        path.write_bytes(changed)
        told.clear()
        state = store.load()
        unread = mark <= position < mark + len(MARK)  # nothing but the mark itself is changed
        assert bool(told) != unread, position
        assert weight(state) == (1 if unread else 0), position


def test_a_damaged_place_gives_way_to_its_epoch_and_all_damaged_to_the_beginning(tmp_path):
    told: list[str] = []
    store = opened(tmp_path, told)
    store.save(checkpoint(4))
    store.save(checkpoint(4, within=3))
    (tmp_path / "checkpoint-within.pt").write_bytes(b"PK")
    assert store.load().within is None
    assert weight(store.load()) == 4
    (tmp_path / "checkpoint.pt").write_bytes(b"")
    assert not any("beginning again" in message for message in told)
    assert store.load() is None
    assert told[-1] == "no checkpoint could be read; beginning again"


def test_a_checkpoint_of_another_recipe_is_refused_with_the_difference(tmp_path):
    opened(tmp_path, []).save(checkpoint(1))
    other = {"recipe": {"schedule": {"epochs": 20}, "loss": {"name": "ctc"}}, "seed": 0}
    with pytest.raises(BadInput, match=r"recipe\.schedule\.epochs: 14 there, 20 here") as caught:
        opened(tmp_path, [], other).load()
    assert "loss" not in str(caught.value)


def test_a_checkpoint_of_another_version_is_refused(tmp_path):
    torch.save({"epoch": 3}, tmp_path / "checkpoint.pt")
    with pytest.raises(BadInput, match="no checkpoint of this version"):
        opened(tmp_path, []).load()


KEPT, SKIPPED = torch.tensor(False), torch.tensor(True)


@pytest.mark.parametrize(
    ("place", "value", "what"), [(0, math.nan, "loss"), (2, math.inf, "gradient")]
)
@pytest.mark.parametrize("at", [0, 7, LOOK_EVERY - 1, LOOK_EVERY + 3])
def test_divergence_names_the_first_update_that_is_no_number(at, place, value, what):
    sums = Sums()
    told = ""
    for update in range(at + 3):
        row = [torch.tensor(2.0), torch.tensor(4), torch.tensor(0.5), KEPT]
        if update >= at:
            row[place] = torch.tensor(value)
        try:
            sums.add(*row)
            if update == at + 2:
                sums.look()
        except TrainingDiverged as error:
            told = str(error)
            break
    assert told == f"the {what} became infinite or not a number in update {at + 1}"


def test_sums_add_up_and_go_on_from_where_they_were():
    whole, first, rest = Sums(), Sums(), Sums()
    values = [
        (torch.tensor(float(i)), torch.tensor(i), torch.tensor(i / 7), KEPT)
        for i in range(2 * LOOK_EVERY + 5)
    ]
    for i, row in enumerate(values):
        whole.add(*row)
        if i == 60:
            rest.load_state_dict(first.state_dict())
        (first if i < 60 else rest).add(*row)
    assert whole.updates == rest.updates == 2 * LOOK_EVERY  # a checkpoint moves no look
    assert rest.state_dict() == whole.state_dict()
    whole.look()
    rest.look()
    assert rest.state_dict() == whole.state_dict()
    assert whole.loss == sum(range(105))
    assert whole.largest_norm == pytest.approx(104 / 7)


def test_what_float16_left_out_is_counted_and_no_gradient():
    sums = Sums()
    sums.add(torch.tensor(6.0), torch.tensor(3), torch.tensor(math.inf), SKIPPED)
    sums.look()
    assert math.isnan(sums.mean_norm)
    for norm in (0.5, 1.5):
        sums.add(torch.tensor(6.0), torch.tensor(3), torch.tensor(norm), KEPT)
    sums.look()
    assert (sums.updates, sums.skipped, sums.loss, sums.labels) == (3, 1, 18.0, 9)
    assert (sums.mean_norm, sums.largest_norm) == (1.0, 1.5)
    sums.add(torch.tensor(math.nan), torch.tensor(3), torch.tensor(math.nan), SKIPPED)
    with pytest.raises(TrainingDiverged, match=r"the loss .* in update 4"):
        sums.look()


def progressed(wers: list[int], **settings) -> Checkpoint:
    """The state after epochs with so many errors of 100 on dev."""
    schedule = SCHEDULES.build(
        "phased", {"phases": {"a": {"epochs": 5}, "b": {"epochs": 5}}, **settings}
    )
    state = Checkpoint()
    for wer in wers:
        assert state.phase < 2, "went on after the end"
        sums = Sums()
        sums.add(torch.tensor(6.0), torch.tensor(3), torch.tensor(0.5), KEPT)
        sums.look()
        evaluation = Evaluation(Errors(wer, 0, 0, 100), 1.0, 0.5, 3, [], [], [])
        weights = {"w": torch.tensor(float(state.epoch + 1))}
        state = after_epoch(
            state,
            schedule,
            sums=sums,
            frames=9,
            evaluation=evaluation,
            weights=weights,
            seconds=1.0,
        )
    return state


def test_a_phase_ends_where_dev_has_got_no_better_for_long_enough():
    def phases(state):
        return "".join(row["phase"] for row in state.history)

    assert phases(progressed([9, 8, 7, 6, 5, 4])) == "aaaaab"
    # two epochs without a better one than the second; the next phase has two of its own to get there
    state = progressed([9, 5, 6, 6, 7, 7], patience=2)
    assert phases(state) == "aaaabb"
    assert state.phase == 2
    assert progressed([9, 5, 6, 6, 4, 7], patience=2).phase == 1
    assert phases(progressed([9, 5, 5, 5, 5], patience=3)) == "aaaaa"  # an equal one is no better


def test_a_run_ends_with_what_its_schedule_keeps():
    wers = [9, 5, 6, 5, 8]
    assert [one["epoch"] for one in progressed(wers).kept] == [2]
    assert [one["epoch"] for one in progressed(wers, average=3).kept] == [2, 4, 3]
    assert [one["epoch"] for one in progressed(wers, keep="last", average=2).kept] == [5, 4]
    mean = mean_weights([Kept(**one) for one in progressed(wers, average=3).kept])
    assert mean["w"].item() == pytest.approx((2 + 4 + 3) / 3)
