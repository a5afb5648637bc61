#!/usr/bin/env python3
"""Serves a folder with one worker process of nginx, on loopback, until it is told to end.

usage: serve_with_nginx.py --root FOLDER [--log FILE]

Like samples/serve it takes a free port and says "serving FOLDER on URL" once it listens. FILE gets the target of every
request that was answered, one a line.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

NOT_AVAILABLE = 77  # what bench/ and CTest take for "cannot run here"

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {scratch}/nginx.pid;
error_log {scratch}/error.log;
{user}
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    log_format target '$request_uri';
    access_log {log};
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=20000 inactive=1h;
    client_body_temp_path {scratch}/body;
    proxy_temp_path {scratch}/proxy;
    fastcgi_temp_path {scratch}/fastcgi;
    uwsgi_temp_path {scratch}/uwsgi;
    scgi_temp_path {scratch}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        root {root};
        index index.html;
    }}
}}
"""


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        print("nginx is not installed", file=sys.stderr)
        return NOT_AVAILABLE

    # nginx inherits a socket that listens already: nobody can take its port first, or come too early.
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listening.getsockname()[1]
    with tempfile.TemporaryDirectory() as scratch:
        configuration = Path(scratch) / "nginx.conf"
        configuration.write_text(CONFIGURATION.format(
            scratch=scratch, port=port, root=arguments.root.resolve(),
            log=f"{arguments.log.resolve()} target" if arguments.log else "off",
            user="user root;" if os.geteuid() == 0 else "",
        ))
        nginx = subprocess.Popen(
            [program, "-p", scratch, "-c", configuration, "-e", f"{scratch}/error.log"], stdin=subprocess.DEVNULL,
            pass_fds=[listening.fileno()], env=os.environ | {"NGINX": f"{listening.fileno()};"},
        )
        listening.close()
        for how in (signal.SIGTERM, signal.SIGINT):
            signal.signal(how, lambda *_: nginx.terminate())
        print(f"serving {arguments.root} on http://127.0.0.1:{port}/", flush=True)
        status = nginx.wait()
        if status != 0:
            print((Path(scratch) / "error.log").read_text(), file=sys.stderr)
        return abs(status)


if __name__ == "__main__":
    sys.exit(main())
