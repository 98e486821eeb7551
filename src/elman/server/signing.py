"""What leaves the server and comes back must be what left: sealed with HMAC-SHA256.

Source: H. Krawczyk et al., RFC 2104 (1997); FIPS 198-1.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets

KEY_BYTES = 32
_SEAL_BYTES = 32
_PURPOSE = b"elman session\0"  # the same key seals nothing else by chance


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def sealed(key: bytes, content: bytes) -> str:
    """The content and its seal, as text."""
    return base64.urlsafe_b64encode(_seal(key, content) + content).decode("ascii")


def unsealed(key: bytes, text: str) -> bytes | None:
    """The content, or None where this key has not sealed it so."""
    try:
        both = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    seal, content = both[:_SEAL_BYTES], both[_SEAL_BYTES:]
    return content if hmac.compare_digest(seal, _seal(key, content)) else None


def _seal(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + content, "sha256")
