"""Photos that customers send: looked at for what they are, and made anew before they are kept."""

import io
import warnings
from typing import NamedTuple

from PIL import Image, ImageOps, UnidentifiedImageError

#: Bytes of a photo as it comes, and photos of a line.
MOST_BYTES = 10_000_000
MOST_PHOTOS = 5
#: Bytes of a whole form, which may have photos of several lines.
MOST_FORM_BYTES = 40_000_000
#: Pixels of a photo as it comes: what says to have more is no photo, or is meant to fill memory.
MOST_PIXELS = 60_000_000
#: Pixels of the longer side of what is kept.
KEPT_SIDE = 1920
#: What phones and cameras send, of the few kinds that Odoo lets PIL read.
FORMATS = ("JPEG", "PNG")


class Photo(NamedTuple):
    """A photo as it is kept: a JPEG without what the camera wrote of place, time and owner.

    :param str name: of the file
    :param bytes content: of the file
    """

    name: str
    content: bytes


class PhotoError(ValueError):
    """What was sent is no photo that can be kept.

    :param str reason: ``empty``, ``size``, ``format`` or ``pixels``
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def read_photo(content, number):
    """Return a photo as it is kept.

    Neither the name nor the type that the sender gave counts, only the content; the pixels are
    written into a new file, so that nothing else in the old one lives on.

    :param bytes content: as it came
    :param int number: of the photo, for its name
    :rtype: Photo
    :raises PhotoError: it is none
    """
    if not content:
        raise PhotoError("empty")
    if len(content) > MOST_BYTES:
        raise PhotoError("size")
    try:
        with warnings.catch_warnings():
            # PIL warns of what is beyond its own limit; ours is checked below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        # Known from the head of the file, before a single pixel is unpacked.
        if image.width * image.height > MOST_PIXELS:
            raise PhotoError("pixels")
        if image.format == "JPEG":
            image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
        image = ImageOps.exif_transpose(image)
        image = _flatten(image)
        image.thumbnail((KEPT_SIDE, KEPT_SIDE))
        kept = io.BytesIO()
        image.save(kept, "JPEG", quality=85, optimize=True)
    except PhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise PhotoError("pixels") from error
    except (
        UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, EOFError
    ) as error:  # fmt: skip
        # PIL raises any of these for files that are broken, or were made to look like pictures.
        raise PhotoError("format") from error
    return Photo(f"photo-{number}.jpg", kept.getvalue())


def _flatten(image):
    """Return an image without transparency, on white, in RGB."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image.convert("RGB")
