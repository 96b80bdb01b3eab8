# Serves the web platform's tests on loopback, from a copy of what is needed of a checkout: serve.py CHECKOUT WORK FOLDER...
# Writes into WORK: list.tsv (seconds and URL of each page), ports.json, certs/cacert.pem.
import json
import os
import shutil
import socket
import sys

SITE = os.path.dirname(os.path.abspath(__file__))
NEEDED = ["resources", "common", "tools", "images", "media", "interfaces", "fonts"]


def ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    found = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return found


def pages(tree, path):
    for name, entry in tree.items():
        if isinstance(entry, dict):
            yield from pages(entry, path + "/" + name)
            continue
        for url, extras in entry[1:]:
            yield (url or path + "/" + name).lstrip("/"), 60 if extras.get("timeout") == "long" else 10


def main():
    checkout, work, folders = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    root = os.path.join(work, "tests")
    for folder in NEEDED + folders:
        if os.path.isdir(os.path.join(checkout, folder)):
            shutil.copytree(os.path.join(checkout, folder), os.path.join(root, folder))
    for name in ("testharnessreport.js", "testdriver-vendor.js", "glare-report.py"):
        shutil.copy(os.path.join(SITE, name), os.path.join(root, "resources", name))
    os.chdir(root)
    sys.path.insert(0, root)
    from tools import localpaths  # noqa: F401
    from tools.manifest import manifest
    from tools.serve import serve

    found = manifest.load_and_update(root, os.path.join(work, "manifest.json"), "/", rebuild=True, write_manifest=True)
    tests = found.to_json()["items"]["testharness"]
    http, plain, https, secure, ws, wss, h2 = ports(7)
    with open(os.path.join(work, "list.tsv"), "w") as file:
        for folder in folders:
            for url, seconds in pages(tests.get(folder, {}), folder):
                name = url.split("?")[0].split("/")[-1]
                # A tap speaks no HTTP/2, and their server runs no scripts that keep reports over it.
                if "wpt_flags=h2" in url or ".h2." in name:
                    continue
                if "wpt_flags=https" in url or ".https." in name or ".serviceworker." in name:
                    origin = f"https://localhost:{https}"
                else:
                    origin = f"http://localhost:{http}"
                file.write(f"{seconds}\t{origin}/{url}\n")
    config = {
        # Browsers look nobody up for names below `localhost`.
        "browser_host": "localhost",
        "alternate_hosts": {"alt": "alt.localhost"},
        "server_host": "127.0.0.1",
        "check_subdomains": False,
        "bind_address": True,
        "ports": {
            "http": [http, plain], "https": [https, secure], "ws": [ws], "wss": [wss], "h2": [h2], "webtransport-h3": [],
            "http-local": [], "http-private": [], "http-public": [], "https-local": [], "https-private": [], "https-public": [],
        },
        "ssl": {"type": "openssl", "openssl": {"base_path": os.path.join(work, "certs"), "duration": 30}},
    }
    os.makedirs(os.path.join(work, "certs"))
    with open(os.path.join(work, "config.json"), "w") as file:
        json.dump(config, file)
    with open(os.path.join(work, "ports.json"), "w") as file:
        json.dump({"http": http, "https": https, "ws": ws, "wss": wss}, file)
    serve.run(**{"config_path": os.path.join(work, "config.json"), "h2": True})


if __name__ == "__main__":
    main()
