"""What the documents tell people to type works."""

import subprocess
import sys
from pathlib import Path

from engine.app import check_show
from tests.running import ROOT


def blocks(document: str, language: str) -> list[str]:
    """The fenced blocks of a document in a language."""
    parts = (ROOT / document).read_text().split(f"```{language}\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_the_python_of_the_networks_page_runs(tmp_path: Path) -> None:
    (code,) = blocks("docs/NETWORKS.md", "python")
    script = tmp_path / "example.py"
    script.write_text(code + "print(tuple(picture.shape), tuple(bent.shape), tuple(pixels.shape), wide.img_shape)\n")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(1, 3, 128, 128) (1, 3, 128, 128) (128, 128, 4) (128, 456)"


def test_the_network_section_of_the_readme_is_a_valid_one(tmp_path: Path) -> None:
    """All but what needs another network than the built-in one."""
    show, network = blocks("README.md", "yaml")
    lines = [line for line in network.splitlines() if not line.startswith(("  camera:", "  blend:"))]
    assert len(lines) == len(network.splitlines()) - 2
    path = tmp_path / "show.yaml"
    path.write_text(show + "\n".join(lines) + "\n")
    assert any("museum-128" in note for note in check_show(path))


def test_the_show_of_the_walks_page_is_a_valid_one(tmp_path: Path) -> None:
    (show,) = blocks("docs/WALKS.md", "yaml")
    path = tmp_path / "show.yaml"
    path.write_text(show)
    assert check_show(path)
