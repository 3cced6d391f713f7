"""What a mail with a code says."""

import re

from odoo.tools import html2plaintext

_CODE = re.compile(r"\b[2-9B-DF-HJ-NP-TV-XZ]{4}-[2-9B-DF-HJ-NP-TV-XZ]{4}\b")


def find_code(mail):
    """Return the code in the one mail that was written."""
    [code] = _CODE.findall(html2plaintext(mail.body_html))
    return code
