"""What a flash is, in numbers.

Sources: W3C, Web Content Accessibility Guidelines 2.2, success criterion 2.3.1 and "general flash and red flash
thresholds"; Recommendation ITU-R BT.1702, guidance for the reduction of photosensitive epileptic seizures caused by
television. A transition is one change of light or colour that is large enough; a flash is two that oppose each other.
"""

# General flashes of WCAG: change of relative luminance, and what the darker state is below. 0 is black, 1 white.
CHANGE = 0.1
DARKER = 0.8

# The same of BT.1702, in cd/m².
CHANGE_NITS = 20.0
DARKER_NITS = 160.0
SDR_NITS = 200.0  # peak of a display on which both are the same

# The mean of a field or a screen cannot change by so much unless more than a quarter of it changes.
MEAN_CHANGE = 0.26

# Red flashes: R/(R+G+B) of linear light in one of the two states, and their distance in the CIE 1976 UCS diagram.
SATURATED_RED = 0.8
RED_CHANGE = 0.2

# How many: at most three flashes in any second; two to three in each second, for no longer than this.
MOST_TRANSITIONS = 6
EXTENDED_TRANSITIONS = 4
EXTENDED_SECONDS = 5.0

# How large: more than this share of the screen (BT.1702), or than this solid angle in any field of 10° (WCAG).
SCREEN_SHARE = 0.25
SOLID_ANGLE = 0.006  # steradian
FIELD = 0.175  # 2 tan 5°: the side of a field of 10° at distance 1
FINE = 0.0035  # 2 tan 0.1°: a period of the coarsest pattern that may flash, whose squares are smaller than 0.1°

Rules = frozenset[tuple[float, float]]  # least changes of relative luminance, each with what the darker state is below
MEAN_RULES: Rules = frozenset({(MEAN_CHANGE, DARKER)})


def general_rules(peak_nits: float) -> Rules:
    """Which changes count by WCAG, and which by BT.1702 on a display whose white is `peak_nits`."""
    return frozenset({(CHANGE, DARKER), (CHANGE_NITS / peak_nits, DARKER_NITS / peak_nits)})
