"""`reverie doctor`: what this machine has, what is missing, and how to get it."""

import glob
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

Status = Literal["ok", "missing", "absent"]
STYLE = {"ok": "green", "missing": "bold red", "absent": "yellow"}
LOW_DISK = 5 * 2**30


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination. `missing`: needed and not there. `absent`: optional, the show goes on without."""

    part: str
    status: Status
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything a show may need. Opens no device for longer than the look takes."""
    looks: list[Callable[[], Finding]] = [_python, _gl, _display, _audio, _serial, _camera, _cuda, _disk, _plugins]
    return [look() for look in looks]


def print_findings(findings: list[Finding]) -> None:
    """A table for people."""
    table = Table(title="Reverie doctor", title_justify="left", expand=False)
    for heading in ("part", "", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        table.add_row(finding.part, f"[{STYLE[finding.status]}]{finding.status}[/]", finding.found, finding.advice)
    Console().print(table)


def _python() -> Finding:
    return Finding("Python", "ok", f"{platform.python_version()} on {platform.system()}, {os.cpu_count()} cores")


def _gl() -> Finding:
    from engine.errors import ReverieError
    from engine.render.context import open_context

    try:
        context = open_context(None)
    except ReverieError as error:
        return Finding("OpenGL", "missing", str(error), "apt install libegl1 libgl1 libgl1-mesa-dri")
    try:
        advice = "works, slowly: a GPU driver gives larger canvases" if context.software else ""
        return Finding("OpenGL", "ok", context.renderer, advice)
    finally:
        context.close()


def _display() -> Finding:
    from engine.render.context import display_available, list_monitors

    if not display_available():
        return Finding("display", "absent", "none", "shows run offscreen; start a desktop or X server for a window")
    return Finding("display", "ok", ", ".join(list_monitors()) or "a server without monitors")


def _audio() -> Finding:
    try:
        import sounddevice
    except OSError:
        return Finding("sound", "missing", "PortAudio is not installed", "apt install libportaudio2")
    inputs = [d["name"] for d in sounddevice.query_devices() if d["max_input_channels"] > 0]
    if not inputs:
        return Finding("sound", "absent", "no input device", "plug in a microphone or interface; see `arecord -l`")
    return Finding("sound", "ok", ", ".join(inputs[:6]))


def _serial() -> Finding:
    from serial.tools.list_ports import comports

    ports = [f"{p.device} ({p.description})" for p in comports() if p.hwid != "n/a"]
    if not ports:
        return Finding("serial", "absent", "no board", "plug one in; it appears below /dev/serial/by-id/")
    return Finding("serial", "ok", ", ".join(ports))


def _camera() -> Finding:
    devices = sorted(glob.glob("/dev/video*"))
    if not devices:
        return Finding("camera", "absent", "no /dev/video*", "plug in a USB camera")
    readable = [device for device in devices if os.access(device, os.R_OK | os.W_OK)]
    if not readable:
        return Finding("camera", "missing", f"no right to open {devices[0]}", f"sudo usermod -aG video {_user()}")
    return Finding("camera", "ok", ", ".join(readable))


def _user() -> str:
    return os.environ.get("USER", "$USER")


def _cuda() -> Finding:
    from models import accelerator

    name = accelerator()
    if name is None:
        return Finding("CUDA", "absent", "no CUDA device", "the generator runs in a process of its own on the CPU")
    return Finding("CUDA", "ok", name)


def _plugins() -> Finding:
    from sensors.registry import broken, find_sensors

    found = ", ".join(sorted(find_sensors()))
    if broken():
        reasons = "; ".join(f"{source}: {why}" for source, why in broken().items())
        return Finding("sensor types", "missing", f"{found}; left out: {reasons}", "mend or uninstall the plug-in")
    return Finding("sensor types", "ok", found)


def _disk() -> Finding:
    here = Path.cwd()
    free = shutil.disk_usage(here).free
    status: Status = "ok" if free > LOW_DISK else "missing"
    advice = "" if status == "ok" else "free some space: recordings and training need it"
    return Finding("disk", status, f"{free / 2**30:.0f} GiB free at {here}", advice)
