"""The other side of the compiled Flet application: tells it to show one video that fills the window.

The application asks for its contents over a socket: a length of four bytes, then JSON, both ways.
"""

import json
import socket
import struct
import sys

NO_PADDING = json.dumps({"l": 0, "t": 0, "r": 0, "b": 0})

CONTROLS = [
    {"t": "view", "i": "view", "p": "page", "c": ["video"], "at": "0", "route": "/", "padding": NO_PADDING},
    {
        "t": "video",
        "i": "video",
        "p": "view",
        "c": [],
        "expand": "1",
        "fit": "fill",
        "autoplay": "true",
        "showcontrols": "false",
        "wakelock": "false",
        # The texture is only shown once the player has decoded something, here a black picture that goes nowhere.
        "configuration": json.dumps({"output_driver": "null", "hardware_decoding_api": "no"}),
        "playlist": json.dumps([{"resource": "av://lavfi:color=c=black:s=64x64:r=1"}]),
    },
]


def main(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        print("listening", flush=True)
        connection, _ = listener.accept()
    with connection:
        while message := receive(connection):
            if message["action"] == "registerWebClient":
                page = {"i": "page", "t": "page", "p": "", "c": [], "route": "/"}
                session = {"id": "session", "controls": {"page": page}}
                send(connection, "registerWebClient", {"session": session, "appInactive": False, "error": ""})
                send(connection, "addPageControls", {"controls": CONTROLS, "trimIDs": []})


def send(connection, action, payload):
    text = json.dumps({"action": action, "payload": payload}).encode()
    connection.sendall(struct.pack(">I", len(text)) + text)


def receive(connection):
    """The next message, or None when the application has gone."""
    head = read(connection, 4)
    body = head and read(connection, struct.unpack(">I", head)[0])
    return json.loads(body) if body else None


def read(connection, length):
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            return None
        data += part
    return data


main(sys.argv[1])
