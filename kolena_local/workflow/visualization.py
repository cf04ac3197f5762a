"""Activation maps as color images, and arrays as PNG files in memory.

For evaluators that make pictures. Nothing here writes a file or uses the store; Pillow is imported
only when an image is encoded.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from kolena_local.errors import InputValidationError
from kolena_local.plurals import counted
from kolena_local.workflow.arguments import check_flag

__all__ = ["Colormap", "ColormapJet", "colorize_activation_map", "encode_png"]


class Colormap(ABC):
    """Colors for the intensity of activations; subclasses define them.

    Args:
        fade_low_activation: make weak activations transparent, so that the image below shows; False
            makes everything opaque.

    Raises:
        InputValidationError: ``fade_low_activation`` is not a bool.
    """

    def __init__(self, fade_low_activation: bool = True):
        self.fade_low_activation = check_flag(fade_low_activation, "fade_low_activation")

    @abstractmethod
    def red(self, intensity: np.uint8) -> np.uint8:
        """Map an intensity to the red channel, both from 0 to 255."""

    @abstractmethod
    def green(self, intensity: np.uint8) -> np.uint8:
        """Map an intensity to the green channel, both from 0 to 255."""

    @abstractmethod
    def blue(self, intensity: np.uint8) -> np.uint8:
        """Map an intensity to the blue channel, both from 0 to 255."""

    def alpha(self, intensity: np.uint8) -> np.uint8 | np.float64:
        """Map an intensity to its opacity, from 0 to 255.

        Returns:
            255 without fading. With fading the logistic curve ``255 / (1 + exp((127.5 - x) / 8))``,
            whose fraction ``colorize`` truncates.
        """
        opaque: np.uint8 = np.uint8(255)
        faded: np.float64 = 255 / (1 + np.exp((127.5 - float(intensity)) / 8))
        return faded if self.fade_low_activation else opaque

    def colorize(self, intensity: np.uint8) -> npt.NDArray[np.uint8]:
        """Map an intensity to the four bytes red, green, blue and alpha.

        Raises:
            InputValidationError: a channel is not a number from 0 to 255.
        """
        channels = (self.red, self.green, self.blue, self.alpha)
        shares = [float(channel(intensity)) for channel in channels]
        if not all(0 <= share < 256 for share in shares):
            raise InputValidationError(
                f"{type(self).__name__} maps the intensity {intensity} to {shares}; let red, green,"
                " blue and alpha return numbers from 0 to 255."
            )
        return np.array(shares).astype(np.uint8)


class ColormapJet(Colormap):
    """MATLAB's "jet": from dark blue through cyan, yellow and orange to dark red."""

    def red(self, intensity: np.uint8) -> np.uint8:
        """Map an intensity to red, which is full around 191."""
        return _trapezoid(float(intensity) - 63.75)

    def green(self, intensity: np.uint8) -> np.uint8:
        """Map an intensity to green, which is full around 128."""
        return _trapezoid(float(intensity))

    def blue(self, intensity: np.uint8) -> np.uint8:
        """Map an intensity to blue, which is full around 64."""
        return _trapezoid(float(intensity) + 63.75)


_JET = ColormapJet()


def colorize_activation_map(
    activation_map: npt.NDArray[Any], colormap: Colormap = _JET
) -> npt.NDArray[np.uint8]:
    """Color an activation map.

    Args:
        activation_map: intensities of shape ``(h, w)`` or ``(h, w, 1)``: ``uint8``, or floats from
            0 to 1, which are multiplied by 255 and rounded. It is not modified.
        colormap: the colors; MATLAB's jet with faded low activations by default.

    Returns:
        A new array of shape ``(h, w, 4)``: red, green, blue and alpha as ``uint8``.

    Raises:
        InputValidationError: the map is empty, has another shape, or other values.
    """
    intensities = _intensities(_checked_image(activation_map))
    if intensities.ndim == 3:
        if intensities.shape[2] != 1:
            raise InputValidationError(
                f"An activation map has one channel, but this one has {intensities.shape[2]}: "
                "pass an array of shape (h, w) or (h, w, 1)."
            )
        intensities = intensities[:, :, 0]
    # A colormap is asked once for each of at most 256 intensities, not once for each pixel.
    present, positions = np.unique(intensities, return_inverse=True)
    colors = np.stack([colormap.colorize(intensity) for intensity in present])
    colored: npt.NDArray[np.uint8] = colors[positions.reshape(intensities.shape)]
    return colored


def encode_png(image: npt.NDArray[Any], mode: str) -> io.BytesIO:
    """Encode an array as a PNG file in memory.

    Args:
        image: pixels of shape ``(h, w)``, ``(h, w, 1)``, ``(h, w, 3)`` or ``(h, w, 4)``.
        mode: the Pillow mode of the pixels, such as ``"L"``, ``"RGB"`` or ``"RGBA"``.

    Returns:
        The bytes of the file, positioned at their start.

    Raises:
        InputValidationError: the image is empty, does not have two or three dimensions, or does not
            match the mode. It is a ``ValueError``.
        ImportError: Pillow is not installed.
    """
    try:
        from PIL import Image, ImageMode
    except ImportError as error:
        raise ImportError(
            "PNG files need Pillow, which is not installed; "
            "run: pip install 'kolena-local[images]'",
            name="PIL",
        ) from error
    pixels = _checked_image(image)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    height, width, *channels = pixels.shape
    encoded = io.BytesIO()
    try:
        # Not Image.fromarray(), which treats modes differently from version to version of Pillow.
        expected = ImageMode.getmode(mode)
        if pixels.dtype != expected.typestr or (channels or [1]) != [len(expected.bands)]:
            each = f"{len(expected.bands)} x {np.dtype(expected.typestr)}"
            raise ValueError(f"which has {each} for each pixel")
        Image.frombytes(mode, (width, height), pixels.tobytes()).save(encoded, format="png")
    except (KeyError, OSError, ValueError) as error:
        raise InputValidationError(
            f"An array of shape {pixels.shape} and type {pixels.dtype} is not a PNG image of mode "
            f"{mode!r} ({error}); pass another mode or convert the array first."
        ) from error
    encoded.seek(0)
    return encoded


def _checked_image(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    pixels = np.asarray(image)
    if pixels.size == 0:
        raise InputValidationError(
            f"The array of shape {pixels.shape} is empty: pass an image with at least one pixel."
        )
    if pixels.ndim not in (2, 3):
        raise InputValidationError(
            f"The array has {counted(pixels.ndim, 'dimension')}: pass an image of shape (h, w) or "
            "(h, w, channels)."
        )
    return pixels


def _intensities(activation_map: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if activation_map.dtype == np.uint8:
        return activation_map
    if not np.issubdtype(activation_map.dtype, np.floating):
        raise InputValidationError(
            f"An activation map holds uint8 or floats from 0 to 1, not {activation_map.dtype}: "
            "convert it with .astype(numpy.uint8) if its values are from 0 to 255."
        )
    if not ((activation_map >= 0) & (activation_map <= 1)).all():
        raise InputValidationError(
            "An activation map of floats has a value outside of 0 to 1 (or a NaN): scale it to "
            "that range first."
        )
    # In the map's own type, the product of a half-precision float would be rounded first.
    scaled: npt.NDArray[np.float64] = np.rint(activation_map.astype(np.float64) * 255)
    return scaled.astype(np.uint8)


def _trapezoid(x: float) -> np.uint8:
    """Rise from 0 at 32 to 255 at 96, stay there, and fall from 255 at 159 to 0 at 223."""
    level: np.uint8 = np.uint8(round(min(max(min(4 * x - 127.5, 892.5 - 4 * x), 0), 255)))
    return level
