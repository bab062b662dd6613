"""A real Elasticsearch node as a child process: plain or secured, alone or one of several.

`Node` picks a free port, says when it is ready, is stopped by its process id, can be killed and
started again on the same port and data. It dies with its parent.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.elasticsearch_node.certificates import Authority, Certificate
from tests.elasticsearch_node.classes import shared_classes
from tests.elasticsearch_node.jars import EIGHT, Release, class_path, java
from vigie.demo import tether

READY_SECONDS = 120.0
STOP_SECONDS = 20.0
PASSWORD = "changeme-in-tests"
PLUGINS = ("org.elasticsearch.transport.netty4.Netty4Plugin", "vigietest.RootPlugin")
SECURED_PLUGINS = (
    "org.elasticsearch.transport.netty4.Netty4Plugin",
    "org.elasticsearch.xpack.core.XPackPlugin",
    "org.elasticsearch.xpack.security.SecurityWithoutSaml",
    "vigietest.RootPlugin",
    "vigietest.SecurityAnalysisPlugin",
)
LOGGING = """\
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""


class Node:
    """One node in `folder`. With an `authority` it has security and TLS; user `elastic` has
    PASSWORD. `settings` stand over the defaults of elasticsearch.yml."""

    def __init__(
        self,
        folder: Path,
        *,
        authority: Authority | None = None,
        certificate: Certificate | None = None,
        settings: Mapping[str, str] | None = None,
        heap: str = "512m",
        release: Release = EIGHT,
        java_options: Sequence[str] = (),
    ) -> None:
        self.folder = folder.resolve()
        self.authority = authority
        self.certificate = certificate
        self._heap = heap
        self._release = release
        self._java_options = java_options
        self.port = _free_port()
        self.transport_port = _free_port()
        self._settings = {
            "cluster.name": "vigie-test",
            "node.name": self.folder.name,
            "discovery.type": "single-node",
            "network.host": "127.0.0.1",
            "path.repo": str(self.folder / "snapshots"),
            # A full disk of the machine is none of the tests' business.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The root address of HTTP."""
        return f"{'https' if self.authority else 'http'}://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id; 0 when it does not run."""
        return self._process.pid if self._process else 0

    @property
    def log(self) -> Path:
        """What the node says."""
        return self.folder / "node.log"

    def set(self, settings: Mapping[str, str]) -> None:
        """Settings for the next start."""
        self._settings |= settings

    def launch(self, **overrides: str) -> None:
        """Start it without waiting; `overrides` have `__` for a dot."""
        self._write_config(overrides)
        (self.folder / "ready").unlink(missing_ok=True)
        plugins = SECURED_PLUGINS if self.authority else PLUGINS
        command = [
            str(java(self._release) / "java"),
            f"-Xms{self._heap}", f"-Xmx{self._heap}", "-XX:+UseSerialGC",
            *([] if self._heap == "1g" else ["-XX:TieredStopAtLevel=1"]),
            *(self._java_options or shared_classes(self._release)),
            f"-Djava.io.tmpdir={self.folder / 'tmp'}",
            f"-Des.path.home={self.folder}",
            f"-Des.ready.file={self.folder / 'ready'}",
            f"-Des.plugins={','.join(plugins)}",
            *([f"-Des.secure.bootstrap.password={PASSWORD}"] if self.authority else []),
            "-cp", class_path(self._release), "org.elasticsearch.node.EsNode",
            f"http.port={self.port}", f"transport.port={self.transport_port}",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                tether.command(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def wait(self) -> Self:
        """Until it is ready; raises RuntimeError with its last words."""
        until = time.monotonic() + READY_SECONDS
        while not (self.folder / "ready").exists():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > until:
                words = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
                self.kill()
                raise RuntimeError("the node did not start:\n" + "\n".join(words))
            time.sleep(0.05)
        return self

    def start(self, **overrides: str) -> Self:
        """Start it and wait."""
        self.launch(**overrides)
        return self.wait()

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """SIGTERM, and SIGKILL to one that does not stop in time."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """SIGSTOP: it holds connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _write_config(self, overrides: Mapping[str, str]) -> None:
        config = self.folder / "config"
        for folder in (config, self.folder / "tmp", self.folder / "snapshots"):
            folder.mkdir(parents=True, exist_ok=True)
        (config / "log4j2.properties").write_text(LOGGING)
        settings = dict(self._settings)
        if self.authority is not None:
            settings |= self._secured(self.authority, config)
        settings |= {name.replace("__", "."): value for name, value in overrides.items()}
        lines = [f'{name}: "{value}"' for name, value in settings.items() if value]
        (config / "elasticsearch.yml").write_text("\n".join(lines) + "\n")

    def _secured(self, authority: Authority, config: Path) -> dict[str, str]:
        if self.certificate is None:
            self.certificate = authority.issue(self.folder.name)
        shutil.copy(self.certificate.certificate, config / "node.crt")
        shutil.copy(self.certificate.key, config / "node.key")
        shutil.copy(authority.ca, config / "ca.crt")
        settings = {
            "xpack.license.self_generated.type": "basic",
            "xpack.security.enabled": "true",
        }
        for layer in ("http", "transport"):
            prefix = f"xpack.security.{layer}.ssl"
            settings |= {
                f"{prefix}.enabled": "true",
                f"{prefix}.key": "node.key",
                f"{prefix}.certificate": "node.crt",
                f"{prefix}.certificate_authorities": "ca.crt",
            }
        return settings


class Cluster:
    """Nodes that find each other, on this machine. Any of them may be killed and started again."""

    def __init__(self, folder: Path, number: int = 3, heap: str = "320m") -> None:
        alone = {"discovery.type": ""}
        self.nodes = [Node(folder / f"node-{n}", settings=alone, heap=heap) for n in range(number)]
        found = {
            "discovery.seed_hosts": ",".join(f"127.0.0.1:{n.transport_port}" for n in self.nodes),
            # Only a cluster's first start looks at it.
            "cluster.initial_master_nodes": ",".join(node.folder.name for node in self.nodes),
        }
        for node in self.nodes:
            node.set(found)

    @property
    def url(self) -> str:
        """All addresses, with commas between them."""
        return ",".join(node.url for node in self.nodes)

    def start(self) -> Self:
        """Launch all and wait."""
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait()
        return self

    def stop(self) -> None:
        """SIGTERM to all."""
        for node in self.nodes:
            node.stop()

    def named(self, name: str) -> Node:
        """The node of a name."""
        return next(node for node in self.nodes if node.folder.name == name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
