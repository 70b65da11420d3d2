"""What the vendor's quickstarts do for a token, in words of our own: PyJWT, HS256, the secret of the environment."""
import base64
import os

import jwt

SECRET = base64.b64decode(os.environ.get("APPROOV_BASE64_SECRET", ""))


def is_genuine(token):
    if not token:
        return False
    try:
        jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return False
    return True
