"""What is heard, as six numbers: loudness whole and in three bands, onsets, and the centre of the spectrum.

Frames of about 21 ms (1024 samples at 48 kHz), half overlapping, so that a drum shows within a display frame.

- Loudness is normalised by a slow running peak: music at any volume fills 0..1, and the peak never falls below a
  ceiling well above silence, so an empty room stays at 0 instead of being amplified into noise.
- Onsets are peaks of spectral flux (the rise of log band loudness) above an adaptive threshold. They are gated by
  loudness: a plain flux detector hears dozens of beats in a silent room.
"""

import math

import numpy as np
from numpy.typing import NDArray

FRAME_SECONDS = 0.0213
BAND_EDGES = {"bass": (20.0, 250.0), "mid": (250.0, 4000.0), "treble": (4000.0, 16000.0)}
CEILING_DB = {"level": -30.0, "bass": -34.0, "mid": -34.0, "treble": -42.0}
"""Full scale of the meters in a quiet room, dB of full-scale sound: the running peak goes no lower."""

PEAK_ATTACK, PEAK_DECAY = 0.3, 20.0
RELEASE = 0.08
FLUX_EDGES = (20.0, 200.0, 400.0, 800.0, 1600.0, 3200.0, 6400.0)
FLUX_MEMORY = 1.0
FLUX_LAG = 2
FLUX_DEVIATIONS = 2.2
FLUX_RISE = np.array([0.4, 0.25])
"""How far the low and the whole flux must stand out beyond the usual deviations."""
ONSET_DECAY = 0.15
ONSET_PAUSE = 0.09

Samples = NDArray[np.float32]
Vector = NDArray[np.float64]


def _amplitude(decibel: float) -> float:
    return float(10 ** (decibel / 20))


class Loudness:
    """Amplitudes to 0..1 against a slow running peak, or with a fixed gain. One per stream, any number of bands."""

    def __init__(self, hop: float, silence: float, ceilings: Vector, gain: float | None) -> None:
        self._silence = silence
        self._ceilings = ceilings
        self._gain = gain
        self._peaks = ceilings.copy()
        self._held = np.zeros_like(ceilings)
        self._attack = 1 - math.exp(-hop / PEAK_ATTACK)
        self._decay = 1 - math.exp(-hop / PEAK_DECAY)
        self._release = math.exp(-hop / RELEASE)

    def normalise(self, amplitudes: Vector) -> Vector:
        """Values in 0..1, shape as given. The release bridges the periods of a low tone, which a frame resolves."""
        self._held = np.maximum(amplitudes, self._held * self._release)
        if self._gain is not None:
            return np.clip((self._held - self._silence) * self._gain, 0, 1)
        speed = np.where(self._held > self._peaks, self._attack, self._decay)
        self._peaks = np.maximum(self._peaks + (self._held - self._peaks) * speed, self._ceilings)
        return np.clip((self._held - self._silence) / (self._peaks - self._silence), 0, 1)


class OnsetDetector:
    """Spectral flux against its own recent mean and spread; gives a pulse in 0..1 that jumps up and dies away.

    Two fluxes are watched, that of the lowest band and the mean over all: a kick drum moves only the lowest, and would
    drown in the mean. The bands are octaves wide: narrower ones flicker in plain noise until beats drown in that.
    """

    def __init__(self, hop: float, silence: float, bands: int) -> None:
        self._hop = hop
        self._silence = silence
        self._usual = np.zeros(bands)
        self._recent: list[Vector] = []
        self._history = np.zeros((max(round(FLUX_MEMORY / hop), 1), 2))
        self._count = 0
        self._since = math.inf
        self._pulse = 0.0

    def pulse(self, bands: Vector, loudness: float) -> float:
        """The pulse after one more frame, from band amplitudes [bands], low first, and the frame's amplitude."""
        self._usual += (bands - self._usual) * (self._hop / FLUX_MEMORY)
        excess = self._excess(np.log1p(bands / np.maximum(self._usual, 0.5 * self._silence)))
        self._since += self._hop
        self._pulse *= math.exp(-self._hop / ONSET_DECAY)
        if excess > 0 and loudness > 2 * self._silence and self._since > ONSET_PAUSE:
            self._since = 0.0
            self._pulse = max(self._pulse, min(0.5 + 0.5 * excess, 1.0))
        return self._pulse

    def _excess(self, compressed: Vector) -> float:
        """How far either flux rises above its threshold; negative while nothing happens."""
        self._recent = [*self._recent[-FLUX_LAG:], compressed]
        rise = np.maximum(compressed - self._recent[0], 0)
        flux = np.array([rise[0], rise.mean()])
        threshold = self._history.mean(axis=0) + FLUX_DEVIATIONS * self._history.std(axis=0) + FLUX_RISE
        self._history[self._count % len(self._history)] = np.minimum(flux, threshold)  # a beat must not hide the next
        self._count += 1
        return float((flux - threshold).max())


class AudioFeatures:
    """Samples in, features out. One thread; the memory is bounded by one second of sound."""

    def __init__(self, samplerate: float, *, gain: float | None = None, silence_db: float = -54.0) -> None:
        """`gain` multiplies amplitudes instead of normalising them; quieter than `silence_db` counts as silence."""
        self._size = 2 ** round(math.log2(samplerate * FRAME_SECONDS))
        self._hop = self._size // 2
        self._limit = max(int(samplerate), self._size)
        self._pending: Samples = np.zeros(0, np.float32)
        self._silence = _amplitude(silence_db)
        hop = self._hop / samplerate
        ceilings = np.array([max(_amplitude(db), 2 * self._silence) for db in CEILING_DB.values()])
        self._loudness = Loudness(hop, self._silence, ceilings, gain)
        self._prepare_spectrum(samplerate)
        self._onsets = OnsetDetector(hop, self._silence, len(self._flux_starts))
        self._centroid = 1000.0
        self._offset = 0.0

    def _prepare_spectrum(self, samplerate: float) -> None:
        self._window = np.hanning(self._size)
        self._scale = 2 / (self._size * float((self._window**2).sum()))
        self._frequencies = np.fft.rfftfreq(self._size, 1 / samplerate)
        self._bands = [np.searchsorted(self._frequencies, edges) for edges in BAND_EDGES.values()]
        edges = [edge for edge in FLUX_EDGES if edge < self._frequencies[-1]]
        self._flux_starts = np.searchsorted(self._frequencies, edges)

    def push(self, samples: Samples) -> dict[str, float] | None:
        """Features after these mono samples (full scale ±1), or None while they complete no frame. NaN is silence."""
        clean = np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -1, 1)
        self._pending = np.concatenate([self._pending, clean.astype(np.float32)])[-self._limit :]
        newest = None
        while len(self._pending) >= self._size:
            newest = self._frame(self._pending[: self._size].astype(np.float64))
            self._pending = self._pending[self._hop :]
        return newest

    def _frame(self, frame: Vector) -> dict[str, float]:
        self._offset += 0.02 * (frame.mean() - self._offset)  # the microphone's; a frame's own mean eats low tones
        spectrum = np.fft.rfft((frame - self._offset) * self._window)
        power = (spectrum.real**2 + spectrum.imag**2) * self._scale  # sums to the mean square of the frame
        power[0] = 0  # whatever is left of the offset is no sound
        level = math.sqrt(power.sum())
        bands = [math.sqrt(power[low:high].sum()) for low, high in self._bands]
        flux_bands = np.sqrt(np.add.reduceat(power, self._flux_starts))
        values = self._loudness.normalise(np.array([level, *bands]))
        features = dict(zip(CEILING_DB, values.tolist(), strict=True))
        features["onset"] = self._onsets.pulse(flux_bands, level)
        features["centroid"] = self._centre(power, level)
        return features

    def _centre(self, power: Vector, level: float) -> float:
        """Hz. In silence a spectrum has no centre: the last one stands."""
        if level > self._silence:
            self._centroid = float((power * self._frequencies).sum() / power.sum())
        return self._centroid
