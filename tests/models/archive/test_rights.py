"""What statements of rights are taken for: open only where they say so plainly."""

import pytest

from models.archive.record import Rights
from models.archive.rights import strictest, understood

CC0, OPEN, RESTRICTED, UNKNOWN = Rights.CC0, Rights.PUBLIC_DOMAIN, Rights.RESTRICTED, Rights.UNKNOWN


@pytest.mark.parametrize(
    ("statement", "rights"),
    [
        ("http://creativecommons.org/publicdomain/zero/1.0/", CC0),
        ("https://www.creativecommons.org/publicdomain/zero/1.0/deed.fr", CC0),
        ("https://creativecommons.org/publicdomain/mark/1.0/", OPEN),
        ("https://creativecommons.org/licenses/by-nc/4.0/", RESTRICTED),
        ("This is not public domain but https://creativecommons.org/licenses/by/4.0/", RESTRICTED),
        ("http://rightsstatements.org/vocab/InC/1.0/", RESTRICTED),
        ("http://rightsstatements.org/vocab/InC-EDU/1.0/", RESTRICTED),
        ("https://rightsstatements.org/page/NoC-NC/1.0/?language=en", RESTRICTED),
        ("http://rightsstatements.org/vocab/NoC-US/1.0/", UNKNOWN),
        ("http://rightsstatements.org/vocab/CNE/1.0/", UNKNOWN),
        ("https://example.org/creativecommons.org/publicdomain/zero/1.0/", UNKNOWN),
        ("https://creativecommons.org.example.org/publicdomain/zero/1.0/", UNKNOWN),
        ("http://[broken/publicdomain/zero/", UNKNOWN),
        ("CC0", CC0),
        ("CC0 1.0 Universal", CC0),
        ("Creative Commons Zero", CC0),
        ("Public Domain", OPEN),
        ("public domain work (artist died >70 years ago); faithful photographic reproduction", OPEN),
        ("No copyright, public domain", OPEN),
        ("Public domain. No known copyright restrictions", OPEN),
        ("No known copyright", UNKNOWN),
        ("PDM 1.0", OPEN),
        ("PD Smith collection", UNKNOWN),
        ("Public domain; licensed under CC BY 4.0", RESTRICTED),
        ("Public domain outside the EU", UNKNOWN),
        ("Public domain, for non-commercial use", UNKNOWN),
        ("Public domain, permission needed", RESTRICTED),
        ("not in the public domain", UNKNOWN),
        ("public domain?", UNKNOWN),
        ("Public domain in the USA only", UNKNOWN),
        ("possibly public domain", UNKNOWN),
        ("Public domain. © The estate of Adrian Stokes", RESTRICTED),
        ("© The estate of Adrian Stokes", RESTRICTED),
        ("CC BY-NC-SA 4.0", RESTRICTED),
        ("All rights reserved", RESTRICTED),
        ("", UNKNOWN),
        ("  ", UNKNOWN),
        ("oil on canvas", UNKNOWN),
    ],
)
def test_understood(statement: str, rights: Rights) -> None:
    assert understood(statement) is rights


def test_two_licences_are_as_strict_as_the_stricter() -> None:
    both = "https://creativecommons.org/publicdomain/zero/1.0/ https://creativecommons.org/licenses/by/4.0/"
    assert understood(both) is RESTRICTED
    assert strictest([CC0, UNKNOWN]) is UNKNOWN
    assert strictest([CC0, OPEN]) is OPEN
    assert strictest([]) is UNKNOWN
