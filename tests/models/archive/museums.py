"""Real catalogues, where shared/archive lies beside the checkout."""

from pathlib import Path

import pytest

from models.archive.catalogue import Catalogue
from models.archive.record import Entry

_ROOT = Path(__file__).parents[3]
ARCHIVE = next((folder for folder in (_ROOT, _ROOT.parent) if (folder / "shared/archive").is_dir()), _ROOT)
ARCHIVE = ARCHIVE / "shared/archive"
needs_archive = pytest.mark.skipif(not ARCHIVE.is_dir(), reason="there is no shared/archive")


def entries(folder: Path) -> dict[str, Entry]:
    """What an archive's catalogue holds, by id."""
    with Catalogue(folder) as catalogue:
        return {entry.record.id: entry for entry in catalogue.entries()}


def decisions(folder: Path) -> list[str]:
    """What an archive's log says."""
    with Catalogue(folder) as catalogue:
        return [line.what for line in catalogue.decisions()]
