"""The server of a page that shows a plan: it knows who is signed in, and signs a token that says so.

Python 3.9 or later, no packages:

    PLANSYNC_URL=http://localhost:4300 PLANSYNC_TOKEN_SECRET=$(cat plansync-data/token-secret) python3 server.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PLANSYNC_URL = os.environ.get("PLANSYNC_URL", "http://localhost:4300")
SECRET = os.environ["PLANSYNC_TOKEN_SECRET"]  # it is in the file token-secret of the plansync server
PAGE = (Path(__file__).parent / "index.html").read_text().replace("https://plans.example.com", PLANSYNC_URL)


def part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def plan_token(person: dict, plan: str) -> str:
    """A token: who, on which plan, for which side, allowed what, for an hour."""
    now = int(time.time())
    claims = {**person, "plan": plan, "iat": now, "exp": now + 3600}
    body = ".".join(part(json.dumps(each).encode()) for each in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{part(signature)}"


def signed_in(request, plan: str):
    """Yours: the person of the session, and whether they may see this plan."""
    return {"sub": "ben@crm.example", "name": "Ben", "email": "ben@crm.example", "party": "buyer", "access": "editor"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/":
            self.answer(200, PAGE, "text/html; charset=utf-8")
        elif url.path == "/plan-token":
            plan = parse_qs(url.query).get("plan", [""])[0]
            person = signed_in(self, plan)
            self.answer(200 if person else 401, plan_token(person, plan) if person else "", "text/plain")
        else:
            self.answer(404, "", "text/plain")

    def answer(self, status: int, body: str, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("cache-control", "no-store")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8080"))), Handler)
    print(f"listening http://localhost:{server.server_port}", flush=True)
    server.serve_forever()
