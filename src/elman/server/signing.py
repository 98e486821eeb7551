"""Exported sessions are signed with HMAC-SHA256, so that only what the server exported comes back.

Source: H. Krawczyk et al., RFC 2104 (1997); FIPS 198-1.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

KEY_BYTES = 32
_SIGNATURE_BYTES = 32
_PURPOSE = b"elman session\0"  # a signature for another purpose, with the same key, does not fit


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def sign(key: bytes, content: bytes) -> str:
    """The signature and the content, as URL-safe Base64."""
    return base64.urlsafe_b64encode(_signature(key, content) + content).decode("ascii")


def verify(key: bytes, text: str) -> bytes | None:
    """The content of a signed text; None where the key has not signed it."""
    try:
        both = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    signature, content = both[:_SIGNATURE_BYTES], both[_SIGNATURE_BYTES:]
    return content if hmac.compare_digest(signature, _signature(key, content)) else None


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + content, "sha256")
