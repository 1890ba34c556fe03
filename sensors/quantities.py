"""The rows several sensors share, so that a simulated value has the unit and range of the measured one."""

from sensors.channel import Channel

LEVEL = Channel("level", "", 0, 1, neutral=0, minimum=0, maximum=1, help="loudness, against the loudest of late")
BASS = Channel("bass", "", 0, 1, neutral=0, minimum=0, maximum=1, help="loudness of 20 to 250 Hz")
MID = Channel("mid", "", 0, 1, neutral=0, minimum=0, maximum=1, help="loudness of 250 to 4000 Hz")
TREBLE = Channel("treble", "", 0, 1, neutral=0, minimum=0, maximum=1, help="loudness of 4 to 16 kHz")
ONSET = Channel("onset", "", 0, 1, neutral=0, minimum=0, maximum=1, help="a beat, a step, a clap: jumps up, dies away")
CENTROID = Channel("centroid", "Hz", 100, 8000, neutral=1000, minimum=0, help="centre of the spectrum: dark to bright")
SOUND = (LEVEL, BASS, MID, TREBLE, ONSET, CENTROID)

TEMPERATURE = Channel(
    "temperature",
    "°C",
    10,
    35,
    neutral=21,
    rejects=(85.0, -127.0),  # a DS18B20 at power-on, and disconnected
    minimum=-55,
    maximum=125,
    help="air temperature",
)
LIGHT = Channel("light", "lx", 0, 2000, neutral=200, minimum=0, maximum=200_000, help="illuminance")
AIR = (TEMPERATURE, LIGHT)

BRIGHTNESS = Channel("brightness", "", 0, 1, neutral=0.4, minimum=0, maximum=1, help="mean brightness of the picture")
MOTION = Channel("motion", "", 0, 1, neutral=0, minimum=0, maximum=1, help="how much of the picture moves")
SIGHT = (BRIGHTNESS, MOTION)
