import io
import struct
import zlib

from PIL import Image

from odoo.tests import BaseCase, tagged

from ...models.returns_portal.photo import KEPT_SIDE, MOST_BYTES, PhotoError, read_photo


def make_picture(size=(60, 40), kind="JPEG", mode="RGB", color="red", **options):
    made = io.BytesIO()
    Image.new(mode, size, color).save(made, kind, **options)
    return made.getvalue()


def read(content):
    return Image.open(io.BytesIO(read_photo(content, 1).content))


@tagged("post_install", "-at_install")
class TestPhoto(BaseCase):
    """What is kept of what customers send as photos."""

    def test_kept_as_jpeg(self):
        for kind in ("JPEG", "PNG"):
            image = read(make_picture(kind=kind))
            self.assertEqual((image.format, image.mode, image.size), ("JPEG", "RGB", (60, 40)))
        self.assertEqual(read_photo(make_picture(), 3).name, "photo-3.jpg")

    def test_nothing_but_pixels(self):
        """Where a photo was taken is nobody's business, and what hangs behind it is lost."""
        exif = Image.Exif()
        exif[0x010F] = "Secret Camera"
        exif.get_ifd(0x8825)[1] = "N"
        content = make_picture(exif=exif) + b"<script>alert(1)</script>"
        kept = read_photo(content, 1).content
        self.assertIn(b"Secret Camera", content)
        for trace in (b"Secret Camera", b"<script>", b"Exif"):
            self.assertNotIn(trace, kept)

    def test_upright(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # turned to the right by the camera
        self.assertEqual(read(make_picture(exif=exif)).size, (40, 60))

    def test_large_ones_are_made_smaller(self):
        self.assertEqual(read(make_picture((4000, 2000))).size, (KEPT_SIDE, KEPT_SIDE // 2))

    def test_transparent_ones_are_on_white(self):
        image = read(make_picture(kind="PNG", mode="RGBA", color=(255, 0, 0, 0)))
        self.assertEqual(image.getpixel((5, 5)), (255, 255, 255))
        image = read(make_picture(kind="PNG", mode="P", color=0, transparency=0))
        self.assertEqual(image.getpixel((5, 5)), (255, 255, 255))

    def assertNone(self, content, reason):
        with self.assertRaises(PhotoError) as caught:
            read_photo(content, 1)
        self.assertEqual(caught.exception.reason, reason)

    def test_what_is_none(self):
        self.assertNone(b"", "empty")
        self.assertNone(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "format")
        self.assertNone(b"MZ\x90" + b"\0" * 100, "format")
        self.assertNone(b"%PDF-1.7\n", "format")
        self.assertNone(make_picture()[:200], "format")
        # Odoo reads it, but no phone's camera makes it.
        self.assertNone(make_picture(kind="GIF"), "format")
        self.assertNone(b"RIFF\x24\0\0\0WEBPVP8 " + b"\0" * 32, "format")
        self.assertNone(make_picture() + b"\0" * MOST_BYTES, "size")

    def test_a_bomb_is_not_unpacked(self):
        """A small file that says to have billions of pixels."""

        def chunk(name, data):
            body = name + data
            return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

        for width in (60_000, 9_000):
            head = struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0)
            bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"")
            self.assertNone(bomb + chunk(b"IEND", b""), "pixels")
