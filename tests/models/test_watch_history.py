"""What a run has told stays in its folder: bounded, mended, and without a future that was lost."""

from pathlib import Path

import pytest

from models.training.watch import history
from models.training.watch.history import Figures, History, Row, Said, Steps, Strip, best, spread


def filled(folder: Path, kimgs: range) -> History:
    made = History(folder)
    for kimg in kimgs:
        made.add(Steps(kimg=kimg, values={"loss_g": float(kimg)}))
        made.add(Figures(kimg=kimg, values={"swd": abs(kimg - 3.0)}))
    return made


def kimgs(rows: list[Row]) -> list[float]:
    return [row.kimg for row in rows]


def test_what_was_told_is_there_again(tmp_path: Path) -> None:
    made = filled(tmp_path, range(1, 4))
    made.add(Said(kimg=3, text='a "word"\nand <another>', warning=True))
    made.add(Strip(kimg=3, size=(8, 48), data="/9j/"))
    made.save()
    made.add(Said(kimg=4, text="more"))
    made.save()
    again = History(tmp_path, kimg=4, earlier=tmp_path)
    assert again.rows == made.rows
    assert len((tmp_path / history.NAME).read_text().splitlines()) == 9


def test_a_run_that_goes_on_forgets_what_was_lost(tmp_path: Path) -> None:
    filled(tmp_path / "first", range(1, 9)).save()
    on = History(tmp_path / "second", kimg=4.0, earlier=tmp_path / "first")
    on.add(Steps(kimg=5, values={"loss_g": 50.0}))
    on.save()
    again = History(tmp_path, kimg=99, earlier=tmp_path / "second")
    assert kimgs(again.of(Steps)) == [1, 2, 3, 4, 5]
    assert again.of(Steps)[-1].values == {"loss_g": 50.0}
    assert kimgs(again.of(Figures)) == [1, 2, 3, 4]


def test_a_fresh_run_has_no_past_in_an_old_folder(tmp_path: Path) -> None:
    filled(tmp_path, range(1, 9)).save()
    fresh = History(tmp_path)
    fresh.add(Said(kimg=0, text="new"))
    fresh.save()
    assert len((tmp_path / history.NAME).read_text().splitlines()) == 1


@pytest.mark.parametrize(
    "damage",
    [
        b'{"kind":"steps","kimg":3,"val',
        b"\x00" * 4096 + b"\n",
        b'{"kind":"else","kimg":1}\n',
        b"\xff\xfe\n",
        b"[]\n",
        b'{"kind":"steps","kimg":NaN,"values":{}}\n',
        b'{"kind":"steps","kimg":1,"values":{"loss_g":Infinity}}\n',
    ],
)
def test_half_a_line_harms_no_other(tmp_path: Path, damage: bytes) -> None:
    filled(tmp_path, range(1, 3)).save()
    with (tmp_path / history.NAME).open("ab") as file:
        file.write(damage)
    again = History(tmp_path, kimg=9, earlier=tmp_path)
    assert kimgs(again.of(Steps)) == [1, 2]
    again.add(Said(kimg=3, text="on"))
    again.save()
    assert len(History(tmp_path, kimg=9, earlier=tmp_path).rows) == 5


def test_months_fit_into_a_small_file(tmp_path: Path) -> None:
    made = History(tmp_path)
    for kimg in range(20_000):
        made.add(Steps(kimg=kimg, values={"loss_g": float(kimg)}))
        made.add(Figures(kimg=kimg, values={"swd": abs(kimg - 777.0)}))
        made.add(Said(kimg=kimg, text="something"))
        made.add(Strip(kimg=kimg, size=(1, 6), data="data"))
        if kimg % 100 == 99:
            made.save()
    assert made.path.stat().st_size < 300_000
    again = History(tmp_path, kimg=1e9, earlier=tmp_path)
    assert again.rows == made.rows
    steps = again.of(Steps)
    assert history.MOST_STEPS / 2 < len(steps) <= history.MOST_STEPS
    assert kimgs(steps) == sorted(kimgs(steps))
    assert max(after - row for row, after in zip(kimgs(steps), kimgs(steps)[1:], strict=False)) < 100
    assert all(abs(row.values["loss_g"] - row.kimg) < 50 for row in steps)
    found = best(again.of(Figures), "swd")
    assert found is not None
    assert found.kimg == 777
    assert again.of(Said)[-1].kimg == again.of(Strip)[-1].kimg == 19_999
    assert again.of(Strip)[0].kimg == 0


def test_a_disk_that_was_full_misses_nothing_later(tmp_path: Path) -> None:
    made = filled(tmp_path, range(1, 3))
    made.save()
    made.path.unlink()
    made.path.mkdir()
    made.add(Said(kimg=3, text="meanwhile"))
    with pytest.raises(IsADirectoryError):
        made.save()
    made.path.rmdir()
    made.save()
    assert History(tmp_path, kimg=9, earlier=tmp_path).rows == made.rows


def test_what_is_shown_of_many_has_both_ends_and_more_of_the_beginning() -> None:
    rows = [Said(kimg=float(kimg), text="") for kimg in range(1, 1001)]
    chosen = kimgs([*spread(rows, 10)])
    assert (len(chosen), chosen[0], chosen[-1]) == (10, 1, 1000)
    assert sum(kimg < 100 for kimg in chosen) >= 5
    assert spread(rows[:3], 10) == rows[:3]
    assert len(spread([Said(kimg=5.0, text="")] * 30, 10)) <= 10
