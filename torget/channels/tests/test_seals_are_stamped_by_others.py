"""A time stamp authority of our own, by OpenSSL: it stamps the newest seal, and what it stamped is checked."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from django.utils import timezone

from torget.channels import timestamping
from torget.history.models import Seal
from torget.history.rules import record
from torget.history.seal import seal
from torget.people.actor import Actor

CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
[tsa_cert]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


def run(*words, folder):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tsa")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01")
    for name in ("ca", "other"):
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-subj", f"/CN={name}", "-days", "2", folder=folder)  # fmt: skip
    run(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "tsa.key",
        "-out",
        "tsa.csr",
        "-subj",
        "/CN=tsa",
        folder=folder,
    )
    run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem",
        "-days", "2", "-extfile", "tsa.cnf", "-extensions", "tsa_cert", folder=folder)  # fmt: skip

    class Stamps(BaseHTTPRequestHandler):
        def do_POST(self):
            question = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "q.tsq").write_bytes(question)
            run(
                "ts",
                "-reply",
                "-config",
                "tsa.cnf",
                "-section",
                "here",
                "-queryfile",
                "q.tsq",
                "-out",
                "a.tsr",
                folder=folder,
            )
            answer = (folder / "a.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_given):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Stamps)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", folder
    server.shutdown()


@pytest.fixture
def sealed(transactional_db, nordvaag, settings, authority):
    settings.TSA_URL, folder = authority
    settings.TSA_CA_FILE = str(folder / "ca.pem")
    with transaction.atomic():
        record("municipality.changed", nordvaag, by=Actor.system(nordvaag.pk), at=timezone.now())
    return seal(at=timezone.now())


def test_the_newest_seal_is_stamped_once_and_the_stamp_holds(sealed):
    path = timestamping.stamp(at=timezone.now())
    assert path is not None
    assert path.name == f"stamp-{sealed.pk}.tsr"
    assert timestamping.stamp(at=timezone.now()) is None
    assert timestamping.faults() == []


def test_a_stamp_of_another_seal_and_of_another_authority_do_not_hold(sealed, settings, authority):
    path = timestamping.stamp(at=timezone.now())
    settings.TSA_CA_FILE = str(authority[1] / "other.pem")
    [told] = timestamping.faults()
    assert "not signed by the authority we trust" in told
    settings.TSA_CA_FILE = str(authority[1] / "ca.pem")
    path.rename(path.with_name("stamp-999999.tsr"))
    [told] = timestamping.faults()
    assert "the seal is no more" in told


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/"])
def test_an_authority_that_does_not_answer_is_no_stamp(sealed, settings, url):
    settings.TSA_URL = url
    with pytest.raises(timestamping.NotStamped):
        timestamping.stamp(at=timezone.now())
    assert Seal.objects.exists()


def test_without_an_authority_nothing_is_asked(sealed, settings):
    settings.TSA_URL = ""
    assert timestamping.stamp(at=timezone.now()) is None
