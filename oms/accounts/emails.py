"""E-mail addresses as they are kept and compared."""

import re
import unicodedata

from oms.errors import Invalid

MAX_CHARACTERS = 254
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_ADDRESS = re.compile(rf"""[^\s@"(),:;<>\[\]\\\x00-\x1f\x7f]{{1,64}}@{_LABEL}(?:\.{_LABEL})*""")


def normalise(text: str) -> str:
    """Without surrounding space, composed (NFC), in small letters: one spelling for one mailbox."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).lower())


def is_address(normalised: str) -> bool:
    return len(normalised) <= MAX_CHARACTERS and _ADDRESS.fullmatch(normalised) is not None


def checked(text: str) -> str:
    """The normalised address; raises `Invalid` (invalid_email, at /email)."""
    normalised = normalise(text)
    if not is_address(normalised):
        raise Invalid.at("/email", "This is not an e-mail address.", code="invalid_email")
    return normalised
