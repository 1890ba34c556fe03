"""`reverie archive …` as a person uses it: from a catalogue on a server to a network in training."""

import csv
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.commands import refused
from tests.models.archive.server import Server
from tests.running import reverie

WORKS = 12
CC0 = "http://creativecommons.org/publicdomain/zero/1.0/"


def said(*words: object) -> dict[str, object]:
    done = reverie(*map(str, words), "--json")
    assert done.returncode == 0, done.stderr
    counts: dict[str, object] = json.loads(done.stdout)
    return counts


def painting(seed: int, size: tuple[int, int] = (120, 90)) -> bytes:
    """A JPEG of soft colours, unlike any other seed's."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()


def museum() -> dict[str, bytes]:
    """A table and its pictures: twelve open ones, a restricted one, one that is no picture and one that is gone."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["file_name", "title", "artist", "year", "rights"])
    files = {}
    for number in range(WORKS):
        table.writerow([f"img/{number}.jpg", f"Work {number}", "Hilma af Klint", 1900 + number, "CC0"])
        files[f"/img/{number}.jpg"] = painting(number)
    table.writerow(["img/held.jpg", "Held", "Somebody", 1999, "© the artist"])
    table.writerow(["img/page.jpg", "Page", "Nobody", "", "public domain"])
    table.writerow(["img/gone.jpg", "Gone", "Nobody", "", "public domain"])
    files["/img/page.jpg"] = b"<!doctype html><title>Sorry</title>"
    return files | {"/works.csv": text.getvalue().encode()}


@pytest.fixture(scope="module")
def server() -> Server:
    with Server() as serving:
        serving.files = museum()
        yield serving


def test_from_a_catalogue_to_a_network(server: Server, tmp_path: Path) -> None:
    archive, out = tmp_path / "archive", tmp_path / "set.zip"
    trust = ("--trust-host", server.host)
    imported = said("archive", "import", f"http://{server.host}/works.csv", "--into", archive, *trust)
    assert (imported["kind"], imported["accepted"], imported["rejected"]) == ("csv", WORKS + 2, {"rights": 1})

    fetched = said("archive", "fetch", archive, *trust)
    assert (fetched["accepted"], fetched["rejected"]) == (WORKS, {"not an image": 1, "http 404": 1})
    assert said("archive", "fetch", archive, *trust)["accepted"] == 0
    assert all(count == 1 for path, count in server.hits.items() if path.startswith("/img/"))

    prepared = said("archive", "prepare", archive, "--resolution", 64, "-o", out)
    assert (prepared["accepted"], prepared["rejected"]) == (WORKS, {})
    with zipfile.ZipFile(out) as made:
        rows = list(csv.DictReader(io.StringIO(made.read("metadata.csv").decode())))
        with Image.open(io.BytesIO(made.read(rows[0]["file_name"]))) as picture:
            assert picture.size == (64, 64)
    assert {row["rights"] for row in rows} == {"CC0"}
    manifest = json.loads(out.with_suffix(".manifest.json").read_text())
    assert manifest["hash"] == prepared["hash"]

    reported = said("archive", "report", archive)
    assert (reported["accepted"], reported["rejected"]) == (WORKS, {"rights": 1, "not an image": 1, "http 404": 1})
    html = Path(str(reported["page"])).read_text()
    assert "Hilma af Klint" in html
    assert str(manifest["hash"]) in html

    trained = reverie(*f"train --data {out} --out {tmp_path}/run --resolution 32 --kimg 0.016 --batch 8".split())
    assert trained.returncode == 0, trained.stderr
    assert list((tmp_path / "run").glob("*.safetensors"))


def test_what_is_rejected_is_told_with_its_reason(server: Server, tmp_path: Path) -> None:
    done = reverie(
        *f"archive import http://{server.host}/works.csv --into {tmp_path} --trust-host {server.host}".split()
    )
    assert done.returncode == 0
    assert "rejected    1  rights" in done.stdout
    assert f"next: reverie archive fetch {tmp_path}" in done.stdout.replace("\n", "")


def test_an_override_is_logged_and_marks_its_pictures(server: Server, tmp_path: Path) -> None:
    reason = "letter of the estate, 2 March 2026"
    trust, source = ("--trust-host", server.host), f"http://{server.host}/works.csv"
    done = said("archive", "import", source, "--into", tmp_path / "a", *trust, "--override-rights", reason)
    assert (done["accepted"], done["overridden"]) == (WORKS + 3, 1)
    page = said("archive", "report", tmp_path / "a")["page"]
    assert reason in Path(str(page)).read_text()


def test_a_set_of_nothing_leads_to_the_report(tmp_path: Path) -> None:
    (tmp_path / "works").mkdir()
    Image.new("RGB", (70, 70)).save(tmp_path / "works" / "blank.png")
    folder = tmp_path / "archive"
    said("archive", "import", tmp_path / "works", "--into", folder, "--override-rights", "own work")
    said("archive", "fetch", folder)
    done = reverie(*f"archive prepare {folder} --resolution 64 -o {tmp_path}/set.zip".split())
    assert (done.returncode, "rejected  1  blank" in done.stdout) == (0, True)
    assert f"holds no picture; reverie archive report {folder} shows why" in done.stdout.replace("\n", "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import", "there-is-none.csv", "--into", "{}/a"), "there-is-none.csv"),
        (("import", "{}/half.json", "--into", "{}/a"), "half.json"),
        (("import", "https://www.moma.org/x.csv", "--into", "{}/a"), "--contact"),
        (("import", "http://127.0.0.1:1/x.csv", "--into", "{}/a"), "--trust-host"),
        (("import", "{}/half.json", "--into", "{}/a", "--map", "title"), "--map"),
        (("import", "{}/half.json", "--into", "{}/a", "--override-rights", " "), "reason"),
        (("import", "{}/half.json", "--into", "{}/a", "--trust-host", "localhost"), "HOST:PORT"),
        (("import", "{}/half.json", "--into", "{}/a", "--contact", "küster@example.org"), "plain ASCII"),
        (("fetch", "{}/none", "--allow-host", "https://example.org/"), "write the name alone"),
        (("fetch", "{}/none"), "archive import"),
        (("prepare", "{}/none", "-o", "{}/a.zip", "--resolution", "64"), "archive import"),
        (("prepare", "{}", "-o", "{}/a.zip"), "--resolution"),
        (("prepare", "{}", "-o", "{}/a.zip", "--size", "64"), "WIDTHxHEIGHT"),
        (("prepare", "{}", "-o", "{}/a.zip", "--resolution", "64", "--ground", "mauve"), "#rrggbb"),
        (("report", "{}/none"), "archive import"),
    ],
)
def test_a_mistake_is_one_sentence(words: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('[{"image": "a.jpg", "ti')
    assert sentence in refused("archive", *(word.format(tmp_path) for word in words))


def test_a_catalogue_cut_in_half_gives_its_first_half_and_says_so(tmp_path: Path) -> None:
    works = [{"id": n, "image": f"https://www.moma.org/{n}.jpg", "rights": "CC0"} for n in range(9)]
    cut = tmp_path / "cut.json"
    cut.write_text(json.dumps(works, indent=1)[:-200])
    done = reverie("archive", "import", str(cut), "--into", str(tmp_path / "a"), "--json")
    assert done.returncode == 2
    counts = json.loads(done.stdout)
    assert 0 < counts["accepted"] < 9
    assert "cut.json" in counts["problems"][0]


def test_a_collection_on_disk_leads_to_its_members_on_the_net(server: Server, tmp_path: Path) -> None:
    canvas = {"id": "https://example.org/c", "items": [{"items": [{"body": {"id": "https://example.org/1.jpg"}}]}]}
    context = "http://iiif.io/api/presentation/3/context.json"
    manifest = {"@context": context, "id": f"http://{server.host}/m", "type": "Manifest", "items": [canvas]}
    member = {"id": f"http://{server.host}/m", "type": "Manifest"}
    collection = {"@context": context, "id": "https://example.org/top", "type": "Collection", "items": [member]}
    server.files["/m"] = json.dumps(manifest | {"rights": CC0}).encode()
    (tmp_path / "top.json").write_text(json.dumps(collection))
    done = said("archive", "import", tmp_path / "top.json", "--into", tmp_path / "a", "--trust-host", server.host)
    assert (done["kind"], done["accepted"]) == ("iiif", 1)
