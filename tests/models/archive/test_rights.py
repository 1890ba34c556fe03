"""What statements of rights are taken for: open only where they say so plainly."""

import pytest

from models.archive.record import Rights
from models.archive.rights import names_a_holder, strictest, understood

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
        ("Data is CC0; images licensed by Art Resource", RESTRICTED),
        ("CC0 for the metadata", UNKNOWN),
        ("CC0 nur für Metadaten", UNKNOWN),
        ("CC0 sauf les images", UNKNOWN),
        ("Public domain, nicht kommerziell", UNKNOWN),
        ("Public domain in the United States", UNKNOWN),
        ("Public domain from 2035", UNKNOWN),
        ("Will enter the public domain in 2035", UNKNOWN),
        ("Public domain 2035", UNKNOWN),
        ("Copyright 1999 Jane Smith. Public domain dedication pending", RESTRICTED),
        ("Public domain work; licensed photographic reproduction", RESTRICTED),
        ("CC0, some rights reserved", RESTRICTED),
        ("CC0 " + "a " * 3000, UNKNOWN),
        ("https://creativecommons.org/publicdomain/zero/1.0/ for the metadata", UNKNOWN),
        ("Not https://creativecommons.org/publicdomain/zero/1.0/", UNKNOWN),
        ("https://creativecommons.org/publicdomain/zero/1.0/, images © the artist", RESTRICTED),
        ("https://creativecommons.org/publicdomain/zero/../../licenses/by/4.0/", UNKNOWN),
        ('<a href="https://creativecommons.org/publicdomain/zero/1.0/">CC0 1.0</a>', CC0),
        ("License: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", CC0),
        ("Licensed under CC0", CC0),
        ("This work is in the public domain.", OPEN),
        ("Public domain (out of copyright)", OPEN),
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


@pytest.mark.parametrize(
    ("credit", "claims"),
    [
        ("© La ville de Paris", True),
        ("Tous droits réservés", True),
        ("Alle Rechte vorbehalten", True),
        ("In copyright", True),
        ("CC BY-SA 4.0", True),
        ("Courtesy of the Art Institute of Chicago", False),
        ("The library", False),
        ("", False),
    ],
)
def test_a_credit_that_claims_rights(credit: str, claims: bool) -> None:
    assert names_a_holder(credit) is claims
