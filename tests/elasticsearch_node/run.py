"""A command beside a real Elasticsearch node: `python -m tests.elasticsearch_node.run COMMAND…`.

The node has TLS, users and API keys, lies in a folder of its own that is removed at the end, and is
set up as `vigie index setup` does it; the command finds it through VIGIE_ELASTICSEARCH__…. A demo
that ran before has its index filled first. Ends with the command's status.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.elasticsearch_node.certificates import Authority
from tests.elasticsearch_node.jars import NodeUnavailable
from tests.elasticsearch_node.node import PASSWORD, Node
from vigie.config import ElasticsearchConfig
from vigie.elasticsearch import set_up

EARLIER = Path(".demo") / "vigie.toml"


def main(command: list[str]) -> int:
    """Start the node, run the command, stop the node."""
    with tempfile.TemporaryDirectory(prefix="vigie-elasticsearch-") as folder:
        authority = Authority(Path(folder) / "authority")
        node = Node(Path(folder) / "node", authority=authority)
        print("Starting Elasticsearch (the first time its jars are fetched)…", file=sys.stderr)  # noqa: T201
        try:
            node.start()
        except NodeUnavailable as unavailable:
            print(f"{unavailable}: {unavailable.detail}", file=sys.stderr)  # noqa: T201
            return 4
        try:
            return _beside(node, authority, Path(folder) / "keys", command)
        finally:
            node.stop()


def _beside(node: Node, authority: Authority, keys: Path, command: list[str]) -> int:
    config = ElasticsearchConfig(url=node.url, ca_file=authority.ca)
    made = dict(set_up(config, "elastic", PASSWORD, keys))
    environment = os.environ | {
        "VIGIE_ELASTICSEARCH__URL": node.url,
        "VIGIE_ELASTICSEARCH__CA_FILE": str(authority.ca),
        **{f"VIGIE_ELASTICSEARCH__{name.upper()}": str(path) for name, path in made.items()},
    }
    vigie = [sys.executable, "-m", "vigie.cli", "index"]
    if EARLIER.exists():
        subprocess.run([*vigie, "rebuild", "--config", str(EARLIER)], env=environment, check=False)
    # Ctrl-C is the command's to answer; the node ends when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = subprocess.Popen(command, env=environment, preexec_fn=_interruptible)
    signal.signal(signal.SIGTERM, lambda *_: running.terminate())
    status = running.wait()
    subprocess.run([*vigie, "status", "--config", str(EARLIER)], env=environment, check=False)
    return status


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
