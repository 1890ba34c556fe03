"""What one shader may ask for. A file that wants more is refused; sizes that a slider drives are scaled down to fit."""

LARGEST_FILE = 1 << 20  # bytes of a `.fs` or `.vs` file
DEEPEST = 16  # levels of lists and objects in the header
LONGEST_NAME = 100  # characters of an input's, target's or picture's name
LONGEST_LABEL = 200  # characters of a LABEL or one of LABELS
LONGEST_TEXT = 10_000  # characters of a DESCRIPTION or HELP

MOST_INPUTS = 128  # with 255 Mesa's compiler took 6 s
MOST_CHOICES = 256  # VALUES of one input
MOST_PASSES = 32
MOST_TARGETS = 16
MOST_AUDIO_COLUMNS = 16_384

MOST_PICTURES = 16
PICTURE_PIXELS = 64_000_000  # of all imported pictures together
PICTURE_BYTES = 1 << 28  # of one picture's file

LARGEST_SIDE = 8192  # pixels that a size expression may give
TARGET_BYTES = 512 << 20  # of all targets together, or what two FLOAT targets as large as the picture take
