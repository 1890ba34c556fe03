"""The museums whose servers are known, and what each of them asks of its visitors."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """What a host bears: connections at a time, requests a second, and a header of its own for the User-Agent."""

    connections: int
    rate: float
    header: str = ""


HOSTS = frozenset(
    {
        *("api.artic.edu", "www.artic.edu"),
        *("collectionapi.metmuseum.org", "images.metmuseum.org"),
        "www.moma.org",
        *("media.tate.org.uk", "www.tate.org.uk"),
        *("api.nga.gov", "media.nga.gov"),
        *("openaccess-api.clevelandart.org", "openaccess-cdn.clevelandart.org"),
        "ids.si.edu",
        *("data.rijksmuseum.nl", "iiif.micr.io"),
        *("iiif.wellcomecollection.org", "api.wellcomecollection.org"),
        *("media.getty.edu", "data.getty.edu"),
        *("iiif.harvardartmuseums.org", "ids.lib.harvard.edu"),
        *("iiif.europeana.eu", "api.europeana.eu"),
        *("raw.githubusercontent.com", "media.githubusercontent.com"),  # where museums publish their catalogues
    }
)
_AIC = Pace(connections=1, rate=1.0, header="AIC-User-Agent")  # 60 requests a minute, one at a time
_MET = Pace(connections=2, rate=4.0)  # asks for fewer than 5 a second
PACES = {
    "api.artic.edu": _AIC,
    "www.artic.edu": _AIC,
    "collectionapi.metmuseum.org": _MET,
    "images.metmuseum.org": _MET,
}
TRUSTED = Pace(connections=8, rate=1000.0)  # the operator's own server, which has nobody else to serve
