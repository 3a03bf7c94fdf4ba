#!/usr/bin/env python3
"""Floods restock serve with connections that are slow on purpose, and measures what another merchant notices.

    flood.py RESTOCK FORECAST      the program, and a forecast of testdata/history.parquet

Prints for each kind the service's memory before and at its peak, and the latency and statuses of one request every 10 ms.
"""
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

restock, forecast = sys.argv[1:3]
root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    address = free.getsockname()


def key(data, merchant):
    done = subprocess.run([restock, "keys", "create", "--data", data, "--name", merchant, "--merchant", merchant, "--right", "read,what-if,write"],
                          check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Other(threading.Thread):
    """Another merchant, which asks for its overview every 10 ms."""

    def __init__(self, token):
        super().__init__(daemon=True)
        self.token, self.seconds, self.statuses = token, [], {}

    def run(self):
        connection = None
        while True:
            try:
                connection = connection or http.client.HTTPConnection(*address, timeout=15)
                start = time.monotonic()
                connection.request("GET", "/v1/merchants/other/overview", headers={"Authorization": "Bearer " + self.token})
                answer = connection.getresponse()
                answer.read()
                self.seconds.append(time.monotonic() - start)
                status = answer.status
            except (OSError, http.client.HTTPException) as e:
                connection, status = None, type(e).__name__
            self.statuses[status] = self.statuses.get(status, 0) + 1
            time.sleep(0.01)


def connect(text, window=0):
    s = socket.socket()
    if window:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    s.connect(address)
    try:
        s.sendall(text.encode())
    except OSError:
        pass  # refused before all was sent
    return s


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))


with tempfile.TemporaryDirectory() as data:
    token, other = key(data, "kitchen"), Other(key(data, "other"))
    service = subprocess.Popen([restock, "serve", "--data", data, "--listen", "%s:%d" % address, "--quiet", "--load-articles",
                                os.path.join(root, "testdata/articles.csv"), "--load-forecast", forecast, "--config", os.path.join(root, "testdata/restock.yaml")])
    try:
        for _ in range(300):
            try:
                probe = http.client.HTTPConnection(*address)
                probe.request("GET", "/readyz")
                if probe.getresponse().status == 200:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        time.sleep(3)
        other.start()
        head = f"Host: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        whole = json.dumps({"articles": [{"merchant_id": "kitchen", "article_id": "22114"}] * 100})
        for name, count, text, window in [
            ("nothing", 0, "", 0),
            ("idle connections", 5000, "", 0),
            ("half a header", 5000, "GET /v1/whoami HTTP/1.1\r\nHost: x\r\nX: ", 0),
            ("bodies that do not come", 500, f"POST /v1/what-if HTTP/1.1\r\n{head}Content-Length: 8000000\r\n\r\n{{", 0),
            ("bodies of 8 MB", 60, f"POST /v1/what-if HTTP/1.1\r\n{head}Content-Length: 8000000\r\n\r\n" + " " * 8000000, 0),
            ("what-ifs of 100 articles, not read", 100, f"POST /v1/what-if HTTP/1.1\r\n{head}Content-Length: {len(whole)}\r\n\r\n{whole}", 4096),
            ("lists as CSV, not read", 500, f"GET /v1/merchants/kitchen/articles HTTP/1.1\r\n{head}Accept: text/csv\r\n\r\n", 4096),
            ("events, not read", 500, f"GET /v1/merchants/kitchen/events HTTP/1.1\r\n{head}Last-Event-ID: 0\r\n\r\n", 4096),
        ]:
            other.seconds.clear()
            other.statuses.clear()
            before = peak = resident(service.pid)
            connections = [connect(text, window) for _ in range(count)]
            end = time.monotonic() + 10
            while time.monotonic() < end:
                peak = max(peak, resident(service.pid))
                time.sleep(0.2)
            seconds = sorted(other.seconds)
            print(f"{name}: {count} connections, {before} MiB, peak {peak} MiB; another merchant p50 {seconds[len(seconds) // 2] * 1e3:.1f} ms, "
                  f"p99 {seconds[len(seconds) * 99 // 100] * 1e3:.1f} ms, {other.statuses}", flush=True)
            for s in connections:
                s.close()
            time.sleep(2)
    finally:
        service.terminate()
        service.wait()
