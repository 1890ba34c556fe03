"""The exact networks against the answers in vectors/, which the naive networks gave in float64."""

import numpy as np
import pytest
from known import SMALL, VECTORS, Small, largest, small
from make_vectors import NETWORKS, vectors


@pytest.fixture(scope="module", params=SMALL)
def network(request: pytest.FixtureRequest) -> Small:
    return small(request.param)


def test_every_network_has_its_answers() -> None:
    assert sorted(NETWORKS) == SMALL


def test_answers_are_what_the_naive_networks_give() -> None:
    name = "stylegan3-r"
    made = vectors(name)
    with np.load(VECTORS / f"{name}.npz") as kept:
        assert made.keys() == set(kept.files)
        assert str(made["design"]) == str(kept["design"])
        for key in made.keys() - {"design"}:
            np.testing.assert_allclose(made[key], kept[key], rtol=1e-6, atol=1e-7)


def test_mapping(network: Small) -> None:
    assert largest(network.generator.mapping(network.z, network.c), network.w_psi1) <= 1e-5
    cut = network.generator.mapping(network.z, network.c, truncation_psi=0.7, truncation_cutoff=3)
    assert largest(cut, network.w_psi07_cutoff3) <= 1e-5


def test_pictures(network: Small) -> None:
    assert len(network.pictures) == 2
    for arguments, image in network.pictures.values():
        assert image.shape[2:] == network.generator.img_shape
        assert image.abs().max() > 0.05
        assert largest(network.generator.synthesis(network.ws, **arguments), image) <= 2e-5
