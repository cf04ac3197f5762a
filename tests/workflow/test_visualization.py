"""Colours of activation maps, and PNG files that open again."""

import math
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image

from kolena_local.errors import InputValidationError
from kolena_local.workflow import visualization
from kolena_local.workflow.visualization import (
    Colormap,
    ColormapJet,
    colorize_activation_map,
    encode_png,
)

# Intensity, then red, green and blue of MATLAB's jet, then its opacity when low ones are faded.
JET = [
    (0, 0, 0, 128, 0),
    (64, 0, 128, 255, 0),
    (128, 130, 255, 126, 131),
    (191, 255, 128, 0, 254),
    (255, 128, 0, 0, 254),
]


class Gray(Colormap):
    def red(self, intensity: np.uint8) -> np.uint8:
        return intensity

    green = blue = red


def pixels(*values: int) -> Any:
    return np.array([values], dtype=np.uint8)


def test_public_names() -> None:
    assert visualization.__all__ == [
        "Colormap",
        "ColormapJet",
        "colorize_activation_map",
        "encode_png",
    ]


@pytest.mark.parametrize(("intensity", "red", "green", "blue", "faded"), JET)
def test_jet(intensity: int, red: int, green: int, blue: int, faded: int) -> None:
    for colormap, alpha in ((ColormapJet(), faded), (ColormapJet(fade_low_activation=False), 255)):
        expected = [red, green, blue, alpha]

        assert colormap.colorize(np.uint8(intensity)).tolist() == expected
        assert colorize_activation_map(pixels(intensity), colormap).tolist() == [[expected]]


def test_jet_rises_and_falls_by_four_a_step_and_is_symmetric() -> None:
    ramp = np.arange(256, dtype=np.uint8)[np.newaxis]

    red, green, blue, _ = colorize_activation_map(ramp)[0].astype(int).T

    assert set(np.abs(np.diff(green))) <= {0, 3, 4}
    assert (np.abs(red - blue[::-1]) <= 2).all()
    assert (np.abs(green - green[::-1]) <= 1).all()


def test_the_faded_jet_is_the_default() -> None:
    assert colorize_activation_map(pixels(0, 128))[0, :, 3].tolist() == [0, 131]
    assert ColormapJet().fade_low_activation


def test_floats_of_half_precision_are_rounded_once() -> None:
    floats = np.arange(0x3C01, dtype=np.uint16).view(np.float16)  # all from 0 to 1
    rounded = [round(255 * Fraction(value)) for value in floats.tolist()]
    colors = colorize_activation_map(floats[np.newaxis], Gray())

    assert colors[0, :, 0].tolist() == rounded


@pytest.mark.parametrize("share", [300, -1, math.nan, 256.0, np.float64(math.inf), 10**30])
def test_a_colour_beyond_its_range_is_refused(share: Any) -> None:
    class Broken(Gray):
        def green(self, intensity: np.uint8) -> Any:
            return share

    with pytest.raises(InputValidationError, match=r"Broken maps the intensity 7 to .* 255"):
        colorize_activation_map(pixels(7), Broken())


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_are_scaled_and_rounded(kind: type) -> None:
    floats = np.array([[0.0, 0.5, 1.0]], dtype=kind)

    assert (colorize_activation_map(floats) == colorize_activation_map(pixels(0, 128, 255))).all()


def test_the_input_is_not_modified_and_the_result_is_new() -> None:
    activation = pixels(0, 128, 255)
    before = activation.copy()

    result = colorize_activation_map(activation[:, :, np.newaxis])

    assert result.shape == (1, 3, 4)
    assert result.dtype == np.uint8
    assert result.flags.writeable
    assert not np.shares_memory(result, activation)
    assert (activation == before).all()


def test_every_pixel_gets_the_color_of_its_own_intensity() -> None:
    activation = np.random.default_rng(7).integers(0, 256, (13, 17), dtype=np.uint8)
    colormap = ColormapJet()

    result = colorize_activation_map(activation, colormap)

    for at in np.ndindex(activation.shape):
        assert (result[at] == colormap.colorize(activation[at])).all()


def test_a_colormap_of_the_users_own() -> None:
    result = colorize_activation_map(pixels(3, 200), Gray(fade_low_activation=False))

    assert result.tolist() == [[[3, 3, 3, 255], [200, 200, 200, 255]]]


def test_a_colormap_needs_its_colors() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Colormap()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("activation", "message"),
    [
        (np.zeros((0, 3), np.uint8), r"shape \(0, 3\) is empty"),
        (np.zeros((2, 2), np.int64), "not int64"),
        (np.zeros((2, 2), bool), "not bool"),
        (np.full((2, 2), 1.5), "outside of 0 to 1"),
        (np.full((2, 2), -0.1), "outside of 0 to 1"),
        (np.full((2, 2), np.nan), "NaN"),
        (np.zeros(4, np.uint8), "has 1 dimension:"),
        (np.zeros((2, 2, 1, 1), np.uint8), "has 4 dimensions"),
        (np.zeros((2, 2, 3), np.uint8), "this one has 3"),
    ],
)
def test_arrays_that_are_no_activation_map(activation: Any, message: str) -> None:
    with pytest.raises(InputValidationError, match=message):
        colorize_activation_map(activation)


@pytest.mark.parametrize(
    ("shape", "mode"),
    [((5, 7), "L"), ((5, 7, 1), "L"), ((5, 7, 3), "RGB"), ((5, 7, 4), "RGBA"), ((1, 1, 1), "L")],
)
def test_a_png_opens_again(shape: tuple[int, ...], mode: str) -> None:
    image = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)

    encoded = encode_png(image, mode)

    assert encoded.tell() == 0
    with Image.open(encoded) as opened:
        assert (opened.format, opened.mode) == ("PNG", mode)
        assert (np.asarray(opened) == image.reshape(np.asarray(opened).shape)).all()


def test_a_colored_activation_map_is_an_image() -> None:
    colored = colorize_activation_map(np.linspace(0, 1, 12).reshape(3, 4))

    with Image.open(encode_png(colored, "RGBA")) as opened:
        assert (np.asarray(opened) == colored).all()


@pytest.mark.parametrize(
    ("image", "mode", "message"),
    [
        (np.zeros((0, 3), np.uint8), "L", "is empty"),
        (np.zeros(3, np.uint8), "L", "has 1 dimension:"),
        (np.zeros((1, 2, 3, 4), np.uint8), "RGB", "has 4 dimensions"),
        (np.zeros((2, 3, 3), np.uint8), "XX", "not a PNG image of mode 'XX'"),
        (np.zeros((2, 3, 5), np.uint8), "RGB", r"shape \(2, 3, 5\)"),
        (np.zeros((2, 3), np.float32), "F", "type float32"),
    ],
)
def test_arrays_that_are_no_image(image: Any, mode: str, message: str) -> None:
    with pytest.raises(InputValidationError, match=message):
        encode_png(image, mode)


def test_without_pillow_the_error_says_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(ImportError, match=r"pip install 'kolena-local\[images\]'"):
        encode_png(pixels(1), "L")
    assert colorize_activation_map(pixels(1)).shape == (1, 1, 4)
