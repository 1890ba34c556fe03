"""A set as StyleGAN's tools read it: a zip, stored, with dataset.json, and metadata.csv as Hugging Face has it."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models.archive.prepare.sample import ORIGIN, Sample

EPOCH = (1980, 1, 1, 0, 0, 0)  # the same samples give the same bytes


def write_zip(path: Path, samples: Iterable[Sample], suffix: str, classes: list[str] | None) -> None:
    """`classes` are the labels by number, None: a set without. Raises OSError."""
    table, labels = io.StringIO(newline=""), list[list[Any]]()
    rows = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")  # else a return within a title ends a row
    rows.writerow(["file_name", *ORIGIN])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for index, sample in enumerate(samples):
            name = f"{index // 1000:05d}/img{index:08d}.{suffix}"
            _add(archive, name, sample.image)
            rows.writerow([name, *sample.origin().values()])
            if classes is not None:
                labels.append([name, classes.index(sample.record.label)])
        _add(archive, "dataset.json", json.dumps({"labels": None if classes is None else labels}).encode())
        _add(archive, "metadata.csv", table.getvalue().encode())


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.create_system, info.external_attr = 3, 0o644 << 16  # as on Unix, whatever this machine is
    archive.writestr(info, data)
