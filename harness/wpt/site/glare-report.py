# Keeps what a page reports, by browser and URL.
import json
import os
import re


def main(request, response):
    url = json.loads(request.body)["url"].split("#")[0].split("://", 1)[1]
    agent = request.headers.get(b"user-agent", b"").decode()
    stack = "firefox" if "Firefox/" in agent else "chromium"
    name = stack + "_" + re.sub(r"[^A-Za-z0-9.-]", "_", url) + ".json"
    folder = os.environ["GLARE_WPT_REPORTS"]
    with open(os.path.join(folder, "." + name), "wb") as file:
        file.write(request.body)
    os.rename(os.path.join(folder, "." + name), os.path.join(folder, name))
    return "kept"
