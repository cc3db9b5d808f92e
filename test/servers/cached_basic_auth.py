"""MLflow 2.22 hashes the password anew for each request, 0.3 s of a core; 3.x can remember who was let in, and this
brings the same to 2.22: its own check, asked once a minute for each pair of user and password."""

import hashlib
import time

from flask import Response, request
from mlflow.server import auth

SECONDS = 60
let_in_until = {}


def authenticate_request():
    header = request.headers.get("Authorization", "")
    key = hashlib.sha256(header.encode()).digest()
    if let_in_until.get(key, 0) > time.monotonic():
        return request.authorization
    answer = auth.authenticate_request_basic_auth()
    if not isinstance(answer, Response):
        let_in_until[key] = time.monotonic() + SECONDS
    return answer
