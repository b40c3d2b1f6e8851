"""A `bkend-server` of its own over a fresh folder."""

import json
import subprocess
import tempfile
import urllib.request
from pathlib import Path


class Server:
    """Starts the server with the tables of a file; a context manager that stops it."""

    def __init__(self, binary: str, tables: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="contract-")
        self.folder = self._folder.name
        folder = self.folder + "/data"
        made = subprocess.run([binary, "init", folder], check=True, capture_output=True, text=True)
        keys = json.loads(made.stdout)
        self.secret_key: str = keys["secretKey"]
        self.publishable_key: str = keys["publishableKey"]
        subprocess.run([binary, "apply", folder, str(tables)], check=True, capture_output=True)
        self._log = open(self._folder.name + "/server.log", "w+b")
        self._process = subprocess.Popen(
            [binary, "serve", folder, "--port", "0", "--rate-limit", "off", "--sign-up-limit", "off"],
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise RuntimeError(f"the server did not start: {line!r}")
        self.url = line.removeprefix("listening on ").strip()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
        self._folder.cleanup()

    def log(self) -> str:
        """What the server has logged: warnings and errors alone."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def ask(self, method: str, path: str, headers: dict[str, str], body: object = None) -> dict:
        """One request that has to succeed."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def sign_up(self) -> dict[str, str]:
        """The headers of a new user."""
        key = {"X-API-Key": self.publishable_key}
        body = {"email": "contract@example.com", "password": "correct horse 1"}
        token = self.ask("POST", "/v1/auth/email/signup", key, body)["accessToken"]
        return {**key, "Authorization": f"Bearer {token}"}
